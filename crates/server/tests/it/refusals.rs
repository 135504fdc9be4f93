//! Bad input: a clear refusal, and nothing changed.

use std::io::Write;

use server::AdminRequest;

use crate::harness::{Answer, House, event};

/// Sends a body and expects a problem; nothing may have been kept.
#[track_caller]
fn check_refused(house: &House, body: &[u8], status: u16, code: &str, field: Option<&str>) {
    let before = house.get("/v1/events?own=include").ok()["as_of"].clone();
    let problem = house.post("/v1/events", body).problem(status, code);
    if let Some(field) = field {
        assert_eq!(problem["field"], field, "{problem}");
    }
    assert_eq!(house.get("/v1/events?own=include").ok()["as_of"], before);
}

#[test]
fn bad_events_are_refused_by_name() {
    let house = House::new();
    let check = |body: &[u8], status, code, field| check_refused(&house, body, status, code, field);
    let actor = r#""actor":{"id":"u"}"#;
    check(b"{\"action\":", 422, "malformed_json", None);
    check(b"", 422, "malformed_json", None);
    check(b"[{]", 422, "malformed_json", None);
    check(
        br#"{"action":"a","actr":1}"#,
        422,
        "unknown_field",
        Some("/actr"),
    );
    check(
        format!(r#"{{"action":"a","action":"b",{actor}}}"#).as_bytes(),
        422,
        "duplicate_key",
        None,
    );
    check(
        format!(r#"{{"action":"\ud800",{actor}}}"#).as_bytes(),
        422,
        "lone_surrogate",
        None,
    );
    check(
        format!(r#"{{"action":"\u0000",{actor}}}"#).as_bytes(),
        422,
        "nul",
        None,
    );
    check(
        b"{\"action\":\"\xff\",\"actor\":{\"id\":\"u\"}}",
        422,
        "invalid_utf8",
        None,
    );
    let deep = format!(
        r#"{{"action":"a",{actor},"metadata":{{"x":{}{}}}}}"#,
        "[".repeat(40),
        "]".repeat(40)
    );
    check(deep.as_bytes(), 422, "too_deep", None);
    let large = format!(
        r#"{{"action":"a",{actor},"message":"{}"}}"#,
        "x".repeat(70_000)
    );
    check(large.as_bytes(), 413, "too_large", None);
    let old = format!(r#"{{"action":"a",{actor},"occurred_at":"1969-12-31T23:59:59Z"}}"#);
    check(
        old.as_bytes(),
        422,
        "time_out_of_range",
        Some("/occurred_at"),
    );
    let ahead = format!(r#"{{"action":"a",{actor},"occurred_at":"2099-01-01T00:00:00Z"}}"#);
    check(
        ahead.as_bytes(),
        422,
        "time_out_of_range",
        Some("/occurred_at"),
    );
    check(
        format!(r#"{{"action":"annals.x",{actor}}}"#).as_bytes(),
        422,
        "reserved",
        Some("/action"),
    );
    check(
        format!(r#"{{"action":"a",{actor},"sequence":1}}"#).as_bytes(),
        422,
        "reserved",
        None,
    );
    let wrong = format!(r#"{{"action":"a",{actor},"severity":"hihg"}}"#);
    check(wrong.as_bytes(), 422, "wrong_value", Some("/severity"));
    let problem = house.post("/v1/events", &wrong).json();
    assert!(
        problem.to_string().contains("high"),
        "the nearest word is missing: {problem}"
    );
}

#[test]
fn an_id_with_other_content_is_refused_by_name() {
    let house = House::new();
    let first = house.post("/v1/events", event("x-1", "login")).ok();
    let problem = house
        .post("/v1/events", event("x-1", "logout"))
        .problem(409, "id_conflict");
    assert_eq!(problem["existing"], first["sequence"]);
    assert_eq!(problem["field"], "/id");
}

#[test]
fn a_batch_that_is_all_wrong_is_422() {
    let house = House::new();
    let answer = house.post("/v1/events", r#"[{"a":1},{"action":7}]"#);
    assert_eq!(answer.status, 422);
    assert_eq!(answer.json()["rejected"].as_array().unwrap().len(), 2);
}

#[test]
fn bodies_that_are_too_much_are_refused() {
    let house = House::new();
    let many = format!("[{}{}]", "{},".repeat(10_000), "{}");
    house
        .post("/v1/events", many)
        .problem(413, "too_many_events");
    let post = |headers: &[(&str, &str)], body: &[u8]| {
        house.ask("POST", "/v1/events", &house.key, headers, body)
    };
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let piece = vec![b' '; 1 << 20];
    for _ in 0..65 {
        bomb.write_all(&piece).unwrap();
    }
    post(&[("content-encoding", "gzip")], &bomb.finish().unwrap()).problem(413, "body_too_large");
    let zeros = vec![b' '; 65 << 20];
    let bomb = zstd::encode_all(&zeros[..], 1).unwrap();
    post(&[("content-encoding", "zstd")], &bomb).problem(413, "body_too_large");
    post(&[("content-encoding", "gzip")], b"no gzip").problem(400, "broken_encoding");
    post(&[("content-encoding", "zstd")], b"no zstd").problem(400, "broken_encoding");
    post(&[("content-encoding", "br")], b"x").problem(415, "unsupported_media_type");
    post(&[("content-type", "text/xml")], b"<a/>").problem(415, "unsupported_media_type");
}

#[test]
fn a_body_larger_than_the_limit_is_refused_by_its_announced_length() {
    let house = House::new();
    let mut stream = house.connect();
    let head = format!(
        "POST /v1/events HTTP/1.1\r\nhost: t\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n",
        house.key,
        17 << 20
    );
    stream.write_all(head.as_bytes()).unwrap();
    let answer = Answer::read(&mut std::io::BufReader::new(stream)).unwrap();
    answer.problem(413, "body_too_large");
}

#[test]
fn wrong_queries_say_where_and_how() {
    let house = House::new();
    let problem = house
        .get("/v1/events?q=action:login+sverity:high")
        .problem(400, "invalid_query");
    assert_eq!(problem["position"], 13);
    assert!(problem["hint"].is_string(), "{problem}");
    house.get("/v1/events?q=(").problem(400, "invalid_query");
    house
        .get("/v1/events/tail?q=(")
        .problem(400, "invalid_query");
    house
        .get("/v1/events/export?q=(")
        .problem(400, "invalid_query");
}

#[test]
fn wrong_parameters_are_named() {
    let house = House::new();
    for (path, named) in [
        ("/v1/events?limt=5", "limt"),
        ("/v1/events?limit=0", "limit"),
        ("/v1/events?limit=1001", "limit"),
        ("/v1/events?limit=x", "limit"),
        ("/v1/events?order=up", "up"),
        ("/v1/events?from=someday", "from"),
        ("/v1/events?tz=Mars/Olympus", "tz"),
        ("/v1/events/export?format=xml", "xml"),
        ("/v1/events/top?field=nothing", "nothing"),
        ("/v1/events/top", "field"),
        (
            "/v1/events/histogram?interval=minute&from=2000-01-01",
            "interval",
        ),
        ("/v1/events/histogram?split=nothing", "nothing"),
    ] {
        let problem = house.get(path).problem(400, "invalid_parameter");
        assert!(problem.to_string().contains(named), "{path}: {problem}");
    }
}

#[test]
fn a_cursor_of_another_search_is_refused() {
    let house = House::new();
    for number in 0..3 {
        house
            .post("/v1/events", event(&format!("y-{number}"), "login"))
            .ok();
    }
    let page = house.get("/v1/events?limit=1").ok();
    let cursor = page["next_cursor"].as_str().unwrap();
    house
        .get(&format!("/v1/events?limit=1&cursor={cursor}"))
        .ok();
    let other = house.get(&format!("/v1/events?limit=1&q=login&cursor={cursor}"));
    assert_eq!(other.problem(400, "invalid_cursor")["field"], "cursor");
    house
        .get("/v1/events?cursor=nonsense")
        .problem(400, "invalid_cursor");
}

#[test]
fn without_a_key_or_scope_or_tenant_nothing_is_told() {
    let house = House::new();
    house
        .administer(AdminRequest::TenantCreate {
            name: "acme".into(),
        })
        .unwrap();
    let acme = house.key("acme", "events:read,ledger:read");
    let reader = house.key("main", "events:read");
    let with = |path: &str, key: &str| house.ask("GET", path, key, &[], b"");

    let refused = with("/v1/events", "");
    refused.problem(401, "unauthorized");
    assert_eq!(refused.header("www-authenticate"), "Bearer");
    with("/v1/events", "ann_nonsense").problem(401, "unauthorized");
    let unknown = format!("ann_{}", "0".repeat(43));
    with("/v1/events", &unknown).problem(401, "unauthorized");

    house
        .ask("POST", "/v1/events", &reader, &[], b"{}")
        .problem(403, "missing_scope");
    with("/log/main/checkpoint", &reader).problem(403, "missing_scope");
    with("/v1/events/0/proof", &reader).problem(403, "missing_scope");
    with("/metrics", &reader).problem(403, "missing_scope");

    with("/v1/events?tenant=main", &reader).ok();
    with("/v1/events?tenant=acme", &reader).problem(404, "not_found");
    with("/v1/events?tenant=nobody", &reader).problem(404, "not_found");
    with("/log/main/checkpoint", &acme).problem(404, "not_found");
    with("/log/nobody/checkpoint", &acme).problem(404, "not_found");
    with("/log/main/checkpoint", "").problem(401, "unauthorized");
    assert_eq!(with("/log/acme/checkpoint", &acme).status, 200);
}

#[test]
fn unknown_routes_and_methods_are_problems_too() {
    let house = House::new();
    house.get("/v1/nothing").problem(404, "no_route");
    house.get("/nothing").problem(404, "no_route");
    let refused = house.ask("DELETE", "/v1/events", &house.key, &[], b"");
    refused.problem(405, "method_not_allowed");
    assert!(refused.header("allow").contains("POST"), "{refused:?}");
    house
        .get("/v1/events/LOG-1999-0000000")
        .problem(404, "not_found");
    house.get("/v1/events/999999").problem(404, "not_found");
    house.get("/v1/events/abc").problem(404, "not_found");
}

#[test]
fn a_sane_request_id_comes_back_and_another_does_not() {
    let house = House::new();
    let ask = |id: &str| {
        let answer = house.ask("GET", "/healthz", "", &[("x-request-id", id)], b"");
        answer.header("x-request-id").to_owned()
    };
    assert_eq!(ask("trace-1.a_b"), "trace-1.a_b");
    assert!(ask("<script>").starts_with("req_"));
    assert!(ask(&"x".repeat(65)).starts_with("req_"));
}

#[test]
fn a_second_server_on_the_folder_is_refused() {
    let house = House::new();
    let settings = server::Settings {
        data: Some(house.data.clone()),
        listen: Some("127.0.0.1:0".to_owned()),
        ..server::Settings::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let second = runtime.block_on(server::Server::start(settings.into_config().unwrap()));
    let error = second.err().expect("two servers on one folder").to_string();
    assert!(error.contains("another Annals"), "{error}");
}
