//! The handshake of one connection, by the names of RFC 9846 and the IANA registries.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Citation, Timestamp};

/// How the handshake went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum HandshakeKind {
    /// Certificates were exchanged.
    Full,
    /// Full, after a HelloRetryRequest.
    FullWithHelloRetry,
    /// Resumed from an earlier one; the server was verified then.
    Resumed,
}

/// Which end sent a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct HandshakeMessage {
    /// Microseconds since the ClientHello.
    pub at_us: u64,
    /// `client` or `server`.
    pub from: String,
    /// `ClientHello`.
    pub name: String,
    /// `handshake`, `change_cipher_spec`, `alert`.
    pub content_type: String,
    /// Bytes.
    pub length: u64,
    /// `none`, `handshake`, `application`, `early`.
    pub protection: String,
    /// The record of its direction in which it begins, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<u64>,
    /// How many records carried it, where more than one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<u64>,
    /// The message in hex, where kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<String>,
    /// Decoded fields, parents before their children. Those without children cover every byte exactly once.
    #[serde(default)]
    pub fields: Vec<MessageField>,
    /// Where the message is defined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub citation: Option<Citation>,
}

/// One decoded field of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct MessageField {
    /// Name in the specification.
    pub name: Cow<'static, str>,
    /// Offset in the message, bytes.
    pub offset: u64,
    /// Length, bytes.
    pub length: u64,
    /// How deep it is nested: 0 for a field of the message itself.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub depth: u8,
    /// The value as people read it; empty where it only groups others.
    pub value: String,
    /// What it means here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meaning: Option<String>,
    /// Where it is defined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub citation: Option<Citation>,
}

fn is_zero(depth: &u8) -> bool {
    *depth == 0
}

/// One secret of the key schedule, by name only. Its value is in the memory of the process that made the
/// connection, and leaves it on an explicit wish only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct KeyScheduleEntry {
    /// `shared_secret`, `handshake_secret`, `client_application_write_key`; TLS 1.2: `pre_master_secret`,
    /// `master_secret`, `client_write_key`.
    pub name: String,
    /// Bytes.
    pub length: u64,
    /// What it is made of: `HKDF-Extract(Derive-Secret(early_secret, "derived"), shared_secret)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub derivation: Option<String>,
    /// Where it is derived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub citation: Option<Citation>,
}

/// One cross-check between two independent sources.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct Check {
    /// `messages`, `transcript`, `finished`, `secrets`, `certificates`, `parameters`.
    pub name: String,
    /// Whether both agree.
    pub ok: bool,
    /// What was claimed, in words: `Both Finished messages`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<String>,
    /// What it was compared with, and the difference where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared: Option<String>,
    /// Where the claim is defined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub citation: Option<Citation>,
}

/// The client certificate's part of the handshake.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct CertificateUse {
    /// Whether one was sent.
    pub sent: bool,
    /// Its subject, when sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Its issuer, when sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The credential it comes from, when one was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// Why this one, or why none: one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The connection whose full handshake verified the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct VerifiedOn {
    /// Its id.
    pub connection: String,
    /// When.
    pub at: Timestamp,
}

/// What was negotiated and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct Handshake {
    /// `TLSv1.3`, `TLSv1.2`; absent when the handshake failed before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol_version: Option<String>,
    /// IANA name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cipher_suite: Option<String>,
    /// IANA name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named_group: Option<String>,
    /// IANA name of the scheme the server signed the handshake with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature_scheme: Option<String>,
    /// `h2`, `http/1.1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpn_protocol: Option<String>,
    /// Full or resumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<HandshakeKind>,
    /// The name asked for in server name indication.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// Whether the server sent a CertificateRequest.
    pub client_certificate_requested: bool,
    /// What was answered to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_certificate: Option<CertificateUse>,
    /// Distinguished names the server accepts as issuers of a client certificate.
    #[serde(default)]
    pub acceptable_issuers: Vec<String>,
    /// Whether early data was accepted.
    pub early_data: bool,
    /// Whether a stapled OCSP response came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ocsp_response: Option<bool>,
    /// For a resumed handshake: where the server was verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_on: Option<VerifiedOn>,
    /// Every message in wire order.
    #[serde(default)]
    pub messages: Vec<HandshakeMessage>,
    /// The names of the key schedule.
    #[serde(default)]
    pub key_schedule: Vec<KeyScheduleEntry>,
    /// Cross-checks.
    #[serde(default)]
    pub checks: Vec<Check>,
}
