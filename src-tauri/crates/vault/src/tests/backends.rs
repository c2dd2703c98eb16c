//! What holds for every backend.

use std::path::Path;
use std::sync::Arc;

use super::fakes::{Machine, config, secret, vault};
use crate::passphrase::passphrase;
use crate::{Backend, Config, Error, Kind, State, Vault};

const ALL: [Backend; 3] = [Backend::Os, Backend::Passphrase, Backend::Memory];

async fn opened(backend: Backend, machine: &Arc<Machine>) -> Vault {
    let vault = vault(config(backend, Path::new("vaults")), Arc::clone(machine) as _, machine.connect());
    vault.unlock(passphrase("correct horse")).await.unwrap();
    vault
}

async fn text(vault: &Vault, slot: &str) -> Option<String> {
    let value = vault.get(slot, None).await.unwrap()?;
    Some(String::from_utf8(value.bytes.expose_secret().clone()).unwrap())
}

#[tokio::test]
async fn a_secret_comes_back_with_its_kind_and_generation_until_it_is_removed() {
    for backend in ALL {
        let vault = opened(backend, &Arc::default()).await;
        assert!(vault.get("s1", None).await.unwrap().is_none(), "{backend:?}: nothing yet");
        vault.set("s1", "demo", Kind::Text, 1, secret("first")).await.unwrap();
        vault.set("s1", "demo", Kind::RefreshToken, 2, secret("second")).await.unwrap();
        vault.set("s2", "demo", Kind::Key, 1, secret("\0key")).await.unwrap();
        let value = vault.get("s1", Some(2)).await.unwrap().unwrap();
        assert_eq!((value.kind, value.generation), (Kind::RefreshToken, 2), "{backend:?}");
        assert_eq!(value.bytes.expose_secret(), b"second", "{backend:?}");
        assert_eq!(vault.get("s2", None).await.unwrap().unwrap().kind, Kind::Key, "{backend:?}");
        assert_eq!(vault.slots().await.unwrap(), ["s1", "s2"], "{backend:?}");
        vault.remove("s1").await.unwrap();
        vault.remove("s1").await.unwrap();
        assert!(vault.get("s1", None).await.unwrap().is_none(), "{backend:?}: removed");
        assert_eq!(text(&vault, "s2").await.unwrap(), "\0key", "{backend:?}: the other slot stays");
    }
}

#[tokio::test]
async fn an_older_secret_than_expected_is_an_error_and_a_newer_one_is_not() {
    for backend in ALL {
        let vault = opened(backend, &Arc::default()).await;
        for (slot, kind) in [("text", Kind::Text), ("key", Kind::Key)] {
            vault.set(slot, "demo", kind, 4, secret("value")).await.unwrap();
            let older = vault.get(slot, Some(5)).await.err().unwrap();
            assert_eq!(older, Error::OlderThanExpected { slot: slot.into(), stored: 4, expected: 5 }, "{backend:?}");
            assert!(
                vault.get(slot, Some(3)).await.unwrap().is_some(),
                "{backend:?}: another process may have renewed it"
            );
        }
    }
}

#[tokio::test]
async fn a_fingerprint_tells_two_secrets_apart_and_lives_as_long_as_the_vault() {
    for backend in ALL {
        let machine = Arc::default();
        let vault = opened(backend, &machine).await;
        let print = vault.fingerprint(&secret("hunter2")).await.unwrap();
        assert_eq!(print.len(), 8, "{backend:?}");
        assert_eq!(vault.fingerprint(&secret("hunter2")).await.unwrap(), print, "{backend:?}: the same secret");
        assert_ne!(vault.fingerprint(&secret("hunter3")).await.unwrap(), print, "{backend:?}: another secret");
        assert_ne!(print, "f52fbd32", "{backend:?}: not the plain SHA-256, which could be guessed from");
        if backend != Backend::Memory {
            let again = opened(backend, &machine).await;
            assert_eq!(again.fingerprint(&secret("hunter2")).await.unwrap(), print, "{backend:?}: after a restart");
        }
    }
}

#[tokio::test]
async fn clearing_the_last_slot_leaves_nothing_behind() {
    for backend in ALL {
        let machine = Arc::<Machine>::default();
        let vault = opened(backend, &machine).await;
        for slot in ["a", "b"] {
            vault.set(slot, "demo", Kind::Key, 1, secret("value")).await.unwrap();
        }
        let print = vault.fingerprint(&secret("x")).await.unwrap();
        vault.clear(&["a".into()]).await.unwrap();
        assert_eq!(
            vault.fingerprint(&secret("x")).await.unwrap(),
            print,
            "{backend:?}: a slot is left, the marker stays"
        );
        vault.clear(&["b".into()]).await.unwrap();
        assert!(machine.is_empty(), "{backend:?}: no item, no file");
    }
}

#[tokio::test]
async fn a_migration_moves_every_secret_and_can_be_started_again() {
    let large = "x".repeat(5000);
    for from in ALL {
        for to in ALL.into_iter().filter(|to| *to != from) {
            let machine = Arc::default();
            let (old, new) = (opened(from, &machine).await, opened(to, &machine).await);
            let slots: Vec<String> = ["small", "large", "key", "empty"].map(str::to_owned).to_vec();
            old.set("small", "demo", Kind::Text, 7, secret("hunter2")).await.unwrap();
            old.set("large", "demo", Kind::RefreshToken, 8, secret(&large)).await.unwrap();
            old.set("key", "demo", Kind::Key, 9, secret("\x01\x02")).await.unwrap();
            // an earlier attempt stopped after this one, and it was renewed there
            new.set("key", "demo", Kind::Key, 10, secret("newer")).await.unwrap();
            let print = old.fingerprint(&secret("x")).await.unwrap();
            old.migrate(&new, &slots).await.unwrap();
            old.unlock(passphrase("correct horse")).await.unwrap();
            assert!(old.slots().await.unwrap().is_empty(), "{from:?} to {to:?}: nothing stays behind");
            old.migrate(&new, &slots).await.unwrap();
            assert_eq!(text(&new, "small").await.unwrap(), "hunter2", "{from:?} to {to:?}");
            assert_eq!(text(&new, "large").await.unwrap(), large, "{from:?} to {to:?}");
            assert_eq!(text(&new, "key").await.unwrap(), "newer", "{from:?} to {to:?}: what is newer there stays");
            let small = new.get("small", Some(7)).await.unwrap().unwrap();
            assert_eq!((small.kind, small.generation), (Kind::Text, 7), "{from:?} to {to:?}");
            assert_eq!(
                new.fingerprint(&secret("x")).await.unwrap(),
                print,
                "{from:?} to {to:?}: fingerprints move along"
            );
        }
    }
}

#[tokio::test]
async fn a_migration_onto_itself_deletes_nothing() {
    for backend in ALL {
        let machine = Arc::default();
        let vault = opened(backend, &machine).await;
        vault.set("s", "demo", Kind::Text, 1, secret("value")).await.unwrap();
        vault.migrate(&vault, &["s".into()]).await.unwrap();
        if backend != Backend::Memory {
            vault.migrate(&opened(backend, &machine).await, &["s".into()]).await.unwrap();
        }
        assert_eq!(text(&vault, "s").await.unwrap(), "value", "{backend:?}");
    }
}

#[tokio::test]
async fn an_id_that_could_reach_elsewhere_is_refused() {
    for backend in ALL {
        let machine = Arc::default();
        let vault_ = opened(backend, &machine).await;
        for id in ["", "~marker", "~sealing-key-1", "a/b", "a b"] {
            let error = vault_.set(id, "demo", Kind::Text, 1, secret("x")).await.err().unwrap();
            assert_eq!(error.problem().code, "vault.not_an_id", "{backend:?} {id:?}");
            assert!(vault_.get(id, None).await.is_err() && vault_.remove(id).await.is_err(), "{backend:?} {id:?}");
        }
        let config = Config { vault_id: "../elsewhere".into(), ..config(backend, Path::new("vaults")) };
        let outside = vault(config, Arc::clone(&machine) as _, machine.connect());
        assert!(outside.unlock(passphrase("x")).await.is_err(), "{backend:?}: a vault id names a file");
        assert!(outside.set("s", "demo", Kind::Text, 1, secret("x")).await.is_err(), "{backend:?}");
    }
}

#[tokio::test]
async fn the_state_tells_whether_the_vault_can_be_used() {
    let machine = Arc::<Machine>::default();
    let at = |backend| vault(config(backend, Path::new("vaults")), Arc::clone(&machine) as _, machine.connect());
    let os = at(Backend::Os);
    assert_eq!(os.state(), State::Probing, "nothing was asked yet");
    assert_eq!(os.check().await, State::Available, "asked");
    let memory = at(Backend::Memory);
    assert_eq!((memory.state(), memory.check().await), (State::MemoryOnly, State::MemoryOnly), "always");
    let sealed = at(Backend::Passphrase);
    assert_eq!((sealed.state(), sealed.check().await), (State::PassphraseLocked, State::PassphraseLocked), "closed");
    assert!(!sealed.state().usable() && memory.state().usable() && os.state().usable(), "usable means open");
    let mut watching = sealed.watch();
    sealed.unlock(passphrase("p")).await.unwrap();
    assert!(watching.has_changed().unwrap(), "a change is told");
    assert_eq!(*watching.borrow_and_update(), State::PassphraseOpen, "open");
    sealed.lock();
    assert_eq!(*watching.borrow_and_update(), State::PassphraseLocked, "and closed again");
}
