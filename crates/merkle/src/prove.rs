//! Roots, inclusion proofs and consistency proofs, made from tiles.
//!
//! What comes out is as good as the tiles: somebody who does not trust their source checks the
//! result against a signed head with [`crate::verify_inclusion`] and [`crate::verify_consistency`].

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::frontier::Frontier;
use crate::hash::{EMPTY_ROOT, Hash, node_hash};
use crate::tile::{MAX_TREE_SIZE, TILE_HEIGHT, TILE_WIDTH, Tile};

/// Where the hashes of a tree are read.
pub trait HashReader {
    /// Why a tile cannot be had.
    type Error;

    /// The `tile.width` first hashes of a tile, in order. Only tiles of the tree in question are
    /// asked for; a source that keeps a wider tile cuts it. The same tile is read once per proof.
    fn tile(&self, tile: Tile) -> Result<Vec<Hash>, Self::Error>;
}

impl<R: HashReader + ?Sized> HashReader for &R {
    type Error = R::Error;

    fn tile(&self, tile: Tile) -> Result<Vec<Hash>, Self::Error> {
        (**self).tile(tile)
    }
}

/// Why a root or proof cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProveError<E> {
    /// The entry is not in the tree.
    #[error("there is no entry {index} in a tree of {size}")]
    OutsideTree {
        /// Place of the entry.
        index: u64,
        /// Leaves in the tree.
        size: u64,
    },
    /// No tree is that large.
    #[error("a tree holds at most {MAX_TREE_SIZE} leaves, not {size}")]
    TooLarge {
        /// Leaves asked for.
        size: u64,
    },
    /// The older tree is the larger one.
    #[error("a tree of {new} cannot have grown out of one of {old}")]
    Shrunk {
        /// Leaves in the older tree.
        old: u64,
        /// Leaves in the newer tree.
        new: u64,
    },
    /// The source did not give a tile.
    #[error("cannot read {tile}")]
    Read {
        /// What was asked for.
        tile: Tile,
        /// The source's own words.
        #[source]
        source: E,
    },
    /// The source gave a tile of another width.
    #[error("{tile} came with {found} hashes instead of {expected}", expected = tile.width)]
    WrongWidth {
        /// What was asked for.
        tile: Tile,
        /// Hashes that came.
        found: usize,
    },
}

/// Root of the tree of the first `size` leaves.
///
/// # Errors
/// When `size` is above [`MAX_TREE_SIZE`] or a tile cannot be read.
pub fn root_at<R: HashReader>(reader: R, size: u64) -> Result<Hash, ProveError<R::Error>> {
    Subtrees::of_tree(reader, size)?.range(0, size)
}

/// The tree of the first `size` leaves, ready to grow: how a ledger takes up its work again.
///
/// # Errors
/// When `size` is above [`MAX_TREE_SIZE`] or a tile cannot be read.
pub fn frontier_at<R: HashReader>(reader: R, size: u64) -> Result<Frontier, ProveError<R::Error>> {
    let mut subtrees = Subtrees::of_tree(reader, size)?;
    let mut smallest_first = Vec::new();
    for (height, number) in perfect_subtrees(0, size) {
        smallest_first.push(subtrees.perfect(height, number)?);
    }
    Ok(Frontier::from_smallest_first(size, smallest_first))
}

/// The siblings from the leaf `index` up to the root of the tree of `size` leaves
/// (RFC 6962 section 2.1.1).
///
/// # Errors
/// When `index` is not below `size`, `size` is above [`MAX_TREE_SIZE`] or a tile cannot be read.
pub fn inclusion_proof<R: HashReader>(
    reader: R,
    index: u64,
    size: u64,
) -> Result<Vec<Hash>, ProveError<R::Error>> {
    if index >= size {
        return Err(ProveError::OutsideTree { index, size });
    }
    let mut proof = Vec::new();
    Subtrees::of_tree(reader, size)?.siblings(0, index, &mut proof)?;
    Ok(proof)
}

/// What shows that the tree of `new` leaves grew out of the tree of `old` leaves
/// (RFC 6962 section 2.1.2). Empty when `old` is 0 or equal to `new`.
///
/// # Errors
/// When `old` is above `new`, `new` is above [`MAX_TREE_SIZE`] or a tile cannot be read.
pub fn consistency_proof<R: HashReader>(
    reader: R,
    old: u64,
    new: u64,
) -> Result<Vec<Hash>, ProveError<R::Error>> {
    if old > new {
        return Err(ProveError::Shrunk { old, new });
    }
    let mut proof = Vec::new();
    if old == 0 || old == new {
        return Ok(proof);
    }
    let mut subtrees = Subtrees::of_tree(reader, new)?;
    // The largest perfect subtree that ends where the old tree ends. When it is the whole old tree
    // the verifier has its root already.
    let height = old.trailing_zeros();
    let number = (old >> height) - 1;
    if number != 0 {
        proof.push(subtrees.perfect(height, number)?);
    }
    subtrees.siblings(height, number, &mut proof)?;
    Ok(proof)
}

/// Reads a tile as the tree of `size` leaves has it and holds the source to its width.
pub(crate) fn read_tile<R: HashReader>(
    reader: &R,
    level: u8,
    index: u64,
    size: u64,
) -> Result<Vec<Hash>, ProveError<R::Error>> {
    let tile = Tile::of_tree(level, index, size).ok_or(ProveError::OutsideTree { index, size })?;
    let hashes = reader
        .tile(tile)
        .map_err(|source| ProveError::Read { tile, source })?;
    if hashes.len() != usize::from(tile.width) {
        return Err(ProveError::WrongWidth {
            tile,
            found: hashes.len(),
        });
    }
    Ok(hashes)
}

/// Root of the perfect subtree above these hashes, of which there is a power of two.
pub(crate) fn perfect_root(hashes: &[Hash]) -> Hash {
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        let (pairs, _) = row.as_chunks::<2>();
        row = pairs
            .iter()
            .map(|[left, right]| node_hash(left, right))
            .collect();
    }
    row.first().copied().unwrap_or(EMPTY_ROOT)
}

/// Hashes of subtrees of one tree. The tiles read are kept: a proof touches two a level at most.
struct Subtrees<R> {
    reader: R,
    size: u64,
    tiles: BTreeMap<(u8, u64), Vec<Hash>>,
}

impl<R: HashReader> Subtrees<R> {
    fn of_tree(reader: R, size: u64) -> Result<Self, ProveError<R::Error>> {
        if size > MAX_TREE_SIZE {
            return Err(ProveError::TooLarge { size });
        }
        Ok(Self {
            reader,
            size,
            tiles: BTreeMap::new(),
        })
    }

    /// Appends the siblings from the subtree `number` of `height` up to the root.
    fn siblings(
        &mut self,
        mut height: u32,
        mut number: u64,
        proof: &mut Vec<Hash>,
    ) -> Result<(), ProveError<R::Error>> {
        let mut last = (self.size - 1) >> height;
        while last > 0 {
            if number & 1 == 1 {
                proof.push(self.perfect(height, number - 1)?);
            } else if number < last {
                let start = (number + 1) << height;
                proof.push(self.range(start, self.size.min(start + (1 << height)))?);
            }
            number >>= 1;
            last >>= 1;
            height += 1;
        }
        Ok(())
    }

    /// Root of the leaves `start..end`, where `start` is a multiple of a power of two that is at
    /// least `end - start`.
    fn range(&mut self, start: u64, end: u64) -> Result<Hash, ProveError<R::Error>> {
        let mut root = None;
        for (height, number) in perfect_subtrees(start, end) {
            let left = self.perfect(height, number)?;
            root = Some(root.map_or(left, |right| node_hash(&left, &right)));
        }
        Ok(root.unwrap_or(EMPTY_ROOT))
    }

    /// Root of the leaves `number << height .. (number + 1) << height`, all of them in the tree.
    fn perfect(&mut self, height: u32, number: u64) -> Result<Hash, ProveError<R::Error>> {
        let level = height / u32::from(TILE_HEIGHT);
        let within = height % u32::from(TILE_HEIGHT);
        let first = number << within;
        let hashes = self.tile(level as u8, first / u64::from(TILE_WIDTH))?;
        let below = hashes
            .get((first % u64::from(TILE_WIDTH)) as usize..)
            .unwrap_or_default();
        Ok(perfect_root(below.get(..1 << within).unwrap_or(below)))
    }

    fn tile(&mut self, level: u8, index: u64) -> Result<&[Hash], ProveError<R::Error>> {
        match self.tiles.entry((level, index)) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(place) => {
                Ok(place.insert(read_tile(&self.reader, level, index, self.size)?))
            }
        }
    }
}

/// The perfect subtrees that the leaves `start..end` are made of, as `(height, number)`, smallest
/// (rightmost) first.
fn perfect_subtrees(start: u64, end: u64) -> impl Iterator<Item = (u32, u64)> {
    let leaves = end - start;
    (0..u64::BITS)
        .filter(move |height| leaves >> height & 1 == 1)
        .map(move |height| {
            let smaller = leaves & ((1 << height) - 1);
            (height, ((end - smaller) >> height) - 1)
        })
}
