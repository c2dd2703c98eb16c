//! Servers and requests for the tests. Whatever is started ends with its [`Server`].

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use countersign_tls::{Alpn, ClientIdentity, Connector, Policy, Store, StoreLabel, Target, Trust};
use http::{Method, Request, Response};
use http_body_util::combinators::BoxBody;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::{Body, Client, Content, Failure, Lease, Outgoing, Received, Sink};

/// Longer than any exchange on loopback takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A server that ends with this.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// Ends now, and its port is free.
    pub(crate) async fn stop(mut self) {
        self.task.abort();
        let _aborted = (&mut self.task).await;
    }

    pub(crate) fn http(&self) -> Target {
        Target::parse(&format!("http://{}/", self.address)).unwrap()
    }

    pub(crate) fn https(&self) -> Target {
        Target::parse(&format!("https://localhost:{}/", self.address.port())).unwrap()
    }
}

/// Serves each connection, with its number, by a script.
pub(crate) async fn scripted<F, W>(script: F) -> Server
where
    F: Fn(TcpStream, usize) -> W + Send + Sync + 'static,
    W: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let mut connections = tokio::task::JoinSet::new();
        for number in 0.. {
            let (socket, _) = listener.accept().await.unwrap();
            connections.spawn(script(socket, number));
        }
    });
    Server { address, task }
}

/// Serves TLS by a script.
pub(crate) async fn scripted_tls<F, W>(config: Arc<ServerConfig>, script: F) -> Server
where
    F: Fn(TlsStream<TcpStream>, usize) -> W + Send + Sync + 'static,
    W: Future<Output = ()> + Send + 'static,
{
    let script = Arc::new(script);
    scripted(move |socket, number| {
        let (acceptor, script) = (TlsAcceptor::from(config.clone()), script.clone());
        async move {
            if let Ok(stream) = acceptor.accept(socket).await {
                script(stream, number).await;
            }
        }
    })
    .await
}

pub(crate) type Answered = Response<BoxBody<Bytes, std::convert::Infallible>>;
pub(crate) type Answering = Pin<Box<dyn Future<Output = Answered> + Send>>;

/// Serves HTTP/1.1 or HTTP/2, as ALPN says.
pub(crate) async fn served<F>(config: Arc<ServerConfig>, answer: F) -> Server
where
    F: Fn(Request<Incoming>) -> Answering + Clone + Send + Sync + 'static,
{
    scripted_tls(config, move |stream, _| {
        let answer = answer.clone();
        async move {
            let service = service_fn(move |request| {
                let answer = answer(request);
                async move { Ok::<_, std::convert::Infallible>(answer.await) }
            });
            let _ended = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
        }
    })
    .await
}

static LABS: AtomicU64 = AtomicU64::new(1);

/// A CA, and certificates it signs for `localhost`.
pub(crate) struct Lab {
    root: CertificateDer<'static>,
    leaf: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Lab {
    pub(crate) fn new() -> Self {
        let mut root = CertificateParams::new(Vec::new()).unwrap();
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // two labs are two issuers, not one with two keys
        let name = format!("lab {}", LABS.fetch_add(1, Ordering::Relaxed));
        root.distinguished_name.push(DnType::CommonName, name);
        let root_key = KeyPair::generate().unwrap();
        let certificate = root.self_signed(&root_key).unwrap();
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let leaf = leaf.signed_by(&key, &Issuer::new(root, root_key)).unwrap();
        Self {
            root: certificate.der().clone(),
            leaf: leaf.der().clone(),
            key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        }
    }

    /// What a server presents, and whether it demands a client certificate.
    pub(crate) fn config(&self, alpn: &[&str], demands_client: bool) -> Arc<ServerConfig> {
        let provider = countersign_tls::provider();
        let builder =
            ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().unwrap();
        let builder = if demands_client {
            let mut roots = RootCertStore::empty();
            roots.add(self.root.clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        } else {
            builder.with_no_client_auth()
        };
        let mut config = builder.with_single_cert(vec![self.leaf.clone()], self.key.clone_key()).unwrap();
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        Arc::new(config)
    }

    /// The same certificate, as a client's.
    pub(crate) fn identity(&self) -> Arc<ClientIdentity> {
        Arc::new(ClientIdentity::new(vec![self.leaf.clone()], self.key.clone_key()).unwrap())
    }

    pub(crate) fn policy(&self, alpn: Alpn) -> Policy {
        let store = Store::new(StoreLabel::Command, [self.root.clone()]);
        Policy { alpn, ..Policy::new(Trust::builder().store(store).build()) }
    }
}

pub(crate) fn client() -> Client {
    client_with_idle_limit(Duration::from_secs(60))
}

pub(crate) fn client_with_idle_limit(idle: Duration) -> Client {
    let next = AtomicU64::new(1);
    let ids = Arc::new(move || format!("connection-{}", next.fetch_add(1, Ordering::Relaxed)));
    let clock = Arc::new(|| SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000));
    Client::with_idle_limit(Connector::new(clock, ids), idle)
}

pub(crate) async fn lease(client: &Client, target: &Target, policy: &Policy) -> Lease {
    client.lease(target, policy, PATIENCE, false, &()).await.unwrap()
}

pub(crate) fn get(path: &str) -> Outgoing {
    Outgoing { method: Method::GET, uri: path.parse().unwrap(), fields: Vec::new(), content: Content::empty() }
}

pub(crate) fn post(path: &str, content: impl Into<Bytes>) -> Outgoing {
    Outgoing { method: Method::POST, content: Content::Bytes(content.into()), ..get(path) }
}

pub(crate) fn memory() -> Sink {
    Sink::Memory { limit: 16 * 1024 * 1024 }
}

pub(crate) async fn send(lease: Lease, outgoing: Outgoing) -> Result<Received, Box<Failure>> {
    lease.send(outgoing, memory(), Instant::now() + PATIENCE, &CancellationToken::new()).await
}

/// The bytes of a content in memory.
pub(crate) fn bytes(received: &Received) -> &[u8] {
    match &received.body {
        Body::Memory(bytes) => bytes.expose_secret(),
        Body::Stored(stored) => panic!("{stored:?} is not in memory"),
    }
}

/// Reads a head, up to and with the empty line.
pub(crate) async fn head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(head).unwrap()
}

/// Answers one request after another with the same bytes, until the client leaves.
pub(crate) async fn answer_all(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), answer: &[u8]) {
    while !head(stream).await.is_empty() {
        if stream.write_all(answer).await.is_err() {
            return;
        }
    }
}

/// Until the other end has closed.
pub(crate) async fn closed(stream: &mut (impl AsyncRead + Unpin)) {
    let mut rest = Vec::new();
    let _either_way = stream.read_to_end(&mut rest).await;
}

/// Awaits a condition that comes true by itself.
pub(crate) async fn until(condition: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "the condition never came true");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
