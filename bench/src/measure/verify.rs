//! How fast `annals verify` holds every event of a folder to its signed checkpoint.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::args::{LoadArgs, ServerArgs};
use crate::load;
use crate::server::DataFolder;
use crate::table::{Figures, thousands};

/// Runs `annals verify` over a folder; how long it takes. Fails if anything is wrong there.
pub(crate) fn measure(args: &ServerArgs, data: &DataFolder) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    let output = Command::new(args.program()?)
        .arg("verify")
        .arg("--data")
        .arg(data.path())
        .stdin(Stdio::null())
        .output()?;
    let took = begun.elapsed();
    let words = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "annals verify: {words}");
    Ok(took)
}

pub(crate) fn run(args: &LoadArgs) -> anyhow::Result<()> {
    let (data, _, events) = load::rested_folder(args)?;
    let took = measure(&args.server, &data)?;
    Figures::title(&format!("verify: {} events", thousands(events as f64)));
    Figures::row("seconds", format!("{:.2}", took.as_secs_f64()));
    Figures::row("events / s", thousands(events as f64 / took.as_secs_f64()));
    Ok(())
}
