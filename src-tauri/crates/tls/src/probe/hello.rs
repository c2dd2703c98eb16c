//! A ClientHello made by hand (RFC 9846 §4.2.2, RFC 5246 §7.4.1.2, RFC 6101 §5.6.1.2).

use rustls::CipherSuite;

/// Which version a probe asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Offer {
    /// `client_version` up to this, and no supported_versions: 0x0300 to 0x0303.
    Legacy(u16),
    /// TLS 1.3 and nothing else.
    Tls13,
}

impl Offer {
    /// The version a server that accepts it answers with.
    pub(crate) fn version(self) -> u16 {
        match self {
            Offer::Legacy(version) => version,
            Offer::Tls13 => 0x0304,
        }
    }
}

/// Cipher suites of TLS 1.3 (RFC 9846 §B.4).
pub(crate) const TLS13_SUITES: [u16; 5] = [0x1302, 0x1301, 0x1303, 0x1304, 0x1305];

/// What the TLS library offers for TLS 1.2: ECDHE with AEAD.
pub(crate) const MODERN: [u16; 6] = [0xc02c, 0xc02b, 0xcca9, 0xc030, 0xc02f, 0xcca8];

/// Groups of the registry that servers are known to have, hybrid ones first.
pub(crate) const GROUPS: [u16; 19] = [
    0x11ec, 0x11eb, 0x11ed, 0x001d, 0x0017, 0x0018, 0x0019, 0x001e, 0x0201, 0x0202, 0x0200, 0x0100, 0x0101, 0x0102,
    0x0103, 0x0104, 0x001f, 0x0020, 0x0021,
];

/// Signature schemes of the registry, those of today first.
pub(crate) const SCHEMES: [u16; 22] = [
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b, 0x0401, 0x0501, 0x0601,
    0x0904, 0x0905, 0x0906, 0x0203, 0x0201, 0x0303, 0x0301, 0x0402,
];

/// `TLS_EMPTY_RENEGOTIATION_INFO_SCSV` (RFC 5746 §3.3).
const RENEGOTIATION_INFO: u16 = 0x00ff;
/// `TLS_FALLBACK_SCSV` (RFC 7507 §2).
const FALLBACK: u16 = 0x5600;

/// Every suite of the registry for TLS 1.2 and before, ephemeral ones with AEAD first.
pub(crate) fn legacy_suites() -> Vec<u16> {
    let named = |suite: &u16| {
        let is_signal = matches!(*suite, RENEGOTIATION_INFO | FALLBACK);
        !is_signal && (*suite >> 8) != 0x13 && CipherSuite::from(*suite).as_str().is_some()
    };
    let ranges = (0x0001..=0x00ff_u16).chain(0xc001..=0xc0ff).chain(0xcc13..=0xccae).chain(0xd001..=0xd005);
    let mut rest: Vec<u16> = ranges.filter(named).filter(|suite| !MODERN.contains(suite)).collect();
    let mut all = MODERN.to_vec();
    all.append(&mut rest);
    all
}

/// What one probe offers.
#[derive(Clone, Debug)]
pub(crate) struct Hello {
    pub(crate) offer: Offer,
    pub(crate) suites: Vec<u16>,
    pub(crate) groups: Vec<u16>,
    pub(crate) schemes: Vec<u16>,
    /// SNI; an address is never sent (RFC 6066 §3).
    pub(crate) server_name: Option<String>,
    pub(crate) protocols: Vec<&'static str>,
    /// Whether it says that a better version failed before (RFC 7507).
    pub(crate) fallback: bool,
}

impl Hello {
    /// Everything a version has.
    pub(crate) fn everything(offer: Offer, server_name: Option<&str>) -> Self {
        let suites = if offer == Offer::Tls13 { TLS13_SUITES.to_vec() } else { legacy_suites() };
        Self {
            offer,
            suites,
            groups: GROUPS.to_vec(),
            schemes: SCHEMES.to_vec(),
            server_name: server_name.map(ToOwned::to_owned),
            protocols: Vec::new(),
            fallback: false,
        }
    }

    /// As a record.
    pub(crate) fn record(&self, random: &[u8; 64]) -> Vec<u8> {
        let message = self.message(random);
        let mut out = vec![22, 3, u8::from(self.offer != Offer::Legacy(0x0300))];
        vector(&mut out, 2, &message);
        out
    }

    fn message(&self, random: &[u8; 64]) -> Vec<u8> {
        let (random, session) = random.split_at(32);
        let (version, session) = match self.offer {
            Offer::Legacy(version) => (version, &[][..]),
            // middleboxes want to see a session being resumed (RFC 9846 §D.4)
            Offer::Tls13 => (0x0303, session),
        };
        let mut body = version.to_be_bytes().to_vec();
        body.extend_from_slice(random);
        vector(&mut body, 1, session);
        let mut suites = self.suites.clone();
        if self.offer != Offer::Tls13 {
            suites.push(RENEGOTIATION_INFO);
        }
        if self.fallback {
            suites.push(FALLBACK);
        }
        vector(&mut body, 2, &words(&suites));
        vector(&mut body, 1, &[0]);
        if self.offer != Offer::Legacy(0x0300) {
            vector(&mut body, 2, &self.extensions());
        }
        let mut message = vec![1];
        vector(&mut message, 3, &body);
        message
    }

    fn extensions(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut add = |kind: u16, value: &[u8]| {
            out.extend_from_slice(&kind.to_be_bytes());
            vector(&mut out, 2, value);
        };
        if let Some(name) = self.server_name.as_deref().filter(|name| name.parse::<std::net::IpAddr>().is_err()) {
            add(0, &prefixed(2, &[&[0][..], &prefixed(2, name.as_bytes())].concat()));
        }
        add(5, &[1, 0, 0, 0, 0]);
        if !self.groups.is_empty() {
            add(10, &prefixed(2, &words(&self.groups)));
        }
        add(11, &[1, 0]);
        if self.offer.version() >= 0x0303 {
            add(13, &prefixed(2, &words(&self.schemes)));
        }
        if !self.protocols.is_empty() {
            let names: Vec<u8> = self.protocols.iter().flat_map(|name| prefixed(1, name.as_bytes())).collect();
            add(16, &prefixed(2, &names));
        }
        match self.offer {
            Offer::Legacy(_) => {
                add(22, &[]);
                add(23, &[]);
                add(35, &[]);
            }
            Offer::Tls13 => {
                add(43, &[2, 3, 4]);
                add(45, &[1, 1]);
                add(51, &[0, 0]);
            }
        }
        out
    }
}

fn words(values: &[u16]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_be_bytes()).collect()
}

fn prefixed(width: usize, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    vector(&mut out, width, value);
    out
}

/// A vector with its length in front; what is made here fits.
fn vector(out: &mut Vec<u8>, width: usize, value: &[u8]) {
    let length = value.len().to_be_bytes();
    out.extend_from_slice(&length[length.len() - width..]);
    out.extend_from_slice(value);
}
