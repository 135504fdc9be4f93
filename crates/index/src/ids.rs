//! Values that are only looked up whole (ids of events, requests, traces): hash and document.
//!
//! They are nearly all different, and a dictionary of them would cost as much as everything else
//! together. What a hash finds is asked of the event itself.

use std::io;

use bytes::Bytes;
use roaring::RoaringBitmap;

use crate::bits::PADDING_BYTES;
use crate::column::{self, Column};
use crate::keys::HASHES;
use crate::postings::{self, BLOCK, Docs};

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
                .push((hash, start + other.docs.get(place) as u32));
            true
        })
    }

    pub(crate) fn write(
        mut self,
        mut section: impl FnMut(&str, &[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        self.pairs.sort_unstable();
        // One more for each before it, so that none comes twice.
        let places: Vec<u32> = (0..)
            .zip(&self.pairs)
            .map(|(place, (hash, _))| hash + place)
            .collect();
        let mut out = Vec::new();
        if !places.is_empty() {
            postings::write_docs(&places, HASHES + places.len() as u32, &mut out);
            out.extend([0; PADDING_BYTES]);
        }
        section("ids/hash", &out)?;
        out.clear();
        let docs: Vec<i64> = self.pairs.iter().map(|(_, doc)| i64::from(*doc)).collect();
        column::write(&docs, &mut out);
        section("ids/doc", &out)
    }
}

/// Hashes in their order, in the bytes of an index file.
pub(crate) struct FileIds {
    hashes: Bytes,
    docs: Column,
}

impl FileIds {
    pub(crate) fn open(section: impl Fn(&str) -> Option<Bytes>) -> Option<FileIds> {
        let (hashes, docs) = (section("ids/hash")?, Column::open(section("ids/doc")?)?);
        let count = match hashes.is_empty() {
            true => 0,
            false => postings::count_docs(&hashes).ok()?,
        };
        (count == docs.len()).then_some(FileIds { hashes, docs })
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
        if self.hashes.is_empty() {
            return Ok(());
        }
        let mut blocks = Docs::open(&self.hashes, HASHES + self.docs.len())?;
        let mut read = [0; BLOCK];
        let mut place = 0;
        while let Some(block) = blocks.next()? {
            let behind = place + block.count();
            // The last hash of the block, and its place.
            if block.end() < from.saturating_add(behind) {
                place = behind;
                continue;
            }
            for number in block.read(&mut read)? {
                if !each(number.wrapping_sub(place), place) {
                    return Ok(());
                }
                place += 1;
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
        let mut joined = MemoryIds::default();
        joined.append(&file, 10).unwrap();
        assert!(joined.find(hashes(5)[0]).contains(15));
    }
}
