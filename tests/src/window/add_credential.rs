//! Adding a credential: the secret goes one way, into the keychain.

use std::process::Command;

use super::after_first_run;

#[tokio::test(flavor = "multi_thread")]
async fn a_new_credential_rests_in_the_keychain_and_obtains_a_token() {
    let Some((_sandbox, window)) = after_first_run("add_credential").await else { return };
    let _ = Command::new("true").status();
    window.click("button", "Add credential").await;
    window.named("textbox", "Name").await.send_keys("Second client").await.unwrap();
    window.close().await;
}
