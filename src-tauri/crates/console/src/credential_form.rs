//! From the add and edit form to a credential's file.

use std::sync::PoisonError;

use countersign_evidence::{Fault, Problem};
use countersign_tls::{HostPattern, Target};

use crate::core::{Core, lock};
use crate::view::CredentialForm;
use crate::workspace::CredentialFile;

impl Core {
    /// Creates `countersign.toml` where there is none yet.
    pub(crate) fn ensure_workspace(&self) -> Result<(), Problem> {
        if self.workspace.id().is_empty() {
            self.workspace.ensure(&self.new_id, "My workspace")?;
        }
        self.adopt_workspace();
        Ok(())
    }

    /// Where another process wrote the workspace first, its id counts: for the state and for the vault.
    pub(crate) fn adopt_workspace(&self) {
        if self.workspace.id().is_empty() {
            // somebody else may have made it since
            let _known = self.workspace.manifest();
        }
        let id = self.workspace_id();
        let mut known = lock(&self.known_as);
        if *known == id {
            self.refresh_state(&id);
            return;
        }
        *lock(&self.state) = crate::state::StateFile::load(&self.data.state_file(&id)).value;
        let vault = self.open_vault(self.vault().backend());
        *self.vault.write().unwrap_or_else(PoisonError::into_inner) = vault;
        *known = id;
    }

    /// What another process stored or edited meanwhile: a look at the file's time, and at the file when it is another.
    fn refresh_state(&self, id: &str) {
        let path = self.data.state_file(id);
        let Ok(changed) = std::fs::metadata(&path).and_then(|found| found.modified()) else { return };
        let mut seen = lock(&self.state_seen);
        if *seen != Some(changed) {
            lock(&self.state).refresh(&path);
            *seen = Some(changed);
        }
    }

    /// The file a form means; what the form does not show is kept.
    pub(crate) fn credential_of(&self, form: CredentialForm) -> Result<CredentialFile, Problem> {
        let title = form.title.trim();
        if title.is_empty() {
            return Err(Problem::new(
                "usage.no_name",
                Fault::Caller,
                "the credential has no name",
                "the name is empty",
            )
            .with_hint("Give it a name."));
        }
        let recipe = self.workspace.recipe(&form.recipe)?;
        let mut file = match &form.existing {
            Some(name) => self.workspace.credential(name)?,
            None => CredentialFile {
                name: self.workspace.free_credential_name(title),
                kind: "oauth2".into(),
                ..CredentialFile::default()
            },
        };
        for host in &form.allowed_hosts {
            if HostPattern::parse(host).is_none_or(|pattern| pattern.is_any()) {
                return Err(Problem::new(
                    "credential.bad_host",
                    Fault::Caller,
                    format!("`{host}` is not a host"),
                    "an allowed host is `host`, `host:port` or `*.suffix`",
                )
                .with_hint("Write the host's name without scheme and path."));
            }
        }
        let endpoint = form.token_endpoint.trim();
        let endpoint =
            if endpoint.is_empty() { recipe.defaults.token_endpoint.as_deref().unwrap_or_default() } else { endpoint };
        let mut allowed_hosts = form.allowed_hosts;
        if !endpoint.contains("{{") {
            let target = Target::parse(endpoint).map_err(|e| e.problem())?;
            crate::send::plain_http_refused(&file.name, &target)?;
            // whoever enters a token endpoint means it to be asked
            let listed = |host: &String| {
                HostPattern::parse(host).is_some_and(|pattern| pattern.matches(&target.host, target.port))
            };
            if !allowed_hosts.iter().any(listed) {
                allowed_hosts.push(target.endpoint());
            }
        }
        file.title = title.to_owned();
        file.recipe = form.recipe;
        file.token_endpoint = endpoint.to_owned();
        file.client_id = form.client_id;
        file.token_endpoint_auth_method = form.token_endpoint_auth_method;
        file.basic_encoding = form.basic_encoding;
        if let Some(grant_type) = form.grant_type {
            file.grant_type = grant(&grant_type)?;
        }
        if let Some(issuer) = form.issuer {
            file.issuer = Some(issuer.trim().to_owned()).filter(|issuer| !issuer.is_empty());
        }
        if let Some(grant) = form.grant {
            file.grant = grant;
        }
        file.scope = form.scope.split_whitespace().collect::<Vec<_>>().join(" ");
        file.allowed_hosts = allowed_hosts;
        file.environments = form.environments;
        Ok(file)
    }
}

/// Grants by the names of RFC 7591 §2, and the short names people use.
const GRANTS: [(&str, &str); 6] = [
    ("client_credentials", "client_credentials"),
    ("authorization_code", "authorization_code"),
    ("refresh_token", "refresh_token"),
    ("device_code", "urn:ietf:params:oauth:grant-type:device_code"),
    ("jwt-bearer", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
    ("token-exchange", "urn:ietf:params:oauth:grant-type:token-exchange"),
];

fn grant(name: &str) -> Result<String, Problem> {
    let found = GRANTS.iter().find(|(short, whole)| *short == name || *whole == name);
    found.map(|(_, whole)| (*whole).to_owned()).ok_or_else(|| {
        let known: Vec<&str> = GRANTS.iter().map(|(short, _)| *short).collect();
        Problem::new("token.unknown_grant", Fault::Caller, format!("`{name}` is no grant"), known.join(", "))
            .with_hint("Choose one of these.")
    })
}
