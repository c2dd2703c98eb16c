//! Why a gateway does not start.

use std::net::SocketAddr;

use countersign_evidence::{Fault, Problem};

use crate::{Dialect, FaultGroup};

/// Grouped by who is at fault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    // the caller
    /// It listens on loopback only.
    #[error("`{address}` is not a loopback address")]
    NotLoopback {
        /// What was asked for.
        address: SocketAddr,
    },
    /// No such dialect.
    #[error("`{name}` is not one of {}", names())]
    UnknownDialect {
        /// The name.
        name: String,
    },
    /// No such fault.
    #[error("`{text}` is not one of {}", FaultGroup::all_ids().join(", "))]
    UnknownFault {
        /// The text.
        text: String,
    },
    /// A client's key does not read.
    #[error("the key `{kid}` does not read: {reason}")]
    ClientKey {
        /// Its identifier.
        kid: String,
        /// Why.
        reason: String,
    },
    /// A fault's argument does not read.
    #[error("`{text}`: {wanted}")]
    FaultArgument {
        /// The text.
        text: String,
        /// What is wanted.
        wanted: &'static str,
    },
    // the environment
    /// Another program has the port.
    #[error("port {port} is taken by another program")]
    PortTaken {
        /// The port.
        port: u16,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on `{address}`: {reason}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's reason.
        reason: String,
    },
    /// The ready file or the CA file cannot be written.
    #[error("cannot write `{file}`: {reason}")]
    Write {
        /// The file.
        file: String,
        /// The system's reason.
        reason: String,
    },
    // us
    /// A certificate or a key could not be made.
    #[error("{what}: {reason}")]
    Make {
        /// What.
        what: &'static str,
        /// Why.
        reason: String,
    },
}

fn names() -> String {
    Dialect::ALL.map(Dialect::name).join(", ")
}

impl Error {
    /// The error as a document.
    pub fn problem(&self) -> Problem {
        let (code, fault, hint) = match self {
            Error::NotLoopback { .. } => (
                "gateway.not_loopback",
                Fault::Caller,
                "Listen on 127.0.0.1 or [::1]: the gateway is for this computer only.",
            ),
            Error::UnknownDialect { .. } => {
                ("gateway.unknown_dialect", Fault::Caller, "Choose one of the named dialects.")
            }
            Error::UnknownFault { .. } => ("gateway.unknown_fault", Fault::Caller, "Choose one of the named faults."),
            Error::FaultArgument { .. } => {
                ("gateway.fault_argument", Fault::Caller, "Write it as NAME=ARGUMENT, for example `delay=2s`.")
            }
            Error::ClientKey { .. } => {
                ("gateway.client_key", Fault::Caller, "Give a public JWK of type EC P-256, RSA or OKP Ed25519.")
            }
            Error::PortTaken { .. } => {
                ("gateway.port_taken", Fault::Environment, "Choose another port, or 0 for a free one.")
            }
            Error::Listen { .. } => ("gateway.listen", Fault::Environment, "Choose another address or port."),
            Error::Write { .. } => ("gateway.write", Fault::Environment, "Choose a folder that can be written."),
            Error::Make { .. } => ("internal.gateway_make", Fault::Us, "This is a bug of ours."),
        };
        Problem::new(code, fault, "the gateway does not start", self.to_string()).with_hint(hint)
    }
}
