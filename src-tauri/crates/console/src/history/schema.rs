//! Opening the database file: private, write-ahead, shared by the window and the command line; migrations go forward only.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use super::error::Error;

/// How long one process waits for the other's transaction.
const BUSY: Duration = Duration::from_secs(5);

/// One script for each format; `user_version` counts those that ran.
const MIGRATIONS: [&str; 1] = [include_str!("1.sql")];

/// Opens the file, makes it where there is none, and brings it to this format.
pub(super) fn open(db: &Path) -> Result<Connection, Error> {
    private(db).map_err(Error::File)?;
    let mut connection = Connection::open(db)?;
    connection.busy_timeout(BUSY)?;
    write_ahead(&connection)?;
    // a killed process loses nothing of what was committed; a power cut may lose the newest, never the file
    connection.pragma_update(None, "synchronous", "normal")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    migrate(&mut connection)?;
    Ok(connection)
}

/// SQLite makes its files as readable as the first one.
fn private(db: &Path) -> io::Result<()> {
    if let Some(folder) = db.parent() {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(db).map(drop)
}

fn write_ahead(connection: &Connection) -> Result<(), Error> {
    match connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0)) {
        Ok(_mode) => Ok(()),
        // another process is changing it this moment; any mode is a right one for us
        Err(rusqlite::Error::SqliteFailure(e, _)) if e.code == ErrorCode::DatabaseBusy => Ok(()),
        Err(e) => Err(e.into()),
    }
}

fn version(connection: &Connection) -> Result<usize, Error> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = MIGRATIONS.len();
    match usize::try_from(found) {
        Ok(done) if done <= known => Ok(done),
        _ => Err(Error::Newer { found, known }),
    }
}

fn migrate(connection: &mut Connection) -> Result<(), Error> {
    if version(connection)? == MIGRATIONS.len() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // the other process may have been faster
    for (format, script) in (1_i64..).zip(MIGRATIONS).skip(version(&transaction)?) {
        transaction.execute_batch(script)?;
        transaction.pragma_update(None, "user_version", format)?;
    }
    transaction.commit()?;
    Ok(())
}
