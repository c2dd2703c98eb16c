//! The authorization server: RFC 6749 with its errors, RFC 8414, RFC 7517, RFC 9068, RFC 9700 rotation.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_gateway::Dialect;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};

use super::client::{Answer, Lab, SECRET, answer, basic, form};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

/// Verifies a token by the published keys, as any resource server would.
pub async fn verified(lab: &Lab, token: &str, algorithm: Algorithm) -> Value {
    let set: JwkSet =
        serde_json::from_value(answer(lab.client.get(lab.gateway.ready().jwks_uri)).await.json()).unwrap();
    let header = decode_header(token).unwrap();
    assert_eq!(header.typ.as_deref(), Some("at+jwt"), "RFC 9068, section 2.1");
    let key = DecodingKey::from_jwk(set.find(header.kid.as_deref().unwrap()).unwrap()).unwrap();
    let mut validation = Validation::new(algorithm);
    validation.set_audience(&[lab.gateway.ready().base_url]);
    validation.set_issuer(&[lab.gateway.ready().issuer]);
    validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
    decode::<Value>(token, &key, &validation).unwrap().claims
}

#[tokio::test]
async fn metadata_names_what_is_served() {
    let lab = Lab::start(Dialect::Rfc).await;
    let ready = lab.gateway.ready();
    for well_known in ["oauth-authorization-server", "openid-configuration"] {
        let found = answer(lab.client.get(format!("{}/.well-known/{well_known}", ready.issuer))).await;
        assert_eq!((found.status, found.field("content-type")), (200, "application/json"), "RFC 8414, section 3.2");
        let metadata = found.json();
        assert_eq!(metadata["issuer"], ready.issuer, "RFC 8414, section 3.3: identical to where it was asked for");
        assert_eq!(metadata["token_endpoint"], ready.token_endpoint);
        assert_eq!(metadata["jwks_uri"], ready.jwks_uri);
        assert!(metadata["response_types_supported"].is_array(), "required by section 2");
        let methods = &metadata["token_endpoint_auth_methods_supported"];
        let all = [
            "client_secret_basic",
            "client_secret_post",
            "client_secret_jwt",
            "private_key_jwt",
            "tls_client_auth",
            "self_signed_tls_client_auth",
            "none",
        ];
        assert_eq!(*methods, json!(all));
        assert_eq!(
            metadata["introspection_endpoint_auth_methods_supported"],
            json!(all[..6]),
            "not for public clients"
        );
        let grants = ["client_credentials", "refresh_token", "authorization_code"];
        let urns = ["device_code", "token-exchange", "jwt-bearer"];
        let urns = urns.map(|name| format!("urn:ietf:params:oauth:grant-type:{name}"));
        let offered: Vec<&str> = grants.into_iter().chain(urns.iter().map(String::as_str)).collect();
        assert_eq!(metadata["grant_types_supported"], json!(offered));
        assert_eq!(metadata["code_challenge_methods_supported"], json!(["S256"]));
        assert_eq!(metadata["authorization_response_iss_parameter_supported"], true, "RFC 9207, section 3");
        for (name, alias) in metadata["mtls_endpoint_aliases"].as_object().unwrap() {
            let here = metadata[name].as_str().unwrap().replace(&ready.issuer, &ready.mutual_base_url);
            assert_eq!(*alias, here, "{name}: RFC 8705, section 5");
        }
        for name in metadata.as_object().unwrap().keys().filter(|name| name.ends_with("_endpoint")) {
            let found = answer(lab.client.get(metadata[name].as_str().unwrap())).await;
            assert_ne!(found.status, 404, "{name} is there");
        }
        assert_eq!(metadata["scopes_supported"].as_array().unwrap().len(), 3);
    }
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_dialect_that_is_no_standard_has_no_metadata() {
    for dialect in [Dialect::Ngenius, Dialect::NiPlatform, Dialect::Sloppy] {
        let lab = Lab::start(dialect).await;
        for well_known in ["oauth-authorization-server", "openid-configuration"] {
            let place = format!("{}/.well-known/{well_known}", lab.gateway.ready().issuer);
            assert_eq!(answer(lab.client.get(place)).await.status, 404, "{}: nothing to discover", dialect.name());
        }
        lab.gateway.stop().await;
    }
}

#[tokio::test]
async fn the_published_keys_verify_the_access_token_and_hold_no_private_half() {
    let lab = Lab::start(Dialect::Rfc).await;
    let issued = lab.issued("payments:read payments:write").await;
    let claims = verified(&lab, issued["access_token"].as_str().unwrap(), Algorithm::ES256).await;
    assert_eq!(claims["client_id"], "demo-client");
    assert_eq!(claims["sub"], "demo-client");
    assert_eq!(claims["scope"], "payments:read payments:write");
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 300, "the default life");
    assert!(claims["jti"].as_str().unwrap().len() >= 16);
    let jwks = answer(lab.client.get(lab.gateway.ready().jwks_uri)).await;
    assert_eq!(jwks.field("content-type"), "application/jwk-set+json");
    for key in jwks.json()["keys"].as_array().unwrap() {
        assert_eq!(key["use"], "sig");
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(key.get(private).is_none(), "`{private}` is private");
        }
    }
    lab.gateway.stop().await;
}

#[tokio::test]
async fn basic_and_post_both_authenticate_the_client() {
    let lab = Lab::start(Dialect::Rfc).await;
    let scope = ("scope", "payments:read");
    let by_basic = lab.ask(Some(&basic("demo-client", SECRET)), &[GRANT, scope]).await;
    let by_post = lab.ask(None, &[GRANT, scope, ("client_id", "demo-client"), ("client_secret", SECRET)]).await;
    for found in [by_basic, by_post] {
        assert_eq!(found.status, 200, "{found:?}");
        assert_eq!(found.field("content-type"), "application/json");
        assert_eq!((found.field("cache-control"), found.field("pragma")), ("no-store", "no-cache"), "section 5.1");
        let body = found.json();
        assert_eq!((body["token_type"].as_str(), body["expires_in"].as_u64()), (Some("Bearer"), Some(300)));
        assert_eq!(body["scope"], "payments:read");
        assert!(body.get("refresh_token").is_none(), "section 4.4.3");
    }
    let by_default = lab.ask(Some(&basic("demo-client", SECRET)), &[GRANT, ("scope", "")]).await.json();
    assert_eq!(by_default["scope"], "payments:read payments:write", "section 3.2: without a value is as omitted");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_client_that_does_not_prove_itself_is_refused_with_a_challenge() {
    let lab = Lab::start(Dialect::Rfc).await;
    let raw = format!("Basic {}", STANDARD.encode(format!("demo-client:{SECRET}")));
    for (why, authorization) in [
        ("another secret", Some(basic("demo-client", "another"))),
        ("an unknown client", Some(basic("someone", SECRET))),
        ("a secret that is not form-encoded", Some(raw)),
        ("not base64", Some("Basic !!!".to_owned())),
        ("no colon", Some(format!("Basic {}", STANDARD.encode("demo-client")))),
        ("another scheme", Some("Bearer abc".to_owned())),
        ("nothing", None),
    ] {
        let found = lab.ask(authorization.as_deref(), &[GRANT]).await;
        found.refused(401, "invalid_client");
        assert_eq!(found.field("www-authenticate"), "Basic realm=\"countersign\"", "{why}: section 5.2");
    }
    let by_post = [GRANT, ("client_id", "demo-client"), ("client_secret", "another")];
    lab.ask(None, &by_post).await.refused(401, "invalid_client");
    let twice = [GRANT, ("client_id", "demo-client"), ("client_secret", SECRET)];
    lab.ask(Some(&basic("demo-client", SECRET)), &twice).await.refused(400, "invalid_request");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn requests_that_are_wrong_get_the_error_of_the_standard() {
    let lab = Lab::start(Dialect::Rfc).await;
    let authorization = basic("demo-client", SECRET);
    let asked = async |parameters: &[(&str, &str)]| -> Answer { lab.ask(Some(&authorization), parameters).await };
    asked(&[]).await.refused(400, "invalid_request");
    asked(&[("grant_type", "")]).await.refused(400, "invalid_request");
    asked(&[("grant_type", "password")]).await.refused(400, "unsupported_grant_type");
    asked(&[("grant_type", "pass\"word\\§")]).await.refused(400, "unsupported_grant_type");
    asked(&[GRANT, ("scope", "payments:read accounts:read")]).await.refused(400, "invalid_scope");
    asked(&[GRANT, ("scope", "\"é\\")]).await.refused(400, "invalid_scope");
    asked(&[GRANT, GRANT]).await.refused(400, "invalid_request");
    asked(&[("grant_type", "refresh_token")]).await.refused(400, "invalid_request");
    asked(&[("grant_type", "refresh_token"), ("refresh_token", "unknown")]).await.refused(400, "invalid_grant");

    let endpoint = lab.gateway.ready().token_endpoint;
    let json =
        lab.client.post(&endpoint).header("authorization", &authorization).header("content-type", "application/json");
    answer(json.body(r#"{"grant_type":"client_credentials"}"#)).await.refused(400, "invalid_request");
    let broken = lab.client.post(&endpoint).header("authorization", &authorization);
    let broken = broken.header("content-type", "application/x-www-form-urlencoded").body("grant_type=%ff");
    answer(broken).await.refused(400, "invalid_request");
    let get = lab.client.get(format!("{endpoint}?{}", form(&[GRANT]))).header("authorization", &authorization);
    let get = answer(get).await;
    get.refused(405, "invalid_request");
    assert_eq!(get.field("allow"), "POST", "RFC 9110, section 15.5.6");
    lab.gateway.stop().await;
}

/// The refresh grant; the answer.
async fn refresh(lab: &Lab, token: &str, scope: Option<&str>) -> Answer {
    let mut parameters = vec![("grant_type", "refresh_token"), ("refresh_token", token)];
    parameters.extend(scope.map(|scope| ("scope", scope)));
    lab.ask(Some(&basic("demo-client", SECRET)), &parameters).await
}

fn member(body: &Value, name: &str) -> String {
    body[name].as_str().unwrap_or_else(|| panic!("no {name} in {body}")).to_owned()
}

#[tokio::test]
async fn a_refresh_token_rotates_and_keeps_its_scope() {
    let lab = Lab::start(Dialect::Rfc).await;
    let scope = "payments:read payments:refund";
    let first = lab.issued(scope).await;
    let second = refresh(&lab, &member(&first, "refresh_token"), None).await.json();
    assert_eq!(second["scope"], scope);
    assert_ne!(second["access_token"], first["access_token"]);
    assert_ne!(second["refresh_token"], first["refresh_token"], "each use makes the next one");
    verified(&lab, &member(&second, "access_token"), Algorithm::ES256).await;

    let more = refresh(&lab, &member(&second, "refresh_token"), Some("payments:write")).await;
    more.refused(400, "invalid_scope");
    let less = refresh(&lab, &member(&second, "refresh_token"), Some("payments:read")).await;
    assert_eq!(
        (less.status, less.json()["scope"].as_str()),
        (200, Some("payments:read")),
        "what was refused spent nothing"
    );
    assert_eq!(lab.gateway.refresh_reuse(), 0);
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_refresh_token_used_twice_revokes_its_whole_family() {
    let lab = Lab::start(Dialect::Rfc).await;
    let (first, stranger) = (lab.issued("payments:read payments:refund").await, lab.issued("payments:refund").await);
    let second = refresh(&lab, &member(&first, "refresh_token"), None).await.json();
    refresh(&lab, &member(&first, "refresh_token"), None).await.refused(400, "invalid_grant");
    assert_eq!(lab.gateway.refresh_reuse(), 1, "counted, so that a test can assert it never happens");
    refresh(&lab, &member(&second, "refresh_token"), None).await.refused(400, "invalid_grant");
    let refused = lab.get("/payments", &member(&second, "access_token")).await;
    assert!(refused.field("www-authenticate").contains("revoked"), "the access token of the family too: {refused:?}");
    assert_eq!(refresh(&lab, &member(&stranger, "refresh_token"), None).await.status, 200, "another family lives on");
    lab.gateway.stop().await;
}
