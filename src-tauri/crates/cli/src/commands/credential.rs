//! `credential`: metadata in the workspace, secrets in the vault.

use std::sync::Arc;

use countersign_console::Console;
use countersign_console::view::{CertificateForm, CredentialForm, CredentialView, GrantFile, SlotState};
use countersign_evidence::{Fault, Problem};
use countersign_secret::SecretText;

use super::{Ended, UnderWay, certificate, closing, grant, interruptible, show, why};
use crate::args::{Connect, CredentialAction, CredentialArgs, Global};
use crate::shell::Shell;
use crate::{exit, open, secrets};

pub(crate) async fn run(shell: &Shell, global: &Global, action: CredentialAction) -> Ended {
    let connect = match &action {
        CredentialAction::Test { connect, .. } => connect.clone(),
        CredentialAction::Add(args) | CredentialAction::Replace(args) => {
            Connect { ca: args.ca.clone(), ..Connect::default() }
        }
        _ => Connect::default(),
    };
    let options = open::options(global, &connect)?;
    let given = options.secrets.clone();
    let console = open::console(global, options).await?;
    let ended = match action {
        CredentialAction::Add(args) => add(shell, global, &console, args, &given).await,
        CredentialAction::List => list(shell, &console).await,
        CredentialAction::Show { name } => console.credential_read(&name).await.map(|view| shown(shell, &view)),
        CredentialAction::Replace(args) => replace(shell, global, &console, args, &given).await,
        CredentialAction::Remove { name } => remove(shell, &console, &name).await,
        CredentialAction::Jwks { name } => {
            let jwks = console.credential_jwks(&name).await;
            jwks.map(|jwks| {
                shell.data(&serde_json::to_string_pretty(&jwks).unwrap_or_default());
                exit::YES
            })
        }
        CredentialAction::Test { name, encodings: true, .. } => encodings(shell, &console, &name).await,
        CredentialAction::Test { name, .. } => test(shell, &console, &name).await,
    };
    closing(&console, ended).await
}

type Given = [(Option<String>, Arc<SecretText>)];

async fn add(shell: &Shell, global: &Global, console: &Console, args: CredentialArgs, given: &Given) -> Ended {
    if console.credential_read(&args.name).await.is_ok() {
        return Err(Problem::new(
            "credential.exists",
            Fault::Caller,
            format!("there is a credential `{}`", args.name),
            "nothing was changed",
        )
        .with_hint(format!("Change it with `countersign credential replace {}`.", args.name)));
    }
    if args.client_cert_file.is_some() && args.client_id.is_none() && args.token_endpoint.is_none() {
        let form = CertificateForm {
            existing: None,
            title: args.name.clone(),
            allowed_hosts: args.allowed_host.clone(),
            environments: args.environments.clone(),
        };
        let view = certificate::import(shell, global, console, form, &args, given).await?;
        shell.say(&format!("Added `{}`.", view.name));
        return Ok(shown(shell, &view));
    }
    let found = grant::discover(console, &args, "").await?;
    let form = CredentialForm {
        existing: None,
        title: args.name.clone(),
        recipe: args.recipe.clone().unwrap_or_else(|| "rfc6749".into()),
        token_endpoint: grant::token_endpoint(&args, found.as_ref()).unwrap_or_default(),
        client_id: args.client_id.clone().unwrap_or_default(),
        token_endpoint_auth_method: args.auth_method.clone().unwrap_or_else(|| "client_secret_basic".into()),
        basic_encoding: args.basic_encoding.clone().unwrap_or_else(|| "form".into()),
        scope: args.scope.clone().unwrap_or_default(),
        allowed_hosts: hosts(&args, &[]),
        environments: args.environments.clone(),
        issuer: args.issuer.clone(),
        grant_type: args.grant.clone(),
        grant: grant::of(&args, &GrantFile::default(), found.as_ref()),
    };
    let view = console.credential_save(form).await?;
    store(shell, global, console, &view, &args, given, true).await?;
    let view = console.credential_read(&view.name).await?;
    shell.say(&format!("Added `{}`.", view.name));
    Ok(shown(shell, &view))
}

/// The hosts asked for, and the token endpoint's own.
fn hosts(args: &CredentialArgs, before: &[String]) -> Vec<String> {
    let mut hosts = if args.allowed_host.is_empty() { before.to_vec() } else { args.allowed_host.clone() };
    let endpoint = args.token_endpoint.as_deref().unwrap_or_default();
    let own = endpoint.split_once("://").map(|(_, rest)| match rest.split_once(']') {
        Some((address, _)) if rest.starts_with('[') => format!("{address}]"),
        _ => rest.split(['/', '?', ':']).next().unwrap_or_default().to_owned(),
    });
    if let Some(own) = own.filter(|own| !own.is_empty() && !own.contains("{{"))
        && !hosts.iter().any(|host| *host == own || host.starts_with(&format!("{own}:")))
    {
        hosts.push(own);
    }
    hosts
}

/// Puts what was given into the slots. `wanted`: a secret is asked for when none was given.
async fn store(
    shell: &Shell,
    global: &Global,
    console: &Console,
    view: &CredentialView,
    args: &CredentialArgs,
    given: &Given,
    wanted: bool,
) -> Result<(), Problem> {
    if args.client_cert_file.is_some() {
        let form = CertificateForm { existing: Some(view.name.clone()), ..CertificateForm::default() };
        certificate::import(shell, global, console, form, args, given).await?;
    }
    let first = args.slot.clone().or_else(|| view.slots.first().map(|slot| slot.name.clone()));
    if let Some(file) = args.key_file.as_ref().filter(|_| args.client_cert_file.is_none()) {
        let pem = certificate::file(file)?;
        let slot = match (&args.slot, view.token_endpoint_auth_method.as_str()) {
            (Some(slot), _) => slot,
            (None, "private_key_jwt") => "assertion_key",
            (None, _) => "signing_key",
        };
        console.credential_import_key(&view.name, slot, &pem).await?;
    }
    for (slot, secret) in given.iter().filter(|(slot, _)| slot.as_deref() != Some(certificate::PASSPHRASE)) {
        let slot = slot.clone().or_else(|| first.clone()).unwrap_or_else(|| "client_secret".into());
        console
            .credential_set_secret(&view.name, &slot, countersign_secret::Secret::new(secret.expose_secret().clone()))
            .await?;
    }
    let Some(slot) = first.filter(|_| given.is_empty()) else { return Ok(()) };
    if global.secrets.secret_stdin {
        console.credential_set_secret(&view.name, &slot, secrets::from_stdin()?).await?;
    } else if wanted && !args.no_secret && needs_secret(&view.token_endpoint_auth_method) {
        match secrets::prompt(&format!("{slot} of {}", view.name)) {
            Ok(secret) => drop(console.credential_set_secret(&view.name, &slot, secret).await?),
            Err(problem) if problem.code == "usage.no_secret" => {
                shell.say(&format!(
                    "No secret is stored yet: `countersign credential replace {} --secret-stdin` puts one in.",
                    view.name
                ));
            }
            Err(problem) => return Err(problem),
        }
    }
    Ok(())
}

/// Whether the client proves itself with a secret that is typed or pasted.
fn needs_secret(method: &str) -> bool {
    ["client_secret_basic", "client_secret_post", "client_secret_jwt"].contains(&method)
}

async fn replace(shell: &Shell, global: &Global, console: &Console, args: CredentialArgs, given: &Given) -> Ended {
    let before = console.credential_read(&args.name).await?;
    let changes = args.client_id.is_some()
        || args.token_endpoint.is_some()
        || args.auth_method.is_some()
        || args.basic_encoding.is_some()
        || args.scope.is_some()
        || args.recipe.is_some()
        || args.issuer.is_some()
        || args.grant.is_some()
        || grant::of(&args, &before.grant, None).is_some()
        || !args.allowed_host.is_empty()
        || !args.environments.is_empty();
    if changes {
        let found = grant::discover(console, &args, &before.token_endpoint).await?;
        let form = CredentialForm {
            existing: Some(before.name.clone()),
            title: before.title.clone(),
            recipe: args.recipe.clone().unwrap_or_else(|| before.recipe.clone()),
            token_endpoint: grant::token_endpoint(&args, found.as_ref())
                .unwrap_or_else(|| before.token_endpoint.clone()),
            client_id: args.client_id.clone().unwrap_or_else(|| before.client_id.clone()),
            token_endpoint_auth_method: args
                .auth_method
                .clone()
                .unwrap_or_else(|| before.token_endpoint_auth_method.clone()),
            basic_encoding: args.basic_encoding.clone().unwrap_or_else(|| before.basic_encoding.clone()),
            scope: args.scope.clone().unwrap_or_else(|| before.scope.clone()),
            allowed_hosts: hosts(&args, &before.allowed_hosts),
            environments: if args.environments.is_empty() {
                before.environments.clone()
            } else {
                args.environments.clone()
            },
            issuer: args.issuer.clone(),
            grant_type: args.grant.clone(),
            grant: grant::of(&args, &before.grant, found.as_ref()),
        };
        console.credential_save(form).await?;
    }
    let other = args.key_file.is_some() || args.client_cert_file.is_some();
    store(shell, global, console, &before, &args, given, !changes && !other).await?;
    let view = console.credential_read(&args.name).await?;
    shell.say(&format!("Changed `{}`.", view.name));
    Ok(shown(shell, &view))
}

async fn remove(shell: &Shell, console: &Console, name: &str) -> Ended {
    console.credential_read(name).await?;
    console.credential_remove(name).await?;
    shell.say(&format!("Removed `{name}` and its secrets."));
    Ok(exit::YES)
}

async fn test(shell: &Shell, console: &Console, name: &str) -> Ended {
    let under_way = UnderWay::default();
    let view = interruptible(console, &under_way, console.credential_test(name, under_way.progress())).await?;
    show(shell, &view);
    why(shell, &view);
    Ok(exit::of_exchange(&view.evidence, false))
}

/// One that is taken is exit 0.
async fn encodings(shell: &Shell, console: &Console, name: &str) -> Ended {
    let under_way = UnderWay::default();
    let probe = interruptible(console, &under_way, console.credential_probe(name, under_way.progress())).await?;
    if shell.json {
        shell.document(&probe, true);
    } else {
        for one in &probe.tried {
            shell.data(&format!("{:<24} {}", one.words, one.said));
        }
        shell.data(&probe.sentence);
        match probe.taken.as_deref() {
            Some("post") => {
                shell.say(&format!("Keep it: countersign credential replace {name} --auth-method client_secret_post"))
            }
            Some(way) => shell.say(&format!("Keep it: countersign credential replace {name} --basic-encoding {way}")),
            None => {}
        }
    }
    Ok(if probe.taken.is_some() { exit::YES } else { exit::TOKEN })
}

async fn list(shell: &Shell, console: &Console) -> Ended {
    let views = console.credential_list().await?;
    for view in &views {
        if shell.json {
            shell.document(view, false);
        } else {
            let stored = view.slots.iter().filter(|slot| slot.state == SlotState::Stored).count();
            shell.data(&format!(
                "{:<24} {:<12} {:<44} {stored} of {} slots stored",
                view.name,
                if view.kind == "oauth2" { &view.recipe } else { &view.kind },
                view.certificate.as_ref().map_or(&view.token_endpoint, |certificate| &certificate.subject),
                view.slots.len()
            ));
        }
    }
    let problems = console.credential_problems().await?;
    for problem in &problems {
        shell.say(&format!("{}: {} [{}]", problem.title, problem.detail, problem.code));
    }
    if views.is_empty() && problems.is_empty() {
        shell.say("A credential is what the API's owner gave you. Add one: countersign credential add NAME …");
    }
    Ok(if problems.is_empty() { exit::YES } else { exit::FILES })
}

fn shown(shell: &Shell, view: &CredentialView) -> u8 {
    if shell.json {
        shell.document(view, true);
        return exit::YES;
    }
    let told = |name: &str, value: &str| {
        if !value.is_empty() {
            shell.data(&format!("{name:<16} {value}"));
        }
    };
    told("Name", &view.name);
    if view.kind == "oauth2" {
        told("client_id", &view.client_id);
        told("Token endpoint", &view.token_endpoint);
        told("Recipe", &view.recipe);
        told("Client auth", &format!("{}, {}", view.token_endpoint_auth_method, view.basic_encoding));
        told("Scope", &view.scope);
    }
    for finding in &view.findings {
        told("Note", &format!("{} {}", finding.sentence, finding.fix));
    }
    if let Some(certificate) = &view.certificate {
        told("Certificate", &certificate.subject);
        told("Issuer", &certificate.issuer);
        told("Key", &certificate.key);
        told(
            "Valid",
            &format!("{} to {}, {}", certificate.not_before.date(), certificate.not_after.date(), certificate.life),
        );
        told("SHA-256", &certificate.sha256);
        for finding in &certificate.findings {
            told("", &format!("{}  [{}]", finding.sentence, finding.id));
        }
    }
    told("Allowed hosts", &view.allowed_hosts.join(", "));
    for slot in &view.slots {
        let fingerprint = slot.fingerprint.as_ref().map(|f| format!(", fingerprint {f}")).unwrap_or_default();
        told(&slot.name, &format!("{}{fingerprint}", slot.place));
        for finding in &slot.findings {
            told("", &finding.sentence);
        }
    }
    exit::YES
}
