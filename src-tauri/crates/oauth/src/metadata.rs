//! Authorization server metadata (RFC 8414), as a pair: where to ask, and the answer.

use serde::Deserialize;

/// What a server says about itself, as far as it is used.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Metadata {
    /// RFC 8414 §2 issuer.
    pub issuer: String,
    /// Token endpoint.
    pub token_endpoint: String,
    /// Client authentication methods; absent means `client_secret_basic`.
    #[serde(default)]
    pub token_endpoint_auth_methods_supported: Vec<String>,
    /// Grants.
    #[serde(default)]
    pub grant_types_supported: Vec<String>,
    /// Scopes.
    #[serde(default)]
    pub scopes_supported: Vec<String>,
    /// RFC 6749 §3.1.
    pub authorization_endpoint: Option<String>,
    /// RFC 8628 §4.
    pub device_authorization_endpoint: Option<String>,
    /// RFC 7662.
    pub introspection_endpoint: Option<String>,
    /// RFC 7009.
    pub revocation_endpoint: Option<String>,
    /// RFC 9126 §5.
    pub pushed_authorization_request_endpoint: Option<String>,
    /// RFC 9126 §5.
    #[serde(default)]
    pub require_pushed_authorization_requests: bool,
    /// RFC 7517.
    pub jwks_uri: Option<String>,
    /// RFC 9207 §3.
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
    /// RFC 7636 §6.2.
    #[serde(default)]
    pub code_challenge_methods_supported: Vec<String>,
    /// RFC 9449 §5.1.
    #[serde(default)]
    pub dpop_signing_alg_values_supported: Vec<String>,
    /// RFC 8705 §5: where a client with a certificate goes instead.
    #[serde(default)]
    pub mtls_endpoint_aliases: Aliases,
}

/// RFC 8705 §5.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Aliases {
    /// Token endpoint.
    pub token_endpoint: Option<String>,
    /// Introspection endpoint.
    pub introspection_endpoint: Option<String>,
    /// Revocation endpoint.
    pub revocation_endpoint: Option<String>,
    /// Device authorization endpoint.
    pub device_authorization_endpoint: Option<String>,
    /// Pushed authorization request endpoint.
    pub pushed_authorization_request_endpoint: Option<String>,
}

impl Metadata {
    /// Reads an answer and compares the issuer (RFC 8414 §3.3).
    ///
    /// # Errors
    /// In words: what does not read, or whose metadata it is.
    pub fn read(body: &[u8], issuer: &str) -> Result<Self, String> {
        let metadata: Self = serde_json::from_slice(body).map_err(|e| e.to_string())?;
        if metadata.issuer == issuer {
            Ok(metadata)
        } else {
            Err(format!("the metadata is of `{}`, not of `{issuer}`", metadata.issuer))
        }
    }
}

/// Where the metadata of an issuer stands: RFC 8414 §3.1 first, then OpenID Connect Discovery.
pub fn metadata_uris(issuer: &str) -> Vec<String> {
    let issuer = issuer.trim_end_matches('/');
    let Some((scheme, rest)) = issuer.split_once("://") else { return Vec::new() };
    let (host, path) = rest.split_once('/').map_or((rest, String::new()), |(host, path)| (host, format!("/{path}")));
    vec![
        format!("{scheme}://{host}/.well-known/oauth-authorization-server{path}"),
        format!("{issuer}/.well-known/openid-configuration"),
    ]
}

#[cfg(test)]
mod tests {
    use super::{Metadata, metadata_uris};

    #[test]
    fn the_path_of_an_issuer_goes_behind_the_well_known_part() {
        assert_eq!(
            metadata_uris("https://example.com/issuer1")[0],
            "https://example.com/.well-known/oauth-authorization-server/issuer1",
            "RFC 8414 §3.1"
        );
    }

    #[test]
    fn metadata_of_another_issuer_is_refused() {
        let body = br#"{"issuer":"https://a","token_endpoint":"https://a/t"}"#;
        assert!(Metadata::read(body, "https://a").is_ok());
        assert!(Metadata::read(body, "https://a/").is_err(), "RFC 8414 §3.3: a trailing slash differs");
    }
}
