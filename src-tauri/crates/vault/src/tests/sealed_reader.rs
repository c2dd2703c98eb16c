//! A sealed file nobody vouches for: whatever is in it, reading ends in the old content or an error.

use std::sync::Arc;

use countersign_secret::{Secret, SecretBytes};

use super::fakes::{QUICK, random, scramble};
use crate::Kind;
use crate::sealed::{Derivation, Holding, Sealed};

const ID: &str = "vault-1";

fn key() -> SecretBytes {
    Secret::new(vec![7; 32])
}

fn sample(passphrase: bool) -> Vec<u8> {
    let (random, key) = (random(), key());
    let mut sealed = match passphrase {
        false => Sealed::new(ID, 1),
        true => Sealed::under_passphrase(ID, &key, &Secret::new("p".to_owned()), QUICK, &random).unwrap(),
    };
    for (slot, kind, content) in [("a", Kind::Text, "first"), ("b", Kind::Key, "second"), ("c", Kind::RefreshToken, "")]
    {
        let content = Secret::new(content.as_bytes().to_vec());
        sealed.put(&key, slot, (Holding::Slot(kind), 5, "demo"), &content, &random).unwrap();
    }
    sealed.encode(&key, &random).unwrap()
}

/// What a file says for a slot: a value, nothing, or an error.
fn says(file: &[u8], slot: &str) -> Result<Option<Vec<u8>>, ()> {
    let sealed = Sealed::parse(file, ID).map_err(drop)?;
    sealed.authenticate(&key()).map_err(drop)?;
    let opened = sealed.open(&key(), slot).map_err(drop)?;
    Ok(opened.map(|opened| opened.bytes.expose_secret().clone()))
}

#[test]
fn what_is_written_is_read_again() {
    for passphrase in [false, true] {
        let file = sample(passphrase);
        assert_eq!(says(&file, "a").unwrap().unwrap(), b"first", "passphrase: {passphrase}");
        assert_eq!(says(&file, "c").unwrap().unwrap(), b"", "an empty value is a value");
        assert_eq!(says(&file, "d").unwrap(), None, "no such slot");
        let sealed = Sealed::parse(&file, ID).unwrap();
        assert_eq!((sealed.key_id(), sealed.generation()), (1, 1), "written once");
        let opened = sealed.open(&key(), "b").unwrap().unwrap();
        assert_eq!(
            (opened.holding, opened.generation, opened.label.as_str()),
            (Holding::Slot(Kind::Key), 5, "demo"),
            "b"
        );
    }
}

#[test]
fn every_cut_is_an_error() {
    for passphrase in [false, true] {
        let file = sample(passphrase);
        for length in 0..file.len() {
            assert!(Sealed::parse(&file[..length], ID).is_err(), "cut after {length} of {}", file.len());
        }
        let mut longer = file;
        longer.push(0);
        assert!(Sealed::parse(&longer, ID).is_err(), "a byte too many");
    }
}

#[test]
fn every_flipped_bit_is_an_error_or_leaves_the_slot_as_it_was() {
    for passphrase in [false, true] {
        let file = sample(passphrase);
        for bit in 0..file.len() * 8 {
            let mut changed = file.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            for (slot, value) in [("a", &b"first"[..]), ("b", b"second"), ("c", b"")] {
                match says(&changed, slot) {
                    // a flipped bit in an id renames a record: the slot is empty then, which its expected generation tells
                    Ok(None) | Err(()) => {}
                    Ok(Some(read)) => assert_eq!(read, value, "bit {bit}: another value came out of slot {slot}"),
                }
            }
        }
    }
}

#[test]
fn random_bytes_never_panic_and_never_open() {
    let sound = sample(true);
    for seed in 0..20_000u64 {
        let mut file = sound.clone();
        let changes = 1 + scramble(seed) % 6;
        for change in 0..changes {
            let dice = scramble(seed * 64 + change + 1);
            let at = (dice >> 8) as usize % file.len();
            match dice % 4 {
                0 => file[at] = (dice >> 40) as u8,
                1 => drop(file.drain(at..)),
                2 => file[at..].fill((dice >> 40) as u8),
                _ => file.insert(at, (dice >> 40) as u8),
            }
            if file.is_empty() {
                break;
            }
        }
        if let Ok(Some(read)) = says(&file, "a") {
            assert_eq!(read, b"first", "seed {seed}");
        }
    }
}

#[test]
fn counts_and_lengths_are_checked_before_anything_is_reserved() {
    let mut file = sample(false);
    let count_at = 8 + 2 + 1 + ID.len() + 4 + 8 + 1;
    file[count_at..count_at + 4].copy_from_slice(&u32::MAX.to_be_bytes());
    let error = Sealed::parse(&file, ID).err().unwrap();
    assert!(error.0.starts_with("4294967295 records cannot be in"), "{}", error.0);

    let mut file = sample(false);
    let length_at = count_at + 4 + 24 + 16 + 1 + 1 + 1 + 8 + 24;
    file[length_at..length_at + 4].copy_from_slice(&0x7fff_ffff_u32.to_be_bytes());
    let error = Sealed::parse(&file, ID).err().unwrap();
    assert_eq!(error.0, "a record of 2147483647 bytes is over the limit of 1048576", "the record's length");
}

#[test]
fn a_file_may_not_ask_for_more_than_a_machine_bears() {
    let file = sample(true);
    let at = 8 + 2 + 1 + ID.len() + 4 + 8 + 1;
    for (offset, number) in [(0, 1024 * 1024 + 1), (4, 21), (8, 17), (4, 0), (0, 0)] {
        let mut changed = file.clone();
        changed[at + offset..at + offset + 4].copy_from_slice(&u32::to_be_bytes(number));
        let error = Sealed::parse(&changed, ID).err().unwrap();
        assert!(error.0.starts_with("it asks for an Argon2 of"), "{}", error.0);
    }
    let Derivation { memory_kib, .. } = QUICK;
    assert_eq!(u32::from_be_bytes(file[at..at + 4].try_into().unwrap()), memory_kib, "the right place was changed");
}

#[test]
fn a_record_cannot_be_moved_to_another_slot_or_vault() {
    let (random, key) = (random(), key());
    let mut other = Sealed::new("vault-2", 1);
    let content = Secret::new(b"elsewhere".to_vec());
    other.put(&key, "a", (Holding::Slot(Kind::Text), 5, "demo"), &content, &random).unwrap();
    let other = other.encode(&key, &random).unwrap();
    assert_eq!(Sealed::parse(&other, ID).err().unwrap().0, "it belongs to another vault", "a file of vault-2");

    // the same record under another name, in a file whose header is sound
    let mut file = sample(false);
    let first = 8 + 2 + 1 + ID.len() + 4 + 8 + 1 + 4 + 24 + 16;
    assert_eq!(&file[first..first + 2], &[1, b'a'], "slot a is the first record");
    file[first + 1] = b'e';
    assert!(says(&file, "e").is_err(), "renamed");
    assert_eq!(says(&file, "b").unwrap().unwrap(), b"second", "the others can still be read");
}

#[test]
fn nonces_are_never_used_twice_for_a_key() {
    let seen = Arc::new(std::sync::Mutex::new(std::collections::HashSet::new()));
    let (inner, noted) = (random(), Arc::clone(&seen));
    let random: crate::Random = Arc::new(move |bytes| {
        inner(bytes);
        assert!(noted.lock().unwrap().insert(bytes.to_vec()), "a nonce came twice");
    });
    let mut sealed = Sealed::new(ID, 1);
    for n in 0..50 {
        let content = Secret::new(vec![n; 10]);
        sealed.put(&key(), "a", (Holding::Slot(Kind::Text), u64::from(n), ""), &content, &random).unwrap();
        sealed.encode(&key(), &random).unwrap();
    }
    assert_eq!(seen.lock().unwrap().len(), 100, "one for each record, one for each header");
}
