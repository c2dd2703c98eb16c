//! A ClientHello as far as a scripted server needs it, and the flights it answers with: TLS 1.2 and older, in clear.

use rustls::pki_types::CertificateDer;
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// `handshake`, `alert` of RFC 9846 §5.1.
pub(super) const HANDSHAKE: u8 = 22;
pub(super) const ALERT: u8 = 21;
/// TLS 1.2 as `ProtocolVersion`.
pub(super) const TLS12: u16 = 0x0303;
/// The largest ClientHello that is read.
const LARGEST: usize = 64 * 1024;

/// What is asked of a ClientHello.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ClientHello {
    /// `legacy_version`.
    pub(super) version: u16,
    pub(super) suites: Vec<u16>,
    /// Types of the extensions, in order.
    pub(super) extensions: Vec<u16>,
    /// As received, with record headers: to be given to a library after all.
    pub(super) raw: Vec<u8>,
}

impl ClientHello {
    /// Whether it names a server (RFC 6066 §3).
    pub(super) fn names_server(&self) -> bool {
        self.extensions.contains(&0)
    }

    /// Whether it announces early data (RFC 9846 §4.3.10).
    pub(super) fn offers_early_data(&self) -> bool {
        self.extensions.contains(&42)
    }

    /// The first suite of the list that the client offers too.
    pub(super) fn choose(&self, ours: &[u16]) -> Option<u16> {
        ours.iter().copied().find(|suite| self.suites.contains(suite))
    }

    /// Reads one, which may lie in several records. `None`: it is none, or the connection ended.
    pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Self> {
        let (mut raw, mut message) = (Vec::new(), Vec::new());
        loop {
            let mut header = [0; 5];
            stream.read_exact(&mut header).await.ok()?;
            let length = usize::from(u16::from_be_bytes([header[3], header[4]]));
            if header[0] != HANDSHAKE || raw.len() + length > LARGEST {
                return None;
            }
            let mut content = vec![0; length];
            stream.read_exact(&mut content).await.ok()?;
            raw.extend_from_slice(&header);
            raw.extend_from_slice(&content);
            message.extend_from_slice(&content);
            let Some([kind, length @ ..]) = message.first_chunk::<4>() else { continue };
            let length = length.iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet));
            if *kind != 1 || length > LARGEST {
                return None;
            }
            if let Some(body) = message.get(4..4 + length) {
                return Self::parse(body).map(|hello| Self { raw, ..hello });
            }
        }
    }

    /// RFC 9846 §4.2.2.
    fn parse(body: &[u8]) -> Option<Self> {
        let mut bytes = Bytes(body);
        let version = bytes.u16()?;
        bytes.take(32)?;
        let session = bytes.u8()?;
        bytes.take(session.into())?;
        let length = bytes.u16()?;
        let suites = bytes.take(length.into())?;
        let suites = suites.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
        let compressions = bytes.u8()?;
        bytes.take(compressions.into())?;
        let mut extensions = Vec::new();
        if let Some(length) = bytes.u16() {
            let mut list = Bytes(bytes.take(length.into())?);
            while !list.0.is_empty() {
                extensions.push(list.u16()?);
                let length = list.u16()?;
                list.take(length.into())?;
            }
        }
        Some(Self { version, suites, extensions, raw: Vec::new() })
    }
}

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1).map(|taken| taken[0])
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2).map(|taken| u16::from_be_bytes([taken[0], taken[1]]))
    }
}

/// The parameters of a key exchange that the server chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exchange {
    /// A group of that prime, generator 2 (RFC 5246 §7.4.3).
    FiniteField(&'static [u8]),
    /// secp256r1 (RFC 8422 §5.4).
    P256,
    /// None: RSA encryption.
    Static,
}

/// What a scripted server answers with.
pub(super) struct Flight<'a> {
    pub(super) version: u16,
    pub(super) suite: u16,
    /// Empty: anonymous, no Certificate message.
    pub(super) chain: &'a [CertificateDer<'static>],
    pub(super) exchange: Exchange,
    /// The last eight bytes of the random (RFC 9846 §4.2.3).
    pub(super) sentinel: Option<[u8; 8]>,
}

impl Flight<'_> {
    /// ServerHello to ServerHelloDone, each message in a record of its own.
    pub(super) fn records(&self) -> Vec<u8> {
        let mut out = record(HANDSHAKE, self.version, &self.server_hello());
        if !self.chain.is_empty() {
            out.extend(record(HANDSHAKE, self.version, &certificate(self.chain)));
        }
        if let Some(exchange) = self.server_key_exchange() {
            out.extend(record(HANDSHAKE, self.version, &exchange));
        }
        out.extend(record(HANDSHAKE, self.version, &message(14, &[])));
        out
    }

    pub(super) fn server_hello(&self) -> Vec<u8> {
        let mut random = [0x5a; 32];
        if let Some(sentinel) = self.sentinel {
            random[24..].copy_from_slice(&sentinel);
        }
        let mut body = self.version.to_be_bytes().to_vec();
        body.extend_from_slice(&random);
        body.push(0); // no session
        body.extend_from_slice(&self.suite.to_be_bytes());
        body.push(0); // no compression
        message(2, &body)
    }

    fn server_key_exchange(&self) -> Option<Vec<u8>> {
        let mut body = match self.exchange {
            Exchange::Static => return None,
            Exchange::P256 => [&[3, 0, 23, 65][..], &P256_BASE_POINT].concat(),
            Exchange::FiniteField(prime) => {
                let public: Vec<u8> = prime.iter().map(|octet| octet / 2).collect();
                [sized(prime), sized(&[2]), sized(&public)].concat()
            }
        };
        if !self.chain.is_empty() {
            // nobody gets as far as to check it; RSA with SHA-256
            if self.version >= TLS12 {
                body.extend_from_slice(&[4, 1]);
            }
            body.extend(sized(&[0x5a; 256]));
        }
        Some(message(12, &body))
    }
}

/// The Certificate message (RFC 5246 §7.4.2).
pub(super) fn certificate(chain: &[CertificateDer<'static>]) -> Vec<u8> {
    let list: Vec<u8> = chain.iter().flat_map(|c| [&three(c.len()), c.as_ref()].concat()).collect();
    message(11, &[&three(list.len())[..], &list].concat())
}

/// A handshake message.
fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind][..], &three(body.len()), body].concat()
}

/// Records of at most 2^14 bytes.
pub(super) fn record(kind: u8, version: u16, content: &[u8]) -> Vec<u8> {
    let version = version.to_be_bytes();
    let one = |part: &[u8]| {
        let length = u16::try_from(part.len()).unwrap_or(u16::MAX).to_be_bytes();
        [&[kind][..], &version, &length, part].concat()
    };
    content.chunks(1 << 14).flat_map(one).collect()
}

/// A fatal alert.
pub(super) fn alert(version: u16, description: u8) -> Vec<u8> {
    record(ALERT, version, &[2, description])
}

fn three(length: usize) -> [u8; 3] {
    let octets = u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
    [octets[1], octets[2], octets[3]]
}

fn sized(content: &[u8]) -> Vec<u8> {
    [&u16::try_from(content.len()).unwrap_or(u16::MAX).to_be_bytes()[..], content].concat()
}

/// SEC 2 §2.4.2, uncompressed: a point that is certainly on the curve.
const P256_BASE_POINT: [u8; 65] = [
    0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03,
    0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe,
    0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce,
    0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// A ClientHello of TLS 1.2 with two suites and SNI without content.
    fn hello() -> Vec<u8> {
        let mut body = vec![3, 3];
        body.extend_from_slice(&[7; 32]);
        body.extend_from_slice(&[0, 0, 4, 0xc0, 0x2f, 0, 0x2f, 1, 0, 0, 4, 0, 0, 0, 0]);
        message(1, &body)
    }

    #[tokio::test]
    async fn a_client_hello_is_read_from_one_record_or_from_many() {
        for size in [1, 7, 1000] {
            let raw: Vec<u8> = hello().chunks(size).flat_map(|part| record(HANDSHAKE, 0x0301, part)).collect();
            let read = ClientHello::read(&mut raw.as_slice()).await.unwrap();
            assert_eq!((read.version, read.suites.as_slice()), (TLS12, &[0xc02f, 0x002f][..]), "{size} bytes a record");
            assert!(read.names_server() && !read.offers_early_data(), "extensions are listed");
            assert_eq!(read.raw, raw, "every byte is kept");
        }
    }

    #[tokio::test]
    async fn what_is_no_client_hello_is_left() {
        let whole = record(HANDSHAKE, 0x0301, &hello());
        for bytes in [b"GET / HTTP/1.1\r\n\r\n".as_slice(), &whole[..whole.len() - 1], &[22, 3, 1, 0, 0], &[]] {
            assert_eq!(ClientHello::read(&mut &*bytes).await, None, "{} bytes", bytes.len());
        }
    }

    #[test]
    fn a_flight_has_its_messages_in_order() {
        let chain = [CertificateDer::from(vec![0x30; 20_000])];
        let flight = Flight { version: TLS12, suite: 0x33, chain: &chain, exchange: Exchange::P256, sentinel: None };
        let (mut bytes, mut messages) = (flight.records(), Vec::new());
        while !bytes.is_empty() {
            let length = usize::from(u16::from_be_bytes([bytes[3], bytes[4]]));
            assert!(length <= 1 << 14, "a record of {length} bytes");
            messages.extend_from_slice(&bytes[5..5 + length]);
            bytes.drain(..5 + length);
        }
        let mut kinds = Vec::new();
        while !messages.is_empty() {
            let length = messages[1..4].iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet));
            kinds.push(messages[0]);
            messages.drain(..4 + length);
        }
        assert_eq!(kinds, [2, 11, 12, 14], "ServerHello, Certificate, ServerKeyExchange, ServerHelloDone");
    }
}
