//! Which exchanges used which token: the newest ones of each key, in memory.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;

use countersign_evidence::Exchange;

use crate::core::lock;
use crate::view::{TokenRow, TokenUse};

/// Exchanges remembered of one key.
const REMEMBERED: usize = 20;

/// What tells the tokens of a credential apart: its name, the environment, the scope asked for.
type Key = (String, Option<String>, Option<String>);

/// The newest uses of every key.
#[derive(Default)]
pub(crate) struct Uses(Mutex<HashMap<Key, VecDeque<TokenUse>>>);

impl Uses {
    /// Notes an exchange that was sent with a token.
    pub(crate) fn note(&self, e: &Exchange, request_path: Option<&str>, environment: Option<String>) {
        let (Some(token), Some(credential), Some(request)) = (&e.token, &e.credential, &e.request) else { return };
        if !request.sent {
            return;
        }
        let key = (credential.name.clone(), environment, token.requested_scope.clone());
        let mut all = lock(&self.0);
        let uses = all.entry(key).or_default();
        uses.truncate(REMEMBERED - 1);
        uses.push_front(TokenUse {
            exchange: e.exchange.clone(),
            at: e.started_at,
            generation: token.generation,
            method: request.method.clone(),
            target: request.target.clone(),
            request_path: request_path.map(ToOwned::to_owned),
            status: e.response.as_ref().map(|response| response.status),
        });
    }

    /// Those of this row, newest first.
    pub(crate) fn of(&self, row: &TokenRow) -> Vec<TokenUse> {
        let key = (row.credential.clone(), row.environment.clone(), row.token.requested_scope.clone());
        lock(&self.0).get(&key).map(|uses| uses.iter().cloned().collect()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{REMEMBERED, Uses};
    use crate::history::sample;

    #[test]
    fn only_what_was_sent_with_a_token_is_a_use_and_the_newest_stay() {
        let uses = Uses::default();
        let mut e = sample::success("01");
        assert!(e.token.is_some() && e.credential.is_some(), "the sample has a token");
        let request = e.request.as_mut().unwrap();
        request.sent = false;
        uses.note(&e, None, None);
        assert!(uses.0.lock().unwrap().is_empty(), "nothing was sent");
        e.request.as_mut().unwrap().sent = true;
        for n in 0..REMEMBERED + 5 {
            e.exchange = n.to_string();
            uses.note(&e, Some("payments/create"), None);
        }
        let all = uses.0.lock().unwrap();
        let kept: Vec<&str> = all.values().flatten().map(|one| one.exchange.as_str()).collect();
        assert_eq!((kept.len(), kept[0]), (REMEMBERED, "24"), "the newest first");
    }
}
