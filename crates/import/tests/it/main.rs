//! Mappings against real logs, logs nobody here has, and anything at all.

mod anything;
mod families;
mod samples;
mod tables;

use import::{Item, Mapped, Mapper, Records, Refusal};
use serde_json::Value;

/// Maps a record that has to be taken; the event as JSON.
#[track_caller]
fn event(mapper: &Mapper, record: &str) -> Value {
    event_of(&mapper.map(record.as_bytes()).unwrap())
}

fn event_of(mapped: &Mapped) -> Value {
    let id = mapped.id.as_deref().unwrap_or("made");
    serde_json::from_str(&mapped.with_id(id)).unwrap()
}

/// Everything in a file: its text and what came of it.
fn read(mapper: &Mapper, bytes: &[u8]) -> Vec<(Value, Result<Mapped, Refusal>)> {
    let lines = import::beginning(bytes) == import::Beginning::JsonLines;
    let mut records = Records::new(bytes, lines);
    let mut all = Vec::new();
    while let Some(found) = records.next().unwrap() {
        match found.item {
            Item::Record(text) => {
                let value = serde_json::from_slice(text).unwrap_or_default();
                all.push((value, mapper.map(text)));
            }
            Item::Bad(refusal) => all.push((Value::Null, Err(refusal))),
        }
    }
    all
}

/// Holds an event to the door that the server holds it to.
#[track_caller]
fn accepted(event: &str) -> Result<(), event::Problem> {
    let acceptance = event::Acceptance {
        now: event::Timestamp::parse_rfc3339("2026-01-22T10:20:00Z").unwrap(),
        key_id: None,
        import: Some("test"),
    };
    event::Event::accept(event.as_bytes(), &acceptance).map(drop)
}
