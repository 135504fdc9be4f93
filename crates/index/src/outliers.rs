//! Which documents of a block happened at another time than most.
//!
//! Events that come late, or from a clock that is wrong, stand among others. The ends of a block of
//! one hour's events then lie days apart and say little. Where the times of most of its documents
//! lie close together, the ends of these are kept, its *core*, and which documents are not in it.

use bytes::Bytes;

use crate::column::BLOCK_DOCS;

/// Where the times of most documents of a block lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Core<'a> {
    /// The least of them.
    pub(crate) min: i64,
    /// The greatest.
    pub(crate) max: i64,
    /// The documents whose times lie outside, ascending, by their places in the block.
    pub(crate) outliers: &'a [u8],
}

impl Core<'_> {
    /// Whether it lies in or outside of `min..=max`, if not in parts.
    pub(crate) fn lies_in(&self, min: i64, max: i64) -> Option<bool> {
        match min <= self.min && self.max <= max {
            true => Some(true),
            false => (self.max < min || max < self.min).then_some(false),
        }
    }
}

/// Smaller blocks have no core: looking at each document is no work.
const BLOCK_DOCS_MIN: usize = 32;
/// At the most one document of so many is an outlier.
const DOCS_OF_OUTLIER: usize = 8;
/// A core is kept if the ends of the block are so many times farther apart than its own.
const NARROWER: u64 = 2;

/// Least of the core 8, greatest 8, end of the block's outliers in the bytes behind all heads 4.
const HEAD_BYTES: usize = 20;

/// Appends the cores of times to `out`; nothing if no block has one.
pub(crate) fn write(times: &[i64], out: &mut Vec<u8>) {
    let (mut heads, mut outliers) = (Vec::new(), Vec::new());
    for block in times.chunks(BLOCK_DOCS) {
        let (min, max) = ends(block).unwrap_or((i64::MIN, i64::MAX));
        let outside = |(_, time): &(usize, &i64)| **time < min || max < **time;
        let places = block.iter().enumerate().filter(outside);
        outliers.extend(places.map(|(place, _)| place as u8));
        heads.extend(min.to_le_bytes());
        heads.extend(max.to_le_bytes());
        heads.extend((outliers.len() as u32).to_le_bytes());
    }
    if !outliers.is_empty() {
        out.extend(heads);
        out.extend(outliers);
    }
}

/// The ends of the core of a block, if it has one.
fn ends(block: &[i64]) -> Option<(i64, i64)> {
    if block.len() < BLOCK_DOCS_MIN {
        return None;
    }
    let mut sorted = block.to_vec();
    sorted.sort_unstable();
    let most = block.len() - block.len() / DOCS_OF_OUTLIER;
    let (width, closest) = sorted
        .windows(most)
        .map(|times| (times[most - 1].abs_diff(times[0]), times))
        .min_by_key(|(width, _)| *width)?;
    // What lies near the closest is no outlier.
    let near = i64::try_from(width / 4).unwrap_or(i64::MAX);
    let from = closest[0].saturating_sub(near);
    let to = closest[most - 1].saturating_add(near);
    let core = &sorted[sorted.partition_point(|time| *time < from)..];
    let core = &core[..core.partition_point(|time| *time <= to)];
    let (min, max) = (*core.first()?, *core.last()?);
    let all = sorted[sorted.len() - 1].abs_diff(sorted[0]);
    (max.abs_diff(min).saturating_mul(NARROWER) <= all && core.len() < block.len())
        .then_some((min, max))
}

/// The cores of the blocks of a file.
pub(crate) struct Cores {
    heads: Bytes,
    outliers: Bytes,
}

impl Cores {
    /// Reads what [`write`] wrote for so many documents; `None` if the bytes are something else.
    pub(crate) fn open(bytes: Bytes, docs: u32) -> Option<Cores> {
        let docs = docs as usize;
        let heads_end = match bytes.is_empty() {
            true => 0,
            false => docs.div_ceil(BLOCK_DOCS) * HEAD_BYTES,
        };
        if bytes.len() < heads_end {
            return None;
        }
        let cores = Cores {
            heads: bytes.slice(0..heads_end),
            outliers: bytes.slice(heads_end..bytes.len()),
        };
        let mut end = 0;
        for block in 0..heads_end / HEAD_BYTES {
            let places = cores.outliers.get(end..cores.end(block)?)?;
            let docs = (docs - block * BLOCK_DOCS).min(BLOCK_DOCS);
            if !places.is_sorted() || places.last().is_some_and(|last| usize::from(*last) >= docs) {
                return None;
            }
            end += places.len();
            if cores
                .get(block as u32)
                .is_some_and(|core| core.max < core.min)
            {
                return None;
            }
        }
        (end == cores.outliers.len()).then_some(cores)
    }

    pub(crate) fn get(&self, block: u32) -> Option<Core<'_>> {
        let block = block as usize;
        let head = self.heads.get(block * HEAD_BYTES..)?;
        let start = match block.checked_sub(1) {
            Some(before) => self.end(before)?,
            None => 0,
        };
        let outliers = self.outliers.get(start..self.end(block)?)?;
        (!outliers.is_empty()).then_some(Core {
            min: i64::from_le_bytes(*head.first_chunk()?),
            max: i64::from_le_bytes(*head.get(8..)?.first_chunk()?),
            outliers,
        })
    }

    fn end(&self, block: usize) -> Option<usize> {
        let end = self.heads.get(block * HEAD_BYTES + 16..)?.first_chunk()?;
        Some(u32::from_le_bytes(*end) as usize)
    }
}

#[cfg(test)]
mod tests {
    use query::testing::Random;

    use super::*;

    fn written(times: &[i64]) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(times, &mut bytes);
        bytes
    }

    /// How many documents are in no core, of blocks that have one.
    #[track_caller]
    fn check(times: &[i64]) -> Vec<Option<usize>> {
        let cores = Cores::open(Bytes::from(written(times)), times.len() as u32).unwrap();
        let check_block = |(number, block): (usize, &[i64])| {
            let core = cores.get(number as u32)?;
            let outside: Vec<u8> = (0..block.len())
                .filter(|place| block[*place] < core.min || core.max < block[*place])
                .map(|place| place as u8)
                .collect();
            assert_eq!(core.outliers, outside);
            Some(outside.len())
        };
        times
            .chunks(BLOCK_DOCS)
            .enumerate()
            .map(check_block)
            .collect()
    }

    #[test]
    fn few_late_times_are_outside_of_the_core() {
        let random = &mut Random::new(3);
        let in_order: Vec<i64> = (0..700).map(|n| n * 1_000).collect();
        assert_eq!(check(&in_order), [None; 3]);
        let mut late = in_order.clone();
        late[5] = 0;
        late[300] = i64::MIN;
        late[301] = i64::MAX;
        late[600] = -10_000_000;
        assert_eq!(check(&late), [None, Some(2), Some(1)]);
        // One of eight, and more.
        for (outliers, expected) in [(32, Some(32)), (33, None)] {
            for time in &mut late[..outliers] {
                *time = -(1 << 40) - random.below(1_000) as i64;
            }
            assert_eq!(check(&late), [expected, Some(2), Some(1)]);
        }
        assert_eq!(check(&[]), []);
        assert_eq!(check(&[7; 300]), [None; 2]);
        assert_eq!(check(&[i64::MIN, i64::MAX]), [None]);
        for _ in 0..200 {
            let mut time = 0;
            let times: Vec<i64> = (0..1 + random.below(900))
                .map(|_| {
                    time += random.below(60_000) as i64;
                    match random.once_in(15) {
                        true => time - random.below(100_000_000) as i64,
                        false => time,
                    }
                })
                .collect();
            check(&times);
        }
    }

    #[test]
    fn cut_bytes_are_refused() {
        let mut times: Vec<i64> = (0..700).collect();
        times[300] = 1 << 50;
        times[650] = 1 << 50;
        let bytes = written(&times);
        let open = |bytes: &[u8], docs| Cores::open(Bytes::from(bytes.to_vec()), docs);
        assert!(open(&bytes, 700).is_some());
        for end in 1..bytes.len() {
            assert!(open(&bytes[..end], 700).is_none(), "{end}");
        }
        assert!(open(&bytes, 100).is_none());
        // An outlier where the last block has no document any more.
        assert!(open(&bytes, 600).is_none());
    }
}
