//! One module for each command; each returns its exit code or the problem that stopped it.

mod certificate;
mod compare;
mod credential;
mod diagnose;
mod explain;
mod gateway;
mod grant;
mod history;
mod inspect;
mod recipe;
mod scan;
mod send;
mod sign;
mod token;
mod tour;
mod trust;
mod vault;
mod watch;

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use clap::CommandFactory as _;
use countersign_console::Console;
use countersign_console::view::{ExchangeView, ScanProgress, SendProgress};
use countersign_evidence::{Exchange, Problem};

use crate::args::{CertificateAction, Cli, Command};
use crate::exit;
use crate::ladder;
use crate::shell::Shell;

/// An exit code, or why the command stopped.
pub(crate) type Ended = Result<u8, Problem>;

/// Runs the command.
pub(crate) async fn run(shell: &Shell, cli: Cli) -> Ended {
    let global = cli.global;
    match cli.command {
        Command::Tour => tour::run(shell, &global).await,
        Command::Gateway(args) => gateway::run(shell, &global, args).await,
        Command::Credential { action } => credential::run(shell, &global, action).await,
        Command::Token { action } => token::run(shell, &global, action).await,
        Command::Send(args) => send::run(shell, &global, args).await,
        Command::Inspect(args) => inspect::run(shell, &global, args).await,
        Command::Compare(args) => compare::run(shell, &global, args).await,
        Command::Diagnose { exchange } => diagnose::run(shell, &global, &exchange).await,
        Command::Watch { action } => watch::run(shell, &global, action).await,
        Command::Scan(args) => scan::run(shell, &global, args).await,
        Command::Certificate { action: CertificateAction::Explain(args) } => explain::run(shell, &global, &args),
        Command::History { action } => history::run(shell, &global, action).await,
        Command::Sign(args) => sign::sign(shell, &global, args).await,
        Command::Verify(args) => sign::verify(shell, &global, args).await,
        Command::Recipe { action } => recipe::run(shell, &global, action).await,
        Command::Trust { action } => trust::run(shell, &global, action).await,
        Command::Vault { action } => vault::run(shell, &global, action).await,
        Command::Completions { shell: kind } => {
            let mut script = Vec::new();
            clap_complete::generate(kind, &mut Cli::command(), "countersign", &mut script);
            shell.raw(&script);
            Ok(exit::YES)
        }
        Command::Man => {
            let mut page = Vec::new();
            // writing into memory does not end early
            let _written = clap_mangen::Man::new(Cli::command()).render(&mut page);
            shell.raw(&page);
            Ok(exit::YES)
        }
    }
}

/// The id of the exchange under way, for Ctrl-C.
#[derive(Clone, Default)]
pub(crate) struct UnderWay {
    id: Arc<Mutex<Option<String>>>,
}

impl UnderWay {
    /// Takes the id when it is said.
    pub(crate) fn progress(&self) -> impl Fn(SendProgress) + Send + Sync + 'static {
        let id = Arc::clone(&self.id);
        move |progress| {
            if let SendProgress::Started { exchange } = progress {
                *id.lock().unwrap_or_else(PoisonError::into_inner) = Some(exchange);
            }
        }
    }

    /// The same for a scan.
    pub(crate) fn scanning(&self) -> impl Fn(ScanProgress) + Send + Sync + 'static {
        let id = Arc::clone(&self.id);
        move |progress| {
            if let ScanProgress::Started { scan } = progress {
                *id.lock().unwrap_or_else(PoisonError::into_inner) = Some(scan);
            }
        }
    }

    fn now(&self) -> Option<String> {
        self.id.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Work that Ctrl-C cancels: the exchange ends as cancelled and is still shown; a second Ctrl-C ends at once.
pub(crate) async fn interruptible<T>(
    console: &Console,
    under_way: &UnderWay,
    work: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    tokio::pin!(work);
    tokio::select! {
        // asked first: it listens before the work has begun, so that no signal falls between the two
        biased;
        _ = tokio::signal::ctrl_c() => {}
        done = &mut work => return done,
    }
    if let Some(id) = under_way.now() {
        console.send_cancel(&id).await?;
        tokio::select! {
            done = &mut work => return done,
            _ = tokio::signal::ctrl_c() => {}
        }
    }
    Err(Problem::new("exchange.cancelled", countersign_evidence::Fault::Caller, "cancelled", "by Ctrl-C")
        .with_severity(countersign_evidence::Severity::Neutral))
}

/// An exchange as a document or as its ladder.
pub(crate) fn show(shell: &Shell, view: &ExchangeView) {
    if shell.json {
        shell.document(&view.evidence, true);
        return;
    }
    for (i, earlier) in view.previous.iter().enumerate() {
        shell.data(&format!("Attempt {}", i + 1));
        ladder::print(shell, earlier);
        shell.data("");
    }
    ladder::print(shell, &view.ladder);
}

/// Why an exchange did not end well, on standard error; with --json it is in the document.
pub(crate) fn why(shell: &Shell, view: &ExchangeView) {
    if let (Some(problem), false) = (&view.evidence.error, shell.json) {
        shell.problem(problem);
    }
}

/// Says aloud that nobody proved who answered, because verification was off for the host; with --json too.
pub(crate) fn unverified(shell: &Shell, view: &ExchangeView) {
    let off = |e: &Exchange| e.verdict.as_ref().is_some_and(|v| v.reason == "verification_off");
    if off(&view.evidence) || view.evidence.previous_attempts.iter().any(|attempt| off(&attempt.exchange)) {
        shell.warn("Server not verified: its certificate was accepted whatever it is, for this call.");
        for finding in view.evidence.findings.iter().filter(|finding| finding.rejects == Some(true)) {
            shell.warn(&finding.sentence);
        }
    }
}

/// Whoever looked at an exchange closes the console that made it.
pub(crate) async fn closing(console: &Console, ended: Ended) -> Ended {
    console.close().await;
    ended
}
