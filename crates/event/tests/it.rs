//! One event from the door to the wire and back.

use event::{Acceptance, Content, Event, Kind, Recorded, Salt, Sequence, Timestamp};

#[test]
fn an_event_goes_in_and_comes_out_again() {
    let now = Timestamp::parse_rfc3339("2026-01-22T10:20:00Z").unwrap();
    let acceptance = Acceptance {
        now,
        key_id: Some("k_1"),
        import: None,
    };
    let json = br#"{"action":"customer.credit_limit.update","actor":{"id":"u-1","name":"Ann","roles":["admin"]},
        "outcome":"success","before":{"limit":1.0,"a":{"b":1}},"after":{"limit":2.50,"a":{"b":1}},"metadata":{"x/y":{"z":[1,2]},"e":{}}}"#;
    let event = Event::accept(json, &acceptance).unwrap();
    let salt = Salt([7; 16]);
    let recorded = Recorded {
        sequence: Sequence::new(123),
        received_at: now,
        kind: Kind::Application,
        category: event.category(),
        content: Content::Whole { salt, event },
        enrichment: None,
    };
    let mut bytes = Vec::new();
    recorded.encode(&mut bytes);
    let (again, length) = Recorded::decode(&bytes, &salt).unwrap();
    assert_eq!((&again, length), (&recorded, bytes.len()));
    let mut wire = Vec::new();
    recorded.to_wire_json(&mut wire);
    insta::assert_snapshot!(String::from_utf8(wire).unwrap());
    let part = recorded
        .content
        .withhold(|_, field| field.path.as_str() == "/actor/name");
    assert_eq!(part.body_root(), recorded.content.body_root());
    assert_eq!(part.withheld_count(), 1);
}
