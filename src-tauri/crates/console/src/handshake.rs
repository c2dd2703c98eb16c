//! The handshake of an exchange as its page shows it, and its secrets one by one.

use countersign_evidence::{Exchange, Fault, Problem, Timestamp, story};
use countersign_tls::{Recording, Scope};
use zeroize::Zeroizing;

use crate::core::{Core, lock};
use crate::send::record;
use crate::view::HandshakeView;

impl Core {
    fn recording(&self, e: &Exchange) -> Option<Recording> {
        lock(&self.recordings).recording(&e.connection.as_ref()?.id)
    }

    /// The messages of a connection that was made for this exchange and then not used by it.
    pub(crate) fn tell_messages(&self, e: &mut Exchange) {
        let made =
            e.connection.as_ref().filter(|connection| !connection.reused).map(|connection| connection.id.clone());
        let (Some(id), Some(handshake)) = (made, e.handshake.as_mut().filter(|h| h.messages.is_empty())) else {
            return;
        };
        if let Some(recording) = lock(&self.recordings).recording(&id) {
            recording.tell(handshake);
        }
    }

    /// Messages, key schedule and checks of the connection the exchange used: of the connection itself while it is in
    /// memory, so that what came after the handshake is there too, else as the history has them. An exchange that
    /// reused a connection has none of its own.
    pub(crate) fn handshake(&self, mut e: Exchange) -> HandshakeView {
        let recording = self.recording(&e);
        match (&recording, e.handshake.as_mut(), &e.connection) {
            (Some(recording), Some(handshake), _) => recording.tell(handshake),
            (None, Some(handshake), Some(connection)) if handshake.messages.is_empty() => {
                let kept = self.history().ok().and_then(|history| history.handshake(&connection.id).ok().flatten());
                if let Some(kept) = kept {
                    handshake.messages = kept.messages;
                    handshake.key_schedule = kept.key_schedule;
                    handshake.checks = kept.checks;
                }
            }
            (_, _, _) => {}
        }
        let e = record::seal(e, &self.redactor);
        HandshakeView {
            story: story(&e),
            not_kept_after: if recording.is_none() { Some(ended(&e)) } else { None },
            handshake: e.handshake,
        }
    }

    /// The connection the exchange used as a pcapng file that opens decrypted.
    pub(crate) fn handshake_capture(&self, e: &Exchange, scope: Scope) -> Result<Vec<u8>, Problem> {
        let connection = e.connection.as_ref().ok_or_else(|| not_kept(e))?;
        let record = lock(&self.recordings).of(&connection.id).ok_or_else(|| not_kept(e))?;
        record.capture(scope).ok_or_else(|| not_kept(e))
    }

    /// Its key log (RFC 9850).
    pub(crate) fn handshake_key_log(&self, e: &Exchange) -> Result<Zeroizing<String>, Problem> {
        Ok(self.recording(e).ok_or_else(|| not_kept(e))?.key_log())
    }

    /// One secret of the key schedule, in lower-case hex, for a person who asked to see it.
    pub(crate) fn handshake_secret(&self, e: &Exchange, name: &str) -> Result<Zeroizing<String>, Problem> {
        let recording = self.recording(e).ok_or_else(|| not_kept(e))?;
        recording.secret(name).ok_or_else(|| {
            Problem::new(
                "exchange.unknown_secret",
                Fault::Caller,
                "this connection has no secret of that name",
                name.to_owned(),
            )
            .with_hint("The names stand in `key_schedule[]` of the evidence.")
        })
    }
}

/// The last moment the exchange itself tells of.
fn ended(e: &Exchange) -> Timestamp {
    let total = i64::try_from(e.timing.total / 1000).unwrap_or(i64::MAX);
    Timestamp::from_unix_millis(e.started_at.unix_millis().saturating_add(total))
}

fn not_kept(e: &Exchange) -> Problem {
    let after = ended(e);
    Problem::new(
        "exchange.secrets_not_kept",
        Fault::Environment,
        "the secrets of this connection are not kept",
        format!("not kept after {}, {}Z", after.date(), after.clock()),
    )
    .with_hint("They are in memory only, for the newest connections. Send again, and open the handshake then.")
}
