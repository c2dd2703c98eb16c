//! Verifying what was received: the base is made again, and where it fails the first difference is named.

use sfv::{Dictionary, InnerList, ListEntry, Parser};

use crate::base::Base;
use crate::{Algorithm, Component, Error, MessageView, PublicKey, digest_matches};

/// Finds a key by its identifier.
pub trait Keys {
    /// The key the verifier holds under this name.
    fn key(&self, keyid: &str) -> Option<&PublicKey>;
}

/// Proof that a signature verified: only [`verify`] makes one.
#[derive(Clone, Debug)]
pub struct VerifiedSignature {
    label: String,
    keyid: String,
    covered: Vec<String>,
    nonce: Option<String>,
}

impl VerifiedSignature {
    /// The signature's label.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Whose key it was.
    pub fn keyid(&self) -> &str {
        &self.keyid
    }

    /// What it covers.
    pub fn covered(&self) -> &[String] {
        &self.covered
    }

    /// RFC 9421 §2.3 `nonce`, for a replay check.
    pub fn nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
    }
}

/// Why a signature was refused, most specific first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// `alg` of the signature is not the key's.
    Algorithm {
        /// In the signature.
        said: String,
        /// Of the key.
        held: &'static str,
    },
    /// The base made from what was received does not verify; nothing tells which line differs.
    Base {
        /// The verifier's base.
        base: String,
        /// It would verify as ASN.1 DER: the wrong encoding of ECDSA.
        as_der: bool,
    },
    /// A covered component is not in what was received.
    Component(Error),
    /// Content-Digest is not the digest of what was received.
    ContentDigest {
        /// As received.
        received: String,
        /// Of the content.
        computed: String,
    },
    /// Outside `created` and `expires`.
    Expired {
        /// Which parameter.
        parameter: &'static str,
        /// Its value, seconds.
        value: i64,
        /// The verifier's time, seconds.
        now: i64,
    },
    /// The verifier has no such key.
    Key {
        /// The identifier.
        keyid: String,
    },
    /// No signature of that label, or fields that do not parse.
    Missing {
        /// What is missing.
        what: String,
    },
}

impl Mismatch {
    /// The component a person should look at; empty where none can be named.
    pub fn component(&self) -> String {
        match self {
            Mismatch::Algorithm { .. } | Mismatch::Key { .. } | Mismatch::Expired { .. } => "@signature-params".into(),
            Mismatch::Base { .. } | Mismatch::Missing { .. } => String::new(),
            Mismatch::Component(error) => match error {
                Error::ComponentMissing { component } | Error::ComponentTwice { component } => component.clone(),
                _ => String::new(),
            },
            Mismatch::ContentDigest { .. } => "content-digest".into(),
        }
    }

    /// In words.
    pub fn sentence(&self) -> String {
        match self {
            Mismatch::Algorithm { said, held } => format!("the signature says `{said}`, the key is for `{held}`"),
            Mismatch::Base { as_der: true, .. } => "the signature is encoded as ASN.1 DER; RFC 9421 wants r‖s".into(),
            Mismatch::Base { .. } => "the signature does not verify over what was received".into(),
            Mismatch::Component(error) => error.to_string(),
            Mismatch::ContentDigest { .. } => "content-digest differs".into(),
            Mismatch::Expired { parameter, value, now } => format!("`{parameter}` is {value}, the time is {now}"),
            Mismatch::Key { keyid } => format!("no key `{keyid}`"),
            Mismatch::Missing { what } => format!("no {what}"),
        }
    }
}

/// How far `created` may be in the future, seconds.
const AHEAD: i64 = 30;
/// How old a signature without `expires` may be, seconds.
const OLD: i64 = 300;

/// Verifies the signature of that label, or the only one. A covered `content-digest` is compared with the content first.
///
/// # Errors
/// [`Mismatch`], most specific first.
pub fn verify(
    message: &MessageView<'_>,
    label: Option<&str>,
    keys: &dyn Keys,
    now: i64,
) -> Result<VerifiedSignature, Mismatch> {
    let (label, list) = input(message, label)?;
    let signature = signature(message, &label)?;
    let text = |name: &str| {
        list.params
            .iter()
            .find(|(key, _)| key.as_str() == name)
            .and_then(|(_, value)| value.as_string())
            .map(|s| s.as_str().to_owned())
    };
    let seconds = |name: &str| {
        list.params
            .iter()
            .find(|(key, _)| key.as_str() == name)
            .and_then(|(_, value)| value.as_integer())
            .map(i64::from)
    };
    let keyid = text("keyid").ok_or_else(|| Mismatch::Missing { what: "keyid parameter".into() })?;
    let key = keys.key(&keyid).ok_or_else(|| Mismatch::Key { keyid: keyid.clone() })?;
    let said = text("alg");
    // RFC 9421 §3.2: what the signature says, else what the key is for; an RSA key may be for two
    let algorithms: Vec<Algorithm> = match said.as_deref().map(Algorithm::parse) {
        None => Algorithm::ALL.into_iter().filter(|algorithm| key.takes(*algorithm)).collect(),
        Some(Ok(algorithm)) if key.takes(algorithm) => vec![algorithm],
        Some(_) => {
            return Err(Mismatch::Algorithm { said: said.unwrap_or_default(), held: key.algorithm().name() });
        }
    };
    window(seconds("created"), seconds("expires"), now)?;
    let covered = components(&list)?;
    if covered.iter().any(|c| c.name() == "content-digest") {
        content(message)?;
    }
    let parameters = vec![ListEntry::InnerList(list.clone())];
    let parameters = sfv::FieldType::serialize(&parameters).unwrap_or_default();
    let base = Base::make(message, &covered, parameters).map_err(Mismatch::Component)?;
    if !algorithms.iter().any(|algorithm| key.verify_as(*algorithm, base.text.as_bytes(), &signature)) {
        let as_der = key.verifies_as_der(base.text.as_bytes(), &signature);
        return Err(Mismatch::Base { base: base.text, as_der });
    }
    Ok(VerifiedSignature {
        label,
        keyid,
        covered: covered.iter().map(Component::short).collect(),
        nonce: text("nonce"),
    })
}

/// The base that the signature of this label, or the first one, is over: made again from what was received.
///
/// # Errors
/// No signature of that label, a component that is missing.
pub fn received_base(message: &MessageView<'_>, label: Option<&str>) -> Result<Base, Mismatch> {
    let (_, list) = input(message, label)?;
    let covered = components(&list)?;
    let parameters = sfv::FieldType::serialize(&vec![ListEntry::InnerList(list)]).unwrap_or_default();
    Base::make(message, &covered, parameters).map_err(Mismatch::Component)
}

/// The labels of the signatures a message has, in their order.
///
/// # Errors
/// No `Signature-Input`, or one that does not parse.
pub fn labels(message: &MessageView<'_>) -> Result<Vec<String>, Mismatch> {
    Ok(dictionary(message, "signature-input")?.keys().map(|key| key.as_str().to_owned()).collect())
}

fn dictionary(message: &MessageView<'_>, field: &str) -> Result<Dictionary, Mismatch> {
    let value = message.value(field).ok_or_else(|| Mismatch::Missing { what: format!("`{field}` field") })?;
    Parser::new(&value).parse().map_err(|e: sfv::Error| {
        Mismatch::Component(Error::NotStructured { field: field.to_owned(), reason: e.to_string() })
    })
}

fn input(message: &MessageView<'_>, label: Option<&str>) -> Result<(String, InnerList), Mismatch> {
    let inputs = dictionary(message, "signature-input")?;
    let found = match label {
        Some(label) => inputs.iter().find(|(key, _)| key.as_str() == label),
        None => inputs.first(),
    };
    match found {
        Some((key, ListEntry::InnerList(list))) => Ok((key.as_str().to_owned(), list.clone())),
        _ => Err(Mismatch::Missing { what: format!("signature `{}`", label.unwrap_or("of any label")) }),
    }
}

fn signature(message: &MessageView<'_>, label: &str) -> Result<Vec<u8>, Mismatch> {
    let signatures = dictionary(message, "signature")?;
    let member = signatures.iter().find(|(key, _)| key.as_str() == label).map(|(_, member)| member);
    match member {
        Some(ListEntry::Item(item)) if item.bare_item.as_byte_sequence().is_some() => {
            Ok(item.bare_item.as_byte_sequence().unwrap_or_default().to_vec())
        }
        _ => Err(Mismatch::Missing { what: format!("value of the signature `{label}`") }),
    }
}

fn components(list: &InnerList) -> Result<Vec<Component>, Mismatch> {
    list.items
        .iter()
        .map(|item| {
            Component::from_item(item.clone())
                .ok_or_else(|| Mismatch::Component(Error::NotAComponent { text: sfv::FieldType::serialize(item) }))
        })
        .collect()
}

fn window(created: Option<i64>, expires: Option<i64>, now: i64) -> Result<(), Mismatch> {
    if let Some(value) = created.filter(|created| *created > now + AHEAD || (expires.is_none() && *created < now - OLD))
    {
        return Err(Mismatch::Expired { parameter: "created", value, now });
    }
    match expires.filter(|expires| *expires < now) {
        Some(value) => Err(Mismatch::Expired { parameter: "expires", value, now }),
        None => Ok(()),
    }
}

fn content(message: &MessageView<'_>) -> Result<(), Mismatch> {
    let Some(received) = message.value("content-digest") else {
        return Err(Mismatch::Component(Error::ComponentMissing { component: "content-digest".into() }));
    };
    match digest_matches(&received, message.content) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(computed)) => Err(Mismatch::ContentDigest { received, computed }),
        Err(error) => Err(Mismatch::Component(error)),
    }
}
