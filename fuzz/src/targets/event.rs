//! `event`: what an application sends, what a reader is shown, what the ledger stores.

use event::json::Document;
use event::wire::RESERVED_NAMES;
use event::{
    Acceptance, BodyRoot, Commitment, Content, Event, Exported, Kind, Problem, ProblemCode,
    Recorded, Salt, Sequence, Timestamp,
};

use super::MIB;
use crate::{Reached, Target};

pub(super) const EVENT: Target = Target {
    name: "event",
    run: event,
    executions: 1_500_000,
    memory_bytes: 4 * MIB,
    words: WORDS,
};

pub(super) const BATCH: Target = Target {
    name: "batch",
    run: batch,
    executions: 600_000,
    memory_bytes: 16 * MIB,
    words: WORDS,
};

pub(super) const EXPORTED: Target = Target {
    name: "exported",
    run: exported,
    executions: 1_200_000,
    memory_bytes: 16 * MIB,
    words: WORDS,
};

pub(super) const RECORD: Target = Target {
    name: "record",
    run: record,
    executions: 1_500_000,
    memory_bytes: 8 * MIB,
    words: &["security", "create", "\"u-1\"", "2026-01-22T10:20:00Z"],
};

pub(super) const TEXTS: Target = Target {
    name: "event-texts",
    run: texts,
    executions: 1_500_000,
    memory_bytes: MIB,
    words: &[
        "LOG-",
        "LOG-2026-",
        "2026-",
        "T",
        "Z",
        "+05:30",
        ".000001",
        "/targets/0/id",
    ],
};

const WORDS: &[&str] = &[
    "\"action\":\"login\"",
    "\"actor\":{\"id\":\"u-1\"}",
    "\"actor\":{\"type\":\"system\"}",
    "\"on_behalf_of\":",
    "\"targets\":[",
    "\"changes\":[",
    "\"path\":",
    "\"old\":",
    "\"new\":",
    "\"before\":{",
    "\"after\":{",
    "\"metadata\":{",
    "\"labels\":[",
    "\"occurred_at\":\"2026-01-22T10:20:00Z\"",
    "\"outcome\":\"failure\"",
    "\"client\":{\"ip\":\"192.0.2.1\"}",
    "\"counts\":{\"records\":",
    "\"source\":{\"app\":",
    "\"category\":\"security\"",
    "\"severity\":",
    "\"sequence\":",
    "\"erasure\":",
    "annals.",
];

const NOW: Timestamp = Timestamp::from_micros(1_769_077_200_000_000);
const SALT: Salt = Salt(*b"fuzz fuzz fuzz f");

const ACCEPTANCE: Acceptance<'static> = Acceptance {
    now: NOW,
    key_id: None,
    import: None,
};

/// An accepted event is stored, shown and read back without a change, and hashes to the same; sent
/// again as it is shown, it is the same event.
fn event(input: &[u8]) -> Reached {
    let event = match Event::accept(input, &ACCEPTANCE) {
        Ok(event) => event,
        Err(problem) => return refused(input, &problem),
    };
    let (again, length) = Event::from_encoded(event.encoded()).expect("what was encoded reads");
    assert_eq!((&again, length), (&event, event.encoded().len()));

    let recorded = recorded(event.clone());
    check_stored(&recorded);
    let mut shown = Vec::new();
    recorded.to_wire_json(&mut shown);
    let exported = Exported::parse(&shown).expect("what is shown reads");
    assert_eq!(exported.sequence, Some(recorded.sequence));
    assert_eq!(exported.received_at, Some(recorded.received_at));
    let pairs = |fields: event::Fields<'_>| -> Vec<(String, String)> {
        fields
            .map(|field| (field.path.as_str().to_owned(), field.value.to_owned()))
            .collect()
    };
    assert_eq!(pairs(exported.fields()), pairs(event.fields()));
    let commitments = (0..).zip(exported.fields()).map(|(number, field)| {
        Commitment::of(&SALT.field(number), field.path.as_str(), field.value)
    });
    assert_eq!(
        BodyRoot::of(commitments),
        event.commit(&SALT),
        "what is shown hashes to the same"
    );

    match Event::accept(plain(&shown).as_bytes(), &ACCEPTANCE) {
        Ok(again) => assert!(again.same_content(&event) && event.same_content(&again)),
        // Derived fields and canonical values may take more room than what was sent.
        Err(problem) => assert_eq!(problem.code, ProblemCode::TooLarge, "{problem}"),
    }
    Reached::at((
        "accepted",
        event.category(),
        event.activity(),
        event.field_count(),
    ))
}

/// The elements of an array are its text, in order; lines are those of the text.
fn batch(input: &[u8]) -> Reached {
    for (_, line) in event::split_lines(input) {
        assert!(!line.is_empty() && !line.contains(&b'\n'));
    }
    let elements = match event::split_array(input) {
        Ok(elements) => elements,
        Err(problem) => return refused(input, &problem),
    };
    assert!(event::is_array(input));
    let joined = [b"[", elements.join(&b","[..]).as_slice(), b"]"].concat();
    assert_eq!(
        event::split_array(&joined).as_deref(),
        Ok(elements.as_slice())
    );
    // If all of it is JSON, then so is each element, and they are all there.
    let whole = Document::parse(input, input.len(), 64);
    if let Ok(whole) = &whole {
        let parsed: Vec<&str> = whole
            .elements(whole.root())
            .map(|at| whole.raw(at))
            .collect();
        let cut: Vec<&str> = elements
            .iter()
            .map(|element| str::from_utf8(element).expect("a part of a text").trim())
            .collect();
        assert_eq!(parsed, cut);
    }
    Reached::at(("cut", elements.len().min(20), whole.is_ok()))
}

/// What reads as an exported event has one canonical text, which reads to the same.
fn exported(input: &[u8]) -> Reached {
    let proof = event::proof::Document::parse(input);
    if let Ok(document) = &proof {
        let again = event::proof::Document::parse(document.to_json().as_bytes());
        assert_eq!(again.as_ref().ok(), Some(document));
    }
    let exported = match Exported::parse(input) {
        Ok(exported) => exported,
        Err(problem) => return refused(input, &problem),
    };
    let again = Exported::parse(plain(input).as_bytes()).expect("a part of it reads");
    assert!(again.fields().eq(exported.fields()));
    assert_eq!(again.sequence, None);
    Reached::at(("exported", exported.fields().count(), exported.kind))
}

/// A stored record that reads is written to the same bytes, shown and hashed.
fn record(input: &[u8]) -> Reached {
    let (recorded, length) = match Recorded::decode(input, &SALT) {
        Ok(read) => read,
        Err(error) => return Reached::at(error.to_string()),
    };
    assert!(length <= input.len());
    check_stored(&recorded);
    let mut shown = Vec::new();
    recorded.to_wire_json(&mut shown);
    let _ = recorded.entry();
    Reached::at((
        "record",
        recorded.content.field_count(),
        recorded.content.withheld_count(),
        recorded.enrichment.is_some(),
    ))
}

/// Times and the names of events print what they read.
fn texts(input: &[u8]) -> Reached {
    let Ok(text) = str::from_utf8(input) else {
        return Reached::at("no text");
    };
    let time = Timestamp::parse_rfc3339(text);
    if let Ok(time) = time {
        assert_eq!(Timestamp::parse_rfc3339(&time.to_string()), Ok(time));
        let name = event::DisplayId::new(Sequence::new(17), time).to_string();
        let read = event::parse_display_id(&name).expect("a name that was printed");
        assert!(read.fits(time) && read.sequence() == Sequence::new(17));
    }
    let name = event::parse_display_id(text);
    if let Ok(event::EventRef::Display(name)) = name {
        let again = event::parse_display_id(&name.to_string());
        assert_eq!(again, Ok(event::EventRef::Display(name)));
    }
    let path = event::Path::new(text);
    assert_eq!(path.as_str(), text);
    let element = path.target().map(|(number, _)| number);
    let element = element.or(path.change().map(|(number, _)| number));
    let time = time.err().map(|error| error.to_string());
    Reached::at((time, name.is_ok(), element, path.metadata().is_some()))
}

/// A shown event without what is not hashed.
fn plain(shown: &[u8]) -> String {
    let document = Document::parse(shown, shown.len(), 64).expect("it was read before");
    let hashed = document
        .members(document.root())
        .filter(|(name, _)| !RESERVED_NAMES.contains(&name.as_ref()));
    let mut plain = String::new();
    for (name, value) in hashed {
        plain.push(if plain.is_empty() { '{' } else { ',' });
        event::json::push_string(&name, &mut plain);
        plain.push(':');
        plain.push_str(document.raw(value));
    }
    plain.push_str(if plain.is_empty() { "{}" } else { "}" });
    plain
}

fn recorded(event: Event) -> Recorded {
    Recorded {
        sequence: Sequence::new(7),
        received_at: NOW,
        kind: Kind::Application,
        category: event.category(),
        content: Content::Whole { salt: SALT, event },
        enrichment: None,
    }
}

/// It is stored, erased in part and whole, and reads back each time with the same root.
fn check_stored(recorded: &Recorded) {
    let root = recorded.content.body_root();
    let withheld = recorded.content.withhold(|number, _| number % 3 == 1);
    for content in [recorded.content.clone(), withheld, recorded.content.erase()] {
        let kept = Recorded {
            content,
            ..recorded.clone()
        };
        let mut bytes = Vec::new();
        kept.encode(&mut bytes);
        let (read, length) = Recorded::decode(&bytes, &SALT).expect("what was encoded reads");
        assert_eq!(length, bytes.len());
        assert_eq!(read.content.body_root(), root, "an erasure changes no root");
        assert_eq!(read, kept);
    }
}

/// A refusal says what is wrong and where, inside the input.
fn refused(input: &[u8], problem: &Problem) -> Reached {
    assert!(!problem.detail.is_empty());
    assert!(
        problem
            .offset
            .is_none_or(|offset| offset <= input.len() as u64),
        "{problem:?}"
    );
    Reached::at((
        problem.code,
        problem.field.len().min(40),
        problem.detail.len().min(200),
    ))
}
