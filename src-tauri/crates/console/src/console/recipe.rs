//! Recipes: how a token is asked for where the endpoint keeps to no standard.

use std::path::Path;
use std::sync::Arc;

use countersign_evidence::Problem;
use countersign_secret::SecretText;

use super::{Answer, Console};
use crate::view::{RecipeForm, RecipeReading, RecipeTest, RecipeView, SendProgress};

impl Console {
    /// The workspace's own recipes, then the built-in ones.
    ///
    /// # Errors
    /// None now: a file that does not read is told with the workspace.
    pub async fn recipe_list(&self) -> Answer<Vec<RecipeView>> {
        self.core.blocking(|core| core.recipe_views()).await
    }

    /// One by its id, or by its path when it is a file.
    ///
    /// # Errors
    /// There is none; a file that does not read.
    pub async fn recipe_read(&self, id: &str) -> Answer<RecipeForm> {
        let id = id.to_owned();
        self.core
            .blocking(move |core| {
                // a path is meant from where the person stands
                let absolute = std::path::absolute(Path::new(&id)).ok();
                let path = absolute.filter(|path| id.ends_with(".toml") && path.is_file());
                let id = path.map_or(id, |path| path.display().to_string());
                Ok::<_, Problem>(crate::recipe::form(&core.workspace.recipe(&id)?))
            })
            .await?
    }

    /// Writes a recipe of the workspace.
    ///
    /// # Errors
    /// A mistake in it; a workspace that cannot be written.
    pub async fn recipe_save(&self, form: RecipeForm) -> Answer<Vec<RecipeView>> {
        self.core.blocking(move |core| core.save_recipe(&form)).await??;
        self.recipe_list().await
    }

    /// Removes a recipe of the workspace.
    ///
    /// # Errors
    /// There is none, or a credential uses it.
    pub async fn recipe_remove(&self, id: &str) -> Answer<Vec<RecipeView>> {
        let id = id.to_owned();
        self.core.blocking(move |core| core.remove_recipe(&id)).await??;
        self.recipe_list().await
    }

    /// What a recipe finds in an answer that is given. The answer may hold a token: nothing of it is kept or given back.
    ///
    /// # Errors
    /// A mistake in the recipe.
    pub async fn recipe_try(&self, form: RecipeForm, status: u16, answer: SecretText) -> Answer<RecipeReading> {
        self.core.blocking(move |core| core.read_answer(&form, status, &answer)).await?
    }

    /// One token call with this recipe and a credential. Cancelled by [`send_cancel`](Self::send_cancel).
    ///
    /// # Errors
    /// A mistake in the recipe, a credential that is not there.
    pub async fn recipe_test(
        &self,
        form: RecipeForm,
        credential: &str,
        progress: impl Fn(SendProgress) + Send + Sync + 'static,
    ) -> Answer<RecipeTest> {
        self.core.test_recipe(&form, credential, Arc::new(progress)).await
    }
}
