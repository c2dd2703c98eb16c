//! Exchanges: read, compared, saved, listed.

use std::sync::Arc;

use countersign_evidence::{Exchange, Explained, Fault, Problem};
use countersign_secret::SecretText;
use countersign_tls::Scope;
use zeroize::Zeroizing;

use super::{Answer, Console};
use crate::core::view_of;
use crate::view::{Change, Comparison, DiagnosisView, ExchangeView, HandshakeView, HistoryPage, Parted};

/// Bytes of a content that are looked at for what may have happened to it.
const MOST_COMPARED: u64 = 1 << 20;

impl Console {
    /// A past exchange, or a token call made since the start.
    ///
    /// # Errors
    /// One that is not there.
    pub async fn exchange_read(&self, exchange: &str) -> Answer<ExchangeView> {
        let id = exchange.to_owned();
        self.core
            .blocking(move |core| {
                if let Some(entry) = core.history()?.read(&id)? {
                    return Ok(view_of(entry));
                }
                let call = core.call(&id).ok_or_else(|| no_exchange(&id))?;
                Ok(view_of(crate::history::Entry {
                    exchange: call,
                    workspace: core.workspace_id(),
                    environment: core.environment_name(),
                    request_path: None,
                    gateway_seen: None,
                }))
            })
            .await?
    }

    /// A range of a content, raw.
    ///
    /// # Errors
    /// A reference that is none, a content that is gone.
    pub async fn exchange_content(&self, reference: &str, offset: u64, length: u64) -> Answer<Vec<u8>> {
        let reference = reference.to_owned();
        self.core
            .blocking(move |core| {
                core.content.read(&reference, offset, length).map_err(|e| {
                    Problem::new(
                        "storage.content_gone",
                        Fault::Environment,
                        "the content is not here any more",
                        format!("{reference}: {e}"),
                    )
                    .with_hint("The history keeps the newest contents up to its bound; send again to see it.")
                })
            })
            .await?
    }

    /// The handshake of an exchange: every message of the connection it used, told.
    ///
    /// # Errors
    /// An exchange that is not there.
    pub async fn handshake_read(&self, exchange: &str) -> Answer<HandshakeView> {
        let view = self.exchange_read(exchange).await?;
        self.core.blocking(move |core| core.handshake(view.evidence)).await
    }

    /// Explains the chain of an exchange again, with missing issuers, revocation lists and the OCSP responder's word,
    /// fetched now. Third parties learn which server is looked at.
    ///
    /// # Errors
    /// An exchange that is not there, or one without a chain.
    pub async fn chain_fetch(&self, exchange: &str) -> Answer<Explained> {
        let e = self.exchange_read(exchange).await?.evidence;
        let target = self.core.endpoint(e.request.as_ref().map_or("", |request| request.target.as_str()))?;
        let policy = self.core.policy(&target, None, true);
        self.core.explain_fetched(&e, &target, &policy.trust).await
    }

    /// One secret of the key schedule, in lower-case hex. It goes to the screen on an explicit wish, and nowhere else.
    ///
    /// # Errors
    /// An exchange that is not there, a connection whose secrets left memory, a name it does not have.
    pub async fn handshake_secret(&self, exchange: &str, name: &str) -> Answer<Zeroizing<String>> {
        let view = self.exchange_read(exchange).await?;
        let name = name.to_owned();
        self.core.blocking(move |core| core.handshake_secret(&view.evidence, &name)).await?
    }

    /// The connection of an exchange as a pcapng file, its secrets inside, so that it opens decrypted. `Scope::Full`
    /// holds everything that was sent over it; `Scope::HandshakeOnly` ends after both Finished.
    ///
    /// # Errors
    /// An exchange that is not there, a connection that is not in memory any more.
    pub async fn handshake_capture(&self, exchange: &str, scope: Scope) -> Answer<Vec<u8>> {
        let view = self.exchange_read(exchange).await?;
        self.core.blocking(move |core| core.handshake_capture(&view.evidence, scope)).await?
    }

    /// The key log of the connection of an exchange (RFC 9850). It opens everything that was sent over it.
    ///
    /// # Errors
    /// As [`handshake_capture`](Self::handshake_capture).
    pub async fn handshake_key_log(&self, exchange: &str) -> Answer<Zeroizing<String>> {
        let view = self.exchange_read(exchange).await?;
        self.core.blocking(move |core| core.handshake_key_log(&view.evidence)).await?
    }

    /// Why an exchange was refused: causes in order, each as sure as it is.
    ///
    /// # Errors
    /// One that is not there, or was not refused.
    pub async fn exchange_diagnose(&self, exchange: &str) -> Answer<DiagnosisView> {
        let e = self.exchange_read(exchange).await?.evidence;
        self.core.diagnosed(&e)
    }

    /// The same of an evidence document.
    ///
    /// # Errors
    /// One that was not refused.
    pub fn diagnose_document(&self, e: &Exchange) -> Answer<DiagnosisView> {
        self.core.diagnosed(e)
    }

    /// The exchange as a curl command, secrets by reference.
    ///
    /// # Errors
    /// One that is not there.
    pub async fn exchange_copy_curl(&self, exchange: &str) -> Answer<String> {
        let view = self.exchange_read(exchange).await?;
        self.core
            .blocking(move |core| crate::export::curl(&view.evidence, core.sent_bytes(&view.evidence).as_deref()))
            .await
    }

    /// Writes an exchange to a file in the exports folder; its path.
    ///
    /// # Errors
    /// A kind that is none, a folder that cannot be written.
    pub async fn exchange_save(&self, exchange: &str, kind: &str) -> Answer<String> {
        let view = self.exchange_read(exchange).await?;
        let kind = kind.to_owned();
        self.core.blocking(move |core| core.save_exchange(&view.evidence, &kind)).await?
    }

    /// Two exchanges side by side.
    ///
    /// # Errors
    /// One that is not there.
    pub async fn exchange_compare(&self, left: &str, right: &str) -> Answer<Comparison> {
        let (left, right) = (self.exchange_read(left).await?, self.exchange_read(right).await?);
        Ok(crate::export::compare(&left.evidence, &right.evidence))
    }

    /// The signature base of an exchange against the one the server built; `None`: they are equal. Both are redacted
    /// before they are compared, so that a token which stands in both differs in neither.
    ///
    /// # Errors
    /// No such exchange, or one that was not signed.
    pub async fn signature_compare(&self, exchange: &str, theirs: SecretText) -> Answer<Option<Parted>> {
        let e = self.exchange_read(exchange).await?.evidence;
        let signature = e.signature.ok_or_else(|| {
            Problem::new("signature.none", Fault::Caller, "the request was not signed", exchange.to_owned())
                .with_hint("Choose a signing profile for the request.")
        })?;
        let reference = e.request.and_then(|request| request.content).and_then(|content| content.reference);
        let core = Arc::clone(&self.core);
        self.core
            .blocking(move |_| {
                let read = |reference: &String| core.content.read(reference, 0, MOST_COMPARED).ok();
                let content = reference.as_ref().and_then(read).unwrap_or_default();
                let theirs = core.redactor.redact(theirs.expose_secret()).replace("\r\n", "\n");
                let difference = countersign_signing::compare(&signature.base, theirs.trim_end_matches('\n'));
                difference.map(|difference| crate::signing::parted(difference, &content))
            })
            .await
    }

    /// A page of the history, newest first.
    ///
    /// # Errors
    /// A history that cannot be read.
    pub async fn history_list(&self, filter: &str, before: Option<&str>, limit: u64) -> Answer<HistoryPage> {
        let (filter, before) = (filter.to_owned(), before.map(ToOwned::to_owned));
        self.core.blocking(move |core| core.history()?.page(&filter, before.as_deref(), limit)).await?
    }

    /// Forgets every exchange and content.
    ///
    /// # Errors
    /// A history that cannot be written.
    pub async fn history_clear(&self) -> Answer<()> {
        self.core.blocking(|core| core.history()?.clear()).await??;
        self.core.changed(Change::History);
        self.core.changed(Change::Status);
        Ok(())
    }
}

fn no_exchange(id: &str) -> Problem {
    Problem::new("exchange.not_found", Fault::Caller, "this exchange is not in the history", id.to_owned())
        .with_hint("The history keeps the newest exchanges up to its bound.")
}
