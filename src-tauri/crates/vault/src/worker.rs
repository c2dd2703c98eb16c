//! The one thread that talks to the keychain.
//!
//! A queue keeps the order and leaves at most one prompt open. A call has a time limit; a thread that does not come back
//! is abandoned and replaced once, the call is tried once more on the fresh thread, and jobs that still wait go there
//! too. While the abandoned thread hangs no further one is made: a second hang is answered with [`Failure::Stuck`].

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::failure::Failure;
use crate::items::{Connect, Items};

/// How long a call may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Reading and writing; a prompt may stand open meanwhile.
    pub(crate) call: Duration,
    /// Looking whether the keychain is there.
    pub(crate) probe: Duration,
    /// Unlocking on request: a person types.
    pub(crate) unlock: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { call: Duration::from_secs(20), probe: Duration::from_secs(3), unlock: Duration::from_secs(120) }
    }
}

/// A keychain call. It may run twice: on a connection that turns out dead, and on its successor.
type Operation<T> = Arc<dyn Fn(&dyn Items) -> Result<T, Failure> + Send + Sync>;
/// Told how a call ended whose caller had gone.
pub(crate) type Late = Arc<dyn Fn(Result<(), &Failure>) + Send + Sync>;

struct Job {
    /// A person was asked and may take their time.
    asks: bool,
    run: Box<dyn FnOnce(&mut Session) + Send>,
}

struct Queue {
    jobs: VecDeque<Job>,
    /// Which thread is the current one.
    epoch: u64,
    alive: bool,
    /// Whether the current thread is in a job, and whether that job asks.
    running: Option<bool>,
    /// Jobs that have ended; a call during which none ended was stuck.
    ended: u64,
    abandoned: usize,
    /// The current thread hangs and may not be replaced.
    stuck: bool,
    closed: bool,
}

struct Shared {
    queue: Mutex<Queue>,
    ready: Condvar,
    connect: Connect,
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The worker. The thread starts with the first call and ends when this is dropped.
pub(crate) struct Worker {
    shared: Arc<Shared>,
    limits: Limits,
}

/// Where the queue stood when a job came in.
#[derive(Clone, Copy)]
struct Then {
    epoch: u64,
    ended: u64,
}

enum Attempt<T> {
    Answered(Result<T, Failure>),
    /// No answer in time: another call's prompt stands open, or nothing more can be done.
    GivenUp(Failure),
    /// No answer in time: the thread hung and has been replaced.
    Replaced,
}

impl Worker {
    /// A worker that connects with `connect` when it first has to.
    pub(crate) fn new(connect: Connect, limits: Limits) -> Self {
        let queue = Queue {
            jobs: VecDeque::new(),
            epoch: 0,
            alive: false,
            running: None,
            ended: 0,
            abandoned: 0,
            stuck: false,
            closed: false,
        };
        Self { shared: Arc::new(Shared { queue: Mutex::new(queue), ready: Condvar::new(), connect }), limits }
    }

    /// Reads or writes.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        late: &Late,
        operation: impl Fn(&dyn Items) -> Result<T, Failure> + Send + Sync + 'static,
    ) -> Result<T, Failure> {
        let operation: Operation<T> = Arc::new(operation);
        match self.attempt(self.limits.call, false, late, Arc::clone(&operation)).await {
            Attempt::Answered(result) => result,
            Attempt::GivenUp(failure) => Err(failure),
            Attempt::Replaced => {
                // the abandoned call may have a prompt open: never a second one beside it
                let again: Operation<T> =
                    Arc::new(move |items| if items.locked()? { Err(Failure::Locked) } else { operation(items) });
                self.attempt(self.limits.probe, false, late, again).await.result()
            }
        }
    }

    /// Looks, quickly, and without replacing anything.
    pub(crate) async fn probe<T: Send + 'static>(
        &self,
        late: &Late,
        operation: impl Fn(&dyn Items) -> Result<T, Failure> + Send + Sync + 'static,
    ) -> Result<T, Failure> {
        self.attempt(self.limits.probe, false, late, Arc::new(operation)).await.result()
    }

    /// Asks the keychain to unlock. A prompt that stands longer than a person was given is not a hang.
    pub(crate) async fn unlock(&self, late: &Late) -> Result<(), Failure> {
        self.attempt(self.limits.unlock, true, late, Arc::new(|items: &dyn Items| items.unlock())).await.result()
    }

    async fn attempt<T: Send + 'static>(
        &self,
        limit: Duration,
        asks: bool,
        late: &Late,
        operation: Operation<T>,
    ) -> Attempt<T> {
        let (answer, answered) = oneshot::channel();
        let late = Arc::clone(late);
        let run = Box::new(move |session: &mut Session| {
            // whoever asked has gone: a write that nobody waits for must not happen later
            if answer.is_closed() {
                return;
            }
            let result = session.run(&operation);
            if let Err(unheard) = answer.send(result) {
                late(unheard.as_ref().map(|_| ()));
            }
        });
        let then = match self.enqueue(Job { asks, run }) {
            Ok(then) => then,
            Err(failure) => return Attempt::Answered(Err(failure)),
        };
        match tokio::time::timeout(limit, answered).await {
            Ok(Ok(result)) => Attempt::Answered(result),
            Ok(Err(_)) => Attempt::Answered(Err(Failure::Internal { what: "the keychain thread gave up" })),
            Err(_) => self.timed_out(then, limit < self.limits.call),
        }
    }

    /// Queues a job and says where things stood then.
    fn enqueue(&self, job: Job) -> Result<Then, Failure> {
        let mut queue = self.shared.queue();
        if queue.stuck {
            return Err(Failure::Stuck);
        }
        queue.jobs.push_back(job);
        let then = Then { epoch: queue.epoch, ended: queue.ended };
        if !queue.alive {
            spawn(&self.shared, &mut queue)?;
        }
        drop(queue);
        self.shared.ready.notify_one();
        Ok(then)
    }

    fn timed_out<T>(&self, then: Then, short: bool) -> Attempt<T> {
        let mut queue = self.shared.queue();
        if queue.running == Some(true) {
            return Attempt::GivenUp(Failure::Locked);
        }
        // another call gave the thread up, and this one waited behind it
        if queue.epoch != then.epoch {
            return Attempt::Replaced;
        }
        // a short look gives nobody up, and a thread that ended a job meanwhile is slow and not stuck
        if queue.ended != then.ended || queue.running.is_none() || (short && queue.abandoned == 0) {
            return Attempt::GivenUp(Failure::Stuck);
        }
        if queue.abandoned > 0 {
            queue.stuck = true;
            return Attempt::GivenUp(Failure::Stuck);
        }
        queue.epoch += 1;
        queue.abandoned += 1;
        queue.running = None;
        match spawn(&self.shared, &mut queue) {
            Ok(()) => Attempt::Replaced,
            Err(failure) => Attempt::GivenUp(failure),
        }
    }
}

impl<T> Attempt<T> {
    /// What is left to say when nothing more is tried.
    fn result(self) -> Result<T, Failure> {
        match self {
            Attempt::Answered(result) => result,
            Attempt::GivenUp(failure) => Err(failure),
            Attempt::Replaced => Err(Failure::Stuck),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.shared.queue().closed = true;
        self.shared.ready.notify_all();
    }
}

fn spawn(shared: &Arc<Shared>, queue: &mut Queue) -> Result<(), Failure> {
    let (thread, epoch) = (Arc::clone(shared), queue.epoch);
    let spawned = std::thread::Builder::new().name("keychain".into()).spawn(move || work(&thread, epoch));
    queue.alive = spawned.is_ok();
    spawned.map(drop).map_err(|_| {
        queue.jobs.clear();
        Failure::Internal { what: "no thread for the keychain" }
    })
}

fn work(shared: &Shared, epoch: u64) {
    let mut session = Session { connect: Arc::clone(&shared.connect), items: None };
    loop {
        let job = {
            let mut queue = shared.queue();
            loop {
                if queue.epoch != epoch {
                    return;
                }
                if let Some(job) = queue.jobs.pop_front() {
                    queue.running = Some(job.asks);
                    break job;
                }
                if queue.closed {
                    return;
                }
                queue = shared.ready.wait(queue).unwrap_or_else(PoisonError::into_inner);
            }
        };
        // the keyring crates panic on a poisoned lock of theirs; the next job gets a new connection
        if catch_unwind(AssertUnwindSafe(|| (job.run)(&mut session))).is_err() {
            session.items = None;
        }
        let mut queue = shared.queue();
        if queue.epoch != epoch {
            queue.abandoned -= 1;
            return;
        }
        queue.ended += 1;
        queue.running = None;
        queue.stuck = false;
    }
}

/// The connection of one thread.
struct Session {
    connect: Connect,
    items: Option<Box<dyn Items>>,
}

impl Session {
    /// Runs a call; when the connection turns out dead it is made anew, once.
    fn run<T>(&mut self, operation: &Operation<T>) -> Result<T, Failure> {
        let first = self.run_once(operation);
        let second = match first {
            Err(Failure::Broken { .. } | Failure::Missing { .. }) if self.items.take().is_some() => {
                self.run_once(operation)
            }
            other => return other,
        };
        if let Err(Failure::Broken { .. } | Failure::Missing { .. }) = second {
            self.items = None;
        }
        second
    }

    fn run_once<T>(&mut self, operation: &Operation<T>) -> Result<T, Failure> {
        let items = match &mut self.items {
            Some(items) => items,
            none => none.insert((self.connect)()?),
        };
        operation(items.as_ref())
    }
}
