//! A proof to carry around: that an entry is in a log, checkable offline with the log's key.
//!
//! It holds the entry's place, the inclusion proof and the signed checkpoint; the entry itself and
//! the trusted key come from the verifier. Source: <https://c2sp.org/tlog-proof>.

use std::fmt;

use crate::checkpoint::{Checkpoint, CheckpointError, OpenError};
use crate::hash::Hash;
use crate::note::{MAX_NOTE_BYTES, NoteError, SignedNote, Verifier};
use crate::text::{parse_base64, parse_decimal, parse_hash, to_base64};
use crate::tile::MAX_TREE_SIZE;
use crate::verify::{InclusionError, MAX_PATH_HASHES, verify_inclusion};

/// First line of a proof file.
pub const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// Ending of a proof file's name.
pub const FILE_EXTENSION: &str = "tlog-proof";
/// Bytes of extra data: room for an event of the largest size with the salts of its fields.
pub const MAX_EXTRA_BYTES: usize = 128 * 1024;
/// Bytes of a proof file: extra data in base64, the hashes, the signed checkpoint.
pub const MAX_PROOF_BYTES: usize = MAX_EXTRA_BYTES * 2 + MAX_PATH_HASHES * 64 + MAX_NOTE_BYTES;

/// A proof file. Printed, it is the file's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    /// Place of the entry in the log, from 0.
    pub index: u64,
    /// Inclusion proof: from the leaf's sibling up.
    pub path: Vec<Hash>,
    /// The signed head of the tree the path leads to.
    pub checkpoint: SignedNote,
    /// What the application put beside the proof; nothing vouches for it. 1 to [`MAX_EXTRA_BYTES`]
    /// bytes; nothing at all is written as `None`.
    pub extra: Option<Vec<u8>>,
}

/// Why bytes are not a proof file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofFormatError {
    /// Above [`MAX_PROOF_BYTES`].
    #[error("a proof file has at most {MAX_PROOF_BYTES} bytes, not {size_bytes}")]
    TooLarge {
        /// Bytes of the file.
        size_bytes: usize,
    },
    /// The first line is another.
    #[error("a proof file starts with the line {HEADER}")]
    Header,
    /// The file ends before the checkpoint.
    #[error("the proof file ends before its checkpoint")]
    Unfinished,
    /// The extra line is empty, too long or not base64.
    #[error("the extra line of a proof file is base64 of 1 to {MAX_EXTRA_BYTES} bytes")]
    Extra,
    /// There is no index line, or it has no number.
    #[error("the index line of a proof file is `index` and a decimal number up to {MAX_TREE_SIZE}")]
    Index,
    /// A line of the path is not a hash, or there are more than [`MAX_PATH_HASHES`].
    #[error(
        "line {line} of the proof file is not one of at most {MAX_PATH_HASHES} hashes (base64 of 32 bytes)"
    )]
    Path {
        /// From 1.
        line: usize,
    },
    /// What follows the empty line is no signed note.
    #[error("the checkpoint in the proof file is not a signed note: {0}")]
    Note(#[from] NoteError),
    /// The text of that note is no checkpoint.
    #[error("the signed note in the proof file is not a checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
}

/// Why a proof file proves nothing about a leaf.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The checkpoint is not to be believed.
    #[error(transparent)]
    Checkpoint(#[from] OpenError),
    /// The leaf is not shown to be in the tree.
    #[error(transparent)]
    Inclusion(#[from] InclusionError),
}

impl TlogProof {
    /// Reads a proof file, exactly as it is printed. Nothing is verified.
    ///
    /// # Errors
    /// When the bytes are not exactly one proof file.
    pub fn parse(bytes: &[u8]) -> Result<Self, ProofFormatError> {
        if bytes.len() > MAX_PROOF_BYTES {
            return Err(ProofFormatError::TooLarge {
                size_bytes: bytes.len(),
            });
        }
        let file = str::from_utf8(bytes).map_err(|_| NoteError::NotText)?;
        let (head, checkpoint) = file
            .split_once("\n\n")
            .ok_or(ProofFormatError::Unfinished)?;
        let mut lines = (1..).zip(head.split('\n')).peekable();
        if lines.next().is_none_or(|(_, header)| header != HEADER) {
            return Err(ProofFormatError::Header);
        }
        let extra = lines.next_if(|(_, line)| line.starts_with("extra "));
        let extra = extra.map(|(_, line)| parse_extra(line)).transpose()?;
        let index = lines.next().and_then(|(_, line)| parse_index(line));
        let index = index.ok_or(ProofFormatError::Index)?;
        let mut path = Vec::new();
        for (line, hash) in lines {
            let hash = parse_hash(hash).filter(|_| path.len() < MAX_PATH_HASHES);
            path.push(hash.ok_or(ProofFormatError::Path { line })?);
        }
        let checkpoint = SignedNote::parse(checkpoint.as_bytes())?;
        checkpoint.text().parse::<Checkpoint>()?;
        Ok(Self {
            index,
            path,
            checkpoint,
            extra,
        })
    }

    /// Checks that `leaf` is in the log at this proof's index, as one of the `known` keys of that
    /// log has signed, and returns what the log said.
    ///
    /// # Errors
    /// When the checkpoint is not to be believed or the path does not lead from the leaf to it.
    pub fn verify(&self, leaf: &Hash, known: &[Verifier]) -> Result<Checkpoint, ProofError> {
        let checkpoint = Checkpoint::of_note(&self.checkpoint, known)?;
        verify_inclusion(
            leaf,
            self.index,
            checkpoint.size(),
            &self.path,
            checkpoint.root(),
        )?;
        Ok(checkpoint)
    }
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = self.extra.as_ref().filter(|extra| !extra.is_empty()) {
            writeln!(f, "extra {}", to_base64(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        for hash in &self.path {
            writeln!(f, "{}", to_base64(hash))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

fn parse_extra(line: &str) -> Result<Vec<u8>, ProofFormatError> {
    line.strip_prefix("extra ")
        .and_then(parse_base64)
        .filter(|extra| (1..=MAX_EXTRA_BYTES).contains(&extra.len()))
        .ok_or(ProofFormatError::Extra)
}

fn parse_index(line: &str) -> Option<u64> {
    line.strip_prefix("index ")
        .and_then(parse_decimal)
        .filter(|&index| index <= MAX_TREE_SIZE)
}
