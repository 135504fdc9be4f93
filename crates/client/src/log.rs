//! The read path of a ledger (`/log/<tenant>/...`), and the check of everything on it.

use event::Entry;
use merkle::checkpoint::OpenError;
use merkle::{
    Audit, AuditError, Bundle, Checkpoint, ConsistencyError, Hash, HashReader, ProveError,
    TILE_WIDTH, Tile, Verifier, bundle, consistency_proof, leaf_hash, verify_consistency,
};

use crate::{Client, ClientError};

/// A ledger as anybody may read it.
#[derive(Clone, Debug)]
pub struct Log {
    client: Client,
    prefix: String,
}

/// A checked ledger.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The signed head everything was held against.
    pub checkpoint: Checkpoint,
    /// Its text.
    pub note: String,
}

/// What is wrong with a ledger, and where.
#[derive(Debug, thiserror::Error)]
pub enum LogProblem {
    /// The server cannot be asked. Nothing is known about the ledger.
    #[error(transparent)]
    Call(#[from] ClientError),
    /// The head is not one of this key.
    #[error("the server's checkpoint is not signed by the key: {0}")]
    Checkpoint(OpenError),
    /// The older head is not one of this key.
    #[error("the older checkpoint is not signed by the key: {0}")]
    Older(OpenError),
    /// History is shorter than it was.
    #[error("the ledger has shrunk: it held {old} events, now it holds {new}")]
    Shrunk {
        /// Events in the older head.
        old: u64,
        /// Events now.
        new: u64,
    },
    /// History is not what it was.
    #[error(
        "history was rewritten: the ledger of {new} events did not grow out of that of {old}: {reason}"
    )]
    Rewritten {
        /// Events in the older head.
        old: u64,
        /// Events now.
        new: u64,
        /// How it shows.
        reason: ConsistencyError,
    },
    /// A tile or entry is not the signed one.
    #[error("{0}")]
    Audit(AuditError<ClientError>),
    /// A bundle of entries cannot be read.
    #[error("{bundle}: {reason}")]
    Entries {
        /// Which.
        bundle: Bundle,
        /// How it shows.
        reason: String,
    },
}

impl Log {
    /// The ledger of `tenant` on a server.
    pub fn of(client: Client, tenant: &str) -> Self {
        Self {
            client,
            prefix: format!("/log/{tenant}/"),
        }
    }

    /// The newest signed head, as text.
    pub fn checkpoint(&self) -> Result<String, ClientError> {
        self.text("checkpoint")
    }

    /// The public key the server names. It says who the server claims to be, no more.
    pub fn vkey(&self) -> Result<String, ClientError> {
        self.text("vkey")
    }

    /// Holds every tile and every entry to the newest signed head, and that head to an older one.
    /// `progress` is told how many entries of how many are checked.
    pub fn check(
        &self,
        trusted: &Verifier,
        older: Option<&str>,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<Checked, LogProblem> {
        let known = std::slice::from_ref(trusted);
        let note = self.checkpoint()?;
        let checkpoint =
            Checkpoint::open(note.as_bytes(), known).map_err(LogProblem::Checkpoint)?;
        if let Some(older) = older {
            let older = Checkpoint::open(older.as_bytes(), known).map_err(LogProblem::Older)?;
            self.check_grown(&older, &checkpoint)?;
        }
        let size = checkpoint.size();
        let mut audit = Audit::start(self, size, checkpoint.root()).map_err(audit_problem)?;
        for index in 0..size.div_ceil(u64::from(TILE_WIDTH)) {
            let Some(bundle) = Bundle::of_tree(index, size) else {
                break;
            };
            let body = self.bytes(&bundle.to_string())?;
            let damaged = |reason: String| LogProblem::Entries { bundle, reason };
            for entry in bundle::parse(bundle, &body).map_err(|e| damaged(e.to_string()))? {
                let fixed = entry
                    .try_into()
                    .map_err(|_| damaged("an entry has a wrong length".to_owned()))?;
                audit.push(&leaf_hash(entry)).map_err(audit_problem)?;
                Entry::from_bytes(fixed).map_err(|e| damaged(e.to_string()))?;
            }
            progress(audit.checked(), size);
        }
        audit.finish().map_err(audit_problem)?;
        // The head now must have grown out of the one just checked.
        let last = self.checkpoint()?;
        let last = Checkpoint::open(last.as_bytes(), known).map_err(LogProblem::Checkpoint)?;
        self.check_grown(&checkpoint, &last)?;
        Ok(Checked { checkpoint, note })
    }

    fn check_grown(&self, old: &Checkpoint, new: &Checkpoint) -> Result<(), LogProblem> {
        let (old_size, new_size) = (old.size(), new.size());
        if old_size > new_size {
            return Err(LogProblem::Shrunk {
                old: old_size,
                new: new_size,
            });
        }
        let proof = match old_size {
            0 => Vec::new(),
            _ => consistency_proof(self, old_size, new_size)
                .map_err(|error| audit_problem(AuditError::Read(error)))?,
        };
        verify_consistency(old_size, old.root(), new_size, new.root(), &proof).map_err(|reason| {
            LogProblem::Rewritten {
                old: old_size,
                new: new_size,
                reason,
            }
        })
    }

    fn text(&self, name: &str) -> Result<String, ClientError> {
        String::from_utf8(self.bytes(name)?).map_err(|_| self.client.not_annals(name, "no UTF-8"))
    }

    fn bytes(&self, name: &str) -> Result<Vec<u8>, ClientError> {
        self.client
            .get_bytes(&format!("{}{name}", self.prefix), &[])
    }
}

/// A server that cannot be asked is one thing, a tile that is wrong another.
fn audit_problem(error: AuditError<ClientError>) -> LogProblem {
    match error {
        AuditError::Read(ProveError::Read { source, .. }) => LogProblem::Call(source),
        other => LogProblem::Audit(other),
    }
}

impl HashReader for Log {
    type Error = ClientError;

    fn tile(&self, tile: Tile) -> Result<Vec<Hash>, ClientError> {
        let name = tile.to_string();
        let bytes = self.bytes(&name)?;
        tile.parse_bytes(&bytes)
            .map_err(|error| self.client.not_annals(&name, &error.to_string()))
    }
}
