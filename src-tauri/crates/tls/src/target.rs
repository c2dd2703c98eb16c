//! Where to connect: scheme, host, port, and what may stand in for the address or the name.

use std::net::IpAddr;

use rustls_pki_types::ServerName;
use url::{Host, Url};

use crate::Error;

/// One endpoint. Two targets are the same connection only if all of it is equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// `https`: TLS; `http`: plain.
    pub scheme_tls: bool,
    /// DNS name in A-label form, or an address; IPv6 without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Connect here instead (`--connect-to`, the workspace's resolve table); the name asked for stays.
    pub connect_to: Option<(String, u16)>,
    /// Ask for this name in SNI, and verify it, instead of the host.
    pub server_name: Option<String>,
}

impl Target {
    /// An `https` or `http` URL; names are brought to their A-label form.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let malformed = |reason: &str| Error::UrlMalformed { text: shown(text), reason: reason.to_owned() };
        if !text.contains("://") {
            return Err(malformed("no scheme; write https:// in front"));
        }
        let url = Url::parse(text).map_err(|error| malformed(&error.to_string()))?;
        let scheme_tls = match url.scheme() {
            "https" => true,
            "http" => false,
            other => return Err(Error::UrlScheme { scheme: other.to_owned() }),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Error::UrlUserinfo { host: url.host_str().unwrap_or_default().to_owned() });
        }
        let host = match url.host() {
            Some(Host::Domain(name)) => name.trim_end_matches('.').to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => return Err(malformed("no host")),
        };
        if host.is_empty() {
            return Err(malformed("no host"));
        }
        let port = url.port_or_known_default().unwrap_or(443);
        if port == 0 {
            return Err(malformed("port 0 cannot be connected to"));
        }
        Ok(Self { scheme_tls, host, port, connect_to: None, server_name: None })
    }

    /// `HOST`, `HOST:PORT`, `[IPV6]:PORT` or a URL, for TLS inspection; the port defaults to 443.
    pub fn parse_endpoint(text: &str) -> Result<Self, Error> {
        if text.contains("://") {
            return Self::parse(text);
        }
        match text.parse::<IpAddr>() {
            Ok(IpAddr::V6(address)) => Self::parse(&format!("https://[{address}]")),
            Ok(IpAddr::V4(_)) | Err(_) => Self::parse(&format!("https://{text}")),
        }
    }

    /// `host:port`, IPv6 in brackets.
    pub fn endpoint(&self) -> String {
        authority(&self.host, self.port)
    }

    /// Whether the host is this machine by name or address (RFC 6761 §6.3, RFC 1122 §3.2.1.3).
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }

    /// The name to verify and, unless it is an address, to ask for in SNI (RFC 6066 §3).
    pub(crate) fn verified_name(&self) -> Result<ServerName<'static>, Error> {
        let name = self.server_name.as_ref().unwrap_or(&self.host);
        ServerName::try_from(name.clone())
            .map_err(|_| Error::UrlMalformed { text: name.clone(), reason: "not a host name or address".to_owned() })
    }

    /// What to resolve and connect to.
    pub(crate) fn dialled(&self) -> (&str, u16) {
        match &self.connect_to {
            Some((host, port)) => (host, *port),
            None => (&self.host, self.port),
        }
    }
}

/// `localhost`, its sub-domains, 127.0.0.0/8 and ::1.
pub(crate) fn is_loopback(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    match host.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => {
            let name = host.trim_end_matches('.').to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost")
        }
    }
}

pub(crate) fn authority(host: &str, port: u16) -> String {
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V6(_)) => format!("[{host}]:{port}"),
        Ok(IpAddr::V4(_)) | Err(_) => format!("{host}:{port}"),
    }
}

/// Without userinfo and query: either may hold a secret.
fn shown(text: &str) -> String {
    let text = text.split(['?', '#']).next().unwrap_or_default();
    match (text.find("://"), text.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => format!("{}{}", &text[..scheme + 3], &text[at + 1..]),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::Target;

    fn endpoint(text: &str) -> Result<String, String> {
        Target::parse(text).map(|t| t.endpoint()).map_err(|e| e.problem().code)
    }

    #[test]
    fn urls_become_endpoints() {
        assert_eq!(endpoint("https://Api.Example.test/v1?x=1"), Ok("api.example.test:443".to_owned()));
        assert_eq!(endpoint("http://127.0.0.1:8080"), Ok("127.0.0.1:8080".to_owned()));
        assert_eq!(endpoint("https://[::1]:8443/"), Ok("[::1]:8443".to_owned()));
        assert_eq!(endpoint("https://bücher.example/"), Ok("xn--bcher-kva.example:443".to_owned()));
    }

    #[test]
    fn what_is_no_url_has_its_code() {
        for (text, code) in [
            ("api.example.test/v1", "url.malformed"),
            ("https://", "url.malformed"),
            ("https://exa mple.test/", "url.malformed"),
            ("https://host:99999/", "url.malformed"),
            ("https://host:0/", "url.malformed"),
            ("ftp://host/", "url.scheme_not_supported"),
            ("https://user:pw@host/", "url.userinfo_not_allowed"),
        ] {
            assert_eq!(endpoint(text), Err(code.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_malformed_url_is_quoted_without_its_secrets() {
        let problem = Target::parse("https://user:canary@ho st/?key=canary").unwrap_err().problem();
        assert!(!format!("{problem:?}").contains("canary"), "{problem:?}");
    }

    #[test]
    fn endpoints_to_inspect_need_no_scheme() {
        assert_eq!(Target::parse_endpoint("host.test").unwrap().endpoint(), "host.test:443");
        assert_eq!(Target::parse_endpoint("host.test:8443").unwrap().endpoint(), "host.test:8443");
        assert_eq!(Target::parse_endpoint("::1").unwrap().endpoint(), "[::1]:443");
        assert_eq!(Target::parse_endpoint("[::1]:9").unwrap().endpoint(), "[::1]:9");
    }

    #[test]
    fn loopback_is_known_by_name_and_by_address() {
        for (text, expected) in [
            ("http://localhost", true),
            ("http://a.localhost", true),
            ("http://127.8.9.1", true),
            ("http://[::1]", true),
            ("http://localhost.example", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(Target::parse(text).unwrap().is_loopback(), expected, "{text}");
        }
    }
}
