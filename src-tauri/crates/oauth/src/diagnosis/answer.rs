//! R19 to R36: what the token endpoint answered.

use countersign_evidence::{Fact, Finding};
use serde_json::Value;

use super::facts::{Facts, has_word};
use super::{Rule, likely, proven};

pub(super) const RULES: &[Rule] = &[
    Rule { number: 26, judge: renewed_elsewhere },
    Rule { number: 32, judge: vendor },
    Rule { number: 31, judge: not_json },
    Rule { number: 30, judge: limited },
    Rule { number: 27, judge: device },
    Rule { number: 28, judge: proof },
    Rule { number: 29, judge: request_uri },
    Rule { number: 19, judge: grant_not_allowed },
    Rule { number: 20, judge: grant_not_offered },
    Rule { number: 21, judge: scope },
    Rule { number: 23, judge: target },
    Rule { number: 24, judge: code },
    Rule { number: 25, judge: refresh },
    Rule { number: 22, judge: narrowed },
    Rule { number: 33, judge: kind },
    Rule { number: 34, judge: life },
    Rule { number: 35, judge: refresh_not_needed },
    Rule { number: 36, judge: cacheable },
    Rule { number: 96, judge: other },
];

fn error<'a>(facts: &'a Facts, wanted: &[&str]) -> Option<&'a str> {
    let error = facts.answer.error.as_str();
    (facts.is_token() && wanted.contains(&error)).then_some(error)
}

/// The words of the other side as a quotation.
fn quoted(facts: &Facts) -> String {
    let text = facts.answer.description.trim().trim_end_matches('.');
    if text.is_empty() { String::new() } else { format!(": “{text}”") }
}

fn with_error(facts: &Facts, found: Option<Finding>) -> Option<Finding> {
    let mut found = found?;
    if !facts.answer.error.is_empty() {
        found.values.push(Fact::new("error", facts.answer.error.clone()));
    }
    Some(found)
}

/// R26.
fn renewed_elsewhere(facts: &Facts) -> Option<Finding> {
    error(facts, &["invalid_grant"]).filter(|_| facts.around.renewed_elsewhere)?;
    proven(
        "token.renewed_elsewhere",
        "Another process renewed with the same refresh token in between.",
        "Send again: the newer token is adopted.",
        ("RFC 9700", "4.14.2"),
    )
}

/// Codes of vendors, and what they mean.
const VENDORS: [(&str, &str, &str, &str); 18] = [
    (
        "AADSTS7000215",
        "client.refused_by_vendor",
        "Entra ID does not take the secret's value: often its id was copied, not its value, or it has expired.",
        "Copy the value of a client secret that is valid; the id beside it is none.",
    ),
    (
        "AADSTS7000222",
        "client.secret_expired",
        "Entra ID says that the client secret has expired.",
        "Add a new client secret to the application.",
    ),
    (
        "AADSTS700016",
        "client.other_tenant",
        "Entra ID knows no application of this client_id in this tenant.",
        "Compare client_id and tenant; the application may need consent there.",
    ),
    ("AADSTS90002", "client.other_tenant", "Entra ID knows no such tenant.", "Compare the tenant in the address."),
    (
        "AADSTS1002012",
        "token.invalid_scope",
        "Entra ID wants the scope of client credentials to be an API's id with /.default.",
        "Ask for `api://…/.default`.",
    ),
    (
        "AADSTS70011",
        "token.invalid_scope",
        "Entra ID does not know the scope.",
        "Ask for a scope of the API, such as `api://…/.default`.",
    ),
    (
        "AADSTS500011",
        "token.unknown_audience",
        "Entra ID knows no API of this name in this tenant.",
        "Compare the resource or the scope's API.",
    ),
    (
        "AADSTS50173",
        "token.invalid_grant",
        "Entra ID has revoked the grant: a password changed, or an administrator did.",
        "Sign in again.",
    ),
    (
        "AADSTS53003",
        "resource.policy",
        "A conditional access policy of Entra ID blocks the token.",
        "Ask the tenant's administrator which condition is not met.",
    ),
    (
        "999912",
        "token.expired",
        "The platform says that the token expired (999912).",
        "Renew the token; Countersign does so once by itself.",
    ),
    (
        "999913",
        "token.invalid",
        "The platform says that the token is invalid (999913).",
        "Obtain a new token; compare the environment of key and address.",
    ),
    (
        "999911",
        "resource.field_missing",
        "The platform says that the Chain-ID is invalid (999911).",
        "Send the Chain-ID that the platform gave you.",
    ),
    (
        "900901",
        "token.invalid",
        "WSO2 says that the credentials are invalid (900901).",
        "Obtain a new token for this API's environment.",
    ),
    (
        "900902",
        "token.not_sent",
        "WSO2 found no credentials in the request (900902).",
        "Send Authorization: Bearer; a proxy may have dropped it.",
    ),
    (
        "900908",
        "resource.not_subscribed",
        "WSO2 says that the application may not use this API (900908).",
        "Subscribe the application to the API, in the environment of the token.",
    ),
    (
        "keymanagement.service.access_token_expired",
        "token.expired",
        "Apigee says that the token expired.",
        "Renew the token; Countersign does so once by itself.",
    ),
    (
        "keymanagement.service.InvalidAPICallAsNoApiProductMatchFound",
        "resource.not_subscribed",
        "Apigee says that no API product of this client holds this resource.",
        "Ask the API's owner to add the product, and compare host and path.",
    ),
    (
        "900910",
        "token.insufficient_scope",
        "WSO2 says that the token may not reach this resource (900910).",
        "Subscribe the application to the API, or ask for the scope.",
    ),
];

/// R32.
fn vendor(facts: &Facts) -> Option<Finding> {
    let text = format!("{} {}", facts.answer.error, facts.answer.description);
    // the digits of a code also stand in the trace identifiers that vendors add
    if let Some((_, id, sentence, fix)) = VENDORS.iter().find(|(code, ..)| has_word(&text, code)) {
        if *id == "token.not_sent" && facts.request.authorization_dropped {
            return None;
        }
        return with_error(facts, proven(id, *sentence, *fix, ("RFC 6749", "5.2")));
    }
    let fault = facts.answer.description.to_ascii_lowercase();
    if fault.contains("invalid apikey") || fault.contains("failed to resolve api key") {
        return proven(
            "resource.api_key",
            "The gateway in front of the API wants an API key, and does not take the one that came, or none came.",
            "Send the API key in the field that its owner names; it is not the token.",
            ("RFC 9110", "11.6"),
        );
    }
    None
}

/// R31.
fn not_json(facts: &Facts) -> Option<Finding> {
    let status = facts.answer.status;
    if !facts.is_token() || (300..400).contains(&status) {
        return None;
    }
    if facts.answer.no_token && !facts.answer.error.is_empty() && status < 300 {
        return proven(
            "token.error_with_success",
            format!("The answer is {status} and holds an error{}.", quoted(facts)),
            "Read the error; the recipe can say where code and message stand.",
            ("RFC 6749", "5.2"),
        );
    }
    if facts.answer.no_token {
        return proven(
            "token.missing",
            format!("The answer is {status} and holds no access token."),
            "Check the recipe: where in the answer the token stands.",
            ("RFC 6749", "5.1"),
        );
    }
    let (what, fix) = match facts.answer.kind.as_str() {
        "HTML" if status == 403 => {
            return likely(
                "resource.firewall",
                "A web page answered 403: a firewall or an address list stands in front of the token endpoint.",
                "Ask the server's operator whether this machine's address must be listed.",
                ("RFC 9110", "15.5.4"),
            );
        }
        "HTML" => {
            ("a web page", "Check the token endpoint: a proxy, a firewall or a sign-in page answered in its place.")
        }
        "empty" if status == 403 => {
            return likely(
                "resource.firewall",
                "An empty 403 answered: nothing that speaks OAuth, but something in front of it.",
                "Ask the server's operator whether this machine's address must be listed.",
                ("RFC 9110", "15.5.4"),
            );
        }
        "empty" if status == 401 || status >= 500 => return None,
        "empty" => ("nothing", "Check the token endpoint, and ask its operator what it answers."),
        "gzip" => {
            ("compressed bytes that are not announced as such", "Tell the operator: Content-Encoding is missing.")
        }
        "text" => ("text that is not JSON", "Check the token endpoint, and ask its operator what it answers."),
        _ => return None,
    };
    proven(
        "token.not_json",
        format!("The token endpoint answered {status} with {what} instead of JSON."),
        fix,
        ("RFC 6749", "5.1"),
    )
}

/// R30.
fn limited(facts: &Facts) -> Option<Finding> {
    let wait = facts.field("retry-after").map_or(String::new(), |after| format!(" It says to wait: {after}."));
    let status = facts.answer.status;
    if status == 429 {
        let id = if facts.is_token() { "token.rate_limited" } else { "resource.rate_limited" };
        let sentence = format!("The server limits how often it may be asked.{wait}");
        return proven(id, sentence, "Wait as long as Retry-After says.", ("RFC 9110", "10.2.3"));
    }
    if !facts.is_token() && status == 403 && facts.field("retry-after").is_some() && facts.challenges().is_empty() {
        return likely(
            "resource.rate_limited",
            format!("The API answered 403 and says when to come again: it limits how often it may be asked.{wait}"),
            "Wait as long as Retry-After says.",
            ("RFC 9110", "10.2.3"),
        );
    }
    if facts.is_token() && status >= 500 && facts.answer.kind != "HTML" {
        let sentence = format!("The authorization server failed: {status}.{wait}");
        return proven("token.server_error", sentence, "Try again later; nothing is wrong here.", ("RFC 9110", "15.6"));
    }
    None
}

/// R27.
fn device(facts: &Facts) -> Option<Finding> {
    let word = error(facts, &["authorization_pending", "slow_down", "expired_token", "access_denied"])?;
    let person = facts.request.grant.ends_with("device_code") || facts.request.grant == "authorization_code";
    if word == "access_denied" && !person {
        // no person takes part: Auth0 and others refuse the client's right to this API so
        let found = likely(
            "token.unknown_audience",
            format!("The server gives this client no token for this API{}.", quoted(facts)),
            "Compare the audience with what the API's owner documents, and ask them to allow this client.",
            ("RFC 8707", "2"),
        );
        return with_error(facts, found);
    }
    let (id, sentence, fix) = match word {
        "authorization_pending" => (
            "token.authorization_pending",
            "Nobody has allowed it yet.",
            "Enter the code; it is asked again by itself.",
        ),
        "slow_down" => {
            ("token.slow_down", "The server wants to be asked less often.", "The interval grows by five seconds.")
        }
        "expired_token" => {
            ("token.device_code_expired", "The code was not entered in time.", "Start the sign-in again.")
        }
        _ => ("token.access_denied", "The person said no.", "Sign in again, and allow it."),
    };
    proven(id, sentence, fix, ("RFC 8628", "3.5"))
}

/// R28.
fn proof(facts: &Facts) -> Option<Finding> {
    let challenge = facts.challenge("error").unwrap_or_default();
    // a proof that was seen before is invalid_grant at some servers, and only the words tell
    let hidden = (facts.answer.error == "invalid_grant" && facts.says("dpop")).then_some("invalid_dpop_proof");
    let named = [facts.answer.error.as_str(), challenge.as_str()].into_iter().find(|w| w.contains("dpop"));
    let word = named.or(hidden)?;
    if word == "use_dpop_nonce" {
        return proven(
            "token.dpop_nonce",
            "The server wants its nonce in the proof of possession.",
            "It is put in by itself, once; a second refusal means that a proxy drops the DPoP-Nonce field.",
            ("RFC 9449", "8"),
        );
    }
    let said = facts.said();
    let (sentence, fix) = match () {
        () if facts.says("iat") || said.contains("expired") => {
            ("The proof's time is not the server's.", "Set this computer's clock.")
        }
        () if facts.says("htu") => (
            "The proof is for another address than the server saw.",
            "A proxy rewrites host or path; ask the operator.",
        ),
        () if facts.says("jti") || said.contains("replay") || facts.says("used") => {
            ("The proof was seen before.", "Send again: each request has its own; a proxy may repeat requests.")
        }
        () if facts.says("ath") => ("The proof is for another token.", "Obtain a new token."),
        () => (
            "The server does not take the proof of possession.",
            "Compare algorithm and key with what the server's metadata names.",
        ),
    };
    likely("token.dpop_proof", sentence, fix, ("RFC 9449", "4.3"))
}

/// R29.
fn request_uri(facts: &Facts) -> Option<Finding> {
    error(facts, &["invalid_request_uri"])?;
    likely(
        "token.request_uri",
        "The pushed request was used already, or its time is over.",
        "Sign in again.",
        ("RFC 9126", "2.2"),
    )
}

/// R19.
fn grant_not_allowed(facts: &Facts) -> Option<Finding> {
    error(facts, &["unauthorized_client"])?;
    let found = likely(
        "client.grant_not_allowed",
        format!("This client may not use the grant {}.", facts.request.grant),
        "Ask the API's owner to enable the grant for this client.",
        ("RFC 6749", "5.2"),
    );
    with_error(facts, found)
}

/// R20.
fn grant_not_offered(facts: &Facts) -> Option<Finding> {
    error(facts, &["unsupported_grant_type"])?;
    let offers = &facts.server.grants;
    let fix = if offers.is_empty() {
        "Choose a grant the server's metadata lists.".to_owned()
    } else {
        format!("It offers {}.", offers.join(", "))
    };
    let sentence = format!("The server does not offer the grant {}.", facts.request.grant);
    with_error(facts, proven("token.unsupported_grant_type", sentence, fix, ("RFC 6749", "5.2")))
}

/// R21.
fn scope(facts: &Facts) -> Option<Finding> {
    error(facts, &["invalid_scope"])?;
    let known = &facts.server.scopes;
    let unknown: Vec<&str> = facts
        .request
        .scope
        .split(' ')
        .filter(|s| !s.is_empty() && !known.is_empty() && !known.iter().any(|k| k == s))
        .collect();
    let sentence = if unknown.is_empty() {
        format!("The server refused the scope `{}`{}.", facts.request.scope, quoted(facts))
    } else {
        format!("The server does not list the scope `{}`.", unknown.join(" "))
    };
    let fix = "Ask only for scopes this client was given.";
    with_error(facts, proven("token.invalid_scope", sentence, fix, ("RFC 6749", "5.2")))
}

/// R23.
fn target(facts: &Facts) -> Option<Finding> {
    error(facts, &["invalid_target", "invalid_resource"])?;
    let asked = if facts.request.audience.is_empty() { "none" } else { &facts.request.audience };
    let found = likely(
        "token.unknown_audience",
        format!("The server gives no token for this API: asked for was `{asked}`."),
        "Compare audience or resource with what the API's owner documents, to the last slash.",
        ("RFC 8707", "2"),
    );
    with_error(facts, found)
}

/// R24.
fn code(facts: &Facts) -> Option<Finding> {
    error(facts, &["invalid_grant"]).filter(|_| facts.request.grant == "authorization_code" && !facts.says("dpop"))?;
    let said = facts.said();
    let (sentence, fix) = match () {
        () if said.contains("pkce") || said.contains("verifier") => (
            "The code verifier does not fit the challenge.",
            "Sign in again; a proxy or another window may have taken part.",
        ),
        () if said.contains("redirect") => {
            ("The redirect URI is not the one of the sign-in.", "Register http://127.0.0.1 for this client, any port.")
        }
        () => ("The code was used, is older than the server allows, or belongs to another client.", "Sign in again."),
    };
    with_error(facts, likely("token.code_refused", sentence, fix, ("RFC 6749", "5.2")))
}

/// R25.
fn refresh(facts: &Facts) -> Option<Finding> {
    error(facts, &["invalid_grant"])
        .filter(|_| facts.request.grant != "authorization_code" && facts.client.assertion.is_empty())?;
    let said = facts.said();
    let (sentence, fix) = match () {
        () if said.contains("stale") => (
            "The refresh token was rotated: a newer one was issued for it.",
            "Sign in again; two programs must not share one refresh token.",
        ),
        () if said.contains("not active") || said.contains("session") => {
            ("The session behind the refresh token is over.", "Sign in again.")
        }
        () if facts.request.grant == "refresh_token" => (
            "The refresh token is spent, revoked or expired.",
            "Obtain a new token; the refresh token is not used again.",
        ),
        () => (
            "The server does not take what was shown for the token.",
            "Compare assertion or token with what the server expects.",
        ),
    };
    with_error(facts, likely("token.invalid_grant", sentence, fix, ("RFC 6749", "5.2")))
}

/// R22.
fn narrowed(facts: &Facts) -> Option<Finding> {
    let granted = facts.answer.members.get("scope").and_then(Value::as_str)?;
    if !facts.is_token() || facts.request.scope.is_empty() {
        return None;
    }
    let missing: Vec<&str> =
        facts.request.scope.split(' ').filter(|asked| !granted.split(' ').any(|has| has == *asked)).collect();
    if missing.is_empty() {
        return None;
    }
    proven(
        "token.scope_narrowed",
        format!("Less scope was granted than was asked for: `{}` is missing.", missing.join(" ")),
        "Ask the API's owner to grant it to this client.",
        ("RFC 6749", "5.1"),
    )
}

/// R33.
fn kind(facts: &Facts) -> Option<Finding> {
    let kind = facts.answer.members.get("token_type")?.as_str()?;
    if ["", "bearer", "dpop"].iter().any(|known| kind.eq_ignore_ascii_case(known)) {
        return None;
    }
    proven(
        "token.type_unknown",
        format!("The token type is `{kind}`, which is none; the token is sent as Bearer."),
        "Tell the operator.",
        ("RFC 6749", "7.1"),
    )
}

/// R34.
fn life(facts: &Facts) -> Option<Finding> {
    let value = facts.answer.members.get("expires_in")?;
    let sentence = match value {
        Value::String(text) => format!("expires_in is the text {text:?}, not a number."),
        Value::Number(number) => match number.as_f64()? {
            n if n <= 0.0 => format!("expires_in is {number}: the token is dead when it comes."),
            n if n > 1e9 => format!("expires_in is {number}: a moment, or milliseconds, not a life in seconds."),
            n if n.fract() != 0.0 => format!("expires_in is {number}, not a whole number of seconds."),
            n if n > 604_800.0 && n % 1000.0 == 0.0 => {
                return likely(
                    "token.expires_in_odd",
                    format!("expires_in is {number}: {:.0} days, or milliseconds.", n / 86_400.0),
                    "Compare it with exp of the token, and choose the unit in the recipe.",
                    ("RFC 6749", "5.1"),
                );
            }
            _ => return None,
        },
        other => format!("expires_in is {other}."),
    };
    let fix = "Choose the unit in the recipe; tell the operator.";
    proven("token.expires_in_odd", sentence, fix, ("RFC 6749", "5.1"))
}

/// R35.
fn refresh_not_needed(facts: &Facts) -> Option<Finding> {
    let came = facts.answer.members.get("refresh_token").is_some();
    if !came || facts.request.grant != "client_credentials" {
        return None;
    }
    proven(
        "token.refresh_not_needed",
        "A refresh token came with client credentials; it is not needed.",
        "The next token is asked for with the client's own credentials.",
        ("RFC 6749", "4.4.3"),
    )
}

/// R36.
fn cacheable(facts: &Facts) -> Option<Finding> {
    let success = facts.is_token() && facts.answer.status == 200 && !facts.answer.members.is_empty();
    if !success || facts.field("cache-control").is_some_and(|value| value.contains("no-store")) {
        return None;
    }
    proven(
        "token.cacheable",
        "The answer may be stored by caches: Cache-Control: no-store is missing.",
        "Tell the operator.",
        ("RFC 6749", "5.1"),
    )
}

/// What no other rule reads: the words themselves.
fn other(facts: &Facts) -> Option<Finding> {
    const READ: [&str; 18] = [
        "invalid_client",
        "invalidCredentials",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
        "invalid_grant",
        "invalid_target",
        "invalid_resource",
        "authorization_pending",
        "slow_down",
        "expired_token",
        "access_denied",
        "use_dpop_nonce",
        "invalid_dpop_proof",
        "invalid_request_uri",
        "temporarily_unavailable",
        "server_error",
        "unauthorized",
    ];
    let error = facts.answer.error.as_str();
    if !facts.is_token()
        || facts.is_odd()
        || facts.answer.status < 400
        || facts.answer.no_token
        || READ.contains(&error)
    {
        return None;
    }
    if error.is_empty() && (facts.answer.status == 401 || facts.answer.status == 404 || facts.answer.status == 405) {
        return None;
    }
    if error == "invalid_request" {
        let sentence = format!("The server could not read the request{}.", quoted(facts));
        let fix = "Compare the request with what the API's owner documents.";
        return with_error(facts, likely("token.invalid_request", sentence, fix, ("RFC 6749", "5.2")));
    }
    let (sentence, fix) = if error.is_empty() {
        (
            format!("The token endpoint answered {}{}.", facts.answer.status, quoted(facts)),
            "Compare the request with what the API's owner documents.",
        )
    } else {
        (
            format!("The server refused with `{error}`{}.", quoted(facts)),
            "See the server's documentation for this code.",
        )
    };
    with_error(facts, likely("token.refused", sentence, fix, ("RFC 6749", "5.2")))
}
