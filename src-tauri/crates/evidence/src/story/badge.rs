//! Badges, and the cross-checks they sum up.

use super::{Badge, BadgeKind, CheckRow, flight, read};
use crate::ladder::text::{count, short_name};
use crate::{Exchange, Handshake, VerdictState};

pub(super) fn badges(e: &Exchange, h: &Handshake) -> Vec<Badge> {
    let mut badges = Vec::new();
    let mut add = |kind, text: String| badges.push(Badge { kind, text });
    let sent = h.client_certificate.as_ref().filter(|used| used.sent);
    let answered = h.protocol_version.is_some();
    match (h.client_certificate_requested, sent) {
        (true, Some(used)) => {
            let name = used.subject.as_deref().map_or("without a name", short_name);
            add(BadgeKind::Identity, format!("Mutual TLS: client certificate {name} sent"));
        }
        (true, None) => add(BadgeKind::Asked, "Asked for a client certificate, none sent".to_owned()),
        (false, _) if answered => {
            let proved = matches!(
                e.verdict.as_ref().map(|v| v.state),
                Some(VerdictState::Trusted | VerdictState::TrustedWithFindings)
            );
            let what = if proved { "only the server proved its identity" } else { "no identity was proved" };
            add(BadgeKind::Identity, format!("One-way TLS: {what}"));
        }
        (false, _) => {}
    }
    if h.named_group.as_deref().is_some_and(|group| group.contains("MLKEM")) {
        add(BadgeKind::PostQuantum, "Post-quantum key exchange".to_owned());
    }
    badges.extend(sum(h));
    badges
}

/// `9 messages, 6 checks, all equal`, or what differs.
fn sum(h: &Handshake) -> Option<Badge> {
    let messages = flight::counted(h);
    if messages == 0 {
        return None;
    }
    let messages = count(messages, "message");
    if h.checks.is_empty() {
        return Some(Badge { kind: BadgeKind::Messages, text: messages });
    }
    let differ: Vec<&str> = h.checks.iter().filter(|c| !c.ok).map(|c| c.name.as_str()).collect();
    Some(if differ.is_empty() {
        let equal = if h.checks.len() == 1 { "equal" } else { "all equal" };
        Badge { kind: BadgeKind::Equal, text: format!("{messages}, {}, {equal}", count(h.checks.len(), "check")) }
    } else {
        let of = count(h.checks.len(), "check");
        let verb = if differ.len() == 1 { "differs" } else { "differ" };
        Badge { kind: BadgeKind::Differs, text: format!("{} of {of} {verb}: {}", differ.len(), differ.join(", ")) }
    })
}

pub(super) fn checks(h: &Handshake) -> Vec<CheckRow> {
    h.checks
        .iter()
        .map(|check| CheckRow {
            name: read::capitalised(&check.name),
            ok: check.ok,
            claimed: check.claim.as_deref().map(read::capitalised).unwrap_or_default(),
            checked: check.compared.as_deref().map(read::capitalised).unwrap_or_default(),
            citation: check.citation.clone(),
        })
        .collect()
}
