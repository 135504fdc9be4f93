//! Background work and what it works on, as numbers for Prometheus.
//!
//! They are read when somebody asks, from those who do the work: nothing is kept here, and a tenant
//! whose ledger was closed is not shown any more.

use std::fmt::Write;

use ledger::{Packing, Tally, Task};

use crate::tenants::Tenants;

/// Appends the families of background work, in the text format of Prometheus.
pub(crate) fn render(tenants: &Tenants, out: &mut String) {
    let meters = tenants.resources().pool().meters();
    render_tasks(|task| meters.tally(task), out);
    let open = tenants.each();
    let mut waiting = Family::gauge(
        "annals_background_waiting",
        "Work that waits, by tenant, of open ledgers: journal files to seal, parts to index, erasures to carry out, parts of the next merge, parts to pack tighter once they rest",
    );
    let mut parts = Family::gauge(
        "annals_ledger_parts",
        "Parts of a ledger by how tightly they are packed, of open ledgers",
    );
    let mut part_bytes = Family::gauge(
        "annals_ledger_part_bytes",
        "Bytes of the parts of a ledger by how tightly they are packed, of open ledgers",
    );
    let mut index_parts = Family::gauge(
        "annals_index_parts",
        "Parts by whether they have their index, or are read event by event without one, of open ledgers",
    );
    let mut index_bytes = Family::gauge(
        "annals_index_bytes",
        "Bytes of the index on disk, of open ledgers",
    );
    let mut index_memory = Family::gauge(
        "annals_index_memory_events",
        "Events that are answered for from memory, of open ledgers",
    );
    for (tenant, open) in &open {
        let tenant = tenant.as_str();
        let (backlog, stats) = (open.ledger.backlog(), open.index.stats());
        for task in Task::ALL {
            let number = match task {
                Task::Seal => backlog.seal,
                Task::Index => stats.missing_parts,
                Task::Erase => backlog.erase,
                Task::Merge => backlog.merge,
                Task::Recompress => backlog.recompress,
            };
            waiting.sample(
                &[("tenant", tenant), ("task", task.as_str())],
                number as f64,
            );
        }
        for packing in Packing::ALL {
            let (count, bytes) = open.ledger.parts_packed(packing);
            let labels = [("tenant", tenant), ("packing", packing.as_str())];
            parts.sample(&labels, count as f64);
            part_bytes.sample(&labels, bytes as f64);
        }
        let states = [
            ("indexed", stats.parts),
            ("missing", stats.missing_parts),
            ("read", stats.unindexed_parts),
        ];
        for (state, number) in states {
            index_parts.sample(&[("tenant", tenant), ("state", state)], number as f64);
        }
        index_bytes.sample(&[("tenant", tenant)], stats.bytes as f64);
        let in_memory = stats.applied.get().saturating_sub(stats.covered.get());
        index_memory.sample(&[("tenant", tenant)], in_memory as f64);
    }
    for family in [
        waiting,
        parts,
        part_bytes,
        index_parts,
        index_bytes,
        index_memory,
    ] {
        out.push_str(&family.text);
    }
}

fn render_tasks(tally: impl Fn(Task) -> Tally, out: &mut String) {
    type Number = fn(&Tally) -> f64;
    let numbers: [(Family, Number); 5] = [
        (
            Family::counter(
                "annals_background_done_total",
                "Pieces of background work done",
            ),
            |tally| tally.done as f64,
        ),
        (
            Family::counter(
                "annals_background_failed_total",
                "Pieces of background work that failed and are tried again",
            ),
            |tally| tally.failed as f64,
        ),
        (
            Family::gauge(
                "annals_background_running",
                "Pieces of background work being done",
            ),
            |tally| tally.running as f64,
        ),
        (
            Family::counter(
                "annals_background_cpu_seconds_total",
                "CPU time of background work",
            ),
            |tally| tally.cpu.as_secs_f64(),
        ),
        (
            Family::counter(
                "annals_background_written_bytes_total",
                "Bytes of the files that background work made",
            ),
            |tally| tally.written_bytes as f64,
        ),
    ];
    for (mut family, number) in numbers {
        for task in Task::ALL {
            family.sample(&[("task", task.as_str())], number(&tally(task)));
        }
        out.push_str(&family.text);
    }
}

/// A family of numbers in the text format.
struct Family {
    name: &'static str,
    text: String,
}

impl Family {
    fn counter(name: &'static str, help: &str) -> Family {
        Family::new(name, "counter", help)
    }

    fn gauge(name: &'static str, help: &str) -> Family {
        Family::new(name, "gauge", help)
    }

    fn new(name: &'static str, kind: &str, help: &str) -> Family {
        let text = format!("# HELP {name} {help}\n# TYPE {name} {kind}\n");
        Family { name, text }
    }

    /// Adds a number. Values of labels are names of ours, which hold nothing to escape.
    fn sample(&mut self, labels: &[(&str, &str)], number: f64) {
        let labels: Vec<String> = labels
            .iter()
            .map(|(label, value)| format!("{label}=\"{value}\""))
            .collect();
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{}{{{}}} {number}", self.name, labels.join(","));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn tasks_are_written_as_prometheus_reads_them() {
        let mut text = String::new();
        let tally = |task| match task {
            Task::Merge => Tally {
                done: 3,
                failed: 1,
                running: 1,
                cpu: Duration::from_millis(1_250),
                written_bytes: 1 << 40,
            },
            _ => Tally::default(),
        };
        render_tasks(tally, &mut text);
        for line in [
            "# HELP annals_background_done_total Pieces of background work done",
            "# TYPE annals_background_done_total counter",
            "annals_background_done_total{task=\"seal\"} 0",
            "annals_background_done_total{task=\"merge\"} 3",
            "annals_background_failed_total{task=\"merge\"} 1",
            "# TYPE annals_background_running gauge",
            "annals_background_running{task=\"merge\"} 1",
            "annals_background_cpu_seconds_total{task=\"merge\"} 1.25",
            "annals_background_written_bytes_total{task=\"merge\"} 1099511627776",
        ] {
            assert!(text.lines().any(|it| it == line), "{line} in {text}");
        }
    }
}
