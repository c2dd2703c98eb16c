//! The facade: one method for each operation of the command table, by feature, and what the command line needs
//! beside it.

mod credential;
mod exchange;
mod gateway;
mod handle;
mod recipe;
mod sending;
mod settings;
mod signing;
mod token;
mod watch;
mod workspace;

use std::sync::{Arc, Mutex, OnceLock, RwLock};

use countersign_evidence::{Fault, Problem};
use countersign_exchange::{Client, ContentStore};
use countersign_gateway::Ready;
use countersign_secret::{Redactor, SecretBytes, SecretText};
use countersign_tls::Connector;
use countersign_vault::{Backend, Config, Vault};

use crate::clock::Clock;
use crate::core::{Core, lock};
use crate::entropy::Entropy;
use crate::folder::DataFolder;
use crate::history::History;
use crate::options::Options;
use crate::send::token_call::TokenCaller;
use crate::state::StateFile;
use crate::token::{Engine, EngineParts};
use crate::view::{Change, CredentialView, RequestDraft};
use crate::workspace::Workspace;

pub use self::handle::{GatewayHandle, GatewayStart};

type Answer<T> = Result<T, Problem>;

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
        let cold = options.cold;
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
        if !cold {
            tokio::task::spawn_blocking(|| {
                countersign_tls::warm_up();
                crate::trust::warm_up();
            });
        }
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
    let vault =
        Vault::open(Config { vault_id: id.clone(), backend, folder: data.vaults(), random: entropy.function() });
    let (ids_clock, ids_entropy) = (clock.clone(), entropy.clone());
    let connector = Connector::new(clock.wall_function(), Arc::new(move || ids_entropy.id(&ids_clock)));
    let core = Core {
        clock,
        entropy,
        redactor: Redactor::new(),
        data,
        workspace,
        known_as: Mutex::new(id.clone()),
        state_seen: Mutex::default(),
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
        brought: Mutex::default(),
        dpop_nonces: Mutex::default(),
        calls: Mutex::default(),
        uses: crate::uses::Uses::default(),
        key_sets: Mutex::default(),
        skews: Mutex::default(),
        last_clock: Mutex::new(None),
        signers: Mutex::default(),
        identities: Mutex::default(),
        unverified: Mutex::default(),
        recordings: Mutex::default(),
        changes: tokio::sync::broadcast::channel(256).0,
        seen_links: Mutex::default(),
        passing: Mutex::default(),
        options,
    };
    core.check_command_stores()?;
    Ok(Arc::new(core))
}
