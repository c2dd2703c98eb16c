//! Recipes: listed, written, tried on an answer, tried at the token endpoint.

use std::sync::Arc;

use countersign_evidence::{Exchange, Fact, Fault, Outcome, Problem, Step, StepState};
use countersign_oauth::{
    Content, Defaults, ErrorPart, ExpiresUnit, Issued, Recipe, Refusal, Renewal, RequestPart, ResponsePart, members,
    process,
};
use countersign_secret::SecretText;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::core::Core;
use crate::send::ProgressSink;
use crate::send::progress::Progress;
use crate::send::token_grant::Basis;
use crate::token::Obtained;
use crate::view::{Change, RecipeForm, RecipeMember, RecipeReading, RecipeTest, RecipeView};

/// The largest answer a recipe is tried on, bytes.
const LARGEST: usize = 1 << 20;

impl Core {
    /// The workspace's own recipes and the built-in ones.
    pub(crate) fn recipe_views(&self) -> Vec<RecipeView> {
        let own = self.workspace.recipes().value;
        let shadowed: Vec<String> = own.iter().map(|recipe| recipe.id.clone()).collect();
        let built_in = Recipe::built_in_ids()
            .filter(|id| !shadowed.iter().any(|own| own == id))
            .filter_map(|id| Recipe::built_in(id).ok());
        let credentials = self.workspace.credentials().value;
        let view = |recipe: Recipe, built_in: bool| RecipeView {
            used_by: credentials.iter().filter(|one| one.recipe == recipe.id).map(|one| one.name.clone()).collect(),
            toml: recipe.to_toml().unwrap_or_default(),
            version: recipe.version,
            form: form(&recipe),
            built_in,
        };
        let own = own.into_iter().map(|recipe| (recipe, false));
        own.chain(built_in.map(|recipe| (recipe, true))).map(|(recipe, built_in)| view(recipe, built_in)).collect()
    }

    /// Writes a recipe of the workspace; an edit gets a new version, so that no token of the old one is used.
    pub(crate) fn save_recipe(&self, form: &RecipeForm) -> Result<(), Problem> {
        let mut recipe = recipe(form)?;
        if recipe.id.is_empty() {
            recipe.id = self.workspace.free_recipe_name(&recipe.name);
        }
        let before = self.workspace.recipe(&recipe.id).ok();
        if let Some(before) = before {
            recipe.version = before.version;
            if recipe != before {
                recipe.version += 1;
            }
        }
        self.ensure_workspace()?;
        self.workspace.save_recipe(&recipe)?;
        self.changed(Change::Workspace);
        self.changed(Change::Credentials);
        Ok(())
    }

    /// Removes a recipe that no credential uses.
    pub(crate) fn remove_recipe(&self, id: &str) -> Result<(), Problem> {
        let users: Vec<String> = self
            .workspace
            .credentials()
            .value
            .into_iter()
            .filter(|one| one.recipe == id)
            .map(|one| one.title)
            .collect();
        if !users.is_empty() {
            return Err(Problem::new(
                "workspace.recipe_used",
                Fault::Caller,
                format!("the recipe `{id}` is used"),
                format!("by {}", users.join(", ")),
            )
            .with_hint("Give these credentials another recipe first."));
        }
        self.workspace.remove_recipe(id)?;
        self.changed(Change::Workspace);
        Ok(())
    }

    /// What a recipe finds in an answer.
    pub(crate) fn read_answer(
        &self,
        form: &RecipeForm,
        status: u16,
        answer: &SecretText,
    ) -> Result<RecipeReading, Problem> {
        let recipe = recipe(form)?;
        let body = answer.expose_secret().as_bytes();
        if body.len() > LARGEST {
            let detail = format!("{} bytes, at most {LARGEST}", body.len());
            return Err(Problem::new("usage.answer_too_large", Fault::Caller, "the answer is too large", detail)
                .with_hint("Give the answer of one token call."));
        }
        let mut reading = match process(&recipe, status, &[], body, self.clock.now()) {
            Ok(issued) => issued_reading(&recipe, &issued),
            Err(refusal) => refused_reading(&recipe, &refusal),
        };
        // who pastes an answer pastes no fields
        reading.findings.retain(|finding| finding.id != "token.cacheable");
        if let Ok(answer) = serde_json::from_slice(body) {
            reading.members = members(&answer)
                .into_iter()
                .map(|member| RecipeMember { pointer: member.pointer, kind: member.kind })
                .collect();
        }
        Ok(reading)
    }

    /// One token call with this recipe in place of the credential's own. The token is let go.
    pub(crate) async fn test_recipe(
        self: &Arc<Self>,
        form: &RecipeForm,
        credential: &str,
        sink: ProgressSink,
    ) -> Result<RecipeTest, Problem> {
        let recipe = Arc::new(recipe(form)?);
        let name = credential.to_owned();
        let file = self.blocking(move |core| core.workspace.credential(&name)).await??;
        let parts = self.token_parts_with(&file, None, Arc::clone(&recipe))?.0;
        let id = self.entropy.id(&self.clock);
        let cancel = self.begin_sending(&id);
        let progress = Progress::start(&id, &self.clock, sink);
        progress.step(Step::Token, StepState::Running, Vec::new());
        let e = Exchange::new(id.clone(), self.clock.now());
        let called = tokio::select! {
            biased;
            () = cancel.cancelled() => None,
            obtained = self.token_call(Arc::new(parts), Basis::Credential, e) => Some(obtained),
        };
        self.end_sending(&id);
        let (exchange, reading) = match called {
            Some(Obtained::Issued { issued, mut exchange, .. }) => {
                exchange.outcome = Outcome::Answered;
                (exchange, Some(issued_reading(&recipe, &issued)))
            }
            Some(Obtained::Refused { refusal, exchange, .. }) => (exchange, Some(refused_reading(&recipe, &refusal))),
            Some(Obtained::Unreached { exchange, .. }) => (exchange, None),
            None => {
                let mut e = Exchange::new(id, self.clock.now());
                e.outcome = Outcome::Cancelled;
                (Box::new(e), None)
            }
        };
        Ok(RecipeTest { exchange: self.finish(*exchange, None).await, reading })
    }
}

fn issued_reading(recipe: &Recipe, issued: &Issued) -> RecipeReading {
    let text = issued.access_token.expose_secret();
    let kind = match countersign_oauth::view(text) {
        Ok(_) => "a JWT",
        Err(_) => "opaque",
    };
    let length = text.chars().count();
    let life = match issued.expires_in {
        Some(life) => format!("{} s", life.as_secs()),
        None => format!("not told; {} s are assumed", recipe.default_life().as_secs()),
    };
    let mut facts = vec![
        Fact::new("Token", format!("{kind}, {length} characters")),
        Fact::new("Type", issued.token_type.clone()),
        Fact::new("Life", life.clone()),
    ];
    if let Some(scope) = &issued.scope {
        facts.push(Fact::new("Scope", scope.clone()));
    }
    let refresh = if issued.refresh_token.is_some() { "came along" } else { "none" };
    facts.push(Fact::new("Refresh token", refresh.to_owned()));
    RecipeReading {
        issued: true,
        sentence: format!("A token, {kind}; its life: {life}."),
        facts,
        findings: issued.notes.clone(),
        members: Vec::new(),
    }
}

fn refused_reading(recipe: &Recipe, refusal: &Refusal) -> RecipeReading {
    let pointer = &recipe.response.access_token;
    let sentence = match (refusal.not_json, refusal.no_token) {
        (Some(kind), _) => format!("No token: the answer is no JSON but {kind}."),
        (None, true) => format!("No token: nothing stands at {pointer}, or no text."),
        (None, false) => format!("A refusal: {} does not count as success.", refusal.status),
    };
    let mut facts = vec![Fact::new("Status", refusal.status.to_string())];
    let told = [("Code", &refusal.error), ("Message", &refusal.error_description)];
    facts.extend(told.into_iter().filter_map(|(name, text)| Some(Fact::new(name, text.clone()?))));
    let members = refusal.members.iter();
    RecipeReading {
        issued: false,
        sentence,
        facts,
        findings: Vec::new(),
        members: members.map(|pointer| RecipeMember { pointer: pointer.clone(), kind: String::new() }).collect(),
    }
}

/// The word a value is written as.
fn word(value: impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(ToOwned::to_owned)).unwrap_or_default()
}

/// The value of a word.
fn of_word<T: DeserializeOwned>(what: &str, word: &str) -> Result<T, Problem> {
    serde_json::from_value(word.into()).map_err(|_| {
        let title = format!("`{word}` is no {what}");
        Problem::new("token.recipe_malformed", Fault::Caller, title, "a recipe was given").with_hint("Mend the recipe.")
    })
}

/// A recipe as a form.
pub(crate) fn form(recipe: &Recipe) -> RecipeForm {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    RecipeForm {
        id: recipe.id.clone(),
        name: recipe.name.clone(),
        slot: recipe.slots.first().cloned().unwrap_or_default(),
        token_endpoint: text(&recipe.defaults.token_endpoint),
        method: recipe.request.method.clone(),
        client_auth: text(&recipe.request.client_auth),
        accept: text(&recipe.request.accept),
        content_type: text(&recipe.request.content_type),
        content: word(recipe.request.content),
        template: text(&recipe.request.template),
        status: recipe.response.status.clone(),
        access_token: recipe.response.access_token.clone(),
        token_type: text(&recipe.response.token_type),
        expires_in: text(&recipe.response.expires_in),
        expires_unit: word(recipe.response.expires_unit),
        default_life: recipe.default_life().as_secs(),
        refresh_token: text(&recipe.response.refresh_token),
        scope: text(&recipe.response.scope),
        error_code: text(&recipe.error.code),
        error_message: text(&recipe.error.message),
        renewal: word(recipe.renewal),
    }
}

/// The recipe a form means.
fn recipe(form: &RecipeForm) -> Result<Recipe, Problem> {
    let text = |text: &String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let name = form.name.trim();
    if name.is_empty() {
        return Err(Problem::new("usage.no_name", Fault::Caller, "the recipe has no name", "the name is empty")
            .with_hint("Give it a name."));
    }
    let content: Content = of_word("content", &form.content)?;
    let recipe = Recipe {
        format: 1,
        id: form.id.trim().to_owned(),
        version: 1,
        name: name.to_owned(),
        slots: text(&form.slot).into_iter().collect(),
        error: ErrorPart { code: text(&form.error_code), message: text(&form.error_message) },
        renewal: of_word::<Renewal>("renewal", &form.renewal)?,
        defaults: Defaults { token_endpoint: text(&form.token_endpoint) },
        request: RequestPart {
            method: form.method.trim().to_ascii_uppercase(),
            url: "{{token_endpoint}}".into(),
            client_auth: text(&form.client_auth),
            accept: text(&form.accept),
            content_type: text(&form.content_type),
            template: text(&form.template).filter(|_| matches!(content, Content::Json | Content::Text)),
            content,
        },
        response: ResponsePart {
            status: form.status.clone(),
            access_token: form.access_token.trim().to_owned(),
            token_type: text(&form.token_type),
            expires_in: text(&form.expires_in),
            expires_unit: of_word::<ExpiresUnit>("unit of a life", &form.expires_unit)?,
            default_life: Some(format!("{}s", form.default_life.clamp(1, 31_536_000))),
            refresh_token: text(&form.refresh_token),
            scope: text(&form.scope),
        },
    };
    recipe.check().map_err(|error| error.problem())?;
    Ok(recipe)
}

#[cfg(test)]
mod tests {
    use super::{form, recipe};
    use countersign_oauth::Recipe;

    #[test]
    fn a_built_in_recipe_is_the_same_after_it_was_a_form() {
        for id in Recipe::built_in_ids() {
            let before = Recipe::built_in(id).unwrap();
            let mut after = recipe(&form(&before)).unwrap();
            after.version = before.version;
            assert_eq!(after, before, "{id}");
        }
    }

    #[test]
    fn a_form_with_a_mistake_is_told_which() {
        let good = form(&Recipe::built_in("rfc6749").unwrap());
        let said = |change: &dyn Fn(&mut crate::view::RecipeForm)| {
            let mut form = good.clone();
            change(&mut form);
            let problem = recipe(&form).unwrap_err();
            format!("{} {}", problem.title, problem.detail)
        };
        assert!(said(&|f| f.name = " ".into()).contains("no name"));
        assert!(said(&|f| f.access_token = "token".into()).contains("`token` is not a JSON pointer"));
        assert!(said(&|f| f.content = "xml".into()).contains("`xml` is no content"));
        assert!(said(&|f| f.method = "BREW".into()).contains("`BREW` is not GET"));
        assert!(said(&|f| f.status.clear()).contains("no status counts"));
        assert!(
            said(&|f| {
                f.content = "json".into();
                f.template = "{".into();
            })
            .contains("the template is not JSON")
        );
    }
}
