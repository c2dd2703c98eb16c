//! Files: read within a limit, replaced as a whole, locked against other processes.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

/// Holds a lock until it is dropped.
pub(crate) type Guard = Box<dyn Send + Sync>;

/// Where files are.
pub(crate) trait Disk: Send + Sync {
    /// The file's content, if there is the file; one longer than `limit` is [`io::ErrorKind::FileTooLarge`].
    fn read(&self, path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>>;
    /// Replaces the file: whatever happens, either the old or the new content is there.
    fn replace(&self, path: &Path, content: &[u8]) -> io::Result<()>;
    /// Removes the file; one that is not there is removed already.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Locks the file beside the vault's; nothing when another process holds it.
    fn try_lock(&self, path: &Path) -> io::Result<Option<Guard>>;
}

/// The real one.
pub(crate) struct SystemDisk;

impl Disk for SystemDisk {
    fn read(&self, path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let length = file.metadata()?.len();
        if length > limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let mut content = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
        file.take(limit.saturating_add(1)).read_to_end(&mut content)?;
        if content.len() as u64 > limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(Some(content))
    }

    fn replace(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let folder = folder_of(path)?;
        let prefix = temporary_prefix(path)?;
        sweep(folder, &prefix);
        let mut file = tempfile::Builder::new().prefix(&prefix).suffix(".tmp").tempfile_in(folder)?;
        file.write_all(content)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        sync_folder(folder)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        match fs::remove_file(path) {
            Ok(()) => sync_folder(folder_of(path)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Guard>> {
        create_folder(folder_of(path)?)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

fn folder_of(path: &Path) -> io::Result<&Path> {
    path.parent().ok_or_else(|| io::ErrorKind::InvalidFilename.into())
}

fn temporary_prefix(path: &Path) -> io::Result<String> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    Ok(format!(".{}.", name.to_string_lossy()))
}

/// What an earlier crash left behind. The caller holds the lock, so nobody else is writing.
fn sweep(folder: &Path, prefix: &str) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(prefix) && name.ends_with(".tmp") {
            // one that cannot be removed is harmless: it is sealed like the file itself
            let _removed = fs::remove_file(entry.path());
        }
    }
}

fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// A rename is on the disk only when its folder is.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io;

    use super::{Disk as _, SystemDisk};

    #[test]
    fn a_file_is_replaced_as_a_whole_and_readable_by_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sealed");
        SystemDisk.replace(&path, b"one").unwrap();
        SystemDisk.replace(&path, b"two").unwrap();
        assert_eq!(SystemDisk.read(&path, 3).unwrap().unwrap(), b"two", "the new content");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "nobody else reads it");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file stays");
    }

    #[test]
    fn what_a_crash_left_behind_changes_nothing_and_is_swept_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sealed");
        SystemDisk.replace(&path, b"one").unwrap();
        fs::write(folder.path().join(".a.sealed.x7Qp.tmp"), b"half of tw").unwrap();
        fs::write(folder.path().join(".b.sealed.x7Qp.tmp"), b"another vault's").unwrap();
        assert_eq!(SystemDisk.read(&path, 100).unwrap().unwrap(), b"one", "the previous content is whole");
        SystemDisk.replace(&path, b"two").unwrap();
        let mut names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, [".b.sealed.x7Qp.tmp", "a.sealed"], "only its own are swept");
    }

    #[test]
    fn a_file_over_the_limit_is_refused_before_it_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sealed");
        fs::write(&path, [0; 11]).unwrap();
        assert_eq!(SystemDisk.read(&path, 10).unwrap_err().kind(), io::ErrorKind::FileTooLarge, "11 > 10");
        assert!(SystemDisk.read(&folder.path().join("none"), 10).unwrap().is_none(), "no file, no error");
    }

    #[test]
    fn a_lock_has_one_holder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/er/a.lock");
        let held = SystemDisk.try_lock(&path).unwrap();
        assert!(held.is_some(), "nobody held it");
        assert!(SystemDisk.try_lock(&path).unwrap().is_none(), "held");
        drop(held);
        assert!(SystemDisk.try_lock(&path).unwrap().is_some(), "free again");
    }
}
