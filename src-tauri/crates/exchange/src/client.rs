//! Hands out connections, pooled or new.

use std::sync::Arc;
use std::time::Duration;

use countersign_evidence::{Fact, Step, StepState};
use countersign_tls::{ConnectFailure, Connection, Connector, Error, Observer, Policy, Target};
use tokio::time::{Instant, timeout_at};

use crate::Lease;
use crate::connection::{self, Link, Sender};
use crate::pool::{Key, Pool};

/// A connection nobody used for so long is closed.
const IDLE: Duration = Duration::from_secs(60);

/// Leases connections of one connector. Cheap to clone; clones share the pool. Dropping the last one closes what is
/// idle.
#[derive(Clone)]
pub struct Client {
    connector: Connector,
    pool: Arc<Pool>,
}

impl Client {
    /// With an empty pool; idle connections are closed after a minute.
    pub fn new(connector: Connector) -> Self {
        Self::with_idle_limit(connector, IDLE)
    }

    /// With an empty pool; idle connections are closed after this time.
    pub fn with_idle_limit(connector: Connector, idle: Duration) -> Self {
        Self { connector, pool: Arc::new(Pool::new(idle)) }
    }

    /// Opens the connections.
    pub fn connector(&self) -> &Connector {
        &self.connector
    }

    /// An idle pooled connection that is still open (HTTP/2: one that others use, too), else a new one within
    /// `limit`. `fresh`: never a pooled one. The observer hears of the steps Name, TCP and TLS.
    ///
    /// # Errors
    /// There is no connection; the failure's record says how far it came.
    pub async fn lease(
        &self,
        target: &Target,
        policy: &Policy,
        limit: Duration,
        fresh: bool,
        observer: &dyn Observer,
    ) -> Result<Lease, Box<ConnectFailure>> {
        let deadline = Instant::now() + limit;
        let key = Key { target: target.clone(), policy: policy.clone() };
        if !fresh {
            // a connection whose end has arrived gets its chance to notice
            tokio::task::yield_now().await;
            if let Some((link, sender)) = self.pool.take(&key) {
                reused(&link, observer);
                return Ok(Lease::new(Arc::clone(&self.pool), key, self.pool.epoch(), link, sender, true));
            }
        }
        let epoch = self.pool.epoch();
        let connection = self.connector.connect(target, policy, limit, observer).await?;
        let (link, sender) = self.begin(connection, deadline, limit).await?;
        link.enter();
        if let Some(share) = sender.share() {
            self.pool.put(&key, epoch, Arc::clone(&link), share);
        }
        Ok(Lease::new(Arc::clone(&self.pool), key, epoch, link, sender, false))
    }

    /// Closes what nobody uses, now; connections in use end with their request.
    pub fn close_idle(&self) {
        self.pool.clear();
    }

    /// HTTP/2 sends its preface first; HTTP/1.1 has nothing that could fail.
    async fn begin(
        &self,
        connection: Connection,
        deadline: Instant,
        limit: Duration,
    ) -> Result<(Arc<Link>, Sender), Box<ConnectFailure>> {
        let record = Arc::clone(&connection.record);
        let endpoint = record.endpoint.clone();
        let error = match timeout_at(deadline, connection::open(connection, &self.pool)).await {
            Ok(Ok(begun)) => return Ok(begun),
            Ok(Err(error)) => Error::ProtocolViolation { endpoint, reason: error.to_string() },
            Err(_late) => Error::Silent { endpoint, after: limit },
        };
        Err(Box::new(ConnectFailure { record, error }))
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

fn reused(link: &Link, observer: &dyn Observer) {
    for step in [Step::Name, Step::Tcp, Step::Tls] {
        observer.event(step, StepState::Reused, vec![Fact::new("Connection", link.record.id.clone())]);
    }
}
