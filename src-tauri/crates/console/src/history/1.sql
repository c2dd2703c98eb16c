-- The history, format 1. Times are milliseconds since the Unix epoch, durations microseconds.

CREATE TABLE exchange (
  number       INTEGER PRIMARY KEY,       -- the row of exchange_text too
  id           TEXT NOT NULL UNIQUE,      -- ULID: its order is the order of time
  workspace    TEXT NOT NULL,
  environment  TEXT,
  request_path TEXT,
  gateway_seen INTEGER,
  started      INTEGER NOT NULL,
  method       TEXT NOT NULL,
  target       TEXT NOT NULL,
  host         TEXT NOT NULL,
  path         TEXT NOT NULL,
  status       INTEGER,
  outcome      TEXT NOT NULL,
  verdict      TEXT NOT NULL,             -- the words of the list
  code         TEXT,
  title        TEXT NOT NULL,
  duration     INTEGER NOT NULL,
  credential   TEXT,
  connection   TEXT,
  pinned       INTEGER NOT NULL DEFAULT 0,
  run          TEXT,
  evidence     TEXT NOT NULL,             -- the document, less what is kept by connection
  words        TEXT GENERATED ALWAYS AS (
    method || ' ' || host || path || ' ' || ifnull(status, '') || ' ' || verdict || ' ' || title || ' ' ||
    ifnull(code, '') || ' ' || ifnull(environment, '') || ' ' || ifnull(credential, '')
  ) VIRTUAL
) STRICT;
CREATE INDEX exchange_by_credential ON exchange (credential, started);
-- what may leave, in the order of time, without a look into the rows
CREATE INDEX exchange_unpinned ON exchange (id) WHERE pinned = 0;

-- Documents inside of documents: token calls and earlier attempts, found by their own id.
CREATE TABLE nested (
  id       TEXT PRIMARY KEY,
  exchange INTEGER NOT NULL REFERENCES exchange (number) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX nested_by_exchange ON nested (exchange);

CREATE TABLE connection (
  id        TEXT PRIMARY KEY,
  host      TEXT NOT NULL,
  opened    INTEGER NOT NULL,
  handshake TEXT                          -- JSON
) STRICT, WITHOUT ROWID;

CREATE TABLE certificate (
  sha256     TEXT PRIMARY KEY,            -- of the DER, lower-case hex
  der        BLOB NOT NULL,
  view       TEXT NOT NULL,               -- JSON, less the place it came from and a PEM that follows from the DER
  first_seen INTEGER NOT NULL,
  last_seen  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE chain (
  connection  TEXT NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  position    INTEGER NOT NULL,
  certificate TEXT NOT NULL REFERENCES certificate (sha256),
  source      TEXT NOT NULL,
  store       TEXT,
  view        TEXT,                       -- where this document read the certificate otherwise
  PRIMARY KEY (connection, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX chain_by_certificate ON chain (certificate);

CREATE TABLE exchange_connection (
  exchange   INTEGER NOT NULL REFERENCES exchange (number) ON DELETE CASCADE,
  connection TEXT NOT NULL REFERENCES connection (id),
  PRIMARY KEY (exchange, connection)
) STRICT, WITHOUT ROWID;
CREATE INDEX exchange_connection_by_connection ON exchange_connection (connection);

-- uses = 0: the file is to be removed; the row goes when it is gone.
CREATE TABLE content (
  sha256     TEXT PRIMARY KEY,
  length     INTEGER NOT NULL,            -- of the file
  media_type TEXT,
  uses       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX content_unused ON content (sha256) WHERE uses = 0;

CREATE TABLE exchange_content (
  exchange INTEGER NOT NULL REFERENCES exchange (number) ON DELETE CASCADE,
  content  TEXT NOT NULL REFERENCES content (sha256),
  PRIMARY KEY (exchange, content)
) STRICT, WITHOUT ROWID;
CREATE INDEX exchange_content_by_content ON exchange_content (content);

CREATE VIRTUAL TABLE exchange_text USING fts5 (
  target, fields, findings, content = '', contentless_delete = 1, prefix = '2 3'
);
