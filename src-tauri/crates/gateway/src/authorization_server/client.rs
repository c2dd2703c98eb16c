//! Client authentication (RFC 6749 §2.3, RFC 7523 §2.2, RFC 8705 §2): one method in a request, never two.

use axum::http::header;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_secret::{Secret, SecretText};

use super::assertion;
use super::form::{Form, decoded};
use super::refusal::{Refusal, invalid_client, invalid_request};
use crate::dialect::Basic;
use crate::fault::FaultGroup;
use crate::lab::Lab;
use crate::mutual::Presented;
use crate::{DEMO_CLIENT, DEMO_PUBLIC};

/// The methods, as metadata names them (RFC 8414 §2).
pub(crate) const METHODS: [&str; 7] = [
    "client_secret_basic",
    "client_secret_post",
    "client_secret_jwt",
    "private_key_jwt",
    "tls_client_auth",
    "self_signed_tls_client_auth",
    "none",
];

/// RFC 7523 §2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// What most servers say, so that it does not tell which half is wrong.
const REFUSED: &str = "Invalid client or Invalid client credentials";

/// A client that proved who it is, as far as its kind can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    pub(crate) id: &'static str,
    /// One of [`METHODS`], or a vendor's own.
    pub(crate) method: &'static str,
    /// `x5t#S256` of the certificate its connection presented.
    pub(crate) certificate: Option<String>,
}

impl Client {
    pub(crate) fn is_public(&self) -> bool {
        self.id == DEMO_PUBLIC
    }
}

/// A client by its identifier.
pub(crate) fn known(id: &str) -> Option<&'static str> {
    [DEMO_CLIENT, DEMO_PUBLIC].into_iter().find(|known| *known == id)
}

/// Whose request this is, without any proof: for counting. Who names no other client is the demo client.
pub(crate) fn guessed(lab: &Lab, parts: &Parts, content: &[u8]) -> &'static str {
    let basic = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let by_basic = basic.and_then(|value| halves(lab, value).ok()).and_then(|(id, _)| id);
    let text = std::str::from_utf8(content).unwrap_or_default();
    let id = by_basic.or_else(|| Form::parse(text).ok()?.get("client_id").map(ToOwned::to_owned));
    id.and_then(|id| known(&id)).unwrap_or(DEMO_CLIENT)
}

/// Judges the client of a request.
pub(crate) fn authenticate(lab: &Lab, parts: &Parts, form: &Form) -> Result<Client, Refusal> {
    let presented = parts.extensions.get::<Presented>().cloned().unwrap_or_default();
    let basic = parts.headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap_or_default());
    let (secret, assertion) = (form.get("client_secret"), form.get("client_assertion"));
    if [basic.is_some(), secret.is_some(), assertion.is_some()].into_iter().filter(|used| *used).count() > 1 {
        let description = "Two client authentication methods at once (RFC 6749, section 2.3)";
        return Err(invalid_request(description, "two client authentications"));
    }
    let named = form.get("client_id");
    let of = |id, method| Client { id, method, certificate: presented.thumbprint() };
    if let Some(value) = basic {
        let (id, secret) = halves(lab, value)?;
        if named.is_some() && id.as_deref() != named {
            return Err(invalid_request("client_id and the Basic credentials name two clients", "two clients"));
        }
        return confidential(lab, id.as_deref(), secret).map(|()| of(DEMO_CLIENT, "client_secret_basic"));
    }
    if let Some(secret) = secret {
        let secret = Some(Secret::new(secret.to_owned()));
        return confidential(lab, named, secret).map(|()| of(DEMO_CLIENT, "client_secret_post"));
    }
    if let Some(assertion) = assertion {
        if form.get("client_assertion_type") != Some(ASSERTION_TYPE) {
            return Err(invalid_request("client_assertion_type is not that of RFC 7523", "unknown kind of assertion"));
        }
        refused_on_purpose(lab)?;
        return assertion::of_client(lab, parts, assertion, named).map(|method| of(DEMO_CLIENT, method));
    }
    match named.map(known) {
        None => Err(invalid_client("No client authentication")),
        Some(None) => Err(invalid_client(REFUSED)),
        Some(Some(DEMO_PUBLIC)) => refused_on_purpose(lab).map(|()| of(DEMO_PUBLIC, "none")),
        Some(Some(id)) => {
            let Some(thumbprint) = presented.thumbprint() else {
                return Err(invalid_client("No client authentication"));
            };
            refused_on_purpose(lab)?;
            if lab.is_registered(&thumbprint) {
                return Ok(of(id, "self_signed_tls_client_auth"));
            }
            if lab.pki.clients.know(&presented, lab.seconds()) {
                return Ok(of(id, "tls_client_auth"));
            }
            Err(invalid_client("The client certificate is not one of this client's"))
        }
    }
}

fn refused_on_purpose(lab: &Lab) -> Result<(), Refusal> {
    if lab.has(FaultGroup::Token, "client-refused") { Err(invalid_client(REFUSED).on_purpose()) } else { Ok(()) }
}

/// The demo client's secret.
fn confidential(lab: &Lab, id: Option<&str>, secret: Option<SecretText>) -> Result<(), Refusal> {
    refused_on_purpose(lab)?;
    if id == Some(DEMO_CLIENT) && secret.is_some_and(|secret| secret.eq_constant_time(&lab.demo_secret)) {
        Ok(())
    } else {
        Err(invalid_client(REFUSED))
    }
}

/// Both halves of Basic; `None` where a half does not decode.
type Halves = (Option<String>, Option<SecretText>);

fn halves(lab: &Lab, value: &str) -> Result<Halves, Refusal> {
    let pair = value
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
        .and_then(|(_, encoded)| STANDARD.decode(encoded.trim()).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| invalid_client("The Basic credentials cannot be read"))?;
    let (id, secret) = pair.split_once(':').ok_or_else(|| invalid_client("The Basic credentials have no colon"))?;
    Ok(match lab.manner().basic {
        Basic::Form => (decoded(id), decoded(secret).map(Secret::new)),
        Basic::Raw => (Some(id.to_owned()), Some(Secret::new(secret.to_owned()))),
    })
}
