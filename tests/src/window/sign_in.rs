//! A person signs in from the window: the authorization server's pages are walked, the token is there, the server is
//! asked about it, and forgets it.

use serde_json::json;

use crate::peers::grants::{Desk, installed};
use crate::peers::person::Person;
use crate::support::window::{Window, can_open};
use crate::support::{keyring, skip};

/// An authorization server with a client for people, and a window whose workspace trusts it.
pub async fn desk(name: &str, grant: &str) -> Option<(Desk, Window)> {
    if !can_open() || !keyring() || !installed() {
        skip("a display with WebKitWebDriver, a throw-away keychain, or oidc-provider,");
        return None;
    }
    let client = json!({"token_endpoint_auth_method": "none", "application_type": "native",
        "redirect_uris": ["http://127.0.0.1/callback"], "response_types": ["code"],
        "grant_types": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"]});
    let desk = Desk::with(client, json!({}));
    let scope = "openid payments:read";
    desk.add(&["--auth-method", "none", "--grant", grant, "--scope", scope, "--resource", "https://opaque.test"]);
    let certificates = desk.sandbox.workspace().join("certificates");
    std::fs::create_dir_all(&certificates).unwrap();
    std::fs::write(certificates.join("peer.pem"), &desk.pki.root).unwrap();
    std::fs::write(
        desk.sandbox.workspace().join("trust.toml"),
        "format = 1\n[[ca]]\nfile = \"certificates/peer.pem\"\nhosts = [\"localhost\"]\n",
    )
    .unwrap();
    let window = Window::open(&desk.sandbox, name).await;
    Some((desk, window))
}

/// To the dialog of the sign-in.
pub async fn to_the_dialog(window: &Window) {
    window.click("button", "peer").await;
    window.click("button", "Open token").await;
    window.reads("A person has to allow it").await;
    window.click("button", "Sign in").await;
}

async fn told(window: &Window, id: &str) -> String {
    let script = "return document.querySelector(`[data-testid=${arguments[0]}]`)?.innerText ?? ''";
    let read = async || window.script(script, vec![id.into()]).await.as_str().unwrap().to_owned();
    window.until("the dialog tells where to go", read, |text| !text.is_empty()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_allows_it_and_the_server_is_asked_and_forgets() {
    let Some((desk, window)) = desk("sign_in_code", "authorization_code").await else { return };
    to_the_dialog(&window).await;
    let address = told(&window, "sign-in-address").await;
    assert_eq!(window.axe().await, Vec::<String>::new(), "the dialog is accessible");
    let page = Person::new(&desk.pki.root).open(&address).await;
    assert!(page.text.contains("Back to Countersign"), "{}: {}", page.url, page.text);
    window.reads("The token is opaque").await;
    window.click("button", "Introspect token").await;
    window.reads("Active: the server accepts it").await;
    assert_eq!(window.axe().await, Vec::<String>::new(), "the page is accessible");
    window.click("button", "Revoke token").await;
    window.reads("No token yet. A person has to allow it.").await;
    window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_entered_on_another_device_and_a_sign_in_can_be_left() {
    let Some((desk, window)) = desk("sign_in_device", "device_code").await else { return };
    to_the_dialog(&window).await;
    let code = told(&window, "user-code").await;
    assert!(code.len() >= 8, "a code a person can type: {code}");
    window.click("dialog button", "Cancel sign-in").await;
    window.until("the dialog is gone", async || told_now(&window).await, String::is_empty).await;
    window.click("button", "Sign in").await;
    let code = told(&window, "user-code").await;
    let issuer = desk.issuer();
    let mut person = Person::new(&desk.pki.root);
    let mut page = person.open(&format!("{issuer}/device?user_code={code}")).await;
    for _ in 0..2 {
        if page.text.contains("<form") {
            page = person.submit(&page, &[("confirm", "yes")]).await;
        }
    }
    window.reads("The token is opaque").await;
    window.close().await;
}

async fn told_now(window: &Window) -> String {
    let script = "return document.querySelector('[data-testid=user-code]')?.innerText ?? ''";
    window.script(script, vec![]).await.as_str().unwrap().to_owned()
}
