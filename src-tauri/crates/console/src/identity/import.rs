//! Importing: from the files of a client certificate into the workspace (chain) and the vault (key).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_evidence::{Fault, Problem};
use countersign_secret::{Secret, SecretBytes, SecretText};
use countersign_tls::HostPattern;
use countersign_vault::Kind;

use super::SLOT;
use super::file::{self, Identity};
use super::problem::Error;
use crate::core::{Core, lock};
use crate::view::CertificateForm;
use crate::workspace::{CLIENT_CERTIFICATE, CredentialFile};

/// A client certificate as it was handed over: one file or two, and the passphrase where it is encrypted.
pub struct CertificateImport {
    /// PEM or PKCS#12: certificate and key, or the certificate alone.
    pub certificate: SecretBytes,
    /// The key, where it has a file of its own: PEM or DER.
    pub key: Option<SecretBytes>,
    /// Of whichever is encrypted.
    pub passphrase: Option<SecretText>,
}

impl CertificateImport {
    /// From base64, as files cross the boundary to a window.
    ///
    /// # Errors
    /// Text that is no base64.
    pub fn from_base64(
        certificate: SecretText,
        key: Option<SecretText>,
        passphrase: Option<SecretText>,
    ) -> Result<Self, Problem> {
        let decoded = |text: SecretText| {
            STANDARD.decode(text.expose_secret()).map(Secret::new).map_err(|_| {
                Error::Unreadable { reason: "what came from the window is not base64".to_owned() }.problem()
            })
        };
        Ok(Self { certificate: decoded(certificate)?, key: key.map(decoded).transpose()?, passphrase })
    }
}

impl Core {
    /// Reads the files; certificate and key go where they belong. A new credential is made, or a present one gets it.
    ///
    /// # Errors
    /// Files that hold no such pair, a passphrase that does not open them, no host, a vault that cannot take the key.
    pub(crate) async fn import_certificate(
        self: &Arc<Self>,
        form: CertificateForm,
        import: CertificateImport,
    ) -> Result<CredentialFile, Problem> {
        if let Some(passphrase) = &import.passphrase {
            let owner = form.existing.as_deref().unwrap_or(&form.title);
            self.redactor.register_slot(owner, "passphrase", passphrase);
        }
        let read = self.blocking(move |_| {
            let mut files = vec![&import.certificate];
            files.extend(&import.key);
            file::read(&files, import.passphrase.as_ref()).map_err(|error| error.problem())
        });
        let Identity { chain, key } = read.await??;
        let (mut credential, is_new) = self.credential_for(form)?;
        if is_new {
            self.ensure_workspace()?;
        }
        let ders: Vec<_> = chain.iter().map(|certificate| certificate.der().clone()).collect();
        let before = credential.certificate_file.replace(self.workspace.save_chain(&ders)?);
        self.workspace.save_credential(&credential)?;
        if let Err(problem) = self.write_slot(&credential.name, SLOT, Kind::Key, Arc::new(key)).await {
            if is_new {
                // a credential without its key would only look as if it could be used
                self.workspace.remove_credential(&credential.name)?;
            }
            return Err(problem);
        }
        if let Some(file) = before {
            self.workspace.remove_chain(&file)?;
        }
        let name = credential.name;
        self.drop_identities(&name);
        self.workspace.credential(&name)
    }

    /// Handles on keys of this credential are dropped, and with them the connections that showed it.
    pub(crate) fn drop_identities(&self, credential: &str) {
        if let Ok(slot) = self.slot(credential, SLOT) {
            lock(&self.identities).retain(|(id, _), _| *id != slot.id);
        }
        self.client.connector().forget();
        self.client.close_idle();
    }

    fn credential_for(&self, form: CertificateForm) -> Result<(CredentialFile, bool), Problem> {
        let hosts: Vec<String> = form.allowed_hosts.iter().map(|host| host.trim().to_owned()).collect();
        if let Some(bad) = hosts.iter().find(|host| HostPattern::parse(host).is_none_or(|pattern| pattern.is_any())) {
            return Err(Problem::new(
                "credential.bad_host",
                Fault::Caller,
                format!("`{bad}` is not a host"),
                "an allowed host is `host`, `host:port` or `*.suffix`",
            )
            .with_hint("Write the host's name without scheme and path."));
        }
        if let Some(name) = &form.existing {
            let mut credential = self.workspace.credential(name)?;
            if !hosts.is_empty() {
                credential.allowed_hosts = hosts;
            }
            return Ok((credential, false));
        }
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
        if hosts.is_empty() {
            return Err(Problem::new(
                "usage.no_host",
                Fault::Caller,
                "no host is named",
                "a client certificate is offered only to the hosts named beside it",
            )
            .with_hint("Name the hosts it is for, for example `api.bank.example`."));
        }
        Ok((
            CredentialFile {
                name: self.workspace.free_credential_name(title),
                title: title.to_owned(),
                kind: CLIENT_CERTIFICATE.to_owned(),
                allowed_hosts: hosts,
                environments: form.environments,
                ..CredentialFile::default()
            },
            true,
        ))
    }
}
