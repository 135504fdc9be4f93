//! A fixed rate for minutes: nothing may be refused and memory must stay where it is.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::args::SustainedArgs;
use crate::generate::Generator;
use crate::load::{self, Sent};
use crate::process::Memory;
use crate::server::{DataFolder, Server};
use crate::table::{Figures, percentile, thousands};

const SAMPLE_EVERY: Duration = Duration::from_secs(1);

/// What a fixed rate brought.
pub(crate) struct Sustained {
    pub(crate) events: u64,
    pub(crate) took: Duration,
    cpu_seconds: f64,
    /// Answers 429 or 503.
    pub(crate) put_off: u64,
    sorted_ms: Vec<f64>,
    /// The memory at its highest in each quarter of the time.
    pub(crate) quarters: Vec<Memory>,
}

impl Sustained {
    pub(crate) fn per_second(&self) -> f64 {
        self.events as f64 / self.took.as_secs_f64()
    }
}

pub(crate) fn measure(
    server: &Server,
    key: &str,
    args: &SustainedArgs,
) -> anyhow::Result<Sustained> {
    let generator = Mutex::new(Generator::new(args.events.plan(args.rate * args.seconds)));
    let done = AtomicBool::new(false);
    let before = server.cpu_seconds()?;
    let begun = Instant::now();
    let pace = Pace {
        begun,
        batch: args.batches.batch,
        rate: args.rate,
        taken: Mutex::new(0),
    };
    let (results, memory, took) = std::thread::scope(|scope| {
        let sampler = scope.spawn(|| sample_memory(server, &done));
        let senders: Vec<_> = (0..args.batches.connections.max(1))
            .map(|_| scope.spawn(|| send_paced(server, key, &generator, &pace)))
            .collect();
        let results: Vec<_> = senders
            .into_iter()
            .map(|s| s.join().expect("a sender panicked"))
            .collect();
        let took = begun.elapsed();
        done.store(true, Ordering::Relaxed);
        (results, sampler.join().expect("the sampler panicked"), took)
    });
    let cpu_seconds = server.cpu_seconds()? - before;
    let mut all = Sent::default();
    for result in results {
        let result = result?;
        all.events += result.events;
        all.put_off += result.put_off;
        all.request_ms.extend(result.request_ms);
    }
    all.request_ms.sort_by(f64::total_cmp);
    Ok(Sustained {
        events: all.events,
        took,
        cpu_seconds,
        put_off: all.put_off,
        sorted_ms: all.request_ms,
        quarters: memory
            .chunks(memory.len().div_ceil(4).max(1))
            .filter_map(|quarter| quarter.iter().copied().max_by_key(|memory| memory.own))
            .collect(),
    })
}

pub(crate) fn run(args: &SustainedArgs) -> anyhow::Result<()> {
    let data = DataFolder::new(&args.server)?;
    let server = Server::start(&args.server, &data)?;
    let key = server.create_key()?;
    let sustained = measure(&server, &key, args)?;
    Figures::title(&format!(
        "sustained: {}/s offered for {} s",
        thousands(args.rate as f64),
        args.seconds
    ));
    super::print_cost(
        &server,
        sustained.events,
        sustained.took,
        sustained.cpu_seconds,
    )?;
    Figures::row("put off (429, 503)", sustained.put_off);
    for percent in [50, 99] {
        Figures::row(
            &format!("request p{percent} ms"),
            format!("{:.1}", percentile(&sustained.sorted_ms, percent)),
        );
    }
    for (n, peak) in sustained.quarters.iter().enumerate() {
        Figures::row(
            &format!("memory, highest in quarter {}", n + 1),
            super::memory_text(peak),
        );
    }
    server.stop()?;
    Ok(())
}

/// Hands out batches no faster than the rate.
struct Pace {
    begun: Instant,
    batch: u64,
    rate: u64,
    taken: Mutex<u64>,
}

impl Pace {
    fn wait_for_turn(&self) {
        let due = {
            let mut taken = self.taken.lock().expect("a sender panicked");
            let due = self.begun + Duration::from_secs_f64(*taken as f64 / self.rate as f64);
            *taken += self.batch;
            due
        };
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
}

fn send_paced(
    server: &Server,
    key: &str,
    generator: &Mutex<Generator>,
    pace: &Pace,
) -> anyhow::Result<Sent> {
    let mut connection = server.connect(key)?;
    let mut sent = Sent::default();
    loop {
        let body = load::next_body(
            &mut generator.lock().expect("a sender panicked"),
            pace.batch,
        );
        if body.events == 0 {
            return Ok(sent);
        }
        pace.wait_for_turn();
        load::send_body(&mut connection, &body, &mut sent)?;
    }
}

fn sample_memory(server: &Server, done: &AtomicBool) -> Vec<Memory> {
    let mut samples = Vec::new();
    while !done.load(Ordering::Relaxed) {
        samples.extend(server.memory());
        std::thread::sleep(SAMPLE_EVERY);
    }
    samples
}
