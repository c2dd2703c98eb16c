//! What the gateway saw and how it judged it: a bounded list, and a stream of new entries.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use countersign_evidence::Timestamp;
use tokio::sync::broadcast;

/// Entries kept.
const KEPT: usize = 500;

/// One request, or one handshake that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Counts from 1; the answer carries it as `x-gateway-seen`.
    pub id: u64,
    /// When.
    pub at: Timestamp,
    /// `POST /v1/payments`; `TLS, localhost`.
    pub request: String,
    /// What was answered.
    pub status: Option<u16>,
    /// `token and signature accepted`.
    pub judged: String,
    /// Whether it was refused because of an active fault.
    pub on_purpose: bool,
}

pub(crate) struct Log {
    entries: Mutex<(u64, VecDeque<Seen>)>,
    news: broadcast::Sender<Seen>,
}

impl Log {
    pub(crate) fn new() -> Self {
        Self { entries: Mutex::new((0, VecDeque::new())), news: broadcast::channel(64).0 }
    }

    pub(crate) fn next_id(&self) -> u64 {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.0 += 1;
        entries.0
    }

    pub(crate) fn add(&self, seen: Seen) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.1.len() == KEPT {
            entries.1.pop_front();
        }
        entries.1.push_back(seen.clone());
        drop(entries);
        let _nobody = self.news.send(seen);
    }

    /// Newest first.
    pub(crate) fn all(&self) -> Vec<Seen> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).1.iter().rev().cloned().collect()
    }

    pub(crate) fn count(&self) -> u64 {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Seen> {
        self.news.subscribe()
    }
}
