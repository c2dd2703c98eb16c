//! Signing: digest, base, signature, fields to add. The last thing that happens to a request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_evidence::{Fact, Signature};

use crate::base::{Base, Parameter, inner_list};
use crate::{Algorithm, DigestAlgorithm, Error, MessageView, Profile, SigningKey, content_digest};

/// What a signature adds to a request, and its evidence.
pub struct Signed {
    /// The base with its spans. Holds field values as sent: not for a log.
    pub base: Base,
    /// Field lines to add, in order: `content-digest`, `signature-input`, `signature`.
    pub added_fields: Vec<(String, String)>,
    /// The base's evidence, redacted.
    pub evidence: Signature,
}

/// Signs a request as it will be sent. `redact` makes text fit to be shown.
///
/// # Errors
/// A component that is missing, a key of another algorithm, or a profile that does not hold together.
pub fn sign(
    profile: &Profile,
    message: &MessageView<'_>,
    key: &SigningKey,
    created: i64,
    nonce: Option<&str>,
    redact: &dyn Fn(&str) -> String,
) -> Result<Signed, Error> {
    let algorithm = Algorithm::parse(&profile.alg)?;
    if key.algorithm() != algorithm {
        return Err(Error::NotAKey { wanted: algorithm.name() });
    }
    let unsigned = unsigned(profile, message, created, nonce)?;
    let value = STANDARD.encode(key.sign(unsigned.base.text.as_bytes())?);
    let mut added_fields: Vec<(String, String)> =
        unsigned.added_digest.iter().map(|value| ("content-digest".to_owned(), value.clone())).collect();
    added_fields.push(("signature-input".into(), format!("{}={}", profile.label, unsigned.base.parameters)));
    added_fields.push(("signature".into(), format!("{}=:{value}:", profile.label)));
    let evidence = unsigned.evidence(profile, value, redact);
    Ok(Signed { base: unsigned.base, added_fields, evidence })
}

/// The signature that would be made, without a key: everything but its value, which is empty.
///
/// # Errors
/// As [`sign`], but for the key.
pub fn preview(
    profile: &Profile,
    message: &MessageView<'_>,
    created: i64,
    nonce: Option<&str>,
    redact: &dyn Fn(&str) -> String,
) -> Result<Signature, Error> {
    Algorithm::parse(&profile.alg)?;
    Ok(unsigned(profile, message, created, nonce)?.evidence(profile, String::new(), redact))
}

/// The base of a request, and what is known of it before it is signed.
struct Unsigned {
    base: Base,
    covered: Vec<crate::Component>,
    /// The digest that is added.
    added_digest: Option<String>,
    /// The digest as sent, added or typed by hand.
    content_digest: Option<String>,
}

fn unsigned(
    profile: &Profile,
    message: &MessageView<'_>,
    created: i64,
    nonce: Option<&str>,
) -> Result<Unsigned, Error> {
    let added_digest = digest_field(profile, message);
    let mut fields = message.fields.to_vec();
    fields.extend(added_digest.iter().map(|value| ("content-digest".to_owned(), value.clone().into_bytes())));
    let message = MessageView { fields: &fields, ..*message };
    let covered = profile.components()?;
    let parameters = inner_list(&covered, &parameters(profile, created, nonce)?)?;
    let base = Base::make(&message, &covered, parameters)?;
    Ok(Unsigned { base, covered, added_digest, content_digest: message.value("content-digest") })
}

impl Unsigned {
    fn evidence(&self, profile: &Profile, value: String, redact: &dyn Fn(&str) -> String) -> Signature {
        Signature {
            scheme: profile.scheme.clone(),
            label: Some(profile.label.clone()),
            alg: profile.alg.clone(),
            keyid: profile.keyid.clone(),
            covered: self.covered.iter().map(crate::Component::short).collect(),
            base: redact(&self.base.text),
            base_length: u64::try_from(self.base.text.len()).unwrap_or(u64::MAX),
            value,
            content_digest: self.content_digest.clone(),
            signature_input: Some(format!("{}={}", profile.label, self.base.parameters)),
            origins: origins(&self.base),
            difference: None,
        }
    }
}

/// The digest to add: asked for, and not typed by hand.
fn digest_field(profile: &Profile, message: &MessageView<'_>) -> Option<String> {
    let algorithm = profile.content_digest.as_deref().and_then(DigestAlgorithm::parse)?;
    message.value("content-digest").is_none().then(|| content_digest(algorithm, message.content))
}

fn parameters(profile: &Profile, created: i64, nonce: Option<&str>) -> Result<Vec<(&'static str, Parameter)>, Error> {
    let missing = |member: &str| Error::Profile {
        member: member.into(),
        reason: "is listed in `parameters` and has no value".into(),
    };
    profile
        .parameters
        .iter()
        .map(|name| {
            Ok(match name.as_str() {
                "created" => ("created", Parameter::Integer(created)),
                "expires" => {
                    let after = profile.expires_after.ok_or_else(|| missing("expires-after"))?;
                    ("expires", Parameter::Integer(created.saturating_add(i64::from(after))))
                }
                "nonce" => ("nonce", Parameter::Text(nonce.ok_or_else(|| missing("nonce"))?.to_owned())),
                "alg" => ("alg", Parameter::Text(profile.alg.clone())),
                "keyid" => ("keyid", Parameter::Text(profile.keyid.clone())),
                "tag" => ("tag", Parameter::Text(profile.tag.clone().ok_or_else(|| missing("tag"))?)),
                other => {
                    return Err(Error::Profile {
                        member: "parameters".into(),
                        reason: format!("`{other}` is not known"),
                    });
                }
            })
        })
        .collect()
}

/// Where each covered component's value came from.
fn origins(base: &Base) -> Vec<Fact> {
    base.spans
        .iter()
        .filter(|span| span.origin != crate::Origin::Constant)
        .map(|span| Fact::new(&span.component, span.origin.words()))
        .collect()
}
