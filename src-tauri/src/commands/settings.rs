//! Preferences, trust, the vault's state, the status bar, and the window itself.

use countersign_console::view::{Change, Preferences, StatusView, TrustView, VaultView};
use countersign_secret::Secret;
use tauri::ipc::Channel;
use tauri::{State, WebviewWindow};

use super::{Answer, into};
use crate::{Desk, links, pane};

#[tauri::command]
pub(crate) async fn preferences_read(desk: State<'_, Desk>) -> Answer<Preferences> {
    desk.console().await?.preferences_read().await
}

#[tauri::command]
pub(crate) async fn preferences_write(desk: State<'_, Desk>, preferences: Preferences) -> Answer<Preferences> {
    desk.console().await?.preferences_write(preferences).await
}

#[tauri::command]
pub(crate) async fn trust_read(desk: State<'_, Desk>) -> Answer<TrustView> {
    desk.console().await?.trust_read().await
}

#[tauri::command]
pub(crate) async fn trust_add_ca(desk: State<'_, Desk>, pem: String, hosts: Vec<String>) -> Answer<TrustView> {
    desk.console().await?.trust_add_ca(&pem, hosts).await
}

#[tauri::command]
pub(crate) async fn trust_remove_ca(desk: State<'_, Desk>, file: String) -> Answer<TrustView> {
    desk.console().await?.trust_remove_ca(&file).await
}

#[tauri::command]
pub(crate) async fn trust_add_pin(desk: State<'_, Desk>, host: String, pin: String) -> Answer<TrustView> {
    desk.console().await?.trust_add_pin(&host, &pin).await
}

#[tauri::command]
pub(crate) async fn trust_remove_pin(desk: State<'_, Desk>, host: String, pin: String) -> Answer<TrustView> {
    desk.console().await?.trust_remove_pin(&host, &pin).await
}

#[tauri::command]
pub(crate) async fn trust_store(desk: State<'_, Desk>, store: String, used: bool) -> Answer<TrustView> {
    desk.console().await?.trust_store(&store, used).await
}

#[tauri::command]
pub(crate) async fn trust_profile(desk: State<'_, Desk>, profile: String) -> Answer<TrustView> {
    desk.console().await?.trust_profile(&profile).await
}

#[tauri::command]
pub(crate) async fn accept_unverified(desk: State<'_, Desk>, host: String, accept: bool) -> Answer<TrustView> {
    desk.console().await?.accept_unverified(&host, accept).await
}

#[tauri::command]
pub(crate) async fn vault_read(desk: State<'_, Desk>) -> Answer<VaultView> {
    desk.console().await?.vault_read().await
}

#[tauri::command]
pub(crate) async fn vault_check(desk: State<'_, Desk>) -> Answer<VaultView> {
    desk.console().await?.vault_check().await
}

#[tauri::command]
pub(crate) async fn vault_choose(
    desk: State<'_, Desk>,
    backend: String,
    passphrase: Option<String>,
) -> Answer<VaultView> {
    desk.console().await?.vault_choose(&backend, passphrase.map(Secret::new)).await
}

#[tauri::command]
pub(crate) async fn vault_unlock(desk: State<'_, Desk>, passphrase: Option<String>) -> Answer<VaultView> {
    desk.console().await?.vault_unlock(passphrase.map(Secret::new)).await
}

#[tauri::command]
pub(crate) async fn status_read(desk: State<'_, Desk>) -> Answer<StatusView> {
    desk.console().await?.status_read().await
}

#[tauri::command]
pub(crate) async fn changes(desk: State<'_, Desk>, progress: Channel<Change>) -> Answer<()> {
    desk.console().await?.changes(into(progress)).await
}

#[tauri::command]
pub(crate) async fn copy_text(desk: State<'_, Desk>, text: String) -> Answer<()> {
    desk.clipboard.copy(&text)
}

#[tauri::command]
pub(crate) async fn open_url(url: String) -> Answer<()> {
    links::open(&url)
}

#[tauri::command]
pub(crate) async fn window_ready<R: tauri::Runtime>(window: WebviewWindow<R>) -> Answer<()> {
    pane::show(&window)
}
