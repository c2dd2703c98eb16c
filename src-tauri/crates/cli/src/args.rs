//! Every command, option and example, once: help, completions and the man page are made from this.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

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

#[derive(Subcommand)]
pub(crate) enum RecipeAction {
    /// The workspace's own recipes and the built-in ones
    #[command(after_help = "Examples:\n  countersign recipe list --json")]
    List,
    /// Print a recipe's file
    #[command(after_help = "Examples:\n  countersign recipe show ngenius > acme.toml")]
    Show {
        /// Id
        recipe: String,
    },
    /// Take a recipe file into the workspace
    #[command(after_help = "Examples:\n  countersign recipe add acme.toml")]
    Add {
        /// The file
        file: PathBuf,
    },
    /// Remove a recipe of the workspace
    #[command(after_help = "Examples:\n  countersign recipe remove acme")]
    Remove {
        /// Id
        recipe: String,
    },
    /// Try a recipe: on an answer, or by one real token call
    #[command(
        after_help = "Examples:\n  countersign recipe test acme.toml --answer answer.json --status 200\n  curl … | countersign recipe test acme.toml --answer -\n  countersign recipe test ngenius --credential bank"
    )]
    Test {
        /// Id, or a file
        recipe: String,
        /// Ask the token endpoint of this credential
        #[arg(long, value_name = "NAME", conflicts_with = "answer")]
        credential: Option<String>,
        /// The content of an answer; - for standard input
        #[arg(long, value_name = "FILE|-")]
        answer: Option<PathBuf>,
        /// The status it came with
        #[arg(long, default_value_t = 200)]
        status: u16,
        #[command(flatten)]
        connect: Connect,
    },
}

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

#[derive(Subcommand)]
pub(crate) enum VaultAction {
    /// The store and its state; exit 6 when secrets cannot be read
    #[command(after_help = "Examples:\n  countersign vault status --json")]
    Status,
}
