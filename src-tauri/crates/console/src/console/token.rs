//! Tokens: listed, obtained, renewed, discarded.

use std::time::Duration;

use std::sync::Arc;

use countersign_secret::SecretText;

use super::{Answer, Console};
use crate::view::{Change, ExchangeView, SendProgress, TokenRow};

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
