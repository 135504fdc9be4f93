//! Many tenants in one server: ledgers close when nobody uses them and open when somebody does.

use std::io::Write;
use std::time::Duration;

use server::AdminRequest;
use server::limits::Patience;

use crate::harness::{House, event, read_until, request};

fn with_tenants(patience: Patience, names: &[&str]) -> (House, Vec<String>) {
    let house = House::with_patience(patience);
    let keys = names.iter().map(|name| {
        let name = (*name).to_owned();
        house
            .administer(AdminRequest::TenantCreate { name: name.clone() })
            .unwrap();
        house.key(&name, "events:write,events:read")
    });
    let keys = keys.collect();
    (house, keys)
}

#[test]
fn idle_ledgers_close_and_open_again_with_everything() {
    let patience = Patience {
        ledger_idle: Duration::from_millis(400),
        sweep_every: Duration::from_millis(50),
        ..Patience::default()
    };
    let (house, keys) = with_tenants(patience, &["one", "two", "three"]);
    for round in 0..3u64 {
        for (place, key) in keys.iter().enumerate() {
            let sent = event(&format!("{round}-{place}"), "login");
            let json = [("content-type", "application/json")];
            house
                .ask("POST", "/v1/events", key, &json, sent.as_bytes())
                .ok();
            let found = house
                .ask("GET", "/v1/events?q=action:login", key, &[], b"")
                .ok();
            assert_eq!(found["total"], round + 1);
        }
        assert!(house.metric("annals_open_ledgers ") >= 1.0);
        house.wait_metric("annals_open_ledgers ", 0.0);
        // Sent again it is known, so the ids were read back.
        let again = event(&format!("{round}-0"), "login");
        let json = [("content-type", "application/json")];
        let receipt = house
            .ask("POST", "/v1/events", &keys[0], &json, again.as_bytes())
            .ok();
        assert_eq!(receipt["duplicate"], true);
        house.wait_metric("annals_open_ledgers ", 0.0);
    }
}

#[test]
fn a_ledger_that_is_followed_stays_open() {
    let patience = Patience {
        ledger_idle: Duration::from_millis(100),
        sweep_every: Duration::from_millis(20),
        ..Patience::default()
    };
    let (house, keys) = with_tenants(patience, &["one", "two"]);
    let mut tail = house.connect();
    tail.write_all(&request("GET", "/v1/events/tail", &keys[0], &[], b""))
        .unwrap();
    read_until(&mut tail, ": following\n\n");
    house.wait_metric("annals_open_ledgers ", 1.0);
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(house.metric("annals_open_ledgers "), 1.0);
    let json = [("content-type", "application/json")];
    house
        .ask(
            "POST",
            "/v1/events",
            &keys[0],
            &json,
            event("late", "login").as_bytes(),
        )
        .ok();
    read_until(&mut tail, "\"late\"");
    drop(tail);
    house.wait_metric("annals_open_ledgers ", 0.0);
}
