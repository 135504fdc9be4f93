use event::catalogue::{all, label, lookup};
use event::{Activity, Outcome, Severity, path};

#[test]
fn the_catalogue_is_sorted_and_complete() {
    assert!(all().len() >= 120);
    assert!(all().windows(2).all(|pair| pair[0].action < pair[1].action));
    for row in all() {
        assert!(!row.label.is_empty(), "{}", row.action);
        assert_eq!(lookup(row.action), row);
    }
    for activity in Activity::ALL {
        assert!(
            all().iter().any(|row| row.activity == *activity),
            "nothing is {activity}"
        );
    }
}

#[track_caller]
fn check(action: &str, expected: &str) {
    let row = lookup(action);
    let found = format!(
        "{} {} {} · {}",
        row.activity,
        row.category,
        row.severity,
        label(action)
    );
    assert_eq!(found, expected, "{action}");
}

#[test]
fn actions_are_understood_by_their_last_part() {
    check(
        "customer.credit_limit.update",
        "update record_change medium · Changed a credit limit",
    );
    check(
        "erp.customer.credit_limit.update",
        "update record_change medium · Changed a credit limit",
    );
    check(
        "voucher.redeem.update",
        "update record_change info · Updated",
    );
    check("Voucher.Update", "update record_change info · Updated");
    check("voucher_update", "update record_change info · Updated");
    check("voucher.bulk-delete", "delete record_change low · Deleted");
    check("voucher.created", "create record_change info · Created");
    check("account.locked", "lock security medium · Locked");
    check(
        "portal.login.failed",
        "login security medium · Failed to sign in",
    );
    check("something.odd", "other user_activity info · something.odd");
    check("", "other user_activity info · ");
}

#[test]
fn what_fails_matters_more() {
    let after = |action: &str, outcome| lookup(action).severity_after(Some(outcome));
    assert_eq!(after("login", Outcome::Success), Severity::Low);
    assert_eq!(after("login", Outcome::Failure), Severity::Medium);
    assert_eq!(after("view", Outcome::Failure), Severity::Low);
    assert_eq!(after("view", Outcome::Denied), Severity::Medium);
    assert_eq!(after("job_run", Outcome::Warning), Severity::Low);
    assert_eq!(after("account.lock", Outcome::Failure), Severity::High);
}

#[test]
fn well_known_paths_are_sorted_so_that_codes_compare_like_paths() {
    assert!(path::WELL_KNOWN.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(path::WELL_KNOWN.len() <= 127);
    for (place, text) in path::WELL_KNOWN.iter().enumerate() {
        let code = path::Code::new(place as u8 + 1).unwrap();
        assert_eq!((code.as_str(), path::Code::of(text)), (*text, Some(code)));
    }
    assert_eq!(path::TRACE_ID.as_str(), "/trace_id");
    assert_eq!(path::ON_BEHALF_OF_TYPE.as_str(), "/on_behalf_of/type");
    for index in 0..6 {
        for member in path::TargetMember::ALL {
            let text = format!("/targets/{index}/{}", member.as_str());
            let path = path::Path::new(&text);
            assert_eq!(path.target(), Some((index, member)));
            assert_eq!(path.code(), path::Code::target(index, member));
            assert_eq!(path.change(), None);
        }
    }
    for index in 0..10 {
        for member in path::ChangeMember::ALL {
            let text = format!("/changes/{index}/{}", member.as_str());
            let path = path::Path::new(&text);
            assert_eq!(path.change(), Some((index, member)));
            assert_eq!(path.code(), path::Code::change(index, member));
            assert_eq!(path.target(), None);
        }
    }
}
