//! The watch list, and two documents side by side.

use countersign_evidence::Exchange;

use super::{Answer, Console};
use crate::view::{Comparison, WatchRow};

impl Console {
    /// Watched endpoints, `host:port`.
    ///
    /// # Errors
    /// A file that does not read.
    pub async fn watch_list(&self) -> Answer<Vec<String>> {
        self.core.blocking(|core| core.workspace.watched()).await?
    }

    /// Puts endpoints on the list.
    ///
    /// # Errors
    /// A text that is no host, a folder that cannot be written.
    pub async fn watch_add(&self, hosts: Vec<String>) -> Answer<Vec<String>> {
        self.core
            .blocking(move |core| {
                core.ensure_workspace()?;
                core.watch_add(&hosts)
            })
            .await?
    }

    /// Takes one off the list.
    ///
    /// # Errors
    /// `workspace.not_watched`, a folder that cannot be written.
    pub async fn watch_remove(&self, host: &str) -> Answer<Vec<String>> {
        let host = host.to_owned();
        self.core.blocking(move |core| core.watch_remove(&host)).await?
    }

    /// Looks at every watched endpoint now, eight together; the shortest life first.
    ///
    /// # Errors
    /// A file that does not read. An endpoint that cannot be reached is a row.
    pub async fn watch_check(&self) -> Answer<Vec<WatchRow>> {
        self.core.watch_check().await
    }

    /// Two documents side by side, value by value.
    pub fn compare(left: &Exchange, right: &Exchange) -> Comparison {
        crate::export::compare(left, right)
    }
}
