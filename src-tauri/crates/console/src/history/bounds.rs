//! How much is kept, and what leaves when it is more: the oldest, with everything nobody else uses.

use rusqlite::{Transaction, params};

use super::int;

/// How much the history keeps. Pinned exchanges are kept besides; the newest one always is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Exchanges at most.
    pub exchanges: u64,
    /// Bytes of content at most.
    pub bytes: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { exchanges: 1000, bytes: 256 * 1024 * 1024 }
    }
}

/// Removes what is over the bounds; `newest` stays whatever it weighs.
pub(super) fn enforce(transaction: &Transaction<'_>, bounds: Bounds, newest: Option<i64>) -> rusqlite::Result<()> {
    let kept = int(bounds.exchanges.max(1));
    let mut removed = false;
    let over =
        numbers(transaction, "SELECT number FROM exchange WHERE pinned = 0 ORDER BY id DESC LIMIT -1 OFFSET ?1", kept)?;
    for number in over.into_iter().filter(|number| Some(*number) != newest) {
        remove(transaction, number)?;
        removed = true;
    }
    let most = int(bounds.bytes);
    // everything there is weighs at least as much as what may leave, and is counted without looking at exchanges
    if bytes(transaction)? > most && unpinned_bytes(transaction)? > most {
        // an exchange without content weighs nothing here, so it may stay
        let heavy = numbers(
            transaction,
            "SELECT number FROM exchange WHERE pinned = ?1 AND number IN (SELECT exchange FROM exchange_content) ORDER BY id",
            0,
        )?;
        for number in heavy.into_iter().filter(|number| Some(*number) != newest) {
            remove(transaction, number)?;
            removed = true;
            if unpinned_bytes(transaction)? <= most {
                break;
            }
        }
    }
    if removed { forget_unused(transaction) } else { Ok(()) }
}

/// Bytes of content in use.
pub(super) fn bytes(connection: &rusqlite::Connection) -> rusqlite::Result<i64> {
    connection
        .prepare_cached("SELECT ifnull(sum(length), 0) FROM content WHERE uses > 0")?
        .query_row([], |row| row.get(0))
}

/// Bytes of content that exchanges which may leave use.
fn unpinned_bytes(transaction: &Transaction<'_>) -> rusqlite::Result<i64> {
    transaction
        .prepare_cached(
            "SELECT ifnull(sum(length), 0) FROM content WHERE sha256 IN
               (SELECT content FROM exchange_content WHERE exchange IN (SELECT number FROM exchange WHERE pinned = 0))",
        )?
        .query_row([], |row| row.get(0))
}

/// One exchange leaves; what it used is counted anew.
pub(super) fn remove(transaction: &Transaction<'_>, number: i64) -> rusqlite::Result<()> {
    let used = {
        let mut statement = transaction.prepare_cached("SELECT content FROM exchange_content WHERE exchange = ?1")?;
        let rows = statement.query_map([number], |row| row.get::<_, String>(0))?;
        rows.collect::<Result<Vec<_>, _>>()?
    };
    transaction.prepare_cached("DELETE FROM exchange_text WHERE rowid = ?1")?.execute([number])?;
    transaction.prepare_cached("DELETE FROM exchange WHERE number = ?1")?.execute([number])?;
    used.iter().try_for_each(|sha256| count_uses(transaction, sha256))
}

/// Counts the exchanges that use a content.
pub(super) fn count_uses(transaction: &Transaction<'_>, sha256: &str) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "UPDATE content SET uses = (SELECT count(*) FROM exchange_content WHERE content = ?1) WHERE sha256 = ?1",
        )?
        .execute(params![sha256])
        .map(|_one| ())
}

/// Connections of no exchange go, their chains with them, then certificates of no chain.
pub(super) fn forget_unused(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute("DELETE FROM connection WHERE id NOT IN (SELECT connection FROM exchange_connection)", [])?;
    transaction.execute("DELETE FROM certificate WHERE sha256 NOT IN (SELECT certificate FROM chain)", [])?;
    Ok(())
}

fn numbers(transaction: &Transaction<'_>, sql: &str, value: i64) -> rusqlite::Result<Vec<i64>> {
    let mut statement = transaction.prepare_cached(sql)?;
    let rows = statement.query_map([value], |row| row.get(0))?;
    rows.collect()
}
