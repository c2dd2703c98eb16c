//! Which version of HTTP a connection speaks.

use countersign_tls::ConnectionRecord;

/// Decided by ALPN (RFC 9113 §3.2); without it HTTP/1.1, also in clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// RFC 9112: one request at a time.
    Http11,
    /// RFC 9113: many requests share the connection.
    Http2,
}

impl Protocol {
    /// `HTTP/1.1`, `HTTP/2`.
    pub fn words(self) -> &'static str {
        match self {
            Protocol::Http11 => "HTTP/1.1",
            Protocol::Http2 => "HTTP/2",
        }
    }

    pub(crate) fn of(record: &ConnectionRecord) -> Self {
        match record.handshake.as_ref().and_then(|handshake| handshake.alpn_protocol.as_deref()) {
            Some("h2") => Protocol::Http2,
            _ => Protocol::Http11,
        }
    }
}
