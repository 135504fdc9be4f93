//! The sample logs, held to counts that another program made.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use import::Mapper;
use serde_json::Value;

use crate::{accepted, event_of, read};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

fn expected(name: &str) -> Value {
    let text = std::fs::read_to_string(data("expected.json")).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()[name].clone()
}

/// The events of a file or of the JSON files of a folder, with their originals.
fn events(mapper: &Mapper, path: &Path) -> Vec<Value> {
    let mut files = vec![path.to_owned()];
    if path.is_dir() {
        files = path
            .read_dir()
            .unwrap()
            .map(|it| it.unwrap().path())
            .collect();
        files.retain(|it| it.extension().is_some_and(|it| it == "json"));
    }
    let mut events = Vec::new();
    for file in files {
        for (original, mapped) in read(mapper, &std::fs::read(file).unwrap()) {
            let mapped = mapped.unwrap();
            let event = event_of(&mapped);
            accepted(&mapped.event).unwrap();
            assert_eq!(event["metadata"]["original"], original);
            events.push(event);
        }
    }
    events
}

fn count(events: &[Value], of: impl Fn(&Value) -> Option<String>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for event in events {
        *counts.entry(of(event).unwrap_or_default()).or_insert(0) += 1;
    }
    counts
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// Holds counts to those listed, which may be the largest only.
#[track_caller]
fn check_counts(counts: &BTreeMap<String, u64>, listed: &Value) {
    for (name, number) in listed.as_object().unwrap() {
        assert_eq!(counts.get(name).copied(), number.as_u64(), "{name}");
    }
}

#[track_caller]
fn check(events: &[Value], expected: &Value, actor: &str) {
    assert_eq!(events.len() as u64, expected["events"].as_u64().unwrap());
    let actions = count(events, |it| text(&it["action"]));
    assert_eq!(
        actions.len() as u64,
        expected["distinct_actions"].as_u64().unwrap()
    );
    check_counts(&actions, &expected["actions"]);
    let actors = count(events, |it| text(&it["actor"][actor]));
    assert_eq!(
        actors.len() as u64,
        expected["distinct_actors"].as_u64().unwrap()
    );
    check_counts(&actors, &expected["actors"]);
    let outcomes = count(events, |it| text(&it["outcome"]["result"]));
    let of = |name: &str| outcomes.get(name).copied().unwrap_or_default();
    match expected["failures"].as_u64() {
        Some(failures) => assert_eq!(of("failure") + of("denied"), failures),
        None => assert_eq!(of("unknown"), events.len() as u64),
    }
    let mut originals = HashSet::new();
    originals.extend(
        events
            .iter()
            .map(|it| it["metadata"]["original"].to_string()),
    );
    assert_eq!(
        originals.len() as u64,
        expected["distinct_events"].as_u64().unwrap()
    );
    let own_ids = events
        .iter()
        .filter_map(|it| it["id"].as_str())
        .filter(|id| *id != "made");
    let own_ids: Vec<&str> = own_ids.collect();
    let absent = events.len() - own_ids.len();
    let distinct: HashSet<&str> = own_ids.into_iter().collect();
    assert_eq!(absent as u64, expected["ids"]["absent"].as_u64().unwrap());
    assert_eq!(
        distinct.len() as u64,
        expected["ids"]["distinct"].as_u64().unwrap()
    );
}

fn first_and_last(events: &[Value]) -> (&str, &str) {
    let times = events.iter().map(|it| it["occurred_at"].as_str().unwrap());
    (times.clone().min().unwrap(), times.max().unwrap())
}

#[test]
fn cloudtrail_is_read_as_expected() {
    let expected = expected("aws-cloudtrail-stratus");
    let events = events(&Mapper::CloudTrail, &data("aws-cloudtrail-stratus"));
    check(&events, &expected, "name");
    assert_eq!(
        first_and_last(&events),
        ("2024-07-30T21:31:10.000000Z", "2024-11-30T08:43:18.000000Z")
    );
    let codes = count(&events, |it| text(&it["outcome"]["code"]));
    check_counts(&codes, &expected["error_codes"]);
    let addresses = count(&events, |it| text(&it["client"]["ip"]));
    assert_eq!(
        addresses.len() as u64,
        expected["distinct_ips"].as_u64().unwrap()
    );
    let with = |name: &str| events.iter().filter(|it| it.get(name).is_some()).count();
    assert_eq!((with("request_id"), with("targets")), (309, 174));
    assert!(
        events
            .iter()
            .all(|it| it["client"]["user_agent"].is_string())
    );
}

#[test]
fn github_is_read_as_expected() {
    let events = events(&Mapper::GitHub, &data("github-audit/events.jsonl"));
    check(&events, &expected("github-audit"), "name");
    assert_eq!(
        first_and_last(&events),
        ("2021-05-18T02:31:58.553000Z", "2025-10-15T18:45:47.048000Z")
    );
    assert!(events.iter().all(|it| it.get("labels").is_none()));
}

#[test]
fn okta_is_read_as_expected() {
    let events = events(&Mapper::Okta, &data("okta-system-log/events.jsonl"));
    check(&events, &expected("okta-system-log"), "email");
    assert_eq!(
        first_and_last(&events),
        ("2020-11-25T21:27:03.496000Z", "2024-08-15T15:05:09.154000Z")
    );
    let addresses = count(&events, |it| text(&it["client"]["ip"]));
    assert_eq!(addresses.keys().filter(|it| !it.is_empty()).count(), 8);
}

#[test]
fn odd_records_are_kept_with_the_time_of_import_or_refused_by_name() {
    let of = |mapper: &Mapper, file: &str, records: usize| {
        let all = read(mapper, &std::fs::read(data(file)).unwrap());
        assert_eq!(all.len(), records);
        let (mut timed, mut untimed, mut refused) = (0, 0, 0);
        for (original, mapped) in &all {
            match mapped {
                Ok(mapped) => {
                    accepted(&mapped.event).unwrap();
                    let event = event_of(mapped);
                    assert_eq!(event["metadata"]["original"], *original);
                    let is_timed = event.get("occurred_at").is_some();
                    assert_eq!(mapped.notes.is_empty(), is_timed);
                    assert_eq!(event.get("labels").is_none(), is_timed);
                    timed += usize::from(is_timed);
                    untimed += usize::from(!is_timed);
                }
                Err(refusal) => {
                    assert_eq!(refusal.code, "missing_field", "{refusal}");
                    refused += 1;
                }
            }
        }
        (timed, untimed, refused)
    };
    assert_eq!(
        of(&Mapper::GitHub, "github-audit/odd.jsonl", 37),
        (6, 31, 0)
    );
    assert_eq!(
        of(&Mapper::Okta, "okta-system-log/odd.jsonl", 60),
        (41, 17, 2)
    );
}
