//! The `ni-platform` dialect: two ways to ask, a life that is text, errors 9999xx, envelopes that refuse with 200.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_gateway::{Dialect, Fault, FaultGroup};
use serde_json::{Value, json};

use super::client::{Answer, Lab, SECRET, answer, basic, form};

fn raw() -> String {
    format!("Basic {}", STANDARD.encode(format!("demo-client:{SECRET}")))
}

async fn lab() -> Lab {
    Lab::with(|config| {
        config.dialect = Dialect::NiPlatform;
        config.token_lifetime = Duration::from_secs(1800);
    })
    .await
}

async fn by_get(lab: &Lab, authorization: &str) -> Answer {
    let request = lab.client.get(lab.gateway.ready().token_endpoint);
    answer(request.header("authorization", authorization)).await
}

async fn token(lab: &Lab) -> String {
    by_get(lab, &raw()).await.json()["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_token_is_asked_for_by_get_or_by_form() {
    let lab = lab().await;
    assert!(lab.gateway.ready().token_endpoint.ends_with("/v1/tokenkc/generate"));
    let credentials = [("grant_type", "client_credentials"), ("client_id", "demo-client"), ("client_secret", SECRET)];
    for found in [by_get(&lab, &raw()).await, lab.ask(None, &credentials).await] {
        assert_eq!(found.status, 200, "{found:?}");
        let body = found.json();
        assert_eq!((&body["expires_in"], &body["token_type"]), (&json!("1800"), &json!("Bearer")), "a life of text");
        assert!(!body["access_token"].as_str().unwrap().contains('.'), "opaque: {body}");
    }
    let older = lab.client.post(format!("{}/oauth2/token", lab.gateway.ready().issuer));
    let older = older.header("content-type", "application/x-www-form-urlencoded").body(form(&credentials));
    assert_eq!(answer(older).await.status, 200, "the older address");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn credentials_that_are_wrong_are_999913_and_form_encoded_basic_is_wrong() {
    let lab = lab().await;
    for wrong in [basic("demo-client", SECRET), basic("demo-client", "another"), "Basic !".to_owned()] {
        let found = by_get(&lab, &wrong).await;
        assert_eq!((found.status, &found.json()["errorCode"]), (401, &json!("999913")), "{wrong}: {found:?}");
        assert!(found.json().get("error").is_none(), "no error of RFC 6749: {found:?}");
    }
    let other = [("grant_type", "password"), ("client_id", "demo-client"), ("client_secret", SECRET)];
    assert_eq!(lab.ask(None, &other).await.status, 400, "no other grant");
    let put = lab.client.put(lab.gateway.ready().token_endpoint).header("authorization", raw());
    assert_eq!(answer(put).await.status, 405, "no other method");
    lab.gateway.stop().await;
}

async fn call(lab: &Lab, token: &str, fields: &[(&str, &str)], content: &Value) -> Answer {
    let url = format!("{}/CardServices/Enquiry/V2/CardTokenEnquiry", lab.gateway.ready().api);
    let mut request = lab.client.post(url).header("authorization", format!("Bearer {token}"));
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    answer(request.header("content-type", "application/json").body(content.to_string())).await
}

fn envelope() -> Value {
    json!({"NISrvRequest": {"request_card_token_enquiry": {
        "header": {"msg_id": "236001", "msg_type": "ENQUIRY", "msg_function": "REQ_CARD_TOKEN_ENQUIRY"},
        "body": {"card_token": "7310"},
    }}})
}

#[tokio::test]
async fn an_operation_is_answered_in_an_envelope_and_its_refusals_come_with_200() {
    let lab = lab().await;
    let token = token(&lab).await;
    let both = [("financial-id", "NIC"), ("unique-reference-code", "1")];
    let reply = async |fields: &[(&str, &str)], content: &Value| {
        let found = call(&lab, &token, fields, content).await;
        assert_eq!(found.status, 200, "{found:?}");
        found.json()["NISrvResponse"].as_object().unwrap().values().next().unwrap().clone()
    };
    let good = reply(&both, &envelope()).await;
    let code = |reply: &Value| reply["exception_details"]["error_code"].as_str().unwrap().to_owned();
    assert_eq!((code(&good).as_str(), &good["exception_details"]["status"]), ("000", &json!("S")));
    assert_eq!(good["header"]["msg_function"], "REP_CARD_TOKEN_ENQUIRY", "the reply of what was asked");
    assert_eq!(good["header"]["msg_id"], "236001");
    assert!(good["body"]["reference"].is_string(), "{good}");
    for (why, fields, content, wanted) in [
        ("no Financial-Id", &both[1..], envelope(), "101"),
        ("no Unique-Reference-Code", &both[..1], envelope(), "102"),
        ("the same one again", &both[..], envelope(), "103"),
        ("no envelope", &[("financial-id", "NIC"), ("unique-reference-code", "2")][..], json!({}), "104"),
    ] {
        let refused = reply(fields, &content).await;
        assert_eq!((code(&refused).as_str(), &refused["exception_details"]["status"]), (wanted, &json!("F")), "{why}");
        assert!(refused.get("body").is_none(), "{why}: {refused}");
    }
    lab.gateway.stop().await;
}

#[tokio::test]
async fn an_expired_token_is_told_from_an_invalid_one_by_its_number() {
    let lab = lab().await;
    let token = token(&lab).await;
    let invalid = call(&lab, "abc", &[], &envelope()).await;
    assert_eq!((invalid.status, &invalid.json()["errorCode"]), (401, &json!("999913")));
    assert_eq!(invalid.field("www-authenticate"), "", "no challenge");
    lab.later(1801);
    let expired = call(&lab, &token, &[], &envelope()).await;
    assert_eq!((expired.status, &expired.json()["errorCode"]), (401, &json!("999912")));
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_terminal_wants_its_chain() {
    let lab = lab().await;
    let token = token(&lab).await;
    let path = "/ngenius-webapi/payments/push/v1/tid:1/mid:2/start-transaction";
    let post = || {
        let url = format!("{}{path}", lab.gateway.ready().base_url);
        lab.client.post(url).header("authorization", format!("Bearer {token}"))
    };
    let without = answer(post()).await;
    assert_eq!((without.status, &without.json()["resultCode"]), (401, &json!("999911")), "{without:?}");
    let with = answer(post().header("chain-id", "7")).await;
    assert_eq!((with.status, &with.json()["action"]), (200, &json!("start-transaction")), "{with:?}");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn faults_count_in_this_dialect_too() {
    let lab = lab().await;
    lab.gateway.set_fault(Fault::parse("client-refused").unwrap());
    assert_eq!(by_get(&lab, &raw()).await.json()["errorCode"], "999913");
    assert!(lab.judged().3, "on purpose");
    lab.gateway.set_fault(Fault::parse("expires-in-ms").unwrap());
    assert_eq!(by_get(&lab, &raw()).await.json()["expires_in"], 1_800_000, "one entry of the table is changed");
    lab.gateway.clear_fault(FaultGroup::Token);
    assert_eq!(by_get(&lab, &raw()).await.json()["expires_in"], "1800");
    lab.gateway.stop().await;
}
