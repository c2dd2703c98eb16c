//! A recipe: how a token is asked for, and where in the answer it stands. Declarative, no script.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Error;

/// What the content of the token request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// `Content-Length: 0`.
    Empty,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// JSON from the template.
    Json,
    /// Text from the template.
    Text,
}

/// What `expires_in` counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExpiresUnit {
    /// Milliseconds since the epoch.
    EpochMilliseconds,
    /// Seconds since the epoch.
    EpochSeconds,
    /// Milliseconds from now.
    Milliseconds,
    /// RFC 3339 text.
    Rfc3339,
    /// Seconds from now, number or text (RFC 6749 §5.1).
    #[default]
    Seconds,
}

/// How the next token is obtained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Renewal {
    /// Ask again.
    Mint,
    /// RFC 6749 §6 where a refresh token came.
    #[default]
    Refresh,
}

/// The request half.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RequestPart {
    /// Method.
    pub method: String,
    /// URL, normally `{{token_endpoint}}`.
    pub url: String,
    /// `basic-form`, `basic-raw`, `basic-verbatim`, or an RFC 7591 method name; absent: the credential's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_auth: Option<String>,
    /// Accept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept: Option<String>,
    /// Content-Type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// What the content is.
    pub content: Content,
    /// Its template, for JSON and text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
}

/// The answer half: JSON pointers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponsePart {
    /// Statuses that count as success.
    pub status: Vec<u16>,
    /// Where the token stands.
    pub access_token: String,
    /// Where its type stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_type: Option<String>,
    /// Where its life stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<String>,
    /// What that counts.
    #[serde(default, rename = "expires-unit")]
    pub expires_unit: ExpiresUnit,
    /// Life where nothing says one, `300s`.
    #[serde(default, rename = "default-life", skip_serializing_if = "Option::is_none")]
    pub default_life: Option<String>,
    /// Where the refresh token stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// Where the granted scope stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

/// Where a refusal's words stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorPart {
    /// JSON pointer to a code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// JSON pointer to a message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Defaults a preset takes from the recipe.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Defaults {
    /// Token endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint: Option<String>,
}

/// How a token is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipe {
    /// Format of the file.
    pub format: u32,
    /// Identifier.
    pub id: String,
    /// Part of the cache key.
    pub version: u32,
    /// The name shown.
    pub name: String,
    /// Slots it needs.
    pub slots: Vec<String>,
    /// Words of a refusal.
    #[serde(default)]
    pub error: ErrorPart,
    /// How the next token is obtained.
    #[serde(default)]
    pub renewal: Renewal,
    /// Defaults.
    #[serde(default)]
    pub defaults: Defaults,
    /// The request half.
    pub request: RequestPart,
    /// The answer half.
    pub response: ResponsePart,
}

/// Built-in recipes.
const BUILT_IN: [(&str, &str); 3] = [
    ("rfc6749", include_str!("recipes/rfc6749.toml")),
    ("ngenius", include_str!("recipes/ngenius.toml")),
    ("ni-platform", include_str!("recipes/ni-platform.toml")),
];

impl Recipe {
    /// Reads a recipe file.
    ///
    /// # Errors
    /// [`Error::Recipe`] with the line.
    pub fn from_toml(name: &str, text: &str) -> Result<Self, Error> {
        let recipe: Self = toml_edit::de::from_str(text)
            .map_err(|e| Error::Recipe { recipe: name.to_owned(), reason: e.to_string() })?;
        recipe.check()?;
        Ok(recipe)
    }

    /// Whether a token can be asked for with it.
    ///
    /// # Errors
    /// [`Error::Recipe`] with what is wrong: a pointer, the method, no status, a template that is missing or is no JSON.
    pub fn check(&self) -> Result<(), Error> {
        let wrong = |reason: String| Err(Error::Recipe { recipe: self.id.clone(), reason });
        let (request, response) = (&self.request, &self.response);
        let optional = [
            &response.token_type,
            &response.expires_in,
            &response.refresh_token,
            &response.scope,
            &self.error.code,
            &self.error.message,
        ];
        for pointer in optional.into_iter().flatten().chain([&response.access_token]) {
            if !pointer.starts_with('/') {
                return wrong(format!("`{pointer}` is not a JSON pointer (RFC 6901)"));
            }
        }
        if !["GET", "POST", "PUT"].contains(&request.method.as_str()) {
            return wrong(format!("`{}` is not GET, POST or PUT", request.method));
        }
        if response.status.is_empty() {
            return wrong("no status counts as success".into());
        }
        let template = request.template.as_deref().unwrap_or_default();
        match request.content {
            Content::Json if serde_json::from_str::<serde_json::Value>(template).is_err() => {
                wrong("the template is not JSON".into())
            }
            Content::Text if template.is_empty() => wrong("content of text has no template".into()),
            Content::Empty | Content::Form | Content::Json | Content::Text => Ok(()),
        }
    }

    /// The recipe as a file.
    ///
    /// # Errors
    /// [`Error::Recipe`], which does not happen with a recipe that was read.
    pub fn to_toml(&self) -> Result<String, Error> {
        toml_edit::ser::to_string_pretty(self)
            .map_err(|e| Error::Recipe { recipe: self.id.clone(), reason: e.to_string() })
    }

    /// A built-in recipe.
    ///
    /// # Errors
    /// [`Error::UnknownRecipe`].
    pub fn built_in(id: &str) -> Result<Self, Error> {
        let found = BUILT_IN.iter().find(|(known, _)| *known == id);
        let (_, text) = found.ok_or_else(|| Error::UnknownRecipe { name: id.to_owned() })?;
        Self::from_toml(id, text)
    }

    /// Ids of the built-in recipes.
    pub fn built_in_ids() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(id, _)| *id)
    }

    /// Life where nothing says one.
    pub fn default_life(&self) -> Duration {
        let text = self.response.default_life.as_deref().unwrap_or("60s");
        Duration::from_secs(text.trim_end_matches('s').parse().unwrap_or(60))
    }
}

#[cfg(test)]
mod tests {
    use super::Recipe;

    #[test]
    fn built_in_recipes_read_and_write_themselves() {
        for id in Recipe::built_in_ids() {
            let recipe = Recipe::built_in(id).unwrap();
            assert_eq!(recipe.id, id, "the file says its own id");
            assert_eq!(Recipe::from_toml(id, &recipe.to_toml().unwrap()).unwrap(), recipe, "round trip of {id}");
        }
    }

    #[test]
    fn a_malformed_recipe_is_named_with_its_line() {
        let error = Recipe::from_toml("mine", "format = 1\nid = \n").unwrap_err().to_string();
        assert!(error.contains("mine") && error.contains("line 2"), "{error}");
    }
}
