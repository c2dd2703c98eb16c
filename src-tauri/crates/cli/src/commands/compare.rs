//! `compare`: two exchanges, two saved documents, or two endpoints, value by value; a difference is exit 1.

use std::path::Path;

use countersign_console::Console;
use countersign_evidence::{Exchange, Fault, Problem};
use serde::Serialize;

use super::{Ended, UnderWay, closing, interruptible};
use crate::args::{CompareArgs, Global};
use crate::shell::{Shell, Style};
use crate::{exit, open};

/// The document `countersign.compare/1`.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    left: &'a str,
    right: &'a str,
    #[serde(flatten)]
    comparison: &'a countersign_console::view::Comparison,
}

pub(crate) async fn run(shell: &Shell, global: &Global, args: CompareArgs) -> Ended {
    let console = open::console(global, open::options(global, &args.connect)?).await?;
    let ended = compared(shell, &console, &args).await;
    closing(&console, ended).await
}

async fn compared(shell: &Shell, console: &Console, args: &CompareArgs) -> Ended {
    let (left, right) = (read(console, &args.left).await?, read(console, &args.right).await?);
    let comparison = Console::compare(&left, &right);
    let differs = comparison.values.iter().any(|value| value.differs);
    if shell.json {
        let schema = "countersign.compare/1";
        shell.document(&Document { schema, left: &args.left, right: &args.right, comparison: &comparison }, true);
    } else {
        shell.data(&comparison.sentence);
        let mut group = "";
        for value in &comparison.values {
            if value.group != group {
                group = &value.group;
                shell.data(&format!("\n{group}"));
            }
            let line = format!("  {:<16} {:<36} {}", value.name, value.left, value.right);
            let line = line.trim_end();
            shell.data(&if value.differs { shell.mark(Style::Bold, line) } else { shell.mark(Style::Faint, line) });
        }
    }
    Ok(if differs { exit::NO } else { exit::YES })
}

/// A saved document, an exchange by its id, or an endpoint that is looked at now.
async fn read(console: &Console, word: &str) -> Result<Exchange, Problem> {
    if Path::new(word).is_file() {
        let unreadable = |reason: String| {
            Problem::new("storage.unreadable", Fault::Caller, format!("`{word}` is no evidence"), reason)
                .with_hint("Save evidence as JSON, or give a host.")
        };
        let text = std::fs::read_to_string(word).map_err(|error| unreadable(error.to_string()))?;
        return serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()));
    }
    // an id has 26 characters of Crockford's alphabet, and no host is one
    if word.len() == 26 && word.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(console.exchange_read(word).await?.evidence);
    }
    let under_way = UnderWay::default();
    Ok(interruptible(console, &under_way, console.inspect(word, under_way.progress())).await?.evidence)
}
