//! Cargo, called with the settings that builds of this repository share.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// Runs all tests: with nextest where it is installed, doc tests with cargo itself.
pub(crate) fn test() -> Result<()> {
    if Command::new("cargo").args(["nextest", "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
        run(cargo()?.args(["nextest", "run", "--workspace", "--all-features", "--locked", "--no-fail-fast"]))
    } else {
        eprintln!("cargo-nextest is not installed; `cargo test` runs the tests instead");
        run(cargo()?.args(["test", "--workspace", "--all-features", "--locked", "--no-fail-fast"]))
    }
}

/// Clippy without a warning.
pub(crate) fn lint() -> Result<()> {
    run(cargo()?.args(["clippy", "--workspace", "--all-targets", "--all-features", "--locked", "--", "-D", "warnings"]))
}

/// A cargo command. Build products go to a cache outside the clone unless the caller says where,
/// and a fast linker is used where there is one.
fn cargo() -> Result<Command> {
    let mut command = Command::new("cargo");
    if env::var_os("CARGO_TARGET_DIR").is_none() {
        let home = env::var_os("HOME").context("HOME is not set: set it or CARGO_TARGET_DIR")?;
        command.env("CARGO_TARGET_DIR", PathBuf::from(home).join(".cache/annals/target"));
    }
    if env::var_os("RUSTFLAGS").is_none() && is_installed("mold") {
        command.env("RUSTFLAGS", "-C link-arg=-fuse-ld=mold");
    }
    Ok(command)
}

fn is_installed(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {command:?}"))?;
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(())
}
