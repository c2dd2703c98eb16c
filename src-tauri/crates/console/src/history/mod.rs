//! Past exchanges: one SQLite file, redacted, bounded, shared by the window and the command line.
//!
//! [`History::add`] is one transaction, so a crash loses at most the exchange in flight; its contents are files
//! that were written before. What many exchanges share (handshake, chain, certificates, contents) is kept once
//! (`parts.rs`); [`History::read`] gives the very same document again. Nothing here knows a clock: an exchange
//! brings its own times. All calls block on the disk.

mod bounds;
mod content;
mod error;
mod filter;
mod parts;
mod row;
#[cfg(test)]
pub(crate) mod sample;
mod schema;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use countersign_evidence::{Exchange, Handshake, Problem, Timestamp};
use countersign_exchange::ContentStore;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, TransactionBehavior, params, params_from_iter};

pub use self::bounds::Bounds;
use self::error::Error;
use crate::view::{HistoryPage, HistoryRow};

/// Rows of one page at most.
const LONGEST_PAGE: u64 = 10_000;

/// One exchange with what is known of it besides the document.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The document.
    pub exchange: Exchange,
    /// Id of the workspace it was sent from.
    pub workspace: String,
    /// Name of the environment.
    pub environment: Option<String>,
    /// The saved request it was sent from.
    pub request_path: Option<String>,
    /// The entry of the local gateway's log that judged it.
    pub gateway_seen: Option<u64>,
}

/// The history of a data folder.
#[derive(Debug)]
pub struct History {
    db: PathBuf,
    content: ContentStore,
    connection: Mutex<Connection>,
    bounds: Mutex<Bounds>,
}

impl History {
    /// Opens the file, or makes it. Another process may have it open too.
    ///
    /// # Errors
    /// A file that is no history or is damaged (it stays as it is), one of a newer version, a folder that cannot be written.
    pub fn open(db: &Path, content: ContentStore, bounds: Bounds) -> Result<Self, Problem> {
        let connection = schema::open(db).map_err(|e| e.problem(db))?;
        Ok(Self { db: db.to_owned(), content, connection: Mutex::new(connection), bounds: Mutex::new(bounds) })
    }

    /// Adds an exchange; one of the same id is replaced. What is over the bounds leaves.
    ///
    /// # Errors
    /// The disk is full or cannot be written; then nothing of it was added.
    pub fn add(&self, entry: &Entry) -> Result<(), Problem> {
        let bounds = self.bounds();
        self.write(|transaction| {
            let number = insert(transaction, entry)?;
            content::link(transaction, &self.content, number, &entry.exchange)?;
            bounds::enforce(transaction, bounds, Some(number))?;
            Ok(())
        })?;
        self.remove_unused();
        Ok(())
    }

    /// One exchange by its id, or by the id of a document inside of it: a token call, an earlier attempt.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(&self, id: &str) -> Result<Option<Entry>, Problem> {
        self.asked(|connection| {
            if let Some(entry) = entry(connection, "WHERE id = ?1", id)? {
                return Ok(Some(entry));
            }
            let around = entry(connection, "WHERE number = (SELECT exchange FROM nested WHERE nested.id = ?1)", id)?;
            Ok(around.and_then(|around| {
                let exchange = inside(&around.exchange, id)?.clone();
                Some(Entry { exchange, request_path: None, gateway_seen: None, ..around })
            }))
        })
    }

    /// The handshake of a connection as the exchange that made it told it.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn handshake(&self, connection: &str) -> Result<Option<Handshake>, Problem> {
        self.asked(|database| Ok(parts::handshake(database, connection)?))
    }

    /// The page after `before` (the id of a row), newest first. Every word of the filter has to be found: as the start
    /// of a word in target, fields or findings, or anywhere in what the list shows.
    ///
    /// # Errors
    /// The file cannot be read. No filter is an error.
    pub fn page(&self, filter: &str, before: Option<&str>, limit: u64) -> Result<HistoryPage, Problem> {
        let bounds = self.bounds();
        self.asked(|connection| page(connection, filter, before, limit.clamp(1, LONGEST_PAGE), bounds))
    }

    /// Keeps an exchange whatever the bounds say, or no longer. `false`: there is none of this id.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn pin(&self, id: &str, pinned: bool) -> Result<bool, Problem> {
        let bounds = self.bounds();
        let found = self.write(|transaction| {
            let found = transaction.execute("UPDATE exchange SET pinned = ?2 WHERE id = ?1", params![id, pinned])?;
            bounds::enforce(transaction, bounds, None)?;
            Ok(found > 0)
        })?;
        self.remove_unused();
        Ok(found)
    }

    /// Removes every exchange, pinned ones too, with its content.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn clear(&self) -> Result<(), Problem> {
        self.write(|transaction| {
            transaction.execute_batch(
                "DELETE FROM exchange;
                 INSERT INTO exchange_text (exchange_text) VALUES ('delete-all');
                 UPDATE content SET uses = 0;",
            )?;
            bounds::forget_unused(transaction)?;
            Ok(())
        })?;
        self.remove_unused();
        // the pages still hold what was in them; while another process reads they cannot be given back
        let _later = self.asked(|connection| Ok(connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(truncate);")?));
        Ok(())
    }

    /// How many exchanges there are; none where the file cannot be read.
    pub fn count(&self) -> u64 {
        let count = |row: &Row<'_>| row.get::<_, i64>(0);
        let count = self.asked(|connection| Ok(connection.query_row("SELECT count(*) FROM exchange", [], count)?));
        count.ok().and_then(|n| u64::try_from(n).ok()).unwrap_or_default()
    }

    /// Other bounds, from now on.
    ///
    /// # Errors
    /// What is over them could not be removed.
    pub fn set_bounds(&self, bounds: Bounds) -> Result<(), Problem> {
        *self.bounds.lock().unwrap_or_else(PoisonError::into_inner) = bounds;
        self.write(|transaction| Ok(bounds::enforce(transaction, bounds, None)?))?;
        self.remove_unused();
        Ok(())
    }

    /// When the last exchange with this credential started.
    pub fn last_used(&self, credential: &str) -> Option<Timestamp> {
        let sql = "SELECT max(started) FROM exchange WHERE credential = ?1";
        let millis = self.asked(|connection| {
            Ok(connection.prepare_cached(sql)?.query_row([credential], |row| row.get::<_, Option<i64>>(0))?)
        });
        millis.ok().flatten().map(Timestamp::from_unix_millis)
    }

    /// Removes content files that belong to no exchange and were written before this moment: what a process that was
    /// killed left, and contents too large to be kept. Gives how many.
    pub fn sweep(&self, before: std::time::SystemTime) -> u64 {
        let known = self.asked(|connection| Ok(content::known(connection)?));
        known.map(|known| content::sweep(&self.content, &known, before)).unwrap_or_default()
    }

    fn bounds(&self) -> Bounds {
        *self.bounds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a panicking holder left was rolled back with its transaction.
    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn asked<T>(&self, ask: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Problem> {
        ask(&self.lock()).map_err(|e| e.problem(&self.db))
    }

    fn write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T, Error>) -> Result<T, Problem> {
        let mut connection = self.lock();
        let written = (|| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let worth = work(&transaction)?;
            transaction.commit()?;
            Ok(worth)
        })();
        written.map_err(|e: Error| e.problem(&self.db))
    }

    /// Files of contents that nothing uses any more. One that cannot be removed now is tried again next time.
    fn remove_unused(&self) {
        let waiting = self.asked(|connection| {
            Ok(connection.prepare_cached("SELECT 1 FROM content WHERE uses = 0 LIMIT 1")?.exists([])?)
        });
        if waiting.unwrap_or_default() {
            let _next_time = self.write(|transaction| Ok(content::remove_unused(transaction, &self.content)?));
        }
    }
}

/// A count as SQLite holds it.
fn int(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn uint(n: i64) -> u64 {
    u64::try_from(n).unwrap_or_default()
}

fn insert(transaction: &Transaction<'_>, entry: &Entry) -> Result<i64, Error> {
    let e = &entry.exchange;
    let before: Option<(i64, bool)> = transaction
        .prepare_cached("SELECT number, pinned FROM exchange WHERE id = ?1")?
        .query_row([&e.exchange], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if let Some((number, _)) = before {
        bounds::remove(transaction, number)?;
        bounds::forget_unused(transaction)?;
    }
    let (document, connections) = parts::take_apart(transaction, e)?;
    let summary = row::summary(e);
    let outcome = serde_json::to_value(e.outcome).ok().and_then(|word| word.as_str().map(str::to_owned));
    transaction
        .prepare_cached(
            "INSERT INTO exchange (id, workspace, environment, request_path, gateway_seen, started, method, target, host, path,
               status, outcome, verdict, code, title, duration, credential, connection, pinned, evidence)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)",
        )?
        .execute(params![
            e.exchange,
            entry.workspace,
            entry.environment,
            entry.request_path,
            entry.gateway_seen.map(int),
            e.started_at.unix_millis(),
            summary.method,
            summary.target,
            summary.host,
            summary.path,
            summary.status,
            outcome.unwrap_or_default(),
            summary.verdict,
            summary.code,
            summary.title,
            int(e.timing.total),
            e.credential.as_ref().map(|c| &c.name),
            e.connection.as_ref().map(|c| &c.id),
            before.is_some_and(|(_, pinned)| pinned),
            document.to_string(),
        ])?;
    let number = transaction.last_insert_rowid();
    let text = row::Text::of(e);
    transaction
        .prepare_cached("INSERT INTO exchange_text (rowid, target, fields, findings) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![number, text.target, text.fields, text.findings])?;
    for connection in connections {
        transaction
            .prepare_cached("INSERT INTO exchange_connection (exchange, connection) VALUES (?1, ?2)")?
            .execute(params![number, connection])?;
    }
    for id in ids_inside(e) {
        transaction
            .prepare_cached("INSERT OR REPLACE INTO nested (id, exchange) VALUES (?1, ?2)")?
            .execute(params![id, number])?;
    }
    Ok(number)
}

fn entry(connection: &Connection, which: &str, id: &str) -> Result<Option<Entry>, Error> {
    let sql = format!("SELECT evidence, workspace, environment, request_path, gateway_seen FROM exchange {which}");
    let found = connection
        .prepare_cached(&sql)?
        .query_row([id], |row| {
            Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get::<_, Option<i64>>(4)?))
        })
        .optional()?;
    let Some((document, workspace, environment, request_path, gateway_seen)) = found else { return Ok(None) };
    let unread = |source| Error::Document { exchange: id.to_owned(), source };
    let mut document: serde_json::Value = serde_json::from_str(&document).map_err(unread)?;
    parts::put_together(connection, &mut document)?;
    let exchange = serde_json::from_value(document).map_err(unread)?;
    Ok(Some(Entry { exchange, workspace, environment, request_path, gateway_seen: gateway_seen.map(uint) }))
}

/// The documents inside of one, at any depth.
pub(crate) fn documents_inside(e: &Exchange) -> Vec<&Exchange> {
    let call = e.token.as_ref().and_then(|t| t.exchange.as_deref());
    let inner = call.into_iter().chain(e.previous_attempts.iter().map(|attempt| &attempt.exchange));
    inner.flat_map(|inner| std::iter::once(inner).chain(documents_inside(inner))).collect()
}

fn inside<'a>(e: &'a Exchange, id: &str) -> Option<&'a Exchange> {
    documents_inside(e).into_iter().find(|inner| inner.exchange == id)
}

fn ids_inside(e: &Exchange) -> impl Iterator<Item = &str> {
    documents_inside(e).into_iter().map(|inner| inner.exchange.as_str()).filter(|id| *id != e.exchange)
}

fn page(
    connection: &Connection,
    filter: &str,
    before: Option<&str>,
    limit: u64,
    bounds: Bounds,
) -> Result<HistoryPage, Error> {
    let (condition, values) = filter::condition(filter);
    let total: i64 = connection.query_row(
        &format!("SELECT count(*) FROM exchange WHERE true{condition}"),
        params_from_iter(&values),
        |row| row.get(0),
    )?;
    let mut statement = connection.prepare(&format!(
        "SELECT id, started, method, host, path, status, duration, verdict, code, title, environment, credential
         FROM exchange WHERE true{condition} AND (? IS NULL OR id < ?) ORDER BY id DESC LIMIT ?"
    ))?;
    let before = before.map_or(Value::Null, |id| Value::Text(id.to_owned()));
    // one more tells whether there is a next page
    let rest = [before.clone(), before, Value::Integer(int(limit + 1))];
    let mut rows = statement
        .query_map(params_from_iter(values.iter().chain(&rest)), history_row)?
        .collect::<Result<Vec<_>, _>>()?;
    let fits = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > fits;
    rows.truncate(fits);
    Ok(HistoryPage {
        next: rows.last().filter(|_| more).map(|row| row.exchange.clone()),
        rows,
        total: uint(total),
        bound_exchanges: bounds.exchanges,
        bound_bytes: bounds.bytes,
        bytes: uint(bounds::bytes(connection)?),
    })
}

fn history_row(row: &Row<'_>) -> rusqlite::Result<HistoryRow> {
    Ok(HistoryRow {
        exchange: row.get(0)?,
        started_at: Timestamp::from_unix_millis(row.get(1)?),
        method: row.get(2)?,
        host: row.get(3)?,
        path: row.get(4)?,
        status: row.get(5)?,
        duration_us: uint(row.get(6)?),
        verdict: row.get(7)?,
        code: row.get(8)?,
        title: row.get(9)?,
        environment: row.get(10)?,
        credential: row.get(11)?,
    })
}
