//! Alerts and change_cipher_spec: content types of their own, not handshake messages.

use super::super::field::Fields;
use crate::Alert;

pub(super) fn change_cipher_spec(fields: &mut Fields<'_>, tls13: bool) {
    if fields.number("type", 1, |number| number.to_string()).is_some() {
        let index = fields.last();
        fields.meaning(
            index,
            if tls13 {
                "It changes nothing in TLS 1.3: it makes the connection look like TLS 1.2 to boxes on the way."
            } else {
                "From here on this end sends under the session keys."
            },
        );
    }
}

pub(super) fn alert(fields: &mut Fields<'_>) {
    let level = |number| match number {
        1 => "1, warning".to_owned(),
        2 => "2, fatal".to_owned(),
        other => other.to_string(),
    };
    if fields.number("level", 1, level).is_none() {
        return;
    }
    let name = |number| u8::try_from(number).map_or("unknown", |code| Alert::of(code).name());
    let Some(code) = fields.number("description", 1, |number| format!("{number}, {}", name(number))) else { return };
    let index = fields.last();
    fields.meaning(index, Alert::of(u8::try_from(code).unwrap_or(u8::MAX)).meaning());
}
