//! The `ngenius` dialect, asked the way the vendor's plugins ask: verbatim key, vendor media types, no form.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_gateway::Dialect;
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use super::authorization_server::verified;
use super::client::{Answer, Lab, SECRET, answer, basic};

const IDENTITY: &str = "application/vnd.ni-identity.v1+json";
const PAYMENT: &str = "application/vnd.ni-payment.v2+json";

/// A token call.
async fn ask(lab: &Lab, key: &str, media_type: Option<&str>, content: &str) -> Answer {
    let mut request =
        lab.client.post(lab.gateway.ready().token_endpoint).header("authorization", format!("Basic {key}"));
    if let Some(media_type) = media_type {
        request = request.header("content-type", media_type);
    }
    answer(request.body(content.to_owned())).await
}

/// The key as it is issued: base64 already.
fn key() -> String {
    STANDARD.encode(format!("demo-client:{SECRET}"))
}

async fn token(lab: &Lab) -> String {
    ask(lab, &key(), Some(IDENTITY), "").await.json()["access_token"].as_str().unwrap().to_owned()
}

/// `errors[]`, for token and payment calls alike.
#[track_caller]
fn refused(found: &Answer, status: u16) {
    assert_eq!(found.status, status, "{found:?}");
    let body = found.json();
    assert!(body["errors"][0]["message"].is_string(), "{body}");
}

#[tokio::test]
async fn the_verbatim_key_gets_a_token_with_empty_or_json_content() {
    let lab = Lab::start(Dialect::Ngenius).await;
    assert!(lab.gateway.ready().token_endpoint.ends_with("/identity/auth/access-token"));
    for content in ["", "{}", r#"{"realmName":"ni"}"#, r#"{"grant_type":"client_credentials","realm":"ni"}"#] {
        for key in [key(), SECRET.to_owned()] {
            let found = ask(&lab, &key, Some(IDENTITY), content).await;
            assert_eq!(found.status, 200, "`{content}`: {found:?}");
            let body = found.json();
            assert_eq!(body["token_type"], "bearer", "lower case, as documented");
            assert_eq!(body["expires_in"], 300);
            assert_eq!(body["refresh_expires_in"], 1800);
            assert!(body["refresh_token"].is_string());
        }
    }
    let claims = verified(&lab, &token(&lab).await, Algorithm::RS256).await;
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 300);
    lab.gateway.stop().await;
}

#[tokio::test]
async fn every_other_way_to_ask_is_refused_in_the_vendors_shape() {
    let lab = Lab::start(Dialect::Ngenius).await;
    let twice = STANDARD.encode(key());
    refused(&ask(&lab, &twice, Some(IDENTITY), "").await, 401);
    refused(&ask(&lab, &STANDARD.encode(format!("{}:", key())), Some(IDENTITY), "").await, 401);
    for media_type in [None, Some("application/json"), Some("application/x-www-form-urlencoded")] {
        refused(&ask(&lab, &key(), media_type, "").await, 415);
    }
    refused(&ask(&lab, &key(), Some(IDENTITY), "grant_type=client_credentials").await, 400);
    let endpoint = lab.gateway.ready().token_endpoint;
    let without = lab.client.post(&endpoint).header("content-type", IDENTITY);
    refused(&answer(without).await, 401);
    let get = answer(lab.client.get(&endpoint).header("authorization", format!("Basic {}", key()))).await;
    refused(&get, 405);
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_generic_oauth_client_fails_by_construction() {
    let lab = Lab::start(Dialect::Ngenius).await;
    let found = lab.ask(Some(&basic("demo-client", SECRET)), &[("grant_type", "client_credentials")]).await;
    refused(&found, 415);
    assert!(found.json().get("error").is_none(), "no error of RFC 6749, so a generic client cannot say why");
    lab.gateway.stop().await;
}

fn order() -> Value {
    json!({"action": "SALE", "amount": {"currencyCode": "AED", "value": 1250}, "merchantAttributes": {"redirectUrl": "https://shop.example"}})
}

async fn create(lab: &Lab, token: &str, media_type: &str, accept: &str, content: &str) -> Answer {
    let request =
        lab.client.post(lab.api("/outlets/outlet-1/orders")).header("authorization", format!("Bearer {token}"));
    answer(request.header("content-type", media_type).header("accept", accept).body(content.to_owned())).await
}

#[tokio::test]
async fn an_order_wants_the_vendors_media_type_both_ways() {
    let lab = Lab::start(Dialect::Ngenius).await;
    let (token, order) = (token(&lab).await, order());
    let made = create(&lab, &token, PAYMENT, PAYMENT, &order.to_string()).await;
    assert_eq!((made.status, made.field("content-type")), (201, PAYMENT), "{made:?}");
    let body = made.json();
    let reference = body["reference"].as_str().unwrap();
    assert_eq!(body["_id"], format!("urn:order:{reference}"));
    assert_eq!(body["amount"], order["amount"]);
    assert!(body["_links"]["payment"]["href"].as_str().unwrap().starts_with("https://"));
    assert_eq!(body["_embedded"]["payment"][0]["state"], "STARTED");

    refused(&create(&lab, &token, "application/json", PAYMENT, &order.to_string()).await, 415);
    refused(&create(&lab, &token, PAYMENT, "application/json", &order.to_string()).await, 406);
    refused(&create(&lab, &token, PAYMENT, PAYMENT, "amount=1").await, 400);
    for (member, value) in [("/action", json!("PAY")), ("/amount/value", json!(12.5)), ("/amount/value", json!("12"))] {
        let mut wrong = order.clone();
        *wrong.pointer_mut(member).unwrap() = value;
        refused(&create(&lab, &token, PAYMENT, PAYMENT, &wrong.to_string()).await, 422);
    }
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_token_that_is_refused_is_told_in_errors_too() {
    let lab = Lab::start(Dialect::Ngenius).await;
    let token = token(&lab).await;
    lab.later(301);
    let expired = create(&lab, &token, PAYMENT, PAYMENT, &order().to_string()).await;
    refused(&expired, 401);
    assert!(expired.json()["errors"][0]["message"].as_str().unwrap().contains("expired"), "{expired:?}");
    refused(&answer(lab.client.post(lab.api("/outlets/outlet-1/orders")).header("content-type", PAYMENT)).await, 401);
    lab.gateway.stop().await;
}
