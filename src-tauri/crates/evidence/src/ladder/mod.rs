//! The ladder: seven rows that say what happened, in words both hosts share.
//!
//! [`ladder()`] reads an [`Exchange`] and nothing else. The window draws the rows, the command line prints
//! them; neither makes up a sentence of its own. A row = number, glyph, step, one fact, duration; an open
//! row adds details, causes, a hint and the actions that fit.

mod cause;
mod pill;
mod proof;
mod row;
pub(crate) mod text;
pub(crate) mod title;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Certainty, Exchange, Fact, Outcome, Step, StepState};

pub use self::text::{bytes, countdown, duration, elide};

/// What a row offers to do. A host draws only those it can do; a fix that sends something again runs on a click.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, rename = "LadderAction")]
pub enum Action {
    /// Choose another credential, or edit this one.
    EditCredential,
    /// Open the chain page.
    OpenChain,
    /// Open the handshake page.
    OpenHandshake,
    /// Open the exchange that obtained the token.
    OpenTokenExchange,
    /// Open the token page.
    OpenToken,
    /// Open the signature base page.
    OpenSignatureBase,
    /// Replace a slot's secret.
    ReplaceSecret,
    /// Let Countersign compute Content-Digest.
    ComputeDigest,
    /// Use the raw Basic encoding and send.
    SendInRawMode,
    /// Send again.
    SendAgain,
    /// Trust this CA for this host.
    TrustCa,
    /// Import a client certificate, or choose one.
    ImportCertificate,
    /// Trust exactly this certificate for this host, by a pin on its key.
    TrustCertificate,
    /// Accept this host unverified until Countersign closes.
    AcceptUnverified,
    /// Unlock the keychain, or choose where secrets rest.
    Unlock,
    /// Clear the gateway's faults.
    ClearFaults,
    /// Let calls change something in this live environment until Countersign closes, and send.
    AllowLive,
}

/// One cause, with how sure we are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct Cause {
    /// Proven, likely, possible.
    pub certainty: Certainty,
    /// One sentence.
    pub sentence: String,
    /// The finding it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<String>,
}

/// One component of a signature at both ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct Compared {
    /// Component identifier.
    pub component: String,
    /// Our value.
    pub ours: String,
    /// The server's value; absent when it did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theirs: Option<String>,
    /// Whether they differ.
    pub differs: bool,
    /// First differing character.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<u64>,
}

/// One link of the small chain on a failed TLS row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ChainLink {
    /// Short name of the subject.
    pub name: String,
    /// `sent`, `missing`, `not reached`, `from the gateway's store`, `expired`.
    pub word: String,
    /// Whether the link to the next one is broken.
    pub broken: bool,
}

/// One of the seven rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, rename = "LadderRow", optional_fields)]
pub struct Row {
    /// `1` … `7`, or `2.1` … in the small ladder of a token call.
    pub number: String,
    /// Which step.
    pub step: Step,
    /// The word on the row.
    pub title: String,
    /// The glyph's meaning.
    pub state: StepState,
    /// One fact.
    pub fact: String,
    /// Microseconds; absent where nothing happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_us: Option<u64>,
    /// Microseconds from the start of the exchange to the start of the step, on the bars' common scale.
    pub start_us: u64,
    /// The whole row as one sentence for a screen reader.
    pub spoken: String,
    /// The open row's facts.
    pub details: Vec<Fact>,
    /// The small chain, on a failed TLS row.
    #[serde(default)]
    pub chain: Vec<ChainLink>,
    /// Signature components at both ends, on a refused signature.
    #[serde(default)]
    pub compared: Vec<Compared>,
    /// Why, most specific first, at most four.
    #[serde(default)]
    pub causes: Vec<Cause>,
    /// What was checked and is not the cause.
    #[serde(default)]
    pub ruled_out: Vec<String>,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// What can be done from here.
    #[serde(default)]
    pub actions: Vec<Action>,
    /// The token call's own rows.
    #[serde(default)]
    pub inner: Vec<Row>,
}

/// One line of "What this proves".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Proof {
    /// `Server`, `Channel`, `Caller`.
    pub subject: String,
    /// One sentence.
    pub sentence: String,
    /// Whether it was proved.
    pub proved: bool,
}

/// A warning pill under the response head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Pill {
    /// `info`, `caution`, `invalid`.
    pub tone: Tone,
    /// The fact.
    pub text: String,
    /// The step it opens.
    pub step: Step,
}

/// The ground a mark stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Tone {
    /// Findings.
    Caution,
    /// Neutral notes.
    Info,
    /// The cause.
    Invalid,
}

/// An exchange as people read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Ladder {
    /// The verdict sentence.
    pub title: String,
    /// Facts under it: `201 · Trusted · TLS 1.3 · signed`.
    pub subtitle: String,
    /// How many attempts.
    pub attempts: usize,
    /// Seven rows.
    pub rows: Vec<Row>,
    /// Server, Channel, Caller.
    pub proves: Vec<Proof>,
    /// At most three are shown; the rest is counted.
    pub pills: Vec<Pill>,
    /// The step that opens by itself: the cause, else TLS after a success.
    pub open: Step,
}

/// Reads an exchange into its ladder. Times relative to now use the exchange's own end, so that the same
/// record always reads the same; a host that shows a live countdown takes it from the token's deadline.
pub fn ladder(exchange: &Exchange) -> Ladder {
    let rows = row::rows(exchange);
    let open = rows
        .iter()
        .find(|r| matches!(r.state, StepState::Cause | StepState::NeedsYou))
        .map_or(if exchange.handshake.is_some() { Step::Tls } else { Step::Response }, |r| r.step);
    Ladder {
        title: title::title(exchange),
        subtitle: title::subtitle(exchange),
        attempts: exchange.previous_attempts.len() + 1,
        rows,
        proves: proof::proofs(exchange),
        pills: pill::pills(exchange),
        open,
    }
}

/// Whether a byte of the answer came.
pub(crate) fn answered(exchange: &Exchange) -> bool {
    matches!(exchange.outcome, Outcome::Answered) && exchange.response.is_some()
}
