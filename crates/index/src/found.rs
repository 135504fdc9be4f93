//! What a formula found in one source, ready to be ordered and counted.

use std::sync::Arc;

use ledger::Shelf;
use parking_lot::RwLock;
use roaring::RoaringBitmap;

use crate::columns::{Columns, MemoryColumns};
use crate::part::{PartIndex, newest_blocks, oldest_blocks};
use crate::tail::Segment;

/// Documents of one source.
pub(crate) struct Found {
    pub(crate) home: Home,
    pub(crate) docs: RoaringBitmap,
}

/// Where the columns of found documents are.
#[derive(Clone)]
pub(crate) enum Home {
    Part(Arc<PartIndex>),
    Segment(Arc<RwLock<Segment>>),
    /// Rows read from a part without an index.
    Rows(Arc<MemoryColumns>),
}

impl Home {
    pub(crate) fn with<R>(&self, look: impl FnOnce(&dyn Columns) -> R) -> R {
        match self {
            Home::Part(part) => look(part.columns()),
            Home::Segment(segment) => look(segment.read().columns()),
            Home::Rows(columns) => look(&**columns),
        }
    }

    /// The shelf of the part they are in.
    pub(crate) fn shelf(&self) -> Option<Shelf> {
        match self {
            Home::Part(part) => Some(part.info.name.shelf),
            Home::Segment(_) | Home::Rows(_) => None,
        }
    }

    /// Blocks by the latest time in them, latest first.
    pub(crate) fn newest_blocks(&self) -> Arc<[u32]> {
        match self {
            Home::Part(part) => part.newest_blocks(),
            other => other.with(|columns| newest_blocks(columns).into()),
        }
    }

    /// Blocks by the earliest time in them, earliest first.
    pub(crate) fn oldest_blocks(&self) -> Arc<[u32]> {
        match self {
            Home::Part(part) => part.oldest_blocks(),
            other => other.with(|columns| oldest_blocks(columns).into()),
        }
    }
}
