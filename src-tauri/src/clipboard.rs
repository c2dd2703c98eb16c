//! The clipboard, written natively: a token never passes through the web view. A copied secret is cleared
//! after 30 seconds and at exit, when the clipboard still holds it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use countersign_evidence::{Fault, Problem};
use countersign_secret::SecretText;

/// How long a secret stays.
const STAY: Duration = Duration::from_secs(30);

#[derive(Default)]
struct Held {
    board: Option<arboard::Clipboard>,
    secret: Option<Arc<SecretText>>,
}

/// One clipboard for the program's life (X11 serves the content from this process).
#[derive(Clone, Default)]
pub(crate) struct Clipboard {
    held: Arc<Mutex<Held>>,
}

impl Clipboard {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Puts plain text there.
    pub(crate) fn copy(&self, text: &str) -> Result<(), Problem> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.secret = None;
        write(&mut held, text)
    }

    /// Puts a secret there and clears it after 30 seconds.
    pub(crate) fn copy_secret(&self, secret: Arc<SecretText>) -> Result<(), Problem> {
        {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            write(&mut held, secret.expose_secret())?;
            held.secret = Some(secret.clone());
        }
        let clipboard = self.clone();
        tauri::async_runtime::spawn(async move {
            tokio::time::sleep(STAY).await;
            clipboard.clear_if(&secret);
        });
        Ok(())
    }

    /// Clears a secret that is still there.
    pub(crate) fn clear(&self) {
        let secret = self.held.lock().unwrap_or_else(PoisonError::into_inner).secret.clone();
        if let Some(secret) = secret {
            self.clear_if(&secret);
        }
    }

    fn clear_if(&self, secret: &Arc<SecretText>) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if !held.secret.as_ref().is_some_and(|s| Arc::ptr_eq(s, secret)) {
            return;
        }
        held.secret = None;
        if let Some(board) = held.board.as_mut()
            && board.get_text().is_ok_and(|text| text == *secret.expose_secret())
        {
            let _gone = board.clear();
        }
    }
}

fn write(held: &mut Held, text: &str) -> Result<(), Problem> {
    if held.board.is_none() {
        held.board = Some(arboard::Clipboard::new().map_err(|e| refused(&e))?);
    }
    match held.board.as_mut() {
        Some(board) => board.set_text(text).map_err(|e| refused(&e)),
        None => Ok(()),
    }
}

fn refused(error: &arboard::Error) -> Problem {
    Problem::new("internal.clipboard", Fault::Environment, "the clipboard cannot be written", error.to_string())
        .with_hint("Save the evidence to a file instead.")
}
