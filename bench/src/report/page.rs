//! The page: what was measured beside what is promised.

use std::fmt::Write as _;
use std::time::Duration;

use super::run::{Everything, Loaded, Measured, SUSTAINED_RATE, TENANT_EVENTS};
use super::{Size, machine};
use crate::measure;
use crate::measure::ingest::Ingest;
use crate::peers::Figures;
use crate::questions::{QUESTIONS, Timed};
use crate::table::{mib, percentile, thousands};

/// Most milliseconds of each question at p50, with a million events.
const QUESTION_GOALS: [f64; QUESTIONS.len()] = [
    1.0, 1.5, 4.0, 7.0, 2.0, 1.5, 2.0, 1.0, 10.0, 60.0, 350.0, 8.0,
];
/// Questions that may take at most half again as long with more events; the others may grow with
/// them.
const STEADY: [&str; 4] = ["Q1", "Q2", "Q4r", "Q7"];
const STEADY_RATIO: f64 = 1.5;
const BURST_GOAL: f64 = 150_000.0;
const CPU_GOAL: f64 = 45_000.0;
const BYTES_GOAL: f64 = 220.0;
/// Single commits beside PostgreSQL's, with 1 and with 64 connections.
const SINGLES_GOALS: [(usize, f64); 2] = [(1, 1.0), (64, 3.0)];
/// Most times as long an acknowledgement takes at p99 while parts are merged and packed.
const BESIDE_RATIO: f64 = 1.5;
const REBUILD_GOAL: f64 = 50_000.0;
const VERIFY_GOAL: f64 = 250_000.0;
const REST_GOAL_BYTES: u64 = 600 << 20;
const START_GOAL: Duration = Duration::from_secs(5);
const TENANTS_GOAL_BYTES: u64 = 300 << 20;
const TENANTS_GOAL_FILES: u64 = 1_000;
/// Memory counts as flat if its highest in the last quarter of a run is at most this much above
/// that in the second: the first warms up.
const FLAT_RATIO: f64 = 1.1;

pub(super) fn text(facts: &[String], size: &Size, seed: u64, all: &Everything) -> String {
    let mut page = Page {
        text: String::new(),
        all,
        is_judged: size.is_judged,
        missed: Vec::new(),
    };
    page.head(facts, size, seed);
    page.writing();
    page.questions();
    page.growth();
    page.server(size);
    page.verdict();
    page.notes();
    page.text
}

struct Page<'a> {
    text: String,
    all: &'a Everything,
    /// Whether figures are held to the goals.
    is_judged: bool,
    /// Goals that were not met.
    missed: Vec<String>,
}

impl<'a> Page<'a> {
    fn head(&mut self, facts: &[String], size: &Size, seed: u64) {
        let _ = write!(
            self.text,
            "# Performance\n\nWritten by `{}` on {}, seed {seed}. Nothing here was typed in by hand.\n\n",
            size.command,
            machine::today()
        );
        if !size.is_judged {
            self.text
                .push_str("**A run that only shows that everything works: too few events and runs for figures that mean anything, and nothing is held to the goals.**\n\n");
        }
        for fact in facts {
            let _ = writeln!(self.text, "- {fact}");
        }
        self.text.push_str(
            "\nEvents are those of `annals-bench generate`, about 700 bytes each: 5,000 actors and 200,000 records, both Zipf, over 90 days. The load program, the server and the other products share the machine; `annals serve` runs with its defaults and is reached over HTTP on the loopback interface. Every acknowledged event is synced to disk. Times are p50 (p95; CPU of the server in ms for one question). Each question is asked 25 to 500 times, of the servers of Annals in turn, five times each. Wall time on shared machines varies several times over: compare columns of one run.\n",
        );
    }

    /// The other products whose figures are there.
    fn peers(&self) -> Vec<&'a Figures> {
        let peers = self.all.peers.iter();
        peers.filter_map(|(_, peer)| peer.as_ref().ok()).collect()
    }

    fn first_load(&self) -> Option<&'a Loaded> {
        self.all
            .loads
            .first()
            .and_then(|(_, load)| load.as_ref().ok())
    }

    /// A row of a table about a figure with a goal; whether it is met.
    fn judged(&mut self, name: &str, is_met: Option<bool>) -> &'static str {
        match is_met.filter(|_| self.is_judged) {
            None => "-",
            Some(true) => "met",
            Some(false) => {
                self.missed.push(name.to_owned());
                "**missed**"
            }
        }
    }

    fn table_head(&mut self, columns: &[&str]) {
        let _ = writeln!(self.text, "| {} |", columns.join(" | "));
        let _ = writeln!(self.text, "|{}", "---|".repeat(columns.len()));
    }

    fn row(&mut self, cells: &[String]) {
        let _ = writeln!(self.text, "| {} |", cells.join(" | "));
    }

    fn writing(&mut self) {
        self.text.push_str("\n## Writing\n\n");
        let names: Vec<String> = self.peers().iter().map(|peer| peer.name.clone()).collect();
        let mut columns = vec!["", "goal", "", "Annals"];
        columns.extend(names.iter().map(String::as_str));
        self.table_head(&columns);
        let nothing = || vec!["-".to_owned(); names.len()];

        let all = self.all;
        let (cell, met) = figure(&all.bursts, |[slowest, middle, fastest]| {
            let [slowest, rate, fastest] = [slowest, middle, fastest].map(Ingest::per_second);
            let cell = format!(
                "{} ({} to {})",
                thousands(rate),
                thousands(slowest),
                thousands(fastest)
            );
            (cell, rate >= BURST_GOAL)
        });
        let name = match &all.bursts {
            Ok([burst, ..]) => format!(
                "burst of {} events in batches of 1,000, median of three, events/s",
                thousands(burst.events as f64)
            ),
            Err(_) => "burst in batches of 1,000, events/s".to_owned(),
        };
        self.line(&name, &at_least(BURST_GOAL), met, cell, nothing());

        let (cell, met) = figure(&all.sustained, |sustained| {
            let rate = sustained.per_second();
            let cell = format!(
                "{} for {:.0} s, {} requests put off",
                thousands(rate),
                sustained.took.as_secs_f64(),
                sustained.put_off
            );
            // The last batch is sent before its second is over.
            (cell, rate >= SUSTAINED_RATE as f64 * 0.99)
        });
        let goal = at_least(SUSTAINED_RATE as f64);
        self.line(
            "sustained, of 45,000 events/s offered",
            &goal,
            met,
            cell,
            nothing(),
        );

        let load = self.first_load();
        let loaded = |show: &dyn Fn(&Loaded) -> (String, bool)| match load {
            Some(load) => {
                let (cell, met) = show(load);
                (cell, Some(met))
            }
            None => ("failed".to_owned(), None),
        };
        let peers = |show: &dyn Fn(&Figures) -> String| -> Vec<String> {
            self.peers().iter().map(|peer| show(peer)).collect()
        };
        let events = load.map_or(0.0, |load| load.events as f64);
        let rate = loaded(&|load| (thousands(load.ingest.per_second()), true)).0;
        let rates = peers(&|peer| thousands(peer.per_second()));
        let cpu = loaded(&|load| {
            let rate = load.events as f64 / load.cpu_seconds;
            let sending = load.ingest.events as f64 / load.ingest.cpu_sending;
            let cell = format!(
                "{} ({} until acknowledged, {} until sealed and indexed)",
                thousands(rate),
                thousands(sending),
                thousands(load.ingest.per_cpu_second())
            );
            (cell, rate >= CPU_GOAL)
        });
        let cpus = peers(&|peer| thousands(peer.per_cpu_second()));
        let bytes = loaded(&|load| {
            let bytes = load.bytes as f64 / load.events as f64;
            (format!("{bytes:.0}"), bytes <= BYTES_GOAL)
        });
        let sizes = peers(&|peer| match peer.log_bytes {
            Some(log) => format!(
                "{:.0} + {:.0} of log",
                peer.bytes_an_event(),
                log as f64 / peer.events as f64
            ),
            None => format!("{:.0}", peer.bytes_an_event()),
        });
        let name = format!("{} events in batches of 1,000, events/s", thousands(events));
        self.line(&name, "-", None, rate, rates);
        self.line(
            "events per CPU second, until the server rests",
            &at_least(CPU_GOAL),
            cpu.1,
            cpu.0,
            cpus,
        );
        self.line(
            "bytes an event on disk, index included",
            &format!("<= {BYTES_GOAL}"),
            bytes.1,
            bytes.0,
            sizes,
        );
        for (connections, goal) in SINGLES_GOALS {
            self.singles(connections, goal);
        }
        let (cell, met) = figure(&all.beside, |beside| {
            let ratios = beside.ratios();
            let [merging, packing] = ratios.map(|ratio| match ratio.is_nan() {
                true => "-".to_owned(),
                false => format!("{ratio:.1}x"),
            });
            let rest = percentile(&beside.resting_ms, 99);
            let cell =
                format!("{merging} while merged, {packing} while packed ({rest:.2} ms at rest)");
            (cell, ratios.iter().all(|ratio| *ratio <= BESIDE_RATIO))
        });
        self.line(
            "acknowledgement of one event each 5 ms while parts are merged and packed, p99",
            &format!("<= {BESIDE_RATIO}x of that at rest"),
            met,
            cell,
            nothing(),
        );
    }

    fn singles(&mut self, connections: usize, goal: f64) {
        let measured = match connections {
            1 => &self.all.one,
            _ => &self.all.many,
        };
        let of = |peer: &Figures| {
            let singles = peer.singles.iter();
            let mut rates = singles.filter(|(count, _)| *count == connections);
            rates.next().map(|(_, rate)| *rate)
        };
        let postgres = self
            .all
            .peers
            .iter()
            .find(|(name, _)| *name == "PostgreSQL");
        let postgres = postgres.and_then(|(_, peer)| peer.as_ref().ok().and_then(of));
        let (cell, met) = figure(measured, |singles| {
            let rate = singles.per_second();
            let ratio = postgres.map(|postgres| rate / postgres);
            let ratio_text = ratio.map_or(String::new(), |ratio| format!(" ({ratio:.1}x)"));
            let cell = format!("{}{ratio_text}", thousands(rate));
            (cell, ratio.is_none_or(|ratio| ratio >= goal))
        });
        let met = met.filter(|_| postgres.is_some());
        let mut cells = Vec::new();
        for peer in self.peers() {
            cells.push(of(peer).map_or("-".to_owned(), thousands));
        }
        let plural = if connections == 1 { "" } else { "s" };
        self.line(
            &format!("single events, {connections} connection{plural}, durable commits/s"),
            &format!(">= {goal}x PostgreSQL"),
            met,
            cell,
            cells,
        );
    }

    /// A row: what, the goal, whether it is met, our figure, those of others.
    fn line(
        &mut self,
        name: &str,
        goal: &str,
        met: Option<bool>,
        cell: String,
        peers: Vec<String>,
    ) {
        let judged = self.judged(name, met);
        let mut cells = vec![name.to_owned(), goal.to_owned(), judged.to_owned(), cell];
        cells.extend(peers);
        self.row(&cells);
    }

    fn questions(&mut self) {
        let all = self.all;
        let Some(load) = self.first_load() else {
            self.text
                .push_str("\n## Searching\n\nNot measured: the server could not be loaded.\n");
            return;
        };
        let _ = write!(
            self.text,
            "\n## Searching {} events\n\n",
            thousands(load.events as f64)
        );
        let peers = self.peers();
        let mut columns = vec!["", "", "goal ms", "", "Annals", "moved times, 5 % late"];
        columns.extend(peers.iter().map(|peer| peer.name.as_str()));
        columns.push("found");
        self.table_head(&columns);
        // The goals are for a million events; fewer are no harder, more have a table of their own.
        for (number, (name, what)) in QUESTIONS.iter().enumerate() {
            let own = &load.questions[number];
            let goal = QUESTION_GOALS[number];
            let label = format!("{name} with {} events", thousands(load.events as f64));
            let judged = self.judged(&label, Some(own.ms(50) <= goal));
            let disordered = match &all.disordered {
                Ok(timed) => {
                    let ratio = timed[number].ms(50) / own.ms(50);
                    let label = format!("{name} with moved times and late events");
                    let judged = self.judged(&label, Some(ratio <= STEADY_RATIO));
                    format!("{:.2}, {ratio:.1}x, {judged}", timed[number].ms(50))
                }
                Err(_) => "failed".to_owned(),
            };
            let mut cells = vec![
                (*name).to_owned(),
                (*what).to_owned(),
                goal.to_string(),
                judged.to_owned(),
                timed(own),
                disordered,
            ];
            cells.extend(peers.iter().map(|peer| timed(&peer.questions[number])));
            cells.push(own.answer.summary());
            self.row(&cells);
        }
        if !peers.is_empty() {
            let wrong = all.disagreements();
            if wrong.is_empty() {
                self.text.push_str("\nEvery product found the same: the same totals, the same events on each page in the same order, the same counts.\n");
            } else {
                let _ = writeln!(
                    self.text,
                    "\n**Products found different things: {}.**",
                    wrong.join("; ")
                );
            }
        }
    }

    /// How questions grow with the number of events.
    fn growth(&mut self) {
        let Some(first) = self.first_load() else {
            return;
        };
        for (count, load) in &self.all.loads[1..] {
            let events = thousands(*count as f64);
            let _ = write!(self.text, "\n## Searching {events} events\n\n");
            let load = match load {
                Ok(load) => load,
                Err(error) => {
                    let _ = writeln!(self.text, "Not measured: {error}");
                    continue;
                }
            };
            let growth = *count as f64 / first.events as f64;
            self.table_head(&["", "", "goal", "", "Annals", "found"]);
            for (number, (name, what)) in QUESTIONS.iter().enumerate() {
                let (small, large) = (&first.questions[number], &load.questions[number]);
                let ratio = large.ms(50) / small.ms(50);
                let goal = if STEADY.contains(name) {
                    STEADY_RATIO
                } else {
                    growth
                };
                let judged =
                    self.judged(&format!("{name} with {events} events"), Some(ratio <= goal));
                self.row(&[
                    (*name).to_owned(),
                    (*what).to_owned(),
                    format!("<= {goal}x"),
                    judged.to_owned(),
                    format!("{}, {ratio:.1}x", timed(large)),
                    large.answer.summary(),
                ]);
            }
        }
    }

    fn server(&mut self, size: &Size) {
        self.text.push_str("\n## The server\n\n");
        self.table_head(&["", "goal", "", "Annals"]);
        for (count, load) in &self.all.loads {
            let events = thousands(*count as f64);
            let load = match load {
                Ok(load) => load,
                Err(_) => {
                    self.line(
                        &format!("{events} events"),
                        "-",
                        None,
                        "failed".to_owned(),
                        Vec::new(),
                    );
                    continue;
                }
            };
            let rate = load.rebuild.events as f64 / load.rebuild.took.as_secs_f64();
            let cell = format!(
                "{} ({} per CPU second)",
                thousands(rate),
                thousands(load.rebuild.events as f64 / load.rebuild.cpu_seconds)
            );
            let name = format!("building the index again, {events} events, events/s");
            self.line(
                &name,
                &at_least(REBUILD_GOAL),
                Some(rate >= REBUILD_GOAL),
                cell,
                Vec::new(),
            );
            let rate = load.events as f64 / load.verify.as_secs_f64();
            let name = format!("`annals verify` of {events} events, events/s");
            self.line(
                &name,
                &at_least(VERIFY_GOAL),
                Some(rate >= VERIFY_GOAL),
                thousands(rate),
                Vec::new(),
            );
            let name = format!("memory at rest with {events} events");
            let goal = format!("<= {}", mib(REST_GOAL_BYTES));
            let met = load.rest_bytes <= REST_GOAL_BYTES;
            self.line(&name, &goal, Some(met), mib(load.rest_bytes), Vec::new());
            let name = format!("memory at its highest while {events} events came in");
            self.line(&name, "-", None, mib(load.ingest.peak_bytes), Vec::new());
            let name = format!("start after kill -9 with {events} events, to the first answer");
            let goal = format!("<= {} s", START_GOAL.as_secs());
            let cell = format!("{:.2} s", load.start.as_secs_f64());
            self.line(
                &name,
                &goal,
                Some(load.start <= START_GOAL),
                cell,
                Vec::new(),
            );
        }
        let (cell, met) = figure(&self.all.sustained, |sustained| {
            let quarters = &sustained.quarters;
            let texts: Vec<String> = quarters.iter().map(measure::memory_text).collect();
            let flat = match quarters[..] {
                [_, second, .., last] => last.own as f64 <= second.own as f64 * FLAT_RATIO,
                _ => true,
            };
            (texts.join(", "), flat)
        });
        let is_long = size.sustained >= Duration::from_secs(60);
        self.line(
            "memory at the sustained rate, highest in each quarter of the time (with pages of mapped files)",
            "flat",
            met.filter(|_| is_long),
            cell,
            Vec::new(),
        );
        let tenants = format!(
            "{} tenants with {TENANT_EVENTS} events each",
            thousands(size.tenants as f64)
        );
        let (cell, met) = figure(&self.all.tenants, |used| {
            (mib(used.bytes), used.bytes <= TENANTS_GOAL_BYTES)
        });
        let goal = format!("<= {}", mib(TENANTS_GOAL_BYTES));
        self.line(
            &format!("memory with {tenants}"),
            &goal,
            met,
            cell,
            Vec::new(),
        );
        let (cell, met) = figure(&self.all.tenants, |used| {
            let is_met = used.open_files <= TENANTS_GOAL_FILES;
            (thousands(used.open_files as f64), is_met)
        });
        let goal = format!("<= {}", thousands(TENANTS_GOAL_FILES as f64));
        self.line(
            &format!("open files with {tenants}"),
            &goal,
            met,
            cell,
            Vec::new(),
        );
    }

    fn verdict(&mut self) {
        let failed = self.all.failed();
        if !failed.is_empty() {
            self.text.push_str("\n## Not measured\n\n");
            for line in failed {
                let _ = writeln!(self.text, "- {line}");
            }
        }
        if !self.is_judged {
            return;
        }
        self.text.push_str("\n## Goals missed in this run\n\n");
        if self.missed.is_empty() {
            self.text.push_str("None.\n");
        }
        for name in &self.missed {
            let _ = writeln!(self.text, "- {name}");
        }
    }

    fn notes(&mut self) {
        self.text.push_str("\n## What the numbers include\n\n");
        self.text.push_str("- **Annals**: JSON over HTTP, 4 connections for batches; acceptance, hashing, signing, sealing, search and the answer as JSON. A total is counted in the same request as its page. CPU is that of the server's process. The server rests when all is sealed, merged, indexed and packed as tightly as it will be; then the questions are asked. Bytes are all files of the data folder then, a fixed reserve of 16 MiB for a full disk among them.\n");
        for peer in self.peers() {
            let line = format!("- **{}**: {}\n", peer.name, peer.notes);
            self.text.push_str(&line);
        }
        for name in &self.all.missing {
            let _ = writeln!(
                self.text,
                "- **{name}** is not installed here and was not measured."
            );
        }
    }
}

/// A cell and whether its goal is met, or that it failed.
fn figure<T>(
    measured: &Measured<T>,
    show: impl Fn(&T) -> (String, bool),
) -> (String, Option<bool>) {
    match measured {
        Ok(measured) => {
            let (cell, is_met) = show(measured);
            (cell, Some(is_met))
        }
        Err(_) => ("failed".to_owned(), None),
    }
}

fn at_least(goal: f64) -> String {
    format!(">= {}", thousands(goal))
}

fn timed(timed: &Timed) -> String {
    format!(
        "{:.2} ({:.2}; {:.1})",
        timed.ms(50),
        timed.ms(95),
        timed.cpu_ms
    )
}
