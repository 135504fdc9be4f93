//! Runs one target for as long as somebody likes: `annals-fuzz <target> [--seconds N] [FILE...]`.
#![expect(clippy::print_stdout, reason = "this program talks to whoever ran it")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context as _;
use clap::Parser;
use fuzz::{Hunt, Limit, TARGETS, Target};

/// Runs a reader of outside bytes on its corpus and mutations of it.
#[derive(Parser)]
struct Args {
    /// The target; all of them, one after the other, if absent
    target: Option<String>,
    /// How long each target runs
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Run this many mutations instead
    #[arg(long, conflicts_with = "seconds")]
    executions: Option<u64>,
    /// Repeat the run that had this seed; a new one if absent
    #[arg(long)]
    seed: Option<u64>,
    /// Run the target on these inputs only
    files: Vec<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether all is well.
fn run(args: &Args) -> anyhow::Result<bool> {
    let names = || {
        TARGETS
            .iter()
            .map(|target| target.name)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let chosen: Vec<&Target> = match &args.target {
        None => TARGETS.iter().collect(),
        Some(name) => vec![
            fuzz::target(name)
                .with_context(|| format!("no target is called {name}; there are: {}", names()))?,
        ],
    };
    let mut well = true;
    for target in chosen {
        well &= hunt(target, args)?;
    }
    Ok(well)
}

fn hunt(target: &Target, args: &Args) -> anyhow::Result<bool> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let seed = args.seed.unwrap_or(now.as_micros() as u64);
    let (corpus, limit) = if args.files.is_empty() {
        let corpus = target.corpus().context("cannot read the corpus")?;
        let end = Instant::now() + Duration::from_secs(args.seconds);
        (
            corpus,
            args.executions.map_or(Limit::Until(end), Limit::Executions),
        )
    } else {
        let read = |path: &PathBuf| {
            std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
        };
        let corpus = args.files.iter().map(read).collect::<anyhow::Result<_>>()?;
        (corpus, Limit::Executions(0))
    };
    println!("{}: seed {seed}", target.name);
    match Hunt::new(target, seed).run(corpus, limit) {
        Ok(hunted) => {
            println!(
                "{}: {} executions came to {} places, with at most {} KiB each",
                target.name,
                hunted.executions,
                hunted.reached,
                hunted.memory_bytes >> 10
            );
            Ok(true)
        }
        Err(failure) => {
            println!("{failure}\n{}", fuzz::keep(&failure).describe());
            Ok(false)
        }
    }
}
