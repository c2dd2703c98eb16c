//! Finds templates in a text. Whatever is not exactly one stays literal, so that JSON, Mustache and the like pass.

/// The longest text between the braces.
const LONGEST: usize = 200;

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// `{{$uuid}}`.
    Builtin {
        /// `$uuid`.
        name: &'a str,
        /// As written.
        raw: &'a str,
    },
    /// Text as it is.
    Literal(&'a str),
    /// `{{secret:demo-client/client_secret}}`.
    Secret {
        /// The credential.
        credential: &'a str,
        /// Its slot.
        slot: &'a str,
        /// As written.
        raw: &'a str,
    },
    /// `{{base_url}}`.
    Variable {
        /// The name.
        name: &'a str,
        /// As written.
        raw: &'a str,
    },
}

/// The parts of a text, in order; together they are the text.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut literal, mut at) = (0, 0);
    while let Some(found) = text[at..].find("{{") {
        let start = at + found;
        match template(&text[start..]) {
            Some((piece, length)) => {
                if literal < start {
                    pieces.push(Piece::Literal(&text[literal..start]));
                }
                pieces.push(piece);
                literal = start + length;
                at = literal;
            }
            // `{{{name}}}` is a brace, a template, a brace
            None => at = start + 1,
        }
    }
    if literal < text.len() {
        pieces.push(Piece::Literal(&text[literal..]));
    }
    pieces
}

/// The template at the start of this text, and its length.
fn template(text: &str) -> Option<(Piece<'_>, usize)> {
    let window = &text.as_bytes()[..text.len().min(LONGEST)];
    let end = window.iter().skip(2).position(|b| matches!(b, b'{' | b'}' | b'\n'))? + 2;
    let raw = text.get(..end + 2).filter(|raw| raw.ends_with("}}"))?;
    let inner = text.get(2..end)?.trim_matches(' ');
    if let Some(name) = inner.strip_prefix('$') {
        let is_word = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        return is_word.then_some((Piece::Builtin { name: inner, raw }, raw.len()));
    }
    if let Some(reference) = inner.strip_prefix("secret:") {
        let (credential, slot) = reference.split_once('/')?;
        let is_word =
            |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        return (is_word(credential) && is_word(slot)).then_some((Piece::Secret { credential, slot, raw }, raw.len()));
    }
    let first = inner.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    let rest = inner.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    (first && rest).then_some((Piece::Variable { name: inner, raw }, raw.len()))
}

#[cfg(test)]
mod tests {
    use super::Piece::{Builtin, Literal, Secret, Variable};
    use super::pieces;

    #[test]
    fn templates_are_told_from_text() {
        assert_eq!(
            pieces("{{base_url}}/a?b={{ gateway.api }}&c={{$uuid}}{{secret:demo-client/client_secret}}."),
            [
                Variable { name: "base_url", raw: "{{base_url}}" },
                Literal("/a?b="),
                Variable { name: "gateway.api", raw: "{{ gateway.api }}" },
                Literal("&c="),
                Builtin { name: "$uuid", raw: "{{$uuid}}" },
                Secret {
                    credential: "demo-client",
                    slot: "client_secret",
                    raw: "{{secret:demo-client/client_secret}}"
                },
                Literal("."),
            ]
        );
    }

    #[test]
    fn what_is_no_template_stays_text() {
        let long = format!("{{{{{}}}}}", "a".repeat(300));
        for text in [
            "",
            "{",
            "{{",
            "{{}}",
            "{{ }}",
            "{{a b}}",
            "{{#if x}}",
            "{{name",
            "{name}",
            "{{1a}}",
            "{{\"a\":{\"b\":1}}",
            "{{$}}",
            "{{a\nb}}",
            "{{é}}",
            &long,
        ] {
            let found = pieces(text);
            assert!(found.iter().all(|piece| matches!(piece, Literal(_))), "{text}: {found:?}");
            let whole: String = found.iter().map(|piece| if let Literal(text) = piece { *text } else { "" }).collect();
            assert_eq!(whole, text, "nothing is lost");
        }
    }

    #[test]
    fn a_template_among_braces_is_found() {
        assert_eq!(pieces("{{{a}}}"), [Literal("{"), Variable { name: "a", raw: "{{a}}" }, Literal("}")]);
        assert_eq!(pieces("{{x {{a}}"), [Literal("{{x "), Variable { name: "a", raw: "{{a}}" }]);
    }

    #[test]
    fn a_hostile_text_takes_no_longer_than_its_length() {
        let text = "{{".repeat(500_000);
        assert_eq!(pieces(&text), [Literal(text.as_str())], "the look-ahead is bounded");
    }
}
