//! Contents of exchanges: files that were written before the exchange is added, and go when nothing uses them.

use std::collections::HashSet;
use std::fs;
use std::time::SystemTime;

use countersign_evidence::{ContentView, Exchange};
use countersign_exchange::ContentStore;
use rusqlite::{Connection, Transaction, params};

use super::{bounds, documents_inside, int};

/// A larger content lives until its exchange is closed.
const LARGEST: u64 = 64 * 1024 * 1024;

const SCHEME: &str = "sha256:";

/// Counts the contents an exchange uses, those of documents inside of it too.
pub(super) fn link(
    transaction: &Transaction<'_>,
    store: &ContentStore,
    number: i64,
    e: &Exchange,
) -> rusqlite::Result<()> {
    for document in std::iter::once(e).chain(documents_inside(e)) {
        let request = document.request.as_ref().and_then(|r| r.content.as_ref());
        let response = document.response.as_ref().and_then(|r| r.content.as_ref());
        for view in request.into_iter().chain(response) {
            if let Some((sha256, length)) = kept(store, view) {
                transaction
                    .prepare_cached(
                        "INSERT INTO content (sha256, length, media_type, uses) VALUES (?1, ?2, ?3, 0)
                         ON CONFLICT (sha256) DO UPDATE SET length = ?2, media_type = ifnull(media_type, ?3)",
                    )?
                    .execute(params![sha256, int(length), view.media_type])?;
                transaction
                    .prepare_cached("INSERT OR IGNORE INTO exchange_content (exchange, content) VALUES (?1, ?2)")?
                    .execute(params![number, sha256])?;
                bounds::count_uses(transaction, sha256)?;
            }
        }
    }
    Ok(())
}

fn kept<'a>(store: &ContentStore, view: &'a ContentView) -> Option<(&'a str, u64)> {
    let reference = view.reference.as_deref().filter(|_| view.not_kept.is_none())?;
    let length = store.length(reference).filter(|length| *length <= LARGEST)?;
    Some((reference.strip_prefix(SCHEME)?, length))
}

/// Removes the files of contents without uses, and their rows.
pub(super) fn remove_unused(transaction: &Transaction<'_>, store: &ContentStore) -> rusqlite::Result<()> {
    let unused = {
        let mut statement = transaction.prepare_cached("SELECT sha256 FROM content WHERE uses = 0")?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
        rows.collect::<Result<Vec<_>, _>>()?
    };
    for sha256 in unused {
        if store.remove(&format!("{SCHEME}{sha256}")).is_ok() {
            transaction.prepare_cached("DELETE FROM content WHERE sha256 = ?1")?.execute([sha256])?;
        }
    }
    Ok(())
}

/// All contents there are rows of.
pub(super) fn known(connection: &Connection) -> rusqlite::Result<HashSet<String>> {
    let mut statement = connection.prepare("SELECT sha256 FROM content")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    rows.collect()
}

/// Removes files that were written before and are not known. What cannot be listed or removed stays.
pub(super) fn sweep(store: &ContentStore, known: &HashSet<String>, before: SystemTime) -> u64 {
    let mut removed = 0;
    for folder in fs::read_dir(store.folder()).into_iter().flatten().flatten() {
        for file in fs::read_dir(folder.path()).into_iter().flatten().flatten() {
            let name = file.file_name().to_string_lossy().into_owned();
            let written = file.metadata().and_then(|about| about.modified());
            // the store takes a name only if it is a digest
            if !known.contains(&name) && written.is_ok_and(|at| at < before) {
                let reference = format!("{SCHEME}{name}");
                removed += u64::from(store.length(&reference).is_some() && store.remove(&reference).is_ok());
            }
        }
    }
    removed
}
