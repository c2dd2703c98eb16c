//! Options of `sign` and `verify`.

use std::path::PathBuf;

use clap::Args;

/// What is signed and how.
#[derive(Args)]
pub(crate) struct SignArgs {
    /// A signing profile of the workspace
    #[arg(long, value_name = "NAME", conflicts_with_all = ["key", "keyid", "alg", "cover", "digest"])]
    pub(crate) profile: Option<String>,
    /// The scheme
    #[arg(long, default_value = "rfc9421", value_parser = ["rfc9421", "sigv4"])]
    pub(crate) scheme: String,
    /// Of sigv4, which takes the access key id as --keyid
    #[arg(long, required_if_eq("scheme", "sigv4"))]
    pub(crate) region: Option<String>,
    /// Of sigv4: execute-api, s3, …
    #[arg(long, required_if_eq("scheme", "sigv4"))]
    pub(crate) service: Option<String>,
    /// Of sigv4: sign the address instead, for so many seconds
    #[arg(long, value_name = "SECONDS")]
    pub(crate) expires: Option<u32>,
    /// The key that signs
    #[arg(long, value_name = "CREDENTIAL/SLOT", required_unless_present = "profile")]
    pub(crate) key: Option<String>,
    /// As the verifier looks it up [default: CREDENTIAL/SLOT]
    #[arg(long)]
    pub(crate) keyid: Option<String>,
    /// RFC 9421 name of the algorithm [default: that of the key]
    #[arg(long)]
    pub(crate) alg: Option<String>,
    /// Components in their order [default: @method, @target-uri, and content-digest where there is content]
    #[arg(long, value_delimiter = ',', value_name = "COMPONENT,…")]
    pub(crate) cover: Vec<String>,
    /// Digest to add over the content [default: sha-256 where it is covered]
    #[arg(long, value_parser = ["sha-256", "sha-512"])]
    pub(crate) digest: Option<String>,
    /// The message, HTTP/1.1 as text; - for standard input
    #[arg(long, value_name = "FILE|-")]
    pub(crate) request: PathBuf,
    /// Write the signed message here; - alone prints it without the base
    #[arg(short, long, value_name = "FILE|-")]
    pub(crate) output: Option<PathBuf>,
}

/// What is verified, and with what.
#[derive(Args)]
pub(crate) struct VerifyArgs {
    /// The message, HTTP/1.1 as text; - for standard input
    #[arg(long, value_name = "FILE|-")]
    pub(crate) request: PathBuf,
    /// A public key: a JWK, PEM, or a certificate; or CREDENTIAL/SLOT of the workspace
    #[arg(long, value_name = "FILE|CREDENTIAL/SLOT")]
    pub(crate) key: String,
    /// The one signature of several
    #[arg(long)]
    pub(crate) label: Option<String>,
    /// The base of the other side: where the two part
    #[arg(long, value_name = "FILE")]
    pub(crate) base: Option<PathBuf>,
    /// The request that a response answers
    #[arg(long, value_name = "FILE")]
    pub(crate) answers: Option<PathBuf>,
}
