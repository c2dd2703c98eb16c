//! A server on loopback, a connector with a clock the test moves, and what each kind of ending leaves behind.

mod bad_input;
mod client_certificate;
mod handshake;
mod recording;
mod refusal;
mod scan;
mod transport;

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign_evidence::{Fact, Step, StepState};
use rustls::RootCertStore;
use rustls::server::{ServerConfig, WebPkiClientVerifier};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::Connector;
use crate::fixture::{Ca, DAY, Made, moment};
use crate::{ConnectFailure, Connection, Observer, Policy, Target, provider};

const LIMIT: Duration = Duration::from_secs(10);

/// Something that listens on loopback; ends with the value.
struct Server {
    port: u16,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// Every connection goes to `serve`, in a task of its own.
    async fn new<F, S>(serve: S) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
        S: Fn(TcpStream) -> F + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream));
            }
        });
        Self { port, task }
    }

    /// TLS with this configuration; says `hi` and waits for the end.
    async fn tls(config: ServerConfig) -> Self {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Self::new(move |stream| {
            let acceptor = acceptor.clone();
            async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                if stream.write_all(b"hi").await.is_ok() {
                    let mut rest = Vec::new();
                    drop(stream.read_to_end(&mut rest).await);
                }
            }
        })
        .await
    }

    fn target(&self) -> Target {
        Target::parse(&format!("https://localhost:{}", self.port)).unwrap()
    }
}

fn config(chain: &Made) -> ServerConfig {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain.sent.clone(), chain.key.clone_key())
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}

/// Demands a client certificate issued by this CA.
fn mutual(chain: &Made, clients: &Ca, required: bool) -> ServerConfig {
    let mut roots = RootCertStore::empty();
    roots.add(clients.der()).unwrap();
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
    let verifier = if required { builder } else { builder.allow_unauthenticated() }.build().unwrap();
    ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain.sent.clone(), chain.key.clone_key())
        .unwrap()
}

/// A connector whose clock stands where the test puts it, and whose ids count.
struct Bench {
    connector: Connector,
    offset: Arc<AtomicI64>,
}

impl Bench {
    fn new() -> Self {
        let offset = Arc::new(AtomicI64::new(DAY));
        let clock = Arc::clone(&offset);
        let ids = AtomicUsize::new(0);
        let connector = Connector::new(
            Arc::new(move || moment(clock.load(Ordering::Relaxed))),
            Arc::new(move || format!("connection-{}", ids.fetch_add(1, Ordering::Relaxed) + 1)),
        );
        Self { connector, offset }
    }

    async fn connect(&self, target: &Target, policy: &Policy) -> Result<Connection, Box<ConnectFailure>> {
        self.connector.connect(target, policy, LIMIT, &()).await
    }

    /// Connects and reads the server's greeting, which comes after its tickets.
    async fn greeted(&self, target: &Target, policy: &Policy) -> Connection {
        let mut connection = self.connect(target, policy).await.unwrap();
        let mut greeting = [0; 2];
        connection.io.read_exact(&mut greeting).await.unwrap();
        assert_eq!(&greeting, b"hi");
        connection
    }

    async fn refused(&self, target: &Target, policy: &Policy) -> ConnectFailure {
        *self.connect(target, policy).await.expect_err("the connection has to fail")
    }
}

fn code(failure: &ConnectFailure) -> String {
    failure.error.problem().code
}

#[derive(Default)]
struct Heard(Mutex<Vec<(Step, StepState, Vec<Fact>)>>);

impl Observer for Heard {
    fn event(&self, step: Step, state: StepState, facts: Vec<Fact>) {
        self.0.lock().unwrap().push((step, state, facts));
    }
}

impl Heard {
    fn steps(&self) -> Vec<(Step, StepState, String)> {
        let events = self.0.lock().unwrap();
        let first = |facts: &[Fact]| facts.first().map_or_else(String::new, |fact| fact.value.clone());
        events.iter().map(|(step, state, facts)| (*step, *state, first(facts))).collect()
    }
}
