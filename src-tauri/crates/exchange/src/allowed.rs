//! Where a credential may travel: one function, asked for the final URI and again at each redirect.

use countersign_tls::{HostPattern, Target};
use http::Uri;

/// Whether a secret or token bound to these hosts may be sent to this URI: over https to a listed host, over
/// http only when the host is this machine. `*` is no list and matches nothing; an empty list matches nothing.
pub fn allowed(hosts: &[HostPattern], uri: &Uri) -> bool {
    let Ok(target) = Target::parse(&uri.to_string()) else { return false };
    let protected = target.scheme_tls || target.is_loopback();
    protected && hosts.iter().any(|pattern| !pattern.is_any() && pattern.matches(&target.host, target.port))
}

#[cfg(test)]
mod tests {
    use countersign_tls::HostPattern;

    use super::allowed;

    fn asks(hosts: &[&str], uri: &str) -> bool {
        let hosts: Vec<HostPattern> = hosts.iter().map(|host| HostPattern::parse(host).unwrap()).collect();
        allowed(&hosts, &uri.parse().unwrap())
    }

    #[test]
    fn a_credential_goes_to_its_hosts_and_nowhere_else() {
        for (hosts, uri, expected) in [
            (&["api.example.test"][..], "https://api.example.test/v1?x=1", true),
            (&["api.example.test"], "https://API.example.test:8443/", true),
            (&["api.example.test:8443"], "https://api.example.test/", false),
            (&["api.example.test"], "https://api.example.test.evil.test/", false),
            (&["api.example.test"], "https://evil.test/?api.example.test", false),
            (&["*.example.test"], "https://a.example.test/", true),
            (&["*.example.test"], "https://example.test/", false),
            (&["*"], "https://api.example.test/", false),
            (&[], "https://api.example.test/", false),
            (&["other.test", "api.example.test"], "https://api.example.test/", true),
        ] {
            assert_eq!(asks(hosts, uri), expected, "{hosts:?} {uri}");
        }
    }

    #[test]
    fn clear_text_is_for_loopback_only() {
        assert!(!asks(&["api.example.test"], "http://api.example.test/"), "a redirect may not strip TLS");
        assert!(asks(&["127.0.0.1"], "http://127.0.0.1:8080/"));
        assert!(asks(&["localhost:8080"], "http://localhost:8080/"));
        assert!(!asks(&["localhost"], "/relative"), "no host, no credential");
    }
}
