//! Recordings of the connections of this process: with their secrets, in memory alone. The newest stay; one that
//! leaves takes its secrets along, wiped.

use std::collections::VecDeque;

use countersign_tls::{ConnectionRecord, Recording};

/// Connections whose recording stays. One is some 20 kB, and is bounded itself.
const KEPT: usize = 64;

/// Recordings by connection.
#[derive(Default)]
pub(crate) struct Recordings(VecDeque<(String, Recording)>);

impl Recordings {
    /// Keeps what was recorded of a connection under its own id.
    pub(crate) fn keep(&mut self, record: &ConnectionRecord) {
        self.keep_as(&record.id, record);
    }

    /// Keeps it under the id of the connection it stands for.
    pub(crate) fn keep_as(&mut self, connection: &str, record: &ConnectionRecord) {
        let Some(recording) = &record.recording else { return };
        self.0.retain(|(id, _)| id != connection);
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back((connection.to_owned(), recording.clone()));
    }

    /// The recording of a connection, while it is here.
    pub(crate) fn of(&self, connection: &str) -> Option<Recording> {
        self.0.iter().find(|(id, _)| id == connection).map(|(_, recording)| recording.clone())
    }
}
