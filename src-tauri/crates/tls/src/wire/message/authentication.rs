//! Certificate, CertificateRequest, CertificateVerify, CertificateStatus, Finished (RFC 9846 §4.4.2, §4.5).

use rustls_pki_types::CertificateDer;

use super::super::field::{Fields, bytes_value};
use super::extension::{self, Within};
use crate::certificate::{Certificate, distinguished_name_from_der};
use crate::iana;
use crate::recorder::Sender;

pub(super) fn certificate(fields: &mut Fields<'_>, tls13: bool) -> Option<()> {
    if tls13 {
        request_context(fields)?;
    }
    let mut count = 0;
    let index = fields.vector("certificate_list", 3, |fields| {
        while fields.left() > 0 {
            if tls13 {
                entry(fields)?;
            } else {
                one(fields, "ASN.1Cert")?;
            }
            count += 1;
        }
        Some(())
    })?;
    fields.value(
        index,
        match count {
            0 => "empty".to_owned(),
            1 => "1 certificate".to_owned(),
            count => format!("{count} certificates"),
        },
    );
    if count == 0 {
        fields.meaning(index, "No certificate is sent.");
    }
    Some(())
}

fn request_context(fields: &mut Fields<'_>) -> Option<()> {
    let index = fields.vector("certificate_request_context", 1, |fields| {
        fields.rest("opaque", bytes_value);
        Some(())
    })?;
    if fields.last() == index {
        fields.value(index, "empty");
    }
    Some(())
}

/// CertificateEntry: a certificate and the extensions that belong to it.
fn entry(fields: &mut Fields<'_>) -> Option<()> {
    let bytes = fields.peek();
    let length = |at: usize, prefix: usize| -> Option<usize> {
        bytes.get(at..at + prefix).map(|b| b.iter().fold(0, |n, byte| n << 8 | usize::from(*byte)))
    };
    let certificate = 3 + length(0, 3)?;
    let whole = certificate + 2 + length(certificate, 2)?;
    let index = fields.group("CertificateEntry", whole.min(bytes.len()), |fields| {
        one(fields, "cert_data")?;
        extension::extensions(fields, Within::Certificate)
    })?;
    let der = bytes.get(3..certificate).unwrap_or_default();
    fields.value(index, subject(der));
    Some(())
}

fn one(fields: &mut Fields<'_>, name: &'static str) -> Option<()> {
    let der = fields.peek().get(3..).unwrap_or_default();
    let length = fields.peek().get(..3)?.iter().fold(0, |n, byte| n << 8 | usize::from(*byte));
    let der = der.get(..length)?;
    let parsed = Certificate::from_der(&CertificateDer::from(der));
    let index = fields.group(name, 3 + length, |fields| {
        fields.skip();
        Some(())
    })?;
    match parsed {
        Ok(certificate) => {
            let view = certificate.view();
            fields.value(index, view.subject.clone());
            fields.meaning(index, format!("An X.509 certificate of {length} bytes, issued by {}.", view.issuer));
        }
        Err(malformed) => {
            fields.value(index, bytes_value(der));
            fields.meaning(index, format!("{malformed}."));
        }
    }
    Some(())
}

fn subject(der: &[u8]) -> String {
    Certificate::from_der(&CertificateDer::from(der)).map(|own| own.view().subject.clone()).unwrap_or_default()
}

pub(super) fn compressed_certificate(fields: &mut Fields<'_>) -> Option<()> {
    fields.number("algorithm", 2, extension::compression)?;
    let whole = fields.number("uncompressed_length", 3, |length| length.to_string())?;
    let index = fields.vector("compressed_certificate_message", 3, |fields| {
        fields.rest("opaque", bytes_value);
        Some(())
    })?;
    let packed = fields.peek_length(index).saturating_sub(3);
    if let Some(percent) = (packed as u64 * 100).checked_div(whole) {
        fields.meaning(index, format!("{packed} bytes instead of {whole}: {percent} % of them."));
    }
    Some(())
}

pub(super) fn certificate_request(fields: &mut Fields<'_>, tls13: bool) -> Option<()> {
    if tls13 {
        request_context(fields)?;
        return extension::extensions(fields, Within::CertificateRequest);
    }
    fields.vector("certificate_types", 1, |fields| {
        while fields.left() > 0 {
            fields.number("ClientCertificateType", 1, |kind| match kind {
                1 => "1, rsa_sign".to_owned(),
                2 => "2, dss_sign".to_owned(),
                64 => "64, ecdsa_sign".to_owned(),
                other => other.to_string(),
            })?;
        }
        Some(())
    })?;
    schemes(fields, "supported_signature_algorithms")?;
    authorities(fields)
}

/// A list of signature schemes with its length in front.
pub(super) fn schemes(fields: &mut Fields<'_>, name: &'static str) -> Option<()> {
    let mut count = 0;
    let index = fields.vector(name, 2, |fields| {
        while fields.left() > 0 {
            fields.number("SignatureScheme", 2, scheme)?;
            count += 1;
        }
        Some(())
    })?;
    fields.value(index, format!("{count} of them"));
    Some(())
}

/// The distinguished names of the CAs a peer accepts.
pub(super) fn authorities(fields: &mut Fields<'_>) -> Option<()> {
    let mut count = 0;
    let index = fields.vector("certificate_authorities", 2, |fields| {
        while fields.left() > 0 {
            let der = fields.peek().get(2..).unwrap_or_default();
            let length = fields.peek().get(..2)?.iter().fold(0, |n, byte| n << 8 | usize::from(*byte));
            let name = distinguished_name_from_der(der.get(..length)?);
            let index = fields.group("DistinguishedName", 2 + length, |fields| {
                fields.skip();
                Some(())
            })?;
            fields.value(index, name);
            count += 1;
        }
        Some(())
    })?;
    fields.value(index, if count == 0 { "any".to_owned() } else { format!("{count} of them") });
    fields.meaning(index, "Issuers whose client certificates the server accepts.");
    Some(())
}

pub(super) fn certificate_verify(fields: &mut Fields<'_>, from: Sender, tls13: bool) -> Option<()> {
    fields.number("algorithm", 2, scheme)?;
    let index = fields.vector("signature", 2, |fields| {
        fields.rest("opaque", bytes_value);
        Some(())
    })?;
    let (own, what) = match (from, tls13) {
        (Sender::Server, _) => {
            ("server", "64 spaces, \"TLS 1.3, server CertificateVerify\", a zero, the transcript hash")
        }
        (Sender::Client, true) => {
            ("client", "64 spaces, \"TLS 1.3, client CertificateVerify\", a zero, the transcript hash")
        }
        (Sender::Client, false) => ("client", "all messages so far"),
    };
    fields.meaning(
        index,
        format!("Over {what}, by the key in the {own}'s certificate: it proves that the {own} holds that key."),
    );
    Some(())
}

pub(super) fn certificate_status(fields: &mut Fields<'_>) -> Option<()> {
    fields.number("status_type", 1, |kind| if kind == 1 { "1, ocsp".to_owned() } else { kind.to_string() })?;
    let index = fields.vector("response", 3, |fields| {
        fields.rest("OCSPResponse", bytes_value);
        Some(())
    })?;
    fields.meaning(index, "A statement of the CA about the certificate, stapled by the server.");
    Some(())
}

pub(super) fn finished(fields: &mut Fields<'_>, computed: Option<&[u8]>) -> Option<()> {
    let length = fields.left();
    let received = fields.take("verify_data", length, bytes_value)?;
    let index = fields.last();
    fields.meaning(index, match computed {
        Some(own) if own == received => {
            "Equal to the value computed here from the secrets and every message before it: nothing was altered on the way."
                .to_owned()
        }
        Some(own) => format!("Differs from the value computed here: {}.", bytes_value(own)),
        None => "The secret to compute it with is not known here.".to_owned(),
    });
    Some(())
}

/// `0x0403, ecdsa_secp256r1_sha256`.
pub(super) fn scheme(number: u64) -> String {
    let number = u16::try_from(number).unwrap_or_default();
    if extension::is_grease(number) {
        return format!("0x{number:04x}, GREASE");
    }
    iana::signature_scheme(number.into())
}
