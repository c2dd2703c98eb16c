//! An error as a document (formats: errors). A finding says what is so; a problem says why a command stopped.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::Citation;

/// Who has to act for the error to go away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Fault {
    /// The person or program that asked.
    Caller,
    /// The other end of a connection.
    Peer,
    /// This machine: network, keychain, disk.
    Environment,
    /// Countersign: a bug, and it says so.
    Us,
}

/// How loud the error is; belongs to the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Severity {
    /// Nothing is wrong, for example cancelled by the user.
    Neutral,
    /// Worth reading, work went on.
    Warning,
    /// The work stopped.
    Error,
}

/// Why something stopped: a stable code, who is at fault, the operands, what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct Problem {
    /// Stable, dotted, lower case: `tcp.refused`.
    pub code: String,
    /// Who has to act.
    pub fault: Fault,
    /// How loud it is.
    pub severity: Severity,
    /// What happened, one line, lower case start is fine inside a sentence, no full stop.
    pub title: String,
    /// The operands: addresses, names, values. Never a secret.
    pub detail: String,
    /// What the reader can do; may be empty.
    #[serde(default)]
    pub hints: Vec<String>,
    /// The section that says so, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub citation: Option<Citation>,
    /// The exchange that holds the evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<String>,
}

impl Problem {
    /// A problem of severity error without hints; add to it with the `with_*` methods.
    pub fn new(code: impl Into<String>, fault: Fault, title: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            fault,
            severity: Severity::Error,
            title: title.into(),
            detail: detail.into(),
            hints: Vec::new(),
            citation: None,
            exchange: None,
        }
    }

    /// Adds one thing the reader can do.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Names the section the problem follows from.
    #[must_use]
    pub fn with_citation(
        mut self,
        source: impl Into<std::borrow::Cow<'static, str>>,
        section: impl Into<std::borrow::Cow<'static, str>>,
    ) -> Self {
        self.citation = Some(Citation::new(source, section));
        self
    }

    /// Another severity than error.
    #[must_use]
    pub fn with_severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }
}
