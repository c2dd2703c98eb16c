//! Name constraints of a CA (RFC 5280 §4.2.1.10), for DNS names and addresses. Other forms are left to the
//! verifier's own words.

use std::net::IpAddr;

use countersign_evidence::{Fact, Finding};
use x509_parser::extensions::{GeneralName, GeneralSubtree, NameConstraints as Parsed};

use super::problem::refusing;
use crate::Certificate;
use crate::certificate::{AlternativeName, fit};

/// What a CA may issue for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct NameConstraints {
    permitted: Vec<Base>,
    excluded: Vec<Base>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Base {
    Dns(String),
    Ip { network: Vec<u8>, mask: Vec<u8> },
}

impl From<&Parsed<'_>> for NameConstraints {
    fn from(parsed: &Parsed<'_>) -> Self {
        let read = |trees: &Option<Vec<GeneralSubtree<'_>>>| trees.iter().flatten().filter_map(Base::read).collect();
        Self { permitted: read(&parsed.permitted_subtrees), excluded: read(&parsed.excluded_subtrees) }
    }
}

impl Base {
    fn read(tree: &GeneralSubtree<'_>) -> Option<Self> {
        match &tree.base {
            GeneralName::DNSName(name) => Some(Base::Dns(name.to_ascii_lowercase())),
            GeneralName::IPAddress(bytes) if matches!(bytes.len(), 8 | 32) => {
                let (network, mask) = bytes.split_at(bytes.len() / 2);
                Some(Base::Ip { network: network.to_vec(), mask: mask.to_vec() })
            }
            _ => None,
        }
    }

    /// `None` where the constraint speaks of another kind of name.
    fn contains(&self, name: &AlternativeName) -> Option<bool> {
        match (self, name) {
            (Base::Dns(base), AlternativeName::Dns(name)) => {
                let name = name.to_ascii_lowercase();
                let name = name.strip_prefix("*.").unwrap_or(&name);
                Some(match base.strip_prefix('.') {
                    Some(_) => name.ends_with(base.as_str()),
                    None => base.is_empty() || name == base || name.ends_with(&format!(".{base}")),
                })
            }
            (Base::Ip { network, mask }, AlternativeName::Ip(address)) => {
                let octets = match address {
                    IpAddr::V4(v4) => v4.octets().to_vec(),
                    IpAddr::V6(v6) => v6.octets().to_vec(),
                };
                if octets.len() != network.len() {
                    return None;
                }
                let same = octets.iter().zip(mask).zip(network).all(|((o, m), n)| o & m == n & m);
                Some(same)
            }
            (Base::Dns(_) | Base::Ip { .. }, _) => None,
        }
    }

    fn words(&self) -> String {
        match self {
            Base::Dns(name) if name.is_empty() => "every name".to_owned(),
            Base::Dns(name) => fit(name),
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

/// The first name of the end entity that its CA may not issue for.
pub(crate) fn problem(leaf: &Certificate, ca: &Certificate, index: usize) -> Option<Finding> {
    let constraints = ca.name_constraints.as_ref()?;
    let names = leaf.names.as_deref().unwrap_or_default();
    for name in names {
        if let Some(base) = constraints.excluded.iter().find(|base| base.contains(name) == Some(true)) {
            let sentence = format!("{} may not issue for {}: it excludes {}.", ca.named(), shown(name), base.words());
            return Some(finding(ca, index, name, sentence));
        }
        let spoken: Vec<bool> = constraints.permitted.iter().filter_map(|base| base.contains(name)).collect();
        if !spoken.is_empty() && !spoken.contains(&true) {
            let permitted: Vec<String> = constraints.permitted.iter().map(Base::words).collect();
            let sentence =
                format!("{} is limited to {}; {} is outside.", ca.named(), permitted.join(", "), shown(name));
            return Some(finding(ca, index, name, sentence));
        }
    }
    None
}

fn shown(name: &AlternativeName) -> String {
    match name {
        AlternativeName::Dns(name) | AlternativeName::Other(name) => fit(name),
        AlternativeName::Ip(address) => address.to_string(),
    }
}

fn finding(ca: &Certificate, index: usize, name: &AlternativeName, sentence: String) -> Finding {
    let fix = "Ask the operator for a certificate from a CA that may issue for this name.".to_owned();
    let mut finding = refusing("constraint.name", ca, index, sentence, fix, ("RFC 5280", "4.2.1.10"));
    finding.values.push(Fact::new("name", fit(&name.to_string())));
    finding
}
