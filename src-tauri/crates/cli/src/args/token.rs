//! Actions of `token`.

use std::path::PathBuf;

use clap::Subcommand;

use super::Connect;

#[derive(Subcommand)]
pub(crate) enum TokenAction {
    /// Obtain or reuse a token; prints its claims and life
    #[command(
        after_help = "Examples:\n  countersign token get bank --json\n  TOKEN=$(countersign token get bank --print-token)"
    )]
    Get {
        /// Credential
        credential: String,
        /// A subset of the credential's scope
        #[arg(long)]
        scope: Option<String>,
        /// Write the token itself to standard output; not to a terminal unless forced
        #[arg(long)]
        print_token: bool,
        /// Print it to a terminal all the same
        #[arg(long, requires = "print_token")]
        force: bool,
        #[command(flatten)]
        connect: Connect,
    },
    /// Let a person sign in: prints the address to open, or the code to enter
    #[command(
        after_help = "Examples:\n  countersign token sign-in portal\n  countersign credential add portal --issuer https://login.bank.example --client-id app --grant authorization_code --auth-method none"
    )]
    SignIn {
        /// Credential
        credential: String,
        #[command(flatten)]
        connect: Connect,
    },
    /// Ask the authorization server about the credential's token (RFC 7662)
    #[command(after_help = "Examples:\n  countersign token introspect bank --json")]
    Introspect {
        /// Credential
        credential: String,
        #[command(flatten)]
        connect: Connect,
    },
    /// Hold the credential's token against the keys its issuer publishes (RFC 7517)
    #[command(after_help = "Examples:\n  countersign token verify bank")]
    Verify {
        /// Credential
        credential: String,
        #[command(flatten)]
        connect: Connect,
    },
    /// Revoke the credential's token and refresh token at the server (RFC 7009)
    #[command(after_help = "Examples:\n  countersign token revoke portal")]
    Revoke {
        /// Credential
        credential: String,
        #[command(flatten)]
        connect: Connect,
    },
    /// Tokens this process holds
    #[command(after_help = "Examples:\n  countersign token list --json")]
    List,
    /// Keep a token fresh and print each step: obtained, renewed, failed; ends with Ctrl-C
    #[command(
        after_help = "Examples:\n  countersign token watch bank\n  countersign token watch bank --renewals 3 --json"
    )]
    Watch {
        /// Credential
        credential: String,
        /// A subset of the credential's scope
        #[arg(long)]
        scope: Option<String>,
        /// End after so many renewals
        #[arg(long, value_name = "N")]
        renewals: Option<u64>,
        #[command(flatten)]
        connect: Connect,
    },
    /// Read a token on standard input and explain it
    #[command(
        after_help = "Examples:\n  countersign token inspect < token.jwt\n  countersign token inspect --jwks keys.json < token.jwt"
    )]
    Inspect {
        /// The issuer's keys: whether one of them signed it
        #[arg(long, value_name = "FILE")]
        jwks: Option<PathBuf>,
    },
}
