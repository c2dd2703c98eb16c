//! Refresh tokens: rotation, adoption, the lock between processes, and the end of a family.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use countersign_evidence::{TokenOrigin, TokenState};
use tokio::task::JoinHandle;

use super::super::{Engine, TokenFailure, TokenKey, TokenLease};
use super::{Answer, Bench, LIMIT, Server, key, ms, s, token};

fn with_refresh(refresh: &'static str) -> Answer {
    Answer::Token { life: 300, refresh: Some(refresh) }
}

/// Of a client without a secret.
fn public_key() -> Arc<TokenKey> {
    let mut public = key("k", "rfc6749");
    Arc::get_mut(&mut public).unwrap().client_authentication = "none".into();
    public
}

fn lease(engine: &Engine) -> JoinHandle<Result<TokenLease, Box<TokenFailure>>> {
    let engine = engine.clone();
    tokio::spawn(async move { engine.lease(key("k", "rfc6749"), LIMIT).await })
}

fn renew(engine: &Engine) -> JoinHandle<Result<TokenLease, Box<TokenFailure>>> {
    let engine = engine.clone();
    tokio::spawn(async move { engine.renew(key("k", "rfc6749"), LIMIT, "on request").await })
}

#[tokio::test]
async fn a_rotated_refresh_token_is_stored_and_then_used() {
    let bench = Bench::new();
    let server =
        Server::answers(&bench.clock, ms(50), vec![with_refresh("r1"), with_refresh("r2"), with_refresh("r2")]);
    let engine = bench.engine(&server);
    for sent in [None, Some("r1"), Some("r2")] {
        let renewal = renew(&engine);
        bench.advance(ms(50)).await;
        renewal.await.unwrap().unwrap();
        assert_eq!(server.last().refresh.as_deref(), sent);
    }
    assert_eq!(bench.store.logged(), ["write 1 r1", "write 2 r2"], "an unchanged one is not written again");
    assert_eq!(bench.store.kept().unwrap().refresh_token.expose_secret(), "r2");
}

#[tokio::test]
async fn a_public_client_is_told_when_its_refresh_token_does_not_rotate() {
    for (public, second, told) in [(true, "r1", true), (true, "r2", false), (false, "r1", false)] {
        let bench = Bench::new();
        let server = Server::answers(&bench.clock, ms(50), vec![with_refresh("r1"), with_refresh(second)]);
        let engine = bench.engine(&server);
        let of = if public { public_key() } else { key("k", "rfc6749") };
        for _ in 0..2 {
            let (engine, of) = (engine.clone(), Arc::clone(&of));
            let renewal = tokio::spawn(async move { engine.renew(of, LIMIT, "on request").await });
            bench.advance(ms(50)).await;
            renewal.await.unwrap().unwrap();
        }
        let notes: Vec<String> = engine.rows()[0].findings.iter().map(|finding| finding.id.clone()).collect();
        assert_eq!(notes.contains(&"profile.refresh_not_rotated".to_owned()), told, "{second}: {notes:?}");
    }
}

#[tokio::test]
async fn the_next_refresh_token_is_written_before_its_access_token_is_published() {
    let bench = Bench::new();
    let server = Server::steady(&bench.clock, ms(50), with_refresh("r1"));
    let engine = bench.engine(&server);
    bench.store.open.send_replace(false);
    let waiting = lease(&engine);
    bench.advance(ms(50)).await;
    assert!(engine.peek("k").is_none(), "not yet written, not yet published");
    bench.store.open.send_replace(true);
    bench.settle().await;
    assert_eq!(bench.store.logged(), ["write 1 r1"]);
    assert!(waiting.await.unwrap().is_ok());
}

#[tokio::test]
async fn a_store_that_refuses_costs_no_token() {
    let bench = Bench::new();
    let server = Server::answers(&bench.clock, ms(50), vec![with_refresh("r1"), with_refresh("r2")]);
    let engine = bench.engine(&server);
    bench.store.refuses.store(true, Ordering::SeqCst);
    let first = lease(&engine);
    bench.advance(ms(50)).await;
    let held = first.await.unwrap().unwrap().held;
    assert!(held.notes.iter().any(|note| note.id == "token.refresh_not_kept"), "{:?}", held.notes);
    bench.store.refuses.store(false, Ordering::SeqCst);
    let second = renew(&engine);
    bench.advance(ms(50)).await;
    second.await.unwrap().unwrap();
    assert_eq!(server.last().refresh.as_deref(), Some("r1"), "from memory");
    assert_eq!(bench.store.logged(), ["write 2 r2"], "and the next one is stored");
}

#[tokio::test]
async fn a_dead_refresh_token_is_removed_and_minting_stands_in() {
    let bench = Bench::new();
    let no = Answer::No { status: 400, error: "invalid_grant", retry_after: None };
    let server = Server::answers(&bench.clock, ms(50), vec![with_refresh("r1"), no, token(300)]);
    let engine = bench.engine(&server);
    let first = lease(&engine);
    bench.advance(ms(50)).await;
    first.await.unwrap().unwrap();
    let second = renew(&engine);
    bench.pass(ms(200), 4).await;
    let lease = second.await.unwrap().unwrap();
    assert_eq!((lease.held.generation, lease.held.secret.expose_secret().as_str()), (2, "access-3"));
    assert_eq!(server.last().refresh, None, "the client's own credentials");
    assert!(bench.store.kept().is_none(), "what is dead is not tried again: {:?}", bench.store.logged());
}

#[tokio::test]
async fn a_lost_refresh_is_tried_once_more_with_the_same_token() {
    let bench = Bench::new();
    let lost = Answer::Lost { code: "exchange.timed_out", sent: true };
    let server = Server::answers(&bench.clock, ms(50), vec![with_refresh("r1"), lost.clone(), lost, token(300)]);
    let engine = bench.engine(&server);
    let first = lease(&engine);
    bench.advance(ms(50)).await;
    first.await.unwrap().unwrap();
    let second = renew(&engine);
    bench.advance(ms(50)).await;
    assert_eq!(second.await.unwrap().err().unwrap().state, TokenState::Ambiguous);
    assert!(engine.peek("k").is_some(), "the present token is still good");
    bench.pass(s(3), 60).await;
    let sent: Vec<Option<String>> = server.seen.lock().unwrap().iter().map(|seen| seen.refresh.clone()).collect();
    assert_eq!(sent, [None, Some("r1".into()), Some("r1".into()), None], "once more, then anew");
    assert_eq!(engine.peek("k").unwrap().generation, 2);
}

#[tokio::test]
async fn two_processes_make_one_call_and_the_second_adopts() {
    let bench = Bench::new();
    let server = Server::steady(&bench.clock, ms(200), with_refresh("r1"));
    let (one, two) = (bench.engine(&server), bench.engine_in(&server, bench.folder.path(), 2));
    let waiting = [lease(&one), lease(&two)];
    bench.pass(ms(600), 12).await;
    let mut origins = Vec::new();
    for waiting in waiting {
        let lease = waiting.await.unwrap().unwrap();
        assert_eq!(lease.held.secret.expose_secret(), "access-1", "one token for both");
        origins.push(lease.origin);
    }
    assert!(origins.contains(&TokenOrigin::Acquired) && origins.contains(&TokenOrigin::Adopted), "{origins:?}");
    assert_eq!((server.calls(), server.most.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test]
async fn three_processes_refresh_one_after_the_other_and_never_spend_a_token_twice() {
    let bench = Bench::new();
    let names = ["r1", "r2", "r3", "r4", "r5", "r6", "r7"];
    let mut next = names.into_iter();
    let server = Server::new(&bench.clock, move |_| (ms(100), with_refresh(next.next().unwrap())));
    let engines = [1, 2, 3].map(|seed| bench.engine_in(&server, bench.folder.path(), seed));
    let first = lease(&engines[0]);
    bench.pass(ms(200), 4).await;
    first.await.unwrap().unwrap();
    for _ in 0..2 {
        let waiting = engines.each_ref().map(renew);
        bench.pass(s(2), 40).await;
        for waiting in waiting {
            waiting.await.unwrap().unwrap();
        }
    }
    let mut spent: Vec<String> = server.seen.lock().unwrap().iter().filter_map(|seen| seen.refresh.clone()).collect();
    assert_eq!(server.most.load(Ordering::SeqCst), 1, "the lock serialises");
    let calls = spent.len();
    spent.dedup();
    assert_eq!((spent.len(), calls), (6, 6), "each refresh token went out once: {spent:?}");
}

#[tokio::test]
async fn without_refresh_tokens_the_lock_still_serialises() {
    let bench = Bench::new();
    let server = Server::steady(&bench.clock, ms(200), token(300));
    let engines = [1, 2, 3].map(|seed| bench.engine_in(&server, bench.folder.path(), seed));
    let waiting = engines.each_ref().map(lease);
    bench.pass(s(2), 40).await;
    for waiting in waiting {
        waiting.await.unwrap().unwrap();
    }
    assert_eq!((server.calls(), server.most.load(Ordering::SeqCst)), (3, 1), "each its own, one at a time");
}

#[tokio::test]
async fn discarding_removes_the_stored_refresh_token_also_while_one_is_on_its_way() {
    let bench = Bench::new();
    let server = Server::answers(&bench.clock, ms(50), vec![with_refresh("r1"), with_refresh("r2"), token(300)]);
    let engine = bench.engine(&server);
    let first = lease(&engine);
    bench.advance(ms(50)).await;
    first.await.unwrap().unwrap();
    let second = renew(&engine);
    bench.settle().await;
    engine.discard("demo-client");
    bench.advance(ms(50)).await;
    assert!(second.await.unwrap().is_err());
    assert!(bench.store.kept().is_none(), "{:?}", bench.store.logged());
    let third = lease(&engine);
    bench.advance(ms(50)).await;
    third.await.unwrap().unwrap();
    assert_eq!(server.last().refresh, None, "nothing of the old family is used");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_costs_no_token() {
    let bench = Bench::new();
    let file = bench.folder.path().join("file");
    std::fs::write(&file, "not a folder").unwrap();
    let server = Server::steady(&bench.clock, ms(50), with_refresh("r1"));
    let engine = bench.engine_in(&server, &file, 1);
    let waiting = lease(&engine);
    bench.advance(ms(50)).await;
    assert!(waiting.await.unwrap().is_ok(), "minted without the lock");
    assert!(bench.store.kept().is_none(), "but nothing is refreshed without it");
}
