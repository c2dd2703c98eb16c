//! `recipes/NAME.toml`: own recipes. Built-in ones are not copied; a recipe can also be named by its path.

use std::path::Path;

use countersign_evidence::{Fault, Problem};
use countersign_oauth::Recipe;

use super::document::Document;
use super::error::Error;
use super::{FORMAT, Kind, Loaded, Workspace, missing, name};

impl Workspace {
    /// A recipe: of the workspace, else built in, else at this path.
    ///
    /// # Errors
    /// `workspace.no_recipe`, a file that does not read, one of a newer format.
    pub fn recipe(&self, id: &str) -> Result<Recipe, Problem> {
        if name::is_slug(id)
            && let Some(document) = self.read(&format!("recipes/{id}.toml"))?
        {
            return read(id, &document);
        }
        if let Ok(recipe) = Recipe::built_in(id) {
            return Ok(recipe);
        }
        if id.ends_with(".toml") {
            let bytes = crate::file::read(&self.folder().join(Path::new(id)), super::document::LIMIT);
            let bytes = bytes.map_err(|error| crate::file::storage_problem(id, &error))?;
            if let Some(bytes) = bytes {
                return read(id, &Document::parse(id, bytes)?);
            }
        }
        let own = self.recipes().value.into_iter().map(|recipe| recipe.id);
        let known: Vec<String> = Recipe::built_in_ids().map(ToOwned::to_owned).chain(own).collect();
        Err(missing(Kind::Recipe, id).problem().with_hint(format!("Known here: {}.", known.join(", "))))
    }

    /// The workspace's own recipes, by file name.
    pub fn recipes(&self) -> Loaded<Vec<Recipe>> {
        self.each("recipes", |name| {
            let document = self.read(&format!("recipes/{name}.toml"))?.ok_or_else(|| missing(Kind::Recipe, name))?;
            read(name, &document)
        })
    }
}

fn read(id: &str, document: &Document) -> Result<Recipe, Problem> {
    let root = document.root();
    let format = root.integer("format")?.unwrap_or(FORMAT);
    if format > FORMAT {
        return Err(Error::NewerFormat { file: document.file().to_owned(), format, known: FORMAT }.problem());
    }
    // members of another type are named with their line; the line itself stays out of the error
    if let Err(error) = toml_edit::de::from_str::<Recipe>(document.text()) {
        let line = error.span().map_or(1, |span| document.line(span.start));
        let detail = format!("{}, line {line}: {}", document.file(), error.message());
        return Err(Problem::new(
            "token.recipe_malformed",
            Fault::Caller,
            "a recipe of the workspace does not read",
            detail,
        )
        .with_hint("Mend the recipe file."));
    }
    Recipe::from_toml(id, document.text()).map_err(|error| error.problem())
}
