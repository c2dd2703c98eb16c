//! Opening a console from the command line's options.

use std::path::{Path, PathBuf};

use countersign_console::{Backend, ConnectionOptions, Console, Options, TlsVersion};
use countersign_evidence::{Fault, Problem, Timestamp};

use crate::args::{Connect, Global, VaultChoice};
use crate::{secrets, units};

/// Options of the process, from the environment and the words after the command.
pub(crate) fn options(global: &Global, connect: &Connect) -> Result<Options, Problem> {
    let mut options = Options::from_environment();
    if let Some(folder) = &global.workspace {
        options.workspace = Some(folder.clone());
        options.workspace_named = true;
    } else if options.workspace.is_none() {
        options.workspace = nearest();
    }
    if let Some(folder) = &global.data_dir {
        options.data_dir = Some(folder.clone());
    }
    options.vault = match global.vault {
        Some(VaultChoice::Os) => Some(Backend::Os),
        Some(VaultChoice::Passphrase) => Some(Backend::Passphrase),
        Some(VaultChoice::Memory) => Some(Backend::Memory),
        None => options.vault,
    };
    options.environment.clone_from(&global.environment);
    options.variables = global.variables.iter().map(|text| units::assignment(text)).collect::<Result<_, _>>()?;
    options.at = at(global)?.or(options.at);
    options.secrets = secrets::from_environment(&global.secrets)?;
    options.connection = connection(connect)?;
    Ok(options)
}

/// `--at`.
pub(crate) fn at(global: &Global) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = &global.at else { return Ok(None) };
    let at = Timestamp::parse(text).ok_or_else(|| {
        Problem::new("usage.not_a_time", Fault::Caller, format!("`{text}` is not an RFC 3339 time"), "--at")
            .with_hint("Write it as 2027-03-17T09:12:44Z.")
    })?;
    Ok(Some(at))
}

/// The nearest folder upwards that is a workspace.
fn nearest() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    here.ancestors().find(|folder| folder.join("countersign.toml").is_file()).map(Path::to_owned)
}

fn connection(connect: &Connect) -> Result<ConnectionOptions, Problem> {
    Ok(ConnectionOptions {
        ca: connect.ca.clone(),
        connect_to: connect.connect_to.as_deref().map(units::address).transpose()?,
        server_name: connect.sni.clone(),
        max_version: match connect.tls_max.as_deref() {
            Some("1.2") => Some(TlsVersion::Tls12),
            Some(_) => Some(TlsVersion::Tls13),
            None => None,
        },
        accept_unverified: false,
        client_certificate: None,
        resume: false,
        fetch: false,
    })
}

/// Opens a console; a passphrase vault is unlocked where the passphrase was given.
pub(crate) async fn console(global: &Global, options: Options) -> Result<Console, Problem> {
    let passphrase_vault = options.vault == Some(Backend::Passphrase);
    let console = Console::open(options).await?;
    if passphrase_vault {
        let passphrase = match &global.secrets.passphrase_env {
            Some(name) => secrets::variable(name)?,
            None => secrets::prompt("passphrase of the vault")?,
        };
        console.vault_unlock(Some(passphrase)).await?;
    }
    Ok(console)
}
