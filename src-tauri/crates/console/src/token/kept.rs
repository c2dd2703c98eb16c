//! A refresh token as it rests in the vault, with the access token that came with it: another process of this
//! machine adopts that one, and one refresh serves all. Its deadlines count on one boot only.

use std::sync::Arc;
use std::time::Duration;

use countersign_evidence::{Fault, Problem, Timestamp};
use countersign_oauth::Life;
use countersign_secret::{Secret, SecretBytes, SecretText};
use serde::{Deserialize, Serialize};

/// A refresh token and where it stands in its family.
#[derive(Clone)]
pub struct KeptRefresh {
    /// Generation of the access token it came with.
    pub generation: u64,
    /// When the request for it was sent.
    pub obtained_at: Timestamp,
    /// The same for all that were rotated from one.
    pub family: String,
    /// The token.
    pub refresh_token: Arc<SecretText>,
    /// The access token that came with it.
    pub access: Option<KeptAccess>,
}

/// An access token beside its refresh token.
#[derive(Clone)]
pub struct KeptAccess {
    /// The token.
    pub token: Arc<SecretText>,
    /// RFC 6749 §5.1.
    pub token_type: String,
    /// Granted scope, as answered.
    pub scope: Option<String>,
    /// The boot its deadlines count on.
    pub boot: String,
    /// Boot clock when the request for it was sent.
    pub t0: Duration,
    /// How long it lives from then.
    pub life: Duration,
}

/// The stored form, JSON.
#[derive(Serialize, Deserialize)]
struct Stored {
    format: u32,
    generation: u64,
    obtained_at: Timestamp,
    family: String,
    refresh_token: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    access: Option<StoredAccess>,
}

#[derive(Serialize, Deserialize)]
struct StoredAccess {
    token: String,
    token_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    boot: String,
    t0_ms: u64,
    life_ms: u64,
}

/// The stored form as it is written: it borrows, so that no copy of a secret is left behind.
#[derive(Serialize)]
struct Writing<'a> {
    format: u32,
    generation: u64,
    obtained_at: Timestamp,
    family: &'a str,
    refresh_token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    access: Option<WritingAccess<'a>>,
}

#[derive(Serialize)]
struct WritingAccess<'a> {
    token: &'a str,
    token_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a str>,
    boot: &'a str,
    t0_ms: u64,
    life_ms: u64,
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl KeptRefresh {
    /// The value of its slot.
    pub fn encode(&self) -> SecretBytes {
        let writing = Writing {
            format: 1,
            generation: self.generation,
            obtained_at: self.obtained_at,
            family: &self.family,
            refresh_token: self.refresh_token.expose_secret(),
            access: self.access.as_ref().map(|access| WritingAccess {
                token: access.token.expose_secret(),
                token_type: &access.token_type,
                scope: access.scope.as_deref(),
                boot: &access.boot,
                t0_ms: ms(access.t0),
                life_ms: ms(access.life),
            }),
        };
        // large enough from the start: a growing buffer leaves copies behind
        let length = self.refresh_token.len() + self.access.as_ref().map_or(0, |access| access.token.len());
        let mut bytes = Vec::with_capacity(2 * length + 4096);
        // numbers and texts always serialise; a value without a token reads as malformed
        let _written = serde_json::to_writer(&mut bytes, &writing);
        Secret::new(bytes)
    }

    /// Reads the value of its slot.
    ///
    /// # Errors
    /// A [`Problem`] where it is not such a value; nothing of the value is said.
    pub fn decode(bytes: &SecretBytes) -> Result<Self, Problem> {
        let malformed = |detail: &str| {
            Problem::new("vault.item_malformed", Fault::Environment, "the stored refresh token cannot be read", detail)
                .with_hint("Discard the token: the next one starts anew.")
        };
        let stored: Stored = serde_json::from_slice(bytes.expose_secret()).map_err(|e| malformed(&position(&e)))?;
        if stored.format != 1 {
            return Err(malformed(&format!("format {} is newer than this program", stored.format)));
        }
        Ok(Self {
            generation: stored.generation,
            obtained_at: stored.obtained_at,
            family: stored.family,
            refresh_token: Arc::new(Secret::new(stored.refresh_token)),
            access: stored.access.map(|access| KeptAccess {
                token: Arc::new(Secret::new(access.token)),
                token_type: access.token_type,
                scope: access.scope,
                boot: access.boot,
                t0: Duration::from_millis(access.t0_ms),
                life: Duration::from_millis(access.life_ms),
            }),
        })
    }

    /// Deadlines of its access token, when they count on this boot. `u`: jitter of the renewal point.
    pub(super) fn life(&self, boot: &str, now: Duration, u: f64) -> Option<Life> {
        let access = self.access.as_ref().filter(|access| access.boot == boot && access.t0 <= now)?;
        Some(Life::of(Some(access.life), None, None, access.life, access.t0, u))
    }
}

/// Where it stops, without what stands there.
fn position(error: &serde_json::Error) -> String {
    format!("line {}, column {}", error.line(), error.column())
}

/// What tells this boot from another: the boot clock starts anew with it.
#[cfg(target_os = "linux")]
pub(super) fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|id| id.trim().to_owned()).unwrap_or_default()
}

/// Here the wall clock stands in for the boot clock, and counts across boots.
#[cfg(not(target_os = "linux"))]
pub(super) fn boot_id() -> String {
    "wall".into()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use countersign_evidence::Timestamp;
    use countersign_secret::Secret;

    use super::{KeptAccess, KeptRefresh};

    fn kept() -> KeptRefresh {
        KeptRefresh {
            generation: 3,
            obtained_at: Timestamp::from_unix_seconds(1_800_000_000),
            family: "01jz".into(),
            refresh_token: Arc::new(Secret::new("refresh \"quoted\"".into())),
            access: Some(KeptAccess {
                token: Arc::new(Secret::new("access".into())),
                token_type: "Bearer".into(),
                scope: None,
                boot: "b1".into(),
                t0: Duration::from_secs(100),
                life: Duration::from_secs(300),
            }),
        }
    }

    #[test]
    fn a_kept_refresh_token_reads_what_it_writes() {
        let read = KeptRefresh::decode(&kept().encode()).unwrap();
        assert_eq!(read.refresh_token.expose_secret(), "refresh \"quoted\"");
        assert_eq!((read.generation, read.family.as_str()), (3, "01jz"));
        let access = read.access.unwrap();
        assert_eq!((access.token.expose_secret().as_str(), access.life), ("access", Duration::from_secs(300)));
    }

    #[test]
    fn deadlines_count_on_their_own_boot_only() {
        let now = Duration::from_secs(150);
        assert_eq!(kept().life("b1", now, 1.0).unwrap().dies_at, Duration::from_secs(400));
        assert!(kept().life("b2", now, 1.0).is_none(), "another boot");
        assert!(kept().life("b1", Duration::from_secs(50), 1.0).is_none(), "from the future");
    }

    #[test]
    fn a_malformed_value_is_said_without_its_content() {
        let problem =
            KeptRefresh::decode(&Secret::new(br#"{"format":1,"refresh_token":"canary"}"#.to_vec())).err().unwrap();
        assert!(!format!("{problem:?}").contains("canary"), "{problem:?}");
    }
}
