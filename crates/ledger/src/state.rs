//! What a ledger holds while it is open, and how an event is found in it.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};
use std::io;
use std::sync::Arc;

use event::{Entry, Recorded, Sequence};

use crate::background::Resources;
use crate::erasure::Erasure;
use crate::frame::{LedgerId, Month};
use crate::group::Group;
use crate::ids::{IdEntry, IdHash, IdRun};
use crate::manifest::{PartName, Shelf};
use crate::part::Part;
use crate::tree::{EntryBytes, Tree};

/// What it is given is a hash under a secret key already.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes
            .iter()
            .fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The ids of one journal file. Two ids with one hash are possible, if never seen.
#[derive(Default)]
pub(crate) struct UnitIds {
    first: HashMap<IdHash, u64, BuildHasherDefault<AsItIs>>,
    more: Vec<IdEntry>,
}

impl UnitIds {
    pub(crate) fn insert(&mut self, hash: IdHash, sequence: u64) {
        match self.first.entry(hash) {
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(sequence);
            }
            std::collections::hash_map::Entry::Occupied(_) => {
                self.more.push(IdEntry { hash, sequence })
            }
        }
    }

    pub(crate) fn candidates(&self, hash: IdHash, found: &mut Vec<u64>) {
        found.extend(self.first.get(&hash));
        found.extend(
            self.more
                .iter()
                .filter(|entry| entry.hash == hash)
                .map(|entry| entry.sequence),
        );
    }

    /// Takes back what was inserted from a sequence on, all of it of these ids.
    pub(crate) fn take_back(&mut self, from: u64, ids: impl Iterator<Item = IdHash>) {
        for hash in ids {
            if self.first.get(&hash).is_some_and(|first| *first >= from) {
                self.first.remove(&hash);
            }
        }
        self.more.retain(|entry| entry.sequence < from);
    }

    /// In no order.
    pub(crate) fn entries(&self) -> impl Iterator<Item = IdEntry> {
        let first = self.first.iter().map(|(hash, sequence)| IdEntry {
            hash: *hash,
            sequence: *sequence,
        });
        first.chain(self.more.iter().copied())
    }
}

/// The events of one journal file.
pub(crate) struct Unit {
    pub(crate) first: u64,
    pub(crate) month: Month,
    pub(crate) groups: Vec<Arc<Group>>,
    pub(crate) ids: UnitIds,
    pub(crate) bytes: u64,
}

impl Unit {
    pub(crate) fn new(first: u64, month: Month) -> Unit {
        Unit {
            first,
            month,
            groups: Vec::new(),
            ids: UnitIds::default(),
            bytes: 0,
        }
    }

    pub(crate) fn end(&self) -> u64 {
        self.groups.last().map_or(self.first, |group| group.end())
    }

    fn group_of(&self, sequence: u64) -> Option<&Arc<Group>> {
        let place = self
            .groups
            .partition_point(|group| group.first().get() <= sequence)
            .checked_sub(1)?;
        self.groups
            .get(place)
            .filter(|group| sequence < group.end())
    }
}

/// The open parts by shelf, in order of their events.
#[derive(Clone, Default)]
pub(crate) struct Parts {
    pub(crate) by_shelf: BTreeMap<Shelf, Vec<Arc<Part>>>,
}

impl Parts {
    pub(crate) fn insert(&mut self, part: Arc<Part>) {
        let shelf = self.by_shelf.entry(part.entry().shelf).or_default();
        let place = shelf.partition_point(|other| other.entry().first < part.entry().first);
        shelf.insert(place, part);
    }

    pub(crate) fn remove(&mut self, name: &PartName) {
        if let Some(shelf) = self.by_shelf.get_mut(&name.shelf) {
            shelf.retain(|part| part.entry().name() != *name);
        }
    }

    pub(crate) fn get(&self, name: &PartName) -> Option<&Arc<Part>> {
        self.by_shelf
            .get(&name.shelf)?
            .iter()
            .find(|part| part.entry().name() == *name)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Part>> + Clone {
        self.by_shelf.values().flatten()
    }

    /// The part of a shelf whose range covers a sequence.
    pub(crate) fn covering(&self, shelf: Shelf, sequence: u64) -> Option<&Arc<Part>> {
        let parts = self.by_shelf.get(&shelf)?;
        let place = parts
            .partition_point(|part| part.entry().first <= sequence)
            .checked_sub(1)?;
        parts
            .get(place)
            .filter(|part| sequence <= part.entry().last)
    }
}

/// Everything durable.
pub(crate) struct State {
    pub(crate) durable: u64,
    pub(crate) sealed: u64,
    /// Unsealed journal files, the last one is written to.
    pub(crate) units: VecDeque<Unit>,
    pub(crate) parts: Arc<Parts>,
    pub(crate) id_runs: Arc<Vec<Arc<IdRun>>>,
    pub(crate) tree: Tree,
    /// Erasures not carried out in every file yet, with the place of their tombstone.
    pub(crate) erasures: Vec<(u64, Erasure)>,
    /// Tombstones before this one have been carried out in every part.
    pub(crate) erased_through: u64,
    /// When the newest event was stamped, in microseconds.
    pub(crate) last_received: i64,
}

/// Where an event was found.
pub(crate) enum Place {
    /// In the journal.
    Group(Arc<Group>, usize),
    /// In a part, in the block with this number.
    Part(Arc<Part>, usize),
    /// Its part was dropped, or it was erased from its part; only the entry is left.
    Gone,
}

impl State {
    pub(crate) fn unit_of(&self, sequence: u64) -> Option<&Unit> {
        let place = self
            .units
            .partition_point(|unit| unit.first <= sequence)
            .checked_sub(1)?;
        self.units.get(place)
    }

    pub(crate) fn locate(&self, sequence: u64) -> io::Result<Option<(Place, Entry)>> {
        match self.tree.entry(sequence)? {
            Some(entry) => self.locate_entry(sequence, &entry),
            None => Ok(None),
        }
    }

    /// As [`State::locate`], by an entry that was read already.
    pub(crate) fn locate_entry(
        &self,
        sequence: u64,
        entry: &EntryBytes,
    ) -> io::Result<Option<(Place, Entry)>> {
        if sequence >= self.durable {
            return Ok(None);
        }
        let entry = Entry::from_bytes(entry).map_err(|error| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!("entry {sequence}: {error}"),
            )
        })?;
        if sequence >= self.sealed {
            let group = self
                .unit_of(sequence)
                .and_then(|unit| unit.group_of(sequence));
            let group =
                group.ok_or_else(|| io::Error::other("an unsealed event is not in memory"))?;
            let within = (sequence - group.first().get()) as usize;
            return Ok(Some((Place::Group(group.clone(), within), entry)));
        }
        let part = self
            .parts
            .covering(Shelf::of(entry.kind, entry.category), sequence)
            .or_else(|| self.parts.covering(Shelf::Hold, sequence));
        let place = part.and_then(|part| Some(Place::Part(part.clone(), part.block_of(sequence)?)));
        Ok(Some((place.unwrap_or(Place::Gone), entry)))
    }

    /// The event without what tombstones erased of it.
    pub(crate) fn mask(&self, recorded: Recorded) -> Recorded {
        self.erasures
            .iter()
            .fold(recorded, |recorded, (_, erasure)| erasure.apply(recorded))
    }
}

/// Reads an event where it was found; `true` beside it if a body is still kept somewhere.
pub(crate) fn read_at(
    resources: &Resources,
    ledger: &LedgerId,
    sequence: u64,
    place: &Place,
    entry: &Entry,
) -> io::Result<(Recorded, bool)> {
    match place {
        Place::Group(group, within) => Ok((group.recorded(*within)?, true)),
        Place::Part(part, block) => {
            let block = resources.block(ledger, part, *block)?;
            match block.find(sequence) {
                Some(within) => Ok((block.recorded(within)?, true)),
                None => Ok((gone(sequence, entry), false)),
            }
        }
        Place::Gone => Ok((gone(sequence, entry), false)),
    }
}

/// What is left of an event whose body was removed.
fn gone(sequence: u64, entry: &Entry) -> Recorded {
    Recorded {
        sequence: Sequence::new(sequence),
        received_at: entry.received_at,
        kind: entry.kind,
        category: entry.category,
        content: event::Content::Erased {
            field_count: entry.field_count,
            body_root: entry.body_root,
        },
        enrichment: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_are_taken_back_are_free_and_the_others_stay() {
        let (one, two) = (IdHash(1), IdHash(2));
        let found = |ids: &UnitIds, hash| {
            let mut found = Vec::new();
            ids.candidates(hash, &mut found);
            found
        };
        let mut ids = UnitIds::default();
        ids.insert(one, 4);
        ids.insert(one, 5);
        ids.insert(two, 6);
        ids.insert(one, 7);
        ids.take_back(5, [one, two, one].into_iter());
        assert_eq!((found(&ids, one), found(&ids, two)), (vec![4], vec![]));
        ids.insert(two, 5);
        assert_eq!((found(&ids, one), found(&ids, two)), (vec![4], vec![5]));
        ids.take_back(0, [one, two].into_iter());
        assert_eq!(ids.entries().count(), 0);
    }
}
