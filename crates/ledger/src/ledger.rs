//! An open ledger: what others may ask of it.

use std::borrow::Cow;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Sender, TrySendError};
use event::{
    BodyRoot, Count, ENTRY_BYTES, Enrichment, EnrichmentJson, Entry, Event, Kind, Recorded, Salt,
    Sequence, Timestamp,
};
use merkle::{Hash, Tile, Verifier};
use parking_lot::{Condvar, Mutex, RwLock};

use crate::background::{Nearby, Resources, Scan};
use crate::clock::{Clock, Entropy};
use crate::disk::Disk;
use crate::erasure::Erasure;
use crate::frame::LedgerId;
use crate::group::Group;
use crate::head::{Keeper, SignedHead};
use crate::ids::{IdHash, IdKey};
use crate::manifest::{Manifest, PartEntry, PartName, Shelf};
use crate::part::{Packing, Part};
use crate::pool::{Lane, Meters, Work};
use crate::sequencer::{Append, Command};
use crate::state::{Place, State, read_at};
use crate::tree::EntryBytes;

/// Most bytes of events that wait for the sequencer, 128 MiB: two of the largest batches. Above it
/// an append is answered with [`AppendError::Busy`].
pub const MAX_QUEUED_BYTES: usize = 128 << 20;
/// Most batches that wait for the sequencer.
pub const MAX_QUEUED_BATCHES: usize = 4096;
/// Most journal files that wait to be sealed: with 50,000 events or 64 MiB each, what may be in
/// memory. Above it an append is answered with [`AppendError::Busy`].
pub const MAX_UNSEALED_UNITS: usize = 12;
/// How far the views may lag behind, in events, before appends are answered with
/// [`AppendError::Busy`]: what they hold in memory meanwhile.
pub const MAX_VIEW_LAG: u64 = 700_000;
/// Where so many entries stand for each one that is wanted, or fewer, all are read at once: 2.8 KiB
/// cost less than another look at the disk.
pub(crate) const ENTRIES_READ_FOR_ONE: u64 = 64;
/// What a sender is told to wait when the ledger is busy.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// An event ready to be placed: everything that does not depend on its place is done.
#[derive(Debug)]
pub struct Prepared {
    /// The accepted event.
    pub event: Event,
    /// Who wrote it.
    pub kind: Kind,
    /// Its secret, never used before.
    pub salt: Salt,
    /// What its fields hash to under that salt.
    pub body_root: BodyRoot,
    /// What is stored beside it.
    pub enrichment: Option<EnrichmentJson>,
}

impl Prepared {
    /// Commits an event under a salt.
    pub fn new(event: Event, kind: Kind, salt: Salt, enrichment: Option<Enrichment>) -> Prepared {
        let body_root = event.commit(&salt);
        Prepared {
            event,
            kind,
            salt,
            body_root,
            enrichment: enrichment.as_ref().and_then(EnrichmentJson::of),
        }
    }
}

/// Are the events of a batch kept one by one, or all or none?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A refused event does not keep the others out.
    Each,
    /// One refused event refuses all; after a crash all are there or none.
    Atomic,
}

/// Where an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// Its place.
    pub sequence: Sequence,
    /// When it was stamped.
    pub received_at: Timestamp,
    /// It was there before, with the same content.
    pub duplicate: bool,
}

/// Why one event was not kept. Nothing was changed by it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The id belongs to an event with other content.
    #[error("the id was used before, for other content, by event {existing}")]
    Conflict {
        /// The event that has the id.
        existing: Sequence,
    },
    /// The id belongs to an event that was erased.
    #[error("the id belongs to event {existing}, which was erased")]
    Erased {
        /// The event that had the id.
        existing: Sequence,
    },
    /// Another event of the same all-or-nothing batch was refused.
    #[error("another event of the batch was refused")]
    WithBatch,
}

/// What became of a batch, event by event.
pub type Outcomes = Vec<Result<Placed, Refused>>;

/// Why a whole batch was not kept. It may be sent again, unless said otherwise.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// A limit was reached; nothing was kept.
    #[error("the ledger is busy: {what}")]
    Busy {
        /// Which limit.
        what: &'static str,
        /// When to try again.
        retry_after: Duration,
    },
    /// The disk is full; nothing was kept. Goes on by itself when there is room.
    #[error("the disk is full")]
    DiskFull,
    /// The disk refused; nothing was kept.
    #[error("the disk refused the write: {0}")]
    Disk(String),
    /// The batch is larger than a group may be; nothing was kept and never will be.
    #[error("the batch has {bytes} bytes stored, the limit is {limit}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// What a group may hold.
        limit: usize,
    },
    /// The ledger takes no more events in this process. Whether this batch was kept is not known.
    #[error("the ledger has stopped: {0}")]
    Stopped(String),
}

/// Why an event could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is no such event (yet).
    #[error("there is no event {0}")]
    Unknown(Sequence),
    /// The disk said no, or what it holds is damaged.
    #[error("cannot read from the ledger")]
    Io(#[from] io::Error),
}

/// A part, as views see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartInfo {
    /// Its name.
    pub name: PartName,
    /// How many events it holds.
    pub count: u64,
    /// Length of its file.
    pub bytes: u64,
}

impl From<&PartEntry> for PartInfo {
    fn from(entry: &PartEntry) -> PartInfo {
        PartInfo {
            name: entry.name(),
            count: entry.count,
            bytes: entry.bytes,
        }
    }
}

/// One consistent look at what there is.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The parts, by shelf and then by first sequence. Together they hold every sealed event that
    /// was not dropped.
    pub parts: Arc<[PartInfo]>,
    /// How many events are sealed.
    pub sealed: Count,
    /// How many events there are.
    pub durable: Count,
    /// Tombstones before this one have been carried out: between two looks at which it is the
    /// same, parts were made and merged but no event of them was changed.
    pub erased_through: Count,
}

/// What tombstones say, as far as it concerns those who hold events in another form.
#[derive(Debug, Clone)]
pub struct Erasures {
    /// Tombstones before this one have been carried out in every part.
    pub through: Count,
    /// What the others erase. Parts, and groups handed out earlier, may still hold it.
    pub pending: Arc<[Erasure]>,
}

impl Erasures {
    /// The event without what is still to be removed of it.
    pub fn apply(&self, recorded: Recorded) -> Recorded {
        self.pending
            .iter()
            .fold(recorded, |recorded, erasure| erasure.apply(recorded))
    }

    /// Is something of the events `first..=last` still to be removed?
    pub fn touch(&self, first: u64, last: u64) -> bool {
        self.pending
            .iter()
            .any(|erasure| erasure.touches(first, last))
    }
}

/// How far a view has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ViewProgress {
    /// How many events it can do without the journal.
    pub seen: Count,
    /// Whether it has followed every merge of parts so far. No other begins before: what a view
    /// keeps of parts that are no more would grow.
    pub merged: bool,
}

/// Why groups cannot be followed from a place.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The events from there on have been sealed: read them from the parts.
    #[error("the events from there to {sealed} are sealed")]
    Sealed {
        /// How many events are sealed.
        sealed: Count,
    },
}

/// Bytes a ledger takes on disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DiskUse {
    /// Sealed events.
    pub parts: u64,
    /// Entries and hashes of the tree.
    pub tree: u64,
    /// Ids.
    pub ids: u64,
    /// Recent events.
    pub journal: u64,
}

/// What a ledger has to do in the background.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Journal files that are complete and not sealed.
    pub seal: u64,
    /// Erasures of sealed tombstones that parts still have to hear of.
    pub erase: u64,
    /// Parts of the next merge.
    pub merge: u64,
    /// Parts that will be packed tighter once they rest.
    pub recompress: u64,
}

pub(crate) struct Inner {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) dir: PathBuf,
    pub(crate) id: LedgerId,
    pub(crate) origin: String,
    pub(crate) id_key: IdKey,
    pub(crate) keeper: Keeper,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) resources: Arc<Resources>,
    pub(crate) state: RwLock<State>,
    /// Taken by whoever changes what is sealed.
    pub(crate) manifest: Mutex<Manifest>,
    pub(crate) head: RwLock<Arc<SignedHead>>,
    pub(crate) version: Mutex<u64>,
    pub(crate) changed: Condvar,
    pub(crate) queue: Sender<Command>,
    pub(crate) queued_bytes: AtomicUsize,
    pub(crate) failed: OnceLock<String>,
    pub(crate) full: AtomicBool,
    pub(crate) view_progress: AtomicU64,
    /// Whether the views have followed all merges.
    pub(crate) view_merged: AtomicBool,
    /// When events were last sealed, or the ledger was opened, in microseconds.
    pub(crate) sealed_at: AtomicI64,
    /// Who is told when parts change.
    pub(crate) followers: Mutex<Vec<Weak<dyn Work>>>,
    /// Held by those who write parts anew; taken alone to wait for them.
    pub(crate) rewriting: RwLock<()>,
    /// Writing parts anew breaks off.
    pub(crate) closing: AtomicBool,
    /// No background work begins any more; set under the manifest's lock.
    pub(crate) closed: AtomicBool,
    pub(crate) me: Weak<Inner>,
}

impl Inner {
    /// Wakes everybody who waits for a change.
    pub(crate) fn announce(&self) {
        *self.version.lock() += 1;
        self.changed.notify_all();
    }

    /// Says that there may be work in these lanes.
    pub(crate) fn wake(&self, lanes: &[Lane]) {
        let me: Weak<dyn Work> = self.me.clone();
        self.resources.pool().wake(&me, lanes);
    }

    /// Whose work is done beside that of the ledger.
    pub(crate) fn followers(&self) -> Vec<Arc<dyn Work>> {
        let followers = self.followers.lock();
        followers.iter().filter_map(Weak::upgrade).collect()
    }

    /// Says that there are other parts than before.
    pub(crate) fn parts_changed(&self) {
        self.announce();
        self.wake(&[Lane::Upkeep]);
        for follower in self.followers.lock().iter() {
            self.resources.pool().wake(follower, &Lane::ALL);
        }
    }

    /// The ledger takes no more events: nobody knows what its last file holds on disk.
    pub(crate) fn fail(&self, why: String) {
        tracing::error!(ledger = %self.origin, why, "the ledger has stopped; restart the server after mending the disk");
        let _ = self.failed.set(why);
        self.announce();
    }

    pub(crate) fn busy(&self) -> Option<&'static str> {
        let state = self.state.read();
        if state.units.len() > MAX_UNSEALED_UNITS {
            return Some("sealing is behind");
        }
        let seen = self.view_progress.load(Ordering::Acquire);
        if seen != u64::MAX && state.durable.saturating_sub(seen) > MAX_VIEW_LAG {
            return Some("the index is behind");
        }
        None
    }
}

/// A ledger. Clones are the same ledger; it closes when the last one is dropped, or by
/// [`Ledger::close`].
#[derive(Clone)]
pub struct Ledger {
    shared: Arc<Shared>,
}

struct Shared {
    inner: Arc<Inner>,
    sequencer: Mutex<Option<JoinHandle<()>>>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    /// When it returns, nothing of this ledger touches the disk any more: the folder may be opened
    /// again.
    fn close(&self) {
        let _ = self.inner.queue.send(Command::Stop);
        if let Some(sequencer) = self.sequencer.lock().take() {
            let _ = sequencer.join();
        }
        self.inner.closing.store(true, Ordering::Release);
        let _rewrites = self.inner.rewriting.write();
        let _work = self.inner.manifest.lock();
        self.inner.closed.store(true, Ordering::Release);
    }
}

impl Ledger {
    pub(crate) fn new(inner: Arc<Inner>, sequencer: JoinHandle<()>) -> Ledger {
        Ledger {
            shared: Arc::new(Shared {
                inner,
                sequencer: Mutex::new(Some(sequencer)),
            }),
        }
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.shared.inner
    }

    /// Appends a batch and waits until it is durable.
    ///
    /// # Errors
    /// When nothing of the batch was kept; with [`AppendError::Stopped`] that is not known.
    pub fn append(&self, batch: Vec<Prepared>, mode: Mode) -> Result<Outcomes, AppendError> {
        let (answer, answered) = crossbeam_channel::bounded(1);
        self.append_then(batch, mode, move |outcomes| {
            let _ = answer.send(outcomes);
        });
        answered
            .recv()
            .unwrap_or_else(|_| Err(AppendError::Stopped("it was closed".to_owned())))
    }

    /// Appends a batch; `reply` is called once, when it is durable or refused, perhaps on the
    /// sequencer's thread: it must not wait for anything.
    pub fn append_then(
        &self,
        batch: Vec<Prepared>,
        mode: Mode,
        reply: impl FnOnce(Result<Outcomes, AppendError>) + Send + 'static,
    ) {
        let inner = self.inner();
        let bytes = batch
            .iter()
            .map(|prepared| prepared.event.encoded().len() + 128)
            .sum::<usize>();
        let refuse = if let Some(why) = inner.failed.get() {
            Some(AppendError::Stopped(why.clone()))
        } else if bytes > crate::frame::MAX_PAYLOAD_BYTES {
            Some(AppendError::TooLarge {
                bytes,
                limit: crate::frame::MAX_PAYLOAD_BYTES,
            })
        } else {
            inner.busy().map(|what| AppendError::Busy {
                what,
                retry_after: RETRY_AFTER,
            })
        };
        if let Some(error) = refuse {
            return reply(Err(error));
        }
        let queued = inner.queued_bytes.fetch_add(bytes, Ordering::AcqRel);
        let busy = AppendError::Busy {
            what: "too many events wait to be written",
            retry_after: RETRY_AFTER,
        };
        if queued > 0 && queued + bytes > MAX_QUEUED_BYTES {
            inner.queued_bytes.fetch_sub(bytes, Ordering::AcqRel);
            return reply(Err(busy));
        }
        let append = Append {
            batch,
            mode,
            bytes,
            reply: Box::new(reply),
        };
        if let Err(unsent) = inner.queue.try_send(Command::Append(append)) {
            inner.queued_bytes.fetch_sub(bytes, Ordering::AcqRel);
            let (command, error) = match unsent {
                TrySendError::Full(command) => (command, busy),
                TrySendError::Disconnected(command) => {
                    (command, AppendError::Stopped("it was closed".to_owned()))
                }
            };
            if let Command::Append(append) = command {
                (append.reply)(Err(error));
            }
        }
    }

    /// How many events are durable.
    pub fn durable(&self) -> Count {
        Count::new(self.inner().state.read().durable)
    }

    /// `<instance>/<tenant>`.
    pub fn origin(&self) -> &str {
        &self.inner().origin
    }

    /// The ledger's folder.
    pub fn dir(&self) -> &Path {
        &self.inner().dir
    }

    /// The key that checks its checkpoints.
    pub fn verifier(&self) -> &Verifier {
        self.inner().keeper.signer.verifier()
    }

    /// The newest signed checkpoint.
    pub fn head(&self) -> Arc<SignedHead> {
        self.inner().head.read().clone()
    }

    /// Why the ledger takes no more events, if it does not.
    pub fn failure(&self) -> Option<&str> {
        self.inner().failed.get().map(String::as_str)
    }

    /// Was the newest append refused because the disk is full?
    pub fn is_full(&self) -> bool {
        self.inner().full.load(Ordering::Acquire)
    }

    /// Asks for a checkpoint and waits until one covers `sequence`; `None` if that takes longer
    /// than `patience`.
    pub fn wait_covered(&self, sequence: Sequence, patience: Duration) -> Option<Arc<SignedHead>> {
        let inner = self.inner();
        let deadline = Instant::now() + patience;
        let mut asked = false;
        loop {
            let mut version = inner.version.lock();
            let head = inner.head.read().clone();
            if head.size.contains(sequence) {
                return Some(head);
            }
            if !asked {
                asked = true;
                // A full queue means that the sequencer is awake and signs by itself.
                let _ = inner.queue.try_send(Command::Sign);
            }
            if inner.changed.wait_until(&mut version, deadline).timed_out() {
                let head = inner.head.read().clone();
                return head.size.contains(sequence).then_some(head);
            }
        }
    }

    /// Waits until something changed since `seen` (groups, checkpoints, parts), at most
    /// `patience`; returns the version to wait from next.
    pub fn wait_change(&self, seen: u64, patience: Duration) -> u64 {
        let inner = self.inner();
        let deadline = Instant::now() + patience;
        let mut version = inner.version.lock();
        while *version == seen {
            if inner.changed.wait_until(&mut version, deadline).timed_out() {
                break;
            }
        }
        *version
    }

    /// Ends the waiting of everybody in [`Ledger::wait_change`] and [`Ledger::groups_from`], so that
    /// who was told to stop meanwhile notices.
    pub fn wake(&self) {
        self.inner().announce();
    }

    /// Takes note that somebody asks or sends something: background work makes way.
    pub fn note_request(&self) {
        self.inner().resources.pool().note_request();
    }

    /// Reads one event.
    ///
    /// # Errors
    /// When there is none, or the disk holds it no more as it was written.
    pub fn read(&self, sequence: Sequence) -> Result<Recorded, ReadError> {
        self.inner()
            .read(sequence.get())
            .map(|(recorded, _)| recorded)
    }

    /// Reads events in the order asked; a block that holds several is read once, and entries that
    /// stand near each other are read together.
    ///
    /// # Errors
    /// When one of them is unknown or unreadable.
    pub fn read_many(&self, sequences: &[Sequence]) -> Result<Vec<Recorded>, ReadError> {
        let inner = self.inner();
        let places = sequences.iter().map(|sequence| sequence.get());
        let (Some(first), Some(last)) = (places.clone().min(), places.clone().max()) else {
            return Ok(Vec::new());
        };
        let near = last - first < ENTRIES_READ_FOR_ONE * sequences.len() as u64;
        let entries = match near {
            true => self.entries(first..last + 1)?,
            false => Vec::new(),
        };
        places
            .map(|sequence| {
                let (known, _) = entries.as_chunks::<ENTRY_BYTES>();
                let known = known.get((sequence - first) as usize);
                inner.read_known(sequence, known).map(|(event, _)| event)
            })
            .collect()
    }

    /// Reads events in the order asked, each with the shelf of the part that an index saw it in, if
    /// any: its entry is not looked at where that part still has it.
    ///
    /// # Errors
    /// When one of them is unknown or unreadable.
    pub fn read_found(
        &self,
        found: impl Iterator<Item = (Sequence, Option<Shelf>)> + Clone,
    ) -> Result<Vec<Recorded>, ReadError> {
        self.read_near(found, &mut Nearby::of_page())
    }

    /// As [`Ledger::read_found`], the next events of a scan.
    ///
    /// # Errors
    /// As there.
    pub fn read_along(
        &self,
        scan: &mut Scan,
        found: impl Iterator<Item = (Sequence, Option<Shelf>)> + Clone,
    ) -> Result<Vec<Recorded>, ReadError> {
        self.read_near(found, &mut scan.0)
    }

    fn read_near(
        &self,
        found: impl Iterator<Item = (Sequence, Option<Shelf>)> + Clone,
        nearby: &mut Nearby,
    ) -> Result<Vec<Recorded>, ReadError> {
        let inner = self.inner();
        // A long export is asked for once, and read for long.
        inner.resources.pool().note_request();
        let (parts, erased_through) = {
            let state = inner.state.read();
            (state.parts.clone(), state.erased_through)
        };
        let mut events = Vec::with_capacity(found.size_hint().0);
        for (sequence, shelf) in found.clone() {
            let seen = shelf.and_then(|shelf| {
                let part = parts.covering(shelf, sequence.get())?;
                let place = part.block_of(sequence.get())?;
                let block = nearby
                    .block(&inner.resources, &inner.id, part, place)
                    .ok()?;
                block.recorded(block.find(sequence.get())?).ok()
            });
            events.push(match seen {
                Some(recorded) => recorded,
                // It is elsewhere by now, or cannot be read: its entry leads to it, or to why.
                None => inner.read(sequence.get())?.0,
            });
        }
        let state = inner.state.read();
        if state.erased_through != erased_through {
            // What was read may have been erased from its part meanwhile.
            drop(state);
            return found.map(|(sequence, _)| self.read(sequence)).collect();
        }
        if !state.erasures.is_empty() {
            events = events.into_iter().map(|it| state.mask(it)).collect();
        }
        Ok(events)
    }

    /// The entry at a place.
    ///
    /// # Errors
    /// When there is none.
    pub fn entry(&self, sequence: Sequence) -> Result<Entry, ReadError> {
        let bytes = self
            .inner()
            .state
            .read()
            .tree
            .entry(sequence.get())?
            .ok_or(ReadError::Unknown(sequence))?;
        Entry::from_bytes(&bytes)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()).into())
    }

    /// The bytes of entries, 45 each.
    ///
    /// # Errors
    /// When the range goes beyond the durable events.
    pub fn entries(&self, range: Range<u64>) -> Result<Vec<u8>, ReadError> {
        let state = self.inner().state.read();
        if range.end > state.tree.size() {
            return Err(ReadError::Unknown(Sequence::new(
                range.end.saturating_sub(1),
            )));
        }
        Ok(state.tree.entries(range)?)
    }

    /// The hashes of a tile.
    ///
    /// # Errors
    /// When the tree has no such tile yet.
    pub fn tile(&self, tile: Tile) -> Result<Vec<Hash>, ReadError> {
        let state = self.inner().state.read();
        if !tile.is_in(state.tree.size()) {
            return Err(ReadError::Unknown(Sequence::new(state.durable)));
        }
        Ok(merkle::HashReader::tile(&state.tree, tile)?)
    }

    /// The path from a leaf to the root of the tree of `size` events.
    ///
    /// # Errors
    /// When the tree has no such leaf or size.
    pub fn inclusion_proof(&self, sequence: Sequence, size: Count) -> Result<Vec<Hash>, ReadError> {
        let state = self.inner().state.read();
        if size.get() > state.tree.size() {
            return Err(ReadError::Unknown(sequence));
        }
        merkle::inclusion_proof(&state.tree, sequence.get(), size.get())
            .map_err(|error| tree_error(sequence, error))
    }

    /// The proof that the tree of `new` events grew out of that of `old`.
    ///
    /// # Errors
    /// When `old` is larger than `new`, or `new` than the ledger.
    pub fn consistency_proof(&self, old: Count, new: Count) -> Result<Vec<Hash>, ReadError> {
        let state = self.inner().state.read();
        if new.get() > state.tree.size() {
            return Err(ReadError::Unknown(new.next_sequence()));
        }
        merkle::consistency_proof(&state.tree, old.get(), new.get())
            .map_err(|error| tree_error(new.next_sequence(), error))
    }

    /// The event that carries an id, if one does.
    ///
    /// # Errors
    /// When the disk cannot be read.
    pub fn find_id(&self, id: &str) -> Result<Option<Sequence>, ReadError> {
        let inner = self.inner();
        for sequence in inner.id_candidates(id)? {
            let (recorded, kept) = inner.read(sequence)?;
            if kept && id_of(&recorded).as_deref() == Some(id) {
                return Ok(Some(recorded.sequence));
            }
        }
        Ok(None)
    }

    /// The places of events that may carry an id, newest first: nobody looked at them.
    ///
    /// # Errors
    /// When the disk cannot be read.
    pub fn id_candidates(&self, id: &str) -> Result<Vec<Sequence>, ReadError> {
        let found = self.inner().id_candidates(id)?;
        Ok(found.into_iter().map(Sequence::new).collect())
    }

    /// What there is now.
    pub fn snapshot(&self) -> Snapshot {
        let state = self.inner().state.read();
        Snapshot {
            parts: state
                .parts
                .iter()
                .map(|part| PartInfo::from(part.entry()))
                .collect(),
            sealed: Count::new(state.sealed),
            durable: Count::new(state.durable),
            erased_through: Count::new(state.erased_through),
        }
    }

    /// What was erased, and what is still to be removed.
    pub fn erasures(&self) -> Erasures {
        let state = self.inner().state.read();
        Erasures {
            through: Count::new(state.erased_through),
            pending: state
                .erasures
                .iter()
                .map(|(_, erasure)| erasure.clone())
                .collect(),
        }
    }

    /// An open part by its name; `None` if it is no more.
    pub fn part(&self, name: &PartName) -> Option<Arc<Part>> {
        self.inner().state.read().parts.get(name).cloned()
    }

    /// First sequence and end of every unsealed journal file, oldest first.
    pub fn units(&self) -> Vec<Range<u64>> {
        self.inner()
            .state
            .read()
            .units
            .iter()
            .map(|unit| unit.first..unit.end())
            .collect()
    }

    /// The unsealed groups from a place on. Where there are none it waits for a change, at most
    /// `patience`; what changed may be something else, and then none are returned.
    ///
    /// # Errors
    /// When events from there on are sealed.
    pub fn groups_from(
        &self,
        from: Count,
        patience: Duration,
    ) -> Result<Vec<Arc<Group>>, FollowError> {
        let seen = *self.inner().version.lock();
        let groups = self.groups_now(from)?;
        if !groups.is_empty() || patience.is_zero() {
            return Ok(groups);
        }
        self.wait_change(seen, patience);
        self.groups_now(from)
    }

    fn groups_now(&self, from: Count) -> Result<Vec<Arc<Group>>, FollowError> {
        let state = self.inner().state.read();
        if from.get() < state.sealed {
            return Err(FollowError::Sealed {
                sealed: Count::new(state.sealed),
            });
        }
        let units = state.units.iter().filter(|unit| unit.end() > from.get());
        let groups = units.flat_map(|unit| {
            let start = unit
                .groups
                .partition_point(|group| group.end() <= from.get());
            unit.groups[start..].iter().cloned()
        });
        Ok(groups.collect())
    }

    /// Views say how far they have come: appends and merges wait for them when they fall behind.
    pub fn set_view_progress(&self, progress: ViewProgress) {
        let inner = self.inner();
        let ViewProgress { seen, merged } = progress;
        let had_seen = inner.view_progress.swap(seen.get(), Ordering::AcqRel);
        let had_merged = inner.view_merged.swap(merged, Ordering::AcqRel);
        if (had_seen, had_merged) != (seen.get(), merged) {
            // Parts that waited for the view may be merged now.
            inner.wake(&[Lane::Upkeep]);
        }
    }

    /// Closes the current journal file, so that everything durable now is sealed soon.
    pub fn seal(&self) {
        let (done, closed) = crossbeam_channel::bounded(1);
        if self.inner().queue.send(Command::Rotate(done)).is_ok() {
            // An error means that the sequencer has ended.
            let _ = closed.recv();
        }
    }

    /// Does the next piece of background work on this thread, that of its views included; `false`
    /// if there is none.
    ///
    /// # Errors
    /// When the disk said no; the work is tried again by the next call.
    pub fn work(&self) -> io::Result<bool> {
        let inner = self.inner();
        let meters = inner.resources.pool().meters();
        for lane in Lane::ALL {
            if inner.work(lane, meters)? {
                return Ok(true);
            }
            for follower in inner.followers() {
                if follower.work(lane, meters)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Has a view's work done beside that of the ledger: it is asked now, and whenever there are
    /// other parts than before.
    pub fn add_follower(&self, follower: Weak<dyn Work>) {
        let inner = self.inner();
        inner.resources.pool().wake(&follower, &Lane::ALL);
        let mut followers = inner.followers.lock();
        followers.retain(|known| known.strong_count() > 0 && !known.ptr_eq(&follower));
        followers.push(follower);
    }

    /// What there is to do in the background.
    pub fn backlog(&self) -> Backlog {
        self.inner().state.read().backlog()
    }

    /// Is nothing left to do in the background, however long the ledger is left alone?
    pub fn rests(&self) -> bool {
        let state = self.inner().state.read();
        state.backlog() == Backlog::default() && !state.has_quiet_journal_to_seal()
    }

    /// How many parts are packed that way, and their bytes on disk.
    pub fn parts_packed(&self, packing: Packing) -> (u64, u64) {
        let state = self.inner().state.read();
        state
            .parts
            .iter()
            .filter(|part| part.packing() == packing)
            .fold((0, 0), |(parts, bytes), part| {
                (parts + 1, bytes + part.entry().bytes)
            })
    }

    /// Waits until everything durable now is sealed.
    pub fn wait_sealed(&self, patience: Duration) -> bool {
        let goal = self.durable().get();
        let deadline = Instant::now() + patience;
        let mut seen = 0;
        loop {
            if self.inner().state.read().sealed >= goal {
                return true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            seen = self.wait_change(seen, left);
        }
    }

    /// Bytes on disk.
    pub fn disk_use(&self) -> DiskUse {
        let state = self.inner().state.read();
        let hashes: u64 = (1..8)
            .map(|level| merkle::tile::hashes_at(level, state.sealed) * 32)
            .sum();
        DiskUse {
            parts: state.parts.iter().map(|part| part.entry().bytes).sum(),
            tree: state.sealed * event::ENTRY_BYTES as u64 + hashes,
            ids: state.id_runs.iter().map(|run| run.entry().bytes).sum(),
            journal: state.units.iter().map(|unit| unit.bytes).sum(),
        }
    }

    /// Signs what is durable, takes no more events and waits for all work to end. Other clones stay
    /// readable.
    pub fn close(self) {
        self.shared.close();
    }
}

impl Work for Inner {
    fn name(&self) -> &str {
        &self.origin
    }

    fn work(&self, lane: Lane, meters: &Meters) -> io::Result<bool> {
        if self.failed.get().is_some() {
            return Ok(false);
        }
        let saves_space = self.resources.pool().saves_space();
        match lane {
            Lane::Upkeep if self.erase_pending(meters)? => Ok(true),
            // What is erased frees space, once its tombstone is sealed.
            Lane::Fresh if saves_space && self.state.read().awaits_erasure() => {
                self.seal_units(meters)
            }
            _ if saves_space => Ok(false),
            Lane::Fresh => self.seal_units(meters),
            // What keeps ids from being merged keeps no parts.
            Lane::Upkeep => match self.merge_ids(meters) {
                Ok(false) => self.merge_parts(meters),
                Ok(true) => Ok(true),
                Err(error) => self.merge_parts(meters).and(Err(error)),
            },
            Lane::Cold => Ok(self.recompress_part(meters)? || self.close_quiet_journal()),
        }
    }
}

impl Inner {
    /// An event, and whether a body of it is still kept.
    pub(crate) fn read(&self, sequence: u64) -> Result<(Recorded, bool), ReadError> {
        self.read_known(sequence, None)
    }

    /// As [`Inner::read`], with the bytes of the entry if they are known: they never change.
    fn read_known(
        &self,
        sequence: u64,
        entry: Option<&EntryBytes>,
    ) -> Result<(Recorded, bool), ReadError> {
        let located = match entry {
            Some(entry) => self.state.read().locate_entry(sequence, entry)?,
            None => self.state.read().locate(sequence)?,
        };
        let unknown = ReadError::Unknown(Sequence::new(sequence));
        let (mut place, mut entry) = located.ok_or(unknown)?;
        let mut tries = 0;
        loop {
            match read_at(&self.resources, &self.id, sequence, &place, &entry) {
                Ok((recorded, kept)) => {
                    let state = self.state.read();
                    return Ok((state.mask(recorded), kept));
                }
                // A part that a merge or an erasure replaced meanwhile: look again.
                Err(error) if tries < 3 && error.kind() == io::ErrorKind::NotFound => {
                    tries += 1;
                    (place, entry) = self.locate(sequence)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn locate(&self, sequence: u64) -> Result<(Place, Entry), ReadError> {
        self.state
            .read()
            .locate(sequence)?
            .ok_or(ReadError::Unknown(Sequence::new(sequence)))
    }

    /// The places of events that may carry an id, newest first.
    pub(crate) fn id_candidates(&self, id: &str) -> io::Result<Vec<u64>> {
        self.id_candidates_of(self.id_key.hash(id))
    }

    /// As [`Inner::id_candidates`], of an id whose hash is known.
    pub(crate) fn id_candidates_of(&self, hash: IdHash) -> io::Result<Vec<u64>> {
        let mut found = Vec::new();
        let runs = {
            let state = self.state.read();
            state
                .units
                .iter()
                .for_each(|unit| unit.ids.candidates(hash, &mut found));
            state.id_runs.clone()
        };
        for run in runs.iter() {
            run.candidates(hash, &mut found)?;
        }
        found.sort_unstable_by(|one, two| two.cmp(one));
        found.dedup();
        Ok(found)
    }
}

/// The id an event carries, as far as it was not erased.
pub(crate) fn id_of(recorded: &Recorded) -> Option<Cow<'_, str>> {
    recorded.field(event::path::ID)?.as_string()
}

pub(crate) fn tree_error(sequence: Sequence, error: merkle::ProveError<io::Error>) -> ReadError {
    match error {
        merkle::ProveError::OutsideTree { .. } | merkle::ProveError::Shrunk { .. } => {
            ReadError::Unknown(sequence)
        }
        other => ReadError::Io(io::Error::other(other.to_string())),
    }
}
