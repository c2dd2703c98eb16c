//! `trust`: stores, CAs and pinned keys of the workspace; each of the latter bound to hosts.

use countersign_console::Console;
use countersign_console::view::TrustView;
use countersign_evidence::{Fault, Problem};

use super::{Ended, closing};
use crate::args::{Connect, Global, TrustAction};
use crate::shell::Shell;
use crate::{exit, open};

pub(crate) async fn run(shell: &Shell, global: &Global, action: TrustAction) -> Ended {
    let console = open::console(global, open::options(global, &Connect::default())?).await?;
    let ended = done(shell, &console, action).await;
    closing(&console, ended).await
}

async fn done(shell: &Shell, console: &Console, action: TrustAction) -> Ended {
    let view = match action {
        TrustAction::List => console.trust_read().await?,
        TrustAction::Add { file: Some(file), host, .. } => {
            let unreadable = |e: &std::io::Error| {
                Problem::new(
                    "storage.unreadable",
                    Fault::Caller,
                    format!("`{}` cannot be read as text", file.display()),
                    e.to_string(),
                )
                .with_hint("Give a CA certificate in PEM.")
            };
            let pem = std::fs::read_to_string(&file).map_err(|e| unreadable(&e))?;
            let view = console.trust_add_ca(&pem, host.clone()).await?;
            shell.say(&format!("Trusted for {}.", host.join(", ")));
            view
        }
        TrustAction::Add { file: None, pin, host } => {
            let pin = pin.unwrap_or_default();
            let mut view = None;
            for one in &host {
                view = Some(console.trust_add_pin(one, &pin).await?);
            }
            shell.say(&format!("Pinned for {}.", host.join(", ")));
            match view {
                Some(view) => view,
                None => console.trust_read().await?,
            }
        }
        TrustAction::Remove { file: Some(file), .. } => {
            let view = console.trust_remove_ca(&file).await?;
            shell.say(&format!("Removed {file}."));
            view
        }
        TrustAction::Remove { file: None, pin, host } => {
            let view = console.trust_remove_pin(&host.unwrap_or_default(), &pin.unwrap_or_default()).await?;
            shell.say("Removed the pin.");
            view
        }
    };
    shown(shell, &view);
    Ok(exit::YES)
}

fn shown(shell: &Shell, view: &TrustView) {
    if shell.json {
        shell.document(view, true);
        return;
    }
    for store in &view.stores {
        let used = if store.used { "used" } else { "not used" };
        shell.data(&format!("{:<8} {:<36} {:>4} roots  {used}", "store", store.name, store.roots));
    }
    for ca in &view.ca {
        shell.data(&format!("{:<8} {:<36} for {}, {}  {}", "ca", ca.subject, ca.hosts.join(", "), ca.life, ca.file));
    }
    for pin in &view.pins {
        shell.data(&format!("{:<8} {:<36} for {}", "pin", pin.spki_sha256, pin.host));
    }
    shell.data(&format!("{:<8} {}", "profile", view.profile));
}
