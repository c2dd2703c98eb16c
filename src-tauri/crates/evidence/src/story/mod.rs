//! The handshake of a connection as people read it, in words both hosts share.
//!
//! [`story()`] reads an [`Exchange`] and nothing else: title, badges, the messages in groups, six steps that tell
//! what *this* connection did, the cross-checks. The window draws it as the page of the handshake, the command line
//! prints it under the ladder. Secrets are named here, never held.

mod badge;
mod certificate;
mod client;
mod flight;
mod read;
mod secret;
mod title;
mod verification;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Citation, Exchange, Fact};

/// What a badge stands for; a host draws the glyph that fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, rename = "StoryBadgeKind")]
pub enum BadgeKind {
    /// Who proved an identity.
    Identity,
    /// A client certificate was asked for and none was sent.
    Asked,
    /// The key exchange holds against a quantum computer.
    PostQuantum,
    /// All sources agree.
    Equal,
    /// Sources differ.
    Differs,
    /// Messages without a check.
    Messages,
}

/// A fact of the whole handshake, short enough for a badge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, rename = "StoryBadge")]
pub struct Badge {
    /// What it stands for.
    pub kind: BadgeKind,
    /// The fact.
    pub text: String,
}

/// A message in its group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, rename = "StoryMessage")]
pub struct Message {
    /// Index into `messages[]` of the handshake.
    pub index: usize,
    /// `ServerHello`; an alert by its name: `alert handshake_failure`.
    pub label: String,
    /// Whether it counts: `change_cipher_spec` is not a handshake message.
    pub counted: bool,
}

/// Messages of one sender under the same keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, rename = "StoryGroup")]
pub struct Group {
    /// `Client`, `Server`.
    pub sender: String,
    /// `in clear`, `handshake keys`, `application keys`.
    pub keys: String,
    /// Its messages in wire order.
    pub messages: Vec<Message>,
}

/// Where a failed handshake ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, rename = "StoryEnd", optional_fields)]
pub struct End {
    /// Index of the message to mark; absent where none went by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<usize>,
    /// `The server sent the alert handshake_failure`.
    pub title: String,
    /// What it means.
    pub meaning: String,
}

/// Whether a comparison held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, rename = "StoryTickState")]
pub enum TickState {
    /// It held.
    Held,
    /// It did not.
    Failed,
    /// Nothing was compared.
    NotCompared,
}

/// One thing the client verified: what the certificate says beside what it was compared with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, rename = "StoryTick")]
pub struct Tick {
    /// `Dates`, `Issuer`, `Name`, `Signature`.
    pub name: String,
    /// Whether it held.
    pub state: TickState,
    /// What the certificate says.
    pub says: String,
    /// What that was compared with.
    pub compared: String,
}

/// A secret by its name; its value is asked for one by one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, rename = "StorySecret", optional_fields)]
pub struct SecretName {
    /// Its name in `key_schedule[]`.
    pub name: String,
    /// The name shown: `X25519MLKEM768`, `client key`.
    pub label: String,
    /// Bytes.
    pub length: u64,
    /// What it is made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub derivation: Option<String>,
}

/// One of the six steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, rename = "StoryStep", optional_fields)]
pub struct StoryStep {
    /// 1 to 6. The first three say who answers, the last three how it stays secret.
    pub number: u8,
    /// `Client connects`.
    pub title: String,
    /// What this connection did.
    pub text: String,
    /// Where it is defined.
    pub citation: Citation,
    /// Whether the handshake came this far.
    pub reached: bool,
    /// Values.
    #[serde(default)]
    pub facts: Vec<Fact>,
    /// What was verified.
    #[serde(default)]
    pub ticks: Vec<Tick>,
    /// The secrets the step is about.
    #[serde(default)]
    pub secrets: Vec<SecretName>,
    /// Further ones that follow from them.
    #[serde(default)]
    pub derived: Vec<SecretName>,
    /// What the further ones are: `6 secrets derived from them`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub derived_words: Option<String>,
}

/// One cross-check in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, rename = "StoryCheck", optional_fields)]
pub struct CheckRow {
    /// `Finished`.
    pub name: String,
    /// Whether both agree.
    pub ok: bool,
    /// What went over the wire.
    pub claimed: String,
    /// What it was held against.
    pub checked: String,
    /// Where it is defined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub citation: Option<Citation>,
}

/// The handshake as people read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct Story {
    /// `Full handshake in 9 ms: TLS 1.3, X25519MLKEM768, Trusted`.
    pub title: String,
    /// Facts of the whole.
    pub badges: Vec<Badge>,
    /// `localhost:8443 · opened 09:12:44.041Z`.
    pub line: String,
    /// What to know first: that the connection was reused, or that its messages are not kept.
    #[serde(default)]
    pub notes: Vec<String>,
    /// The messages, grouped.
    pub groups: Vec<Group>,
    /// How many messages count.
    pub counted: usize,
    /// What the messages come to: round trips, bytes each way.
    pub foot: String,
    /// Where it ended, when it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<End>,
    /// The six steps.
    pub steps: Vec<StoryStep>,
    /// The cross-checks.
    pub checks: Vec<CheckRow>,
}

/// Reads the handshake of an exchange; `None` where there was no TLS, or none was reached.
pub fn story(e: &Exchange) -> Option<Story> {
    let h = e.handshake.as_ref()?;
    Some(Story {
        title: title::title(e, h),
        badges: badge::badges(e, h),
        line: title::line(e, h),
        notes: title::notes(e, h),
        groups: flight::groups(h),
        counted: flight::counted(h),
        foot: flight::foot(e, h),
        end: flight::end(e, h),
        steps: vec![
            client::connects(e, h),
            certificate::server(e, h),
            verification::client(e, h),
            secret::shared(h),
            secret::main(h),
            secret::keys(h),
        ],
        checks: badge::checks(h),
    })
}

/// A step without its values.
fn step(number: u8, title: &str, (source, section): (&'static str, &'static str)) -> StoryStep {
    StoryStep {
        number,
        title: title.to_owned(),
        text: String::new(),
        citation: Citation::new(source, section),
        reached: true,
        facts: Vec::new(),
        ticks: Vec::new(),
        secrets: Vec::new(),
        derived: Vec::new(),
        derived_words: None,
    }
}

#[cfg(test)]
mod tests;
