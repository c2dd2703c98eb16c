//! What an exchange proves: who answered, who can read it, who asked.

use super::Proof;
use super::text::short_name;
use crate::{CertificateSource, Exchange, Step, VerdictState};

pub(super) fn proofs(e: &Exchange) -> Vec<Proof> {
    match e.token.as_ref().and_then(|t| t.exchange.as_deref()).filter(|_| e.failed_step == Some(Step::Token)) {
        Some(call) if e.response.is_none() => vec![
            server(call),
            proof("Channel", false, "to the API: not opened".into()),
            proof(
                "Caller",
                false,
                if call.response.is_some() {
                    "not accepted by the authorization server"
                } else {
                    "not shown to the server"
                }
                .into(),
            ),
        ],
        _ => vec![server(e), channel(e), caller(e)],
    }
}

fn proof(subject: &str, proved: bool, sentence: String) -> Proof {
    Proof { subject: subject.into(), sentence, proved }
}

fn trusted(e: &Exchange) -> bool {
    e.verdict.as_ref().is_some_and(|v| matches!(v.state, VerdictState::Trusted | VerdictState::TrustedWithFindings))
}

fn host(e: &Exchange) -> String {
    e.handshake.as_ref().and_then(|h| h.server_name.clone()).unwrap_or_else(|| {
        let target = e.request.as_ref().map_or("", |r| r.target.as_str());
        let rest = target.split_once("://").map_or(target, |(_, rest)| rest);
        rest.split(['/', ':', '?']).next().unwrap_or(rest).to_owned()
    })
}

fn server(e: &Exchange) -> Proof {
    if !trusted(e) {
        let off = e.verdict.as_ref().is_some_and(|v| v.reason == "verification_off");
        let why = match e.verdict.as_ref().map(|v| v.state) {
            Some(VerdictState::NotTrusted) => "not proved: the certificate was refused",
            Some(VerdictState::NotChecked) if off => "not proved: verification was off",
            _ if e.response.is_some() => "not proved: no TLS",
            _ => "not proved: no handshake",
        };
        return proof("Server", false, why.into());
    }
    let anchor = e
        .certificates
        .iter()
        .find(|c| matches!(c.source, CertificateSource::Store))
        .map(|c| short_name(&c.subject).to_owned());
    let sentence = match anchor {
        Some(root) => format!("{}, by a chain to {root}", host(e)),
        None => format!("{}, by a trusted chain", host(e)),
    };
    proof("Server", true, sentence)
}

fn channel(e: &Exchange) -> Proof {
    let Some(group) = e.handshake.as_ref().filter(|h| h.protocol_version.is_some()) else {
        let sentence = if e.response.is_some() { "anyone on the path can read it" } else { "no channel was made" };
        return proof("Channel", false, sentence.into());
    };
    if !trusted(e) {
        return proof("Channel", false, "encrypted, but to a server that is not proved".into());
    }
    let quantum = group.named_group.as_deref().is_some_and(|g| g.contains("MLKEM"));
    proof(
        "Channel",
        true,
        if quantum { "keys only these two ends hold, post-quantum" } else { "keys only these two ends hold" }.into(),
    )
}

fn caller(e: &Exchange) -> Proof {
    let accepted = e.response.as_ref().is_some_and(|r| r.status < 400);
    let mut parts = Vec::new();
    if let (Some(credential), Some(_)) = (&e.credential, e.token.as_ref().and_then(|t| t.fingerprint.as_ref())) {
        parts.push(format!("{} by token", credential.name));
    }
    let shown = e.handshake.as_ref().and_then(|h| h.client_certificate.as_ref()).filter(|used| used.sent);
    if let Some(subject) = shown.and_then(|used| used.subject.as_deref()) {
        parts.push(format!("{} by certificate", short_name(subject)));
    }
    if let Some(signature) = &e.signature {
        parts.push(format!("{} signed", signature.keyid));
    }
    match (parts.is_empty(), &e.response) {
        (false, Some(_)) if accepted => proof("Caller", true, parts.join(", ")),
        (false, Some(r)) if r.status == 401 => proof("Caller", false, "not accepted by the server".into()),
        (false, Some(r)) if r.status == 403 => proof("Caller", false, "known, not allowed".into()),
        (false, Some(_)) => proof("Caller", false, format!("{}, not confirmed", parts.join(", "))),
        // an inspection sends no request: the handshake itself is where it was shown
        (false, None) if shown.is_some() && matches!(e.outcome, crate::Outcome::Answered) => {
            proof("Caller", true, parts.join(", "))
        }
        (false, None) => proof("Caller", false, "not shown to the server".into()),
        (true, _) => proof("Caller", false, "anonymous: no credential was used".into()),
    }
}
