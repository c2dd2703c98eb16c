//! `tour`: the main job from nothing, then one renewal and one refused certificate. Removes what it stored.

use countersign_console::Console;
use countersign_console::view::ExchangeView;
use countersign_evidence::{Fault, Outcome, Problem, VerdictState};

use super::{Ended, UnderWay, interruptible};
use crate::args::{Connect, Global};
use crate::shell::{Shell, Style};
use crate::{exit, ladder, open};

/// A step of the tour: its name in documents, and what it shows.
const STEPS: [(&str, &str); 3] = [
    ("success", "A signed and authorised request"),
    ("renewal", "The token expires at the server: one renewal, one retry"),
    ("refused_certificate", "The API presents an expired certificate"),
];

pub(crate) async fn run(shell: &Shell, global: &Global) -> Ended {
    let folder = temporary()?;
    let mut options = open::options(global, &Connect::default())?;
    options.workspace = Some(folder.path.join("workspace"));
    options.workspace_named = false;
    options.data_dir = Some(folder.path.join("data"));
    options.environment = None;
    let console = open::console(global, options).await?;
    let ended = match usable(&console).await {
        Ok(()) => guided(shell, &console).await,
        Err(problem) => Err(problem),
    };
    let removed = remove(&console).await;
    console.close().await;
    drop(folder);
    let code = ended?;
    removed?;
    Ok(code)
}

/// Says so at once when secrets cannot be stored, with the way out.
async fn usable(console: &Console) -> Result<(), Problem> {
    let vault = console.vault_check().await?;
    if vault.usable {
        return Ok(());
    }
    let mut problem =
        vault.problem.unwrap_or_else(|| Problem::new("vault.missing", Fault::Environment, vault.sentence, vault.state));
    problem.hints.insert(0, "Keep the demo secret in memory instead: countersign tour --vault memory".to_owned());
    Err(problem)
}

async fn guided(shell: &Shell, console: &Console) -> Ended {
    console.demo_prepare().await?;
    let under_way = UnderWay::default();
    let work = async {
        for (index, (name, words)) in STEPS.iter().enumerate() {
            before(console, name).await?;
            let view = console.send(console.demo_draft().await?, under_way.progress()).await?;
            after(console, name).await?;
            show(shell, index, name, words, &view);
            if view.evidence.outcome == Outcome::Cancelled {
                return Ok(exit::CANCELLED);
            }
            if !as_expected(name, &view) {
                return Err(Problem::new(
                    "internal.tour",
                    Fault::Us,
                    format!("the tour's step `{name}` did not go as it should"),
                    view.ladder.title.clone(),
                )
                .with_hint("Run it again with --json and report what it says."));
            }
        }
        Ok(exit::YES)
    };
    let code = interruptible(console, &under_way, work).await?;
    if code == exit::YES {
        shell.say("The tour is over. What it stored is removed.");
    }
    Ok(code)
}

async fn before(console: &Console, name: &str) -> Result<(), Problem> {
    match name {
        "renewal" => console.gateway_expire_tokens().await.map(drop),
        "refused_certificate" => console.gateway_fault("certificate", Some("certificate-expired")).await.map(drop),
        _ => Ok(()),
    }
}

async fn after(console: &Console, name: &str) -> Result<(), Problem> {
    match name {
        "refused_certificate" => console.gateway_clear_faults().await.map(drop),
        _ => Ok(()),
    }
}

fn as_expected(name: &str, view: &ExchangeView) -> bool {
    let e = &view.evidence;
    let status = e.response.as_ref().map(|r| r.status);
    match name {
        "success" => status == Some(201),
        "renewal" => status == Some(201) && e.previous_attempts.len() == 1,
        _ => e.verdict.as_ref().is_some_and(|v| v.state == VerdictState::NotTrusted) && status.is_none(),
    }
}

fn show(shell: &Shell, index: usize, name: &str, words: &str, view: &ExchangeView) {
    if shell.json {
        let mut document = view.evidence.clone();
        document.tour_step = Some(name.to_owned());
        shell.document(&document, false);
        return;
    }
    shell.data(&shell.mark(Style::Bold, &format!("── {} of {}: {words}", index + 1, STEPS.len())));
    shell.data("");
    for earlier in &view.previous {
        shell.data("First attempt");
        ladder::print(shell, earlier);
        shell.data("");
        shell.data("Second attempt");
    }
    ladder::print(shell, &view.ladder);
    shell.data("");
}

async fn remove(console: &Console) -> Result<(), Problem> {
    console.demo_remove().await?;
    console.vault_clear().await
}

/// A private folder, removed with its handle.
struct Temporary {
    path: std::path::PathBuf,
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.path);
    }
}

fn temporary() -> Result<Temporary, Problem> {
    let path = std::env::temp_dir().join(format!("countersign-tour-{}", std::process::id()));
    let _left_over = std::fs::remove_dir_all(&path);
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&path).map_err(|e| {
        Problem::new(
            "storage.unwritable",
            Fault::Environment,
            "the tour's folder cannot be made",
            format!("{}: {e}", path.display()),
        )
        .with_hint("Set TMPDIR to a folder that can be written.")
    })?;
    Ok(Temporary { path })
}
