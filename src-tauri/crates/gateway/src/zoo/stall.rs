//! One case at its port: what it presents, made when it is first wanted and anew each day, and its connections.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::{Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::server::{Acceptor, ServerConfig};
use time::OffsetDateTime;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::{LazyConfigAcceptor, TlsAcceptor, server::TlsStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::authority::{Authorities, unreadable, whole_seconds};
use super::hello::ClientHello;
use super::mint::{Chain, Mint};
use super::plan::Case;
use super::wire::{Prefixed, SingleBytes, Wire};
use super::{chains, live, script};
use crate::Error;
use crate::config::Clock;
use crate::lab::Lab;

/// Connections of one case at a time; more are closed at once.
const AT_ONCE: usize = 32;
/// A connection ends after this long, whatever it does.
const LONGEST: Duration = Duration::from_secs(30);
/// The longest name a proxy makes a certificate for.
const LONGEST_NAME: usize = 253;

/// What a case presents on one day.
pub(super) struct Made {
    pub(super) chain: Chain,
    server: Option<Arc<ServerConfig>>,
    /// For connections that announce early data.
    second: Option<Arc<ServerConfig>>,
}

/// What is presented elsewhere, by day and name.
type Elsewhere = ((i64, String), Arc<ServerConfig>);

/// One case.
pub(super) struct Stall {
    pub(super) case: &'static Case,
    pub(super) port: Option<u16>,
    authorities: Arc<Authorities>,
    clock: Clock,
    made: Mutex<Option<(i64, Arc<Made>)>>,
    elsewhere: Mutex<Option<Elsewhere>>,
    places: Arc<Semaphore>,
}

impl Stall {
    pub(super) fn new(case: &'static Case, port: Option<u16>, authorities: Arc<Authorities>, clock: Clock) -> Self {
        Self {
            case,
            port,
            authorities,
            clock,
            made: Mutex::new(None),
            elsewhere: Mutex::new(None),
            places: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// What it presents today. Makes keys and signatures: not for the threads that serve.
    pub(super) fn made(&self) -> Result<Arc<Made>, Error> {
        let now = whole_seconds(OffsetDateTime::from((self.clock)()));
        let day = now.unix_timestamp().div_euclid(86_400);
        let mut kept = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, made)) = kept.as_ref().filter(|(of, _)| *of == day) {
            return Ok(Arc::clone(made));
        }
        let made = Arc::new(self.make(&self.case.host, now)?);
        *kept = Some((day, Arc::clone(&made)));
        Ok(made)
    }

    fn make(&self, host: &str, now: OffsetDateTime) -> Result<Made, Error> {
        let id = self.case.id.as_str();
        let mint = Mint { authorities: &self.authorities, case: id, host, now };
        let none = || Ok(Chain { sent: Vec::new(), key: None, ocsp: None, issuing: None });
        let chain = chains::build(id).map_or_else(none, |build| build(&mint))?;
        let mut made = Made { chain, server: None, second: None };
        if self.case.served == super::Served::Live {
            let server = live::server(id, &made.chain, &self.authorities, &self.clock)?;
            made.second = (id == "early-data-refused").then(|| Arc::new(live::without_early_data(&server)));
            made.server = Some(Arc::new(server));
        }
        Ok(made)
    }

    /// A server with the chain of the case for another name, made anew each day. Only the chain is the case's: what a
    /// scripted case does to the connection is not.
    pub(super) async fn presented(self: Arc<Self>, host: String) -> Result<Arc<ServerConfig>, Error> {
        let make = move || {
            let now = whole_seconds(OffsetDateTime::from((self.clock)()));
            let of = (now.unix_timestamp().div_euclid(86_400), host);
            let mut kept = self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((_, server)) = kept.as_ref().filter(|(known, _)| *known == of) {
                return Ok(Arc::clone(server));
            }
            let chain = self.make(&of.1, now)?.chain;
            let server = Arc::new(live::server(&self.case.id, &chain, &self.authorities, &self.clock)?);
            *kept = Some((of, Arc::clone(&server)));
            Ok(server)
        };
        let made = tokio::task::spawn_blocking(make).await;
        made.unwrap_or_else(|_| Err(unreadable("zoo server")))
    }

    /// Serves until cancelled.
    pub(super) async fn serve(
        self: Arc<Self>,
        listener: TcpListener,
        lab: Arc<Lab>,
        stop: CancellationToken,
        tasks: TaskTracker,
    ) {
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            let Ok((socket, _)) = accepted else { continue };
            let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else { continue };
            let (stall, lab, stop) = (Arc::clone(&self), Arc::clone(&lab), stop.clone());
            tasks.spawn(async move {
                tokio::select! {
                    () = stop.cancelled() => {}
                    _late = tokio::time::timeout(LONGEST, stall.connection(socket, &lab)) => {}
                }
                drop(place);
            });
        }
    }

    async fn connection(self: &Arc<Self>, socket: TcpStream, lab: &Lab) {
        let _nagle = socket.set_nodelay(true);
        let stall = Arc::clone(self);
        let Ok(Ok(made)) = tokio::task::spawn_blocking(move || stall.made()).await else { return };
        if let Some(script) = script::of(&self.case.id) {
            return script::play(script, socket, &made.chain.sent).await;
        }
        let Some(config) = made.server.clone() else { return };
        match self.shaken(socket, config, made.second.clone()).await {
            Ok(Some(stream)) => self.answer(stream, lab).await,
            Ok(None) => {}
            Err(error) => crate::listener::failed(lab, &self.case.host, &error, true),
        }
    }

    /// The handshake. `None`: what came was no ClientHello.
    async fn shaken(
        self: &Arc<Self>,
        mut socket: TcpStream,
        config: Arc<ServerConfig>,
        second: Option<Arc<ServerConfig>>,
    ) -> std::io::Result<Option<TlsStream<Box<dyn Wire>>>> {
        match self.case.id.as_str() {
            "corporate-proxy" => {
                let start = LazyConfigAcceptor::new(Acceptor::default(), Box::new(socket) as Box<dyn Wire>).await?;
                let asked = start.client_hello().server_name().map(ToOwned::to_owned);
                let config = match asked.filter(|name| name.len() <= LONGEST_NAME) {
                    Some(name) if name != self.case.host => self.for_name(name).await.unwrap_or(config),
                    Some(_) | None => config,
                };
                return start.into_stream(config).await.map(Some);
            }
            "early-data-refused" => {
                let Some(hello) = ClientHello::read(&mut socket).await else { return Ok(None) };
                let config = if hello.offers_early_data() { second.unwrap_or(config) } else { config };
                let wire: Box<dyn Wire> = Box::new(Prefixed::new(hello.raw, socket));
                return TlsAcceptor::from(config).accept(wire).await.map(Some);
            }
            _ => {}
        }
        let wire: Box<dyn Wire> = match self.case.id.as_str() {
            "one-byte-records" => Box::new(SingleBytes::new(socket)),
            _ => Box::new(socket),
        };
        TlsAcceptor::from(config).accept(wire).await.map(Some)
    }

    /// A proxy makes a certificate for the name at hand.
    async fn for_name(self: &Arc<Self>, name: String) -> Option<Arc<ServerConfig>> {
        let stall = Arc::clone(self);
        let make = move || {
            let now = whole_seconds(OffsetDateTime::from((stall.clock)()));
            stall.make(&name, now)?.server.ok_or_else(|| unreadable("zoo server"))
        };
        tokio::task::spawn_blocking(make).await.ok()?.ok()
    }

    /// One sentence for whoever accepted the case.
    async fn answer(&self, mut stream: TlsStream<Box<dyn Wire>>, lab: &Lab) {
        if self.case.id == "key-update" && stream.get_mut().1.refresh_traffic_keys().is_err() {
            return;
        }
        let service = service_fn(|request: Request<Incoming>| {
            let seen = format!("{} {}{}", request.method(), self.case.host, request.uri().path());
            let response = respond(self.case);
            let id = lab.log.next_id();
            lab.saw(id, seen, Some(response.status().as_u16()), "the zoo's case was accepted".to_owned(), true);
            std::future::ready(Ok::<_, Infallible>(response))
        });
        let _ended = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
    }
}

fn respond(case: &Case) -> Response<String> {
    let sentence = format!("{}: {}\n", case.title, case.broken);
    let mut response = Response::new(sentence);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/plain; charset=utf-8"));
    if case.id == "captive-portal" {
        headers.insert(header::LOCATION, header::HeaderValue::from_static("https://portal.zoo.test/login"));
        *response.status_mut() = StatusCode::FOUND;
    }
    response
}
