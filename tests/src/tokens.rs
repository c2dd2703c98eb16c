//! Tokens as a person meets them: obtained once and shared, renewed before anybody asks, renewed once after a refusal.
//! The console runs in this process on a clock that is pushed, and the gateway's clock goes along; where the requests
//! themselves matter, both endpoints are scripted.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_console::clock::{Clock, ManualClock};
use countersign_console::view::{Change, CredentialForm, DraftAuthorization, DraftField, RequestDraft, TokenRow};
use countersign_console::{Backend, ConnectionOptions, Console, Options};
use countersign_evidence::{AttemptReason, Exchange, Outcome, TokenOrigin, TokenState};
use countersign_gateway::{Dialect, Fault, FaultGroup};
use countersign_secret::Secret;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::command_line::{Gateway, add_demo, with_secret};
use crate::gateway::client::{Lab, SECRET};
use crate::need;
use crate::scripted::{Received, Scripted, http, json};
use crate::support::child::Child;
use crate::support::cli::{Said, command, run_with};
use crate::support::keyring;
use crate::support::pki::Pki;
use crate::support::sandbox::Sandbox;

const SCOPE: &str = "payments:read payments:write";
/// With it the gateway hands out a refresh token.
const REFRESHED: &str = "payments:read payments:write payments:refund";
const ORDER: &str = r#"{"amount": 1250, "currency": "AED"}"#;

/// A console on a clock of its own, with credentials whose secret is at hand.
struct Desk {
    console: Console,
    hand: ManualClock,
    changes: UnboundedReceiver<Change>,
    _sandbox: Sandbox,
}

fn form(name: &str, recipe: &str, token_endpoint: &str, scope: &str) -> CredentialForm {
    CredentialForm {
        existing: None,
        title: name.into(),
        recipe: recipe.into(),
        token_endpoint: token_endpoint.into(),
        client_id: "demo-client".into(),
        token_endpoint_auth_method: "client_secret_basic".into(),
        basic_encoding: "form".into(),
        scope: scope.into(),
        allowed_hosts: vec!["localhost".into()],
        environments: Vec::new(),
        issuer: None,
        grant_type: None,
        grant: None,
    }
}

impl Desk {
    async fn open(ca: &str, secret: &str) -> Self {
        let (sandbox, (clock, hand)) = (Sandbox::new(), Clock::manual(Clock::system(None).now()));
        let root: PathBuf = sandbox.path().join("root.pem");
        std::fs::write(&root, ca).unwrap();
        std::fs::create_dir_all(sandbox.workspace().join("environments")).unwrap();
        for name in ["sandbox", "live"] {
            std::fs::write(sandbox.workspace().join(format!("environments/{name}.toml")), "colour = \"grey\"\n")
                .unwrap();
        }
        let options = Options {
            workspace: Some(sandbox.workspace()),
            data_dir: Some(sandbox.data()),
            vault: Some(Backend::Memory),
            clock: Some(clock),
            connection: ConnectionOptions { ca: vec![root], ..ConnectionOptions::default() },
            secrets: vec![(None, Arc::new(Secret::new(secret.to_owned())))],
            ..Options::default()
        };
        let console = Console::open(options).await.unwrap();
        let (told, changes) = unbounded_channel();
        let tell = move |change| {
            let _test_is_over = told.send(change);
        };
        console.changes(tell).await.unwrap();
        Self { console, hand, changes, _sandbox: sandbox }
    }

    /// With the credential `demo` of a gateway.
    async fn at(lab: &Lab, scope: &str) -> Self {
        let desk = Self::open(lab.gateway.ca_pem(), SECRET).await;
        desk.console
            .credential_save(form("demo", "rfc6749", &lab.gateway.ready().token_endpoint, scope))
            .await
            .unwrap();
        desk
    }

    async fn send(&self, draft: RequestDraft) -> Exchange {
        self.console.send(draft, |_| {}).await.unwrap().evidence
    }

    async fn row(&self) -> TokenRow {
        let [row] = <[TokenRow; 1]>::try_from(self.console.token_list().await.unwrap()).expect("one token");
        row
    }

    /// Waits until the one token is of this generation, as a window does: told of changes, never asking on its own.
    async fn until_generation(&mut self, generation: u64) -> TokenRow {
        let waiting = async {
            loop {
                let row = self.row().await;
                if row.token.generation == generation && row.token.state == TokenState::Valid {
                    return row;
                }
                while self.changes.recv().await.expect("the console lives") != Change::Tokens {}
            }
        };
        tokio::time::timeout(Duration::from_secs(30), waiting)
            .await
            .unwrap_or_else(|_| panic!("no generation {generation}"))
    }
}

fn draft(method: &str, url: &str, credential: &str, content: Option<&str>) -> RequestDraft {
    RequestDraft {
        method: method.into(),
        url: url.into(),
        authorization: Some(DraftAuthorization { credential: credential.into(), scope: None }),
        content: content.map(Into::into),
        content_type: content.map(|_| "application/json".into()),
        ..RequestDraft::default()
    }
}

fn get(lab: &Lab) -> RequestDraft {
    draft("GET", &lab.api("/payments"), "demo", None)
}

/// How often the gateway was asked for a token, and what its API answered, oldest first.
fn seen(lab: &Lab) -> (usize, Vec<u16>) {
    let (calls, api): (Vec<_>, Vec<_>) =
        lab.gateway.seen().into_iter().rev().partition(|seen| seen.request.contains("token"));
    (calls.len(), api.into_iter().map(|seen| seen.status.unwrap()).collect())
}

fn status(e: &Exchange) -> u16 {
    e.response.as_ref().unwrap_or_else(|| panic!("no answer: {:?}", e.error)).status
}

fn origin(e: &Exchange) -> TokenOrigin {
    e.token.as_ref().and_then(|token| token.origin).expect("a token")
}

#[tokio::test]
async fn a_token_is_renewed_before_it_expires_without_being_asked_for() {
    let lab = Lab::start(Dialect::Rfc).await;
    let mut desk = Desk::at(&lab, SCOPE).await;
    let first = desk.send(get(&lab)).await;
    assert_eq!((status(&first), origin(&first)), (200, TokenOrigin::Acquired));
    let token = first.token.unwrap();
    let life = token.expires_at.unwrap().unix_millis() - token.issued_at.unwrap().unix_millis();
    let soft = token.renew_at.unwrap().unix_millis() - token.issued_at.unwrap().unix_millis();
    assert_eq!(life, 300_000);
    assert!((210_000..=240_000).contains(&soft), "a quarter before, spread by a fifth: {soft}");

    // the renewal point is reached, the end is not
    lab.later(241);
    desk.hand.advance(Duration::from_secs(241));
    let row = desk.until_generation(2).await;
    assert_eq!(row.generations[0].reason, "renewed before expiry");
    assert!(row.generations[0].exchange.is_some(), "the call is an exchange that can be opened: {row:?}");
    assert_eq!(seen(&lab), (2, vec![200]), "in the background: no request waited for it");
    lab.later(100);
    desk.hand.advance(Duration::from_secs(100));
    let second = desk.send(get(&lab)).await;
    assert_eq!((status(&second), origin(&second)), (200, TokenOrigin::Reused), "the first would have died 41 s ago");
    assert!(second.previous_attempts.is_empty());
    desk.console.close().await;
    lab.gateway.stop().await;
}

#[tokio::test]
async fn an_hour_of_use_never_meets_an_expired_token() {
    let lab = Lab::start(Dialect::Rfc).await;
    let desk = Desk::at(&lab, SCOPE).await;
    // now and then longer than a life passes, as when the computer sleeps
    for (n, pause) in [40, 95, 130, 299, 301, 700].into_iter().cycle().take(18).enumerate() {
        let e = desk.send(get(&lab)).await;
        assert_eq!((status(&e), e.previous_attempts.len()), (200, 0), "send {n}");
        lab.later(pause);
        desk.hand.advance(Duration::from_secs(pause));
    }
    let (calls, answers) = seen(&lab);
    assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
    assert!(calls <= 19, "the first, and at most one for each pause: {calls}");
    assert_eq!(lab.gateway.most_token_calls_in_flight(), 1);
    desk.console.close().await;
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_the_request_sent_once_more_both_in_sight() {
    let lab = Lab::start(Dialect::Rfc).await;
    let desk = Desk::at(&lab, SCOPE).await;
    desk.send(get(&lab)).await;
    lab.gateway.expire_tokens_now();
    let e = desk.send(draft("POST", &lab.api("/payments"), "demo", Some(ORDER))).await;
    assert_eq!((status(&e), e.outcome, origin(&e)), (201, Outcome::Answered, TokenOrigin::Renewed));
    let [refused] = &e.previous_attempts[..] else { panic!("{:?}", e.previous_attempts) };
    assert_eq!((refused.reason, status(&refused.exchange)), (AttemptReason::TokenRenewed, 401));
    assert!(refused.exchange.findings[0].id.starts_with("token."), "why: {:?}", refused.exchange.findings);
    let (before, after) = (refused.exchange.token.as_ref().unwrap(), e.token.as_ref().unwrap());
    assert_eq!((before.generation, after.generation), (1, 2));
    let call = after.exchange.as_ref().expect("the renewal is an exchange of its own");
    assert_eq!(status(call), 200);
    assert_eq!(seen(&lab), (2, vec![200, 401, 201]), "one renewal, one retry with the same content");
    assert_eq!(desk.row().await.generations[0].reason, "the server refused generation 1");
    let call = e.token.as_ref().unwrap().exchange.as_ref().unwrap();
    assert!(
        e.timing.credential + e.timing.token >= call.timing.total,
        "the renewal's time stands on its row: {:?}, {:?}",
        e.timing,
        call.timing
    );
    desk.console.close().await;
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_second_refusal_is_the_answer() {
    for fault in ["token-revoked", "unauthorized-storm"] {
        let lab = Lab::start(Dialect::Rfc).await;
        let desk = Desk::at(&lab, SCOPE).await;
        lab.gateway.set_fault(Fault::parse(fault).unwrap());
        let e = desk.send(get(&lab)).await;
        assert_eq!((status(&e), e.previous_attempts.len()), (401, 1), "{fault}");
        assert_eq!(seen(&lab), (2, vec![401, 401]), "{fault}: no third try");
        assert!(!e.findings.is_empty(), "{fault}: and why is said");
        lab.gateway.clear_fault(FaultGroup::Token);
        let again = desk.send(get(&lab)).await;
        assert_eq!(status(&again), 200, "{fault}: the next send starts afresh");
        desk.console.close().await;
        lab.gateway.stop().await;
    }
}

#[tokio::test]
async fn a_renewal_that_is_refused_stands_beside_the_401_it_was_for() {
    let lab = Lab::start(Dialect::Rfc).await;
    let desk = Desk::at(&lab, SCOPE).await;
    desk.send(get(&lab)).await;
    lab.gateway.expire_tokens_now();
    lab.gateway.set_fault(Fault::parse("client-refused").unwrap());
    let e = desk.send(get(&lab)).await;
    assert_eq!((status(&e), e.previous_attempts.len()), (401, 0), "there was nothing to try again with");
    let call = e.token.as_ref().unwrap().exchange.as_ref().expect("the call that was refused");
    assert_eq!(status(call), 401);
    assert_eq!(seen(&lab), (2, vec![200, 401]));
    desk.console.close().await;
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_missing_scope_is_not_cured_by_another_token() {
    let lab = Lab::start(Dialect::Rfc).await;
    let desk = Desk::at(&lab, "payments:read").await;
    let e = desk.send(draft("POST", &lab.api("/payments"), "demo", Some(ORDER))).await;
    assert_eq!((status(&e), e.previous_attempts.len()), (403, 0), "RFC 6750, section 3.1");
    assert_eq!(seen(&lab), (1, vec![403]), "and none was asked for");
    assert_eq!(e.findings[0].id, "token.insufficient_scope");
    desk.console.close().await;
    lab.gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_sends_at_once_share_one_token_call_and_one_renewal() {
    let lab = Lab::start(Dialect::Rfc).await;
    let desk = Desk::at(&lab, SCOPE).await;
    for (round, calls) in [("first use", 1), ("after a refusal", 2)] {
        let sends: Vec<_> = (0..20)
            .map(|_| {
                let (console, draft) = (desk.console.clone(), get(&lab));
                tokio::spawn(async move { console.send(draft, |_| {}).await.unwrap().evidence })
            })
            .collect();
        for send in sends {
            let e = send.await.unwrap();
            assert_eq!(status(&e), 200, "{round}");
            assert!(e.previous_attempts.len() < calls, "{round}: {:?}", e.previous_attempts);
        }
        assert_eq!(seen(&lab).0, calls, "{round}");
        assert_eq!(lab.gateway.most_token_calls_in_flight(), 1, "{round}");
        lab.gateway.expire_tokens_now();
    }
    desk.console.close().await;
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_token_is_of_one_credential_one_scope_and_one_environment() {
    let lab = Lab::start(Dialect::Rfc).await;
    let desk = Desk::at(&lab, SCOPE).await;
    let endpoint = lab.gateway.ready().token_endpoint;
    desk.console.credential_save(form("twin", "rfc6749", &endpoint, SCOPE)).await.unwrap();
    let scoped = |scope: &str| {
        let mut draft = get(&lab);
        draft.authorization = Some(DraftAuthorization { credential: "demo".into(), scope: Some(scope.into()) });
        draft
    };
    for (what, draft, calls) in [
        ("the first", get(&lab), 1),
        ("the same", get(&lab), 1),
        ("all of the scope, in another order", scoped("payments:write payments:read"), 1),
        ("a part of the scope", scoped("payments:read"), 2),
        ("the same part", scoped("payments:read"), 2),
        ("another credential of the same client", draft("GET", &lab.api("/payments"), "twin", None), 3),
    ] {
        let e = desk.send(draft).await;
        assert_eq!((status(&e), seen(&lab).0), (200, calls), "{what}");
    }
    desk.console.environment_choose(Some("live")).await.unwrap();
    assert_eq!(origin(&desk.send(get(&lab)).await), TokenOrigin::Acquired, "two environments never share");
    desk.console.environment_choose(None).await.unwrap();
    assert_eq!(origin(&desk.send(get(&lab)).await), TokenOrigin::Reused, "and the old one waits");
    let edited =
        CredentialForm { existing: Some("demo".into()), ..form("demo", "rfc6749", &endpoint, "payments:read") };
    desk.console.credential_save(edited).await.unwrap();
    assert_eq!(origin(&desk.send(get(&lab)).await), TokenOrigin::Acquired, "an edited credential starts anew");
    let wrong = desk.send(scoped("payments:refund")).await;
    assert_eq!(wrong.error.unwrap().code, "credential.scope_not_listed");
    assert_eq!(seen(&lab).0, 5, "no call for a scope it does not have");
    desk.console.close().await;
    lab.gateway.stop().await;
}

#[tokio::test]
async fn refresh_tokens_rotate_and_a_spent_one_is_never_used_again() {
    let lab = Lab::start(Dialect::Rfc).await;
    let mut desk = Desk::at(&lab, REFRESHED).await;
    for generation in 1..=6 {
        let e = desk.send(get(&lab)).await;
        assert_eq!((status(&e), e.token.unwrap().generation), (200, generation));
        lab.later(241);
        desk.hand.advance(Duration::from_secs(241));
        desk.until_generation(generation + 1).await;
    }
    assert_eq!((seen(&lab).0, lab.gateway.refresh_reuse()), (7, 0));
    desk.console.close().await;
    lab.gateway.stop().await;
}

/// A token endpoint whose refresh tokens are good or not, and an API.
fn endpoints(pki: &Pki, refresh_works: bool) -> Scripted {
    let issued = AtomicUsize::new(0);
    Scripted::tls(pki, move |request: &Received| {
        if request.target != "/token" {
            return http("200 OK", &[], "fine");
        }
        if !refresh_works && request.content.starts_with(b"grant_type=refresh_token") {
            return json("400 Bad Request", r#"{"error": "invalid_grant", "error_description": "Stale token"}"#);
        }
        let n = issued.fetch_add(1, Ordering::SeqCst) + 1;
        let answer = r#"{"access_token": "opaque-access-N", "token_type": "Bearer", "expires_in": 300, "refresh_token": "opaque-refresh-N"}"#;
        json("200 OK", &answer.replace('N', &n.to_string()))
    })
}

/// The forms a token endpoint was sent.
fn forms(server: &Scripted) -> Vec<String> {
    let calls = server.received().into_iter().filter(|request| request.target == "/token");
    calls.map(|request| String::from_utf8(request.content).unwrap()).collect()
}

#[tokio::test]
async fn a_refresh_token_is_used_and_where_it_is_refused_the_client_asks_anew() {
    for (works, wanted) in [
        (
            true,
            &[
                "client_credentials&scope=a",
                "refresh_token&refresh_token=opaque-refresh-1",
                "refresh_token&refresh_token=opaque-refresh-2",
            ][..],
        ),
        (
            false,
            &[
                "client_credentials&scope=a",
                "refresh_token&refresh_token=opaque-refresh-1",
                "client_credentials&scope=a",
                "refresh_token&refresh_token=opaque-refresh-2",
                "client_credentials&scope=a",
            ],
        ),
    ] {
        let pki = Pki::new();
        let server = endpoints(&pki, works);
        let mut desk = Desk::open(&pki.root, "s3cret").await;
        desk.console.credential_save(form("demo", "rfc6749", &server.https("/token"), "a")).await.unwrap();
        for generation in 1..=2 {
            assert_eq!(status(&desk.send(draft("GET", &server.https("/api"), "demo", None)).await), 200);
            desk.hand.advance(Duration::from_secs(241));
            desk.until_generation(generation + 1).await;
        }
        let asked = forms(&server);
        assert_eq!(asked.len(), wanted.len(), "{asked:?}");
        for (asked, wanted) in asked.iter().zip(wanted) {
            assert!(
                asked.starts_with(&format!("grant_type={wanted}")),
                "RFC 6749, section 6: `{asked}`, not `{wanted}`"
            );
        }
        let e = desk.send(draft("GET", &server.https("/api"), "demo", None)).await;
        assert_eq!((status(&e), origin(&e)), (200, TokenOrigin::Reused));
        let last = server.received().pop().unwrap();
        assert_eq!(last.field("authorization"), Some("Bearer opaque-access-3"), "the newest one");
        let shown = serde_json::to_string(&(e, desk.console.token_list().await.unwrap())).unwrap();
        assert!(!shown.contains("opaque-access-3") && !shown.contains("opaque-refresh-3"), "{shown}");
        desk.console.close().await;
    }
}

/// An order as the vendor's API takes it.
fn order(lab: &Lab) -> RequestDraft {
    const PAYMENT: &str = "application/vnd.ni-payment.v2+json";
    let content = r#"{"action": "SALE", "amount": {"currencyCode": "AED", "value": 1250}}"#;
    RequestDraft {
        content_type: Some(PAYMENT.into()),
        fields: vec![DraftField { name: "Accept".into(), value: PAYMENT.into(), off: false }],
        ..draft("POST", &lab.api("/outlets/outlet-1/orders"), "ngenius", Some(content))
    }
}

#[tokio::test]
async fn the_ngenius_recipe_gets_its_order_through_and_asks_anew_before_five_minutes_are_over() {
    let lab = Lab::start(Dialect::Ngenius).await;
    let key = STANDARD.encode(format!("demo-client:{SECRET}"));
    let mut desk = Desk::open(lab.gateway.ca_pem(), &key).await;
    desk.console.credential_save(form("ngenius", "ngenius", &lab.gateway.ready().token_endpoint, "")).await.unwrap();
    let e = desk.send(order(&lab)).await;
    assert_eq!(status(&e), 201, "{:?}", e.findings);
    lab.later(241);
    desk.hand.advance(Duration::from_secs(241));
    desk.until_generation(2).await;
    lab.later(60);
    desk.hand.advance(Duration::from_secs(60));
    assert_eq!(status(&desk.send(order(&lab)).await), 201, "the first token has died meanwhile");
    assert_eq!(seen(&lab), (2, vec![201, 201]));
    lab.gateway.expire_tokens_now();
    let e = desk.send(order(&lab)).await;
    assert_eq!(
        (status(&e), e.previous_attempts.len()),
        (201, 1),
        "a refusal in the vendor's shape leads to one renewal too"
    );
    desk.console.close().await;
    lab.gateway.stop().await;
}

#[tokio::test]
async fn the_ngenius_recipe_sends_the_key_as_it_was_issued_and_nothing_else() {
    const IDENTITY: &str = "application/vnd.ni-identity.v1+json";
    let pki = Pki::new();
    let server = endpoints(&pki, true);
    let key = STANDARD.encode("id:secret/+=");
    let mut desk = Desk::open(&pki.root, &key).await;
    desk.console.credential_save(form("ngenius", "ngenius", &server.https("/token"), "")).await.unwrap();
    desk.send(draft("GET", &server.https("/api"), "ngenius", None)).await;
    desk.hand.advance(Duration::from_secs(241));
    desk.until_generation(2).await;
    let calls: Vec<_> = server.received().into_iter().filter(|request| request.target == "/token").collect();
    assert_eq!(calls.len(), 2);
    for call in calls {
        assert_eq!(
            (call.method.as_str(), call.field("authorization")),
            ("POST", Some(format!("Basic {key}").as_str())),
            "not encoded again"
        );
        assert_eq!((call.field("content-type"), call.field("accept")), (Some(IDENTITY), Some(IDENTITY)));
        assert_eq!(
            (call.content.len(), call.field("content-length")),
            (0, Some("0")),
            "asked anew, the refresh token is not used"
        );
    }
    desk.console.close().await;
}

#[test]
fn a_watched_token_is_renewed_before_it_dies_and_each_step_is_a_line() {
    let sandbox = Sandbox::new();
    let gateway = Gateway::start(&sandbox, SECRET, &["--token-lifetime", "5s"]);
    add_demo(&sandbox, &gateway.text("token_endpoint"), "payments:read", SECRET);
    let ca = gateway.text("ca_file");
    let words = ["token", "watch", "demo", "--vault", "memory", "--secret-env", "DEMO_SECRET", "--ca", &ca];
    let lines =
        with_secret(&sandbox, &[&words[..], &["--renewals", "2", "--json"]].concat(), SECRET).expect(0).json_lines();
    let valid = lines.iter().filter(|line| line["token"]["state"] == "valid");
    let generations: Vec<u64> = valid.filter_map(|line| line["token"]["generation"].as_u64()).collect();
    assert_eq!(generations, [1, 2, 3], "one line each: {lines:?}");
    let steps = lines.last().unwrap()["generations"].as_array().unwrap().clone();
    let origins: Vec<&str> = steps.iter().filter_map(|step| step["origin"].as_str()).collect();
    assert_eq!(origins, ["renewed", "renewed", "acquired"], "none died first");
    let wrong = with_secret(&sandbox, &words, "another-secret-than-theirs").expect(5);
    assert!(wrong.err.contains("the client was refused"), "a refusal for good ends it: {}", wrong.err);
}

#[test]
fn a_renewal_after_a_refusal_is_told_in_words_and_in_json() {
    let (pki, sandbox) = (Pki::new(), Sandbox::new());
    let tokens = endpoints(&pki, true);
    let api = Scripted::tls(&pki, |request| match request.field("authorization") {
        Some("Bearer opaque-access-1" | "Bearer opaque-access-3") => http(
            "401 Unauthorized",
            &[("WWW-Authenticate", "Bearer error=\"invalid_token\", error_description=\"expired\"")],
            "",
        ),
        _ => http("200 OK", &[], "fine"),
    });
    let run = |arguments: &[&str]| -> Said {
        let mut command = command(&sandbox, &[arguments, &["--vault", "memory", "--secret-env", "SECRET"]].concat());
        command.env("SECRET", "s3cret");
        run_with(command, None)
    };
    let (endpoint, url, ca) = (tokens.https("/token"), api.https("/v1"), pki.text("root.pem"));
    run(&[
        "credential",
        "add",
        "demo",
        "--client-id",
        "c",
        "--token-endpoint",
        &endpoint,
        "--allowed-host",
        "localhost",
    ])
    .expect(0);
    let send = ["send", "GET", &url, "--credential", "demo", "--ca", &ca];
    let document = run(&[&send[..], &["--json"]].concat()).expect(0).json();
    assert_eq!(document["previous_attempts"][0]["reason"], "token_renewed");
    assert_eq!(document["previous_attempts"][0]["response"]["status"], 401);
    assert_eq!((&document["response"]["status"], &document["token"]["origin"]), (&200.into(), &"renewed".into()));
    let words = run(&send).expect(0);
    let (first, last) = words.out.split_once("\n\n").unwrap_or_else(|| panic!("one attempt only:\n{}", words.out));
    assert!(first.starts_with("Attempt 1") && first.contains("401"), "{first}");
    assert!(last.contains("renewed") && last.contains("200"), "{last}");
    assert!(!words.out.contains("opaque-access-"), "no token in words");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_with_a_refresh_token_share_one_call_and_the_other_adopts() {
    need!(keyring(), "a throw-away keychain");
    let (lab, sandbox) = (Lab::start(Dialect::Rfc).await, Sandbox::new());
    let ca = sandbox.path().join("root.pem");
    std::fs::write(&ca, lab.gateway.ca_pem()).unwrap();
    let mut add = command(
        &sandbox,
        &[
            "credential",
            "add",
            "demo",
            "--client-id",
            "demo-client",
            "--token-endpoint",
            &lab.gateway.ready().token_endpoint,
            "--scope",
            REFRESHED,
            "--allowed-host",
            "localhost",
            "--secret-env",
            "SECRET",
        ],
    );
    add.env("SECRET", SECRET);
    run_with(add, None).expect(0);
    let arguments = ["token", "get", "demo", "--ca", ca.to_str().unwrap(), "--json"];
    let children: Vec<Child> = (0..3).map(|_| Child::start(&mut command(&sandbox, &arguments), None)).collect();
    let mut origins = Vec::new();
    let mut fingerprints = Vec::new();
    for child in children {
        let (code, output) = child.end(Duration::from_secs(60));
        assert_eq!(code, Some(0), "{output}");
        let document: serde_json::Value = serde_json::from_str(&output).unwrap();
        origins.push(document["token"]["origin"].as_str().unwrap().to_owned());
        fingerprints.push(document["token"]["fingerprint"].as_str().unwrap().to_owned());
    }
    origins.sort();
    fingerprints.dedup();
    assert_eq!((origins, fingerprints.len()), (vec!["acquired".into(), "adopted".into(), "adopted".into()], 1));
    assert_eq!(seen(&lab).0, 1, "one call for all of them");
    let remove = command(&sandbox, &["credential", "remove", "demo"]);
    run_with(remove, None).expect(0);
    lab.gateway.stop().await;
}
