//! Exports and tails.

use std::io::{BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use server::{AdminRequest, Settings};

use crate::browser::{Browser, told};
use crate::harness::{Answer, House, event, read_until, request};

fn send(house: &House, count: usize) {
    let events: Vec<String> = (0..count)
        .map(|number| event(&format!("s-{number}"), "login"))
        .collect();
    house
        .post("/v1/events", format!("[{}]", events.join(",")))
        .ok();
}

#[test]
fn an_export_holds_exactly_the_selection_and_says_that_it_is_whole() {
    let house = House::new();
    send(&house, 500);
    house.post("/v1/events", event("other", "logout")).ok();
    let answer = house.get("/v1/events/export?q=action:login");
    let lines: Vec<&str> = answer.text().lines().collect();
    assert_eq!(lines.len(), 501);
    assert_eq!(lines[500], r#"{"end":{"count":500}}"#);
    assert_eq!(
        answer.trailers,
        [("annals-count".to_owned(), "500".to_owned())]
    );

    let answer = house.get("/v1/events/export?q=action:login&format=json");
    assert_eq!(answer.json().as_array().unwrap().len(), 500);
    assert_eq!(answer.trailers[0].1, "500");

    let answer = house.get("/v1/events/export?format=csv");
    assert_eq!(answer.text().lines().count(), 502);
    assert_eq!(answer.trailers[0].1, "501");

    let empty = house.get("/v1/events/export?q=action:nothing&format=json");
    assert_eq!(empty.json().as_array().unwrap().len(), 0);
}

#[test]
fn a_spreadsheet_runs_nothing() {
    let house = House::new();
    let evil = r#"{"action":"login","actor":{"id":"=1+1","name":"@SUM(A1)"},"message":"-2"}"#;
    house.post("/v1/events", evil).ok();
    let csv = house.get("/v1/events/export?format=csv");
    let row = csv.text().lines().nth(1).unwrap().to_owned();
    for cell in ["'=1+1", "'@SUM(A1)", "'-2"] {
        assert!(row.contains(cell), "{row}");
    }
}

#[test]
fn numbers_in_a_spreadsheet_keep_their_digits() {
    let house = House::new();
    let metadata = r#"{"account":123456789012345678901234567890,"loss":-5,"rate":0.1000000000000000055511151231257827}"#;
    let changes = r#"[{"path":"limit","old":1.10,"new":90071992547409921234,"type":"number"}]"#;
    let sent = format!(
        r#"{{"action":"customer.update","actor":{{"id":"u-1","roles":["a"]}},"targets":[{{"type":"customer","id":"c-1"}},{{"type":"order","id":"o-2"}}],"changes":{changes},"counts":{{"records":9007199254740992}},"metadata":{metadata}}}"#
    );
    house.post("/v1/events", sent).ok();
    let csv = house.get("/v1/events/export?format=csv");
    let row = csv.text().lines().nth(1).unwrap();
    for kept in [
        "123456789012345678901234567890",
        "0.1000000000000000055511151231257827",
        "-5",
        "1.10",
        "90071992547409921234",
        ",9007199254740992,",
        ",customer,c-1,",
        r#"[""a""]"#,
    ] {
        assert!(row.contains(kept), "{kept} is not in {row}");
    }
}

#[test]
fn a_tail_shows_what_comes_and_resumes() {
    let house = House::new();
    send(&house, 3);
    let mut live = house.connect();
    live.write_all(&request(
        "GET",
        "/v1/events/tail?q=action:logout",
        &house.key,
        &[],
        b"",
    ))
    .unwrap();
    read_until(&mut live, ": following\n\n");
    house.post("/v1/events", event("t-0", "login")).ok();
    let receipt = house.post("/v1/events", event("t-1", "logout")).ok();
    let text = read_until(&mut live, "}\n\n");
    assert!(
        text.contains(&format!("id: {}\nevent: event\n", receipt["sequence"])),
        "{text}"
    );
    assert!(!text.contains("t-0"), "{text}");

    let resume = [("last-event-id", "2")];
    let mut again = house.connect();
    again
        .write_all(&request("GET", "/v1/events/tail", &house.key, &resume, b""))
        .unwrap();
    let text = read_until(&mut again, "\"t-1\",\"ingest");
    assert!(
        text.contains("\"s-1\"") && text.contains("\"t-0\""),
        "{text}"
    );
    assert!(!text.contains("\"s-0\""), "{text}");
}

#[test]
fn the_twenty_first_tail_of_a_key_is_refused() {
    let house = House::new();
    let open: Vec<_> = (0..20)
        .map(|_| {
            let mut stream = house.connect();
            stream
                .write_all(&request("GET", "/v1/events/tail", &house.key, &[], b""))
                .unwrap();
            read_until(&mut stream, ": following\n\n");
            stream
        })
        .collect();
    house
        .get("/v1/events/tail")
        .problem(429, "too_many_requests");
    drop(open);
}

#[test]
fn a_stopping_server_ends_its_tails() {
    let house = House::new();
    let mut stream = house.connect();
    stream
        .write_all(&request("GET", "/v1/events/tail", &house.key, &[], b""))
        .unwrap();
    let begun = std::time::Instant::now();
    let reader = std::thread::spawn(move || Answer::read(&mut BufReader::new(stream)));
    std::thread::sleep(std::time::Duration::from_millis(200));
    house.stop();
    assert!(
        begun.elapsed() < std::time::Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
    assert!(reader.join().unwrap().is_some(), "the tail was cut off");
}

/// Sends so much to a tenant that no connection holds it.
fn send_much(house: &House, key: &str) {
    let padding = "x".repeat(20_000);
    for batch in 0..10 {
        let events: Vec<String> = (0..200)
            .map(|n| format!(r#"{{"id":"e-{batch}-{n}","action":"report.create","actor":{{"id":"u-1"}},"metadata":{{"padding":"{padding}"}}}}"#))
            .collect();
        let body = format!("[{}]", events.join(","));
        let json = [("content-type", "application/json")];
        house
            .ask("POST", "/v1/events", key, &json, body.as_bytes())
            .ok();
    }
}

/// Asks for something that goes on, and reads until it has begun.
fn begin(house: &House, path: &str, key: &str, cookie: &str, marker: &str) -> TcpStream {
    let mut stream = house.connect();
    let headers = match cookie {
        "" => vec![],
        cookie => vec![("cookie", cookie)],
    };
    stream
        .write_all(&request("GET", path, key, &headers, b""))
        .unwrap();
    read_until(&mut stream, marker);
    stream
}

/// The ends of exports that a ledger was told of, once there are as many as there should be.
#[track_caller]
fn ends(house: &House, key: &str, count: usize) -> Vec<Value> {
    let begun = Instant::now();
    loop {
        let found = told(house, key, "annals.event.export_end");
        if found.len() >= count {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{found:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn what_goes_on_ends_within_seconds_when_whoever_asked_for_it_may_no_more() {
    let house = House::new();
    let name = || "acme".to_owned();
    house
        .administer(AdminRequest::TenantCreate { name: name() })
        .unwrap();
    let writer = house.key("acme", "events:write,events:read");
    send_much(&house, &writer);
    let revoked = house.key("acme", "events:read");
    let ann = Browser::signed_in(&house, "ann@example.com", "auditor", "acme");
    let ben = Browser::signed_in(&house, "ben@example.com", "auditor", "acme");
    let callers = [
        ("a revoked key", revoked.as_str(), String::new()),
        ("an ended session", "", ann.cookie()),
        ("a disabled person", "", ben.cookie()),
        ("a suspended tenant", writer.as_str(), String::new()),
    ];
    // Readers of exports that take no more than the beginning, and tails where nothing happens.
    let open: Vec<(&str, TcpStream, TcpStream)> = callers
        .iter()
        .map(|(who, key, cookie)| {
            let path = "/v1/events/export?q=action:report.create";
            let export = begin(&house, path, key, cookie, "\"report.create\"");
            let path = "/v1/events/tail?q=action:nothing";
            let tail = begin(&house, path, key, cookie, ": following\n\n");
            (*who, export, tail)
        })
        .collect();

    let ended = Instant::now();
    let keys = house.administer(AdminRequest::KeyList {
        tenant: Some(name()),
    });
    let Ok(server::AdminAnswer::Keys { keys }) = keys else {
        panic!("{keys:?}");
    };
    let key = keys.iter().find(|key| revoked.starts_with(&key.prefix));
    let id = key.unwrap().id.clone();
    house.administer(AdminRequest::KeyRevoke { id }).unwrap();
    assert_eq!(ann.ask("DELETE", "/v1/session", None).status, 204);
    let disable = AdminRequest::UserState {
        tenant: name(),
        email: "ben@example.com".into(),
        active: false,
    };
    house.administer(disable).unwrap();
    house
        .administer(AdminRequest::TenantSuspend { name: name() })
        .unwrap();
    let open: Vec<(&str, TcpStream)> = open
        .into_iter()
        .map(|(who, export, mut tail)| {
            // It ends as one that is over.
            read_until(&mut tail, "0\r\n\r\n");
            assert!(
                ended.elapsed() < Duration::from_secs(5),
                "the tail of {who}"
            );
            (who, export)
        })
        .collect();
    std::thread::sleep(Duration::from_secs(5).saturating_sub(ended.elapsed()));
    house
        .administer(AdminRequest::TenantResume { name: name() })
        .unwrap();
    // Nobody reads yet: the server has ended them by itself.
    let ends = ends(&house, &writer, open.len());
    assert_eq!(ends.len(), open.len());
    for end in &ends {
        assert_eq!(end["metadata"]["end"], "cut off", "{end}");
        assert_eq!(end["outcome"]["result"], "denied", "{end}");
        let count = end["metadata"]["count"].as_u64().unwrap();
        assert!(count > 0 && count < 2000, "{end}");
    }
    for (who, mut export) in open {
        let mut rest = Vec::new();
        // What the system had taken still comes; whether it says that it was cut does not matter.
        let _ = export.read_to_end(&mut rest);
        let rest = String::from_utf8_lossy(&rest);
        assert!(!rest.contains("\"end\""), "the export of {who} is whole");
        assert!(
            !rest.ends_with("0\r\n\r\n"),
            "the export of {who} looks whole"
        );
    }
}

#[test]
fn how_an_export_ended_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let house = House::on(&data, Settings::default());
    send_much(&house, &house.key);
    let whole = house.get("/v1/events/export?q=action:report.create&format=csv");
    let path = "/v1/events/export?q=action:report.create";
    let given_up = begin(&house, path, &house.key, "", "\"report.create\"");
    drop(given_up);
    let all = ends(&house, &house.key, 2);
    let summary = |end: &Value| {
        let metadata = &end["metadata"];
        json!([
            metadata["end"],
            end["outcome"]["result"],
            metadata["detail"]
        ])
    };
    assert_eq!(summary(&all[0]), json!(["given up", "failure", "ndjson"]));
    assert_eq!(summary(&all[1]), json!(["complete", "success", "csv"]));
    assert_eq!(all[1]["metadata"]["count"], 2000);
    assert_eq!(all[1]["request_id"], whole.header("x-request-id"));
    assert_eq!(all[1]["actor"]["type"], "api_key");
    assert_eq!(all[1]["metadata"]["query"], "action:report.create");

    let _stopped = begin(&house, path, &house.key, "", "\"report.create\"");
    house.stop();
    let house = House::on(&data, Settings::default());
    let all = ends(&house, &house.key, 3);
    assert_eq!(summary(&all[0]), json!(["stopped", "failure", "ndjson"]));
}
