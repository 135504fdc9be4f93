//! Reading a ledger's folder from outside: without a server, without its lock, changing nothing.
//!
//! What is read is the ledger of one moment; whoever writes to it goes on undisturbed.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use event::{Recorded, Sequence};
use merkle::{Hash, Verifier};

use crate::background::Resources;
use crate::disk::Disk;
use crate::erasure::erasures_of;
use crate::frame::LedgerId;
use crate::head::{HeadError, SignedHead};
use crate::held::Held;
use crate::journal::{self, JournalError};
use crate::ledger::ReadError;
use crate::manifest::{Manifest, ManifestError, Shelf};
use crate::part::Part;
use crate::state::{Parts, State, Unit, read_at};
use crate::tree::Tree;

/// Unpacked blocks kept in memory: one event is read, so one block.
const CACHE_BYTES: u64 = 1 << 20;

/// The ledger of a folder as it stood at one moment.
pub struct Reader {
    ledger: LedgerId,
    state: State,
    head: SignedHead,
    resources: Arc<Resources>,
}

/// Why a folder cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReaderError {
    /// It has no manifest.
    #[error("the folder is no ledger: it has no `manifest`")]
    NoLedger,
    /// It has no checkpoint of this key.
    #[error("the ledger has no checkpoint; start the server once, it signs what there is")]
    Unsigned,
    /// The manifest cannot be used.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The checkpoint cannot be used.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// The journal is damaged.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The disk said no, or what it holds is damaged.
    #[error("cannot read the ledger's files")]
    Io(#[from] io::Error),
}

impl Reader {
    /// Reads the ledger on `disk`, whose checkpoints `verifier` signed.
    ///
    /// # Errors
    /// When there is none, or its files are not what was written; `annals verify --data` tells
    /// everything that is wrong.
    pub fn open(disk: &Arc<dyn Disk>, verifier: &Verifier) -> Result<Reader, ReaderError> {
        let held = Held::take(&**disk, verifier)?.ok_or(ReaderError::NoLedger)?;
        let head = held.head?.ok_or(ReaderError::Unsigned)?;
        let Manifest { ledger, sealed, .. } = held.manifest;
        let mut state = State {
            durable: sealed,
            sealed,
            units: VecDeque::new(),
            parts: Arc::default(),
            id_runs: Arc::default(),
            tree: Tree::open(disk.clone(), sealed)?,
            erased_through: held.manifest.erased_through,
            erasures: Vec::new(),
            last_received: 0,
        };
        let mut parts = Parts::default();
        for (entry, file) in held.parts {
            let part = Part::of_file(file?, entry, &ledger)?;
            if entry.shelf == Shelf::Control && entry.last >= held.manifest.erased_through {
                for recorded in part.records() {
                    collect_erasures(&mut state, &recorded?);
                }
            }
            parts.insert(Arc::new(part));
        }
        state.parts = Arc::new(parts);
        let newest = held.journal.last().map(|(first, _)| *first);
        for (first, file) in held.journal {
            if first != state.durable {
                let words = format!("events {}..{first} are missing", state.durable);
                return Err(io::Error::new(io::ErrorKind::InvalidData, words).into());
            }
            let is_last = Some(first) == newest;
            let Some(scanned) = journal::scan_file(&*file, &ledger, first, is_last)? else {
                break;
            };
            let mut unit = Unit::new(first, scanned.header.month);
            for group in scanned.groups {
                for recorded in group.records() {
                    let recorded = recorded?;
                    state.tree.push(recorded.entry().to_bytes());
                    state.durable += 1;
                    collect_erasures(&mut state, &recorded);
                }
                unit.groups.push(Arc::new(group));
            }
            state.units.push_back(unit);
        }
        Ok(Reader {
            ledger,
            state,
            head,
            resources: Resources::without_thread(CACHE_BYTES),
        })
    }

    /// The newest checkpoint of the moment.
    pub fn head(&self) -> &SignedHead {
        &self.head
    }

    /// How many events the files hold; those beyond the checkpoint may not be durable yet.
    pub fn events(&self) -> u64 {
        self.state.durable
    }

    /// Reads one event, without what tombstones erased of it.
    ///
    /// # Errors
    /// When there is none, or it is damaged.
    pub fn read(&self, sequence: Sequence) -> Result<Recorded, ReadError> {
        let (place, entry) = self
            .state
            .locate(sequence.get())?
            .ok_or(ReadError::Unknown(sequence))?;
        let (recorded, _) = read_at(
            &self.resources,
            &self.ledger,
            sequence.get(),
            &place,
            &entry,
        )?;
        Ok(self.state.mask(recorded))
    }

    /// The path from an event to the root that [`Reader::head`] signs.
    ///
    /// # Errors
    /// When the checkpoint does not cover the event, or the files hold less than it covers.
    pub fn inclusion_proof(&self, sequence: Sequence) -> Result<Vec<Hash>, ReadError> {
        merkle::inclusion_proof(&self.state.tree, sequence.get(), self.head.size.get())
            .map_err(|error| crate::ledger::tree_error(sequence, error))
    }
}

fn collect_erasures(state: &mut State, recorded: &Recorded) {
    let at = recorded.sequence.get();
    let erasures = erasures_of(recorded).into_iter();
    state.erasures.extend(erasures.map(|erasure| (at, erasure)));
}
