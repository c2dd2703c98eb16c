//! The ladder in the terminal: the rows of `evidence::ladder`, aligned.

use countersign_evidence::ladder::{Ladder, Row, duration};
use countersign_evidence::{Certainty, StepState};

use crate::shell::{Shell, Style};

/// Prints a ladder. The row that opens by itself is open; all of them with `--verbose`.
pub(crate) fn print(shell: &Shell, ladder: &Ladder) {
    shell.data(&shell.mark(Style::Bold, &ladder.title));
    if !ladder.subtitle.is_empty() {
        shell.data(&ladder.subtitle);
    }
    shell.data("");
    for row in &ladder.rows {
        let cause = matches!(row.state, StepState::Cause | StepState::NeedsYou);
        line(shell, row, "");
        if cause || shell.verbose {
            open(shell, row);
        }
    }
    for pill in &ladder.pills {
        shell.data(&format!("  {}", shell.mark(Style::Caution, &format!("note: {}", pill.text))));
    }
    shell.data("");
    shell.data("What this proves");
    for proof in &ladder.proves {
        let glyph = if proof.proved { '✓' } else { '–' };
        let text = format!("  {glyph} {:<8} {}", proof.subject, proof.sentence);
        shell.data(&if proof.proved { text } else { shell.mark(Style::Faint, &text) });
    }
}

fn line(shell: &Shell, row: &Row, indent: &str) {
    let time = row.duration_us.map(duration).unwrap_or_default();
    let text =
        format!("{indent}{:>3} {} {:<10}  {:<44} {:>8}", row.number, row.state.glyph(), row.title, row.fact, time);
    let style = match row.state {
        StepState::Cause => Some(Style::Invalid),
        StepState::NeedsYou | StepState::Findings => Some(Style::Caution),
        StepState::NotReached => Some(Style::Faint),
        StepState::Done | StepState::Reused | StepState::Consequence | StepState::Running => None,
    };
    let text = text.trim_end();
    shell.data(&style.map_or_else(|| text.to_owned(), |style| shell.mark(style, text)));
}

fn open(shell: &Shell, row: &Row) {
    let told = |name: &str, value: &str| shell.data(&format!("        {name:<14} {value}"));
    for link in &row.chain {
        told(&link.word, &link.name);
    }
    for fact in &row.details {
        let citation = fact.citation.as_ref().map(|c| {
            if c.section.is_empty() { format!("  ({})", c.source) } else { format!("  ({} §{})", c.source, c.section) }
        });
        told(&fact.name, &format!("{}{}", fact.value, citation.unwrap_or_default()));
    }
    for compared in &row.compared {
        let sign = if compared.differs { "≠" } else { "=" };
        told(&format!("{sign} {}", compared.component), &compared.ours);
        if compared.differs {
            told("  server", compared.theirs.as_deref().unwrap_or("did not say"));
        }
    }
    for inner in &row.inner {
        line(shell, inner, "      ");
    }
    for cause in &row.causes {
        let word = match cause.certainty {
            Certainty::Proven => "Proven",
            Certainty::Likely => "Likely",
            Certainty::Possible => "Possible",
        };
        told(word, &cause.sentence);
    }
    if !row.ruled_out.is_empty() {
        told("Ruled out", &row.ruled_out.join(", "));
    }
    if let Some(hint) = &row.hint {
        told("Hint", hint);
    }
}
