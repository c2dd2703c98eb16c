//! A token on request: the call becomes the document, as a test of the credential or for a script.

use std::sync::Arc;
use std::time::Duration;

use countersign_evidence::{
    CredentialView, Exchange, Fault, Outcome, Problem, Severity, Step, StepState, TokenOrigin, TokenState,
};

use crate::core::Core;
use crate::send::progress::{Progress, micros};
use crate::send::{ProgressSink, record};
use crate::token::TokenKey;
use crate::view::ExchangeView;

/// How long a token operation on request may take.
const LIMIT: Duration = Duration::from_secs(30);

/// Which token is wanted.
pub(crate) enum Wanted {
    /// The present one, or one obtained now.
    Any,
    /// A new one, and why.
    New(&'static str),
}

impl Core {
    /// Obtains a token. The call's connection and answer stand in the document; a reused token stands alone.
    pub(crate) async fn obtain_token(
        self: &Arc<Self>,
        credential: &str,
        scope: Option<&str>,
        wanted: Wanted,
        sink: ProgressSink,
    ) -> Result<ExchangeView, Problem> {
        let name = credential.to_owned();
        let file = self.blocking(move |core| core.workspace.credential(&name)).await??;
        let id = self.entropy.id(&self.clock);
        let cancel = self.begin_sending(&id);
        let progress = Progress::start(&id, &self.clock, sink);
        let (began, started_at) = (self.clock.boot(), self.clock.now());
        let mut e = Exchange::new(id.clone(), started_at);
        progress.step(Step::Token, StepState::Running, Vec::new());
        match self.token_key(&file, scope) {
            Ok(key) => {
                let leasing = async {
                    match wanted {
                        Wanted::Any => self.engine().lease(Arc::clone(&key), LIMIT).await,
                        Wanted::New(reason) => self.engine().renew(Arc::clone(&key), LIMIT, reason).await,
                    }
                };
                let leased = tokio::select! {
                    biased;
                    () = cancel.cancelled() => None,
                    leased = leasing => Some(leased),
                };
                match leased {
                    // the call itself goes on for others who wait for it
                    None => cancelled(&mut e, &file.name),
                    Some(Ok(lease)) => {
                        let mut token = lease.held.token(TokenState::Valid, Some(lease.origin));
                        match lease.exchange.filter(|_| lease.origin != TokenOrigin::Reused) {
                            Some(call) => {
                                adopt(&mut e, &call);
                                token.exchange = Some(call);
                            }
                            None => {
                                e.credential = Some(CredentialView {
                                    name: file.name.clone(),
                                    store: self.vault().store(),
                                    slots: Vec::new(),
                                })
                            }
                        }
                        e.token = Some(token);
                        e.outcome = Outcome::Answered;
                        progress.step(Step::Token, StepState::Done, Vec::new());
                    }
                    Some(Err(failure)) => {
                        let step = failure
                            .exchange
                            .as_ref()
                            .and_then(|call| call.failed_step)
                            .filter(|s| *s == Step::Credential)
                            .unwrap_or(Step::Token);
                        if let Some(call) = failure.exchange {
                            adopt(&mut e, &call);
                            e.findings.extend(call.findings.iter().cloned());
                            e.ruled_out.clone_from(&call.ruled_out);
                            e.token = Some(refused(&key, failure.state, call));
                        }
                        stop(&mut e, failure.problem, step);
                        progress.step(step, StepState::Cause, Vec::new());
                    }
                }
            }
            Err(problem) => stop(&mut e, problem, Step::Token),
        }
        self.end_sending(&id);
        e.timing.total = micros(self.clock.boot().saturating_sub(began));
        e.timing.token = e.timing.total.saturating_sub(e.timing.credential);
        let e = record::seal(e, &self.redactor);
        Ok(self.finish(e, None).await)
    }
}

impl Core {
    /// The document of a token that was not obtained.
    pub(crate) async fn not_obtained(
        self: &Arc<Self>,
        key: &TokenKey,
        problem: Problem,
        call: Box<Exchange>,
    ) -> ExchangeView {
        let mut e = Exchange::new(self.entropy.id(&self.clock), call.started_at);
        e.timing.total = call.timing.total;
        e.timing.token = call.timing.total.saturating_sub(call.timing.credential);
        let step = call.failed_step.filter(|s| *s == Step::Credential).unwrap_or(Step::Token);
        adopt(&mut e, &call);
        e.findings.extend(call.findings.iter().cloned());
        e.ruled_out.clone_from(&call.ruled_out);
        e.token = Some(refused(key, TokenState::Absent, call));
        stop(&mut e, problem, step);
        let e = record::seal(e, &self.redactor);
        self.finish(e, None).await
    }
}

/// What the call used of the vault.
fn adopt(e: &mut Exchange, call: &Exchange) {
    e.credential.clone_from(&call.credential);
    e.timing.credential = call.timing.credential;
}

fn cancelled(e: &mut Exchange, credential: &str) {
    e.outcome = Outcome::Cancelled;
    e.failed_step = Some(Step::Token);
    e.error = Some(
        Problem::new("exchange.cancelled", Fault::Caller, "cancelled", format!("token of {credential}"))
            .with_severity(Severity::Neutral),
    );
}

fn stop(e: &mut Exchange, problem: Problem, step: Step) {
    e.outcome = if step == Step::Credential { Outcome::RefusedByUs } else { Outcome::Failed };
    e.failed_step = Some(step);
    e.error = Some(problem);
}

fn refused(key: &TokenKey, state: TokenState, call: Box<Exchange>) -> countersign_evidence::Token {
    countersign_evidence::Token {
        state,
        kind: None,
        scope: None,
        requested_scope: (!key.requested_scope.is_empty()).then(|| key.requested_scope.clone()),
        issued_at: None,
        expires_at: None,
        renew_at: None,
        generation: 0,
        origin: None,
        fingerprint: None,
        header: None,
        claims: None,
        exchange: Some(call),
    }
}
