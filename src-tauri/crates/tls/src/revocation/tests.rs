use countersign_evidence::Timestamp;
use rcgen::{
    BasicConstraints, CertificateRevocationListParams, KeyIdMethod, KeyPair, KeyUsagePurpose, RevocationReason,
    RevokedCertParams, SerialNumber,
};
use time::OffsetDateTime;

use super::{Sources, Status};
use crate::Certificate;
use crate::fixture::{Ca, DAY, ca_params, leaf_params, moment};

/// A CRL of a week that lists one serial number.
fn crl(ca: &Ca, serial: &[u8]) -> Vec<u8> {
    let at = |offset| OffsetDateTime::from(moment(offset));
    let params = CertificateRevocationListParams {
        this_update: at(0),
        next_update: at(7 * DAY),
        crl_number: SerialNumber::from(1_u64),
        issuing_distribution_point: None,
        revoked_certs: vec![RevokedCertParams {
            serial_number: SerialNumber::from(serial.to_vec()),
            revocation_time: at(0),
            reason_code: Some(RevocationReason::KeyCompromise),
            invalidity_date: None,
        }],
        key_identifier_method: KeyIdMethod::Sha256,
    };
    params.signed_by(&ca.issuer).unwrap().der().to_vec()
}

fn leaf(ca: &Ca) -> Certificate {
    let key = KeyPair::generate().unwrap();
    Certificate::from_der(leaf_params().signed_by(&key, &ca.issuer).unwrap().der()).unwrap()
}

fn status(crls: &[Vec<u8>], leaf: &Certificate, ca: &Ca, at: i64) -> Status {
    let issuer = Certificate::from_der(&ca.der()).unwrap();
    Sources::new(crls, None).status(leaf, &issuer, true, Timestamp::from_system(moment(at)))
}

#[test]
fn a_listed_serial_number_is_revoked_with_its_reason() {
    let ca = Ca::root("Lists");
    let leaf = leaf(&ca);
    let Status::Revoked(revoked) = status(&[crl(&ca, leaf.serial())], &leaf, &ca, DAY) else { panic!("it is listed") };
    assert_eq!((revoked.reason, revoked.source), (Some("keyCompromise"), "the CRL"));
}

#[test]
fn a_number_that_is_not_listed_is_good_while_the_crl_is_current() {
    let ca = Ca::root("Lists");
    let leaf = leaf(&ca);
    let other = [crl(&ca, &[9, 9])];
    assert_eq!(status(&other, &leaf, &ca, DAY), Status::Good);
    for (at, word) in [(8 * DAY, "renewed"), (-DAY, "future")] {
        let Status::Unknown(why) = status(&other, &leaf, &ca, at) else { panic!("not current: {word}") };
        assert!(why.contains(word), "{why}");
    }
}

#[test]
fn a_crl_of_another_ca_says_nothing() {
    let (ca, stranger) = (Ca::root("Lists"), Ca::root("Stranger"));
    let leaf = leaf(&ca);
    assert_eq!(status(&[crl(&stranger, leaf.serial())], &leaf, &ca, DAY), Status::NotSaid);
    let impostor = Ca::root("Lists");
    let Status::Unknown(why) = status(&[crl(&impostor, leaf.serial())], &leaf, &ca, DAY) else {
        panic!("the same name, another key")
    };
    assert!(why.contains("signature"), "{why}");
}

#[test]
fn a_ca_without_crl_sign_does_not_count() {
    let mut params = ca_params("Lists", 900, BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let (silent, ca) = (Ca::root_with(params), Ca::root("Lists"));
    let issuer = Certificate::from_der(&silent.der()).unwrap();
    let leaf = leaf(&silent);
    let crls = [crl(&ca, leaf.serial())];
    let at = Timestamp::from_system(moment(DAY));
    assert!(matches!(Sources::new(&crls, None).status(&leaf, &issuer, true, at), Status::Unknown(_)));
}
