//! `state/WORKSPACE-ID.toml` in the data folder: what is one person's on one machine. Where secrets rest, which
//! generation of each slot is expected, what was chosen last. Never a secret.
//!
//! Window and command line may change it at the same time: a save takes a lock, reads the file as it is now, and puts
//! in only what this process changed. A file that does not read is set aside, never overwritten.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use countersign_evidence::{Fault, Problem, Severity, Timestamp};
use toml_edit::{DocumentMut, Item, Table};

use crate::workspace::document::{Document, LIMIT, Section};
use crate::workspace::edit::{self, Style};
use crate::workspace::{Error, FORMAT, Loaded};

/// What is known about a stored secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlotRecord {
    /// Counts from 1; an older item than this is not used.
    pub generation: u64,
    /// Keyed fingerprint, 8 hex digits.
    pub fingerprint: Option<String>,
    /// When it was stored.
    pub stored_at: Option<Timestamp>,
    /// Ids of what was noticed at entry.
    pub findings: Vec<String>,
}

/// What is known about a credential here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct CredentialRecord {
    generation: u64,
    basic_encoding_matters: Option<bool>,
}

/// What is one person's of a workspace.
#[derive(Clone, Debug, Default)]
pub struct StateFile {
    /// Vault backend: `os`, `passphrase`. Absent: never chosen.
    pub backend: Option<String>,
    /// Chosen environment.
    pub environment: Option<String>,
    /// Path of the request that was open last.
    pub last_request: Option<String>,
    /// Whether the first run was done.
    pub first_run_done: bool,
    slots: BTreeMap<String, SlotRecord>,
    credentials: BTreeMap<String, CredentialRecord>,
    /// Slots of this process only, for secrets in memory.
    session: BTreeMap<String, SlotRecord>,
    /// As it was read or written last: what differs from it was changed here.
    base: Values,
}

/// What the file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Values {
    backend: Option<String>,
    environment: Option<String>,
    last_request: Option<String>,
    first_run_done: bool,
    slots: BTreeMap<String, SlotRecord>,
    credentials: BTreeMap<String, CredentialRecord>,
}

impl StateFile {
    /// Reads the file. One that does not read is set aside under another name and named; what it said is then as on
    /// a first start.
    pub fn load(path: &Path) -> Loaded<Self> {
        match read(path) {
            Ok(None) => Loaded::default(),
            Ok(Some((_, values))) => Loaded { value: Self::from_values(values), problems: Vec::new() },
            Err(NotRead::Malformed(error)) => {
                Loaded { value: Self::default(), problems: vec![set_aside_problem(&error, set_aside(path))] }
            }
            Err(NotRead::Kept(problem)) => Loaded { value: Self::default(), problems: vec![problem] },
        }
    }

    /// Writes what was changed since it was read, and takes in what others changed meanwhile.
    ///
    /// # Errors
    /// A folder that cannot be written, a file of a newer format.
    pub fn save(&mut self, path: &Path) -> Result<(), Problem> {
        let _lock =
            lock(path).map_err(|error| crate::file::Error::writing(path.display().to_string(), &error).problem())?;
        let (mut document, theirs) = match read(path) {
            Ok(Some((document, values))) => (document, values),
            Ok(None) => (DocumentMut::new(), Values::default()),
            Err(NotRead::Malformed(error)) => match set_aside(path) {
                Ok(_) => (DocumentMut::new(), Values::default()),
                Err(failed) => return Err(set_aside_problem(&error, Err(failed)).with_severity(Severity::Error)),
            },
            Err(NotRead::Kept(problem)) => return Err(problem),
        };
        let merged = merge(&self.base, &self.values(), theirs);
        put(document.as_item_mut(), &merged);
        crate::file::write_atomic(path, document.to_string().as_bytes(), true)?;
        let session = std::mem::take(&mut self.session);
        *self = Self { session, ..Self::from_values(merged) };
        Ok(())
    }

    /// Takes in what others wrote meanwhile. A file that does not read is left for [`StateFile::save`] to say.
    pub fn refresh(&mut self, path: &Path) {
        let Ok(Some((_, theirs))) = read(path) else { return };
        let merged = merge(&self.base, &self.values(), theirs.clone());
        let session = std::mem::take(&mut self.session);
        *self = Self { session, base: theirs, ..Self::from_values(merged) };
    }

    /// The record of a slot.
    pub fn slot(&self, id: &str) -> Option<SlotRecord> {
        self.session.get(id).or_else(|| self.slots.get(id)).cloned()
    }

    /// The generation of a slot that is expected; 0: nothing is stored.
    pub fn slot_generation(&self, id: &str) -> u64 {
        self.slot(id).map_or(0, |record| record.generation)
    }

    /// Ids of all slots that hold something.
    pub fn slot_ids(&self) -> Vec<String> {
        self.slots.keys().cloned().collect()
    }

    /// A secret was stored.
    pub fn set_slot(&mut self, id: &str, record: SlotRecord) {
        self.session.remove(id);
        self.slots.insert(id.to_owned(), record);
    }

    /// A secret was taken into memory: known to this process, not written.
    pub fn remember_slot(&mut self, id: &str, record: SlotRecord) {
        self.session.insert(id.to_owned(), record);
    }

    /// A secret was removed.
    pub fn remove_slot(&mut self, id: &str) {
        self.session.remove(id);
        self.slots.remove(id);
    }

    /// The generation of a credential: grows with each edit, so that tokens obtained before are not used after.
    pub fn credential_generation(&self, name: &str) -> u64 {
        self.credentials.get(name).map_or(0, |record| record.generation)
    }

    /// A credential was edited.
    pub fn bump_credential(&mut self, name: &str) {
        let record = self.credentials.entry(name.to_owned()).or_default();
        record.generation = record.generation.saturating_add(1);
    }

    /// Whether form and raw differ for this credential's id and secret; `None`: not known.
    pub fn basic_encoding_matters(&self, credential: &str) -> Option<bool> {
        self.credentials.get(credential).and_then(|record| record.basic_encoding_matters)
    }

    /// Notes whether form and raw differ for this credential's id and secret.
    pub fn set_basic_encoding_matters(&mut self, credential: &str, matters: bool) {
        self.credentials.entry(credential.to_owned()).or_default().basic_encoding_matters = Some(matters);
    }

    fn from_values(values: Values) -> Self {
        let base = values.clone();
        let Values { backend, environment, last_request, first_run_done, slots, credentials } = values;
        Self { backend, environment, last_request, first_run_done, slots, credentials, session: BTreeMap::new(), base }
    }

    fn values(&self) -> Values {
        Values {
            backend: self.backend.clone(),
            environment: self.environment.clone(),
            last_request: self.last_request.clone(),
            first_run_done: self.first_run_done,
            slots: self.slots.clone(),
            credentials: self.credentials.clone(),
        }
    }
}

/// What was changed here over what stands there.
fn merge(base: &Values, ours: &Values, theirs: Values) -> Values {
    fn one<T: Clone + PartialEq>(base: &T, ours: &T, theirs: T) -> T {
        if ours == base { theirs } else { ours.clone() }
    }
    let mut slots = theirs.slots;
    for id in base.slots.keys().chain(ours.slots.keys()) {
        match (base.slots.get(id), ours.slots.get(id)) {
            (before, now) if before == now => {}
            (_, Some(now)) => drop(slots.insert(id.clone(), now.clone())),
            (_, None) => drop(slots.remove(id)),
        }
    }
    let mut credentials = theirs.credentials;
    for (name, now) in &ours.credentials {
        let before = base.credentials.get(name).cloned().unwrap_or_default();
        let there = credentials.entry(name.clone()).or_default();
        // edits on both sides both count
        there.generation = there.generation.saturating_add(now.generation.saturating_sub(before.generation));
        there.basic_encoding_matters =
            one(&before.basic_encoding_matters, &now.basic_encoding_matters, there.basic_encoding_matters);
    }
    Values {
        backend: one(&base.backend, &ours.backend, theirs.backend),
        environment: one(&base.environment, &ours.environment, theirs.environment),
        last_request: one(&base.last_request, &ours.last_request, theirs.last_request),
        first_run_done: one(&base.first_run_done, &ours.first_run_done, theirs.first_run_done),
        slots,
        credentials,
    }
}

/// Why the file gave nothing.
enum NotRead {
    /// It does not read; it can be set aside.
    Malformed(Error),
    /// It must stay as it is: it cannot be opened, or is of a newer version.
    Kept(Problem),
}

fn read(path: &Path) -> Result<Option<(DocumentMut, Values)>, NotRead> {
    let shown = path.display().to_string();
    let kept = |error: io::Error| NotRead::Kept(crate::file::storage_problem(&shown, &error));
    let Some(bytes) = crate::file::read(path, LIMIT).map_err(kept)? else { return Ok(None) };
    let document = Document::parse(&shown, bytes).map_err(NotRead::Malformed)?;
    let format = document.root().integer("format").map_err(NotRead::Malformed)?.unwrap_or(FORMAT);
    if format > FORMAT {
        return Err(NotRead::Kept(
            Problem::new(
                "storage.newer_format",
                Fault::Caller,
                "this computer's settings for the workspace were written by a newer version",
                format!("{shown} has format {format}, this version knows format {FORMAT}"),
            )
            .with_hint("Update Countersign, or name another data folder with --data-dir."),
        ));
    }
    let values = values(&document.root()).map_err(NotRead::Malformed)?;
    Ok(Some((document.into_mut(), values)))
}

fn values(root: &Section<'_>) -> Result<Values, Error> {
    let mut slots = BTreeMap::new();
    if let Some(section) = root.section("slots")? {
        for id in section.keys() {
            let Some(slot) = section.section(&id)? else { continue };
            let stored_at = match slot.text("stored-at")? {
                Some(text) => Some(
                    Timestamp::parse(&text).ok_or_else(|| slot.wrong_value("stored-at", "is not an RFC 3339 time"))?,
                ),
                None => None,
            };
            let record = SlotRecord {
                generation: slot.count("generation")?.unwrap_or(1),
                fingerprint: slot.text("fingerprint")?,
                stored_at,
                findings: slot.texts("findings")?.unwrap_or_default(),
            };
            slots.insert(id, record);
        }
    }
    let mut credentials = BTreeMap::new();
    if let Some(section) = root.section("credentials")? {
        for name in section.keys() {
            let Some(credential) = section.section(&name)? else { continue };
            let record = CredentialRecord {
                generation: credential.count("generation")?.unwrap_or(0),
                basic_encoding_matters: credential.flag("basic-encoding-matters")?,
            };
            credentials.insert(name, record);
        }
    }
    Ok(Values {
        backend: root.text("vault")?,
        environment: root.text("environment")?,
        last_request: root.text("last-request")?,
        first_run_done: root.flag("first-run-done")?.unwrap_or(false),
        slots,
        credentials,
    })
}

fn put(root: &mut Item, values: &Values) {
    if root.get("format").is_none() {
        edit::value(root, "format", Some(FORMAT.into()));
    }
    edit::text(root, "vault", values.backend.as_deref());
    edit::text(root, "environment", values.environment.as_deref());
    edit::text(root, "last-request", values.last_request.as_deref());
    edit::value(root, "first-run-done", values.first_run_done.then(|| true.into()));
    put_each(root, "slots", &values.slots, |section, record| {
        edit::value(section, "generation", Some(number(record.generation)));
        edit::text(section, "fingerprint", record.fingerprint.as_deref());
        edit::text(section, "stored-at", record.stored_at.map(|at| at.to_string()).as_deref());
        edit::texts(section, "findings", &record.findings);
    });
    put_each(root, "credentials", &values.credentials, |section, record| {
        edit::value(section, "generation", Some(number(record.generation)));
        edit::value(section, "basic-encoding-matters", record.basic_encoding_matters.map(Into::into));
    });
}

fn number(n: u64) -> toml_edit::Value {
    i64::try_from(n).unwrap_or(i64::MAX).into()
}

/// A table of tables; those that are gone are removed.
fn put_each<T>(root: &mut Item, key: &str, wanted: &BTreeMap<String, T>, put: impl Fn(&mut Item, &T)) {
    if root.get(key).is_none() {
        if wanted.is_empty() {
            return;
        }
        let mut table = Table::new();
        table.set_implicit(true);
        if let Some(root) = root.as_table_like_mut() {
            root.insert(key, Item::Table(table));
        }
    }
    let tables = edit::section(root, key, Style::Header);
    for gone in edit::names(tables).iter().filter(|name| !wanted.contains_key(*name)) {
        edit::remove(tables, gone);
    }
    for (name, record) in wanted {
        put(edit::section(tables, name, Style::Header), record);
    }
    edit::remove_if_empty(root, key);
}

/// Gives the file another name, `….unreadable`, so that nothing of it is lost.
pub(crate) fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let candidate = |number: u32| {
        let end = if number == 1 { String::new() } else { format!("-{number}") };
        path.with_file_name(format!("{name}.unreadable{end}"))
    };
    let free = (1..1000).map(candidate).find(|path| fs::symlink_metadata(path).is_err());
    let free = free.ok_or_else(|| io::Error::from(io::ErrorKind::AlreadyExists))?;
    fs::rename(path, &free)?;
    Ok(free)
}

fn set_aside_problem(error: &Error, aside: io::Result<PathBuf>) -> Problem {
    let problem = Problem::new(
        "storage.state_malformed",
        Fault::Environment,
        "this computer's settings for the workspace do not read",
        error.to_string(),
    );
    match aside {
        Ok(path) => problem
            .with_hint(format!(
                "The file was set aside as {}; secrets in the vault are untouched. Choose the vault again.",
                path.display()
            ))
            .with_severity(Severity::Warning),
        Err(failed) => problem.with_hint(format!("It could not be set aside ({failed}); move it away by hand.")),
    }
}

/// Holds the state file for this process until it is dropped.
fn lock(path: &Path) -> io::Result<fs::File> {
    let folder = path.parent().unwrap_or(Path::new("."));
    crate::file::make_folder(folder, true)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let file =
        OpenOptions::new().create(true).truncate(false).write(true).open(folder.join(format!(".{name}.lock")))?;
    match file.lock() {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(file),
        other => other.map(|()| file),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use countersign_evidence::Timestamp;

    use super::{SlotRecord, StateFile};

    fn record(generation: u64) -> SlotRecord {
        SlotRecord {
            generation,
            fingerprint: Some("1a7674eb".into()),
            stored_at: Some(Timestamp::from_unix_seconds(1_800_000_000)),
            findings: vec!["client.secret_short".into()],
        }
    }

    #[test]
    fn state_is_written_for_its_owner_and_reads_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/01jz8q4t6v.toml");
        let mut state = StateFile::load(&path).value;
        state.backend = Some("os".into());
        state.environment = Some("local".into());
        state.first_run_done = true;
        state.set_slot("01jz8q5a0b", record(3));
        state.bump_credential("demo-client");
        state.set_basic_encoding_matters("demo-client", false);
        state.save(&path).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let wanted = "format = 1\nvault = \"os\"\nenvironment = \"local\"\nfirst-run-done = true\n\n[slots.01jz8q5a0b]\ngeneration = 3\n\
            fingerprint = \"1a7674eb\"\nstored-at = \"2027-01-15T08:00:00Z\"\nfindings = [\"client.secret_short\"]\n\n\
            [credentials.demo-client]\ngeneration = 1\nbasic-encoding-matters = false\n";
        assert_eq!(text, wanted);
        let again = StateFile::load(&path);
        assert_eq!((again.problems.len(), again.value.values()), (0, state.values()), "round trip");
        assert_eq!((again.value.slot("01jz8q5a0b"), again.value.slot_generation("other")), (Some(record(3)), 0));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "one person's");
        }
    }

    #[test]
    fn what_two_processes_change_is_all_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.toml");
        let mut first = StateFile::default();
        first.set_slot("a", record(1));
        first.bump_credential("c");
        first.save(&path).unwrap();
        let (mut window, mut line) = (StateFile::load(&path).value, StateFile::load(&path).value);
        window.environment = Some("live".into());
        window.set_slot("b", record(1));
        window.bump_credential("c");
        line.remove_slot("a");
        line.bump_credential("c");
        line.last_request = Some("payments/refund".into());
        window.save(&path).unwrap();
        line.save(&path).unwrap();
        let now = StateFile::load(&path).value;
        assert_eq!((now.environment.as_deref(), now.last_request.as_deref()), (Some("live"), Some("payments/refund")));
        assert_eq!((now.slot("a"), now.slot("b")), (None, Some(record(1))), "one removed, one stored");
        assert_eq!(now.credential_generation("c"), 3, "both edits count");
        assert_eq!(line.slot("b"), Some(record(1)), "what the other one did is known after a save");
    }

    #[test]
    fn a_corrupted_file_is_named_and_set_aside_not_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.toml");
        for (broken, line) in
            [("format = 1\nvault = \n", "line 2, column 9"), ("vault = 7\n", "line 1: `vault` is an integer")]
        {
            fs::write(&path, broken).unwrap();
            let loaded = StateFile::load(&path);
            assert_eq!(loaded.value.backend, None, "as on a first start");
            assert_eq!(loaded.problems[0].code, "storage.state_malformed");
            assert!(loaded.problems[0].detail.contains(line), "{}", loaded.problems[0].detail);
            assert!(!path.exists(), "set aside");
        }
        let kept = ["x.toml.unreadable", "x.toml.unreadable-2"]
            .map(|name| fs::read_to_string(folder.path().join(name)).unwrap());
        assert_eq!(kept, ["format = 1\nvault = \n", "vault = 7\n"], "byte for byte");
    }

    #[test]
    fn a_newer_file_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.toml");
        fs::write(&path, "format = 2\nvault = \"os\"\n").unwrap();
        let mut loaded = StateFile::load(&path);
        assert_eq!(loaded.problems[0].code, "storage.newer_format");
        loaded.value.first_run_done = true;
        assert_eq!(loaded.value.save(&path).unwrap_err().code, "storage.newer_format");
        assert_eq!(fs::read_to_string(&path).unwrap(), "format = 2\nvault = \"os\"\n", "untouched");
    }

    #[test]
    fn keys_of_another_version_survive() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.toml");
        fs::write(&path, "# mine\n[window]\nwidth = 1200\n\n[slots.a]\ngeneration = 1\nnote = \"kept\"\n").unwrap();
        let mut state = StateFile::load(&path).value;
        state.set_slot("a", SlotRecord { generation: 2, ..SlotRecord::default() });
        state.save(&path).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text, "format = 1\n# mine\n[window]\nwidth = 1200\n\n[slots.a]\ngeneration = 2\nnote = \"kept\"\n");
    }

    #[test]
    fn secrets_in_memory_leave_no_record() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.toml");
        let mut state = StateFile::default();
        state.remember_slot("a", record(1));
        state.save(&path).unwrap();
        assert_eq!(state.slot_generation("a"), 1, "this process knows it");
        assert_eq!(fs::read_to_string(&path).unwrap(), "format = 1\n");
    }

    #[test]
    fn a_state_that_cannot_be_written_says_where() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("state"), "a file").unwrap();
        let problem = StateFile::default().save(&folder.path().join("state/x.toml")).unwrap_err();
        assert_eq!(problem.code, "storage.unwritable");
        assert!(problem.detail.contains("state/x.toml"), "{}", problem.detail);
    }
}
