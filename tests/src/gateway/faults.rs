//! Every fault does what its sentence says, and stops doing it when it is switched off.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_gateway::{Dialect, Fault, FaultGroup};
use jsonwebtoken::decode_header;
use serde_json::Value;
use tokio::time::Instant;

use super::client::{Answer, Lab, SECRET, Signer, answer, basic, client, tls, words};

const ORDER: &str = r#"{"amount": 1250, "currency": "AED"}"#;
const SCOPE: &str = "payments:read payments:write";

/// A gateway with one fault switched on.
async fn broken(fault: &str) -> Lab {
    let lab = Lab::start(Dialect::Rfc).await;
    lab.gateway.set_fault(Fault::parse(fault).unwrap());
    lab
}

fn clear(lab: &Lab) {
    FaultGroup::ALL.into_iter().for_each(|group| lab.gateway.clear_fault(group));
    assert!(lab.gateway.faults().is_empty());
}

async fn ask(lab: &Lab) -> Answer {
    lab.ask(Some(&basic("demo-client", SECRET)), &[("grant_type", "client_credentials"), ("scope", SCOPE)]).await
}

fn claims(token: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

#[test]
fn every_fault_there_is_has_a_test_here() {
    let tested = [
        "certificate-expired",
        "certificate-wrong-host",
        "certificate-untrusted-root",
        "certificate-case=expired",
        "client-refused",
        "token-life=15s",
        "scope-narrowed",
        "audience-wrong",
        "token-revoked",
        "kid-unknown",
        "unauthorized-storm",
        "token-status=503",
        "token-html",
        "rate-limited=30s",
        "content-changed",
        "key-other",
        "replay",
        "host-rewritten",
        "content-reserialised",
        "key-rotated",
        "status=503",
        "delay=2s",
        "size=64MiB",
        "truncated",
        "html",
        "dropped",
        "clock=+600s",
        "clock=-600s",
        "date-missing",
        // in token_faults.rs
        "issuer-other",
        "kid-missing",
        "keys-rotated",
        "token-opaque",
        "refresh-reuse",
        "basic-raw",
        "refusals-odd",
        "token-rate=0.1",
        "token-empty",
        "token-truncated",
        "token-dropped",
        "token-delay=5s",
        "token-bom",
        "token-gzip",
        "token-type-odd=MAC",
        "scope-missing",
        "expires-in-text",
        "expires-in-ms",
        "expires-in-absolute",
        "expires-in-missing",
        // in sign_in.rs and device.rs
        "consent-denied",
        // in proofs.rs
        "dpop-nonce",
    ];
    let there = FaultGroup::ALL.into_iter().flat_map(|group| group.choices().iter().map(|(id, _, _)| *id));
    assert_eq!(there.collect::<BTreeSet<_>>(), BTreeSet::from(tested));
}

#[test]
fn the_page_of_the_gateway_lists_every_fault_with_its_effect() {
    let page = std::fs::read_to_string(crate::support::root().join("docs/gateway.md")).unwrap();
    let listed: Vec<&str> = page.lines().filter(|line| line.starts_with("| `") && line.ends_with(". |")).collect();
    let choices = FaultGroup::ALL.into_iter().flat_map(|group| group.choices());
    let wanted: Vec<String> = choices.map(|(id, _, effect)| format!("| `{id}` | {effect} |")).collect();
    assert_eq!(listed, wanted, "docs/gateway.md and the faults that there are");
}

#[tokio::test]
async fn one_fault_of_a_group_takes_the_place_of_another() {
    let lab = broken("client-refused").await;
    lab.gateway.set_fault(Fault::parse("delay=1s").unwrap());
    lab.gateway.set_fault(Fault::parse("token-life=9s").unwrap());
    let active: Vec<String> = lab.gateway.faults().iter().map(ToString::to_string).collect();
    assert_eq!(active, ["token-life=9s", "delay=1s"]);
    assert_eq!(ask(&lab).await.json()["expires_in"], 9);
    lab.gateway.stop().await;
}

#[tokio::test]
async fn certificate_faults_are_refused_by_any_client_and_leave_the_authorization_server_alone() {
    let lab = Lab::start(Dialect::Rfc).await;
    let token = lab.token(SCOPE).await;
    for (fault, said, alert) in [
        ("certificate-expired", "certificate expired", "alert 45, certificate_expired"),
        ("certificate-wrong-host", "payments.example.test", "alert 42, bad_certificate"),
        ("certificate-untrusted-root", "UnknownIssuer", "alert 48, unknown_ca"),
    ] {
        let mut seen = lab.gateway.subscribe();
        lab.gateway.set_fault(Fault::parse(fault).unwrap());
        // a client of its own: no connection, no session from before
        let fresh = client(tls(lab.gateway.ca_der(), rustls::ALL_VERSIONS, &["h2"]));
        let error = words(&fresh.get(lab.api("/payments")).send().await.unwrap_err());
        assert!(error.contains(said), "{fault}: {error}");
        let entry = seen.recv().await.unwrap();
        assert_eq!((entry.judged.as_str(), entry.status, entry.on_purpose), (alert, None, true), "{fault}");
        assert_eq!(ask(&lab).await.status, 200, "{fault}: only the API presents it");
        clear(&lab);
        let fresh = client(tls(lab.gateway.ca_der(), rustls::ALL_VERSIONS, &["h2"]));
        let again = fresh.get(lab.api("/payments")).header("authorization", format!("Bearer {token}"));
        assert_eq!(answer(again).await.status, 200, "{fault} is off");
    }
    lab.gateway.stop().await;
}

#[tokio::test]
async fn the_chain_of_a_case_of_the_zoo_is_presented_in_place_of_the_good_one() {
    let lab = Lab::start(Dialect::Rfc).await;
    let token = lab.token(SCOPE).await;
    for (case, said) in [
        ("expired", "certificate expired"),
        ("self-signed", "UnknownIssuer"),
        ("missing-intermediate", "UnknownIssuer"),
        ("wrong-host", "payments.zoo.test"),
    ] {
        lab.gateway.set_fault(Fault::parse(&format!("certificate-case={case}")).unwrap());
        let fresh = client(tls(lab.gateway.ca_der(), rustls::ALL_VERSIONS, &["h2"]));
        let error = words(&fresh.get(lab.api("/payments")).send().await.unwrap_err());
        assert!(error.contains(said), "{case}: {error}");
    }
    assert!(!lab.gateway.zoo().is_empty(), "the zoo is served, so that what its certificates point at answers");
    clear(&lab);
    let fresh = client(tls(lab.gateway.ca_der(), rustls::ALL_VERSIONS, &["h2"]));
    let again = fresh.get(lab.api("/payments")).header("authorization", format!("Bearer {token}"));
    assert_eq!(answer(again).await.status, 200, "the fault is off");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn answers_carry_no_date_while_the_fault_is_on() {
    let lab = broken("date-missing").await;
    for protocol in ["h2", "http/1.1"] {
        let client = client(tls(lab.gateway.ca_der(), rustls::ALL_VERSIONS, &[protocol]));
        let get = || answer(client.get(lab.gateway.ready().jwks_uri));
        assert_eq!(get().await.field("date"), "", "{protocol}");
        clear(&lab);
        assert_ne!(get().await.field("date"), "", "{protocol}: as ever");
        lab.gateway.set_fault(Fault::parse("date-missing").unwrap());
    }
    lab.gateway.stop().await;
}

#[tokio::test]
async fn an_expired_certificate_expired_three_days_ago() {
    let lab = broken("certificate-expired").await;
    let error = words(&lab.client.get(lab.api("/payments")).send().await.unwrap_err());
    let ago =
        error.split(" seconds ago").next().and_then(|text| text.rsplit('(').next()).and_then(|text| text.parse().ok());
    let three_days = 3 * 24 * 3600;
    assert!(ago.is_some_and(|ago: u64| (three_days..three_days + 60).contains(&ago)), "{ago:?}: {error}");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn an_open_connection_ends_when_the_certificate_changes() {
    let lab = Lab::start(Dialect::Rfc).await;
    let token = lab.token(SCOPE).await;
    assert_eq!(lab.get("/payments", &token).await.status, 200);
    lab.gateway.set_fault(Fault::parse("certificate-expired").unwrap());
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let sent = lab.client.get(lab.api("/payments")).header("authorization", format!("Bearer {token}")).send().await;
        if sent.is_err() {
            break;
        }
        assert!(Instant::now() < deadline, "the pooled connection serves on behind the other certificate");
        tokio::task::yield_now().await;
    }
    lab.gateway.stop().await;
}

#[tokio::test]
async fn token_endpoint_faults_answer_in_place_of_the_token() {
    let lab = broken("client-refused").await;
    ask(&lab).await.refused(401, "invalid_client");
    assert!(lab.judged().3, "on purpose");

    lab.gateway.set_fault(Fault::parse("token-status=503").unwrap());
    assert_eq!(ask(&lab).await.status, 503);
    lab.gateway.set_fault(Fault::parse("token-status=500").unwrap());
    assert_eq!(ask(&lab).await.status, 500, "the argument counts");

    lab.gateway.set_fault(Fault::parse("token-html").unwrap());
    let html = ask(&lab).await;
    assert_eq!((html.status, html.field("content-type")), (200, "text/html; charset=utf-8"));
    assert!(html.body.starts_with("<!DOCTYPE html>"));

    lab.gateway.set_fault(Fault::parse("rate-limited=30s").unwrap());
    let limited = ask(&lab).await;
    assert_eq!((limited.status, limited.field("retry-after")), (429, "30"));
    assert_eq!(lab.judged(), ("POST /oauth2/token".into(), Some(429), "fault rate-limited=30s".into(), true));

    clear(&lab);
    assert_eq!(ask(&lab).await.status, 200);
    lab.gateway.stop().await;
}

#[tokio::test]
async fn token_faults_change_what_is_issued() {
    let lab = broken("token-life=15s").await;
    let short = ask(&lab).await.json();
    let life = claims(short["access_token"].as_str().unwrap());
    assert_eq!(short["expires_in"], 15);
    assert_eq!(life["exp"].as_i64().unwrap() - life["iat"].as_i64().unwrap(), 15, "the token says the same");

    lab.gateway.set_fault(Fault::parse("scope-narrowed").unwrap());
    let narrow = ask(&lab).await.json();
    assert_eq!(narrow["scope"], "payments:read");
    let refused = lab.post("/payments", narrow["access_token"].as_str().unwrap(), ORDER).await;
    assert_eq!((refused.status, refused.json()["error"].as_str()), (403, Some("insufficient_scope")));
    assert!(lab.judged().3, "on purpose");

    lab.gateway.set_fault(Fault::parse("audience-wrong").unwrap());
    let token = ask(&lab).await.json()["access_token"].as_str().unwrap().to_owned();
    assert_ne!(claims(&token)["aud"], lab.gateway.ready().base_url);
    let refused = lab.get("/payments", &token).await;
    let said = "Bearer realm=\"countersign\", error=\"invalid_token\", error_description=\"The token is for https://reports.example.test\"";
    assert_eq!((refused.status, refused.field("www-authenticate")), (401, said));

    lab.gateway.set_fault(Fault::parse("kid-unknown").unwrap());
    let token = ask(&lab).await.json()["access_token"].as_str().unwrap().to_owned();
    let kid = decode_header(&token).unwrap().kid.unwrap();
    let keys = answer(lab.client.get(lab.gateway.ready().jwks_uri)).await.json();
    assert!(keys["keys"].as_array().unwrap().iter().all(|key| key["kid"] != kid), "in no JWKS");
    let refused = lab.get("/payments", &token).await;
    assert!(refused.status == 401 && refused.field("www-authenticate").contains(&kid), "{refused:?}");
    clear(&lab);
    assert_eq!(lab.get("/payments", &lab.token(SCOPE).await).await.status, 200);
    lab.gateway.stop().await;
}

#[tokio::test]
async fn token_faults_change_how_a_good_token_is_judged() {
    let lab = Lab::start(Dialect::Rfc).await;
    let token = lab.token(SCOPE).await;
    lab.gateway.set_fault(Fault::parse("token-revoked").unwrap());
    let revoked = lab.get("/payments", &token).await;
    assert!(revoked.status == 401 && revoked.field("www-authenticate").contains("The token is revoked"), "{revoked:?}");
    lab.gateway.set_fault(Fault::parse("unauthorized-storm").unwrap());
    let storm = lab.get("/payments", &token).await;
    assert_eq!((storm.status, storm.field("www-authenticate"), storm.body.as_str()), (401, "", ""), "without a reason");
    clear(&lab);
    assert_eq!(lab.get("/payments", &token).await.status, 200);
    lab.gateway.stop().await;
}

#[tokio::test]
async fn signature_faults_name_what_something_between_changed() {
    let (lab, signer) = (Lab::start(Dialect::Rfc).await, Signer::new());
    lab.gateway.trust_key(signer.trusted());
    let token = lab.token(SCOPE).await;
    for (fault, component, reason) in [
        ("content-changed", "content-digest", "content-digest differs"),
        ("content-reserialised", "content-digest", "content-digest differs"),
        ("host-rewritten", "@target-uri", "the signature does not verify over what was received"),
        ("key-other", "", "the signature does not verify over what was received"),
        ("key-rotated", "@signature-params", "no key `hand-written`"),
    ] {
        lab.gateway.set_fault(Fault::parse(fault).unwrap());
        let found = lab.signed(&signer, &token, ORDER, ORDER).await;
        let body = found.json();
        assert_eq!((found.status, body["error"].as_str()), (401, Some("invalid_signature")), "{fault}");
        assert_eq!(
            (&body["first_difference"]["component"], &body["reason"]),
            (&component.into(), &reason.into()),
            "{fault}"
        );
        assert!(lab.judged().3, "{fault} is on purpose");
        assert_eq!(lab.get("/payments", &token).await.status, 200, "{fault}: without a signature nothing is judged");
    }
    lab.gateway.set_fault(Fault::parse("host-rewritten").unwrap());
    let rewritten = lab.signed(&signer, &token, ORDER, ORDER).await.json();
    assert_eq!(rewritten["first_difference"]["server"], "https://internal.gateway.test/v1/payments");
    lab.gateway.set_fault(Fault::parse("content-reserialised").unwrap());
    let compact = ORDER.replace(' ', "");
    assert_eq!(lab.signed(&signer, &token, &compact, &compact).await.status, 201, "written the same way, it fits");
    lab.gateway.set_fault(Fault::parse("replay").unwrap());
    assert_eq!(lab.signed(&signer, &token, ORDER, ORDER).await.json()["reason"], "replay");
    clear(&lab);
    assert_eq!(lab.signed(&signer, &token, ORDER, ORDER).await.status, 201);
    lab.gateway.stop().await;
}

#[tokio::test]
async fn response_faults_answer_in_place_of_the_api() {
    let lab = broken("status=503").await;
    let token = lab.token(SCOPE).await;
    assert_eq!(lab.get("/payments", &token).await.status, 503);
    assert_eq!(lab.get("/payments", "abc").await.status, 401, "the token is judged first");
    lab.gateway.set_fault(Fault::parse("status=418").unwrap());
    assert_eq!(lab.get("/payments", &token).await.status, 418);

    lab.gateway.set_fault(Fault::parse("html").unwrap());
    let html = lab.get("/payments", &token).await;
    assert_eq!((html.status, html.field("content-type")), (200, "text/html; charset=utf-8"));

    lab.gateway.set_fault(Fault::parse("delay=1s").unwrap());
    let begin = Instant::now();
    assert_eq!(lab.get("/payments", &token).await.status, 200);
    assert!(begin.elapsed() >= Duration::from_secs(1), "it waits, then answers as ever");

    lab.gateway.set_fault(Fault::parse("size=3MiB").unwrap());
    let large = lab.get("/payments", &token).await;
    assert_eq!((large.status, large.body.len()), (200, 3 * 1024 * 1024));
    assert_eq!(large.field("content-length"), large.body.len().to_string());
    clear(&lab);
    assert_eq!(lab.get("/payments", &token).await.status, 200);
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_truncated_content_ends_early_and_a_dropped_answer_never_comes() {
    let lab = Lab::start(Dialect::Rfc).await;
    let token = lab.token(SCOPE).await;
    for protocol in ["h2", "http/1.1"] {
        let client = client(tls(lab.gateway.ca_der(), rustls::ALL_VERSIONS, &[protocol]));
        let get = || client.get(lab.api("/payments")).header("authorization", format!("Bearer {token}")).send();
        lab.gateway.set_fault(Fault::parse("truncated").unwrap());
        let mut cut = get().await.unwrap();
        assert_eq!((cut.status().as_u16(), cut.content_length()), (200, Some(107)), "{protocol}");
        assert_eq!(cut.chunk().await.unwrap().as_deref(), Some(&b"{\"id\":\"pay_"[..]), "{protocol}: some of it comes");
        assert!(cut.chunk().await.is_err(), "{protocol}: an end that is none");

        lab.gateway.set_fault(Fault::parse("dropped").unwrap());
        assert!(get().await.is_err(), "{protocol}: no answer");
        let judged = lab.judged();
        assert_eq!(
            (judged.0.as_str(), judged.1, judged.3),
            ("GET /v1/payments", None, true),
            "{protocol}: but it was seen"
        );
        clear(&lab);
        assert_eq!(get().await.unwrap().status().as_u16(), 200, "{protocol}: on a new connection");
    }
    lab.gateway.stop().await;
}

/// Seconds between our time and the `Date` of an answer.
fn ahead(found: &Answer) -> i64 {
    let format = time::macros::format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let date = time::PrimitiveDateTime::parse(found.field("date"), format).unwrap().assume_utc();
    date.unix_timestamp() - time::OffsetDateTime::now_utc().unix_timestamp()
}

#[tokio::test]
async fn a_clock_that_is_wrong_shows_in_date_and_in_what_is_issued_and_judged() {
    let lab = Lab::start(Dialect::Rfc).await;
    let token = lab.token(SCOPE).await;
    assert!(ahead(&lab.get("/payments", &token).await).abs() <= 2, "right at first");
    for shift in [600_i64, -600] {
        lab.gateway.set_fault(Fault::parse(&format!("clock={shift:+}s")).unwrap());
        let issued = ask(&lab).await;
        assert!((ahead(&issued) - shift).abs() <= 2, "Date is {} s ahead", ahead(&issued));
        let iat = claims(issued.json()["access_token"].as_str().unwrap())["iat"].as_i64().unwrap();
        assert!((iat - time::OffsetDateTime::now_utc().unix_timestamp() - shift).abs() <= 2, "and so is iat");
    }
    lab.gateway.set_fault(Fault::parse("clock=+600s").unwrap());
    let old = lab.get("/payments", &token).await;
    assert!(old.status == 401 && old.field("www-authenticate").contains("expired"), "300 s are over: {old:?}");
    clear(&lab);
    assert_eq!(lab.get("/payments", &token).await.status, 200, "it never really expired");
    lab.gateway.stop().await;
}
