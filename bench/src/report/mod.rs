//! The whole workload in one go, written down as a page: what the project promises of its speed,
//! what this machine measured, and what other products did with the same events in the same run.

mod machine;
mod page;
mod run;

use std::time::Duration;

use crate::args::ReportArgs;
use crate::generate::Plan;
use crate::measure::beside;
use crate::questions::Runs;

/// How much is measured.
struct Size {
    /// How to measure as much again.
    command: &'static str,
    /// Whether there is enough of it to hold the figures to the goals.
    is_judged: bool,
    /// Events of the burst.
    burst: u64,
    /// Events of a server whose times are moved and late.
    disordered: u64,
    /// Events in the server that questions, start, memory and so on are measured with, ascending.
    /// Other products are measured with the first.
    loads: Vec<u64>,
    /// Acknowledgements that are timed at rest, in so many rounds.
    at_rest: usize,
    rounds: usize,
    sustained: Duration,
    /// Most single events, and the longest time for them.
    singles: u64,
    singles_limit: Duration,
    tenants: u64,
    runs: Runs,
}

impl Size {
    fn of(args: &ReportArgs) -> Size {
        let seconds = Duration::from_secs;
        if let Some(count) = args.count {
            return Size {
                command: "annals-bench report --count",
                is_judged: false,
                burst: count / 10,
                disordered: count / 10,
                loads: vec![count],
                at_rest: 100,
                rounds: 1,
                sustained: seconds(1),
                singles: 200,
                singles_limit: seconds(2),
                tenants: 3,
                runs: Runs::exactly(2, 2),
            };
        }
        if args.quick {
            return Size {
                command: "cargo xtask bench --quick",
                is_judged: false,
                burst: 100_000,
                disordered: 100_000,
                loads: vec![100_000],
                at_rest: 1_000,
                rounds: 1,
                sustained: seconds(5),
                singles: 20_000,
                singles_limit: seconds(4),
                tenants: 50,
                runs: Runs::exactly(2, 10),
            };
        }
        let (command, loads, sustained) = if args.full {
            (
                "cargo xtask bench --full",
                vec![1_000_000, 5_000_000],
                seconds(600),
            )
        } else {
            ("cargo xtask bench", vec![1_000_000], seconds(60))
        };
        Size {
            command,
            is_judged: true,
            burst: 300_000,
            disordered: 1_000_000,
            loads,
            at_rest: beside::AT_REST,
            rounds: beside::ROUNDS,
            sustained,
            singles: 200_000,
            singles_limit: seconds(15),
            tenants: 1_000,
            runs: Runs {
                warm_up: 2,
                counted: 25,
                most: 500,
                time: seconds(10),
            },
        }
    }
}

pub(crate) fn run(args: &ReportArgs) -> anyhow::Result<()> {
    let size = Size::of(args);
    let before = machine::pace();
    let measured = run::everything(args, &size);
    let facts = machine::facts([before, machine::pace()])?;
    let text = page::text(&facts, &size, args.seed, &measured);
    match &args.out {
        Some(path) => std::fs::write(path, text)?,
        None => print!("{text}"),
    }
    let failed = measured.failed();
    anyhow::ensure!(failed.is_empty(), "not measured: {}", failed.join("; "));
    Ok(())
}

/// The events of a load: in the order in which they happened, or moved and late.
fn plan(count: u64, seed: u64, disorder: bool) -> Plan {
    let (jitter_seconds, late_percent) = if disorder { (60, 5) } else { (0, 0) };
    Plan {
        jitter_seconds,
        late_percent,
        ..Plan::new(count, seed)
    }
}
