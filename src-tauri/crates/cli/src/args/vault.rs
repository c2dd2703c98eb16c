//! Ways in for a secret, where secrets are kept, and actions of `vault`.

use clap::{Args, Subcommand, ValueEnum};

/// Ways in for a secret. Never an argument: those stand in process lists and shell histories.
#[derive(Args)]
pub(crate) struct Secrets {
    /// Read the secret from standard input
    #[arg(long, global = true)]
    pub(crate) secret_stdin: bool,
    /// Read a secret from this environment variable; SLOT defaults to the recipe's first
    #[arg(long, global = true, value_name = "[SLOT=]VAR")]
    pub(crate) secret_env: Vec<String>,
    /// Read the vault's passphrase from this environment variable
    #[arg(long, global = true, value_name = "VAR")]
    pub(crate) passphrase_env: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum VaultChoice {
    /// The OS keychain
    Os,
    /// A file sealed under a passphrase
    Passphrase,
    /// This process only
    Memory,
}

#[derive(Subcommand)]
pub(crate) enum VaultAction {
    /// The store and its state; exit 6 when secrets cannot be read
    #[command(after_help = "Examples:\n  countersign vault status --json")]
    Status,
}
