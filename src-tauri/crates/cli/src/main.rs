//! `countersign`: the headless host over the same core as the window.
//!
//! `args` defines every command; `commands` has one module for each; a document or a ladder goes to stdout, words
//! go to stderr, `exit` says what the exit code means.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests panic to say what is wrong")
)]

mod args;
mod commands;
mod exit;
mod file;
mod ladder;
mod open;
mod secrets;
mod shell;
mod story;
mod units;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::Cli;
use crate::shell::Shell;

fn main() -> ExitCode {
    countersign_console::hardening::apply();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _closed = error.print();
            return ExitCode::from(if error.use_stderr() { exit::USAGE } else { exit::YES });
        }
    };
    let shell = Shell::new(&cli.global);
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let problem = countersign_evidence::Problem::new(
                "internal.runtime",
                countersign_evidence::Fault::Environment,
                "the program cannot start its threads",
                error.to_string(),
            );
            shell.problem(&problem);
            return ExitCode::from(exit::of_problem(&problem));
        }
    };
    let code = runtime.block_on(commands::run(&shell, cli)).unwrap_or_else(|problem| {
        shell.problem(&problem);
        exit::of_problem(&problem)
    });
    // background reads of a store must not keep the process
    runtime.shutdown_background();
    ExitCode::from(code)
}
