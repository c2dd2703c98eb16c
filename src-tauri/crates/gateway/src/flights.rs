//! Token calls in flight, of all and of each client: a test asserts with them that a client never asks twice at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Token calls of one client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenCalls {
    /// In flight now.
    pub in_flight: u64,
    /// The most that were in flight at once.
    pub most_in_flight: u64,
    /// All that came.
    pub total: u64,
}

impl TokenCalls {
    fn begin(&mut self) {
        self.in_flight += 1;
        self.total += 1;
        self.most_in_flight = self.most_in_flight.max(self.in_flight);
    }
}

#[derive(Default)]
struct Inside {
    all: TokenCalls,
    clients: HashMap<&'static str, TokenCalls>,
}

/// All of them.
#[derive(Clone, Default)]
pub(crate) struct Flights(Arc<Mutex<Inside>>);

/// One call; it ends when this is dropped, also with a connection that breaks.
pub(crate) struct Flight {
    flights: Flights,
    client: &'static str,
}

impl Flights {
    /// A call begins.
    pub(crate) fn begin(&self, client: &'static str) -> Flight {
        let mut inside = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inside.all.begin();
        inside.clients.entry(client).or_default().begin();
        Flight { flights: self.clone(), client }
    }

    /// Of all clients.
    pub(crate) fn all(&self) -> TokenCalls {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).all
    }

    /// Of one client.
    pub(crate) fn of(&self, client: &str) -> TokenCalls {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clients.get(client).copied().unwrap_or_default()
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let mut inside = self.flights.0.lock().unwrap_or_else(PoisonError::into_inner);
        inside.all.in_flight -= 1;
        if let Some(calls) = inside.clients.get_mut(self.client) {
            calls.in_flight -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Flights, TokenCalls};

    #[test]
    fn calls_are_counted_by_client_and_end_when_they_are_dropped() {
        let flights = Flights::default();
        let (first, second) = (flights.begin("one"), flights.begin("one"));
        drop(first);
        let other = flights.begin("other");
        let of = |in_flight, most_in_flight, total| TokenCalls { in_flight, most_in_flight, total };
        assert_eq!(flights.of("one"), of(1, 2, 2), "two at once, one has ended");
        assert_eq!(flights.of("other"), of(1, 1, 1), "a client of its own");
        assert_eq!(flights.all(), of(2, 2, 3), "both together");
        drop((second, other));
        assert_eq!(flights.all(), of(0, 2, 3), "nothing is in flight");
        assert_eq!(flights.of("nobody"), TokenCalls::default(), "one that never came");
    }
}
