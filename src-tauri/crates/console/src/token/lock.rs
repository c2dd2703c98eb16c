//! One flight per key across processes: an advisory lock on a file per key. The system frees it with its holder, so
//! nothing stale is left; the empty files stay.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::clock::Clock;

/// How often a taken lock is tried again.
const AGAIN: Duration = Duration::from_millis(50);
/// A holder makes a call or two; longer than this something is wrong with it.
const LONGEST: Duration = Duration::from_secs(20);

/// The folder of the lock files.
pub(super) struct Locks {
    folder: PathBuf,
    /// Work of the system that a manual clock must wait for.
    pub(super) working: std::sync::Arc<std::sync::atomic::AtomicUsize>,
}

/// Held while this lives.
pub(super) struct Guard {
    _file: File,
}

/// No lock.
pub(super) enum NoLock {
    /// Another process holds it for too long.
    Busy,
    /// The folder cannot be written.
    Storage,
}

impl Locks {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, working: std::sync::Arc::default() }
    }

    /// Takes the lock of a key. It is tried, not waited for: a thread that waits in the system cannot be called back.
    pub(super) async fn take(&self, hash: &str, clock: &Clock) -> Result<Guard, NoLock> {
        let given_up = clock.boot() + LONGEST;
        let mut file = self.blocking(opened(self.folder.clone(), hash)).await.map_err(|_| NoLock::Storage)?;
        loop {
            let (again, locked) = self.blocking(tried(file)).await.map_err(|_| NoLock::Storage)?;
            if locked {
                return Ok(Guard { _file: again });
            }
            if clock.boot() >= given_up {
                return Err(NoLock::Busy);
            }
            file = again;
            clock.sleep_until(clock.boot() + AGAIN).await;
        }
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        self.working.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let done = tokio::task::spawn_blocking(work).await;
        self.working.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
        done.unwrap_or_else(|stopped| Err(io::Error::other(stopped)))
    }
}

fn opened(folder: PathBuf, hash: &str) -> impl FnOnce() -> io::Result<File> + Send + 'static {
    let name: String = hash.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
    move || {
        std::fs::create_dir_all(&folder)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(folder.join(format!("{name}.lock")))
    }
}

fn tried(file: File) -> impl FnOnce() -> io::Result<(File, bool)> + Send + 'static {
    move || match file.try_lock() {
        Ok(()) => Ok((file, true)),
        Err(TryLockError::WouldBlock) => Ok((file, false)),
        Err(TryLockError::Error(e)) => Err(e),
    }
}
