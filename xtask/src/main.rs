//! Every script of the repository:
//! `cargo xtask <demo|test|contract|fuzz|screenshots|bench|instructions|ci|tidy|codegen>`.
//!
//! Nothing is installed behind anybody's back. What makes builds faster (mold, sccache, nextest) is
//! used where it is installed, and one line says what is missing.
#![expect(clippy::print_stdout, reason = "this program talks to whoever ran it")]

mod bench;
mod ci;
mod contract;
mod fuzz;
mod instructions;
mod licences;
mod shelves;
mod tidy;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use tools::Tools;

/// The scripts of the repository.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build Annals and start it with a made-up company (arguments go to `annals demo`)
    Demo {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run every test of the workspace (arguments go to the test runner)
    Test {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Hold a running server to the OpenAPI document it serves
    Contract,
    /// Run a reader of outside bytes on mutated input for as long as you like (arguments go to it)
    Fuzz {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Make pictures of every screen, wide and narrow, light and dark
    Screenshots,
    /// Measure a release on this machine, beside PostgreSQL and SQLite where they are installed, and
    /// write docs/performance.md; about twenty minutes with a million events
    Bench {
        /// Also 5 million events, and a sustained run of ten minutes: docs/performance-full.md, in most
        /// of an hour
        #[arg(long)]
        full: bool,
        /// 100,000 events, to see that everything works
        #[arg(long, conflicts_with = "full")]
        quick: bool,
        /// Seed of the events
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Count the instructions of the hot paths and hold them to bench/instructions.toml
    Instructions {
        /// Write what was counted to the file
        #[arg(long)]
        update: bool,
    },
    /// Everything a change must pass: tidy, format, lints, tests, generated files, instructions
    Ci,
    /// Check what the compiler cannot: who imports whom, words, paths, line ends, licences
    Tidy,
    /// Write generated files again (the OpenAPI description)
    Codegen,
}

fn main() -> ExitCode {
    match run(Args::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> anyhow::Result<()> {
    let tools = Tools::look_around()?;
    match task {
        Task::Demo { arguments } => tools.demo(&arguments),
        Task::Test { arguments } => tools.test(&arguments),
        Task::Contract => contract::test(&tools),
        Task::Fuzz { arguments } => fuzz::run(&tools, &arguments),
        Task::Screenshots => tools.screenshots(),
        Task::Bench { full, quick, seed } => bench::run(&tools, full, quick, seed),
        Task::Instructions { update } => instructions::run(&tools, update),
        Task::Ci => ci::run(&tools),
        Task::Tidy => tidy::run().map(|()| println!("tidy: all is well")),
        Task::Codegen => tools.codegen(),
    }
}
