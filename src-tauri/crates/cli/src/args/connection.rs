//! How connections are made.

use std::path::PathBuf;

use clap::Args;

/// How connections are made.
#[derive(Args, Clone, Default)]
pub(crate) struct Connect {
    /// A CA file that counts for this call, repeatable
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Vec<PathBuf>,
    /// Connect here instead; the name asked for stays
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) connect_to: Option<String>,
    /// Ask for and verify this name instead
    #[arg(long, value_name = "NAME")]
    pub(crate) sni: Option<String>,
    /// The highest TLS version offered
    #[arg(long, value_name = "VERSION", value_parser = ["1.2", "1.3"])]
    pub(crate) tls_max: Option<String>,
}
