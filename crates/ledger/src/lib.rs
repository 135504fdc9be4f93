//! The order of events, kept: what an append acknowledged is on disk, in its place, for good.
//!
//! - **Acknowledged means durable.** [`Ledger::append`] answers after the sync of the group that
//!   holds the events returned. Nothing acknowledged is lost, doubled or reordered by a crash.
//! - **One way in.** Every event, the product's own included, goes through the sequencer, and
//!   recovery reads what the sequencer wrote.
//! - **Never guess.** A ledger that is damaged, shorter than its newest checkpoint or different
//!   from it is not opened; the error names the file and the way on.
//! - **Views come after.** Search and everything else derived follows durable groups and parts;
//!   it can be deleted and rebuilt.
//!
//! Follow an event: [`Ledger::append`] -> sequencer -> journal (durable) -> a part, when its
//! journal file is sealed, with others -> a larger part, when neighbours merge -> gone, when a tombstone or a
//! retention policy says so. Its 45-byte entry stays in the tree for ever.
//! Bytes: `docs/formats/journal-v1.md`, `docs/formats/part-v1.md`.

mod background;
mod check;
mod clock;
mod compact;
pub mod disk;
mod erasure;
mod frame;
mod group;
mod head;
mod held;
mod ids;
mod journal;
mod ledger;
mod manifest;
mod open;
mod pace;
mod part;
mod pool;
mod reader;
mod reference;
mod rewrite;
mod seal;
mod sequencer;
mod side_by_side;
mod state;
#[cfg(test)]
mod testing;
mod tree;
mod varint;

pub use background::{DEFAULT_CACHE_BYTES, Resources, Scan};
pub use check::{Finding, MAX_FINDINGS, Report, check};
pub use clock::{Clock, Entropy, System};
pub use erasure::{ERASE_ACTION, ERASED_PATH, Erasure, RETENTION_ACTION, erasures_of};
pub use frame::{LedgerId, Month};
pub use group::Group;
pub use head::{HeadError, SignedHead, read_last, read_vkey};
pub use journal::JournalError;
pub use ledger::{
    AppendError, Backlog, DiskUse, Erasures, FollowError, Ledger, MAX_QUEUED_BATCHES,
    MAX_QUEUED_BYTES, MAX_UNSEALED_UNITS, MAX_VIEW_LAG, Mode, Outcomes, PartInfo, Placed, Prepared,
    ReadError, Refused, Snapshot, ViewProgress,
};
pub use manifest::{FORMAT, ManifestError, PartEntry, PartName, Shelf};
pub use open::{OpenError, Options};
pub use pace::step_back;
pub use part::{Block, Packing, Part};
pub use pool::{Lane, Meters, Piece, Pool, Tally, Task, Work};
pub use reader::{Reader, ReaderError};
pub use sequencer::{CLOCK_JUMP_ACTION, SEAL_TOGETHER, SIGN_AFTER, UNIT_BYTES, UNIT_EVENTS};
pub use side_by_side::{cores, side_by_side};
