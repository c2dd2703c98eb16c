//! How each case's chain is made: one function a case, by its id.

mod authorities;
mod leaves;
mod paths;
mod staples;
mod structure;
mod weak;

use super::mint::{Chain, Mint};
use crate::Error;

/// Makes a case's chain.
pub(super) type Build = fn(&Mint<'_>) -> Result<Chain, Error>;

/// The case's way of making its chain; `None`: it presents none.
pub(super) fn build(id: &str) -> Option<Build> {
    TABLES.iter().flat_map(|table| table.iter()).find(|(known, _)| *known == id).map(|(_, build)| *build)
}

/// Every id with a chain.
#[cfg(test)]
pub(super) fn ids() -> Vec<&'static str> {
    TABLES.iter().flat_map(|table| table.iter()).map(|(id, _)| *id).collect()
}

type Table = &'static [(&'static str, Build)];

const TABLES: [Table; 7] =
    [leaves::TABLE, paths::TABLE, authorities::TABLE, structure::TABLE, weak::TABLE, staples::TABLE, PLAIN];

/// A good chain; what is broken is elsewhere.
const PLAIN: Table = &[
    ("good", good),
    ("pinned-mismatch", good),
    ("tls12-only", good),
    ("tls13-only", good),
    ("pq-only", good),
    ("hrr", good),
    ("no-alpn-overlap", good),
    ("early-data-refused", good),
    ("no-resumption", good),
    ("key-update", good),
    ("brotli-cert", good),
    ("brotli-bomb", good),
    ("mtls-required-13", good),
    ("mtls-required-12", good),
    ("mtls-optional", good),
    ("mtls-other-ca", good),
    ("mtls-expired-client", good),
    ("one-byte-records", good),
    ("tls11", rsa),
    ("tls10", rsa),
    ("ssl3", rsa),
    ("ssl2", rsa),
    ("cbc-static-rsa", rsa),
    ("rc4", rsa),
    ("3des", rsa),
    ("null", rsa),
    ("export", rsa),
    ("dh-512", rsa),
    ("dh-1024", rsa),
    ("downgrade-sentinel", rsa),
    ("unrecognized-name", elsewhere),
    ("close-mid-certificate", rsa),
    ("slow-drip", rsa),
];

fn good(mint: &Mint<'_>) -> Result<Chain, Error> {
    mint.chain(&mint.leaf(mint.host)?)
}

/// For suites that were made for RSA.
fn rsa(mint: &Mint<'_>) -> Result<Chain, Error> {
    mint.chain(&mint.changed(weak::rsa_2048)?)
}

/// RSA, for another name.
fn elsewhere(mint: &Mint<'_>) -> Result<Chain, Error> {
    let mut leaf = mint.leaf("elsewhere.zoo.test")?;
    weak::rsa_2048(&mut leaf);
    mint.chain(&leaf)
}
