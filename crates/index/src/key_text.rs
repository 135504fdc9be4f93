//! The keys of a part's dictionary as one text, to find those that hold a piece.
//!
//! A dictionary finds a key by how it begins. What is in the middle of a key is found by looking
//! through all of them, which takes a small part of the time when they stand in one text, packed
//! in frames, than when they are spelled out of a dictionary one by one.

use std::cell::RefCell;
use std::io;

use bytes::Bytes;
use memchr::memmem;
use zstd::bulk::{Compressor, Decompressor};

use crate::keys::BETWEEN;
use crate::pairs::{self, PAIRS_BYTES};

/// Unpacked size at which a frame is closed, 64 KiB.
const FRAME_BYTES: usize = 64 << 10;
/// Unpacked size from which on a frame is closed where keys of another kind begin, 4 KiB: who looks through
/// one kind need not unpack others.
const KIND_FRAME_BYTES: usize = 4 << 10;
/// Level of zstd for frames.
const LEVEL: i32 = 3;
/// Length of a frame, unpacked length, length of its first key; then its pairs and the key.
const ENTRY_BYTES: usize = 12;

/// Writes the text of a dictionary. Keys come in order.
#[derive(Default)]
pub(crate) struct KeyTextBuilder {
    frames: Vec<u8>,
    table: Vec<u8>,
    text: String,
    first: String,
    /// How the last key begins.
    kind: Option<u8>,
    /// Made with the first frame, and kept: it takes more memory than a frame.
    compressor: Option<Compressor<'static>>,
}

impl KeyTextBuilder {
    pub(crate) fn push(&mut self, key: &str) -> io::Result<()> {
        let kind = key.bytes().next();
        let is_same = kind == self.kind;
        if self.text.len() >= FRAME_BYTES || (!is_same && self.text.len() >= KIND_FRAME_BYTES) {
            self.close()?;
        }
        self.kind = kind;
        if self.text.is_empty() {
            self.first.push_str(key);
            self.text.push(BETWEEN);
        }
        self.text.push_str(key);
        self.text.push(BETWEEN);
        Ok(())
    }

    fn close(&mut self) -> io::Result<()> {
        let compressor = match &mut self.compressor {
            Some(compressor) => compressor,
            None => self.compressor.insert(Compressor::new(LEVEL)?),
        };
        let packed = compressor.compress(self.text.as_bytes())?;
        for number in [packed.len(), self.text.len(), self.first.len()] {
            self.table.extend_from_slice(&(number as u32).to_le_bytes());
        }
        self.table
            .extend_from_slice(&pairs::of_frame(self.text.as_bytes()));
        self.table.extend_from_slice(self.first.as_bytes());
        self.frames.extend_from_slice(&packed);
        self.text.clear();
        self.first.clear();
        Ok(())
    }

    /// The frames and their table.
    pub(crate) fn finish(mut self) -> io::Result<(Vec<u8>, Vec<u8>)> {
        if !self.text.is_empty() {
            self.close()?;
        }
        Ok((self.frames, self.table))
    }
}

struct Frame {
    bytes: std::ops::Range<usize>,
    raw_bytes: usize,
    pairs: [u8; PAIRS_BYTES],
    first: Box<str>,
}

/// The text of a dictionary, read in place.
pub(crate) struct KeyText {
    bytes: Bytes,
    frames: Vec<Frame>,
}

impl KeyText {
    /// `None` if the two do not belong together.
    pub(crate) fn open(bytes: Bytes, table: &[u8]) -> Option<KeyText> {
        let (mut frames, mut rest, mut end) = (Vec::new(), table, 0usize);
        while !rest.is_empty() {
            let (entry, behind) = rest.split_first_chunk::<ENTRY_BYTES>()?;
            let number = |at: usize| {
                let bytes = entry.get(at..at + 4)?.try_into().ok()?;
                usize::try_from(u32::from_le_bytes(bytes)).ok()
            };
            let start = end;
            end = end.checked_add(number(0)?)?;
            let (pairs, behind) = behind.split_first_chunk::<PAIRS_BYTES>()?;
            let (first, behind) = behind.split_at_checked(number(8)?)?;
            frames.push(Frame {
                bytes: start..end,
                raw_bytes: number(4)?,
                pairs: *pairs,
                first: std::str::from_utf8(first).ok()?.into(),
            });
            rest = behind;
        }
        (end == bytes.len()).then_some(KeyText { bytes, frames })
    }

    /// Calls `each` with every key that begins with `beginning` and has `part` somewhere behind it.
    pub(crate) fn containing(
        &self,
        beginning: &str,
        part: &str,
        mut each: impl FnMut(&str) -> io::Result<()>,
    ) -> io::Result<()> {
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, "the text of its keys");
        let from = self
            .frames
            .partition_point(|frame| *frame.first <= *beginning)
            .saturating_sub(1);
        let finder = memmem::Finder::new(part);
        for frame in &self.frames[from..] {
            if *frame.first > *beginning && !frame.first.starts_with(beginning) {
                break;
            }
            if !pairs::may_hold(&frame.pairs, part.as_bytes()) {
                continue;
            }
            let packed = self.bytes.get(frame.bytes.clone()).ok_or_else(damaged)?;
            let text = unpack(packed, frame.raw_bytes)?;
            let text = std::str::from_utf8(&text).map_err(|_| damaged())?;
            for key in keys_with(text, &finder) {
                if let Some(rest) = key.strip_prefix(beginning)
                    && finder.find(rest.as_bytes()).is_some()
                {
                    each(key)?;
                }
            }
        }
        Ok(())
    }
}

/// Unpacks a frame of so many bytes.
pub(crate) fn unpack(packed: &[u8], raw_bytes: usize) -> io::Result<Vec<u8>> {
    thread_local! {
        /// Making one costs as much as unpacking a small frame.
        static CONTEXT: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
    }
    CONTEXT.with_borrow_mut(|context| {
        let context = match context {
            Some(context) => context,
            None => context.insert(Decompressor::new()?),
        };
        context.decompress(packed, raw_bytes)
    })
}

/// The keys of a text that hold `part` anywhere. The text has a [`BETWEEN`] before and behind each
/// key.
pub(crate) fn keys_with<'t>(
    text: &'t str,
    part: &memmem::Finder<'_>,
) -> impl Iterator<Item = &'t str> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let bytes = text.as_bytes();
        let at = from + part.find(bytes.get(from..)?)?;
        let between = BETWEEN as u8;
        let start = memchr::memrchr(between, &bytes[..at])? + 1;
        let end = at + memchr::memchr(between, &bytes[at..])?;
        from = end;
        text.get(start..end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(keys: &[String], beginning: &str, part: &str) -> Vec<String> {
        let mut builder = KeyTextBuilder::default();
        keys.iter().for_each(|key| builder.push(key).unwrap());
        let (frames, table) = builder.finish().unwrap();
        let text = KeyText::open(Bytes::from(frames), &table).unwrap();
        let mut found = Vec::new();
        text.containing(beginning, part, |key| {
            found.push(key.to_owned());
            Ok(())
        })
        .unwrap();
        found
    }

    #[test]
    fn finds_what_a_look_at_every_key_finds() {
        let mut keys: Vec<String> = (0..60_000u32)
            .map(|n| {
                format!(
                    "{}{:x}",
                    ["a", "aß", "b", "c\u{1}x"][n as usize % 4],
                    n * 7919
                )
            })
            .collect();
        keys.sort();
        keys.dedup();
        for (beginning, part) in [
            ("a", "aa"),
            ("a", "ß"),
            ("aß", "ß"),
            ("aß", "123"),
            ("b", "b"),
            ("c\u{1}x", "f0f"),
            ("", "99"),
            ("d", "1"),
            ("A", "1"),
        ] {
            let expected: Vec<String> = keys
                .iter()
                .filter(|key| {
                    key.strip_prefix(beginning)
                        .is_some_and(|rest| rest.contains(part))
                })
                .cloned()
                .collect();
            assert_eq!(
                found(&keys, beginning, part),
                expected,
                "{beginning} {part}"
            );
        }
    }

    #[test]
    fn a_table_of_another_text_is_refused() {
        let mut builder = KeyTextBuilder::default();
        builder.push("one").unwrap();
        let (frames, table) = builder.finish().unwrap();
        let shorter = Bytes::from(frames[1..].to_vec());
        assert!(KeyText::open(shorter, &table).is_none());
        assert!(KeyText::open(Bytes::from(frames), &table[1..]).is_none());
        assert!(KeyText::open(Bytes::from(Vec::new()), &[]).is_some());
    }
}
