//! What came back, and where it goes.

use countersign_secret::SecretBytes;
use http::{HeaderMap, StatusCode};

use crate::{ContentWriter, StoredContent};

/// Where the content of the answer goes while it comes.
#[derive(Debug)]
pub enum Sink {
    /// Into memory that is wiped afterwards, for answers that hold tokens. More than the limit is an error.
    Memory {
        /// Bytes.
        limit: usize,
    },
    /// Into a store, as it comes; memory stays bounded however long the content is.
    Store(ContentWriter),
}

/// An answer: its head, and its content where the sink said.
pub struct Received {
    /// RFC 9110 §15.
    pub status: StatusCode,
    /// Names in lower case, values as they came; repeated fields stand together.
    pub fields: Vec<(String, Vec<u8>)>,
    /// As it came: nothing is decompressed.
    pub body: Body,
    /// How long the parts took.
    pub timing: HttpTiming,
    /// RFC 9110 §6.5.
    pub trailers: Vec<(String, Vec<u8>)>,
}

/// The content of an answer.
pub enum Body {
    /// In memory, wiped when dropped.
    Memory(SecretBytes),
    /// In the store.
    Stored(StoredContent),
}

impl Body {
    /// Bytes that came.
    pub fn length(&self) -> u64 {
        match self {
            Body::Memory(bytes) => bytes.len() as u64,
            Body::Stored(stored) => stored.length,
        }
    }
}

/// Microseconds on one monotonic clock. What did not happen is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HttpTiming {
    /// Until the request was written.
    pub request: u64,
    /// From then until the first byte of the answer.
    pub first_byte: u64,
    /// From the first byte to the end of the content.
    pub content: u64,
}

// Fields and contents may hold secrets: neither is printed.
impl std::fmt::Debug for Received {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Received")
            .field("status", &self.status)
            .field("body", &self.body)
            .field("timing", &self.timing)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Body::Memory(bytes) => write!(f, "Memory({} bytes)", bytes.len()),
            Body::Stored(stored) => f.debug_tuple("Stored").field(stored).finish(),
        }
    }
}

pub(crate) fn fields(map: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    map.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect()
}
