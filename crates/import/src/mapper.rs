//! From a record to an event without an id, whatever the format.

use std::borrow::Cow;

use event::json::push_string;
use event::limits::EVENT_MAX_BYTES;

use crate::csv::Mapping;
use crate::draft::Draft;
use crate::record::Record;
use crate::refusal::{Note, Refusal};
use crate::{cloudtrail, csv, github, ids, looks, okta};

/// What a log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Events of Annals, one a line.
    Ndjson,
    /// A table with a heading.
    Csv,
    /// AWS CloudTrail.
    CloudTrail,
    /// The audit log of a GitHub organisation or enterprise.
    GitHub,
    /// The System Log of Okta.
    Okta,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 5] = [
        Format::Ndjson,
        Format::Csv,
        Format::CloudTrail,
        Format::GitHub,
        Format::Okta,
    ];

    /// Its word on the command line and in `metadata.import.format`.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Ndjson => "ndjson",
            Format::Csv => "csv",
            Format::CloudTrail => "cloudtrail",
            Format::GitHub => "github",
            Format::Okta => "okta",
        }
    }

    /// Endings of the files that hold it, before `.gz` where they are packed.
    pub fn endings(self) -> &'static [&'static str] {
        match self {
            Format::Csv => &["csv", "tsv", "txt"],
            _ => &["json", "jsonl", "ndjson", "log"],
        }
    }
}

/// A record as an event.
#[derive(Clone, Debug)]
pub struct Mapped {
    /// The event as a JSON object without an id.
    pub event: String,
    /// The record's own id, where it has one that Annals takes.
    pub id: Option<String>,
    /// What the record is known by, whatever its spelling in the file.
    pub digest: [u8; 32],
    /// What somebody should look at.
    pub notes: Vec<Note>,
}

impl Mapped {
    /// The event with an id.
    pub fn with_id(&self, id: &str) -> String {
        let mut out = String::with_capacity(self.event.len() + id.len() + 8);
        let body = self.event.strip_suffix('}').unwrap_or(&self.event);
        out.push_str(body);
        out.push_str(if body.len() > 1 {
            ",\"id\":"
        } else {
            "\"id\":"
        });
        push_string(id, &mut out);
        out.push('}');
        out
    }
}

/// Turns records of one format into events.
#[derive(Clone, Debug)]
pub enum Mapper {
    /// Takes events as they are.
    Ndjson,
    /// Rows of a table, as [`crate::Rows`] gives them.
    Csv(Mapping),
    /// See `docs/imports.md`.
    CloudTrail,
    /// See `docs/imports.md`.
    GitHub,
    /// See `docs/imports.md`.
    Okta,
}

impl Mapper {
    /// What it reads.
    pub fn format(&self) -> Format {
        match self {
            Mapper::Ndjson => Format::Ndjson,
            Mapper::Csv(_) => Format::Csv,
            Mapper::CloudTrail => Format::CloudTrail,
            Mapper::GitHub => Format::GitHub,
            Mapper::Okta => Format::Okta,
        }
    }

    /// Turns a record into an event. The server holds the event to its rules after that.
    pub fn map(&self, json: &[u8]) -> Result<Mapped, Refusal> {
        if matches!(self, Mapper::Ndjson) {
            let record = Record::read_event(json)?;
            return match looks::foreign(record.root()) {
                Some(_) => Err(wrong_format(Format::Ndjson, &record)),
                None => as_it_is(&record),
            };
        }
        // What was packed into another record counts as the record.
        let outer = Record::read(json)?;
        let inner = looks::unwrapped(&outer);
        let unpacked;
        let record = match &inner {
            None => &outer,
            Some(text) => {
                unpacked = Record::read(text.as_bytes())?;
                &unpacked
            }
        };
        if !matches!(self, Mapper::Csv(_)) && !looks::is(self.format(), record.root()) {
            return Err(wrong_format(self.format(), record));
        }
        let (draft, id) = match self {
            Mapper::CloudTrail => cloudtrail::map(record.root())?,
            Mapper::GitHub => github::map(record.root())?,
            Mapper::Okta => okta::map(record.root())?,
            Mapper::Csv(mapping) => csv::map(record.root(), mapping)?,
            Mapper::Ndjson => return as_it_is(record),
        };
        finish(self.format(), record, draft, id)
    }
}

fn finish(
    format: Format,
    record: &Record<'_>,
    mut draft: Draft,
    id: Option<String>,
) -> Result<Mapped, Refusal> {
    draft.leave_out_misfits();
    let name = format.as_str();
    let event = draft.to_json(name, record.canonical());
    if event.len() > EVENT_MAX_BYTES {
        let detail = format!(
            "the record has {} bytes; with what is read from it, it is an event of {}, and at most {EVENT_MAX_BYTES} are allowed",
            record.canonical().len(),
            event.len()
        );
        return Err(Refusal::new("too_large", detail));
    }
    Ok(Mapped {
        event,
        id: id.filter(|id| ids::is_valid(id)),
        digest: ids::digest(name, record.canonical()),
        notes: draft.notes,
    })
}

fn wrong_format(format: Format, record: &Record<'_>) -> Refusal {
    let detail = match looks::of_record(record.root()) {
        Some(what) => format!(
            "this is no record of {}; it looks like {what}",
            looks::name(format)
        ),
        None => format!(
            "this is no record of {}: {}",
            looks::name(format),
            looks::wants(format)
        ),
    };
    match record.root().members().next() {
        None => Refusal::new("missing_field", "the record is empty"),
        Some(_) => Refusal::new("wrong_format", detail),
    }
}

/// An event of Annals: only its id is taken out, so that another can be put in.
fn as_it_is(record: &Record<'_>) -> Result<Mapped, Refusal> {
    let root = record.root();
    let own_id = root.members().find(|(name, _)| name == "id");
    let id = own_id
        .and_then(|(_, id)| id.as_string())
        .map(Cow::into_owned);
    let id = id.filter(|id| ids::is_valid(id));
    let mut event = String::from("{");
    for (name, value) in root.members() {
        // An id that is none stays: then the server says what is wrong with it.
        if name == "id" && (id.is_some() || value.is_null()) {
            continue;
        }
        if event.len() > 1 {
            event.push(',');
        }
        push_string(&name, &mut event);
        event.push(':');
        event.push_str(value.raw());
    }
    event.push('}');
    Ok(Mapped {
        event,
        id,
        digest: ids::digest(Format::Ndjson.as_str(), record.canonical()),
        notes: Vec::new(),
    })
}
