//! What can go wrong with the history, and whose fault it is.

use std::io;
use std::path::Path;

use countersign_evidence::{Fault, Problem};
use rusqlite::ErrorCode;

/// Errors of the history. The file stays as it is, whatever is wrong with it.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// A stored document does not parse.
    #[error("exchange `{exchange}`: {source}")]
    Document { exchange: String, source: serde_json::Error },
    /// The file or its folder cannot be made.
    #[error("{0}")]
    File(io::Error),
    /// Written by a newer version.
    #[error("format {found}, this version knows {known}")]
    Newer { found: i64, known: usize },
    /// What SQLite says.
    #[error("{0}")]
    Sqlite(#[from] rusqlite::Error),
}

impl Error {
    /// As hosts show it; `db` is the file.
    pub(super) fn problem(&self, db: &Path) -> Problem {
        let (code, fault, title, hint) = match self {
            Error::Document { .. } => UNREADABLE,
            Error::File(e) => file(e),
            Error::Newer { .. } => (
                "storage.history_newer",
                Fault::Environment,
                "the history was written by a newer Countersign",
                "Use that version, or name another data folder.",
            ),
            Error::Sqlite(e) => sqlite(e),
        };
        Problem::new(code, fault, title, format!("{}: {self}", db.display())).with_hint(hint)
    }
}

type Row = (&'static str, Fault, &'static str, &'static str);

const UNREADABLE: Row = (
    "storage.history_unreadable",
    Fault::Environment,
    "the history cannot be read",
    "Nothing was deleted. Close Countersign and move the file away, with those of the same name in -wal and -shm; \
     a new history begins at the next start. Requests and credentials are elsewhere and are safe.",
);
const FULL: Row = (
    "storage.full",
    Fault::Environment,
    "the disk is full",
    "Free some space, or let the history keep less (Settings, History).",
);
const READ_ONLY: Row = (
    "storage.read_only",
    Fault::Environment,
    "the history cannot be written: it is read-only",
    "Make the data folder writable, or name another one.",
);
const UNWRITABLE: Row = (
    "storage.unwritable",
    Fault::Environment,
    "the history cannot be written",
    "Check who may write to the data folder, or name another one.",
);

fn file(error: &io::Error) -> Row {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => FULL,
        io::ErrorKind::ReadOnlyFilesystem => READ_ONLY,
        _ => UNWRITABLE,
    }
}

fn sqlite(error: &rusqlite::Error) -> Row {
    // the index of the write-ahead log cannot grow: there is no room for it
    if error.sqlite_error().is_some_and(|e| e.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE) {
        return FULL;
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => UNREADABLE,
        Some(ErrorCode::DiskFull) => FULL,
        Some(ErrorCode::ReadOnly) => READ_ONLY,
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::SystemIoFailure) => UNWRITABLE,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (
            "storage.history_busy",
            Fault::Environment,
            "another program holds the history",
            "Wait until the other Countersign has finished, then try again.",
        ),
        // a table that is not there, a column of another type: not our file, or no longer
        None | Some(ErrorCode::Unknown | ErrorCode::TypeMismatch) => UNREADABLE,
        Some(_) => (
            "internal.history",
            Fault::Us,
            "the history was asked the wrong way",
            "This is a bug of ours; the exchange itself is complete.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use rusqlite::ffi;

    use super::Error;

    #[test]
    fn a_full_disk_is_told_from_a_broken_file() {
        let code = |result: i32| {
            let error = Error::Sqlite(rusqlite::Error::SqliteFailure(ffi::Error::new(result), None));
            error.problem(Path::new("/data/history.db")).code
        };
        assert_eq!(code(ffi::SQLITE_FULL), "storage.full");
        assert_eq!(code(ffi::SQLITE_IOERR_SHMSIZE), "storage.full", "its index cannot grow");
        assert_eq!(code(ffi::SQLITE_IOERR_READ), "storage.unwritable");
        assert_eq!(code(ffi::SQLITE_CORRUPT), "storage.history_unreadable");
        assert_eq!(code(ffi::SQLITE_CORRUPT_VTAB), "storage.history_unreadable", "the index is part of the file");
        assert_eq!(code(ffi::SQLITE_READONLY_DIRECTORY), "storage.read_only");
        assert_eq!(code(ffi::SQLITE_BUSY), "storage.history_busy");
    }
}
