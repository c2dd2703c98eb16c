//! A document is stored less what many share: the handshake and the chain are kept by connection, each certificate
//! once by the SHA-256 of its DER. What is put together again is the very same document; where a connection is
//! known otherwise than this document has it, its parts stay in the document. Documents inside of documents (token
//! calls, earlier attempts) are taken apart in the same way.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use serde::Serialize;
use serde_json::{Value, json};

use super::row;
use countersign_evidence::{Attempt, CertificateView, Exchange, Handshake};

/// Takes a document apart; gives what stays of it and the connections that keep the rest.
pub(super) fn take_apart(transaction: &Transaction<'_>, e: &Exchange) -> rusqlite::Result<(Value, Vec<String>)> {
    let mut connections = Vec::new();
    let document = take(transaction, e.clone(), &row::summary(e).host, &mut connections)?;
    connections.sort_unstable();
    connections.dedup();
    Ok((document, connections))
}

/// Puts a stored document together.
pub(super) fn put_together(connection: &Connection, document: &mut Value) -> rusqlite::Result<()> {
    let Some(members) = document.as_object_mut() else { return Ok(()) };
    if let Some(id) =
        members.get("certificates").and_then(|c| c.get("connection")).and_then(Value::as_str).map(str::to_owned)
    {
        let sql = "SELECT handshake FROM connection WHERE id = ?1";
        let handshake: Option<String> = connection.prepare_cached(sql)?.query_row([&id], |row| row.get(0))?;
        if let Some(handshake) = handshake {
            members.insert("handshake".into(), parsed(&handshake)?);
        }
        members.insert("certificates".into(), Value::Array(chain(connection, &id)?));
    }
    for inner in nested(document) {
        put_together(connection, inner)?;
    }
    Ok(())
}

/// The handshake kept by connection.
pub(super) fn handshake(database: &Connection, connection: &str) -> rusqlite::Result<Option<Handshake>> {
    let sql = "SELECT handshake FROM connection WHERE id = ?1";
    let text: Option<Option<String>> =
        database.prepare_cached(sql)?.query_row([connection], |row| row.get(0)).optional()?;
    Ok(text.flatten().and_then(|text| serde_json::from_str(&text).ok()))
}

/// The documents right inside of this one.
pub(super) fn nested(document: &mut Value) -> Vec<&mut Value> {
    let mut found = Vec::new();
    for (name, member) in document.as_object_mut().into_iter().flatten() {
        match (name.as_str(), member) {
            ("token", Value::Object(token)) => found.extend(token.get_mut("exchange")),
            ("previous_attempts", Value::Array(attempts)) => found.extend(attempts),
            _ => {}
        }
    }
    found
}

fn take(
    transaction: &Transaction<'_>,
    mut e: Exchange,
    host: &str,
    connections: &mut Vec<String>,
) -> rusqlite::Result<Value> {
    let mut kept = None;
    if let Some(part) = Part::of(&e)?
        && part.keep(transaction, host)?
    {
        e.handshake = None;
        e.certificates.clear();
        kept = Some(part.connection);
    }
    let call = e.token.as_mut().and_then(|token| token.exchange.take());
    let attempts = std::mem::take(&mut e.previous_attempts);
    let mut document = value(&e)?;
    if let Some(connection) = kept {
        document["certificates"] = json!({ "connection": connection });
        connections.push(connection);
    }
    if let Some(call) = call {
        document["token"]["exchange"] = take(transaction, *call, host, connections)?;
    }
    let attempts = attempts.into_iter().map(|Attempt { reason, exchange }| {
        let mut attempt = take(transaction, exchange, host, connections)?;
        attempt["reason"] = value(&reason)?;
        Ok(attempt)
    });
    document["previous_attempts"] = attempts.collect::<rusqlite::Result<_>>()?;
    Ok(document)
}

fn value(of: &impl Serialize) -> rusqlite::Result<Value> {
    serde_json::to_value(of).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))
}

/// What a document says of its connection.
struct Part {
    connection: String,
    opened: i64,
    handshake: Option<String>,
    chain: Vec<Link>,
}

/// A certificate that was seen within this, milliseconds, is not noted again.
const RECENTLY_MS: i64 = 60_000;

/// A certificate in its place.
struct Link {
    sha256: String,
    der: Vec<u8>,
    view: String,
    source: String,
    store: Option<String>,
}

impl Part {
    /// `None` where there is no connection, or a certificate that is none.
    fn of(e: &Exchange) -> rusqlite::Result<Option<Self>> {
        let Some(connection) = &e.connection else { return Ok(None) };
        let handshake = e.handshake.as_ref().map(serde_json::to_string).transpose();
        let handshake = handshake.map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))?;
        let chain = e.certificates.iter().map(Link::of).collect::<rusqlite::Result<Option<Vec<_>>>>()?;
        let (connection, opened) = (connection.id.clone(), connection.opened_at.unix_millis());
        Ok(chain.map(|chain| Self { connection, opened, handshake, chain }))
    }

    /// Whether the connection now holds exactly this.
    fn keep(&self, transaction: &Transaction<'_>, host: &str) -> rusqlite::Result<bool> {
        let known: Option<Option<String>> = transaction
            .prepare_cached("SELECT handshake FROM connection WHERE id = ?1")?
            .query_row([&self.connection], |row| row.get(0))
            .optional()?;
        match known {
            Some(handshake) => Ok(handshake == self.handshake
                && chain(transaction, &self.connection)? == self.chain_values(transaction)?),
            None => self.insert(transaction, host).map(|()| true),
        }
    }

    fn chain_values(&self, transaction: &Transaction<'_>) -> rusqlite::Result<Vec<Value>> {
        for link in &self.chain {
            link.seen(transaction, self.opened)?;
        }
        self.chain.iter().map(|link| link.value(&link.view)).collect()
    }

    fn insert(&self, transaction: &Transaction<'_>, host: &str) -> rusqlite::Result<()> {
        transaction
            .prepare_cached("INSERT INTO connection (id, host, opened, handshake) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![self.connection, host, self.opened, self.handshake])?;
        for (position, link) in (0_i64..).zip(&self.chain) {
            let known = link.seen(transaction, self.opened)?;
            let other = (known != link.view).then_some(&link.view);
            transaction
                .prepare_cached(
                    "INSERT INTO chain (connection, position, certificate, source, store, view) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute(params![self.connection, position, link.sha256, link.source, link.store, other])?;
        }
        Ok(())
    }
}

impl Link {
    fn of(certificate: &CertificateView) -> rusqlite::Result<Option<Self>> {
        let Value::Object(mut view) = value(certificate)? else { return Ok(None) };
        let Some(Value::String(source)) = view.shift_remove("source") else { return Ok(None) };
        let store = match view.shift_remove("store") {
            Some(Value::String(store)) => Some(store),
            Some(_) => return Ok(None),
            None => None,
        };
        let Some(der) = der(&certificate.pem) else { return Ok(None) };
        if pem(&der) == certificate.pem {
            view.shift_remove("pem");
        }
        let sha256 = hex::encode(digest::digest(&digest::SHA256, &der));
        Ok(Some(Self { sha256, der, view: Value::Object(view).to_string(), source, store }))
    }

    /// Remembers the certificate; gives the view it is remembered with. One that was seen a moment ago stays as it is:
    /// its row is long, and would be written anew with every connection.
    fn seen(&self, transaction: &Transaction<'_>, at: i64) -> rusqlite::Result<String> {
        let known = transaction
            .prepare_cached(
                "SELECT view FROM certificate WHERE sha256 = ?1 AND ?2 BETWEEN last_seen AND last_seen + ?3",
            )?
            .query_row(params![self.sha256, at, RECENTLY_MS], |row| row.get(0))
            .optional()?;
        if let Some(view) = known {
            return Ok(view);
        }
        transaction
            .prepare_cached(
                "INSERT INTO certificate (sha256, der, view, first_seen, last_seen) VALUES (?1, ?2, ?3, ?4, ?4)
                 ON CONFLICT (sha256) DO UPDATE SET first_seen = min(first_seen, ?4), last_seen = max(last_seen, ?4)
                 RETURNING view",
            )?
            .query_row(params![self.sha256, self.der, self.view, at], |row| row.get(0))
    }

    /// The certificate as it stands in a document.
    fn value(&self, view: &str) -> rusqlite::Result<Value> {
        let mut value = parsed(view)?;
        if let Some(members) = value.as_object_mut() {
            members.insert("source".into(), Value::String(self.source.clone()));
            if let Some(store) = &self.store {
                members.insert("store".into(), Value::String(store.clone()));
            }
            if !members.contains_key("pem") {
                members.insert("pem".into(), Value::String(pem(&self.der)));
            }
        }
        Ok(value)
    }
}

/// The chain of a connection, as it stands in a document.
fn chain(connection: &Connection, id: &str) -> rusqlite::Result<Vec<Value>> {
    let mut statement = connection.prepare_cached(
        "SELECT certificate.sha256, der, ifnull(chain.view, certificate.view), source, store
         FROM chain JOIN certificate ON certificate.sha256 = chain.certificate WHERE connection = ?1 ORDER BY position",
    )?;
    let links = statement.query_map([id], |row| {
        Ok(Link { sha256: row.get(0)?, der: row.get(1)?, view: row.get(2)?, source: row.get(3)?, store: row.get(4)? })
    })?;
    links.map(|link| link.and_then(|link| link.value(&link.view))).collect()
}

fn parsed(text: &str) -> rusqlite::Result<Value> {
    serde_json::from_str(text)
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(e)))
}

/// The DER inside of a PEM text.
fn der(pem: &str) -> Option<Vec<u8>> {
    let (_, rest) = pem.split_once("-----BEGIN CERTIFICATE-----")?;
    let (body, _) = rest.split_once("-----END CERTIFICATE-----")?;
    let body: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(body).ok().filter(|der| !der.is_empty())
}

/// RFC 7468 §3: 64 characters a line.
pub(crate) fn pem(der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = tail;
    }
    text.push_str("-----END CERTIFICATE-----\n");
    text
}
