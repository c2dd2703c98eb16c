//! The forms a secret takes on its way through headers, bodies and dumps.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// RFC 3986 §2.3 unreserved characters stay.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What encoders leave as it is in a path or a query, besides the unreserved.
const LENIENT: &AsciiSet = &UNRESERVED.remove(b'!').remove(b'*').remove(b'\'').remove(b'(').remove(b')');

/// A form shorter than this would strike ordinary text.
pub(crate) const SHORTEST: usize = 6;

/// Every form of `value`, itself first, without those too short to strike.
pub(crate) fn forms(value: &str) -> Vec<String> {
    let mut forms = vec![value.to_owned()];
    forms.extend(encoded(value));
    forms.extend(base64_forms(value.as_bytes()));
    forms.push(hex::encode(value));
    forms.push(hex::encode_upper(value));
    forms.retain(|form| form.len() >= SHORTEST);
    forms.sort_unstable();
    forms.dedup();
    forms
}

/// Percent-, form- and JSON-encoded.
fn encoded(value: &str) -> Vec<String> {
    let strict = utf8_percent_encode(value, UNRESERVED).to_string();
    let lenient = utf8_percent_encode(value, LENIENT).to_string();
    vec![
        lower_escapes(&strict),
        strict.replace("%20", "+"),
        lenient.replace("%20", "+"),
        strict,
        lenient,
        json_escaped(value),
    ]
}

/// `%2F` as `%2f`: both spellings are in use.
fn lower_escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut left = 0;
    for c in text.chars() {
        out.push(if left > 0 { c.to_ascii_lowercase() } else { c });
        left = if c == '%' { 2 } else { left.max(1) - 1 };
    }
    out
}

fn json_escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out
}

/// Whole, and as it looks inside a longer base64 text at each of the three alignments; both alphabets.
fn base64_forms(bytes: &[u8]) -> Vec<String> {
    let mut forms = Vec::new();
    for shift in 0..3 {
        let mut padded = vec![0; shift];
        padded.extend_from_slice(bytes);
        // characters that also depend on neighbours are cut off at both ends
        let first = match shift {
            0 => 0,
            1 => 2,
            _ => 3,
        };
        let sure = padded.len() * 8 / 6;
        for engine in [&STANDARD, &URL_SAFE] {
            let text = engine.encode(&padded);
            if let Some(inner) = text.get(first..sure) {
                forms.push(inner.to_owned());
            }
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::forms;

    #[test]
    fn every_alignment_inside_base64_is_a_form() {
        let secret = "s3cr3t/+value";
        for before in ["", "a", "ab", "abc", "client:"] {
            let text = STANDARD.encode(format!("{before}{secret}:and more"));
            assert!(forms(secret).iter().any(|f| text.contains(f.as_str())), "after `{before}`: {text}");
        }
    }

    #[test]
    fn percent_and_form_encodings_are_forms() {
        let forms = forms("p@ss w/rd+");
        for form in ["p%40ss%20w%2Frd%2B", "p%40ss+w%2Frd%2B", "p%40ss%20w%2frd%2b"] {
            assert!(forms.iter().any(|f| f == form), "{form} in {forms:?}");
        }
    }
}
