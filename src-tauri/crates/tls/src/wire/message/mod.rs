//! Names and fields of the messages. One file per kind of message; extensions in their own.

mod alert;
mod authentication;
mod extension;
pub(super) mod hello;
mod key_exchange;
mod post_handshake;

use countersign_evidence::{Citation, MessageField};

use super::field::{Cited, Fields};
use super::record::{ALERT, CHANGE_CIPHER_SPEC};
use super::session::Message;

pub(super) const HELLO_REQUEST: u8 = 0;
pub(super) const CLIENT_HELLO: u8 = 1;
pub(super) const SERVER_HELLO: u8 = 2;
pub(super) const NEW_SESSION_TICKET: u8 = 4;
pub(super) const END_OF_EARLY_DATA: u8 = 5;
pub(super) const ENCRYPTED_EXTENSIONS: u8 = 8;
pub(super) const CERTIFICATE: u8 = 11;
pub(super) const SERVER_KEY_EXCHANGE: u8 = 12;
pub(super) const CERTIFICATE_REQUEST: u8 = 13;
pub(super) const SERVER_HELLO_DONE: u8 = 14;
pub(super) const CERTIFICATE_VERIFY: u8 = 15;
pub(super) const CLIENT_KEY_EXCHANGE: u8 = 16;
pub(super) const FINISHED: u8 = 20;
pub(super) const CERTIFICATE_STATUS: u8 = 22;
pub(super) const KEY_UPDATE: u8 = 24;
pub(super) const COMPRESSED_CERTIFICATE: u8 = 25;
/// Never on the wire: stands in the transcript for the first ClientHello (RFC 9846 §4.1).
pub(super) const MESSAGE_HASH: u8 = 254;

/// `ServerHello`; `change_cipher_spec` and `alert` by their content type.
pub(crate) fn name(message: &Message) -> &'static str {
    match (message.content_type, message.handshake_type()) {
        (CHANGE_CIPHER_SPEC, _) => "change_cipher_spec",
        (ALERT, _) => "alert",
        (_, Some(HELLO_REQUEST)) => "HelloRequest",
        (_, Some(CLIENT_HELLO)) => "ClientHello",
        (_, Some(SERVER_HELLO)) if hello::is_retry(&message.bytes) => "HelloRetryRequest",
        (_, Some(SERVER_HELLO)) => "ServerHello",
        (_, Some(NEW_SESSION_TICKET)) => "NewSessionTicket",
        (_, Some(END_OF_EARLY_DATA)) => "EndOfEarlyData",
        (_, Some(ENCRYPTED_EXTENSIONS)) => "EncryptedExtensions",
        (_, Some(CERTIFICATE)) => "Certificate",
        (_, Some(SERVER_KEY_EXCHANGE)) => "ServerKeyExchange",
        (_, Some(CERTIFICATE_REQUEST)) => "CertificateRequest",
        (_, Some(SERVER_HELLO_DONE)) => "ServerHelloDone",
        (_, Some(CERTIFICATE_VERIFY)) => "CertificateVerify",
        (_, Some(CLIENT_KEY_EXCHANGE)) => "ClientKeyExchange",
        (_, Some(FINISHED)) => "Finished",
        (_, Some(CERTIFICATE_STATUS)) => "CertificateStatus",
        (_, Some(KEY_UPDATE)) => "KeyUpdate",
        (_, Some(COMPRESSED_CERTIFICATE)) => "CompressedCertificate",
        _ => "unknown",
    }
}

/// Where the message is defined.
pub(crate) fn citation(message: &Message, tls13: bool) -> Option<Citation> {
    let (source, section): Cited = match (message.content_type, message.handshake_type(), tls13) {
        (CHANGE_CIPHER_SPEC, _, true) => ("RFC 9846", "5"),
        (CHANGE_CIPHER_SPEC, _, false) => ("RFC 5246", "7.1"),
        (ALERT, _, true) => ("RFC 9846", "6"),
        (ALERT, _, false) => ("RFC 5246", "7.2"),
        (_, Some(HELLO_REQUEST), _) => ("RFC 5246", "7.4.1.1"),
        (_, Some(CLIENT_HELLO), true) => ("RFC 9846", "4.2.2"),
        (_, Some(CLIENT_HELLO), false) => ("RFC 5246", "7.4.1.2"),
        (_, Some(SERVER_HELLO), _) if hello::is_retry(&message.bytes) => ("RFC 9846", "4.2.4"),
        (_, Some(SERVER_HELLO), true) => ("RFC 9846", "4.2.3"),
        (_, Some(SERVER_HELLO), false) => ("RFC 5246", "7.4.1.3"),
        (_, Some(NEW_SESSION_TICKET), true) => ("RFC 9846", "4.7.1"),
        (_, Some(NEW_SESSION_TICKET), false) => ("RFC 5077", "3.3"),
        (_, Some(END_OF_EARLY_DATA), _) => ("RFC 9846", "4.6"),
        (_, Some(ENCRYPTED_EXTENSIONS), _) => ("RFC 9846", "4.4.1"),
        (_, Some(CERTIFICATE), true) => ("RFC 9846", "4.5.1"),
        (_, Some(CERTIFICATE), false) => ("RFC 5246", "7.4.2"),
        (_, Some(SERVER_KEY_EXCHANGE), _) => ("RFC 8422", "5.4"),
        (_, Some(CERTIFICATE_REQUEST), true) => ("RFC 9846", "4.4.2"),
        (_, Some(CERTIFICATE_REQUEST), false) => ("RFC 5246", "7.4.4"),
        (_, Some(SERVER_HELLO_DONE), _) => ("RFC 5246", "7.4.5"),
        (_, Some(CERTIFICATE_VERIFY), true) => ("RFC 9846", "4.5.2"),
        (_, Some(CERTIFICATE_VERIFY), false) => ("RFC 5246", "7.4.8"),
        (_, Some(CLIENT_KEY_EXCHANGE), _) => ("RFC 8422", "5.7"),
        (_, Some(FINISHED), true) => ("RFC 9846", "4.5.3"),
        (_, Some(FINISHED), false) => ("RFC 5246", "7.4.9"),
        (_, Some(CERTIFICATE_STATUS), _) => ("RFC 6066", "8"),
        (_, Some(KEY_UPDATE), _) => ("RFC 9846", "4.7.3"),
        (_, Some(COMPRESSED_CERTIFICATE), _) => ("RFC 8879", "4"),
        _ => return None,
    };
    Some(Citation::new(source, section))
}

/// The decoded fields of a message. `finished`: its `verify_data` as computed here, where it is a Finished.
pub(crate) fn fields(message: &Message, tls13: bool, finished: Option<&[u8]>) -> Vec<MessageField> {
    let mut fields = Fields::new(&message.bytes);
    match message.content_type {
        CHANGE_CIPHER_SPEC => alert::change_cipher_spec(&mut fields, tls13),
        ALERT => alert::alert(&mut fields),
        _ => {
            handshake(&mut fields, message, tls13, finished);
        }
    }
    fields.finish()
}

fn handshake(fields: &mut Fields<'_>, message: &Message, tls13: bool, finished: Option<&[u8]>) -> Option<()> {
    let kind = fields.number("msg_type", 1, |kind| format!("{kind}, {}", registry_name(kind)))?;
    fields.number("length", 3, |length| length.to_string())?;
    match u8::try_from(kind).unwrap_or(u8::MAX) {
        CLIENT_HELLO => hello::client(fields),
        SERVER_HELLO => hello::server(fields, hello::is_retry(&message.bytes)),
        ENCRYPTED_EXTENSIONS => extension::extensions(fields, extension::Within::EncryptedExtensions),
        CERTIFICATE => authentication::certificate(fields, tls13),
        COMPRESSED_CERTIFICATE => authentication::compressed_certificate(fields),
        CERTIFICATE_REQUEST => authentication::certificate_request(fields, tls13),
        CERTIFICATE_VERIFY => authentication::certificate_verify(fields, message.from, tls13),
        CERTIFICATE_STATUS => authentication::certificate_status(fields),
        SERVER_KEY_EXCHANGE => key_exchange::server(fields),
        CLIENT_KEY_EXCHANGE => key_exchange::client(fields),
        FINISHED => authentication::finished(fields, finished),
        NEW_SESSION_TICKET => post_handshake::new_session_ticket(fields, tls13),
        KEY_UPDATE => post_handshake::key_update(fields),
        _ => Some(()),
    }
}

/// The registry's spelling of a handshake type.
fn registry_name(kind: u64) -> &'static str {
    match u8::try_from(kind).unwrap_or(u8::MAX) {
        HELLO_REQUEST => "hello_request",
        CLIENT_HELLO => "client_hello",
        SERVER_HELLO => "server_hello",
        NEW_SESSION_TICKET => "new_session_ticket",
        END_OF_EARLY_DATA => "end_of_early_data",
        ENCRYPTED_EXTENSIONS => "encrypted_extensions",
        CERTIFICATE => "certificate",
        SERVER_KEY_EXCHANGE => "server_key_exchange",
        CERTIFICATE_REQUEST => "certificate_request",
        SERVER_HELLO_DONE => "server_hello_done",
        CERTIFICATE_VERIFY => "certificate_verify",
        CLIENT_KEY_EXCHANGE => "client_key_exchange",
        FINISHED => "finished",
        CERTIFICATE_STATUS => "certificate_status",
        KEY_UPDATE => "key_update",
        COMPRESSED_CERTIFICATE => "compressed_certificate",
        _ => "unknown",
    }
}
