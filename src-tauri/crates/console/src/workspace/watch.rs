//! `watch.toml`: endpoints whose certificates are watched.

use countersign_evidence::Problem;
use toml_edit::{InlineTable, Value};

use super::document::Document;
use super::error::Error;
use super::{Workspace, edit, list};

const FILE: &str = "watch.toml";
/// Endpoints of one list.
const MOST: usize = 1000;

impl Workspace {
    /// Endpoints, `host:port`, in the order of the file; none where there is no file.
    ///
    /// # Errors
    /// A file that does not read.
    pub fn watched(&self) -> Result<Vec<String>, Problem> {
        Ok(self.read(FILE)?.map_or_else(|| Ok(Vec::new()), |document| read(&document))?)
    }

    /// Changes the list; what is equal in the file is not touched.
    ///
    /// # Errors
    /// A file that does not read, a folder that cannot be written, a list that is too long.
    pub fn change_watched(&self, change: impl FnOnce(&mut Vec<String>)) -> Result<Vec<String>, Problem> {
        let mut watched = self.watched()?;
        change(&mut watched);
        if watched.len() > MOST {
            let reason = "a list of at most 1000 endpoints is watched";
            return Err(Error::BadName { name: watched.len().to_string(), reason }.problem());
        }
        let mut document = self.editable(FILE)?;
        let host = |value: &Value| {
            value.as_inline_table().and_then(|t| t.get("host")).and_then(Value::as_str).map(ToOwned::to_owned)
        };
        let plan = list::Plan {
            same: &|value, want: &String| host(value).as_ref() == Some(want),
            kin: &|value, want| host(value).as_ref() == Some(want),
            edit: &|_, _| {},
            make: &|want| {
                let mut table = InlineTable::new();
                table.insert("host", want.as_str().into());
                Value::InlineTable(table)
            },
            one_line: false,
        };
        edit::array(document.as_item_mut(), "endpoint", |array| plan.apply(array, &watched));
        let written = Document::parse(FILE, document.to_string().into_bytes())?;
        if read(&written)? != watched {
            return Err(Error::NotFaithful { file: FILE.to_owned() }.problem());
        }
        self.write(FILE, &document)?;
        Ok(watched)
    }
}

fn read(document: &Document) -> Result<Vec<String>, Error> {
    let root = document.root();
    let mut watched = Vec::new();
    for (at, entry) in super::trust::tables(&root, "endpoint")?.into_iter().enumerate() {
        let host = entry.get("host").and_then(Value::as_str).filter(|host| !host.trim().is_empty());
        let odd = || root.wrong_value("endpoint", format!("has an odd entry, number {}: `host` is wanted", at + 1));
        watched.push(host.ok_or_else(odd)?.to_owned());
    }
    Ok(watched)
}
