//! Building a token request: an `http` request in parts, secrets inside `Secret`.

use countersign_secret::{Secret, SecretBytes, SecretText};
use http::{Method, Uri};

use crate::assertion::JWT_BEARER;
use crate::client::{basic, form_encoded};
use crate::recipe::{Content, Recipe};
use crate::template;
use crate::{BasicEncoding, ClientAuthentication, Error};

/// What is asked for.
#[derive(Clone, Copy)]
pub enum Grant<'a> {
    /// RFC 6749 §4.4.
    ClientCredentials,
    /// RFC 6749 §6.
    RefreshToken(&'a SecretText),
    /// RFC 6749 §4.1.3 with RFC 7636 §4.5.
    AuthorizationCode {
        /// From the redirect.
        code: &'a SecretText,
        /// The same as in the authorization request.
        redirect_uri: &'a str,
        /// RFC 7636 §4.1.
        code_verifier: &'a SecretText,
    },
    /// RFC 8628 §3.4.
    DeviceCode(&'a SecretText),
    /// RFC 7523 §2.1: an assertion about whom the client acts for.
    JwtBearer(&'a SecretText),
    /// RFC 8693 §2.1.
    TokenExchange {
        /// The token that is exchanged.
        subject_token: &'a SecretText,
        /// Its type, an identifier of RFC 8693 §3.
        subject_token_type: &'a str,
    },
}

impl Grant<'_> {
    /// The value of `grant_type`.
    pub fn name(&self) -> &'static str {
        match self {
            Grant::ClientCredentials => "client_credentials",
            Grant::RefreshToken(_) => "refresh_token",
            Grant::AuthorizationCode { .. } => "authorization_code",
            Grant::DeviceCode(_) => "urn:ietf:params:oauth:grant-type:device_code",
            Grant::JwtBearer(_) => "urn:ietf:params:oauth:grant-type:jwt-bearer",
            Grant::TokenExchange { .. } => "urn:ietf:params:oauth:grant-type:token-exchange",
        }
    }

    /// Its own parameters.
    fn parameters(&self) -> Vec<(&'static str, SecretText)> {
        let open = |text: &str| Secret::new(text.to_owned());
        let same = |secret: &SecretText| Secret::new(secret.expose_secret().clone());
        match self {
            Grant::ClientCredentials => Vec::new(),
            Grant::RefreshToken(token) => vec![("refresh_token", same(token))],
            Grant::AuthorizationCode { code, redirect_uri, code_verifier } => {
                vec![("code", same(code)), ("redirect_uri", open(redirect_uri)), ("code_verifier", same(code_verifier))]
            }
            Grant::DeviceCode(code) => vec![("device_code", same(code))],
            Grant::JwtBearer(assertion) => vec![("assertion", same(assertion))],
            Grant::TokenExchange { subject_token, subject_token_type } => {
                vec![("subject_token", same(subject_token)), ("subject_token_type", open(subject_token_type))]
            }
        }
    }

    /// Whether scope and resource were settled when the grant was made, and are not asked for again.
    fn is_settled(&self) -> bool {
        matches!(self, Grant::RefreshToken(_) | Grant::AuthorizationCode { .. } | Grant::DeviceCode(_))
    }
}

/// A client, and how it proves itself.
#[derive(Clone, Copy)]
pub struct Client<'a> {
    /// RFC 6749 §2.2.
    pub id: &'a str,
    /// The recipe's first slot, where a secret is the proof.
    pub secret: Option<&'a SecretText>,
    /// How it proves itself, unless a recipe says so.
    pub authentication: ClientAuthentication,
    /// The signed assertion, where that is the proof (RFC 7523 §2.2).
    pub assertion: Option<&'a SecretText>,
}

/// Everything a token request is made of.
#[derive(Clone, Copy)]
pub struct TokenRequest<'a> {
    /// How it is asked for.
    pub recipe: &'a Recipe,
    /// Where.
    pub token_endpoint: &'a str,
    /// By whom.
    pub client: Client<'a>,
    /// What is asked for.
    pub grant: Grant<'a>,
    /// RFC 6749 §3.3; empty: not sent.
    pub scope: &'a str,
    /// Non-standard, widely used; RFC 8693 §2.1 for token exchange; empty: not sent.
    pub audience: &'a str,
    /// RFC 8707 §2.
    pub resource: &'a [String],
    /// RFC 9396 §2, JSON text; empty: not sent.
    pub authorization_details: &'a str,
    /// The `DPoP` field (RFC 9449 §5).
    pub proof: Option<&'a SecretText>,
}

/// A request ready to be sent, and what of it may be shown.
pub struct Prepared {
    /// Method.
    pub method: Method,
    /// Target.
    pub uri: Uri,
    /// Fields as sent.
    pub fields: Vec<(&'static str, SecretText)>,
    /// Content as sent.
    pub content: SecretBytes,
    /// Fields as shown: the client's credentials are named, not told.
    pub shown_fields: Vec<(String, String)>,
    /// How the client proved itself.
    pub authentication: ClientAuthentication,
}

/// Builds the request for a token.
///
/// # Errors
/// [`Error`]: an empty slot, an endpoint that is no URL.
pub fn token_request(request: &TokenRequest<'_>) -> Result<Prepared, Error> {
    let recipe = request.recipe;
    let authentication = authentication(request)?;
    let client = Client { authentication, ..request.client };
    let uri = endpoint(request.token_endpoint)?;
    let method = recipe.request.method.parse().map_err(|_| Error::Recipe {
        recipe: recipe.id.clone(),
        reason: format!("`{}` is not a method", recipe.request.method),
    })?;
    let mut prepared = Prepared {
        method,
        uri,
        fields: Vec::new(),
        content: Secret::new(Vec::new()),
        shown_fields: Vec::new(),
        authentication,
    };
    for (name, value) in [("accept", &recipe.request.accept), ("content-type", &recipe.request.content_type)] {
        if let Some(value) = value {
            prepared.open_field(name, value);
        }
    }
    let slot = recipe.slots.first().map_or("client_secret", String::as_str);
    prepared.authorize(&client, slot)?;
    prepared.prove(request.proof);
    let values = template::Values {
        client_id: client.id,
        client_secret: client.secret,
        grant_type: request.grant.name(),
        scope: request.scope,
        audience: request.audience,
    };
    let text = match recipe.request.content {
        Content::Empty => return Ok(prepared),
        Content::Form => Secret::new(form(request, &client, slot)?),
        Content::Json => template::json(recipe, &values)?,
        Content::Text => template::text(recipe, &values)?,
    };
    prepared.content = Secret::new(text.expose_secret().clone().into_bytes());
    Ok(prepared)
}

/// Builds a `POST` of parameters to another endpoint of the authorization server, the client proved as at the token
/// endpoint: introspection (RFC 7662 §2.1), revocation (RFC 7009 §2.1), device authorization (RFC 8628 §3.1), pushed
/// authorization (RFC 9126 §2.1).
///
/// # Errors
/// [`Error`]: an empty slot, an endpoint that is no URL.
pub fn endpoint_request(
    target: &str,
    client: &Client<'_>,
    parameters: Vec<(&'static str, SecretText)>,
    proof: Option<&SecretText>,
) -> Result<Prepared, Error> {
    let mut prepared = Prepared {
        method: Method::POST,
        uri: endpoint(target)?,
        fields: Vec::new(),
        content: Secret::new(Vec::new()),
        shown_fields: Vec::new(),
        authentication: client.authentication,
    };
    prepared.open_field("accept", "application/json");
    prepared.open_field("content-type", "application/x-www-form-urlencoded");
    prepared.authorize(client, "client_secret")?;
    prepared.prove(proof);
    let mut pairs = parameters;
    // a pushed authorization request names its client by itself
    if pairs.iter().any(|(name, _)| *name == "client_id") {
        pairs.retain(|(name, _)| *name != "client_id");
        pairs.extend(proved(client, "client_secret", true)?);
    } else {
        pairs.extend(proved(client, "client_secret", false)?);
    }
    prepared.content = Secret::new(encoded(&pairs).into_bytes());
    Ok(prepared)
}

impl Prepared {
    fn open_field(&mut self, name: &'static str, value: &str) {
        self.fields.push((name, Secret::new(value.to_owned())));
        self.shown_fields.push((name.to_owned(), value.to_owned()));
    }

    /// The Authorization field, where the client proves itself there.
    fn authorize(&mut self, client: &Client<'_>, slot: &str) -> Result<(), Error> {
        let ClientAuthentication::ClientSecretBasic(encoding) = client.authentication else { return Ok(()) };
        let value = basic(client.id, secret(client, slot)?, encoding);
        if value.expose_secret().chars().any(|c| c.is_control()) {
            return Err(Error::NotAFieldValue);
        }
        self.fields.push(("authorization", value));
        self.shown_fields.push(("authorization".into(), format!("Basic ‹{}›", client.authentication.words())));
        Ok(())
    }

    fn prove(&mut self, proof: Option<&SecretText>) {
        if let Some(proof) = proof {
            self.fields.push(("dpop", Secret::new(proof.expose_secret().clone())));
            self.shown_fields.push(("dpop".into(), "‹proof›".into()));
        }
    }
}

fn endpoint(text: &str) -> Result<Uri, Error> {
    text.parse()
        .ok()
        .filter(|uri: &Uri| matches!(uri.scheme_str(), Some("https" | "http")) && uri.host().is_some())
        .ok_or_else(|| Error::Endpoint { endpoint: text.to_owned() })
}

fn secret<'a>(client: &Client<'a>, slot: &str) -> Result<&'a SecretText, Error> {
    client.secret.filter(|secret| !secret.is_empty()).ok_or_else(|| Error::SecretMissing { slot: slot.to_owned() })
}

/// The recipe's choice, else the credential's.
fn authentication(request: &TokenRequest<'_>) -> Result<ClientAuthentication, Error> {
    Ok(match request.recipe.request.client_auth.as_deref() {
        None => request.client.authentication,
        Some("basic-form") => ClientAuthentication::ClientSecretBasic(BasicEncoding::Form),
        Some("basic-raw") => ClientAuthentication::ClientSecretBasic(BasicEncoding::Raw),
        Some("basic-verbatim") => ClientAuthentication::ClientSecretBasic(BasicEncoding::Verbatim),
        Some(name) => ClientAuthentication::parse(name, BasicEncoding::Form)?,
    })
}

/// The proof of a client that stands in the content; with `named` its identifier does in any case.
fn proved(client: &Client<'_>, slot: &str, named: bool) -> Result<Vec<(&'static str, SecretText)>, Error> {
    let open = |text: &str| Secret::new(text.to_owned());
    let id = || ("client_id", open(client.id));
    Ok(match client.authentication {
        ClientAuthentication::ClientSecretBasic(_) if named => vec![id()],
        ClientAuthentication::ClientSecretBasic(_) => Vec::new(),
        ClientAuthentication::ClientSecretPost => {
            vec![id(), ("client_secret", open(secret(client, slot)?.expose_secret()))]
        }
        ClientAuthentication::ClientSecretJwt | ClientAuthentication::PrivateKeyJwt => {
            let assertion = client.assertion.ok_or(Error::AssertionMissing { method: client.authentication.name() })?;
            vec![
                id(),
                ("client_assertion_type", open(JWT_BEARER)),
                ("client_assertion", open(assertion.expose_secret())),
            ]
        }
        ClientAuthentication::TlsClientAuth
        | ClientAuthentication::SelfSignedTlsClientAuth
        | ClientAuthentication::None => vec![id()],
    })
}

/// RFC 6749 §4.4.2, §6, and the parameters of the other grants.
fn form(request: &TokenRequest<'_>, client: &Client<'_>, slot: &str) -> Result<String, Error> {
    let mut pairs = vec![("grant_type", Secret::new(request.grant.name().to_owned()))];
    pairs.extend(request.grant.parameters());
    // RFC 6749 §6: without a scope a refresh asks for what was granted, and more it must not ask for
    let settled = request.grant.is_settled();
    let scope = if settled { "" } else { request.scope };
    let details = if settled { "" } else { request.authorization_details };
    for (name, value) in [("scope", scope), ("audience", request.audience), ("authorization_details", details)] {
        if !value.is_empty() {
            pairs.push((name, Secret::new(value.to_owned())));
        }
    }
    // RFC 8707 §2.2: at the token endpoint it names for which of those granted this token is
    pairs.extend(request.resource.iter().map(|one| ("resource", Secret::new(one.clone()))));
    pairs.extend(proved(client, slot, false)?);
    Ok(encoded(&pairs))
}

/// `application/x-www-form-urlencoded`.
fn encoded(pairs: &[(&'static str, SecretText)]) -> String {
    let pair = |(name, value): &(&str, SecretText)| format!("{name}={}", form_encoded(value.expose_secret()));
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use countersign_secret::Secret;

    use super::{Client, Grant, TokenRequest, token_request};
    use crate::{BasicEncoding, ClientAuthentication, Recipe};

    fn content(authentication: ClientAuthentication, recipe: &str) -> (String, Vec<(String, String)>) {
        let secret = Secret::new("s3cret&=+ value".to_owned());
        let recipe = Recipe::built_in(recipe).unwrap();
        let prepared = token_request(&TokenRequest {
            recipe: &recipe,
            token_endpoint: "https://localhost:8444/oauth2/token",
            client: Client { id: "demo-client", secret: Some(&secret), authentication, assertion: None },
            grant: Grant::ClientCredentials,
            scope: "payments:read payments:write",
            audience: "",
            resource: &[],
            authorization_details: "",
            proof: None,
        })
        .unwrap();
        (String::from_utf8(prepared.content.expose_secret().clone()).unwrap(), prepared.shown_fields)
    }

    #[test]
    fn basic_keeps_the_secret_out_of_the_content_and_of_what_is_shown() {
        let (content, shown) = content(ClientAuthentication::ClientSecretBasic(BasicEncoding::Form), "rfc6749");
        assert_eq!(content, "grant_type=client_credentials&scope=payments%3Aread+payments%3Awrite", "RFC 6749 §4.4.2");
        let shown = format!("{shown:?}");
        assert!(shown.contains("form-encoded") && !shown.contains("ZGVtby1jbGllbnQ6"), "{shown}");
    }

    #[test]
    fn post_sends_both_in_the_content() {
        let (content, _) = content(ClientAuthentication::ClientSecretPost, "rfc6749");
        assert!(
            content.ends_with("&client_id=demo-client&client_secret=s3cret%26%3D%2B+value"),
            "RFC 6749 §2.3.1: {content}"
        );
    }

    #[test]
    fn the_vendor_recipe_sends_the_key_verbatim_and_no_content() {
        let (content, shown) = content(ClientAuthentication::ClientSecretPost, "ngenius");
        assert_eq!(content, "", "the recipe decides");
        assert!(format!("{shown:?}").contains("verbatim"), "{shown:?}");
    }

    #[test]
    fn a_refresh_names_no_scope_and_so_never_more_than_was_granted() {
        let token = Secret::new("refresh-1".to_owned());
        let recipe = Recipe::built_in("rfc6749").unwrap();
        let prepared = token_request(&TokenRequest {
            recipe: &recipe,
            token_endpoint: "https://localhost:8444/oauth2/token",
            client: Client {
                id: "demo-client",
                secret: Some(&token),
                authentication: ClientAuthentication::ClientSecretBasic(BasicEncoding::Form),
                assertion: None,
            },
            grant: Grant::RefreshToken(&token),
            scope: "payments:read payments:write",
            audience: "",
            resource: &[],
            authorization_details: "",
            proof: None,
        })
        .unwrap();
        let content = String::from_utf8(prepared.content.expose_secret().clone()).unwrap();
        assert_eq!(content, "grant_type=refresh_token&refresh_token=refresh-1", "RFC 6749 §6");
    }
}
