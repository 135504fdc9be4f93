//! Two tenants with equal ids: nothing of one is ever in an answer to the other.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::browser::Browser;
use crate::harness::{House, encoded};
use serde_json::{Value, json};

/// Requests asked of every house.
const REQUESTS: usize = 10_000;
const EVENTS: usize = 40;

/// A small generator: the same requests every time, another seed with `ISOLATION_SEED`.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

/// An event of a tenant: equal ids in both, everything else marked with a word of its own.
fn made(number: usize, mark: &str) -> Value {
    json!({
        "id": format!("id-{number}"),
        "action": format!("{mark}.update"),
        "actor": {"id": format!("u-{}", number % 5), "name": format!("{mark} person {number}"), "email": format!("{number}@{mark}.example.com")},
        "targets": [{"type": format!("{mark}thing"), "id": format!("t-{number}"), "name": mark}],
        "message": format!("{mark} happened {number}"),
        "metadata": {mark: mark, "n": number},
        "labels": [mark],
    })
}

fn term(random: &mut Random) -> String {
    let number = random.below(EVENTS + 3);
    match random.below(12) {
        0 => format!("actor.id:u-{}", number % 7),
        1 => "zebra".to_owned(),
        2 => "action:zebra.*".to_owned(),
        3 => format!("id:id-{number}"),
        4 => "label:zebra".to_owned(),
        5 => "metadata.zebra:zebra".to_owned(),
        6 => "entity:zebrathing".to_owned(),
        7 => "zeb*".to_owned(),
        8 => "message:*ebra*".to_owned(),
        9 => "occurred:>now-1d".to_owned(),
        10 => "kind:>=0".to_owned(),
        _ => format!("metadata.n:{}..{}", number / 2, number),
    }
}

fn query(random: &mut Random, depth: usize) -> String {
    let left = match depth > 0 && random.below(2) == 0 {
        true => format!("({})", query(random, depth - 1)),
        false => term(random),
    };
    let left = if random.below(3) == 0 {
        format!("-{left}")
    } else {
        left
    };
    match random.below(3) {
        0 => left,
        1 => format!("{left} {}", term(random)),
        _ => format!("{left} OR {}", term(random)),
    }
}

#[test]
fn ten_thousand_requests_see_nothing_of_the_other_tenant() {
    let house = House::new();
    house
        .administer(server::AdminRequest::TenantCreate {
            name: "other".into(),
        })
        .unwrap();
    let other_key = house.key("other", "events:write,events:read,ledger:read");
    let send = |key: &str, count: usize, mark: &str| {
        let batch: Vec<Value> = (0..count).map(|number| made(number, mark)).collect();
        let json = [("content-type", "application/json")];
        let body = Value::from(batch).to_string();
        house
            .ask("POST", "/v1/events", key, &json, body.as_bytes())
            .ok()
    };
    // The other one has more events, so that its sequences reach where ours end.
    send(&house.key, EVENTS, "apple");
    send(&other_key, EVENTS * 4, "zebra");
    let page = house
        .ask("GET", "/v1/events?limit=3", &other_key, &[], b"")
        .ok();
    let cursor = page["next_cursor"].as_str().unwrap().to_owned();
    let ann = Browser::signed_in(&house, "ann@example.com", "auditor", "main");
    let cookie = ann.cookie();

    let seed = std::env::var("ISOLATION_SEED")
        .ok()
        .and_then(|text| text.parse().ok());
    let seed = seed.unwrap_or(0x5eed);
    let threads = 4;
    let (answered, found) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (house, cookie, cursor) = (&house, cookie.as_str(), cursor.as_str());
            let (answered, found) = (&answered, &found);
            scope.spawn(move || {
                let mut random = Random(seed + thread as u64 + 1);
                for number in 0..REQUESTS / threads {
                    let (path, bare) = one_request(&mut random, cursor);
                    let by_person = number % 2 == 0;
                    let key = if by_person { "" } else { house.key.as_str() };
                    let headers = if by_person {
                        vec![("cookie", cookie)]
                    } else {
                        vec![]
                    };
                    let answer = house.ask("GET", &path, key, &headers, b"");
                    check(&answer, &path, &bare, seed);
                    let ours = answer.text().contains("apple");
                    answered.fetch_add(usize::from(answer.status == 200), Ordering::Relaxed);
                    found.fetch_add(usize::from(ours), Ordering::Relaxed);
                }
            });
        }
    });
    // The requests are worth asking: most are answered, and many find something of ours.
    let (answered, found) = (answered.into_inner(), found.into_inner());
    assert!(
        answered > REQUESTS / 3 && found > REQUESTS / 10,
        "{answered} {found}"
    );
}

/// A path, and what of it an answer may repeat.
fn one_request(random: &mut Random, cursor: &str) -> (String, String) {
    let query = query(random, 2);
    let q = encoded(&query);
    let id = random.below(EVENTS * 8);
    let own = random.one(&["", "&own=include"]);
    let tenant = random.one(&["", "&tenant=main", "&tenant=other"]);
    let path = match random.below(13) {
        0..=3 => format!("/v1/events?q={q}{own}{tenant}"),
        4 => format!("/v1/events/histogram?q={q}&split=actor.id&from=now-2d{tenant}"),
        5 => format!(
            "/v1/events/top?q={q}&field={}{tenant}",
            random.one(&["action", "actor.id", "entity"])
        ),
        6 => format!(
            "/v1/events/complete?q={}{tenant}",
            random.one(&["action:", "actor.id:", "entity:z", "label:"])
        ),
        7 => format!("/v1/events/{id}?x=1").replace("?x=1", &tenant.replace('&', "?")),
        8 => format!("/v1/events/{id}/proof{}", tenant.replace('&', "?")),
        9 => format!("/v1/events?cursor={cursor}&q={q}{tenant}"),
        10 => format!(
            "/v1/events/export?q={q}{own}&format={}{tenant}",
            random.one(&["ndjson", "csv", "json"])
        ),
        11 => format!(
            "/log/{}",
            random.one(&[
                "other/checkpoint",
                "other/vkey",
                "other/tile/0/000.p/1",
                "other/tile/entries/000.p/9",
                "main/checkpoint"
            ])
        ),
        _ => format!("/v1/events?id=id-{id}{tenant}"),
    };
    (path, query)
}

/// Nothing that only the other tenant holds, and no difference between what is not there and what
/// is somebody else's.
#[track_caller]
fn check(answer: &crate::harness::Answer, path: &str, query: &str, seed: u64) {
    let text = String::from_utf8_lossy(&answer.body);
    let foreign = path.contains("tenant=other") || path.contains("/log/other");
    if foreign {
        assert_eq!(answer.status, 404, "seed {seed}: {path} ({query}): {text}");
        let expected = "there is no tenant `other`";
        assert_eq!(answer.json()["detail"], expected, "seed {seed}: {path}");
        return;
    }
    assert!(
        answer.status != 500 && answer.status != 503,
        "seed {seed}: {path}: {text}"
    );
    // Annals' own events repeat what was asked; nothing else may hold the other one's word.
    let repeats_questions = path.contains("own=include") || path.contains("/events/");
    if !repeats_questions {
        assert!(
            !text.contains("zebra"),
            "seed {seed}: {path} ({query}): {text}"
        );
    }
    for mark in [
        "@zebra.example.com",
        "zebra person",
        "zebra happened",
        "zebra.update",
    ] {
        assert!(
            !text.contains(mark),
            "seed {seed}: {path} ({query}): {text}"
        );
    }
    if answer.status == 200
        && let Ok(page) = serde_json::from_slice::<Value>(&answer.body)
        && let (Some(total), Some(_)) = (page["total"].as_u64(), page["own_left_out"].as_u64())
        && !path.contains("own=include")
    {
        assert!(
            total <= EVENTS as u64,
            "seed {seed}: {path} ({query}): {total}"
        );
    }
}
