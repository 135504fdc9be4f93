//! What small tenants cost in memory and open files. `annals-bench tenants` gives the full figure.

use client::{Body, Sending};

use crate::harness::{Served, annals, succeeded, total};

const TENANTS: u64 = 40;
const EVENTS: u64 = 10;
/// Open files an open ledger may have.
const FILES_A_TENANT: u64 = 5;
/// Memory an open ledger may take, in bytes: 200 may be open, and 1,000 tenants have 300 MiB.
const BYTES_A_TENANT: u64 = 1 << 20;

fn memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: u64 = line
        .unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap();
    kib << 10
}

fn files(process: u32) -> u64 {
    std::fs::read_dir(format!("/proc/{process}/fd"))
        .unwrap()
        .count() as u64
}

#[test]
fn a_small_tenant_costs_little() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let served = Served::on(&data);
    let main = served.client(&served.key("main"));
    let fill = |client: &client::Client| {
        let lines: String = (0..EVENTS)
            .map(|n| {
                format!(
                    "{{\"id\":\"e-{n}\",\"action\":\"login\",\"actor\":{{\"id\":\"u-{n}\"}}}}\n"
                )
            })
            .collect();
        let answer = client.send(Body::Ndjson(lines.as_bytes()), &Sending::default());
        assert_eq!(answer.unwrap().accepted, EVENTS);
        assert_eq!(total(client, "action:login"), EVENTS);
    };
    fill(&main);
    let (memory_before, files_before) = (memory(served.id()), files(served.id()));
    for number in 0..TENANTS {
        let name = format!("t-{number}");
        let made = annals()
            .args(["tenant", "create", &name, "--data"])
            .arg(&data)
            .output();
        succeeded(made.unwrap());
        fill(&served.client(&served.key(&name)));
    }
    let files = files(served.id()).saturating_sub(files_before);
    let bytes = memory(served.id()).saturating_sub(memory_before);
    // A connection of each client may still be open.
    let most = TENANTS * (FILES_A_TENANT + 1);
    assert!(files <= most, "{files} files for {TENANTS} tenants");
    assert!(
        bytes <= TENANTS * BYTES_A_TENANT,
        "{} KiB for {TENANTS} tenants",
        bytes >> 10
    );
    served.stop();
}
