//! Sending: a draft, the first run, a fault on purpose, an inspection.

use std::sync::Arc;

use countersign_evidence::Scan;

use super::{Answer, Console};
use crate::core::lock;
use crate::send::run;
use crate::view::{ExchangeView, RequestDraft, ScanProgress, SendProgress, WorkspaceView};

impl Console {
    /// Sends a draft. A refusal, ours or the server's, is an exchange like any other.
    ///
    /// # Errors
    /// None: whatever happens is in the document.
    pub async fn send(
        &self,
        draft: RequestDraft,
        progress: impl Fn(SendProgress) + Send + Sync + 'static,
    ) -> Answer<ExchangeView> {
        Ok(run::run(&self.core, draft, Arc::new(progress)).await)
    }

    /// Cancels a send.
    ///
    /// # Errors
    /// None: a send that has ended is cancelled as well as can be.
    pub async fn send_cancel(&self, exchange: &str) -> Answer<()> {
        if let Some(token) = lock(&self.core.sending).get(exchange) {
            token.cancel();
        }
        Ok(())
    }

    /// The first run: gateway, demo credential, one signed request.
    ///
    /// # Errors
    /// A vault that cannot take the secret, ports, files.
    pub async fn first_run(&self, progress: impl Fn(SendProgress) + Send + Sync + 'static) -> Answer<ExchangeView> {
        self.core.first_run(Arc::new(progress)).await
    }

    /// Breaks one thing on purpose and sends again.
    ///
    /// # Errors
    /// A fault that is none of the four.
    pub async fn demo_break(
        &self,
        fault: &str,
        progress: impl Fn(SendProgress) + Send + Sync + 'static,
    ) -> Answer<ExchangeView> {
        self.core.demo_break(fault, Arc::new(progress)).await
    }

    /// Undoes the first run.
    ///
    /// # Errors
    /// A vault or folder that cannot be written.
    pub async fn demo_remove(&self) -> Answer<WorkspaceView> {
        self.core.remove_demo().await?;
        self.workspace_read().await
    }

    /// What a server offers: some hundred ClientHellos, cancelled by [`send_cancel`](Self::send_cancel) with its id.
    ///
    /// # Errors
    /// A text that is no host, a host that cannot be reached or speaks no TLS, a cancel.
    pub async fn scan(&self, host: &str, progress: impl Fn(ScanProgress) + Send + Sync + 'static) -> Answer<Scan> {
        self.core.scan(host, progress).await
    }

    /// One observed handshake.
    ///
    /// # Errors
    /// A text that is no host.
    pub async fn inspect(
        &self,
        host: &str,
        progress: impl Fn(SendProgress) + Send + Sync + 'static,
    ) -> Answer<ExchangeView> {
        self.core.inspect(host, Arc::new(progress)).await
    }
}
