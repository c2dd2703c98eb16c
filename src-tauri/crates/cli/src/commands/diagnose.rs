//! `diagnose`: why an exchange was refused, of the history or of a saved document. A refusal is exit 1.

use std::path::Path;

use countersign_console::Console;
use countersign_console::view::DiagnosisView;
use countersign_evidence::{Certainty, Exchange, Fault, Problem};
use serde::Serialize;

use super::{Ended, closing};
use crate::args::{Connect, Global};
use crate::shell::{Shell, Style};
use crate::{exit, open};

/// The document `countersign.diagnosis/1`.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    #[serde(flatten)]
    diagnosis: &'a DiagnosisView,
}

pub(crate) async fn run(shell: &Shell, global: &Global, word: &str) -> Ended {
    let console = open::console(global, open::options(global, &Connect::default())?).await?;
    let found = diagnosed(&console, word).await;
    let ended = found.map(|diagnosis| {
        show(shell, &diagnosis);
        if diagnosis.causes.is_empty() { exit::YES } else { exit::NO }
    });
    closing(&console, ended).await
}

async fn diagnosed(console: &Console, word: &str) -> Result<DiagnosisView, Problem> {
    if !Path::new(word).is_file() {
        return console.exchange_diagnose(word).await;
    }
    let unreadable = |reason: String| {
        Problem::new("storage.unreadable", Fault::Caller, format!("`{word}` is no evidence"), reason)
            .with_hint("Save evidence as JSON: `--evidence FILE`, or Save evidence in the window.")
    };
    let text = std::fs::read_to_string(word).map_err(|error| unreadable(error.to_string()))?;
    let document: Exchange = serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()))?;
    console.diagnose_document(&document)
}

fn show(shell: &Shell, diagnosis: &DiagnosisView) {
    if shell.json {
        shell.document(&Document { schema: "countersign.diagnosis/1", diagnosis }, true);
        return;
    }
    shell.data(&diagnosis.title);
    if diagnosis.causes.is_empty() {
        shell.data("Nothing was refused.");
    }
    for cause in &diagnosis.causes {
        let sure = match cause.certainty {
            Some(Certainty::Proven) | None => "proven",
            Some(Certainty::Likely) => "likely",
            Some(Certainty::Possible) => "possible",
        };
        shell.data("");
        shell.data(&shell.mark(Style::Bold, &format!("{sure:<9}{}", cause.sentence)));
        for fact in &cause.values {
            shell.data(&format!("         {}: {}", fact.name, fact.value));
        }
        if !cause.fix.is_empty() {
            shell.data(&format!("         {}", cause.fix));
        }
        let section =
            if cause.citation.section.is_empty() { String::new() } else { format!(" §{}", cause.citation.section) };
        let line = format!("         {}, {}{section}", cause.id, cause.citation.source);
        shell.data(&shell.mark(Style::Faint, &line));
    }
    if !diagnosis.ruled_out.is_empty() {
        shell.data(&format!("\nRuled out: {}.", diagnosis.ruled_out.join(", ")));
    }
}
