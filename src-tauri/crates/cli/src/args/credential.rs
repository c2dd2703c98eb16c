//! Actions and options of `credential`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Connect;

#[derive(Subcommand)]
pub(crate) enum CredentialAction {
    /// Add one; its secret is read from a prompt, --secret-stdin or --secret-env
    #[command(
        after_help = "Examples:\n  countersign credential add bank --client-id 7731 --token-endpoint https://auth.bank.example/oauth2/token --secret-stdin\n  countersign credential add till-7 --client-cert-file till-7.p12 --allowed-host api.bank.example"
    )]
    Add(CredentialArgs),
    /// All of them, without secrets
    #[command(after_help = "Examples:\n  countersign credential list --json")]
    List,
    /// One of them, without its secrets
    #[command(after_help = "Examples:\n  countersign credential show bank")]
    Show {
        /// Name
        name: String,
    },
    /// Change it, or put another secret in its place
    #[command(
        after_help = "Examples:\n  countersign credential replace bank --secret-stdin\n  countersign credential replace bank --basic-encoding raw"
    )]
    Replace(CredentialArgs),
    /// Remove it, its secrets and its token
    #[command(after_help = "Examples:\n  countersign credential remove bank")]
    Remove {
        /// Name
        name: String,
    },
    /// The public keys of its client assertions as a JWK set, for the server's registration
    #[command(after_help = "Examples:\n  countersign credential jwks bank > jwks.json")]
    Jwks {
        /// Name
        name: String,
    },
    /// Obtain a token with it
    #[command(
        after_help = "Examples:\n  countersign credential test bank\n  countersign credential test bank --encodings"
    )]
    Test {
        /// Name
        name: String,
        /// Try the other ways of sending id and secret; each counts with the server
        #[arg(long)]
        encodings: bool,
        #[command(flatten)]
        connect: Connect,
    },
}

#[derive(Args)]
pub(crate) struct CredentialArgs {
    /// Name; letters, digits and hyphens
    pub(crate) name: String,
    /// RFC 6749 client identifier
    #[arg(long, value_name = "ID")]
    pub(crate) client_id: Option<String>,
    /// Where tokens are asked for
    #[arg(long, value_name = "URL")]
    pub(crate) token_endpoint: Option<String>,
    /// How the client proves itself, by its RFC 7591 name
    #[arg(long, value_name = "METHOD", value_parser = clap::builder::PossibleValuesParser::new(countersign_console::client_authentications()))]
    pub(crate) auth_method: Option<String>,
    /// The authorization server, by its issuer: endpoints that are not given are read from its metadata
    #[arg(long, value_name = "URL")]
    pub(crate) issuer: Option<String>,
    /// How tokens are obtained: client_credentials, authorization_code, device_code, jwt-bearer, token-exchange
    #[arg(long, value_name = "GRANT")]
    pub(crate) grant: Option<String>,
    /// For which API, where the server wants it said
    #[arg(long)]
    pub(crate) audience: Option<String>,
    /// A resource indicator (RFC 8707), repeatable
    #[arg(long, value_name = "URL")]
    pub(crate) resource: Vec<String>,
    /// Rich authorization request (RFC 9396), a JSON array
    #[arg(long, value_name = "JSON")]
    pub(crate) authorization_details: Option<String>,
    /// Whom the client acts for (jwt-bearer)
    #[arg(long)]
    pub(crate) subject: Option<String>,
    /// The credential whose token is exchanged (token-exchange)
    #[arg(long, value_name = "NAME")]
    pub(crate) subject_credential: Option<String>,
    /// Whom client assertions are for
    #[arg(long, value_parser = ["issuer", "token-endpoint", "both"])]
    pub(crate) assertion_audience: Option<String>,
    /// Bind tokens to a key of this credential (RFC 9449)
    #[arg(long)]
    pub(crate) dpop: bool,
    /// How id and secret are written before base64
    #[arg(long, value_parser = ["form", "raw", "verbatim"])]
    pub(crate) basic_encoding: Option<String>,
    /// Scopes, separated by spaces
    #[arg(long)]
    pub(crate) scope: Option<String>,
    /// A host it may be sent to, repeatable; the token endpoint's own is included
    #[arg(long, value_name = "HOST")]
    pub(crate) allowed_host: Vec<String>,
    /// How tokens are asked for: rfc6749, ngenius, ni-platform, or a file
    #[arg(long)]
    pub(crate) recipe: Option<String>,
    /// Environment it belongs to, repeatable [default: all]
    #[arg(long = "only-environment", value_name = "NAME")]
    pub(crate) environments: Vec<String>,
    /// The slot the secret goes to [default: the recipe's first]
    #[arg(long)]
    pub(crate) slot: Option<String>,
    /// A private key, PKCS#8 PEM, into the slot signing_key; with private_key_jwt into assertion_key; with
    /// --client-cert-file that certificate's
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// A client certificate with its key: PEM or PKCS#12; the key may be in --key-file instead. Its passphrase is
    /// read from --passphrase-env, --secret-env passphrase=VAR or a prompt
    #[arg(long, value_name = "FILE")]
    pub(crate) client_cert_file: Option<PathBuf>,
    /// Store no secret now
    #[arg(long)]
    pub(crate) no_secret: bool,
    /// Trust this CA while the issuer's metadata is read, repeatable
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Vec<PathBuf>,
}
