//! A gateway that runs on its own, for `countersign gateway`.

use std::sync::Arc;
use std::time::Duration;

use countersign_evidence::{Fault, Problem};
use countersign_gateway::{Dialect, Fault as GatewayFault, Ready};
use countersign_secret::{Secret, SecretText};
use countersign_signing::PublicKey;

use super::Answer;
use crate::clock::Clock;
use crate::entropy::Entropy;

/// How `countersign gateway` is to run.
pub struct GatewayStart {
    /// How it speaks.
    pub dialect: Dialect,
    /// API address; loopback.
    pub listen: std::net::SocketAddr,
    /// Authorization server's address; loopback.
    pub authorization_listen: std::net::SocketAddr,
    /// Life of access tokens.
    pub token_lifetime: Duration,
    /// Faults active from the start.
    pub faults: Vec<GatewayFault>,
    /// Keys whose signatures it checks: keyid and public JWK as JSON.
    pub trusted_keys: Vec<(String, String)>,
    /// Whether the zoo of broken TLS is served.
    pub zoo: bool,
    /// The demo client's secret; absent: random.
    pub demo_secret: Option<Arc<SecretText>>,
}

/// A gateway that runs on its own, beside no console.
pub struct GatewayHandle {
    gateway: countersign_gateway::Gateway,
    demo_secret: Arc<SecretText>,
}

impl GatewayHandle {
    /// Starts it.
    ///
    /// # Errors
    /// An address that is not loopback, a port that is taken, a key that does not read.
    pub async fn start(start: GatewayStart, clock: &Clock, entropy: &Entropy) -> Answer<Self> {
        let demo_secret = start.demo_secret.unwrap_or_else(|| {
            let mut bytes = [0; 24];
            entropy.fill(&mut bytes);
            Arc::new(Secret::new(base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, bytes)))
        });
        let mut config = countersign_gateway::Config::new(Arc::clone(&demo_secret), clock.wall_function());
        config.listen = start.listen;
        config.authorization_listen = start.authorization_listen;
        config.dialect = start.dialect;
        config.token_lifetime = start.token_lifetime;
        config.faults = start.faults;
        config.zoo = start.zoo;
        for (keyid, jwk) in start.trusted_keys {
            config.trusted_keys.push(countersign_gateway::TrustedKey { key: public_key(&keyid, &jwk)?, keyid });
        }
        let gateway = countersign_gateway::Gateway::start(config).await.map_err(|e| e.problem())?;
        Ok(Self { gateway, demo_secret })
    }

    /// Where everything is.
    pub fn ready(&self) -> Ready {
        self.gateway.ready()
    }

    /// Its root, RFC 7468.
    pub fn ca_pem(&self) -> &str {
        self.gateway.ca_pem()
    }

    /// The demo client's secret, for the one place that shows or stores it.
    pub fn demo_secret(&self) -> &SecretText {
        &self.demo_secret
    }

    /// Each request and failed handshake as it is judged: time, request, status, judgement.
    pub fn subscribe(&self) -> tokio::sync::broadcast::Receiver<countersign_gateway::Seen> {
        self.gateway.subscribe()
    }

    /// Stops listening and ends connections.
    pub async fn stop(self) {
        self.gateway.stop().await;
    }
}

fn public_key(keyid: &str, jwk: &str) -> Answer<PublicKey> {
    let bad = |reason: String| {
        Problem::new("signature.bad_key", Fault::Caller, format!("the key `{keyid}` does not read"), reason)
            .with_hint("Give a public JWK (RFC 7517) of type OKP Ed25519 or EC P-256.")
    };
    let jwk: countersign_signing::PublicJwk = serde_json::from_str(jwk).map_err(|e| bad(e.to_string()))?;
    PublicKey::from_jwk(&jwk).map_err(|e| bad(e.to_string()))
}
