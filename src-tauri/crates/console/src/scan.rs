//! What a server offers, asked for by a person: the server will see handshakes that were given up.

use std::sync::Arc;

use countersign_evidence::{Fault, Problem, Scan, Severity};
use countersign_tls::{Policy, Target, Trust};

use crate::core::Core;
use crate::view::ScanProgress;

impl Core {
    /// The endpoint as the workspace and the command line want it reached.
    pub(crate) fn endpoint(&self, host: &str) -> Result<Target, Problem> {
        let mut target = Target::parse_endpoint(host.trim()).map_err(|e| e.problem())?;
        self.resolved(&mut target);
        let connection = &self.options.connection;
        if connection.connect_to.is_some() {
            target.connect_to.clone_from(&connection.connect_to);
        }
        if connection.server_name.is_some() {
            target.server_name.clone_from(&connection.server_name);
        }
        Ok(target)
    }

    /// Scans until it is done, or cancelled by its id.
    pub(crate) async fn scan(
        self: &Arc<Self>,
        host: &str,
        told: impl Fn(ScanProgress) + Send + Sync,
    ) -> Result<Scan, Problem> {
        let target = self.endpoint(host)?;
        let id = self.entropy.id(&self.clock);
        let cancel = self.begin_sending(&id);
        told(ScanProgress::Started { scan: id.clone() });
        // nobody is verified: the stores need not be read for it
        let policy = Policy { whole_handshakes: true, ..Policy::new(Trust::builder().build()) };
        let count = |probes: usize| told(ScanProgress::Probes { ended: u64::try_from(probes).unwrap_or(u64::MAX) });
        let scanned = tokio::select! {
            biased;
            () = cancel.cancelled() => Err(cancelled(&target)),
            scan = self.client.connector().scan(&target, &policy, self.clock.now(), &count) => {
                scan.map_err(|error| error.problem())
            }
        };
        self.end_sending(&id);
        scanned
    }
}

fn cancelled(target: &Target) -> Problem {
    Problem::new("exchange.cancelled", Fault::Caller, "cancelled", target.endpoint()).with_severity(Severity::Neutral)
}
