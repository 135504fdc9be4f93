//! One event as an index holds it. Tail and part index are filled from this and nothing else.

use std::net::IpAddr;

use event::Recorded;
use query::{ExactField, MetadataValue, NumberField, Sink, TextField, words};

use crate::column::ABSENT;
use crate::ids;
use crate::keys::{self, BETWEEN};

/// Fields whose values are also kept by document, for lists of top values, charts and groups.
pub(crate) const VALUE_FIELDS: &[ExactField] = &[
    ExactField::Action,
    ExactField::Activity,
    ExactField::Category,
    ExactField::Outcome,
    ExactField::Severity,
    ExactField::Kind,
    ExactField::ActorType,
    ExactField::ActorId,
    ExactField::TargetType,
    ExactField::TargetId,
    ExactField::Ip,
    ExactField::App,
    ExactField::Component,
    ExactField::Country,
    ExactField::Session,
];

/// The numbers kept by document beside the sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Number {
    /// When it happened; when it was received where the event does not say (any more).
    Time,
    Received,
    Records,
    Bytes,
    Duration,
}

impl Number {
    pub(crate) const COUNT: usize = 5;
}

/// What an index holds of one event. Kept and filled again for the next one.
#[derive(Default)]
pub(crate) struct Document {
    /// Keys, each followed by [`BETWEEN`].
    pub(crate) keys: String,
    /// Words in order, each behind its field's tag and followed by [`BETWEEN`]; one more
    /// `BETWEEN` after each text, so that no phrase reaches from one into the next.
    pub(crate) words: String,
    pub(crate) sequence: u64,
    pub(crate) numbers: [i64; Number::COUNT],
    /// Whether the event itself says when it happened.
    pub(crate) has_time: bool,
    /// Values of [`VALUE_FIELDS`]: which field, and where the value ends in `value_text`.
    values: Vec<(u8, u32)>,
    value_text: String,
    /// Hashes of values that are only looked up whole; marked is that of the event's own id, if it is
    /// looked for as it was sent.
    pub(crate) ids: Vec<u32>,
    own_id: String,
    /// Whether keys, words and ids are left out.
    columns_only: bool,
    scratch: String,
}

impl Document {
    /// Forgets the last event and takes this one.
    pub(crate) fn read(&mut self, event: &Recorded) {
        self.columns_only = false;
        self.fill(event);
    }

    /// As [`Document::read`], but only for columns: keys, words and ids stay empty.
    pub(crate) fn read_columns(&mut self, event: &Recorded) {
        self.columns_only = true;
        self.fill(event);
    }

    /// Forgets the last event.
    fn clear(&mut self) {
        self.keys.clear();
        self.words.clear();
        self.values.clear();
        self.value_text.clear();
        self.ids.clear();
        self.own_id.clear();
        self.numbers = [ABSENT; Number::COUNT];
    }

    /// Adds a value of one of [`VALUE_FIELDS`], by its place there.
    fn push_value(&mut self, field: u8, value: &str) {
        self.value_text.push_str(value);
        self.values.push((field, self.value_text.len() as u32));
    }

    fn fill(&mut self, event: &Recorded) {
        self.clear();
        self.sequence = event.sequence.get();
        let own_id = event.field(event::path::ID);
        if let Some(id) = own_id.as_ref().and_then(|id| id.as_string()) {
            self.own_id.push_str(&id);
        }
        query::analyze(event, self);
        self.has_time = self.numbers[Number::Time as usize] != ABSENT;
        if !self.has_time {
            self.numbers[Number::Time as usize] = event.received_at.as_micros();
        }
    }

    /// The values of [`VALUE_FIELDS`], each with the place of its field there.
    pub(crate) fn values(&self) -> impl Iterator<Item = (usize, &str)> {
        let mut start = 0;
        self.values.iter().map(move |(field, end)| {
            let value = &self.value_text[start..*end as usize];
            start = *end as usize;
            (usize::from(*field), value)
        })
    }

    fn key(&mut self, push: impl FnOnce(&mut String)) {
        push(&mut self.keys);
        self.keys.push(BETWEEN);
    }
}

/// Place of a field in [`VALUE_FIELDS`].
pub(crate) fn value_field(field: ExactField) -> Option<usize> {
    VALUE_FIELDS.iter().position(|other| *other == field)
}

const VALUE_FIELD_OF: [Option<u8>; 64] = {
    let mut of = [None; 64];
    let mut place = 0;
    while place < VALUE_FIELDS.len() {
        of[VALUE_FIELDS[place] as usize] = Some(place as u8);
        place += 1;
    }
    of
};

impl Sink for Document {
    fn exact(&mut self, field: ExactField, folded: &str) {
        if let Some(place) = VALUE_FIELD_OF[field as usize] {
            self.push_value(place, folded);
        }
        if self.columns_only {
            return;
        }
        if field.is_lookup_only() {
            let is_own = field == ExactField::Id && folded == self.own_id;
            let hash = keys::id_hash(field, folded);
            self.ids.push(ids::marked(hash, is_own));
        } else if field != ExactField::Ip {
            // An address has one key, made for ranges.
            self.keys.push(keys::exact_tag(field));
            self.keys.push_str(folded);
            self.keys.push(BETWEEN);
        }
    }

    fn text(&mut self, field: TextField, value: &str) {
        if self.columns_only {
            return;
        }
        let tag = keys::text_tag(field);
        let Self { words, scratch, .. } = self;
        words::words_with(value, scratch, |word| {
            words.push(tag);
            words.push_str(word);
            words.push(BETWEEN);
        });
        words.push(BETWEEN);
    }

    fn metadata(&mut self, key: &str, value: MetadataValue<'_>) {
        if self.columns_only {
            return;
        }
        match value {
            MetadataValue::Number(digits) => {
                self.key(|keys| keys::push_metadata_number(key, digits, keys))
            }
            _ => value.words(|word| self.key(|keys| keys::push_metadata_word(key, word, keys))),
        }
    }

    fn number(&mut self, field: NumberField, value: i64) {
        let number = match field {
            NumberField::Records => Number::Records,
            NumberField::Bytes => Number::Bytes,
            NumberField::Duration => Number::Duration,
            NumberField::Occurred => Number::Time,
            NumberField::Received => Number::Received,
            NumberField::Sequence => return,
        };
        self.numbers[number as usize] = value;
    }

    fn ip(&mut self, address: IpAddr) {
        if self.columns_only {
            return;
        }
        self.key(|keys| keys::push_ip(address, keys));
    }
}
