//! The mathematics an auditor has to trust: an RFC 6962 Merkle tree, its tiles, its proofs and its
//! signed heads, made and checked.
//!
//! - Nothing here does I/O, reads a clock, draws randomness or imports another Annals crate, so
//!   this crate can be read on its own by somebody who doubts the rest.
//! - Nothing here recurses or panics on bytes from outside; every parser is strict (one text for
//!   one value, so what is parsed and printed again is equal byte for byte) and has a size limit.
//! - What is refused is refused with an error that names the place.
//!
//! | question | answer |
//! |---|---|
//! | what is the root after one more entry? | [`Frontier`] |
//! | where do hashes live? | [`Tile`], [`TilePath`], read through [`HashReader`] |
//! | show that an entry is in the tree, that a tree grew out of another | [`inclusion_proof`], [`consistency_proof`] |
//! | check such a proof | [`verify_inclusion`], [`verify_consistency`] |
//! | who says so? | [`note`], [`checkpoint`] |
//! | a proof to carry around in a file | [`tlog_proof`] |
//! | is every tile and entry of a log as its head says? | [`Audit`] |
//!
//! Exact bytes: `docs/formats/checkpoint.md`.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

mod audit;
pub mod bundle;
pub mod checkpoint;
mod frontier;
mod hash;
pub mod note;
mod prove;
mod text;
pub mod tile;
pub mod tlog_proof;
mod verify;

pub use audit::{Audit, AuditError};
pub use checkpoint::Checkpoint;
pub use frontier::{Frontier, FrontierError};
pub use hash::{EMPTY_ROOT, HASH_BYTES, Hash, leaf_hash, node_hash};
pub use note::{SignedNote, Signer, Verifier};
pub use prove::{HashReader, ProveError, consistency_proof, frontier_at, inclusion_proof, root_at};
pub use tile::{Bundle, MAX_TREE_SIZE, TILE_HEIGHT, TILE_WIDTH, Tile, TilePath};
pub use tlog_proof::TlogProof;
pub use verify::{
    ConsistencyError, InclusionError, MAX_PATH_HASHES, verify_consistency, verify_inclusion,
};
