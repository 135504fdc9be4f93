//! Random events.

use std::fmt::Write;

use event::{
    Acceptance, Content, Device, Enrichment, EnrichmentJson, Event, Geo, Kind, Network, Recorded,
    Risk, Salt, Sequence, Severity,
};

use super::{ACTIONS, ADDRESSES, COUNTS, IDS, NOW, NUMBERS, Random, WORDS};

/// A random event at `sequence`. Mostly whole; now and then withheld in parts or erased.
pub fn event(random: &mut Random, sequence: Sequence) -> Recorded {
    let acceptance = Acceptance {
        now: NOW,
        key_id: random.once_in(3).then_some("k_12"),
        import: random.once_in(9).then_some("Legacy CRM"),
    };
    let json = event_json(random);
    let event = Event::accept(json.as_bytes(), &acceptance)
        .unwrap_or_else(|problem| panic!("a random event is refused: {problem:?}\n{json}"));
    let category = event.category();
    let whole = Content::Whole {
        salt: Salt([7; 16]),
        event,
    };
    let content = match random.below(12) {
        0 => whole.erase(),
        1 | 2 => whole.withhold(|_, _| random.once_in(3)),
        _ => whole,
    };
    let received_at = NOW.plus_micros(-(random.below(400 * 86_400) as i64) * 1_000_000);
    let kind = if random.once_in(8) {
        random.pick(Kind::ALL)
    } else {
        Kind::Application
    };
    let enrichment = random
        .once_in(3)
        .then(|| enrichment(random))
        .and_then(|enrichment| EnrichmentJson::of(&enrichment));
    Recorded {
        sequence,
        received_at,
        kind,
        category,
        content,
        enrichment,
    }
}

fn some_text(random: &mut Random) -> String {
    let separator = random.pick(&[" ", " ", "-", ", ", "", ".", "\u{a0}"]);
    let mut words: Vec<&str> = (0..random.below(5)).map(|_| random.pick(WORDS)).collect();
    let long = "a".repeat(300);
    if random.once_in(40) {
        words.push(&long);
    }
    words.join(separator)
}

fn string(text: &str) -> String {
    let mut json = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => json.extend(['\\', c]),
            '\0'..='\u{1f}' => {
                let _ = write!(json, "\\u{:04x}", u32::from(c));
            }
            _ => json.push(c),
        }
    }
    json.push('"');
    json
}

fn scalar(random: &mut Random) -> String {
    match random.below(8) {
        0 => "null".into(),
        1 => random.pick(&["true", "false"]).into(),
        2 | 3 => random.pick(NUMBERS).into(),
        4 => string(random.pick(IDS)),
        _ => string(&some_text(random)),
    }
}

fn value(random: &mut Random, depth: usize) -> String {
    let length = random.below(4);
    match random.below(8) {
        0 if depth > 0 => {
            let members: Vec<String> = (0..length).map(|_| value(random, depth - 1)).collect();
            format!("[{}]", members.join(","))
        }
        1 if depth > 0 => {
            let names = ["sku", "er", "Key", "x", "b"];
            let members: Vec<String> = names
                .iter()
                .take(length)
                .map(|name| format!("{}:{}", string(name), value(random, depth - 1)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        _ => scalar(random),
    }
}

fn object(members: impl IntoIterator<Item = (&'static str, Option<String>)>) -> String {
    let members: Vec<String> = members
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{}:{}", string(name), value?)))
        .collect();
    format!("{{{}}}", members.join(","))
}

fn maybe(random: &mut Random, make: impl FnOnce(&mut Random) -> String) -> Option<String> {
    (!random.once_in(3)).then(|| make(random))
}

fn array(random: &mut Random, most: usize, mut make: impl FnMut(&mut Random) -> String) -> String {
    let elements: Vec<String> = (0..random.below(most + 1)).map(|_| make(random)).collect();
    format!("[{}]", elements.join(","))
}

fn id(random: &mut Random) -> String {
    string(random.pick(IDS))
}

fn party(random: &mut Random) -> String {
    let roles = if random.once_in(6) { 20 } else { 3 };
    object([
        ("type", Some(string(random.pick(event::ActorType::WORDS)))),
        ("id", Some(id(random))),
        ("name", maybe(random, |random| string(&some_text(random)))),
        (
            "email",
            maybe(random, |random| {
                string(random.pick(&["john@example.com", "Ann@Example.com"]))
            }),
        ),
        ("roles", maybe(random, |random| array(random, roles, id))),
        ("groups", maybe(random, |random| array(random, 2, id))),
    ])
}

fn event_json(random: &mut Random) -> String {
    let metadata = |random: &mut Random| {
        object([
            (
                "attempt",
                maybe(random, |random| random.pick(NUMBERS).into()),
            ),
            ("Order Id", maybe(random, scalar)),
            ("a.b", maybe(random, scalar)),
            (
                "a",
                maybe(random, |random| format!("{{\"b\":{}}}", scalar(random))),
            ),
            ("größe", maybe(random, scalar)),
            ("", maybe(random, scalar)),
            ("tags", maybe(random, |random| array(random, 3, scalar))),
            (
                "items",
                maybe(random, |random| array(random, 3, |random| value(random, 3))),
            ),
            ("with/slash", maybe(random, scalar)),
            ("with~tilde", maybe(random, scalar)),
            ("deep", maybe(random, |random| value(random, 4))),
        ])
    };
    let target = |random: &mut Random| {
        object([
            (
                "type",
                Some(string(random.pick(&["customer", "Order", "größe"]))),
            ),
            ("id", maybe(random, id)),
            ("name", maybe(random, |random| string(&some_text(random)))),
        ])
    };
    let mut paths = [
        "credit_limit",
        "status",
        "Größe",
        "address.city",
        "a",
        "b",
        "c",
        "d",
        "e",
        "f",
    ]
    .iter();
    let change = |random: &mut Random| {
        object([
            ("path", paths.next().map(|path| string(path))),
            (
                "label",
                maybe(random, |random| {
                    string(random.pick(&["Credit Limit", "Status", "限度額"]))
                }),
            ),
            ("old", maybe(random, |random| value(random, 2))),
            ("new", Some(value(random, 2))),
        ])
    };
    let outcome = |random: &mut Random| {
        object([
            ("result", Some(string(random.pick(event::Outcome::WORDS)))),
            ("code", maybe(random, id)),
            ("reason", maybe(random, |random| string(&some_text(random)))),
        ])
    };
    let source = |random: &mut Random| {
        object([
            ("app", maybe(random, id)),
            ("component", maybe(random, id)),
            (
                "environment",
                maybe(random, |random| {
                    string(random.pick(&["production", "Test"]))
                }),
            ),
            (
                "version",
                maybe(random, |random| string(random.pick(&["2.4.1", "2.5"]))),
            ),
        ])
    };
    let days = random.below(400) as i64;
    let occurred = NOW.plus_micros(-days * 86_400_000_000 - random.below(90_000_000_000) as i64);
    let changes = if random.once_in(5) { 10 } else { 2 };
    let targets = if random.once_in(5) { 6 } else { 2 };
    object([
        ("action", Some(string(random.pick(ACTIONS)))),
        ("actor", Some(party(random))),
        (
            "id",
            maybe(random, |random| {
                string(random.pick(&["ev-1", "17", "LOG-2026-0000003", "EV-2"]))
            }),
        ),
        (
            "activity",
            maybe(random, |random| string(random.pick(event::Activity::WORDS))),
        ),
        (
            "category",
            maybe(random, |random| string(random.pick(event::Category::WORDS))),
        ),
        (
            "severity",
            maybe(random, |random| string(random.pick(Severity::WORDS))),
        ),
        (
            "occurred_at",
            maybe(random, |_| string(&occurred.to_string())),
        ),
        ("outcome", maybe(random, outcome)),
        ("on_behalf_of", random.once_in(5).then(|| party(random))),
        (
            "targets",
            maybe(random, |random| array(random, targets, target)),
        ),
        (
            "changes",
            maybe(random, |random| array(random, changes, change)),
        ),
        (
            "client",
            maybe(random, |random| {
                object([
                    ("ip", maybe(random, |random| string(random.pick(ADDRESSES)))),
                    (
                        "user_agent",
                        maybe(random, |random| {
                            string(random.pick(&["curl/8.1", "Mozilla/5.0 (X11)"]))
                        }),
                    ),
                ])
            }),
        ),
        ("session_id", maybe(random, id)),
        ("correlation_id", maybe(random, id)),
        ("request_id", maybe(random, id)),
        ("parent_id", maybe(random, id)),
        ("trace_id", maybe(random, id)),
        ("source", maybe(random, source)),
        (
            "counts",
            maybe(random, |random| {
                object([
                    ("records", maybe(random, count)),
                    ("bytes", maybe(random, count)),
                ])
            }),
        ),
        ("duration_ms", maybe(random, count)),
        (
            "message",
            maybe(random, |random| string(&some_text(random))),
        ),
        ("labels", maybe(random, |random| array(random, 3, id))),
        ("metadata", maybe(random, metadata)),
    ])
}

fn count(random: &mut Random) -> String {
    random.pick(COUNTS).into()
}

fn enrichment(random: &mut Random) -> Enrichment {
    let geo = Geo {
        city: random.once_in(2).then(|| "New York".into()),
        country: random.once_in(2).then(|| random.pick(&["US", "de"]).into()),
        ..Geo::default()
    };
    let device = Device {
        browser: Some("Chrome 120".into()),
        os: Some("Windows".into()),
        kind: None,
    };
    Enrichment {
        geo: random.once_in(2).then_some(geo),
        device: random.once_in(2).then_some(device),
        network: random.once_in(2).then_some(random.pick(Network::ALL)),
        risk: random.once_in(2).then(|| Risk {
            level: random.pick(Severity::ALL),
            reasons: vec!["new device".into()],
        }),
    }
}
