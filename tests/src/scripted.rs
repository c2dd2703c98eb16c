//! A server that answers as it is told, over TLS or in clear, and remembers what it was sent. One connection at a
//! time, one request on each. Ends with its handle.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::support::pki::Pki;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Received {
    pub method: String,
    pub target: String,
    fields: Vec<(String, String)>,
    pub content: Vec<u8>,
}

impl Received {
    /// The first value of a field.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// What it is told to answer: bytes as they go out; none closes without an answer.
type Script = dyn Fn(&Received) -> Vec<u8> + Send + Sync;

/// The running server.
pub struct Scripted {
    pub port: u16,
    connections: Arc<AtomicUsize>,
    received: Arc<Mutex<Vec<Received>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// An HTTP/1.1 answer with its length, after which the connection ends.
pub fn http(status: &str, fields: &[(&str, &str)], content: &str) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n", content.len());
    for (name, value) in fields {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    format!("{head}\r\n{content}").into_bytes()
}

/// An answer in JSON.
pub fn json(status: &str, content: &str) -> Vec<u8> {
    http(status, &[("Content-Type", "application/json")], content)
}

impl Scripted {
    /// Over TLS, with the leaf of that PKI.
    pub fn tls(pki: &Pki, script: impl Fn(&Received) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let chain = CertificateDer::pem_slice_iter(pki.chain.as_bytes()).collect::<Result<Vec<_>, _>>().unwrap();
        let key = PrivateKeyDer::from_pem_slice(pki.key.as_bytes()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        Self::start(Some(Arc::new(config)), Arc::new(script))
    }

    /// In clear.
    pub fn plain(script: impl Fn(&Received) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::start(None, Arc::new(script))
    }

    fn start(tls: Option<Arc<ServerConfig>>, script: Arc<Script>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (stop, connections) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let received = Arc::new(Mutex::new(Vec::new()));
        let (stopping, counted, kept) = (Arc::clone(&stop), Arc::clone(&connections), Arc::clone(&received));
        let thread = std::thread::spawn(move || {
            for socket in listener.incoming() {
                if stopping.load(Ordering::SeqCst) {
                    return;
                }
                counted.fetch_add(1, Ordering::SeqCst);
                let served = serve(socket.unwrap(), tls.clone(), &script, &kept);
                // a client that goes away is no error of the test's
                drop(served);
            }
        });
        Self { port, connections, received, stop, thread: Some(thread) }
    }

    /// `https://localhost:PORT` and a path.
    pub fn https(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }

    /// What it was sent so far.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// Connections so far, with or without a request.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _woken = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

fn serve(
    socket: TcpStream,
    tls: Option<Arc<ServerConfig>>,
    script: &Arc<Script>,
    kept: &Mutex<Vec<Received>>,
) -> std::io::Result<()> {
    socket.set_read_timeout(Some(Duration::from_secs(10)))?;
    match tls {
        Some(config) => {
            let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), socket);
            let request = read(&mut stream)?;
            kept.lock().unwrap().push(request.clone());
            stream.write_all(&script(&request))?;
            stream.conn.send_close_notify();
            stream.flush()
        }
        None => {
            let mut stream = socket;
            let request = read(&mut stream)?;
            kept.lock().unwrap().push(request.clone());
            stream.write_all(&script(&request))
        }
    }
}

/// One request with its content.
fn read(stream: &mut impl Read) -> std::io::Result<Received> {
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        match stream.read(&mut piece)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            n => bytes.extend_from_slice(&piece[..n]),
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let mut lines = text.lines();
    let mut words = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let fields =
        lines.filter_map(|line| line.split_once(':')).map(|(n, v)| (n.to_owned(), v.trim().to_owned())).collect();
    let mut request = Received { method, target, fields, content: bytes.split_off(head + 4) };
    let length = request.field("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
    while request.content.len() < length {
        match stream.read(&mut piece)? {
            0 => break,
            n => request.content.extend_from_slice(&piece[..n]),
        }
    }
    Ok(request)
}
