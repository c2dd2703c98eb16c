//! How far another clock is from ours: median over samples of `Date` (RFC 9110 §6.6.1).

use std::collections::VecDeque;

/// One answer: its `Date` and when we sent and received, milliseconds of our wall clock.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// `Date`, whole seconds in milliseconds.
    pub date_ms: i64,
    /// When the request was sent.
    pub sent_ms: i64,
    /// When the answer came.
    pub received_ms: i64,
}

/// The difference of one origin.
#[derive(Clone, Debug, Default)]
pub struct Skew {
    samples: VecDeque<(i64, i64)>,
}

/// Samples kept.
const KEPT: usize = 8;
/// A slower round trip tells too little.
const SLOWEST_MS: i64 = 2000;

impl Skew {
    /// Takes a sample; slow ones are left out.
    pub fn add(&mut self, sample: Sample) {
        let rtt = sample.received_ms - sample.sent_ms;
        if !(0..SLOWEST_MS).contains(&rtt) {
            return;
        }
        if self.samples.len() == KEPT {
            self.samples.pop_front();
        }
        let theta = sample.date_ms + 500 - (sample.sent_ms + sample.received_ms) / 2;
        self.samples.push_back((theta, 500 + rtt / 2));
    }

    /// Server minus ours and plus or minus, milliseconds.
    pub fn estimate(&self) -> Option<(i64, i64)> {
        let mut sorted: Vec<(i64, i64)> = self.samples.iter().copied().collect();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::{Sample, Skew};

    #[test]
    fn the_median_stands_against_one_outlier() {
        let mut skew = Skew::default();
        for date_ms in [42_000, 42_000, 900_000] {
            skew.add(Sample { date_ms, sent_ms: 0, received_ms: 100 });
        }
        assert_eq!(skew.estimate(), Some((42_450, 550)), "half a second of Date, half the round trip");
        skew.add(Sample { date_ms: 0, sent_ms: 0, received_ms: 5_000 });
        assert_eq!(skew.estimate(), Some((42_450, 550)), "a slow answer is left out");
    }
}
