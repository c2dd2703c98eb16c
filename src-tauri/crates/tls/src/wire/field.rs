//! Reads a message field by field and remembers where each stood, so that bytes and fields can point at each
//! other. The fields of depth 0 cover the message exactly once; children lie inside their parent, in order.

use std::borrow::Cow;

use countersign_evidence::{Citation, MessageField};

/// A place in a document.
pub(super) type Cited = (&'static str, &'static str);

/// A field's name: nearly all are the specification's.
type Name = Cow<'static, str>;

/// A message being read.
pub(super) struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where the innermost group ends.
    end: usize,
    depth: u8,
    out: Vec<MessageField>,
}

/// Deeper than any message of TLS nests.
const DEEPEST: u8 = 12;
/// More fields than any honest message has; the rest is told as one field.
const MOST_FIELDS: usize = 4_000;

impl<'a> Fields<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, end: bytes.len(), depth: 0, out: Vec::new() }
    }

    /// The fields; what was not read is one more.
    pub(super) fn finish(mut self) -> Vec<MessageField> {
        self.leftover();
        self.out
    }

    /// Bytes left in the innermost group.
    pub(super) fn left(&self) -> usize {
        self.end.saturating_sub(self.at)
    }

    /// The next bytes, unread.
    pub(super) fn peek(&self) -> &'a [u8] {
        self.bytes.get(self.at..self.end).unwrap_or_default()
    }

    fn push(&mut self, name: Name, length: usize, value: String) -> usize {
        self.out.push(MessageField {
            name,
            offset: self.at as u64,
            length: length as u64,
            depth: self.depth,
            value,
            meaning: None,
            citation: None,
        });
        self.out.len() - 1
    }

    /// Takes `length` bytes as one field; `None`, and nothing is taken, where fewer are left.
    pub(super) fn take(
        &mut self,
        name: impl Into<Name>,
        length: usize,
        tell: impl FnOnce(&'a [u8]) -> String,
    ) -> Option<&'a [u8]> {
        if self.left() < length || self.out.len() >= MOST_FIELDS {
            return None;
        }
        let bytes = self.bytes.get(self.at..self.at + length)?;
        let value = tell(bytes);
        self.push(name.into(), length, value);
        self.at += length;
        Some(bytes)
    }

    /// Takes an unsigned number of `length` bytes, at most 8.
    pub(super) fn number(
        &mut self,
        name: impl Into<Name>,
        length: usize,
        tell: impl FnOnce(u64) -> String,
    ) -> Option<u64> {
        self.take(name, length, |bytes| tell(number(bytes))).map(number)
    }

    /// Takes everything left of the group as one field; nothing where nothing is left.
    pub(super) fn rest(&mut self, name: impl Into<Name>, tell: impl FnOnce(&'a [u8]) -> String) {
        let length = self.left();
        if length > 0 {
            self.take(name, length, tell);
        }
    }

    /// A field that holds others: `length` bytes, read by `inside`. What `inside` leaves is told as it is.
    pub(super) fn group(
        &mut self,
        name: impl Into<Name>,
        length: usize,
        inside: impl FnOnce(&mut Self) -> Option<()>,
    ) -> Option<usize> {
        if self.left() < length || self.out.len() >= MOST_FIELDS || self.depth >= DEEPEST {
            return None;
        }
        let index = self.push(name.into(), length, String::new());
        let outer = std::mem::replace(&mut self.end, self.at + length);
        self.depth += 1;
        let whole = inside(self).is_some();
        if !whole && self.left() == 0 {
            self.out[index].meaning = Some("It ends before its last field does.".to_owned());
        }
        self.leftover();
        self.at = self.end;
        self.end = outer;
        self.depth -= 1;
        Some(index)
    }

    /// A vector with its length in front (RFC 9846 §3.4); the parent covers that length too.
    pub(super) fn vector(
        &mut self,
        name: impl Into<Name>,
        prefix: usize,
        inside: impl FnOnce(&mut Self) -> Option<()>,
    ) -> Option<usize> {
        let head = self.peek().get(..prefix)?;
        let claimed = usize::try_from(number(head)).ok()?;
        let length = prefix + claimed.min(self.left() - prefix);
        let short = length < prefix + claimed;
        let index = self.group(name, length, |fields| {
            fields.at += prefix;
            inside(fields)
        })?;
        if short {
            self.out[index].meaning = Some(format!("Its length says {claimed} bytes; fewer are there."));
            return None;
        }
        Some(index)
    }

    /// Passes over what is left of the group: its parent tells it.
    pub(super) fn skip(&mut self) {
        self.at = self.end;
    }

    /// Passes over bytes that the parent tells.
    pub(super) fn pass(&mut self, length: usize) {
        self.at = (self.at + length).min(self.end);
    }

    /// Bytes a field covers.
    pub(super) fn peek_length(&self, index: usize) -> usize {
        self.out.get(index).and_then(|field| usize::try_from(field.length).ok()).unwrap_or_default()
    }

    fn leftover(&mut self) {
        let length = self.left();
        if length > 0 {
            let name = if self.out.len() >= MOST_FIELDS { "more" } else { "undecoded" };
            self.push(name.into(), length, bytes_value(self.peek()));
            self.at = self.end;
        }
    }

    /// The field pushed last.
    pub(super) fn last(&self) -> usize {
        self.out.len().saturating_sub(1)
    }

    pub(super) fn value(&mut self, index: usize, value: impl Into<String>) {
        if let Some(field) = self.out.get_mut(index) {
            field.value = value.into();
        }
    }

    pub(super) fn meaning(&mut self, index: usize, meaning: impl Into<String>) {
        if let Some(field) = self.out.get_mut(index) {
            field.meaning = Some(meaning.into());
        }
    }

    pub(super) fn cite(&mut self, index: usize, (source, section): Cited) {
        if let Some(field) = self.out.get_mut(index) {
            field.citation = Some(Citation::new(source, section));
        }
    }
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Bytes for people: short ones whole, long ones with both ends.
pub(super) fn bytes_value(bytes: &[u8]) -> String {
    match bytes {
        [] => "empty".to_owned(),
        short if short.len() <= 16 => hex::encode(short),
        long => format!("{}…{}", hex::encode(&long[..6]), hex::encode(&long[long.len() - 6..])),
    }
}

/// Text that a peer sent, printable.
pub(super) fn text_value(bytes: &[u8]) -> String {
    bytes.iter().take(255).copied().flat_map(std::ascii::escape_default).map(char::from).collect()
}

/// `0x0303`.
pub(super) fn hex16(number: u64) -> String {
    format!("0x{number:04x}")
}
