//! The targets, by the crate whose readers they run.

mod event;
mod merkle;
mod query;

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
];

const MIB: usize = 1 << 20;
