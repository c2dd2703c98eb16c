//! A signing profile: a named set of choices without a secret (`signing/NAME.toml`).

use serde::{Deserialize, Serialize};

use crate::{Algorithm, Component, DigestAlgorithm, Error};

/// What is signed and how. Keys of the file are kebab-case, RFC parameters in the RFC's spelling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Profile {
    /// `rfc9421`.
    pub scheme: String,
    /// The slot of the key, `demo-client/signing_key`.
    pub key: String,
    /// As the verifier looks it up.
    pub keyid: String,
    /// Registered algorithm name.
    pub alg: String,
    /// The signature's label.
    #[serde(default = "label", skip_serializing_if = "is_default_label")]
    pub label: String,
    /// Component identifiers in order.
    pub covered: Vec<String>,
    /// Names of signature parameters in order of serialisation: `created`, `expires`, `nonce`, `alg`, `keyid`, `tag`.
    #[serde(default = "parameters")]
    pub parameters: Vec<String>,
    /// Digest to compute over the content; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_digest: Option<String>,
    /// Seconds from `created` to `expires`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_after: Option<u32>,
    /// RFC 9421 §2.3 `tag`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
}

fn label() -> String {
    "sig1".into()
}

fn is_default_label(text: &str) -> bool {
    text == "sig1"
}

fn parameters() -> Vec<String> {
    ["created", "keyid", "alg"].map(ToOwned::to_owned).to_vec()
}

impl Profile {
    /// Reads a profile file.
    ///
    /// # Errors
    /// [`Error::Profile`] with the member; the line is in the reason.
    pub fn from_toml(text: &str) -> Result<Self, Error> {
        let profile: Self = toml_edit::de::from_str(text)
            .map_err(|e| Error::Profile { member: "file".into(), reason: e.to_string() })?;
        profile.check()?;
        Ok(profile)
    }

    /// The profile as a file.
    ///
    /// # Errors
    /// [`Error::Profile`] when it cannot be written, which does not happen with a profile that was read.
    pub fn to_toml(&self) -> Result<String, Error> {
        toml_edit::ser::to_string(self).map_err(|e| Error::Profile { member: "file".into(), reason: e.to_string() })
    }

    /// Whether the profile holds together.
    ///
    /// # Errors
    /// [`Error::Profile`] with the member, [`Error::UnknownAlgorithm`], [`Error::NotAComponent`].
    pub fn check(&self) -> Result<(), Error> {
        let wrong = |member: &str, reason: String| Err(Error::Profile { member: member.into(), reason });
        if self.scheme != "rfc9421" {
            return wrong("scheme", format!("`{}` is not one of rfc9421", self.scheme));
        }
        Algorithm::parse(&self.alg)?;
        self.components()?;
        if let Some(name) = &self.content_digest
            && DigestAlgorithm::parse(name).is_none()
        {
            return wrong("content-digest", format!("`{name}` is not one of sha-256, sha-512"));
        }
        let known = ["created", "expires", "nonce", "alg", "keyid", "tag"];
        match self.parameters.iter().find(|p| !known.contains(&p.as_str())) {
            Some(p) => wrong("parameters", format!("`{p}` is not one of {}", known.join(", "))),
            None => Ok(()),
        }
    }

    /// The covered components.
    ///
    /// # Errors
    /// [`Error::NotAComponent`].
    pub fn components(&self) -> Result<Vec<Component>, Error> {
        self.covered.iter().map(|text| Component::parse(text)).collect()
    }
}
