//! Running fuzz targets for longer than the tests do (`docs/fuzzing.md`).

use anyhow::Context as _;

use crate::tools::Tools;

/// Runs the driver of `fuzz/`; it says what it found, and ends with 1 if that was something.
pub(crate) fn run(tools: &Tools, arguments: &[String]) -> anyhow::Result<()> {
    let mut run = vec!["run", "--quiet", "--package", "annals-fuzz", "--"];
    run.extend(arguments.iter().map(String::as_str));
    let status = tools.command(&run).status().context("cannot run cargo")?;
    std::process::exit(status.code().unwrap_or(1));
}
