//! Every command, option and example, once: help, completions and the man page are made from this.

mod connection;
mod credential;
mod gateway;
mod inspection;
mod recipe;
mod request;
mod signature;
mod token;
mod trust;
mod vault;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use connection::Connect;
pub(crate) use credential::{CredentialAction, CredentialArgs};
pub(crate) use gateway::GatewayArgs;
pub(crate) use inspection::{InspectArgs, ScanArgs, WatchAction};
pub(crate) use recipe::RecipeAction;
pub(crate) use request::{CompareArgs, HistoryAction, SendArgs};
pub(crate) use signature::{SignArgs, VerifyArgs};
pub(crate) use token::TokenAction;
pub(crate) use trust::{CertificateAction, ExplainArgs, ProfileChoice, TrustAction};
pub(crate) use vault::{Secrets, VaultAction, VaultChoice};

/// Shows, for every request, who the server proved to be, who you proved to be, and why the answer was yes or no.
#[derive(Parser)]
#[command(name = "countersign", version, about, long_about = None, disable_help_subcommand = true, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 yes · 1 the answer is no · 2 usage, also a host outside the credential's list · 3 could not reach ·
4 TLS refused · 5 token refused · 6 vault unavailable, locked or denied · 7 workspace or file problem · 70 a bug of ours ·
130 cancelled.

Examples:
  countersign tour --vault memory
  countersign inspect api.bank.example";

/// Options of every command.
#[derive(Args)]
pub(crate) struct Global {
    /// Workspace folder [default: the nearest with countersign.toml, else the user's own]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) workspace: Option<PathBuf>,
    /// Environment whose values count
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) environment: Option<String>,
    /// A template variable, repeatable
    #[arg(long = "var", global = true, value_name = "NAME=VALUE")]
    pub(crate) variables: Vec<String>,
    /// Folder of history, state and sealed secrets
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Where secrets rest
    #[arg(long, global = true, value_enum, env = "COUNTERSIGN_VAULT")]
    pub(crate) vault: Option<VaultChoice>,
    /// Print documents as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The wall clock of this process starts here: it judges certificates and tokens
    #[arg(long, global = true, value_name = "RFC3339", env = "COUNTERSIGN_AT")]
    pub(crate) at: Option<String>,
    /// When to colour; NO_COLOR is honoured
    #[arg(long, global = true, value_enum, default_value = "auto")]
    pub(crate) color: Colour,
    /// Say nothing but data and errors
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Open every row
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    #[command(flatten)]
    pub(crate) secrets: Secrets,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    Auto,
    Always,
    Never,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// The main job from nothing, on the embedded gateway; removes what it stored
    #[command(after_help = "Examples:\n  countersign tour\n  countersign tour --vault memory --json | jq .title")]
    Tour,
    /// Run the bundled test gateway: CA, authorization server, protected API, faults
    #[command(
        after_help = "Examples:\n  countersign gateway\n  countersign gateway --dialect ngenius --token-lifetime 60s --ready-file ready.json\n  countersign gateway --fault certificate-expired --fault delay=2s\n  countersign gateway --zoo --ready-file ready.json"
    )]
    Gateway(GatewayArgs),
    /// Credentials and their slots
    #[command(
        after_help = "Examples:\n  countersign credential add bank --client-id 7731 --token-endpoint https://auth.bank.example/oauth2/token --secret-stdin\n  countersign credential test bank"
    )]
    Credential {
        #[command(subcommand)]
        action: CredentialAction,
    },
    /// Tokens: obtain, list, inspect
    #[command(
        after_help = "Examples:\n  countersign token get bank\n  countersign token get bank --print-token | pbcopy\n  countersign token inspect < token.jwt"
    )]
    Token {
        #[command(subcommand)]
        action: TokenAction,
    },
    /// Send one request
    #[command(
        after_help = "Examples:\n  countersign send GET https://api.bank.example/v1/accounts --credential bank\n  countersign send POST https://api.bank.example/v1/payments -d @payment.json --credential bank --sign bank-ed25519\n  countersign send payments/create-payment.toml"
    )]
    Send(SendArgs),
    /// One observed handshake, explained
    #[command(
        after_help = "Examples:\n  countersign inspect api.bank.example\n  countersign inspect localhost:8443 --ca lab-root.pem --json"
    )]
    Inspect(InspectArgs),
    /// What a server offers: versions, cipher suites and their order, groups, with findings
    #[command(
        after_help = "The server will log handshakes that were given up.\n\nExamples:\n  countersign scan api.bank.example\n  countersign scan localhost:8443 --json"
    )]
    Scan(ScanArgs),
    /// Two exchanges, saved documents or endpoints, value by value
    #[command(
        after_help = "Each of the two is a host, a saved JSON document, or the id of an exchange.\n\nExamples:\n  countersign compare api.bank.example sandbox.bank.example\n  countersign compare yesterday.json api.bank.example --json"
    )]
    Compare(CompareArgs),
    /// Why a token call or a request was refused: causes in order, each proven, likely or possible
    #[command(
        after_help = "Examples:\n  countersign diagnose 01jz8q6c2d\n  countersign send GET https://api.bank.example/v1 --credential bank --evidence e.json; countersign diagnose e.json"
    )]
    Diagnose {
        /// An exchange of the history, or a file of evidence
        #[arg(value_name = "EXCHANGE|FILE")]
        exchange: String,
    },
    /// Endpoints whose certificates are watched
    Watch {
        #[command(subcommand)]
        action: WatchAction,
    },
    /// Certificates from files
    #[command(
        after_help = "Examples:\n  countersign certificate explain --chain fullchain.pem --name api.bank.example\n  countersign certificate explain --chain server.pem --roots ca.pem --json"
    )]
    Certificate {
        #[command(subcommand)]
        action: CertificateAction,
    },
    /// Past exchanges
    #[command(after_help = "Examples:\n  countersign history list\n  countersign history show 01jz8q6c2d --json")]
    History {
        #[command(subcommand)]
        action: HistoryAction,
    },
    /// Sign a message that is not sent; prints the signature base and the signed message
    #[command(
        after_help = "Examples:\n  countersign sign --profile bank-ed25519 --request request.http\n  countersign sign --key bank/signing_key --keyid k1 --cover @method,@target-uri --request - < request.http\n  countersign sign --scheme sigv4 --key aws/secret_access_key --keyid AKIDEXAMPLE --region us-east-1 --service execute-api --request request.http"
    )]
    Sign(SignArgs),
    /// Verify the signatures of a message; says which line differs
    #[command(
        after_help = "Examples:\n  countersign verify --key public.pem --request signed.http\n  countersign verify --key jwk.json --request signed.http --base theirs.txt\n  countersign verify --key public.pem --request response.http --answers request.http"
    )]
    Verify(VerifyArgs),
    /// How a token is asked for where the endpoint keeps to no standard
    #[command(
        after_help = "Examples:\n  countersign recipe list\n  countersign recipe show ngenius > acme.toml\n  countersign recipe test acme.toml --answer answer.json\n  countersign recipe test acme.toml --credential acme"
    )]
    Recipe {
        #[command(subcommand)]
        action: RecipeAction,
    },
    /// Whom to trust: stores, CAs and keys bound to hosts
    #[command(
        after_help = "Examples:\n  countersign trust add acme-root.pem --host '*.acme.example'\n  countersign trust add --pin nJzU… --host api.acme.example:443\n  countersign trust remove certificates/ca-1a2b3c4d5e6f.pem"
    )]
    Trust {
        #[command(subcommand)]
        action: TrustAction,
    },
    /// Where secrets rest, and whether they can be read
    #[command(after_help = "Examples:\n  countersign vault status")]
    Vault {
        #[command(subcommand)]
        action: VaultAction,
    },
    /// Shell completions, on standard output
    #[command(after_help = "Examples:\n  countersign completions bash > /etc/bash_completion.d/countersign")]
    Completions {
        /// Which shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// The manual page, on standard output
    #[command(after_help = "Examples:\n  countersign man > countersign.1")]
    Man,
}
