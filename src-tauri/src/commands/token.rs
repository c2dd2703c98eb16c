//! Tokens: state and deadlines. The token itself goes to the clipboard at most, natively.

use countersign_console::view::{
    ExchangeView, IntrospectionView, SendProgress, SignInProgress, TokenRow, VerificationView,
};
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

/// The address of a sign-in is opened in the system's browser; where there is none, the window shows it.
#[tauri::command]
pub(crate) async fn token_sign_in(
    desk: State<'_, Desk>,
    credential: String,
    progress: Channel<SignInProgress>,
) -> Answer<ExchangeView> {
    let told = move |event| {
        if let SignInProgress::Browser { url } = &event {
            let _shown_too = open::that_detached(url);
        }
        // a window that was closed hears no progress, and that is no error
        drop(progress.send(event));
    };
    desk.console().await?.token_sign_in(&credential, told).await
}

#[tauri::command]
pub(crate) async fn token_introspect(desk: State<'_, Desk>, credential: String) -> Answer<IntrospectionView> {
    desk.console().await?.token_introspect(&credential).await
}

#[tauri::command]
pub(crate) async fn token_verify(desk: State<'_, Desk>, credential: String) -> Answer<VerificationView> {
    desk.console().await?.token_verify(&credential).await
}

#[tauri::command]
pub(crate) async fn token_revoke(desk: State<'_, Desk>, credential: String) -> Answer<Vec<TokenRow>> {
    desk.console().await?.token_revoke(&credential).await
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
