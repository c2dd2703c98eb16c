//! Files a person asked for.

use std::io::Write as _;
use std::path::Path;

use countersign_console::{CaptureScope, Console};
use countersign_evidence::{Exchange, Fault, Problem};

use crate::shell::Shell;

/// Reads a file that was named.
pub(crate) fn read(file: &Path) -> Result<Vec<u8>, Problem> {
    std::fs::read(file).map_err(|e| {
        let detail = format!("{}: {e}", file.display());
        Problem::new("usage.unreadable_file", Fault::Caller, "a file cannot be read", detail)
            .with_hint("Name a file that is there.")
    })
}

/// Writes a file; one that is there is replaced.
pub(crate) fn write(file: &Path, bytes: &[u8]) -> Result<(), Problem> {
    std::fs::write(file, bytes).map_err(|e| unwritable(file, &e))
}

/// The same, readable for its owner alone.
pub(crate) fn write_secret(file: &Path, bytes: &[u8]) -> Result<(), Problem> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
        options.mode(0o600);
        if file.exists() {
            // the mode of a file that is there already stays unless it is set
            std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).map_err(|e| unwritable(file, &e))?;
        }
    }
    options.open(file).and_then(|mut file| file.write_all(bytes)).map_err(|e| unwritable(file, &e))
}

/// Writes the capture of an exchange's connection, and says what is inside.
pub(crate) async fn capture(
    shell: &Shell,
    console: &Console,
    e: &Exchange,
    scope: CaptureScope,
    file: &Path,
) -> Result<(), Problem> {
    let bytes = console.handshake_capture(&e.exchange, scope).await?;
    write_secret(file, &bytes)?;
    let sent = e.request.as_ref().is_some_and(|request| request.sent);
    if sent && scope == CaptureScope::Full {
        let token = if e.token.is_some() { ", its token included" } else { "" };
        shell.warn(&format!("{} holds the request{token}, and the secrets to read it.", file.display()));
    }
    Ok(())
}

pub(crate) fn unwritable(file: &Path, error: &std::io::Error) -> Problem {
    Problem::new(
        "storage.unwritable",
        Fault::Environment,
        format!("`{}` cannot be written", file.display()),
        error.to_string(),
    )
    .with_hint("Choose another file.")
}
