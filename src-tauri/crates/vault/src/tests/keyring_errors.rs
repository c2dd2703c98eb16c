//! Each error of the keyring crates, injected into their own mock store, and what a person is told.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use keyring_core::Error as Keyring;

use super::fakes::{Machine, MockKeychain, config, secret, vault};
use crate::failure::Failure;
use crate::{Backend, Error, Kind, State, Vault};

fn on(keychain: &MockKeychain) -> Vault {
    vault(config(Backend::Os, Path::new("vaults")), Arc::<Machine>::default(), keychain.connect())
}

fn platform(text: &str) -> Keyring {
    Keyring::PlatformFailure(Box::new(std::io::Error::other(text.to_owned())))
}

fn no_access(text: &str) -> Keyring {
    Keyring::NoStorageAccess(Box::new(std::io::Error::other(text.to_owned())))
}

#[tokio::test]
async fn an_item_is_written_as_documented() {
    let keychain = MockKeychain::new();
    let vault = on(&keychain);
    vault.set("s1", "demo-client", Kind::Text, 3, secret("hunter2")).await.unwrap();
    assert_eq!(keychain.item("s1").unwrap(), "countersign/1 text 3 utf-8\nhunter2", "header, then the text as it is");
    vault.set("s1", "demo-client", Kind::RefreshToken, 4, secret("to\u{1}ken")).await.unwrap();
    assert_eq!(keychain.item("s1").unwrap(), "countersign/1 refresh_token 4 base64url\ndG8Ba2Vu", "not plain text");
}

#[tokio::test]
async fn every_error_of_a_read_has_its_code_and_its_state() {
    let cases = [
        (no_access("SS error: prompt dismissed"), "vault.locked", State::Locked),
        (platform("org.freedesktop.DBus.Error.AccessDenied: policy"), "vault.denied", State::Denied),
        (Keyring::BadEncoding(b"canary".to_vec()), "vault.item_malformed", State::Probing),
        (Keyring::BadDataFormat(b"canary".to_vec(), "x".into()), "vault.item_malformed", State::Probing),
        (Keyring::Ambiguous(Vec::new()), "vault.ambiguous", State::Probing),
        (Keyring::Invalid("a".into(), "canary".into()), "internal.vault", State::Probing),
        (Keyring::BadStoreFormat("canary".into()), "internal.vault", State::Probing),
    ];
    for (injected, code, state) in cases {
        let keychain = MockKeychain::new();
        let vault = on(&keychain);
        keychain.fail("s1", injected);
        let error = vault.get("s1", None).await.err().unwrap();
        let problem = error.problem();
        assert_eq!((problem.code.as_str(), vault.state()), (code, state), "{error}");
        assert!(!format!("{problem:?} {error:?}").contains("canary"), "{code}: no bytes of the item");
        assert!(!problem.hints.is_empty(), "{code}: something can be done");
    }
}

#[tokio::test]
async fn a_broken_connection_is_made_anew_once() {
    let keychain = MockKeychain::new();
    let vault = on(&keychain);
    vault.set("s1", "demo", Kind::Text, 1, secret("value")).await.unwrap();
    assert_eq!(keychain.connected.load(Ordering::SeqCst), 1, "one connection for all calls");
    keychain.fail("s1", platform("org.freedesktop.Secret.Error.NoSession: the daemon was restarted"));
    let value = vault.get("s1", Some(1)).await.unwrap().unwrap();
    assert_eq!(value.bytes.expose_secret(), b"value", "the second connection answers");
    assert_eq!(keychain.connected.load(Ordering::SeqCst), 2, "made anew");
    assert_eq!(vault.state(), State::Available, "nobody noticed");
}

#[tokio::test]
async fn a_keychain_that_is_not_there_is_missing_and_found_when_it_comes() {
    let keychain = MockKeychain::new();
    let there = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let (connect, is_there) = (keychain.connect(), Arc::clone(&there));
    let connect: crate::items::Connect = Arc::new(move || {
        if is_there.load(Ordering::SeqCst) {
            connect()
        } else {
            Err(Failure::of_connect(platform("Connection refused")))
        }
    });
    let vault = vault(config(Backend::Os, Path::new("vaults")), Arc::<Machine>::default(), connect);
    assert_eq!(vault.check().await, State::Missing, "nothing to connect to");
    let error = vault.set("s1", "demo", Kind::Text, 1, secret("x")).await.unwrap_err();
    assert_eq!(error, Error::Missing { reason: "Connection refused".into() }, "and nothing falls back");
    there.store(true, Ordering::SeqCst);
    assert_eq!(vault.check().await, State::Available, "checked again");
    vault.set("s1", "demo", Kind::Text, 1, secret("x")).await.unwrap();
}

#[tokio::test]
async fn a_locked_keychain_is_seen_without_reading_an_item() {
    use crate::system::{Door, KeyringItems};
    let store = keyring_core::mock::Store::new().unwrap();
    let connect: crate::items::Connect = Arc::new(move || {
        let door = Door { locked: || Ok(true), unlock: || Err(Failure::Locked) };
        Ok(Box::new(KeyringItems::new(Arc::clone(&store) as _, door)) as _)
    });
    let vault = vault(config(Backend::Os, Path::new("vaults")), Arc::<Machine>::default(), connect);
    assert_eq!(vault.check().await, State::Locked, "the mock refuses a labelled entry, so none was made");
    assert_eq!(vault.unlock(None).await.unwrap_err(), Error::Locked, "the prompt was put away");
    assert_eq!(vault.state(), State::Locked, "and it stays so");
}

#[tokio::test]
async fn an_item_that_another_program_changed_asks_to_be_entered_again() {
    let keychain = MockKeychain::new();
    let vault = on(&keychain);
    vault.set("s1", "demo", Kind::Text, 1, secret("value")).await.unwrap();
    keychain.set_item("s1", "changed by hand");
    let error = vault.get("s1", None).await.err().unwrap();
    assert_eq!(error, Error::ItemMalformed { slot: "s1".into() }, "not taken for the secret");
    vault.set("s1", "demo", Kind::Text, 2, secret("again")).await.unwrap();
    assert_eq!(vault.get("s1", Some(2)).await.unwrap().unwrap().bytes.expose_secret(), b"again", "entered again");
    keychain.set_item("s1", "countersign/1 marker 9 utf-8\nx");
    assert!(vault.get("s1", None).await.is_err(), "a kind that no slot has");
    vault.remove("s1").await.unwrap();
    assert!(keychain.item("s1").is_none(), "and it can be removed");
}

#[tokio::test]
async fn a_value_that_the_store_finds_too_long_is_sealed_instead() {
    let keychain = MockKeychain::new();
    let vault = on(&keychain);
    keychain.fail("s1", Keyring::TooLong("secret".into(), 100));
    vault.set("s1", "demo", Kind::Text, 1, secret("value")).await.unwrap();
    assert!(keychain.item("s1").is_none() && keychain.item("~sealing-key-1").is_some(), "in the file");
    assert_eq!(vault.get("s1", Some(1)).await.unwrap().unwrap().bytes.expose_secret(), b"value", "and readable");
}
