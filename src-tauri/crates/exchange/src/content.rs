//! Contents by reference: what was sent and received, as private files named by their own hash.
//!
//! `<folder>/aa/<sha256>`: a content is written to a temporary file in the store's folder, hashed on its way,
//! and renamed when complete, so a file under its name is always whole for every running process. There is no
//! fsync: after a power cut a content may be missing or short, which its recorded length shows, and the next
//! write of the same content replaces it. This file depends on nothing of HTTP.

use std::fs::{self, DirBuilder, File};
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use aws_lc_rs::digest;
use countersign_secret::RedactStream;
use tempfile::NamedTempFile;

/// The most one [`ContentStore::read`] returns: what the window asks for at a time.
pub const READ_LIMIT: u64 = 256 * 1024;

/// Before the digits of a reference.
const SCHEME: &str = "sha256:";

/// Temporary files carry it, so that they are never taken for a content.
const UNFINISHED: &str = ".unfinished-";

/// A folder of contents. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ContentStore {
    folder: Arc<Path>,
}

/// A content that is complete and can be read by its reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredContent {
    /// `sha256:` and 64 lower-case hex digits, over the bytes as stored.
    pub reference: String,
    /// Bytes as they came, before redaction.
    pub length: u64,
    /// Bytes of the file.
    pub stored_length: u64,
}

impl ContentStore {
    /// Nothing is touched until the first write, which makes the folder (private to its owner).
    pub fn new(folder: PathBuf) -> Self {
        Self { folder: folder.into() }
    }

    /// Where the contents are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Takes a content piece by piece; `redact` strikes live secrets before a byte reaches the disk.
    ///
    /// # Errors
    /// The folder or the temporary file cannot be made; a full disk is [`io::ErrorKind::StorageFull`].
    pub fn writer(&self, redact: Option<RedactStream>) -> io::Result<ContentWriter> {
        private_folder(&self.folder)?;
        let file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(&self.folder)?;
        Ok(ContentWriter {
            folder: Arc::clone(&self.folder),
            file: BufWriter::with_capacity(64 * 1024, file),
            hash: digest::Context::new(&digest::SHA256),
            redact,
            length: 0,
            stored_length: 0,
        })
    }

    /// Stores bytes as they are.
    ///
    /// # Errors
    /// As [`ContentStore::writer`].
    pub fn put(&self, bytes: &[u8]) -> io::Result<StoredContent> {
        let mut writer = self.writer(None)?;
        writer.write(bytes)?;
        writer.finish()
    }

    /// At most `length` and at most [`READ_LIMIT`] bytes from `offset`; nothing at or behind the end.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] for a text that is no reference, [`io::ErrorKind::NotFound`] for a content
    /// that is not there, and what the file system says.
    pub fn read(&self, reference: &str, offset: u64, length: u64) -> io::Result<Vec<u8>> {
        let mut file = File::open(self.locate(reference)?)?;
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        file.take(length.min(READ_LIMIT)).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Bytes of the stored file; `None` where there is none.
    pub fn length(&self, reference: &str) -> Option<u64> {
        let about = fs::symlink_metadata(self.locate(reference).ok()?).ok()?;
        about.is_file().then_some(about.len())
    }

    /// Removes a content; one that is not there is removed already.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] for a text that is no reference, and what the file system says.
    pub fn remove(&self, reference: &str) -> io::Result<()> {
        match fs::remove_file(self.locate(reference)?) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The file of a content, to send or save it; `None` where there is none.
    pub fn path(&self, reference: &str) -> Option<PathBuf> {
        self.length(reference)?;
        self.locate(reference).ok()
    }

    /// Removes what a process that was killed left unfinished before this moment; how many files that were.
    ///
    /// # Errors
    /// The folder cannot be listed. A folder that is not there holds nothing.
    pub fn remove_unfinished(&self, before: SystemTime) -> io::Result<u64> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            entries => entries?,
        };
        let mut removed = 0;
        for entry in entries {
            let entry = entry?;
            let ours = entry.file_name().to_string_lossy().starts_with(UNFINISHED);
            let written = entry.metadata().and_then(|about| about.modified());
            // another process may have finished it meanwhile: then there is nothing to remove
            if ours && written.is_ok_and(|at| at < before) && fs::remove_file(entry.path()).is_ok() {
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// Only digits of a hash ever become part of a path.
    fn locate(&self, reference: &str) -> io::Result<PathBuf> {
        let digits = digits(reference).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, "a content reference is `sha256:` and 64 hex digits")
        })?;
        Ok(place(&self.folder, digits))
    }
}

/// Takes one content; dropped unfinished, it leaves nothing behind.
pub struct ContentWriter {
    folder: Arc<Path>,
    file: BufWriter<NamedTempFile>,
    hash: digest::Context,
    redact: Option<RedactStream>,
    length: u64,
    stored_length: u64,
}

impl ContentWriter {
    /// Takes the next piece.
    ///
    /// # Errors
    /// What the file system says; a full disk is [`io::ErrorKind::StorageFull`]. The writer is of no more use then.
    pub fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        self.length += piece.len() as u64;
        match &mut self.redact {
            Some(redact) => {
                let struck = redact.push(piece);
                self.store(&struck)
            }
            None => self.store(piece),
        }
    }

    /// Bytes taken so far, before redaction.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Completes the content under its name. The same content stored before is replaced by its equal.
    ///
    /// # Errors
    /// As [`ContentWriter::write`].
    pub fn finish(mut self) -> io::Result<StoredContent> {
        if let Some(redact) = self.redact.take() {
            let rest = redact.finish();
            self.store(&rest)?;
        }
        let digits = hex::encode(self.hash.finish());
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        let place = place(&self.folder, &digits);
        if let Some(parent) = place.parent() {
            private_folder(parent)?;
        }
        if let Err(refused) = file.persist(&place) {
            // a system that does not replace open files: an equal content is there already
            if !fs::metadata(&place).is_ok_and(|about| about.len() == self.stored_length) {
                return Err(refused.error);
            }
        }
        Ok(StoredContent {
            reference: format!("{SCHEME}{digits}"),
            length: self.length,
            stored_length: self.stored_length,
        })
    }

    fn store(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.hash.update(bytes);
        self.stored_length += bytes.len() as u64;
        Ok(())
    }
}

impl std::fmt::Debug for ContentWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ContentWriter").field("length", &self.length).finish_non_exhaustive()
    }
}

/// The 64 digits of a well-formed reference.
fn digits(reference: &str) -> Option<&str> {
    let digits = reference.strip_prefix(SCHEME)?;
    let hex = digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    (digits.len() == 64 && hex).then_some(digits)
}

fn place(folder: &Path, digits: &str) -> PathBuf {
    folder.join(&digits[..2]).join(digits)
}

/// Makes a folder and those above it where they are missing, for their owner alone.
fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::ErrorKind;
    use std::time::{Duration, SystemTime};

    use countersign_secret::{Redactor, Secret};

    use super::{ContentStore, READ_LIMIT};

    fn store() -> (tempfile::TempDir, ContentStore) {
        let folder = tempfile::tempdir().unwrap();
        let store = ContentStore::new(folder.path().join("data").join("content"));
        (folder, store)
    }

    fn files(store: &ContentStore) -> Vec<String> {
        fs::read_dir(store.folder()).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn a_content_is_found_under_its_hash() {
        let (_folder, store) = store();
        let stored = store.put(b"abc").unwrap();
        // FIPS 180-4, the one-block example
        let digits = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(stored.reference, format!("sha256:{digits}"));
        assert_eq!((stored.length, stored.stored_length), (3, 3));
        assert_eq!(store.path(&stored.reference).unwrap(), store.folder().join("ba").join(digits));
        assert_eq!(store.read(&stored.reference, 0, 99).unwrap(), b"abc");
        assert_eq!(store.put(b"abc").unwrap(), stored, "stored twice is stored once");
        assert_eq!(files(&store), ["ba"], "no temporary file is left");
    }

    #[cfg(unix)]
    #[test]
    fn files_and_folders_are_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let (_folder, store) = store();
        let path = store.path(&store.put(b"abc").unwrap().reference).unwrap();
        let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!((mode(path.parent().unwrap()), mode(store.folder())), (0o700, 0o700));
    }

    #[test]
    fn a_range_is_cut_at_the_end_and_at_the_limit() {
        let (_folder, store) = store();
        let bytes: Vec<u8> = (0..READ_LIMIT + 10).map(|n| n.to_le_bytes()[0]).collect();
        let reference = store.put(&bytes).unwrap().reference;
        assert_eq!(store.length(&reference), Some(READ_LIMIT + 10));
        assert_eq!(store.read(&reference, 0, u64::MAX).unwrap().len() as u64, READ_LIMIT, "at most 256 KiB a call");
        assert_eq!(store.read(&reference, READ_LIMIT, 99).unwrap(), bytes[usize::try_from(READ_LIMIT).unwrap()..]);
        assert_eq!(store.read(&reference, 7, 2).unwrap(), bytes[7..9]);
        assert!(store.read(&reference, READ_LIMIT + 10, 1).unwrap().is_empty(), "the end");
        assert!(store.read(&reference, READ_LIMIT * 9, 1).unwrap().is_empty(), "behind the end");
    }

    #[test]
    fn only_a_reference_is_taken_for_one() {
        let (_folder, store) = store();
        let reference = store.put(b"abc").unwrap().reference;
        let digits = reference.strip_prefix("sha256:").unwrap();
        let traversal = format!("sha256:{}", "../".repeat(21) + "a");
        for bad in [
            "",
            "sha256:",
            digits,
            "../../etc/passwd",
            "sha256:../../etc/passwd",
            traversal.as_str(),
            &reference.to_uppercase(),
            &format!("sha256:{}", digits.to_uppercase()),
            &format!("{reference}0"),
            &format!("{reference}/"),
            &format!("sha512:{digits}"),
            &format!("sha256:é{}", &digits[2..]),
        ] {
            assert_eq!(store.read(bad, 0, 1).unwrap_err().kind(), ErrorKind::InvalidInput, "{bad}");
            assert_eq!(store.remove(bad).unwrap_err().kind(), ErrorKind::InvalidInput, "{bad}");
            assert!(store.length(bad).is_none() && store.path(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_removed_content_is_gone() {
        let (_folder, store) = store();
        let reference = store.put(b"abc").unwrap().reference;
        store.remove(&reference).unwrap();
        store.remove(&reference).unwrap();
        assert!(store.path(&reference).is_none());
        assert_eq!(store.read(&reference, 0, 1).unwrap_err().kind(), ErrorKind::NotFound);
    }

    #[test]
    fn an_unfinished_content_leaves_nothing_behind() {
        let (_folder, store) = store();
        let mut writer = store.writer(None).unwrap();
        writer.write(&[7; 100_000]).unwrap();
        assert_eq!(files(&store).len(), 1, "it is there while it is written");
        drop(writer);
        assert!(files(&store).is_empty());
    }

    #[test]
    fn what_a_killed_process_left_is_swept() {
        let (_folder, store) = store();
        let reference = store.put(b"abc").unwrap().reference;
        let left = store.folder().join(".unfinished-0");
        fs::write(&left, b"x").unwrap();
        assert_eq!(store.remove_unfinished(SystemTime::UNIX_EPOCH).unwrap(), 0, "younger ones may be in use");
        let later = fs::metadata(&left).unwrap().modified().unwrap() + Duration::from_secs(1);
        assert_eq!(store.remove_unfinished(later).unwrap(), 1);
        assert!(store.path(&reference).is_some(), "contents stay");
    }

    #[test]
    fn a_secret_cut_between_two_pieces_never_reaches_the_disk() {
        let (_folder, store) = store();
        let redactor = Redactor::new();
        redactor.register_token(&Secret::new("eyJhbGciOi.canary-token".to_owned()));
        let mut writer = store.writer(Some(redactor.stream())).unwrap();
        for piece in ["{\"access_token\":\"eyJhbGciOi.can", "ary-token\"}"] {
            writer.write(piece.as_bytes()).unwrap();
        }
        let stored = writer.finish().unwrap();
        let bytes = store.read(&stored.reference, 0, 999).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains("‹token ") && !text.contains("canary"), "{text}");
        assert_eq!((stored.length, stored.stored_length), (42, text.len() as u64), "both lengths are known");
        assert_eq!(store.put(text.as_bytes()).unwrap().reference, stored.reference, "the hash is of what is stored");
    }

    #[test]
    fn a_content_stored_again_replaces_a_damaged_file() {
        let (_folder, store) = store();
        let reference = store.put(b"abc").unwrap().reference;
        fs::write(store.path(&reference).unwrap(), b"").unwrap();
        store.put(b"abc").unwrap();
        assert_eq!(store.read(&reference, 0, 9).unwrap(), b"abc");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_says_so() {
        if std::fs::OpenOptions::new().write(true).open("/dev/full").is_err() {
            return;
        }
        let error = std::io::Write::write_all(&mut fs::OpenOptions::new().write(true).open("/dev/full").unwrap(), b"x");
        assert_eq!(error.unwrap_err().kind(), ErrorKind::StorageFull, "the kind the store hands on");
    }
}
