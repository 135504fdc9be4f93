//! A ledger's folder, held at one moment by somebody who only reads.
//!
//! Another process may be writing to it: appending to the journal, replacing the manifest, removing
//! the files that the one before named. Whoever holds the files one manifest names can read them to
//! the end, whatever becomes of their names; so all of them are opened between two looks at the
//! manifest that saw the same. The checkpoint is read first: what it covers was durable by then, so
//! the files opened after it hold at least that.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use merkle::Verifier;

use crate::disk::{Disk, DiskFile};
use crate::head::{HeadError, SignedHead, read_last};
use crate::journal;
use crate::manifest::{IdRunEntry, Manifest, ManifestError, PartEntry};

/// How long a folder may take to hold still between two looks at its manifest. A busy ledger
/// replaces it a few times a second, and looking takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a folder may lack a manifest or a checkpoint: a ledger that is just being made gets
/// them within milliseconds.
const NEW_LEDGER_PATIENCE: Duration = Duration::from_secs(1);
/// Pause before the next look.
const PAUSE: Duration = Duration::from_millis(5);

type Opened = io::Result<Arc<dyn DiskFile>>;

/// Every file of a ledger at one moment, open.
pub(crate) struct Held {
    /// The newest checkpoint of the moment before.
    pub(crate) head: Result<Option<SignedHead>, HeadError>,
    pub(crate) manifest: Manifest,
    pub(crate) parts: Vec<(PartEntry, Opened)>,
    pub(crate) ids: Vec<(IdRunEntry, Opened)>,
    /// Unsealed journal files by their first sequence, in order. Only the last may be growing.
    pub(crate) journal: Vec<(u64, Arc<dyn DiskFile>)>,
}

impl Held {
    /// Takes hold of a folder; `None` where there is no manifest.
    pub(crate) fn take(
        disk: &dyn Disk,
        verifier: &Verifier,
    ) -> Result<Option<Held>, ManifestError> {
        let begun = Instant::now();
        loop {
            let head = read_last(disk, verifier);
            let manifest = Manifest::load(disk)?;
            let is_new = manifest.is_none() || matches!(head, Ok(None));
            if is_new && begun.elapsed() < NEW_LEDGER_PATIENCE {
                std::thread::sleep(PAUSE);
                continue;
            }
            let Some(manifest) = manifest else {
                return Ok(None);
            };
            let held = Held {
                head,
                parts: open_all(&manifest.parts, |part| disk.open_read(&part.name().path())),
                ids: open_all(&manifest.ids, |run| disk.open_read(&run.path())),
                journal: Vec::new(),
                manifest,
            };
            match held.with_journal(disk)? {
                Some(held) => return Ok(Some(held)),
                None if begun.elapsed() < PATIENCE => std::thread::sleep(PAUSE),
                None => {
                    let words =
                        "the folder did not hold still: it changed each time it was looked at";
                    return Err(io::Error::other(words).into());
                }
            }
        }
    }

    /// Opens the journal, too; `None` if the folder changed since the manifest was read.
    fn with_journal(mut self, disk: &dyn Disk) -> Result<Option<Held>, ManifestError> {
        let firsts = journal_files(disk, self.manifest.sealed)?;
        for first in &firsts {
            match disk.open_read(&journal::path(*first)) {
                Ok(file) => self.journal.push((*first, file)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
        if Manifest::load(disk)?.as_ref() != Some(&self.manifest) {
            return Ok(None);
        }
        // A listing may miss a file that is made meanwhile, and show one that is made after it.
        let newest = firsts.last().copied();
        let mut again = journal_files(disk, self.manifest.sealed)?;
        again.retain(|first| newest.is_some_and(|newest| *first <= newest));
        Ok((again == firsts).then_some(self))
    }
}

fn open_all<T: Copy>(entries: &[T], open: impl Fn(&T) -> Opened) -> Vec<(T, Opened)> {
    entries.iter().map(|entry| (*entry, open(entry))).collect()
}

/// First sequences of the journal files that are not sealed, in order.
fn journal_files(disk: &dyn Disk, sealed: u64) -> io::Result<Vec<u64>> {
    let listed = disk.list(Path::new(journal::FOLDER))?;
    let mut firsts: Vec<u64> = listed
        .iter()
        .filter_map(|file| file.name.parse().ok())
        .filter(|first| *first >= sealed)
        .collect();
    firsts.sort_unstable();
    Ok(firsts)
}
