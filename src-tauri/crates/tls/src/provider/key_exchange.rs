//! Key exchanges that tell the shared secret they arrived at.

use rustls::crypto::{ActiveKeyExchange, CompletedKeyExchange, SharedSecret, SupportedKxGroup};
use rustls::ffdhe_groups::FfdheGroup;
use rustls::{Error, NamedGroup, ProtocolVersion, SupportedProtocolVersion};
use zeroize::Zeroizing;

use crate::recorder;

#[derive(Debug)]
pub(super) struct RecordingGroup(pub(super) &'static dyn SupportedKxGroup);

fn note(group: NamedGroup, secret: &[u8]) {
    if let Some(recorder) = recorder::current() {
        recorder.library().shared.push((group, Zeroizing::new(secret.to_vec())));
    }
}

impl SupportedKxGroup for RecordingGroup {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        Ok(Box::new(RecordingExchange(self.0.start()?)))
    }

    // a KEM encapsulates in one operation: the default of this trait would be wrong for it
    fn start_and_complete(&self, peer_public_key: &[u8]) -> Result<CompletedKeyExchange, Error> {
        let completed = self.0.start_and_complete(peer_public_key)?;
        note(completed.group, completed.secret.secret_bytes());
        Ok(completed)
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        self.0.ffdhe_group()
    }

    fn name(&self) -> NamedGroup {
        self.0.name()
    }

    fn fips(&self) -> bool {
        self.0.fips()
    }

    fn usable_for_version(&self, version: ProtocolVersion) -> bool {
        self.0.usable_for_version(version)
    }
}

struct RecordingExchange(Box<dyn ActiveKeyExchange>);

impl ActiveKeyExchange for RecordingExchange {
    fn complete(self: Box<Self>, peer_public_key: &[u8]) -> Result<SharedSecret, Error> {
        let group = self.0.group();
        let secret = self.0.complete(peer_public_key)?;
        note(group, secret.secret_bytes());
        Ok(secret)
    }

    fn complete_for_tls_version(
        self: Box<Self>,
        peer_public_key: &[u8],
        version: &SupportedProtocolVersion,
    ) -> Result<SharedSecret, Error> {
        let group = self.0.group();
        let secret = self.0.complete_for_tls_version(peer_public_key, version)?;
        note(group, secret.secret_bytes());
        Ok(secret)
    }

    fn hybrid_component(&self) -> Option<(NamedGroup, &[u8])> {
        self.0.hybrid_component()
    }

    fn complete_hybrid_component(self: Box<Self>, peer_public_key: &[u8]) -> Result<SharedSecret, Error> {
        let group = self.0.hybrid_component().map_or_else(|| self.0.group(), |(group, _)| group);
        let secret = self.0.complete_hybrid_component(peer_public_key)?;
        note(group, secret.secret_bytes());
        Ok(secret)
    }

    fn pub_key(&self) -> &[u8] {
        self.0.pub_key()
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        self.0.ffdhe_group()
    }

    fn group(&self) -> NamedGroup {
        self.0.group()
    }
}
