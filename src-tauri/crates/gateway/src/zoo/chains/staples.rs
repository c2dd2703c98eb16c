//! Revocation: what the CA's list says, what the server staples, what it promised to staple.

use rcgen::SerialNumber;
use time::Duration;

use super::super::authority::unreadable;
use super::super::mint::{Chain, Mint};
use super::super::ocsp::{self, Answer};
use super::{Table, good};
use crate::Error;

pub(super) const TABLE: Table = &[
    ("revoked-crl", |mint| {
        let serial = SerialNumber::from_slice(&mint.authorities.revoked);
        mint.chain(&mint.changed(|leaf| leaf.params.serial_number = Some(serial))?)
    }),
    ("must-staple-none", |mint| {
        mint.chain(&mint.changed(|leaf| leaf.params.custom_extensions.push(super::super::extension::must_staple()))?)
    }),
    ("revoked-ocsp-staple", |mint| {
        stapled(mint, |answer| {
            answer.revoked = Some(mint.now - Duration::days(1));
        })
    }),
    ("staple-stale", |mint| {
        stapled(mint, |answer| {
            answer.this_update = mint.now - Duration::days(10);
            answer.next_update = mint.now - Duration::days(3);
        })
    }),
    ("staple-wrong-serial", |mint| stapled(mint, |answer| answer.serial = &[0x4e, 0x0b, 0x0d, 0x1e])),
    ("staple-unauthorised", unauthorised),
];

fn stapled(mint: &Mint<'_>, change: impl for<'a> FnOnce(&mut Answer<'a>)) -> Result<Chain, Error> {
    let chain = good(mint)?;
    let mut answer = about(mint, &chain).ok_or_else(|| unreadable("OCSP response"))?;
    change(&mut answer);
    let response = answer.by_issuer()?;
    Ok(chain.stapled(response))
}

/// Signed by another server of the same CA.
fn unauthorised(mint: &Mint<'_>) -> Result<Chain, Error> {
    let chain = good(mint)?;
    let (other, key) = mint.signed(&mint.leaf("another-server.zoo.test")?, &mint.authorities.issuing)?;
    let answer = about(mint, &chain).ok_or_else(|| unreadable("OCSP response"))?;
    let response = answer.by_other(&other, &key)?;
    Ok(chain.stapled(response))
}

fn about<'a>(mint: &'a Mint<'_>, chain: &'a Chain) -> Option<Answer<'a>> {
    Some(Answer {
        issuer: &mint.authorities.issuing,
        serial: ocsp::serial(chain.sent.first()?)?,
        revoked: None,
        this_update: mint.now - Duration::HOUR,
        next_update: mint.now + Duration::days(7),
    })
}
