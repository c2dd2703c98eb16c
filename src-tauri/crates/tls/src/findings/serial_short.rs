//! A serial number of a public certificate with less than 64 bits (F29): it cannot be random enough. A heuristic:
//! one of 2^64 random numbers is shorter by chance alone.
//!
//! `leaf (serial 0x1234) → intermediate → root`.

use countersign_evidence::FindingSeverity;

use super::{Note, Seen, note};

const SINCE: &str = "2016-09-30";
/// A random number of 64 bits is shorter by more than a byte in one of 65,536 cases.
const OCTETS: usize = 7;

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let Some(leaf) = seen.public_leaf().filter(|leaf| seen.binds(leaf, SINCE)) else { return Vec::new() };
    let length = leaf.1.serial().iter().skip_while(|byte| **byte == 0).count();
    if length >= OCTETS {
        return Vec::new();
    }
    let sentence =
        format!("The serial number has {} bits at most; a public CA puts at least 64 random ones in it.", length * 8);
    let fix = "Ask the operator to have it issued again.";
    let note = note("serial.short", FindingSeverity::Info, leaf, sentence, fix, ("CA/B BR", "7.1"));
    vec![note.value("serial", leaf.1.view().serial.clone()).since(SINCE).at(&leaf.1.layout.serial)]
}

#[cfg(test)]
mod tests {
    use rcgen::SerialNumber;

    use crate::fixture::{DAY, Made, found};

    fn numbered(serial: &'static [u8]) -> Made {
        Made::with(move |leaf| leaf.serial_number = Some(SerialNumber::from(serial.to_vec())), |_| {}).public()
    }

    #[test]
    fn a_number_of_16_bits_is_noted() {
        assert!(found(&numbered(&[0x12, 0x34]), DAY, "serial.short"), "4660");
    }

    #[test]
    fn a_number_of_64_bits_is_as_it_should_be() {
        assert!(!found(&numbered(&[0x12; 8]), DAY, "serial.short"), "eight octets");
    }
}
