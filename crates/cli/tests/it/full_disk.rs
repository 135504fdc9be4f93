//! A disk that is really full: the data folder lies on a small file system of its own, in a mount
//! namespace that only the server sees.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::browser::{Browser, PASSWORD};
use crate::harness::{Served, annals, succeeded};

/// Room for the reserve, what a server writes, and something to fill it with.
const DISK: &str = "size=160m";

/// A command that runs `annals` where `mount` is a small disk, after a file of so many MiB was put there.
/// None where this machine lets nobody mount anything.
fn on_small_disk(mount: &Path, filler_mib: u32) -> Option<Command> {
    let unshare = || {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c"]);
        command
    };
    let filler = format!("head -c {filler_mib}M /dev/zero > \"$0/filler\"");
    let script =
        |then: &str| format!("mount -t tmpfs -o {DISK} annals \"$0\" && {filler} && {then}");
    let tried = unshare().arg(script("true")).arg(mount).output();
    if !tried.is_ok_and(|tried| tried.status.success()) {
        return None;
    }
    let mut command = unshare();
    command
        .arg(script("exec \"$@\""))
        .arg(mount)
        .arg(annals().get_program())
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(mount.join("data"))
        .env_remove("ANNALS_LOG")
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    Some(command)
}

/// A server on a small disk of which so many MiB are taken, and the disk as it sees it.
fn served_on_small_disk(folder: &Path, filler_mib: u32) -> Option<(Served, PathBuf)> {
    let mount = folder.join("disk");
    std::fs::create_dir(&mount).unwrap();
    let Some(command) = on_small_disk(&mount, filler_mib) else {
        eprintln!("skipped: this machine does not let its users mount a file system");
        return None;
    };
    let served = Served::start(command, &mount.join("data"));
    let seen = PathBuf::from(format!("/proc/{}/root{}", served.id(), mount.display()));
    Some((served, seen))
}

/// What says that a program may send and read.
fn bearer(owner: &mut Browser) -> String {
    let asked = json!({"name": "k", "scopes": ["events:write", "events:read"]});
    let key = owner.ask("POST", "/v1/keys", &asked).ok()["text"].clone();
    format!("Bearer {}", key.as_str().unwrap())
}

/// Takes all room that is left, to the last block.
fn fill(path: &Path) {
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .unwrap();
    for size in [1 << 20, 1 << 12, 1] {
        let bytes = vec![b'x'; size];
        while file.write_all(&bytes).is_ok() {}
    }
}

fn total(browser: &mut Browser, action: &str) -> Value {
    let path = format!("/v1/events?own=include&q=action:{action}");
    browser.get(&path).ok()["total"].clone()
}

#[test]
fn on_a_full_disk_people_sign_in_and_read_and_nothing_else_happens() {
    let folder = tempfile::tempdir().unwrap();
    let Some((served, seen)) = served_on_small_disk(folder.path(), 0) else {
        return;
    };
    let data = seen.join("data");
    let mut owner = Browser::first_owner(&served, &data);
    let bearer = bearer(&mut owner);
    let mut program = Browser::new(&served);
    let mut send = |id: &str| {
        let event = format!(r#"{{"id":"{id}","action":"login","actor":{{"id":"u-1"}}}}"#);
        let headers = [("authorization", bearer.as_str())];
        program.send("POST", "/v1/events", &headers, &event)
    };
    for number in 0..50 {
        send(&format!("before-{number}")).ok();
    }
    assert!(data.join("reserve").exists());

    fill(&seen.join("filler"));
    // Large enough that no room left at the end of a block takes it.
    let padded = format!("full-{}", "x".repeat(40));
    let mut refused = 0;
    for number in 0..200 {
        let answer = send(&format!("{padded}-{number}"));
        if answer.status == 503 {
            assert!(answer.body.contains("disk_full"), "{answer:?}");
            refused += 1;
        }
    }
    assert!(
        refused > 100,
        "{refused} of 200 were refused on a full disk"
    );
    let sign_in = json!({"email": "owner@example.com", "password": PASSWORD});
    let mut again = Browser::new(&served);
    again.ask("POST", "/v1/session", &sign_in).ok();
    assert_eq!(
        again.get("/v1/events?q=action:login%20id:before-1").ok()["total"],
        1
    );
    again.get("/v1/events/3").ok();
    assert!(!data.join("reserve").exists(), "the reserve was not needed");
    assert_eq!(send("still-full").status, 503);

    // With the reserve used up too nothing is let in, and nothing changes.
    fill(&seen.join("filler"));
    let mut last = Browser::new(&served);
    let begun = Instant::now();
    while last.ask("POST", "/v1/session", &sign_in).status == 200 {
        assert!(begun.elapsed() < Duration::from_secs(60));
        fill(&seen.join("filler"));
    }
    // A block that was begun has room for some more, until the smallest event finds none.
    while owner.get("/v1/events/4").status != 503 {
        assert!(begun.elapsed() < Duration::from_secs(60));
    }
    let mut refused = Vec::new();
    for (method, path, body) in [
        ("POST", "/v1/session", sign_in.clone()),
        ("POST", "/v1/teams", json!({"name": "Lost"})),
        (
            "POST",
            "/v1/keys",
            json!({"name": "lost", "scopes": ["events:read"]}),
        ),
        ("PATCH", "/v1/me", json!({"name": "Lost"})),
        ("GET", "/v1/events?q=action:never.asked", json!({})),
        ("GET", "/v1/events/4", json!({})),
        ("GET", "/v1/events/export", json!({})),
    ] {
        let answer = owner.ask(method, path, &body);
        if answer.status != 503 {
            refused.push(format!("{method} {path}: {}", answer.status));
        }
    }
    assert!(refused.is_empty(), "{refused:?}");
    assert_eq!(owner.get("/healthz").status, 200);
    assert_eq!(again.ask("DELETE", "/v1/session", &json!({})).status, 204);
    assert_eq!(again.get("/v1/me").status, 401);

    std::fs::remove_file(seen.join("filler")).unwrap();
    let begun = Instant::now();
    while send("after").status != 200 {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "{:?}",
            send("after")
        );
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(
        data.join("reserve").exists(),
        "the reserve was not taken back"
    );
    let teams = owner.get("/v1/teams").ok();
    assert!(!teams.to_string().contains("Lost"), "{teams}");
    assert_eq!(owner.get("/v1/me").ok()["name"], "Owner");
    assert!(!owner.get("/v1/keys").ok().to_string().contains("lost"));
    assert_eq!(total(&mut owner, "annals.team.create"), 0);
    let verified = annals().args(["verify", "--data"]).arg(&data).output();
    succeeded(verified.unwrap());
    served.stop();
}

#[test]
fn a_server_that_starts_on_a_disk_without_room_for_the_reserve_keeps_what_is_left_for_people() {
    let folder = tempfile::tempdir().unwrap();
    let Some((served, seen)) = served_on_small_disk(folder.path(), 148) else {
        return;
    };
    let data = seen.join("data");
    let mut owner = Browser::first_owner(&served, &data);
    assert!(!data.join("reserve").exists(), "there was room after all");
    let bearer = bearer(&mut owner);
    let mut program = Browser::new(&served);
    let mut send = || {
        let event = r#"{"action":"login","actor":{"id":"u-1"}}"#;
        program.send("POST", "/v1/events", &[("authorization", &bearer)], event)
    };
    let refused = send();
    assert_eq!(refused.status, 503);
    assert!(refused.body.contains("disk_full"), "{refused:?}");
    assert_eq!(total(&mut owner, "annals.key.create"), 1);

    std::fs::remove_file(seen.join("filler")).unwrap();
    let begun = Instant::now();
    while send().status != 200 {
        assert!(begun.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(data.join("reserve").exists(), "it was not taken");
    served.stop();
}
