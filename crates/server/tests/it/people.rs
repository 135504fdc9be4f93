//! People: set-up, sign-in, sessions, roles, invitations, and that each of them leaves an event.

use std::io::{BufReader, Write};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use server::AdminRequest;

use crate::browser::{Browser, PASSWORD, make_user, token_of, told};
use crate::harness::{House, event, read_until, request};

fn setup_body(token: &str) -> serde_json::Value {
    json!({
        "token": token, "name": "Ann Smith", "email": "Ann@example.com", "password": PASSWORD,
        "organization": "Example Works", "time_zone": "Europe/Berlin",
    })
}

#[test]
fn the_first_run_ends_with_an_owner_a_key_and_an_event() {
    let house = House::new();
    let browser = Browser::new(&house);
    for page in ["/setup", "/welcome.js", "/welcome.css"] {
        let answer = browser.get(page);
        assert_eq!(answer.status, 200, "{page}");
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("script-src 'self'") && !policy.contains("unsafe"),
            "{policy}"
        );
    }
    assert_eq!(browser.get("/v1/setup").ok()["needed"], true);
    browser.get("/v1/session").problem(401, "unauthorized");

    let mut weak = setup_body(&house.setup_token);
    weak["password"] = json!("password1234");
    browser
        .post("/v1/setup", &weak)
        .problem(422, "password_weak");
    let wrong = setup_body(&"x".repeat(43));
    browser
        .post("/v1/setup", &wrong)
        .problem(404, "link_unknown");

    let answer = browser.post("/v1/setup", &setup_body(&house.setup_token));
    let cookie = answer.header("set-cookie").to_owned();
    for part in [
        "__Host-annals=",
        "HttpOnly",
        "SameSite=Lax",
        "Secure",
        "Path=/",
    ] {
        assert!(cookie.contains(part), "{part} is missing in {cookie}");
    }
    let session = answer.ok();
    assert_eq!(session["person"]["email"], "ann@example.com");
    assert_eq!(session["tenants"][0]["role"], "owner");
    assert_eq!(session["tenants"][0]["organization"], "Example Works");
    assert_eq!(browser.get("/v1/setup").ok()["needed"], false);
    browser
        .post("/v1/setup", &setup_body(&house.setup_token))
        .problem(409, "owner_exists");

    let made = browser
        .post(
            "/v1/keys",
            &json!({"name": "first", "scopes": ["events:write"]}),
        )
        .ok();
    let text = made["text"].as_str().unwrap();
    let json = [("content-type", "application/json")];
    house
        .ask(
            "POST",
            "/v1/events",
            text,
            &json,
            event("e-1", "customer.update").as_bytes(),
        )
        .ok();
    assert_eq!(browser.get("/v1/events").ok()["total"], 1);
    let keys = browser.get("/v1/keys").ok();
    let used = keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["id"] == made["key"]["id"]);
    assert_eq!(used.unwrap()["last_used_from"], "127.0.0.1");
    for action in [
        "annals.setup.complete",
        "annals.session.create",
        "annals.key.create",
        "annals.event.search",
        "annals.config.read",
    ] {
        let found = told(&house, &house.key, action);
        let by_ann = found
            .iter()
            .find(|it| it["actor"]["email"] == "ann@example.com");
        let by_ann = by_ann.unwrap_or_else(|| panic!("{action} was not told"));
        assert_eq!(by_ann["kind"], 1);
        assert_eq!(by_ann["client"]["ip"], "127.0.0.1", "{by_ann}");
        assert!(by_ann["request_id"].is_string() && by_ann["session_id"].is_string());
    }
}

#[test]
fn a_browser_on_this_machine_gets_a_cookie_it_can_keep() {
    let house = House::new();
    let mut stream = house.connect();
    let body = setup_body(&house.setup_token).to_string();
    let host = house.address.to_string();
    let headers = [("content-type", "application/json")];
    let text = request("POST", "/v1/setup", "", &headers, body.as_bytes());
    let text = String::from_utf8(text)
        .unwrap()
        .replace("host: test", &format!("host: {host}"));
    stream.write_all(text.as_bytes()).unwrap();
    let answer = crate::harness::Answer::read(&mut BufReader::new(stream)).unwrap();
    let cookie = answer.header("set-cookie");
    assert!(
        cookie.starts_with("annals_session=") && !cookie.contains("Secure"),
        "{cookie}"
    );
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"));
}

#[test]
fn unknown_accounts_and_wrong_passwords_get_one_answer() {
    let house = House::new();
    let _ann = Browser::signed_in(&house, "ann@example.com", "viewer", "main");
    let browser = Browser::new(&house);
    let mut answers = Vec::new();
    for email in ["ann@example.com", "nobody@example.com", "no address"] {
        let begun = Instant::now();
        let body = json!({"email": email, "password": "wrong wrong wrong"});
        let mut problem = browser
            .post("/v1/session", &body)
            .problem(401, "sign_in_failed");
        assert!(
            begun.elapsed() >= Duration::from_millis(250),
            "{:?}",
            begun.elapsed()
        );
        problem["request_id"] = json!(null);
        answers.push(problem);
    }
    assert!(
        answers.windows(2).all(|pair| pair[0] == pair[1]),
        "{answers:?}"
    );
    let failures = told(&house, &house.key, "annals.session.failure");
    assert_eq!(failures.len(), 3, "{failures:?}");
    assert!(!format!("{failures:?}").contains("nobody@example.com"));
    house
        .ask(
            "POST",
            "/v1/session",
            "",
            &[("content-type", "text/plain")],
            b"{}",
        )
        .problem(403, "cross_site");
}

#[test]
fn ten_failures_close_an_account_to_whoever_failed() {
    let house = House::new();
    let _ann = Browser::signed_in(&house, "ann@example.com", "viewer", "main");
    let wrong = json!({"email": "ann@example.com", "password": "wrong wrong wrong"});
    std::thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| {
                Browser::new(&house)
                    .post("/v1/session", &wrong)
                    .problem(401, "sign_in_failed")
            });
        }
    });
    let right = json!({"email": "ann@example.com", "password": PASSWORD});
    let refused = Browser::new(&house).post("/v1/session", &right);
    refused.problem(429, "too_many_failures");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 60);
    let failures = told(&house, &house.key, "annals.session.failure");
    assert_eq!(failures.len(), 1, "one a minute, with a count later");
}

#[test]
fn the_right_password_from_elsewhere_still_works() {
    let house = House::with(server::Settings {
        trusted_proxies: Some(vec!["127.0.0.1".to_owned()]),
        ..server::Settings::default()
    });
    let _ann = Browser::signed_in(&house, "ann@example.com", "viewer", "main");
    let attempt = |from: &str, password: &str| {
        let body = json!({"email": "ann@example.com", "password": password}).to_string();
        let headers = [
            ("content-type", "application/json"),
            ("x-forwarded-for", from),
        ];
        house.ask("POST", "/v1/session", "", &headers, body.as_bytes())
    };
    std::thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| attempt("203.0.113.7", "wrong wrong wrong"));
        }
    });
    attempt("203.0.113.7", PASSWORD).problem(429, "too_many_failures");
    attempt("198.51.100.4", PASSWORD).ok();
}

#[test]
fn a_cookie_from_before_the_end_is_refused() {
    let house = House::new();
    let _owner = Browser::signed_in(&house, "owner@example.com", "owner", "main");
    let sign_in = || {
        let browser = Browser::new(&house);
        browser
            .post(
                "/v1/session",
                &json!({"email": "ann@example.com", "password": PASSWORD}),
            )
            .ok();
        browser
    };
    let first = Browser::signed_in(&house, "ann@example.com", "viewer", "main");
    let cookie = first.cookie();
    assert_eq!(first.ask("DELETE", "/v1/session", None).status, 204);
    let old = Browser::with_cookie(&house, &cookie);
    old.get("/v1/session").problem(401, "unauthorized");
    old.get("/v1/events").problem(401, "unauthorized");

    let (second, third) = (sign_in(), sign_in());
    let change = json!({"current": PASSWORD, "new": "another violet tractor entirely"});
    assert_eq!(second.post("/v1/me/password", &change).status, 204);
    third.get("/v1/me").problem(401, "unauthorized");
    second.get("/v1/me").ok();
    assert_eq!(
        second.get("/v1/me/sessions").ok()["sessions"]
            .as_array()
            .unwrap()
            .len(),
        1
    );

    house
        .administer(AdminRequest::UserState {
            tenant: "main".into(),
            email: "ann@example.com".into(),
            active: false,
        })
        .unwrap();
    second.get("/v1/me").problem(401, "unauthorized");
    let body = json!({"email": "ann@example.com", "password": "another violet tractor entirely"});
    Browser::new(&house)
        .post("/v1/session", &body)
        .problem(401, "sign_in_failed");
}

#[test]
fn sessions_survive_a_restart_and_the_demo_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let house = House::on(&data, server::Settings::default());
    let cookie = Browser::signed_in(&house, "ann@example.com", "owner", "main").cookie();
    house.stop();
    let house = House::on(&data, server::Settings::default());
    Browser::with_cookie(&house, &cookie)
        .get("/v1/session")
        .ok();
    assert!(house.setup_token.is_empty(), "there is an owner");
}

#[test]
fn the_demo_signs_in_without_a_password_on_this_machine_alone() {
    let house = House::demo();
    let body = json!({"token": house.demo_token}).to_string();
    let attempt = |host: &str| {
        let mut stream = house.connect();
        let headers = [("content-type", "application/json")];
        let text = request("POST", "/v1/session/link", "", &headers, body.as_bytes());
        let text = String::from_utf8(text)
            .unwrap()
            .replace("host: test", &format!("host: {host}"));
        stream.write_all(text.as_bytes()).unwrap();
        crate::harness::Answer::read(&mut BufReader::new(stream)).unwrap()
    };
    attempt("log.example.com").problem(404, "link_unknown");
    assert_eq!(
        attempt("127.0.0.1:7070").ok()["tenants"][0]["role"],
        "owner"
    );
    assert_eq!(
        attempt("localhost:7070").status,
        200,
        "it works while the demo runs"
    );
}

#[test]
fn an_invitation_works_once_and_gives_its_role() {
    let house = House::new();
    let owner = Browser::signed_in(&house, "owner@example.com", "owner", "main");
    let admin = Browser::signed_in(&house, "admin@example.com", "admin", "main");
    let asked = json!({"email": "New@example.com", "role": "auditor", "role_until": "2099-01-01T00:00:00Z"});
    let made = owner.post("/v1/invitations", &asked).ok();
    let token = token_of(made["link"].as_str().unwrap());
    let browser = Browser::new(&house);
    let look = browser
        .post("/v1/invitations/look", &json!({"token": token}))
        .ok();
    assert_eq!(
        (&look["role"], &look["has_account"]),
        (&json!("auditor"), &json!(false))
    );
    let accept = json!({"token": token, "name": "New", "password": PASSWORD});
    let session = browser.post("/v1/invitations/accept", &accept).ok();
    assert_eq!(session["tenants"][0]["role"], "auditor");
    Browser::new(&house)
        .post("/v1/invitations/accept", &accept)
        .problem(410, "link_used");
    owner
        .post("/v1/invitations", &asked)
        .problem(409, "email_taken");

    let wanted = json!({"email": "boss@example.com", "role": "owner"});
    admin
        .post("/v1/invitations", &wanted)
        .problem(403, "above_own_role");
    let people = owner.get("/v1/people").ok();
    let id = |email: &str| {
        let people = people["people"].as_array().unwrap();
        let found = people.iter().find(|it| it["email"] == email).unwrap();
        found["id"].as_str().unwrap().to_owned()
    };
    let path = format!("/v1/people/{}", id("owner@example.com"));
    admin
        .ask("PATCH", &path, Some(&json!({"role": "viewer"})))
        .problem(403, "above_own_role");
    owner
        .ask("PATCH", &path, Some(&json!({"role": "viewer"})))
        .problem(409, "last_owner");
    owner.ask("DELETE", &path, None).problem(409, "last_owner");
    let path = format!("/v1/people/{}", id("new@example.com"));
    owner
        .ask("PATCH", &path, Some(&json!({"role": "viewer"})))
        .ok();
    browser.get("/v1/me").problem(401, "unauthorized");
    let taken_back = owner
        .post(
            "/v1/invitations",
            &json!({"email": "x@example.com", "role": "viewer"}),
        )
        .ok();
    let path = format!(
        "/v1/invitations/{}",
        taken_back["invitation"]["id"].as_str().unwrap()
    );
    assert_eq!(owner.ask("DELETE", &path, None).status, 204);
    let token = token_of(taken_back["link"].as_str().unwrap());
    browser
        .post("/v1/invitations/look", &json!({"token": token}))
        .problem(404, "link_unknown");
}

#[test]
fn nobody_resets_a_password_that_opens_more_than_they_may() {
    let house = House::new();
    house
        .administer(AdminRequest::TenantCreate {
            name: "acme".into(),
        })
        .unwrap();
    let _boss = Browser::signed_in(&house, "boss@example.com", "owner", "main");
    let request = AdminRequest::UserCreate {
        tenant: "acme".into(),
        name: "Boss".into(),
        email: "boss@example.com".into(),
        role: "viewer".into(),
        role_until: None,
    };
    house.administer(request).unwrap();
    let acme = Browser::signed_in(&house, "acme@example.com", "owner", "acme");
    let people = acme.get("/v1/people").ok();
    let boss = people["people"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["email"] == "boss@example.com");
    let path = format!("/v1/people/{}/reset", boss.unwrap()["id"].as_str().unwrap());
    acme.post(&path, &json!({})).problem(403, "above_own_role");
}

#[test]
fn a_tail_ends_within_seconds_of_the_sessions_end() {
    let house = House::new();
    let ann = Browser::signed_in(&house, "ann@example.com", "viewer", "main");
    let cookie = ann.cookie();
    let mut stream = house.connect();
    stream
        .write_all(&request(
            "GET",
            "/v1/events/tail",
            "",
            &[("cookie", &cookie)],
            b"",
        ))
        .unwrap();
    read_until(&mut stream, ": following");
    assert_eq!(ann.ask("DELETE", "/v1/session", None).status, 204);
    let begun = Instant::now();
    read_until(&mut stream, "0\r\n\r\n");
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn a_tenant_is_deleted_by_two_owners() {
    let house = House::new();
    let first = Browser::signed_in(&house, "first@example.com", "owner", "main");
    first
        .post(
            "/v1/tenants",
            &json!({"name": "acme", "organization": "Acme"}),
        )
        .ok();
    first.get("/v1/events").problem(400, "tenant_required");
    first.get("/v1/events?tenant=acme").ok();
    let alone = first.post("/v1/tenants/acme/deletion", &json!({}));
    let problem = alone.problem(409, "needs_second_owner");
    assert!(
        problem["hint"]
            .as_str()
            .unwrap()
            .contains("annals tenant delete"),
        "{problem}"
    );
    let second = Browser::signed_in(&house, "second@example.com", "owner", "acme");
    first
        .post("/v1/tenants/acme/deletion/confirm", &json!({}))
        .problem(409, "conflict");
    first.post("/v1/tenants/acme/deletion", &json!({})).ok();
    first
        .post("/v1/tenants/acme/deletion/confirm", &json!({}))
        .problem(409, "needs_second_owner");
    first.post("/v1/tenants/acme/suspend", &json!({})).ok();
    second.get("/v1/events").problem(403, "tenant_suspended");
    first.post("/v1/tenants/acme/resume", &json!({})).ok();
    assert_eq!(
        second
            .post("/v1/tenants/acme/deletion/confirm", &json!({}))
            .status,
        204
    );
    first
        .get("/v1/events?tenant=acme")
        .problem(404, "not_found");
    second.get("/v1/session").problem(401, "unauthorized");
    assert!(house.data.join("ledgers/acme/last-checkpoint").exists());
    assert!(!house.data.join("ledgers/acme/key").exists());
}

#[test]
fn a_key_is_rotated_pinned_and_kept_within_its_own_scopes() {
    let house = House::new();
    let owner = Browser::signed_in(&house, "owner@example.com", "owner", "main");
    let asked = json!({"name": "shop", "scopes": ["events:write"], "app": "shop", "environment": "production"});
    let made = owner.post("/v1/keys", &asked).ok();
    let text = made["text"].as_str().unwrap();
    let json_body = [("content-type", "application/json")];
    let send =
        |key: &str, body: &str| house.ask("POST", "/v1/events", key, &json_body, body.as_bytes());
    let other = r#"{"action":"a","actor":{"id":"u"},"source":{"app":"crm"}}"#;
    let problem = send(text, other).problem(422, "wrong_value");
    assert_eq!(problem["field"], "/source/app");
    let placed = send(text, &event("pin-1", "order.create")).ok();
    let stored = house
        .get(&format!("/v1/events/{}", placed["sequence"]))
        .ok();
    assert_eq!(stored["source"]["app"], "shop");

    let path = format!("/v1/keys/{}/rotate", made["key"]["id"].as_str().unwrap());
    let next = owner.post(&path, &json!({"overlap_hours": 1})).ok();
    assert_eq!(next["key"]["replaces"], made["key"]["id"]);
    assert_eq!(next["key"]["app"], "shop");
    send(text, &event("pin-2", "order.create")).ok();
    send(
        next["text"].as_str().unwrap(),
        &event("pin-3", "order.create"),
    )
    .ok();
    let path = format!("/v1/keys/{}/rotate", next["key"]["id"].as_str().unwrap());
    owner.post(&path, &json!({"overlap_hours": 0})).ok();
    send(
        next["text"].as_str().unwrap(),
        &event("pin-4", "order.create"),
    )
    .problem(401, "unauthorized");

    let admin_key = house.key("main", "admin,events:read");
    let ask = |method: &str, path: &str, body: serde_json::Value| {
        house.ask(
            method,
            path,
            &admin_key,
            &json_body,
            body.to_string().as_bytes(),
        )
    };
    ask(
        "POST",
        "/v1/keys",
        json!({"name": "r", "scopes": ["events:read"]}),
    )
    .ok();
    ask(
        "POST",
        "/v1/keys",
        json!({"name": "w", "scopes": ["events:write"]}),
    )
    .problem(403, "missing_scope");
    let path = format!("/v1/keys/{}", made["key"]["id"].as_str().unwrap());
    ask("DELETE", &path, json!({})).problem(403, "missing_scope");
    ask("GET", "/v1/people", json!({})).problem(403, "needs_person");
    ask(
        "POST",
        "/v1/tenants",
        json!({"name": "x", "organization": "X"}),
    )
    .problem(403, "needs_person");
}

#[test]
fn another_site_cannot_use_the_cookie() {
    let house = House::new();
    let owner = Browser::signed_in(&house, "owner@example.com", "owner", "main");
    let body = json!({"name": "t"}).to_string();
    let json = ("content-type", "application/json");
    for headers in [
        vec![json],
        vec![json, ("origin", "https://evil.example.com")],
        vec![
            json,
            ("origin", "http://test"),
            ("sec-fetch-site", "cross-site"),
        ],
        vec![("content-type", "text/plain"), ("origin", "http://test")],
    ] {
        owner
            .send("POST", "/v1/teams", &headers, body.as_bytes())
            .problem(403, "cross_site");
    }
    let ours = [json, ("sec-fetch-site", "same-origin")];
    owner.send("POST", "/v1/teams", &ours, body.as_bytes()).ok();
}

#[test]
fn searches_of_a_while_leave_one_event() {
    let house = House::new();
    let ann = Browser::signed_in(&house, "ann@example.com", "viewer", "main");
    std::thread::scope(|scope| {
        for path in [
            "/v1/events?q=actor:x",
            "/v1/events/histogram?q=actor:x&from=2026-01-01",
            "/v1/events/top?field=actor.id&q=actor:x",
        ] {
            let cookie = ann.cookie();
            let house = &house;
            scope.spawn(move || Browser::with_cookie(house, &cookie).get(path).ok());
        }
    });
    ann.get("/v1/events?q=actor:y").ok();
    let told = told(&house, &house.key, "annals.event.search");
    let by_ann: Vec<_> = told
        .iter()
        .filter(|it| it["actor"]["email"] == "ann@example.com")
        .collect();
    assert_eq!(by_ann.len(), 2, "{by_ann:?}");
}

#[test]
fn what_a_person_changes_in_two_places_at_once_is_all_kept() {
    let house = House::new();
    let ann = Browser::signed_in(&house, "ann@example.com", "viewer", "main");
    let new = "another violet tractor entirely";
    std::thread::scope(|scope| {
        for tab in 0..8 {
            let cookie = ann.cookie();
            let house = &house;
            scope.spawn(move || {
                let tab_of_ann = Browser::with_cookie(house, &cookie);
                for turn in 0..4 {
                    let mut some = json!({});
                    some[format!("{tab}-{turn}")] = json!(turn);
                    let path = "/v1/me/preferences";
                    tab_of_ann.ask("PATCH", path, Some(&some)).ok();
                }
                let zone = json!({"time_zone": "Europe/Berlin"});
                tab_of_ann.ask("PATCH", "/v1/me", Some(&zone)).ok();
            });
        }
        let change = json!({"current": PASSWORD, "new": new});
        assert_eq!(ann.post("/v1/me/password", &change).status, 204);
    });
    let kept = ann.get("/v1/me/preferences").ok();
    assert_eq!(kept.as_object().unwrap().len(), 32, "{kept}");
    assert_eq!(ann.get("/v1/me").ok()["time_zone"], "Europe/Berlin");
    let anew = json!({"email": "ann@example.com", "password": new});
    Browser::new(&house).post("/v1/session", &anew).ok();
}

#[test]
fn a_preference_and_a_private_search_are_ones_own() {
    let house = House::new();
    let ann = Browser::signed_in(&house, "ann@example.com", "viewer", "main");
    let ben = Browser::signed_in(&house, "ben@example.com", "admin", "main");
    let prefs = json!({"theme": "dark", "columns": ["action"]});
    ann.ask("PUT", "/v1/me/preferences", Some(&prefs)).ok();
    assert_eq!(ann.get("/v1/session").ok()["preferences"], prefs);
    let large = json!({"x": "y".repeat(20_000)});
    ann.ask("PUT", "/v1/me/preferences", Some(&large))
        .problem(422, "invalid_field");
    let patch = |patch: Value| ann.ask("PATCH", "/v1/me/preferences", Some(&patch));
    let merged = patch(json!({"density": "roomy", "columns": null})).ok();
    assert_eq!(merged, json!({"theme": "dark", "density": "roomy"}));
    assert_eq!(ann.get("/v1/me/preferences").ok(), merged);
    patch(large).problem(422, "invalid_field");
    patch(json!([])).problem(422, "invalid_body");
    assert_eq!(ann.get("/v1/session").ok()["preferences"], merged);
    let saved = ann
        .post("/v1/searches", &json!({"name": "Mine", "query": "actor:x"}))
        .ok();
    ann.post("/v1/searches", &json!({"name": "Bad", "query": "actor:("}))
        .problem(400, "invalid_query");
    ann.post(
        "/v1/searches",
        &json!({"name": "All", "query": "a", "shared": true}),
    )
    .problem(403, "missing_role");
    assert_eq!(ben.get("/v1/searches").ok()["searches"], json!([]));
    let path = format!("/v1/searches/{}", saved["id"].as_str().unwrap());
    ben.ask("DELETE", &path, None).problem(404, "not_found");
    ben.post(
        "/v1/searches",
        &json!({"name": "All", "query": "a", "shared": true}),
    )
    .ok();
    assert_eq!(
        ann.get("/v1/searches").ok()["searches"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let teams = ben.get("/v1/teams").ok();
    assert_eq!(teams["teams"].as_array().unwrap().len(), 5);
    ben.post("/v1/teams", &json!({"name": "Security"}))
        .problem(409, "name_taken");
}

#[test]
fn a_reset_link_works_once_and_closes_what_the_old_password_opened() {
    let house = House::new();
    let token = make_user(&house, "ann@example.com", "viewer", "main");
    let weak = json!({"token": token, "password": "short"});
    let browser = Browser::new(&house);
    browser
        .post("/v1/reset", &weak)
        .problem(422, "password_weak");
    let good = json!({"token": token, "password": PASSWORD});
    browser.post("/v1/reset", &good).ok();
    Browser::new(&house)
        .post("/v1/reset", &good)
        .problem(410, "link_used");
}

#[test]
fn what_the_ledger_cannot_be_told_does_not_happen() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let house = House::on(&data, server::Settings::default());
    house
        .administer(AdminRequest::TenantCreate {
            name: "acme".into(),
        })
        .unwrap();
    let ann = Browser::signed_in(&house, "ann@example.com", "owner", "acme");
    let made = ann.post(
        "/v1/invitations",
        &json!({"email": "x@example.com", "role": "viewer"}),
    );
    let token = token_of(made.ok()["link"].as_str().unwrap());
    let cookie = ann.cookie();
    house.stop();
    let manifest = data.join("ledgers/acme/manifest");
    let whole = std::fs::read(&manifest).unwrap();
    std::fs::write(&manifest, b"damaged").unwrap();

    let house = House::on(&data, server::Settings::default());
    let ann = Browser::with_cookie(&house, &cookie);
    let sign_in = json!({"email": "ann@example.com", "password": PASSWORD});
    let guest = Browser::new(&house);
    guest
        .post("/v1/session", &sign_in)
        .problem(503, "not_recorded");
    assert!(guest.cookie().is_empty());
    let accept = json!({"token": token, "name": "X", "password": PASSWORD});
    guest
        .post("/v1/invitations/accept", &accept)
        .problem(503, "not_recorded");
    ann.get("/v1/people").problem(503, "not_recorded");
    ann.post("/v1/teams", &json!({"name": "Lost"}))
        .problem(503, "not_recorded");
    ann.ask("PATCH", "/v1/me", Some(&json!({"name": "Lost"})))
        .problem(503, "not_recorded");
    assert_eq!(ann.get("/v1/events").status, 503);
    assert_eq!(house.get("/healthz").status, 200);
    assert_eq!(ann.ask("DELETE", "/v1/session", None).status, 204);
    Browser::with_cookie(&house, &cookie)
        .get("/v1/me")
        .problem(401, "unauthorized");
    house.stop();

    std::fs::write(&manifest, whole).unwrap();
    let house = House::on(&data, server::Settings::default());
    let guest = Browser::new(&house);
    let session = guest.post("/v1/session", &sign_in).ok();
    assert_eq!(session["person"]["name"], "ann");
    assert_eq!(
        guest.get("/v1/teams").ok()["teams"]
            .as_array()
            .unwrap()
            .len(),
        5
    );
    // The link was not used up.
    Browser::new(&house)
        .post("/v1/invitations/accept", &accept)
        .ok();
}

/// Adds somebody who has an account to another tenant.
fn join(house: &House, email: &str, role: &str, tenant: &str) {
    let request = AdminRequest::UserCreate {
        tenant: tenant.to_owned(),
        name: "Known".to_owned(),
        email: email.to_owned(),
        role: role.to_owned(),
        role_until: None,
    };
    house.administer(request).unwrap();
}

#[test]
fn every_refused_sign_in_compares_one_password() {
    let house = House::new();
    let _ann = Browser::signed_in(&house, "ann@example.com", "viewer", "main");
    let _gone = Browser::signed_in(&house, "gone@example.com", "viewer", "main");
    let _without_password = make_user(&house, "new@example.com", "viewer", "main");
    house
        .administer(AdminRequest::UserState {
            tenant: "main".into(),
            email: "gone@example.com".into(),
            active: false,
        })
        .unwrap();
    let tries = [
        ("ann@example.com", "wrong wrong wrong"),
        ("nobody@example.com", "wrong wrong wrong"),
        ("new@example.com", "wrong wrong wrong"),
        ("gone@example.com", PASSWORD),
        ("no address", "wrong wrong wrong"),
        ("", ""),
        ("ann@example.com", &"wrong ".repeat(1000)),
    ];
    let mut before = house.metric("annals_password_checks_total ");
    for (email, password) in tries {
        let body = json!({"email": email, "password": password});
        Browser::new(&house)
            .post("/v1/session", &body)
            .problem(401, "sign_in_failed");
        let after = house.metric("annals_password_checks_total ");
        assert_eq!(after - before, 1.0, "{email:?}");
        before = after;
    }
}

#[test]
fn a_failed_sign_in_is_told_to_all_tenants_of_the_account_and_to_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let house = House::on(&data, server::Settings::default());
    for name in ["acme", "other", "third"] {
        house
            .administer(AdminRequest::TenantCreate { name: name.into() })
            .unwrap();
    }
    let _ann = Browser::signed_in(&house, "ann@example.com", "viewer", "acme");
    join(&house, "ann@example.com", "viewer", "other");
    let attempt = |house: &House, email: &str| {
        let body = json!({"email": email, "password": "wrong wrong wrong"});
        let answer = Browser::new(house).post("/v1/session", &body);
        let mut problem = answer.problem(401, "sign_in_failed");
        problem["request_id"] = json!(null);
        problem
    };
    attempt(&house, "ann@example.com");
    let failures = |house: &House, tenant: &str| {
        let key = house.key(tenant, "events:read");
        told(house, &key, "annals.session.failure")
    };
    for tenant in ["acme", "other"] {
        let found = failures(&house, tenant);
        assert_eq!(found.len(), 1, "{tenant}: {found:?}");
        assert_eq!(found[0]["actor"]["email"], "ann@example.com");
        assert_eq!(found[0]["outcome"]["result"], "failure");
    }
    for tenant in ["third", "main"] {
        assert!(failures(&house, tenant).is_empty(), "{tenant}");
    }
    house.stop();

    // Where none of them can be told, the answer does not say so: it would tell who has an account.
    for tenant in ["acme", "other"] {
        std::fs::write(data.join(format!("ledgers/{tenant}/manifest")), b"damaged").unwrap();
    }
    let house = House::on(&data, server::Settings::default());
    let known = attempt(&house, "ann@example.com");
    assert_eq!(known, attempt(&house, "nobody@example.com"));
    let found = failures(&house, "main");
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(!format!("{found:?}").contains("ann@example.com"));
}

#[test]
fn a_broken_ledger_of_one_tenant_keeps_nobody_out_of_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let house = House::on(&data, server::Settings::default());
    for name in ["acme", "other"] {
        house
            .administer(AdminRequest::TenantCreate { name: name.into() })
            .unwrap();
    }
    let _ann = Browser::signed_in(&house, "ann@example.com", "owner", "acme");
    join(&house, "ann@example.com", "owner", "other");
    house.stop();
    let manifest = data.join("ledgers/acme/manifest");
    let whole = std::fs::read(&manifest).unwrap();
    std::fs::write(&manifest, b"damaged").unwrap();

    let house = House::on(&data, server::Settings::default());
    let ann = Browser::new(&house);
    let sign_in = json!({"email": "ann@example.com", "password": PASSWORD});
    ann.post("/v1/session", &sign_in).ok();
    ann.post("/v1/session/reauthenticate", &json!({"password": PASSWORD}))
        .ok();
    ann.get("/v1/events?tenant=other").ok();
    ann.post("/v1/teams?tenant=other", &json!({"name": "Night"}))
        .ok();
    for path in ["/v1/events", "/v1/people", "/v1/settings", "/v1/searches"] {
        ann.get(&format!("{path}?tenant=acme"))
            .problem(503, "not_recorded");
    }
    ann.post("/v1/teams?tenant=acme", &json!({"name": "Night"}))
        .problem(503, "not_recorded");
    ann.post("/v1/tenants/acme/suspend", &json!({}))
        .problem(503, "not_recorded");
    let leaving = Browser::new(&house);
    leaving.post("/v1/session", &sign_in).ok();
    assert_eq!(leaving.ask("DELETE", "/v1/session", None).status, 204);
    let other = house.key("other", "events:read");
    assert_eq!(told(&house, &other, "annals.session.create").len(), 2);
    assert_eq!(told(&house, &other, "annals.session.delete").len(), 1);
    let cookie = ann.cookie();
    house.stop();

    std::fs::write(&manifest, whole).unwrap();
    let house = House::on(&data, server::Settings::default());
    let ann = Browser::with_cookie(&house, &cookie);
    ann.get("/v1/events?tenant=acme").ok();
    ann.get("/v1/people?tenant=acme").ok();
    let acme = house.key("acme", "events:read");
    let mut found = told(&house, &acme, "annals.session.create");
    found.retain(|it| it["metadata"]["with"] == "told late");
    assert_eq!(found.len(), 1, "{found:?}");
    let searched = told(&house, &acme, "annals.event.search");
    let searched = searched
        .iter()
        .find(|it| it["session_id"] == found[0]["session_id"]);
    assert!(
        found[0]["sequence"].as_u64() < searched.unwrap()["sequence"].as_u64(),
        "told after the access"
    );
}

#[test]
fn an_older_invitation_changes_no_role() {
    let house = House::new();
    let owner = Browser::signed_in(&house, "owner@example.com", "owner", "main");
    let asked = json!({"email": "ann@example.com", "role": "owner"});
    let link = owner.post("/v1/invitations", &asked).ok()["link"].clone();
    let _ann = Browser::signed_in(&house, "ann@example.com", "viewer", "main");
    let token = token_of(link.as_str().unwrap());
    let accept = json!({"token": token, "name": "Ann", "password": PASSWORD});
    Browser::new(&house)
        .post("/v1/invitations/accept", &accept)
        .problem(404, "link_unknown");
    let people = owner.get("/v1/people").ok();
    assert_eq!(people["invitations"], json!([]));
    let ann = people["people"].as_array().unwrap().iter();
    let mut ann = ann.filter(|it| it["email"] == "ann@example.com");
    assert_eq!(ann.next().unwrap()["role"], "viewer");
}

#[test]
fn a_deleted_tenant_stays_deleted_whoever_asks() {
    let house = House::new();
    let acme = || "acme".to_owned();
    house
        .administer(AdminRequest::TenantCreate { name: acme() })
        .unwrap();
    let (revoked, good) = (
        house.key("acme", "events:read"),
        house.key("acme", "events:read"),
    );
    let keys = house.administer(AdminRequest::KeyList {
        tenant: Some(acme()),
    });
    let Ok(server::AdminAnswer::Keys { keys }) = keys else {
        panic!("{keys:?}");
    };
    let key = keys.iter().find(|key| revoked.starts_with(&key.prefix));
    let id = key.unwrap().id.clone();
    house.administer(AdminRequest::KeyRevoke { id }).unwrap();
    house
        .administer(AdminRequest::TenantDelete { name: acme() })
        .unwrap();
    let ask = |key: &str, path: &str| house.ask("GET", path, key, &[], b"");
    ask(&revoked, "/v1/events").problem(401, "unauthorized");
    ask(&good, "/v1/events").problem(404, "not_found");
    ask(&good, "/v1/events?tenant=main").problem(404, "not_found");
    let mut left: Vec<String> = std::fs::read_dir(house.data.join("ledgers/acme"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, ["last-checkpoint", "vkey"]);
}

/// Makes all passwords of a stopped server's sessions given long ago.
fn let_passwords_grow_old(data: &std::path::Path) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(async {
        let catalog = catalog::Catalog::open(&data.join("catalog.db"))
            .await
            .unwrap();
        let sessions = catalog.sessions().await.unwrap();
        let mut change = catalog.change().await.unwrap();
        for session in sessions {
            let (used, long_ago) = (session.last_used_at, session.created_at.plus_micros(-1));
            change
                .touch_session(&session.id, used, long_ago)
                .await
                .unwrap();
        }
        change.commit().await.unwrap();
        catalog.close().await;
    });
}

#[test]
fn people_keys_and_tenants_need_a_password_given_just_now() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let house = House::on(&data, server::Settings::default());
    let owner = Browser::signed_in(&house, "owner@example.com", "owner", "main");
    let id = owner.get("/v1/me").ok()["id"].as_str().unwrap().to_owned();
    let cookie = owner.cookie();
    house.stop();
    let_passwords_grow_old(&data);

    let house = House::on(&data, server::Settings::default());
    let owner = Browser::with_cookie(&house, &cookie);
    let invite = json!({"email": "new@example.com", "role": "viewer"});
    let key = json!({"name": "k", "scopes": ["events:read"]});
    let tenant = json!({"name": "acme", "organization": "Acme"});
    let person = |rest: &str| format!("/v1/people/{id}{rest}");
    for (method, path, body) in [
        ("POST", "/v1/invitations".to_owned(), &invite),
        ("DELETE", "/v1/invitations/x".to_owned(), &json!({})),
        ("PATCH", person(""), &json!({"role": "viewer"})),
        ("DELETE", person(""), &json!({})),
        ("POST", person("/reset"), &json!({})),
        ("POST", person("/sign-out"), &json!({})),
        ("POST", "/v1/keys".to_owned(), &key),
        (
            "POST",
            "/v1/keys/x/rotate".to_owned(),
            &json!({"overlap_hours": 1}),
        ),
        ("DELETE", "/v1/keys/x".to_owned(), &json!({})),
        ("POST", "/v1/tenants".to_owned(), &tenant),
        (
            "PATCH",
            "/v1/tenants/main".to_owned(),
            &json!({"organization": "X"}),
        ),
        ("POST", "/v1/tenants/main/suspend".to_owned(), &json!({})),
        ("POST", "/v1/tenants/main/deletion".to_owned(), &json!({})),
    ] {
        owner
            .ask(method, &path, Some(body))
            .problem(403, "reauthenticate");
    }
    owner.get("/v1/events").ok();
    let give = |password: &str| {
        let body = json!({"password": password});
        owner.post("/v1/session/reauthenticate", &body)
    };
    give("wrong wrong wrong").problem(401, "sign_in_failed");
    owner.post("/v1/keys", &key).problem(403, "reauthenticate");
    give(PASSWORD).ok();
    owner.post("/v1/keys", &key).ok();
    owner.post("/v1/invitations", &invite).ok();
    owner.post("/v1/tenants", &tenant).ok();
}

#[test]
fn who_is_no_proxy_names_no_other_address() {
    let house = House::new();
    let body = json!({"email": "x@example.com", "password": "wrong wrong wrong"}).to_string();
    let headers = [
        ("content-type", "application/json"),
        ("x-forwarded-for", "203.0.113.7"),
        ("forwarded", "for=203.0.113.7"),
    ];
    house
        .ask("POST", "/v1/session", "", &headers, body.as_bytes())
        .problem(401, "sign_in_failed");
    let failures = told(&house, &house.key, "annals.session.failure");
    assert_eq!(failures[0]["client"]["ip"], "127.0.0.1", "{failures:?}");
}

#[test]
fn a_body_is_an_object_and_no_list_of_its_values() {
    let house = House::new();
    let ann = Browser::signed_in(&house, "ann@example.com", "owner", "main");
    ann.ask("PATCH", "/v1/me", Some(&json!(["Another", null])))
        .problem(422, "invalid_body");
    assert_eq!(ann.get("/v1/me").ok()["name"], "ann");
}
