//! Why a path goes no further, or why nobody followed it.

use countersign_evidence::{Citation, Fact, Finding, FindingSeverity};

use super::problem::{About, refusing};
use crate::{Certificate, Store};

impl About<'_> {
    pub(crate) fn self_signed(&self, stores: &str) -> Finding {
        let name = self.certificate.named();
        let sentence = match stores {
            "" => format!("The server presents a certificate it signed itself, {name}; no store counts for this host."),
            _ => format!("The server presents a certificate it signed itself, {name}; no store contains it."),
        };
        let fix = if self.certificate.is_ca() {
            "Ask the operator for a certificate issued by a CA, or for one with cA=FALSE that you can trust for this host."
        } else {
            "If it is yours, trust exactly this certificate for this host; else ask for one issued by a CA."
        };
        self.with_stores(self.refuse("path.self_signed", sentence, fix, ("RFC 5280", "6.1")), stores)
    }

    /// The root was sent, and no store has it.
    pub(crate) fn untrusted_root(&self, stores: &str) -> Finding {
        let name = self.certificate.named();
        let sentence = format!("The chain ends at {name}, {}.", in_none_of(stores));
        let finding = self.refuse("path.untrusted_root", sentence, UNTRUSTED_FIX, ("RFC 5280", "6.1"));
        self.with_stores(finding, stores)
    }

    /// The last CA that was sent has an issuer no store has.
    pub(crate) fn untrusted_issuer(&self, stores: &str) -> Finding {
        let sentence = format!(
            "The chain ends at {}, issued by {}, {}.",
            self.certificate.named(),
            self.certificate.issuer_named(),
            in_none_of(stores)
        );
        let finding = self.refuse("path.untrusted_root", sentence, UNTRUSTED_FIX, ("RFC 5280", "6.1"));
        self.with_stores(finding, stores)
    }

    /// The end entity came alone, or nothing of what came with it issued it.
    pub(crate) fn missing_intermediate(&self, fetched: bool) -> Finding {
        let issuer = self.certificate.issuer_named();
        let published = self.certificate.view().ca_issuers.first();
        let mut sentence = format!(
            "The server did not send the intermediate {issuer} that issued {}, and it is in no store.",
            self.certificate.named()
        );
        let mut fix = "Ask the operator to send the full chain (leaf, then intermediates).".to_owned();
        match published {
            Some(address) => {
                let address = crate::certificate::fit(address);
                sentence.push_str(&match (fetched, address.starts_with("http://")) {
                    (true, _) => format!(" What {address} holds did not issue it."),
                    (false, true) => format!(" Browsers fetch it from {address}, API clients do not."),
                    (false, false) => format!(" Its address, {address}, is not http, so nobody fetches it."),
                });
            }
            None => fix.push_str(&format!(" If {issuer} is a root of your own, trust it for this host.")),
        }
        let mut finding = self.refuse("path.missing_intermediate", sentence, fix, ("RFC 9846", "4.5.1"));
        finding.values.push(Fact::new("issuer", &self.certificate.view().issuer));
        finding.values.extend(published.map(|address| Fact::new("ca_issuers", address)));
        finding
    }

    fn with_stores(&self, mut finding: Finding, stores: &str) -> Finding {
        finding.values.push(Fact::new("issuer", &self.certificate.view().issuer));
        finding.values.push(Fact::new("stores", if stores.is_empty() { "none" } else { stores }));
        finding
    }
}

const UNTRUSTED_FIX: &str = "If this CA is yours, trust it for this host. If unrelated hosts show the same issuer, \
                             a proxy signs for them: import the proxy's CA.";

fn in_none_of(stores: &str) -> String {
    match stores {
        "" => "and no store counts for this host".to_owned(),
        stores => format!("which is in none of: {stores}"),
    }
}

/// A CA of a workspace that was bound to other hosts.
pub(crate) fn bound_elsewhere(anchor: &Certificate, index: usize, store: &Store, host: &str, port: u16) -> Finding {
    let hosts: Vec<String> = store.hosts().iter().map(ToString::to_string).collect();
    let sentence = format!(
        "The chain ends at {}, which {} trusts for {} only, not for {}.",
        anchor.named(),
        store.label().words(),
        hosts.join(", "),
        crate::target::authority(host, port)
    );
    let fix = "If this CA may speak for this host too, add the host to it.";
    let mut finding = refusing("path.untrusted_root", anchor, index, sentence, fix, ("RFC 5280", "6.1"));
    finding.values = vec![Fact::new("store", store.label().to_string()), Fact::new("hosts", hosts.join(", "))];
    finding
}

pub(crate) fn work_budget() -> Finding {
    Finding {
        id: "path.work_budget".to_owned(),
        severity: FindingSeverity::Warning,
        subject: "the chain".to_owned(),
        sentence: "The chain is too large to be explained in full; what was found so far is shown.".to_owned(),
        fix: "Ask the operator to send only the end entity and the intermediates it needs.".to_owned(),
        citation: Citation::new("RFC 5280", "6.1"),
        certainty: None,
        certificate: None,
        rejects: Some(false),
        values: Vec::new(),
        range: None,
        effective_since: None,
    }
}

/// More intermediates than were asked for.
pub(crate) fn too_deep(found: usize, allowed: usize) -> Option<Finding> {
    (found > allowed).then(|| Finding {
        id: "path.depth".to_owned(),
        severity: FindingSeverity::Error,
        subject: "the path".to_owned(),
        sentence: format!("The path has {found} intermediates; {allowed} are allowed."),
        fix: "Allow a longer path, or ask for a certificate issued higher up.".to_owned(),
        citation: Citation::new("RFC 5280", "6.1"),
        certainty: None,
        certificate: None,
        rejects: Some(true),
        values: vec![Fact::new("allowed", allowed.to_string()), Fact::new("found", found.to_string())],
        range: None,
        effective_since: None,
    })
}
