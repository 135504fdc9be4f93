//! Sending events.

use std::io::{BufReader, Write};

use serde_json::json;

use crate::harness::{Answer, House, event, request};

#[test]
fn one_event_gets_its_receipt_and_is_found_at_once() {
    let house = House::new();
    let receipt = house
        .post("/v1/events", event("a-1", "customer.update"))
        .ok();
    assert_eq!(receipt["id"], "a-1");
    assert_eq!(receipt["duplicate"], false);
    let sequence = receipt["sequence"].as_u64().unwrap();
    let page = house.get("/v1/events?q=action:customer.update").ok();
    assert_eq!(page["total"], 1);
    assert_eq!(page["events"][0]["sequence"], sequence);
    assert_eq!(page["events"][0]["display_id"], receipt["display_id"]);
}

#[test]
fn a_batch_tells_of_each_event() {
    let house = House::new();
    let good = event("b-1", "login");
    let batch = format!(
        "[{good},{good},{{\"action\":\"login\"}},{}]",
        event("b-2", "logout")
    );
    let answer = house.post("/v1/events", &batch).ok();
    assert_eq!(
        (&answer["accepted"], &answer["duplicates"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(answer["rejected"][0]["index"], 2);
    assert_eq!(answer["rejected"][0]["problem"]["code"], "missing_field");
    let indexes: Vec<u64> = answer["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["index"].as_u64().unwrap())
        .collect();
    assert_eq!(indexes, [0, 1, 3]);
    let quiet = house
        .post("/v1/events?receipts=false", format!("[{good}]"))
        .ok();
    assert_eq!(quiet.get("events"), None);
    assert_eq!(quiet["duplicates"], 1);
}

#[test]
fn lines_are_a_batch_and_empty_ones_do_not_count() {
    let house = House::new();
    let lines = format!(
        "{}\n\nno json\n{}\n",
        event("c-1", "login"),
        event("c-2", "login")
    );
    let kind = [("content-type", "application/x-ndjson")];
    let answer = house
        .ask("POST", "/v1/events", &house.key, &kind, lines.as_bytes())
        .ok();
    assert_eq!(answer["accepted"], 2);
    assert_eq!(answer["rejected"][0]["index"], 1);
    assert_eq!(answer["rejected"][0]["problem"]["code"], "malformed_json");
}

#[test]
fn packed_bodies_are_taken() {
    let house = House::new();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(event("d-1", "login").as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = zstd::encode_all(event("d-2", "login").as_bytes(), 3).unwrap();
    for (encoding, body) in [("gzip", gzip), ("zstd", zstd)] {
        let headers = [
            ("content-type", "application/json"),
            ("content-encoding", encoding),
        ];
        let answer = house.ask("POST", "/v1/events", &house.key, &headers, &body);
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

#[test]
fn an_atomic_batch_is_kept_whole_or_not_at_all() {
    let house = House::new();
    let bad = format!("[{},{{\"action\":\"x\"}}]", event("e-1", "login"));
    let refused = house.post("/v1/events?atomic=true", &bad);
    assert_eq!(refused.status, 422);
    assert_eq!(refused.json()["accepted"], 0);
    assert_eq!(refused.json()["rejected"][0]["index"], 1);
    house.post("/v1/events", event("e-2", "login")).ok();
    let conflicting = format!("[{},{}]", event("e-3", "login"), event("e-2", "logout"));
    let refused = house.post("/v1/events?atomic=true", &conflicting);
    assert_eq!(refused.status, 422, "{}", refused.text());
    assert_eq!(
        refused.json()["rejected"][0]["problem"]["code"],
        "id_conflict"
    );
    assert_eq!(house.get("/v1/events?id=e-1").ok()["total"], 0);
    assert_eq!(house.get("/v1/events?id=e-3").ok()["total"], 0);
    let good = format!("[{},{}]", event("e-4", "login"), event("e-5", "login"));
    assert_eq!(
        house.post("/v1/events?atomic=true", &good).ok()["accepted"],
        2
    );
}

#[test]
fn an_empty_batch_is_fine() {
    let house = House::new();
    assert_eq!(house.post("/v1/events", "[]").ok()["accepted"], 0);
}

#[test]
fn many_requests_go_through_one_connection() {
    let house = House::new();
    let mut stream = BufReader::new(house.connect());
    for number in 0..20 {
        let body = event(&format!("f-{number}"), "login");
        let kind = [("content-type", "application/json")];
        let bytes = request("POST", "/v1/events", &house.key, &kind, body.as_bytes());
        stream.get_mut().write_all(&bytes).unwrap();
        assert_eq!(Answer::read(&mut stream).unwrap().status, 200);
    }
}

#[test]
fn events_say_which_key_and_import_brought_them() {
    let house = House::new();
    house
        .post("/v1/events?import=legacy", event("g-1", "login"))
        .ok();
    let found = house.get("/v1/events?id=g-1").ok();
    assert_eq!(found["events"][0]["ingest"]["import"], "legacy");
    assert!(
        found["events"][0]["ingest"]["key_id"]
            .as_str()
            .unwrap()
            .starts_with("key_")
    );
}

#[test]
fn what_was_acknowledged_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let house = House::on(&data, server::Settings::default());
    let receipt = house.post("/v1/events", event("h-1", "login")).ok();
    let checkpoint = house.get("/log/main/vkey");
    house.stop();
    let house = House::on(&data, server::Settings::default());
    let again = house.post("/v1/events", event("h-1", "login")).ok();
    assert_eq!(again["sequence"], receipt["sequence"]);
    assert_eq!(again["duplicate"], true);
    assert_eq!(house.get("/log/main/vkey").body, checkpoint.body);
}
