//! Bad input gets a clear error: a stable code, the documented exit, who is at fault and what to do. With `--json` it is
//! a document, in words it stands on standard error.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::command_line::{Gateway, add_demo, with_secret};
use crate::need;
use crate::scripted::{Received, Scripted, http, json};
use crate::support::child::Child;
use crate::support::cli::{Said, command, run, run_with};
use crate::support::pki::Pki;
use crate::support::sandbox::Sandbox;
use crate::support::{free_port, keyring, program, root};

const SECRET: &str = "s3cret-of-demo-client";
const MEMORY: [&str; 4] = ["--vault", "memory", "--secret-env", "DEMO_SECRET"];

/// Runs with the secret at hand, in JSON.
fn asked(sandbox: &Sandbox, arguments: &[&str]) -> Said {
    with_secret(sandbox, &[arguments, &MEMORY, &["--json"]].concat(), SECRET)
}

/// The error of what was said: the evidence's, or the document itself. Asserts its shape, its code and the exit.
#[track_caller]
fn problem(said: &Said, exit: i32, code: &str) -> Value {
    let document = said.json();
    let error = match document["schema"].as_str() {
        Some("countersign.error/1") => document,
        Some("countersign.evidence/1") => document["error"].clone(),
        _ => panic!("neither evidence nor an error:\n{}\n{}", said.out, said.err),
    };
    assert_eq!((error["code"].as_str(), said.code), (Some(code), Some(exit)), "{error:#}\n{}", said.err);
    assert!(
        ["caller", "peer", "environment"].contains(&error["fault"].as_str().unwrap()),
        "who is at fault: {error:#}"
    );
    for member in ["title", "detail"] {
        assert!(!error[member].as_str().unwrap().is_empty(), "{member}: {error:#}");
    }
    let hints = error["hints"].as_array().unwrap();
    assert!(!hints.is_empty() && hints.iter().all(|hint| !hint.as_str().unwrap().is_empty()), "what to do: {error:#}");
    error
}

/// A credential `demo` for a token endpoint.
fn add(sandbox: &Sandbox, token_endpoint: &str, scope: &str) {
    add_demo(sandbox, token_endpoint, scope, SECRET);
}

#[test]
fn a_url_that_is_none_is_the_callers_and_nothing_is_sent() {
    let sandbox = Sandbox::new();
    for url in
        ["https://exa mple/", "https://", "https://[::1", "https://host:99999/", "//host/path", "", "https://a..b/"]
    {
        let said = asked(&sandbox, &["send", "GET", url]);
        let error = problem(&said, 2, "url.malformed");
        assert_eq!(error["fault"], "caller", "{url}");
        assert_eq!(said.json()["request"]["sent"], false, "{url}");
    }
    let said = asked(&sandbox, &["send", "GET", "https://user:s3cret-in-url@localhost/"]);
    problem(&said, 2, "url.userinfo_not_allowed");
    assert!(!format!("{}{}", said.out, said.err).contains("s3cret-in-url"), "and is not repeated:\n{}", said.out);
    for (arguments, code) in [
        (&["send", "GE T", "https://localhost/"][..], "usage.bad_method"),
        (&["send", "GET", "https://localhost/", "-H", "no colon"], "usage.bad_field"),
        (&["send", "GET", "https://localhost/", "-H", "bad name: x"], "usage.bad_field"),
        (&["send", "GET", "https://localhost/{{nowhere}}"], "usage.unresolved_variable"),
        (&["send", "GET", "https://localhost/", "--timeout", "soon"], "usage.not_a_duration"),
        (&["send", "GET", "https://localhost/", "--connect-to", "localhost"], "usage.not_an_address"),
        (&["send", "GET", "https://localhost/", "--at", "yesterday"], "usage.not_a_time"),
        (&["send", "GET", "https://localhost/", "--var", "novalue"], "usage.not_an_assignment"),
    ] {
        problem(&asked(&sandbox, arguments), 2, code);
    }
    problem(&asked(&sandbox, &["send", "GET", "https://localhost/", "-d", "@/nonexistent"]), 7, "storage.unreadable");
    problem(&asked(&sandbox, &["send", "GET", "https://localhost/", "--ca", "/nonexistent"]), 7, "storage.unreadable");
    problem(&asked(&sandbox, &["send", "nowhere/request.toml"]), 7, "workspace.no_request");
    problem(
        &asked(&sandbox, &["send", "GET", "https://localhost/", "--credential", "nobody"]),
        7,
        "workspace.no_credential",
    );
    problem(
        &asked(&sandbox, &["send", "GET", "https://localhost/", "--sign", "nothing"]),
        7,
        "workspace.no_signing_profile",
    );
    problem(&asked(&sandbox, &["credential", "list", "--workspace", "/nonexistent"]), 7, "workspace.not_found");
}

#[test]
fn a_host_that_cannot_be_reached_is_exit_3() {
    let sandbox = Sandbox::new();
    let port = free_port();
    for (url, code, fault, word) in [
        ("https://nonexistent.invalid/".to_owned(), "dns.not_found", "caller", "nonexistent.invalid"),
        (format!("https://127.0.0.1:{port}/"), "tcp.refused", "peer", "127.0.0.1"),
        (format!("http://127.0.0.1:{port}/"), "tcp.refused", "peer", "127.0.0.1"),
    ] {
        let said = asked(&sandbox, &["send", "GET", &url]);
        let error = problem(&said, 3, code);
        assert!(error["title"].as_str().unwrap().contains(word), "{error:#}");
        assert!([fault, "environment"].contains(&error["fault"].as_str().unwrap()), "{error:#}");
        let inspected = run(&sandbox, &["inspect", &url, "--json"]);
        assert!([Some(2), Some(3)].contains(&inspected.code), "inspect {url}: {}", inspected.out);
    }
    let words = run(&sandbox, &["send", "GET", &format!("https://127.0.0.1:{port}/"), "--vault", "memory"]).expect(3);
    assert!(words.err.contains("[tcp.refused]") && words.err.contains("hint: "), "in words too:\n{}", words.err);
}

#[test]
fn a_time_out_says_where_the_exchange_was() {
    let sandbox = Sandbox::new();
    let silent = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("https://localhost:{}/", silent.local_addr().unwrap().port());
    let said = asked(&sandbox, &["send", "GET", &url, "--timeout", "1s"]);
    let code = said.json()["error"]["code"].as_str().unwrap_or_default().to_owned();
    assert!(["tls.silent", "tls.timed_out"].contains(&code.as_str()), "{}", said.out);
    problem(&said, 3, &code);

    let gateway = Gateway::start(&sandbox, SECRET, &["--fault", "delay=60s"]);
    add(&sandbox, &gateway.text("token_endpoint"), "payments:read");
    let (url, ca) = (format!("{}/payments", gateway.text("api")), gateway.text("ca_file"));
    let said = asked(&sandbox, &["send", "GET", &url, "--credential", "demo", "--ca", &ca, "--timeout", "2s"]);
    let error = problem(&said, 3, "exchange.timed_out");
    assert_eq!(error["fault"], "peer");
    assert!(error["detail"].as_str().unwrap().contains("first byte"), "{error:#}");
    let document = said.json();
    assert_eq!(document["verdict"]["state"], "trusted", "what was seen before stands");
    assert_eq!(document["request"]["sent"], true, "it may have been processed");
}

/// Takes connections, reads the ClientHello, answers with fixed bytes and closes. Ends with the test's process.
fn answering(answer: &'static [u8], times: usize) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    std::thread::spawn(move || {
        for stream in listener.incoming().take(times) {
            let mut stream: TcpStream = stream.unwrap();
            let _read = std::io::Read::read(&mut stream, &mut [0; 4096]);
            let _written = stream.write_all(answer);
        }
    });
    url
}

#[test]
fn a_server_that_does_not_speak_tls_is_told_from_one_that_ends_the_handshake() {
    let sandbox = Sandbox::new();
    for (answer, code) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], "tls.plain_http"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "tls.not_tls"),
        (b"", "tls.closed_mid_handshake"),
        (b"\x16\x03\x03\x00\x40\x02\x00", "tls.closed_mid_handshake"),
        (b"\x15\x03\x03\x00\x02\x02\x28", "tls.no_common_parameters"),
    ] {
        let said = asked(&sandbox, &["send", "GET", &answering(answer, 1)]);
        problem(&said, 4, code);
        let document = said.json();
        assert!(document["root_cause"]["sentence"].is_string(), "one sentence on it: {document:#}");
        assert_eq!(document["request"]["sent"], false, "nothing but the handshake left");
    }
}

#[test]
fn a_certificate_that_is_refused_shows_its_chain_and_sends_nothing() {
    for (fault, code) in [
        ("certificate-expired", "certificate.expired"),
        ("certificate-wrong-host", "name.mismatch"),
        ("certificate-untrusted-root", "path.untrusted_root"),
    ] {
        let sandbox = Sandbox::new();
        let gateway = Gateway::start(&sandbox, SECRET, &["--fault", fault]);
        add(&sandbox, &gateway.text("token_endpoint"), "payments:read");
        let (url, ca) = (format!("{}/payments", gateway.text("api")), gateway.text("ca_file"));
        let said = asked(&sandbox, &["send", "GET", &url, "--credential", "demo", "--ca", &ca]);
        problem(&said, 4, code);
        let document = said.json();
        assert_eq!(document["findings"][0]["id"], code, "the error carries the first finding's id");
        assert_eq!(document["verdict"]["state"], "not_trusted");
        assert_eq!(document["verdict"]["reason"], code);
        assert!(document["certificates"].as_array().unwrap().len() >= 2, "the chain is shown when it is needed");
        assert_eq!((&document["request"]["sent"], &document["failed_step"]), (&false.into(), &"tls".into()));
        let host = url.split('/').nth(2).unwrap();
        let inspected = run(&sandbox, &["inspect", host, "--ca", &ca, "--json"]).expect(1).json();
        assert_eq!(inspected["findings"][0]["id"], code, "where the verdict is the question it is exit 1");
    }
    // no CA at all: the gateway's own root is unknown
    let sandbox = Sandbox::new();
    let gateway = Gateway::start(&sandbox, SECRET, &[]);
    let said = asked(&sandbox, &["send", "GET", &format!("{}/payments", gateway.text("api"))]);
    problem(&said, 4, "path.untrusted_root");
    let accepted =
        asked(&sandbox, &["send", "GET", &format!("{}/payments", gateway.text("api")), "--accept-unverified"]);
    let document = accepted.expect(0).json();
    assert_eq!(document["verdict"]["state"], "not_checked", "recorded: {}", document["verdict"]);
    assert_eq!(document["verdict"]["reason"], "verification_off");
}

/// A token endpoint that answers so, asked once by `token get`.
fn token_endpoint(answer: impl Fn(&Received) -> Vec<u8> + Send + Sync + 'static) -> (Said, Scripted) {
    let (pki, sandbox) = (Pki::new(), Sandbox::new());
    let server = Scripted::tls(&pki, answer);
    add(&sandbox, &server.https("/token"), "payments:read");
    (asked(&sandbox, &["token", "get", "demo", "--ca", &pki.text("root.pem")]), server)
}

#[test]
fn a_token_endpoint_that_answers_something_else_is_named() {
    const HTML: &str = "<!DOCTYPE html><html><body>Sign in</body></html>";
    let html = |_: &Received| http("200 OK", &[("Content-Type", "text/html")], HTML);
    for (what, answer, code, word) in [
        ("a web page", Box::new(html) as Box<dyn Fn(&Received) -> Vec<u8> + Send + Sync>, "token.not_json", "HTML"),
        ("nothing", Box::new(|_: &Received| json("200 OK", "")), "token.not_json", "empty"),
        ("half of it", Box::new(|_: &Received| json("200 OK", r#"{"access_token": "abc", "#)), "token.not_json", "200"),
        ("no token", Box::new(|_: &Received| json("200 OK", r#"{"token_type": "Bearer"}"#)), "token.missing", "200"),
        (
            "a token of another type",
            Box::new(|_: &Received| json("200 OK", r#"{"access_token": 1}"#)),
            "token.missing",
            "200",
        ),
        ("500", Box::new(|_: &Received| json("500 Internal Server Error", "{}")), "token.server_error", "500"),
        (
            "500 in HTML",
            Box::new(|_: &Received| http("500 Oh", &[("Content-Type", "text/html")], HTML)),
            "token.not_json",
            "500",
        ),
        (
            "an error with 200",
            Box::new(|_: &Received| json("200 OK", r#"{"error": "invalid_client"}"#)),
            "token.invalid_client",
            "200",
        ),
        (
            "an unknown error",
            Box::new(|_: &Received| json("400 Bad Request", r#"{"error": "tuesday"}"#)),
            "token.refused",
            "tuesday",
        ),
        ("no error", Box::new(|_: &Received| json("403 Forbidden", "{}")), "token.refused", "403"),
    ] {
        let (said, _server) = token_endpoint(answer);
        let error = problem(&said, 5, code);
        assert!(error["detail"].as_str().unwrap().contains(word), "{what}: {error:#}");
        let document = said.json();
        assert_eq!(document["failed_step"], "token", "{what}");
        let call = &document["token"]["exchange"];
        assert_eq!(call["handshake"]["protocol_version"], "TLSv1.3", "{what}: the call has its own handshake");
        assert!(call["response"]["status"].is_u64(), "{what}: and its answer");
        assert!(!said.out.contains(SECRET), "{what}: no secret");
    }
}

#[test]
fn a_life_given_as_text_is_read_and_noted() {
    let body = r#"{"access_token": "opaque-token-of-the-test", "token_type": "bearer", "expires_in": "300"}"#;
    let (said, server) = token_endpoint(move |_| json("200 OK", body));
    let document = said.expect(0).json();
    assert_eq!(document["token"]["state"], "valid");
    let call = &document["token"]["exchange"];
    assert_eq!(call["findings"][0]["id"], "token.expires_in_odd", "{}", call["findings"]);
    let life = |name: &str| {
        time::OffsetDateTime::parse(
            document["token"][name].as_str().unwrap(),
            &time::format_description::well_known::Rfc3339,
        )
        .unwrap()
    };
    assert_eq!(
        (life("expires_at") - life("issued_at")).whole_seconds(),
        300,
        "RFC 6749, section 5.1: a number it should be"
    );
    assert_eq!(server.received().len(), 1);
    assert!(!document.to_string().contains("opaque-token-of-the-test"), "a token is not in evidence");
}

#[test]
fn a_token_endpoint_that_redirects_does_not_move_the_secret() {
    let pki = Pki::new();
    let other = Scripted::tls(&pki, |_| json("200 OK", r#"{"access_token": "stolen", "token_type": "Bearer"}"#));
    let location = other.https("/token");
    for status in ["302 Found", "307 Temporary Redirect"] {
        let location = location.clone();
        let (said, server) = token_endpoint(move |_| http(status, &[("Location", &location)], ""));
        assert_eq!((said.code, server.received().len()), (Some(5), 1), "{status}: {}", said.out);
        assert!(said.json()["error"]["hints"][0].is_string(), "{}", said.out);
    }
    assert_eq!(other.connections(), 0, "RFC 9700: the other server was not even asked");
}

#[test]
fn a_scope_the_server_does_not_know_is_refused_by_name() {
    let sandbox = Sandbox::new();
    let gateway = Gateway::start(&sandbox, SECRET, &[]);
    add(&sandbox, &gateway.text("token_endpoint"), "payments:read accounts:read");
    let ca = gateway.text("ca_file");
    let said = asked(&sandbox, &["token", "get", "demo", "--ca", &ca]);
    problem(&said, 5, "token.invalid_scope");
    assert!(said.out.contains("accounts:read"), "the scope that was asked for stands there");
    let said = asked(&sandbox, &["token", "get", "demo", "--scope", "payments:write", "--ca", &ca]);
    problem(&said, 2, "credential.scope_not_listed");
    let words =
        with_secret(&sandbox, &[&["token", "get", "demo", "--ca", &ca][..], &MEMORY].concat(), SECRET).expect(5);
    assert!(
        words.err.contains("[token.invalid_scope]") && words.err.contains("hint: "),
        "in words too:\n{}",
        words.err
    );
}

#[test]
fn a_token_endpoint_that_cannot_be_reached_or_trusted_has_its_own_reason() {
    let (sandbox, pki) = (Sandbox::new(), Pki::new());
    add(&sandbox, &format!("https://localhost:{}/token", free_port()), "payments:read");
    problem(&asked(&sandbox, &["token", "get", "demo"]), 3, "tcp.refused");
    let server = Scripted::tls(&pki, |_| json("200 OK", "{}"));
    let replace = ["credential", "replace", "demo", "--token-endpoint"];
    asked(&sandbox, &[&replace[..], &[&server.https("/token")]].concat()).expect(0);
    problem(&asked(&sandbox, &["token", "get", "demo"]), 4, "path.untrusted_root");
    let said = asked(&sandbox, &["send", "GET", "https://localhost:1/", "--credential", "demo"]);
    problem(&said, 4, "path.untrusted_root");
    assert!(server.received().is_empty(), "the secret stayed here");
    let said = asked(&sandbox, &["credential", "test", "demo"]);
    problem(&said, 4, "path.untrusted_root");
}

#[test]
fn an_absent_keychain_is_said_with_the_way_out_and_nothing_falls_back() {
    let (sandbox, secret) = (Sandbox::new(), crate::canary::canary());
    let without = |arguments: &[&str]| {
        let mut command = command(&sandbox, arguments);
        command
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
            .env("XDG_RUNTIME_DIR", sandbox.path())
            .env("DEMO_SECRET", &secret);
        run_with(command, None)
    };
    let add = [
        "credential",
        "add",
        "demo",
        "--client-id",
        "c",
        "--token-endpoint",
        "https://localhost:1/t",
        "--secret-env",
        "DEMO_SECRET",
        "--json",
    ];
    problem(&without(&add), 6, "vault.missing");
    let status = without(&["vault", "status", "--json"]);
    assert_eq!((status.code, status.json()["state"].as_str()), (Some(6), Some("missing")), "{}", status.out);
    problem(&without(&["token", "get", "demo", "--json"]), 6, "vault.missing");
    problem(&without(&["send", "GET", "https://localhost:1/", "--credential", "demo", "--json"]), 6, "vault.missing");
    let files = crate::canary::leaks_in(&sandbox, &[&secret]);
    assert!(files.is_empty(), "the secret went nowhere: {files:?}");
}

#[test]
fn a_live_environment_is_changed_only_on_a_word() {
    let sandbox = Sandbox::new();
    let gateway = Gateway::start(&sandbox, SECRET, &[]);
    add(&sandbox, &gateway.text("token_endpoint"), "payments:read payments:write");
    std::fs::create_dir_all(sandbox.workspace().join("environments")).unwrap();
    std::fs::write(sandbox.workspace().join("environments/live.toml"), "colour = \"red\"\nlive = true\n").unwrap();
    let (url, ca) = (format!("{}/payments", gateway.text("api")), gateway.text("ca_file"));
    let order = r#"{"amount": 1250, "currency": "AED"}"#;
    let send = ["--credential", "demo", "--ca", &ca, "--environment", "live"];
    let post = ["send", "POST", &url, "-d", order];
    let said = asked(&sandbox, &[&post[..], &send].concat());
    problem(&said, 2, "usage.live_environment");
    assert_eq!(said.json()["request"]["sent"], false, "nothing left: there is no terminal to ask on");
    asked(&sandbox, &[&["send", "GET", &url][..], &send].concat()).expect(0);
    let said = asked(&sandbox, &[&post[..], &send, &["--allow-live"]].concat()).expect(0);
    assert_eq!(said.json()["response"]["status"], 201);
}

/// Runs a script in a Secret Service of its own, so that locking it disturbs no other test.
fn in_own_keyring(sandbox: &Sandbox, script: &str) -> Said {
    let mut command = Command::new("bash");
    sandbox.enter(&mut command);
    command.arg(root().join("tests/scripts/with-keyring")).args(["bash", "-c", script]);
    command.env("COUNTERSIGN", program("countersign")).env("DEMO_SECRET", SECRET);
    run_with(command, None)
}

/// What a script printed, cut at its `exit CODE` lines: what each program said, and its code.
fn runs(said: &Said) -> Vec<Said> {
    let mut runs = Vec::new();
    let mut out = String::new();
    for line in said.out.lines() {
        match line.strip_prefix("exit ") {
            Some(code) => {
                runs.push(Said { code: code.parse().ok(), out: std::mem::take(&mut out), err: said.err.clone() })
            }
            None => out.extend([line, "\n"]),
        }
    }
    runs
}

#[test]
fn a_locked_keychain_is_said_without_a_hang_and_keeps_what_it_has() {
    need!(keyring(), "a throw-away keychain");
    let sandbox = Sandbox::new();
    // an unlock needs a prompt, and there is no screen: a new daemon is given the password at its start
    let script = r#"
        service() { gdbus call --session --dest org.freedesktop.secrets --object-path /org/freedesktop/secrets --method "$@" >/dev/null; }
        "$COUNTERSIGN" credential add demo --client-id c --token-endpoint https://localhost:1/t --secret-env DEMO_SECRET -q >/dev/null || exit 1
        service org.freedesktop.Secret.Service.Lock '["/org/freedesktop/secrets/aliases/default"]' || exit 1
        "$COUNTERSIGN" token get demo --json; echo "exit $?"
        "$COUNTERSIGN" vault status --json; echo "exit $?"
        owner() {
            dbus-send --session --print-reply=literal --dest=org.freedesktop.DBus / org.freedesktop.DBus.GetConnectionUnixProcessID \
                string:org.freedesktop.secrets 2>/dev/null | tr -dc '0-9 ' | awk '{print $NF}'
        }
        printf %s test-pw >"$XDG_RUNTIME_DIR/password"
        gnome-keyring-daemon --replace --foreground --unlock --components=secrets <"$XDG_RUNTIME_DIR/password" >/dev/null 2>&1 &
        # by its owner, not by asking the service: that would start a locked one in the gap
        for _ in $(seq 500); do [ "$(owner)" = $! ] && break; sleep 0.02; done
        "$COUNTERSIGN" token get demo --json; echo "exit $?"
    "#;
    let said = in_own_keyring(&sandbox, script).expect(0);
    let [got, status, again] = &runs(&said)[..] else { panic!("{said:?}") };
    problem(got, 6, "vault.locked");
    let view = status.json();
    assert_eq!((view["state"].as_str(), view["usable"].as_bool()), (Some("locked"), Some(false)), "{view:#}");
    assert_eq!(status.code, Some(6));
    // the secret was read again: it is the network that is missing now
    problem(again, 3, "tcp.refused");
}

/// Peak resident memory of a process that runs, bytes.
fn peak(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? * 1024)
}

#[test]
fn a_hundred_megabytes_stream_to_disk_and_not_into_memory() {
    const MIB: u64 = 1024 * 1024;
    let sandbox = Sandbox::new();
    let gateway = Gateway::start(&sandbox, SECRET, &["--fault", "size=100MiB"]);
    add(&sandbox, &gateway.text("token_endpoint"), "payments:read");
    let (url, ca) = (format!("{}/payments", gateway.text("api")), gateway.text("ca_file"));
    let file = sandbox.path().join("received.json");
    let arguments =
        ["send", "GET", &url, "--credential", "demo", "--ca", &ca, "--timeout", "300s", "-o", file.to_str().unwrap()];
    let mut send = command(&sandbox, &[&arguments[..], &MEMORY, &["--json"]].concat());
    let child = Child::start(send.env("DEMO_SECRET", SECRET), None);
    let (id, mut most) = (child.id(), 0);
    let limit = Instant::now() + Duration::from_secs(240);
    // the last reading before the end: the kernel keeps the highest value there ever was
    while let Some(now) = peak(id) {
        most = most.max(now);
        assert!(Instant::now() < limit, "still running:\n{}", child.output());
        std::thread::sleep(Duration::from_millis(20));
    }
    let (code, output) = child.end(Duration::from_secs(10));
    assert_eq!(code, Some(0), "{output}");
    assert!(most > 0 && most < 150 * MIB, "100 MiB went through {} MiB of memory", most / MIB);
    assert_eq!(std::fs::metadata(&file).unwrap().len(), 100 * MIB, "every byte is in the file");
    let document: Value = serde_json::from_str(&output).unwrap();
    assert_eq!(document["response"]["content"]["length"], 100 * MIB);
    assert!(document["response"]["content"]["not_kept"].is_string(), "over 64 MiB: not in the history");
    let kept: u64 = crate::canary::files(&sandbox.data()).iter().map(|file| file.metadata().unwrap().len()).sum();
    assert!(kept < 5 * MIB, "it lives until its exchange is closed: {} MiB are left", kept / MIB);
}

#[test]
fn ctrl_c_cancels_whatever_goes_on() {
    for arguments in [
        &["send", "GET", "https://localhost:1/", "--credential", "demo", "--timeout", "60s"][..],
        &["token", "get", "demo"],
        &["credential", "test", "demo"],
        &["inspect", "ENDPOINT"],
    ] {
        let (sandbox, silent) = (Sandbox::new(), TcpListener::bind(("127.0.0.1", 0)).unwrap());
        let endpoint = format!("https://localhost:{}/token", silent.local_addr().unwrap().port());
        add(&sandbox, &endpoint, "payments:read");
        let arguments: Vec<&str> =
            arguments.iter().map(|word| if *word == "ENDPOINT" { &endpoint } else { *word }).collect();
        let mut command = command(&sandbox, &[&arguments[..], &MEMORY, &["--json"]].concat());
        let child = Child::start(command.env("DEMO_SECRET", SECRET), None);
        let (_stream, _from) = silent.accept().unwrap();
        let begin = Instant::now();
        child.signal(rustix::process::Signal::INT);
        let (code, output) = child.end(Duration::from_secs(30));
        assert_eq!(code, Some(130), "{arguments:?}:\n{output}");
        assert!(begin.elapsed() < Duration::from_secs(5), "{arguments:?}: at once, not after a time-out");
        assert!(output.contains("exchange.cancelled"), "{arguments:?}:\n{output}");
    }
}

#[test]
fn a_gateway_that_cannot_start_says_why() {
    let sandbox = Sandbox::new();
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (arguments, code) in [
        (&["--listen", "0.0.0.0:0"][..], "gateway.not_loopback"),
        (&["--authorization-listen", "[::]:0"], "gateway.not_loopback"),
        (&["--listen", address.as_str()], "gateway.port_taken"),
        (&["--dialect", "soap"], "gateway.unknown_dialect"),
        (&["--fault", "nonsense"], "gateway.unknown_fault"),
        (&["--fault", "delay=soon"], "gateway.fault_argument"),
        (&["--token-lifetime", "1s"], "usage.token_lifetime"),
        (&["--demo-secret-env", "NOT_SET_ANYWHERE"], "usage.no_variable"),
        (&["--ready-file", "/nonexistent/ready.json"], "gateway.write"),
    ] {
        let said = run(&sandbox, &[&["gateway", "--json"], arguments].concat());
        let exit = said.code.unwrap();
        assert!([2, 7].contains(&exit), "{arguments:?}: {exit}");
        problem(&said, exit, code);
    }
    let said = run(&sandbox, &["gateway", "--listen", "nowhere"]).expect(2);
    assert!(said.err.contains("--listen"), "{}", said.err);
}
