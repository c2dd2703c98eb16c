//! The line of a send: credential, token, name, TCP, TLS, signature, response.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use countersign_evidence::{
    Attempt as PastAttempt, AttemptReason, CredentialView, Exchange, Fact, Fault, Outcome, Problem, Severity, Step,
    StepState, TokenOrigin,
};
use countersign_exchange::{Body, Content, Lease, Outgoing, Received, Redirect, Sink, redirect};
use countersign_tls::ClientIdentity;
use http::header::{AUTHORIZATION, LOCATION};
use http::{HeaderName, HeaderValue};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::draft::{NotSendable, Prepared, prepare};
use super::hop::Hop;
use super::progress::{Progress, ProgressSink, micros};
use super::record;
use super::refusal::{Answer, Refused, judge};
use super::signer::{Signed, Signer, Unsigned, apply, signer};
use crate::core::{Core, lock};
use crate::diagnosis::With;
use crate::token::{TokenKey, TokenLease};
use crate::view::{ExchangeView, RequestDraft};

/// Contents up to this many bytes are looked at for the server's own words.
const READ_FOR_WORDS: u64 = 64 * 1024;

/// Why an attempt stopped.
struct Stopped {
    problem: Problem,
    step: Step,
    outcome: Outcome,
}

/// What follows an attempt.
enum Next {
    Nothing,
    /// The token of this key and generation was refused.
    Renew(Arc<TokenKey>, u64),
    /// The proof was refused for want of a nonce that is known now.
    Nonce,
    Redirected(Redirect),
}

struct Run<'a> {
    core: &'a Arc<Core>,
    id: String,
    progress: Progress,
    cancel: CancellationToken,
    deadline: Instant,
    began: Duration,
    prepared: Prepared,
}

/// Sends a draft; whatever happens becomes a document.
pub(crate) async fn run(core: &Arc<Core>, draft: RequestDraft, sink: ProgressSink) -> ExchangeView {
    let id = core.entropy.id(&core.clock);
    let cancel = core.begin_sending(&id);
    let progress = Progress::start(&id, &core.clock, sink);
    let (began, started_at) = (core.clock.boot(), core.clock.now());
    let exchange = match prepare(core, &draft) {
        Ok(prepared) => {
            let deadline = Instant::now() + Duration::from_secs(prepared.timeout_s);
            Run { core, id: id.clone(), progress, cancel, deadline, began, prepared }.attempts(started_at).await
        }
        Err(not) => not_sendable(core, &id, started_at, &draft, *not),
    };
    core.end_sending(&id);
    core.uses.note(&exchange, draft.path.as_deref(), core.environment_name());
    core.finish(exchange, draft.path.clone()).await
}

fn not_sendable(
    core: &Core,
    id: &str,
    started_at: countersign_evidence::Timestamp,
    draft: &RequestDraft,
    not: NotSendable,
) -> Exchange {
    let mut e = Exchange::new(id, started_at);
    e.outcome = Outcome::RefusedByUs;
    e.failed_step = Some(not.step);
    e.error = Some(not.problem);
    e.credential =
        not.credential.map(|c| CredentialView { name: c.name, store: core.vault().store(), slots: Vec::new() });
    e.request = Some(countersign_evidence::RequestView {
        method: draft.method.clone(),
        target: not.target,
        protocol: None,
        fields: Vec::new(),
        content: None,
        sent: false,
    });
    record::seal(e, &core.redactor)
}

impl Run<'_> {
    async fn attempts(self, started_at: countersign_evidence::Timestamp) -> Exchange {
        let mut previous: Vec<PastAttempt> = Vec::new();
        let mut hop = Hop::first(&self.prepared);
        let mut renewed: Option<TokenLease> = None;
        let mut has_renewed = false;
        let mut has_nonce = false;
        let mut hops = 0;
        loop {
            let began = self.core.clock.boot();
            let at = if previous.is_empty() { started_at } else { self.core.clock.now() };
            let mut e = Exchange::new(self.id.clone(), at);
            let next = match self.attempt(&mut e, &hop, renewed.take()).await {
                Ok(next) => next,
                Err(stopped) => {
                    self.stop(&mut e, &hop, stopped);
                    Next::Nothing
                }
            };
            total(&mut e, self.core.clock.boot().saturating_sub(began));
            self.core.tell_messages(&mut e);
            let reason = match next {
                Next::Nothing => return self.last(e, previous),
                Next::Renew(key, generation) => {
                    if has_renewed {
                        return self.last(e, previous);
                    }
                    has_renewed = true;
                    match self.renew(&mut e, key, generation).await {
                        Some(lease) => renewed = Some(lease),
                        None => return self.last(e, previous),
                    }
                    AttemptReason::TokenRenewed
                }
                Next::Nonce => {
                    if has_nonce {
                        return self.last(e, previous);
                    }
                    has_nonce = true;
                    AttemptReason::DpopNonce
                }
                Next::Redirected(redirect) => {
                    hops += 1;
                    let after = if hops > self.prepared.redirects {
                        Err(too_many(self.prepared.redirects))
                    } else {
                        hop.after(self.core, &self.prepared, redirect)
                    };
                    match after {
                        Ok(next_hop) => hop = next_hop,
                        Err(problem) => return self.refused_redirect(e, previous, problem),
                    }
                    AttemptReason::Redirect
                }
            };
            previous.push(PastAttempt { reason, exchange: record::seal(e, &self.core.redactor) });
        }
    }

    fn last(&self, mut e: Exchange, previous: Vec<PastAttempt>) -> Exchange {
        e.previous_attempts = previous;
        let whole = micros(self.core.clock.boot().saturating_sub(self.began));
        if !e.previous_attempts.is_empty() {
            e.timing.total = whole;
        }
        record::seal(e, &self.core.redactor)
    }

    /// The redirect stands as an attempt; what was refused is the next one, which was not made.
    fn refused_redirect(&self, e: Exchange, mut previous: Vec<PastAttempt>, problem: Problem) -> Exchange {
        let (credential, token) = (e.credential.clone(), e.token.clone());
        previous.push(PastAttempt { reason: AttemptReason::Redirect, exchange: record::seal(e, &self.core.redactor) });
        let mut stopped = Exchange::new(self.id.clone(), self.core.clock.now());
        stopped.outcome = Outcome::RefusedByUs;
        stopped.failed_step = Some(if problem.code.starts_with("credential.") { Step::Credential } else { Step::Name });
        stopped.error = Some(problem);
        stopped.credential = credential.map(|c| CredentialView { slots: Vec::new(), ..c });
        stopped.token = token.map(|mut t| {
            t.exchange = None;
            t
        });
        self.last(stopped, previous)
    }

    fn stop(&self, e: &mut Exchange, hop: &Hop, stopped: Stopped) {
        if e.request.is_none() {
            e.request = Some(record::request(&self.core.redactor, &hop.method, &hop.uri, &hop.fields, None));
        }
        self.progress.step(stopped.step, StepState::Cause, vec![Fact::new("code", stopped.problem.code.clone())]);
        e.outcome = stopped.outcome;
        e.failed_step = Some(stopped.step);
        e.error = Some(stopped.problem);
    }

    /// A shared renewal after a 401; where it is refused, the document says so and stays with the 401.
    async fn renew(&self, e: &mut Exchange, key: Arc<TokenKey>, generation: u64) -> Option<TokenLease> {
        self.progress.step(Step::Token, StepState::Running, Vec::new());
        let renewal = self.core.engine().renew_after_refusal(key, generation, self.left());
        match self.or_cancelled(renewal).await {
            Ok(Ok(lease)) => Some(lease),
            Ok(Err(failure)) => {
                e.findings.extend(failure.exchange.iter().flat_map(|call| call.findings.iter().cloned()));
                if let (Some(token), Some(call)) = (&mut e.token, failure.exchange) {
                    token.state = failure.state;
                    token.exchange = Some(call);
                }
                None
            }
            Err(_) => None,
        }
    }

    async fn attempt(&self, e: &mut Exchange, hop: &Hop, renewed: Option<TokenLease>) -> Result<Next, Stopped> {
        let (signer, identity) = self.credential(e).await?;
        let token = self.token(e, renewed).await?;
        let mut fields = hop.fields.clone();
        if let Some((_, lease)) = &token {
            authorize(&mut fields, lease)?;
            self.prove(e, hop, lease, &mut fields).await?;
        }
        let media_type = self.prepared.media_type.clone();
        let content = record::sent_content(&self.core.content, &self.core.redactor, &hop.content, media_type);
        e.request = Some(record::request(&self.core.redactor, &hop.method, &hop.uri, &fields, content));
        let mut fresh = false;
        loop {
            let lease = self.connect(e, hop, identity.clone(), fresh).await?;
            let signed = self.sign(e, hop, signer.as_ref(), &mut fields)?;
            match self.exchange(e, hop, &fields, lease, signed.as_ref()).await? {
                Some(received) => return Ok(self.answered(e, hop, &received, token.as_ref(), signed.as_ref())),
                // the pooled connection had ended before a byte left: once more on a fresh one
                None => {
                    fresh = true;
                    strip(&mut fields, signed.as_ref());
                    e.findings.clear();
                }
            }
        }
    }

    /// The proof that goes along with a token that is bound to a key (RFC 9449 §7.1).
    async fn prove(
        &self,
        e: &mut Exchange,
        hop: &Hop,
        lease: &TokenLease,
        fields: &mut Vec<(HeaderName, HeaderValue)>,
    ) -> Result<(), Stopped> {
        let Some(credential) = self.prepared.credential.as_ref().filter(|_| is_dpop(lease)) else { return Ok(()) };
        let refused = |problem| Stopped { problem, step: Step::Credential, outcome: Outcome::RefusedByUs };
        let key = self.core.jwt_key(e, credential, crate::proof::DPOP_KEY).await.map_err(refused)?;
        let keys = crate::proof::ClientKeys { secret: None, assertion: None, dpop: Some(key) };
        let (method, target) = (hop.method.as_str(), hop.uri.to_string());
        let proof =
            self.core.dpop_proof(&keys, method, &target, &hop.target, Some(&lease.held.secret)).map_err(refused)?;
        fields.retain(|(name, _)| name != "dpop");
        if let Some(value) = proof.and_then(|proof| HeaderValue::from_str(proof.expose_secret()).ok()) {
            let mut value = value;
            value.set_sensitive(true);
            fields.insert(1, (HeaderName::from_static("dpop"), value));
        }
        Ok(())
    }

    /// Whether the API refused the proof for want of its nonce, and gave one (RFC 9449 §9).
    fn nonce_asked(&self, hop: &Hop, received: &Received) -> bool {
        let text = |wanted: &'static str| {
            let named = received.fields.iter().filter(move |(name, _)| name.eq_ignore_ascii_case(wanted));
            named.filter_map(|(_, value)| std::str::from_utf8(value).ok())
        };
        let challenges = countersign_oauth::challenges(text("www-authenticate"));
        let asked = challenges.iter().any(|c| c.is("DPoP") && c.parameter("error") == Some("use_dpop_nonce"));
        asked && self.core.keep_nonce(&hop.target, text("dpop-nonce").next())
    }

    /// 1: which slots are read now; keys here, the client's secret only when a token is needed.
    async fn credential(&self, e: &mut Exchange) -> Result<(Option<Signer>, Option<Arc<ClientIdentity>>), Stopped> {
        let Some(name) = self.credential_name() else { return Ok((None, None)) };
        self.progress.step(Step::Credential, StepState::Running, Vec::new());
        let began = self.core.clock.boot();
        e.credential = Some(CredentialView { name, store: self.core.vault().store(), slots: Vec::new() });
        let signer = match &self.prepared.profile {
            Some(profile) => {
                let made = self
                    .or_cancelled(signer(self.core, profile.clone()))
                    .await
                    .map_err(|p| cancelled(p, Step::Credential))?;
                Some(made.map_err(|problem| Stopped {
                    problem,
                    step: Step::Credential,
                    outcome: Outcome::RefusedByUs,
                })?)
            }
            None => None,
        };
        let identity = self.identity().await?;
        e.timing.credential = micros(self.core.clock.boot().saturating_sub(began));
        if let Some(used) = &mut e.credential {
            used.slots.extend(signer.as_ref().and_then(|s| s.read.clone()));
            used.slots.extend(identity.as_ref().filter(|(_, read)| *read).map(|_| crate::identity::SLOT.to_owned()));
        }
        self.progress.step(Step::Credential, StepState::Done, Vec::new());
        Ok((signer, identity.map(|(identity, _)| identity)))
    }

    /// The client certificate that is offered, and whether its key was read from the vault for it.
    async fn identity(&self) -> Result<Option<(Arc<ClientIdentity>, bool)>, Stopped> {
        let Some(choice) = &self.prepared.identity else { return Ok(None) };
        let made = self.or_cancelled(self.core.identity(&choice.credential)).await;
        match made.map_err(|p| cancelled(p, Step::Credential))? {
            Ok(made) => Ok(Some(made)),
            Err(problem) => Err(Stopped { problem, step: Step::Credential, outcome: Outcome::RefusedByUs }),
        }
    }

    fn credential_name(&self) -> Option<String> {
        let of_profile =
            || self.prepared.profile.as_ref().and_then(|p| p.key.split_once('/')).map(|(name, _)| name.to_owned());
        let of_certificate = || self.prepared.identity.as_ref().map(|choice| choice.credential.name.clone());
        self.prepared.credential.as_ref().map(|c| c.name.clone()).or_else(of_profile).or_else(of_certificate)
    }

    /// 2: reused, or obtained now; the call is an exchange of its own.
    async fn token(
        &self,
        e: &mut Exchange,
        renewed: Option<TokenLease>,
    ) -> Result<Option<(Arc<TokenKey>, TokenLease)>, Stopped> {
        let Some(credential) = &self.prepared.credential else { return Ok(None) };
        self.progress.step(Step::Token, StepState::Running, Vec::new());
        let began = self.core.clock.boot();
        let key = self.core.token_key(credential, self.prepared.scope.as_deref()).map_err(|problem| Stopped {
            problem,
            step: Step::Token,
            outcome: Outcome::RefusedByUs,
        })?;
        // a renewal after a refusal took place between the attempts; its time is this one's
        let renewing = renewed.as_ref().and_then(|lease| lease.exchange.as_ref()).map_or(0, |call| call.timing.total);
        let leased = match renewed {
            Some(lease) => Ok(lease),
            None => {
                let lease = self.core.engine().lease(Arc::clone(&key), self.left());
                self.or_cancelled(lease).await.map_err(|p| cancelled(p, Step::Token))?
            }
        };
        e.timing.token = micros(self.core.clock.boot().saturating_sub(began)) + renewing;
        match leased {
            Ok(lease) => {
                self.core.engine().used(&key.hash);
                let mut token = lease.held.token(countersign_evidence::TokenState::Valid, Some(lease.origin));
                if lease.origin != TokenOrigin::Reused {
                    self.adopt_call(e, lease.exchange.clone(), &mut token);
                }
                e.token = Some(token);
                let state = if lease.origin == TokenOrigin::Reused { StepState::Reused } else { StepState::Done };
                self.progress.step(Step::Token, state, Vec::new());
                Ok(Some((key, lease)))
            }
            Err(failure) => Err(self.no_token(e, &key, *failure)),
        }
    }

    /// What the token call read of the vault happened for this send.
    fn adopt_call(&self, e: &mut Exchange, call: Option<Box<Exchange>>, token: &mut countersign_evidence::Token) {
        let Some(call) = call else { return };
        if let (Some(used), Some(read)) = (&mut e.credential, &call.credential) {
            for slot in &read.slots {
                if !used.slots.contains(slot) {
                    used.slots.insert(0, slot.clone());
                }
            }
            e.timing.credential += call.timing.credential;
            e.timing.token = e.timing.token.saturating_sub(call.timing.credential);
        }
        token.exchange = Some(call);
    }

    fn no_token(&self, e: &mut Exchange, key: &TokenKey, failure: crate::token::TokenFailure) -> Stopped {
        let mut token = countersign_evidence::Token {
            state: failure.state,
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
            exchange: None,
        };
        let mut step = Step::Token;
        if let Some(call) = &failure.exchange {
            e.findings
                .extend(call.findings.iter().filter(|f| f.certainty.is_some() || f.rejects == Some(true)).cloned());
            e.ruled_out.extend(call.ruled_out.iter().cloned());
            if call.failed_step == Some(Step::Credential) {
                step = Step::Credential;
            }
        }
        self.adopt_call(e, failure.exchange, &mut token);
        if step == Step::Token {
            e.token = Some(token);
        }
        let refused_by_us = step == Step::Credential;
        Stopped {
            problem: failure.problem,
            step,
            outcome: if refused_by_us { Outcome::RefusedByUs } else { Outcome::Failed },
        }
    }

    /// 3 to 5: a connection, pooled or new.
    async fn connect(
        &self,
        e: &mut Exchange,
        hop: &Hop,
        identity: Option<Arc<ClientIdentity>>,
        fresh: bool,
    ) -> Result<Lease, Stopped> {
        let mut policy = self.core.policy(&hop.target, self.prepared.http.as_deref(), hop.first);
        policy.client_identity = identity;
        let lease = self.core.client.lease(&hop.target, &policy, self.left(), fresh, &self.progress);
        let leased = self.or_cancelled(lease).await;
        let explained = |e: &mut Exchange| {
            self.core.explain_identity(e.handshake.as_mut(), &hop.target, self.prepared.identity.as_ref());
        };
        match leased {
            Ok(Ok(lease)) => {
                lock(&self.core.recordings).keep(lease.record());
                record::connection(e, lease.record(), lease.reused());
                explained(e);
                record::protocol(e, lease.protocol());
                Ok(lease)
            }
            Ok(Err(failure)) => {
                let problem = failure.error.problem();
                lock(&self.core.recordings).keep(&failure.record);
                record::connect_failure(e, &failure.record, problem.clone());
                explained(e);
                let step = e.failed_step.unwrap_or(Step::Tls);
                Err(Stopped { problem, step, outcome: Outcome::Failed })
            }
            Err(problem) => Err(cancelled(problem, Step::Tcp)),
        }
    }

    /// 6: signed last, over what is really sent.
    fn sign(
        &self,
        e: &mut Exchange,
        hop: &Hop,
        signer: Option<&Signer>,
        fields: &mut Vec<(HeaderName, HeaderValue)>,
    ) -> Result<Option<Signed>, Stopped> {
        let Some(signer) = signer else { return Ok(None) };
        let began = self.core.clock.boot();
        let unsigned = Unsigned { method: &hop.method, uri: &hop.uri, fields, content: &hop.content };
        let signed = apply(self.core, signer, &unsigned).map_err(|problem| Stopped {
            problem,
            step: Step::Signature,
            outcome: Outcome::RefusedByUs,
        })?;
        e.timing.sign = micros(self.core.clock.boot().saturating_sub(began));
        e.signature = Some(signed.evidence.clone());
        fields.extend(signed.fields.iter().cloned());
        if let Some(request) = &mut e.request {
            let shown =
                fields.iter().map(|(name, value)| record::line(&self.core.redactor, name.as_str(), value.as_bytes()));
            request.fields = shown.collect();
        }
        self.progress.step(Step::Signature, StepState::Done, Vec::new());
        Ok(Some(signed))
    }

    /// 7: `None` when nothing left over a pooled connection that had ended.
    async fn exchange(
        &self,
        e: &mut Exchange,
        hop: &Hop,
        fields: &[(HeaderName, HeaderValue)],
        lease: Lease,
        signed: Option<&Signed>,
    ) -> Result<Option<Received>, Stopped> {
        self.progress.step(Step::Response, StepState::Running, Vec::new());
        let outgoing = Outgoing {
            method: hop.method.clone(),
            uri: hop.uri.clone(),
            fields: fields.to_vec(),
            content: Content::Bytes(hop.content.clone()),
        };
        let writer = self.core.content.writer(Some(self.core.redactor.stream())).map_err(|error| Stopped {
            problem: crate::file::Error::writing(self.core.data.content().display().to_string(), &error).problem(),
            step: Step::Response,
            outcome: Outcome::RefusedByUs,
        })?;
        let (record, reused) = (Arc::clone(lease.record()), lease.reused());
        let sent = lease.send(outgoing, Sink::Store(writer), self.deadline, &self.cancel).await;
        record::messages(e, &record, reused);
        match sent {
            Ok(received) => Ok(Some(received)),
            Err(failure) if failure.unsent_on_pooled => Ok(None),
            Err(failure) => {
                record::timing(e, &failure.timing);
                if let Some(request) = &mut e.request {
                    request.sent = failure.sent;
                }
                if let Some(partial) = &failure.partial {
                    let _judged = self.take(e, hop, partial, signed);
                }
                let (problem, step) = (failure.error.problem(), failure.error.step());
                if step == Step::Tls {
                    e.verdict = Some(record.verdict.clone());
                    e.root_cause = failure.error.root_cause();
                }
                let outcome = if problem.severity == Severity::Neutral { Outcome::Cancelled } else { Outcome::Failed };
                Err(Stopped { problem, step, outcome })
            }
        }
    }

    /// The answer goes into the document.
    fn take(&self, e: &mut Exchange, hop: &Hop, received: &Received, signed: Option<&Signed>) -> Refused {
        record::timing(e, &received.timing);
        if let Some(request) = &mut e.request {
            request.sent = true;
        }
        let mut response = record::response(&self.core.redactor, received);
        if matches!(received.body, Body::Memory(_)) {
            // the disk refused it: how much came is not known, and the problem says why
            response.content = None;
        }
        e.response = Some(response);
        let fields: Vec<(String, String)> =
            received.fields.iter().map(|(n, v)| (n.clone(), String::from_utf8_lossy(v).into_owned())).collect();
        let field = |name: &str| fields.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str());
        let date_ms = field("date")
            .and_then(|d| httpdate::parse_http_date(d).ok())
            .map(|d| countersign_evidence::Timestamp::from_system(d).unix_millis());
        self.core.sample_clock(&hop.target.endpoint(), date_ms, e.started_at);
        self.core.link_seen(field("x-gateway-seen"), &hop.target, &e.exchange);
        let words = self.words(received);
        let environment = self.core.environment_name();
        crate::identity::judge(e, received.status.as_u16(), &words);
        judge(
            e,
            &Answer {
                status: received.status.as_u16(),
                fields: &fields,
                content: &words,
                sent_content: &hop.content,
                sent_media_type: self.prepared.media_type.as_deref(),
                signed,
                with: With {
                    credential: self.prepared.credential.as_ref(),
                    clock_ms: self.core.clock_difference(&hop.target.endpoint()).map(|(difference, _)| difference),
                    environment: environment.as_deref(),
                    ..With::default()
                },
            },
        )
    }

    /// A small refusal's content, for the server's own words.
    fn words(&self, received: &Received) -> Bytes {
        let Body::Stored(stored) = &received.body else { return Bytes::new() };
        if received.status.as_u16() < 400 || stored.stored_length > READ_FOR_WORDS {
            return Bytes::new();
        }
        self.core.content.read(&stored.reference, 0, READ_FOR_WORDS).map(Bytes::from).unwrap_or_default()
    }

    fn answered(
        &self,
        e: &mut Exchange,
        hop: &Hop,
        received: &Received,
        token: Option<&(Arc<TokenKey>, TokenLease)>,
        signed: Option<&Signed>,
    ) -> Next {
        e.outcome = Outcome::Answered;
        let refused = self.take(e, hop, received, signed);
        self.progress.step(Step::Response, StepState::Done, vec![Fact::new("status", received.status.as_str())]);
        match (refused, token) {
            (Refused::Token | Refused::Other, Some((_, lease)))
                if is_dpop(lease) && self.nonce_asked(hop, received) =>
            {
                Next::Nonce
            }
            (Refused::Token, Some((key, lease))) if lease.origin != TokenOrigin::Renewed => {
                Next::Renew(Arc::clone(key), lease.held.generation)
            }
            (Refused::No, _) => self.redirected(hop, received),
            (Refused::Token | Refused::Other | Refused::Signature, _) => Next::Nothing,
        }
    }

    fn redirected(&self, hop: &Hop, received: &Received) -> Next {
        if self.prepared.redirects == 0 {
            return Next::Nothing;
        }
        let location = received.fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(LOCATION.as_str()));
        location
            .and_then(|(_, value)| std::str::from_utf8(value).ok())
            .and_then(|location| redirect(received.status, &hop.method, &hop.uri, location))
            .map_or(Next::Nothing, Next::Redirected)
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// The work, unless the person cancels first.
    async fn or_cancelled<T>(&self, work: impl Future<Output = T>) -> Result<T, Problem> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(cancelled_problem(&self.prepared.target.endpoint())),
            done = work => Ok(done),
        }
    }
}

fn cancelled_problem(endpoint: &str) -> Problem {
    Problem::new("exchange.cancelled", Fault::Caller, "cancelled", endpoint.to_owned()).with_severity(Severity::Neutral)
}

fn cancelled(problem: Problem, step: Step) -> Stopped {
    Stopped { problem, step, outcome: Outcome::Cancelled }
}

fn too_many(most: u32) -> Problem {
    Problem::new("exchange.too_many_redirects", Fault::Peer, "too many redirects", format!("{most} were followed"))
        .with_citation("RFC 9110", "15.4")
        .with_hint("Look at the attempts: where they repeat, the server is set up in a circle.")
}

/// `Authorization`, in place of one typed by hand.
fn authorize(fields: &mut Vec<(HeaderName, HeaderValue)>, lease: &TokenLease) -> Result<(), Stopped> {
    fields.retain(|(name, _)| name != AUTHORIZATION);
    // RFC 6749 §7.1; a type nobody knows is sent as Bearer, and the token says that it is one
    let scheme = if is_dpop(lease) { "DPoP" } else { "Bearer" };
    let value =
        HeaderValue::from_str(&format!("{scheme} {}", lease.held.secret.expose_secret())).map_err(|_| Stopped {
            problem: Problem::new(
                "token.not_a_field",
                Fault::Peer,
                "the token cannot stand in a field",
                "it has a character that RFC 9110 does not allow",
            )
            .with_citation("RFC 6750", "2.1"),
            step: Step::Token,
            outcome: Outcome::RefusedByUs,
        })?;
    let mut value = value;
    value.set_sensitive(true);
    fields.insert(0, (AUTHORIZATION, value));
    Ok(())
}

/// RFC 9449 §5; token types are compared without case (RFC 6749 §5.1).
fn is_dpop(lease: &TokenLease) -> bool {
    lease.held.token_type.eq_ignore_ascii_case("dpop")
}

/// Takes a signature's fields away again, before another is made.
fn strip(fields: &mut Vec<(HeaderName, HeaderValue)>, signed: Option<&Signed>) {
    if let Some(signed) = signed {
        fields.truncate(fields.len().saturating_sub(signed.fields.len()));
    }
}

/// The whole, and our own share of it: what was not waiting.
fn total(e: &mut Exchange, whole: Duration) {
    let t = &mut e.timing;
    t.total = micros(whole);
    let waited = t.credential + t.token + t.name + t.tcp + t.tls + t.request + t.first_byte + t.content;
    t.overhead = t.total.saturating_sub(waited);
}
