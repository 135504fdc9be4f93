//! A segment of the tail: recent events in memory, searchable as soon as they are pushed.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use event::Recorded;
use ledger::Shelf;
use query::{ExactField, Leaf};
use roaring::RoaringBitmap;
use smallvec::{SmallVec, smallvec};

use crate::columns::{Columns, MemoryColumns};
use crate::document::Document;
use crate::ids::MemoryIds;
use crate::keys;
use crate::log::Batch;
use crate::source::{Fault, Source};
use crate::terms::Dictionary;
use crate::texts::{Texts, with_spare};
use crate::union::Union;

/// Events of a segment. Only the newest one is ever written to, so that a search never waits long
/// for the follower, nor the follower for a search.
const SEGMENT_EVENTS: u32 = 4_096;

/// Events that follow each other without a gap.
#[derive(Default)]
pub(crate) struct Segment {
    /// Of each dictionary.
    texts: [Texts; 2],
    /// The documents of each key, by its number; most have one.
    lists: [Vec<SmallVec<[u32; 4]>>; 2],
    shelves: Vec<Shelf>,
    columns: MemoryColumns,
    ids: MemoryIds,
    own: RoaringBitmap,
    /// The batches the events are in, each with its first document and that one's place in it.
    batches: Vec<(u32, u32, Arc<dyn Batch>)>,
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
        let texts = [&document.keys, &document.words];
        for (text, (texts, lists)) in texts.iter().zip(self.texts.iter_mut().zip(&mut self.lists)) {
            texts.push(text, |number| match lists.get_mut(number as usize) {
                Some(docs) if docs.last() == Some(&doc) => {}
                Some(docs) => docs.push(doc),
                None => lists.push(smallvec![doc]),
            });
        }
        self.shelves.push(shelf);
        if is_own {
            self.own.insert(doc);
        }
        self.ids.push(doc, document.ids.iter().copied());
        self.columns.push(document);
    }

    /// Whether it takes no more events.
    pub(crate) fn is_full(&self) -> bool {
        self.len() >= SEGMENT_EVENTS || self.texts.iter().any(Texts::is_full)
    }

    /// An empty one with room for what this one holds: what comes next is likely to be as much, and is
    /// not copied several times while it grows.
    pub(crate) fn successor(&self) -> Segment {
        Segment {
            texts: self.texts.each_ref().map(Texts::successor),
            lists: self
                .lists
                .each_ref()
                .map(|it| Vec::with_capacity(with_spare(it.len()))),
            ..Segment::default()
        }
    }

    /// Gives back memory that was set aside for more events.
    pub(crate) fn shrink(&mut self) {
        self.texts.iter_mut().for_each(Texts::shrink);
        self.lists.iter_mut().for_each(Vec::shrink_to_fit);
    }

    /// The pieces of its documents, of each dictionary.
    pub(crate) fn texts(&self) -> &[Texts; 2] {
        &self.texts
    }

    /// What its documents hold that is only looked up whole.
    pub(crate) fn ids(&self) -> &MemoryIds {
        &self.ids
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
        &self.lists[list.dictionary as usize][list.number as usize]
    }
}

/// Names a list of a segment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TailList {
    dictionary: Dictionary,
    number: u32,
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
        let number = self.texts[dictionary as usize].all.find(key);
        Ok(number.map(|number| TailList { dictionary, number }))
    }

    fn lists(
        &self,
        dictionary: Dictionary,
        from: &[u8],
        to: &[u8],
        each: &mut dyn FnMut(&str, TailList) -> bool,
    ) -> io::Result<()> {
        for (key, number) in self.texts[dictionary as usize].all.iter() {
            let is_in = from <= key.as_bytes() && key.as_bytes() < to;
            if is_in && !each(key, TailList { dictionary, number }) {
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
        self.texts[dictionary as usize]
            .all
            .containing(beginning, part)
            .for_each(|number| each(TailList { dictionary, number }));
        Ok(())
    }

    fn union(&self, lists: &[TailList], docs: Range<u32>) -> io::Result<RoaringBitmap> {
        let expected = lists.iter().map(|list| u64::from(self.docs_of(list))).sum();
        let mut union = Union::new(docs, lists.len(), expected);
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

    fn ids(&self, field: ExactField, value: &str) -> Result<RoaringBitmap, Fault> {
        Ok(self.ids.find(keys::id_hash(field, value)))
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
    fn documents_of_a_shelf_are_found_by_their_sequences() {
        let random = &mut Random::new(5);
        let batch: Arc<dyn Batch> = Arc::new(Nothing);
        let mut segment = Segment::default();
        let (mut document, mut shelves) = (Document::default(), Vec::new());
        for sequence in 100..500 {
            let event = testing::event(random, Sequence::new(sequence));
            document.read(&event);
            let shelf = Shelf::of(event.kind, event.category);
            segment.push(&document, shelf, false, &batch, 0);
            shelves.push(shelf);
        }
        let shelf = shelves[3];
        let expected: Vec<u32> = (3..=350)
            .filter(|doc| shelves[*doc as usize] == shelf)
            .collect();
        assert_eq!(segment.on_shelf(shelf, 103, 450), expected);
        assert!(segment.on_shelf(shelf, 0, 99).is_empty());
        assert!(segment.on_shelf(shelf, 500, 900).is_empty());
        assert!(segment.on_shelf(Shelf::Hold, 0, 900).is_empty());
    }
}
