//! What a token call stands on: the client itself, a refresh token, what a person allowed, an assertion, another token.

use std::sync::Arc;
use std::time::Duration;

use countersign_evidence::{Exchange, Fault, Problem};
use countersign_oauth::Grant;
use countersign_secret::SecretText;

use super::token_call::TokenParts;
use crate::core::Core;
use crate::proof::{ClientKeys, JWT_BEARER};

/// The grant of RFC 8693.
pub(crate) const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// The grant of RFC 8628.
pub(crate) const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// The type of the subject token where the credential names none (RFC 8693 §3).
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// The slot of a pasted token or assertion.
pub(crate) const SUBJECT_TOKEN: &str = "subject_token";
/// How long the token that is exchanged may take.
const SUBJECT_LIMIT: Duration = Duration::from_secs(10);

/// Why the server should give a token.
pub(crate) enum Basis {
    /// What the credential's grant says.
    Credential,
    /// RFC 6749 §6.
    Refresh(Arc<SecretText>),
    /// A person allowed it in a browser.
    Code { code: SecretText, redirect_uri: String, code_verifier: SecretText },
    /// A person allows it on another device.
    Device(Arc<SecretText>),
}

/// The same with everything that had to be fetched or signed.
pub(crate) enum Given {
    ClientCredentials,
    Refresh(Arc<SecretText>),
    Code { code: SecretText, redirect_uri: String, code_verifier: SecretText },
    Device(Arc<SecretText>),
    JwtBearer(Arc<SecretText>),
    Exchange { token: Arc<SecretText>, kind: String },
}

impl Given {
    pub(crate) fn grant(&self) -> Grant<'_> {
        match self {
            Given::ClientCredentials => Grant::ClientCredentials,
            Given::Refresh(token) => Grant::RefreshToken(token),
            Given::Code { code, redirect_uri, code_verifier } => {
                Grant::AuthorizationCode { code, redirect_uri, code_verifier }
            }
            Given::Device(code) => Grant::DeviceCode(code),
            Given::JwtBearer(assertion) => Grant::JwtBearer(assertion),
            Given::Exchange { token, kind } => Grant::TokenExchange { subject_token: token, subject_token_type: kind },
        }
    }
}

impl Core {
    /// Brings what the grant needs: signs an assertion, obtains the token that is exchanged.
    pub(crate) async fn settle(
        self: &Arc<Self>,
        e: &mut Exchange,
        parts: &TokenParts,
        keys: &ClientKeys,
        basis: Basis,
    ) -> Result<Given, Problem> {
        let file = &parts.file;
        Ok(match basis {
            Basis::Refresh(token) => Given::Refresh(token),
            Basis::Code { code, redirect_uri, code_verifier } => Given::Code { code, redirect_uri, code_verifier },
            Basis::Device(code) => Given::Device(code),
            Basis::Credential => match file.grant_type.as_str() {
                "authorization_code" | "refresh_token" | DEVICE_CODE => return Err(sign_in_needed(&file.name)),
                JWT_BEARER => Given::JwtBearer(match &keys.assertion {
                    Some(key) => {
                        let subject = if file.grant.subject.is_empty() { &file.client_id } else { &file.grant.subject };
                        Arc::new(self.assertion(parts, key, &file.client_id, subject)?)
                    }
                    None => self.pasted(e, &file.name).await?,
                }),
                TOKEN_EXCHANGE => {
                    let token = match file.grant.subject_credential.as_str() {
                        "" => self.pasted(e, &file.name).await?,
                        other => self.token_of(&file.name, other).await?,
                    };
                    let kind = Some(file.grant.subject_token_type.clone()).filter(|kind| !kind.is_empty());
                    Given::Exchange { token, kind: kind.unwrap_or_else(|| ACCESS_TOKEN.to_owned()) }
                }
                _ => Given::ClientCredentials,
            },
        })
    }

    async fn pasted(&self, e: &mut Exchange, credential: &str) -> Result<Arc<SecretText>, Problem> {
        let token = self.read_text_slot(credential, SUBJECT_TOKEN).await?;
        self.redactor.register_token(&token);
        self.slot_used(e, credential, SUBJECT_TOKEN);
        Ok(token)
    }

    /// The token of another credential, obtained when it is not there.
    async fn token_of(self: &Arc<Self>, credential: &str, other: &str) -> Result<Arc<SecretText>, Problem> {
        let file = self.workspace.credential(other)?;
        if other == credential || file.grant_type == TOKEN_EXCHANGE {
            return Err(Problem::new(
                "token.subject_circle",
                Fault::Caller,
                format!("`{credential}` cannot exchange the token of `{other}`"),
                "a token that is exchanged comes from another grant",
            )
            .with_hint("Name a credential with client_credentials or authorization_code as subject-credential."));
        }
        let key = self.token_key(&file, None)?;
        // boxed: the engine's call for the other key is made of this very function
        let leasing: futures_util::future::BoxFuture<'_, _> = Box::pin(self.engine().lease(key, SUBJECT_LIMIT));
        let lease = leasing.await.map_err(|failure| failure.problem)?;
        Ok(Arc::clone(&lease.held.secret))
    }
}

/// A person has to allow it first.
pub(crate) fn sign_in_needed(credential: &str) -> Problem {
    Problem::new(
        "token.sign_in_needed",
        Fault::Caller,
        format!("`{credential}` needs a sign-in"),
        "its grant lets a person decide, and no refresh token is stored",
    )
    .with_citation("RFC 6749", "4.1")
    .with_hint(format!("Sign in: Tokens, {credential}; or `countersign token sign-in {credential}`."))
}
