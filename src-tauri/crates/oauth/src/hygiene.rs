//! How a credential is set up, held against RFC 9700: what is worth knowing before anything is refused. R86, R90 to R92.
//!
//! R87, R88 and R89 cannot be broken here: a sign-in always has PKCE with S256, a redirect to 127.0.0.1, `state` and,
//! where the server promises it, `iss`. R93 needs to know which scopes an API looks at, which nobody tells a client.

use countersign_evidence::{Certainty, Citation, Finding, FindingSeverity};

/// A credential as it is set up. No secret.
#[derive(Clone, Debug, Default)]
pub struct Setup<'a> {
    /// `grant_type`.
    pub grant_type: &'a str,
    /// RFC 7591 name.
    pub method: &'a str,
    /// Other credentials with the same secret in another environment, and environments this one is used in with one
    /// secret; empty: none.
    pub shared: Vec<&'a str>,
    /// Whether one of its environments is live.
    pub live: bool,
}

/// What RFC 9700 has to say of it.
pub fn hygiene(setup: &Setup<'_>) -> Vec<Finding> {
    [grant(setup), shared(setup), long_lived(setup)].into_iter().flatten().collect()
}

/// R86.
fn grant(setup: &Setup<'_>) -> Option<Finding> {
    let (name, section) = match setup.grant_type {
        "password" => ("The password grant gives this client a person's password", "2.4"),
        "implicit" => ("The implicit grant puts the token into an address", "2.1.2"),
        _ => return None,
    };
    Some(finding(
        "profile.grant_obsolete",
        FindingSeverity::Warning,
        Some(Certainty::Proven),
        format!("{name}; no authorization server should offer it any more."),
        "Ask the API's owner for the authorization code grant, or for client credentials.",
        ("RFC 9700", section),
    ))
}

/// R92.
fn shared(setup: &Setup<'_>) -> Option<Finding> {
    if setup.shared.is_empty() {
        return None;
    }
    Some(finding(
        "profile.secret_shared",
        if setup.live { FindingSeverity::Warning } else { FindingSeverity::Info },
        Some(Certainty::Proven),
        format!("One secret serves more than one environment: {}.", setup.shared.join(", ")),
        "Ask the API's owner for a client of its own in each: what leaks in a sandbox then opens nothing else.",
        ("RFC 9700", "2.5"),
    ))
}

/// R90.
fn long_lived(setup: &Setup<'_>) -> Option<Finding> {
    let plain = ["client_secret_basic", "client_secret_post"].contains(&setup.method);
    (plain && setup.live).then(|| {
        finding(
            "profile.shared_secret",
            FindingSeverity::Info,
            None,
            "The client proves itself by a secret that the server knows too, and that crosses the wire with each token.".to_owned(),
            "Where the server offers it, private_key_jwt or a client certificate leaves nothing to be stolen there.",
            ("RFC 9700", "2.5"),
        )
    })
}

/// R91: a public client whose refresh token stays the same after it was used.
pub fn refresh_not_rotated() -> Finding {
    finding(
        "profile.refresh_not_rotated",
        FindingSeverity::Warning,
        Some(Certainty::Likely),
        "The refresh token of a public client did not change when it was used: who copies it can use it unnoticed."
            .to_owned(),
        "Ask the API's owner to rotate refresh tokens, or to bind them to a key (DPoP).",
        ("RFC 9700", "2.2.2"),
    )
}

fn finding(
    id: &str,
    severity: FindingSeverity,
    certainty: Option<Certainty>,
    sentence: String,
    fix: &str,
    citation: (&'static str, &'static str),
) -> Finding {
    Finding {
        id: id.into(),
        severity,
        subject: "credential".into(),
        sentence,
        fix: fix.into(),
        citation: Citation::new(citation.0, citation.1),
        certainty,
        certificate: None,
        rejects: None,
        values: Vec::new(),
        range: None,
        effective_since: None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Setup, hygiene};

    fn said(setup: &Setup<'_>) -> Vec<String> {
        hygiene(setup).into_iter().map(|finding| finding.id).collect()
    }

    #[test]
    fn each_habit_is_told_and_a_good_one_is_not() {
        let secret = Setup { grant_type: "client_credentials", method: "client_secret_basic", ..Setup::default() };
        assert!(said(&secret).is_empty(), "a sandbox is no matter");
        assert_eq!(said(&Setup { live: true, ..secret.clone() }), ["profile.shared_secret"]);
        assert!(said(&Setup { live: true, method: "private_key_jwt", ..secret.clone() }).is_empty());
        assert_eq!(said(&Setup { shared: vec!["Live", "Sandbox"], ..secret.clone() }), ["profile.secret_shared"]);
        for grant_type in ["password", "implicit"] {
            assert_eq!(said(&Setup { grant_type, ..secret.clone() }), ["profile.grant_obsolete"], "{grant_type}");
        }
    }
}
