//! The head of a log's tree as its key has signed it: whose log, how many entries, which root.
//!
//! [`Checkpoint::open`] is the way in for a checkpoint from outside: it returns one only when a
//! trusted key of that very log has signed it. Source: <https://c2sp.org/tlog-checkpoint>.

use std::fmt;
use std::str::FromStr;

use crate::hash::Hash;
use crate::note::{NoteError, SignedNote, Signer, Verifier, VerifyError};
use crate::text::{parse_decimal, parse_hash, to_base64};
use crate::tile::MAX_TREE_SIZE;

/// What a checkpoint says. Printed, it is the text of the note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: Hash,
    extensions: Vec<String>,
}

/// Why a text is not a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The first line is empty or has control characters.
    #[error("the origin of a checkpoint is one line that is not empty")]
    Origin,
    /// The second line is not the number of leaves.
    #[error(
        "the size of a checkpoint is a decimal number up to {MAX_TREE_SIZE} without leading zeroes"
    )]
    Size,
    /// The third line is not a hash.
    #[error("the root of a checkpoint is the base64 of 32 bytes")]
    Root,
    /// A later line is empty or has control characters.
    #[error("an extension of a checkpoint is one line that is not empty")]
    Extension,
    /// The last line does not end.
    #[error("a checkpoint ends with a newline")]
    Unfinished,
}

/// Why a signed checkpoint is not to be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The bytes are no signed note.
    #[error("the checkpoint is not a signed note: {0}")]
    Note(#[from] NoteError),
    /// The signatures do not make it trustworthy.
    #[error("the checkpoint cannot be trusted: {0}")]
    Signature(#[from] VerifyError),
    /// The signed text is no checkpoint.
    #[error("the signed note is not a checkpoint: {0}")]
    Text(#[from] CheckpointError),
    /// The keys that have signed belong to other logs.
    #[error("the checkpoint is of {origin}, but no known key of that log has signed it")]
    ForeignOrigin {
        /// Whose checkpoint it is.
        origin: String,
    },
}

impl Checkpoint {
    /// The head of the log `origin` at `size` leaves, without extensions.
    ///
    /// # Errors
    /// When the origin is empty or more than a line, or the size above [`MAX_TREE_SIZE`].
    pub fn new(origin: &str, size: u64, root: Hash) -> Result<Self, CheckpointError> {
        if !is_line(origin) {
            return Err(CheckpointError::Origin);
        }
        if size > MAX_TREE_SIZE {
            return Err(CheckpointError::Size);
        }
        Ok(Self {
            origin: origin.to_owned(),
            size,
            root,
            extensions: Vec::new(),
        })
    }

    /// The same head with one more extension line. Witnesses cannot judge extensions, so they are
    /// for what they need not know.
    ///
    /// # Errors
    /// When the extension is empty or more than a line.
    pub fn with_extension(mut self, extension: &str) -> Result<Self, CheckpointError> {
        if !is_line(extension) {
            return Err(CheckpointError::Extension);
        }
        self.extensions.push(extension.to_owned());
        Ok(self)
    }

    /// Which log this is the head of.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Leaves in the tree.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Root of the tree.
    pub fn root(&self) -> &Hash {
        &self.root
    }

    /// The lines behind the root.
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }

    /// Signs this head. More than one signer is for a change of keys.
    ///
    /// # Errors
    /// When there is no signer, or the note gets too large.
    pub fn sign(&self, signers: &[&Signer]) -> Result<SignedNote, NoteError> {
        SignedNote::sign(self.to_string(), signers)
    }

    /// Reads a signed checkpoint and believes it only when one of `known` has signed it and is the
    /// key of the log it speaks of (its name is the origin).
    ///
    /// # Errors
    /// When it is not a checkpoint or not to be believed.
    pub fn open(note: &[u8], known: &[Verifier]) -> Result<Self, OpenError> {
        Self::of_note(&SignedNote::parse(note)?, known)
    }

    /// As [`Checkpoint::open`], for a note that is parsed already.
    ///
    /// # Errors
    /// When it is not a checkpoint or not to be believed.
    pub fn of_note(note: &SignedNote, known: &[Verifier]) -> Result<Self, OpenError> {
        let signed_by = note.verify(known)?;
        let checkpoint: Self = note.text().parse()?;
        if !signed_by.iter().any(|key| key.name() == checkpoint.origin) {
            return Err(OpenError::ForeignOrigin {
                origin: checkpoint.origin,
            });
        }
        Ok(checkpoint)
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}\n{}\n{}",
            self.origin,
            self.size,
            to_base64(&self.root)
        )?;
        self.extensions
            .iter()
            .try_for_each(|extension| writeln!(f, "{extension}"))
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    /// Reads the text of a checkpoint, exactly as it is printed. Nothing is verified.
    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text
            .strip_suffix('\n')
            .ok_or(CheckpointError::Unfinished)?
            .split('\n');
        let origin = lines.next().ok_or(CheckpointError::Origin)?;
        let size = lines
            .next()
            .and_then(parse_decimal)
            .ok_or(CheckpointError::Size)?;
        let root = lines
            .next()
            .and_then(parse_hash)
            .ok_or(CheckpointError::Root)?;
        lines.try_fold(Self::new(origin, size, root)?, Self::with_extension)
    }
}

fn is_line(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b >= b' ')
}
