//! Cuts the bytes of each direction into records (RFC 9846 §5.1). A record may span several reads, and a read
//! may hold several records.

use crate::recorder::{Flight, Sender};

/// `change_cipher_spec`.
pub(super) const CHANGE_CIPHER_SPEC: u8 = 20;
/// `alert`.
pub(super) const ALERT: u8 = 21;
/// `handshake`.
pub(super) const HANDSHAKE: u8 = 22;
/// `application_data`.
pub(super) const APPLICATION_DATA: u8 = 23;

/// Content type, version, length.
pub(super) const HEADER: usize = 5;

/// One record as it was on the wire.
#[derive(Debug)]
pub(super) struct Record<'a> {
    pub(super) from: Sender,
    /// Time of the piece that completed it.
    pub(super) at_us: u64,
    /// Its number in its direction, from 0.
    pub(super) number: u64,
    pub(super) header: [u8; HEADER],
    pub(super) fragment: &'a [u8],
}

impl Record<'_> {
    pub(super) fn content_type(&self) -> u8 {
        self.header[0]
    }
}

/// The bytes of one direction in one piece, with the times at which they became complete.
struct Stream {
    from: Sender,
    bytes: Vec<u8>,
    /// Where a flight ends, its index among all flights, and its time.
    ends: Vec<(usize, usize, u64)>,
}

/// Both directions, ready to be cut.
pub(super) struct Wire {
    streams: [Stream; 2],
}

impl Wire {
    pub(super) fn new(flights: &[Flight]) -> Self {
        let stream = |from: Sender| {
            let own = || flights.iter().enumerate().filter(move |(_, flight)| flight.from == from);
            let mut bytes = Vec::with_capacity(own().map(|(_, flight)| flight.bytes.len()).sum());
            let mut ends = Vec::new();
            for (index, flight) in own() {
                bytes.extend_from_slice(&flight.bytes);
                ends.push((bytes.len(), index, flight.at_us));
            }
            Stream { from, bytes, ends }
        };
        Self { streams: [stream(Sender::Client), stream(Sender::Server)] }
    }

    /// Every whole record of both directions, in the order in which they became complete.
    pub(super) fn records(&self) -> Vec<Record<'_>> {
        let mut all: Vec<(usize, Record<'_>)> = self.streams.iter().flat_map(Stream::records).collect();
        // stable: records of one flight keep their order
        all.sort_by_key(|(flight, _)| *flight);
        all.into_iter().map(|(_, record)| record).collect()
    }
}

impl Stream {
    fn records(&self) -> Vec<(usize, Record<'_>)> {
        let mut out = Vec::new();
        let (mut at, mut number) = (0, 0);
        let mut ends = self.ends.iter().peekable();
        while let Some(header) = self.bytes.get(at..at + HEADER).and_then(|b| <[u8; HEADER]>::try_from(b).ok()) {
            let length = usize::from(u16::from_be_bytes([header[3], header[4]]));
            let Some(fragment) = self.bytes.get(at + HEADER..at + HEADER + length) else { break };
            at += HEADER + length;
            while ends.next_if(|(end, _, _)| *end < at).is_some() {}
            let Some((_, flight, at_us)) = ends.peek() else { break };
            out.push((*flight, Record { from: self.from, at_us: *at_us, number, header, fragment }));
            number += 1;
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::{HANDSHAKE, Wire};
    use crate::recorder::{Flight, Sender};

    fn flight(from: Sender, at_us: u64, bytes: &[u8]) -> Flight {
        Flight { from, at_us, bytes: bytes.to_vec() }
    }

    #[test]
    fn a_record_in_two_reads_has_the_time_of_the_second() {
        let flights = [
            flight(Sender::Client, 0, &[22, 3, 1, 0, 1, 7]),
            flight(Sender::Server, 5, &[22, 3, 3, 0]),
            flight(Sender::Server, 9, &[2, 1, 2, 21, 3, 3, 0, 2, 2, 40]),
        ];
        let wire = Wire::new(&flights);
        let records = wire.records();
        let seen: Vec<_> = records.iter().map(|r| (r.from, r.at_us, r.number, r.content_type(), r.fragment)).collect();
        let hello: &[u8] = &[7];
        let cut: &[u8] = &[1, 2];
        let alert: &[u8] = &[2, 40];
        assert_eq!(
            seen,
            [
                (Sender::Client, 0, 0, HANDSHAKE, hello),
                (Sender::Server, 9, 0, HANDSHAKE, cut),
                (Sender::Server, 9, 1, 21, alert)
            ],
            "in the order in which they were complete"
        );
    }

    #[test]
    fn half_a_record_is_none() {
        let flights = [flight(Sender::Server, 0, &[22, 3, 3, 0, 9, 1])];
        assert!(Wire::new(&flights).records().is_empty(), "8 bytes are missing");
    }
}
