//! What waits for the client's next step: pushed requests (RFC 9126), codes (RFC 6749 §4.1), devices (RFC 8628).

use std::collections::HashMap;

use crate::families::Grant;
use crate::tokens::random_text;

/// Entries of one kind that are remembered; the ones that are over go first.
const REMEMBERED: usize = 1000;
/// Seconds a pushed request and a code live (RFC 9126 §2.2, RFC 6749 §4.1.2).
pub(crate) const SHORT: i64 = 60;
/// Seconds a device code lives.
pub(crate) const DEVICE: i64 = 300;
/// Seconds between two questions of a device.
pub(crate) const INTERVAL: i64 = 1;
/// What RFC 8628 §3.5 adds to the interval after `slow_down`.
const SLOWER: i64 = 5;
/// Letters of a user code: no vowels, so that it spells nothing (RFC 8628 §6.1).
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// An authorization request that was judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Authorization {
    pub(crate) grant: Grant,
    pub(crate) redirect_uri: String,
    pub(crate) state: Option<String>,
    /// RFC 7636 §4.3, S256.
    pub(crate) code_challenge: String,
}

/// How the lab user answered a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consent {
    Denied,
    Given,
    Pending,
}

/// A device that asks.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    pub(crate) grant: Grant,
    pub(crate) user_code: String,
    expires_at: i64,
    consent: Consent,
    interval: i64,
    asked_at: Option<i64>,
}

/// What a code came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Redeemed {
    /// It came before; this is the family that was issued from it.
    Again(Option<String>),
    Expired,
    Good(Box<Authorization>),
    Unknown,
}

/// What a device's question came to (RFC 8628 §3.5).
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Polled {
    Denied,
    Expired,
    Given(Box<Grant>),
    Pending,
    SlowDown,
    Unknown,
}

struct Code {
    authorization: Authorization,
    expires_at: i64,
    spent: bool,
    family: Option<String>,
}

/// All of it.
#[derive(Default)]
pub(crate) struct Pending {
    pushed: HashMap<String, (Authorization, i64)>,
    codes: HashMap<String, Code>,
    devices: HashMap<String, Device>,
}

impl Pending {
    /// Keeps a pushed request; its `request_uri` (RFC 9126 §2.2).
    pub(crate) fn push(&mut self, authorization: Authorization, now: i64) -> String {
        bound(&mut self.pushed, |(_, until)| *until > now);
        let uri = format!("urn:ietf:params:oauth:request_uri:{}", random_text());
        self.pushed.insert(uri.clone(), (authorization, now + SHORT));
        uri
    }

    /// A pushed request counts once (RFC 9126 §7.3).
    pub(crate) fn pull(&mut self, uri: &str, now: i64) -> Option<Authorization> {
        self.pushed.remove(uri).filter(|(_, until)| *until > now).map(|(authorization, _)| authorization)
    }

    /// A code for a request.
    pub(crate) fn code(&mut self, authorization: Authorization, now: i64) -> String {
        bound(&mut self.codes, |code| code.expires_at > now);
        let code = random_text();
        let entry = Code { authorization, expires_at: now + SHORT, spent: false, family: None };
        self.codes.insert(code.clone(), entry);
        code
    }

    /// Whose code it is.
    pub(crate) fn client_of(&self, code: &str) -> Option<&str> {
        self.codes.get(code).map(|code| code.authorization.grant.client.as_str())
    }

    /// Spends a code.
    pub(crate) fn redeem(&mut self, code: &str, now: i64) -> Redeemed {
        let Some(code) = self.codes.get_mut(code) else { return Redeemed::Unknown };
        if code.spent {
            return Redeemed::Again(code.family.take());
        }
        code.spent = true;
        if code.expires_at <= now {
            return Redeemed::Expired;
        }
        Redeemed::Good(Box::new(code.authorization.clone()))
    }

    /// Which family came of a code.
    pub(crate) fn issued(&mut self, code: &str, family: Option<String>) {
        if let Some(code) = self.codes.get_mut(code) {
            code.family = family;
        }
    }

    /// A device code, and the device as it begins.
    pub(crate) fn device(&mut self, grant: Grant, now: i64) -> (String, Device) {
        bound(&mut self.devices, |device| device.expires_at > now);
        let letter = |byte: u8| char::from(LETTERS[usize::from(byte) % LETTERS.len()]);
        let letters: String = random_text().bytes().take(8).map(letter).collect();
        let device = Device {
            grant,
            user_code: format!("{}-{}", &letters[..4], &letters[4..]),
            expires_at: now + DEVICE,
            consent: Consent::Pending,
            interval: INTERVAL,
            asked_at: None,
        };
        let code = random_text();
        self.devices.insert(code.clone(), device.clone());
        (code, device)
    }

    /// The lab user answers; whether there is such a device that waits.
    pub(crate) fn consent(&mut self, user_code: &str, consent: Consent, now: i64) -> bool {
        let plain = |code: &str| code.to_ascii_uppercase().replace(['-', ' '], "");
        let wanted = plain(user_code);
        let mut waiting = self.devices.values_mut().filter(|device| device.expires_at > now);
        let found = waiting.find(|device| plain(&device.user_code) == wanted && device.consent == Consent::Pending);
        found.map(|device| device.consent = consent).is_some()
    }

    /// A device asks; what was answered is told once.
    pub(crate) fn poll(&mut self, code: &str, client: &str, now: i64) -> Polled {
        let Some(device) = self.devices.get_mut(code).filter(|device| device.grant.client == client) else {
            return Polled::Unknown;
        };
        if device.expires_at <= now {
            return Polled::Expired;
        }
        let early = device.asked_at.is_some_and(|asked| now - asked < device.interval);
        device.asked_at = Some(now);
        match device.consent {
            Consent::Pending if early => {
                device.interval += SLOWER;
                Polled::SlowDown
            }
            Consent::Pending => Polled::Pending,
            Consent::Denied => {
                self.devices.remove(code);
                Polled::Denied
            }
            Consent::Given => {
                self.devices.remove(code).map_or(Polled::Unknown, |device| Polled::Given(Box::new(device.grant)))
            }
        }
    }
}

/// Makes room: what is over goes, then everything.
fn bound<T>(entries: &mut HashMap<String, T>, lives: impl Fn(&T) -> bool) {
    if entries.len() >= REMEMBERED {
        entries.retain(|_, entry| lives(entry));
    }
    if entries.len() >= REMEMBERED {
        entries.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::{Authorization, Consent, Pending, Polled, Redeemed};
    use crate::families::Grant;

    fn authorization() -> Authorization {
        Authorization {
            grant: Grant::default(),
            redirect_uri: "http://127.0.0.1:1/".into(),
            state: None,
            code_challenge: String::new(),
        }
    }

    #[test]
    fn a_code_counts_once_and_its_reuse_names_what_came_of_it() {
        let mut pending = Pending::default();
        let code = pending.code(authorization(), 0);
        assert_eq!(pending.redeem(&code, 59), Redeemed::Good(Box::new(authorization())), "in its 60 s");
        pending.issued(&code, Some("family".into()));
        assert_eq!(pending.redeem(&code, 59), Redeemed::Again(Some("family".into())), "the second time");
        let late = pending.code(authorization(), 0);
        assert_eq!(pending.redeem(&late, 60), Redeemed::Expired, "after 60 s");
        assert_eq!(pending.redeem("other", 0), Redeemed::Unknown, "a code of nobody");
    }

    #[test]
    fn a_pushed_request_counts_once_and_for_a_minute() {
        let mut pending = Pending::default();
        let uri = pending.push(authorization(), 0);
        assert_eq!(pending.pull(&uri, 1), Some(authorization()), "once");
        assert_eq!(pending.pull(&uri, 1), None, "not twice");
        let late = pending.push(authorization(), 0);
        assert_eq!(pending.pull(&late, 60), None, "not after a minute");
    }

    #[test]
    fn a_device_waits_is_told_to_slow_down_and_gets_its_answer_once() {
        let mut pending = Pending::default();
        let (code, device) = pending.device(Grant { client: "c".into(), ..Grant::default() }, 0);
        assert_eq!(pending.poll(&code, "other", 1), Polled::Unknown, "another client's code");
        assert_eq!(pending.poll(&code, "c", 1), Polled::Pending, "nobody has answered");
        assert_eq!(pending.poll(&code, "c", 1), Polled::SlowDown, "in the same second");
        assert_eq!(pending.poll(&code, "c", 6), Polled::SlowDown, "the interval is six seconds now");
        assert!(!pending.consent("XXXX-XXXX", Consent::Given, 6), "no such user code");
        let typed = device.user_code.to_lowercase().replace('-', "");
        assert!(pending.consent(&typed, Consent::Given, 6), "as a person types it");
        assert_eq!(pending.poll(&code, "c", 7), Polled::Given(Box::new(device.grant)), "given");
        assert_eq!(pending.poll(&code, "c", 8), Polled::Unknown, "once");
        let (code, device) = pending.device(Grant::default(), 0);
        assert!(pending.consent(&device.user_code, Consent::Denied, 1), "it waits");
        assert_eq!(pending.poll(&code, "", 2), Polled::Denied, "denied");
        let (code, _) = pending.device(Grant::default(), 0);
        assert_eq!(pending.poll(&code, "", 300), Polled::Expired, "after five minutes");
    }
}
