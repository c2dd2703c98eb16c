//! Reading a refusal: whether the token or the signature was refused, and what the server said of it.

use countersign_evidence::{Certainty, Citation, Exchange, Finding, FindingSeverity, SignatureDifference, Step};
use countersign_oauth::diagnosis::Facts;
use countersign_oauth::{Challenge, challenges};
use countersign_signing::digest_matches;
use serde_json::Value;

use super::signer::Signed;
use crate::diagnosis::{self, With, of_resource};

/// What a refusal comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Nothing is known of it, or nothing was refused.
    No,
    /// The token: another one may help (401 with `invalid_token` or without a reason).
    Token,
    /// The scope or something else about the caller: another token does not help.
    Other,
    /// The signature.
    Signature,
}

/// The answer as far as it tells why.
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) fields: &'a [(String, String)],
    /// The content, when it is small.
    pub(crate) content: &'a [u8],
    pub(crate) sent_content: &'a [u8],
    pub(crate) sent_media_type: Option<&'a str>,
    /// What was signed, when something was.
    pub(crate) signed: Option<&'a Signed>,
    /// What is known beside the answer.
    pub(crate) with: With<'a>,
}

/// Adds findings to the document and marks the row they belong to.
pub(crate) fn judge(e: &mut Exchange, answer: &Answer<'_>) -> Refused {
    if answer.status < 400 {
        return Refused::No;
    }
    let values =
        answer.fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate")).map(|(_, v)| v.as_str());
    let challenges = challenges(values);
    let json: Value = serde_json::from_slice(answer.content).unwrap_or_default();
    if answer.status == 401 && signature_refused(&challenges, &json) && e.signature.is_some() {
        signature(e, answer, &json);
        return Refused::Signature;
    }
    let token_sent = e.token.as_ref().is_some_and(|t| t.fingerprint.is_some());
    let mut facts: Facts = of_resource(e, answer.status, answer.content, &answer.with);
    if facts.request.content_type.is_empty() {
        facts.request.content_type = answer.sent_media_type.unwrap_or_default().to_owned();
    }
    let diagnosis = diagnosis::judge(&facts);
    let about_token =
        diagnosis.findings.first().is_some_and(|f| f.id.starts_with("token.") || f.id.starts_with("jwt."));
    if !diagnosis.findings.is_empty() {
        e.failed_step = Some(if about_token { Step::Token } else { Step::Response });
    }
    let new = diagnosis.findings.into_iter().filter(|found| e.findings.iter().all(|known| known.id != found.id));
    let new: Vec<_> = new.collect();
    e.findings.splice(0..0, new);
    e.ruled_out.extend(diagnosis.ruled_out);
    match answer.status {
        401 if token_sent && renewable(&challenges) => Refused::Token,
        _ if about_token => Refused::Other,
        _ => Refused::No,
    }
}

/// `invalid_token`, or no reason at all (tokens.md §6); a challenge of another scheme is about something else.
fn renewable(challenges: &[Challenge]) -> bool {
    let bearer = challenges.iter().find(|c| c.is("Bearer"));
    match bearer {
        Some(bearer) => matches!(bearer.parameter("error"), None | Some("invalid_token")),
        None => challenges.is_empty(),
    }
}

fn signature_refused(challenges: &[Challenge], json: &Value) -> bool {
    challenges.iter().any(|c| c.is("Signature")) || json["error"] == "invalid_signature"
}

fn signature(e: &mut Exchange, answer: &Answer<'_>, json: &Value) {
    let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
    let first = &json["first_difference"];
    let component = text(&first["component"]).unwrap_or_default();
    let Some(signature) = &mut e.signature else { return };
    let ours = text(&first["yours"]).or_else(|| line_of(&signature.base, &component));
    let theirs = text(&first["server"]);
    let at = ours.as_deref().zip(theirs.as_deref()).map(|(a, b)| {
        let same = a.chars().zip(b.chars()).take_while(|(x, y)| x == y).count();
        u64::try_from(same).unwrap_or(u64::MAX)
    });
    signature.difference = Some(SignatureDifference { component: component.clone(), ours, theirs, at });
    e.failed_step = Some(Step::Signature);
    let reason = text(&json["reason"]);
    let causes = causes(&component, answer, reason.as_deref());
    e.findings.splice(0..0, causes);
    if answer.signed.is_some_and(Signed::verifies) {
        e.ruled_out.push("key and base: the signature verifies here".into());
    }
}

fn line_of(base: &str, component: &str) -> Option<String> {
    (!component.is_empty()).then(|| {
        base.lines().find_map(|line| line.strip_prefix(&format!("\"{component}\": ")).map(ToOwned::to_owned))
    })?
}

fn cause(
    id: &str,
    certainty: Certainty,
    sentence: String,
    fix: &str,
    citation: (&'static str, &'static str),
) -> Finding {
    Finding {
        id: id.into(),
        severity: FindingSeverity::Error,
        subject: "signature".into(),
        sentence,
        fix: fix.into(),
        citation: Citation::new(citation.0, citation.1),
        certainty: Some(certainty),
        certificate: None,
        rejects: None,
        values: Vec::new(),
        range: None,
        effective_since: None,
    }
}

fn causes(component: &str, answer: &Answer<'_>, reason: Option<&str>) -> Vec<Finding> {
    let length = answer.sent_content.len();
    match component {
        "content-digest" => {
            let sent = answer.signed.and_then(|s| s.content_digest.as_deref());
            let true_here = sent
                .and_then(|field| digest_matches(field, answer.sent_content).ok())
                .is_some_and(|matches| matches.is_ok());
            if true_here {
                vec![
                    cause(
                        "signature.content_changed",
                        Certainty::Proven,
                        format!("Content-Digest fits the {length} B that were sent; the server computed another one."),
                        "",
                        ("RFC 9530", "2"),
                    ),
                    cause(
                        "signature.base_differs",
                        Certainty::Likely,
                        "A proxy or gateway changed the content.".into(),
                        "Compare what arrived there with what was sent.",
                        ("RFC 9421", "7.2.8"),
                    ),
                ]
            } else {
                vec![cause(
                    "signature.content_digest_by_hand",
                    Certainty::Proven,
                    format!("Content-Digest was typed by hand and is not the digest of the {length} B that were sent."),
                    "Let Countersign compute it, then send.",
                    ("RFC 9530", "2"),
                )]
            }
        }
        "@target-uri" | "@authority" | "@path" | "@query" | "@request-target" | "@scheme" => {
            vec![cause(
                "signature.base_differs",
                Certainty::Likely,
                format!(
                    "The server saw another {component} than was sent: a proxy rewrote the host or the path before the signature was checked."
                ),
                "Ask the operator to verify against the address the client used, or cover @method and @path only.",
                ("RFC 9421", "7.2.2"),
            )]
        }
        "" => {
            let said = reason.map_or_else(
                || "The server did not say what differs.".to_owned(),
                |r| format!("The server says: {}.", r.trim_end_matches('.')),
            );
            vec![cause(
                "signature.refused",
                Certainty::Proven,
                said,
                "Check with the API's owner which key it holds under this keyid, and its clock.",
                ("RFC 9421", "3.2"),
            )]
        }
        other => {
            let said = reason.map_or_else(String::new, |r| format!(" It says: {}.", r.trim_end_matches('.')));
            vec![cause(
                "signature.base_differs",
                Certainty::Proven,
                format!("The server named {other} as the first component that differs.{said}"),
                "Compare this line of the base with what the server received.",
                ("RFC 9421", "2.5"),
            )]
        }
    }
}

#[cfg(test)]
mod tests {
    use countersign_oauth::challenges;

    use super::renewable;

    #[test]
    fn only_a_refused_token_leads_to_another_one() {
        let says = |fields: &[&str]| renewable(&challenges(fields.iter().copied()));
        assert!(says(&[]), "no reason at all");
        assert!(says(&["Bearer realm=\"x\""]), "a challenge without an error");
        assert!(says(&["Bearer error=\"invalid_token\""]), "RFC 6750 §3.1");
        assert!(!says(&["Bearer error=\"insufficient_scope\""]), "another token has the same scope");
        assert!(!says(&["Signature realm=\"x\""]), "the token was not what was refused");
        assert!(says(&["DPoP algs=\"ES256\", Bearer error=\"invalid_token\""]), "two challenges");
    }
}
