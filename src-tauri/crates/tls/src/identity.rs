//! Who we can prove to be: a client certificate with its key, and the resolver that records when one was asked for.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest;
use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::sign::CertifiedKey;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::recorder;
use crate::{Certificate, Error, provider};

/// A client certificate chain and a handle on its key.
pub struct ClientIdentity {
    key: Arc<CertifiedKey>,
    subject: String,
    issuer: String,
    fingerprint: [u8; 32],
}

impl ClientIdentity {
    /// The chain, end entity first, and the private key, which goes into the provider's signer and nowhere else.
    pub fn new(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<Self, Error> {
        let Some(leaf) = chain.first() else {
            return Err(Error::ClientIdentity { reason: "the chain is empty".to_owned() });
        };
        let parsed =
            Certificate::from_der(leaf).map_err(|error| Error::ClientIdentity { reason: error.to_string() })?;
        let (subject, issuer) = (parsed.view().subject.clone(), parsed.view().issuer.clone());
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(digest::digest(&digest::SHA256, leaf).as_ref());
        let certified = CertifiedKey::from_der(chain, key, &provider())
            .map_err(|error| Error::ClientIdentity { reason: error.to_string() })?;
        Ok(Self { key: Arc::new(certified), subject, issuer, fingerprint })
    }

    /// The subject of the certificate.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The issuer of the certificate.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    pub(crate) fn fingerprint(&self) -> [u8; 32] {
        self.fingerprint
    }
}

impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientIdentity").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// Answers a CertificateRequest (RFC 9846 §4.4.2) and notes that there was one.
#[derive(Debug)]
pub(crate) struct RecordingResolver {
    pub(crate) identity: Option<Arc<ClientIdentity>>,
}

impl ResolvesClientCert for RecordingResolver {
    fn resolve(&self, root_hint_subjects: &[&[u8]], sigschemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let usable = self.identity.as_ref().is_some_and(|own| own.key.key.choose_scheme(sigschemes).is_some());
        recorder::note(|observation| {
            observation.client_certificate_requested = true;
            observation.client_certificate_sent = usable;
            observation.acceptable_issuers =
                root_hint_subjects.iter().map(|name| crate::certificate::distinguished_name_from_der(name)).collect();
        });
        self.identity.as_ref().map(|identity| Arc::clone(&identity.key))
    }

    fn has_certs(&self) -> bool {
        self.identity.is_some()
    }
}
