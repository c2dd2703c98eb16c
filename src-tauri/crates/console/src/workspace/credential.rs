//! `credentials/NAME.toml`: clear metadata and slot ids. The secrets are in the vault.

use std::collections::BTreeMap;

use countersign_evidence::Problem;
use countersign_signing::PublicJwk;
use toml_edit::{InlineTable, Item, Table, Value};

use super::document::{Document, Section};
use super::edit::{self, Style};
use super::error::Error;
use super::grant::{self, GrantFile};
use super::{Kind, Loaded, Workspace, missing, name};

/// Kinds of credentials.
const KINDS: [&str; 7] = ["oauth2", "basic", "bearer", "api-key", "aws", "client-certificate", "key"];
/// The kind whose certificate alone says who sends.
pub const CLIENT_CERTIFICATE: &str = "client-certificate";
/// Encodings of Basic.
const ENCODINGS: [&str; 3] = ["form", "raw", "verbatim"];
/// Keys that would hold a secret in clear text.
const SECRETS: [&str; 9] = [
    "access_token",
    "api_key",
    "api-key",
    "client_secret",
    "client-secret",
    "password",
    "private_key",
    "refresh_token",
    "secret",
];

/// One secret slot: its opaque id, and what of it may be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotFile {
    /// Opaque; the value is in the vault.
    pub id: String,
    /// The public half of a key.
    pub public_jwk: Option<PublicJwk>,
}

/// A credential's clear metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialFile {
    /// File name without `.toml`.
    pub name: String,
    /// The name shown.
    pub title: String,
    /// `oauth2`, `basic`, `bearer`, `api-key`, `aws`, `client-certificate`, `key`.
    pub kind: String,
    /// Environments it belongs to; empty: every one, each with its own token.
    pub environments: Vec<String>,
    /// Hosts it may be sent to: `host`, `host:port`, `*.suffix`; never templated.
    pub allowed_hosts: Vec<String>,
    /// Recipe id.
    pub recipe: String,
    /// Token endpoint; may hold templates.
    pub token_endpoint: String,
    /// Issuer.
    pub issuer: Option<String>,
    /// RFC 6749 §2.2.
    pub client_id: String,
    /// RFC 7591 name.
    pub token_endpoint_auth_method: String,
    /// `form`, `raw`, `verbatim`.
    pub basic_encoding: String,
    /// `client_credentials`, `authorization_code`, `refresh_token` or the identifier of another grant.
    pub grant_type: String,
    /// Scope asked for.
    pub scope: String,
    /// What else is asked for, and where.
    pub grant: GrantFile,
    /// The client certificate and its intermediates, a PEM file of the workspace; its key is the slot `client_key`.
    pub certificate_file: Option<String>,
    /// Slots by name.
    pub slots: BTreeMap<String, SlotFile>,
}

impl CredentialFile {
    /// Whether it obtains tokens; else its certificate alone says who sends.
    pub fn has_tokens(&self) -> bool {
        self.kind != CLIENT_CERTIFICATE
    }
}

impl Default for CredentialFile {
    fn default() -> Self {
        Self {
            name: String::new(),
            title: String::new(),
            kind: "oauth2".into(),
            environments: Vec::new(),
            allowed_hosts: Vec::new(),
            recipe: "rfc6749".into(),
            token_endpoint: String::new(),
            issuer: None,
            client_id: String::new(),
            token_endpoint_auth_method: "client_secret_basic".into(),
            basic_encoding: "form".into(),
            grant_type: "client_credentials".into(),
            scope: String::new(),
            grant: GrantFile::default(),
            certificate_file: None,
            slots: BTreeMap::new(),
        }
    }
}

impl Workspace {
    /// All credentials, by file name. Clear-text secrets in their files are named; the credential loads all the same.
    pub fn credentials(&self) -> Loaded<Vec<CredentialFile>> {
        let read = self.each("credentials", |name| {
            let document = self.credential_document(name)?;
            Ok((read(name, &document)?, secrets(&document)))
        });
        let mut loaded = Loaded { value: Vec::with_capacity(read.value.len()), problems: read.problems };
        for (credential, warnings) in read.value {
            loaded.value.push(credential);
            loaded.problems.extend(warnings);
        }
        loaded
    }

    /// One credential.
    ///
    /// # Errors
    /// `workspace.no_credential`, a file that does not read.
    pub fn credential(&self, name: &str) -> Result<CredentialFile, Problem> {
        Ok(read(name, &self.credential_document(name)?)?)
    }

    /// Writes a credential's metadata.
    ///
    /// # Errors
    /// A name that is no slug, a folder that cannot be written, a present file that does not read.
    pub fn save_credential(&self, credential: &CredentialFile) -> Result<(), Problem> {
        let file = file(&credential.name)?;
        let mut document = self.editable(&file)?;
        put(document.as_item_mut(), credential);
        let written = Document::parse(&file, document.to_string().into_bytes())?;
        if read(&credential.name, &written)? != brought(credential) {
            return Err(Error::NotFaithful { file }.problem());
        }
        self.write(&file, &document)
    }

    /// Removes a credential's metadata; its secrets are the vault's.
    ///
    /// # Errors
    /// `workspace.no_credential`, a folder that cannot be written.
    pub fn remove_credential(&self, name: &str) -> Result<(), Problem> {
        if self.remove(&file(name)?)? { Ok(()) } else { Err(missing(Kind::Credential, name).problem()) }
    }

    /// A name for a new credential, made from its title.
    pub fn free_credential_name(&self, title: &str) -> String {
        self.free_name("credentials", title, "credential")
    }

    fn credential_document(&self, name: &str) -> Result<Document, Error> {
        self.read(&file(name)?)?.ok_or_else(|| missing(Kind::Credential, name))
    }
}

fn file(name: &str) -> Result<String, Error> {
    Ok(format!("credentials/{}.toml", name::slug_checked(name)?))
}

fn read(name: &str, document: &Document) -> Result<CredentialFile, Error> {
    let root = document.root();
    let otherwise = CredentialFile::default();
    let text = |key: &str, default: &str| Ok::<_, Error>(root.text(key)?.unwrap_or_else(|| default.to_owned()));
    let allowed_hosts = root.texts("allowed-hosts")?.unwrap_or_default();
    if let Some(host) = allowed_hosts.iter().find(|host| !is_host(host)) {
        return Err(root.wrong_value(
            "allowed-hosts",
            format!("has `{host}`; a host, host:port or *.suffix is wanted, without templates"),
        ));
    }
    let environments = root.texts("environments")?.unwrap_or_default();
    if let Some(environment) = environments.iter().find(|environment| !name::is_slug(environment)) {
        return Err(root.wrong_value("environments", format!("has `{environment}`, which is no environment's name")));
    }
    Ok(CredentialFile {
        name: name.to_owned(),
        title: text("name", name)?,
        kind: root.one_of("kind", &KINDS)?.unwrap_or(otherwise.kind),
        environments,
        allowed_hosts,
        recipe: text("recipe", &otherwise.recipe)?,
        token_endpoint: text("token_endpoint", "")?,
        issuer: root.text("issuer")?,
        client_id: text("client_id", "")?,
        token_endpoint_auth_method: text("token_endpoint_auth_method", &otherwise.token_endpoint_auth_method)?,
        basic_encoding: root.one_of("basic-encoding", &ENCODINGS)?.unwrap_or(otherwise.basic_encoding),
        grant_type: text("grant_type", &otherwise.grant_type)?,
        scope: text("scope", "")?,
        grant: grant::read(&root)?,
        certificate_file: certificate_file(&root)?,
        slots: slots(&root)?,
    })
}

fn certificate_file(root: &Section<'_>) -> Result<Option<String>, Error> {
    let Some(file) = root.text("certificate-file")? else { return Ok(None) };
    match name::relative_checked(&file) {
        Ok(_) => Ok(Some(file)),
        Err(_) => Err(root.wrong_value("certificate-file", "leads out of the workspace")),
    }
}

fn slots(root: &Section<'_>) -> Result<BTreeMap<String, SlotFile>, Error> {
    let Some(section) = root.section("slots")? else { return Ok(BTreeMap::new()) };
    let mut slots = BTreeMap::new();
    for key in section.keys() {
        let Some(slot) = section.section(&key)? else { continue };
        if !name::is_slot(&key) {
            return Err(section.wrong_value(&key, "is no slot's name: lower-case letters, digits, `_` and `-`"));
        }
        let id = slot.required_text("id")?;
        if !name::is_id(&id) {
            return Err(slot.wrong_value("id", "is not letters and digits"));
        }
        let public_jwk = match slot.section("public-jwk")? {
            Some(jwk) => Some(PublicJwk {
                kty: jwk.required_text("kty")?,
                crv: jwk.text("crv")?.unwrap_or_default(),
                x: jwk.text("x")?.unwrap_or_default(),
                y: jwk.text("y")?,
                n: jwk.text("n")?,
                e: jwk.text("e")?,
            }),
            None => None,
        };
        slots.insert(key, SlotFile { id, public_jwk });
    }
    Ok(slots)
}

/// `host`, `host:port` or `*.suffix`: never every host, never a template, never more than a host.
fn is_host(text: &str) -> bool {
    let plain = text.strip_prefix("*.").unwrap_or(text);
    !plain.is_empty()
        && !plain.contains(['*', '/', '@', '{', '}', '?', '#', '\\'])
        && !plain.contains(char::is_whitespace)
}

/// Secrets in clear text, named without their value.
fn secrets(document: &Document) -> Vec<Problem> {
    let root = document.root();
    let named = |key: &&&str| root.item(key).is_some_and(|item| item.as_str().is_some_and(|text| !text.is_empty()));
    let error = |key: &&str| Error::SecretInFile {
        file: document.file().to_owned(),
        line: root.line(key),
        key: (*key).to_owned(),
    };
    SECRETS.iter().filter(named).map(|key| error(key).problem()).collect()
}

fn put(root: &mut Item, credential: &CredentialFile) {
    let otherwise = CredentialFile::default();
    let filled = |text: &'_ str| (!text.is_empty()).then_some(text.to_owned());
    edit::text_or_default(root, "name", &brought(credential).title, &credential.name);
    edit::text(root, "kind", Some(&credential.kind));
    edit::texts(root, "environments", &credential.environments);
    edit::texts(root, "allowed-hosts", &credential.allowed_hosts);
    edit::text(root, "recipe", Some(credential.recipe.as_str()).filter(|_| credential.has_tokens()));
    edit::text(root, "token_endpoint", filled(&credential.token_endpoint).as_deref());
    edit::text(root, "issuer", credential.issuer.as_deref().filter(|issuer| !issuer.is_empty()));
    edit::text(root, "client_id", filled(&credential.client_id).as_deref());
    edit::text_or_default(
        root,
        "token_endpoint_auth_method",
        &credential.token_endpoint_auth_method,
        &otherwise.token_endpoint_auth_method,
    );
    edit::text_or_default(root, "basic-encoding", &credential.basic_encoding, &otherwise.basic_encoding);
    edit::text_or_default(root, "grant_type", &credential.grant_type, &otherwise.grant_type);
    edit::text(root, "scope", filled(&credential.scope).as_deref());
    grant::put(root, &credential.grant);
    edit::text(root, "certificate-file", credential.certificate_file.as_deref());
    put_slots(root, &credential.slots);
}

fn put_slots(root: &mut Item, wanted: &BTreeMap<String, SlotFile>) {
    if root.get("slots").is_none() {
        if wanted.is_empty() {
            return;
        }
        let mut table = Table::new();
        table.set_implicit(true);
        if let Some(root) = root.as_table_like_mut() {
            root.insert("slots", Item::Table(table));
        }
    }
    let slots = edit::section(root, "slots", Style::Header);
    for gone in edit::names(slots).iter().filter(|name| !wanted.contains_key(*name)) {
        edit::remove(slots, gone);
    }
    for (name, slot) in wanted {
        let section = edit::section(slots, name, Style::Header);
        edit::text(section, "id", Some(&slot.id));
        put_jwk(section, slot.public_jwk.as_ref());
    }
    edit::remove_if_empty(root, "slots");
}

fn put_jwk(slot: &mut Item, wanted: Option<&PublicJwk>) {
    let Some(jwk) = wanted else { return edit::remove(slot, "public-jwk") };
    let filled = |text: &'_ String| Some(text.clone()).filter(|text| !text.is_empty());
    let members = [
        ("kty", filled(&jwk.kty)),
        ("crv", filled(&jwk.crv)),
        ("x", filled(&jwk.x)),
        ("y", jwk.y.clone()),
        ("n", jwk.n.clone()),
        ("e", jwk.e.clone()),
    ];
    if slot.get("public-jwk").is_none() {
        let mut table = InlineTable::new();
        for (key, value) in members {
            if let Some(value) = value {
                table.insert(key, value.as_str().into());
            }
        }
        return edit::value(slot, "public-jwk", Some(Value::InlineTable(table)));
    }
    let section = edit::section(slot, "public-jwk", Style::Inline);
    for (key, value) in members {
        edit::text(section, key, value.as_deref());
    }
}

/// As it reads after it was written.
fn brought(credential: &CredentialFile) -> CredentialFile {
    let mut brought = credential.clone();
    if brought.title.trim().is_empty() {
        brought.title.clone_from(&credential.name);
    }
    brought.issuer = brought.issuer.filter(|issuer| !issuer.is_empty());
    brought
}
