//! The crate seen from outside, as one binary.

mod accepting;
mod catalogue;
mod golden;
mod proof;
mod properties;
mod refusals;
mod splitting;
mod time;
mod wire;

use event::{Acceptance, Content, Event, Kind, Problem, Recorded, Salt, Sequence, Timestamp};

const NOW: &str = "2026-01-22T10:20:00.000000Z";
const SALT: Salt = Salt([7; 16]);

fn now() -> Timestamp {
    Timestamp::parse_rfc3339(NOW).unwrap()
}

fn acceptance() -> Acceptance<'static> {
    Acceptance {
        now: now(),
        key_id: None,
        import: None,
    }
}

fn accept(json: &str) -> Result<Event, Problem> {
    Event::accept(json.as_bytes(), &acceptance())
}

/// The event, recorded as the ledger's event 123.
fn record(event: Event) -> Recorded {
    Recorded {
        sequence: Sequence::new(123),
        received_at: now(),
        kind: Kind::Application,
        category: event.category(),
        content: Content::Whole { salt: SALT, event },
        enrichment: None,
    }
}

fn wire(recorded: &Recorded) -> String {
    let mut json = Vec::new();
    recorded.to_wire_json(&mut json);
    String::from_utf8(json).unwrap()
}

/// One field a line: path, value, and a star where the server filled it in.
fn shown(event: &Event) -> String {
    event
        .fields()
        .map(|field| {
            let star = if field.defaulted { " *" } else { "" };
            format!("{} {}{star}\n", field.path, field.value)
        })
        .collect()
}
