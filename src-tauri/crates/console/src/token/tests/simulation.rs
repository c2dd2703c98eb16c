//! Hours of token life in seconds: 300 s tokens, five requests a second, faults, an outage, a sleep.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{Answer, Bench, Dice, LIMIT, Server, key, ms, s, token};

/// What happened to the requests.
#[derive(Default)]
struct Tally {
    dead: AtomicU64,
    failed: AtomicU64,
    waited: AtomicU64,
    longest_us: AtomicU64,
}

struct Plan {
    seed: u64,
    life: u64,
    hours: u64,
    /// Of a hundred calls.
    faults: u64,
    /// Nobody listens in this time.
    outage: Option<(Duration, Duration)>,
    /// The computer sleeps from then on, this long.
    sleep: Option<(Duration, Duration)>,
}

struct Outcome {
    tally: Arc<Tally>,
    calls: usize,
    most: usize,
    ideal: usize,
}

async fn simulate(plan: Plan) -> Outcome {
    let bench = Bench { turns: 12, ..Bench::new() };
    let began = bench.clock.boot();
    let server = {
        let (clock, mut dice) = (bench.clock.clone(), Dice(plan.seed));
        Server::new(&bench.clock, move |_| {
            let at = clock.boot() - began;
            if plan.outage.is_some_and(|(from, to)| (from..to).contains(&at)) {
                return (ms(5), Answer::Lost { code: "tcp.refused", sent: false });
            }
            let latency = ms(50 + dice.roll(250));
            let answer = match dice.roll(100) {
                fault if fault >= plan.faults => token(plan.life),
                fault if fault % 2 == 0 => Answer::No { status: 503, error: "busy", retry_after: None },
                _ => Answer::Lost { code: "exchange.reset", sent: true },
            };
            (latency, answer)
        })
    };
    let engine = bench.engine_in(&server, bench.folder.path(), plan.seed);
    let (key, tally) = (key("k", "rfc6749"), Arc::new(Tally::default()));
    let (end, mut slept) = (s(plan.hours * 3600), false);
    let skews = Mutex::new(vec![(s(3600), 600_i64), (s(7200), -600)]);
    while bench.clock.boot() - began < end {
        let at = bench.clock.boot() - began;
        if let Some((_, long)) = plan.sleep.filter(|(from, _)| !slept && at >= *from) {
            slept = true;
            bench.hand.advance(long);
        }
        // a person or a time server moves the wall clock by ten minutes: nobody may notice
        let moved = skews.lock().unwrap().iter().position(|(from, _)| at >= *from);
        if let Some(index) = moved {
            let (_, by) = skews.lock().unwrap().remove(index);
            bench.hand.set_wall(
                countersign_evidence::Timestamp::from_unix_millis(bench.clock.now().unix_millis() + by * 1000)
                    .to_system(),
            );
        }
        let request = {
            let (engine, key, clock, tally) =
                (engine.clone(), Arc::clone(&key), bench.clock.clone(), Arc::clone(&tally));
            async move {
                match engine.lease(key, LIMIT).await {
                    Ok(lease) => {
                        engine.used("k");
                        let dead = clock.boot() >= lease.held.life.dies_at;
                        tally.dead.fetch_add(u64::from(dead), Ordering::SeqCst);
                        tally.waited.fetch_add(u64::from(lease.waited_us > 0), Ordering::SeqCst);
                        tally.longest_us.fetch_max(lease.waited_us, Ordering::SeqCst);
                    }
                    Err(_) => {
                        tally.failed.fetch_add(1, Ordering::SeqCst);
                    }
                }
            }
        };
        tokio::spawn(request);
        bench.advance(ms(200)).await;
    }
    bench.pass(LIMIT, 20).await;
    let ideal = usize::try_from(end.as_secs() / plan.life).unwrap();
    Outcome { tally, calls: server.calls(), most: server.most.load(Ordering::SeqCst), ideal }
}

impl Outcome {
    fn says(&self) -> String {
        format!(
            "{} calls (ideal {}), {} at once, {} dead tokens, {} waited (longest {} ms), {} failed",
            self.calls,
            self.ideal,
            self.most,
            self.tally.dead.load(Ordering::SeqCst),
            self.tally.waited.load(Ordering::SeqCst),
            self.tally.longest_us.load(Ordering::SeqCst) / 1000,
            self.tally.failed.load(Ordering::SeqCst),
        )
    }

    /// At most `tenths` tenths of the ideal number of calls.
    fn judge(&self, seed: u64, tenths: usize, waited: u64) {
        let says = self.says();
        assert_eq!(self.tally.dead.load(Ordering::SeqCst), 0, "seed {seed}: no dead token is handed out: {says}");
        assert_eq!(self.most, 1, "seed {seed}: one call at a time: {says}");
        assert!(self.calls * 10 <= self.ideal * tenths, "seed {seed}: too many calls: {says}");
        assert!(
            self.tally.waited.load(Ordering::SeqCst) <= waited,
            "seed {seed}: only a cold start and a wake wait: {says}"
        );
        assert_eq!(self.tally.failed.load(Ordering::SeqCst), 0, "seed {seed}: no request went without: {says}");
    }
}

#[tokio::test]
async fn eight_hours_with_faults_an_outage_and_a_sleep() {
    let seed = 1;
    let plan = Plan {
        seed,
        life: 300,
        hours: 8,
        faults: 10,
        outage: Some((s(3 * 3600), s(3 * 3600 + 45))),
        sleep: Some((s(5 * 3600), s(1800))),
    };
    simulate(plan).await.judge(seed, 16, 6);
}

#[tokio::test]
async fn without_faults_the_calls_stay_near_the_ideal() {
    let seed = 2;
    let plan = Plan { seed, life: 300, hours: 2, faults: 0, outage: None, sleep: None };
    simulate(plan).await.judge(seed, 14, 2);
}

#[tokio::test]
async fn thirty_faults_in_a_hundred_and_short_lives_hand_out_no_dead_token() {
    for (seed, life) in [(3, 15), (4, 60), (5, 300)] {
        let plan = Plan { seed, life, hours: 1, faults: 30, outage: None, sleep: None };
        let outcome = simulate(plan).await;
        assert_eq!(outcome.tally.dead.load(Ordering::SeqCst), 0, "seed {seed}: {}", outcome.says());
        assert_eq!(outcome.most, 1, "seed {seed}: {}", outcome.says());
    }
}
