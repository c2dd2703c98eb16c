//! The handshake of a send, in the window: messages, fields and bytes are one; a secret is shown on request and gone
//! with the page; the chain shows its cards. By keyboard alone where a keyboard can do it.

use fantoccini::Locator;
use fantoccini::key::Key;
use serde_json::Value;

use super::{after_first_run, open_step, send_again};
use crate::support::window::Window;

async fn open_handshake(window: &Window) {
    open_step(window, "5").await;
    window.click("button", "Open handshake").await;
    window.reads("Messages read by one poll share a time.").await;
}

/// Name, value and bytes of the chosen field, and of the bytes that are marked.
async fn chosen(window: &Window) -> (String, Vec<String>) {
    let field = window
        .script(
            r#"return document.querySelector('[aria-label^="Fields of"] [aria-selected=true]')?.getAttribute('aria-label') ?? ''"#,
            vec![],
        )
        .await;
    let bytes = window
        .script("return [...document.querySelectorAll('[data-mark=chosen]')].map((b) => b.textContent)", vec![])
        .await;
    (field.as_str().unwrap().to_owned(), serde_json::from_value(bytes).unwrap())
}

/// Types keys into whatever has the focus.
async fn keys(window: &Window, keys: &[Key]) {
    let typed: String = keys.iter().map(|key| char::from(*key)).collect();
    window.client.active_element().await.unwrap().send_keys(&typed).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_its_fields_and_its_bytes_are_chosen_together() {
    let Some((_sandbox, window)) = after_first_run("handshake_messages").await else { return };
    open_handshake(&window).await;
    let text = window.text().await;
    for words in ["Full handshake in", "One-way TLS: only the server proved its identity", "6 checks, all equal"] {
        assert!(text.contains(words), "`{words}` in {text}");
    }
    let (field, bytes) = window
        .until("a field is chosen", async || chosen(&window).await, |(f, b)| !f.is_empty() && !b.is_empty())
        .await;
    assert_eq!(field, "group, 0x11ec, X25519MLKEM768, 2 bytes", "the key exchange of the ServerHello is chosen");
    assert_eq!(bytes, ["11", "ec"], "and its bytes are marked");

    // by arrow keys: the next message, then a field, then a byte
    window.find(Locator::Css("[aria-label='Messages in order'] [aria-selected='true']")).await.click().await.unwrap();
    keys(&window, &[Key::Down, Key::Down]).await;
    window.until("EncryptedExtensions is chosen", async || chosen(&window).await.0, |f| !f.starts_with("group")).await;
    window.find(Locator::Css("[aria-label^='Fields of'] [aria-selected='true']")).await.click().await.unwrap();
    keys(&window, &[Key::Home]).await;
    let (field, bytes) = window
        .until(
            "the first field is chosen",
            async || chosen(&window).await,
            |(f, b)| f.starts_with("msg_type") && b.len() == 1,
        )
        .await;
    assert_eq!(field, "msg_type, 8, encrypted_extensions, 1 bytes", "Home leads to the first field");
    assert_eq!(bytes, ["08"], "one byte is marked");
    window.find(Locator::Css("[role='grid']")).await.click().await.unwrap();
    keys(&window, &[Key::Home, Key::Right]).await;
    let (field, bytes) = window
        .until(
            "a byte chooses its field",
            async || chosen(&window).await,
            |(f, b)| f.starts_with("length") && b.len() == 3,
        )
        .await;
    assert_eq!((field.as_str(), bytes.len()), ("length, 15, 3 bytes", 3), "all three bytes of the length");
    window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_shown_on_request_and_gone_once_the_page_is_left() {
    let Some((_sandbox, window)) = after_first_run("handshake_secrets").await else { return };
    open_handshake(&window).await;
    window.click("tab", "Steps 6").await;
    window.reads("Reveal lasts until you leave this page").await;
    let masked = async || window.text().await.matches(" bytes, masked").count();
    assert_eq!(masked().await, 8, "the shared secret, three extracts, four keys and ivs");
    window.click("button", "Reveal client key").await;
    window.named("button", "Hide client key").await;
    let value = window.script("return document.querySelector('.box.value').textContent", vec![]).await;
    let value = value.as_str().unwrap().to_owned();
    assert!(value.chars().all(|c| c.is_ascii_hexdigit() || c == ' ') && value.len() >= 35, "in hex: {value}");
    assert_eq!(masked().await, 7, "the others stay masked");
    window.click("button", "Back").await;
    window.reads("What this proves").await;
    open_handshake(&window).await;
    window.click("tab", "Steps 6").await;
    window.reads("Reveal lasts until you leave this page").await;
    assert_eq!(masked().await, 8, "nothing is revealed when the page opens anew");
    let page = window.script("return document.documentElement.outerHTML", vec![]).await;
    assert!(!page.as_str().unwrap().contains(&value), "the value is nowhere in the page");
    assert!(!window.storage().await.contains(&value[..8]), "and not in what the web view keeps");
    window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reused_connection_shows_the_handshake_that_made_it() {
    let Some((_sandbox, window)) = after_first_run("handshake_reused").await else { return };
    send_again(&window, 1).await;
    window.reads("reused").await;
    open_handshake(&window).await;
    let text = window.text().await;
    assert!(text.contains("Reused: this exchange made no handshake of its own."), "{text}");
    assert!(text.contains("ClientHello") && text.contains("6 checks, all equal"), "its messages are there: {text}");
    window.click("button", "Open chain").await;
    let text = window.reads("Copy full chain").await;
    for words in ["End entity", "Intermediate", "Trust anchor", "Countersign lab root", "sent by server"] {
        assert!(text.contains(words), "`{words}` in {text}");
    }
    let now = window.script("return document.querySelectorAll('.now i').length", vec![]).await;
    assert_eq!(now, Value::from(1), "one line crosses all cards");
    window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_certificate_is_marked_among_the_messages_and_on_its_tick() {
    let Some((_sandbox, window)) = after_first_run("handshake_refused").await else { return };
    window.click("button", "Expired certificate").await;
    window.reads("Stopped at TLS").await;
    window.click("button", "Open handshake").await;
    let text = window.reads("The client refused the certificate.").await;
    assert!(text.contains("Handshake stopped after") && text.contains("the certificate expired"), "{text}");
    window.click("tab", "Steps 6").await;
    let failed = window.find(Locator::Css("tr[data-state='failed']")).await.text().await.unwrap();
    assert!(failed.contains("Dates"), "the dates, and nothing else: {failed}");
    assert_eq!(window.axe().await, Vec::<String>::new(), "a failure is accessible too");
    window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_of_everything_asks_first_and_is_its_owners_alone() {
    let Some((sandbox, window)) = after_first_run("handshake_save").await else { return };
    open_handshake(&window).await;
    window.click("button", "Save").await;
    window.click("button", "Capture of the handshake").await;
    window.reads("Saved as").await;
    let saved = || {
        let folder = std::fs::read_dir(sandbox.data().join("exports")).unwrap();
        folder.map(|file| file.unwrap().metadata().unwrap()).collect::<Vec<_>>()
    };
    let [handshake] = saved().try_into().unwrap();
    window.click("button", "Save").await;
    window.click("button", "Capture of everything…").await;
    window.reads("the request with its access token, and the answer").await;
    window.click("button", "Save capture").await;
    let larger = async || saved().into_iter().map(|file| file.len()).max().unwrap();
    window.until("the capture of everything", larger, |length| *length > handshake.len()).await;
    for file in saved() {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(file.permissions().mode() & 0o777, 0o600, "its owner's alone");
    }
    window.close().await;
}
