//! What was measured on: facts that matter for speed, none that name the machine.

use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::generate::{Generator, Plan};
use crate::table::thousands;

/// Long enough that a short pause of the machine hardly counts.
const PACE_TIME: Duration = Duration::from_secs(2);

/// How many events of the workload one core makes in a second: what an hour of a shared machine is
/// worth, so that pages of different hours can be compared.
pub(super) fn pace() -> f64 {
    let mut generator = Generator::new(Plan::new(u64::MAX, 0));
    let mut event = String::new();
    let (begun, mut events) = (Instant::now(), 0);
    while begun.elapsed() < PACE_TIME {
        event.clear();
        generator.write_next(&mut event);
        events += 1;
    }
    f64::from(events) / begun.elapsed().as_secs_f64()
}

/// The machine, one fact a line; its pace before the run and after it.
pub(super) fn facts(paces: [f64; 2]) -> anyhow::Result<Vec<String>> {
    let cpu = std::fs::read_to_string("/proc/cpuinfo")?;
    let model = value(&cpu, "model name").unwrap_or("an unnamed processor");
    let cores = std::thread::available_parallelism()?;
    let memory = std::fs::read_to_string("/proc/meminfo")?;
    let kib: f64 = value(&memory, "MemTotal")
        .and_then(|total| total.split_whitespace().next()?.parse().ok())
        .context("/proc/meminfo has no MemTotal")?;
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let load = std::fs::read_to_string("/proc/loadavg")?;
    let load = load.split_whitespace().next().unwrap_or("?");
    Ok(vec![
        format!(
            "{cores} cores ({model}), {:.0} GiB of memory",
            kib / f64::from(1 << 20)
        ),
        format!("Linux {}", kernel.trim()),
        format!("load of the machine when the run ended: {load}"),
        format!(
            "its pace: one core made {} events a second for the load program before the run, {} after it",
            thousands(paces[0]),
            thousands(paces[1])
        ),
    ])
}

/// Today as `YYYY-MM-DD`, in UTC.
pub(super) fn today() -> String {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    let text = crate::questions::time_text(i64::try_from(since.as_micros()).unwrap_or(0));
    text.chars().take(10).collect()
}

fn value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim())
}
