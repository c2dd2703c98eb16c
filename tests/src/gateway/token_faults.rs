//! The faults of the token endpoint, each as any client meets it.

use countersign_gateway::{Dialect, Fault, FaultGroup};
use jsonwebtoken::decode_header;
use serde_json::{Value, json};
use tokio::time::{Duration, Instant};

use super::api::claims;
use super::client::{Answer, Lab, SECRET, answer, basic};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

async fn broken(fault: &str) -> Lab {
    let lab = Lab::start(Dialect::Rfc).await;
    lab.gateway.set_fault(Fault::parse(fault).unwrap());
    lab
}

fn switch(lab: &Lab, fault: &str) {
    lab.gateway.set_fault(Fault::parse(fault).unwrap());
}

async fn ask(lab: &Lab) -> Answer {
    lab.ask(Some(&basic("demo-client", SECRET)), &[GRANT]).await
}

async fn token(lab: &Lab) -> String {
    ask(lab).await.json()["access_token"].as_str().unwrap().to_owned()
}

/// Whether an answer came whole.
async fn whole(lab: &Lab) -> bool {
    let request = lab.client.post(lab.gateway.ready().token_endpoint);
    let request = request.header("authorization", basic("demo-client", SECRET));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    match request.body("grant_type=client_credentials&scope=payments:refund").send().await {
        Ok(response) => response.bytes().await.is_ok(),
        Err(_) => false,
    }
}

#[tokio::test]
async fn the_life_the_type_and_the_scope_are_told_in_odd_ways() {
    let lab = broken("expires-in-text").await;
    let body = ask(&lab).await.json();
    assert_eq!(body["expires_in"], "300", "as text");
    switch(&lab, "expires-in-ms");
    assert_eq!(ask(&lab).await.json()["expires_in"], 300_000, "in milliseconds");
    switch(&lab, "expires-in-absolute");
    let body = ask(&lab).await.json();
    assert_eq!(body["expires_in"], claims(body["access_token"].as_str().unwrap())["exp"], "as a second of the epoch");
    switch(&lab, "expires-in-missing");
    assert!(ask(&lab).await.json().get("expires_in").is_none(), "not at all");
    switch(&lab, "token-type-odd");
    assert_eq!(ask(&lab).await.json()["token_type"], "MAC", "a type nobody knows");
    switch(&lab, "token-type-odd=bEaReR");
    assert_eq!(ask(&lab).await.json()["token_type"], "bEaReR", "the argument counts");
    switch(&lab, "scope-missing");
    assert!(ask(&lab).await.json().get("scope").is_none(), "no scope");
    lab.gateway.clear_fault(FaultGroup::Token);
    let usual = ask(&lab).await.json();
    assert_eq!((&usual["expires_in"], &usual["token_type"]), (&json!(300), &json!("Bearer")), "as ever");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_token_answer_comes_damaged_late_or_not_at_all() {
    let lab = broken("token-empty").await;
    let empty = ask(&lab).await;
    assert_eq!((empty.status, empty.body.as_str()), (200, ""), "empty");
    switch(&lab, "token-truncated");
    assert!(!whole(&lab).await, "it ends before its length");
    switch(&lab, "token-dropped");
    assert!(!whole(&lab).await, "no answer");
    assert_eq!((lab.judged().1, lab.judged().3), (None, true), "but the work was done");
    assert_eq!(lab.gateway.token_calls("demo-client").in_flight, 0, "and the call has ended");
    switch(&lab, "token-bom");
    assert!(ask(&lab).await.body.starts_with("\u{feff}{"), "a byte order mark");
    switch(&lab, "token-gzip");
    let request = lab.client.post(lab.gateway.ready().token_endpoint);
    let request = request.header("authorization", basic("demo-client", SECRET));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let packed = request.body("grant_type=client_credentials").send().await.unwrap();
    assert!(packed.headers().get("content-encoding").is_none(), "no field says so");
    assert_eq!(packed.bytes().await.unwrap()[..3], [0x1f, 0x8b, 8], "gzip all the same");
    switch(&lab, "token-delay=1s");
    let begin = Instant::now();
    assert_eq!(ask(&lab).await.status, 200);
    assert!(begin.elapsed() >= Duration::from_secs(1), "it waits, then answers as ever");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_refresh_token_is_lost_with_a_dropped_answer() {
    let lab = Lab::start(Dialect::Rfc).await;
    let authorization = basic("demo-client", SECRET);
    let issued = lab.ask(Some(&authorization), &[GRANT, ("scope", "payments:refund")]).await.json();
    let refresh = issued["refresh_token"].as_str().unwrap();
    switch(&lab, "token-dropped");
    let request = lab.client.post(lab.gateway.ready().token_endpoint).header("authorization", &authorization);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    assert!(request.body(format!("grant_type=refresh_token&refresh_token={refresh}")).send().await.is_err());
    lab.gateway.clear_fault(FaultGroup::Token);
    let again = lab.ask(Some(&authorization), &[("grant_type", "refresh_token"), ("refresh_token", refresh)]).await;
    again.refused(400, "invalid_grant");
    assert_eq!(lab.gateway.refresh_reuse(), 1, "it was spent: the client cannot know");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_token_names_no_key_another_issuer_or_a_key_that_is_new() {
    let lab = broken("kid-missing").await;
    let nameless = token(&lab).await;
    assert_eq!(decode_header(&nameless).unwrap().kid, None);
    assert!(lab.get("/payments", &nameless).await.field("www-authenticate").contains("names no key"));
    assert!(lab.judged().3, "on purpose");
    switch(&lab, "issuer-other");
    let other = token(&lab).await;
    assert_eq!(claims(&other)["iss"], format!("{}/other", lab.gateway.ready().issuer));
    assert!(lab.get("/payments", &other).await.field("www-authenticate").contains("was issued by"));
    lab.gateway.clear_fault(FaultGroup::Token);
    let before = token(&lab).await;
    let keys = async || answer(lab.client.get(lab.gateway.ready().jwks_uri)).await.json();
    let old = keys().await;
    switch(&lab, "keys-rotated");
    let new = keys().await;
    assert_ne!(old["keys"][0]["kid"], new["keys"][0]["kid"], "the JWKS holds new keys");
    assert_eq!(new["keys"].as_array().map(Vec::len), Some(1), "and the old ones no more");
    assert!(lab.get("/payments", &before).await.field("www-authenticate").contains("No key"), "signed before");
    assert_eq!(lab.get("/payments", &token(&lab).await).await.status, 200, "signed after");
    switch(&lab, "token-opaque");
    let opaque = token(&lab).await;
    assert!(!opaque.contains('.'), "{opaque}");
    assert_eq!(lab.get("/payments", &opaque).await.status, 200, "the API knows it");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_good_refresh_token_is_judged_as_used_before() {
    let lab = Lab::start(Dialect::Rfc).await;
    let authorization = basic("demo-client", SECRET);
    let issued: Value = lab.ask(Some(&authorization), &[GRANT, ("scope", "payments:refund")]).await.json();
    switch(&lab, "refresh-reuse");
    let refresh = issued["refresh_token"].as_str().unwrap();
    let told = lab.ask(Some(&authorization), &[("grant_type", "refresh_token"), ("refresh_token", refresh)]).await;
    told.refused(400, "invalid_grant");
    assert_eq!((lab.judged().3, lab.gateway.refresh_reuse()), (true, 0), "on purpose; the client did nothing wrong");
    let refused = lab.get("/payments", issued["access_token"].as_str().unwrap()).await;
    assert!(refused.field("www-authenticate").contains("revoked"), "its access tokens are dead too: {refused:?}");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_share_of_the_calls_fails_and_the_same_ones_in_every_run() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let lab = broken("token-rate=0.25").await;
        let mut statuses = Vec::new();
        for _ in 0..40 {
            statuses.push(ask(&lab).await.status);
        }
        let failed = statuses.iter().filter(|status| **status == 503).count();
        assert!((4..=16).contains(&failed), "about a quarter: {statuses:?}");
        runs.push(statuses);
        lab.gateway.stop().await;
    }
    assert_eq!(runs[0], runs[1], "seeded");
}

#[tokio::test]
async fn basic_and_refusals_change_in_the_standard_dialect_too() {
    let lab = broken("basic-raw").await;
    ask(&lab).await.refused(401, "invalid_client");
    switch(&lab, "refusals-odd");
    let wrong = lab.ask(Some(&basic("demo-client", "another")), &[GRANT]).await;
    assert_eq!((wrong.status, wrong.body.as_str()), (403, ""), "an empty 403");
    assert_eq!(lab.get("/payments", "abc").await.status, 403, "at the API too");
    assert_eq!(ask(&lab).await.status, 200, "what is right is answered as ever");
    lab.gateway.stop().await;
}
