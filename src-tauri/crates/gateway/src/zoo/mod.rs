//! The zoo of broken TLS: one loopback port for each case of `certs/zoo.toml`, and a plain HTTP listener for what certificates
//! point at.
//!
//! Start at [`Zoo::start`]. `plan` says what there is, `chains` how each case's certificates are made, `live` and `script` how
//! they are served. Nothing is made before it is wanted, so that starting is cheap.

mod authority;
mod brotli;
mod chains;
mod der;
mod extension;
mod hello;
mod live;
mod mint;
mod ocsp;
mod plain;
mod plan;
mod script;
mod stall;
#[cfg(test)]
mod tests;
mod wire;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use rustls::server::ServerConfig;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::authority::{Authorities, Ca, KeyKind, whole_seconds};
use self::plan::Plan;
use self::stall::Stall;
use crate::config::Clock;
use crate::lab::Lab;
use crate::{Error, listener};

pub use self::plan::{Expect, Served};

/// One case, as the ready file and the window list it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZooCase {
    /// `expired`.
    pub id: String,
    /// `dates`.
    pub group: String,
    /// `Dates`.
    pub group_title: String,
    /// The name to ask for.
    pub host: String,
    /// Where it is served; `None` for a chain that is only a file.
    pub port: Option<u16>,
    /// How it is served.
    pub served: Served,
    /// What a console is to say.
    pub expect: Expect,
    /// The chain as a PEM file, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<String>,
    /// The lesson's title.
    pub title: String,
    /// What is broken.
    pub broken: String,
    /// What a client should say, and why.
    pub say: String,
}

/// A client certificate that the servers of the zoo accept, with its key.
pub struct ZooClient {
    /// RFC 7468, its own first.
    pub chain_pem: String,
    /// PKCS #8, RFC 7468.
    pub key_pem: countersign_secret::SecretText,
}

/// What the parts share.
struct Inside {
    stalls: Vec<Arc<Stall>>,
    authorities: Arc<Authorities>,
    clock: Clock,
}

impl Inside {
    fn stall(&self, id: &str) -> Option<Arc<Stall>> {
        self.stalls.iter().find(|stall| stall.case.id == id).cloned()
    }
}

/// The id of a case that has a chain to present.
pub(crate) fn with_chain(id: &str) -> Option<&'static str> {
    let case = Plan::embedded().cases.iter().find(|case| case.id == id)?;
    chains::build(id).map(|_| case.id.as_str())
}

impl Lab {
    /// The zoo, served from the first time it is wanted.
    pub(crate) async fn served_zoo(
        self: &Arc<Self>,
        stop: &CancellationToken,
        tasks: &TaskTracker,
    ) -> Result<Arc<Zoo>, Error> {
        self.zoo.get_or_try_init(|| async { Zoo::start(self, stop, tasks).await.map(Arc::new) }).await.cloned()
    }
}

/// The running zoo. It stops with the token it was started with.
pub(crate) struct Zoo {
    inside: Arc<Inside>,
}

impl Zoo {
    /// Binds a port for each case, makes the shared intermediate, and serves.
    pub(crate) async fn start(lab: &Arc<Lab>, stop: &CancellationToken, tasks: &TaskTracker) -> Result<Self, Error> {
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let address = |bound: &tokio::net::TcpListener| {
            bound.local_addr().map_err(|e| Error::Listen { address: loopback, reason: e.to_string() })
        };
        let plain = listener::bind(loopback).await?;
        let clock = lab.wall_clock();
        let now = whole_seconds(OffsetDateTime::from(clock()));
        let (der, params, key) = lab.pki.root_authority();
        let root = Ca::new("root", der, params, key);
        let authorities = Arc::new(Authorities::make(root, address(&plain)?, now)?);
        let (mut stalls, mut serving) = (Vec::new(), Vec::new());
        for case in &Plan::embedded().cases {
            let bound = match case.served {
                Served::File => None,
                Served::Live | Served::Scripted => Some(listener::bind(loopback).await?),
            };
            let port = bound.as_ref().map(address).transpose()?.map(|address| address.port());
            let stall = Arc::new(Stall::new(case, port, Arc::clone(&authorities), Arc::clone(&clock)));
            serving.extend(bound.map(|bound| (bound, Arc::clone(&stall))));
            stalls.push(stall);
        }
        let inside = Arc::new(Inside { stalls, authorities, clock });
        for (bound, stall) in serving {
            tasks.spawn(stall.serve(bound, Arc::clone(lab), stop.clone(), tasks.clone()));
        }
        tasks.spawn(plain::serve(plain, Arc::clone(&inside), stop.clone()));
        // 8192 bits take seconds to make; on a thread of its own, which nobody waits for at the end
        std::thread::spawn(|| drop(KeyKind::Rsa8192.make()));
        Ok(Self { inside })
    }

    /// A server that presents the case's chain, made for another name.
    pub(crate) async fn presented(&self, id: &str, host: &str) -> Result<Arc<ServerConfig>, Error> {
        let stall = self.inside.stall(id).ok_or_else(|| authority::unreadable("zoo case"))?;
        stall.presented(host.to_owned()).await
    }

    /// Every case, in the plan's order.
    pub(crate) fn cases(&self) -> Vec<ZooCase> {
        let (plan, base) = (Plan::embedded(), &self.inside.authorities.base);
        let case = |stall: &Arc<Stall>| {
            let case = stall.case;
            ZooCase {
                id: case.id.clone(),
                group: case.group.clone(),
                group_title: plan.title(&case.group).to_owned(),
                host: case.host.clone(),
                port: stall.port,
                served: case.served,
                expect: case.expect.clone(),
                chain: chains::build(&case.id).map(|_| format!("{base}/chain/{}.pem", case.id)),
                title: case.title.clone(),
                broken: case.broken.clone(),
                say: case.say.clone(),
            }
        };
        self.inside.stalls.iter().map(case).collect()
    }

    /// A client certificate for the servers that want one.
    pub(crate) fn client(&self) -> Result<ZooClient, Error> {
        let now = whole_seconds(OffsetDateTime::from((self.inside.clock)()));
        let (clients, key) = (&self.inside.authorities.clients, KeyKind::P256.make()?);
        let mut params = authority::ca_params("Zoo visitor", now, 45);
        params.is_ca = rcgen::IsCa::ExplicitNoCa;
        params.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = clients.sign(&params, key.as_ref())?;
        Ok(ZooClient {
            chain_pem: plain::pem(&certificate),
            key_pem: countersign_secret::Secret::new(key.serialize_pem()),
        })
    }
}
