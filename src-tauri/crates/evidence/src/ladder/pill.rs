//! Warning pills: facts that stay true, each opening its step.

use super::text::{bytes, span};
use super::{Pill, Tone};
use crate::{AttemptReason, Exchange, Step, TokenOrigin, Verdict, VerdictState};

/// Content up to this many bytes is kept in the history.
const KEPT: u64 = 64 * 1024 * 1024;

pub(super) fn pills(e: &Exchange) -> Vec<Pill> {
    let mut pills = Vec::new();
    let mut add = |tone, text: String, step| pills.push(Pill { tone, text, step });
    let unverified = |v: &Verdict| v.state == VerdictState::NotChecked && v.reason != "handshake_failed";
    if e.verdict.as_ref().is_some_and(unverified) && e.handshake.is_some() {
        add(Tone::Invalid, "Server not verified".into(), Step::Tls);
    }
    match e.verdict.as_ref().and_then(|v| v.store.as_deref()) {
        None | Some("gateway" | "mozilla" | "os") => {}
        Some("pin") => add(Tone::Caution, "Trusted only by a pinned key".into(), Step::Tls),
        Some(_) => add(Tone::Caution, "Trusted only by an added CA".into(), Step::Tls),
    }
    if e.previous_attempts.iter().any(|a| matches!(a.reason, AttemptReason::TokenRenewed)) {
        add(Tone::Info, "Sent again after 401".into(), Step::Token);
    }
    if matches!(e.token.as_ref().and_then(|t| t.origin), Some(TokenOrigin::Renewed)) {
        add(Tone::Info, "Token renewed during this send".into(), Step::Token);
    }
    if let Some(token) = &e.token
        && let (Some(asked), Some(granted)) = (&token.requested_scope, &token.scope)
        && asked.split(' ').any(|s| !s.is_empty() && !granted.split(' ').any(|g| g == s))
    {
        add(Tone::Caution, "Scope narrowed".into(), Step::Token);
    }
    if let Some(leaf) = e.certificates.first() {
        let left = leaf.not_after.unix_millis() - e.started_at.unix_millis();
        if (0..14 * 86_400_000).contains(&left) {
            add(Tone::Caution, format!("Certificate expires in {}", span(left)), Step::Tls);
        }
    }
    if e.handshake
        .as_ref()
        .is_some_and(|h| h.client_certificate_requested && h.client_certificate.as_ref().is_none_or(|c| !c.sent))
    {
        add(Tone::Caution, "Client certificate requested, none sent".into(), Step::Tls);
    }
    for finding in &e.findings {
        if finding.id == "clock.differs" {
            add(Tone::Caution, finding.sentence.clone(), Step::Token);
        }
        if finding.id == "exchange.authorization_dropped" {
            add(Tone::Caution, "`Authorization` dropped at redirect".into(), Step::Response);
        }
    }
    if let Some(content) = e.response.as_ref().and_then(|r| r.content.as_ref())
        && content.length > KEPT
    {
        add(Tone::Info, format!("Content of {}, not kept in history", bytes(content.length)), Step::Response);
    }
    pills
}
