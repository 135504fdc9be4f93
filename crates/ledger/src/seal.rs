//! Sealing: journal files become parts.
//!
//! It has the order of all background work: new files are written and synced, the manifest that
//! names them replaces the old one, the state follows, and only then old files are removed. A crash
//! before the manifest leaves files nobody names, one after it leaves old files nobody names.

use std::collections::BTreeMap;
use std::io;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use event::{Count, ENTRY_BYTES, Entry};
use parking_lot::MutexGuard;

use crate::frame::Month;
use crate::group::Group;
use crate::ids::{self, IdEntry, IdRun};
use crate::journal;
use crate::ledger::Inner;
use crate::manifest::{Manifest, PartEntry, PartName, Shelf, remove_if_there};
use crate::part::{Packing, Part, PartBuilder, Stored, shelf_folder};
use crate::pool::{Meters, Task};
use crate::reference::Reference;
use crate::rewrite::QUIET_MICROS;
use crate::sequencer::{Command, SEAL_BYTES, SEAL_TOGETHER};
use crate::state::{Parts, State, Unit};
use crate::tree::TreeRun;

/// Least journal file that is closed before it is full, 1 MiB, about 2,000 events: a smaller one is
/// read back in no time when the ledger is opened, and would make tiny parts.
const MIN_QUIET_BYTES: u64 = 1 << 20;

impl Inner {
    /// The right to change what is sealed; none once the ledger is closed.
    pub(crate) fn begin_work(&self) -> Option<MutexGuard<'_, Manifest>> {
        let manifest = self.manifest.lock();
        (!self.closed.load(Ordering::Acquire)).then_some(manifest)
    }

    /// Closes the journal file of a ledger to which nothing is added, so that it is sealed: packed,
    /// out of memory, and not to be read back at the next start. `false` if there is none.
    pub(crate) fn close_quiet_journal(&self) -> bool {
        let (units, quiet_since) = {
            let state = self.state.read();
            if !state.has_quiet_journal_to_seal() {
                return false;
            }
            (state.units.len(), state.last_received)
        };
        let quiet_micros = self.clock.now().as_micros().saturating_sub(quiet_since);
        if quiet_micros < QUIET_MICROS {
            return false;
        }
        let (done, closed) = crossbeam_channel::bounded(1);
        // A full queue means that the ledger is not quiet any more.
        if self.queue.try_send(Command::Rotate(done)).is_err() || closed.recv().is_err() {
            return false;
        }
        self.state.read().units.len() > units
    }

    /// Seals the oldest journal files that are closed, some of one month together.
    pub(crate) fn seal_units(&self, meters: &Meters) -> io::Result<bool> {
        let Some(end) = self.state.read().units_to_seal().last().map(Unit::end) else {
            return Ok(false);
        };
        for follower in self.followers() {
            // Whatever becomes of a view, the ledger is sealed.
            let look = AssertUnwindSafe(|| follower.before_seal(Count::new(end)));
            if std::panic::catch_unwind(look).is_err() {
                tracing::error!(view = follower.name(), "a view panicked before sealing");
            }
        }
        meters.measure(Task::Seal, |_| self.seal_to(end))
    }

    /// Seals the journal files before `end`.
    fn seal_to(&self, end: u64) -> io::Result<Option<u64>> {
        let Some(mut manifest) = self.begin_work() else {
            return Ok(None);
        };
        let (firsts, groups, month, mut ids, entries, run) = {
            let state = self.state.read();
            let units = || state.units_to_seal().take_while(|unit| unit.end() <= end);
            let Some(oldest) = units().next() else {
                return Ok(None);
            };
            let groups: Vec<Arc<Group>> = units().flat_map(|unit| &unit.groups).cloned().collect();
            let ids: Vec<IdEntry> = units().flat_map(|unit| unit.ids.entries()).collect();
            (
                units().map(|unit| unit.first).collect::<Vec<u64>>(),
                groups,
                oldest.month,
                ids,
                state.tree.entries(oldest.first..end)?,
                state.tree.copy_unsealed(end),
            )
        };
        ids.sort_unstable();
        let first = firsts[0];
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
        let mut id_run = None;
        if !ids.is_empty() {
            let (generation, count) = (manifest.take_generation(), ids.len() as u64);
            let run = self.write_ids(generation, ids.into_iter().map(Ok), count)?;
            next.ids.push(*run.entry());
            id_run = Some(run);
        }
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
            Arc::make_mut(&mut state.id_runs).extend(id_run);
            state.tree.advance(end);
            state.sealed = end;
            state.units.drain(..firsts.len());
        }
        self.sealed_at
            .store(self.clock.now().as_micros(), Ordering::Release);
        self.parts_changed();
        // One that cannot be removed does not keep the others.
        let paths = firsts.iter().map(|first| journal::path(*first));
        let removed: Vec<_> = paths.map(|it| remove_if_there(&*self.disk, &it)).collect();
        self.disk.sync_dir(Path::new(journal::FOLDER))?;
        removed.into_iter().collect::<io::Result<()>>()?;
        Ok(Some(sealed.iter().map(|part| part.bytes).sum()))
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
                let shelf = Shelf::of(entry.kind, entry.category);
                shelves.entry(shelf).or_default().push(Stored {
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
            let reference = Reference::sample(events.len(), bytes, |event, body| {
                body.extend_from_slice(events[event].body);
                Ok(())
            })?;
            let (Some(first), Some(last)) = (events.first(), events.last()) else {
                continue;
            };
            let name = PartName {
                shelf: *shelf,
                first: first.sequence,
                last: last.sequence,
                generation: manifest.take_generation(),
            };
            let packing = Packing::Fresh;
            let mut builder =
                PartBuilder::new(&*self.disk, &self.id, name, month, packing, &reference)?;
            events.iter().try_for_each(|event| builder.push(event))?;
            sealed.push(builder.finish()?);
        }
        shelves
            .into_keys()
            .try_for_each(|shelf| self.disk.sync_dir(&shelf_folder(shelf)))?;
        Ok(sealed)
    }

    /// Writes ids that are in order, and so many, as a run.
    pub(crate) fn write_ids(
        &self,
        generation: u64,
        ids: impl Iterator<Item = io::Result<IdEntry>>,
        count: u64,
    ) -> io::Result<Arc<IdRun>> {
        let entry = IdRun::write(&*self.disk, &self.id, generation, ids, count)?;
        self.disk.sync_dir(Path::new(ids::FOLDER))?;
        Ok(Arc::new(IdRun::open(&*self.disk, entry, &self.id)?))
    }

    fn write_tree(&self, run: &TreeRun) -> io::Result<()> {
        let files = self.state.read().tree.files().again();
        files.write(run)
    }

    pub(crate) fn open_parts(&self, entries: &[PartEntry]) -> io::Result<Vec<Arc<Part>>> {
        entries
            .iter()
            .map(|entry| Part::open(&*self.disk, *entry, &self.id).map(Arc::new))
            .collect()
    }
}

impl State {
    /// The journal files that are sealed next: the oldest that are closed, of one month.
    fn units_to_seal(&self) -> impl Iterator<Item = &Unit> {
        let month = self.units.front().map(|unit| unit.month);
        let closed = self.units.len().saturating_sub(1).min(SEAL_TOGETHER);
        let mut bytes = 0;
        self.units.iter().take(closed).take_while(move |unit| {
            let is_first = bytes == 0;
            bytes += unit.bytes;
            Some(unit.month) == month && (is_first || bytes <= SEAL_BYTES)
        })
    }

    /// Will the journal file that is written to be sealed if the ledger becomes quiet?
    pub(crate) fn has_quiet_journal_to_seal(&self) -> bool {
        let newest = self.units.back();
        newest.is_some_and(|unit| unit.bytes >= MIN_QUIET_BYTES)
    }
}
