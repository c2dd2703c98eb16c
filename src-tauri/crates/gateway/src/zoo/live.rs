//! Live cases: a whole TLS server that presents what it is given, with one thing about it that is other than usual.

use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::{default_provider, kx_group, sign::any_supported_type};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert, ServerConfig, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::time_provider::TimeProvider;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, SupportedProtocolVersion};

use time::OffsetDateTime;

use super::authority::{Authorities, Ca};
use super::brotli;
use super::mint::Chain;
use crate::Error;
use crate::config::Clock;

/// Early data that the tickets of `early-data-refused` allow, bytes.
const EARLY_DATA: u32 = 16 * 1024;
/// How far ahead the clock of `mtls-expired-client` is.
const TEN_YEARS: Duration = Duration::from_secs(10 * 365 * 86_400);

/// Presents what it was given, whatever is asked for. The library's own resolvers refuse keys and names that do not fit.
#[derive(Debug)]
struct Presents(Arc<CertifiedKey>);

impl ResolvesServerCert for Presents {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// The gateway's clock, ahead of itself.
struct Ahead {
    clock: Clock,
    by: Duration,
}

impl std::fmt::Debug for Ahead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ahead").field("by", &self.by).finish_non_exhaustive()
    }
}

impl TimeProvider for Ahead {
    fn current_time(&self) -> Option<UnixTime> {
        let now = (self.clock)().duration_since(std::time::UNIX_EPOCH).ok()?;
        Some(UnixTime::since_unix_epoch(now + self.by))
    }
}

fn refused(e: impl std::fmt::Display) -> Error {
    Error::Make { what: "zoo server", reason: e.to_string() }
}

/// What presents a chain.
pub(super) fn certified(chain: &Chain) -> Result<CertifiedKey, Error> {
    let key = chain.key.as_ref().ok_or_else(|| refused("it has no key"))?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut certified = CertifiedKey::new(chain.sent.clone(), any_supported_type(&key).map_err(refused)?);
    certified.ocsp.clone_from(&chain.ocsp);
    Ok(certified)
}

/// The server of a case.
pub(super) fn server(id: &str, chain: &Chain, authorities: &Authorities, clock: &Clock) -> Result<ServerConfig, Error> {
    const BOTH: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];
    let versions: &[_] = match id {
        "tls12-only" | "mtls-required-12" | "one-byte-records" => &[&TLS12],
        "tls13-only" | "mtls-required-13" | "pq-only" | "hrr" | "key-update" | "brotli-cert" | "brotli-bomb" => {
            &[&TLS13]
        }
        _ => &BOTH,
    };
    let provider = provider(id);
    let builder = ServerConfig::builder_with_details(
        Arc::clone(&provider),
        Arc::new(Ahead {
            clock: Arc::clone(clock),
            by: if id == "mtls-expired-client" { TEN_YEARS } else { Duration::ZERO },
        }),
    )
    .with_protocol_versions(versions)
    .map_err(refused)?;
    let presents = Arc::new(Presents(Arc::new(certified(chain)?)));
    let mut config = match clients(id, authorities, OffsetDateTime::from(clock()), provider)? {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    }
    .with_cert_resolver(presents);
    config.alpn_protocols = match id {
        "no-alpn-overlap" => vec![b"acme-tls/1".to_vec()],
        _ => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
    };
    config.cert_compressors = match id {
        "brotli-cert" => vec![&brotli::Stored],
        "brotli-bomb" => vec![&brotli::Bomb],
        _ => Vec::new(),
    };
    match id {
        "no-resumption" => {
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
        }
        "early-data-refused" => config.max_early_data_size = EARLY_DATA,
        _ => {}
    }
    Ok(config)
}

/// The same server with the same tickets, and no early data.
pub(super) fn without_early_data(config: &ServerConfig) -> ServerConfig {
    let mut config = config.clone();
    config.max_early_data_size = 0;
    config
}

fn provider(id: &str) -> Arc<CryptoProvider> {
    let mut provider = default_provider();
    match id {
        "pq-only" => provider.kx_groups = vec![kx_group::X25519MLKEM768],
        // a group that clients offer and send no share for
        "hrr" => provider.kx_groups = vec![kx_group::SECP384R1],
        _ => {}
    }
    Arc::new(provider)
}

/// Whether a client certificate is asked for, and from whom.
fn clients(
    id: &str,
    authorities: &Authorities,
    now: OffsetDateTime,
    provider: Arc<CryptoProvider>,
) -> Result<Option<Arc<dyn ClientCertVerifier>>, Error> {
    let other;
    let ca: &Ca = match id {
        "mtls-required-13" | "mtls-required-12" | "mtls-optional" | "mtls-expired-client" => &authorities.clients,
        "mtls-other-ca" => {
            other = Ca::root("other-clients", "Another company's clients", now)?;
            &other
        }
        _ => return Ok(None),
    };
    let mut roots = RootCertStore::empty();
    roots.add(ca.der.clone()).map_err(refused)?;
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let builder = if id == "mtls-optional" { builder.allow_unauthenticated() } else { builder };
    builder.build().map(Some).map_err(refused)
}
