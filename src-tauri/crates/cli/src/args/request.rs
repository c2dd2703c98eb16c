//! Options of `send` and `compare`; actions of `history`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Connect;

#[derive(Args)]
pub(crate) struct SendArgs {
    /// METHOD URL, or a request of the workspace
    #[arg(num_args = 1..=2, required = true, value_names = ["METHOD", "URL"])]
    pub(crate) words: Vec<String>,
    /// A field, repeatable
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    pub(crate) fields: Vec<String>,
    /// The content: text, @FILE, or - for standard input
    #[arg(short, long, value_name = "TEXT|@FILE|-")]
    pub(crate) data: Option<String>,
    /// The credential that authorises it
    #[arg(long, value_name = "NAME")]
    pub(crate) credential: Option<String>,
    /// A subset of the credential's scope
    #[arg(long)]
    pub(crate) scope: Option<String>,
    /// The credential whose client certificate is shown to the server
    #[arg(long, value_name = "CREDENTIAL")]
    pub(crate) client_cert: Option<String>,
    /// Sign with this profile
    #[arg(long, value_name = "PROFILE")]
    pub(crate) sign: Option<String>,
    #[command(flatten)]
    pub(crate) connect: Connect,
    /// HTTP/1.1 only
    #[arg(long = "http1.1")]
    pub(crate) http11: bool,
    /// Accept this host's certificate whatever it is: this call only, loud, recorded
    #[arg(long)]
    pub(crate) accept_unverified: bool,
    /// Exit 1 when the status is 400 or above
    #[arg(long)]
    pub(crate) fail: bool,
    /// Give up after this long
    #[arg(long, value_name = "DURATION")]
    pub(crate) timeout: Option<String>,
    /// Follow at most this many redirects
    #[arg(long, value_name = "N")]
    pub(crate) redirects: Option<u32>,
    /// Send a mutating request in a live environment
    #[arg(long)]
    pub(crate) allow_live: bool,
    /// Write the content to a file
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Write the evidence to a file
    #[arg(long, value_name = "FILE")]
    pub(crate) evidence: Option<PathBuf>,
    /// Write the handshake to a capture that opens decrypted
    #[arg(long, value_name = "FILE")]
    pub(crate) pcapng: Option<PathBuf>,
    /// The capture goes on after the handshake: it holds the request, token included
    #[arg(long, requires = "pcapng")]
    pub(crate) full: bool,
}

#[derive(Args)]
pub(crate) struct CompareArgs {
    /// A host, a file, or the id of an exchange
    pub(crate) left: String,
    /// The other
    pub(crate) right: String,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

#[derive(Subcommand)]
pub(crate) enum HistoryAction {
    /// The newest first
    #[command(after_help = "Examples:\n  countersign history list --limit 20\n  countersign history list payments")]
    List {
        /// Words to filter by: path, status, verdict
        filter: Vec<String>,
        /// How many at most
        #[arg(long, default_value_t = 50)]
        limit: u64,
    },
    /// One exchange, step by step
    #[command(after_help = "Examples:\n  countersign history show 01jz8q6c2d")]
    Show {
        /// Its id
        exchange: String,
    },
    /// Forget every exchange and content
    #[command(after_help = "Examples:\n  countersign history clear")]
    Clear,
    /// One exchange in another form, on standard output
    #[command(after_help = "Examples:\n  countersign history export 01jz8q6c2d --kind har > exchange.har")]
    Export {
        /// Its id
        exchange: String,
        /// Form
        #[arg(long, value_parser = ["json", "har", "curl", "pem"], default_value = "json")]
        kind: String,
    },
}
