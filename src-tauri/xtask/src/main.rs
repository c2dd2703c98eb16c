//! `cargo xtask`: the project's own commands. `run` and `test` are the README's two; each installs what is
//! missing on Debian and Ubuntu and says what.

mod bench;
mod check;
mod fuzz;
mod packages;
mod rules;
mod run;
mod shell;
mod test;
mod ui;

use anyhow::{Result, bail};

const HELP: &str = "\
cargo xtask COMMAND

  run      build and open the window (the tour in the terminal where there is no display)
  test     check, then every test: unit, peers, command line, the real window
  check    formatting, lints, types, dependency rules
  bench    measurements, side by side in one run
  fuzz     [TARGET] [SECONDS] of bytes nobody vouches for, ten minutes each
  shots    pictures of the real window into docs/screenshots, light and dark
  types    make the TypeScript types of the boundary again

Words after the command go on: `cargo xtask run --release`, `cargo xtask test tour`.";

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    std::env::set_current_dir(shell::root())?;
    match command.as_str() {
        "run" => run::run(&rest),
        "test" => test::test(&rest),
        "check" => check::check(),
        "bench" => bench::bench(&rest),
        "fuzz" => fuzz::fuzz(&rest),
        "shots" => test::shots(&rest),
        "types" => ui::types(),
        "" | "help" | "--help" | "-h" => {
            shell::say(HELP);
            Ok(())
        }
        other => bail!("unknown command `{other}`\n\n{HELP}"),
    }
}
