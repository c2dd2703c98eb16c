//! CAs that do what they may not.

use rcgen::{
    BasicConstraints, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    KeyUsagePurpose, NameConstraints, SanType,
};

use super::super::authority::{Ca, ca_params, intermediate};
use super::super::mint::{Chain, Leaf, Mint};
use super::Table;
use crate::Error;

pub(super) const TABLE: Table = &[
    ("not-a-ca", not_a_ca),
    ("no-keycertsign", |mint| {
        let own = mint.authorities.own(mint.case, "Countersign zoo without keyCertSign", mint.now, |params| {
            params.key_usages = vec![KeyUsagePurpose::CrlSign];
        })?;
        mint.under(&mint.leaf(mint.host)?, &own, &[])
    }),
    ("ca-eku", |mint| {
        let own = mint.authorities.own(mint.case, "Countersign zoo for clients", mint.now, |params| {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        })?;
        mint.under(&mint.leaf(mint.host)?, &own, &[])
    }),
    ("pathlen", pathlen),
    ("nc-permitted", |mint| limited(mint, permitted(vec![name("corp.test")]), |_| {})),
    ("nc-excluded", |mint| {
        let excluded = vec![name(mint.host)];
        limited(mint, NameConstraints { permitted_subtrees: Vec::new(), excluded_subtrees: excluded }, |_| {})
    }),
    ("nc-ip", |mint| {
        let network = GeneralSubtree::IpAddress(CidrSubnet::V4([10, 0, 0, 0], [255, 0, 0, 0]));
        limited(mint, permitted(vec![name(mint.host), network]), |leaf| {
            leaf.params.subject_alt_names.push(SanType::IpAddress([127, 0, 0, 1].into()));
        })
    }),
    ("nc-dn", |mint| {
        let limits = vec![name(mint.host), GeneralSubtree::DirectoryName(organisation("Acme"))];
        limited(mint, permitted(limits), |leaf| {
            let mut subject = organisation("Someone else");
            subject.push(DnType::CommonName, mint.host);
            leaf.params.distinguished_name = subject;
        })
    }),
];

/// The issuer is a server's certificate.
fn not_a_ca(mint: &Mint<'_>) -> Result<Chain, Error> {
    let server = mint.leaf("another-server.zoo.test")?;
    // without a path length, so that this is the only thing wrong
    let above = mint.authorities.own(mint.case, "Countersign zoo above a server", mint.now, |_| {})?;
    let (certificate, key) = mint.signed(&server, &above)?;
    let issuing = Ca::new(mint.case, certificate, server.params, key);
    mint.under(&mint.leaf(mint.host)?, &issuing, &[&above])
}

fn pathlen(mint: &Mint<'_>) -> Result<Chain, Error> {
    let upper = mint.authorities.own(mint.case, "Countersign zoo pathlen 0", mint.now, |params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    })?;
    let mut params = ca_params("Countersign zoo one too many", mint.now, 1095);
    intermediate(&mut params, &mint.authorities.base);
    let lower = upper.below(mint.case, params)?;
    mint.under(&mint.leaf(mint.host)?, &lower, &[&upper])
}

fn limited(mint: &Mint<'_>, limits: NameConstraints, change: impl FnOnce(&mut Leaf)) -> Result<Chain, Error> {
    let own = mint.authorities.own(mint.case, "Countersign zoo limited", mint.now, |params| {
        params.name_constraints = Some(limits);
    })?;
    mint.under(&mint.changed(change)?, &own, &[])
}

fn permitted(permitted_subtrees: Vec<GeneralSubtree>) -> NameConstraints {
    NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() }
}

fn name(name: &str) -> GeneralSubtree {
    GeneralSubtree::DnsName(name.to_owned())
}

fn organisation(name: &str) -> DistinguishedName {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::OrganizationName, name);
    subject
}
