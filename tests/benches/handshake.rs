//! What recording a handshake costs, what decoding it costs, and a whole inspection against `openssl s_client -trace`.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use countersign_console::{Backend, Console, Options};
use countersign_tls::{Connector, Policy, Store, StoreLabel, Target, Trust, certificates_from_pem, provider};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;

use super::stage::{Gateway, Row, median, ms, ratio};

const RUNS: usize = 301;
/// Each connection is decoded so often: right after a wait for the network nothing is in the caches.
const DECODINGS: usize = 5;
const LIMIT: Duration = Duration::from_secs(10);

pub fn rows() -> Vec<Row> {
    let gateway = Gateway::start(None);
    let ca = std::fs::read(gateway.text("ca_file")).unwrap();
    let target = Target::parse(&gateway.text("base_url")).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut rows = runtime.block_on(recording(&ca, &target));
    rows.push(runtime.block_on(inspection(&gateway, &target)));
    rows
}

/// The same handshake with the recorder under it and without, in turn.
async fn recording(ca: &[u8], target: &Target) -> Vec<Row> {
    let roots = certificates_from_pem(ca).unwrap();
    let trust = Trust::builder().store(Store::new(StoreLabel::Command, roots.clone())).build();
    let policy = Policy { whole_handshakes: true, ..Policy::new(trust) };
    #[expect(clippy::disallowed_methods, reason = "a bench is run at the time it is run")]
    let clock = SystemTime::now;
    let connector = Connector::new(Arc::new(clock), Arc::new(|| "bench".to_owned()));
    let plain = plain(roots);
    let (mut recorded, mut bare, mut decoding) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let connection = connector.connect(target, &policy, LIMIT, &()).await.unwrap();
        recorded.push(Duration::from_micros(connection.record.timing.tls.duration));
        for _ in 0..DECODINGS {
            let began = Instant::now();
            let told = connection.record.handshake_in_full().unwrap();
            decoding.push(began.elapsed());
            assert!(told.checks.iter().all(|check| check.ok), "{:?}", told.checks);
        }
        drop(connection);
        let socket = TcpStream::connect((target.host.as_str(), target.port)).await.unwrap();
        socket.set_nodelay(true).unwrap();
        let name = ServerName::try_from(target.host.clone()).unwrap();
        let began = Instant::now();
        let stream = plain.connect(name, socket).await.unwrap();
        bare.push(began.elapsed());
        drop(stream);
    }
    let (recorded, bare, decoding) = (median(recorded), median(bare), median(decoding));
    vec![
        Row {
            what: "a full handshake recorded, against one that is not".into(),
            ours: ms(recorded),
            beside: ms(bare),
            ratio: Some(ratio(recorded, bare)),
        },
        Row {
            what: "decoding it: messages, fields, key schedule, six checks; against 0.1 ms".into(),
            ours: ms(decoding),
            beside: "0.10 ms".into(),
            ratio: Some(ratio(decoding, Duration::from_micros(100))),
        },
    ]
}

/// The library as it comes, with the same trust and without resumption.
fn plain(roots: Vec<countersign_tls::CertificateDer>) -> tokio_rustls::TlsConnector {
    let mut store = rustls::RootCertStore::empty();
    store.add_parsable_certificates(roots);
    let builder =
        rustls::ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(store).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.resumption = rustls::client::Resumption::disabled();
    tokio_rustls::TlsConnector::from(Arc::new(config))
}

/// From the host's name to the whole document, in a console that is open; openssl prints the same messages.
async fn inspection(gateway: &Gateway, target: &Target) -> Row {
    let folder = gateway.folder.path();
    let mut options = Options {
        workspace: Some(folder.join("workspace")),
        data_dir: Some(folder.join("data")),
        vault: Some(Backend::Memory),
        ..Options::default()
    };
    options.connection.ca = vec![gateway.text("ca_file").into()];
    let console = Console::open(options).await.unwrap();
    let endpoint = target.endpoint();
    let (mut ours, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..31 {
        let began = Instant::now();
        let view = console.inspect(&endpoint, |_| {}).await.unwrap();
        let document = serde_json::to_string(&view.evidence).unwrap();
        ours.push(began.elapsed());
        assert!(document.contains("CertificateVerify"), "the messages are in it");
        let began = Instant::now();
        let mut command = Command::new("openssl");
        command.args(["s_client", "-connect", &endpoint, "-servername", &target.host, "-trace"]);
        command.args(["-CAfile", &gateway.text("ca_file")]);
        let done = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(done.success(), "openssl s_client: {done}");
        beside.push(began.elapsed());
    }
    console.close().await;
    let (ours, beside) = (median(ours), median(beside));
    Row {
        what: "`inspect` in an open console, to the JSON; against `openssl s_client -trace`".into(),
        ours: ms(ours),
        beside: ms(beside),
        ratio: Some(ratio(ours, beside)),
    }
}
