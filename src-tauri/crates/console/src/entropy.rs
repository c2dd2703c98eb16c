//! The only source of randomness: ids, nonces, jitter.

use std::sync::Arc;

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use countersign_vault::Random;

use crate::clock::Clock;

/// Random bytes as a parameter; cheap to clone.
#[derive(Clone)]
pub struct Entropy {
    fill: Random,
}

impl Entropy {
    /// The system's.
    pub fn system() -> Self {
        let random = SystemRandom::new();
        Self {
            fill: Arc::new(move |bytes| {
                // aws-lc-rs aborts rather than hand out bytes that are not random; an error leaves zeros, which no caller accepts as fresh
                let _filled = random.fill(bytes);
            }),
        }
    }

    /// Bytes from a function, for tests.
    pub fn from_function(fill: impl Fn(&mut [u8]) + Send + Sync + 'static) -> Self {
        Self { fill: Arc::new(fill) }
    }

    /// Fills the slice.
    pub fn fill(&self, bytes: &mut [u8]) {
        (self.fill)(bytes);
    }

    /// As a function, for the crates that take one.
    pub fn function(&self) -> Random {
        Arc::clone(&self.fill)
    }

    /// Uniform in [0, 1).
    pub fn unit(&self) -> f64 {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0)
    }

    /// A ULID: sorts by time, lower case.
    pub fn id(&self, clock: &Clock) -> String {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        let millis = u64::try_from(clock.now().unix_millis()).unwrap_or(0);
        ulid::Ulid::from_parts(millis, u128::from_le_bytes(bytes)).to_string().to_ascii_lowercase()
    }

    /// A random UUID (RFC 9562 §5.4) for `{{$uuid}}`.
    pub fn uuid(&self) -> String {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        let hex = hex::encode(bytes);
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}

#[cfg(test)]
mod tests {
    use super::Entropy;
    use crate::clock::Clock;

    #[test]
    fn ids_of_one_instant_differ_and_sort_by_time() {
        let (clock, hand) = Clock::manual(countersign_evidence::Timestamp::from_unix_seconds(1_800_000_000));
        let entropy = Entropy::system();
        let (a, b) = (entropy.id(&clock), entropy.id(&clock));
        assert_ne!(a, b, "random part");
        hand.advance(std::time::Duration::from_secs(1));
        assert!(entropy.id(&clock) > a && a.len() == 26, "time part first");
    }

    #[test]
    fn a_uuid_says_its_version_and_variant() {
        let uuid = Entropy::from_function(|bytes| bytes.fill(0xff)).uuid();
        assert_eq!(uuid, "ffffffff-ffff-4fff-bfff-ffffffffffff", "RFC 9562 §5.4");
    }
}
