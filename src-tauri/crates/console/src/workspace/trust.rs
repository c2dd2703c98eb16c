//! `trust.toml`: which stores count, CA files and for which hosts, pins.

use std::path::Path;

use aws_lc_rs::digest;
use countersign_evidence::Problem;
use countersign_tls::HostPattern;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use toml_edit::{InlineTable, Item, Value};

use super::chain::{FOLDER, armoured};
use super::document::{Document, LIMIT};
use super::error::Error;
use super::{Kind, Workspace, edit, list, missing, name};

const FILE: &str = "trust.toml";
/// Stores that can be named.
pub(crate) const STORES: [&str; 2] = ["os", "mozilla"];
/// Profiles: which rules apply to notes on certificates.
pub(crate) const PROFILES: [&str; 3] = ["auto", "public", "private"];

/// A CA file and the hosts it counts for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustCa {
    /// Relative to the workspace.
    pub file: String,
    /// `host`, `host:port`, `*.suffix`; `*` only for a proxy's CA.
    pub hosts: Vec<String>,
}

/// A pinned key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// `host:port`.
    pub host: String,
    /// SHA-256 of the SubjectPublicKeyInfo, base64.
    pub spki_sha256: String,
}

/// Trust settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustFile {
    /// `os`, `mozilla`.
    pub stores: Vec<String>,
    /// `auto`, `public`, `private`.
    pub profile: String,
    /// Added CAs.
    pub ca: Vec<TrustCa>,
    /// Pinned keys.
    pub pins: Vec<Pin>,
}

impl Default for TrustFile {
    fn default() -> Self {
        Self { stores: vec!["os".into()], profile: "auto".into(), ca: Vec::new(), pins: Vec::new() }
    }
}

impl Workspace {
    /// Trust settings; the defaults where there is no file.
    ///
    /// # Errors
    /// A file that does not read, a CA file that lies elsewhere.
    pub fn trust(&self) -> Result<TrustFile, Problem> {
        Ok(self.read(FILE)?.map_or_else(|| Ok(TrustFile::default()), |document| read(&document))?)
    }

    /// Adds a CA for these hosts: its certificates go into a file of their own, named by what is in it.
    ///
    /// # Errors
    /// `workspace.not_a_certificate`, hosts that are none, a folder that cannot be written.
    pub fn add_ca(&self, pem: &str, hosts: &[String]) -> Result<TrustFile, Problem> {
        let certificates = certificates(pem)?;
        let hosts: Vec<String> =
            hosts.iter().map(|host| host.trim().to_ascii_lowercase()).filter(|host| !host.is_empty()).collect();
        if hosts.is_empty() {
            return Err(
                Error::BadName { name: String::new(), reason: "a CA counts for named hosts; none was named" }.problem()
            );
        }
        if let Some(host) = hosts.iter().find(|host| !is_host(host)) {
            return Err(
                Error::BadName { name: host.clone(), reason: "a host, host:port or *.suffix is wanted" }.problem()
            );
        }
        let mut trust = self.trust()?;
        let file = file_of(&certificates);
        match trust.ca.iter_mut().find(|ca| ca.file == file) {
            Some(ca) => ca.hosts.extend(hosts.into_iter().filter(|host| !ca.hosts.contains(host)).collect::<Vec<_>>()),
            None => trust.ca.push(TrustCa { file: file.clone(), hosts }),
        }
        self.write_bytes(&file, armoured(&certificates).as_bytes())?;
        self.save_trust(&trust)?;
        Ok(trust)
    }

    /// Removes a CA by its file, and the file where it is one of ours.
    ///
    /// # Errors
    /// `workspace.no_ca`, a folder that cannot be written.
    pub fn remove_ca(&self, file: &str) -> Result<TrustFile, Problem> {
        let mut trust = self.trust()?;
        let before = trust.ca.len();
        trust.ca.retain(|ca| ca.file != file);
        if trust.ca.len() == before {
            return Err(missing(Kind::Ca, file).problem());
        }
        self.save_trust(&trust)?;
        if Path::new(file).parent() == Some(Path::new(FOLDER)) && name::relative_checked(file).is_ok() {
            self.remove(file)?;
        }
        Ok(trust)
    }

    /// The contents of a CA file of the workspace.
    ///
    /// # Errors
    /// `workspace.no_ca`, a file that lies elsewhere or cannot be read.
    pub fn ca_file(&self, file: &str) -> Result<Vec<u8>, Problem> {
        name::relative_checked(file)?;
        self.read_bytes(file)?.ok_or_else(|| missing(Kind::Ca, file).problem())
    }

    /// Changes stores, profile or pins; what is equal in the file is not touched.
    ///
    /// # Errors
    /// A file that does not read, a folder that cannot be written.
    pub fn change_trust(&self, change: impl FnOnce(&mut TrustFile)) -> Result<TrustFile, Problem> {
        let mut trust = self.trust()?;
        change(&mut trust);
        self.save_trust(&trust)?;
        Ok(trust)
    }

    fn save_trust(&self, trust: &TrustFile) -> Result<(), Problem> {
        let mut document = self.editable(FILE)?;
        let root = document.as_item_mut();
        let otherwise = TrustFile::default();
        if trust.stores != otherwise.stores || root.get("stores").is_some() {
            // an empty list is written: without the key the default would count
            edit::value(root, "stores", Some(trust.stores.iter().map(String::as_str).collect()));
        }
        edit::text_or_default(root, "profile", &trust.profile, &otherwise.profile);
        put_ca(root, &trust.ca);
        put_pins(root, &trust.pins);
        let written = Document::parse(FILE, document.to_string().into_bytes())?;
        if read(&written)? != *trust {
            return Err(Error::NotFaithful { file: FILE.to_owned() }.problem());
        }
        self.write(FILE, &document)
    }
}

fn read(document: &Document) -> Result<TrustFile, Error> {
    let root = document.root();
    let otherwise = TrustFile::default();
    let stores = root.texts("stores")?.unwrap_or(otherwise.stores);
    if let Some(store) = stores.iter().find(|store| !STORES.contains(&store.as_str())) {
        return Err(root.wrong_value("stores", format!("has `{store}`, not one of {}", STORES.join(", "))));
    }
    let mut ca = Vec::new();
    for (at, entry) in tables(&root, "ca")?.into_iter().enumerate() {
        let odd = |reason: &str| root.wrong_value("ca", format!("has an odd entry, number {}: {reason}", at + 1));
        let file = entry.get("file").and_then(Value::as_str).ok_or_else(|| odd("`file` is wanted"))?;
        name::relative_checked(file).map_err(|_| odd("`file` leads out of the workspace"))?;
        let hosts: Option<Vec<String>> = entry
            .get("hosts")
            .and_then(Value::as_array)
            .and_then(|hosts| hosts.iter().map(|host| host.as_str().map(ToOwned::to_owned)).collect());
        let hosts = hosts.filter(|hosts| !hosts.is_empty() && hosts.iter().all(|host| is_host(host)));
        ca.push(TrustCa {
            file: file.to_owned(),
            hosts: hosts.ok_or_else(|| odd("`hosts` lists the hosts it counts for"))?,
        });
    }
    let mut pins = Vec::new();
    for (at, entry) in tables(&root, "pin")?.into_iter().enumerate() {
        let text = |key: &str| entry.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
        let (Some(host), Some(spki_sha256)) = (text("host"), text("spki-sha256")) else {
            return Err(root.wrong_value(
                "pin",
                format!("has an odd entry, number {}: `host` and `spki-sha256` are wanted", at + 1),
            ));
        };
        let pattern = HostPattern::parse(&host).filter(|pattern| !pattern.is_any());
        if pattern.and_then(|pattern| countersign_tls::Pin::new(pattern, &spki_sha256)).is_none() {
            return Err(root.wrong_value(
                "pin",
                format!("has an odd entry, number {}: a host and the base64 of a SHA-256 are wanted", at + 1),
            ));
        }
        pins.push(Pin { host, spki_sha256 });
    }
    Ok(TrustFile { stores, profile: root.one_of("profile", &PROFILES)?.unwrap_or(otherwise.profile), ca, pins })
}

/// A list of tables, inline or under `[[headers]]`.
pub(super) fn tables(root: &super::document::Section<'_>, key: &str) -> Result<Vec<InlineTable>, Error> {
    let Some(item) = root.item(key) else { return Ok(Vec::new()) };
    if let Some(tables) = item.as_array_of_tables() {
        return Ok(tables.iter().map(|table| table.clone().into_inline_table()).collect());
    }
    let entries =
        item.as_array().and_then(|array| array.iter().map(|value| value.as_inline_table().cloned()).collect());
    entries.ok_or_else(|| root.wrong_type(key, item, "a list of tables"))
}

fn put_ca(root: &mut Item, wanted: &[TrustCa]) {
    if wanted.is_empty() {
        return edit::remove(root, "ca");
    }
    let hosts = |value: &Value| -> Vec<String> {
        let hosts = value.as_inline_table().and_then(|t| t.get("hosts")).and_then(Value::as_array);
        hosts.map(|hosts| hosts.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect()).unwrap_or_default()
    };
    let file = |value: &Value| {
        value.as_inline_table().and_then(|t| t.get("file")).and_then(Value::as_str).map(ToOwned::to_owned)
    };
    let plan = list::Plan {
        same: &|value, want: &TrustCa| file(value).as_ref() == Some(&want.file) && hosts(value) == want.hosts,
        kin: &|value, want| file(value).as_ref() == Some(&want.file),
        edit: &|value, want| {
            if let Some(table) = value.as_inline_table_mut() {
                let mut item = Item::Value(Value::InlineTable(std::mem::take(table)));
                edit::texts(&mut item, "hosts", &want.hosts);
                if let Item::Value(Value::InlineTable(edited)) = item {
                    *table = edited;
                }
            }
        },
        make: &|want| {
            let mut table = InlineTable::new();
            table.insert("file", want.file.as_str().into());
            table.insert("hosts", want.hosts.iter().map(String::as_str).collect::<Value>());
            Value::InlineTable(table)
        },
        one_line: wanted.len() == 1,
    };
    edit::array(root, "ca", |array| plan.apply(array, wanted));
}

fn put_pins(root: &mut Item, wanted: &[Pin]) {
    if wanted.is_empty() {
        return edit::remove(root, "pin");
    }
    let text = |value: &Value, key: &str| {
        value.as_inline_table().and_then(|t| t.get(key)).and_then(Value::as_str).map(ToOwned::to_owned)
    };
    let is = |value: &Value, want: &Pin| {
        text(value, "host").as_ref() == Some(&want.host)
            && text(value, "spki-sha256").as_ref() == Some(&want.spki_sha256)
    };
    let plan = list::Plan {
        same: &|value, want: &Pin| is(value, want),
        kin: &|value, want| is(value, want),
        edit: &|_, _| {},
        make: &|want| {
            let mut table = InlineTable::new();
            table.insert("host", want.host.as_str().into());
            table.insert("spki-sha256", want.spki_sha256.as_str().into());
            Value::InlineTable(table)
        },
        one_line: wanted.len() == 1,
    };
    edit::array(root, "pin", |array| plan.apply(array, wanted));
}

/// A host a CA counts for; `*` for a proxy's.
fn is_host(text: &str) -> bool {
    let plain = text.strip_prefix("*.").unwrap_or(text);
    text == "*"
        || (!plain.is_empty()
            && !plain.contains(['*', '/', '@', '{', '}', '?', '#'])
            && !plain.contains(char::is_whitespace))
}

fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, Error> {
    let not = |reason: &str| Error::NotACertificate { reason: reason.to_owned() };
    if u64::try_from(pem.len()).unwrap_or(u64::MAX) > LIMIT {
        return Err(not("the text is too long"));
    }
    if pem.contains("PRIVATE KEY-----") {
        return Err(not("the text holds a private key, which does not belong into a shared workspace"));
    }
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let read = read.map_err(|_| not("a block in the text is not base64 between its lines"))?;
    let is_der = |certificate: &CertificateDer<'_>| certificate.first() == Some(&0x30);
    if read.is_empty() || !read.iter().all(is_der) {
        return Err(not("the text holds no certificate"));
    }
    Ok(read)
}

/// Named by what is in it, so that the same CA is added once.
fn file_of(certificates: &[CertificateDer<'_>]) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for certificate in certificates {
        context.update(certificate);
    }
    format!("{FOLDER}/ca-{}.pem", hex::encode(&context.finish().as_ref()[..6]))
}
