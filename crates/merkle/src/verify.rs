//! Proofs checked against roots, step by step as RFC 9162 writes it down.

use crate::hash::{EMPTY_ROOT, Hash, node_hash};

/// Hashes a proof can have: a tree of [`crate::MAX_TREE_SIZE`] leaves is 63 levels high, and a
/// consistency proof starts with one more.
pub const MAX_PATH_HASHES: usize = 64;

/// Why a leaf is not shown to be in a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InclusionError {
    /// The place is not in the tree.
    #[error("there is no entry {index} in a tree of {size}")]
    OutsideTree {
        /// Place of the leaf.
        index: u64,
        /// Leaves in the tree.
        size: u64,
    },
    /// More or fewer hashes than lie between that leaf and the root.
    #[error("the inclusion proof has the wrong number of hashes for its place in the tree")]
    WrongLength,
    /// The proof leads to another root: leaf, place, proof or root is not what it claims to be.
    #[error("the inclusion proof does not lead to the root")]
    WrongRoot,
}

/// Why a tree is not shown to have grown out of an older one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConsistencyError {
    /// The older tree is the larger one.
    #[error("a tree of {new} cannot have grown out of one of {old}")]
    Shrunk {
        /// Leaves in the older tree.
        old: u64,
        /// Leaves in the newer tree.
        new: u64,
    },
    /// More or fewer hashes than a proof between these sizes has.
    #[error("the consistency proof has the wrong number of hashes for these sizes")]
    WrongLength,
    /// The proof does not lead to the older root.
    #[error("the consistency proof does not lead to the older root")]
    WrongOldRoot,
    /// The proof leads to the older root but not to the newer one: history was rewritten, or the
    /// proof is broken.
    #[error("the consistency proof does not lead to the newer root")]
    WrongNewRoot,
}

/// Checks that `leaf` is number `index` of the tree of `size` leaves with this root
/// (RFC 9162 section 2.1.3.2).
///
/// # Errors
/// When the proof does not show it.
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    path: &[Hash],
    root: &Hash,
) -> Result<(), InclusionError> {
    if index >= size {
        return Err(InclusionError::OutsideTree { index, size });
    }
    let mut number = index;
    let mut last = size - 1;
    let mut hash = *leaf;
    for sibling in path {
        if last == 0 {
            return Err(InclusionError::WrongLength);
        }
        if number & 1 == 1 || number == last {
            hash = node_hash(sibling, &hash);
            // At the right edge there are levels without a sibling.
            let skipped = number.trailing_zeros();
            number >>= skipped;
            last >>= skipped;
        } else {
            hash = node_hash(&hash, sibling);
        }
        number >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(InclusionError::WrongLength);
    }
    if hash != *root {
        return Err(InclusionError::WrongRoot);
    }
    Ok(())
}

/// Checks that the tree of `new` leaves with `new_root` starts with the tree of `old` leaves with
/// `old_root` (RFC 9162 section 2.1.4.2). Every tree grows out of the empty one, by an empty proof.
///
/// # Errors
/// When the proof does not show it.
pub fn verify_consistency(
    old: u64,
    old_root: &Hash,
    new: u64,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ConsistencyError> {
    if old > new {
        return Err(ConsistencyError::Shrunk { old, new });
    }
    if old == 0 || old == new {
        return verify_without_proof(old, old_root, new, new_root, proof);
    }
    // The largest perfect subtree that ends where the old tree ends: its number and the number of
    // the last subtree of its height in the new tree.
    let height = old.trailing_zeros();
    let mut number = (old - 1) >> height;
    let mut last = (new - 1) >> height;
    let mut rest = proof.iter();
    let start = if number == 0 {
        Some(old_root)
    } else {
        rest.next()
    };
    let start = start.ok_or(ConsistencyError::WrongLength)?;
    let mut old_hash = *start;
    let mut new_hash = *start;
    for sibling in rest {
        if last == 0 {
            return Err(ConsistencyError::WrongLength);
        }
        if number & 1 == 1 || number == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            let skipped = number.trailing_zeros();
            number >>= skipped;
            last >>= skipped;
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        number >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(ConsistencyError::WrongLength);
    }
    if old_hash != *old_root {
        return Err(ConsistencyError::WrongOldRoot);
    }
    if new_hash != *new_root {
        return Err(ConsistencyError::WrongNewRoot);
    }
    Ok(())
}

fn verify_without_proof(
    old: u64,
    old_root: &Hash,
    new: u64,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ConsistencyError> {
    if !proof.is_empty() {
        return Err(ConsistencyError::WrongLength);
    }
    if old == 0 && *old_root != EMPTY_ROOT {
        return Err(ConsistencyError::WrongOldRoot);
    }
    if old == new && old_root != new_root {
        return Err(ConsistencyError::WrongNewRoot);
    }
    Ok(())
}
