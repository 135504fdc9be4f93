//! Secrets as text and as hashes: what keys, sessions and links share.
//!
//! A secret carries 256 random bits, so a single SHA-256 of it is as good as a slow password hash:
//! there is nothing to guess.

/// Digits of a secret: 62^43 is just above 2^256.
pub(crate) const SECRET_DIGITS: usize = 43;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// 32 random bytes as [`SECRET_DIGITS`] base-62 digits.
pub(crate) fn base62(random: [u8; 32]) -> String {
    let mut digits = [b'0'; SECRET_DIGITS];
    let mut number = random;
    for digit in digits.iter_mut().rev() {
        let mut rest = 0u32;
        for byte in &mut number {
            let value = rest << 8 | u32::from(*byte);
            *byte = (value / 62) as u8;
            rest = value % 62;
        }
        *digit = BASE62[rest as usize];
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

/// Whether `text` has the digits of a secret.
pub(crate) fn is_base62(text: &str) -> bool {
    text.len() == SECRET_DIGITS && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// A hash as 64 hexadecimal digits.
pub(crate) fn to_hex(hash: &[u8; 32]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What [`to_hex`] wrote.
pub(crate) fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (place, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(place * 2..place * 2 + 2)?, 16).ok()?;
    }
    Some(hash)
}
