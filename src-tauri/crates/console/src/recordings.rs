//! Recordings of the connections of this process: with their secrets, in memory alone. The newest stay; one that
//! leaves takes its secrets along, wiped.

use std::collections::VecDeque;
use std::sync::Arc;

use countersign_tls::{ConnectionRecord, Recording};

/// Connections whose recording stays. One is some 20 kB, and is bounded itself.
const KEPT: usize = 64;

/// Records by the connection they stand for, newest last.
#[derive(Default)]
pub(crate) struct Recordings(VecDeque<(String, Arc<ConnectionRecord>)>);

impl Recordings {
    /// Keeps what was recorded of a connection under its own id.
    pub(crate) fn keep(&mut self, record: &Arc<ConnectionRecord>) {
        self.keep_as(&record.id, record);
    }

    /// Keeps it under the id of the connection it stands for.
    pub(crate) fn keep_as(&mut self, connection: &str, record: &Arc<ConnectionRecord>) {
        if record.recording.is_none() {
            return;
        }
        self.0.retain(|(id, _)| id != connection);
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back((connection.to_owned(), Arc::clone(record)));
    }

    /// The record of a connection, while it is here.
    pub(crate) fn of(&self, connection: &str) -> Option<Arc<ConnectionRecord>> {
        self.0.iter().find(|(id, _)| id == connection).map(|(_, record)| Arc::clone(record))
    }

    /// The recording of a connection, while it is here.
    pub(crate) fn recording(&self, connection: &str) -> Option<Recording> {
        self.of(connection)?.recording.clone()
    }
}
