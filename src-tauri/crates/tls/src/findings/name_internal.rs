//! A reserved address or a name of no public domain in a public certificate (F16). `zoo.test` is exempt: the
//! bundled cases stand for public ones.
//!
//! `leaf (server.internal) → intermediate → root`.

use std::net::IpAddr;

use countersign_evidence::FindingSeverity;

use super::{Note, Seen, note};
use crate::certificate::{AlternativeName, fit, oid};

const SINCE: &str = "2015-11-01";
/// Top-level names that nobody can register (RFC 6761, RFC 6762, RFC 9476).
const RESERVED: [&str; 11] =
    ["alt", "arpa", "corp", "example", "home", "internal", "invalid", "lan", "local", "localhost", "test"];

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let Some(leaf) = seen.public_leaf().filter(|leaf| seen.binds(leaf, SINCE)) else { return Vec::new() };
    let internal = leaf.1.names.iter().flatten().find(|name| match name {
        AlternativeName::Dns(name) => is_internal(name),
        AlternativeName::Ip(address) => is_reserved(*address),
        _ => false,
    });
    let Some(name) = internal.map(|name| fit(&name.bare())) else { return Vec::new() };
    let sentence = format!("{name} is no public name, which public CAs may not certify.");
    let fix = "Use a private CA for private names.";
    let note = note("name.internal", FindingSeverity::Warning, leaf, sentence, fix, ("CA/B BR", "7.1.4.2.1"));
    vec![note.value("name", name).since(SINCE).on(leaf.1, oid::ALTERNATIVE_NAME)]
}

fn is_internal(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let exempt = format!(".{name}").ends_with(".zoo.test");
    let top = name.rsplit('.').next().unwrap_or_default();
    !exempt && (!name.contains('.') || RESERVED.contains(&top))
}

fn is_reserved(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_broadcast()
                || v4.is_documentation()
                || matches!(v4.octets(), [100, 64..=127, ..])
        }
        IpAddr::V6(v6) => {
            let first = v6.segments().first().copied().unwrap_or_default();
            v6.is_loopback() || v6.is_unspecified() || first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfe80
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Profile;
    use crate::fixture::{DAY, Made, dns, found};

    fn named(name: &'static str) -> Made {
        Made::with(move |leaf| leaf.subject_alt_names = vec![dns(name)], |_| {}).public()
    }

    #[test]
    fn private_names_are_noted_under_the_public_profile() {
        for name in ["server.internal", "localhost", "mail"] {
            assert!(found(&named(name), DAY, "name.internal"), "{name}");
        }
        let chain = Made { profile: Profile::Private, ..Made::good() };
        assert!(!found(&chain, DAY, "name.internal"), "what private CAs are for");
    }

    #[test]
    fn public_names_are_as_they_should_be() {
        for name in ["api.example.com", "good.zoo.test"] {
            assert!(!found(&named(name), DAY, "name.internal"), "{name}");
        }
    }
}
