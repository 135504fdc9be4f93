//! Mutations of an input: small changes that keep most of what makes it interesting.

use crate::random::Random;

/// No input grows beyond this, 256 KiB: past the limits of most readers, quick to run.
const INPUT_MAX_BYTES: usize = 256 << 10;
/// At most so many changes are made at once, as a power of two.
const CHANGES_LOG2_MAX: usize = 4;
/// Bytes that mean something in many formats.
const TELLING: &[u8] = b"\0\x01\x7f\x80\xff\n\r\t \"'\\{}[]():,;-+.eE0123456789/*<>=";
/// Text that readers have stumbled over.
const ODD_TEXT: &[&str] = &[
    "9223372036854775808",
    "18446744073709551615",
    "4294967296",
    "-1",
    "1e999",
    "0.1e-400",
    "\\u0000",
    "\\ud800",
    "\u{feff}",
    "\u{202e}",
    "ß",
    "İ",
    "𝒳",
    "null",
    "{}",
    "[]",
    "\"\"",
    "9999-12-31T23:59:59.999999Z",
    "0001-01-01T00:00:00Z",
    "2016-12-31T23:59:60Z",
];

/// Changes `input` in some places. `other` is another input to take from, `words` are those of the
/// format.
pub(crate) fn mutate(input: &mut Vec<u8>, other: &[u8], words: &[&str], random: &mut Random) {
    // Half of all inputs are changed in one place only: readers give up at the first mistake.
    let changes = match random.below(2) {
        0 => 1,
        _ => 1 << random.below(CHANGES_LOG2_MAX + 1),
    };
    for _ in 0..changes {
        change(input, other, words, random);
    }
    input.truncate(INPUT_MAX_BYTES);
}

fn change(input: &mut Vec<u8>, other: &[u8], words: &[&str], random: &mut Random) {
    let at = random.below(input.len() + 1);
    match random.below(18) {
        0 => flip_bit(input, random),
        1 => set(input, random, |random| random.next() as u8),
        2 => set(input, random, |random| TELLING[random.below(TELLING.len())]),
        3 => insert(input, at, &[TELLING[random.below(TELLING.len())]]),
        4 => {
            input.drain(some(input.len(), random));
        }
        5 => {
            let piece = input[some(input.len(), random)].to_vec();
            insert(input, at, &piece);
        }
        6 => insert(input, at, random.one_of(ODD_TEXT).as_bytes()),
        7 if !words.is_empty() => insert(input, at, random.one_of(words).as_bytes()),
        8 => overwrite_number(input, random),
        9 => add(input, random),
        10 => insert(input, at, &other[some(other.len(), random)]),
        11 => {
            // The beginning of one, the end of another.
            input.truncate(at);
            input.extend_from_slice(&other[random.below(other.len() + 1)..]);
        }
        12 => {
            let byte = TELLING[random.below(TELLING.len())];
            let times = 1 << random.below(11);
            insert(input, at, &vec![byte; times]);
        }
        13 => {
            // A word gives way to another one, to one of the format, to odd text, or to nothing.
            let place = word_at(input, at);
            let word: &[u8] = match random.below(4) {
                0 => &other[word_at(other, random.below(other.len() + 1))],
                1 if !words.is_empty() => random.one_of(words).as_bytes(),
                2 => random.one_of(ODD_TEXT).as_bytes(),
                _ => b"",
            };
            input.splice(place, word.iter().copied());
        }
        _ => {
            // What lies between two brackets, quotes or commas moves, or comes twice.
            let place = item_at(input, at);
            let item = input[place.clone()].to_vec();
            match random.below(3) {
                0 => drop(input.drain(place)),
                1 => insert(input, place.end, &item),
                _ => {
                    let to = item_at(input, random.below(input.len() + 1));
                    input.splice(to, item);
                }
            }
        }
    }
}

/// A range of a text of this length, mostly short.
fn some(length: usize, random: &mut Random) -> std::ops::Range<usize> {
    let start = random.below(length + 1);
    let longest = (length - start).min(1 << random.below(12));
    start..start + random.below(longest + 1)
}

/// The word that `at` lies in: letters, digits and what stands in names.
fn word_at(input: &[u8], at: usize) -> std::ops::Range<usize> {
    let is_inside = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.+".contains(byte);
    around(input, at, is_inside)
}

/// What lies around `at` up to the next signs that part items in JSON, tables and lines.
fn item_at(input: &[u8], at: usize) -> std::ops::Range<usize> {
    around(input, at, |byte| !b",{}[]\n;".contains(byte))
}

fn around(input: &[u8], at: usize, is_inside: impl Fn(&u8) -> bool) -> std::ops::Range<usize> {
    let (before, behind) = input.split_at(at);
    let start = at
        - before
            .iter()
            .rev()
            .take_while(|byte| is_inside(byte))
            .count();
    start..at + behind.iter().take_while(|byte| is_inside(byte)).count()
}

fn insert(input: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    input.splice(at..at, bytes.iter().copied());
}

fn flip_bit(input: &mut [u8], random: &mut Random) {
    let at = random.below(input.len());
    if let Some(byte) = input.get_mut(at) {
        *byte ^= 1 << random.below(8);
    }
}

fn set(input: &mut [u8], random: &mut Random, byte: impl FnOnce(&mut Random) -> u8) {
    let at = random.below(input.len());
    if let Some(place) = input.get_mut(at) {
        *place = byte(random);
    }
}

fn add(input: &mut [u8], random: &mut Random) {
    let at = random.below(input.len());
    if let Some(place) = input.get_mut(at) {
        *place = place.wrapping_add(random.below(33) as u8).wrapping_sub(16);
    }
}

/// Puts a number of 2, 4 or 8 bytes, near the end of a range, over what is there.
fn overwrite_number(input: &mut [u8], random: &mut Random) {
    let near = random.below(5) as u64;
    let shift = random.below(64);
    let number = random.one_of::<u64>(&[&0, &u64::MAX, &(1 << 31), &(1 << 16), &(1 << 40)]);
    let number = match random.below(3) {
        0 => (1u64 << shift).wrapping_sub(near),
        1 => number.wrapping_add(near),
        _ => number.wrapping_sub(near),
    };
    let bytes = match random.below(2) {
        0 => number.to_le_bytes(),
        _ => number.to_be_bytes(),
    };
    let width = 2 << random.below(3);
    let at = random.below(input.len());
    let places = input.iter_mut().skip(at).take(width);
    places.zip(bytes).for_each(|(place, byte)| *place = byte);
}
