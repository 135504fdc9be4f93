//! How risky an event looks, and why: a few plain rules over the event alone.
//!
//! A rule speaks for a level and is named in the answer; the highest level wins. Rules that need
//! more than one event (many failures from one address, say) belong to alerts.

use event::path;
use event::{Activity, Category, Event, Outcome, Risk, Severity};

/// Failed sign-ins in a row from which on they are worth a look: people mistype twice.
const REPEATED_ATTEMPTS: i64 = 3;
/// Failed sign-ins in a row that count as the limit where the event names none.
const ATTEMPT_LIMIT: i64 = 5;
/// Records from which on an export or a deletion is one of many records.
const BULK_RECORDS: i64 = 1_000;
/// Records from which on it is one of very many.
const MASS_RECORDS: i64 = 10_000;

/// A rule that spoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// An event of security that no other rule speaks of.
    SecurityEvent,
    /// A sign-in failed.
    FailedSignIn,
    /// It failed for the third time in a row or more.
    RepeatedFailedSignIn,
    /// It failed as often as the application allows.
    AttemptLimitReached,
    /// An account was locked.
    AccountLocked,
    /// Somebody was refused what they asked for.
    Denied,
    /// Somebody was given or lost a permission or role.
    PermissionChange,
    /// A key or another credential was made.
    CredentialCreated,
    /// A protection was switched off.
    ProtectionDisabled,
    /// Done in somebody else's name.
    Impersonation,
    /// A thousand records or more left the system.
    BulkExport,
    /// Ten thousand records or more left the system.
    MassExport,
    /// A thousand records or more were deleted.
    BulkDeletion,
}

impl Reason {
    /// The name that is stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::SecurityEvent => "security_event",
            Reason::FailedSignIn => "failed_sign_in",
            Reason::RepeatedFailedSignIn => "repeated_failed_sign_in",
            Reason::AttemptLimitReached => "attempt_limit_reached",
            Reason::AccountLocked => "account_locked",
            Reason::Denied => "denied",
            Reason::PermissionChange => "permission_change",
            Reason::CredentialCreated => "credential_created",
            Reason::ProtectionDisabled => "protection_disabled",
            Reason::Impersonation => "impersonation",
            Reason::BulkExport => "bulk_export",
            Reason::MassExport => "mass_export",
            Reason::BulkDeletion => "bulk_deletion",
        }
    }

    /// The level it speaks for.
    pub fn level(self) -> Severity {
        match self {
            Reason::SecurityEvent | Reason::FailedSignIn => Severity::Low,
            Reason::RepeatedFailedSignIn
            | Reason::Denied
            | Reason::CredentialCreated
            | Reason::Impersonation
            | Reason::BulkExport => Severity::Medium,
            Reason::AttemptLimitReached
            | Reason::AccountLocked
            | Reason::PermissionChange
            | Reason::ProtectionDisabled
            | Reason::MassExport
            | Reason::BulkDeletion => Severity::High,
        }
    }
}

/// The verdict on an event; `None` where there is nothing to judge: an ordinary change, view or job.
pub fn risk_of(event: &Event) -> Option<Risk> {
    let reasons = reasons_of(event);
    let level = reasons.iter().map(|reason| reason.level()).max()?;
    Some(Risk {
        level,
        reasons: reasons
            .iter()
            .map(|reason| reason.as_str().to_owned())
            .collect(),
    })
}

fn reasons_of(event: &Event) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let is_security = event.category() == Category::Security;
    let records = || {
        let counted = event.field(path::COUNTS_RECORDS);
        counted.and_then(|field| field.as_i64()).unwrap_or(0)
    };
    match event.activity() {
        Activity::Login if failed(event) => reasons.push(failed_sign_in(event)),
        Activity::Lock if is_security => reasons.push(Reason::AccountLocked),
        Activity::Grant | Activity::Revoke if is_security && !is_credential(event) => {
            reasons.push(Reason::PermissionChange);
        }
        Activity::Disable if is_security => reasons.push(Reason::ProtectionDisabled),
        Activity::Create if is_security && is_credential(event) => {
            reasons.push(Reason::CredentialCreated);
        }
        Activity::Export if records() >= MASS_RECORDS => reasons.push(Reason::MassExport),
        Activity::Export if records() >= BULK_RECORDS => reasons.push(Reason::BulkExport),
        Activity::Delete if records() >= BULK_RECORDS => reasons.push(Reason::BulkDeletion),
        _ => {}
    }
    if event.outcome() == Some(Outcome::Denied) && event.activity() != Activity::Login {
        reasons.push(Reason::Denied);
    }
    if event.field(path::ON_BEHALF_OF_ID).is_some() {
        reasons.push(Reason::Impersonation);
    }
    if is_security && reasons.is_empty() {
        reasons.push(Reason::SecurityEvent);
    }
    reasons
}

fn failed(event: &Event) -> bool {
    matches!(event.outcome(), Some(Outcome::Failure | Outcome::Denied))
}

/// By the count that the application sends (`metadata.attempt`, `metadata.attempt_limit`).
fn failed_sign_in(event: &Event) -> Reason {
    let (mut attempt, mut limit) = (None, ATTEMPT_LIMIT);
    for field in event.fields() {
        match field.path.as_str() {
            "/metadata/attempt" => attempt = field.as_i64(),
            "/metadata/attempt_limit" => limit = field.as_i64().unwrap_or(limit),
            _ => {}
        }
    }
    match attempt {
        Some(attempt) if attempt >= limit => Reason::AttemptLimitReached,
        Some(attempt) if attempt >= REPEATED_ATTEMPTS => Reason::RepeatedFailedSignIn,
        _ => Reason::FailedSignIn,
    }
}

/// Keys, tokens and secrets, by the action's words.
fn is_credential(event: &Event) -> bool {
    let action = event.action();
    ["key", "token", "secret", "credential", "certificate"]
        .iter()
        .any(|word| action.split(['.', '_', '-', ':']).any(|part| part == *word))
}

#[cfg(test)]
mod tests {
    use event::{Acceptance, Timestamp};

    use super::*;

    #[track_caller]
    fn check(json: &str, expected: Option<(Severity, &[&str])>) {
        let acceptance = Acceptance {
            now: Timestamp::from_micros(1_800_000_000_000_000),
            key_id: None,
            import: None,
        };
        let event = Event::accept(json.as_bytes(), &acceptance).unwrap();
        let risk = risk_of(&event);
        let found = risk.as_ref().map(|risk| {
            let reasons: Vec<&str> = risk.reasons.iter().map(String::as_str).collect();
            (risk.level, reasons)
        });
        let expected = expected.map(|(level, reasons)| (level, reasons.to_vec()));
        assert_eq!(found, expected, "{json}");
    }

    #[test]
    fn ordinary_events_have_no_risk() {
        check(r#"{"action":"customer.update","actor":{"id":"u-1"}}"#, None);
        check(
            r#"{"action":"customer.export","actor":{"id":"u-1"},"counts":{"records":20}}"#,
            None,
        );
    }

    #[test]
    fn failed_sign_ins_rise_with_their_count() {
        let failed = |more: &str| {
            format!(r#"{{"action":"login","actor":{{"id":"u-1"}},"outcome":"failure"{more}}}"#)
        };
        check(&failed(""), Some((Severity::Low, &["failed_sign_in"])));
        check(
            &failed(r#","metadata":{"attempt":3,"attempt_limit":5}"#),
            Some((Severity::Medium, &["repeated_failed_sign_in"])),
        );
        check(
            &failed(r#","metadata":{"attempt":5,"attempt_limit":5}"#),
            Some((Severity::High, &["attempt_limit_reached"])),
        );
        check(
            r#"{"action":"login","actor":{"id":"u-1"},"outcome":"success"}"#,
            Some((Severity::Low, &["security_event"])),
        );
    }

    #[test]
    fn what_changes_who_may_do_what_is_named() {
        let by = |action: &str| format!(r#"{{"action":"{action}","actor":{{"id":"u-1"}}}}"#);
        check(
            &by("account.lock"),
            Some((Severity::High, &["account_locked"])),
        );
        check(
            &by("access.grant"),
            Some((Severity::High, &["permission_change"])),
        );
        check(
            &by("api_key.create"),
            Some((Severity::Medium, &["credential_created"])),
        );
    }

    #[test]
    fn many_records_are_named() {
        let of = |activity: &str, records: u32| {
            format!(
                r#"{{"action":"customer.{activity}","activity":"{activity}","actor":{{"id":"u-1"}},"counts":{{"records":{records}}}}}"#
            )
        };
        check(
            &of("export", 5_000),
            Some((Severity::Medium, &["bulk_export"])),
        );
        check(
            &of("export", 10_000),
            Some((Severity::High, &["mass_export"])),
        );
        check(
            &of("delete", 1_000),
            Some((Severity::High, &["bulk_deletion"])),
        );
    }

    #[test]
    fn several_rules_are_all_named_and_the_highest_level_wins() {
        check(
            r#"{"action":"access.grant","actor":{"id":"u-1"},"on_behalf_of":{"id":"u-2"},"outcome":"denied"}"#,
            Some((
                Severity::High,
                &["permission_change", "denied", "impersonation"],
            )),
        );
    }
}
