//! Causes of a failure: most specific first, at most one and three more.

use super::text::{elide, short_name};
use super::{Action, Cause, ChainLink, Compared};
use crate::{Certainty, CertificateSource, Exchange, Finding, Step};

/// Shown under the title: the top cause and at most three more.
const MOST: usize = 4;

pub(super) fn causes(e: &Exchange) -> Vec<Cause> {
    let mut causes: Vec<Cause> = e
        .findings
        .iter()
        .filter(|f| f.certainty.is_some() || f.rejects == Some(true))
        .map(|f| Cause {
            certainty: f.certainty.unwrap_or(Certainty::Proven),
            sentence: f.sentence.clone(),
            finding: Some(f.id.clone()),
        })
        .collect();
    if causes.is_empty()
        && let Some(root) = &e.root_cause
    {
        causes.push(Cause { certainty: Certainty::Proven, sentence: root.sentence.clone(), finding: None });
    }
    if causes.is_empty()
        && let Some(error) = e.error.as_ref().filter(|p| !p.detail.is_empty())
    {
        causes.push(Cause {
            certainty: Certainty::Proven,
            sentence: error.detail.clone(),
            finding: Some(error.code.clone()),
        });
    }
    causes.truncate(MOST);
    causes
}

/// What to do: the fix of the first cause that has one, else the error's first hint.
pub(super) fn hint(e: &Exchange) -> Option<String> {
    let fix = |f: &Finding| (!f.fix.is_empty()).then(|| f.fix.clone());
    e.findings
        .iter()
        .filter(|f| f.certainty.is_some() || f.rejects == Some(true))
        .find_map(fix)
        .or_else(|| e.error.as_ref().and_then(|p| p.hints.first().cloned()))
}

/// The small chain on a failed TLS row: what was sent, what is missing, which one is wrong.
pub(super) fn chain(e: &Exchange) -> Vec<ChainLink> {
    let wrong = |i: usize| {
        e.findings.iter().find(|f| f.rejects == Some(true) && f.certificate == Some(i)).map(|f| match f.id.as_str() {
            "certificate.expired" => "expired",
            "certificate.not_yet_valid" => "not yet valid",
            "name.mismatch" | "name.ip_not_listed" | "name.no_subject_alternative_name" => "other name",
            "path.self_signed" => "self-signed",
            "path.untrusted_root" => "in no store",
            "path.missing_intermediate" => "sent",
            "certificate.tampered" => "changed",
            _ => "refused",
        })
    };
    let missing = e.findings.iter().find(|f| f.id == "path.missing_intermediate" || f.id == "path.untrusted_root");
    let mut links: Vec<ChainLink> = e
        .certificates
        .iter()
        .enumerate()
        .map(|(i, c)| ChainLink {
            name: elide(short_name(&c.subject), 24),
            word: match (wrong(i), &c.source) {
                (Some(word), _) => word.into(),
                (None, CertificateSource::Sent) => "sent".into(),
                (None, CertificateSource::Fetched) => "fetched".into(),
                (None, CertificateSource::Store) => "in a store".into(),
            },
            broken: false,
        })
        .collect();
    if let (Some(finding), Some(last)) = (missing, links.last_mut()) {
        last.broken = true;
        if finding.id == "path.missing_intermediate" {
            let issuer = e.certificates.last().map_or("issuer", |c| short_name(&c.issuer));
            links.push(ChainLink { name: elide(issuer, 24), word: "missing".into(), broken: true });
        }
        links.push(ChainLink { name: "trust anchor".into(), word: "not reached".into(), broken: false });
    }
    links
}

/// Every covered component with our value, and the server's where it named one.
pub(super) fn compared(e: &Exchange) -> Vec<Compared> {
    let Some(signature) = &e.signature else { return Vec::new() };
    let Some(difference) = signature.difference.as_ref().filter(|d| !d.component.is_empty()) else { return Vec::new() };
    signature
        .covered
        .iter()
        .map(|component| {
            let ours = base_value(&signature.base, component);
            let differs = *component == difference.component;
            Compared {
                component: component.clone(),
                theirs: if differs { difference.theirs.clone() } else { Some(ours.clone()) },
                ours: if differs { difference.ours.clone().unwrap_or(ours) } else { ours },
                differs,
                at: if differs { difference.at } else { None },
            }
        })
        .collect()
}

fn base_value(base: &str, component: &str) -> String {
    let name = component.trim_matches('"');
    let value = base.lines().find_map(|line| line.strip_prefix(&format!("\"{name}\": "))).unwrap_or_default();
    // a token is shown by its fingerprint; the scheme before it says nothing here
    value.strip_prefix("Bearer ").filter(|rest| rest.starts_with('‹')).unwrap_or(value).to_owned()
}

/// What can be done from the failed row.
pub(super) fn actions(e: &Exchange, step: Step) -> Vec<Action> {
    let has = |id: &str| e.findings.iter().any(|f| f.id == id);
    let code = e.error.as_ref().map_or("", |p| p.code.as_str());
    let mut actions = Vec::new();
    match step {
        Step::Credential if code == "usage.live_environment" => actions.push(Action::AllowLive),
        Step::Credential => {
            if code.starts_with("vault.") {
                actions.push(Action::Unlock);
            }
            if code == "vault.slot_empty" || code == "credential.slot_empty" {
                actions.push(Action::ReplaceSecret);
            }
            if e.credential.is_some() {
                actions.push(Action::EditCredential);
            }
        }
        Step::Token => {
            if e.findings.iter().any(|f| f.id.starts_with("client.")) {
                actions.push(Action::ReplaceSecret);
            }
            if has("client.basic_encoding") {
                actions.push(Action::SendInRawMode);
            }
            if e.token.as_ref().is_some_and(|t| t.exchange.is_some()) {
                actions.push(Action::OpenTokenExchange);
            }
            actions.push(Action::SendAgain);
        }
        Step::Tls => {
            let refused = |id: &str| e.findings.iter().any(|f| f.id == id && f.rejects == Some(true));
            if refused("path.self_signed") {
                actions.push(Action::TrustCertificate);
            } else if refused("path.untrusted_root") {
                actions.push(Action::TrustCa);
            }
            if !e.certificates.is_empty() {
                actions.push(Action::OpenChain);
            }
            if e.handshake.is_some() {
                actions.push(Action::OpenHandshake);
            }
            if code.starts_with("client_certificate.") || has("client_certificate.required") {
                actions.push(Action::ImportCertificate);
            }
            if e.findings.iter().any(|f| f.rejects == Some(true)) {
                actions.push(Action::AcceptUnverified);
            }
            actions.push(Action::SendAgain);
        }
        Step::Signature => {
            if has("signature.content_digest_by_hand") {
                actions.push(Action::ComputeDigest);
            }
            actions.push(Action::OpenSignatureBase);
        }
        Step::Name | Step::Tcp | Step::Response => actions.push(Action::SendAgain),
    }
    actions
}
