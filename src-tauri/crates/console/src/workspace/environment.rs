//! `environments/NAME.toml`: values for sandbox, production.

use countersign_evidence::Problem;

use super::document::Document;
use super::error::Error;
use super::{Kind, Loaded, Workspace, edit, missing, name};
use crate::view::EnvironmentView;

/// Colours an environment can have.
const COLOURS: [&str; 5] = ["grey", "blue", "green", "amber", "red"];

/// An environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// File name without `.toml`.
    pub name: String,
    /// The name shown.
    pub title: String,
    /// `grey`, `blue`, `green`, `amber`, `red`.
    pub colour: String,
    /// Whether mutating calls ask once.
    pub live: bool,
    /// Variables, in order.
    pub variables: Vec<(String, String)>,
}

impl Environment {
    /// As the sidebar shows it.
    pub fn view(self) -> EnvironmentView {
        EnvironmentView { name: self.name, title: self.title, colour: self.colour, live: self.live }
    }
}

impl Workspace {
    /// All environments, by file name.
    pub fn environments(&self) -> Loaded<Vec<Environment>> {
        self.each("environments", |name| self.environment(name))
    }

    /// One environment.
    ///
    /// # Errors
    /// `workspace.no_environment`, a file that does not read.
    pub fn environment(&self, name: &str) -> Result<Environment, Problem> {
        let file = file(name)?;
        let document = self.read(&file)?.ok_or_else(|| missing(Kind::Environment, name))?;
        Ok(read(name, &document)?)
    }

    /// Writes an environment.
    ///
    /// # Errors
    /// A name that is no slug, a folder that cannot be written, a present file that does not read.
    pub fn save_environment(&self, environment: &Environment) -> Result<(), Problem> {
        let file = file(&environment.name)?;
        let mut document = self.editable(&file)?;
        let root = document.as_item_mut();
        edit::text_or_default(root, "name", &environment.title, &environment.name);
        edit::text_or_default(root, "colour", &environment.colour, "grey");
        if root.get("live").and_then(toml_edit::Item::as_bool).unwrap_or(false) != environment.live {
            edit::value(root, "live", environment.live.then(|| true.into()));
        }
        edit::pairs(root, "variables", &environment.variables);
        let written = Document::parse(&file, document.to_string().into_bytes())?;
        if read(&environment.name, &written)? != *environment {
            return Err(Error::NotFaithful { file }.problem());
        }
        self.write(&file, &document)
    }

    /// Removes an environment.
    ///
    /// # Errors
    /// `workspace.no_environment`, a folder that cannot be written.
    pub fn remove_environment(&self, name: &str) -> Result<(), Problem> {
        if self.remove(&file(name)?)? { Ok(()) } else { Err(missing(Kind::Environment, name).problem()) }
    }
}

fn file(name: &str) -> Result<String, Error> {
    Ok(format!("environments/{}.toml", name::slug_checked(name)?))
}

fn read(name: &str, document: &Document) -> Result<Environment, Error> {
    let root = document.root();
    Ok(Environment {
        name: name.to_owned(),
        title: root.text("name")?.unwrap_or_else(|| name.to_owned()),
        colour: root.one_of("colour", &COLOURS)?.unwrap_or_else(|| "grey".into()),
        live: root.flag("live")?.unwrap_or(false),
        variables: root.pairs("variables")?,
    })
}
