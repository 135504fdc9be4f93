//! Writing parts anew: small neighbours become one, what tombstones erased is left out, and what
//! rests is packed tighter.
//!
//! All three have the order of sealing: new files, the manifest, the removal of old files. Only the
//! manifest's step keeps others from changing what is sealed. Whoever comes to it with parts that
//! another rewrite has replaced meanwhile throws his work away, and it is looked for again.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use event::Recorded;
use parking_lot::RwLockReadGuard;

use crate::erasure::Erasure;
use crate::frame::Month;
use crate::group::salt_bytes;
use crate::ids::{self, IdRun, Merged};
use crate::ledger::{Backlog, Inner};
use crate::manifest::{IdRunEntry, PartEntry, PartName, Shelf, remove_if_there};
use crate::pace::Pace;
use crate::part::{Block, Packing, Part, PartBuilder, Stored, beyond, shelf_folder};
use crate::pool::{Meters, Piece, Task, is_broken_off};
use crate::reference::{ReadReference, Reference};
use crate::state::{Parts, State};

/// How many neighbouring parts of like size are merged into one.
const MERGE_PARTS: usize = 8;
/// Size of a part, in bytes, up to which it counts as small: 8 MiB. Sizes are told apart by
/// factors of [`MERGE_PARTS`] from there.
const SMALL_PART_BYTES: u64 = 8 << 20;
/// Fewest parts that are merged where eight would be too large together.
const MERGE_LEAST: usize = 4;
/// Largest part a merge makes, 128 MiB, about 900,000 typical events: what the index of one part
/// takes in memory while it is made bounds what the server needs, and an erasure rewrites it in
/// seconds.
const MAX_PART_BYTES: u64 = 128 << 20;
/// Least part that is packed tighter, 4 KiB: a smaller file takes a page of the disk anyhow.
const MIN_COLD_BYTES: u64 = 4 << 10;
/// From so many runs of ids on, merging them does not give way: with seven of each of three classes there
/// are 21.
const MANY_RUNS: usize = 32;
/// Ids of a run that are written before it is seen whether it is time to rest: some 20 microseconds.
const IDS_A_STEP: u64 = 256;
/// How long nothing was sealed when parts that might still be merged are packed tighter, 30 s: under
/// a load that seals more often than that they are merged soon, under a lesser one packing them
/// again after each merge costs some percent of a core. As long nothing was added when a journal
/// file is closed before it is full.
pub(crate) const QUIET_MICROS: i64 = 30_000_000;

impl Inner {
    /// The right to write parts anew; none once the ledger closes.
    fn begin_rewrite(&self) -> Option<RwLockReadGuard<'_, ()>> {
        let rewriting = self.rewriting.read();
        (!self.closing.load(Ordering::Acquire)).then_some(rewriting)
    }

    /// How far the views have come, if they have followed every merge so far.
    fn seen_by_views(&self) -> Option<u64> {
        self.view_merged
            .load(Ordering::Acquire)
            .then(|| self.view_progress.load(Ordering::Acquire))
    }

    /// Merges neighbouring parts of like size, of one shelf and month.
    pub(crate) fn merge_parts(&self, meters: &Meters) -> io::Result<bool> {
        let (Some(_rewriting), Some(seen)) = (self.begin_rewrite(), self.seen_by_views()) else {
            return Ok(false);
        };
        let Some(old) = parts_to_merge(&self.state.read().parts, seen) else {
            return Ok(false);
        };
        meters.measure(Task::Merge, |piece| {
            self.put_in_place(piece, &old, Packing::Fresh)
        })?;
        Ok(true)
    }

    /// Merges id runs of like size.
    pub(crate) fn merge_ids(&self, meters: &Meters) -> io::Result<bool> {
        let Some(_rewriting) = self.begin_rewrite() else {
            return Ok(false);
        };
        let Some(old) = id_runs_to_merge(&self.state.read().id_runs) else {
            return Ok(false);
        };
        meters.measure(Task::Merge, |piece| self.put_run_in_place(piece, &old))?;
        Ok(true)
    }

    /// Puts one run in the place of several. Answers with its size, or `None` if the ledger closes or
    /// they are no more.
    fn put_run_in_place(&self, piece: &Piece<'_>, old: &[Arc<IdRun>]) -> io::Result<Option<u64>> {
        let generation = self.manifest.lock().take_generation();
        let count = old.iter().map(|run| run.entry().entries).sum();
        let write = |step: &mut dyn FnMut() -> io::Result<()>| {
            let ids = Merged::new(old)?.zip(0u64..).map(|(id, place)| {
                if place.is_multiple_of(IDS_A_STEP) {
                    step()?;
                }
                id
            });
            self.write_ids(generation, ids, count)
        };
        // Every run is asked for each id that is sent: that they become many would cost more.
        let written = if self.state.read().id_runs.len() < MANY_RUNS {
            piece.aside(|gives_way| {
                let mut pace = self.resources.pool().pace(gives_way);
                write(&mut || self.step(&mut pace))
            })
        } else {
            write(&mut || self.go_on())
        };
        if is_broken_off(&written) {
            return Ok(None);
        }
        let new = written?;
        let Some(mut manifest) = self.begin_work() else {
            return Ok(None);
        };
        let is_old = |entry: &IdRunEntry| old.iter().any(|run| run.entry() == entry);
        if manifest.ids.iter().filter(|entry| is_old(entry)).count() < old.len() {
            // Another merge came first.
            remove_if_there(&*self.disk, &new.entry().path())?;
            return Ok(None);
        }
        let mut next = manifest.clone();
        next.ids.retain(|entry| !is_old(entry));
        next.ids.push(*new.entry());
        next.store(&*self.disk)?;
        // Committed: the old files name nothing that the new one does not.
        *manifest = next;
        {
            let mut state = self.state.write();
            let runs = Arc::make_mut(&mut state.id_runs);
            runs.retain(|run| !is_old(run.entry()));
            runs.push(new.clone());
        }
        // One that cannot be removed does not keep the others.
        let paths = old.iter().map(|run| run.entry().path());
        let removed: Vec<_> = paths.map(|it| remove_if_there(&*self.disk, &it)).collect();
        self.disk.sync_dir(Path::new(ids::FOLDER))?;
        removed.into_iter().collect::<io::Result<()>>()?;
        Ok(Some(new.entry().bytes))
    }

    /// Packs tighter what will not be merged soon, neighbours into one part.
    pub(crate) fn recompress_part(&self, meters: &Meters) -> io::Result<bool> {
        let (Some(_rewriting), Some(seen)) = (self.begin_rewrite(), self.seen_by_views()) else {
            return Ok(false);
        };
        let Some(old) = self.parts_to_recompress(seen) else {
            return Ok(false);
        };
        meters.measure(Task::Recompress, |piece| {
            self.put_in_place(piece, &old, Packing::Cold)
        })?;
        Ok(true)
    }

    /// Neighbours that are packed as new parts are, and will not be merged soon: the largest that
    /// merging makes, those of a month that is over, and any while the ledger is quiet. Since they are
    /// written anew in any case they become one part, as large as merging makes them at the most.
    fn parts_to_recompress(&self, seen: u64) -> Option<Vec<Arc<Part>>> {
        let state = self.state.read();
        let may_be = |part: &Part| {
            let entry = part.entry();
            let erased = |(_, erasure): &(u64, Erasure)| erasure.touches(entry.first, entry.last);
            part.packing() == Packing::Fresh
                && entry.last < seen
                && !state.erasures.iter().any(erased)
        };
        let mut waiting = state
            .parts
            .iter()
            .filter(|part| awaits_cold(part) && may_be(part));
        if let Some(largest) = waiting.clone().find(|part| is_largest(part)) {
            return Some(vec![largest.clone()]);
        }
        if waiting.clone().next().is_none() || parts_to_merge(&state.parts, u64::MAX).is_some() {
            return None;
        }
        let now = self.clock.now();
        let quiet_micros = now
            .as_micros()
            .saturating_sub(self.sealed_at.load(Ordering::Acquire));
        let (year, month) = now.year_month();
        let this_month = Month {
            year: u16::try_from(year).unwrap_or(u16::MAX),
            month,
        };
        let first = waiting.find(|part| {
            let month = part.entry().month();
            quiet_micros >= QUIET_MICROS
                || (month < this_month && state.units.iter().all(|unit| unit.month != month))
        })?;
        let mut bytes = 0;
        let shelf = state.parts.by_shelf.get(&first.entry().shelf)?;
        let from_first = shelf.iter().skip_while(|part| !Arc::ptr_eq(part, first));
        let run = from_first.take_while(|part| {
            bytes += merge_bytes(part);
            may_be(part) && part.entry().month() == first.entry().month() && bytes <= MAX_PART_BYTES
        });
        Some(run.cloned().collect())
    }

    /// Puts one part in the place of several neighbours, or of one, with the same events. Answers
    /// with its size, or `None` if the ledger closes or they are no more.
    fn put_in_place(
        &self,
        piece: &Piece<'_>,
        old: &[Arc<Part>],
        packing: Packing,
    ) -> io::Result<Option<u64>> {
        let (Some(first), Some(last)) = (old.first(), old.last()) else {
            return Ok(None);
        };
        let name = PartName {
            last: last.entry().last,
            generation: self.manifest.lock().take_generation(),
            ..first.entry().name()
        };
        let written = piece.aside(|gives_way| {
            let mut pace = self.resources.pool().pace(gives_way);
            self.write_anew(name, old, packing, &mut pace)
        });
        if is_broken_off(&written) {
            return Ok(None);
        }
        let new = written?;
        let old: Vec<PartEntry> = old.iter().map(|part| *part.entry()).collect();
        let replaced = self.replace_parts(&old, &[new], None)?;
        Ok(replaced.then_some(new.bytes))
    }

    /// Rests if it is time to.
    ///
    /// # Errors
    /// `Interrupted` if the ledger closes or the thread gets nowhere.
    fn step(&self, pace: &mut Pace<'_>) -> io::Result<()> {
        self.go_on()?;
        pace.step()
    }

    /// `Interrupted` if the ledger closes.
    fn go_on(&self) -> io::Result<()> {
        if self.closing.load(Ordering::Acquire) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        Ok(())
    }

    /// Writes one part with the events of several neighbours, or of one, a little at a time; breaks off
    /// with `Interrupted` if the ledger closes or the thread gets nowhere.
    fn write_anew(
        &self,
        name: PartName,
        old: &[Arc<Part>],
        packing: Packing,
        pace: &mut Pace<'_>,
    ) -> io::Result<PartEntry> {
        let mut step = || self.step(pace);
        let first = old.first().ok_or_else(beyond)?;
        let month = first.entry().month();
        let reference = match reference_of_references(old)? {
            Some(reference) => reference,
            None => sample_of_parts(old, |block, event, body| {
                step()?;
                let mut own = Vec::new();
                body.extend_from_slice(block.stored_at(event, &mut own)?.body);
                Ok(())
            })?,
        };
        let mut builder =
            PartBuilder::new(&*self.disk, &self.id, name, month, packing, &reference)?;
        let mut body = Vec::new();
        for part in old {
            let reference = part.reference()?;
            for place in 0..part.blocks() {
                step()?;
                let block = part.unpack_block(place, &reference)?;
                if part.is_compact() && block.is_full() {
                    builder.push_block(&block)?;
                } else {
                    let block = part.parse(block)?;
                    (0..block.len()).try_for_each(|within| {
                        builder.push(&block.stored_at(within, &mut body)?)
                    })?;
                }
            }
        }
        let new = builder.finish()?;
        self.disk.sync_dir(&shelf_folder(name.shelf))?;
        Ok(new)
    }

    /// Makes `new` stand for `old`: the one step of a rewrite that commits. `false` if that came too
    /// late; then the new files are gone.
    fn replace_parts(
        &self,
        old: &[PartEntry],
        new: &[PartEntry],
        erased_through: Option<u64>,
    ) -> io::Result<bool> {
        let Some(mut manifest) = self.begin_work() else {
            return Ok(false);
        };
        if !old.iter().all(|part| manifest.parts.contains(part)) {
            // Merged, or erased from: the new files may hold what must be gone.
            self.remove_parts(new)?;
            return Ok(false);
        }
        let mut next = manifest.clone();
        next.parts.retain(|part| !old.contains(part));
        next.parts.extend(new);
        next.parts.sort_by_key(|part| (part.shelf, part.first));
        next.erased_through = erased_through.unwrap_or(next.erased_through);
        let opened = self.open_parts(new)?;
        next.store(&*self.disk)?;
        // Committed: the old files hold nothing any more.
        *manifest = next;
        {
            let mut state = self.state.write();
            let mut parts = Parts::clone(&state.parts);
            old.iter().for_each(|part| parts.remove(&part.name()));
            opened.into_iter().for_each(|part| parts.insert(part));
            state.parts = Arc::new(parts);
            if let Some(through) = erased_through {
                state.erased_through = through;
                state
                    .erasures
                    .retain(|(tombstone, _)| *tombstone >= through);
            }
        }
        self.parts_changed();
        old.iter()
            .for_each(|part| self.resources.forget(&self.id, part.generation));
        self.remove_parts(old)?;
        Ok(true)
    }

    fn remove_parts(&self, parts: &[PartEntry]) -> io::Result<()> {
        for part in parts {
            remove_if_there(&*self.disk, &part.name().path())?;
        }
        let mut shelves: Vec<Shelf> = parts.iter().map(|part| part.shelf).collect();
        shelves.dedup();
        shelves
            .into_iter()
            .try_for_each(|shelf| self.disk.sync_dir(&shelf_folder(shelf)))
    }

    /// Removes from the parts what tombstones erased, once the tombstones are signed and the
    /// events they speak of are sealed.
    pub(crate) fn erase_pending(&self, meters: &Meters) -> io::Result<bool> {
        let Some(_rewriting) = self.begin_rewrite() else {
            return Ok(false);
        };
        let signed = self.head.read().size.get();
        let (pending, parts) = {
            let state = self.state.read();
            let pending: Vec<_> = state
                .erasures_to_carry_out()
                .take_while(|(tombstone, _)| *tombstone < signed)
                .cloned()
                .collect();
            (pending, state.parts.clone())
        };
        let Some((newest, _)) = pending.last() else {
            return Ok(false);
        };
        let through = newest + 1;
        meters.measure(Task::Erase, |_| self.erase(&pending, &parts, through))?;
        Ok(true)
    }

    fn erase(
        &self,
        pending: &[(u64, Erasure)],
        parts: &Parts,
        through: u64,
    ) -> io::Result<Option<u64>> {
        let (mut old, mut new) = (Vec::new(), Vec::new());
        for part in parts
            .iter()
            .filter(|part| part.entry().shelf != Shelf::Control)
        {
            let entry = part.entry();
            if !pending
                .iter()
                .any(|(_, erasure)| erasure.touches(entry.first, entry.last))
            {
                continue;
            }
            let dropped = pending.iter().any(|(_, erasure)| {
                erasure.category.is_some()
                    && erasure.category.map(Shelf::Category) == Some(entry.shelf)
                    && erasure.fields.is_empty()
                    && erasure.first <= entry.first
                    && entry.last <= erasure.last
            });
            old.push(*entry);
            if dropped {
                continue;
            }
            match self.write_without(part, pending)? {
                Some(written) => new.push(written),
                None => {
                    self.remove_parts(&new)?;
                    return Ok(None);
                }
            }
        }
        let replaced = self.replace_parts(&old, &new, Some(through))?;
        Ok(replaced.then(|| new.iter().map(|part| part.bytes).sum()))
    }

    /// Writes a part anew, packed as it is, without what is erased; `None` if the ledger closes.
    fn write_without(
        &self,
        part: &Arc<Part>,
        pending: &[(u64, Erasure)],
    ) -> io::Result<Option<PartEntry>> {
        let entry = part.entry();
        let name = PartName {
            generation: self.manifest.lock().take_generation(),
            ..entry.name()
        };
        let erased = |recorded: Recorded| -> Recorded {
            pending
                .iter()
                .fold(recorded, |recorded, (_, erasure)| erasure.apply(recorded))
        };
        let reference = sample_of_parts(std::slice::from_ref(part), |block, event, body| {
            erased(block.recorded(event)?).encode_body(body);
            Ok(())
        })?;
        let (month, packing) = (entry.month(), part.packing());
        let mut builder =
            PartBuilder::new(&*self.disk, &self.id, name, month, packing, &reference)?;
        let mut body = Vec::new();
        for recorded in part.records() {
            if self.closing.load(Ordering::Acquire) {
                return Ok(None);
            }
            let recorded = erased(recorded?);
            body.clear();
            recorded.encode_body(&mut body);
            builder.push(&Stored {
                sequence: recorded.sequence.get(),
                received_at: recorded.received_at,
                salt: salt_bytes(&recorded),
                body: &body,
            })?;
        }
        let written = builder.finish()?;
        self.disk.sync_dir(&shelf_folder(name.shelf))?;
        Ok(Some(written))
    }
}

impl State {
    /// The erasures whose tombstones and events are sealed.
    fn erasures_to_carry_out(&self) -> impl Iterator<Item = &(u64, Erasure)> {
        self.erasures.iter().take_while(|(tombstone, erasure)| {
            *tombstone < self.sealed && erasure.last < self.sealed
        })
    }

    /// Whether something is to be erased that cannot be before more is sealed.
    pub(crate) fn awaits_erasure(&self) -> bool {
        self.erasures_to_carry_out().count() < self.erasures.len()
    }

    /// What there is to do in the background.
    pub(crate) fn backlog(&self) -> Backlog {
        Backlog {
            seal: self.units.len().saturating_sub(1) as u64,
            erase: self.erasures_to_carry_out().count() as u64,
            merge: parts_to_merge(&self.parts, u64::MAX).map_or(0, |parts| parts.len() as u64)
                + id_runs_to_merge(&self.id_runs).map_or(0, |runs| runs.len() as u64),
            recompress: self.parts.iter().filter(|part| awaits_cold(part)).count() as u64,
        }
    }
}

/// The runs to merge next.
fn id_runs_to_merge(runs: &[Arc<IdRun>]) -> Option<Vec<Arc<IdRun>>> {
    let places = ids::runs_to_merge(runs.iter().map(|run| run.entry().entries))?;
    Some(
        places
            .into_iter()
            .map(|place| runs[place].clone())
            .collect(),
    )
}

fn raw_bytes(parts: &[Arc<Part>]) -> usize {
    parts.iter().map(|part| part.raw_bytes()).sum()
}

/// The reference of a part that is made of others which nothing was erased from, out of theirs, if
/// they are enough for it.
fn reference_of_references(parts: &[Arc<Part>]) -> io::Result<Option<Reference>> {
    if !parts.iter().all(|part| part.is_compact()) {
        return Ok(None);
    }
    let references = parts.iter().map(|part| part.reference_bytes());
    let references = references.collect::<io::Result<Vec<_>>>()?;
    Ok(Reference::of_parts(&references, raw_bytes(parts)))
}

/// The reference of a part that is made of others; `body` writes what becomes of an event's body.
fn sample_of_parts(
    parts: &[Arc<Part>],
    mut body: impl FnMut(&Block, usize, &mut Vec<u8>) -> io::Result<()>,
) -> io::Result<Reference> {
    let events = parts.iter().map(|part| part.entry().count as usize).sum();
    let bytes = raw_bytes(parts);
    let mut blocks = parts
        .iter()
        .flat_map(|part| (0..part.blocks()).map(move |place| (part, place)));
    let mut reference: Option<(u64, ReadReference)> = None;
    let mut current: Option<Block> = None;
    let (mut first, mut end) = (0, 0);
    Reference::sample(events, bytes, |event, sample| {
        let mut found = None;
        while event >= end {
            let (part, place) = blocks.next().ok_or_else(beyond)?;
            first = end;
            end += part.block_events(place);
            found = Some((part, place));
        }
        if let Some((part, place)) = found {
            let generation = part.entry().generation;
            let reference = match &mut reference {
                Some((of, reference)) if *of == generation => reference,
                other => &mut other.insert((generation, part.reference()?)).1,
            };
            current = Some(part.read_block(place, reference)?);
        }
        body(current.as_ref().ok_or_else(beyond)?, event - first, sample)
    })
}

/// Will this part be packed tighter when it rests?
fn awaits_cold(part: &Part) -> bool {
    part.packing() == Packing::Fresh && part.entry().bytes >= MIN_COLD_BYTES
}

/// The size by which a part is merged: about what it would have if it were packed as a new one, so
/// that packing it tighter does not bring it among smaller ones.
fn merge_bytes(part: &Part) -> u64 {
    let bytes = part.entry().bytes;
    match part.packing() {
        Packing::Fresh => bytes,
        Packing::Cold => bytes + bytes / 12,
    }
}

/// Sizes that are merged with each other have the same class.
fn size_class(part: &Part) -> u32 {
    match merge_bytes(part) / SMALL_PART_BYTES {
        0 => 0,
        times => times.ilog(MERGE_PARTS as u64) + 1,
    }
}

/// Is it never merged? Three of this class, from 64 MiB on, are too large for one part.
fn is_largest(part: &Part) -> bool {
    size_class(part) >= 2
}

/// The neighbours to merge next: eight of one size class, shelf and month, or fewer where eight
/// would be too large. Only parts that end before `seen` take part: a view that still has to take
/// in the others does so part by part.
fn parts_to_merge(parts: &Parts, seen: u64) -> Option<Vec<Arc<Part>>> {
    let alike = |one: &Arc<Part>, other: &Arc<Part>| {
        one.entry().month() == other.entry().month() && size_class(one) == size_class(other)
    };
    let fitting = |run: &[Arc<Part>]| {
        let run = &run[..run.partition_point(|part| part.entry().last < seen)];
        run.windows(MERGE_PARTS).find_map(|window| {
            let mut bytes = 0;
            let fit = window
                .iter()
                .take_while(|part| {
                    bytes += merge_bytes(part);
                    bytes <= MAX_PART_BYTES
                })
                .count();
            (fit >= MERGE_LEAST).then(|| window[..fit].to_vec())
        })
    };
    parts
        .by_shelf
        .values()
        .find_map(|shelf| shelf.chunk_by(alike).find_map(fitting))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::background::Resources;
    use crate::disk::{Disk, Real};
    use crate::ledger::Ledger;
    use crate::testing::{self, seal_one};

    fn ledger(disk: &Arc<Real>) -> Ledger {
        testing::ledger(disk, &Resources::without_thread(1 << 20))
    }

    #[test]
    fn eight_runs_of_ids_become_one_that_knows_them_all() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Arc::new(Real::create(folder.path()).unwrap());
        let check = |ledger: &Ledger, sealed: u8, runs: usize| {
            let inner = ledger.inner();
            assert_eq!(inner.state.read().id_runs.len(), runs);
            assert_eq!(inner.manifest.lock().ids.len(), runs);
            assert_eq!(disk.list(Path::new(ids::FOLDER)).unwrap().len(), runs);
            for n in 0..sealed {
                let found = ledger.find_id(&format!("id-{n}")).unwrap();
                assert_eq!(found, Some(event::Sequence::new(u64::from(n))));
            }
        };
        {
            let ledger = ledger(&disk);
            for n in 0..7 {
                seal_one(&ledger, n);
                check(&ledger, n + 1, usize::from(n) + 1);
            }
            seal_one(&ledger, 7);
            check(&ledger, 8, 1);
            seal_one(&ledger, 8);
        }
        let ledger = ledger(&disk);
        check(&ledger, 9, 2);
        (9..15).for_each(|n| seal_one(&ledger, n));
        check(&ledger, 15, 8);
    }

    #[test]
    fn who_comes_too_late_with_a_rewrite_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Arc::new(Real::create(folder.path()).unwrap());
        let ledger = ledger(&disk);
        (0..2).for_each(|n| seal_one(&ledger, n));
        let inner = ledger.inner();
        let parts: Vec<Arc<Part>> = inner.state.read().parts.iter().cloned().collect();
        assert_eq!(parts.len(), 2);
        let shelf = shelf_folder(parts[0].entry().shelf);
        let files = || disk.list(&shelf).unwrap().len();

        let put = |parts: &[Arc<Part>], packing| {
            let mut bytes = None;
            let done = Meters::default().measure(Task::Merge, |piece| {
                bytes = inner.put_in_place(piece, parts, packing)?;
                Ok(bytes)
            });
            done.map(|_| bytes)
        };
        let packed = |part: &Arc<Part>| put(std::slice::from_ref(part), Packing::Cold);
        assert!(packed(&parts[0]).unwrap().is_some());
        assert_eq!(files(), 2);
        // The part is no more: another rewrite of it is thrown away.
        assert_eq!(packed(&parts[0]).unwrap(), None);
        assert_eq!(files(), 2);
        assert_eq!(put(&parts, Packing::Fresh).unwrap(), None);
        assert_eq!(files(), 2);
        assert_eq!(ledger.snapshot().parts.len(), 2);

        inner.closing.store(true, Ordering::Release);
        assert_eq!(packed(&parts[1]).unwrap(), None, "it breaks off");
        assert_eq!(files(), 2);
        let read = ledger.read(event::Sequence::new(0)).unwrap();
        assert_eq!(read.entry(), ledger.entry(event::Sequence::new(0)).unwrap());
    }
}
