use rcgen::{BasicConstraints, CustomExtension, KeyPair};
use rustls_pki_types::CertificateDer;

use crate::explain::Supplement;
use crate::fixture::ocsp::{Said, responder, response};
use crate::fixture::{Ca, DAY, Made, ca_params, ids, leaf_params};

const CURRENT: Said = Said { this_update: 0, next_update: 7 * DAY, revoked: None };

/// A chain whose issuing CA can sign responses.
struct Stapled {
    made: Made,
    issuing: Ca,
}

impl Stapled {
    fn new() -> Self {
        let root = Ca::root("Made root");
        let issuing = root.below(ca_params("Made issuing", 1_000, BasicConstraints::Unconstrained));
        let key = KeyPair::generate().unwrap();
        let mut leaf = leaf_params();
        let must_staple = vec![0x30, 3, 2, 1, 5];
        leaf.custom_extensions.push(CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 24], must_staple));
        let leaf = leaf.signed_by(&key, &issuing.issuer).unwrap().der().clone();
        let made = Made { sent: vec![leaf, issuing.der()], root: root.der(), ..Made::good() };
        Self { made, issuing }
    }

    fn ids(&self, response: &[u8], at: i64) -> Vec<String> {
        let supplement = Supplement { ocsp_response: Some(response), ..Supplement::default() };
        ids(&self.made.supplemented(&self.made.trust(), at, supplement))
    }

    /// From the CA itself.
    fn response(&self, said: &Said) -> Vec<u8> {
        response(&self.made.sent[0], &self.issuing.der(), self.issuing.issuer.key(), None, said)
    }

    fn delegated(&self, allowed: bool) -> Vec<u8> {
        let (key, certificate) = responder(&self.issuing, allowed);
        response(&self.made.sent[0], &self.issuing.der(), &key, Some(&certificate), &CURRENT)
    }
}

#[test]
fn a_current_response_is_as_it_should_be() {
    let chain = Stapled::new();
    assert_eq!(chain.ids(&chain.response(&CURRENT), DAY), [""; 0], "from the CA itself");
    assert_eq!(chain.ids(&chain.delegated(true), DAY), [""; 0], "from a responder with OCSPSigning");
}

#[test]
fn a_staple_that_has_to_be_there_and_is_not_is_noted() {
    assert_eq!(Stapled::new().ids(&[], DAY), ["revocation.staple_missing"], "must-staple");
}

#[test]
fn a_response_out_of_date_is_noted() {
    let chain = Stapled::new();
    assert_eq!(chain.ids(&chain.response(&CURRENT), 8 * DAY), ["revocation.staple_stale"], "expired a day ago");
}

#[test]
fn a_response_about_another_certificate_is_noted() {
    let chain = Stapled::new();
    let other =
        response(&Stapled::new().made.sent[0], &chain.issuing.der(), chain.issuing.issuer.key(), None, &CURRENT);
    assert_eq!(chain.ids(&other, DAY), ["revocation.staple_mismatch"], "another serial number");
}

#[test]
fn a_response_by_somebody_else_is_noted() {
    let chain = Stapled::new();
    assert_eq!(chain.ids(&chain.delegated(false), DAY), ["revocation.responder"], "no OCSPSigning");
    let stranger = KeyPair::generate().unwrap();
    let forged = response(&chain.made.sent[0], &chain.issuing.der(), &stranger, None, &CURRENT);
    assert_eq!(chain.ids(&forged, DAY), ["revocation.responder"], "another key than the CA's");
}

#[test]
fn a_revoked_certificate_is_told_first() {
    let chain = Stapled::new();
    let revoked = Said { revoked: Some(3_600), ..CURRENT };
    let supplement = Supplement { ocsp_response: Some(&chain.response(&revoked)), ..Supplement::default() };
    let seen = chain.made.supplemented(&chain.made.trust(), DAY, supplement);
    assert_eq!(ids(&seen), ["revocation.revoked"]);
    assert!(seen.findings[0].sentence.contains("reason keyCompromise, says the OCSP response"), "{seen:?}");
}

#[test]
fn a_response_cut_or_changed_anywhere_is_read_without_harm() {
    let chain = Stapled::new();
    let whole = chain.response(&CURRENT);
    let leaf = crate::Certificate::from_der(&CertificateDer::from(chain.made.sent[0].to_vec())).unwrap();
    let issuer = crate::Certificate::from_der(&chain.issuing.der()).unwrap();
    let at = countersign_evidence::Timestamp::from_system(crate::fixture::moment(DAY));
    for place in 0..whole.len() {
        let mut changed = whole.clone();
        changed[place] ^= 0x55;
        for response in [&whole[..place], &changed[..]] {
            let answer = crate::revocation::Staple::read(response).answer(&leaf, &issuer, at);
            let padding = !matches!(answer, crate::revocation::Answer::Good);
            assert!(padding || response.len() == whole.len(), "byte {place}: {answer:?}");
        }
    }
}
