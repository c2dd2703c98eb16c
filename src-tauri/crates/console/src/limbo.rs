//! A corpus of certificate chains in the x509-limbo schema, judged by the explainer alone.
//!
//! The reading is the strict one, with the profile of a case's family: `webpki` and `online` cases follow the
//! rules for public CAs, all others RFC 5280.

use countersign_evidence::{Fault, Problem, Timestamp, VerdictState};
use countersign_tls::explain::{Case, Peer, Supplement, Usage, explain_case};
use countersign_tls::{CertificateDer, Profile, Store, StoreLabel, Trust, certificates_from_pem};
use serde::{Deserialize, Serialize};

use crate::certificate::der;

/// Cases where another answer than that of the corpus is meant, with the reason.
pub const EXCEPTIONS: [(&str, &str); 5] = [
    (
        "rfc5280::aki::cross-signed-root-missing-aki",
        "tagged pedantic-rfc5280: an anchor counts by its name and key, its own issuer is not looked for",
    ),
    (
        "webpki::eku::root-has-eku",
        "tagged pedantic-webpki-eku: an anchor whose extended key usage allows serverAuth limits nothing",
    ),
    (
        "webpki::nc::nc-permits-dns-san-pattern",
        "its common name example.com is none of its names, which webpki::cn::not-in-san wants refused",
    ),
    (
        "webpki::san::exact-localhost-ip-san",
        "its common name example.com is none of its names, which webpki::cn::not-in-san wants refused",
    ),
    (
        "webpki::san::leftmost-wildcard-san",
        "its common name example.com is none of its names, which webpki::cn::not-in-san wants refused",
    ),
];

/// A corpus.
#[derive(Clone, Debug, Deserialize)]
pub struct Corpus {
    /// Its cases.
    pub testcases: Vec<TestCase>,
}

/// One case, as far as it is looked at.
#[derive(Clone, Debug, Deserialize)]
pub struct TestCase {
    /// `rfc5280::nc::permitted-dns-match`.
    pub id: String,
    /// What an implementation may lack.
    #[serde(default)]
    pub features: Vec<String>,
    /// What for.
    pub validation_kind: Kind,
    /// PEM.
    pub trusted_certs: Vec<String>,
    /// PEM.
    #[serde(default)]
    pub untrusted_intermediates: Vec<String>,
    /// PEM.
    pub peer_certificate: String,
    /// RFC 3339; absent: the time of the run.
    #[serde(default)]
    pub validation_time: Option<String>,
    /// Signature algorithms to insist on; such a case is skipped.
    #[serde(default)]
    pub signature_algorithms: Vec<String>,
    /// Key usages to insist on.
    #[serde(default)]
    pub key_usage: Vec<String>,
    /// What is expected.
    pub expected_result: Expected,
    /// The name asked for.
    #[serde(default)]
    pub expected_peer_name: Option<PeerName>,
    /// Names of a client.
    #[serde(default)]
    pub expected_peer_names: Vec<PeerName>,
    /// Intermediates allowed.
    #[serde(default)]
    pub max_chain_depth: Option<usize>,
    /// PEM.
    #[serde(default)]
    pub crls: Vec<String>,
}

/// For whom a chain is validated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Kind {
    /// By a server, of a client.
    Client,
    /// By a client, of a server.
    Server,
}

/// A name and its kind.
#[derive(Clone, Debug, Deserialize)]
pub struct PeerName {
    /// `DNS`, `IP` or `RFC822`.
    pub kind: String,
    /// The name.
    pub value: String,
}

/// Whether a chain is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Expected {
    /// It is not.
    Failure,
    /// It is.
    Success,
}

/// What came of one case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Outcome {
    /// Refused.
    Failure,
    /// Not looked at.
    Skipped,
    /// Accepted.
    Success,
}

/// One line of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// The case.
    pub id: String,
    /// What came of it.
    pub result: Outcome,
    /// `path.valid`, or the id and sentence of the first reason.
    pub reason: String,
}

impl Corpus {
    /// Reads JSON.
    pub fn read(text: &[u8]) -> Result<Self, Problem> {
        serde_json::from_slice(text).map_err(|error| {
            Problem::new(
                "usage.not_a_corpus",
                Fault::Caller,
                "the file is not in the x509-limbo schema",
                error.to_string(),
            )
            .with_hint("Give the limbo.json of x509-limbo, unpacked.")
        })
    }
}

impl TestCase {
    /// Whether an answer is the expected one; a skipped case is.
    pub fn agrees(&self, judged: &Judged) -> bool {
        match judged.result {
            Outcome::Skipped => true,
            Outcome::Success => self.expected_result == Expected::Success,
            Outcome::Failure => self.expected_result == Expected::Failure,
        }
    }

    /// Whether another answer is meant.
    pub fn is_exception(&self) -> bool {
        EXCEPTIONS.iter().any(|(id, _)| *id == self.id)
    }

    /// Judges the case; `now` counts where it says no time.
    pub fn judge(&self, now: Timestamp) -> Judged {
        let (result, reason) = self.answer(now);
        Judged { id: self.id.clone(), result, reason }
    }

    fn answer(&self, now: Timestamp) -> (Outcome, String) {
        if !self.signature_algorithms.is_empty() {
            return (Outcome::Skipped, "signature algorithms cannot be chosen".to_owned());
        }
        let at = match &self.validation_time {
            None => now,
            Some(text) => match Timestamp::parse(text) {
                Some(at) => at,
                None => return (Outcome::Skipped, "its time is not RFC 3339".to_owned()),
            },
        };
        let Some(chain) = all(std::iter::once(&self.peer_certificate).chain(&self.untrusted_intermediates)) else {
            return (Outcome::Skipped, "its certificates are not PEM".to_owned());
        };
        let Some(roots) = all(self.trusted_certs.iter()) else {
            return (Outcome::Skipped, "its roots are not PEM".to_owned());
        };
        let crls: Vec<Vec<u8>> = self.crls.iter().map(|crl| der(crl.as_bytes(), "X509 CRL")).collect();
        let mailboxes: Vec<String> = self.expected_peer_names.iter().map(|name| name.value.clone()).collect();
        let peer = match (&self.expected_peer_name, mailboxes.as_slice()) {
            (Some(name), _) => Peer::Host(&name.value),
            (None, []) => Peer::Any,
            (None, mailboxes) => Peer::Mailboxes(mailboxes),
        };
        let trust = Trust::builder().store(Store::new(StoreLabel::Command, roots)).profile(self.profile()).build();
        let explained = explain_case(&Case {
            chain: &chain,
            trust: &trust,
            peer,
            usage: match self.validation_kind {
                Kind::Client => Usage::Client,
                Kind::Server => Usage::Server,
            },
            at: at.to_system(),
            max_depth: self.max_chain_depth,
            strict: true,
            compare: false,
            supplement: Supplement { crls: &crls, ..Supplement::default() },
        });
        match explained.verdict.state {
            VerdictState::Trusted | VerdictState::TrustedWithFindings => {
                let usage = explained.certificates.first().map(|leaf| leaf.key_usage.as_slice()).unwrap_or_default();
                match self.key_usage.iter().find(|wanted| !usage.is_empty() && !usage.contains(wanted)) {
                    Some(wanted) => (Outcome::Failure, format!("the key usage {wanted} is missing")),
                    None => (Outcome::Success, explained.verdict.reason),
                }
            }
            VerdictState::NotTrusted | VerdictState::NotChecked => {
                (Outcome::Failure, format!("{}: {}", explained.verdict.reason, explained.title))
            }
        }
    }

    fn profile(&self) -> Profile {
        match self.id.split("::").next() {
            Some("webpki" | "online") => Profile::Public,
            _ => Profile::Private,
        }
    }
}

fn all<'a>(texts: impl Iterator<Item = &'a String>) -> Option<Vec<CertificateDer>> {
    let mut all = Vec::new();
    for text in texts {
        all.extend(certificates_from_pem(text.as_bytes()).ok()?);
    }
    Some(all)
}
