//! Numbers of a part's documents, packed in blocks: any one of them, or a block, is read in place.
//!
//! A block is [`BLOCK_DOCS`] documents. Each number is stored as its distance from the least of
//! its block, in as many bits as the greatest distance needs; with the ends of every block at
//! hand, a range is answered without looking into most of them.

use bytes::Bytes;

use crate::bits::{NARROW, PADDING_BYTES, narrow, pack, width as width_of};
use crate::partition::partition_point;

/// Documents of a block: small enough that its ends say much, large enough that they cost little.
pub(crate) const BLOCK_DOCS: usize = 256;

/// A block of which fewer numbers than this are asked for is not unpacked as a whole.
pub(crate) const WHOLE_BLOCK_DOCS: usize = 32;

/// Stands for "this document has none". No number of an event is so small: counts are not
/// negative and times lie after 1970.
pub(crate) const ABSENT: i64 = i64::MIN;

/// A block, unpacked; places after the last document are not meaningful.
pub(crate) type Block = [i64; BLOCK_DOCS];

/// Ends of the numbers of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// The least; greater than `max` if no document of the block has a number.
    pub(crate) min: i64,
    /// The greatest.
    pub(crate) max: i64,
    /// Whether some document has none.
    pub(crate) gaps: bool,
}

impl Bounds {
    pub(crate) const NOTHING: Self = Self {
        min: i64::MAX,
        max: ABSENT,
        gaps: false,
    };

    pub(crate) fn take(&mut self, value: i64) {
        if value == ABSENT {
            self.gaps = true;
        } else {
            self.min = self.min.min(value);
            self.max = self.max.max(value);
        }
    }

    /// How many documents of the block have a number in `min..=max`.
    pub(crate) fn fit(&self, min: i64, max: i64) -> Fit {
        if self.max < min || max < self.min {
            Fit::None
        } else if !self.gaps && min <= self.min && self.max <= max {
            Fit::All
        } else {
            Fit::Some
        }
    }
}

/// How many documents of a block a range of numbers holds, as far as its ends say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    All,
    /// All, some or none.
    Some,
    None,
}

pub(crate) fn block_of(doc: u32) -> u32 {
    doc / BLOCK_DOCS as u32
}

/// Least 8, greatest 8, start of the block's bits in bytes 4, bits of a number 1 (the high bit:
/// has gaps, and then distance 0 means none).
const HEAD_BYTES: usize = 21;
const GAPS: u8 = 0x80;

/// Appends the bytes of a column to `out`.
pub(crate) fn write(values: &[i64], out: &mut Vec<u8>) {
    let mut heads = Vec::with_capacity(values.len().div_ceil(BLOCK_DOCS) * HEAD_BYTES);
    let mut bits = Vec::new();
    for block in values.chunks(BLOCK_DOCS) {
        let mut bounds = Bounds::NOTHING;
        block.iter().for_each(|value| bounds.take(*value));
        let gap = u64::from(bounds.gaps);
        let span = if bounds.min > bounds.max {
            0
        } else {
            bounds.max.wrapping_sub(bounds.min) as u64 + gap
        };
        let width = width_of(span);
        heads.extend(bounds.min.to_le_bytes());
        heads.extend(bounds.max.to_le_bytes());
        heads.extend((bits.len() as u32).to_le_bytes());
        heads.push(width as u8 | if bounds.gaps { GAPS } else { 0 });
        let distance = |value: i64| {
            if value == ABSENT {
                0
            } else {
                value.wrapping_sub(bounds.min) as u64 + gap
            }
        };
        pack(block.iter().map(|value| distance(*value)), width, &mut bits);
    }
    out.extend((values.len() as u64).to_le_bytes());
    out.extend(heads);
    out.extend(bits);
    out.extend([0; PADDING_BYTES]);
}

/// A column in the bytes of a file.
#[derive(Clone)]
pub(crate) struct Column {
    len: u32,
    heads: Bytes,
    bits: Bytes,
}

#[derive(Clone, Copy)]
struct Head {
    bounds: Bounds,
    start: usize,
    width: u32,
}

impl Column {
    /// Reads what [`write`] wrote; `None` if the bytes are something else.
    pub(crate) fn open(bytes: Bytes) -> Option<Column> {
        let len = u32::try_from(u64::from_le_bytes(bytes.get(..8)?.try_into().ok()?)).ok()?;
        let heads_end = 8 + (len as usize).div_ceil(BLOCK_DOCS) * HEAD_BYTES;
        if bytes.len() < heads_end + PADDING_BYTES {
            return None;
        }
        let column = Column {
            len,
            heads: bytes.slice(8..heads_end),
            bits: bytes.slice(heads_end..bytes.len()),
        };
        let fits = (0..column.blocks()).all(|block| {
            let head = column.head(block);
            let bits = head.width as usize * column.docs_of(block);
            head.width <= u64::BITS
                && head.start + bits.div_ceil(8) + PADDING_BYTES <= column.bits.len()
        });
        fits.then_some(column)
    }

    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    pub(crate) fn blocks(&self) -> u32 {
        (self.len as usize).div_ceil(BLOCK_DOCS) as u32
    }

    fn docs_of(&self, block: u32) -> usize {
        (self.len as usize - block as usize * BLOCK_DOCS).min(BLOCK_DOCS)
    }

    fn head(&self, block: u32) -> Head {
        let head = &self.heads[block as usize * HEAD_BYTES..][..HEAD_BYTES];
        let (min, rest) = head.split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
        let (max, rest) = rest.split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
        let (start, rest) = rest.split_first_chunk::<4>().unwrap_or((&[0; 4], &[]));
        let width = rest.first().copied().unwrap_or(0);
        Head {
            bounds: Bounds {
                min: i64::from_le_bytes(*min),
                max: i64::from_le_bytes(*max),
                gaps: width & GAPS != 0,
            },
            start: u32::from_le_bytes(*start) as usize,
            width: u32::from(width & !GAPS),
        }
    }

    pub(crate) fn bounds(&self, block: u32) -> Bounds {
        self.head(block).bounds
    }

    /// The number of a document, or [`ABSENT`].
    pub(crate) fn get(&self, doc: u32) -> i64 {
        let head = self.head(block_of(doc));
        self.read(&head, doc as usize % BLOCK_DOCS)
    }

    /// The first document with a number that is not less, of numbers in ascending order without gaps;
    /// the length if all are less.
    pub(crate) fn first_at_least(&self, number: i64) -> u32 {
        let block = partition_point(0..self.blocks(), |block| self.bounds(block).max < number);
        let start = self.len.min(block * BLOCK_DOCS as u32);
        let end = self.len.min(start + BLOCK_DOCS as u32);
        partition_point(start..end, |doc| self.get(doc) < number)
    }

    /// The numbers of a block.
    pub(crate) fn block(&self, block: u32, out: &mut Block) {
        let head = self.head(block);
        let out = &mut out[..self.docs_of(block)];
        // Nearly every block: nothing to decide for each number.
        if !head.bounds.gaps && head.width <= NARROW {
            let bits = self.bits.get(head.start..).unwrap_or_default();
            for (within, value) in out.iter_mut().enumerate() {
                let distance = narrow(bits, within * head.width as usize, head.width);
                *value = head.bounds.min.wrapping_add(distance as i64);
            }
            return;
        }
        for (within, value) in out.iter_mut().enumerate() {
            *value = self.read(&head, within);
        }
    }

    /// Appends all numbers to `out`.
    pub(crate) fn extend(&self, out: &mut Vec<i64>) {
        let mut numbers = [0; BLOCK_DOCS];
        for block in 0..self.blocks() {
            self.block(block, &mut numbers);
            out.extend(&numbers[..self.docs_of(block)]);
        }
    }

    /// The numbers of some documents of a block, by their places in it.
    pub(crate) fn places(&self, block: u32, places: &[u8], out: &mut Block) {
        let head = self.head(block);
        for (place, value) in places.iter().zip(out) {
            *value = self.read(&head, usize::from(*place));
        }
    }

    #[inline]
    fn read(&self, head: &Head, within: usize) -> i64 {
        let bit = within * head.width as usize;
        let at = head.start + bit / 8;
        let distance = if head.width <= NARROW {
            narrow(&self.bits[head.start..], bit, head.width)
        } else {
            let word = u128::from_le_bytes(*self.bits[at..].first_chunk().unwrap_or(&[0; 16]));
            (word >> (bit % 8)) as u64 & (u64::MAX >> (u64::BITS - head.width))
        };
        match (head.bounds.gaps, distance) {
            (true, 0) => ABSENT,
            (true, distance) => head
                .bounds
                .min
                .wrapping_add((distance as i64).wrapping_sub(1)),
            (false, distance) => head.bounds.min.wrapping_add(distance as i64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[i64]) {
        let mut bytes = Vec::new();
        write(values, &mut bytes);
        let column = Column::open(Bytes::from(bytes)).unwrap();
        let read: Vec<i64> = (0..column.len()).map(|doc| column.get(doc)).collect();
        assert_eq!(read, values);
        for (number, block) in values.chunks(BLOCK_DOCS).enumerate() {
            let mut read = [0; BLOCK_DOCS];
            column.block(number as u32, &mut read);
            assert_eq!(&read[..block.len()], block);
            let places: Vec<u8> = (0..block.len()).step_by(3).map(|it| it as u8).collect();
            column.places(number as u32, &places, &mut read);
            let some = block.iter().step_by(3);
            assert!(some.eq(&read[..places.len()]));
            let mut bounds = Bounds::NOTHING;
            block.iter().for_each(|value| bounds.take(*value));
            assert_eq!(column.bounds(number as u32), bounds);
        }
    }

    #[test]
    fn numbers_of_every_width_are_read_back() {
        check(&[]);
        check(&[5; 1000]);
        check(&[ABSENT; 300]);
        for width in 0..63 {
            let values: Vec<i64> = (0..700)
                .map(|n: i64| {
                    n.wrapping_mul(n).wrapping_mul(0x5851_F42D_4C95_7F2D) & ((1 << width) - 1)
                })
                .collect();
            check(&values);
            let gaps: Vec<i64> = values
                .iter()
                .enumerate()
                .map(|(n, value)| if n % 3 == 0 { ABSENT } else { *value })
                .collect();
            check(&gaps);
        }
        check(&[0, i64::MAX, ABSENT, 1]);
    }

    #[test]
    fn cut_bytes_are_refused() {
        let mut bytes = Vec::new();
        write(&(0..1000).collect::<Vec<_>>(), &mut bytes);
        for end in 0..bytes.len() - PADDING_BYTES {
            assert!(
                Column::open(Bytes::from(bytes[..end].to_vec())).is_none(),
                "{end}"
            );
        }
    }

    #[test]
    fn the_first_of_a_size_is_where_a_look_at_all_finds_it() {
        for len in [0usize, 1, 255, 256, 257, 700] {
            // Each number three times, and so over the ends of blocks.
            let values: Vec<i64> = (0..len as i64).map(|place| place / 3 * 10 - 50).collect();
            let mut bytes = Vec::new();
            write(&values, &mut bytes);
            let column = Column::open(Bytes::from(bytes)).unwrap();
            for number in -60..2_400 {
                let expected = values.partition_point(|value| *value < number);
                assert_eq!(column.first_at_least(number) as usize, expected);
            }
        }
    }
}
