//! Actors, what they did, and the health of systems, held to a fold over the exported events.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::harness::House;

/// xorshift: the same events in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }

    fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

const DAY: i64 = 86_400_000_000;

fn now_micros() -> i64 {
    let now = std::time::SystemTime::now();
    let since = now.duration_since(std::time::UNIX_EPOCH).unwrap();
    since.as_micros() as i64
}

fn time_text(micros: i64) -> String {
    event::Timestamp::from_micros(micros).to_string()
}

fn micros(text: &Value) -> i64 {
    let text = text.as_str().unwrap();
    event::Timestamp::parse_rfc3339(text).unwrap().as_micros()
}

/// Events of some people, services and systems over the past days, in no order.
fn events(seed: u64, count: usize, days: i64) -> Vec<Value> {
    let dice = &mut Dice(seed);
    let now = now_micros();
    let actions = [
        "customer.update",
        "customer.create",
        "invoice.view",
        "order.delete",
        "report.generate",
        "sales.report.generate",
        "report.export",
        "login",
        "login",
        "auth.login.failed",
        "mfa.challenge",
        "logout",
        "session.expire",
        "password.change",
        "api.request",
        "job.backup",
        "something.else",
    ];
    (0..count)
        .map(|_| {
            let person = dice.pick(&["u-1", "U-1", "u-2", "u-3", "svc/sync", ""]);
            let mut event = json!({
                "action": dice.pick(&actions),
                "actor": {"id": person, "name": format!("Name of {person}"), "type": "user"},
                // Some at the same moment.
                "occurred_at": time_text(now - dice.below(days as usize * 97) as i64 * (DAY / 97) - 1),
            });
            if person.is_empty() {
                event["actor"] = json!({"type": "system"});
            }
            if dice.below(3) > 0 {
                let kind = dice.pick(&[
                    "customer", "Order", "invoice", "a", "b", "c", "d", "e", "f", "g", "h",
                ]);
                event["targets"] = json!([{"type": kind, "id": "1"}, {"type": "user", "id": "2"}]);
            }
            if dice.below(3) > 0 {
                event["session_id"] = json!(format!("S-{}", dice.below(count / 8 + 1)));
            }
            match dice.below(6) {
                0 => event["outcome"] = json!("failure"),
                1 => event["outcome"] = json!("denied"),
                2 => event["outcome"] = json!("success"),
                _ => {}
            }
            if dice.below(2) > 0 {
                event["duration_ms"] = json!(dice.below(2_000));
            }
            event
        })
        .collect()
}

fn send(house: &House, events: &[Value]) {
    house
        .post("/v1/events?receipts=false", json!(events).to_string())
        .ok();
}

/// Every event that an application sent, as the export has it.
fn exported(house: &House) -> Vec<Value> {
    let answer = house.get("/v1/events/export?format=ndjson");
    assert_eq!(answer.status, 200);
    let lines = answer.text().lines();
    let mut events: Vec<Value> = lines.map(|it| serde_json::from_str(it).unwrap()).collect();
    let end = events.pop().unwrap();
    assert_eq!(end["end"]["count"], events.len());
    events
}

fn lower(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_lowercase()
}

fn outcome_failed(event: &Value) -> bool {
    matches!(
        event["outcome"]["result"].as_str(),
        Some("failure" | "denied")
    )
}

fn failed(event: &Value) -> bool {
    outcome_failed(event) || event["action"] == "auth.login.failed"
}

fn is_sign_in(event: &Value) -> bool {
    event["activity"] == "login" && event["action"] != "mfa.challenge"
}

/// What the answer has to be, by looking at every event again for each number.
fn expected(all: &[Value], id: &str, from: i64, to: i64) -> Value {
    let theirs: Vec<&Value> = all
        .iter()
        .filter(|it| lower(&it["actor"]["id"]) == id.to_lowercase())
        .collect();
    let at = |event: &Value| micros(&event["occurred_at"]);
    let period: Vec<&Value> = theirs
        .iter()
        .copied()
        .filter(|it| from <= at(it) && at(it) < to)
        .collect();
    let count = |holds: &dyn Fn(&Value) -> bool| period.iter().filter(|it| holds(it)).count();
    let done = |category: &str, activity: &str| {
        count(&|it| !failed(it) && it["category"] == category && it["activity"] == activity)
    };
    let mut modules: BTreeMap<String, usize> = BTreeMap::new();
    for event in &period {
        if event["targets"].is_array() {
            *modules
                .entry(event["targets"][0]["type"].as_str().unwrap().to_owned())
                .or_default() += 1;
        }
    }
    let mut named: Vec<(String, usize)> = modules.into_iter().collect();
    named.sort_by_key(|(module, events)| (std::cmp::Reverse(*events), module.to_lowercase()));
    let rare = named.split_off(named.len().min(8));
    let rare_events: usize = rare.iter().map(|(_, events)| events).sum();
    let without = count(&|it| !it["targets"].is_array());

    let good: Vec<&&Value> = period
        .iter()
        .filter(|it| is_sign_in(it) && !failed(it))
        .collect();
    let ids: BTreeSet<&str> = good
        .iter()
        .filter_map(|it| it["session_id"].as_str())
        .collect();
    let (mut signed_out, mut micros_in_all) = (0, 0);
    for session in &ids {
        let of_it = |it: &&Value| it["session_id"] == **session;
        let began = good.iter().filter(|it| of_it(it)).map(|it| at(it)).min();
        let began = began.unwrap();
        let out = all
            .iter()
            .filter(|it| {
                of_it(it) && it["activity"] == "logout" && !outcome_failed(it) && at(it) >= from
            })
            .map(at)
            .max()
            .filter(|out| *out >= began);
        let last = theirs.iter().filter(|it| of_it(it)).map(|it| at(it)).max();
        signed_out += usize::from(out.is_some());
        micros_in_all += out.unwrap_or(last.unwrap() + 30 * 60 * 1_000_000) - began;
    }
    let mut sessions = json!({
        "total": ids.len(),
        "signed_out": signed_out,
        "not_signed_out": ids.len() - signed_out,
        "unpaired": good.len() - ids.len(),
        "complete": true,
        "since": time_text(from),
    });
    if !ids.is_empty() {
        let mean = micros_in_all as f64 / ids.len() as f64 / 1e6;
        sessions["average_seconds"] = json!(mean.round() as u64);
    }
    json!({
        "total_actions": period.len(),
        "failed": count(&failed),
        "records": {
            "created": done("record_change", "create"),
            "modified": done("record_change", "update"),
            "deleted": done("record_change", "delete"),
            "viewed": done("view", "read"),
        },
        "reports_generated": count(&|it| {
            !failed(it) && it["action"].as_str().unwrap().ends_with("report.generate")
        }),
        "exports": count(&|it| !failed(it) && it["activity"] == "export"),
        "modules": named
            .iter()
            .map(|(module, events)| json!({"module": module, "events": events}))
            .collect::<Vec<_>>(),
        "other": {"events": rare_events + without, "modules": rare.len(), "without_target": without},
        "security": {
            "sign_ins": good.len(),
            "failed_sign_ins": count(&|it| is_sign_in(it) && failed(it)),
            "password_changes": count(&|it| !failed(it) && it["action"] == "password.change"),
        },
        "sessions": sessions,
    })
}

#[test]
fn activity_is_a_fold_over_the_exported_events() {
    for seed in 1..4 {
        let house = House::new();
        send(&house, &events(seed, 1_500, 60));
        let all = exported(&house);
        let now = now_micros();
        for id in ["u-1", "U-2", "u-3", "svc%2Fsync"] {
            for (from, to) in [(30, 0), (60, 20), (9, 8), (61, -1), (100, 61)] {
                let (from, to) = (now - from * DAY, now - to * DAY);
                let answer = house
                    .get(&format!(
                        "/v1/actors/{id}/activity?from={}&to={}",
                        time_text(from),
                        time_text(to)
                    ))
                    .ok();
                let expected = expected(&all, &id.replace("%2F", "/"), from, to);
                for (name, value) in expected.as_object().unwrap() {
                    assert_eq!(&answer[name], value, "{name} of {id}, seed {seed}");
                }
                let named = answer["modules"].as_array().unwrap();
                let named: u64 = named.iter().map(|it| it["events"].as_u64().unwrap()).sum();
                let other = answer["other"]["events"].as_u64().unwrap();
                assert_eq!(Some(named + other), answer["total_actions"].as_u64());
                assert_eq!(
                    answer["no_data"] == "no_events_in_period",
                    answer["total_actions"] == 0
                );
            }
        }
    }
}

#[test]
fn activity_tells_who_it_is_and_what_happened_last() {
    let house = House::new();
    let now = now_micros();
    let ago = |minutes: i64| time_text(now - minutes * 60_000_000);
    send(
        &house,
        &[
            json!({"action": "login", "actor": {"id": "u-7", "name": "Ann Smith", "email": "ann@example.com", "roles": ["clerk"]}, "occurred_at": ago(50), "session_id": "s-1", "client": {"ip": "192.0.2.4"}}),
            json!({"action": "customer.update", "actor": {"id": "U-7", "name": "Ann Miller", "roles": ["manager", "clerk"]}, "occurred_at": ago(40), "session_id": "s-1", "targets": [{"type": "customer", "id": "C-1"}], "changes": [{"path": "city", "old": "A", "new": "B"}]}),
            json!({"action": "invoice.view", "actor": {"id": "u-7"}, "occurred_at": ago(30), "targets": [{"type": "invoice", "id": "INV-1"}], "outcome": "denied"}),
            json!({"action": "ping", "actor": {"id": "u-7"}, "occurred_at": ago(20), "message": "Hello"}),
            json!({"action": "ping", "actor": {"id": "u-7"}, "occurred_at": ago(10)}),
        ],
    );
    let answer = house.get("/v1/actors/U-7/activity?recent=5").ok();
    let actor = &answer["actor"];
    assert_eq!(actor["id"], "u-7");
    assert_eq!(actor["name"], "Ann Miller");
    assert_eq!(actor["email"], "ann@example.com");
    assert_eq!(actor["type"], "user");
    assert_eq!(actor["roles"], json!(["manager", "clerk"]));
    assert_eq!(actor["last_at"], ago(10));
    let recent: Vec<(&str, &str)> = answer["recent"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            (
                it["label"].as_str().unwrap(),
                it["detail"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("other", "none"),
        ("other", "message"),
        ("read_failed", "target"),
        ("update", "changes"),
        ("login", "address"),
    ];
    assert_eq!(recent, expected);
    assert_eq!(answer["recent"][4]["event"]["action"], "login");
    // Open: it ends half an hour after its last event.
    let session = &answer["sessions"];
    assert_eq!(
        (&session["not_signed_out"], &session["average_seconds"]),
        (&json!(1), &json!(40 * 60))
    );

    let before = house
        .get("/v1/actors/u-7/activity?from=2020-01-01&to=2020-01-31&tz=Europe/Berlin")
        .ok();
    assert_eq!(before["total_actions"], 0);
    assert_eq!(before["no_data"], "no_events_in_period");
    assert_eq!(before["from"], "2019-12-31T23:00:00.000000Z");
    assert_eq!(before["actor"]["name"], "Ann Miller");
    assert_eq!(before["sessions"]["average_seconds"], Value::Null);

    let unknown = house
        .get("/v1/actors/Ann%20Smith/activity")
        .problem(404, "not_found");
    assert!(unknown["hint"].as_str().unwrap().contains("/v1/actors"));
    for (query, field) in [
        ("recent=0", "recent"),
        ("recent=101", "recent"),
        ("from=nonsense", "from"),
        ("from=now", "from"),
        ("from=2026-01-02&to=2026-01-01", "to"),
        ("tz=Nowhere", "tz"),
    ] {
        let problem = house
            .get(&format!("/v1/actors/u-7/activity?{query}"))
            .problem(400, "invalid_parameter");
        assert_eq!(problem["field"], field, "{query}");
    }
}

#[test]
fn sessions_of_a_busy_service_are_bounded_and_it_is_said() {
    let house = House::new();
    let now = now_micros();
    let sign_in = |n: i64| {
        json!({
            "action": "login",
            "actor": {"id": "svc-1", "type": "service"},
            "occurred_at": time_text(now - (2_000 - n) * 60_000_000),
            "session_id": format!("s-{n}"),
        })
    };
    send(&house, &(0..1_000).map(sign_in).collect::<Vec<_>>());
    let whole = house.get("/v1/actors/svc-1/activity").ok();
    assert_eq!(whole["sessions"]["complete"], true);
    assert_eq!(whole["sessions"]["total"], 1_000);
    send(&house, &(1_000..1_100).map(sign_in).collect::<Vec<_>>());
    let newest = house.get("/v1/actors/svc-1/activity").ok();
    assert_eq!(newest["security"]["sign_ins"], 1_100);
    assert_eq!(newest["sessions"]["complete"], false);
    assert_eq!(newest["sessions"]["total"], 1_000);
    assert_eq!(newest["sessions"]["since"], sign_in(100)["occurred_at"]);
    assert_eq!(newest["sessions"]["average_seconds"], 30 * 60);
}

#[test]
fn actors_are_counted_and_paged_exactly() {
    let house = House::new();
    send(&house, &events(7, 1_000, 20));
    let now = now_micros();
    let from = time_text(now - 10 * DAY);
    for (query, holds) in [
        (
            String::new(),
            Box::new(|_: &Value| true) as Box<dyn Fn(&Value) -> bool>,
        ),
        (
            "&q=category:security".to_owned(),
            Box::new(|it: &Value| it["category"] == "security"),
        ),
        (
            format!("&from={from}"),
            Box::new(move |it: &Value| micros(&it["occurred_at"]) >= now - 10 * DAY),
        ),
    ] {
        let all = exported(&house);
        let events: Vec<&Value> = all.iter().filter(|it| holds(it)).collect();
        let mut naive: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
        for event in &events {
            naive
                .entry(lower(&event["actor"]["id"]))
                .or_default()
                .push(event);
        }
        let without = naive.remove("").map_or(0, |events| events.len());
        let mut expected: Vec<(String, Vec<&Value>)> = naive.into_iter().collect();
        expected.sort_by_key(|(_, events)| std::cmp::Reverse(events.len()));
        let mut listed = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = house
                .get(&format!("/v1/actors?limit=3{query}{cursor}"))
                .ok();
            assert_eq!(page["total"], expected.len());
            assert_eq!(page["events"], events.len());
            assert_eq!(page["events_without_actor"], without);
            listed.extend(page["actors"].as_array().unwrap().iter().cloned());
            let Some(next) = page["next_cursor"].as_str() else {
                break;
            };
            cursor = format!("&cursor={next}");
            // What comes in meanwhile does not move the pages.
            let late: Vec<Value> = (0..40)
                .map(|_| json!({"action": "login", "actor": {"id": "u-9"}}))
                .collect();
            send(&house, &late);
        }
        assert_eq!(listed.len(), expected.len(), "{query}");
        for (entry, (id, events)) in listed.iter().zip(&expected) {
            let newest = |event: &&&Value| {
                let sequence = event["sequence"].as_u64();
                (micros(&event["occurred_at"]), sequence)
            };
            let last = events.iter().max_by_key(newest).unwrap();
            let first = events.iter().map(|it| micros(&it["occurred_at"])).min();
            assert_eq!(&lower(&entry["id"]), id);
            assert_eq!(entry["id"], last["actor"]["id"]);
            assert_eq!(entry["name"], last["actor"]["name"]);
            assert_eq!(entry["type"], last["actor"]["type"]);
            assert_eq!(entry["events"], events.len());
            assert_eq!(micros(&entry["first_at"]), first.unwrap());
            assert_eq!(micros(&entry["last_at"]), micros(&last["occurred_at"]));
        }
    }
    let next = house.get("/v1/actors?limit=1").ok();
    let cursor = next["next_cursor"].as_str().unwrap();
    house
        .get(&format!("/v1/actors?q=login&cursor={cursor}"))
        .problem(400, "invalid_cursor");
    house
        .get("/v1/actors?limit=201")
        .problem(400, "invalid_parameter");
    house.get("/v1/actors?q=(").problem(400, "invalid_query");
    let none = house.get("/v1/actors?q=action:nothing").ok();
    assert_eq!((&none["total"], &none["actors"]), (&json!(0), &json!([])));
}

/// Milliseconds of a window that stretches cover, asking of each millisecond that matters.
fn covered_ms(stretches: &[(i64, i64)], (from, to): (i64, i64)) -> u64 {
    let inside: Vec<(i64, i64)> = stretches
        .iter()
        .map(|(start, end)| ((*start).max(from), (*end).min(to)))
        .filter(|(start, end)| start < end)
        .collect();
    let mut ends: Vec<i64> = inside.iter().flat_map(|it| [it.0, it.1]).collect();
    ends.sort_unstable();
    let micros: i64 = ends
        .windows(2)
        .filter(|pair| inside.iter().any(|it| it.0 <= pair[0] && pair[1] <= it.1))
        .map(|pair| pair[1] - pair[0])
        .sum();
    micros as u64 / 1000
}

#[test]
fn system_health_is_a_fold_over_the_exported_events() {
    let house = House::new();
    let nothing = house.get("/v1/system/health").ok();
    for part in ["uptime", "jobs", "response"] {
        assert_eq!(nothing[part]["no_data"], "no_events", "{nothing}");
    }
    assert_eq!(nothing["uptime"]["share"], Value::Null);
    assert_eq!(nothing["jobs"]["failed_share"], Value::Null);
    assert_eq!(nothing["response"]["mean_ms"], Value::Null);

    let dice = &mut Dice(99);
    let now = now_micros();
    let mut sent = events(11, 600, 20);
    // Of one source some overlap, of the other they are rare and long; one lasts for weeks.
    for (app, component, every, minutes) in [
        ("Erp", "web", DAY / 12, 100),
        ("Erp", "worker", DAY, 600),
        ("shop", "", 3 * DAY, 60 * 24 * 2),
    ] {
        for n in 0..(20 * DAY / every) {
            let mut source = json!({"app": app});
            if !component.is_empty() {
                source["component"] = json!(component);
            }
            let at = now - n * every - dice.below(3_600_000_000) as i64;
            sent.push(json!({
                "action": "system.heartbeat",
                "actor": {"type": "system"},
                "source": source,
                "occurred_at": time_text(at),
                "duration_ms": dice.below(minutes * 60_000) + 1,
            }));
        }
    }
    sent.push(json!({"action": "system.heartbeat", "actor": {"type": "system"}, "source": {"app": "mute"}, "occurred_at": time_text(now - 6 * DAY)}));
    sent.push(json!({"action": "system.heartbeat", "actor": {"type": "system"}, "occurred_at": time_text(now - 40 * DAY), "duration_ms": 22 * 86_400_000i64}));
    send(&house, &sent);
    let all = exported(&house);
    for (from, to) in [(30, 0), (10, 5), (19, 17), (18, 18), (60, 50)] {
        let window = (
            now - from * DAY,
            now - to * DAY + i64::from(from == to) * DAY / 9,
        );
        let answer = house
            .get(&format!(
                "/v1/system/health?from={}&to={}",
                time_text(window.0),
                time_text(window.1)
            ))
            .ok();
        let at = |event: &Value| micros(&event["occurred_at"]);
        let is_in = |event: &&Value| window.0 <= at(event) && at(event) < window.1;
        let mut beats: BTreeMap<(String, String), Vec<(i64, i64)>> = BTreeMap::new();
        for event in all
            .iter()
            .filter(|it| it["action"] == "system.heartbeat" && at(it) < window.1)
        {
            let lasts = event["duration_ms"].as_i64().unwrap_or(0) * 1000;
            let end = at(event) + lasts;
            if at(event) >= window.0 - DAY || lasts >= DAY {
                let source = |name: &str| {
                    event["source"][name]
                        .as_str()
                        .unwrap_or_default()
                        .to_owned()
                };
                beats
                    .entry((source("app"), source("component")))
                    .or_default()
                    .push((at(event), end));
            }
        }
        beats.retain(|_, beats| beats.iter().any(|it| it.0 >= window.0 || it.1 > window.0));
        let every: Vec<(i64, i64)> = beats.values().flatten().copied().collect();
        let uptime = &answer["uptime"];
        let covered = covered_ms(&every, window);
        assert_eq!(uptime["covered_ms"], covered, "{window:?}");
        assert_eq!(uptime["period_ms"], (window.1 - window.0) / 1000);
        assert_eq!(uptime["sources_total"], beats.len());
        let sources = uptime["sources"].as_array().unwrap();
        assert_eq!(sources.len(), beats.len());
        for (source, ((app, component), beats)) in sources.iter().zip(&beats) {
            assert_eq!(source["app"].as_str().unwrap_or_default(), app);
            assert_eq!(source["component"].as_str().unwrap_or_default(), component);
            assert_eq!(source["covered_ms"], covered_ms(beats, window));
            assert_eq!(source["share"].is_null(), app == "mute");
            let last = beats.iter().map(|it| it.0).max().unwrap();
            assert_eq!(micros(&source["last_at"]), last);
        }
        if beats.is_empty() {
            assert_eq!(uptime["no_data"], "no_events");
        } else {
            let share = uptime["share"].as_f64().unwrap();
            let expected = covered as f64 * 1000.0 / (window.1 - window.0) as f64;
            assert!((share - expected).abs() < 1e-6, "{share} {expected}");
        }
        let jobs: Vec<&Value> = all
            .iter()
            .filter(|it| it["action"].as_str().unwrap().starts_with("job.") && is_in(it))
            .collect();
        let job_failures = jobs
            .iter()
            .filter(|it| it["outcome"]["result"] == "failure");
        assert_eq!(answer["jobs"]["total"], jobs.len());
        assert_eq!(answer["jobs"]["failed"], job_failures.count());
        let requests: Vec<&Value> = all
            .iter()
            .filter(|it| it["category"] == "api_request" && is_in(it))
            .collect();
        let took: Vec<u64> = requests
            .iter()
            .filter_map(|it| it["duration_ms"].as_u64())
            .collect();
        assert_eq!(answer["response"]["requests"], requests.len());
        assert_eq!(answer["response"]["timed"], took.len());
        if took.is_empty() {
            assert_eq!(answer["response"]["mean_ms"], Value::Null);
        } else {
            let mean = took.iter().sum::<u64>() as f64 / took.len() as f64;
            assert_eq!(answer["response"]["mean_ms"], mean);
        }
    }
    house
        .get("/v1/system/health?from=2999-01-01&to=2999-02-01")
        .problem(400, "invalid_parameter");
}
