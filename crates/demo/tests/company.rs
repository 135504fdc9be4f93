//! What can be relied on in the made-up company's story.

use std::collections::{BTreeMap, BTreeSet};

use demo::{Company, HISTORY_DAYS, Made};
use event::{Acceptance, Category, Event, Timestamp, path};
use serde_json::Value;

/// A Monday afternoon.
const NOW: Timestamp = Timestamp::from_micros(1_795_460_400_000_000);
const MINUTE: i64 = 60_000_000;

fn history(seed: u64) -> Vec<Made> {
    Company::new(seed, NOW).history().collect()
}

fn parsed(events: &[Made]) -> Vec<Value> {
    events
        .iter()
        .map(|made| serde_json::from_slice(&made.json).unwrap())
        .collect()
}

fn minutes_before_now(event: &Value) -> i64 {
    let at = Timestamp::parse_rfc3339(event["occurred_at"].as_str().unwrap()).unwrap();
    (NOW.as_micros() - at.as_micros()) / MINUTE
}

#[track_caller]
fn check_there_is(events: &[Value], what: &str, is_it: impl Fn(&Value) -> bool) {
    assert!(events.iter().any(is_it), "the story lacks: {what}");
}

#[test]
fn the_same_seed_and_moment_tell_the_same_story() {
    let (a, b) = (history(3), history(3));
    assert!(a == b);
    assert!(
        a.iter()
            .map(|made| &made.json)
            .ne(history(4).iter().map(|made| &made.json))
    );
}

#[test]
fn every_event_is_accepted_ordered_and_has_an_id_of_its_own() {
    let acceptance = Acceptance {
        now: NOW,
        key_id: None,
        import: None,
    };
    let start = NOW.plus_micros(-HISTORY_DAYS * 24 * 60 * MINUTE);
    let (mut before, mut ids, mut counts) = (start, BTreeSet::new(), BTreeMap::new());
    let events = history(1);
    for made in &events {
        let accepted = Event::accept(&made.json, &acceptance)
            .unwrap_or_else(|p| panic!("{p:?}: {}", String::from_utf8_lossy(&made.json)));
        assert_eq!(accepted.occurred_at(), made.occurred_at);
        assert!(before <= made.occurred_at && made.occurred_at <= NOW);
        before = made.occurred_at;
        assert!(ids.insert(accepted.string(path::ID).unwrap().into_owned()));
        *counts.entry(accepted.category().as_str()).or_insert(0usize) += 1;
    }
    assert!(
        (90_000..=110_000).contains(&events.len()),
        "{} events",
        events.len()
    );
    let share = |category: Category| counts[category.as_str()] * 100 / events.len();
    let user = share(Category::UserActivity) + share(Category::ApiRequest) + share(Category::View);
    for (name, share, expected) in [
        ("record changes", share(Category::RecordChange), 35..=55),
        ("user actions", user, 20..=40),
        ("system", share(Category::System), 10..=22),
        ("security", share(Category::Security), 6..=14),
    ] {
        assert!(expected.contains(&share), "{share} % {name}: {counts:?}");
    }
}

#[test]
fn the_story_has_its_beats() {
    let events = parsed(&history(7));
    let recent = |e: &Value, minutes: i64| minutes_before_now(e) <= minutes;
    for attempt in 1..=5 {
        check_there_is(&events, "a failed sign-in of the five", |e| {
            recent(e, 15)
                && e["action"] == "login"
                && e["metadata"]["attempt"] == attempt
                && e["metadata"]["attempt_limit"] == 5
                && e["outcome"]["result"] == "failure"
        });
    }
    check_there_is(&events, "a locked account", |e| {
        recent(e, 15) && e["action"] == "account.lock"
    });
    check_there_is(&events, "an admin role that changed", |e| {
        recent(e, 130) && e["action"] == "permission.change" && e["targets"][0]["id"] == "admin"
    });
    check_there_is(&events, "an export of 5,000 customers", |e| {
        recent(e, 200) && e["action"] == "customer.export" && e["counts"]["records"] == 5_000
    });
    check_there_is(&events, "a production key", |e| {
        recent(e, 1_600)
            && e["action"] == "api_key.create"
            && e["metadata"]["key_environment"] == "production"
    });
    check_there_is(&events, "a second factor", |e| {
        recent(e, 20) && e["action"] == "mfa.enable"
    });
    check_there_is(&events, "a password reset", |e| {
        recent(e, 30) && e["action"] == "password.reset"
    });
    check_there_is(&events, "a reconciliation with a warning", |e| {
        recent(e, 1_441)
            && e["action"] == "job.reconciliation"
            && e["outcome"]["result"] == "warning"
    });
    check_there_is(&events, "an unknown actor", |e| {
        recent(e, 60) && e["actor"]["type"] == "anonymous"
    });
    check_there_is(&events, "an assistant acting for a person", |e| {
        e["actor"]["type"] == "ai_agent" && e["on_behalf_of"]["type"] == "user"
    });
    check_there_is(&events, "somebody acting for somebody", |e| {
        e["action"] == "impersonation.start" && e["on_behalf_of"]["id"].is_string()
    });
    for action in [
        "job.backup",
        "job.email_queue",
        "job.currency_rates",
        "job.index_rebuild",
        "job.log_rotation",
        "job.scheduled_reports",
        "integration.sync",
        "report.generate",
        "search",
        "customer.view",
        "order.create",
        "quote.create",
        "invoice.create",
        "product.price.update",
        "settings.update",
        "financial_record.view",
        "account.unlock",
        "approval.approve",
        "config.update",
    ] {
        check_there_is(&events, action, |e| e["action"] == action);
    }
}

#[test]
fn approval_and_notification_follow_a_change_within_seconds() {
    let events = parsed(&history(7));
    let change = events
        .iter()
        .rfind(|e| e["action"] == "customer.credit_limit.update")
        .unwrap();
    let follow: Vec<&Value> = events
        .iter()
        .filter(|e| {
            e["correlation_id"] == change["correlation_id"] && e["action"] != change["action"]
        })
        .filter(|e| minutes_before_now(change) - minutes_before_now(e) <= 1)
        .collect();
    let actions: Vec<&str> = follow
        .iter()
        .map(|e| e["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions[..2], ["approval.request", "notification.send"]);
    assert!(
        change["changes"]
            .as_array()
            .unwrap()
            .iter()
            .any(|c| c["old"] == c["new"]),
        "a field without change"
    );
}

#[test]
fn old_values_are_what_the_record_said_before() {
    let mut said: BTreeMap<(String, String), Value> = BTreeMap::new();
    for event in parsed(&history(2)) {
        let record = event["targets"][0]["id"].to_string();
        for change in event["changes"].as_array().into_iter().flatten() {
            let key = (record.clone(), change["path"].to_string());
            if let Some(before) = said.insert(key, change["new"].clone()) {
                assert_eq!(before, change["old"], "{event}");
            }
        }
    }
}

#[test]
fn system_health_of_the_last_30_days_adds_up() {
    let events = parsed(&history(1));
    let month: Vec<&Value> = events
        .iter()
        .filter(|e| minutes_before_now(e) < 30 * 24 * 60)
        .collect();
    let covered: i64 = month
        .iter()
        .filter(|e| e["action"] == "system.heartbeat")
        .map(|e| e["duration_ms"].as_i64().unwrap())
        .sum();
    let uptime = covered as f64 / (30.0 * 24.0 * 3_600_000.0) * 100.0;
    assert!((99.9..100.0).contains(&uptime), "{uptime} %");
    let failed = month
        .iter()
        .filter(|e| {
            e["action"].as_str().unwrap().starts_with("job.") && e["outcome"]["result"] == "failure"
        })
        .count();
    assert_eq!(failed, 3);
    let times: Vec<i64> = month
        .iter()
        .filter(|e| e["action"] == "api_request")
        .map(|e| e["duration_ms"].as_i64().unwrap())
        .collect();
    let mean = times.iter().sum::<i64>() / times.len() as i64;
    assert!((130..=160).contains(&mean), "{mean} ms");
}

#[test]
fn sessions_end_after_they_begin() {
    let events = parsed(&history(5));
    let mut open = BTreeSet::new();
    for event in events
        .iter()
        .filter(|e| e["session_id"].is_string() && e["outcome"]["result"] == "success")
    {
        match event["action"].as_str().unwrap() {
            "login" => assert!(open.insert(event["session_id"].to_string())),
            "logout" => assert!(open.remove(&event["session_id"].to_string())),
            _ => {}
        }
    }
}

#[test]
fn something_goes_on_every_few_seconds_even_at_night() {
    let night = Timestamp::from_micros(NOW.as_micros() - 14 * 60 * MINUTE);
    let mut company = Company::new(9, night);
    let _ = company.history().count();
    let mut last = night;
    let live: Vec<Made> = company.live(night.plus_micros(10 * MINUTE)).collect();
    for made in &live {
        assert!(
            made.occurred_at.as_micros() - last.as_micros() < 60 * 1_000_000,
            "a long silence"
        );
        last = made.occurred_at;
    }
    assert!(
        (60..600).contains(&live.len()),
        "{} events in ten minutes",
        live.len()
    );
    assert!(
        company
            .live(night.plus_micros(10 * MINUTE))
            .next()
            .is_none(),
        "nothing twice"
    );
}
