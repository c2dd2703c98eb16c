//! Signed and authorised requests, one after the other on one connection: through the whole core, evidence and
//! history included, against curl sending the same request, already signed, on one connection.

use std::fmt::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use base64::Engine as _;
use countersign_console::view::{CredentialForm, DraftAuthorization, DraftField, RequestDraft, SigningProfileView};
use countersign_console::{Backend, ConnectionOptions, Console, Options};
use countersign_secret::Secret;
use countersign_signing::{Algorithm, MessageView, Profile, SigningKey, generate, sign};

use super::stage::{Gateway, Row, SECRET, median, ms, ratio};

const REQUESTS: u32 = 300;
const ROUNDS: usize = 5;
const BODY: &str = r#"{"amount":1250,"currency":"AED"}"#;

pub fn rows() -> Vec<Row> {
    let (key, jwk) = generate(Algorithm::Ed25519, &SystemRandom::new()).unwrap();
    let gateway = Gateway::start(Some(&serde_json::to_string(&jwk.unwrap()).unwrap()));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (console, draft) = runtime.block_on(console(&gateway, key.expose_secret()));
    let token = token(&gateway);
    let mut ours = Vec::new();
    let mut beside = Vec::new();
    for _ in 0..ROUNDS {
        ours.push(runtime.block_on(core(&console, &draft)));
        beside.push(curl(&gateway, &SigningKey::from_secret(Algorithm::Ed25519, &key).unwrap(), &token));
    }
    runtime.block_on(console.close());
    let (ours, beside) = (median(ours) / REQUESTS, median(beside) / REQUESTS);
    vec![Row {
        what: format!("a signed and authorised request, {REQUESTS} in sequence on one connection, against curl"),
        ours: ms(ours),
        beside: ms(beside),
        ratio: Some(ratio(ours, beside)),
    }]
}

async fn console(gateway: &Gateway, key: &[u8]) -> (Console, RequestDraft) {
    let folder = gateway.folder.path();
    let options = Options {
        workspace: Some(folder.join("workspace")),
        data_dir: Some(folder.join("data")),
        vault: Some(Backend::Memory),
        connection: ConnectionOptions { ca: vec![gateway.text("ca_file").into()], ..ConnectionOptions::default() },
        ..Options::default()
    };
    let console = Console::open(options).await.unwrap();
    let form = CredentialForm {
        existing: None,
        title: "bench".into(),
        recipe: "rfc6749".into(),
        token_endpoint: gateway.text("token_endpoint"),
        client_id: "demo-client".into(),
        token_endpoint_auth_method: "client_secret_basic".into(),
        basic_encoding: "form".into(),
        scope: "payments:read payments:write".into(),
        allowed_hosts: vec!["localhost".into()],
        environments: Vec::new(),
        issuer: None,
        grant_type: None,
        grant: None,
    };
    console.credential_save(form).await.unwrap();
    console.credential_set_secret("bench", "client_secret", Secret::new(SECRET.to_owned())).await.unwrap();
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        base64::engine::general_purpose::STANDARD.encode(key)
    );
    console.credential_import_key("bench", "signing_key", &Secret::new(pem.into_bytes())).await.unwrap();
    let profile = profile();
    console
        .signing_profile_save(SigningProfileView {
            name: "bench".into(),
            scheme: profile.scheme,
            alg: profile.alg,
            keyid: profile.keyid,
            key: profile.key,
            covered: profile.covered,
            parameters: profile.parameters,
            content_digest: "sha-256".into(),
        })
        .await
        .unwrap();
    let draft = RequestDraft {
        method: "POST".into(),
        url: format!("{}/payments", gateway.text("api")),
        fields: vec![DraftField { name: "accept".into(), value: "application/json".into(), off: false }],
        authorization: Some(DraftAuthorization { credential: "bench".into(), scope: None }),
        signing: Some("bench".into()),
        content_type: Some("application/json".into()),
        content: Some(BODY.into()),
        ..RequestDraft::default()
    };
    (console, draft)
}

fn profile() -> Profile {
    let list = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
    Profile {
        scheme: "rfc9421".into(),
        key: "bench/signing_key".into(),
        keyid: "bench-key".into(),
        alg: "ed25519".into(),
        label: "sig1".into(),
        covered: list(&["@method", "@target-uri", "authorization", "content-digest"]),
        parameters: list(&["created", "keyid", "alg"]),
        content_digest: Some("sha-256".into()),
        expires_after: None,
        tag: None,
    }
}

async fn core(console: &Console, draft: &RequestDraft) -> Duration {
    let start = Instant::now();
    for _ in 0..REQUESTS {
        let view = console.send(draft.clone(), |_| {}).await.unwrap();
        assert_eq!(view.evidence.response.as_ref().map(|r| r.status), Some(201), "{}", view.ladder.title);
    }
    start.elapsed()
}

/// A token by an independent client.
fn token(gateway: &Gateway) -> String {
    let answer = Command::new("curl")
        .args(["--silent", "--cacert", &gateway.text("ca_file"), "--user", &format!("demo-client:{SECRET}"), "--data"])
        .args(["grant_type=client_credentials&scope=payments:read%20payments:write", &gateway.text("token_endpoint")])
        .output()
        .unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&answer.stdout).unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}

/// The same request, signed once, sent by curl on one connection.
fn curl(gateway: &Gateway, key: &SigningKey, token: &str) -> Duration {
    let url = format!("{}/payments", gateway.text("api"));
    let uri: http::Uri = url.parse().unwrap();
    let fields = vec![
        ("authorization".to_owned(), format!("Bearer {token}").into_bytes()),
        ("accept".to_owned(), b"application/json".to_vec()),
        ("content-type".to_owned(), b"application/json".to_vec()),
    ];
    let message = MessageView::request("POST", &uri, &fields, BODY.as_bytes());
    let now = std::process::Command::new("date").arg("+%s").output().unwrap();
    let created = String::from_utf8(now.stdout).unwrap().trim().parse().unwrap();
    let signed = sign(&profile(), &message, key, created, None, &|text| text.to_owned()).unwrap();
    let mut configuration = String::new();
    for i in 0..REQUESTS {
        if i > 0 {
            configuration.push_str("next\n");
        }
        let _infallible = writeln!(
            configuration,
            "url = \"{url}\"\ncacert = \"{}\"\nsilent\nfail\noutput = \"/dev/null\"",
            gateway.text("ca_file")
        );
        for (name, value) in &fields {
            let _infallible = writeln!(configuration, "header = \"{name}: {}\"", String::from_utf8_lossy(value));
        }
        for (name, value) in &signed.added_fields {
            let _infallible = writeln!(configuration, "header = \"{name}: {}\"", value.replace('"', "\\\""));
        }
        let _infallible = writeln!(configuration, "data = \"{}\"", BODY.replace('"', "\\\""));
    }
    let file = gateway.folder.path().join("curl.config");
    std::fs::write(&file, configuration).unwrap();
    let start = Instant::now();
    let done = Command::new("curl").arg("--config").arg(&file).output().unwrap();
    let took = start.elapsed();
    assert!(done.status.success(), "curl: {}", String::from_utf8_lossy(&done.stderr));
    took
}
