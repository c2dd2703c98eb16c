//! Certificates from files, explained: a chain with its roots, or a corpus of cases in the x509-limbo schema.

use countersign_evidence::{Explained, Fault, Problem, Timestamp};
use countersign_tls::explain::{Case, Peer, Supplement, Usage, explain_case};
use countersign_tls::{Profile, Store, StoreLabel, Trust, certificates_from_pem};

/// A chain as it lies in files.
#[derive(Clone, Debug, Default)]
pub struct ChainFiles {
    /// The chain, end entity first: PEM, or one certificate as DER.
    pub chain: Vec<u8>,
    /// Anchors that count besides the compiled-in Mozilla set; where they are given, only they count.
    pub roots: Option<Vec<u8>>,
    /// Issuers that were fetched.
    pub fetched: Option<Vec<u8>>,
    /// CRLs, DER or PEM.
    pub crls: Vec<Vec<u8>>,
    /// An OCSP response, DER.
    pub ocsp_response: Option<Vec<u8>>,
    /// The DNS name or address it has to cover.
    pub name: Option<String>,
    /// Which rules apply.
    pub profile: Profile,
    /// Whether the certificate is to prove a client.
    pub client: bool,
    /// Whether what a CA must not do refuses too.
    pub strict: bool,
}

/// Explains a chain from files at this time.
pub fn explain_files(files: &ChainFiles, at: Timestamp) -> Result<Explained, Problem> {
    let chain = certificates(&files.chain)?;
    let fetched = files.fetched.as_deref().map(certificates).transpose()?.unwrap_or_default();
    let store = match &files.roots {
        Some(roots) => Store::from_file_contents(StoreLabel::Command, roots).map_err(|error| error.problem())?,
        None => Store::mozilla(),
    };
    let crls: Vec<Vec<u8>> = files.crls.iter().map(|crl| der(crl, "X509 CRL")).collect();
    let trust = Trust::builder().store(store).profile(files.profile).build();
    Ok(explain_case(&Case {
        chain: &chain,
        trust: &trust,
        peer: files.name.as_deref().map_or(Peer::Any, Peer::Host),
        usage: if files.client { Usage::Client } else { Usage::Server },
        at: at.to_system(),
        max_depth: None,
        strict: files.strict,
        compare: true,
        supplement: Supplement { fetched: &fetched, crls: &crls, ocsp_response: files.ocsp_response.as_deref() },
    }))
}

fn certificates(contents: &[u8]) -> Result<Vec<countersign_tls::CertificateDer>, Problem> {
    let malformed = |reason: String| {
        Problem::new("usage.not_a_chain", Fault::Caller, "the file holds no certificate", reason)
            .with_hint("Give PEM, the end entity first, or one certificate as DER.")
    };
    if contents.first() == Some(&0x30) {
        return Ok(vec![contents.to_vec().into()]);
    }
    let list = certificates_from_pem(contents).map_err(|error| malformed(error.reason))?;
    if list.is_empty() {
        return Err(malformed("no BEGIN CERTIFICATE in it".to_owned()));
    }
    Ok(list)
}

/// The bytes of a PEM block, or the bytes as they are.
pub(crate) fn der(contents: &[u8], label: &str) -> Vec<u8> {
    use base64::Engine as _;
    let Ok(text) = std::str::from_utf8(contents) else { return contents.to_vec() };
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let body = text.split_once(&begin).and_then(|(_, rest)| rest.split_once(&end)).map(|(body, _)| body);
    let Some(body) = body else { return contents.to_vec() };
    let packed: String = body.chars().filter(|c| !c.is_whitespace()).collect();
    base64::engine::general_purpose::STANDARD.decode(packed).unwrap_or_default()
}
