//! The token engine through a working day in seconds: fifty requests a second, tokens of five minutes, a token endpoint
//! that fails, an outage, a computer that sleeps, and a server whose clock is ten minutes off. The server is the judge:
//! it counts its calls in flight, and refuses a token that is dead by its own clock.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_console::clock::{Clock, ManualClock};
use countersign_console::entropy::Entropy;
use countersign_console::token::{Ask, Engine, EngineParts, KeepRefresh, KeptRefresh, Obtain, Obtained, TokenKey};
use countersign_evidence::{Exchange, Fault, Outcome, Problem, Timestamp};
use countersign_oauth::{Recipe, Refusal, process};
use serde_json::json;

type Boxed<T> = std::pin::Pin<Box<dyn Future<Output = T> + Send>>;

const HOURS: u64 = 8;
const LIFE: u64 = 300;
/// Between two requests.
const STEP: Duration = Duration::from_millis(20);
const LIMIT: Duration = Duration::from_secs(10);
/// Calls when each token is used to its last second.
const IDEAL: usize = (HOURS * 3600 / LIFE) as usize;

/// A day.
#[derive(Clone, Copy)]
struct Day {
    seed: u64,
    /// Of a hundred token calls.
    faults: u64,
    outage: bool,
    /// The server's clock less ours, seconds.
    skew: i64,
}

/// Knuth's constants.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// An authorization server and the API behind it, on a clock of their own.
struct Server {
    clock: Clock,
    day: Day,
    began: Duration,
    dice: Mutex<Dice>,
    /// When each token dies by the server's clock, seconds.
    issued: Mutex<HashMap<String, i64>>,
    present: AtomicUsize,
    most: AtomicUsize,
    calls: AtomicUsize,
}

impl Server {
    fn now(&self) -> i64 {
        // of the boot clock: what is done to our wall clock is not its affair
        1_800_000_000 + i64::try_from(self.clock.boot().as_secs()).unwrap() + self.day.skew
    }

    /// RFC 6750 §3.1: whether it answers 401.
    fn refuses(&self, token: &str) -> bool {
        self.issued.lock().unwrap().get(token).is_none_or(|exp| self.now() >= *exp)
    }

    fn out(&self) -> bool {
        let at = self.clock.boot() - self.began;
        self.day.outage && (10_800..10_845).contains(&at.as_secs())
    }

    /// A JWT with the times of this server's clock.
    fn token(&self, number: usize) -> String {
        let exp = self.now() + i64::try_from(LIFE).unwrap();
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let claims = json!({"iat": self.now(), "exp": exp, "jti": number.to_string()});
        let token = format!("{}.{}.c2lnbmF0dXJl", part(json!({"alg": "ES256"})), part(claims));
        self.issued.lock().unwrap().insert(token.clone(), exp);
        token
    }
}

struct Calls(Arc<Server>);

impl Obtain for Calls {
    fn obtain(&self, _ask: Ask) -> Boxed<Obtained> {
        let server = Arc::clone(&self.0);
        Box::pin(async move {
            let number = server.calls.fetch_add(1, Ordering::SeqCst) + 1;
            server.most.fetch_max(server.present.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            let (t0, sent_at) = (server.clock.boot(), server.clock.now());
            let (latency, fault) = {
                let mut dice = server.dice.lock().unwrap();
                (Duration::from_millis(50 + dice.roll(250)), dice.roll(100))
            };
            server.clock.sleep_until(t0 + latency).await;
            server.present.fetch_sub(1, Ordering::SeqCst);
            let mut exchange = Box::new(Exchange::new(format!("call-{number}"), sent_at));
            if server.out() || (fault < server.day.faults && fault % 2 == 1) {
                exchange.outcome = Outcome::Failed;
                let problem = Problem::new("tcp.reset", Fault::Environment, "the server did not answer", "reset");
                let may_have_been_sent = !server.out();
                return Obtained::Unreached { problem, may_have_been_sent, exchange };
            }
            if fault < server.day.faults {
                let refusal = Refusal {
                    status: 503,
                    error: None,
                    error_description: None,
                    not_json: None,
                    no_token: false,
                    members: Vec::new(),
                };
                let problem = Problem::new("token.server_error", Fault::Peer, "the server failed", "503");
                return Obtained::Refused { refusal, retry_after: None, problem, exchange };
            }
            let body = json!({"access_token": server.token(number), "token_type": "Bearer", "expires_in": LIFE});
            let recipe = Recipe::built_in("rfc6749").unwrap();
            let issued = process(&recipe, 200, &[], body.to_string().as_bytes(), sent_at).ok().unwrap();
            Obtained::Issued { issued, t0, sent_at, date_ms: Some(server.now() * 1000), exchange }
        })
    }
}

/// Tokens of client_credentials have no refresh token to be kept.
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

/// What became of the requests.
#[derive(Default)]
struct Tally {
    sent: AtomicU64,
    unauthorized: AtomicU64,
    without: AtomicU64,
    waited: AtomicU64,
    longest_us: AtomicU64,
    waiting: AtomicUsize,
}

struct Run {
    hand: ManualClock,
    clock: Clock,
    engine: Engine,
    server: Arc<Server>,
    tally: Arc<Tally>,
    key: Arc<TokenKey>,
    _locks: tempfile::TempDir,
}

impl Run {
    fn new(day: Day) -> Self {
        let (clock, hand) = Clock::manual(Timestamp::from_unix_seconds(1_800_000_000));
        let server = Arc::new(Server {
            clock: clock.clone(),
            day,
            began: clock.boot(),
            dice: Mutex::new(Dice(day.seed)),
            issued: Mutex::default(),
            present: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            calls: AtomicUsize::new(0),
        });
        let (locks, dice) = (tempfile::tempdir().unwrap(), Mutex::new(Dice(day.seed + 1000)));
        let engine = Engine::new(EngineParts {
            clock: clock.clone(),
            entropy: Entropy::from_function(move |bytes| {
                let mut dice = dice.lock().unwrap();
                bytes.fill_with(|| u8::try_from(dice.roll(256)).unwrap());
            }),
            locks: locks.path().to_path_buf(),
            obtain: Arc::new(Calls(Arc::clone(&server))),
            keep: Arc::new(Nowhere),
            changed: Arc::new(|| {}),
        });
        let key = Arc::new(TokenKey {
            hash: "k".into(),
            credential: "demo-client".into(),
            environment: None,
            requested_scope: String::new(),
            audience: String::new(),
            authorization_server: "https://localhost:8444".into(),
            client_authentication: "client_secret_basic".into(),
            recipe: Arc::new(Recipe::built_in("rfc6749").unwrap()),
            generation: 1,
        });
        Self { hand, clock, engine, server, tally: Arc::default(), key, _locks: locks }
    }

    /// Lets everybody go on until only the clock is waited for.
    async fn settle(&self) {
        let mut quiet = 0;
        while quiet < 12 {
            tokio::task::yield_now().await;
            quiet = if self.engine.working() == 0 { quiet + 1 } else { 0 };
        }
    }

    /// A request with the token it got; the API judges it when it arrives.
    fn used(server: &Server, tally: &Tally, token: &str) {
        tally.sent.fetch_add(1, Ordering::Relaxed);
        tally.unauthorized.fetch_add(u64::from(server.refuses(token)), Ordering::Relaxed);
    }

    async fn request(&self) {
        let now = self.clock.boot();
        if let Some(held) = self.engine.peek("k").filter(|held| now < held.life.soft_at) {
            Self::used(&self.server, &self.tally, held.secret.expose_secret());
            self.engine.used("k");
            tokio::task::yield_now().await;
            return;
        }
        let (engine, key, server, tally) =
            (self.engine.clone(), Arc::clone(&self.key), Arc::clone(&self.server), Arc::clone(&self.tally));
        tally.waiting.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(async move {
            match engine.lease(key, LIMIT).await {
                Ok(lease) => {
                    engine.used("k");
                    Self::used(&server, &tally, lease.held.secret.expose_secret());
                    tally.waited.fetch_add(u64::from(lease.waited_us > 0), Ordering::Relaxed);
                    tally.longest_us.fetch_max(lease.waited_us, Ordering::Relaxed);
                }
                Err(_) => {
                    tally.without.fetch_add(1, Ordering::Relaxed);
                }
            }
            tally.waiting.fetch_sub(1, Ordering::SeqCst);
        });
        self.settle().await;
    }

    async fn pass(&self) {
        let (began, mut slept, mut moved) = (self.clock.boot(), false, false);
        loop {
            let at = self.clock.boot() - began;
            if at >= Duration::from_secs(HOURS * 3600) {
                break;
            }
            if !slept && at >= Duration::from_secs(5 * 3600) {
                // the lid is closed for half an hour; both clocks run on
                slept = true;
                self.hand.advance(Duration::from_secs(1800));
                self.settle().await;
            }
            if !moved && at >= Duration::from_secs(2 * 3600) {
                // a time server sets our wall clock: nothing may notice
                moved = true;
                self.hand.set_wall(self.clock.wall() - Duration::from_secs(600));
            }
            self.request().await;
            self.hand.advance(STEP);
        }
        for _ in 0..600 {
            self.hand.advance(STEP);
            self.settle().await;
        }
        assert_eq!(self.tally.waiting.load(Ordering::SeqCst), 0, "every request came to its end");
    }

    fn judge(&self, tenths: usize) {
        let count = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
        let (tally, server) = (&self.tally, &self.server);
        let calls = server.calls.load(Ordering::SeqCst);
        let says = format!(
            "seed {}: {} requests, {} refused with 401, {} without a token, {} waited (longest {} ms); {calls} token \
             calls (ideal {IDEAL}), {} at once",
            server.day.seed,
            count(&tally.sent),
            count(&tally.unauthorized),
            count(&tally.without),
            count(&tally.waited),
            count(&tally.longest_us) / 1000,
            server.most.load(Ordering::SeqCst),
        );
        crate::support::say(&says);
        // half an hour of it was slept through
        let sent = (HOURS * 3600 - 1800) * 50;
        assert!(count(&tally.sent) + count(&tally.without) >= sent, "fifty a second: {says}");
        assert_eq!(count(&tally.unauthorized), 0, "no 401 from expiry: {says}");
        assert_eq!(count(&tally.without), 0, "no request goes without: {says}");
        assert_eq!(server.most.load(Ordering::SeqCst), 1, "one call at a time: {says}");
        assert!(calls * 10 <= IDEAL * tenths, "at most {tenths} tenths of the ideal: {says}");
    }
}

fn day(day: Day, tenths: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let run = Run::new(day);
        run.pass().await;
        run.judge(tenths);
    });
}

#[test]
fn with_faults_an_outage_and_a_server_ten_minutes_ahead_nothing_is_refused() {
    day(Day { seed: 1, faults: 10, outage: true, skew: 600 }, 15);
}

#[test]
fn with_faults_an_outage_and_a_server_ten_minutes_behind_nothing_is_refused() {
    day(Day { seed: 2, faults: 10, outage: true, skew: -600 }, 15);
}

#[test]
fn without_faults_the_calls_are_at_most_thirteen_tenths_of_the_ideal() {
    day(Day { seed: 3, faults: 0, outage: false, skew: 0 }, 13);
}

#[test]
fn with_thirty_faults_in_a_hundred_they_are_at_most_eighteen_tenths() {
    day(Day { seed: 4, faults: 30, outage: true, skew: 0 }, 18);
}
