//! From what was observed to the document: connection, request, response, content. Redacted by place here and
//! by value in [`Redacted::of`], over the whole document at once.

use std::sync::Arc;

use bytes::Bytes;
use countersign_evidence::{
    ConnectionView, ContentView, Exchange, FieldLine, Outcome, Problem, RequestView, ResponseView, Step, ladder,
};
use countersign_exchange::{Body, HttpTiming, Protocol, Received};
use countersign_secret::{Redactor, redact_field};
use countersign_tls::ConnectionRecord;
use http::{HeaderName, HeaderValue, Method, Uri};

/// Contents of requests up to this many bytes are kept in the history.
pub(crate) const KEPT: u64 = 64 * 1024 * 1024;

/// Everything known of a connection goes into the document, whether it came to be or not.
pub(crate) fn connection(e: &mut Exchange, record: &Arc<ConnectionRecord>, reused: bool) {
    e.connection = Some(ConnectionView {
        id: record.id.clone(),
        opened_at: record.opened_at,
        reused,
        addresses: record.addresses.clone(),
        remote: record.remote.clone(),
    });
    e.handshake.clone_from(&record.handshake);
    e.certificates.clone_from(&record.certificates);
    e.verdict = Some(record.verdict.clone());
    e.findings.extend(record.findings.iter().cloned());
    e.acceptance = (!record.acceptance.is_empty()).then(|| record.acceptance.clone());
    e.paths = (record.paths.len() > 1).then(|| record.paths.clone());
    if reused {
        return;
    }
    e.timing.name = record.timing.name.duration;
    e.timing.tcp = record.timing.tcp.duration;
    e.timing.tls = record.timing.tls.duration;
    e.timing.overhead += record.timing.explain.duration;
}

/// The messages that went by until now belong to the exchange that made the connection; a later one refers to it.
pub(crate) fn messages(e: &mut Exchange, record: &ConnectionRecord, reused: bool) {
    if let (false, Some(handshake), Some(recording)) = (reused, &mut e.handshake, &record.recording) {
        recording.tell(handshake);
    }
}

/// The connection failed: its problem, its step, its one sentence.
pub(crate) fn connect_failure(e: &mut Exchange, record: &Arc<ConnectionRecord>, problem: Problem) {
    connection(e, record, false);
    e.handshake = record.handshake_in_full();
    e.outcome = Outcome::Failed;
    e.failed_step = Some(record.failed_step.unwrap_or(Step::Tls));
    e.root_cause.clone_from(&record.root_cause);
    e.error = Some(problem);
}

/// The request as it is shown: fields in order, redacted.
pub(crate) fn request(
    redactor: &Redactor,
    method: &Method,
    uri: &Uri,
    fields: &[(HeaderName, HeaderValue)],
    content: Option<ContentView>,
) -> RequestView {
    RequestView {
        method: method.to_string(),
        target: shown_target(redactor, uri),
        protocol: None,
        fields: fields.iter().map(|(name, value)| line(redactor, name.as_str(), value.as_bytes())).collect(),
        content,
        sent: false,
    }
}

/// One field line: redacted by value, which names what it strikes, then by place.
pub(crate) fn line(redactor: &Redactor, name: &str, value: &[u8]) -> FieldLine {
    let text = redactor.redact(&String::from_utf8_lossy(value));
    let shown = redact_field(name, &text).unwrap_or(text);
    (name.to_owned(), shown)
}

/// The target URI with values of known secret query parameters struck.
pub(crate) fn shown_target(redactor: &Redactor, uri: &Uri) -> String {
    shown_text(redactor, &uri.to_string())
}

/// The same of a text that may be no URI: what stands before `@` in its authority is left out too.
pub(crate) fn shown_text(redactor: &Redactor, text: &str) -> String {
    let text = without_userinfo(&redactor.redact(text));
    let Some((front, query)) = text.split_once('?') else { return text };
    let pairs: Vec<String> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) => {
                redact_field(name, value).map_or_else(|| pair.to_owned(), |shown| format!("{name}={shown}"))
            }
            None => pair.to_owned(),
        })
        .collect();
    format!("{front}?{}", pairs.join("&"))
}

fn without_userinfo(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

/// How the request went over the wire.
pub(crate) fn protocol(e: &mut Exchange, protocol: Protocol) {
    if let Some(request) = &mut e.request {
        request.protocol = Some(protocol.words().to_owned());
    }
}

/// Times of the HTTP half.
pub(crate) fn timing(e: &mut Exchange, timing: &HttpTiming) {
    e.timing.request = timing.request;
    e.timing.first_byte = timing.first_byte;
    e.timing.content = timing.content;
}

/// The response as it is shown.
pub(crate) fn response(redactor: &Redactor, received: &Received) -> ResponseView {
    let media_type = received
        .fields
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        .map(|(_, value)| String::from_utf8_lossy(value).into_owned());
    let content = match &received.body {
        Body::Memory(bytes) => ContentView {
            length: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            reference: None,
            media_type,
            not_kept: Some("the answer of a token endpoint is never kept".into()),
        },
        Body::Stored(stored) => ContentView {
            length: stored.length,
            reference: Some(stored.reference.clone()),
            media_type,
            not_kept: (stored.length > KEPT)
                .then(|| "over 64 MiB: kept until the exchange is closed, not in the history".into()),
        },
    };
    ResponseView {
        status: received.status.as_u16(),
        reason: received.status.canonical_reason().map(ToOwned::to_owned),
        fields: received.fields.iter().map(|(name, value)| line(redactor, name, value)).collect(),
        content: Some(content),
    }
}

/// What of the content of a request is kept: by reference, redacted.
pub(crate) fn sent_content(
    store: &countersign_exchange::ContentStore,
    redactor: &Redactor,
    content: &Bytes,
    media_type: Option<String>,
) -> Option<ContentView> {
    if content.is_empty() {
        return None;
    }
    let length = u64::try_from(content.len()).unwrap_or(u64::MAX);
    let kept = if length > KEPT { None } else { store.put(&redactor.redact_bytes(content)).ok() };
    Some(ContentView {
        length,
        not_kept: if kept.is_none() { Some("the data folder could not take it".into()) } else { None },
        reference: kept.map(|stored| stored.reference),
        media_type,
    })
}

/// The finished document: titled, and with no live secret in any form anywhere in it.
pub(crate) fn seal(e: Exchange, redactor: &Redactor) -> Exchange {
    let mut e = redacted(e, redactor);
    e.title = ladder(&e).title;
    e
}

fn redacted(e: Exchange, redactor: &Redactor) -> Exchange {
    if redactor.is_idle() {
        return e;
    }
    let Ok(text) = serde_json::to_string(&e) else { return e };
    let struck = redactor.redact(&text);
    if struck == text {
        return e;
    }
    // a mark holds no quote or backslash (names are slugs), so the text is JSON as before
    serde_json::from_str(&struck).unwrap_or(e)
}

#[cfg(test)]
mod tests {
    use countersign_secret::{Redactor, Secret};

    use super::{line, shown_target, shown_text};

    #[test]
    fn fields_and_targets_are_redacted_by_value_then_by_place() {
        let redactor = Redactor::new();
        redactor.register_token(&Secret::new("a-live-token".to_owned()));
        assert_eq!(line(&redactor, "Authorization", b"Bearer unknown").1, "Bearer ‹withheld›", "no redactor knew it");
        assert!(
            line(&redactor, "Authorization", b"Bearer a-live-token").1.starts_with("Bearer ‹token "),
            "a known one is named"
        );
        let uri = "https://a.test/x?access_token=abc&page=2".parse().unwrap();
        assert_eq!(shown_target(&redactor, &uri), "https://a.test/x?access_token=‹withheld›&page=2", "RFC 6750 §2.3");
        for (text, shown) in [
            ("https://user:pw@a.test/x@y", "https://a.test/x@y"),
            ("https://user:p@w@a b", "https://a b"),
            ("{{base_url}}/x", "{{base_url}}/x"),
        ] {
            assert_eq!(shown_text(&redactor, text), shown, "a user name and password are never shown");
        }
    }
}
