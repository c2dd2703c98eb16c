//! A large answer streams to disk; the window shows its first lines and stays alive meanwhile.

use super::after_first_run;

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_64_mebibytes_leaves_the_window_alive() {
    let Some((_sandbox, window)) = after_first_run("large_content").await else { return };
    window.click("link", "Local gateway").await;
    window.click("radio", "64 MiB").await;
    window.reads("1 fault active").await;
    window.click("link", "Create payment").await;
    let count = "window.frames_seen = 0; (function next() { window.frames_seen += 1; requestAnimationFrame(next) })()";
    window.script(count, vec![]).await;
    window.click("button", "Send").await;
    window.reads("67.1 MB").await;
    let frames = window.script("return window.frames_seen", vec![]).await.as_u64().unwrap();
    assert!(frames > 20, "{frames} frames were painted while 64 MiB came in");
    window.click("tab", "Raw").await;
    window.click("link", "History").await;
    window.reads("exchanges").await;
    window.close().await;
}
