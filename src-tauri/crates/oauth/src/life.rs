//! The life of a token and its renewal rule. Instants are durations since boot, on a clock that runs in
//! sleep; the wall clock never decides.
//!
//! `early = min(life/2, clamp(life/4, 10 s, 300 s)) × u`, `soft_at = dies_at - early`,
//! `hard_at = dies_at - min(5 s, life/10)`; `u` is drawn once per token from [0.8, 1.2].

use std::time::{Duration, SystemTime};

/// When a token may be used, is renewed, and dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// When the request for it started to be sent: the server counts from later.
    pub t0: Duration,
    /// When it is renewed in the background.
    pub soft_at: Duration,
    /// From when on a request waits for the next one.
    pub hard_at: Duration,
    /// When it dies.
    pub dies_at: Duration,
}

impl Life {
    /// From what the answer and the token itself say. `claimed` is `exp - iat` of a JWT, `until_date` is
    /// `exp - Date` of the same answer, `default` stands in for all; `u` within [0.8, 1.2].
    pub fn of(
        expires_in: Option<Duration>,
        claimed: Option<Duration>,
        until_date: Option<Duration>,
        default: Duration,
        t0: Duration,
        u: f64,
    ) -> Self {
        let life = match (expires_in, claimed) {
            (Some(said), Some(claimed)) => said.min(claimed),
            (Some(said), None) => said,
            (None, Some(claimed)) => until_date.filter(|left| !left.is_zero() && *left <= claimed).unwrap_or(claimed),
            (None, None) => default,
        };
        let early = (life / 2).min((life / 4).clamp(Duration::from_secs(10), Duration::from_secs(300)));
        let early = early.mul_f64(u.clamp(0.8, 1.2)).min(life);
        let dies_at = t0 + life;
        let hard_at = dies_at - (life / 10).min(Duration::from_secs(5));
        Self { t0, soft_at: (dies_at - early).min(hard_at), hard_at, dies_at }
    }

    /// The whole of it.
    pub fn length(&self) -> Duration {
        self.dies_at.saturating_sub(self.t0)
    }
}

/// Delay before attempt `n` (from 0): uniform(0, min(30 s, 0.5 s × 2^n)); `u` within [0, 1).
pub fn retry_delay(n: u32, u: f64) -> Duration {
    let most = Duration::from_millis(500).saturating_mul(2_u32.saturating_pow(n.min(16))).min(Duration::from_secs(30));
    most.mul_f64(u.clamp(0.0, 1.0))
}

/// RFC 9110 §10.2.3: seconds or a date.
pub fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    httpdate::parse_http_date(value.trim()).ok().map(|at| at.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::{Life, retry_after, retry_delay};

    #[test]
    fn the_table_of_the_renewal_rule_comes_out() {
        for (life, soft, hard) in
            [(15.0, 7.5, 13.5), (60.0, 45.0, 55.0), (300.0, 225.0, 295.0), (3600.0, 3300.0, 3595.0)]
        {
            let life = Life::of(Some(Duration::from_secs_f64(life)), None, None, Duration::ZERO, Duration::ZERO, 1.0);
            assert_eq!(life.soft_at, Duration::from_secs_f64(soft), "soft of {life:?}");
            assert_eq!(life.hard_at, Duration::from_secs_f64(hard), "hard of {life:?}");
        }
    }

    #[test]
    fn jitter_stays_within_the_stated_band() {
        for (u, soft) in [(0.8, 240), (1.2, 210)] {
            let life = Life::of(Some(Duration::from_secs(300)), None, None, Duration::ZERO, Duration::ZERO, u);
            assert_eq!(life.soft_at, Duration::from_secs(soft), "u = {u}");
        }
    }

    #[test]
    fn the_shorter_of_what_is_said_and_claimed_counts() {
        let s = Duration::from_secs;
        let life = |said, claimed, date| Life::of(said, claimed, date, s(60), s(100), 1.0).length();
        assert_eq!(life(Some(s(300)), Some(s(200)), None), s(200), "the claim is shorter");
        assert_eq!(
            life(None, Some(s(300)), Some(s(120))),
            s(120),
            "a cached token: until its exp by the server's Date"
        );
        assert_eq!(life(None, Some(s(300)), Some(s(900))), s(300), "a Date that makes no sense is left out");
        assert_eq!(life(None, None, None), s(60), "the default");
    }

    #[test]
    fn retry_after_reads_both_forms() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(retry_after("120", now), Some(Duration::from_secs(120)), "seconds");
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:51:37 GMT", now), Some(Duration::from_secs(120)), "a date");
        assert_eq!(retry_after("soon", now), None, "neither");
        assert!(retry_delay(20, 1.0) <= Duration::from_secs(30), "bounded");
    }
}
