//! A renewal seen in the ladder: two attempts, both readable.

use fantoccini::Locator;

use super::after_first_run;

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_token_is_renewed_once_and_both_attempts_stay() {
    let Some((_sandbox, window)) = after_first_run("renewal").await else { return };
    window.click("link", "Local gateway").await;
    window.click("button", "Expire tokens now").await;
    window.click("link", "Create payment").await;
    window.click("button", "Send").await;
    let text = window.reads("after the token was renewed").await;
    assert!(text.contains("2 attempts") || text.contains("2 of 2"), "{text}");
    assert!(text.contains("Token renewed during this send"), "{text}");
    window
        .find(Locator::Css("[aria-label='Previous attempt'], [aria-label='Earlier attempt']"))
        .await
        .click()
        .await
        .unwrap();
    let text = window.reads("401").await;
    assert!(text.contains("the token expired") || text.contains("invalid_token"), "{text}");
    window.close().await;
}
