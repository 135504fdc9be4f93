//! Durable batches, as fast as they are acknowledged.

use std::time::Duration;

use crate::args::{IngestArgs, LoadArgs};
use crate::load;
use crate::server::{DataFolder, Server};
use crate::table::{Figures, percentile, thousands};

/// What sending events as fast as they are acknowledged brought.
pub(crate) struct Ingest {
    pub(crate) events: u64,
    /// Time spent sending, without the making of bodies.
    pub(crate) took: Duration,
    /// The server's, until the last acknowledgement.
    pub(crate) cpu_sending: f64,
    /// The server's, until all was sealed, merged and indexed.
    pub(crate) cpu_settled: f64,
    /// On disk then.
    pub(crate) bytes: u64,
    /// The server's resident memory at its highest.
    pub(crate) peak_bytes: u64,
    put_off: u64,
    sorted_ms: Vec<f64>,
    is_idle: bool,
}

impl Ingest {
    pub(crate) fn per_second(&self) -> f64 {
        self.events as f64 / self.took.as_secs_f64()
    }

    pub(crate) fn bytes_an_event(&self) -> f64 {
        self.bytes as f64 / self.events as f64
    }

    pub(crate) fn per_cpu_second(&self) -> f64 {
        self.events as f64 / self.cpu_settled
    }
}

/// Sends all events of the plan and waits until they are sealed, merged and indexed.
pub(crate) fn measure(
    server: &Server,
    data: &DataFolder,
    key: &str,
    args: &LoadArgs,
) -> anyhow::Result<Ingest> {
    let before = server.cpu_seconds()?;
    let mut sent = load::send_all(server, key, args)?;
    let cpu_sending = server.cpu_seconds()? - before;
    let is_idle = server.wait_until_idle(load::REST_LIMIT)?;
    sent.request_ms.sort_by(f64::total_cmp);
    Ok(Ingest {
        events: sent.events,
        took: sent.took,
        cpu_sending,
        cpu_settled: server.cpu_seconds()? - before,
        bytes: data.size_bytes()?.total(),
        peak_bytes: server.memory()?.peak,
        put_off: sent.put_off,
        sorted_ms: sent.request_ms,
        is_idle,
    })
}

pub(crate) fn run(args: &IngestArgs) -> anyhow::Result<()> {
    let (until_rest, args) = (args.until_rest, &args.load);
    let data = DataFolder::new(&args.server)?;
    let server = Server::start(&args.server, &data)?;
    let key = server.create_key()?;
    let before = server.cpu_seconds()?;
    let ingest = measure(&server, &data, &key, args)?;
    let rests = until_rest.then(|| server.wait_until_rest(&data, load::REST_LIMIT));
    Figures::title(&format!(
        "ingest: {} events in batches of {} from {} connections, seed {}",
        thousands(args.count as f64),
        args.batches.batch,
        args.batches.connections,
        args.events.seed
    ));
    super::print_cost(&server, ingest.events, ingest.took, ingest.cpu_sending)?;
    for percent in [50, 99] {
        Figures::row(
            &format!("request p{percent} ms"),
            format!("{:.1}", percentile(&ingest.sorted_ms, percent)),
        );
    }
    Figures::row("put off (429, 503)", ingest.put_off);
    Figures::row(
        "CPU s with sealing and indexing",
        format!("{:.2}", ingest.cpu_settled),
    );
    Figures::row(
        "events / CPU s, everything",
        thousands(ingest.per_cpu_second()),
    );
    Figures::row("bytes an event on disk", thousands(ingest.bytes_an_event()));
    if let Some(rests) = rests {
        let cpu = server.cpu_seconds()? - before;
        let events = ingest.events as f64;
        Figures::row("at rest", if rests? { "yes" } else { "not yet" });
        Figures::row("CPU s until then", format!("{cpu:.2}"));
        Figures::row("events / CPU s until then", thousands(events / cpu));
        let bytes = data.size_bytes()?.total() as f64;
        Figures::row("bytes an event then", thousands(bytes / events));
    }
    for (task, seconds) in server.by_task("annals_background_cpu_seconds_total")? {
        Figures::row(&format!("CPU s to {task}"), format!("{seconds:.2}"));
    }
    if !ingest.is_idle {
        Figures::row("note", "still working at the end");
    }
    server.stop()?;
    Ok(())
}
