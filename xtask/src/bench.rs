//! The measurements that the project publishes: `docs/performance.md`, and `docs/performance-full.md`
//! with what takes most of an hour to measure.

use std::process::Command;

use anyhow::{Context as _, ensure};

use crate::tools::{Tools, root};

const PAGE: &str = "docs/performance.md";
/// The page of a full run, which is made less often.
const FULL_PAGE: &str = "docs/performance-full.md";

/// Builds what is measured as it is released, and measures it.
pub(crate) fn run(tools: &Tools, full: bool, quick: bool, seed: Option<u64>) -> anyhow::Result<()> {
    let page = if full { FULL_PAGE } else { PAGE };
    let programs = tools.build_release()?;
    let status = Command::new(programs.join("annals-bench"))
        .args(["report", "--out"])
        .arg(root().join(page))
        .args(full.then_some("--full"))
        .args(quick.then_some("--quick"))
        .args(seed.map(|seed| format!("--seed={seed}")))
        .status()
        .context("cannot run annals-bench")?;
    ensure!(
        status.success(),
        "not everything could be measured; {page} says what"
    );
    println!("wrote {page}");
    if full {
        // It has all of the other page, newer.
        std::fs::copy(root().join(FULL_PAGE), root().join(PAGE)).context(PAGE)?;
        println!("wrote {PAGE}");
    }
    Ok(())
}
