//! The sealed file as a value: parsed, changed, encoded. No IO.

use std::collections::BTreeMap;

use countersign_secret::{Secret, SecretBytes, SecretText};

use super::cipher::{KEY, NONCE, TAG, nonce, open, seal};
use super::derivation::{Derivation, SALT, WRAPPED, Wrap};
use super::reader::{Malformed, Reader};
use crate::value::Kind;
use crate::{Error, Random};

const MAGIC: &[u8; 8] = b"csvault\n";
const VERSION: u16 = 1;
/// The largest record, with its label and tag.
pub(crate) const RECORD_LIMIT: usize = 1024 * 1024;
/// The least a record takes: ids of one byte, nothing in it.
const SMALLEST_RECORD: usize = 2 + 1 + 8 + NONCE + 4 + 2 + TAG;

/// What a record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holding {
    /// A slot's secret.
    Slot(Kind),
    /// The key of the fingerprints.
    Marker,
}

impl Holding {
    fn number(self) -> u8 {
        match self {
            Holding::Slot(Kind::Text) => 1,
            Holding::Slot(Kind::RefreshToken) => 2,
            Holding::Slot(Kind::Key) => 3,
            Holding::Marker => 4,
        }
    }

    fn of(number: u8) -> Option<Self> {
        [Holding::Slot(Kind::Text), Holding::Slot(Kind::RefreshToken), Holding::Slot(Kind::Key), Holding::Marker]
            .into_iter()
            .find(|holding| holding.number() == number)
    }
}

struct Record {
    holding: Holding,
    generation: u64,
    nonce: [u8; NONCE],
    sealed: Vec<u8>,
}

/// An opened record.
pub(crate) struct Opened {
    pub(crate) holding: Holding,
    pub(crate) generation: u64,
    pub(crate) label: String,
    pub(crate) bytes: SecretBytes,
}

/// A sealed file.
pub(crate) struct Sealed {
    vault_id: String,
    key_id: u32,
    generation: u64,
    wrap: Option<Wrap>,
    records: BTreeMap<String, Record>,
    /// The header as it stood in the file, and its seal; nothing for a file that was never written.
    header: Option<(Vec<u8>, [u8; NONCE], [u8; TAG])>,
}

impl Sealed {
    /// A new file under a key that is a keychain item.
    pub(crate) fn new(vault_id: &str, key_id: u32) -> Self {
        Self {
            vault_id: vault_id.to_owned(),
            key_id,
            generation: 0,
            wrap: None,
            records: BTreeMap::new(),
            header: None,
        }
    }

    /// A new file under a key wrapped by a passphrase.
    pub(crate) fn under_passphrase(
        vault_id: &str,
        key: &SecretBytes,
        passphrase: &SecretText,
        derivation: Derivation,
        random: &Random,
    ) -> Result<Self, Error> {
        let mut sealed = Self::new(vault_id, 1);
        let wrap = Wrap::new(key, passphrase, derivation, &sealed.identity(), random);
        sealed.wrap = Some(wrap.ok_or(Error::Internal { what: "parameters Argon2 does not take" })?);
        Ok(sealed)
    }

    /// Reads a file of that vault.
    pub(crate) fn parse(file: &[u8], vault_id: &str) -> Result<Self, Malformed> {
        let mut reader = Reader::new(file);
        if reader.bytes(MAGIC.len())? != MAGIC {
            return Err(Malformed::new("it is not a sealed file"));
        }
        let version = reader.u16()?;
        if version != VERSION {
            return Err(Malformed(format!("its format is {version}, this version reads {VERSION}")));
        }
        if reader.text()? != vault_id {
            return Err(Malformed::new("it belongs to another vault"));
        }
        let key_id = reader.u32()?;
        let generation = reader.u64()?;
        let wrap = match reader.u8()? {
            0 => None,
            1 => Some(read_wrap(&mut reader)?),
            other => return Err(Malformed(format!("its protection {other} is unknown"))),
        };
        let count = reader.u32()? as usize;
        let header = (reader.read().to_vec(), reader.array()?, reader.array()?);
        if count > reader.remaining() / SMALLEST_RECORD {
            return Err(Malformed(format!("{count} records cannot be in {} bytes", reader.remaining())));
        }
        let mut records = BTreeMap::new();
        for _ in 0..count {
            let slot = reader.text()?.to_owned();
            let record = read_record(&mut reader)?;
            if records.insert(slot, record).is_some() {
                return Err(Malformed::new("a slot stands in it twice"));
            }
        }
        if reader.remaining() > 0 {
            return Err(Malformed(format!("{} bytes follow its last record", reader.remaining())));
        }
        Ok(Self { vault_id: vault_id.to_owned(), key_id, generation, wrap, records, header: Some(header) })
    }

    /// Which key it is sealed under.
    pub(crate) fn key_id(&self) -> u32 {
        self.key_id
    }

    /// How often it was written.
    #[cfg(test)]
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// The key by way of the passphrase; nothing when that is another, or the header was changed.
    pub(crate) fn unwrap_key(&self, passphrase: &SecretText) -> Option<SecretBytes> {
        let key = self.wrap.as_ref()?.open(passphrase, &self.identity())?;
        (key.len() == KEY && self.authenticate(&key).is_ok()).then_some(key)
    }

    /// Whether the header is as it was written under this key.
    pub(crate) fn authenticate(&self, key: &SecretBytes) -> Result<(), Malformed> {
        let Some((header, nonce, tag)) = &self.header else { return Ok(()) };
        match open(key, nonce, header, tag) {
            Some(_) => Ok(()),
            None => Err(Malformed::new("its header was changed, or it was sealed under another key")),
        }
    }

    /// Ids of the slots in it.
    pub(crate) fn slots(&self) -> Vec<String> {
        let slot = |(id, record): (&String, &Record)| matches!(record.holding, Holding::Slot(_)).then(|| id.clone());
        self.records.iter().filter_map(slot).collect()
    }

    /// The generation of a record, without opening it.
    pub(crate) fn record_generation(&self, slot: &str) -> Option<u64> {
        self.records.get(slot).map(|record| record.generation)
    }

    /// Opens a record.
    pub(crate) fn open(&self, key: &SecretBytes, slot: &str) -> Result<Option<Opened>, Malformed> {
        let Some(record) = self.records.get(slot) else { return Ok(None) };
        let bound = self.bound(slot, record.holding, record.generation);
        let changed = || Malformed(format!("the record of slot `{slot}` was changed"));
        let content = open(key, &record.nonce, &bound, &record.sealed).ok_or_else(changed)?;
        let mut reader = Reader::new(content.expose_secret());
        let length = usize::from(reader.u16()?);
        let label = std::str::from_utf8(reader.bytes(length)?).map_err(|_| changed())?.to_owned();
        let bytes = Secret::new(reader.bytes(reader.remaining())?.to_vec());
        Ok(Some(Opened { holding: record.holding, generation: record.generation, label, bytes }))
    }

    /// Puts a record in, in place of what the slot held.
    pub(crate) fn put(
        &mut self,
        key: &SecretBytes,
        slot: &str,
        opened: (Holding, u64, &str),
        bytes: &SecretBytes,
        random: &Random,
    ) -> Result<(), Error> {
        let (holding, generation, label) = opened;
        let label = &label.as_bytes()[..label.floor_char_boundary(usize::from(u16::MAX))];
        let length = 2 + label.len() + bytes.len();
        if length + TAG > RECORD_LIMIT {
            return Err(Error::TooLarge { length: bytes.len(), limit: RECORD_LIMIT - TAG - 2 - label.len() });
        }
        let mut content = Vec::with_capacity(length);
        content.extend_from_slice(&(label.len() as u16).to_be_bytes());
        content.extend_from_slice(label);
        content.extend_from_slice(bytes.expose_secret());
        let content = Secret::new(content);
        let nonce = nonce(random);
        let sealed =
            seal(key, &nonce, &self.bound(slot, holding, generation), content.expose_secret()).ok_or(NO_KEY)?;
        self.records.insert(slot.to_owned(), Record { holding, generation, nonce, sealed });
        Ok(())
    }

    /// Takes a record out; says whether there was one.
    pub(crate) fn remove(&mut self, slot: &str) -> bool {
        self.records.remove(slot).is_some()
    }

    /// The file's bytes, sealed anew, one generation on.
    pub(crate) fn encode(&mut self, key: &SecretBytes, random: &Random) -> Result<Vec<u8>, Error> {
        self.generation += 1;
        let mut file = self.identity();
        file.extend_from_slice(&self.generation.to_be_bytes());
        match &self.wrap {
            None => file.push(0),
            Some(wrap) => {
                file.push(1);
                wrap.encode(&mut file);
            }
        }
        let count = u32::try_from(self.records.len()).map_err(|_| Error::Internal { what: "too many records" })?;
        file.extend_from_slice(&count.to_be_bytes());
        let nonce = nonce(random);
        let tag = seal(key, &nonce, &file, b"").ok_or(NO_KEY)?;
        file.extend_from_slice(&nonce);
        file.extend_from_slice(&tag);
        for (slot, record) in &self.records {
            push_text(&mut file, slot);
            file.push(record.holding.number());
            file.extend_from_slice(&record.generation.to_be_bytes());
            file.extend_from_slice(&record.nonce);
            file.extend_from_slice(&(record.sealed.len() as u32).to_be_bytes());
            file.extend_from_slice(&record.sealed);
        }
        Ok(file)
    }

    /// What a key is bound to, and the start of the file.
    fn identity(&self) -> Vec<u8> {
        let mut identity = MAGIC.to_vec();
        identity.extend_from_slice(&VERSION.to_be_bytes());
        push_text(&mut identity, &self.vault_id);
        identity.extend_from_slice(&self.key_id.to_be_bytes());
        identity
    }

    /// What a record is bound to.
    fn bound(&self, slot: &str, holding: Holding, generation: u64) -> Vec<u8> {
        let mut bound = self.identity();
        push_text(&mut bound, slot);
        bound.push(holding.number());
        bound.extend_from_slice(&generation.to_be_bytes());
        bound
    }
}

const NO_KEY: Error = Error::Internal { what: "a key that is not 32 bytes long" };

/// Ids have at most 128 bytes; they are checked where they come in.
fn push_text(out: &mut Vec<u8>, text: &str) {
    let text = &text.as_bytes()[..text.len().min(usize::from(u8::MAX))];
    out.push(text.len() as u8);
    out.extend_from_slice(text);
}

fn read_wrap(reader: &mut Reader<'_>) -> Result<Wrap, Malformed> {
    let derivation = Derivation { memory_kib: reader.u32()?, passes: reader.u32()?, lanes: reader.u32()? };
    if !derivation.is_bearable() {
        let Derivation { memory_kib, passes, lanes } = derivation;
        return Err(Malformed(format!("it asks for an Argon2 of m={memory_kib} KiB, t={passes}, p={lanes}")));
    }
    Ok(Wrap {
        derivation,
        salt: reader.array::<SALT>()?,
        nonce: reader.array::<NONCE>()?,
        wrapped: reader.array::<WRAPPED>()?,
    })
}

fn read_record(reader: &mut Reader<'_>) -> Result<Record, Malformed> {
    let number = reader.u8()?;
    let holding = Holding::of(number).ok_or_else(|| Malformed(format!("a record has the unknown kind {number}")))?;
    let generation = reader.u64()?;
    let nonce = reader.array()?;
    let length = reader.u32()? as usize;
    if length > RECORD_LIMIT {
        return Err(Malformed(format!("a record of {length} bytes is over the limit of {RECORD_LIMIT}")));
    }
    Ok(Record { holding, generation, nonce, sealed: reader.bytes(length)?.to_vec() })
}
