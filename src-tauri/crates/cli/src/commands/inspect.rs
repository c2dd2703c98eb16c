//! `inspect`: one observed handshake; a refused chain is exit 1, because the verdict is the question.

use countersign_console::CaptureScope;
use countersign_evidence::story;

use super::{Ended, UnderWay, closing, interruptible, show, unverified, why};
use crate::args::{Global, InspectArgs};
use crate::shell::Shell;
use crate::{exit, file, open};

pub(crate) async fn run(shell: &Shell, global: &Global, args: InspectArgs) -> Ended {
    let mut options = open::options(global, &args.connect)?;
    options.connection.client_certificate.clone_from(&args.client_cert);
    options.connection.accept_unverified = args.accept_unverified;
    options.connection.resume = args.resume;
    options.connection.fetch = args.fetch;
    let console = open::console(global, options).await?;
    let under_way = UnderWay::default();
    let ended = async {
        let view = interruptible(&console, &under_way, console.inspect(&args.host, under_way.progress())).await?;
        show(shell, &view);
        if !shell.json {
            if let (Some(story), Some(handshake)) = (story(&view.evidence), &view.evidence.handshake) {
                crate::story::print(shell, &story, handshake);
            }
            for certificate in &view.evidence.certificates {
                shell.data("");
                shell.data(&format!("Certificate  {}", certificate.subject));
                shell.data(&format!("  issuer     {}", certificate.issuer));
                shell.data(&format!(
                    "  valid      {} to {}",
                    certificate.not_before.date(),
                    certificate.not_after.date()
                ));
                if !certificate.names.is_empty() {
                    shell.data(&format!("  names      {}", certificate.names.join(", ")));
                }
                shell.data(&format!("  SHA-256    {}", certificate.fingerprints.sha256));
            }
            if let Some(explained) = &view.evidence.explained {
                crate::commands::explain::fetched(shell, explained);
            }
            for finding in view.evidence.findings.iter().filter(|f| f.rejects != Some(true)) {
                shell.data(&format!("\n{}  [{}]", finding.sentence, finding.id));
            }
        }
        unverified(shell, &view);
        why(shell, &view);
        if let Some(file) = &args.pem {
            let pem: String = view.evidence.certificates.iter().map(|c| c.pem.as_str()).collect();
            file::write(file, pem.as_bytes())?;
        }
        if let Some(file) = &args.pcapng {
            let scope = if args.handshake_only { CaptureScope::HandshakeOnly } else { CaptureScope::Full };
            file::capture(shell, &console, &view.evidence, scope, file).await?;
        }
        if let Some(file) = &args.keylog {
            let key_log = console.handshake_key_log(&view.evidence.exchange).await?;
            file::write_secret(file, key_log.as_bytes())?;
            shell.say(&format!("{} opens everything that was sent over this connection.", file.display()));
        }
        Ok(exit::of_inspection(&view.evidence))
    };
    let ended = ended.await;
    closing(&console, ended).await
}
