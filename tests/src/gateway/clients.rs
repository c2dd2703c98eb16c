//! Client authentication by assertions (RFC 7523), certificates (RFC 8705), and none at all.

use countersign_gateway::{ClientKey, Dialect, Fault};
use jsonwebtoken::Algorithm;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};

use super::api::claims;
use super::client::{Answer, Lab, SECRET, answer, basic, client, form, mutual};
use super::jwt::{self, Key, assertion, by_secret};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");
const KIND: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

async fn ask(lab: &Lab, assertion: &str) -> Answer {
    lab.ask(None, &[GRANT, ("client_assertion_type", KIND), ("client_assertion", assertion)]).await
}

#[tokio::test]
async fn an_assertion_of_every_algorithm_authenticates_the_client() {
    let lab = Lab::start(Dialect::Rfc).await;
    let issuer = json!(lab.gateway.ready().issuer);
    for algorithm in [Algorithm::ES256, Algorithm::RS256, Algorithm::PS256, Algorithm::EdDSA] {
        let key = Key::new(algorithm);
        let kid = format!("{algorithm:?}");
        lab.gateway.add_client_key(ClientKey::from_jwk(&kid, &key.public()).unwrap());
        let found = ask(&lab, &key.sign(Some(&kid), &assertion(&issuer))).await;
        assert_eq!(found.status, 200, "{algorithm:?}: {found:?}");
        let without = ask(&lab, &key.sign(None, &assertion(&issuer))).await;
        assert_eq!(without.status, 200, "{algorithm:?} without kid: every key is tried: {without:?}");
    }
    let by_secret = ask(&lab, &by_secret(SECRET, &assertion(&issuer))).await;
    assert_eq!(by_secret.status, 200, "client_secret_jwt: {by_secret:?}");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn an_assertion_is_for_the_issuer_the_token_endpoint_or_a_list_with_one_of_them() {
    let lab = Lab::start(Dialect::Rfc).await;
    let ready = lab.gateway.ready();
    for audience in [json!(ready.issuer), json!(ready.token_endpoint), json!(["https://else.test", ready.issuer])] {
        let found = ask(&lab, &by_secret(SECRET, &assertion(&audience))).await;
        assert_eq!(found.status, 200, "{audience}: {found:?}");
    }
    for audience in [json!("https://else.test"), json!([]), Value::Null, json!(format!("{}/", ready.issuer))] {
        ask(&lab, &by_secret(SECRET, &assertion(&audience))).await.refused(401, "invalid_client");
    }
    lab.gateway.stop().await;
}

#[tokio::test]
async fn an_assertion_that_is_wrong_is_refused_and_the_claim_is_named() {
    let lab = Lab::start(Dialect::Rfc).await;
    let issuer = json!(lab.gateway.ready().issuer);
    for (change, said) in [
        (json!({"iss": "someone"}), "iss of the assertion is not the client"),
        (json!({"sub": "someone"}), "sub of the assertion is not the client"),
        (json!({"exp": jwt::now() - 30}), "The assertion expired 30 s ago"),
        (json!({"exp": jwt::now() + 3600}), "The assertion lives longer than 300 s"),
        (json!({"exp": null}), "exp of the assertion is missing"),
        (json!({"jti": null}), "jti of the assertion is missing"),
        (json!({"nbf": jwt::now() + 120}), "nbf of the assertion is in the future"),
    ] {
        let mut claims = assertion(&issuer);
        claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let found = ask(&lab, &by_secret(SECRET, &claims)).await;
        found.refused(401, "invalid_client");
        let described = found.json()["error_description"].as_str().unwrap().replace("31 s", "30 s");
        assert_eq!(described, said, "{change}");
    }
    let stranger = Key::new(Algorithm::ES256);
    let unknown = ask(&lab, &stranger.sign(Some("none"), &assertion(&issuer))).await;
    assert_eq!(unknown.json()["error_description"], "No key none of this client");
    lab.gateway.add_client_key(ClientKey::from_jwk("known", &Key::new(Algorithm::ES256).public()).unwrap());
    let forged = ask(&lab, &stranger.sign(Some("known"), &assertion(&issuer))).await;
    assert_eq!(forged.json()["error_description"], "The signature of the assertion does not verify");
    ask(&lab, &by_secret("another secret", &assertion(&issuer))).await.refused(401, "invalid_client");
    ask(&lab, "abc").await.refused(401, "invalid_client");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn an_assertion_counts_once() {
    let lab = Lab::start(Dialect::Rfc).await;
    let once = by_secret(SECRET, &assertion(&json!(lab.gateway.ready().issuer)));
    assert_eq!(ask(&lab, &once).await.status, 200, "the first time");
    let again = ask(&lab, &once).await;
    assert_eq!(again.json()["error_description"], "The assertion was used before", "{again:?}");
    assert_eq!(lab.gateway.proof_replays(), 1, "counted, so that a test can assert it never happens");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn two_methods_at_once_or_two_clients_are_refused() {
    let lab = Lab::start(Dialect::Rfc).await;
    let assertion = by_secret(SECRET, &assertion(&json!(lab.gateway.ready().issuer)));
    let asserted = [GRANT, ("client_assertion_type", KIND), ("client_assertion", &assertion)];
    let authorization = basic("demo-client", SECRET);
    lab.ask(Some(&authorization), &asserted).await.refused(400, "invalid_request");
    let two = [GRANT, ("client_id", "demo-public")];
    lab.ask(Some(&authorization), &two).await.refused(400, "invalid_request");
    let other_kind = [GRANT, ("client_assertion_type", "urn:other"), ("client_assertion", &assertion)];
    lab.ask(None, &other_kind).await.refused(400, "invalid_request");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_public_client_is_known_and_gets_no_token_for_its_own_name() {
    let lab = Lab::start(Dialect::Rfc).await;
    let found = lab.ask(None, &[GRANT, ("client_id", "demo-public")]).await;
    found.refused(400, "unauthorized_client");
    lab.ask(None, &[GRANT, ("client_id", "someone")]).await.refused(401, "invalid_client");
    lab.ask(None, &[GRANT, ("client_id", "demo-client")]).await.refused(401, "invalid_client");
    lab.gateway.set_fault(Fault::parse("client-refused").unwrap());
    lab.ask(None, &[GRANT, ("client_id", "demo-public")]).await.refused(401, "invalid_client");
    assert!(lab.judged().3, "on purpose");
    lab.gateway.stop().await;
}

/// A form to the token endpoint where a certificate is asked for.
async fn ask_mutual(lab: &Lab, client: &reqwest::Client, parameters: &[(&str, &str)]) -> Answer {
    let request = client.post(format!("{}/oauth2/token", lab.gateway.ready().mutual_base_url));
    answer(request.header("content-type", "application/x-www-form-urlencoded").body(form(parameters))).await
}

#[tokio::test]
async fn a_certificate_of_the_labs_ca_authenticates_the_client_and_binds_its_token() {
    let lab = Lab::start(Dialect::Rfc).await;
    let ready = lab.gateway.ready();
    let own = lab.gateway.client_certificate().unwrap();
    let certificate = CertificateDer::from_pem_slice(own.certificate_pem.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(own.key_pem.expose_secret().as_bytes()).unwrap();
    let bearer = client(mutual(lab.gateway.ca_der(), certificate.clone(), key));
    let found = ask_mutual(&lab, &bearer, &[GRANT, ("client_id", "demo-client")]).await;
    assert_eq!(found.status, 200, "tls_client_auth: {found:?}");
    let token = found.json()["access_token"].as_str().unwrap().to_owned();
    use aws_lc_rs::digest::{SHA256, digest};
    use base64::Engine as _;
    let thumbprint = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest(&SHA256, &certificate));
    assert_eq!(claims(&token)["cnf"], json!({"x5t#S256": thumbprint}), "RFC 8705, section 3.1");

    let get = |client: &reqwest::Client, base: &str| {
        client.get(format!("{base}/v1/payments")).header("authorization", format!("Bearer {token}"))
    };
    assert_eq!(answer(get(&bearer, &ready.mutual_base_url)).await.status, 200, "with the certificate");
    let elsewhere = answer(get(&lab.client, &ready.base_url)).await;
    assert_eq!(elsewhere.status, 401, "where no certificate is asked for");
    assert!(elsewhere.field("www-authenticate").contains("bound to a certificate, and none came"), "{elsewhere:?}");
    let second = lab.gateway.client_certificate().unwrap();
    let other = client(mutual(
        lab.gateway.ca_der(),
        CertificateDer::from_pem_slice(second.certificate_pem.as_bytes()).unwrap(),
        PrivateKeyDer::from_pem_slice(second.key_pem.expose_secret().as_bytes()).unwrap(),
    ));
    let refused = answer(get(&other, &ready.mutual_base_url)).await;
    assert!(refused.field("www-authenticate").contains("bound to another certificate"), "{refused:?}");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_self_signed_certificate_counts_once_it_is_registered() {
    let lab = Lab::start(Dialect::Rfc).await;
    let pair = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(Vec::<String>::new()).unwrap().self_signed(&pair).unwrap();
    let key = PrivateKeyDer::Pkcs8(pair.serialize_der().into());
    let own = client(mutual(lab.gateway.ca_der(), certificate.der().clone(), key));
    let named = [GRANT, ("client_id", "demo-client")];
    ask_mutual(&lab, &own, &named).await.refused(401, "invalid_client");
    lab.gateway.register_certificate(certificate.der());
    let found = ask_mutual(&lab, &own, &named).await;
    assert_eq!(found.status, 200, "self_signed_tls_client_auth: {found:?}");
    let without = ask_mutual(&lab, &lab.client, &named).await;
    without.refused(401, "invalid_client");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn token_calls_are_counted_by_client() {
    let lab = Lab::start(Dialect::Rfc).await;
    lab.token("payments:read").await;
    lab.ask(None, &[GRANT, ("client_id", "demo-public")]).await;
    lab.ask(None, &[GRANT, ("client_id", "demo-public")]).await;
    let (confidential, public) = (lab.gateway.token_calls("demo-client"), lab.gateway.token_calls("demo-public"));
    assert_eq!((confidential.total, confidential.most_in_flight), (1, 1), "by its Basic credentials");
    assert_eq!((public.total, public.most_in_flight, public.in_flight), (2, 1, 0), "one after the other");
    lab.gateway.set_fault(Fault::parse("token-delay=1s").unwrap());
    tokio::join!(lab.token("payments:read"), lab.token("payments:read"), lab.token("payments:write"));
    assert_eq!(lab.gateway.token_calls("demo-client").most_in_flight, 3, "three at once");
    lab.gateway.stop().await;
}
