//! `gateway`: the bundled gateway alone, for any client.

use std::time::Duration;

use countersign_console::{Dialect, GatewayFault, GatewayHandle, GatewayStart, clock::Clock, entropy::Entropy};
use countersign_evidence::{Fault, Problem};
use tokio::sync::broadcast::error::RecvError;

use super::Ended;
use crate::args::{Connect, GatewayArgs, Global};
use crate::shell::Shell;
use crate::{exit, open, secrets, units};

/// Life of access tokens: from a few seconds to an hour.
const LIFE: std::ops::RangeInclusive<Duration> = Duration::from_secs(5)..=Duration::from_secs(3600);

pub(crate) async fn run(shell: &Shell, global: &Global, args: GatewayArgs) -> Ended {
    let options = open::options(global, &Connect::default())?;
    let token_lifetime = units::duration(&args.token_lifetime)?;
    if !LIFE.contains(&token_lifetime) {
        return Err(Problem::new(
            "usage.token_lifetime",
            Fault::Caller,
            format!("`{}` is outside of 5s to 1h", args.token_lifetime),
            "--token-lifetime",
        )
        .with_hint("Write it as 300s or 5min."));
    }
    let demo_secret = args.demo_secret_env.as_deref().map(secrets::variable).transpose()?.map(std::sync::Arc::new);
    let given = demo_secret.is_some();
    let start = GatewayStart {
        dialect: Dialect::parse(&args.dialect).map_err(|e| e.problem())?,
        listen: args.listen,
        authorization_listen: args.authorization_listen,
        token_lifetime,
        faults: args
            .fault
            .iter()
            .map(|text| GatewayFault::parse(text))
            .collect::<Result<_, _>>()
            .map_err(|e| e.problem())?,
        trusted_keys: args.trust_key.iter().map(|text| trusted_key(text)).collect::<Result<_, _>>()?,
        zoo: args.zoo,
        demo_secret,
    };
    let (clock, entropy) = (Clock::system(options.at), Entropy::system());
    let gateway = GatewayHandle::start(start, &clock, &entropy).await?;
    if args.store_credential {
        let console = open::console(global, options).await?;
        console.demo_store(gateway.demo_secret(), &gateway.ready()).await?;
        console.close().await;
    }
    let mut ready = gateway.ready();
    let written = match &args.ready_file {
        Some(file) => Some(ready.write(file, gateway.ca_pem()).map_err(|e| e.problem())?),
        None => None,
    };
    announce(shell, &gateway, &ready, given || args.store_credential);
    let mut seen = gateway.subscribe();
    loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => break,
            entry = seen.recv() => match entry {
                Ok(seen) => {
                    let status = seen.status.map_or_else(|| "–".to_owned(), |status| status.to_string());
                    shell.say(&format!("{} {:<32} {status:>3}  {}", seen.at.clock(), seen.request, seen.judged));
                }
                Err(RecvError::Lagged(missed)) => shell.say(&format!("… {missed} more")),
                Err(RecvError::Closed) => break,
            },
        }
    }
    drop(written);
    gateway.stop().await;
    Ok(exit::YES)
}

fn announce(shell: &Shell, gateway: &GatewayHandle, ready: &countersign_console::Ready, secret_known: bool) {
    if shell.json {
        shell.document(ready, true);
    } else {
        shell.data(&format!("API             {}", ready.api));
        shell.data(&format!("Token endpoint  {}", ready.token_endpoint));
        shell.data(&format!("Issuer          {}", ready.issuer));
        if let Some(file) = &ready.ca_file {
            shell.data(&format!("CA file         {}", file.display()));
        }
        if !ready.zoo.is_empty() {
            shell.data(&format!("Zoo             {} cases of broken TLS, each on its port", ready.zoo.len()));
            for case in &ready.zoo {
                let port = case.port.map_or_else(|| "file".to_owned(), |port| port.to_string());
                shell.data(&format!("  {port:>5}  {:<28} {}", case.host, case.title));
            }
        }
        shell.data(&format!("Demo client     {}, scope {}", ready.demo_client.client_id, ready.demo_client.scope));
    }
    // shown once, on a terminal only: it is made anew at each start
    if !secret_known && std::io::IsTerminal::is_terminal(&std::io::stderr()) {
        shell.say(&format!("Demo secret     {}   (shown once)", gateway.demo_secret().expose_secret()));
    }
    shell.say("Listening on loopback only. Ctrl-C ends it.");
}

fn trusted_key(text: &str) -> Result<(String, String), Problem> {
    let (keyid, file) = units::assignment(text)?;
    let jwk = std::fs::read_to_string(&file).map_err(|e| {
        Problem::new("storage.unreadable", Fault::Caller, format!("`{file}` cannot be read"), e.to_string())
            .with_hint("Give a file with a public JWK.")
    })?;
    Ok((keyid, jwk))
}
