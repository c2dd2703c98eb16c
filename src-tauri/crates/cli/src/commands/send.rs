//! `send`: one exchange, from words or from a request's file.

use std::io::Read as _;
use std::path::Path;

use countersign_console::view::{DraftAuthorization, DraftField, ExchangeView, RequestDraft};
use countersign_console::{CaptureScope, Console};
use countersign_evidence::{Fault, Problem};

use super::{Ended, UnderWay, closing, interruptible, show, unverified, why};
use crate::args::{Global, SendArgs};
use crate::file::{self, unwritable, write};
use crate::shell::Shell;
use crate::{exit, open, units};

pub(crate) async fn run(shell: &Shell, global: &Global, args: SendArgs) -> Ended {
    let mut options = open::options(global, &args.connect)?;
    options.connection.accept_unverified = args.accept_unverified;
    options.allow_live = args.allow_live;
    let console = open::console(global, options).await?;
    let ended = sent(shell, &console, &args).await;
    closing(&console, ended).await
}

async fn sent(shell: &Shell, console: &Console, args: &SendArgs) -> Ended {
    let draft = draft(console, args).await?;
    let under_way = UnderWay::default();
    let mut view = interruptible(console, &under_way, console.send(draft.clone(), under_way.progress())).await?;
    if let Some(problem) = view.evidence.error.as_ref().filter(|p| p.code == "usage.live_environment")
        && shell.confirms(&format!("{}: {}. Send it?", problem.title, problem.detail))
    {
        console.environment_allow_live().await?;
        view = interruptible(console, &under_way, console.send(draft, under_way.progress())).await?;
    }
    show(shell, &view);
    if let Some(file) = &args.evidence {
        let document = serde_json::to_vec_pretty(&view.evidence).unwrap_or_default();
        write(file, &document)?;
    }
    if let Some(file) = &args.pcapng {
        let scope = if args.full { CaptureScope::Full } else { CaptureScope::HandshakeOnly };
        file::capture(shell, console, &view.evidence, scope, file).await?;
    }
    if let Some(file) = &args.output {
        content(shell, console, &view, Some(file)).await?;
    } else if !shell.json {
        shell.data("");
        content(shell, console, &view, None).await?;
    }
    unverified(shell, &view);
    why(shell, &view);
    Ok(exit::of_exchange(&view.evidence, args.fail))
}

/// The content of the answer, to a file or to the terminal (there bounded, and only text).
async fn content(shell: &Shell, console: &Console, view: &ExchangeView, file: Option<&Path>) -> Result<(), Problem> {
    const MOST: u64 = 64 * 1024;
    let Some(content) = view.evidence.response.as_ref().and_then(|r| r.content.as_ref()) else { return Ok(()) };
    let Some(reference) = &content.reference else { return Ok(()) };
    let mut out = match file {
        Some(file) => Some(std::fs::File::create(file).map_err(|e| unwritable(file, &e))?),
        None => None,
    };
    let mut offset = 0;
    loop {
        let part = console.exchange_content(reference, offset, 256 * 1024).await?;
        if part.is_empty() {
            return Ok(());
        }
        offset += u64::try_from(part.len()).unwrap_or(u64::MAX);
        match (&mut out, file) {
            (Some(out), Some(file)) => std::io::Write::write_all(out, &part).map_err(|e| unwritable(file, &e))?,
            _ => {
                let shown = part.get(..usize::try_from(MOST).unwrap_or(0)).unwrap_or(&part);
                match std::str::from_utf8(shown) {
                    Ok(text) => shell.data(text),
                    Err(_) => shell.say("The content is binary: write it to a file with -o FILE."),
                }
                return Ok(());
            }
        }
    }
}

async fn draft(console: &Console, args: &SendArgs) -> Result<RequestDraft, Problem> {
    let mut draft = match args.words.as_slice() {
        [request] => console.request_read(&request_path(console, request).await?).await?,
        [method, url] => {
            RequestDraft { method: method.to_ascii_uppercase(), url: url.clone(), ..RequestDraft::default() }
        }
        _ => {
            return Err(Problem::new(
                "usage.words",
                Fault::Caller,
                "`METHOD URL` or a request is wanted",
                args.words.join(" "),
            ));
        }
    };
    for text in &args.fields {
        let (name, value) = text.split_once(':').ok_or_else(|| {
            Problem::new("usage.bad_field", Fault::Caller, format!("`{text}` is not NAME: VALUE"), "-H")
                .with_hint("Write it as 'Accept: application/json'.")
        })?;
        draft.fields.push(DraftField { name: name.trim().to_owned(), value: value.trim().to_owned(), off: false });
    }
    if let Some(data) = &args.data {
        let text = data_of(data)?;
        let typed = draft.fields.iter().any(|f| f.name.eq_ignore_ascii_case("content-type"));
        if !typed && draft.content_type.is_none() {
            let json = serde_json::from_str::<serde_json::Value>(&text).is_ok();
            draft.content_type = Some(if json { "application/json" } else { "text/plain; charset=utf-8" }.to_owned());
        }
        draft.content = Some(text);
        draft.content_file = None;
    }
    if let Some(credential) = &args.credential {
        draft.authorization = Some(DraftAuthorization { credential: credential.clone(), scope: None });
    }
    if let (Some(authorization), Some(scope)) = (&mut draft.authorization, &args.scope) {
        authorization.scope = Some(scope.clone());
    }
    if args.client_cert.is_some() {
        draft.client_certificate.clone_from(&args.client_cert);
    }
    if args.sign.is_some() {
        draft.signing.clone_from(&args.sign);
    }
    if args.http11 {
        draft.http = Some("1.1".to_owned());
    }
    if let Some(text) = &args.timeout {
        draft.timeout_s = Some(units::duration(text)?.as_secs().max(1));
    }
    if args.redirects.is_some() {
        draft.redirects = args.redirects;
    }
    Ok(draft)
}

/// A request's path in the workspace, from a path of the file system or of the workspace.
async fn request_path(console: &Console, text: &str) -> Result<String, Problem> {
    let text = text.trim_end_matches(".toml");
    let folder = console.workspace_read().await?.folder;
    let requests = Path::new(&folder).join("requests");
    let inside = std::path::absolute(Path::new(text))
        .ok()
        .and_then(|path| path.strip_prefix(&requests).ok().map(|p| p.display().to_string()));
    Ok(inside.unwrap_or_else(|| text.trim_start_matches("requests/").to_owned()))
}

fn data_of(data: &str) -> Result<String, Problem> {
    let unreadable = |name: &str, e: &std::io::Error| {
        Problem::new("storage.unreadable", Fault::Caller, format!("`{name}` cannot be read as text"), e.to_string())
            .with_hint("Content on the command line is UTF-8 text.")
    };
    if data == "-" {
        let mut text = String::new();
        std::io::stdin().lock().read_to_string(&mut text).map_err(|e| unreadable("standard input", &e))?;
        return Ok(text);
    }
    match data.strip_prefix('@') {
        Some(file) => std::fs::read_to_string(file).map_err(|e| unreadable(file, &e)),
        None => Ok(data.to_owned()),
    }
}
