//! Every flow with marked secrets; then every file and every word on every stream is searched for them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use countersign_console::view::SendProgress;
use countersign_console::{Backend, Console, Options};
use countersign_secret::Secret;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use crate::command_line::{Gateway, with_secret};
use crate::need;
use crate::support::cli::{Said, run};
use crate::support::keyring;
use crate::support::sandbox::Sandbox;

/// A unique marked secret with characters that every encoding treats its own way.
pub fn canary() -> String {
    format!("canary+{}/=&% {}", hex::encode(random()), hex::encode(random()))
}

fn random() -> [u8; 8] {
    let mut bytes = [0; 8];
    let mut file = fs::File::open("/dev/urandom").unwrap();
    std::io::Read::read_exact(&mut file, &mut bytes).unwrap();
    bytes
}

/// The forms a leak could take, by name.
pub fn forms(secret: &str) -> Vec<(&'static str, String)> {
    let percent = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    let mut forms = vec![
        ("plain", secret.to_owned()),
        ("hex", hex::encode(secret)),
        ("percent-encoded", percent.clone()),
        ("form-encoded", percent.replace("%20", "+")),
        ("its first half", secret.split(' ').next().unwrap().to_owned()),
        ("its second half", secret.split(' ').nth(1).unwrap().to_owned()),
    ];
    for (name, engine) in [("base64", &STANDARD), ("base64url", &URL_SAFE_NO_PAD)] {
        for shift in 0..3 {
            let text = engine.encode(format!("{}{secret}", &"abc"[..shift]));
            forms.push((name, text[4..text.len() - 4].to_owned()));
        }
    }
    forms
}

/// Every place where `bytes` holds a form of a secret, or a whole signed token.
pub fn leaks(place: &str, bytes: &[u8], secrets: &[&str]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut found = Vec::new();
    for secret in secrets {
        found.extend(
            forms(secret)
                .into_iter()
                .filter(|(_, form)| text.contains(form.as_str()))
                .map(|(name, _)| format!("{place}: {name}")),
        );
    }
    if let Some(token) = signed_token(&text) {
        found.push(format!("{place}: a token with its signature ({}…)", &token[..24]));
    }
    found
}

/// A compact JWS: three base64url parts of which the first is a JSON object.
fn signed_token(text: &str) -> Option<&str> {
    let mut rest = text;
    while let Some(at) = rest.find("eyJ") {
        rest = &rest[at..];
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).unwrap_or(rest.len());
        let candidate = &rest[..end];
        let parts: Vec<_> = candidate.split('.').collect();
        if parts.len() == 3 && parts.iter().all(|part| part.len() > 20) {
            return Some(candidate);
        }
        rest = &rest[3..];
    }
    None
}

/// The secrets of TLS sessions, to be looked for as hex, raw, in base64 and as a printed list of bytes.
struct Session(aho_corasick::AhoCorasick);

impl Session {
    /// Of secrets in hex.
    fn new(secrets: &[String]) -> Self {
        let forms = secrets.iter().flat_map(|secret| {
            let raw = hex::decode(secret).unwrap();
            let whole = &raw[..raw.len() / 3 * 3];
            let printed = format!("{raw:?}");
            let printed = printed.trim_matches(['[', ']']);
            [
                secret.to_ascii_lowercase().into_bytes(),
                secret.to_ascii_uppercase().into_bytes(),
                STANDARD.encode(whole).into_bytes(),
                URL_SAFE_NO_PAD.encode(whole).into_bytes(),
                printed.as_bytes().to_vec(),
                printed.replace(' ', "").into_bytes(),
                raw,
            ]
        });
        Self(aho_corasick::AhoCorasick::new(forms.filter(|form| form.len() >= 12)).unwrap())
    }

    fn leaks(&self, place: &str, bytes: &[u8]) -> Vec<String> {
        self.0.find_iter(bytes).map(|hit| format!("{place}: a session secret at {}", hit.start())).collect()
    }

    fn leaks_in(&self, sandbox: &Sandbox) -> Vec<String> {
        let all = files(sandbox.path());
        all.iter().flat_map(|file| self.leaks(&file.display().to_string(), &fs::read(file).unwrap())).collect()
    }
}

/// The secrets of a key log (RFC 9850): the third word of each line.
fn logged(key_log: &str) -> Vec<String> {
    key_log.lines().filter_map(|line| line.split(' ').nth(2)).map(ToOwned::to_owned).collect()
}

/// All files below a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            match entry.file_type().unwrap() {
                kind if kind.is_dir() => folders.push(entry.path()),
                kind if kind.is_file() => files.push(entry.path()),
                _ => {}
            }
        }
    }
    files
}

/// Searches every file of a sandbox.
pub fn leaks_in(sandbox: &Sandbox, secrets: &[&str]) -> Vec<String> {
    files(sandbox.path())
        .iter()
        .flat_map(|file| {
            leaks(&file.strip_prefix(sandbox.path()).unwrap().display().to_string(), &fs::read(file).unwrap(), secrets)
        })
        .collect()
}

#[test]
fn the_search_itself_finds_every_form() {
    let secret = canary();
    for (name, form) in forms(&secret) {
        assert!(!leaks("here", format!("<{form}>").as_bytes(), &[&secret]).is_empty(), "{name} is not found");
    }
    let token = format!(
        "{}.{}.{}",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256","typ":"at+jwt"}"#),
        "a".repeat(30),
        "b".repeat(86)
    );
    assert_eq!(leaks("here", token.as_bytes(), &[]).len(), 1, "a signed token is found without knowing it");
}

#[test]
fn session_secrets_are_in_the_key_log_and_the_capture_that_were_asked_for_and_nowhere_else() {
    let sandbox = Sandbox::new();
    let secret = canary();
    let gateway = Gateway::start(&sandbox, &secret, &[]);
    let (ca, url) = (gateway.text("ca_file"), format!("{}/payments", gateway.text("api")));
    let outside = tempfile::tempdir().unwrap();
    let place = |name: &str| outside.path().join(name).to_str().unwrap().to_owned();
    let host = url.trim_start_matches("https://").split('/').next().unwrap().to_owned();
    let vault = ["--vault", "memory", "--ca", &ca];
    let mut said = Vec::new();
    for (words, name) in [(&["--json"][..], "json"), (&["-v"], "words"), (&["--resume", "--json"], "resumed")] {
        let (key_log, capture) = (place(&format!("{name}.keys")), place(&format!("{name}.pcapng")));
        let arguments = ["inspect", &host, "--keylog", &key_log, "--pcapng", &capture];
        said.push((run(&sandbox, &[&arguments[..], words, &vault].concat()).expect(0), key_log, capture));
    }
    let mut found = Vec::new();
    for (outcome, key_log, capture) in &said {
        let secrets = logged(&fs::read_to_string(key_log).unwrap());
        assert!(secrets.len() >= 4, "{key_log} has the secrets of TLS 1.3");
        let session = Session::new(&secrets);
        let opened = session.leaks("the capture", &fs::read(capture).unwrap());
        assert!(!opened.is_empty(), "positive control: the capture holds what opens it");
        found.extend(session.leaks("stdout", outcome.out.as_bytes()));
        found.extend(session.leaks("stderr", outcome.err.as_bytes()));
        found.extend(session.leaks_in(&sandbox));
    }
    assert_eq!(found, Vec::<String>::new(), "0 hits");
}

#[test]
fn marked_secrets_are_in_the_keychain_and_nowhere_else() {
    need!(keyring(), "a throw-away keychain");
    let (sandbox, secret) = (Sandbox::new(), canary());
    let gateway = Gateway::start(&sandbox, &secret, &[]);
    let (token_endpoint, ca, url) =
        (gateway.text("token_endpoint"), gateway.text("ca_file"), format!("{}/payments", gateway.text("api")));
    let mut said: Vec<(String, Said)> = Vec::new();
    let mut flow = |arguments: &[&str]| {
        let outcome = with_secret(&sandbox, arguments, &secret);
        said.push((arguments.join(" "), outcome));
    };
    flow(&[
        "credential",
        "add",
        "marked",
        "--client-id",
        "demo-client",
        "--token-endpoint",
        &token_endpoint,
        "--scope",
        "payments:read payments:write",
        "--allowed-host",
        "localhost",
        "--secret-env",
        "DEMO_SECRET",
    ]);
    for method in ["client_secret_basic", "client_secret_post"] {
        flow(&["credential", "replace", "marked", "--auth-method", method, "--secret-env", "DEMO_SECRET"]);
        flow(&["token", "get", "marked", "--ca", &ca, "--json"]);
        flow(&["token", "get", "marked", "--ca", &ca, "-v"]);
        flow(&["send", "GET", &url, "--credential", "marked", "--ca", &ca, "--json"]);
        flow(&["send", "GET", &url, "--credential", "marked", "--ca", &ca, "-v"]);
        let evidence = sandbox.path().join(format!("evidence-{method}.json"));
        flow(&["send", "GET", &url, "--credential", "marked", "--ca", &ca, "--evidence", evidence.to_str().unwrap()]);
        // a server that sends back what it was sent
        let echo = format!("{url}?echo={}", utf8_percent_encode(&secret, NON_ALPHANUMERIC));
        flow(&["send", "GET", &echo, "--credential", "marked", "--ca", &ca, "--json"]);
    }
    flow(&["credential", "show", "marked", "--json"]);
    flow(&["credential", "list", "--json"]);
    flow(&["credential", "test", "marked", "--ca", &ca, "--json"]);
    flow(&["credential", "test", "marked", "--encodings", "--ca", &ca, "--json"]);
    flow(&["token", "verify", "marked", "--ca", &ca, "--json"]);
    flow(&["recipe", "test", "rfc6749", "--credential", "marked", "--ca", &ca, "--json"]);
    let unsigned = sandbox.path().join("unsigned.http");
    fs::write(&unsigned, "POST /v1/payments HTTP/1.1\r\nHost: localhost\r\n\r\n{}").unwrap();
    let unsigned = unsigned.to_str().unwrap().to_owned();
    let key = ["sign", "--key", "marked/client_secret", "--keyid", "marked", "--request", &unsigned];
    flow(&[&key[..], &["--alg", "hmac-sha256", "--json"]].concat());
    for more in [&["-v"][..], &["--expires", "60", "--json"]] {
        let aws = ["--scheme", "sigv4", "--region", "eu-west-1", "--service", "s3"];
        flow(&[&key[..], &aws, more].concat());
    }
    let templated = sandbox.path().join("templated.toml");
    let recipe = run(&sandbox, &["recipe", "show", "rfc6749"]).expect(0).out;
    let recipe =
        recipe.replace("content = \"form\"", "content = \"json\"\ntemplate = '{\"a\": \"{{client_secret}}\"}'");
    fs::write(&templated, recipe).unwrap();
    flow(&["recipe", "test", templated.to_str().unwrap(), "--credential", "marked", "--ca", &ca, "--json"]);
    flow(&["token", "list", "--json"]);
    flow(&["history", "list", "--json"]);
    flow(&["send", "GET", "https://elsewhere.example/", "--credential", "marked", "--json"]);
    flow(&["tour", "--json"]);
    let accepted = said.iter().filter(|(_, s)| s.code == Some(0)).count();
    assert!(accepted >= 20, "the flows ran: {:?}", said.iter().map(|(a, s)| (a, s.code)).collect::<Vec<_>>());

    let mut found = Vec::new();
    for (arguments, outcome) in &said {
        if arguments.contains("echo=") {
            continue; // the secret stood in the arguments, typed by hand; the files below must still be clean
        }
        found.extend(leaks(&format!("stdout of {arguments}"), outcome.out.as_bytes(), &[&secret]));
        found.extend(leaks(&format!("stderr of {arguments}"), outcome.err.as_bytes(), &[&secret]));
    }
    found.extend(leaks("the gateway's output", gateway.child.output().as_bytes(), &[&secret]));
    found.extend(leaks_in(&sandbox, &[&secret]));
    assert_eq!(found, Vec::<String>::new(), "0 hits");

    let item = Command::new("secret-tool").args(["search", "--all", "service", "countersign"]).output().unwrap();
    let seen = format!("{}{}", String::from_utf8_lossy(&item.stdout), String::from_utf8_lossy(&item.stderr));
    assert!(seen.contains(&secret), "positive control: the canary is in the keychain item:\n{seen}");
    run(&sandbox, &["credential", "remove", "marked"]).expect(0);
    let item = Command::new("secret-tool").args(["search", "--all", "service", "countersign"]).output().unwrap();
    assert!(!String::from_utf8_lossy(&item.stdout).contains(&secret), "removed with its credential");
}

/// Everything that crosses to a window: what operations answer and what they tell on the way, as it is serialised.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<(String, String)>>>);

impl Heard {
    fn take<T: Serialize, E: Serialize + std::fmt::Debug>(&self, what: &str, answer: Result<T, E>) -> T {
        let text = match &answer {
            Ok(value) => serde_json::to_string(value).unwrap(),
            Err(problem) => serde_json::to_string(problem).unwrap(),
        };
        self.0.lock().unwrap().push((what.to_owned(), text));
        answer.unwrap_or_else(|problem| panic!("{what}: {problem:?}"))
    }

    fn events(&self) -> impl Fn(SendProgress) + Send + Sync + 'static {
        let heard = self.clone();
        move |event| heard.0.lock().unwrap().push(("an event".to_owned(), serde_json::to_string(&event).unwrap()))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_and_no_event_of_the_boundary_holds_a_secret_or_a_token() {
    let (sandbox, secret, heard) = (Sandbox::new(), canary(), Heard::default());
    let options = Options {
        workspace: Some(sandbox.workspace()),
        data_dir: Some(sandbox.data()),
        vault: Some(Backend::Memory),
        ..Options::default()
    };
    let console = Console::open(options).await.unwrap();
    heard.take("first_run", console.first_run(heard.events()).await);
    let marked = Secret::new(secret.clone());
    heard.take("credential_set_secret", console.credential_set_secret("demo-client", "client_secret", marked).await);
    heard.take("gateway_stop", console.gateway_stop().await);
    let gateway = heard.take("gateway_start", console.gateway_start("rfc", 300).await);
    let mut draft = heard.take("request_read", console.request_read("payments/create-payment").await);
    let sent = heard.take("send", console.send(draft.clone(), heard.events()).await);
    assert_eq!(sent.evidence.response.as_ref().unwrap().status, 201, "the marked secret was really used");
    let port = gateway.base_url.unwrap().rsplit_once(':').unwrap().1.trim_end_matches("/v1").to_owned();
    let inspected = heard.take("inspect", console.inspect(&format!("localhost:{port}"), heard.events()).await);
    // what Reveal shows, which goes by an operation of its own
    let mut session = Vec::new();
    for id in [&sent.evidence.exchange, &inspected.evidence.exchange] {
        let shown = heard.take("handshake_read", console.handshake_read(id).await).handshake.unwrap();
        assert!(shown.key_schedule.len() > 8, "a key schedule of TLS 1.3");
        for entry in &shown.key_schedule {
            session.push(console.handshake_secret(id, &entry.name).await.unwrap().to_string());
        }
        session.extend(logged(&console.handshake_key_log(id).await.unwrap()));
    }
    for fault in ["certificate-expired", "certificate-wrong-host", "client-refused", "content-changed"] {
        heard.take(fault, console.demo_break(fault, heard.events()).await);
    }
    heard.take("gateway_expire_tokens", console.gateway_expire_tokens().await);
    let renewed = heard.take("send, renewed", console.send(draft.clone(), heard.events()).await);
    assert_eq!(renewed.evidence.previous_attempts.len(), 1);
    // a request that carries the secret by hand, to a server that sends it back
    draft.content = Some(format!("{{\"amount\": 1250, \"currency\": \"AED\", \"reference\": \"{secret}\"}}"));
    let echoed = heard.take("send, echo", console.send(draft.clone(), heard.events()).await);
    let id = echoed.evidence.exchange.clone();
    heard.take("exchange_read", console.exchange_read(&id).await);
    for kind in ["json", "har", "pem"] {
        heard.take(kind, console.exchange_export(&id, kind).await);
    }
    heard.take("exchange_copy_curl", console.exchange_copy_curl(&sent.evidence.exchange).await);
    let token = console.token_copy("demo-client").await.unwrap();
    let theirs = format!("\"authorization\": Bearer {}\n\"x\": {secret}", token.expose_secret());
    let compared = console.signature_compare(&sent.evidence.exchange, Secret::new(theirs)).await;
    heard.take("signature_compare", compared);
    heard.take("exchange_compare", console.exchange_compare(&sent.evidence.exchange, &id).await);
    let content = echoed.evidence.response.as_ref().unwrap().content.as_ref().unwrap().reference.clone().unwrap();
    let bytes = console.exchange_content(&content, 0, 65_536).await.unwrap();
    let mut found = leaks("exchange_content", &bytes, &[&secret]);
    heard.take("history_list", console.history_list("", None, 100).await);
    for name in ["credential_test", "token_renew", "token_obtain"] {
        let view = match name {
            "credential_test" => console.credential_test("demo-client", heard.events()).await,
            "token_renew" => console.token_renew("demo-client", heard.events()).await,
            _ => console.token_obtain("demo-client", heard.events()).await,
        };
        heard.take(name, view);
    }
    heard.take("credential_probe", console.credential_probe("demo-client", heard.events()).await);
    heard.take("token_introspect", console.token_introspect("demo-client").await);
    heard.take("token_verify", console.token_verify("demo-client").await);
    let mut recipe = heard.take("recipe_list", console.recipe_list().await).remove(0).form;
    let answer = serde_json::json!({"access_token": secret, "data": {"token": secret}}).to_string();
    let reading = console.recipe_try(recipe.clone(), 200, Secret::new(answer.clone())).await;
    assert!(heard.take("recipe_try", reading).issued, "the marked token was read");
    recipe.access_token = "/nowhere".into();
    heard.take("recipe_try, missed", console.recipe_try(recipe.clone(), 200, Secret::new(answer)).await);
    recipe.content = "json".into();
    recipe.template = "{\"secret\": \"{{client_secret}}\"}".into();
    recipe.client_auth = "client_secret_post".into();
    heard.take("recipe_test", console.recipe_test(recipe, "demo-client", heard.events()).await);
    heard.take("token_list", console.token_list().await);
    heard.take("credential_list", console.credential_list().await);
    heard.take("vault_read", console.vault_read().await);
    heard.take("status_read", console.status_read().await);
    heard.take("gateway_read", console.gateway_read().await);
    heard.take("workspace_read", console.workspace_read().await);
    console.close().await;
    let heard = heard.0.lock().unwrap();
    assert!(heard.iter().filter(|(what, _)| what == "an event").count() > 50, "events were heard");
    found.extend(heard.iter().flat_map(|(what, text)| leaks(what, text.as_bytes(), &[&secret])));
    found.extend(leaks_in(&sandbox, &[&secret]));
    let session = Session::new(&session);
    found.extend(heard.iter().flat_map(|(what, text)| session.leaks(what, text.as_bytes())));
    found.extend(session.leaks_in(&sandbox));
    assert_eq!(found, Vec::<String>::new(), "0 hits");
}
