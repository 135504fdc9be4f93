//! Other products that keep the same events on the same machine in the same run: PostgreSQL and
//! SQLite, as far as they are installed. Every commit is durable, every search has an index where
//! the product offers one, and what they answer is compared with what Annals answers.

pub(crate) mod postgres;
mod row;
mod shell;
mod sql;
pub(crate) mod sqlite;
mod wire;

use std::time::Duration;

use crate::generate::{Generator, Plan};
use crate::questions::Timed;
use row::Row;

/// Events of one commit, as Annals gets them.
const BATCH: u64 = 1_000;
/// Batches made at once with the clock stopped.
const READY_BATCHES: usize = 200;

/// What a peer was measured with.
#[derive(Clone)]
pub(crate) struct Work {
    pub(crate) plan: Plan,
    pub(crate) runs: crate::questions::Runs,
    /// Most events committed one by one, and the longest time for it.
    pub(crate) singles: u64,
    pub(crate) singles_limit: Duration,
}

/// What was measured of a peer.
pub(crate) struct Figures {
    /// Name and version.
    pub(crate) name: String,
    /// How it was set up and what its numbers include.
    pub(crate) notes: String,
    pub(crate) events: u64,
    /// Committing batches, without making them.
    pub(crate) took: Duration,
    /// CPU seconds until everything was stored, indexed and analyzed.
    pub(crate) cpu_seconds: f64,
    pub(crate) bytes: u64,
    /// Bytes of its log beside that.
    pub(crate) log_bytes: Option<u64>,
    pub(crate) questions: Vec<Timed>,
    /// Durable commits of single events a second: connections and commits.
    pub(crate) singles: Vec<(usize, f64)>,
}

impl Figures {
    pub(crate) fn per_second(&self) -> f64 {
        self.events as f64 / self.took.as_secs_f64()
    }

    pub(crate) fn per_cpu_second(&self) -> f64 {
        self.events as f64 / self.cpu_seconds
    }

    pub(crate) fn bytes_an_event(&self) -> f64 {
        self.bytes as f64 / self.events as f64
    }
}

/// Rows of a plan, one event after the other.
struct Rows {
    generator: Generator,
    next: u64,
    line: String,
}

impl Rows {
    fn new(plan: Plan, first: u64) -> Rows {
        Rows {
            generator: Generator::new(plan),
            next: first,
            line: String::new(),
        }
    }

    /// The next batch; empty at the end.
    fn batch(&mut self) -> anyhow::Result<Vec<Row>> {
        let mut rows = Vec::new();
        while (rows.len() as u64) < BATCH {
            self.line.clear();
            if !self.generator.write_next(&mut self.line) {
                break;
            }
            rows.push(Row::of(self.next, &self.line)?);
            self.next += 1;
        }
        Ok(rows)
    }

    /// Some batches, each written down by `write`; empty at the end.
    fn ready<T>(&mut self, write: impl Fn(&[Row]) -> T) -> anyhow::Result<Vec<T>> {
        let mut ready = Vec::new();
        while ready.len() < READY_BATCHES {
            let rows = self.batch()?;
            if rows.is_empty() {
                break;
            }
            ready.push(write(&rows));
        }
        Ok(ready)
    }
}
