//! `token`: obtain, list, watch, inspect. The token itself goes to standard output on request, and not to a terminal.

use std::io::IsTerminal as _;
use std::path::Path;

use countersign_console::clock::Clock;
use countersign_console::view::{SendProgress, SignInProgress, SignedView, TokenRow};
use countersign_evidence::ladder::countdown;
use countersign_evidence::{Fact, Fault, Outcome, Problem, TokenOrigin, TokenState};

use super::{Ended, UnderWay, closing, interruptible, show, why};
use crate::args::{Connect, Global, TokenAction};
use crate::shell::Shell;
use crate::{exit, open, secrets};

pub(crate) async fn run(shell: &Shell, global: &Global, action: TokenAction) -> Ended {
    match action {
        TokenAction::Get { credential, scope, print_token, force, connect } => {
            if print_token && !force && std::io::stdout().is_terminal() {
                return Err(Problem::new(
                    "usage.token_to_terminal",
                    Fault::Caller,
                    "the token is not printed to a terminal",
                    "it would stand in the scrollback",
                )
                .with_hint("Send it on, as in `countersign token get NAME --print-token | …`, or add --force."));
            }
            get(shell, global, &credential, scope.as_deref(), print_token, &connect).await
        }
        TokenAction::SignIn { credential, connect } => sign_in(shell, global, &credential, &connect).await,
        TokenAction::Introspect { credential, connect } => introspect(shell, global, &credential, &connect).await,
        TokenAction::Revoke { credential, connect } => {
            let console = open::console(global, open::options(global, &connect)?).await?;
            let ended = console.token_revoke(&credential).await.map(|_| {
                shell.say(&format!("Revoked the token of `{credential}`."));
                exit::YES
            });
            closing(&console, ended).await
        }
        TokenAction::List => list(shell, global).await,
        TokenAction::Watch { credential, scope, renewals, connect } => {
            watch(shell, global, &credential, scope.as_deref(), renewals, &connect).await
        }
        TokenAction::Verify { credential, connect } => verify(shell, global, &credential, &connect).await,
        TokenAction::Inspect { jwks } => inspect(shell, global, jwks.as_deref()),
    }
}

async fn get(
    shell: &Shell,
    global: &Global,
    credential: &str,
    scope: Option<&str>,
    print_token: bool,
    connect: &Connect,
) -> Ended {
    let console = open::console(global, open::options(global, connect)?).await?;
    let under_way = UnderWay::default();
    let ended = async {
        let work = console.token_obtain_scoped(credential, scope, under_way.progress());
        let view = interruptible(&console, &under_way, work).await?;
        let code = exit::of_exchange(&view.evidence, false);
        if view.evidence.outcome != Outcome::Answered || !print_token {
            show(shell, &view);
            if !shell.json && view.evidence.outcome == Outcome::Answered {
                claims(shell, &console.token_list().await?);
            }
            why(shell, &view);
            return Ok(code);
        }
        let token = console.token_copy(credential).await?;
        shell.data(token.expose_secret());
        Ok(code)
    };
    let ended = ended.await;
    closing(&console, ended).await
}

async fn sign_in(shell: &Shell, global: &Global, credential: &str, connect: &Connect) -> Ended {
    let console = open::console(global, open::options(global, connect)?).await?;
    let under_way = UnderWay::default();
    let started = under_way.progress();
    let words = shell.clone();
    let told = move |progress| match progress {
        SignInProgress::Started { exchange } => started(SendProgress::Started { exchange }),
        SignInProgress::Browser { url } => words.say(&format!("Open this address and allow it:\n\n  {url}\n")),
        SignInProgress::Device { user_code, verification_uri, verification_uri_complete, .. } => {
            let complete = verification_uri_complete.map(|uri| format!("\nor open {uri}")).unwrap_or_default();
            words.say(&format!("Open {verification_uri} and enter {user_code}{complete}"));
        }
        SignInProgress::Answered => words.say("The browser came back; asking for the token."),
    };
    let ended = async {
        let view = interruptible(&console, &under_way, console.token_sign_in(credential, told)).await?;
        show(shell, &view);
        if !shell.json && view.evidence.outcome == Outcome::Answered {
            claims(shell, &console.token_list().await?);
        }
        why(shell, &view);
        Ok(exit::of_exchange(&view.evidence, false))
    };
    let ended = ended.await;
    closing(&console, ended).await
}

/// An inactive token is exit 1.
async fn introspect(shell: &Shell, global: &Global, credential: &str, connect: &Connect) -> Ended {
    let console = open::console(global, open::options(global, connect)?).await?;
    let ended = console.token_introspect(credential).await.map(|said| {
        if shell.json {
            shell.document(&said, true);
        } else {
            shell.data(if said.active { "Active" } else { "Not active: it may not be used" });
            for (name, value) in said.members.iter().filter(|(name, _)| *name != "active") {
                shell.data(&format!("  {name:<12} {value}"));
            }
        }
        if said.active { exit::YES } else { exit::NO }
    });
    closing(&console, ended).await
}

fn claims(shell: &Shell, rows: &[TokenRow]) {
    let Some(row) = rows.first() else { return };
    shell.data("");
    if let (Some(renews), Some(expires)) = (row.renews_in_ms, row.expires_in_ms) {
        shell.data(&format!("Renews in {}, expires in {}", countdown(renews), countdown(expires)));
    }
    facts(shell, &row.claims_explained);
}

fn facts(shell: &Shell, facts: &[Fact]) {
    for fact in facts {
        shell.data(&format!("  {:<12} {}", fact.name, fact.value));
    }
}

async fn list(shell: &Shell, global: &Global) -> Ended {
    let console = open::console(global, open::options(global, &Connect::default())?).await?;
    let rows = console.token_list().await?;
    if shell.json {
        for row in &rows {
            shell.document(row, false);
        }
    } else {
        for row in &rows {
            let left = row.expires_in_ms.map_or_else(|| "–".to_owned(), countdown);
            shell.data(&format!(
                "{:<24} {:<10} {left:>8}  {}",
                row.credential,
                format!("{:?}", row.token.state).to_lowercase(),
                row.reason
            ));
        }
        if rows.is_empty() {
            shell.say(
                "This process holds no token: access tokens live in the memory of the process that obtained them.",
            );
        }
    }
    Ok(exit::YES)
}

/// One line a step. The token is renewed until Ctrl-C, so many renewals, or a refusal for good.
async fn watch(
    shell: &Shell,
    global: &Global,
    credential: &str,
    scope: Option<&str>,
    renewals: Option<u64>,
    connect: &Connect,
) -> Ended {
    let console = open::console(global, open::options(global, connect)?).await?;
    let (told, mut renewed) = tokio::sync::watch::channel(0_u64);
    let watching = console.token_watch(credential, scope, |row| {
        step(shell, row);
        let newest = row.generations.first();
        let again = newest.is_some_and(|newest| newest.origin == Some(TokenOrigin::Renewed));
        if again && row.token.state == TokenState::Valid {
            told.send_modify(|count| *count += 1);
        }
    });
    let enough = async {
        match renewals {
            Some(wanted) => drop(renewed.wait_for(|count| *count >= wanted).await),
            None => std::future::pending().await,
        }
    };
    let ended = tokio::select! {
        biased;
        _ = tokio::signal::ctrl_c() => Ok(exit::YES),
        refused = watching => refused.map(|never| match never {}),
        () = enough => Ok(exit::YES),
    };
    closing(&console, ended).await
}

/// `09:12:44  valid      generation 2, 300 s, renews in 3:45  renewed before expiry`
fn step(shell: &Shell, row: &TokenRow) {
    if shell.json {
        shell.document(row, false);
        return;
    }
    let state = format!("{:?}", row.token.state).to_lowercase();
    let newest = row.generations.first();
    let at = newest.map_or_else(String::new, |newest| newest.at.to_string());
    let clock = at.split_once('T').and_then(|(_, time)| time.get(..8)).unwrap_or("        ");
    let mut words = vec![format!("generation {}", row.token.generation)];
    words.extend(row.life_ms.map(|life| format!("{} s", life / 1000)));
    words.extend(row.renews_in_ms.map(|left| format!("renews in {}", countdown(left))));
    shell.data(&format!("{clock}  {state:<10} {:<44} {}", words.join(", "), row.reason));
}

/// Not signed is exit 1.
async fn verify(shell: &Shell, global: &Global, credential: &str, connect: &Connect) -> Ended {
    let console = open::console(global, open::options(global, connect)?).await?;
    let ended = console.token_verify(credential).await.map(|seen| {
        if shell.json {
            shell.document(&seen, true);
        } else {
            shell.data(&seen.sentence);
            for finding in &seen.findings {
                shell.data(format!("! {} {}", finding.sentence, finding.fix).trim_end());
            }
            shell.data(&format!("  {:<12} {}", "Keys", seen.keys.join(", ")));
            shell.data(&format!("  {:<12} {}", "From", seen.jwks_uri));
        }
        if seen.signed == SignedView::Yes { exit::YES } else { exit::NO }
    });
    closing(&console, ended).await
}

/// With keys, a token that none of them signed is exit 1.
fn inspect(shell: &Shell, global: &Global, jwks: Option<&Path>) -> Ended {
    let token = secrets::from_stdin()?;
    let keys = jwks.map(crate::file::read).transpose()?;
    let now = Clock::system(open::options(global, &Connect::default())?.at).now();
    let read = countersign_console::inspect_token(&token, now, keys.as_deref())?;
    let code = if read.signed.is_none_or(|signed| signed == SignedView::Yes) { exit::YES } else { exit::NO };
    if shell.json {
        shell.document(&read, true);
        return Ok(code);
    }
    match (read.signed, &read.signed_by) {
        (Some(SignedView::Yes), Some(kid)) => shell.data(&format!("Signed by the key {kid}.")),
        (Some(SignedView::Yes), None) => shell.data("Signed by one of the keys, which has no name."),
        (Some(SignedView::No), _) => shell.data("Not signed by one of the keys."),
        (Some(SignedView::Unknown), _) => shell.data("Whether it is signed cannot be judged here."),
        (None, _) => {}
    }
    shell.data("Header");
    for (name, value) in &read.header {
        shell.data(&format!("  {name:<12} {value}"));
    }
    shell.data("Claims");
    for (name, value) in &read.claims {
        let meaning =
            read.explained.iter().find(|f| f.name == *name).map(|f| format!("   {}", f.value)).unwrap_or_default();
        shell.data(&format!("  {name:<12} {value}{meaning}"));
    }
    for finding in &read.findings {
        shell.data(&format!("! {} {}", finding.sentence, finding.fix));
    }
    shell.data("Signature withheld: with it this text would be a usable token.");
    Ok(code)
}
