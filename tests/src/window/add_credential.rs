//! Adding a credential: the secret goes one way, into the keychain, and from there to its token endpoint alone.

use std::process::Command;

use crate::canary::{canary, leaks, leaks_in};
use crate::command_line::Gateway;

use super::fresh;

#[tokio::test(flavor = "multi_thread")]
async fn a_new_credential_rests_in_the_keychain_and_obtains_a_token() {
    let Some((sandbox, window)) = fresh("add_credential").await else { return };
    let secret = canary();
    let gateway = Gateway::start(&sandbox, &secret, &[]);
    let certificates = sandbox.workspace().join("certificates");
    std::fs::create_dir_all(&certificates).unwrap();
    std::fs::copy(gateway.text("ca_file"), certificates.join("lab.pem")).unwrap();
    std::fs::write(
        sandbox.workspace().join("trust.toml"),
        "format = 1\n[[ca]]\nfile = \"certificates/lab.pem\"\nhosts = [\"localhost\"]\n",
    )
    .unwrap();

    window.click("button", "Add your own credential").await;
    for (field, text) in [
        ("Name", "Second client"),
        ("Token endpoint", &gateway.text("token_endpoint")),
        ("client_id", "demo-client"),
        ("Scopes", "payments:read"),
        ("Allowed hosts", "localhost"),
    ] {
        window.named("textbox", field).await.send_keys(text).await.unwrap();
    }
    window.click("form button", "Add credential").await;
    window.reads("never shown again").await;
    window.named("textbox", "Client secret").await.send_keys(&secret).await.unwrap();
    window.click("dialog button", "Store client secret").await;
    window.reads("Stored in Secret Service").await;

    window.click("button", "Test credential").await;
    window.reads("Open exchange").await;
    let text = window.text().await;
    assert!(text.contains("200"), "the token endpoint answered: {text}");

    let item = Command::new("secret-tool").args(["search", "--all", "service", "countersign"]).output().unwrap();
    let seen = format!("{}{}", String::from_utf8_lossy(&item.stdout), String::from_utf8_lossy(&item.stderr));
    assert!(seen.contains(&secret), "another program finds it in the Secret Service:\n{seen}");

    let page = window.client.source().await.unwrap();
    let mut found = leaks("the page", page.as_bytes(), &[&secret]);
    found.extend(leaks("storage of the web view", window.storage().await.as_bytes(), &[&secret]));
    found.extend(leaks_in(&sandbox, &[&secret]));
    assert_eq!(found, Vec::<String>::new(), "and nothing else holds it");

    window.click("button", "Remove credential").await;
    window.click("dialog button", "Remove credential").await;
    window.reads("A credential is what the API").await;
    let item = Command::new("secret-tool").args(["search", "--all", "service", "countersign"]).output().unwrap();
    assert!(!String::from_utf8_lossy(&item.stdout).contains(&secret), "removed with its credential");
    window.close().await;
}
