//! Refusals as they happen: the gateway's faults and a real authorization server, diagnosed on the command line.

use serde_json::Value;

use crate::command_line::{Gateway, with_secret};
use crate::need;
use crate::support::cli::{command, run, run_with};
use crate::support::keyring;
use crate::support::sandbox::Sandbox;

const SECRET: &str = "Vb7kQ2mPx91LtYwA";

fn added(sandbox: &Sandbox, gateway: &Gateway, secret: &str) {
    let endpoint = gateway.text("token_endpoint");
    let always = ["credential", "add", "demo", "--client-id", "demo-client", "--token-endpoint", &endpoint];
    let more =
        ["--scope", "payments:read payments:write", "--allowed-host", "localhost", "--secret-env", "DEMO_SECRET"];
    with_secret(sandbox, &[&always[..], &more[..]].concat(), secret).expect(0);
}

/// The first cause of the last exchange, as `diagnose` says it, and the whole document.
fn diagnosed(sandbox: &Sandbox) -> (String, String, Value) {
    let list = run(sandbox, &["history", "list", "--json"]).expect(0);
    let id = list.json_lines()[0]["exchange"].as_str().unwrap_or_else(|| panic!("no id: {}", list.out)).to_owned();
    let document = run(sandbox, &["diagnose", &id, "--json"]).expect(1).json();
    assert_eq!(document["schema"], "countersign.diagnosis/1");
    let first = &document["causes"][0];
    let text = |name: &str| first[name].as_str().unwrap_or_default().to_owned();
    (text("id"), text("certainty"), document)
}

#[test]
fn the_gateways_faults_are_named_first() {
    need!(keyring(), "a throw-away keychain");
    for (fault, path, id, certainty) in [
        ("client-refused", "/payments", "client.refused", "possible"),
        ("token-status=503", "/payments", "token.server_error", "proven"),
        ("token-html", "/payments", "token.not_json", "proven"),
        ("token-empty", "/payments", "token.not_json", "proven"),
        ("token-gzip", "/payments", "token.not_json", "proven"),
        ("token-rate=1", "/payments", "token.server_error", "proven"),
        ("issuer-other", "/payments", "token.invalid", "likely"),
        ("rate-limited=30s", "/payments", "token.rate_limited", "proven"),
        ("scope-narrowed", "/payments", "token.insufficient_scope", "proven"),
        ("audience-wrong", "/payments", "token.invalid", "likely"),
        ("token-revoked", "/payments", "token.revoked", "proven"),
        ("kid-unknown", "/payments", "token.invalid", "likely"),
        ("unauthorized-storm", "/payments", "token.refused_without_reason", "likely"),
    ] {
        let sandbox = Sandbox::new();
        let gateway = Gateway::start(&sandbox, SECRET, &["--fault", fault]);
        added(&sandbox, &gateway, SECRET);
        let url = format!("{}{path}", gateway.text("api"));
        let method = if fault == "scope-narrowed" { "POST" } else { "GET" };
        let arguments =
            ["send", method, &url, "-d", "{}", "--credential", "demo", "--ca", &gateway.text("ca_file"), "--json"];
        let _refused = run(&sandbox, &arguments);
        let (first, sure, document) = diagnosed(&sandbox);
        assert_eq!((first.as_str(), sure.as_str()), (id, certainty), "{fault}: {document}");
        let sentence = document["causes"][0]["sentence"].as_str().unwrap();
        assert!(sentence.ends_with('.') && !sentence.contains(SECRET), "{fault}: {sentence}");
    }
}

#[test]
fn what_can_be_seen_of_the_secret_is_proven_and_the_words_never_blame_it() {
    need!(keyring(), "a throw-away keychain");
    let sandbox = Sandbox::new();
    let gateway = Gateway::start(&sandbox, SECRET, &[]);
    added(&sandbox, &gateway, &format!("Basic {SECRET}"));
    let ca = gateway.text("ca_file");
    run(&sandbox, &["token", "get", "demo", "--ca", &ca]).expect(5);
    let (first, sure, document) = diagnosed(&sandbox);
    assert_eq!((first.as_str(), sure.as_str()), ("client.scheme_in_secret", "proven"), "{document}");
    let words = run(&sandbox, &["diagnose", document["exchange"].as_str().unwrap()]).expect(1);
    assert!(words.out.contains("proven") && words.out.contains("RFC 9110 §11.4"), "{}", words.out);
    assert!(!words.out.contains(SECRET), "no secret in words");
}

#[test]
fn a_pasted_token_is_read_and_judged() {
    let sandbox = Sandbox::new();
    let part = |text: &str| {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
    };
    let token = |header: &str, claims: &str| format!("{}.{}.AAAA", part(header), part(claims));
    let inspect = |text: &str| run_with(command(&sandbox, &["token", "inspect", "--json"]), Some(text));
    let first =
        |text: &str| inspect(text).expect(0).json()["findings"][0]["id"].as_str().unwrap_or_default().to_owned();
    assert_eq!(first(&token(r#"{"alg":"none"}"#, r#"{"exp":4000000000}"#)), "jwt.unsigned", "RFC 8725 §3.2");
    assert_eq!(first(&token(r#"{"alg":"RS256"}"#, r#"{"exp":1}"#)), "token.expired", "RFC 7519 §4.1.4");
    assert_eq!(first(&token(r#"{"alg":"RS256","jku":"https://x"}"#, "{}")), "jwt.key_in_header", "RFC 8725 §3.10");
    assert_eq!(first(&token(r#"{"alg":"RS256","crit":["b64"],"b64":false}"#, "{}")), "jwt.critical", "RFC 7797");
    assert_eq!(first(&token(r#"{"alg":"RS256"}"#, r#"{"exp":"soon"}"#)), "jwt.time_odd", "RFC 7519 §2");
    for (text, words) in [
        (token(r#"{"alg":"RS256"}"#, r#"{"sub":"a","sub":"b"}"#), "twice"),
        (token(r#"{"alg":"RS256"}"#, "{}").replace('.', ".\u{20}"), "not base64url"),
        (token(r#"{"alg":"RS256"}"#, "{}") + "==", "not base64url"),
        ("a.b".to_owned(), "2 parts"),
        (token(r#"{"alg":"RS256"}"#, &format!("{{\"a\":{}1{}}}", "[".repeat(400), "]".repeat(400))), "nest"),
    ] {
        let said = inspect(&text);
        let told = format!("{}{}", said.out, said.err);
        assert_ne!(said.code, Some(0), "{words}: it is no token");
        assert!(told.contains("jwt.malformed") && told.contains(words), "`{words}` is said: {told:.400}");
    }
}

#[test]
fn the_encoding_is_tried_on_demand_and_what_helps_is_said() {
    need!(keyring(), "a throw-away keychain");
    let secret = "p+ss w%rd/and:more";
    let sandbox = Sandbox::new();
    let gateway = Gateway::start(&sandbox, secret, &["--fault", "basic-raw"]);
    added(&sandbox, &gateway, secret);
    let ca = gateway.text("ca_file");
    run(&sandbox, &["credential", "test", "demo", "--ca", &ca]).expect(5);
    let probe = run(&sandbox, &["credential", "test", "demo", "--encodings", "--ca", &ca, "--json"]).expect(0).json();
    assert_eq!((&probe["taken"], probe["tried"].as_array().unwrap().len()), (&Value::from("raw"), 1), "{probe}");
    run(&sandbox, &["credential", "replace", "demo", "--basic-encoding", "raw"]).expect(0);
    run(&sandbox, &["credential", "test", "demo", "--ca", &ca]).expect(0);
    // another secret altogether: none helps, and that is said
    with_secret(&sandbox, &["credential", "replace", "demo", "--secret-env", "DEMO_SECRET"], "an other+secret")
        .expect(0);
    let none = run(&sandbox, &["credential", "test", "demo", "--encodings", "--ca", &ca]).expect(5);
    assert!(none.out.contains("No encoding helps: it is not the reason."), "{}", none.out);
    assert_eq!(none.out.matches("401 invalid_client").count(), 3, "form, verbatim, and in the content: {}", none.out);
    assert!(!none.out.contains("other+secret") && !none.err.contains("other+secret"), "{}", none.out);
}

#[test]
fn how_a_credential_is_set_up_is_told_before_anything_is_refused() {
    need!(keyring(), "a throw-away keychain");
    let sandbox = Sandbox::new();
    let environments = sandbox.workspace().join("environments");
    std::fs::create_dir_all(&environments).unwrap();
    std::fs::write(environments.join("sandbox.toml"), "title = \"Sandbox\"\n").unwrap();
    std::fs::write(environments.join("live.toml"), "title = \"Live\"\nlive = true\n").unwrap();
    let add = |name: &str| {
        let endpoint = "https://auth.bank.example/oauth2/token";
        let words = ["credential", "add", name, "--client-id", name, "--token-endpoint", endpoint];
        with_secret(&sandbox, &[&words[..], &["--secret-env", "DEMO_SECRET"]].concat(), SECRET).expect(0);
    };
    let told = |name: &str| {
        let shown = run(&sandbox, &["credential", "show", name, "--json"]).expect(0).json();
        let ids =
            shown["findings"].as_array().unwrap().iter().map(|finding| finding["id"].as_str().unwrap().to_owned());
        (ids.collect::<Vec<_>>(), shown["findings"][0]["sentence"].as_str().unwrap_or_default().to_owned())
    };
    add("bank");
    assert_eq!(told("bank").0, ["profile.secret_shared", "profile.shared_secret"], "one secret for both");
    let file = sandbox.workspace().join("credentials/bank.toml");
    let bound = std::fs::read_to_string(&file).unwrap() + "\n";
    std::fs::write(&file, format!("environments = [\"sandbox\"]\n{bound}")).unwrap();
    assert!(told("bank").0.is_empty(), "a sandbox of its own is no matter");
    add("other");
    let (ids, sentence) = told("bank");
    assert_eq!(ids, ["profile.secret_shared"], "the same secret in another credential");
    assert!(sentence.contains("`other`"), "{sentence}");
}
