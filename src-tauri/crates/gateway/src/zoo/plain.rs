//! The plain HTTP listener: issuers, revocation lists, OCSP, and each case's chain as a file.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::CertificateDer;
use time::OffsetDateTime;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::Inside;
use super::authority::{Ca, whole_seconds};
use super::ocsp;

/// The largest OCSP request.
const LARGEST: usize = 8 * 1024;

/// Serves until cancelled.
pub(super) async fn serve(listener: TcpListener, inside: Arc<Inside>, stop: CancellationToken) {
    let router = Router::new()
        .route("/issuer/{file}", get(issuer))
        .route("/crl/{file}", get(list))
        .route("/ocsp/{slug}", post(status))
        .route("/chain/{file}", get(chain))
        .layer(DefaultBodyLimit::max(LARGEST))
        .with_state(inside);
    let served = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned());
    let _ended = served.await;
}

type Answer = Result<Response, StatusCode>;

fn content(kind: &'static str, bytes: Vec<u8>) -> Answer {
    Ok(([(header::CONTENT_TYPE, kind)], bytes).into_response())
}

async fn issuer(State(inside): State<Arc<Inside>>, Path(file): Path<String>) -> Answer {
    let ca = authority(inside, file.strip_suffix(".der")).await?;
    content("application/pkix-cert", ca.der.to_vec())
}

async fn list(State(inside): State<Arc<Inside>>, Path(file): Path<String>) -> Answer {
    let (now, revoked) = (inside.now(), inside.authorities.revoked.clone());
    let ca = authority(inside, file.strip_suffix(".crl")).await?;
    let revoked: &[&[u8]] = if ca.slug == "issuing" { &[&revoked] } else { &[] };
    content("application/pkix-crl", ca.revocation_list(revoked, now).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?)
}

async fn status(State(inside): State<Arc<Inside>>, Path(slug): Path<String>, request: Bytes) -> Answer {
    let (now, revoked) = (inside.now(), inside.authorities.revoked.clone());
    let ca = authority(inside, Some(&slug)).await?;
    let response = ocsp::answer(&ca, &request, &revoked, now).ok_or(StatusCode::BAD_REQUEST)?;
    content("application/ocsp-response", response)
}

async fn chain(State(inside): State<Arc<Inside>>, Path(file): Path<String>) -> Answer {
    let stall = file.strip_suffix(".pem").and_then(|id| inside.stall(id)).ok_or(StatusCode::NOT_FOUND)?;
    let made = tokio::task::spawn_blocking(move || stall.made()).await;
    let Ok(Ok(made)) = made else { return Err(StatusCode::INTERNAL_SERVER_ERROR) };
    let pem: String = made.chain.sent.iter().map(pem).collect();
    content("application/pem-certificate-chain", pem.into_bytes())
}

/// A CA by its slug: the root, the shared intermediate, or the one a case made for itself.
async fn authority(inside: Arc<Inside>, slug: Option<&str>) -> Result<Ca, StatusCode> {
    let authorities = &inside.authorities;
    let known = [&authorities.root, &authorities.issuing, &authorities.clients].into_iter();
    if let Some(ca) = known.clone().find(|ca| Some(ca.slug.as_str()) == slug) {
        return Ok(ca.clone());
    }
    let stall = slug.and_then(|id| inside.stall(id)).ok_or(StatusCode::NOT_FOUND)?;
    let made = tokio::task::spawn_blocking(move || stall.made()).await;
    let Ok(Ok(made)) = made else { return Err(StatusCode::INTERNAL_SERVER_ERROR) };
    made.chain.issuing.clone().ok_or(StatusCode::NOT_FOUND)
}

/// RFC 7468 §5.
pub(super) fn pem(certificate: &CertificateDer<'_>) -> String {
    let text = STANDARD.encode(certificate);
    let mut out = String::from("-----BEGIN CERTIFICATE-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out.push_str("-----END CERTIFICATE-----\n");
    out
}

impl Inside {
    fn now(&self) -> OffsetDateTime {
        whole_seconds(OffsetDateTime::from((self.clock)()))
    }
}
