//! The hot paths of the product, each a round of fixed work that repeats itself: seeded events, a
//! clock that counts, random bytes from a seed.
//!
//! Nothing is timed here. `cargo xtask instructions` runs a path twice under valgrind, with one
//! round and with two, and takes the difference: what one round costs in instructions, whatever
//! else the machine does and without the cost of making the events.

mod house;
mod pure;
mod stored;

use std::path::Path;

use anyhow::Context as _;

use crate::args::HotPathArgs;

/// How many rounds a path can do: material for all of them is made before the first, so that
/// runs of one and of two rounds differ by a round and nothing else.
pub(crate) const ROUNDS_MAX: usize = 2;

/// One round of a path.
type Round = Box<dyn FnMut() -> anyhow::Result<()>>;

/// Something that the product does for every event or every question.
struct HotPath {
    name: &'static str,
    /// What a round does.
    what: &'static str,
    /// Makes what the rounds need, with files in an empty folder.
    prepare: fn(&Path) -> anyhow::Result<Round>,
}

const HOT_PATHS: &[HotPath] = &[
    HotPath {
        name: "accept",
        what: "accept 500 events and commit to their fields",
        prepare: pure::accept,
    },
    HotPath {
        name: "append",
        what: "append a batch of 1,000 events to a journal in memory",
        prepare: stored::append,
    },
    HotPath {
        name: "tree",
        what: "hash 10,000 entries into a tree and take its root 100 times",
        prepare: pure::tree,
    },
    HotPath {
        name: "seal",
        what: "seal 2,000 events into parts",
        prepare: stored::seal,
    },
    HotPath {
        name: "read-page",
        what: "read 50 events scattered over parts, nothing cached, 4 times",
        prepare: stored::read_page,
    },
    HotPath {
        name: "index-tail",
        what: "take 2,000 events into the tail of the index",
        prepare: stored::index_tail,
    },
    HotPath {
        name: "index-build",
        what: "build the index files of the parts of 2,000 events",
        prepare: stored::index_build,
    },
    HotPath {
        name: "parse-query",
        what: "parse 10 queries 100 times",
        prepare: pure::parse_query,
    },
    HotPath {
        name: "search-page",
        what: "search 6 questions over sealed events and write their first page as JSON",
        prepare: stored::search_page,
    },
    HotPath {
        name: "count",
        what: "counts per day and category, and the top 10 actors, over sealed events, 20 times",
        prepare: stored::count,
    },
    HotPath {
        name: "prove",
        what: "make and check the proofs of 20 events",
        prepare: stored::prove,
    },
    HotPath {
        name: "import",
        what: "turn the records of a GitHub and an Okta log into events, 5 times",
        prepare: pure::import,
    },
];

/// Prints every path with what its round does, or runs rounds of one.
pub(crate) fn run(args: &HotPathArgs) -> anyhow::Result<()> {
    let Some(name) = &args.name else {
        for path in HOT_PATHS {
            println!("{}\t{}", path.name, path.what);
        }
        return Ok(());
    };
    let path = HOT_PATHS
        .iter()
        .find(|path| path.name == name)
        .with_context(|| format!("there is no hot path `{name}`; without a name all are listed"))?;
    let folder = tempfile::Builder::new()
        .prefix("annals-hot-path-")
        .tempdir()?;
    let mut round = (path.prepare)(folder.path())?;
    for _ in 0..args.rounds {
        round()?;
    }
    // Taking apart what the rounds left is no part of a round.
    std::mem::forget(round);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_can_do_its_rounds() {
        for path in HOT_PATHS {
            let folder = tempfile::tempdir().unwrap();
            let mut round = (path.prepare)(folder.path()).unwrap();
            for _ in 0..ROUNDS_MAX {
                round().unwrap_or_else(|error| panic!("{}: {error:#}", path.name));
            }
        }
    }
}
