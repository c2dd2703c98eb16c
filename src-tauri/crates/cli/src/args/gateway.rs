//! Options of `gateway`.

use std::path::PathBuf;

use clap::Args;

#[derive(Args)]
pub(crate) struct GatewayArgs {
    /// Address of the API; loopback only, port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    pub(crate) listen: std::net::SocketAddr,
    /// Address of the authorization server
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    pub(crate) authorization_listen: std::net::SocketAddr,
    /// How it speaks: rfc, ngenius, ni-platform, keycloak, sloppy
    #[arg(long, default_value = "rfc")]
    pub(crate) dialect: String,
    /// Life of access tokens, 5s to 1h
    #[arg(long, value_name = "DURATION", default_value = "300s")]
    pub(crate) token_lifetime: String,
    /// A fault to start with, one in each group, repeatable
    #[arg(long, value_name = "NAME[=ARG]")]
    pub(crate) fault: Vec<String>,
    /// Serve the zoo: every kind of broken TLS, each on a port of its own
    #[arg(long)]
    pub(crate) zoo: bool,
    /// The demo client's secret is in this environment variable
    #[arg(long, value_name = "VAR")]
    pub(crate) demo_secret_env: Option<String>,
    /// Store the demo client as credential `demo-client` of the workspace
    #[arg(long)]
    pub(crate) store_credential: bool,
    /// A signing key to accept: a file with a public JWK, repeatable
    #[arg(long, value_name = "KEYID=FILE")]
    pub(crate) trust_key: Vec<String>,
    /// Write addresses and CA here when every port listens
    #[arg(long, value_name = "FILE")]
    pub(crate) ready_file: Option<PathBuf>,
}
