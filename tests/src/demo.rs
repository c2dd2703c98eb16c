//! The first run and what it breaks on purpose, in this process: each break shows itself in the very next send.

use countersign_console::{Backend, Console, Options};
use countersign_evidence::{Outcome, Step, VerdictState};

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
async fn the_ngenius_dialect_comes_with_a_key_and_an_order_that_succeed() {
    let sandbox = Sandbox::new();
    let console = desk(&sandbox).await;
    console.gateway_start("ngenius", 300).await.unwrap();
    let draft = console.request_read("orders/create-order").await.unwrap();
    let sent = console.send(draft, |_| {}).await.unwrap().evidence;
    assert_eq!(sent.response.as_ref().map(|r| r.status), Some(201), "{:?}", sent.error);
    assert!(sent.signature.is_none() && sent.token.is_some());
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
