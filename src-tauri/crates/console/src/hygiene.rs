//! What is worth knowing of a credential before anything is refused: which environments it serves, and who else has its
//! secret.

use countersign_evidence::Finding;
use countersign_oauth::hygiene::{Setup, hygiene};

use crate::core::{Core, lock};
use crate::workspace::{CredentialFile, Environment};

impl Core {
    /// How it is set up, held against RFC 9700.
    pub(crate) fn hygiene(&self, file: &CredentialFile) -> Vec<Finding> {
        if !file.has_tokens() {
            return Vec::new();
        }
        let environments = self.workspace.environments().value;
        let own: Vec<&Environment> = environments.iter().filter(|one| serves(file, one)).collect();
        let mut shared: Vec<String> = Vec::new();
        if own.len() > 1 && own.iter().any(|one| one.live) {
            shared.extend(own.iter().map(|one| one.title.clone()));
        }
        let mine = self.fingerprint(file);
        for other in self.workspace.credentials().value {
            let elsewhere = environments.iter().any(|one| serves(&other, one) != serves(file, one));
            if other.name != file.name && elsewhere && mine.is_some() && self.fingerprint(&other) == mine {
                shared.push(format!("`{}`", other.title));
            }
        }
        hygiene(&Setup {
            grant_type: &file.grant_type,
            method: &file.token_endpoint_auth_method,
            shared: shared.iter().map(String::as_str).collect(),
            live: own.iter().any(|one| one.live),
        })
    }

    /// Of the secret the client proves itself with, under the vault's key.
    fn fingerprint(&self, file: &CredentialFile) -> Option<String> {
        let recipe = self.workspace.recipe(&file.recipe).ok()?;
        let slot = file.slots.get(recipe.slots.first()?)?;
        lock(&self.state).slot(&slot.id)?.fingerprint
    }
}

/// Whether the credential is for this environment; one that names none is for all.
fn serves(file: &CredentialFile, environment: &Environment) -> bool {
    file.environments.is_empty() || file.environments.contains(&environment.name)
}
