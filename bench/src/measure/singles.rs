//! Many connections, each waiting for one event's acknowledgement before it sends the next.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::args::SinglesArgs;
use crate::load;
use crate::server::{DataFolder, Server};
use crate::table::{Figures, percentile, thousands};

/// What single events brought.
pub(crate) struct Singles {
    pub(crate) took: Duration,
    pub(crate) cpu_seconds: f64,
    /// Milliseconds to each acknowledgement.
    pub(crate) sorted_ms: Vec<f64>,
}

impl Singles {
    pub(crate) fn per_second(&self) -> f64 {
        self.sorted_ms.len() as f64 / self.took.as_secs_f64()
    }
}

pub(crate) fn measure(server: &Server, key: &str, args: &SinglesArgs) -> anyhow::Result<Singles> {
    let lines = load::lines(args.events.plan(args.count));
    let next = AtomicUsize::new(0);
    let before = server.cpu_seconds()?;
    let begun = Instant::now();
    let deadline = begun + args.time_limit;
    let results: Vec<anyhow::Result<Vec<f64>>> = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..args.connections.max(1))
            .map(|_| scope.spawn(|| send_singles(server, key, &lines, &next, deadline)))
            .collect();
        senders
            .into_iter()
            .map(|s| s.join().expect("a sender panicked"))
            .collect()
    });
    let took = begun.elapsed();
    let mut sorted_ms = results
        .into_iter()
        .collect::<anyhow::Result<Vec<_>>>()?
        .concat();
    sorted_ms.sort_by(f64::total_cmp);
    Ok(Singles {
        took,
        cpu_seconds: server.cpu_seconds()? - before,
        sorted_ms,
    })
}

pub(crate) fn run(args: &SinglesArgs) -> anyhow::Result<()> {
    let data = DataFolder::new(&args.server)?;
    let server = Server::start(&args.server, &data)?;
    let key = server.create_key()?;
    let singles = measure(&server, &key, args)?;
    Figures::title(&format!(
        "singles: {} connections, one event each under way",
        thousands(args.connections as f64)
    ));
    let events = singles.sorted_ms.len() as u64;
    super::print_cost(&server, events, singles.took, singles.cpu_seconds)?;
    for percent in [50, 99] {
        Figures::row(
            &format!("acknowledgement p{percent} ms"),
            format!("{:.2}", percentile(&singles.sorted_ms, percent)),
        );
    }
    server.stop()?;
    Ok(())
}

fn send_singles(
    server: &Server,
    key: &str,
    lines: &[String],
    next: &AtomicUsize,
    deadline: Instant,
) -> anyhow::Result<Vec<f64>> {
    let mut connection = server.connect(key)?;
    let mut buffer = Vec::new();
    let mut ms = Vec::new();
    while let Some(line) = lines.get(next.fetch_add(1, Ordering::Relaxed)) {
        let begun = Instant::now();
        if begun > deadline {
            break;
        }
        connection
            .post(
                "/v1/events",
                "application/json",
                line.as_bytes(),
                &mut buffer,
            )?
            .expect_ok()?;
        ms.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    Ok(ms)
}
