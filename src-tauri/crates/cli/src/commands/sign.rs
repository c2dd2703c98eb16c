//! `sign` and `verify`: a message that is not sent.

use std::io::Read as _;
use std::path::Path;

use countersign_console::message::Message;
use countersign_console::signing::{Judged, SigV4, VerifyKey};
use countersign_console::{Console, SigningProfile};
use countersign_evidence::{Fault, Problem};

use super::{Ended, closing};
use crate::args::{Connect, Global, SignArgs, VerifyArgs};
use crate::shell::Shell;
use crate::{exit, file, open};

/// The largest message, bytes.
const LARGEST: u64 = 64 << 20;

pub(crate) async fn sign(shell: &Shell, global: &Global, args: SignArgs) -> Ended {
    let message = message(&args.request)?;
    let console = open::console(global, open::options(global, &Connect::default())?).await?;
    let ended = async {
        let signed = match &args.profile {
            None if args.scheme == "sigv4" => console.message_sign_sigv4(&sigv4(&args), &message).await?,
            Some(profile) => console.message_sign(profile, &message).await?,
            None => console.message_sign_as(profile(&console, &args, &message).await?, &message).await?,
        };
        match args.output.as_deref() {
            Some(path) if path == Path::new("-") => {
                shell.raw(&signed.message);
                return Ok(exit::YES);
            }
            Some(path) => file::write(path, &signed.message)?,
            None => {}
        }
        if shell.json {
            shell.document(&signed, true);
            return Ok(exit::YES);
        }
        shell.data(&signed.base);
        shell.data("");
        match &args.output {
            Some(path) => shell.say(&format!("Wrote the signed message to {}.", path.display())),
            None => shell.raw(&signed.message),
        }
        Ok(exit::YES)
    };
    let ended = ended.await;
    closing(&console, ended).await
}

/// What the flags mean for AWS.
fn sigv4(args: &SignArgs) -> SigV4 {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    SigV4 {
        key: text(&args.key),
        access_key_id: text(&args.keyid),
        region: text(&args.region),
        service: text(&args.service),
        expires: args.expires,
    }
}

/// The profile that the flags mean.
async fn profile(console: &Console, args: &SignArgs, message: &Message) -> Result<SigningProfile, Problem> {
    let key = args.key.clone().unwrap_or_default();
    let alg = match &args.alg {
        Some(alg) => alg.clone(),
        None => console.key_algorithm(&key).await?.name().to_owned(),
    };
    let mut covered = args.cover.clone();
    if covered.is_empty() {
        covered = vec!["@method".to_owned(), "@target-uri".to_owned()];
        if !message.content.is_empty() {
            covered.push("content-digest".to_owned());
        }
    }
    let has = message.fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-digest"));
    let wanted = covered.iter().any(|component| component == "content-digest") && !has;
    let profile = SigningProfile {
        scheme: args.scheme.clone(),
        keyid: args.keyid.clone().unwrap_or_else(|| key.clone()),
        key,
        alg,
        label: "sig1".to_owned(),
        covered,
        parameters: ["created", "keyid", "alg"].map(ToOwned::to_owned).to_vec(),
        content_digest: args.digest.clone().or_else(|| wanted.then(|| "sha-256".to_owned())),
        expires_after: None,
        tag: None,
    };
    profile.check().map_err(|e| e.problem())?;
    Ok(profile)
}

/// Not verified is exit 1.
pub(crate) async fn verify(shell: &Shell, global: &Global, args: VerifyArgs) -> Ended {
    let (message, answers) = (message(&args.request)?, args.answers.as_deref().map(self::message).transpose()?);
    let theirs = args.base.as_deref().map(file::read).transpose()?;
    let theirs = theirs.map(|bytes| String::from_utf8_lossy(&bytes).replace("\r\n", "\n"));
    let console = open::console(global, open::options(global, &Connect::default())?).await?;
    let ended = async {
        let path = Path::new(&args.key);
        let key = if path.is_file() {
            VerifyKey::from_file(&file::read(path)?)?
        } else {
            console.verify_key(&args.key).await?
        };
        let judged =
            console.message_verify(&message, answers.as_ref(), args.label.as_deref(), &key, theirs.as_deref())?;
        for one in &judged {
            tell(shell, one);
        }
        Ok(if judged.iter().all(|one| one.verified) { exit::YES } else { exit::NO })
    };
    let ended = ended.await;
    closing(&console, ended).await
}

fn tell(shell: &Shell, judged: &Judged) {
    if shell.json {
        shell.document(judged, false);
        return;
    }
    shell.data(&judged.sentence);
    if let Some(parted) = &judged.difference {
        shell.data(&format!("Line {}, {}, character {}:", parted.line, parted.component, parted.at + 1));
        shell.data(&format!("  here   {}", parted.ours));
        shell.data(&format!("  there  {}", parted.theirs));
        if !parted.cause.is_empty() {
            shell.data(&format!("{} {}", parted.cause, parted.fix));
        }
    }
    if let Some(base) = judged.base.as_ref().filter(|_| !judged.verified) {
        shell.data("");
        shell.data(base);
    }
}

fn message(path: &Path) -> Result<Message, Problem> {
    if path != Path::new("-") {
        return Message::read(&file::read(path)?);
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(LARGEST).read_to_end(&mut bytes).map_err(|e| {
        Problem::new("usage.unreadable_input", Fault::Caller, "standard input cannot be read", e.to_string())
            .with_hint("Give the message in a file.")
    })?;
    Message::read(&bytes)
}
