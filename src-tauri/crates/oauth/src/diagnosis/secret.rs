//! R1 to R5, R14, R16: the secret and the client, as far as they can be looked at without judging them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_evidence::{Fact, Finding};
use countersign_secret::Secret;

use super::facts::Facts;
use super::{Rule, likely, possible, proven};
use crate::encoding_matters;

pub(super) const RULES: &[Rule] = &[
    Rule { number: 3, judge: encoded_twice },
    Rule { number: 4, judge: scheme_in_secret },
    Rule { number: 1, judge: white_space },
    Rule { number: 5, judge: swapped },
    Rule { number: 14, judge: not_sendable },
    Rule { number: 2, judge: basic_encoding },
    Rule { number: 16, judge: refused },
    Rule { number: 17, judge: certificate },
    Rule { number: 18, judge: assertion },
];

/// Whether a refusal may be about the secret that was sent.
fn about_secret(facts: &Facts) -> bool {
    let unreadable = facts.is_token() && facts.answer.error == "invalid_request" && facts.client.secret.is_some();
    let by_secret = !matches!(
        facts.client.method.as_str(),
        "private_key_jwt" | "tls_client_auth" | "self_signed_tls_client_auth" | "none"
    );
    // a client that is locked for a while may have the right one by now
    by_secret && facts.answer.status != 429 && (facts.client_refused() || (unreadable && !facts.is_odd()))
}

fn text(facts: &Facts) -> Option<&str> {
    facts.client.secret.as_ref().map(|secret| secret.expose_secret().as_str()).filter(|_| about_secret(facts))
}

fn is_verbatim(facts: &Facts) -> bool {
    facts.client.encoding == "verbatim" || facts.request.recipe == "ngenius"
}

/// R3: base64 of `id:secret`, encoded again.
fn encoded_twice(facts: &Facts) -> Option<Finding> {
    let text = text(facts)?;
    if is_verbatim(facts) || !is_pair(text) {
        return None;
    }
    proven(
        "client.key_encoded_twice",
        "The stored secret is already base64 of an id and a secret, and was encoded again.",
        "Send it verbatim: choose the basic encoding `verbatim`, or the recipe of the vendor.",
        ("RFC 7617", "2"),
    )
}

/// Whether base64 of printable `id:secret`.
fn is_pair(text: &str) -> bool {
    let Ok(bytes) = STANDARD.decode(text.trim()) else { return false };
    let Ok(decoded) = String::from_utf8(bytes).map(Secret::new) else { return false };
    let text = decoded.expose_secret();
    let printable = text.len() >= 8 && text.chars().all(|c| c.is_ascii_graphic());
    printable && text.split_once(':').is_some_and(|(id, secret)| id.len() >= 3 && secret.len() >= 3)
}

/// R4: `Basic` or `Bearer` pasted with the value.
fn scheme_in_secret(facts: &Facts) -> Option<Finding> {
    let text = text(facts)?.trim_start();
    let scheme = ["basic ", "bearer "]
        .iter()
        .any(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    if !scheme {
        return None;
    }
    proven(
        "client.scheme_in_secret",
        "The stored secret begins with the name of an authentication scheme.",
        "Replace the secret by what stands behind the scheme.",
        ("RFC 9110", "11.4"),
    )
}

/// What a character at an end is called, when it is none a secret has.
fn odd(c: char) -> Option<&'static str> {
    Some(match c {
        '\n' | '\r' => "a line break",
        ' ' => "a space",
        '\t' => "a tab",
        '\u{feff}' => "a byte order mark",
        '\u{a0}' => "a no-break space",
        '\u{200b}'..='\u{200d}' => "a zero-width character",
        '\u{2018}' | '\u{2019}' | '\u{201c}' | '\u{201d}' => "a typographic quote",
        '"' => "a quote",
        _ => return None,
    })
}

/// R1: a character at an end that nobody means.
fn white_space(facts: &Facts) -> Option<Finding> {
    let text = text(facts)?;
    let ends = [(text.chars().next_back(), "ends", "last"), (text.chars().next(), "begins", "first")];
    let (name, word, place) = ends.into_iter().find_map(|(c, word, place)| Some((odd(c?)?, word, place)))?;
    proven(
        "client.secret_whitespace",
        format!("The stored secret {word} with {name}."),
        format!("Replace the secret without its {place} character."),
        ("RFC 6749", "A.2"),
    )
}

/// R5: one half is empty, or the id looks like a secret and the secret like an id.
fn swapped(facts: &Facts) -> Option<Finding> {
    let secret = facts.client.secret.as_ref().filter(|_| about_secret(facts))?;
    if is_verbatim(facts) {
        return None;
    }
    let (id, secret) = (facts.client.id.as_str(), secret.expose_secret().as_str());
    if id.is_empty() || secret.is_empty() {
        let half = if id.is_empty() { "client_id" } else { "secret" };
        return proven(
            "client.half_empty",
            format!("The {half} is empty."),
            "Enter what the API's owner gave you.",
            ("RFC 6749", "2.3.1"),
        );
    }
    let wordy = |text: &str| {
        text.len() < 40
            && text.split(['-', '_']).filter(|w| w.len() > 2 && w.chars().all(|c| c.is_ascii_lowercase())).count() >= 2
    };
    // a name that a person made has words between its dashes, in whatever case
    let named = |text: &str| {
        text.split(['-', '_', '.']).filter(|w| w.len() > 2 && w.chars().all(|c| c.is_ascii_alphabetic())).count() >= 2
    };
    let random = |text: &str| {
        text.len() >= 24
            && text.chars().any(|c| c.is_ascii_digit())
            && text.chars().any(|c| c.is_ascii_uppercase())
            && !named(text)
    };
    if !(random(id) && wordy(secret)) {
        return None;
    }
    likely(
        "client.halves_swapped",
        "The client_id looks like a secret, and the secret like a client_id.",
        "Exchange the two.",
        ("RFC 6749", "2.3.1"),
    )
}

/// R14: characters outside of VSCHAR.
fn not_sendable(facts: &Facts) -> Option<Finding> {
    let text = text(facts)?;
    let odd = text.trim().chars().find(|c| !matches!(c, ' '..='~') && odd(*c).is_none())?;
    let kind = if odd.is_control() { "a control character" } else { "a character outside of ASCII" };
    proven(
        "client.secret_not_ascii",
        format!("The stored secret has {kind}; RFC 6749 allows printable ASCII alone."),
        "Replace the secret: it was changed on its way here, or has to be issued anew.",
        ("RFC 6749", "A.2"),
    )
}

/// R2: form or raw.
fn basic_encoding(facts: &Facts) -> Option<Finding> {
    let secret = facts.client.secret.as_ref().filter(|_| about_secret(facts))?;
    let basic = matches!(facts.client.method.as_str(), "" | "client_secret_basic");
    if !basic || is_verbatim(facts) || !encoding_matters(&facts.client.id, secret) {
        return None;
    }
    // what is at an end is another cause
    if secret.expose_secret().chars().any(|c| odd(c).is_some() && c != ' ') || white_space(facts).is_some() {
        return None;
    }
    let raw = facts.client.encoding == "raw";
    let (sent, other) = if raw { ("raw", "form-encoded") } else { ("form-encoded", "raw") };
    let sentence =
        format!("The id or secret has special characters, was sent {sent}, and the server may want it {other}.");
    let fix = format!("Choose the basic encoding `{}` and send again.", if raw { "form" } else { "raw" });
    let citation = ("RFC 6749", "2.3.1");
    if facts.said().contains("encod") {
        likely("client.basic_encoding", sentence, fix, citation)
    } else {
        possible("client.basic_encoding", sentence, fix, citation)
    }
}

/// R16: what was sent, and that it was refused.
fn refused(facts: &Facts) -> Option<Finding> {
    if !facts.client_refused() || facts.answer.error == "unauthorized" {
        return None;
    }
    let method = if facts.client.method.is_empty() { "client_secret_basic" } else { &facts.client.method };
    let methods = &facts.server.methods;
    if !methods.is_empty() && !methods.iter().any(|known| known == method) {
        return likely(
            "client.method_not_offered",
            format!("The client proved itself by {method}; the server offers {}.", methods.join(", ")),
            "Choose one of these as client authentication.",
            ("RFC 8414", "2"),
        );
    }
    if facts.answer.status == 400 && facts.answer.error == "invalid_client" {
        return likely(
            "client.method_not_allowed",
            format!("The server answered invalid_client with 400: {method} is not what this client is registered for."),
            "Ask the API's owner which client authentication the client has.",
            ("RFC 6749", "5.2"),
        );
    }
    let id = &facts.client.id;
    let sentence = match method {
        "private_key_jwt" | "client_secret_jwt" => {
            format!("The server knows no key of `{id}` that fits the assertion, or refuses what it says.")
        }
        "tls_client_auth" | "self_signed_tls_client_auth" => {
            format!("The server does not take the certificate that was sent for `{id}`.")
        }
        "none" => format!("The server does not know `{id}` as a public client."),
        _ if is_verbatim(facts) => "The server does not take this key.".to_owned(),
        _ => format!(
            "The server refused `{id}` with what was sent for it; what can be seen of it here is listed as ruled out."
        ),
    };
    let mut found = possible(
        "client.refused",
        sentence,
        "Compare id, proof and environment with what the API's owner gave you.",
        ("RFC 6749", "5.2"),
    )?;
    if !facts.answer.error.is_empty() {
        found.values.push(Fact::new("error", facts.answer.error.clone()));
    }
    Some(found)
}

/// R17: the client's certificate decides, and what we sent is known.
fn certificate(facts: &Facts) -> Option<Finding> {
    if !facts.client_refused() || !facts.client.method.ends_with("tls_client_auth") {
        return None;
    }
    match facts.client.certificate_sent {
        Some(false) => proven(
            "client.certificate_not_sent",
            "The client proves itself by a certificate, and none was sent in the handshake.",
            "Import the client certificate into this credential; look whether the server asked for one, and whether a \
             proxy stands in between.",
            ("RFC 8705", "2"),
        ),
        Some(true) => likely(
            "client.certificate_unknown",
            "A certificate was sent; the server does not have it, or its subject, registered for this client.",
            "Compare subject and fingerprint with the registration.",
            ("RFC 8705", "2.1"),
        ),
        None => None,
    }
}

/// R18: what the assertion says, held against what the server wants.
fn assertion(facts: &Facts) -> Option<Finding> {
    let says = &facts.client.assertion;
    if says.is_empty() || !(facts.client_refused() || facts.answer.error == "invalid_grant") {
        return None;
    }
    let number = |name: &str| says.get(name).and_then(serde_json::Value::as_i64);
    let text = |name: &str| says.get(name).and_then(serde_json::Value::as_str);
    let now = facts.server_now();
    let citation = ("RFC 7523", "3");
    if let Some(exp) = number("exp").filter(|exp| *exp <= now) {
        return proven(
            "client.assertion_expired",
            format!("The assertion was dead {} s before it arrived, {}.", now - exp, facts.by_clock()),
            "Set this computer's clock; Countersign corrects for it once it has seen the server's.",
            citation,
        );
    }
    if number("iat").is_some_and(|iat| iat > now + 30) || number("nbf").is_some_and(|nbf| nbf > now + 30) {
        return proven(
            "client.assertion_early",
            format!("The assertion begins in the future, {}.", facts.by_clock()),
            "Set this computer's clock.",
            citation,
        );
    }
    if number("exp").is_some_and(|exp| exp > now + 300) {
        return likely(
            "client.assertion_too_long",
            "The assertion lives longer than five minutes, which many servers refuse.",
            "Let it live a minute.",
            citation,
        );
    }
    if facts.client_refused() && text("iss").is_some_and(|iss| iss != facts.client.id) {
        return proven(
            "client.assertion_issuer",
            "The assertion's iss is not the client_id.",
            "Both iss and sub are the client_id.",
            citation,
        );
    }
    if !facts.server.issuer.is_empty() && (facts.says("aud") || facts.says("audience")) {
        return likely(
            "client.assertion_audience",
            "The server does not take the audience of the assertion.",
            "Choose another audience: the issuer, the token endpoint, or both.",
            citation,
        );
    }
    None
}

/// What was looked at and is not the cause.
pub(super) fn ruled_out(facts: &Facts) -> Vec<String> {
    let mut out = Vec::new();
    let Some(text) = text(facts) else { return out };
    if white_space(facts).is_none() {
        out.push("white space around the secret".to_owned());
    }
    if is_verbatim(facts) || !is_pair(text) {
        out.push("double base64".to_owned());
    }
    let matters = facts.client.secret.as_ref().is_some_and(|secret| encoding_matters(&facts.client.id, secret));
    if matches!(facts.client.method.as_str(), "" | "client_secret_basic") && !is_verbatim(facts) && !matters {
        out.push("the Basic encoding".to_owned());
    }
    out
}
