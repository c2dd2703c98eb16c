//! One observed handshake with a server: nothing is sent but the handshake, the chain is explained.

use std::sync::Arc;
use std::time::Duration;

use countersign_evidence::{Exchange, Fault, Outcome, Problem, RequestView, Severity, Step, VerdictState};
use countersign_tls::{Policy, Target};

use crate::core::Core;
use crate::send::progress::{Progress, micros};
use crate::send::{ProgressSink, record};
use crate::view::ExchangeView;

/// An inspection is given up after this long.
const LIMIT: Duration = Duration::from_secs(10);

impl Core {
    /// Connects, observes, closes. When the chain is refused a second connection that only observes shows the rest.
    pub(crate) async fn inspect(self: &Arc<Self>, host: &str, sink: ProgressSink) -> Result<ExchangeView, Problem> {
        let mut target = Target::parse_endpoint(host.trim()).map_err(|e| e.problem())?;
        self.resolved(&mut target);
        let connection = &self.options.connection;
        if connection.connect_to.is_some() {
            target.connect_to.clone_from(&connection.connect_to);
        }
        if connection.server_name.is_some() {
            target.server_name.clone_from(&connection.server_name);
        }
        let id = self.entropy.id(&self.clock);
        let cancel = self.begin_sending(&id);
        let progress = Progress::start(&id, &self.clock, sink);
        let mut e = Exchange::new(id.clone(), self.clock.now());
        let began = self.clock.boot();
        let policy = Policy { whole_handshakes: true, ..self.policy(&target, None, true) };
        let observed = async {
            self.observe(&mut e, &target, &policy, &progress).await;
        };
        tokio::select! {
            biased;
            () = cancel.cancelled() => {}
            () = observed => {}
        }
        if cancel.is_cancelled() {
            e.outcome = Outcome::Cancelled;
            e.error = Some(
                Problem::new("exchange.cancelled", Fault::Caller, "cancelled", target.endpoint())
                    .with_severity(Severity::Neutral),
            );
        }
        e.request = Some(RequestView {
            method: "TLS".to_owned(),
            target: format!("https://{}/", target.endpoint()),
            protocol: None,
            fields: Vec::new(),
            content: None,
            sent: false,
        });
        e.timing.total = micros(self.clock.boot().saturating_sub(began));
        self.end_sending(&id);
        let e = record::seal(e, &self.redactor);
        Ok(self.finish(e, None).await)
    }

    async fn observe(&self, e: &mut Exchange, target: &Target, policy: &Policy, progress: &Progress) {
        match self.client.connector().connect(target, policy, LIMIT, progress).await {
            Ok(connection) => {
                record::connection(e, &connection.record, false);
                e.outcome = Outcome::Answered;
            }
            Err(failure) => {
                let problem = failure.error.problem();
                record::connect_failure(e, &failure.record, problem);
                let refused = e.verdict.as_ref().is_some_and(|v| v.state == VerdictState::NotTrusted);
                if refused && e.failed_step == Some(Step::Tls) {
                    // the library stopped at the refusal: what would have followed is observed on a connection of its own
                    let rest = self.client.connector().observe(target, policy, LIMIT, &()).await;
                    if rest.handshake.as_ref().is_some_and(|h| h.cipher_suite.is_some()) {
                        e.handshake = rest.handshake_in_full();
                    }
                }
            }
        }
    }
}
