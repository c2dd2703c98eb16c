//! The answer for a chain from files: verdict, headline, corrected chain, pins.

use base64::Engine as _;
use countersign_evidence::{Acceptance, EXPLAIN_SCHEMA, Explained, Finding, FindingSeverity, Verdict, VerdictState};
use rustls::client::danger::ServerCertVerifier as _;
use rustls_pki_types::{ServerName, UnixTime};

use super::judge::{Judge, Judged};
use super::{Case, Path, Peer, Usage, acceptance, add_notes, ending, path_views, seconds, views};
use crate::certificate::pem;
use crate::findings;
use crate::verifier::RecordingVerifier;
use crate::{Certificate, Malformed};

pub(super) fn document<'a>(
    case: &Case<'_>,
    pool: &'a [Result<Certificate, Malformed>],
    judge: &Judge<'a>,
    judged: &[Judged<'a>],
) -> Explained {
    let best = judged.first().cloned().unwrap_or_default();
    let accepted = best.accepted();
    let mut findings: Vec<Finding> = best.problems.clone();
    if judge.spent && !accepted {
        findings.push(ending::work_budget());
    }
    add_notes(&mut findings, findings::notes(&judge.seen(&best.path)));
    let notable = findings.iter().any(|finding| finding.severity != FindingSeverity::Info);
    let (state, reason) = match findings.first() {
        _ if accepted && notable => (VerdictState::TrustedWithFindings, "path.valid".to_owned()),
        _ if accepted => (VerdictState::Trusted, "path.valid".to_owned()),
        _ if judge.spent => (VerdictState::NotChecked, "work_budget".to_owned()),
        Some(first) => (VerdictState::NotTrusted, first.id.clone()),
        None => (VerdictState::NotTrusted, "path.untrusted_root".to_owned()),
    };
    let store = best.path.anchor.as_ref().filter(|_| accepted).map(|anchor| anchor.store.label().to_string());
    let profile = Some(judge.profile(&best.path));
    Explained {
        schema: EXPLAIN_SCHEMA.to_owned(),
        title: title(&best, &findings, judged, state),
        fix: match state {
            VerdictState::Trusted | VerdictState::TrustedWithFindings => String::new(),
            VerdictState::NotTrusted | VerdictState::NotChecked => {
                findings.first().map(|first| first.fix.clone()).unwrap_or_default()
            }
        },
        verdict: Verdict { state, reason, store, checked_at: Some(seconds(case.at)), profile },
        certificates: views(case.chain, case.supplement.fetched, pool, &best.path),
        paths: path_views(judged),
        findings,
        acceptance: acceptance(case, judge, judged),
        fullchain: fullchain(case, pool, &best.path),
        pins: pins(pool, &best.path),
        fetched: Vec::new(),
    }
}

/// The verifier of connections is asked about a server's chain; no other is put a model of it beside.
fn acceptance<'a>(case: &Case<'_>, judge: &Judge<'a>, judged: &[Judged<'a>]) -> Vec<Acceptance> {
    let (Usage::Server, Some((leaf, rest))) = (case.usage, case.chain.split_first()) else { return Vec::new() };
    if !case.compare {
        return Vec::new();
    }
    let host = match case.peer {
        Peer::Host(host) => Some(host),
        Peer::Any | Peer::Mailboxes(_) => None,
    };
    // without a name to ask for, one that the certificate has
    let own = judge.first_name();
    let Some(name) = host.or(own.as_deref()) else { return Vec::new() };
    let Ok(name) = ServerName::try_from(name.to_owned()) else { return Vec::new() };
    let staple = case.supplement.ocsp_response.unwrap_or_default();
    let seconds = u64::try_from(seconds(case.at).unix_seconds()).unwrap_or_default();
    let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
    let verifier = RecordingVerifier::new(case.trust.clone(), false);
    let refusal = verifier.verify_server_cert(leaf, rest, &name, staple, now).err();
    acceptance::of(judge, judged, host, refusal.as_ref())
}

fn title(best: &Judged<'_>, findings: &[Finding], judged: &[Judged<'_>], state: VerdictState) -> String {
    let anchor = best.path.anchor.as_ref();
    match (state, anchor) {
        (VerdictState::NotChecked, _) => {
            "The chain is too large to be judged; what was found so far is shown.".to_owned()
        }
        (VerdictState::Trusted | VerdictState::TrustedWithFindings, Some(anchor)) => {
            let others = judged.iter().filter(|own| !own.accepted()).count();
            let first = judged.iter().find(|own| !own.accepted()).and_then(|own| own.problems.first());
            let more = match (others, first) {
                (1.., Some(problem)) => {
                    format!(" Of {} paths {others} would be refused: {}", judged.len(), problem.sentence)
                }
                _ => String::new(),
            };
            format!("A path leads to {}, from {}.{more}", anchor.certificate.named(), anchor.store.label().words())
        }
        _ => findings.first().map_or_else(
            || "No path leads from the certificate to an anchor.".to_owned(),
            |first| first.sentence.clone(),
        ),
    }
}

/// The chain as it should be sent: the path without its anchor, where that differs from what was sent.
fn fullchain(case: &Case<'_>, pool: &[Result<Certificate, Malformed>], path: &Path<'_>) -> Option<String> {
    path.anchor?;
    let right: Vec<&Certificate> = path.sent.iter().filter_map(|index| pool.get(*index)?.as_ref().ok()).collect();
    let root = |certificate: &&Certificate| right.len() > 1 && certificate.is_self_issued();
    let right: Vec<&Certificate> = match right.last() {
        Some(last) if root(last) => right.get(..right.len() - 1).unwrap_or_default().to_vec(),
        _ => right.clone(),
    };
    let same = right.len() == case.chain.len() && right.iter().zip(case.chain).all(|(own, sent)| own.der() == sent);
    (!same).then(|| right.iter().map(|own| pem(own.der())).collect())
}

/// RFC 7469 §2.4 form: base64 of the SHA-256 of the SubjectPublicKeyInfo.
fn pins(pool: &[Result<Certificate, Malformed>], path: &Path<'_>) -> Vec<String> {
    let own = path.sent.iter().filter_map(|index| pool.get(*index)?.as_ref().ok());
    let all = own.chain(path.anchor.as_ref().map(|anchor| anchor.certificate));
    all.map(|certificate| {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &certificate.spki);
        base64::engine::general_purpose::STANDARD.encode(digest.as_ref())
    })
    .collect()
}
