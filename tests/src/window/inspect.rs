//! Inspecting a server in the window: its handshake, its chain, and a scan of what it offers.

use super::after_first_run;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_inspected_and_scanned() {
    let Some((_sandbox, window)) = after_first_run("inspect").await else { return };
    window.click("link", "Inspect a server").await;
    let port = window.entry("Local gateway").await;
    window.named("textbox", "Host and port").await.send_keys(&format!("localhost{port}")).await.unwrap();
    window.click("button", "Inspect").await;
    window.reads("Open exchange").await;
    window.click("tab", "Chain 3").await;
    window.reads("Countersign lab root").await;

    window.click("tab", "Scan").await;
    window.reads("the server will log handshakes that were given up").await;
    window.click("button", &format!("Scan localhost{port}")).await;
    let text = window.reads("the server will have logged aborted handshakes").await;
    for words in
        ["Speaks TLS 1.3 and 1.2", "X25519MLKEM768", "post-quantum", "TLS_AES_256_GCM_SHA384", "Extended master secret"]
    {
        assert!(text.contains(words), "`{words}` in {text}");
    }
    assert_eq!(window.axe().await, Vec::<String>::new(), "a scan is accessible");

    window.click("button", "Watch").await;
    window.reads("1 endpoint watched").await;
    window.click("button", "Look now").await;
    window.reads("1 endpoint watched, all good").await;
    assert_eq!(window.axe().await, Vec::<String>::new(), "the watch list is accessible");
    window.click("button", "Inspect").await;
    window.click("button", "Inspect").await;
    window.reads("Open exchange").await;

    window.click("button", "Open handshake").await;
    window.reads("Messages read by one poll share a time.").await;
    window.click("button", "Open chain").await;
    window.click("button", "Fetch and check").await;
    window.reads("Nothing was fetched: the certificates name no address.").await;
    window.click("button", "Open handshake").await;
    window.reads("Messages read by one poll share a time.").await;
    window.close().await;
}
