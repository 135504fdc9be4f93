//! The measurements that the project publishes: `docs/performance.md`.

use std::process::Command;

use anyhow::{Context as _, ensure};

use crate::tools::{Tools, root};

/// The page that is written.
const PAGE: &str = "docs/performance.md";

/// Builds what is measured as it is released, and measures it.
pub(crate) fn run(tools: &Tools, full: bool, quick: bool, seed: Option<u64>) -> anyhow::Result<()> {
    let programs = tools.build_release()?;
    let status = Command::new(programs.join("annals-bench"))
        .args(["report", "--out"])
        .arg(root().join(PAGE))
        .args(full.then_some("--full"))
        .args(quick.then_some("--quick"))
        .args(seed.map(|seed| format!("--seed={seed}")))
        .status()
        .context("cannot run annals-bench")?;
    ensure!(
        status.success(),
        "not everything could be measured; {PAGE} says what"
    );
    println!("wrote {PAGE}");
    Ok(())
}
