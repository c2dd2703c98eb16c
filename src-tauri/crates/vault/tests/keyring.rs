//! The vault on a real Secret Service: a throw-away gnome-keyring of `tests/scripts/with-keyring`, looked into from
//! outside with secret-tool and gdbus. A test that locks or kills the daemon runs in a session of its own.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests panic to say what is wrong")]

use std::env;
use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use countersign_secret::{Secret, SecretBytes};
use countersign_vault::{Backend, Config, Error, Kind, Random, State, Vault};

/// Set in the session a test made for itself.
const OWN_SESSION: &str = "COUNTERSIGN_TEST_OWN_SESSION";
const LOGIN: &str = "['/org/freedesktop/secrets/collection/login']";

/// Whether the throw-away keychain is there; the person's own is never used.
fn keychain() -> bool {
    if env::var_os("COUNTERSIGN_TEST_KEYRING").is_some() {
        return true;
    }
    assert!(env::var_os("CI").is_none(), "run the tests inside tests/scripts/with-keyring");
    let _told = writeln!(io::stderr(), "SKIP a throw-away keychain is missing");
    false
}

/// Runs this test once more inside `wrapper`; says whether the caller is that inner run and has to do the work.
fn inside(wrapper: &[&OsStr], test: &str, change: impl FnOnce(&mut Command)) -> bool {
    if env::var_os(OWN_SESSION).is_some() {
        return true;
    }
    let this = env::current_exe().unwrap();
    let mut words = wrapper.iter().copied().chain([this.as_os_str()]);
    let mut command = Command::new(words.next().unwrap());
    command.args(words).args(["--exact", test, "--nocapture"]).env(OWN_SESSION, "1");
    change(&mut command);
    let output = command.stdin(Stdio::null()).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.contains("1 passed"), "{out}\n{err}");
    false
}

fn own_keychain(test: &str) -> bool {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/scripts/with-keyring");
    inside(&[OsStr::new("bash"), script.as_os_str()], test, |_| {})
}

fn random() -> Random {
    Arc::new(|bytes| aws_lc_rs::rand::fill(bytes).unwrap())
}

/// A vault of its own for each test, and its folder.
fn vault() -> (Vault, String, tempfile::TempDir) {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let folder = tempfile::tempdir().unwrap();
    let vault_id = format!("vault-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    (open(&vault_id, folder.path()), vault_id, folder)
}

fn open(vault_id: &str, folder: &Path) -> Vault {
    let (vault_id, folder) = (vault_id.to_owned(), folder.to_owned());
    Vault::open(Config { vault_id, backend: Backend::Os, folder, random: random() })
}

fn secret(text: &str) -> Arc<SecretBytes> {
    Arc::new(Secret::new(text.as_bytes().to_vec()))
}

async fn text(vault: &Vault, slot: &str) -> Option<String> {
    let value = vault.get(slot, None).await.unwrap()?;
    Some(String::from_utf8(value.bytes.expose_secret().clone()).unwrap())
}

fn run(program: &str, arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{program}: {error}"));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn lookup(user: &str) -> Option<String> {
    let output = run("secret-tool", &["lookup", "service", "countersign", "username", user], "");
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

fn store(user: &str, label: &str, more: &[&str], value: &str) {
    let label = format!("--label={label}");
    let mut arguments = vec!["store", label.as_str(), "service", "countersign", "username", user];
    arguments.extend(more);
    let output = run("secret-tool", &arguments, value);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn secret_service(method: &str, argument: &str) -> String {
    let method = format!("org.freedesktop.Secret.Service.{method}");
    let path = ["--object-path", "/org/freedesktop/secrets"];
    let arguments =
        [&["call", "--session", "--dest", "org.freedesktop.secrets"], &path[..], &["--method", &method, argument]];
    let output = run("gdbus", &arguments.concat(), "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The process behind the Secret Service's name, if any.
fn daemon() -> Option<String> {
    let bus = ["call", "--session", "--dest", "org.freedesktop.DBus", "--object-path", "/"];
    let method = ["--method", "org.freedesktop.DBus.GetConnectionUnixProcessID", "org.freedesktop.secrets"];
    let output = run("gdbus", &[&bus[..], &method].concat(), "");
    let answer = String::from_utf8(output.stdout).unwrap();
    let number: String = answer.trim_start_matches("(uint32 ").chars().take_while(char::is_ascii_digit).collect();
    (output.status.success() && !number.is_empty()).then_some(number)
}

#[tokio::test]
async fn an_item_is_what_other_programs_see() {
    if !keychain() {
        return;
    }
    let (vault, id, _folder) = vault();
    assert_eq!(vault.check().await, State::Available, "unlocked");
    vault.set("s1", "demo-client", Kind::Text, 1, secret("hünter2")).await.unwrap();
    let user = format!("{id}/s1");
    assert_eq!(lookup(&user).unwrap(), "countersign/1 text 1 utf-8\nhünter2", "from outside");
    let shown = run("secret-tool", &["search", "service", "countersign", "username", &user], "");
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("label = Countersign: demo-client"), "{shown}");

    store(&user, "by hand", &[], "countersign/1 text 2 utf-8\nfrom outside");
    assert_eq!(text(&vault, "s1").await.unwrap(), "from outside", "and the other way round");
    store(&user, "by hand", &[], "something else");
    assert_eq!(vault.get("s1", None).await.err().unwrap(), Error::ItemMalformed { slot: "s1".into() }, "not ours");

    vault.set("s1", "demo-client", Kind::Text, 3, secret("again")).await.unwrap();
    vault.remove("s1").await.unwrap();
    assert!(lookup(&user).is_none() && vault.get("s1", None).await.unwrap().is_none(), "gone on both sides");
}

#[tokio::test]
async fn two_items_for_one_slot_are_named_and_neither_is_guessed() {
    if !keychain() {
        return;
    }
    let (vault, id, _folder) = vault();
    vault.set("s1", "demo", Kind::Text, 1, secret("one")).await.unwrap();
    store(&format!("{id}/s1"), "a copy", &["origin", "backup"], "countersign/1 text 1 utf-8\ntwo");
    let error = vault.get("s1", None).await.err().unwrap();
    let Error::Ambiguous { slot, mut labels } = error else { panic!("{error}") };
    labels.sort();
    assert_eq!((slot.as_str(), labels), ("s1", vec!["Countersign: demo".into(), "a copy".to_owned()]), "both labels");
    assert!(vault.set("s1", "demo", Kind::Text, 2, secret("x")).await.is_err(), "nor is one overwritten");
}

#[tokio::test]
async fn a_key_and_a_large_secret_are_in_the_file_and_its_key_is_an_item() {
    if !keychain() {
        return;
    }
    let (vault, id, folder) = vault();
    let large = "large-canary".repeat(1000);
    vault.set("key", "demo", Kind::Key, 1, secret("key-canary")).await.unwrap();
    vault.set("large", "demo", Kind::RefreshToken, 1, secret(&large)).await.unwrap();
    assert!(lookup(&format!("{id}/key")).is_none() && lookup(&format!("{id}/large")).is_none(), "no items");
    let file = folder.path().join(format!("{id}.sealed"));
    assert!(!String::from_utf8_lossy(&std::fs::read(&file).unwrap()).contains("canary"), "sealed");
    let again = open(&id, folder.path());
    assert_eq!(text(&again, "key").await.unwrap(), "key-canary", "another process reads it");
    assert_eq!(text(&again, "large").await.unwrap(), large, "this one as well");
    let print = vault.fingerprint(&secret("x")).await.unwrap();
    assert_eq!(again.fingerprint(&secret("x")).await.unwrap(), print, "one marker for both");
    assert_eq!(again.slots().await.unwrap(), ["key", "large"], "listed");

    let key_user = format!("{id}/~sealing-key-1");
    let kept = lookup(&key_user).unwrap();
    run("secret-tool", &["clear", "service", "countersign", "username", &key_user], "");
    assert_eq!(again.check().await, State::KeyLost, "the file without its key");
    assert!(again.set("key", "demo", Kind::Key, 2, secret("x")).await.is_err(), "no new key over it");
    store(&key_user, "restored", &[], &kept);
    assert_eq!(again.check().await, State::Available, "restored");

    vault.clear(&["key".into(), "large".into()]).await.unwrap();
    assert!(!file.exists() && lookup(&key_user).is_none() && lookup(&format!("{id}/~marker")).is_none(), "cleared");
}

#[tokio::test]
async fn labels_survive_a_migration_there_and_back() {
    if !keychain() {
        return;
    }
    let (vault, id, folder) = vault();
    vault.set("s1", "demo-client", Kind::Text, 1, secret("hunter2")).await.unwrap();
    let memory = Vault::open(Config {
        vault_id: id.clone(),
        backend: Backend::Memory,
        folder: folder.path().to_owned(),
        random: random(),
    });
    vault.migrate(&memory, &["s1".into()]).await.unwrap();
    assert!(lookup(&format!("{id}/s1")).is_none() && lookup(&format!("{id}/~marker")).is_none(), "nothing is left");
    memory.migrate(&vault, &["s1".into()]).await.unwrap();
    assert_eq!(text(&vault, "s1").await.unwrap(), "hunter2", "back again");
    let shown = run("secret-tool", &["search", "service", "countersign", "username", &format!("{id}/s1")], "");
    assert!(String::from_utf8_lossy(&shown.stdout).contains("label = Countersign: demo-client"), "under its name");
}

#[tokio::test]
async fn a_locked_keychain_is_told_without_a_hang() {
    if !keychain() || !own_keychain("a_locked_keychain_is_told_without_a_hang") {
        return;
    }
    let (vault, _id, _folder) = vault();
    vault.set("s1", "demo", Kind::Text, 1, secret("x")).await.unwrap();
    secret_service("Lock", LOGIN);
    let start = Instant::now();
    assert_eq!(vault.check().await, State::Locked, "seen without a prompt");
    assert_eq!(vault.get("s1", None).await.err().unwrap(), Error::Locked, "no prompter, so the prompt is dismissed");
    assert_eq!(vault.set("s1", "demo", Kind::Text, 2, secret("y")).await.unwrap_err(), Error::Locked, "an old item");
    assert_eq!(vault.set("s2", "demo", Kind::Text, 1, secret("y")).await.unwrap_err(), Error::Locked, "a new item");
    assert_eq!(vault.unlock(None).await.unwrap_err(), Error::Locked, "asked to unlock");
    assert_eq!(vault.state(), State::Locked, "and it stays so");
    assert!(start.elapsed() < Duration::from_secs(5), "took {:?}", start.elapsed());
}

#[tokio::test]
async fn a_daemon_that_dies_is_found_again_when_it_comes_back() {
    if !keychain() || !own_keychain("a_daemon_that_dies_is_found_again_when_it_comes_back") {
        return;
    }
    let (vault, _id, _folder) = vault();
    vault.set("s1", "demo", Kind::Text, 1, secret("kept")).await.unwrap();
    let first = daemon().unwrap();
    assert!(run("kill", &["-9", &first], "").status.success(), "killed");
    until(|| daemon().is_none()).await;
    let mut second = Command::new("gnome-keyring-daemon");
    second.args(["--foreground", "--unlock", "--components=secrets"]);
    let mut second = second.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    second.stdin.take().unwrap().write_all(b"test-pw").unwrap();
    until(|| daemon() == Some(second.id().to_string())).await;
    assert_eq!(text(&vault, "s1").await.unwrap(), "kept", "the dead connection was replaced by a new one");
    assert_eq!(vault.state(), State::Available, "nobody had to do anything");
    second.kill().unwrap();
    second.wait().unwrap();
}

async fn until(condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waiting).await.unwrap();
}

#[tokio::test]
async fn without_a_bus_there_is_no_keychain_and_the_answer_is_quick() {
    let empty = tempfile::tempdir().unwrap();
    let alone = inside(&[], "without_a_bus_there_is_no_keychain_and_the_answer_is_quick", |command| {
        command.env_remove("DBUS_SESSION_BUS_ADDRESS").env("XDG_RUNTIME_DIR", empty.path()).env("HOME", empty.path());
    });
    if alone {
        missing().await;
    }
}

#[tokio::test]
async fn a_bus_without_a_secret_service_is_no_keychain_either() {
    let configuration = "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\" \
        \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\"><busconfig><type>session</type>\
        <listen>unix:tmpdir=/tmp</listen><auth>EXTERNAL</auth><policy context=\"default\"><allow send_destination=\"*\"/>\
        <allow eavesdrop=\"true\"/><allow own=\"*\"/></policy></busconfig>";
    if !keychain() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("session.conf");
    std::fs::write(&file, configuration).unwrap();
    let option = format!("--config-file={}", file.display());
    let wrapper = ["dbus-run-session", option.as_str(), "--"].map(OsStr::new);
    if inside(&wrapper, "a_bus_without_a_secret_service_is_no_keychain_either", |_| {}) {
        missing().await;
    }
}

#[tokio::test]
async fn a_daemon_that_starts_without_a_keychain_has_no_place_for_a_secret() {
    if !keychain() {
        return;
    }
    // the bus starts a daemon by itself; nobody gave it a password, so it has no collection to write to
    let home = tempfile::tempdir().unwrap();
    let test = "a_daemon_that_starts_without_a_keychain_has_no_place_for_a_secret";
    let alone = inside(&["dbus-run-session", "--"].map(OsStr::new), test, |command| {
        for folder in ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"] {
            command.env(folder, home.path());
        }
    });
    if alone {
        missing().await;
    }
}

async fn missing() {
    let (vault, _id, _folder) = vault();
    let start = Instant::now();
    assert_eq!(vault.check().await, State::Missing, "looked");
    let error = vault.set("s1", "demo", Kind::Text, 1, secret("x")).await.unwrap_err();
    assert_eq!(error.problem().code, "vault.missing", "{error}");
    // a service without a collection says of every item that it is not there
    match vault.get("s1", None).await {
        Ok(value) => assert!(value.is_none(), "nothing was stored"),
        Err(error) => assert_eq!(error.state(), Some(State::Missing), "{error}"),
    }
    assert_eq!(vault.state(), State::Missing, "nothing stands in for it");
    assert!(start.elapsed() < Duration::from_secs(2), "took {:?}", start.elapsed());
}
