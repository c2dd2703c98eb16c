//! Client certificates against openssl and nginx: imported from the files openssl writes, shown, refused, explained.

use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::canary::{canary, files, leaks, leaks_in};
use crate::need;
use crate::peers::{nginx, openssl};
use crate::support::cli::{Said, command, run_with};
use crate::support::clients::ClientCa;
use crate::support::pki::Pki;
use crate::support::sandbox::Sandbox;
use crate::support::{free_port, has};

const PASSPHRASE: &str = "open sesame";

/// A server's PKI and a sandbox with three clients: of the right CA, of another one, of the right one but expired.
pub(super) struct Lab {
    pub(super) pki: Pki,
    pub(super) sandbox: Sandbox,
}

impl Lab {
    pub(super) fn new() -> Self {
        let (pki, sandbox) = (Pki::new(), Sandbox::new());
        let (clients, strangers) = (ClientCa::new("Clients CA"), ClientCa::new("Strangers"));
        std::fs::write(pki.file("clients.pem"), &clients.pem).unwrap();
        clients.issue(pki.path(), "till", 60);
        clients.issue(pki.path(), "expired", -2);
        strangers.issue(pki.path(), "other", 60);
        Self { pki, sandbox }
    }

    /// With a passphrase vault: these tests ask no keychain.
    fn run(&self, arguments: &[&str]) -> Said {
        let mut with_vault = arguments.to_vec();
        with_vault.extend(["--vault", "passphrase", "--passphrase-env", "VAULT_PASSPHRASE"]);
        let mut command = command(&self.sandbox, &with_vault);
        command.env("VAULT_PASSPHRASE", "of the vault").env("FILE_PASSPHRASE", PASSPHRASE);
        run_with(command, None)
    }

    pub(super) fn add(&self, name: &str, more: &[&str]) -> Said {
        let file = self.pki.text(&format!("{name}.pem"));
        let mut arguments = vec!["credential", "add", name, "--client-cert-file", &file];
        arguments.extend(["--allowed-host", "localhost", "--json"]);
        arguments.extend(more);
        self.run(&arguments)
    }

    fn openssl(&self, arguments: &[&str]) {
        let done = Command::new("openssl").args(arguments).current_dir(self.pki.path()).output().unwrap();
        assert!(done.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    }

    /// `inspect`, showing this client.
    pub(super) fn inspect(&self, port: u16, client: Option<&str>, more: &[&str]) -> Said {
        let (host, ca) = (format!("localhost:{port}"), self.pki.text("root.pem"));
        let mut arguments = vec!["inspect", &host, "--ca", &ca, "--json"];
        arguments.extend(client.iter().flat_map(|name| ["--client-cert", name]));
        arguments.extend(more);
        self.run(&arguments)
    }

    /// `send GET`, showing this client.
    fn send(&self, port: u16, client: Option<&str>, more: &[&str]) -> Said {
        let (url, ca) = (format!("https://localhost:{port}/"), self.pki.text("root.pem"));
        let mut arguments = vec!["send", "GET", &url, "--ca", &ca, "--json"];
        arguments.extend(client.iter().flat_map(|name| ["--client-cert", name]));
        arguments.extend(more);
        self.run(&arguments)
    }
}

fn accepts(issuer: &str, sent: &str) -> String {
    format!("The server accepts certificates issued by: CN={issuer}; the one sent is issued by CN={sent}.")
}

#[test]
fn every_file_that_openssl_writes_is_imported() {
    need!(has("openssl"), "openssl");
    let lab = Lab::new();
    let pass = format!("pass:{PASSPHRASE}");
    let pkcs12 = ["pkcs12", "-export", "-in", "till.crt", "-inkey", "till.key", "-certfile", "clients.pem"];
    lab.openssl(&[&pkcs12[..], &["-passout", &pass, "-out", "modern.p12"]].concat());
    lab.openssl(&[&pkcs12[..], &["-legacy", "-passout", &pass, "-out", "legacy.p12"]].concat());
    lab.openssl(&["pkcs8", "-topk8", "-in", "till.key", "-passout", &pass, "-out", "encrypted.key"]);
    lab.openssl(&["pkcs8", "-topk8", "-in", "till.key", "-v2", "des3", "-passout", &pass, "-out", "des3.key"]);
    lab.openssl(&["pkcs8", "-topk8", "-scrypt", "-in", "till.key", "-passout", &pass, "-out", "scrypt.key"]);
    lab.openssl(&["ec", "-in", "till.key", "-out", "sec1.key"]);
    lab.openssl(&["pkcs8", "-topk8", "-nocrypt", "-in", "till.key", "-outform", "DER", "-out", "der.key"]);
    for (name, certificate, key) in [
        ("modern", "modern.p12", None),
        ("legacy", "legacy.p12", None),
        ("encrypted", "till.crt", Some("encrypted.key")),
        ("des3", "till.crt", Some("des3.key")),
        ("scrypt", "till.crt", Some("scrypt.key")),
        ("sec1", "till.crt", Some("sec1.key")),
        ("der", "till.crt", Some("der.key")),
    ] {
        let (certificate, key) = (lab.pki.text(certificate), key.map(|key| lab.pki.text(key)));
        let mut arguments = vec!["credential", "add", name, "--client-cert-file", &certificate];
        arguments.extend(["--allowed-host", "localhost", "--secret-env", "passphrase=FILE_PASSPHRASE", "--json"]);
        arguments.extend(key.iter().flat_map(|key| ["--key-file", key.as_str()]));
        let seen = lab.run(&arguments).expect(0).json();
        assert_eq!(seen["kind"], "client-certificate", "{name}");
        assert_eq!(seen["certificate"]["subject"], "CN=till", "{name}: {seen}");
        assert_eq!(seen["slots"][0]["state"], "stored", "{name}: the key is in the vault");
    }
}

#[test]
fn what_is_wrong_with_a_file_is_said_before_anything_is_stored() {
    need!(has("openssl"), "openssl");
    let lab = Lab::new();
    let export = ["pkcs12", "-export", "-in", "till.crt", "-inkey", "till.key", "-out", "till.p12"];
    lab.openssl(&[&export[..], &["-passout", "pass:another one"]].concat());
    lab.openssl(&["genrsa", "-aes128", "-traditional", "-passout", "pass:abcd", "-out", "old.key", "2048"]);
    for (certificate, key, code) in [
        ("till.p12", None, "client_certificate.passphrase_wrong"),
        ("till.crt", None, "client_certificate.no_key"),
        ("till.key", None, "client_certificate.no_certificate"),
        ("till.crt", Some("other.key"), "client_certificate.key_mismatch"),
        ("till.crt", Some("old.key"), "client_certificate.unsupported"),
    ] {
        let (certificate, key) = (lab.pki.text(certificate), key.map(|key| lab.pki.text(key)));
        let mut arguments = vec!["credential", "add", "till", "--client-cert-file", &certificate];
        arguments.extend(["--allowed-host", "localhost", "--secret-env", "passphrase=FILE_PASSPHRASE", "--json"]);
        arguments.extend(key.iter().flat_map(|key| ["--key-file", key.as_str()]));
        let problem = lab.run(&arguments).expect(2).json();
        assert_eq!(problem["code"], code, "{problem}");
    }
    lab.run(&["credential", "show", "till", "--json"]).expect(7);
}

#[test]
fn an_expired_one_is_imported_with_a_warning() {
    let lab = Lab::new();
    let said = lab.add("expired", &[]).expect(0);
    assert_eq!(said.json()["certificate"]["findings"][0]["id"], "certificate.expired");
    assert!(said.err.contains("The client certificate expired on"), "said at once: {}", said.err);
}

#[test]
fn openssl_accepts_the_right_client_and_says_after_the_handshake_why_not_another() {
    need!(has("openssl"), "openssl");
    let lab = Lab::new();
    lab.add("till", &[]).expect(0);
    lab.add("other", &[]).expect(0);
    let (chain, clients) = (lab.pki.text("intermediate.pem"), lab.pki.text("clients.pem"));
    let demand = ["-cert_chain", &chain, "-Verify", "2", "-CAfile", &clients, "-verify_return_error"];
    let server = openssl::Server::start(&lab.pki, &demand);

    let seen = lab.inspect(server.port, Some("till"), &[]).expect(0).json();
    let used = &seen["handshake"]["client_certificate"];
    assert_eq!((&used["sent"], &used["subject"]), (&Value::Bool(true), &Value::from("CN=till")), "{seen}");
    assert_eq!(used["credential"], "till", "which credential it was");
    assert_eq!(used["reason"], "The request names the credential `till`.");
    let sent = lab.send(server.port, Some("till"), &[]).expect(0).json();
    assert_eq!(sent["response"]["status"], 200, "{sent}");

    for version in [&["--tls-max", "1.3"][..], &["--tls-max", "1.2"]] {
        for refused in [lab.inspect(server.port, Some("other"), version), lab.send(server.port, Some("other"), version)]
        {
            let refused = refused.expect(4).json();
            assert_eq!(refused["error"]["code"], "client_certificate.refused", "{version:?}: {refused}");
            assert_eq!(refused["root_cause"]["sentence"], accepts("Clients CA", "Strangers"), "{version:?}");
            assert_eq!(refused["verdict"]["state"], "trusted", "the server had proved itself");
            let reason =
                "The request names the credential `other`. The server does not name its issuer, but one of `till`.";
            assert_eq!(refused["handshake"]["client_certificate"]["reason"], reason, "and which would do");
        }
    }
    for missing in [lab.inspect(server.port, None, &[]), lab.send(server.port, None, &[])] {
        let missing = missing.expect(4).json();
        assert_eq!(missing["error"]["code"], "client_certificate.required", "{missing}");
        assert_eq!(
            missing["handshake"]["client_certificate"]["reason"],
            "The request names none; `till` may go to localhost, and the server accepts its issuer.",
            "why none was sent"
        );
    }
}

#[test]
fn nginx_answers_400_to_a_client_it_does_not_accept_and_the_cause_is_named() {
    need!(has("nginx"), "nginx");
    let lab = Lab::new();
    for client in ["till", "other", "expired"] {
        lab.add(client, &[]).expect(0);
    }
    let port = free_port();
    let demand = format!("ssl_verify_client on; ssl_client_certificate {};", lab.pki.text("clients.pem"));
    let _nginx = nginx::start_with(&lab.pki, port, &demand);

    let sent = lab.send(port, Some("till"), &[]).expect(0).json();
    assert_eq!(sent["response"]["status"], 200, "{sent}");
    let other = lab.send(port, Some("other"), &[]).expect(0).json();
    assert_eq!(other["response"]["status"], 400, "nginx lets the handshake end");
    assert_eq!(other["findings"][0]["id"], "client_certificate.refused", "{other}");
    assert_eq!(other["findings"][0]["sentence"], accepts("Clients CA", "Strangers"));
    let expired = lab.send(port, Some("expired"), &[]).expect(0).json();
    assert_eq!(expired["findings"][0]["id"], "client_certificate.refused", "{expired}");
    let none = lab.send(port, None, &[]).expect(0).json();
    assert_eq!(none["findings"][0]["id"], "client_certificate.required", "{none}");
}

#[test]
fn a_credential_that_obtains_tokens_shows_its_certificate_to_the_token_endpoint() {
    need!(has("openssl"), "openssl");
    let lab = Lab::new();
    let (chain, clients, file) =
        (lab.pki.text("intermediate.pem"), lab.pki.text("clients.pem"), lab.pki.text("till.pem"));
    let demand = ["-cert_chain", &chain, "-Verify", "2", "-CAfile", &clients, "-verify_return_error"];
    let server = openssl::Server::start(&lab.pki, &demand);
    let endpoint = format!("https://localhost:{}/token", server.port);
    let mut add = vec!["credential", "add", "bank", "--client-id", "7731", "--token-endpoint", &endpoint];
    add.extend(["--secret-env", "client_secret=FILE_PASSPHRASE", "--client-cert-file", &file]);
    lab.run(&add).expect(0);
    let root = lab.pki.text("root.pem");
    // the peer answers no POST: what counts is the handshake of the token call
    let called = lab.run(&["credential", "test", "bank", "--ca", &root, "--json"]).expect(3).json();
    let used = &called["token"]["exchange"]["handshake"]["client_certificate"];
    assert_eq!((&used["sent"], &used["credential"]), (&Value::Bool(true), &Value::from("bank")), "{called}");
    assert_eq!(used["reason"], "The credential `bank` has it beside its secret.");
}

#[test]
fn a_certificate_is_not_offered_to_a_host_outside_its_list() {
    let lab = Lab::new();
    let file = lab.pki.text("till.pem");
    let add = ["credential", "add", "till", "--client-cert-file", &file, "--allowed-host", "api.bank.example"];
    lab.run(&add).expect(0);
    let problem = lab.inspect(1, Some("till"), &[]).expect(2).json();
    assert_eq!(problem["code"], "credential.host_not_allowed", "{problem}");
    let refused = lab.send(1, Some("till"), &[]).expect(2).json();
    assert_eq!(refused["outcome"], "refused_by_us", "nothing was opened: {refused}");
}

/// The key in every form a leak could take: its private number raw, hexadecimal and in base64, and the lines of its PEM.
fn forms_of_key(pem: &str) -> Vec<(&'static str, Vec<u8>)> {
    let lines: Vec<&str> = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = STANDARD.decode(lines.concat()).unwrap();
    // PKCS#8 of P-256: SEQUENCE { OCTET STRING of 32 bytes } inside; the private number follows `04 20`
    let at = der.windows(2).position(|pair| pair == [0x04, 0x20]).unwrap() + 2;
    let number = &der[at..at + 32];
    let mut forms = vec![("raw", number.to_vec()), ("hexadecimal", hex::encode(number).into_bytes())];
    for shift in 0..3 {
        let text = STANDARD.encode([&b"abc"[..shift], number].concat());
        forms.push(("base64", text.as_bytes()[4..text.len() - 4].to_vec()));
    }
    forms.push(("PEM", lines[1].as_bytes().to_vec()));
    forms
}

#[test]
fn key_and_passphrase_of_a_client_certificate_are_in_the_vault_and_nowhere_else() {
    need!(has("openssl"), "openssl");
    let (lab, passphrase) = (Lab::new(), canary());
    let export = ["pkcs12", "-export", "-in", "till.crt", "-inkey", "till.key", "-out", "till.p12", "-passout"];
    lab.openssl(&[&export[..], &[&format!("pass:{passphrase}")]].concat());
    let (chain, clients) = (lab.pki.text("intermediate.pem"), lab.pki.text("clients.pem"));
    let server = openssl::Server::start(&lab.pki, &["-cert_chain", &chain, "-Verify", "2", "-CAfile", &clients]);
    let (p12, pem, url) =
        (lab.pki.text("till.p12"), lab.pki.text("till.pem"), format!("https://localhost:{}/", server.port));
    let root = lab.pki.text("root.pem");
    let mut said = Vec::new();
    let mut flow = |arguments: &[&str], code| {
        let with_vault = [arguments, &["--vault", "passphrase", "--passphrase-env", "VAULT_PASSPHRASE"]].concat();
        let mut command = command(&lab.sandbox, &with_vault);
        command.env("VAULT_PASSPHRASE", "of the vault").env("FILE_PASSPHRASE", &passphrase);
        let outcome = run_with(command, None).expect(code);
        said.push((arguments.join(" "), outcome.out + &outcome.err));
    };
    let add = ["credential", "add", "till", "--client-cert-file", &p12, "--secret-env", "passphrase=FILE_PASSPHRASE"];
    flow(&[&add[..], &["--allowed-host", "localhost"]].concat(), 0);
    flow(&["credential", "show", "till", "--json"], 0);
    flow(&["send", "GET", &url, "--ca", &root, "--client-cert", "till", "--json"], 0);
    flow(&["inspect", url.trim_start_matches("https://"), "--ca", &root, "--client-cert", "till", "-v"], 0);
    flow(&["credential", "replace", "till", "--client-cert-file", &pem], 0);
    flow(&["credential", "add", "bad", "--client-cert-file", &p12, "--allowed-host", "localhost", "--json"], 2);
    flow(&["history", "list", "--json"], 0);

    let forms = forms_of_key(&std::fs::read_to_string(lab.pki.file("till.key")).unwrap());
    let holds = |place: &str, bytes: &[u8]| -> Vec<String> {
        let found = forms.iter().filter(|(_, form)| bytes.windows(form.len()).any(|part| part == form));
        found.map(|(name, _)| format!("{place}: the key, {name}")).collect()
    };
    assert!(!holds("its own file", &std::fs::read(lab.pki.file("till.key")).unwrap()).is_empty(), "the search works");
    let mut found = leaks_in(&lab.sandbox, &[&passphrase]);
    for file in files(lab.sandbox.path()) {
        found.extend(holds(&file.display().to_string(), &std::fs::read(&file).unwrap()));
    }
    for (what, words) in &said {
        found.extend(holds(what, words.as_bytes()));
        found.extend(leaks(what, words.as_bytes(), &[&passphrase]));
    }
    assert!(found.is_empty(), "{found:#?}");
}
