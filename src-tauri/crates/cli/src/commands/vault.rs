//! `vault`: where secrets rest.

use super::Ended;
use crate::args::{Connect, Global, VaultAction};
use crate::shell::Shell;
use crate::{exit, open};

pub(crate) async fn run(shell: &Shell, global: &Global, action: VaultAction) -> Ended {
    let console = open::console(global, open::options(global, &Connect::default())?).await?;
    match action {
        VaultAction::Status => {
            let vault = console.vault_check().await?;
            if shell.json {
                shell.document(&vault, true);
            } else {
                shell.data(&format!("{}: {}", vault.store_name, vault.sentence));
            }
            if vault.usable {
                return Ok(exit::YES);
            }
            if let (Some(problem), false) = (&vault.problem, shell.json) {
                shell.problem(problem);
            }
            Ok(exit::VAULT)
        }
    }
}
