//! The facade: one method for each operation of the command table, and what the command line needs beside it.

use std::sync::{Arc, Mutex, OnceLock, RwLock};
use std::time::Duration;

use countersign_evidence::{Fault, Problem};
use countersign_exchange::{Client, ContentStore};
use countersign_gateway::{Dialect, Fault as GatewayFault, FaultGroup, Ready};
use countersign_secret::{Redactor, Secret, SecretBytes, SecretText};
use countersign_signing::PublicKey;
use countersign_tls::Connector;
use countersign_vault::{Backend, Config, Kind, Vault};
use tokio::sync::broadcast::error::RecvError;

use crate::clock::Clock;
use crate::core::{Core, lock, view_of};
use crate::entropy::Entropy;
use crate::folder::DataFolder;
use crate::gateway::Start;
use crate::history::History;
use crate::options::Options;
use crate::send::{run, token_call::TokenCaller};
use crate::state::StateFile;
use crate::token::{Engine, EngineParts};
use crate::view::{
    Change, Comparison, CredentialForm, CredentialView, ExchangeView, GatewayView, HistoryPage, Preferences,
    RequestDraft, RequestPreview, SendProgress, SigningProfileView, StatusView, TokenRow, TrustView, VaultView,
    WorkspaceView,
};
use crate::workspace::{CredentialFile, Workspace};

type Answer<T> = Result<T, Problem>;

/// How long a token operation on request may take.
const TOKEN_LIMIT: Duration = Duration::from_secs(30);

/// How `countersign gateway` is to run.
pub struct GatewayStart {
    /// How it speaks.
    pub dialect: Dialect,
    /// API address; loopback.
    pub listen: std::net::SocketAddr,
    /// Authorization server's address; loopback.
    pub authorization_listen: std::net::SocketAddr,
    /// Life of access tokens.
    pub token_lifetime: Duration,
    /// Faults active from the start.
    pub faults: Vec<GatewayFault>,
    /// Keys whose signatures it checks: keyid and public JWK as JSON.
    pub trusted_keys: Vec<(String, String)>,
    /// The demo client's secret; absent: random.
    pub demo_secret: Option<Arc<SecretText>>,
}

/// A gateway that runs on its own, beside no console.
pub struct GatewayHandle {
    gateway: countersign_gateway::Gateway,
    demo_secret: Arc<SecretText>,
}

impl GatewayHandle {
    /// Starts it.
    ///
    /// # Errors
    /// An address that is not loopback, a port that is taken, a key that does not read.
    pub async fn start(start: GatewayStart, clock: &Clock, entropy: &Entropy) -> Answer<Self> {
        let demo_secret = start.demo_secret.unwrap_or_else(|| {
            let mut bytes = [0; 24];
            entropy.fill(&mut bytes);
            Arc::new(Secret::new(base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, bytes)))
        });
        let mut config = countersign_gateway::Config::new(Arc::clone(&demo_secret), clock.wall_function());
        config.listen = start.listen;
        config.authorization_listen = start.authorization_listen;
        config.dialect = start.dialect;
        config.token_lifetime = start.token_lifetime;
        config.faults = start.faults;
        for (keyid, jwk) in start.trusted_keys {
            config.trusted_keys.push(countersign_gateway::TrustedKey { key: public_key(&keyid, &jwk)?, keyid });
        }
        let gateway = countersign_gateway::Gateway::start(config).await.map_err(|e| e.problem())?;
        Ok(Self { gateway, demo_secret })
    }

    /// Where everything is.
    pub fn ready(&self) -> Ready {
        self.gateway.ready()
    }

    /// Its root, RFC 7468.
    pub fn ca_pem(&self) -> &str {
        self.gateway.ca_pem()
    }

    /// The demo client's secret, for the one place that shows or stores it.
    pub fn demo_secret(&self) -> &SecretText {
        &self.demo_secret
    }

    /// Each request and failed handshake as it is judged: time, request, status, judgement.
    pub fn subscribe(&self) -> tokio::sync::broadcast::Receiver<countersign_gateway::Seen> {
        self.gateway.subscribe()
    }

    /// Stops listening and ends connections.
    pub async fn stop(self) {
        self.gateway.stop().await;
    }
}

fn public_key(keyid: &str, jwk: &str) -> Answer<PublicKey> {
    let bad = |reason: String| {
        Problem::new("signature.bad_key", Fault::Caller, format!("the key `{keyid}` does not read"), reason)
            .with_hint("Give a public JWK (RFC 7517) of type OKP Ed25519 or EC P-256.")
    };
    let jwk: countersign_signing::PublicJwk = serde_json::from_str(jwk).map_err(|e| bad(e.to_string()))?;
    PublicKey::from_jwk(&jwk).map_err(|e| bad(e.to_string()))
}

/// A console over one workspace and one data folder. Cheap to clone.
#[derive(Clone)]
pub struct Console {
    core: Arc<Core>,
}

impl Console {
    /// Opens it: files are read, the keychain is not asked yet.
    ///
    /// # Errors
    /// A workspace that was named and is none, folders that cannot be made.
    pub async fn open(options: Options) -> Answer<Self> {
        let opened = tokio::task::spawn_blocking(move || open(options)).await;
        let core = opened
            .map_err(|e| Problem::new("internal.task", Fault::Us, "the console did not open", e.to_string()))??;
        let engine = Engine::new(EngineParts {
            clock: core.clock.clone(),
            entropy: core.entropy.clone(),
            locks: core.data.locks(),
            obtain: Arc::new(TokenCaller { core: Arc::downgrade(&core) }),
            keep: Arc::new(crate::kept::KeptInVault { core: Arc::downgrade(&core) }),
            changed: {
                let changes = core.changes.clone();
                Arc::new(move || {
                    let _nobody = changes.send(Change::Tokens);
                })
            },
        });
        let _once = core.engine.set(engine);
        tokio::task::spawn_blocking(|| {
            countersign_tls::warm_up();
            crate::trust::warm_up();
        });
        // beside the warm-up, not behind it: a short command has ended by then, and would never sweep
        let sweeping = Arc::clone(&core);
        tokio::task::spawn_blocking(move || sweeping.sweep_contents());
        Ok(Self { core })
    }

    /// The clock of this console.
    pub fn clock(&self) -> &Clock {
        &self.core.clock
    }

    /// The source of randomness of this console.
    pub fn entropy(&self) -> &Entropy {
        &self.core.entropy
    }

    /// Strikes live secrets from text that is about to be shown.
    pub fn redactor(&self) -> &Redactor {
        &self.core.redactor
    }

    /// Stops the gateway and background renewals.
    pub async fn close(&self) {
        for token in lock(&self.core.sending).values() {
            token.cancel();
        }
        self.core.engine().close().await;
        self.core.stop_gateway().await;
        self.core.client.close_idle();
        self.core.remove_passing();
    }

    // workspace

    /// The workspace as the sidebar shows it.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub async fn workspace_read(&self) -> Answer<WorkspaceView> {
        self.core.blocking(|core| Ok(workspace_view(core))).await?
    }

    /// Mutating calls may go out in the environment in use, until this process ends.
    ///
    /// # Errors
    /// None now.
    pub async fn environment_allow_live(&self) -> Answer<()> {
        self.core.allow_live();
        Ok(())
    }

    /// Chooses the environment, for this person on this machine.
    ///
    /// # Errors
    /// An environment that is not there.
    pub async fn environment_choose(&self, name: Option<&str>) -> Answer<WorkspaceView> {
        let name = name.map(ToOwned::to_owned);
        let view = self
            .core
            .blocking(move |core| {
                if let Some(name) = &name
                    && !core.workspace.environments().value.iter().any(|e| e.name == *name)
                {
                    return Err(Problem::new(
                        "workspace.no_environment",
                        Fault::Caller,
                        format!("there is no environment `{name}`"),
                        "nothing was changed",
                    )
                    .with_hint("Choose one of environments/ in the workspace."));
                }
                core.change_state(|state| state.environment = name)?;
                Ok(workspace_view(core))
            })
            .await??;
        for change in [Change::Workspace, Change::Credentials, Change::Tokens] {
            self.core.changed(change);
        }
        Ok(view)
    }

    /// A request's file as a draft.
    ///
    /// # Errors
    /// A file that is not there or does not read.
    pub async fn request_read(&self, path: &str) -> Answer<RequestDraft> {
        let path = path.to_owned();
        self.core
            .blocking(move |core| {
                let draft = core.workspace.request(&path)?.draft;
                // which request was open last is one person's; that it cannot be written does not keep it from opening
                let _kept = core.change_state(|state| state.last_request = Some(path));
                Ok(draft)
            })
            .await?
    }

    /// Writes a draft to its file.
    ///
    /// # Errors
    /// A name that is no slug, a folder that cannot be written.
    pub async fn request_save(&self, draft: RequestDraft) -> Answer<RequestDraft> {
        let saved = self
            .core
            .blocking(move |core| {
                core.ensure_workspace()?;
                core.workspace.save_request(&draft)
            })
            .await??;
        self.core.changed(Change::Workspace);
        Ok(saved)
    }

    /// Removes a request's file.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub async fn request_remove(&self, path: &str) -> Answer<WorkspaceView> {
        let path = path.to_owned();
        let view = self
            .core
            .blocking(move |core| {
                core.workspace.remove_request(&path)?;
                Ok::<_, Problem>(workspace_view(core))
            })
            .await??;
        self.core.changed(Change::Workspace);
        Ok(view)
    }

    /// What would be sent.
    ///
    /// # Errors
    /// None of the draft's: those are in the preview.
    pub async fn request_preview(&self, draft: RequestDraft) -> Answer<RequestPreview> {
        self.core.blocking(move |core| core.preview(&draft)).await
    }

    /// Signing profiles of the workspace.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub async fn signing_profile_list(&self) -> Answer<Vec<SigningProfileView>> {
        self.core.blocking(|core| core.workspace.signing_profiles().value.iter().map(profile_view).collect()).await
    }

    /// Writes a signing profile.
    ///
    /// # Errors
    /// A profile that does not hold together.
    pub async fn signing_profile_save(&self, profile: SigningProfileView) -> Answer<Vec<SigningProfileView>> {
        let list = self
            .core
            .blocking(move |core| {
                core.ensure_workspace()?;
                let (name, profile) = profile_of(profile)?;
                core.workspace.save_signing_profile(&name, &profile)?;
                Ok::<_, Problem>(core.workspace.signing_profiles().value.iter().map(profile_view).collect())
            })
            .await??;
        self.core.changed(Change::Workspace);
        Ok(list)
    }

    // sending

    /// Sends a draft. A refusal, ours or the server's, is an exchange like any other.
    ///
    /// # Errors
    /// None: whatever happens is in the document.
    pub async fn send(
        &self,
        draft: RequestDraft,
        progress: impl Fn(SendProgress) + Send + Sync + 'static,
    ) -> Answer<ExchangeView> {
        Ok(run::run(&self.core, draft, Arc::new(progress)).await)
    }

    /// Cancels a send.
    ///
    /// # Errors
    /// None: a send that has ended is cancelled as well as can be.
    pub async fn send_cancel(&self, exchange: &str) -> Answer<()> {
        if let Some(token) = lock(&self.core.sending).get(exchange) {
            token.cancel();
        }
        Ok(())
    }

    /// The first run: gateway, demo credential, one signed request.
    ///
    /// # Errors
    /// A vault that cannot take the secret, ports, files.
    pub async fn first_run(&self, progress: impl Fn(SendProgress) + Send + Sync + 'static) -> Answer<ExchangeView> {
        self.core.first_run(Arc::new(progress)).await
    }

    /// Breaks one thing on purpose and sends again.
    ///
    /// # Errors
    /// A fault that is none of the four.
    pub async fn demo_break(
        &self,
        fault: &str,
        progress: impl Fn(SendProgress) + Send + Sync + 'static,
    ) -> Answer<ExchangeView> {
        self.core.demo_break(fault, Arc::new(progress)).await
    }

    /// Undoes the first run.
    ///
    /// # Errors
    /// A vault or folder that cannot be written.
    pub async fn demo_remove(&self) -> Answer<WorkspaceView> {
        self.core.remove_demo().await?;
        self.workspace_read().await
    }

    /// One observed handshake.
    ///
    /// # Errors
    /// A text that is no host.
    pub async fn inspect(
        &self,
        host: &str,
        progress: impl Fn(SendProgress) + Send + Sync + 'static,
    ) -> Answer<ExchangeView> {
        self.core.inspect(host, Arc::new(progress)).await
    }

    // exchanges

    /// A past exchange, or a token call made since the start.
    ///
    /// # Errors
    /// One that is not there.
    pub async fn exchange_read(&self, exchange: &str) -> Answer<ExchangeView> {
        let id = exchange.to_owned();
        self.core
            .blocking(move |core| {
                if let Some(entry) = core.history()?.read(&id)? {
                    return Ok(view_of(entry));
                }
                let call = core.call(&id).ok_or_else(|| no_exchange(&id))?;
                Ok(view_of(crate::history::Entry {
                    exchange: call,
                    workspace: core.workspace_id(),
                    environment: core.environment_name(),
                    request_path: None,
                    gateway_seen: None,
                }))
            })
            .await?
    }

    /// A range of a content, raw.
    ///
    /// # Errors
    /// A reference that is none, a content that is gone.
    pub async fn exchange_content(&self, reference: &str, offset: u64, length: u64) -> Answer<Vec<u8>> {
        let reference = reference.to_owned();
        self.core
            .blocking(move |core| {
                core.content.read(&reference, offset, length).map_err(|e| {
                    Problem::new(
                        "storage.content_gone",
                        Fault::Environment,
                        "the content is not here any more",
                        format!("{reference}: {e}"),
                    )
                    .with_hint("The history keeps the newest contents up to its bound; send again to see it.")
                })
            })
            .await?
    }

    /// The exchange as a curl command, secrets by reference.
    ///
    /// # Errors
    /// One that is not there.
    pub async fn exchange_copy_curl(&self, exchange: &str) -> Answer<String> {
        let view = self.exchange_read(exchange).await?;
        self.core
            .blocking(move |core| crate::export::curl(&view.evidence, core.sent_bytes(&view.evidence).as_deref()))
            .await
    }

    /// Writes an exchange to a file in the exports folder; its path.
    ///
    /// # Errors
    /// A kind that is none, a folder that cannot be written.
    pub async fn exchange_save(&self, exchange: &str, kind: &str) -> Answer<String> {
        let view = self.exchange_read(exchange).await?;
        let kind = kind.to_owned();
        self.core.blocking(move |core| core.save_exchange(&view.evidence, &kind)).await?
    }

    /// Two exchanges side by side.
    ///
    /// # Errors
    /// One that is not there.
    pub async fn exchange_compare(&self, left: &str, right: &str) -> Answer<Comparison> {
        let (left, right) = (self.exchange_read(left).await?, self.exchange_read(right).await?);
        Ok(crate::export::compare(&left.evidence, &right.evidence))
    }

    /// A page of the history, newest first.
    ///
    /// # Errors
    /// A history that cannot be read.
    pub async fn history_list(&self, filter: &str, before: Option<&str>, limit: u64) -> Answer<HistoryPage> {
        let (filter, before) = (filter.to_owned(), before.map(ToOwned::to_owned));
        self.core.blocking(move |core| core.history()?.page(&filter, before.as_deref(), limit)).await?
    }

    /// Forgets every exchange and content.
    ///
    /// # Errors
    /// A history that cannot be written.
    pub async fn history_clear(&self) -> Answer<()> {
        self.core.blocking(|core| core.history()?.clear()).await??;
        self.core.changed(Change::History);
        self.core.changed(Change::Status);
        Ok(())
    }

    // credentials

    /// All credentials, without their secrets.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub async fn credential_list(&self) -> Answer<Vec<CredentialView>> {
        let files = self.core.blocking(|core| core.workspace.credentials().value).await?;
        let mut views = Vec::with_capacity(files.len());
        for file in &files {
            views.push(self.core.credential_view(file).await);
        }
        Ok(views)
    }

    /// Files of credentials that could not be read, each named with its line.
    ///
    /// # Errors
    /// A task of ours that ended.
    pub async fn credential_problems(&self) -> Answer<Vec<Problem>> {
        self.core.blocking(|core| core.workspace.credentials().problems).await
    }

    /// One credential.
    ///
    /// # Errors
    /// One that is not there.
    pub async fn credential_read(&self, name: &str) -> Answer<CredentialView> {
        let name = name.to_owned();
        let file = self.core.blocking(move |core| core.workspace.credential(&name)).await??;
        Ok(self.core.credential_view(&file).await)
    }

    /// Adds or changes a credential's metadata; tokens obtained before are dropped.
    ///
    /// # Errors
    /// A host pattern that is none, a recipe that is none, a folder that cannot be written.
    pub async fn credential_save(&self, form: CredentialForm) -> Answer<CredentialView> {
        let file = self
            .core
            .blocking(move |core| {
                core.ensure_workspace()?;
                let file = core.credential_of(form)?;
                core.workspace.save_credential(&file)?;
                core.change_state(|state| state.bump_credential(&file.name))?;
                Ok::<CredentialFile, Problem>(file)
            })
            .await??;
        self.core.credential_changed(&file.name);
        Ok(self.core.credential_view(&file).await)
    }

    /// Removes a credential, its secrets and its token.
    ///
    /// # Errors
    /// A vault that cannot be written.
    pub async fn credential_remove(&self, name: &str) -> Answer<Vec<CredentialView>> {
        self.core.remove_credential(name).await?;
        self.credential_list().await
    }

    /// Puts a secret into a slot. The one way in; there is no way out.
    ///
    /// # Errors
    /// A vault that cannot take it, a key that does not read.
    pub async fn credential_set_secret(&self, name: &str, slot: &str, text: SecretText) -> Answer<CredentialView> {
        let secret = Arc::new(Secret::new(text.expose_secret().as_bytes().to_vec()));
        self.set_slot(name, slot, secret, Some(&text)).await
    }

    async fn set_slot(
        &self,
        name: &str,
        slot: &str,
        value: Arc<SecretBytes>,
        text: Option<&SecretText>,
    ) -> Answer<CredentialView> {
        if value.is_empty() {
            return Err(Problem::new(
                "credential.empty_secret",
                Fault::Caller,
                "the secret is empty",
                format!("{name}/{slot}"),
            )
            .with_hint("Enter the secret that the API's owner gave you."));
        }
        self.core.write_slot(name, slot, Kind::Text, value).await?;
        let file = self.core.workspace.credential(name)?;
        if let Some(text) = text {
            self.core.note_encoding(&file, text)?;
        }
        Ok(self.core.credential_view(&file).await)
    }

    /// Empties a slot.
    ///
    /// # Errors
    /// A vault that cannot be written.
    pub async fn credential_remove_secret(&self, name: &str, slot: &str) -> Answer<CredentialView> {
        let address = self.core.slot(name, slot)?;
        self.core.vault().remove(&address.id).await.map_err(|e| e.problem())?;
        self.core.change_state(|state| {
            state.remove_slot(&address.id);
            state.bump_credential(name);
        })?;
        lock(&self.core.signers).remove(&address.id);
        self.core.credential_changed(name);
        self.credential_read(name).await
    }

    /// Makes a signing key in the vault.
    ///
    /// # Errors
    /// An algorithm that is none, a vault that cannot take it.
    pub async fn credential_generate_key(&self, name: &str, slot: &str, alg: &str) -> Answer<CredentialView> {
        let algorithm = crate::credential::algorithm(alg)?;
        self.core.generate_key(name, slot, algorithm).await?;
        self.credential_read(name).await
    }

    /// Obtains a token, so that one knows the credential works.
    ///
    /// # Errors
    /// A credential that is not there.
    pub async fn credential_test(
        &self,
        name: &str,
        progress: impl Fn(SendProgress) + Send + Sync + 'static,
    ) -> Answer<ExchangeView> {
        self.core
            .obtain_token(name, None, crate::obtain::Wanted::New("test of the credential"), Arc::new(progress))
            .await
    }

    // tokens

    /// Every token of the engine.
    ///
    /// # Errors
    /// None now.
    pub async fn token_list(&self) -> Answer<Vec<TokenRow>> {
        Ok(self.core.rows())
    }

    /// A token, obtained or reused.
    ///
    /// # Errors
    /// A credential that is not there.
    pub async fn token_obtain(
        &self,
        credential: &str,
        progress: impl Fn(SendProgress) + Send + Sync + 'static,
    ) -> Answer<ExchangeView> {
        self.core.obtain_token(credential, None, crate::obtain::Wanted::Any, Arc::new(progress)).await
    }

    /// As `token_obtain`, for a subset of the credential's scope.
    ///
    /// # Errors
    /// A credential that is not there, a scope it does not have.
    pub async fn token_obtain_scoped(
        &self,
        credential: &str,
        scope: Option<&str>,
        progress: impl Fn(SendProgress) + Send + Sync + 'static,
    ) -> Answer<ExchangeView> {
        self.core.obtain_token(credential, scope, crate::obtain::Wanted::Any, Arc::new(progress)).await
    }

    /// A new token in place of the present one.
    ///
    /// # Errors
    /// A credential that is not there.
    pub async fn token_renew(
        &self,
        credential: &str,
        progress: impl Fn(SendProgress) + Send + Sync + 'static,
    ) -> Answer<ExchangeView> {
        self.core.obtain_token(credential, None, crate::obtain::Wanted::New("on request"), Arc::new(progress)).await
    }

    /// Forgets the credential's tokens.
    ///
    /// # Errors
    /// None now.
    pub async fn token_discard(&self, credential: &str) -> Answer<Vec<TokenRow>> {
        self.core.engine().discard(credential);
        self.core.changed(Change::Tokens);
        self.token_list().await
    }

    /// The token for the clipboard or a script; it goes there in Rust.
    ///
    /// # Errors
    /// No token, or one that cannot be obtained.
    pub async fn token_copy(&self, credential: &str) -> Answer<Arc<SecretText>> {
        let file = self.core.workspace.credential(credential)?;
        let key = self.core.token_key(&file, None)?;
        let lease = self.core.engine().lease(key, TOKEN_LIMIT).await.map_err(|failure| failure.problem)?;
        Ok(Arc::clone(&lease.held.secret))
    }

    // gateway

    /// The gateway's page.
    ///
    /// # Errors
    /// None now.
    pub async fn gateway_read(&self) -> Answer<GatewayView> {
        Ok(self.core.gateway_view(None).await)
    }

    /// Starts the gateway with the demo client's secret and key.
    ///
    /// # Errors
    /// A dialect that is none, a vault that cannot be read.
    pub async fn gateway_start(&self, dialect: &str, lifetime: u64) -> Answer<GatewayView> {
        let dialect = Dialect::parse(dialect).map_err(|e| e.problem())?;
        let lifetime = Duration::from_secs(lifetime.clamp(5, 3600));
        let (demo_secret, trusted_keys) = self.core.demo_identity().await?;
        let key = Arc::clone(&demo_secret);
        let start = Start { dialect, lifetime, demo_secret, trusted_keys, preferred_ports: true };
        match self.core.start_gateway(start).await {
            Ok(()) if dialect == Dialect::Ngenius => {
                self.core.prepare_ngenius(&key).await?;
                Ok(self.core.gateway_view(None).await)
            }
            Ok(()) => Ok(self.core.gateway_view(None).await),
            Err(problem) => Ok(self.core.gateway_view(Some(problem)).await),
        }
    }

    /// Stops the gateway.
    ///
    /// # Errors
    /// None now.
    pub async fn gateway_stop(&self) -> Answer<GatewayView> {
        self.core.stop_gateway().await;
        self.gateway_read().await
    }

    /// Switches a fault of a group on, or off.
    ///
    /// # Errors
    /// A fault that is none; a gateway that does not run.
    pub async fn gateway_fault(&self, group: &str, fault: Option<&str>) -> Answer<GatewayView> {
        let unknown = || {
            Problem::new(
                "gateway.unknown_fault",
                Fault::Caller,
                format!("`{group}` is not a group of faults"),
                "nothing was changed",
            )
        };
        let group = FaultGroup::parse(group).ok_or_else(unknown)?;
        let fault = fault.map(GatewayFault::parse).transpose().map_err(|e| e.problem())?;
        self.core
            .change_faults(|gateway| match fault {
                Some(fault) => gateway.set_fault(fault),
                None => gateway.clear_fault(group),
            })
            .await?;
        self.gateway_read().await
    }

    /// Switches every fault off.
    ///
    /// # Errors
    /// A gateway that does not run.
    pub async fn gateway_clear_faults(&self) -> Answer<GatewayView> {
        self.core
            .change_faults(|gateway| FaultGroup::ALL.into_iter().for_each(|group| gateway.clear_fault(group)))
            .await?;
        self.gateway_read().await
    }

    /// Life of the tokens issued from now on.
    ///
    /// # Errors
    /// A gateway that does not run.
    pub async fn gateway_token_lifetime(&self, seconds: u64) -> Answer<GatewayView> {
        let lifetime = Duration::from_secs(seconds.clamp(5, 3600));
        self.core.with_gateway(|gateway| gateway.set_token_lifetime(lifetime)).await?;
        self.gateway_read().await
    }

    /// Every token issued so far has expired, from the gateway's view.
    ///
    /// # Errors
    /// A gateway that does not run.
    pub async fn gateway_expire_tokens(&self) -> Answer<GatewayView> {
        self.core.with_gateway(countersign_gateway::Gateway::expire_tokens_now).await?;
        self.gateway_read().await
    }

    /// The gateway's root for the clipboard.
    ///
    /// # Errors
    /// A gateway that does not run.
    pub async fn gateway_copy_ca(&self) -> Answer<String> {
        self.core.with_gateway(|gateway| gateway.ca_pem().to_owned()).await
    }

    // settings

    /// Preferences.
    ///
    /// # Errors
    /// None now.
    pub async fn preferences_read(&self) -> Answer<Preferences> {
        Ok(self.core.preferences())
    }

    /// Writes preferences.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub async fn preferences_write(&self, preferences: Preferences) -> Answer<Preferences> {
        self.core.blocking(move |core| core.write_preferences(preferences)).await?
    }

    /// Trust settings.
    ///
    /// # Errors
    /// A file that does not read.
    pub async fn trust_read(&self) -> Answer<TrustView> {
        self.core.blocking(|core| Ok(core.trust_view(&core.workspace.trust()?))).await?
    }

    /// Adds a CA for some hosts.
    ///
    /// # Errors
    /// Text that holds no certificate, no host.
    pub async fn trust_add_ca(&self, pem: &str, hosts: Vec<String>) -> Answer<TrustView> {
        let pem = pem.to_owned();
        self.core
            .blocking(move |core| {
                core.ensure_workspace()?;
                core.check_ca(&pem, &hosts)?;
                let file = core.workspace.add_ca(&pem, &hosts)?;
                core.trust_changed();
                Ok(core.trust_view(&file))
            })
            .await?
    }

    /// Removes a CA.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub async fn trust_remove_ca(&self, file: &str) -> Answer<TrustView> {
        let name = file.to_owned();
        self.core
            .blocking(move |core| {
                let file = core.workspace.remove_ca(&name)?;
                core.trust_changed();
                Ok(core.trust_view(&file))
            })
            .await?
    }

    /// Where secrets rest, and whether they can be read.
    ///
    /// # Errors
    /// None now.
    pub async fn vault_read(&self) -> Answer<VaultView> {
        if self.core.vault().state() == countersign_vault::State::Probing {
            return Ok(self.core.check_vault().await);
        }
        Ok(self.core.vault_view())
    }

    /// Asks the store again.
    ///
    /// # Errors
    /// None now.
    pub async fn vault_check(&self) -> Answer<VaultView> {
        Ok(self.core.check_vault().await)
    }

    /// Another place for secrets.
    ///
    /// # Errors
    /// A backend that is none, a migration that stopped.
    pub async fn vault_choose(&self, backend: &str, passphrase: Option<SecretText>) -> Answer<VaultView> {
        let known = || {
            Problem::new(
                "usage.unknown_backend",
                Fault::Caller,
                format!("`{backend}` is not one of os, passphrase, memory"),
                "nothing was changed",
            )
        };
        let backend = Backend::parse(backend).ok_or_else(known)?;
        self.core.choose_vault(backend, passphrase).await
    }

    /// Unlocks.
    ///
    /// # Errors
    /// A passphrase that was refused, a keychain that stays locked.
    pub async fn vault_unlock(&self, passphrase: Option<SecretText>) -> Answer<VaultView> {
        self.core.unlock_vault(passphrase).await
    }

    /// The status bar.
    ///
    /// # Errors
    /// None now.
    pub async fn status_read(&self) -> Answer<StatusView> {
        Ok(self.core.status().await)
    }

    /// Every change from now on, until the host is gone; the first is what the keychain says.
    ///
    /// # Errors
    /// None now.
    pub async fn changes(&self, told: impl Fn(Change) + Send + Sync + 'static) -> Answer<()> {
        let mut news = self.core.changes.subscribe();
        let core = Arc::clone(&self.core);
        tokio::spawn(async move {
            // who listens wants to know where secrets rest, before one is needed
            if core.vault().state() == countersign_vault::State::Probing {
                core.check_vault().await;
            }
        });
        tokio::spawn(async move {
            loop {
                match news.recv().await {
                    Ok(change) => told(change),
                    Err(RecvError::Lagged(_)) => ALL_CHANGES.into_iter().for_each(&told),
                    Err(RecvError::Closed) => return,
                }
            }
        });
        Ok(())
    }

    // what the command line needs beside the table

    /// An exchange in another form, as text.
    ///
    /// # Errors
    /// One that is not there, a form that is none.
    pub async fn exchange_export(&self, exchange: &str, kind: &str) -> Answer<String> {
        let view = self.exchange_read(exchange).await?;
        let kind = kind.to_owned();
        self.core.blocking(move |core| core.export(&view.evidence, &kind)).await?
    }

    /// A private key for signing, PKCS#8 PEM, into a slot; its public half goes into the credential's file.
    ///
    /// # Errors
    /// Text that is no such key, a vault that cannot take it.
    pub async fn credential_import_key(&self, name: &str, slot: &str, pem: &SecretBytes) -> Answer<CredentialView> {
        self.core.import_key(name, slot, pem).await?;
        self.credential_read(name).await
    }

    /// Removes what the vault keeps for itself, when no slot is left in it.
    ///
    /// # Errors
    /// A vault that cannot be written.
    pub async fn vault_clear(&self) -> Answer<()> {
        self.core.vault().clear(&[]).await.map_err(|e| e.problem())
    }

    /// A gateway of another process as the demo credential of this workspace.
    ///
    /// # Errors
    /// A vault or folder that cannot be written.
    pub async fn demo_store(&self, secret: &SecretText, ready: &Ready) -> Answer<()> {
        self.core.store_demo(secret, ready).await
    }

    // the tour

    /// The demo of the tour: as the first run, on free ports, without the send.
    ///
    /// # Errors
    /// A vault that cannot take the secret.
    pub async fn demo_prepare(&self) -> Answer<()> {
        self.core.prepare_demo(false).await
    }

    /// The draft of the demo's payment.
    ///
    /// # Errors
    /// A demo that was not prepared.
    pub async fn demo_draft(&self) -> Answer<RequestDraft> {
        self.request_read(crate::demo::CREATE).await
    }
}

/// Who missed some is told of all.
const ALL_CHANGES: [Change; 8] = [
    Change::Credentials,
    Change::Gateway,
    Change::History,
    Change::Preferences,
    Change::Status,
    Change::Tokens,
    Change::Trust,
    Change::Workspace,
];

fn no_exchange(id: &str) -> Problem {
    Problem::new("exchange.not_found", Fault::Caller, "this exchange is not in the history", id.to_owned())
        .with_hint("The history keeps the newest exchanges up to its bound.")
}

fn open(options: Options) -> Answer<Arc<Core>> {
    let clock = options.clock.clone().unwrap_or_else(|| Clock::system(options.at));
    let entropy = Entropy::system();
    let no_home = || {
        Problem::new(
            "storage.no_home",
            Fault::Environment,
            "there is no home folder",
            "neither a data folder nor HOME is set",
        )
        .with_hint("Name one with --data-dir.")
    };
    let root = options.data_dir.clone().or_else(|| options.surroundings.data_root()).ok_or_else(no_home)?;
    let config = if options.data_dir.is_some() {
        root.clone()
    } else {
        options.surroundings.config_root().unwrap_or_else(|| root.clone())
    };
    let data = DataFolder::new(root, config);
    let named = options.workspace_named;
    let folder = options.workspace.clone().unwrap_or_else(|| data.workspace_default());
    let workspace = Workspace::open(folder, named)?;
    let new_id = entropy.id(&clock);
    let id = Some(workspace.id()).filter(|id| !id.is_empty()).unwrap_or_else(|| new_id.clone());
    let crate::workspace::Loaded { value: state, problems: mut problems_at_start } =
        StateFile::load(&data.state_file(&id));
    let crate::workspace::Loaded { value: preferences, problems } = crate::preferences::load(&data.preferences());
    problems_at_start.extend(problems);
    let content = ContentStore::new(data.content());
    let history = History::open(&data.history_db(), content.clone(), crate::settings::bounds(&preferences));
    let backend = options.vault.or_else(|| state.backend.as_deref().and_then(Backend::parse)).unwrap_or(Backend::Os);
    let vault = Vault::open(Config { vault_id: id, backend, folder: data.vaults(), random: entropy.function() });
    let (ids_clock, ids_entropy) = (clock.clone(), entropy.clone());
    let connector = Connector::new(clock.wall_function(), Arc::new(move || ids_entropy.id(&ids_clock)));
    let core = Core {
        clock,
        entropy,
        redactor: Redactor::new(),
        data,
        workspace,
        new_id,
        problems_at_start,
        state: Mutex::new(state),
        preferences: Mutex::new(preferences),
        vault: RwLock::new(vault),
        client: Client::new(connector),
        content,
        history,
        engine: OnceLock::new(),
        gateway: tokio::sync::Mutex::new(None),
        gateway_facts: RwLock::new(None),
        trust: RwLock::new(None),
        sending: Mutex::default(),
        live_allowed: Mutex::default(),
        token_parts: Mutex::default(),
        calls: Mutex::default(),
        skews: Mutex::default(),
        last_clock: Mutex::new(None),
        signers: Mutex::default(),
        changes: tokio::sync::broadcast::channel(256).0,
        seen_links: Mutex::default(),
        passing: Mutex::default(),
        options,
    };
    core.check_command_stores()?;
    Ok(Arc::new(core))
}

fn workspace_view(core: &Core) -> WorkspaceView {
    let environments = core.workspace.environments();
    let tree = core.workspace.tree();
    let credentials = core.workspace.credentials();
    let profiles = core.workspace.signing_profiles();
    let mut problems = environments.problems;
    problems.extend(tree.problems);
    problems.extend(credentials.problems);
    problems.extend(profiles.problems);
    problems.extend(core.workspace.manifest_loaded().problems);
    problems.extend(core.workspace.trust().err());
    problems.extend(core.problems_at_start.iter().cloned());
    let state = lock(&core.state).clone();
    let untouched = credentials.value.is_empty() && tree.value.requests.is_empty() && tree.value.folders.is_empty();
    WorkspaceView {
        id: core.workspace_id(),
        name: core.workspace.manifest().name,
        folder: core.workspace.folder().display().to_string(),
        environment: core.environment_name(),
        environments: environments.value.into_iter().map(crate::workspace::Environment::view).collect(),
        requests: tree.value,
        problems,
        first_run: untouched && !state.first_run_done,
        demo: core.has_demo(),
        last_request: state.last_request,
    }
}

fn profile_view((name, profile): &(String, countersign_signing::Profile)) -> SigningProfileView {
    SigningProfileView {
        name: name.clone(),
        scheme: profile.scheme.clone(),
        alg: profile.alg.clone(),
        keyid: profile.keyid.clone(),
        key: profile.key.clone(),
        covered: profile.covered.clone(),
        parameters: profile.parameters.clone(),
        content_digest: profile.content_digest.clone().unwrap_or_default(),
    }
}

fn profile_of(view: SigningProfileView) -> Answer<(String, countersign_signing::Profile)> {
    let profile = countersign_signing::Profile {
        scheme: view.scheme,
        key: view.key,
        keyid: view.keyid,
        alg: view.alg,
        label: "sig1".into(),
        covered: view.covered,
        parameters: view.parameters,
        content_digest: Some(view.content_digest).filter(|d| !d.is_empty()),
        expires_after: None,
        tag: None,
    };
    // what is read back is checked as a file is
    let text = profile.to_toml().map_err(|e| e.problem())?;
    let checked = countersign_signing::Profile::from_toml(&text).map_err(|e| e.problem())?;
    Ok((view.name, checked))
}
