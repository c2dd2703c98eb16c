//! Why a token call or a request was refused: facts in, findings out, most certain first.
//!
//! Proven follows from what was observed here alone. The secret is never said to be wrong: what was checked
//! of it is said, and that the server refused it.

use countersign_evidence::{Certainty, Citation, Fact, Finding, FindingSeverity};
use countersign_secret::SecretText;

use crate::client::encoding_matters;
use crate::{Challenge, ClientAuthentication, Refusal};

/// What is known of a refused token call.
pub struct TokenFacts<'a> {
    /// The refusal.
    pub refusal: &'a Refusal,
    /// How the client proved itself.
    pub authentication: ClientAuthentication,
    /// RFC 6749 §2.2.
    pub client_id: &'a str,
    /// What was sent as secret, looked at here only.
    pub secret: Option<&'a SecretText>,
    /// Scope asked for.
    pub scope: &'a str,
    /// Grant sent.
    pub grant: &'a str,
    /// Our clock against the server's, milliseconds.
    pub clock_ms: Option<i64>,
}

/// Findings and what was ruled out.
#[derive(Clone, Debug, Default)]
pub struct Diagnosis {
    /// Most certain first.
    pub findings: Vec<Finding>,
    /// Checked, and not the cause.
    pub ruled_out: Vec<String>,
}

fn finding(
    id: &str,
    certainty: Certainty,
    sentence: impl Into<String>,
    fix: &str,
    citation: (&'static str, &'static str),
) -> Finding {
    Finding {
        id: id.into(),
        severity: FindingSeverity::Error,
        subject: "token".into(),
        sentence: sentence.into(),
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

/// Why the token endpoint refused.
pub fn token_refused(facts: &TokenFacts<'_>) -> Diagnosis {
    let mut out = Diagnosis::default();
    let refusal = facts.refusal;
    answer_shape(refusal, &mut out);
    if refusal.not_json.is_some() || refusal.status >= 500 || refusal.status == 429 {
        return sorted(out);
    }
    let about_client = matches!(refusal.error.as_deref(), Some("invalid_client" | "invalidCredentials"))
        || (refusal.error.as_deref() == Some("invalid_request") && facts.secret.is_some())
        || (refusal.status == 401 && refusal.error.is_none());
    if about_client {
        secret_shape(facts, &mut out);
        encoding(facts, &mut out);
    }
    by_error(facts, &mut out);
    sorted(out)
}

/// R30, R31: answers that are no OAuth answers.
fn answer_shape(refusal: &Refusal, out: &mut Diagnosis) {
    let status = refusal.status;
    if let Some(kind) = refusal.not_json {
        let what = match kind {
            "HTML" => "a web page",
            "empty" => "nothing",
            _ => "text that is not JSON",
        };
        let fix = if kind == "HTML" {
            "Check the token endpoint: a proxy, a firewall or a sign-in page answered in its place."
        } else {
            "Check the token endpoint, and ask its operator what it answers."
        };
        out.findings.push(finding(
            "token.not_json",
            Certainty::Proven,
            format!("The token endpoint answered {status} with {what} instead of JSON."),
            fix,
            ("RFC 6749", "5.1"),
        ));
    } else if refusal.no_token {
        out.findings.push(finding(
            "token.missing",
            Certainty::Proven,
            format!("The answer is {status} and holds no access token."),
            "Check the recipe: where in the answer the token stands.",
            ("RFC 6749", "5.1"),
        ));
    }
    if status == 429 {
        out.findings.push(finding(
            "token.rate_limited",
            Certainty::Proven,
            "The token endpoint limits how often it may be asked.",
            "Wait; the answer's Retry-After says how long.",
            ("RFC 9110", "10.2.3"),
        ));
    } else if status >= 500 {
        out.findings.push(finding(
            "token.server_error",
            Certainty::Proven,
            format!("The authorization server failed: {status}."),
            "Try again later; nothing is wrong here.",
            ("RFC 9110", "15.6"),
        ));
    }
}

/// R1, R3, R4: what can be seen of the secret without judging it.
fn secret_shape(facts: &TokenFacts<'_>, out: &mut Diagnosis) {
    let Some(secret) = facts.secret else { return };
    let text = secret.expose_secret();
    let odd = |c: char| match c {
        '\n' | '\r' => Some("a line break"),
        ' ' => Some("a space"),
        '\t' => Some("a tab"),
        '\u{feff}' => Some("a byte order mark"),
        '\u{a0}' => Some("a no-break space"),
        '\u{200b}'..='\u{200d}' => Some("a zero-width character"),
        '\u{2018}' | '\u{2019}' | '\u{201c}' | '\u{201d}' => Some("a typographic quote"),
        _ => None,
    };
    let ends = [(text.chars().next_back(), "ends", "last"), (text.chars().next(), "begins", "first")];
    let mut clean = true;
    for (character, word, place) in ends {
        if let Some(name) = character.and_then(odd) {
            clean = false;
            out.findings.push(finding(
                "client.secret_whitespace",
                Certainty::Proven,
                format!("The stored secret {word} with {name}."),
                &format!("Replace the secret without its {place} character."),
                ("RFC 6749", "A.2"),
            ));
        }
    }
    if clean {
        out.ruled_out.push("white space around the secret".into());
    }
    let scheme = text.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("bearer "))
        || text.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("basic "));
    if scheme {
        out.findings.push(finding(
            "client.scheme_in_secret",
            Certainty::Proven,
            "The stored secret begins with the name of an authentication scheme.",
            "Replace the secret by what stands behind the scheme.",
            ("RFC 9110", "11.4"),
        ));
    }
    match decoded_pair(text) {
        Some(())
            if matches!(
                facts.authentication,
                ClientAuthentication::ClientSecretBasic(crate::BasicEncoding::Verbatim)
            ) =>
        {
            out.ruled_out.push("double base64".into());
        }
        Some(()) => out.findings.push(finding(
            "client.key_encoded_twice",
            Certainty::Proven,
            "The stored secret is already base64 of an id and a secret, and was encoded again.",
            "Send it verbatim: choose the basic encoding `verbatim`, or the recipe of the vendor.",
            ("RFC 7617", "2"),
        )),
        None => out.ruled_out.push("double base64".into()),
    }
}

/// Whether base64 of printable `id:secret`.
fn decoded_pair(text: &str) -> Option<()> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD.decode(text.trim()).ok().filter(|b| b.len() >= 8)?;
    let decoded = countersign_secret::Secret::new(String::from_utf8(bytes).ok()?);
    let text = decoded.expose_secret();
    let printable = text.chars().all(|c| c.is_ascii_graphic());
    (printable && text.split_once(':').is_some_and(|(id, secret)| id.len() >= 3 && secret.len() >= 3)).then_some(())
}

/// R2: form or raw.
fn encoding(facts: &TokenFacts<'_>, out: &mut Diagnosis) {
    let (ClientAuthentication::ClientSecretBasic(encoding), Some(secret)) = (facts.authentication, facts.secret) else {
        return;
    };
    if encoding == crate::BasicEncoding::Verbatim {
        return;
    }
    if !encoding_matters(facts.client_id, secret) {
        out.ruled_out.push("the Basic encoding".into());
        return;
    }
    let description = facts.refusal.error_description.as_deref().unwrap_or_default().to_ascii_lowercase();
    let said = description.contains("encod");
    let (other, fix) = match encoding {
        crate::BasicEncoding::Form => ("raw", "Choose the basic encoding `raw` and send again."),
        crate::BasicEncoding::Raw | crate::BasicEncoding::Verbatim => {
            ("form-encoded", "Choose the basic encoding `form` and send again.")
        }
    };
    let certainty = if said { Certainty::Likely } else { Certainty::Possible };
    out.findings.push(finding(
        "client.basic_encoding",
        certainty,
        format!(
            "The id or secret has special characters, was sent {}, and the server may want it {other}.",
            encoding.words()
        ),
        fix,
        ("RFC 6749", "2.3.1"),
    ));
}

/// R16, R19 to R21, R25: by RFC 6749 §5.2 `error`.
fn by_error(facts: &TokenFacts<'_>, out: &mut Diagnosis) {
    let refusal = facts.refusal;
    let Some(error) = refusal.error.as_deref() else {
        if refusal.status == 401 {
            out.findings.push(client_refused(facts, "401 without an error code"));
        } else if out.findings.is_empty() {
            let what = refusal.error_description.as_deref().map_or(String::new(), |text| format!(": “{text}”"));
            out.findings.push(finding(
                "token.refused",
                Certainty::Proven,
                format!("The token endpoint answered {}{what}.", refusal.status),
                "Compare the request with what the API's owner documents.",
                ("RFC 6749", "5.2"),
            ));
        }
        return;
    };
    let mut cause = match error {
        "invalid_client" | "invalidCredentials" => client_refused(facts, error),
        "unauthorized_client" => finding(
            "client.grant_not_allowed",
            Certainty::Likely,
            format!("This client may not use the grant {}.", facts.grant),
            "Ask the API's owner to enable the grant for this client.",
            ("RFC 6749", "5.2"),
        ),
        "unsupported_grant_type" => finding(
            "token.unsupported_grant_type",
            Certainty::Proven,
            format!("The server does not offer the grant {}.", facts.grant),
            "Choose a grant the server's metadata lists.",
            ("RFC 6749", "5.2"),
        ),
        "invalid_scope" => finding(
            "token.invalid_scope",
            Certainty::Proven,
            format!("The server refused the scope `{}`.", facts.scope),
            "Ask only for scopes this client was given.",
            ("RFC 6749", "5.2"),
        ),
        "invalid_grant" => finding(
            "token.invalid_grant",
            Certainty::Likely,
            "The refresh token is spent, revoked or expired.",
            "Obtain a new token; the refresh token is not used again.",
            ("RFC 6749", "5.2"),
        ),
        "invalid_request" => finding(
            "token.invalid_request",
            Certainty::Proven,
            format!(
                "The server could not read the request{}.",
                refusal.error_description.as_deref().map_or(String::new(), |d| format!(": “{d}”"))
            ),
            "Compare the request with what the API's owner documents.",
            ("RFC 6749", "5.2"),
        ),
        other => finding(
            "token.refused",
            Certainty::Proven,
            format!("The server refused with `{other}`."),
            "See the server's documentation for this code.",
            ("RFC 6749", "5.2"),
        ),
    };
    cause.values = vec![Fact::new("error", error)];
    out.findings.push(cause);
}

/// R16: what was sent, and that it was refused.
fn client_refused(facts: &TokenFacts<'_>, error: &str) -> Finding {
    let mut refused = finding(
        "client.refused",
        Certainty::Possible,
        format!("`{}` and this secret do not belong together at this server.", facts.client_id),
        "Compare id, secret and environment with what the API's owner gave you.",
        ("RFC 6749", "5.2"),
    );
    refused.values = vec![Fact::new("error", error)];
    refused
}

/// What is known of a refused request.
pub struct ResourceFacts<'a> {
    /// Status.
    pub status: u16,
    /// Challenges of the answer.
    pub challenges: &'a [Challenge],
    /// Scope of the token, as known.
    pub scope: Option<&'a str>,
    /// Media type of the answer.
    pub media_type: Option<&'a str>,
    /// Whether a token was sent.
    pub token_sent: bool,
    /// Media type of our content.
    pub sent_media_type: Option<&'a str>,
}

/// Why the API refused.
pub fn resource_refused(facts: &ResourceFacts<'_>) -> Diagnosis {
    let mut out = Diagnosis::default();
    let bearer = facts.challenges.iter().find(|c| c.is("Bearer"));
    let error = bearer.and_then(|c| c.parameter("error"));
    let description = bearer.and_then(|c| c.parameter("error_description")).unwrap_or_default();
    match (facts.status, error) {
        (401, Some("invalid_token")) if description.to_ascii_lowercase().contains("expired") => {
            out.findings.push(finding(
                "token.expired",
                Certainty::Proven,
                format!("The server says the token expired: “{description}”."),
                "Renew the token; Countersign does so once by itself.",
                ("RFC 6750", "3.1"),
            ));
        }
        (401, Some("invalid_token")) if description.to_ascii_lowercase().contains("revoked") => {
            out.findings.push(finding(
                "token.revoked",
                Certainty::Proven,
                format!("The server says the token is revoked: “{description}”."),
                "Obtain a new token; ask the API's owner why it was revoked.",
                ("RFC 6750", "3.1"),
            ));
        }
        (401, Some("invalid_token")) => {
            let said = if description.is_empty() { String::new() } else { format!(": “{description}”") };
            out.findings.push(finding(
                "token.invalid",
                Certainty::Proven,
                format!("The server did not accept the token{said}."),
                "Compare issuer and audience of the token with what this API wants.",
                ("RFC 6750", "3.1"),
            ));
        }
        (403, Some("insufficient_scope")) => {
            let needed = bearer.and_then(|c| c.parameter("scope")).unwrap_or("another scope");
            let had = facts.scope.filter(|s| !s.is_empty()).unwrap_or("none");
            let mut cause = finding(
                "token.insufficient_scope",
                Certainty::Proven,
                format!("The request needs the scope `{needed}`; the token has `{had}`."),
                "Add the scope to the credential, if the API's owner allows it.",
                ("RFC 6750", "3.1"),
            );
            cause.values = vec![Fact::new("needed", needed), Fact::new("had", had)];
            out.findings.push(cause);
        }
        (401, None) if !facts.token_sent => {
            out.findings.push(finding(
                "token.not_sent",
                Certainty::Proven,
                "The request was sent without a token.",
                "Choose a credential under Authorization.",
                ("RFC 6750", "3.1"),
            ));
        }
        (401, None) => out.findings.push(finding(
            "token.refused_without_reason",
            Certainty::Likely,
            "The server refused the token and gave no reason.",
            "Obtain a new token and compare; then ask the API's owner.",
            ("RFC 6750", "3"),
        )),
        (403, None) if facts.media_type.is_some_and(|m| m.starts_with("text/html")) => {
            out.findings.push(finding(
                "resource.firewall",
                Certainty::Likely,
                "A web page answered 403: a firewall or an address list stands in front of the API.",
                "Ask the API's owner whether this machine's address must be listed.",
                ("RFC 9110", "15.5.4"),
            ));
        }
        (406 | 415, _) => {
            let sent = facts.sent_media_type.unwrap_or("none");
            out.findings.push(finding(
                "resource.media_type",
                Certainty::Likely,
                format!("The API wants another media type than `{sent}`."),
                "Send the vendor's media type in Content-Type and Accept.",
                ("RFC 9110", "15.5.16"),
            ));
        }
        _ => {}
    }
    sorted(out)
}

fn sorted(mut out: Diagnosis) -> Diagnosis {
    out.findings.sort_by_key(|f| f.certainty);
    out
}

#[cfg(test)]
mod tests {
    use countersign_secret::Secret;

    use super::{ResourceFacts, TokenFacts, resource_refused, token_refused};
    use crate::{BasicEncoding, ClientAuthentication, Refusal, challenges};

    fn refusal(status: u16, error: &str, description: &str) -> Refusal {
        Refusal {
            status,
            error: Some(error.into()),
            error_description: Some(description.into()),
            not_json: None,
            no_token: false,
        }
    }

    fn first(secret: &str, encoding: BasicEncoding, refusal: &Refusal) -> (String, Vec<String>) {
        let secret = Secret::new(secret.to_owned());
        let out = token_refused(&TokenFacts {
            refusal,
            authentication: ClientAuthentication::ClientSecretBasic(encoding),
            client_id: "demo-client",
            secret: Some(&secret),
            scope: "payments:read",
            grant: "client_credentials",
            clock_ms: None,
        });
        for finding in &out.findings {
            assert!(!finding.sentence.to_lowercase().contains("wrong secret"), "never: {}", finding.sentence);
            assert!(!finding.sentence.contains(secret.expose_secret()), "no secret in a sentence");
        }
        (out.findings[0].id.clone(), out.ruled_out)
    }

    #[test]
    fn the_most_certain_cause_comes_first() {
        let invalid = refusal(401, "invalid_client", "Invalid client or Invalid client credentials");
        assert_eq!(first("abcdef\n", BasicEncoding::Form, &invalid).0, "client.secret_whitespace");
        assert_eq!(first("Basic abcdef", BasicEncoding::Form, &invalid).0, "client.scheme_in_secret");
        assert_eq!(first("YWJjZGVmOmdoaWprbA==", BasicEncoding::Form, &invalid).0, "client.key_encoded_twice");
        let (id, ruled_out) = first("abcdef", BasicEncoding::Form, &invalid);
        assert_eq!(id, "client.refused", "nothing can be seen here");
        assert!(ruled_out.iter().any(|r| r.contains("double base64")), "{ruled_out:?}");
        let encoded = refusal(
            400,
            "invalid_request",
            "client_id and client_secret in the authorization header are not properly encoded",
        );
        assert_eq!(
            first("p@ss:w%rd", BasicEncoding::Raw, &encoded).0,
            "token.invalid_request",
            "what the server said is proven"
        );
    }

    #[test]
    fn the_encoding_is_named_where_it_matters() {
        let secret = Secret::new("p@ss:w%rd".to_owned());
        let refusal = refusal(400, "invalid_request", "not properly encoded");
        let facts = TokenFacts {
            refusal: &refusal,
            authentication: ClientAuthentication::ClientSecretBasic(BasicEncoding::Raw),
            client_id: "svc",
            secret: Some(&secret),
            scope: "",
            grant: "client_credentials",
            clock_ms: None,
        };
        assert!(token_refused(&facts).findings.iter().any(|f| f.id == "client.basic_encoding"));
    }

    #[test]
    fn a_web_page_is_not_a_refused_client() {
        let html =
            Refusal { status: 200, error: None, error_description: None, not_json: Some("HTML"), no_token: false };
        assert_eq!(first("abcdef", BasicEncoding::Form, &html).0, "token.not_json");
    }

    #[test]
    fn resource_refusals_follow_the_challenge() {
        let refused = |status, field: &str| {
            let challenges = challenges([field]);
            resource_refused(&ResourceFacts {
                status,
                challenges: &challenges,
                scope: Some("a"),
                media_type: None,
                token_sent: true,
                sent_media_type: None,
            })
            .findings[0]
                .id
                .clone()
        };
        assert_eq!(
            refused(401, r#"Bearer error="invalid_token", error_description="The token expired 12 s ago""#),
            "token.expired"
        );
        assert_eq!(refused(403, r#"Bearer error="insufficient_scope", scope="b""#), "token.insufficient_scope");
        assert_eq!(refused(401, "Bearer realm=\"x\""), "token.refused_without_reason");
    }
}
