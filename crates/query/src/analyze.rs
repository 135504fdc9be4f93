//! One pass over an event: each field goes where leaves look for it.

use std::borrow::Cow;
use std::net::IpAddr;

use event::path::{self, ChangeMember, Path, TargetMember};
use event::{Enrichment, Field, Network, Recorded, Timestamp};

use crate::json::{self, Scalar};
use crate::{
    EXACT_MAX_CHARS, ExactField as E, Leaf, MetadataValue, NumberField as N, Sink, TextField as T,
    words,
};

/// Hands everything of `event` that leaves look at to `sink`. This is the only place that says
/// which field of an event a primitive field reads.
pub fn analyze(event: &Recorded, sink: &mut impl Sink) {
    analyze_wanted(event, Wanted::ALL, sink);
}

/// As [`analyze`], but values that are not wanted may be left out.
pub(crate) fn analyze_wanted(event: &Recorded, wanted: Wanted, sink: &mut impl Sink) {
    let mut emit = Emit {
        sink,
        scratch: String::new(),
        key: String::new(),
    };
    emit.sink.exact(E::Kind, event.kind.as_str());
    emit.sink.exact(E::Category, event.category.as_str());
    emit.sink.number(N::Received, event.received_at.as_micros());
    emit.sink.number(
        N::Sequence,
        event.sequence.get().try_into().unwrap_or(i64::MAX),
    );
    for field in event.fields() {
        let place = place(field.path);
        if wanted.has(place) {
            emit.field(place, &field);
        }
    }
    if let Some(enrichment) = &event.enrichment {
        emit.enrichment(&enrichment.read().unwrap_or_default());
    }
}

/// The primitive fields that somebody wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wanted {
    exact: u64,
    text: u16,
    number: u8,
    address: bool,
    metadata: bool,
}

impl Wanted {
    const ALL: Self = Self {
        exact: u64::MAX,
        text: u16::MAX,
        number: u8::MAX,
        address: true,
        metadata: true,
    };

    /// What these leaves look at.
    pub(crate) fn by<'l>(leaves: impl IntoIterator<Item = &'l Leaf>) -> Self {
        let mut wanted = Self {
            exact: 0,
            text: 0,
            number: 0,
            address: false,
            metadata: false,
        };
        for leaf in leaves {
            match leaf {
                Leaf::Exact { field, .. }
                | Leaf::ExactPrefix { field, .. }
                | Leaf::ExactContains { field, .. } => wanted.exact |= 1 << *field as u8,
                Leaf::Words { fields, .. } | Leaf::WordContains { fields, .. } => {
                    wanted.text |= fields.bits();
                }
                Leaf::MetadataWords { .. }
                | Leaf::MetadataContains { .. }
                | Leaf::MetadataNumber { .. } => wanted.metadata = true,
                Leaf::Number { field, .. } => wanted.number |= 1 << *field as u8,
                Leaf::Ip { .. } => wanted.address = true,
            }
        }
        wanted
    }

    fn has(self, place: Place<'_>) -> bool {
        let exact = |field: E| self.exact & (1 << field as u8) != 0;
        let text = |field: T| self.text & (1 << field as u8) != 0;
        match place {
            Place::Nowhere => false,
            Place::Exact(field) | Place::ExactEach(field) => exact(field),
            Place::ExactAndText(field, words) => exact(field) || text(words),
            Place::Text(field) | Place::Texts(field) => text(field),
            Place::Number(field) | Place::Time(field) => self.number & (1 << field as u8) != 0,
            Place::Address => self.address || exact(E::Ip),
            Place::Metadata(_) => self.metadata || text(T::Metadata),
        }
    }
}

/// Where the value of a field goes.
#[derive(Clone, Copy)]
enum Place<'a> {
    Nowhere,
    Exact(E),
    ExactEach(E),
    ExactAndText(E, T),
    Text(T),
    Texts(T),
    Number(N),
    Time(N),
    Address,
    Metadata(&'a str),
}

fn place(path: Path<'_>) -> Place<'_> {
    if let Path::Known(code) = path {
        match code {
            path::ACTION => return Place::ExactAndText(E::Action, T::Action),
            path::ACTIVITY => return Place::Exact(E::Activity),
            path::ACTOR_EMAIL => return Place::Exact(E::ActorEmail),
            path::ACTOR_GROUPS => return Place::ExactEach(E::Group),
            path::ACTOR_ID => return Place::Exact(E::ActorId),
            path::ACTOR_NAME => return Place::Text(T::ActorName),
            path::ACTOR_ROLES => return Place::ExactEach(E::Role),
            path::ACTOR_TYPE => return Place::Exact(E::ActorType),
            path::CLIENT_IP => return Place::Address,
            path::CLIENT_USER_AGENT => return Place::Exact(E::Agent),
            path::CORRELATION_ID => return Place::Exact(E::Correlation),
            path::COUNTS_BYTES => return Place::Number(N::Bytes),
            path::COUNTS_RECORDS => return Place::Number(N::Records),
            path::DURATION_MS => return Place::Number(N::Duration),
            path::ID => return Place::Exact(E::Id),
            path::INGEST_IMPORT => return Place::Exact(E::Import),
            path::INGEST_KEY_ID => return Place::Exact(E::Key),
            path::LABELS => return Place::ExactEach(E::Label),
            path::MESSAGE => return Place::Text(T::Message),
            path::OCCURRED_AT => return Place::Time(N::Occurred),
            path::ON_BEHALF_OF_EMAIL => return Place::Exact(E::BehalfEmail),
            path::ON_BEHALF_OF_ID => return Place::Exact(E::BehalfId),
            path::ON_BEHALF_OF_NAME => return Place::Text(T::BehalfName),
            path::OUTCOME_CODE => return Place::Exact(E::OutcomeCode),
            path::OUTCOME_REASON => return Place::Text(T::Reason),
            path::OUTCOME_RESULT => return Place::Exact(E::Outcome),
            path::PARENT_ID => return Place::Exact(E::Parent),
            path::REQUEST_ID => return Place::Exact(E::Request),
            path::SESSION_ID => return Place::Exact(E::Session),
            path::SEVERITY => return Place::Exact(E::Severity),
            path::SOURCE_APP => return Place::Exact(E::App),
            path::SOURCE_COMPONENT => return Place::Exact(E::Component),
            path::SOURCE_ENVIRONMENT => return Place::Exact(E::Environment),
            path::SOURCE_VERSION => return Place::Exact(E::Version),
            path::TRACE_ID => return Place::Exact(E::Trace),
            _ => {}
        }
    }
    if let Some((_, member)) = path.target() {
        return match member {
            TargetMember::Id => Place::Exact(E::TargetId),
            TargetMember::Name => Place::Text(T::TargetName),
            TargetMember::Type => Place::Exact(E::TargetType),
        };
    }
    if let Some((_, member)) = path.change() {
        return match member {
            ChangeMember::Path | ChangeMember::Label => Place::ExactAndText(E::Changed, T::Changed),
            ChangeMember::Old => Place::Texts(T::Old),
            ChangeMember::New => Place::Texts(T::New),
            ChangeMember::Type => Place::Nowhere,
        };
    }
    // The category comes from the entry, which also erased events have.
    path.metadata().map_or(Place::Nowhere, Place::Metadata)
}

struct Emit<'s, S> {
    sink: &'s mut S,
    /// For folded values.
    scratch: String,
    /// For metadata keys.
    key: String,
}

impl<S: Sink> Emit<'_, S> {
    fn field(&mut self, place: Place<'_>, field: &Field<'_>) {
        match place {
            Place::Nowhere => {}
            Place::Exact(exact) => {
                if let Some(text) = field.as_string() {
                    self.exact(exact, &text);
                }
            }
            Place::ExactEach(exact) => {
                for text in field.strings() {
                    self.exact(exact, &text);
                }
            }
            Place::ExactAndText(exact, text) => {
                if let Some(value) = field.as_string() {
                    self.exact(exact, &value);
                    self.sink.text(text, &value);
                }
            }
            Place::Text(text) => {
                if let Some(value) = field.as_string() {
                    self.sink.text(text, &value);
                }
            }
            Place::Texts(text) => self.texts(text, field.value),
            Place::Number(number) => {
                if let Some(value) = field.as_i64() {
                    self.sink.number(number, value);
                }
            }
            Place::Time(number) => {
                let time = field
                    .as_string()
                    .and_then(|text| Timestamp::parse_rfc3339(&text).ok());
                if let Some(time) = time {
                    self.sink.number(number, time.as_micros());
                }
            }
            Place::Address => {
                let address = field
                    .as_string()
                    .and_then(|text| text.parse::<IpAddr>().ok());
                if let Some(address) = address.map(|address| address.to_canonical()) {
                    self.exact(E::Ip, &address.to_string());
                    self.sink.ip(address);
                }
            }
            Place::Metadata(pointer) => self.metadata(pointer, field.value),
        }
    }

    fn exact(&mut self, field: E, value: &str) {
        let folded = words::fold_with(value, &mut self.scratch);
        let folded = match folded.char_indices().nth(EXACT_MAX_CHARS) {
            Some((end, _)) => folded.get(..end).unwrap_or_default(),
            None => folded,
        };
        if !folded.is_empty() {
            self.sink.exact(field, folded);
        }
    }

    fn texts(&mut self, field: T, json: &str) {
        self.key.clear();
        let sink = &mut *self.sink;
        json::scalars(json, &mut self.key, &mut |_, value| {
            sink.text(field, as_metadata(&value).as_text())
        });
    }

    fn metadata(&mut self, pointer: &str, json: &str) {
        self.key.clear();
        for (place, name) in pointer.split('/').enumerate() {
            if place > 0 {
                self.key.push('.');
            }
            self.key
                .push_str(words::fold_with(&unescaped(name), &mut self.scratch));
        }
        let sink = &mut *self.sink;
        json::scalars(json, &mut self.key, &mut |key, value| {
            let value = as_metadata(&value);
            sink.metadata(key, value);
            sink.text(T::Metadata, value.as_text());
        });
    }

    fn enrichment(&mut self, enrichment: &Enrichment) {
        let geo = enrichment.geo.as_ref();
        let device = enrichment.device.as_ref();
        let values = [
            (E::Country, geo.and_then(|geo| geo.country.as_deref())),
            (E::Region, geo.and_then(|geo| geo.region.as_deref())),
            (E::City, geo.and_then(|geo| geo.city.as_deref())),
            (E::Network, enrichment.network.map(Network::as_str)),
            (
                E::Browser,
                device.and_then(|device| device.browser.as_deref()),
            ),
            (E::Os, device.and_then(|device| device.os.as_deref())),
            (E::Device, device.and_then(|device| device.kind.as_deref())),
            (
                E::Risk,
                enrichment.risk.as_ref().map(|risk| risk.level.as_str()),
            ),
        ];
        for (field, value) in values {
            if let Some(value) = value {
                self.exact(field, value);
            }
        }
    }
}

fn as_metadata<'a>(value: &'a Scalar<'_>) -> MetadataValue<'a> {
    match value {
        Scalar::Text(text) => MetadataValue::Text(text),
        Scalar::Number(digits) => MetadataValue::Number(digits),
        Scalar::Bool(value) => MetadataValue::Bool(*value),
    }
}

/// A name as it was before it became a part of a JSON Pointer.
fn unescaped(name: &str) -> Cow<'_, str> {
    if name.contains('~') {
        Cow::Owned(name.replace("~1", "/").replace("~0", "~"))
    } else {
        Cow::Borrowed(name)
    }
}
