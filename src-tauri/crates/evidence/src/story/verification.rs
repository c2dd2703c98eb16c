//! Step 3: what the client verified. Each tick shows what the certificate says beside what it was compared with;
//! dates and name are compared here anew, issuer and signature follow from the path and the findings.

use super::{StoryStep, Tick, TickState, read, step};
use crate::ladder::text::{count, elide, short_name};
use crate::{CertificateSource, CertificateView, Exchange, Handshake, Timestamp, VerdictState};

/// Characters of a cell.
const CELL: usize = 60;

pub(super) fn client(e: &Exchange, h: &Handshake) -> StoryStep {
    let mut step = step(3, "Client verification", ("RFC 5280", "6.1"));
    let Some(leaf) = e.certificates.first() else {
        step.text = "There was no certificate to verify.".to_owned();
        step.reached = false;
        return step;
    };
    let checked = e.verdict.as_ref().and_then(|v| v.checked_at).unwrap_or(e.started_at);
    let off = e.verdict.as_ref().is_none_or(|v| v.state == VerdictState::NotChecked);
    step.ticks = vec![dates(e, checked), issuer(e), name(e, h, leaf), signature(e)];
    if off {
        for tick in &mut step.ticks {
            tick.state = TickState::NotCompared;
        }
        let ended = e.verdict.as_ref().is_some_and(|v| v.reason == "handshake_failed");
        step.text = if ended {
            "The handshake ended before the chain could be judged."
        } else {
            "Verification was off for this host: nothing here decided anything."
        }
        .to_owned();
    } else if let Some(on) = &h.verified_on {
        step.text = format!("By reference: verified at {}Z, on the connection that is resumed.", on.at.clock());
    } else if let Some(other) = other_rule(e, &step.ticks) {
        step.text = other;
    }
    step
}

fn rejected(e: &Exchange, ids: &[&str]) -> bool {
    e.findings.iter().any(|f| f.rejects == Some(true) && ids.iter().any(|id| f.id.starts_with(id)))
}

/// A refusal for a reason that is none of the four.
fn other_rule(e: &Exchange, ticks: &[Tick]) -> Option<String> {
    if !read::refused(e) || ticks.iter().any(|tick| tick.state == TickState::Failed) {
        return None;
    }
    let finding = e.findings.iter().find(|f| f.rejects == Some(true))?;
    Some(format!("Refused by another rule. {}", finding.sentence))
}

fn tick(name: &str, held: bool, says: impl Into<String>, compared: impl Into<String>) -> Tick {
    Tick {
        name: name.to_owned(),
        state: if held { TickState::Held } else { TickState::Failed },
        says: elide(&says.into(), CELL),
        compared: elide(&compared.into(), CELL),
    }
}

/// `16 Mar to 14 Jun 2027`; within two days with the time.
fn validity(c: &CertificateView) -> String {
    const TWO_DAYS: i64 = 2 * 86_400_000;
    if c.not_after.unix_millis() - c.not_before.unix_millis() < TWO_DAYS {
        return format!("{} to {}Z", time(c.not_before).trim_end_matches('Z'), c.not_after.clock());
    }
    let (from, to) = (c.not_before.date(), c.not_after.date());
    let from = match (from.rsplit_once(' '), to.rsplit_once(' ')) {
        (Some((day, year)), Some((_, last))) if year == last => day.to_owned(),
        _ => from,
    };
    format!("{from} to {to}")
}

fn time(at: Timestamp) -> String {
    format!("{}, {}Z", at.date(), at.clock())
}

fn dates(e: &Exchange, at: Timestamp) -> Tick {
    let outside = e
        .certificates
        .iter()
        .filter(|c| c.source != CertificateSource::Store)
        .find(|c| at < c.not_before || at > c.not_after);
    match (outside, e.certificates.first()) {
        (Some(c), first) => {
            let whose = if first.is_some_and(|f| f.fingerprints == c.fingerprints) {
                String::new()
            } else {
                format!("{}: ", short_name(&c.subject))
            };
            tick("Dates", false, format!("{whose}{}", validity(c)), time(at))
        }
        (None, Some(first)) => tick("Dates", true, validity(first), time(at)),
        (None, None) => tick("Dates", false, "", time(at)),
    }
}

fn issuer(e: &Exchange) -> Tick {
    let anchor = e.certificates.iter().find(|c| c.source == CertificateSource::Store);
    let store = e.verdict.as_ref().and_then(|v| v.store.as_deref());
    let last = e.certificates.iter().rfind(|c| c.source != CertificateSource::Store);
    let wanted = last.map(|c| short_name(&c.issuer).to_owned()).unwrap_or_default();
    if store == Some("pin") {
        return tick("Issuer", true, wanted, "not needed: the key itself is pinned");
    }
    match anchor {
        Some(anchor) if !rejected(e, &["path.", "trust."]) => {
            let store = anchor.store.as_deref().or(store);
            tick("Issuer", true, short_name(&anchor.subject), read::store_words(store))
        }
        _ if rejected(e, &["path.self_signed"]) => tick("Issuer", false, "itself", "in no store"),
        _ if rejected(e, &["path.missing_intermediate"]) => tick("Issuer", false, wanted, "not sent, and in no store"),
        _ if rejected(e, &["trust.pin_mismatch"]) => tick("Issuer", false, wanted, "the pinned key, which is another"),
        _ if rejected(e, &["path.impostor"]) => tick("Issuer", false, wanted, "another key of that name"),
        _ => tick("Issuer", false, wanted, "in no store"),
    }
}

/// The entry that covers the host: the same name, or a wildcard for exactly one label (RFC 9525 §6.3).
fn covers<'a>(leaf: &'a CertificateView, host: &str) -> Option<&'a String> {
    leaf.names.iter().find(|entry| match entry.split_once(':') {
        Some(("DNS", name)) => {
            name.eq_ignore_ascii_case(host)
                || name
                    .strip_prefix("*.")
                    .zip(host.split_once('.'))
                    .is_some_and(|(suffix, (label, rest))| !label.is_empty() && suffix.eq_ignore_ascii_case(rest))
        }
        Some(("IP", address)) => address == host,
        _ => false,
    })
}

fn name(e: &Exchange, h: &Handshake, leaf: &CertificateView) -> Tick {
    let target = e.request.as_ref().map_or("", |r| r.target.as_str());
    let host = read::server_name(h).unwrap_or_else(|| host_of(target));
    match covers(leaf, host) {
        Some(entry) if !rejected(e, &["name."]) => tick("Name", true, entry.replacen(':', " ", 1), host),
        _ => tick("Name", false, listed(leaf), host),
    }
}

fn listed(leaf: &CertificateView) -> String {
    let names: Vec<String> = leaf.names.iter().take(2).map(|n| n.replacen(':', " ", 1)).collect();
    match (names.as_slice(), leaf.names.len().saturating_sub(2)) {
        ([], _) => "no subject alternative name".to_owned(),
        (_, 0) => names.join(", "),
        (_, more) => format!("{} and {more} more", names.join(", ")),
    }
}

/// The host of a target URI, without brackets.
fn host_of(target: &str) -> &str {
    let rest = target.split_once("://").map_or(target, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    match authority.strip_prefix('[').and_then(|v6| v6.split_once(']')) {
        Some((address, _)) => address,
        None => authority.split(':').next().unwrap_or(authority),
    }
}

fn signature(e: &Exchange) -> Tick {
    let sent: Vec<&CertificateView> =
        e.certificates.iter().filter(|c| c.source != CertificateSource::Store && c.issuer != c.subject).collect();
    let algorithm = sent.first().map_or("its own", |c| c.signature_algorithm.as_str());
    let broken =
        ["certificate.tampered", "certificate.algorithm_mismatch", "certificate.key_mismatch", "path.impostor"];
    if rejected(e, &broken) {
        return tick("Signature", false, algorithm, "the issuer’s key: it does not verify");
    }
    let mut tick = tick(
        "Signature",
        true,
        format!("{algorithm}, {} of {}", sent.len(), sent.len()),
        "issuers’ keys: nothing altered",
    );
    if rejected(e, &["path.", "certificate.weak_signature", "certificate.malformed"]) {
        algorithm.clone_into(&mut tick.says);
        tick.state = TickState::NotCompared;
        tick.compared = match sent.len() {
            0 | 1 => "no issuer’s key to compare with".to_owned(),
            n => format!("not to the end: {} without an anchor", count(n, "certificate")),
        };
    }
    tick
}
