//! What keeps a token request from being built.

use countersign_evidence::{Fault, Problem};

/// All are the caller's: a credential or a recipe that does not hold together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The credential needs a secret that is not there.
    #[error("`{slot}` is empty")]
    SecretMissing {
        /// Which slot.
        slot: String,
    },
    /// Not a token endpoint.
    #[error("`{endpoint}` is not an http or https URL")]
    Endpoint {
        /// What was given.
        endpoint: String,
    },
    /// A recipe file lacks or misuses a member.
    #[error("recipe `{recipe}`: {reason}")]
    Recipe {
        /// Which recipe.
        recipe: String,
        /// What is wrong, with the line.
        reason: String,
    },
    /// No such recipe.
    #[error("`{name}` is not one of rfc6749, ngenius, ni-platform, nor a file")]
    UnknownRecipe {
        /// The name.
        name: String,
    },
    /// Not a method this version can do.
    #[error("`{method}` is not one of {}", crate::ClientAuthentication::names().join(", "))]
    UnknownMethod {
        /// The name.
        method: String,
    },
    /// A key of the client that cannot be used.
    #[error("the client's key: {reason}")]
    Key {
        /// What is wrong.
        reason: String,
    },
    /// Client authentication by assertion without one.
    #[error("{method} needs an assertion signed by a key of the client")]
    AssertionMissing {
        /// Which method.
        method: &'static str,
    },
    /// A secret that cannot stand in a header field.
    #[error("the secret has a control character and cannot be sent in a field")]
    NotAFieldValue,
}

impl Error {
    /// The error as a document.
    pub fn problem(&self) -> Problem {
        let (code, hint) = match self {
            Error::SecretMissing { .. } => (
                "credential.slot_empty",
                "Store the secret: Credentials, Replace secret; or `countersign credential replace`.",
            ),
            Error::Endpoint { .. } => ("token.endpoint_malformed", "Write the token endpoint as https://host/path."),
            Error::Recipe { .. } => ("token.recipe_malformed", "Mend the recipe file."),
            Error::UnknownRecipe { .. } => {
                ("token.unknown_recipe", "Choose one of the built-in recipes, or name a file.")
            }
            Error::UnknownMethod { .. } => ("client.unknown_method", "Choose one of the named methods."),
            Error::Key { .. } => {
                ("client.key_unusable", "Import a private key in PKCS#8, of the kind the server has registered.")
            }
            Error::AssertionMissing { .. } => (
                "client.key_missing",
                "Import the private key: `countersign credential replace NAME --slot client_key --key-file F`.",
            ),
            Error::NotAFieldValue => {
                ("client.secret_not_sendable", "Replace the secret; it was stored with a control character.")
            }
        };
        Problem::new(code, Fault::Caller, "the token request cannot be made", self.to_string()).with_hint(hint)
    }
}
