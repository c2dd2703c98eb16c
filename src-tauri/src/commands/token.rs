//! Tokens: state and deadlines. The token itself goes to the clipboard at most, natively.

use countersign_console::view::{ExchangeView, SendProgress, TokenRow};
use tauri::State;
use tauri::ipc::Channel;

use super::{Answer, into};
use crate::Desk;

#[tauri::command]
pub(crate) async fn token_list(desk: State<'_, Desk>) -> Answer<Vec<TokenRow>> {
    desk.console().await?.token_list().await
}

#[tauri::command]
pub(crate) async fn token_obtain(
    desk: State<'_, Desk>,
    credential: String,
    progress: Channel<SendProgress>,
) -> Answer<ExchangeView> {
    desk.console().await?.token_obtain(&credential, into(progress)).await
}

#[tauri::command]
pub(crate) async fn token_renew(
    desk: State<'_, Desk>,
    credential: String,
    progress: Channel<SendProgress>,
) -> Answer<ExchangeView> {
    desk.console().await?.token_renew(&credential, into(progress)).await
}

#[tauri::command]
pub(crate) async fn token_discard(desk: State<'_, Desk>, credential: String) -> Answer<Vec<TokenRow>> {
    desk.console().await?.token_discard(&credential).await
}

#[tauri::command]
pub(crate) async fn token_copy(desk: State<'_, Desk>, credential: String) -> Answer<()> {
    let token = desk.console().await?.token_copy(&credential).await?;
    desk.clipboard.copy_secret(token)
}
