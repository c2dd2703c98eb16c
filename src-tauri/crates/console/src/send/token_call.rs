//! A token call: an ordinary exchange with its own handshake evidence, made for the token engine.

use std::sync::{Arc, Weak};
use std::time::Duration;

use countersign_evidence::{CredentialView, Exchange, Fault, Outcome, Problem, RequestView, Step};
use countersign_exchange::{Body, Content, Outgoing, Received, Sink};
use countersign_oauth::diagnose::{TokenFacts, token_refused};
use countersign_oauth::{
    ClientAuthentication, Grant, Prepared, Recipe, Refusal, TokenRequest, process, retry_after, token_request,
};
use countersign_secret::{Secret, SecretText};
use countersign_tls::{ClientIdentity, Target};
use futures_util::future::BoxFuture;
use http::{HeaderName, HeaderValue};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::progress::{Progress, micros};
use super::record;
use crate::core::{Core, lock};
use crate::identity::Choice;
use crate::token::{Ask, Obtain, Obtained};

/// A token call is given up after this long.
pub(crate) const CALL_LIMIT: Duration = Duration::from_secs(10);
/// Larger answers are no token answers.
const LARGEST: usize = 1024 * 1024;

/// Everything a token call is made of but its secret.
pub(crate) struct TokenParts {
    pub(crate) credential: String,
    pub(crate) client_id: String,
    pub(crate) token_endpoint: String,
    pub(crate) target: Target,
    pub(crate) authentication: ClientAuthentication,
    pub(crate) recipe: Arc<Recipe>,
    pub(crate) scope: String,
    pub(crate) audience: String,
    /// The client certificate that goes along.
    pub(crate) identity: Option<Choice>,
}

/// Makes token calls for the engine.
pub(crate) struct TokenCaller {
    pub(crate) core: Weak<Core>,
}

impl Obtain for TokenCaller {
    fn obtain(&self, ask: Ask) -> BoxFuture<'static, Obtained> {
        let core = self.core.clone();
        Box::pin(async move {
            let Some(core) = core.upgrade() else { return closing(&ask) };
            let obtained = call(&core, &ask).await;
            core.remember_call(&obtained);
            obtained
        })
    }
}

fn closing(ask: &Ask) -> Obtained {
    let problem = Problem::new(
        "exchange.cancelled",
        Fault::Caller,
        "Countersign is closing",
        format!("token of {}", ask.key.credential),
    );
    let exchange = Exchange::new("closing", countersign_evidence::Timestamp::from_unix_seconds(0));
    Obtained::Unreached { problem, may_have_been_sent: false, exchange: Box::new(exchange) }
}

/// The state of one call while it is made.
struct Call<'a> {
    core: &'a Core,
    parts: Arc<TokenParts>,
    e: Exchange,
    began: Duration,
}

async fn call(core: &Core, ask: &Ask) -> Obtained {
    let mut e = Exchange::new(core.entropy.id(&core.clock), core.clock.now());
    let Some(parts) = core.token_parts(&ask.key.hash) else {
        let problem = Problem::new(
            "internal.token_parts",
            Fault::Us,
            "the token's credential is not known any more",
            ask.key.credential.clone(),
        );
        e.outcome = Outcome::RefusedByUs;
        e.error = Some(problem.clone());
        return Obtained::Unreached { problem, may_have_been_sent: false, exchange: Box::new(e) };
    };
    Call { core, parts, e, began: core.clock.boot() }.make(ask.refresh.as_deref()).await
}

impl Call<'_> {
    async fn make(mut self, refresh: Option<&SecretText>) -> Obtained {
        let secret = match self.read_secret().await {
            Ok(secret) => secret,
            Err(problem) => return self.stopped(problem, Step::Credential, Outcome::RefusedByUs, false),
        };
        let grant = refresh.map_or(Grant::ClientCredentials, Grant::RefreshToken);
        let prepared = match self.prepare(secret.as_deref(), grant) {
            Ok(prepared) => prepared,
            Err(problem) => return self.stopped(problem, Step::Credential, Outcome::RefusedByUs, false),
        };
        let (outgoing, shown) = match self.outgoing(&prepared) {
            Ok(pair) => pair,
            Err(problem) => return self.stopped(problem, Step::Credential, Outcome::RefusedByUs, false),
        };
        self.e.request = Some(shown);
        if let Err(problem) = super::plain_http_refused(&self.parts.credential, &self.parts.target) {
            return self.stopped(problem, Step::Credential, Outcome::RefusedByUs, false);
        }
        let identity = match self.identity().await {
            Ok(identity) => identity,
            Err(problem) => return self.stopped(problem, Step::Credential, Outcome::RefusedByUs, false),
        };
        let mut policy = self.core.policy_for_tokens();
        policy.client_identity = identity;
        let progress = Progress::silent(&self.core.clock);
        let lease = match self.core.client.lease(&self.parts.target, &policy, CALL_LIMIT, false, &progress).await {
            Ok(lease) => lease,
            Err(failure) => {
                let problem = failure.error.problem();
                lock(&self.core.recordings).keep(&failure.record);
                record::connect_failure(&mut self.e, &failure.record, problem.clone());
                self.explain_identity();
                return self.ended(problem, false);
            }
        };
        lock(&self.core.recordings).keep(lease.record());
        record::connection(&mut self.e, lease.record(), lease.reused());
        self.explain_identity();
        record::protocol(&mut self.e, lease.protocol());
        let (t0, sent_at) = (self.core.clock.boot(), self.core.clock.now());
        let (record, reused) = (Arc::clone(lease.record()), lease.reused());
        let sent = lease
            .send(outgoing, Sink::Memory { limit: LARGEST }, Instant::now() + CALL_LIMIT, &CancellationToken::new())
            .await;
        record::messages(&mut self.e, &record, reused);
        match sent {
            Ok(received) => self.judge(&received, secret.as_deref(), grant, t0, sent_at),
            Err(failure) => {
                record::timing(&mut self.e, &failure.timing);
                if let Some(request) = &mut self.e.request {
                    request.sent = failure.sent;
                }
                let (problem, step) = (failure.error.problem(), failure.error.step());
                self.stopped(problem, step, Outcome::Failed, failure.sent)
            }
        }
    }

    /// The recipe's first slot, where the client proves itself with a secret.
    async fn read_secret(&mut self) -> Result<Option<Arc<SecretText>>, Problem> {
        if self.parts.authentication == ClientAuthentication::None {
            return Ok(None);
        }
        let Some(slot) = self.parts.recipe.slots.first().cloned() else { return Ok(None) };
        let began = self.core.clock.boot();
        let name = self.parts.credential.clone();
        self.e.credential =
            Some(CredentialView { name: name.clone(), store: self.core.vault().store(), slots: Vec::new() });
        let secret = self.core.read_text_slot(&name, &slot).await?;
        self.core.redactor.register_pair(&name, &self.parts.client_id, &secret);
        self.e.timing.credential = micros(self.core.clock.boot().saturating_sub(began));
        if let Some(used) = &mut self.e.credential {
            used.slots.push(slot);
        }
        Ok(Some(secret))
    }

    /// The client certificate beside the secret, where the credential has one (RFC 8705 §2). Its hosts were checked
    /// when the key of the token was made.
    async fn identity(&mut self) -> Result<Option<Arc<ClientIdentity>>, Problem> {
        let Some(credential) = self.parts.identity.as_ref() else { return Ok(None) };
        let (identity, read) = self.core.identity(&credential.credential).await?;
        if let (true, Some(used)) = (read, &mut self.e.credential) {
            used.slots.push(crate::identity::SLOT.to_owned());
        }
        Ok(Some(identity))
    }

    fn explain_identity(&mut self) {
        self.core.explain_identity(self.e.handshake.as_mut(), &self.parts.target, self.parts.identity.as_ref());
    }

    fn prepare(&self, secret: Option<&SecretText>, grant: Grant<'_>) -> Result<Prepared, Problem> {
        let parts = &self.parts;
        token_request(&TokenRequest {
            recipe: &parts.recipe,
            token_endpoint: &parts.token_endpoint,
            client_id: &parts.client_id,
            client_secret: secret,
            authentication: parts.authentication,
            grant,
            scope: &parts.scope,
            audience: &parts.audience,
        })
        .map_err(|e| e.problem())
    }

    /// The request as it goes out, and as it is shown.
    fn outgoing(&self, prepared: &Prepared) -> Result<(Outgoing, RequestView), Problem> {
        let mut fields = Vec::with_capacity(prepared.fields.len());
        for (name, value) in &prepared.fields {
            let mut value = HeaderValue::from_bytes(value.expose_secret().as_bytes())
                .map_err(|_| countersign_oauth::Error::NotAFieldValue.problem())?;
            value.set_sensitive(*name == "authorization");
            fields.push((HeaderName::from_static(name), value));
        }
        let content = bytes::Bytes::copy_from_slice(prepared.content.expose_secret());
        let shown = RequestView {
            method: prepared.method.to_string(),
            target: record::shown_target(&self.core.redactor, &prepared.uri),
            protocol: None,
            fields: prepared.shown_fields.clone(),
            content: Some(countersign_evidence::ContentView {
                length: u64::try_from(content.len()).unwrap_or(u64::MAX),
                reference: None,
                media_type: None,
                not_kept: Some("the content of a token request is never kept".into()),
            })
            .filter(|view| view.length > 0),
            sent: false,
        };
        let outgoing = Outgoing {
            method: prepared.method.clone(),
            uri: prepared.uri.clone(),
            fields,
            content: Content::Bytes(content),
        };
        Ok((outgoing, shown))
    }

    fn judge(
        mut self,
        received: &Received,
        secret: Option<&SecretText>,
        grant: Grant<'_>,
        t0: Duration,
        sent_at: countersign_evidence::Timestamp,
    ) -> Obtained {
        record::timing(&mut self.e, &received.timing);
        if let Some(request) = &mut self.e.request {
            request.sent = true;
        }
        let fields: Vec<(String, String)> =
            received.fields.iter().map(|(n, v)| (n.clone(), String::from_utf8_lossy(v).into_owned())).collect();
        let field = |name: &str| fields.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str());
        let date_ms = field("date")
            .and_then(|d| httpdate::parse_http_date(d).ok())
            .map(|d| countersign_evidence::Timestamp::from_system(d).unix_millis());
        self.core.sample_clock(&self.parts.target.endpoint(), date_ms, sent_at);
        self.core.link_seen(field("x-gateway-seen"), &self.parts.target, &self.e.exchange);
        let body = match &received.body {
            Body::Memory(bytes) => bytes,
            Body::Stored(_) => &Secret::new(Vec::new()),
        };
        let outcome =
            process(&self.parts.recipe, received.status.as_u16(), &fields, body.expose_secret(), self.core.clock.now());
        self.e.outcome = Outcome::Answered;
        match outcome {
            Ok(issued) => {
                self.core.redactor.register_token(&issued.access_token);
                if let Some(refresh) = &issued.refresh_token {
                    self.core.redactor.register_token(refresh);
                }
                self.e.response = Some(record::response(&self.core.redactor, received));
                self.e.findings.extend(issued.notes.iter().cloned());
                Obtained::Issued { issued, t0, sent_at, date_ms, exchange: Box::new(self.finish()) }
            }
            Err(refusal) => {
                self.e.response = Some(record::response(&self.core.redactor, received));
                self.keep_refusal(body.expose_secret());
                let wait = field("retry-after").and_then(|v| retry_after(v, self.core.clock.wall()));
                self.diagnose(&refusal, secret, grant);
                let mut problem = refused(&refusal, self.parts.authentication);
                problem.hints.extend(
                    self.e
                        .findings
                        .iter()
                        .filter(|f| f.certainty.is_some() && !f.fix.is_empty())
                        .map(|f| f.fix.clone())
                        .take(1),
                );
                if let Some(wait) = wait {
                    problem.hints.insert(0, format!("Wait {} s: the server said so.", wait.as_secs()));
                }
                let exchange = Box::new(self.finish());
                Obtained::Refused { refusal, retry_after: wait, problem, exchange }
            }
        }
    }

    /// What the authorization server said is kept like any answer, redacted, where it names no token.
    fn keep_refusal(&mut self, body: &[u8]) {
        let names_token = |name: &[u8]| body.windows(name.len()).any(|window| window.eq_ignore_ascii_case(name));
        if body.is_empty() || [&b"access_token"[..], b"refresh_token", b"id_token"].into_iter().any(names_token) {
            return;
        }
        let kept = self.core.content.put(&self.core.redactor.redact_bytes(body));
        if let (Ok(stored), Some(content)) = (kept, self.e.response.as_mut().and_then(|r| r.content.as_mut())) {
            content.reference = Some(stored.reference);
            content.not_kept = None;
        }
    }

    fn diagnose(&mut self, refusal: &Refusal, secret: Option<&SecretText>, grant: Grant<'_>) {
        let clock_ms = self.core.clock_difference(&self.parts.target.endpoint()).map(|(difference, _)| difference);
        let diagnosis = token_refused(&TokenFacts {
            refusal,
            authentication: self.parts.authentication,
            client_id: &self.parts.client_id,
            secret,
            scope: &self.parts.scope,
            grant: grant.name(),
            clock_ms,
        });
        self.e.findings.splice(0..0, diagnosis.findings);
        self.e.ruled_out = diagnosis.ruled_out;
        if clock_ms.is_some_and(|ms| ms.abs() < 5_000) {
            self.e.ruled_out.insert(0, "the clock".into());
        }
    }

    fn stopped(mut self, problem: Problem, step: Step, outcome: Outcome, sent: bool) -> Obtained {
        self.e.outcome = outcome;
        self.e.failed_step = Some(step);
        self.e.error = Some(problem.clone());
        self.ended(problem, sent)
    }

    fn ended(self, mut problem: Problem, may_have_been_sent: bool) -> Obtained {
        problem.exchange = Some(self.e.exchange.clone());
        let exchange = Box::new(self.finish());
        Obtained::Unreached { problem, may_have_been_sent, exchange }
    }

    fn finish(self) -> Exchange {
        let mut e = self.e;
        e.timing.total = micros(self.core.clock.boot().saturating_sub(self.began));
        let waited =
            e.timing.name + e.timing.tcp + e.timing.tls + e.timing.request + e.timing.first_byte + e.timing.content;
        e.timing.overhead = e.timing.total.saturating_sub(waited);
        record::seal(e, &self.core.redactor)
    }
}

/// The refusal as a problem: its code is the server's, where it is one of RFC 6749 §5.2.
fn refused(refusal: &Refusal, authentication: ClientAuthentication) -> Problem {
    let (code, title) = match (refusal.error.as_deref(), refusal.not_json) {
        (_, Some(_)) => ("token.not_json", "the token endpoint answered something else than JSON"),
        (Some("invalid_client" | "invalidCredentials"), _) => ("token.invalid_client", "the client was refused"),
        (Some("invalid_scope"), _) => ("token.invalid_scope", "the scope was refused"),
        (Some("invalid_grant"), _) => ("token.invalid_grant", "the grant was refused"),
        (Some("unauthorized_client"), _) => ("token.unauthorized_client", "the client may not use this grant"),
        (Some("unsupported_grant_type"), _) => ("token.unsupported_grant_type", "the server does not offer this grant"),
        (Some("invalid_request"), _) => ("token.invalid_request", "the token request was refused"),
        (_, None) if refusal.status == 429 => {
            ("token.rate_limited", "the token endpoint limits how often it may be asked")
        }
        (_, None) if refusal.status >= 500 => ("token.server_error", "the authorization server failed"),
        (_, None) if refusal.no_token => ("token.missing", "the answer holds no token"),
        (None, None) if refusal.status == 401 => ("token.invalid_client", "the client was refused"),
        (_, None) => ("token.refused", "the token was refused"),
    };
    let fault = if refusal.not_json.is_some() || refusal.status >= 500 || refusal.status == 429 {
        Fault::Peer
    } else {
        Fault::Caller
    };
    let error = refusal.error.as_deref().map_or(String::new(), |e| format!(", error={e}"));
    let kind = refusal.not_json.map_or(String::new(), |kind| format!(", {kind} content"));
    let detail = format!("{}{error}{kind}, sent as {}", refusal.status, authentication.words());
    Problem::new(code, fault, title, detail).with_citation("RFC 6749", "5.2")
}
