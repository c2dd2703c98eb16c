//! A token kept fresh while somebody looks on: each step is told as it happens.

use std::sync::Arc;
use std::time::Duration;

use countersign_evidence::{Problem, TokenState};
use tokio::sync::broadcast::error::RecvError;

use crate::core::Core;
use crate::view::{Change, TokenRow};

/// How long one acquisition is waited for before it is asked again.
const LIMIT: Duration = Duration::from_secs(30);

/// How long after a failure it is asked again, at the latest.
const AGAIN: Duration = Duration::from_secs(15);

/// What of a row is news: where it stands, its generation, and its newest step.
type Told = (TokenState, u64, Option<(u64, bool, String)>);

impl Core {
    /// Obtains a token and renews it before it dies, until the caller drops this. Failures that may pass are told and
    /// tried again; the engine decides when.
    ///
    /// # Errors
    /// A credential that is not there; a refusal that no repetition mends.
    pub(crate) async fn watch_token(
        self: &Arc<Self>,
        credential: &str,
        scope: Option<&str>,
        told: impl Fn(&TokenRow),
    ) -> Result<std::convert::Infallible, Problem> {
        let name = credential.to_owned();
        let file = self.blocking(move |core| core.workspace.credential(&name)).await??;
        let key = self.token_key(&file, scope)?;
        let mut changes = self.changes.subscribe();
        let mut last = None;
        loop {
            // asking is what keeps it renewed in the background, and obtains it where there is none
            let leasing = self.engine().lease(Arc::clone(&key), LIMIT);
            tokio::pin!(leasing);
            let leased = loop {
                tokio::select! {
                    leased = &mut leasing => break leased,
                    () = token_changed(&mut changes) => self.tell(&key.credential, &key.requested_scope, &mut last, &told),
                }
            };
            self.tell(&key.credential, &key.requested_scope, &mut last, &told);
            match leased {
                Ok(_) => token_changed(&mut changes).await,
                Err(failure) if failure.state == TokenState::Dead => return Err(failure.problem),
                Err(_) => tokio::select! {
                    () = token_changed(&mut changes) => {}
                    () = self.clock.sleep_until(self.clock.boot() + AGAIN) => {}
                },
            }
        }
    }

    fn tell(&self, credential: &str, scope: &str, last: &mut Option<Told>, told: &impl Fn(&TokenRow)) {
        for row in self.rows() {
            let same = row.token.requested_scope.as_deref().unwrap_or_default() == scope;
            if row.credential != credential || !same {
                continue;
            }
            let newest = row.generations.first().map(|step| (step.generation, step.failed, step.reason.clone()));
            let now = (row.token.state, row.token.generation, newest);
            if last.as_ref() != Some(&now) {
                told(&row);
                *last = Some(now);
            }
        }
    }
}

/// The next change of a token, or one that was missed.
async fn token_changed(changes: &mut tokio::sync::broadcast::Receiver<Change>) {
    loop {
        match changes.recv().await {
            Ok(Change::Tokens) | Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
