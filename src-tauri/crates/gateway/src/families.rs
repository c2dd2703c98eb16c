//! Refresh tokens (RFC 6749 §6) in families: each use makes the next one, and one used twice ends its family (RFC 9700 §4.14.2).

use std::collections::{HashMap, VecDeque};

use serde_json::Value;

use crate::tokens::random_text;

/// Families remembered; the oldest goes first.
const REMEMBERED: usize = 10_000;
/// Access tokens remembered of one family.
const ACCOMPANY: usize = 100;

/// What was granted, to whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) client: String,
    /// `sub` of the tokens.
    pub(crate) subject: String,
    pub(crate) scope: String,
    /// RFC 8707; none means the API.
    pub(crate) resource: Vec<String>,
    /// RFC 9396 §2.
    pub(crate) authorization_details: Option<Value>,
    /// The key a code (RFC 9449 §10) or a public client's refresh token (§5) is bound to.
    pub(crate) jkt: Option<String>,
}

/// What came of a refresh token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Spent {
    Expired,
    /// It was used before: these access tokens die with the family.
    Reused {
        access: Vec<String>,
    },
    Rotated {
        next: String,
        grant: Grant,
    },
    Unknown,
}

struct Family {
    grant: Grant,
    current: String,
    /// Seconds since the epoch.
    expires_at: Option<i64>,
    /// Access tokens that came with its refresh tokens, the newest last.
    access: VecDeque<String>,
}

/// All families.
#[derive(Default)]
pub(crate) struct Families {
    families: HashMap<String, Family>,
    /// The oldest first.
    order: VecDeque<String>,
    refresh: HashMap<String, String>,
    reuse: u64,
}

impl Families {
    /// A new family; its first refresh token.
    pub(crate) fn open(&mut self, grant: Grant, expires_at: Option<i64>) -> String {
        let (token, family) = (random_text(), random_text());
        if self.order.len() == REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.families.remove(&oldest);
            self.refresh.retain(|_, of| *of != oldest);
        }
        self.order.push_back(family.clone());
        let first = Family { grant, current: token.clone(), expires_at, access: VecDeque::new() };
        self.families.insert(family.clone(), first);
        self.refresh.insert(token.clone(), family);
        token
    }

    /// The family of a refresh token, also of a spent one.
    pub(crate) fn family_of(&self, refresh: &str) -> Option<&str> {
        self.refresh.get(refresh).map(String::as_str)
    }

    /// The access token that came with a refresh token.
    pub(crate) fn accompany(&mut self, refresh: &str, jti: &str) {
        let Some(family) = self.refresh.get(refresh).and_then(|family| self.families.get_mut(family)) else { return };
        if family.access.len() == ACCOMPANY {
            family.access.pop_front();
        }
        family.access.push_back(jti.to_owned());
    }

    /// What a refresh token that is current stands for, and until when.
    pub(crate) fn current(&self, token: &str, now: i64) -> Option<(&Grant, Option<i64>)> {
        let family = self.families.get(self.refresh.get(token)?)?;
        let lives = family.current == token && family.expires_at.is_none_or(|at| at > now);
        lives.then_some((&family.grant, family.expires_at))
    }

    /// Rotates. With `again` it is judged as used before, whatever it is.
    pub(crate) fn rotate(&mut self, token: &str, now: i64, again: bool) -> Spent {
        let Some(id) = self.refresh.get(token).cloned() else { return Spent::Unknown };
        let Some(family) = self.families.get_mut(&id) else { return Spent::Unknown };
        if family.current != token || again {
            self.reuse += u64::from(!again);
            return Spent::Reused { access: self.end(&id) };
        }
        if family.expires_at.is_some_and(|at| at <= now) {
            return Spent::Expired;
        }
        let next = random_text();
        family.current.clone_from(&next);
        let grant = family.grant.clone();
        self.refresh.insert(next.clone(), id);
        Spent::Rotated { next, grant }
    }

    /// Ends a family; its access tokens.
    pub(crate) fn end(&mut self, family: &str) -> Vec<String> {
        self.families.remove(family).map(|family| family.access.into()).unwrap_or_default()
    }

    /// How often a spent refresh token came.
    pub(crate) fn reuse(&self) -> u64 {
        self.reuse
    }
}

#[cfg(test)]
mod tests {
    use super::{Families, Grant, Spent};

    fn next(spent: Spent) -> String {
        match spent {
            Spent::Rotated { next, .. } => next,
            other => panic!("not rotated: {other:?}"),
        }
    }

    #[test]
    fn a_spent_token_ends_the_family_with_its_access_tokens() {
        let mut families = Families::default();
        let first = families.open(Grant::default(), None);
        families.accompany(&first, "one");
        let second = next(families.rotate(&first, 0, false));
        families.accompany(&second, "two");
        let access = vec!["one".to_owned(), "two".to_owned()];
        assert_eq!(families.rotate(&first, 0, false), Spent::Reused { access }, "both access tokens die");
        assert_eq!(families.rotate(&second, 0, false), Spent::Unknown, "and the newest refresh token");
        assert_eq!(families.reuse(), 1, "it is counted once");
    }

    #[test]
    fn a_family_expires_and_spends_nothing_then() {
        let mut families = Families::default();
        let token = families.open(Grant::default(), Some(10));
        assert!(families.current(&token, 9).is_some(), "it lives");
        assert_eq!(families.rotate(&token, 10, false), Spent::Expired, "its time is over");
        assert!(families.current(&token, 10).is_none(), "and it is no current one");
    }

    #[test]
    fn the_fault_judges_a_good_token_as_used_before_and_counts_nothing() {
        let mut families = Families::default();
        let token = families.open(Grant::default(), None);
        assert_eq!(families.rotate(&token, 0, true), Spent::Reused { access: Vec::new() }, "although it is current");
        assert_eq!(families.reuse(), 0, "the client did nothing wrong");
    }
}
