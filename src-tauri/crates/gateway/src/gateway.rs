//! The gateway as a handle: start, change while it runs, stop.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use axum::routing::{get, post};
use time::macros::format_description;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::client_key::ClientKey;
use crate::config::{Config, TrustedKey};
use crate::dialect::Dialect;
use crate::fault::{Fault, FaultGroup};
use crate::flights::TokenCalls;
use crate::lab::{Lab, Parts};
use crate::listener::Role;
use crate::mutual::ClientCertificate;
use crate::pki::Pki;
use crate::ready::{DemoClient, Ready};
use crate::seen::Seen;
use crate::zoo::{ZooCase, ZooClient};
use crate::{
    DEMO_CLIENT, DEMO_KEYID, DEMO_SCOPES, Error, authorization_server, cards, listener, mutual, orders, payments,
};

/// A running gateway. Dropping it stops it.
pub struct Gateway {
    lab: Arc<Lab>,
    stop: CancellationToken,
    tasks: TaskTracker,
    api_port: u16,
}

impl Gateway {
    /// Binds its three ports, makes PKI and keys, and serves.
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
        let mutual = listener::bind(config.mutual_listen).await?;
        let (api_port, authorization_port, mutual_port) = (port(&api)?, port(&authorization)?, port(&mutual)?);
        let lab = Arc::new(Lab::new(Parts {
            dialect: config.dialect,
            demo_secret: config.demo_secret,
            trusted_keys: config.trusted_keys,
            client_keys: config.client_keys,
            signature_required: config.signature_required,
            pki: Pki::make((config.clock)())?,
            origin: format!("https://localhost:{authorization_port}"),
            base_url: format!("https://localhost:{api_port}"),
            mutual_origin: format!("https://localhost:{mutual_port}"),
            lifetime: config.token_lifetime,
            clock: config.clock,
        }));
        for fault in config.faults {
            lab.set_fault(fault.group(), Some(fault));
        }
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let router = router(lab.clone());
        for (listener, role) in [(api, Role::Api), (authorization, Role::Authorization), (mutual, Role::Mutual)] {
            tasks.spawn(listener::serve(listener, router.clone(), lab.clone(), role, stop.clone(), tasks.clone()));
        }
        tasks.close();
        let gateway = Self { lab, stop, tasks, api_port };
        if config.zoo {
            gateway.start_zoo().await?;
        }
        Ok(gateway)
    }

    /// Where everything is. The CA file is added by [`Ready::write`].
    pub fn ready(&self) -> Ready {
        let lab = &self.lab;
        let endpoint = |name: &str| format!("{}{}", lab.origin, lab.dialect.endpoint_path(name));
        Ready {
            schema: "countersign.gateway/1".into(),
            dialect: lab.dialect.name().into(),
            base_url: lab.base_url.clone(),
            api: format!("{}{}", lab.base_url, lab.dialect.api_path()),
            issuer: lab.issuer.clone(),
            token_endpoint: lab.token_endpoint(),
            mutual_base_url: lab.mutual_origin.clone(),
            introspection_endpoint: lab.dialect.has_introspection().then(|| endpoint("introspect")),
            revocation_endpoint: lab.dialect.has_introspection().then(|| endpoint("revoke")),
            jwks_uri: format!("{}{}", lab.origin, lab.dialect.jwks_path()),
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
        let mut keys = self.lab.trusted_keys.write().unwrap_or_else(PoisonError::into_inner);
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

    /// The most token calls that were in flight at once, of all clients.
    pub fn most_token_calls_in_flight(&self) -> u64 {
        self.lab.flights.all().most_in_flight
    }

    /// Token calls of one client.
    pub fn token_calls(&self, client_id: &str) -> TokenCalls {
        self.lab.flights.of(client_id)
    }

    /// How often a spent refresh token came.
    pub fn refresh_reuse(&self) -> u64 {
        self.lab.tokens.refresh_reuse()
    }

    /// How often a DPoP proof or an assertion came that had been used before.
    pub fn proof_replays(&self) -> u64 {
        self.lab.proofs.count() + self.lab.assertions.count()
    }

    /// New keys sign from now on; the JWKS holds those before them until the next rotation (RFC 7517 §5).
    pub fn rotate_keys(&self) {
        self.lab.tokens.keys.rotate();
    }

    /// One more key the demo client signs assertions with (RFC 7523).
    pub fn add_client_key(&self, key: ClientKey) {
        self.lab.add_client_key(key);
    }

    /// A new certificate of the demo client, issued by the lab's CA for clients: `tls_client_auth` (RFC 8705 §2.1).
    ///
    /// # Errors
    /// [`Error::Make`].
    pub fn client_certificate(&self) -> Result<ClientCertificate, Error> {
        self.lab.pki.clients.issue(self.lab.now().into())
    }

    /// Registers a certificate of the demo client, DER: `self_signed_tls_client_auth` (RFC 8705 §2.2).
    pub fn register_certificate(&self, der: &[u8]) {
        self.lab.register(mutual::thumbprint(der));
    }

    /// Serves the zoo of broken TLS from now on. Started once, it stays until the gateway stops.
    ///
    /// # Errors
    /// [`Error`]: a port that cannot be had, a certificate that cannot be made.
    pub async fn start_zoo(&self) -> Result<(), Error> {
        self.lab.served_zoo(&self.stop, &self.tasks).await.map(drop)
    }

    /// Every case of the zoo with its port and its lesson; none while it is not served.
    pub fn zoo(&self) -> Vec<ZooCase> {
        self.lab.zoo.get().map(|zoo| zoo.cases()).unwrap_or_default()
    }

    /// A new client certificate for the servers of the zoo that want one; `None` while it is not served.
    ///
    /// # Errors
    /// [`Error::Make`].
    pub fn zoo_client(&self) -> Result<Option<ZooClient>, Error> {
        self.lab.zoo.get().map(|zoo| zoo.client()).transpose()
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
    let routes = authorization_server::routes(lab.dialect);
    let routes = match lab.dialect {
        Dialect::Keycloak | Dialect::Rfc | Dialect::Sloppy => routes
            .route("/v1/payments", post(payments::create).get(payments::list))
            .route("/v1/payments/{id}", get(payments::one))
            .route("/v1/refunds", post(payments::refund)),
        Dialect::Ngenius => routes.route("/transactions/outlets/{outlet}/orders", post(orders::create)),
        Dialect::NiPlatform => routes
            .route("/SB/{*operation}", post(cards::operation))
            .route("/ngenius-webapi/payments/push/v1/{tid}/{mid}/{action}", post(cards::terminal)),
    };
    routes.layer(axum::middleware::map_response_with_state(lab.clone(), dated)).with_state(lab)
}

/// RFC 9110 §6.6.1 by the gateway's own clock, so that a clock that is ahead shows as one.
async fn dated(State(lab): State<Arc<Lab>>, mut response: Response) -> Response {
    if lab.has(FaultGroup::Clock, "date-missing") {
        return response;
    }
    let date =
        format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
    let now = time::OffsetDateTime::from(lab.now()).format(date).ok();
    if let Some(value) = now.and_then(|text| HeaderValue::from_str(&text).ok()) {
        response.headers_mut().insert(header::DATE, value);
    }
    response
}
