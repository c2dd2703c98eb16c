//! Past exchanges, their contents, exports.

use countersign_console::view::{Comparison, ExchangeView, HandshakeView, HistoryPage, Parted};
use countersign_evidence::Explained;
use countersign_secret::Secret;
use tauri::State;
use tauri::ipc::Response;

use super::Answer;
use crate::Desk;

#[tauri::command]
pub(crate) async fn exchange_read(desk: State<'_, Desk>, exchange: String) -> Answer<ExchangeView> {
    desk.console().await?.exchange_read(&exchange).await
}

#[tauri::command]
pub(crate) async fn exchange_content(
    desk: State<'_, Desk>,
    reference: String,
    offset: u64,
    length: u64,
) -> Answer<Response> {
    desk.console().await?.exchange_content(&reference, offset, length).await.map(Response::new)
}

#[tauri::command]
pub(crate) async fn handshake_read(desk: State<'_, Desk>, exchange: String) -> Answer<HandshakeView> {
    desk.console().await?.handshake_read(&exchange).await
}

#[tauri::command]
pub(crate) async fn chain_fetch(desk: State<'_, Desk>, exchange: String) -> Answer<Explained> {
    desk.console().await?.chain_fetch(&exchange).await
}

#[tauri::command]
pub(crate) async fn handshake_secret(desk: State<'_, Desk>, exchange: String, name: String) -> Answer<String> {
    desk.console().await?.handshake_secret(&exchange, &name).await.map(|secret| secret.to_string())
}

#[tauri::command]
pub(crate) async fn exchange_copy_curl(desk: State<'_, Desk>, exchange: String) -> Answer<()> {
    let line = desk.console().await?.exchange_copy_curl(&exchange).await?;
    desk.clipboard.copy(&line)
}

#[tauri::command]
pub(crate) async fn exchange_save(desk: State<'_, Desk>, exchange: String, kind: String) -> Answer<String> {
    desk.console().await?.exchange_save(&exchange, &kind).await
}

#[tauri::command]
pub(crate) async fn exchange_compare(desk: State<'_, Desk>, left: String, right: String) -> Answer<Comparison> {
    desk.console().await?.exchange_compare(&left, &right).await
}

/// The base may hold a token: it is compared and forgotten.
#[tauri::command]
pub(crate) async fn signature_compare(
    desk: State<'_, Desk>,
    exchange: String,
    theirs: String,
) -> Answer<Option<Parted>> {
    desk.console().await?.signature_compare(&exchange, Secret::new(theirs)).await
}

#[tauri::command]
pub(crate) async fn history_list(
    desk: State<'_, Desk>,
    filter: String,
    before: Option<String>,
    limit: u64,
) -> Answer<HistoryPage> {
    desk.console().await?.history_list(&filter, before.as_deref(), limit).await
}

#[tauri::command]
pub(crate) async fn history_clear(desk: State<'_, Desk>) -> Answer<()> {
    desk.console().await?.history_clear().await
}
