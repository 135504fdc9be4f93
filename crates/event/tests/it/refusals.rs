use event::{Acceptance, Event};

use crate::{accept, acceptance};

/// Every refusal names its code and field, and says something helpful.
#[track_caller]
fn refused(json: &str, code: &str, field: &str, says: &str) {
    refused_bytes(json.as_bytes(), code, field, says);
}

#[track_caller]
fn refused_bytes(json: &[u8], code: &str, field: &str, says: &str) {
    let text = String::from_utf8_lossy(json);
    let text: String = text.chars().take(200).collect();
    let problem = match Event::accept(json, &acceptance()) {
        Ok(_) => panic!("was accepted: {text}"),
        Err(problem) => problem,
    };
    assert_eq!(
        (problem.code.as_str(), problem.field.as_str()),
        (code, field),
        "{text}: {problem}"
    );
    assert!(
        problem.detail.contains(says),
        "{text}: {:?} does not say {says:?}",
        problem.detail
    );
}

/// An event with these members beside what is required.
fn with(members: &str) -> String {
    format!(r#"{{"action":"a","actor":{{"id":"u"}},{members}}}"#)
}

#[test]
fn text_that_is_no_json() {
    refused("", "malformed_json", "", "found the end at byte 0");
    refused("{\"action\":", "malformed_json", "/action", "found the end");
    refused(
        "{\"action\" \"a\"}",
        "malformed_json",
        "",
        "':' after a name",
    );
    refused(
        "{action:1}",
        "malformed_json",
        "",
        "a name in quotes, found 'a' at byte 1",
    );
    refused("{\"a\":1,}", "malformed_json", "", "a name in quotes");
    refused("{} {}", "malformed_json", "", "nothing more");
    refused("\u{feff}{}", "malformed_json", "", "byte order mark");
    refused(
        &with("\"metadata\":{\"n\":[1,01]}"),
        "malformed_json",
        "/metadata/n/1",
        "leading zero",
    );
    refused(
        &with("\"metadata\":{\"n\":1.}"),
        "malformed_json",
        "/metadata/n",
        "a digit",
    );
    refused(
        &with("\"metadata\":{\"n\":+1}"),
        "malformed_json",
        "/metadata/n",
        "a value",
    );
    refused(
        &with("\"metadata\":{\"n\":NaN}"),
        "malformed_json",
        "/metadata/n",
        "a value",
    );
    refused(
        &with("\"metadata\":{\"n\":tru}"),
        "malformed_json",
        "/metadata/n",
        "a value",
    );
    refused(
        &with("\"message\":\"a\nb\""),
        "malformed_json",
        "/message",
        "control character",
    );
    refused(
        &with(r#""message":"\x""#),
        "malformed_json",
        "/message",
        "an escape",
    );
    refused(
        &with(r#""message":"\u12g4""#),
        "malformed_json",
        "/message",
        "hexadecimal",
    );
    refused(
        &with(r#""message":'a'"#),
        "malformed_json",
        "/message",
        "a value",
    );
}

#[test]
fn text_that_is_no_object() {
    for json in ["[]", "1", "null", "\"action\""] {
        refused(json, "wrong_type", "", "a JSON object");
    }
}

#[test]
fn characters_that_cannot_be_kept() {
    refused_bytes(b"{\"action\":\"\xff\"}", "invalid_utf8", "", "at byte 11");
    refused_bytes(
        b"{\"action\":\"\xed\xa0\x80\"}",
        "invalid_utf8",
        "",
        "not UTF-8",
    );
    refused(
        &with(r#""message":"\ud800""#),
        "lone_surrogate",
        "/message",
        "half of a surrogate pair",
    );
    refused(
        &with(r#""message":"\udc00\ud800""#),
        "lone_surrogate",
        "/message",
        "surrogate",
    );
    refused(
        &with(r#""message":"\ud800\ud800""#),
        "lone_surrogate",
        "/message",
        "surrogate",
    );
    refused(
        &with(r#""metadata":{"\udfff":1}"#),
        "lone_surrogate",
        "/metadata",
        "surrogate",
    );
    refused(&with(r#""message":"a\u0000""#), "nul", "/message", "NUL");
    refused(&with("\"message\":\"a\0\""), "nul", "/message", "NUL");
    refused("{\0}", "nul", "", "NUL");
}

#[test]
fn names_that_stand_twice() {
    refused(
        &with(r#""action":"b""#),
        "duplicate_key",
        "/action",
        "twice",
    );
    refused(
        &with(r#""acti\u006fn":"b""#),
        "duplicate_key",
        "/action",
        "twice",
    );
    refused(
        &with(r#""message":null,"message":"x""#),
        "duplicate_key",
        "/message",
        "twice",
    );
    refused(
        &with(r#""client":{"ip":null,"ip":"10.0.0.1"}"#),
        "duplicate_key",
        "/client/ip",
        "twice",
    );
    refused(
        &with(r#""targets":[{"id":"a","id":"b"}]"#),
        "duplicate_key",
        "/targets/0/id",
        "twice",
    );
    refused(
        &with(r#""changes":[{"path":"a","new":1,"new":1}]"#),
        "duplicate_key",
        "/changes/0/new",
        "twice",
    );
    refused(
        &with(r#""metadata":{"a":{"b":1,"c":2,"b":3}}"#),
        "duplicate_key",
        "/metadata/a/b",
        "twice",
    );
    refused(
        &with(r#""metadata":{"a":[{"b/":1,"b/":1}]}"#),
        "duplicate_key",
        "/metadata/a/0/b~1",
        "twice",
    );
    refused(
        &with(r#""before":{"a":{"b":1,"b":1}}"#),
        "duplicate_key",
        "/before/a/b",
        "twice",
    );
    refused(
        &with(r#""changes":[{"path":"a","old":{"b":1,"b":1}}]"#),
        "duplicate_key",
        "/changes/0/old/b",
        "twice",
    );
}

#[test]
fn events_that_are_too_much() {
    let deep = |levels: usize| {
        with(&format!(
            "\"metadata\":{{\"a\":{}{}}}",
            "[".repeat(levels),
            "]".repeat(levels)
        ))
    };
    assert!(accept(&deep(30)).is_ok());
    let path = format!("/metadata/a{}", "/0".repeat(30));
    refused(&deep(31), "too_deep", &path, "deeper than 32 levels");

    let message = |length: usize| with(&format!("\"message\":\"{}\"", "x".repeat(length)));
    assert!(accept(&message(61_000)).is_ok());
    refused(&message(61_440), "too_large", "", "at most 61440");

    let fields = |count: usize| {
        let members: Vec<String> = (0..count)
            .map(|number| format!("\"m{number}\":{number}"))
            .collect();
        with(&format!("\"metadata\":{{{}}}", members.join(",")))
    };
    // Seven fields are there without metadata.
    assert_eq!(accept(&fields(1017)).unwrap().field_count(), 1024);
    refused(
        &fields(1018),
        "too_many_fields",
        "",
        "1025 fields after flattening; at most 1024",
    );

    let key = |length: usize| with(&format!("\"metadata\":{{\"{}\":1}}", "k".repeat(length)));
    assert!(accept(&key(4096 - 10)).is_ok());
    refused(
        &key(4096 - 9),
        "path_too_long",
        &format!("/metadata/{}", "k".repeat(54)),
        "4097 bytes",
    );

    let after: Vec<String> = (0..1100)
        .map(|number| format!("\"m{number}\":{number}"))
        .collect();
    let after = format!("\"after\":{{{}}}", after.join(","));
    refused(
        &with(&after),
        "too_many_fields",
        "/changes",
        "more than 1024 changes",
    );
    let name = "k".repeat(1025);
    let before = format!("\"before\":{{\"{name}\":{{\"a\":1}}}}");
    refused(
        &with(&before),
        "wrong_value",
        &format!("/before/{name}"),
        "at most 1024",
    );

    // Short as JSON, long when every field repeats the names above it.
    let members: Vec<String> = (0..200).map(|number| format!("\"{number}\":0")).collect();
    let nested = format!(
        "\"metadata\":{{\"{}\":{{{}}}}}",
        "k".repeat(2000),
        members.join(",")
    );
    refused(&with(&nested), "too_large", "", "after flattening");
}

#[test]
fn what_unfolds_to_very_much_is_refused_at_once() {
    let key = "k".repeat(50_000);
    let nothings = vec!["[]"; 3_000].join(",");
    let members: Vec<String> = (0..1_000)
        .map(|number| format!("\"{number}\":[]"))
        .collect();
    let members = members.join(",");
    let started = std::time::Instant::now();
    for _ in 0..20 {
        let _ = accept(&with(&format!("\"metadata\":{{\"{key}\":{{{members}}}}}")));
        let _ = accept(&with(&format!(
            "\"metadata\":{{\"a\":[{{\"{key}\":[{nothings}]}}]}}"
        )));
        let _ = accept(&with(&format!("\"after\":{{\"{key}\":{{{members}}}}}")));
        let _ = accept(&with(&format!(
            "\"before\":{{{members}}},\"after\":{{{members}}}"
        )));
    }
    // Eighty events; each is allowed a hundred times what it takes.
    assert!(started.elapsed().as_secs() < 8, "{:?}", started.elapsed());
}

#[test]
fn names_the_event_does_not_have() {
    refused(
        &with(r#""sevrity":"low""#),
        "unknown_field",
        "/sevrity",
        "did you mean \"severity\"",
    );
    refused(
        &with(r#""x/y":1"#),
        "unknown_field",
        "/x~1y",
        "under metadata",
    );
    refused(
        r#"{"action":"a","actor":{"id":"u","role":"x"}}"#,
        "unknown_field",
        "/actor/role",
        "\"roles\"",
    );
    refused(
        &with(r#""on_behalf_of":{"uid":"x"}"#),
        "unknown_field",
        "/on_behalf_of/uid",
        "\"id\"",
    );
    refused(
        &with(r#""outcome":{"status":"x"}"#),
        "unknown_field",
        "/outcome/status",
        "did you mean",
    );
    refused(
        &with(r#""client":{"addr":"x"}"#),
        "unknown_field",
        "/client/addr",
        "did you mean",
    );
    refused(
        &with(r#""source":{"apps":"x"}"#),
        "unknown_field",
        "/source/apps",
        "\"app\"",
    );
    refused(
        &with(r#""counts":{"record":1}"#),
        "unknown_field",
        "/counts/record",
        "\"records\"",
    );
    refused(
        &with(r#""targets":[{"id":"a"},{"kind":"x"}]"#),
        "unknown_field",
        "/targets/1/kind",
        "did you mean",
    );
    refused(
        &with(r#""changes":[{"path":"a","field":"x"}]"#),
        "unknown_field",
        "/changes/0/field",
        "did you mean",
    );
}

#[test]
fn names_only_annals_writes() {
    for name in [
        "ingest",
        "display_id",
        "sequence",
        "received_at",
        "kind",
        "enrichment",
        "erasure",
    ] {
        refused(
            &with(&format!("\"{name}\":null")),
            "reserved",
            &format!("/{name}"),
            "only Annals",
        );
    }
    refused(
        r#"{"action":"annals.erase","actor":{"id":"u"}}"#,
        "reserved",
        "/action",
        "Annals",
    );
    refused(
        r#"{"action":"Annals.Erase","actor":{"id":"u"}}"#,
        "reserved",
        "/action",
        "Annals",
    );
    refused(
        r#"{"action":"annals","actor":{"id":"u"}}"#,
        "reserved",
        "/action",
        "Annals",
    );
    refused(
        r#"{"action":"ann\u0061ls.erase","actor":{"id":"u"}}"#,
        "reserved",
        "/action",
        "Annals",
    );
    refused(
        &with(r#""source":{"app":"annals"}"#),
        "reserved",
        "/source/app",
        "Annals itself",
    );
    assert!(accept(r#"{"action":"annalsx.erase","actor":{"id":"u"}}"#).is_ok());
}

#[test]
fn own_events_that_do_not_say_so() {
    for (json, field) in [
        (r#"{"action":"login","actor":{"id":"u"}}"#, "/action"),
        (r#"{"action":"annals.","actor":{"id":"u"}}"#, "/action"),
        (
            r#"{"action":"annals.start","actor":{"id":"u"},"source":{"app":"erp"}}"#,
            "/source/app",
        ),
    ] {
        let problem = Event::accept_own(json.as_bytes(), &acceptance()).unwrap_err();
        assert_eq!(
            (problem.code.as_str(), problem.field.as_str()),
            ("reserved", field),
            "{json}"
        );
    }
}

#[test]
fn what_is_required_and_missing() {
    refused("{}", "missing_field", "/action", "what happened");
    refused(r#"{"action":"a"}"#, "missing_field", "/actor", "who did it");
    refused(
        r#"{"action":null,"actor":{"id":"u"}}"#,
        "missing_field",
        "/action",
        "required",
    );
    refused(
        r#"{"action":"a","actor":{}}"#,
        "missing_field",
        "/actor",
        "who did it",
    );
    refused(
        r#"{"action":"a","actor":{"type":"service"}}"#,
        "missing_field",
        "/actor",
        "who did it",
    );
    refused(
        r#"{"action":"a","actor":{"name":""}}"#,
        "missing_field",
        "/actor",
        "who did it",
    );
    refused(
        &with(r#""on_behalf_of":{"roles":["x"]}"#),
        "missing_field",
        "/on_behalf_of",
        "who did it",
    );
    refused(
        &with(r#""targets":[{"id":"a"},{}]"#),
        "missing_field",
        "/targets/1",
        "a type, an id or a name",
    );
    refused(
        &with(r#""changes":[{"old":1,"new":2}]"#),
        "missing_field",
        "/changes/0/path",
        "path",
    );
}

#[test]
fn values_of_the_wrong_kind() {
    refused(
        r#"{"action":1,"actor":{"id":"u"}}"#,
        "wrong_type",
        "/action",
        "expected a string, found a number",
    );
    refused(
        r#"{"action":"a","actor":"ann"}"#,
        "wrong_type",
        "/actor",
        "expected an object, found a string",
    );
    refused(
        r#"{"action":"a","actor":{"id":7}}"#,
        "wrong_type",
        "/actor/id",
        "a string",
    );
    refused(
        r#"{"action":"a","actor":{"id":"u","roles":"x"}}"#,
        "wrong_type",
        "/actor/roles",
        "an array of strings",
    );
    refused(
        r#"{"action":"a","actor":{"id":"u","roles":["x",1]}}"#,
        "wrong_type",
        "/actor/roles/1",
        "a string",
    );
    refused(
        &with(r#""labels":{}"#),
        "wrong_type",
        "/labels",
        "an array of strings",
    );
    refused(
        &with(r#""outcome":true"#),
        "wrong_type",
        "/outcome",
        "an object or a string",
    );
    refused(
        &with(r#""targets":{}"#),
        "wrong_type",
        "/targets",
        "an array of objects",
    );
    refused(
        &with(r#""targets":[null]"#),
        "wrong_type",
        "/targets/0",
        "an object, found null",
    );
    refused(
        &with(r#""changes":[[]]"#),
        "wrong_type",
        "/changes/0",
        "an object, found an array",
    );
    refused(
        &with(r#""changes":[{"path":1}]"#),
        "wrong_type",
        "/changes/0/path",
        "a string",
    );
    refused(
        &with(r#""client":[]"#),
        "wrong_type",
        "/client",
        "an object",
    );
    refused(
        &with(r#""metadata":"x""#),
        "wrong_type",
        "/metadata",
        "an object",
    );
    refused(
        &with(r#""before":[]"#),
        "wrong_type",
        "/before",
        "an object",
    );
    refused(
        &with(r#""duration_ms":"5""#),
        "wrong_type",
        "/duration_ms",
        "a number",
    );
    refused(
        &with(r#""counts":{"bytes":false}"#),
        "wrong_type",
        "/counts/bytes",
        "found true or false",
    );
}

#[test]
fn values_that_are_not_allowed() {
    refused(
        &with(r#""id":"""#),
        "wrong_value",
        "/id",
        "1 to 64 printable ASCII",
    );
    refused(
        &with(&format!("\"id\":\"{}\"", "x".repeat(65))),
        "wrong_value",
        "/id",
        "1 to 64",
    );
    refused(&with(r#""id":"é""#), "wrong_value", "/id", "ASCII");
    refused(&with(r#""id":"a\tb""#), "wrong_value", "/id", "printable");
    refused(
        &with(r#""session_id":"""#),
        "wrong_value",
        "/session_id",
        "must not be empty",
    );
    refused(
        r#"{"action":"","actor":{"id":"u"}}"#,
        "wrong_value",
        "/action",
        "must not be empty",
    );
    let long = "x".repeat(1025);
    refused(
        &with(&format!("\"trace_id\":\"{long}\"")),
        "wrong_value",
        "/trace_id",
        "at most 1024",
    );
    refused(
        &with(r#""client":{"ip":"10.0.0.256"}"#),
        "wrong_value",
        "/client/ip",
        "not an IP address",
    );
    for number in [
        "-1",
        "1.0",
        "1e3",
        "9007199254740993",
        "99999999999999999999",
        "-0",
    ] {
        refused(
            &with(&format!("\"duration_ms\":{number}")),
            "wrong_value",
            "/duration_ms",
            "whole number",
        );
        refused(
            &with(&format!("\"counts\":{{\"records\":{number}}}")),
            "wrong_value",
            "/counts/records",
            number,
        );
    }
}

#[test]
fn words_that_are_not_in_the_vocabulary_get_the_nearest_one() {
    refused(
        &with(r#""activity":"updat""#),
        "wrong_value",
        "/activity",
        "did you mean \"update\"",
    );
    refused(
        &with(r#""category":"record_changes""#),
        "wrong_value",
        "/category",
        "did you mean \"record_change\"",
    );
    refused(
        &with(r#""severity":"Hihg""#),
        "wrong_value",
        "/severity",
        "did you mean \"high\"",
    );
    refused(
        &with(r#""outcome":"failed""#),
        "wrong_value",
        "/outcome/result",
        "did you mean \"failure\"",
    );
    refused(
        &with(r#""outcome":{"result":"ok"}"#),
        "wrong_value",
        "/outcome/result",
        "one of success, failure",
    );
    refused(
        r#"{"action":"a","actor":{"id":"u","type":"usr"}}"#,
        "wrong_value",
        "/actor/type",
        "did you mean \"user\"",
    );
    refused(
        &with(r#""on_behalf_of":{"id":"u","type":"agent"}"#),
        "wrong_value",
        "/on_behalf_of/type",
        "\"ai_agent\"",
    );
    refused(
        &with(r#""changes":[{"path":"p","type":"int"}]"#),
        "wrong_value",
        "/changes/0/type",
        "is not a type of change",
    );
    refused(
        &with(r#""changes":[{"path":"p"},{"path":"p","type":"boolean"}]"#),
        "wrong_value",
        "/changes/1/type",
        "\"bool\"",
    );
}

#[test]
fn times_that_cannot_be() {
    let at = |time: &str| with(&format!("\"occurred_at\":\"{time}\""));
    assert!(accept(&at("1970-01-01T00:00:00Z")).is_ok());
    assert!(accept(&at("2036-01-22T10:20:00Z")).is_ok());
    refused(
        &at("1969-12-31T23:59:59.999999Z"),
        "time_out_of_range",
        "/occurred_at",
        "outside 1970-01-01",
    );
    refused(
        &at("1970-01-01T00:30:00+01:00"),
        "time_out_of_range",
        "/occurred_at",
        "outside",
    );
    refused(
        &at("2036-02-01T00:00:00Z"),
        "time_out_of_range",
        "/occurred_at",
        "outside",
    );
    refused(
        &at("2026-01-22"),
        "wrong_value",
        "/occurred_at",
        "not an RFC 3339 time",
    );
    refused(
        &at("2026-01-22T10:20:00"),
        "wrong_value",
        "/occurred_at",
        "offset",
    );
    refused(
        &at("2026-01-22T10:20:00.1234567Z"),
        "wrong_value",
        "/occurred_at",
        "microsecond",
    );
    refused(
        &at("2026-02-30T10:20:00Z"),
        "wrong_value",
        "/occurred_at",
        "no such date",
    );
    refused(
        &with(r#""occurred_at":1769077200"#),
        "wrong_type",
        "/occurred_at",
        "a string",
    );
}

#[test]
fn changes_and_states_exclude_each_other() {
    let changes = r#""changes":[{"path":"a"}]"#;
    refused(
        &with(&format!("{changes},\"before\":{{}}")),
        "conflicting_fields",
        "/before",
        "either changes",
    );
    refused(
        &with(&format!("{changes},\"after\":{{}}")),
        "conflicting_fields",
        "/after",
        "either changes",
    );
    refused(
        &with(r#""changes":[],"after":{}"#),
        "conflicting_fields",
        "/after",
        "either changes",
    );
}

#[test]
fn a_problem_knows_its_place_in_a_batch() {
    let problem = Event::accept(
        b"{",
        &Acceptance {
            import: Some("x"),
            ..acceptance()
        },
    )
    .unwrap_err();
    let problem = problem.at_index(3);
    assert_eq!((problem.index, problem.offset), (Some(3), Some(1)));
    assert_eq!(
        problem.to_string(),
        "expected a name in quotes, found the end at byte 1"
    );
}
