//! Every target on its corpus and a fixed number of mutations of it.
#![expect(
    clippy::print_stdout,
    reason = "how far each run came is worth reading in its output"
)]

use std::collections::BTreeSet;

use fuzz::{Hunt, Limit, TARGETS, corpus, target};

/// Where every run begins. Another seed finds other things: `docs/fuzzing.md`.
const SEED: u64 = 1;
/// All corpora together, in bytes: they are read by people and carried by every clone.
const CORPORA_MAX_BYTES: u64 = 600 << 10;

fn hunt(name: &str) {
    let target = target(name).unwrap_or_else(|| panic!("no target is called {name}"));
    let corpus = target.corpus().expect("a corpus");
    assert!(!corpus.is_empty(), "the corpus of {name} is empty");
    match Hunt::new(target, SEED).run(corpus, Limit::Executions(target.executions)) {
        Ok(hunted) => println!("{name}: {hunted:?}"),
        Err(failure) => panic!("{failure}\n{}", fuzz::keep(&failure).describe()),
    }
}

/// A test for each target.
macro_rules! targets {
    ($($function:ident $name:literal),* $(,)?) => {
        const NAMES: &[&str] = &[$($name),*];
        $(#[test] fn $function() { hunt($name) })*
    };
}

targets! {
    event "event",
    batch "batch",
    exported "exported",
    record "record",
    event_texts "event-texts",
    query "query",
    note "note",
    proof_file "proof-file",
    tiles "tiles",
    import_records "import-records",
    import_table "import-table",
    user_agent "user-agent",
    location_file "location-file",
    ledger_file "ledger-file",
    index_file "index-file",
    proof "proof",
    parameters "parameters",
    body "body",
}

#[test]
fn every_target_has_a_test_and_every_corpus_a_target() {
    let named: BTreeSet<&str> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(named, NAMES.iter().copied().collect());
    let folders = std::fs::read_dir(corpus()).expect("the corpora");
    let folders: BTreeSet<String> = folders
        .map(|entry| {
            entry
                .expect("a folder")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    assert_eq!(
        folders,
        named.iter().map(|name| (*name).to_owned()).collect()
    );
}

#[test]
fn corpora_are_small() {
    let inputs = TARGETS
        .iter()
        .flat_map(|target| target.corpus().expect("a corpus"));
    let bytes: u64 = inputs.map(|input| input.len() as u64).sum();
    assert!(bytes <= CORPORA_MAX_BYTES, "the corpora have {bytes} bytes");
}
