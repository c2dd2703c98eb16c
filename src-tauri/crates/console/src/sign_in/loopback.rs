//! The redirect URI of a sign-in: a port on loopback that lives as long as the sign-in does (RFC 8252 §7.3).

use axum::Router;
use axum::extract::RawQuery;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use countersign_evidence::{Fault, Problem};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

/// Redirects that wait to be read.
const WAITING: usize = 8;

/// What a person reads after the redirect. It says nothing about the outcome: Countersign does.
const PAGE: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"color-scheme\" content=\"light dark\">\
    <title>Countersign</title><body style=\"font:16px/1.5 system-ui;max-width:32rem;margin:20vh auto;padding:0 1rem\">\
    <h1 style=\"font-size:1.25rem\">Back to Countersign</h1><p>The answer has arrived. This page can be closed.</p>";

/// A listener, stopped when it is dropped.
pub(super) struct Loopback {
    port: u16,
    queries: Mutex<mpsc::Receiver<String>>,
    serving: JoinHandle<()>,
}

impl Loopback {
    /// On a free port of 127.0.0.1.
    pub(super) async fn open() -> Result<Self, Problem> {
        let closed = |error: std::io::Error| {
            Problem::new(
                "token.no_loopback_port",
                Fault::Environment,
                "no port of 127.0.0.1 can be opened for the redirect",
                error.to_string(),
            )
            .with_hint("Look at a firewall on this computer.")
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(closed)?;
        let port = listener.local_addr().map_err(closed)?.port();
        let (found, queries) = mpsc::channel(WAITING);
        let answer = move |RawQuery(query): RawQuery| {
            let found = found.clone();
            async move {
                // a full queue: too many redirects to be a person's
                let _taken = found.try_send(query.unwrap_or_default());
                page()
            }
        };
        let router = Router::new().route("/callback", get(answer));
        let serving = tokio::spawn(async move {
            let _ended = axum::serve(listener, router).await;
        });
        Ok(Self { port, queries: Mutex::new(queries), serving })
    }

    /// RFC 8252 §7.3: the address, not the name `localhost`.
    pub(super) fn redirect_uri(&self) -> String {
        format!("http://127.0.0.1:{}/callback", self.port)
    }

    /// The query of the next redirect.
    pub(super) async fn next(&self) -> Result<String, Problem> {
        self.queries.lock().await.recv().await.ok_or_else(|| {
            Problem::new("internal.task", Fault::Us, "the redirect cannot be received any more", "its task ended")
        })
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn page() -> Response {
    let fields = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"),
    ];
    (StatusCode::OK, fields, PAGE).into_response()
}
