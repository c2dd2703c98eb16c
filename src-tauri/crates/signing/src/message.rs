//! A request as it is sent or was received, or the response to one.

use std::sync::LazyLock;

use http::Uri;

/// What stands for the target of a response whose request is not known.
static NOWHERE: LazyLock<Uri> = LazyLock::new(Uri::default);

/// Borrowed parts of a message. Field names in any case, in the order sent; repeated names are repeated.
#[derive(Clone, Copy, Debug)]
pub struct MessageView<'a> {
    /// Of a request, as sent, case kept.
    pub method: &'a str,
    /// The target URI of a request, absolute.
    pub uri: &'a Uri,
    /// Of a response; `None`: it is a request.
    pub status: Option<u16>,
    /// Field lines.
    pub fields: &'a [(String, Vec<u8>)],
    /// Field lines behind the content (RFC 9110 §6.5).
    pub trailers: &'a [(String, Vec<u8>)],
    /// The content as transferred.
    pub content: &'a [u8],
    /// The request that a response answers (RFC 9421 §2.4).
    pub request: Option<&'a MessageView<'a>>,
}

impl<'a> MessageView<'a> {
    /// A request without trailers.
    pub fn request(method: &'a str, uri: &'a Uri, fields: &'a [(String, Vec<u8>)], content: &'a [u8]) -> Self {
        Self { method, uri, status: None, fields, trailers: &[], content, request: None }
    }

    /// A response without trailers, and the request it answers where that is known.
    pub fn response(
        status: u16,
        fields: &'a [(String, Vec<u8>)],
        content: &'a [u8],
        request: Option<&'a MessageView<'a>>,
    ) -> Self {
        Self { method: "", uri: &NOWHERE, status: Some(status), fields, trailers: &[], content, request }
    }

    /// All values of a field, trimmed, obsolete line folding replaced by one space (RFC 9421 §2.1).
    pub(crate) fn values(&self, name: &str) -> Vec<String> {
        named(self.fields, name)
    }

    /// The values combined as RFC 9110 §5.2 does; `None` where the field is absent.
    pub(crate) fn value(&self, name: &str) -> Option<String> {
        let values = self.values(name);
        (!values.is_empty()).then(|| values.join(", "))
    }
}

/// All values of a field as text, trimmed and unfolded.
pub(crate) fn named(lines: &[(String, Vec<u8>)], name: &str) -> Vec<String> {
    let lines = lines.iter().filter(|(line, _)| line.eq_ignore_ascii_case(name));
    lines.map(|(_, value)| unfolded(&String::from_utf8_lossy(value))).collect()
}

/// The same as bytes, for `bs` (RFC 9421 §2.1.3).
pub(crate) fn raw(lines: &[(String, Vec<u8>)], name: &str) -> Vec<Vec<u8>> {
    let lines = lines.iter().filter(|(line, _)| line.eq_ignore_ascii_case(name));
    lines
        .map(|(_, value)| match std::str::from_utf8(value) {
            Ok(text) => unfolded(text).into_bytes(),
            Err(_) => value.trim_ascii().to_vec(),
        })
        .collect()
}

fn unfolded(value: &str) -> String {
    let mut lines = value.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default().to_owned();
    lines.fold(first, |all, line| format!("{all} {line}"))
}
