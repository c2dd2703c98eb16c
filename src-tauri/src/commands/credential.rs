//! Credentials. `credential_set_secret` is the way in for a secret; there is no way out.

use countersign_console::CertificateImport;
use countersign_console::view::{
    CertificateForm, CredentialForm, CredentialView, EncodingProbe, ExchangeView, SendProgress, ServerView,
};
use countersign_secret::Secret;
use tauri::State;
use tauri::ipc::Channel;

use super::{Answer, into};
use crate::Desk;

#[tauri::command]
pub(crate) async fn credential_list(desk: State<'_, Desk>) -> Answer<Vec<CredentialView>> {
    desk.console().await?.credential_list().await
}

#[tauri::command]
pub(crate) async fn credential_save(desk: State<'_, Desk>, form: CredentialForm) -> Answer<CredentialView> {
    desk.console().await?.credential_save(form).await
}

#[tauri::command]
pub(crate) async fn credential_discover(desk: State<'_, Desk>, issuer: String) -> Answer<ServerView> {
    desk.console().await?.credential_discover(&issuer).await
}

#[tauri::command]
pub(crate) async fn credential_remove(desk: State<'_, Desk>, name: String) -> Answer<Vec<CredentialView>> {
    desk.console().await?.credential_remove(&name).await
}

#[tauri::command]
pub(crate) async fn credential_set_secret(
    desk: State<'_, Desk>,
    name: String,
    slot: String,
    text: String,
) -> Answer<CredentialView> {
    desk.console().await?.credential_set_secret(&name, &slot, Secret::new(text)).await
}

/// Files cross as base64: they may be DER.
#[tauri::command]
pub(crate) async fn credential_import_certificate(
    desk: State<'_, Desk>,
    form: CertificateForm,
    certificate: String,
    key: Option<String>,
    passphrase: Option<String>,
) -> Answer<CredentialView> {
    let import =
        CertificateImport::from_base64(Secret::new(certificate), key.map(Secret::new), passphrase.map(Secret::new))?;
    desk.console().await?.credential_import_certificate(form, import).await
}

#[tauri::command]
pub(crate) async fn credential_remove_secret(
    desk: State<'_, Desk>,
    name: String,
    slot: String,
) -> Answer<CredentialView> {
    desk.console().await?.credential_remove_secret(&name, &slot).await
}

#[tauri::command]
pub(crate) async fn credential_generate_key(
    desk: State<'_, Desk>,
    name: String,
    slot: String,
    alg: String,
) -> Answer<CredentialView> {
    desk.console().await?.credential_generate_key(&name, &slot, &alg).await
}

#[tauri::command]
pub(crate) async fn credential_test(
    desk: State<'_, Desk>,
    name: String,
    progress: Channel<SendProgress>,
) -> Answer<ExchangeView> {
    desk.console().await?.credential_test(&name, into(progress)).await
}

#[tauri::command]
pub(crate) async fn credential_probe(
    desk: State<'_, Desk>,
    name: String,
    progress: Channel<SendProgress>,
) -> Answer<EncodingProbe> {
    desk.console().await?.credential_probe(&name, into(progress)).await
}
