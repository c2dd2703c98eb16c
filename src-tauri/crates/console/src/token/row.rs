//! A key as lists show it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use countersign_evidence::{Token, TokenState};
use countersign_oauth::explain_claims;

use super::slot::{Inner, Slot};
use super::{EngineRow, Held};

/// Milliseconds from now; negative: past.
fn left(at: Duration, now: Duration) -> i64 {
    let ms = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    ms(at).saturating_sub(ms(now))
}

pub(super) fn row(slot: &Slot, now: Duration) -> EngineRow {
    let inner = slot.inner();
    let held = slot.held.load_full().filter(|held| now < held.life.dies_at);
    let word = inner.state.word();
    // between its end and the timer that notices it
    let state = if held.is_none() && word == TokenState::Valid { TokenState::Expired } else { word };
    let token = held.as_ref().map_or_else(|| without(state, slot, &inner), |held| held.token(state, None));
    let life = held.as_ref().map(|held| held.life);
    EngineRow {
        credential: slot.key.credential.clone(),
        environment: slot.key.environment.clone(),
        token,
        renews_in_ms: life.map(|life| left(life.soft_at, now)),
        expires_in_ms: life.map(|life| left(life.dies_at, now)),
        life_ms: life.map(|life| left(life.length(), Duration::ZERO)),
        reason: reason(state, &inner),
        uses: slot.uses.load(Ordering::Relaxed),
        authorization_server: slot.key.authorization_server.clone(),
        client_authentication: slot.key.client_authentication.clone(),
        clock: None,
        generations: inner.generations.iter().cloned().collect(),
        last_uses: Vec::new(),
        claims_explained: held.as_deref().and_then(Held::jwt).map(|jwt| explain_claims(&jwt)).unwrap_or_default(),
        findings: held.map(|held| held.notes.clone()).unwrap_or_default(),
    }
}

fn without(state: TokenState, slot: &Slot, inner: &Inner) -> Token {
    Token {
        state,
        kind: None,
        scope: None,
        requested_scope: Some(slot.key.requested_scope.clone()).filter(|scope| !scope.is_empty()),
        issued_at: None,
        expires_at: None,
        renew_at: None,
        generation: inner.state.next_generation() - 1,
        origin: None,
        fingerprint: None,
        header: None,
        claims: None,
        exchange: None,
    }
}

/// Why it is in this state.
fn reason(state: TokenState, inner: &Inner) -> String {
    let failed = inner.failure.as_ref().map(|problem| problem.title.clone());
    match state {
        TokenState::Absent if inner.discards > 0 => failed.unwrap_or_else(|| "it was discarded".into()),
        TokenState::Absent => failed.unwrap_or_else(|| "none was obtained yet".into()),
        TokenState::Acquiring | TokenState::Renewing => inner.reason.clone(),
        TokenState::Ambiguous => {
            "a refresh was sent and its answer lost: the same refresh token is tried once more, for the server may already have replaced it".into()
        }
        TokenState::Dead => failed.unwrap_or_else(|| "no grant is left to obtain one with".into()),
        TokenState::Expired => failed.unwrap_or_else(|| "its life is over; the next send obtains another".into()),
        TokenState::Valid => match failed {
            Some(failed) => format!("{}; the last renewal brought none: {failed}", inner.obtained_for),
            None => inner.obtained_for.clone(),
        },
    }
}
