//! Values that are only looked up whole (ids of events, requests, traces): hash and document.
//!
//! They are nearly all different, and a dictionary of them would cost as much as everything else
//! together. What a hash finds is asked of the event itself.

use std::io;

use bytes::Bytes;
use roaring::RoaringBitmap;

use crate::bits::{self, PADDING_BYTES};
use crate::column::{self, Column};
use crate::keys::HASHES;
use crate::partition::partition_point;
use crate::postings::{BLOCK, Block, UNPACKED};

/// Marks the hash of the id an event was sent with. The ledger finds that itself, so the file of a part
/// does not keep it; that of an id whose letters were folded it does.
const KNOWN_TO_LEDGER: u32 = 1 << 31;

/// A hash with its mark.
pub(crate) fn marked(hash: u32, is_own: bool) -> u32 {
    if is_own { hash | KNOWN_TO_LEDGER } else { hash }
}

/// Whether the file of a part keeps a hash.
pub(crate) fn is_kept(hash: u32) -> bool {
    hash & KNOWN_TO_LEDGER == 0
}

/// Hashes in order of the documents, as the tail holds them.
#[derive(Default)]
pub(crate) struct MemoryIds {
    pairs: Vec<(u32, u32)>,
}

impl MemoryIds {
    pub(crate) fn push(&mut self, doc: u32, hashes: impl Iterator<Item = u32>) {
        self.pairs.extend(hashes.map(|hash| (hash, doc)));
    }

    /// The hashes of a document.
    pub(crate) fn of(&self, doc: u32) -> impl Iterator<Item = u32> {
        let start = self.pairs.partition_point(|(_, other)| *other < doc);
        let own = self.pairs[start..].iter();
        own.take_while(move |(_, other)| *other == doc)
            .map(|(hash, _)| *hash)
    }

    pub(crate) fn find(&self, hash: u32) -> RoaringBitmap {
        self.pairs
            .iter()
            .filter(|(other, _)| other & !KNOWN_TO_LEDGER == hash)
            .map(|(_, doc)| *doc)
            .collect()
    }

    /// Adds the ids of a file whose documents begin at `start`.
    pub(crate) fn append(&mut self, other: &FileIds, start: u32) -> io::Result<()> {
        other.each_from(0, &mut |hash, place| {
            self.pairs
                .push((hash, start.wrapping_add(other.docs.get(place) as u32)));
            true
        })
    }

    pub(crate) fn write(
        mut self,
        mut section: impl FnMut(&str, &[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        self.pairs.sort_unstable();
        // One more for each before it, so that none comes twice.
        let numbers: Vec<u32> = (0..)
            .zip(&self.pairs)
            .map(|(place, (hash, _))| hash + place)
            .collect();
        let (mut out, mut blocks, mut start) = (Vec::new(), Vec::new(), 0);
        for numbers in numbers.chunks(BLOCK) {
            let end = numbers.last().map_or(start, |last| last + 1);
            let at = u32::try_from(blocks.len()).map_err(io::Error::other)?;
            out.extend(end.to_le_bytes());
            out.extend(at.to_le_bytes());
            Block::of(start, end - start, numbers.len() as u32, &[]).write(numbers, &mut blocks);
            start = end;
        }
        out.append(&mut blocks);
        out.extend([0; PADDING_BYTES]);
        section("ids/hash", &out)?;
        out.clear();
        let docs: Vec<i64> = self.pairs.iter().map(|(_, doc)| i64::from(*doc)).collect();
        column::write(&docs, &mut out);
        section("ids/doc", &out)
    }
}

/// Of each block of hashes the number behind its last one, and where it begins: 4 each.
const ENTRY_BYTES: usize = 8;

/// Hashes in their order, in the bytes of an index file.
pub(crate) struct FileIds {
    entries: Bytes,
    hashes: Bytes,
    docs: Column,
}

impl FileIds {
    pub(crate) fn open(section: impl Fn(&str) -> Option<Bytes>) -> Option<FileIds> {
        let (hashes, docs) = (section("ids/hash")?, Column::open(section("ids/doc")?)?);
        let entries = (docs.len() as usize).div_ceil(BLOCK) * ENTRY_BYTES;
        (entries <= hashes.len()).then(|| FileIds {
            entries: hashes.slice(..entries),
            hashes: hashes.slice(entries..),
            docs,
        })
    }

    fn blocks(&self) -> u32 {
        (self.entries.len() / ENTRY_BYTES) as u32
    }

    /// The number behind the last one of a block, and where it begins.
    fn entry(&self, block: u32) -> (u32, usize) {
        let both = bits::word(&self.entries, block as usize * ENTRY_BYTES);
        (both as u32, (both >> u32::BITS) as usize)
    }

    pub(crate) fn find(&self, hash: u32) -> io::Result<RoaringBitmap> {
        let mut found = RoaringBitmap::new();
        self.each_from(hash, &mut |other, place| {
            if other == hash {
                found.insert(self.docs.get(place) as u32);
            }
            other <= hash
        })?;
        Ok(found)
    }

    /// Calls `each` with hashes and their places, in order, until it says no. Less ones may come before
    /// the first that is not less than `from`.
    fn each_from(&self, from: u32, each: &mut dyn FnMut(u32, u32) -> bool) -> io::Result<()> {
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, "its ids");
        // A hash is its number less its place, and the last place of a block is before the next one.
        let is_before = |block: u32| {
            let behind = self.docs.len().min((block + 1) * BLOCK as u32);
            self.entry(block).0 < from.saturating_add(behind)
        };
        let mut read = UNPACKED;
        for block in partition_point(0..self.blocks(), is_before)..self.blocks() {
            let start = block
                .checked_sub(1)
                .map_or(0, |before| self.entry(before).0);
            let first = block * BLOCK as u32;
            let count = (self.docs.len() - first).min(BLOCK as u32);
            let (end, at) = self.entry(block);
            let span = end.checked_sub(start).filter(|span| *span >= count);
            let bytes = self.hashes.get(at..).unwrap_or_default();
            let numbers = Block::of(start, span.ok_or_else(damaged)?, count, bytes);
            for (place, number) in (first..).zip(numbers.read(&mut read)?) {
                let hash = number.checked_sub(place).filter(|hash| *hash < HASHES);
                if !each(hash.ok_or_else(damaged)?, place) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn every_hash_finds_its_documents() {
        let mut ids = MemoryIds::default();
        let hashes = |doc: u32| [doc.wrapping_mul(0x9E37_79B9) & 0xFF_F0FF, doc / 7];
        (0..3000).for_each(|doc| ids.push(doc, hashes(doc).into_iter()));
        let naive: Vec<_> = (0..430).map(|hash| ids.find(hash)).collect();
        let mut sections = HashMap::new();
        ids.write(|name, bytes| {
            sections.insert(name.to_owned(), Bytes::from(bytes.to_vec()));
            Ok(())
        })
        .unwrap();
        let file = FileIds::open(|name| sections.get(name).cloned()).unwrap();
        for (hash, naive) in naive.into_iter().enumerate() {
            assert_eq!(file.find(hash as u32).unwrap(), naive);
        }
        for hash in [431, HASHES - 1, HASHES] {
            assert!(file.find(hash).unwrap().is_empty());
        }
        // A file of something else has other hashes, or none.
        let mut damaged = sections.clone();
        let mut bytes = sections["ids/hash"].to_vec();
        bytes[..4].fill(0xFF);
        damaged.insert("ids/hash".to_owned(), Bytes::from(bytes));
        let damaged = FileIds::open(|name| damaged.get(name).cloned()).unwrap();
        assert!(MemoryIds::default().append(&damaged, 0).is_err());
        let mut joined = MemoryIds::default();
        joined.append(&file, 10).unwrap();
        assert!(joined.find(hashes(5)[0]).contains(15));
    }
}
