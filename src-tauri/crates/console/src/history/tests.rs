//! What is added is read again, exactly; what is over the bounds leaves; what is broken is said.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use countersign_evidence::{CertificateSource, ContentView, Exchange};
use countersign_exchange::ContentStore;

use super::sample::{self, entry};
use super::{Bounds, History};

struct Bench {
    folder: tempfile::TempDir,
    store: ContentStore,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = ContentStore::new(folder.path().join("content"));
        Self { folder, store }
    }

    fn db(&self) -> PathBuf {
        self.folder.path().join("history.db")
    }

    fn open(&self, exchanges: u64, bytes: u64) -> History {
        History::open(&self.db(), self.store.clone(), Bounds { exchanges, bytes }).unwrap()
    }

    fn history(&self) -> History {
        self.open(1000, 1 << 28)
    }

    /// An exchange whose response has this content.
    fn with_content(&self, id: &str, content: &[u8]) -> Exchange {
        let stored = self.store.put(content).unwrap();
        let mut e = sample::success(id);
        e.response.as_mut().unwrap().content = Some(ContentView {
            length: stored.length,
            reference: Some(stored.reference),
            media_type: Some("application/json".into()),
            not_kept: None,
        });
        e
    }
}

fn ids(history: &History, filter: &str) -> Vec<String> {
    history.page(filter, None, 100).unwrap().rows.into_iter().map(|row| row.exchange).collect()
}

fn rows_of(history: &History, table: &str) -> i64 {
    history.lock().query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

#[test]
fn what_is_read_is_the_very_same_document() {
    let bench = Bench::new();
    let history = bench.history();
    let mut odd_pem = sample::success("01odd");
    odd_pem.certificates[0].pem = odd_pem.certificates[0].pem.replace('\n', "\r\n");
    let mut no_pem = sample::success("01none");
    no_pem.certificates[1].pem = "not a certificate".into();
    let mut fetched = sample::success("01fetched");
    fetched.certificates[1].source = CertificateSource::Fetched;
    let mut read_otherwise = sample::success("01otherwise");
    read_otherwise.certificates[0].key_usage.push("keyAgreement".into());
    let documents = [
        sample::success("01a"),
        sample::renewed("01b"),
        sample::expired("01c"),
        sample::unreached("01d"),
        sample::inspected("01e"),
        sample::resumed("01f"),
        sample::signature_refused("01g"),
        sample::renewal_due("01h"),
        Exchange::new("01empty", sample::at("2027-03-17T09:12:44Z")),
        odd_pem,
        no_pem,
        fetched,
        read_otherwise,
    ];
    for document in &documents {
        history.add(&entry(document.clone())).unwrap();
    }
    drop(history);
    let history = bench.history();
    for document in documents {
        let id = document.exchange.clone();
        assert_eq!(history.read(&id).unwrap(), Some(entry(document)), "{id}");
    }
    assert_eq!(history.read("01nobody").unwrap(), None);
    let odd_ones = rows_of(&history, "certificate");
    assert!(odd_ones <= 6, "certificates are kept once, whoever sent them: {odd_ones}");
}

#[test]
fn a_connection_known_otherwise_stays_in_its_document() {
    let bench = Bench::new();
    let history = bench.history();
    let first = sample::success("01a");
    let mut second = sample::success("01b");
    second.connection.clone_from(&first.connection);
    second.handshake.as_mut().unwrap().cipher_suite = Some("TLS_AES_256_GCM_SHA384".into());
    let mut third = sample::success("01c");
    third.connection.clone_from(&first.connection);
    third.certificates.pop();
    for e in [&first, &second, &third] {
        history.add(&entry(e.clone())).unwrap();
    }
    for e in [first, second, third] {
        assert_eq!(history.read(&e.exchange.clone()).unwrap().unwrap().exchange, e);
    }
}

#[test]
fn an_exchange_added_again_takes_the_place_of_the_first() {
    let bench = Bench::new();
    let history = bench.history();
    history.add(&entry(sample::success("01a"))).unwrap();
    history.pin("01a", true).unwrap();
    let mut changed = sample::success("01a");
    changed.handshake.as_mut().unwrap().alpn_protocol = None;
    history.add(&entry(changed.clone())).unwrap();
    assert_eq!(history.read("01a").unwrap().unwrap().exchange, changed);
    assert_eq!((history.count(), ids(&history, "payments")), (1, vec!["01a".to_owned()]), "found once");
    history.set_bounds(Bounds { exchanges: 1, bytes: 0 }).unwrap();
    history.add(&entry(sample::success("01b"))).unwrap();
    assert_eq!(history.count(), 2, "it is pinned as before");
}

#[test]
fn a_document_inside_of_another_is_found_by_its_own_id() {
    let bench = Bench::new();
    let history = bench.history();
    let e = sample::renewed("01a");
    history.add(&entry(e.clone())).unwrap();
    let call = history.read("01a-token").unwrap().unwrap();
    assert_eq!((call.request_path, call.gateway_seen), (None, None), "it was not sent from there");
    assert_eq!(Some(&call.exchange), e.token.as_ref().unwrap().exchange.as_deref());
    let attempt = history.read("01a-first").unwrap().unwrap();
    assert_eq!(attempt.exchange, e.previous_attempts[0].exchange);
    assert!(history.read("01a-first-token").unwrap().is_some(), "at any depth");
    assert_eq!(ids(&history, ""), ["01a"], "the list shows sends");
}

#[test]
fn the_list_is_newest_first_and_goes_on_page_by_page() {
    let bench = Bench::new();
    let history = bench.history();
    for n in [3, 1, 4, 0, 2] {
        history.add(&entry(sample::success(&format!("01{n}")))).unwrap();
    }
    let first = history.page("", None, 2).unwrap();
    assert_eq!((first.total, first.next.as_deref()), (5, Some("013")));
    let second = history.page("", first.next.as_deref(), 2).unwrap();
    let third = history.page("", second.next.as_deref(), 2).unwrap();
    let all: Vec<_> =
        [first, second, third.clone()].into_iter().flat_map(|page| page.rows).map(|row| row.exchange).collect();
    assert_eq!(all, ["014", "013", "012", "011", "010"]);
    assert_eq!(third.next, None, "the end says so");
    let row = &third.rows[0];
    assert_eq!((row.method.as_str(), row.host.as_str(), row.path.as_str()), ("POST", "localhost:8443", "/v1/payments"));
    assert_eq!((row.status, row.duration_us, row.verdict.as_str()), (Some(201), 143_000, "Trusted"));
    assert_eq!(row.title, "Created in 143 ms over a trusted connection");
    assert_eq!((row.environment.as_deref(), row.credential.as_deref()), (Some("local"), Some("demo-client")));
}

#[test]
fn every_word_of_the_filter_has_to_be_found() {
    let bench = Bench::new();
    let history = bench.history();
    for e in [sample::success("01a"), sample::expired("01b"), sample::unreached("01c"), sample::renewal_due("01d")] {
        history.add(&entry(e)).unwrap();
    }
    for (filter, found) in [
        ("", &["01d", "01c", "01b", "01a"][..]),
        ("201", &["01d", "01a"]),
        ("POST 201", &["01d", "01a"]),
        ("paym", &["01d", "01c", "01a"]),
        ("ayments", &["01d", "01c", "01a"]),
        ("expired.zoo", &["01b"]),
        ("not trusted", &["01b"]),
        ("1 finding", &["01d"]),
        ("tcp.refused", &["01c"]),
        ("certificate.expired", &["01b"]),
        ("no-store", &["01d", "01c", "01a"]),
        ("pay_01J9Z4", &["01d", "01a"]),
        ("oauth2 TOKEN", &["01d", "01c", "01a"]),
        ("post expired", &[]),
        ("nothing-like-it", &[]),
    ] {
        assert_eq!(ids(&history, filter), found, "{filter:?}");
        assert_eq!(history.page(filter, None, 1).unwrap().total, found.len() as u64, "{filter:?}");
    }
}

#[test]
fn no_filter_is_an_error() {
    let bench = Bench::new();
    let history = bench.history();
    history.add(&entry(sample::success("01a"))).unwrap();
    for filter in [
        "'",
        "\"",
        "\"\"",
        "%",
        "_",
        "*",
        "a*",
        "\"a",
        "a\" OR \"b",
        "NEAR(",
        "(",
        ")",
        "^",
        "target:",
        "-",
        "--",
        ";",
        "\\",
        "\0",
        "a\0b",
        "{x}",
        "+",
        "AND",
        "NOT x",
        "’",
        "é",
        "日本",
        "\u{200d}",
        "²",
        "ª",
        "🔐",
        "'; DROP TABLE exchange; --",
    ] {
        history.page(filter, None, 10).unwrap();
        history.page(&format!("post {filter} {filter}x"), Some(filter), 10).unwrap();
    }
    assert_eq!(ids(&history, "%"), [""; 0], "a wildcard is a letter like any other");
    assert_eq!(ids(&history, "2_1"), [""; 0], "201 is another word");
    let long = "word ".repeat(10_000) + &"x".repeat(100_000);
    history.page(&long, None, u64::MAX).unwrap();
    for letter in ["x", "%", "é", "\"", "\\"] {
        history.page(&letter.repeat(100_000), None, 10).unwrap();
    }
    assert_eq!(ids(&history, ""), ["01a"], "nothing was dropped");
}

#[test]
fn the_last_exchanges_are_kept_and_pinned_ones_besides() {
    let bench = Bench::new();
    let history = bench.open(3, 1 << 20);
    for n in 0..4 {
        history.add(&entry(sample::success(&format!("01{n}")))).unwrap();
        history.pin("010", true).unwrap();
    }
    for n in 4..8 {
        history.add(&entry(sample::renewed(&format!("01{n}")))).unwrap();
    }
    assert_eq!(ids(&history, ""), ["017", "016", "015", "010"]);
    assert_eq!(ids(&history, "payments"), ["017", "016", "015", "010"], "the index forgets too");
    assert_eq!(history.page("", None, 10).unwrap().bound_exchanges, 3);
    history.set_bounds(Bounds { exchanges: 1, bytes: 1 << 20 }).unwrap();
    assert_eq!(ids(&history, ""), ["017", "010"], "at once");
    // 017 has seven connections (its own, two attempts, calls of two of them, one host twice), 010 has two
    let connections = rows_of(&history, "connection");
    history.clear().unwrap();
    assert!(connections <= 7, "what nobody uses is gone: {connections}");
    for table in ["exchange", "connection", "chain", "certificate", "content", "nested", "exchange_text"] {
        assert_eq!(rows_of(&history, table), 0, "{table}");
    }
}

#[test]
fn contents_leave_with_the_last_exchange_that_uses_them() {
    let bench = Bench::new();
    let history = bench.open(2, 1 << 20);
    let shared = bench.with_content("010", b"shared");
    let reference = |e: &Exchange| e.response.as_ref().unwrap().content.as_ref().unwrap().reference.clone().unwrap();
    let one = bench.with_content("011", b"of one");
    history.add(&entry(shared.clone())).unwrap();
    history.add(&entry(one.clone())).unwrap();
    history.add(&entry(bench.with_content("012", b"shared"))).unwrap();
    assert!(bench.store.length(&reference(&shared)).is_some(), "012 uses it");
    history.add(&entry(sample::success("013"))).unwrap();
    assert!(bench.store.length(&reference(&one)).is_none(), "011 was the only one");
    assert_eq!(history.page("", None, 9).unwrap().bytes, 6);
    history.clear().unwrap();
    assert!(bench.store.length(&reference(&shared)).is_none());
    assert_eq!(history.page("", None, 9).unwrap().bytes, 0);
}

#[test]
fn content_over_the_bound_takes_the_oldest_with_it() {
    let bench = Bench::new();
    let history = bench.open(100, 250);
    history.add(&entry(bench.with_content("010", &[0; 100]))).unwrap();
    history.add(&entry(sample::success("011"))).unwrap();
    history.add(&entry(bench.with_content("012", &[2; 100]))).unwrap();
    history.add(&entry(bench.with_content("013", &[3; 100]))).unwrap();
    assert_eq!(ids(&history, ""), ["013", "012", "011"], "what weighs nothing stays");
    let page = history.page("", None, 9).unwrap();
    assert_eq!((page.bytes, page.bound_bytes), (200, 250));
    history.add(&entry(bench.with_content("014", &[4; 1000]))).unwrap();
    assert_eq!(ids(&history, ""), ["014", "011"], "the newest stays whatever it weighs");
}

#[test]
fn pinned_contents_weigh_nothing() {
    let bench = Bench::new();
    let history = bench.open(100, 150);
    history.add(&entry(bench.with_content("010", &[0; 1000]))).unwrap();
    history.pin("010", true).unwrap();
    history.add(&entry(bench.with_content("011", &[1; 100]))).unwrap();
    history.add(&entry(sample::success("012"))).unwrap();
    assert_eq!(ids(&history, ""), ["012", "011", "010"], "the others have the bound for themselves");
    history.pin("010", false).unwrap();
    assert_eq!(ids(&history, ""), ["012", "011"], "no longer");
    assert!(!history.pin("010", true).unwrap(), "it is gone");
}

#[test]
fn a_crash_loses_at_most_the_exchange_in_flight() {
    let bench = Bench::new();
    let history = bench.history();
    for n in 0..8 {
        history.add(&entry(sample::renewed(&format!("01{n}")))).unwrap();
    }
    // what is on the disk this moment is what the next start finds
    let disk = |name: &str| fs::read(bench.folder.path().join(name)).unwrap();
    let (db, wal) = (disk("history.db"), disk("history.db-wal"));
    assert!(!wal.is_empty(), "the last exchanges are in the log");
    for torn in [0, 1, 1000, 5000] {
        let after = Bench::new();
        fs::write(after.db(), &db).unwrap();
        fs::write(after.folder.path().join("history.db-wal"), &wal[..wal.len() - torn]).unwrap();
        let found = after.history();
        let kept = ids(&found, "");
        assert!(kept.len() >= if torn == 0 { 8 } else { 7 }, "{torn} bytes of the last write are missing: {kept:?}");
        for id in kept {
            assert_eq!(found.read(&id).unwrap(), Some(entry(sample::renewed(&id))), "whole, or not there");
        }
    }
}

#[test]
fn what_a_killed_process_left_is_swept() {
    let bench = Bench::new();
    let history = bench.history();
    history.add(&entry(bench.with_content("010", b"used"))).unwrap();
    let left = bench.store.put(b"left").unwrap().reference;
    assert_eq!(history.sweep(SystemTime::UNIX_EPOCH), 0, "younger ones may belong to an exchange in flight");
    let later = fs::metadata(bench.store.path(&left).unwrap()).unwrap().modified().unwrap() + Duration::from_secs(1);
    assert_eq!(history.sweep(later), 1);
    assert!(bench.store.length(&left).is_none());
}

#[test]
fn a_file_that_is_no_history_is_said_and_left_alone() {
    let bench = Bench::new();
    let garbage = b"this is not a database, it is a letter to the editor. ".repeat(100);
    fs::write(bench.db(), &garbage).unwrap();
    let problem = History::open(&bench.db(), bench.store.clone(), Bounds::default()).unwrap_err();
    assert_eq!(problem.code, "storage.history_unreadable");
    assert!(problem.detail.contains("history.db") && !problem.hints.is_empty(), "{problem:?}");
    assert_eq!(fs::read(bench.db()).unwrap(), garbage, "never deleted, never changed");
}

#[test]
fn a_damaged_file_is_said_when_it_is_read() {
    let bench = Bench::new();
    let history = bench.history();
    for n in 0..40 {
        history.add(&entry(sample::renewed(&format!("01{n:02}")))).unwrap();
    }
    drop(history);
    let mut bytes = fs::read(bench.db()).unwrap();
    let page = 4096;
    bytes[page..].fill(0x5a);
    fs::write(bench.db(), &bytes).unwrap();
    let code = match History::open(&bench.db(), bench.store.clone(), Bounds::default()) {
        Ok(history) => history.page("", None, 10).unwrap_err().code,
        Err(problem) => problem.code,
    };
    assert_eq!(code, "storage.history_unreadable");
    assert_eq!(fs::read(bench.db()).unwrap(), bytes, "it stays for whoever can mend it");
}

#[test]
fn a_newer_history_is_left_to_the_newer_version() {
    let bench = Bench::new();
    let history = bench.history();
    history.lock().pragma_update(None, "user_version", 99).unwrap();
    drop(history);
    let problem = History::open(&bench.db(), bench.store.clone(), Bounds::default()).unwrap_err();
    assert_eq!(problem.code, "storage.history_newer", "{problem:?}");
}

#[test]
fn a_full_disk_adds_nothing_and_says_so() {
    let bench = Bench::new();
    let history = bench.history();
    history.add(&entry(sample::success("01a"))).unwrap();
    {
        let connection = history.lock();
        let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).unwrap();
    }
    let mut large = sample::renewed("01b");
    large.ruled_out = vec!["x".repeat(100_000)];
    let problem = history.add(&entry(large)).unwrap_err();
    assert_eq!(problem.code, "storage.full", "{problem:?}");
    assert_eq!(ids(&history, ""), ["01a"], "what was there is there");
}

#[test]
fn window_and_command_line_share_the_file() {
    let bench = Bench::new();
    let (window, line) = (bench.history(), bench.history());
    std::thread::scope(|scope| {
        for (name, history) in [("a", &window), ("b", &line)] {
            scope.spawn(move || {
                for n in 0..25 {
                    history.add(&entry(sample::success(&format!("01{n:02}{name}")))).unwrap();
                    history.page("payments", None, 100).unwrap();
                }
            });
        }
    });
    assert_eq!((window.count(), line.count()), (50, 50));
    assert_eq!(ids(&window, "payments"), ids(&line, "payments"));
}

#[test]
fn the_last_use_of_a_credential_is_known() {
    let bench = Bench::new();
    let history = bench.history();
    assert_eq!(history.last_used("demo-client"), None);
    let mut later = sample::success("01a");
    later.started_at = sample::at("2027-03-18T00:00:00Z");
    history.add(&entry(later)).unwrap();
    history.add(&entry(sample::success("01b"))).unwrap();
    assert_eq!(history.last_used("demo-client"), Some(sample::at("2027-03-18T00:00:00Z")));
    assert_eq!(history.last_used("other"), None);
}

#[cfg(unix)]
#[test]
fn the_files_are_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = Bench::new();
    let history = bench.history();
    history.add(&entry(sample::success("01a"))).unwrap();
    for name in ["history.db", "history.db-wal"] {
        let mode = fs::metadata(bench.folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name}");
    }
}
