//! Actions of `recipe`.

use std::path::PathBuf;

use clap::Subcommand;

use super::Connect;

#[derive(Subcommand)]
pub(crate) enum RecipeAction {
    /// The workspace's own recipes and the built-in ones
    #[command(after_help = "Examples:\n  countersign recipe list --json")]
    List,
    /// Print a recipe's file
    #[command(after_help = "Examples:\n  countersign recipe show ngenius > acme.toml")]
    Show {
        /// Id
        recipe: String,
    },
    /// Take a recipe file into the workspace
    #[command(after_help = "Examples:\n  countersign recipe add acme.toml")]
    Add {
        /// The file
        file: PathBuf,
    },
    /// Remove a recipe of the workspace
    #[command(after_help = "Examples:\n  countersign recipe remove acme")]
    Remove {
        /// Id
        recipe: String,
    },
    /// Try a recipe: on an answer, or by one real token call
    #[command(
        after_help = "Examples:\n  countersign recipe test acme.toml --answer answer.json --status 200\n  curl … | countersign recipe test acme.toml --answer -\n  countersign recipe test ngenius --credential bank"
    )]
    Test {
        /// Id, or a file
        recipe: String,
        /// Ask the token endpoint of this credential
        #[arg(long, value_name = "NAME", conflicts_with = "answer")]
        credential: Option<String>,
        /// The content of an answer; - for standard input
        #[arg(long, value_name = "FILE|-")]
        answer: Option<PathBuf>,
        /// The status it came with
        #[arg(long, default_value_t = 200)]
        status: u16,
        #[command(flatten)]
        connect: Connect,
    },
}
