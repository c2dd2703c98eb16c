//! Certificates that no library writes: made whole, then damaged, and where the damage is to be covered by it, signed again.

use rcgen::CustomExtension;

use super::super::authority::{Ca, fields};
use super::super::der::{self, Element};
use super::super::mint::{Chain, Mint};
use super::Table;
use crate::Error;

/// `keyUsage`.
const KEY_USAGE: [u64; 4] = [2, 5, 29, 15];
/// Below IANA's private enterprise numbers, which nobody assigned.
const UNKNOWN: [u64; 8] = [1, 3, 6, 1, 4, 1, 99_999, 1];
const ECDSA_WITH_SHA384: [u64; 7] = [1, 2, 840, 10045, 4, 3, 3];

pub(super) const TABLE: Table = &[
    ("critical-unknown", |mint| {
        mint.chain(&mint.changed(|leaf| {
            let mut extension = CustomExtension::from_oid_content(&UNKNOWN, der::element(0x05, &[]));
            extension.set_criticality(true);
            leaf.params.custom_extensions.push(extension);
        })?)
    }),
    ("duplicate-extension", |mint| {
        mint.chain(&mint.changed(|leaf| {
            // digitalSignature, once more
            let content = der::element(der::BIT_STRING, &[7, 0x80]);
            let mut extension = CustomExtension::from_oid_content(&KEY_USAGE, content);
            extension.set_criticality(true);
            leaf.params.custom_extensions.push(extension);
        })?)
    }),
    ("v1", |mint| {
        resigned(mint, |fields| {
            // version and extensions are what version 1 does not have
            let kept = fields.iter().filter(|field| ![der::context(0), der::context(3)].contains(&field.tag));
            kept.map(|field| field.whole.to_vec()).collect()
        })
    }),
    ("serial-zero", |mint| with_serial(mint, &[0])),
    ("serial-negative", |mint| with_serial(mint, &[0x9d, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15])),
    ("serial-long", |mint| with_serial(mint, &[0x4d; 24])),
    ("sigalg-mismatch", |mint| {
        mint.damaged(&mint.leaf(mint.host)?, |certificate, _| {
            let parts = der::within(certificate)?;
            let other = der::sequence(&[&der::oid(&ECDSA_WITH_SHA384)]);
            Some(Ok(der::sequence(&[parts.first()?.whole, &other, parts.get(2)?.whole])))
        })
    }),
    ("trailing-bytes", |mint| {
        mint.damaged(&mint.leaf(mint.host)?, |certificate, _| Some(Ok([certificate, b"\r\n\r\n"].concat())))
    }),
    ("tampered-signature", |mint| {
        mint.damaged(&mint.leaf(mint.host)?, |certificate, _| {
            let mut changed = certificate.to_vec();
            *changed.last_mut()? ^= 1;
            Some(Ok(changed))
        })
    }),
    ("tampered-san", |mint| {
        // signed for a name of the same length, then overwritten
        let honest = format!("x{}", mint.host.get(1..).unwrap_or_default());
        mint.damaged(&mint.leaf(&honest)?, |certificate, _| {
            Some(Ok(replaced(certificate, honest.as_bytes(), mint.host.as_bytes())))
        })
    }),
];

fn with_serial(mint: &Mint<'_>, octets: &[u8]) -> Result<Chain, Error> {
    resigned(mint, |fields| {
        let mut changed: Vec<Vec<u8>> = fields.iter().map(|field| field.whole.to_vec()).collect();
        changed[1] = der::element(der::INTEGER, octets);
        changed
    })
}

/// A good certificate with other fields, signed by the shared intermediate.
fn resigned(mint: &Mint<'_>, change: impl FnOnce(&[Element<'_>]) -> Vec<Vec<u8>>) -> Result<Chain, Error> {
    mint.damaged(&mint.leaf(mint.host)?, |certificate, ca| {
        let changed = der::element(der::SEQUENCE, &change(&fields(certificate)?).concat());
        let algorithm = der::within(certificate)?.get(1)?.whole;
        Some(signed(&changed, algorithm, ca))
    })
}

fn signed(fields: &[u8], algorithm: &[u8], ca: &Ca) -> Result<Vec<u8>, Error> {
    Ok(der::sequence(&[fields, algorithm, &der::bit_string(&ca.signature(fields)?)]))
}

/// Every occurrence, of the same length.
fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for at in 0..out.len().saturating_sub(from.len()) {
        if out[at..].starts_with(from) {
            out[at..at + from.len()].copy_from_slice(to);
        }
    }
    out
}
