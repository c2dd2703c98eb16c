//! The token of one key as a state machine: [`step`] takes a state, what happened and the time, and gives the next
//! state and what is to be done. It knows generations and deadlines, never a token; it does no IO and asks no clock.
//!
//! A flight is everything done to get the next token: read what is stored, adopt it or call the token endpoint,
//! perhaps read again. One flight at most exists per key, so one call at most is under way.
//! The rules: renewal before expiry ([`Life`]), one renewal for a refused generation, one retry of a refresh whose
//! answer was lost, back-off with a circuit. Instants are durations since boot, on a clock that runs in sleep.

mod step;
#[cfg(test)]
mod tests;
mod trouble;

use std::time::Duration;

use countersign_evidence::TokenState;

pub use self::step::step;
use self::trouble::Trouble;
use crate::Life;

/// A key is hot while it was used within this time, or within two lives of its token.
const HOT: Duration = Duration::from_secs(600);

/// A token of this key: which one, and its deadlines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// Counts the tokens of this key from 1.
    pub generation: u64,
    /// Its deadlines.
    pub life: Life,
}

/// Why a flight starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The renewal point of the present token is reached.
    BeforeExpiry,
    /// The token died before anybody asked again.
    Expired {
        /// Which one.
        generation: u64,
    },
    /// There was none.
    FirstUse,
    /// A resource server answered 401 to it.
    Refused {
        /// Which one.
        generation: u64,
    },
    /// A person or program asked for a new one.
    Requested,
}

impl Cause {
    /// As the list of generations says it.
    pub fn words(self) -> String {
        match self {
            Cause::BeforeExpiry => "renewed before expiry".into(),
            Cause::Expired { generation } => format!("generation {generation} had expired"),
            Cause::FirstUse => "first use".into(),
            Cause::Refused { generation } => format!("the server refused generation {generation}"),
            Cause::Requested => "on request".into(),
        }
    }
}

/// Which grant a call uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// RFC 6749 §4.4: ask again with the client's own credentials.
    Mint,
    /// RFC 6749 §6, with the refresh token found in the store.
    Refresh,
}

/// What is stored for the other processes, as found under the lock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Generation of what is stored; 0: nothing.
    pub generation: u64,
    /// Deadlines of the access token stored with it, when it counts on this boot of this machine.
    pub life: Option<Life>,
    /// Whether a refresh token is there.
    pub refresh: bool,
}

/// Why the token endpoint refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The refresh token is not good any more (`invalid_grant`).
    Grant,
    /// Asking again changes nothing: 400, 401 and their like.
    Lasting,
    /// 408, 425, 429, 5xx.
    Passing {
        /// RFC 9110 §10.2.3.
        retry_after: Option<Duration>,
    },
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// A person discarded the token.
    Discarded,
    /// The credential or its secret changed.
    Edited,
    /// A flight's call brought a token.
    Issued {
        /// Which flight.
        flight: u64,
        /// Deadlines of the token.
        life: Life,
    },
    /// A token is wanted.
    LookedUp,
    /// A flight read the store.
    Read {
        /// Which flight.
        flight: u64,
        /// What it found.
        found: Found,
    },
    /// A flight's call was refused.
    Refused {
        /// Which flight.
        flight: u64,
        /// Why.
        refusal: Refusal,
        /// Jitter of the back-off, within [0, 1).
        u: f64,
    },
    /// A new token is wanted, whatever the present one is worth.
    Requested,
    /// The instant last armed has come.
    Timer {
        /// When the key was last used.
        used_at: Option<Duration>,
    },
    /// A resource server answered 401.
    Unauthorized {
        /// To which token.
        generation: u64,
    },
    /// A flight's call brought no answer.
    Unreached {
        /// Which flight.
        flight: u64,
        /// Whether the server may have seen the request.
        sent: bool,
        /// Whether a later try may do better.
        passing: bool,
        /// Jitter of the back-off, within [0, 1).
        u: f64,
    },
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Effect {
    /// Wake up at this instant with [`Event::Timer`]; replaces what was armed before.
    Arm {
        /// When.
        at: Duration,
    },
    /// The flight calls the token endpoint.
    Call {
        /// Which flight.
        flight: u64,
        /// With which grant.
        call: Call,
    },
    /// The present token is not handed out any more.
    Drop,
    /// What the flight just reported is the answer for all who wait.
    Fail {
        /// Whether waiting for another try makes no sense.
        lasting: bool,
    },
    /// The stored refresh token is removed: it is of no use.
    Forget,
    /// What the flight brought, or found, is the token now.
    Publish {
        /// Which it is.
        token: Term,
        /// Whether it was found in the store.
        adopted: bool,
    },
    /// The flight reads the store again.
    Read {
        /// Which flight.
        flight: u64,
    },
    /// A flight starts: take the lock, read the store, say [`Event::Read`].
    Start {
        /// Which flight.
        flight: u64,
        /// Why.
        cause: Cause,
    },
    /// All who wait look again.
    Wake,
}

/// How far a flight is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Asking with the client's own credentials.
    Minting,
    /// Reading the store; `spent`: the generation of the refresh token the server just refused.
    Reading { spent: Option<u64> },
    /// Refreshing with the token of generation `used`; `last`: no further try with another one, nor with the same.
    Refreshing { used: u64, last: bool },
}

/// A flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flight {
    /// Counts from 1.
    pub number: u64,
    /// Why it started.
    pub cause: Cause,
    stage: Stage,
}

/// Where the key stands.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Standing {
    Absent,
    Acquiring { flight: Flight },
    Ambiguous { token: Option<Term>, used: u64, flight: Option<Flight> },
    Dead { why: Cause },
    Expired { why: Cause },
    Renewing { token: Term, flight: Flight },
    Valid { token: Term },
}

/// State of one key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct State {
    standing: Standing,
    /// Whether the client's own credentials get a token when there is no refresh token.
    mint: bool,
    /// Of the last token published.
    generation: u64,
    /// The newest generation seen in the store.
    seen: u64,
    /// Flights started.
    flights: u64,
    /// A flight whose result will be dropped; nothing new starts before it ended.
    draining: Option<u64>,
    /// Somebody waits, and no flight is under way.
    wanted: bool,
    /// Length of the last token's life.
    life: Option<Duration>,
    armed: Option<Duration>,
    trouble: Trouble,
}

impl State {
    /// Nothing yet. `mint`: whether a token may be asked for with the client's own credentials.
    pub fn new(mint: bool) -> Self {
        Self {
            standing: Standing::Absent,
            mint,
            generation: 0,
            seen: 0,
            flights: 0,
            draining: None,
            wanted: false,
            life: None,
            armed: None,
            trouble: Trouble::default(),
        }
    }

    /// The word for it.
    pub fn word(&self) -> TokenState {
        match self.standing {
            Standing::Absent if self.wanted => TokenState::Acquiring,
            Standing::Absent => TokenState::Absent,
            Standing::Acquiring { .. } => TokenState::Acquiring,
            Standing::Ambiguous { .. } => TokenState::Ambiguous,
            Standing::Dead { .. } => TokenState::Dead,
            Standing::Expired { .. } => TokenState::Expired,
            Standing::Renewing { .. } => TokenState::Renewing,
            Standing::Valid { .. } => TokenState::Valid,
        }
    }

    /// The token, however old.
    pub fn token(&self) -> Option<Term> {
        match self.standing {
            Standing::Absent | Standing::Acquiring { .. } | Standing::Dead { .. } | Standing::Expired { .. } => None,
            Standing::Ambiguous { token, .. } => token,
            Standing::Renewing { token, .. } | Standing::Valid { token } => Some(token),
        }
    }

    /// The token a request may be sent with now.
    pub fn usable(&self, now: Duration) -> Option<Term> {
        self.token().filter(|token| now < token.life.hard_at)
    }

    /// The flight under way, one whose result will be dropped excepted.
    pub fn flight(&self) -> Option<Flight> {
        match self.standing {
            Standing::Absent | Standing::Dead { .. } | Standing::Expired { .. } | Standing::Valid { .. } => None,
            Standing::Acquiring { flight } | Standing::Renewing { flight, .. } => Some(flight),
            Standing::Ambiguous { flight, .. } => flight,
        }
    }

    /// Whether the result of this flight is still wanted.
    pub fn awaits(&self, flight: u64) -> bool {
        self.flight().is_some_and(|mine| mine.number == flight)
    }

    /// The generation the next token will have.
    pub fn next_generation(&self) -> u64 {
        self.generation.max(self.seen) + 1
    }

    /// When the next try is made for those who wait; `None`: it is under way, or may start at once.
    pub fn waits_until(&self, now: Duration) -> Option<Duration> {
        if self.flight().is_some() || self.draining.is_some() {
            return None;
        }
        self.trouble.asked_at().filter(|at| *at > now)
    }

    /// When the next try is made in the background.
    pub fn retries_at(&self, now: Duration) -> Option<Duration> {
        self.trouble.retry_at().filter(|at| *at > now)
    }

    fn hot(&self, used_at: Option<Duration>, now: Duration) -> bool {
        let window = self.life.map_or(HOT, |life| (life * 2).max(HOT));
        used_at.is_some_and(|at| now < at + window)
    }
}
