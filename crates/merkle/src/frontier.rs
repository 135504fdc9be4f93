//! A tree that only grows and remembers only its right edge.
//!
//! Of a tree of any size it holds one hash per set bit of the size (the roots of the perfect
//! subtrees the tree is made of), which is enough to append and to name the root.

use crate::hash::{EMPTY_ROOT, Hash, node_hash};
use crate::tile::{MAX_TREE_SIZE, TILE_HEIGHT};

const MAX_HEIGHTS: usize = 64;

/// Append-only compact Merkle tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// Root of the perfect subtree of height `h` at the right edge, there when bit `h` of `size` is.
    peaks: [Option<Hash>; MAX_HEIGHTS],
}

/// Why peaks do not make a [`Frontier`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrontierError {
    /// One hash is needed for every set bit of the size.
    #[error("a tree of {size} leaves has {expected} peaks, not {found}")]
    WrongCount {
        /// Leaves in the tree.
        size: u64,
        /// Set bits in `size`.
        expected: u32,
        /// Hashes given.
        found: usize,
    },
    /// The size is above [`MAX_TREE_SIZE`].
    #[error("a tree holds at most {MAX_TREE_SIZE} leaves, not {size}")]
    TooLarge {
        /// Leaves asked for.
        size: u64,
    },
}

impl Default for Frontier {
    fn default() -> Self {
        Self::new()
    }
}

impl Frontier {
    /// The tree without leaves.
    pub fn new() -> Self {
        Self {
            size: 0,
            peaks: [None; MAX_HEIGHTS],
        }
    }

    /// The tree of `size` leaves whose perfect subtrees have these roots, largest first, as
    /// [`Frontier::peaks`] lists them.
    ///
    /// # Errors
    /// When there is not one hash for every set bit of `size`.
    pub fn from_peaks(size: u64, peaks: &[Hash]) -> Result<Self, FrontierError> {
        if size > MAX_TREE_SIZE {
            return Err(FrontierError::TooLarge { size });
        }
        let expected = size.count_ones();
        if usize::try_from(expected) != Ok(peaks.len()) {
            return Err(FrontierError::WrongCount {
                size,
                expected,
                found: peaks.len(),
            });
        }
        Ok(Self::from_smallest_first(size, peaks.iter().rev().copied()))
    }

    /// As [`Frontier::from_peaks`] the other way round, for callers that have one hash for every
    /// set bit of `size` by construction.
    pub(crate) fn from_smallest_first(size: u64, peaks: impl IntoIterator<Item = Hash>) -> Self {
        let mut frontier = Self {
            size,
            ..Self::new()
        };
        let mut peaks = peaks.into_iter();
        for (height, slot) in frontier.peaks.iter_mut().enumerate() {
            if size >> height & 1 == 1 {
                *slot = peaks.next();
            }
        }
        frontier
    }

    /// Leaves in the tree.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Roots of the perfect subtrees, largest (leftmost) first.
    pub fn peaks(&self) -> impl Iterator<Item = &Hash> {
        self.peaks.iter().rev().flatten()
    }

    /// Root of the tree; [`EMPTY_ROOT`] when there is no leaf.
    pub fn root(&self) -> Hash {
        self.peaks
            .iter()
            .flatten()
            .copied()
            .reduce(|right, left| node_hash(&left, &right))
            .unwrap_or(EMPTY_ROOT)
    }

    /// Appends one leaf hash.
    pub fn push(&mut self, leaf: Hash) {
        self.push_with(leaf, |_, _| {});
    }

    /// Appends one leaf hash and names the hashes that tiles above level 0 gain by it: `completed`
    /// gets `(level, hash)` with `hash` the root of the subtree of 256^level leaves that this leaf
    /// completes, lowest level first. Appending each to its level's file keeps the tiles whole.
    pub fn push_with(&mut self, leaf: Hash, mut completed: impl FnMut(u8, Hash)) {
        let mut carried = leaf;
        for (height, slot) in (0u8..).zip(self.peaks.iter_mut()) {
            if height > 0 && height % TILE_HEIGHT == 0 {
                completed(height / TILE_HEIGHT, carried);
            }
            let Some(left) = slot.take() else {
                *slot = Some(carried);
                break;
            };
            carried = node_hash(&left, &carried);
        }
        self.size += 1;
    }
}
