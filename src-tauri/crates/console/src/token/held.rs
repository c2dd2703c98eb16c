//! A token in memory: the secret, its deadlines, and what of it may be shown.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use countersign_evidence::{
    Certainty, Citation, Fact, Finding, FindingSeverity, Timestamp, Token, TokenOrigin, TokenState,
};
use countersign_oauth::{Issued, JwtView, Life, Recipe, view};
use countersign_secret::{SecretText, token_fingerprint};
use serde_json::{Map, Value};

use super::TokenKey;
use super::kept::{KeptAccess, KeptRefresh};

/// A token.
pub struct Held {
    /// The token.
    pub secret: Arc<SecretText>,
    /// RFC 6749 §5.1, as answered.
    pub token_type: String,
    /// Counts the tokens of this key.
    pub generation: u64,
    /// Deadlines on the boot clock.
    pub life: Life,
    /// When the request for it was sent.
    pub issued_at: Timestamp,
    /// When it dies.
    pub expires_at: Timestamp,
    /// When it is renewed in the background.
    pub renew_at: Timestamp,
    /// Granted scope, as answered, else as claimed.
    pub scope: Option<String>,
    /// Requested scope.
    pub requested_scope: String,
    /// First 8 hex digits of the SHA-256.
    pub fingerprint: String,
    /// JOSE header of a JWT.
    pub header: Option<Map<String, Value>>,
    /// Claims of a JWT.
    pub claims: Option<Map<String, Value>>,
    /// What is odd about it or its answer.
    pub notes: Vec<Finding>,
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "‹token {}›, generation {}", self.fingerprint, self.generation)
    }
}

/// What a call brought, with its life computed.
pub(super) struct Fresh {
    issued: Issued,
    jwt: Option<JwtView>,
    sent_at: Timestamp,
    pub(super) life: Life,
}

impl Fresh {
    /// `u`: jitter of the renewal point, within [0.8, 1.2].
    pub(super) fn new(
        mut issued: Issued,
        t0: Duration,
        sent_at: Timestamp,
        date_ms: Option<i64>,
        recipe: &Recipe,
        u: f64,
    ) -> Self {
        let jwt = view(issued.access_token.expose_secret()).ok();
        let claimed = jwt.as_ref().and_then(JwtView::claimed_life);
        let expires = jwt.as_ref().and_then(JwtView::expires_at);
        let until_date = expires.zip(date_ms).and_then(|(at, date)| u64::try_from(at.unix_millis() - date).ok());
        let default = recipe.default_life();
        let life = Life::of(issued.expires_in, claimed, until_date.map(Duration::from_millis), default, t0, u);
        if issued.expires_in.is_none() && claimed.is_none() {
            issued.notes.push(life_assumed(default));
        }
        Self { issued, jwt, sent_at, life }
    }

    /// The refresh token that came along.
    pub(super) fn take_refresh(&mut self) -> Option<Arc<SecretText>> {
        self.issued.refresh_token.take().map(Arc::new)
    }

    pub(super) fn note(&mut self, note: Finding) {
        self.issued.notes.push(note);
    }

    /// The access token as it is stored beside its refresh token.
    pub(super) fn access(&self, boot: String) -> KeptAccess {
        KeptAccess {
            token: Arc::clone(&self.issued.access_token),
            token_type: self.issued.token_type.clone(),
            scope: self.issued.scope.clone(),
            boot,
            t0: self.life.t0,
            life: self.life.length(),
        }
    }

    pub(super) fn sent_at(&self) -> Timestamp {
        self.sent_at
    }

    /// As the token of this generation.
    pub(super) fn into_held(self, generation: u64, key: &TokenKey) -> Held {
        let Issued { access_token, token_type, scope, notes, .. } = self.issued;
        let parts = Parts { secret: access_token, token_type, scope, life: self.life, issued_at: self.sent_at };
        Held::new(parts, generation, key, self.jwt, notes)
    }
}

/// The access token another process stored, if it counts here.
pub(super) fn adopted(kept: &KeptRefresh, life: Life, generation: u64, key: &TokenKey) -> Option<Held> {
    let access = kept.access.as_ref()?;
    let parts = Parts {
        secret: Arc::clone(&access.token),
        token_type: access.token_type.clone(),
        scope: access.scope.clone(),
        life,
        issued_at: kept.obtained_at,
    };
    let jwt = view(access.token.expose_secret()).ok();
    Some(Held::new(parts, generation, key, jwt, Vec::new()))
}

struct Parts {
    secret: Arc<SecretText>,
    token_type: String,
    scope: Option<String>,
    life: Life,
    issued_at: Timestamp,
}

impl Held {
    fn new(parts: Parts, generation: u64, key: &TokenKey, jwt: Option<JwtView>, mut notes: Vec<Finding>) -> Self {
        let Parts { secret, token_type, scope, life, issued_at } = parts;
        let scope = scope.or_else(|| jwt.as_ref().and_then(JwtView::scope));
        notes.extend(scope.as_deref().and_then(|granted| narrowed(&key.requested_scope, granted)));
        let after = |at: Duration| {
            let ms = i64::try_from(at.saturating_sub(life.t0).as_millis()).unwrap_or(i64::MAX);
            Timestamp::from_unix_millis(issued_at.unix_millis().saturating_add(ms))
        };
        let (header, claims) = jwt.map(|jwt| (jwt.header, jwt.claims)).unzip();
        Self {
            fingerprint: token_fingerprint(&secret),
            secret,
            token_type,
            generation,
            life,
            issued_at,
            expires_at: after(life.dies_at),
            renew_at: after(life.soft_at),
            scope,
            requested_scope: key.requested_scope.clone(),
            header,
            claims,
            notes,
        }
    }

    /// The token as evidence shows it.
    pub fn token(&self, state: TokenState, origin: Option<TokenOrigin>) -> Token {
        Token {
            state,
            kind: Some(self.token_type.clone()),
            scope: self.scope.clone(),
            requested_scope: Some(self.requested_scope.clone()).filter(|scope| !scope.is_empty()),
            issued_at: Some(self.issued_at),
            expires_at: Some(self.expires_at),
            renew_at: Some(self.renew_at),
            generation: self.generation,
            origin,
            fingerprint: Some(self.fingerprint.clone()),
            header: self.header.clone(),
            claims: self.claims.clone(),
            exchange: None,
        }
    }

    /// Header and claims, as far as it is a JWT.
    pub fn jwt(&self) -> Option<JwtView> {
        Some(JwtView { header: self.header.clone()?, claims: self.claims.clone()? })
    }
}

fn note(id: &str, severity: FindingSeverity, sentence: String, fix: &str, section: &'static str) -> Finding {
    Finding {
        id: id.into(),
        severity,
        subject: "token".into(),
        sentence,
        fix: fix.into(),
        citation: Citation::new("RFC 6749", section),
        certainty: Some(Certainty::Proven),
        certificate: None,
        rejects: None,
        values: Vec::new(),
        range: None,
        effective_since: None,
    }
}

fn life_assumed(default: Duration) -> Finding {
    let sentence =
        format!("Neither the answer nor the token says how long it lives; {} s are assumed.", default.as_secs());
    note(
        "token.life_assumed",
        FindingSeverity::Info,
        sentence,
        "Set default-life in the recipe, if you know it.",
        "5.1",
    )
}

/// Members asked for and not granted (RFC 6749 §5.1: the server must say so, and does, but nobody reads it).
fn narrowed(requested: &str, granted: &str) -> Option<Finding> {
    let has: Vec<&str> = granted.split(' ').collect();
    let missing: Vec<&str> = requested.split(' ').filter(|scope| !scope.is_empty() && !has.contains(scope)).collect();
    if missing.is_empty() {
        return None;
    }
    let sentence = format!("Asked for and not granted: `{}`.", missing.join(" "));
    let mut finding = note(
        "token.scope_narrowed",
        FindingSeverity::Warning,
        sentence,
        "Ask the API's owner to grant it to this client.",
        "3.3",
    );
    finding.values = vec![Fact::new("requested", requested), Fact::new("granted", granted)];
    Some(finding)
}

/// The next refresh token could not be stored.
pub(super) fn not_kept(reason: &str) -> Finding {
    let sentence = format!("The next refresh token could not be stored and is in memory only: {reason}.");
    note(
        "token.refresh_not_kept",
        FindingSeverity::Warning,
        sentence,
        "Unlock the vault; the next renewal stores it.",
        "6",
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use countersign_evidence::{Timestamp, TokenOrigin, TokenState};
    use countersign_oauth::Issued;
    use countersign_secret::Secret;

    use super::super::tests::key;
    use super::{Fresh, Held};

    fn held(token: &str, expires_in: Option<u64>, date_ms: Option<i64>) -> Held {
        let issued = Issued {
            access_token: Arc::new(Secret::new(token.to_owned())),
            token_type: "Bearer".into(),
            expires_in: expires_in.map(Duration::from_secs),
            scope: None,
            refresh_token: None,
            notes: Vec::new(),
        };
        let key = key("k", "rfc6749");
        let sent_at = Timestamp::from_unix_seconds(1_800_000_000);
        Fresh::new(issued, Duration::from_secs(500), sent_at, date_ms, &key.recipe, 1.0).into_held(3, &key)
    }

    fn jwt(claims: &str) -> String {
        format!("{}.{}.c2lnbmF0dXJl", URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256"}"#), URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn a_jwt_is_shown_without_its_signature_and_lives_as_long_as_the_shorter_says() {
        let text = jwt(r#"{"iat":1800000000,"exp":1800000300,"scope":"payments:read"}"#);
        let held = held(&text, Some(3600), None);
        assert_eq!(held.life.length(), Duration::from_secs(300), "exp - iat is shorter than expires_in");
        assert_eq!(held.expires_at, Timestamp::from_unix_seconds(1_800_000_300));
        assert_eq!(held.renew_at, Timestamp::from_unix_seconds(1_800_000_225));
        let token = held.token(TokenState::Valid, Some(TokenOrigin::Acquired));
        assert_eq!((token.scope.as_deref(), token.generation), (Some("payments:read"), 3), "the scope as claimed");
        let shown = format!("{} {held:?}", serde_json::to_string(&token).unwrap());
        assert!(!shown.contains("c2lnbmF0dXJl") && !shown.contains(&text), "{shown}");
        assert!(held.notes.is_empty(), "{:?}", held.notes);
    }

    #[test]
    fn a_token_from_the_servers_cache_lives_until_its_exp_by_the_servers_date() {
        let held = held(&jwt(r#"{"iat":1800000000,"exp":1800000300}"#), None, Some(1_800_000_180_000));
        assert_eq!(held.life.length(), Duration::from_secs(120));
    }

    #[test]
    fn what_nothing_says_is_assumed_and_noted() {
        let held = held("opaque", None, None);
        assert_eq!(held.life.length(), Duration::from_secs(60), "the recipe's default-life");
        assert_eq!(held.notes.iter().map(|note| note.id.as_str()).collect::<Vec<_>>(), ["token.life_assumed"]);
        assert!(held.header.is_none() && held.claims.is_none(), "an opaque token has none");
    }

    #[test]
    fn a_scope_silently_narrowed_is_noted() {
        let held = held(&jwt(r#"{"iat":1,"exp":61,"scope":"accounts:read"}"#), None, None);
        assert_eq!(held.notes[0].id, "token.scope_narrowed");
        assert!(held.notes[0].sentence.contains("`payments:read`"), "{}", held.notes[0].sentence);
    }
}
