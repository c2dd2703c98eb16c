//! The request as it is sent or was received.

/// Borrowed parts of a request. Field names in any case, in the order sent; repeated names are repeated.
#[derive(Clone, Copy, Debug)]
pub struct MessageView<'a> {
    /// As sent, case kept.
    pub method: &'a str,
    /// The target URI, absolute.
    pub uri: &'a http::Uri,
    /// Field lines.
    pub fields: &'a [(String, Vec<u8>)],
    /// The content as transferred.
    pub content: &'a [u8],
}

impl MessageView<'_> {
    /// All values of a field, trimmed, obsolete line folding replaced by one space (RFC 9421 §2.1).
    pub(crate) fn values(&self, name: &str) -> Vec<String> {
        self.fields
            .iter()
            .filter(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| unfolded(&String::from_utf8_lossy(value)))
            .collect()
    }

    /// The values combined as RFC 9110 §5.2 does; `None` where the field is absent.
    pub(crate) fn value(&self, name: &str) -> Option<String> {
        let values = self.values(name);
        (!values.is_empty()).then(|| values.join(", "))
    }
}

fn unfolded(value: &str) -> String {
    let mut lines = value.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default().to_owned();
    lines.fold(first, |all, line| format!("{all} {line}"))
}
