//! Which secret rests where, and what happens when it has to move.

use std::path::Path;
use std::sync::Arc;

use super::fakes::{Machine, MockKeychain, VAULT, config, secret, vault};
use crate::{Backend, Error, ITEM_LIMIT, Kind, State, Vault};

fn on(keychain: &MockKeychain, machine: &Arc<Machine>) -> Vault {
    vault(config(Backend::Os, Path::new("vaults")), Arc::clone(machine) as _, keychain.connect())
}

async fn read(vault: &Vault, slot: &str) -> Vec<u8> {
    vault.get(slot, None).await.unwrap().unwrap().bytes.expose_secret().clone()
}

#[tokio::test]
async fn the_limit_counts_encoded_bytes_and_is_exact() {
    let head = "countersign/1 text 1 utf-8\n".len();
    // two bytes each, so that characters and bytes differ
    let multibyte = |bytes: usize| format!("{}{}", "é".repeat(bytes / 2), if bytes % 2 == 1 { "x" } else { "" });
    for (encoded, is_item) in [(ITEM_LIMIT - 1, true), (ITEM_LIMIT, true), (ITEM_LIMIT + 1, false)] {
        for text in ["x".repeat(encoded - head), multibyte(encoded - head)] {
            let (keychain, machine) = (MockKeychain::new(), Arc::default());
            let vault = on(&keychain, &machine);
            vault.set("s1", "demo", Kind::Text, 1, secret(&text)).await.unwrap();
            assert_eq!(keychain.item("s1").is_some(), is_item, "{encoded} encoded bytes");
            assert_eq!(machine.bytes().is_empty(), is_item, "{encoded} encoded bytes");
            assert_eq!(read(&vault, "s1").await, text.as_bytes(), "{encoded} encoded bytes");
        }
    }
}

#[tokio::test]
async fn a_slot_that_grows_or_shrinks_across_the_limit_is_in_one_place_only() {
    let (keychain, machine) = (MockKeychain::new(), Arc::<Machine>::default());
    let vault = on(&keychain, &machine);
    let (small, large) = ("small-canary", "large-canary".repeat(400));
    vault.set("s1", "demo", Kind::RefreshToken, 1, secret(small)).await.unwrap();
    vault.set("s1", "demo", Kind::RefreshToken, 2, secret(&large)).await.unwrap();
    assert!(keychain.item("s1").is_none(), "grown: the item is gone");
    assert_eq!(read(&vault, "s1").await, large.as_bytes(), "grown");
    let size = machine.bytes().len();
    vault.set("s1", "demo", Kind::RefreshToken, 3, secret(small)).await.unwrap();
    assert!(keychain.item("s1").is_some() && machine.bytes().len() + large.len() <= size, "shrunk: the record is gone");
    assert_eq!(read(&vault, "s1").await, small.as_bytes(), "shrunk");
}

#[tokio::test]
async fn a_key_is_sealed_whatever_its_size_and_the_file_shows_nothing_of_it() {
    let (keychain, machine) = (MockKeychain::new(), Arc::<Machine>::default());
    let vault = on(&keychain, &machine);
    vault.set("s1", "name-canary", Kind::Key, 1, secret("key-canary")).await.unwrap();
    assert!(keychain.item("s1").is_none(), "no item");
    let file = machine.bytes();
    assert!(!file.is_empty() && !String::from_utf8_lossy(&file).contains("canary"), "sealed, name and all");
    assert!(keychain.item("~sealing-key-1").unwrap().starts_with("countersign/1 sealing-key 1 base64url\n"), "its key");
    assert_eq!(read(&vault, "s1").await, b"key-canary", "readable");
}

#[tokio::test]
async fn a_lost_key_is_never_papered_over_by_a_new_one() {
    let (keychain, machine) = (MockKeychain::new(), Arc::<Machine>::default());
    let vault = on(&keychain, &machine);
    vault.set("small", "demo", Kind::Text, 1, secret("small")).await.unwrap();
    vault.set("key", "demo", Kind::Key, 1, secret("key")).await.unwrap();
    let kept = keychain.item("~sealing-key-1").unwrap();
    let file = machine.bytes();
    keychain.remove_item("~sealing-key-1");

    let lost = Error::KeyLost { file: Path::new("vaults").join(format!("{VAULT}.sealed")) };
    assert_eq!(vault.get("key", None).await.err().unwrap(), lost, "read");
    assert_eq!(vault.set("key", "demo", Kind::Key, 2, secret("new")).await.unwrap_err(), lost, "written");
    assert_eq!(vault.remove("key").await.unwrap_err(), lost, "removed");
    assert_eq!(vault.check().await, State::KeyLost, "found at the start as well");
    assert_eq!(read(&vault, "small").await, b"small", "items can still be read");
    assert_eq!(vault.state(), State::KeyLost, "which does not bring the key back");
    assert!(keychain.item("~sealing-key-1").is_none() && machine.bytes() == file, "no new key, the same file");

    vault.set("key", "demo", Kind::Text, 3, secret("entered again")).await.unwrap();
    assert_eq!(read(&vault, "key").await, b"entered again", "a newer item counts over what cannot be opened");

    keychain.set_item("~sealing-key-1", &kept);
    assert_eq!(vault.check().await, State::Available, "the keychain was restored");
    vault.set("key", "demo", Kind::Key, 4, secret("sealed again")).await.unwrap();
    assert_eq!(read(&vault, "key").await, b"sealed again", "and all is well");
}

#[tokio::test]
async fn a_file_under_another_key_is_refused_whole() {
    let (keychain, machine) = (MockKeychain::new(), Arc::<Machine>::default());
    let vault = on(&keychain, &machine);
    vault.set("key", "demo", Kind::Key, 1, secret("key")).await.unwrap();
    let other = "A".repeat(43);
    keychain.set_item("~sealing-key-1", &format!("countersign/1 sealing-key 1 base64url\n{other}"));
    let error = vault.get("key", None).await.err().unwrap();
    assert_eq!(error.problem().code, "vault.sealed_malformed", "{error}");
    assert!(vault.set("key2", "demo", Kind::Key, 1, secret("x")).await.is_err(), "nothing is written over it");
}

#[tokio::test]
async fn a_key_left_by_an_attempt_that_never_wrote_its_file_is_used() {
    let (keychain, machine) = (MockKeychain::new(), Arc::<Machine>::default());
    let left = format!("countersign/1 sealing-key 1 base64url\n{}", "A".repeat(43));
    keychain.set_item("~sealing-key-1", &left);
    let vault = on(&keychain, &machine);
    vault.set("key", "demo", Kind::Key, 1, secret("key")).await.unwrap();
    assert_eq!(keychain.item("~sealing-key-1").unwrap(), left, "not replaced: another process may be about to write");
    assert_eq!(read(&vault, "key").await, b"key", "and it opens");
}

#[tokio::test]
async fn a_secret_over_a_record_is_refused_before_anything_is_written() {
    let (keychain, machine) = (MockKeychain::new(), Arc::<Machine>::default());
    let vault = on(&keychain, &machine);
    let error = vault.set("s1", "demo", Kind::Key, 1, secret(&"x".repeat(1024 * 1024))).await.unwrap_err();
    assert_eq!(error.problem().code, "vault.too_large", "{error}");
    assert!(machine.bytes().is_empty() && vault.get("s1", None).await.unwrap().is_none(), "nothing");
}
