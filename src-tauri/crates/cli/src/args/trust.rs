//! Actions of `trust` and `certificate`; options of `explain`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Subcommand)]
pub(crate) enum TrustAction {
    /// Stores, added CAs and pinned keys of the workspace
    #[command(after_help = "Examples:\n  countersign trust list --json")]
    List,
    /// Trust a CA, or exactly one key, for the hosts named
    #[command(
        after_help = "Examples:\n  countersign trust add acme-root.pem --host '*.acme.example'\n  countersign trust add --pin nJzU… --host api.acme.example:443"
    )]
    Add {
        /// A CA file, PEM
        #[arg(required_unless_present = "pin")]
        file: Option<PathBuf>,
        /// The SHA-256 of a public key, base64 or hexadecimal: the only keys that count for these hosts
        #[arg(long, value_name = "SHA256", conflicts_with = "file")]
        pin: Option<String>,
        /// A host it counts for: HOST, HOST:PORT or *.SUFFIX, repeatable
        #[arg(long, value_name = "HOST", required = true)]
        host: Vec<String>,
    },
    /// Remove a CA by its file in the workspace, or a pinned key
    #[command(
        after_help = "Examples:\n  countersign trust remove certificates/ca-1a2b3c4d5e6f.pem\n  countersign trust remove --pin nJzU… --host api.acme.example:443"
    )]
    Remove {
        /// The CA's file, as `trust list` names it
        #[arg(required_unless_present = "pin")]
        file: Option<String>,
        /// The pinned key, as `trust list` names it
        #[arg(long, value_name = "SHA256", conflicts_with = "file", requires = "host")]
        pin: Option<String>,
        /// The host of the pin
        #[arg(long, value_name = "HOST")]
        host: Option<String>,
    },
}

#[derive(Subcommand)]
pub(crate) enum CertificateAction {
    /// Every path of a chain, everything wrong on it, and what to do; exit 1 when it is refused
    #[command(
        after_help = "Examples:\n  countersign certificate explain --chain fullchain.pem --name api.bank.example\n  countersign certificate explain --chain server.pem --roots ca.pem --crl ca.crl --at 2027-03-17T09:00:00Z\n  countersign certificate explain --limbo limbo.json"
    )]
    Explain(ExplainArgs),
}

#[derive(Args)]
pub(crate) struct ExplainArgs {
    /// The chain, end entity first: PEM, or one certificate as DER
    #[arg(long, value_name = "FILE", required_unless_present = "limbo")]
    pub(crate) chain: Option<PathBuf>,
    /// The anchors that count [default: the set Mozilla trusts]
    #[arg(long, value_name = "FILE")]
    pub(crate) roots: Option<PathBuf>,
    /// The DNS name or address it has to cover
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Which rules apply: auto is public under an anchor that Mozilla trusts
    #[arg(long, value_enum, default_value = "auto")]
    pub(crate) profile: ProfileChoice,
    /// Issuers that were fetched
    #[arg(long, value_name = "FILE")]
    pub(crate) fetched: Option<PathBuf>,
    /// A CRL, repeatable
    #[arg(long, value_name = "FILE")]
    pub(crate) crl: Vec<PathBuf>,
    /// The OCSP response of the end entity, DER
    #[arg(long, value_name = "FILE")]
    pub(crate) ocsp: Option<PathBuf>,
    /// The certificate is to prove a client
    #[arg(long)]
    pub(crate) client: bool,
    /// Refuse also for what a CA must not do
    #[arg(long)]
    pub(crate) strict: bool,
    /// A corpus in the x509-limbo schema instead: one JSON line for each case
    #[arg(long, value_name = "FILE", conflicts_with_all = ["chain", "roots", "name"])]
    pub(crate) limbo: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum ProfileChoice {
    /// By the anchor
    Auto,
    /// RFC 5280 and safety
    Private,
    /// CA/Browser Forum rules too
    Public,
}
