//! What the TLS library says of the connection it made, asked after the handshake.

use rustls::{CipherSuite, ClientConnection, HandshakeKind, NamedGroup, ProtocolVersion};
use rustls_pki_types::CertificateDer;

/// The third source: the library's own account. There is none of a handshake that failed.
#[derive(Clone, Debug)]
pub(crate) struct Accessors {
    pub(crate) version: Option<ProtocolVersion>,
    pub(crate) suite: Option<CipherSuite>,
    /// Empty for a resumed session of TLS 1.2.
    pub(crate) group: Option<NamedGroup>,
    pub(crate) alpn: Option<Vec<u8>>,
    pub(crate) kind: Option<HandshakeKind>,
    /// On resumption the chain of the handshake it stands on.
    pub(crate) chain: Vec<CertificateDer<'static>>,
}

impl Accessors {
    pub(crate) fn of(connection: &ClientConnection) -> Self {
        Self {
            version: connection.protocol_version(),
            suite: connection.negotiated_cipher_suite().map(|suite| suite.suite()),
            group: connection.negotiated_key_exchange_group().map(|group| group.name()),
            alpn: connection.alpn_protocol().map(<[u8]>::to_vec),
            kind: connection.handshake_kind(),
            chain: connection.peer_certificates().unwrap_or_default().to_vec(),
        }
    }
}
