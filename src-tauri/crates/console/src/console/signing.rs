//! Signing and verifying what is not sent.

use countersign_evidence::Problem;
use countersign_signing::{Algorithm, Profile};

use super::{Answer, Console};
use crate::message::Message;
use crate::signing::{Judged, SigV4, SignedMessage, VerifyKey, judge};

impl Console {
    /// Signs a message as it stands, by a profile of the workspace.
    ///
    /// # Errors
    /// No such profile, a key that cannot be read, a component that the message does not have.
    pub async fn message_sign(&self, profile: &str, message: &Message) -> Answer<SignedMessage> {
        let name = profile.to_owned();
        let profile = self.core.blocking(move |core| core.workspace.signing_profile(&name)).await??;
        self.core.sign_message(profile, message).await
    }

    /// The same by a profile that is not in the workspace.
    ///
    /// # Errors
    /// As [`message_sign`](Self::message_sign).
    pub async fn message_sign_as(&self, profile: Profile, message: &Message) -> Answer<SignedMessage> {
        self.core.sign_message(profile, message).await
    }

    /// Signs a message by AWS Signature Version 4.
    ///
    /// # Errors
    /// A slot that is not there or empty, a region or service that is none.
    pub async fn message_sign_sigv4(&self, asked: &SigV4, message: &Message) -> Answer<SignedMessage> {
        self.core.sign_sigv4(asked, message).await
    }

    /// The algorithm of a slot's key, `CREDENTIAL/SLOT`.
    ///
    /// # Errors
    /// No such credential.
    pub async fn key_algorithm(&self, slot: &str) -> Answer<Algorithm> {
        let slot = slot.to_owned();
        self.core.blocking(move |core| core.algorithm_of(&slot)).await?
    }

    /// A slot's key as one that verifies.
    ///
    /// # Errors
    /// No such credential or slot.
    pub async fn verify_key(&self, slot: &str) -> Answer<VerifyKey> {
        self.core.verify_key(slot).await
    }

    /// Judges the signatures of a message by the console's clock.
    ///
    /// # Errors
    /// The message has none.
    pub fn message_verify(
        &self,
        message: &Message,
        request: Option<&Message>,
        label: Option<&str>,
        key: &VerifyKey,
        theirs: Option<&str>,
    ) -> Result<Vec<Judged>, Problem> {
        judge(message, request, label, key, theirs, self.core.clock.now().unix_seconds())
    }
}
