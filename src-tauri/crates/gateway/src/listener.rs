//! One TLS listener: accepts, shakes hands with what the fault presents, serves HTTP/1.1 and HTTP/2.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use rustls::server::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Error;
use crate::lab::Lab;
use crate::mutual;
use crate::pki::Presented;

/// A handshake that takes longer is given up.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Ends the connection a request came on.
#[derive(Clone)]
pub(crate) struct Closing(pub(crate) CancellationToken);

/// Binds a loopback address.
pub(crate) async fn bind(address: SocketAddr) -> Result<TcpListener, Error> {
    if !address.ip().is_loopback() {
        return Err(Error::NotLoopback { address });
    }
    TcpListener::bind(address).await.map_err(|e| match e.kind() {
        std::io::ErrorKind::AddrInUse => Error::PortTaken { port: address.port() },
        _ => Error::Listen { address, reason: e.to_string() },
    })
}

/// What a listener is for. The routes are the same on all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It presents the certificate faults.
    Api,
    Authorization,
    /// It asks for a client certificate (RFC 8705 §5).
    Mutual,
}

/// Serves until cancelled.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    lab: Arc<Lab>,
    role: Role,
    stop: CancellationToken,
    tasks: TaskTracker,
) {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((socket, _)) = accepted else { continue };
        tasks.spawn(connection(socket, router.clone(), lab.clone(), role, stop.clone(), tasks.clone()));
    }
}

async fn connection(
    socket: TcpStream,
    router: Router,
    lab: Arc<Lab>,
    role: Role,
    stop: CancellationToken,
    tasks: TaskTracker,
) {
    let _nagle = socket.set_nodelay(true);
    let mut presented = lab.presented();
    presented.mark_unchanged();
    let presents = if role == Role::Api { lab.presents() } else { Presented::Good };
    let config = match (role, presents) {
        (Role::Mutual, _) => Ok(lab.pki.mutual.clone()),
        (Role::Api | Role::Authorization, Presented::Case(id)) => case(&lab, id, &stop, &tasks).await,
        (Role::Api | Role::Authorization, other) => Ok(lab.pki.config(other)),
    };
    let acceptor = match config {
        Ok(config) => TlsAcceptor::from(config),
        Err(error) => {
            let id = lab.log.next_id();
            return lab.saw(id, "TLS, localhost".into(), None, format!("nothing to present: {error}"), true);
        }
    };
    let handshake = tokio::select! {
        () = stop.cancelled() => return,
        handshake = tokio::time::timeout(HANDSHAKE, acceptor.accept(socket)) => handshake,
    };
    let stream = match handshake {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return failed(&lab, "localhost", &error, presents != Presented::Good),
        Err(_late) => return,
    };
    let closing = CancellationToken::new();
    let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let client = mutual::Presented(Arc::new(chain.iter().map(|der| der.clone().into_owned()).collect()));
    let router = router.layer(axum::Extension(Closing(closing.clone()))).layer(axum::Extension(client));
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // the router dates every answer, by the gateway's own clock
    builder.http1().auto_date_header(false).http2().auto_date_header(false);
    let serving = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    tokio::pin!(serving);
    tokio::select! {
        _ended = serving.as_mut() => return,
        () = closing.cancelled() => return,
        () = stop.cancelled() => {}
        () = changed(&mut presented, role) => {}
    }
    serving.as_mut().graceful_shutdown();
    let _late = tokio::time::timeout(Duration::from_secs(2), serving).await;
}

/// What a case of the zoo presents; the zoo is served from then on, so that what its certificates point at answers.
async fn case(
    lab: &Arc<Lab>,
    id: &str,
    stop: &CancellationToken,
    tasks: &TaskTracker,
) -> Result<Arc<ServerConfig>, Error> {
    lab.served_zoo(stop, tasks).await?.presented(id, "localhost").await
}

async fn changed(presented: &mut tokio::sync::watch::Receiver<u64>, role: Role) {
    if role != Role::Api || presented.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// A handshake that failed is seen too: the client's alert says why.
pub(crate) fn failed(lab: &Lab, host: &str, error: &std::io::Error, on_purpose: bool) {
    let tls = error.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>());
    let judged = match tls {
        Some(rustls::Error::AlertReceived(alert)) => {
            format!("alert {}, {}", u8::from(*alert), snake(&format!("{alert:?}")))
        }
        Some(other) => format!("handshake failed: {other}"),
        None => "closed during the handshake".into(),
    };
    let id = lab.log.next_id();
    lab.saw(id, format!("TLS, {host}"), None, judged, on_purpose);
}

/// `CertificateExpired` as RFC 9846 §6 spells it.
fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out.replace("unknown_c_a", "unknown_ca")
}
