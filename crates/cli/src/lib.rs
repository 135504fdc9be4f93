//! The command line: arguments, the terminal, exit codes.
//!
//! - Exit codes: 0 fine, 1 failed, 2 wrong usage, 3 integrity broken ([`failure::Failure`]).
//! - Data go to standard output, words to standard error. JSON lines when standard output is no
//!   terminal.
//! - A command is one file under `commands`: it reads its arguments, calls, and says what happened.

mod args;
mod commands;
mod failure;
mod output;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Args, Command};

/// Runs the command that the program's arguments name.
pub fn run() -> ExitCode {
    let arguments = Args::parse();
    server::raise_file_limit();
    let done = match arguments.command {
        Command::Serve(args) => commands::serve::run(args),
        Command::Demo(args) => commands::demo::run(args),
        Command::Key(args) => commands::key::run(args),
        Command::User(args) => commands::user::run(args),
        Command::Tenant(args) => commands::tenant::run(args),
        Command::Send(args) => commands::send::run(&args),
        Command::Import(args) => commands::import::run(&args),
        Command::Search(args) => commands::search::run(&args),
        Command::Tail(args) => commands::tail::run(&args),
        Command::Export(args) => commands::export::run(&args),
        Command::Prove(args) => commands::prove::run(&args),
        Command::Verify(args) => commands::verify::run(&args),
        Command::Fsck(args) => commands::fsck::run(&args),
        Command::Completions(args) => commands::completions::run(&args),
        Command::Openapi => output::line(server::openapi().trim_end()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
