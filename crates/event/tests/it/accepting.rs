use event::{Acceptance, Event, Outcome, Severity, path};

use crate::{accept, acceptance, now, shown};

/// Accepts `json` and compares all but the four lines every event of these tests has: an actor
/// `u-1` of type user, the default time and, where they are derived, activity and category.
#[track_caller]
fn check(json: &str, expected: &[&str]) {
    let event = accept(json).unwrap_or_else(|problem| panic!("{json}: {problem}"));
    let shown = shown(&event);
    let common = |line: &&str| {
        let starts = [
            "/actor/id ",
            "/actor/type \"user\"",
            "/occurred_at ",
            "/activity ",
            "/category ",
        ];
        !starts.iter().any(|start| line.starts_with(start))
    };
    let found: Vec<&str> = shown.lines().filter(common).collect();
    assert_eq!(found, expected, "{json}");
}

#[test]
fn what_the_sender_leaves_out_is_derived_and_marked() {
    let acceptance = Acceptance {
        key_id: Some("k_1"),
        import: Some("old \"erp\""),
        ..acceptance()
    };
    let json = br#"{"action":"customer.credit_limit.update","actor":{"id":"u-1"}}"#;
    let event = Event::accept(json, &acceptance).unwrap();
    let expected = [
        "/action \"customer.credit_limit.update\"",
        "/activity \"update\" *",
        "/actor/id \"u-1\"",
        "/actor/type \"user\" *",
        "/category \"record_change\" *",
        "/ingest/import \"old \\\"erp\\\"\" *",
        "/ingest/key_id \"k_1\" *",
        "/occurred_at \"2026-01-22T10:20:00.000000Z\" *",
        "/severity \"medium\" *",
    ];
    assert_eq!(shown(&event).lines().collect::<Vec<_>>(), expected);
    assert_eq!(event.occurred_at(), now());
}

#[test]
fn every_field_is_kept_where_it_belongs() {
    let event = accept(
        r#"{"id":"e-1","action":"login","activity":"other","category":"system","severity":"critical",
        "occurred_at":"2026-01-22t11:20:00.5+01:00",
        "outcome":{"result":"denied","code":"E7","reason":"no"},
        "actor":{"type":"api_key","id":"k","name":"N","email":"n@example.com","roles":["a","b"],"groups":[]},
        "on_behalf_of":{"id":"u","name":"U"},
        "targets":[{"type":"customer","id":"c","name":"C"},{"id":"d"},{"id":"e"},{"id":"f"},{"type":"t","id":"g"}],
        "changes":[{"path":"p","label":"P","old":1,"new":{"a":{"b":[]}},"type":"json"},{"path":"q","old":null}],
        "client":{"ip":"2001:db8::1","user_agent":"x"},"session_id":"s","correlation_id":"c",
        "request_id":"r","parent_id":"p","trace_id":"t",
        "source":{"app":"erp","component":"web","environment":"prod","version":"1"},
        "counts":{"records":5000,"bytes":9007199254740992},"duration_ms":0,
        "message":"","metadata":{"a":{"b":1},"~/":null},"labels":["x"]}"#,
    )
    .unwrap();
    insta::assert_snapshot!(shown(&event), @r#"
    /action "login"
    /activity "other"
    /actor/email "n@example.com"
    /actor/groups []
    /actor/id "k"
    /actor/name "N"
    /actor/roles ["a","b"]
    /actor/type "api_key"
    /category "system"
    /changes/0/label "P"
    /changes/0/new/a/b []
    /changes/0/old 1
    /changes/0/path "p"
    /changes/0/type "json"
    /changes/1/old null
    /changes/1/path "q"
    /client/ip "2001:db8::1"
    /client/user_agent "x"
    /correlation_id "c"
    /counts/bytes 9007199254740992
    /counts/records 5000
    /duration_ms 0
    /id "e-1"
    /labels ["x"]
    /message ""
    /metadata/a/b 1
    /metadata/~0~1 null
    /occurred_at "2026-01-22t11:20:00.5+01:00"
    /on_behalf_of/id "u"
    /on_behalf_of/name "U"
    /on_behalf_of/type "user" *
    /outcome/code "E7"
    /outcome/reason "no"
    /outcome/result "denied"
    /parent_id "p"
    /request_id "r"
    /session_id "s"
    /severity "critical"
    /source/app "erp"
    /source/component "web"
    /source/environment "prod"
    /source/version "1"
    /targets/0/id "c"
    /targets/0/name "C"
    /targets/0/type "customer"
    /targets/1/id "d"
    /targets/2/id "e"
    /targets/3/id "f"
    /targets/4/id "g"
    /targets/4/type "t"
    /trace_id "t"
    "#);
}

#[test]
fn a_word_is_short_for_the_outcome() {
    let event = accept(r#"{"action":"login","actor":{"id":"u"},"outcome":"failure"}"#).unwrap();
    assert_eq!(event.outcome(), Some(Outcome::Failure));
    assert_eq!(event.severity(), Severity::Medium);
    assert!(!event.field(path::OUTCOME_RESULT).unwrap().defaulted);
    let event = accept(r#"{"action":"a","actor":{"id":"u"},"outcome":{"code":"7"}}"#).unwrap();
    assert_eq!(event.outcome(), Some(Outcome::Unknown));
    let event = accept(r#"{"action":"a","actor":{"id":"u"}}"#).unwrap();
    assert_eq!(event.outcome(), None);
}

#[test]
fn an_actor_may_be_nobody() {
    for kind in ["system", "anonymous"] {
        let json = format!(r#"{{"action":"a","actor":{{"type":"{kind}"}}}}"#);
        assert!(accept(&json).is_ok(), "{kind}");
    }
}

#[test]
fn null_is_the_same_as_absent_for_fields_of_the_event() {
    let absent = accept(r#"{"action":"a","actor":{"id":"u"}}"#).unwrap();
    let null = accept(
        r#"{"action":"a","message":null,"actor":{"id":"u","name":null,"roles":null},"outcome":null,"changes":null,
        "before":null,"after":null,"metadata":null,"counts":null}"#,
    );
    assert_eq!(null.unwrap(), absent);
}

#[test]
fn before_and_after_become_changes() {
    check(
        r#"{"action":"update","actor":{"id":"u-1"},
            "before":{"z":true,"limit":1.0,"same":[1],"city":{"name":"Rome","zip":null},"due":"2026-01-01","gone":"x"},
            "after":{"limit":2.50,"same":[ 1 ],"city":{"name":"Riga","new":{"deep":"y"}},"due":"2026-02-01","z":true,"gone":null}}"#,
        &[
            "/action \"update\"",
            "/changes/0/new \"Riga\"",
            "/changes/0/old \"Rome\"",
            "/changes/0/path \"city.name\"",
            "/changes/0/type \"string\" *",
            "/changes/1/new \"y\"",
            "/changes/1/path \"city.new.deep\"",
            "/changes/1/type \"string\" *",
            "/changes/2/new \"2026-02-01\"",
            "/changes/2/old \"2026-01-01\"",
            "/changes/2/path \"due\"",
            "/changes/2/type \"date\" *",
            "/changes/3/new null",
            "/changes/3/old \"x\"",
            "/changes/3/path \"gone\"",
            "/changes/3/type \"string\" *",
            "/changes/4/new 2.50",
            "/changes/4/old 1.0",
            "/changes/4/path \"limit\"",
            "/changes/4/type \"number\" *",
            "/severity \"info\" *",
        ],
    );
}

#[test]
fn a_made_or_removed_record_has_one_side_only() {
    check(
        r#"{"action":"create","actor":{"id":"u-1"},"after":{"paid":false,"tags":["a"],"none":null}}"#,
        &[
            "/action \"create\"",
            "/changes/0/new false",
            "/changes/0/path \"paid\"",
            "/changes/0/type \"bool\" *",
            "/changes/1/new [\"a\"]",
            "/changes/1/path \"tags\"",
            "/changes/1/type \"json\" *",
            "/severity \"info\" *",
        ],
    );
    check(
        r#"{"action":"delete","actor":{"id":"u-1"},"before":{"a":1},"after":null}"#,
        &[
            "/action \"delete\"",
            "/changes/0/old 1",
            "/changes/0/path \"a\"",
            "/changes/0/type \"number\" *",
            "/severity \"low\" *",
        ],
    );
}

#[test]
fn equal_states_say_that_nothing_changed() {
    check(
        r#"{"action":"update","actor":{"id":"u-1"},"before":{"a":{"x":1,"y":2}},"after":{"a":{"y":2,"x":1}}}"#,
        &["/action \"update\"", "/changes []", "/severity \"info\" *"],
    );
}

#[test]
fn a_value_that_becomes_an_object_is_one_change() {
    check(
        r#"{"action":"update","actor":{"id":"u-1"},"before":{"a":1},"after":{"a":{"b":2}}}"#,
        &[
            "/action \"update\"",
            "/changes/0/new/b 2",
            "/changes/0/old 1",
            "/changes/0/path \"a\"",
            "/changes/0/type \"json\" *",
            "/severity \"info\" *",
        ],
    );
}

#[test]
fn more_than_eight_changes_have_literal_paths_and_stay_in_order() {
    let after: Vec<String> = (10..22).map(|n| format!("\"f{n}\":{n}")).collect();
    let json = format!(
        r#"{{"action":"create","actor":{{"id":"u"}},"after":{{{}}}}}"#,
        after.join(",")
    );
    let event = accept(&json).unwrap();
    let types: Vec<_> = event
        .fields()
        .filter(|it| it.path.as_str().ends_with("/type"))
        .collect();
    assert_eq!(types.len(), 13, "{}", shown(&event));
    assert!(types.iter().all(|field| field.defaulted));
    let wire = crate::wire(&crate::record(event));
    let paths: Vec<&str> = wire
        .split("\"path\":\"")
        .skip(1)
        .map(|it| &it[..3])
        .collect();
    assert_eq!(
        paths.join(" "),
        "f10 f11 f12 f13 f14 f15 f16 f17 f18 f19 f20 f21"
    );
}

#[test]
fn own_events_say_who_they_are() {
    let json = br#"{"action":"annals.key.create","actor":{"type":"system"}}"#;
    let event = Event::accept_own(json, &acceptance()).unwrap();
    let app = event.field(path::SOURCE_APP).unwrap();
    assert_eq!((app.value, app.defaulted), ("\"annals\"", true));
}

#[track_caller]
fn check_same(first: &str, again: &str, same: bool) {
    let (first, mut acceptance) = (accept(first).unwrap(), acceptance());
    acceptance.now = acceptance.now.plus_micros(5_000_000);
    acceptance.key_id = Some("k_2");
    let again = Event::accept(again.as_bytes(), &acceptance).unwrap();
    assert_eq!(again.same_content(&first), same);
    assert_eq!(first.same_content(&again), same);
}

#[test]
fn an_event_sent_again_is_the_same_whatever_the_server_filled_in() {
    let event = r#"{"id":"1","action":"a","actor":{"id":"u"},"message":"m"}"#;
    check_same(event, event, true);
    check_same(
        event,
        r#"{"message":"m","actor":{"id":"u"},"action":"a","id":"1"}"#,
        true,
    );
    check_same(
        event,
        r#"{"id":"1","action":"a","actor":{"id":"u"},"message":"n"}"#,
        false,
    );
    check_same(
        event,
        r#"{"id":"1","action":"a","actor":{"id":"u"}}"#,
        false,
    );
    check_same(
        event,
        r#"{"id":"1","action":"a","actor":{"id":"u"},"message":"m","labels":[]}"#,
        false,
    );
    let timed = r#"{"id":"1","action":"a","actor":{"id":"u"},"message":"m","occurred_at":"2026-01-22T10:20:01Z"}"#;
    check_same(event, timed, false);
}
