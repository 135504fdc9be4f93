//! `annals completions`.

use clap::CommandFactory as _;

use crate::args::{Args, CompletionsArgs};
use crate::failure::Done;

pub(crate) fn run(args: &CompletionsArgs) -> Done {
    clap_complete::generate(
        args.shell,
        &mut Args::command(),
        "annals",
        &mut std::io::stdout(),
    );
    Ok(())
}
