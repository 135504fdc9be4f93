//! Keys and tenants, through the control socket and without a server.

use server::{AdminAnswer, AdminRequest, InstanceOptions};

use crate::harness::{House, event, key_request, key_text};

#[test]
fn a_revoked_key_is_refused_from_the_next_request_on() {
    let house = House::new();
    let made = house
        .administer(key_request("main", "events:read"))
        .unwrap();
    let AdminAnswer::KeyCreated { key, text } = made else {
        panic!("{made:?}")
    };
    house.ask("GET", "/v1/events", &text, &[], b"").ok();
    house
        .administer(AdminRequest::KeyRevoke { id: key.id.clone() })
        .unwrap();
    let problem = house
        .ask("GET", "/v1/events", &text, &[], b"")
        .problem(401, "unauthorized");
    assert!(
        problem["detail"].as_str().unwrap().contains("revoked"),
        "{problem}"
    );
    let events = house
        .get("/v1/events?own=include&q=action:annals.key.*")
        .ok();
    assert!(
        !events.to_string().contains(&text[4..]),
        "the ledger holds a key"
    );
    let revoked = house
        .get("/v1/events?own=include&q=action:annals.key.revoke")
        .ok();
    assert_eq!(revoked["events"][0]["targets"][0]["id"], key.id);
}

#[test]
fn wrong_requests_change_nothing() {
    let house = House::new();
    let refused = |request| house.administer(request).unwrap_err();
    assert!(refused(key_request("nobody", "events:read")).contains("nobody"));
    assert!(refused(key_request("main", "everything")).contains("everything"));
    assert!(
        refused(AdminRequest::KeyRevoke {
            id: "key_none".into()
        })
        .contains("key_none")
    );
    assert!(
        refused(AdminRequest::TenantCreate {
            name: "Main".into()
        })
        .contains("Main")
    );
    assert!(
        refused(AdminRequest::TenantCreate {
            name: "main".into()
        })
        .contains("already")
    );
    assert!(
        refused(AdminRequest::TenantDelete {
            name: "main".into()
        })
        .contains("stays")
    );
}

#[test]
fn tenants_are_apart_suspended_and_deleted() {
    let house = House::new();
    house
        .administer(AdminRequest::TenantCreate {
            name: "acme".into(),
        })
        .unwrap();
    let acme = house.key("acme", "events:write,events:read");
    let ask = |method: &str, body: &str| {
        let kind = [("content-type", "application/json")];
        house.ask(method, "/v1/events", &acme, &kind, body.as_bytes())
    };
    house.post("/v1/events", event("same", "login")).ok();
    ask("POST", &event("same", "logout")).ok();
    assert_eq!(ask("GET", "").ok()["total"], 1);
    house
        .administer(AdminRequest::TenantSuspend {
            name: "acme".into(),
        })
        .unwrap();
    ask("GET", "").problem(403, "tenant_suspended");
    house
        .administer(AdminRequest::TenantResume {
            name: "acme".into(),
        })
        .unwrap();
    assert_eq!(ask("GET", "").ok()["total"], 1);
    house
        .administer(AdminRequest::TenantDelete {
            name: "acme".into(),
        })
        .unwrap();
    ask("GET", "").problem(404, "not_found");
    let left: Vec<_> = std::fs::read_dir(house.data.join("ledgers/acme"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(left.len(), 2, "{left:?}");
    let again = house
        .administer(AdminRequest::TenantCreate {
            name: "acme".into(),
        })
        .unwrap_err();
    assert!(again.contains("deleted"), "{again}");
}

#[test]
fn a_folder_is_managed_without_a_server_and_made_if_it_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let options = InstanceOptions {
        data: data.clone(),
        name: None,
        checkpoint_store: None,
        signing_key_folder: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let request = key_request("main", "events:read");
    let text = key_text(
        runtime
            .block_on(server::administer(&options, request))
            .unwrap(),
    );
    let checkpoint = std::fs::read_to_string(data.join("ledgers/main/last-checkpoint")).unwrap();
    assert!(checkpoint.contains("/main\n"), "{checkpoint}");
    let house = House::on(&data, server::Settings::default());
    house.ask("GET", "/v1/events", &text, &[], b"").ok();
}

#[test]
fn a_folder_with_a_long_name_has_a_control_socket_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("d".repeat(120));
    let house = House::on(&data, server::Settings::default());
    house.key("main", "events:read");
}

#[test]
fn the_folder_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let house = House::new();
    house.post("/v1/events", event("p-1", "login")).ok();
    let mut folders = vec![house.data.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let meta = entry.metadata().unwrap();
            assert_eq!(meta.permissions().mode() & 0o077, 0, "{:?}", entry.path());
            if meta.is_dir() {
                folders.push(entry.path());
            }
        }
    }
}

#[test]
fn the_checked_in_openapi_document_is_the_generated_one() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let generated = server::openapi();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(file, &generated).unwrap();
    }
    let checked_in = std::fs::read_to_string(file).unwrap_or_default();
    assert!(
        checked_in == generated,
        "docs/openapi.json is not what the code says; run the tests with UPDATE_GOLDEN=1 and look at the difference"
    );
}
