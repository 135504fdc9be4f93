//! Random queries.

use std::fmt::Write;

use super::{ACTIONS, ADDRESSES, COUNTS, IDS, NUMBERS, Random, WORDS, context};
use crate::catalogue::{FIELDS, Field, ValueKind};
use crate::{Query, parse};

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
        text.push_str("metadata.");
        let key = random.pick(KEYS);
        push_quoted(key, text);
        text.push(':');
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
