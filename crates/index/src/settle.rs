//! Following the ledger's parts: which of them answer, which index to build or merge next, and
//! which files are not needed any more.
//!
//! Nothing is remembered between two looks but open files. A crash at any point leaves whole files
//! of parts that are or were there, and unfinished ones, which the next open deletes.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use event::Count;
use ledger::{Lane, Meters, PartInfo, PartName, Snapshot, Task, ViewProgress};
use parking_lot::RwLock;

use crate::columns::Columns as _;
use crate::file;
use crate::keys;
use crate::local::{Answering, LocalEngine, View};
use crate::part::{self, PartBuilder, PartIndex};
use crate::tail::Segment;

/// The parts that answer for the events before `view.covered`.
pub(crate) fn answering(view: &View, snapshot: &Snapshot) -> Vec<Answering> {
    let mut parts = Vec::new();
    for info in snapshot
        .parts
        .iter()
        .filter(|info| info.name.first < view.covered)
    {
        if let Some(index) = view.open.get(&info.name) {
            parts.push(Answering::Indexed(index.clone()));
            continue;
        }
        // A merged part whose index is not there yet: those it was made from still answer.
        let old: Vec<&Answering> = view
            .parts
            .iter()
            .filter(|part| is_within(part, info, snapshot))
            .collect();
        if old.iter().map(|part| part.info().count).sum::<u64>() == info.count {
            parts.extend(old.into_iter().cloned());
        } else {
            parts.push(Answering::Plain(*info));
        }
    }
    parts
}

fn is_within(part: &Answering, info: &PartInfo, snapshot: &Snapshot) -> bool {
    // A part that is read event by event must still be there to be read, and an index from before
    // an erasure holds what was erased.
    let Answering::Indexed(index) = part else {
        return false;
    };
    let name = index.info.name;
    index.erased_through() == snapshot.erased_through.get()
        && name.shelf == info.name.shelf
        && info.name.first <= name.first
        && name.last <= info.name.last
}

/// Remembers which open indices are of parts that are there after the erasures of a snapshot.
pub(crate) fn hold_after(view: &View, snapshot: &Snapshot) {
    for info in snapshot.parts.iter() {
        if let Some(index) = view.open.get(&info.name) {
            index.holds_after(snapshot.erased_through.get());
        }
    }
}

/// How far the view has come with the parts of a snapshot.
pub(crate) fn progress(view: &View, snapshot: &Snapshot) -> ViewProgress {
    let answered = |info: &&PartInfo| info.name.first < view.covered;
    ViewProgress {
        seen: Count::new(view.covered),
        merged: snapshot
            .parts
            .iter()
            .filter(answered)
            .all(|info| view.open.contains_key(&info.name)),
    }
}

/// The place up to which parts can answer: everything before it is in parts with an index, or
/// already answered for by parts.
fn coverage(view: &View, snapshot: &Snapshot) -> u64 {
    let ahead = || {
        snapshot
            .parts
            .iter()
            .map(|info| info.name)
            .filter(|name| name.first >= view.covered)
    };
    let mut covered = snapshot.sealed.get();
    for name in ahead().filter(|name| !view.open.contains_key(name)) {
        covered = covered.min(name.first);
    }
    // Parts that were sealed together interleave: move to where none is cut.
    while let Some(name) = ahead().find(|name| name.first < covered && covered <= name.last) {
        covered = name.first;
    }
    covered.max(view.covered)
}

/// What a look at the parts found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// Every part has its index.
    Settled,
    /// There is work to do.
    FilesMissing,
}

/// Largest part, in events, whose index is made before all others where somebody waits for it: as
/// many as are sealed together. That of a larger one takes so long that sealing would wait for it.
const SHORT_EVENTS: u64 = ledger::SEAL_TOGETHER as u64 * ledger::UNIT_EVENTS;

/// Parts that are read event by event come first, then those the tail still answers for, and last
/// those whose events older indices answer for.
fn urgency(view: &View, info: &PartInfo) -> u32 {
    if info.name.first >= view.covered {
        return 1;
    }
    let is_plain =
        |part: &Answering| matches!(part, Answering::Plain(plain) if plain.name == info.name);
    if view.parts.iter().any(is_plain) {
        0
    } else {
        2
    }
}

fn lane_of(urgency: u32, info: &PartInfo) -> Lane {
    if urgency < 2 && info.count <= SHORT_EVENTS {
        Lane::Fresh
    } else {
        Lane::Upkeep
    }
}

fn is_complete(view: &View, snapshot: &Snapshot) -> bool {
    let mut parts = snapshot.parts.iter();
    parts.all(|info| view.open.contains_key(&info.name))
}

/// Some documents of a segment of the tail, in order.
type Documents = (Arc<RwLock<Segment>>, Vec<u32>);

/// A part whose index nobody else makes while this is held.
struct Building<'e> {
    engine: &'e LocalEngine,
    info: PartInfo,
}

impl Drop for Building<'_> {
    fn drop(&mut self) {
        self.engine.building.lock().remove(&self.info.name);
    }
}

impl Answering {
    pub(crate) fn info(&self) -> PartInfo {
        match self {
            Answering::Indexed(index) => index.info,
            Answering::Plain(info) => *info,
        }
    }
}

impl LocalEngine {
    /// Opens the index files of the parts that have one.
    pub(crate) fn open_files(&self, snapshot: &Snapshot) {
        let mut open = HashMap::new();
        for info in snapshot.parts.iter() {
            if let Some(index) = self.open_file(info, snapshot) {
                open.insert(info.name, index);
            }
        }
        self.view.lock().open = Arc::new(open);
    }

    fn open_file(&self, info: &PartInfo, snapshot: &Snapshot) -> Option<Arc<PartIndex>> {
        match PartIndex::open(&self.folder, info) {
            Ok(index) => {
                index.holds_after(snapshot.erased_through.get());
                Some(Arc::new(index))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                tracing::warn!(part = %info.name, %error, "an index file cannot be used; it is built again");
                None
            }
        }
    }

    /// Lets the parts of a snapshot answer, as far as they have an index.
    pub(crate) fn adopt(&self, snapshot: &Snapshot) -> io::Result<()> {
        let erased_through = self.view().erased_through;
        match snapshot.erased_through.get().cmp(&erased_through) {
            // A look from before an erasure that others have taken up.
            std::cmp::Ordering::Less => return Ok(()),
            std::cmp::Ordering::Equal => {}
            std::cmp::Ordering::Greater => {
                self.go_on_from(snapshot);
                return Ok(());
            }
        }
        let progress = {
            let mut view = self.view.lock();
            hold_after(&view, snapshot);
            view.covered = coverage(&view, snapshot).min(self.applied().get().max(view.covered));
            view.parts = Arc::new(answering(&view, snapshot));
            // From here on parts answer for everything before `covered`.
            let covered = view.covered;
            let keep = |segment: &Arc<RwLock<Segment>>| {
                let segment = segment.read();
                segment.first().is_none() || segment.end() > covered
            };
            view.segments = Arc::new(
                view.segments
                    .iter()
                    .filter(|segment| keep(segment))
                    .cloned()
                    .collect(),
            );
            progress(&view, snapshot)
        };
        self.log.set_view_progress(progress);
        Ok(())
    }

    /// Lets the parts of the ledger answer, and removes files that are of no use any more.
    pub(crate) fn look(&self) -> io::Result<Look> {
        let snapshot = self.log.snapshot();
        self.adopt(&snapshot)?;
        if !is_complete(&self.view(), &snapshot) {
            return Ok(Look::FilesMissing);
        }
        // Nobody waits for whoever makes a file: the next look does what this one leaves.
        if let Some(_alone) = self.settling.try_write() {
            self.close_unused(&snapshot);
            if self.untidy.swap(false, Ordering::AcqRel)
                && let Err(error) = self.remove_unused()
            {
                self.untidy.store(true, Ordering::Release);
                return Err(error);
            }
        }
        Ok(Look::Settled)
    }

    /// When it returns no file is made any more, and hardly an event is taken in.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        drop(self.settling.write());
    }

    /// Makes the next file of a lane; `false` if there is none to make.
    pub(crate) fn settle(&self, lane: Lane, meters: &Meters) -> io::Result<bool> {
        let settling = self.settling.read();
        if self.stopped.load(Ordering::Acquire) {
            return Ok(false);
        }
        let snapshot = self.log.snapshot();
        self.adopt(&snapshot)?;
        let Some(building) = self.next_part(&snapshot, lane) else {
            drop(settling);
            self.look()?;
            return Ok(false);
        };
        // Whatever becomes of it, a file may be left that is not used.
        self.untidy.store(true, Ordering::Release);
        let info = building.info;
        let index = meters.measure(Task::Index, |_| {
            if !self.build(&info, &snapshot)? {
                // Replaced meanwhile; the next look finds what took its place.
                return Ok(None);
            }
            let index = PartIndex::open(&self.folder, &info)?;
            index.holds_after(snapshot.erased_through.get());
            let bytes = index.bytes;
            let mut view = self.view.lock();
            let mut open = HashMap::clone(&view.open);
            open.insert(info.name, Arc::new(index));
            view.open = Arc::new(open);
            Ok(Some(bytes))
        });
        drop(building);
        index?;
        self.adopt(&self.log.snapshot())?;
        Ok(true)
    }

    /// The part whose index is to be made next in a lane, while nobody else makes it.
    fn next_part(&self, snapshot: &Snapshot, lane: Lane) -> Option<Building<'_>> {
        let view = self.view();
        let mut building = self.building.lock();
        let next = snapshot
            .parts
            .iter()
            .filter(|info| !view.open.contains_key(&info.name) && !building.contains(&info.name))
            .map(|info| (urgency(&view, info), *info))
            .filter(|(urgency, info)| lane_of(*urgency, info) == lane)
            .min_by_key(|(urgency, info)| (*urgency, info.name.first, info.count))?;
        let info = next.1;
        building.insert(info.name);
        Some(Building { engine: self, info })
    }

    /// Writes the index of a part; `false` if the ledger has no such part any more.
    fn build(&self, info: &PartInfo, snapshot: &Snapshot) -> io::Result<bool> {
        let made = match self.merge_inputs(info, snapshot).as_deref() {
            Some([same]) => Some(file::copy(
                &self.folder,
                &same.info.name.to_string(),
                info,
                &keys::schema(),
            )),
            Some(inputs) => Some(part::merge(&self.folder, info, inputs)),
            None => None,
        };
        match made {
            Some(Ok(())) => return Ok(true),
            Some(Err(error)) => {
                tracing::warn!(part = %info.name, %error, "index files cannot be merged; the part is read instead")
            }
            None => {}
        }
        let mut builder = PartBuilder::default();
        if let Some(tail) = self.in_tail(info, snapshot) {
            for (segment, docs) in tail {
                builder.push_tail(&segment, &docs)?;
            }
            builder.publish(&self.folder, info)?;
            return Ok(true);
        }
        let mut pushed = Ok(());
        let there = self.log.read_part(&info.name, &mut |event| {
            pushed = builder.push(&event);
            pushed.is_ok()
        })?;
        pushed?;
        if there {
            builder.publish(&self.folder, info)?;
        }
        Ok(there)
    }

    /// The documents of a part in the tail, if it has them all and they are as they were sealed. What
    /// is to be erased of them, or was erased, is only read from the part.
    fn in_tail(&self, info: &PartInfo, snapshot: &Snapshot) -> Option<Vec<Documents>> {
        let PartName {
            shelf, first, last, ..
        } = info.name;
        let view = self.view();
        // Asked after the snapshot was taken: an erasure that a part of it went through is either
        // still pending, or moved `through`.
        let erasures = self.log.erasures();
        let is_as_sealed = view.erased_through == snapshot.erased_through.get()
            && erasures.through == snapshot.erased_through
            && !erasures.touch(first, last);
        if !is_as_sealed {
            return None;
        }
        let (mut documents, mut sequences) = (Vec::new(), Vec::new());
        for segment in view.segments.iter() {
            let docs = {
                let segment = segment.read();
                let docs = segment.on_shelf(shelf, first, last);
                sequences.extend(docs.iter().map(|doc| segment.columns().sequence(*doc)));
                docs
            };
            documents.push((segment.clone(), docs));
        }
        // Each once, from the first to the last.
        let is_whole = sequences.len() as u64 == info.count
            && sequences.first() == Some(&first)
            && sequences.last() == Some(&last)
            && sequences.is_sorted_by(|one, two| one < two);
        is_whole.then_some(documents)
    }

    /// The indices of the parts this one was made from, if nothing was erased in between: of one if
    /// it was packed anew, of several if they were merged.
    fn merge_inputs(&self, info: &PartInfo, snapshot: &Snapshot) -> Option<Vec<Arc<PartIndex>>> {
        let view = self.view();
        let mut inputs: Vec<Arc<PartIndex>> = view
            .open
            .values()
            .filter(|index| {
                let name = index.info.name;
                name.shelf == info.name.shelf
                    && info.name.first <= name.first
                    && name.last <= info.name.last
                    && name.generation < info.name.generation
                    && index.erased_through() == snapshot.erased_through.get()
            })
            .cloned()
            .collect();
        if let Some(same) = inputs.iter().find(|index| index.info.count == info.count) {
            return Some(vec![same.clone()]);
        }
        inputs.sort_by_key(|index| index.info.name.first);
        let apart = inputs
            .windows(2)
            .all(|pair| pair[0].info.name.last < pair[1].info.name.first);
        let count: u64 = inputs.iter().map(|index| index.info.count).sum();
        (inputs.len() > 1 && apart && count == info.count).then_some(inputs)
    }

    /// Closes what neither answers nor is a part of the ledger.
    fn close_unused(&self, snapshot: &Snapshot) {
        let mut view = self.view.lock();
        let used: HashSet<PartName> = snapshot
            .parts
            .iter()
            .map(|info| info.name)
            .chain(view.parts.iter().map(|part| part.info().name))
            .collect();
        if view.open.keys().any(|name| !used.contains(name)) {
            let open = view.open.iter().filter(|(name, _)| used.contains(name));
            view.open = Arc::new(open.map(|(name, index)| (*name, index.clone())).collect());
            self.untidy.store(true, Ordering::Release);
        }
    }

    /// Deletes files that no open index uses. Whoever still reads one keeps its bytes until done.
    pub(crate) fn remove_unused(&self) -> io::Result<()> {
        let used: HashSet<_> = self
            .view()
            .open
            .keys()
            .map(|name| self.folder.join(name.to_string()))
            .collect();
        for shelf in fs::read_dir(&self.folder)? {
            let shelf = shelf?.path();
            if !shelf.is_dir() {
                fs::remove_file(&shelf)?;
                continue;
            }
            for file in fs::read_dir(&shelf)? {
                let file = file?.path();
                if !used.contains(&file) {
                    if file.is_dir() {
                        fs::remove_dir_all(&file)?
                    } else {
                        fs::remove_file(&file)?
                    }
                }
            }
        }
        Ok(())
    }
}
