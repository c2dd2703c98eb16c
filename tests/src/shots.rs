//! Pictures of the real window, every view in both themes, into `docs/screenshots`. Run by `cargo xtask shots`; not a
//! judgement, but what a person judges.

use std::path::PathBuf;

use fantoccini::Locator;
use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::key::Key;

use crate::support::root;
use crate::support::window::Window;
use crate::window::client_certificate::{Lab, walk};
use crate::window::{after_first_run, fresh, open_step, send_again, sign_in};

/// Takes the pictures of one view, one a theme.
async fn shot(window: &Window, name: &str) {
    let folder: PathBuf = root().join("docs/screenshots");
    std::fs::create_dir_all(&folder).unwrap();
    // the pointer leaves nothing highlighted, and the caret does not blink into the picture
    window.script("document.documentElement.style.setProperty('caret-color', 'transparent')", vec![]).await;
    for theme in ["dark", "light"] {
        window.script("document.documentElement.dataset.theme = arguments[0]", vec![theme.into()]).await;
        window.settled().await;
        std::fs::write(folder.join(format!("{name}-{theme}.png")), window.picture().await).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "makes pictures; `cargo xtask shots`"]
async fn every_view_in_both_themes() {
    let Some((sandbox, window)) = fresh("shots_first_run").await else { return };
    window.reads("Keychain: Secret Service, unlocked").await;
    shot(&window, "first-run").await;
    window.close().await;
    drop(sandbox);

    let Some((sandbox, window)) = after_first_run("shots").await else { return };
    shot(&window, "main-success").await;
    open_step(&window, "2").await;
    shot(&window, "main-token-step").await;

    open_step(&window, "5").await;
    window.click("button", "Open handshake").await;
    window.reads("Messages read by one poll share a time.").await;
    shot(&window, "handshake-messages").await;
    window.click("tab", "Steps 6").await;
    window.click("button", "Reveal client key").await;
    window.named("button", "Hide client key").await;
    shot(&window, "handshake-steps").await;
    window.click("tab", "Checks 6").await;
    window.reads("Held against").await;
    shot(&window, "handshake-checks").await;

    for (link, name, words) in [
        ("Open chain", "certificate-chain", "Countersign lab root"),
        ("Open token", "token", "Signature withheld"),
        ("Open signature base", "signature-base", "Signature-Input"),
    ] {
        let number = match name {
            "certificate-chain" => "5",
            "token" => "2",
            _ => "6",
        };
        window.click("link", "Create payment").await;
        open_step(&window, number).await;
        window.click("button", link).await;
        window.reads(words).await;
        shot(&window, name).await;
    }
    window.click("link", "Create payment").await;

    for (button, name, words) in [
        ("Expired certificate", "tls-failure", "Stopped at TLS"),
        ("Refused client", "token-refused", "Stopped at Token"),
        ("Changed content", "signature-mismatch", "the signature differs"),
    ] {
        window.click("button", button).await;
        window.reads(words).await;
        shot(&window, name).await;
        if name == "tls-failure" {
            window.click("button", "Open handshake").await;
            window.reads("The client refused the certificate.").await;
            shot(&window, "handshake-refused").await;
            window.click("button", "Open chain").await;
            window.reads("Copy full chain").await;
            shot(&window, "certificate-chain-expired").await;
            window.click("link", "Create payment").await;
        }
    }

    for (tab, name) in
        [("Fields 3", "request-fields"), ("Authorization", "request-authorization"), ("Signing", "request-signing")]
    {
        window.click("tab", tab).await;
        shot(&window, name).await;
    }
    window.click("tab", "Content").await;
    window.click("link", "Local gateway").await;
    window.click("button", "Expire tokens now").await;
    window.click("link", "Create payment").await;
    send_again(&window, 1).await;
    window.reads("after the token was renewed").await;
    shot(&window, "renewal").await;
    send_again(&window, 13).await;
    for (link, name, words) in [
        ("Local gateway", "gateway", "What the gateway saw"),
        ("Demo client", "credentials", "Test credential"),
        ("History", "history", "Time"),
        ("Settings", "settings", "Keychain"),
        ("Inspect a server", "inspect-empty", "One handshake"),
    ] {
        window.click("link", link).await;
        window.reads(words).await;
        shot(&window, name).await;
    }
    window.click("link", "Tokens").await;
    window.reads("Timeline").await;
    shot(&window, "tokens").await;
    window.click("link", "Demo client").await;
    window.click("button", "Recipes").await;
    window.reads("What it found").await;
    shot(&window, "recipes").await;
    window.click("link", "Local gateway").await;
    window.click("button", "Open zoo").await;
    window.click("button", "First lesson").await;
    window.named("textbox", "Filter lessons").await.send_keys("path chain").await.unwrap();
    window.click("button", "Next lesson").await;
    window.reads("What happens").await;
    shot(&window, "zoo").await;
    window.click("button", "Add credential").await;
    window.reads("Start from").await;
    shot(&window, "credential-add").await;
    window.click("link", "Inspect a server").await;
    let address = window.named("textbox", "Host and port").await;
    let port = window.entry("Local gateway").await;
    address.send_keys(&format!("localhost{port}")).await.unwrap();
    window.click("button", "Inspect").await;
    window.reads("Open exchange").await;
    shot(&window, "inspect").await;
    window.click("tab", "Chain 3").await;
    window.reads("Copy full chain").await;
    shot(&window, "inspect-chain").await;
    window.click("button", "Watch").await;
    window.click("button", "Look now").await;
    window.reads("1 endpoint watched, all good").await;
    shot(&window, "watch").await;
    window.click("link", "Inspect a server").await;
    window.named("textbox", "Host and port").await.send_keys(&format!("localhost{port}")).await.unwrap();
    window.click("button", "Inspect").await;
    window.reads("Open exchange").await;
    window.click("tab", "Scan").await;
    window.click("button", &format!("Scan localhost{port}")).await;
    window.reads("Speaks TLS 1.3").await;
    shot(&window, "scan").await;

    window.click("link", "Create payment").await;
    chord(&window, Key::Control, 'k').await;
    window.find(Locator::Css("[role='combobox']")).await.send_keys("tok").await.unwrap();
    shot(&window, "palette").await;
    window.close().await;
    drop(sandbox);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "makes pictures; `cargo xtask shots`"]
async fn trust_and_identity_in_both_themes() {
    let Some((sandbox, window)) = fresh("shots_identity").await else { return };
    let lab = Lab::new();
    walk(&window, &sandbox, &lab, async |window, name| shot(window, name).await).await;
    window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "makes pictures; `cargo xtask shots`"]
async fn sign_in_in_both_themes() {
    for (grant, name) in [("authorization_code", "sign-in-browser"), ("device_code", "sign-in-device")] {
        let Some((_desk, window)) = sign_in::desk(&format!("shots_{name}"), grant).await else { return };
        sign_in::to_the_dialog(&window).await;
        window.reads("Copy address").await;
        shot(&window, name).await;
        window.close().await;
    }
}

async fn chord(window: &Window, modifier: Key, letter: char) {
    let keys = KeyActions::new("keyboard".to_owned())
        .then(KeyAction::Down { value: modifier.into() })
        .then(KeyAction::Down { value: letter })
        .then(KeyAction::Up { value: letter })
        .then(KeyAction::Up { value: modifier.into() });
    window.client.perform_actions(keys).await.unwrap();
}
