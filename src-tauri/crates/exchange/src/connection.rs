//! One open connection that speaks HTTP: its record, its meter, and the task that drives it.

use std::future::Future;
use std::sync::{Arc, Weak};
use std::time::Duration;

use countersign_tls::{Connection, ConnectionRecord};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until, timeout};

use crate::Protocol;
use crate::meter::{Meter, Metered};
use crate::outgoing::RequestBody;
use crate::pool::Pool;

/// How long a connection that is being closed may take to say so.
const GOODBYE: Duration = Duration::from_secs(2);

/// More fields than any answer should have; hyper's own bound of 100 refuses answers that browsers show.
const MOST_FIELDS: usize = 1000;

/// Bytes of a head; also HTTP/2's `SETTINGS_MAX_HEADER_LIST_SIZE`.
const LONGEST_HEAD: u32 = 256 * 1024;

/// The way into a connection.
pub(crate) enum Sender {
    /// Exclusive.
    Http11(http1::SendRequest<RequestBody>),
    /// Shared: a clone is another way into the same connection.
    Http2(http2::SendRequest<RequestBody>),
}

impl Sender {
    pub(crate) fn is_closed(&self) -> bool {
        match self {
            Sender::Http11(sender) => sender.is_closed(),
            Sender::Http2(sender) => sender.is_closed(),
        }
    }

    /// A way in for one more request, where the connection can be shared.
    pub(crate) fn share(&self) -> Option<Self> {
        match self {
            Sender::Http11(_) => None,
            Sender::Http2(sender) => Some(Sender::Http2(sender.clone())),
        }
    }
}

/// Who uses the connection, and since when nobody.
#[derive(Clone, Copy, Debug)]
struct Usage {
    leases: usize,
    since: Instant,
}

/// What leases of one connection share.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) id: u64,
    pub(crate) record: Arc<ConnectionRecord>,
    pub(crate) protocol: Protocol,
    pub(crate) meter: Arc<Meter>,
    usage: watch::Sender<Usage>,
    driver: AbortHandle,
}

impl Link {
    pub(crate) fn enter(&self) {
        self.usage.send_modify(|usage| usage.leases += 1);
    }

    pub(crate) fn leave(&self) {
        self.usage.send_modify(|usage| {
            usage.leases = usage.leases.saturating_sub(1);
            usage.since = Instant::now();
        });
    }

    /// Closes the socket now, whatever is under way.
    pub(crate) fn abort(&self) {
        self.driver.abort();
    }
}

/// Begins HTTP on a connection. The task that drives it ends when the connection does: when the peer closes, when
/// nobody holds a way in, or when it was idle for too long in the pool.
pub(crate) async fn open(connection: Connection, pool: &Arc<Pool>) -> hyper::Result<(Arc<Link>, Sender)> {
    let Connection { io, record } = connection;
    let protocol = Protocol::of(&record);
    let meter = Arc::new(Meter::default());
    let io = TokioIo::new(Metered::new(io, Arc::clone(&meter)));
    let id = pool.next_id();
    let (usage, watching) = watch::channel(Usage { leases: 0, since: Instant::now() });
    let driven = Driven { id, usage: watching, pool: Arc::downgrade(pool), idle: pool.idle_limit() };
    let (sender, driver) = match protocol {
        Protocol::Http11 => {
            let (sender, connection) = http1::Builder::new()
                .max_headers(MOST_FIELDS)
                .max_buf_size(2 * LONGEST_HEAD as usize)
                .handshake(io)
                .await?;
            (Sender::Http11(sender), tokio::spawn(driven.drive(connection)))
        }
        Protocol::Http2 => {
            let (sender, connection) = http2::Builder::new(TokioExecutor::new())
                .timer(TokioTimer::new())
                .max_header_list_size(LONGEST_HEAD)
                .handshake(io)
                .await?;
            (Sender::Http2(sender), tokio::spawn(driven.drive(connection)))
        }
    };
    let link = Link { id, record, protocol, meter, usage, driver: driver.abort_handle() };
    Ok((Arc::new(link), sender))
}

struct Driven {
    id: u64,
    usage: watch::Receiver<Usage>,
    pool: Weak<Pool>,
    idle: Duration,
}

impl Driven {
    async fn drive(mut self, connection: impl Future) {
        tokio::pin!(connection);
        loop {
            tokio::select! {
                _ended = &mut connection => break,
                () = idle_for(&mut self.usage, self.idle) => {
                    // out of the pool, its last sender is gone and the connection says goodbye
                    let idle = || self.usage.borrow().leases == 0;
                    if self.pool.upgrade().is_none_or(|pool| pool.expire(self.id, idle)) {
                        let _late = timeout(GOODBYE, &mut connection).await;
                        return;
                    }
                }
            }
        }
        if let Some(pool) = self.pool.upgrade() {
            pool.forget(self.id);
        }
    }
}

/// Until nobody used the connection for so long.
async fn idle_for(usage: &mut watch::Receiver<Usage>, limit: Duration) {
    loop {
        let now = *usage.borrow_and_update();
        let changed = usage.changed();
        let gone = if now.leases > 0 {
            changed.await.is_err()
        } else {
            tokio::select! {
                () = sleep_until(now.since + limit) => return,
                changed = changed => changed.is_err(),
            }
        };
        if gone {
            // nobody can use it any more: hyper ends it by itself
            std::future::pending::<()>().await;
        }
    }
}
