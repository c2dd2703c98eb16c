//! A client certificate from its files; the passphrase is asked for only where a file is encrypted.

use std::path::Path;
use std::sync::Arc;

use countersign_console::view::{CertificateForm, CredentialView};
use countersign_console::{CertificateImport, Console};
use countersign_evidence::{Fault, Problem};
use countersign_secret::{Secret, SecretBytes, SecretText};

use crate::args::{CredentialArgs, Global, VaultChoice};
use crate::secrets;
use crate::shell::Shell;

/// The slot's name in `--secret-env passphrase=VAR`; nothing of it is stored.
pub(super) const PASSPHRASE: &str = "passphrase";

/// Imports the files of the arguments into the credential of the form.
pub(super) async fn import(
    shell: &Shell,
    global: &Global,
    console: &Console,
    form: CertificateForm,
    args: &CredentialArgs,
    given: &[(Option<String>, Arc<SecretText>)],
) -> Result<CredentialView, Problem> {
    let handed = |passphrase| -> Result<CertificateImport, Problem> {
        let certificate = args.client_cert_file.as_deref().map(file).transpose()?;
        Ok(CertificateImport {
            certificate: certificate.unwrap_or_else(|| Secret::new(Vec::new())),
            key: args.key_file.as_deref().map(file).transpose()?,
            passphrase,
        })
    };
    let passphrase = passphrase(global, given)?;
    let view = match console.credential_import_certificate(form.clone(), handed(passphrase)?).await {
        Err(problem) if problem.code == "client_certificate.passphrase_needed" => {
            let asked = match secrets::prompt("passphrase of the file") {
                Ok(asked) => asked,
                // no terminal: that it is encrypted is what there is to say
                Err(no_terminal) if no_terminal.code == "usage.no_secret" => return Err(problem),
                Err(other) => return Err(other),
            };
            console.credential_import_certificate(form, handed(Some(asked))?).await?
        }
        other => other?,
    };
    for finding in view.certificate.iter().flat_map(|certificate| &certificate.findings) {
        shell.warn(&format!("{} [{}]", finding.sentence, finding.id));
    }
    Ok(view)
}

/// What was given of a passphrase: by its name, else the one of `--passphrase-env` where the vault needs none.
fn passphrase(global: &Global, given: &[(Option<String>, Arc<SecretText>)]) -> Result<Option<SecretText>, Problem> {
    if let Some((_, secret)) = given.iter().find(|(slot, _)| slot.as_deref() == Some(PASSPHRASE)) {
        return Ok(Some(Secret::new(secret.expose_secret().clone())));
    }
    let of_vault = matches!(global.vault, Some(VaultChoice::Passphrase));
    global.secrets.passphrase_env.as_deref().filter(|_| !of_vault).map(secrets::variable).transpose()
}

/// A file with a key in it.
pub(super) fn file(path: &Path) -> Result<SecretBytes, Problem> {
    std::fs::read(path).map(Secret::new).map_err(|e| {
        Problem::new("storage.unreadable", Fault::Caller, format!("`{}` cannot be read", path.display()), e.to_string())
            .with_hint("Give a file with a private key.")
    })
}
