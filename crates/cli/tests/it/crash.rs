//! Killed at any moment, under load and while parts are sealed and indexed: after the next start
//! every search finds exactly what was acknowledged.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use client::{Body, Client, Parameters, Sending};
use rustix::process::Signal;

use crate::harness::{Random, Served, annals, signal, succeeded, total};

/// Crashes in one run; `ANNALS_CRASH_ROUNDS` asks for more.
const ROUNDS: u64 = 5;
/// Events between two crashes: a journal file is full at 50,000.
const EVENTS_A_ROUND: u64 = 52_000;
const BATCH: u64 = 2_000;

const ACTIONS: [&str; 4] = ["login", "logout", "customer.update", "report.export"];
const RESULTS: [&str; 3] = ["success", "failure", "denied"];
const WORDS: [&str; 5] = ["credit", "limit", "refund", "invoice", "shipment"];

/// What event `n` is; everything follows from its number.
struct Made {
    n: u64,
    action: &'static str,
    result: &'static str,
    words: [&'static str; 2],
    actor: u64,
    records: u64,
}

impl Made {
    fn of(n: u64) -> Made {
        let mut random = Random(n);
        Made {
            n,
            action: ACTIONS[random.below(4) as usize],
            result: RESULTS[random.below(3) as usize],
            words: [
                WORDS[random.below(5) as usize],
                WORDS[random.below(5) as usize],
            ],
            actor: random.below(200),
            records: random.below(1_000),
        }
    }

    fn json(&self) -> String {
        let Made {
            n,
            action,
            result,
            words: [one, two],
            actor,
            records,
        } = self;
        // One event a second from 1 March 2026 on, most of them out of order.
        let second = (n * 7_919) % 1_000_000;
        let (day, hour) = (1 + second / 86_400, second / 3_600 % 24);
        let (minute, second) = (second / 60 % 60, second % 60);
        format!(
            "{{\"id\":\"e-{n}\",\"occurred_at\":\"2026-03-{day:02}T{hour:02}:{minute:02}:{second:02}Z\",\"action\":\"{action}\",\"outcome\":\"{result}\",\"actor\":{{\"id\":\"u-{actor}\"}},\"message\":\"{one} {two}\",\"counts\":{{\"records\":{records}}},\"metadata\":{{\"batch\":{}}}}}\n",
            n / BATCH
        )
    }
}

/// A search, and what it means.
type Meaning = (&'static str, fn(&Made) -> bool);

const SEARCHES: [Meaning; 10] = [
    ("", |_| true),
    ("action:login", |it| it.action == "login"),
    ("-action:login", |it| it.action != "login"),
    ("outcome:failure action:report.export", |it| {
        it.result == "failure" && it.action == "report.export"
    }),
    ("actor:u-17", |it| it.actor == 17),
    ("credit", |it| it.words.contains(&"credit")),
    ("\"credit limit\"", |it| it.words == ["credit", "limit"]),
    ("(refund OR invoice) -outcome:success", |it| {
        it.result != "success" && (it.words.contains(&"refund") || it.words.contains(&"invoice"))
    }),
    ("records:>=990", |it| it.records >= 990),
    ("metadata.batch:13", |it| it.n / BATCH == 13),
];

/// Holds every search to a plain count over the first `count` events.
#[track_caller]
fn check(client: &Client, count: u64, when: &str) {
    let made: Vec<Made> = (0..count).map(Made::of).collect();
    for (query, matches) in SEARCHES {
        let plain = made.iter().filter(|it| matches(it)).count() as u64;
        assert_eq!(total(client, query), plain, "{query:?} {when}");
    }
    // A page is whole and in order, too.
    let page = client.search(
        &Parameters::new()
            .with("q", "action:logout")
            .with("limit", "1000"),
    );
    let page = page.unwrap();
    let logouts = made.iter().filter(|it| it.action == "logout").count();
    assert_eq!(page.events.len(), logouts.min(1_000), "{when}");
}

/// Sends a batch. `false` if nobody answered: it may have been kept or not.
fn send(client: &Client, first: u64) -> bool {
    let body: String = (first..first + BATCH).map(|n| Made::of(n).json()).collect();
    let sending = Sending {
        every_event_has_an_id: true,
        ..Sending::default()
    };
    match client.send(Body::Ndjson(body.as_bytes()), &sending) {
        Ok(answer) => {
            assert_eq!(
                answer.accepted + answer.duplicates,
                BATCH,
                "{:?}",
                answer.rejected.first()
            );
            true
        }
        Err(_) => false,
    }
}

#[test]
fn after_every_crash_searches_find_what_was_acknowledged() {
    let asked = std::env::var("ANNALS_CRASH_ROUNDS").ok();
    let rounds = asked.map_or(ROUNDS, |asked| asked.parse().unwrap());
    let seed = std::env::var("ANNALS_CRASH_SEED").map_or(7, |seed| seed.parse().unwrap());
    eprintln!("ANNALS_CRASH_SEED={seed}");
    let mut random = Random(seed);
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut served = Served::on(&data);
    let key = served.key("main");
    let mut sent = 0;
    for round in 1..=rounds {
        let goal = round * EVENTS_A_ROUND;
        // Somewhere behind the moment at which a journal file is full: while it is sealed, while
        // its parts are indexed, or while the next one is written.
        let kill_at = goal - random.below(6) * BATCH;
        let delay = Duration::from_millis(random.below(400));
        let client = served.client(&key);
        let killed = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let mut killer = None;
            while sent < goal && !killed.load(Ordering::Relaxed) {
                if sent >= kill_at && killer.is_none() {
                    let (process, killed) = (served.id(), &killed);
                    killer = Some(scope.spawn(move || {
                        std::thread::sleep(delay);
                        signal(Signal::KILL, process);
                        killed.store(true, Ordering::Relaxed);
                    }));
                }
                if !send(&client, sent) {
                    assert!(killer.is_some(), "the server went by itself");
                    break;
                }
                sent += BATCH;
            }
            match killer {
                Some(killer) => killer.join().unwrap(),
                None => {
                    std::thread::sleep(delay);
                    signal(Signal::KILL, served.id());
                }
            }
        });
        served.kill();
        served = Served::on(&data);
        let client = served.client(&key);
        let when = format!("after crash {round} at {sent} events and {delay:?} (seed {seed})");
        let found = total(&client, "");
        assert!(found >= sent, "{found} of {sent} {when}");
        // What was under way is sent again, and then it is known what there is.
        assert!(send(&client, sent), "{when}");
        sent += BATCH;
        check(&client, sent, &when);
    }
    // The index is a view: without it the same searches find the same.
    served.stop();
    std::fs::remove_dir_all(data.join("ledgers/main/index")).unwrap();
    let served = Served::on(&data);
    check(&served.client(&key), sent, "without the index");
    served.stop();
    let verified = annals().args(["verify", "--data"]).arg(&data).output();
    succeeded(verified.unwrap());
}
