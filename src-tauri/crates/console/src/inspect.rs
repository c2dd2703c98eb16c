//! One observed handshake with a server: nothing is sent but the handshake, the chain is explained.

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use countersign_evidence::{
    Attempt, AttemptReason, CredentialView, Exchange, Fault, Outcome, Problem, RequestView, Severity, Step,
    VerdictState,
};
use countersign_tls::{Connection, Policy, Target, alert_in, error_for_alert_after_handshake};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::core::{Core, lock};
use crate::fetch;
use crate::identity::Choice;
use crate::send::progress::{Progress, micros};
use crate::send::{ProgressSink, record};
use crate::view::ExchangeView;

/// An inspection is given up after this long.
const LIMIT: Duration = Duration::from_secs(10);
/// In TLS 1.3 a server that is content with our certificate says nothing; one that is not says so at once.
const VERDICT_ON_US: Duration = Duration::from_millis(500);
/// In TLS 1.3 tickets come after the handshake, when the server likes; those that give any give them at once.
const TICKET: Duration = Duration::from_millis(500);

/// What is looked at, and how.
pub(crate) struct Inspection {
    pub(crate) target: Target,
    pub(crate) policy: Policy,
    /// The client certificate shown, and why.
    pub(crate) choice: Option<Choice>,
    /// A second connection, which resumes the first.
    pub(crate) resume: bool,
    /// What the certificates point at is fetched.
    pub(crate) fetch: bool,
}

impl Core {
    /// Connects, observes, closes. When the chain is refused a second connection that only observes shows the rest.
    pub(crate) async fn inspect(self: &Arc<Self>, host: &str, sink: ProgressSink) -> Result<ExchangeView, Problem> {
        let target = self.endpoint(host)?;
        self.check_trust()?;
        let connection = &self.options.connection;
        let policy = Policy { whole_handshakes: !connection.resume, ..self.policy(&target, None, true) };
        let choice = match &connection.client_certificate {
            Some(name) => Some(self.identity_named(name, &target)?),
            None => None,
        };
        let (resume, fetch) = (connection.resume, connection.fetch);
        self.look(Inspection { target, policy, choice, resume, fetch }, sink).await
    }

    /// One inspection, from the first event to the history.
    pub(crate) async fn look(
        self: &Arc<Self>,
        inspection: Inspection,
        sink: ProgressSink,
    ) -> Result<ExchangeView, Problem> {
        let Inspection { target, mut policy, choice, resume, fetch } = inspection;
        let id = self.entropy.id(&self.clock);
        let cancel = self.begin_sending(&id);
        let progress = Progress::start(&id, &self.clock, sink);
        let mut e = Exchange::new(id.clone(), self.clock.now());
        let began = self.clock.boot();
        if let Some(choice) = &choice {
            let (identity, read) = self.identity(&choice.credential).await?;
            policy.client_identity = Some(identity);
            e.credential = Some(CredentialView {
                name: choice.credential.name.clone(),
                store: self.vault().store(),
                slots: if read { vec![crate::identity::SLOT.to_owned()] } else { Vec::new() },
            });
        }
        let mut took = Duration::ZERO;
        let observed = async {
            let mut connection = self.observe(&mut e, &target, &policy, &progress).await;
            if resume && let Some(first) = connection.take_if(|first| first.record.recording.is_some()) {
                let record = Arc::clone(&first.record);
                ticket(first).await;
                let mut before = std::mem::replace(&mut e, Exchange::new(id.clone(), self.clock.now()));
                record::messages(&mut before, &record, false);
                e.credential.clone_from(&before.credential);
                before.request = Some(asked(&target));
                before.timing.total = micros(self.clock.boot().saturating_sub(began));
                e.previous_attempts.push(Attempt { reason: AttemptReason::Resumption, exchange: before });
                connection = self.observe(&mut e, &target, &policy, &progress).await;
            }
            took = self.clock.boot().saturating_sub(began);
            let record = connection.as_ref().map(|connection| Arc::clone(&connection.record));
            let refused = refused_afterwards(connection).await;
            if let Some(record) = record {
                record::messages(&mut e, &record, false);
            }
            if let Some(error) = refused {
                e.outcome = Outcome::Failed;
                e.failed_step = Some(Step::Tls);
                e.root_cause = error.root_cause();
                e.error = Some(error.problem());
            }
        };
        tokio::select! {
            biased;
            () = cancel.cancelled() => {}
            () = observed => {}
        }
        if cancel.is_cancelled() {
            took = self.clock.boot().saturating_sub(began);
            e.outcome = Outcome::Cancelled;
            e.error = Some(
                Problem::new("exchange.cancelled", Fault::Caller, "cancelled", target.endpoint())
                    .with_severity(Severity::Neutral),
            );
        }
        if fetch && !e.certificates.is_empty() {
            let explained = self.explain_fetched(&e, &target, &policy.trust).await?;
            fetch::amend(&mut e, explained);
        }
        self.explain_identity(e.handshake.as_mut(), &target, choice.as_ref());
        e.request = Some(asked(&target));
        e.timing.total = micros(took);
        self.end_sending(&id);
        let e = record::seal(e, &self.redactor);
        Ok(self.finish(e, None).await)
    }

    async fn observe(
        &self,
        e: &mut Exchange,
        target: &Target,
        policy: &Policy,
        progress: &Progress,
    ) -> Option<Connection> {
        match self.client.connector().connect(target, policy, LIMIT, progress).await {
            Ok(connection) => {
                lock(&self.recordings).keep(&connection.record);
                record::connection(e, &connection.record, false);
                e.outcome = Outcome::Answered;
                Some(connection)
            }
            Err(failure) => {
                let problem = failure.error.problem();
                lock(&self.recordings).keep(&failure.record);
                record::connect_failure(e, &failure.record, problem);
                let refused = e.verdict.as_ref().is_some_and(|v| v.state == VerdictState::NotTrusted);
                if refused && e.failed_step == Some(Step::Tls) {
                    // the library stopped at the refusal: what would have followed is observed on a connection of its own
                    let rest = self.client.connector().observe(target, policy, LIMIT, &()).await;
                    if rest.handshake.as_ref().is_some_and(|h| h.cipher_suite.is_some()) {
                        lock(&self.recordings).keep_as(&failure.record.id, &rest);
                        e.handshake = rest.handshake_in_full();
                    }
                }
                None
            }
        }
    }
}

fn asked(target: &Target) -> RequestView {
    RequestView {
        method: "TLS".to_owned(),
        target: format!("https://{}/", target.endpoint()),
        protocol: None,
        fields: Vec::new(),
        content: None,
        sent: false,
    }
}

/// Waits for a ticket, and closes the connection as TLS wants it: a session that was cut off is not resumed by all.
async fn ticket(mut connection: Connection) {
    let Some(recording) = connection.record.recording.clone() else { return };
    let mut byte = [0];
    {
        let mut read = std::pin::pin!(connection.io.read(&mut byte));
        let arrived = std::future::poll_fn(|context| {
            let read = read.as_mut().poll(context);
            // each arrival wakes this up, whether it held application data or not
            if read.is_ready() || recording.has_ticket() { Poll::Ready(()) } else { Poll::Pending }
        });
        let _late = tokio::time::timeout(TICKET, arrived).await;
    }
    let _closed = tokio::time::timeout(TICKET, connection.io.shutdown()).await;
}

/// What the server says of our certificate, or of its absence, after the handshake (RFC 9846 §4.5.1): an alert in the
/// first read. Waits only where it had asked for one.
async fn refused_afterwards(connection: Option<Connection>) -> Option<countersign_tls::Error> {
    let mut connection = connection?;
    let handshake = connection.record.handshake.as_ref()?;
    if !handshake.client_certificate_requested || handshake.protocol_version.as_deref() != Some("TLSv1.3") {
        return None;
    }
    let read = tokio::time::timeout(VERDICT_ON_US, connection.io.read(&mut [0])).await;
    let error = read.ok()?.err()?;
    error_for_alert_after_handshake(&connection.record, alert_in(&error)?)
}
