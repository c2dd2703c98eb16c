//! The `sloppy` dialect: everything a server gets wrong, each in its place.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_gateway::Dialect;
use serde_json::Value;

use super::client::{Answer, Lab, SECRET, answer, basic};

async fn ask(lab: &Lab, parameters: &[(&str, &str)]) -> Answer {
    let raw = format!("Basic {}", STANDARD.encode(format!("demo-client:{SECRET}")));
    lab.ask(Some(&raw), parameters).await
}

#[tokio::test]
async fn a_token_comes_behind_a_byte_order_mark_without_scope_in_milliseconds() {
    let lab = Lab::start(Dialect::Sloppy).await;
    let found = ask(&lab, &[("grant_type", "client_credentials")]).await;
    let content = found.body.strip_prefix('\u{feff}').unwrap_or_else(|| panic!("no byte order mark: {found:?}"));
    let body: Value = serde_json::from_str(content).unwrap();
    assert_eq!((body["token_type"].as_str(), body["expires_in"].as_i64()), (Some("BEARER"), Some(300_000)), "{body}");
    assert!(body.get("scope").is_none(), "{body}");
    assert_eq!(lab.get("/payments", body["access_token"].as_str().unwrap()).await.status, 200, "and it is good");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn refusals_are_an_empty_403_a_web_page_or_200() {
    let lab = Lab::start(Dialect::Sloppy).await;
    let encoded = lab.ask(Some(&basic("demo-client", SECRET)), &[("grant_type", "client_credentials")]).await;
    assert_eq!((encoded.status, encoded.body.as_str()), (403, ""), "form-encoded Basic is refused without a word");
    let malformed = ask(&lab, &[]).await;
    assert_eq!((malformed.status, malformed.field("content-type")), (500, "text/html; charset=utf-8"));
    let other = ask(&lab, &[("grant_type", "password")]).await;
    assert_eq!((other.status, other.json()["error"].as_str()), (200, Some("unsupported_grant_type")));
    lab.gateway.stop().await;
}

#[tokio::test]
async fn the_api_refuses_a_bad_token_without_a_challenge_and_none_with_two() {
    let lab = Lab::start(Dialect::Sloppy).await;
    let bad = lab.get("/payments", "abc").await;
    assert_eq!((bad.status, bad.field("www-authenticate"), bad.body.as_str()), (403, "", ""));
    let none = answer(lab.client.get(lab.api("/payments"))).await;
    let challenges: Vec<&str> =
        none.fields.get_all("www-authenticate").iter().map(|value| value.to_str().unwrap()).collect();
    assert_eq!((none.status, challenges), (401, vec!["Basic realm=\"portal\"", "Bearer realm=\"countersign\""]));
    lab.gateway.stop().await;
}
