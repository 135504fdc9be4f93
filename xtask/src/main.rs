//! Every script of the repository: `cargo xtask <task>`.

mod cargo;
mod tidy;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Tasks of this repository")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Runs all tests of the workspace.
    Test,
    /// Everything that must hold before a change lands: tidy, formatting, lints, tests.
    Ci,
    /// Checks the house: who imports whom, what every file must and must not hold.
    Tidy,
}

fn main() -> Result<()> {
    match Arguments::parse().task {
        Task::Test => cargo::test(),
        Task::Tidy => tidy::check(),
        Task::Ci => {
            tidy::check()?;
            cargo::lint()?;
            cargo::test()
        }
    }
}
