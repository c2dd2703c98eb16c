//! The passphrase vault on a real disk.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::fakes::{Machine, QUICK, VAULT, config, secret};
use crate::passphrase::passphrase;
use crate::{Backend, Error, Kind, State, Vault};

fn at(folder: &Path) -> Vault {
    Vault::open_with(config(Backend::Passphrase, folder), QUICK)
}

#[tokio::test]
async fn it_is_made_by_the_first_passphrase_and_opens_with_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let vault = at(folder.path());
    assert_eq!(vault.get("s1", None).await.err().unwrap(), Error::PassphraseNeeded, "closed");
    assert_eq!(vault.unlock(None).await.unwrap_err(), Error::PassphraseNeeded, "no passphrase");
    assert_eq!(vault.unlock(passphrase("")).await.unwrap_err(), Error::PassphraseEmpty, "an empty one");
    assert_eq!(vault.unlock(passphrase("correct horse")).await.unwrap(), State::PassphraseOpen, "made");
    vault.set("s1", "demo", Kind::Text, 1, secret("hunter2-canary")).await.unwrap();

    let again = at(folder.path());
    assert_eq!(again.unlock(passphrase("correct horsf")).await.unwrap_err(), Error::PassphraseRefused, "another one");
    assert_eq!(again.state(), State::PassphraseLocked, "still closed");
    again.unlock(passphrase("correct horse")).await.unwrap();
    assert_eq!(again.get("s1", Some(1)).await.unwrap().unwrap().bytes.expose_secret(), b"hunter2-canary", "opened");
    let file = std::fs::read(folder.path().join(format!("{VAULT}.passphrase.sealed"))).unwrap();
    assert!(!String::from_utf8_lossy(&file).contains("canary"), "sealed on the disk");
}

#[tokio::test]
async fn it_closes_after_a_quarter_of_an_hour_without_use() {
    let vault = super::fakes::vault(
        config(Backend::Passphrase, Path::new("vaults")),
        Arc::<Machine>::default(),
        Arc::<Machine>::default().connect(),
    );
    vault.unlock(passphrase("p")).await.unwrap();
    vault.set("s1", "demo", Kind::Text, 1, secret("x")).await.unwrap();
    let mut state = vault.watch();
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(14 * 60)).await;
    assert!(vault.get("s1", None).await.unwrap().is_some(), "used after 14 minutes");
    tokio::time::advance(Duration::from_secs(14 * 60)).await;
    assert!(vault.get("s1", None).await.unwrap().is_some(), "the use counted: 14 minutes again");
    tokio::time::advance(Duration::from_secs(15 * 60 + 1)).await;
    state.wait_for(|state| *state == State::PassphraseLocked).await.unwrap();
    assert_eq!(vault.get("s1", None).await.err().unwrap(), Error::PassphraseNeeded, "closed");
    vault.unlock(passphrase("p")).await.unwrap();
    assert!(vault.get("s1", None).await.unwrap().is_some(), "and opened again");
}

#[tokio::test]
async fn a_file_that_goes_away_while_it_is_open_closes_it() {
    let folder = tempfile::tempdir().unwrap();
    let vault = at(folder.path());
    vault.unlock(passphrase("p")).await.unwrap();
    std::fs::remove_file(folder.path().join(format!("{VAULT}.passphrase.sealed"))).unwrap();
    let error = vault.set("s1", "demo", Kind::Text, 1, secret("x")).await.unwrap_err();
    assert_eq!(error.problem().code, "vault.sealed_malformed", "it is not made again behind the person's back");
    assert_eq!(vault.state(), State::PassphraseLocked, "closed");
}

#[tokio::test]
async fn two_processes_write_in_turn_and_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (at(folder.path()), at(folder.path()));
    one.unlock(passphrase("p")).await.unwrap();
    two.unlock(passphrase("p")).await.unwrap();
    let mut writing = Vec::new();
    for n in 0..20 {
        let vault = if n % 2 == 0 { one.clone() } else { two.clone() };
        writing.push(tokio::spawn(async move {
            vault.set(&format!("s{n:02}"), "demo", Kind::Text, 1, secret(&format!("value {n}"))).await
        }));
    }
    for written in writing {
        written.await.unwrap().unwrap();
    }
    let wanted: Vec<String> = (0..20).map(|n| format!("s{n:02}")).collect();
    assert_eq!(one.slots().await.unwrap(), wanted, "each saw what the other wrote");
}

#[tokio::test]
async fn a_disk_that_refuses_is_told_as_the_system_tells_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a file, not a folder");
    std::fs::write(&file, "").unwrap();
    let error = at(&file).unlock(passphrase("p")).await.unwrap_err();
    assert_eq!(error.problem().code, "storage.unwritable", "{error}");
}

#[tokio::test]
async fn the_default_parameters_cost_what_they_should() {
    let default = crate::Derivation::default();
    assert_eq!(
        (default.memory_kib, default.passes, default.lanes),
        (64 * 1024, 3, 1),
        "64 MiB, three passes, one lane"
    );
}
