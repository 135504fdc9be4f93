//! The targets, by the crate whose readers they run.

mod client;
mod enrich;
mod event;
mod import;
mod index;
mod ledger;
mod merkle;
mod query;
mod server;

use crate::Target;

/// Every target.
pub const TARGETS: &[Target] = &[
    event::EVENT,
    event::BATCH,
    event::EXPORTED,
    event::RECORD,
    event::TEXTS,
    query::QUERY,
    merkle::NOTE,
    merkle::PROOF_FILE,
    merkle::TILES,
    import::RECORDS,
    import::TABLE,
    enrich::USER_AGENT,
    enrich::LOCATION_FILE,
    ledger::LEDGER_FILE,
    index::INDEX_FILE,
    client::PROOF,
    server::PARAMETERS,
    server::BODY,
];

const MIB: usize = 1 << 20;
