//! R63 to R75: what a protected resource answered. R92, R94: how the credential is set up.

use countersign_evidence::{Fact, Finding};

use super::facts::Facts;
use super::{Rule, likely, proven};

pub(super) const RULES: &[Rule] = &[
    Rule { number: 74, judge: connection },
    Rule { number: 70, judge: dropped },
    Rule { number: 68, judge: malformed },
    Rule { number: 67, judge: step_up },
    Rule { number: 66, judge: scope },
    Rule { number: 75, judge: other_server },
    Rule { number: 65, judge: invalid },
    Rule { number: 71, judge: media_type },
    Rule { number: 72, judge: field },
    Rule { number: 73, judge: firewall },
    Rule { number: 63, judge: without_reason },
    Rule { number: 64, judge: other_scheme },
    Rule { number: 94, judge: unverified },
];

/// R74.
fn connection(facts: &Facts) -> Option<Finding> {
    let page = facts.answer.status == 400 && facts.answer.kind == "HTML" && facts.client.certificate_sent != Some(true);
    if page && facts.said().contains("ssl certificate") {
        return proven(
            "client_certificate.required",
            "The server wants a client certificate, and none was sent.",
            "Choose the client certificate of this API.",
            ("RFC 8705", "2"),
        );
    }
    None
}

/// R70.
fn dropped(facts: &Facts) -> Option<Finding> {
    if facts.is_token() || !facts.request.authorization_dropped || !matches!(facts.answer.status, 401 | 403) {
        return None;
    }
    proven(
        "resource.authorization_dropped",
        "The token was not sent on at the redirect: the last host is not one of the credential's.",
        "Send to the last address itself, or allow its host.",
        ("RFC 9110", "15.4"),
    )
}

/// R68.
fn malformed(facts: &Facts) -> Option<Finding> {
    if facts.is_token() || !matches!(facts.answer.status, 400 | 401) {
        return None;
    }
    let scheme = facts.request.scheme.trim();
    let words: Vec<&str> = scheme.split_whitespace().collect();
    let (sentence, fix) = match words.as_slice() {
        [a, b, ..] if a.eq_ignore_ascii_case(b) => {
            ("The scheme stands twice in the Authorization field.", "Send it once: `Bearer` and the token.")
        }
        [one] if ["token", "jwt", "oauth", "access_token"].iter().any(|odd| one.eq_ignore_ascii_case(odd)) => {
            ("The Authorization field has a scheme that is none of OAuth.", "Send `Bearer` and the token.")
        }
        [one] if one.starts_with("eyJ") => {
            ("The token stands in the Authorization field without a scheme.", "Write `Bearer` before it.")
        }
        _ if facts.request.parameters.iter().any(|name| name == "access_token") && !scheme.is_empty() => (
            "The token stands in the field and in the address or content.",
            "Send it in the Authorization field alone.",
        ),
        _ => return None,
    };
    proven("resource.token_malformed", sentence, fix, ("RFC 6750", "2"))
}

/// R67.
fn step_up(facts: &Facts) -> Option<Finding> {
    if facts.challenge("error").as_deref() != Some("insufficient_user_authentication") {
        return None;
    }
    let wanted = facts.challenge("acr_values").unwrap_or_else(|| "a newer or stronger sign-in".to_owned());
    proven(
        "resource.step_up",
        format!("The API wants the person to prove more: {wanted}."),
        "Sign in again with what it asks for.",
        ("RFC 9470", "3"),
    )
}

/// R66.
fn scope(facts: &Facts) -> Option<Finding> {
    let error = facts.challenge("error");
    let said = facts.said();
    let by_body = !facts.is_token()
        && facts.answer.status == 403
        && (said.contains("insufficient_scope") || said.contains("insufficient scope"));
    if facts.is_token() || (error.as_deref() != Some("insufficient_scope") && !by_body) {
        return None;
    }
    let needed = facts.challenge("scope").unwrap_or_else(|| "another scope".to_owned());
    let had = if facts.token.scope.is_empty() { "none" } else { &facts.token.scope };
    let mut found = proven(
        "token.insufficient_scope",
        format!("The request needs the scope `{needed}`; the token has `{had}`."),
        "Add the scope to the credential, if the API's owner allows it.",
        ("RFC 6750", "3.1"),
    )?;
    found.values = vec![Fact::new("needed", needed.clone()), Fact::new("had", had)];
    Some(found)
}

/// R75.
fn other_server(facts: &Facts) -> Option<Finding> {
    let metadata = facts.challenge("resource_metadata")?;
    let host = |url: &str| url.split("://").nth(1).unwrap_or(url).split('/').next().unwrap_or_default().to_owned();
    if facts.server.issuer.is_empty() || !facts.token.sent || host(&metadata) == host(&facts.request.url) {
        return None;
    }
    likely(
        "resource.other_server",
        format!("The API names another authority: {metadata}."),
        "Read there which authorization server it takes tokens of.",
        ("RFC 9728", "5.1"),
    )
}

/// R65.
fn invalid(facts: &Facts) -> Option<Finding> {
    if facts.is_token() || !facts.token.sent {
        return None;
    }
    let error = facts.challenge("error").unwrap_or_default();
    let said = facts.said();
    let about = error == "invalid_token" || said.contains("invalid_token");
    if facts.answer.status != 401 || !about {
        return None;
    }
    let text = facts.challenge("error_description").unwrap_or_else(|| facts.answer.description.clone());
    let quoted = if text.is_empty() { String::new() } else { format!(": “{text}”") };
    if said.contains("expired") {
        return proven(
            "token.expired",
            format!("The server says the token expired{quoted}."),
            "Renew the token; Countersign does so once by itself.",
            ("RFC 6750", "3.1"),
        );
    }
    if said.contains("revoked") || said.contains("inactive") || said.contains("not active") {
        return proven(
            "token.revoked",
            format!("The server says the token is revoked{quoted}."),
            "Obtain a new token; ask the API's owner why it was revoked.",
            ("RFC 6750", "3.1"),
        );
    }
    likely(
        "token.invalid",
        format!("The server did not accept the token{quoted}."),
        "Compare issuer and audience of the token with what this API wants; introspect it.",
        ("RFC 6750", "3.1"),
    )
}

/// R71.
fn media_type(facts: &Facts) -> Option<Finding> {
    if facts.is_token() || !matches!(facts.answer.status, 406 | 415) {
        return None;
    }
    let sent = if facts.request.content_type.is_empty() { "none" } else { &facts.request.content_type };
    likely(
        "resource.media_type",
        format!("The API wants another media type than `{sent}`."),
        "Send the vendor's media type in Content-Type and Accept.",
        ("RFC 9110", "15.5.16"),
    )
}

/// R72.
fn field(facts: &Facts) -> Option<Finding> {
    if facts.is_token() || !matches!(facts.answer.status, 400..=403 | 422) || facts.challenge("error").is_some() {
        return None;
    }
    let said = facts.said();
    let named = [
        "financial-id",
        "unique-reference-code",
        "chain-id",
        "channel-id",
        "x-fapi-interaction-id",
        "x-fapi-financial-id",
        "x-idempotency-key",
    ]
    .into_iter()
    .find(|name| said.contains(*name) || said.contains(&name.replace('-', "_")));
    let missing =
        facts.profile.wanted_fields.keys().find(|name| !facts.request.fields.contains(name)).map(String::as_str);
    let name = named.or(missing)?;
    if facts.request.fields.iter().any(|sent| sent == name) && named.is_none() {
        return None;
    }
    likely(
        "resource.field_missing",
        format!("The API wants the field {name}."),
        "Add it to the request; the API's owner says what it holds.",
        ("RFC 9110", "5.1"),
    )
}

/// R73.
fn firewall(facts: &Facts) -> Option<Finding> {
    if facts.is_token() || facts.answer.status != 403 || !facts.challenges().is_empty() {
        return None;
    }
    let page = facts.answer.kind == "HTML";
    let cdn = facts.field("cf-ray").is_some()
        || facts.field("x-amzn-waf-action").is_some()
        || facts.field("server").is_some_and(|s| s.contains("AkamaiGHost"));
    if !page && !cdn {
        return None;
    }
    likely(
        "resource.firewall",
        "A web page answered 403: a firewall or an address list stands in front of the API.",
        "Ask the API's owner whether this machine's address must be listed.",
        ("RFC 9110", "15.5.4"),
    )
}

/// R63.
fn without_reason(facts: &Facts) -> Option<Finding> {
    if facts.is_token() || facts.answer.status != 401 || facts.challenge("error").is_some() {
        return None;
    }
    let schemes = facts.challenges();
    if !schemes.is_empty() && !schemes.iter().any(|c| c.is("Bearer") || c.is("DPoP")) {
        return None;
    }
    if facts.said().contains("invalid_token") {
        return None;
    }
    if !facts.token.sent {
        return proven(
            "token.not_sent",
            "The request was sent without a token.",
            "Choose a credential under Authorization.",
            ("RFC 6750", "3.1"),
        );
    }
    likely(
        "token.refused_without_reason",
        "The server refused the token and gave no reason.",
        "Obtain a new token and compare; then ask the API's owner.",
        ("RFC 6750", "3"),
    )
}

/// R64.
fn other_scheme(facts: &Facts) -> Option<Finding> {
    if facts.is_token() || facts.answer.status != 401 {
        return None;
    }
    let all = facts.challenges();
    let first = all.first().filter(|_| !all.iter().any(|c| c.is("Bearer") || c.is("DPoP") || c.is("Signature")))?;
    proven(
        "resource.other_scheme",
        format!("The API asks for {}, not for a token.", first.scheme),
        "Send what this scheme wants; a token may belong to another address.",
        ("RFC 9110", "11.6.1"),
    )
}

/// R94.
fn unverified(facts: &Facts) -> Option<Finding> {
    if !facts.profile.unverified || facts.answer.status < 400 {
        return None;
    }
    super::possible(
        "profile.unverified",
        "Nobody verified who answered: verification is off for this host.",
        "Trust the CA of this host instead.",
        ("RFC 9325", "4"),
    )
}
