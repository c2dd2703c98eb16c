//! The local gateway under the console's control: started and stopped in this process, its root trusted for its own ports only.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use countersign_evidence::{Problem, Timestamp};
use countersign_gateway::{Config, Dialect, Fault, FaultGroup, Gateway, Ready, Seen, TrustedKey};
use countersign_secret::SecretText;
use countersign_signing::PublicKey;
use countersign_tls::{HostPattern, Store, StoreLabel, Target};
use tokio::sync::broadcast::error::RecvError;

use crate::core::{Core, lock};
use crate::view::{Change, Endpoint, FaultChoice, FaultGroup as GroupView, GatewayView, SeenRow};

/// The ports the window takes when they are free.
const PREFERRED: (u16, u16) = (8443, 8444);
/// Entries of the gateway's log that cross to the host.
const SHOWN: usize = 200;

/// A gateway of this process.
pub(crate) struct Running {
    pub(crate) gateway: Gateway,
    started_at: Timestamp,
}

/// What of the running gateway others need: addresses and root.
#[derive(Clone)]
pub(crate) struct Facts {
    ready: Ready,
    ca_der: Vec<u8>,
    /// Of the API, the authorization server, and the one that asks for a client certificate.
    ports: [u16; 3],
}

impl Facts {
    fn of(gateway: &Gateway) -> Self {
        let ready = gateway.ready();
        let port = |url: &str| Target::parse(url).map_or(0, |t| t.port);
        let ports = [&ready.base_url, &ready.issuer, &ready.mutual_base_url].map(|url| port(url));
        Self { ports, ca_der: gateway.ca_der().to_vec(), ready }
    }

    /// `{{gateway.…}}`.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        vec![
            ("gateway.api".to_owned(), self.ready.api.clone()),
            ("gateway.base_url".to_owned(), self.ready.base_url.clone()),
            ("gateway.token_endpoint".to_owned(), self.ready.token_endpoint.clone()),
            ("gateway.issuer".to_owned(), self.ready.issuer.clone()),
            ("gateway.mutual_base_url".to_owned(), self.ready.mutual_base_url.clone()),
            // empty in a dialect that has none
            (
                "gateway.introspection_endpoint".to_owned(),
                self.ready.introspection_endpoint.clone().unwrap_or_default(),
            ),
            ("gateway.revocation_endpoint".to_owned(), self.ready.revocation_endpoint.clone().unwrap_or_default()),
        ]
    }

    /// Its root, for its own ports only.
    pub(crate) fn store(&self) -> Store {
        let hosts = self
            .ports
            .into_iter()
            .flat_map(|port| ["localhost", "127.0.0.1", "[::1]"].map(|host| format!("{host}:{port}")))
            .filter_map(|text| HostPattern::parse(&text))
            .collect();
        Store::new(StoreLabel::Gateway, [self.ca_der.clone().into()]).for_hosts(hosts)
    }

    /// Whether the target is one of its listeners.
    pub(crate) fn is_at(&self, target: &Target) -> bool {
        target.is_loopback() && self.ports.contains(&target.port)
    }

    /// The API's port.
    pub(crate) fn port(&self) -> u16 {
        self.ports[0]
    }
}

/// How a gateway is to run.
pub(crate) struct Start {
    pub(crate) dialect: Dialect,
    pub(crate) lifetime: Duration,
    pub(crate) demo_secret: Arc<SecretText>,
    pub(crate) trusted_keys: Vec<(String, PublicKey)>,
    /// The window's ports when they are free, else free ones.
    pub(crate) preferred_ports: bool,
}

impl Core {
    /// Starts the gateway, in place of one that runs.
    pub(crate) async fn start_gateway(self: &Arc<Self>, start: Start) -> Result<(), Problem> {
        self.stop_gateway().await;
        let clock = self.clock.wall_function();
        let make = |ports: (u16, u16), keys: Vec<(String, PublicKey)>| {
            let mut config = Config::new(Arc::clone(&start.demo_secret), Arc::clone(&clock));
            config.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, ports.0));
            config.authorization_listen = SocketAddr::from((Ipv4Addr::LOCALHOST, ports.1));
            config.dialect = start.dialect;
            config.token_lifetime = start.lifetime;
            config.trusted_keys = keys.into_iter().map(|(keyid, key)| TrustedKey { keyid, key }).collect();
            config
        };
        let ports = if start.preferred_ports && free(PREFERRED.0) && free(PREFERRED.1) { PREFERRED } else { (0, 0) };
        let gateway = Gateway::start(make(ports, start.trusted_keys)).await.map_err(|e| e.problem())?;
        self.follow(&gateway);
        *self.gateway_facts.write().unwrap_or_else(PoisonError::into_inner) = Some(Facts::of(&gateway));
        lock(&self.seen_links).clear();
        *self.gateway.lock().await = Some(Running { gateway, started_at: self.clock.now() });
        self.trust_changed();
        self.gateway_changed();
        Ok(())
    }

    /// Each entry of its log is a change.
    fn follow(self: &Arc<Self>, gateway: &Gateway) {
        let mut news = gateway.subscribe();
        let changes = self.changes.clone();
        tokio::spawn(async move {
            loop {
                match news.recv().await {
                    Ok(_) | Err(RecvError::Lagged(_)) => drop(changes.send(Change::Gateway)),
                    Err(RecvError::Closed) => return,
                }
            }
        });
    }

    /// Stops it, if it runs.
    pub(crate) async fn stop_gateway(self: &Arc<Self>) {
        let Some(running) = self.gateway.lock().await.take() else { return };
        let facts = self.gateway_facts.write().unwrap_or_else(PoisonError::into_inner).take();
        self.client.close_idle();
        running.gateway.stop().await;
        // its keys are gone: the next one, at the same address perhaps, takes none of its tokens
        let gone = |url: &str| Target::parse(url).is_ok_and(|at| facts.as_ref().is_some_and(|facts| facts.is_at(&at)));
        self.engine().discard_issued_by(gone);
        self.trust_changed();
        self.gateway_changed();
    }

    fn gateway_changed(&self) {
        for change in [Change::Gateway, Change::Status, Change::Credentials, Change::Workspace] {
            self.changed(change);
        }
    }

    /// The API's port while it runs.
    pub(crate) fn gateway_port(&self) -> Option<u16> {
        self.gateway_facts.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(Facts::port)
    }

    /// Something about the running gateway; a problem when it does not run.
    pub(crate) async fn with_gateway<T>(self: &Arc<Self>, work: impl FnOnce(&Gateway) -> T) -> Result<T, Problem> {
        let running = self.gateway.lock().await;
        let Some(running) = running.as_ref() else { return Err(stopped()) };
        let done = work(&running.gateway);
        self.changed(Change::Gateway);
        self.changed(Change::Status);
        Ok(done)
    }

    /// Changes its faults. Connections that stand were made under the old ones and are let go: the next request shows
    /// the change.
    pub(crate) async fn change_faults(self: &Arc<Self>, work: impl FnOnce(&Gateway)) -> Result<(), Problem> {
        self.with_gateway(work).await?;
        self.client.close_idle();
        Ok(())
    }

    /// Labels of its active faults; `None` while it is stopped.
    pub(crate) async fn active_faults(&self) -> Option<Vec<String>> {
        self.gateway.lock().await.as_ref().map(|running| running.gateway.faults().iter().map(Fault::label).collect())
    }

    /// Its page.
    pub(crate) async fn gateway_view(&self, problem: Option<Problem>) -> GatewayView {
        let running = self.gateway.lock().await;
        let dialects = Dialect::ALL.map(|d| (d.name().to_owned(), d.label().to_owned())).to_vec();
        let Some(running) = running.as_ref() else {
            return GatewayView {
                running: false,
                base_url: None,
                port: None,
                problem,
                dialect: Dialect::Rfc.name().to_owned(),
                dialects,
                token_lifetime_s: 300,
                started_at: None,
                requests: 0,
                refused_on_purpose: 0,
                faults: groups(&[]),
                endpoints: Vec::new(),
                seen: Vec::new(),
            };
        };
        let gateway = &running.gateway;
        let ready = gateway.ready();
        let seen = gateway.seen();
        let links = lock(&self.seen_links).clone();
        GatewayView {
            running: true,
            port: Some(gateway.port()),
            problem,
            dialect: gateway.dialect().name().to_owned(),
            dialects,
            token_lifetime_s: gateway.token_lifetime().as_secs(),
            started_at: Some(running.started_at),
            requests: gateway.seen_count(),
            refused_on_purpose: u64::try_from(seen.iter().filter(|s| s.on_purpose).count()).unwrap_or(u64::MAX),
            faults: groups(&gateway.faults()),
            endpoints: endpoints(&ready),
            seen: seen.into_iter().take(SHOWN).map(|s| row(s, &links)).collect(),
            base_url: Some(ready.base_url),
        }
    }
}

fn row(seen: Seen, links: &std::collections::HashMap<u64, String>) -> SeenRow {
    SeenRow {
        exchange: links.get(&seen.id).cloned(),
        id: seen.id,
        at: seen.at,
        request: seen.request,
        status: seen.status,
        judged: seen.judged,
    }
}

fn groups(active: &[Fault]) -> Vec<GroupView> {
    FaultGroup::ALL
        .into_iter()
        .map(|group| GroupView {
            id: group.name().to_owned(),
            label: group.label().to_owned(),
            choices: group
                .choices()
                .iter()
                .map(|(id, label, effect)| FaultChoice {
                    id: (*id).to_owned(),
                    label: (*label).to_owned(),
                    effect: (*effect).to_owned(),
                })
                .collect(),
            active: active.iter().find(|fault| fault.group() == group).map(ToString::to_string),
        })
        .collect()
}

fn endpoints(ready: &Ready) -> Vec<Endpoint> {
    [
        ("API", ready.api.clone()),
        ("Token", ready.token_endpoint.clone()),
        ("Metadata", format!("{}/.well-known/oauth-authorization-server", ready.issuer)),
        ("JWKS", ready.jwks_uri.clone()),
        ("Mutual TLS", ready.mutual_base_url.clone()),
    ]
    .map(|(name, url)| Endpoint { name: name.to_owned(), url })
    .to_vec()
}

/// The gateway does not run.
pub(crate) fn stopped() -> Problem {
    Problem::new(
        "gateway.stopped",
        countersign_evidence::Fault::Caller,
        "the local gateway does not run",
        "nothing was changed",
    )
    .with_hint("Start it on the page Local gateway.")
}

/// Whether a port can be taken now; another program may still be faster, which the start then says.
fn free(port: u16) -> bool {
    std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
