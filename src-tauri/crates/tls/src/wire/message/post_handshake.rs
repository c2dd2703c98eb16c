//! NewSessionTicket and KeyUpdate (RFC 9846 §4.7, RFC 5077 §3.3).

use super::super::field::{Fields, bytes_value};
use super::extension::{self, Within};

pub(super) fn new_session_ticket(fields: &mut Fields<'_>, tls13: bool) -> Option<()> {
    let name = if tls13 { "ticket_lifetime" } else { "ticket_lifetime_hint" };
    let lifetime = fields.number(name, 4, |seconds| format!("{seconds} s"))?;
    let index = fields.last();
    let hours = lifetime / 3600;
    fields.meaning(
        index,
        match hours {
            0 => format!("The ticket may be used for {} minutes.", lifetime / 60),
            1 => "The ticket may be used for 1 hour.".to_owned(),
            hours => format!("The ticket may be used for {hours} hours."),
        },
    );
    if tls13 {
        fields.number("ticket_age_add", 4, |number| format!("0x{number:08x}"))?;
        let index = fields.last();
        fields
            .meaning(index, "Added to the ticket's age when it is used, so that an observer cannot link connections.");
        fields.vector("ticket_nonce", 1, |fields| {
            fields.rest("opaque", bytes_value);
            Some(())
        })?;
    }
    let index = fields.vector("ticket", 2, |fields| {
        fields.rest("opaque", bytes_value);
        Some(())
    })?;
    fields.meaning(index, "Opaque to the client: it shows it to the server at the next connection.");
    if tls13 {
        extension::extensions(fields, Within::NewSessionTicket)?;
    }
    Some(())
}

pub(super) fn key_update(fields: &mut Fields<'_>) -> Option<()> {
    fields.number("request_update", 1, |number| match number {
        0 => "0, update_not_requested".to_owned(),
        1 => "1, update_requested".to_owned(),
        other => other.to_string(),
    })?;
    let index = fields.last();
    fields.meaning(index, "This end sends under new keys from here on; with 1 it wants the other to do so too.");
    Some(())
}
