//! Credentials and their slots. One operation takes a secret, none returns one.

use std::sync::Arc;

use countersign_evidence::{Fault, Problem};
use countersign_secret::{Secret, SecretBytes, SecretText};
use countersign_vault::Kind;

use super::{Answer, Console};
use crate::core::lock;
use crate::identity::CertificateImport;
use crate::view::{
    CertificateForm, CredentialForm, CredentialView, EncodingProbe, ExchangeView, SendProgress, ServerView,
};
use crate::workspace::CredentialFile;

impl Console {
    /// All credentials, without their secrets.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub async fn credential_list(&self) -> Answer<Vec<CredentialView>> {
        let files = self.core.blocking(|core| core.workspace.credentials().value).await?;
        let mut views = Vec::with_capacity(files.len());
        for file in &files {
            views.push(self.core.credential_view(file).await);
        }
        Ok(views)
    }

    /// Files of credentials that could not be read, each named with its line.
    ///
    /// # Errors
    /// A task of ours that ended.
    pub async fn credential_problems(&self) -> Answer<Vec<Problem>> {
        self.core.blocking(|core| core.workspace.credentials().problems).await
    }

    /// One credential.
    ///
    /// # Errors
    /// One that is not there.
    pub async fn credential_read(&self, name: &str) -> Answer<CredentialView> {
        let name = name.to_owned();
        let file = self.core.blocking(move |core| core.workspace.credential(&name)).await??;
        Ok(self.core.credential_view(&file).await)
    }

    /// Adds or changes a credential's metadata; tokens obtained before are dropped.
    ///
    /// # Errors
    /// A host pattern that is none, a recipe that is none, a folder that cannot be written.
    pub async fn credential_save(&self, form: CredentialForm) -> Answer<CredentialView> {
        let file = self
            .core
            .blocking(move |core| {
                core.ensure_workspace()?;
                let file = core.credential_of(form)?;
                core.workspace.save_credential(&file)?;
                core.change_state(|state| state.bump_credential(&file.name))?;
                Ok::<CredentialFile, Problem>(file)
            })
            .await??;
        self.core.credential_changed(&file.name);
        let key = crate::proof::DPOP_KEY;
        if file.grant.dpop && !file.slots.contains_key(key) {
            self.core.generate_key(&file.name, key, countersign_signing::Algorithm::EcdsaP256Sha256).await?;
            return self.credential_read(&file.name).await;
        }
        Ok(self.core.credential_view(&file).await)
    }

    /// What an issuer says about itself (RFC 8414).
    ///
    /// # Errors
    /// It says nothing, says it is another, or cannot be reached.
    pub async fn credential_discover(&self, issuer: &str) -> Answer<ServerView> {
        self.core.discover(issuer).await
    }

    /// The public keys of a credential as a JWK set (RFC 7517 §5), for the server's registration.
    ///
    /// # Errors
    /// A credential without such a key, a vault that cannot be read.
    pub async fn credential_jwks(&self, name: &str) -> Answer<serde_json::Value> {
        let file = self.core.workspace.credential(name)?;
        let mut e = countersign_evidence::Exchange::new("jwks", self.core.clock.now());
        let key = self.core.jwt_key(&mut e, &file, crate::proof::ASSERTION_KEY).await?;
        Ok(serde_json::json!({ "keys": [key.public_jwk()] }))
    }

    /// Removes a credential, its secrets and its token.
    ///
    /// # Errors
    /// A vault that cannot be written.
    pub async fn credential_remove(&self, name: &str) -> Answer<Vec<CredentialView>> {
        self.core.remove_credential(name).await?;
        self.credential_list().await
    }

    /// Puts a secret into a slot. The one way in; there is no way out.
    ///
    /// # Errors
    /// A vault that cannot take it, a key that does not read.
    pub async fn credential_set_secret(&self, name: &str, slot: &str, text: SecretText) -> Answer<CredentialView> {
        let secret = Arc::new(Secret::new(text.expose_secret().as_bytes().to_vec()));
        self.set_slot(name, slot, secret, Some(&text)).await
    }

    async fn set_slot(
        &self,
        name: &str,
        slot: &str,
        value: Arc<SecretBytes>,
        text: Option<&SecretText>,
    ) -> Answer<CredentialView> {
        if value.is_empty() {
            return Err(Problem::new(
                "credential.empty_secret",
                Fault::Caller,
                "the secret is empty",
                format!("{name}/{slot}"),
            )
            .with_hint("Enter the secret that the API's owner gave you."));
        }
        self.core.write_slot(name, slot, Kind::Text, value).await?;
        let file = self.core.workspace.credential(name)?;
        if let Some(text) = text {
            self.core.note_encoding(&file, text)?;
        }
        Ok(self.core.credential_view(&file).await)
    }

    /// Imports a client certificate with its key: a new credential, or a present one gets it. Beside
    /// [`Console::credential_set_secret`] the one way in for a secret; there is no way out.
    ///
    /// # Errors
    /// Files that hold no such pair, a passphrase that does not open them, a vault that cannot take the key.
    pub async fn credential_import_certificate(
        &self,
        form: CertificateForm,
        import: CertificateImport,
    ) -> Answer<CredentialView> {
        let file = self.core.import_certificate(form, import).await?;
        Ok(self.core.credential_view(&file).await)
    }

    /// Empties a slot.
    ///
    /// # Errors
    /// A vault that cannot be written.
    pub async fn credential_remove_secret(&self, name: &str, slot: &str) -> Answer<CredentialView> {
        let address = self.core.slot(name, slot)?;
        self.core.vault().remove(&address.id).await.map_err(|e| e.problem())?;
        self.core.change_state(|state| {
            state.remove_slot(&address.id);
            state.bump_credential(name);
        })?;
        lock(&self.core.signers).remove(&address.id);
        self.core.credential_changed(name);
        self.credential_read(name).await
    }

    /// Makes a signing key in the vault.
    ///
    /// # Errors
    /// An algorithm that is none, a vault that cannot take it.
    pub async fn credential_generate_key(&self, name: &str, slot: &str, alg: &str) -> Answer<CredentialView> {
        let algorithm = crate::credential::algorithm(alg)?;
        self.core.generate_key(name, slot, algorithm).await?;
        self.credential_read(name).await
    }

    /// Obtains a token, so that one knows the credential works.
    ///
    /// # Errors
    /// A credential that is not there.
    pub async fn credential_test(
        &self,
        name: &str,
        progress: impl Fn(SendProgress) + Send + Sync + 'static,
    ) -> Answer<ExchangeView> {
        self.core
            .obtain_token(name, None, crate::obtain::Wanted::New("test of the credential"), Arc::new(progress))
            .await
    }

    /// Tries the other ways of sending id and secret. Each try counts with the server. Cancelled by
    /// [`send_cancel`](Self::send_cancel).
    ///
    /// # Errors
    /// A credential that is not there, or that has but one way.
    pub async fn credential_probe(
        &self,
        name: &str,
        progress: impl Fn(SendProgress) + Send + Sync + 'static,
    ) -> Answer<EncodingProbe> {
        self.core.probe_encodings(name, Arc::new(progress)).await
    }
}
