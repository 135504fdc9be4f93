//! Fields of an event, held flat and encoded: the one representation that is hashed, stored,
//! matched and shown.
//!
//! The bytes are `docs/formats/record-v1.md`, section "Fields". They are UTF-8 as a whole (lengths
//! and flags use seven bits a byte), so that after one check every path and value is a `str`.

use std::borrow::Cow;

use crate::json::{unescape, unquoted};
use crate::limits::{FIELDS_MAX, PATH_MAX_BYTES};
use crate::path::{Code, Path};

/// One field: a path and a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// Where it stands.
    pub path: Path<'a>,
    /// Its value as canonical JSON text.
    pub value: &'a str,
    /// Whether the server derived it or filled it in.
    pub defaulted: bool,
}

impl<'a> Field<'a> {
    /// The characters of a string value; `None` for other values.
    pub fn as_string(&self) -> Option<Cow<'a, str>> {
        if !self.value.starts_with('"') {
            return None;
        }
        Some(unescape(unquoted(self.value)))
    }

    /// The strings of an array of strings, or the one string of a string value.
    pub fn strings(&self) -> Strings<'a> {
        Strings { rest: self.value }
    }

    /// The digits of a number value, as they were sent.
    pub fn as_number_text(&self) -> Option<&'a str> {
        self.value
            .starts_with(|first: char| first == '-' || first.is_ascii_digit())
            .then_some(self.value)
    }

    /// A whole number that fits.
    pub fn as_i64(&self) -> Option<i64> {
        self.as_number_text()?.parse().ok()
    }
}

/// Iterator over the strings directly in a canonical array; other elements are passed over.
#[derive(Clone, Debug)]
pub struct Strings<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Strings<'a> {
    type Item = Cow<'a, str>;

    fn next(&mut self) -> Option<Cow<'a, str>> {
        let (_, from_quote) = self.rest.split_once('"')?;
        let mut escaped = false;
        let end = from_quote.bytes().position(|byte| {
            let ends = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        })?;
        self.rest = from_quote.get(end + 1..).unwrap_or_default();
        Some(unescape(from_quote.get(..end)?))
    }
}

/// Why bytes are not a stored event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes end too early.
    #[error("the record ends too early")]
    Truncated,
    /// The bytes break a rule of the format.
    #[error("the record is damaged: {0}")]
    Damaged(&'static str),
}

/// Fields in the encoding of the record format: sorted by path, each path once.
#[derive(Clone, PartialEq, Eq)]
pub struct EncodedFields {
    text: Box<str>,
}

impl EncodedFields {
    /// No fields.
    pub fn empty() -> Self {
        let mut text = String::new();
        push_length(&mut text, 0);
        EncodedFields {
            text: text.into_boxed_str(),
        }
    }

    /// Encodes fields that come in any order. A path that comes twice or a value of the format's
    /// limits is refused.
    pub fn from_pairs<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, DecodeError> {
        let mut fields: Vec<Field<'a>> = pairs
            .into_iter()
            .map(|(path, value)| Field {
                path: Path::new(path),
                value,
                defaulted: false,
            })
            .collect();
        fields.sort_by_key(|field| field.path);
        let twice = fields
            .windows(2)
            .any(|pair| matches!(pair, [one, two] if one.path == two.path));
        if twice {
            return Err(DecodeError::Damaged("a path stands twice"));
        }
        if fields.len() > FIELDS_MAX {
            return Err(DecodeError::Damaged("too many fields"));
        }
        Ok(encode(fields.iter().copied(), fields.len()))
    }

    /// Reads the fields at the start of `bytes`; also returns how many bytes they take.
    pub fn decode(bytes: &[u8]) -> Result<(Self, usize), DecodeError> {
        let mut walk = Walk { bytes, at: 0 };
        let count = walk.length()?;
        if count > FIELDS_MAX {
            return Err(DecodeError::Damaged("too many fields"));
        }
        let flags = walk.take(count.div_ceil(7))?;
        let unused = if count.is_multiple_of(7) {
            0x80
        } else {
            0xff << (count % 7)
        };
        if flags.iter().any(|flag| *flag >= 0x80) || flags.last().is_some_and(|it| it & unused != 0)
        {
            return Err(DecodeError::Damaged("flags of fields that are not there"));
        }
        let mut previous: Option<(u8, &[u8])> = None;
        for _ in 0..count {
            let code = walk.byte()?;
            let literal = match code {
                0 => {
                    let length = walk.length()?;
                    walk.take(length)?
                }
                _ => &[],
            };
            if code > Code::COUNT {
                return Err(DecodeError::Damaged("an unknown path code"));
            }
            let follows = match previous {
                None => true,
                Some((before, _)) if before != 0 && code != 0 => before < code,
                Some((before, text)) => raw_path(before, text) < raw_path(code, literal),
            };
            if !follows {
                return Err(DecodeError::Damaged("fields are not sorted by path"));
            }
            if code == 0 && literal.len() > PATH_MAX_BYTES {
                return Err(DecodeError::Damaged("a path is too long"));
            }
            if code == 0 && std::str::from_utf8(literal).is_ok_and(|path| Code::of(path).is_some())
            {
                return Err(DecodeError::Damaged("a well-known path is spelled out"));
            }
            previous = Some((code, literal));
            let length = walk.length()?;
            walk.take(length)?;
        }
        let end = walk.at;
        let bytes = bytes.get(..end).ok_or(DecodeError::Truncated)?;
        let text = std::str::from_utf8(bytes)
            .map_err(|_| DecodeError::Damaged("the fields are not UTF-8"))?;
        let fields = EncodedFields { text: text.into() };
        // Slices of the text must fall between characters, or a field would be lost.
        if !text.is_ascii() && fields.iter().count() != count {
            return Err(DecodeError::Damaged("a field ends inside a character"));
        }
        Ok((fields, end))
    }

    /// The bytes of the record format.
    pub fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// How many fields there are.
    pub fn count(&self) -> u16 {
        Walk {
            bytes: self.text.as_bytes(),
            at: 0,
        }
        .length()
        .unwrap_or(0) as u16
    }

    /// The fields, sorted by path.
    pub fn iter(&self) -> Fields<'_> {
        let mut walk = Walk {
            bytes: self.text.as_bytes(),
            at: 0,
        };
        let count = walk.length().unwrap_or(0);
        let flags = walk.take(count.div_ceil(7)).unwrap_or(&[]);
        Fields {
            text: &self.text,
            at: walk.at,
            flags,
            number: 0,
            count: count as u16,
        }
    }

    /// The field with this code.
    pub fn get(&self, code: Code) -> Option<Field<'_>> {
        let mut fields = self.iter();
        loop {
            match fields.next_code()? {
                next if next == code.get() => return fields.next(),
                next if next > code.get() => return None,
                _ => fields.pass()?,
            }
        }
    }
}

impl std::fmt::Debug for EncodedFields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map()
            .entries(self.iter().map(|field| (field.path, field.value)))
            .finish()
    }
}

fn raw_path(code: u8, literal: &[u8]) -> &[u8] {
    Code::new(code).map_or(literal, |code| code.as_str().as_bytes())
}

/// Iterator over fields, sorted by path.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    text: &'a str,
    at: usize,
    flags: &'a [u8],
    number: u16,
    count: u16,
}

impl Fields<'_> {
    /// No fields.
    pub fn none() -> Self {
        Fields {
            text: "",
            at: 0,
            flags: &[],
            number: 0,
            count: 0,
        }
    }

    /// The code of the next field, 0 where its path is spelled out; `None` at the end.
    #[inline]
    fn next_code(&self) -> Option<u8> {
        let is_left = self.number < self.count;
        self.text
            .as_bytes()
            .get(self.at)
            .copied()
            .filter(|_| is_left)
    }

    /// Goes past the next field without a look at it.
    #[inline]
    fn pass(&mut self) -> Option<()> {
        let mut walk = Walk {
            bytes: self.text.as_bytes(),
            at: self.at,
        };
        if walk.byte().ok()? == 0 {
            let length = walk.length().ok()?;
            walk.at += length;
        }
        let length = walk.length().ok()?;
        self.at = walk.at + length;
        self.number += 1;
        Some(())
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    #[inline]
    fn next(&mut self) -> Option<Field<'a>> {
        if self.number >= self.count {
            return None;
        }
        let mut walk = Walk {
            bytes: self.text.as_bytes(),
            at: self.at,
        };
        let path = match Code::new(walk.byte().ok()?) {
            Some(code) => Path::Known(code),
            None => {
                let length = walk.length().ok()?;
                let start = walk.at;
                walk.at += length;
                Path::Literal(self.text.get(start..walk.at)?)
            }
        };
        let length = walk.length().ok()?;
        let start = walk.at;
        self.at = start + length;
        let value = self.text.get(start..self.at)?;
        let flag = self
            .flags
            .get(usize::from(self.number / 7))
            .copied()
            .unwrap_or(0);
        let defaulted = flag >> (self.number % 7) & 1 == 1;
        self.number += 1;
        Some(Field {
            path,
            value,
            defaulted,
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::from(self.count - self.number);
        (left, Some(left))
    }
}

/// Encodes `count` fields that are sorted by path.
pub(crate) fn encode<'a>(
    fields: impl Iterator<Item = Field<'a>> + Clone,
    count: usize,
) -> EncodedFields {
    let mut flags = [0u8; FLAG_BYTES_MAX];
    let mut size = length_bytes(count) + count.div_ceil(7);
    for (number, field) in fields.clone().enumerate() {
        if let Some(flag) = flags.get_mut(number / 7) {
            *flag |= u8::from(field.defaulted) << (number % 7);
        }
        size += 1 + length_bytes(field.value.len()) + field.value.len();
        if let Path::Literal(path) = field.path {
            size += length_bytes(path.len()) + path.len();
        }
    }
    let mut text = String::with_capacity(size);
    push_length(&mut text, count);
    for flag in flags.iter().take(count.div_ceil(7)) {
        text.push(char::from(*flag));
    }
    for field in fields {
        match field.path {
            Path::Known(code) => text.push(char::from(code.get())),
            Path::Literal(path) => {
                text.push('\0');
                push_length(&mut text, path.len());
                text.push_str(path);
            }
        }
        push_length(&mut text, field.value.len());
        text.push_str(field.value);
    }
    EncodedFields {
        text: text.into_boxed_str(),
    }
}

const FLAG_BYTES_MAX: usize = FIELDS_MAX.div_ceil(7);

/// How many bytes `push_length` appends.
fn length_bytes(length: usize) -> usize {
    match length {
        0..0x40 => 1,
        0x40..0x1000 => 2,
        0x1000..0x4_0000 => 3,
        _ => 4,
    }
}

/// Appends a length: six bits a byte, the lowest first, bit 6 set on all bytes but the last.
pub(crate) fn push_length(text: &mut String, mut length: usize) {
    while length >= 0x40 {
        text.push(char::from(0x40 | (length & 0x3f) as u8));
        length >>= 6;
    }
    text.push(char::from(length as u8));
}

/// A careful walk over encoded bytes.
pub(crate) struct Walk<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) at: usize,
}

impl<'a> Walk<'a> {
    #[inline]
    pub(crate) fn byte(&mut self) -> Result<u8, DecodeError> {
        let byte = self
            .bytes
            .get(self.at)
            .copied()
            .ok_or(DecodeError::Truncated)?;
        self.at += 1;
        Ok(byte)
    }

    #[inline]
    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let end = self.at.checked_add(length).ok_or(DecodeError::Truncated)?;
        let bytes = self.bytes.get(self.at..end).ok_or(DecodeError::Truncated)?;
        self.at = end;
        Ok(bytes)
    }

    /// A length as `push_length` writes it; four bytes at most, no longer than needed.
    #[inline]
    pub(crate) fn length(&mut self) -> Result<usize, DecodeError> {
        let first = self.byte()?;
        if first < 0x40 {
            return Ok(usize::from(first));
        }
        self.long_length(first)
    }

    fn long_length(&mut self, first: u8) -> Result<usize, DecodeError> {
        let mut length = usize::from(first & 0x3f);
        let mut more = first;
        for shift in [6, 12, 18] {
            if more >= 0x80 {
                return Err(DecodeError::Damaged(
                    "a length uses more than seven bits a byte",
                ));
            }
            more = self.byte()?;
            length |= usize::from(more & 0x3f) << shift;
            if more == 0 {
                return Err(DecodeError::Damaged("a length is longer than needed"));
            }
            if more < 0x40 {
                return Ok(length);
            }
        }
        Err(DecodeError::Damaged("a length is too large"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_got_by_its_code_wherever_it_stands() {
        let long = format!("\"{}\"", "x".repeat(300));
        let pairs = [
            ("/action", "\"user.login\""),
            ("/actor/id", long.as_str()),
            ("/actor/zzz", "1"),
            ("/aaa", "2"),
            ("/message", "\"ü\""),
            ("/zzz", "3"),
        ];
        let fields = EncodedFields::from_pairs(pairs).unwrap();
        let mut known = 0;
        for code in (1..=Code::COUNT).filter_map(Code::new) {
            let found = fields.iter().find(|field| field.path == Path::Known(code));
            assert_eq!(fields.get(code), found, "{}", code.as_str());
            known += usize::from(found.is_some());
        }
        assert_eq!(known, 3);
        let none = EncodedFields::empty();
        assert!(
            (1..=Code::COUNT)
                .filter_map(Code::new)
                .all(|code| none.get(code).is_none())
        );
    }
}
