//! A serial number that is zero, negative or longer than 20 octets (F28).
//!
//! `leaf (serial 0) → intermediate → root`.

use countersign_evidence::FindingSeverity;

use super::{Note, Seen, note};

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let mut notes = Vec::new();
    for own in seen.path.iter().copied() {
        let serial = own.1.serial();
        let why = match serial {
            [] => "empty",
            [first, ..] if first & 0x80 != 0 => "negative",
            _ if serial.iter().all(|byte| *byte == 0) => "zero",
            _ if serial.len() > 20 => "longer than 20 octets",
            _ => continue,
        };
        let sentence = format!("The serial number of {} is {why}.", own.1.named());
        let fix = "Ask the operator to have it issued again.";
        let note = note("serial.malformed", FindingSeverity::Warning, own, sentence, fix, ("RFC 5280", "4.1.2.2"));
        notes.push(note.value("serial", own.1.view().serial.clone()).at(&own.1.layout.serial).must(true));
    }
    notes
}

#[cfg(test)]
mod tests {
    use rcgen::SerialNumber;

    use crate::Certificate;
    use crate::fixture::{DAY, Made, found, written};

    fn numbered(serial: &'static [u8]) -> Made {
        Made::with(move |leaf| leaf.serial_number = Some(SerialNumber::from(serial.to_vec())), |_| {})
    }

    #[test]
    fn zero_and_too_long_numbers_are_noted() {
        assert!(found(&numbered(&[0]), DAY, "serial.malformed"), "zero");
        assert!(found(&numbered(&[1; 21]), DAY, "serial.malformed"), "21 octets");
    }

    #[test]
    fn a_negative_number_is_noted() {
        let mut chain = numbered(&[1; 16]);
        let place = Certificate::from_der(&chain.sent[0]).unwrap().layout.serial_value.start;
        chain.sent[0] = written(&chain.sent[0], place, &[0xff]);
        assert!(found(&chain, DAY, "serial.malformed"), "the first bit is the sign");
    }

    #[test]
    fn a_positive_number_of_16_octets_is_as_it_should_be() {
        assert!(!found(&numbered(&[1; 16]), DAY, "serial.malformed"), "RFC 5280 §4.1.2.2");
    }
}
