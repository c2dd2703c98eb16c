//! One click from nothing to a success, then one fault after the other.

use super::{after_first_run, fresh, rows};

#[tokio::test(flavor = "multi_thread")]
async fn the_first_window_says_what_the_click_does_and_where_the_credential_rests() {
    let Some((_sandbox, window)) = fresh("first_run_words").await else { return };
    let text = window.reads("Start local gateway and send a signed request").await;
    for words in ["127.0.0.1 only", "Secret Service", "nothing leaves this computer"] {
        assert!(text.contains(words), "`{words}` in {text}");
    }
    window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_click_sends_a_signed_request_and_seven_rows_say_why_it_was_accepted() {
    let Some((_sandbox, window)) = after_first_run("first_run").await else { return };
    let rows = rows(&window).await;
    assert_eq!(rows.len(), 7, "{rows:?}");
    for (row, title) in rows.iter().zip(["Credential", "Token", "Name", "TCP", "TLS", "Signature", "Response"]) {
        assert!(row.contains(title), "{title} in {row}");
    }
    assert!(rows[4].contains("1.3"), "TLS 1.3: {}", rows[4]);
    assert!(rows[6].contains("201"), "created: {}", rows[6]);
    let text = window.text().await;
    for words in ["Created in", "Trusted", "What this proves", "post-quantum", "demo-client by token"] {
        assert!(text.contains(words), "`{words}` in {text}");
    }
    window.close().await;
}
