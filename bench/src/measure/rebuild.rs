//! How fast the index is built again from the ledger, after its files were deleted.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::args::{LoadArgs, ServerArgs};
use crate::load;
use crate::server::{DataFolder, Server};
use crate::table::{Figures, thousands};

const LIMIT: Duration = Duration::from_secs(1_800);
/// The ledger that is measured.
const LEDGER: &str = "ledgers/main";

/// What building the index of sealed events took.
pub(crate) struct Rebuild {
    /// Events in parts: those that index files are built for.
    pub(crate) events: u64,
    /// From the start of the process to the last index file.
    pub(crate) took: Duration,
    pub(crate) cpu_seconds: f64,
}

/// Deletes the index of a folder whose server is stopped, starts the server, and waits until every
/// part has its index file again. The server goes on running.
pub(crate) fn measure(
    args: &ServerArgs,
    data: &DataFolder,
    key: &str,
) -> anyhow::Result<(Server, Rebuild)> {
    let ledger = data.path().join(LEDGER);
    anyhow::ensure!(
        !names(&ledger.join("parts"))?.is_empty(),
        "no event is sealed, so no index file is built: take more events"
    );
    std::fs::remove_dir_all(ledger.join("index")).context("cannot delete the index")?;
    let begun = Instant::now();
    let server = Server::start(args, data)?;
    // Reading one event opens the ledger, and with it the index.
    server
        .connect(key)?
        .get("/v1/events/0", &mut Vec::new())?
        .expect_ok()?;
    while begun.elapsed() < LIMIT {
        let parts = names(&ledger.join("parts"))?;
        let built = names(&ledger.join("index"))?;
        if parts.is_subset(&built) {
            let last = parts.iter().filter_map(|part| last_event(part)).max();
            let rebuild = Rebuild {
                events: last.context("no part says which events it holds")? + 1,
                took: begun.elapsed(),
                cpu_seconds: server.cpu_seconds()?,
            };
            return Ok((server, rebuild));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    anyhow::bail!("the index was not built within {} s", LIMIT.as_secs());
}

/// The files of the folders below a folder, as `shelf/name`; none if it is not there yet.
fn names(folder: &Path) -> anyhow::Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    let Ok(shelves) = std::fs::read_dir(folder) else {
        return Ok(names);
    };
    for shelf in shelves {
        let shelf = shelf?.path();
        for file in std::fs::read_dir(&shelf)? {
            let file = file?.path();
            let name = file.strip_prefix(folder).unwrap_or(&file);
            names.insert(name.to_string_lossy().into_owned());
        }
    }
    Ok(names)
}

/// The last event of the part `<shelf>/<first>-<last>.<generation>`.
fn last_event(part: &str) -> Option<u64> {
    let (_, rest) = part.rsplit_once('-')?;
    rest.split_once('.')?.0.parse().ok()
}

pub(crate) fn run(args: &LoadArgs) -> anyhow::Result<()> {
    let (data, key, _) = load::rested_folder(args)?;
    let (server, rebuild) = measure(&args.server, &data, &key)?;
    Figures::title(&format!(
        "rebuild of the index: {} events",
        thousands(rebuild.events as f64)
    ));
    Figures::row("seconds", format!("{:.2}", rebuild.took.as_secs_f64()));
    Figures::row(
        "events / s",
        thousands(rebuild.events as f64 / rebuild.took.as_secs_f64()),
    );
    Figures::row(
        "events / CPU s",
        thousands(rebuild.events as f64 / rebuild.cpu_seconds),
    );
    server.stop()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parts_name_says_which_event_is_its_last() {
        assert_eq!(last_event("security/0-49999.1"), Some(49_999));
        assert_eq!(last_event("security/new"), None);
    }
}
