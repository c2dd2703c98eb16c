//! What can be wrong before or while a signature is made or read.

use countersign_evidence::{Fault, Problem};

/// Grouped by who is at fault; the operands, never a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    // the caller: a profile or a key
    /// A component identifier stands twice (RFC 9421 §2.5).
    #[error("`{component}` is covered twice")]
    ComponentTwice {
        /// The identifier.
        component: String,
    },
    /// A covered field is not in the message (RFC 9421 §2.5).
    #[error("`{component}` is covered and the request has no such component")]
    ComponentMissing {
        /// The identifier.
        component: String,
    },
    /// A query parameter occurs several times and cannot be covered alone (RFC 9421 §2.2.8).
    #[error("the query has {count} parameters `{name}`; cover `@query` instead")]
    QueryParameterRepeated {
        /// Its name.
        name: String,
        /// How often it occurs.
        count: usize,
    },
    /// Not a component identifier.
    #[error("`{text}` is not a component identifier")]
    NotAComponent {
        /// The text.
        text: String,
    },
    /// No such algorithm here.
    #[error("`{name}` is not one of {}", crate::Algorithm::ALL.map(crate::Algorithm::name).join(", "))]
    UnknownAlgorithm {
        /// The name.
        name: String,
    },
    /// The key cannot be read as what the algorithm needs.
    #[error("the key is not a {wanted} key")]
    NotAKey {
        /// What was needed.
        wanted: &'static str,
    },
    /// A profile file lacks or misuses a member.
    #[error("`{member}`: {reason}")]
    Profile {
        /// Which member.
        member: String,
        /// What is wrong with it.
        reason: String,
    },
    // the peer: a field that was received
    /// A field does not parse as a structured field (RFC 9651).
    #[error("`{field}` is not a structured field: {reason}")]
    NotStructured {
        /// Which field.
        field: String,
        /// Where it fails.
        reason: String,
    },
    // us
    /// The provider refused what it always takes.
    #[error("the {algorithm} signature could not be made")]
    Provider {
        /// Which algorithm.
        algorithm: &'static str,
    },
}

impl Error {
    /// The error as a document.
    pub fn problem(&self) -> Problem {
        let (code, fault, hint) = match self {
            Error::ComponentTwice { .. } => ("signature.component_twice", Fault::Caller, "Cover each component once."),
            Error::ComponentMissing { .. } => (
                "signature.component_missing",
                Fault::Caller,
                "Add the field to the request, or take it out of the profile's `covered`.",
            ),
            Error::QueryParameterRepeated { .. } => {
                ("signature.query_parameter_repeated", Fault::Caller, "Cover `@query`.")
            }
            Error::NotAComponent { .. } => (
                "signature.not_a_component",
                Fault::Caller,
                "Write a field name in lower case, or a derived component such as `@method`.",
            ),
            Error::UnknownAlgorithm { .. } => {
                ("signature.unknown_algorithm", Fault::Caller, "Choose one of the named algorithms.")
            }
            Error::NotAKey { .. } => {
                ("signature.not_a_key", Fault::Caller, "Replace the key, or change the profile's `alg`.")
            }
            Error::Profile { .. } => ("signature.profile", Fault::Caller, "Mend the file in `signing/`."),
            Error::NotStructured { .. } => {
                ("signature.not_structured", Fault::Peer, "The field is malformed; RFC 9651 tells its syntax.")
            }
            Error::Provider { .. } => ("internal.signature_provider", Fault::Us, "This is a bug of ours."),
        };
        Problem::new(code, fault, "the request cannot be signed", self.to_string())
            .with_hint(hint)
            .with_citation("RFC 9421", "2.5")
    }
}
