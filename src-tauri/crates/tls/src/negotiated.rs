//! The evidence of a handshake: from the library's accessors when it ended well, from the ServerHello on the
//! wire when it did not.

use countersign_evidence::{CertificateUse, Handshake, HandshakeKind};
use rustls::ClientConnection;
use rustls_pki_types::ServerName;

use crate::recorder::Observation;
use crate::{Policy, hello, iana};

/// What was negotiated on a connection that came to be.
pub(crate) fn completed(
    connection: &ClientConnection,
    name: &ServerName<'_>,
    policy: &Policy,
    observation: &Observation,
) -> Handshake {
    Handshake {
        protocol_version: connection.protocol_version().map(iana::protocol_version),
        cipher_suite: connection.negotiated_cipher_suite().map(|suite| iana::cipher_suite(suite.suite())),
        named_group: connection.negotiated_key_exchange_group().map(|group| iana::named_group(group.name())),
        alpn_protocol: connection.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned()),
        kind: connection.handshake_kind().map(|kind| match kind {
            rustls::HandshakeKind::Full => HandshakeKind::Full,
            rustls::HandshakeKind::FullWithHelloRetryRequest => HandshakeKind::FullWithHelloRetry,
            rustls::HandshakeKind::Resumed => HandshakeKind::Resumed,
        }),
        early_data: connection.is_early_data_accepted(),
        ..observed(name, policy, observation)
    }
}

/// What the server had decided before the handshake failed; `None` where it had decided nothing.
pub(crate) fn failed(
    received: &[u8],
    name: &ServerName<'_>,
    policy: &Policy,
    observation: &Observation,
) -> Option<Handshake> {
    let hello = hello::server_hello(received)?;
    let kind = match (observation.chain.is_empty(), hello.retried) {
        (true, _) => None,
        (false, true) => Some(HandshakeKind::FullWithHelloRetry),
        (false, false) => Some(HandshakeKind::Full),
    };
    Some(Handshake {
        protocol_version: Some(iana::protocol_version(hello.version)),
        cipher_suite: Some(iana::cipher_suite(hello.cipher_suite)),
        named_group: hello.group.map(iana::named_group),
        kind,
        ..observed(name, policy, observation)
    })
}

/// What verifier and resolver saw.
fn observed(name: &ServerName<'_>, policy: &Policy, observation: &Observation) -> Handshake {
    let sent = policy.client_identity.as_ref().filter(|_| observation.client_certificate_sent);
    let client_certificate = observation.client_certificate_requested.then(|| CertificateUse {
        sent: observation.client_certificate_sent,
        subject: sent.map(|identity| identity.subject().to_owned()),
        issuer: sent.map(|identity| identity.issuer().to_owned()),
        ..CertificateUse::default()
    });
    Handshake {
        protocol_version: None,
        cipher_suite: None,
        named_group: None,
        signature_scheme: observation.signature_scheme.map(iana::signature_scheme),
        alpn_protocol: None,
        kind: None,
        server_name: match name {
            ServerName::DnsName(dns) => Some(dns.as_ref().to_owned()),
            // an address is never asked for in SNI (RFC 6066 §3)
            _ => None,
        },
        client_certificate_requested: observation.client_certificate_requested,
        client_certificate,
        acceptable_issuers: observation.acceptable_issuers.clone(),
        early_data: false,
        ocsp_response: observation.stapled,
        verified_on: None,
        messages: Vec::new(),
        key_schedule: Vec::new(),
        checks: Vec::new(),
    }
}
