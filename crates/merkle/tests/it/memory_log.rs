//! A log in memory: every hash of every tile level, as a ledger would keep them.

use std::collections::BTreeMap;
use std::convert::Infallible;

use merkle::{Frontier, Hash, HashReader, TILE_WIDTH, Tile, leaf_hash};

#[derive(Clone, Default)]
pub(crate) struct MemoryLog {
    pub(crate) frontier: Frontier,
    /// Level -> hashes in order.
    pub(crate) levels: BTreeMap<u8, Vec<Hash>>,
}

impl MemoryLog {
    pub(crate) fn push(&mut self, entry: &[u8]) {
        let leaf = leaf_hash(entry);
        self.levels.entry(0).or_default().push(leaf);
        self.frontier.push_with(leaf, |level, hash| {
            self.levels.entry(level).or_default().push(hash);
        });
    }

    /// A log whose entry `n` is the text of `n`.
    pub(crate) fn of_numbers(size: u64) -> Self {
        let mut log = Self::default();
        for number in 0..size {
            log.push(number.to_string().as_bytes());
        }
        log
    }

    pub(crate) fn leaf(&self, index: u64) -> Hash {
        self.levels[&0][index as usize]
    }
}

impl HashReader for MemoryLog {
    type Error = Infallible;

    fn tile(&self, tile: Tile) -> Result<Vec<Hash>, Infallible> {
        let first = tile.index as usize * usize::from(TILE_WIDTH);
        Ok(self.levels[&tile.level][first..first + usize::from(tile.width)].to_vec())
    }
}
