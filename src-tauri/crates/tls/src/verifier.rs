//! The recording verifier: rustls-webpki decides, the recorder of the connection in progress hears it.
//!
//! One verifier serves every connection of a configuration. Chain and decision are recorded **before** an
//! error returns, because a refused certificate is shown exactly when it is needed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::explain::Decision;
use crate::pin::Presented;
use crate::recorder;
use crate::revocation;
use crate::{Trust, provider};

#[derive(Debug)]
pub(crate) struct RecordingVerifier {
    trust: Trust,
    /// Lets every chain pass after recording the decision: for connections that only observe.
    observe: bool,
    provider: Arc<CryptoProvider>,
    /// By the stores that count for a host; `None` where they hold no anchor at all.
    deciding: Mutex<HashMap<Vec<usize>, Option<Arc<WebPkiServerVerifier>>>>,
}

impl RecordingVerifier {
    pub(crate) fn new(trust: Trust, observe: bool) -> Self {
        Self { trust, observe, provider: provider(), deciding: Mutex::default() }
    }

    fn deciding(&self, host: &str, port: u16) -> Option<Arc<WebPkiServerVerifier>> {
        let stores = self.trust.applicable(host, port);
        let key: Vec<usize> = stores.iter().map(|(index, _)| *index).collect();
        let mut deciding = self.deciding.lock().unwrap_or_else(PoisonError::into_inner);
        deciding
            .entry(key)
            .or_insert_with(|| {
                let roots = Arc::new(Trust::roots(&stores));
                WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&self.provider)).build().ok()
            })
            .clone()
    }
}

impl ServerCertVerifier for RecordingVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let host = host_of(server_name);
        let port = recorder::current().map_or(0, |recorder| recorder.endpoint.port);
        let result = match self.deciding(&host, port) {
            Some(verifier) => {
                verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now).map(drop)
            }
            None => Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)),
        };
        let stores = self.trust.applicable(&host, port);
        let presented =
            Presented { end_entity, intermediates, server_name, stores: &stores, now, provider: &self.provider };
        let result = presented.judged(result, &self.trust.pinned(&host, port));
        let result = result.and_then(|()| {
            match revocation::is_revoked_by_staple(end_entity, intermediates, &stores, ocsp_response, now) {
                true => Err(Error::InvalidCertificate(CertificateError::Revoked)),
                false => Ok(()),
            }
        });
        let overridden = self.trust.accepts_unverified(&host);
        let decision = match &result {
            _ if overridden => Decision::Overridden(result.as_ref().err().cloned()),
            Ok(()) => Decision::Accepted,
            Err(error) => Decision::Refused(error.clone()),
        };
        recorder::note(|observation| {
            observation.chain = std::iter::once(end_entity)
                .chain(intermediates)
                .map(|certificate| certificate.clone().into_owned())
                .collect();
            observation.stapled = Some(!ocsp_response.is_empty());
            observation.ocsp_response = Some(ocsp_response.to_vec());
            observation.checked_at = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(now.as_secs()));
            observation.decision = Some(decision);
        });
        if overridden || self.observe {
            return Ok(ServerCertVerified::assertion());
        }
        result.map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let result =
            verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms);
        note_signature(signed.scheme, &result);
        result
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let result =
            verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms);
        note_signature(signed.scheme, &result);
        result
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn note_signature(scheme: SignatureScheme, result: &Result<HandshakeSignatureValid, Error>) {
    recorder::note(|observation| {
        observation.signature_scheme = Some(scheme);
        observation.signature_refused = result.as_ref().err().cloned();
    });
}

pub(crate) fn host_of(name: &ServerName<'_>) -> String {
    match name {
        ServerName::DnsName(dns) => dns.as_ref().to_ascii_lowercase(),
        ServerName::IpAddress(address) => std::net::IpAddr::from(*address).to_string(),
        other => format!("{other:?}"),
    }
}
