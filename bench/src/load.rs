//! Bodies made before the clock starts, and senders that push them through connections.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::args::LoadArgs;
use crate::generate::{Generator, Plan};
use crate::http::Connection;
use crate::server::{DataFolder, Server};

/// Where batches go; receipts are left out because nobody reads them here.
pub(crate) const BATCH_PATH: &str = "/v1/events?receipts=false";
pub(crate) const NDJSON: &str = "application/x-ndjson";
/// Work that goes on after the last acknowledgement is waited for this long.
pub(crate) const REST_LIMIT: Duration = Duration::from_secs(1_800);
/// Bodies kept ready at most, so that a large run does not need the memory for all of them.
const READY_BODIES: usize = 1_000;

/// What sending brought.
#[derive(Default)]
pub(crate) struct Sent {
    pub(crate) events: u64,
    /// Answers 429 or 503, each followed by a wait and another try.
    pub(crate) put_off: u64,
    /// Time spent sending, without the making of bodies.
    pub(crate) took: Duration,
    /// Milliseconds of each request, unsorted.
    pub(crate) request_ms: Vec<f64>,
}

/// A folder with all events of the plan, whose server came to rest and was stopped; the key to it,
/// and how many events it holds.
pub(crate) fn rested_folder(args: &LoadArgs) -> anyhow::Result<(DataFolder, String, u64)> {
    let data = DataFolder::new(&args.server)?;
    let server = Server::start(&args.server, &data)?;
    let key = server.create_key()?;
    let sent = send_all(&server, &key, args)?;
    anyhow::ensure!(
        server.wait_until_rest(&data, REST_LIMIT)?,
        "the server did not come to rest"
    );
    server.stop()?;
    Ok((data, key, sent.events))
}

/// Sends all events of the plan in batches through `args.batches.connections` connections. Bodies are made
/// in rounds with the clock stopped: the generator's CPU is not the server's.
pub(crate) fn send_all(server: &Server, key: &str, args: &LoadArgs) -> anyhow::Result<Sent> {
    let mut generator = Generator::new(args.events.plan(args.count));
    let mut sent = Sent::default();
    loop {
        let bodies = next_bodies(&mut generator, args.batches.batch, READY_BODIES);
        if bodies.is_empty() {
            return Ok(sent);
        }
        let begun = Instant::now();
        let next = AtomicUsize::new(0);
        let results: Vec<anyhow::Result<Sent>> = std::thread::scope(|scope| {
            let senders: Vec<_> = (0..args.batches.connections.max(1))
                .map(|_| scope.spawn(|| send_bodies(server, key, &bodies, &next)))
                .collect();
            senders
                .into_iter()
                .map(|s| s.join().expect("a sender panicked"))
                .collect()
        });
        sent.took += begun.elapsed();
        for result in results {
            let result = result?;
            sent.events += result.events;
            sent.put_off += result.put_off;
            sent.request_ms.extend(result.request_ms);
        }
    }
}

/// Up to `bodies` batches of `batch` events.
pub(crate) fn next_bodies(generator: &mut Generator, batch: u64, bodies: usize) -> Vec<Body> {
    let mut out = Vec::new();
    while out.len() < bodies {
        let body = next_body(generator, batch);
        if body.events == 0 {
            break;
        }
        out.push(body);
    }
    out
}

/// The next batch; empty when the plan is done.
pub(crate) fn next_body(generator: &mut Generator, batch: u64) -> Body {
    let mut body = Body {
        events: 0,
        ndjson: String::with_capacity(batch as usize * 760),
    };
    while body.events < batch && generator.write_next(&mut body.ndjson) {
        body.events += 1;
    }
    body
}

/// One batch as NDJSON.
pub(crate) struct Body {
    pub(crate) events: u64,
    pub(crate) ndjson: String,
}

fn send_bodies(
    server: &Server,
    key: &str,
    bodies: &[Body],
    next: &AtomicUsize,
) -> anyhow::Result<Sent> {
    let mut connection = server.connect(key)?;
    let mut sent = Sent::default();
    while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
        send_body(&mut connection, body, &mut sent)?;
    }
    Ok(sent)
}

/// Sends one batch until it is acknowledged whole.
pub(crate) fn send_body(
    connection: &mut Connection,
    body: &Body,
    sent: &mut Sent,
) -> anyhow::Result<()> {
    let mut buffer = Vec::new();
    loop {
        let begun = Instant::now();
        let answer = connection.post(BATCH_PATH, NDJSON, body.ndjson.as_bytes(), &mut buffer)?;
        sent.request_ms.push(begun.elapsed().as_secs_f64() * 1e3);
        if matches!(answer.status, 429 | 503) {
            sent.put_off += 1;
            std::thread::sleep(Duration::from_millis(100));
            continue;
        }
        let answer = answer.json()?;
        let accepted = answer["accepted"]
            .as_u64()
            .context("no count of accepted events")?;
        // A batch whose first try was stored before a 503 comes back as duplicates.
        let known = answer["duplicates"].as_u64().unwrap_or(0);
        anyhow::ensure!(
            accepted + known == body.events,
            "not all events were accepted: {answer}"
        );
        sent.events += body.events;
        return Ok(());
    }
}

/// Single events of a plan as JSON lines.
pub(crate) fn lines(plan: Plan) -> Vec<String> {
    let mut generator = Generator::new(plan);
    let mut lines = Vec::new();
    let mut line = String::new();
    while generator.write_next(&mut line) {
        lines.push(line.trim_end().to_owned());
        line.clear();
    }
    lines
}
