//! A refused client explained, without a claim about the secret.

use super::after_first_run;

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_client_stops_at_the_token_and_the_api_is_not_called() {
    let Some((_sandbox, window)) = after_first_run("refused_token").await else { return };
    window.click("button", "Refused client").await;
    let text = window.reads("Stopped at Token").await;
    for words in ["The API was not called", "invalid_client"] {
        assert!(text.contains(words), "`{words}` in {text}");
    }
    assert!(!text.to_lowercase().contains("wrong secret"), "we do not know that: {text}");
    window.close().await;
}
