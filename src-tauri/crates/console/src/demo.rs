//! The first run: the gateway started, a demo credential in the vault, one signed request sent; and everything removed again.

mod vendor;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_evidence::{Fault as AtFault, Problem};
use countersign_gateway::{DEMO_CLIENT, DEMO_KEYID, Dialect, Fault};
use countersign_secret::Secret;
use countersign_signing::{Algorithm, Profile, PublicKey, generate};
use countersign_vault::Kind;

use crate::core::{Core, lock};
use crate::gateway::Start;
use crate::send::{ProgressSink, run};
use crate::view::{Change, DraftAuthorization, DraftField, ExchangeView, RequestDraft};
use crate::workspace::{CredentialFile, Environment, GrantFile};

/// The demo credential's name.
pub(crate) const CREDENTIAL: &str = "demo-client";
/// The demo signing profile's name.
pub(crate) const PROFILE: &str = "demo-ed25519";
/// The demo environment's name.
pub(crate) const ENVIRONMENT: &str = "local";
/// The request of the first run.
pub(crate) const CREATE: &str = "payments/create-payment";
/// The folder of its requests.
const FOLDER: &str = "payments";
/// Requests of the first run.
const REQUESTS: [&str; 3] = [CREATE, "payments/payment-status", "payments/refund"];

/// The faults of the first run, by the label on their button.
const BREAKS: [(&str, &str); 4] = [
    ("certificate-expired", "certificate"),
    ("certificate-wrong-host", "certificate"),
    ("client-refused", "token"),
    ("content-changed", "signature"),
];

/// The demo client's secret, and keys by their identifier.
type DemoIdentity = (Arc<countersign_secret::SecretText>, Vec<(String, PublicKey)>);

impl Core {
    /// Everything of the first run but the send: files, secrets, the running gateway.
    pub(crate) async fn prepare_demo(self: &Arc<Self>, preferred_ports: bool) -> Result<(), Problem> {
        let (demo_secret, trusted_keys) = self.demo_identity().await?;
        let runs = self.gateway_port().is_some();
        if !runs {
            self.start_gateway(Start {
                dialect: Dialect::Rfc,
                lifetime: Duration::from_secs(300),
                demo_secret,
                trusted_keys,
                preferred_ports,
            })
            .await?;
        }
        self.change_state(|state| {
            state.first_run_done = true;
            state.environment = Some(ENVIRONMENT.to_owned());
            state.last_request = Some(CREATE.to_owned());
        })?;
        for change in [Change::Workspace, Change::Credentials, Change::Status] {
            self.changed(change);
        }
        Ok(())
    }

    /// The demo client's secret: made once, kept in the vault.
    pub(crate) async fn demo_secret(self: &Arc<Self>) -> Result<Arc<countersign_secret::SecretText>, Problem> {
        match self.read_text_slot(CREDENTIAL, "client_secret").await {
            Ok(secret) => return Ok(secret),
            Err(problem) if problem.code == "credential.slot_empty" || problem.code == "credential.no_slot" => {}
            Err(problem) => return Err(problem),
        }
        let mut bytes = [0; 24];
        self.entropy.fill(&mut bytes);
        let text = URL_SAFE_NO_PAD.encode(bytes);
        self.write_slot(CREDENTIAL, "client_secret", Kind::Text, Arc::new(Secret::new(text.into_bytes()))).await?;
        self.read_text_slot(CREDENTIAL, "client_secret").await
    }

    /// The demo client's signing key: made once, kept in the vault; its public half.
    async fn demo_key(self: &Arc<Self>) -> Result<PublicKey, Problem> {
        let read =
            |bytes| countersign_signing::SigningKey::from_secret(Algorithm::Ed25519, &bytes).map_err(|e| e.problem());
        let key = match self.read_slot(CREDENTIAL, "signing_key").await {
            Ok(bytes) => read(bytes)?,
            Err(problem) if problem.code == "credential.slot_empty" || problem.code == "credential.no_slot" => {
                self.generate_key(CREDENTIAL, "signing_key", Algorithm::Ed25519).await?;
                read(self.read_slot(CREDENTIAL, "signing_key").await?)?
            }
            Err(problem) => return Err(problem),
        };
        key.public()
            .ok_or_else(|| Problem::new("internal.demo_key", AtFault::Us, "the demo key has no public half", "Ed25519"))
    }

    /// Makes a key in the vault; the public half goes into the credential's file.
    pub(crate) async fn generate_key(
        self: &Arc<Self>,
        credential: &str,
        slot: &str,
        algorithm: Algorithm,
    ) -> Result<(), Problem> {
        let (secret, public) = generate(algorithm, &aws_lc_rs::rand::SystemRandom::new()).map_err(|e| e.problem())?;
        let kind = if algorithm == Algorithm::HmacSha256 { Kind::Text } else { Kind::Key };
        let secret = match algorithm {
            // text, so that it can be given to the other side as it is
            Algorithm::HmacSha256 => Secret::new(URL_SAFE_NO_PAD.encode(secret.expose_secret()).into_bytes()),
            _ => secret,
        };
        self.write_slot(credential, slot, kind, Arc::new(secret)).await?;
        let mut file = self.workspace.credential(credential)?;
        if let Some(found) = file.slots.get_mut(slot) {
            found.public_jwk = public;
        }
        self.workspace.save_credential(&file)
    }

    /// Who the gateway knows: the demo client's secret and key, made when they are not there yet.
    pub(crate) async fn demo_identity(self: &Arc<Self>) -> Result<DemoIdentity, Problem> {
        self.ensure_workspace()?;
        self.write_demo_files()?;
        if self.environment_name().is_none() {
            self.change_state(|state| state.environment = Some(ENVIRONMENT.to_owned()))?;
            self.changed(Change::Workspace);
        }
        let secret = self.demo_secret().await?;
        Ok((secret, vec![(DEMO_KEYID.to_owned(), self.demo_key().await?)]))
    }

    /// The demo client of a gateway in another process: its secret into the vault, its addresses into the file.
    pub(crate) async fn store_demo(
        self: &Arc<Self>,
        secret: &countersign_secret::SecretText,
        ready: &countersign_gateway::Ready,
    ) -> Result<(), Problem> {
        self.ensure_workspace()?;
        self.write_demo_files()?;
        let mut file = self.workspace.credential(CREDENTIAL)?;
        file.token_endpoint.clone_from(&ready.token_endpoint);
        self.workspace.save_credential(&file)?;
        let bytes = Secret::new(secret.expose_secret().as_bytes().to_vec());
        self.write_slot(CREDENTIAL, "client_secret", Kind::Text, Arc::new(bytes)).await
    }

    fn write_demo_files(&self) -> Result<(), Problem> {
        let environments = self.workspace.environments().value;
        if !environments.iter().any(|e| e.name == ENVIRONMENT) {
            self.workspace.save_environment(&Environment {
                name: ENVIRONMENT.into(),
                title: "Local".into(),
                colour: "grey".into(),
                live: false,
                variables: vec![("base_url".into(), "{{gateway.api}}".into())],
            })?;
        }
        if self.workspace.credential(CREDENTIAL).is_err() {
            self.workspace.save_credential(&CredentialFile {
                name: CREDENTIAL.into(),
                title: "Demo client".into(),
                kind: "oauth2".into(),
                environments: vec![ENVIRONMENT.into()],
                allowed_hosts: vec!["localhost".into()],
                recipe: "rfc6749".into(),
                token_endpoint: "{{gateway.token_endpoint}}".into(),
                client_id: DEMO_CLIENT.into(),
                token_endpoint_auth_method: "client_secret_basic".into(),
                basic_encoding: "form".into(),
                grant_type: "client_credentials".into(),
                scope: "payments:read payments:write".into(),
                grant: GrantFile {
                    introspection_endpoint: "{{gateway.introspection_endpoint}}".into(),
                    revocation_endpoint: "{{gateway.revocation_endpoint}}".into(),
                    ..GrantFile::default()
                },
                ..CredentialFile::default()
            })?;
        }
        if self.workspace.signing_profile(PROFILE).is_err() {
            self.workspace.save_signing_profile(PROFILE, &profile())?;
        }
        self.workspace.name_folder(FOLDER, "Payments")?;
        for draft in [create(), status(), refund()] {
            if draft.path.as_deref().is_some_and(|path| self.workspace.request(path).is_err()) {
                self.workspace.save_request(&draft)?;
            }
        }
        Ok(())
    }

    /// The first run.
    pub(crate) async fn first_run(self: &Arc<Self>, sink: ProgressSink) -> Result<ExchangeView, Problem> {
        self.prepare_demo(true).await?;
        let draft = self.workspace.request(CREATE)?.draft;
        Ok(run::run(self, draft, sink).await)
    }

    /// Switches one fault on, sends again, and switches it off.
    pub(crate) async fn demo_break(self: &Arc<Self>, fault: &str, sink: ProgressSink) -> Result<ExchangeView, Problem> {
        let Some((name, group)) = BREAKS.iter().find(|(name, _)| *name == fault) else {
            let known = BREAKS.map(|(name, _)| name).join(", ");
            return Err(Problem::new(
                "gateway.unknown_fault",
                AtFault::Caller,
                format!("`{fault}` is not one of {known}"),
                "nothing was sent",
            ));
        };
        self.prepare_demo(true).await?;
        let parsed = Fault::parse(name).map_err(|e| e.problem())?;
        let group = countersign_gateway::FaultGroup::parse(group).unwrap_or(parsed.group());
        self.change_faults(|gateway| gateway.set_fault(parsed)).await?;
        if *name == "client-refused" {
            self.engine().discard(CREDENTIAL);
        }
        let draft = self.workspace.request(CREATE)?.draft;
        let view = run::run(self, draft, sink).await;
        let _stopped_meanwhile = self.change_faults(|gateway| gateway.clear_fault(group)).await;
        Ok(view)
    }

    /// Removes what the first run made: secrets, files, the running gateway.
    pub(crate) async fn remove_demo(self: &Arc<Self>) -> Result<(), Problem> {
        self.stop_gateway().await;
        for name in [CREDENTIAL].into_iter().chain(vendor::CREDENTIALS) {
            if self.workspace.credential(name).is_ok() {
                self.remove_credential(name).await?;
            }
        }
        for path in REQUESTS.into_iter().chain(vendor::REQUESTS) {
            if self.workspace.request(path).is_ok() {
                self.workspace.remove_request(path)?;
            }
        }
        for folder in [FOLDER].into_iter().chain(vendor::FOLDERS.map(|(folder, _)| folder)) {
            self.workspace.remove_empty_folder(folder)?;
        }
        if self.workspace.signing_profile(PROFILE).is_ok() {
            self.workspace.remove_signing_profile(PROFILE)?;
        }
        if self.workspace.environments().value.iter().any(|e| e.name == ENVIRONMENT) {
            self.workspace.remove_environment(ENVIRONMENT)?;
        }
        self.change_state(|state| {
            state.first_run_done = false;
            state.environment = None;
            state.last_request = None;
        })?;
        for change in [Change::Workspace, Change::Credentials, Change::Tokens, Change::Status] {
            self.changed(change);
        }
        Ok(())
    }

    /// Removes a credential with its secrets and its token.
    pub(crate) async fn remove_credential(self: &Arc<Self>, name: &str) -> Result<(), Problem> {
        let Ok(file) = self.workspace.credential(name) else { return Ok(()) };
        let vault = self.vault();
        for slot in file.slots.values() {
            vault.remove(&slot.id).await.map_err(|e| e.problem())?;
        }
        let prefix = crate::kept::prefix(name);
        let refresh: Vec<String> =
            lock(&self.state).slot_ids().into_iter().filter(|id| id.starts_with(&prefix)).collect();
        for id in &refresh {
            vault.remove(id).await.map_err(|e| e.problem())?;
        }
        self.drop_identities(name);
        self.workspace.remove_credential(name)?;
        if let Some(chain) = &file.certificate_file {
            self.workspace.remove_chain(chain)?;
        }
        self.change_state(|state| {
            for id in &refresh {
                state.remove_slot(id);
            }
            for slot in file.slots.values() {
                state.remove_slot(&slot.id);
            }
            state.bump_credential(name);
        })?;
        let ids: Vec<&String> = file.slots.values().map(|s| &s.id).collect();
        lock(&self.signers).retain(|id, _| !ids.contains(&id));
        self.credential_changed(name);
        Ok(())
    }

    /// Whether demo data is here.
    pub(crate) fn has_demo(&self) -> bool {
        self.workspace.credential(CREDENTIAL).is_ok()
    }
}

fn profile() -> Profile {
    let owned = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect();
    Profile {
        scheme: "rfc9421".into(),
        key: format!("{CREDENTIAL}/signing_key"),
        keyid: DEMO_KEYID.into(),
        alg: "ed25519".into(),
        label: "sig1".into(),
        covered: owned(&["@method", "@target-uri", "authorization", "content-digest"]),
        parameters: owned(&["created", "keyid", "alg"]),
        content_digest: Some("sha-256".into()),
        expires_after: None,
        tag: None,
    }
}

fn authorization() -> Option<DraftAuthorization> {
    Some(DraftAuthorization { credential: CREDENTIAL.into(), scope: None })
}

fn field(name: &str, value: &str) -> DraftField {
    DraftField { name: name.into(), value: value.into(), off: false }
}

fn create() -> RequestDraft {
    RequestDraft {
        path: Some(CREATE.into()),
        name: "Create payment".into(),
        method: "POST".into(),
        url: "{{base_url}}/payments".into(),
        fields: vec![field("accept", "application/json"), field("idempotency-key", "{{$uuid}}")],
        authorization: authorization(),
        signing: Some(PROFILE.into()),
        content_type: Some("application/json".into()),
        content: Some("{\n  \"amount\": 1250,\n  \"currency\": \"AED\",\n  \"reference\": \"demo-0001\"\n}".into()),
        ..RequestDraft::default()
    }
}

fn status() -> RequestDraft {
    RequestDraft {
        path: Some(REQUESTS[1].into()),
        name: "Payment status".into(),
        method: "GET".into(),
        url: "{{base_url}}/payments/latest".into(),
        fields: vec![field("accept", "application/json")],
        authorization: authorization(),
        ..RequestDraft::default()
    }
}

fn refund() -> RequestDraft {
    RequestDraft {
        path: Some(REQUESTS[2].into()),
        name: "Refund".into(),
        method: "POST".into(),
        url: "{{base_url}}/refunds".into(),
        fields: vec![field("accept", "application/json"), field("idempotency-key", "{{$uuid}}")],
        authorization: authorization(),
        signing: Some(PROFILE.into()),
        content_type: Some("application/json".into()),
        content: Some("{\n  \"payment\": \"latest\"\n}".into()),
        ..RequestDraft::default()
    }
}
