//! Device authorization (RFC 8628). The gateway's clock is pushed on; nothing waits.

use countersign_gateway::{Dialect, Fault};
use serde_json::Value;

use super::client::{Answer, Lab, SECRET, answer, basic, form};

async fn begin(lab: &Lab) -> Value {
    let request = lab.client.post(format!("{}/oauth2/device_authorization", lab.gateway.ready().issuer));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let found = answer(request.body(form(&[("client_id", "demo-public"), ("scope", "payments:read")]))).await;
    assert_eq!(found.status, 200, "{found:?}");
    found.json()
}

async fn poll(lab: &Lab, device: &Value) -> Answer {
    let code = device["device_code"].as_str().unwrap();
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    lab.ask(None, &[("grant_type", grant), ("client_id", "demo-public"), ("device_code", code)]).await
}

async fn consent(lab: &Lab, device: &Value, more: &str) -> Answer {
    answer(lab.client.get(format!("{}{more}", device["verification_uri_complete"].as_str().unwrap()))).await
}

#[tokio::test]
async fn a_device_waits_until_the_person_approves() {
    let lab = Lab::start(Dialect::Rfc).await;
    let device = begin(&lab).await;
    assert_eq!((device["expires_in"].as_i64(), device["interval"].as_i64()), (Some(300), Some(1)));
    assert!(device["verification_uri"].as_str().unwrap().ends_with("/oauth2/device"), "{device}");
    assert_eq!(device["user_code"].as_str().unwrap().len(), 9, "four, a hyphen, four");
    poll(&lab, &device).await.refused(400, "authorization_pending");
    poll(&lab, &device).await.refused(400, "slow_down");
    lab.later(7);
    poll(&lab, &device).await.refused(400, "authorization_pending");
    assert_eq!(consent(&lab, &device, "").await.body, "The device is approved.\n");
    lab.later(7);
    let found = poll(&lab, &device).await;
    assert_eq!(found.status, 200, "{found:?}");
    assert_eq!(lab.get("/payments", found.json()["access_token"].as_str().unwrap()).await.status, 200);
    assert!(found.json()["refresh_token"].is_string(), "a person's grant is renewed");
    poll(&lab, &device).await.refused(400, "invalid_grant");
    assert_eq!(consent(&lab, &device, "").await.status, 404, "nobody waits any more");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_device_is_told_of_a_refusal_and_of_its_end() {
    let lab = Lab::start(Dialect::Rfc).await;
    let denied = begin(&lab).await;
    assert_eq!(consent(&lab, &denied, "&answer=deny").await.body, "The device is refused.\n");
    poll(&lab, &denied).await.refused(400, "access_denied");
    let late = begin(&lab).await;
    lab.later(301);
    poll(&lab, &late).await.refused(400, "expired_token");
    lab.gateway.set_fault(Fault::parse("consent-denied").unwrap());
    let on_purpose = begin(&lab).await;
    consent(&lab, &on_purpose, "").await;
    poll(&lab, &on_purpose).await.refused(400, "access_denied");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_device_code_is_its_clients_own() {
    let lab = Lab::start(Dialect::Rfc).await;
    let device = begin(&lab).await;
    consent(&lab, &device, "").await;
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let code = device["device_code"].as_str().unwrap();
    let other = lab.ask(Some(&basic("demo-client", SECRET)), &[("grant_type", grant), ("device_code", code)]).await;
    other.refused(400, "invalid_grant");
    assert_eq!(poll(&lab, &device).await.status, 200, "another client's question spends nothing");
    lab.gateway.stop().await;
}
