//! Keys that few documents have: sessions, records, addresses, numbers.
//!
//! Nearly every event brings a new one, so what counts is what a key takes, not how fast long lists
//! are put together. Keys stand in order in small frames that are packed on their own; their
//! documents stand beside them, each as its distance from the one before. A filter tells of most
//! keys that a frame does not hold them, so that it need not be unpacked to find nothing; its pairs
//! of characters tell the same of most pieces of keys, and of keys of other characters.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;

use bytes::Bytes;
use memchr::memmem;

use crate::bits::{push_varint, take_varint};
use crate::key_text;
use crate::keys::{self, BETWEEN};
use crate::pairs::{self, PAIRS_BYTES};
use crate::partition::partition_point;

/// Size of a frame's keys at which it is closed, 8 KiB: unpacked in some microseconds.
const FRAME_BYTES: usize = 8 << 10;
/// Largest frame that is read, unpacked: one key of the largest size and the length of its list.
const MAX_FRAME_BYTES: usize = 1 << 20;
/// Level of zstd for frames.
const LEVEL: i32 = 3;
/// Start of the frame, its length unpacked, length of the keys in it, start of its documents, start
/// of its first key behind the table, start of its pairs with its filter behind, keys before it: 4
/// each.
const ENTRY_BYTES: usize = 28;
/// Bits of a frame's filter for each key, and how many of them a key sets: of keys that are not in
/// the frame one in eighteen is looked for.
const FILTER_BITS: usize = 6;
const FILTER_LOOKS: u32 = 4;
/// Names of the sections of an index file: frames, table, documents, filters.
pub(crate) const SECTIONS: [&str; 4] = ["rare/frames", "rare/table", "rare/docs", "rare/filters"];

/// The bytes of the sections, in their order.
pub(crate) type Sections = [Vec<u8>; SECTIONS.len()];

/// The bits of a key in a filter of some bytes (a Bloom filter).
fn filter_bits(key: &str, bytes: usize) -> impl Iterator<Item = usize> {
    let hash = keys::hash(key.as_bytes());
    let hash = (hash ^ (hash >> 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let (start, step) = (hash as u32, (hash >> 32) as u32 | 1);
    (0..FILTER_LOOKS)
        .map(move |look| start.wrapping_add(look.wrapping_mul(step)) as usize % (bytes * 8).max(1))
}

/// Documents of a key, in order.
#[derive(Default)]
struct Docs {
    bytes: Vec<u8>,
    /// The last one, and one more: 0 while there are none.
    next: u32,
}

impl Docs {
    fn push(&mut self, doc: u32) {
        if doc >= self.next {
            push_varint(doc - self.next, &mut self.bytes);
            self.next = doc + 1;
        }
    }
}

/// One set of keys with the documents of all inputs; those of each begin at its number.
pub(crate) fn merge(inputs: &[(&Rare, u32)]) -> io::Result<Sections> {
    let mut cursors: Vec<Cursor<'_>> = inputs.iter().map(|(rare, _)| rare.cursor(0)).collect();
    let mut heads = BinaryHeap::new();
    let step = |cursors: &mut Vec<Cursor<'_>>, input: usize| -> io::Result<_> {
        let next = cursors[input].next()?;
        Ok(next.map(|(key, list)| Reverse((key.to_owned(), input, list))))
    };
    for input in 0..inputs.len() {
        heads.extend(step(&mut cursors, input)?);
    }
    let mut writer = RareWriter::new()?;
    let mut current: Option<(String, Docs)> = None;
    while let Some(Reverse((key, input, list))) = heads.pop() {
        heads.extend(step(&mut cursors, input)?);
        let docs = match &mut current {
            Some((open, docs)) if *open == key => docs,
            _ => {
                if let Some((key, docs)) = &current {
                    writer.push_packed(key, &docs.bytes)?;
                }
                &mut current.insert((key, Docs::default())).1
            }
        };
        let (rare, start) = inputs[input];
        rare.each_doc(&list, |doc| docs.push(start + doc));
    }
    if let Some((key, docs)) = &current {
        writer.push_packed(key, &docs.bytes)?;
    }
    writer.finish()
}

/// Writes keys that come in order.
pub(crate) struct RareWriter {
    frames: Vec<u8>,
    entries: Vec<u8>,
    firsts: String,
    docs: Vec<u8>,
    filters: Vec<u8>,
    /// How many keys came, and how many of them before the open frame.
    keys: usize,
    keys_before: usize,
    /// The keys of the open frame, each between two [`BETWEEN`]; and the lengths of their lists.
    text: String,
    lengths: Vec<u8>,
    docs_start: usize,
    compressor: zstd::bulk::Compressor<'static>,
}

impl RareWriter {
    pub(crate) fn new() -> io::Result<RareWriter> {
        Ok(RareWriter {
            frames: Vec::new(),
            entries: Vec::new(),
            firsts: String::new(),
            docs: Vec::new(),
            filters: Vec::new(),
            keys: 0,
            keys_before: 0,
            text: String::new(),
            lengths: Vec::new(),
            docs_start: 0,
            compressor: zstd::bulk::Compressor::new(LEVEL)?,
        })
    }

    /// Adds a key with its documents, in order; one that comes twice counts once.
    pub(crate) fn push(&mut self, key: &str, docs: impl Iterator<Item = u32>) -> io::Result<()> {
        self.push_key(key)?;
        let before = self.docs.len();
        let mut packed = Docs {
            bytes: std::mem::take(&mut self.docs),
            next: 0,
        };
        docs.for_each(|doc| packed.push(doc));
        self.docs = packed.bytes;
        push_varint((self.docs.len() - before) as u32, &mut self.lengths);
        Ok(())
    }

    fn push_packed(&mut self, key: &str, docs: &[u8]) -> io::Result<()> {
        self.push_key(key)?;
        self.docs.extend_from_slice(docs);
        push_varint(docs.len() as u32, &mut self.lengths);
        Ok(())
    }

    fn push_key(&mut self, key: &str) -> io::Result<()> {
        if self.text.len() + key.len() > FRAME_BYTES {
            self.close()?;
        }
        if self.text.is_empty() {
            self.text.push(BETWEEN);
        }
        self.text.push_str(key);
        self.text.push(BETWEEN);
        self.keys += 1;
        Ok(())
    }

    fn close(&mut self) -> io::Result<()> {
        let Some(first) = self.text.split(BETWEEN).nth(1) else {
            return Ok(());
        };
        let starts = [
            self.frames.len(),
            self.text.len() + self.lengths.len(),
            self.text.len(),
            self.docs_start,
            self.firsts.len(),
            self.filters.len(),
            self.keys_before,
        ];
        for number in starts {
            let number = u32::try_from(number).map_err(io::Error::other)?;
            self.entries.extend_from_slice(&number.to_le_bytes());
        }
        self.firsts.push_str(first);
        let keys = || self.text[1..].split_terminator(BETWEEN);
        self.filters
            .extend_from_slice(&pairs::of_frame(self.text.as_bytes()));
        let mut filter = vec![0u8; (keys().count() * FILTER_BITS).div_ceil(8)];
        for key in keys() {
            for bit in filter_bits(key, filter.len()) {
                filter[bit / 8] |= 1 << (bit % 8);
            }
        }
        self.filters.append(&mut filter);
        let mut raw = std::mem::take(&mut self.text).into_bytes();
        raw.append(&mut self.lengths);
        self.frames
            .extend_from_slice(&self.compressor.compress(&raw)?);
        self.docs_start = self.docs.len();
        self.keys_before = self.keys;
        Ok(())
    }

    pub(crate) fn finish(mut self) -> io::Result<Sections> {
        self.close()?;
        let mut table = self.entries;
        // What would be the next frame: where the last one ends.
        let ends = [
            self.frames.len(),
            0,
            0,
            self.docs.len(),
            self.firsts.len(),
            self.filters.len(),
            self.keys,
        ];
        for number in ends {
            let number = u32::try_from(number).map_err(io::Error::other)?;
            table.extend_from_slice(&number.to_le_bytes());
        }
        let entries = (table.len() / ENTRY_BYTES) as u32;
        table.splice(0..0, entries.to_le_bytes());
        table.extend_from_slice(self.firsts.as_bytes());
        Ok([self.frames, table, self.docs, self.filters])
    }
}

/// The documents of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RareList {
    start: u32,
    end: u32,
    docs: u32,
}

impl RareList {
    pub(crate) fn docs(&self) -> u32 {
        self.docs
    }
}

/// The keys in the bytes of an index file.
pub(crate) struct Rare {
    frames: Bytes,
    table: Bytes,
    firsts: Bytes,
    docs: Bytes,
    filters: Bytes,
}

struct Entry {
    start: usize,
    raw_bytes: usize,
    text_bytes: usize,
    docs: usize,
    first: usize,
    filter: usize,
    /// How many keys there are before its own.
    keys: usize,
}

/// A frame, unpacked.
#[derive(Default)]
struct Frame {
    raw: Vec<u8>,
    text_bytes: usize,
    docs: usize,
}

impl Frame {
    /// The keys in it, in order.
    fn keys(&self) -> impl Iterator<Item = &[u8]> {
        let text = self.raw.get(1..self.text_bytes).unwrap_or_default();
        let mut start = 0;
        memchr::memchr_iter(BETWEEN as u8, text).map(move |end| {
            let key = &text[start..end];
            start = end + 1;
            key
        })
    }
}

impl Rare {
    /// Opens what was written; `None` if the bytes are something else.
    pub(crate) fn open(sections: [Bytes; SECTIONS.len()]) -> Option<Rare> {
        let [frames, table, docs, filters] = sections;
        let entries = u32::from_le_bytes(table.get(..4)?.try_into().ok()?) as usize;
        let end = 4 + entries.checked_mul(ENTRY_BYTES)?;
        if entries == 0 || table.len() < end {
            return None;
        }
        let rare = Rare {
            frames,
            firsts: table.slice(end..table.len()),
            table: table.slice(4..end),
            docs,
            filters,
        };
        let mut before = rare.entry(0)?;
        for place in 1..entries {
            let entry = rare.entry(place)?;
            let fits = before.start <= entry.start
                && before.docs <= entry.docs
                && before.first <= entry.first
                && before.filter <= entry.filter
                && before.keys < entry.keys
                && before.text_bytes <= before.raw_bytes
                && before.raw_bytes <= MAX_FRAME_BYTES;
            if !fits {
                return None;
            }
            before = entry;
        }
        let whole = before.start == rare.frames.len()
            && before.docs == rare.docs.len()
            && before.first == rare.firsts.len()
            && before.filter == rare.filters.len();
        whole.then_some(rare)
    }

    fn frames(&self) -> usize {
        self.table.len() / ENTRY_BYTES - 1
    }

    fn entry(&self, place: usize) -> Option<Entry> {
        let bytes = self
            .table
            .get(place * ENTRY_BYTES..(place + 1) * ENTRY_BYTES)?;
        let number = |at: usize| {
            let bytes = bytes.get(at * 4..at * 4 + 4)?.try_into().ok()?;
            usize::try_from(u32::from_le_bytes(bytes)).ok()
        };
        Some(Entry {
            start: number(0)?,
            raw_bytes: number(1)?,
            text_bytes: number(2)?,
            docs: number(3)?,
            first: number(4)?,
            filter: number(5)?,
            keys: number(6)?,
        })
    }

    fn first(&self, place: usize) -> &[u8] {
        let ends = [place, place + 1].map(|place| self.entry(place).map_or(0, |it| it.first));
        self.firsts.get(ends[0]..ends[1]).unwrap_or_default()
    }

    /// The last frame that begins so, as all before it do; the first if none does.
    fn last_frame(&self, begins: impl Fn(usize) -> bool) -> usize {
        let frames = 0..self.frames() as u32;
        partition_point(frames, |place| begins(place as usize)).saturating_sub(1) as usize
    }

    /// The frame that would hold a key.
    fn frame_of(&self, key: &[u8]) -> usize {
        self.last_frame(|place| self.first(place) <= key)
    }

    /// The frame that has the key at a place.
    fn frame_with(&self, key: usize) -> usize {
        self.last_frame(|place| self.entry(place).is_some_and(|entry| entry.keys <= key))
    }

    /// How many keys there are before one.
    pub(crate) fn rank(&self, key: &[u8]) -> io::Result<u32> {
        if self.frames() == 0 {
            return Ok(0);
        }
        let place = self.frame_of(key);
        let before = self.entry(place).ok_or_else(damaged)?.keys;
        let frame = self.frame(place)?;
        let within = frame.keys().take_while(|other| *other < key).count();
        u32::try_from(before + within).map_err(|_| damaged())
    }

    /// Calls `each` with some places in the order of all keys, given in ascending order, and the
    /// keys at them.
    pub(crate) fn each_key(
        &self,
        places: impl Iterator<Item = u32>,
        mut each: impl FnMut(u32, &str),
    ) -> io::Result<()> {
        let mut places = places.peekable();
        while let Some(first) = places.peek() {
            let number = self.frame_with(*first as usize);
            let (entry, next) = self
                .entry(number)
                .zip(self.entry(number + 1))
                .ok_or_else(damaged)?;
            let frame = self.frame(number)?;
            let (mut keys, mut at) = (frame.keys(), entry.keys);
            if !(entry.keys..next.keys).contains(&(*first as usize)) {
                return Err(damaged());
            }
            while let Some(place) = places.next_if(|place| (*place as usize) < next.keys) {
                let skipped = (place as usize).checked_sub(at).ok_or_else(damaged)?;
                let key = keys.nth(skipped).ok_or_else(damaged)?;
                at = place as usize + 1;
                each(place, std::str::from_utf8(key).map_err(|_| damaged())?);
            }
        }
        Ok(())
    }

    /// The pairs of a frame, and its filter.
    fn filters_of(&self, place: usize) -> (&[u8], &[u8]) {
        let ends = [place, place + 1].map(|place| self.entry(place).map_or(0, |it| it.filter));
        let both = self.filters.get(ends[0]..ends[1]).unwrap_or_default();
        both.split_at_checked(PAIRS_BYTES).unwrap_or_default()
    }

    /// Whether a frame may hold a key.
    fn may_hold(&self, place: usize, key: &str) -> bool {
        let (pairs, filter) = self.filters_of(place);
        let is_set = |bit: usize| {
            let byte = filter.get(bit / 8);
            byte.is_some_and(|byte| byte >> (bit % 8) & 1 == 1)
        };
        filter_bits(key, filter.len()).all(is_set) && pairs::may_hold(pairs, key.as_bytes())
    }

    fn frame(&self, place: usize) -> io::Result<Frame> {
        let (entry, next) = self
            .entry(place)
            .zip(self.entry(place + 1))
            .ok_or_else(damaged)?;
        let packed = self
            .frames
            .get(entry.start..next.start)
            .ok_or_else(damaged)?;
        let raw = key_text::unpack(packed, entry.raw_bytes)?;
        if raw.len() != entry.raw_bytes || std::str::from_utf8(&raw[..entry.text_bytes]).is_err() {
            return Err(damaged());
        }
        Ok(Frame {
            raw,
            text_bytes: entry.text_bytes,
            docs: entry.docs,
        })
    }

    fn cursor(&self, frame: usize) -> Cursor<'_> {
        Cursor {
            rare: self,
            next_frame: frame,
            frame: Frame::default(),
            text_at: 0,
            lengths_at: 0,
            docs_at: 0,
        }
    }

    fn list_at(&self, start: usize, length: usize) -> io::Result<RareList> {
        let bytes = self.docs.get(start..start + length).ok_or_else(damaged)?;
        Ok(RareList {
            start: start as u32,
            end: (start + length) as u32,
            docs: bytes.iter().filter(|byte| **byte < 0x80).count() as u32,
        })
    }

    /// The documents of a key; none if there is no such key.
    pub(crate) fn list(&self, key: &str) -> io::Result<Option<RareList>> {
        let mut found = None;
        let frame = self.frame_of(key.as_bytes());
        if self.frames() == 0 || !self.may_hold(frame, key) {
            return Ok(found);
        }
        let mut cursor = self.cursor(frame);
        if !cursor.go_to(key)? {
            return Ok(found);
        }
        if let Some((other, list)) = cursor.next()?
            && other == key
        {
            found = Some(list);
        }
        Ok(found)
    }

    /// Calls `each` with every key in `from..to` and its documents, in order, until it says no.
    pub(crate) fn lists(
        &self,
        from: &[u8],
        to: &[u8],
        mut each: impl FnMut(&str, RareList) -> bool,
    ) -> io::Result<()> {
        let mut cursor = self.cursor(self.frame_of(from));
        while let Some((key, list)) = cursor.next()? {
            if key.as_bytes() >= to {
                break;
            }
            if key.as_bytes() >= from && !each(key, list) {
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
        mut each: impl FnMut(RareList),
    ) -> io::Result<()> {
        let finder = memmem::Finder::new(part);
        for place in self.frame_of(beginning.as_bytes())..self.frames() {
            let first = self.first(place);
            if first > beginning.as_bytes() && !first.starts_with(beginning.as_bytes()) {
                break;
            }
            if !pairs::may_hold(self.filters_of(place).0, part.as_bytes()) {
                continue;
            }
            let frame = self.frame(place)?;
            if finder.find(&frame.raw[..frame.text_bytes]).is_none() {
                continue;
            }
            let mut cursor = self.cursor(place + 1);
            cursor.enter(frame);
            while let Some((key, list)) = cursor.next_in_frame()? {
                if let Some(rest) = key.strip_prefix(beginning)
                    && finder.find(rest.as_bytes()).is_some()
                {
                    each(list);
                }
            }
        }
        Ok(())
    }

    /// Calls `each` with the documents of a list, in order.
    pub(crate) fn each_doc(&self, list: &RareList, mut each: impl FnMut(u32)) {
        let mut bytes = self
            .docs
            .get(list.start as usize..list.end as usize)
            .unwrap_or_default();
        let mut next = 0u32;
        while let Some(step) = take_varint(&mut bytes) {
            let doc = next.wrapping_add(step);
            each(doc);
            next = doc.wrapping_add(1);
        }
    }
}

/// Goes through keys in order, frame by frame.
struct Cursor<'r> {
    rare: &'r Rare,
    next_frame: usize,
    frame: Frame,
    /// Where the next key begins, the length of its list, and its documents.
    text_at: usize,
    lengths_at: usize,
    docs_at: usize,
}

impl Cursor<'_> {
    fn enter(&mut self, frame: Frame) {
        self.text_at = 1;
        self.lengths_at = frame.text_bytes;
        self.docs_at = frame.docs;
        self.frame = frame;
    }

    /// Goes to a key of the next frame; `false` if it is not there.
    fn go_to(&mut self, key: &str) -> io::Result<bool> {
        let frame = self.rare.frame(self.next_frame)?;
        self.next_frame += 1;
        self.enter(frame);
        let mut wanted = String::with_capacity(key.len() + 2);
        wanted.push(BETWEEN);
        wanted.push_str(key);
        wanted.push(BETWEEN);
        let text = &self.frame.raw[..self.frame.text_bytes];
        let Some(at) = memmem::find(text, wanted.as_bytes()) else {
            return Ok(false);
        };
        let before = memchr::memchr_iter(BETWEEN as u8, &text[..at]).count();
        let mut lengths = self.frame.raw.get(self.lengths_at..).ok_or_else(damaged)?;
        let all = lengths.len();
        for _ in 0..before {
            self.docs_at += take_varint(&mut lengths).ok_or_else(damaged)? as usize;
        }
        self.lengths_at += all - lengths.len();
        self.text_at = at + 1;
        Ok(true)
    }

    fn next(&mut self) -> io::Result<Option<(&str, RareList)>> {
        if self.text_at >= self.frame.text_bytes {
            if self.next_frame >= self.rare.frames() {
                return Ok(None);
            }
            let frame = self.rare.frame(self.next_frame)?;
            self.next_frame += 1;
            self.enter(frame);
        }
        self.next_in_frame()
    }

    fn next_in_frame(&mut self) -> io::Result<Option<(&str, RareList)>> {
        let text = self.frame.raw.get(self.text_at..self.frame.text_bytes);
        let text = text.unwrap_or_default();
        let Some(length) = memchr::memchr(BETWEEN as u8, text) else {
            return Ok(None);
        };
        let mut lengths = self.frame.raw.get(self.lengths_at..).ok_or_else(damaged)?;
        let all = lengths.len();
        let bytes = take_varint(&mut lengths).ok_or_else(damaged)? as usize;
        self.lengths_at += all - lengths.len();
        let list = self.rare.list_at(self.docs_at, bytes)?;
        self.docs_at += bytes;
        self.text_at += length + 1;
        let key = std::str::from_utf8(&text[..length]).map_err(|_| damaged())?;
        Ok(Some((key, list)))
    }
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "its rare keys")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::collections::BTreeMap;

    type Naive = BTreeMap<String, Vec<u32>>;

    /// The sections of these keys, which may come in any order and more than once.
    pub(crate) fn written(keys: impl IntoIterator<Item = (String, Vec<u32>)>) -> Sections {
        let mut lists = Naive::new();
        for (key, docs) in keys {
            lists.entry(key).or_default().extend(docs);
        }
        let mut writer = RareWriter::new().unwrap();
        for (key, docs) in lists {
            writer.push(&key, docs.into_iter()).unwrap();
        }
        writer.finish().unwrap()
    }

    fn open(sections: Sections) -> Rare {
        Rare::open(sections.map(Bytes::from)).unwrap()
    }

    fn all(rare: &Rare, from: &str, to: &str) -> Vec<(String, Vec<u32>)> {
        let mut found = Vec::new();
        rare.lists(from.as_bytes(), to.as_bytes(), |key, list| {
            let mut docs = Vec::new();
            rare.each_doc(&list, |doc| docs.push(doc));
            assert_eq!(docs.len() as u32, list.docs());
            found.push((key.to_owned(), docs));
            true
        })
        .unwrap();
        found
    }

    /// Documents from `first` on, with keys of three kinds, some of them often.
    fn build(first: u32, docs: u32, naive: &mut Naive) -> Rare {
        let mut lists = Vec::new();
        for doc in 0..docs {
            let number = (first + doc).wrapping_mul(0x9E37_79B9);
            let keys = [
                format!("a{number:08x}"),
                format!("b{}", number % 1_000),
                format!("ä{}", number % 7),
                format!("b{}", number % 1_000),
            ];
            for key in &keys {
                lists.push((key.clone(), vec![doc]));
                let docs = naive.entry(key.clone()).or_default();
                if docs.last() != Some(&(first + doc)) {
                    docs.push(first + doc);
                }
            }
        }
        open(written(lists))
    }

    fn check(rare: &Rare, naive: &Naive) {
        let expected = |from: &str, to: &str| -> Vec<(String, Vec<u32>)> {
            let range = naive.range(from.to_owned()..to.to_owned());
            range
                .map(|(key, docs)| (key.clone(), docs.clone()))
                .collect()
        };
        for (from, to) in [
            ("", "~~"),
            ("", "\u{10FFFF}"),
            ("b", "c"),
            ("b5", "b6"),
            ("c", "d"),
        ] {
            assert_eq!(all(rare, from, to), expected(from, to), "{from} {to}");
        }
        for (key, docs) in naive.iter().step_by(37) {
            let list = rare.list(key).unwrap().unwrap();
            let mut found = Vec::new();
            rare.each_doc(&list, |doc| found.push(doc));
            assert_eq!(found, *docs);
        }
        for key in ["", "a", "b1000", "zzz", "ä", "\u{10FFFF}"] {
            assert_eq!(rare.list(key).unwrap(), None, "{key}");
        }
        for (beginning, part) in [
            ("a", "beef"),
            ("a", "0"),
            ("b", "99"),
            ("ä", "ä"),
            ("", "77"),
        ] {
            let mut found = 0;
            rare.containing(beginning, part, |list| found += u64::from(list.docs()))
                .unwrap();
            let naive = naive.iter().filter(|(key, _)| {
                key.strip_prefix(beginning)
                    .is_some_and(|rest| rest.contains(part))
            });
            let expected: u64 = naive.map(|(_, docs)| docs.len() as u64).sum();
            assert_eq!(found, expected, "{beginning} {part}");
        }
    }

    #[test]
    fn keys_and_documents_are_those_put_in() {
        let mut naive = Naive::new();
        let rare = build(0, 9_000, &mut naive);
        assert!(rare.frames() > 5);
        check(&rare, &naive);
        let empty = open(written([]));
        check(&empty, &Naive::new());
    }

    #[test]
    fn keys_are_found_by_their_places() {
        let mut naive = Naive::new();
        let rare = build(0, 9_000, &mut naive);
        for key in ["", "a", "b", "b5", "c", "ä", "ä9", "\u{10FFFF}"] {
            let before = naive.range(..key.to_owned()).count() as u32;
            assert_eq!(rare.rank(key.as_bytes()).unwrap(), before, "{key}");
        }
        for (first, step) in [(0, 1), (0, 7), (3, 1_000), (naive.len() - 1, 1)] {
            let mut found = Vec::new();
            let places = (first..naive.len()).step_by(step);
            rare.each_key(places.map(|place| place as u32), |place, key| {
                found.push((place as usize, key.to_owned()));
            })
            .unwrap();
            let keys = naive.keys().cloned().enumerate();
            let expected: Vec<_> = keys.skip(first).step_by(step).collect();
            assert_eq!(found, expected);
        }
        let nobody = |_: u32, _: &str| {};
        assert!(
            rare.each_key([naive.len() as u32].into_iter(), nobody)
                .is_err()
        );
        assert!(rare.each_key([7, 6].into_iter(), nobody).is_err());
        let empty = open(written([]));
        assert_eq!(empty.rank(b"a").unwrap(), 0);
        assert!(empty.each_key([0].into_iter(), nobody).is_err());
    }

    #[test]
    fn merged_keys_are_those_of_all_inputs() {
        let mut naive = Naive::new();
        let inputs = [
            build(0, 3_000, &mut naive),
            build(3_000, 0, &mut naive),
            build(3_000, 1, &mut naive),
            build(3_001, 5_000, &mut naive),
        ];
        let starts = [0, 3_000, 3_000, 3_001];
        let inputs: Vec<(&Rare, u32)> = inputs.iter().zip(starts).collect();
        check(&open(merge(&inputs).unwrap()), &naive);
        check(&open(merge(&[]).unwrap()), &Naive::new());
    }

    #[test]
    fn a_filter_lets_every_key_through_and_few_others() {
        let mut naive = Naive::new();
        let rare = build(0, 9_000, &mut naive);
        let passes = |key: &str| rare.may_hold(rare.frame_of(key.as_bytes()), key);
        assert!(naive.keys().all(|key| passes(key)));
        let others = 10_000;
        let passed = (0..others)
            .filter(|number| passes(&format!("a{number}x")))
            .count();
        assert!(passed * 12 < others, "{passed} of {others}");
    }

    #[test]
    fn bytes_of_something_else_are_refused() {
        let sections = || written((0..3_000).map(|doc| ((doc * 7919).to_string(), vec![doc])));
        for section in 0..SECTIONS.len() {
            let mut cut = sections();
            cut[section].pop();
            let cut = Rare::open(cut.map(Bytes::from));
            assert!(cut.is_none(), "{}", SECTIONS[section]);
        }
        let mut other = sections();
        let middle = other[0].len() / 2;
        other[0][middle..middle + 20].fill(0);
        let other = open(other);
        assert!(other.lists(b"", b"~", |_, _| true).is_err());
    }
}
