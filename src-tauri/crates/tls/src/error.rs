//! Why there is no connection: variants by who is at fault, operands instead of sentences, stable codes.

use std::time::Duration;

use countersign_evidence::{Fault, Finding, Problem, RootCause};

use crate::{Alert, Mismatch};

/// Why a connection was not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    // The caller.
    /// Not a URL, or not one with a host.
    #[error("`{text}` is not a usable URL: {reason}")]
    UrlMalformed {
        /// What was given, without userinfo and query.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Neither `https` nor `http`.
    #[error("scheme `{scheme}` is not supported")]
    UrlScheme {
        /// The scheme.
        scheme: String,
    },
    /// RFC 9110 §4.2.4 deprecates credentials in URLs.
    #[error("the URL of `{host}` carries a user name or password")]
    UrlUserinfo {
        /// The host.
        host: String,
    },
    /// A client certificate or key that cannot be used.
    #[error("the client certificate cannot be used: {reason}")]
    ClientIdentity {
        /// Why.
        reason: String,
    },
    /// A CA file that holds no usable certificate.
    #[error("the CA file of store `{store}` cannot be used: {reason}")]
    CaMalformed {
        /// The store's label.
        store: String,
        /// Why.
        reason: String,
    },

    // The environment.
    /// The resolver knows no address.
    #[error("no address was found for `{host}`")]
    NameNotFound {
        /// The name.
        host: String,
        /// The resolver's words.
        reason: String,
    },
    /// The resolver did not answer in time.
    #[error("resolving `{host}` took longer than {after:?}")]
    NameTimedOut {
        /// The name.
        host: String,
        /// The time allowed.
        after: Duration,
    },
    /// Nothing listens there.
    #[error("`{endpoint}` refused the connection")]
    TcpRefused {
        /// Host and port.
        endpoint: String,
        /// Each address with its error.
        attempts: Vec<String>,
    },
    /// No answer to SYN in time.
    #[error("`{endpoint}` did not accept a connection within {after:?}")]
    TcpTimedOut {
        /// Host and port.
        endpoint: String,
        /// The addresses tried.
        attempts: Vec<String>,
        /// The time allowed.
        after: Duration,
    },
    /// No route, or the local network refuses.
    #[error("`{endpoint}` cannot be reached")]
    TcpUnreachable {
        /// Host and port.
        endpoint: String,
        /// Each address with its error.
        attempts: Vec<String>,
    },

    // The peer.
    /// The other end closed before the handshake was done.
    #[error("`{endpoint}` closed the connection during the handshake")]
    ClosedMidHandshake {
        /// Host and port.
        endpoint: String,
        /// Bytes received before.
        received: u64,
    },
    /// Reset, before a byte of the server came.
    #[error("the connection to `{endpoint}` was reset right after the ClientHello")]
    Reset {
        /// Host and port.
        endpoint: String,
    },
    /// The reply is HTTP in clear.
    #[error("`{endpoint}` speaks plain HTTP, not TLS")]
    PlainHttp {
        /// Host and port.
        endpoint: String,
        /// The first line of the reply.
        first_line: String,
    },
    /// The reply is neither TLS nor HTTP.
    #[error("`{endpoint}` does not speak TLS")]
    NotTls {
        /// Host and port.
        endpoint: String,
        /// The first bytes of the reply, escaped.
        first_bytes: String,
    },
    /// TCP connected, then nothing.
    #[error("`{endpoint}` accepts connections but is silent")]
    Silent {
        /// Host and port.
        endpoint: String,
        /// The time allowed.
        after: Duration,
    },
    /// The handshake began and did not end.
    #[error("the handshake with `{endpoint}` took longer than {after:?}")]
    TlsTimedOut {
        /// Host and port.
        endpoint: String,
        /// Bytes received.
        received: u64,
        /// The time allowed.
        after: Duration,
    },
    /// The server ended the handshake with an alert that has no variant of its own.
    #[error("`{endpoint}` ended the handshake with the alert `{}`", alert.name())]
    AlertReceived {
        /// Host and port.
        endpoint: String,
        /// The alert.
        alert: Alert,
    },
    /// Alert `certificate_required`, or a refusal although none was sent.
    #[error("`{endpoint}` wants a client certificate")]
    ClientCertificateRequired {
        /// Host and port.
        endpoint: String,
        /// The alert.
        alert: Alert,
        /// Issuers the server named.
        acceptable_issuers: Vec<String>,
    },
    /// The client certificate sent was refused.
    #[error("`{endpoint}` refused the client certificate `{subject}` with the alert `{}`", alert.name())]
    ClientCertificateRefused {
        /// Host and port.
        endpoint: String,
        /// The alert.
        alert: Alert,
        /// Subject of the certificate sent.
        subject: String,
        /// Its issuer.
        issuer: String,
        /// Issuers the server named.
        acceptable_issuers: Vec<String>,
    },
    /// No protocol version in common.
    #[error("`{endpoint}` and we have no TLS version in common")]
    NoCommonVersion {
        /// Host and port.
        endpoint: String,
        /// What we offered.
        offered: String,
        /// What the server chose or said.
        answered: String,
    },
    /// No cipher suite or group in common.
    #[error("`{endpoint}` and we have no cipher suite, group or signature scheme in common")]
    NoCommonParameters {
        /// Host and port.
        endpoint: String,
        /// What the library or the alert said.
        reason: String,
    },
    /// Alert `no_application_protocol` (RFC 7301 §3.2).
    #[error("`{endpoint}` offers none of the application protocols asked for")]
    NoApplicationProtocol {
        /// Host and port.
        endpoint: String,
        /// What we offered.
        offered: String,
    },
    /// Alert `unrecognized_name` (RFC 6066 §3).
    #[error("`{endpoint}` has no certificate for the name `{server_name}`")]
    UnrecognizedName {
        /// Host and port.
        endpoint: String,
        /// The name in SNI.
        server_name: String,
    },
    /// The chain was refused by us.
    #[error("the certificate of `{endpoint}` is not trusted")]
    NotTrusted {
        /// Host and port.
        endpoint: String,
        /// The most specific reason.
        finding: Box<Finding>,
    },
    /// The peer broke the protocol.
    #[error("`{endpoint}` broke the TLS protocol: {reason}")]
    ProtocolViolation {
        /// Host and port.
        endpoint: String,
        /// The library's words.
        reason: String,
    },

    /// The two ends have something not in common, as was found out by asking.
    #[error("{}", mismatch.title())]
    Mismatch {
        /// `host:port`.
        endpoint: String,
        /// What.
        mismatch: Box<Mismatch>,
        /// What was asked and answered.
        probes: Vec<String>,
    },
    // Us.
    /// The configuration could not be built.
    #[error("a TLS configuration could not be built: {reason}")]
    Configuration {
        /// The library's words.
        reason: String,
    },
}

impl Error {
    /// Whether it is the server's word on who we are.
    pub fn is_about_client_certificate(&self) -> bool {
        matches!(self, Error::ClientCertificateRequired { .. } | Error::ClientCertificateRefused { .. })
    }

    /// The document of the error: code, fault, operands, what to do.
    pub fn problem(&self) -> Problem {
        let (code, fault, detail) = self.classified();
        let mut problem = Problem::new(code, fault, self.title(), detail);
        problem.hints = self.hints();
        match self.citation() {
            Some((source, section)) => problem.with_citation(source, section),
            None => problem,
        }
    }

    /// One sentence on a failed handshake; `None` where the handshake was not reached.
    pub fn root_cause(&self) -> Option<RootCause> {
        let sentence = match self {
            Error::Mismatch { mismatch, probes, .. } => {
                return Some(RootCause { sentence: mismatch.sentence(), probes: probes.clone() });
            }
            Error::NotTrusted { finding, .. } => finding.sentence.clone(),
            Error::PlainHttp { .. } => "This port speaks plain HTTP.".to_owned(),
            Error::NotTls { first_bytes, .. } => {
                format!("This port speaks another protocol: its first bytes are `{first_bytes}`.")
            }
            Error::Silent { .. } => {
                "The port accepts connections but is silent: proxy, firewall, or another protocol.".to_owned()
            }
            Error::Reset { .. } => {
                "Something on the path resets TLS: filter, SNI block, or a hello of more than one segment.".to_owned()
            }
            Error::ClosedMidHandshake { received: 0, .. } => {
                "The server closed the connection after the ClientHello without a word.".to_owned()
            }
            Error::ClosedMidHandshake { received, .. } => {
                format!("The server closed the connection in the middle of the handshake, after {received} bytes.")
            }
            Error::TlsTimedOut { received, .. } => {
                format!("The server fell silent in the middle of the handshake, after {received} bytes.")
            }
            Error::AlertReceived { alert, .. } => format!("The server sent the alert {}.", alert.name()),
            Error::ClientCertificateRequired { .. } => "The server wants a client certificate.".to_owned(),
            Error::ClientCertificateRefused { subject, issuer, acceptable_issuers, alert, .. } => {
                refused_words(subject, issuer, acceptable_issuers, *alert)
            }
            Error::NoCommonVersion { answered, offered, .. } => {
                format!("The server answered {answered}; the console offered {offered}.")
            }
            Error::NoCommonParameters { .. } => {
                "The server accepts none of the cipher suites, groups or signature schemes offered.".to_owned()
            }
            Error::NoApplicationProtocol { offered, .. } => {
                format!("No common application protocol: the server offers none of {offered}.")
            }
            Error::UnrecognizedName { server_name, .. } => {
                format!("No certificate for {server_name} at that address (unrecognized_name).")
            }
            Error::ProtocolViolation { reason, .. } => format!("The server broke the TLS protocol: {reason}."),
            Error::UrlMalformed { .. }
            | Error::UrlScheme { .. }
            | Error::UrlUserinfo { .. }
            | Error::ClientIdentity { .. }
            | Error::CaMalformed { .. }
            | Error::NameNotFound { .. }
            | Error::NameTimedOut { .. }
            | Error::TcpRefused { .. }
            | Error::TcpTimedOut { .. }
            | Error::TcpUnreachable { .. }
            | Error::Configuration { .. } => return None,
        };
        Some(RootCause { sentence, probes: Vec::new() })
    }

    fn title(&self) -> String {
        match self {
            Error::NotTrusted { finding, .. } => as_title(&finding.sentence),
            other => other.to_string(),
        }
    }

    fn classified(&self) -> (String, Fault, String) {
        let (code, fault, detail) = match self {
            Error::UrlMalformed { text, reason } => ("url.malformed", Fault::Caller, format!("{text}: {reason}")),
            Error::UrlScheme { scheme } => ("url.scheme_not_supported", Fault::Caller, format!("scheme {scheme}")),
            Error::UrlUserinfo { host } => ("url.userinfo_not_allowed", Fault::Caller, format!("host {host}")),
            Error::ClientIdentity { reason } => ("client_certificate.unusable", Fault::Caller, reason.clone()),
            Error::CaMalformed { store, reason } => {
                ("tls.ca_malformed", Fault::Caller, format!("store {store}: {reason}"))
            }
            Error::NameNotFound { host, reason } => {
                ("dns.not_found", Fault::Caller, format!("name {host}, the resolver said: {reason}"))
            }
            Error::NameTimedOut { host, after } => {
                ("dns.timed_out", Fault::Environment, format!("name {host}, waited {after:?}"))
            }
            Error::TcpRefused { attempts, .. } => ("tcp.refused", Fault::Peer, attempts.join(", ")),
            Error::TcpTimedOut { attempts, after, .. } => {
                ("tcp.timed_out", Fault::Environment, format!("{}, waited {after:?}", attempts.join(", ")))
            }
            Error::TcpUnreachable { attempts, .. } => ("tcp.unreachable", Fault::Environment, attempts.join(", ")),
            Error::ClosedMidHandshake { endpoint, received } => {
                ("tls.closed_mid_handshake", Fault::Peer, format!("{endpoint}, {received} bytes received"))
            }
            Error::Reset { endpoint } => ("tls.reset", Fault::Environment, endpoint.clone()),
            Error::PlainHttp { endpoint, first_line } => {
                ("tls.plain_http", Fault::Caller, format!("{endpoint} answered `{first_line}`"))
            }
            Error::NotTls { endpoint, first_bytes } => {
                ("tls.not_tls", Fault::Caller, format!("{endpoint} answered `{first_bytes}`"))
            }
            Error::Silent { endpoint, after } => ("tls.silent", Fault::Peer, format!("{endpoint}, waited {after:?}")),
            Error::TlsTimedOut { endpoint, received, after } => {
                ("tls.timed_out", Fault::Peer, format!("{endpoint}, {received} bytes received, waited {after:?}"))
            }
            Error::AlertReceived { endpoint, alert } => {
                ("tls.alert", Fault::Peer, format!("{endpoint}, alert {} ({})", alert.name(), alert.code()))
            }
            Error::ClientCertificateRequired { endpoint, alert, acceptable_issuers } => (
                "client_certificate.required",
                Fault::Caller,
                format!("{endpoint}, alert {} ({}){}", alert.name(), alert.code(), issuers(acceptable_issuers)),
            ),
            Error::ClientCertificateRefused { endpoint, alert, subject, issuer, acceptable_issuers } => (
                "client_certificate.refused",
                Fault::Caller,
                format!(
                    "{endpoint}, sent {subject} issued by {issuer}, alert {} ({}){}",
                    alert.name(),
                    alert.code(),
                    issuers(acceptable_issuers)
                ),
            ),
            Error::NoCommonVersion { endpoint, offered, answered } => {
                ("tls.no_common_version", Fault::Peer, format!("{endpoint}, offered {offered}, answered {answered}"))
            }
            Error::NoCommonParameters { endpoint, reason } => {
                ("tls.no_common_parameters", Fault::Peer, format!("{endpoint}: {reason}"))
            }
            Error::NoApplicationProtocol { endpoint, offered } => {
                ("tls.no_alpn", Fault::Peer, format!("{endpoint}, offered {offered}"))
            }
            Error::UnrecognizedName { endpoint, server_name } => {
                ("tls.no_name", Fault::Peer, format!("{endpoint}, asked for {server_name}"))
            }
            Error::NotTrusted { endpoint, finding } => {
                let values: Vec<String> =
                    finding.values.iter().map(|fact| format!("{} {}", fact.name, fact.value)).collect();
                let fault = match finding.id.as_str() {
                    "path.untrusted_root" | "path.impostor" => Fault::Caller,
                    _ => Fault::Peer,
                };
                let detail = format!("{endpoint}, {}: {}", finding.subject, values.join(", "));
                return (finding.id.clone(), fault, detail);
            }
            Error::ProtocolViolation { endpoint, reason } => {
                ("tls.protocol_violation", Fault::Peer, format!("{endpoint}: {reason}"))
            }
            Error::Mismatch { endpoint, mismatch, .. } => {
                (mismatch.code(), Fault::Peer, format!("{endpoint}: {}", mismatch.sentence()))
            }
            Error::Configuration { reason } => ("internal.tls_configuration", Fault::Us, reason.clone()),
        };
        (code.to_owned(), fault, detail)
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Error::Mismatch { mismatch, .. } => mismatch.hint(),
            Error::UrlMalformed { .. } => "Write it as https://host:port/path.",
            Error::UrlScheme { .. } => "Use https, or http on loopback.",
            Error::UrlUserinfo { .. } => "Take the user name and password out of the URL and use a credential.",
            Error::ClientIdentity { .. } => "Import the certificate chain and its key again.",
            Error::CaMalformed { .. } => "Give a PEM file with at least one CA certificate.",
            Error::NameNotFound { .. } => {
                "Check the spelling of the host; a private name may need the company's network."
            }
            Error::NameTimedOut { .. } => "Check the network connection of this machine.",
            Error::TcpRefused { .. } => "Start the server, or check the port.",
            Error::TcpTimedOut { .. } => "Check the address; a firewall that drops packets looks like this.",
            Error::TcpUnreachable { .. } => "Check the network connection and the route to this address.",
            Error::ClosedMidHandshake { .. } => {
                "Look at the server's log for this moment; a port without TLS behaves like this too."
            }
            Error::Reset { .. } => "Try from another network; a filter on the path behaves like this.",
            Error::PlainHttp { .. } => "Use http:// for this port, or the port that serves TLS.",
            Error::NotTls { .. } => "Check the port: another service listens there.",
            Error::Silent { .. } => "Check the port, and whether a proxy or firewall stands between.",
            Error::TlsTimedOut { .. } => "Try again with a longer time-out.",
            Error::AlertReceived { .. } => "Look at the server's log for this moment: it ended the handshake.",
            Error::ClientCertificateRequired { .. } => {
                "Choose a credential of kind client-certificate for this request."
            }
            Error::ClientCertificateRefused { .. } => "Choose another client certificate.",
            Error::NoCommonVersion { .. } => "Ask the operator to offer TLS 1.2 or 1.3.",
            Error::NoCommonParameters { .. } => "Ask the operator which suites and groups the server offers.",
            Error::NoApplicationProtocol { .. } => "Let the version of HTTP be chosen automatically.",
            Error::UnrecognizedName { .. } => "Check the host name, or ask for another name in SNI.",
            Error::NotTrusted { finding, .. } => finding.fix.as_str(),
            Error::ProtocolViolation { .. } => "Report it to the operator of the server, with this evidence.",
            Error::Configuration { .. } => "This is a bug of Countersign; please report it with this evidence.",
        };
        if hint.is_empty() { Vec::new() } else { vec![hint.to_owned()] }
    }

    fn citation(&self) -> Option<(String, String)> {
        let (source, section) = match self {
            Error::UrlMalformed { .. } | Error::UrlScheme { .. } => ("RFC 3986", "3"),
            Error::UrlUserinfo { .. } => ("RFC 9110", "4.2.4"),
            Error::AlertReceived { .. } => ("RFC 9846", "6.2"),
            Error::ClientCertificateRequired { .. } | Error::ClientCertificateRefused { .. } => ("RFC 9846", "4.5.1.4"),
            Error::NoCommonVersion { .. } => ("RFC 9846", "4.3.1"),
            Error::NoCommonParameters { .. } => ("RFC 9846", "4.2.1"),
            Error::Mismatch { mismatch, .. } => mismatch.citation(),
            Error::NoApplicationProtocol { .. } => ("RFC 7301", "3.2"),
            Error::UnrecognizedName { .. } => ("RFC 6066", "3"),
            Error::NotTrusted { finding, .. } => {
                return Some((finding.citation.source.to_string(), finding.citation.section.to_string()));
            }
            Error::ClientIdentity { .. }
            | Error::CaMalformed { .. }
            | Error::NameNotFound { .. }
            | Error::NameTimedOut { .. }
            | Error::TcpRefused { .. }
            | Error::TcpTimedOut { .. }
            | Error::TcpUnreachable { .. }
            | Error::ClosedMidHandshake { .. }
            | Error::Reset { .. }
            | Error::PlainHttp { .. }
            | Error::NotTls { .. }
            | Error::Silent { .. }
            | Error::TlsTimedOut { .. }
            | Error::ProtocolViolation { .. }
            | Error::Configuration { .. } => return None,
        };
        Some((source.to_owned(), section.to_owned()))
    }
}

/// A sentence as a title: lower case, no full stop. A name at its beginning stays as it is.
fn as_title(sentence: &str) -> String {
    let sentence = sentence.trim_end_matches('.');
    let begins =
        ["A ", "Certificate ", "The ", "You "].into_iter().find_map(|word| Some((word, sentence.strip_prefix(word)?)));
    match begins {
        Some((word, rest)) => word.to_ascii_lowercase() + rest,
        None => sentence.to_owned(),
    }
}

/// Why a client certificate was refused: what the alert says, else what the server accepts beside what was sent.
fn refused_words(subject: &str, issuer: &str, acceptable_issuers: &[String], alert: Alert) -> String {
    let listed = acceptable_issuers.iter().any(|accepted| accepted == issuer);
    match (alert.name(), acceptable_issuers) {
        ("certificate_expired", _) => format!("The server refused the client certificate {subject}: it has expired."),
        ("certificate_revoked", _) => format!("The server refused the client certificate {subject}: it was revoked."),
        (_, []) => format!(
            "The server refused the client certificate {subject}, issued by {issuer}; it names no issuers it accepts."
        ),
        (name, _) if listed => format!(
            "The server refused the client certificate {subject} with {name}, although it accepts certificates issued by {issuer}."
        ),
        (_, list) => format!(
            "The server accepts certificates issued by: {}; the one sent is issued by {issuer}.",
            list.join("; ")
        ),
    }
}

fn issuers(list: &[String]) -> String {
    match list {
        [] => String::new(),
        list => format!(", accepts issuers {}", list.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use super::as_title;

    #[test]
    fn a_title_is_lower_case_without_a_full_stop() {
        for (sentence, title) in [
            (
                "The certificate CN=a expired 3 days ago, on 2027-03-14.",
                "the certificate CN=a expired 3 days ago, on 2027-03-14",
            ),
            ("A signature in the chain does not verify.", "a signature in the chain does not verify"),
            ("CN=a is not a CA (cA=FALSE), so it cannot issue.", "CN=a is not a CA (cA=FALSE), so it cannot issue"),
            ("", ""),
        ] {
            assert_eq!(as_title(sentence), title);
        }
    }
}
