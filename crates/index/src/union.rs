//! Sets of documents put together from many lists.

use roaring::RoaringBitmap;

/// A list of more than one document in this many is put together as plain bits.
const DENSE: u32 = 32;

/// The union of lists of documents below a bound.
pub(crate) struct Union {
    few: RoaringBitmap,
    /// One bit a document, once there are many.
    bits: Vec<u8>,
    docs: u32,
}

impl Union {
    /// Of documents `0..docs`; `expected` is how many the lists hold, doubles counted.
    pub(crate) fn new(docs: u32, lists: usize, expected: u64) -> Union {
        let dense = expected > u64::from(docs / DENSE) || (lists > 8 && expected > 256);
        let bits = if dense {
            vec![0; (docs as usize).div_ceil(8)]
        } else {
            Vec::new()
        };
        Union {
            few: RoaringBitmap::new(),
            bits,
            docs,
        }
    }

    /// Adds documents in ascending order.
    #[inline]
    pub(crate) fn add(&mut self, docs: &[u32]) {
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
            if let Some(byte) = self.bits.get_mut(*doc as usize / 8) {
                *byte |= 1 << (doc % 8);
            }
        }
    }

    pub(crate) fn finish(mut self) -> RoaringBitmap {
        if !self.bits.is_empty() {
            self.few = RoaringBitmap::from_lsb0_bytes(0, &self.bits);
        }
        debug_assert!(self.few.max().is_none_or(|doc| doc < self.docs));
        self.few
    }
}
