//! Keychains that do not come back.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use countersign_secret::{Secret, SecretBytes};

use crate::failure::Failure;
use crate::items::{Connect, Items};
use crate::worker::{Late, Limits, Worker};

/// A gate at which calls wait.
#[derive(Default)]
struct Gate {
    open: Mutex<bool>,
    changed: Condvar,
}

impl Gate {
    fn pass(&self) {
        let mut open = self.open.lock().unwrap();
        while !*open {
            open = self.changed.wait(open).unwrap();
        }
    }

    fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.changed.notify_all();
    }
}

#[derive(Default)]
struct Keychain {
    gate: Gate,
    connections: AtomicUsize,
    /// How many connections hang at the gate.
    hanging: usize,
    locked: bool,
    calls: Mutex<Vec<String>>,
}

struct Connection {
    keychain: Arc<Keychain>,
    hangs: bool,
}

impl Items for Connection {
    fn read(&self, user: &str) -> Result<Option<SecretBytes>, Failure> {
        self.keychain.calls.lock().unwrap().push(user.to_owned());
        assert_ne!(user, "panic", "asked for");
        if self.hangs {
            self.keychain.gate.pass();
        }
        Ok(Some(Secret::new(user.as_bytes().to_vec())))
    }

    fn write(&self, _: &str, _: &str, _: &SecretBytes) -> Result<(), Failure> {
        Ok(())
    }

    fn remove(&self, _: &str) -> Result<(), Failure> {
        Ok(())
    }

    fn label(&self, _: &str) -> Result<Option<String>, Failure> {
        Ok(None)
    }

    fn addresses(&self, _: &str) -> Result<Vec<String>, Failure> {
        Ok(Vec::new())
    }

    fn locked(&self) -> Result<bool, Failure> {
        Ok(self.keychain.locked)
    }

    fn unlock(&self) -> Result<(), Failure> {
        self.keychain.gate.pass();
        Ok(())
    }
}

fn worker(keychain: &Arc<Keychain>) -> Worker {
    let short = Duration::from_millis(60);
    limited(keychain, Limits { call: short, probe: Duration::from_millis(59), unlock: short })
}

fn limited(keychain: &Arc<Keychain>, limits: Limits) -> Worker {
    let keychain = Arc::clone(keychain);
    let connect: Connect = Arc::new(move || {
        let number = keychain.connections.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(Connection { keychain: Arc::clone(&keychain), hangs: number < keychain.hanging }) as _)
    });
    Worker::new(connect, limits)
}

fn deaf() -> Late {
    Arc::new(|_| {})
}

async fn read(worker: &Worker, user: &'static str) -> Result<Vec<u8>, Failure> {
    let late = deaf();
    let read = worker.call(&late, move |items| Ok(items.read(user)?.map(|value| value.expose_secret().clone())));
    read.await.map(Option::unwrap_or_default)
}

#[tokio::test]
async fn a_hang_is_abandoned_and_the_call_tried_once_more() {
    let keychain = Arc::new(Keychain { hanging: 1, ..Keychain::default() });
    let worker = worker(&keychain);
    assert_eq!(read(&worker, "a").await.unwrap(), b"a", "the second thread answers");
    assert_eq!(keychain.connections.load(Ordering::SeqCst), 2, "over a connection of its own");
    assert_eq!(read(&worker, "b").await.unwrap(), b"b", "and goes on answering");
    keychain.gate.open();
}

#[tokio::test]
async fn a_second_hang_is_stuck_and_told_at_once_from_then_on() {
    let keychain = Arc::new(Keychain { hanging: 2, ..Keychain::default() });
    let worker = worker(&keychain);
    assert_eq!(read(&worker, "a").await.unwrap_err(), Failure::Stuck, "twice in vain");
    let before = tokio::time::Instant::now();
    assert_eq!(read(&worker, "b").await.unwrap_err(), Failure::Stuck, "no third thread");
    assert!(before.elapsed() < Duration::from_millis(50), "without waiting again");
    assert_eq!(keychain.connections.load(Ordering::SeqCst), 2, "threads do not pile up");

    keychain.gate.open();
    let answered = async {
        while read(&worker, "c").await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), answered).await.unwrap();
    assert!(!keychain.calls.lock().unwrap().contains(&"b".to_owned()), "what was given up is not done later");
}

#[tokio::test]
async fn jobs_queued_behind_a_hang_move_to_the_new_thread() {
    let keychain = Arc::new(Keychain { hanging: 1, ..Keychain::default() });
    let worker = Arc::new(worker(&keychain));
    let (first, second) = tokio::join!(read(&worker, "a"), read(&worker, "b"));
    assert_eq!((first.unwrap(), second.unwrap()), (b"a".to_vec(), b"b".to_vec()), "both are answered");
    keychain.gate.open();
}

#[tokio::test]
async fn a_prompt_that_stands_open_is_locked_and_gets_no_second_one_beside_it() {
    let keychain = Arc::new(Keychain { hanging: 2, locked: true, ..Keychain::default() });
    let worker = worker(&keychain);
    assert_eq!(read(&worker, "a").await.unwrap_err(), Failure::Locked, "the fresh thread looked and did not ask");
    assert_eq!(*keychain.calls.lock().unwrap(), ["a"], "one prompt");
    keychain.gate.open();
}

#[tokio::test]
async fn whoever_waits_behind_an_unlock_is_told_it_is_locked() {
    let keychain = Arc::new(Keychain::default());
    let worker = worker(&keychain);
    let (unlocked, read) = tokio::join!(async { worker.unlock(&deaf()).await }, read(&worker, "a"));
    assert_eq!(
        (unlocked.unwrap_err(), read.unwrap_err()),
        (Failure::Locked, Failure::Locked),
        "a person takes their time"
    );
    assert_eq!(keychain.connections.load(Ordering::SeqCst), 1, "and is not abandoned");
    keychain.gate.open();
}

#[tokio::test]
async fn an_answer_after_the_time_limit_is_told_late() {
    let keychain = Arc::new(Keychain { hanging: 1, ..Keychain::default() });
    let worker = worker(&keychain);
    let (told, mut hearing) = tokio::sync::mpsc::unbounded_channel();
    let late: Late = Arc::new(move |result| told.send(result.is_ok()).unwrap());
    let probed = worker.probe(&late, |items| items.read("a").map(drop)).await;
    assert_eq!(probed.unwrap_err(), Failure::Stuck, "a quick look");
    keychain.gate.open();
    assert_eq!(hearing.recv().await, Some(true), "it worked in the end");
    assert_eq!(keychain.connections.load(Ordering::SeqCst), 1, "a quick look replaces nothing");
}

#[tokio::test]
async fn a_panic_of_the_library_ends_one_call_only() {
    let keychain = Arc::new(Keychain::default());
    let worker = limited(&keychain, Limits::default());
    assert!(matches!(read(&worker, "panic").await, Err(Failure::Internal { .. })), "a bug is told as one");
    assert_eq!(read(&worker, "a").await.unwrap(), b"a", "the next call works");
    assert_eq!(keychain.connections.load(Ordering::SeqCst), 2, "over a new connection");
}
