//! Names in certificates: alternative names, and distinguished names as people read them and as RFC 5280 §7.1
//! compares them.

use std::fmt;
use std::net::IpAddr;

use x509_parser::extensions::GeneralName;
use x509_parser::objects::{oid_registry, oid2abbrev};
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

/// A subject alternative name (RFC 5280 §4.2.1.6).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum AlternativeName {
    /// `dNSName`, as written.
    Dns(String),
    /// `iPAddress` of 4 or 16 bytes.
    Ip(IpAddr),
    /// `rfc822Name`.
    Email(String),
    /// `uniformResourceIdentifier`.
    Uri(String),
    /// `directoryName`.
    Directory { name: Comparable, shown: String },
    /// A form nothing here compares: kind and how it is shown.
    Other { kind: NameKind, shown: String },
    /// Not what its form demands; shown as it came.
    Malformed { kind: NameKind, shown: String },
}

/// The choice of a GeneralName.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum NameKind {
    Directory,
    Dns,
    EdiParty,
    Email,
    Ip,
    Other,
    RegisteredId,
    Uri,
    X400,
}

impl NameKind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            NameKind::Directory => "directoryName",
            NameKind::Dns => "dNSName",
            NameKind::EdiParty => "ediPartyName",
            NameKind::Email => "rfc822Name",
            NameKind::Ip => "iPAddress",
            NameKind::Other => "otherName",
            NameKind::RegisteredId => "registeredID",
            NameKind::Uri => "uniformResourceIdentifier",
            NameKind::X400 => "x400Address",
        }
    }
}

impl fmt::Display for AlternativeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AlternativeName::Dns(name) => write!(f, "DNS:{name}"),
            AlternativeName::Ip(address) => write!(f, "IP:{address}"),
            AlternativeName::Email(address) => write!(f, "email:{address}"),
            AlternativeName::Uri(uri) => write!(f, "URI:{uri}"),
            AlternativeName::Directory { shown, .. } => write!(f, "DirName:{shown}"),
            AlternativeName::Other { shown, .. } | AlternativeName::Malformed { shown, .. } => f.write_str(shown),
        }
    }
}

impl AlternativeName {
    pub(crate) fn read(name: &GeneralName<'_>) -> Self {
        let other = |kind: NameKind, shown: String| AlternativeName::Other { kind, shown };
        match name {
            GeneralName::DNSName(text) => AlternativeName::Dns((*text).to_owned()),
            GeneralName::IPAddress(bytes) => match (<[u8; 4]>::try_from(*bytes), <[u8; 16]>::try_from(*bytes)) {
                (Ok(v4), _) => AlternativeName::Ip(IpAddr::from(v4)),
                (_, Ok(v6)) => AlternativeName::Ip(IpAddr::from(v6)),
                _ => AlternativeName::Malformed { kind: NameKind::Ip, shown: format!("IP:{}", hex::encode(bytes)) },
            },
            GeneralName::RFC822Name(text) => AlternativeName::mailbox(text),
            GeneralName::URI(text) => AlternativeName::Uri((*text).to_owned()),
            GeneralName::DirectoryName(name) => {
                AlternativeName::Directory { name: Comparable::of(name), shown: distinguished_name(name) }
            }
            GeneralName::RegisteredID(oid) => other(NameKind::RegisteredId, format!("RID:{}", oid.to_id_string())),
            GeneralName::OtherName(oid, _) => other(NameKind::Other, format!("otherName:{}", oid.to_id_string())),
            GeneralName::X400Address(_) => other(NameKind::X400, "x400Address".to_owned()),
            GeneralName::EDIPartyName(_) => other(NameKind::EdiParty, "ediPartyName".to_owned()),
            GeneralName::Invalid(tag, bytes) => {
                let kind = match tag.0 {
                    1 => NameKind::Email,
                    2 => NameKind::Dns,
                    4 => NameKind::Directory,
                    6 => NameKind::Uri,
                    7 => NameKind::Ip,
                    _ => NameKind::Other,
                };
                AlternativeName::Malformed { kind, shown: format!("invalid:{}", hex::encode(bytes)) }
            }
        }
    }

    /// A mailbox as text.
    pub(crate) fn mailbox(text: &str) -> Self {
        match is_mailbox(text) {
            true => AlternativeName::Email(text.to_owned()),
            false => AlternativeName::Malformed { kind: NameKind::Email, shown: format!("email:{text}") },
        }
    }

    pub(crate) fn kind(&self) -> NameKind {
        match self {
            AlternativeName::Dns(_) => NameKind::Dns,
            AlternativeName::Ip(_) => NameKind::Ip,
            AlternativeName::Email(_) => NameKind::Email,
            AlternativeName::Uri(_) => NameKind::Uri,
            AlternativeName::Directory { .. } => NameKind::Directory,
            AlternativeName::Other { kind, .. } | AlternativeName::Malformed { kind, .. } => *kind,
        }
    }

    /// Without its kind in front.
    pub(crate) fn bare(&self) -> String {
        match self {
            AlternativeName::Dns(text) | AlternativeName::Email(text) | AlternativeName::Uri(text) => text.clone(),
            AlternativeName::Ip(address) => address.to_string(),
            AlternativeName::Directory { shown, .. }
            | AlternativeName::Other { shown, .. }
            | AlternativeName::Malformed { shown, .. } => shown.clone(),
        }
    }
}

/// `local@host`, with one `@` and something on both sides (RFC 5280 §4.2.1.6).
pub(crate) fn is_mailbox(text: &str) -> bool {
    let mut parts = text.split('@');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(local), Some(host), None) => !local.is_empty() && is_host(host),
        _ => false,
    }
}

/// Labels of letters, digits, hyphens and underscores, none empty.
pub(crate) fn is_host(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    !text.is_empty() && text.len() <= 253 && text.split('.').all(label)
}

/// A distinguished name as RFC 5280 §7.1 compares it: attribute by attribute, text without regard to case,
/// string type and runs of blanks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Comparable {
    /// One for each relative distinguished name, the most significant first.
    parts: Vec<Vec<u8>>,
}

impl Comparable {
    pub(crate) fn of(name: &X509Name<'_>) -> Self {
        let parts = name
            .iter_rdn()
            .map(|rdn| {
                let mut attributes: Vec<Vec<u8>> = rdn.iter().map(attribute).collect();
                attributes.sort();
                attributes.concat()
            })
            .collect();
        Self { parts }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Whether it lies below `base` in the directory, or is it.
    pub(crate) fn is_below(&self, base: &Comparable) -> bool {
        self.parts.starts_with(&base.parts)
    }
}

fn attribute(attribute: &AttributeTypeAndValue<'_>) -> Vec<u8> {
    let mut out = attribute.attr_type().as_bytes().to_vec();
    let value = match text_of(attribute) {
        Some(text) => {
            let words: Vec<&str> = text.split_whitespace().collect();
            out.push(1);
            words.join(" ").to_lowercase().into_bytes()
        }
        None => {
            out.push(2);
            attribute.as_slice().to_vec()
        }
    };
    out.extend(u32::try_from(value.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend(value);
    out
}

/// Of any string type.
pub(crate) fn text_of(attribute: &AttributeTypeAndValue<'_>) -> Option<String> {
    if let Ok(text) = attribute.as_str() {
        return Some(text.to_owned());
    }
    let bytes = attribute.as_slice();
    match attribute.attr_value().tag().0 {
        // TeletexString, in practice Latin-1
        20 => Some(bytes.iter().map(|byte| char::from(*byte)).collect()),
        28 => bytes.chunks(4).map(|unit| char::from_u32(u32::from_be_bytes(unit.try_into().ok()?))).collect(),
        30 => {
            let units: Option<Vec<u16>> =
                bytes.chunks(2).map(|unit| unit.try_into().ok().map(u16::from_be_bytes)).collect();
            String::from_utf16(&units?).ok()
        }
        _ => None,
    }
}

/// RFC 4514 §2: most specific first, joined by commas, special characters escaped.
pub(crate) fn distinguished_name(name: &X509Name<'_>) -> String {
    let mut parts: Vec<String> = name
        .iter_rdn()
        .map(|rdn| {
            let attributes: Vec<String> = rdn
                .iter()
                .map(|attribute| {
                    let kind = oid2abbrev(attribute.attr_type(), oid_registry())
                        .map_or_else(|_| attribute.attr_type().to_id_string(), str::to_owned);
                    let value = match attribute.as_str() {
                        Ok(text) => escape(text),
                        Err(_) => format!("#{}", hex::encode(attribute.as_slice())),
                    };
                    format!("{kind}={value}")
                })
                .collect();
            attributes.join("+")
        })
        .collect();
    parts.reverse();
    parts.join(",")
}

/// The same for the DER of a name, as a CertificateRequest carries it.
pub(crate) fn distinguished_name_from_der(der: &[u8]) -> String {
    match X509Name::from_der(der) {
        Ok((_, name)) => distinguished_name(&name),
        Err(_) => format!("#{}", hex::encode(der)),
    }
}

fn escape(text: &str) -> String {
    let last = text.chars().count().saturating_sub(1);
    let mut out = String::with_capacity(text.len());
    for (index, c) in text.chars().enumerate() {
        let at_edge = (c == ' ' && (index == 0 || index == last)) || (c == '#' && index == 0);
        if at_edge || matches!(c, '"' | '+' | ',' | ';' | '<' | '>' | '\\') {
            out.push('\\');
            out.push(c);
        } else if c.is_control() {
            let mut buffer = [0u8; 4];
            for byte in c.encode_utf8(&mut buffer).bytes() {
                out.push_str(&format!("\\{byte:02x}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Comparable, X509Name, escape, is_mailbox};
    use x509_parser::prelude::FromDer as _;

    /// A name of one common name.
    fn name(tag: u8, text: &[u8]) -> Vec<u8> {
        let length = u8::try_from(text.len()).unwrap();
        let mut out = vec![0x30, length + 11, 0x31, length + 9, 0x30, length + 7, 6, 3, 0x55, 4, 3, tag, length];
        out.extend(text);
        out
    }

    fn comparable(der: &[u8]) -> Comparable {
        Comparable::of(&X509Name::from_der(der).unwrap().1)
    }

    #[test]
    fn names_are_compared_without_regard_to_case_blanks_and_string_type() {
        let (utf8, printable) = (name(12, b"Acme  Root "), name(19, b"ACME root"));
        assert_eq!(comparable(&utf8), comparable(&printable), "RFC 5280 §7.1");
        assert_ne!(comparable(&utf8), comparable(&name(12, b"Acme Root 2")), "other words");
        assert!(comparable(&utf8).is_below(&comparable(&[0x30, 0])), "everything is below the empty name");
        assert!(!comparable(&[0x30, 0]).is_below(&comparable(&utf8)), "and not the other way round");
    }

    #[test]
    fn distinguished_names_escape_what_rfc_4514_names() {
        assert_eq!(escape("Acme, Inc. <x>"), r"Acme\, Inc. \<x\>", "RFC 4514 §2.4");
        assert_eq!(escape(" #a "), r"\ #a\ ", "blanks at the edges");
        assert_eq!(escape("#a"), r"\#a", "a leading number sign");
        assert_eq!(escape("a\nb"), r"a\0ab", "control characters become hex pairs");
    }

    #[test]
    fn a_mailbox_has_one_at_sign() {
        for (text, expected) in
            [("a@example.test", true), ("*@example.test", true), ("a@b@example.test", false), ("@example.test", false)]
        {
            assert_eq!(is_mailbox(text), expected, "{text}");
        }
    }
}
