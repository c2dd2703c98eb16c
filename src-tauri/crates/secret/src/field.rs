//! Redaction by place, the second layer: fields that hold secrets whoever made them.

/// Field names whose value is struck.
const FIELDS: [&str; 6] = ["authorization", "proxy-authorization", "cookie", "set-cookie", "dpop", "x-api-key"];

/// Parameter names whose value is struck, in forms, queries and JSON members.
pub(crate) const PARAMETERS: [&str; 12] = [
    "client_secret",
    "client_assertion",
    "access_token",
    "refresh_token",
    "id_token",
    "password",
    "code",
    "code_verifier",
    "api_key",
    "apikey",
    "samlresponse",
    "token",
];

/// The value to show for a field, when its own must not be: the scheme of an authorization stays, so does a
/// mark that redaction by value has put there.
pub fn redact_field(name: &str, value: &str) -> Option<String> {
    let name = name.to_ascii_lowercase();
    if PARAMETERS.contains(&name.as_str()) {
        return Some(if value.contains('‹') { value.to_owned() } else { "‹withheld›".into() });
    }
    if !FIELDS.contains(&name.as_str()) {
        return None;
    }
    if value.contains('‹') {
        return Some(value.to_owned());
    }
    if name.ends_with("authorization") {
        let scheme = value.split(' ').next().unwrap_or_default();
        return Some(if scheme.len() < value.len() {
            format!("{scheme} ‹withheld›")
        } else {
            "‹withheld›".into()
        });
    }
    if name == "set-cookie" {
        let cookie = value.split('=').next().unwrap_or_default();
        return Some(format!("{cookie}=‹withheld›"));
    }
    Some("‹withheld›".into())
}

#[cfg(test)]
mod tests {
    use super::redact_field;

    #[test]
    fn the_scheme_stays_and_the_credentials_go() {
        assert_eq!(redact_field("Authorization", "Bearer abc").as_deref(), Some("Bearer ‹withheld›"));
        assert_eq!(
            redact_field("Authorization", "Bearer ‹token 1a7674eb›").as_deref(),
            Some("Bearer ‹token 1a7674eb›")
        );
        assert_eq!(redact_field("Set-Cookie", "sid=abc; Secure").as_deref(), Some("sid=‹withheld›"));
        assert_eq!(redact_field("content-type", "text/plain"), None, "an ordinary field is shown");
    }
}
