//! R6 to R13, R15: how the token request was built.

use countersign_evidence::Finding;

use super::facts::Facts;
use super::{Rule, likely, proven};

pub(super) const RULES: &[Rule] = &[
    Rule { number: 13, judge: secret_in_query },
    Rule { number: 11, judge: redirected },
    Rule { number: 9, judge: two_proofs },
    Rule { number: 97, judge: no_proof },
    Rule { number: 8, judge: twice },
    Rule { number: 7, judge: no_grant },
    Rule { number: 10, judge: method },
    Rule { number: 6, judge: content_kind },
    Rule { number: 12, judge: place },
    Rule { number: 15, judge: public_client },
];

/// A token call that came to nothing.
fn refused(facts: &Facts) -> bool {
    facts.is_token() && (facts.answer.status >= 300 || facts.answer.no_token || facts.is_odd())
}

fn is_form(facts: &Facts) -> bool {
    matches!(facts.request.content.as_str(), "" | "form")
}

/// R13.
fn secret_in_query(facts: &Facts) -> Option<Finding> {
    let query = facts.request.url.split_once('?')?.1;
    let has = query
        .split('&')
        .any(|pair| ["client_secret", "access_token", "password"].iter().any(|n| pair.starts_with(&format!("{n}="))));
    if !has {
        return None;
    }
    proven(
        "client.secret_in_query",
        "A secret stands in the address, where every log keeps it.",
        "Send it in the Authorization field or in the content.",
        ("RFC 9700", "4.3.2"),
    )
}

/// R11.
fn redirected(facts: &Facts) -> Option<Finding> {
    if !facts.is_token() || !(300..400).contains(&facts.answer.status) {
        return None;
    }
    let to = if facts.request.location.is_empty() { "elsewhere" } else { &facts.request.location };
    proven(
        "token.endpoint_redirects",
        format!("The token endpoint redirects to {to}; a token request is not sent on."),
        "Enter the address it redirects to, when it is the same server's.",
        ("RFC 9700", "4.12"),
    )
}

/// R9.
fn two_proofs(facts: &Facts) -> Option<Finding> {
    let content = facts.request.parameters.iter().any(|name| name == "client_secret" || name == "client_assertion");
    if !refused(facts) || !content || facts.request.scheme.is_empty() {
        return None;
    }
    proven(
        "client.two_authentications",
        "The client proved itself twice: in the Authorization field and in the content.",
        "Keep one of the two.",
        ("RFC 6749", "2.3"),
    )
}

/// Of R16: a client that has a secret sent no proof at all.
fn no_proof(facts: &Facts) -> Option<Finding> {
    let shared = matches!(facts.client.method.as_str(), "" | "client_secret_basic" | "client_secret_post");
    let request = &facts.request;
    let in_content = request.parameters.iter().any(|name| name == "client_secret" || name == "client_assertion");
    // fields that were looked at hold at least a Content-Type
    let none = !request.fields.is_empty()
        && request.scheme.is_empty()
        && !request.fields.iter().any(|name| name == "authorization")
        && !in_content;
    let about = facts.client_refused() || facts.answer.error == "invalid_request";
    // names of parameters are not recorded of every call: without them a form may hold the secret
    let known = request.content != "form" && !request.content.is_empty() || !request.parameters.is_empty();
    if !(shared && none && about && known && facts.is_token()) {
        return None;
    }
    proven(
        "client.not_authenticated",
        "The token request carries no client authentication: no Authorization field, and no secret in the content.",
        "Look at how the request is built: fields that are given as content are not sent as fields.",
        ("RFC 6749", "2.3"),
    )
}

/// R8.
fn twice(facts: &Facts) -> Option<Finding> {
    let names = &facts.request.parameters;
    let name = names.iter().enumerate().find(|(at, name)| *name != "resource" && names[..*at].contains(name))?.1;
    if !refused(facts) {
        return None;
    }
    proven(
        "token.parameter_twice",
        format!("The parameter {name} was sent twice."),
        "Send it once.",
        ("RFC 6749", "3.2"),
    )
}

/// R7.
fn no_grant(facts: &Facts) -> Option<Finding> {
    let vendor = !matches!(facts.request.recipe.as_str(), "" | "rfc6749");
    if !refused(facts) || vendor || facts.is_odd() || facts.answer.status == 404 {
        return None;
    }
    let missing = facts.request.content == "empty"
        || (is_form(facts)
            && !facts.request.parameters.is_empty()
            && !facts.request.parameters.iter().any(|name| name == "grant_type"));
    if !missing {
        return None;
    }
    proven(
        "token.no_grant_type",
        "The token request has no grant_type.",
        "Send grant_type in form content; a vendor's own endpoint needs its recipe.",
        ("RFC 6749", "4.4.2"),
    )
}

/// R10.
fn method(facts: &Facts) -> Option<Finding> {
    if !facts.is_token() || !matches!(facts.answer.status, 404 | 405 | 501) {
        return None;
    }
    let sent = if facts.request.method.is_empty() { "POST" } else { &facts.request.method };
    if facts.answer.status == 404 && sent == "POST" {
        return None;
    }
    let other = facts.field("allow").unwrap_or(if sent == "POST" { "GET" } else { "POST" });
    likely(
        "token.method_not_taken",
        format!("The token endpoint does not take {sent}."),
        format!("Send {other}: a recipe names the method."),
        ("RFC 6749", "3.2"),
    )
}

/// R6.
fn content_kind(facts: &Facts) -> Option<Finding> {
    if !refused(facts) || !facts.request.scheme.is_empty() && facts.client_refused() {
        return None;
    }
    let said = facts.said();
    let media = facts.answer.status == 415
        || said.contains("content-type")
        || said.contains("content type")
        || said.contains("media type");
    if !media {
        return None;
    }
    let sent = match facts.request.content.as_str() {
        "" | "form" => "application/x-www-form-urlencoded",
        "json" => "application/json",
        other => other,
    };
    let sent = if facts.request.content_type.is_empty() { sent } else { &facts.request.content_type };
    likely(
        "token.content_type",
        format!("The token endpoint does not take {sent}."),
        "RFC 6749 asks for form content; a vendor's own endpoint needs its recipe, with its media type.",
        ("RFC 6749", "4.4.2"),
    )
}

/// R12.
fn place(facts: &Facts) -> Option<Finding> {
    let url = &facts.request.url;
    if !facts.is_token() {
        return None;
    }
    if url.contains(' ') || url.contains("%20") {
        return proven(
            "token.endpoint_space",
            "The address of the token endpoint has a space.",
            "Remove it, most often at the end.",
            ("RFC 3986", "2"),
        );
    }
    if facts.answer.kind == "HTML"
        && ["/authorize", "/auth", "/login"].iter().any(|end| url.trim_end_matches('/').ends_with(end))
    {
        return likely(
            "token.endpoint_is_for_people",
            "This is the address of a page for people, not of the token endpoint.",
            "Enter the token endpoint; the issuer's metadata names it.",
            ("RFC 8414", "2"),
        );
    }
    if facts.answer.status == 404 && matches!(facts.request.method.as_str(), "" | "POST") {
        return likely(
            "token.endpoint_not_found",
            "There is nothing at this address: another path, realm or tenant.",
            "Read the endpoint from the issuer's metadata.",
            ("RFC 8414", "2"),
        );
    }
    None
}

/// R15.
fn public_client(facts: &Facts) -> Option<Finding> {
    if !facts.client_refused() || facts.client.method != "none" || facts.request.scheme.is_empty() {
        return None;
    }
    proven(
        "client.public_with_basic",
        "A public client sent an Authorization field, which says that it has a secret.",
        "Send client_id in the content alone.",
        ("RFC 6749", "2.1"),
    )
}
