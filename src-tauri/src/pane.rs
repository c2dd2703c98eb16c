//! The window's appearance on the screen: it shows with its first painted page, never as a white flash.

use std::time::Duration;

use countersign_evidence::{Fault, Problem};
use tauri::{Runtime, WebviewWindow};

/// A page that never says it is ready shows all the same after this long.
const AT_LAST: Duration = Duration::from_secs(4);

/// Names a file that is written when the first page is painted; benches wait for it.
const READY_FILE: &str = "COUNTERSIGN_READY_FILE";

/// Shows the window: the page has painted.
pub(crate) fn show<R: Runtime>(window: &WebviewWindow<R>) -> Result<(), Problem> {
    if let Some(file) = std::env::var_os(READY_FILE) {
        let _unwritten = std::fs::write(file, b"ready");
    }
    window
        .show()
        .map_err(|e| Problem::new("internal.window", Fault::Environment, "the window cannot be shown", e.to_string()))
}

/// Shows the window when its page did not say so in time.
pub(crate) fn show_at_last<R: Runtime>(window: WebviewWindow<R>) {
    tauri::async_runtime::spawn(async move {
        tokio::time::sleep(AT_LAST).await;
        if !window.is_visible().unwrap_or(true) {
            let _gone = window.show();
        }
    });
}
