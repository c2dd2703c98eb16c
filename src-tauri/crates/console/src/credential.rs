//! Credentials: metadata in the workspace, secrets in the vault, and the key under which their tokens are kept.

use std::sync::Arc;

use countersign_evidence::{Fault, Finding, Problem};
use countersign_oauth::{BasicEncoding, CacheKey, ClientAuthentication, Recipe, encoding_matters};
use countersign_secret::{Secret, SecretBytes, SecretText};
use countersign_signing::Algorithm;
use countersign_vault::{Backend, Kind, State};

use crate::core::{Core, lock};
use crate::identity::Choice;
use crate::send::token_call::TokenParts;
use crate::template::resolve;
use crate::token::TokenKey;
use crate::view::{Change, CredentialView, SlotState, SlotView, TokenRow};
use crate::workspace::{CredentialFile, SlotFile};

/// A slot as the vault knows it.
pub(crate) struct SlotRef {
    pub(crate) id: String,
    pub(crate) generation: u64,
}

impl Core {
    /// The address of a slot.
    pub(crate) fn slot(&self, credential: &str, slot: &str) -> Result<SlotRef, Problem> {
        self.adopt_workspace();
        let file = self.workspace.credential(credential)?;
        let Some(found) = file.slots.get(slot) else { return Err(no_slot(credential, slot)) };
        Ok(SlotRef { id: found.id.clone(), generation: lock(&self.state).slot_generation(&found.id) })
    }

    /// A slot's secret, known to the redactor from here on.
    pub(crate) async fn read_slot(&self, credential: &str, slot: &str) -> Result<SecretBytes, Problem> {
        let bytes = match self.slot(credential, slot) {
            Ok(address) => match self.stored(&address).await? {
                Some(bytes) => bytes,
                None => self.given(credential, slot)?.ok_or_else(|| empty(credential, slot))?,
            },
            // one that was never filled is not in the file yet
            Err(missing) => self.given(credential, slot)?.ok_or(missing)?,
        };
        if let Ok(text) = std::str::from_utf8(bytes.expose_secret()) {
            self.redactor.register_slot(credential, slot, &Secret::new(text.to_owned()));
        }
        Ok(bytes)
    }

    async fn stored(&self, address: &SlotRef) -> Result<Option<SecretBytes>, Problem> {
        let vault = self.vault();
        let expected = (vault.backend() != Backend::Memory).then_some(address.generation).filter(|g| *g > 0);
        let value = vault.get(&address.id, expected).await.map_err(|e| e.problem())?;
        Ok(value.map(|value| value.bytes))
    }

    /// A slot's secret as text.
    pub(crate) async fn read_text_slot(&self, credential: &str, slot: &str) -> Result<Arc<SecretText>, Problem> {
        let bytes = self.read_slot(credential, slot).await?;
        let text = String::from_utf8(bytes.expose_secret().clone()).map_err(|_| {
            Problem::new(
                "credential.not_text",
                Fault::Caller,
                format!("`{credential}/{slot}` is not text"),
                "it holds other bytes than UTF-8",
            )
            .with_hint("Replace the secret.")
        })?;
        Ok(Arc::new(Secret::new(text)))
    }

    /// A secret given to this process, for a slot of the memory vault.
    fn given(&self, credential: &str, slot: &str) -> Result<Option<SecretBytes>, Problem> {
        if self.vault().backend() != Backend::Memory {
            return Ok(None);
        }
        let file = self.workspace.credential(credential)?;
        let recipe = self.workspace.recipe(&file.recipe)?;
        let is_first = recipe.slots.first().is_some_and(|first| first == slot);
        let found = self.options.secrets.iter().find(|(name, _)| match name {
            Some(name) => name == slot,
            None => is_first,
        });
        Ok(found.map(|(_, secret)| Secret::new(secret.expose_secret().as_bytes().to_vec())))
    }

    /// Puts a secret into a slot; tokens obtained with the old one are dropped.
    pub(crate) async fn write_slot(
        &self,
        credential: &str,
        slot: &str,
        kind: Kind,
        value: Arc<SecretBytes>,
    ) -> Result<(), Problem> {
        let mut file = self.workspace.credential(credential)?;
        let id = match file.slots.get(slot) {
            Some(found) => found.id.clone(),
            None => {
                let id = self.entropy.id(&self.clock);
                file.slots.insert(slot.to_owned(), SlotFile { id: id.clone(), public_jwk: None });
                self.workspace.save_credential(&file)?;
                id
            }
        };
        if let Ok(text) = std::str::from_utf8(value.expose_secret()) {
            self.redactor.register_slot(credential, slot, &Secret::new(text.to_owned()));
        }
        let vault = self.vault();
        let generation = lock(&self.state).slot_generation(&id) + 1;
        vault
            .set(&id, &format!("{} ({slot})", file.title), kind, generation, Arc::clone(&value))
            .await
            .map_err(|e| e.problem())?;
        let fingerprint = vault.fingerprint(&value).await.map_err(|e| e.problem())?;
        let stored = crate::state::SlotRecord {
            generation,
            fingerprint: Some(fingerprint),
            stored_at: Some(self.clock.now()),
            findings: shape(slot, &value),
        };
        self.change_state(|state| {
            if vault.backend() != Backend::Memory {
                state.set_slot(&id, stored.clone());
            }
            state.bump_credential(credential);
        })?;
        if vault.backend() == Backend::Memory {
            lock(&self.state).remember_slot(&id, stored);
        }
        self.credential_changed(credential);
        Ok(())
    }

    /// Changes the state file and writes it.
    pub(crate) fn change_state(&self, change: impl FnOnce(&mut crate::state::StateFile)) -> Result<(), Problem> {
        let mut state = lock(&self.state);
        change(&mut state);
        state.save(&self.data.state_file(&self.workspace_id()))
    }

    /// An edit: pending token calls finish and their result is dropped.
    pub(crate) fn credential_changed(&self, credential: &str) {
        self.engine().drop_credential(credential);
        for change in [Change::Credentials, Change::Tokens, Change::Status] {
            self.changed(change);
        }
    }

    /// The key under which a credential's token is kept, and what a call for it is made of.
    pub(crate) fn token_key(&self, credential: &CredentialFile, scope: Option<&str>) -> Result<Arc<TokenKey>, Problem> {
        if !credential.has_tokens() {
            return Err(no_token(&credential.name));
        }
        self.adopt_workspace();
        let recipe = Arc::new(self.workspace.recipe(&credential.recipe)?);
        let (parts, key) = self.token_parts_with(credential, scope, recipe)?;
        lock(&self.token_parts).insert(key.hash.clone(), Arc::new(parts));
        Ok(Arc::new(key))
    }

    /// What a token call of this credential is made of, with this recipe, and the key of its token.
    pub(crate) fn token_parts_with(
        &self,
        credential: &CredentialFile,
        scope: Option<&str>,
        recipe: Arc<Recipe>,
    ) -> Result<(TokenParts, TokenKey), Problem> {
        if !credential.has_tokens() {
            return Err(no_token(&credential.name));
        }
        self.adopt_workspace();
        self.check_trust()?;
        let endpoint = self.token_endpoint(credential, &recipe)?;
        let target = self.plain_target(&endpoint)?;
        crate::send::draft::allowed(credential, &target)?;
        let encoding = BasicEncoding::parse(&credential.basic_encoding).unwrap_or_default();
        let authentication = authentication(credential, &recipe, encoding)?;
        let scope = subset(credential, scope)?;
        let environment = self.environment_name();
        let generation = lock(&self.state).credential_generation(&credential.name);
        let words = authentication.words();
        let hash = CacheKey {
            credential: &credential.name,
            environment: environment.as_deref().unwrap_or_default(),
            token_endpoint: &endpoint,
            client_id: &credential.client_id,
            authentication: &words,
            credential_generation: generation,
            grant: &credential.grant_type,
            scope: &scope,
            asked: &asked(credential),
            recipe: (&recipe.id, recipe.version),
        }
        .hash();
        let parts = TokenParts {
            issuer: self.resolved_text(credential.issuer.as_deref().unwrap_or_default())?,
            file: credential.clone(),
            token_endpoint: endpoint.clone(),
            target,
            authentication,
            recipe: Arc::clone(&recipe),
            scope: scope.clone(),
            identity: credential.certificate_file.as_ref().map(|_| Choice {
                credential: credential.clone(),
                reason: format!("The credential `{}` has it beside its secret.", credential.name),
            }),
        };
        let authorization_server =
            Some(parts.issuer.clone()).filter(|issuer| !issuer.is_empty()).unwrap_or_else(|| origin(&endpoint));
        let key = TokenKey {
            hash,
            credential: credential.name.clone(),
            environment,
            requested_scope: scope,
            audience: credential.grant.audience.clone(),
            authorization_server,
            client_authentication: words,
            recipe,
            generation,
        };
        Ok((parts, key))
    }

    /// A text with its templates resolved; one that has no value stays as it is.
    pub(crate) fn resolved_text(&self, text: &str) -> Result<String, Problem> {
        Ok(resolve(text, &self.scope(None))?.text)
    }

    /// What a call for this key is made of.
    pub(crate) fn token_parts(&self, hash: &str) -> Option<Arc<TokenParts>> {
        lock(&self.token_parts).get(hash).cloned()
    }

    /// The token endpoint with its templates resolved; the recipe's own where the credential has none.
    pub(crate) fn token_endpoint(&self, credential: &CredentialFile, recipe: &Recipe) -> Result<String, Problem> {
        let text = if credential.token_endpoint.is_empty() {
            recipe.defaults.token_endpoint.clone().unwrap_or_default()
        } else {
            credential.token_endpoint.clone()
        };
        let resolved = resolve(&text, &self.scope(None))?;
        match resolved.unresolved.first() {
            None => Ok(resolved.text),
            Some(name) if name.starts_with("gateway.") => Err(Problem::new(
                "token.endpoint_unresolved",
                Fault::Caller,
                "the local gateway does not run",
                format!("the token endpoint of `{}` is `{text}`", credential.name),
            )
            .with_hint("Start the local gateway, then send again.")),
            Some(name) => Err(Problem::new(
                "token.endpoint_unresolved",
                Fault::Caller,
                format!("`{{{{{name}}}}}` has no value"),
                format!("the token endpoint of `{}` is `{text}`", credential.name),
            )
            .with_hint("Give it a value in the environment, or write the address out.")),
        }
    }

    /// A credential as hosts show it.
    pub(crate) async fn credential_view(&self, file: &CredentialFile) -> CredentialView {
        let recipe = self.workspace.recipe(&file.recipe).ok();
        let endpoint = recipe.as_ref().and_then(|r| self.token_endpoint(file, r).ok());
        let names = self.slot_names(file, recipe.as_ref());
        let slots = names.iter().map(|name| self.slot_view(file, name)).collect();
        let last_used = self.history().ok().and_then(|history| history.last_used(&file.name));
        let token = self
            .rows()
            .into_iter()
            .find(|row| row.credential == file.name && row.environment == self.environment_name());
        CredentialView {
            name: file.name.clone(),
            title: file.title.clone(),
            kind: file.kind.clone(),
            environments: file.environments.clone(),
            allowed_hosts: file.allowed_hosts.clone(),
            recipe: file.recipe.clone(),
            token_endpoint: file.token_endpoint.clone(),
            token_endpoint_resolved: endpoint,
            findings: self.hygiene(file),
            issuer: file.issuer.clone(),
            client_id: file.client_id.clone(),
            token_endpoint_auth_method: file.token_endpoint_auth_method.clone(),
            basic_encoding: file.basic_encoding.clone(),
            basic_encoding_matters: lock(&self.state).basic_encoding_matters(&file.name),
            grant_type: file.grant_type.clone(),
            scope: file.scope.clone(),
            grant: file.grant.clone(),
            certificate: self.certificate_view(file),
            slots,
            last_used,
            token,
            used_by: self.workspace.requests_using(&file.name),
            demo: file.name == crate::demo::CREDENTIAL,
        }
    }

    /// The recipe's slots, then others the file has.
    fn slot_names(&self, file: &CredentialFile, recipe: Option<&Recipe>) -> Vec<String> {
        let mut names: Vec<String> = recipe.map(|r| r.slots.clone()).unwrap_or_default();
        match ClientAuthentication::parse(&file.token_endpoint_auth_method, BasicEncoding::Form) {
            _ if !file.has_tokens() => names.clear(),
            Ok(ClientAuthentication::PrivateKeyJwt) => names = vec![crate::proof::ASSERTION_KEY.to_owned()],
            Ok(method) if !method.needs_secret() => names.clear(),
            _ => {}
        }
        if file.grant_type == crate::send::token_grant::TOKEN_EXCHANGE && file.grant.subject_credential.is_empty() {
            names.push(crate::send::token_grant::SUBJECT_TOKEN.to_owned());
        }
        names.extend(file.slots.keys().filter(|name| !names.contains(name)).cloned().collect::<Vec<_>>());
        names
    }

    fn slot_view(&self, file: &CredentialFile, name: &str) -> SlotView {
        let vault = self.vault();
        let slot = file.slots.get(name);
        let record = slot.and_then(|s| lock(&self.state).slot(&s.id));
        let usable = vault.state().usable() || vault.state() == State::Probing;
        let store = vault.store().words();
        let (state, place) = match (&record, usable) {
            (_, false) => (SlotState::Unknown, vault.state().sentence().to_owned()),
            (Some(_), true) => (SlotState::Stored, format!("Stored in {store}")),
            (None, true) => (SlotState::Empty, "Nothing stored on this computer".to_owned()),
        };
        SlotView {
            name: name.to_owned(),
            title: slot_title(name, slot.and_then(|s| s.public_jwk.as_ref()).map(|jwk| jwk.crv.as_str())),
            state,
            place,
            fingerprint: record.as_ref().and_then(|r| r.fingerprint.clone()),
            stored_at: record.as_ref().and_then(|r| r.stored_at),
            findings: record
                .map(|r| r.findings.iter().filter_map(|id| shape_finding(id, name)).collect())
                .unwrap_or_default(),
        }
    }

    /// The engine's tokens as rows, with the clock of their server and who used them.
    pub(crate) fn rows(&self) -> Vec<TokenRow> {
        let mut rows: Vec<TokenRow> = self.engine().rows();
        for row in &mut rows {
            row.last_uses = self.uses.of(row);
            let endpoint = row.authorization_server.split_once("://").map_or("", |(_, rest)| rest);
            let known = if endpoint.contains(':') { endpoint.to_owned() } else { format!("{endpoint}:443") };
            row.clock = self
                .clock_difference(&known)
                .map(|(difference_ms, error_ms)| crate::view::ClockView { difference_ms, error_ms });
        }
        rows
    }

    /// Notes at entry whether form and raw differ for this id and secret.
    pub(crate) fn note_encoding(&self, file: &CredentialFile, secret: &SecretText) -> Result<(), Problem> {
        let matters = encoding_matters(&file.client_id, secret);
        self.change_state(|state| state.set_basic_encoding_matters(&file.name, matters))
    }
}

fn no_slot(credential: &str, slot: &str) -> Problem {
    Problem::new(
        "credential.no_slot",
        Fault::Caller,
        format!("`{credential}` has no slot `{slot}`"),
        "the credential's file lists none of this name",
    )
    .with_hint(format!(
        "Store it: Credentials, {credential}; or `countersign credential replace {credential} --slot {slot}`."
    ))
}

fn no_token(credential: &str) -> Problem {
    Problem::new(
        "credential.no_token",
        Fault::Caller,
        format!("`{credential}` obtains no token"),
        "it is a client certificate: the handshake shows it",
    )
    .with_hint("Send a request with it, or inspect a host with --client-cert.")
}

fn empty(credential: &str, slot: &str) -> Problem {
    Problem::new("credential.slot_empty", Fault::Caller, format!("`{slot}` of `{credential}` is empty"), "nothing is stored for it on this computer")
        .with_hint(format!("Store it: Credentials, {credential}, Replace secret; or `countersign credential replace {credential} --slot {slot}`."))
}

fn authentication(
    credential: &CredentialFile,
    recipe: &Recipe,
    encoding: BasicEncoding,
) -> Result<ClientAuthentication, Problem> {
    let made = match recipe.request.client_auth.as_deref() {
        Some("basic-form") => Ok(ClientAuthentication::ClientSecretBasic(BasicEncoding::Form)),
        Some("basic-raw") => Ok(ClientAuthentication::ClientSecretBasic(BasicEncoding::Raw)),
        Some("basic-verbatim") => Ok(ClientAuthentication::ClientSecretBasic(BasicEncoding::Verbatim)),
        Some(name) => ClientAuthentication::parse(name, encoding),
        None => ClientAuthentication::parse(&credential.token_endpoint_auth_method, encoding),
    };
    made.map_err(|e| e.problem())
}

/// What a token depends on beside its scope, each in its place.
fn asked(credential: &CredentialFile) -> Vec<&str> {
    let grant = &credential.grant;
    let mut asked = vec![
        grant.audience.as_str(),
        &grant.authorization_details,
        &grant.subject,
        &grant.subject_credential,
        &grant.subject_token_type,
        if grant.dpop { "dpop" } else { "" },
    ];
    asked.extend(grant.resource.iter().map(String::as_str));
    asked
}

/// The scope asked for: a subset of the credential's, or all of it.
fn subset(credential: &CredentialFile, asked: Option<&str>) -> Result<String, Problem> {
    let Some(asked) = asked.map(str::trim).filter(|s| !s.is_empty()) else { return Ok(credential.scope.clone()) };
    let has: Vec<&str> = credential.scope.split(' ').collect();
    match asked.split(' ').find(|s| !credential.scope.is_empty() && !has.contains(s)) {
        None => Ok(asked.to_owned()),
        Some(other) => Err(Problem::new(
            "credential.scope_not_listed",
            Fault::Caller,
            format!("`{other}` is not a scope of `{}`", credential.name),
            format!("its scope is `{}`", credential.scope),
        )
        .with_citation("RFC 6749", "3.3")
        .with_hint("Add it to the credential's scope, or ask for less.")),
    }
}

/// `https://host:port` of a URL.
pub(crate) fn origin(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    format!("{scheme}://{}", rest.split(['/', '?']).next().unwrap_or(rest))
}

/// What a slot is, in words.
pub(crate) fn slot_title(name: &str, curve: Option<&str>) -> String {
    match (name, curve) {
        ("client_secret", _) => "client secret".into(),
        ("api_key", _) => "API key".into(),
        ("signing_key", Some("Ed25519")) => "Ed25519 signing key".into(),
        ("signing_key", Some("P-256")) => "P-256 signing key".into(),
        ("signing_key", _) => "signing key".into(),
        ("client_key", _) => "private key of the client certificate".into(),
        ("assertion_key", _) => "private key of client assertions".into(),
        ("dpop_key", _) => "key that tokens are bound to".into(),
        ("subject_token", _) => "token to be exchanged".into(),
        (other, _) => other.replace('_', " "),
    }
}

/// What is odd about a secret at entry, by id; never the secret itself.
fn shape(slot: &str, value: &SecretBytes) -> Vec<String> {
    if [crate::identity::SLOT, "signing_key"].contains(&slot) {
        return Vec::new();
    }
    let Ok(text) = std::str::from_utf8(value.expose_secret()) else { return vec!["client.secret_not_text".into()] };
    let mut odd = Vec::new();
    if text.trim() != text {
        odd.push("client.secret_whitespace".into());
    }
    if value.len() < 6 {
        odd.push("client.secret_short".into());
    }
    odd
}

fn shape_finding(id: &str, slot: &str) -> Option<Finding> {
    let (sentence, fix, source, section) = match id {
        "client.secret_whitespace" => (
            "The stored secret begins or ends with a space or a line break.",
            "Replace the secret without it, unless it belongs there.",
            "RFC 6749",
            "A.2",
        ),
        "client.secret_short" => (
            "The stored secret is too short to be struck from logs and history by value.",
            "Ask for a longer one.",
            "",
            "",
        ),
        "client.secret_not_text" => ("The stored secret is not text.", "Replace the secret.", "RFC 6749", "A.2"),
        _ => return None,
    };
    Some(Finding {
        id: id.to_owned(),
        severity: countersign_evidence::FindingSeverity::Warning,
        subject: slot.to_owned(),
        sentence: sentence.to_owned(),
        fix: fix.to_owned(),
        citation: countersign_evidence::Citation::new(source, section),
        certainty: None,
        certificate: None,
        rejects: None,
        values: Vec::new(),
        range: None,
        effective_since: None,
    })
}

/// The algorithm named by a host.
pub(crate) fn algorithm(name: &str) -> Result<Algorithm, Problem> {
    Algorithm::parse(name).map_err(|e| e.problem())
}
