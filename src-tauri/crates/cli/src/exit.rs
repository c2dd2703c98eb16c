//! Exit codes, from documents and problems.

use countersign_evidence::{Exchange, Outcome, Problem, Step, VerdictState};

/// Yes.
pub(crate) const YES: u8 = 0;
/// The answer is no.
pub(crate) const NO: u8 = 1;
/// Wrong use.
pub(crate) const USAGE: u8 = 2;
const UNREACHED: u8 = 3;
/// TLS was refused.
pub(crate) const TLS: u8 = 4;
/// The token was refused.
pub(crate) const TOKEN: u8 = 5;
/// The vault cannot be used.
pub(crate) const VAULT: u8 = 6;
/// A file or the workspace.
pub(crate) const FILES: u8 = 7;
const OURS: u8 = 70;
/// Cancelled by the person.
pub(crate) const CANCELLED: u8 = 130;

/// Of a command that stopped.
pub(crate) fn of_problem(problem: &Problem) -> u8 {
    let code = problem.code.as_str();
    let area = code.split('.').next().unwrap_or_default();
    match (area, code) {
        (_, "exchange.cancelled") => CANCELLED,
        (_, "exchange.not_found") => NO,
        (_, "tls.silent" | "tls.timed_out") => UNREACHED,
        ("dns" | "tcp" | "proxy" | "exchange", _) => UNREACHED,
        // what the server said of it is about TLS, what is wrong with the files is not
        (_, "client_certificate.required" | "client_certificate.refused") => TLS,
        ("tls" | "certificate" | "path" | "name", _) => TLS,
        ("token" | "client", _) => TOKEN,
        ("vault", _) => VAULT,
        ("workspace" | "storage", _) => FILES,
        ("internal", _) => OURS,
        (_, _) => USAGE,
    }
}

/// Of an exchange where the verdict is in the way: `send`, `token`, `credential test`.
pub(crate) fn of_exchange(e: &Exchange, fail: bool) -> u8 {
    match (e.outcome, &e.error) {
        (Outcome::Answered, _) => match &e.response {
            Some(response) if fail && response.status >= 400 => NO,
            Some(_) | None => YES,
        },
        (Outcome::Cancelled, _) => CANCELLED,
        (Outcome::Failed | Outcome::RefusedByUs, Some(problem)) => of_failure(e, problem),
        (Outcome::Failed | Outcome::RefusedByUs, None) => OURS,
    }
}

fn of_failure(e: &Exchange, problem: &Problem) -> u8 {
    let not_trusted = e.verdict.as_ref().is_some_and(|v| v.state == VerdictState::NotTrusted);
    match e.failed_step {
        Some(Step::Tls) if not_trusted => TLS,
        // a token call that did not get through: its own reason decides
        Some(Step::Token) => match e.token.as_ref().and_then(|t| t.exchange.as_ref()) {
            Some(call) if call.failed_step.is_some() => of_failure_of_call(call),
            Some(_) | None => of_problem(problem),
        },
        Some(_) | None => of_problem(problem),
    }
}

fn of_failure_of_call(call: &Exchange) -> u8 {
    let not_trusted = call.verdict.as_ref().is_some_and(|v| v.state == VerdictState::NotTrusted);
    match (&call.error, call.failed_step) {
        (Some(_), Some(Step::Tls)) if not_trusted => TLS,
        (Some(problem), _) => of_problem(problem),
        (None, _) => TOKEN,
    }
}

/// Of an inspection, where the verdict is the question.
pub(crate) fn of_inspection(e: &Exchange) -> u8 {
    let not_trusted = e.verdict.as_ref().is_some_and(|v| v.state == VerdictState::NotTrusted);
    match e.outcome {
        Outcome::Answered if !not_trusted => YES,
        Outcome::Answered => NO,
        Outcome::Failed if not_trusted && !e.certificates.is_empty() => NO,
        Outcome::Cancelled | Outcome::Failed | Outcome::RefusedByUs => of_exchange(e, false),
    }
}

#[cfg(test)]
mod tests {
    use countersign_evidence::{Fault, Problem};

    use super::of_problem;

    #[test]
    fn every_area_has_its_documented_code() {
        for (code, exit) in [
            ("url.malformed", 2),
            ("credential.host_not_allowed", 2),
            ("dns.not_found", 3),
            ("tcp.refused", 3),
            ("tls.silent", 3),
            ("tls.plain_http", 4),
            ("client_certificate.required", 4),
            ("client_certificate.passphrase_wrong", 2),
            ("token.invalid_client", 5),
            ("vault.locked", 6),
            ("workspace.not_toml", 7),
            ("storage.full", 7),
            ("internal.task", 70),
            ("exchange.cancelled", 130),
        ] {
            assert_eq!(of_problem(&Problem::new(code, Fault::Us, "", "")), exit, "{code}");
        }
    }
}
