//! The command table: every operation a host can ask for, once. TypeScript, the window's router and its
//! permission list are made from it, and a test says they are equal.

/// One operation.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    /// Its name over IPC.
    pub name: &'static str,
    /// Arguments: name and TypeScript type. `progress` is a channel of the type named.
    pub arguments: &'static [(&'static str, &'static str)],
    /// TypeScript type of the result.
    pub result: &'static str,
}

const fn command(
    name: &'static str,
    arguments: &'static [(&'static str, &'static str)],
    result: &'static str,
) -> Command {
    Command { name, arguments, result }
}

/// All operations, by feature. Two take a secret in: `credential_set_secret` text, `credential_import_certificate` a
/// client certificate's files (and `vault_choose` and `vault_unlock` the vault's passphrase, `recipe_try` an answer and
/// `signature_compare` a base that may hold a token). None returns a secret
/// of yours; `handshake_secret` alone returns one, of a recorded connection, to a person who asked to see it.
pub const COMMANDS: &[Command] = &[
    // workspace
    command("workspace_read", &[], "WorkspaceView"),
    command("environment_choose", &[("name", "string | null")], "WorkspaceView"),
    command("environment_allow_live", &[], "null"),
    command("request_read", &[("path", "string")], "RequestDraft"),
    command("request_save", &[("draft", "RequestDraft")], "RequestDraft"),
    command("request_remove", &[("path", "string")], "WorkspaceView"),
    command("request_preview", &[("draft", "RequestDraft")], "RequestPreview"),
    command("signing_profile_list", &[], "SigningProfileView[]"),
    command("signing_profile_save", &[("profile", "SigningProfileView")], "SigningProfileView[]"),
    // sending
    command("send", &[("draft", "RequestDraft"), ("progress", "Channel<SendProgress>")], "ExchangeView"),
    command("send_cancel", &[("exchange", "string")], "null"),
    command("first_run", &[("progress", "Channel<SendProgress>")], "ExchangeView"),
    command("demo_break", &[("fault", "string"), ("progress", "Channel<SendProgress>")], "ExchangeView"),
    command("demo_remove", &[], "WorkspaceView"),
    command("watch_list", &[], "string[]"),
    command("watch_add", &[("hosts", "string[]")], "string[]"),
    command("watch_remove", &[("host", "string")], "string[]"),
    command("watch_check", &[], "WatchRow[]"),
    command("scan", &[("host", "string"), ("progress", "Channel<ScanProgress>")], "Scan"),
    command("inspect", &[("host", "string"), ("progress", "Channel<SendProgress>")], "ExchangeView"),
    // exchanges
    command("exchange_read", &[("exchange", "string")], "ExchangeView"),
    command("exchange_content", &[("reference", "string"), ("offset", "number"), ("length", "number")], "ArrayBuffer"),
    command("handshake_read", &[("exchange", "string")], "HandshakeView"),
    command("chain_fetch", &[("exchange", "string")], "Explained"),
    command("handshake_secret", &[("exchange", "string"), ("name", "string")], "string"),
    command("exchange_copy_curl", &[("exchange", "string")], "null"),
    command(
        "exchange_save",
        &[
            ("exchange", "string"),
            ("kind", "\"json\" | \"har\" | \"pem\" | \"content\" | \"pcapng\" | \"pcapng-full\" | \"keylog\""),
        ],
        "string",
    ),
    command("exchange_compare", &[("left", "string"), ("right", "string")], "Comparison"),
    command("signature_compare", &[("exchange", "string"), ("theirs", "string")], "Parted | null"),
    command("history_list", &[("filter", "string"), ("before", "string | null"), ("limit", "number")], "HistoryPage"),
    command("history_clear", &[], "null"),
    // credentials
    command("credential_list", &[], "CredentialView[]"),
    command("credential_save", &[("form", "CredentialForm")], "CredentialView"),
    command("credential_discover", &[("issuer", "string")], "ServerView"),
    command("credential_remove", &[("name", "string")], "CredentialView[]"),
    command("credential_set_secret", &[("name", "string"), ("slot", "string"), ("text", "string")], "CredentialView"),
    command(
        "credential_import_certificate",
        &[
            ("form", "CertificateForm"),
            ("certificate", "string"),
            ("key", "string | null"),
            ("passphrase", "string | null"),
        ],
        "CredentialView",
    ),
    command("credential_remove_secret", &[("name", "string"), ("slot", "string")], "CredentialView"),
    command("credential_generate_key", &[("name", "string"), ("slot", "string"), ("alg", "string")], "CredentialView"),
    command("credential_test", &[("name", "string"), ("progress", "Channel<SendProgress>")], "ExchangeView"),
    command("credential_probe", &[("name", "string"), ("progress", "Channel<SendProgress>")], "EncodingProbe"),
    // recipes
    command("recipe_list", &[], "RecipeView[]"),
    command("recipe_save", &[("form", "RecipeForm")], "RecipeView[]"),
    command("recipe_remove", &[("id", "string")], "RecipeView[]"),
    command("recipe_try", &[("form", "RecipeForm"), ("status", "number"), ("answer", "string")], "RecipeReading"),
    command(
        "recipe_test",
        &[("form", "RecipeForm"), ("credential", "string"), ("progress", "Channel<SendProgress>")],
        "RecipeTest",
    ),
    // tokens
    command("token_list", &[], "TokenRow[]"),
    command("token_obtain", &[("credential", "string"), ("progress", "Channel<SendProgress>")], "ExchangeView"),
    command("token_renew", &[("credential", "string"), ("progress", "Channel<SendProgress>")], "ExchangeView"),
    command("token_sign_in", &[("credential", "string"), ("progress", "Channel<SignInProgress>")], "ExchangeView"),
    command("token_introspect", &[("credential", "string")], "IntrospectionView"),
    command("token_verify", &[("credential", "string")], "VerificationView"),
    command("token_revoke", &[("credential", "string")], "TokenRow[]"),
    command("token_discard", &[("credential", "string")], "TokenRow[]"),
    command("token_copy", &[("credential", "string")], "null"),
    // gateway
    command("gateway_read", &[], "GatewayView"),
    command("gateway_start", &[("dialect", "string"), ("lifetime", "number")], "GatewayView"),
    command("gateway_stop", &[], "GatewayView"),
    command("gateway_fault", &[("group", "string"), ("fault", "string | null")], "GatewayView"),
    command("gateway_clear_faults", &[], "GatewayView"),
    command("gateway_token_lifetime", &[("seconds", "number")], "GatewayView"),
    command("gateway_expire_tokens", &[], "GatewayView"),
    command("gateway_copy_ca", &[], "null"),
    command("zoo_read", &[], "ZooLesson[]"),
    command("zoo_inspect", &[("id", "string"), ("progress", "Channel<SendProgress>")], "ExchangeView"),
    // settings
    command("preferences_read", &[], "Preferences"),
    command("preferences_write", &[("preferences", "Preferences")], "Preferences"),
    command("trust_read", &[], "TrustView"),
    command("trust_add_ca", &[("pem", "string"), ("hosts", "string[]")], "TrustView"),
    command("trust_remove_ca", &[("file", "string")], "TrustView"),
    command("trust_add_pin", &[("host", "string"), ("pin", "string")], "TrustView"),
    command("trust_remove_pin", &[("host", "string"), ("pin", "string")], "TrustView"),
    command("trust_store", &[("store", "string"), ("used", "boolean")], "TrustView"),
    command("trust_profile", &[("profile", "string")], "TrustView"),
    command("accept_unverified", &[("host", "string"), ("accept", "boolean")], "TrustView"),
    command("vault_read", &[], "VaultView"),
    command("vault_check", &[], "VaultView"),
    command(
        "vault_choose",
        &[("backend", "\"os\" | \"passphrase\" | \"memory\""), ("passphrase", "string | null")],
        "VaultView",
    ),
    command("vault_unlock", &[("passphrase", "string | null")], "VaultView"),
    command("status_read", &[], "StatusView"),
    command("changes", &[("progress", "Channel<Change>")], "null"),
    command("copy_text", &[("text", "string")], "null"),
    command("open_url", &[("url", "string")], "null"),
    command("window_ready", &[], "null"),
];
