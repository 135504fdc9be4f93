//! Who may do what, and what leaves an event: every route of the OpenAPI document, as golden files.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};

use serde_json::{Value, json};

use crate::browser::{Browser, PASSWORD, make_user, token_of};
use crate::harness::{Answer, House, event, request};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Every method and path of the document, with its operation's name.
fn operations() -> Vec<(String, String, String)> {
    let document: Value = serde_json::from_str(&server::openapi()).unwrap();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                let name = operation["operationId"].as_str().unwrap().to_owned();
                found.push((method.to_uppercase(), path.clone(), name));
            }
        }
    }
    // Whoever signs out can do no more.
    found.sort_by_key(|(method, path, name)| (name == "signOut", path.clone(), method.clone()));
    found
}

/// A path with something in every parameter.
fn filled(path: &str) -> String {
    let path = path
        .replace("{tenant}", "main")
        .replace("{name}", "main")
        .replace("{path}", "0/000")
        .replace("{id}", "9999");
    match path.as_str() {
        "/v1/events/top" => format!("{path}?field=actor.id"),
        "/v1/events/complete" => format!("{path}?q=actor.id:x"),
        "/v1/log/consistency" => format!("{path}?from=0"),
        _ => path,
    }
}

/// The status of one request; a body that goes on is not read.
fn status(house: &House, method: &str, path: &str, key: &str, cookie: &str) -> u16 {
    let mut headers = vec![
        ("origin", "http://test"),
        ("content-type", "application/json"),
    ];
    if !cookie.is_empty() {
        headers.push(("cookie", cookie));
    }
    let body = if matches!(method, "GET" | "DELETE") {
        ""
    } else {
        "{}"
    };
    let mut stream = house.connect();
    stream
        .write_all(&request(method, path, key, &headers, body.as_bytes()))
        .unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    line.split(' ').nth(1).unwrap().parse().unwrap()
}

#[track_caller]
fn check_golden(name: &str, text: &str) {
    let file = format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, text).unwrap();
    }
    let golden = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        golden == text,
        "{file} is not what the server does; run the test with UPDATE_GOLDEN=1 and look at the difference:\n{text}"
    );
}

#[test]
fn every_route_lets_in_whom_the_matrix_names() {
    let house = House::new();
    let roles = ["viewer", "auditor", "admin", "owner"];
    let scopes = ["events:write", "events:read", "ledger:read", "admin"];
    let keys: Vec<String> = scopes
        .iter()
        .map(|scope| house.key("main", scope))
        .collect();
    let cookies: Vec<String> = roles
        .iter()
        .map(|role| {
            Browser::signed_in(&house, &format!("{role}@example.com"), role, "main").cookie()
        })
        .collect();
    let mut lines = String::new();
    for (method, path, _) in operations() {
        let mut line = format!("{method} {path}:");
        let mut note = |who: &str, status: u16| {
            let may = match status {
                401 | 403 => format!(" {who}={status}"),
                _ => format!(" {who}=yes"),
            };
            line.push_str(&may);
        };
        let path = filled(&path);
        note("nobody", status(&house, &method, &path, "", ""));
        for (scope, key) in scopes.iter().zip(&keys) {
            note(
                &format!("key-with-{scope}"),
                status(&house, &method, &path, key, ""),
            );
        }
        for (role, cookie) in roles.iter().zip(&cookies) {
            note(role, status(&house, &method, &path, "", cookie));
        }
        lines.push_str(&line);
        lines.push('\n');
    }
    check_golden("permissions.txt", &lines);
}

#[test]
fn every_answer_guards_whoever_reads_it_in_a_browser() {
    let house = House::new();
    let owner = Browser::signed_in(&house, "owner@example.com", "owner", "main");
    house.post("/v1/events", event("h-1", "login")).ok();
    let documented = operations().into_iter();
    let reading = documented.filter(|(method, _, name)| method == "GET" && name != "tailEvents");
    let mut paths: Vec<String> = reading.map(|(_, path, _)| filled(&path)).collect();
    paths.extend(["/v1/events/0", "/v1/nothing", "/setup", "/"].map(str::to_owned));
    for path in paths {
        let answer = owner.get(&path);
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"),
            "{path}: {policy}"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
        if path.starts_with("/v1/") {
            assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        }
    }
}

/// Requests that work, in an order that makes them work, with the action each leaves; `-` says that
/// it leaves none on purpose.
struct Tour<'h> {
    house: &'h House,
    owner: Browser<'h>,
    second: Browser<'h>,
    lines: BTreeSet<String>,
    seen: BTreeSet<String>,
}

impl Tour<'_> {
    fn note(&mut self, operation: &str, answer: &Answer, action: &str) {
        assert!(
            answer.status < 300,
            "{operation}: {} {}",
            answer.status,
            answer.text()
        );
        if action != "-" {
            let id = answer.header("x-request-id");
            let path = format!("/v1/events?own=include&q=action:{action}%20request:{id}");
            let begun = std::time::Instant::now();
            let mut found = self.house.get(&path).ok();
            // The end of an export is told when the connection has taken it.
            while found["total"] == 0 && begun.elapsed() < std::time::Duration::from_secs(5) {
                std::thread::sleep(std::time::Duration::from_millis(20));
                found = self.house.get(&path).ok();
            }
            assert!(
                found["total"].as_u64() >= Some(1),
                "{operation} left no {action} {found}"
            );
            assert_eq!(found["events"][0]["kind"], 1);
        }
        let is_known = event::catalogue::all().iter().any(|it| it.action == action);
        assert!(
            is_known || action == "-",
            "{action} is not in the catalogue"
        );
        self.lines.insert(format!("{operation}: {action}\n"));
        self.seen.insert(operation.to_owned());
    }

    fn owner(
        &mut self,
        operation: &str,
        method: &str,
        path: &str,
        body: Value,
        action: &str,
    ) -> Value {
        let answer = self
            .owner
            .ask(method, path, Some(&body).filter(|_| method != "GET"));
        self.note(operation, &answer, action);
        serde_json::from_slice(&answer.body).unwrap_or_default()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[test]
fn every_route_leaves_the_event_that_the_list_names() {
    let house = House::new();
    let demo = House::demo();
    let first = Browser::new(&house);
    let setup = json!({
        "token": house.setup_token, "name": "Owner", "email": "owner@example.com",
        "password": PASSWORD, "organization": "Example Works", "time_zone": "UTC",
    });
    let answer = first.post("/v1/setup", &setup);
    let owner = Browser::with_cookie(&house, &first.cookie());
    let second = Browser::signed_in(&house, "second@example.com", "owner", "main");
    let mut tour = Tour {
        house: &house,
        owner,
        second,
        lines: BTreeSet::new(),
        seen: BTreeSet::new(),
    };
    tour.note("setUp", &answer, "annals.setup.complete");
    let sent = house.post("/v1/events", event("m-1", "login"));
    let at = sent.json()["sequence"].to_string();
    tour.note("submitEvents", &sent, "-");
    let none = json!({});

    for (operation, path, action) in [
        ("searchEvents", "/v1/events?q=a1", "annals.event.search"),
        (
            "exportEvents",
            "/v1/events/export?q=a2",
            "annals.event.export",
        ),
        (
            "histogram",
            "/v1/events/histogram?q=a3&from=2026-01-01",
            "annals.event.search",
        ),
        (
            "top",
            "/v1/events/top?field=actor.id&q=a4",
            "annals.event.search",
        ),
        (
            "complete",
            "/v1/events/complete?q=actor.id:x",
            "annals.event.search",
        ),
        ("summary", "/v1/summary", "annals.event.search"),
        ("listActors", "/v1/actors", "annals.event.search"),
        (
            "getActivity",
            "/v1/actors/u-1/activity",
            "annals.event.search",
        ),
        ("systemHealth", "/v1/system/health", "annals.event.search"),
        (
            "getHistory",
            "/v1/targets/customer/CUS-1/history",
            "annals.event.search",
        ),
        (
            "getRelated",
            &format!("/v1/events/{at}/related"),
            "annals.event.search",
        ),
        ("getEvent", &format!("/v1/events/{at}"), "annals.event.view"),
        (
            "getProof",
            &format!("/v1/events/{at}/proof"),
            "annals.event.proof",
        ),
        ("getCheckpoint", "/log/main/checkpoint", "annals.log.read"),
        ("listPeople", "/v1/people", "annals.config.read"),
        ("listTeams", "/v1/teams", "annals.config.read"),
        ("listKeys", "/v1/keys", "annals.config.read"),
        ("getSettings", "/v1/settings", "annals.config.read"),
        ("getSetup", "/v1/setup", "-"),
        ("getSession", "/v1/session", "-"),
        ("getMe", "/v1/me", "-"),
        ("listSessions", "/v1/me/sessions", "-"),
        ("getPreferences", "/v1/me/preferences", "-"),
        ("listSearches", "/v1/searches", "-"),
        ("listTenants", "/v1/tenants", "-"),
        ("health", "/healthz", "-"),
        ("readiness", "/readyz", "-"),
        ("metrics", "/metrics", "-"),
    ] {
        tour.owner(operation, "GET", path, none.clone(), action);
    }
    let export = tour.owner.get("/v1/events/export?q=a5");
    tour.note("exportEvents", &export, "annals.event.export_end");
    // The log is told of once in a while, whatever is read of it.
    let ledger = house.key("main", "ledger:read");
    let vkey = house.ask("GET", "/log/main/vkey", &ledger, &[], b"");
    tour.note("getVerifierKey", &vkey, "annals.log.read");
    let ledger = house.key("main", "ledger:read");
    let tile = house.ask("GET", "/log/main/tile/0/000.p/1", &ledger, &[], b"");
    tour.note("getTile", &tile, "annals.log.read");
    let prover = house.key("main", "events:read,ledger:read");
    let grown = house.ask("GET", "/v1/log/consistency?from=1", &prover, &[], b"");
    tour.note("getConsistency", &grown, "annals.log.read");
    tail(&mut tour);

    let body = json!({"email": "owner@example.com", "password": PASSWORD});
    tour.owner(
        "signIn",
        "POST",
        "/v1/session",
        body,
        "annals.session.create",
    );
    tour.owner(
        "reauthenticate",
        "POST",
        "/v1/session/reauthenticate",
        json!({"password": PASSWORD}),
        "annals.session.reauthenticate",
    );
    tour.owner(
        "changeMe",
        "PATCH",
        "/v1/me",
        json!({"name": "Owner One"}),
        "annals.me.update",
    );
    tour.owner(
        "putPreferences",
        "PUT",
        "/v1/me/preferences",
        json!({"a": 1}),
        "annals.me.update",
    );
    tour.owner(
        "changePreferences",
        "PATCH",
        "/v1/me/preferences",
        json!({"a": null}),
        "annals.me.update",
    );
    let new = "another violet tractor entirely";
    tour.owner(
        "changePassword",
        "POST",
        "/v1/me/password",
        json!({"current": PASSWORD, "new": new}),
        "annals.password.change",
    );
    let elsewhere = Browser::new(&house);
    let body = json!({"email": "owner@example.com", "password": new});
    let id = text(&elsewhere.post("/v1/session", &body).ok()["session"]["id"]);
    tour.owner(
        "endSession",
        "DELETE",
        &format!("/v1/me/sessions/{id}"),
        none.clone(),
        "annals.session.delete",
    );
    tour.owner(
        "endOtherSessions",
        "DELETE",
        "/v1/me/sessions",
        none.clone(),
        "annals.session.delete",
    );

    let asked = json!({"email": "v@example.com", "role": "viewer"});
    let made = tour.owner(
        "invite",
        "POST",
        "/v1/invitations",
        asked.clone(),
        "annals.person.invite",
    );
    let path = format!("/v1/invitations/{}", text(&made["invitation"]["id"]));
    tour.owner(
        "uninvite",
        "DELETE",
        &path,
        none.clone(),
        "annals.person.uninvite",
    );
    let made = tour.owner.post("/v1/invitations", &asked).ok();
    let token = token_of(&text(&made["link"]));
    let guest = Browser::new(&house);
    tour.note(
        "lookAtInvitation",
        &guest.post("/v1/invitations/look", &json!({"token": token})),
        "-",
    );
    let accept = json!({"token": token, "name": "V", "password": PASSWORD});
    let joined = guest.post("/v1/invitations/accept", &accept);
    tour.note("acceptInvitation", &joined, "annals.person.join");
    let person = format!("/v1/people/{}", text(&joined.json()["person"]["id"]));
    let reset = tour.owner(
        "resetPassword",
        "POST",
        &format!("{person}/reset"),
        none.clone(),
        "annals.person.reset",
    );
    let body = json!({"token": token_of(&text(&reset["link"])), "password": new});
    tour.note(
        "choosePassword",
        &guest.post("/v1/reset", &body),
        "annals.password.change",
    );
    tour.owner(
        "signPersonOut",
        "POST",
        &format!("{person}/sign-out"),
        none.clone(),
        "annals.person.sign_out",
    );
    tour.owner(
        "changePerson",
        "PATCH",
        &person,
        json!({"role": "auditor"}),
        "annals.person.role",
    );
    tour.owner(
        "changePerson",
        "PATCH",
        &person,
        json!({"state": "disabled"}),
        "annals.person.disable",
    );
    tour.owner(
        "changePerson",
        "PATCH",
        &person,
        json!({"state": "active"}),
        "annals.person.enable",
    );
    tour.owner(
        "removePerson",
        "DELETE",
        &person,
        none.clone(),
        "annals.person.remove",
    );

    let team = tour.owner(
        "createTeam",
        "POST",
        "/v1/teams",
        json!({"name": "Night"}),
        "annals.team.create",
    );
    let path = format!("/v1/teams/{}", text(&team["id"]));
    tour.owner(
        "changeTeam",
        "PATCH",
        &path,
        json!({"addresses": ["soc@example.com"]}),
        "annals.team.update",
    );
    tour.owner(
        "deleteTeam",
        "DELETE",
        &path,
        none.clone(),
        "annals.team.delete",
    );
    let body = json!({"name": "S", "query": "action:login"});
    let search = tour.owner(
        "saveSearch",
        "POST",
        "/v1/searches",
        body,
        "annals.search.save",
    );
    let path = format!("/v1/searches/{}", text(&search["id"]));
    tour.owner(
        "changeSearch",
        "PATCH",
        &path,
        json!({"shared": true}),
        "annals.search.save",
    );
    tour.owner(
        "deleteSearch",
        "DELETE",
        &path,
        none.clone(),
        "annals.search.delete",
    );
    let body = json!({"name": "k", "scopes": ["events:read"]});
    let key = tour.owner("createKey", "POST", "/v1/keys", body, "annals.key.create");
    let path = format!("/v1/keys/{}", text(&key["key"]["id"]));
    tour.owner(
        "rotateKey",
        "POST",
        &format!("{path}/rotate"),
        json!({"overlap_hours": 1}),
        "annals.key.rotate",
    );
    tour.owner(
        "revokeKey",
        "DELETE",
        &path,
        none.clone(),
        "annals.key.revoke",
    );
    let body = json!({"organization": "Works", "pinned_entities": ["customer"]});
    tour.owner(
        "putSettings",
        "PUT",
        "/v1/settings",
        body,
        "annals.settings.update",
    );
    let body = json!({"name": "acme", "organization": "Acme"});
    tour.owner(
        "createTenant",
        "POST",
        "/v1/tenants",
        body,
        "annals.tenant.create",
    );
    tenants(&mut tour);
    demo_link(&mut tour, &demo);
    tour.owner(
        "signOut",
        "DELETE",
        "/v1/session",
        none,
        "annals.session.delete",
    );

    let all: BTreeSet<String> = operations().into_iter().map(|(_, _, name)| name).collect();
    let missing: Vec<_> = all.difference(&tour.seen).collect();
    assert!(
        missing.is_empty(),
        "these routes have no entry: {missing:?}"
    );
    let lines: String = tour.lines.iter().map(String::as_str).collect();
    check_golden("audited.txt", &lines);
}

fn tail(tour: &mut Tour<'_>) {
    let mut stream = tour.house.connect();
    let cookie = tour.owner.cookie();
    let headers = [("cookie", cookie.as_str()), ("x-request-id", "tail-1")];
    stream
        .write_all(&request("GET", "/v1/events/tail", "", &headers, b""))
        .unwrap();
    crate::harness::read_until(&mut stream, ": following");
    let answer = Answer {
        status: 200,
        headers: vec![("x-request-id".to_owned(), "tail-1".to_owned())],
        body: Vec::new(),
        trailers: Vec::new(),
    };
    tour.note("tailEvents", &answer, "annals.event.tail");
}

/// What happens to a tenant is told in its own ledger, and its end in `main`.
fn tenants(tour: &mut Tour<'_>) {
    let key = tour.house.key("acme", "events:read");
    let house = tour.house;
    let request = server::AdminRequest::UserCreate {
        tenant: "acme".into(),
        name: "Second".into(),
        email: "second@example.com".into(),
        role: "owner".into(),
        role_until: None,
    };
    house.administer(request).unwrap();
    let steps = [
        (
            "changeTenant",
            "PATCH",
            "",
            json!({"organization": "Acme Two"}),
            "annals.tenant.update",
        ),
        (
            "requestDeletion",
            "POST",
            "/deletion",
            json!({}),
            "annals.tenant.deletion_request",
        ),
        (
            "withdrawDeletion",
            "DELETE",
            "/deletion",
            json!({}),
            "annals.tenant.deletion_withdraw",
        ),
        (
            "suspendTenant",
            "POST",
            "/suspend",
            json!({}),
            "annals.tenant.suspend",
        ),
        (
            "resumeTenant",
            "POST",
            "/resume",
            json!({}),
            "annals.tenant.resume",
        ),
    ];
    for (operation, method, rest, body, action) in steps {
        let path = format!("/v1/tenants/acme{rest}");
        let answer = tour.owner.ask(method, &path, Some(&body));
        assert_eq!(answer.status, 200, "{operation}: {}", answer.text());
        if operation == "suspendTenant" {
            let resumed = tour.owner.post("/v1/tenants/acme/resume", &json!({}));
            assert_eq!(resumed.status, 200);
        }
        let id = answer.header("x-request-id");
        let path = format!("/v1/events?own=include&q=action:{action}%20request:{id}");
        let found = house.ask("GET", &path, &key, &[], b"").ok();
        assert_eq!(found["total"], 1, "{operation} left no {action}");
        tour.note(operation, &answer, "-");
        tour.lines.remove(&format!("{operation}: -\n"));
        tour.lines.insert(format!("{operation}: {action}\n"));
    }
    let path = "/v1/tenants/acme/deletion";
    tour.owner.post(path, &json!({})).ok();
    let done = tour.second.post(&format!("{path}/confirm"), &json!({}));
    tour.note("confirmDeletion", &done, "annals.tenant.delete");
}

fn demo_link(tour: &mut Tour<'_>, demo: &House) {
    let mut stream = demo.connect();
    let body = json!({"token": demo.demo_token}).to_string();
    let headers = [
        ("content-type", "application/json"),
        ("x-request-id", "demo-1"),
    ];
    let sent = request("POST", "/v1/session/link", "", &headers, body.as_bytes());
    let sent = String::from_utf8(sent)
        .unwrap()
        .replace("host: test", "host: localhost");
    stream.write_all(sent.as_bytes()).unwrap();
    let answer = Answer::read(&mut BufReader::new(stream)).unwrap();
    answer.ok();
    let found = demo
        .get("/v1/events?own=include&q=action:annals.session.create%20request:demo-1")
        .ok();
    assert_eq!(found["total"], 1);
    tour.seen.insert("signInWithLink".to_owned());
    tour.lines
        .insert("signInWithLink: annals.session.create\n".to_owned());
}

#[test]
fn refusals_are_told_to_the_callers_own_ledger() {
    let house = House::new();
    house
        .administer(server::AdminRequest::TenantCreate {
            name: "acme".into(),
        })
        .unwrap();
    let acme = house.key("acme", "events:read");
    let viewer = Browser::signed_in(&house, "v@example.com", "viewer", "main");
    let _ = make_user(&house, "o@example.com", "owner", "acme");
    viewer
        .get("/v1/events?tenant=acme")
        .problem(404, "not_found");
    viewer
        .get("/v1/events?tenant=nobody")
        .problem(404, "not_found");
    viewer.get("/v1/keys").problem(403, "missing_role");
    let denied = crate::browser::told(&house, &house.key, "annals.access.denied");
    assert_eq!(denied.len(), 2, "{denied:?}");
    assert!(
        denied
            .iter()
            .all(|it| it["actor"]["email"] == "v@example.com")
    );
    let told = crate::browser::told(&house, &acme, "annals.access.denied");
    assert!(told.is_empty(), "{told:?}");
    house
        .ask(
            "GET",
            "/v1/events",
            "ann_0000000000000000000000000000000000000000000",
            &[],
            b"",
        )
        .problem(401, "unauthorized");
    assert_eq!(
        crate::browser::told(&house, &house.key, "annals.session.failure").len(),
        1
    );
}
