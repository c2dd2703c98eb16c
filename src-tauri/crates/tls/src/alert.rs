//! TLS alerts by the names of RFC 9846 §6, and where they hide inside other errors.

use std::error::Error;
use std::io;

use rustls::AlertDescription;

/// An alert the peer sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alert(pub(crate) u8);

impl Alert {
    /// The code on the wire.
    pub fn code(self) -> u8 {
        self.0
    }

    /// The registry's name.
    pub fn name(self) -> &'static str {
        match self.0 {
            0 => "close_notify",
            10 => "unexpected_message",
            20 => "bad_record_mac",
            21 => "decryption_failed",
            22 => "record_overflow",
            30 => "decompression_failure",
            40 => "handshake_failure",
            41 => "no_certificate",
            42 => "bad_certificate",
            43 => "unsupported_certificate",
            44 => "certificate_revoked",
            45 => "certificate_expired",
            46 => "certificate_unknown",
            47 => "illegal_parameter",
            48 => "unknown_ca",
            49 => "access_denied",
            50 => "decode_error",
            51 => "decrypt_error",
            60 => "export_restriction",
            70 => "protocol_version",
            71 => "insufficient_security",
            80 => "internal_error",
            86 => "inappropriate_fallback",
            90 => "user_canceled",
            100 => "no_renegotiation",
            109 => "missing_extension",
            110 => "unsupported_extension",
            111 => "certificate_unobtainable",
            112 => "unrecognized_name",
            113 => "bad_certificate_status_response",
            114 => "bad_certificate_hash_value",
            115 => "unknown_psk_identity",
            116 => "certificate_required",
            120 => "no_application_protocol",
            121 => "ech_required",
            _ => "unknown",
        }
    }

    /// By its code on the wire.
    pub(crate) fn of(code: u8) -> Self {
        Self(code)
    }

    /// What its sender means by it.
    pub(crate) fn meaning(self) -> &'static str {
        match self.0 {
            0 => "The sender will send nothing more. This is how a connection ends well.",
            10 => "A message came that does not belong here.",
            20 => "A record could not be opened: wrong keys, or changed on the way.",
            22 => "A record was longer than allowed.",
            40 => "No set of parameters is acceptable to the sender: version, suite, group or signature scheme.",
            42 => "The certificate is malformed, or its signature does not verify.",
            43 => "A certificate of this type is not supported.",
            44 => "The certificate was revoked.",
            45 => "The certificate is expired or not yet valid.",
            46 => "Something else is wrong with the certificate.",
            47 => "A field holds a value that is out of range or contradicts another.",
            48 => "The chain ends at a CA the sender does not know.",
            49 => "The certificate is good, but access is denied.",
            50 => "A message could not be decoded.",
            51 => "A signature or a Finished did not verify.",
            70 => "The sender does not speak the version it was offered.",
            71 => "The sender demands stronger parameters.",
            80 => "An internal error at the sender; it says nothing about the peer.",
            86 => "The client fell back to a lower version although the server can do better.",
            90 => "Cancelled for a reason that is not in the protocol.",
            100 => "The sender does not renegotiate.",
            109 => "An extension that must be there is missing.",
            110 => "An extension came that was not asked for.",
            112 => "The server does not know the name it was asked for.",
            113 => "The stapled statement on the certificate is not acceptable.",
            115 => "The pre-shared key is not known.",
            116 => "A client certificate is required, and none was sent.",
            120 => "The server speaks none of the application protocols it was offered.",
            121 => "The server wants the encrypted ClientHello.",
            _ => "The alert has no meaning in the registry.",
        }
    }

    /// Whether it speaks about the certificate the client sent (or did not send).
    pub fn is_about_client_certificate(self) -> bool {
        matches!(self.0, 42..=46 | 48 | 49 | 116)
    }
}

impl From<AlertDescription> for Alert {
    fn from(description: AlertDescription) -> Self {
        Self(u8::from(description))
    }
}

/// The alert inside an error of a stream, however deep: in TLS 1.3 a server refuses a client certificate
/// only after the handshake succeeded for us, so the alert (116 and its kin) surfaces in the first read.
pub fn alert_in(error: &(dyn Error + 'static)) -> Option<Alert> {
    let mut current = Some(error);
    while let Some(error) = current {
        if let Some(rustls::Error::AlertReceived(description)) = error.downcast_ref::<rustls::Error>() {
            return Some(Alert::from(*description));
        }
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(alert) = inner.and_then(|inner| alert_in(inner)) {
            return Some(alert);
        }
        current = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::alert_in;
    use std::io;

    #[test]
    fn an_alert_is_found_inside_an_io_error() {
        let inner = rustls::Error::AlertReceived(rustls::AlertDescription::CertificateRequired);
        let error = io::Error::new(io::ErrorKind::InvalidData, inner);
        assert_eq!(alert_in(&error).map(|alert| (alert.code(), alert.name())), Some((116, "certificate_required")));
    }
}
