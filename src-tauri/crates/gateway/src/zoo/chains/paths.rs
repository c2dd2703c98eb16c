//! The way from the server's certificate to a root: cut, turned, walked in circles, ending in the wrong place.

use rcgen::{BasicConstraints, CertificateParams, IsCa};
use time::{Duration, OffsetDateTime};

use super::super::authority::{Ca, KeyKind, ca_params, intermediate, made};
use super::super::mint::{Chain, Mint};
use super::Table;
use crate::Error;

pub(super) const TABLE: Table = &[
    ("self-signed", self_signed),
    ("untrusted-root", untrusted_root),
    ("missing-intermediate", |mint| alone(mint, true)),
    ("missing-no-aia", |mint| alone(mint, false)),
    ("reversed", reversed),
    ("extra-root", |mint| Ok(mint.chain(&mint.leaf(mint.host)?)?.and(&mint.authorities.root.der))),
    ("unrelated-extra", unrelated_extra),
    ("cross-expired", cross_expired),
    ("impostor", impostor),
    ("loop", circle),
    ("deep-9", |mint| deep(mint, 7)),
    ("expired-intermediate", |mint| ending(mint, Duration::days(-12))),
    ("outlives-issuer", |mint| ending(mint, Duration::days(20))),
];

fn self_signed(mint: &Mint<'_>) -> Result<Chain, Error> {
    let leaf = mint.leaf(mint.host)?;
    let key = leaf.key.make()?;
    let certificate = leaf.params.self_signed(key.as_ref()).map_err(made("self-signed certificate"))?;
    Ok(Chain { sent: vec![certificate.der().clone()], key: Some(key), ocsp: None, issuing: None })
}

fn untrusted_root(mint: &Mint<'_>) -> Result<Chain, Error> {
    let root = Ca::root("untrusted", "Unknown zoo root", mint.now)?;
    let issuing = root.below(mint.case, middle(mint, "Unknown zoo issuing", mint.now))?;
    mint.under(&mint.leaf(mint.host)?, &issuing, &[])
}

/// Without its intermediate.
fn alone(mint: &Mint<'_>, says_issuer: bool) -> Result<Chain, Error> {
    let mut chain = mint.chain(&mint.changed(|leaf| leaf.says_issuer = says_issuer)?)?;
    chain.sent.truncate(1);
    Ok(chain)
}

fn reversed(mint: &Mint<'_>) -> Result<Chain, Error> {
    let upper = mint.authorities.own(mint.case, "Countersign zoo upper", mint.now, |_| {})?;
    let lower = upper.below(mint.case, middle(mint, "Countersign zoo lower", mint.now))?;
    let mut chain = mint.under(&mint.leaf(mint.host)?, &lower, &[&upper])?;
    chain.sent.swap(1, 2);
    Ok(chain)
}

fn unrelated_extra(mint: &Mint<'_>) -> Result<Chain, Error> {
    let other = Ca::root("unrelated", "Left-over root", mint.now)?;
    let issuing = other.below("unrelated", middle(mint, "Left-over issuing", mint.now))?;
    Ok(mint.chain(&mint.leaf(mint.host)?)?.and(&issuing.der))
}

/// One key, two certificates: under an old root, over, and under the root in use.
fn cross_expired(mint: &Mint<'_>) -> Result<Chain, Error> {
    let old = Ca::root("old", "Countersign zoo old root", mint.now - Duration::days(3000))?;
    let key = KeyKind::P256.make()?;
    let name = "Countersign zoo cross-signed";
    let mut expired = middle(mint, name, mint.now - Duration::days(1107));
    expired.not_after = mint.now - Duration::days(12);
    let expired = old.below_with(mint.case, expired, key.clone())?;
    let good = mint.authorities.root.below_with(mint.case, middle(mint, name, mint.now), key)?;
    let mut chain = mint.under(&mint.leaf(mint.host)?, &good, &[])?;
    chain.sent.insert(1, expired.der);
    Ok(chain)
}

/// What is sent has the issuer's name and another key.
fn impostor(mint: &Mint<'_>) -> Result<Chain, Error> {
    let name = "Countersign zoo twin";
    let real = mint.authorities.own(mint.case, name, mint.now, |_| {})?;
    let other = mint.authorities.own(mint.case, name, mint.now, |_| {})?;
    let mut chain = mint.under(&mint.leaf(mint.host)?, &real, &[])?;
    chain.sent.truncate(1);
    Ok(chain.and(&other.der))
}

/// A signed by B, B signed by A.
fn circle(mint: &Mint<'_>) -> Result<Chain, Error> {
    let (a, b) = ("Countersign zoo circle A", "Countersign zoo circle B");
    let (key_a, key_b) = (KeyKind::P256.make()?, KeyKind::P256.make()?);
    let self_a = ca_params(a, mint.now, 1095);
    let seed = self_a.self_signed(key_a.as_ref()).map_err(made("zoo circle"))?.der().clone();
    let first = Ca::new(mint.case, seed, self_a, key_a.clone());
    let b = first.below_with(mint.case, middle(mint, b, mint.now), key_b)?;
    let a = b.below_with(mint.case, middle(mint, a, mint.now), key_a)?;
    mint.under(&mint.leaf(mint.host)?, &a, &[&b])
}

/// So many CAs between the server and the root.
fn deep(mint: &Mint<'_>, count: u8) -> Result<Chain, Error> {
    let mut authorities = vec![mint.authorities.root.clone()];
    for number in 1..=count {
        let params = middle(mint, &format!("Countersign zoo level {number}"), mint.now);
        if let Some(above) = authorities.last() {
            authorities.push(above.below(mint.case, params)?);
        }
    }
    let Some((issuing, above)) = authorities[1..].split_last() else { return super::good(mint) };
    let above: Vec<&Ca> = above.iter().rev().collect();
    mint.under(&mint.leaf(mint.host)?, issuing, &above)
}

/// The intermediate ends so long from now.
fn ending(mint: &Mint<'_>, end: Duration) -> Result<Chain, Error> {
    let own = mint.authorities.own(mint.case, "Countersign zoo ending", mint.now, |params| {
        params.not_before = mint.now - Duration::days(1095);
        params.not_after = mint.now + end;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    })?;
    mint.under(&mint.leaf(mint.host)?, &own, &[])
}

fn middle(mint: &Mint<'_>, name: &str, now: OffsetDateTime) -> CertificateParams {
    let mut params = ca_params(name, now, 1095);
    intermediate(&mut params, &mint.authorities.base);
    params
}
