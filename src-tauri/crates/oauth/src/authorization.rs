//! The authorization code grant (RFC 6749 §4.1) as a native app does it (RFC 8252): PKCE (RFC 7636), a redirect to a
//! port on loopback, the issuer compared (RFC 9207).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_secret::{Secret, SecretText};
use url::Url;

use crate::Error;
use crate::dpop::hashed;

/// A code verifier (RFC 7636 §4.1) from 32 random bytes.
pub fn code_verifier(random: &[u8; 32]) -> SecretText {
    Secret::new(URL_SAFE_NO_PAD.encode(random))
}

/// Its challenge, `S256` (RFC 7636 §4.2).
pub fn code_challenge(verifier: &SecretText) -> String {
    hashed(verifier.expose_secret())
}

/// What is asked for in the browser.
#[derive(Clone, Copy, Debug)]
pub struct AuthorizationRequest<'a> {
    /// RFC 6749 §2.2.
    pub client_id: &'a str,
    /// `http://127.0.0.1:PORT/…` (RFC 8252 §7.3).
    pub redirect_uri: &'a str,
    /// RFC 6749 §3.3; empty: not sent.
    pub scope: &'a str,
    /// RFC 6749 §10.12.
    pub state: &'a str,
    /// RFC 7636 §4.3.
    pub code_challenge: &'a str,
    /// RFC 8707 §2.
    pub resource: &'a [String],
    /// RFC 9396 §2, JSON text; empty: not sent.
    pub authorization_details: &'a str,
    /// RFC 9449 §10: binds the code to the key of later proofs; empty: not sent.
    pub dpop_jkt: &'a str,
}

impl AuthorizationRequest<'_> {
    /// Its parameters, in the order of the RFCs.
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        let mut pairs = vec![
            ("response_type", "code".to_owned()),
            ("client_id", self.client_id.to_owned()),
            ("redirect_uri", self.redirect_uri.to_owned()),
            ("state", self.state.to_owned()),
            ("code_challenge", self.code_challenge.to_owned()),
            ("code_challenge_method", "S256".to_owned()),
        ];
        for (name, value) in
            [("scope", self.scope), ("authorization_details", self.authorization_details), ("dpop_jkt", self.dpop_jkt)]
        {
            if !value.is_empty() {
                pairs.push((name, value.to_owned()));
            }
        }
        pairs.extend(self.resource.iter().map(|one| ("resource", one.clone())));
        pairs
    }

    /// The address to be opened.
    ///
    /// # Errors
    /// [`Error::Endpoint`]: the authorization endpoint is no URL.
    pub fn url(&self, authorization_endpoint: &str) -> Result<String, Error> {
        with_query(authorization_endpoint, self.parameters())
    }
}

/// The address to be opened after a pushed request (RFC 9126 §4).
///
/// # Errors
/// [`Error::Endpoint`]: the authorization endpoint is no URL.
pub fn pushed_url(authorization_endpoint: &str, client_id: &str, request_uri: &str) -> Result<String, Error> {
    with_query(
        authorization_endpoint,
        vec![("client_id", client_id.to_owned()), ("request_uri", request_uri.to_owned())],
    )
}

fn with_query(endpoint: &str, pairs: Vec<(&'static str, String)>) -> Result<String, Error> {
    let mut url = Url::parse(endpoint).map_err(|_| Error::Endpoint { endpoint: endpoint.to_owned() })?;
    url.query_pairs_mut().extend_pairs(pairs);
    Ok(url.into())
}

/// What came back to the redirect URI.
pub enum Callback {
    /// RFC 6749 §4.1.2.
    Code(SecretText),
    /// RFC 6749 §4.1.2.1.
    Refused {
        /// `error`.
        error: String,
        /// `error_description`.
        description: Option<String>,
    },
    /// Another `state` than ours, or none: somebody else's answer (RFC 6749 §10.12).
    OtherState,
    /// Another issuer than the one asked, or none where its metadata promises one (RFC 9207 §2.4).
    OtherIssuer {
        /// What it said.
        found: Option<String>,
    },
    /// Neither a code nor an error.
    Nothing,
}

/// Reads the query of the redirect. `iss_promised` is `authorization_response_iss_parameter_supported`.
pub fn callback(query: &str, state: &str, issuer: &str, iss_promised: bool) -> Callback {
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let value = |name: &str| pairs.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
    if value("state").as_deref() != Some(state) {
        return Callback::OtherState;
    }
    match value("iss") {
        Some(found) if !issuer.is_empty() && found != issuer => return Callback::OtherIssuer { found: Some(found) },
        None if iss_promised => return Callback::OtherIssuer { found: None },
        _ => {}
    }
    match (value("code").filter(|code| !code.is_empty()), value("error")) {
        (_, Some(error)) => Callback::Refused { error, description: value("error_description") },
        (Some(code), None) => Callback::Code(Secret::new(code)),
        (None, None) => Callback::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use countersign_secret::Secret;

    use super::{AuthorizationRequest, Callback, callback, code_challenge, code_verifier};

    #[test]
    fn the_challenge_of_rfc_7636_appendix_b_comes_out() {
        let verifier = Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned());
        assert_eq!(code_challenge(&verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "RFC 7636 appendix B");
        let long = code_verifier(&[7; 32]).expose_secret().len();
        assert_eq!(long, 43, "RFC 7636 §4.1: at least 43 characters");
    }

    #[test]
    fn the_address_holds_what_the_rfcs_want() {
        let request = AuthorizationRequest {
            client_id: "app",
            redirect_uri: "http://127.0.0.1:5000/callback",
            scope: "a b",
            state: "xyz",
            code_challenge: "c",
            resource: &["https://api.test".to_owned()],
            authorization_details: "",
            dpop_jkt: "",
        };
        let url = request.url("https://as.test/authorize?tenant=1").unwrap();
        assert!(url.starts_with("https://as.test/authorize?tenant=1&response_type=code&client_id=app"), "{url}");
        assert!(url.contains("code_challenge_method=S256") && url.contains("scope=a+b"), "{url}");
        assert!(url.ends_with("resource=https%3A%2F%2Fapi.test"), "{url}");
    }

    #[test]
    fn an_answer_of_somebody_else_is_not_taken() {
        let issuer = "https://as.test";
        let read = |query: &str, promised| callback(query, "s", issuer, promised);
        assert!(matches!(read("code=1&state=s&iss=https://as.test", true), Callback::Code(_)), "ours");
        assert!(matches!(read("code=1&state=t", false), Callback::OtherState), "another state");
        assert!(matches!(read("code=1", false), Callback::OtherState), "no state");
        assert!(matches!(read("code=1&state=s&iss=https://evil", false), Callback::OtherIssuer { .. }), "mix-up");
        assert!(matches!(read("code=1&state=s", true), Callback::OtherIssuer { found: None }), "a promise unkept");
        assert!(
            matches!(read("error=access_denied&state=s", false), Callback::Refused { error, .. } if error == "access_denied"),
            "a refusal"
        );
        assert!(matches!(read("state=s", false), Callback::Nothing), "nothing");
    }
}
