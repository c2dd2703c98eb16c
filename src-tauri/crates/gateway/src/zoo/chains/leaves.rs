//! Dates, names, usages, kinds of keys: the server's own certificate is another one, the chain is good.

use rcgen::{DnType, ExtendedKeyUsagePurpose, SanType};
use time::Duration;

use super::super::authority::KeyKind;
use super::super::mint::{Chain, LIFE, Leaf, Mint, dns};
use super::{Table, weak};
use crate::Error;

pub(super) const TABLE: Table = &[
    ("good-rsa", |mint| mint.chain(&mint.changed(weak::rsa_2048)?)),
    ("good-ed25519", |mint| of_kind(mint, KeyKind::Ed25519)),
    ("good-mldsa65", |mint| of_kind(mint, KeyKind::MlDsa65)),
    ("p521", |mint| of_kind(mint, KeyKind::P521)),
    ("rsa-8192", |mint| {
        mint.chain(&mint.changed(|leaf| {
            weak::rsa_2048(leaf);
            leaf.key = KeyKind::Rsa8192;
        })?)
    }),
    ("expired", |mint| valid(mint, -LIFE - Duration::days(12), LIFE)),
    ("not-yet-valid", |mint| valid(mint, Duration::days(10), LIFE)),
    ("expires-tomorrow", |mint| valid(mint, Duration::DAY - LIFE, LIFE)),
    ("days-825", |mint| valid(mint, -Duration::DAY, Duration::days(825))),
    ("days-300", |mint| valid(mint, -Duration::DAY, Duration::days(300))),
    ("wrong-host", |mint| mint.chain(&mint.leaf("payments.zoo.test")?)),
    ("captive-portal", |mint| mint.chain(&mint.leaf("portal.zoo.test")?)),
    ("corporate-proxy", corporate_proxy),
    ("wildcard-deep", wildcard_deep),
    ("wildcard-middle", wildcard_middle),
    ("cn-only", |mint| mint.chain(&mint.changed(|leaf| leaf.params.subject_alt_names.clear())?)),
    ("no-subject", |mint| mint.chain(&mint.changed(|leaf| leaf.params.distinguished_name = Default::default())?)),
    ("ip-as-dns", |mint| mint.chain(&mint.leaf("127.0.0.1")?)),
    ("underscore", underscore),
    ("idn", |mint| mint.chain(&mint.leaf(mint.host)?)),
    ("san-1000", |mint| many(mint, 1000)),
    ("san-10000", |mint| many(mint, 10_000)),
    ("huge-certificate", |mint| many(mint, 3000)),
    ("wrong-eku", |mint| used_for(mint, &[ExtendedKeyUsagePurpose::ClientAuth])),
    ("no-eku", |mint| used_for(mint, &[])),
    ("client-and-server-eku", |mint| {
        used_for(mint, &[ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth])
    }),
    ("ou", |mint| {
        mint.chain(&mint.changed(|leaf| {
            leaf.params.distinguished_name.push(DnType::OrganizationalUnitName, "Payments");
        })?)
    }),
];

fn of_kind(mint: &Mint<'_>, kind: KeyKind) -> Result<Chain, Error> {
    mint.chain(&mint.changed(|leaf| leaf.key = kind)?)
}

/// Valid from so long after now, for so long.
fn valid(mint: &Mint<'_>, from: Duration, life: Duration) -> Result<Chain, Error> {
    mint.chain(&mint.changed(|leaf| {
        leaf.params.not_before = mint.now + from;
        leaf.params.not_after = leaf.params.not_before + life - Duration::SECOND;
        // 3 beyond 180 days, as log policies want it
        leaf.timestamps = if life > Duration::days(180) { 3 } else { 2 };
    })?)
}

fn used_for(mint: &Mint<'_>, usages: &[ExtendedKeyUsagePurpose]) -> Result<Chain, Error> {
    mint.chain(&mint.changed(|leaf| leaf.params.extended_key_usages = usages.to_vec())?)
}

/// A proxy's CA makes one for each name that is asked for; the proxy's root is nobody's.
fn corporate_proxy(mint: &Mint<'_>) -> Result<Chain, Error> {
    let root = super::super::authority::Ca::root("corporate-proxy", "Acme Corporate Web Proxy", mint.now)?;
    mint.under(&mint.leaf(mint.host)?, &root, &[])
}

fn wildcard_deep(mint: &Mint<'_>) -> Result<Chain, Error> {
    let covered = mint.host.splitn(3, '.').last().unwrap_or(mint.host);
    named(mint, mint.leaf(covered)?, &[&format!("*.{covered}")])
}

fn wildcard_middle(mint: &Mint<'_>) -> Result<Chain, Error> {
    let name = mint.host.replace(".zoo.", ".*.");
    named(mint, mint.leaf(mint.host)?, &[&name])
}

fn underscore(mint: &Mint<'_>) -> Result<Chain, Error> {
    named(mint, mint.leaf(mint.host)?, &[mint.host, &format!("my_api.{}", mint.host)])
}

fn many(mint: &Mint<'_>, count: usize) -> Result<Chain, Error> {
    let mut leaf = mint.leaf(mint.host)?;
    for number in 1..count {
        leaf.params.subject_alt_names.push(dns(&format!("n{number}.{}", mint.host))?);
    }
    mint.chain(&leaf)
}

/// With these names; the common name is the first of them.
fn named(mint: &Mint<'_>, mut leaf: Leaf, names: &[&str]) -> Result<Chain, Error> {
    let names: Vec<SanType> = names.iter().map(|name| dns(name)).collect::<Result<_, _>>()?;
    if let Some(SanType::DnsName(name)) = names.first() {
        leaf.params.distinguished_name = super::super::authority::named(name.as_str());
    }
    leaf.params.subject_alt_names = names;
    mint.chain(&leaf)
}
