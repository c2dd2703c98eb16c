//! Name constraints of a CA (RFC 5280 §4.2.1.10): what it may issue for.

use std::net::IpAddr;

use countersign_evidence::NameConstraintsView;
use x509_parser::extensions::{GeneralName, GeneralSubtree, NameConstraints as Parsed};

use super::name::{AlternativeName, Comparable, NameKind, is_host, is_mailbox};
use super::{Certificate, fit, name};
use crate::der::{Reader, SEQUENCE};

/// What a CA may issue for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct NameConstraints {
    pub(crate) permitted: Vec<Base>,
    pub(crate) excluded: Vec<Base>,
}

/// The top of a subtree of names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    Directory {
        name: Comparable,
        shown: String,
    },
    Dns(String),
    /// A mailbox, a host, or a domain with a dot in front.
    Email(String),
    Ip {
        network: Vec<u8>,
        mask: Vec<u8>,
    },
    /// Not what its form demands.
    Malformed {
        kind: NameKind,
        shown: String,
    },
    /// A form nothing here compares.
    Unsupported {
        kind: NameKind,
        shown: String,
    },
    /// A host, or a domain with a dot in front.
    Uri(String),
}

/// A name outside of what a CA may issue for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Violation {
    /// Below an excluded base.
    Excluded { name: String, base: String },
    /// Below none of the permitted ones of its form.
    Outside { name: String, permitted: Vec<String> },
    /// The constraint cannot be applied to it.
    NotSupported { name: String, kind: NameKind },
}

/// The comparisons allowed are used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spent;

impl NameConstraints {
    /// `value` is the DER that was parsed: the parser passes over the bounds of a subtree.
    pub(super) fn read(parsed: &Parsed<'_>, value: &[u8]) -> Self {
        let read = |trees: &Option<Vec<GeneralSubtree<'_>>>| trees.iter().flatten().map(Base::read).collect();
        let mut read = Self { permitted: read(&parsed.permitted_subtrees), excluded: read(&parsed.excluded_subtrees) };
        if has_bounds(value).unwrap_or(true) {
            let shown = "with minimum or maximum".to_owned();
            read.excluded.push(Base::Malformed { kind: NameKind::Other, shown });
        }
        read
    }

    pub(super) fn view(&self) -> NameConstraintsView {
        let words =
            |bases: &[Base]| bases.iter().map(|base| format!("{}:{}", base.kind().word(), base.words())).collect();
        NameConstraintsView { permitted: words(&self.permitted), excluded: words(&self.excluded) }
    }

    pub(crate) fn bases(&self) -> impl Iterator<Item = &Base> {
        self.permitted.iter().chain(&self.excluded)
    }

    /// The first name of a certificate that is not allowed. Each comparison costs one of `budget`.
    pub(crate) fn violation(&self, certificate: &Certificate, budget: &mut usize) -> Result<Option<Violation>, Spent> {
        let subject = AlternativeName::Directory {
            name: certificate.subject_name.clone(),
            shown: certificate.view().subject.clone(),
        };
        let subject = (!certificate.subject_name.is_empty()).then_some(&subject);
        // where no mailbox is an alternative name, those of the subject count
        let mailboxes: Vec<AlternativeName> = match certificate.names {
            Some(_) => Vec::new(),
            None => certificate.subject_mailboxes.iter().map(|mailbox| AlternativeName::mailbox(mailbox)).collect(),
        };
        for name in subject.into_iter().chain(certificate.names.iter().flatten()).chain(&mailboxes) {
            let violation = self.of(name, budget)?;
            if violation.is_some() {
                return Ok(violation);
            }
        }
        Ok(None)
    }

    fn of(&self, name: &AlternativeName, budget: &mut usize) -> Result<Option<Violation>, Spent> {
        let kind = name.kind();
        // once, not for each base
        let lower = match name {
            AlternativeName::Dns(name) => Some(AlternativeName::Dns(name.to_ascii_lowercase())),
            _ => None,
        };
        let name = lower.as_ref().unwrap_or(name);
        let shown = || fit(&name.bare());
        for base in &self.excluded {
            spend(budget)?;
            if base.kind() != kind {
                continue;
            }
            match base.touches(name) {
                Some(true) => return Ok(Some(Violation::Excluded { name: shown(), base: base.words() })),
                Some(false) => {}
                None => return Ok(Some(Violation::NotSupported { name: shown(), kind })),
            }
        }
        let (mut spoken, mut inside) = (false, false);
        for base in &self.permitted {
            spend(budget)?;
            if base.kind() != kind {
                continue;
            }
            spoken = true;
            match base.contains(name) {
                Some(true) => {
                    inside = true;
                    break;
                }
                Some(false) => {}
                None => return Ok(Some(Violation::NotSupported { name: shown(), kind })),
            }
        }
        if !spoken || inside {
            return Ok(None);
        }
        let permitted = self.permitted.iter().filter(|base| base.kind() == kind).map(Base::words).collect();
        Ok(Some(Violation::Outside { name: shown(), permitted }))
    }
}

fn spend(budget: &mut usize) -> Result<(), Spent> {
    *budget = budget.checked_sub(1).ok_or(Spent)?;
    Ok(())
}

impl Base {
    fn read(tree: &GeneralSubtree<'_>) -> Self {
        match &tree.base {
            GeneralName::DNSName(text) => {
                let text = text.to_ascii_lowercase();
                let plain = text.strip_prefix('.').unwrap_or(&text);
                if text.is_empty() || is_host(plain) {
                    Base::Dns(text)
                } else {
                    Base::Malformed { kind: NameKind::Dns, shown: text }
                }
            }
            GeneralName::IPAddress(bytes) if matches!(bytes.len(), 8 | 32) => {
                let (network, mask) = bytes.split_at(bytes.len() / 2);
                if is_mask(mask) {
                    Base::Ip { network: network.to_vec(), mask: mask.to_vec() }
                } else {
                    Base::Malformed { kind: NameKind::Ip, shown: hex::encode(bytes) }
                }
            }
            GeneralName::IPAddress(bytes) => Base::Malformed { kind: NameKind::Ip, shown: hex::encode(bytes) },
            GeneralName::RFC822Name(text) => {
                let well_formed = is_mailbox(text) || is_host(text.strip_prefix('.').unwrap_or(text));
                match well_formed {
                    true => Base::Email((*text).to_owned()),
                    false => Base::Malformed { kind: NameKind::Email, shown: (*text).to_owned() },
                }
            }
            GeneralName::URI(text) => {
                let text = text.to_ascii_lowercase();
                match is_host(text.strip_prefix('.').unwrap_or(&text)) {
                    true => Base::Uri(text),
                    false => Base::Malformed { kind: NameKind::Uri, shown: text },
                }
            }
            GeneralName::DirectoryName(directory) => {
                Base::Directory { name: Comparable::of(directory), shown: name::distinguished_name(directory) }
            }
            other => match AlternativeName::read(other) {
                AlternativeName::Malformed { kind, shown } => Base::Malformed { kind, shown },
                unsupported => Base::Unsupported { kind: unsupported.kind(), shown: unsupported.to_string() },
            },
        }
    }

    pub(crate) fn kind(&self) -> NameKind {
        match self {
            Base::Directory { .. } => NameKind::Directory,
            Base::Dns(_) => NameKind::Dns,
            Base::Email(_) => NameKind::Email,
            Base::Ip { .. } => NameKind::Ip,
            Base::Uri(_) => NameKind::Uri,
            Base::Malformed { kind, .. } | Base::Unsupported { kind, .. } => *kind,
        }
    }

    /// Whether all that the name stands for lies below; `None` where that cannot be said. DNS names are lower case.
    fn contains(&self, name: &AlternativeName) -> Option<bool> {
        match (self, name) {
            (Base::Dns(base), AlternativeName::Dns(name)) => match name.strip_prefix("*.") {
                Some(parent) => Some(is_below_host(parent, base) || base.strip_prefix('.') == Some(parent)),
                None if is_host(name) => Some(is_below_host(name, base)),
                None => None,
            },
            (Base::Ip { network, mask }, AlternativeName::Ip(address)) => {
                let octets = match address {
                    IpAddr::V4(v4) => v4.octets().to_vec(),
                    IpAddr::V6(v6) => v6.octets().to_vec(),
                };
                let same = || octets.iter().zip(mask).zip(network).all(|((o, m), n)| o & m == n & m);
                Some(octets.len() == network.len() && same())
            }
            (Base::Email(base), AlternativeName::Email(mailbox)) => {
                let (local, host) = mailbox.rsplit_once('@')?;
                Some(match base.rsplit_once('@') {
                    Some((base_local, base_host)) => local == base_local && host.eq_ignore_ascii_case(base_host),
                    None => is_at_host(host, base),
                })
            }
            (Base::Uri(base), AlternativeName::Uri(uri)) => Some(is_at_host(&host_of(uri)?, base)),
            (Base::Directory { name: base, .. }, AlternativeName::Directory { name, .. }) => Some(name.is_below(base)),
            _ => None,
        }
    }

    /// Whether anything that the name stands for lies below.
    fn touches(&self, name: &AlternativeName) -> Option<bool> {
        if let (Base::Dns(base), AlternativeName::Dns(pattern)) = (self, name) {
            let parent = pattern.strip_prefix("*.");
            if parent.is_some_and(|parent| base.split_once('.').is_some_and(|(_, above)| above == parent)) {
                return Some(true);
            }
        }
        self.contains(name)
    }

    /// In a sentence.
    pub(crate) fn words(&self) -> String {
        match self {
            Base::Dns(name) if name.is_empty() => "every name".to_owned(),
            Base::Dns(name) | Base::Email(name) | Base::Uri(name) => fit(name),
            Base::Directory { shown, .. } | Base::Malformed { shown, .. } | Base::Unsupported { shown, .. } => {
                fit(shown)
            }
            Base::Ip { network, mask } => {
                let bits: u32 = mask.iter().map(|byte| byte.count_ones()).sum();
                let address = match (<[u8; 4]>::try_from(network.as_slice()), <[u8; 16]>::try_from(network.as_slice()))
                {
                    (Ok(v4), _) => IpAddr::from(v4).to_string(),
                    (_, Ok(v6)) => IpAddr::from(v6).to_string(),
                    _ => hex::encode(network),
                };
                format!("{address}/{bits}")
            }
        }
    }
}

/// Whether a subtree has a minimum or maximum, which RFC 5280 §4.2.1.10 does not allow; `None` where the DER breaks.
fn has_bounds(value: &[u8]) -> Option<bool> {
    let mut lists = Reader::new(value).expect(SEQUENCE)?.reader();
    while let Some(list) = lists.any() {
        let mut subtrees = list.reader();
        while !subtrees.is_empty() {
            let mut subtree = subtrees.any()?.reader();
            let _base = subtree.any()?;
            if !subtree.is_empty() {
                return Some(true);
            }
        }
    }
    Some(false)
}

/// Ones, then zeros.
fn is_mask(mask: &[u8]) -> bool {
    let ones: u32 = mask.iter().map(|byte| byte.leading_ones()).sum();
    let first = mask.iter().position(|byte| *byte != 0xff).unwrap_or(mask.len());
    let bits: u32 = mask.iter().map(|byte| byte.count_ones()).sum();
    ones == bits && mask.iter().skip(first + 1).all(|byte| *byte == 0)
}

/// A DNS base covers itself and everything below; one with a dot in front only what is below.
fn is_below_host(name: &str, base: &str) -> bool {
    match base.strip_prefix('.') {
        Some(_) => name.ends_with(base),
        None => base.is_empty() || name == base || name.strip_suffix(base).is_some_and(|front| front.ends_with('.')),
    }
}

/// A host covers itself only, a domain with a dot in front what is below.
fn is_at_host(host: &str, base: &str) -> bool {
    let (host, base) = (host.to_ascii_lowercase(), base.to_ascii_lowercase());
    match base.starts_with('.') {
        true => host.ends_with(&base),
        false => host == base,
    }
}

/// The host of a URI that has one by name.
fn host_of(uri: &str) -> Option<String> {
    let url = url::Url::parse(uri).ok()?;
    url.domain().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::{AlternativeName, Base, has_bounds, is_mask};

    #[test]
    fn a_wildcard_is_inside_with_all_it_stands_for() {
        let name = AlternativeName::Dns("*.example.test".to_owned());
        for (base, inside, touched) in [
            ("example.test", true, true),
            ("bar.example.test", false, true),
            ("a.bar.example.test", false, false),
            (".example.test", true, true),
            ("other.test", false, false),
            ("", true, true),
        ] {
            let base = Base::Dns(base.to_owned());
            assert_eq!((base.contains(&name), base.touches(&name)), (Some(inside), Some(touched)), "{base:?}");
        }
    }

    #[test]
    fn a_subtree_with_bounds_is_noticed() {
        let plain = [0x30, 0x08, 0xa0, 6, 0x30, 4, 0x82, 2, b'a', b'b'];
        let bounded = [0x30, 0x0b, 0xa0, 9, 0x30, 7, 0x82, 2, b'a', b'b', 0x80, 1, 1];
        assert_eq!((has_bounds(&plain), has_bounds(&bounded)), (Some(false), Some(true)), "minimum 1");
        assert_eq!(has_bounds(&[0x30, 9]), None, "nothing there");
    }

    #[test]
    fn a_mask_is_ones_and_then_zeros() {
        assert!(is_mask(&[255, 255, 240, 0]) && is_mask(&[0, 0, 0, 0]) && is_mask(&[255; 4]));
        assert!(!is_mask(&[255, 0, 255, 0]) && !is_mask(&[127, 0, 0, 0]) && !is_mask(&[255, 0b1010_0000, 0, 0]));
    }

    #[test]
    fn an_email_base_is_a_mailbox_a_host_or_a_domain() {
        let name = AlternativeName::Email("user@mail.example.test".to_owned());
        for (base, expected) in [
            ("user@mail.example.test", true),
            ("*@mail.example.test", false),
            ("mail.example.test", true),
            ("example.test", false),
            (".example.test", true),
        ] {
            assert_eq!(Base::Email(base.to_owned()).contains(&name), Some(expected), "{base}");
        }
    }
}
