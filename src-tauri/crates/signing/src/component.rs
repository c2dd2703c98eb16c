//! Component identifiers and their values (RFC 9421 §2).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use sfv::{BareItem, Dictionary, FieldType as _, Item, List, Parser};

use crate::base::Origin;
use crate::message::{named, raw};
use crate::{Error, MessageView};

/// `application/x-www-form-urlencoded` percent-encode set, without turning spaces into `+` (RFC 9421 §2.2.8).
const QUERY_PARAMETER: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'!')
    .add(b'"')
    .add(b'#')
    .add(b'$')
    .add(b'%')
    .add(b'&')
    .add(b'\'')
    .add(b'(')
    .add(b')')
    .add(b'+')
    .add(b',')
    .add(b'/')
    .add(b':')
    .add(b';')
    .add(b'<')
    .add(b'=')
    .add(b'>')
    .add(b'?')
    .add(b'@')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}')
    .add(b'~');

/// What a signature covers: a field, or something derived from the request.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    item: Item,
    name: String,
}

impl Component {
    /// Reads a plain name (`content-digest`, `@method`) or an identifier with parameters (`"@query-param";name="id"`).
    ///
    /// # Errors
    /// [`Error::NotAComponent`] with the text.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let not = || Error::NotAComponent { text: text.to_owned() };
        let quoted = if text.starts_with('"') { text.to_owned() } else { format!("\"{text}\"") };
        let item: Item = Parser::new(&quoted).parse().map_err(|_| not())?;
        Self::from_item(item).ok_or_else(not)
    }

    pub(crate) fn from_item(item: Item) -> Option<Self> {
        let name = item.bare_item.as_string()?.as_str().to_owned();
        let derived = name.strip_prefix('@');
        let known = derived.map_or_else(|| is_field_name(&name), |derived| DERIVED.contains(&derived));
        // what a parameter means decides what is signed: one that is not known cannot be passed over
        let may = |parameter: &str| match derived {
            Some("query-param") => ["name", "req"].contains(&parameter),
            Some(_) => parameter == "req",
            None => ["bs", "key", "req", "sf", "tr"].contains(&parameter),
        };
        let has = |wanted: &str| item.params.keys().any(|key| key.as_str() == wanted);
        // RFC 9421 §2.1.3, and §2.5 on what does not go together
        let together = !(has("bs") && (has("sf") || has("key")));
        let known = known && together && item.params.keys().all(|key| may(key.as_str()));
        known.then_some(Self { item, name })
    }

    /// The name without parameters, `@query-param`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// As people write it: the bare name where there are no parameters.
    pub fn short(&self) -> String {
        if self.item.params.is_empty() { self.name.clone() } else { self.to_string() }
    }

    pub(crate) fn item(&self) -> &Item {
        &self.item
    }

    fn flag(&self, name: &str) -> bool {
        self.item.params.iter().any(|(key, value)| key.as_str() == name && value.as_boolean() == Some(true))
    }

    fn text(&self, name: &str) -> Option<String> {
        let (_, value) = self.item.params.iter().find(|(key, _)| key.as_str() == name)?;
        value.as_string().map(|s| s.as_str().to_owned())
    }

    /// The value in this message, and where it came from.
    ///
    /// # Errors
    /// Where the message has no such component, or it cannot be covered as asked.
    pub fn value(&self, message: &MessageView<'_>) -> Result<(String, Origin), Error> {
        if self.flag("req") {
            let request = message.request.filter(|_| message.status.is_some()).ok_or_else(|| self.missing())?;
            return self.of(request);
        }
        self.of(message)
    }

    fn of(&self, message: &MessageView<'_>) -> Result<(String, Origin), Error> {
        match (self.name.strip_prefix('@'), message.status) {
            (Some("status"), Some(status)) => Ok((status.to_string(), Origin::Status)),
            (Some("status"), None) | (Some(_), Some(_)) => Err(self.missing()),
            (Some(derived), None) => self.derived(derived, message),
            (None, _) => self.field(message).map(|value| (value, Origin::Field { name: self.name.clone() })),
        }
    }

    fn missing(&self) -> Error {
        Error::ComponentMissing { component: self.short() }
    }

    fn derived(&self, name: &str, message: &MessageView<'_>) -> Result<(String, Origin), Error> {
        let uri = message.uri;
        let scheme = uri.scheme_str().unwrap_or("https").to_ascii_lowercase();
        let path = if uri.path().is_empty() { "/" } else { uri.path() };
        let value = match name {
            "method" => return Ok((message.method.to_owned(), Origin::Method)),
            "target-uri" => uri.to_string(),
            "authority" => authority(uri, &scheme),
            "scheme" => scheme,
            "request-target" => uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}")),
            "path" => path.to_owned(),
            "query" => format!("?{}", uri.query().unwrap_or_default()),
            "query-param" => self.query_parameter(uri.query().unwrap_or_default())?,
            _ => return Err(self.missing()),
        };
        Ok((value, Origin::Uri))
    }

    fn query_parameter(&self, query: &str) -> Result<String, Error> {
        let name = self.text("name").ok_or_else(|| Error::NotAComponent { text: self.to_string() })?;
        let values: Vec<String> = query
            .split('&')
            .filter_map(|pair| {
                let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                (recoded(key) == name).then(|| recoded(value))
            })
            .collect();
        match values.as_slice() {
            [] => Err(self.missing()),
            [one] => Ok(one.clone()),
            many => Err(Error::QueryParameterRepeated { name, count: many.len() }),
        }
    }

    fn field(&self, message: &MessageView<'_>) -> Result<String, Error> {
        let lines = if self.flag("tr") { message.trailers } else { message.fields };
        let values = named(lines, &self.name);
        if self.flag("bs") {
            let encoded: Vec<String> =
                raw(lines, &self.name).iter().map(|value| format!(":{}:", STANDARD.encode(value))).collect();
            return if encoded.is_empty() { Err(self.missing()) } else { Ok(encoded.join(", ")) };
        }
        if values.is_empty() {
            return Err(self.missing());
        }
        let value = values.join(", ");
        let not = |reason: sfv::Error| Error::NotStructured { field: self.name.clone(), reason: reason.to_string() };
        if let Some(key) = self.text("key") {
            let dictionary: Dictionary = Parser::new(&value).parse().map_err(not)?;
            let member = dictionary
                .iter()
                .find(|(k, _)| k.as_str() == key)
                .map(|(_, member)| member)
                .ok_or_else(|| self.missing())?;
            return match member {
                sfv::ListEntry::Item(item) => Ok(item.serialize()),
                sfv::ListEntry::InnerList(list) => {
                    vec![sfv::ListEntry::InnerList(list.clone())].serialize().ok_or_else(|| self.missing())
                }
            };
        }
        if self.flag("sf") {
            let dictionary = || Parser::new(&value).parse::<Dictionary>().map(|d| d.serialize());
            let list = || Parser::new(&value).parse::<List>().map(|l| l.serialize());
            if DICTIONARIES.contains(&self.name.as_str()) {
                return dictionary().map_err(not)?.ok_or_else(|| self.missing());
            }
            // a list may repeat its members, a dictionary may not: what reads as both is a list
            return match Parser::new(&value).parse::<Item>() {
                Ok(item) => Ok(item.serialize()),
                Err(_) => list().or_else(|_| dictionary()).map_err(not)?.ok_or_else(|| self.missing()),
            };
        }
        Ok(value)
    }
}

/// Derived components (RFC 9421 §2.2).
const DERIVED: [&str; 9] =
    ["method", "target-uri", "authority", "scheme", "request-target", "path", "query", "query-param", "status"];

/// Registered fields that are dictionaries, which a list would read as well.
const DICTIONARIES: [&str; 6] =
    ["accept-signature", "content-digest", "priority", "repr-digest", "signature", "signature-input"];

fn is_field_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|b| (b.is_ascii_alphanumeric() && !b.is_ascii_uppercase()) || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// Lower case, default port dropped (RFC 9421 §2.2.3).
fn authority(uri: &http::Uri, scheme: &str) -> String {
    let host = uri.host().unwrap_or_default().to_ascii_lowercase();
    match uri.port_u16() {
        Some(port) if (scheme, port) != ("https", 443) && (scheme, port) != ("http", 80) => format!("{host}:{port}"),
        _ => host,
    }
}

fn recoded(text: &str) -> String {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8_lossy();
    utf8_percent_encode(&decoded, QUERY_PARAMETER).to_string()
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.item.serialize())
    }
}

/// A parameter value of a signature as sfv's type.
pub(crate) fn bare(value: &crate::base::Parameter) -> Option<BareItem> {
    match value {
        crate::base::Parameter::Integer(n) => sfv::Integer::try_from(*n).ok().map(BareItem::Integer),
        crate::base::Parameter::Text(text) => sfv::String::from_string(text.clone()).ok().map(BareItem::String),
    }
}
