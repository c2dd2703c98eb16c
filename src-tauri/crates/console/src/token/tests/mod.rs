//! The engine on a manual clock, against a server and a store that count.

mod callers;
mod kept;
mod simulation;

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign_evidence::{Exchange, Fault, Outcome, Problem, Timestamp};
use countersign_oauth::{Issued, Recipe, Refusal};
use countersign_secret::Secret;
use futures_util::future::BoxFuture;
use tokio::sync::watch;

use super::{Ask, Engine, EngineParts, KeepRefresh, KeptRefresh, Obtain, Obtained, TokenKey};
use crate::clock::{Clock, ManualClock};
use crate::entropy::Entropy;

const LIMIT: Duration = Duration::from_secs(10);

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// What the server does with a call.
#[derive(Clone, Debug)]
enum Answer {
    /// No answer, with this code; `sent`: the request arrived.
    Lost { code: &'static str, sent: bool },
    /// A refusal.
    No { status: u16, error: &'static str, retry_after: Option<Duration> },
    /// The vault did not open: nothing was tried.
    NotTried,
    /// A token, perhaps with a refresh token.
    Token { life: u64, refresh: Option<&'static str> },
}

fn token(life: u64) -> Answer {
    Answer::Token { life, refresh: None }
}

/// What the server saw of a call.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    number: u64,
    refresh: Option<String>,
    reason: String,
}

type Script = Box<dyn FnMut(&Seen) -> (Duration, Answer) + Send>;

/// An authorization server.
struct Server {
    clock: Clock,
    script: Mutex<Script>,
    seen: Mutex<Vec<Seen>>,
    present: AtomicUsize,
    most: AtomicUsize,
}

impl Server {
    fn new(clock: &Clock, script: impl FnMut(&Seen) -> (Duration, Answer) + Send + 'static) -> Arc<Self> {
        Arc::new(Self {
            clock: clock.clone(),
            script: Mutex::new(Box::new(script)),
            seen: Mutex::default(),
            present: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
        })
    }

    /// The same for each call.
    fn steady(clock: &Clock, latency: Duration, answer: Answer) -> Arc<Self> {
        Self::new(clock, move |_| (latency, answer.clone()))
    }

    /// One after the other, the last again and again.
    fn answers(clock: &Clock, latency: Duration, answers: Vec<Answer>) -> Arc<Self> {
        let mut left = answers.into_iter().peekable();
        Self::new(clock, move |_| {
            let answer = left.next().unwrap();
            if left.peek().is_none() {
                left = vec![answer.clone()].into_iter().peekable();
            }
            (latency, answer)
        })
    }

    fn calls(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    fn last(&self) -> Seen {
        self.seen.lock().unwrap().last().unwrap().clone()
    }
}

struct Caller(Arc<Server>);

impl Obtain for Caller {
    fn obtain(&self, ask: Ask) -> BoxFuture<'static, Obtained> {
        let server = Arc::clone(&self.0);
        Box::pin(async move {
            let seen = {
                let mut all = server.seen.lock().unwrap();
                let number = u64::try_from(all.len()).unwrap() + 1;
                let refresh = ask.refresh.as_ref().map(|token| token.expose_secret().clone());
                all.push(Seen { number, refresh, reason: ask.reason });
                all.last().unwrap().clone()
            };
            let present = server.present.fetch_add(1, Ordering::SeqCst) + 1;
            server.most.fetch_max(present, Ordering::SeqCst);
            let (latency, answer) = (server.script.lock().unwrap())(&seen);
            let (t0, sent_at) = (server.clock.boot(), server.clock.now());
            server.clock.sleep_until(t0 + latency).await;
            server.present.fetch_sub(1, Ordering::SeqCst);
            answered(&seen, &answer, t0, sent_at)
        })
    }
}

fn answered(seen: &Seen, answer: &Answer, t0: Duration, sent_at: Timestamp) -> Obtained {
    let mut exchange = Box::new(Exchange::new(format!("call-{}", seen.number), sent_at));
    exchange.outcome = Outcome::Answered;
    match *answer {
        Answer::Lost { code, sent } => {
            exchange.outcome = Outcome::Failed;
            let problem = Problem::new(code, Fault::Environment, "the server did not answer", code);
            Obtained::Unreached { problem, may_have_been_sent: sent, exchange }
        }
        Answer::No { status, error, retry_after } => {
            let refusal = Refusal {
                status,
                error: Some(error.into()),
                error_description: None,
                not_json: None,
                no_token: false,
                members: Vec::new(),
            };
            let problem = Problem::new(
                format!("token.{error}"),
                Fault::Caller,
                "the token was refused",
                format!("{status}, error={error}"),
            );
            Obtained::Refused { refusal, retry_after, problem, exchange }
        }
        Answer::NotTried => {
            exchange.outcome = Outcome::RefusedByUs;
            let problem = Problem::new("vault.locked", Fault::Environment, "the keychain is locked", "Secret Service");
            Obtained::Unreached { problem, may_have_been_sent: false, exchange }
        }
        Answer::Token { life, refresh } => {
            let issued = Issued {
                access_token: Arc::new(Secret::new(format!("access-{}", seen.number))),
                token_type: "Bearer".into(),
                expires_in: Some(s(life)),
                scope: None,
                refresh_token: refresh.map(|text| Secret::new(text.to_owned())),
                notes: Vec::new(),
            };
            Obtained::Issued { issued, t0, sent_at, date_ms: None, exchange }
        }
    }
}

/// Where refresh tokens rest in tests: the stored bytes, and what was done.
struct Store {
    value: Mutex<Option<Secret<Vec<u8>>>>,
    log: Mutex<Vec<String>>,
    refuses: AtomicBool,
    /// Writing waits while this is false.
    open: watch::Sender<bool>,
}

impl Store {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            value: Mutex::default(),
            log: Mutex::default(),
            refuses: AtomicBool::new(false),
            open: watch::channel(true).0,
        })
    }

    fn log(&self, what: impl Into<String>) {
        self.log.lock().unwrap().push(what.into());
    }

    fn logged(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    fn kept(&self) -> Option<KeptRefresh> {
        self.value.lock().unwrap().as_ref().map(|bytes| KeptRefresh::decode(bytes).unwrap())
    }
}

struct Vault(Arc<Store>);

impl KeepRefresh for Vault {
    fn read(&self, _key: &TokenKey) -> BoxFuture<'static, Result<Option<KeptRefresh>, Problem>> {
        let store = Arc::clone(&self.0);
        Box::pin(async move { Ok(store.kept()) })
    }

    fn write(&self, _key: &TokenKey, kept: KeptRefresh) -> BoxFuture<'static, Result<(), Problem>> {
        let store = Arc::clone(&self.0);
        Box::pin(async move {
            store.open.subscribe().wait_for(|open| *open).await.map(drop).unwrap();
            if store.refuses.load(Ordering::SeqCst) {
                return Err(Problem::new("vault.locked", Fault::Environment, "the keychain is locked", ""));
            }
            store.log(format!("write {} {}", kept.generation, kept.refresh_token.expose_secret()));
            *store.value.lock().unwrap() = Some(kept.encode());
            Ok(())
        })
    }

    fn remove(&self, _key: &TokenKey) -> BoxFuture<'static, Result<(), Problem>> {
        let store = Arc::clone(&self.0);
        Box::pin(async move {
            store.log("remove");
            *store.value.lock().unwrap() = None;
            Ok(())
        })
    }
}

/// Engines over one clock, one folder of locks and one store.
struct Bench {
    clock: Clock,
    hand: ManualClock,
    folder: tempfile::TempDir,
    store: Arc<Store>,
    engines: Mutex<Vec<Engine>>,
    /// Turns of the runtime without work that count as quiet; one turn polls some sixty tasks.
    turns: u32,
    changes: Arc<AtomicUsize>,
}

impl Bench {
    fn new() -> Self {
        let (clock, hand) = Clock::manual(Timestamp::from_unix_seconds(1_800_000_000));
        Self {
            clock,
            hand,
            folder: tempfile::tempdir().unwrap(),
            store: Store::new(),
            engines: Mutex::default(),
            turns: 100,
            changes: Arc::default(),
        }
    }

    fn engine(&self, server: &Arc<Server>) -> Engine {
        self.engine_in(server, self.folder.path(), 1)
    }

    fn engine_in(&self, server: &Arc<Server>, locks: &Path, seed: u64) -> Engine {
        let dice = Mutex::new(Dice(seed));
        let changes = Arc::clone(&self.changes);
        let engine = Engine::new(EngineParts {
            clock: self.clock.clone(),
            entropy: Entropy::from_function(move |bytes| {
                let mut dice = dice.lock().unwrap();
                bytes.fill_with(|| u8::try_from(dice.roll(256)).unwrap());
            }),
            locks: locks.to_path_buf(),
            obtain: Arc::new(Caller(Arc::clone(server))),
            keep: Arc::new(Vault(Arc::clone(&self.store))),
            changed: Arc::new(move || {
                changes.fetch_add(1, Ordering::SeqCst);
            }),
        });
        self.engines.lock().unwrap().push(engine.clone());
        engine
    }

    /// Lets every task go on until only the clock is waited for.
    async fn settle(&self) {
        let engines = self.engines.lock().unwrap().clone();
        let mut quiet = 0;
        while quiet < self.turns {
            tokio::task::yield_now().await;
            let working: usize = engines.iter().map(Engine::working).sum();
            if working == 0 {
                quiet += 1;
            } else {
                quiet = 0;
                std::thread::yield_now();
            }
        }
    }

    /// The clock goes on, and everybody with it.
    async fn advance(&self, by: Duration) {
        self.settle().await;
        self.hand.advance(by);
        self.settle().await;
    }

    /// In steps, so that what a timer starts has its own time.
    async fn pass(&self, by: Duration, steps: u32) {
        for _ in 0..steps {
            self.advance(by / steps).await;
        }
    }
}

pub(super) fn key(hash: &str, recipe: &str) -> Arc<TokenKey> {
    Arc::new(TokenKey {
        hash: hash.into(),
        credential: "demo-client".into(),
        environment: Some("local".into()),
        requested_scope: "payments:read".into(),
        audience: String::new(),
        authorization_server: "https://localhost:8444".into(),
        client_authentication: "client_secret_basic".into(),
        recipe: Arc::new(Recipe::built_in(recipe).unwrap()),
        generation: 1,
    })
}

/// Knuth's constants.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}
