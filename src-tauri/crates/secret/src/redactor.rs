//! Redaction by value: one pass over everything that leaves, with every form of every live secret.

use std::sync::{Arc, PoisonError, RwLock};

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroize;

use crate::forms::{SHORTEST, forms};
use crate::{RedactStream, SecretText, token_fingerprint};

/// The registry of live secrets. Cheap to clone; all clones see what any of them registers. A secret stays
/// registered until the process ends, also after it was deleted: it may still stand in a buffer.
#[derive(Clone, Default)]
pub struct Redactor {
    known: Arc<RwLock<Known>>,
}

#[derive(Default)]
pub(crate) struct Known {
    patterns: Vec<String>,
    names: Vec<String>,
    pub(crate) automaton: Option<Arc<AhoCorasick>>,
    shared_names: Arc<Vec<String>>,
    longest: usize,
}

impl Drop for Known {
    fn drop(&mut self) {
        self.patterns.zeroize();
    }
}

impl Redactor {
    /// Knows nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Strikes a token as `‹token 3f9a1c2e›`.
    pub fn register_token(&self, token: &SecretText) {
        self.register(&format!("‹token {}›", token_fingerprint(token)), token.expose_secret());
    }

    /// Strikes a slot's secret as `‹client_secret of demo-client›`.
    pub fn register_slot(&self, credential: &str, slot: &str, secret: &SecretText) {
        self.register(&format!("‹{slot} of {credential}›"), secret.expose_secret());
    }

    /// Strikes `id:secret`, raw and form-encoded, and with it the value of a Basic header (RFC 7617, RFC 6749 §2.3.1).
    pub fn register_pair(&self, credential: &str, id: &str, secret: &SecretText) {
        let name = format!("‹client credentials of {credential}›");
        let value = secret.expose_secret();
        let form = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        for mut pair in [format!("{id}:{value}"), format!("{}:{}", form(id), form(value))] {
            self.register(&name, &pair);
            self.add(&name, vec![STANDARD.encode(&pair)]);
            pair.zeroize();
        }
    }

    fn register(&self, name: &str, value: &str) {
        let mut all = forms(value);
        let trimmed = value.trim();
        if trimmed.len() != value.len() {
            all.extend(forms(trimmed));
        }
        self.add(name, all);
    }

    fn add(&self, name: &str, forms: Vec<String>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let mut grown = false;
        for form in forms {
            if form.len() < SHORTEST || known.patterns.contains(&form) {
                continue;
            }
            known.longest = known.longest.max(form.len());
            known.patterns.push(form);
            known.names.push(name.to_owned());
            grown = true;
        }
        if grown {
            known.automaton =
                AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&known.patterns).ok().map(Arc::new);
            known.shared_names = Arc::new(known.names.clone());
        }
    }

    /// Whether a value can be struck at all; shorter ones are warned about at entry.
    pub fn can_strike(value: &SecretText) -> bool {
        value.len() >= SHORTEST
    }

    /// Whether no secret is known yet: nothing would be struck.
    pub fn is_idle(&self) -> bool {
        self.known.read().unwrap_or_else(PoisonError::into_inner).automaton.is_none()
    }

    /// The longest pattern in bytes: what a stream must hold back.
    pub fn max_pattern_len(&self) -> usize {
        self.known.read().unwrap_or_else(PoisonError::into_inner).longest
    }

    pub(crate) fn now(&self) -> (Option<Arc<AhoCorasick>>, Arc<Vec<String>>, usize) {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        (known.automaton.clone(), known.shared_names.clone(), known.longest)
    }

    /// Text without any live secret.
    pub fn redact(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.redact_bytes(text.as_bytes())).into_owned()
    }

    /// Bytes without any live secret.
    pub fn redact_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let (Some(automaton), names, _) = self.now() else { return bytes.to_vec() };
        let mut out = Vec::with_capacity(bytes.len());
        let mut from = 0;
        for found in automaton.find_iter(bytes) {
            out.extend_from_slice(&bytes[from..found.start()]);
            out.extend_from_slice(names.get(found.pattern().as_usize()).map_or("‹secret›", String::as_str).as_bytes());
            from = found.end();
        }
        out.extend_from_slice(&bytes[from..]);
        out
    }

    /// A filter for bytes that come in pieces, for example content on its way to disk.
    pub fn stream(&self) -> RedactStream {
        RedactStream::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::Redactor;
    use crate::Secret;

    fn redactor() -> Redactor {
        let redactor = Redactor::new();
        let secret = Secret::new("p@ss w/rd+1".to_owned());
        redactor.register_slot("demo-client", "client_secret", &secret);
        redactor.register_pair("demo-client", "svc", &secret);
        redactor
    }

    #[test]
    fn a_secret_is_struck_in_every_form_and_named() {
        let redactor = redactor();
        for text in
            ["p@ss w/rd+1", "p%40ss+w%2Frd%2B1", "7040737320772f72642b31", "cEBzcyB3L3JkKzE", "c3ZjOnBAc3Mgdy9yZCsx"]
        {
            let struck = redactor.redact(&format!("<{text}>"));
            assert!(struck.contains("of demo-client›") && !struck.contains(text), "{text} in {struck}");
        }
    }

    #[test]
    fn a_basic_header_is_struck_whole() {
        let redactor = redactor();
        let shown = redactor.redact("Authorization: Basic c3ZjOnBAc3Mgdy9yZCsx");
        assert_eq!(shown, "Authorization: Basic ‹client credentials of demo-client›", "the pair has its own name");
    }

    #[test]
    fn a_short_secret_strikes_nothing() {
        let redactor = Redactor::new();
        redactor.register_slot("c", "s", &Secret::new("abc".to_owned()));
        assert_eq!(redactor.redact("abcabc"), "abcabc", "ordinary text would suffer");
    }
}
