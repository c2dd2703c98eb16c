//! Does the certificate cover the name asked for (RFC 9525 §6)?

use std::net::IpAddr;

use countersign_evidence::{Fact, Finding};

use super::Peer;
use super::problem::refusing;
use crate::Certificate;
use crate::certificate::{AlternativeName, byte_range, fit, oid};

/// Names shown in a sentence before the rest is counted.
const SHOWN: usize = 4;

/// Why it does not; `None` where it does.
pub(crate) fn problem(leaf: &Certificate, peer: Peer<'_>) -> Option<Finding> {
    let listed = leaf.names.as_deref().unwrap_or_default();
    let host = match peer {
        Peer::Any => return None,
        Peer::Host(host) => host.trim_end_matches('.'),
        Peer::Mailboxes(wanted) => {
            let has = |mailbox: &String| {
                listed.iter().any(|name| matches!(name, AlternativeName::Email(own) if own == mailbox))
            };
            return wanted.iter().find(|mailbox| !has(mailbox)).map(|mailbox| no_mailbox(leaf, mailbox));
        }
    };
    let dns: Vec<&str> = listed
        .iter()
        .filter_map(|name| match name {
            AlternativeName::Dns(name) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    let addresses: Vec<IpAddr> = listed
        .iter()
        .filter_map(|name| match name {
            AlternativeName::Ip(address) => Some(*address),
            _ => None,
        })
        .collect();
    if dns.is_empty() && addresses.is_empty() {
        return Some(no_alternative_name(leaf, host));
    }
    match host.parse::<IpAddr>() {
        Ok(asked) => (!addresses.contains(&asked)).then(|| ip_not_listed(leaf, host, &dns, &addresses)),
        Err(_) => {
            if dns.iter().any(|pattern| covers(pattern, host)) {
                return None;
            }
            if let Some(pattern) = dns.iter().find(|pattern| is_meant(pattern, host)) {
                return Some(wildcard_malformed(leaf, host, pattern));
            }
            match dns.iter().find(|pattern| is_too_deep(pattern, host)) {
                Some(pattern) => Some(wildcard_depth(leaf, host, pattern)),
                None => Some(mismatch(leaf, host, &dns, &addresses)),
            }
        }
    }
}

/// A wildcard in a place where it does not count, that would otherwise cover the host.
fn is_meant(pattern: &str, host: &str) -> bool {
    let asterisks = pattern.matches('*').count();
    let whole = pattern.strip_prefix("*.").is_some_and(|rest| !rest.contains('*'));
    let labels = |name: &str| name.split('.').count();
    if asterisks != 1 || whole || labels(pattern) != labels(host) {
        return false;
    }
    pattern.split('.').zip(host.split('.')).all(|(own, asked)| match own.split_once('*') {
        None => own.eq_ignore_ascii_case(asked),
        Some((front, back)) => {
            let (front, back, asked) =
                (front.to_ascii_lowercase(), back.to_ascii_lowercase(), asked.to_ascii_lowercase());
            asked.len() >= front.len() + back.len() && asked.starts_with(&front) && asked.ends_with(&back)
        }
    })
}

/// Equal without regard to case, or a wildcard for exactly one left-most label.
pub(super) fn covers(pattern: &str, host: &str) -> bool {
    match (pattern.strip_prefix("*."), host.split_once('.')) {
        (Some(parent), Some((label, rest))) => !label.is_empty() && rest.eq_ignore_ascii_case(parent),
        (Some(_), None) => false,
        (None, _) => pattern.eq_ignore_ascii_case(host),
    }
}

fn is_too_deep(pattern: &str, host: &str) -> bool {
    let Some(parent) = pattern.strip_prefix("*.") else { return false };
    let host = host.to_ascii_lowercase();
    host.strip_suffix(&parent.to_ascii_lowercase())
        .and_then(|labels| labels.strip_suffix('.'))
        .is_some_and(|labels| labels.contains('.'))
}

fn finding(id: &str, leaf: &Certificate, host: &str, sentence: String, fix: String, section: &'static str) -> Finding {
    let mut finding = refusing(id, leaf, 0, sentence, fix, ("RFC 9525", section));
    finding.range = leaf.extension(oid::ALTERNATIVE_NAME).map(|own| byte_range(&own.range));
    finding.values.push(Fact::new("asked_for", host));
    finding.values.push(Fact::new("covers", fit_list(&leaf.view().names)));
    finding
}

fn no_alternative_name(leaf: &Certificate, host: &str) -> Finding {
    let sentence = match &leaf.common_name {
        Some(name) => format!(
            "The certificate has no subjectAltName, only the common name {}, which is not used any more.",
            fit(name)
        ),
        None => "The certificate names no host: it has no subjectAltName.".to_owned(),
    };
    let fix = format!("Ask the operator for a certificate with {host} as a subjectAltName.");
    finding("name.no_subject_alternative_name", leaf, host, sentence, fix, "2")
}

fn ip_not_listed(leaf: &Certificate, host: &str, dns: &[&str], addresses: &[IpAddr]) -> Finding {
    let (sentence, fix) = match (addresses, dns) {
        ([], [first, ..]) => (
            format!("You connected by address, {host}; the certificate has no IP entry, only names: {}.", list(dns)),
            format!("Connect by name, {}, or ask for an iPAddress entry in the certificate.", fit(first)),
        ),
        (addresses, _) => {
            let listed: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            let listed: Vec<&str> = listed.iter().map(String::as_str).collect();
            (
                format!("You connected to {host}; the certificate covers the addresses {}.", list(&listed)),
                "Connect to an address it covers, or by name.".to_owned(),
            )
        }
    };
    finding("name.ip_not_listed", leaf, host, sentence, fix, "6.4")
}

fn wildcard_depth(leaf: &Certificate, host: &str, pattern: &str) -> Finding {
    let sentence = format!("{} covers exactly one label, so not {host}.", fit(pattern));
    let fix = format!("Ask the operator for a certificate that lists {host}.");
    finding("name.wildcard_depth", leaf, host, sentence, fix, "6.3")
}

fn wildcard_malformed(leaf: &Certificate, host: &str, pattern: &str) -> Finding {
    let pattern = fit(pattern);
    let sentence =
        format!("{pattern} has its wildcard in a place where it does not count, so it does not cover {host}.");
    let fix = format!("Ask the operator for a certificate that lists {host}, or *. and its parent.");
    finding("name.wildcard_malformed", leaf, host, sentence, fix, "6.3")
}

fn no_mailbox(leaf: &Certificate, mailbox: &str) -> Finding {
    let names = fit_list(&leaf.view().names);
    let sentence = format!("{mailbox} was asked for; the certificate covers {names}.");
    let fix = "Choose the certificate of this mailbox.".to_owned();
    finding("name.mismatch", leaf, mailbox, sentence, fix, "6")
}

fn mismatch(leaf: &Certificate, host: &str, dns: &[&str], addresses: &[IpAddr]) -> Finding {
    let nearest = nearest(dns, host);
    let mut names: Vec<String> = nearest.iter().map(|name| (*name).to_owned()).collect();
    names.extend(dns.iter().filter(|name| Some(**name) != nearest).map(|name| (*name).to_owned()));
    names.extend(addresses.iter().map(ToString::to_string));
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let sentence = format!("You asked for {host}; the certificate covers {}.", list(&names));
    let fix = "Check the host in the URL; if it is right, ask the operator to add the name to the certificate.";
    let mut finding = finding("name.mismatch", leaf, host, sentence, fix.to_owned(), "6.3");
    finding.values.extend(nearest.map(|name| Fact::new("nearest", fit(name))));
    finding
}

/// The name that shares the most labels with the host, counted from the right.
fn nearest<'a>(dns: &[&'a str], host: &str) -> Option<&'a str> {
    let shared = |name: &str| {
        let pairs = name.rsplit('.').zip(host.rsplit('.'));
        pairs.take_while(|(own, asked)| own.eq_ignore_ascii_case(asked)).count()
    };
    // `max_by_key` takes the last of equals; the first listed is the one people know
    dns.iter().rev().copied().max_by_key(|name| shared(name))
}

fn list(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| fit(name)).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn fit_list(names: &[String]) -> String {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    list(&names)
}

#[cfg(test)]
mod tests {
    use super::{covers, is_too_deep, nearest};

    #[test]
    fn a_wildcard_stands_for_exactly_one_whole_label() {
        for (pattern, host, expected) in [
            ("example.test", "EXAMPLE.test", true),
            ("*.example.test", "api.example.test", true),
            ("*.example.test", "a.b.example.test", false),
            ("*.example.test", "example.test", false),
            ("a*.example.test", "api.example.test", false),
            ("*.test", "localhost", false),
        ] {
            assert_eq!(covers(pattern, host), expected, "RFC 9525 §6.3: {pattern} {host}");
        }
        assert!(is_too_deep("*.example.test", "a.b.Example.test"), "two labels under the wildcard");
        assert!(!is_too_deep("*.example.test", "bexample.test"), "labels are whole");
        assert!(!is_too_deep("*.test", "test"), "the parent itself is not below it");
    }

    #[test]
    fn the_nearest_name_shares_the_most_labels() {
        let names = ["cdn.other.test", "*.example.test", "example.test"];
        assert_eq!(nearest(&names, "api.example.test"), Some("*.example.test"), "the first of equals");
        assert_eq!(nearest(&[], "api.example.test"), None);
    }
}
