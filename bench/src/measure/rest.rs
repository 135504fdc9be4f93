//! Memory of a server at rest: started on a loaded folder, asked once, left alone.

use crate::args::{LoadArgs, ServerArgs};
use crate::load;
use crate::server::{DataFolder, Server};
use crate::table::{Figures, mib, thousands};

/// Starts a server on a folder that has events, searches, waits until it rests. The server goes on
/// running; beside it its resident memory in bytes.
pub(crate) fn measure(
    args: &ServerArgs,
    data: &DataFolder,
    key: &str,
) -> anyhow::Result<(Server, u64)> {
    let server = Server::start(args, data)?;
    server
        .connect(key)?
        .get("/v1/events?q=customer", &mut Vec::new())?
        .expect_ok()?;
    server.wait_until_rest(data, load::REST_LIMIT)?;
    let now = server.memory()?.resident;
    Ok((server, now))
}

pub(crate) fn run(args: &LoadArgs) -> anyhow::Result<()> {
    let (data, key, events) = load::rested_folder(args)?;
    let (server, bytes) = measure(&args.server, &data, &key)?;
    Figures::title(&format!("at rest with {} events", thousands(events as f64)));
    Figures::row("memory", mib(bytes));
    server.stop()?;
    Ok(())
}
