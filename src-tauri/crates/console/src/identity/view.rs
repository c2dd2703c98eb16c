//! A client certificate as hosts show it, and what is worth reading about it before a server says so.

use countersign_evidence::{CertificateView, Citation, Finding, FindingSeverity, Problem, Timestamp};
use countersign_tls::{Certificate, certificates_from_pem};

use crate::core::Core;
use crate::view::ClientCertificateView;
use crate::workspace::CredentialFile;

const DAY: i64 = 86_400_000;

impl Core {
    /// The chain of a credential, end entity first.
    ///
    /// # Errors
    /// A file that is gone or does not read.
    pub(crate) fn chain_of(&self, credential: &CredentialFile) -> Result<Vec<Certificate>, Problem> {
        let file = credential.certificate_file.as_deref().unwrap_or_default();
        let unreadable = |reason: String| super::problem::Error::Unreadable { reason }.problem();
        let bytes =
            self.workspace.chain_file(file)?.ok_or_else(|| unreadable(format!("`{file}` is not in the workspace")))?;
        let list = certificates_from_pem(&bytes).map_err(|error| unreadable(format!("`{file}`: {}", error.reason)))?;
        let chain: Result<Vec<Certificate>, _> = list.iter().map(Certificate::from_der).collect();
        let chain = chain.map_err(|error| unreadable(format!("`{file}`: {error}")))?;
        if chain.is_empty() {
            return Err(unreadable(format!("`{file}` holds no certificate")));
        }
        Ok(chain)
    }

    /// The certificate for the credentials page; nothing where there is none.
    pub(crate) fn certificate_view(&self, credential: &CredentialFile) -> Option<ClientCertificateView> {
        credential.certificate_file.as_ref()?;
        let chain = self.chain_of(credential).ok()?;
        let leaf = chain.first()?.view();
        let now = self.clock.now();
        let key = match (&leaf.key.curve, leaf.key.bits) {
            (Some(curve), _) => format!("{} {curve}", leaf.key.kind),
            (None, Some(bits)) => format!("{} {bits}", leaf.key.kind),
            (None, None) => leaf.key.kind.clone(),
        };
        Some(ClientCertificateView {
            subject: leaf.subject.clone(),
            issuer: leaf.issuer.clone(),
            serial: leaf.serial.clone(),
            key,
            not_before: leaf.not_before,
            not_after: leaf.not_after,
            life: life(leaf, now),
            sha256: leaf.fingerprints.sha256.clone(),
            above: chain.iter().skip(1).map(|one| one.view().subject.clone()).collect(),
            findings: findings(leaf, now),
        })
    }
}

/// `89 d left`, `expired 3 d ago`.
pub(crate) fn life(certificate: &CertificateView, now: Timestamp) -> String {
    let left = certificate.not_after.unix_millis() - now.unix_millis();
    if left >= 0 { format!("{} d left", left / DAY) } else { format!("expired {} d ago", (-left) / DAY) }
}

/// What a server will refuse, seen before it does.
fn findings(leaf: &CertificateView, now: Timestamp) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut note = |id: &str, sentence: String, fix: &str, section: &'static str| {
        found.push(Finding {
            id: id.to_owned(),
            severity: FindingSeverity::Warning,
            subject: leaf.subject.clone(),
            sentence,
            fix: fix.to_owned(),
            citation: Citation::new("RFC 5280", section),
            certainty: None,
            certificate: None,
            rejects: None,
            values: Vec::new(),
            range: None,
            effective_since: None,
        });
    };
    if leaf.not_after.unix_millis() < now.unix_millis() {
        let sentence = format!("The client certificate expired on {}.", leaf.not_after.date());
        note("certificate.expired", sentence, "Ask its issuer for a new one, then replace it here.", "4.1.2.5");
    }
    if leaf.not_before.unix_millis() > now.unix_millis() {
        let sentence = format!("The client certificate is valid only from {}.", leaf.not_before.date());
        note("certificate.not_yet_valid", sentence, "Wait until then, or check the clock of this machine.", "4.1.2.5");
    }
    let usages = &leaf.extended_key_usage;
    if !usages.is_empty() && !usages.iter().any(|usage| usage == "clientAuth" || usage == "anyExtendedKeyUsage") {
        let sentence = format!("Its extended key usage allows {} only; a client needs clientAuth.", usages.join(", "));
        note("usage.client_auth", sentence, "Ask its issuer for one with clientAuth.", "4.2.1.12");
    }
    found
}
