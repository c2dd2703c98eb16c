use countersign_evidence::{CertificateSource, Explained, VerdictState};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, Issuer, KeyPair,
    NameConstraints, SanType,
};
use rustls_pki_types::CertificateDer;

use super::{Case, Peer, Supplement, Usage, explain_case};
use crate::certificates_from_pem;
use crate::fixture::{Ca, DAY, Made, access, ca_params, cross_signed, dns, leaf_params, moment};

/// From files, with the trust of the chain itself.
fn asked<'a>(chain: &'a Made, change: impl FnOnce(&mut Case<'a>)) -> Explained {
    let mut case = Case {
        chain: &chain.sent,
        // lives as long as the test process, so that `change` may borrow what its caller has
        trust: Box::leak(Box::new(chain.trust())),
        peer: Peer::Host(&chain.host),
        usage: Usage::Server,
        at: moment(DAY),
        max_depth: None,
        strict: false,
        compare: true,
        supplement: Supplement::default(),
    };
    change(&mut case);
    explain_case(&case)
}

fn accepts(explained: &Explained, verifier: &str) -> bool {
    explained.acceptance.iter().find(|own| own.verifier == verifier).expect("it is listed").accepts
}

#[test]
fn a_good_chain_is_trusted_and_has_nothing_to_be_put_right() {
    let seen = asked(&Made::good(), |_| {});
    assert_eq!(seen.verdict.state, VerdictState::Trusted, "{:?}", seen.findings);
    assert_eq!(
        (seen.title.as_str(), seen.fix.as_str()),
        ("A path leads to CN=Made root, from workspace CA made-root.", "")
    );
    assert_eq!((seen.paths.len(), seen.pins.len(), seen.fullchain), (1, 3, None), "one path of three certificates");
    assert!(seen.acceptance.iter().take(3).all(|own| own.accepts), "console, OpenSSL and Go: {:?}", seen.acceptance);
}

#[test]
fn a_fetched_issuer_completes_the_chain_and_the_right_one_is_offered() {
    let mut chain =
        Made::with(|leaf| leaf.custom_extensions.push(access("http://ca.example.test/issuing.crt")), |_| {});
    let issuing = vec![chain.sent.remove(1)];
    let missing = asked(&chain, |_| {});
    assert_eq!(missing.verdict.reason, "path.missing_intermediate");
    assert!(missing.title.contains("Browsers fetch it from http://ca.example.test/issuing.crt"), "{}", missing.title);
    let fetched = asked(&chain, |case| case.supplement.fetched = &issuing);
    assert_eq!(fetched.verdict.state, VerdictState::Trusted, "{:?}", fetched.findings);
    assert_eq!(fetched.certificates[1].source, CertificateSource::Fetched);
    let offered = certificates_from_pem(fetched.fullchain.unwrap().as_bytes()).unwrap();
    assert_eq!(offered, [chain.sent[0].clone(), issuing[0].clone()], "leaf, then intermediate");
}

#[test]
fn of_two_paths_the_one_that_holds_is_taken_and_the_other_explained() {
    let chain = cross_signed(10);
    let seen = asked(&chain, |case| case.at = moment(20 * DAY));
    assert_eq!(seen.verdict.state, VerdictState::TrustedWithFindings, "the cross-sign is worth a note");
    assert_eq!(seen.paths[0].certificates, [0], "straight to the anchor");
}

#[test]
fn names_are_compared_without_regard_to_case_from_files() {
    let root = Ca::root("Made root");
    let issuing = root.below(ca_params("Made issuing", 900, BasicConstraints::Unconstrained));
    let shouted = ca_params("MADE  ISSUING", 900, BasicConstraints::Unconstrained);
    let key = KeyPair::from_pem(&issuing.issuer.key().serialize_pem()).unwrap();
    let leaf_key = KeyPair::generate().unwrap();
    let leaf = leaf_params().signed_by(&leaf_key, &Issuer::new(shouted, key)).unwrap();
    let chain = Made { sent: vec![leaf.der().clone(), issuing.der()], root: root.der(), ..Made::good() };
    let seen = asked(&chain, |_| {});
    assert_eq!(seen.verdict.state, VerdictState::Trusted, "RFC 5280 §7.1: {:?}", seen.findings);
    assert!(!accepts(&seen, "countersign"), "the verifier of connections compares bytes");
}

#[test]
fn a_certificate_for_clients_is_good_for_clients() {
    let mailboxes = ["a@example.test".to_owned()];
    let clients = Made::with(
        |leaf| {
            leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            leaf.subject_alt_names = vec![SanType::Rfc822Name("a@example.test".try_into().unwrap())];
        },
        |_| {},
    );
    let seen = asked(&clients, |case| {
        case.usage = Usage::Client;
        case.peer = Peer::Mailboxes(&mailboxes);
    });
    assert_eq!(seen.verdict.state, VerdictState::Trusted, "{:?}", seen.findings);
    assert_eq!(asked(&clients, |_| {}).verdict.state, VerdictState::NotTrusted, "and not for servers");
    assert_eq!(asked(&Made::good(), |case| case.usage = Usage::Client).verdict.reason, "usage.not_for_clients");
}

#[test]
fn a_path_longer_than_allowed_is_refused() {
    assert_eq!(asked(&Made::deep(), |case| case.max_depth = Some(1)).verdict.reason, "path.depth");
    assert_eq!(asked(&Made::deep(), |case| case.max_depth = Some(2)).verdict.state, VerdictState::Trusted);
}

#[test]
fn names_of_an_intermediate_are_limited_too() {
    let limit = |params: &mut CertificateParams| {
        let excluded_subtrees = vec![GeneralSubtree::DnsName("corp.test".to_owned())];
        params.name_constraints = Some(NameConstraints { permitted_subtrees: Vec::new(), excluded_subtrees });
    };
    let mut root = ca_params("R", 900, BasicConstraints::Unconstrained);
    limit(&mut root);
    let root = Ca::root_with(root);
    let mut params = ca_params("Below", 900, BasicConstraints::Unconstrained);
    params.subject_alt_names = vec![dns("ca.corp.test")];
    let issuing = root.below(params);
    let key = KeyPair::generate().unwrap();
    let leaf = leaf_params().signed_by(&key, &issuing.issuer).unwrap().der().clone();
    let chain = Made { sent: vec![leaf, issuing.der()], root: root.der(), ..Made::good() };
    let seen = asked(&chain, |_| {});
    assert_eq!(seen.title, "CN=R may not issue for ca.corp.test: it excludes corp.test.");
}

#[test]
fn other_verifiers_are_told_apart() {
    let chain = Made::with(|leaf| leaf.subject_alt_names.clear(), |_| {});
    let seen = asked(&chain, |_| {});
    assert!(!accepts(&seen, "countersign") && !accepts(&seen, "go"), "a common name counts for nothing");
    assert!(accepts(&seen, "openssl_strict"), "OpenSSL takes it: {:?}", seen.acceptance);
    let no_usage = asked(&Made::with(|_| {}, |ca| ca.key_usages = vec![rcgen::KeyUsagePurpose::CrlSign]), |_| {});
    assert!(accepts(&no_usage, "countersign"), "rustls-webpki looks at cA only");
    assert!(!accepts(&no_usage, "openssl_strict") && !accepts(&no_usage, "go"), "keyCertSign is missing");
}

#[test]
fn a_chain_too_large_is_not_judged_and_says_so() {
    let good = Made::good();
    let mut sent = vec![good.sent[0].clone()];
    sent.extend((0..120).map(|_| Ca::root("Filler").der()));
    let chain = Made { sent, ..good };
    let seen = asked(&chain, |_| {});
    assert_eq!((seen.verdict.state, seen.verdict.reason.as_str()), (VerdictState::NotChecked, "work_budget"));
    assert!(seen.findings.iter().any(|finding| finding.id == "path.missing_intermediate"), "and what was found stands");
}

#[test]
fn ten_thousand_names_are_read_and_compared() {
    let names = |leaf: &mut CertificateParams| {
        leaf.subject_alt_names = (0..10_000).map(|n| dns(&format!("n{n}.many.test"))).collect();
        leaf.distinguished_name.push(DnType::CommonName, "n0.many.test");
    };
    let limit = |ca: &mut CertificateParams| {
        let permitted_subtrees = vec![GeneralSubtree::DnsName("many.test".to_owned())];
        ca.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
    };
    let mut chain = Made::with(names, limit);
    chain.host = "n9999.many.test".to_owned();
    let seen = asked(&chain, |case| case.compare = false);
    assert_eq!(seen.verdict.state, VerdictState::Trusted, "10,000 comparisons are within the budget");
}

#[test]
fn bytes_that_are_no_certificate_are_placed() {
    let mut chain = Made::good();
    let mut cut: Vec<u8> = chain.sent[0].to_vec();
    cut.extend([1, 2, 3]);
    let length = chain.sent[0].len();
    chain.sent[0] = CertificateDer::from(cut);
    let seen = asked(&chain, |_| {});
    assert_eq!(seen.verdict.reason, "certificate.malformed");
    assert_eq!(seen.findings[0].values[0].value, length.to_string(), "where the certificate ends");
}
