//! Secrets stay where they belong: planted ones are looked for in every file and answer.

use std::path::Path;

use serde_json::json;

use crate::browser::{Browser, PASSWORD, token_of};
use crate::harness::House;

/// The files under a folder that hold a secret.
fn holding(folder: &Path, secret: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file()
                && entry.file_name() != "reserve"
                && let Ok(bytes) = std::fs::read(entry.path())
                && bytes.windows(secret.len()).any(|window| window == secret)
            {
                found.push(entry.file_name().into_string().unwrap());
            }
        }
    }
    found
}

#[test]
fn a_secret_is_in_no_file_answer_or_export_but_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let (data, keys) = (folder.path().join("data"), folder.path().join("signing"));
    let settings = || server::Settings {
        signing_key_folder: Some(keys.clone()),
        ..server::Settings::default()
    };
    let house = House::on(&data, settings());
    let owner = Browser::new(&house);
    let setup = json!({
        "token": house.setup_token, "name": "Owner", "email": "owner@example.com",
        "password": PASSWORD, "organization": "Example Works", "time_zone": "UTC",
    });
    owner.post("/v1/setup", &setup).ok();
    let asked = json!({"name": "k", "scopes": ["events:write", "events:read"]});
    let key = owner.post("/v1/keys", &asked).ok()["text"]
        .as_str()
        .unwrap()
        .to_owned();
    let asked = json!({"email": "guest@example.com", "role": "viewer"});
    let made = owner.post("/v1/invitations", &asked).ok();
    let invitation = token_of(made["link"].as_str().unwrap());
    // Mistakes that a person makes: the password as an address, a secret in a wrong field.
    let typed = json!({"email": PASSWORD, "password": PASSWORD});
    Browser::new(&house)
        .post("/v1/session", &typed)
        .problem(401, "sign_in_failed");
    let odd = json!({"token": invitation, "password": ["canary-in-a-list"]});
    let refused = Browser::new(&house).post("/v1/invitations/accept", &odd);
    assert!(
        !refused.text().contains("canary-in-a-list"),
        "{}",
        refused.text()
    );
    let cookie = owner.cookie().split_once('=').unwrap().1.to_owned();
    let signing = std::fs::read_to_string(keys.join("main.key")).unwrap();
    // `PRIVATE+KEY+<name>+<hash>+<key in base64>`, which may hold a `+` itself.
    let signing = signing.trim().splitn(5, '+').last().unwrap().to_owned();
    let export = owner.get("/v1/events/export?own=include");
    let metrics = house.get("/metrics");
    let secrets = [
        ("password", PASSWORD),
        ("key", key.as_str()),
        ("cookie", cookie.as_str()),
        ("set-up token", house.setup_token.as_str()),
        ("invitation", invitation.as_str()),
        ("signing key", signing.as_str()),
    ];
    for (name, secret) in secrets {
        for answer in [&export, &metrics] {
            assert!(
                !answer.text().contains(secret),
                "the {name} is in an answer"
            );
        }
        for path in [
            "/v1/keys",
            "/v1/people",
            "/v1/session",
            "/v1/me/sessions",
            "/v1/settings",
        ] {
            assert!(
                !owner.get(path).text().contains(secret),
                "the {name} is in {path}"
            );
        }
    }
    let setup_token = house.setup_token.clone();
    house.stop();
    for (name, secret) in [
        ("password", PASSWORD),
        ("key", &key),
        ("cookie", &cookie),
        ("set-up token", &setup_token),
        ("invitation", &invitation),
        ("signing key", &signing),
    ] {
        let found = holding(&data, secret.as_bytes());
        assert!(found.is_empty(), "the {name} is in {found:?}");
    }
    assert_eq!(holding(&keys, signing.as_bytes()), ["main.key"]);
    // The folder opens again with its key, and not without.
    House::on(&data, settings()).stop();
    std::fs::rename(keys.join("main.key"), keys.join("gone")).unwrap();
    let options = server::InstanceOptions {
        data: data.clone(),
        name: None,
        checkpoint_store: None,
        signing_key_folder: Some(keys.clone()),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let request = server::AdminRequest::Verified {
        tenant: "main".into(),
        events: 0,
        wrong: None,
    };
    let refused = runtime.block_on(server::administer(&options, request));
    assert!(refused.is_err(), "a new key was made for a signed ledger");
}
