//! What a credential asks for beside its scope, and where else its authorization server listens.

use serde::{Deserialize, Serialize};
use toml_edit::Item;
use ts_rs::TS;

use super::document::Section;
use super::edit;
use super::error::Error;

/// Whom client assertions are for.
const AUDIENCES: [&str; 3] = ["issuer", "token-endpoint", "both"];

/// The rest of a credential's grant. Empty members are not sent and not written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct GrantFile {
    /// Non-standard, widely used; RFC 8693 §2.1 for token exchange.
    pub audience: String,
    /// RFC 8707 §2.
    pub resource: Vec<String>,
    /// RFC 9396 §2, JSON text.
    pub authorization_details: String,
    /// Whom the client acts for with the grant of RFC 7523 §2.1; empty: the client.
    pub subject: String,
    /// The credential whose token is exchanged (RFC 8693); empty: what its slot `subject_token` holds.
    pub subject_credential: String,
    /// RFC 8693 §3; empty: an access token.
    pub subject_token_type: String,
    /// `aud` of assertions: `issuer`, `token-endpoint`, `both`; empty: the issuer.
    pub assertion_audience: String,
    /// RFC 7518 §3.1 name of the algorithm that signs assertions; empty: the usual one of the key.
    pub assertion_alg: String,
    /// `kid` of assertions; empty: the RFC 7638 thumbprint.
    pub assertion_kid: String,
    /// RFC 9449: tokens are bound to a key of this credential.
    pub dpop: bool,
    /// RFC 6749 §3.1.
    pub authorization_endpoint: String,
    /// RFC 8628 §3.1.
    pub device_authorization_endpoint: String,
    /// RFC 9126 §2; where there is one, requests are pushed to it.
    pub pushed_authorization_request_endpoint: String,
    /// RFC 9207 §3: the server promises its issuer in every answer, so that one without is not believed.
    pub authorization_response_iss_parameter_supported: bool,
    /// RFC 7662.
    pub introspection_endpoint: String,
    /// RFC 7009.
    pub revocation_endpoint: String,
}

/// Text members by their keys in the file.
type Text = (&'static str, fn(&mut GrantFile) -> &mut String);

const TEXTS: [Text; 12] = [
    ("audience", |grant| &mut grant.audience),
    ("authorization_details", |grant| &mut grant.authorization_details),
    ("subject", |grant| &mut grant.subject),
    ("subject-credential", |grant| &mut grant.subject_credential),
    ("subject_token_type", |grant| &mut grant.subject_token_type),
    ("assertion-alg", |grant| &mut grant.assertion_alg),
    ("assertion-kid", |grant| &mut grant.assertion_kid),
    ("authorization_endpoint", |grant| &mut grant.authorization_endpoint),
    ("device_authorization_endpoint", |grant| &mut grant.device_authorization_endpoint),
    ("pushed_authorization_request_endpoint", |grant| &mut grant.pushed_authorization_request_endpoint),
    ("introspection_endpoint", |grant| &mut grant.introspection_endpoint),
    ("revocation_endpoint", |grant| &mut grant.revocation_endpoint),
];

pub(super) fn read(root: &Section<'_>) -> Result<GrantFile, Error> {
    let mut grant = GrantFile {
        resource: root.texts("resource")?.unwrap_or_default(),
        assertion_audience: root.one_of("assertion-audience", &AUDIENCES)?.unwrap_or_default(),
        dpop: root.flag("dpop")?.unwrap_or_default(),
        authorization_response_iss_parameter_supported: root
            .flag("authorization_response_iss_parameter_supported")?
            .unwrap_or_default(),
        ..GrantFile::default()
    };
    for (key, member) in TEXTS {
        *member(&mut grant) = root.text(key)?.unwrap_or_default();
    }
    if !grant.authorization_details.is_empty()
        && !serde_json::from_str::<serde_json::Value>(&grant.authorization_details).is_ok_and(|v| v.is_array())
    {
        return Err(root.wrong_value("authorization_details", "is not a JSON array (RFC 9396, section 2)"));
    }
    Ok(grant)
}

pub(super) fn put(root: &mut Item, grant: &GrantFile) {
    let mut grant = grant.clone();
    for (key, member) in TEXTS {
        let text = member(&mut grant);
        edit::text(root, key, Some(text.as_str()).filter(|text| !text.is_empty()));
    }
    edit::texts(root, "resource", &grant.resource);
    edit::text(root, "assertion-audience", Some(grant.assertion_audience.as_str()).filter(|text| !text.is_empty()));
    edit::value(root, "dpop", grant.dpop.then(|| true.into()));
    let promised = grant.authorization_response_iss_parameter_supported;
    edit::value(root, "authorization_response_iss_parameter_supported", promised.then(|| true.into()));
}
