//! Proof documents, checked with a public key and nothing else: no server, no clock, no network.

use event::proof::{Disclosure, Document, ProofError};
use merkle::checkpoint::OpenError;
use merkle::{Checkpoint, InclusionError, Verifier, leaf_hash, verify_inclusion};

/// What a good proof proves.
#[derive(Clone, Debug)]
pub struct Proven {
    /// What it shows of the event.
    pub disclosure: Disclosure,
    /// The signed head of the ledger it leads to.
    pub checkpoint: Checkpoint,
}

/// What is wrong with a proof.
#[derive(Debug, thiserror::Error)]
pub enum ProofProblem {
    /// The half about the event.
    #[error(transparent)]
    Event(#[from] ProofError),
    /// The checkpoint is not one of this key.
    #[error("the checkpoint is not signed by the key: {0}")]
    Checkpoint(#[from] OpenError),
    /// The entry is not in the ledger the checkpoint is about.
    #[error("the entry is not in the ledger of the checkpoint: {0}")]
    Inclusion(#[from] InclusionError),
}

/// Checks a proof document: the fields make the entry, the entry is in the tree, the tree is signed
/// by `trusted`. The key inside the document plays no part.
pub fn check(document: &Document, trusted: &Verifier) -> Result<Proven, ProofProblem> {
    let disclosure = document.check()?;
    let checkpoint = Checkpoint::open(
        document.checkpoint.as_bytes(),
        std::slice::from_ref(trusted),
    )?;
    verify_inclusion(
        &leaf_hash(&document.entry),
        document.index,
        checkpoint.size(),
        &document.path,
        checkpoint.root(),
    )?;
    Ok(Proven {
        disclosure,
        checkpoint,
    })
}
