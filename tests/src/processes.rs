//! Several processes on one refresh token, and processes that are killed in the middle of a rotation.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign_console::view::{CredentialForm, TokenRow};
use countersign_console::{Backend, ConnectionOptions, Console, Options};
use countersign_evidence::TokenState;
use countersign_gateway::{Dialect, Fault};
use countersign_secret::Secret;

use crate::gateway::client::{Lab, SECRET};
use crate::need;
use crate::scripted::{Received, Scripted, json};
use crate::support::child::Child;
use crate::support::cli::{command, run_with};
use crate::support::keyring;
use crate::support::pki::Pki;
use crate::support::sandbox::Sandbox;

/// With it the gateway hands out a refresh token.
const REFRESHED: &str = "payments:read payments:write payments:refund";

/// A window's console on the workspace and the keychain of a sandbox.
async fn window(sandbox: &Sandbox, ca: &std::path::Path) -> Console {
    let options = Options {
        workspace: Some(sandbox.workspace()),
        data_dir: Some(sandbox.data()),
        vault: Some(Backend::Os),
        connection: ConnectionOptions { ca: vec![ca.to_owned()], ..ConnectionOptions::default() },
        ..Options::default()
    };
    Console::open(options).await.unwrap()
}

async fn row(console: &Console) -> TokenRow {
    let [row] = <[TokenRow; 1]>::try_from(console.token_list().await.unwrap()).expect("one token");
    row
}

/// Waits until a console holds this generation, told of changes.
async fn until_generation(console: &Console, generation: u64) -> TokenRow {
    let (told, mut changes) = tokio::sync::mpsc::unbounded_channel();
    let tell = move |change| {
        let _test_is_over = told.send(change);
    };
    console.changes(tell).await.unwrap();
    let waiting = async {
        loop {
            let row = row(console).await;
            if row.token.generation >= generation && row.token.state == TokenState::Valid {
                return row;
            }
            changes.recv().await.expect("the console lives");
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(30), waiting).await;
    match waited {
        Ok(row) => row,
        Err(_) => panic!("no generation {generation}: {:?}", row(console).await),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_windows_and_a_command_line_renew_once_and_the_others_adopt() {
    need!(keyring(), "a throw-away keychain");
    let (lab, sandbox) = (Lab::start(Dialect::Rfc).await, Sandbox::new());
    lab.gateway.set_fault(Fault::parse("token-life=8s").unwrap());
    let ca = sandbox.path().join("root.pem");
    std::fs::write(&ca, lab.gateway.ca_pem()).unwrap();
    let (first, second) = (window(&sandbox, &ca).await, window(&sandbox, &ca).await);
    let form = CredentialForm {
        existing: None,
        title: "demo".into(),
        recipe: "rfc6749".into(),
        token_endpoint: lab.gateway.ready().token_endpoint.clone(),
        client_id: "demo-client".into(),
        token_endpoint_auth_method: "client_secret_basic".into(),
        basic_encoding: "form".into(),
        scope: REFRESHED.into(),
        allowed_hosts: vec!["localhost".into()],
        environments: Vec::new(),
        issuer: None,
        grant_type: None,
        grant: None,
    };
    first.credential_save(form).await.unwrap();
    first.credential_set_secret("demo", "client_secret", Secret::new(SECRET.to_owned())).await.unwrap();
    first.token_obtain("demo", |_| {}).await.unwrap();
    second.token_obtain("demo", |_| {}).await.unwrap();
    let calls = || lab.gateway.seen().iter().filter(|seen| seen.request.contains("token")).count();
    assert_eq!(calls(), 1, "the second window adopts what the first obtained");

    // both are in use: each has a timer for the renewal; then a command line comes
    let arguments = ["token", "get", "demo", "--ca", ca.to_str().unwrap(), "--json"];
    let (one, two) = tokio::join!(until_generation(&first, 2), until_generation(&second, 2));
    let command_line = command(&sandbox, &arguments);
    let printed = tokio::task::spawn_blocking(move || run_with(command_line, None)).await.unwrap().expect(0).json();
    assert_eq!(calls(), 2, "one renewal for all three");
    assert_eq!(one.token.fingerprint, two.token.fingerprint, "the windows hold the same token");
    assert_eq!(printed["token"]["origin"], "adopted", "{printed}");
    assert_eq!(
        printed["token"]["fingerprint"].as_str(),
        one.token.fingerprint.as_deref(),
        "and so does the command line"
    );
    assert_eq!(
        (lab.gateway.most_token_calls_in_flight(), lab.gateway.refresh_reuse()),
        (1, 0),
        "never two at once, none twice"
    );
    first.close().await;
    second.close().await;
    run_with(command(&sandbox, &["credential", "remove", "demo"]), None).expect(0);
    lab.gateway.stop().await;
}

/// What a server with rotation and a grace window remembers: a refresh token counts until its successor was used.
#[derive(Default)]
struct Rotation {
    valid: Vec<String>,
    issued: usize,
    minted: usize,
    refused: Vec<String>,
}

/// A token endpoint that tells when a refresh arrived, and answers when it is let go.
struct Server {
    scripted: Scripted,
    rotation: Arc<Mutex<Rotation>>,
    arrived: Receiver<()>,
    go: Sender<()>,
}

fn server(pki: &Pki, length: usize) -> Server {
    let rotation = Arc::new(Mutex::new(Rotation::default()));
    let ((tell, arrived), (go, waits)) = (channel(), channel());
    let (kept, tell, waits) = (Arc::clone(&rotation), Mutex::new(tell), Mutex::new(waits));
    let scripted = Scripted::tls(pki, move |request: &Received| {
        let form = String::from_utf8_lossy(&request.content).into_owned();
        let shown = form.split("refresh_token=").nth(1).map(|rest| rest.split('&').next().unwrap_or(rest).to_owned());
        let answer = {
            let mut rotation = kept.lock().unwrap();
            match &shown {
                Some(token) if !rotation.valid.contains(token) => {
                    rotation.refused.push(token.clone());
                    return json(
                        "400 Bad Request",
                        r#"{"error": "invalid_grant", "error_description": "Stale token"}"#,
                    );
                }
                Some(_) => {}
                None => rotation.minted += 1,
            }
            rotation.issued += 1;
            let next = format!("refresh-{}-{}", rotation.issued, "x".repeat(length));
            rotation.valid = shown.iter().cloned().chain([next.clone()]).collect();
            let access = format!("opaque-access-{}", rotation.issued);
            json(
                "200 OK",
                &format!(
                    r#"{{"access_token": "{access}", "token_type": "Bearer", "expires_in": 300, "refresh_token": "{next}"}}"#
                ),
            )
        };
        if shown.is_some() {
            let _test_is_over = tell.lock().unwrap().send(());
            let _test_is_over = waits.lock().unwrap().recv_timeout(Duration::from_secs(20));
        }
        answer
    });
    Server { scripted, rotation, arrived, go }
}

#[test]
fn a_process_that_is_killed_while_a_token_rotates_never_loses_both() {
    need!(keyring(), "a throw-away keychain");
    // short ones rest in the keychain, long ones in the sealed file
    for (length, trials) in [(20, 12), (4000, 6)] {
        let (pki, sandbox) = (Pki::new(), Sandbox::new());
        let server = server(&pki, length);
        let (endpoint, ca) = (server.scripted.https("/token"), pki.text("root.pem"));
        let secret = |arguments: &[&str]| {
            let mut command = command(&sandbox, arguments);
            command.env("SECRET", "a client secret");
            command
        };
        let add = ["credential", "add", "demo", "--client-id", "demo", "--token-endpoint", &endpoint];
        let more = ["--scope", "a", "--allowed-host", "localhost", "--secret-env", "SECRET"];
        run_with(secret(&[&add[..], &more[..]].concat()), None).expect(0);
        run_with(secret(&["token", "get", "demo", "--ca", &ca]), None).expect(0);
        let test = ["credential", "test", "demo", "--ca", &ca];
        let killed = AtomicUsize::new(0);
        for trial in 0..trials {
            let child = Child::start(&mut secret(&test), None);
            server.arrived.recv_timeout(Duration::from_secs(20)).expect("the refresh arrives");
            if trial == 0 {
                // sent, and not answered: the server has rotated, and nobody knows
                child.signal(rustix::process::Signal::KILL);
                server.go.send(()).unwrap();
            } else {
                // from half an answer to the published token: each trial a little later
                server.go.send(()).unwrap();
                std::thread::sleep(Duration::from_millis(trial * 4));
                child.signal(rustix::process::Signal::KILL);
            }
            let (code, _output) = child.end(Duration::from_secs(20));
            killed.fetch_add(usize::from(code.is_none()), Ordering::SeqCst);

            // whoever comes next has a refresh token that counts
            let next = Child::start(&mut secret(&test), None);
            let arrived = server.arrived.recv_timeout(Duration::from_secs(20));
            let _answered = server.go.send(());
            let (code, output) = next.end(Duration::from_secs(30));
            let rotation = server.rotation.lock().unwrap();
            assert_eq!((arrived.is_ok(), code), (true, Some(0)), "trial {trial} of {length}: {output}");
            assert_eq!(
                rotation.refused,
                Vec::<String>::new(),
                "trial {trial} of {length}: a token that does not count"
            );
            assert_eq!(rotation.minted, 1, "trial {trial} of {length}: nobody had to ask anew");
        }
        assert!(killed.load(Ordering::SeqCst) >= 3, "some were killed in the middle");
        run_with(secret(&["credential", "remove", "demo"]), None).expect(0);
    }
}
