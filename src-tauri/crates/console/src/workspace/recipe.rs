//! `recipes/NAME.toml`: own recipes. Built-in ones are not copied; a recipe can also be named by its path.

use std::path::Path;

use countersign_evidence::{Fault, Problem};
use countersign_oauth::Recipe;
use toml_edit::TableLike;

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

    /// Writes a recipe; comments and members that a recipe does not know stay in the file.
    ///
    /// # Errors
    /// A recipe that does not read again, an id that is no file name, a folder that cannot be written.
    pub fn save_recipe(&self, recipe: &Recipe) -> Result<(), Problem> {
        let file = file(&recipe.id)?;
        let wanted = recipe.to_toml().map_err(|error| error.problem())?;
        let wanted = Document::parse(&file, wanted.into_bytes())?.into_mut();
        let mut document = self.editable(&file)?;
        merge(document.as_table_mut(), wanted.as_table());
        let written = Document::parse(&file, document.to_string().into_bytes())?;
        if read(&recipe.id, &written)? != *recipe {
            return Err(Error::NotFaithful { file }.problem());
        }
        self.write(&file, &document)
    }

    /// Removes a recipe of the workspace.
    ///
    /// # Errors
    /// `workspace.no_recipe`, a folder that cannot be written.
    pub fn remove_recipe(&self, id: &str) -> Result<(), Problem> {
        if self.remove(&file(id)?)? { Ok(()) } else { Err(missing(Kind::Recipe, id).problem()) }
    }

    /// An id for a new recipe, made from its name; none of a built-in one.
    pub fn free_recipe_name(&self, name: &str) -> String {
        let free = self.free_name("recipes", name, "recipe");
        if Recipe::built_in(&free).is_ok() { self.free_name("recipes", &format!("{name} own"), "recipe") } else { free }
    }
}

fn file(id: &str) -> Result<String, Error> {
    Ok(format!("recipes/{}.toml", name::slug_checked(id)?))
}

/// What a recipe can be without, in whichever of its tables.
const OPTIONAL: [&str; 13] = [
    "accept",
    "client-auth",
    "code",
    "content-type",
    "default-life",
    "expires_in",
    "message",
    "refresh_token",
    "scope",
    "slots",
    "template",
    "token_endpoint",
    "token_type",
];

/// Takes over every value, each in the place and with the comments it had.
fn merge(into: &mut dyn TableLike, wanted: &dyn TableLike) {
    for (key, item) in wanted.iter() {
        let Some(present) = into.get_mut(key) else {
            into.insert(key, item.clone());
            continue;
        };
        if let (true, Some(wanted)) = (present.is_table_like(), item.as_table_like()) {
            if let Some(present) = present.as_table_like_mut() {
                merge(present, wanted);
            }
            continue;
        }
        if present.to_string().trim() != item.to_string().trim() {
            let decor = present.as_value().map(|value| value.decor().clone());
            *present = item.clone();
            if let (Some(decor), Some(value)) = (decor, present.as_value_mut()) {
                *value.decor_mut() = decor;
            }
        }
    }
    for key in OPTIONAL {
        if wanted.get(key).is_none() {
            into.remove(key);
        }
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

#[cfg(test)]
mod tests {
    use countersign_oauth::Recipe;

    use super::merge;

    #[test]
    fn an_edit_keeps_comments_and_foreign_members_and_removes_what_is_gone() {
        let before = Recipe::built_in("ngenius").unwrap();
        let text = before.to_toml().unwrap().replace("[response]", "# where it stands\n[response]\nours = 1");
        let text = text.replace("method = \"POST\"", "method = \"POST\" # as they document it");
        let mut document: toml_edit::DocumentMut = text.parse().unwrap();
        let mut after = before.clone();
        after.request.method = "GET".into();
        after.request.accept = None;
        after.response.scope = Some("/scope".into());
        let wanted: toml_edit::DocumentMut = after.to_toml().unwrap().parse().unwrap();
        merge(document.as_table_mut(), wanted.as_table());
        let written = document.to_string();
        for kept in ["# where it stands", "ours = 1", "method = \"GET\" # as they document it"] {
            assert!(written.contains(kept), "no `{kept}` in\n{written}");
        }
        assert_eq!(Recipe::from_toml("ngenius", &written).unwrap(), after, "{written}");
    }
}
