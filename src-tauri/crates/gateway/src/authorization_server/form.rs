//! Parameters of a request: `application/x-www-form-urlencoded` (RFC 6749 appendix B).

use axum::http::{HeaderMap, header};
use percent_encoding::percent_decode_str;

use super::refusal::{Refusal, invalid_request};

/// Parameters that may come more than once (RFC 8707 §2, RFC 8693 §2.1).
const REPEATED: [&str; 2] = ["audience", "resource"];

/// Parameters; one without a value is none (RFC 6749 §3.1, §3.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// The parameters of a POST; one that comes twice is refused.
    pub(crate) fn read(headers: &HeaderMap, content: &[u8]) -> Result<Self, Refusal> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        if !kind.starts_with("application/x-www-form-urlencoded") {
            return Err(malformed("The content must be application/x-www-form-urlencoded"));
        }
        Self::parse(std::str::from_utf8(content).map_err(|_| malformed("The content is not UTF-8"))?)
    }

    /// The parameters of a query or of a content.
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let mut form = Self::default();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decoded(name).ok_or_else(|| malformed("A parameter is not properly encoded"))?;
            let value = decoded(value).ok_or_else(|| malformed("A parameter is not properly encoded"))?;
            if !REPEATED.contains(&name.as_str()) && form.0.iter().any(|(known, _)| *known == name) {
                return Err(malformed(&format!("{name} is sent twice")));
            }
            form.0.push((name, value));
        }
        form.0.retain(|(_, value)| !value.is_empty());
        Ok(form)
    }

    /// A parameter's value.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All values of a parameter.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }

    /// A parameter that has to be there.
    pub(crate) fn need(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name).ok_or_else(|| invalid_request(&format!("{name} is missing"), &format!("no {name}")))
    }
}

fn malformed(description: &str) -> Refusal {
    invalid_request(description, "malformed request")
}

/// One name or value; `None` where the octets are no UTF-8.
pub(crate) fn decoded(text: &str) -> Option<String> {
    percent_decode_str(&text.replace('+', " ")).decode_utf8().ok().map(|text| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::Form;

    #[test]
    fn parameters_are_decoded_and_empty_ones_are_none() {
        let form = Form::parse("a=1+2%2B&b=&resource=x&resource=y&&c").unwrap();
        assert_eq!(form.get("a"), Some("1 2+"), "form encoding");
        assert_eq!((form.get("b"), form.get("c")), (None, None), "without a value is as omitted");
        assert_eq!(form.all("resource"), ["x", "y"], "RFC 8707, section 2");
    }

    #[test]
    fn a_parameter_twice_and_one_that_does_not_decode_are_refused() {
        for text in ["a=1&a=2", "a=1&a=", "a=%ff", "%ff=1"] {
            assert_eq!(Form::parse(text).unwrap_err().error, "invalid_request", "{text}");
        }
    }
}
