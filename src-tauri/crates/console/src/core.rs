//! What every use case stands on: clock, vault, workspace, connections, tokens, history. One for each process.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use countersign_evidence::{Exchange, Problem, Timestamp, ladder};
use countersign_exchange::{Client, ContentStore};
use countersign_oauth::{Sample, Skew};
use countersign_secret::Redactor;
use countersign_signing::SigningKey;
use countersign_tls::{ClientIdentity, Target, Trust};
use countersign_vault::Vault;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::folder::DataFolder;
use crate::gateway::Running;
use crate::history::{Entry, History};
use crate::options::Options;
use crate::recordings::Recordings;
use crate::send::token_call::TokenParts;
use crate::state::StateFile;
use crate::token::{Engine, Obtained};
use crate::uses::Uses;
use crate::view::{Change, ExchangeView, Preferences};
use crate::workspace::Workspace;

/// Token calls kept in memory, so that a generation's exchange can be opened.
const CALLS_KEPT: usize = 200;

/// Locks a mutex; what a panicking holder left is plain data and still whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Slot id and certificate file.
type CertificateKey = (String, String);

/// The inside of a console.
pub(crate) struct Core {
    pub(crate) options: Options,
    pub(crate) clock: Clock,
    pub(crate) entropy: Entropy,
    pub(crate) redactor: Redactor,
    pub(crate) data: DataFolder,
    pub(crate) workspace: Workspace,
    /// The id the workspace gets when it is written for the first time.
    pub(crate) new_id: String,
    /// The workspace's id as state and vault were opened for it.
    pub(crate) known_as: Mutex<String>,
    /// When the state file was last seen to change.
    pub(crate) state_seen: Mutex<Option<std::time::SystemTime>>,
    /// Files of the data folder that did not read when the console was opened.
    pub(crate) problems_at_start: Vec<Problem>,
    pub(crate) state: Mutex<StateFile>,
    pub(crate) preferences: Mutex<Preferences>,
    pub(crate) vault: RwLock<Vault>,
    pub(crate) client: Client,
    pub(crate) content: ContentStore,
    pub(crate) history: Result<History, Problem>,
    pub(crate) engine: OnceLock<Engine>,
    pub(crate) gateway: tokio::sync::Mutex<Option<Running>>,
    /// What of the running gateway others need without waiting for its lock.
    pub(crate) gateway_facts: RwLock<Option<crate::gateway::Facts>>,
    pub(crate) trust: RwLock<Option<Trust>>,
    pub(crate) sending: Mutex<HashMap<String, CancellationToken>>,
    /// Live environments that may be changed until this process ends.
    pub(crate) live_allowed: Mutex<HashSet<String>>,
    /// Tokens that sign-ins brought, for the engine to take, by the hash of their key.
    pub(crate) brought: Mutex<HashMap<String, Box<Obtained>>>,
    /// The last DPoP nonce of each server (RFC 9449 §8).
    pub(crate) dpop_nonces: Mutex<HashMap<String, String>>,
    pub(crate) token_parts: Mutex<HashMap<String, Arc<TokenParts>>>,
    pub(crate) calls: Mutex<VecDeque<Exchange>>,
    pub(crate) uses: Uses,
    /// The keys of issuers as they were read last.
    pub(crate) key_sets: Mutex<HashMap<String, crate::jwks::Read>>,
    pub(crate) skews: Mutex<HashMap<String, Skew>>,
    pub(crate) last_clock: Mutex<Option<String>>,
    pub(crate) signers: Mutex<HashMap<String, (u64, Arc<SigningKey>)>>,
    /// Client certificates in use, by slot and file, with the generation of the key.
    pub(crate) identities: Mutex<HashMap<CertificateKey, (u64, Arc<ClientIdentity>)>>,
    /// Hosts whose chain is accepted unverified until this process ends.
    pub(crate) unverified: Mutex<BTreeSet<String>>,
    /// What was recorded of the newest connections, secrets included.
    pub(crate) recordings: Mutex<Recordings>,
    pub(crate) changes: broadcast::Sender<Change>,
    pub(crate) seen_links: Mutex<HashMap<u64, String>>,
    /// Contents too large for the history, by reference: they live until the console is closed.
    pub(crate) passing: Mutex<Vec<String>>,
}

impl Core {
    /// The token engine. Set once, right after the core was made.
    pub(crate) fn engine(&self) -> &Engine {
        #[expect(clippy::expect_used, reason = "Console::open sets it before anyone else holds the core")]
        self.engine.get().expect("set by Console::open")
    }

    /// The vault in use now.
    pub(crate) fn vault(&self) -> Vault {
        self.vault.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The workspace's id; before it was ever written, the one it will get.
    pub(crate) fn workspace_id(&self) -> String {
        Some(self.workspace.id()).filter(|id| !id.is_empty()).unwrap_or_else(|| self.new_id.clone())
    }

    /// Preferences as they are now.
    pub(crate) fn preferences(&self) -> Preferences {
        lock(&self.preferences).clone()
    }

    /// The history, or why it cannot be read.
    pub(crate) fn history(&self) -> Result<&History, Problem> {
        self.history.as_ref().map_err(Clone::clone)
    }

    /// Tells whoever shows it.
    pub(crate) fn changed(&self, change: Change) {
        let _nobody = self.changes.send(change);
    }

    /// Runs file work off the async threads.
    pub(crate) async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let core = Arc::clone(self);
        tokio::task::spawn_blocking(move || work(&core)).await.map_err(|e| {
            Problem::new("internal.task", countersign_evidence::Fault::Us, "a task of ours ended", e.to_string())
                .with_hint("This is a bug of ours; the evidence of what you did is kept.")
        })
    }

    /// A send begins: it can be cancelled by its id.
    pub(crate) fn begin_sending(&self, id: &str) -> CancellationToken {
        let token = CancellationToken::new();
        lock(&self.sending).insert(id.to_owned(), token.clone());
        token
    }

    /// A send ended.
    pub(crate) fn end_sending(&self, id: &str) {
        lock(&self.sending).remove(id);
    }

    /// Takes the `Date` of an answer.
    pub(crate) fn sample_clock(&self, endpoint: &str, date_ms: Option<i64>, sent_at: Timestamp) {
        let Some(date_ms) = date_ms else { return };
        let sample = Sample { date_ms, sent_ms: sent_at.unix_millis(), received_ms: self.clock.now().unix_millis() };
        lock(&self.skews).entry(endpoint.to_owned()).or_default().add(sample);
        *lock(&self.last_clock) = Some(endpoint.to_owned());
    }

    /// Server minus ours and plus or minus, milliseconds.
    pub(crate) fn clock_difference(&self, endpoint: &str) -> Option<(i64, i64)> {
        lock(&self.skews).get(endpoint).and_then(Skew::estimate)
    }

    /// Remembers which exchange the gateway's entry belongs to.
    pub(crate) fn link_seen(&self, seen: Option<&str>, target: &Target, exchange: &str) {
        let facts = self.gateway_facts.read().unwrap_or_else(PoisonError::into_inner);
        let ours = facts.as_ref().is_some_and(|facts| facts.is_at(target));
        if let Some(id) = seen.filter(|_| ours).and_then(|id| id.parse().ok()) {
            lock(&self.seen_links).insert(id, exchange.to_owned());
        }
    }

    /// Keeps a token call's document, so that a generation can be opened.
    pub(crate) fn remember_call(&self, obtained: &Obtained) {
        let (Obtained::Issued { exchange, .. }
        | Obtained::Refused { exchange, .. }
        | Obtained::Unreached { exchange, .. }) = obtained;
        let mut calls = lock(&self.calls);
        if calls.len() == CALLS_KEPT {
            calls.pop_front();
        }
        calls.push_back((**exchange).clone());
    }

    /// A token call made since the start.
    pub(crate) fn call(&self, id: &str) -> Option<Exchange> {
        lock(&self.calls).iter().find(|e| e.exchange == id).cloned()
    }

    /// The document goes into the history and to the host.
    pub(crate) async fn finish(self: &Arc<Self>, exchange: Exchange, request_path: Option<String>) -> ExchangeView {
        let entry = Entry {
            workspace: self.workspace_id(),
            environment: self.environment_name(),
            request_path,
            gateway_seen: self.seen_of(&exchange.exchange),
            exchange,
        };
        let entry = Arc::new(entry);
        let kept = Arc::clone(&entry);
        let content = kept
            .exchange
            .response
            .as_ref()
            .and_then(|r| r.content.as_ref())
            .filter(|content| content.not_kept.is_some());
        lock(&self.passing).extend(content.and_then(|content| content.reference.clone()));
        let written = self
            .blocking(move |core| core.history().and_then(|history| history.add(&kept)))
            .await
            .and_then(|written| written);
        let mut view = view_of(Arc::try_unwrap(entry).unwrap_or_else(|shared| (*shared).clone()));
        if let Err(problem) = written {
            // the answer is here and is shown; that it is not kept is said on it
            view.evidence.findings.push(not_kept(&problem));
        }
        self.changed(Change::History);
        self.changed(Change::Status);
        self.changed(Change::Credentials);
        view
    }

    /// Removes contents that a crash left unfinished or without an exchange: those of yesterday and before.
    pub(crate) fn sweep_contents(&self) {
        let yesterday = self.clock.wall() - Duration::from_secs(86_400);
        let _next_time = self.content.remove_unfinished(yesterday);
        if let Ok(history) = self.history() {
            let _removed = history.sweep(yesterday);
        }
    }

    /// Removes contents that were too large for the history.
    pub(crate) fn remove_passing(&self) {
        for reference in lock(&self.passing).drain(..) {
            let _swept_later = self.content.remove(&reference);
        }
    }

    fn seen_of(&self, exchange: &str) -> Option<u64> {
        lock(&self.seen_links).iter().filter(|(_, e)| e.as_str() == exchange).map(|(id, _)| *id).max()
    }
}

fn not_kept(problem: &Problem) -> countersign_evidence::Finding {
    countersign_evidence::Finding {
        id: "storage.not_kept".into(),
        severity: countersign_evidence::FindingSeverity::Warning,
        subject: "history".into(),
        sentence: format!("This exchange is not in the history: {}.", problem.title),
        fix: problem.hints.first().cloned().unwrap_or_default(),
        citation: countersign_evidence::Citation::new("", ""),
        certainty: None,
        certificate: None,
        rejects: None,
        values: Vec::new(),
        range: None,
        effective_since: None,
    }
}

/// An entry as hosts show it: the document and its ladders.
pub(crate) fn view_of(entry: Entry) -> ExchangeView {
    ExchangeView {
        ladder: ladder(&entry.exchange),
        previous: entry.exchange.previous_attempts.iter().map(|attempt| ladder(&attempt.exchange)).collect(),
        request_path: entry.request_path,
        environment: entry.environment,
        gateway_seen: entry.gateway_seen,
        evidence: entry.exchange,
    }
}
