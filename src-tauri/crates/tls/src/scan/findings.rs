//! What follows from a scan, with a citation each.

use countersign_evidence::{Citation, Fact, Finding, FindingSeverity};

use super::features::{Observed, is_stapled};
use super::suites::{self, Kind};
use super::{Report, is_post_quantum};
use crate::probe::{Offer, version_words};

/// One entry.
struct Entry {
    id: &'static str,
    severity: FindingSeverity,
    sentence: String,
    fix: &'static str,
    citation: (&'static str, &'static str),
    values: Vec<String>,
}

/// Errors first, then warnings; what the certificates have to say stands behind what the server does.
pub(super) fn findings(report: &Report, observed: &Observed) -> Vec<Finding> {
    let mut entries = Vec::new();
    versions(report, &mut entries);
    retired_suites(report, &mut entries);
    key_exchange(report, &mut entries);
    features(report, observed, &mut entries);
    let mut out: Vec<Finding> = entries.into_iter().map(finding).collect();
    let record = observed.record.as_ref();
    let about_chain = record.into_iter().flat_map(|record| &record.findings);
    out.extend(about_chain.filter(|finding| finding.severity != FindingSeverity::Info).cloned());
    out.sort_by_key(|finding| match finding.severity {
        FindingSeverity::Error => 0,
        FindingSeverity::Warning => 1,
        FindingSeverity::Info => 2,
    });
    out
}

fn finding(entry: Entry) -> Finding {
    Finding {
        id: entry.id.to_owned(),
        severity: entry.severity,
        subject: "server".to_owned(),
        sentence: entry.sentence,
        fix: entry.fix.to_owned(),
        citation: Citation::new(entry.citation.0, entry.citation.1),
        certainty: None,
        certificate: None,
        rejects: None,
        values: entry.values.into_iter().map(|value| Fact::new("offered", value)).collect(),
        range: None,
        effective_since: None,
    }
}

fn versions(report: &Report, out: &mut Vec<Entry>) {
    let spoken = |offer: Offer| report.versions.iter().any(|version| version.offer == offer && version.accepted());
    let old: Vec<String> = report
        .versions
        .iter()
        .filter(|version| version.accepted() && version.offer.version() < 0x0303)
        .map(|version| version_words(version.offer.version()))
        .collect();
    if !old.is_empty() {
        out.push(Entry {
            id: "scan.retired_version",
            severity: FindingSeverity::Error,
            sentence: format!("{} still accepted.", are(&old)),
            fix: "Disable every version before TLS 1.2.",
            citation: if old.iter().any(|name| name.starts_with("SSL")) {
                ("RFC 7568", "3")
            } else {
                ("RFC 8996", "4")
            },
            values: old,
        });
    }
    if !spoken(Offer::Tls13) {
        out.push(Entry {
            id: "scan.no_tls_1_3",
            severity: FindingSeverity::Warning,
            sentence: "TLS 1.3 is not spoken.".to_owned(),
            fix: "Enable TLS 1.3 beside 1.2.",
            citation: ("RFC 9325", "3.1.1"),
            values: Vec::new(),
        });
    }
}

fn retired_suites(report: &Report, out: &mut Vec<Entry>) {
    let mut worst: Vec<(Kind, Vec<String>)> = Vec::new();
    for suite in report.versions.iter().flat_map(|version| &version.suites.list) {
        let kind = suites::kind(*suite);
        if kind == Kind::Good {
            continue;
        }
        let name = suites::name(*suite);
        match worst.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, names)) if names.contains(&name) => {}
            Some((_, names)) => names.push(name),
            None => worst.push((kind, vec![name])),
        }
    }
    worst.sort_by_key(|(kind, _)| *kind);
    for (kind, names) in worst {
        let (id, severity, citation): (_, _, (&str, &str)) = match kind {
            Kind::Anonymous => ("scan.suite_anonymous", FindingSeverity::Error, ("RFC 9325", "4.1")),
            Kind::Null => ("scan.suite_not_encrypted", FindingSeverity::Error, ("RFC 9325", "4.1")),
            Kind::Export => ("scan.suite_export", FindingSeverity::Error, ("RFC 9325", "4.1")),
            Kind::Rc4 => ("scan.suite_rc4", FindingSeverity::Error, ("RFC 7465", "2")),
            Kind::SmallBlocks => ("scan.suite_small_blocks", FindingSeverity::Error, ("RFC 9325", "4.1")),
            Kind::NoForwardSecrecy => ("scan.suite_no_forward_secrecy", FindingSeverity::Warning, ("RFC 9325", "4.1")),
            Kind::Cbc => ("scan.suite_cbc", FindingSeverity::Warning, ("RFC 9325", "4.2")),
            Kind::Good => continue,
        };
        let count = if names.len() == 1 { "One suite".to_owned() } else { format!("{} suites", names.len()) };
        let sentence = match kind {
            Kind::Anonymous => format!("{count} without authentication: nobody proves who they are."),
            Kind::Null => format!("{count} without encryption."),
            Kind::Export => format!("{count} of export grade: keys of 40 or 56 bits."),
            Kind::Rc4 => format!("{count} with RC4, which is forbidden."),
            Kind::SmallBlocks => format!("{count} with blocks of 64 bits (3DES, DES, IDEA)."),
            Kind::NoForwardSecrecy => format!("{count} without forward secrecy: who gets the key later reads it all."),
            Kind::Cbc | Kind::Good => format!("{count} without AEAD: CBC with a MAC over the plaintext."),
        };
        let fix = "Keep ECDHE with AES-GCM or ChaCha20-Poly1305, and disable these.";
        out.push(Entry { id, severity, sentence, fix, citation, values: names });
    }
    let own_order = |offer| report.versions.iter().find(|v| v.offer == offer).and_then(|v| v.suites.server_order);
    let mixed = report.versions.iter().any(|v| v.suites.list.iter().any(|suite| suites::kind(*suite) != Kind::Good));
    if mixed && own_order(Offer::Legacy(0x0303)) == Some(false) {
        out.push(Entry {
            id: "scan.client_order",
            severity: FindingSeverity::Info,
            sentence: "The client’s order of suites counts: an old client gets an old suite.".to_owned(),
            fix: "Let the server’s order count.",
            citation: ("RFC 9325", "4.2.1"),
            values: Vec::new(),
        });
    }
}

fn key_exchange(report: &Report, out: &mut Vec<Entry>) {
    if let Some(bits) = report.features.field_bits.filter(|bits| *bits < 2048) {
        out.push(Entry {
            id: "scan.short_field",
            severity: if bits < 1024 { FindingSeverity::Error } else { FindingSeverity::Warning },
            sentence: format!("The finite field for the key exchange has {bits} bits."),
            fix: "Use ffdhe2048 or larger, or elliptic curves alone.",
            citation: ("RFC 9325", "4.1"),
            values: Vec::new(),
        });
    }
    let sha1: Vec<&str> =
        report.schemes.iter().filter_map(|s| matches!(s, 0x0201 | 0x0203).then_some("SHA-1")).collect();
    if !sha1.is_empty() {
        out.push(Entry {
            id: "scan.sha1_signature",
            severity: FindingSeverity::Warning,
            sentence: "The handshake is signed over SHA-1 when a client asks for it.".to_owned(),
            fix: "Take the schemes with SHA-1 out.",
            citation: ("RFC 9155", "2"),
            values: Vec::new(),
        });
    }
    if !report.groups.list.is_empty() && !report.groups.list.iter().any(|group| is_post_quantum(*group)) {
        out.push(Entry {
            id: "scan.no_post_quantum_group",
            severity: FindingSeverity::Info,
            sentence: "No post-quantum group: what is recorded today can be read by a quantum computer later."
                .to_owned(),
            fix: "Enable X25519MLKEM768.",
            citation: ("RFC 9846", "4.3.7"),
            values: Vec::new(),
        });
    }
}

fn features(report: &Report, observed: &Observed, out: &mut Vec<Entry>) {
    if let Some(said) = &report.features.said {
        if !said.extensions.contains(&0xff01) {
            out.push(Entry {
                id: "scan.no_secure_renegotiation",
                severity: FindingSeverity::Warning,
                sentence: "Secure renegotiation is not supported.".to_owned(),
                fix: "Update the TLS library of the server.",
                citation: ("RFC 5746", "3.6"),
                values: Vec::new(),
            });
        }
        if said.version >= 0x0301 && !said.extensions.contains(&23) {
            out.push(Entry {
                id: "scan.no_extended_master_secret",
                severity: FindingSeverity::Info,
                sentence: "The extended master secret is not supported.".to_owned(),
                fix: "Update the TLS library of the server.",
                citation: ("RFC 7627", "5.2"),
                values: Vec::new(),
            });
        }
    }
    if report.features.fallback_refused == Some(false)
        && report.versions.iter().any(|v| v.accepted() && v.offer.version() < 0x0303)
    {
        out.push(Entry {
            id: "scan.fallback_accepted",
            severity: FindingSeverity::Warning,
            sentence: "A client that fell back is not warned: TLS_FALLBACK_SCSV is ignored.".to_owned(),
            fix: "Disable the old versions, or update the TLS library.",
            citation: ("RFC 7507", "3"),
            values: Vec::new(),
        });
    }
    if observed.record.is_some() && !is_stapled(report, observed) {
        out.push(Entry {
            id: "scan.no_staple",
            severity: FindingSeverity::Info,
            sentence: "No stapled status: each client has to look up itself whether the certificate is revoked."
                .to_owned(),
            fix: "Enable OCSP stapling where the CA runs a responder.",
            citation: ("RFC 6066", "8"),
            values: Vec::new(),
        });
    }
}

/// `TLS 1.1 and TLS 1.0 are`.
fn are(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("{one} is"),
        [rest @ .., last] => format!("{} and {last} are", rest.join(", ")),
    }
}
