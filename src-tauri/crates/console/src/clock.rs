//! The only clock. Everywhere else time is a parameter, so that hours of token life run in milliseconds in tests.
//!
//! Two readings: the wall clock dates documents and judges certificates; the boot clock, which runs while the
//! computer sleeps, decides how old a token is (`CLOCK_BOOTTIME` on Linux). `std::time::Instant` and the
//! runtime's timers stand still in sleep, so a wait is cut into ticks and the deadline is compared at each.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use countersign_evidence::Timestamp;
use futures_util::future::BoxFuture;
use tokio::sync::watch;

/// The longest single sleep: after waking up a deadline is noticed within this time.
const TICK: Duration = Duration::from_secs(15);

/// Where the time comes from.
trait Source: Send + Sync {
    fn wall(&self) -> SystemTime;
    fn boot(&self) -> Duration;
    fn sleep_until(&self, boot: Duration) -> BoxFuture<'static, ()>;
}

/// A clock; cheap to clone.
#[derive(Clone)]
pub struct Clock {
    source: Arc<dyn Source>,
}

impl Clock {
    /// The system's clocks. `at`: the wall clock of this process starts there and runs on (`--at`).
    pub fn system(at: Option<Timestamp>) -> Self {
        let boot = System::read_boot();
        let start = at.map(|at| {
            let since_epoch = Duration::from_millis(u64::try_from(at.unix_millis()).unwrap_or(0));
            (SystemTime::UNIX_EPOCH + since_epoch, boot)
        });
        Self { source: Arc::new(System { start }) }
    }

    /// A clock that moves only when it is told to, and its handle.
    pub fn manual(wall: Timestamp) -> (Self, ManualClock) {
        let since_epoch = Duration::from_millis(u64::try_from(wall.unix_millis()).unwrap_or(0));
        let inner = Arc::new(Manual {
            wall: Mutex::new(SystemTime::UNIX_EPOCH + since_epoch),
            boot: watch::channel(Duration::from_secs(1000)).0,
        });
        (Self { source: inner.clone() }, ManualClock { inner })
    }

    /// Wall clock.
    pub fn wall(&self) -> SystemTime {
        self.source.wall()
    }

    /// Wall clock as evidence writes it.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_system(self.wall())
    }

    /// Time since boot, sleep included.
    pub fn boot(&self) -> Duration {
        self.source.boot()
    }

    /// Waits until the boot clock has reached `boot`, also across sleep (noticed within 15 s of waking up).
    pub fn sleep_until(&self, boot: Duration) -> BoxFuture<'static, ()> {
        self.source.sleep_until(boot)
    }

    /// The wall clock as a function, for the crates that take one.
    pub fn wall_function(&self) -> Arc<dyn Fn() -> SystemTime + Send + Sync> {
        let source = Arc::clone(&self.source);
        Arc::new(move || source.wall())
    }
}

struct System {
    /// Wall clock and boot clock at the start, where the wall clock was chosen.
    start: Option<(SystemTime, Duration)>,
}

impl System {
    #[cfg(target_os = "linux")]
    fn read_boot() -> Duration {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        Duration::new(u64::try_from(now.tv_sec).unwrap_or(0), u32::try_from(now.tv_nsec).unwrap_or(0))
    }

    /// Without a boot clock the wall clock stands in: it runs in sleep, and a step of it costs one early renewal.
    #[cfg(not(target_os = "linux"))]
    fn read_boot() -> Duration {
        Self::read_wall().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that asks the system for the time")]
    fn read_wall() -> SystemTime {
        SystemTime::now()
    }
}

impl Source for System {
    fn wall(&self) -> SystemTime {
        match self.start {
            Some((wall, boot)) => wall + Self::read_boot().saturating_sub(boot),
            None => Self::read_wall(),
        }
    }

    fn boot(&self) -> Duration {
        Self::read_boot()
    }

    fn sleep_until(&self, boot: Duration) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            loop {
                let left = boot.saturating_sub(System::read_boot());
                if left.is_zero() {
                    return;
                }
                tokio::time::sleep(left.min(TICK)).await;
            }
        })
    }
}

struct Manual {
    wall: Mutex<SystemTime>,
    boot: watch::Sender<Duration>,
}

impl Source for Manual {
    fn wall(&self) -> SystemTime {
        *self.wall.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn boot(&self) -> Duration {
        *self.boot.borrow()
    }

    fn sleep_until(&self, boot: Duration) -> BoxFuture<'static, ()> {
        let mut now = self.boot.subscribe();
        Box::pin(async move {
            let _closed = now.wait_for(|now| *now >= boot).await;
        })
    }
}

/// Moves a manual clock.
#[derive(Clone)]
pub struct ManualClock {
    inner: Arc<Manual>,
}

impl ManualClock {
    /// Both clocks go on; who waits for a deadline in between wakes up.
    pub fn advance(&self, by: Duration) {
        *self.inner.wall.lock().unwrap_or_else(PoisonError::into_inner) += by;
        self.inner.boot.send_modify(|boot| *boot += by);
    }

    /// The wall clock is set, as by a person or a time server; the boot clock does not notice.
    pub fn set_wall(&self, wall: SystemTime) {
        *self.inner.wall.lock().unwrap_or_else(PoisonError::into_inner) = wall;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use countersign_evidence::Timestamp;

    use super::Clock;

    #[tokio::test]
    async fn a_manual_clock_wakes_whoever_waits_for_a_deadline_it_passed() {
        let (clock, hand) = Clock::manual(Timestamp::from_unix_seconds(1_800_000_000));
        let deadline = clock.boot() + Duration::from_secs(300);
        let waiting = tokio::spawn(clock.sleep_until(deadline));
        hand.advance(Duration::from_secs(301));
        waiting.await.unwrap();
        assert_eq!(clock.now(), Timestamp::from_unix_seconds(1_800_000_301), "the wall clock went along");
    }

    #[test]
    fn a_chosen_wall_clock_starts_where_it_was_told_to() {
        let at = Timestamp::from_unix_seconds(1_900_000_000);
        let now = Clock::system(Some(at)).now();
        assert!((0..5_000).contains(&(now.unix_millis() - at.unix_millis())), "{now}");
    }
}
