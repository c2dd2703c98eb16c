//! Why two bases differ, from the first line in which they do: what a proxy, a library or an editor does to a request.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::{Difference, DigestAlgorithm, content_digest};

/// What most likely happened, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// In a sentence.
    pub sentence: String,
    /// What to do.
    pub fix: &'static str,
}

fn cause(sentence: impl Into<String>, fix: &'static str) -> Option<Cause> {
    Some(Cause { sentence: sentence.into(), fix })
}

/// The likely cause of a difference; `content` is ours, for digests. `None`: nothing known fits.
pub fn likely_cause(difference: &Difference, content: &[u8]) -> Option<Cause> {
    let value = |line: &str| line.split_once("\": ").map_or(line, |(_, value)| value).to_owned();
    let (ours, theirs) = (value(&difference.ours), value(&difference.theirs));
    let component = difference.component.split('"').next().unwrap_or_default();
    if difference.theirs.is_empty() || difference.ours.is_empty() {
        return cause(
            "One side covers a line that the other does not.",
            "Cover the same components in the same order.",
        );
    }
    let name = |line: &str| line.split_once("\": ").map(|(name, _)| name.to_owned());
    if name(&difference.ours) != name(&difference.theirs) {
        return cause(
            "The components stand in another order, or others are covered.",
            "Cover them in the order of Signature-Input.",
        );
    }
    if ours.trim() == theirs.trim() {
        return cause("They differ in spaces at an end alone.", "Trim field values (RFC 9421 §2.1).");
    }
    match component {
        "@signature-params" => parameters(&ours, &theirs),
        "content-digest" | "repr-digest" | "digest" => of_content(&theirs, content),
        "@authority" | "@target-uri" | "host" => authority(&ours, &theirs).or_else(|| query(&ours, &theirs)),
        "@query" | "@query-param" | "@path" | "@request-target" => query(&ours, &theirs),
        "@method" if ours.eq_ignore_ascii_case(&theirs) => {
            cause("The method differs in case alone.", "Sign the method as it is sent (RFC 9421 §2.2.1).")
        }
        _ => other(&ours, &theirs),
    }
}

fn other(ours: &str, theirs: &str) -> Option<Cause> {
    if ours.eq_ignore_ascii_case(theirs) {
        return cause("They differ in case alone.", "Sign the value as it is sent.");
    }
    let plain = |text: &str| text.split_whitespace().collect::<String>();
    (plain(ours) == plain(theirs))
        .then(|| cause("They differ in spaces alone.", "A field of several lines is joined by a comma and a space."))
        .flatten()
}

fn parameters(ours: &str, theirs: &str) -> Option<Cause> {
    let created = |text: &str| text.split("created=").nth(1)?.split(';').next()?.parse::<i64>().ok();
    if let (Some(a), Some(b)) = (created(ours), created(theirs))
        && a != b
    {
        return cause(
            format!("`created` differs by {} s: each side used its own clock.", (a - b).abs()),
            "The verifier takes the parameters as they stand in Signature-Input.",
        );
    }
    let sorted = |text: &str| {
        let mut parts: Vec<&str> = text.split(';').collect();
        parts.sort_unstable();
        parts.join(";")
    };
    (sorted(ours) == sorted(theirs))
        .then(|| {
            cause(
                "The parameters stand in another order.",
                "Serialise them in the order of Signature-Input (RFC 9421 §2.3).",
            )
        })
        .flatten()
}

fn authority(ours: &str, theirs: &str) -> Option<Cause> {
    let split = |text: &str| -> (String, String) {
        let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
        let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        (host.to_owned(), path.to_owned())
    };
    let ((host, path), (other, other_path)) = (split(ours), split(theirs));
    if host == other || path != other_path {
        return None;
    }
    let bare = |host: &str| host.trim_end_matches(":443").trim_end_matches(":80").to_ascii_lowercase();
    if bare(&host) == bare(&other) {
        return cause(
            "The host differs in case or in the default port alone.",
            "Lower case, without the default port (RFC 9421 §2.2.3).",
        );
    }
    cause(
        format!("A proxy in between rewrote the host: `{host}` was signed, `{other}` arrived."),
        "Let the proxy keep the host, or sign the one behind it.",
    )
}

fn query(ours: &str, theirs: &str) -> Option<Cause> {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let sorted = |text: &str| {
        let (path, query) = text.split_once('?').unwrap_or(("", text));
        let mut parts: Vec<&str> = query.split('&').collect();
        parts.sort_unstable();
        format!("{path}?{}", parts.join("&"))
    };
    if sorted(ours) == sorted(theirs) {
        return cause("The parameters of the query stand in another order.", "Sign the query as it is sent.");
    }
    if ours.replace('+', "%20") == theirs.replace('+', "%20") {
        return cause("A space is `+` on one side and `%20` on the other.", "Sign the query as it is sent.");
    }
    if decoded(ours) == *theirs || decoded(theirs) == *ours {
        return cause("One side is percent-encoded once more than the other.", "Encode once, and sign what is sent.");
    }
    (decoded(ours) == decoded(theirs))
        .then(|| {
            cause("They are the same after decoding: the percent-encoding differs.", "Sign the text as it is sent.")
        })
        .flatten()
}

/// What of the content has this digest, when it is not the content as it is.
fn of_content(theirs: &str, content: &[u8]) -> Option<Cause> {
    let fix = "Sign the bytes that are sent, and send the bytes that were signed.";
    let is = |bytes: &[u8]| {
        [DigestAlgorithm::Sha256, DigestAlgorithm::Sha512].into_iter().any(|algorithm| {
            let field = content_digest(algorithm, bytes);
            field == theirs || theirs.contains(field.split_once('=').map_or("", |(_, value)| value.trim_matches(':')))
        })
    };
    let text = String::from_utf8_lossy(content);
    let lines = text.replace("\r\n", "\n");
    for (other, words) in [
        (Vec::new(), "of no content at all"),
        (lines.clone().into_bytes(), "of the content with LF in place of CRLF"),
        (lines.replace('\n', "\r\n").into_bytes(), "of the content with CRLF in place of LF"),
        (text.trim_end().as_bytes().to_vec(), "of the content without the line break at its end"),
        (format!("{text}\n").into_bytes(), "of the content with a line break at its end"),
    ] {
        if other != content && is(&other) {
            return cause(format!("Their digest is {words}."), fix);
        }
    }
    let json: Value = serde_json::from_slice(content).ok()?;
    for (other, words) in [
        (serde_json::to_vec(&json).ok()?, "without spaces"),
        (serde_json::to_vec_pretty(&json).ok()?, "with spaces"),
        (serde_json::to_vec(&sorted(json.clone())).ok()?, "with its members sorted"),
    ] {
        if other != content && is(&other) {
            return cause(format!("Their digest is of the JSON written anew, {words}."), fix);
        }
    }
    cause("The content was changed on its way, or is not what was signed.", fix)
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<(String, Value)> = members.into_iter().collect();
            members.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(members.into_iter().map(|(name, value)| (name, sorted(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        scalar => scalar,
    }
}

#[cfg(test)]
mod tests {
    use super::likely_cause;
    use crate::{DigestAlgorithm, compare, content_digest};

    fn said(ours: &str, theirs: &str, content: &str) -> String {
        let difference = compare(ours, theirs).unwrap();
        likely_cause(&difference, content.as_bytes()).map(|cause| cause.sentence).unwrap_or_default()
    }

    #[test]
    fn what_happens_to_content_is_found_by_its_digest() {
        let digest =
            |text: &str| format!("\"content-digest\": {}", content_digest(DigestAlgorithm::Sha256, text.as_bytes()));
        let content = "{ \"b\": 1, \"a\": 2 }";
        for (theirs, words) in [
            ("{\"b\":1,\"a\":2}", "JSON written anew, without spaces"),
            ("{\"a\":2,\"b\":1}", "with its members sorted"),
            ("{ \"b\": 1, \"a\": 2 }\n", "with a line break at its end"),
            ("", "of no content at all"),
            ("other", "changed on its way"),
        ] {
            let found = said(&digest(content), &digest(theirs), content);
            assert!(found.contains(words), "{theirs:?}: {found}");
        }
        assert!(said(&digest("a\r\nb"), &digest("a\nb"), "a\r\nb").contains("LF in place of CRLF"));
    }

    #[test]
    fn what_proxies_and_libraries_do_to_the_rest_is_named() {
        for (ours, theirs, words) in [
            ("\"@authority\": api.test", "\"@authority\": internal:8080", "rewrote the host: `api.test` was signed"),
            ("\"@authority\": api.test", "\"@authority\": API.test:443", "default port alone"),
            ("\"@target-uri\": https://a.test/x?b=1&a=2", "\"@target-uri\": https://a.test/x?a=2&b=1", "another order"),
            ("\"@query\": ?q=a+b", "\"@query\": ?q=a%20b", "`+` on one side"),
            ("\"@path\": /a%2520b", "\"@path\": /a%20b", "once more than the other"),
            ("\"@method\": POST", "\"@method\": post", "case alone"),
            ("\"date\": x ", "\"date\": x", "spaces at an end"),
            ("\"a\": 1\n\"b\": 2", "\"b\": 2\n\"a\": 1", "another order, or others"),
            ("\"a\": 1\n\"b\": 2", "\"a\": 1", "a line that the other does not"),
            (
                "\"@signature-params\": ();created=100;keyid=\"k\"",
                "\"@signature-params\": ();created=130;keyid=\"k\"",
                "differs by 30 s",
            ),
            (
                "\"@signature-params\": ();created=1;keyid=\"k\"",
                "\"@signature-params\": ();keyid=\"k\";created=1",
                "parameters stand in another order",
            ),
        ] {
            let found = said(ours, theirs, "");
            assert!(found.contains(words), "{ours} / {theirs}: {found}");
        }
        assert_eq!(said("\"x\": one", "\"x\": two", ""), "", "nothing is guessed");
    }
}
