//! A name that cannot be one: a bad character, an empty or too long label, an address written as a DNS name (F15).
//!
//! `leaf (foo..example.test) → intermediate → root`.

use std::net::IpAddr;

use countersign_evidence::FindingSeverity;

use super::{Note, Seen, note};
use crate::certificate::{AlternativeName, fit, oid};

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let Some(leaf) = seen.leaf() else { return Vec::new() };
    let bad = leaf.1.names.iter().flatten().find_map(|name| match name {
        AlternativeName::Dns(name) => wrong(name).map(|why| (name.clone(), why)),
        AlternativeName::Malformed { kind, shown } => Some((shown.clone(), format!("is no {}", kind.word()))),
        _ => None,
    });
    let Some((name, why)) = bad else { return Vec::new() };
    let name = fit(&name);
    let shown = if name.is_empty() { "an empty name" } else { &name };
    let sentence = format!("Of the names of the certificate, {shown} {why}.");
    let fix = "Ask the operator to have it issued again with the names corrected.";
    let note = note("name.malformed", FindingSeverity::Warning, leaf, sentence, fix, ("RFC 1035", "2.3.1"));
    vec![note.value("name", &name).on(leaf.1, oid::ALTERNATIVE_NAME).must(true)]
}

/// What is wrong with a DNS name; wildcards and underscores are findings of their own.
fn wrong(name: &str) -> Option<String> {
    if name.parse::<IpAddr>().is_ok() {
        return Some("is an address written as a DNS name".to_owned());
    }
    if name.len() > 253 {
        return Some("is longer than 253 characters".to_owned());
    }
    for label in name.split('.') {
        let bad = label.chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '*'));
        if let Some(bad) = bad {
            return Some(format!("has the character {bad:?}"));
        }
        if label.is_empty() {
            return Some("has an empty label".to_owned());
        }
        if label.len() > 63 {
            return Some("has a label longer than 63 characters".to_owned());
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Some("has a label with a hyphen at its edge".to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::fixture::{DAY, Made, dns, found};

    fn named(name: String) -> Made {
        Made::with(move |leaf| leaf.subject_alt_names.push(dns(&name)), |_| {})
    }

    #[test]
    fn names_that_cannot_be_are_noted() {
        let long = format!("{}.test", "a".repeat(64));
        for name in ["foo..example.test", ".example.test", "a b.test", "-a.test", "8.8.8.8", &long] {
            assert!(found(&named(name.to_owned()), DAY, "name.malformed"), "{name}");
        }
    }

    #[test]
    fn labels_of_letters_digits_and_hyphens_are_as_they_should_be() {
        for name in ["xn--bcher-kva.example.test", "a-1.test", "*.example.test"] {
            assert!(!found(&named(name.to_owned()), DAY, "name.malformed"), "{name}");
        }
    }
}
