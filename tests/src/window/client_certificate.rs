//! Trust and identity in the window: a CA is trusted for a host, a client certificate imported and shown to it.

use std::process::Command;

use fantoccini::Locator;

use crate::canary::{canary, leaks, leaks_in};
use crate::peers::openssl::Server;
use crate::support::clients::ClientCa;
use crate::support::has;
use crate::support::pki::Pki;
use crate::support::sandbox::Sandbox;
use crate::support::skip;
use crate::support::window::Window;

use super::fresh;

/// A server that demands a client certificate, and a PKCS#12 file it accepts.
pub struct Lab {
    pki: Pki,
    server: Server,
    passphrase: String,
}

impl Lab {
    pub fn new() -> Self {
        let (pki, clients) = (Pki::new(), ClientCa::new("Clients CA"));
        std::fs::write(pki.file("clients.pem"), &clients.pem).unwrap();
        clients.issue(pki.path(), "till-7", 60);
        let passphrase = canary();
        let pass = format!("pass:{passphrase}");
        let export =
            ["pkcs12", "-export", "-in", "till-7.crt", "-inkey", "till-7.key", "-out", "till.p12", "-passout", &pass];
        let done = Command::new("openssl").args(export).current_dir(pki.path()).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        // with the root, so that there is a CA to trust
        let above = std::fs::read_to_string(pki.file("intermediate.pem")).unwrap() + &pki.root;
        std::fs::write(pki.file("above.pem"), above).unwrap();
        let (above, clients) = (pki.text("above.pem"), pki.text("clients.pem"));
        let demand = ["-cert_chain", &above, "-Verify", "2", "-CAfile", &clients, "-verify_return_error"];
        let server = Server::start(&pki, &demand);
        Self { pki, server, passphrase }
    }
}

/// The whole way; `seen` is told at each stop.
pub async fn walk(window: &Window, sandbox: &Sandbox, lab: &Lab, seen: impl AsyncFn(&Window, &str)) {
    window.click("button", "New request").await;
    let url = window.find(Locator::Css("[data-url]")).await;
    url.clear().await.unwrap();
    url.send_keys(&format!("https://localhost:{}/", lab.server.port)).await.unwrap();
    window.click("button", "Send").await;
    window.reads("the root is in no trust store").await;
    seen(window, "trust-refused").await;
    window.click("button", "Trust this CA for this host").await;
    window.reads("Compare the fingerprint").await;
    seen(window, "trust-ca").await;
    window.click("dialog button", "Trust this CA and send again").await;
    window.reads("the server wants a client certificate").await;
    seen(window, "client-certificate-required").await;

    window.click("button", "Add credential").await;
    window.click("button", "Import client certificate").await;
    // the form of the page behind it has fields of the same names
    for (label, text) in [("Name", "Till 7"), ("Allowed hosts", "localhost")] {
        let field = format!("//*[@role='dialog']//input[@id=//*[@role='dialog']//label[.='{label}']/@for]");
        window.find(Locator::XPath(&field)).await.send_keys(text).await.unwrap();
    }
    let file = window.named("textbox", "Certificate and key, PKCS#12 or PEM").await;
    file.send_keys(&lab.pki.text("till.p12")).await.unwrap();
    let passphrase = window.named("textbox", "Passphrase, where the file is encrypted").await;
    passphrase.send_keys("another one").await.unwrap();
    window.click("dialog button", "Import certificate").await;
    window.reads("passphrase does not open the file").await;
    seen(window, "client-certificate-import").await;
    passphrase.send_keys(&lab.passphrase).await.unwrap();
    window.click("dialog button", "Import certificate").await;
    window.reads("CN=Clients CA").await;
    seen(window, "client-certificate").await;

    window.click("button", "New request").await;
    let url = window.find(Locator::Css("[data-url]")).await;
    url.clear().await.unwrap();
    url.send_keys(&format!("https://localhost:{}/", lab.server.port)).await.unwrap();
    window.click("tab", "Authorization").await;
    let choice = "//select[@id=//label[normalize-space(.)='Certificate']/@for]/option[.='Till 7']";
    window.find(Locator::XPath(choice)).await.click().await.unwrap();
    window.reads("issued by CN=Clients CA").await;
    seen(window, "client-certificate-chosen").await;
    window.click("button", "Send").await;
    let text = window.reads("over a trusted connection").await;
    assert!(text.contains("Trusted only by an added CA"), "each response says so: {text}");
    let text = window.reads("sent till-7").await;
    assert!(text.contains("The request names the credential"), "which one was sent, and why: {text}");
    seen(window, "client-certificate-sent").await;

    let page = window.client.source().await.unwrap();
    let mut found = leaks("the page", page.as_bytes(), &[&lab.passphrase]);
    found.extend(leaks("storage of the web view", window.storage().await.as_bytes(), &[&lab.passphrase]));
    found.extend(leaks_in(sandbox, &[&lab.passphrase]));
    assert_eq!(found, Vec::<String>::new(), "nothing keeps the passphrase");

    window.click("link", "Settings").await;
    window.reads("Pinned keys").await;
    window.script("document.querySelector('[aria-label=\"Stores\"]').scrollIntoView({ block: 'start' })", vec![]).await;
    seen(window, "settings-trust").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ca_is_trusted_and_a_client_certificate_imported_and_sent() {
    if !has("openssl") {
        skip("openssl");
        return;
    }
    let Some((sandbox, window)) = fresh("client_certificate").await else { return };
    let lab = Lab::new();
    walk(&window, &sandbox, &lab, async |_, _| {}).await;
    assert_eq!(window.axe().await, Vec::<String>::new(), "the trust settings are accessible");
    window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_host_is_accepted_unverified_until_the_window_closes() {
    if !has("openssl") {
        skip("openssl");
        return;
    }
    let Some((sandbox, window)) = fresh("accept_unverified").await else { return };
    let pki = Pki::new();
    let server = Server::start(&pki, &[]);
    window.click("button", "New request").await;
    let url = window.find(Locator::Css("[data-url]")).await;
    url.clear().await.unwrap();
    url.send_keys(&format!("https://127.0.0.1:{}/", server.port)).await.unwrap();
    window.click("button", "Send").await;
    window.reads("one certificate is missing").await;
    window.click("button", "More").await;
    window.click("button", "Accept this host unverified").await;
    window.reads("Accept 127.0.0.1 unverified?").await;
    window.click("dialog button", "Accept unverified and send again").await;
    window.reads("Server not verified").await;
    window.click("link", "Settings").await;
    window.click("button", "Verify 127.0.0.1 again").await;
    let text = std::fs::read_dir(sandbox.workspace()).unwrap().flatten().map(|e| e.file_name()).collect::<Vec<_>>();
    assert!(!text.iter().any(|name| name == "trust.toml"), "it was never written down: {text:?}");
    window.close().await;
}
