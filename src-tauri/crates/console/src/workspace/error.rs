//! What is wrong with a workspace's files, with file, line and key.

use countersign_evidence::{Fault, Problem, Severity};

/// Grouped by who is at fault; the operands, never a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    // the caller: a file, or a name that was asked for
    /// A name that is no slug, or a path out of the workspace.
    #[error("`{name}`: {reason}")]
    BadName {
        /// The name.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A key that must be there is not.
    #[error("{file}: `{key}` is missing")]
    MissingKey {
        /// Which file.
        file: String,
        /// Which key.
        key: String,
    },
    /// Written by a newer version.
    #[error("{file} has format {format}, this version knows format {known}")]
    NewerFormat {
        /// Which file.
        file: String,
        /// Its format.
        format: i64,
        /// Ours.
        known: i64,
    },
    /// Text or a file that was given as a CA and is none.
    #[error("{reason}")]
    NotACertificate {
        /// What it is instead.
        reason: String,
    },
    /// A folder that was named and is no workspace.
    #[error("{folder} has no countersign.toml")]
    NotFound {
        /// Which folder.
        folder: String,
    },
    /// No such thing in the workspace.
    #[error("there is no {} `{name}`", kind.words())]
    NotThere {
        /// What was asked for.
        kind: Kind,
        /// Its name.
        name: String,
    },
    /// Not TOML 1.0 in UTF-8.
    #[error("{file}, line {line}, column {column}: {reason}")]
    NotToml {
        /// Which file.
        file: String,
        /// Counts from 1.
        line: usize,
        /// Counts from 1.
        column: usize,
        /// The parser's words; never the line itself.
        reason: String,
    },
    /// A link that leads out of the workspace.
    #[error("{file} leads out of the workspace")]
    Outside {
        /// Which file.
        file: String,
    },
    /// A secret in clear text, in a file that is shared.
    #[error("{file}, line {line}: `{key}` holds a secret in clear text")]
    SecretInFile {
        /// Which file.
        file: String,
        /// Counts from 1.
        line: usize,
        /// Which key; never its value.
        key: String,
    },
    /// More than a file of this kind may have.
    #[error("{file} is larger than {limit} bytes")]
    TooLarge {
        /// Which file.
        file: String,
        /// How much is read at most.
        limit: u64,
    },
    /// Something this version cannot send, and does not touch.
    #[error("{file}, line {line}: `{key}` is not supported by this version")]
    Unsupported {
        /// Which file.
        file: String,
        /// Counts from 1.
        line: usize,
        /// Which key.
        key: String,
    },
    /// The right type with a value that cannot be.
    #[error("{file}, line {line}: `{key}` {reason}")]
    WrongValue {
        /// Which file.
        file: String,
        /// Counts from 1.
        line: usize,
        /// Which key.
        key: String,
        /// What is wrong with it, as the end of a sentence.
        reason: String,
    },
    /// Another type than the key takes.
    #[error("{file}, line {line}: `{key}` is {found}, {wanted} is wanted")]
    WrongType {
        /// Which file.
        file: String,
        /// Counts from 1.
        line: usize,
        /// Which key.
        key: String,
        /// With its article.
        found: String,
        /// With its article.
        wanted: &'static str,
    },
    // the environment
    /// A file cannot be read or written.
    #[error(transparent)]
    Storage(#[from] crate::file::Error),
    // us
    /// What would be written does not read as what was meant.
    #[error("{file} would not read as what was meant")]
    NotFaithful {
        /// Which file.
        file: String,
    },
}

/// What a workspace has by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A CA file.
    Ca,
    /// A credential.
    Credential,
    /// An environment.
    Environment,
    /// A recipe.
    Recipe,
    /// A request.
    Request,
    /// A signing profile.
    SigningProfile,
}

impl Kind {
    fn words(self) -> &'static str {
        match self {
            Kind::Ca => "CA",
            Kind::Credential => "credential",
            Kind::Environment => "environment",
            Kind::Recipe => "recipe",
            Kind::Request => "request",
            Kind::SigningProfile => "signing profile",
        }
    }

    fn code(self) -> &'static str {
        match self {
            Kind::Ca => "workspace.no_ca",
            Kind::Credential => "workspace.no_credential",
            Kind::Environment => "workspace.no_environment",
            Kind::Recipe => "workspace.no_recipe",
            Kind::Request => "workspace.no_request",
            Kind::SigningProfile => "workspace.no_signing_profile",
        }
    }
}

impl Error {
    /// The error as a document.
    pub fn problem(&self) -> Problem {
        let (code, title, hint) = match self {
            Error::Storage(error) => return error.problem(),
            Error::NotFaithful { .. } => {
                return Problem::new(
                    "internal.file_not_faithful",
                    Fault::Us,
                    "the file was not written",
                    self.to_string(),
                )
                .with_hint("This is a bug of ours; the file is as it was.");
            }
            Error::BadName { .. } => (
                "workspace.bad_name",
                "a name is not a slug",
                "Use lower-case letters, digits and `-`; a request's folders are separated by `/`.",
            ),
            Error::MissingKey { .. } => {
                ("workspace.missing_key", "a file of the workspace lacks a key", "Add the key.")
            }
            Error::NewerFormat { .. } => (
                "workspace.newer_format",
                "the workspace was written by a newer version and is read only",
                "Update Countersign to change it.",
            ),
            Error::NotACertificate { .. } => (
                "workspace.not_a_certificate",
                "this is not a certificate in PEM",
                "Give text that starts with -----BEGIN CERTIFICATE-----.",
            ),
            Error::NotFound { .. } => (
                "workspace.not_found",
                "this folder is not a workspace",
                "Name a folder with countersign.toml; saving a request there makes one.",
            ),
            Error::NotThere { kind, .. } => (
                kind.code(),
                "the workspace has no file of this name",
                "Check the name; it is the file's, without `.toml`.",
            ),
            Error::NotToml { .. } => (
                "workspace.not_toml",
                "a file of the workspace is not TOML",
                "Mend the line; the other files are loaded.",
            ),
            Error::Outside { .. } => (
                "workspace.outside",
                "a file lies outside of the workspace",
                "Copy it into the workspace: a workspace is complete by itself.",
            ),
            Error::SecretInFile { .. } => (
                "workspace.secret_in_file",
                "a secret stands in a file that is shared",
                "Store it in its slot, remove it from the file, and have it replaced: whoever has the file has the secret.",
            ),
            Error::TooLarge { .. } => (
                "workspace.too_large",
                "a file of the workspace is too large",
                "Put large content into a file of its own.",
            ),
            Error::Unsupported { .. } => (
                "workspace.unsupported",
                "the file needs a newer version",
                "Update Countersign, or write the content as `text` or `file`.",
            ),
            Error::WrongValue { .. } => {
                ("workspace.wrong_value", "a file of the workspace holds a value that cannot be", "Mend the line.")
            }
            Error::WrongType { .. } => {
                ("workspace.wrong_type", "a file of the workspace holds a value of another type", "Mend the line.")
            }
        };
        let severity = match self {
            Error::NewerFormat { .. } | Error::SecretInFile { .. } => Severity::Warning,
            _ => Severity::Error,
        };
        Problem::new(code, Fault::Caller, title, self.to_string()).with_hint(hint).with_severity(severity)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        error.problem()
    }
}
