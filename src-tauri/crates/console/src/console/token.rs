//! Tokens: listed, obtained, renewed, discarded.

use std::time::Duration;

use std::sync::Arc;

use countersign_evidence::{Fault, Problem};
use countersign_secret::SecretText;

use super::{Answer, Console};
use crate::send::token_call::TokenParts;
use crate::token::KeepRefresh as _;
use crate::view::{Change, ExchangeView, IntrospectionView, SendProgress, SignInProgress, TokenRow, VerificationView};

/// How long a token operation on request may take.
const TOKEN_LIMIT: Duration = Duration::from_secs(30);

impl Console {
    /// Every token of the engine.
    ///
    /// # Errors
    /// None now.
    pub async fn token_list(&self) -> Answer<Vec<TokenRow>> {
        Ok(self.core.rows())
    }

    /// Keeps a token of the credential fresh and tells each step, until this is dropped.
    ///
    /// # Errors
    /// A credential that is not there; a refusal that no repetition mends.
    pub async fn token_watch(
        &self,
        credential: &str,
        scope: Option<&str>,
        told: impl Fn(&TokenRow),
    ) -> Answer<std::convert::Infallible> {
        self.core.watch_token(credential, scope, told).await
    }

    /// A token, obtained or reused.
    ///
    /// # Errors
    /// A credential that is not there.
    pub async fn token_obtain(
        &self,
        credential: &str,
        progress: impl Fn(SendProgress) + Send + Sync + 'static,
    ) -> Answer<ExchangeView> {
        self.core.obtain_token(credential, None, crate::obtain::Wanted::Any, Arc::new(progress)).await
    }

    /// As `token_obtain`, for a subset of the credential's scope.
    ///
    /// # Errors
    /// A credential that is not there, a scope it does not have.
    pub async fn token_obtain_scoped(
        &self,
        credential: &str,
        scope: Option<&str>,
        progress: impl Fn(SendProgress) + Send + Sync + 'static,
    ) -> Answer<ExchangeView> {
        self.core.obtain_token(credential, scope, crate::obtain::Wanted::Any, Arc::new(progress)).await
    }

    /// A new token in place of the present one.
    ///
    /// # Errors
    /// A credential that is not there.
    pub async fn token_renew(
        &self,
        credential: &str,
        progress: impl Fn(SendProgress) + Send + Sync + 'static,
    ) -> Answer<ExchangeView> {
        self.core.obtain_token(credential, None, crate::obtain::Wanted::New("on request"), Arc::new(progress)).await
    }

    /// Forgets the credential's tokens.
    ///
    /// # Errors
    /// None now.
    pub async fn token_discard(&self, credential: &str) -> Answer<Vec<TokenRow>> {
        self.core.engine().discard(credential);
        self.core.changed(Change::Tokens);
        self.token_list().await
    }

    /// Lets a person sign in: an address to be opened, or a code to be entered, is told on the way.
    ///
    /// # Errors
    /// A credential that is not there or needs nobody, a sign-in that was denied or never happened.
    pub async fn token_sign_in(
        &self,
        credential: &str,
        progress: impl Fn(SignInProgress) + Send + Sync + 'static,
    ) -> Answer<ExchangeView> {
        self.core.sign_in(credential, Arc::new(progress)).await
    }

    /// What the authorization server says about the credential's token (RFC 7662).
    ///
    /// # Errors
    /// No token, no introspection endpoint, a server that tells nothing.
    pub async fn token_introspect(&self, credential: &str) -> Answer<IntrospectionView> {
        let (parts, token) = self.present(credential).await?;
        self.core.introspect(&parts, &token).await
    }

    /// Revokes the credential's refresh token and token at the server (RFC 7009), then forgets them.
    ///
    /// # Errors
    /// No token, no revocation endpoint, a server that refuses.
    pub async fn token_revoke(&self, credential: &str) -> Answer<Vec<TokenRow>> {
        let (parts, token) = self.present(credential).await?;
        let key = self.core.token_key(&parts.file, None)?;
        let keep = crate::kept::KeptInVault { core: Arc::downgrade(&self.core) };
        if let Some(kept) = keep.read(&key).await? {
            self.core.revoke(&parts, "refresh_token", &kept.refresh_token).await?;
        }
        self.core.revoke(&parts, "access_token", &token).await?;
        self.token_discard(credential).await
    }

    /// Holds the credential's token against the keys its issuer publishes.
    ///
    /// # Errors
    /// No token; an issuer that is not known or publishes no keys.
    pub async fn token_verify(&self, credential: &str) -> Answer<VerificationView> {
        let (parts, token) = self.present(credential).await?;
        self.core.verify_token(&parts, &token).await
    }

    /// The present token of a credential, and what a call for it is made of.
    async fn present(&self, credential: &str) -> Answer<(Arc<TokenParts>, Arc<SecretText>)> {
        let token = self.token_copy(credential).await?;
        let file = self.core.workspace.credential(credential)?;
        let key = self.core.token_key(&file, None)?;
        let parts = self.core.token_parts(&key.hash).ok_or_else(|| {
            Problem::new("internal.token_parts", Fault::Us, "the token's credential is not known any more", credential)
        })?;
        Ok((parts, token))
    }

    /// The token for the clipboard or a script; it goes there in Rust.
    ///
    /// # Errors
    /// No token, or one that cannot be obtained.
    pub async fn token_copy(&self, credential: &str) -> Answer<Arc<SecretText>> {
        let file = self.core.workspace.credential(credential)?;
        let key = self.core.token_key(&file, None)?;
        let lease = self.core.engine().lease(key, TOKEN_LIMIT).await.map_err(|failure| failure.problem)?;
        Ok(Arc::clone(&lease.held.secret))
    }
}
