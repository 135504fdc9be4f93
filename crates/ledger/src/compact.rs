//! Bodies with what is random in them set apart.
//!
//! A quarter of a typical event is hexadecimal digits of random numbers (ids of events, sessions,
//! requests, traces, hashes) and moments to the microsecond. Written out they cost a compressor
//! most of its time and nearly twice the bytes of what they say. In a block they are written as
//! the bytes they stand for, into a section that is not compressed, with a mark in their place in
//! the text. Whatever does not read back to the same bytes stays as it is, so any body may come.
//!
//! Bytes: `docs/formats/part-v1.md`, section "Marks".

use event::Timestamp;
use hashbrown::HashMap;

use crate::varint;

/// A UUID in lowercase: 16 bytes.
const UUID: u8 = 0xf8;
/// A UUID of version 7: how far its milliseconds are from the last moment, and its other 10 bytes.
const TIMED_UUID: u8 = 0xf9;
/// Lowercase hexadecimal digits; their number halved follows in the text.
const HEX: u8 = 0xfa;
/// A moment to the microsecond, as its distance from the last one.
const MICROS: u8 = 0xfb;
/// A moment to the millisecond.
const MILLIS: u8 = 0xfc;
/// A moment to the second.
const SECONDS: u8 = 0xfd;
/// What a mark before said; how many [`Token`]s back follows in the text.
const REPEAT: u8 = 0xfe;
/// The byte that follows stands for itself.
const ESCAPE: u8 = 0xff;
/// Marks, and what an escape stands before.
const MARKS: std::ops::RangeInclusive<u8> = UUID..=ESCAPE;

/// Fewest hexadecimal digits that are worth a mark, and most that one stands for: more take several.
const HEX_DIGITS: std::ops::RangeInclusive<usize> = 12..=32;
/// Every value has this many characters in a row that one may have: one in so many is looked at, and
/// its neighbours where it is one of them.
const STRIDE: usize = *HEX_DIGITS.start();
const UUID_TEXT: usize = 36;
/// Where the hyphens of a UUID are.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];
/// `2026-01-22T10:20:00Z`, with nothing, `.000` or `.000000` before the Z.
const TIME_TEXTS: [(usize, u8); 3] = [(27, MICROS), (24, MILLIS), (20, SECONDS)];

/// Sets apart what is random in the bodies of one block.
#[derive(Default)]
pub(crate) struct Compactor {
    values: Vec<u8>,
    /// The number of the token that first said this.
    tokens: HashMap<Value, usize>,
    /// The last moment, in microseconds.
    moment: i64,
}

impl Compactor {
    /// Begins another block.
    pub(crate) fn clear(&mut self) {
        self.values.clear();
        self.tokens.clear();
        self.moment = 0;
    }

    /// What was set apart since the block began.
    pub(crate) fn values(&self) -> &[u8] {
        &self.values
    }

    /// Appends a body to `text` without what it sets apart.
    pub(crate) fn push(&mut self, body: &[u8], text: &mut Vec<u8>) {
        let mut rest = body;
        while plain_bytes(rest) < rest.len() {
            let (plain, marked) = rest.split_at(plain_bytes(rest));
            self.push_plain(plain, text);
            text.extend([ESCAPE, marked[0]]);
            rest = &marked[1..];
        }
        self.push_plain(rest, text);
    }

    /// Appends a piece of a body that has no marks in it.
    fn push_plain(&mut self, body: &[u8], text: &mut Vec<u8>) {
        // What stands before `copied` is in `text`; no value begins before `from`.
        let (mut copied, mut from) = (0, 0);
        while let Some(byte) = body.get(from + STRIDE - 1) {
            if !is_of_value(*byte) {
                from += STRIDE;
                continue;
            }
            let before = body[from..from + STRIDE - 1].iter().rev();
            let mut at = from + STRIDE - 1 - before.take_while(|it| is_of_value(**it)).count();
            let after = body[from + STRIDE..].iter();
            let end = from + STRIDE + after.take_while(|it| is_of_value(**it)).count();
            while at + STRIDE <= end {
                let digits = digits_at(&body[at..end]);
                match Value::read(&body[at..], digits) {
                    Some((value, length)) => {
                        text.extend_from_slice(&body[copied..at]);
                        self.mark(&value, text);
                        at += length;
                        copied = at;
                    }
                    None => at += digits.max(1),
                }
            }
            from = end;
        }
        text.extend_from_slice(&body[copied..]);
    }

    fn mark(&mut self, value: &Value, text: &mut Vec<u8>) {
        if let Value::Moment { micros, mark } = value {
            let unit = unit_of(*mark);
            let distance = micros.div_euclid(unit) - self.moment.div_euclid(unit);
            varint::write_signed(&mut self.values, distance);
            self.moment = *micros;
            text.push(*mark);
            return;
        }
        let next = self.tokens.len();
        let number = *self.tokens.entry(*value).or_insert(next);
        if number < next {
            text.push(REPEAT);
            varint::write(text, (next - number) as u64);
            return;
        }
        match value {
            Value::Uuid(bytes) if bytes[6] >> 4 == 7 => {
                let millis = millis_of(bytes);
                varint::write_signed(&mut self.values, millis - self.moment.div_euclid(1000));
                self.values.extend_from_slice(&bytes[6..]);
                self.moment = millis * 1000;
                text.push(TIMED_UUID);
            }
            Value::Uuid(bytes) => {
                self.values.extend_from_slice(bytes);
                text.push(UUID);
            }
            Value::Hex { bytes, length } => {
                self.values
                    .extend_from_slice(&bytes[..usize::from(*length)]);
                text.extend([HEX, *length]);
            }
            Value::Moment { .. } => {}
        }
    }
}

const DIGIT: u8 = 1;
const OF_VALUE: u8 = 2;

/// What a byte may be: a lowercase hexadecimal digit, a character of a value.
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'0'..=b'9' | b'a'..=b'f' => DIGIT | OF_VALUE,
            b'-' | b':' | b'.' | b'T' | b'Z' => OF_VALUE,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

fn is_digit(byte: u8) -> bool {
    CLASSES[usize::from(byte)] & DIGIT != 0
}

fn is_of_value(byte: u8) -> bool {
    CLASSES[usize::from(byte)] & OF_VALUE != 0
}

/// How many hexadecimal digits the text begins with, as far as one mark reaches: a long run is gone
/// over once, not again for each of its marks.
fn digits_at(text: &[u8]) -> usize {
    text.iter()
        .take(*HEX_DIGITS.end())
        .take_while(|byte| is_digit(**byte))
        .count()
}

/// Something that a body spells out.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Value {
    Uuid([u8; 16]),
    /// So many bytes; the others are zero.
    Hex {
        bytes: [u8; 16],
        length: u8,
    },
    Moment {
        micros: i64,
        mark: u8,
    },
}

impl Value {
    /// What the text begins with, which begins with so many hexadecimal digits, and how long it is
    /// there.
    fn read(text: &[u8], digits: usize) -> Option<(Value, usize)> {
        match digits {
            4 if text.get(4) == Some(&b'-') => return moment(text),
            8 if text.get(8) == Some(&b'-') => return Some((Value::Uuid(uuid(text)?), UUID_TEXT)),
            _ => {}
        }
        let length = digits & !1;
        let text = text
            .get(..length)
            .filter(|_| length >= *HEX_DIGITS.start())?;
        // Numbers in decimal digits say less than their bytes hold, and repeat.
        text.iter().any(u8::is_ascii_lowercase).then(|| {
            let mut bytes = [0; 16];
            for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
                *byte = nibble(pair[0]) << 4 | nibble(pair[1]);
            }
            let length_bytes = (length / 2) as u8;
            (
                Value::Hex {
                    bytes,
                    length: length_bytes,
                },
                length,
            )
        })
    }
}

fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => digit.wrapping_sub(b'a' - 10) & 0xf,
    }
}

/// The UUID that the text begins with.
fn uuid(text: &[u8]) -> Option<[u8; 16]> {
    let text = text.first_chunk::<UUID_TEXT>()?;
    let mut bytes = [0; 16];
    let mut digits = 0;
    for (place, digit) in text.iter().enumerate() {
        if HYPHENS.contains(&place) {
            if *digit != b'-' {
                return None;
            }
            continue;
        }
        if !is_digit(*digit) {
            return None;
        }
        bytes[digits / 2] = bytes[digits / 2] << 4 | nibble(*digit);
        digits += 1;
    }
    Some(bytes)
}

/// The milliseconds of a UUID of version 7.
fn millis_of(uuid: &[u8; 16]) -> i64 {
    uuid[..6]
        .iter()
        .fold(0, |millis, byte| millis << 8 | i64::from(*byte))
}

/// The moment that the text begins with, if it is written as we would write it.
fn moment(text: &[u8]) -> Option<(Value, usize)> {
    let (length, mark) = TIME_TEXTS
        .into_iter()
        .find(|(length, _)| text.get(length - 1) == Some(&b'Z'))?;
    let text = std::str::from_utf8(&text[..length]).ok()?;
    let micros = Timestamp::parse_rfc3339(text).ok()?.as_micros();
    let mut written = Vec::with_capacity(length);
    push_moment(micros, mark, &mut written);
    (written == text.as_bytes()).then_some((Value::Moment { micros, mark }, length))
}

/// Microseconds in the unit that a mark of a moment counts in.
fn unit_of(mark: u8) -> i64 {
    match mark {
        MICROS => 1,
        MILLIS => 1_000,
        _ => 1_000_000,
    }
}

fn push_moment(micros: i64, mark: u8, out: &mut Vec<u8>) {
    let start = out.len();
    Timestamp::from_micros(micros).push_to(out);
    let kept = match mark {
        MICROS => return,
        MILLIS => "2026-01-22T10:20:00.000".len(),
        _ => "2026-01-22T10:20:00".len(),
    };
    out.truncate(start + kept);
    out.push(b'Z');
}

/// The two digits of a byte.
const DIGITS: [[u8; 2]; 256] = {
    let digits = b"0123456789abcdef";
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        pairs[byte] = [digits[byte >> 4], digits[byte & 0xf]];
        byte += 1;
    }
    pairs
};

fn push_hex(bytes: &[u8], out: &mut Vec<u8>) {
    let mut text = [[0; 2]; 16];
    for (digits, byte) in text.iter_mut().zip(bytes) {
        *digits = DIGITS[usize::from(*byte)];
    }
    out.extend_from_slice(
        text.as_flattened()
            .get(..bytes.len() * 2)
            .unwrap_or_default(),
    );
}

fn push_uuid(bytes: &[u8; 16], out: &mut Vec<u8>) {
    let mut text = [b'-'; UUID_TEXT];
    let mut at = 0;
    for byte in bytes {
        at += usize::from(HYPHENS.contains(&at));
        text[at..at + 2].copy_from_slice(&DIGITS[usize::from(*byte)]);
        at += 2;
    }
    out.extend_from_slice(&text);
}

/// Something that was said once in a block and may be said again.
#[derive(Clone, Copy)]
enum Token {
    /// Where its bytes are among the values.
    Uuid(u32),
    /// Its milliseconds, and where its other bytes are.
    TimedUuid(i64, u32),
    /// Where its bytes are, and how many.
    Hex(u32, u8),
}

/// Where the reading of an event begins.
#[derive(Clone, Copy, Default)]
pub(crate) struct Start {
    value: u32,
    tokens: u32,
    moment: i64,
}

/// What was set apart in a block, to read it with.
pub(crate) struct Values {
    bytes: Vec<u8>,
    tokens: Vec<Token>,
}

impl Values {
    /// Of a block; texts are then learned in their order.
    pub(crate) fn new(bytes: Vec<u8>) -> Values {
        Values {
            bytes,
            tokens: Vec::new(),
        }
    }

    /// Memory it takes, in bytes.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.bytes.len() + self.tokens.len() * size_of::<Token>()
    }

    /// Whether the texts before `end` used up all that was set apart.
    pub(crate) fn is_used_up(&self, end: &Start) -> bool {
        end.value as usize == self.bytes.len()
    }

    /// Learns the next text, and where the one after it begins. `None` if it is damaged.
    pub(crate) fn learn(&mut self, text: &[u8], start: &mut Start) -> Option<()> {
        let mut walk = Walk::new(text, *start);
        while let Some(piece) = walk.next(&self.bytes, &self.tokens) {
            if let Piece::Token(token) = piece? {
                self.tokens.push(token);
                walk.start.tokens += 1;
            }
        }
        *start = walk.start;
        Some(())
    }

    /// Appends the body of a text that was learned. `None` if it is damaged.
    pub(crate) fn expand(&self, text: &[u8], start: Start, out: &mut Vec<u8>) -> Option<()> {
        out.reserve(2 * text.len());
        let mut walk = Walk::new(text, start);
        while let Some(piece) = walk.next(&self.bytes, &self.tokens) {
            match piece? {
                Piece::Text(text) => out.extend_from_slice(text),
                Piece::Moment(micros, mark) => push_moment(micros, mark, out),
                Piece::Token(token) => {
                    walk.start.tokens += 1;
                    self.push_token(token, out)?;
                }
                Piece::Again(token) => self.push_token(token, out)?,
            }
        }
        Some(())
    }

    fn push_token(&self, token: Token, out: &mut Vec<u8>) -> Option<()> {
        match token {
            Token::Uuid(at) => push_uuid(self.bytes.get(at as usize..)?.first_chunk()?, out),
            Token::TimedUuid(millis, at) => {
                let mut bytes = [0; 16];
                bytes[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
                bytes[6..].copy_from_slice(self.bytes.get(at as usize..)?.first_chunk::<10>()?);
                push_uuid(&bytes, out);
            }
            Token::Hex(at, length) => {
                let end = at as usize + usize::from(length);
                push_hex(self.bytes.get(at as usize..end)?, out);
            }
        }
        Some(())
    }
}

enum Piece<'t> {
    Text(&'t [u8]),
    Moment(i64, u8),
    /// Said for the first time.
    Token(Token),
    Again(Token),
}

/// Goes over a text, piece by piece.
struct Walk<'t> {
    text: &'t [u8],
    start: Start,
}

impl<'t> Walk<'t> {
    fn new(text: &'t [u8], start: Start) -> Self {
        Walk { text, start }
    }

    /// The next piece; `None` at the end. `tokens` are those of the block up to here, at the least.
    #[inline]
    fn next(&mut self, values: &[u8], tokens: &[Token]) -> Option<Option<Piece<'t>>> {
        let mark = *self.text.first()?;
        if !MARKS.contains(&mark) {
            let (plain, rest) = self.text.split_at(plain_bytes(self.text));
            self.text = rest;
            return Some(Some(Piece::Text(plain)));
        }
        self.text = &self.text[1..];
        Some(self.marked(mark, values, tokens))
    }

    fn marked(&mut self, mark: u8, values: &[u8], tokens: &[Token]) -> Option<Piece<'t>> {
        match mark {
            ESCAPE => {
                let (byte, rest) = self.text.split_at_checked(1)?;
                self.text = rest;
                Some(Piece::Text(byte))
            }
            REPEAT => {
                let back = usize::try_from(varint::read(&mut self.text)?).ok()?;
                let number = (self.start.tokens as usize).checked_sub(back)?;
                // One that comes later has not been said yet.
                let token = tokens.get(number).filter(|_| back > 0)?;
                Some(Piece::Again(*token))
            }
            HEX => {
                let (length, rest) = self.text.split_first()?;
                self.text = rest;
                if usize::from(*length) * 2 > *HEX_DIGITS.end() {
                    return None;
                }
                let at = self.take(usize::from(*length), values)?;
                Some(Piece::Token(Token::Hex(at, *length)))
            }
            UUID => Some(Piece::Token(Token::Uuid(self.take(16, values)?))),
            TIMED_UUID => {
                let millis = self.moment(1_000, values)?;
                let at = self.take(10, values)?;
                let fits = (0..1 << 48).contains(&millis);
                fits.then_some(Piece::Token(Token::TimedUuid(millis, at)))
            }
            _ => {
                self.moment(unit_of(mark), values)?;
                Some(Piece::Moment(self.start.moment, mark))
            }
        }
    }

    /// Passes over bytes of the values; answers where they are.
    fn take(&mut self, length: usize, values: &[u8]) -> Option<u32> {
        let at = self.start.value;
        let end = at as usize + length;
        (end <= values.len()).then(|| {
            self.start.value = end as u32;
            at
        })
    }

    /// Goes on to the next moment, so many units of so many microseconds from the last one; answers
    /// with its units.
    fn moment(&mut self, unit: i64, values: &[u8]) -> Option<i64> {
        let mut rest = values.get(self.start.value as usize..)?;
        let distance = varint::read_signed(&mut rest)?;
        self.start.value = (values.len() - rest.len()) as u32;
        let units = self.start.moment.div_euclid(unit).checked_add(distance)?;
        self.start.moment = units.checked_mul(unit)?;
        Some(units)
    }
}

/// How many bytes from the first on are no marks.
fn plain_bytes(text: &[u8]) -> usize {
    const WORD: usize = 8;
    let mut at = 0;
    // Most texts are ASCII: eight bytes are looked at together.
    while let Some(word) = text.get(at..).and_then(|rest| rest.first_chunk::<WORD>()) {
        if u64::from_ne_bytes(*word) & 0x8080_8080_8080_8080 != 0
            && let Some(place) = word.iter().position(|byte| MARKS.contains(byte))
        {
            return at + place;
        }
        at += WORD;
    }
    let rest = &text[at..];
    at + rest
        .iter()
        .position(|byte| MARKS.contains(byte))
        .unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        Compactor, ESCAPE, HEX, MICROS, REPEAT, SECONDS, Start, TIMED_UUID, UUID, Values, digits_at,
    };

    /// A block of these bodies, read back in order; texts and values as written.
    fn through(bodies: &[Vec<u8>]) -> (Vec<Vec<u8>>, Vec<u8>) {
        let mut compactor = Compactor::default();
        let texts: Vec<Vec<u8>> = bodies
            .iter()
            .map(|body| {
                let mut text = Vec::new();
                compactor.push(body, &mut text);
                text
            })
            .collect();
        let mut values = Values::new(compactor.values().to_vec());
        let mut start = Start::default();
        let starts: Vec<Start> = texts
            .iter()
            .map(|text| {
                let before = start;
                values.learn(text, &mut start).unwrap();
                before
            })
            .collect();
        assert!(values.is_used_up(&start));
        // In any order, as searches ask.
        for place in (0..bodies.len()).rev() {
            let mut body = Vec::new();
            values
                .expand(&texts[place], starts[place], &mut body)
                .unwrap();
            assert_eq!(body, bodies[place], "{texts:?}");
        }
        (texts, compactor.values().to_vec())
    }

    fn written(bodies: &[&str]) -> (Vec<Vec<u8>>, Vec<u8>) {
        let bodies: Vec<Vec<u8>> = bodies.iter().map(|body| body.as_bytes().to_vec()).collect();
        through(&bodies)
    }

    #[test]
    fn what_is_random_is_set_apart() {
        let (texts, values) = written(&[
            "\"5f0c9e1a-6c4f-4fa4-9e9e-b8770b3d7dd5\"",
            "\"req-a6dd261f6e99\"",
            "x2026-08-24T00:01:26.095682Z",
            "2026-08-24T00:01:27.000Z 2026-08-24T00:01:28Z",
        ]);
        assert_eq!(texts[0], b"\"\xf8\"");
        assert_eq!(texts[1], b"\"req-\xfa\x06\"");
        assert_eq!(texts[2], b"x\xfb");
        assert_eq!(texts[3], b"\xfc \xfd");
        assert_eq!(values.len(), 16 + 6 + 8 + 2 + 1);
    }

    #[test]
    fn a_uuid_with_a_time_is_told_from_the_moment_beside_it() {
        let (texts, values) = written(&[
            "01a03112-6c4f-7fa4-9e9e-b8770b3d7dd5 2026-08-24T00:01:26.095682Z",
            "01a03112-6c50-7fa4-9e9e-b8770b3d7dd6 2026-08-24T00:01:26.096001Z",
        ]);
        assert_eq!(texts[1], b"\xf9 \xfb");
        assert_eq!(values.len(), (6 + 10 + 2) + (1 + 10 + 1));
    }

    #[test]
    fn what_is_said_again_is_set_apart_once() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let (texts, values) = written(&[trace, "abcdefabcdefabcdef", trace, trace]);
        assert_eq!(texts[2], [REPEAT, 2]);
        assert_eq!(texts[3], [REPEAT, 2]);
        assert_eq!(values.len(), 16 + 9);
    }

    #[test]
    fn what_would_not_read_back_stays() {
        for body in [
            "5F0C9E1A-6C4F-4FA4-9E9E-B8770B3D7DD5",
            "5f0c9e1a-6c4f-4fa4-9e9e",
            "123456789012345678",
            "2026-02-30T00:00:00Z",
            "2026-01-22t10:20:00Z",
            "2026-01-22T10:20:00.5Z",
            "2026-01-22T10:20:00+00:00",
        ] {
            let (texts, values) = written(&[body]);
            assert_eq!((texts[0].as_slice(), values.len()), (body.as_bytes(), 0));
        }
        // An odd digit more stays behind.
        let (texts, _) = written(&["abcdefabcdefa"]);
        assert_eq!(texts[0], [HEX, 6, b'a']);
    }

    #[test]
    fn a_long_run_is_looked_at_mark_by_mark() {
        let run = "0123456789abcdef".repeat(4_000);
        assert_eq!(digits_at(run.as_bytes()), 32);
        let (texts, values) = written(&[&run]);
        assert_eq!((texts[0].len(), values.len()), (2 + 2 * 1_999, 16));
    }

    #[test]
    fn damage_is_told() {
        let mut values = Values::new(vec![1; 20]);
        for text in [
            [REPEAT, 1].as_slice(),
            &[REPEAT, 0],
            &[REPEAT],
            &[ESCAPE],
            &[HEX],
            &[HEX, 21],
            &[UUID, UUID],
            // Before 1970.
            &[TIMED_UUID],
        ] {
            let learned = values.learn(text, &mut Start::default());
            assert!(learned.is_none(), "{text:?}");
            values.tokens.clear();
        }
        let mut far = Values::new([[0xff; 9].as_slice(), &[1]].concat());
        assert!(far.learn(&[SECONDS], &mut Start::default()).is_none());
        assert!(
            Values::new(Vec::new())
                .learn(&[MICROS], &mut Start::default())
                .is_none()
        );
    }

    /// Texts that are near to what is set apart, whole or broken.
    fn body() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            "[0-9a-f]{1,40}",
            "[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}",
            "01a0311[0-9a-f]-6c4f-7fa4-9e9e-b8770b3d7dd5",
            "[0-9]{4}-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{3}|\\.[0-9]{6})?Z",
            "c72f4d5b48518b8[0-9]",
            "[ -~]{0,12}",
            "\\PC{0,4}",
        ];
        let text =
            prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat().into_bytes());
        prop_oneof![4 => text, 1 => prop::collection::vec(any::<u8>(), 0..200)]
    }

    proptest! {
        #[test]
        fn every_body_reads_back(bodies in prop::collection::vec(body(), 1..12)) {
            through(&bodies);
        }

        #[test]
        fn any_bytes_are_read_without_harm(
            text in prop::collection::vec(prop_oneof![any::<u8>(), 0xf8u8..=0xff], 0..64),
            bytes in prop::collection::vec(any::<u8>(), 0..64),
        ) {
            let mut values = Values::new(bytes);
            let mut start = Start::default();
            if values.learn(&text, &mut start).is_some() {
                let expanded = values.expand(&text, Start::default(), &mut Vec::new());
                prop_assert!(expanded.is_some());
            }
        }
    }
}
