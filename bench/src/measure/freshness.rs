//! An acknowledged event must be found by the very next search, whatever else goes on.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::args::FreshnessArgs;
use crate::generate::Generator;
use crate::http::path_with;
use crate::load::{self, Sent};
use crate::server::{DataFolder, Server};
use crate::table::{Figures, percentile, thousands};

/// Events of the other load in one request.
const LOAD_BATCH: u64 = 1_000;

pub(crate) fn run(args: &FreshnessArgs) -> anyhow::Result<()> {
    let data = DataFolder::new(&args.server)?;
    let server = Server::start(&args.server, &data)?;
    let key = server.create_key()?;
    let next = AtomicU64::new(0);
    let done = AtomicBool::new(false);
    let before = server.cpu_seconds()?;
    let begun = Instant::now();
    let (probes, other) = std::thread::scope(|scope| {
        let loader = scope.spawn(|| keep_loading(&server, &key, args, &done));
        let probers: Vec<_> = (0..args.connections.max(1))
            .map(|_| scope.spawn(|| probe(&server, &key, args, &next, begun + args.time_limit)))
            .collect();
        let probes: Vec<_> = probers
            .into_iter()
            .map(|p| p.join().expect("a prober panicked"))
            .collect();
        done.store(true, Ordering::Relaxed);
        (probes, loader.join().expect("the loader panicked"))
    });
    let took = begun.elapsed();
    let cpu = server.cpu_seconds()? - before;
    let other = other?;
    let (mut missed, mut search_ms) = (0, Vec::new());
    for probe in probes {
        let probe = probe?;
        missed += probe.missed;
        search_ms.extend(probe.search_ms);
    }
    search_ms.sort_by(f64::total_cmp);
    Figures::title("freshness: each acknowledged event is searched for at once");
    Figures::row("searched for", thousands(search_ms.len() as f64));
    Figures::row("misses", missed);
    Figures::row(
        "search p50 ms",
        format!("{:.2}", percentile(&search_ms, 50)),
    );
    Figures::row(
        "search p99 ms",
        format!("{:.2}", percentile(&search_ms, 99)),
    );
    super::print_cost(&server, search_ms.len() as u64 + other.events, took, cpu)?;
    server.stop()?;
    anyhow::ensure!(missed == 0, "{missed} acknowledged events were not found");
    Ok(())
}

#[derive(Default)]
struct Probe {
    missed: u64,
    search_ms: Vec<f64>,
}

/// Sends one event, searches for it, again and again. The question changes in turn: by request,
/// by a word of the message, by metadata.
fn probe(
    server: &Server,
    key: &str,
    args: &FreshnessArgs,
    next: &AtomicU64,
    deadline: Instant,
) -> anyhow::Result<Probe> {
    let mut connection = server.connect(key)?;
    let mut buffer = Vec::new();
    let mut probe = Probe::default();
    loop {
        let n = next.fetch_add(1, Ordering::Relaxed);
        if n >= args.count || Instant::now() > deadline {
            return Ok(probe);
        }
        let token = format!("probe{}x{n}", args.events.seed);
        let event = format!(
            "{{\"action\":\"customer.update\",\"actor\":{{\"type\":\"service\",\"id\":\"prober\"}},\"request_id\":\"{token}\",\"message\":\"looking for {token} at once\",\"metadata\":{{\"probe\":\"{token}\"}}}}"
        );
        connection
            .post(
                "/v1/events",
                "application/json",
                event.as_bytes(),
                &mut buffer,
            )?
            .expect_ok()?;
        let query = match n % 3 {
            0 => format!("request:{token}"),
            1 => token,
            _ => format!("metadata.probe:{token}"),
        };
        let path = path_with("/v1/events", &[("q", &query), ("limit", "1")]);
        let begun = Instant::now();
        let answer = connection.get(&path, &mut buffer)?.json()?;
        probe.search_ms.push(begun.elapsed().as_secs_f64() * 1e3);
        if answer["total"].as_u64().context("no total")? != 1 {
            probe.missed += 1;
        }
    }
}

fn keep_loading(
    server: &Server,
    key: &str,
    args: &FreshnessArgs,
    done: &AtomicBool,
) -> anyhow::Result<Sent> {
    let mut sent = Sent::default();
    if args.load_rate == 0 {
        return Ok(sent);
    }
    let mut connection = server.connect(key)?;
    let limit = args.load_rate * args.time_limit.as_secs();
    let mut generator = Generator::new(args.events.plan(limit));
    let begun = Instant::now();
    while !done.load(Ordering::Relaxed) {
        let body = load::next_body(&mut generator, LOAD_BATCH);
        if body.events == 0 {
            break;
        }
        load::send_body(&mut connection, &body, &mut sent)?;
        let due = begun + Duration::from_secs_f64(sent.events as f64 / args.load_rate as f64);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    Ok(sent)
}
