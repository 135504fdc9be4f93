//! A whole log held to its signed head.
//!
//! An [`Audit`] goes from the head down: the tiles at the right edge must give the signed root, every
//! other tile must give the hash its parent has of it, and every entry, fed in order, must be the
//! leaf its tile has. What passes is what was signed; the first thing that does not is named. It
//! keeps two tiles a level, whatever the size of the log, and asks for each tile once.

use crate::frontier::Frontier;
use crate::hash::Hash;
use crate::prove::{HashReader, ProveError, perfect_root, read_tile};
use crate::tile::{MAX_TREE_SIZE, TILE_WIDTH, Tile, hashes_at};

/// A log being checked, leaf by leaf.
#[derive(Debug, Clone)]
pub struct Audit<R> {
    reader: R,
    size: u64,
    checked: u64,
    /// Level 0 first.
    levels: Vec<Level>,
}

/// The checked tiles of one level that are kept, each with its number.
#[derive(Debug, Clone)]
struct Level {
    level: u8,
    /// The partial tile at the right edge; without hashes where the last tile is full.
    edge: (u64, Vec<Hash>),
    /// The full tile above the leaf fed last.
    current: Option<(u64, Vec<Hash>)>,
}

/// What is wrong with a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuditError<E> {
    /// The tiles cannot be had.
    #[error(transparent)]
    Read(#[from] ProveError<E>),
    /// The tiles at the right edge of the tree do not give the signed root.
    #[error("the newest tiles do not give the root of the signed tree of {size}")]
    WrongRoot {
        /// Leaves in the signed tree.
        size: u64,
    },
    /// A tile differs from the one that was signed.
    #[error("{tile} is not the tile of the signed tree")]
    WrongTile {
        /// The tile.
        tile: Tile,
    },
    /// An entry differs from the one that was signed.
    #[error("entry {index} is not the entry of the signed tree")]
    WrongEntry {
        /// Place of the entry.
        index: u64,
    },
    /// There are more entries than were signed.
    #[error("there are more entries than the {size} of the signed tree")]
    TooManyEntries {
        /// Leaves in the signed tree.
        size: u64,
    },
    /// There are fewer entries than were signed.
    #[error("there are {found} entries instead of the {size} of the signed tree")]
    TooFewEntries {
        /// Leaves in the signed tree.
        size: u64,
        /// Entries fed.
        found: u64,
    },
}

impl<R: HashReader> Audit<R> {
    /// Starts with the tiles at the right edge, which must give `root`, the root of the signed tree
    /// of `size` leaves.
    ///
    /// # Errors
    /// When they do not, or cannot be read.
    pub fn start(reader: R, size: u64, root: &Hash) -> Result<Self, AuditError<R::Error>> {
        if size > MAX_TREE_SIZE {
            return Err(ProveError::TooLarge { size }.into());
        }
        let mut levels = Vec::new();
        let mut peaks = Vec::new();
        for level in 0u8.. {
            let hashes = hashes_at(level, size);
            if hashes == 0 {
                break;
            }
            let number = hashes / u64::from(TILE_WIDTH);
            let edge = match hashes % u64::from(TILE_WIDTH) {
                0 => Vec::new(),
                _ => read_tile(&reader, level, number, size)?,
            };
            push_peaks(&edge, &mut peaks);
            levels.push(Level {
                level,
                edge: (number, edge),
                current: None,
            });
        }
        if Frontier::from_smallest_first(size, peaks).root() != *root {
            return Err(AuditError::WrongRoot { size });
        }
        Ok(Self {
            reader,
            size,
            checked: 0,
            levels,
        })
    }

    /// Leaves fed so far: the place of the next one.
    pub fn checked(&self) -> u64 {
        self.checked
    }

    /// Feeds the hash of the next entry.
    ///
    /// # Errors
    /// When the entry, or a tile that is reached with it, is not the signed one. After
    /// [`AuditError::WrongEntry`] the audit can go on with the next entry; every other error ends it.
    pub fn push(&mut self, leaf: &Hash) -> Result<(), AuditError<R::Error>> {
        let index = self.checked;
        if index >= self.size {
            return Err(AuditError::TooManyEntries { size: self.size });
        }
        let signed = self.signed_leaf(index)?;
        self.checked += 1;
        if signed != Some(*leaf) {
            return Err(AuditError::WrongEntry { index });
        }
        Ok(())
    }

    /// Ends the audit: every entry was fed, and so every tile was reached.
    ///
    /// # Errors
    /// When entries are missing.
    pub fn finish(self) -> Result<(), AuditError<R::Error>> {
        if self.checked != self.size {
            return Err(AuditError::TooFewEntries {
                size: self.size,
                found: self.checked,
            });
        }
        Ok(())
    }

    /// Goes down from the edge to the leaf, holding each new tile to its parent.
    fn signed_leaf(&mut self, index: u64) -> Result<Option<Hash>, AuditError<R::Error>> {
        let mut signed = None;
        for state in self.levels.iter_mut().rev() {
            let level = state.level;
            let place = hashes_at(level, index);
            let number = place / u64::from(TILE_WIDTH);
            let within = (place % u64::from(TILE_WIDTH)) as usize;
            if number == state.edge.0 {
                // Part of the signed root since the start.
                signed = state.edge.1.get(within).copied();
                continue;
            }
            let hashes = match state.current.take() {
                Some((current, hashes)) if current == number => hashes,
                _ => {
                    let hashes = read_tile(&self.reader, level, number, self.size)?;
                    if signed != Some(perfect_root(&hashes)) {
                        let tile = Tile {
                            level,
                            index: number,
                            width: TILE_WIDTH,
                        };
                        return Err(AuditError::WrongTile { tile });
                    }
                    hashes
                }
            };
            signed = hashes.get(within).copied();
            state.current = Some((number, hashes));
        }
        Ok(signed)
    }
}

/// Roots of the perfect subtrees above a tile's hashes, smallest (rightmost) first.
fn push_peaks(hashes: &[Hash], peaks: &mut Vec<Hash>) {
    let mut rest = hashes;
    while !rest.is_empty() {
        let (left, peak) = rest.split_at(rest.len() - (1 << rest.len().trailing_zeros()));
        peaks.push(perfect_root(peak));
        rest = left;
    }
}
