//! The bytes of one connection as they crossed the socket, each piece with its sender and its time.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

/// Which end sent something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Sender {
    Client,
    Server,
}

impl Sender {
    /// `client`, `server`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Sender::Client => "client",
            Sender::Server => "server",
        }
    }
}

/// What one read or write moved.
#[derive(Clone, Debug)]
pub(crate) struct Flight {
    pub(crate) from: Sender,
    /// Microseconds since the first byte was sent.
    pub(crate) at_us: u64,
    pub(crate) bytes: Vec<u8>,
}

/// Bytes kept of each direction; a handshake is rarely above 8 KiB, and rustls refuses a message above 64 KiB.
/// What comes after is counted only.
const LIMIT: usize = 768 * 1024;

#[derive(Debug, Default)]
struct Kept {
    flights: Vec<Flight>,
    began: Option<Instant>,
    /// Kept, by sender.
    lengths: [usize; 2],
    /// Seen, by sender.
    totals: [u64; 2],
}

/// Collects flights.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    kept: Mutex<Kept>,
}

impl Flights {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn note(&self, from: Sender, bytes: &[u8]) {
        let mut kept = self.kept();
        let began = *kept.began.get_or_insert_with(Instant::now);
        let at_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        let side = from as usize;
        kept.totals[side] = kept.totals[side].saturating_add(bytes.len() as u64);
        let room = LIMIT.saturating_sub(kept.lengths[side]).min(bytes.len());
        if room > 0 {
            kept.lengths[side] += room;
            kept.flights.push(Flight { from, at_us, bytes: bytes[..room].to_vec() });
        }
    }

    /// Everything kept so far, in order.
    pub(crate) fn all(&self) -> Vec<Flight> {
        self.kept().flights.clone()
    }

    /// What one end sent, as far as it was kept.
    pub(crate) fn sent_by(&self, from: Sender) -> Vec<u8> {
        self.kept().flights.iter().filter(|flight| flight.from == from).flat_map(|f| f.bytes.iter().copied()).collect()
    }

    /// How many bytes one end sent, kept or not.
    pub(crate) fn total(&self, from: Sender) -> u64 {
        self.kept().totals[from as usize]
    }
}
