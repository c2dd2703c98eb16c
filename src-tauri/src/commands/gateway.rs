//! The local gateway.

use countersign_console::view::{ExchangeView, GatewayView, SendProgress, ZooLesson};
use tauri::State;
use tauri::ipc::Channel;

use super::{Answer, into};
use crate::Desk;

#[tauri::command]
pub(crate) async fn gateway_read(desk: State<'_, Desk>) -> Answer<GatewayView> {
    desk.console().await?.gateway_read().await
}

#[tauri::command]
pub(crate) async fn gateway_start(desk: State<'_, Desk>, dialect: String, lifetime: u64) -> Answer<GatewayView> {
    desk.console().await?.gateway_start(&dialect, lifetime).await
}

#[tauri::command]
pub(crate) async fn gateway_stop(desk: State<'_, Desk>) -> Answer<GatewayView> {
    desk.console().await?.gateway_stop().await
}

#[tauri::command]
pub(crate) async fn gateway_fault(desk: State<'_, Desk>, group: String, fault: Option<String>) -> Answer<GatewayView> {
    desk.console().await?.gateway_fault(&group, fault.as_deref()).await
}

#[tauri::command]
pub(crate) async fn gateway_clear_faults(desk: State<'_, Desk>) -> Answer<GatewayView> {
    desk.console().await?.gateway_clear_faults().await
}

#[tauri::command]
pub(crate) async fn gateway_token_lifetime(desk: State<'_, Desk>, seconds: u64) -> Answer<GatewayView> {
    desk.console().await?.gateway_token_lifetime(seconds).await
}

#[tauri::command]
pub(crate) async fn gateway_expire_tokens(desk: State<'_, Desk>) -> Answer<GatewayView> {
    desk.console().await?.gateway_expire_tokens().await
}

#[tauri::command]
pub(crate) async fn gateway_copy_ca(desk: State<'_, Desk>) -> Answer<()> {
    let pem = desk.console().await?.gateway_copy_ca().await?;
    desk.clipboard.copy(&pem)
}

#[tauri::command]
pub(crate) async fn zoo_read(desk: State<'_, Desk>) -> Answer<Vec<ZooLesson>> {
    desk.console().await?.zoo_read().await
}

#[tauri::command]
pub(crate) async fn zoo_inspect(
    desk: State<'_, Desk>,
    id: String,
    progress: Channel<SendProgress>,
) -> Answer<ExchangeView> {
    desk.console().await?.zoo_inspect(&id, into(progress)).await
}
