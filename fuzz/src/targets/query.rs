//! `query`: the search language and the times in it.

use event::Sequence;
use query::testing::{Random, context, event};
use query::{ParseContext, Query, parse};

use super::MIB;
use crate::{Reached, Target};

pub(super) const QUERY: Target = Target {
    name: "query",
    run: query,
    executions: 25_000,
    memory_bytes: 8 * MIB,
    words: &[
        "actor:",
        "action:",
        "-",
        "OR",
        "AND",
        "NOT",
        "(",
        ")",
        "\"",
        "*",
        "..",
        ">=",
        "<",
        "metadata.",
        "metadata.\"my key\":",
        "occurred:",
        "now-7d",
        "today",
        "ip:10.0.0.0/8",
        "severity:",
        "high",
        "records:",
        "10MB",
        "duration:",
        "200ms",
        "id:",
        "LOG-2026-0000003",
        "changed:",
        "kind:",
        "outcome:failure",
        "2026-01-15T10:20+02:00",
        "2026-03-29",
    ],
};

/// A query that reads has a canonical text that reads to the same query, and asks events without a
/// panic; one that does not says where it is wrong, inside the text.
fn query(input: &[u8]) -> Reached {
    let Ok(text) = str::from_utf8(input) else {
        return Reached::at("no text");
    };
    let berlin = jiff::tz::TimeZone::get("Europe/Berlin").expect("a time zone");
    let elsewhere = ParseContext {
        tz: berlin,
        ..context()
    };
    let mut reached = Vec::new();
    for context in [context(), elsewhere] {
        reached.push(match parse(text, &context) {
            Ok(query) => check(&query, text, &context),
            Err(error) => {
                assert!(
                    error.position + error.length <= text.chars().count(),
                    "{error:?}"
                );
                format!("{:?} {}", error.code, error.message.len())
            }
        });
    }
    Reached::at(reached)
}

fn check(query: &Query, text: &str, context: &ParseContext) -> String {
    let canonical = query.to_string();
    match parse(&canonical, context) {
        Ok(again) => assert_eq!(again, *query, "{canonical:?}"),
        // The canonical text may be longer than what was written, and than a query may be.
        Err(error) => assert!(
            canonical.len() > text.len(),
            "the canonical text {canonical:?} is refused: {error}"
        ),
    }
    for seed in 0..4 {
        let recorded = event(&mut Random::new(seed), Sequence::new(seed));
        let negated = Query::new(query.expr().clone().negate());
        assert_ne!(query.matches(&recorded), negated.matches(&recorded));
    }
    format!("{:?}", std::mem::discriminant(query.expr()))
}
