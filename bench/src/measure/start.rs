//! How long a start takes: to the line that says it listens, and to the first answered search.

use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::args::{LoadArgs, ServerArgs};
use crate::load;
use crate::server::{DataFolder, Server};
use crate::table::{Figures, thousands};

const RUNS: usize = 5;

pub(crate) fn run(args: &LoadArgs) -> anyhow::Result<()> {
    let data = DataFolder::new(&args.server)?;
    let mut server = Server::start(&args.server, &data)?;
    let key = server.create_key()?;
    let sent = load::send_all(&server, &key, args)?;
    Figures::title(&format!(
        "start with {} events",
        thousands(sent.events as f64)
    ));

    // Right after the last acknowledgement: the longest journal, indexing under way.
    server.kill()?;
    server = start_and_report("after kill -9 under load", args, &data, &key, sent.events)?;
    server.wait_until_rest(&data, load::REST_LIMIT)?;
    for _ in 0..RUNS {
        server.kill()?;
        server = start_and_report("after kill -9 at rest", args, &data, &key, sent.events)?;
    }
    for _ in 0..RUNS {
        let took = server.stop()?;
        Figures::row("stop (SIGTERM)", milliseconds(took));
        server = start_and_report("after a clean stop", args, &data, &key, sent.events)?;
    }
    server.stop()?;
    Ok(())
}

fn start_and_report(
    name: &str,
    args: &LoadArgs,
    data: &DataFolder,
    key: &str,
    events: u64,
) -> anyhow::Result<Server> {
    let (server, searched) = measure(&args.server, data, key, events)?;
    Figures::row(
        &format!("{name}: listening"),
        milliseconds(server.started_in),
    );
    Figures::row(&format!("{name}: searched"), milliseconds(searched));
    Ok(server)
}

/// Starts, searches once and checks that nothing acknowledged is missing; the time to the answer.
pub(crate) fn measure(
    args: &ServerArgs,
    data: &DataFolder,
    key: &str,
    events: u64,
) -> anyhow::Result<(Server, Duration)> {
    let server = Server::start(args, data)?;
    let begun = Instant::now();
    let mut buffer = Vec::new();
    let answer = server
        .connect(key)?
        .get("/v1/events", &mut buffer)?
        .json()?;
    let searched = server.started_in + begun.elapsed();
    let total = answer["total"].as_u64().context("no total")?;
    anyhow::ensure!(
        total == events,
        "{events} events were acknowledged, {total} are found"
    );
    Ok((server, searched))
}

fn milliseconds(time: Duration) -> String {
    format!("{:.0} ms", time.as_secs_f64() * 1e3)
}
