//! Recipes as a person writes them: exported, taken in, tried on an answer and at a real token endpoint.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::command_line::{Gateway, with_secret};
use crate::support::cli::{Said, command, run, run_with};
use crate::support::sandbox::Sandbox;

const SECRET: &str = "Vb7kQ2mPx91LtYwA";

/// The key of a service account, as its owner hands it out.
fn api_key() -> String {
    STANDARD.encode(format!("demo-client:{SECRET}"))
}

/// A command that takes the secret from the environment.
fn with_key(sandbox: &Sandbox, arguments: &[&str]) -> Said {
    with_secret(sandbox, &[arguments, &["--vault", "memory", "--secret-env", "DEMO_SECRET"]].concat(), &api_key())
}

fn add(sandbox: &Sandbox, name: &str, recipe: &str, gateway: &Gateway) {
    let endpoint = gateway.text("token_endpoint");
    let arguments = ["credential", "add", name, "--recipe", recipe, "--token-endpoint", &endpoint];
    with_key(sandbox, &[&arguments[..], &["--allowed-host", "localhost"]].concat()).expect(0);
}

/// The recipe's file with changes.
fn file(sandbox: &Sandbox, name: &str, of: &str, changes: &[(&str, &str)]) -> String {
    let mut text = run(sandbox, &["recipe", "show", of]).expect(0).out;
    for (from, to) in changes {
        assert!(text.contains(from), "no `{from}` in\n{text}");
        text = text.replace(from, to);
    }
    let path: PathBuf = sandbox.path().join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// Whether any file below holds the text.
fn holds(folder: &Path, text: &str) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return holds(&path, text);
        }
        std::fs::read(&path).unwrap().windows(text.len()).any(|window| window == text.as_bytes())
    })
}

#[test]
fn a_recipe_that_was_exported_and_taken_in_again_asks_the_same() {
    let sandbox = Sandbox::new();
    let gateway = Gateway::start(&sandbox, SECRET, &["--dialect", "ngenius"]);
    let exported = file(&sandbox, "acme.toml", "ngenius", &[("id = \"ngenius\"", "id = \"acme\"")]);
    run(&sandbox, &["recipe", "add", &exported]).expect(0);
    let listed = run(&sandbox, &["recipe", "list", "--json"]).expect(0).json_lines();
    assert_eq!(listed[0]["form"]["id"], "acme", "own ones come first");
    assert_eq!(listed[0]["built_in"], false);
    assert_eq!(listed.len(), 4, "and those that come along");
    let asked: Vec<Value> = ["ngenius", "acme"]
        .iter()
        .map(|recipe| {
            add(&sandbox, &format!("by-{recipe}"), recipe, &gateway);
            let got = with_key(
                &sandbox,
                &["token", "get", &format!("by-{recipe}"), "--ca", &gateway.text("ca_file"), "--json"],
            );
            got.expect(0).json()["token"]["exchange"]["request"].clone()
        })
        .collect();
    assert_eq!(asked[0]["method"], "POST");
    assert_eq!(asked[0], asked[1], "the same request, field by field");
    let refused = run(&sandbox, &["recipe", "remove", "acme"]).expect(7);
    assert!(refused.err.contains("by-acme"), "a recipe in use stays: {}", refused.err);
}

#[test]
fn an_answer_is_read_without_a_call_and_its_token_is_not_told() {
    let sandbox = Sandbox::new();
    let token = "Zq81kLm0PtokenTHATnobodyMAYsee";
    let answer = format!(r#"{{"data": {{"token": "{token}", "ttl": 900000}}, "code": 0}}"#);
    let recipe = file(&sandbox, "acme.toml", "rfc6749", &[("id = \"rfc6749\"", "id = \"acme\"")]);
    let tried = |recipe: &str, code: i32| {
        let words = ["recipe", "test", recipe, "--answer", "-"];
        let said = run_with(command(&sandbox, &words), Some(&answer)).expect(code);
        assert!(!said.out.contains(token) && !said.err.contains(token), "the token is told: {}", said.out);
        said.out
    };
    let missed = tried(&recipe, 1);
    assert!(missed.contains("nothing stands at /access_token"), "{missed}");
    assert!(missed.contains("/data/token") && missed.contains("text of 30 characters"), "where it may stand: {missed}");
    let mended = file(
        &sandbox,
        "acme.toml",
        "rfc6749",
        &[
            ("id = \"rfc6749\"", "id = \"acme\""),
            ("\"/access_token\"", "\"/data/token\""),
            ("\"/expires_in\"", "\"/data/ttl\""),
            ("expires-unit = \"seconds\"", "expires-unit = \"milliseconds\""),
        ],
    );
    let found = tried(&mended, 0);
    assert!(found.contains("900 s") && found.contains("opaque, 30 characters"), "{found}");
    assert!(!holds(sandbox.path(), token), "nothing of it was written");
}

#[test]
fn a_real_call_says_what_was_found_and_a_token_in_an_unknown_place_is_not_kept() {
    let sandbox = Sandbox::new();
    let gateway = Gateway::start(&sandbox, SECRET, &["--dialect", "ngenius"]);
    add(&sandbox, "bank", "ngenius", &gateway);
    let tested = |recipe: &str, code: i32| {
        let words = ["recipe", "test", recipe, "--credential", "bank", "--ca", &gateway.text("ca_file"), "--json"];
        with_key(&sandbox, &words).expect(code).json()
    };
    let found = tested("ngenius", 0);
    assert_eq!(found["reading"]["issued"], true);
    assert_eq!(found["exchange"]["evidence"]["response"]["status"], 200);
    // JSON with the client's values, and a pointer that misses
    let other = file(
        &sandbox,
        "other.toml",
        "ngenius",
        &[
            ("id = \"ngenius\"", "id = \"other\""),
            ("content = \"empty\"", "content = \"json\"\ntemplate = '{\"realmName\": \"{{grant_type}}\"}'"),
            ("access_token = \"/access_token\"", "access_token = \"/jwt\""),
        ],
    );
    let missed = tested(&other, 5);
    assert_eq!(missed["reading"]["sentence"], "No token: nothing stands at /jwt, or no text.");
    let members = missed["reading"]["members"].as_array().unwrap();
    assert!(members.iter().any(|member| member["pointer"] == "/access_token"), "{members:?}");
    assert!(!holds(&sandbox.data(), "eyJ"), "the answer was not kept: it held a token");
}

#[test]
fn mistakes_in_a_recipe_are_told_with_their_place() {
    let sandbox = Sandbox::new();
    let said = |changes: &[(&str, &str)]| {
        let recipe = file(&sandbox, "bad.toml", "rfc6749", changes);
        run_with(command(&sandbox, &["recipe", "test", &recipe, "--answer", "-"]), Some("{}")).expect(5).err
    };
    assert!(said(&[("\"/access_token\"", "\"access_token\"")]).contains("not a JSON pointer (RFC 6901)"));
    assert!(said(&[("method = \"POST\"", "method = \"BREW\"")]).contains("`BREW` is not GET, POST or PUT"));
    assert!(said(&[("content = \"form\"", "content = \"json\"")]).contains("the template is not JSON"));
    assert!(said(&[("status = [200]", "status = \"200\"")]).contains("line"), "a member of another type has its line");
    let none = run(&sandbox, &["recipe", "show", "nowhere"]).expect(7);
    assert!(none.err.contains("rfc6749, ngenius, ni-platform"), "says which there are: {}", none.err);
}
