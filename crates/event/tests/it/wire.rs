use event::{Content, Device, Enrichment, EnrichmentJson, Exported, Geo, Network, Risk, Severity};

use crate::{accept, record, wire};

#[test]
fn an_event_is_shown_flat_with_the_reserved_names() {
    let event = accept(
        r#"{"action":"update","actor":{"id":"u-1","roles":["admin"]},"outcome":"success",
        "targets":[{"type":"customer","id":"c"},{"id":"d"}],
        "changes":[{"path":"limit","old":1.0,"new":{"a":{"b":2}}}],"source":{},"labels":[],
        "metadata":{"x/y":{"~":[1,"\u0007"]},"x":{"a":1},"x-":2,"\"":3,"e":{}}}"#,
    );
    let mut recorded = record(event.unwrap());
    recorded.enrichment = EnrichmentJson::of(&Enrichment {
        geo: Some(Geo {
            city: Some("Riga".into()),
            country: Some("LV".into()),
            latitude: Some(56.9),
            estimated: true,
            ..Geo::default()
        }),
        device: Some(Device {
            browser: Some("Chrome 139".into()),
            ..Device::default()
        }),
        network: Some(Network::Public),
        risk: Some(Risk {
            level: Severity::High,
            reasons: vec!["new country".into()],
        }),
    });
    insta::assert_snapshot!(wire(&recorded), @r#"{"display_id":"LOG-2026-0000123","sequence":123,"received_at":"2026-01-22T10:20:00.000000Z","kind":0,"action":"update","activity":"update","actor":{"id":"u-1","roles":["admin"],"type":"user"},"category":"record_change","changes":[{"new":{"a":{"b":2}},"old":1.0,"path":"limit"}],"labels":[],"metadata":{"\"":3,"e":{},"x-":2,"x":{"a":1},"x/y":{"~":[1,"\u0007"]}},"occurred_at":"2026-01-22T10:20:00.000000Z","outcome":{"result":"success"},"severity":"info","source":{},"targets":[{"id":"c","type":"customer"},{"id":"d"}],"enrichment":{"geo":{"city":"Riga","country":"LV","latitude":56.9,"estimated":true},"device":{"browser":"Chrome 139"},"network":"public","risk":{"level":"high","reasons":["new country"]}}}"#);

    let mut bytes = Vec::new();
    recorded.encode(&mut bytes);
    let (again, _) = event::Recorded::decode(&bytes, &crate::SALT).unwrap();
    assert_eq!(again, recorded);
}

#[test]
fn an_enrichment_that_says_nothing_is_none() {
    let recorded = record(accept(r#"{"action":"login","actor":{"id":"u-1"}}"#).unwrap());
    let mut bytes = Vec::new();
    recorded.encode(&mut bytes);
    assert!(bytes.ends_with(&[0, 0]));
    bytes.truncate(bytes.len() - 2);
    bytes.extend(b"\x00\x02{}");
    let (read, length) = event::Recorded::decode(&bytes, &crate::SALT).unwrap();
    assert_eq!((&read, length), (&recorded, bytes.len()));
}

#[test]
fn a_change_to_an_object_leaves_the_changes_behind_it_in_their_places() {
    let event = accept(
        r#"{"action":"update","actor":{"id":"u-1"},"changes":[
        {"path":"limit","old":1,"new":{"a":2}},{"path":"name","old":{"b":{"c":3}},"new":"n"},{"path":"on","new":true}]}"#,
    );
    let recorded = record(event.unwrap());
    let json = wire(&recorded);
    assert!(
        json.contains(
            r#""changes":[{"new":{"a":2},"old":1,"path":"limit"},{"new":"n","old":{"b":{"c":3}},"path":"name"},{"new":true,"path":"on"}]"#
        ),
        "{json}"
    );
    let exported = Exported::parse(json.as_bytes()).unwrap();
    let fields = recorded.fields().map(|it| event::Field {
        defaulted: false,
        ..it
    });
    assert!(exported.fields().eq(fields));
}

#[test]
fn what_is_erased_is_said_to_be() {
    let json = r#"{"action":"update","actor":{"id":"u-1","name":"Ann"},"targets":[{"id":"a"},{"id":"b"},{"id":"c"}]}"#;
    let mut recorded = record(accept(json).unwrap());
    let whole = recorded.entry();
    recorded.content = recorded.content.withhold(|_, field| {
        ["/actor/name", "/targets/0/id", "/targets/1/id"].contains(&field.path.as_str())
    });
    insta::assert_snapshot!(wire(&recorded), @r#"{"display_id":"LOG-2026-0000123","sequence":123,"received_at":"2026-01-22T10:20:00.000000Z","kind":0,"action":"update","activity":"update","actor":{"id":"u-1","type":"user"},"category":"record_change","occurred_at":"2026-01-22T10:20:00.000000Z","severity":"info","targets":[{},{},{"id":"c"}],"erasure":{"withheld":3,"of":11,"category":"record_change"}}"#);
    let exported = Exported::parse(wire(&recorded).as_bytes()).unwrap();
    assert!(
        exported
            .fields()
            .eq(recorded.fields().map(|it| event::Field {
                defaulted: false,
                ..it
            }))
    );
    assert_eq!(recorded.entry(), whole);

    recorded.content = recorded.content.erase();
    insta::assert_snapshot!(wire(&recorded), @r#"{"display_id":"LOG-2026-0000123","sequence":123,"received_at":"2026-01-22T10:20:00.000000Z","kind":0,"erasure":{"withheld":11,"of":11,"category":"record_change"}}"#);
    assert_eq!(recorded.entry(), whole);
    assert!(matches!(
        recorded.content.withhold(|_, _| true),
        Content::Erased { .. }
    ));
}

#[test]
fn the_deepest_event_can_be_read_back() {
    let value = format!("{}{}", "[".repeat(30), "]".repeat(30));
    let json = format!(r#"{{"action":"a","actor":{{"id":"u"}},"before":{{"v":{value}}}}}"#);
    let recorded = record(accept(&json).unwrap());
    let exported = Exported::parse(wire(&recorded).as_bytes()).unwrap();
    assert_eq!(exported.fields().count(), recorded.fields().count());
    let document = event::proof::Document::of(&recorded, vec![], String::new(), String::new());
    let document = event::proof::Document::parse(document.to_json().as_bytes()).unwrap();
    document.check().unwrap();
}

#[test]
fn the_strings_of_a_field_are_read_one_by_one() {
    let json = r#"{"action":"a","actor":{"id":"u","roles":["a\"b","c\\","","d,e"],"groups":[]}}"#;
    let event = accept(json).unwrap();
    let strings = |code| -> Vec<String> {
        event
            .field(code)
            .unwrap()
            .strings()
            .map(|it| it.into_owned())
            .collect()
    };
    assert_eq!(
        strings(event::path::ACTOR_ROLES),
        ["a\"b", "c\\", "", "d,e"]
    );
    assert_eq!(strings(event::path::ACTOR_GROUPS), [""; 0]);
    assert_eq!(strings(event::path::ACTOR_ID), ["u"]);
}
