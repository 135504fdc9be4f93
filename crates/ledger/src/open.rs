//! Opening a ledger: making a new one, or taking up one that was closed or cut off.
//!
//! Recovery runs the code of the happy path: the journal's frames are read back and published as
//! the sequencer would have. What a crash may leave is mended; anything else is damage, and a
//! ledger that is damaged, shorter than its last checkpoint or different from it is not opened.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use event::{Count, Entry, Recorded};
use merkle::ProveError;
use parking_lot::{Condvar, Mutex, RwLock};

use crate::background::Resources;
use crate::clock::{Clock, Entropy};
use crate::disk::Disk;
use crate::erasure::{Erasure, erasures_of};
use crate::frame::LedgerId;
use crate::group::Group;
use crate::head::{HeadError, Keeper, SignedHead, load_or_make_key, read_last, remove_leftovers};
use crate::ids::{self, IdHash, IdKey, IdRun};
use crate::journal::{self, JournalError, Writer};
use crate::ledger::{Inner, Ledger, MAX_QUEUED_BATCHES};
use crate::manifest::{FORMAT, Manifest, ManifestError, Shelf, remove_if_there};
use crate::part::{Part, shelf_folder};
use crate::pool::Lane;
use crate::sequencer::Sequencer;
use crate::side_by_side::{cores, side_by_side};
use crate::state::{Parts, State, Unit};
use crate::tree::Tree;

/// What a ledger needs of its surroundings.
pub struct Options {
    /// `<instance>/<tenant>`; must be the one it was made with.
    pub origin: String,
    /// The folder `disk` stands for, for views that keep their own files in it.
    pub dir: PathBuf,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Secrets.
    pub entropy: Arc<dyn Entropy>,
    /// Shared with the other ledgers of the process.
    pub resources: Arc<Resources>,
    /// How soon after an event a checkpoint that covers it is signed; [`crate::SIGN_AFTER`] but in tests.
    pub sign_after: Duration,
    /// A second home for checkpoints.
    pub checkpoint_store: Option<Arc<dyn Disk>>,
    /// Disk and file of the signing key, if it does not lie in the ledger's folder. Made if it is
    /// missing.
    pub signing_key: Option<(Arc<dyn Disk>, PathBuf)>,
}

/// Why a ledger could not be opened. Nothing was changed that a crash would not also leave.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The disk said no, or a file is damaged; the message names it.
    #[error("cannot open the ledger: {0}")]
    Io(#[from] io::Error),
    /// The manifest cannot be used.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A journal file cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The key or a checkpoint cannot be used.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// It is another ledger.
    #[error("the folder holds the ledger `{found}`, not `{expected}`")]
    OtherOrigin {
        /// Whose ledger it is.
        found: String,
        /// Whose was asked for.
        expected: String,
    },
    /// Journal files are missing between two that are there, or at the beginning.
    #[error("the journal has no file that begins with event {expected}")]
    Gap {
        /// The sequence that should be next.
        expected: u64,
    },
    /// The ledger holds fewer events than were signed: events are lost.
    #[error(
        "the ledger holds {durable} events, its checkpoint `{checkpoint}` covers {signed}: events are missing. Restore the folder from a copy that has them, or keep both and start a new ledger"
    )]
    Shorter {
        /// Events there are.
        durable: u64,
        /// Events that were signed.
        signed: u64,
        /// Which checkpoint says so.
        checkpoint: &'static str,
    },
    /// The ledger holds other events than were signed.
    #[error(
        "the first {signed} events are not those that the checkpoint `{checkpoint}` was signed for: the history was changed. Restore the folder from a copy that agrees with it"
    )]
    Different {
        /// Events that were signed.
        signed: u64,
        /// Which checkpoint says so.
        checkpoint: &'static str,
    },
}

impl Ledger {
    /// Opens the ledger on `disk`, or makes it where there is none. When it returns, everything
    /// that was ever acknowledged is there, and the checkpoint of an empty ledger is signed.
    ///
    /// # Errors
    /// When it cannot be opened without losing something; nothing has been changed then.
    pub fn open(disk: Arc<dyn Disk>, options: Options) -> Result<Ledger, OpenError> {
        let manifest = match Manifest::load(&*disk)? {
            Some(manifest) => manifest,
            None => make(&*disk, &options)?,
        };
        if manifest.origin != options.origin {
            return Err(OpenError::OtherOrigin {
                found: manifest.origin,
                expected: options.origin,
            });
        }
        remove_leftovers(&*disk)?;
        remove_unnamed(&*disk, &manifest)?;
        let ledger = manifest.ledger;
        let mut parts = Parts::default();
        for entry in &manifest.parts {
            parts.insert(Arc::new(Part::open(&*disk, *entry, &ledger)?));
        }
        let id_runs = manifest
            .ids
            .iter()
            .map(|run| IdRun::open(&*disk, *run, &ledger).map(Arc::new))
            .collect::<io::Result<Vec<_>>>()?;
        let mut state = State {
            durable: manifest.sealed,
            sealed: manifest.sealed,
            units: VecDeque::new(),
            parts: Arc::new(parts),
            id_runs: Arc::new(id_runs),
            tree: Tree::open(disk.clone(), manifest.sealed)?,
            erasures: Vec::new(),
            erased_through: manifest.erased_through,
            last_received: 0,
        };
        let id_key = IdKey(manifest.id_key);
        collect_erasures(&mut state, manifest.erased_through)?;
        let last = read_journal(&*disk, &ledger, &id_key, &mut state)?;
        if state.last_received == 0
            && let Some(before) = state.durable.checked_sub(1)
            && let Some(bytes) = state.tree.entry(before)?
        {
            state.last_received =
                Entry::from_bytes(&bytes).map_or(0, |entry| entry.received_at.as_micros());
        }

        let signer = load_or_make_key(
            &*disk,
            options.signing_key.as_ref(),
            &options.origin,
            &*options.entropy,
        )?;
        let keeper = Keeper {
            signer,
            store: options.checkpoint_store.clone(),
        };
        let signed = read_last(&*disk, keeper.signer.verifier())?;
        hold_to(&state, signed.as_ref(), "last-checkpoint")?;
        hold_to(
            &state,
            keeper.stored_elsewhere()?.as_ref(),
            "checkpoint store",
        )?;

        // From here on the disk is changed: the torn end is cut off, and what is only readable is
        // made durable before anything is signed.
        let writer = match &last {
            Some(Last::Scanned(scanned)) => Some(journal::take_up(&*disk, scanned)?),
            Some(Last::WithoutHeader(first)) => {
                remove_if_there(&*disk, &journal::path(*first))?;
                disk.sync_dir(Path::new(journal::FOLDER))?;
                None
            }
            None => None,
        };
        let head = match signed {
            Some(head) if head.size.get() == state.durable => head,
            _ => keeper.sign(
                &*disk,
                Count::new(state.durable),
                state.tree.root(),
                options.clock.now(),
            )?,
        };
        Ok(start(disk, options, manifest, state, keeper, head, writer))
    }
}

fn start(
    disk: Arc<dyn Disk>,
    options: Options,
    manifest: Manifest,
    state: State,
    keeper: Keeper,
    head: SignedHead,
    writer: Option<Writer>,
) -> Ledger {
    let opened_at = options.clock.now().as_micros();
    let (queue, commands) = crossbeam_channel::bounded(MAX_QUEUED_BATCHES);
    let inner = Arc::new_cyclic(|me| Inner {
        disk,
        dir: options.dir,
        id: manifest.ledger,
        origin: manifest.origin.clone(),
        id_key: IdKey(manifest.id_key),
        keeper,
        clock: options.clock,
        entropy: options.entropy,
        resources: options.resources,
        state: RwLock::new(state),
        manifest: Mutex::new(manifest),
        head: RwLock::new(Arc::new(head)),
        version: Mutex::new(1),
        changed: Condvar::new(),
        queue,
        queued_bytes: AtomicUsize::new(0),
        failed: OnceLock::new(),
        full: AtomicBool::new(false),
        view_progress: AtomicU64::new(u64::MAX),
        view_merged: AtomicBool::new(true),
        sealed_at: AtomicI64::new(opened_at),
        followers: Mutex::default(),
        rewriting: RwLock::default(),
        closing: AtomicBool::new(false),
        closed: AtomicBool::new(false),
        me: me.clone(),
    });
    let sequencer = Sequencer {
        inner: inner.clone(),
        commands,
        writer,
        sign_after: options.sign_after,
        seal_at: None,
    };
    let thread = std::thread::spawn(move || sequencer.run());
    inner.resources.pool().know(inner.me.clone());
    inner.wake(&[Lane::Fresh, Lane::Upkeep]);
    Ledger::new(inner, thread)
}

/// Makes the folders and an empty manifest. A crash before the manifest leaves nothing that the
/// next try cannot use.
fn make(disk: &dyn Disk, options: &Options) -> Result<Manifest, OpenError> {
    let make_dir = |path: &Path| match disk.create_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    };
    for folder in ["journal", "parts", ids::FOLDER, "tree"] {
        make_dir(Path::new(folder))?;
    }
    for shelf in Shelf::all() {
        make_dir(&shelf_folder(shelf))?;
    }
    disk.sync_dir(Path::new("parts"))?;
    disk.sync_dir(Path::new(""))?;
    let (mut ledger, mut id_key) = ([0; 16], [0; 16]);
    options.entropy.fill(&mut ledger)?;
    options.entropy.fill(&mut id_key)?;
    let manifest = Manifest {
        format: FORMAT,
        ledger,
        origin: options.origin.clone(),
        id_key,
        sealed: 0,
        erased_through: 0,
        next_generation: 1,
        parts: Vec::new(),
        ids: Vec::new(),
    };
    manifest.store(disk)?;
    Ok(manifest)
}

/// Deletes parts, id runs and journal files that the manifest does not name: they were written by
/// work that did not commit, or whose removal was cut off.
fn remove_unnamed(disk: &dyn Disk, manifest: &Manifest) -> io::Result<()> {
    let sweep = |folder: &Path, keep: &dyn Fn(&str) -> bool| -> io::Result<()> {
        let unnamed: Vec<_> = disk
            .list(folder)?
            .into_iter()
            .filter(|file| !file.is_dir && !keep(&file.name))
            .collect();
        for file in &unnamed {
            remove_if_there(disk, &folder.join(&file.name))?;
        }
        if unnamed.is_empty() {
            Ok(())
        } else {
            disk.sync_dir(folder)
        }
    };
    for shelf in Shelf::all() {
        let named = |name: &str| {
            manifest
                .parts
                .iter()
                .any(|part| part.shelf == shelf && part.name().file_name() == name)
        };
        sweep(&shelf_folder(shelf), &named)?;
    }
    sweep(Path::new(ids::FOLDER), &|name| {
        manifest
            .ids
            .iter()
            .any(|run| run.generation.to_string() == name)
    })?;
    sweep(Path::new(journal::FOLDER), &|name| {
        name.parse()
            .is_ok_and(|first: u64| first >= manifest.sealed)
    })
}

/// The erasures of sealed tombstones that have not been carried out.
fn collect_erasures(state: &mut State, erased_through: u64) -> io::Result<()> {
    let control: Vec<Arc<Part>> = state
        .parts
        .by_shelf
        .get(&Shelf::Control)
        .cloned()
        .unwrap_or_default();
    for part in control
        .iter()
        .filter(|part| part.entry().last >= erased_through)
    {
        for recorded in part.records() {
            let recorded = recorded?;
            let sequence = recorded.sequence.get();
            if sequence >= erased_through {
                state.erasures.extend(
                    erasures_of(&recorded)
                        .into_iter()
                        .map(|erasure| (sequence, erasure)),
                );
            }
        }
    }
    Ok(())
}

/// The last journal file as it was found.
enum Last {
    Scanned(journal::Scanned),
    WithoutHeader(u64),
}

/// Reads the journal into the state.
fn read_journal(
    disk: &dyn Disk,
    ledger: &LedgerId,
    id_key: &IdKey,
    state: &mut State,
) -> Result<Option<Last>, OpenError> {
    let mut firsts: Vec<u64> = disk
        .list(Path::new(journal::FOLDER))?
        .iter()
        .filter_map(|file| file.name.parse().ok())
        .collect();
    firsts.sort_unstable();
    let newest = firsts.last().copied();
    let mut last = None;
    for first in firsts {
        if first != state.durable {
            return Err(OpenError::Gap {
                expected: state.durable,
            });
        }
        let is_last = Some(first) == newest;
        let Some(mut scanned) = journal::scan(disk, ledger, first, is_last)? else {
            return Ok(Some(Last::WithoutHeader(first)));
        };
        if scanned.torn_bytes > 0 {
            tracing::warn!(
                file = first,
                bytes = scanned.torn_bytes,
                "the last journal file ends in a group that was cut short; it was never acknowledged and is removed"
            );
        }
        let mut unit = Unit::new(first, scanned.header.month);
        let groups = std::mem::take(&mut scanned.groups);
        for read_back in read_back(&groups, id_key)? {
            publish(state, &mut unit, read_back);
        }
        for group in groups {
            unit.bytes += group.bytes() as u64;
            unit.groups.push(Arc::new(group));
        }
        state.units.push_back(unit);
        if is_last {
            last = Some(Last::Scanned(scanned));
        }
    }
    Ok(last)
}

/// What the state takes from an event of the journal.
struct ReadBack {
    sequence: u64,
    entry: Entry,
    id: Option<IdHash>,
    erasures: Vec<Erasure>,
}

/// Hashes the events of a journal file anew, on all cores: the entry of an event is not in the
/// journal, so this is also what finds a body that was changed.
fn read_back(groups: &[Group], id_key: &IdKey) -> io::Result<Vec<ReadBack>> {
    let of_group = |group: &Group| -> io::Result<Vec<ReadBack>> {
        let of_record = |recorded: io::Result<Recorded>| {
            let recorded = recorded?;
            let id = recorded.event().and_then(|event| event.id());
            Ok(ReadBack {
                sequence: recorded.sequence.get(),
                entry: recorded.entry(),
                id: id.map(|id| id_key.hash(&id)),
                erasures: erasures_of(&recorded),
            })
        };
        group.records().map(of_record).collect()
    };
    let read = side_by_side(groups, cores() - 1, Duration::ZERO, of_group)?;
    Ok(read.into_iter().flatten().collect())
}

fn publish(state: &mut State, unit: &mut Unit, read_back: ReadBack) {
    let ReadBack {
        sequence,
        entry,
        id,
        erasures,
    } = read_back;
    state.tree.push(entry.to_bytes());
    state.durable += 1;
    state.last_received = entry.received_at.as_micros();
    state
        .erasures
        .extend(erasures.into_iter().map(|erasure| (sequence, erasure)));
    if let Some(hash) = id {
        unit.ids.insert(hash, sequence);
    }
}

/// A checkpoint that was signed binds: the ledger must hold at least those events, and the same.
fn hold_to(
    state: &State,
    head: Option<&SignedHead>,
    checkpoint: &'static str,
) -> Result<(), OpenError> {
    let Some(head) = head else { return Ok(()) };
    let signed = head.size.get();
    if signed > state.durable {
        return Err(OpenError::Shorter {
            durable: state.durable,
            signed,
            checkpoint,
        });
    }
    let root = merkle::root_at(&state.tree, signed).map_err(|error| match error {
        ProveError::Read { source, .. } => source,
        other => io::Error::other(other.to_string()),
    })?;
    if root == head.root {
        Ok(())
    } else {
        Err(OpenError::Different { signed, checkpoint })
    }
}
