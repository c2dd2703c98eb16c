//! The handshake of an exchange, asked of the console: by its connection, with its secrets one by one, and without
//! them once they are gone.

use countersign_console::{Backend, Console, Options};
use countersign_evidence::story::BadgeKind;

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
async fn every_secret_of_the_key_schedule_is_shown_on_request_and_in_no_document() {
    let sandbox = Sandbox::new();
    let console = desk(&sandbox).await;
    let sent = console.first_run(|_| {}).await.unwrap().evidence;
    let read = console.handshake_read(&sent.exchange).await.unwrap();
    assert_eq!(read.not_kept_after, None, "the connection is in memory");
    let story = read.story.as_ref().unwrap();
    assert!(story.badges.iter().any(|b| b.kind == BadgeKind::Equal), "all sources agree: {:?}", story.badges);
    let handshake = read.handshake.as_ref().unwrap();
    assert!(handshake.messages.iter().any(|m| m.name == "NewSessionTicket"), "what came after the handshake is there");
    let documents = serde_json::to_string(&read).unwrap() + &serde_json::to_string(&sent).unwrap();
    for entry in &handshake.key_schedule {
        let secret = console.handshake_secret(&sent.exchange, &entry.name).await.unwrap();
        assert_eq!(secret.len() as u64, entry.length * 2, "{} in hex", entry.name);
        assert!(!documents.contains(secret.as_str()), "{} is in no document", entry.name);
    }
    let unknown = console.handshake_secret(&sent.exchange, "password").await.unwrap_err();
    assert_eq!(unknown.code, "exchange.unknown_secret");
    let call = sent.token.as_ref().and_then(|t| t.exchange.as_ref()).map(|call| call.exchange.clone()).unwrap();
    let of_the_call = console.handshake_read(&call).await.unwrap();
    assert!(of_the_call.story.is_some(), "the token call has a handshake of its own");
    console.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reused_connection_tells_the_handshake_that_made_it_also_from_the_history() {
    let sandbox = Sandbox::new();
    let console = desk(&sandbox).await;
    let first = console.first_run(|_| {}).await.unwrap().evidence;
    let draft = console.request_read("payments/create-payment").await.unwrap();
    let second = console.send(draft, |_| {}).await.unwrap().evidence;
    let connection = |e: &countersign_evidence::Exchange| e.connection.clone().unwrap();
    assert!(connection(&second).reused && connection(&second).id == connection(&first).id, "one connection");
    assert!(second.handshake.as_ref().unwrap().messages.is_empty(), "the document refers to it");
    let read = console.handshake_read(&second.exchange).await.unwrap();
    let names = |h: &countersign_evidence::Handshake| h.messages.iter().map(|m| m.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(read.handshake.as_ref().unwrap())[..2], ["ClientHello", "ServerHello"]);
    assert!(read.story.unwrap().notes[0].starts_with("Reused: "), "and it says so");
    console.close().await;
    drop(console);

    let later = desk(&sandbox).await;
    let read = later.handshake_read(&second.exchange).await.unwrap();
    assert_eq!(names(read.handshake.as_ref().unwrap())[..2], ["ClientHello", "ServerHello"], "from the history");
    assert!(read.not_kept_after.is_some(), "the secrets went with the process");
    let gone = later.handshake_secret(&second.exchange, "shared_secret").await.unwrap_err();
    assert_eq!(gone.code, "exchange.secrets_not_kept");
    assert!(gone.detail.starts_with("not kept after "), "{}", gone.detail);
    later.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_was_made_and_not_used_is_told_too() {
    let sandbox = Sandbox::new();
    let console = desk(&sandbox).await;
    console.first_run(|_| {}).await.unwrap();
    let profile = sandbox.workspace().join("signing").join("demo-ed25519.toml");
    let text = std::fs::read_to_string(&profile).unwrap_or_else(|e| panic!("{}: {e}", profile.display()));
    std::fs::write(&profile, text.replacen("\"@method\"", "\"@method\", \"x-not-there\"", 1)).unwrap();
    console.close().await;
    drop(console);

    let console = desk(&sandbox).await;
    console.gateway_start("rfc", 300).await.unwrap();
    let draft = console.request_read("payments/create-payment").await.unwrap();
    let stopped = console.send(draft, |_| {}).await.unwrap().evidence;
    assert_eq!(stopped.error.as_ref().map(|e| e.code.as_str()), Some("signature.component_missing"), "{stopped:?}");
    let handshake = stopped.handshake.expect("the connection was made before the signature");
    assert_eq!(handshake.messages.first().map(|m| m.name.as_str()), Some("ClientHello"), "and its messages are there");
    console.close().await;
}
