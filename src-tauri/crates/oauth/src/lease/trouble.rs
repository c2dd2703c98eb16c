//! Failures in a row: back-off, and the circuit that opens when they last.

use std::time::Duration;

use crate::retry_delay;

/// After failing this long, one try in [`TRIAL`].
const OPENS_AFTER: Duration = Duration::from_secs(300);
/// With the circuit open, a try in this time.
const TRIAL: Duration = Duration::from_secs(30);
/// Failures further apart than this are not in a row.
const GAP: Duration = Duration::from_secs(90);
/// Who waits for a token waits for the next try at most this long, unless the server said a time or the circuit is open.
const PATIENCE: Duration = Duration::from_secs(1);

/// What went wrong lately.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Trouble {
    count: u32,
    since: Option<Duration>,
    last: Option<Duration>,
    retry_at: Option<Duration>,
    asked_at: Option<Duration>,
    asked_only: bool,
}

impl Trouble {
    /// A later try may do better.
    pub(super) fn passing(&mut self, now: Duration, retry_after: Option<Duration>, u: f64) {
        if self.last.is_some_and(|last| now.saturating_sub(last) > GAP) {
            *self = Self::default();
        }
        let since = *self.since.get_or_insert(now);
        let backoff = retry_delay(self.count, u);
        self.count = self.count.saturating_add(1);
        self.last = Some(now);
        self.asked_only = false;
        let open = now.saturating_sub(since) >= OPENS_AFTER;
        let (background, asked) = match (retry_after, open) {
            (Some(told), _) => (told.max(backoff), told.max(backoff.min(PATIENCE))),
            (None, true) => (TRIAL, TRIAL),
            (None, false) => (backoff, backoff.min(PATIENCE)),
        };
        self.retry_at = Some(now + background);
        self.asked_at = Some(now + asked);
    }

    /// Another try makes no sense before somebody asks for one.
    pub(super) fn lasting(&mut self) {
        *self = Self { asked_only: true, ..Self::default() };
    }

    pub(super) fn retry_at(&self) -> Option<Duration> {
        self.retry_at
    }

    pub(super) fn asked_at(&self) -> Option<Duration> {
        self.asked_at
    }

    /// Whether a background try may start.
    pub(super) fn lets_retry(&self, now: Duration) -> bool {
        !self.asked_only && self.retry_at.is_none_or(|at| now >= at)
    }

    /// Whether a try for somebody who waits may start.
    pub(super) fn lets_ask(&self, now: Duration) -> bool {
        self.asked_at.is_none_or(|at| now >= at)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{TRIAL, Trouble};

    #[test]
    fn the_circuit_opens_after_five_minutes_of_failures() {
        let (mut trouble, mut now) = (Trouble::default(), Duration::from_secs(1000));
        let mut delays = Vec::new();
        while now < Duration::from_secs(1400) {
            trouble.passing(now, None, 0.999);
            let at = trouble.retry_at().unwrap();
            delays.push(at - now);
            now = at;
        }
        assert!(delays[..6].windows(2).all(|pair| pair[0] < pair[1]), "the delay grows: {delays:?}");
        assert!(delays.iter().all(|delay| *delay <= TRIAL), "and is bounded");
        assert_eq!(delays.last(), Some(&TRIAL), "after five minutes one trial in 30 s");
        assert_eq!(trouble.asked_at(), trouble.retry_at(), "for those who wait too");
    }

    #[test]
    fn what_the_server_said_wins_over_the_back_off() {
        let mut trouble = Trouble::default();
        trouble.passing(Duration::from_secs(10), Some(Duration::from_secs(120)), 0.5);
        assert_eq!(trouble.retry_at(), Some(Duration::from_secs(130)), "Retry-After");
        assert_eq!(trouble.asked_at(), Some(Duration::from_secs(130)), "a person waits as well");
    }

    #[test]
    fn failures_far_apart_do_not_open_the_circuit() {
        let mut trouble = Trouble::default();
        for minute in 0..10 {
            let now = Duration::from_secs(600 * minute);
            trouble.passing(now, None, 0.999);
            assert!(trouble.retry_at().unwrap() - now < Duration::from_millis(500), "each is the first");
        }
    }
}
