//! Looking up a fresh token: the hot path of every send, at eight threads.

use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign_console::clock::Clock;
use countersign_console::entropy::Entropy;
use countersign_console::token::{Ask, Engine, EngineParts, KeepRefresh, KeptRefresh, Obtain, Obtained, TokenKey};
use countersign_evidence::{Exchange, Problem};
use countersign_oauth::{Recipe, process};

use super::stage::Row;

/// The future of a trait method.
type Boxed<T> = std::pin::Pin<Box<dyn Future<Output = T> + Send>>;

struct Issuer;

impl Obtain for Issuer {
    fn obtain(&self, _ask: Ask) -> Boxed<Obtained> {
        let clock = Clock::system(None);
        let body = br#"{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"Bearer","expires_in":300}"#;
        let issued = process(&Recipe::built_in("rfc6749").unwrap(), 200, &[], body, clock.now()).ok().unwrap();
        let exchange = Box::new(Exchange::new("bench", clock.now()));
        Box::pin(
            async move { Obtained::Issued { issued, t0: clock.boot(), sent_at: clock.now(), date_ms: None, exchange } },
        )
    }
}

struct Nowhere;

impl KeepRefresh for Nowhere {
    fn read(&self, _key: &TokenKey) -> Boxed<Result<Option<KeptRefresh>, Problem>> {
        Box::pin(async { Ok(None) })
    }
    fn write(&self, _key: &TokenKey, _kept: KeptRefresh) -> Boxed<Result<(), Problem>> {
        Box::pin(async { Ok(()) })
    }
    fn remove(&self, _key: &TokenKey) -> Boxed<Result<(), Problem>> {
        Box::pin(async { Ok(()) })
    }
}

pub fn rows() -> Vec<Row> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let locks = tempfile::tempdir().unwrap();
    let _guard = runtime.enter();
    let engine = Engine::new(EngineParts {
        clock: Clock::system(None),
        entropy: Entropy::system(),
        locks: locks.path().to_owned(),
        obtain: Arc::new(Issuer),
        keep: Arc::new(Nowhere),
        changed: Arc::new(|| {}),
    });
    let key = Arc::new(TokenKey {
        hash: "a".repeat(64),
        credential: "bench".into(),
        environment: None,
        requested_scope: String::new(),
        audience: String::new(),
        authorization_server: "https://localhost".into(),
        client_authentication: "client_secret_basic".into(),
        recipe: Arc::new(Recipe::built_in("rfc6749").unwrap()),
        generation: 0,
    });
    runtime.block_on(engine.lease(Arc::clone(&key), Duration::from_secs(5))).ok().unwrap();
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let (engine, hash) = (engine.clone(), key.hash.clone());
            std::thread::spawn(move || {
                let mut took = Vec::with_capacity(100_000);
                for _ in 0..100_000 {
                    let start = Instant::now();
                    let held = engine.peek(&hash);
                    took.push(start.elapsed());
                    assert!(held.is_some(), "a fresh token is there");
                }
                took
            })
        })
        .collect();
    let mut all: Vec<Duration> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    all.sort_unstable();
    let at = |per_mille: usize| format!("{} ns", all[all.len() * per_mille / 1000].as_nanos());
    runtime.block_on(engine.close());
    vec![Row {
        what: "token lookup, 8 threads: p50, p99, p99.9".into(),
        ours: format!("{}, {}, {}", at(500), at(990), at(999)),
        beside: "–".into(),
        ratio: None,
    }]
}
