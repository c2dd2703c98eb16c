//! What goes out: exactly the given fields, in order, framed as the version of HTTP demands.

use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use countersign_tls::Target;
use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, COOKIE, HOST, PROXY_AUTHORIZATION, TE, TRANSFER_ENCODING, UPGRADE,
};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use http_body::{Body, Frame, SizeHint};
use tokio::fs::File;
use tokio::io::{AsyncRead as _, ReadBuf};

use crate::meter::Mark;
use crate::{Error, Protocol};

/// Handed to the connection at a time.
const PIECE: usize = 64 * 1024;

/// A request as it is to be sent.
#[derive(Clone)]
pub struct Outgoing {
    /// RFC 9110 §9.
    pub method: Method,
    /// Absolute; a path alone is taken to be on the connection's own host.
    pub uri: Uri,
    /// Every field, in order. `host` and `content-length` are added where HTTP wants them and they are missing.
    pub fields: Vec<(HeaderName, HeaderValue)>,
    /// The content; may be empty.
    pub content: Content,
}

/// What is sent as content.
#[derive(Clone)]
pub enum Content {
    /// From memory.
    Bytes(Bytes),
    /// From a file, read while it is sent.
    File {
        /// Where it is.
        path: PathBuf,
        /// How long it is: a file that has another length is refused.
        length: u64,
    },
}

impl Content {
    /// Nothing.
    pub fn empty() -> Self {
        Content::Bytes(Bytes::new())
    }

    /// Bytes.
    pub fn length(&self) -> u64 {
        match self {
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::File { length, .. } => *length,
        }
    }
}

// Fields and content hold secrets: neither is printed.
impl std::fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.fields.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Outgoing").field("method", &self.method).field("fields", &names).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Content({} bytes)", self.length())
    }
}

/// Why reading the content stopped; asked for when the exchange failed.
pub(crate) type Fault = Arc<Mutex<Option<String>>>;

/// The request for hyper, and where a fault of its content will stand.
pub(crate) async fn prepare(
    outgoing: Outgoing,
    target: &Target,
    protocol: Protocol,
    mark: &Arc<Mark>,
) -> Result<(Request<RequestBody>, Fault), Error> {
    let Outgoing { method, uri, fields, content } = outgoing;
    let length = content.length();
    check_length(&fields, length)?;
    let count = fields.len();
    let (uri, headers) = match protocol {
        Protocol::Http11 => (origin_form(&uri), http11(fields, &uri, target, &method, length)),
        Protocol::Http2 => http2(fields, uri, target, &method, length),
    };
    let headers = headers.ok_or(Error::TooManyFields { count })?;
    let fault = Fault::default();
    let source = match content {
        Content::Bytes(bytes) => Source::Bytes(bytes),
        Content::File { path, length } => Source::File(Box::new(open(path, length).await?)),
    };
    if length == 0 {
        mark.end();
    }
    let body = RequestBody { source, remaining: length, mark: Arc::clone(mark), fault: Arc::clone(&fault) };
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    Ok((request, fault))
}

fn check_length(fields: &[(HeaderName, HeaderValue)], is: u64) -> Result<(), Error> {
    for (_, value) in fields.iter().filter(|(name, _)| name == CONTENT_LENGTH) {
        let said = String::from_utf8_lossy(value.as_bytes()).into_owned();
        if said.trim().parse() != Ok(is) {
            return Err(Error::ContentLengthWrong { said, is });
        }
    }
    Ok(())
}

/// RFC 9112 §3.2.1: path and query; everything else of the URI stands in `host` or is the connection itself.
fn origin_form(uri: &Uri) -> Uri {
    let path = uri.path_and_query().filter(|path| path.as_str().starts_with(['/', '*']));
    Uri::from(path.cloned().unwrap_or_else(|| rooted(uri)))
}

/// A URI such as `https://host?query` has no path, but a request target always has.
fn rooted(uri: &Uri) -> PathAndQuery {
    let query = uri.query().map(|query| format!("/?{query}"));
    query.and_then(|path| path.parse().ok()).unwrap_or(PathAndQuery::from_static("/"))
}

fn http11(
    fields: Vec<(HeaderName, HeaderValue)>,
    uri: &Uri,
    target: &Target,
    method: &Method,
    length: u64,
) -> Option<HeaderMap> {
    let mut headers = HeaderMap::with_capacity(fields.len().min(1000) + 2);
    if !fields.iter().any(|(name, _)| name == HOST) {
        let host = HeaderValue::from_str(authority(uri, target).as_str()).ok()?;
        headers.try_append(HOST, host).ok()?;
    }
    let framed = fields.iter().any(|(name, _)| name == TRANSFER_ENCODING || name == CONTENT_LENGTH);
    append(&mut headers, fields)?;
    if !framed {
        append_length(&mut headers, method, length)?;
    }
    Some(headers)
}

/// RFC 9113 §8.2.2, §8.3.1: what belongs to a connection stays out, and the host stands in `:authority`; a `host`
/// field that was given decides it, as it would in HTTP/1.1.
fn http2(
    fields: Vec<(HeaderName, HeaderValue)>,
    uri: Uri,
    target: &Target,
    method: &Method,
    length: u64,
) -> (Uri, Option<HeaderMap>) {
    let nominated: Vec<HeaderName> = fields
        .iter()
        .filter(|(name, _)| name == CONNECTION)
        .filter_map(|(_, value)| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    let host = fields.iter().find(|(name, _)| name == HOST).and_then(|(_, value)| value.as_bytes().try_into().ok());
    let authority: Authority = host.unwrap_or_else(|| authority(&uri, target));
    let mut parts = origin_form(&uri).into_parts();
    parts.authority = Some(authority);
    parts.scheme = Some(if target.scheme_tls { Scheme::HTTPS } else { Scheme::HTTP });
    let absolute = Uri::from_parts(parts).unwrap_or(uri);
    let framed = fields.iter().any(|(name, _)| name == CONTENT_LENGTH);
    let kept =
        fields.into_iter().filter(|(name, value)| !nominated.contains(name) && !of_connection(name, value)).collect();
    let mut headers = HeaderMap::new();
    let mut headers = append(&mut headers, kept).map(|()| headers);
    if !framed {
        headers = headers.and_then(|mut headers| append_length(&mut headers, method, length).map(|()| headers));
    }
    (absolute, headers)
}

fn of_connection(name: &HeaderName, value: &HeaderValue) -> bool {
    let named = [CONNECTION, HOST, TRANSFER_ENCODING, UPGRADE].contains(name)
        || ["keep-alive", "proxy-connection", "http2-settings"].contains(&name.as_str());
    named || (name == TE && !value.as_bytes().eq_ignore_ascii_case(b"trailers"))
}

fn append(headers: &mut HeaderMap, fields: Vec<(HeaderName, HeaderValue)>) -> Option<()> {
    for (name, mut value) in fields {
        // RFC 7541 §7.1.3: a credential has no place in a compression table
        let secret = [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE].contains(&name) || name.as_str() == "x-api-key";
        value.set_sensitive(value.is_sensitive() || secret);
        headers.try_append(name, value).ok()?;
    }
    Some(())
}

/// RFC 9110 §8.6: said where there is content, and where a method expects some.
fn append_length(headers: &mut HeaderMap, method: &Method, length: u64) -> Option<()> {
    if length > 0 || [Method::POST, Method::PUT, Method::PATCH].contains(method) {
        headers.try_append(CONTENT_LENGTH, HeaderValue::from(length)).ok()?;
    }
    Some(())
}

/// RFC 9110 §7.2: host, and port where it is not the scheme's own; never userinfo.
fn authority(uri: &Uri, target: &Target) -> Authority {
    let (host, port) = match uri.host() {
        Some(host) if !host.is_empty() => (host.to_owned(), uri.port_u16()),
        _ if target.host.contains(':') => (format!("[{}]", target.host), Some(target.port)),
        _ => (target.host.clone(), Some(target.port)),
    };
    let usual = if target.scheme_tls { 443 } else { 80 };
    let text = match port {
        Some(port) if port != usual => format!("{host}:{port}"),
        _ => host,
    };
    // both come from what parsed before
    text.parse().unwrap_or(Authority::from_static("invalid"))
}

async fn open(path: PathBuf, length: u64) -> Result<File, Error> {
    let unusable = |reason: String| Error::ContentUnusable { reason: format!("{}: {reason}", path.display()) };
    let file = File::open(&path).await.map_err(|error| unusable(error.to_string()))?;
    let about = file.metadata().await.map_err(|error| unusable(error.to_string()))?;
    if !about.is_file() {
        return Err(unusable("not a file".to_owned()));
    }
    if about.len() != length {
        return Err(unusable(format!("it has {} bytes, {length} were announced", about.len())));
    }
    Ok(file)
}

/// The content on its way.
pub(crate) struct RequestBody {
    source: Source,
    remaining: u64,
    mark: Arc<Mark>,
    fault: Fault,
}

enum Source {
    Bytes(Bytes),
    File(Box<File>),
}

impl RequestBody {
    fn sent(&mut self, piece: Bytes) -> Frame<Bytes> {
        self.remaining = self.remaining.saturating_sub(piece.len() as u64);
        if self.remaining == 0 {
            self.mark.end();
        }
        Frame::data(piece)
    }

    fn broken(&self, error: io::Error) -> io::Error {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
        error
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        if this.remaining == 0 {
            return Poll::Ready(None);
        }
        let piece = match &mut this.source {
            // in pieces, so that the end of the content is noticed when it is near
            Source::Bytes(bytes) => bytes.split_to(bytes.len().min(PIECE)),
            Source::File(file) => {
                let wanted = usize::try_from(this.remaining).unwrap_or(PIECE).min(PIECE);
                let mut block = BytesMut::zeroed(wanted);
                let mut buffer = ReadBuf::new(&mut block);
                if let Err(error) = ready!(Pin::new(file).poll_read(context, &mut buffer)) {
                    return Poll::Ready(Some(Err(this.broken(error))));
                }
                let count = buffer.filled().len();
                block.truncate(count);
                block.freeze()
            }
        };
        if piece.is_empty() {
            let error = io::Error::new(io::ErrorKind::UnexpectedEof, "it became shorter while it was sent");
            return Poll::Ready(Some(Err(this.broken(error))));
        }
        Poll::Ready(Some(Ok(this.sent(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.remaining == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.remaining)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use countersign_tls::Target;
    use http::{HeaderName, HeaderValue, Method, Request};

    use super::{Content, Outgoing, RequestBody, prepare};
    use crate::meter::Meter;
    use crate::{Error, Protocol};

    async fn prepared(
        protocol: Protocol,
        method: Method,
        uri: &str,
        fields: &[(&str, &str)],
        content: Content,
    ) -> Result<Request<RequestBody>, Error> {
        let fields = fields
            .iter()
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap()))
            .collect();
        let outgoing = Outgoing { method, uri: uri.parse().unwrap(), fields, content };
        let target = Target::parse("https://api.example.test:8443/").unwrap();
        let watched = Arc::new(Meter::default()).watch(protocol);
        prepare(outgoing, &target, protocol, &watched.mark).await.map(|(request, _)| request)
    }

    fn shown(request: &Request<RequestBody>) -> Vec<String> {
        let head = format!("{} {}", request.method(), request.uri());
        let fields = request.headers().iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()));
        std::iter::once(head).chain(fields).collect()
    }

    #[tokio::test]
    async fn http11_gets_the_path_the_host_and_the_given_fields_in_order() {
        let request = prepared(
            Protocol::Http11,
            Method::POST,
            "https://api.example.test:8443/v1/payments?x=1",
            &[("zeta", "1"), ("authorization", "Bearer t"), ("alpha", "2")],
            Content::Bytes(Bytes::from_static(b"{}")),
        );
        assert_eq!(
            shown(&request.await.unwrap()),
            [
                "POST /v1/payments?x=1",
                "host: api.example.test:8443",
                "zeta: 1",
                "authorization: Bearer t",
                "alpha: 2",
                "content-length: 2"
            ]
        );
    }

    #[tokio::test]
    async fn a_given_host_and_length_stay_where_they_are() {
        let fields = [("content-length", "2"), ("accept", "*/*"), ("host", "other.test")];
        let content = Content::Bytes(Bytes::from_static(b"{}"));
        let request = prepared(Protocol::Http11, Method::PUT, "https://api.example.test/", &fields, content);
        assert_eq!(shown(&request.await.unwrap()), ["PUT /", "content-length: 2", "accept: */*", "host: other.test"]);
    }

    #[tokio::test]
    async fn http2_gets_the_authority_and_nothing_of_the_connection() {
        let request = prepared(
            Protocol::Http2,
            Method::GET,
            "https://api.example.test:443?x=1",
            &[
                ("host", "other.test"),
                ("connection", "close, x-hop"),
                ("x-hop", "1"),
                ("keep-alive", "1"),
                ("te", "gzip"),
                ("transfer-encoding", "chunked"),
                ("upgrade", "h2c"),
                ("accept", "*/*"),
            ],
            Content::empty(),
        );
        assert_eq!(shown(&request.await.unwrap()), ["GET https://other.test/?x=1", "accept: */*"]);
        let request = prepared(
            Protocol::Http2,
            Method::POST,
            "https://api.example.test/a",
            &[("te", "trailers")],
            Content::empty(),
        );
        assert_eq!(
            shown(&request.await.unwrap()),
            ["POST https://api.example.test/a", "te: trailers", "content-length: 0"]
        );
    }

    #[tokio::test]
    async fn a_path_alone_is_on_the_host_of_the_connection() {
        let request = prepared(Protocol::Http11, Method::GET, "/v1", &[], Content::empty());
        assert_eq!(shown(&request.await.unwrap()), ["GET /v1", "host: api.example.test:8443"]);
        let request = prepared(Protocol::Http11, Method::GET, "https://user:canary@a.test", &[], Content::empty());
        assert_eq!(shown(&request.await.unwrap()), ["GET /", "host: a.test"], "userinfo never leaves");
    }

    #[tokio::test]
    async fn a_wrong_length_is_refused_before_anything_is_sent() {
        let fields = [("content-length", "3")];
        let request = prepared(Protocol::Http11, Method::PUT, "/", &fields, Content::Bytes(Bytes::from_static(b"{}")));
        let error = request.await.map(drop).unwrap_err();
        assert_eq!(error, Error::ContentLengthWrong { said: "3".to_owned(), is: 2 });
        let missing = Content::File { path: "/nonexistent/file".into(), length: 3 };
        let request = prepared(Protocol::Http11, Method::PUT, "/", &[], missing).await;
        assert_eq!(request.map(drop).unwrap_err().problem().code, "exchange.content_unusable");
    }

    #[tokio::test]
    async fn too_many_fields_are_an_error_and_no_crash() {
        let names: Vec<String> = (0..40_000).map(|number| format!("x-{number}")).collect();
        let fields: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1")).collect();
        for protocol in [Protocol::Http11, Protocol::Http2] {
            let request = prepared(protocol, Method::GET, "/", &fields, Content::empty()).await;
            assert_eq!(request.map(drop).unwrap_err(), Error::TooManyFields { count: 40_000 });
        }
    }
}
