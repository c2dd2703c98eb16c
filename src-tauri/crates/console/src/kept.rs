//! Refresh tokens in the vault: one slot for each key of the token engine.

use std::sync::{Arc, Weak};

use aws_lc_rs::digest;
use countersign_evidence::{Fault, Problem};
use countersign_vault::Kind;
use futures_util::future::BoxFuture;

use crate::core::{Core, lock};
use crate::state::{SlotRecord, StateFile};
use crate::token::{KeepRefresh, KeptRefresh, TokenKey};

/// The vault as the engine's store of refresh tokens.
pub(crate) struct KeptInVault {
    pub(crate) core: Weak<Core>,
}

/// How the slots of a credential's refresh tokens begin: opaque, and the same in every process.
pub(crate) fn prefix(credential: &str) -> String {
    let digest = digest::digest(&digest::SHA256, credential.as_bytes());
    format!("refresh-{}-", hex::encode(digest.as_ref().get(..6).unwrap_or_default()))
}

fn slot_id(key: &TokenKey) -> String {
    format!("{}{}", prefix(&key.credential), key.hash.get(..24).unwrap_or(&key.hash))
}

fn gone() -> Problem {
    Problem::new("exchange.cancelled", Fault::Caller, "Countersign is closing", "a refresh token was to be kept")
}

impl Core {
    /// Whether another process noted the slot since the state was read.
    fn kept_elsewhere(&self, id: &str) -> bool {
        StateFile::load(&self.data.state_file(&self.workspace_id())).value.slot(id).is_some()
    }
}

impl KeepRefresh for KeptInVault {
    fn read(&self, key: &TokenKey) -> BoxFuture<'static, Result<Option<KeptRefresh>, Problem>> {
        let (core, id) = (self.core.upgrade(), slot_id(key));
        let known = core.as_ref().is_some_and(|core| lock(&core.state).slot(&id).is_some());
        Box::pin(async move {
            let core = core.ok_or_else(gone)?;
            if !known && !core.kept_elsewhere(&id) {
                // nothing was ever kept for this key: the keychain is not asked
                return Ok(None);
            }
            let Some(value) = core.vault().get(&id, None).await.map_err(|e| e.problem())? else { return Ok(None) };
            let kept = KeptRefresh::decode(&value.bytes)?;
            core.redactor.register_token(&kept.refresh_token);
            if let Some(access) = &kept.access {
                core.redactor.register_token(&access.token);
            }
            Ok(Some(kept))
        })
    }

    fn write(&self, key: &TokenKey, kept: KeptRefresh) -> BoxFuture<'static, Result<(), Problem>> {
        let (core, id, credential) = (self.core.upgrade(), slot_id(key), key.credential.clone());
        Box::pin(async move {
            let core = core.ok_or_else(gone)?;
            let value = Arc::new(kept.encode());
            let label = format!("{credential} (refresh token)");
            core.vault().set(&id, &label, Kind::RefreshToken, kept.generation, value).await.map_err(|e| e.problem())?;
            let record =
                SlotRecord { generation: kept.generation, stored_at: Some(kept.obtained_at), ..SlotRecord::default() };
            core.change_state(|state| state.set_slot(&id, record))
        })
    }

    fn remove(&self, key: &TokenKey) -> BoxFuture<'static, Result<(), Problem>> {
        let (core, id) = (self.core.upgrade(), slot_id(key));
        Box::pin(async move {
            let core = core.ok_or_else(gone)?;
            core.vault().remove(&id).await.map_err(|e| e.problem())?;
            core.change_state(|state| state.remove_slot(&id))
        })
    }
}
