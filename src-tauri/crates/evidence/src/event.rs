//! What happens while an exchange runs: one event per change of a step, streamed to the host.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::Citation;

/// The seven steps of the ladder, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Step {
    /// Which slots were read, from which store.
    Credential,
    /// Reused, renewed or acquired.
    Token,
    /// Resolved addresses.
    Name,
    /// Which address answered.
    Tcp,
    /// The handshake and the verdict on the chain.
    Tls,
    /// What was signed, with which key.
    Signature,
    /// Status, fields, content.
    Response,
}

impl Step {
    /// All steps in the order of the ladder.
    pub const ALL: [Step; 7] =
        [Step::Credential, Step::Token, Step::Name, Step::Tcp, Step::Tls, Step::Signature, Step::Response];

    /// The word on the row.
    pub fn title(self) -> &'static str {
        match self {
            Step::Credential => "Credential",
            Step::Token => "Token",
            Step::Name => "Name",
            Step::Tcp => "TCP",
            Step::Tls => "TLS",
            Step::Signature => "Signature",
            Step::Response => "Response",
        }
    }
}

/// What a row of the ladder says at its left edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum StepState {
    /// `✓` Done.
    Done,
    /// `↻` Reused from before.
    Reused,
    /// `!` Done, with findings.
    Findings,
    /// `✕` The cause of the failure.
    Cause,
    /// `·` A consequence of the cause.
    Consequence,
    /// `–` Not reached, or not used.
    NotReached,
    /// `○` Running.
    Running,
    /// `?` Needs the person.
    NeedsYou,
}

impl StepState {
    /// The glyph; meaning never rests on colour alone.
    pub fn glyph(self) -> char {
        match self {
            StepState::Done => '✓',
            StepState::Reused => '↻',
            StepState::Findings => '!',
            StepState::Cause => '✕',
            StepState::Consequence => '·',
            StepState::NotReached => '–',
            StepState::Running => '○',
            StepState::NeedsYou => '?',
        }
    }
}

/// A named value with the section that defines it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct Fact {
    /// `Cipher suite`, `not_after`.
    pub name: String,
    /// The value as text. Never a secret.
    pub value: String,
    /// Where the name is defined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub citation: Option<Citation>,
}

impl Fact {
    /// A fact without a citation.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into(), citation: None }
    }

    /// A fact with its citation.
    pub fn cited(
        name: impl Into<String>,
        value: impl Into<String>,
        source: &'static str,
        section: &'static str,
    ) -> Self {
        Self { name: name.into(), value: value.into(), citation: Some(Citation::new(source, section)) }
    }
}

/// One change of one step while the work goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Event {
    /// The exchange it belongs to.
    pub exchange: String,
    /// Which step.
    pub step: Step,
    /// Microseconds since the exchange started, monotonic.
    pub at_us: u64,
    /// The new state.
    pub state: StepState,
    /// What is known now; replaces what was known.
    #[serde(default)]
    pub facts: Vec<Fact>,
}
