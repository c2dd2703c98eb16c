//! The disk says no, or holds something else than was written: what is at fault is named, what is there stays as it is,
//! and a process that is killed loses at most the exchange in flight.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use countersign_console::{Backend, Console, Options};
use serde_json::Value;

use crate::canary::files;
use crate::need;
use crate::scripted::{Scripted, http};
use crate::support::child::Child;
use crate::support::cli::{Said, command, run, run_with};
use crate::support::program;
use crate::support::sandbox::Sandbox;

/// Sent to and answered in clear on loopback, so that nothing but the disk matters.
fn server() -> Scripted {
    Scripted::plain(|request| {
        http("200 OK", &[("Content-Type", "text/plain")], &format!("answer to {}", request.target))
    })
}

fn url(server: &Scripted, path: &str) -> String {
    format!("http://127.0.0.1:{}{path}", server.port)
}

fn send(sandbox: &Sandbox, url: &str) -> Said {
    run(sandbox, &["send", "GET", url, "--vault", "memory", "--json"])
}

/// Sends, and gives the id of the exchange.
fn sent(sandbox: &Sandbox, url: &str) -> String {
    send(sandbox, url).expect(0).json()["exchange"].as_str().unwrap().to_owned()
}

/// Ids in the history.
fn listed(sandbox: &Sandbox) -> Vec<String> {
    let rows = run(sandbox, &["history", "list", "--json"]).expect(0).json_lines();
    rows.iter().map(|row| row["exchange"].as_str().unwrap().to_owned()).collect()
}

/// Asserts that an error document, or evidence with an error, has this code and exits 7.
#[track_caller]
fn refused(said: &Said, code: &str) -> Value {
    let document = said.json();
    let error = if document["schema"] == "countersign.error/1" { document.clone() } else { document["error"].clone() };
    assert_eq!((error["code"].as_str(), said.code), (Some(code), Some(7)), "{}\n{}", said.out, said.err);
    assert!(error["hints"][0].is_string(), "what to do: {error:#}");
    error
}

/// Asserts that an answer was shown that could not be kept, and gives why.
#[track_caller]
fn not_kept(said: Said) -> String {
    let document = said.expect(0).json();
    assert_eq!(document["response"]["status"], 200, "the answer is shown all the same");
    assert_eq!(document["findings"][0]["id"], "storage.not_kept", "{}", document["findings"]);
    document["findings"][0]["sentence"].as_str().unwrap().to_owned()
}

/// Whether a folder can be mounted over, for this process alone.
fn mounts() -> bool {
    let tried = std::process::Command::new("unshare").args(["-rm", "mount", "-t", "tmpfs", "none", "/tmp"]).output();
    tried.is_ok_and(|output| output.status.success())
}

/// Runs a script where mounts are its own; `$COUNTERSIGN` is the program, `$DATA` the data folder. Its JSON documents,
/// each with the exit code that followed it as a line `exit CODE`.
fn mounted(sandbox: &Sandbox, script: &str) -> Vec<Said> {
    let mut unshare = std::process::Command::new("unshare");
    sandbox.enter(&mut unshare).args(["-rm", "bash", "-euc", script]);
    unshare.env("COUNTERSIGN", program("countersign")).env("DATA", sandbox.data()).env("COUNTERSIGN_VAULT", "memory");
    let said = run_with(unshare, None).expect(0);
    let mut runs = Vec::new();
    let mut out = String::new();
    for line in said.out.lines() {
        match line.strip_prefix("exit ") {
            Some(code) => {
                runs.push(Said { code: code.parse().ok(), out: std::mem::take(&mut out), err: said.err.clone() })
            }
            None => out.extend([line, "\n"]),
        }
    }
    runs
}

#[test]
fn a_read_only_data_folder_is_said_before_anything_is_sent() {
    need!(mounts(), "mounting in a namespace of one's own (unshare)");
    let (sandbox, server) = (Sandbox::new(), server());
    let kept = sent(&sandbox, &url(&server, "/before"));
    let before: Vec<_> = files(&sandbox.data()).into_iter().map(|file| (fs::read(&file).unwrap(), file)).collect();
    let script = format!(
        r#"mount --bind "$DATA" "$DATA"; mount -o remount,ro,bind "$DATA"; set +e
        "$COUNTERSIGN" send GET {} --json; echo "exit $?"
        "$COUNTERSIGN" history list --json; echo "exit $?"
        "$COUNTERSIGN" credential add demo --client-id c --token-endpoint https://localhost:1/t --no-secret --json; echo "exit $?"; true"#,
        url(&server, "/never")
    );
    let [send, list, add] = &mounted(&sandbox, &script)[..] else { panic!("three commands") };
    let error = refused(send, "storage.read_only");
    assert!(error["detail"].as_str().unwrap().contains("data/content"), "which folder: {error:#}");
    assert_eq!((&send.json()["outcome"], &send.json()["request"]["sent"]), (&"refused_by_us".into(), &false.into()));
    assert_eq!(server.received().len(), 1, "an answer that cannot be stored is not asked for");
    refused(list, "storage.read_only");
    refused(add, "storage.read_only");
    assert_eq!(listed(&sandbox), [kept], "and once it is writable again everything is there");
    for (bytes, file) in before.iter().filter(|(_, file)| !file.to_string_lossy().contains("history.db")) {
        assert_eq!(fs::read(file).unwrap(), *bytes, "{}", file.display());
    }
}

#[test]
fn a_full_disk_is_said_and_the_answer_is_shown_all_the_same() {
    need!(mounts(), "mounting in a namespace of one's own (unshare)");
    let (sandbox, server) = (Sandbox::new(), server());
    let script = format!(
        r#"mount -t tmpfs -o size=1m none "$DATA"; set +e
        "$COUNTERSIGN" send GET {first} --json; echo "exit $?"
        dd if=/dev/zero of="$DATA/everything" bs=4k 2>/dev/null
        "$COUNTERSIGN" send GET {second} --json; echo "exit $?"
        "$COUNTERSIGN" history list --json; echo "exit $?"
        rm "$DATA/everything"
        "$COUNTERSIGN" send GET {second} --json; echo "exit $?"
        "$COUNTERSIGN" history list; echo "exit $?"; true"#,
        first = url(&server, "/first"),
        second = url(&server, "/second"),
    );
    let [first, full, list, again, after] = &mounted(&sandbox, &script)[..] else { panic!("five commands") };
    let error = refused(full, "storage.full");
    assert_eq!(error["title"], "the content of the answer could not be stored");
    let document = full.json();
    assert_eq!((&document["response"]["status"], &document["failed_step"]), (&200.into(), &"response".into()));
    assert!(document["response"]["content"].is_null(), "what was lost is not told as empty: {document:#}");
    assert!(
        document["findings"][0]["sentence"].as_str().unwrap().contains("the disk is full"),
        "nor in the history: {document:#}"
    );
    refused(list, "storage.full");
    for (said, path) in [(first, "/first"), (again, "/second")] {
        let document = said.json();
        assert_eq!((said.code, &document["response"]["status"]), (Some(0), &200.into()), "{document:#}");
        let row = after.out.lines().find(|line| line.contains(path));
        assert!(
            row.is_some_and(|row| row.starts_with(document["exchange"].as_str().unwrap())),
            "{path}:\n{}",
            after.out
        );
    }
    assert_eq!(after.out.lines().count(), 2, "with room again it goes on, and nothing before was lost:\n{}", after.out);
}

#[test]
fn a_file_in_the_place_of_the_data_folder_is_named() {
    let (sandbox, server) = (Sandbox::new(), server());
    let file = sandbox.path().join("a-file");
    fs::write(&file, "mine").unwrap();
    let folder = file.join("data");
    for arguments in [
        &["send", "GET", &url(&server, "/"), "--vault", "memory"][..],
        &["history", "list"],
        &["credential", "add", "demo", "--client-id", "c", "--token-endpoint", "https://localhost:1/t", "--no-secret"],
    ] {
        let said = run(&sandbox, &[arguments, &["--data-dir", folder.to_str().unwrap(), "--json"]].concat());
        let error = refused(&said, "storage.unwritable");
        assert!(error["detail"].as_str().unwrap().contains("a-file/data"), "{arguments:?}: {error:#}");
    }
    assert!(server.received().is_empty(), "nothing was sent");
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine", "and it is as it was");
}

/// The history's file, closed: no log beside it holds newer pages.
fn history(sandbox: &Sandbox) -> PathBuf {
    let db = sandbox.data().join("history.db");
    assert!(!sandbox.data().join("history.db-wal").exists(), "the last one to close it has written the log back");
    db
}

#[test]
fn a_history_that_does_not_read_is_left_alone_and_sending_goes_on() {
    for (what, code, said) in
        [("garbage", "storage.history_unreadable", "cannot be read"), ("format 9", "storage.history_newer", "newer")]
    {
        let (sandbox, server) = (Sandbox::new(), server());
        sent(&sandbox, &url(&server, "/before"));
        let db = history(&sandbox);
        let mut bytes = fs::read(&db).unwrap();
        match what {
            "garbage" => bytes[..512].fill(b'x'),
            // `user_version`, SQLite's database file format, section 1.3
            _ => bytes[60..64].copy_from_slice(&9_u32.to_be_bytes()),
        }
        fs::write(&db, &bytes).unwrap();
        let error = refused(&run(&sandbox, &["history", "list", "--json"]), code);
        assert!(error["detail"].as_str().unwrap().contains("history.db"), "{what}: {error:#}");
        refused(&run(&sandbox, &["history", "show", "01", "--json"]), code);
        refused(&run(&sandbox, &["history", "clear", "--json"]), code);
        assert!(not_kept(send(&sandbox, &url(&server, "/after"))).contains(said), "{what}");
        assert_eq!(fs::read(&db).unwrap(), bytes, "{what}: not a byte of it was changed");
        fs::remove_file(&db).unwrap();
        let new = sent(&sandbox, &url(&server, "/new"));
        assert_eq!(listed(&sandbox), [new], "{what}: moved away, a new one begins");
    }
}

/// A console of this sandbox, as the window opens it: it tells what did not read.
async fn console(sandbox: &Sandbox) -> Console {
    let (workspace, data_dir) = (Some(sandbox.workspace()), Some(sandbox.data()));
    Console::open(Options { workspace, data_dir, vault: Some(Backend::Memory), ..Options::default() }).await.unwrap()
}

#[tokio::test]
async fn settings_that_do_not_read_are_named_with_their_line_and_never_overwritten() {
    let sandbox = Sandbox::new();
    let add = [
        "credential",
        "add",
        "demo",
        "--client-id",
        "c",
        "--token-endpoint",
        "https://localhost:1/t",
        "--no-secret",
        "--vault",
        "memory",
    ];
    run(&sandbox, &add).expect(0);
    let state = files(&sandbox.data().join("state"))
        .into_iter()
        .find(|file| file.extension().is_some_and(|e| e == "toml"))
        .unwrap();
    let preferences = sandbox.data().join("preferences.toml");
    fs::write(&state, "format = 1\nenvironment = \n").unwrap();
    fs::write(&preferences, "theme = \"dark\"\ntimeout = \"soon\"\n").unwrap();
    let console = console(&sandbox).await;
    let problems = console.workspace_read().await.unwrap().problems;
    for (code, word) in [("storage.state_malformed", "line 2"), ("storage.preferences_malformed", "line 2")] {
        let problem =
            problems.iter().find(|problem| problem.code == code).unwrap_or_else(|| panic!("{code}: {problems:?}"));
        assert!(problem.detail.contains(word) && !problem.hints.is_empty(), "{problem:?}");
    }
    let read = console.preferences_read().await.unwrap();
    assert_eq!((read.theme.as_str(), read.timeout_s), ("dark", 30), "the one value counts as its default");
    console.close().await;
    let aside = state.with_extension("toml.unreadable");
    assert_eq!(fs::read_to_string(aside).unwrap(), "format = 1\nenvironment = \n", "set aside, not lost");
    assert_eq!(fs::read_to_string(&preferences).unwrap(), "theme = \"dark\"\ntimeout = \"soon\"\n");
    run(&sandbox, &["credential", "list", "--vault", "memory"]).expect(0);

    fs::write(&state, "format = 99\nsomething = \"newer\"\n").unwrap();
    refused(
        &run(
            &sandbox,
            &["credential", "replace", "demo", "--scope", "a", "--no-secret", "--vault", "memory", "--json"],
        ),
        "storage.newer_format",
    );
    assert_eq!(
        fs::read_to_string(&state).unwrap(),
        "format = 99\nsomething = \"newer\"\n",
        "a newer version's file stays"
    );
}

#[test]
fn a_request_that_does_not_read_is_named_with_its_line_and_the_others_are_sent() {
    let (sandbox, server) = (Sandbox::new(), server());
    let folder = sandbox.workspace().join("requests");
    fs::create_dir_all(&folder).unwrap();
    fs::write(sandbox.workspace().join("countersign.toml"), "format = 1\nid = \"w1\"\nname = \"W\"\n").unwrap();
    fs::write(folder.join("good.toml"), format!("method = \"GET\"\nurl = \"{}\"\n", url(&server, "/good"))).unwrap();
    for (text, code, line) in [
        ("method = \"GET\"\nurl = \n", "workspace.not_toml", "line 2"),
        ("method = 7\nurl = \"https://localhost/\"\n", "workspace.wrong_type", "line 1"),
        (
            "method = \"GET\"\nurl = \"https://localhost/\"\noptions = { timeout = \"soon\" }\n",
            "workspace.wrong_value",
            "line 3",
        ),
    ] {
        fs::write(folder.join("bad.toml"), text).unwrap();
        let error = refused(&run(&sandbox, &["send", "bad", "--vault", "memory", "--json"]), code);
        let detail = error["detail"].as_str().unwrap();
        assert!(detail.contains("requests/bad.toml") && detail.contains(line), "{error:#}");
        assert_eq!(fs::read_to_string(folder.join("bad.toml")).unwrap(), text, "and is left as it was");
        let good = run(&sandbox, &["send", "good", "--vault", "memory", "--json"]).expect(0).json();
        assert_eq!(good["response"]["status"], 200);
    }
    assert!(server.received().iter().all(|request| request.target == "/good"));
}

#[test]
fn a_secret_in_a_workspace_file_is_named_by_line_and_never_repeated() {
    let sandbox = Sandbox::new();
    let add = [
        "credential",
        "add",
        "demo",
        "--client-id",
        "c",
        "--token-endpoint",
        "https://localhost:1/t",
        "--no-secret",
        "--vault",
        "memory",
    ];
    run(&sandbox, &add).expect(0);
    let file = sandbox.workspace().join("credentials/demo.toml");
    let text = format!("client_secret = \"s3cret-in-clear\"\n{}", fs::read_to_string(&file).unwrap());
    fs::write(&file, &text).unwrap();
    let said = run(&sandbox, &["credential", "list", "--vault", "memory"]).expect(7);
    assert!(said.out.contains("demo"), "it loads all the same:\n{}", said.out);
    for word in ["[workspace.secret_in_file]", "credentials/demo.toml", "line 1", "client_secret"] {
        assert!(said.err.contains(word), "`{word}`:\n{}", said.err);
    }
    assert!(!format!("{}{}", said.out, said.err).contains("s3cret-in-clear"), "{}", said.err);
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
}

/// Answers once with the first half of a content, and holds the rest back until the client is gone.
fn half_an_answer() -> String {
    const HALF: usize = 1024 * 1024;
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://127.0.0.1:{}/", listener.local_addr().unwrap().port());
    std::thread::spawn(move || {
        let (mut stream, _from) = listener.accept().unwrap();
        let _request = stream.read(&mut [0; 4096]);
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 2 * HALF);
        let _sent = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&vec![b'x'; HALF]));
        let _gone = stream.read(&mut [0; 16]);
    });
    url
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let limit = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < limit, "{what} did not come");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn killed_while_an_answer_comes_a_process_loses_that_exchange_and_nothing_else() {
    let (sandbox, server) = (Sandbox::new(), server());
    let before = sent(&sandbox, &url(&server, "/before"));
    let arguments = ["send", "GET", &half_an_answer(), "--vault", "memory", "--json"];
    let child = Child::start(&mut command(&sandbox, &arguments), None);
    let content = sandbox.data().join("content");
    let unfinished = || {
        fs::read_dir(&content).unwrap().flatten().find(|e| e.file_name().to_string_lossy().starts_with(".unfinished-"))
    };
    until("half of the content on disk", || unfinished().is_some_and(|file| file.metadata().unwrap().len() > 0));
    child.signal(rustix::process::Signal::KILL);
    let (code, output) = child.end(Duration::from_secs(10));
    assert_eq!((code, output.as_str()), (None, ""), "it had said nothing yet");
    assert_eq!(listed(&sandbox), [before.as_str()], "what was before is there");
    let after = sent(&sandbox, &url(&server, "/after"));
    assert_eq!(listed(&sandbox), [after, before], "and it goes on");

    // what is younger may belong to a process that runs
    let left = unfinished().unwrap().path();
    let file = fs::File::options().write(true).open(&left).unwrap();
    let written = file.metadata().unwrap().modified().unwrap();
    file.set_modified(written - Duration::from_secs(2 * 86_400)).unwrap();
    until("the sweep of what was left", || listed(&sandbox).len() == 2 && !left.exists());
    assert_eq!(files(&content).len(), 2, "one content for each exchange: {:?}", files(&content));
}

#[test]
fn killed_at_any_moment_what_was_said_is_kept() {
    let (sandbox, server) = (Sandbox::new(), server());
    let mut said = vec![sent(&sandbox, &url(&server, "/0"))];
    let whole = {
        let begin = Instant::now();
        said.push(sent(&sandbox, &url(&server, "/1")));
        begin.elapsed()
    };
    for moment in 0..16 {
        let arguments = ["send", "GET", &url(&server, &format!("/kill/{moment}")), "--vault", "memory", "--json"];
        let child = Child::start(&mut command(&sandbox, &arguments), None);
        // the moment is what is tried
        std::thread::sleep(whole * moment / 14);
        child.signal(rustix::process::Signal::KILL);
        let (_, output) = child.end(Duration::from_secs(10));
        if let Ok(document) = serde_json::from_str::<Value>(&output) {
            said.push(document["exchange"].as_str().unwrap().to_owned());
        }
        let now = listed(&sandbox);
        assert!(said.iter().all(|id| now.contains(id)), "moment {moment}: {said:?} were told, {now:?} are kept");
        assert!(now.len() <= 3 + moment as usize);
        let newest = run(&sandbox, &["history", "show", &now[0], "--json"]).expect(0).json();
        assert_eq!(newest["response"]["status"], 200, "what is there is whole: {newest:#}");
    }
    let last = sent(&sandbox, &url(&server, "/last"));
    assert_eq!(listed(&sandbox)[0], last);
}

#[test]
fn processes_that_run_at_the_same_time_each_keep_their_exchange() {
    let (sandbox, server) = (Sandbox::new(), server());
    let start = |number: usize| {
        let arguments = ["send", "GET", &url(&server, &format!("/{number}")), "--vault", "memory", "--json"];
        Child::start(&mut command(&sandbox, &arguments), None)
    };
    let children: Vec<Child> = (0..6).map(start).collect();
    let mut ids = BTreeSet::new();
    for child in children {
        let (code, output) = child.end(Duration::from_secs(60));
        assert_eq!(code, Some(0), "{output}");
        let document: Value = serde_json::from_str(&output).unwrap();
        assert_eq!(document["findings"], Value::Array(Vec::new()), "kept, the first one too: {document:#}");
        ids.insert(document["exchange"].as_str().unwrap().to_owned());
    }
    assert_eq!(listed(&sandbox).into_iter().collect::<BTreeSet<_>>(), ids);
}
