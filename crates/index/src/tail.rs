//! A segment of the tail: recent events in memory, searchable as soon as they are pushed.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use event::Recorded;
use query::Leaf;
use roaring::RoaringBitmap;

use crate::columns::{Columns, MemoryColumns};
use crate::document::Document;
use crate::ids::MemoryIds;
use crate::keys::BETWEEN;
use crate::log::Batch;
use crate::source::{Fault, Source};
use crate::terms::Dictionary;
use crate::union::Union;

/// Events of a segment. Only the newest one is ever written to, so that a search never waits long
/// for the follower, nor the follower for a search.
pub(crate) const SEGMENT_EVENTS: u32 = 4_096;

/// The documents of each key of a dictionary.
#[derive(Default)]
struct Lists {
    places: HashMap<Box<str>, u32>,
    lists: Vec<Vec<u32>>,
}

/// Events that follow each other without a gap.
#[derive(Default)]
pub(crate) struct Segment {
    dictionaries: [Lists; 2],
    columns: MemoryColumns,
    ids: MemoryIds,
    own: RoaringBitmap,
    /// The batches the events are in, each with its first document and that one's place in it.
    batches: Vec<(u32, u32, Arc<dyn Batch>)>,
}

impl Lists {
    fn push(&mut self, key: &str, doc: u32) {
        if let Some(place) = self.places.get(key) {
            let docs = &mut self.lists[*place as usize];
            if docs.last() != Some(&doc) {
                docs.push(doc);
            }
            return;
        }
        self.places.insert(key.into(), self.lists.len() as u32);
        self.lists.push(vec![doc]);
    }
}

impl Segment {
    /// Takes an event that stands at `place` in its batch.
    pub(crate) fn push(
        &mut self,
        document: &Document,
        is_own: bool,
        batch: &Arc<dyn Batch>,
        place: u32,
    ) {
        let doc = self.columns.len();
        if self
            .batches
            .last()
            .is_none_or(|(_, _, last)| !Arc::ptr_eq(last, batch))
        {
            self.batches.push((doc, place, batch.clone()));
        }
        for (lists, text) in self
            .dictionaries
            .iter_mut()
            .zip([&document.keys, &document.words])
        {
            for key in text.split_terminator(BETWEEN).filter(|key| !key.is_empty()) {
                lists.push(key, doc);
            }
        }
        if is_own {
            self.own.insert(doc);
        }
        self.ids.push(doc, &document.ids);
        self.columns.push(document);
    }

    pub(crate) fn columns(&self) -> &MemoryColumns {
        &self.columns
    }

    /// How many events it holds.
    pub(crate) fn len(&self) -> u32 {
        self.columns.len()
    }

    /// Documents that Annals wrote itself.
    pub(crate) fn own(&self) -> &RoaringBitmap {
        &self.own
    }

    /// The sequence after the newest event.
    pub(crate) fn end(&self) -> u64 {
        self.columns
            .len()
            .checked_sub(1)
            .map_or(0, |last| self.columns.sequence(last) + 1)
    }

    /// The sequence of the first event.
    pub(crate) fn first(&self) -> Option<u64> {
        (self.columns.len() > 0).then(|| self.columns.sequence(0))
    }

    /// The event of a document, as it was when it was taken in.
    pub(crate) fn event(&self, doc: u32) -> io::Result<Recorded> {
        let batch = self
            .batches
            .partition_point(|(first, _, _)| *first <= doc)
            .saturating_sub(1);
        match self.batches.get(batch) {
            Some((first, place, batch)) => batch.recorded((place + doc - first) as usize),
            None => Err(io::Error::other("an event of the tail has no batch")),
        }
    }

    /// How many documents of a list there are from one on.
    pub(crate) fn docs_from(&self, list: &TailList, first: u32) -> u32 {
        let docs = self.docs(list);
        (docs.len() - docs.partition_point(|doc| *doc < first)) as u32
    }

    fn docs(&self, list: &TailList) -> &[u32] {
        &self.dictionaries[list.dictionary as usize].lists[list.place as usize]
    }
}

/// Names a list of a segment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TailList {
    dictionary: Dictionary,
    place: u32,
}

impl Source for Segment {
    type List = TailList;
    const KNOWS_PLACES: bool = false;

    fn columns(&self) -> &dyn Columns {
        &self.columns
    }

    fn docs_of(&self, list: &TailList) -> u32 {
        self.docs(list).len() as u32
    }

    fn list(&self, dictionary: Dictionary, key: &str) -> io::Result<Option<TailList>> {
        let place = self.dictionaries[dictionary as usize].places.get(key);
        Ok(place.map(|place| TailList {
            dictionary,
            place: *place,
        }))
    }

    fn lists(
        &self,
        dictionary: Dictionary,
        from: &[u8],
        to: &[u8],
        each: &mut dyn FnMut(&str, TailList) -> bool,
    ) -> io::Result<()> {
        for (key, place) in &self.dictionaries[dictionary as usize].places {
            let is_in = from <= key.as_bytes() && key.as_bytes() < to;
            if is_in
                && !each(
                    key,
                    TailList {
                        dictionary,
                        place: *place,
                    },
                )
            {
                break;
            }
        }
        Ok(())
    }

    fn union(&self, lists: &[TailList]) -> io::Result<RoaringBitmap> {
        let expected = lists.iter().map(|list| u64::from(self.docs_of(list))).sum();
        let mut union = Union::new(self.columns.len(), lists.len(), expected);
        lists.iter().for_each(|list| union.add(self.docs(list)));
        Ok(union.finish())
    }

    fn retain(&self, list: &TailList, within: &RoaringBitmap) -> io::Result<RoaringBitmap> {
        let docs = self.docs(list);
        Ok(within
            .iter()
            .filter(|doc| docs.binary_search(doc).is_ok())
            .collect())
    }

    fn phrase(&self, _: &[Vec<TailList>], _: &RoaringBitmap) -> io::Result<RoaringBitmap> {
        Err(io::Error::other("the tail does not keep places"))
    }

    fn ids(&self, hash: u32) -> RoaringBitmap {
        self.ids.find(hash)
    }

    fn check(&self, leaf: &Leaf, docs: &RoaringBitmap) -> Result<RoaringBitmap, Fault> {
        let mut found = RoaringBitmap::new();
        for doc in docs {
            if leaf.matches(&self.event(doc).map_err(ledger::ReadError::Io)?) {
                found.insert(doc);
            }
        }
        Ok(found)
    }
}
