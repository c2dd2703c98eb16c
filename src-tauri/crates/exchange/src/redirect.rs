//! What a redirect asks for (RFC 9110 §15.4), with the method changes everybody makes (Fetch, HTTP-redirect fetch).

use http::{Method, StatusCode, Uri};
use url::Url;

/// The request a redirect asks for. It is only described: whether it is sent, and with which fields, is the
/// caller's choice, hop by hop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// Method of the next request.
    pub method: Method,
    /// Its target URI; absolute, without a fragment.
    pub uri: Uri,
    /// Whether the content goes along; without it the fields that describe content must go too.
    pub keeps_content: bool,
    /// Whether scheme, host and port stay the same (RFC 6454 §4). Where they do not, credentials stay behind.
    pub same_origin: bool,
}

/// The next request, or `None`: another status, or a location that is no http or https URI, or one with a user
/// name or password in it (RFC 9110 §4.2.4).
pub fn redirect(status: StatusCode, method: &Method, current: &Uri, location: &str) -> Option<Redirect> {
    let (method, keeps_content) = match status.as_u16() {
        // §15.4.2, §15.4.3: a user agent may change POST to GET, and all do; other methods stay
        301 | 302 if method == Method::POST => (Method::GET, false),
        301 | 302 | 307 | 308 => (method.clone(), true),
        // §15.4.4: retrieve another resource
        303 if method == Method::HEAD => (Method::HEAD, false),
        303 => (Method::GET, false),
        _ => return None,
    };
    let from = Url::parse(&current.to_string()).ok()?;
    let mut to = from.join(location).ok()?;
    if !matches!(to.scheme(), "http" | "https") || !to.username().is_empty() || to.password().is_some() {
        return None;
    }
    to.set_fragment(None);
    let same_origin = from.origin() == to.origin();
    Some(Redirect { method, uri: to.as_str().parse().ok()?, keeps_content, same_origin })
}

#[cfg(test)]
mod tests {
    use http::{Method, StatusCode, Uri};

    use super::{Redirect, redirect};

    fn ask(status: u16, method: Method, location: &str) -> Option<Redirect> {
        let current = Uri::from_static("https://api.example.test/v1/payments?page=2");
        redirect(StatusCode::from_u16(status).unwrap(), &method, &current, location)
    }

    #[test]
    fn the_method_changes_as_the_status_says() {
        for (status, method, next, keeps_content) in [
            (301, Method::POST, Method::GET, false),
            (302, Method::POST, Method::GET, false),
            (301, Method::GET, Method::GET, true),
            (302, Method::PUT, Method::PUT, true),
            (302, Method::DELETE, Method::DELETE, true),
            (303, Method::POST, Method::GET, false),
            (303, Method::PUT, Method::GET, false),
            (303, Method::HEAD, Method::HEAD, false),
            (307, Method::POST, Method::POST, true),
            (308, Method::PATCH, Method::PATCH, true),
        ] {
            let redirect = ask(status, method.clone(), "/next").unwrap();
            assert_eq!((redirect.method, redirect.keeps_content), (next, keeps_content), "{status} {method}");
        }
    }

    #[test]
    fn other_statuses_are_no_redirect() {
        for status in [200, 201, 300, 304, 305, 306, 401] {
            assert_eq!(ask(status, Method::GET, "/next"), None, "{status}");
        }
    }

    #[test]
    fn the_location_is_resolved_against_the_target() {
        for (location, uri) in [
            ("/next", "https://api.example.test/next"),
            ("next", "https://api.example.test/v1/next"),
            ("../other?x=1#part", "https://api.example.test/other?x=1"),
            ("?page=3", "https://api.example.test/v1/payments?page=3"),
            ("//other.test/a", "https://other.test/a"),
            ("https://other.test", "https://other.test/"),
            ("/a b", "https://api.example.test/a%20b"),
            ("https://bücher.test/", "https://xn--bcher-kva.test/"),
        ] {
            assert_eq!(ask(302, Method::GET, location).unwrap().uri, uri.parse::<Uri>().unwrap(), "{location}");
        }
    }

    #[test]
    fn another_origin_is_known_as_such() {
        for (location, same_origin) in [
            ("/next", true),
            ("https://api.example.test:443/", true),
            ("https://API.example.test/", true),
            ("http://api.example.test/", false),
            ("https://api.example.test:8443/", false),
            ("https://example.test/", false),
        ] {
            assert_eq!(ask(307, Method::GET, location).unwrap().same_origin, same_origin, "{location}");
        }
    }

    #[test]
    fn a_location_one_cannot_follow_is_none() {
        for location in
            ["ftp://a.test/", "javascript:alert(1)", "https://", "https://user:pw@a.test/", "http://[::1", "data:,x"]
        {
            assert_eq!(ask(302, Method::GET, location), None, "{location}");
        }
    }
}
