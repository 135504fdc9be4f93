//! Cursors: where a page ended, and of which search.
//!
//! A cursor is not secret and not trusted: it holds a place in the caller's own results. What it is
//! bound to (tenant, query and order) is hashed into it, so that a cursor of another search, or one
//! somebody changed, is refused instead of giving wrong pages.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use event::{Count, Sequence, Timestamp};
use sha2::{Digest, Sha256};

use crate::error::{Code, Refusal};

/// First byte: the format.
const VERSION: u8 = 1;
const BINDING_BYTES: usize = 12;
const NUMBERS: usize = 4;
const BYTES: usize = 1 + NUMBERS * 8 + BINDING_BYTES;

/// The end of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// Size of the ledger that the first page saw.
    pub(crate) as_of: Count,
    /// What `now` meant on the first page.
    pub(crate) now: Timestamp,
    /// The last event shown.
    pub(crate) occurred: Timestamp,
    /// Its place.
    pub(crate) sequence: Sequence,
}

/// What a cursor is good for.
pub(crate) struct Binding(Vec<u8>);

impl Binding {
    /// The search that these texts name, in this order.
    pub(crate) fn of(texts: &[Option<&str>]) -> Self {
        let mut bytes = b"annals cursor v1\0".to_vec();
        for text in texts {
            let text = text.map(str::as_bytes);
            bytes.extend((text.map_or(u64::MAX, |text| text.len() as u64)).to_be_bytes());
            bytes.extend_from_slice(text.unwrap_or_default());
        }
        Binding(bytes)
    }

    fn seal(&self, numbers: &[u8]) -> [u8; BINDING_BYTES] {
        let hash: [u8; 32] = Sha256::new()
            .chain_update(&self.0)
            .chain_update(numbers)
            .finalize()
            .into();
        let mut seal = [0; BINDING_BYTES];
        seal.copy_from_slice(&hash[..BINDING_BYTES]);
        seal
    }

    fn write(&self, numbers: [u64; NUMBERS]) -> String {
        let mut bytes = vec![VERSION];
        numbers
            .iter()
            .for_each(|number| bytes.extend(number.to_be_bytes()));
        bytes.extend(self.seal(&bytes));
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    fn read(&self, text: &str) -> Result<[u64; NUMBERS], Refusal> {
        let wrong = || {
            Refusal::new(
                Code::InvalidCursor,
                "the cursor does not belong to this search: it is not whole, or another parameter \
                 changed since the page it came from",
            )
            .of_field("cursor")
            .with_hint("leave `cursor` out to begin again")
        };
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong())?;
        if bytes.len() != BYTES || bytes.first() != Some(&VERSION) {
            return Err(wrong());
        }
        let (numbers, seal) = bytes.split_at(1 + NUMBERS * 8);
        if seal != self.seal(numbers) {
            return Err(wrong());
        }
        let (numbers, _) = numbers[1..].as_chunks::<8>();
        Ok(std::array::from_fn(|place| {
            u64::from_be_bytes(numbers[place])
        }))
    }
}

/// The end of a page of a list that is sorted by its counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ListCursor {
    /// Size of the ledger that the first page saw.
    pub(crate) as_of: Count,
    /// What `now` meant on the first page.
    pub(crate) now: Timestamp,
    /// How many entries were shown.
    pub(crate) shown: u64,
}

impl Cursor {
    /// The text that goes to the client.
    pub(crate) fn to_text(self, binding: &Binding) -> String {
        binding.write([
            self.as_of.get(),
            self.now.as_micros() as u64,
            self.occurred.as_micros() as u64,
            self.sequence.get(),
        ])
    }

    /// Reads what a client sent.
    pub(crate) fn from_text(text: &str, binding: &Binding) -> Result<Self, Refusal> {
        let [as_of, now, occurred, sequence] = binding.read(text)?;
        Ok(Cursor {
            as_of: Count::new(as_of),
            now: Timestamp::from_micros(now as i64),
            occurred: Timestamp::from_micros(occurred as i64),
            sequence: Sequence::new(sequence),
        })
    }
}

impl ListCursor {
    /// The text that goes to the client.
    pub(crate) fn to_text(self, binding: &Binding) -> String {
        let now = self.now.as_micros() as u64;
        binding.write([self.as_of.get(), now, self.shown, 0])
    }

    /// Reads what a client sent.
    pub(crate) fn from_text(text: &str, binding: &Binding) -> Result<Self, Refusal> {
        let [as_of, now, shown, _] = binding.read(text)?;
        Ok(ListCursor {
            as_of: Count::new(as_of),
            now: Timestamp::from_micros(now as i64),
            shown,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CURSOR: Cursor = Cursor {
        as_of: Count::new(1000),
        now: Timestamp::from_micros(5),
        occurred: Timestamp::from_micros(-7),
        sequence: Sequence::new(77),
    };

    #[test]
    fn a_cursor_reads_what_it_wrote() {
        let binding = Binding::of(&[Some("main"), None, Some("q")]);
        let text = CURSOR.to_text(&binding);
        assert_eq!(Cursor::from_text(&text, &binding).unwrap(), CURSOR);
    }

    #[test]
    fn another_search_or_a_changed_cursor_is_refused() {
        let binding = Binding::of(&[Some("main"), None, Some("q")]);
        let text = CURSOR.to_text(&binding);
        for other in [
            &[Some("main"), Some("q"), None][..],
            &[Some("mainq"), None, None],
        ] {
            assert!(Cursor::from_text(&text, &Binding::of(other)).is_err());
        }
        for place in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(Cursor::from_text(&changed, &binding).is_err(), "{place}");
        }
        for text in ["", "nonsense", "AQ", "é"] {
            assert!(Cursor::from_text(text, &binding).is_err(), "{text}");
        }
    }
}
