//! Token exchange (RFC 8693), JWT bearer grants (RFC 7523 §2.1), introspection (RFC 7662), revocation (RFC 7009), rotated keys.

use countersign_gateway::{ClientKey, Dialect};
use jsonwebtoken::{Algorithm, decode_header};
use serde_json::{Value, json};

use super::api::claims;
use super::client::{Answer, Lab, SECRET, answer, basic, form};
use super::jwt::{self, Key};

const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

async fn exchange(lab: &Lab, token: &str, more: &[(&str, &str)]) -> Answer {
    let mut parameters = vec![
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", token),
        ("subject_token_type", ACCESS_TOKEN),
    ];
    parameters.retain(|(name, _)| !more.iter().any(|(changed, _)| changed == name));
    parameters.extend(more);
    lab.ask(Some(&basic("demo-client", SECRET)), &parameters).await
}

#[tokio::test]
async fn a_token_is_exchanged_for_one_of_less() {
    let lab = Lab::start(Dialect::Rfc).await;
    let subject = lab.token("payments:read payments:write").await;
    lab.later(100);
    let api = lab.gateway.ready().api;
    let found = exchange(&lab, &subject, &[("scope", "payments:read"), ("audience", &api)]).await;
    assert_eq!(found.status, 200, "{found:?}");
    let body = found.json();
    assert_eq!((&body["issued_token_type"], &body["scope"]), (&json!(ACCESS_TOKEN), &json!("payments:read")));
    let (old, new) = (claims(&subject), claims(body["access_token"].as_str().unwrap()));
    assert_eq!((&new["aud"], &new["act"]), (&json!(api), &json!({"sub": "demo-client"})), "sections 2.1 and 4.1");
    assert_eq!(new["exp"], old["exp"], "it does not outlive what it stands for");
    assert!(body["expires_in"].as_i64().unwrap() <= 200, "and says so: {body}");

    exchange(&lab, &subject, &[("scope", "payments:refund")]).await.refused(400, "invalid_scope");
    exchange(&lab, &subject, &[("audience", "https://else.test")]).await.refused(400, "invalid_target");
    exchange(&lab, "abc", &[]).await.refused(400, "invalid_request");
    let saml = "urn:ietf:params:oauth:token-type:saml2";
    exchange(&lab, &subject, &[("subject_token_type", saml)]).await.refused(400, "invalid_request");
    let actor = body["access_token"].as_str().unwrap();
    let acted = exchange(&lab, actor, &[("actor_token", &subject), ("actor_token_type", ACCESS_TOKEN)]).await;
    let act = &claims(acted.json()["access_token"].as_str().unwrap())["act"];
    assert_eq!(*act, json!({"sub": "demo-client", "act": {"sub": "demo-client"}}), "actors are nested");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn an_assertion_is_a_grant_for_its_subject() {
    let lab = Lab::start(Dialect::Rfc).await;
    let key = Key::new(Algorithm::ES256);
    lab.gateway.add_client_key(ClientKey::from_jwk("grants", &key.public()).unwrap());
    let grant = ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
    let assertion = |subject: Value| {
        let mut claims = jwt::assertion(&json!(lab.gateway.ready().token_endpoint));
        claims["sub"] = subject;
        key.sign(Some("grants"), &claims)
    };
    let once = assertion(json!("merchant-7"));
    let authorization = basic("demo-client", SECRET);
    let found = lab.ask(Some(&authorization), &[grant, ("assertion", &once)]).await;
    assert_eq!(claims(found.json()["access_token"].as_str().unwrap())["sub"], "merchant-7", "{found:?}");
    lab.ask(Some(&authorization), &[grant, ("assertion", &once)]).await.refused(400, "invalid_grant");
    let alone = lab.ask(None, &[grant, ("assertion", &assertion(json!("merchant-8")))]).await;
    assert_eq!(alone.status, 200, "RFC 7523, section 3.1: client authentication is optional: {alone:?}");
    lab.ask(Some(&authorization), &[grant, ("assertion", &assertion(Value::Null))]).await.refused(400, "invalid_grant");
    let by_secret = jwt::by_secret(SECRET, &jwt::assertion(&json!(lab.gateway.ready().issuer)));
    lab.ask(Some(&authorization), &[grant, ("assertion", &by_secret)]).await.refused(400, "invalid_grant");
    lab.ask(Some(&authorization), &[grant]).await.refused(400, "invalid_request");
    lab.gateway.stop().await;
}

async fn beside(lab: &Lab, name: &str, authorization: Option<&str>, parameters: &[(&str, &str)]) -> Answer {
    let request = lab.client.post(format!("{}/oauth2/{name}", lab.gateway.ready().issuer));
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(form(parameters));
    answer(match authorization {
        Some(value) => request.header("authorization", value),
        None => request,
    })
    .await
}

#[tokio::test]
async fn introspection_says_what_a_token_is_and_nothing_of_one_that_is_none() {
    let lab = Lab::start(Dialect::Rfc).await;
    let authorization = basic("demo-client", SECRET);
    let issued = lab.issued("payments:read payments:refund").await;
    let (token, refresh) = (issued["access_token"].as_str().unwrap(), issued["refresh_token"].as_str().unwrap());
    let ask = async |token: &str| beside(&lab, "introspect", Some(&authorization), &[("token", token)]).await.json();
    let said = ask(token).await;
    assert_eq!((&said["active"], &said["token_type"]), (&json!(true), &json!("Bearer")), "RFC 7662, section 2.2");
    for name in ["iss", "sub", "aud", "client_id", "scope", "iat", "exp", "jti"] {
        assert_eq!(said[name], claims(token)[name], "{name}");
    }
    assert_eq!(ask(refresh).await["scope"], "payments:read payments:refund", "a refresh token too");
    assert_eq!(ask("abc").await, json!({"active": false}), "nothing else");
    lab.later(301);
    assert_eq!(ask(token).await, json!({"active": false}), "expired");
    beside(&lab, "introspect", None, &[("token", token)]).await.refused(401, "invalid_client");
    let public = [("token", token), ("client_id", "demo-public")];
    beside(&lab, "introspect", None, &public).await.refused(401, "invalid_client");
    beside(&lab, "introspect", Some(&authorization), &[]).await.refused(400, "invalid_request");
    let get = answer(lab.client.get(format!("{}/oauth2/introspect", lab.gateway.ready().issuer))).await;
    assert_eq!((get.status, get.field("allow")), (405, "POST"), "POST alone");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn revocation_ends_a_token_and_a_refresh_token_ends_its_family() {
    let lab = Lab::start(Dialect::Rfc).await;
    let authorization = basic("demo-client", SECRET);
    let revoke = async |token: &str| beside(&lab, "revoke", Some(&authorization), &[("token", token)]).await.status;
    let token = lab.token("payments:read").await;
    assert_eq!((revoke(&token).await, revoke("unknown").await), (200, 200), "RFC 7009, section 2.2");
    let refused = lab.get("/payments", &token).await;
    assert!(refused.field("www-authenticate").contains("revoked"), "{refused:?}");
    let issued = lab.issued("payments:read payments:refund").await;
    let token = issued["access_token"].as_str().unwrap();
    let public = [("token", token), ("client_id", "demo-public")];
    beside(&lab, "revoke", None, &public).await.refused(400, "unauthorized_client");
    assert_eq!(lab.get("/payments", token).await.status, 200, "another client revokes nothing");
    assert_eq!(revoke(issued["refresh_token"].as_str().unwrap()).await, 200);
    assert_eq!(lab.get("/payments", token).await.status, 401, "the access token of the family too");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn rotated_keys_stay_published_until_the_next_rotation() {
    let lab = Lab::start(Dialect::Rfc).await;
    let first = lab.token("payments:read").await;
    lab.gateway.rotate_keys();
    let second = lab.token("payments:read").await;
    let kid = |token: &str| decode_header(token).unwrap().kid.unwrap();
    assert_ne!(kid(&first), kid(&second), "a new key signs");
    let keys = answer(lab.client.get(lab.gateway.ready().jwks_uri)).await.json();
    let kids: Vec<&str> = keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap()).collect();
    assert_eq!(kids, [kid(&second), kid(&first)], "both, the newest first");
    assert_eq!(lab.get("/payments", &first).await.status, 200, "the old one still verifies");
    lab.gateway.rotate_keys();
    assert_eq!(lab.get("/payments", &first).await.status, 401, "not for ever");
    lab.gateway.stop().await;
}
