use crate::testing::{Random, context, garbage, query_text};
use crate::{Expr, parse};
use proptest::prelude::*;

/// The canonical text of `query` is `expected` and means the same.
#[track_caller]
fn check(query: &str, expected: &str) {
    let parsed = parse(query, &context()).unwrap_or_else(|error| panic!("{query:?}: {error}"));
    let canonical = parsed.to_string();
    assert_eq!(canonical, expected, "{query:?}");
    assert_eq!(
        parse(&canonical, &context()).as_ref(),
        Ok(&parsed),
        "{query:?} by {canonical:?}"
    );
}

#[test]
fn terms_come_back_as_they_were_written() {
    for same in [
        "*",
        "-*",
        "refund",
        "-refund",
        "\"credit limit\"",
        "refund*",
        "*fund*",
        "*\"credit lim\"*",
        "\"credit lim\"*",
        "actor:john",
        "-actor:john@example.com",
        "actor:\"john smith\"",
        "target:cust*",
        "action:login.*",
        "severity:>=high",
        "severity:<=low",
        "severity:low..high",
        "metadata.attempt:3",
        "metadata.attempt:>=3.5",
        "metadata.\"my key\":*abc*",
        "id:17",
        "id:log-2026-0000123",
        "log-2026-0000123",
        "2001:db8::1",
        "ip:10.0.0.0/8",
        "ip:2001:db8::1",
        "records:5..10",
        "records:*..*",
        "a (b OR c)",
        "a b OR c d",
        "-(a b)",
        "(actor:a OR severity:>=high) -(role:x OR role:y)",
        "occurred:>=2026-01-15T00:00:00.000000Z",
    ] {
        check(same, same);
    }
}

#[test]
fn other_spellings_become_the_canonical_one() {
    check("", "*");
    check("  a   AND  b ", "a b");
    check("NOT a", "-a");
    check("--a", "a");
    check("-NOT -a", "-a");
    check("((a))", "a");
    check("a (b (c d))", "a b c d");
    check("a OR (b OR c)", "a OR b OR c");
    check("-(a)", "-a");
    check("a *", "a");
    check("a OR *", "*");
    check("-(a OR *)", "-*");
    check(
        "Entity:Customer RECORD:c-1",
        "target.type:customer target.id:c-1",
    );
    check("role:(admin OR auditor)", "role:admin OR role:auditor");
    check("role:(admin -auditor)", "role:admin -role:auditor");
    check("severity:>low", "severity:>=medium");
    check("severity:(high OR critical)", "severity:>=high");
    check("duration:>5s", "duration:>=5001");
    check("bytes:10MB", "bytes:10000000");
    check("bytes:1.5KiB", "bytes:1536");
    check("duration:200ms..0.5h", "duration:200..1800000");
    check("records:<10", "records:<=9");
    check("ip:10.1.*", "ip:10.1.0.0/16");
    check("ip:10.1.2.3/8", "ip:10.0.0.0/8");
    check("ip:::ffff:10.0.0.1", "ip:10.0.0.1");
    check("ip:::ffff:10.0.0.0/104", "ip:10.0.0.0/8");
    check("metadata.Attempt:3..5", "metadata.attempt:3..5");
    check("metadata.attempt:\"3\"", "metadata.attempt:\"3\"");
    check("metadata.path:../etc", "metadata.path:\"etc\"");
    check("id:\"17\"", "id:\"17\"");
    check("\"OR\"", "or");
}

#[test]
fn times_become_microseconds() {
    check(
        "occurred:2026-01-15",
        "occurred:2026-01-15T00:00:00.000000Z..2026-01-15T23:59:59.999999Z",
    );
    check(
        "occurred:>2026-01-15",
        "occurred:>=2026-01-16T00:00:00.000000Z",
    );
    check(
        "occurred:<2026-01-15",
        "occurred:<=2026-01-14T23:59:59.999999Z",
    );
    check(
        "occurred:<=2026-01",
        "occurred:<=2026-01-31T23:59:59.999999Z",
    );
    check(
        "occurred:2024-02..2025",
        "occurred:2024-02-01T00:00:00.000000Z..2025-12-31T23:59:59.999999Z",
    );
    check("received:>now-7d", "received:>=2026-01-15T10:20:00.000001Z");
    check(
        "received:now-15m..now",
        "received:2026-01-22T10:05:00.000000Z..2026-01-22T10:20:00.000000Z",
    );
    check("time:>=today", "occurred:>=2026-01-22T00:00:00.000000Z");
    check(
        "time:yesterday",
        "occurred:2026-01-21T00:00:00.000000Z..2026-01-21T23:59:59.999999Z",
    );
    check(
        "time:<2026-01-15t10:20:00+02:00",
        "occurred:<=2026-01-15T08:19:59.999999Z",
    );
    check(
        "time:2026-01-15T10:20",
        "occurred:2026-01-15T10:20:00.000000Z..2026-01-15T10:20:59.999999Z",
    );
    check(
        "time:\"2026-01-15 10:20:00.25\"",
        "occurred:2026-01-15T10:20:00.250000Z..2026-01-15T10:20:00.259999Z",
    );
    check(
        "time:<=9999-12-31",
        "occurred:<=9999-12-30T22:00:00.999999Z",
    );
}

#[test]
fn days_are_days_of_the_time_zone() {
    let berlin = jiff::tz::TimeZone::get("Europe/Berlin").expect("a time zone");
    let context = crate::ParseContext {
        tz: berlin,
        ..context()
    };
    let query =
        parse("occurred:2026-03-29 received:>=2026-07-01T00:00", &context).expect("a query");
    assert_eq!(
        query.to_string(),
        "occurred:2026-03-28T23:00:00.000000Z..2026-03-29T21:59:59.999999Z received:>=2026-06-30T22:00:00.000000Z"
    );
}

fn is_normal(expr: &Expr, whole: bool) -> bool {
    match expr {
        Expr::All | Expr::None => whole,
        Expr::And(members) => {
            members.len() > 1
                && members
                    .iter()
                    .all(|member| !matches!(member, Expr::And(_)) && is_normal(member, false))
        }
        Expr::Or(members) => {
            members.len() > 1
                && members
                    .iter()
                    .all(|member| !matches!(member, Expr::Or(_)) && is_normal(member, false))
        }
        Expr::Not(inner) => !matches!(**inner, Expr::Not(_)) && is_normal(inner, false),
        Expr::Leaf(_) => true,
    }
}

#[test]
fn random_queries_have_a_canonical_text_that_means_the_same() {
    let mut right = 0;
    for seed in 0..10_000 {
        let text = query_text(&mut Random::new(seed));
        let Ok(query) = parse(&text, &context()) else {
            continue;
        };
        right += 1;
        assert!(is_normal(query.expr(), true), "seed {seed}: {text:?}");
        let canonical = query.to_string();
        assert_eq!(
            parse(&canonical, &context()).as_ref(),
            Ok(&query),
            "seed {seed}: {text:?} by {canonical:?}"
        );
    }
    assert!(
        right > 5_000,
        "only {right} of the random queries are right"
    );
}

#[test]
fn signs_of_the_language_in_any_order_never_panic() {
    for seed in 0..50_000 {
        check_any_text(&garbage(&mut Random::new(seed)));
    }
}

#[track_caller]
fn check_any_text(text: &str) {
    let chars = text.chars().count();
    match parse(text, &context()) {
        Ok(query) => {
            let canonical = query.to_string();
            assert_eq!(
                parse(&canonical, &context()).as_ref(),
                Ok(&query),
                "{text:?} by {canonical:?}"
            );
        }
        Err(error) => assert!(
            error.position + error.length <= chars,
            "{text:?}: {error:?}"
        ),
    }
}

proptest! {
    #[test]
    fn any_text_is_answered(text in "\\PC{0,60}") {
        check_any_text(&text);
    }

    #[test]
    fn any_value_of_any_field_is_answered(field in 0..crate::catalogue::FIELDS.len(), text in "\\PC{0,30}") {
        check_any_text(&format!("{}:{text}", crate::catalogue::FIELDS[field].name));
    }

    #[test]
    fn any_quoted_text_is_searched_for(text in "[a-z]\\PC{0,30}") {
        let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
        let query = format!("\"{quoted}\"");
        check_any_text(&query);
        prop_assert!(parse(&query, &context()).is_ok());
    }
}
