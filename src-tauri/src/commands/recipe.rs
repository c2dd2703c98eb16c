//! Recipes. `recipe_try` takes an answer that may hold a token; nothing of it comes back.

use countersign_console::view::{RecipeForm, RecipeReading, RecipeTest, RecipeView, SendProgress};
use countersign_secret::Secret;
use tauri::State;
use tauri::ipc::Channel;

use super::{Answer, into};
use crate::Desk;

#[tauri::command]
pub(crate) async fn recipe_list(desk: State<'_, Desk>) -> Answer<Vec<RecipeView>> {
    desk.console().await?.recipe_list().await
}

#[tauri::command]
pub(crate) async fn recipe_save(desk: State<'_, Desk>, form: RecipeForm) -> Answer<Vec<RecipeView>> {
    desk.console().await?.recipe_save(form).await
}

#[tauri::command]
pub(crate) async fn recipe_remove(desk: State<'_, Desk>, id: String) -> Answer<Vec<RecipeView>> {
    desk.console().await?.recipe_remove(&id).await
}

#[tauri::command]
pub(crate) async fn recipe_try(
    desk: State<'_, Desk>,
    form: RecipeForm,
    status: u16,
    answer: String,
) -> Answer<RecipeReading> {
    desk.console().await?.recipe_try(form, status, Secret::new(answer)).await
}

#[tauri::command]
pub(crate) async fn recipe_test(
    desk: State<'_, Desk>,
    form: RecipeForm,
    credential: String,
    progress: Channel<SendProgress>,
) -> Answer<RecipeTest> {
    desk.console().await?.recipe_test(form, &credential, into(progress)).await
}
