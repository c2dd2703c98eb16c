//! Every case of the zoo, in the terminal: what is told first is what is wrong.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::support::child::Child;
use crate::support::cli::{Said, command, run_with};
use crate::support::sandbox::Sandbox;

/// Both clocks stand here, as the plan has it.
const AT: &str = "2026-09-01T00:00:00Z";
/// Commands at work together.
const AT_ONCE: usize = 4;

/// The gateway with its zoo, and a workspace that trusts the lab root alone under the public profile.
pub struct Zoo {
    _gateway: Child,
    pub sandbox: Sandbox,
    pub ready: Value,
}

impl Zoo {
    pub fn start() -> Self {
        let sandbox = Sandbox::new();
        let file = sandbox.path().join("ready.json");
        let arguments = ["gateway", "--zoo", "--at", AT, "--ready-file", file.to_str().unwrap(), "--vault", "memory"];
        let mut gateway = Child::start(&mut command(&sandbox, &arguments), None);
        gateway.wait_until("the ready file", Duration::from_secs(30), |_| file.is_file());
        let ready: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        std::fs::write(sandbox.workspace().join("countersign.toml"), MANIFEST).unwrap();
        std::fs::write(sandbox.workspace().join("trust.toml"), TRUST).unwrap();
        Self { _gateway: gateway, sandbox, ready }
    }

    pub fn cases(&self) -> &Vec<Value> {
        self.ready["zoo"].as_array().unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Said {
        let common = ["--at", AT, "--vault", "memory", "--json"];
        run_with(command(&self.sandbox, &[arguments, &common].concat()), None)
    }

    /// The document of one case: of a connection, or of a file.
    fn document(&self, case: &Value) -> Value {
        let ca = self.ready["ca_file"].as_str().unwrap();
        let host = case["host"].as_str().unwrap();
        let Some(port) = case["port"].as_u64() else {
            let chain = self.fetched(case["chain"].as_str().unwrap());
            let arguments = ["certificate", "explain", "--chain", &chain, "--roots", ca, "--name", host];
            return self.run(&[&arguments[..], &["--profile", "public"]].concat()).json();
        };
        let address = format!("127.0.0.1:{port}");
        let inspect = || self.run(&["inspect", host, "--ca", ca, "--connect-to", &address, "--fetch"]).json();
        // its key takes seconds to make, which the server does while it runs
        let making = |document: &Value| case["id"] == "rsa-8192" && document["error"]["code"] == "tls.silent";
        (0..6).map(|_| inspect()).find(|document| !making(document)).expect("a key within a minute")
    }

    /// A file of the gateway.
    fn fetched(&self, url: &str) -> String {
        let file = self.sandbox.path().join(url.rsplit('/').next().unwrap());
        let done =
            std::process::Command::new("curl").args(["-sf", "-o", file.to_str().unwrap(), url]).status().unwrap();
        assert!(done.success(), "{url}");
        file.to_str().unwrap().to_owned()
    }
}

/// The lab root comes with `--ca`; another key than the host's is pinned for one case.
const TRUST: &str = "stores = []\nprofile = \"public\"\n\n[[pin]]\nhost = \"pinned-mismatch.zoo.test\"\n\
    spki-sha256 = \"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"\n";
const MANIFEST: &str = "format = 1\nid = \"01jz8q4t6v0m3n5p7r9s1t3v5x\"\nname = \"Zoo\"\n";

/// What differs between a document and what the plan expects of it; nothing where they agree.
pub fn differences(case: &Value, document: &Value) -> Vec<String> {
    let expect = &case["expect"];
    let findings: Vec<&Value> = document["findings"].as_array().into_iter().flatten().collect();
    let ids: Vec<&str> = findings.iter().map(|finding| finding["id"].as_str().unwrap()).collect();
    let mut out = Vec::new();
    let mut differs = |what: &str, wanted: &Value, got: &Value| {
        if !wanted.is_null() && wanted != got {
            out.push(format!(
                "{what}: {wanted} is expected, {got} is told; findings {ids:?}, error {}",
                document["error"]
            ));
        }
    };
    differs("verdict", &expect["verdict"], &document["verdict"]["state"]);
    differs("error", &expect["error"], &document["error"]["code"]);
    let first = findings.first().map_or(Value::Null, |finding| finding["id"].clone());
    differs("first finding", &expect["finding"], &first);
    if let Some(first) = findings.first() {
        differs("certificate", &expect["certificate"], &first["certificate"]);
    }
    for wanted in expect["findings"].as_array().into_iter().flatten() {
        if !ids.contains(&wanted.as_str().unwrap()) {
            out.push(format!("{wanted} is missing in {ids:?}"));
        }
    }
    if expect["finding"].is_null() && !findings.is_empty() {
        out.push(format!("nothing is wrong, and {ids:?} is told"));
    }
    out
}

#[test]
fn every_case_tells_first_what_is_wrong() {
    let zoo = Zoo::start();
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(case) = zoo.cases().get(next.fetch_add(1, Ordering::Relaxed)) {
                    let differences = differences(case, &zoo.document(case));
                    if !differences.is_empty() {
                        wrong.lock().unwrap().push(format!("{}: {}", case["id"], differences.join("; ")));
                    }
                }
            });
        }
    });
    assert!(zoo.cases().len() > 100, "{} cases", zoo.cases().len());
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {} cases: {wrong:#?}", wrong.len(), zoo.cases().len());
}

#[test]
fn a_missing_intermediate_is_fetched_and_the_whole_chain_is_given() {
    let zoo = Zoo::start();
    let case = zoo.cases().iter().find(|case| case["id"] == "missing-intermediate").unwrap();
    let document = zoo.document(case);
    let explained = &document["explained"];
    assert_eq!(explained["verdict"]["state"], "trusted", "with the issuer: {explained}");
    let issuer = explained["fetched"].as_array().unwrap().iter().find(|one| one["kind"] == "issuer").unwrap();
    assert_eq!((&issuer["ok"], issuer["says"].as_str().unwrap()), (&Value::Bool(true), "CN=Countersign zoo issuing"));
    let ocsp = explained["fetched"].as_array().unwrap().iter().find(|one| one["kind"] == "ocsp").unwrap();
    assert_eq!(ocsp["ok"], true, "the responder answered our request: {ocsp}");
    let fullchain = explained["fullchain"].as_str().unwrap();
    assert_eq!(fullchain.matches("BEGIN CERTIFICATE").count(), 2, "ready to be installed: {fullchain}");
    assert_eq!(document["verdict"]["state"], "not_trusted", "the server did not send it all the same");
}
