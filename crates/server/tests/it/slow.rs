//! Clients that are slow, silent or too many: cut off or told so, and nobody else notices.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use server::Settings;
use server::limits::Patience;

use crate::harness::{Answer, House, event, read_until, request};

/// A second of a well-behaved client's time is much on any machine that runs tests.
const QUICK: Duration = Duration::from_secs(5);

fn impatient() -> Patience {
    Patience {
        head: Duration::from_secs(1),
        body_piece: Duration::from_secs(1),
        body: Duration::from_secs(2),
        write: Duration::from_secs(1),
        ..Patience::default()
    }
}

struct SetWhenDropped<'a>(&'a AtomicBool);

impl Drop for SetWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Sends and searches as long as the others misbehave; the longest wait.
fn go_on_meanwhile<T>(house: &House, misbehave: impl FnOnce() -> T) -> T {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let well_behaved = scope.spawn(|| {
            let mut count = 0;
            let mut longest = Duration::ZERO;
            while !done.load(Ordering::Relaxed) {
                let begun = Instant::now();
                house
                    .post("/v1/events", event(&format!("good-{count}"), "login"))
                    .ok();
                count += 1;
                let found = house.get("/v1/events?q=action:login&limit=1").ok();
                assert_eq!(found["total"], count);
                longest = longest.max(begun.elapsed());
                std::thread::sleep(Duration::from_millis(20));
            }
            longest
        });
        let misbehaved = {
            // Also when it panics: else nobody would ever hear of it.
            let _done = SetWhenDropped(&done);
            misbehave()
        };
        let longest = well_behaved.join().unwrap();
        assert!(longest < QUICK, "a well-behaved client waited {longest:?}");
        misbehaved
    })
}

/// Sends the rest of a request a byte at a time until the server has had enough.
fn trickle(stream: &mut TcpStream, bytes: &[u8]) -> Duration {
    let begun = Instant::now();
    for byte in bytes {
        if stream.write_all(&[*byte]).is_err() || begun.elapsed() > Duration::from_secs(15) {
            break;
        }
        stream
            .set_read_timeout(Some(Duration::from_millis(50)))
            .unwrap();
        if !matches!(stream.peek(&mut [0]), Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut))
        {
            break;
        }
    }
    begun.elapsed()
}

#[test]
fn a_body_that_trickles_in_is_cut_off_and_nobody_else_waits() {
    let house = House::with_patience(impatient());
    let free = house.metric("annals_ingest_bytes_left ");
    let whole = request(
        "POST",
        "/v1/events",
        &house.key,
        &[("content-type", "application/json")],
        &[b' '; 4000],
    );
    let head = whole.len() - 4000;
    go_on_meanwhile(&house, || {
        let mut slow: Vec<TcpStream> = (0..4).map(|_| house.connect()).collect();
        std::thread::scope(|scope| {
            for stream in &mut slow {
                scope.spawn(|| {
                    stream.write_all(&whole[..head]).unwrap();
                    let took = trickle(stream, &whole[head..]);
                    assert!(
                        took >= Duration::from_millis(1900),
                        "cut off after {took:?}"
                    );
                    assert!(took < Duration::from_secs(10), "still read after {took:?}");
                    stream
                        .set_read_timeout(Some(Duration::from_secs(10)))
                        .unwrap();
                    let mut reader = BufReader::new(stream);
                    Answer::read(&mut reader).unwrap().problem(408, "timeout");
                    assert_eq!(
                        reader.read(&mut [0; 8]).unwrap_or(0),
                        0,
                        "the connection stays open"
                    );
                });
            }
        });
    });
    house.wait_metric("annals_ingest_bytes_left ", free);
}

#[test]
fn a_body_that_stops_and_a_head_that_trickles_are_cut_off() {
    let house = House::with_patience(impatient());
    let whole = request("POST", "/v1/events", &house.key, &[], &[b' '; 4000]);
    go_on_meanwhile(&house, || {
        let mut silent = house.connect();
        silent.write_all(&whole[..whole.len() - 3000]).unwrap();
        let begun = Instant::now();
        Answer::read(&mut BufReader::new(silent))
            .unwrap()
            .problem(408, "timeout");
        assert!(begun.elapsed() < Duration::from_secs(10));

        let mut headless = house.connect();
        let took = trickle(&mut headless, &whole);
        assert!(
            took < Duration::from_secs(10),
            "its head is still read after {took:?}"
        );
    });
}

#[test]
fn who_does_not_read_an_answer_is_dropped_and_exports_are_free_again() {
    let house = House::with_patience(impatient());
    let padding = "x".repeat(20_000);
    for batch in 0..10 {
        let events: Vec<String> = (0..200)
            .map(|n| format!(r#"{{"id":"e-{batch}-{n}","action":"report.create","actor":{{"id":"u-1"}},"metadata":{{"padding":"{padding}"}}}}"#))
            .collect();
        house
            .post(
                "/v1/events?receipts=false",
                format!("[{}]", events.join(",")),
            )
            .ok();
    }
    go_on_meanwhile(&house, || {
        let ask = request(
            "GET",
            "/v1/events/export?q=action:report.create",
            &house.key,
            &[],
            b"",
        );
        let mut deaf: Vec<TcpStream> = (0..16).map(|_| house.connect()).collect();
        for stream in &mut deaf {
            stream.write_all(&ask).unwrap();
        }
        // As many exports as may run wait for somebody to read.
        let begun = Instant::now();
        loop {
            let answer = house.get("/v1/events/export?q=action:nothing");
            if answer.status == 503 {
                answer.problem(503, "overloaded");
                break;
            }
            assert!(
                begun.elapsed() < QUICK,
                "sixteen exports do not fill the seats"
            );
        }
        loop {
            let answer = house.get("/v1/events/export?q=action:nothing");
            if answer.status == 200 {
                break;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(15),
                "the deaf keep their seats"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        // By now all of them are cut off, and what they got does not look whole.
        std::thread::sleep(3 * impatient().write);
        let mut text = Vec::new();
        let _ = deaf[0].read_to_end(&mut text);
        assert!(!String::from_utf8_lossy(&text).contains("\"end\""));
    });
}

#[test]
fn a_slow_tail_is_told_what_it_missed() {
    let house = House::new();
    let mut stream = house.connect();
    stream
        .write_all(&request(
            "GET",
            "/v1/events/tail?own=include",
            &house.key,
            &[],
            b"",
        ))
        .unwrap();
    read_until(&mut stream, ": following\n\n");
    let padding = "x".repeat(50_000);
    let mut sequences = Vec::new();
    for n in 0..600 {
        let sent = format!(
            r#"{{"id":"g-{n}","action":"login","actor":{{"id":"u-1"}},"metadata":{{"padding":"{padding}"}}}}"#
        );
        sequences.push(
            house.post("/v1/events", sent).ok()["sequence"]
                .as_u64()
                .unwrap(),
        );
    }
    let (first, last) = (sequences[0], *sequences.last().unwrap());
    let mut seen = BTreeSet::new();
    let mut gaps: Vec<(u64, u64)> = Vec::new();
    let mut lines = BufReader::new(stream).lines();
    let mut next = first;
    while next <= last {
        let line = lines.next().unwrap().unwrap();
        // The lengths of chunks and empty lines stand between.
        if let Some(data) = line.strip_prefix("data: ") {
            let value: Value = serde_json::from_str(data).unwrap();
            if let Some(from) = value["first"].as_u64() {
                assert_eq!(from, next, "the gap begins elsewhere");
                next = value["last"].as_u64().unwrap() + 1;
                gaps.push((from, next - 1));
            } else {
                assert_eq!(value["sequence"], next, "an event is missing or doubled");
                seen.insert(next);
                next += 1;
            }
        }
    }
    assert!(!gaps.is_empty(), "a reader this slow missed nothing");
    let missed: u64 = gaps.iter().map(|(from, to)| to - from + 1).sum();
    assert_eq!(seen.len() as u64 + missed, last - first + 1);
    assert!(seen.contains(&last), "it does not go on with the newest");
}

#[test]
fn a_connection_too_many_is_told_so() {
    let house = House::with(Settings {
        max_connections: Some(4),
        ..Settings::default()
    });
    let idle: Vec<TcpStream> = (0..4)
        .map(|_| {
            let mut stream = house.connect();
            stream
                .write_all(&request("GET", "/healthz", "", &[], b""))
                .unwrap();
            let mut reader = BufReader::new(stream);
            assert_eq!(Answer::read(&mut reader).unwrap().status, 200);
            reader.into_inner()
        })
        .collect();
    let answer = Answer::read(&mut BufReader::new(house.connect())).unwrap();
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(answer.json()["code"], "overloaded");
    drop(idle);
    let begun = Instant::now();
    loop {
        let mut stream = house.connect();
        // The answer to one too many may come, and the connection end, before the question is sent.
        let asked = stream.write_all(&request("GET", "/healthz", "", &[], b""));
        let answer = Answer::read(&mut BufReader::new(stream));
        if asked.is_ok() && answer.is_some_and(|answer| answer.status == 200) {
            break;
        }
        assert!(
            begun.elapsed() < QUICK,
            "closed connections keep their place"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}
