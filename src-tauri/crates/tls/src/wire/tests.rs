//! Hostile bytes: truncated and mutated flights are decoded as far as they go, without a panic.

use super::{decode, fields};
use crate::recorder::{Flight, Sender};

/// A small generator, so that a failure can be repeated.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

fn record(body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap().to_be_bytes();
    [&[22, 3, 3, length[0], length[1]], body].concat()
}

/// One message of each kind, with lengths that fit nothing.
fn messages() -> Vec<Vec<u8>> {
    let kinds = [0_u8, 1, 2, 4, 5, 8, 11, 12, 13, 14, 15, 16, 20, 22, 24, 25, 99];
    kinds
        .iter()
        .map(|kind| {
            let mut body: Vec<u8> = (0..120_u8).map(|byte| byte.wrapping_mul(31) ^ kind).collect();
            body[..2].copy_from_slice(&[3, 3]);
            [&[*kind, 0, 0, 120][..], &body].concat()
        })
        .collect()
}

#[test]
fn mutated_and_truncated_flights_never_panic_and_every_byte_is_told() {
    let mut state = 0x9e37_79b9_7f4a_7c15;
    for message in messages() {
        for _ in 0..400 {
            let mut wire = record(&message);
            for _ in 0..next(&mut state) % 6 {
                let at = usize::try_from(next(&mut state)).unwrap() % wire.len();
                wire[at] = u8::try_from(next(&mut state) & 0xff).unwrap();
            }
            wire.truncate(usize::try_from(next(&mut state)).unwrap() % (wire.len() + 1));
            let from = if next(&mut state) & 1 == 0 { Sender::Client } else { Sender::Server };
            let decoded = decode(&[Flight { from, at_us: 0, bytes: wire }], &[]);
            for message in &decoded.messages {
                for tls13 in [false, true] {
                    let fields = fields(message, tls13, None);
                    let told: u64 = fields.iter().filter(|field| field.depth == 0).map(|field| field.length).sum();
                    assert_eq!(told, message.bytes.len() as u64, "every byte once: {fields:?}");
                }
            }
        }
    }
}

#[test]
fn a_message_that_claims_sixteen_mebibytes_is_not_collected() {
    let wire = record(&[11, 0xff, 0xff, 0xff, 0, 0]);
    let flights: Vec<Flight> =
        (0..200).map(|at_us| Flight { from: Sender::Server, at_us, bytes: wire.clone() }).collect();
    let decoded = decode(&flights, &[]);
    assert!(decoded.messages.is_empty() && decoded.unopened > 0, "nothing is kept of it, and it is counted");
}
