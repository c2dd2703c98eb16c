//! The signature base (RFC 9421 §2.5): one line per covered component, then `@signature-params`. Spans cover
//! every byte of it exactly once and say where each value came from.

use std::collections::HashSet;
use std::ops::Range;

use sfv::{FieldType as _, InnerList, Key, ListEntry, Parameters};

use crate::component::{Component, bare};
use crate::{Error, MessageView};

/// Where a value of the base came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A constant of the scheme: names, separators.
    Constant,
    /// A field line.
    Field {
        /// Its name.
        name: String,
    },
    /// The method.
    Method,
    /// Signature parameters.
    Parameters,
    /// The status of a response.
    Status,
    /// The target URI.
    Uri,
}

impl Origin {
    /// In words for the inspector.
    pub fn words(&self) -> String {
        match self {
            Origin::Constant => "constant".into(),
            Origin::Field { name } => format!("field {name}"),
            Origin::Method => "request method".into(),
            Origin::Parameters => "signature parameters".into(),
            Origin::Status => "response status".into(),
            Origin::Uri => "target URI".into(),
        }
    }
}

/// A byte range of the base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Bytes of the base.
    pub range: Range<usize>,
    /// Which component the line belongs to.
    pub component: String,
    /// Where it came from.
    pub origin: Origin,
}

/// A signature parameter's value (RFC 9421 §2.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Parameter {
    Integer(i64),
    Text(String),
}

/// The base with its spans.
#[derive(Clone, Debug)]
pub struct Base {
    /// What is signed.
    pub text: String,
    /// Ranges that cover it once.
    pub spans: Vec<Span>,
    /// `@signature-params`: the inner list as it stands in `Signature-Input`.
    pub parameters: String,
}

/// The inner list with its parameters, serialised in the order given.
pub(crate) fn inner_list(covered: &[Component], parameters: &[(&str, Parameter)]) -> Result<String, Error> {
    let items = covered.iter().map(|component| component.item().clone()).collect();
    let mut params = Parameters::new();
    for (name, value) in parameters {
        let wrong = || Error::Profile { member: (*name).to_owned(), reason: "not a structured field value".into() };
        let key = Key::from_string((*name).to_owned()).map_err(|_| wrong())?;
        params.insert(key, bare(value).ok_or_else(wrong)?);
    }
    let list = vec![ListEntry::InnerList(InnerList::with_params(items, params))];
    list.serialize().ok_or_else(|| Error::Profile { member: "covered".into(), reason: "nothing to serialise".into() })
}

impl Base {
    /// Makes the base of a message.
    ///
    /// # Errors
    /// A component that is missing, repeated or not one.
    pub(crate) fn make(message: &MessageView<'_>, covered: &[Component], parameters: String) -> Result<Self, Error> {
        let mut base = Self { text: String::new(), spans: Vec::new(), parameters };
        let mut seen = HashSet::new();
        for component in covered {
            let identifier = component.to_string();
            if !seen.insert(identifier.clone()) {
                return Err(Error::ComponentTwice { component: component.short() });
            }
            let (value, origin) = component.value(message)?;
            let short = component.short();
            base.push(&format!("{identifier}: "), &short, Origin::Constant);
            base.push(&value, &short, origin);
            base.push("\n", &short, Origin::Constant);
        }
        base.push("\"@signature-params\": ", "@signature-params", Origin::Constant);
        let parameters = base.parameters.clone();
        base.push(&parameters, "@signature-params", Origin::Parameters);
        Ok(base)
    }

    fn push(&mut self, text: &str, component: &str, origin: Origin) {
        let start = self.text.len();
        self.text.push_str(text);
        if !text.is_empty() {
            self.spans.push(Span { range: start..self.text.len(), component: component.to_owned(), origin });
        }
    }
}
