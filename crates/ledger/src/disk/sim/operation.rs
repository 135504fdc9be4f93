//! What a simulated disk was asked to do, for tests that break it at a kind or a place and for the
//! trace of a run that failed.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// What a call does. All but the last three are steps: they change the disk or settle changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are those of the calls")]
pub enum OperationKind {
    Create,
    Write,
    Truncate,
    Reserve,
    /// `sync_data` or `sync_all`
    Sync,
    Rename,
    RemoveFile,
    CreateDir,
    RemoveDir,
    SyncDir,
    Lock,
    /// `open` or `open_read`
    Open,
    Read,
    /// `list`, `exists` or `free_bytes`
    List,
}

impl OperationKind {
    /// Does it count as a step?
    pub fn is_step(self) -> bool {
        !matches!(
            self,
            OperationKind::Open | OperationKind::Read | OperationKind::List
        )
    }
}

/// One step that a simulated disk was asked for. Displayed as a line of a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Steps before this one since the disk started.
    pub step: u64,
    /// What was asked.
    pub kind: OperationKind,
    /// Of which file or folder; for an open file, the name by which it was opened.
    pub path: PathBuf,
    /// Offsets, lengths, new names: for reading.
    pub detail: String,
    /// How it failed, if it did.
    pub error: Option<io::ErrorKind>,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (step, kind, path) = (self.step, self.kind, self.path.display());
        write!(f, "{step:>5} {kind:?} {path}")?;
        if !self.detail.is_empty() {
            write!(f, " {}", self.detail)?;
        }
        match self.error {
            Some(error) => write!(f, ": {error}"),
            None => Ok(()),
        }
    }
}
