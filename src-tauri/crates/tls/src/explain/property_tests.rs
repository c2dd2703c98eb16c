//! What holds of any chain: a small generator makes them, the same at each run.

use countersign_evidence::VerdictState;
use rustls_pki_types::CertificateDer;

use super::{Case, Peer, Supplement, Usage, explain_case};
use crate::Trust;
use crate::fixture::{DAY, Made, cross_signed, moment};

/// Numbers that look random (a linear congruential generator, the constants of Knuth's MMIX).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most
    }
}

/// State and ids of what refuses.
fn answer(chain: &[CertificateDer<'static>], host: &str, trust: &Trust, offset: i64) -> (VerdictState, Vec<String>) {
    let seen = explain_case(&Case {
        chain,
        trust,
        peer: Peer::Host(host),
        usage: Usage::Server,
        at: moment(offset),
        max_depth: None,
        strict: false,
        compare: false,
        supplement: Supplement::default(),
    });
    let refusing = seen.findings.iter().filter(|finding| finding.rejects == Some(true));
    (seen.verdict.state, refusing.map(|finding| finding.id.clone()).collect())
}

fn yes(state: VerdictState) -> bool {
    matches!(state, VerdictState::Trusted | VerdictState::TrustedWithFindings)
}

fn chains() -> Vec<Made> {
    let mut missing = Made::deep();
    missing.sent.remove(1);
    let mut impostor = Made::good();
    impostor.sent[1] = Made::good().sent[1].clone();
    let mut other = Made::good();
    other.host = "other.test".to_owned();
    vec![Made::good(), Made::deep(), cross_signed(900), missing, impostor, other, Made::self_signed(|_| {})]
}

#[test]
fn a_certificate_more_never_turns_yes_into_no() {
    let mut numbers = Numbers(1);
    let strangers: Vec<CertificateDer<'static>> = chains().into_iter().flat_map(|chain| chain.sent).collect();
    for (number, chain) in chains().iter().enumerate() {
        let trust = chain.trust();
        let before = answer(&chain.sent, &chain.host, &trust, DAY);
        for _ in 0..24 {
            let mut sent = chain.sent.clone();
            let stranger = strangers[numbers.below(strangers.len())].clone();
            sent.insert(1 + numbers.below(sent.len()), stranger);
            let after = answer(&sent, &chain.host, &trust, DAY);
            assert!(!yes(before.0) || yes(after.0), "chain {number}: {before:?} became {after:?}");
        }
    }
}

#[test]
fn the_order_of_issuers_changes_no_verdict() {
    let mut numbers = Numbers(2);
    for (number, chain) in chains().iter().enumerate() {
        let trust = chain.trust();
        let before = answer(&chain.sent, &chain.host, &trust, DAY);
        for _ in 0..12 {
            let mut sent = chain.sent.clone();
            for place in (2..sent.len()).rev() {
                sent.swap(place, 1 + numbers.below(place));
            }
            let after = answer(&sent, &chain.host, &trust, DAY);
            assert_eq!((yes(before.0), &before.1), (yes(after.0), &after.1), "chain {number}: only notes may change");
        }
    }
}

#[test]
fn time_moves_only_problems_of_time() {
    let timely = |ids: &[String]| -> Vec<String> {
        let of_time = ["certificate.expired", "certificate.not_yet_valid"];
        ids.iter().filter(|id| !of_time.contains(&id.as_str())).cloned().collect()
    };
    for (number, chain) in chains().iter().enumerate() {
        let trust = chain.trust();
        let now = timely(&answer(&chain.sent, &chain.host, &trust, DAY).1);
        for offset in [-400 * DAY, -DAY, 80 * DAY, 100 * DAY, 2_000 * DAY] {
            let then = timely(&answer(&chain.sent, &chain.host, &trust, offset).1);
            assert_eq!(now, then, "chain {number}, {offset} seconds after the beginning");
        }
    }
}

#[test]
fn certificates_cut_or_changed_anywhere_do_no_harm() {
    let mut numbers = Numbers(3);
    let seeds = chains();
    for round in 0..3_000 {
        let chain = &seeds[numbers.below(seeds.len())];
        let mut sent = chain.sent.clone();
        let which = numbers.below(sent.len());
        let mut bytes = sent[which].to_vec();
        match numbers.below(4) {
            0 => bytes.truncate(numbers.below(bytes.len())),
            1 => {
                let place = numbers.below(bytes.len());
                bytes.insert(place, numbers.below(256) as u8);
            }
            2 => {
                let (from, to) = (numbers.below(bytes.len()), numbers.below(bytes.len()));
                let part: Vec<u8> = bytes[from.min(to)..from.max(to)].to_vec();
                bytes.splice(from..from, part);
            }
            _ => {
                for _ in 0..=numbers.below(8) {
                    let place = numbers.below(bytes.len());
                    bytes[place] = numbers.below(256) as u8;
                }
            }
        }
        let changed = bytes != sent[which].as_ref();
        sent[which] = CertificateDer::from(bytes);
        let (state, ids) = answer(&sent, &chain.host, &chain.trust(), DAY);
        let of_leaf = which == 0 && changed;
        assert!(!(of_leaf && yes(state)), "round {round}: a changed end entity is refused");
        assert!(yes(state) || !ids.is_empty() || state == VerdictState::NotChecked, "round {round}: a no has a reason");
    }
}
