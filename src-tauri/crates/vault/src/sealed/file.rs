//! The sealed file on its disk: one writer at a time, old or new and nothing between.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::document::Sealed;
use super::reader::Malformed;
use crate::Error;
use crate::disk::{Disk, Guard};
use crate::store::blocking;

/// The largest file.
const FILE_LIMIT: u64 = 64 * 1024 * 1024;
/// How long another process may hold the lock: a prompt may stand open there.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);

/// Where a vault's sealed file is.
#[derive(Clone)]
pub(crate) struct SealedFile {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    vault_id: String,
    /// Writers of this process queue here, so that they do not poll against each other.
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// The right to write.
pub(crate) struct Writing {
    _turn: tokio::sync::OwnedMutexGuard<()>,
    _lock: Guard,
}

impl SealedFile {
    /// The file of that name in the folder.
    pub(crate) fn new(disk: Arc<dyn Disk>, folder: &Path, vault_id: &str, extension: &str) -> Self {
        let path = folder.join(format!("{vault_id}.{extension}"));
        Self { disk, path, vault_id: vault_id.to_owned(), turn: Arc::default() }
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Waits for the right to write.
    pub(crate) async fn writing(&self) -> Result<Writing, Error> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let mut lock_file = self.path.clone().into_os_string();
        lock_file.push(".lock");
        let lock_file = PathBuf::from(lock_file);
        let waiting = async {
            loop {
                let (disk, path) = (Arc::clone(&self.disk), lock_file.clone());
                let tried = blocking(move || disk.try_lock(&path).map_err(|error| Error::storage(&path, &error)));
                if let Some(lock) = tried.await? {
                    return Ok(Writing { _turn: turn, _lock: lock });
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.unwrap_or(Err(Error::Busy { file: lock_file }))
    }

    /// Reads it; nothing when there is none. Blocks.
    pub(crate) fn load(&self) -> Result<Option<Sealed>, Error> {
        match self.disk.read(&self.path, FILE_LIMIT) {
            Ok(None) => Ok(None),
            Ok(Some(content)) => {
                Sealed::parse(&content, &self.vault_id).map(Some).map_err(|malformed| self.malformed(malformed))
            }
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                Err(self.malformed(Malformed(format!("it is larger than {FILE_LIMIT} bytes"))))
            }
            Err(error) => Err(Error::storage(&self.path, &error)),
        }
    }

    /// Replaces it. Blocks. The caller holds [`Writing`].
    pub(crate) fn replace(&self, content: &[u8], _writing: &Writing) -> Result<(), Error> {
        if content.len() as u64 > FILE_LIMIT {
            let limit = usize::try_from(FILE_LIMIT).unwrap_or(usize::MAX);
            return Err(Error::TooLarge { length: content.len(), limit });
        }
        self.disk.replace(&self.path, content).map_err(|error| Error::storage(&self.path, &error))
    }

    /// Removes it. Blocks. The caller holds [`Writing`].
    pub(crate) fn remove(&self, _writing: &Writing) -> Result<(), Error> {
        self.disk.remove(&self.path).map_err(|error| Error::storage(&self.path, &error))
    }

    /// Names the file in the error.
    pub(crate) fn malformed(&self, Malformed(reason): Malformed) -> Error {
        Error::SealedMalformed { file: self.path.clone(), reason }
    }
}
