//! What the events of a part have in common: some of them, which its blocks are compressed against.
//!
//! Blocks are small so that one event is read quickly, and a small block alone compresses badly:
//! most of what repeats is not repeated inside it. The reference is a sample of the part's own
//! events, spread evenly over it, and stands in the part's file: it goes when the part goes, and
//! whoever removes something from a part writes the part anew, with a sample of what is left.

use std::cell::RefCell;
use std::io;

use zstd::zstd_safe::{CParameter, DCtx};

use crate::compact::Compactor;

/// Largest reference, 512 KiB; from there on more hardly helps.
pub(crate) const MAX_REFERENCE_BYTES: usize = 512 << 10;
/// A reference has at most one byte for this many of the part, so that it costs little.
const SHARE: usize = 32;
/// What is taken of one event at the most: a large one has little that others have, too.
const SAMPLE_BYTES: usize = 2 << 10;
/// Below this size, in bytes, a reference is not worth the reading.
const MIN_REFERENCE_BYTES: usize = 1 << 10;
/// Level of zstd for the reference itself.
const PACK_LEVEL: i32 = 9;

/// The level of zstd from which on it looks at several places for each match.
const SEARCHING_LEVEL: i32 = 5;
/// Logarithm of how many places it then keeps, for the largest reference a place every four bytes: the
/// table takes 640 KiB and stays in a cache; a larger one costs twice the CPU for a percent.
const MATCHES_LOG: u32 = 17;

/// Shorter matches are not looked for then: they take as much to name as they save, and finding them
/// takes CPU.
const MATCH_MIN_BYTES: u32 = 6;

/// What a sample of a part of so many bytes has.
fn sample_bytes(bytes: usize) -> usize {
    (bytes / SHARE).min(MAX_REFERENCE_BYTES)
}

/// A reference to compress with.
#[derive(Debug, Default)]
pub(crate) struct Reference(Vec<u8>);

impl Reference {
    /// Of a part with `events` events of `bytes` bytes together; `body` writes that of an event,
    /// counted from the first, and is asked in order. What blocks set apart is left out.
    pub(crate) fn sample(
        events: usize,
        bytes: usize,
        mut body: impl FnMut(usize, &mut Vec<u8>) -> io::Result<()>,
    ) -> io::Result<Reference> {
        let size = sample_bytes(bytes);
        if size < MIN_REFERENCE_BYTES {
            return Ok(Reference::default());
        }
        let samples = (size * events / bytes).max(1);
        let mut reference = Vec::with_capacity(size);
        let (mut compactor, mut sampled) = (Compactor::default(), Vec::new());
        for sample in 0..samples {
            let before = reference.len();
            sampled.clear();
            body(sample * events / samples, &mut sampled)?;
            compactor.clear();
            compactor.push(&sampled, &mut reference);
            reference.truncate(MAX_REFERENCE_BYTES.min(before + SAMPLE_BYTES));
        }
        Ok(Reference(reference))
    }

    /// Of a part of so many bytes that is made of others, from theirs: pieces of them, evenly, where
    /// they are too long together; `None` where they are too little for it.
    pub(crate) fn of_parts(references: &[Vec<u8>], bytes: usize) -> Option<Reference> {
        let together: usize = references.iter().map(Vec::len).sum();
        if together < sample_bytes(bytes) / 2 {
            return None;
        }
        let pieces = || references.iter().flat_map(|it| it.chunks(SAMPLE_BYTES));
        let (count, most) = (pieces().count(), MAX_REFERENCE_BYTES / SAMPLE_BYTES);
        let taken = count.min(most);
        let is_taken = |place: &usize| place * taken / count != (place + 1) * taken / count;
        let taken = pieces().enumerate().filter(|(place, _)| is_taken(place));
        let taken = taken.flat_map(|(_, piece)| piece).copied().collect();
        Some(Reference(taken))
    }

    /// Its length, in bytes.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// As it stands in the file: empty, or one zstd frame.
    pub(crate) fn pack(&self) -> io::Result<Vec<u8>> {
        if self.0.is_empty() {
            return Ok(Vec::new());
        }
        zstd::bulk::compress(&self.0, PACK_LEVEL)
    }

    /// Compresses against it.
    pub(crate) fn compressor(&self, level: i32) -> io::Result<zstd::bulk::Compressor<'static>> {
        let mut compressor = zstd::bulk::Compressor::with_dictionary(level, &self.0)?;
        if level >= SEARCHING_LEVEL {
            compressor.set_parameter(CParameter::HashLog(MATCHES_LOG))?;
            compressor.set_parameter(CParameter::MinMatch(MATCH_MIN_BYTES))?;
        }
        Ok(compressor)
    }
}

/// The bytes of a reference from the file; `None` if it is damaged.
pub(crate) fn unpack(packed: &[u8], raw_bytes: usize) -> Option<Vec<u8>> {
    let bytes = if packed.is_empty() {
        Vec::new()
    } else {
        zstd::bulk::decompress(packed, raw_bytes).ok()?
    };
    (bytes.len() == raw_bytes).then_some(bytes)
}

/// A reference to read with.
pub(crate) struct ReadReference {
    dictionary: zstd::dict::DecoderDictionary<'static>,
    bytes: usize,
}

impl ReadReference {
    /// Of its bytes.
    pub(crate) fn new(bytes: &[u8]) -> ReadReference {
        ReadReference {
            dictionary: zstd::dict::DecoderDictionary::copy(bytes),
            bytes: bytes.len(),
        }
    }

    pub(crate) fn unpack_block(&self, packed: &[u8], raw_bytes: usize) -> io::Result<Vec<u8>> {
        thread_local! {
            /// Making one costs as much as unpacking several blocks.
            static CONTEXT: RefCell<DCtx<'static>> = RefCell::new(DCtx::create());
        }
        let mut raw = Vec::with_capacity(raw_bytes);
        CONTEXT
            .with_borrow_mut(|context| {
                context.decompress_using_ddict(&mut raw, packed, self.dictionary.as_ddict())
            })
            .map_err(|code| io::Error::other(zstd::zstd_safe::get_error_name(code)))?;
        Ok(raw)
    }

    /// Memory it takes, in bytes.
    pub(crate) fn memory_bytes(&self) -> usize {
        // The tables of an empty one, too, take about this much.
        self.bytes + (32 << 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_spread_over_the_part_and_bounded() {
        let mut asked = Vec::new();
        let reference = Reference::sample(10_240, 10_240 * 640, |event, out| {
            asked.push(event);
            out.extend([7; 640]);
            Ok(())
        })
        .unwrap();
        assert_eq!(asked.len(), 10_240 / SHARE);
        assert!(asked.windows(2).all(|pair| pair[1] - pair[0] == SHARE));
        assert_eq!(reference.len(), asked.len() * 640);

        let large = Reference::sample(1_000, 1_000 * (60 << 10), |_, out| {
            out.extend([7; 60 << 10]);
            Ok(())
        })
        .unwrap();
        assert!(large.len() <= MAX_REFERENCE_BYTES);

        let small = Reference::sample(10, 6_400, |_, _| unreachable!()).unwrap();
        assert_eq!((small.len(), small.pack().unwrap().len()), (0, 0));
    }

    #[test]
    fn blocks_read_back_with_their_reference_and_with_no_other() {
        let body = |event: usize| format!("the {event}th of many events that are much alike");
        let reference = Reference::sample(1_000, 50_000, |event, out| {
            out.extend(body(event).into_bytes());
            Ok(())
        })
        .unwrap();
        let block = body(501).into_bytes();
        let packed = reference.compressor(3).unwrap().compress(&block).unwrap();
        assert!(packed.len() < block.len() / 2);
        let bytes = unpack(&reference.pack().unwrap(), reference.len()).unwrap();
        let read = ReadReference::new(&bytes);
        assert_eq!(read.unpack_block(&packed, block.len()).unwrap(), block);

        let none = ReadReference::new(&unpack(&[], 0).unwrap());
        let other = none.unpack_block(&packed, block.len());
        assert!(other.is_err() || other.is_ok_and(|other| other != block));
        assert!(unpack(&reference.pack().unwrap(), reference.len() + 1).is_none());
    }

    #[test]
    fn of_parts_it_is_all_they_have_or_even_pieces_of_it() {
        let [one, two] = [vec![1; 5_000], vec![2; 3_000]];
        let both = Reference::of_parts(&[one.clone(), two.clone()], 8_000 * SHARE);
        assert_eq!(both.unwrap().0, [one.clone(), two].concat());
        assert!(Reference::of_parts(&[one, Vec::new()], 12_000 * SHARE).is_none());
        assert_eq!(Reference::of_parts(&[Vec::new()], 1).unwrap().len(), 0);

        let large: Vec<Vec<u8>> = (0..6).map(|part| vec![part; 400 << 10]).collect();
        let reference = Reference::of_parts(&large, 100 << 20).unwrap();
        assert_eq!(reference.len(), MAX_REFERENCE_BYTES);
        for part in 0..6 {
            let bytes = reference.0.iter().filter(|byte| **byte == part).count();
            assert!(bytes.abs_diff(MAX_REFERENCE_BYTES / 6) <= SAMPLE_BYTES);
        }
    }
}
