//! The engine on this machine: a tail in memory, and an index file for each part of the ledger.
//!
//! Parts answer for the events before `covered`, the tail for those from there on. When every part
//! that holds events before a later place has its index, `covered` moves there in one step, and
//! the segments of the tail behind it are dropped. A part whose index is missing or damaged, but
//! whose events are no longer in the tail, is read event by event until its index is built.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use event::{Count, Kind};
use ledger::{PartInfo, PartName, Snapshot};
use parking_lot::{Mutex, RwLock};
use query::{Expr, Query};

use crate::columns::MemoryColumns;
use crate::document::{Document, Number};
use crate::engine::{Scope, SearchError, Totals};
use crate::found::{Found, Home};
use crate::log::{Batch, Log};
use crate::part::PartIndex;
use crate::plan::{Window, evaluate};
use crate::source::Fault;
use crate::tail::{SEGMENT_EVENTS, Segment};

/// How often a search looks at the parts again when the ledger replaces them under it.
const TRIES: usize = 5;

/// The engine of one ledger.
pub(crate) struct LocalEngine {
    pub(crate) log: Arc<dyn Log>,
    /// Where the index files are.
    pub(crate) folder: PathBuf,
    pub(crate) view: Mutex<View>,
    /// Taken by whoever takes in events.
    inlet: Mutex<Document>,
    applied: AtomicU64,
    /// Taken by whoever changes files.
    pub(crate) settling: Mutex<()>,
}

/// What searches look at; a copy of it is one consistent answer.
#[derive(Clone, Default)]
pub(crate) struct View {
    pub(crate) covered: u64,
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
            settling: Mutex::default(),
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
        view.segments = Arc::default();
        view.parts = Arc::new(crate::settle::answering(&view, snapshot));
        self.applied.store(view.covered, Ordering::Release);
        self.log.set_view_progress(Count::new(view.covered));
        drop((view, document));
    }

    pub(crate) fn view(&self) -> View {
        self.view.lock().clone()
    }

    pub(crate) fn applied(&self) -> Count {
        Count::new(self.applied.load(Ordering::Acquire))
    }

    pub(crate) fn apply(&self, batches: &[Arc<dyn Batch>]) -> Result<(), SearchError> {
        let mut document = self.inlet.lock();
        for batch in batches {
            let first = batch.first().get();
            let applied = self.applied.load(Ordering::Acquire);
            if applied < first {
                return Err(
                    io::Error::other(format!("events {applied} to {first} are missing")).into(),
                );
            }
            let end = first + batch.len() as u64;
            let mut next = applied;
            while next < end {
                let segment = self.newest_segment();
                let mut segment = segment.write();
                while next < end && segment.len() < SEGMENT_EVENTS {
                    let place = (next - first) as usize;
                    let event = batch.recorded(place)?;
                    document.read(&event);
                    segment.push(
                        &document,
                        event.kind != Kind::Application,
                        batch,
                        place as u32,
                    );
                    next += 1;
                }
                self.applied.store(next, Ordering::Release);
            }
        }
        Ok(())
    }

    fn newest_segment(&self) -> Arc<RwLock<Segment>> {
        let mut view = self.view.lock();
        if let Some(last) = view.segments.last()
            && last.read().len() < SEGMENT_EVENTS
        {
            return last.clone();
        }
        let segment = Arc::new(RwLock::new(Segment::default()));
        let mut segments = view.segments.to_vec();
        segments.push(segment.clone());
        view.segments = Arc::new(segments);
        segment
    }

    /// What matches in every source, own events taken out unless the scope wants them.
    pub(crate) fn find(&self, scope: &Scope) -> Result<(Totals, Vec<Found>), SearchError> {
        for _ in 0..TRIES {
            if let Some(found) = self.try_find(scope)? {
                return Ok(found);
            }
            // A part was merged or dropped under us; take up what the ledger has now.
            self.adopt(&self.log.snapshot())?;
        }
        Err(SearchError::Changing)
    }

    fn try_find(&self, scope: &Scope) -> Result<Option<(Totals, Vec<Found>)>, SearchError> {
        let end = self
            .applied()
            .get()
            .min(scope.as_of.map_or(u64::MAX, Count::get));
        let view = self.view();
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
        for part in view.parts.iter() {
            if !self.find_in_part(part, &scope.expr, &before, &mut answer)? {
                return Ok(None);
            }
        }
        let behind = window((view.covered, end.max(view.covered)));
        for segment in view.segments.iter() {
            let (docs, own) = {
                let segment = segment.read();
                if segment.first().is_none_or(|first| first >= end) || segment.end() <= view.covered
                {
                    continue;
                }
                (
                    evaluate(&*segment, &scope.expr, &behind).map_err(fault)?,
                    segment.own().clone(),
                )
            };
            answer.take(Home::Segment(segment.clone()), docs, &own);
        }
        Ok(Some((answer.totals, answer.found)))
    }

    /// `false` if the ledger has no such part any more.
    fn find_in_part(
        &self,
        part: &Answering,
        expr: &Expr,
        window: &Window,
        answer: &mut Answer,
    ) -> Result<bool, SearchError> {
        let info = match part {
            Answering::Plain(info) => *info,
            Answering::Indexed(index) => {
                let (min, max) = index.times();
                if max < window.from
                    || window.to <= min
                    || window.sequences.1 <= index.info.name.first
                {
                    return Ok(true);
                }
                match evaluate(&index.source(&*self.log), expr, window) {
                    Ok(docs) => {
                        answer.take(Home::Part(index.clone()), docs, index.own());
                        return Ok(true);
                    }
                    Err(Fault::Ledger(error)) => return Err(error.into()),
                    Err(Fault::Index(error)) => {
                        tracing::warn!(part = %index.info.name, %error, "an index file is damaged; it is built again");
                        self.distrust(index);
                        index.info
                    }
                }
            }
        };
        let Some(rows) = self.read_rows(&info, expr, window)? else {
            return Ok(false);
        };
        let (columns, own) = rows;
        let mut docs = roaring::RoaringBitmap::new();
        docs.insert_range(0..crate::columns::Columns::len(&columns));
        answer.take(Home::Rows(Arc::new(columns)), docs, &own);
        Ok(true)
    }

    /// Reads a part event by event and keeps what matches.
    fn read_rows(
        &self,
        info: &PartInfo,
        expr: &Expr,
        window: &Window,
    ) -> io::Result<Option<(MemoryColumns, roaring::RoaringBitmap)>> {
        let query = Query::new(expr.clone());
        let (mut columns, mut own) = (MemoryColumns::default(), roaring::RoaringBitmap::new());
        let mut document = Document::default();
        let (first, end) = window.sequences;
        let there = self.log.read_part(&info.name, &mut |event| {
            let sequence = event.sequence.get();
            if sequence >= first && sequence < end && query.matches(&event) {
                document.read(&event);
                let time = document.numbers[Number::Time as usize];
                if window.from <= time && (time < window.to || window.to == i64::MAX) {
                    if event.kind != Kind::Application {
                        own.insert(crate::columns::Columns::len(&columns));
                    }
                    columns.push(&document);
                }
            }
            sequence < end
        })?;
        Ok(there.then_some((columns, own)))
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

struct Answer {
    own: bool,
    totals: Totals,
    found: Vec<Found>,
}

impl Answer {
    fn take(&mut self, home: Home, mut docs: roaring::RoaringBitmap, own: &roaring::RoaringBitmap) {
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
