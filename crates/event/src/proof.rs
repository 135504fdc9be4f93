//! The proof document: one event, what opens its commitments, and its way to a signed checkpoint.
//!
//! This module checks the half that is about the event: that the fields shown are those of the
//! commitments, the commitments those of the entry, and the event that is shown the one that is
//! proven. That the entry is in the log is checked with the path and the checkpoint by whoever
//! knows trees and signatures.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::canonical::{push_string, push_value};
use crate::commit::{BodyRoot, Commitment, ENTRY_BYTES, Entry, FieldSalt};
use crate::display_id::DisplayId;
use crate::exported::Exported;
use crate::fields::DecodeError;
use crate::json::{At, Document as Json, NodeKind};
use crate::limits::EXPORTED_DEPTH_MAX;
use crate::place::Sequence;
use crate::problem::{Problem, ProblemCode};
use crate::recorded::Recorded;
use crate::withheld::Item;

/// Largest proof document that is read, in bytes: an event twice, a salt a field, a path.
pub const DOCUMENT_MAX_BYTES: usize = 1024 * 1024;

/// Longest path that is read: a tree of 2^64 leaves has no longer one.
const PATH_MAX_HASHES: usize = 64;

/// One field of a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProofField {
    /// A field that is shown.
    Shown {
        /// JSON Pointer.
        path: String,
        /// What opens its commitment.
        salt: FieldSalt,
        /// Canonical JSON text.
        value: String,
    },
    /// A field that is not shown.
    Withheld(Commitment),
}

impl ProofField {
    /// What stands for the field in the body root.
    pub fn commitment(&self) -> Commitment {
        match self {
            ProofField::Shown { path, salt, value } => Commitment::of(salt, path, value),
            ProofField::Withheld(commitment) => *commitment,
        }
    }
}

/// What is proven about the event, once the entry is known to be in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disclosure {
    /// The entry the event belongs to.
    pub entry: Entry,
    /// Its place.
    pub sequence: Sequence,
    /// How many fields are shown, each covered by the proof.
    pub shown: u16,
    /// How many are withheld or erased.
    pub withheld: u16,
}

/// Why a proof document proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// It is not a proof document.
    #[error("not a proof document: {0}")]
    Malformed(#[from] Problem),
    /// The entry is none.
    #[error("the entry of the proof is wrong: {0}")]
    Entry(#[from] DecodeError),
    /// There are more or fewer fields than the entry says.
    #[error("the proof has {found} fields, the entry says {expected}")]
    FieldCount {
        /// In the document.
        found: usize,
        /// In the entry.
        expected: u16,
    },
    /// Some field or salt was changed.
    #[error("the fields do not make the body root of the entry: a field or a salt was changed")]
    BodyRoot,
    /// The event that is shown is not the one that is proven.
    #[error("{field} of the event is not what the proof covers")]
    EventDiffers {
        /// JSON Pointer of the first difference.
        field: String,
    },
}

/// A proof document, as `annals prove` writes it and the API answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The event as it is exported, JSON text.
    pub event: String,
    /// Every field in the order of the commitments; none if the event was erased.
    pub fields: Vec<ProofField>,
    /// The entry.
    pub entry: [u8; ENTRY_BYTES],
    /// The place of the leaf.
    pub index: u64,
    /// Hashes from the leaf to the root.
    pub path: Vec<[u8; 32]>,
    /// The signed checkpoint, a note.
    pub checkpoint: String,
    /// The public key it is signed with, for convenience; trust one you got elsewhere.
    pub vkey: String,
}

impl Document {
    /// The proof of a recorded event.
    pub fn of(
        recorded: &Recorded,
        path: Vec<[u8; 32]>,
        checkpoint: String,
        vkey: String,
    ) -> Document {
        let mut event = Vec::new();
        recorded.to_wire_json(&mut event);
        let fields = recorded.content.items().into_iter().map(|item| match item {
            Item::Shown { salt, field } => ProofField::Shown {
                path: field.path.as_str().to_owned(),
                salt,
                value: field.value.to_owned(),
            },
            Item::Withheld(commitment) => ProofField::Withheld(commitment),
        });
        Document {
            event: String::from_utf8(event).unwrap_or_default(),
            fields: fields.collect(),
            entry: recorded.entry().to_bytes(),
            index: recorded.sequence.get(),
            path,
            checkpoint,
            vkey,
        }
    }

    /// The JSON text.
    pub fn to_json(&self) -> String {
        let mut json = format!("{{\"event\":{},\"fields\":[", self.event);
        for (number, field) in self.fields.iter().enumerate() {
            json.push_str(if number > 0 { "," } else { "" });
            match field {
                ProofField::Shown { path, salt, value } => {
                    json.push_str("{\"path\":");
                    push_string(path, &mut json);
                    json.push_str(",\"salt\":\"");
                    BASE64.encode_string(salt.0, &mut json);
                    json.push_str("\",\"value\":");
                    json.push_str(value);
                    json.push('}');
                }
                ProofField::Withheld(commitment) => {
                    json.push_str("{\"commitment\":\"");
                    BASE64.encode_string(commitment.0, &mut json);
                    json.push_str("\"}");
                }
            }
        }
        json.push_str("],\"entry\":\"");
        BASE64.encode_string(self.entry, &mut json);
        json.push_str(&format!("\",\"index\":{},\"path\":[", self.index));
        for (number, hash) in self.path.iter().enumerate() {
            json.push_str(if number > 0 { ",\"" } else { "\"" });
            BASE64.encode_string(hash, &mut json);
            json.push('"');
        }
        json.push_str("],\"checkpoint\":");
        push_string(&self.checkpoint, &mut json);
        json.push_str(",\"vkey\":");
        push_string(&self.vkey, &mut json);
        json.push('}');
        json
    }

    /// Reads a proof document.
    pub fn parse(json: &[u8]) -> Result<Document, ProofError> {
        // The event is one level down, a value of a field two.
        let document = Json::parse(json, DOCUMENT_MAX_BYTES, EXPORTED_DEPTH_MAX + 2)?;
        let reader = Reader {
            document: &document,
        };
        let [event, fields, entry, index, path, checkpoint, vkey] = reader.members(
            document.root(),
            "",
            [
                "event",
                "fields",
                "entry",
                "index",
                "path",
                "checkpoint",
                "vkey",
            ],
        )?;
        let index_text = document.raw(index);
        let index = index_text
            .parse()
            .map_err(|_| wrong("/index", "is no place in a log"))?;
        let path: Vec<[u8; 32]> = reader
            .elements(path, "/path")?
            .into_iter()
            .map(|hash| reader.bytes(hash, "/path"))
            .collect::<Result<_, _>>()?;
        if path.len() > PATH_MAX_HASHES {
            return Err(wrong("/path", "is longer than that of any tree").into());
        }
        Ok(Document {
            event: document.raw(event).to_owned(),
            fields: reader
                .elements(fields, "/fields")?
                .into_iter()
                .map(|field| reader.field(field))
                .collect::<Result<_, _>>()?,
            entry: reader.bytes(entry, "/entry")?,
            index,
            path,
            checkpoint: reader.string(checkpoint, "/checkpoint")?,
            vkey: reader.string(vkey, "/vkey")?,
        })
    }

    /// Checks that the event shown is the one the entry stands for. Says nothing about the log:
    /// path and checkpoint are still to be checked, with the entry.
    pub fn check(&self) -> Result<Disclosure, ProofError> {
        let entry = Entry::from_bytes(&self.entry)?;
        let withheld = self
            .fields
            .iter()
            .filter(|field| matches!(field, ProofField::Withheld(_)))
            .count();
        let disclosure = Disclosure {
            entry,
            sequence: Sequence::new(self.index),
            shown: (self.fields.len() - withheld) as u16,
            withheld: if self.fields.is_empty() {
                entry.field_count
            } else {
                withheld as u16
            },
        };
        if !self.fields.is_empty() {
            if self.fields.len() != usize::from(entry.field_count) {
                let (found, expected) = (self.fields.len(), entry.field_count);
                return Err(ProofError::FieldCount { found, expected });
            }
            let root = BodyRoot::of(self.fields.iter().map(ProofField::commitment));
            if root != entry.body_root {
                return Err(ProofError::BodyRoot);
            }
        }
        self.check_event(&entry)?;
        Ok(disclosure)
    }

    /// Holds what the event says of itself against what is proven.
    fn check_event(&self, entry: &Entry) -> Result<(), ProofError> {
        let differs = |field: &str| {
            Err(ProofError::EventDiffers {
                field: field.to_owned(),
            })
        };
        let event = Exported::parse(self.event.as_bytes())?;
        let sequence = Sequence::new(self.index);
        if event.sequence.is_some_and(|shown| shown != sequence) {
            return differs("/sequence");
        }
        if event
            .received_at
            .is_some_and(|shown| shown != entry.received_at)
        {
            return differs("/received_at");
        }
        if event.kind.is_some_and(|shown| shown != entry.kind) {
            return differs("/kind");
        }
        let display_id = DisplayId::new(sequence, entry.received_at).to_string();
        if event
            .display_id
            .as_ref()
            .is_some_and(|shown| *shown != display_id)
        {
            return differs("/display_id");
        }
        let mut proven = self.fields.iter().filter_map(|field| match field {
            ProofField::Shown { path, value, .. } => Some((path.as_str(), value.as_str())),
            ProofField::Withheld(_) => None,
        });
        for field in event.fields() {
            if proven.next() != Some((field.path.as_str(), field.value)) {
                return differs(field.path.as_str());
            }
        }
        match proven.next() {
            Some((path, _)) => differs(path),
            None => Ok(()),
        }
    }
}

fn wrong(field: &str, detail: &str) -> Problem {
    Problem::new(ProblemCode::WrongValue, field, detail)
}

struct Reader<'d, 's> {
    document: &'d Json<'s>,
}

impl Reader<'_, '_> {
    /// The members of an object with exactly these names.
    fn members<const N: usize>(
        &self,
        object: At,
        field: &str,
        names: [&str; N],
    ) -> Result<[At; N], Problem> {
        let mut found = [None; N];
        for (name, value) in self.document.members(object) {
            let place = names.iter().position(|it| *it == name);
            let slot = place.and_then(|place| found.get_mut(place));
            match slot {
                Some(slot @ None) => *slot = Some(value),
                Some(Some(_)) => return Err(wrong(&format!("{field}/{name}"), "stands twice")),
                None => return Err(wrong(&format!("{field}/{name}"), "is no part of a proof")),
            }
        }
        let mut values = [self.document.root(); N];
        for ((value, found), name) in values.iter_mut().zip(found).zip(names) {
            *value = found.ok_or_else(|| wrong(&format!("{field}/{name}"), "is missing"))?;
        }
        Ok(values)
    }

    fn elements(&self, array: At, field: &str) -> Result<Vec<At>, Problem> {
        if self.document.kind(array) != NodeKind::Array {
            return Err(wrong(field, "must be an array"));
        }
        Ok(self.document.elements(array).collect())
    }

    fn string(&self, value: At, field: &str) -> Result<String, Problem> {
        let text = self
            .document
            .string(value)
            .ok_or_else(|| wrong(field, "must be a string"))?;
        Ok(text.into_owned())
    }

    fn bytes<const N: usize>(&self, value: At, field: &str) -> Result<[u8; N], Problem> {
        let text = self.string(value, field)?;
        let bytes = BASE64
            .decode(text)
            .ok()
            .and_then(|bytes| bytes.try_into().ok());
        bytes.ok_or_else(|| wrong(field, &format!("must be {N} bytes in base64")))
    }

    fn field(&self, field: At) -> Result<ProofField, Problem> {
        let withheld = self
            .document
            .members(field)
            .any(|(name, _)| name == "commitment");
        if withheld {
            let [commitment] = self.members(field, "/fields", ["commitment"])?;
            return Ok(ProofField::Withheld(Commitment(
                self.bytes(commitment, "/fields")?,
            )));
        }
        let [path, salt, value] = self.members(field, "/fields", ["path", "salt", "value"])?;
        let mut text = String::new();
        push_value(self.document, value, &mut text).map_err(|twice| twice.in_field("/fields"))?;
        Ok(ProofField::Shown {
            path: self.string(path, "/fields")?,
            salt: FieldSalt(self.bytes(salt, "/fields")?),
            value: text,
        })
    }
}
