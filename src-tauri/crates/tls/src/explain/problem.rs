//! The problems of a path as findings: sentence with the values filled in, fix, citation; and their one rank.

use std::time::SystemTime;

use countersign_evidence::{ByteRange, CertificateView, Citation, Fact, Finding, FindingSeverity, Timestamp};

use super::{Usage, told};
use crate::certificate::{byte_range, key_words, name_of, oid};
use crate::revocation::Revoked;
use crate::{Certificate, Malformed, Store};

/// Bits of an RSA key the verifier asks for at least.
const RSA_MINIMUM: u32 = 2048;

/// A problem that refuses the path.
pub(crate) fn refusing(
    id: &str,
    certificate: &Certificate,
    index: usize,
    sentence: String,
    fix: impl Into<String>,
    (source, section): (&'static str, &'static str),
) -> Finding {
    Finding {
        id: id.to_owned(),
        severity: FindingSeverity::Error,
        subject: certificate.named(),
        sentence,
        fix: fix.into(),
        citation: Citation::new(source, section),
        certainty: None,
        certificate: Some(index),
        rejects: Some(true),
        values: Vec::new(),
        range: None,
        effective_since: None,
    }
}

/// One certificate of a path, by its place in the chain as sent.
#[derive(Clone, Copy)]
pub(crate) struct About<'a> {
    pub(crate) certificate: &'a Certificate,
    pub(crate) index: usize,
    pub(crate) total: usize,
    /// It is the anchor of a store.
    pub(crate) anchor: bool,
}

impl About<'_> {
    /// `The certificate CN=a`, `Certificate 2 of 3, CN=b,`.
    pub(super) fn whose(&self) -> String {
        match self.index {
            0 => format!("The certificate {}", self.certificate.named()),
            _ if self.anchor => format!("The anchor {}", self.certificate.named()),
            index if index >= self.total => format!("The fetched issuer {}", self.certificate.named()),
            index => format!("Certificate {} of {}, {},", index + 1, self.total, self.certificate.named()),
        }
    }

    pub(super) fn refuse(
        &self,
        id: &str,
        sentence: String,
        fix: impl Into<String>,
        citation: (&'static str, &'static str),
    ) -> Finding {
        refusing(id, self.certificate, self.index, sentence, fix, citation)
    }

    /// RFC 5280 §4.1.2.5.
    pub(crate) fn dates(&self, at: Timestamp) -> Option<Finding> {
        let view = self.certificate.view();
        let (not_before, not_after) = (view.not_before, view.not_after);
        let citation = ("RFC 5280", "4.1.2.5");
        let mut finding = if not_before > not_after {
            let sentence = format!(
                "{} is never valid: it ends on {}, before it begins on {}.",
                self.whose(),
                not_after.date(),
                not_before.date()
            );
            self.refuse("validity.inverted", sentence, "Ask the operator to have it issued again.", citation)
        } else if at > not_after {
            let sentence = format!("{} expired {} ago, on {}.", self.whose(), ago(at, not_after), not_after.date());
            let fix = match self.index {
                0 => "Ask the operator to renew the certificate.",
                _ if self.anchor => "Trust the renewed certificate of this CA.",
                _ => "Ask the operator to send the renewed intermediate.",
            };
            self.refuse("certificate.expired", sentence, fix, citation)
        } else if at < not_before {
            let sentence = format!(
                "{} is valid from {} {}Z; the clock here says {} {}Z.",
                self.whose(),
                not_before.date(),
                not_before.clock(),
                at.date(),
                at.clock()
            );
            let fix = "Check the clock of this computer; if it is right, wait or ask the operator.";
            self.refuse("certificate.not_yet_valid", sentence, fix, citation)
        } else {
            return None;
        };
        finding.values = vec![
            Fact::new("not_before", not_before.to_string()),
            Fact::new("not_after", not_after.to_string()),
            Fact::new("checked_at", at.to_string()),
        ];
        finding.range = Some(byte_range(&self.certificate.layout.validity));
        Some(finding)
    }

    /// Version, extensions that cannot be read or are not understood, and the algorithm written twice.
    pub(crate) fn structure(&self) -> Vec<Finding> {
        let mut problems = Vec::new();
        let own = self.certificate;
        if own.version != 3 && !self.anchor {
            let sentence = format!("{} is of X.509 version {}; 3 is needed.", self.whose(), own.version);
            let fix = "Ask the operator to have it issued again as version 3.";
            let mut finding = self.refuse("certificate.version", sentence, fix, ("RFC 5280", "4.1.2.1"));
            finding.range = own.layout.version.as_ref().map(byte_range);
            problems.push(finding);
        }
        for oid in &own.unknown_critical {
            let named = name_of(oid).map_or_else(|| oid.clone(), |name| format!("{name} ({oid})"));
            let sentence = format!("{} has the critical extension {named}, which is not understood.", self.whose());
            let fix = "Ask the operator for a certificate without it; another client may understand it.";
            let mut finding = self.refuse("extension.unknown_critical", sentence, fix, ("RFC 5280", "4.2"));
            finding.values.push(Fact::new("oid", oid));
            finding.range = self.range_of(oid);
            problems.push(finding);
        }
        for extension in own.extensions.iter().filter(|extension| extension.error.is_some()) {
            let name = name_of(&extension.oid).unwrap_or(&extension.oid);
            let sentence =
                format!("The extension {name} of {} at byte {} cannot be read.", own.named(), extension.range.start);
            let fix = "Ask the operator to have it issued again.";
            let mut finding = self.refuse("certificate.malformed", sentence, fix, ("RFC 5280", "4.2"));
            finding.values.push(Fact::new("oid", &extension.oid));
            finding.range = Some(byte_range(&extension.range));
            problems.push(finding);
        }
        let twice =
            own.extensions.iter().enumerate().find(|(place, extension)| {
                own.extensions.iter().take(*place).any(|earlier| earlier.oid == extension.oid)
            });
        if let Some((_, extension)) = twice {
            let name = name_of(&extension.oid).unwrap_or(&extension.oid);
            let sentence = format!("{} has the extension {name} twice.", self.whose());
            let fix = "Ask the operator to have it issued again.";
            let mut finding = self.refuse("extension.duplicate", sentence, fix, ("RFC 5280", "4.2"));
            finding.values.push(Fact::new("oid", &extension.oid));
            finding.range = Some(byte_range(&extension.range));
            problems.push(finding);
        }
        if own.slice(&own.layout.signature) != own.slice(&own.layout.signature_algorithm) {
            let sentence = format!("{} names one signature algorithm inside and another one outside.", self.whose());
            let fix = "Ask the operator to have it issued again.";
            let mut finding = self.refuse("certificate.algorithm_mismatch", sentence, fix, ("RFC 5280", "4.1.1.2"));
            finding.range = Some(byte_range(&own.layout.signature));
            problems.push(finding);
        }
        problems
    }

    /// RFC 5280 §4.2.1.12: where the extension stands, it has to allow the use.
    pub(crate) fn purpose(&self, usage: Usage) -> Option<Finding> {
        let allowed = &self.certificate.view().extended_key_usage;
        let purpose = usage.purpose();
        if !self.certificate.has_extended_key_usage || allowed.iter().any(|own| own == purpose) {
            return None;
        }
        let list = if allowed.is_empty() { "nothing".to_owned() } else { allowed.join(", ") };
        let (one, many) = usage.whose();
        let sentence = match self.index {
            0 => format!("{} may be used for {list} only; {one} needs {purpose}.", self.whose()),
            _ => format!("The CA {} is restricted to {list}; {many} need {purpose}.", self.certificate.named()),
        };
        let fix = format!("Ask the operator for a certificate with {purpose} as extended key usage.");
        let id = match usage {
            Usage::Server => "usage.server_auth",
            Usage::Client => "usage.not_for_clients",
        };
        let mut finding = self.refuse(id, sentence, fix, ("RFC 5280", "4.2.1.12"));
        finding.values.push(Fact::new("extended_key_usage", list));
        finding.range = self.range_of(oid::EXTENDED_KEY_USAGE);
        Some(finding)
    }

    /// The place of an extension.
    pub(super) fn range_of(&self, oid: &str) -> Option<ByteRange> {
        self.certificate.extension(oid).map(|extension| byte_range(&extension.range))
    }

    /// Says a CRL or an OCSP response.
    pub(crate) fn revoked(&self, revoked: &Revoked) -> Finding {
        let because = revoked.reason.map_or_else(String::new, |reason| format!(", reason {reason}"));
        let sentence = format!(
            "{} was revoked on {}{because}, says {} of {}.",
            self.whose(),
            revoked.on.date(),
            revoked.source,
            revoked.said.date()
        );
        let fix = "Ask the operator to replace the certificate.";
        let mut finding = self.refuse("revocation.revoked", sentence, fix, ("RFC 5280", "5"));
        finding.values =
            vec![Fact::new("revoked", revoked.on.to_string()), Fact::new("said", revoked.said.to_string())];
        finding.values.extend(revoked.reason.map(|reason| Fact::new("reason", reason)));
        finding
    }

    /// There is a source for its issuer, and it says nothing that counts.
    pub(crate) fn status_unknown(&self, reason: &str) -> Finding {
        let sentence = format!("Whether {} was revoked could not be established: {reason}.", self.certificate.named());
        let fix = "Give a current CRL or OCSP response of its issuer.";
        self.refuse("revocation.unknown", sentence, fix, ("RFC 5280", "6.3"))
    }

    /// The verifier refuses a CA certificate as end entity.
    pub(crate) fn leaf_is_ca(&self) -> Option<Finding> {
        self.certificate.is_ca().then(|| {
            let sentence = format!("{} is a CA certificate (cA=TRUE); a server needs one of its own.", self.whose());
            let fix = "Ask the operator for a certificate with cA=FALSE, also when it signs itself.";
            self.refuse("usage.leaf_is_ca", sentence, fix, ("RFC 5280", "4.2.1.9"))
        })
    }

    /// RFC 5280 §4.2.1.9, for a certificate with so many CAs below it.
    pub(crate) fn as_issuer(&self, below: usize) -> Option<Finding> {
        if !self.certificate.is_ca() {
            let sentence = format!("{} is not a CA (cA=FALSE), so it cannot issue.", self.certificate.named());
            let fix = "Ask the operator for a certificate issued by a CA; this one was used as an issuer.";
            return Some(self.refuse("usage.not_a_ca", sentence, fix, ("RFC 5280", "4.2.1.9")));
        }
        let constraints = self.certificate.view().basic_constraints.as_ref()?;
        let allowed = constraints.path_length?;
        if usize::try_from(allowed).is_ok_and(|allowed| below <= allowed) {
            return None;
        }
        let cas = |count: usize| if count == 1 { "1 CA".to_owned() } else { format!("{count} CAs") };
        let sentence = format!(
            "{} allows {} below it; the path has {below}.",
            self.certificate.named(),
            cas(usize::try_from(allowed).unwrap_or(usize::MAX))
        );
        let fix = "Ask the operator for a certificate issued higher up.";
        let mut finding = self.refuse("constraint.path_length", sentence, fix, ("RFC 5280", "4.2.1.9"));
        finding.values = vec![Fact::new("allowed", allowed.to_string()), Fact::new("below", below.to_string())];
        Some(finding)
    }

    /// Nobody can check this kind of signature here.
    pub(crate) fn signature_unsupported(&self, issuer: &Certificate) -> Finding {
        let algorithm = &self.certificate.view().signature_algorithm;
        let mut finding = if is_weak_signature(&self.certificate.signature_oid) {
            let sentence = format!("{} is signed with {algorithm}, which proves nothing any more.", self.whose());
            let fix = "Ask the operator to have it issued again with SHA-256 or better.";
            self.refuse("certificate.weak_signature", sentence, fix, ("CA/B BR", "7.1.3"))
        } else {
            let sentence = format!(
                "{} is signed with {algorithm} by {} (key: {}), a combination this client does not verify.",
                self.whose(),
                issuer.named(),
                key_words(issuer)
            );
            let fix = "Ask the operator for a certificate signed with ECDSA, RSA or Ed25519.";
            self.refuse("certificate.algorithm_unsupported", sentence, fix, ("RFC 9846", "4.3.3"))
        };
        finding.values.push(Fact::new("signature_algorithm", algorithm));
        finding
    }

    /// The key of the issuer by that name does not verify the signature: another key, or other bytes.
    pub(crate) fn signature_invalid(&self, issuer: &Certificate, store: Option<&Store>) -> Finding {
        let (child, parent) = (self.certificate.named(), issuer.named());
        let wanted = self.certificate.authority_key_id.as_deref();
        let own = issuer.subject_key_id.as_deref();
        let place = store.map_or_else(|| "in the chain".to_owned(), |store| format!("from {}", store.label().words()));
        let fix = match store {
            Some(_) => {
                "If the CA was renewed, trust its new certificate for this host; else check what stands between."
            }
            None => "Ask the operator to send the issuer that signed it; check for a proxy that changes certificates.",
        };
        let mut finding = match (wanted, own) {
            (Some(wanted), Some(own)) if wanted != own => {
                let sentence = format!(
                    "The {parent} {place} is not the one that signed {child}: the names are equal, the keys differ."
                );
                self.refuse("path.impostor", sentence, fix, ("RFC 5280", "4.2.1.1"))
            }
            (Some(_), Some(_)) => {
                let sentence = format!(
                    "The signature of {child} does not verify with the key of {parent}: content or signature was changed."
                );
                let fix = "Ask the operator to install the original certificate; check for a proxy that changes it.";
                self.refuse("certificate.tampered", sentence, fix, ("RFC 5280", "6.1.3"))
            }
            (None, _) | (_, None) => {
                let sentence = format!(
                    "The signature of {child} does not verify with the key of {parent} {place}: the certificate was changed, or another CA of that name signed it."
                );
                self.refuse("certificate.tampered", sentence, fix, ("RFC 5280", "6.1.3"))
            }
        };
        finding.values.push(Fact::new("issuer", &parent));
        let ids = [("authority_key_identifier", wanted), ("subject_key_identifier", own)];
        finding.values.extend(ids.into_iter().filter_map(|(name, id)| id.map(|id| Fact::new(name, hex::encode(id)))));
        finding
    }
}

/// Bytes in the chain that are no certificate.
pub(crate) fn malformed(index: usize, total: usize, malformed: &Malformed) -> Finding {
    Finding {
        id: "certificate.malformed".to_owned(),
        severity: FindingSeverity::Error,
        subject: format!("certificate {} of {total}", index + 1),
        sentence: format!("Certificate {} of {total} is {malformed}.", index + 1),
        fix: "Ask the operator to install the certificate again.".to_owned(),
        citation: Citation::new("RFC 5280", "4.1"),
        certainty: None,
        certificate: Some(index),
        rejects: Some(true),
        values: vec![Fact::new("offset", malformed.offset.to_string())],
        range: None,
        effective_since: None,
    }
}

/// An RSA key below the minimum verifies nothing.
pub(crate) fn issuer_key_short(issuer: &Certificate, index: usize) -> Finding {
    let bits = issuer.view().key.bits.unwrap_or_default();
    let sentence = format!(
        "{} has an RSA key of {bits} bits; {RSA_MINIMUM} is the minimum, so its signatures do not count.",
        issuer.named()
    );
    let fix = "Ask the operator for a certificate from a CA with a larger key.";
    let mut finding = refusing("key.rsa_short", issuer, index, sentence, fix, ("CA/B BR", "6.1.5"));
    finding.values.push(Fact::new("bits", bits.to_string()));
    finding
}

pub(crate) fn is_rsa_short(certificate: &Certificate) -> bool {
    view_is_rsa_short(certificate.view())
}

fn view_is_rsa_short(view: &CertificateView) -> bool {
    view.key.kind == "RSA" && view.key.bits.is_some_and(|bits| bits < RSA_MINIMUM)
}

/// SHA-1 and MD5, by the OID of the signature algorithm.
pub(crate) fn is_weak_signature(oid: &str) -> bool {
    matches!(oid, "1.2.840.113549.1.1.2" | "1.2.840.113549.1.1.4" | "1.2.840.113549.1.1.5" | "1.2.840.10045.4.1")
}

/// The server's signature over the handshake (RFC 9846 §4.5.2) was refused.
pub(crate) fn key_not_proved(leaf: Option<&CertificateView>, error: &rustls::Error) -> Finding {
    let (id, sentence, fix) = match leaf {
        Some(leaf) if view_is_rsa_short(leaf) => (
            "key.rsa_short",
            format!(
                "The certificate has an RSA key of {} bits; {RSA_MINIMUM} is the minimum, so its signature over the handshake does not count.",
                leaf.key.bits.unwrap_or_default()
            ),
            "Ask the operator for a certificate with a larger key.",
        ),
        _ if told::is_bad_signature(error) => (
            "certificate.key_mismatch",
            "The server proved possession of another key than the one in its certificate.".to_owned(),
            "Ask the operator: certificate and key file do not belong together.",
        ),
        _ => (
            "certificate.algorithm_unsupported",
            format!("The server's signature over the handshake cannot be verified: {}.", told::words(error)),
            "Ask the operator for a certificate with an ECDSA, RSA or Ed25519 key.",
        ),
    };
    Finding {
        id: id.to_owned(),
        severity: FindingSeverity::Error,
        subject: leaf.map_or_else(|| "the server".to_owned(), |leaf| crate::certificate::fit(&leaf.subject)),
        sentence,
        fix: fix.to_owned(),
        citation: Citation::new("RFC 9846", "4.5.2"),
        certainty: None,
        certificate: leaf.map(|_| 0),
        rejects: Some(true),
        values: Vec::new(),
        range: None,
        effective_since: None,
    }
}

/// `3 days`, `5 hours`: the largest unit that counts at least one.
fn ago(later: Timestamp, earlier: Timestamp) -> String {
    let seconds = later.unix_seconds().saturating_sub(earlier.unix_seconds()).max(0);
    let (count, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3_600 => (seconds / 60, "minute"),
        3_600..86_400 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}

/// The time a finding compares with.
pub(crate) fn checked_at(at: SystemTime) -> Fact {
    Fact::new("checked_at", super::seconds(at).to_string())
}
