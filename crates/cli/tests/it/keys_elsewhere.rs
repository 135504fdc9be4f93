//! Signing keys outside the data folder, and that a verification is an event.

use std::path::Path;
use std::process::{Output, Stdio};

use client::{Body, Parameters, Sending};
use serde_json::Value;

use crate::harness::{Served, annals, succeeded, text};

fn serve(data: &Path, keys: &Path) -> Served {
    let mut command = Served::command(data);
    command.arg("--signing-key-folder").arg(keys);
    command.stderr(Stdio::null());
    Served::start(command, data)
}

fn run(arguments: &[&str], data: &Path) -> Output {
    let mut command = annals();
    command.args(arguments).arg("--data").arg(data);
    command.output().unwrap()
}

fn send(client: &client::Client, count: u64) {
    let lines: String = (0..count)
        .map(|n| format!("{{\"id\":\"e-{n}\",\"action\":\"login\",\"actor\":{{\"id\":\"u\"}}}}\n"))
        .collect();
    let sent = client.send(Body::Ndjson(lines.as_bytes()), &Sending::default());
    assert_eq!(sent.unwrap().accepted, count);
}

/// Annals' own events with this action, the newest first.
fn told(client: &client::Client, action: &str) -> Vec<Value> {
    let parameters = Parameters::new()
        .with("q", format!("action:{action}"))
        .with("own", "include")
        .with("sort", "sequence");
    let found = client.search(&parameters).unwrap().events;
    let read = found.iter().map(|event| serde_json::from_str(event.get()));
    read.collect::<Result<_, _>>().unwrap()
}

#[test]
fn a_signing_key_outside_the_data_folder_serves_proves_and_verifies() {
    let folder = tempfile::tempdir().unwrap();
    let (data, keys) = (folder.path().join("data"), folder.path().join("keys"));
    let served = serve(&data, &keys);
    let client = served.client(&served.key("main"));
    send(&client, 20);
    succeeded(run(&["tenant", "create", "acme"], &data));
    for tenant in ["main", "acme"] {
        assert!(keys.join(format!("{tenant}.key")).exists());
        assert!(!data.join(format!("ledgers/{tenant}/key")).exists());
    }
    // Beside the server and without it, nobody who proves or verifies needs the key.
    let hidden = folder.path().join("hidden");
    let prove = |sequence: &str| {
        let proof = folder.path().join("proof.json");
        let proof_text = proof.to_str().unwrap();
        succeeded(run(&["prove", sequence, "-o", proof_text], &data));
        let vkey = data.join("ledgers/main/vkey");
        let check = annals()
            .arg("verify")
            .arg(&proof)
            .arg("--vkey")
            .arg(vkey)
            .output();
        let said = text(&succeeded(check.unwrap()).stdout);
        assert!(said.contains(&format!("event {sequence} of ")), "{said}");
    };
    prove("5");
    served.stop();
    std::fs::rename(&keys, &hidden).unwrap();
    prove("7");
    succeeded(run(&["verify"], &data));
    succeeded(run(&["fsck"], &data));

    // Whoever writes needs it, and makes no new one in its place.
    let create = ["key", "create", "--name", "n", "--scope", "events:read"];
    let refused = run(&create, &data);
    assert!(!refused.status.success());
    let said = text(&refused.stderr);
    assert!(
        said.contains("name the folder of the signing keys"),
        "{said}"
    );
    assert!(!data.join("ledgers/main/key").exists());
    std::fs::rename(&hidden, &keys).unwrap();
    let mut with_folder = create.to_vec();
    with_folder.extend(["--signing-key-folder", keys.to_str().unwrap()]);
    succeeded(run(&with_folder, &data));
    let config = format!("signing-key-folder = {:?}\n", keys.to_str().unwrap());
    std::fs::write(data.join("annals.toml"), config).unwrap();
    succeeded(run(&create, &data));
    let served = Served::on(&data);
    assert_eq!(
        crate::harness::total(&served.client(&served.key("main")), ""),
        20
    );
    served.stop();
}

#[test]
fn a_verification_beside_a_server_is_an_event() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let served = Served::on(&data);
    let client = served.client(&served.key("main"));
    send(&client, 20);
    succeeded(run(&["tenant", "create", "acme"], &data));
    let acme = served.client(&served.key("acme"));
    succeeded(run(&["verify"], &data));
    succeeded(run(&["fsck", "--tenant", "acme"], &data));
    let (main, of_acme) = (told(&client, "annals.verify"), told(&acme, "annals.verify"));
    assert_eq!((main.len(), of_acme.len()), (1, 2), "{main:?} {of_acme:?}");
    assert_eq!(main[0]["kind"], 1);
    assert_eq!(main[0]["outcome"]["result"], "success");
    assert_eq!(main[0]["actor"]["id"], "command-line");
    let checked = main[0]["metadata"]["events"].as_u64().unwrap();
    assert!(checked >= 20 && checked <= main[0]["sequence"].as_u64().unwrap());

    // What is found wrong is said in the ledger too.
    let journal = std::fs::read_dir(data.join("ledgers/main/journal")).unwrap();
    let journal = journal.map(|it| it.unwrap().path()).next().unwrap();
    let mut bytes = std::fs::read(&journal).unwrap();
    let at = bytes.windows(5).position(|it| it == b"login").unwrap();
    bytes[at] ^= 1;
    // In place: the server goes on to write to this file.
    let file = std::fs::OpenOptions::new()
        .write(true)
        .open(&journal)
        .unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, &bytes[at..=at], at as u64).unwrap();
    let found = run(&["verify", "--tenant", "main"], &data);
    assert_eq!(found.status.code(), Some(3), "{}", text(&found.stderr));
    let main = told(&client, "annals.verify");
    assert_eq!(main.len(), 2, "{main:?}");
    assert_eq!(main[0]["outcome"]["result"], "failure");
    assert!(main[0]["metadata"]["wrong"].is_string(), "{}", main[0]);
}
