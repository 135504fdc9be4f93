//! Random events and random queries for tests that hold two readers of the language to each other.
//!
//! Everything follows from a seed. Values are hostile on purpose: other scripts, empty strings,
//! nested metadata, numbers that are no doubles, more targets and changes than have codes, missing,
//! withheld and erased fields. Events and queries draw from the same few values, so that queries
//! find something.

use std::fmt::Write;

use event::{
    Acceptance, Content, Device, Enrichment, Event, Geo, Kind, Network, Recorded, Risk, Salt,
    Sequence, Severity, Timestamp,
};

use crate::catalogue::{FIELDS, Field, ValueKind};
use crate::{ParseContext, Query, parse};

/// Random numbers from a seed (SplitMix64).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The numbers of one seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`; 0 if the limit is 0.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.bits() % (limit.max(1) as u64)) as usize
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of `choices`, which is not empty.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

/// 2026-01-22T10:20:00Z, the `now` of random events and queries.
pub const NOW: Timestamp = Timestamp::from_micros(1_769_077_200_000_000);

/// What random queries are read with.
pub fn context() -> ParseContext {
    ParseContext::utc(NOW)
}

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
    let enrichment = random.once_in(3).then(|| enrichment(random));
    Recorded {
        sequence,
        received_at,
        kind,
        category,
        content,
        enrichment,
    }
}

/// A random query that the parser takes, of up to about ten terms.
pub fn query(random: &mut Random) -> Query {
    loop {
        if let Ok(query) = parse(&query_text(random), &context()) {
            return query;
        }
    }
}

/// The text of a random query. Nearly always right; some values are too short for what is asked.
pub fn query_text(random: &mut Random) -> String {
    let mut text = String::new();
    push_query(random, 3, &mut text);
    text
}

/// A random text of the language's own signs, hardly ever a right query.
pub fn garbage(random: &mut Random) -> String {
    const PIECES: &[&str] = &[
        "(",
        ")",
        "\"",
        "*",
        "-",
        ":",
        ">",
        ">=",
        "<",
        "..",
        " ",
        "OR",
        "AND",
        "NOT",
        "\\",
        "actor:",
        "metadata.",
        "metadata.a:",
        "occurred:",
        "records:",
        "severity:",
        "ip:",
        "id:",
        "tenant:",
        "foo:",
        "now-7d",
        "2026-01-15",
        "10",
        "a",
        "é",
        "限",
        "\u{301}",
        "\0",
        "\n",
        "::1",
        "high",
        "LOG-2026-0000001",
    ];
    (0..random.below(14)).map(|_| random.pick(PIECES)).collect()
}

const WORDS: &[&str] = &[
    "refund",
    "Credit",
    "credit",
    "limit",
    "order",
    "Orders",
    "größe",
    "GRÖSSE",
    "naïve",
    "ΟΔΟΣ",
    "οδός",
    "限度額",
    "ファイル",
    "ไทย",
    "e\u{301}cole",
    "İstanbul",
    "x",
    "42",
    "3.5",
    "1000.00",
    "o'neil",
    "a-b_c",
    "foo@bar.com",
    "🙂",
    "ß",
    "HTTP/1.1",
    "ABC-123",
    "\"quoted\"",
    "back\\slash",
    "tab\there",
    "new\nline",
    "कार्य",
    "Привет",
    "true",
    "customer.credit_limit",
    "OR",
    "a..b",
    "*",
    "10:30",
];

const IDS: &[&str] = &[
    "u-1",
    "U-2",
    "john",
    "john@example.com",
    "Ann@Example.com",
    "CUST-1042",
    "Ünï",
    "id with space",
    "限度額-7",
    "urn:a:b",
    "x*y",
    "a..b",
    "17",
    "LOG-2026-0000003",
    "10.0.0.1",
    "(p)",
    "q\"q",
    "admin",
    "Admin",
    "auditor",
];

const ACTIONS: &[&str] = &[
    "login",
    "login.failed",
    "customer.credit_limit.update",
    "customer.create",
    "order.view",
    "report.generate",
    "Export-Run",
    "größe.ändern",
];

const NUMBERS: &[&str] = &[
    "0",
    "1",
    "3",
    "3.5",
    "1e3",
    "1000",
    "1000.00",
    "9007199254740993",
    "9007199254740992",
    "-5",
    "-5.25",
    "1E-7",
    "0.0000001",
    "123456789012345678901234567890.5",
    "123456789012345678901234567891",
    "42",
];

const COUNTS: &[&str] = &["0", "1", "3", "17", "1000", "5000", "9007199254740992"];

const ADDRESSES: &[&str] = &[
    "10.0.0.1",
    "10.0.0.2",
    "192.168.1.105",
    "203.0.113.9",
    "2001:db8::1",
    "2001:DB8:0:0::2",
    "::ffff:10.0.0.1",
    "::1",
];

const NETWORKS: &[&str] = &[
    "10.0.0.0/8",
    "10.0.*",
    "192.168.*",
    "0.0.0.0/0",
    "2001:db8::/32",
    "::/0",
    "::ffff:10.0.0.0/104",
];

const KEYS: &[&str] = &[
    "attempt",
    "Order Id",
    "a.b",
    "größe",
    "",
    "tags",
    "items.sku",
    "with/slash",
    "with~tilde",
    "deep.er.Key",
];

const TIMES: &[&str] = &[
    "2026-01-15",
    "2026-01",
    "2025",
    "2026-01-22T10:20",
    "2026-01-22T10:20:00Z",
    "2026-01-22T12:20:00.5+02:00",
    "now-7d",
    "now-15m",
    "now",
    "today",
    "yesterday",
    "now-26w",
];

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

fn push_query(random: &mut Random, depth: usize, text: &mut String) {
    let terms = 1 + random.below(3);
    for place in 0..terms {
        if place > 0 {
            text.push_str(random.pick(&[" ", " ", " OR ", " AND "]));
        }
        text.push_str(random.pick(&["", "", "", "-", "NOT ", "--"]));
        if depth > 0 && random.once_in(4) {
            text.push('(');
            push_query(random, depth - 1, text);
            text.push(')');
        } else {
            push_term(random, text);
        }
    }
}

fn push_term(random: &mut Random, text: &mut String) {
    match random.below(30) {
        0 => return text.push('*'),
        1..=6 => return push_text_value(random, WORDS, text),
        7..=9 => return push_text_value(random, IDS, text),
        _ => {}
    }
    let field = &FIELDS[random.below(FIELDS.len())];
    let name = match field.aliases {
        [] => field.name,
        aliases if random.once_in(2) => random.pick(aliases),
        _ => field.name,
    };
    if field.kind() == ValueKind::Metadata {
        let _ = write!(text, "metadata.{}:", string(random.pick(KEYS)));
    } else {
        let _ = write!(text, "{name}:");
    }
    if random.once_in(12) {
        text.push('(');
        push_value(random, field, text);
        text.push_str(random.pick(&[" OR ", " ", " -"]));
        push_value(random, field, text);
        text.push(')');
    } else {
        push_value(random, field, text);
    }
}

fn push_value(random: &mut Random, field: &Field, text: &mut String) {
    match field.kind() {
        ValueKind::Word => text.push_str(random.pick(field.values())),
        ValueKind::OrderedWord => push_ordered(random, field.values(), text),
        ValueKind::Number | ValueKind::Bytes | ValueKind::Duration => {
            push_ordered(random, COUNTS, text)
        }
        ValueKind::Time => push_ordered(random, TIMES, text),
        ValueKind::Address => {
            let pool = random.pick(&[ADDRESSES, NETWORKS]);
            text.push_str(random.pick(pool));
        }
        ValueKind::Metadata if random.once_in(2) => push_ordered(random, NUMBERS, text),
        ValueKind::Text | ValueKind::Metadata => push_text_value(random, WORDS, text),
        ValueKind::Whole if field.name == "action" => push_text_value(random, ACTIONS, text),
        ValueKind::Whole | ValueKind::Named => push_text_value(random, IDS, text),
        ValueKind::Id => push_quoted(random.pick(IDS), text),
    }
}

fn push_ordered(random: &mut Random, pool: &[&str], text: &mut String) {
    let (one, two) = (random.pick(pool), random.pick(pool));
    let _ = match random.below(9) {
        0 => write!(text, ">{one}"),
        1 => write!(text, ">={one}"),
        2 => write!(text, "<{one}"),
        3 => write!(text, "<={one}"),
        4 => write!(text, "{one}..*"),
        5 => write!(text, "*..{one}"),
        6 => write!(text, "{one}..{two}"),
        _ => write!(text, "{one}"),
    };
}

/// A value from the pool or a piece of one: whole, as a prefix, or as a substring.
fn push_text_value(random: &mut Random, pool: &[&str], text: &mut String) {
    let words: Vec<&str> = (0..1 + random.below(2))
        .map(|_| random.pick(pool))
        .collect();
    let all = words.join(random.pick(&[" ", "-"]));
    let chars: Vec<char> = all.chars().collect();
    let start = random.below(chars.len());
    let end = start + random.below(chars.len() - start + 1);
    let slice = |start: usize, end: usize| {
        chars
            .get(start..end)
            .unwrap_or_default()
            .iter()
            .collect::<String>()
    };
    match random.below(5) {
        0 => {
            text.push('*');
            push_quoted(&slice(start, end), text);
            text.push('*');
        }
        1 => {
            push_quoted(&slice(0, end), text);
            text.push('*');
        }
        2 => push_quoted(&all, text),
        _ => push_quoted(random.pick(&words), text),
    }
}

/// In quotes, unless the text is surely one bare value.
fn push_quoted(value: &str, text: &mut String) {
    let bare =
        value.chars().all(char::is_alphanumeric) && !matches!(value, "" | "OR" | "AND" | "NOT");
    if bare {
        return text.push_str(value);
    }
    text.push('"');
    for c in value.chars() {
        if matches!(c, '"' | '\\') {
            text.push('\\');
        }
        text.push(c);
    }
    text.push('"');
}
