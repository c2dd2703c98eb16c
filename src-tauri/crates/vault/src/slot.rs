//! Addresses: opaque ids, because the keyring crates log them and other programs can list them.

use crate::Error;

/// The service under which every item stands.
pub(crate) const SERVICE: &str = "countersign";
/// Address of the marker item. No slot can have it: a slot id never starts with `~`.
pub(crate) const MARKER: &str = "~marker";
/// Start of the addresses of sealing keys.
const SEALING_KEY: &str = "~sealing-key-";
/// The longest id.
const LONGEST: usize = 128;

/// Address of a sealing key.
pub(crate) fn sealing_key(id: u32) -> String {
    format!("{SEALING_KEY}{id}")
}

/// Whether an address inside a vault belongs to the vault itself and not to a slot.
pub(crate) fn is_own(address: &str) -> bool {
    address.starts_with('~')
}

/// The user name of an item.
pub(crate) fn user(vault_id: &str, address: &str) -> String {
    format!("{vault_id}/{address}")
}

/// The label a person sees in the keychain's own program.
pub(crate) fn label(credential: &str, slot_id: &str) -> String {
    let name = if credential.is_empty() { slot_id } else { credential };
    format!("Countersign: {name}")
}

/// The credential's name out of such a label.
pub(crate) fn credential_of(label: &str) -> &str {
    label.strip_prefix("Countersign: ").unwrap_or(label)
}

/// A slot id is printable ASCII without `/`, does not start with `~`, and has at most 128 characters.
pub(crate) fn checked(slot_id: &str) -> Result<(), Error> {
    let shape = !slot_id.is_empty() && slot_id.len() <= LONGEST && !is_own(slot_id);
    if shape && slot_id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/') {
        return Ok(());
    }
    Err(Error::NotAnId { id: slot_id.escape_default().take(LONGEST).collect() })
}

/// A vault id names a file as well: letters, digits, `-`, `_`, and `.` inside.
pub(crate) fn checked_vault(vault_id: &str) -> Result<(), Error> {
    let shape = !vault_id.is_empty() && vault_id.len() <= LONGEST && !vault_id.starts_with('.');
    if shape && vault_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')) {
        return Ok(());
    }
    Err(Error::NotAnId { id: vault_id.escape_default().take(LONGEST).collect() })
}

#[cfg(test)]
mod tests {
    use super::{MARKER, checked, checked_vault, sealing_key};

    #[test]
    fn a_slot_id_cannot_reach_what_belongs_to_the_vault() {
        for id in ["", "a/b", MARKER, &sealing_key(1), "line\nbreak", "é", &"x".repeat(129)] {
            assert!(checked(id).is_err(), "{id:?}");
        }
        assert!(checked("01jz8q:refresh").is_ok(), "ids with a colon are ids");
    }

    #[test]
    fn a_vault_id_cannot_leave_its_folder() {
        for id in ["", "..", ".hidden", "a/b", "a\\b", "a:b"] {
            assert!(checked_vault(id).is_err(), "{id:?}");
        }
        assert!(checked_vault("01jz8qk4w2").is_ok(), "a ULID is an id");
    }
}
