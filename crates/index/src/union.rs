//! Sets of documents put together from many lists.

use std::ops::Range;

use roaring::RoaringBitmap;

/// A list of more than one document in this many is put together as plain bits.
const DENSE: u64 = 32;

/// The documents of a range that are in any of some lists.
pub(crate) struct Union {
    docs: Range<u32>,
    few: RoaringBitmap,
    /// One bit a document from `base` on, once there are many.
    bits: Vec<u8>,
    base: u32,
}

impl Union {
    /// Of documents of a range; `expected` is how many of them the lists hold, doubles counted.
    pub(crate) fn new(docs: Range<u32>, lists: usize, expected: u64) -> Union {
        let dense = expected > docs.len() as u64 / DENSE || (lists > 8 && expected > 256);
        // Where a container of the set begins.
        let base = docs.start & !0xffff;
        let bits = if dense {
            vec![0; ((docs.end.max(base) - base) as usize).div_ceil(8)]
        } else {
            Vec::new()
        };
        Union {
            docs,
            few: RoaringBitmap::new(),
            bits,
            base,
        }
    }

    /// Adds documents in ascending order; those outside the range are passed over.
    #[inline]
    pub(crate) fn add(&mut self, docs: &[u32]) {
        let docs = self.cut(docs);
        if self.bits.is_empty() {
            // Those of one list come in order: each is put behind the last one, not looked for.
            if docs.first().copied() > self.few.max() {
                let _ = self.few.append(docs.iter().copied());
            } else {
                docs.iter().for_each(|doc| {
                    self.few.insert(*doc);
                });
            }
            return;
        }
        for doc in docs {
            let place = doc - self.base;
            if let Some(byte) = self.bits.get_mut(place as usize / 8) {
                *byte |= 1 << (place % 8);
            }
        }
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
            self.few = RoaringBitmap::from_lsb0_bytes(self.base, &self.bits);
        }
        self.few
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_union_has_what_its_lists_have_in_the_range() {
        for (start, end) in [(0, 300_000), (70_000, 140_000), (131_072, 131_080), (9, 9)] {
            for (step, lists) in [(3, 2), (1_000, 2), (1_000, 9)] {
                let list = |number: u32| (number..250_000).step_by(step).collect::<Vec<_>>();
                let lists: Vec<Vec<u32>> = (0..lists).map(list).collect();
                let expected: RoaringBitmap = lists
                    .iter()
                    .flatten()
                    .copied()
                    .filter(|doc| (start..end).contains(doc))
                    .collect();
                let mut union = Union::new(start..end, lists.len(), expected.len());
                for list in &lists {
                    list.chunks(128).for_each(|docs| union.add(docs));
                }
                assert_eq!(union.finish(), expected, "{start}..{end} by {step}");
            }
        }
    }
}
