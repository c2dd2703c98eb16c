//! Identifiers that may come once: the `jti` of a client assertion (RFC 7523 §3) and of a DPoP proof (RFC 9449 §11.1).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Identifiers remembered; those whose time is over go first.
const REMEMBERED: usize = 10_000;
/// The longest identifier that is taken, bytes.
const LONGEST: usize = 256;

/// What came, and how often something came again.
#[derive(Default)]
pub(crate) struct Replay {
    inside: Mutex<(HashMap<String, i64>, u64)>,
}

/// How an identifier was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Came {
    Again,
    First,
    TooLong,
}

impl Replay {
    /// Writes an identifier down until that second, inclusive.
    pub(crate) fn judge(&self, id: &str, until: i64, now: i64) -> Came {
        if id.len() > LONGEST {
            return Came::TooLong;
        }
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let (seen, again) = &mut *inside;
        if seen.get(id).is_some_and(|until| *until >= now) {
            *again += 1;
            return Came::Again;
        }
        if seen.len() >= REMEMBERED {
            seen.retain(|_, until| *until >= now);
        }
        if seen.len() >= REMEMBERED {
            seen.clear();
        }
        seen.insert(id.to_owned(), until);
        Came::First
    }

    /// How often one came again.
    pub(crate) fn count(&self) -> u64 {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner).1
    }
}

#[cfg(test)]
mod tests {
    use super::{Came, Replay};

    #[test]
    fn an_identifier_comes_once_until_its_time_is_over() {
        let replay = Replay::default();
        assert_eq!(replay.judge("a", 10, 5), Came::First, "new");
        assert_eq!(replay.judge("a", 10, 10), Came::Again, "its time is not over");
        assert_eq!(replay.judge("b", 10, 10), Came::First, "another one");
        assert_eq!(replay.judge("a", 20, 11), Came::First, "what it was for has expired");
        assert_eq!(replay.count(), 1, "the one that came again is counted");
    }

    #[test]
    fn memory_is_bounded() {
        let replay = Replay::default();
        assert_eq!(replay.judge(&"x".repeat(257), 10, 5), Came::TooLong, "no identifier of that length");
        for id in 0..25_000 {
            assert_eq!(replay.judge(&id.to_string(), 10, 5), Came::First, "{id}");
        }
        assert!(replay.inside.lock().unwrap().0.len() <= super::REMEMBERED, "not all are remembered");
    }
}
