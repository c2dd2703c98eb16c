//! `history`: past exchanges.

use super::{Ended, show};
use crate::args::{Connect, Global, HistoryAction};
use crate::shell::Shell;
use crate::{exit, open};

pub(crate) async fn run(shell: &Shell, global: &Global, action: HistoryAction) -> Ended {
    let console = open::console(global, open::options(global, &Connect::default())?).await?;
    match action {
        HistoryAction::List { filter, limit } => {
            let page = console.history_list(&filter.join(" "), None, limit).await?;
            if shell.json {
                for row in &page.rows {
                    shell.document(row, false);
                }
                return Ok(exit::YES);
            }
            for row in &page.rows {
                let status = row.status.map_or_else(|| "–".to_owned(), |s| s.to_string());
                let time = countersign_evidence::ladder::duration(row.duration_us);
                shell.data(&format!(
                    "{}  {} {}  {:<7} {:<40} {status:>3} {time:>9}  {}",
                    row.exchange,
                    row.started_at.date(),
                    row.started_at.clock(),
                    row.method,
                    countersign_evidence::ladder::elide(&format!("{}{}", row.host, row.path), 40),
                    [row.verdict.as_str(), row.code.as_deref().unwrap_or_default()].join("  ").trim(),
                ));
            }
            if page.rows.is_empty() {
                shell.say("Exchanges appear here after you send.");
            } else {
                shell.say(&format!("{} of {}", page.rows.len(), page.total));
            }
            Ok(exit::YES)
        }
        HistoryAction::Show { exchange } => {
            show(shell, &console.exchange_read(&exchange).await?);
            Ok(exit::YES)
        }
        HistoryAction::Clear => {
            console.history_clear().await?;
            shell.say("The history is empty.");
            Ok(exit::YES)
        }
        HistoryAction::Export { exchange, kind } => {
            shell.data(&console.exchange_export(&exchange, &kind).await?);
            Ok(exit::YES)
        }
    }
}
