//! What the window holds: the console, opened once off the UI thread, and the clipboard.

use std::time::Duration;

use countersign_console::{Console, Options};
use countersign_evidence::Problem;
use tauri::async_runtime::{block_on, spawn};
use tokio::sync::watch;

use crate::clipboard::Clipboard;

type Opened = Option<Result<Console, Problem>>;

/// How long closing may take: long enough to write what is in flight.
const CLOSING: Duration = Duration::from_secs(2);

/// The state behind every command.
pub struct Desk {
    console: watch::Receiver<Opened>,
    pub(crate) clipboard: Clipboard,
}

impl Desk {
    /// Starts opening the console; commands wait for it, the window does not.
    pub(crate) fn open() -> Self {
        let (opened, console) = watch::channel(None);
        spawn(async move {
            let result = Console::open(Options::from_environment()).await;
            let _gone = opened.send(Some(result));
        });
        Self { console, clipboard: Clipboard::new() }
    }

    /// The console, once it is open.
    pub(crate) async fn console(&self) -> Result<Console, Problem> {
        let mut console = self.console.clone();
        let opened = console.wait_for(Option::is_some).await;
        match opened.as_deref() {
            Ok(Some(result)) => result.clone(),
            Ok(None) | Err(_) => Err(Problem::new(
                "internal.not_open",
                countersign_evidence::Fault::Us,
                "the console did not open",
                "its task ended before it answered",
            )),
        }
    }

    /// Stops the gateway and clears a secret from the clipboard.
    pub(crate) fn close(&self) {
        self.clipboard.clear();
        let console = self.console.borrow().clone();
        if let Some(Ok(console)) = console {
            block_on(async {
                let _late = tokio::time::timeout(CLOSING, console.close()).await;
            });
        }
    }
}
