//! What screens open with: the summary, what belongs to an event, and a record's history.

use serde_json::{Value, json};

use crate::harness::{House, encoded};

/// Three changes of one customer, the second unrecorded, and an event of the same correlation.
fn customer(house: &House) {
    let change = |n: u32, old: &str, new: &str| {
        json!({
            "id": format!("c-{n}"),
            "action": "customer.update",
            "actor": {"id": "u-1"},
            "occurred_at": format!("2026-01-0{n}T10:00:00Z"),
            "targets": [{"type": "customer", "id": "CUS-1", "name": format!("Acme {n}")}],
            "changes": [{"path": "credit_limit", "label": "Credit limit", "type": "money", "old": old, "new": new}],
            "correlation_id": format!("k-{n}"),
        })
    };
    let events = json!([
        change(1, "100", "200"),
        change(2, "200", "300"),
        change(4, "350", "400"),
        {"id": "n-2", "action": "notification.send", "actor": {"type": "system"}, "correlation_id": "k-2",
         "occurred_at": "2026-01-02T10:00:04Z", "parent_id": "c-2"},
    ]);
    house.post("/v1/events", events.to_string()).ok();
}

fn ids(events: &Value) -> Vec<&str> {
    let events = events.as_array().unwrap();
    events.iter().map(|it| it["id"].as_str().unwrap()).collect()
}

#[test]
fn related_events_are_grouped_by_why() {
    let house = House::new();
    customer(&house);
    let second = house.get("/v1/events?id=c-2").ok()["events"][0]["display_id"].clone();
    let related = house
        .get(&format!("/v1/events/{}/related", second.as_str().unwrap()))
        .ok();
    let groups: Vec<(&str, Vec<&str>)> = related["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| (group["why"].as_str().unwrap(), ids(&group["events"])))
        .collect();
    assert_eq!(
        groups,
        [
            ("child", vec!["n-2"]),
            ("correlation", vec!["n-2"]),
            ("record_before", vec!["c-1"]),
            ("record_after", vec!["c-4"]),
        ]
    );
    // What stands before and after the event is counted apart; its own time is in both.
    let totals: Vec<&Value> = related["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| &group["total"])
        .collect();
    assert_eq!(totals, [1, 2, 2, 2]);
    // The query of a group finds all of it.
    for group in related["groups"].as_array().unwrap() {
        let q = group["q"]
            .as_str()
            .unwrap()
            .replace(' ', "%20")
            .replace('"', "%22")
            .replace('>', "%3E")
            .replace('<', "%3C");
        let found = house.get(&format!("/v1/events?q={q}")).ok();
        assert_eq!(found["total"], group["total"], "{q}");
    }
}

#[test]
fn a_record_is_rebuilt_at_any_moment_and_gaps_are_named() {
    let house = House::new();
    customer(&house);
    let now = house.get("/v1/targets/customer/CUS-1/history").ok();
    assert_eq!((&now["total"], &now["name"]), (&json!(3), &json!("Acme 4")));
    assert_eq!(now["state"][0]["value"], "400");
    assert_eq!(now["state"][0]["label"], "Credit limit");
    let gaps: Vec<usize> = now["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["gaps"].as_array().map_or(0, Vec::len))
        .collect();
    assert_eq!(gaps, [0, 0, 1]);
    assert_eq!(now["entries"][2]["gaps"][0]["left"], "300");
    assert_eq!(now["entries"][2]["gaps"][0]["found"], "350");

    let then = house
        .get("/v1/targets/customer/CUS-1/history?at=2026-01-02T12:00:00Z")
        .ok();
    assert_eq!(then["total"], 2);
    assert_eq!(then["state"][0]["value"], "300");
    // An event that only names the record as well tells nothing of its values.
    let other = json!({"action": "order.delete", "actor": {"id": "u-1"}, "targets": [{"type": "order", "id": "O-1"}, {"type": "customer", "id": "CUS-1"}], "changes": [{"path": "credit_limit", "old": 1, "new": 2}]});
    house.post("/v1/events", other.to_string()).ok();
    let after = house.get("/v1/targets/customer/CUS-1/history").ok();
    assert_eq!(
        (&after["total"], &after["deleted"]),
        (&json!(4), &json!(false))
    );
    assert_eq!(after["state"], now["state"]);
    let nothing = house.get("/v1/targets/customer/CUS-2/history").ok();
    // Each record's history is told of once, by name, and not as a query.
    let told = house
        .get("/v1/events?own=include&q=action:annals.event.search%20metadata.detail:CUS-2")
        .ok();
    assert_eq!(told["total"], 1);
    assert_eq!(told["events"][0]["metadata"]["query"], "");
    assert_eq!(
        (&nothing["total"], &nothing["state"]),
        (&json!(0), &json!([]))
    );
}

#[test]
fn values_of_a_record_are_whole_whatever_they_are() {
    let house = House::new();
    let money = |amount: &str| json!({"amount": amount, "currency": "USD"});
    // What was there and what was set, one update after the other.
    let steps = [
        (money("100.00"), money("200.00")),
        (money("250.00"), money("300.00")),
        (json!("300.00 USD"), json!([1, {"b": 2, "a": 1}])),
        (
            json!([1.0, {"a": 1, "b": 2}]),
            json!({"nested": {"deep": [null]}, "n": 1}),
        ),
        (json!({"n": 1, "nested": {"deep": [null]}}), json!({})),
        (json!({}), Value::Null),
        (Value::Null, money("1")),
    ];
    let events: Vec<String> = steps
        .iter()
        .enumerate()
        .map(|(day, (old, new))| {
            let mut update = json!({
                "action": "deal.update",
                "actor": {"id": "u-1"},
                "occurred_at": format!("2026-01-{:02}T10:00:00Z", day + 1),
                "targets": [{"type": "deal", "id": "D-1"}],
            });
            // The ninth and later changes of an event have no short names for their fields.
            update["changes"] = (0..11)
                .map(|place| json!({"path": format!("p{place}"), "type": "money", "old": old, "new": new}))
                .collect();
            update.to_string()
        })
        .collect();
    house
        .post("/v1/events", format!("[{}]", events.join(",")))
        .ok();
    let now = house.get("/v1/targets/deal/D-1/history").ok();
    let entries = now["entries"].as_array().unwrap();
    for (place, entry) in entries.iter().enumerate() {
        let gaps = entry["gaps"].as_array().map_or(&[][..], |gaps| gaps);
        let wanted = if [1, 2].contains(&place) { 11 } else { 0 };
        assert_eq!(gaps.len(), wanted, "{place}: {gaps:?}");
        for gap in gaps {
            assert_eq!(gap["left"], steps[place - 1].1);
            assert_eq!(gap["found"], steps[place].0);
        }
    }
    for (day, (_, new)) in steps.iter().enumerate() {
        let at = format!("2026-01-{:02}T11:00:00Z", day + 1);
        let then = house
            .get(&format!("/v1/targets/deal/D-1/history?at={at}"))
            .ok();
        let state = then["state"].as_array().unwrap();
        assert_eq!(state.len(), 11);
        assert!(
            state.iter().all(|field| field["value"] == *new),
            "{state:?}"
        );
    }
}

#[test]
fn numbers_of_a_record_keep_all_their_digits() {
    let house = House::new();
    let amount = "12345678901234567890.10";
    house
        .post("/v1/events", format!(r#"{{"action": "deal.update", "actor": {{"id": "u-1"}}, "targets": [{{"type": "deal", "id": "D-1"}}], "changes": [{{"path": "price", "new": {{"amount": {amount}}}}}]}}"#))
        .ok();
    let answer = house.get("/v1/targets/deal/D-1/history").body;
    let state = String::from_utf8(answer).unwrap();
    let told = format!(r#""value":{{"amount":{amount}}}"#);
    assert!(state.contains(&told), "{state}");
}

#[test]
fn the_state_after_an_event_is_that_of_its_place_in_the_list() {
    let house = House::new();
    let update = |id: &str, at: &str, old: &str, new: &str| {
        json!({
            "id": id,
            "action": "deal.update",
            "actor": {"id": "u-1"},
            "occurred_at": at,
            "targets": [{"type": "deal", "id": "D-9"}],
            "changes": [{"path": "stage", "old": old, "new": new}],
        })
    };
    let second = "2026-01-01T10:00:00Z";
    let events = [
        update("late", "2026-01-01T10:00:00.5Z", "s3", "s4"),
        update("one", second, "s0", "s1"),
        update("two", second, "s1", "s2"),
        json!({"id": "other", "action": "deal.update", "actor": {"id": "u-1"}, "occurred_at": second, "targets": [{"type": "deal", "id": "D-8"}]}),
        update("three", second, "s2", "s3"),
        update("early", "2026-01-01T09:00:00Z", "", "s0"),
    ];
    house.post("/v1/events", json!(events).to_string()).ok();
    let named = |id: &str| {
        let found = house.get(&format!("/v1/events?id={id}")).ok();
        found["events"][0].clone()
    };
    let ask = |query: &str| house.get(&format!("/v1/targets/deal/D-9/history?{query}"));
    let order = ["early", "one", "two", "three", "late"];
    for (place, id) in order.iter().enumerate() {
        let event = named(id);
        let sequence = event["sequence"].to_string();
        for after in [event["display_id"].as_str().unwrap(), sequence.as_str()] {
            let then = ask(&format!("after={after}&limit=2")).ok();
            assert_eq!(then["state"][0]["value"], format!("s{place}"), "{id}");
            assert_eq!(then["state"][0]["sequence"], event["sequence"]);
            assert_eq!(then["total"], place + 1);
            let entries = then["entries"].as_array().unwrap();
            assert_eq!(entries.last().unwrap()["event"]["id"], *id);
            assert_eq!(entries.len(), 2.min(place + 1));
            assert!(entries.iter().all(|entry| entry.get("gaps").is_none()));
        }
    }
    let one = named("one")["display_id"].as_str().unwrap().to_owned();
    let why = |query: &str, status, code| {
        let problem = ask(query).problem(status, code);
        assert_eq!(problem["field"], "after", "{problem}");
        problem["detail"].as_str().unwrap().to_owned()
    };
    let both = why(&format!("after={one}&at=now"), 400, "invalid_parameter");
    assert_eq!(both, "`at` and `after` exclude each other");
    let other = named("other")["display_id"].as_str().unwrap().to_owned();
    let not_its = why(&format!("after={other}"), 400, "invalid_parameter");
    assert_eq!(not_its, format!("`{other}` is no event of this record"));
    why("after=LOG-2026-0009999", 404, "not_found");
    why("after=yesterday", 404, "not_found");
}

#[test]
fn a_long_history_is_listed_from_anywhere() {
    let house = House::new();
    // Ten at four moments, the later ones sent first.
    let events: Vec<Value> = (0..10)
        .rev()
        .map(|n| {
            json!({
                "id": format!("v-{n}"),
                "action": "customer.update",
                "actor": {"id": "u-1"},
                "occurred_at": format!("2026-01-01T10:0{}:00Z", n / 3),
                "targets": [{"type": "customer", "id": "CUS-9"}],
                "changes": [{"path": "n", "old": null, "new": n}],
            })
        })
        .collect();
    house.post("/v1/events", json!(events).to_string()).ok();
    let list = |query: &str| {
        let answer = house
            .get(&format!("/v1/targets/customer/CUS-9/history?{query}"))
            .ok();
        let ids: Vec<String> = answer["entries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["event"]["id"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(answer["total"], 10);
        (answer["first"].as_u64().unwrap(), ids)
    };
    // At one moment the one that came first stands first.
    let order = [
        "v-2", "v-1", "v-0", "v-5", "v-4", "v-3", "v-8", "v-7", "v-6", "v-9",
    ];
    assert_eq!(list("").1, order);
    assert_eq!(
        list("limit=3"),
        (7, order[7..].iter().map(|id| (*id).to_owned()).collect())
    );
    assert_eq!(
        list("limit=3&first=2"),
        (2, order[2..5].iter().map(|id| (*id).to_owned()).collect())
    );
    assert_eq!(list("limit=3&first=40"), (10, vec![]));
    for (place, id) in order.iter().enumerate() {
        let found = house.get(&format!("/v1/events?id={id}")).ok();
        let around = found["events"][0]["display_id"].as_str().unwrap();
        let (first, ids) = list(&format!("limit=3&around={around}"));
        assert_eq!(first as usize, place.saturating_sub(1).min(7), "{id}");
        assert_eq!(ids, order[first as usize..first as usize + 3], "{id}");
    }
    house
        .get("/v1/targets/customer/CUS-9/history?around=LOG-2026-0009999")
        .problem(404, "not_found");
    house
        .get("/v1/targets/customer/CUS-9/history?around=1&first=1")
        .problem(400, "invalid_parameter");
}

#[test]
fn the_summary_adds_up() {
    let house = House::new();
    let events: Vec<Value> = (0..30)
        .map(|n| {
            let action = ["customer.update", "login", "job.run"][n % 3];
            json!({"action": action, "actor": {"id": "u-1"}})
        })
        .chain((0..3).map(|_| json!({"action": "account.lock", "actor": {"id": "u-2"}})))
        .collect();
    house.post("/v1/events", json!(events).to_string()).ok();
    let summary = house
        .get("/v1/summary?tz=Europe/Berlin&week_start=sunday")
        .ok();
    for period in ["today", "this_week", "this_month"] {
        assert_eq!(summary[period]["events"], 33, "{period}");
    }
    let activity = summary["activity"].as_array().unwrap();
    let sum = |name: &str| -> u64 { activity.iter().map(|it| it[name].as_u64().unwrap()).sum() };
    assert_eq!((sum("events"), sum("share")), (33, 100));
    let high = summary["high_priority"].as_array().unwrap();
    assert_eq!(high.len(), 1, "three of one actor and action are one row");
    assert_eq!(high[0]["events"], 3);
    assert_eq!(high[0]["event"]["action"], "account.lock");
    assert!(summary["storage"]["total_bytes"].as_u64().unwrap() > 0);
}

#[test]
fn what_needs_a_look_is_rolled_up_by_whom_it_is_about() {
    let house = House::new();
    let lock = |event: Value| {
        let mut lock = json!({"action": "account.lock"});
        lock.as_object_mut()
            .unwrap()
            .extend(event.as_object().unwrap().clone());
        lock
    };
    let of_account = |id: &str| {
        lock(json!({"actor": {"type": "anonymous"}, "targets": [{"type": "user", "id": id}]}))
    };
    let events = [
        of_account("U \"1\""),
        of_account("U \"1\""),
        of_account("u-2"),
        lock(json!({"actor": {"email": "Jo@example.com"}})),
        lock(json!({"actor": {"email": "jo@example.com"}})),
        lock(json!({"actor": {"id": "u-3", "email": "jo@example.com"}})),
        lock(json!({"actor": {"type": "anonymous"}})),
        lock(json!({"actor": {"type": "anonymous"}})),
        lock(json!({"actor": {"type": "system"}})),
        lock(json!({"actor": {"type": "system"}})),
    ];
    let sent = house.post("/v1/events", json!(events).to_string()).ok();
    assert_eq!(sent["accepted"], 10, "{sent}");
    let summary = house.get("/v1/summary").ok();
    let rows = summary["high_priority"].as_array().unwrap();
    let counts: Vec<u64> = rows
        .iter()
        .map(|row| row["events"].as_u64().unwrap())
        .collect();
    assert_eq!(counts, [2, 1, 1, 1, 2, 1, 2], "the newest first");
    for row in rows
        .iter()
        .filter(|row| row["event"].get("targets").is_some())
    {
        let (q, first) = (
            row["q"].as_str().unwrap(),
            row["first_at"].as_str().unwrap(),
        );
        let found = house
            .get(&format!("/v1/events?q={}&from={first}", encoded(q)))
            .ok();
        assert_eq!(found["total"], row["events"], "{q}");
    }
}
