//! An event in its ledger.

use crate::commit::{Entry, Salt};
use crate::display_id::DisplayId;
use crate::enrichment::EnrichmentJson;
use crate::event::Event;
use crate::fields::{DecodeError, EncodedFields, Field, Fields, Walk};
use crate::path::Code;
use crate::place::Sequence;
use crate::time::Timestamp;
use crate::wire;
use crate::withheld::{Content, Slot, Withheld};
use crate::words::{Category, Kind};
use crate::{BodyRoot, Commitment, FieldSalt};

/// An event with its place, and what is kept beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// Its place in the ledger.
    pub sequence: Sequence,
    /// When the sequencer stamped it.
    pub received_at: Timestamp,
    /// Who wrote it.
    pub kind: Kind,
    /// Its log type; stays when the event is erased.
    pub category: Category,
    /// What is left of the event.
    pub content: Content,
    /// What was added at ingest; not hashed.
    pub enrichment: Option<EnrichmentJson>,
}

impl Recorded {
    /// What the tree holds of it. Hashes all fields; where the body root is at hand, build the
    /// `Entry` from it.
    pub fn entry(&self) -> Entry {
        Entry {
            kind: self.kind,
            category: self.category,
            received_at: self.received_at,
            field_count: self.content.field_count(),
            body_root: self.content.body_root(),
        }
    }

    /// The name people use: `LOG-2026-0000123`.
    pub fn display_id(&self) -> String {
        DisplayId::new(self.sequence, self.received_at).to_string()
    }

    /// The fields that are there, sorted by path; none when the event was erased.
    pub fn fields(&self) -> Fields<'_> {
        match &self.content {
            Content::Whole { event, .. } => event.fields(),
            Content::Withheld(withheld) => withheld.fields().iter(),
            Content::Erased { .. } => Fields::none(),
        }
    }

    /// The field with this code, if it is there.
    pub fn field(&self, code: Code) -> Option<Field<'_>> {
        match &self.content {
            Content::Whole { event, .. } => event.field(code),
            Content::Withheld(withheld) => withheld.fields().get(code),
            Content::Erased { .. } => None,
        }
    }

    /// The event, if nothing of it was erased.
    pub fn event(&self) -> Option<&Event> {
        match &self.content {
            Content::Whole { event, .. } => Some(event),
            Content::Withheld(_) | Content::Erased { .. } => None,
        }
    }

    /// The salt, if nothing of the event was erased. It is kept beside the record.
    pub fn salt(&self) -> Option<Salt> {
        match &self.content {
            Content::Whole { salt, .. } => Some(*salt),
            Content::Withheld(_) | Content::Erased { .. } => None,
        }
    }

    /// Appends the event as search, get, export and tail show it: flat, with the reserved names.
    pub fn to_wire_json(&self, out: &mut Vec<u8>) {
        wire::write(self, out);
    }

    /// Appends the record of `docs/formats/record-v1.md`, without the event's salt.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.sequence.get().to_be_bytes());
        out.extend_from_slice(&self.received_at.as_micros().to_be_bytes());
        self.encode_body(out);
    }

    /// Reads the record at the start of `bytes`; also returns how many bytes it takes. `salt` is
    /// the event's salt, kept beside the record; it is not used where fields were erased.
    pub fn decode(bytes: &[u8], salt: &Salt) -> Result<(Recorded, usize), DecodeError> {
        let (sequence, rest) = bytes
            .split_first_chunk::<8>()
            .ok_or(DecodeError::Truncated)?;
        let (micros, body) = rest
            .split_first_chunk::<8>()
            .ok_or(DecodeError::Truncated)?;
        let sequence = Sequence::new(u64::from_be_bytes(*sequence));
        let received_at = Timestamp::from_micros(i64::from_be_bytes(*micros));
        let (recorded, length) = Recorded::decode_body(body, sequence, received_at, salt)?;
        Ok((recorded, PLACE_BYTES + length))
    }

    /// Appends the record without sequence and `received_at`, for a home that keeps them apart.
    pub fn encode_body(&self, out: &mut Vec<u8>) {
        match &self.content {
            Content::Whole { event, .. } => {
                return encode_whole_body(event, self.kind, self.enrichment.as_ref(), out);
            }
            Content::Withheld(withheld) => {
                out.extend([TAG_WITHHELD, self.kind.code(), self.category.code()]);
                encode_withheld(withheld, out);
            }
            Content::Erased {
                field_count,
                body_root,
            } => {
                out.extend([TAG_ERASED, self.kind.code(), self.category.code()]);
                out.extend(field_count.to_be_bytes());
                out.extend(body_root.0);
            }
        }
        encode_enrichment(self.enrichment.as_ref(), out);
    }

    /// Reads what `encode_body` wrote.
    pub fn decode_body(
        bytes: &[u8],
        sequence: Sequence,
        received_at: Timestamp,
        salt: &Salt,
    ) -> Result<(Recorded, usize), DecodeError> {
        let mut walk = Walk { bytes, at: 0 };
        let tag = walk.byte()?;
        let kind = Kind::from_code(walk.byte()?).ok_or(DecodeError::Damaged("an unknown kind"))?;
        let category =
            Category::from_code(walk.byte()?).ok_or(DecodeError::Damaged("an unknown category"))?;
        let content = match tag {
            TAG_WHOLE => {
                let rest = bytes.get(walk.at..).unwrap_or_default();
                let (event, length) = Event::from_encoded(rest)?;
                if event.category() != category {
                    return Err(DecodeError::Damaged("two categories"));
                }
                walk.at += length;
                Content::Whole { salt: *salt, event }
            }
            TAG_WITHHELD => Content::Withheld(decode_withheld(&mut walk)?),
            TAG_ERASED => Content::Erased {
                field_count: u16::from_be_bytes(array(&mut walk)?),
                body_root: BodyRoot(array(&mut walk)?),
            },
            _ => return Err(DecodeError::Damaged("an unknown form of a record")),
        };
        let length = usize::from(u16::from_be_bytes(array(&mut walk)?));
        let enrichment = EnrichmentJson::stored(walk.take(length)?)?;
        let recorded = Recorded {
            sequence,
            received_at,
            kind,
            category,
            content,
            enrichment,
        };
        Ok((recorded, walk.at))
    }
}

/// Appends what `Recorded::encode_body` writes for a whole event, before it has a place.
pub fn encode_whole_body(
    event: &Event,
    kind: Kind,
    enrichment: Option<&EnrichmentJson>,
    out: &mut Vec<u8>,
) {
    out.reserve(3 + event.encoded().len() + 1);
    out.extend([TAG_WHOLE, kind.code(), event.category().code()]);
    out.extend_from_slice(event.encoded());
    encode_enrichment(enrichment, out);
}

const TAG_WHOLE: u8 = 0;
const TAG_WITHHELD: u8 = 1;
const TAG_ERASED: u8 = 2;
/// Sequence and `received_at`.
const PLACE_BYTES: usize = 16;

fn array<const N: usize>(walk: &mut Walk<'_>) -> Result<[u8; N], DecodeError> {
    walk.take(N)?
        .first_chunk::<N>()
        .copied()
        .ok_or(DecodeError::Truncated)
}

/// Field count, one bit a field (set: it is there), the fields that are there, then the slots in
/// order: salts of those there, commitments of the others.
fn encode_withheld(withheld: &Withheld, out: &mut Vec<u8>) {
    out.extend(withheld.field_count().to_be_bytes());
    for eight in withheld.slots.chunks(8) {
        let bits = eight.iter().enumerate().map(|(at, slot)| match slot {
            Slot::Shown(_) => 1u8 << at,
            Slot::Gone(_) => 0,
        });
        out.push(bits.sum());
    }
    out.extend_from_slice(withheld.fields.as_bytes());
    for slot in &withheld.slots {
        match slot {
            Slot::Shown(salt) => out.extend(salt.0),
            Slot::Gone(commitment) => out.extend(commitment.0),
        }
    }
}

fn decode_withheld(walk: &mut Walk<'_>) -> Result<Withheld, DecodeError> {
    let count = usize::from(u16::from_be_bytes(array(walk)?));
    let bits = walk.take(count.div_ceil(8))?;
    let (fields, length) = EncodedFields::decode(walk.bytes.get(walk.at..).unwrap_or_default())?;
    walk.at += length;
    let mut slots = Vec::with_capacity(count);
    for number in 0..count {
        let byte = bits.get(number / 8).copied().unwrap_or(0);
        slots.push(if byte >> (number % 8) & 1 == 1 {
            Slot::Shown(FieldSalt(array(walk)?))
        } else {
            Slot::Gone(Commitment(array(walk)?))
        });
    }
    let unused = bits
        .last()
        .is_some_and(|last| count % 8 != 0 && last >> (count % 8) != 0);
    let shown = slots
        .iter()
        .filter(|slot| matches!(slot, Slot::Shown(_)))
        .count();
    if unused || shown != usize::from(fields.count()) || shown == count {
        return Err(DecodeError::Damaged("withheld fields do not add up"));
    }
    Ok(Withheld {
        fields,
        slots: slots.into_boxed_slice(),
    })
}

/// BE u16 length and JSON; length 0 says there is none.
fn encode_enrichment(enrichment: Option<&EnrichmentJson>, out: &mut Vec<u8>) {
    let json = enrichment.map_or("", EnrichmentJson::as_str);
    let length = u16::try_from(json.len()).unwrap_or_default();
    out.extend(length.to_be_bytes());
    out.extend(json.bytes().take(usize::from(length)));
}
