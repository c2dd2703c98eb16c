//! Two servers side by side, and a list of endpoints that is looked at.

use super::openssl::Server;
use crate::need;
use crate::support::cli::run;
use crate::support::has;
use crate::support::pki::Pki;
use crate::support::sandbox::Sandbox;

#[test]
fn two_endpoints_are_compared_and_what_differs_is_exit_1() {
    need!(has("openssl"), "openssl");
    let (pki, sandbox) = (Pki::new(), Sandbox::new());
    let (chain, ca) = (pki.text("intermediate.pem"), pki.text("root.pem"));
    let new = Server::start(&pki, &["-cert_chain", &chain]);
    let old = Server::start(&pki, &["-cert_chain", &chain, "-tls1_2"]);
    let (left, right) = (format!("localhost:{}", new.port), format!("localhost:{}", old.port));
    let seen = run(&sandbox, &["compare", &left, &right, "--ca", &ca, "--vault", "memory", "--json"]).expect(1).json();
    assert_eq!(seen["schema"], "countersign.compare/1");
    let value = |name: &str| seen["values"].as_array().unwrap().iter().find(|v| v["name"] == name).cloned().unwrap();
    assert_eq!(
        (value("Version")["left"].as_str(), value("Version")["right"].as_str()),
        (Some("TLS 1.3"), Some("TLS 1.2"))
    );
    assert_eq!(value("Chain")["differs"], false, "the certificates are the same: {}", value("Chain"));

    // a saved document stands for a server
    let file = sandbox.path().join("yesterday.json");
    let document = run(&sandbox, &["inspect", &left, "--ca", &ca, "--vault", "memory", "--json"]).expect(0).out;
    std::fs::write(&file, document).unwrap();
    let arguments = ["compare", file.to_str().unwrap(), &right, "--ca", &ca, "--vault", "memory"];
    let said = run(&sandbox, &arguments).expect(1);
    assert!(said.out.contains("TLS 1.3") && said.out.contains("TLS 1.2"), "{}", said.out);
    let garbage = sandbox.path().join("garbage.json");
    std::fs::write(&garbage, "no json").unwrap();
    let said = run(&sandbox, &["compare", garbage.to_str().unwrap(), &right, "--vault", "memory"]);
    assert!(said.err.contains("is no evidence"), "{}", said.err);
}

#[test]
fn watched_endpoints_are_looked_at_together_with_what_is_due() {
    need!(has("openssl"), "openssl");
    let (pki, sandbox) = (Pki::new(), Sandbox::new());
    let server = Server::start(&pki, &["-cert_chain", &pki.text("intermediate.pem")]);
    let (host, closed) = (format!("localhost:{}", server.port), format!("localhost:{}", crate::support::free_port()));
    let vault = ["--vault", "memory", "--json"];
    let run = |arguments: &[&str]| run(&sandbox, &[arguments, &vault[..]].concat());
    assert_eq!(run(&["watch", "add", &host, &closed, &host]).expect(0).json(), serde_json::json!([host, closed]));
    let ca = pki.text("root.pem");
    run(&["trust", "add", &ca, "--host", "localhost"]).expect(0);
    let rows = run(&["watch", "check"]).expect(1).json();
    assert_eq!((rows[0]["host"].as_str(), rows[0]["state"].as_str()), (Some(closed.as_str()), Some("unreachable")));
    assert_eq!((rows[1]["host"].as_str(), rows[1]["state"].as_str()), (Some(host.as_str()), Some("good")), "{rows}");
    assert_eq!(rows[1]["days_left"], 89, "90 days from today, less the hours");
    assert_eq!(run(&["watch", "remove", &closed]).expect(0).json(), serde_json::json!([host]));
    assert_eq!(run(&["watch", "check"]).expect(0).json().as_array().unwrap().len(), 1, "all good is exit 0");
    let said = run(&["watch", "remove", &closed]);
    assert!(said.err.contains("workspace.not_watched") || said.out.contains("workspace.not_watched"), "{said:?}");
    let file = std::fs::read_to_string(sandbox.workspace().join("watch.toml")).unwrap();
    assert_eq!(file.trim(), format!("endpoint = [\n  {{ host = \"{host}\" }},\n]"), "one line for each endpoint");
}
