//! Files on disk: read whole and bounded, written so that a crash at any instant leaves the old file or the new one.
//!
//! [`write_atomic`] writes a temporary file in the same folder, syncs it, renames it over the target and syncs the
//! folder. A temporary file is locked while it is written, so what a killed process left behind can be told from one
//! in use: [`sweep`] removes it, and readers never look at it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use countersign_evidence::{Fault, Problem};

/// Why a file could not be read or written; always the environment's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No space, or a quota is used up.
    #[error("{path}: {reason}")]
    Full {
        /// Which file.
        path: String,
        /// The system's words.
        reason: String,
    },
    /// A read-only file system, or a folder that may not be changed.
    #[error("{path}: {reason}")]
    ReadOnly {
        /// Which file.
        path: String,
        /// The system's words.
        reason: String,
    },
    /// Anything else that keeps a file from being read.
    #[error("{path}: {reason}")]
    Unreadable {
        /// Which file.
        path: String,
        /// The system's words.
        reason: String,
    },
    /// Anything else that keeps a file from being written.
    #[error("{path}: {reason}")]
    Unwritable {
        /// Which file.
        path: String,
        /// The system's words.
        reason: String,
    },
}

impl Error {
    /// What reading ran into.
    pub fn reading(path: impl Into<String>, error: &io::Error) -> Self {
        let (path, reason) = (path.into(), error.to_string());
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Error::Full { path, reason },
            ErrorKind::ReadOnlyFilesystem => Error::ReadOnly { path, reason },
            _ => Error::Unreadable { path, reason },
        }
    }

    /// What writing ran into.
    pub fn writing(path: impl Into<String>, error: &io::Error) -> Self {
        let (path, reason) = (path.into(), error.to_string());
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Error::Full { path, reason },
            ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => Error::ReadOnly { path, reason },
            _ => Error::Unwritable { path, reason },
        }
    }

    /// The error as a document.
    pub fn problem(&self) -> Problem {
        let (code, title, hint) = match self {
            Error::Full { .. } => {
                ("storage.full", "no space is left", "Make room on this disk, then try again; nothing was lost.")
            }
            Error::ReadOnly { .. } => (
                "storage.read_only",
                "the folder cannot be written",
                "Allow writing there, or choose another folder; nothing was lost.",
            ),
            Error::Unreadable { .. } => {
                ("storage.unreadable", "a file cannot be read", "Check the path and its permissions.")
            }
            Error::Unwritable { .. } => {
                ("storage.unwritable", "a file cannot be written", "Check the path and the disk; nothing was lost.")
            }
        };
        Problem::new(code, Fault::Environment, title, self.to_string()).with_hint(hint)
    }
}

/// An error of the file system met while something was read, as a document.
pub fn storage_problem(name: &str, error: &io::Error) -> Problem {
    Error::reading(name, error).problem()
}

/// Writes a file so that a crash leaves the old content or the new one, never half of it. `private`: for this
/// person's eyes only (0600, and 0700 for folders made on the way).
///
/// # Errors
/// `storage.full`, `storage.read_only`, `storage.unwritable`.
pub fn write_atomic(path: &Path, bytes: &[u8], private: bool) -> Result<(), Problem> {
    replace(path, bytes, private).map_err(|error| Error::writing(path.display().to_string(), &error).problem())
}

/// Removes a file; whether there was one.
///
/// # Errors
/// As [`write_atomic`].
pub fn remove(path: &Path) -> Result<bool, Problem> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::writing(path.display().to_string(), &error).problem()),
    }
}

/// Removes temporary files that a killed process left in this folder; those another one is writing stay. How many.
pub fn sweep(folder: &Path) -> usize {
    swept(folder, |_| true)
}

/// Reads at most `limit` bytes and one more, so that the caller can tell. `None`: there is no such file.
pub(crate) fn read(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Makes a folder and those above it.
pub(crate) fn make_folder(folder: &Path, private: bool) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    if private {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    #[cfg(not(unix))]
    let _by_inheritance = private;
    builder.create(folder)
}

/// How often a write is begun anew when its temporary file was swept under its hands.
const ATTEMPTS: u32 = 8;

fn replace(path: &Path, bytes: &[u8], private: bool) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_folder(folder, private)?;
    let mut left = ATTEMPTS;
    while let Err(error) = attempt(path, folder, bytes, private) {
        left -= 1;
        // another process swept it in the instant between its creation and its lock
        if error.kind() != ErrorKind::NotFound || left == 0 {
            return Err(error);
        }
    }
    sync_folder(folder)?;
    let name = file_name(path);
    swept(folder, |left| left == name);
    Ok(())
}

fn attempt(path: &Path, folder: &Path, bytes: &[u8], private: bool) -> io::Result<()> {
    let (temporary, mut file) = create_temporary(path, folder, private)?;
    let written = (|| {
        // a file system without locks has nobody who sweeps by them
        let _locked = file.lock();
        file.write_all(bytes)?;
        if !private && let Ok(present) = fs::metadata(path) {
            file.set_permissions(present.permissions())?;
        }
        file.sync_all()?;
        fs::rename(&temporary, path)
    })();
    if written.is_err() {
        let _best_effort = fs::remove_file(&temporary);
    }
    written
}

fn create_temporary(path: &Path, folder: &Path, private: bool) -> io::Result<(PathBuf, File)> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if private {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    #[cfg(not(unix))]
    let _by_inheritance = private;
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let temporary = folder.join(format!(".{}.{}-{number}.tmp", file_name(path), std::process::id()));
        match options.open(&temporary) {
            Ok(file) => return Ok((temporary, file)),
            // left by a killed process that had our number
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The file a temporary one was for, `NAME` of `.NAME.PID-NUMBER.tmp`; none of this process, which is still alive.
fn target_of(temporary: &str) -> Option<&str> {
    let (name, number) = temporary.strip_prefix('.')?.strip_suffix(".tmp")?.rsplit_once('.')?;
    let (process, count) = number.split_once('-')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let ours = process.parse() == Ok(std::process::id());
    (digits(process) && digits(count) && !ours).then_some(name)
}

fn swept(folder: &Path, wanted: impl Fn(&str) -> bool) -> usize {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let mut count = 0;
    for entry in entries.flatten() {
        let name = entry.file_name();
        let ours = name.to_str().and_then(target_of).is_some_and(&wanted);
        if ours && entry.file_type().is_ok_and(|kind| kind.is_file()) && is_left_behind(&entry.path()) {
            count += usize::from(fs::remove_file(entry.path()).is_ok());
        }
    }
    count
}

fn is_left_behind(temporary: &Path) -> bool {
    match File::open(temporary).map(|file| file.try_lock()) {
        Ok(Ok(())) => true,
        Ok(Err(TryLockError::WouldBlock | TryLockError::Error(_))) | Err(_) => false,
    }
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        // some network file systems cannot sync a folder; the rename stands all the same
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::InvalidInput | ErrorKind::Unsupported | ErrorKind::PermissionDenied
            ) =>
        {
            Ok(())
        }
        other => other,
    }
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Error, remove, sweep, target_of, write_atomic};

    #[test]
    fn a_file_is_replaced_whole_and_its_folder_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/c.toml");
        write_atomic(&path, b"one", false).unwrap();
        write_atomic(&path, b"two", false).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two", "the newer content");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no temporary file stays");
    }

    #[test]
    #[cfg(unix)]
    fn a_private_file_is_for_its_owner_and_others_keep_their_permissions() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let private = folder.path().join("state/x.toml");
        write_atomic(&private, b"x", true).unwrap();
        assert_eq!((mode(&private), mode(private.parent().unwrap())), (0o600, 0o700), "file and folder");
        let shared = folder.path().join("shared.toml");
        fs::write(&shared, "x").unwrap();
        fs::set_permissions(&shared, fs::Permissions::from_mode(0o640)).unwrap();
        write_atomic(&shared, b"y", false).unwrap();
        assert_eq!(mode(&shared), 0o640, "as it was");
    }

    #[test]
    fn what_a_killed_process_left_is_swept_and_what_is_being_written_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let left = folder.path().join(".a.toml.0-3.tmp");
        let busy = folder.path().join(".a.toml.0-4.tmp");
        let other = folder.path().join(".a.toml.swp.tmp");
        for path in [&left, &busy, &other] {
            fs::write(path, "half of").unwrap();
        }
        let lock = fs::File::open(&busy).unwrap();
        lock.lock().unwrap();
        write_atomic(&folder.path().join("a.toml"), b"whole", false).unwrap();
        assert!(!left.exists(), "a later write of the same file sweeps it");
        assert!(busy.exists() && other.exists(), "in use, and not ours");
        drop(lock);
        assert_eq!(sweep(folder.path()), 1, "its writer is gone now");
        assert_eq!(fs::read(folder.path().join("a.toml")).unwrap(), b"whole", "untouched");
    }

    #[test]
    fn writers_at_the_same_time_each_leave_a_whole_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.toml");
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let path = &path;
                scope.spawn(move || {
                    for round in 0..25 {
                        let line = format!("{writer}.{round}\n");
                        write_atomic(path, line.repeat(400).as_bytes(), false).unwrap();
                        let read = fs::read_to_string(path).unwrap();
                        let first = read.lines().next().unwrap_or_default();
                        assert_eq!(read, format!("{first}\n").repeat(400), "one writer's, all of it");
                    }
                });
            }
        });
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else stays");
    }

    #[test]
    fn a_temporary_name_says_what_it_was_for() {
        assert_eq!(target_of(".create.payment.toml.0-12.tmp"), Some("create.payment.toml"));
        for other in ["a.toml", ".a.toml.tmp", ".a.toml.x-1.tmp", ".a.12-.tmp"] {
            assert_eq!(target_of(other), None, "{other}");
        }
    }

    #[test]
    fn a_file_in_place_of_a_folder_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("requests"), "").unwrap();
        let path = folder.path().join("requests/a.toml");
        let problem = write_atomic(&path, b"x", false).unwrap_err();
        assert_eq!(problem.code, "storage.unwritable");
        assert!(problem.detail.starts_with(&path.display().to_string()), "{}", problem.detail);
    }

    #[test]
    #[cfg(unix)]
    fn a_read_only_folder_is_named_and_keeps_what_it_has() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.toml");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o500)).unwrap();
        let written = write_atomic(&path, b"new", false);
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        match written {
            Err(problem) => {
                assert_eq!(problem.code, "storage.read_only");
                assert_eq!(fs::read(&path).unwrap(), b"old", "nothing was lost");
            }
            // permissions do not hold for the superuser
            Ok(()) => assert!(rustix::process::geteuid().is_root(), "only root may write there"),
        }
    }

    #[test]
    fn the_system_s_kinds_become_our_codes() {
        let code = |kind: std::io::ErrorKind| Error::writing("x", &kind.into()).problem().code;
        use std::io::ErrorKind::{NotADirectory, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        let codes = [StorageFull, QuotaExceeded, ReadOnlyFilesystem, PermissionDenied, NotADirectory].map(code);
        assert_eq!(
            codes,
            ["storage.full", "storage.full", "storage.read_only", "storage.read_only", "storage.unwritable"]
        );
    }

    #[test]
    fn removing_what_is_not_there_is_no_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.toml");
        fs::write(&path, "x").unwrap();
        assert_eq!((remove(&path), remove(&path)), (Ok(true), Ok(false)));
    }
}
