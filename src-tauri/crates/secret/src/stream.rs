//! Redaction of bytes that come in pieces: holds back what could be the start of a secret.

use crate::Redactor;

/// Push pieces, write what comes out, then [`RedactStream::finish`].
pub struct RedactStream {
    redactor: Redactor,
    held: Vec<u8>,
}

impl RedactStream {
    pub(crate) fn new(redactor: Redactor) -> Self {
        Self { redactor, held: Vec::new() }
    }

    /// What can be written now.
    pub fn push(&mut self, piece: &[u8]) -> Vec<u8> {
        let (automaton, names, longest) = self.redactor.now();
        self.held.extend_from_slice(piece);
        let Some(automaton) = automaton else { return std::mem::take(&mut self.held) };
        let keep = longest.saturating_sub(1);
        let sure = self.held.len().saturating_sub(keep);
        if sure == 0 {
            return Vec::new();
        }
        let mut out = Vec::with_capacity(sure);
        let mut from = 0;
        for found in automaton.find_iter(&self.held) {
            if found.start() >= sure {
                break;
            }
            out.extend_from_slice(&self.held[from..found.start()]);
            out.extend_from_slice(names.get(found.pattern().as_usize()).map_or("‹secret›", String::as_str).as_bytes());
            from = found.end();
        }
        if from < sure {
            out.extend_from_slice(&self.held[from..sure]);
            from = sure;
        }
        self.held.drain(..from);
        out
    }

    /// The rest.
    pub fn finish(self) -> Vec<u8> {
        self.redactor.redact_bytes(&self.held)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Redactor, Secret};

    #[test]
    fn a_secret_cut_anywhere_between_two_pieces_is_struck() {
        let redactor = Redactor::new();
        let token = Secret::new("eyJhbGciOi.tok-en_value".to_owned());
        redactor.register_token(&token);
        let text = format!("before {} after {} end", token.expose_secret(), token.expose_secret());
        let whole = redactor.redact(&text);
        for cut in 0..text.len() {
            let mut stream = redactor.stream();
            let mut out = stream.push(&text.as_bytes()[..cut]);
            out.extend(stream.push(&text.as_bytes()[cut..]));
            out.extend(stream.finish());
            assert_eq!(String::from_utf8(out).unwrap(), whole, "cut at {cut}");
        }
    }

    #[test]
    fn piece_by_piece_is_the_same_as_at_once() {
        let redactor = Redactor::new();
        redactor.register_token(&Secret::new("0123456789abcdef".to_owned()));
        let text = "x0123456789abcdefy0123456789abcde z".repeat(20);
        let mut stream = redactor.stream();
        let mut out = Vec::new();
        for byte in text.as_bytes() {
            out.extend(stream.push(&[*byte]));
        }
        out.extend(stream.finish());
        assert_eq!(String::from_utf8(out).unwrap(), redactor.redact(&text), "one byte at a time");
    }
}
