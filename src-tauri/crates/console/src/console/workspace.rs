//! Workspace, environments, requests, signing profiles.

use countersign_evidence::{Fault, Problem};

use super::{Answer, Console};
use crate::core::{Core, lock};
use crate::view::{Change, RequestDraft, RequestPreview, SigningProfileView, WorkspaceView};

impl Console {
    /// The workspace as the sidebar shows it.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub async fn workspace_read(&self) -> Answer<WorkspaceView> {
        self.core.blocking(|core| Ok(workspace_view(core))).await?
    }

    /// Mutating calls may go out in the environment in use, until this process ends.
    ///
    /// # Errors
    /// None now.
    pub async fn environment_allow_live(&self) -> Answer<()> {
        self.core.allow_live();
        Ok(())
    }

    /// Chooses the environment, for this person on this machine.
    ///
    /// # Errors
    /// An environment that is not there.
    pub async fn environment_choose(&self, name: Option<&str>) -> Answer<WorkspaceView> {
        let name = name.map(ToOwned::to_owned);
        let view = self
            .core
            .blocking(move |core| {
                if let Some(name) = &name
                    && !core.workspace.environments().value.iter().any(|e| e.name == *name)
                {
                    return Err(Problem::new(
                        "workspace.no_environment",
                        Fault::Caller,
                        format!("there is no environment `{name}`"),
                        "nothing was changed",
                    )
                    .with_hint("Choose one of environments/ in the workspace."));
                }
                core.change_state(|state| state.environment = name)?;
                Ok(workspace_view(core))
            })
            .await??;
        for change in [Change::Workspace, Change::Credentials, Change::Tokens] {
            self.core.changed(change);
        }
        Ok(view)
    }

    /// A request's file as a draft.
    ///
    /// # Errors
    /// A file that is not there or does not read.
    pub async fn request_read(&self, path: &str) -> Answer<RequestDraft> {
        let path = path.to_owned();
        self.core
            .blocking(move |core| {
                let draft = core.workspace.request(&path)?.draft;
                // which request was open last is one person's; that it cannot be written does not keep it from opening
                let _kept = core.change_state(|state| state.last_request = Some(path));
                Ok(draft)
            })
            .await?
    }

    /// Writes a draft to its file.
    ///
    /// # Errors
    /// A name that is no slug, a folder that cannot be written.
    pub async fn request_save(&self, draft: RequestDraft) -> Answer<RequestDraft> {
        let saved = self
            .core
            .blocking(move |core| {
                core.ensure_workspace()?;
                core.workspace.save_request(&draft)
            })
            .await??;
        self.core.changed(Change::Workspace);
        Ok(saved)
    }

    /// Removes a request's file.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub async fn request_remove(&self, path: &str) -> Answer<WorkspaceView> {
        let path = path.to_owned();
        let view = self
            .core
            .blocking(move |core| {
                core.workspace.remove_request(&path)?;
                Ok::<_, Problem>(workspace_view(core))
            })
            .await??;
        self.core.changed(Change::Workspace);
        Ok(view)
    }

    /// What would be sent.
    ///
    /// # Errors
    /// None of the draft's: those are in the preview.
    pub async fn request_preview(&self, draft: RequestDraft) -> Answer<RequestPreview> {
        self.core.blocking(move |core| core.preview(&draft)).await
    }

    /// Signing profiles of the workspace.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub async fn signing_profile_list(&self) -> Answer<Vec<SigningProfileView>> {
        self.core.blocking(|core| core.workspace.signing_profiles().value.iter().map(profile_view).collect()).await
    }

    /// Writes a signing profile.
    ///
    /// # Errors
    /// A profile that does not hold together.
    pub async fn signing_profile_save(&self, profile: SigningProfileView) -> Answer<Vec<SigningProfileView>> {
        let list = self
            .core
            .blocking(move |core| {
                core.ensure_workspace()?;
                let (name, profile) = profile_of(profile)?;
                core.workspace.save_signing_profile(&name, &profile)?;
                Ok::<_, Problem>(core.workspace.signing_profiles().value.iter().map(profile_view).collect())
            })
            .await??;
        self.core.changed(Change::Workspace);
        Ok(list)
    }
}

fn workspace_view(core: &Core) -> WorkspaceView {
    let environments = core.workspace.environments();
    let tree = core.workspace.tree();
    let credentials = core.workspace.credentials();
    let profiles = core.workspace.signing_profiles();
    let mut problems = environments.problems;
    problems.extend(tree.problems);
    problems.extend(credentials.problems);
    problems.extend(profiles.problems);
    problems.extend(core.workspace.manifest_loaded().problems);
    problems.extend(core.workspace.trust().err());
    problems.extend(core.problems_at_start.iter().cloned());
    let state = lock(&core.state).clone();
    let untouched = credentials.value.is_empty() && tree.value.requests.is_empty() && tree.value.folders.is_empty();
    WorkspaceView {
        id: core.workspace_id(),
        name: core.workspace.manifest().name,
        folder: core.workspace.folder().display().to_string(),
        environment: core.environment_name(),
        environments: environments.value.into_iter().map(crate::workspace::Environment::view).collect(),
        requests: tree.value,
        problems,
        first_run: untouched && !state.first_run_done,
        demo: core.has_demo(),
        last_request: state.last_request,
    }
}

fn profile_view((name, profile): &(String, countersign_signing::Profile)) -> SigningProfileView {
    SigningProfileView {
        name: name.clone(),
        scheme: profile.scheme.clone(),
        alg: profile.alg.clone(),
        keyid: profile.keyid.clone(),
        key: profile.key.clone(),
        covered: profile.covered.clone(),
        parameters: profile.parameters.clone(),
        content_digest: profile.content_digest.clone().unwrap_or_default(),
    }
}

fn profile_of(view: SigningProfileView) -> Answer<(String, countersign_signing::Profile)> {
    let profile = countersign_signing::Profile {
        scheme: view.scheme,
        key: view.key,
        keyid: view.keyid,
        alg: view.alg,
        label: "sig1".into(),
        covered: view.covered,
        parameters: view.parameters,
        content_digest: Some(view.content_digest).filter(|d| !d.is_empty()),
        expires_after: None,
        tag: None,
    };
    // what is read back is checked as a file is
    let text = profile.to_toml().map_err(|e| e.problem())?;
    let checked = countersign_signing::Profile::from_toml(&text).map_err(|e| e.problem())?;
    Ok((view.name, checked))
}
