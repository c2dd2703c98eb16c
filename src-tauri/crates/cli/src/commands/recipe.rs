//! `recipe`: how a token is asked for where the endpoint keeps to no standard; listed, shown, tried.

use std::io::IsTerminal as _;
use std::path::Path;

use countersign_console::view::RecipeReading;
use countersign_evidence::{Fault, Problem};
use countersign_secret::{Secret, SecretText};

use super::{Ended, UnderWay, closing, interruptible, show, why};
use crate::args::{Connect, Global, RecipeAction};
use crate::shell::Shell;
use crate::{exit, open, secrets};

pub(crate) async fn run(shell: &Shell, global: &Global, action: RecipeAction) -> Ended {
    match action {
        RecipeAction::List => list(shell, global).await,
        RecipeAction::Show { recipe } => {
            let console = open::console(global, open::options(global, &Connect::default())?).await?;
            let all = console.recipe_list().await?;
            let ended = match all.iter().find(|one| one.form.id == recipe) {
                Some(found) if shell.json => {
                    shell.document(found, true);
                    Ok(exit::YES)
                }
                Some(found) => {
                    shell.data(found.toml.trim_end());
                    Ok(exit::YES)
                }
                // says which there are
                None => console.recipe_read(&recipe).await.map(|_| exit::YES),
            };
            closing(&console, ended).await
        }
        RecipeAction::Add { file } => {
            let console = open::console(global, open::options(global, &Connect::default())?).await?;
            let ended = async {
                let form = console.recipe_read(&file.display().to_string()).await?;
                let id = form.id.clone();
                console.recipe_save(form).await?;
                shell.say(&format!("Added the recipe `{id}`. Use it: countersign credential add … --recipe {id}"));
                Ok(exit::YES)
            };
            let ended = ended.await;
            closing(&console, ended).await
        }
        RecipeAction::Remove { recipe } => {
            let console = open::console(global, open::options(global, &Connect::default())?).await?;
            let ended = console.recipe_remove(&recipe).await.map(|_| {
                shell.say(&format!("Removed the recipe `{recipe}`."));
                exit::YES
            });
            closing(&console, ended).await
        }
        RecipeAction::Test { recipe, credential: Some(credential), connect, .. } => {
            call(shell, global, &recipe, &credential, &connect).await
        }
        RecipeAction::Test { recipe, answer, status, connect, .. } => {
            let answer = answer.as_deref().map_or_else(from_input, from_file)?;
            let console = open::console(global, open::options(global, &connect)?).await?;
            let ended = async {
                let form = console.recipe_read(&recipe).await?;
                let reading = console.recipe_try(form, status, answer).await?;
                tell(shell, &reading);
                Ok(if reading.issued { exit::YES } else { exit::NO })
            };
            let ended = ended.await;
            closing(&console, ended).await
        }
    }
}

fn from_input() -> Result<SecretText, Problem> {
    if std::io::stdin().is_terminal() {
        return Err(Problem::new(
            "usage.no_answer",
            Fault::Caller,
            "there is no answer to try the recipe on",
            "standard input is a terminal",
        )
        .with_hint("Give --credential NAME to ask the token endpoint, or --answer FILE."));
    }
    secrets::from_stdin()
}

fn from_file(file: &Path) -> Result<SecretText, Problem> {
    if file == Path::new("-") {
        return secrets::from_stdin();
    }
    let bytes = crate::file::read(file)?;
    String::from_utf8(bytes).map(Secret::new).map_err(|_| {
        Problem::new("usage.unreadable_file", Fault::Caller, "the answer is no text", file.display().to_string())
            .with_hint("Give a file with the content of a token answer.")
    })
}

async fn call(shell: &Shell, global: &Global, recipe: &str, credential: &str, connect: &Connect) -> Ended {
    let console = open::console(global, open::options(global, connect)?).await?;
    let under_way = UnderWay::default();
    let ended = async {
        let form = console.recipe_read(recipe).await?;
        let work = console.recipe_test(form, credential, under_way.progress());
        let tested = interruptible(&console, &under_way, work).await?;
        if shell.json {
            shell.document(&tested, true);
        } else {
            show(shell, &tested.exchange);
            if let Some(reading) = &tested.reading {
                shell.data("");
                tell(shell, reading);
            }
            why(shell, &tested.exchange);
        }
        Ok(match tested.reading {
            Some(reading) if reading.issued => exit::YES,
            Some(_) => exit::TOKEN,
            None => exit::of_exchange(&tested.exchange.evidence, false),
        })
    };
    let ended = ended.await;
    closing(&console, ended).await
}

fn tell(shell: &Shell, reading: &RecipeReading) {
    if shell.json {
        shell.document(reading, true);
        return;
    }
    shell.data(&reading.sentence);
    for fact in &reading.facts {
        shell.data(&format!("  {:<14} {}", fact.name, fact.value));
    }
    for finding in &reading.findings {
        shell.data(&format!("  {}", finding.sentence));
    }
    if !reading.issued && !reading.members.is_empty() {
        shell.data("The answer has");
        for member in &reading.members {
            shell.data(format!("  {:<28} {}", member.pointer, member.kind).trim_end());
        }
    }
}

async fn list(shell: &Shell, global: &Global) -> Ended {
    let console = open::console(global, open::options(global, &Connect::default())?).await?;
    let all = console.recipe_list().await?;
    for one in &all {
        if shell.json {
            shell.document(one, false);
            continue;
        }
        let whose = if one.built_in { "built in" } else { "own" };
        let used = if one.used_by.is_empty() { String::new() } else { format!("used by {}", one.used_by.join(", ")) };
        shell.data(format!("{:<16} {:<10} {:<28} {used}", one.form.id, whose, one.form.name).trim_end());
    }
    closing(&console, Ok(exit::YES)).await
}
