//! The device authorization grant (RFC 8628): a code for a person, polled for.

use std::sync::Arc;
use std::time::Duration;

use countersign_evidence::{Fault, Problem, Timestamp};
use countersign_oauth::{DeviceAuthorization, Poll, poll};
use countersign_secret::Secret;

use super::SignIn;
use super::code::no_endpoint;
use crate::send::token_grant::Basis;
use crate::token::Obtained;
use crate::view::SignInProgress;

impl SignIn<'_> {
    /// Asks for a code, tells it, and polls until somebody decided.
    pub(super) async fn by_device(&self) -> Result<Obtained, Problem> {
        let core = self.core;
        let file = &self.parts.file;
        let endpoint = core.resolved_text(&file.grant.device_authorization_endpoint)?;
        if endpoint.is_empty() {
            return Err(no_endpoint(self.name(), "device_authorization_endpoint"));
        }
        let granted = self.authorize_device(&endpoint).await?;
        let now = core.clock.now().unix_millis();
        let life = i64::try_from(granted.expires_in.as_millis()).unwrap_or(i64::MAX / 2);
        (self.told)(SignInProgress::Device {
            user_code: granted.user_code.clone(),
            verification_uri: granted.verification_uri.clone(),
            verification_uri_complete: granted.verification_uri_complete.clone(),
            expires_at: Timestamp::from_unix_millis(now.saturating_add(life)),
        });
        let code = Arc::new(granted.device_code);
        let (mut interval, dies) = (granted.interval, core.clock.boot() + granted.expires_in);
        loop {
            core.clock.sleep_until(core.clock.boot() + interval).await;
            let polled = core.token_call(self.parts.clone(), Basis::Device(Arc::clone(&code)), self.exchange()).await;
            match &polled {
                Obtained::Refused { refusal, .. } => match poll(refusal.error.as_deref()) {
                    Poll::Again => {}
                    Poll::Slower => interval += Duration::from_secs(5),
                    Poll::Over => return Ok(polled),
                },
                // RFC 8628 §3.5: on a time-out the interval is doubled
                Obtained::Unreached { may_have_been_sent: true, .. } => interval *= 2,
                Obtained::Issued { .. } | Obtained::Unreached { .. } => return Ok(polled),
            }
            if core.clock.boot() + interval >= dies {
                return Ok(polled);
            }
        }
    }

    async fn authorize_device(&self, endpoint: &str) -> Result<DeviceAuthorization, Problem> {
        let core = self.core;
        let file = &self.parts.file;
        let mut pairs = vec![("client_id", Secret::new(file.client_id.clone()))];
        if !self.parts.scope.is_empty() {
            pairs.push(("scope", Secret::new(self.parts.scope.clone())));
        }
        pairs.extend(file.grant.resource.iter().map(|one| ("resource", Secret::new(one.clone()))));
        let asked = core.ask_endpoint(&mut self.exchange(), &self.parts, endpoint, pairs).await?;
        let refused = |reason: String| {
            Problem::new(
                "token.device_refused",
                Fault::Peer,
                "the device authorization was refused",
                format!("{}, {reason}", asked.status()),
            )
            .with_citation("RFC 8628", "3.2")
            .with_hint("Compare scope and client authentication with the client's registration.")
        };
        match asked.status() {
            200 => {
                let granted = DeviceAuthorization::read(asked.body()).map_err(refused)?;
                core.redactor.register_token(&granted.device_code);
                Ok(granted)
            }
            _ => Err(refused(core.said(&asked))),
        }
    }
}
