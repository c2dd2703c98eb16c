//! Signing keys from files: PKCS#8 PEM, recognised by trying.

use std::sync::Arc;

use countersign_evidence::{Fault, Problem};
use countersign_oauth::JwtKey;
use countersign_secret::{Secret, SecretBytes};
use countersign_signing::{Algorithm, SigningKey};
use countersign_vault::Kind;

use crate::core::Core;

impl Core {
    /// Puts a private key into a slot; its public half goes into the credential's file.
    pub(crate) async fn import_key(
        self: &Arc<Self>,
        credential: &str,
        slot: &str,
        pem: &SecretBytes,
    ) -> Result<(), Problem> {
        let der = pkcs8(pem)?;
        if slot == crate::proof::ASSERTION_KEY {
            JwtKey::of_private(&der, "", "").map_err(|error| error.problem())?;
            return self.write_slot(credential, slot, Kind::Key, Arc::new(der)).await;
        }
        let public = Algorithm::ALL
            .into_iter()
            .filter(|algorithm| algorithm.is_asymmetric())
            .find_map(|algorithm| SigningKey::from_secret(algorithm, &der).ok())
            .and_then(|key| key.public())
            .ok_or_else(|| not_a_key("it is neither an Ed25519, a P-256, a P-384 nor an RSA key of 2048 bits"))?;
        self.write_slot(credential, slot, Kind::Key, Arc::new(der)).await?;
        let mut file = self.workspace.credential(credential)?;
        if let Some(found) = file.slots.get_mut(slot) {
            found.public_jwk = public.to_jwk();
        }
        self.workspace.save_credential(&file)
    }
}

fn not_a_key(reason: &str) -> Problem {
    Problem::new("signature.not_a_key", Fault::Caller, "the file is no private key for signing", reason)
        .with_hint("Give a PKCS#8 PEM file: `openssl pkcs8 -topk8 -nocrypt -in key.pem`.")
        .with_citation("RFC 5958", "2")
}

/// The DER of `-----BEGIN PRIVATE KEY-----` (RFC 7468 §10).
fn pkcs8(pem: &SecretBytes) -> Result<SecretBytes, Problem> {
    use rustls::pki_types::pem::PemObject as _;
    let der = rustls::pki_types::PrivatePkcs8KeyDer::from_pem_slice(pem.expose_secret())
        .map_err(|_| not_a_key("no PRIVATE KEY block was found in it"))?;
    Ok(Secret::new(der.secret_pkcs8_der().to_vec()))
}

#[cfg(test)]
mod tests {
    use countersign_secret::Secret;

    use super::pkcs8;

    #[test]
    fn a_file_without_a_private_key_is_said_so() {
        let problem = pkcs8(&Secret::new(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec()))
            .err()
            .unwrap();
        assert_eq!(problem.code, "signature.not_a_key");
    }
}
