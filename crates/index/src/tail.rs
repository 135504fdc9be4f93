//! A segment of the tail: recent events in memory, searchable as soon as they are pushed.

use std::hash::BuildHasher;
use std::io;
use std::sync::Arc;

use event::Recorded;
use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};
use ledger::Shelf;
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

/// The pieces of each document's text, in their order; a key that it has twice is here once.
#[derive(Default)]
struct Pieces {
    /// Their places in the dictionary, [`NO_PLACE`] for an empty one.
    places: Vec<u32>,
    /// Where those of each document end.
    ends: Vec<u32>,
}

const NO_PLACE: u32 = u32::MAX;

impl Pieces {
    fn of(&self, doc: u32) -> &[u32] {
        let start = doc
            .checked_sub(1)
            .map_or(0, |before| self.ends[before as usize]);
        &self.places[start as usize..self.ends[doc as usize] as usize]
    }
}

/// Events that follow each other without a gap.
#[derive(Default)]
pub(crate) struct Segment {
    dictionaries: [Lists; 2],
    /// What the index of a part is made from.
    pieces: [Pieces; 2],
    shelves: Vec<Shelf>,
    columns: MemoryColumns,
    ids: MemoryIds,
    own: RoaringBitmap,
    /// The batches the events are in, each with its first document and that one's place in it.
    batches: Vec<(u32, u32, Arc<dyn Batch>)>,
}

impl Lists {
    /// Adds a document to a key; answers with the key's place, and whether the document is new to it.
    fn push(&mut self, key: &str, doc: u32) -> (u32, bool) {
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
            Entry::Occupied(entry) => {
                let place = *entry.get();
                let docs = &mut lists[place as usize];
                let is_new = docs.last() != Some(&doc);
                if is_new {
                    docs.push(doc);
                }
                (place, is_new)
            }
            Entry::Vacant(slot) => {
                let place = lists.len() as u32;
                slot.insert(place);
                text.push_str(key);
                ends.push(text.len() as u32);
                text.push(BETWEEN);
                lists.push(smallvec![doc]);
                (place, true)
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
        shelf: Shelf,
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
        for (dictionary, text) in [
            (Dictionary::Keys, &document.keys),
            (Dictionary::Words, &document.words),
        ] {
            let lists = &mut self.dictionaries[dictionary as usize];
            let pieces = &mut self.pieces[dictionary as usize];
            for key in keys::pieces(text) {
                if key.is_empty() {
                    pieces.places.push(NO_PLACE);
                    continue;
                }
                let (place, is_new) = lists.push(key, doc);
                if is_new || dictionary == Dictionary::Words {
                    pieces.places.push(place);
                }
            }
            pieces.ends.push(pieces.places.len() as u32);
        }
        self.shelves.push(shelf);
        if is_own {
            self.own.insert(doc);
        }
        self.ids.push(doc, &document.ids);
        self.columns.push(document);
    }

    /// Gives back memory that was set aside for more events.
    pub(crate) fn shrink(&mut self) {
        for pieces in &mut self.pieces {
            pieces.places.shrink_to_fit();
            pieces.ends.shrink_to_fit();
        }
    }

    /// Makes `document` what was pushed as a document of this segment.
    pub(crate) fn fill(&self, doc: u32, document: &mut Document) {
        document.clear();
        let texts = [&mut document.keys, &mut document.words];
        let dictionaries = self.dictionaries.iter().zip(&self.pieces);
        for ((lists, pieces), text) in dictionaries.zip(texts) {
            for place in pieces.of(doc) {
                if *place != NO_PLACE {
                    text.push_str(key_at(&lists.text, &lists.ends, *place));
                }
                text.push(BETWEEN);
            }
        }
        document.ids.extend(self.ids.of(doc));
        self.columns.fill(doc, document);
    }

    /// Documents of a shelf with sequences from `first` to `last`, both included.
    pub(crate) fn on_shelf(&self, shelf: Shelf, first: u64, last: u64) -> Vec<u32> {
        let range = self.columns.doc_from(first)..self.columns.doc_from(last + 1);
        range
            .filter(|doc| self.shelves[*doc as usize] == shelf)
            .collect()
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

#[cfg(test)]
mod tests {
    use event::Sequence;
    use query::testing::{self, Random};

    use super::*;
    use crate::document::VALUE_FIELDS;

    struct Nothing;

    impl Batch for Nothing {
        fn first(&self) -> Sequence {
            Sequence::new(0)
        }

        fn len(&self) -> usize {
            0
        }

        fn recorded(&self, _: usize) -> io::Result<Recorded> {
            Err(io::Error::other("nothing is here"))
        }
    }

    #[test]
    fn documents_come_back_as_they_were_pushed() {
        let random = &mut Random::new(5);
        let batch: Arc<dyn Batch> = Arc::new(Nothing);
        let mut segment = Segment::default();
        let mut pushed: Vec<(Document, Shelf)> = Vec::new();
        for sequence in 100..500 {
            let event = testing::event(random, Sequence::new(sequence));
            let mut document = Document::default();
            document.read(&event);
            let shelf = Shelf::of(event.kind, event.category);
            segment.push(&document, shelf, false, &batch, 0);
            pushed.push((document, shelf));
        }
        // A value that an event has twice counts once.
        let values = |document: &Document| {
            let mut values: [Vec<String>; VALUE_FIELDS.len()] = Default::default();
            for (field, value) in document.values() {
                if !values[field].iter().any(|other| other == value) {
                    values[field].push(value.to_owned());
                }
            }
            values
        };
        let once = |text: &str| {
            let mut known = Vec::new();
            for key in keys::pieces(text) {
                if !known.contains(&key) {
                    known.push(key);
                }
            }
            known
                .iter()
                .map(|key| format!("{key}{BETWEEN}"))
                .collect::<String>()
        };
        let mut back = Document::default();
        for (doc, (document, _)) in (0..).zip(&pushed) {
            segment.fill(doc, &mut back);
            assert_eq!(back.keys, once(&document.keys));
            assert_eq!(back.words, document.words);
            assert_eq!(back.ids, document.ids);
            assert_eq!(back.numbers, document.numbers);
            assert_eq!(
                (back.sequence, back.has_time),
                (document.sequence, document.has_time)
            );
            assert_eq!(values(&back), values(document));
        }
        let shelf = pushed[3].1;
        let expected: Vec<u32> = (3..=350)
            .filter(|doc| pushed[*doc as usize].1 == shelf)
            .collect();
        assert_eq!(segment.on_shelf(shelf, 103, 450), expected);
        assert!(segment.on_shelf(shelf, 0, 99).is_empty());
        assert!(segment.on_shelf(shelf, 500, 900).is_empty());
        assert!(segment.on_shelf(Shelf::Hold, 0, 900).is_empty());
    }
}
