//! `verify --data` and `prove --data`: beside a server that writes to the folder, and without one.

use std::path::Path;
use std::process::Output;
use std::sync::atomic::{AtomicU64, Ordering};

use client::{Body, Sending};

use crate::harness::{Random, Served, annals, succeeded, text};

/// Two journal files are sealed meanwhile, and their parts indexed.
const EVENTS: u64 = 110_000;
const BATCH: u64 = 1_000;
/// Looks at the folder while it is written to.
const ROUNDS: usize = 4;

fn batch(first: u64) -> String {
    (first..first + BATCH)
        .map(|n| {
            format!(
                "{{\"id\":\"e-{n}\",\"action\":\"customer.update\",\"actor\":{{\"id\":\"u-{}\"}},\"message\":\"number {n}\"}}\n",
                n % 50
            )
        })
        .collect()
}

fn verify(data: &Path) -> Output {
    let run = annals().args(["verify", "--data"]).arg(data).output();
    succeeded(run.unwrap())
}

/// Proves an event from the folder and checks the proof with the folder's key.
fn prove_and_check(data: &Path, sequence: u64, proof: &Path) {
    let prove = annals()
        .args(["prove", &sequence.to_string(), "--data"])
        .arg(data)
        .arg("-o")
        .arg(proof)
        .output();
    succeeded(prove.unwrap());
    let check = annals()
        .arg("verify")
        .arg(proof)
        .arg("--vkey")
        .arg(data.join("ledgers/main/vkey"))
        .output();
    let said = text(&succeeded(check.unwrap()).stdout);
    assert!(said.contains(&format!("event {sequence} of ")), "{said}");
}

#[test]
fn a_folder_is_proven_and_verified_while_a_server_writes_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let proof = folder.path().join("proof.json");
    let served = Served::on(&data);
    let client = served.client(&served.key("main"));
    let acknowledged = AtomicU64::new(0);
    let mut random = Random(1);
    let rounds = std::thread::scope(|scope| {
        let sender = scope.spawn(|| {
            for first in (0..EVENTS).step_by(BATCH as usize) {
                let sending = Sending {
                    every_event_has_an_id: true,
                    ..Sending::default()
                };
                let answer = client.send(Body::Ndjson(batch(first).as_bytes()), &sending);
                assert_eq!(answer.unwrap().accepted, BATCH);
                acknowledged.fetch_add(BATCH, Ordering::Relaxed);
            }
        });
        let mut rounds = 0;
        while rounds < ROUNDS || !sender.is_finished() {
            let before = acknowledged.load(Ordering::Relaxed);
            if before == 0 {
                std::thread::yield_now();
                continue;
            }
            // The newest one acknowledged may not be signed yet: then it is waited for.
            prove_and_check(&data, before - 1, &proof);
            prove_and_check(&data, random.below(before), &proof);
            let said = text(&verify(&data).stdout);
            assert!(said.ends_with("sound"), "{said}");
            rounds += 1;
        }
        sender.join().unwrap();
        rounds
    });
    assert!(rounds >= ROUNDS);
    served.stop();

    // Without a server the same commands change nothing at all.
    let before = listing(&data);
    prove_and_check(&data, EVENTS / 2, &proof);
    let said = text(&verify(&data).stdout);
    assert!(said.contains(" sound"), "{said}");
    assert_eq!(listing(&data), before);
}

/// Every file below a folder with its length and the time it was changed.
fn listing(folder: &Path) -> Vec<(std::path::PathBuf, u64, std::time::SystemTime)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let about = entry.metadata().unwrap();
            files.push((entry.path(), about.len(), about.modified().unwrap()));
            if about.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    files.sort();
    files
}

#[test]
fn what_is_not_there_is_not_proven() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let _served = Served::on(&data);
    for (arguments, named) in [
        (["99", "main"], "there is no event 99"),
        (["LOG-1999-0000000", "main"], "the year is wrong"),
        (["0", "other"], "no tenant `other`"),
    ] {
        let [id, tenant] = arguments;
        let run = annals()
            .args(["prove", id, "--tenant", tenant, "--data"])
            .arg(&data)
            .output()
            .unwrap();
        let said = text(&run.stderr);
        assert_eq!(run.status.code(), Some(1), "{said}");
        assert!(said.contains(named), "{said}");
    }
}
