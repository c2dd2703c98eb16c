//! A TLS failure explained: one cause, nothing sent.

use super::after_first_run;

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_certificate_is_the_one_cause_and_nothing_is_sent() {
    let Some((_sandbox, window)) = after_first_run("bad_tls").await else { return };
    window.click("button", "Expired certificate").await;
    let text = window.reads("Stopped at TLS").await;
    for words in ["Nothing was sent after the handshake", "Not trusted", "notAfter", "expired"] {
        assert!(text.contains(words), "`{words}` in {text}");
    }
    assert_eq!(window.axe().await, Vec::<String>::new(), "the failure is accessible too");
    window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_content_is_named_by_its_component() {
    let Some((_sandbox, window)) = after_first_run("changed_content").await else { return };
    window.click("button", "Changed content").await;
    let text = window.reads("the signature differs").await;
    assert!(text.contains("content-digest"), "{text}");
    window.close().await;
}
