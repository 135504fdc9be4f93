//! Lists of documents, and the places of a word in each of them, packed.
//!
//! A list is cut into blocks of [`BLOCK`] documents. How a block is packed follows from how many
//! documents it has and from how many they are chosen, so nothing says it: all of them take no byte,
//! many a bit for each that might be chosen, fewer are split into high parts, of which each is a bit
//! behind as many zeros as it is greater than the last, and low parts of equal width (Elias-Fano).
//! That is within half a bit for each document of what any coding of a random choice takes.

use std::array::from_fn;
use std::io;

use fearless_simd::{Level, dispatch};

use crate::bits::{NARROW, narrow, pack, push_varint, take_varint, width, word};

/// Documents of a block.
pub(crate) const BLOCK: usize = 128;
/// Room for the documents of a block, and for what is written behind them.
pub(crate) type Unpacked = [u32; BLOCK + 8];
/// Room that holds nothing yet.
pub(crate) const UNPACKED: Unpacked = [0; BLOCK + 8];
/// The most bits a block takes: of each document a low part of 32 bits and at most three of its high part.
const BLOCK_MAX_BITS: usize = BLOCK * (32 + 3);
/// A bit for each that might be chosen is less than high and low parts where fewer than one in so many is not.
const DENSE: u32 = 4;
/// Mark of a block of places that has more than one of some document.
const SEVERAL: u8 = 0x80;

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "its lists of documents")
}

/// Appends a list of documents: at least one, ascending, none of them twice, each less than `all`.
pub(crate) fn write_docs(docs: &[u32], all: u32, out: &mut Vec<u8>) {
    push_varint(docs.len() as u32, out);
    if docs.len() <= BLOCK {
        Block::of(0, all, docs.len() as u32, &[]).write(docs, out);
        return;
    }
    // Where each block ends stands before the blocks, so that those nobody asks for are passed over.
    let spans = || {
        docs.chunks(BLOCK).scan(0, |start, docs| {
            let first = *start;
            *start = docs.last().map_or(first, |last| last + 1);
            Some((first, *start - first, docs))
        })
    };
    let mut ends = Vec::with_capacity(2 * docs.len() / BLOCK);
    spans().for_each(|(_, span, docs)| push_varint(span - docs.len() as u32, &mut ends));
    push_varint(ends.len() as u32, out);
    out.append(&mut ends);
    for (start, span, docs) in spans() {
        Block::of(start, span, docs.len() as u32, &[]).write(docs, out);
    }
}

/// A block of a list: some of the documents from `start` on.
#[derive(Clone, Copy)]
pub(crate) struct Block<'b> {
    start: u32,
    span: u32,
    count: u32,
    coding: Coding,
    /// From its first byte to the end of all lists.
    bytes: &'b [u8],
}

#[derive(Clone, Copy)]
enum Coding {
    All,
    Bits,
    /// Bits of all high parts, width of a low part.
    Split(usize, u32),
}

impl<'b> Block<'b> {
    /// `count` documents of the `span` from `start` on, at least one.
    pub(crate) fn of(start: u32, span: u32, count: u32, bytes: &'b [u8]) -> Block<'b> {
        let coding = if span == count {
            Coding::All
        } else if span / DENSE < count {
            Coding::Bits
        } else {
            let low = (span / count).ilog2();
            Coding::Split(((span - 1) >> low) as usize + count as usize, low)
        };
        Block {
            start,
            span,
            count,
            coding,
            bytes,
        }
    }

    /// The first document that it may have.
    pub(crate) fn start(&self) -> u32 {
        self.start
    }

    /// The document behind the last one that it may have.
    pub(crate) fn end(&self) -> u32 {
        self.start + self.span
    }

    /// How many documents it has.
    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    fn bits(&self) -> usize {
        match self.coding {
            Coding::All => 0,
            Coding::Bits => self.span as usize,
            Coding::Split(high_bits, low) => high_bits + self.count as usize * low as usize,
        }
    }

    /// Appends these documents, of which it is.
    pub(crate) fn write(&self, docs: &[u32], out: &mut Vec<u8>) {
        let mut words = [0u64; BLOCK_MAX_BITS.div_ceil(64) + 1];
        let mut put = |bit: usize, value: u64| {
            words[bit / 64] |= value << (bit % 64);
            if !bit.is_multiple_of(64) {
                words[bit / 64 + 1] |= value >> (64 - bit % 64);
            }
        };
        let values = docs.iter().map(|doc| doc - self.start);
        match self.coding {
            Coding::All => {}
            Coding::Bits => values.for_each(|value| put(value as usize, 1)),
            Coding::Split(high_bits, low) => {
                for (place, value) in values.enumerate() {
                    put((value >> low) as usize + place, 1);
                    let rest = u64::from(value) & ((1 << low) - 1);
                    put(high_bits + place * low as usize, rest);
                }
            }
        }
        let bytes = self.bits().div_ceil(8);
        let whole = words.iter().flat_map(|word| word.to_le_bytes());
        out.extend(whole.take(bytes));
    }

    /// Its documents, ascending.
    pub(crate) fn read<'o>(&self, out: &'o mut Unpacked) -> io::Result<&'o [u32]> {
        // With the instructions that this processor has.
        dispatch!(Level::new(), _ => self.unpack(out))
    }

    #[inline(always)]
    fn unpack<'o>(&self, out: &'o mut Unpacked) -> io::Result<&'o [u32]> {
        let count = self.count as usize;
        let found = match self.coding {
            Coding::All => {
                for (slot, doc) in out.iter_mut().zip(self.start..self.end()) {
                    *slot = doc;
                }
                count
            }
            Coding::Bits => {
                let doc = |bit: u32, _| self.start.wrapping_add(bit);
                each_bit(self.bytes, self.span as usize, out, doc)
            }
            Coding::Split(high_bits, low) => {
                let high = |bit: u32, place: u32| bit.wrapping_sub(place) << low;
                let found = each_bit(self.bytes, high_bits, out, high);
                let highs = out.get_mut(..count).ok_or_else(damaged)?;
                let lows = Lows {
                    bytes: self.bytes,
                    bit: high_bits,
                    width: low,
                    start: self.start,
                };
                // As many at once as lie within one word.
                match NARROW.checked_div(low) {
                    None => highs
                        .iter_mut()
                        .for_each(|slot| *slot = slot.wrapping_add(self.start)),
                    Some(8..) => lows.add_to::<8>(highs),
                    Some(4..) => lows.add_to::<4>(highs),
                    Some(_) => lows.add_to::<1>(highs),
                }
                found
            }
        };
        let docs = out.get(..count).ok_or_else(damaged)?;
        // All of them: where it would end early it cannot look at several at once.
        let ends = docs.first() >= Some(&self.start) && docs.last() < Some(&self.end());
        let out_of_order = |count: u32, pair: &[u32]| count + u32::from(pair[0] >= pair[1]);
        let is_sound = found == count && ends && docs.windows(2).fold(0, out_of_order) == 0;
        is_sound.then_some(docs).ok_or_else(damaged)
    }

    /// Which of its documents one is, if it is one of them and that can be told without reading all;
    /// `None` if it cannot.
    #[inline]
    pub(crate) fn place_of(&self, doc: u32) -> Option<Option<usize>> {
        let bit = doc.checked_sub(self.start)? as usize;
        match self.coding {
            Coding::All => Some(Some(bit)),
            Coding::Bits => {
                let last = word(self.bytes, bit / 64 * 8);
                let before = last & ((1 << (bit % 64)) - 1);
                let place = || {
                    let whole = (0..bit / 64).map(|at| word(self.bytes, at * 8));
                    let ones = whole.chain([before]).map(u64::count_ones);
                    ones.sum::<u32>() as usize
                };
                Some((last >> (bit % 64) & 1 == 1).then(place))
            }
            Coding::Split(..) => None,
        }
    }

    /// Which of the documents from its first on it has, 64 in each word; `None` where reading them is
    /// less work.
    pub(crate) fn words(&self) -> Option<impl Iterator<Item = u64> + use<'b>> {
        let (bytes, span) = (self.bytes, self.span as usize);
        let is_all = match self.coding {
            Coding::All => true,
            Coding::Bits => false,
            Coding::Split(..) => return None,
        };
        Some((0..span).step_by(64).map(move |start| {
            let word = if is_all {
                u64::MAX
            } else {
                word(bytes, start / 8)
            };
            first_bits(word, span - start)
        }))
    }
}

/// The first bits of a word, and zeros.
#[inline(always)]
fn first_bits(word: u64, bits: usize) -> u64 {
    if bits < 64 {
        word & ((1 << bits) - 1)
    } else {
        word
    }
}

/// The places of the ones in each byte, and zeros.
const ONES: [[u8; 8]; 256] = {
    let mut ones = [[0; 8]; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut bit, mut place) = (0, 0);
        while bit < 8 {
            if byte >> bit & 1 == 1 {
                ones[byte][place] = bit;
                place += 1;
            }
            bit += 1;
        }
        byte += 1;
    }
    ones
};

/// Writes what `make` makes of the place of every one among the first bits and its number, as far as
/// there is room; answers how many there are.
#[inline(always)]
fn each_bit(
    bytes: &[u8],
    bits: usize,
    out: &mut Unpacked,
    make: impl Fn(u32, u32) -> u32,
) -> usize {
    let mut found = 0;
    for start in (0..bits).step_by(64) {
        let word = first_bits(word(bytes, start / 8), bits - start);
        for (at, byte) in (start as u32..).step_by(8).zip(word.to_le_bytes()) {
            // Eight at once, the zeros too: what comes next is written over them.
            let room = out
                .get_mut(found..)
                .and_then(|out| out.first_chunk_mut::<8>());
            let Some(room) = room else {
                return found + byte.count_ones() as usize;
            };
            let ones = &ONES[usize::from(byte)];
            *room = from_fn(|place| make(at + u32::from(ones[place]), (found + place) as u32));
            found += byte.count_ones() as usize;
        }
    }
    found
}

/// The low parts of the documents of a block.
struct Lows<'b> {
    bytes: &'b [u8],
    bit: usize,
    /// From 1 to [`NARROW`] bits.
    width: u32,
    start: u32,
}

impl Lows<'_> {
    /// Adds them to the high parts, and where the block starts; so many at once.
    #[inline(always)]
    fn add_to<const AT_ONCE: usize>(&self, highs: &mut [u32]) {
        let mask = (1u64 << self.width) - 1;
        let mut bit = self.bit;
        let (all, rest) = highs.as_chunks_mut::<AT_ONCE>();
        let low = |lows: u64, place: usize| ((lows >> (place as u32 * self.width)) & mask) as u32;
        for slots in all {
            let lows = narrow(self.bytes, bit, NARROW);
            *slots = from_fn(|place| (slots[place] | low(lows, place)).wrapping_add(self.start));
            bit += AT_ONCE * self.width as usize;
        }
        let lows = narrow(self.bytes, bit, NARROW);
        for (place, slot) in rest.iter_mut().enumerate() {
            *slot = (*slot | low(lows, place)).wrapping_add(self.start);
        }
    }
}

/// Goes through the blocks of a list.
pub(crate) struct Docs<'b> {
    ends: &'b [u8],
    bytes: &'b [u8],
    is_long: bool,
    left: u32,
    start: u32,
    all: u32,
}

/// How many documents the list has that begins here.
pub(crate) fn count_docs(mut bytes: &[u8]) -> io::Result<u32> {
    take_varint(&mut bytes).ok_or_else(damaged)
}

impl<'b> Docs<'b> {
    /// The list that begins here, of documents less than `all`.
    pub(crate) fn open(mut bytes: &'b [u8], all: u32) -> io::Result<Docs<'b>> {
        let left = take_varint(&mut bytes).filter(|left| *left > 0);
        let left = left.ok_or_else(damaged)?;
        let is_long = left as usize > BLOCK;
        let ends;
        (ends, bytes) = if is_long {
            let length = take_varint(&mut bytes).ok_or_else(damaged)?;
            bytes
                .split_at_checked(length as usize)
                .ok_or_else(damaged)?
        } else {
            (&[][..], bytes)
        };
        Ok(Docs {
            ends,
            bytes,
            is_long,
            left,
            start: 0,
            all,
        })
    }

    pub(crate) fn next(&mut self) -> io::Result<Option<Block<'b>>> {
        if self.left == 0 {
            return Ok(None);
        }
        let most = self.all - self.start;
        let count = self.left.min(BLOCK as u32);
        let span = if self.is_long {
            let not_chosen = take_varint(&mut self.ends).ok_or_else(damaged)?;
            not_chosen.checked_add(count).ok_or_else(damaged)?
        } else {
            most
        };
        if !(count..=most).contains(&span) {
            return Err(damaged());
        }
        let block = Block::of(self.start, span, count, self.bytes);
        let bytes = block.bits().div_ceil(8);
        self.bytes = self.bytes.get(bytes..).ok_or_else(damaged)?;
        self.left -= count;
        self.start += span;
        Ok(Some(block))
    }
}

/// Appends the places of a word in each of the documents of its list: how many there are, and all of
/// them, ascending in each document.
pub(crate) fn write_places(counts: &[u32], places: &[u32], out: &mut Vec<u8>) {
    let mut rest = places;
    for counts in counts.chunks(BLOCK) {
        let total: u32 = counts.iter().sum();
        let (places, behind) = rest.split_at(total as usize);
        rest = behind;
        let least = places.iter().copied().min().unwrap_or_default();
        if total as usize == counts.len() {
            let bits = width(
                places
                    .iter()
                    .map(|place| place - least)
                    .max()
                    .unwrap_or_default()
                    .into(),
            );
            out.push(bits as u8);
            push_varint(least, out);
            pack(
                places.iter().map(|place| u64::from(place - least)),
                bits,
                out,
            );
            continue;
        }
        // The first of a document as it is, the others by their distance.
        let mut steps = places.to_vec();
        let mut start = 0;
        for count in counts {
            let end = start + *count as usize;
            for place in (start + 1..end).rev() {
                steps[place] = steps[place].wrapping_sub(steps[place - 1]);
            }
            start = end;
        }
        let most = |values: &[u32]| values.iter().copied().max().unwrap_or_default();
        let (bits, count_bits) = (width(most(&steps).into()), width((most(counts) - 1).into()));
        out.extend([bits as u8 | SEVERAL, count_bits as u8]);
        push_varint(total, out);
        pack(
            counts.iter().map(|count| u64::from(count - 1)),
            count_bits,
            out,
        );
        pack(steps.iter().map(|step| u64::from(*step)), bits, out);
    }
}

/// The places in the documents of a block.
#[derive(Clone, Copy)]
pub(crate) enum PlacesBlock<'b> {
    One(One<'b>),
    Several(Several<'b>),
}

/// One place in each document, as its distance from the least.
#[derive(Clone, Copy)]
pub(crate) struct One<'b> {
    docs: u32,
    least: u32,
    bits: u32,
    distances: &'b [u8],
}

/// Of each document how many places there are, less one; then of all documents the first place and the
/// distances of the others.
#[derive(Clone, Copy)]
pub(crate) struct Several<'b> {
    docs: u32,
    count_bits: u32,
    counts: &'b [u8],
    total: u32,
    bits: u32,
    steps: &'b [u8],
}

impl One<'_> {
    fn place(&self, doc: u32) -> u32 {
        let distance = narrow(self.distances, doc as usize * self.bits as usize, self.bits);
        self.least.wrapping_add(distance as u32)
    }
}

impl PlacesBlock<'_> {
    /// The place in a document of the block, where each has one.
    #[inline]
    pub(crate) fn one(&self, doc: usize) -> Option<u32> {
        match self {
            PlacesBlock::One(one) => Some(one.place(doc as u32)),
            PlacesBlock::Several(_) => None,
        }
    }

    /// Appends how many places each document has, and the places.
    pub(crate) fn read(&self, counts: &mut Vec<u32>, places: &mut Vec<u32>) -> io::Result<()> {
        match self {
            PlacesBlock::One(one) => {
                counts.extend((0..one.docs).map(|_| 1));
                places.extend((0..one.docs).map(|doc| one.place(doc)));
                Ok(())
            }
            PlacesBlock::Several(several) => several.read(counts, places).ok_or_else(damaged),
        }
    }
}

impl Several<'_> {
    fn read(&self, counts: &mut Vec<u32>, places: &mut Vec<u32>) -> Option<()> {
        let mut left = 0..self.total as usize;
        for doc in 0..self.docs as usize {
            let bit = doc * self.count_bits as usize;
            let count = narrow(self.counts, bit, self.count_bits) as u32;
            let count = count.checked_add(1)?;
            counts.push(count);
            let mut place = 0u32;
            for _ in 0..count {
                let bit = left.next()? * self.bits as usize;
                place = place.wrapping_add(narrow(self.steps, bit, self.bits) as u32);
                places.push(place);
            }
        }
        Some(())
    }
}

/// Goes through the places of a word, block by block as [`Docs`] goes through its documents.
pub(crate) struct Places<'b> {
    bytes: &'b [u8],
}

impl<'b> Places<'b> {
    /// Those that begin here.
    pub(crate) fn open(bytes: &'b [u8]) -> Places<'b> {
        Places { bytes }
    }

    /// The places in so many documents.
    pub(crate) fn next(&mut self, docs: u32) -> io::Result<PlacesBlock<'b>> {
        self.take(docs).ok_or_else(damaged)
    }

    fn take(&mut self, docs: u32) -> Option<PlacesBlock<'b>> {
        let (mark, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        let bits = u32::from(mark & !SEVERAL);
        if bits > u32::BITS {
            return None;
        }
        if mark & SEVERAL == 0 {
            let least = take_varint(&mut self.bytes)?;
            return Some(PlacesBlock::One(One {
                docs,
                least,
                bits,
                distances: self.split(docs, bits)?,
            }));
        }
        let (count_bits, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        let count_bits = u32::from(*count_bits);
        if bits == 0 || count_bits > u32::BITS {
            return None;
        }
        let total = take_varint(&mut self.bytes)?;
        Some(PlacesBlock::Several(Several {
            docs,
            count_bits,
            counts: self.split(docs, count_bits)?,
            total,
            bits,
            steps: self.split(total, bits)?,
        }))
    }

    /// The bytes of so many numbers and what follows them, which comes next.
    fn split(&mut self, numbers: u32, bits: u32) -> Option<&'b [u8]> {
        let bytes = (numbers as usize * bits as usize).div_ceil(8);
        let from_here = self.bytes;
        self.bytes = from_here.get(bytes..)?;
        Some(from_here)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::bits::PADDING_BYTES;

    fn written(docs: &[u32], all: u32) -> Vec<u8> {
        let mut out = Vec::new();
        write_docs(docs, all, &mut out);
        out
    }

    fn read(bytes: &[u8], all: u32) -> io::Result<Vec<u32>> {
        let mut read = Vec::new();
        let mut docs = Docs::open(bytes, all)?;
        while let Some(block) = docs.next()? {
            let mut out = UNPACKED;
            let docs = block.read(&mut out)?;
            assert_eq!(docs.len() as u32, block.count());
            assert!(
                docs.iter()
                    .all(|doc| (block.start..block.end()).contains(doc))
            );
            read.extend_from_slice(docs);
        }
        Ok(read)
    }

    /// Lists of every density, with stretches where all or none are chosen.
    fn lists() -> impl Strategy<Value = (Vec<u32>, u32)> {
        let stretch = (
            1u32..2_000,
            prop::sample::select(vec![0, 1, 2, 3, 5, 8, 60, 999, 1_000]),
        );
        prop::collection::vec((stretch, any::<u64>()), 1..12).prop_map(|stretches| {
            let (mut docs, mut start) = (Vec::new(), 0);
            for ((length, in_thousand), seed) in stretches {
                let mut state = seed | 1;
                docs.extend((start..start + length).filter(|_| {
                    state = state
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1);
                    (state >> 33) % 1_000 < in_thousand
                }));
                start += length;
            }
            if docs.is_empty() {
                docs.push(start - 1);
            }
            (docs, start)
        })
    }

    proptest! {
        #[test]
        fn documents_are_told_without_reading_all((docs, all) in lists()) {
            let mut bytes = written(&docs, all);
            bytes.extend([0xAA; PADDING_BYTES]);
            let mut blocks = Docs::open(&bytes, all).unwrap();
            while let Some(block) = blocks.next().unwrap() {
                let mut out = UNPACKED;
                let docs = block.read(&mut out).unwrap();
                let Some(words) = block.words() else {
                    prop_assert_eq!(block.place_of(block.start), None);
                    continue;
                };
                let words: Vec<u64> = words.collect();
                for doc in block.start()..words.len() as u32 * 64 + block.start() {
                    let bit = (doc - block.start()) as usize;
                    let place = docs.binary_search(&doc).ok();
                    prop_assert_eq!(words[bit / 64] >> (bit % 64) & 1 == 1, place.is_some());
                    if doc < block.end() {
                        prop_assert_eq!(block.place_of(doc), Some(place));
                    }
                }
            }
        }

        #[test]
        fn documents_are_read_as_they_were_written((docs, all) in lists()) {
            let mut bytes = written(&docs, all);
            prop_assert_eq!(count_docs(&bytes).unwrap() as usize, docs.len());
            bytes.extend([0xAA; PADDING_BYTES]);
            prop_assert_eq!(read(&bytes, all).unwrap(), docs);
        }

        #[test]
        fn bytes_of_something_else_are_ascending_documents_or_an_error(
            (docs, all) in lists(),
            at in any::<prop::sample::Index>(),
            byte in any::<u8>(),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut bytes = written(&docs, all);
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes.truncate(cut.index(bytes.len()) + 1);
            for bytes in [&bytes, &written(&docs, all)[1..]] {
                if let Ok(docs) = read(bytes, all) {
                    prop_assert!(docs.is_sorted_by(|one, next| one < next));
                    prop_assert!(docs.iter().all(|doc| *doc < all));
                }
            }
        }

        #[test]
        fn places_are_read_as_they_were_written(
            docs in prop::collection::vec(prop::collection::btree_set(1u32..400, 1..3), 1..300),
            one_each in any::<bool>(),
            byte in any::<u8>(),
        ) {
            let docs: Vec<Vec<u32>> = docs
                .into_iter()
                .map(|places| places.into_iter().take(if one_each { 1 } else { 9 }).collect())
                .collect();
            let counts: Vec<u32> = docs.iter().map(|places| places.len() as u32).collect();
            let places = docs.concat();
            let mut bytes = Vec::new();
            write_places(&counts, &places, &mut bytes);
            bytes.extend([0; PADDING_BYTES]);
            let read = |bytes: &[u8]| -> io::Result<_> {
                let (mut read, mut all) = (Places::open(bytes), (Vec::new(), Vec::new()));
                for docs in counts.chunks(BLOCK) {
                    let block = read.next(docs.len() as u32)?;
                    block.read(&mut all.0, &mut all.1)?;
                }
                Ok((all, read.bytes.len()))
            };
            let ((read_counts, read_places), left) = read(&bytes).unwrap();
            prop_assert_eq!(left, PADDING_BYTES);
            prop_assert_eq!(read_counts, counts.clone());
            prop_assert_eq!(read_places, places);
            // Others are some places, or an error.
            for at in 0..bytes.len() {
                let mut other = bytes.clone();
                other[at] = byte;
                let _ = read(&other);
            }
        }
    }

    #[test]
    fn documents_of_every_distance_are_read_as_they_were_written() {
        for width in 0..=24 {
            let step = 1 << width;
            for count in [1, 2, 3, 4, 5, 7, 8, 9, 127, 128, 129] {
                let docs = (0..count).map(|place| place * step + place * 7_919 % step);
                let (docs, all) = (docs.collect::<Vec<u32>>(), count * step);
                let mut bytes = written(&docs, all);
                bytes.extend([0xAA; PADDING_BYTES]);
                assert_eq!(read(&bytes, all).unwrap(), docs, "{count} of {all}");
            }
        }
    }

    #[test]
    fn a_list_takes_hardly_more_than_a_random_choice_needs() {
        // One in so many, and bits for each that is chosen beyond what it needs at the least.
        for (one_in, most) in [
            (2, 0.3),
            (3, 0.6),
            (5, 0.9),
            (10, 0.8),
            (100, 0.8),
            (3_000, 0.8),
        ] {
            let mut state = 1u64;
            let all = 200_000;
            let docs: Vec<u32> = (0..all)
                .filter(|_| {
                    state = state
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1);
                    (state >> 33).is_multiple_of(one_in)
                })
                .collect();
            let share = docs.len() as f64 / f64::from(all);
            let needed = -share.log2() - (1.0 - share) / share * (1.0 - share).log2();
            let taken = written(&docs, all).len() as f64 * 8.0 / docs.len() as f64;
            assert!(
                taken < needed + most,
                "one in {one_in}: {taken} bits for {needed}"
            );
        }
        let every: Vec<u32> = (0..200_000).collect();
        assert!(written(&every, 200_000).len() < 4_000);
    }
}
