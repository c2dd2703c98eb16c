//! The authorization code grant with PKCE on a loopback port (RFC 8252 §7.3).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_evidence::{Fault, Problem};
use countersign_oauth::{AuthorizationRequest, Callback, callback, code_challenge, code_verifier, pushed, pushed_url};
use countersign_secret::Secret;

use super::SignIn;
use super::loopback::Loopback;
use crate::send::token_grant::Basis;
use crate::token::Obtained;
use crate::view::SignInProgress;

/// A person takes this long at most.
const PATIENCE: Duration = Duration::from_mins(5);

impl SignIn<'_> {
    /// Opens the browser's address, waits for the redirect, redeems the code.
    pub(super) async fn by_code(&self) -> Result<Obtained, Problem> {
        let core = self.core;
        let file = &self.parts.file;
        let authorization_endpoint = core.resolved_text(&file.grant.authorization_endpoint)?;
        if authorization_endpoint.is_empty() {
            return Err(no_endpoint(self.name(), "authorization_endpoint"));
        }
        let mut random = [0; 32];
        core.entropy.fill(&mut random);
        let verifier = code_verifier(&random);
        core.entropy.fill(&mut random);
        let state = URL_SAFE_NO_PAD.encode(&random[..16]);
        let loopback = Loopback::open().await?;
        let redirect_uri = loopback.redirect_uri();
        let mut e = self.exchange();
        let keys = core.client_keys(&mut e, &self.parts).await?;
        let request = AuthorizationRequest {
            client_id: &file.client_id,
            redirect_uri: &redirect_uri,
            scope: &self.parts.scope,
            state: &state,
            code_challenge: &code_challenge(&verifier),
            resource: &file.grant.resource,
            authorization_details: &file.grant.authorization_details,
            dpop_jkt: &keys.dpop.as_ref().and_then(countersign_oauth::JwtKey::thumbprint).unwrap_or_default(),
        };
        let par = core.resolved_text(&file.grant.pushed_authorization_request_endpoint)?;
        let url = if par.is_empty() {
            request.url(&authorization_endpoint).map_err(|e| e.problem())?
        } else {
            let pairs = request.parameters().into_iter().map(|(name, value)| (name, Secret::new(value))).collect();
            let asked = core.ask_endpoint(&mut e, &self.parts, &par, pairs).await?;
            core.keep_answer(&mut e, &asked);
            let uri = match asked.status() {
                200 | 201 => pushed(asked.body()).map_err(|reason| not_pushed(asked.status(), reason))?,
                status => return Err(not_pushed(status, core.said(&asked))),
            };
            pushed_url(&authorization_endpoint, &file.client_id, &uri).map_err(|e| e.problem())?
        };
        (self.told)(SignInProgress::Browser { url });
        let deadline = core.clock.boot() + PATIENCE;
        let promised = file.grant.authorization_response_iss_parameter_supported;
        loop {
            let query = tokio::select! {
                () = core.clock.sleep_until(deadline) => return Err(too_late(self.name())),
                query = loopback.next() => query?,
            };
            match callback(&query, &state, &self.parts.issuer, promised) {
                // somebody else's answer, or a page that is loaded twice: ours may still come
                Callback::OtherState | Callback::Nothing => {}
                Callback::OtherIssuer { found } => return Err(other_issuer(&self.parts.issuer, found.as_deref())),
                Callback::Refused { error, description } => return Err(refused(&error, description.as_deref())),
                Callback::Code(code) => {
                    (self.told)(SignInProgress::Answered);
                    let basis = Basis::Code { code, redirect_uri, code_verifier: verifier };
                    return Ok(core.token_call(self.parts.clone(), basis, self.exchange()).await);
                }
            }
        }
    }
}

pub(super) fn no_endpoint(credential: &str, name: &str) -> Problem {
    Problem::new(
        "credential.endpoint_missing",
        Fault::Caller,
        format!("`{credential}` has no {name}"),
        "the sign-in would not know where to go",
    )
    .with_citation("RFC 8414", "2")
    .with_hint(format!("Read it from the issuer: `countersign credential replace {credential} --issuer URL`."))
}

fn not_pushed(status: u16, reason: String) -> Problem {
    Problem::new(
        "token.request_not_pushed",
        Fault::Peer,
        "the pushed authorization request was refused",
        format!("{status}, {reason}"),
    )
    .with_citation("RFC 9126", "2.3")
    .with_hint("Compare scope, redirect URI and client authentication with the client's registration.")
}

fn refused(error: &str, description: Option<&str>) -> Problem {
    let said = description.map_or(String::new(), |text| format!(": “{text}”"));
    let (title, hint) = match error {
        "access_denied" => ("the sign-in was denied", "Sign in again, and allow it."),
        "invalid_scope" => ("the scope was refused", "Ask only for scopes this client was given."),
        "unauthorized_client" => ("the client may not use this grant", "Ask the API's owner to enable it."),
        _ => ("the authorization server refused", "Compare the request with the client's registration."),
    };
    Problem::new("token.sign_in_refused", Fault::Caller, title, format!("error={error}{said}"))
        .with_citation("RFC 6749", "4.1.2.1")
        .with_hint(hint)
}

fn other_issuer(wanted: &str, found: Option<&str>) -> Problem {
    Problem::new(
        "token.issuer_mixed_up",
        Fault::Peer,
        "the answer is of another authorization server",
        format!("it says `{}`, asked was `{wanted}`", found.unwrap_or("nothing")),
    )
    .with_citation("RFC 9207", "2.4")
    .with_hint("The code was not used. Compare the issuer of the credential with the server's metadata.")
}

fn too_late(credential: &str) -> Problem {
    Problem::new(
        "token.sign_in_timed_out",
        Fault::Caller,
        "nobody signed in",
        format!("five minutes went by for {credential}"),
    )
    .with_hint("Sign in again.")
}
