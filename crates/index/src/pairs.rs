//! Which characters stand beside each other in a frame of keys.
//!
//! Who looks for a piece of a key unpacks only the frames that have all of the piece's pairs: keys of
//! digits, or of another alphabet, need no look. Letters and digits are told apart, other characters
//! a little, so a frame may have the pairs and not the piece, never the other way round.

/// Kinds of bytes that are told apart: 26 letters, 10 digits, beyond ASCII, three of what else.
const KINDS: usize = 40;
/// Size of the pairs of one frame in a file: a bit for each two kinds.
pub(crate) const PAIRS_BYTES: usize = KINDS * KINDS / 8;

const KIND_OF: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        kinds[byte] = match byte as u8 {
            letter @ b'a'..=b'z' => letter - b'a',
            digit @ b'0'..=b'9' => 26 + digit - b'0',
            0x80.. => 36,
            other => 37 + other % 3,
        };
        byte += 1;
    }
    kinds
};

/// The pairs of a text, as bits.
fn pairs_of(text: &[u8]) -> impl Iterator<Item = usize> {
    let kinds = text
        .iter()
        .map(|byte| usize::from(KIND_OF[usize::from(*byte)]));
    let next = kinds.clone().skip(1);
    kinds.zip(next).map(|(one, two)| one * KINDS + two)
}

/// The pairs of all keys of a frame, whose text this is.
pub(crate) fn of_frame(text: &[u8]) -> [u8; PAIRS_BYTES] {
    let mut bits = [0; PAIRS_BYTES];
    for pair in pairs_of(text) {
        bits[pair / 8] |= 1 << (pair % 8);
    }
    bits
}

/// Whether a key of the frame with these pairs may hold `part`.
pub(crate) fn may_hold(bits: &[u8], part: &[u8]) -> bool {
    pairs_of(part).all(|pair| {
        bits.get(pair / 8)
            .is_none_or(|byte| byte >> (pair % 8) & 1 == 1)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{may_hold, of_frame};

    #[test]
    fn frames_without_a_pair_are_told() {
        let digits = of_frame("\u{1}req-0123\u{1}req-4567\u{1}".as_bytes());
        assert!(may_hold(&digits, b"q-01"));
        assert!(may_hold(&digits, b"7"));
        assert!(!may_hold(&digits, b"plicate"));
        assert!(!may_hold(&digits, b"34"));
        assert!(!may_hold(&digits, "é".as_bytes()));
    }

    proptest! {
        #[test]
        fn no_frame_that_holds_a_piece_is_passed_over(
            text in "\\PC{0,40}",
            start in 0usize..40,
            length in 0usize..12,
        ) {
            let bits = of_frame(text.as_bytes());
            let start = start.min(text.len());
            let end = (start + length).min(text.len());
            prop_assert!(may_hold(&bits, &text.as_bytes()[start..end]));
        }
    }
}
