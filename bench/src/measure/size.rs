//! Bytes on disk once everything is sealed and merged.

use std::time::Duration;

use crate::args::LoadArgs;
use crate::load;
use crate::server::{DataFolder, Server};
use crate::table::{Figures, mib, thousands};

const SETTLE_LIMIT: Duration = Duration::from_secs(900);

pub(crate) fn run(args: &LoadArgs) -> anyhow::Result<()> {
    let data = DataFolder::new(&args.server)?;
    let server = Server::start(&args.server, &data)?;
    let key = server.create_key()?;
    let sent = load::send_all(&server, &key, args)?;
    let right_away = data.size_bytes()?;
    let idle = server.wait_until_idle(SETTLE_LIMIT)?;
    let settled = data.size_bytes()?;
    Figures::title(&format!("size: {} events", thousands(sent.events as f64)));
    for (name, bytes) in [
        ("right after the last answer", right_away.total()),
        ("settled: bodies (parts)", settled.parts),
        ("settled: journal", settled.journal),
        ("settled: tree", settled.tree),
        ("settled: index", settled.index),
        ("settled: all other files", settled.other),
        ("settled: everything", settled.total()),
    ] {
        let each = bytes as f64 / sent.events as f64;
        Figures::row(name, format!("{:>12} = {each:.1} B/event", mib(bytes)));
    }
    if !idle {
        Figures::row("note", "still working at the end");
    }
    server.stop()?;
    Ok(())
}
