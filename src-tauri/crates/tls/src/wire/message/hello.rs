//! ClientHello, ServerHello, HelloRetryRequest (RFC 9846 §4.2, RFC 5246 §7.4.1).

use super::super::field::{Fields, bytes_value, hex16};
use super::extension::{self, Within};
use crate::iana;

/// The `random` that marks a HelloRetryRequest: SHA-256 of that word (RFC 9846 §4.2.3).
pub(crate) const RETRY_RANDOM: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11,
    0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// What a ServerHello or HelloRetryRequest decided.
pub(in crate::wire) struct Decided {
    pub(in crate::wire) version: u16,
    pub(in crate::wire) suite: u16,
    pub(in crate::wire) group: Option<u16>,
    pub(in crate::wire) retry: bool,
}

/// Whether these bytes of a ServerHello message are a HelloRetryRequest.
pub(in crate::wire) fn is_retry(message: &[u8]) -> bool {
    message.get(6..38) == Some(&RETRY_RANDOM)
}

/// Reads the decisions off a ServerHello message, header included.
pub(in crate::wire) fn decided(message: &[u8]) -> Option<Decided> {
    let legacy = word(message.get(4..6)?)?;
    let session = usize::from(*message.get(38)?);
    let suite = word(message.get(39 + session..41 + session)?)?;
    let mut decided = Decided { version: legacy, suite, group: None, retry: is_retry(message) };
    for (kind, value) in each_extension(message.get(42 + session..).unwrap_or_default()) {
        match kind {
            extension::SUPPORTED_VERSIONS => decided.version = word(value)?,
            extension::KEY_SHARE => decided.group = value.get(..2).and_then(word),
            _ => {}
        }
    }
    Some(decided)
}

/// Whether an EncryptedExtensions message accepts early data.
pub(in crate::wire) fn accepts_early_data(message: &[u8]) -> bool {
    each_extension(message.get(4..).unwrap_or_default()).any(|(kind, _)| kind == extension::EARLY_DATA)
}

/// The extensions of a block with its length in front.
pub(in crate::wire) fn each_extension(block: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = block.get(2..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (head, tail) = rest.split_at_checked(4)?;
        let (kind, length) = (word(&head[..2])?, usize::from(word(&head[2..])?));
        let (value, next) = tail.split_at_checked(length)?;
        rest = next;
        Some((kind, value))
    })
}

fn word(bytes: &[u8]) -> Option<u16> {
    <[u8; 2]>::try_from(bytes).ok().map(u16::from_be_bytes)
}

pub(super) fn client(fields: &mut Fields<'_>) -> Option<()> {
    legacy_version(fields, "legacy_version")?;
    fields.take("random", 32, bytes_value)?;
    session_id(fields, "legacy_session_id")?;
    let mut count = 0;
    let index = fields.vector("cipher_suites", 2, |fields| {
        while fields.left() > 0 {
            fields.number("cipher_suite", 2, suite)?;
            count += 1;
        }
        Some(())
    })?;
    fields.value(index, format!("{count} of them"));
    fields.meaning(index, "The suites the client accepts, the one it likes best first.");
    let index = fields.vector("legacy_compression_methods", 1, |fields| {
        while fields.left() > 0 {
            fields.number("compression_method", 1, compression)?;
        }
        Some(())
    })?;
    fields.value(index, "null");
    if fields.left() > 0 {
        extension::extensions(fields, Within::ClientHello)?;
    }
    Some(())
}

pub(super) fn server(fields: &mut Fields<'_>, retry: bool) -> Option<()> {
    legacy_version(fields, "legacy_version")?;
    let random = fields.take("random", 32, bytes_value)?;
    let index = fields.last();
    if retry {
        fields.meaning(index, "This value marks the message as a HelloRetryRequest: the client is to begin anew.");
    } else if let Some(meaning) = downgrade(random) {
        fields.meaning(index, meaning);
    }
    session_id(fields, "legacy_session_id_echo")?;
    fields.number("cipher_suite", 2, suite)?;
    fields.number("legacy_compression_method", 1, compression)?;
    if fields.left() > 0 {
        extension::extensions(fields, if retry { Within::HelloRetryRequest } else { Within::ServerHello })?;
    }
    Some(())
}

/// The sentinel a server that could do better puts at the end of its random (RFC 9846 §4.2.3).
fn downgrade(random: &[u8]) -> Option<&'static str> {
    match random.get(24..)? {
        b"DOWNGRD\x01" => Some("Its last bytes say: this server can do TLS 1.3, and was made to answer in TLS 1.2."),
        b"DOWNGRD\x00" => {
            Some("Its last bytes say: this server can do better, and was made to answer in TLS 1.1 or below.")
        }
        _ => None,
    }
}

fn legacy_version(fields: &mut Fields<'_>, name: &'static str) -> Option<()> {
    fields.number(name, 2, hex16)?;
    let index = fields.last();
    fields.meaning(index, "TLS 1.2. In TLS 1.3 it is fixed; the real version stands in supported_versions.");
    Some(())
}

fn session_id(fields: &mut Fields<'_>, name: &'static str) -> Option<()> {
    let length = usize::from(*fields.peek().first()?);
    let value = bytes_value(fields.peek().get(1..1 + length)?);
    let index = fields.group(name, 1 + length, |fields| {
        // the value is told by the parent alone
        fields.skip();
        Some(())
    })?;
    fields.value(index, value);
    Some(())
}

pub(super) fn suite(number: u64) -> String {
    let number = u16::try_from(number).unwrap_or_default();
    match number {
        0x00ff => "TLS_EMPTY_RENEGOTIATION_INFO_SCSV".to_owned(),
        0x5600 => "TLS_FALLBACK_SCSV".to_owned(),
        grease if extension::is_grease(grease) => format!("0x{grease:04x}, GREASE"),
        _ => iana::cipher_suite(number.into()),
    }
}

fn compression(number: u64) -> String {
    if number == 0 { "0, null".to_owned() } else { number.to_string() }
}
