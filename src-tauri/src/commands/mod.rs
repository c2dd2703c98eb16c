//! One function per operation of the command table: decode, one call, encode.

mod credential;
mod exchange;
mod gateway;
mod recipe;
mod sending;
mod settings;
mod token;
mod workspace;

use countersign_evidence::Problem;
use tauri::ipc::Channel;
use tauri::{Builder, Runtime};

/// What every operation answers: the value, or why not.
pub(crate) type Answer<T> = Result<T, Problem>;

/// Events into a channel; a window that is gone does not matter.
pub(crate) fn into<T>(channel: Channel<T>) -> impl Fn(T) + Send + Sync + 'static
where
    T: tauri::ipc::IpcResponse + Send + Sync + 'static,
{
    move |event| {
        let _gone = channel.send(event);
    }
}

/// Registers every operation.
pub(crate) fn handle<R: Runtime>(builder: Builder<R>) -> Builder<R> {
    builder.invoke_handler(tauri::generate_handler![
        workspace::workspace_read,
        workspace::environment_choose,
        workspace::environment_allow_live,
        workspace::request_read,
        workspace::request_save,
        workspace::request_remove,
        workspace::request_preview,
        workspace::signing_profile_list,
        workspace::signing_profile_save,
        sending::send,
        sending::send_cancel,
        sending::first_run,
        sending::demo_break,
        sending::demo_remove,
        sending::watch_list,
        sending::watch_add,
        sending::watch_remove,
        sending::watch_check,
        sending::scan,
        sending::inspect,
        exchange::exchange_read,
        exchange::exchange_content,
        exchange::handshake_read,
        exchange::handshake_secret,
        exchange::chain_fetch,
        exchange::exchange_copy_curl,
        exchange::exchange_save,
        exchange::exchange_compare,
        exchange::signature_compare,
        exchange::history_list,
        exchange::history_clear,
        credential::credential_list,
        credential::credential_save,
        credential::credential_discover,
        credential::credential_remove,
        credential::credential_set_secret,
        credential::credential_import_certificate,
        credential::credential_remove_secret,
        credential::credential_generate_key,
        credential::credential_test,
        credential::credential_probe,
        recipe::recipe_list,
        recipe::recipe_save,
        recipe::recipe_remove,
        recipe::recipe_try,
        recipe::recipe_test,
        token::token_list,
        token::token_obtain,
        token::token_renew,
        token::token_sign_in,
        token::token_introspect,
        token::token_verify,
        token::token_revoke,
        token::token_discard,
        token::token_copy,
        gateway::gateway_read,
        gateway::gateway_start,
        gateway::gateway_stop,
        gateway::gateway_fault,
        gateway::gateway_clear_faults,
        gateway::gateway_token_lifetime,
        gateway::gateway_expire_tokens,
        gateway::gateway_copy_ca,
        gateway::zoo_read,
        gateway::zoo_inspect,
        settings::preferences_read,
        settings::preferences_write,
        settings::trust_read,
        settings::trust_add_ca,
        settings::trust_remove_ca,
        settings::trust_add_pin,
        settings::trust_remove_pin,
        settings::trust_store,
        settings::trust_profile,
        settings::accept_unverified,
        settings::vault_read,
        settings::vault_check,
        settings::vault_choose,
        settings::vault_unlock,
        settings::status_read,
        settings::changes,
        settings::copy_text,
        settings::open_url,
        settings::window_ready,
    ])
}
