//! Sign-in: a person allows the client something, in a browser (RFC 6749 §4.1, RFC 8252) or on another device
//! (RFC 8628). What comes of it goes to the token engine like any other token.

mod code;
mod device;
mod loopback;

use std::sync::Arc;

use countersign_evidence::{Exchange, Fault, Problem, Severity};

use crate::core::{Core, lock};
use crate::obtain::Wanted;
use crate::send::token_call::TokenParts;
use crate::send::token_grant::DEVICE_CODE;
use crate::token::{Obtained, TokenKey};
use crate::view::{ExchangeView, SignInProgress};

/// Where what happens is told.
pub(crate) type Told = Arc<dyn Fn(SignInProgress) + Send + Sync>;

/// One sign-in under way.
struct SignIn<'a> {
    core: &'a Arc<Core>,
    parts: Arc<TokenParts>,
    told: Told,
}

impl Core {
    /// Lets a person sign in, and takes the token. The last token call is the document.
    pub(crate) async fn sign_in(self: &Arc<Self>, credential: &str, told: Told) -> Result<ExchangeView, Problem> {
        let name = credential.to_owned();
        let file = self.blocking(move |core| core.workspace.credential(&name)).await??;
        let key = self.token_key(&file, None)?;
        let parts = self.token_parts(&key.hash).ok_or_else(|| no_person(credential, &file.grant_type))?;
        let id = self.entropy.id(&self.clock);
        let cancel = self.begin_sending(&id);
        told(SignInProgress::Started { exchange: id.clone() });
        let sign_in = SignIn { core: self, parts, told };
        let work = async {
            match file.grant_type.as_str() {
                "authorization_code" => sign_in.by_code().await,
                DEVICE_CODE => sign_in.by_device().await,
                other => Err(no_person(credential, other)),
            }
        };
        let ended = tokio::select! {
            biased;
            () = cancel.cancelled() => Err(cancelled(credential)),
            ended = work => ended,
        };
        self.end_sending(&id);
        self.bring(&key, ended?).await
    }

    /// Hands what a sign-in brought to the engine; a failed one leaves the present token where it is.
    async fn bring(self: &Arc<Self>, key: &Arc<TokenKey>, obtained: Obtained) -> Result<ExchangeView, Problem> {
        self.remember_call(&obtained);
        match obtained {
            issued @ Obtained::Issued { .. } => {
                // what was allowed before is replaced, its refresh token too
                self.engine().discard(&key.credential);
                lock(&self.brought).insert(key.hash.clone(), Box::new(issued));
                self.obtain_token(&key.credential, None, Wanted::New("sign-in"), Arc::new(|_| {})).await
            }
            Obtained::Refused { problem, exchange, .. } | Obtained::Unreached { problem, exchange, .. } => {
                Ok(self.not_obtained(key, problem, exchange).await)
            }
        }
    }
}

impl SignIn<'_> {
    fn exchange(&self) -> Exchange {
        Exchange::new(self.core.entropy.id(&self.core.clock), self.core.clock.now())
    }

    fn name(&self) -> &str {
        &self.parts.file.name
    }
}

fn no_person(credential: &str, grant: &str) -> Problem {
    Problem::new(
        "token.no_sign_in",
        Fault::Caller,
        format!("`{credential}` needs no sign-in"),
        format!("with the grant {grant} the client obtains its token by itself"),
    )
    .with_hint(format!("Obtain a token: `countersign token get {credential}`."))
}

fn cancelled(credential: &str) -> Problem {
    Problem::new("exchange.cancelled", Fault::Caller, "cancelled", format!("sign-in of {credential}"))
        .with_severity(Severity::Neutral)
}
