//! Commitments: what is hashed of an event (`docs/formats/leaf-v1.md`).
//!
//! Every field is committed to under a salt of its own, so that a value, an event or a person can be
//! erased and any field withheld while every proof keeps holding.

use crate::fields::{DecodeError, Fields};
use crate::sha::Message;
use crate::time::Timestamp;
use crate::words::{Category, Kind};

/// The random secret of one event, from which its fields' salts follow. Never reused.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub [u8; 16]);

/// The secret of one field. Who knows it and the field can check the field's commitment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FieldSalt(pub [u8; 16]);

impl std::fmt::Debug for Salt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Salt(secret)")
    }
}

impl std::fmt::Debug for FieldSalt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FieldSalt(secret)")
    }
}

impl Salt {
    /// The salt of field `number`: half of SHA-256(event salt || BE u16 (number / 2)).
    pub fn field(&self, number: u16) -> FieldSalt {
        let [even, odd] = self.pair(number / 2);
        if number.is_multiple_of(2) { even } else { odd }
    }

    /// The salts of fields `2 * pair` and `2 * pair + 1`.
    fn pair(&self, pair: u16) -> [FieldSalt; 2] {
        let mut message = Message::new();
        message.push(&self.0);
        message.push(&pair.to_be_bytes());
        let mut halves = [FieldSalt([0; 16]); 2];
        for (half, bytes) in halves.iter_mut().zip(message.hash().chunks_exact(16)) {
            half.0.copy_from_slice(bytes);
        }
        halves
    }
}

/// What stands for one field in the body root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Commitment(pub [u8; 32]);

impl Commitment {
    /// SHA-256(field salt || BE u16 path length || path || value).
    pub fn of(salt: &FieldSalt, path: &str, value: &str) -> Self {
        let length = path.len() as u16;
        let mut message = Message::new();
        message.push(&salt.0);
        message.push(&length.to_be_bytes());
        message.push(path.as_bytes());
        message.push(value.as_bytes());
        Commitment(message.hash())
    }
}

/// What stands for all fields of an event: SHA-256("annals body v1\0" || commitments in order).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BodyRoot(pub [u8; 32]);

const BODY_PREFIX: &[u8; 15] = b"annals body v1\0";

impl BodyRoot {
    /// The root over commitments in the order of their fields.
    pub fn of(commitments: impl IntoIterator<Item = Commitment>) -> Self {
        let mut message = Message::new();
        message.push(BODY_PREFIX);
        for commitment in commitments {
            message.push(&commitment.0);
        }
        BodyRoot(message.hash())
    }

    /// The root over fields under their event's salt.
    pub(crate) fn of_fields(fields: Fields<'_>, salt: &Salt) -> Self {
        let mut pair = [FieldSalt([0; 16]); 2];
        BodyRoot::of(fields.enumerate().map(|(number, field)| {
            if number % 2 == 0 {
                pair = salt.pair((number / 2) as u16);
            }
            let [even, odd] = &pair;
            let salt = if number % 2 == 0 { even } else { odd };
            Commitment::of(salt, field.path.as_str(), field.value)
        }))
    }
}

/// Bytes of an entry.
pub const ENTRY_BYTES: usize = 45;
/// The only version of an entry there is.
pub const ENTRY_VERSION: u8 = 1;

/// What the tree holds of an event. No personal data: it stays when the event is erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Who wrote the event.
    pub kind: Kind,
    /// Its log type.
    pub category: Category,
    /// When the sequencer stamped it; not before 1970.
    pub received_at: Timestamp,
    /// How many fields it has, erased ones included.
    pub field_count: u16,
    /// What stands for its fields.
    pub body_root: BodyRoot,
}

impl Entry {
    /// The 45 bytes: version, kind, category, `received_at` BE u64 microseconds, field count BE
    /// u16, body root.
    pub fn to_bytes(&self) -> [u8; ENTRY_BYTES] {
        let mut bytes = [0; ENTRY_BYTES];
        let micros = self.received_at.as_micros().max(0).cast_unsigned();
        let head = [ENTRY_VERSION, self.kind.code(), self.category.code()];
        let parts: [&[u8]; 4] = [
            &head,
            &micros.to_be_bytes(),
            &self.field_count.to_be_bytes(),
            &self.body_root.0,
        ];
        for (to, from) in bytes.iter_mut().zip(parts.into_iter().flatten()) {
            *to = *from;
        }
        bytes
    }

    /// Reads an entry back.
    pub fn from_bytes(bytes: &[u8; ENTRY_BYTES]) -> Result<Entry, DecodeError> {
        let [version, kind, category, rest @ ..] = bytes;
        if *version != ENTRY_VERSION {
            return Err(DecodeError::Damaged("an unknown version of an entry"));
        }
        let kind = Kind::from_code(*kind).ok_or(DecodeError::Damaged("an unknown kind"))?;
        let category =
            Category::from_code(*category).ok_or(DecodeError::Damaged("an unknown category"))?;
        let (micros, rest) = rest
            .split_first_chunk::<8>()
            .ok_or(DecodeError::Truncated)?;
        let (count, rest) = rest
            .split_first_chunk::<2>()
            .ok_or(DecodeError::Truncated)?;
        let root = rest.first_chunk::<32>().ok_or(DecodeError::Truncated)?;
        let micros = i64::try_from(u64::from_be_bytes(*micros))
            .map_err(|_| DecodeError::Damaged("a time out of range"))?;
        Ok(Entry {
            kind,
            category,
            received_at: Timestamp::from_micros(micros),
            field_count: u16::from_be_bytes(*count),
            body_root: BodyRoot(*root),
        })
    }

    /// The leaf of the tree: SHA-256(0x00 || entry).
    pub fn leaf_hash(&self) -> [u8; 32] {
        let mut message = Message::new();
        message.push(&[0]);
        message.push(&self.to_bytes());
        message.hash()
    }
}
