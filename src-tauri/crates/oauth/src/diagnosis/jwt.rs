//! R37 to R62: what stands in the token, read here.

use countersign_evidence::{Fact, Finding};
use serde_json::Value;

use super::facts::Facts;
use super::{Rule, likely, possible, proven};

pub(super) const RULES: &[Rule] = &[
    Rule { number: 52, judge: malformed },
    Rule { number: 46, judge: unsigned },
    Rule { number: 47, judge: confusion },
    Rule { number: 53, judge: critical },
    Rule { number: 50, judge: key_in_header },
    Rule { number: 41, judge: odd_time },
    Rule { number: 37, judge: expired },
    Rule { number: 38, judge: early },
    Rule { number: 57, judge: environment },
    Rule { number: 42, judge: issuer },
    Rule { number: 43, judge: audience },
    Rule { number: 58, judge: client },
    Rule { number: 45, judge: id_token },
    Rule { number: 44, judge: scope },
    Rule { number: 55, judge: bound_to_key },
    Rule { number: 56, judge: bound_to_certificate },
    Rule { number: 49, judge: unknown_key },
    Rule { number: 39, judge: issued_in_future },
    Rule { number: 40, judge: long },
    Rule { number: 60, judge: large },
    Rule { number: 62, judge: eddsa },
    Rule { number: 61, judge: personal },
];

/// A token is looked at where an API refused it, or where it is all there is.
fn looked_at(facts: &Facts) -> bool {
    let pasted = facts.answer.status == 0 && facts.request.url.is_empty();
    pasted || (!facts.is_token() && facts.resource_refused())
}

fn claims(facts: &Facts) -> bool {
    looked_at(facts) && !facts.token.claims.is_empty()
}

/// R52.
fn malformed(facts: &Facts) -> Option<Finding> {
    if facts.token.malformed.is_empty() || !looked_at(facts) {
        return None;
    }
    proven(
        "jwt.malformed",
        format!("The token cannot be read: {}.", facts.token.malformed),
        "Copy it anew, whole and without line breaks or quotes.",
        ("RFC 7515", "5.2"),
    )
}

/// R46.
fn unsigned(facts: &Facts) -> Option<Finding> {
    facts.header("alg").filter(|alg| looked_at(facts) && alg.eq_ignore_ascii_case("none"))?;
    proven(
        "jwt.unsigned",
        "The token is not signed: alg is none, so anybody could have written it.",
        "Ask the authorization server for a signed token; no API may take this one.",
        ("RFC 8725", "3.2"),
    )
}

/// R47.
fn confusion(facts: &Facts) -> Option<Finding> {
    let alg = facts.header("alg").filter(|_| looked_at(facts))?;
    let hmac = alg.starts_with("HS");
    let public = !facts.token.kids.is_empty()
        && facts.header("kid").is_some_and(|kid| facts.token.kids.iter().any(|k| k == kid));
    if !(hmac && public) {
        return None;
    }
    proven(
        "jwt.algorithm_confused",
        format!("The token says {alg}, and names a public key: whoever knows that key could have made it."),
        "Do not accept it; an API has to fix the algorithm of each key.",
        ("RFC 8725", "2.1"),
    )
}

/// R53.
fn critical(facts: &Facts) -> Option<Finding> {
    let names = facts.token.header.get("crit").filter(|_| looked_at(facts))?;
    proven(
        "jwt.critical",
        format!("The token wants {names} to be understood, which few do."),
        "Ask the authorization server for a token without it.",
        ("RFC 7515", "4.1.11"),
    )
}

/// R50.
fn key_in_header(facts: &Facts) -> Option<Finding> {
    if !looked_at(facts) {
        return None;
    }
    if let Some(name) = ["jku", "x5u", "jwk"].into_iter().find(|name| facts.token.header.contains_key(*name)) {
        return proven(
            "jwt.key_in_header",
            format!("The token brings its own key ({name}): a verifier that follows it verifies nothing."),
            "The API has to look keys up at the issuer it knows.",
            ("RFC 8725", "3.10"),
        );
    }
    let kid = facts.header("kid")?;
    if !kid.contains(['/', '\\', '\'', ';', '\0']) || kid.starts_with("https://") {
        return None;
    }
    proven(
        "jwt.kid_odd",
        "The kid has characters of a path or a query, as an attack would.",
        "Ask who issued this token.",
        ("RFC 8725", "3.10"),
    )
}

/// R41.
fn odd_time(facts: &Facts) -> Option<Finding> {
    if !claims(facts) {
        return None;
    }
    let name = ["exp", "iat", "nbf"].into_iter().find(|name| {
        facts.token.claims.get(*name).is_some_and(|value| match value {
            Value::String(_) => true,
            Value::Number(n) => n.as_f64().is_some_and(|n| n > 1e11),
            _ => false,
        })
    })?;
    proven(
        "jwt.time_odd",
        format!("{name} is text or milliseconds; seconds since 1970 as a number are wanted."),
        "Tell the authorization server's operator.",
        ("RFC 7519", "2"),
    )
}

fn dead_for(facts: &Facts) -> Option<i64> {
    let exp = facts.seconds("exp").filter(|exp| *exp < 100_000_000_000)?;
    Some(facts.server_now() - exp).filter(|ago| *ago >= 0)
}

/// R37.
fn expired(facts: &Facts) -> Option<Finding> {
    let ago = dead_for(facts).filter(|_| claims(facts))?;
    let mut found = proven(
        "token.expired",
        format!("The token expired {ago} s ago, {}.", facts.by_clock()),
        "Renew the token; Countersign does so once by itself.",
        ("RFC 7519", "4.1.4"),
    )?;
    if let Some(ms) = facts.around.clock_ms.filter(|ms| ms.abs() > 5_000) {
        found.values.push(Fact::new(
            "clock",
            format!("the server is {} s {}", ms.abs() / 1000, if ms > 0 { "ahead" } else { "behind" }),
        ));
    }
    Some(found)
}

/// R38.
fn early(facts: &Facts) -> Option<Finding> {
    let wait = facts.seconds("nbf").filter(|_| claims(facts))? - facts.server_now();
    if wait <= 0 {
        return None;
    }
    proven(
        "jwt.not_yet_valid",
        format!("The token counts from {wait} s on, {}.", facts.by_clock()),
        "Wait, or tell the authorization server's operator: its clock is ahead of the API's.",
        ("RFC 7519", "4.1.5"),
    )
}

/// R57.
fn environment(facts: &Facts) -> Option<Finding> {
    let (own, listed) = (&facts.profile.environment, &facts.profile.environments);
    if own.is_empty()
        || listed.is_empty()
        || listed.contains(own)
        || !(facts.resource_refused() || facts.client_refused())
    {
        return None;
    }
    proven(
        "profile.other_environment",
        format!("The credential belongs to {}; the call went to {own}.", listed.join(", ")),
        "Choose the environment's own credential.",
        ("RFC 9700", "2.3"),
    )
}

/// R42.
fn issuer(facts: &Facts) -> Option<Finding> {
    let iss = facts.claim("iss").filter(|_| claims(facts))?;
    let wanted = Some(facts.token.issuer.as_str())
        .filter(|w| !w.is_empty())
        .or_else(|| Some(facts.server.issuer.as_str()).filter(|w| !w.is_empty()))?;
    if iss == wanted {
        return None;
    }
    let near = iss.trim_end_matches('/').eq_ignore_ascii_case(wanted.trim_end_matches('/'));
    let how = if near { "by a slash or by case alone" } else { "as a whole" };
    proven(
        "jwt.issuer",
        format!("The token's issuer is `{iss}`, expected is `{wanted}`: they differ {how}."),
        "Compare environment, realm and tenant.",
        ("RFC 8414", "2"),
    )
}

/// R43.
fn audience(facts: &Facts) -> Option<Finding> {
    if !claims(facts) || facts.token.audience.is_empty() {
        return None;
    }
    let wanted = facts.token.audience.as_str();
    let named: Vec<&str> = match facts.token.claims.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if named.contains(&wanted) {
        return None;
    }
    let sentence = if named.is_empty() {
        format!("The token names no audience; this API wants `{wanted}`.")
    } else {
        format!("The token is for `{}`; this API wants `{wanted}`.", named.join("`, `"))
    };
    proven("jwt.audience", sentence, "Ask for this API: audience or resource of the credential.", ("RFC 9068", "2.2"))
}

/// R58.
fn client(facts: &Facts) -> Option<Finding> {
    let own = facts.client.id.as_str();
    let named = facts.claim("azp").or_else(|| facts.claim("client_id")).filter(|_| claims(facts) && !own.is_empty())?;
    if named == own {
        return None;
    }
    proven(
        "jwt.other_client",
        format!("The token was issued to `{named}`, the credential is `{own}`."),
        "Discard the token, and obtain one with this credential.",
        ("RFC 9068", "2.2"),
    )
}

/// R45.
fn id_token(facts: &Facts) -> Option<Finding> {
    if !claims(facts) {
        return None;
    }
    let has = |name: &str| facts.token.claims.contains_key(name);
    let for_client = facts.claim("aud").is_some_and(|aud| !facts.client.id.is_empty() && aud == facts.client.id);
    if !(has("nonce") || has("at_hash") || for_client)
        || facts.header("typ").is_some_and(|typ| typ.eq_ignore_ascii_case("at+jwt"))
    {
        return None;
    }
    likely(
        "jwt.id_token",
        "This is an ID token: it tells the client who signed in, and is no key to an API.",
        "Send the access token of the same answer.",
        ("RFC 9068", "2.1"),
    )
}

/// R44.
fn scope(facts: &Facts) -> Option<Finding> {
    if !claims(facts) {
        return None;
    }
    let value = facts.token.claims.get("scope").or_else(|| facts.token.claims.get("scp"))?;
    let odd =
        !matches!(value, Value::String(_)) && !value.as_array().is_some_and(|all| all.iter().all(Value::is_string));
    if !odd {
        return None;
    }
    proven(
        "jwt.scope_odd",
        "The scope of the token is neither text nor a list of texts.",
        "Tell the authorization server's operator.",
        ("RFC 9068", "2.2.3"),
    )
}

fn confirmation<'a>(facts: &'a Facts, name: &str) -> Option<&'a str> {
    facts.token.claims.get("cnf")?.get(name)?.as_str()
}

/// R55.
fn bound_to_key(facts: &Facts) -> Option<Finding> {
    confirmation(facts, "jkt").filter(|_| claims(facts) && facts.answer.status != 0)?;
    let proved = facts.request.fields.iter().any(|name| name == "dpop");
    // a server that asks for its nonce saw a proof
    let asked = facts.challenge("error").is_some_and(|error| error == "use_dpop_nonce");
    if (proved || asked) && facts.request.scheme.eq_ignore_ascii_case("dpop") {
        return None;
    }
    proven(
        "token.bound_to_key",
        "The token is bound to a key, and was sent without a proof of it.",
        "Switch on “Bind tokens to a key” in the credential: it is then sent as DPoP with a proof.",
        ("RFC 9449", "7"),
    )
}

/// R56.
fn bound_to_certificate(facts: &Facts) -> Option<Finding> {
    confirmation(facts, "x5t#S256").filter(|_| claims(facts) && facts.answer.status != 0)?;
    if facts.client.certificate_sent != Some(false) {
        return None;
    }
    proven(
        "token.bound_to_certificate",
        "The token is bound to a client certificate, and none was sent to this host.",
        "Allow the credential's certificate for this host; look whether the host asks for one.",
        ("RFC 8705", "3"),
    )
}

/// R49.
fn unknown_key(facts: &Facts) -> Option<Finding> {
    let kid = facts.header("kid").filter(|_| looked_at(facts) && !facts.token.kids.is_empty())?;
    if facts.token.kids.iter().any(|known| known == kid) {
        return None;
    }
    likely(
        "jwt.unknown_key",
        format!("The issuer publishes no key `{kid}`: it was rotated, or the token is of another environment."),
        "Obtain a new token; compare the environment.",
        ("RFC 7517", "4.5"),
    )
}

/// R39.
fn issued_in_future(facts: &Facts) -> Option<Finding> {
    let ahead = facts.seconds("iat").filter(|_| claims(facts))? - facts.server_now();
    if !(30..100_000_000).contains(&ahead) {
        return None;
    }
    likely(
        "jwt.issued_in_future",
        format!("The token was issued {ahead} s from now, by the API's clock; some verifiers refuse that."),
        "Tell the operator: the clocks of authorization server and API differ.",
        ("RFC 7519", "4.1.6"),
    )
}

/// R40.
fn long(facts: &Facts) -> Option<Finding> {
    let life = facts.seconds("exp")? - facts.seconds("iat")?;
    if facts.answer.status != 0 || !(86_400..100_000_000).contains(&life) {
        return None;
    }
    possible(
        "jwt.long_life",
        format!("The token lives {} hours: a stolen one is of use for long.", life / 3600),
        "Ask for shorter ones, and renew.",
        ("RFC 9700", "2.2"),
    )
}

/// R60.
fn large(facts: &Facts) -> Option<Finding> {
    if facts.token.length <= 8192 || !matches!(facts.answer.status, 400 | 413 | 431 | 494) {
        return None;
    }
    likely(
        "token.too_large",
        format!("The token has {} bytes; many servers take no field of more than 8 kB.", facts.token.length),
        "Ask for fewer scopes, or for a reference token.",
        ("RFC 6585", "5"),
    )
}

/// R62.
fn eddsa(facts: &Facts) -> Option<Finding> {
    let alg = facts.header("alg").filter(|alg| facts.resource_refused() && ["EdDSA", "Ed25519"].contains(alg))?;
    if dead_for(facts).is_some() || !facts.said().contains("alg") {
        return None;
    }
    likely(
        "jwt.eddsa_name",
        format!("The algorithm is named {alg}; EdDSA and Ed25519 are one, and the API may know the other name."),
        "Ask the operator which name its library knows.",
        ("RFC 9864", "2.2"),
    )
}

/// R61.
fn personal(facts: &Facts) -> Option<Finding> {
    if facts.answer.status != 0 || facts.token.claims.is_empty() {
        return None;
    }
    let name = facts
        .token
        .claims
        .keys()
        .find(|name| ["password", "ssn", "email", "phone_number", "birthdate"].contains(&name.as_str()))?;
    possible(
        "jwt.personal",
        format!("The token holds {name}: every log that keeps a token keeps it too."),
        "Ask for a token without it.",
        ("RFC 9068", "6"),
    )
}
