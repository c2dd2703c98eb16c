//! A request to an authorization server: an ordinary exchange with its own handshake evidence. Token calls are made
//! of it, and so are discovery, pushed requests, introspection and revocation.

use std::sync::Arc;
use std::time::Duration;

use countersign_evidence::{CredentialView, Exchange, Outcome, Problem, RequestView, Step, Timestamp};
use countersign_exchange::{Body, Content, Outgoing, Received, Sink};
use countersign_oauth::Prepared;
use countersign_tls::{ClientIdentity, Target};
use http::{HeaderName, HeaderValue};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::progress::Progress;
use super::record;
use crate::core::{Core, lock};
use crate::identity::Choice;

/// A request is given up after this long.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);
/// Larger answers are none of an authorization server.
const LARGEST: usize = 1024 * 1024;

/// Whom is asked, and who asks.
pub(crate) struct Asking<'a> {
    /// Credential name, for words and evidence.
    pub(crate) credential: &'a str,
    pub(crate) target: &'a Target,
    /// The client certificate that goes along.
    pub(crate) identity: Option<&'a Choice>,
}

/// An answer, and when it was asked for.
pub(crate) struct Asked {
    pub(crate) received: Received,
    /// Boot clock when the request started to be sent.
    pub(crate) t0: Duration,
    /// Wall clock at the same moment.
    pub(crate) sent_at: Timestamp,
}

impl Asked {
    /// A field of the answer, by its name in lower case.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let field = self.received.fields.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        field.and_then(|(_, value)| std::str::from_utf8(value).ok())
    }

    /// All fields as text.
    pub(crate) fn fields(&self) -> Vec<(String, String)> {
        let text = |(n, v): &(String, Vec<u8>)| (n.clone(), String::from_utf8_lossy(v).into_owned());
        self.received.fields.iter().map(text).collect()
    }

    /// The content.
    pub(crate) fn body(&self) -> &[u8] {
        match &self.received.body {
            Body::Memory(bytes) => bytes.expose_secret(),
            Body::Stored(_) => &[],
        }
    }

    pub(crate) fn status(&self) -> u16 {
        self.received.status.as_u16()
    }
}

/// No answer: why, and whether the server may have seen the request. The evidence says the same.
pub(crate) struct Unasked {
    pub(crate) problem: Problem,
    pub(crate) may_have_been_sent: bool,
}

impl Core {
    /// Sends a request; `e` becomes its evidence.
    pub(crate) async fn ask(
        &self,
        e: &mut Exchange,
        asking: &Asking<'_>,
        prepared: &Prepared,
    ) -> Result<Asked, Unasked> {
        let (outgoing, shown) =
            self.outgoing(prepared).map_err(|problem| refused_by_us(e, Step::Credential, problem))?;
        e.request = Some(shown);
        super::plain_http_refused(asking.credential, asking.target)
            .map_err(|problem| refused_by_us(e, Step::Credential, problem))?;
        let identity = match asking.identity {
            Some(choice) => {
                let identity = self.shown_identity(e, asking.credential, choice).await;
                Some(identity.map_err(|problem| refused_by_us(e, Step::Credential, problem))?)
            }
            None => None,
        };
        let mut policy = self.policy_for_tokens();
        policy.client_identity = identity;
        let progress = Progress::silent(&self.clock);
        let explain = |e: &mut Exchange| self.explain_identity(e.handshake.as_mut(), asking.target, asking.identity);
        let lease = match self.client.lease(asking.target, &policy, LIMIT, false, &progress).await {
            Ok(lease) => lease,
            Err(failure) => {
                let problem = failure.error.problem();
                lock(&self.recordings).keep(&failure.record);
                record::connect_failure(e, &failure.record, problem.clone());
                explain(e);
                return Err(Unasked { problem, may_have_been_sent: false });
            }
        };
        lock(&self.recordings).keep(lease.record());
        record::connection(e, lease.record(), lease.reused());
        explain(e);
        record::protocol(e, lease.protocol());
        let (t0, sent_at) = (self.clock.boot(), self.clock.now());
        let (record, reused) = (Arc::clone(lease.record()), lease.reused());
        let sink = Sink::Memory { limit: LARGEST };
        let sent = lease.send(outgoing, sink, Instant::now() + LIMIT, &CancellationToken::new()).await;
        record::messages(e, &record, reused);
        match sent {
            Ok(received) => {
                record::timing(e, &received.timing);
                if let Some(request) = &mut e.request {
                    request.sent = true;
                }
                e.outcome = Outcome::Answered;
                let asked = Asked { received, t0, sent_at };
                let date_ms = asked.date_ms();
                self.sample_clock(&asking.target.endpoint(), date_ms, sent_at);
                self.link_seen(asked.field("x-gateway-seen"), asking.target, &e.exchange);
                Ok(asked)
            }
            Err(failure) => {
                record::timing(e, &failure.timing);
                if let Some(request) = &mut e.request {
                    request.sent = failure.sent;
                }
                let (problem, step) = (failure.error.problem(), failure.error.step());
                e.outcome = Outcome::Failed;
                e.failed_step = Some(step);
                e.error = Some(problem.clone());
                Err(Unasked { problem, may_have_been_sent: failure.sent })
            }
        }
    }

    /// The client certificate of a credential, its slot noted where the vault was read.
    async fn shown_identity(
        &self,
        e: &mut Exchange,
        credential: &str,
        choice: &Choice,
    ) -> Result<Arc<ClientIdentity>, Problem> {
        let (identity, read) = self.identity(&choice.credential).await?;
        if read {
            self.slot_used(e, credential, crate::identity::SLOT);
        }
        Ok(identity)
    }

    /// Notes in the evidence that a slot was read.
    pub(crate) fn slot_used(&self, e: &mut Exchange, credential: &str, slot: &str) {
        let used = e.credential.get_or_insert_with(|| CredentialView {
            name: credential.to_owned(),
            store: self.vault().store(),
            slots: Vec::new(),
        });
        if !used.slots.iter().any(|known| known == slot) {
            used.slots.push(slot.to_owned());
        }
    }

    /// The request as it goes out, and as it is shown.
    fn outgoing(&self, prepared: &Prepared) -> Result<(Outgoing, RequestView), Problem> {
        let mut fields = Vec::with_capacity(prepared.fields.len());
        for (name, value) in &prepared.fields {
            let mut value = HeaderValue::from_bytes(value.expose_secret().as_bytes())
                .map_err(|_| countersign_oauth::Error::NotAFieldValue.problem())?;
            value.set_sensitive(matches!(*name, "authorization" | "dpop"));
            fields.push((HeaderName::from_static(name), value));
        }
        let content = bytes::Bytes::copy_from_slice(prepared.content.expose_secret());
        let shown = RequestView {
            method: prepared.method.to_string(),
            target: record::shown_target(&self.redactor, &prepared.uri),
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

    /// What an authorization server said is kept like any answer, redacted, where it names no token.
    pub(crate) fn keep_answer(&self, e: &mut Exchange, asked: &Asked) {
        e.response = Some(record::response(&self.redactor, &asked.received));
        let body = asked.body();
        let names_token = |name: &[u8]| body.windows(name.len()).any(|window| window.eq_ignore_ascii_case(name));
        if body.is_empty()
            || [&b"access_token"[..], b"refresh_token", b"id_token", b"device_code"].into_iter().any(names_token)
        {
            return;
        }
        let kept = self.content.put(&self.redactor.redact_bytes(body));
        if let (Ok(stored), Some(content)) = (kept, e.response.as_mut().and_then(|r| r.content.as_mut())) {
            content.reference = Some(stored.reference);
            content.not_kept = None;
        }
    }
}

impl Asked {
    /// `Date`, milliseconds since 1970.
    pub(crate) fn date_ms(&self) -> Option<i64> {
        let date = httpdate::parse_http_date(self.field("date")?).ok()?;
        Some(Timestamp::from_system(date).unix_millis())
    }
}

/// Nothing was sent.
pub(crate) fn refused_by_us(e: &mut Exchange, step: Step, problem: Problem) -> Unasked {
    e.outcome = Outcome::RefusedByUs;
    e.failed_step = Some(step);
    e.error = Some(problem.clone());
    Unasked { problem, may_have_been_sent: false }
}
