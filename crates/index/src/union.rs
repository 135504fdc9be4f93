//! Sets of documents put together from many lists.

use std::io;
use std::ops::Range;

use roaring::RoaringBitmap;

use crate::postings::{BLOCK, Block, UNPACKED};

/// Several lists of more than one document in this many are put together as plain bits, and so are many
/// lists that are not tiny; others are sorted.
const DENSE: u64 = 32;
/// A single list, which is sorted, from this many on.
const DENSE_ALONE: u64 = 8;
/// Fewer documents are put into a set one by one.
const FEW: usize = 16;
/// What begins a set without runs in the format of all Roaring libraries, and the most documents of a
/// container that are listed there: of more it has the bits.
const ROARING_COOKIE: u32 = 12_346;
const ROARING_LISTED: usize = 4_096;
const CONTAINER_BYTES: usize = 65_536 / 8;

/// A set of ascending documents, none of them twice.
///
/// It is read from the format in which sets are stored: putting documents one behind the other takes
/// several times as long. Documents in no such order, as of damaged bytes, take that long.
pub(crate) fn of_ascending(docs: &[u32]) -> RoaringBitmap {
    let stored = || {
        let containers = containers_of(docs);
        let mut bytes = Vec::with_capacity(8 + 8 * containers.len() + 2 * docs.len());
        bytes.extend(ROARING_COOKIE.to_le_bytes());
        bytes.extend((containers.len() as u32).to_le_bytes());
        for (start, docs) in &containers {
            bytes.extend(((start >> 16) as u16).to_le_bytes());
            bytes.extend(((docs.len() - 1) as u16).to_le_bytes());
        }
        // Where each container begins: only who does not read all of them needs that.
        bytes.resize(bytes.len() + 4 * containers.len(), 0);
        for (start, docs) in containers {
            let begin = bytes.len();
            if docs.len() <= ROARING_LISTED {
                bytes.resize(begin + 2 * docs.len(), 0);
                let (places, _) = bytes[begin..].as_chunks_mut();
                for (bytes, doc) in places.iter_mut().zip(docs) {
                    *bytes = (*doc as u16).to_le_bytes();
                }
            } else {
                bytes.resize(begin + CONTAINER_BYTES, 0);
                set_bits(&mut bytes[begin..], start, docs);
            }
        }
        RoaringBitmap::deserialize_unchecked_from(bytes.as_slice()).ok()
    };
    (docs.len() >= FEW && is_ascending(docs))
        .then(stored)
        .flatten()
        .unwrap_or_else(|| docs.iter().copied().collect())
}

/// Whether each document is greater than the one before it.
fn is_ascending(docs: &[u32]) -> bool {
    // All of them are looked at, several at once.
    let pairs = docs.windows(2);
    pairs.fold(true, |is_ascending, pair| {
        is_ascending & (pair[0] < pair[1])
    })
}

/// Where each container of a set of ascending documents starts, and those in it, at least one.
fn containers_of(mut docs: &[u32]) -> Vec<(u32, &[u32])> {
    let mut containers = Vec::new();
    while let Some(first) = docs.first() {
        let start = container_start(*first);
        let end = docs.partition_point(|doc| container_start(*doc) == start);
        let (within, behind) = docs.split_at(end.max(1));
        containers.push((start, within));
        docs = behind;
    }
    containers
}

/// The first document that may be in the container of a set with this one.
fn container_start(doc: u32) -> u32 {
    doc & !0xffff
}

/// Sets the bits of documents, of which `base` has the first.
#[inline]
fn set_bits(bits: &mut [u8], base: u32, docs: &[u32]) {
    for doc in docs {
        let place = doc - base;
        if let Some(byte) = bits.get_mut(place as usize / 8) {
            *byte |= 1 << (place % 8);
        }
    }
}

/// Behind the bits of a union, so that those of two words can be set wherever they begin.
const SPARE_BYTES: usize = 16;

/// The documents of a range that are in any of some lists.
pub(crate) struct Union {
    docs: Range<u32>,
    few: Vec<u32>,
    /// One bit a document from `base` on, if there are many.
    bits: Vec<u8>,
    base: u32,
}

impl Union {
    /// Of documents of a range; `expected` is how many of them the lists hold, doubles counted.
    pub(crate) fn new(docs: Range<u32>, lists: usize, expected: u64) -> Union {
        let one_in = if lists == 1 { DENSE_ALONE } else { DENSE };
        let dense = expected > docs.len() as u64 / one_in || (lists > 8 && expected > 256);
        let base = container_start(docs.start);
        let bits = if dense {
            vec![0; ((docs.end.max(base) - base) as usize).div_ceil(8) + SPARE_BYTES]
        } else {
            Vec::new()
        };
        let few = if dense { 0 } else { expected as usize + BLOCK };
        Union {
            docs,
            few: Vec::with_capacity(few),
            bits,
            base,
        }
    }

    /// Adds documents in ascending order; those outside the range are passed over.
    #[inline]
    pub(crate) fn add(&mut self, docs: &[u32]) {
        let docs = self.cut(docs);
        if self.bits.is_empty() {
            self.few.extend_from_slice(docs);
        } else {
            set_bits(&mut self.bits, self.base, docs);
        }
    }

    /// Adds the documents of a block of a list; those outside the range are passed over.
    pub(crate) fn add_block(&mut self, block: &Block<'_>) -> io::Result<()> {
        let is_within = self.docs.start <= block.start() && block.end() <= self.docs.end;
        if is_within
            && !self.bits.is_empty()
            && let Some(words) = block.words()
        {
            let first = (block.start() - self.base) as usize;
            for (at, word) in (first / 8..).step_by(8).zip(words) {
                let bytes = self.bits.get_mut(at..).unwrap_or_default();
                if let Some(bytes) = bytes.first_chunk_mut::<SPARE_BYTES>() {
                    let both = u128::from_le_bytes(*bytes) | u128::from(word) << (first % 8);
                    *bytes = both.to_le_bytes();
                }
            }
            return Ok(());
        }
        let mut read = UNPACKED;
        self.add(block.read(&mut read)?);
        Ok(())
    }

    /// What of ascending documents is in the range.
    #[inline]
    fn cut<'d>(&self, docs: &'d [u32]) -> &'d [u32] {
        let Range { start, end } = self.docs;
        match (docs.first(), docs.last()) {
            (Some(first), Some(last)) if start <= *first && *last < end => docs,
            _ => {
                let docs = docs.get(docs.partition_point(|doc| *doc < start)..);
                let docs = docs.unwrap_or_default();
                docs.get(..docs.partition_point(|doc| *doc < end))
                    .unwrap_or_default()
            }
        }
    }

    pub(crate) fn finish(mut self) -> RoaringBitmap {
        if !self.bits.is_empty() {
            return RoaringBitmap::from_lsb0_bytes(self.base, &self.bits);
        }
        if !is_ascending(&self.few) {
            self.few.sort_unstable();
            self.few.dedup();
        }
        of_ascending(&self.few)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bits::PADDING_BYTES;
    use crate::postings::{self, Docs};

    #[test]
    fn ascending_documents_are_a_set() {
        for step in [1, 2, 15, 16, 17, 1_000, 40_000] {
            for count in [0, 1, FEW, 4_096, 4_097, 65_536, 100_000] {
                let docs: Vec<u32> = (0..count as u32).map(|n| 40_000 + n * step).collect();
                let (set, expected) = (of_ascending(&docs), docs.iter().copied().collect());
                assert_eq!(set, expected, "{count} by {step}");
                assert_eq!(set.len(), count as u64);
            }
        }
    }

    /// Damaged bytes may hold such; a search in them ends all the same.
    #[test]
    fn documents_out_of_order_are_put_in_order() {
        let start = |n: u32| if n.is_multiple_of(2) { 0 } else { 200_000 };
        let list: Vec<u32> = (0..100).map(|n| start(n) + 100 - n).collect();
        let lengths = containers_of(&list).into_iter().map(|(_, docs)| docs.len());
        assert_eq!(lengths.sum::<usize>(), list.len());
        let expected: RoaringBitmap = list.iter().copied().collect();
        let mut union = Union::new(0..1_000_000, 1, 100);
        list.iter().for_each(|doc| union.add(&[*doc]));
        assert!(union.bits.is_empty());
        assert_eq!(union.finish(), expected);
    }

    #[test]
    fn a_union_has_what_its_lists_have_in_the_range() {
        for (start, end) in [(0, 300_000), (70_000, 140_000), (131_072, 131_080), (9, 9)] {
            for (step, lists) in [(1, 1), (3, 2), (1_000, 2), (1_000, 9)] {
                let list = |number: u32| (number..250_000).step_by(step).collect::<Vec<_>>();
                let lists: Vec<Vec<u32>> = (0..lists).map(list).collect();
                let expected: RoaringBitmap = lists
                    .iter()
                    .flatten()
                    .copied()
                    .filter(|doc| (start..end).contains(doc))
                    .collect();
                let union = || Union::new(start..end, lists.len(), expected.len());
                let (mut of_docs, mut of_blocks) = (union(), union());
                for list in &lists {
                    list.chunks(128).for_each(|docs| of_docs.add(docs));
                    let mut bytes = Vec::new();
                    postings::write_docs(list, 300_000, &mut bytes);
                    bytes.extend([0xAA; PADDING_BYTES]);
                    let mut blocks = Docs::open(&bytes, 300_000).unwrap();
                    while let Some(block) = blocks.next().unwrap() {
                        of_blocks.add_block(&block).unwrap();
                    }
                }
                assert_eq!(of_docs.finish(), expected, "{start}..{end} by {step}");
                assert_eq!(of_blocks.finish(), expected, "{start}..{end} by {step}");
            }
        }
    }
}
