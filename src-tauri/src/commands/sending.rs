//! Everything that sends: progress streams while it goes on.

use countersign_console::view::{ExchangeView, RequestDraft, ScanProgress, SendProgress, WatchRow, WorkspaceView};
use countersign_evidence::Scan;
use tauri::State;
use tauri::ipc::Channel;

use super::{Answer, into};
use crate::Desk;

#[tauri::command]
pub(crate) async fn send(
    desk: State<'_, Desk>,
    draft: RequestDraft,
    progress: Channel<SendProgress>,
) -> Answer<ExchangeView> {
    desk.console().await?.send(draft, into(progress)).await
}

#[tauri::command]
pub(crate) async fn send_cancel(desk: State<'_, Desk>, exchange: String) -> Answer<()> {
    desk.console().await?.send_cancel(&exchange).await
}

#[tauri::command]
pub(crate) async fn first_run(desk: State<'_, Desk>, progress: Channel<SendProgress>) -> Answer<ExchangeView> {
    desk.console().await?.first_run(into(progress)).await
}

#[tauri::command]
pub(crate) async fn demo_break(
    desk: State<'_, Desk>,
    fault: String,
    progress: Channel<SendProgress>,
) -> Answer<ExchangeView> {
    desk.console().await?.demo_break(&fault, into(progress)).await
}

#[tauri::command]
pub(crate) async fn demo_remove(desk: State<'_, Desk>) -> Answer<WorkspaceView> {
    desk.console().await?.demo_remove().await
}

#[tauri::command]
pub(crate) async fn watch_list(desk: State<'_, Desk>) -> Answer<Vec<String>> {
    desk.console().await?.watch_list().await
}

#[tauri::command]
pub(crate) async fn watch_add(desk: State<'_, Desk>, hosts: Vec<String>) -> Answer<Vec<String>> {
    desk.console().await?.watch_add(hosts).await
}

#[tauri::command]
pub(crate) async fn watch_remove(desk: State<'_, Desk>, host: String) -> Answer<Vec<String>> {
    desk.console().await?.watch_remove(&host).await
}

#[tauri::command]
pub(crate) async fn watch_check(desk: State<'_, Desk>) -> Answer<Vec<WatchRow>> {
    desk.console().await?.watch_check().await
}

#[tauri::command]
pub(crate) async fn scan(desk: State<'_, Desk>, host: String, progress: Channel<ScanProgress>) -> Answer<Scan> {
    // a window that was closed hears no progress, and that is no error
    let told = move |event| drop(progress.send(event));
    desk.console().await?.scan(&host, told).await
}

#[tauri::command]
pub(crate) async fn inspect(
    desk: State<'_, Desk>,
    host: String,
    progress: Channel<SendProgress>,
) -> Answer<ExchangeView> {
    desk.console().await?.inspect(&host, into(progress)).await
}
