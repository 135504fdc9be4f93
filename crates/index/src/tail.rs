//! A segment of the tail: recent events in memory, searchable as soon as they are pushed.

use std::hash::BuildHasher;
use std::io;
use std::sync::Arc;

use event::Recorded;
use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};
use memchr::memmem;
use query::Leaf;
use roaring::RoaringBitmap;
use smallvec::{SmallVec, smallvec};

use crate::columns::{Columns, MemoryColumns};
use crate::document::Document;
use crate::ids::MemoryIds;
use crate::keys::{self, BETWEEN};
use crate::log::Batch;
use crate::source::{Fault, Source};
use crate::terms::Dictionary;
use crate::union::Union;

/// Events of a segment. Only the newest one is ever written to, so that a search never waits long
/// for the follower, nor the follower for a search.
pub(crate) const SEGMENT_EVENTS: u32 = 4_096;

/// The documents of each key of a dictionary.
struct Lists {
    /// The keys in the order they came, with [`BETWEEN`] before and behind each.
    text: String,
    /// Where each key ends in `text`; the next one begins a `BETWEEN` later.
    ends: Vec<u32>,
    /// Finds a key's place.
    places: HashTable<u32>,
    hasher: DefaultHashBuilder,
    /// The documents of each key; most keys have one.
    lists: Vec<SmallVec<[u32; 4]>>,
}

impl Default for Lists {
    fn default() -> Lists {
        Lists {
            text: BETWEEN.to_string(),
            ends: Vec::new(),
            places: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            lists: Vec::new(),
        }
    }
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
        let Lists {
            text,
            ends,
            places,
            hasher,
            lists,
        } = self;
        let hash = hasher.hash_one(key);
        let found = places.entry(
            hash,
            |place| key_at(text, ends, *place) == key,
            |place| hasher.hash_one(key_at(text, ends, *place)),
        );
        match found {
            Entry::Occupied(place) => {
                let docs = &mut lists[*place.get() as usize];
                if docs.last() != Some(&doc) {
                    docs.push(doc);
                }
            }
            Entry::Vacant(slot) => {
                slot.insert(lists.len() as u32);
                text.push_str(key);
                ends.push(text.len() as u32);
                text.push(BETWEEN);
                lists.push(smallvec![doc]);
            }
        }
    }

    fn find(&self, key: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(key);
        self.places
            .find(hash, |place| key_at(&self.text, &self.ends, *place) == key)
            .copied()
    }

    /// Every key with its place.
    fn iter(&self) -> impl Iterator<Item = (&str, u32)> {
        (0..self.ends.len() as u32).map(|place| (key_at(&self.text, &self.ends, place), place))
    }

    /// Every key that begins with `beginning` and has `part` somewhere behind it, by place.
    fn containing<'a>(
        &'a self,
        beginning: &'a str,
        part: &'a str,
    ) -> impl Iterator<Item = u32> + 'a {
        let part = memmem::Finder::new(part);
        let mut from = 0;
        std::iter::from_fn(move || {
            loop {
                let at = from + part.find(self.text.as_bytes().get(from..)?)?;
                let place = self.ends.partition_point(|end| *end as usize <= at);
                if place == self.ends.len() {
                    return None;
                }
                let (start, end) = bounds(&self.ends, place as u32);
                let behind = (start + beginning.len()).min(end);
                if at < behind {
                    from = behind;
                    continue;
                }
                from = end;
                if self.text[start..end].starts_with(beginning) {
                    return Some(place as u32);
                }
            }
        })
    }
}

/// Where the key at a place begins and ends in the text.
fn bounds(ends: &[u32], place: u32) -> (usize, usize) {
    let before = place
        .checked_sub(1)
        .map_or(0, |before| ends[before as usize]);
    (
        before as usize + BETWEEN.len_utf8(),
        ends[place as usize] as usize,
    )
}

fn key_at<'a>(text: &'a str, ends: &[u32], place: u32) -> &'a str {
    let (start, end) = bounds(ends, place);
    &text[start..end]
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
            for key in keys::pieces(text).filter(|key| !key.is_empty()) {
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
        let place = self.dictionaries[dictionary as usize].find(key);
        Ok(place.map(|place| TailList { dictionary, place }))
    }

    fn lists(
        &self,
        dictionary: Dictionary,
        from: &[u8],
        to: &[u8],
        each: &mut dyn FnMut(&str, TailList) -> bool,
    ) -> io::Result<()> {
        for (key, place) in self.dictionaries[dictionary as usize].iter() {
            let is_in = from <= key.as_bytes() && key.as_bytes() < to;
            if is_in && !each(key, TailList { dictionary, place }) {
                break;
            }
        }
        Ok(())
    }

    fn lists_containing(
        &self,
        dictionary: Dictionary,
        beginning: &str,
        part: &str,
        each: &mut dyn FnMut(TailList),
    ) -> io::Result<()> {
        self.dictionaries[dictionary as usize]
            .containing(beginning, part)
            .for_each(|place| each(TailList { dictionary, place }));
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
