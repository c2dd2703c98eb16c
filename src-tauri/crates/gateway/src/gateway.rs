//! The gateway as a handle: start, change while it runs, stop.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use axum::routing::{any, get, post};
use time::macros::format_description;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::{Config, Dialect, TrustedKey};
use crate::fault::{Fault, FaultGroup};
use crate::lab::{Lab, Parts};
use crate::pki::Pki;
use crate::ready::{DemoClient, Ready};
use crate::seen::Seen;
use crate::tokens::Tokens;
use crate::zoo::{Zoo, ZooCase, ZooClient};
use crate::{DEMO_CLIENT, DEMO_KEYID, DEMO_SCOPES, Error, authorization_server, listener, orders, payments};

/// A running gateway. Dropping it stops it.
pub struct Gateway {
    lab: Arc<Lab>,
    stop: CancellationToken,
    tasks: TaskTracker,
    api_port: u16,
    zoo: Mutex<Option<Arc<Zoo>>>,
}

impl Gateway {
    /// Binds both ports, makes PKI and keys, and serves.
    ///
    /// # Errors
    /// [`Error`]: an address that is not loopback, a port that is taken.
    pub async fn start(config: Config) -> Result<Self, Error> {
        let api = listener::bind(config.listen).await?;
        let authorization = listener::bind(config.authorization_listen).await?;
        let port = |listener: &tokio::net::TcpListener| {
            listener
                .local_addr()
                .map(|a| a.port())
                .map_err(|e| Error::Listen { address: config.listen, reason: e.to_string() })
        };
        let (api_port, authorization_port) = (port(&api)?, port(&authorization)?);
        let lab = Arc::new(Lab::new(Parts {
            dialect: config.dialect,
            demo_secret: config.demo_secret,
            trusted_keys: config.trusted_keys,
            signature_required: config.signature_required,
            pki: Pki::make((config.clock)())?,
            tokens: Tokens::make()?,
            issuer: format!("https://localhost:{authorization_port}"),
            base_url: format!("https://localhost:{api_port}"),
            lifetime: config.token_lifetime,
            clock: config.clock,
        }));
        for fault in config.faults {
            lab.set_fault(fault.group(), Some(fault));
        }
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let router = router(lab.clone());
        for (listener, is_api) in [(api, true), (authorization, false)] {
            tasks.spawn(listener::serve(listener, router.clone(), lab.clone(), is_api, stop.clone(), tasks.clone()));
        }
        tasks.close();
        let gateway = Self { lab, stop, tasks, api_port, zoo: Mutex::new(None) };
        if config.zoo {
            gateway.start_zoo().await?;
        }
        Ok(gateway)
    }

    /// Where everything is. The CA file is added by [`Ready::write`].
    pub fn ready(&self) -> Ready {
        let lab = &self.lab;
        Ready {
            schema: "countersign.gateway/1".into(),
            dialect: lab.dialect.name().into(),
            base_url: lab.base_url.clone(),
            api: format!("{}{}", lab.base_url, lab.dialect.api_path()),
            issuer: lab.issuer.clone(),
            token_endpoint: format!("{}{}", lab.issuer, lab.dialect.token_path()),
            jwks_uri: format!("{}/jwks", lab.issuer),
            ca_file: None,
            token_lifetime: lab.lifetime().as_secs(),
            demo_client: DemoClient {
                client_id: DEMO_CLIENT.into(),
                token_endpoint_auth_method: "client_secret_basic".into(),
                scope: DEMO_SCOPES[..2].join(" "),
                keyid: DEMO_KEYID.into(),
            },
            zoo: self.zoo(),
        }
    }

    /// Port of the API.
    pub fn port(&self) -> u16 {
        self.api_port
    }

    /// How it speaks.
    pub fn dialect(&self) -> Dialect {
        self.lab.dialect
    }

    /// The root's certificate, RFC 7468.
    pub fn ca_pem(&self) -> &str {
        &self.lab.pki.root_pem
    }

    /// The root's certificate, DER.
    pub fn ca_der(&self) -> &[u8] {
        &self.lab.pki.root_der
    }

    /// Switches a fault on; it takes the place of another in its group.
    pub fn set_fault(&self, fault: Fault) {
        self.lab.set_fault(fault.group(), Some(fault));
    }

    /// Switches the group's fault off.
    pub fn clear_fault(&self, group: FaultGroup) {
        self.lab.set_fault(group, None);
    }

    /// Active faults.
    pub fn faults(&self) -> Vec<Fault> {
        self.lab.faults()
    }

    /// Life of access tokens issued from now on.
    pub fn set_token_lifetime(&self, lifetime: Duration) {
        self.lab.set_lifetime(lifetime);
    }

    /// Seconds an access token lives.
    pub fn token_lifetime(&self) -> Duration {
        self.lab.lifetime()
    }

    /// Every access token issued so far has expired, from the gateway's view.
    pub fn expire_tokens_now(&self) {
        self.lab.tokens.expire_all(self.lab.seconds());
    }

    /// Trusts one more signing key.
    pub fn trust_key(&self, key: TrustedKey) {
        let mut keys = self.lab.trusted_keys.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        keys.retain(|known| known.keyid != key.keyid);
        keys.push(key);
    }

    /// What it saw, newest first.
    pub fn seen(&self) -> Vec<Seen> {
        self.lab.log.all()
    }

    /// How many requests and failed handshakes it saw.
    pub fn seen_count(&self) -> u64 {
        self.lab.log.count()
    }

    /// Each new entry as it is written.
    pub fn subscribe(&self) -> broadcast::Receiver<Seen> {
        self.lab.log.subscribe()
    }

    /// The most token calls that were in flight at once.
    pub fn most_token_calls_in_flight(&self) -> u64 {
        self.lab.most_in_flight.load(Ordering::SeqCst)
    }

    /// How often a spent refresh token came.
    pub fn refresh_reuse(&self) -> u64 {
        self.lab.tokens.refresh_reuse()
    }

    /// Serves the zoo of broken TLS from now on. Started once, it stays until the gateway stops.
    ///
    /// # Errors
    /// [`Error`]: a port that cannot be had, a certificate that cannot be made.
    pub async fn start_zoo(&self) -> Result<(), Error> {
        if self.running_zoo().is_none() {
            let zoo = Arc::new(Zoo::start(&self.lab, &self.stop, &self.tasks).await?);
            *self.zoo.lock().unwrap_or_else(PoisonError::into_inner) = Some(zoo);
        }
        Ok(())
    }

    /// Every case of the zoo with its port and its lesson; none while it is not served.
    pub fn zoo(&self) -> Vec<ZooCase> {
        self.running_zoo().map(|zoo| zoo.cases()).unwrap_or_default()
    }

    /// A new client certificate for the servers of the zoo that want one; `None` while it is not served.
    ///
    /// # Errors
    /// [`Error::Make`].
    pub fn zoo_client(&self) -> Result<Option<ZooClient>, Error> {
        self.running_zoo().map(|zoo| zoo.client()).transpose()
    }

    fn running_zoo(&self) -> Option<Arc<Zoo>> {
        self.zoo.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Stops listening, ends connections, waits for them.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn router(lab: Arc<Lab>) -> Router {
    let shared = Router::new()
        .route(lab.dialect.token_path(), any(authorization_server::token))
        .route("/jwks", get(authorization_server::jwks))
        .route("/.well-known/oauth-authorization-server", get(authorization_server::metadata))
        .route("/.well-known/openid-configuration", get(authorization_server::metadata));
    let routes = match lab.dialect {
        Dialect::Rfc => shared
            .route("/v1/payments", post(payments::create).get(payments::list))
            .route("/v1/payments/{id}", get(payments::one))
            .route("/v1/refunds", post(payments::refund)),
        Dialect::Ngenius => shared.route("/transactions/outlets/{outlet}/orders", post(orders::create)),
    };
    routes.layer(axum::middleware::map_response_with_state(lab.clone(), dated)).with_state(lab)
}

/// RFC 9110 §6.6.1 by the gateway's own clock, so that a clock that is ahead shows as one.
async fn dated(State(lab): State<Arc<Lab>>, mut response: Response) -> Response {
    let date =
        format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
    let now = time::OffsetDateTime::from(lab.now()).format(date).ok();
    if let Some(value) = now.and_then(|text| HeaderValue::from_str(&text).ok()) {
        response.headers_mut().insert(header::DATE, value);
    }
    response
}
