//! The protected API: the token on every request (RFC 6750, RFC 9068), the message signature where there is one
//! (RFC 9421, RFC 9530).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_gateway::Dialect;
use jsonwebtoken::{Algorithm, EncodingKey, Header, decode_header, encode};
use serde_json::{Value, json};

use super::client::{Answer, Lab, Signer, answer, basic};

const ORDER: &str = r#"{"amount": 1250, "currency": "AED"}"#;

/// RFC 6750 §3.1.
#[track_caller]
fn invalid_token(found: &Answer, description: &str) {
    let challenge =
        format!("Bearer realm=\"countersign\", error=\"invalid_token\", error_description=\"{description}\"");
    assert_eq!((found.status, found.field("www-authenticate")), (401, challenge.as_str()), "{found:?}");
    assert_eq!(found.json()["error"], "invalid_token");
}

/// What a token says, unverified.
pub fn claims(token: &str) -> Value {
    part(token, 1)
}

fn part(token: &str, index: usize) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(index).unwrap()).unwrap()).unwrap()
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[tokio::test]
async fn a_payment_is_made_read_listed_and_refunded() {
    let lab = Lab::start(Dialect::Rfc).await;
    let token = lab.token("payments:read payments:write payments:refund").await;
    let made = lab.post("/payments", &token, ORDER).await;
    assert_eq!(made.status, 201);
    let payment = made.json();
    assert_eq!((payment["amount"].as_u64(), payment["currency"].as_str()), (Some(1250), Some("AED")));
    let id = payment["id"].as_str().unwrap();
    for name in [id, "latest"] {
        assert_eq!(lab.get(&format!("/payments/{name}"), &token).await.json()["id"], id);
    }
    assert_eq!(lab.get("/payments", &token).await.json()["payments"].as_array().unwrap().len(), 1);
    assert_eq!(lab.get("/payments/none", &token).await.status, 404);
    let refund = lab.post("/refunds", &token, &json!({"payment": id}).to_string()).await;
    assert_eq!((refund.status, refund.json()["payment"].as_str()), (201, Some(id)));
    for wrong in ["{}", r#"{"amount": 12.5}"#, r#"{"amount": -1}"#, r#"{"amount": 0}"#] {
        assert_eq!(lab.post("/payments", &token, wrong).await.status, 422, "{wrong}: minor units, positive");
    }
    assert_eq!(lab.post("/payments", &token, "amount=1").await.status, 400, "not JSON");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn without_a_token_the_challenge_holds_no_error() {
    let lab = Lab::start(Dialect::Rfc).await;
    for path in ["/payments", "/payments/latest"] {
        let found = answer(lab.client.get(lab.api(path))).await;
        let said = (found.status, found.field("www-authenticate"));
        assert_eq!(said, (401, "Bearer realm=\"countersign\""), "RFC 6750, section 3.1");
    }
    let basic = lab.client.get(lab.api("/payments")).header("authorization", basic("demo-client", "x"));
    invalid_token(&answer(basic).await, "The token is not a JWT");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_token_lives_exactly_as_long_as_it_says() {
    let lab = Lab::start(Dialect::Rfc).await;
    let token = lab.token("payments:read").await;
    lab.later(297);
    assert_eq!(lab.get("/payments", &token).await.status, 200);
    lab.later(6);
    let found = lab.get("/payments", &token).await;
    assert_eq!(found.status, 401);
    assert!(found.field("www-authenticate").contains("error_description=\"The token expired "), "{found:?}");

    let (old, new) = (lab.token("payments:read").await, Duration::from_secs(42));
    lab.gateway.expire_tokens_now();
    lab.gateway.set_token_lifetime(new);
    invalid_token(&lab.get("/payments", &old).await, "The token expired 0 s ago");
    let issued = lab.issued("payments:read").await;
    assert_eq!(issued["expires_in"], 42, "a life that was changed counts for the next token");
    assert_eq!(lab.get("/payments", issued["access_token"].as_str().unwrap()).await.status, 200);
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_scope_that_is_missing_is_403_and_named() {
    let lab = Lab::start(Dialect::Rfc).await;
    let token = lab.token("payments:read").await;
    for (path, scope) in [("/payments", "payments:write"), ("/refunds", "payments:refund")] {
        let found = lab.post(path, &token, ORDER).await;
        let challenge = format!("Bearer realm=\"countersign\", error=\"insufficient_scope\", scope=\"{scope}\"");
        assert_eq!((found.status, found.field("www-authenticate")), (403, challenge.as_str()), "RFC 6750, section 3.1");
        assert_eq!(found.json()["error"], "insufficient_scope");
    }
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_token_that_was_tampered_with_or_forged_is_refused() {
    let lab = Lab::start(Dialect::Rfc).await;
    let token = lab.token("payments:read").await;
    let signature = token.rsplit('.').next().unwrap();
    let mut claims = part(&token, 1);
    claims["scope"] = "payments:read payments:write payments:refund".into();
    let unverified = "The signature of the token does not verify";

    let more = format!("{}.{}.{signature}", token.split('.').next().unwrap(), encoded(&claims));
    invalid_token(&lab.get("/payments", &more).await, unverified);
    let flipped = format!("{}{}", &token[..token.len() - 4], if token.ends_with("AAAA") { "BBBB" } else { "AAAA" });
    invalid_token(&lab.get("/payments", &flipped).await, unverified);

    let mut header = Header::new(Algorithm::ES256);
    header.kid = decode_header(&token).unwrap().kid;
    let other = rcgen::KeyPair::generate().unwrap();
    let forged =
        encode(&header, &claims, &EncodingKey::from_ec_pem(other.serialize_pem().as_bytes()).unwrap()).unwrap();
    invalid_token(&lab.get("/payments", &forged).await, unverified);

    let kid = header.kid.clone().unwrap();
    let none = format!("{}.{}.", encoded(&json!({"alg": "none", "kid": kid})), encoded(&claims));
    assert_eq!(lab.get("/payments", &none).await.status, 401, "RFC 8725, section 3.2");
    let mut confused = Header::new(Algorithm::HS256);
    confused.kid = Some(kid);
    let confused = encode(&confused, &claims, &EncodingKey::from_secret(b"public key")).unwrap();
    invalid_token(&lab.get("/payments", &confused).await, unverified);

    header.kid = Some("unknown".into());
    let unknown =
        encode(&header, &claims, &EncodingKey::from_ec_pem(other.serialize_pem().as_bytes()).unwrap()).unwrap();
    invalid_token(&lab.get("/payments", &unknown).await, "No key unknown in the JWKS");
    for nonsense in ["abc", "a.b.c", "."] {
        invalid_token(&lab.get("/payments", nonsense).await, "The token is not a JWT");
    }
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_token_of_another_gateway_is_refused() {
    let (lab, other) = (Lab::start(Dialect::Rfc).await, Lab::start(Dialect::Rfc).await);
    let token = other.token("payments:read").await;
    let found = lab.get("/payments", &token).await;
    assert!(found.field("www-authenticate").contains("error_description=\"No key "), "{found:?}");
    lab.gateway.stop().await;
    other.gateway.stop().await;
}

#[tokio::test]
async fn a_signature_made_by_hand_is_accepted_and_changed_content_names_content_digest() {
    let (lab, signer) = (Lab::start(Dialect::Rfc).await, Signer::new());
    lab.gateway.trust_key(signer.trusted());
    let token = lab.token("payments:write").await;
    assert_eq!(lab.signed(&signer, &token, ORDER, ORDER).await.status, 201);
    assert_eq!(lab.judged().2, "token and signature accepted");

    let changed = ORDER.replace("1250", "9250");
    let found = lab.signed(&signer, &token, ORDER, &changed).await;
    let challenge = "Signature realm=\"countersign\", error=\"invalid_signature\"";
    assert_eq!((found.status, found.field("www-authenticate")), (401, challenge));
    let body = found.json();
    assert_eq!(body["error"], "invalid_signature");
    assert_eq!(body["first_difference"]["component"], "content-digest", "the first line that differs is named");
    let uri = lab.api("/payments");
    let digest_of = |content: &str| signer.fields(&uri, &token, content)[0].1.clone();
    assert_eq!(body["first_difference"]["yours"], digest_of(ORDER));
    assert_eq!(body["first_difference"]["server"], digest_of(&changed));
    assert_eq!(lab.judged(), ("POST /v1/payments".into(), Some(401), "content-digest differs".into(), false));
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_signature_over_something_else_or_by_a_stranger_is_refused() {
    let (lab, signer) = (Lab::start(Dialect::Rfc).await, Signer::new());
    let token = lab.token("payments:read payments:write").await;
    let stranger = lab.signed(&signer, &token, ORDER, ORDER).await;
    assert_eq!((stranger.status, stranger.json()["reason"].as_str()), (401, Some("no key `hand-written`")));

    lab.gateway.trust_key(signer.trusted());
    let uri = lab.api("/payments");
    let elsewhere = signer.fields("https://elsewhere.example/v1/payments", &token, ORDER);
    let other_token = lab.token("payments:write").await;
    let mut missing = signer.fields(&uri, &token, ORDER);
    missing[0] = ("x-nothing", String::new());
    for (why, token, fields, component) in [
        ("another target", &token, elsewhere, ""),
        ("another token", &other_token, signer.fields(&uri, &token, ORDER), ""),
        ("a field that is gone", &token, missing, "content-digest"),
    ] {
        let mut request = lab.client.post(&uri).header("authorization", format!("Bearer {token}"));
        for (name, value) in fields {
            request = request.header(name, value);
        }
        let found = answer(request.body(ORDER)).await;
        assert_eq!(
            (found.status, found.json()["error"].as_str()),
            (401, Some("invalid_signature")),
            "{why}: {found:?}"
        );
        assert_eq!(found.json()["first_difference"]["component"], component, "{why}");
    }
    lab.gateway.stop().await;
}

#[tokio::test]
async fn an_unsigned_request_is_refused_where_a_signature_is_required() {
    let lab = Lab::with(|config| config.signature_required = true).await;
    let token = lab.token("payments:read").await;
    let found = lab.get("/payments", &token).await;
    assert_eq!((found.status, found.field("www-authenticate")), (401, "Signature realm=\"countersign\""));
    assert_eq!(found.json()["error"], "signature_required");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn content_without_end_is_not_read_into_memory() {
    let lab = Lab::start(Dialect::Rfc).await;
    let token = lab.token("payments:write").await;
    let found = lab.post("/payments", &token, &"x".repeat(17 * 1024 * 1024)).await;
    assert_eq!(found.status, 413);
    assert_eq!(lab.judged().2, "content too large");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn what_a_client_wrote_into_its_token_does_not_break_the_challenge() {
    let lab = Lab::start(Dialect::Rfc).await;
    let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
    let token =
        format!("{}.{}.c2ln", part(r#"{"alg":"ES256","kid":"a\", realm=\"b\u00e9"}"#), part(r#"{"iss":"x","exp":1}"#));
    let found = lab.get("/payments", &token).await;
    let challenge = found.field("www-authenticate");
    assert_eq!(
        (found.status, challenge.matches('"').count()),
        (401, 6),
        "realm, error, error_description: {challenge}"
    );
    assert!(challenge.is_ascii(), "{challenge}");
    lab.gateway.stop().await;
}
