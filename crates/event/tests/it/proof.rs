use event::proof::{Document, ProofError, ProofField};
use event::{Commitment, FieldSalt};

use crate::{accept, record};

fn document() -> Document {
    let json = r#"{"action":"login","actor":{"id":"u-1","name":"Ann"},"duration_ms":10}"#;
    let recorded = record(accept(json).unwrap());
    Document::of(
        &recorded,
        vec![[3; 32]],
        "checkpoint\n".into(),
        "vkey".into(),
    )
}

#[track_caller]
fn check(change: impl FnOnce(&mut Document), expected: &str) {
    let mut document = document();
    change(&mut document);
    let document = Document::parse(document.to_json().as_bytes()).unwrap();
    let found = document
        .check()
        .map(|it| format!("{} shown, {} withheld", it.shown, it.withheld));
    assert_eq!(found.unwrap_or_else(|error| error.to_string()), expected);
}

#[test]
fn a_proof_holds() {
    check(|_| {}, "9 shown, 0 withheld");
}

#[test]
fn any_field_can_be_withheld_from_a_proof() {
    check(
        |it| {
            it.fields[3] = ProofField::Withheld(it.fields[3].commitment());
            it.event = it.event.replace(",\"name\":\"Ann\"", "");
        },
        "8 shown, 1 withheld",
    );
}

#[test]
fn what_was_changed_is_named() {
    let root = "the fields do not make the body root of the entry: a field or a salt was changed";
    let value = |text: &str| {
        let value = text.to_owned();
        move |it: &mut Document| match &mut it.fields[3] {
            ProofField::Shown { value: old, .. } => *old = value,
            ProofField::Withheld(_) => unreachable!(),
        }
    };
    check(value("\"Bob\""), root);
    check(
        |it| match &mut it.fields[0] {
            ProofField::Shown { salt, .. } => *salt = FieldSalt([0; 16]),
            ProofField::Withheld(_) => unreachable!(),
        },
        root,
    );
    check(
        |it| it.fields[0] = ProofField::Withheld(Commitment([0; 32])),
        root,
    );
    check(|it| it.fields.swap(0, 1), root);
    check(
        |it| drop(it.fields.pop()),
        "the proof has 8 fields, the entry says 9",
    );
    check(|it| it.entry[20] ^= 1, root);
    check(
        |it| it.entry[1] = 1,
        "/kind of the event is not what the proof covers",
    );
    check(
        |it| it.entry[0] = 2,
        "the entry of the proof is wrong: the record is damaged: an unknown version of an entry",
    );
    check(
        |it| it.event = it.event.replace("Ann", "Bob"),
        "/actor/name of the event is not what the proof covers",
    );
    check(
        |it| it.event = it.event.replace(":10", ":10.0"),
        "/duration_ms of the event is not what the proof covers",
    );
    check(
        |it| it.event = it.event.replace(",\"name\":\"Ann\"", ""),
        "/actor/type of the event is not what the proof covers",
    );
    check(
        |it| it.event = it.event.replace("\"sequence\":123", "\"sequence\":124"),
        "/sequence of the event is not what the proof covers",
    );
    check(
        |it| {
            it.event = it
                .event
                .replace("10:20:00.000000Z\",\"k", "10:20:00.000001Z\",\"k")
        },
        "/received_at of the event is not what the proof covers",
    );
    check(
        |it| it.event = it.event.replace("LOG-2026", "LOG-2025"),
        "/display_id of the event is not what the proof covers",
    );
    check(
        |it| it.index += 1,
        "/sequence of the event is not what the proof covers",
    );
    check(
        |it| it.fields.clear(),
        "/action of the event is not what the proof covers",
    );
}

#[test]
fn an_erased_event_claims_nothing() {
    let mut recorded = record(accept(r#"{"action":"a","actor":{"id":"u"}}"#).unwrap());
    recorded.content = recorded.content.erase();
    let document = Document::of(&recorded, vec![], String::new(), String::new());
    let disclosure = document.check().unwrap();
    assert_eq!((disclosure.shown, disclosure.withheld), (0, 7));
}

#[test]
fn what_is_no_proof_says_why() {
    for (json, says) in [
        ("", "found the end"),
        ("{}", "/event: is missing"),
        (r#"{"event":{},"event":{}}"#, "/event: stands twice"),
        (r#"{"evnt":{}}"#, "/evnt: is no part of a proof"),
    ] {
        let error = Document::parse(json.as_bytes()).unwrap_err();
        assert!(matches!(error, ProofError::Malformed(_)));
        assert!(error.to_string().contains(says), "{error}");
    }
    let json = document().to_json();
    for (from, to, says) in [
        ("\"index\":123", "\"index\":-1", "/index"),
        ("\"path\":[\"Aw", "\"path\":[\"w", "32 bytes in base64"),
        ("\"entry\":\"AQ", "\"entry\":\"", "45 bytes in base64"),
        ("\"salt\":\"", "\"salt\":\"A", "16 bytes in base64"),
        (
            "\"checkpoint\":\"checkpoint\\n\"",
            "\"checkpoint\":1",
            "must be a string",
        ),
    ] {
        assert!(json.contains(from), "{from} is not in {json}");
        let error = Document::parse(json.replace(from, to).as_bytes()).unwrap_err();
        assert!(error.to_string().contains(says), "{from}: {error}");
    }
}
