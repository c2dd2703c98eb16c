//! From what hyper, h2 and the stream say to one of our errors.

use std::error::Error as StdError;
use std::io;

use countersign_tls::{Alert, ConnectionRecord};

use crate::Error;
use crate::meter::Meter;

/// How far the answer had come.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Progress {
    /// Nothing of it.
    NoHead,
    /// The head, and so many bytes of content.
    Content { received: u64, announced: Option<u64> },
}

impl Progress {
    fn received(self) -> u64 {
        match self {
            Progress::NoHead => 0,
            Progress::Content { received, .. } => received,
        }
    }
}

/// What happened to a request that hyper gave up.
pub(crate) fn classify(error: &hyper::Error, progress: Progress, meter: &Meter, record: &ConnectionRecord) -> Error {
    if let Some(alert) = meter.alert() {
        return alerted(alert, record);
    }
    let endpoint = record.endpoint.clone();
    if let Some(known) = find::<h2::Error>(error).and_then(|error| http2(error, progress, &endpoint)) {
        return known;
    }
    let reset = Error::Reset { endpoint: endpoint.clone(), received: progress.received() };
    let closed = match progress {
        Progress::NoHead => Error::ClosedBeforeAnswer { endpoint: endpoint.clone() },
        Progress::Content { received, announced } => Error::Truncated { received, announced },
    };
    if error.is_parse() {
        return Error::MalformedAnswer { endpoint, reason: error.to_string() };
    }
    match io_kind(error).or(meter.broke()) {
        Some(io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted) => return reset,
        Some(io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe | io::ErrorKind::NotConnected) => return closed,
        _ => {}
    }
    if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        return closed;
    }
    Error::MalformedAnswer { endpoint, reason: innermost(error) }
}

/// Whether the request was certainly not processed although bytes of it may have left (RFC 9113 §6.8, §8.7).
pub(crate) fn is_unprocessed(error: &Error) -> bool {
    matches!(error, Error::StreamReset { unprocessed: true, .. })
}

fn http2(error: &h2::Error, progress: Progress, endpoint: &str) -> Option<Error> {
    let endpoint = endpoint.to_owned();
    let reason = error.reason()?;
    if error.is_remote() {
        return Some(Error::StreamReset {
            endpoint,
            reason: name(reason),
            unprocessed: matches!(progress, Progress::NoHead)
                && (error.is_go_away() || reason == h2::Reason::REFUSED_STREAM),
            received: progress.received(),
        });
    }
    match progress {
        // the stream ended before its content-length (RFC 9113 §8.1.1)
        Progress::Content { received, announced: Some(announced) }
            if reason == h2::Reason::PROTOCOL_ERROR && received < announced =>
        {
            Some(Error::Truncated { received, announced: Some(announced) })
        }
        Progress::NoHead | Progress::Content { .. } => {
            Some(Error::MalformedAnswer { endpoint, reason: format!("HTTP/2 {}", name(reason)) })
        }
    }
}

/// The name in the registry of RFC 9113 §7.
fn name(reason: h2::Reason) -> String {
    let text = match u32::from(reason) {
        0x0 => "NO_ERROR",
        0x1 => "PROTOCOL_ERROR",
        0x2 => "INTERNAL_ERROR",
        0x3 => "FLOW_CONTROL_ERROR",
        0x4 => "SETTINGS_TIMEOUT",
        0x5 => "STREAM_CLOSED",
        0x6 => "FRAME_SIZE_ERROR",
        0x7 => "REFUSED_STREAM",
        0x8 => "CANCEL",
        0x9 => "COMPRESSION_ERROR",
        0xa => "CONNECT_ERROR",
        0xb => "ENHANCE_YOUR_CALM",
        0xc => "INADEQUATE_SECURITY",
        0xd => "HTTP_1_1_REQUIRED",
        other => return format!("error code {other:#x}"),
    };
    text.to_owned()
}

/// An alert after the handshake: about the client certificate when the server had asked for one.
fn alerted(alert: Alert, record: &ConnectionRecord) -> Error {
    match countersign_tls::error_for_alert_after_handshake(record, alert) {
        Some(error) if error.is_about_client_certificate() => Error::ClientCertificate(error),
        Some(_) | None => Error::AlertReceived { endpoint: record.endpoint.clone(), alert },
    }
}

fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    let mut current = Some(error);
    while let Some(error) = current {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        current = error.source();
    }
    None
}

fn io_kind(error: &hyper::Error) -> Option<io::ErrorKind> {
    let from_h2 = find::<h2::Error>(error).and_then(h2::Error::get_io).map(io::Error::kind);
    find::<io::Error>(error).map(io::Error::kind).or(from_h2)
}

fn innermost(error: &hyper::Error) -> String {
    let mut current: &dyn StdError = error;
    while let Some(source) = current.source() {
        current = source;
    }
    current.to_string()
}
