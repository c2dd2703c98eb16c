//! Many callers, one call: waiting, cancelling, renewing, refusing, discarding.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use countersign_evidence::{TokenOrigin, TokenState};

use super::{Answer, Bench, LIMIT, Server, key, ms, s, token};

#[tokio::test]
async fn a_thousand_callers_share_one_call() {
    let bench = Bench::new();
    let server = Server::steady(&bench.clock, ms(80), token(300));
    let engine = bench.engine(&server);
    let key = key("k", "rfc6749");
    let waiting: Vec<_> = (0..1000)
        .map(|_| {
            let (engine, key) = (engine.clone(), Arc::clone(&key));
            tokio::spawn(async move { engine.lease(key, LIMIT).await })
        })
        .collect();
    bench.advance(ms(80)).await;
    for caller in waiting {
        let lease = caller.await.unwrap().unwrap();
        assert_eq!(lease.held.secret.expose_secret(), "access-1", "the same token for all");
        assert_eq!(lease.origin, TokenOrigin::Acquired);
        assert_eq!(lease.exchange.unwrap().exchange, "call-1", "and the same evidence");
        assert_eq!(lease.waited_us, 80_000);
    }
    assert_eq!(server.calls(), 1, "one call");
    let reused = engine.lease(key, LIMIT).await.unwrap();
    assert_eq!((reused.origin, reused.waited_us, reused.exchange.is_none()), (TokenOrigin::Reused, 0, true));
}

#[tokio::test]
async fn a_cancelled_caller_does_not_cancel_the_call() {
    let bench = Bench::new();
    let server = Server::steady(&bench.clock, ms(80), token(300));
    let engine = bench.engine(&server);
    let caller = tokio::spawn({
        let engine = engine.clone();
        async move { engine.lease(key("k", "rfc6749"), LIMIT).await }
    });
    bench.settle().await;
    caller.abort();
    bench.advance(ms(80)).await;
    assert!(engine.peek("k").is_some(), "the token came all the same");
    assert_eq!(server.calls(), 1);
}

#[tokio::test]
async fn who_waits_too_long_is_told_and_the_call_goes_on() {
    let bench = Bench::new();
    let server = Server::steady(&bench.clock, s(8), token(300));
    let engine = bench.engine(&server);
    let caller = tokio::spawn({
        let engine = engine.clone();
        async move { engine.lease(key("k", "rfc6749"), s(5)).await }
    });
    bench.advance(s(5)).await;
    let failure = caller.await.unwrap().err().unwrap();
    assert_eq!((failure.problem.code.as_str(), failure.state), ("token.timed_out", TokenState::Acquiring));
    bench.advance(s(3)).await;
    assert!(engine.peek("k").is_some(), "the next one finds it");
}

#[tokio::test]
async fn a_hot_key_is_renewed_in_the_background_and_a_cold_one_is_not() {
    let bench = Bench::new();
    let server = Server::steady(&bench.clock, ms(80), token(300));
    let engine = bench.engine(&server);
    for hash in ["hot", "cold"] {
        let lease = tokio::spawn({
            let engine = engine.clone();
            async move { engine.lease(key(hash, "rfc6749"), LIMIT).await }
        });
        bench.advance(ms(80)).await;
        lease.await.unwrap().unwrap();
    }
    for _ in 0..20 {
        engine.used("hot");
        bench.pass(s(100), 20).await;
        assert!(engine.peek("hot").is_some(), "nobody ever waits for a hot one");
    }
    assert!(engine.peek("cold").is_none(), "not used for ten minutes: not renewed any more");
    let generations: Vec<usize> = engine.rows().iter().map(|row| row.generations.len()).collect();
    assert!(generations.contains(&3), "renewed at 225 s and 450 s, not at 675 s: {generations:?}");
    assert_eq!(server.calls(), generations.iter().sum::<usize>());
    let states: Vec<TokenState> = engine.rows().iter().map(|row| row.token.state).collect();
    assert!(states.contains(&TokenState::Expired) && states.contains(&TokenState::Valid), "{states:?}");
}

#[tokio::test]
async fn background_renewal_starts_at_soft_at_and_nobody_waits() {
    let bench = Bench::new();
    let server = Server::steady(&bench.clock, ms(80), token(300));
    let engine = bench.engine(&server);
    let lease = tokio::spawn({
        let engine = engine.clone();
        async move { engine.lease(key("k", "rfc6749"), LIMIT).await }
    });
    bench.advance(ms(80)).await;
    let held = lease.await.unwrap().unwrap().held;
    assert!((s(210)..=s(240)).contains(&(held.life.soft_at - held.life.t0)), "{:?}", held.life);
    bench.advance(held.life.soft_at - bench.clock.boot() - ms(1)).await;
    assert_eq!(server.calls(), 1, "not before");
    bench.advance(ms(1)).await;
    assert_eq!((server.calls(), server.last().reason.as_str()), (2, "renewed before expiry"));
    assert_eq!(engine.rows()[0].token.state, TokenState::Renewing);
    assert_eq!(engine.lease(key("k", "rfc6749"), LIMIT).await.unwrap().held.generation, 1, "the present one meanwhile");
    bench.advance(ms(80)).await;
    assert_eq!(engine.peek("k").unwrap().generation, 2);
}

#[tokio::test]
async fn a_401_renews_once_for_many_refusals_of_one_generation() {
    let bench = Bench::new();
    let server = Server::steady(&bench.clock, ms(80), token(300));
    let engine = bench.engine(&server);
    let key = key("k", "rfc6749");
    let first = tokio::spawn({
        let (engine, key) = (engine.clone(), Arc::clone(&key));
        async move { engine.lease(key, LIMIT).await }
    });
    bench.advance(ms(80)).await;
    first.await.unwrap().unwrap();
    let refused: Vec<_> = (0..100)
        .map(|_| {
            let (engine, key) = (engine.clone(), Arc::clone(&key));
            tokio::spawn(async move { engine.renew_after_refusal(key, 1, LIMIT).await })
        })
        .collect();
    bench.settle().await;
    assert!(engine.peek("k").is_none(), "the refused one is not handed out");
    bench.advance(ms(80)).await;
    for caller in refused {
        let lease = caller.await.unwrap().unwrap();
        assert_eq!((lease.held.generation, lease.origin), (2, TokenOrigin::Renewed));
        assert_eq!(lease.exchange.unwrap().exchange, "call-2");
    }
    let late = engine.renew_after_refusal(Arc::clone(&key), 1, LIMIT).await.unwrap();
    assert_eq!((late.held.generation, server.calls()), (2, 2), "a late refusal of an old one finds the new one");
    assert_eq!(engine.rows()[0].generations[0].reason, "the server refused generation 1");
}

#[tokio::test]
async fn discarding_drops_a_pending_result_and_its_callers_are_told() {
    let bench = Bench::new();
    let server = Server::steady(&bench.clock, ms(80), token(300));
    let engine = bench.engine(&server);
    let lease = |engine: &super::Engine| {
        let engine = engine.clone();
        tokio::spawn(async move { engine.lease(key("k", "rfc6749"), LIMIT).await })
    };
    let before = lease(&engine);
    bench.settle().await;
    engine.discard("demo-client");
    let after = lease(&engine);
    bench.settle().await;
    assert_eq!(before.await.unwrap().err().unwrap().problem.code, "token.discarded");
    assert_eq!(server.calls(), 1, "the next call waits for the end of the first");
    bench.advance(ms(80)).await;
    assert!(engine.peek("k").is_none(), "the first result is not used");
    bench.advance(ms(80)).await;
    assert_eq!(after.await.unwrap().unwrap().held.secret.expose_secret(), "access-2");
    assert_eq!(server.most.load(Ordering::SeqCst), 1, "one call at a time");
}

#[tokio::test]
async fn editing_a_credential_drops_its_keys_and_what_is_under_way() {
    let bench = Bench::new();
    let server = Server::steady(&bench.clock, ms(80), token(300));
    let engine = bench.engine(&server);
    let before = tokio::spawn({
        let engine = engine.clone();
        async move { engine.lease(key("k", "rfc6749"), LIMIT).await }
    });
    bench.settle().await;
    engine.drop_credential("demo-client");
    assert_eq!(engine.rows().len(), 0, "the key is gone");
    bench.advance(ms(80)).await;
    assert_eq!(before.await.unwrap().err().unwrap().problem.code, "token.discarded");
    assert!(engine.peek("k").is_none(), "and so is its result");
}

#[tokio::test]
async fn a_refusal_reaches_all_and_is_not_repeated() {
    let bench = Bench::new();
    let no = Answer::No { status: 401, error: "invalid_client", retry_after: None };
    let server = Server::steady(&bench.clock, ms(80), no);
    let engine = bench.engine(&server);
    let waiting: Vec<_> = (0..10)
        .map(|_| {
            let engine = engine.clone();
            tokio::spawn(async move { engine.lease(key("k", "rfc6749"), LIMIT).await })
        })
        .collect();
    bench.advance(ms(80)).await;
    for caller in waiting {
        let failure = caller.await.unwrap().err().unwrap();
        assert_eq!((failure.problem.code.as_str(), failure.state), ("token.invalid_client", TokenState::Dead));
        assert_eq!(failure.exchange.unwrap().exchange, "call-1", "the same record");
        assert_eq!(failure.refusal.unwrap().status, 401);
    }
    bench.pass(s(600), 60).await;
    assert_eq!(server.calls(), 1, "400 and 401 are never retried by themselves");
    let row = engine.rows().remove(0);
    assert_eq!((row.reason.as_str(), row.generations[0].failed), ("the token was refused", true));
}

#[tokio::test]
async fn a_passing_failure_is_retried_for_those_who_wait() {
    let bench = Bench::new();
    let fault = Answer::No { status: 503, error: "busy", retry_after: None };
    let reset = Answer::Lost { code: "exchange.reset", sent: true };
    let server = Server::answers(&bench.clock, ms(50), vec![fault, reset, token(300)]);
    let engine = bench.engine(&server);
    let caller = tokio::spawn({
        let engine = engine.clone();
        async move { engine.lease(key("k", "rfc6749"), LIMIT).await }
    });
    bench.pass(s(3), 60).await;
    assert_eq!(caller.await.unwrap().unwrap().exchange.unwrap().exchange, "call-3");
}

#[tokio::test]
async fn where_nobody_listens_the_caller_hears_it_at_once() {
    let bench = Bench::new();
    let server =
        Server::answers(&bench.clock, ms(5), vec![Answer::Lost { code: "tcp.refused", sent: false }, token(300)]);
    let engine = bench.engine(&server);
    let caller = |engine: &super::Engine| {
        let engine = engine.clone();
        tokio::spawn(async move { engine.lease(key("k", "rfc6749"), LIMIT).await })
    };
    let first = caller(&engine);
    bench.advance(ms(5)).await;
    assert_eq!(first.await.unwrap().err().unwrap().problem.code, "tcp.refused");
    bench.pass(s(600), 60).await;
    assert_eq!(server.calls(), 1, "a key that never had a token is not tried in the background");
    let second = caller(&engine);
    bench.advance(ms(5)).await;
    assert!(second.await.unwrap().is_ok(), "the next one tries anew");
}

#[tokio::test]
async fn what_was_not_tried_is_no_failure_of_the_server() {
    let bench = Bench::new();
    let server = Server::answers(&bench.clock, ms(0), vec![Answer::NotTried, token(300)]);
    let engine = bench.engine(&server);
    let failure = engine.lease(key("k", "rfc6749"), LIMIT).await.err().unwrap();
    assert_eq!((failure.problem.code.as_str(), failure.state), ("vault.locked", TokenState::Absent));
    assert!(engine.lease(key("k", "rfc6749"), LIMIT).await.is_ok(), "unlocked, and at once");
}

#[tokio::test]
async fn a_wait_the_server_asked_for_is_said_when_it_is_longer_than_the_callers() {
    let bench = Bench::new();
    let limited = Answer::No { status: 429, error: "slow_down", retry_after: Some(s(30)) };
    let server = Server::answers(&bench.clock, ms(5), vec![limited, token(300)]);
    let engine = bench.engine(&server);
    let caller = |engine: &super::Engine| {
        let engine = engine.clone();
        tokio::spawn(async move { engine.lease(key("k", "rfc6749"), LIMIT).await })
    };
    for _ in 0..2 {
        let waiting = caller(&engine);
        bench.advance(ms(5)).await;
        assert_eq!(waiting.await.unwrap().err().unwrap().refusal.unwrap().status, 429);
    }
    assert_eq!(server.calls(), 1, "the second caller heard it without a call");
    bench.advance(s(25)).await;
    let waiting = caller(&engine);
    bench.pass(s(6), 12).await;
    assert!(waiting.await.unwrap().is_ok(), "5 s are left, the caller waits for them");
}

#[tokio::test]
async fn a_renewal_on_request_keeps_the_present_token_until_it_is_there() {
    let bench = Bench::new();
    let server = Server::steady(&bench.clock, ms(80), token(300));
    let engine = bench.engine(&server);
    for (reason, generation, origin) in
        [("a test of the credential", 1, TokenOrigin::Acquired), ("on request", 2, TokenOrigin::Renewed)]
    {
        let renewal = tokio::spawn({
            let engine = engine.clone();
            async move { engine.renew(key("k", "rfc6749"), LIMIT, reason).await }
        });
        bench.settle().await;
        assert_eq!(engine.peek("k").map_or(0, |held| held.generation), generation - 1);
        bench.advance(ms(80)).await;
        let lease = renewal.await.unwrap().unwrap();
        assert_eq!((lease.held.generation, lease.origin), (generation, origin));
        assert_eq!(server.last().reason, reason);
    }
    let row = engine.rows().remove(0);
    let reasons: Vec<&str> = row.generations.iter().map(|g| g.reason.as_str()).collect();
    assert_eq!(reasons, ["on request", "a test of the credential"], "newest first");
    assert_eq!((row.life_ms, row.expires_in_ms), (Some(300_000), Some(299_920)));
    assert!(bench.changes.load(Ordering::SeqCst) >= 4, "each change of state was announced");
}

#[tokio::test]
async fn a_token_past_its_life_is_replaced_on_demand() {
    let bench = Bench::new();
    let server = Server::steady(&bench.clock, ms(80), token(300));
    let engine = bench.engine(&server);
    for generation in 1..=2 {
        let lease = tokio::spawn({
            let engine = engine.clone();
            async move { engine.lease(key("k", "rfc6749"), LIMIT).await }
        });
        bench.advance(ms(80)).await;
        assert_eq!(lease.await.unwrap().unwrap().held.generation, generation);
        bench.advance(s(3600)).await;
        assert!(engine.peek("k").is_none(), "dead");
        assert_eq!(engine.rows()[0].token.state, TokenState::Expired, "and says so");
    }
    assert_eq!(engine.rows()[0].generations[0].reason, "generation 1 had expired");
}

#[tokio::test]
async fn closing_gives_up_calls_and_tells_who_waits() {
    let bench = Bench::new();
    let server = Server::steady(&bench.clock, s(9), token(300));
    let engine = bench.engine(&server);
    let caller = tokio::spawn({
        let engine = engine.clone();
        async move { engine.lease(key("k", "rfc6749"), LIMIT).await }
    });
    bench.settle().await;
    engine.close().await;
    assert_eq!(caller.await.unwrap().err().unwrap().problem.code, "exchange.cancelled");
    assert_eq!(engine.lease(key("k", "rfc6749"), LIMIT).await.err().unwrap().problem.code, "exchange.cancelled");
    assert_eq!(server.calls(), 1, "no call after the end");
}

#[tokio::test]
async fn uses_are_counted_per_generation() {
    let bench = Bench::new();
    let server = Server::steady(&bench.clock, ms(0), token(300));
    let engine = bench.engine(&server);
    engine.lease(key("k", "ngenius"), LIMIT).await.unwrap();
    engine.used("k");
    engine.used("k");
    assert_eq!(engine.rows()[0].uses, 2);
    engine.renew(key("k", "ngenius"), LIMIT, "on request").await.unwrap();
    assert_eq!(engine.rows()[0].uses, 0, "a new one");
    engine.used("unknown");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn threads_that_look_at_once_start_one_call() {
    let bench = Bench::new();
    let server = Server::steady(&bench.clock, ms(0), token(300));
    let engine = bench.engine(&server);
    let callers: Vec<_> = (0..64)
        .map(|_| {
            let engine = engine.clone();
            tokio::spawn(async move {
                for _ in 0..200 {
                    let lease = engine.lease(key("k", "rfc6749"), LIMIT).await.unwrap();
                    engine.used("k");
                    assert_eq!(lease.held.generation, 1);
                    assert!(engine.peek("k").is_some());
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    assert_eq!((server.calls(), engine.rows()[0].uses), (1, 64 * 200));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn threads_that_are_refused_at_once_end_with_a_token() {
    let bench = Bench::new();
    let server = Server::steady(&bench.clock, ms(0), token(300));
    let engine = bench.engine(&server);
    let callers: Vec<_> = (0..32)
        .map(|_| {
            let engine = engine.clone();
            tokio::spawn(async move {
                for _ in 0..20 {
                    let refused = engine.lease(key("k", "rfc6749"), LIMIT).await.unwrap().held.generation;
                    let renewed = engine.renew_after_refusal(key("k", "rfc6749"), refused, LIMIT).await.unwrap();
                    assert!(renewed.held.generation > refused, "never the refused one again");
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    assert_eq!(server.most.load(Ordering::SeqCst), 1, "one call at a time");
}
