//! The token engine: who needs a token gets the present one, or shares the one call that obtains the next.
//!
//! The rules are `countersign_oauth::lease`, pure; here are their timers, tasks, locks and stores. A slot holds
//! one key: its state, its token behind an atomic pointer (the hot path takes no lock), and those who wait. A flight
//! is a detached task, so that a caller who goes away does not end it. Start with [`Engine`].

mod engine;
mod flight;
mod held;
mod kept;
mod lock;
mod problem;
mod row;
mod slot;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use countersign_evidence::{Exchange, Problem, Timestamp, TokenOrigin, TokenState};
use countersign_oauth::{Issued, Recipe, Refusal};
use countersign_secret::SecretText;
use futures_util::future::BoxFuture;

pub use self::engine::{Engine, EngineParts};
pub use self::held::Held;
pub use self::kept::{KeptAccess, KeptRefresh};
use crate::view::TokenRow;

/// A token as lists show it; its `clock` is left for who knows the server's.
pub type EngineRow = TokenRow;

/// Which token: everything it depends on is in the hash, the rest is for those who look.
#[derive(Clone, Debug)]
pub struct TokenKey {
    /// `oauth::CacheKey::hash`.
    pub hash: String,
    /// Credential name.
    pub credential: String,
    /// Environment name.
    pub environment: Option<String>,
    /// RFC 6749 §3.3; may be empty.
    pub requested_scope: String,
    /// May be empty.
    pub audience: String,
    /// Shown.
    pub authorization_server: String,
    /// Wire name, shown.
    pub client_authentication: String,
    /// How it is asked for.
    pub recipe: Arc<Recipe>,
    /// Of the credential, bumped by every edit.
    pub generation: u64,
}

/// One token call to be made.
pub struct Ask {
    /// For which token.
    pub key: Arc<TokenKey>,
    /// RFC 6749 §6 with this token; `None`: the client's own credentials.
    pub refresh: Option<Arc<SecretText>>,
    /// Why, in words.
    pub reason: String,
}

/// How a token call ended.
pub enum Obtained {
    /// With a token.
    Issued {
        /// The answer.
        issued: Issued,
        /// Boot clock when the request started to be sent.
        t0: Duration,
        /// Wall clock at the same moment.
        sent_at: Timestamp,
        /// `Date` of the answer, milliseconds since the epoch.
        date_ms: Option<i64>,
        /// The evidence.
        exchange: Box<Exchange>,
    },
    /// With an answer that is no token.
    Refused {
        /// The answer.
        refusal: Refusal,
        /// RFC 9110 §10.2.3.
        retry_after: Option<Duration>,
        /// The same for a person.
        problem: Problem,
        /// The evidence.
        exchange: Box<Exchange>,
    },
    /// Without an answer. `exchange.outcome` refused by us: nothing was tried, and another try makes no sense.
    Unreached {
        /// Why.
        problem: Problem,
        /// Whether the server may have seen the request: a refresh token may have rotated.
        may_have_been_sent: bool,
        /// The evidence.
        exchange: Box<Exchange>,
    },
}

/// Makes token calls. The send pipeline does, so that each is an ordinary exchange.
pub trait Obtain: Send + Sync {
    /// One call, ended within its own limit.
    fn obtain(&self, ask: Ask) -> BoxFuture<'static, Obtained>;
}

/// Where refresh tokens rest. The vault does; [`KeptRefresh::encode`] gives the value of its slot.
pub trait KeepRefresh: Send + Sync {
    /// What is stored, another process may have written it.
    fn read(&self, key: &TokenKey) -> BoxFuture<'static, Result<Option<KeptRefresh>, Problem>>;
    /// Written when this returns, and read back.
    fn write(&self, key: &TokenKey, kept: KeptRefresh) -> BoxFuture<'static, Result<(), Problem>>;
    /// Removed; nothing stored is no error.
    fn remove(&self, key: &TokenKey) -> BoxFuture<'static, Result<(), Problem>>;
}

/// A token for one request.
pub struct TokenLease {
    /// The token.
    pub held: Arc<Held>,
    /// Whether it was there.
    pub origin: TokenOrigin,
    /// The call that obtained it, when this caller waited for one.
    pub exchange: Option<Box<Exchange>>,
    /// How long this caller waited, microseconds.
    pub waited_us: u64,
}

/// No token.
#[derive(Debug)]
pub struct TokenFailure {
    /// Why.
    pub problem: Problem,
    /// The call that failed.
    pub exchange: Option<Box<Exchange>>,
    /// The server's refusal.
    pub refusal: Option<Refusal>,
    /// Where the key stands now.
    pub state: TokenState,
}
