//! A workspace: a folder of plain files that is shared through git. Start with [`Workspace`].
//!
//! Every call reads the files as they are now; nothing is kept but the last manifest that could be read. Writes go
//! through one place, keep comments, order and unknown keys, and are checked by reading them back before they replace
//! a file. No secret and nothing of one person's machine is written here.

mod chain;
mod credential;
pub(crate) mod document;
pub(crate) mod edit;
mod environment;
pub(crate) mod error;
mod grant;
pub(crate) mod list;
mod manifest;
mod name;
mod recipe;
mod request;
mod request_file;
mod signing;
#[cfg(test)]
mod tests;
mod tree;
mod trust;
mod watch;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use countersign_evidence::Problem;
use toml_edit::DocumentMut;

pub use self::credential::{CLIENT_CERTIFICATE, CredentialFile, SlotFile};
pub use self::environment::Environment;
pub use self::error::{Error, Kind};
pub use self::grant::GrantFile;
pub use self::manifest::Manifest;
pub use self::request::{FolderDefaults, RequestFile};
pub(crate) use self::trust::{PROFILES, STORES};
pub use self::trust::{Pin, TrustCa, TrustFile};

use self::document::Document;

/// The format this version reads and writes.
pub(crate) const FORMAT: i64 = 1;

/// The file that makes a folder a workspace.
const MANIFEST: &str = "countersign.toml";

/// What could be read, and what could not: each file named with its line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loaded<T> {
    /// What was read.
    pub value: T,
    /// Files that were not, one problem each.
    pub problems: Vec<Problem>,
}

/// A workspace folder. Reads see what is on disk at that moment; writes are atomic.
#[derive(Debug)]
pub struct Workspace {
    folder: PathBuf,
    manifest: Mutex<Manifest>,
}

impl Workspace {
    /// Opens a folder. `named`: it was asked for by name, so it must be a workspace. Else a folder without
    /// `countersign.toml` is an empty workspace, without an id until [`Workspace::ensure`].
    ///
    /// # Errors
    /// `workspace.not_found`, or a `countersign.toml` that does not read.
    pub fn open(folder: PathBuf, named: bool) -> Result<Self, Problem> {
        let workspace = Self { folder, manifest: Mutex::default() };
        match workspace.read_manifest()? {
            Some(manifest) => *workspace.known() = manifest,
            None if named => return Err(Error::NotFound { folder: workspace.folder.display().to_string() }.problem()),
            None => {}
        }
        for folder in ["", "credentials", "environments", "recipes", "requests", "signing"] {
            crate::file::sweep(&workspace.folder.join(folder));
        }
        Ok(workspace)
    }

    /// The nearest folder with `countersign.toml`, from this one upwards.
    pub fn nearest(start: &Path) -> Option<PathBuf> {
        start.ancestors().find(|folder| folder.join(MANIFEST).is_file()).map(Path::to_path_buf)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The workspace's id, which is the vault's too. Empty until the workspace is made by [`Workspace::ensure`].
    pub fn id(&self) -> String {
        self.known().id.clone()
    }

    /// Why the workspace cannot be changed: a newer version wrote it.
    pub fn read_only(&self) -> Option<Problem> {
        self.writable().err().map(|error| error.problem())
    }

    fn known(&self) -> MutexGuard<'_, Manifest> {
        self.manifest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A file of the workspace, `None` where there is none. A link may not lead out of it.
    fn read(&self, relative: &str) -> Result<Option<Document>, Error> {
        let bytes = self.read_bytes(relative)?;
        bytes.map(|bytes| Document::parse(relative, bytes)).transpose()
    }

    fn read_bytes(&self, relative: &str) -> Result<Option<Vec<u8>>, Error> {
        let path = self.folder.join(relative);
        if !self.is_inside(&path) {
            return Err(Error::Outside { file: relative.to_owned() });
        }
        let read = crate::file::read(&path, document::LIMIT);
        read.map_err(|error| Error::Storage(crate::file::Error::reading(relative, &error)))
    }

    /// Whether what stands there, links followed, lies in the workspace. What is not there is.
    fn is_inside(&self, path: &Path) -> bool {
        match (fs::canonicalize(path), fs::canonicalize(&self.folder)) {
            (Ok(path), Ok(root)) => path.starts_with(root),
            _ => true,
        }
    }

    /// The file in its editable form, or an empty one.
    fn editable(&self, relative: &str) -> Result<DocumentMut, Error> {
        Ok(self.read(relative)?.map(Document::into_mut).unwrap_or_default())
    }

    fn write(&self, relative: &str, document: &DocumentMut) -> Result<(), Problem> {
        self.write_bytes(relative, document.to_string().as_bytes())
    }

    fn write_bytes(&self, relative: &str, bytes: &[u8]) -> Result<(), Problem> {
        self.writable()?;
        let path = self.folder.join(relative);
        if !path.parent().is_some_and(|folder| self.is_inside(folder)) {
            return Err(Error::Outside { file: relative.to_owned() }.problem());
        }
        crate::file::write_atomic(&path, bytes, false)
    }

    fn remove(&self, relative: &str) -> Result<bool, Problem> {
        self.writable()?;
        let path = self.folder.join(relative);
        if !path.parent().is_some_and(|folder| self.is_inside(folder)) {
            return Err(Error::Outside { file: relative.to_owned() }.problem());
        }
        crate::file::remove(&path)
    }

    fn writable(&self) -> Result<(), Error> {
        match self.manifest().format {
            FORMAT => Ok(()),
            format => Err(Error::NewerFormat { file: MANIFEST.to_owned(), format, known: FORMAT }),
        }
    }

    /// Files of a flat folder by their slug, each read by itself.
    fn each<T>(&self, folder: &str, read: impl Fn(&str) -> Result<T, Problem>) -> Loaded<Vec<T>> {
        let mut loaded = Loaded { value: Vec::new(), problems: Vec::new() };
        for stem in self.stems(folder, &mut loaded.problems) {
            match read(&stem) {
                Ok(value) => loaded.value.push(value),
                Err(problem) => loaded.problems.push(problem),
            }
        }
        loaded
    }

    /// Slugs of the `.toml` files of a folder, sorted; hidden files are none of ours.
    fn stems(&self, folder: &str, problems: &mut Vec<Problem>) -> Vec<String> {
        let path = self.folder.join(folder);
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
            Err(error) => {
                problems.push(crate::file::storage_problem(folder, &error));
                return Vec::new();
            }
        };
        let mut stems = Vec::new();
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if let Some(stem) = name.strip_suffix(".toml").filter(|_| !name.starts_with('.')) {
                match name::slug_checked(stem) {
                    Ok(stem) => stems.push(stem.to_owned()),
                    Err(_) => problems.push(bad_file_name(&format!("{folder}/{name}"))),
                }
            }
        }
        stems.sort();
        stems
    }

    /// A slug for a title that no file of this folder has.
    fn free_name(&self, folder: &str, title: &str, otherwise: &str) -> String {
        let taken = |name: &str| self.folder.join(folder).join(format!("{name}.toml")).exists();
        name::free(&name::slug(title, otherwise), taken)
    }
}

fn bad_file_name(file: &str) -> Problem {
    Error::BadName { name: file.to_owned(), reason: "a file's name is lower-case letters, digits and `-`" }.problem()
}

/// Says where a name was wanted.
fn missing(kind: Kind, name: &str) -> Error {
    Error::NotThere { kind, name: name.to_owned() }
}
