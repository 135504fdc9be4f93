//! Values that are only looked up whole (ids of events, requests, traces): hash and document.
//!
//! They are nearly all different, and a dictionary of them would cost as much as everything else
//! together. What a hash finds is asked of the event itself.

use std::io;

use roaring::RoaringBitmap;

use crate::column::{self, Column};
use bytes::Bytes;

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
            .filter(|(other, _)| *other == hash)
            .map(|(_, doc)| *doc)
            .collect()
    }

    /// Adds the ids of a file whose documents begin at `start`.
    pub(crate) fn append(&mut self, other: &FileIds, start: u32) {
        let pair = |place| {
            (
                other.hashes.get(place) as u32,
                start + other.docs.get(place) as u32,
            )
        };
        self.pairs.extend((0..other.hashes.len()).map(pair));
    }

    pub(crate) fn write(
        mut self,
        mut section: impl FnMut(&str, &[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        self.pairs.sort_unstable();
        let mut out = Vec::new();
        let hashes: Vec<i64> = self
            .pairs
            .iter()
            .map(|(hash, _)| i64::from(*hash))
            .collect();
        column::write(&hashes, &mut out);
        section("ids/hash", &out)?;
        out.clear();
        let docs: Vec<i64> = self.pairs.iter().map(|(_, doc)| i64::from(*doc)).collect();
        column::write(&docs, &mut out);
        section("ids/doc", &out)
    }
}

/// Hashes in their order, in the bytes of an index file.
pub(crate) struct FileIds {
    hashes: Column,
    docs: Column,
}

impl FileIds {
    pub(crate) fn open(section: impl Fn(&str) -> Option<Bytes>) -> Option<FileIds> {
        let (hashes, docs) = (
            Column::open(section("ids/hash")?)?,
            Column::open(section("ids/doc")?)?,
        );
        (hashes.len() == docs.len()).then_some(FileIds { hashes, docs })
    }

    pub(crate) fn find(&self, hash: u32) -> RoaringBitmap {
        let hash = i64::from(hash);
        (self.hashes.first_at_least(hash)..self.hashes.len())
            .map(|place| (self.hashes.get(place), place))
            .take_while(|(other, _)| *other == hash)
            .map(|(_, place)| self.docs.get(place) as u32)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn every_hash_finds_its_documents() {
        let mut ids = MemoryIds::default();
        let hashes = |doc: u32| [doc.wrapping_mul(0x9E37_79B9) & 0xFFFF_F0FF, doc / 7];
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
            assert_eq!(file.find(hash as u32), naive);
        }
        assert!(file.find(u32::MAX).is_empty());
        let mut joined = MemoryIds::default();
        joined.append(&file, 10);
        assert!(joined.find(hashes(5)[0]).contains(15));
    }
}
