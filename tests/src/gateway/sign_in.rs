//! Authorization code with PKCE (RFC 6749 §4.1, RFC 7636, RFC 8252, RFC 9207), pushed requests (RFC 9126), resource
//! indicators (RFC 8707), `authorization_details` (RFC 9396).

use std::collections::BTreeMap;

use countersign_gateway::{Dialect, Fault};
use serde_json::{Value, json};

use super::api::claims;
use super::client::{Answer, Lab, SECRET, answer, basic, form};
use super::jwt::hash;

const REDIRECT: &str = "http://127.0.0.1:49152/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mBJ-ZkTxiGxkO6XGVWDfl0QGFbAY9o-lab";

/// The usual request of the public client.
fn usual() -> Vec<(&'static str, String)> {
    vec![
        ("response_type", "code".into()),
        ("client_id", "demo-public".into()),
        ("redirect_uri", REDIRECT.into()),
        ("scope", "payments:read".into()),
        ("state", "s t&te".into()),
        ("code_challenge", hash(VERIFIER)),
        ("code_challenge_method", "S256".into()),
    ]
}

fn with(mut parameters: Vec<(&'static str, String)>, name: &'static str, value: &str) -> Vec<(&'static str, String)> {
    parameters.retain(|(known, _)| *known != name);
    if !value.is_empty() {
        parameters.push((name, value.to_owned()));
    }
    parameters
}

fn borrowed<'a>(parameters: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    parameters.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

async fn open(lab: &Lab, parameters: &[(&'static str, String)]) -> Answer {
    let issuer = lab.gateway.ready().issuer;
    answer(lab.client.get(format!("{issuer}/oauth2/authorize?{}", form(&borrowed(parameters))))).await
}

/// What the browser is sent back with.
fn sent_back(found: &Answer) -> BTreeMap<String, String> {
    assert_eq!(found.status, 302, "{found:?}");
    let location = url::Url::parse(found.field("location")).unwrap();
    assert!(found.field("location").starts_with(REDIRECT), "to where it asked: {location}");
    location.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

async fn code(lab: &Lab, parameters: &[(&'static str, String)]) -> String {
    sent_back(&open(lab, parameters).await)["code"].clone()
}

async fn redeem(lab: &Lab, code: &str, more: &[(&str, &str)]) -> Answer {
    let usual = [
        ("grant_type", "authorization_code"),
        ("client_id", "demo-public"),
        ("code", code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    let kept = usual.into_iter().filter(|(name, _)| !more.iter().any(|(changed, _)| changed == name));
    lab.ask(None, &kept.chain(more.iter().copied()).collect::<Vec<_>>()).await
}

#[tokio::test]
async fn a_public_client_signs_in_with_pkce() {
    let lab = Lab::start(Dialect::Rfc).await;
    let back = sent_back(&open(&lab, &usual()).await);
    assert_eq!((back["state"].as_str(), &back["iss"]), ("s t&te", &lab.gateway.ready().issuer), "state; RFC 9207");
    let found = redeem(&lab, &back["code"], &[]).await;
    assert_eq!(found.status, 200, "{found:?}");
    let body = found.json();
    assert_eq!(body["scope"], "payments:read");
    let token = body["access_token"].as_str().unwrap();
    assert_eq!((&claims(token)["sub"], &claims(token)["client_id"]), (&json!("lab-user"), &json!("demo-public")));
    assert_eq!(lab.get("/payments", token).await.status, 200, "the API takes it");
    let refresh = body["refresh_token"].as_str().unwrap();
    let parameters = [("grant_type", "refresh_token"), ("client_id", "demo-public"), ("refresh_token", refresh)];
    let renewed = lab.ask(None, &parameters).await;
    assert_eq!(renewed.status, 200, "{renewed:?}");
    assert_eq!(claims(renewed.json()["access_token"].as_str().unwrap())["sub"], "lab-user", "the person stays");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_code_used_twice_revokes_what_came_of_it() {
    let lab = Lab::start(Dialect::Rfc).await;
    let code = code(&lab, &usual()).await;
    let first = redeem(&lab, &code, &[]).await.json();
    redeem(&lab, &code, &[]).await.refused(400, "invalid_grant");
    let refused = lab.get("/payments", first["access_token"].as_str().unwrap()).await;
    assert!(refused.field("www-authenticate").contains("revoked"), "RFC 6749, section 4.1.2: {refused:?}");
    let refresh = first["refresh_token"].as_str().unwrap();
    let parameters = [("grant_type", "refresh_token"), ("client_id", "demo-public"), ("refresh_token", refresh)];
    lab.ask(None, &parameters).await.refused(400, "invalid_grant");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_code_is_good_for_a_minute_one_client_one_address_and_one_verifier() {
    let lab = Lab::start(Dialect::Rfc).await;
    for (more, said) in [
        (("code_verifier", "another-verifier-of-forty-three-characters-or-more"), "code_verifier does not fit"),
        (("redirect_uri", "http://127.0.0.1:49153/callback"), "redirect_uri differs"),
    ] {
        let found = redeem(&lab, &code(&lab, &usual()).await, &[more]).await;
        found.refused(400, "invalid_grant");
        assert!(found.json()["error_description"].as_str().unwrap().starts_with(said), "{said}: {found:?}");
    }
    let short = code(&lab, &with(usual(), "code_challenge", &hash("short"))).await;
    redeem(&lab, &short, &[("code_verifier", "short")]).await.refused(400, "invalid_grant");
    let theirs = code(&lab, &usual()).await;
    let other = [("client_id", "demo-client"), ("client_secret", SECRET)];
    redeem(&lab, &theirs, &other).await.refused(400, "invalid_grant");
    assert_eq!(redeem(&lab, &theirs, &[]).await.status, 200, "another client's try does not spend it");
    let old = code(&lab, &usual()).await;
    lab.later(61);
    let late = redeem(&lab, &old, &[]).await;
    assert_eq!(late.json()["error_description"], "The code expired", "{late:?}");
    redeem(&lab, "unknown", &[]).await.refused(400, "invalid_grant");
    let missing = [("grant_type", "authorization_code"), ("client_id", "demo-public"), ("code", "x")];
    lab.ask(None, &missing).await.refused(400, "invalid_request");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_the_request_goes_back_to_the_client_and_what_is_wrong_with_the_address_does_not() {
    let lab = Lab::start(Dialect::Rfc).await;
    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("scope", "accounts:read", "invalid_scope"),
        ("resource", "https://else.test", "invalid_target"),
        ("authorization_details", "[{}]", "invalid_authorization_details"),
        ("response_mode", "fragment", "invalid_request"),
        ("request", "ey", "request_not_supported"),
    ] {
        let back = sent_back(&open(&lab, &with(usual(), name, value)).await);
        assert_eq!((back["error"].as_str(), back["state"].as_str()), (error, "s t&te"), "{name}={value}: {back:?}");
        assert_eq!(back["iss"], lab.gateway.ready().issuer, "errors name the issuer too");
    }
    for (name, value) in [
        ("redirect_uri", "http://localhost:49152/callback"),
        ("redirect_uri", "https://client.example/callback"),
        ("redirect_uri", ""),
        ("client_id", "someone"),
        ("request_uri", "urn:ietf:params:oauth:request_uri:unknown"),
    ] {
        let found = open(&lab, &with(usual(), name, value)).await;
        assert_eq!((found.status, found.field("location")), (400, ""), "{name}={value}: {found:?}");
    }
    lab.gateway.set_fault(Fault::parse("consent-denied").unwrap());
    assert_eq!(sent_back(&open(&lab, &usual()).await)["error"], "access_denied");
    assert!(lab.judged().3, "on purpose");
    lab.gateway.stop().await;
}

async fn push(lab: &Lab, authorization: Option<&str>, parameters: &[(&'static str, String)]) -> Answer {
    let request = lab.client.post(format!("{}/oauth2/par", lab.gateway.ready().issuer));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let request = request.body(form(&borrowed(parameters)));
    answer(match authorization {
        Some(value) => request.header("authorization", value),
        None => request,
    })
    .await
}

#[tokio::test]
async fn a_request_is_pushed_once_used_once_and_judged_at_once() {
    let lab = Lab::start(Dialect::Rfc).await;
    let confidential = basic("demo-client", SECRET);
    let parameters = with(usual(), "client_id", "");
    let pushed = push(&lab, Some(&confidential), &parameters).await;
    assert_eq!((pushed.status, pushed.json()["expires_in"].as_i64()), (201, Some(60)), "RFC 9126, section 2.2");
    let uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
    let opened = vec![("client_id", "demo-client".to_owned()), ("request_uri", uri)];
    let back = sent_back(&open(&lab, &opened).await);
    assert_eq!(back["state"], "s t&te", "what was pushed counts");
    let again = open(&lab, &opened).await;
    assert_eq!(again.json()["error"], "invalid_request_uri", "once: {again:?}");
    let redeemed = redeem(&lab, &back["code"], &[("client_id", "demo-client"), ("client_secret", SECRET)]).await;
    assert_eq!(redeemed.status, 200, "{redeemed:?}");

    push(&lab, Some(&confidential), &with(usual(), "client_id", "x")).await.refused(400, "invalid_request");
    push(&lab, Some(&confidential), &with(parameters.clone(), "scope", "x")).await.refused(400, "invalid_scope");
    let nested = with(parameters.clone(), "request_uri", "urn:x");
    push(&lab, Some(&confidential), &nested).await.refused(400, "invalid_request");
    push(&lab, None, &parameters).await.refused(401, "invalid_client");
    let public = push(&lab, None, &usual()).await.json()["request_uri"].as_str().unwrap().to_owned();
    let other = [("client_id", "demo-client".to_owned()), ("request_uri", public)];
    assert_eq!(open(&lab, &other).await.json()["error"], "invalid_request_uri", "another client's");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn resources_become_the_audience_and_no_more_than_was_granted() {
    let lab = Lab::start(Dialect::Rfc).await;
    let (base, api) = (lab.gateway.ready().base_url, lab.gateway.ready().api);
    let code = code(&lab, &with(usual(), "resource", &api)).await;
    let granted = redeem(&lab, &code, &[("resource", &base)]).await;
    granted.refused(400, "invalid_target");
    let authorization = basic("demo-client", SECRET);
    let grant = ("grant_type", "client_credentials");
    let one = lab.ask(Some(&authorization), &[grant, ("resource", &api)]).await.json();
    let token = one["access_token"].as_str().unwrap();
    assert_eq!(claims(token)["aud"], api, "one name stands alone");
    assert_eq!(lab.get("/payments", token).await.status, 200, "the API is its own audience");
    let two = lab.ask(Some(&authorization), &[grant, ("resource", &api), ("resource", &base)]).await.json();
    assert_eq!(claims(two["access_token"].as_str().unwrap())["aud"], json!([api, base]), "several are a list");
    let other = [grant, ("resource", "https://else.test")];
    lab.ask(Some(&authorization), &other).await.refused(400, "invalid_target");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn authorization_details_are_granted_echoed_and_in_the_token() {
    let lab = Lab::start(Dialect::Rfc).await;
    let details = r#"[{"type":"payment_initiation","instructedAmount":{"currency":"AED","amount":"12.50"}}]"#;
    let code = code(&lab, &with(usual(), "authorization_details", details)).await;
    let body = redeem(&lab, &code, &[]).await.json();
    let wanted: Value = serde_json::from_str(details).unwrap();
    assert_eq!(body["authorization_details"], wanted, "RFC 9396, section 7");
    assert_eq!(claims(body["access_token"].as_str().unwrap())["authorization_details"], wanted, "section 9.1");
    lab.gateway.stop().await;
}
