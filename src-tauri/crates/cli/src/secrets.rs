//! Ways in for a secret: a prompt without echo, standard input, an environment variable.

use std::io::{BufRead, IsTerminal, Read, Write};
use std::sync::Arc;

use countersign_evidence::{Fault, Problem};
use countersign_secret::{Secret, SecretText};

use crate::args::Secrets;

/// Larger input is no secret.
const LARGEST: u64 = 1024 * 1024;

/// A slot, where one was named, and its secret; `None`: the recipe's first.
type Given = (Option<String>, Arc<SecretText>);

/// Secrets given to this process by environment variables.
pub(crate) fn from_environment(secrets: &Secrets) -> Result<Vec<Given>, Problem> {
    secrets
        .secret_env
        .iter()
        .map(|text| {
            let (slot, name) =
                text.split_once('=').map_or((None, text.as_str()), |(slot, name)| (Some(slot.to_owned()), name));
            variable(name).map(|secret| (slot, Arc::new(secret)))
        })
        .collect()
}

/// One environment variable.
pub(crate) fn variable(name: &str) -> Result<SecretText, Problem> {
    std::env::var(name).map(Secret::new).map_err(|_| {
        Problem::new(
            "usage.no_variable",
            Fault::Caller,
            format!("the environment variable `{name}` is not set"),
            "a secret was to be read from it",
        )
        .with_hint(format!("Set it for this command: {name}=… countersign …"))
    })
}

/// Standard input to its end, without the line break that `echo` adds.
pub(crate) fn from_stdin() -> Result<SecretText, Problem> {
    let mut text = String::with_capacity(4096);
    std::io::stdin().lock().take(LARGEST).read_to_string(&mut text).map_err(|e| unreadable(&e))?;
    strip_line_break(&mut text);
    Ok(Secret::new(text))
}

fn strip_line_break(text: &mut String) {
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
}

fn unreadable(e: &std::io::Error) -> Problem {
    Problem::new("usage.unreadable_input", Fault::Caller, "standard input cannot be read", e.to_string())
        .with_hint("The secret must be UTF-8 text.")
}

/// A prompt on the terminal, without echo.
pub(crate) fn prompt(what: &str) -> Result<SecretText, Problem> {
    if !std::io::stdin().is_terminal() {
        return Err(Problem::new(
            "usage.no_secret",
            Fault::Caller,
            format!("no {what} was given, and there is no terminal to ask on"),
            "nothing was stored",
        )
        .with_hint("Use --secret-stdin, --secret-env VAR, or --no-secret."));
    }
    let mut err = std::io::stderr().lock();
    let _closed = write!(err, "{what}: ").and_then(|()| err.flush());
    let mut text = String::with_capacity(4096);
    let read = without_echo(|| std::io::stdin().lock().read_line(&mut text));
    let _closed = writeln!(err);
    read.map_err(|e| unreadable(&e))?;
    strip_line_break(&mut text);
    Ok(Secret::new(text))
}

#[cfg(unix)]
fn without_echo<T>(read: impl FnOnce() -> std::io::Result<T>) -> std::io::Result<T> {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
    let stdin = std::io::stdin();
    let before = tcgetattr(&stdin)?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&stdin, OptionalActions::Now, &silent)?;
    let done = read();
    tcsetattr(&stdin, OptionalActions::Now, &before)?;
    done
}

#[cfg(not(unix))]
fn without_echo<T>(read: impl FnOnce() -> std::io::Result<T>) -> std::io::Result<T> {
    read()
}
