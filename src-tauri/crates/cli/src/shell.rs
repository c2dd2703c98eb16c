//! Words and data for the terminal: data to stdout, words to stderr, colour never the only carrier of meaning.

use std::io::{IsTerminal, Write};

use countersign_evidence::{Problem, Severity};
use serde::Serialize;

use crate::args::{Colour, Global};

/// Where everything is said.
#[derive(Clone)]
pub(crate) struct Shell {
    /// Documents instead of words.
    pub(crate) json: bool,
    quiet: bool,
    /// Every row open.
    pub(crate) verbose: bool,
    colour: bool,
}

/// A mark on a word.
#[derive(Clone, Copy)]
pub(crate) enum Style {
    Bold,
    Faint,
    Invalid,
    Caution,
}

impl Shell {
    pub(crate) fn new(global: &Global) -> Self {
        let terminal = std::io::stdout().is_terminal();
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colour = match global.color {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => terminal && !plain,
        };
        Self { json: global.json, quiet: global.quiet, verbose: global.verbose, colour }
    }

    /// Marks a word, where the terminal shows marks.
    pub(crate) fn mark(&self, style: Style, text: &str) -> String {
        if !self.colour || text.is_empty() {
            return text.to_owned();
        }
        let code = match style {
            Style::Bold => "1",
            Style::Faint => "2",
            Style::Invalid => "31",
            Style::Caution => "33",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    /// A line of data.
    pub(crate) fn data(&self, text: &str) {
        // a reader that went away is no error of ours
        let _closed = writeln!(std::io::stdout().lock(), "{text}");
    }

    /// Bytes as they are.
    pub(crate) fn raw(&self, bytes: &[u8]) {
        let mut out = std::io::stdout().lock();
        let _closed = out.write_all(bytes).and_then(|()| out.flush());
    }

    /// A line of words.
    pub(crate) fn say(&self, text: &str) {
        if !self.quiet {
            let _closed = writeln!(std::io::stderr().lock(), "{text}");
        }
    }

    /// A line that --quiet does not silence.
    pub(crate) fn warn(&self, text: &str) {
        let word = self.mark(Style::Caution, "warning:");
        let _closed = writeln!(std::io::stderr().lock(), "{word} {text}");
    }

    /// Asks on the terminal; no terminal, `--json` and anything but yes mean no.
    pub(crate) fn confirms(&self, question: &str) -> bool {
        if self.json || !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
            return false;
        }
        let mut err = std::io::stderr().lock();
        let _closed = write!(err, "{question} [y/N] ").and_then(|()| err.flush());
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
    }

    /// A document, one line where several follow each other.
    pub(crate) fn document(&self, document: &impl Serialize, pretty: bool) {
        let text = if pretty { serde_json::to_string_pretty(document) } else { serde_json::to_string(document) };
        if let Ok(text) = text {
            self.data(&text);
        }
    }

    /// Why the command stopped: a document with --json, else words.
    pub(crate) fn problem(&self, problem: &Problem) {
        if self.json {
            let mut document = serde_json::to_value(problem).unwrap_or_default();
            if let Some(members) = document.as_object_mut() {
                members.insert("schema".into(), "countersign.error/1".into());
            }
            self.document(&document, true);
        }
        let word = match problem.severity {
            Severity::Neutral => String::new(),
            Severity::Warning => self.mark(Style::Caution, "warning: "),
            Severity::Error => self.mark(Style::Invalid, "error: "),
        };
        let detail = if problem.detail.is_empty() || problem.detail == problem.title {
            String::new()
        } else {
            format!("\n  {}", problem.detail)
        };
        let mut text = format!("{word}{} [{}]{detail}", problem.title, problem.code);
        for hint in &problem.hints {
            text.push_str(&format!("\n  hint: {hint}"));
        }
        let _closed = writeln!(std::io::stderr().lock(), "{text}");
    }
}
