//! Why a text with templates has no value.

use countersign_evidence::{Fault, Problem};

/// All are the caller's: variables that do not end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A variable that uses itself.
    #[error("{}", chain(names))]
    Cycle {
        /// From the variable to itself.
        names: Vec<String>,
    },
    /// More variables in variables than allowed.
    #[error("{}", chain(names))]
    TooDeep {
        /// The chain.
        names: Vec<String>,
    },
    /// Variables that multiply beyond all use.
    #[error("more than {limit} bytes")]
    TooLarge {
        /// The bound.
        limit: usize,
    },
    /// The same by their number.
    #[error("more than {limit} templates")]
    TooMany {
        /// The bound.
        limit: usize,
    },
}

impl Error {
    /// The error as a document.
    pub fn problem(&self) -> Problem {
        let (code, title, hint) = match self {
            Error::Cycle { .. } => {
                ("usage.variable_cycle", "a variable uses itself", "Give one of them a value of its own.")
            }
            Error::TooDeep { .. } => {
                ("usage.variable_depth", "variables use variables more than 8 deep", "Write one of them out.")
            }
            Error::TooLarge { .. } | Error::TooMany { .. } => (
                "usage.variable_size",
                "the variables make too large a text",
                "Put large content into a file of its own.",
            ),
        };
        Problem::new(code, Fault::Caller, title, self.to_string()).with_hint(hint)
    }
}

fn chain(names: &[String]) -> String {
    names.iter().map(|name| format!("{{{{{name}}}}}")).collect::<Vec<_>>().join(" uses ")
}
