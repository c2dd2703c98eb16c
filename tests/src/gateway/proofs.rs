//! DPoP (RFC 9449): proofs at the token endpoint and at the API, their replay, nonces, and what they bind.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_gateway::{Dialect, Fault};
use jsonwebtoken::{Algorithm, Header};
use serde_json::{Value, json};

use super::api::claims;
use super::client::{Answer, Lab, SECRET, answer, basic, form};
use super::jwt::{self, Key, hash};

async fn ask(lab: &Lab, proofs: &[&str], parameters: &[(&str, &str)], authorization: Option<&str>) -> Answer {
    let mut request = lab.client.post(lab.gateway.ready().token_endpoint);
    request = request.header("content-type", "application/x-www-form-urlencoded").body(form(parameters));
    for proof in proofs {
        request = request.header("dpop", *proof);
    }
    answer(match authorization {
        Some(value) => request.header("authorization", value),
        None => request,
    })
    .await
}

async fn issued(lab: &Lab, proof: &str) -> Answer {
    ask(lab, &[proof], &[("grant_type", "client_credentials")], Some(&basic("demo-client", SECRET))).await
}

/// A token bound to the key.
async fn token(lab: &Lab, key: &Key) -> String {
    let proof = key.proof(&jwt::proof("POST", &lab.gateway.ready().token_endpoint), |_| {});
    let body = issued(lab, &proof).await.json();
    assert_eq!(body["token_type"], "DPoP", "RFC 9449, section 5");
    body["access_token"].as_str().unwrap().to_owned()
}

async fn get(lab: &Lab, scheme: &str, token: &str, proof: Option<&str>) -> Answer {
    let request = lab.client.get(lab.api("/payments")).header("authorization", format!("{scheme} {token}"));
    answer(match proof {
        Some(proof) => request.header("dpop", proof),
        None => request,
    })
    .await
}

fn for_api(lab: &Lab, token: &str) -> Value {
    let mut claims = jwt::proof("GET", &lab.api("/payments"));
    claims["ath"] = hash(token).into();
    claims
}

#[tokio::test]
async fn a_token_is_bound_to_the_key_of_the_proof_whatever_its_algorithm() {
    let lab = Lab::start(Dialect::Rfc).await;
    for algorithm in [Algorithm::ES256, Algorithm::RS256, Algorithm::PS256, Algorithm::EdDSA] {
        let key = Key::new(algorithm);
        let token = token(&lab, &key).await;
        assert_eq!(claims(&token)["cnf"]["jkt"], key.thumbprint(), "{algorithm:?}: section 6.1");
        let found = get(&lab, "DPoP", &token, Some(&key.proof(&for_api(&lab, &token), |_| {}))).await;
        assert_eq!(found.status, 200, "{algorithm:?}: {found:?}");
    }
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_bound_token_is_worth_nothing_without_its_proof() {
    let lab = Lab::start(Dialect::Rfc).await;
    let (key, other) = (Key::new(Algorithm::ES256), Key::new(Algorithm::ES256));
    let token = token(&lab, &key).await;
    let mut ath = for_api(&lab, &token);
    ath["ath"] = hash("another token").into();
    for (why, scheme, proof, error) in [
        ("as bearer", "Bearer", None, "invalid_token"),
        ("no proof", "DPoP", None, "invalid_dpop_proof"),
        ("another key", "DPoP", Some(other.proof(&for_api(&lab, &token), |_| {})), "invalid_token"),
        ("another token", "DPoP", Some(key.proof(&ath, |_| {})), "invalid_dpop_proof"),
    ] {
        let found = get(&lab, scheme, &token, proof.as_deref()).await;
        let challenge = found.field("www-authenticate");
        assert_eq!(found.status, 401, "{why}: {found:?}");
        assert!(challenge.starts_with(&format!("DPoP realm=\"countersign\", error=\"{error}\"")), "{why}: {challenge}");
        assert!(challenge.ends_with("algs=\"ES256 RS256 PS256 EdDSA\""), "{why}: section 7.1: {challenge}");
    }
    let bearer = lab.token("payments:read").await;
    let found = get(&lab, "DPoP", &bearer, Some(&key.proof(&for_api(&lab, &bearer), |_| {}))).await;
    assert!(found.field("www-authenticate").contains("not bound to a key"), "an unbound token as DPoP: {found:?}");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_proof_that_is_wrong_is_refused_and_the_claim_is_named() {
    let lab = Lab::start(Dialect::Rfc).await;
    let key = Key::new(Algorithm::ES256);
    let endpoint = lab.gateway.ready().token_endpoint;
    let good = || jwt::proof("POST", &endpoint);
    for (change, said) in [
        (json!({"htm": "GET"}), "htm is not POST".to_owned()),
        (json!({"htu": "https://localhost/else"}), format!("htu is not {endpoint}")),
        (json!({"iat": null}), "iat is missing".to_owned()),
        (json!({"jti": null}), "jti is missing".to_owned()),
    ] {
        let mut claims = good();
        claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let found = issued(&lab, &key.proof(&claims, |_| {})).await;
        found.refused(400, "invalid_dpop_proof");
        assert_eq!(found.json()["error_description"], said, "{change}");
    }
    for (seconds, side) in [(-120, "behind"), (120, "ahead of")] {
        let mut claims = good();
        claims["iat"] = (jwt::now() + seconds).into();
        let found = issued(&lab, &key.proof(&claims, |_| {})).await;
        assert!(found.json()["error_description"].as_str().unwrap().contains(side), "{found:?}");
    }
    let typed = issued(&lab, &key.proof(&good(), |header| header.typ = Some("JWT".into()))).await;
    assert_eq!(typed.json()["error_description"], "typ is not dpop+jwt", "{typed:?}");
    let critical = |header: &mut Header| header.crit = Some(vec!["exp".into()]);
    let critical = issued(&lab, &key.proof(&good(), critical)).await;
    assert_eq!(critical.json()["error_description"], "crit of the proof is not understood", "RFC 7515, section 4.1.11");
    let keyless = issued(&lab, &key.proof(&good(), |header| header.jwk = None)).await;
    assert_eq!(keyless.json()["error_description"], "The proof has no jwk", "{keyless:?}");
    let other = Key::new(Algorithm::ES256).public();
    let forged = key.proof(&good(), |header| header.jwk = serde_json::from_value(other).unwrap());
    let found = issued(&lab, &forged).await;
    assert_eq!(found.json()["error_description"], "The signature of the proof does not verify");
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let mut private = key.public();
    private["d"] = "AA".into();
    let shown = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": private});
    let shown = issued(&lab, &format!("{}.{}.AA", part(&shown), part(&good()))).await;
    assert_eq!(shown.json()["error_description"], "The proof shows a private key", "section 4.3: {shown:?}");
    issued(&lab, "nonsense").await.refused(400, "invalid_dpop_proof");
    let (one, two) = (key.proof(&good(), |_| {}), key.proof(&good(), |_| {}));
    let authorization = basic("demo-client", SECRET);
    let twice = ask(&lab, &[&one, &two], &[("grant_type", "client_credentials")], Some(&authorization)).await;
    assert_eq!(twice.json()["error_description"], "There is more than one proof");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_proof_counts_once() {
    let lab = Lab::start(Dialect::Rfc).await;
    let key = Key::new(Algorithm::ES256);
    let token = token(&lab, &key).await;
    let proof = key.proof(&for_api(&lab, &token), |_| {});
    assert_eq!(get(&lab, "DPoP", &token, Some(&proof)).await.status, 200, "the first time");
    let again = get(&lab, "DPoP", &token, Some(&proof)).await;
    assert!(again.field("www-authenticate").contains("The proof was used before"), "{again:?}");
    assert_eq!(lab.gateway.proof_replays(), 1, "counted");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_nonce_is_asked_for_while_the_fault_is_on_and_each_server_has_its_own() {
    let lab = Lab::start(Dialect::Rfc).await;
    let key = Key::new(Algorithm::ES256);
    let endpoint = lab.gateway.ready().token_endpoint;
    lab.gateway.set_fault(Fault::parse("dpop-nonce").unwrap());
    let without = issued(&lab, &key.proof(&jwt::proof("POST", &endpoint), |_| {})).await;
    without.refused(400, "use_dpop_nonce");
    assert!(lab.judged().3, "on purpose");
    let mut claims = jwt::proof("POST", &endpoint);
    claims["nonce"] = without.field("dpop-nonce").into();
    let found = issued(&lab, &key.proof(&claims, |_| {})).await;
    assert_eq!(found.status, 200, "with the nonce: {found:?}");
    let token = found.json()["access_token"].as_str().unwrap().to_owned();

    let mut wrong = for_api(&lab, &token);
    wrong["nonce"] = without.field("dpop-nonce").into();
    let asked = get(&lab, "DPoP", &token, Some(&key.proof(&wrong, |_| {}))).await;
    assert!(asked.field("www-authenticate").contains("error=\"use_dpop_nonce\""), "section 9: {asked:?}");
    assert_ne!(asked.field("dpop-nonce"), without.field("dpop-nonce"), "the API has a nonce of its own");
    let mut right = for_api(&lab, &token);
    right["nonce"] = asked.field("dpop-nonce").into();
    assert_eq!(get(&lab, "DPoP", &token, Some(&key.proof(&right, |_| {}))).await.status, 200, "with it");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_public_clients_refresh_token_and_a_code_are_bound_to_the_key() {
    let lab = Lab::start(Dialect::Rfc).await;
    let (key, other) = (Key::new(Algorithm::ES256), Key::new(Algorithm::ES256));
    let ready = lab.gateway.ready();
    let verifier = "dBjftJeZ4CVP-mBJ-ZkTxiGxkO6XGVWDfl0QGFbAY9o-lab";
    let (challenge, jkt) = (hash(verifier), key.thumbprint());
    let query = form(&[
        ("response_type", "code"),
        ("client_id", "demo-public"),
        ("redirect_uri", "http://127.0.0.1:1/"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
        ("dpop_jkt", &jkt),
    ]);
    let code = async || {
        let found = answer(lab.client.get(format!("{}/oauth2/authorize?{query}", ready.issuer))).await;
        let location = url::Url::parse(found.field("location")).unwrap();
        location.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned()
    };
    let proof = |key: &Key| key.proof(&jwt::proof("POST", &ready.token_endpoint), |_| {});
    let redeem = async |code: &str, key: &Key| {
        let parameters = [
            ("grant_type", "authorization_code"),
            ("client_id", "demo-public"),
            ("code", code),
            ("redirect_uri", "http://127.0.0.1:1/"),
            ("code_verifier", verifier),
        ];
        ask(&lab, &[&proof(key)], &parameters, None).await
    };
    redeem(&code().await, &other).await.refused(400, "invalid_grant");
    let body = redeem(&code().await, &key).await.json();
    let refresh = body["refresh_token"].as_str().unwrap();
    let parameters = [("grant_type", "refresh_token"), ("client_id", "demo-public"), ("refresh_token", refresh)];
    ask(&lab, &[&proof(&other)], &parameters, None).await.refused(400, "invalid_grant");
    ask(&lab, &[], &parameters, None).await.refused(400, "invalid_grant");
    assert_eq!(ask(&lab, &[&proof(&key)], &parameters, None).await.status, 200, "what was refused spent nothing");
    lab.gateway.stop().await;
}
