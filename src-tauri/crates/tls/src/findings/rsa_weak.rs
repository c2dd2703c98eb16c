//! An RSA key that anybody can take apart (F23): a small factor, primes close together, or the fingerprint of the
//! ROCA generator (CVE-2017-15361). Arithmetic on a public number; no key is made or used here.
//!
//! `leaf (RSA 2048, primes 2^1024 apart by little)`.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use countersign_evidence::FindingSeverity;
use num_bigint::BigUint;

use super::{Note, Seen, note};
use crate::Certificate;

/// Rounds of Fermat's method (BR §6.1.1.3).
const ROUNDS: usize = 100;
/// Primes are tried up to this (BR §6.1.6).
const SMALLEST: u32 = 752;
/// A modulus beyond this many bytes is not looked at.
const MOST_BYTES: usize = 1_024;
/// Primes whose products the ROCA generator builds from: a modulus of it is a power of 65537 modulo each.
const ROCA: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109,
    113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/// Moduli whose answer is remembered: several paths and every connection ask about the same ones.
const MOST_KNOWN: usize = 256;

static KNOWN: Mutex<BTreeMap<Vec<u8>, Option<&'static str>>> = Mutex::new(BTreeMap::new());

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let weak = seen.whole().into_iter().filter_map(|own| weakness(own.1).map(|why| (own, why)));
    weak.map(|(own, why)| {
        let sentence = format!("The RSA key of {} can be taken apart: {why}.", own.1.named());
        let fix = "Ask the operator to replace the key at once; it has to be taken for public.";
        note("key.rsa_weak", FindingSeverity::Error, own, sentence, fix, ("CA/B BR", "6.1.1.3"))
            .value("weakness", why)
            .at(&own.1.layout.spki)
            .must(true)
    })
    .collect()
}

fn weakness(certificate: &Certificate) -> Option<&'static str> {
    let rsa = certificate.rsa.as_ref().filter(|rsa| (64..=MOST_BYTES).contains(&rsa.modulus.len()))?;
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = known.get(&rsa.modulus) {
        return *known;
    }
    if known.len() >= MOST_KNOWN {
        known.clear();
    }
    let found = of(&BigUint::from_bytes_be(&rsa.modulus));
    known.insert(rsa.modulus.clone(), found);
    found
}

fn of(modulus: &BigUint) -> Option<&'static str> {
    let zero = BigUint::from(0_u32);
    if primes().any(|prime| modulus % prime == zero) {
        return Some("a small number divides its modulus");
    }
    if ROCA.iter().all(|prime| is_power(modulus, *prime)) {
        return Some("it has the fingerprint of the ROCA generator");
    }
    has_close_primes(modulus).then_some("its primes are close together")
}

fn primes() -> impl Iterator<Item = u32> {
    (2..SMALLEST).filter(|number| (2..*number).take_while(|d| d * d <= *number).all(|d| number % d != 0))
}

/// Whether the modulus is a power of 65537 modulo a prime.
fn is_power(modulus: &BigUint, prime: u32) -> bool {
    let rest = (modulus % prime).iter_u32_digits().next().unwrap_or_default();
    let mut power = 1;
    for _ in 0..prime {
        if power == rest {
            return true;
        }
        power = power * (65_537 % prime) % prime;
    }
    false
}

/// Fermat: `n = a² - b²` for an `a` just above the root of `n`.
fn has_close_primes(modulus: &BigUint) -> bool {
    let mut a = modulus.sqrt();
    if &a * &a < *modulus {
        a += 1_u32;
    }
    let mut square = &a * &a - modulus;
    for _ in 0..ROUNDS {
        if could_be_square(&square) {
            let root = square.sqrt();
            if &root * &root == square {
                return true;
            }
        }
        // (a+1)² = a² + 2a + 1
        square += &a * 2_u32 + 1_u32;
        a += 1_u32;
    }
    false
}

/// Squares end, in sixteenths, in 0, 1, 4 or 9.
fn could_be_square(number: &BigUint) -> bool {
    let low = number.iter_u32_digits().next().unwrap_or_default();
    matches!(low % 16, 0 | 1 | 4 | 9)
}

#[cfg(test)]
mod tests {
    use num_bigint::BigUint;

    use super::{has_close_primes, of};
    use crate::Certificate;
    use crate::fixture::{DAY, Made, found};

    const SOUND: &[u8] = include_bytes!("fixtures/sha1.pem");

    /// Two neighbours of 2^607 and 2^521: Mersenne primes, so the test needs no search.
    fn mersenne(bits: u32) -> BigUint {
        (BigUint::from(1_u32) << bits) - 1_u32
    }

    #[test]
    fn a_modulus_of_a_square_has_close_primes() {
        let prime = mersenne(607);
        assert!(has_close_primes(&(&prime * &prime)), "nothing is closer than equal");
        assert!(has_close_primes(&(&prime * (&prime + 1_000_u32))), "nor is this far");
        assert!(!has_close_primes(&(prime * mersenne(521))), "86 bits apart");
    }

    #[test]
    fn a_small_factor_and_the_fingerprint_are_recognised() {
        assert_eq!(of(&(mersenne(607) * 751_u32)), Some("a small number divides its modulus"));
        let power = BigUint::from(65_537_u32).pow(64);
        assert_eq!(of(&power), Some("it has the fingerprint of the ROCA generator"), "1 is a power modulo each");
    }

    #[test]
    fn a_certificate_with_a_weak_key_is_noted() {
        let mut chain = Made { sent: crate::certificates_from_pem(SOUND).unwrap(), ..Made::good() };
        assert!(!found(&chain, DAY, "key.rsa_weak"), "as openssl made it");
        let modulus = Certificate::from_der(&chain.sent[0]).unwrap().rsa.unwrap().modulus;
        // three times a sound number
        let weak = (BigUint::from_bytes_be(&modulus) / 3_u32 * 3_u32).to_bytes_be();
        chain.sent[0] = crate::fixture::patched(&chain.sent[0], &modulus, &weak);
        assert!(found(&chain, DAY, "key.rsa_weak"), "divisible by three");
    }
}
