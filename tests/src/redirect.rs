//! Redirects, hop by hop: what the next request is, what goes along, and what stays behind. Both servers are scripted,
//! so that what arrived there is known to the byte.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::scripted::{Received, Scripted, http, json};
use crate::support::cli::{Said, command, run, run_with};
use crate::support::pki::Pki;
use crate::support::sandbox::Sandbox;

const TOKEN: &str = r#"{"access_token": "opaque-token-of-the-test", "token_type": "Bearer", "expires_in": 300}"#;
const BEARER: &str = "Bearer opaque-token-of-the-test";
const ORDER: &str = r#"{"amount":1250}"#;
const KEY: &str = "a-signing-key-that-both-sides-share";

/// A person with the credential `demo`, and a server that hands out its token and redirects `/start`.
struct Desk {
    sandbox: Sandbox,
    pki: Pki,
    server: Scripted,
}

/// `/token` gives a token, `/start` redirects to `location`, everything else is a page.
fn redirecting(pki: &Pki, status: &'static str, location: String) -> Scripted {
    Scripted::tls(pki, move |request| match request.target.as_str() {
        "/token" => json("200 OK", TOKEN),
        "/start" => http(status, &[("Location", &location)], "moved"),
        _ => http("200 OK", &[("Content-Type", "text/plain")], "arrived"),
    })
}

impl Desk {
    fn new(status: &'static str, location: impl Into<String>) -> Self {
        let pki = Pki::new();
        let server = redirecting(&pki, status, location.into());
        Self::of(pki, server)
    }

    fn of(pki: Pki, server: Scripted) -> Self {
        let desk = Self { sandbox: Sandbox::new(), pki, server };
        let endpoint = desk.server.https("/token");
        let add = [
            "credential",
            "add",
            "demo",
            "--client-id",
            "c",
            "--token-endpoint",
            &endpoint,
            "--allowed-host",
            "localhost",
        ];
        desk.run(&add).expect(0);
        desk
    }

    /// Runs with the secrets at hand, in JSON.
    fn run(&self, arguments: &[&str]) -> Said {
        let more = ["--vault", "memory", "--secret-env", "SECRET", "--json"];
        let mut command = command(&self.sandbox, &[arguments, &more].concat());
        command.env("SECRET", "s3cret").env("KEY", KEY);
        run_with(command, None)
    }

    /// Sends to `/start`.
    fn send(&self, method: &str, more: &[&str]) -> Said {
        let (url, ca) = (self.server.https("/start"), self.pki.text("root.pem"));
        self.run(&[&["send", method, &url, "--ca", &ca], more].concat())
    }

    /// What the API was asked, without the token calls.
    fn asked(&self) -> Vec<Received> {
        self.server.received().into_iter().filter(|request| request.target != "/token").collect()
    }

    /// A signing profile `hmac` over a key of the credential.
    fn sign(&self) {
        self.run(&["credential", "replace", "demo", "--slot", "signing_key", "--secret-env", "signing_key=KEY"])
            .expect(0);
        let folder = self.sandbox.workspace().join("signing");
        std::fs::create_dir_all(&folder).unwrap();
        let profile = "scheme = \"rfc9421\"\nkey = \"demo/signing_key\"\nkeyid = \"k1\"\nalg = \"hmac-sha256\"\n\
                       covered = [\"@method\", \"@target-uri\"]\nparameters = [\"created\", \"keyid\", \"alg\"]\n";
        std::fs::write(folder.join("hmac.toml"), profile).unwrap();
    }
}

/// The attempts of a document in order, the last one last.
fn attempts(document: &Value) -> Vec<&Value> {
    document["previous_attempts"].as_array().unwrap().iter().chain([document]).collect()
}

#[test]
fn within_the_allowed_hosts_method_and_content_follow_the_status_and_the_token_goes_along() {
    for (status, method, next, keeps) in [
        ("301 Moved Permanently", "POST", "GET", false),
        ("302 Found", "POST", "GET", false),
        ("302 Found", "PUT", "PUT", true),
        ("303 See Other", "PUT", "GET", false),
        ("307 Temporary Redirect", "POST", "POST", true),
        ("308 Permanent Redirect", "PATCH", "PATCH", true),
    ] {
        let desk = Desk::new(status, "/end?from=start#part");
        let said = desk.send(method, &["-d", ORDER, "--credential", "demo"]).expect(0);
        let [first, second] = &desk.asked()[..] else { panic!("{status}: {:?}", desk.asked()) };
        assert_eq!((first.method.as_str(), first.content.as_slice()), (method, ORDER.as_bytes()), "{status}");
        assert_eq!(
            (second.method.as_str(), second.target.as_str()),
            (next, "/end?from=start"),
            "RFC 9110, section 15.4: {status}"
        );
        assert_eq!(second.content, if keeps { ORDER.as_bytes() } else { b"" }, "{status} {method}");
        assert_eq!(second.field("content-type").is_some(), keeps, "fields about content go with it: {status}");
        for request in [first, second] {
            assert_eq!(request.field("authorization"), Some(BEARER), "{status}");
        }
        assert_eq!(desk.server.received().len(), 3, "one token call serves both hops");

        let document = said.json();
        let [first, last] = &attempts(&document)[..] else { panic!("{document:#}") };
        assert_eq!(
            (&first["reason"], &first["response"]["status"]),
            (&"redirect".into(), &status[..3].parse::<u16>().unwrap().into())
        );
        assert!(first["response"]["content"]["ref"].is_string(), "its content is kept too");
        assert_eq!((&first["token"]["origin"], &last["token"]["origin"]), (&"acquired".into(), &"reused".into()));
        assert_eq!((last["request"]["method"].as_str(), last["response"]["status"].as_u64()), (Some(next), Some(200)));
        for attempt in [first, last] {
            assert_eq!(attempt["verdict"]["state"], "trusted", "each hop has its own connection: {attempt:#}");
            assert!(attempt["timing"]["total"].as_u64().unwrap() > 0);
        }
        assert!(!said.out.contains("opaque-token-of-the-test"), "a token is not in evidence");
    }
}

#[test]
fn another_port_of_an_allowed_host_is_allowed_too() {
    let pki = Pki::new();
    let other = redirecting(&pki, "302 Found", String::new());
    let server = redirecting(&pki, "302 Found", other.https("/end"));
    let desk = Desk::of(pki, server);
    let said = desk.send("GET", &["--credential", "demo"]).expect(0);
    assert_eq!(other.received()[0].field("authorization"), Some(BEARER), "a host without a port is any port of it");
    assert_eq!(other.received()[0].field("host"), Some(format!("localhost:{}", other.port).as_str()));
    assert_eq!(said.json()["request"]["target"], other.https("/end"));
}

#[test]
fn a_host_the_credential_is_not_bound_to_is_not_even_connected_to() {
    for status in ["302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let pki = Pki::new();
        let other = redirecting(&pki, status, String::new());
        let elsewhere = format!("https://127.0.0.1:{}/collect", other.port);
        let server = redirecting(&pki, status, elsewhere);
        let desk = Desk::of(pki, server);
        let document = desk.send("POST", &["-d", ORDER, "--credential", "demo"]).expect(2).json();
        assert_eq!(
            (&document["error"]["code"], &document["outcome"]),
            (&"credential.host_not_allowed".into(), &"refused_by_us".into())
        );
        assert!(
            document["error"]["title"].as_str().unwrap().contains("127.0.0.1"),
            "names the host: {}",
            document["error"]
        );
        assert_eq!(other.connections(), 0, "{status}: neither token nor content went there");
        let [redirect, refused] = &attempts(&document)[..] else { panic!("{document:#}") };
        assert_eq!(
            redirect["response"]["status"],
            status[..3].parse::<u16>().unwrap(),
            "the answer that asked for it stands"
        );
        assert!(
            refused["response"].is_null() && refused["handshake"].is_null(),
            "the next attempt was not made: {refused:#}"
        );
    }
}

#[test]
fn what_was_typed_by_hand_stays_behind_at_another_origin() {
    let typed = ["-H", "Authorization: Basic dHlwZWQ6Ynk=", "-H", "Cookie: session=typed", "-H", "X-Trace: 7"];
    let pki = Pki::new();
    let other = redirecting(&pki, "302 Found", String::new());
    let server = redirecting(&pki, "307 Temporary Redirect", other.https("/end"));
    let desk = Desk::of(pki, server);
    let document = desk.send("GET", &typed).expect(0).json();
    assert_eq!(desk.asked()[0].field("cookie"), Some("session=typed"), "they go where they were typed for");
    let arrived = &other.received()[0];
    assert_eq!((arrived.field("authorization"), arrived.field("cookie")), (None, None), "Fetch, HTTP-redirect fetch");
    assert_eq!(arrived.field("x-trace"), Some("7"), "other fields are not credentials");
    assert!(
        !document["request"]["fields"].to_string().to_lowercase().contains("authorization"),
        "as shown: {}",
        document["request"]
    );

    let desk = Desk::new("307 Temporary Redirect", "/end");
    desk.send("GET", &typed).expect(0);
    for request in desk.asked() {
        assert_eq!(request.field("authorization"), Some("Basic dHlwZWQ6Ynk="), "the same origin: {}", request.target);
    }
}

/// Signs the base anew as the server would: RFC 9421 §2.5, written out by hand.
#[track_caller]
fn verified(request: &Received, target: &str) -> String {
    let input = request.field("signature-input").unwrap().strip_prefix("sig1=").unwrap();
    let base = format!("\"@method\": {}\n\"@target-uri\": {target}\n\"@signature-params\": {input}", request.method);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, KEY.as_bytes()), base.as_bytes());
    let signature = request.field("signature").unwrap().to_owned();
    assert_eq!(signature, format!("sig1=:{}:", STANDARD.encode(tag.as_ref())), "over\n{base}");
    signature
}

#[test]
fn each_hop_is_signed_for_its_own_target() {
    let desk = Desk::new("307 Temporary Redirect", "/end");
    desk.sign();
    let more = ["-d", ORDER, "--credential", "demo", "--sign", "hmac", "--secret-env", "signing_key=KEY"];
    let document = desk.send("POST", &more).expect(0).json();
    let [first, second] = &desk.asked()[..] else { panic!("{:?}", desk.asked()) };
    let signatures = (verified(first, &desk.server.https("/start")), verified(second, &desk.server.https("/end")));
    assert_ne!(signatures.0, signatures.1, "the old one is not carried along");
    for (attempt, path) in attempts(&document).into_iter().zip(["/start", "/end"]) {
        let base = attempt["signature"]["base"].as_str().unwrap();
        assert!(base.contains(&format!("\"@target-uri\": {}", desk.server.https(path))), "{base}");
    }
}

#[test]
fn a_signing_key_is_bound_to_its_credentials_hosts_with_or_without_a_token() {
    let pki = Pki::new();
    let other = redirecting(&pki, "302 Found", String::new());
    let elsewhere = format!("https://127.0.0.1:{}/collect", other.port);
    let server = redirecting(&pki, "307 Temporary Redirect", elsewhere.clone());
    let desk = Desk::of(pki, server);
    desk.sign();
    let sign = ["--sign", "hmac", "--secret-env", "signing_key=KEY"];
    let ca = desk.pki.text("root.pem");
    for said in [
        desk.send("POST", &[&["-d", ORDER, "--credential", "demo"], &sign[..]].concat()),
        desk.send("POST", &[&["-d", ORDER], &sign[..]].concat()),
        desk.run(&[&["send", "POST", &elsewhere, "--ca", &ca, "-d", ORDER], &sign[..]].concat()),
    ] {
        let document = said.expect(2).json();
        assert_eq!(document["error"]["code"], "credential.host_not_allowed", "{document:#}");
    }
    assert_eq!(desk.asked().len(), 2, "both redirects were seen, signed for the host that may see it");
    assert!(desk.asked().iter().all(|request| request.field("signature").is_some()));
    assert_eq!(other.connections(), 0, "no signature went elsewhere");
}

#[test]
fn a_redirect_that_leaves_tls_is_refused() {
    let plain = Scripted::plain(|_| http("200 OK", &[], "arrived"));
    let location = format!("http://localhost:{}/end", plain.port);
    for more in [&["--credential", "demo"][..], &[]] {
        let desk = Desk::new("302 Found", location.clone());
        let document = desk.send("GET", more).expect(2).json();
        assert_eq!(
            (&document["error"]["code"], &document["error"]["fault"]),
            (&"url.downgrade".into(), &"peer".into())
        );
        assert!(
            document["error"]["detail"].as_str().unwrap().contains(&plain.port.to_string()),
            "{}",
            document["error"]
        );
        assert_eq!(document["previous_attempts"][0]["response"]["status"], 302);
    }
    assert_eq!(plain.connections(), 0, "nothing was sent in clear");
}

#[test]
fn a_circle_ends_at_the_bound_and_shows_every_hop() {
    let circle = |request: &Received| {
        let next = if request.target == "/start" { "/back" } else { "/start" };
        http("302 Found", &[("Location", next)], "")
    };
    for (more, followed) in [(&[][..], 5), (&["--redirects", "2"], 2), (&["--redirects", "1"], 1)] {
        let pki = Pki::new();
        let server = Scripted::tls(&pki, circle);
        let desk = Desk::of(pki, server);
        let document = desk.send("GET", more).expect(3).json();
        assert_eq!(document["error"]["code"], "exchange.too_many_redirects", "{document:#}");
        assert!(document["error"]["detail"].as_str().unwrap().contains(&followed.to_string()), "{}", document["error"]);
        assert_eq!(desk.asked().len(), followed + 1, "the first, and those that were followed");
        let previous = document["previous_attempts"].as_array().unwrap();
        let targets: Vec<_> =
            previous.iter().map(|attempt| attempt["request"]["target"].as_str().unwrap().to_owned()).collect();
        let walked: Vec<_> = desk.asked().iter().map(|request| desk.server.https(&request.target)).collect();
        assert_eq!(targets, walked, "every hop is in the evidence");
        assert!(previous.iter().all(|attempt| attempt["reason"] == "redirect"));
    }
}

#[test]
fn a_redirect_that_is_not_followed_is_the_answer() {
    let desk = Desk::new("307 Temporary Redirect", "/end");
    let document = desk.send("GET", &["--redirects", "0"]).expect(0).json();
    assert_eq!((&document["response"]["status"], desk.asked().len()), (&307.into(), 1));
    assert!(document["previous_attempts"].as_array().is_none_or(Vec::is_empty), "{document:#}");
    for location in ["ftp://localhost/", "https://user:pw@localhost/", "https://[::1", "javascript:alert(1)"] {
        let desk = Desk::new("302 Found", location);
        let document = desk.send("GET", &[]).expect(0).json();
        assert_eq!(
            (&document["response"]["status"], desk.asked().len()),
            (&302.into(), 1),
            "{location} cannot be followed"
        );
    }
    let desk = Desk::new("304 Not Modified", "/end");
    assert_eq!(desk.send("GET", &[]).expect(0).json()["response"]["status"], 304, "no redirect at all");
}

#[test]
fn a_redirect_is_told_in_words_and_found_in_the_history() {
    let desk = Desk::new("302 Found", "/end");
    let (url, ca) = (desk.server.https("/start"), desk.pki.text("root.pem"));
    let words = run(&desk.sandbox, &["send", "GET", &url, "--ca", &ca, "--vault", "memory"]).expect(0);
    let (first, last) = words.out.split_once("\n\n").unwrap_or_else(|| panic!("one attempt only:\n{}", words.out));
    assert!(first.starts_with("Attempt 1") && first.contains("302"), "{first}");
    assert!(last.contains("after a redirect") && last.contains("arrived"), "{last}");
    let listed = run(&desk.sandbox, &["history", "list", "--json"]).expect(0).json_lines();
    assert_eq!(listed.len(), 1, "one send is one entry, whatever its hops");
    let shown =
        run(&desk.sandbox, &["history", "show", listed[0]["exchange"].as_str().unwrap(), "--json"]).expect(0).json();
    assert_eq!(shown["previous_attempts"][0]["response"]["status"], 302);
}
