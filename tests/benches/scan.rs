//! A scan of a server with every version, against sslscan and sslyze told to look for the same.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::stage::{Row, Running, median, ms, program, ratio};

/// Each takes seconds beside ours.
const RUNS: usize = 7;

pub fn rows() -> Vec<Row> {
    let folder = tempfile::tempdir().unwrap();
    let port = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let _nginx = serve(folder.path(), port);
    let endpoint = format!("localhost:{port}");
    let mut scan = Command::new(program("countersign"));
    scan.args(["scan", &endpoint, "--json", "--vault", "memory"])
        .env("COUNTERSIGN_DATA_DIR", folder.path().join("data"))
        .env("COUNTERSIGN_WORKSPACE", folder.path().join("workspace"));
    let mut sslscan = Command::new("sslscan");
    sslscan.args(["--no-colour", "--no-heartbleed", "--no-compression", "--no-check-certificate", &endpoint]);
    let mut sslyze = Command::new(sslyze());
    sslyze.args(["--sslv3", "--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3", "--elliptic_curves", "--resum"]);
    sslyze.args(["--reneg", "--fallback", "--mozilla_config", "disable", &endpoint]);
    let mut rows = Vec::new();
    let (mut ours, mut first, mut second) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        ours.extend(timed(&mut scan));
        first.extend(timed(&mut sslscan));
        second.extend(timed(&mut sslyze));
    }
    for (name, beside) in [("sslscan", first), ("sslyze", second)] {
        let what = format!("`countersign scan`, the process, against {name} for the same subset");
        if beside.is_empty() {
            rows.push(Row { what, ours: ms(median(ours.clone())), beside: "SKIP: not installed".into(), ratio: None });
            continue;
        }
        let (own, other) = (median(ours.clone()), median(beside));
        rows.push(Row { what, ours: ms(own), beside: ms(other), ratio: Some(ratio(own, other)) });
    }
    rows
}

/// `None` where the program is not there. What a scanner makes of the server in its exit code is its own affair.
fn timed(command: &mut Command) -> Option<Duration> {
    let began = Instant::now();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().ok()?;
    Some(began.elapsed())
}

/// Where `cargo xtask bench` puts it, else on the path.
fn sslyze() -> PathBuf {
    let own = program("countersign").parent().unwrap().parent().unwrap().join("sslyze/bin/sslyze");
    if own.is_file() { own } else { "sslyze".into() }
}

/// nginx with TLS 1.0 to 1.3 and every suite OpenSSL has.
fn serve(folder: &Path, port: u16) -> Running {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    std::fs::write(folder.join("c.pem"), certificate.pem()).unwrap();
    std::fs::write(folder.join("k.pem"), key.serialize_pem()).unwrap();
    let at = folder.display();
    let text = format!(
        "daemon off; pid {at}/n.pid; error_log {at}/e.log; events {{}}
         http {{ access_log off; client_body_temp_path {at}/b; proxy_temp_path {at}/p; fastcgi_temp_path {at}/f;
         uwsgi_temp_path {at}/u; scgi_temp_path {at}/s;
         server {{ listen 127.0.0.1:{port} ssl http2; ssl_certificate {at}/c.pem; ssl_certificate_key {at}/k.pem;
         ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; ssl_ciphers ALL:@SECLEVEL=0; ssl_prefer_server_ciphers on;
         location / {{ return 200; }} }} }}"
    );
    std::fs::write(folder.join("n.conf"), text).unwrap();
    let (errors, file) = (folder.join("e.log"), folder.join("n.conf"));
    let mut nginx = Command::new("nginx");
    nginx.arg("-e").arg(errors).arg("-c").arg(file).stdout(Stdio::null()).stderr(Stdio::null());
    let running = Running(nginx.spawn().unwrap());
    let began = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(began.elapsed() < Duration::from_secs(10), "nginx does not listen");
        std::thread::sleep(Duration::from_millis(5));
    }
    running
}
