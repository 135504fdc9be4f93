//! Reading: search, get, proof, counts, the log.

use base64::Engine as _;
use serde_json::Value;

use crate::harness::{House, event};

fn send(house: &House, count: usize) {
    let events: Vec<String> = (0..count)
        .map(|number| {
            format!(
                r#"{{"id":"r-{number}","action":"{}","actor":{{"id":"u-{}"}},"occurred_at":"2026-01-{:02}T10:00:00Z"}}"#,
                if number % 2 == 0 { "login" } else { "customer.update" },
                number % 3,
                1 + number % 20,
            )
        })
        .collect();
    house
        .post("/v1/events", format!("[{}]", events.join(",")))
        .ok();
}

#[test]
fn pages_are_stable_while_events_come_in() {
    let house = House::new();
    send(&house, 25);
    let mut seen: Vec<u64> = Vec::new();
    let mut path = "/v1/events?limit=10".to_owned();
    loop {
        let page = house.get(&path).ok();
        assert_eq!(page["total"], 25);
        let events = page["events"].as_array().unwrap();
        seen.extend(
            events
                .iter()
                .map(|event| event["sequence"].as_u64().unwrap()),
        );
        house
            .post(
                "/v1/events",
                event(&format!("late-{}", seen.len()), "login"),
            )
            .ok();
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/v1/events?limit=10&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 25);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 25);
}

#[test]
fn order_and_time_are_as_asked() {
    let house = House::new();
    send(&house, 20);
    let times = |path: &str| -> Vec<String> {
        let page = house.get(path).ok();
        let events = page["events"].as_array().unwrap();
        events
            .iter()
            .map(|it| it["occurred_at"].as_str().unwrap()[..10].to_owned())
            .collect()
    };
    assert_eq!(times("/v1/events?limit=2"), ["2026-01-20", "2026-01-19"]);
    assert_eq!(
        times("/v1/events?limit=2&order=asc"),
        ["2026-01-01", "2026-01-02"]
    );
    assert_eq!(
        times("/v1/events?from=2026-01-05&to=2026-01-06&order=asc"),
        ["2026-01-05", "2026-01-06"]
    );
    let until = "/v1/events?from=2026-01-05T10:00:00Z&to=2026-01-06T10:00:00Z";
    assert_eq!(times(until), ["2026-01-05"]);
}

#[test]
fn a_long_page_which_several_threads_read_is_whole_and_in_order() {
    let house = House::new();
    send(&house, 900);
    for limit in [900, 700] {
        let page = house.get(&format!("/v1/events?limit={limit}")).ok();
        let events = page["events"].as_array().unwrap();
        let place = |event: &Value| {
            let occurred = event["occurred_at"].as_str().unwrap().to_owned();
            (occurred, event["sequence"].as_u64().unwrap())
        };
        let places: Vec<_> = events.iter().map(place).collect();
        assert_eq!(places.len(), limit);
        assert!(places.is_sorted_by(|newer, older| newer > older));
    }
}

#[test]
fn own_events_are_counted_and_left_out() {
    let house = House::new();
    send(&house, 3);
    let page = house.get("/v1/events").ok();
    assert_eq!(page["total"], 3);
    let left_out = page["own_left_out"].as_u64().unwrap();
    assert!(left_out >= 2, "{page}");
    let all = house.get("/v1/events?own=include").ok();
    assert_eq!(all["total"].as_u64().unwrap(), 3 + left_out);
    assert_eq!(all["own_left_out"], 0);
    let own = house
        .get("/v1/events?own=include&q=action:annals.key.create")
        .ok();
    assert_eq!(own["events"][0]["kind"], 1);
}

#[test]
fn an_event_is_had_by_either_name() {
    let house = House::new();
    let receipt = house.post("/v1/events", event("g-1", "login")).ok();
    let display_id = receipt["display_id"].as_str().unwrap();
    let one = house.get(&format!("/v1/events/{display_id}")).ok();
    let two = house
        .get(&format!("/v1/events/{}", receipt["sequence"]))
        .ok();
    assert_eq!(one, two);
    assert_eq!(one["action"], "login");
    serde_json::from_value::<api::RecordedEvent>(one).unwrap();
}

#[test]
fn a_proof_checks_offline() {
    let house = House::new();
    send(&house, 5);
    let path = "/v1/events/4/proof";
    let json = [("accept", "application/json")];
    let answer = house.ask("GET", path, &house.key, &json, b"");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let document = event::proof::Document::parse(&answer.body).unwrap();
    let disclosed = document.check().unwrap();
    let vkey: merkle::Verifier = document.vkey.parse().unwrap();
    let head =
        merkle::Checkpoint::open(document.checkpoint.as_bytes(), std::slice::from_ref(&vkey))
            .unwrap();
    let leaf = disclosed.entry.leaf_hash();
    merkle::verify_inclusion(
        &leaf,
        document.index,
        head.size(),
        &document.path,
        head.root(),
    )
    .unwrap();

    let text = house.get(path);
    assert_eq!(text.header("content-type"), "text/plain; charset=utf-8");
    let proof = merkle::TlogProof::parse(&text.body).unwrap();
    proof.verify(&leaf, &[vkey]).unwrap();
}

#[test]
fn an_older_checkpoint_is_the_beginning_of_a_newer_one() {
    let house = House::new();
    send(&house, 5);
    let open = |sequence: u64| {
        // A proof waits for the checkpoint that covers it.
        house.get(&format!("/v1/events/{sequence}/proof"));
        let vkey = house.get("/log/main/vkey");
        let vkey: merkle::Verifier = vkey.text().trim_end().parse().unwrap();
        let note = house.get("/log/main/checkpoint");
        merkle::Checkpoint::open(&note.body, &[vkey]).unwrap()
    };
    let old = open(4);
    send(&house, 300);
    let new = open(299);
    assert!(new.size() > old.size());
    let path = format!("/v1/log/consistency?from={}&to={}", old.size(), new.size());
    let answer: api::Consistency = serde_json::from_slice(&house.get(&path).body).unwrap();
    assert_eq!((answer.from, answer.to), (old.size(), new.size()));
    let hashes: Vec<merkle::Hash> = answer
        .path
        .iter()
        .map(|hash| {
            let bytes = base64::engine::general_purpose::STANDARD
                .decode(hash)
                .unwrap();
            bytes.try_into().unwrap()
        })
        .collect();
    merkle::verify_consistency(old.size(), old.root(), new.size(), new.root(), &hashes).unwrap();

    let now: api::Consistency =
        serde_json::from_slice(&house.get("/v1/log/consistency?from=1").body).unwrap();
    assert!(now.to >= new.size());
    let beyond = house.get(&format!("/v1/log/consistency?from=1&to={}", u64::MAX));
    let problem = beyond.problem(400, "invalid_parameter");
    assert_eq!(problem["field"], "to");
    let problem = house
        .get("/v1/log/consistency?from=3&to=2")
        .problem(400, "invalid_parameter");
    assert_eq!(problem["field"], "from");
}

#[test]
fn the_log_is_read_tile_by_tile() {
    let house = House::new();
    send(&house, 300);
    // A proof waits for the checkpoint that covers it.
    house.get("/v1/events/301/proof");
    let note = house.get("/log/main/checkpoint");
    let vkey = house.get("/log/main/vkey");
    let vkey: merkle::Verifier = vkey.text().trim_end().parse().unwrap();
    let head = merkle::Checkpoint::open(&note.body, &[vkey]).unwrap();
    assert!(head.size() >= 302, "{}", head.size());
    let full = house.get("/log/main/tile/0/000");
    assert_eq!(full.body.len(), 256 * 32);
    assert!(full.header("cache-control").contains("immutable"));
    let partial = house.get("/log/main/tile/0/001.p/10");
    assert_eq!(partial.body.len(), 320);
    let bundle = house.get("/log/main/tile/entries/000");
    let address = merkle::Bundle {
        index: 0,
        width: 256,
    };
    let entries = merkle::bundle::parse(address, &bundle.body).unwrap();
    assert_eq!(merkle::leaf_hash(entries[0])[..], full.body[..32]);
    house.get("/log/main/tile/0/002").problem(404, "not_found");
    house.get("/log/main/tile/0/1").problem(404, "not_found");
    house.get("/log/main/tile/9/000").problem(404, "not_found");
}

#[test]
fn a_public_log_needs_no_key() {
    let house = House::with(server::Settings {
        public_log: Some(true),
        ..Default::default()
    });
    assert_eq!(
        house
            .ask("GET", "/log/main/checkpoint", "", &[], b"")
            .status,
        200
    );
    house
        .ask("GET", "/v1/events", "", &[], b"")
        .problem(401, "unauthorized");
}

#[test]
fn counts_are_exact() {
    let house = House::new();
    send(&house, 40);
    let histogram = house
        .get("/v1/events/histogram?from=2026-01-01&to=2026-01-20&split=activity")
        .ok();
    assert_eq!(histogram["total"], 40);
    assert_eq!(histogram["from"], "2026-01-01T00:00:00.000000Z");
    assert_eq!(histogram["to"], "2026-01-21T00:00:00.000000Z");
    let buckets = histogram["buckets"].as_array().unwrap();
    assert_eq!(buckets.len(), 20);
    assert!(
        buckets.iter().all(|bucket| bucket["total"] == 2),
        "{histogram}"
    );
    let sum = |activity: &str| -> u64 {
        buckets
            .iter()
            .filter_map(|bucket| bucket["counts"][activity].as_u64())
            .sum()
    };
    assert_eq!((sum("login"), sum("update")), (20, 20));

    let top = house.get("/v1/events/top?field=actor.id&limit=2").ok();
    assert_eq!(top["total"], 40);
    assert_eq!(top["values"][0]["value"], "u-0");
    assert_eq!(top["values"][0]["count"], 14);
    assert_eq!(top["values"].as_array().unwrap().len(), 2);
}

/// A chart that goes on to now is told by the server when that is: a reader's clock may be wrong.
#[test]
fn a_histogram_says_what_stretch_it_counted() {
    let house = House::new();
    let counted = house
        .get("/v1/events/histogram?from=now-2h&interval=hour")
        .ok();
    let micros = |name: &str| {
        let text = counted[name].as_str().unwrap();
        text.parse::<jiff::Timestamp>().unwrap().as_microsecond()
    };
    assert_eq!(micros("to") - micros("from"), 2 * 3_600_000_000);
    let exact = "/v1/events/histogram?from=2026-01-01T10:20:30.000001Z&to=2026-01-01T11:00:00.5Z";
    let counted = house.get(exact).ok();
    assert_eq!(counted["from"], "2026-01-01T10:20:30.000001Z");
    assert_eq!(counted["to"], "2026-01-01T11:00:00.500000Z");
}

#[test]
fn completion_knows_fields_and_values() {
    let house = House::new();
    send(&house, 4);
    let texts = |path: &str| -> Vec<String> {
        let answer = house.get(path).ok();
        let list = answer["suggestions"].as_array().unwrap();
        list.iter()
            .map(|it: &Value| it["text"].as_str().unwrap().to_owned())
            .collect()
    };
    assert!(texts("/v1/events/complete?q=acti").contains(&"action:".to_owned()));
    assert_eq!(
        texts("/v1/events/complete?q=action:cus"),
        ["action:customer.update"]
    );
    assert!(texts("/v1/events/complete?q=login+severity:hi").contains(&"severity:high".to_owned()));
}

/// Every line of `/metrics` is a comment or a number of a family that was described before it, with
/// a name that says its unit; counters end with `_total`.
fn hold_to_conventions(text: &str) {
    let mut kinds = std::collections::HashMap::new();
    let mut described = std::collections::HashSet::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(described.insert(name.to_owned()), "{name} twice");
            assert!(!help.is_empty(), "{name}");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
            kinds.insert(name.to_owned(), kind.to_owned());
        } else {
            let end = line.find(['{', ' ']).unwrap();
            let name = &line[..end];
            let family = ["_bucket", "_sum", "_count", ""]
                .iter()
                .filter_map(|end| name.strip_suffix(end))
                .find(|name| kinds.contains_key(*name))
                .unwrap_or_else(|| panic!("{name} has no TYPE"));
            assert!(described.contains(family), "{name} has no HELP");
            assert!(family.starts_with("annals_"), "{name}");
            let number = line.rsplit(' ').next().unwrap();
            assert!(number.parse::<f64>().is_ok(), "{line}");
        }
    }
}

#[test]
fn background_work_and_what_waits_is_counted() {
    let house = House::new();
    hold_to_conventions(house.get("/metrics").text());
    let task = |family: &str, task: &str| {
        house.metric(&format!("annals_background_{family}{{task=\"{task}\"}}"))
    };
    let of_main = |family: &str, label: &str| {
        house.metric(&format!("annals_{family}{{tenant=\"main\"{label}}}"))
    };
    assert_eq!(task("done_total", "seal"), 0.0);
    assert_eq!(of_main("ledger_parts", ",packing=\"fresh\""), 0.0);
    // A journal file is closed when it has 50,000 events and another one comes, and soon sealed.
    for batch in 0..6 {
        let event = |n| event(&format!("{batch}-{n}"), "login");
        let events: Vec<String> = (0..if batch < 5 { 10_000 } else { 1 }).map(event).collect();
        house
            .post("/v1/events", format!("[{}]", events.join(",")))
            .ok();
    }
    house.wait_metric("annals_background_done_total{task=\"seal\"}", 1.0);
    let parts = of_main("ledger_parts", ",packing=\"fresh\"");
    assert!(parts >= 1.0);
    house.wait_metric(
        "annals_index_parts{tenant=\"main\",state=\"indexed\"}",
        parts,
    );
    house.wait_metric(
        "annals_background_waiting{tenant=\"main\",task=\"index\"}",
        0.0,
    );
    assert_eq!(task("done_total", "index"), parts);
    assert_eq!(task("failed_total", "seal"), 0.0);
    assert_eq!(
        of_main("ledger_part_bytes", ",packing=\"fresh\""),
        task("written_bytes_total", "seal")
    );
    assert_eq!(
        of_main("index_bytes", ""),
        task("written_bytes_total", "index")
    );
    assert!(task("cpu_seconds_total", "seal") > 0.0);
    assert!(task("cpu_seconds_total", "index") > 0.0);
    assert_eq!(of_main("background_waiting", ",task=\"seal\""), 0.0);
    assert!(of_main("background_waiting", ",task=\"recompress\"") >= 1.0);
    house.wait_metric("annals_background_running{task=\"index\"}", 0.0);
    hold_to_conventions(house.get("/metrics").text());
}

#[test]
fn health_readiness_metrics_and_docs_answer() {
    let house = House::new();
    send(&house, 1);
    let without = |path: &str| house.ask("GET", path, "", &[], b"");
    assert_eq!(without("/healthz").ok()["status"], "ok");
    assert_eq!(without("/readyz").ok()["ready"], true);
    let metrics = without("/metrics");
    assert!(
        metrics.text().contains("annals_events_accepted_total 1"),
        "{}",
        metrics.text()
    );
    let proxied = house.ask(
        "GET",
        "/metrics",
        "",
        &[("x-forwarded-for", "203.0.113.9")],
        b"",
    );
    proxied.problem(401, "unauthorized");
    assert_eq!(without("/").status, 307);
    assert_eq!(without("/docs/").status, 200);
    assert_eq!(without("/openapi.json").ok()["info"]["title"], "Annals");
}
