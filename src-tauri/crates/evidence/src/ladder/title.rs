//! The verdict sentence and the facts under it.

use super::text::{count, duration, long_span, version};
use crate::{AttemptReason, Exchange, Outcome, Step, VerdictState};

/// One sentence: what happened.
pub(super) fn title(e: &Exchange) -> String {
    match e.outcome {
        Outcome::Cancelled => match e.failed_step {
            Some(step) => format!("Cancelled at {} after {}", step.title(), duration(e.timing.total)),
            None => format!("Cancelled after {}", duration(e.timing.total)),
        },
        Outcome::Failed | Outcome::RefusedByUs => stopped(e),
        Outcome::Answered => answered(e),
    }
}

fn stopped(e: &Exchange) -> String {
    let what = e.error.as_ref().map_or("no answer came", |p| p.title.as_str());
    let not_sent = matches!(e.outcome, Outcome::RefusedByUs);
    match e.failed_step {
        _ if not_sent => format!("Not sent: {}", uncapitalised(what)),
        Some(Step::Tls) if certificate(e).is_some() => {
            format!("Stopped at TLS: {}", certificate(e).unwrap_or_default())
        }
        Some(step) => format!("Stopped at {}: {}", step.title(), uncapitalised(what)),
        None => format!("Stopped: {}", uncapitalised(what)),
    }
}

/// What is wrong with the server's certificates, short enough for one line; the row below says it whole.
pub(crate) fn certificate(e: &Exchange) -> Option<String> {
    match e.error.as_ref().map(|problem| problem.code.as_str()) {
        Some("client_certificate.required") => return Some("the server wants a client certificate".into()),
        Some("client_certificate.refused") => return Some("the client certificate was refused".into()),
        _ => {}
    }
    let finding = e.findings.iter().find(|f| f.rejects == Some(true))?;
    let expired = || {
        let certificate = finding.certificate.and_then(|i| e.certificates.get(i))?;
        let checked = e.verdict.as_ref().and_then(|v| v.checked_at)?;
        Some(format!(
            "the certificate expired {} ago",
            long_span(checked.unix_millis() - certificate.not_after.unix_millis())
        ))
    };
    Some(match finding.id.as_str() {
        "certificate.expired" => expired().unwrap_or_else(|| "the certificate is expired".into()),
        "certificate.not_yet_valid" => "the certificate is not valid yet".into(),
        "name.mismatch" | "name.ip_not_listed" => "the certificate is for another name".into(),
        "name.no_subject_alternative_name" => "the certificate names no host".into(),
        "path.missing_intermediate" => "one certificate is missing".into(),
        "path.untrusted_root" => "the root is in no trust store".into(),
        "path.self_signed" => "the certificate is signed by itself".into(),
        "certificate.tampered" => "a certificate was changed".into(),
        _ => return None,
    })
}

/// A sentence that goes on after a colon; an abbreviation keeps its capitals.
pub(crate) fn uncapitalised(text: &str) -> String {
    let mut rest = text.chars();
    match (rest.next(), rest.clone().next()) {
        (Some(first), Some(second)) if first.is_uppercase() && second.is_lowercase() => {
            first.to_lowercase().chain(rest).collect()
        }
        _ => text.to_owned(),
    }
}

fn answered(e: &Exchange) -> String {
    let Some(response) = &e.response else {
        return match verdict_word(e) {
            Some(word) => format!("Handshake completed in {}, {word}", duration(e.timing.total)),
            None => format!("Connected in {}", duration(e.timing.total)),
        };
    };
    if let Some(difference) = e.signature.as_ref().and_then(|s| s.difference.as_ref()) {
        return if difference.component.is_empty() {
            "Refused by the server: the signature was not accepted".into()
        } else {
            "Refused by the server: the signature differs".into()
        };
    }
    if response.status >= 400 {
        let why = e.findings.iter().find(|f| f.certainty.is_some()).map(|f| refusal(&f.id));
        let who = if response.status >= 500 { "The server answered with an error" } else { "Refused by the server" };
        return match why.flatten() {
            Some(why) => format!("{who}: {why}"),
            None => format!("{who}: {}", reason(response.status, response.reason.as_deref())),
        };
    }
    let over = match e.verdict.as_ref().map(|v| v.state) {
        Some(VerdictState::Trusted) => " over a trusted connection",
        Some(VerdictState::TrustedWithFindings) => " over a trusted connection, with findings",
        Some(VerdictState::NotTrusted) => " over a connection that is not trusted",
        Some(VerdictState::NotChecked) if e.handshake.is_some() => " over a connection that was not checked",
        Some(VerdictState::NotChecked) | None => " without TLS",
    };
    let word = reason(response.status, response.reason.as_deref());
    let retried = match e.previous_attempts.last().map(|a| a.reason) {
        Some(AttemptReason::TokenRenewed) => ", after the token was renewed",
        Some(AttemptReason::Redirect) => ", after a redirect",
        Some(AttemptReason::Resumption) => ", resumed",
        Some(AttemptReason::DpopNonce) => ", with the nonce the server asked for",
        None => "",
    };
    // of an answer that took more than one attempt the last one's reason is the news; a trusted connection is not
    let over = if retried.is_empty() || over != " over a trusted connection" { over } else { "" };
    format!("{word} in {}{over}{retried}", duration(e.timing.total))
}

fn refusal(id: &str) -> Option<&'static str> {
    Some(match id {
        "token.expired" | "resource.token_expired" => "the token expired",
        "token.revoked" => "the token is revoked",
        "token.insufficient_scope" | "resource.insufficient_scope" => "the token lacks a scope",
        "token.invalid" | "resource.invalid_token" => "the token was not accepted",
        _ => return None,
    })
}

/// `Created`; the status number where no phrase is registered.
pub(super) fn reason(status: u16, said: Option<&str>) -> String {
    said.filter(|s| !s.is_empty()).map_or_else(|| format!("status {status}"), ToOwned::to_owned)
}

fn verdict_word(e: &Exchange) -> Option<String> {
    let verdict = e.verdict.as_ref()?;
    Some(match verdict.state {
        VerdictState::TrustedWithFindings => {
            let n = notable(e);
            format!("trusted, {}", count(n, "finding"))
        }
        state => state.words().to_lowercase(),
    })
}

/// How many findings are above info.
pub(super) fn notable(e: &Exchange) -> usize {
    e.findings.iter().filter(|f| f.certainty.is_none() && !matches!(f.severity, crate::FindingSeverity::Info)).count()
}

/// Facts under the verdict: `201 · Trusted · TLS 1.3 · signed`, or what was not sent.
pub(super) fn subtitle(e: &Exchange) -> String {
    let mut facts: Vec<String> = Vec::new();
    if let Some(response) = &e.response {
        facts.push(response.status.to_string());
    } else if let Some(word) = nothing_sent(e) {
        return word.into();
    }
    if let Some(verdict) = &e.verdict {
        facts.push(verdict.state.words().into());
    }
    if let Some(v) = e.handshake.as_ref().and_then(|h| h.protocol_version.as_deref()) {
        facts.push(version(v));
    } else if e.response.is_some() && e.handshake.is_none() {
        facts.push("no TLS".into());
    }
    if e.signature.as_ref().is_some_and(|s| s.difference.is_some()) {
        facts.push("not retried".into());
    } else if e.signature.is_some() && e.response.is_some() {
        facts.push("signed".into());
    }
    facts.join(" · ")
}

fn nothing_sent(e: &Exchange) -> Option<&'static str> {
    if e.request.as_ref().is_some_and(|r| r.sent) {
        return None;
    }
    match (e.outcome, e.failed_step) {
        (Outcome::Answered, _) => None,
        (_, Some(Step::Token | Step::Credential)) => Some("The API was not called"),
        (_, Some(Step::Tls)) => Some("Nothing was sent after the handshake: no token, no content"),
        (_, Some(Step::Name | Step::Tcp)) => Some("Nothing was sent: no connection"),
        (_, Some(Step::Signature)) => Some("Nothing was sent: no token, no content"),
        (Outcome::RefusedByUs, _) => Some("Nothing left this computer"),
        (_, Some(Step::Response) | None) => Some("No answer came"),
    }
}
