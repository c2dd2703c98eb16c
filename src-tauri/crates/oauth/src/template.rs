//! The content of a token request that a recipe writes itself: JSON or text with the client's values in their places.

use countersign_secret::{Secret, SecretText};
use serde_json::Value;

use crate::Error;
use crate::recipe::Recipe;

/// What may stand in a template, as `{{client_id}}`.
pub(crate) struct Values<'a> {
    pub(crate) client_id: &'a str,
    /// `None`: the credential holds none.
    pub(crate) client_secret: Option<&'a SecretText>,
    pub(crate) grant_type: &'a str,
    pub(crate) scope: &'a str,
    pub(crate) audience: &'a str,
}

/// JSON: each text is filled and written with the escapes it needs.
///
/// # Errors
/// A template that is no JSON, a name that is none of [`Values`], a secret that is missing.
pub(crate) fn json(recipe: &Recipe, values: &Values<'_>) -> Result<SecretText, Error> {
    let text = recipe.request.template.as_deref().unwrap_or_default();
    let wrong = |reason: String| Error::Recipe { recipe: recipe.id.clone(), reason };
    let mut template: Value = serde_json::from_str(text).map_err(|_| wrong("the template is not JSON".into()))?;
    fill_all(&mut template, &mut |text| fill(recipe, text, values))?;
    Ok(Secret::new(template.to_string()))
}

/// Text: filled as it stands.
///
/// # Errors
/// A name that is none of [`Values`], a secret that is missing.
pub(crate) fn text(recipe: &Recipe, values: &Values<'_>) -> Result<SecretText, Error> {
    fill(recipe, recipe.request.template.as_deref().unwrap_or_default(), values).map(Secret::new)
}

fn fill_all(value: &mut Value, fill: &mut impl FnMut(&str) -> Result<String, Error>) -> Result<(), Error> {
    match value {
        Value::String(text) => *text = fill(text)?,
        Value::Array(items) => items.iter_mut().try_for_each(|item| fill_all(item, fill))?,
        Value::Object(members) => members.values_mut().try_for_each(|member| fill_all(member, fill))?,
        Value::Bool(_) | Value::Null | Value::Number(_) => {}
    }
    Ok(())
}

fn fill(recipe: &Recipe, template: &str, values: &Values<'_>) -> Result<String, Error> {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, tail)) = after.split_once("}}") else { break };
        out.push_str(before);
        match name.trim() {
            "audience" => out.push_str(values.audience),
            "client_id" => out.push_str(values.client_id),
            "client_secret" => {
                let secret = values.client_secret.filter(|secret| !secret.is_empty());
                let slot = recipe.slots.first().map_or("client_secret", String::as_str);
                out.push_str(secret.ok_or_else(|| Error::SecretMissing { slot: slot.to_owned() })?.expose_secret());
            }
            "grant_type" => out.push_str(values.grant_type),
            "scope" => out.push_str(values.scope),
            other => {
                let known = "client_id, client_secret, grant_type, scope, audience";
                let reason = format!("`{{{{{other}}}}}` in the template is none of {known}");
                return Err(Error::Recipe { recipe: recipe.id.clone(), reason });
            }
        }
        rest = tail;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use countersign_secret::Secret;

    use super::{Values, json, text};
    use crate::Recipe;

    fn recipe(template: &str) -> Recipe {
        let mut recipe = Recipe::built_in("rfc6749").unwrap();
        recipe.request.template = Some(template.to_owned());
        recipe
    }

    #[test]
    fn values_stand_in_json_with_the_escapes_they_need() {
        let secret = Secret::new("a\"b\\c\n{{scope}}".to_owned());
        let values =
            Values { client_id: "app", client_secret: Some(&secret), grant_type: "", scope: "read", audience: "" };
        let template = recipe(r#"{"id": "{{client_id}}", "in": [{"secret": "{{ client_secret }}"}], "n": 1}"#);
        let written = json(&template, &values).unwrap();
        assert_eq!(
            written.expose_secret(),
            r#"{"id":"app","in":[{"secret":"a\"b\\c\n{{scope}}"}],"n":1}"#,
            "and a secret that looks like a template is none"
        );
    }

    #[test]
    fn what_is_missing_or_unknown_is_said_by_name() {
        let values = Values { client_id: "app", client_secret: None, grant_type: "g", scope: "", audience: "" };
        let said = |template: &str| text(&recipe(template), &values).err().unwrap().to_string();
        assert!(said("{{client_secret}}").contains("client_secret"), "{}", said("{{client_secret}}"));
        assert!(said("{{user}}").contains("`{{user}}` in the template"), "{}", said("{{user}}"));
        assert_eq!(text(&recipe("{{grant_type}} {{ open"), &values).unwrap().expose_secret(), "g {{ open");
    }
}
