//! AWS Signature Version 4, in a field or in the query: canonical request, string to sign, signature.
//!
//! What a server does not agree with stands in the canonical request, which AWS prints in its refusals; it is what is
//! compared ([`compare`](crate::compare)). Source: "AWS Signature Version 4 for API requests", AWS IAM User Guide.

use std::fmt::Write as _;

use aws_lc_rs::{digest, hmac};
use countersign_secret::SecretBytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};

use crate::Error;

/// The name of the algorithm, in fields and in the string to sign.
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The last second of the year 9999.
const LAST: i64 = 253_402_300_799;

/// Every byte but the unreserved characters of RFC 3986 §2.3.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Who signs, for what, and when.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The public half of the credential, `AKIDEXAMPLE`.
    pub access_key_id: &'a str,
    /// `us-east-1`.
    pub region: &'a str,
    /// `execute-api`, `s3`.
    pub service: &'a str,
    /// Of temporary credentials.
    pub session_token: Option<&'a str>,
    /// Whether the session token is added after signing, as some services want it.
    pub token_unsigned: bool,
    /// Whether `.`, `..` and empty segments of the path are removed; S3 wants them kept.
    pub normalize: bool,
    /// Whether the path is percent-encoded once, as S3 wants it, and not once more than it is sent.
    pub encoded_once: bool,
    /// Whether the digest of the content is sent, in `x-amz-content-sha256`.
    pub content_sha256: bool,
    /// Seconds since 1970.
    pub at: i64,
}

/// A request as it is signed: path and query as they stand in the request line.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Method.
    pub method: &'a str,
    /// Before the `?`.
    pub path: &'a str,
    /// Behind it; empty: none.
    pub query: &'a str,
    /// Field lines, with `Host`.
    pub fields: &'a [(String, Vec<u8>)],
    /// The content.
    pub content: &'a [u8],
}

/// What was signed, and what is added to the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Its SHA-256 is in the string to sign.
    pub canonical_request: String,
    /// What the key signs.
    pub string_to_sign: String,
    /// Lower-case hexadecimal.
    pub signature: String,
    /// Fields to add, in order.
    pub fields: Vec<(String, String)>,
    /// Parameters to add to the query, in order, encoded; for a signature in the query.
    pub query: Vec<(String, String)>,
}

/// Signs in the `Authorization` field.
///
/// # Errors
/// [`Error::Profile`]: a time before 1970, a member that is empty.
pub fn sign_field(scope: &Scope<'_>, request: &Request<'_>, secret: &SecretBytes) -> Result<Signed, Error> {
    scope.check()?;
    let (stamp, digest) = (stamp(scope.at)?, hex::encode(digest::digest(&digest::SHA256, request.content).as_ref()));
    let mut fields = vec![("X-Amz-Date".to_owned(), stamp.clone())];
    let token = scope.session_token.map(|token| ("X-Amz-Security-Token".to_owned(), token.to_owned()));
    fields.extend(token.clone().filter(|_| !scope.token_unsigned));
    if scope.content_sha256 {
        fields.push(("x-amz-content-sha256".to_owned(), digest.clone()));
    }
    let (lines, signed_headers) = canonical_fields(request.fields, &fields);
    let canonical_request = format!(
        "{}\n{}\n{}\n{lines}\n{signed_headers}\n{digest}",
        request.method,
        canonical_path(request.path, scope),
        canonical_query(request.query, &[]),
    );
    let (string_to_sign, signature) = signature(scope, &stamp, &canonical_request, secret);
    fields.extend(token.filter(|_| scope.token_unsigned));
    fields.push((
        "Authorization".to_owned(),
        format!(
            "{ALGORITHM} Credential={}/{}, SignedHeaders={signed_headers}, Signature={signature}",
            scope.access_key_id,
            scope.name(&stamp),
        ),
    ));
    Ok(Signed { canonical_request, string_to_sign, signature, fields, query: Vec::new() })
}

/// Signs in the query: an address that works for `expires` seconds.
///
/// # Errors
/// As [`sign_field`].
pub fn sign_query(
    scope: &Scope<'_>,
    request: &Request<'_>,
    secret: &SecretBytes,
    expires: u32,
) -> Result<Signed, Error> {
    scope.check()?;
    let stamp = stamp(scope.at)?;
    let digest = hex::encode(digest::digest(&digest::SHA256, request.content).as_ref());
    let (lines, signed_headers) = canonical_fields(request.fields, &[]);
    let mut query = vec![
        ("X-Amz-Algorithm".to_owned(), ALGORITHM.to_owned()),
        ("X-Amz-Credential".to_owned(), encode(&format!("{}/{}", scope.access_key_id, scope.name(&stamp)))),
        ("X-Amz-Date".to_owned(), stamp.clone()),
        ("X-Amz-SignedHeaders".to_owned(), encode(&signed_headers)),
        ("X-Amz-Expires".to_owned(), expires.to_string()),
    ];
    let token = scope.session_token.map(|token| ("X-Amz-Security-Token".to_owned(), encode(token)));
    query.extend(token.clone().filter(|_| !scope.token_unsigned));
    let canonical_request = format!(
        "{}\n{}\n{}\n{lines}\n{signed_headers}\n{digest}",
        request.method,
        canonical_path(request.path, scope),
        canonical_query(request.query, &query),
    );
    let (string_to_sign, signature) = signature(scope, &stamp, &canonical_request, secret);
    query.extend(token.filter(|_| scope.token_unsigned));
    query.push(("X-Amz-Signature".to_owned(), signature.clone()));
    Ok(Signed { canonical_request, string_to_sign, signature, fields: Vec::new(), query })
}

impl Scope<'_> {
    fn check(&self) -> Result<(), Error> {
        let members = [("access_key_id", self.access_key_id), ("region", self.region), ("service", self.service)];
        match members.into_iter().find(|(_, value)| value.is_empty() || value.contains(['/', ' ', ','])) {
            Some((member, _)) => Err(Error::Profile {
                member: member.into(),
                reason: "is empty, or has a slash, a comma or a space".into(),
            }),
            None => Ok(()),
        }
    }

    /// `20150830/us-east-1/service/aws4_request`.
    fn name(&self, stamp: &str) -> String {
        format!("{}/{}/{}/aws4_request", &stamp[..8], self.region, self.service)
    }
}

/// The key is derived for a day, a region and a service; the secret itself signs nothing else.
fn signature(scope: &Scope<'_>, stamp: &str, canonical_request: &str, secret: &SecretBytes) -> (String, String) {
    let digest = hex::encode(digest::digest(&digest::SHA256, canonical_request.as_bytes()).as_ref());
    let string_to_sign = format!("{ALGORITHM}\n{stamp}\n{}\n{digest}", scope.name(stamp));
    let mac = |key: &[u8], text: &str| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes());
    let first = zeroize::Zeroizing::new([b"AWS4", secret.expose_secret().as_slice()].concat());
    let mut key = mac(&first, &stamp[..8]);
    for part in [scope.region, scope.service, "aws4_request"] {
        key = mac(key.as_ref(), part);
    }
    let signature = hex::encode(mac(key.as_ref(), &string_to_sign).as_ref());
    (string_to_sign, signature)
}

/// Names in lower case, values trimmed with single spaces, lines of one name joined by a comma, sorted by name.
fn canonical_fields(fields: &[(String, Vec<u8>)], added: &[(String, String)]) -> (String, String) {
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    let own = fields.iter().map(|(name, value)| (name, String::from_utf8_lossy(value).into_owned()));
    for (name, value) in own.chain(added.iter().map(|(name, value)| (name, value.clone()))) {
        let (name, value) = (name.to_ascii_lowercase(), value.split_whitespace().collect::<Vec<_>>().join(" "));
        match all.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value),
            None => all.push((name, vec![value])),
        }
    }
    all.sort();
    let mut lines = String::new();
    for (name, values) in &all {
        let _infallible = writeln!(lines, "{name}:{}", values.join(","));
    }
    (lines, all.into_iter().map(|(name, _)| name).collect::<Vec<_>>().join(";"))
}

/// Each segment percent-encoded as it stands, so that what was encoded in the request is encoded once more.
fn canonical_path(path: &str, scope: &Scope<'_>) -> String {
    let path = if path.is_empty() { "/" } else { path };
    let segment = |text: &str| if scope.encoded_once { once(text) } else { encode(text) };
    let encoded = |path: &str| path.split('/').map(segment).collect::<Vec<_>>().join("/");
    if !scope.normalize {
        return encoded(path);
    }
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            other => segments.push(other),
        }
    }
    let end = if segments.is_empty() || !(path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..")) {
        ""
    } else {
        "/"
    };
    encoded(&format!("/{}{end}", segments.join("/")))
}

/// Names and values percent-encoded once, sorted by name, then by value. `added` are encoded.
fn canonical_query(query: &str, added: &[(String, String)]) -> String {
    let own = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (once(name), once(value))
    });
    let mut pairs: Vec<(String, String)> = own.chain(added.iter().cloned()).collect();
    pairs.sort();
    pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// Percent-encoded once, however often it was before.
fn once(text: &str) -> String {
    encode(&percent_decode(text.as_bytes()).decode_utf8_lossy())
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// `20150830T123600Z`.
fn stamp(at: i64) -> Result<String, Error> {
    let text = countersign_evidence::Timestamp::from_unix_seconds(at).to_string();
    let digits: String =
        text.split('.').next().unwrap_or_default().chars().filter(|c| *c != '-' && *c != ':').collect();
    let stamp = format!("{}Z", digits.trim_end_matches('Z'));
    let reason = || Error::Profile { member: "time".into(), reason: format!("{at} is no second of four-digit years") };
    if (0..=LAST).contains(&at) { Ok(stamp) } else { Err(reason()) }
}

#[cfg(test)]
mod tests {
    use countersign_secret::Secret;

    use super::{Request, Scope, canonical_path, sign_field, sign_query, stamp};

    const SCOPE: Scope<'_> = Scope {
        access_key_id: "AKIDEXAMPLE",
        region: "us-east-1",
        service: "service",
        session_token: None,
        token_unsigned: false,
        normalize: true,
        encoded_once: false,
        content_sha256: false,
        at: 1_440_938_160,
    };

    #[test]
    fn the_plainest_request_of_the_published_suite_comes_out() {
        let fields = vec![("Host".to_owned(), b"example.amazonaws.com".to_vec())];
        let request = Request { method: "GET", path: "/", query: "", fields: &fields, content: b"" };
        let secret = Secret::new(b"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_vec());
        let signed = sign_field(&SCOPE, &request, &secret).unwrap();
        assert_eq!(signed.signature, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31", "get-vanilla");
        assert_eq!(signed.fields[0].1, "20150830T123600Z");
        let query = sign_query(&SCOPE, &request, &secret, 3600).unwrap();
        assert!(query.fields.is_empty() && query.query.last().unwrap().1 == query.signature);
        let empty = Scope { region: "", ..SCOPE };
        assert!(sign_field(&empty, &request, &secret).is_err(), "an empty region signs nothing");
    }

    #[test]
    fn paths_are_normalized_only_where_that_is_wanted() {
        for (path, normal, kept) in [
            ("", "/", "/"),
            ("/a/./b/../c", "/a/c", "/a/./b/../c"),
            ("//a//", "/a/", "//a//"),
            ("/a%20b", "/a%2520b", "/a%2520b"),
            ("/..", "/", "/.."),
        ] {
            let kept_scope = Scope { normalize: false, ..SCOPE };
            assert_eq!((canonical_path(path, &SCOPE), canonical_path(path, &kept_scope)), (normal.into(), kept.into()));
        }
    }

    #[test]
    fn s3_wants_its_path_encoded_once() {
        let s3 = Scope { normalize: false, encoded_once: true, ..SCOPE };
        for (path, canonical) in [("/a%20b", "/a%20b"), ("/a b", "/a%20b"), ("/a%2Fb", "/a%2Fb"), ("/a+b", "/a%2Bb")] {
            assert_eq!(canonical_path(path, &s3), canonical, "{path}");
        }
    }

    #[test]
    fn a_time_that_has_no_stamp_is_refused() {
        assert_eq!(stamp(0).unwrap(), "19700101T000000Z");
        for at in [-1, i64::MAX, 253_402_300_800] {
            assert!(stamp(at).is_err(), "{at}");
        }
    }
}
