//! Exports and tails.

use std::io::{BufReader, Write};

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
