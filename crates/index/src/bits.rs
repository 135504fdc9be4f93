//! Numbers of a few bits each, one behind the other, lowest bits first; and numbers that take as many
//! bytes as they need.

/// Width in bits up to which a number lies within eight bytes, wherever its first bit is.
pub(crate) const NARROW: u32 = 56;
/// Behind the last number of a section, so that eight bytes can be read wherever one begins.
pub(crate) const PADDING_BYTES: usize = 16;

/// How many bits a number takes.
#[inline]
pub(crate) fn width(number: u64) -> u32 {
    u64::BITS - number.leading_zeros()
}

/// Appends numbers of one width; the last byte is filled up with zeros.
pub(crate) fn pack(values: impl Iterator<Item = u64>, width: u32, out: &mut Vec<u8>) {
    let mut held: u128 = 0;
    let mut held_bits = 0;
    for value in values {
        held |= u128::from(value) << held_bits;
        held_bits += width;
        if held_bits >= u64::BITS {
            out.extend_from_slice(&(held as u64).to_le_bytes());
            held >>= u64::BITS;
            held_bits -= u64::BITS;
        }
    }
    let bytes = held_bits.div_ceil(8) as usize;
    out.extend_from_slice(&(held as u64).to_le_bytes()[..bytes]);
}

/// The number of a width up to [`NARROW`] at a bit; zeros stand behind the end.
#[inline(always)]
pub(crate) fn narrow(bits: &[u8], bit: usize, width: u32) -> u64 {
    (word(bits, bit / 8) >> (bit % 8)) & ((1u64 << width) - 1)
}

/// The eight bytes at a byte; zeros where there are fewer.
#[inline(always)]
pub(crate) fn word(bits: &[u8], at: usize) -> u64 {
    let bytes = bits.get(at..).and_then(|bytes| bytes.first_chunk());
    u64::from_le_bytes(*bytes.unwrap_or(&[0; 8]))
}

/// Appends a number in as few bytes as it needs (LEB128).
pub(crate) fn push_varint(mut number: u32, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Reads what [`push_varint`] wrote; `None` if there is none.
#[inline]
pub(crate) fn take_varint(bytes: &mut &[u8]) -> Option<u32> {
    let (mut number, mut shift) = (0u32, 0);
    loop {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u32::from(byte & 0x7F).checked_shl(shift)?;
        if *byte < 0x80 {
            return Some(number);
        }
        shift += 7;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_are_read_as_they_were_packed(
            values in prop::collection::vec(any::<u64>(), 0..200),
            bits in 0u32..=NARROW,
        ) {
            let values: Vec<u64> = values.iter().map(|value| value & ((1 << bits) - 1)).collect();
            let mut out = Vec::new();
            pack(values.iter().copied(), bits, &mut out);
            prop_assert_eq!(out.len(), (values.len() * bits as usize).div_ceil(8));
            out.extend([0; PADDING_BYTES]);
            for (place, value) in values.iter().enumerate() {
                prop_assert_eq!(narrow(&out, place * bits as usize, bits), *value);
            }
        }

        #[test]
        fn numbers_of_as_many_bytes_as_they_need_come_back(values in prop::collection::vec(any::<u32>(), 0..20)) {
            let mut out = Vec::new();
            values.iter().for_each(|value| push_varint(*value, &mut out));
            let mut rest = out.as_slice();
            for value in &values {
                prop_assert_eq!(take_varint(&mut rest), Some(*value));
            }
            prop_assert_eq!(take_varint(&mut rest), None);
        }
    }

    #[test]
    fn a_number_that_is_too_long_is_none() {
        assert_eq!(take_varint(&mut [0x80; 9].as_slice()), None);
        assert_eq!(width(0), 0);
        assert_eq!(width(255), 8);
        assert_eq!(width(256), 9);
    }
}
