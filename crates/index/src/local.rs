//! The engine on this machine: a tail in memory, and an index file for each part of the ledger.
//!
//! Parts answer for the events before `covered`, the tail for those from there on. When every part
//! that holds events before a later place has its index, `covered` moves there in one step, and
//! the segments of the tail behind it are dropped. A part whose index is missing or damaged, but
//! whose events are no longer in the tail, is read event by event until its index is built.
//!
//! What was erased is not found any more from the moment its tombstone is durable: until it is gone
//! from a part, the part is read event by event, without it; when it is gone, the tail and the
//! indices of the parts as they were before are forgotten.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use event::{Count, Kind, Recorded};
use ledger::{Erasures, FollowError, PartInfo, PartName, Shelf, Snapshot, cores, side_by_side};
use parking_lot::{Mutex, RwLock};
use query::{Expr, Query};
use roaring::RoaringBitmap;

use crate::columns::{Columns as _, MemoryColumns};
use crate::document::{Document, Number};
use crate::engine::{Scope, SearchError, Totals};
use crate::found::{Found, Home};
use crate::log::{Batch, Log};
use crate::part::PartIndex;
use crate::plan::{Window, evaluate};
use crate::source::Fault;
use crate::tail::Segment;

/// How often a search looks at the parts again when the ledger replaces them under it.
const TRIES: usize = 5;
/// How long one thread looks into the indices of parts before another helps it, 3 ms: a search that is
/// short anyhow leaves the other cores to others.
const ALONE: Duration = Duration::from_millis(3);

/// The engine of one ledger.
pub(crate) struct LocalEngine {
    pub(crate) log: Arc<dyn Log>,
    /// Where the index files are.
    pub(crate) folder: PathBuf,
    pub(crate) view: Mutex<View>,
    /// Taken by whoever takes in events.
    inlet: Mutex<Document>,
    applied: AtomicU64,
    /// Held by those who make files; taken alone by whoever removes them.
    pub(crate) settling: RwLock<()>,
    /// Parts whose index is being made.
    pub(crate) building: Mutex<HashSet<PartName>>,
    /// No file is made any more.
    pub(crate) stopped: AtomicBool,
    /// Whether there may be files of no use.
    pub(crate) untidy: AtomicBool,
}

/// What searches look at; a copy of it is one consistent answer.
#[derive(Clone, Default)]
pub(crate) struct View {
    pub(crate) covered: u64,
    /// Tombstones before this one are carried out in everything that answers.
    pub(crate) erased_through: u64,
    /// How often the tail was forgotten.
    resets: u64,
    pub(crate) parts: Arc<Vec<Answering>>,
    pub(crate) segments: Arc<Vec<Arc<RwLock<Segment>>>>,
    /// Every open index by the name of its part, also of parts that do not answer yet.
    pub(crate) open: Arc<HashMap<PartName, Arc<PartIndex>>>,
}

/// A part that answers.
#[derive(Clone)]
pub(crate) enum Answering {
    Indexed(Arc<PartIndex>),
    /// Read event by event.
    Plain(PartInfo),
}

impl LocalEngine {
    /// Opens the index of a log in `folder`. Files that cannot be used are as good as missing.
    pub(crate) fn open(log: Arc<dyn Log>, folder: PathBuf) -> io::Result<LocalEngine> {
        crate::file::make_folder(&folder)?;
        let engine = LocalEngine {
            log,
            folder,
            view: Mutex::default(),
            inlet: Mutex::default(),
            applied: AtomicU64::new(0),
            settling: RwLock::default(),
            building: Mutex::default(),
            stopped: AtomicBool::new(false),
            untidy: AtomicBool::new(false),
        };
        let snapshot = engine.log.snapshot();
        engine.open_files(&snapshot);
        engine.go_on_from(&snapshot);
        engine.remove_unused()?;
        Ok(engine)
    }

    /// Forgets the tail; the parts answer for everything sealed.
    pub(crate) fn go_on_from(&self, snapshot: &Snapshot) {
        let document = self.inlet.lock();
        let mut view = self.view.lock();
        view.covered = snapshot.sealed.get();
        view.erased_through = snapshot.erased_through.get();
        view.resets += 1;
        view.segments = Arc::default();
        crate::settle::hold_after(&view, snapshot);
        view.parts = Arc::new(crate::settle::answering(&view, snapshot));
        self.applied.store(view.covered, Ordering::Release);
        self.log
            .set_view_progress(crate::settle::progress(&view, snapshot));
        drop((view, document));
    }

    pub(crate) fn view(&self) -> View {
        self.view.lock().clone()
    }

    /// How often the tail was begun anew.
    fn resets(&self) -> u64 {
        self.view.lock().resets
    }

    pub(crate) fn applied(&self) -> Count {
        Count::new(self.applied.load(Ordering::Acquire))
    }

    pub(crate) fn apply(&self, batches: &[Arc<dyn Batch>]) -> Result<(), SearchError> {
        for batch in batches {
            // Not held for long: whoever needs the events at once takes turns with the follower,
            // which has little of the CPU on a busy machine.
            let mut document = self.inlet.lock();
            let first = batch.first().get();
            let applied = self.applied.load(Ordering::Acquire);
            if applied < first {
                return Err(
                    io::Error::other(format!("events {applied} to {first} are missing")).into(),
                );
            }
            if self.stopped.load(Ordering::Acquire) {
                return Ok(());
            }
            let end = first + batch.len() as u64;
            let mut next = applied;
            while next < end {
                let mut view = self.view.lock();
                let newest = newest_segment(&mut view);
                let mut segment = newest.write();
                // Not before: whoever drops segments that parts answer for would drop this one, too.
                drop(view);
                while next < end && !segment.is_full() {
                    let place = (next - first) as usize;
                    let event = batch.recorded(place)?;
                    document.read(&event);
                    segment.push(
                        &document,
                        Shelf::of(event.kind, event.category),
                        event.kind != Kind::Application,
                        batch,
                        place as u32,
                    );
                    next += 1;
                    self.applied.store(next, Ordering::Release);
                }
                if segment.is_full() {
                    segment.shrink();
                }
            }
        }
        Ok(())
    }

    /// What matches in every source, own events taken out unless the scope wants them.
    pub(crate) fn find(&self, scope: &Scope) -> Result<(Totals, Vec<Found>), SearchError> {
        let needed = self.applied();
        for _ in 0..TRIES {
            if let Some(found) = self.try_find(scope, needed)? {
                return Ok(found);
            }
            // Parts were merged, dropped or erased from under us; take up what the ledger has now.
            self.adopt(&self.log.snapshot())?;
            self.catch_up(needed)?;
        }
        Err(SearchError::Changing)
    }

    /// Takes in events until there are this many, or it is stopped.
    pub(crate) fn catch_up(&self, needed: Count) -> Result<(), SearchError> {
        while self.applied() < needed && !self.stopped.load(Ordering::Acquire) {
            self.take(needed, Duration::ZERO)?;
        }
        Ok(())
    }

    /// Takes in the next events of the log, those of batches that begin before `end`; waits for one
    /// at most `patience`.
    pub(crate) fn take(&self, end: Count, patience: Duration) -> Result<(), SearchError> {
        let resets = self.resets();
        let from = self.applied();
        match self.log.batches_from(from, patience) {
            Ok(mut batches) => {
                batches.truncate(batches.partition_point(|batch| batch.first().get() < end.get()));
                match self.apply(&batches) {
                    // Another thread began anew meanwhile, perhaps further back.
                    Err(_) if self.resets() != resets => Ok(()),
                    done => done,
                }
            }
            Err(FollowError::Sealed { .. }) => {
                // Another thread may have come further meanwhile.
                if self.applied() == from {
                    self.go_on_from(&self.log.snapshot());
                }
                Ok(())
            }
        }
    }

    /// `None` if what answers is not what the ledger has any more.
    fn try_find(
        &self,
        scope: &Scope,
        needed: Count,
    ) -> Result<Option<(Totals, Vec<Found>)>, SearchError> {
        let resets = self.resets();
        let applied = self.applied();
        let end = applied.get().min(scope.as_of.map_or(u64::MAX, Count::get));
        let erasures = self.log.erasures();
        let view = self.view();
        if view.resets != resets
            || applied < needed
            || view.erased_through != erasures.through.get()
        {
            return Ok(None);
        }
        let mut answer = Answer {
            own: scope.own,
            totals: Totals {
                total: 0,
                own_left_out: 0,
                as_of: Count::new(end),
            },
            found: Vec::new(),
        };
        let window = |sequences| Window {
            from: scope.from.map_or(i64::MIN, |time| time.as_micros()),
            to: scope.to.map_or(i64::MAX, |time| time.as_micros()),
            sequences,
        };
        let before = window((0, view.covered.min(end)));
        let mut plain = Vec::new();
        let find = |part: &Answering| self.find_in_part(part, &scope.expr, &before, &erasures);
        let found = side_by_side(&view.parts, (cores() - 1).min(1), ALONE, find)?;
        for (part, found) in view.parts.iter().zip(found) {
            match found {
                Some((home, docs, own)) => answer.take(home, docs, &own),
                None => plain.push(part.info()),
            }
        }
        let reader = RowReader {
            query: Query::new(scope.expr.clone()),
            window: before,
            erasures,
        };
        let Some(rows) = self.read_parts(&plain, &reader)? else {
            return Ok(None);
        };
        rows.into_iter().for_each(|rows| answer.take_rows(rows));
        let reader = RowReader {
            window: window((view.covered, end.max(view.covered))),
            ..reader
        };
        for segment in view.segments.iter() {
            let found = {
                let segment = segment.read();
                let (Some(first), end_of_segment) = (segment.first(), segment.end()) else {
                    continue;
                };
                if first >= end || end_of_segment <= view.covered {
                    continue;
                }
                if reader.erasures.touch(first, end_of_segment - 1) {
                    let mut rows = Rows::default();
                    for doc in 0..segment.len() {
                        rows.take(segment.event(doc)?, &reader);
                    }
                    Err(rows)
                } else {
                    let docs = evaluate(&*segment, &scope.expr, &reader.window).map_err(fault)?;
                    Ok((docs, segment.own().clone()))
                }
            };
            match found {
                Ok((docs, own)) => answer.take(Home::Segment(segment.clone()), docs, &own),
                Err(rows) => answer.take_rows(rows),
            }
        }
        Ok(Some((answer.totals, answer.found)))
    }

    /// What the index of a part finds; `None` if the part must be read event by event.
    fn find_in_part(
        &self,
        part: &Answering,
        expr: &Expr,
        window: &Window,
        erasures: &Erasures,
    ) -> Result<Option<(Home, RoaringBitmap, RoaringBitmap)>, SearchError> {
        let Answering::Indexed(index) = part else {
            return Ok(None);
        };
        let name = index.info.name;
        if erasures.touch(name.first, name.last) {
            return Ok(None);
        }
        let (min, max) = index.times();
        let home = Home::Part(index.clone());
        if max < window.from || window.to <= min || window.sequences.1 <= name.first {
            return Ok(Some((home, RoaringBitmap::new(), RoaringBitmap::new())));
        }
        match evaluate(&index.source(&*self.log), expr, window) {
            Ok(docs) => Ok(Some((home, docs, index.own().clone()))),
            Err(Fault::Ledger(error)) => Err(error.into()),
            Err(Fault::Index(error)) => {
                tracing::warn!(part = %name, %error, "an index file is damaged; it is built again");
                self.distrust(index);
                Ok(None)
            }
        }
    }

    /// Reads parts event by event, on all cores; `None` if the ledger has one of them no more.
    fn read_parts(&self, parts: &[PartInfo], reader: &RowReader) -> io::Result<Option<Vec<Rows>>> {
        let read = |info: &PartInfo| self.read_part(info, reader);
        let read = side_by_side(parts, cores() - 1, Duration::ZERO, read)?;
        Ok(read.into_iter().collect())
    }

    /// Reads a part event by event and keeps what matches; `None` if the ledger has it no more.
    fn read_part(&self, info: &PartInfo, reader: &RowReader) -> io::Result<Option<Rows>> {
        let mut rows = Rows::default();
        let end = reader.window.sequences.1;
        let there = self.log.read_part(&info.name, &mut |event| {
            let goes_on = event.sequence.get() < end;
            rows.take(event, reader);
            goes_on
        })?;
        Ok(there.then_some(rows))
    }

    /// Does without an index that turned out to be damaged.
    fn distrust(&self, index: &Arc<PartIndex>) {
        let mut view = self.view.lock();
        let mut open = HashMap::clone(&view.open);
        open.retain(|_, other| !Arc::ptr_eq(other, index));
        view.open = Arc::new(open);
        let plain = |part: &Answering| match part {
            Answering::Indexed(other) if Arc::ptr_eq(other, index) => Answering::Plain(other.info),
            other => other.clone(),
        };
        view.parts = Arc::new(view.parts.iter().map(plain).collect());
    }
}

fn fault(fault: Fault) -> SearchError {
    match fault {
        Fault::Index(error) => error.into(),
        Fault::Ledger(error) => error.into(),
    }
}

/// How events are read that no index answers for.
struct RowReader {
    query: Query,
    window: Window,
    erasures: Erasures,
}

/// Events that were read one by one and match.
#[derive(Default)]
struct Rows {
    columns: MemoryColumns,
    own: RoaringBitmap,
    document: Document,
}

impl Rows {
    fn take(&mut self, event: Recorded, reader: &RowReader) {
        let Window {
            from,
            to,
            sequences: (first, end),
        } = reader.window;
        let sequence = event.sequence.get();
        if sequence < first || end <= sequence {
            return;
        }
        let event = reader.erasures.apply(event);
        if !reader.query.matches(&event) {
            return;
        }
        self.document.read_columns(&event);
        let time = self.document.numbers[Number::Time as usize];
        if from <= time && (time < to || to == i64::MAX) {
            if event.kind != Kind::Application {
                self.own.insert(self.columns.len());
            }
            self.columns.push(&self.document);
        }
    }
}

/// The segment that takes the next event.
fn newest_segment(view: &mut View) -> Arc<RwLock<Segment>> {
    let last = view.segments.last();
    if let Some(last) = last
        && !last.read().is_full()
    {
        return last.clone();
    }
    let segment = last.map_or_else(Segment::default, |last| last.read().successor());
    let segment = Arc::new(RwLock::new(segment));
    let mut segments = view.segments.to_vec();
    segments.push(segment.clone());
    view.segments = Arc::new(segments);
    segment
}

struct Answer {
    own: bool,
    totals: Totals,
    found: Vec<Found>,
}

impl Answer {
    fn take_rows(&mut self, rows: Rows) {
        let mut docs = RoaringBitmap::new();
        docs.insert_range(0..rows.columns.len());
        self.take(Home::Rows(Arc::new(rows.columns)), docs, &rows.own);
    }

    fn take(&mut self, home: Home, mut docs: RoaringBitmap, own: &RoaringBitmap) {
        if !self.own {
            let before = docs.len();
            docs -= own;
            self.totals.own_left_out += before - docs.len();
        }
        self.totals.total += docs.len();
        if !docs.is_empty() {
            self.found.push(Found { home, docs });
        }
    }
}
