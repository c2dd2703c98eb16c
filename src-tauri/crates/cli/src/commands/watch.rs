//! `watch`: endpoints whose certificates are watched; a check that finds something to do is exit 1.

use countersign_console::Console;
use countersign_console::view::{WatchRow, WatchState};

use super::{Ended, closing};
use crate::args::{Connect, Global, WatchAction};
use crate::shell::{Shell, Style};
use crate::{exit, open};

pub(crate) async fn run(shell: &Shell, global: &Global, action: WatchAction) -> Ended {
    let console = open::console(global, open::options(global, &Connect::default())?).await?;
    let ended = done(shell, &console, action).await;
    closing(&console, ended).await
}

async fn done(shell: &Shell, console: &Console, action: WatchAction) -> Ended {
    let watched = match action {
        WatchAction::Add { hosts } => console.watch_add(hosts).await?,
        WatchAction::Remove { host } => console.watch_remove(&host).await?,
        WatchAction::List => console.watch_list().await?,
        WatchAction::Check => return check(shell, console).await,
    };
    if shell.json {
        shell.document(&watched, true);
    } else if watched.is_empty() {
        shell.say("Nothing is watched: `countersign watch add HOST`.");
    } else {
        watched.iter().for_each(|host| shell.data(host));
    }
    Ok(exit::YES)
}

async fn check(shell: &Shell, console: &Console) -> Ended {
    let rows = console.watch_check().await?;
    if shell.json {
        shell.document(&rows, true);
    } else if rows.is_empty() {
        shell.say("Nothing is watched: `countersign watch add HOST`.");
    } else {
        rows.iter().for_each(|row| print(shell, row));
    }
    let good = rows.iter().all(|row| row.state == WatchState::Good);
    Ok(if good { exit::YES } else { exit::NO })
}

fn print(shell: &Shell, row: &WatchRow) {
    let left = row.days_left.map_or_else(|| "–".to_owned(), |days| format!("{days} d"));
    let until = row.not_after.map(|at| at.date().to_string()).unwrap_or_default();
    let (word, style) = match row.state {
        WatchState::Good => ("good", None),
        WatchState::RenewalDue => ("renewal due", Some(Style::Caution)),
        WatchState::Expired => ("expired", Some(Style::Invalid)),
        WatchState::NotTrusted => ("not trusted", Some(Style::Invalid)),
        WatchState::Unreachable => ("unreachable", Some(Style::Invalid)),
    };
    let word = style.map_or_else(|| format!("{word:<12}"), |style| shell.mark(style, &format!("{word:<12}")));
    shell.data(&format!("{left:>7}  {until:<12} {word} {}", row.host));
    if !row.says.is_empty() && row.state != WatchState::Good {
        shell.data(&shell.mark(Style::Faint, &format!("         {}", row.says)));
    }
    for limit in &row.limits {
        shell.data(&shell.mark(Style::Faint, &format!("         {limit}")));
    }
}
