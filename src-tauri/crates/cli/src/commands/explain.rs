//! `certificate explain`: the path explainer on files. A refused chain is exit 1, because the verdict is the question.

use std::path::Path;

use countersign_console::certificate::{ChainFiles, explain_files};
use countersign_console::clock::Clock;
use countersign_console::limbo::{Corpus, Outcome};
use countersign_evidence::{Explained, Fault, Finding, Problem, Profile, Timestamp, VerdictState};

use super::Ended;
use crate::args::{ExplainArgs, Global, ProfileChoice};
use crate::shell::{Shell, Style};
use crate::{exit, open};

pub(crate) fn run(shell: &Shell, global: &Global, args: &ExplainArgs) -> Ended {
    let at = Clock::system(open::at(global)?).now();
    match (&args.limbo, &args.chain) {
        (Some(corpus), _) => limbo(shell, corpus, at),
        (None, Some(chain)) => files(shell, args, chain, at),
        // one of the two is required by the definition of the command
        (None, None) => Ok(exit::USAGE),
    }
}

fn files(shell: &Shell, args: &ExplainArgs, chain: &Path, at: Timestamp) -> Ended {
    let optional = |file: &Option<std::path::PathBuf>| file.as_deref().map(read).transpose();
    let files = ChainFiles {
        chain: read(chain)?,
        roots: optional(&args.roots)?,
        fetched: optional(&args.fetched)?,
        crls: args.crl.iter().map(|file| read(file)).collect::<Result<_, _>>()?,
        ocsp_response: optional(&args.ocsp)?,
        name: args.name.clone(),
        profile: match args.profile {
            ProfileChoice::Auto => Profile::Auto,
            ProfileChoice::Private => Profile::Private,
            ProfileChoice::Public => Profile::Public,
        },
        client: args.client,
        strict: args.strict,
    };
    let explained = explain_files(&files, at)?;
    if shell.json {
        shell.document(&explained, true);
    } else {
        words(shell, &explained);
    }
    Ok(match explained.verdict.state {
        VerdictState::Trusted | VerdictState::TrustedWithFindings => exit::YES,
        VerdictState::NotTrusted | VerdictState::NotChecked => exit::NO,
    })
}

fn words(shell: &Shell, explained: &Explained) {
    shell.data(&format!("{}  {}", shell.mark(Style::Bold, explained.verdict.state.words()), explained.title));
    if !explained.fix.is_empty() {
        shell.data(&format!("  {}", explained.fix));
    }
    for (number, path) in explained.paths.iter().enumerate() {
        let names = path.certificates.iter().filter_map(|index| explained.certificates.get(*index as usize));
        let mut names: Vec<String> = names.map(|certificate| certificate.subject.clone()).collect();
        names.extend(path.anchor.iter().zip(&path.store).map(|(anchor, store)| format!("{anchor} (store {store})")));
        let word = if path.accepted { "accepted" } else { "refused" };
        shell.data(&format!("\nPath {}  {word}\n  {}", number + 1, names.join("\n  ← ")));
        for problem in &path.problems {
            line(shell, problem);
        }
    }
    let notes: Vec<&Finding> = explained.findings.iter().filter(|finding| finding.rejects != Some(true)).collect();
    if !notes.is_empty() {
        shell.data("\nNotes");
        for note in notes {
            line(shell, note);
        }
    }
    if !explained.acceptance.is_empty() {
        shell.data("\nWho accepts this chain");
        for own in &explained.acceptance {
            let word = if own.accepts { "accepts" } else { "refuses" };
            shell.data(&format!("  {:<36} {word}  {}", own.name, own.sentence));
        }
    }
    if let Some(chain) = &explained.fullchain {
        shell.data(&format!("\nThe chain as it should be sent\n{}", chain.trim_end()));
    }
    if !explained.pins.is_empty() {
        shell.data(&format!("\nSPKI pins, SHA-256\n  {}", explained.pins.join("\n  ")));
    }
}

/// What was fetched for a chain, and what it comes to.
pub(crate) fn fetched(shell: &Shell, explained: &Explained) {
    shell.data("\nFetched");
    for one in &explained.fetched {
        shell.data(&format!("  {:<7} {}  {}", one.kind, one.url, one.says));
    }
    if explained.fetched.is_empty() {
        shell.data("  nothing: the certificates point at nothing");
    }
    shell.data(&format!("  With it: {}  {}", explained.verdict.state.words(), explained.title));
    if let Some(chain) = &explained.fullchain {
        shell.data(&format!("\nThe chain as it should be sent\n{}", chain.trim_end()));
    }
}

fn line(shell: &Shell, finding: &Finding) {
    let citation = format!("{} {}", finding.citation.source, finding.citation.section);
    shell.data(&format!("  {}  [{}]  {}", finding.sentence, finding.id, citation.trim_end()));
}

fn limbo(shell: &Shell, file: &Path, at: Timestamp) -> Ended {
    let corpus = Corpus::read(&read(file)?)?;
    let (mut evaluated, mut differ) = (0, 0);
    for case in &corpus.testcases {
        let judged = case.judge(at);
        evaluated += usize::from(judged.result != Outcome::Skipped);
        differ += usize::from(!case.agrees(&judged) && !case.is_exception());
        shell.document(&judged, false);
    }
    shell.say(&format!(
        "{evaluated} of {} cases evaluated, {differ} differ that are not listed",
        corpus.testcases.len()
    ));
    Ok(if differ == 0 { exit::YES } else { exit::NO })
}

fn read(file: &Path) -> Result<Vec<u8>, Problem> {
    std::fs::read(file).map_err(|error| {
        Problem::new(
            "storage.unreadable",
            Fault::Caller,
            format!("`{}` cannot be read", file.display()),
            error.to_string(),
        )
        .with_hint("Check the path.")
    })
}
