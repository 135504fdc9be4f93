//! Tables and their mappings.

use import::csv::Mapping;
use import::{Item, Mapper, Rows};
use serde_json::{Value, json};

use crate::{accepted, event_of};

/// The events of a table, or the codes of what was refused.
fn events(table: &str, mapping: &Mapping) -> Vec<Value> {
    let mut rows = Rows::new(table.as_bytes(), mapping.delimiter())
        .unwrap()
        .unwrap();
    let mapper = match mapping.bind(rows.columns()) {
        Ok(bound) => Mapper::Csv(bound),
        Err(refusal) => return vec![json!(refusal.detail)],
    };
    let mut events = Vec::new();
    while let Some(found) = rows.next().unwrap() {
        let mapped = match found.item {
            Item::Record(row) => mapper.map(row),
            Item::Bad(refusal) => Err(refusal),
        };
        events.push(match mapped {
            Ok(mapped) => {
                accepted(&mapped.event).unwrap();
                event_of(&mapped)
            }
            Err(refusal) => json!(refusal.detail),
        });
    }
    events
}

#[test]
fn a_mapping_file_says_what_columns_and_cells_mean() {
    let mapping = Mapping::parse(
        r#"
        delimiter = ";"
        time_format = "%d.%m.%Y %H:%M:%S"
        time_zone = "Europe/Berlin"
        [columns]
        occurred_at = "Zeit"
        action = "vorgang"
        actor.name = "Benutzer"
        "actor.roles" = "Rollen"
        outcome = "Ergebnis"
        target.id = "Beleg"
        change.path = "Feld"
        change.old = "alt"
        change.new = "neu"
        metadata.branch = "Filiale"
        [constants]
        source.app = "erp"
        target.type = "invoice"
        [values.outcome]
        OK = "success"
        "nicht erlaubt" = "denied"
        [values.action]
        Storno = "invoice.cancel"
        "#,
    )
    .unwrap();
    let table = "Zeit;Vorgang;Benutzer;Rollen;Ergebnis;Beleg;Feld;alt;neu;Filiale\n\
        31.07.2024 10:15:00;Storno;Ann Lee;Buchhaltung, Leitung;OK;R-1;Betrag;10,50;0;Köln\n\
        ; Druck;;;nicht erlaubt;R-2;;;;\n\
        31.07.2024 10:15:00;;Ann Lee;;OK;;;;;\n\
        gestern;Druck;;;OK;;;;;\n";
    let events = events(table, &mapping);
    assert_eq!(events[0]["occurred_at"], "2024-07-31T08:15:00.000000Z");
    assert_eq!(events[0]["action"], "invoice.cancel");
    assert_eq!(
        events[0]["actor"]["roles"],
        json!(["Buchhaltung", "Leitung"])
    );
    assert_eq!(events[0]["outcome"], json!({"result": "success"}));
    assert_eq!(
        events[0]["targets"],
        json!([{"type": "invoice", "id": "R-1"}])
    );
    assert_eq!(
        events[0]["changes"],
        json!([{"path": "Betrag", "old": "10,50", "new": "0"}])
    );
    assert_eq!(events[0]["metadata"]["branch"], "Köln");
    assert_eq!(events[0]["metadata"]["original"]["Vorgang"], "Storno");
    assert_eq!(events[1]["actor"], json!({"type": "anonymous"}));
    assert_eq!(events[1]["outcome"], json!({"result": "denied"}));
    assert_eq!(events[1]["labels"], json!(["time-of-import"]));
    assert!(
        events[2]
            .as_str()
            .unwrap()
            .contains("the cell of action is missing"),
        "{}",
        events[2]
    );
    assert!(
        events[3]
            .as_str()
            .unwrap()
            .starts_with("\"gestern\" is no time; say how"),
        "{}",
        events[3]
    );
}

#[test]
fn usual_headings_need_no_mapping() {
    let table = "Timestamp,User,E-Mail,Event,IP Address,Status,Severity,Duration ms\n\
        2026-01-22 10:20:00,ann,ann@example.com,login,192.0.2.1,403,WARN,12\n\
        2026-01-22 10:20:00,ann,ann@example.com,login,192.0.2.1,odd,loud,12\n";
    let events = events(table, &Mapping::default());
    assert_eq!(events[0]["occurred_at"], "2026-01-22T10:20:00.000000Z");
    assert_eq!(
        events[0]["actor"],
        json!({"name": "ann", "email": "ann@example.com"})
    );
    assert_eq!(events[0]["client"], json!({"ip": "192.0.2.1"}));
    assert_eq!(
        events[0]["outcome"],
        json!({"result": "denied", "code": "403"})
    );
    assert_eq!(
        (&events[0]["severity"], &events[0]["duration_ms"]),
        (&json!("medium"), &json!(12))
    );
    assert!(
        events[1]
            .as_str()
            .unwrap()
            .starts_with("severity: \"loud\""),
        "{}",
        events[1]
    );
}

#[test]
fn an_action_that_is_too_long_is_named() {
    let table = format!("action,actor\n{},ann\n", "x".repeat(1_025));
    let said = events(&table, &Mapping::default());
    let words = "what happened (the cell of action) has 1025 bytes, and at most 1024 are allowed";
    assert!(said[0].as_str().unwrap().contains(words), "{said:?}");
}

#[test]
fn names_that_are_too_long_are_left_in_the_original() {
    let long = "x".repeat(1_025);
    let table =
        format!("action,actor_id,target_id,field,old,new\nlogin,{long},{long},{long},1,2\n");
    let event = &events(&table, &Mapping::default())[0];
    assert_eq!(event["actor"]["type"], "anonymous");
    assert_eq!(event["targets"], json!([{"type": "record"}]));
    assert_eq!(event.get("changes"), None);
    assert_eq!(event["metadata"]["original"]["actor_id"], long);
}

#[test]
fn a_mapping_that_does_not_fit_is_named() {
    let mut mapping = Mapping::default();
    mapping.map("action", "Vorgang").unwrap();
    let said = events("Zeit,Event\n1,2\n", &mapping);
    assert!(said[0].as_str().unwrap().contains(
        "no column `Vorgang`, which is mapped to action; the columns are `Zeit`, `Event`"
    ));
    let said = events("a,b\n1,2\n", &Mapping::default());
    assert!(
        said[0]
            .as_str()
            .unwrap()
            .contains("no column is mapped to action")
    );
    #[track_caller]
    fn check(text: &str, words: &str) {
        let error = Mapping::parse(text).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    check("[columns]\nacton = 'x'", "`acton` is no field");
    check("[columns]\naction = 1", "`action` must be a string");
    check(
        "[columns]\nmetadata.original = 'x'",
        "`metadata.original` is no field",
    );
    check("colums = 1", "`colums` is not understood");
    check("delimiter = 'ab'", "cannot part cells");
    check("time_format = '%!'", "no format of a time");
    check("time_zone = 'Mars'", "no time zone");
    check("[columns", "");
}
