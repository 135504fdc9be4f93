//! Secrets stay where they belong: planted ones are looked for in all that a server at its most
//! talkative leaves behind.

use std::fs::File;
use std::path::Path;

use serde_json::json;

use crate::browser::{Browser, PASSWORD, setup_token, token_of};
use crate::harness::{Served, annals, succeeded, text};

/// The files under a folder that hold a secret.
fn holding(folder: &Path, secret: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, secret));
        } else if path.file_name().is_some_and(|name| name != "reserve")
            && let Ok(bytes) = std::fs::read(&path)
            && bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes())
        {
            found.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    found
}

#[test]
fn no_secret_is_in_a_log_a_metric_an_answer_an_export_or_a_file_but_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    let mut command = Served::command(&data);
    command.env("ANNALS_LOG", "trace");
    command.stderr(File::create(&log).unwrap());
    let served = Served::start(command, &data);
    let mut secrets: Vec<(&str, String)> = vec![("password", PASSWORD.to_owned())];
    secrets.push(("set-up token", setup_token(&data)));
    let signing = std::fs::read_to_string(data.join("ledgers/main/key")).unwrap();
    // `PRIVATE+KEY+<name>+<hash>+<key in base64>`, which may hold a `+` itself.
    let signing = signing.trim().splitn(5, '+').last().unwrap().to_owned();
    assert!(signing.len() > 40, "not the key: {} bytes", signing.len());

    let mut owner = Browser::first_owner(&served, &data);
    let cookie = |browser: &Browser| browser.cookie.split_once('=').unwrap().1.to_owned();
    secrets.push(("cookie", cookie(&owner)));
    let scopes = ["events:write", "events:read", "ledger:read", "admin"];
    let asked = json!({"name": "k", "scopes": scopes});
    let made = owner.ask("POST", "/v1/keys", &asked).ok();
    let key = made["text"].as_str().unwrap().to_owned();
    let path = format!("/v1/keys/{}/rotate", made["key"]["id"].as_str().unwrap());
    let rotated = owner.ask("POST", &path, &json!({"overlap_hours": 1})).ok();
    secrets.push(("key", key.clone()));
    secrets.push(("rotated key", rotated["text"].as_str().unwrap().to_owned()));
    let made = annals()
        .args(["key", "create", "--name", "c", "--scope", "events:read"])
        .arg("--data")
        .arg(&data)
        .output();
    let by_command = text(&succeeded(made.unwrap()).stdout);
    secrets.push(("key of the command line", by_command));
    let asked = json!({"email": "guest@example.com", "role": "viewer"});
    let made = owner.ask("POST", "/v1/invitations", &asked).ok();
    let invitation = token_of(made["link"].as_str().unwrap());
    secrets.push(("invitation token", invitation.clone()));
    let mut guest = Browser::new(&served);
    let accept = json!({"token": invitation, "name": "Guest", "password": PASSWORD});
    let joined = guest.ask("POST", "/v1/invitations/accept", &accept).ok();
    secrets.push(("guest's cookie", cookie(&guest)));
    let path = format!(
        "/v1/people/{}/reset",
        joined["person"]["id"].as_str().unwrap()
    );
    let made = owner.ask("POST", &path, &json!({})).ok();
    let reset = token_of(made["link"].as_str().unwrap());
    secrets.push(("reset token", reset.clone()));
    let new_password = "another violet tractor entirely";
    secrets.push(("new password", new_password.to_owned()));
    let body = json!({"token": reset, "password": new_password});
    guest.ask("POST", "/v1/reset", &body).ok();
    secrets.push(("cookie after the reset", cookie(&guest)));

    // Good requests with each, and the mistakes that people and programs make.
    let bearer = format!("Bearer {key}");
    let authorized = [("authorization", bearer.as_str())];
    let mut program = Browser::new(&served);
    let event = r#"{"action":"customer.update","actor":{"id":"u-1"}}"#;
    program.send("POST", "/v1/events", &authorized, event).ok();
    let canary = "canary-in-a-wrong-place";
    secrets.push(("misplaced canary", canary.to_owned()));
    let mut answers = vec![];
    for (path, body) in [
        (
            "/v1/session",
            json!({"email": PASSWORD, "password": PASSWORD}),
        ),
        ("/v1/session", json!({"email": canary, "password": canary})),
        (
            "/v1/session",
            json!({"email": "owner@example.com", "password": [canary]}),
        ),
        (
            "/v1/session",
            json!({"email": {"of": canary}, "password": ""}),
        ),
        ("/v1/session/reauthenticate", json!({"password": canary})),
        ("/v1/me/password", json!({"current": canary, "new": canary})),
        ("/v1/reset", json!({"token": canary, "password": canary})),
        ("/v1/setup", json!({"token": canary, "password": canary})),
        (
            "/v1/invitations/accept",
            json!({"token": canary, "password": [canary]}),
        ),
        ("/v1/invitations/look", json!({"token": [canary]})),
        ("/v1/session/link", json!({"token": canary})),
        (
            "/v1/keys",
            json!({"name": "k", "scopes": [], "text": {"is": key}}),
        ),
    ] {
        let answer = owner.ask("POST", path, &body);
        assert!(answer.status >= 400, "{path}: {answer:?}");
        answers.push((format!("POST {path}"), answer));
    }
    let cut_off = format!(r#"{{"email":"owner@example.com","password":"{canary}"#);
    answers.push((
        "broken JSON".to_owned(),
        owner.send("POST", "/v1/session", &[], &cut_off),
    ));
    for header in [
        format!("Bearer {key}x"),
        format!("Basic {key}"),
        format!("Bearer {canary}"),
        key.clone(),
    ] {
        let headers = [("authorization", header.as_str())];
        let answer = program.send("GET", "/v1/events", &headers, "");
        assert_eq!(answer.status, 401);
        answers.push((format!("authorization: {header}"), answer));
    }
    for path in [
        "/v1/events?own=include&limit=1000",
        "/v1/events/export?own=include",
        "/v1/events/export?own=include&format=csv",
        "/v1/events/export?own=include&format=json",
        "/v1/keys",
        "/v1/people",
        "/v1/session",
        "/v1/me/sessions",
        "/v1/settings",
        "/v1/tenants",
        "/log/main/vkey",
        "/log/main/checkpoint",
        "/metrics",
        "/readyz",
        "/openapi.json",
    ] {
        let answer = owner.get(path);
        answer.ok();
        answers.push((format!("GET {path}"), answer));
    }
    let sequence = 3;
    let proof = program.send(
        "GET",
        &format!("/v1/events/{sequence}/proof"),
        &authorized,
        "",
    );
    proof.ok();
    answers.push(("a proof".to_owned(), proof));
    secrets.push(("signing key", signing.clone()));
    for (name, secret) in &secrets {
        for (what, answer) in &answers {
            let is_there = answer.body.contains(secret) || answer.head.contains(secret);
            assert!(!is_there, "the {name} is in the answer to {what}");
        }
    }
    served.stop();

    let said = std::fs::read_to_string(&log).unwrap();
    assert!(
        ["DEBUG", "a request was answered", "sqlx::query"]
            .iter()
            .all(|it| said.contains(it)),
        "the server was not talkative: {} bytes",
        said.len()
    );
    for (name, secret) in &secrets {
        assert!(!said.contains(secret.as_str()), "the {name} is in the log");
        let found = holding(&data, secret);
        match *name {
            "signing key" => assert_eq!(found, ["key"]),
            _ => assert!(found.is_empty(), "the {name} is in {found:?}"),
        }
    }
}

#[test]
fn the_first_owners_link_lies_in_its_file_alone_until_it_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    let mut command = Served::command(&data);
    command.env("ANNALS_LOG", "trace");
    command.stderr(File::create(&log).unwrap());
    let served = Served::start(command, &data);
    let file = data.join("setup-link");
    let token = setup_token(&data);
    let mode = std::os::unix::fs::MetadataExt::mode(&file.metadata().unwrap());
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(holding(folder.path(), &token), ["setup-link"]);
    Browser::first_owner(&served, &data);
    assert!(!file.exists(), "a used link still lies there");
    served.stop();
}
