//! The life of a token as a person watches it: renewed before it dies, revoked, too narrow; and the vendor's recipe.

use fantoccini::Locator;

use super::{after_first_run, send_again};
use crate::support::window::Window;

/// Chooses in the select with this label.
async fn choose(window: &Window, label: &str, option: &str) {
    let choice =
        format!("//select[@id=//label[normalize-space(.)='{label}']/@for]/option[normalize-space(.)='{option}']");
    window.find(Locator::XPath(&choice)).await.click().await.unwrap();
}

/// From the list of all tokens to the page of the first.
async fn open_token(window: &Window) {
    window.find(Locator::Css("table[aria-label='Tokens'] button")).await.click().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_countdown_passes_the_renewal_point_and_the_token_is_renewed_without_a_send() {
    let Some((_sandbox, window)) = after_first_run("countdown").await else { return };
    window.click("link", "Local gateway").await;
    choose(&window, "Token lifetime", "15 s").await;
    window.click("button", "Expire tokens now").await;
    window.click("link", "Create payment").await;
    send_again(&window, 1).await;
    window.click("link", "Tokens").await;
    let text = window.reads("the server refused generation 1").await;
    assert!(text.contains("Valid, renews in 0:0"), "a countdown to its renewal: {text}");
    // half of its life, more or less; nobody sends meanwhile
    let text = window.reads("renewed before expiry").await;
    assert!(text.contains("Valid, renews in 0:"), "and it counts down again: {text}");
    assert!(!text.contains("Failed") && !text.contains("had expired"), "it never died: {text}");
    open_token(&window).await;
    window.reads("Generation 3").await;
    window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_is_no_more_and_the_next_send_gets_another() {
    let Some((_sandbox, window)) = after_first_run("revoke").await else { return };
    window.click("link", "Tokens").await;
    window.reads("Timeline").await;
    open_token(&window).await;
    window.click("button", "Introspect token").await;
    window.reads("Active: the server accepts it").await;
    window.click("button", "Revoke token").await;
    window.reads("No token yet. It is obtained when first needed.").await;
    window.click("link", "Local gateway").await;
    window.reads("/oauth2/revoke").await;
    window.click("link", "Create payment").await;
    send_again(&window, 1).await;
    window.reads("Created").await;
    window.click("link", "Tokens").await;
    let text = window.reads("Timeline").await;
    assert!(text.contains("first use"), "obtained anew: {text}");
    window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_that_is_too_narrow_is_explained_by_what_is_missing() {
    let Some((_sandbox, window)) = after_first_run("narrow_scope").await else { return };
    window.click("link", "Local gateway").await;
    window.click("radio", "Narrow scope").await;
    window.reads("1 fault active").await;
    window.click("button", "Expire tokens now").await;
    window.click("link", "Create payment").await;
    send_again(&window, 1).await;
    let text = window.reads("the token lacks a scope").await;
    assert!(text.contains("payments:write"), "the scope that is missing is named: {text}");
    window.click("link", "Tokens").await;
    window.reads("payments:read, without payments:write").await;
    window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_vendors_recipe_gets_its_order_through() {
    let Some((_sandbox, window)) = after_first_run("ngenius").await else { return };
    window.click("link", "Local gateway").await;
    choose(&window, "Dialect", "N-Genius Online").await;
    window.click("link", "Create order").await;
    send_again(&window, 1).await;
    window.reads("201").await;
    window.click("link", "Tokens").await;
    let text = window.reads("N-Genius demo").await;
    assert!(text.contains("Create order"), "who used it: {text}");
    window.close().await;
}
