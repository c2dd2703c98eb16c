//! What of a failed call is worth another try, and the problems of the engine's own.

use std::time::Duration;

use countersign_evidence::{Exchange, Fault, Outcome, Problem, Severity};
use countersign_oauth::Refusal;
use countersign_oauth::lease::{Call, Refusal as Judged};

/// What a refusal means for the key (tokens: 408, 425, 429 and 5xx pass, nothing else does).
pub(super) fn judged(refusal: &Refusal, call: Call, retry_after: Option<Duration>) -> Judged {
    let of_the_grant =
        matches!(refusal.error.as_deref(), Some("invalid_grant" | "unauthorized_client" | "unsupported_grant_type"));
    match (call, refusal.status) {
        (Call::Refresh, _) if of_the_grant => Judged::Grant,
        (Call::Mint | Call::Refresh, 408 | 425 | 429 | 500..=599) => Judged::Passing { retry_after },
        (Call::Mint | Call::Refresh, _) => Judged::Lasting,
    }
}

/// Whether a call that brought no answer may do better later: only where the network was at fault.
pub(super) fn passing(problem: &Problem, exchange: &Exchange) -> bool {
    match exchange.outcome {
        Outcome::RefusedByUs | Outcome::Cancelled => false,
        Outcome::Answered | Outcome::Failed => match problem.code.as_str() {
            "exchange.closed"
            | "exchange.reset"
            | "exchange.stream_reset"
            | "exchange.timed_out"
            | "exchange.truncated" => true,
            "tls.closed_mid_handshake" | "tls.reset" | "tls.silent" | "tls.timed_out" => true,
            code => code.starts_with("dns.") || code.starts_with("tcp.") || code.starts_with("proxy."),
        },
    }
}

/// Nobody is there: who waits hears it at once, the next try comes all the same.
pub(super) fn nobody_there(problem: &Problem) -> bool {
    matches!(problem.code.as_str(), "dns.not_found" | "tcp.refused" | "tcp.unreachable")
}

pub(super) fn closing(credential: &str) -> Problem {
    Problem::new("exchange.cancelled", Fault::Caller, "Countersign is closing", format!("token of `{credential}`"))
        .with_severity(Severity::Neutral)
}

pub(super) fn discarded(credential: &str) -> Problem {
    Problem::new(
        "token.discarded",
        Fault::Caller,
        "the token was discarded while it was waited for",
        format!("token of `{credential}`"),
    )
    .with_severity(Severity::Neutral)
    .with_hint("Send again: a new token is obtained.")
}

pub(super) fn timed_out(credential: &str, limit: Duration) -> Problem {
    let detail = format!("token of `{credential}`, waited {:.1} s", limit.as_secs_f64());
    Problem::new("token.timed_out", Fault::Peer, "no token came in time", detail)
        .with_hint("The call goes on in the background; send again to use its result.")
}

pub(super) fn locked_elsewhere(credential: &str) -> Problem {
    Problem::new(
        "token.locked_elsewhere",
        Fault::Environment,
        "another process of Countersign is renewing this token",
        format!("token of `{credential}`"),
    )
    .with_hint("Wait for it, or end the other process.")
}

pub(super) fn expired_on_arrival(credential: &str) -> Problem {
    Problem::new(
        "token.expired_on_arrival",
        Fault::Peer,
        "the token had expired when it arrived",
        format!("token of `{credential}`"),
    )
    .with_citation("RFC 6749", "5.1")
    .with_hint("The server's tokens live shorter than a call takes, or the computer slept meanwhile.")
}

pub(super) fn stopped(credential: &str) -> Problem {
    Problem::new(
        "internal.token_flight",
        Fault::Us,
        "the token call stopped without a result",
        format!("token of `{credential}`"),
    )
    .with_hint("This is a bug of ours.")
}

pub(super) fn out_of_reach(credential: &str) -> Problem {
    Problem::new(
        "token.unobtainable",
        Fault::Caller,
        "no grant is left to obtain a token with",
        format!("token of `{credential}`"),
    )
    .with_hint("Authorise anew: the refresh token is spent, revoked or unknown.")
}
