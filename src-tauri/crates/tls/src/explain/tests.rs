use countersign_evidence::{CertificateSource, Finding, VerdictState};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    KeyPair, NameConstraints,
};
use rustls::{CertificateError, OtherError};
use rustls_pki_types::CertificateDer;

use super::{Decision, Explanation, Question, Supplement, explain};
use crate::fixture::{Ca, DAY, Made, ca_params, dns, ids, leaf_params, moment};
use crate::{HostPattern, Store, StoreLabel, Trust};

fn first(explanation: &Explanation) -> &Finding {
    explanation.findings.first().expect("a refusal has a reason")
}

/// Refused, and for this reason first.
fn refused(explanation: &Explanation, id: &str, sentence: &str) {
    assert_eq!(explanation.verdict.state, VerdictState::NotTrusted, "the verifier refused: {:?}", ids(explanation));
    assert_eq!((first(explanation).id.as_str(), first(explanation).sentence.as_str()), (id, sentence));
    assert_eq!(first(explanation).rejects, Some(true), "it is why");
    assert_eq!(explanation.verdict.reason, id, "the verdict names it");
    assert!(!first(explanation).fix.is_empty(), "and there is something to do");
}

#[test]
fn an_accepted_chain_ends_at_the_anchor_of_its_store() {
    let seen = Made::good().at(DAY);
    assert_eq!(seen.verdict.state, VerdictState::Trusted);
    assert_eq!((seen.verdict.reason.as_str(), seen.verdict.store.as_deref()), ("path.valid", Some("made-root")));
    let shown: Vec<(&str, CertificateSource, Option<&str>)> =
        seen.certificates.iter().map(|c| (c.subject.as_str(), c.source.clone(), c.store.as_deref())).collect();
    assert_eq!(
        shown,
        [
            ("CN=localhost", CertificateSource::Sent, None),
            ("CN=Made issuing", CertificateSource::Sent, None),
            ("CN=Made root", CertificateSource::Store, Some("made-root")),
        ]
    );
    assert_eq!((seen.path, seen.findings), (vec![0, 1], Vec::new()));
}

#[test]
fn the_order_of_what_was_sent_changes_notes_and_not_the_verdict() {
    let mut chain = Made::deep();
    chain.sent.swap(1, 2);
    let seen = chain.at(DAY);
    assert_eq!((seen.verdict.state, seen.path.as_slice()), (VerdictState::TrustedWithFindings, &[0, 2, 1][..]));
}

#[test]
fn a_missing_intermediate_is_named() {
    let mut chain = Made::good();
    chain.sent.truncate(1);
    refused(
        &chain.at(DAY),
        "path.missing_intermediate",
        "The server did not send the intermediate CN=Made issuing that issued CN=localhost, and it is in no store.",
    );
}

#[test]
fn a_root_in_no_store_is_named_sent_or_not() {
    let mut chain = Made::good();
    let other = Made::named("Other").trust();
    refused(
        &chain.judged(&other, DAY),
        "path.untrusted_root",
        "The chain ends at CN=Made issuing, issued by CN=Made root, which is in none of: workspace CA made-root.",
    );
    chain.sent.push(chain.root.clone());
    refused(
        &chain.judged(&other, DAY),
        "path.untrusted_root",
        "The chain ends at CN=Made root, which is in none of: workspace CA made-root.",
    );
    assert_eq!(chain.judged(&other, DAY).certificates.len(), 3, "no anchor is made up");
    refused(
        &chain.judged(&Trust::default(), DAY),
        "path.untrusted_root",
        "The chain ends at CN=Made root, and no store counts for this host.",
    );
}

#[test]
fn a_certificate_that_signed_itself_is_told_so_before_its_other_faults() {
    refused(
        &Made::self_signed(|_| {}).at(DAY),
        "path.self_signed",
        "The server presents a certificate it signed itself, CN=localhost; no store contains it.",
    );
    let ca = Made::self_signed(|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)).at(DAY);
    assert_eq!(ids(&ca), ["path.self_signed", "usage.leaf_is_ca"], "as `openssl req -x509` makes them");
    assert!(!first(&ca).fix.contains("trust exactly"), "trusting it would not help: {}", first(&ca).fix);
}

#[test]
fn a_certificate_that_signed_itself_is_accepted_from_a_store() {
    let mut chain = Made::self_signed(|_| {});
    chain.root = chain.sent[0].clone();
    assert_eq!(chain.at(DAY).verdict.state, VerdictState::Trusted);
}

#[test]
fn an_expired_certificate_is_named_with_its_dates() {
    let seen = Made::good().at(93 * DAY);
    refused(&seen, "certificate.expired", "The certificate CN=localhost expired 3 days ago, on 30 May 2027.");
    let values: Vec<(&str, &str)> =
        first(&seen).values.iter().map(|fact| (fact.name.as_str(), fact.value.as_str())).collect();
    assert_eq!(
        values,
        [
            ("not_before", "2027-03-01T00:00:00Z"),
            ("not_after", "2027-05-30T00:00:00Z"),
            ("checked_at", "2027-06-02T00:00:00Z"),
        ]
    );
    let short = |ca: &mut CertificateParams| ca.not_after = ca.not_before + time::Duration::days(2);
    refused(
        &Made::with(|_| {}, short).at(2 * DAY + 7_200),
        "certificate.expired",
        "Certificate 2 of 2, CN=Made issuing, expired 2 hours ago, on 3 Mar 2027.",
    );
}

#[test]
fn a_certificate_of_tomorrow_shows_both_clocks() {
    let seen = Made::good().at(-DAY);
    refused(
        &seen,
        "certificate.not_yet_valid",
        "The certificate CN=localhost is valid from 1 Mar 2027 00:00:00Z; the clock here says 28 Feb 2027 00:00:00Z.",
    );
}

#[test]
fn expiry_comes_before_a_path_that_goes_nowhere() {
    let mut chain = Made::good();
    chain.sent.truncate(1);
    assert_eq!(ids(&chain.at(100 * DAY)), ["certificate.expired", "path.missing_intermediate"]);
}

#[test]
fn names_that_do_not_fit_are_compared() {
    let names = |names: &[&str]| {
        let names: Vec<_> = names.iter().map(|name| dns(name)).collect();
        move |leaf: &mut CertificateParams| leaf.subject_alt_names = names
    };
    for (listed, host, id, sentence) in [
        (
            &["cdn.other.test", "example.test"][..],
            "api.example.test",
            "name.mismatch",
            "You asked for api.example.test; the certificate covers example.test, cdn.other.test.",
        ),
        (
            &["*.example.test"],
            "a.b.example.test",
            "name.wildcard_depth",
            "*.example.test covers exactly one label, so not a.b.example.test.",
        ),
        (
            &["example.test"],
            "127.0.0.1",
            "name.ip_not_listed",
            "You connected by address, 127.0.0.1; the certificate has no IP entry, only names: example.test.",
        ),
        (
            &[],
            "localhost",
            "name.no_subject_alternative_name",
            "The certificate has no subjectAltName, only the common name localhost, which is not used any more.",
        ),
    ] {
        let mut chain = Made::with(names(listed), |_| {});
        chain.host = host.to_owned();
        refused(&chain.at(DAY), id, sentence);
    }
    let mut chain = Made::good();
    chain.host = "127.0.0.2".to_owned();
    refused(
        &chain.at(DAY),
        "name.ip_not_listed",
        "You connected to 127.0.0.2; the certificate covers the addresses 127.0.0.1.",
    );
}

#[test]
fn a_changed_certificate_is_told_apart_from_an_issuer_of_the_same_name() {
    let mut chain = Made::good();
    let mut changed = chain.sent[0].to_vec();
    *changed.last_mut().unwrap() ^= 1;
    chain.sent[0] = CertificateDer::from(changed);
    refused(
        &chain.at(DAY),
        "certificate.tampered",
        "The signature of CN=localhost does not verify with the key of CN=Made issuing: content or signature was changed.",
    );
    let mut chain = Made::good();
    let impostor = Made::good();
    chain.sent[1] = impostor.sent[1].clone();
    chain.root = impostor.root;
    refused(
        &chain.at(DAY),
        "path.impostor",
        "The CN=Made issuing in the chain is not the one that signed CN=localhost: the names are equal, the keys differ.",
    );
}

#[test]
fn a_root_that_was_made_anew_under_its_old_name_is_recognised() {
    let chain = Made::good();
    let seen = chain.judged(&Made::good().trust(), DAY);
    refused(
        &seen,
        "path.impostor",
        "The CN=Made root from workspace CA made-root is not the one that signed CN=Made issuing: the names are equal, the keys differ.",
    );
}

#[test]
fn an_issuer_has_to_be_a_ca() {
    let chain = Made::with(|_| {}, |ca| ca.is_ca = IsCa::ExplicitNoCa);
    refused(&chain.at(DAY), "usage.not_a_ca", "CN=Made issuing is not a CA (cA=FALSE), so it cannot issue.");
}

#[test]
fn a_ca_may_limit_the_cas_below_it() {
    let root = Ca::root("R");
    let upper = root.below(ca_params("Upper", 900, BasicConstraints::Constrained(0)));
    let lower = upper.below(ca_params("Lower", 900, BasicConstraints::Unconstrained));
    let key = KeyPair::generate().unwrap();
    let leaf = leaf_params().signed_by(&key, &lower.issuer).unwrap();
    let chain = Made { sent: vec![leaf.der().clone(), lower.der(), upper.der()], root: root.der(), ..Made::good() };
    refused(&chain.at(DAY), "constraint.path_length", "CN=Upper allows 0 CAs below it; the path has 1.");
}

#[test]
fn a_ca_may_be_limited_to_names() {
    let limited = |permitted: &[&str], excluded: &[&str]| {
        let trees = |names: &[&str]| names.iter().map(|name| GeneralSubtree::DnsName((*name).to_owned())).collect();
        let constraints = NameConstraints { permitted_subtrees: trees(permitted), excluded_subtrees: trees(excluded) };
        Made::with(
            |leaf| leaf.subject_alt_names = vec![dns("localhost")],
            move |ca| ca.name_constraints = Some(constraints),
        )
    };
    refused(
        &limited(&["corp.test"], &[]).at(DAY),
        "constraint.name",
        "CN=Made issuing is limited to corp.test; localhost is outside.",
    );
    refused(
        &limited(&[], &["localhost"]).at(DAY),
        "constraint.name",
        "CN=Made issuing may not issue for localhost: it excludes localhost.",
    );
    assert_eq!(limited(&["localhost"], &["corp.test"]).at(DAY).verdict.state, VerdictState::Trusted);
}

#[test]
fn a_certificate_for_clients_is_none_for_servers() {
    let clients =
        |params: &mut CertificateParams| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    refused(
        &Made::with(clients, |_| {}).at(DAY),
        "usage.server_auth",
        "The certificate CN=localhost may be used for clientAuth only; a server needs serverAuth.",
    );
    refused(
        &Made::with(|_| {}, clients).at(DAY),
        "usage.server_auth",
        "The CA CN=Made issuing is restricted to clientAuth; servers need serverAuth.",
    );
}

#[test]
fn a_critical_extension_nobody_knows_is_named() {
    let unknown = |leaf: &mut CertificateParams| {
        let mut extension = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 55_555, 1], vec![5, 0]);
        extension.set_criticality(true);
        leaf.custom_extensions.push(extension);
    };
    refused(
        &Made::with(unknown, |_| {}).at(DAY),
        "extension.unknown_critical",
        "The certificate CN=localhost has the critical extension 1.3.6.1.4.1.55555.1, which is not understood.",
    );
}

#[test]
fn a_store_bound_to_other_hosts_is_named_and_does_not_count() {
    let mut chain = Made::good();
    chain.hosts = vec![HostPattern::parse("api.corp.test").unwrap(), HostPattern::parse("localhost:8443").unwrap()];
    refused(
        &chain.at(DAY),
        "path.untrusted_root",
        "The chain ends at CN=Made root, which workspace CA made-root trusts for api.corp.test, localhost:8443 only, not for localhost:443.",
    );
    chain.hosts = vec![HostPattern::parse("localhost:443").unwrap()];
    assert_eq!(chain.at(DAY).verdict.state, VerdictState::Trusted);
}

#[test]
fn of_two_stores_the_one_chosen_by_hand_is_named() {
    let chain = Made::good();
    let store = |label| Store::new(label, [chain.root.clone()]);
    let trust = Trust::builder().store(store(StoreLabel::Os)).store(store(StoreLabel::Command)).build();
    assert_eq!(chain.judged(&trust, DAY).verdict.store.as_deref(), Some("command"));
}

#[test]
fn bytes_that_are_no_certificate_keep_their_place() {
    let mut chain = Made::good();
    chain.sent.insert(1, CertificateDer::from(vec![0x30, 3, 1, 2, 3]));
    let seen = chain.at(DAY);
    assert_eq!(seen.verdict.state, VerdictState::TrustedWithFindings, "the verifier passes over it");
    assert_eq!((first(&seen).id.as_str(), first(&seen).certificate), ("certificate.malformed", Some(1)));
    assert_eq!(seen.certificates[2].subject, "CN=Made issuing", "indices are those of the wire");
    chain.sent[0] = CertificateDer::from(b"garbage".to_vec());
    assert_eq!(first(&chain.at(DAY)).id, "certificate.malformed");
}

#[test]
fn a_refusal_we_see_no_reason_for_is_told_in_the_words_of_the_verifier() {
    let chain = Made::good();
    let trust = chain.trust();
    let ask = |error: CertificateError| {
        let decision = Decision::Refused(rustls::Error::InvalidCertificate(error));
        let at = moment(DAY);
        explain(&Question {
            chain: &chain.sent,
            host: "localhost",
            port: 443,
            trust: &trust,
            at,
            decision: &decision,
            supplement: Supplement::default(),
        })
    };
    refused(
        &ask(CertificateError::UnknownIssuer),
        "path.untrusted_root",
        "The verifier found no path from the certificate to an anchor of a store.",
    );
    let odd = CertificateError::Other(OtherError(std::sync::Arc::new(webpki::Error::InvalidSerialNumber)));
    refused(&ask(odd), "certificate.malformed", "The verifier refused the chain: invalid serial number.");
    refused(&ask(CertificateError::Revoked), "revocation.revoked", "The certificate was revoked.");
}

#[test]
fn an_acceptance_is_never_contradicted() {
    let chain = Made::good();
    let trust = chain.trust();
    let decision = Decision::Accepted;
    let at = moment(100 * DAY);
    let seen = explain(&Question {
        chain: &chain.sent,
        host: "other.test",
        port: 443,
        trust: &trust,
        at,
        decision: &decision,
        supplement: Supplement::default(),
    });
    assert_eq!(seen.verdict.state, VerdictState::TrustedWithFindings);
    assert!(seen.findings.iter().all(|finding| finding.rejects == Some(false)), "{:?}", seen.findings);
    assert!(first(&seen).sentence.starts_with("Accepted by the TLS library; a strict reader would refuse: "));
}

#[test]
fn verification_that_is_off_is_not_a_verdict() {
    let mut chain = Made::good();
    chain.sent.truncate(1);
    let trust = chain.trust();
    let refusal = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
    let decision = Decision::Overridden(Some(refusal));
    let at = moment(DAY);
    let seen = explain(&Question {
        chain: &chain.sent,
        host: "localhost",
        port: 443,
        trust: &trust,
        at,
        decision: &decision,
        supplement: Supplement::default(),
    });
    assert_eq!((seen.verdict.state, seen.verdict.reason.as_str()), (VerdictState::NotChecked, "verification_off"));
    assert_eq!(ids(&seen), ["path.missing_intermediate"], "and what is wrong is written down all the same");
}

#[test]
fn names_chosen_by_a_peer_stay_on_one_line() {
    let name = format!("evil\n\u{1b}[31m{}", "x".repeat(4_000));
    let mut chain = Made::with(|leaf| leaf.distinguished_name.push(DnType::CommonName, name.clone()), |_| {});
    chain.sent.truncate(1);
    let sentence = first(&chain.at(DAY)).sentence.clone();
    assert!(sentence.len() < 400 && !sentence.contains(char::is_control), "{sentence:?}");
}

#[test]
fn names_that_are_not_text_are_shown_as_bytes() {
    let good = Made::good();
    for (name, written) in [(&b"localhost"[..], [0xff; 9]), (b"localhost", [0x00; 9]), (b"localhost", [0xc3; 9])] {
        let mut bytes = good.sent[0].to_vec();
        for place in 0..bytes.len() - name.len() {
            if &bytes[place..place + name.len()] == name {
                bytes[place..place + name.len()].copy_from_slice(&written);
            }
        }
        let chain = Made { sent: vec![CertificateDer::from(bytes), good.sent[1].clone()], ..Made::self_signed(|_| {}) };
        let seen = chain.judged(&good.trust(), DAY);
        assert_eq!(seen.verdict.state, VerdictState::NotTrusted, "its signature does not fit any more");
        assert!(
            seen.findings.iter().all(|finding| !finding.sentence.contains(char::is_control)),
            "{:?}",
            seen.findings
        );
    }
}

#[test]
fn an_unrelated_certificate_never_turns_an_acceptance_into_a_refusal() {
    for place in 1..=3 {
        let mut chain = Made::deep();
        chain.sent.insert(place, Made::named("Other").sent[1].clone());
        let seen = chain.at(DAY);
        assert_eq!(seen.verdict.state, VerdictState::TrustedWithFindings, "inserted at {place}: {:?}", ids(&seen));
        assert_eq!(ids(&seen), ["chain.unrelated"], "and it is noted");
    }
}

/// Every byte of the end entity and of its issuer, changed one at a time: nothing panics, and a chain the
/// verifier refuses always has a reason that refuses it.
#[test]
fn changed_bytes_anywhere_are_explained() {
    let good = Made::good();
    let trust = good.trust();
    for which in 0..2 {
        for place in 0..good.sent[which].len() {
            let mut chain = Made { sent: good.sent.clone(), root: good.root.clone(), ..Made::self_signed(|_| {}) };
            let mut bytes = chain.sent[which].to_vec();
            bytes[place] ^= 0x41;
            chain.sent[which] = CertificateDer::from(bytes);
            let seen = chain.judged(&trust, DAY);
            match seen.verdict.state {
                VerdictState::NotTrusted => {
                    assert_eq!(first(&seen).rejects, Some(true), "certificate {which}, byte {place}");
                    assert_eq!(first(&seen).id, seen.verdict.reason, "certificate {which}, byte {place}");
                }
                VerdictState::Trusted | VerdictState::TrustedWithFindings => {
                    assert!(seen.findings.iter().all(|f| f.rejects != Some(true)), "certificate {which}, byte {place}");
                }
                VerdictState::NotChecked => panic!("verification was on"),
            }
        }
    }
}

/// CAs that certify each other, many times over: the work stays bounded and the verdict is the verifier's.
#[test]
fn a_maze_of_cross_signs_is_left_in_time() {
    let names: Vec<String> = (0..6).map(|n| format!("Maze {n}")).collect();
    let authorities: Vec<Ca> = names.iter().map(|name| Ca::root(name)).collect();
    let mut sent = Vec::new();
    for (index, name) in names.iter().enumerate() {
        for by in authorities.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, by)| by) {
            let params = ca_params(name, 900, BasicConstraints::Unconstrained);
            sent.push(by.below(params).der());
        }
    }
    let key = KeyPair::generate().unwrap();
    sent.insert(0, leaf_params().signed_by(&key, &authorities[0].issuer).unwrap().der().clone());
    let seen = Made { sent, ..Made::good() }.at(DAY);
    assert_eq!(seen.verdict.state, VerdictState::NotTrusted);
    assert!(ids(&seen).contains(&"path.work_budget".to_owned()), "{:?}", ids(&seen));
}

#[test]
fn a_certificate_with_many_names_is_read_in_time() {
    let many = |leaf: &mut CertificateParams| {
        leaf.subject_alt_names = (0..1_000).map(|n| dns(&format!("n{n}.many.test"))).collect();
    };
    let mut chain = Made::with(many, |_| {});
    chain.host = "other.test".to_owned();
    let seen = chain.at(DAY);
    assert_eq!(
        seen.findings[0].sentence,
        "You asked for other.test; the certificate covers n0.many.test, n1.many.test, n2.many.test, n3.many.test and 996 more."
    );
}
