//! Any bytes and any JSON: taken or refused by name, never a panic, never lost.

use import::csv::Mapping;
use import::{FAULTS_OF_THE_ORIGINAL, Ids, Item, Mapper, Records, Rows, renamed};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::Value;

use crate::{accepted, event_of};

/// Names that mean something to some mapping, and others.
const NAMES: &[&str] = &[
    "action",
    "actor",
    "id",
    "eventType",
    "eventtype",
    "published",
    "uuid",
    "outcome",
    "result",
    "client",
    "ipAddress",
    "userAgent",
    "rawUserAgent",
    "target",
    "displayName",
    "alternateId",
    "type",
    "eventSource",
    "eventName",
    "eventTime",
    "userIdentity",
    "sessionContext",
    "sessionIssuer",
    "userName",
    "arn",
    "resources",
    "ARN",
    "requestParameters",
    "bucketName",
    "responseElements",
    "errorCode",
    "insightDetails",
    "insightType",
    "created_at",
    "@timestamp",
    "_document_id",
    "repo",
    "team",
    "user",
    "user_id",
    "old_name",
    "name",
    "name_was",
    "data",
    "CloudTrailEvent",
    "detail",
    "detail-type",
    "Records",
    "status_code",
    "readOnly",
    "debugContext",
    "debugData",
    "severity",
    "",
    "a/b~",
];

fn json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        Just("user.session.start".to_owned()),
        Just("s3.amazonaws.com".to_owned()),
        Just("192.0.2.1".to_owned()),
        Just("2024-01-01T00:00:00Z".to_owned()),
        Just("{\"eventSource\":\"x\",\"eventName\":\"y\"}".to_owned()),
        "\\PC{0,12}",
        ".{0,6}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    let name = prop_oneof![
        4 => proptest::sample::select(NAMES).prop_map(str::to_owned),
        1 => "\\PC{0,8}",
    ];
    leaf.prop_recursive(4, 48, 8, move |inner| {
        prop_oneof![
            1 => vec(inner.clone(), 0..4).prop_map(Value::from),
            3 => btree_map(name.clone(), inner, 0..10).prop_map(|it| Value::Object(it.into_iter().collect())),
        ]
    })
}

fn mappers() -> Vec<Mapper> {
    let mut mapping = Mapping::default();
    for (field, column) in [
        ("action", "action"),
        ("actor.name", "actor"),
        ("occurred_at", "published"),
        ("client.ip", "ipAddress"),
        ("severity", "severity"),
        ("outcome", "result"),
        ("metadata.type", "type"),
        ("duration_ms", "status_code"),
    ] {
        mapping.map(field, column).unwrap();
    }
    vec![
        Mapper::CloudTrail,
        Mapper::GitHub,
        Mapper::Okta,
        Mapper::Csv(mapping),
        Mapper::Ndjson,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn any_json_is_mapped_or_refused_by_name(value in json()) {
        let text = value.to_string();
        for mapper in mappers() {
            match mapper.map(text.as_bytes()) {
                Err(refusal) => prop_assert!(!refusal.code.is_empty() && !refusal.detail.is_empty()),
                Ok(mapped) if matches!(mapper, Mapper::Ndjson) => {
                    // The server judges it; nothing but the id has changed.
                    let mut whole = event_of(&mapped);
                    let mut sent = value.clone();
                    whole.as_object_mut().unwrap().remove("id");
                    sent.as_object_mut().unwrap().remove("id");
                    prop_assert_eq!(whole, sent);
                }
                Ok(mapped) => {
                    let event = event_of(&mapped);
                    let original = &event["metadata"]["original"];
                    let is_unwrapped = value.get("CloudTrailEvent").is_some() || value.get("detail").is_some();
                    prop_assert!(is_unwrapped || *original == value);
                    if let Err(problem) = accepted(&mapped.event) {
                        prop_assert!(FAULTS_OF_THE_ORIGINAL.contains(&problem.code.as_str()), "{problem}: {}", mapped.event);
                    }
                    // The same whatever the blanks, and twice the same.
                    let again = mapper.map(serde_json::to_string_pretty(&value).unwrap().as_bytes()).unwrap();
                    prop_assert_eq!(&again.event, &mapped.event);
                    prop_assert_eq!(again.digest, mapped.digest);
                }
            }
        }
    }

    #[test]
    fn any_values_are_found_whatever_stands_around_them(values in vec(json(), 0..6), shape in 0..4u8, step in 1..40usize) {
        let values: Vec<Value> = values.into_iter().filter(|it| it.is_object()).collect();
        // Only what is no wrapper itself can be told from one.
        prop_assume!(shape > 1 || values.iter().all(|it| it.get("Records").is_none()));
        let texts: Vec<String> = values.iter().map(Value::to_string).collect();
        let pretty = || values.iter().map(|it| serde_json::to_string_pretty(it).unwrap()).collect::<Vec<_>>();
        let (text, lines) = match shape {
            0 => (texts.join("\n"), true),
            1 => (pretty().join("\r\n"), false),
            2 => (format!("[{}]", pretty().join(",\n")), false),
            _ => (format!("{{\"a\":[1],\"Records\": [{}],\"b\":{{}}}}", texts.join(" , ")), false),
        };
        let reader = std::io::BufReader::with_capacity(step, text.as_bytes());
        let mut records = Records::new(reader, lines);
        let mut found = Vec::new();
        while let Some(next) = records.next().unwrap() {
            match next.item {
                Item::Record(text) => found.push(serde_json::from_slice::<Value>(text).unwrap()),
                Item::Bad(refusal) => prop_assert!(false, "{refusal}"),
            }
        }
        prop_assert_eq!(found, values);
    }

    #[test]
    fn any_bytes_end(bytes in vec(prop_oneof![any::<u8>(), proptest::sample::select(&b"{}[]\",:\n\\; a1"[..])], 0..200), lines: bool) {
        let mut records = Records::new(&bytes[..], lines);
        let mut count = 0;
        while let Some(next) = records.next().unwrap() {
            count += 1;
            if let Item::Record(text) = next.item {
                for mapper in mappers() {
                    let _ = mapper.map(text);
                }
            }
        }
        prop_assert!(count <= bytes.len());
        let says_nothing = |it: &u8| it.is_ascii_whitespace() || b"{}[],:\xef\xbb\xbf".contains(it);
        let is_named = count > 0 || !lines || bytes.iter().all(says_nothing);
        prop_assert!(is_named, "something was lost");
        if let Ok(mut rows) = Rows::new(&bytes[..], None).unwrap() {
            while rows.next().unwrap().is_some() {}
        }
        let _ = import::beginning(&bytes);
        let _ = Mapping::parse(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn made_ids_are_never_the_same(digests in vec(any::<[u8; 2]>(), 1..200)) {
        let mut ids = Ids::new();
        let mut seen = std::collections::HashSet::new();
        for [one, two] in digests {
            let mut digest = [one % 8; 32];
            digest[31] = two;
            let id = ids.made(&digest);
            prop_assert!(seen.insert(id.clone()));
            prop_assert!(renamed(&id, &digest).len() <= 64);
        }
    }
}
