//! `countersign.toml`: the format of the whole folder, its id, its name.

use std::collections::BTreeMap;

use countersign_evidence::Problem;

use super::document::Document;
use super::error::Error;
use super::{FORMAT, Loaded, MANIFEST, Workspace, edit, name};

/// The manifest of a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Format of the whole folder.
    pub format: i64,
    /// ULID; also the vault's id. Empty while there is no file.
    pub id: String,
    /// The name shown.
    pub name: String,
    /// Environment of whoever has chosen none.
    pub default_environment: Option<String>,
    /// Host or host:port to an address or address:port.
    pub resolve: BTreeMap<String, String>,
    /// Variables of the whole workspace.
    pub variables: Vec<(String, String)>,
}

impl Default for Manifest {
    fn default() -> Self {
        Self {
            format: FORMAT,
            id: String::new(),
            name: "My workspace".into(),
            default_environment: None,
            resolve: BTreeMap::new(),
            variables: Vec::new(),
        }
    }
}

impl Workspace {
    /// The manifest as it is now; where it cannot be read, as it was.
    pub fn manifest(&self) -> Manifest {
        if let Ok(Some(manifest)) = self.read_manifest() {
            *self.known() = manifest;
        }
        self.known().clone()
    }

    /// The manifest, and why it cannot be read or changed.
    pub fn manifest_loaded(&self) -> Loaded<Manifest> {
        let problems: Vec<Problem> = match self.read_manifest() {
            Ok(_) => self.read_only().into_iter().collect(),
            Err(error) => vec![error.problem()],
        };
        Loaded { value: self.manifest(), problems }
    }

    /// Makes `countersign.toml` where there is none; gives an id to one that has none.
    ///
    /// # Errors
    /// A folder that cannot be written, a file that does not read.
    pub fn ensure(&self, new_id: &str, name: &str) -> Result<(), Problem> {
        let present = self.read(MANIFEST)?;
        if let Some(document) = &present {
            let manifest = read(document)?;
            if !manifest.id.is_empty() {
                *self.known() = manifest;
                return Ok(());
            }
        }
        if !name::is_id(new_id) {
            return Err(Error::BadName { name: new_id.to_owned(), reason: "an id is letters and digits" }.problem());
        }
        let is_new = present.is_none();
        let mut document = present.map(Document::into_mut).unwrap_or_default();
        let root = document.as_item_mut();
        if is_new {
            edit::value(root, "format", Some(FORMAT.into()));
        }
        edit::text(root, "id", Some(new_id));
        if is_new {
            edit::text(root, "name", Some(name));
        }
        self.write(MANIFEST, &document)?;
        if let Some(manifest) = self.read_manifest()? {
            *self.known() = manifest;
        }
        Ok(())
    }

    pub(super) fn read_manifest(&self) -> Result<Option<Manifest>, Error> {
        self.read(MANIFEST)?.as_ref().map(read).transpose()
    }
}

fn read(document: &Document) -> Result<Manifest, Error> {
    let root = document.root();
    let format = root.integer("format")?.unwrap_or(FORMAT);
    if format < 1 {
        return Err(root.wrong_value("format", format!("is {format}, and counts from 1")));
    }
    let id = root.text("id")?.unwrap_or_default();
    if !id.is_empty() && !name::is_id(&id) {
        return Err(root.wrong_value("id", "is not letters and digits"));
    }
    let defaults = Manifest::default();
    Ok(Manifest {
        format,
        id,
        name: root.text("name")?.unwrap_or(defaults.name),
        default_environment: root.text("default-environment")?,
        resolve: root.pairs("resolve")?.into_iter().collect(),
        variables: root.pairs("variables")?,
    })
}
