//! Logs in memory: every hash of every tile level, as a ledger would keep them.

use std::cell::Cell;
use std::convert::Infallible;

use merkle::{Frontier, Hash, HashReader, TILE_HEIGHT, TILE_WIDTH, Tile, leaf_hash, node_hash};

#[derive(Clone, Default)]
pub(crate) struct MemoryLog {
    pub(crate) frontier: Frontier,
    /// All hashes of each tile level in order.
    pub(crate) levels: Vec<Vec<Hash>>,
}

impl MemoryLog {
    /// A log whose entry `n` is the text of `n`.
    pub(crate) fn of_numbers(size: u64) -> Self {
        let mut log = Self::default();
        for number in 0..size {
            log.push(leaf_hash(&entry(number)));
        }
        log
    }

    pub(crate) fn push(&mut self, leaf: Hash) {
        self.keep(0, leaf);
        let mut completed = Vec::new();
        self.frontier
            .push_with(leaf, |level, hash| completed.push((level, hash)));
        for (level, hash) in completed {
            self.keep(level, hash);
        }
    }

    pub(crate) fn root(&self) -> Hash {
        self.frontier.root()
    }

    pub(crate) fn leaf(&self, index: u64) -> Hash {
        self.levels[0][index as usize]
    }

    fn keep(&mut self, level: u8, hash: Hash) {
        self.levels
            .resize_with(self.levels.len().max(usize::from(level) + 1), Vec::new);
        self.levels[usize::from(level)].push(hash);
    }
}

impl HashReader for MemoryLog {
    type Error = Infallible;

    fn tile(&self, tile: Tile) -> Result<Vec<Hash>, Infallible> {
        let first = tile.index as usize * usize::from(TILE_WIDTH);
        let hashes = &self.levels[usize::from(tile.level)];
        Ok(hashes[first..first + usize::from(tile.width)].to_vec())
    }
}

pub(crate) fn entry(number: u64) -> Vec<u8> {
    number.to_string().into_bytes()
}

/// A log with one bit of one tile's hash changed on the way to the reader.
pub(crate) struct Tampered<'a> {
    pub(crate) log: &'a MemoryLog,
    pub(crate) flip: Cell<Option<Flip>>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Flip {
    pub(crate) level: u8,
    /// Number of the hash in its level.
    pub(crate) number: u64,
    /// 0 to 255.
    pub(crate) bit: usize,
}

impl HashReader for Tampered<'_> {
    type Error = Infallible;

    fn tile(&self, tile: Tile) -> Result<Vec<Hash>, Infallible> {
        let mut hashes = self.log.tile(tile)?;
        if let Some(flip) = self.flip.get()
            && flip.level == tile.level
            && flip.number / u64::from(TILE_WIDTH) == tile.index
        {
            let hash = &mut hashes[(flip.number % u64::from(TILE_WIDTH)) as usize];
            hash[flip.bit / 8] ^= 1 << (flip.bit % 8);
        }
        Ok(hashes)
    }
}

/// A log of any size whose entries are all the same: its perfect subtrees differ only by height, so
/// even the largest tree fits in memory.
pub(crate) struct UniformLog {
    roots_by_height: Vec<Hash>,
}

impl UniformLog {
    pub(crate) fn of(leaf: Hash) -> Self {
        let mut roots_by_height = vec![leaf];
        for height in 0..63 {
            let below = roots_by_height[height];
            roots_by_height.push(node_hash(&below, &below));
        }
        Self { roots_by_height }
    }

    /// Root of the tree of `size` leaves, from the definition.
    pub(crate) fn root(&self, size: u64) -> Hash {
        (0..63)
            .filter(|height| size >> height & 1 == 1)
            .map(|height| self.roots_by_height[height])
            .reduce(|right, left| node_hash(&left, &right))
            .unwrap_or(merkle::EMPTY_ROOT)
    }
}

impl HashReader for UniformLog {
    type Error = Infallible;

    fn tile(&self, tile: Tile) -> Result<Vec<Hash>, Infallible> {
        let height = usize::from(tile.level) * usize::from(TILE_HEIGHT);
        Ok(vec![self.roots_by_height[height]; usize::from(tile.width)])
    }
}
