//! What a client proves itself with at an authorization server: its secret, assertions signed by its key, proofs of
//! possession.

use std::sync::Arc;

use countersign_evidence::{Exchange, Problem};
use countersign_oauth::{Assertion, AssertionAudience, ClientAuthentication, JwtKey, Proof, assertion, proof};
use countersign_secret::SecretText;
use countersign_tls::Target;

use crate::core::{Core, lock};
use crate::send::ask::Asked;
use crate::send::progress::micros;
use crate::send::token_call::TokenParts;
use crate::workspace::CredentialFile;

/// The slot of the private key that signs client assertions (RFC 7523).
pub(crate) const ASSERTION_KEY: &str = "assertion_key";
/// The slot of the key that tokens are bound to (RFC 9449).
pub(crate) const DPOP_KEY: &str = "dpop_key";
/// The grant of RFC 7523 §2.1.
pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// A client's secrets while a request is made.
pub(crate) struct ClientKeys {
    /// The recipe's first slot, where it is a proof.
    pub(crate) secret: Option<Arc<SecretText>>,
    /// The key of assertions.
    pub(crate) assertion: Option<JwtKey>,
    /// The key of proofs.
    pub(crate) dpop: Option<JwtKey>,
}

impl Core {
    /// Reads what the client proves itself with; each slot read is noted in the evidence.
    pub(crate) async fn client_keys(&self, e: &mut Exchange, parts: &TokenParts) -> Result<ClientKeys, Problem> {
        let began = self.clock.boot();
        let file = &parts.file;
        let secret = match parts.recipe.slots.first().filter(|_| parts.authentication.needs_secret()) {
            Some(slot) => {
                self.name_credential(e, &file.name);
                let secret = self.read_text_slot(&file.name, slot).await?;
                self.redactor.register_pair(&file.name, &file.client_id, &secret);
                self.slot_used(e, &file.name, slot);
                Some(secret)
            }
            None => None,
        };
        let assertion = match parts.authentication {
            ClientAuthentication::ClientSecretJwt => secret.as_deref().map(JwtKey::of_secret),
            ClientAuthentication::PrivateKeyJwt => Some(self.jwt_key(e, file, ASSERTION_KEY).await?),
            _ if file.grant_type == JWT_BEARER && file.slots.contains_key(ASSERTION_KEY) => {
                Some(self.jwt_key(e, file, ASSERTION_KEY).await?)
            }
            _ => None,
        };
        let dpop = if file.grant.dpop { Some(self.jwt_key(e, file, DPOP_KEY).await?) } else { None };
        e.timing.credential = micros(self.clock.boot().saturating_sub(began));
        Ok(ClientKeys { secret, assertion, dpop })
    }

    /// The evidence names the credential before its slot is read: the store may refuse.
    fn name_credential(&self, e: &mut Exchange, name: &str) {
        e.credential.get_or_insert_with(|| countersign_evidence::CredentialView {
            name: name.to_owned(),
            store: self.vault().store(),
            slots: Vec::new(),
        });
    }

    /// A private key of a credential, ready to sign JWTs.
    pub(crate) async fn jwt_key(&self, e: &mut Exchange, file: &CredentialFile, slot: &str) -> Result<JwtKey, Problem> {
        self.name_credential(e, &file.name);
        let der = self.read_slot(&file.name, slot).await?;
        self.slot_used(e, &file.name, slot);
        let (alg, kid) = match slot {
            ASSERTION_KEY => (file.grant.assertion_alg.as_str(), file.grant.assertion_kid.as_str()),
            _ => ("", ""),
        };
        JwtKey::of_private(&der, alg, kid).map_err(|error| error.problem())
    }

    /// Now by the clock of the server, as far as it is known: assertions and proofs are judged by it.
    pub(crate) fn server_seconds(&self, target: &Target) -> i64 {
        let difference = self.clock_difference(&target.endpoint()).map_or(0, |(ms, _)| ms);
        (self.clock.now().unix_millis() + difference).div_euclid(1000)
    }

    /// The assertion that proves the client, where one does (RFC 7523 §2.2).
    pub(crate) fn client_assertion(
        &self,
        parts: &TokenParts,
        keys: &ClientKeys,
    ) -> Result<Option<SecretText>, Problem> {
        let Some(key) = keys.assertion.as_ref().filter(|_| parts.authentication.is_assertion()) else {
            return Ok(None);
        };
        let client = parts.file.client_id.as_str();
        self.assertion(parts, key, client, client).map(Some)
    }

    /// An assertion of the client about a subject.
    pub(crate) fn assertion(
        &self,
        parts: &TokenParts,
        key: &JwtKey,
        issuer: &str,
        subject: &str,
    ) -> Result<SecretText, Problem> {
        let jti = self.entropy.id(&self.clock);
        let says = Assertion {
            issuer,
            subject,
            server: &parts.issuer,
            token_endpoint: &parts.token_endpoint,
            audience: AssertionAudience::parse(&parts.file.grant.assertion_audience).unwrap_or_default(),
            now: self.server_seconds(&parts.target),
            jti: &jti,
        };
        assertion(key, &says).map_err(|e| e.problem())
    }

    /// The `DPoP` field of one request, where tokens are bound to a key.
    pub(crate) fn dpop_proof(
        &self,
        keys: &ClientKeys,
        method: &str,
        url: &str,
        target: &Target,
        access_token: Option<&SecretText>,
    ) -> Result<Option<SecretText>, Problem> {
        let Some(key) = &keys.dpop else { return Ok(None) };
        let jti = self.entropy.id(&self.clock);
        let nonce = lock(&self.dpop_nonces).get(&target.endpoint()).cloned();
        let now = self.server_seconds(target);
        let of = Proof { method, target: url, now, jti: &jti, nonce: nonce.as_deref(), access_token };
        proof(key, &of).map(Some).map_err(|e| e.problem())
    }

    /// Keeps the nonce of an answer; whether the request was refused for want of it (RFC 9449 §8, §9).
    pub(crate) fn dpop_nonce_asked(&self, target: &Target, asked: &Asked) -> bool {
        self.keep_nonce(target, asked.field("dpop-nonce"))
            && asked.status() == 400
            && serde_json::from_slice::<serde_json::Value>(asked.body())
                .is_ok_and(|answer| answer.get("error").and_then(|e| e.as_str()) == Some("use_dpop_nonce"))
    }

    /// Keeps a nonce for the server's next proof; whether there was a new one.
    pub(crate) fn keep_nonce(&self, target: &Target, nonce: Option<&str>) -> bool {
        let Some(nonce) = nonce.filter(|nonce| !nonce.is_empty()) else { return false };
        let before = lock(&self.dpop_nonces).insert(target.endpoint(), nonce.to_owned());
        before.as_deref() != Some(nonce)
    }
}
