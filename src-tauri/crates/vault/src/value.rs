//! What a slot holds.

use countersign_secret::SecretBytes;

/// What kind of secret it is; decides where it may rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A client secret, an API key, a password, a passphrase.
    Text,
    /// A refresh token, with what belongs to it.
    RefreshToken,
    /// A private key or a PKCS#12 file: always sealed, whatever its size.
    Key,
}

impl Kind {
    /// `text`, `refresh_token`, `key`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Text => "text",
            Kind::RefreshToken => "refresh_token",
            Kind::Key => "key",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Kind::Text, Kind::RefreshToken, Kind::Key].into_iter().find(|kind| kind.name() == name)
    }
}

/// A secret as it was kept.
pub struct Value {
    /// The secret.
    pub bytes: SecretBytes,
    /// Its kind.
    pub kind: Kind,
    /// Which version of the slot it is; the caller counts.
    pub generation: u64,
}
