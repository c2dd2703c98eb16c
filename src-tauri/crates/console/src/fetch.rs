//! What certificates point at, fetched because a person asked: issuers that were not sent, revocation lists, and the
//! word of an OCSP responder. Over plain HTTP, as these documents are signed themselves (RFC 5280 §8).

use std::time::Duration;

use countersign_evidence::{CertificateSource, Exchange, Explained, Fault, Fetched, Problem, VerdictState};
use countersign_tls::explain::{Case, Peer, Supplement, Usage, explain_case};
use countersign_tls::{Certificate, CertificateDer, Target, Trust, certificates_from_pem, ocsp_request};

use crate::certificate::der;
use crate::core::Core;

/// One document is given up after this long.
const LIMIT: Duration = Duration::from_secs(5);
/// Redirects followed.
const REDIRECTS: usize = 3;
/// Issuers fetched one after the other.
const MOST_ISSUERS: usize = 4;
/// Documents fetched for one chain.
const MOST: usize = 16;
/// A certificate, or an OCSP response.
const SMALL: usize = 64 * 1024;
/// A revocation list.
pub(crate) const LARGE: usize = 20 * 1024 * 1024;

/// What is there to explain from.
#[derive(Default)]
struct Supplied {
    issuers: Vec<CertificateDer>,
    crls: Vec<Vec<u8>>,
    ocsp_response: Option<Vec<u8>>,
    told: Vec<Fetched>,
}

impl Core {
    /// Explains the chain of an exchange again, with everything its certificates point at. This tells third parties
    /// which server is looked at, so it is never done unasked.
    pub(crate) async fn explain_fetched(
        &self,
        e: &Exchange,
        target: &Target,
        trust: &Trust,
    ) -> Result<Explained, Problem> {
        let sent = e.certificates.iter().filter(|c| c.source == CertificateSource::Sent);
        let pem: String = sent.map(|certificate| certificate.pem.as_str()).collect();
        let chain = certificates_from_pem(pem.as_bytes()).unwrap_or_default();
        if chain.is_empty() {
            return Err(no_chain(e));
        }
        let client = client()?;
        let explain = |supplied: &Supplied| {
            explain_case(&Case {
                chain: &chain,
                trust,
                peer: Peer::Host(target.server_name.as_deref().unwrap_or(&target.host)),
                usage: Usage::Server,
                at: self.clock.wall(),
                max_depth: None,
                strict: false,
                compare: true,
                supplement: Supplement {
                    fetched: &supplied.issuers,
                    crls: &supplied.crls,
                    ocsp_response: supplied.ocsp_response.as_deref(),
                },
            })
        };
        let mut supplied = Supplied::default();
        let mut explained = explain(&supplied);
        for _ in 0..MOST_ISSUERS {
            let Some(index) = missing_issuer_of(&explained) else { break };
            if !issuer(&client, &explained, index, &mut supplied).await {
                break;
            }
            explained = explain(&supplied);
        }
        revocation(&client, &explained, &mut supplied).await;
        let mut explained = explain(&supplied);
        explained.fetched = supplied.told;
        Ok(explained)
    }
}

/// The certificate whose issuer is neither sent nor in a store.
fn missing_issuer_of(explained: &Explained) -> Option<usize> {
    let missing = explained.findings.iter().find(|finding| finding.id == "path.missing_intermediate")?;
    Some(missing.certificate.unwrap_or_default())
}

/// Fetches an issuer by the first address that gives one.
async fn issuer(client: &reqwest::Client, explained: &Explained, index: usize, supplied: &mut Supplied) -> bool {
    let Some(certificate) = explained.certificates.get(index) else { return false };
    for url in &certificate.ca_issuers {
        let got = fetch(client.get(url), url, SMALL).await;
        let read = got.and_then(|bytes| {
            let certificates = if bytes.first() == Some(&0x30) {
                vec![CertificateDer::from(bytes)]
            } else {
                certificates_from_pem(&bytes).map_err(|error| error.to_string())?
            };
            let readable =
                certificates.iter().all(|der| Certificate::from_der(der).is_ok()) && !certificates.is_empty();
            if readable { Ok(certificates) } else { Err("what came is no certificate".to_owned()) }
        });
        let came = read.is_ok();
        let says = match &read {
            Ok(list) => list
                .iter()
                .filter_map(|der| Certificate::from_der(der).ok())
                .map(|c| c.view().subject.clone())
                .collect::<Vec<_>>()
                .join(", "),
            Err(reason) => reason.clone(),
        };
        supplied.told.push(told("issuer", url, index, came, says));
        if let Ok(list) = read {
            supplied.issuers.extend(list);
            return true;
        }
    }
    false
}

/// Fetches lists for the path, and asks the responder about the end entity.
async fn revocation(client: &reqwest::Client, explained: &Explained, supplied: &mut Supplied) {
    let mut asked: Vec<&str> = Vec::new();
    for (index, certificate) in explained.certificates.iter().enumerate() {
        if certificate.source == CertificateSource::Store {
            continue;
        }
        for url in &certificate.crl {
            if asked.contains(&url.as_str()) || supplied.told.len() >= MOST {
                continue;
            }
            asked.push(url);
            let got = fetch(client.get(url), url, LARGE).await;
            let says = got.as_ref().map_or_else(Clone::clone, |bytes| format!("{} bytes", bytes.len()));
            supplied.told.push(told("crl", url, index, got.is_ok(), says));
            supplied.crls.extend(got.ok().map(|bytes| der(&bytes, "X509 CRL")));
        }
    }
    let Some(leaf) = explained.certificates.first() else { return };
    let parsed = |pem: &str| {
        let list = certificates_from_pem(pem.as_bytes()).ok()?;
        Certificate::from_der(list.first()?).ok()
    };
    let Some(own) = parsed(&leaf.pem) else { return };
    let issuer = explained.certificates.iter().skip(1).find(|c| c.subject == leaf.issuer).and_then(|c| parsed(&c.pem));
    let Some(request) = issuer.and_then(|issuer| ocsp_request(&own, &issuer)) else { return };
    for url in &leaf.ocsp {
        let post = client.post(url).header("content-type", "application/ocsp-request").body(request.clone());
        let got = fetch(post, url, SMALL).await;
        let says = got.as_ref().map_or_else(Clone::clone, |bytes| format!("{} bytes", bytes.len()));
        supplied.told.push(told("ocsp", url, 0, got.is_ok(), says));
        if let Ok(bytes) = got {
            supplied.ocsp_response = Some(bytes);
            return;
        }
    }
}

fn told(kind: &str, url: &str, certificate: usize, ok: bool, says: String) -> Fetched {
    let certificate = u32::try_from(certificate).unwrap_or(u32::MAX);
    Fetched { kind: kind.to_owned(), url: url.to_owned(), certificate, ok, says }
}

/// One document, as far as it is no longer than `most`; else why not.
pub(crate) async fn fetch(request: reqwest::RequestBuilder, url: &str, most: usize) -> Result<Vec<u8>, String> {
    if !url.starts_with("http://") {
        return Err("only http:// is fetched: these documents are signed themselves".to_owned());
    }
    let mut response = request.send().await.map_err(|error| words(&error))?;
    if response.status() != http::StatusCode::OK {
        return Err(format!("answered {}", response.status()));
    }
    let mut bytes = Vec::new();
    while let Some(part) = response.chunk().await.map_err(|error| words(&error))? {
        if bytes.len() + part.len() > most {
            return Err(format!("longer than {most} bytes"));
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes)
}

fn words(error: &reqwest::Error) -> String {
    match () {
        () if error.is_timeout() => "no answer in time".to_owned(),
        () if error.is_connect() => "cannot be connected to".to_owned(),
        () if error.is_redirect() => "too many redirects".to_owned(),
        () => "the answer broke off".to_owned(),
    }
}

/// Without credentials, cookies and proxy; it knows no TLS, as none is wanted.
pub(crate) fn client() -> Result<reqwest::Client, Problem> {
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let made = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map(|builder| builder.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
        .map_err(|error| error.to_string())
        .and_then(|config| {
            reqwest::Client::builder()
                .tls_backend_preconfigured(config)
                .no_proxy()
                .redirect(reqwest::redirect::Policy::limited(REDIRECTS))
                .timeout(LIMIT)
                .build()
                .map_err(|error| error.to_string())
        });
    made.map_err(|reason| Problem::new("internal.http_client", Fault::Us, "an HTTP client could not be made", reason))
}

fn no_chain(e: &Exchange) -> Problem {
    Problem::new("certificate.none_sent", Fault::Caller, "the server sent no certificate", e.exchange.clone())
        .with_hint("There is nothing to fetch for.")
}

/// Takes what was fetched into the evidence. What the connection itself showed stays: only revocation is news.
pub(crate) fn amend(e: &mut Exchange, explained: Explained) {
    let known = |e: &Exchange, id: &str| e.findings.iter().any(|finding| finding.id == id);
    let news =
        explained.findings.iter().filter(|finding| finding.id.starts_with("revocation.") && !known(e, &finding.id));
    let refused = e.verdict.as_ref().is_some_and(|verdict| verdict.state == VerdictState::NotTrusted);
    // of a chain that is refused already it is no news that nothing is known of its revocation
    let (refusing, notes): (Vec<_>, Vec<_>) =
        news.cloned().partition(|finding| !refused && finding.id == "revocation.revoked");
    if let (Some(first), Some(verdict)) = (refusing.first(), &mut e.verdict) {
        verdict.state = VerdictState::NotTrusted;
        verdict.reason.clone_from(&first.id);
        verdict.store = None;
    }
    e.findings.splice(0..0, refusing);
    e.findings.extend(notes);
    e.explained = Some(Box::new(explained));
}
