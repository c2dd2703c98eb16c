//! A finding: what is so, said about one subject, with its source. Findings never change a decision.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A document and a place in it, for example RFC 5280 §4.1.2.5.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Citation {
    /// `RFC 5280`, or another document's short name.
    pub source: Cow<'static, str>,
    /// `4.1.2.5`; may be empty where the whole document is meant.
    pub section: Cow<'static, str>,
}

impl Citation {
    /// Both parts.
    pub fn new(source: impl Into<Cow<'static, str>>, section: impl Into<Cow<'static, str>>) -> Self {
        Self { source: source.into(), section: section.into() }
    }
}

/// How much a finding weighs. Findings of severity info leave a verdict at trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum FindingSeverity {
    /// Something refuses because of it.
    Error,
    /// Worth reading.
    Warning,
    /// For information.
    Info,
}

/// How sure a diagnosis is. Proven follows from our own observation alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Certainty {
    /// Follows from what was observed here.
    Proven,
    /// One cause dominates.
    Likely,
    /// Consistent with what was observed, undecided.
    Possible,
}

/// A place in the DER of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ByteRange {
    /// First byte, from the beginning of the certificate.
    pub offset: u32,
    /// How many bytes.
    pub length: u32,
}

/// One thing that is so, with the values compared, the fix and the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct Finding {
    /// Stable, dotted, lower case: `certificate.expired`.
    pub id: String,
    /// How much it weighs.
    pub severity: FindingSeverity,
    /// What it is about: a certificate's name, a host, a parameter.
    pub subject: String,
    /// One sentence with the values filled in.
    pub sentence: String,
    /// What to do; empty where nothing helps.
    pub fix: String,
    /// Where it is written.
    pub citation: Citation,
    /// For diagnosis rules: how sure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certainty: Option<Certainty>,
    /// Index into `certificates[]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<usize>,
    /// Whether the path is refused because of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejects: Option<bool>,
    /// The operands by name, for example `not_after` and `checked_at`.
    #[serde(default)]
    pub values: Vec<crate::Fact>,
    /// Where it stands in the DER of the certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<ByteRange>,
    /// For a rule with a date: certificates whose `not_before` is not earlier are bound by it, `2020-09-01`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_since: Option<String>,
}
