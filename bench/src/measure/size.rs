//! Bytes on disk once everything is sealed and merged, and once it rests.

use std::time::Instant;

use crate::args::LoadArgs;
use crate::load;
use crate::server::{DataFolder, Server};
use crate::table::{Figures, mib, thousands};

pub(crate) fn run(args: &LoadArgs) -> anyhow::Result<()> {
    let data = DataFolder::new(&args.server)?;
    let server = Server::start(&args.server, &data)?;
    let key = server.create_key()?;
    let sent = load::send_all(&server, &key, args)?;
    let right_away = data.size_bytes()?;
    let idle = server.wait_until_idle(load::REST_LIMIT)?;
    let settled = data.size_bytes()?;
    let cpu_before = server.cpu_seconds()?;
    let begun = Instant::now();
    let rests = server.wait_until_rest(&data, load::REST_LIMIT)?;
    let (rested_in, cpu) = (begun.elapsed(), server.cpu_seconds()? - cpu_before);
    let at_rest = data.size_bytes()?;
    Figures::title(&format!("size: {} events", thousands(sent.events as f64)));
    for (name, bytes) in [
        ("right after the last answer", right_away.total()),
        ("settled: bodies (parts)", settled.parts),
        ("settled: journal", settled.journal),
        ("settled: tree", settled.tree),
        ("settled: index", settled.index),
        ("settled: all other files", settled.other),
        ("settled: everything", settled.total()),
        ("at rest: bodies (parts)", at_rest.parts),
        ("at rest: journal", at_rest.journal),
        ("at rest: tree", at_rest.tree),
        ("at rest: index", at_rest.index),
        ("at rest: all other files", at_rest.other),
        ("at rest: everything", at_rest.total()),
    ] {
        let each = bytes as f64 / sent.events as f64;
        Figures::row(name, format!("{:>12} = {each:.1} B/event", mib(bytes)));
    }
    let each_micros = cpu * 1e6 / sent.events as f64;
    Figures::row(
        "from settled to at rest",
        format!(
            "{:.0} s, {each_micros:.1} us of CPU for each event",
            rested_in.as_secs_f64()
        ),
    );
    if !(idle && rests) {
        Figures::row("note", "still working at the end");
    }
    server.stop()?;
    Ok(())
}
