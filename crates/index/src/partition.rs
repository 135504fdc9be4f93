//! Binary search over what is computed and stands in no slice.

use std::ops::Range;

/// The first place of a range where `is_before` is false, given that it is true up to there and false
/// from there on; the end of the range if it is true everywhere. As `slice::partition_point`.
pub(crate) fn partition_point(range: Range<u32>, is_before: impl Fn(u32) -> bool) -> u32 {
    let (mut low, mut high) = (range.start, range.end);
    while low < high {
        let middle = low + (high - low) / 2;
        if is_before(middle) {
            low = middle + 1
        } else {
            high = middle
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_where_a_look_at_every_place_says() {
        for (start, end) in [(0, 0), (0, 1), (3, 3), (2, 9), (0, 16)] {
            for first in start..=end {
                assert_eq!(partition_point(start..end, |place| place < first), first);
            }
        }
        let last = u32::MAX - 1;
        assert_eq!(partition_point(0..u32::MAX, |place| place < last), last);
    }
}
