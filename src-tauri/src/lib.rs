//! The desktop shell: one window over the console. It decodes, calls the console and encodes; it knows no
//! protocol. Start with [`build`], then `commands/`: one module per feature, one function per operation.

mod clipboard;
mod commands;
mod desk;
mod links;
mod pane;

use tauri::{Builder, Manager, RunEvent, Runtime};

pub use desk::Desk;

/// The program without its runtime, so that tests can build it over the mock runtime.
pub fn build<R: Runtime>(builder: Builder<R>) -> Builder<R> {
    commands::handle(builder).setup(|app| {
        app.manage(Desk::open());
        if let Some(window) = app.get_webview_window("main") {
            pane::show_at_last(window);
        }
        Ok(())
    })
}

/// Opens the window and runs until it is closed.
///
/// # Errors
/// When the window framework cannot start, for example without a display.
#[allow(clippy::exit, reason = "the code that generate_context! makes")]
pub fn run() -> tauri::Result<()> {
    countersign_console::hardening::apply();
    build(Builder::default()).build(tauri::generate_context!())?.run(|app, event| {
        if let RunEvent::Exit = event {
            app.state::<Desk>().close();
        }
    });
    Ok(())
}
