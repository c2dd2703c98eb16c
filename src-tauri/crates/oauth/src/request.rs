//! Building a token request: an `http` request in parts, secrets inside `Secret`.

use countersign_secret::{Secret, SecretBytes, SecretText};
use http::{Method, Uri};

use crate::client::{basic, form_encoded};
use crate::recipe::{Content, Recipe};
use crate::{BasicEncoding, ClientAuthentication, Error};

/// What is asked for.
#[derive(Clone, Copy)]
pub enum Grant<'a> {
    /// RFC 6749 §4.4.
    ClientCredentials,
    /// RFC 6749 §6.
    RefreshToken(&'a SecretText),
}

impl Grant<'_> {
    /// The value of `grant_type`.
    pub fn name(&self) -> &'static str {
        match self {
            Grant::ClientCredentials => "client_credentials",
            Grant::RefreshToken(_) => "refresh_token",
        }
    }
}

/// Everything a token request is made of.
pub struct TokenRequest<'a> {
    /// How it is asked for.
    pub recipe: &'a Recipe,
    /// Where.
    pub token_endpoint: &'a str,
    /// RFC 6749 §2.2.
    pub client_id: &'a str,
    /// The recipe's first slot.
    pub client_secret: Option<&'a SecretText>,
    /// How the client proves itself, unless the recipe says so.
    pub authentication: ClientAuthentication,
    /// What is asked for.
    pub grant: Grant<'a>,
    /// RFC 6749 §3.3; empty: not sent.
    pub scope: &'a str,
    /// Non-standard, widely used; empty: not sent.
    pub audience: &'a str,
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

/// Builds the request.
///
/// # Errors
/// [`Error`]: an empty slot, an endpoint that is no URL.
pub fn token_request(request: &TokenRequest<'_>) -> Result<Prepared, Error> {
    let recipe = request.recipe;
    let authentication = authentication(request)?;
    let uri: Uri = request
        .token_endpoint
        .parse()
        .ok()
        .filter(|uri: &Uri| matches!(uri.scheme_str(), Some("https" | "http")) && uri.host().is_some())
        .ok_or_else(|| Error::Endpoint { endpoint: request.token_endpoint.to_owned() })?;
    let method = recipe.request.method.parse().map_err(|_| Error::Recipe {
        recipe: recipe.id.clone(),
        reason: format!("`{}` is not a method", recipe.request.method),
    })?;

    let mut fields: Vec<(&'static str, SecretText)> = Vec::new();
    let mut shown_fields = Vec::new();
    for (name, value) in [("accept", &recipe.request.accept), ("content-type", &recipe.request.content_type)] {
        if let Some(value) = value {
            fields.push((name, Secret::new(value.clone())));
            shown_fields.push((name.to_owned(), value.clone()));
        }
    }
    if let ClientAuthentication::ClientSecretBasic(encoding) = authentication {
        let value = basic(request.client_id, secret(request)?, encoding);
        if value.expose_secret().chars().any(|c| c.is_control()) {
            return Err(Error::NotAFieldValue);
        }
        fields.push(("authorization", value));
        shown_fields.push(("authorization".into(), format!("Basic ‹{}›", authentication.words())));
    }
    let content = content(request, authentication)?;
    Ok(Prepared { method, uri, fields, content, shown_fields, authentication })
}

fn secret<'a>(request: &TokenRequest<'a>) -> Result<&'a SecretText, Error> {
    request.client_secret.filter(|secret| !secret.is_empty()).ok_or_else(|| Error::SecretMissing {
        slot: request.recipe.slots.first().cloned().unwrap_or_else(|| "client_secret".into()),
    })
}

/// The recipe's choice, else the credential's.
fn authentication(request: &TokenRequest<'_>) -> Result<ClientAuthentication, Error> {
    Ok(match request.recipe.request.client_auth.as_deref() {
        None => request.authentication,
        Some("basic-form") => ClientAuthentication::ClientSecretBasic(BasicEncoding::Form),
        Some("basic-raw") => ClientAuthentication::ClientSecretBasic(BasicEncoding::Raw),
        Some("basic-verbatim") => ClientAuthentication::ClientSecretBasic(BasicEncoding::Verbatim),
        Some(name) => ClientAuthentication::parse(name, BasicEncoding::Form)?,
    })
}

fn content(request: &TokenRequest<'_>, authentication: ClientAuthentication) -> Result<SecretBytes, Error> {
    let text = match request.recipe.request.content {
        Content::Empty => return Ok(Secret::new(Vec::new())),
        Content::Json | Content::Text => request.recipe.request.template.clone().unwrap_or_default(),
        Content::Form => form(request, authentication)?,
    };
    Ok(Secret::new(text.into_bytes()))
}

/// RFC 6749 §4.4.2, §6; `client_id` and `client_secret` where they go into the content.
fn form(request: &TokenRequest<'_>, authentication: ClientAuthentication) -> Result<String, Error> {
    let mut pairs = vec![("grant_type", request.grant.name().to_owned())];
    if let Grant::RefreshToken(token) = request.grant {
        pairs.push(("refresh_token", token.expose_secret().clone()));
    }
    // RFC 6749 §6: without a scope a refresh asks for what was granted, and more it must not ask for
    let scope = if matches!(request.grant, Grant::RefreshToken(_)) { "" } else { request.scope };
    for (name, value) in [("scope", scope), ("audience", request.audience)] {
        if !value.is_empty() {
            pairs.push((name, value.to_owned()));
        }
    }
    match authentication {
        ClientAuthentication::ClientSecretBasic(_) => {}
        ClientAuthentication::ClientSecretPost => {
            pairs.push(("client_id", request.client_id.to_owned()));
            pairs.push(("client_secret", secret(request)?.expose_secret().clone()));
        }
        ClientAuthentication::None => pairs.push(("client_id", request.client_id.to_owned())),
    }
    Ok(pairs.iter().map(|(name, value)| format!("{name}={}", form_encoded(value))).collect::<Vec<_>>().join("&"))
}

#[cfg(test)]
mod tests {
    use countersign_secret::Secret;

    use super::{Grant, TokenRequest, token_request};
    use crate::{BasicEncoding, ClientAuthentication, Recipe};

    fn content(authentication: ClientAuthentication, recipe: &str) -> (String, Vec<(String, String)>) {
        let secret = Secret::new("s3cret&=+ value".to_owned());
        let recipe = Recipe::built_in(recipe).unwrap();
        let prepared = token_request(&TokenRequest {
            recipe: &recipe,
            token_endpoint: "https://localhost:8444/oauth2/token",
            client_id: "demo-client",
            client_secret: Some(&secret),
            authentication,
            grant: Grant::ClientCredentials,
            scope: "payments:read payments:write",
            audience: "",
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
            client_id: "demo-client",
            client_secret: Some(&token),
            authentication: ClientAuthentication::ClientSecretBasic(BasicEncoding::Form),
            grant: Grant::RefreshToken(&token),
            scope: "payments:read payments:write",
            audience: "",
        })
        .unwrap();
        let content = String::from_utf8(prepared.content.expose_secret().clone()).unwrap();
        assert_eq!(content, "grant_type=refresh_token&refresh_token=refresh-1", "RFC 6749 §6");
    }
}
