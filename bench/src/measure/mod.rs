//! One file a measurement.

pub(crate) mod beside;
pub(crate) mod freshness;
pub(crate) mod ingest;
pub(crate) mod queries;
pub(crate) mod rebuild;
pub(crate) mod rest;
pub(crate) mod singles;
pub(crate) mod size;
pub(crate) mod start;
pub(crate) mod sustained;
pub(crate) mod tenants;
pub(crate) mod verify;

use std::time::Duration;

use crate::process::Memory;
use crate::server::Server;
use crate::table::{Figures, mib, thousands};

/// Memory of its own, and with the pages of files.
pub(crate) fn memory_text(memory: &Memory) -> String {
    format!("{} ({})", mib(memory.own), mib(memory.resident))
}

/// What a server's process used for a number of events, in the rows every measurement prints.
fn print_cost(
    server: &Server,
    events: u64,
    took: Duration,
    cpu_seconds: f64,
) -> anyhow::Result<()> {
    let memory = server.memory()?;
    Figures::row("events acknowledged", thousands(events as f64));
    Figures::row("seconds", format!("{:.2}", took.as_secs_f64()));
    Figures::row("events / s", thousands(events as f64 / took.as_secs_f64()));
    Figures::row("server CPU seconds", format!("{cpu_seconds:.2}"));
    Figures::row("events / CPU s", thousands(events as f64 / cpu_seconds));
    Figures::row("server memory now", mib(memory.resident));
    Figures::row("server memory peak", mib(memory.peak));
    Ok(())
}
