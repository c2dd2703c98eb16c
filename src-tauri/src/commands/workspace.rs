//! Workspace, requests, signing profiles.

use countersign_console::view::{RequestDraft, RequestPreview, SigningProfileView, WorkspaceView};
use tauri::State;

use super::Answer;
use crate::Desk;

#[tauri::command]
pub(crate) async fn workspace_read(desk: State<'_, Desk>) -> Answer<WorkspaceView> {
    desk.console().await?.workspace_read().await
}

#[tauri::command]
pub(crate) async fn environment_choose(desk: State<'_, Desk>, name: Option<String>) -> Answer<WorkspaceView> {
    desk.console().await?.environment_choose(name.as_deref()).await
}

#[tauri::command]
pub(crate) async fn environment_allow_live(desk: State<'_, Desk>) -> Answer<()> {
    desk.console().await?.environment_allow_live().await
}

#[tauri::command]
pub(crate) async fn request_read(desk: State<'_, Desk>, path: String) -> Answer<RequestDraft> {
    desk.console().await?.request_read(&path).await
}

#[tauri::command]
pub(crate) async fn request_save(desk: State<'_, Desk>, draft: RequestDraft) -> Answer<RequestDraft> {
    desk.console().await?.request_save(draft).await
}

#[tauri::command]
pub(crate) async fn request_remove(desk: State<'_, Desk>, path: String) -> Answer<WorkspaceView> {
    desk.console().await?.request_remove(&path).await
}

#[tauri::command]
pub(crate) async fn request_preview(desk: State<'_, Desk>, draft: RequestDraft) -> Answer<RequestPreview> {
    desk.console().await?.request_preview(draft).await
}

#[tauri::command]
pub(crate) async fn signing_profile_list(desk: State<'_, Desk>) -> Answer<Vec<SigningProfileView>> {
    desk.console().await?.signing_profile_list().await
}

#[tauri::command]
pub(crate) async fn signing_profile_save(
    desk: State<'_, Desk>,
    profile: SigningProfileView,
) -> Answer<Vec<SigningProfileView>> {
    desk.console().await?.signing_profile_save(profile).await
}
