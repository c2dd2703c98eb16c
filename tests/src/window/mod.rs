//! Flows in the real window: one flow, one file.

mod add_credential;
mod bad_tls;
pub mod client_certificate;
mod first_run;
mod handshake;
mod inspect;
mod large_content;
mod refused_token;
mod renewal;
pub mod sign_in;
mod tokens;
mod views;
mod zoo;

use fantoccini::Locator;

use crate::support::sandbox::Sandbox;
use crate::support::window::{Window, can_open};
use crate::support::{keyring, skip};

/// A window on empty folders with a real keychain, or a loud skip.
pub async fn fresh(name: &str) -> Option<(Sandbox, Window)> {
    if !can_open() || !keyring() {
        skip("a display with WebKitWebDriver, or a throw-away keychain,");
        return None;
    }
    let sandbox = Sandbox::new();
    let window = Window::open(&sandbox, name).await;
    Some((sandbox, window))
}

/// A window after the first run: the gateway runs, one signed request succeeded.
pub async fn after_first_run(name: &str) -> Option<(Sandbox, Window)> {
    let (sandbox, window) = fresh(name).await?;
    window.click("button", "Start local gateway and send a signed request").await;
    window.reads("over a trusted connection").await;
    Some((sandbox, window))
}

/// The seven rows as `title: accessible name`.
async fn rows(window: &Window) -> Vec<String> {
    let rows = window
        .script(
            "return [...document.querySelectorAll('[data-ladder] > li > button')].map((b) => b.getAttribute('aria-label') ?? b.textContent.trim())",
            vec![],
        )
        .await;
    serde_json::from_value(rows).unwrap()
}

/// Sends the open request again, a number of times, each to its end.
pub async fn send_again(window: &Window, times: usize) {
    for _ in 0..times {
        let before = window.entry("History").await;
        window.click("button", "Send").await;
        window
            .until("one more exchange in the history", async || window.entry("History").await, |now| *now != before)
            .await;
    }
}

/// Opens a row of the ladder by its number, if it is not open.
pub async fn open_step(window: &Window, number: &str) {
    let xpath = format!("//*[@data-ladder]/li/button[starts-with(@aria-label, '{number}, ')]");
    let row = window.find(Locator::XPath(&xpath)).await;
    if row.attr("aria-expanded").await.unwrap().as_deref() != Some("true") {
        row.click().await.unwrap();
    }
}
