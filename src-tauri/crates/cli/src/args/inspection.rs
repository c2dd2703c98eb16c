//! Options of `inspect` and `scan`; actions of `watch`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Connect;

#[derive(Subcommand)]
pub(crate) enum WatchAction {
    /// Put endpoints on the list
    #[command(after_help = "Examples:\n  countersign watch add api.bank.example auth.bank.example:8443")]
    Add {
        /// HOST or HOST:PORT
        #[arg(required = true)]
        hosts: Vec<String>,
    },
    /// What is watched
    #[command(after_help = "Examples:\n  countersign watch list")]
    List,
    /// Take one off the list
    #[command(after_help = "Examples:\n  countersign watch remove auth.bank.example:8443")]
    Remove {
        /// HOST or HOST:PORT
        host: String,
    },
    /// Look at each now: days left, renewal, what could not be issued again; exit 1 where something is to be done
    #[command(after_help = "Examples:\n  countersign watch check --json")]
    Check,
}

#[derive(Args)]
pub(crate) struct ScanArgs {
    /// HOST, HOST:PORT or an https URL
    pub(crate) host: String,
    /// Connect here instead; the name asked for stays
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) connect_to: Option<String>,
    /// Ask for this name instead
    #[arg(long, value_name = "NAME")]
    pub(crate) sni: Option<String>,
}

#[derive(Args)]
pub(crate) struct InspectArgs {
    /// HOST, HOST:PORT or an https URL
    pub(crate) host: String,
    #[command(flatten)]
    pub(crate) connect: Connect,
    /// The credential whose client certificate is shown to the server
    #[arg(long, value_name = "CREDENTIAL")]
    pub(crate) client_cert: Option<String>,
    /// Accept this host's certificate whatever it is: this call only, loud, recorded
    #[arg(long)]
    pub(crate) accept_unverified: bool,
    /// Fetch missing issuers, revocation lists and the OCSP responder's word; third parties see it
    #[arg(long)]
    pub(crate) fetch: bool,
    /// Resume: a second connection from a ticket of the first
    #[arg(long)]
    pub(crate) resume: bool,
    /// Write the connection to a capture that opens decrypted; no request is sent, so it holds no token
    #[arg(long, value_name = "FILE")]
    pub(crate) pcapng: Option<PathBuf>,
    /// End the capture after the handshake, with no secret that could open more
    #[arg(long, requires = "pcapng")]
    pub(crate) handshake_only: bool,
    /// Write the secrets of the connection to a key log
    #[arg(long, value_name = "FILE")]
    pub(crate) keylog: Option<PathBuf>,
    /// Write the chain to a file
    #[arg(long, value_name = "FILE")]
    pub(crate) pem: Option<PathBuf>,
}
