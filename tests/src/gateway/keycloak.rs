//! The `keycloak` dialect: paths below a realm, members of its own, refresh tokens that rotate, its words.

use countersign_gateway::{Dialect, Fault};
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use super::authorization_server::verified;
use super::client::{Answer, Lab, SECRET, answer, basic, form};

async fn refresh(lab: &Lab, token: &Value) -> Answer {
    let parameters = [("grant_type", "refresh_token"), ("refresh_token", token.as_str().unwrap())];
    lab.ask(Some(&basic("demo-client", SECRET)), &parameters).await
}

fn described(found: &Answer) -> (u16, String, String) {
    let body = found.json();
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    (found.status, text("error"), text("error_description"))
}

#[tokio::test]
async fn metadata_and_tokens_are_below_the_realm() {
    let lab = Lab::start(Dialect::Keycloak).await;
    let ready = lab.gateway.ready();
    assert!(ready.issuer.ends_with("/realms/lab"), "{}", ready.issuer);
    let origin = ready.issuer.strip_suffix("/realms/lab").unwrap();
    let places = [
        format!("{}/.well-known/openid-configuration", ready.issuer),
        format!("{origin}/.well-known/oauth-authorization-server/realms/lab"),
    ];
    for place in places {
        let metadata = answer(lab.client.get(&place)).await.json();
        assert_eq!(metadata["issuer"], ready.issuer, "RFC 8414, section 3.3: {place}");
        assert_eq!(metadata["token_endpoint"], ready.token_endpoint, "{place}");
        assert!(metadata.get("device_authorization_endpoint").is_none(), "not offered here: {metadata}");
        assert_eq!(
            metadata["grant_types_supported"],
            json!(["client_credentials", "refresh_token", "authorization_code"])
        );
    }
    let issued = lab.issued("payments:read").await;
    assert_eq!((&issued["not-before-policy"], &issued["refresh_expires_in"]), (&json!(0), &json!(1800)));
    assert_eq!((&issued["token_type"], &issued["scope"]), (&json!("Bearer"), &json!("payments:read")));
    assert!(issued["session_state"].is_string(), "{issued}");
    let token = issued["access_token"].as_str().unwrap();
    verified(&lab, token, Algorithm::RS256).await;
    assert_eq!(lab.get("/payments", token).await.status, 200);
    let introspect = lab.client.post(format!("{}/introspect", ready.token_endpoint));
    let introspect = introspect.header("authorization", basic("demo-client", SECRET));
    let introspect = introspect.header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(answer(introspect.body(form(&[("token", token)]))).await.json()["active"], true);
    lab.gateway.stop().await;
}

#[tokio::test]
async fn refusals_are_in_its_words() {
    let lab = Lab::start(Dialect::Keycloak).await;
    let grant = [("grant_type", "client_credentials")];
    let said = "Invalid client or Invalid client credentials".to_owned();
    let wrong = lab.ask(Some(&basic("demo-client", "another")), &grant).await;
    assert_eq!(described(&wrong), (401, "invalid_client".into(), said));
    let first = lab.issued("payments:read").await;
    let second = refresh(&lab, &first["refresh_token"]).await.json();
    assert_ne!(second["refresh_token"], first["refresh_token"], "it rotates");
    assert_eq!(second["session_state"], first["session_state"], "the session stays");
    let stale = refresh(&lab, &first["refresh_token"]).await;
    assert_eq!(described(&stale), (400, "invalid_grant".into(), "Stale token".into()));
    let other = lab.issued("payments:read").await;
    lab.later(1801);
    let late = refresh(&lab, &other["refresh_token"]).await;
    assert_eq!(described(&late), (400, "invalid_grant".into(), "Token is not active".into()));
    let unknown = refresh(&lab, &json!("unknown")).await;
    assert_eq!(described(&unknown), (400, "invalid_grant".into(), "Invalid refresh token".into()));
    lab.gateway.set_fault(Fault::parse("refresh-reuse").unwrap());
    let good = lab.issued("payments:read").await;
    let told = refresh(&lab, &good["refresh_token"]).await;
    assert_eq!(described(&told), (400, "invalid_grant".into(), "Stale token".into()), "although it is current");
    assert_eq!(lab.gateway.refresh_reuse(), 1, "the one that was really used twice");
    lab.gateway.stop().await;
}
