//! `WWW-Authenticate` (RFC 9110 §11.6.1): several challenges in one or several fields.

/// One challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Authentication scheme, as sent.
    pub scheme: String,
    /// Parameters in order, names in lower case.
    pub parameters: Vec<(String, String)>,
    /// A token68 in place of parameters.
    pub token68: Option<String>,
}

impl Challenge {
    /// A parameter's value.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Whether it is of this scheme (case-insensitive, RFC 9110 §11.1).
    pub fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }
}

/// Reads every challenge of every field value; what does not parse is passed over.
pub fn challenges<'a>(values: impl IntoIterator<Item = &'a str>) -> Vec<Challenge> {
    let mut found: Vec<Challenge> = Vec::new();
    for value in values {
        for part in split(value) {
            read(part.trim(), &mut found);
        }
    }
    found
}

/// Splits at commas outside of quoted strings.
fn split(value: &str) -> Vec<&str> {
    let (mut parts, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (i, c) in value.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => {
                parts.push(&value[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    parts.push(&value[start..]);
    parts
}

/// A part begins a challenge (`Bearer realm="x"`, `Negotiate`, `NTLM abc=`) or goes on with parameters.
fn read(part: &str, found: &mut Vec<Challenge>) {
    if part.is_empty() {
        return;
    }
    if let Some((name, value)) = parameter(part)
        && let Some(last) = found.last_mut()
    {
        last.parameters.push((name, value));
        return;
    }
    let (scheme, rest) = part.split_once(' ').unwrap_or((part, ""));
    if !is_token(scheme) {
        return;
    }
    let mut challenge = Challenge { scheme: scheme.to_owned(), parameters: Vec::new(), token68: None };
    let rest = rest.trim();
    match parameter(rest) {
        Some(pair) => challenge.parameters.push(pair),
        None if !rest.is_empty() => challenge.token68 = Some(rest.to_owned()),
        None => {}
    }
    found.push(challenge);
}

fn parameter(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    if !is_token(name) || value.is_empty() || value.starts_with('=') {
        return None;
    }
    let value = match value.strip_prefix('"').and_then(|v| v.strip_suffix('"')) {
        Some(inner) => unescaped(inner),
        None if is_token(value) => value.to_owned(),
        None => return None,
    };
    Some((name.to_ascii_lowercase(), value))
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    out
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::challenges;

    #[test]
    fn several_challenges_in_one_field_are_told_apart() {
        let found = challenges([r#"Newauth realm="apps", type=1, title="Login to \"apps\"", Basic realm="simple""#]);
        assert_eq!(found.len(), 2, "RFC 9110 §11.6.1: {found:?}");
        assert_eq!(found[0].parameter("title"), Some(r#"Login to "apps""#));
        assert_eq!(found[1].scheme, "Basic");
    }

    #[test]
    fn a_bearer_refusal_reads() {
        let found = challenges([
            r#"Bearer realm="example", error="invalid_token", error_description="The access token expired, sorry""#,
        ]);
        assert_eq!(found[0].parameter("error"), Some("invalid_token"), "RFC 6750 §3");
        assert_eq!(
            found[0].parameter("error_description"),
            Some("The access token expired, sorry"),
            "a comma inside quotes"
        );
    }

    #[test]
    fn odd_fields_do_not_break_it() {
        assert_eq!(challenges(["Negotiate", "NTLM TlRMTVNTUAA="]).len(), 2, "two fields");
        for text in ["", ",,,", "=", "\"", "Bearer realm=\"open", "\u{0}"] {
            let _read = challenges([text]);
        }
    }
}
