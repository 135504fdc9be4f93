//! The inverted index of a part: which documents have a key or a word, and where in them.
//!
//! Keys and words stand in one order, in blocks of [`BLOCK_KEYS`], each without what it begins with in
//! common with the one before it. Their documents stand beside them, in the order of the keys; keys of
//! the same documents share one list, as those of a person's number, name and address do.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::hash::BuildHasher;
use std::io;
use std::ops::Range;

use bytes::Bytes;
use hashbrown::{DefaultHashBuilder, HashTable};
use roaring::RoaringBitmap;

use crate::bits::{self, PADDING_BYTES, push_varint, take_varint};
use crate::key_text::{KeyText, KeyTextBuilder};
use crate::keys;
use crate::partition::partition_point;
use crate::postings::{self, Block, Docs, Places, PlacesBlock, UNPACKED, Unpacked};
use crate::union::{Union, of_ascending};

/// The two dictionaries of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dictionary {
    /// Keys: which documents.
    Keys = 0,
    /// Words: which documents, and at which places.
    Words = 1,
}

/// Keys of a block.
const BLOCK_KEYS: usize = 32;
/// Where its keys, the lists of documents and the places of them begin: 4 each.
const ENTRY_BYTES: usize = 12;
/// How its first key begins. These stand by themselves, for a search that stays in a cache.
const BEGINNING_BYTES: usize = 8;
/// Number of documents, number of keys, before the entries.
const HEAD_BYTES: usize = 8;
/// Lengths of a key's parts up to this stand in one byte.
const SHORT: usize = 15;
/// A list of fewer bytes takes no more than naming another.
const SHARED_MIN_BYTES: usize = 5;

/// Documents of a block that are looked at one by one before the rest is halved.
const NEAR: usize = 8;

/// Names of the sections of an index file.
pub(crate) const SECTIONS: [&str; 6] = [
    "terms/keys",
    "terms/table",
    "terms/docs",
    "terms/places",
    "terms/text",
    "terms/text.table",
];

/// The bytes of the sections, in their order.
pub(crate) type Sections = [Vec<u8>; SECTIONS.len()];

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "its keys")
}

/// The documents of a key, and its places in them.
#[derive(Default)]
pub(crate) struct Occurrences {
    docs: Vec<u32>,
    /// How many places there are in each document, and all of them; of words.
    counts: Vec<u32>,
    places: Vec<u32>,
}

impl Occurrences {
    fn clear(&mut self) {
        self.docs.clear();
        self.counts.clear();
        self.places.clear();
    }

    /// Documents and places in them, in order; a document may come several times.
    fn take(&mut self, at: &[(u32, u32)]) {
        self.clear();
        for (doc, place) in at {
            match (self.docs.last(), self.counts.last_mut()) {
                (Some(last), Some(count)) if last == doc => *count += 1,
                _ => {
                    self.docs.push(*doc);
                    self.counts.push(1);
                }
            }
            self.places.push(*place);
        }
    }
}

/// A list of documents that was written.
struct Written {
    hash: u64,
    start: usize,
    end: usize,
}

/// Makes the inverted index of a part, in memory, from keys that come in order.
pub(crate) struct TermsWriter {
    all: u32,
    count: u32,
    keys: Vec<u8>,
    entries: Vec<u8>,
    beginnings: Vec<u8>,
    docs: Vec<u8>,
    places: Vec<u8>,
    text: KeyTextBuilder,
    last: Vec<u8>,
    lists: HashTable<Written>,
    hasher: DefaultHashBuilder,
    occurrences: Occurrences,
}

impl TermsWriter {
    /// Of so many documents.
    pub(crate) fn new(all: u32) -> TermsWriter {
        TermsWriter {
            all,
            count: 0,
            keys: Vec::new(),
            entries: Vec::new(),
            beginnings: Vec::new(),
            docs: Vec::new(),
            places: Vec::new(),
            text: KeyTextBuilder::default(),
            last: Vec::new(),
            lists: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            occurrences: Occurrences::default(),
        }
    }

    /// Adds a key with its documents and the places in them, in order.
    pub(crate) fn push(&mut self, key: &str, at: &[(u32, u32)]) -> io::Result<()> {
        let mut occurrences = std::mem::take(&mut self.occurrences);
        occurrences.take(at);
        let pushed = self.push_occurrences(key, &occurrences);
        self.occurrences = occurrences;
        pushed
    }

    fn push_occurrences(&mut self, key: &str, at: &Occurrences) -> io::Result<()> {
        self.text.push(key)?;
        if (self.count as usize).is_multiple_of(BLOCK_KEYS) {
            for start in [self.keys.len(), self.docs.len(), self.places.len()] {
                let start = u32::try_from(start).map_err(io::Error::other)?;
                self.entries.extend_from_slice(&start.to_le_bytes());
            }
            let beginning = keys::beginning(key.as_bytes());
            self.beginnings.extend_from_slice(&beginning.to_le_bytes());
            self.last.clear();
        }
        self.count += 1;
        let same = self.last.iter().zip(key.as_bytes());
        let shared = same.take_while(|(one, other)| one == other).count();
        push_lengths(shared, key.len() - shared, &mut self.keys);
        self.keys.extend_from_slice(&key.as_bytes()[shared..]);
        self.last.truncate(shared);
        self.last.extend_from_slice(&key.as_bytes()[shared..]);
        // The place of a list that is known, or the length of a new one.
        let (number, is_known) = self.push_docs(&at.docs);
        let number =
            u32::try_from(number << 1 | usize::from(is_known)).map_err(io::Error::other)?;
        push_varint(number, &mut self.keys);
        if keys::word_kind(key).is_some() {
            let start = self.places.len();
            postings::write_places(&at.counts, &at.places, &mut self.places);
            push_varint((self.places.len() - start) as u32, &mut self.keys);
        }
        Ok(())
    }

    fn push_docs(&mut self, list: &[u32]) -> (usize, bool) {
        let TermsWriter {
            docs,
            lists,
            hasher,
            ..
        } = self;
        let start = docs.len();
        postings::write_docs(list, self.all, docs);
        let bytes = docs.len() - start;
        if bytes < SHARED_MIN_BYTES {
            return (bytes, false);
        }
        let (before, new) = docs.split_at(start);
        let hash = hasher.hash_one(new);
        let is_same =
            |list: &Written| list.hash == hash && before.get(list.start..list.end) == Some(new);
        if let Some(known) = lists.find(hash, is_same) {
            docs.truncate(start);
            return (known.start, true);
        }
        let written = Written {
            hash,
            start,
            end: start + bytes,
        };
        lists.insert_unique(hash, written, |list| list.hash);
        (bytes, false)
    }

    pub(crate) fn finish(mut self) -> io::Result<Sections> {
        let mut table = Vec::with_capacity(HEAD_BYTES + self.entries.len());
        table.extend_from_slice(&self.all.to_le_bytes());
        table.extend_from_slice(&self.count.to_le_bytes());
        table.append(&mut self.beginnings);
        table.append(&mut self.entries);
        for bits in [&mut self.docs, &mut self.places] {
            bits.extend([0; PADDING_BYTES]);
        }
        let (frames, frame_table) = self.text.finish()?;
        Ok([
            self.keys,
            table,
            self.docs,
            self.places,
            frames,
            frame_table,
        ])
    }
}

/// How much of a key is as in the one before it, and how much follows.
fn push_lengths(shared: usize, rest: usize, out: &mut Vec<u8>) {
    out.push((shared.min(SHORT) << 4 | rest.min(SHORT)) as u8);
    for length in [shared, rest] {
        if let Some(more) = length.checked_sub(SHORT) {
            push_varint(more as u32, out);
        }
    }
}

fn take_lengths(bytes: &mut &[u8]) -> Option<(usize, usize)> {
    let (both, rest) = bytes.split_first()?;
    *bytes = rest;
    let mut length = |short: u8| {
        let short = usize::from(short);
        if short < SHORT {
            return Some(short);
        }
        Some(short + take_varint(bytes)? as usize)
    };
    Some((length(both >> 4)?, length(both & 0xF)?))
}

/// One inverted index with the documents of all, in order.
pub(crate) fn merge(inputs: &[&Terms]) -> io::Result<Sections> {
    let mut writer = TermsWriter::new(inputs.iter().map(|input| input.all).sum());
    let mut cursors: Vec<Cursor<'_>> = inputs.iter().map(|input| input.cursor(0)).collect();
    let mut starts = Vec::with_capacity(inputs.len());
    let mut heads = BinaryHeap::new();
    let mut start = 0;
    for (number, input) in inputs.iter().enumerate() {
        starts.push(start);
        start += input.all;
        if let Some(list) = cursors[number].next()? {
            heads.push(Head {
                key: cursors[number].key.clone(),
                input: number,
                list,
            });
        }
    }
    let mut occurrences = Occurrences::default();
    let mut key = Vec::new();
    while let Some(head) = heads.peek() {
        key.clear();
        key.extend_from_slice(&head.key);
        occurrences.clear();
        // Those of one key come in the order of the inputs.
        while let Some(mut head) = heads.peek_mut().filter(|head| head.key == key) {
            let cursor = &mut cursors[head.input];
            let has_places = cursor.has_places();
            let first = starts[head.input];
            inputs[head.input].read_list(head.list, has_places, first, &mut occurrences)?;
            match cursor.next()? {
                Some(list) => {
                    head.list = list;
                    head.key.clear();
                    head.key.extend_from_slice(&cursor.key);
                }
                None => {
                    PeekMut::pop(head);
                }
            }
        }
        let key = std::str::from_utf8(&key).map_err(|_| damaged())?;
        writer.push_occurrences(key, &occurrences)?;
    }
    writer.finish()
}

/// The next key of one of several inputs; the least of them is the greatest.
struct Head {
    key: Vec<u8>,
    input: usize,
    /// Where its documents and places begin.
    list: (usize, usize),
}

impl Ord for Head {
    fn cmp(&self, other: &Head) -> Ordering {
        (&other.key, other.input).cmp(&(&self.key, self.input))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Head) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Head) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Head {}

/// The inverted index of a part, read in place.
pub(crate) struct Terms {
    all: u32,
    count: usize,
    keys: Bytes,
    beginnings: Bytes,
    entries: Bytes,
    docs: Bytes,
    places: Bytes,
    text: KeyText,
}

/// The documents of one key or word.
#[derive(Debug, Clone)]
pub(crate) struct List {
    docs: u32,
    start: usize,
    places: usize,
}

impl List {
    pub(crate) fn docs(&self) -> u32 {
        self.docs
    }
}

impl Terms {
    /// Opens what was written; `None` if the bytes are something else.
    pub(crate) fn open(sections: [Bytes; SECTIONS.len()]) -> Option<Terms> {
        let [keys, table, docs, places, frames, frame_table] = sections;
        let number = |at: usize| {
            let bytes = table.get(at..at + 4)?.try_into().ok()?;
            Some(u32::from_le_bytes(bytes))
        };
        let count = number(4)? as usize;
        let blocks = count.div_ceil(BLOCK_KEYS);
        let entries = HEAD_BYTES + blocks * BEGINNING_BYTES;
        (table.len() == entries + blocks * ENTRY_BYTES).then_some(())?;
        Some(Terms {
            all: number(0)?,
            count,
            beginnings: table.slice(HEAD_BYTES..entries),
            entries: table.slice(entries..),
            keys,
            docs,
            places,
            text: KeyText::open(frames, &frame_table)?,
        })
    }

    /// How many documents it is of.
    pub(crate) fn docs(&self) -> u32 {
        self.all
    }

    fn blocks(&self) -> usize {
        self.count.div_ceil(BLOCK_KEYS)
    }

    /// Where the keys of a block begin, and their lists and places.
    fn entry(&self, block: usize) -> [usize; 3] {
        let entry = self.entries.get(block * ENTRY_BYTES..);
        let entry = entry.and_then(|entry| entry.first_chunk::<ENTRY_BYTES>());
        let number = |at: usize| {
            entry.map_or(usize::MAX, |entry| {
                u32::from_le_bytes([entry[at], entry[at + 1], entry[at + 2], entry[at + 3]])
                    as usize
            })
        };
        [0, 4, 8].map(number)
    }

    /// The first key of a block.
    fn first(&self, block: usize) -> &[u8] {
        let [start, ..] = self.entry(block);
        let mut bytes = self.keys.get(start..).unwrap_or_default();
        let length = take_lengths(&mut bytes).map_or(0, |(_, rest)| rest);
        bytes.get(..length).unwrap_or_default()
    }

    /// The block that would hold a key.
    fn block_of(&self, key: &[u8]) -> usize {
        let beginning = keys::beginning(key);
        let beginning_of =
            |block: u32| bits::word(&self.beginnings, block as usize * BEGINNING_BYTES);
        let blocks = self.blocks() as u32;
        let from = partition_point(0..blocks, |block| beginning_of(block) < beginning);
        let to = partition_point(from..blocks, |block| beginning_of(block) == beginning);
        // Of those that begin alike, the whole keys say it.
        let behind = partition_point(from..to, |block| self.first(block as usize) <= key);
        behind.saturating_sub(1) as usize
    }

    /// Goes through the keys from a block on.
    fn cursor(&self, block: usize) -> Cursor<'_> {
        Cursor {
            terms: self,
            at: block * BLOCK_KEYS,
            bytes: &[],
            key: Vec::new(),
            tag: 0,
            docs: 0,
            places: 0,
        }
    }

    /// The documents of a key; none if there is no such key.
    pub(crate) fn list(&self, key: &str) -> io::Result<Option<List>> {
        let key = key.as_bytes();
        let block = self.block_of(key);
        let mut cursor = self.cursor(block);
        // How much of the key is as in the last one that was looked at, which comes before it.
        let mut same = 0;
        while cursor.at < self.count.min((block + 1) * BLOCK_KEYS) {
            let (shared, rest) = cursor.next_key()?;
            let list = cursor.next_list()?;
            if shared > same {
                continue;
            }
            let wanted = key.get(shared..).unwrap_or_default();
            if shared < same || rest > wanted {
                break;
            }
            if rest == wanted {
                return self.counted(list).map(Some);
            }
            same += rest
                .iter()
                .zip(wanted)
                .take_while(|(one, other)| one == other)
                .count();
        }
        Ok(None)
    }

    /// A list by where its documents and places begin.
    fn counted(&self, (start, places): (usize, usize)) -> io::Result<List> {
        let docs = postings::count_docs(self.docs.get(start..).unwrap_or_default())?;
        Ok(List {
            docs,
            start,
            places,
        })
    }

    /// Calls `each` with every key in `from..to` and its documents, in order, until it says no.
    pub(crate) fn lists(
        &self,
        from: &[u8],
        to: &[u8],
        each: &mut dyn FnMut(&str, List) -> bool,
    ) -> io::Result<()> {
        let mut cursor = self.cursor(self.block_of(from));
        while let Some(list) = cursor.next()? {
            if *cursor.key >= *to {
                break;
            }
            if *cursor.key < *from {
                continue;
            }
            let key = std::str::from_utf8(&cursor.key).map_err(|_| damaged())?;
            if !each(key, self.counted(list)?) {
                break;
            }
        }
        Ok(())
    }

    /// Calls `each` with the documents of every key that begins with `beginning` and has `part`
    /// somewhere behind it.
    pub(crate) fn containing(
        &self,
        beginning: &str,
        part: &str,
        each: &mut dyn FnMut(List),
    ) -> io::Result<()> {
        self.text.containing(beginning, part, |key| {
            self.list(key)?.into_iter().for_each(&mut *each);
            Ok(())
        })
    }

    fn docs_of(&self, start: usize) -> io::Result<Docs<'_>> {
        Docs::open(self.docs.get(start..).unwrap_or_default(), self.all)
    }

    /// Appends the documents of a list, each so much greater, and its places.
    fn read_list(
        &self,
        (start, places): (usize, usize),
        has_places: bool,
        first: u32,
        out: &mut Occurrences,
    ) -> io::Result<()> {
        let mut docs = self.docs_of(start)?;
        let mut places = Places::open(self.places.get(places..).unwrap_or_default());
        let mut read = UNPACKED;
        while let Some(block) = docs.next()? {
            out.docs
                .extend(block.read(&mut read)?.iter().map(|doc| first + doc));
            if has_places {
                let block = places.next(block.count())?;
                block.read(&mut out.counts, &mut out.places)?;
            }
        }
        Ok(())
    }

    /// The documents of a range that are in any of the lists. Blocks before it are passed over.
    pub(crate) fn union(&self, lists: &[List], docs: Range<u32>) -> io::Result<RoaringBitmap> {
        let listed: u64 = lists.iter().map(|list| u64::from(list.docs())).sum();
        let expected = listed * docs.len() as u64 / u64::from(self.all.max(1));
        let mut union = Union::new(docs.clone(), lists.len(), expected);
        for list in lists {
            let mut blocks = self.docs_of(list.start)?;
            while let Some(block) = blocks.next()? {
                if block.start() >= docs.end {
                    break;
                }
                if block.end() > docs.start {
                    union.add_block(&block)?;
                }
            }
        }
        Ok(union.finish())
    }

    /// The documents of `within` that are in the list. Looks only where they are.
    pub(crate) fn retain(&self, list: &List, within: &RoaringBitmap) -> io::Result<RoaringBitmap> {
        let mut cursor = ListCursor::open(self, list, false)?;
        let mut found = Vec::new();
        for doc in within {
            if cursor.go_to(doc)? {
                found.push(doc);
            }
        }
        Ok(of_ascending(&found))
    }

    /// The documents of `within` that have the words one after the other; a word may be any of
    /// several.
    pub(crate) fn phrase(
        &self,
        words: &[Vec<List>],
        within: &RoaringBitmap,
    ) -> io::Result<RoaringBitmap> {
        let mut words = words
            .iter()
            .map(|lists| WordPlaces::of(self, lists, within))
            .collect::<io::Result<Vec<_>>>()?;
        let mut found = Vec::new();
        let (mut starts, mut next) = (Vec::new(), Vec::new());
        for doc in within {
            starts.clear();
            for (offset, word) in (0u32..).zip(&mut words) {
                next.clear();
                word.take(doc, &mut next)?;
                if offset == 0 {
                    starts.extend_from_slice(&next);
                } else {
                    let follows = |start: &u32| next.binary_search(&start.wrapping_add(offset));
                    starts.retain(|start| follows(start).is_ok());
                }
                if starts.is_empty() {
                    break;
                }
            }
            if !starts.is_empty() {
                found.push(doc);
            }
        }
        Ok(of_ascending(&found))
    }

    /// Appends the documents of `within` that are in a list, each with the places there.
    fn places_in(
        &self,
        list: &List,
        within: &RoaringBitmap,
        out: &mut Vec<(u32, u32)>,
    ) -> io::Result<()> {
        if u64::from(list.docs()) <= within.len() {
            let mut all = Occurrences::default();
            self.read_list((list.start, list.places), true, 0, &mut all)?;
            let mut places = all.places.iter();
            for (doc, count) in all.docs.iter().zip(&all.counts) {
                let own = places.by_ref().take(*count as usize);
                if within.contains(*doc) {
                    out.extend(own.map(|place| (*doc, *place)));
                } else {
                    own.for_each(drop);
                }
            }
            return Ok(());
        }
        let mut cursor = ListCursor::open(self, list, true)?;
        let mut places = Vec::new();
        for doc in within {
            if cursor.go_to(doc)? {
                places.clear();
                cursor.places(&mut places)?;
                out.extend(places.iter().map(|place| (doc, *place)));
            }
        }
        Ok(())
    }
}

/// Where a word of a phrase stands, in documents that are asked for in order.
enum WordPlaces<'t> {
    One(Box<ListCursor<'t>>),
    /// It may be any of several: all places in documents that will be asked for, in order.
    Several(Vec<(u32, u32)>, usize),
}

impl<'t> WordPlaces<'t> {
    fn of(terms: &'t Terms, lists: &[List], within: &RoaringBitmap) -> io::Result<WordPlaces<'t>> {
        if let [list] = lists {
            let cursor = ListCursor::open(terms, list, true)?;
            return Ok(WordPlaces::One(Box::new(cursor)));
        }
        let mut places = Vec::new();
        for list in lists {
            terms.places_in(list, within, &mut places)?;
        }
        places.sort_unstable();
        Ok(WordPlaces::Several(places, 0))
    }

    /// Appends the places in a document, in order.
    fn take(&mut self, doc: u32, out: &mut Vec<u32>) -> io::Result<()> {
        match self {
            WordPlaces::One(cursor) => {
                if cursor.go_to(doc)? {
                    cursor.places(out)?;
                }
            }
            WordPlaces::Several(places, at) => {
                while let Some((other, place)) = places.get(*at).filter(|(other, _)| *other <= doc)
                {
                    if *other == doc {
                        out.push(*place);
                    }
                    *at += 1;
                }
            }
        }
        Ok(())
    }
}

/// Goes through keys in order.
struct Cursor<'t> {
    terms: &'t Terms,
    /// The number of the next key.
    at: usize,
    bytes: &'t [u8],
    key: Vec<u8>,
    tag: u8,
    /// Where the next new list begins, and the next places.
    docs: usize,
    places: usize,
}

impl<'t> Cursor<'t> {
    /// The next key: how much of it is as in the last one, and what follows. [`Cursor::next_list`] has
    /// to come next.
    fn next_key(&mut self) -> io::Result<(usize, &'t [u8])> {
        if self.at.is_multiple_of(BLOCK_KEYS) {
            let start;
            [start, self.docs, self.places] = self.terms.entry(self.at / BLOCK_KEYS);
            self.bytes = self.terms.keys.get(start..).unwrap_or_default();
        }
        let (shared, rest) = take_lengths(&mut self.bytes).ok_or_else(damaged)?;
        let (rest, behind) = self.bytes.split_at_checked(rest).ok_or_else(damaged)?;
        self.bytes = behind;
        self.at += 1;
        if shared == 0 {
            self.tag = rest.first().copied().unwrap_or_default();
        }
        Ok((shared, rest))
    }

    /// Where the documents of that key begin, and its places.
    fn next_list(&mut self) -> io::Result<(usize, usize)> {
        let number = take_varint(&mut self.bytes).ok_or_else(damaged)? as usize;
        let list = if number & 1 == 1 {
            (number >> 1, self.places)
        } else {
            let start = self.docs;
            self.docs = start.saturating_add(number >> 1);
            (start, self.places)
        };
        if self.has_places() {
            let places = take_varint(&mut self.bytes).ok_or_else(damaged)?;
            self.places = self.places.saturating_add(places as usize);
        }
        Ok(list)
    }

    fn has_places(&self) -> bool {
        keys::is_word_tag(self.tag)
    }

    /// Where the documents and places of the next key begin; the key is in `key`.
    fn next(&mut self) -> io::Result<Option<(usize, usize)>> {
        if self.at >= self.terms.count {
            return Ok(None);
        }
        let (shared, rest) = self.next_key()?;
        if self.key.len() < shared {
            return Err(damaged());
        }
        self.key.truncate(shared);
        self.key.extend_from_slice(rest);
        self.next_list().map(Some)
    }
}

/// Goes through a list, from one document that is asked for to the next.
struct ListCursor<'t> {
    docs: Docs<'t>,
    places: Option<Places<'t>>,
    block: Option<(Block<'t>, Option<PlacesBlock<'t>>)>,
    /// How many documents of the block were read, none before one of them is asked for; where it is
    /// among them.
    len: usize,
    at: usize,
    read: Unpacked,
    /// Once they are asked for and some have several: how many places each document has, later where
    /// its own end; and all places of the block.
    ends: Vec<u32>,
    several: Vec<u32>,
}

impl<'t> ListCursor<'t> {
    fn open(terms: &'t Terms, list: &List, has_places: bool) -> io::Result<ListCursor<'t>> {
        let places = || Places::open(terms.places.get(list.places..).unwrap_or_default());
        Ok(ListCursor {
            docs: terms.docs_of(list.start)?,
            places: has_places.then(places),
            block: None,
            len: 0,
            at: 0,
            read: UNPACKED,
            ends: Vec::new(),
            several: Vec::new(),
        })
    }

    /// Whether the list has a document, which is greater than all that were asked for.
    fn go_to(&mut self, doc: u32) -> io::Result<bool> {
        let block = loop {
            match self.block {
                Some((block, _)) if block.end() > doc => break block,
                _ => {
                    let Some(block) = self.docs.next()? else {
                        self.len = 0;
                        self.block = None;
                        return Ok(false);
                    };
                    let places = self
                        .places
                        .as_mut()
                        .map(|places| places.next(block.count()));
                    self.block = Some((block, places.transpose()?));
                    (self.len, self.at) = (0, 0);
                    self.ends.clear();
                    self.several.clear();
                }
            }
        };
        if let Some(place) = block.place_of(doc) {
            self.at = place.unwrap_or_default();
            return Ok(place.is_some());
        }
        if self.len == 0 {
            self.len = block.read(&mut self.read)?.len();
        }
        // What is asked for next is mostly near.
        let rest = self.read.get(self.at..self.len).unwrap_or_default();
        let near = rest
            .iter()
            .take(NEAR)
            .take_while(|other| **other < doc)
            .count();
        self.at += near;
        if near == NEAR {
            self.at += rest[near..].partition_point(|other| *other < doc);
        }
        Ok(self.read[..self.len].get(self.at) == Some(&doc))
    }

    /// Appends the places in the document that was found last.
    fn places(&mut self, out: &mut Vec<u32>) -> io::Result<()> {
        let Some((_, Some(places))) = self.block else {
            return Ok(());
        };
        if let Some(place) = places.one(self.at) {
            out.push(place);
            return Ok(());
        }
        if self.ends.is_empty() {
            places.read(&mut self.ends, &mut self.several)?;
            let mut end = 0;
            for count in &mut self.ends {
                end += *count;
                *count = end;
            }
        }
        let end_of = |place: usize| self.ends.get(place).map_or(0, |end| *end as usize);
        let start = self.at.checked_sub(1).map_or(0, end_of);
        out.extend(self.several.get(start..end_of(self.at)).unwrap_or_default());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use query::{ExactField, TextField};

    type Naive = BTreeMap<String, Vec<(u32, u32)>>;

    fn open(sections: Sections) -> Terms {
        Terms::open(sections.map(Bytes::from)).unwrap()
    }

    fn write(keys: &Naive, all: u32) -> Sections {
        let mut writer = TermsWriter::new(all);
        for (key, at) in keys {
            writer.push(key, at).unwrap();
        }
        writer.finish().unwrap()
    }

    fn word(word: impl std::fmt::Display) -> String {
        keys::text(TextField::Message, &word.to_string())
    }

    /// Documents from `first` on with keys and words of every frequency, some of them together, some
    /// twice in a document, and some longer than a byte can say.
    fn add(keys: &mut Naive, first: u32, docs: std::ops::Range<u32>) {
        for doc in docs {
            let number = doc.wrapping_mul(0x9E37_79B9) >> 8;
            let person = number % 97;
            let mut own = vec![
                (keys::exact(ExactField::Kind, "application"), 0),
                (keys::exact(ExactField::ActorId, &person.to_string()), 0),
                (
                    keys::exact(ExactField::ActorEmail, &format!("{person}@example.com")),
                    0,
                ),
                (word("the"), 1 + number % 3),
                (word(format!("{person:0>20}")), 7),
                (word(format!("{person:0>20}")), 9 + number % 3),
                (word("between"), 8),
                (word(doc), 12),
            ];
            if number % 5 == 0 {
                own.push((word("fifth"), 4));
            }
            own.sort();
            for (key, place) in own {
                keys.entry(key).or_default().push((doc - first, place));
            }
        }
    }

    fn docs_of(at: &[(u32, u32)]) -> RoaringBitmap {
        at.iter().map(|(doc, _)| *doc).collect()
    }

    fn check(terms: &Terms, keys: &Naive) {
        for (key, at) in keys {
            let list = terms.list(key).unwrap().unwrap();
            let docs = docs_of(at);
            assert_eq!(u64::from(list.docs()), docs.len(), "{key}");
            let every_third: RoaringBitmap = (0..terms.docs()).step_by(3).collect();
            let retained = terms.retain(&list, &every_third).unwrap();
            assert_eq!(retained, &docs & &every_third, "{key}");
            let both = [list.clone(), list];
            for range in [0..terms.docs(), 100..200, 0..1, 5..5] {
                let union = terms.union(&both, range.clone()).unwrap();
                let expected = docs.iter().filter(|doc| range.contains(doc)).collect();
                assert_eq!(union, expected, "{key} {range:?}");
            }
            for other in [
                &key[..key.len() - 1],
                &format!("{key}\u{1}"),
                &format!("{key}~"),
            ] {
                assert_eq!(
                    terms.list(other).unwrap().is_some(),
                    keys.contains_key(other)
                );
            }
        }
        let all: Vec<&String> = keys.keys().collect();
        for (from, to) in [
            ("", "~"),
            ("\u{1f}", "\u{52}1"),
            (all[31], all[64]),
            ("~", "~~"),
        ] {
            let mut found = Vec::new();
            terms
                .lists(from.as_bytes(), to.as_bytes(), &mut |key, list| {
                    found.push((key.to_owned(), list.docs()));
                    true
                })
                .unwrap();
            let expected: Vec<_> = keys
                .range(from.to_owned()..to.to_owned())
                .map(|(key, at)| (key.clone(), docs_of(at).len() as u32))
                .collect();
            assert_eq!(found, expected, "{from} {to}");
        }
        let place = |key: &str, doc, place| keys[key].contains(&(doc, place));
        let within = docs_of(&keys[&word("the")]);
        for (one, two) in [("the", "fifth"), ("fifth", "the"), ("the", "the")] {
            let words = [one, two].map(word);
            let lists = words
                .each_ref()
                .map(|word| vec![terms.list(word).unwrap().unwrap()]);
            let candidates = docs_of(&keys[&words[0]]) & docs_of(&keys[&words[1]]);
            let expected: RoaringBitmap = candidates
                .iter()
                .filter(|doc| {
                    (0..60).any(|at| place(&words[0], *doc, at) && place(&words[1], *doc, at + 1))
                })
                .collect();
            assert_eq!(
                terms.phrase(&lists, &candidates).unwrap(),
                expected,
                "{one} {two}"
            );
        }
        // A word with two places in each document, or one of several words.
        let padded = |person: u32| {
            terms
                .list(&word(format!("{person:0>20}")))
                .unwrap()
                .unwrap()
        };
        let people = vec![padded(3), padded(5)];
        let after = vec![terms.list(&word("fifth")).unwrap().unwrap()];
        let found = terms.phrase(&[people.clone(), after], &within).unwrap();
        assert!(found.is_empty(), "it stands before them");
        let expected: RoaringBitmap = [3, 5]
            .iter()
            .flat_map(|person| {
                let key = word(format!("{person:0>20}"));
                let at = keys[&key].iter().filter(|(_, place)| *place == 9);
                at.map(|(doc, _)| *doc).collect::<Vec<_>>()
            })
            .collect();
        let words = [
            people.clone(),
            vec![terms.list(&word("between")).unwrap().unwrap()],
            people,
        ];
        assert!(!expected.is_empty());
        for within in [within, expected.iter().take(3).collect()] {
            let found = terms.phrase(&words, &within).unwrap();
            assert_eq!(found, &expected & &within);
        }
    }

    #[test]
    fn keys_documents_and_places_are_those_put_in() {
        let mut keys = Naive::new();
        add(&mut keys, 0, 0..3_000);
        let terms = open(write(&keys, 3_000));
        check(&terms, &keys);
        // A person's number and address share a list.
        let [id, email] = [
            keys::exact(ExactField::ActorId, "7"),
            keys::exact(ExactField::ActorEmail, "7@example.com"),
        ]
        .map(|key| terms.list(&key).unwrap().unwrap());
        assert_eq!(id.start, email.start);
        let nothing = open(write(&Naive::new(), 0));
        assert!(nothing.list("a").unwrap().is_none());
        nothing
            .lists(b"", b"~", &mut |_, _| panic!("there are none"))
            .unwrap();
    }

    #[test]
    fn what_is_merged_is_what_all_together_would_be() {
        let mut keys = Naive::new();
        add(&mut keys, 0, 0..3_000);
        let ends = [0, 1, 1, 130, 1_500, 3_000];
        let parts: Vec<Terms> = ends
            .windows(2)
            .map(|ends| {
                let mut keys = Naive::new();
                add(&mut keys, ends[0], ends[0]..ends[1]);
                open(write(&keys, ends[1] - ends[0]))
            })
            .collect();
        let merged = merge(&parts.iter().collect::<Vec<_>>()).unwrap();
        assert!(merged == write(&keys, 3_000));
        assert!(merge(&[]).unwrap() == write(&Naive::new(), 0));
    }

    #[test]
    fn bytes_of_something_else_are_refused_or_an_error() {
        let mut keys = Naive::new();
        add(&mut keys, 0, 0..400);
        let sections = write(&keys, 400);
        let mut cut = sections.clone();
        cut[1].pop();
        assert!(Terms::open(cut.map(Bytes::from)).is_none());
        for section in 0..4 {
            for at in (0..sections[section].len()).step_by(7) {
                let mut other = sections.clone();
                other[section][at] ^= 0x5A;
                let Some(terms) = Terms::open(other.map(Bytes::from)) else {
                    continue;
                };
                let all = 0..terms.docs().min(1_000);
                for key in keys.keys().step_by(41) {
                    if let Ok(Some(list)) = terms.list(key) {
                        let found = terms.union(std::slice::from_ref(&list), all.clone());
                        let words = [vec![list.clone()], vec![list.clone(), list]];
                        let _ = found.map(|found| terms.phrase(&words, &found));
                    }
                }
                let _ = merge(&[&terms]);
            }
        }
    }
}
