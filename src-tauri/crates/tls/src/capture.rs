//! A connection as a pcapng file: raw IP, a synthetic TCP around the recorded bytes, and a decryption secrets
//! block in front, so that Wireshark and tshark open it decrypted with no settings and on any port
//! (draft-ietf-opsawg-pcapng §4.7).

use std::net::{IpAddr, SocketAddr};

use zeroize::Zeroizing;

use crate::recorder::{Flight, LoggedSecret, Sender};
use crate::wire::{Decoded, Protection};

/// How much of a connection a capture holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Up to both Finished, with the handshake traffic secrets alone. Application secrets come from a later
    /// extract and cannot be derived from them. For TLS 1.2 no secret at all: its master secret opens everything.
    HandshakeOnly,
    /// Everything, with every secret.
    Full,
}

/// The two ends of the connection; both of one address family, else the synthetic packets are IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// Our end.
    pub client: SocketAddr,
    /// The end that answered.
    pub server: SocketAddr,
}

/// Bytes of a segment.
const SEGMENT: usize = 1400;

/// Lines of `label client_random secret`, hex (RFC 9850 §2).
pub(crate) fn key_log(lines: &[LoggedSecret]) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::new());
    for line in lines {
        let secret = Zeroizing::new(hex::encode(&*line.secret));
        out.push_str(&line.label);
        out.push(' ');
        out.push_str(&hex::encode(&line.client_random));
        out.push(' ');
        out.push_str(&secret);
        out.push('\n');
    }
    out
}

pub(crate) fn pcapng(
    flights: &[Flight],
    lines: &[LoggedSecret],
    decoded: &Decoded,
    scope: Scope,
    ends: Ends,
    opened_us: u64,
) -> Vec<u8> {
    let secrets = match scope {
        Scope::Full => key_log(lines),
        Scope::HandshakeOnly => handshake_lines(lines),
    };
    let kept;
    let flights = match scope {
        Scope::Full => flights,
        Scope::HandshakeOnly => {
            kept = until_finished(flights, decoded);
            &kept
        }
    };
    let mut file = File::default();
    file.section();
    file.interface();
    if !secrets.is_empty() {
        file.secrets(secrets.as_bytes());
    }
    let mut tcp = Tcp { ends, sequence: [1_000, 5_000], opened_us };
    tcp.open(&mut file);
    for flight in flights {
        for segment in flight.bytes.chunks(SEGMENT) {
            tcp.segment(&mut file, flight.at_us, flight.from, PSH | ACK, segment);
        }
    }
    file.bytes
}

fn handshake_lines(lines: &[LoggedSecret]) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::new());
    for line in lines {
        if matches!(line.label.as_str(), "CLIENT_HANDSHAKE_TRAFFIC_SECRET" | "SERVER_HANDSHAKE_TRAFFIC_SECRET") {
            out.push_str(&key_log(std::slice::from_ref(line)));
        }
    }
    out
}

/// Whole records up to and with each end's last handshake message that is not under application keys.
fn until_finished(flights: &[Flight], decoded: &Decoded) -> Vec<Flight> {
    let mut allowed = [0_usize; 2];
    for from in [Sender::Client, Sender::Server] {
        let last = decoded
            .messages
            .iter()
            .filter(|m| m.from == from)
            // under TLS 1.2 Finished itself travels under the session keys
            .filter(|m| m.protection != Protection::Application || m.handshake_type() == Some(20))
            .filter(|m| m.protection != Protection::Early)
            .map(|m| m.record + m.records - 1)
            .max();
        if let Some(last) = last {
            allowed[from as usize] = end_of_record(flights, from, last);
        }
    }
    let mut out = Vec::new();
    for flight in flights {
        let room = &mut allowed[flight.from as usize];
        let length = flight.bytes.len().min(*room);
        *room -= length;
        if length > 0 {
            out.push(Flight { from: flight.from, at_us: flight.at_us, bytes: flight.bytes[..length].to_vec() });
        }
    }
    out
}

/// How many bytes of a direction the records up to and with this one take.
fn end_of_record(flights: &[Flight], from: Sender, last: u64) -> usize {
    let bytes: Vec<u8> = flights.iter().filter(|f| f.from == from).flat_map(|f| f.bytes.iter().copied()).collect();
    let mut at = 0;
    for _ in 0..=last {
        let Some([high, low]) = bytes.get(at + 3..at + 5) else { break };
        at += 5 + usize::from(u16::from_be_bytes([*high, *low]));
    }
    at.min(bytes.len())
}

/// The blocks of a pcapng file, little endian.
#[derive(Default)]
struct File {
    bytes: Vec<u8>,
}

impl File {
    fn block(&mut self, kind: u32, body: &[&[u8]]) {
        let length: usize = body.iter().map(|part| part.len()).sum();
        let padding = (4 - length % 4) % 4;
        let total = u32::try_from(12 + length + padding).unwrap_or(u32::MAX).to_le_bytes();
        self.bytes.extend_from_slice(&kind.to_le_bytes());
        self.bytes.extend_from_slice(&total);
        for part in body {
            self.bytes.extend_from_slice(part);
        }
        self.bytes.extend_from_slice(&[0; 3][..padding]);
        self.bytes.extend_from_slice(&total);
    }

    fn section(&mut self) {
        let magic = 0x1a2b_3c4d_u32.to_le_bytes();
        self.block(0x0a0d_0d0a, &[&magic, &[1, 0, 0, 0], &[0xff; 8]]);
    }

    fn interface(&mut self) {
        const RAW_IP: u16 = 101;
        self.block(1, &[&RAW_IP.to_le_bytes(), &[0, 0], &[0, 0, 4, 0]]);
    }

    /// Type `TLSK`: TLS key log.
    fn secrets(&mut self, log: &[u8]) {
        let length = u32::try_from(log.len()).unwrap_or(u32::MAX).to_le_bytes();
        self.block(10, &[&0x544c_534b_u32.to_le_bytes(), &length, log]);
    }

    fn packet(&mut self, at_us: u64, packet: &[u8]) {
        let [a, b, c, d, e, f, g, h] = at_us.to_le_bytes();
        let length = u32::try_from(packet.len()).unwrap_or(u32::MAX).to_le_bytes();
        // interface 0; time high, then low
        self.block(6, &[&[0; 4], &[e, f, g, h], &[a, b, c, d], &length, &length, packet]);
    }
}

const SYN: u8 = 2;
const PSH: u8 = 8;
const ACK: u8 = 16;

struct Tcp {
    ends: Ends,
    /// Next sequence number, by sender.
    sequence: [u32; 2],
    opened_us: u64,
}

impl Tcp {
    fn open(&mut self, file: &mut File) {
        self.segment(file, 0, Sender::Client, SYN, &[]);
        self.segment(file, 0, Sender::Server, SYN | ACK, &[]);
        self.segment(file, 0, Sender::Client, ACK, &[]);
    }

    fn segment(&mut self, file: &mut File, at_us: u64, from: Sender, flags: u8, content: &[u8]) {
        let (source, destination) = match from {
            Sender::Client => (self.ends.client, self.ends.server),
            Sender::Server => (self.ends.server, self.ends.client),
        };
        let (own, other) = match from {
            Sender::Client => (0, 1),
            Sender::Server => (1, 0),
        };
        let acknowledged = if flags & ACK == 0 { 0 } else { self.sequence[other] };
        let mut tcp = Vec::with_capacity(20 + content.len());
        tcp.extend_from_slice(&source.port().to_be_bytes());
        tcp.extend_from_slice(&destination.port().to_be_bytes());
        tcp.extend_from_slice(&self.sequence[own].to_be_bytes());
        tcp.extend_from_slice(&acknowledged.to_be_bytes());
        // header of 20 bytes; window; no checksum, no urgent pointer
        tcp.extend_from_slice(&[0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        tcp.extend_from_slice(content);
        let taken = u32::try_from(content.len()).unwrap_or_default() + u32::from(flags & SYN != 0);
        self.sequence[own] = self.sequence[own].wrapping_add(taken);
        let packet = ip(source.ip(), destination.ip(), &tcp);
        file.packet(self.opened_us.saturating_add(at_us), &packet);
    }
}

/// An IPv4 or IPv6 packet around a TCP segment.
fn ip(source: IpAddr, destination: IpAddr, tcp: &[u8]) -> Vec<u8> {
    const TCP: u8 = 6;
    const HOPS: u8 = 64;
    let mut packet = Vec::with_capacity(40 + tcp.len());
    match (source, destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            let total = u16::try_from(20 + tcp.len()).unwrap_or(u16::MAX).to_be_bytes();
            packet.extend_from_slice(&[0x45, 0, total[0], total[1], 0, 0, 0x40, 0, HOPS, TCP, 0, 0]);
            packet.extend_from_slice(&source.octets());
            packet.extend_from_slice(&destination.octets());
        }
        (source, destination) => {
            let length = u16::try_from(tcp.len()).unwrap_or(u16::MAX).to_be_bytes();
            packet.extend_from_slice(&[0x60, 0, 0, 0, length[0], length[1], TCP, HOPS]);
            for address in [source, destination] {
                let address = match address {
                    IpAddr::V4(v4) => v4.to_ipv6_mapped(),
                    IpAddr::V6(v6) => v6,
                };
                packet.extend_from_slice(&address.octets());
            }
        }
    }
    packet.extend_from_slice(tcp);
    packet
}
