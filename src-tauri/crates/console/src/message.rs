//! A message as text, HTTP/1.1 as it stands in a file or a capture (RFC 9112): read, and written with fields added.

use countersign_evidence::{Fault, Problem};
use countersign_signing::MessageView;
use http::Uri;

/// Fields of one message at most.
const MOST: usize = 256;

/// A request or a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Of a request.
    pub method: String,
    /// Of a request, absolute.
    pub uri: Uri,
    /// Of a response.
    pub status: Option<u16>,
    /// As they stand, in their order.
    pub fields: Vec<(String, Vec<u8>)>,
    /// What stands behind the empty line.
    pub content: Vec<u8>,
    /// The start line as it stands.
    start: String,
}

impl Message {
    /// Reads a message. Lines may end in CRLF or LF; the host of a request is that of its target, else its Host field.
    ///
    /// # Errors
    /// `usage.no_message` with what is wrong.
    pub fn read(bytes: &[u8]) -> Result<Self, Problem> {
        let not = |reason: &str| {
            Problem::new("usage.no_message", Fault::Caller, "this is no HTTP/1.1 message", reason.to_owned())
                .with_citation("RFC 9112", "2.1")
                .with_hint("Give the start line, the fields, an empty line, and the content behind it.")
        };
        let mut found = [httparse::EMPTY_HEADER; MOST];
        let is_response = bytes.starts_with(b"HTTP/");
        let (length, method, target, status, count) = if is_response {
            let mut response = httparse::Response::new(&mut found);
            let length = response.parse(bytes).map_err(|e| not(&e.to_string()))?;
            (length, String::new(), "/".to_owned(), response.code, response.headers.len())
        } else {
            let mut request = httparse::Request::new(&mut found);
            let length = request.parse(bytes).map_err(|e| not(&e.to_string()))?;
            let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
            (length, text(request.method), text(request.path), None, request.headers.len())
        };
        let httparse::Status::Complete(length) = length else { return Err(not("the empty line is missing")) };
        let fields: Vec<(String, Vec<u8>)> =
            found[..count].iter().map(|field| (field.name.to_owned(), field.value.to_vec())).collect();
        let uri = if is_response {
            Uri::default()
        } else {
            absolute(&target, &fields).ok_or_else(|| not("it names no host"))?
        };
        let start = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
        Ok(Self {
            method,
            uri,
            status,
            content: content(&bytes[length..], &fields).to_vec(),
            fields,
            start: String::from_utf8_lossy(start).trim_end().to_owned(),
        })
    }

    /// As the schemes look at it. `request`: what a response answers.
    pub fn view<'a>(&'a self, request: Option<&'a MessageView<'a>>) -> MessageView<'a> {
        match self.status {
            Some(status) => MessageView::response(status, &self.fields, &self.content, request),
            None => MessageView::request(&self.method, &self.uri, &self.fields, &self.content),
        }
    }

    /// The message with these fields behind its own, and these parameters, encoded, behind those of its target.
    pub fn written(&self, added: &[(String, String)], query: &[(String, String)]) -> Vec<u8> {
        let mut out = self.with_query(query).into_bytes();
        out.extend(b"\r\n");
        for (name, value) in &self.fields {
            out.extend(name.as_bytes());
            out.extend(b": ");
            out.extend(value);
            out.extend(b"\r\n");
        }
        for (name, value) in added {
            out.extend(format!("{name}: {value}\r\n").as_bytes());
        }
        out.extend(b"\r\n");
        out.extend(&self.content);
        out
    }
}

impl Message {
    fn with_query(&self, query: &[(String, String)]) -> String {
        let parts: Vec<&str> = self.start.split(' ').collect();
        let ([method, target, version], false) = (parts.as_slice(), query.is_empty()) else {
            return self.start.clone();
        };
        let pairs: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let joint = if target.contains('?') { '&' } else { '?' };
        format!("{method} {target}{joint}{} {version}", pairs.join("&"))
    }
}

/// RFC 9112 §3.3.
fn absolute(target: &str, fields: &[(String, Vec<u8>)]) -> Option<Uri> {
    if let Some(uri) = target.parse::<Uri>().ok().filter(|uri| uri.scheme().is_some() && uri.host().is_some()) {
        return Some(uri);
    }
    let (_, host) = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case("host"))?;
    let host = std::str::from_utf8(host).ok()?.trim();
    format!("https://{host}{target}").parse().ok().filter(|uri: &Uri| uri.host().is_some())
}

/// What Content-Length says, where there is as much: an editor adds a line break behind it.
fn content<'a>(rest: &'a [u8], fields: &[(String, Vec<u8>)]) -> &'a [u8] {
    let length = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|(_, value)| std::str::from_utf8(value).ok()?.trim().parse::<usize>().ok());
    match length {
        Some(length) if length <= rest.len() => &rest[..length],
        _ => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::Message;

    #[test]
    fn a_request_is_read_with_either_line_break_and_written_again() {
        for text in [
            "POST /a?b=c HTTP/1.1\r\nHost: api.test\r\nX: 1\r\nContent-Length: 2\r\n\r\n{}\n",
            "POST /a?b=c HTTP/1.1\nHost: api.test\nX: 1\nContent-Length: 2\n\n{}\n",
        ] {
            let message = Message::read(text.as_bytes()).unwrap();
            assert_eq!((message.method.as_str(), message.uri.to_string().as_str()), ("POST", "https://api.test/a?b=c"));
            assert_eq!(message.content, b"{}", "the line break of the editor is none of it");
            let written = message.written(&[("signature".into(), "s".into())], &[]);
            let again = Message::read(&written).unwrap();
            assert_eq!(again.fields.len(), 4);
            let queried = message.written(&[], &[("x".into(), "1%202".into())]);
            assert!(queried.starts_with(b"POST /a?b=c&x=1%202 HTTP/1.1\r\n"), "behind its own parameters");
            assert_eq!((again.content, again.fields[3].1.as_slice()), (b"{}".to_vec(), b"s".as_slice()));
        }
    }

    #[test]
    fn a_response_has_its_status_and_what_is_none_is_said() {
        let message = Message::read(b"HTTP/1.1 200 OK\r\nDate: x\r\n\r\n").unwrap();
        assert_eq!((message.status, message.content.len()), (Some(200), 0));
        for (text, words) in [
            ("", "empty line"),
            ("GET / HTTP/1.1\r\nHost: a", "empty line"),
            ("GET / HTTP/1.1\r\n\r\n", "no host"),
            ("\u{1}\u{2}", "invalid"),
        ] {
            let problem = Message::read(text.as_bytes()).unwrap_err();
            assert!(problem.detail.contains(words), "{text:?}: {}", problem.detail);
        }
    }
}
