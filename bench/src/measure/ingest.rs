//! Durable batches, as fast as they are acknowledged.

use std::time::Duration;

use crate::args::LoadArgs;
use crate::load;
use crate::server::{DataFolder, Server};
use crate::table::{Figures, percentile, thousands};

/// Sealing and indexing that goes on after the last acknowledgement is waited for this long.
const SETTLE_LIMIT: Duration = Duration::from_secs(600);

pub(crate) fn run(args: &LoadArgs) -> anyhow::Result<()> {
    let data = DataFolder::new(&args.server)?;
    let server = Server::start(&args.server, &data)?;
    let key = server.create_key()?;
    let before = server.cpu_seconds()?;
    let mut sent = load::send_all(&server, &key, args)?;
    let cpu = server.cpu_seconds()? - before;
    Figures::title(&format!(
        "ingest: {} events in batches of {} from {} connections, seed {}",
        thousands(args.count as f64),
        args.batches.batch,
        args.batches.connections,
        args.events.seed
    ));
    super::print_cost(&server, sent.events, sent.took, cpu)?;
    sent.request_ms.sort_by(f64::total_cmp);
    Figures::row(
        "request p50 ms",
        format!("{:.1}", percentile(&sent.request_ms, 50)),
    );
    Figures::row(
        "request p99 ms",
        format!("{:.1}", percentile(&sent.request_ms, 99)),
    );
    Figures::row("put off (429, 503)", sent.put_off);

    let idle = server.wait_until_idle(SETTLE_LIMIT)?;
    let all = server.cpu_seconds()? - before;
    Figures::row("CPU s with sealing and indexing", format!("{all:.2}"));
    Figures::row(
        "events / CPU s, everything",
        thousands(sent.events as f64 / all),
    );
    let size = data.size_bytes()?.total();
    Figures::row(
        "bytes an event on disk",
        thousands(size as f64 / sent.events as f64),
    );
    if !idle {
        Figures::row("note", "still working at the end");
    }
    server.stop()?;
    Ok(())
}
