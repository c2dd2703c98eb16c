//! nginx with a private CA: HTTP/2 by ALPN, a deployment as people run it.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::need;
use crate::support::child::Child;
use crate::support::cli::run;
use crate::support::pki::Pki;
use crate::support::sandbox::Sandbox;
use crate::support::{free_port, has};

fn start(pki: &Pki, port: u16) -> Child {
    start_with(pki, port, "")
}

/// With more directives for the server.
pub(super) fn start_with(pki: &Pki, port: u16, more: &str) -> Child {
    let folder = pki.path().to_str().unwrap();
    let configuration = format!(
        "daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
         events {{ worker_connections 64; }}
         http {{
           access_log off;
           client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
           uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
           server {{
             listen 127.0.0.1:{port} ssl http2; server_name localhost;
             ssl_certificate {folder}/chain.pem; ssl_certificate_key {folder}/key.pem;
             ssl_protocols TLSv1.2 TLSv1.3; {more}
             location / {{ default_type application/json; return 200 '{{\"from\":\"nginx\"}}'; }}
           }}
         }}"
    );
    std::fs::write(pki.file("nginx.conf"), configuration).unwrap();
    let child =
        Child::start(Command::new("nginx").args(["-e", &pki.text("error.log"), "-c", &pki.text("nginx.conf")]), None);
    let begin = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(begin.elapsed() < Duration::from_secs(10), "nginx does not listen:\n{}", child.output());
        std::thread::sleep(Duration::from_millis(10));
    }
    child
}

#[test]
fn nginx_is_inspected_and_answers_over_http_2() {
    need!(has("nginx"), "nginx");
    let (pki, sandbox, port) = (Pki::new(), Sandbox::new(), free_port());
    let _nginx = start(&pki, port);
    let (host, ca) = (format!("localhost:{port}"), pki.text("root.pem"));
    let seen = run(&sandbox, &["inspect", &host, "--ca", &ca, "--json"]).expect(0).json();
    assert_eq!(seen["verdict"]["state"], "trusted");
    let url = format!("https://{host}/anything");
    let sent = run(&sandbox, &["send", "GET", &url, "--ca", &ca, "--vault", "memory", "--json"]).expect(0).json();
    assert_eq!(sent["request"]["protocol"], "HTTP/2");
    assert_eq!(sent["handshake"]["alpn_protocol"], "h2");
    let one =
        run(&sandbox, &["send", "GET", &url, "--ca", &ca, "--http1.1", "--vault", "memory", "--json"]).expect(0).json();
    assert_eq!(one["request"]["protocol"], "HTTP/1.1");
}

#[test]
fn without_the_private_ca_the_root_is_in_no_store() {
    need!(has("nginx"), "nginx");
    let (pki, sandbox, port) = (Pki::new(), Sandbox::new(), free_port());
    let _nginx = start(&pki, port);
    let seen = run(&sandbox, &["inspect", &format!("localhost:{port}"), "--json"]).expect(1).json();
    assert_eq!(seen["verdict"]["state"], "not_trusted");
    assert_eq!(seen["certificates"].as_array().unwrap().len(), 2, "what was sent is shown all the same");
}
