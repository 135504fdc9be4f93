//! Background work: journal files become parts, small parts become larger ones, and what
//! tombstones erased is removed from every file.
//!
//! Each piece has the same order: new files are written and synced, the manifest that names them
//! replaces the old one, the state follows, and only then old files are removed. A crash before
//! the manifest leaves files nobody names, one after it leaves old files nobody names.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use event::{ENTRY_BYTES, Entry, Recorded};
use parking_lot::MutexGuard;

use crate::frame::Month;
use crate::group::{Group, salt_bytes};
use crate::ids::{IdEntry, IdRun, SortedIds, runs_to_merge};
use crate::journal;
use crate::ledger::Inner;
use crate::manifest::{IdRunEntry, Manifest, PartEntry, Shelf, remove_if_there};
use crate::part::{Block, Part, PartBuilder, Stored, beyond, shelf_folder};
use crate::reference::{ReadReference, Reference};
use crate::state::{Parts, shelf_of};
use crate::tree::TreeRun;

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

impl Inner {
    /// Does the next piece of background work; `false` if there is none.
    pub(crate) fn next_work(&self) -> io::Result<bool> {
        if self.failed.get().is_some() {
            return Ok(false);
        }
        Ok(self.seal_unit()? || self.erase_pending()? || self.merge_parts()?)
    }

    /// The right to change what is sealed; none once the ledger is closed.
    fn begin_work(&self) -> Option<MutexGuard<'_, Manifest>> {
        let manifest = self.manifest.lock();
        (!self.closed.load(Ordering::Acquire)).then_some(manifest)
    }

    /// Seals the oldest journal file, if it is closed.
    fn seal_unit(&self) -> io::Result<bool> {
        let Some(mut manifest) = self.begin_work() else {
            return Ok(false);
        };
        let (groups, month, first, end, ids, entries, run) = {
            let state = self.state.read();
            let Some(unit) = state.units.front().filter(|_| state.units.len() > 1) else {
                return Ok(false);
            };
            let (first, end) = (unit.first, unit.end());
            let entries = state.tree.entries(first..end)?;
            (
                unit.groups.clone(),
                unit.month,
                first,
                end,
                unit.ids.sorted(),
                entries,
                state.tree.copy_unsealed(end),
            )
        };
        let sealed = if first == end {
            Vec::new()
        } else {
            self.write_parts(&mut manifest, &groups, month, first, &entries)?
        };
        let mut next = Manifest {
            sealed: end,
            ..manifest.clone()
        };
        next.parts.extend(&sealed);
        next.parts.sort_by_key(|part| (part.shelf, part.first));
        let id_runs = self.write_ids(&mut manifest, &mut next, ids)?;
        next.next_generation = manifest.next_generation;
        self.write_tree(&run)?;
        let opened = self.open_parts(&sealed)?;
        next.store(&*self.disk)?;
        // Committed: the events are in parts. What follows only tidies up.
        *manifest = next;
        {
            let mut state = self.state.write();
            let mut parts = Parts::clone(&state.parts);
            opened.into_iter().for_each(|part| parts.insert(part));
            state.parts = Arc::new(parts);
            if let Some(now) = id_runs.now {
                state.id_runs = Arc::new(now);
            }
            state.tree.advance(end);
            state.sealed = end;
            state.units.pop_front();
        }
        self.announce();
        remove_if_there(&*self.disk, &journal::path(first))?;
        self.disk.sync_dir(Path::new(journal::FOLDER))?;
        self.remove_runs(&id_runs.dropped)?;
        Ok(true)
    }

    fn write_parts(
        &self,
        manifest: &mut Manifest,
        groups: &[Arc<Group>],
        month: Month,
        first: u64,
        entries: &[u8],
    ) -> io::Result<Vec<PartEntry>> {
        let mut shelves: BTreeMap<Shelf, Vec<Stored<'_>>> = BTreeMap::new();
        let mut entries = entries.chunks_exact(ENTRY_BYTES);
        let mut sequence = first;
        for group in groups {
            for place in 0..group.len() {
                let invalid = || {
                    io::Error::new(
                        io::ErrorKind::InvalidData,
                        format!("event {sequence} has no entry"),
                    )
                };
                let bytes = entries
                    .next()
                    .and_then(|bytes| bytes.try_into().ok())
                    .ok_or_else(invalid)?;
                let entry = Entry::from_bytes(bytes).map_err(|_| invalid())?;
                let (salt, body) = group.raw_body(place).ok_or_else(invalid)?;
                shelves.entry(shelf_of(&entry)).or_default().push(Stored {
                    sequence,
                    received_at: entry.received_at,
                    salt: salt.0,
                    body,
                });
                sequence += 1;
            }
        }
        let mut sealed = Vec::new();
        for (shelf, events) in &shelves {
            let bytes = events.iter().map(|event| event.body.len()).sum();
            let reference = Reference::sample(events.len(), bytes, |event, out| {
                out.extend_from_slice(events[event].body);
                Ok(())
            })?;
            let generation = manifest.take_generation();
            let mut builder = PartBuilder::new(&self.id, *shelf, month, generation, &reference)?;
            events.iter().try_for_each(|event| builder.push(event))?;
            sealed.push(builder.finish(&*self.disk)?);
        }
        shelves
            .into_keys()
            .try_for_each(|shelf| self.disk.sync_dir(&shelf_folder(shelf)))?;
        Ok(sealed)
    }

    /// Writes the ids as a run, together with older runs of like size.
    fn write_ids(
        &self,
        manifest: &mut Manifest,
        next: &mut Manifest,
        ids: Vec<IdEntry>,
    ) -> io::Result<IdRuns> {
        if ids.is_empty() {
            return Ok(IdRuns {
                dropped: Vec::new(),
                now: None,
            });
        }
        let mut runs: Vec<Arc<IdRun>> = self.state.read().id_runs.to_vec();
        let mut sizes: Vec<u64> = runs.iter().map(|run| run.entries()).collect();
        sizes.push(ids.len() as u64);
        let merged = runs_to_merge(&sizes).saturating_sub(1);
        let keep = runs.len() - merged;
        let older: Vec<Arc<IdRun>> = runs.drain(keep..).collect();
        let dropped = next.ids.split_off(keep);
        let mut entry = IdRunEntry {
            generation: manifest.take_generation(),
            entries: ids.len() as u64 + older.iter().map(|run| run.entries()).sum::<u64>(),
            bytes: 0,
        };
        let mut inputs: Vec<SortedIds<'_>> = vec![Box::new(ids.into_iter().map(Ok))];
        inputs.extend(
            older
                .iter()
                .map(|run| Box::new(run.iter()) as SortedIds<'_>),
        );
        remove_if_there(&*self.disk, &entry.path())?;
        entry.bytes = IdRun::write(&*self.disk, &entry.path(), &self.id, inputs, entry.entries)?;
        self.disk.sync_dir(Path::new("ids"))?;
        next.ids.push(entry);
        runs.push(Arc::new(IdRun::open(&*self.disk, &entry.path(), &self.id)?));
        Ok(IdRuns {
            dropped,
            now: Some(runs),
        })
    }

    fn write_tree(&self, run: &TreeRun) -> io::Result<()> {
        let files = self.state.read().tree.files().again();
        files.write(run)
    }

    fn open_parts(&self, entries: &[PartEntry]) -> io::Result<Vec<Arc<Part>>> {
        entries
            .iter()
            .map(|entry| Part::open(&*self.disk, *entry, &self.id).map(Arc::new))
            .collect()
    }

    fn remove_runs(&self, runs: &[IdRunEntry]) -> io::Result<()> {
        runs.iter()
            .try_for_each(|run| remove_if_there(&*self.disk, &run.path()))?;
        if runs.is_empty() {
            Ok(())
        } else {
            self.disk.sync_dir(Path::new("ids"))
        }
    }

    /// Merges neighbouring parts of like size, of one shelf and month.
    fn merge_parts(&self) -> io::Result<bool> {
        let Some(mut manifest) = self.begin_work() else {
            return Ok(false);
        };
        if !self.view_merged.load(Ordering::Acquire) {
            return Ok(false);
        }
        let seen = self.view_progress.load(Ordering::Acquire);
        let Some(old) = parts_to_merge(&manifest.parts, seen) else {
            return Ok(false);
        };
        let old: Vec<Arc<Part>> = {
            let state = self.state.read();
            old.iter()
                .filter_map(|entry| state.parts.get(&entry.name()).cloned())
                .collect()
        };
        let Some(head) = old.first().map(|part| *part.entry()) else {
            return Ok(false);
        };
        let generation = manifest.take_generation();
        let reference = sample_of_parts(&old, |block, event, out| {
            out.extend_from_slice(block.stored_at(event).ok_or_else(beyond)?.body);
            Ok(())
        })?;
        let mut builder =
            PartBuilder::new(&self.id, head.shelf, head.month(), generation, &reference)?;
        for part in &old {
            for block in part.read_blocks()? {
                block?
                    .stored()
                    .try_for_each(|event| builder.push(&event?))?;
            }
        }
        let merged = builder.finish(&*self.disk)?;
        self.disk.sync_dir(&shelf_folder(head.shelf))?;
        let old: Vec<PartEntry> = old.iter().map(|part| *part.entry()).collect();
        self.replace_parts(&mut manifest, &old, &[merged], None)?;
        Ok(true)
    }

    /// Makes `new` stand for `old`: the one step of merging and erasing that commits.
    fn replace_parts(
        &self,
        manifest: &mut Manifest,
        old: &[PartEntry],
        new: &[PartEntry],
        erased_through: Option<u64>,
    ) -> io::Result<()> {
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
        self.announce();
        for part in old {
            remove_if_there(&*self.disk, &part.name().path())?;
            self.resources.forget(&self.id, part.generation);
        }
        let mut shelves: Vec<Shelf> = old.iter().map(|part| part.shelf).collect();
        shelves.dedup();
        shelves
            .into_iter()
            .try_for_each(|shelf| self.disk.sync_dir(&shelf_folder(shelf)))
    }

    /// Removes from the parts what tombstones erased, once the tombstones are signed and the
    /// events they speak of are sealed.
    fn erase_pending(&self) -> io::Result<bool> {
        let Some(mut manifest) = self.begin_work() else {
            return Ok(false);
        };
        let signed = self.head.read().size.get();
        let (pending, parts) = {
            let state = self.state.read();
            let pending: Vec<_> = state
                .erasures
                .iter()
                .take_while(|(tombstone, erasure)| {
                    *tombstone < signed && erasure.last < state.sealed && *tombstone < state.sealed
                })
                .cloned()
                .collect();
            (pending, state.parts.clone())
        };
        let Some((newest, _)) = pending.last() else {
            return Ok(false);
        };
        let through = newest + 1;
        let (mut old, mut new) = (Vec::new(), Vec::new());
        for part in parts
            .iter()
            .filter(|part| part.entry().shelf != Shelf::Control)
        {
            let entry = part.entry();
            let touched = |erasure: &crate::erasure::Erasure| {
                erasure.first <= entry.last && entry.first <= erasure.last
            };
            if !pending.iter().any(|(_, erasure)| touched(erasure)) {
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
            let generation = manifest.take_generation();
            let erased = |recorded: Recorded| -> Recorded {
                pending
                    .iter()
                    .fold(recorded, |recorded, (_, erasure)| erasure.apply(recorded))
            };
            let reference = sample_of_parts(std::slice::from_ref(part), |block, event, out| {
                erased(block.recorded(event)?).encode_body(out);
                Ok(())
            })?;
            let mut builder =
                PartBuilder::new(&self.id, entry.shelf, entry.month(), generation, &reference)?;
            let mut body = Vec::new();
            for recorded in part.records() {
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
            new.push(builder.finish(&*self.disk)?);
            self.disk.sync_dir(&shelf_folder(entry.shelf))?;
        }
        self.replace_parts(&mut manifest, &old, &new, Some(through))?;
        Ok(true)
    }
}

/// The reference of a part that is made of others; `body` appends what becomes of an event's body.
fn sample_of_parts(
    parts: &[Arc<Part>],
    body: impl Fn(&Block, usize, &mut Vec<u8>) -> io::Result<()>,
) -> io::Result<Reference> {
    let events = parts.iter().map(|part| part.entry().count as usize).sum();
    let bytes = parts.iter().map(|part| part.raw_bytes()).sum();
    let mut blocks = parts
        .iter()
        .flat_map(|part| (0..part.blocks()).map(move |place| (part, place)));
    let mut reference: Option<(u64, ReadReference)> = None;
    let mut current: Option<Block> = None;
    let (mut first, mut end) = (0, 0);
    Reference::sample(events, bytes, |event, out| {
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
        body(current.as_ref().ok_or_else(beyond)?, event - first, out)
    })
}

/// What sealing made of the id runs.
struct IdRuns {
    /// Those that are part of the new one.
    dropped: Vec<IdRunEntry>,
    /// All of them, oldest first; `None` where nothing changed.
    now: Option<Vec<Arc<IdRun>>>,
}

/// The neighbours to merge next: eight of one size class, shelf and month, or fewer where eight
/// would be too large. Only parts that end before `seen` take part: a view that still has to take
/// in the others does so part by part.
fn parts_to_merge(parts: &[PartEntry], seen: u64) -> Option<&[PartEntry]> {
    let class = |part: &PartEntry| {
        let times = part.bytes / SMALL_PART_BYTES;
        if times == 0 {
            0
        } else {
            times.ilog(MERGE_PARTS as u64) + 1
        }
    };
    let alike = |one: &PartEntry, other: &PartEntry| {
        one.shelf == other.shelf && one.month() == other.month() && class(one) == class(other)
    };
    parts
        .chunk_by(alike)
        .map(|run| &run[..run.partition_point(|part| part.last < seen)])
        .find_map(|run| {
            run.windows(MERGE_PARTS).find_map(|window| {
                let mut bytes = 0;
                let fit = window
                    .iter()
                    .take_while(|part| {
                        bytes += part.bytes;
                        bytes <= MAX_PART_BYTES
                    })
                    .count();
                (fit >= MERGE_LEAST).then(|| &window[..fit])
            })
        })
}
