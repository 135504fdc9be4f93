//! What is looked up: one string for each thing an event has, the same in every home.
//!
//! A key begins with a tag for its field. Nothing in an event holds a NUL, so keys of one event
//! stand one after the other with a NUL between them. Numbers and addresses are written so that
//! the order of keys is theirs.

use std::net::IpAddr;

use query::{Decimal, ExactField, TextField, words};

use crate::column::ABSENT;
use crate::document::VALUE_FIELDS;

/// Between two keys, and between two words of a text.
pub(crate) const BETWEEN: char = '\0';
/// Between the parts of a metadata key.
const INSIDE: char = '\u{1}';

/// The least bytes greater than everything that begins with `prefix`, which is not empty.
pub(crate) fn after(prefix: &str) -> Vec<u8> {
    let mut after = prefix.as_bytes().to_vec();
    if let Some(last) = after.last_mut() {
        // No byte of UTF-8 is 255.
        *last += 1;
    }
    after
}

/// The pieces of a text that ends with [`BETWEEN`], each without the one behind it.
pub(crate) fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut start = 0;
    memchr::memchr_iter(BETWEEN as u8, text.as_bytes()).map(move |end| {
        let piece = &text[start..end];
        start = end + BETWEEN.len_utf8();
        piece
    })
}

/// The first bytes of a key, which compare as it does; zeros behind its end.
pub(crate) fn beginning(key: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let length = key.len().min(bytes.len());
    bytes[..length].copy_from_slice(&key[..length]);
    u64::from_be_bytes(bytes)
}

const TAG_EXACT: u8 = 0x10;
const TAG_TEXT: u8 = 0x50;
const TAG_IP: char = '\u{70}';
const TAG_METADATA_WORD: char = '\u{71}';
const TAG_METADATA_NUMBER: char = '\u{72}';

/// Longest name of a metadata key that is kept as it is, in bytes. Of a longer one, and of one
/// that holds a separator, the hash is kept: the name stands before each word of the value, so that
/// a long one with many short words would take many times what the event takes.
const METADATA_NAME_MAX_BYTES: usize = 32;

pub(crate) fn exact_tag(field: ExactField) -> char {
    char::from(TAG_EXACT + field as u8)
}

pub(crate) fn text_tag(field: TextField) -> char {
    char::from(TAG_TEXT + field as u8)
}

/// Whether keys that begin with this byte are words, which have places.
pub(crate) fn is_word_tag(tag: u8) -> bool {
    (TAG_TEXT..TAG_IP as u8).contains(&tag)
}

/// Kinds of words.
pub(crate) const WORD_KINDS: usize = (TAG_IP as u8 - TAG_TEXT) as usize;

/// Of a word its kind, less than [`WORD_KINDS`]: the field it stands in.
pub(crate) fn word_kind(key: &str) -> Option<u8> {
    let tag = key.bytes().next().filter(|tag| is_word_tag(*tag))?;
    Some(tag - TAG_TEXT)
}

pub(crate) fn exact(field: ExactField, value: &str) -> String {
    tagged(exact_tag(field), value)
}

fn tagged(tag: char, text: &str) -> String {
    let mut key = String::with_capacity(tag.len_utf8() + text.len());
    key.push(tag);
    key.push_str(text);
    key
}

pub(crate) fn text(field: TextField, word: &str) -> String {
    tagged(text_tag(field), word)
}

pub(crate) fn push_metadata_word(key: &str, word: &str, out: &mut String) {
    push_metadata(TAG_METADATA_WORD, key, out);
    out.push_str(word);
}

/// A number as it sorts, and then as it was written: ranges look at the first, words at the second.
pub(crate) fn push_metadata_number(key: &str, digits: &str, out: &mut String) {
    push_metadata(TAG_METADATA_NUMBER, key, out);
    if let Some(number) = Decimal::parse(digits) {
        push_sort_key(&number, out);
    }
    out.push(INSIDE);
    out.push_str(&words::fold(digits));
}

pub(crate) fn metadata_word(key: &str, word: &str) -> String {
    let mut out = String::new();
    push_metadata_word(key, word, &mut out);
    out
}

pub(crate) fn metadata_number(key: &str, digits: &str) -> String {
    let mut out = String::new();
    push_metadata_number(key, digits, &mut out);
    out
}

/// How every number of a metadata key begins.
pub(crate) fn metadata_numbers(key: &str) -> String {
    let mut out = String::new();
    push_metadata(TAG_METADATA_NUMBER, key, &mut out);
    out
}

/// How a number at least `number`, of this metadata key, begins at the least.
pub(crate) fn metadata_number_from(key: &str, number: &Decimal) -> String {
    let mut out = metadata_numbers(key);
    push_sort_key(number, &mut out);
    out
}

/// Greater than every key of this number, and less than those of greater ones.
pub(crate) fn metadata_number_after(key: &str, number: &Decimal) -> String {
    let mut out = metadata_number_from(key, number);
    out.push('\u{2}');
    out
}

/// The digits in what follows [`metadata_numbers`] in a key.
pub(crate) fn digits_of(rest: &str) -> Option<&str> {
    rest.split_once(INSIDE).map(|(_, digits)| digits)
}

/// Whether keys of this kind are nearly all different: those of sessions, records, addresses and
/// numbers. `key` may be the beginning of one.
pub(crate) fn is_rare(key: &str) -> bool {
    key.starts_with([
        exact_tag(ExactField::Session),
        exact_tag(ExactField::TargetId),
        TAG_IP,
        TAG_METADATA_NUMBER,
    ])
}

fn push_metadata(tag: char, key: &str, out: &mut String) {
    out.push(tag);
    if key.len() <= METADATA_NAME_MAX_BYTES && !key.contains(INSIDE) {
        out.push_str(key);
    } else {
        out.push_str(&format!("\u{2}{:016x}", hash(key.as_bytes())));
    }
    out.push(INSIDE);
}

/// Bytes as characters two places on, which keep their order and are neither separator.
fn push_sort_key(number: &Decimal, out: &mut String) {
    let mut key = Vec::new();
    number.push_sort_key(&mut key);
    out.extend(
        key.into_iter()
            .filter_map(|byte| char::from_u32(u32::from(byte) + 2)),
    );
}

pub(crate) fn push_ip(address: IpAddr, out: &mut String) {
    use std::fmt::Write;
    out.push(TAG_IP);
    let _ = match address {
        IpAddr::V4(address) => write!(out, "4{:08x}", address.to_bits()),
        IpAddr::V6(address) => write!(out, "6{:032x}", address.to_bits()),
    };
}

pub(crate) fn ip(address: IpAddr) -> String {
    let mut out = String::new();
    push_ip(address, &mut out);
    out
}

/// How every address begins.
pub(crate) fn ips() -> String {
    TAG_IP.to_string()
}

/// The address in what follows [`ips`] in a key.
pub(crate) fn address_of(rest: &str) -> Option<IpAddr> {
    match rest.split_at_checked(1)? {
        ("4", digits) => Some(IpAddr::V4(u32::from_str_radix(digits, 16).ok()?.into())),
        ("6", digits) => Some(IpAddr::V6(u128::from_str_radix(digits, 16).ok()?.into())),
        _ => None,
    }
}

/// How many hashes of values there are.
pub(crate) const HASHES: u32 = 1 << 24;

/// The hash under which a value that is only ever looked up whole is kept. Whoever finds one
/// asks the event itself, so two values with one hash cost time and nothing else: with 24 bits one
/// look in a part of a million values in sixteen.
pub(crate) fn id_hash(field: ExactField, value: &str) -> u32 {
    let hash = hash(value.as_bytes())
        .wrapping_add(u64::from(field as u8))
        .wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (hash >> (u64::BITS - HASHES.ilog2())) as u32
}

/// FNV-1a: the same in every version, since files hold it.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

/// What the bytes of an index file depend on beside its own layout: names and numbers of the
/// fields, and which of them are kept by document. A file written under another schema is built again.
pub(crate) fn schema() -> String {
    let exact: Vec<&str> = ExactField::ALL.iter().map(|field| field.name()).collect();
    let text: Vec<&str> = TextField::ALL.iter().map(|field| field.name()).collect();
    let kept: Vec<&str> = VALUE_FIELDS.iter().map(|field| field.name()).collect();
    format!(
        "{} | {} | {} | {ABSENT}",
        exact.join(" "),
        text.join(" "),
        kept.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_sort_as_numbers() {
        let ordered = [
            "-1e9",
            "-12.5",
            "-3",
            "-0.001",
            "0",
            "0.0001",
            "3",
            "3.5",
            "12",
            "99999999999999999999",
            "1e30",
        ];
        let keys: Vec<String> = ordered
            .iter()
            .map(|digits| metadata_number("k", digits))
            .collect();
        assert!(keys.is_sorted(), "{keys:?}");
        for (key, digits) in keys.iter().zip(ordered) {
            let rest = key.strip_prefix(&metadata_numbers("k")).unwrap();
            assert_eq!(digits_of(rest), Some(digits));
            assert!(!key.contains(BETWEEN));
        }
    }

    #[test]
    fn addresses_sort_and_come_back() {
        for text in [
            "0.0.0.0",
            "10.0.0.1",
            "255.255.255.255",
            "::",
            "2001:db8::1",
        ] {
            let address: IpAddr = text.parse().unwrap();
            let key = ip(address);
            assert_eq!(address_of(key.strip_prefix(&ips()).unwrap()), Some(address));
        }
        assert!(ip("9.0.0.0".parse().unwrap()) < ip("10.0.0.0".parse().unwrap()));
    }

    #[test]
    fn tags_do_not_meet() {
        assert!(ExactField::ALL.len() < usize::from(TAG_TEXT - TAG_EXACT));
        assert!(TextField::ALL.len() < TAG_IP as usize - usize::from(TAG_TEXT));
    }

    #[test]
    fn long_metadata_names_stay_apart() {
        let (one, two) = ("ä".repeat(2000) + "1", "ä".repeat(2000) + "2");
        assert!(metadata_word(&one, "x").len() < 40);
        assert_ne!(metadata_word(&one, "x"), metadata_word(&two, "x"));
        assert_ne!(metadata_word("a", "b\u{1}c"), metadata_word("a\u{1}b", "c"));
    }
}
