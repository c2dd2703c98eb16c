//! What happens, told while it happens: one event for each change of a step, to the host that started the work.

use std::sync::Arc;
use std::time::Duration;

use countersign_evidence::{Event, Fact, Step, StepState};
use countersign_tls::Observer;

use crate::clock::Clock;
use crate::view::SendProgress;

/// Where progress goes.
pub type ProgressSink = Arc<dyn Fn(SendProgress) + Send + Sync>;

/// Events of one exchange, stamped with the time since its start.
#[derive(Clone)]
pub(crate) struct Progress {
    exchange: String,
    clock: Clock,
    began: Duration,
    sink: ProgressSink,
}

impl Progress {
    /// Says that the exchange started, so that it can be cancelled.
    pub(crate) fn start(exchange: &str, clock: &Clock, sink: ProgressSink) -> Self {
        sink(SendProgress::Started { exchange: exchange.to_owned() });
        Self { exchange: exchange.to_owned(), clock: clock.clone(), began: clock.boot(), sink }
    }

    /// Nobody listens.
    pub(crate) fn silent(clock: &Clock) -> Self {
        Self { exchange: String::new(), clock: clock.clone(), began: clock.boot(), sink: Arc::new(|_| {}) }
    }

    /// Microseconds since the start.
    pub(crate) fn elapsed_us(&self) -> u64 {
        micros(self.clock.boot().saturating_sub(self.began))
    }

    /// A step changed.
    pub(crate) fn step(&self, step: Step, state: StepState, facts: Vec<Fact>) {
        let event = Event { exchange: self.exchange.clone(), step, at_us: self.elapsed_us(), state, facts };
        (self.sink)(SendProgress::Step { event });
    }
}

impl Observer for Progress {
    fn event(&self, step: Step, state: StepState, facts: Vec<Fact>) {
        self.step(step, state, facts);
    }
}

/// Whole microseconds of a duration.
pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
