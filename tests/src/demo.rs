//! The first run and what it breaks on purpose, in this process: each break shows itself in the very next send.

use countersign_console::{Backend, Console, Options};
use countersign_evidence::{Outcome, Step, VerdictState};
use countersign_secret::Secret;
use countersign_signing::{DigestAlgorithm, content_digest};

use crate::support::sandbox::Sandbox;

async fn desk(sandbox: &Sandbox) -> Console {
    let options = Options {
        workspace: Some(sandbox.workspace()),
        data_dir: Some(sandbox.data()),
        vault: Some(Backend::Memory),
        ..Options::default()
    };
    Console::open(options).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_dialect_comes_with_a_credential_and_a_request_that_succeed() {
    let sandbox = Sandbox::new();
    let console = desk(&sandbox).await;
    for (dialect, path, status, signed) in [
        ("rfc", "payments/create-payment", 201, true),
        ("ngenius", "orders/create-order", 201, false),
        ("ni-platform", "cards/card-token", 200, false),
        ("keycloak", "payments/create-payment", 201, true),
        ("sloppy", "payments/create-payment", 201, true),
    ] {
        let page = console.gateway_start(dialect, 300).await.unwrap();
        assert_eq!((page.dialect.as_str(), page.problem), (dialect, None));
        let draft = console.request_read(path).await.unwrap();
        let sent = console.send(draft, |_| {}).await.unwrap().evidence;
        assert_eq!(sent.response.as_ref().map(|r| r.status), Some(status), "{dialect}: {:?}", sent.error);
        assert_eq!((sent.signature.is_some(), sent.token.is_some()), (signed, true), "{dialect}");
        let refused: Vec<&str> = sent.findings.iter().map(|finding| finding.id.as_str()).collect();
        assert!(!refused.iter().any(|id| id.starts_with("resource.")), "{dialect}: {refused:?}");
    }
    let workspace = console.demo_remove().await.unwrap();
    assert!(
        workspace.requests.folders.is_empty() && console.credential_list().await.unwrap().is_empty(),
        "all is gone"
    );
    console.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_certificate_is_met_by_the_next_send_although_a_connection_stood() {
    let sandbox = Sandbox::new();
    let console = desk(&sandbox).await;
    let first = console.first_run(|_| {}).await.unwrap().evidence;
    assert_eq!(first.response.unwrap().status, 201);
    for round in 0..8 {
        let broken = console.demo_break("certificate-expired", |_| {}).await.unwrap().evidence;
        assert_eq!((broken.outcome, broken.failed_step), (Outcome::Failed, Some(Step::Tls)), "round {round}");
        assert_eq!(broken.verdict.unwrap().state, VerdictState::NotTrusted, "round {round}");
        let draft = console.request_read("payments/create-payment").await.unwrap();
        let whole = console.send(draft, |_| {}).await.unwrap().evidence;
        assert_eq!(whole.response.unwrap().status, 201, "round {round}: and is whole again afterwards");
    }
    console.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_base_is_compared_and_what_happened_to_the_content_is_found() {
    let sandbox = Sandbox::new();
    let console = desk(&sandbox).await;
    let sent = console.first_run(|_| {}).await.unwrap().evidence;
    let base = sent.signature.unwrap().base;
    let compared =
        async |theirs: &str| console.signature_compare(&sent.exchange, Secret::new(theirs.to_owned())).await.unwrap();
    assert_eq!(
        compared(&format!("{}\r\n", base.replace('\n', "\r\n"))).await,
        None,
        "line ends of a terminal are no difference"
    );
    // a framework that reads JSON and writes it anew before it is digested
    let content = "{\"amount\":1250,\"currency\":\"AED\",\"reference\":\"demo-0001\"}";
    let digest = content_digest(DigestAlgorithm::Sha256, content.as_bytes());
    let line = base.lines().find(|line| line.starts_with("\"content-digest\"")).unwrap();
    let parted = compared(&base.replace(line, &format!("\"content-digest\": {digest}"))).await.unwrap();
    assert_eq!((parted.component.as_str(), parted.ours.as_str()), ("content-digest", line));
    assert_eq!(parted.cause, "Their digest is of the JSON written anew, without spaces.");
    let moved = compared(&base.replace("https://localhost", "https://payments.internal")).await.unwrap();
    assert!(moved.cause.starts_with("A proxy in between rewrote the host"), "{}", moved.cause);
    console.close().await;
}
