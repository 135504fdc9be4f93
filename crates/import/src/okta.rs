//! The Okta System Log, in the API's spelling and in that of exports with lower-case names.
//!
//! <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/>

use event::{Activity, ActorType, Category, Outcome, Severity};

use crate::draft::{Draft, Person};
use crate::record::View;
use crate::refusal::Refusal;
use crate::verbs;

pub(crate) fn map(record: View<'_, '_>) -> Result<(Draft, Option<String>), Refusal> {
    let mut draft = Draft::of(record.text(&["eventType"]), "`eventType`")?;
    draft.when(record.text(&["published"]).as_deref());
    outcome(&mut draft, record);
    if let Some(actor) = record.get(&["actor"]) {
        draft.actor = person(actor);
    }
    draft.came_from(record.text(&["client", "ipAddress"]));
    draft.user_agent = record.text(&["client", "userAgent", "rawUserAgent"]);
    let context = |name| record.text(&["authenticationContext", name]);
    draft.session_id = context("externalSessionId")
        .or_else(|| context("rootSessionId"))
        .filter(|it| it != "unknown");
    draft.correlation_id = record
        .text(&["transaction", "id"])
        .filter(|it| it != "unknown");
    draft.request_id = record.text(&["debugContext", "debugData", "requestId"]);
    draft.trace_id = record.text(&["debugContext", "debugData", "traceId"]);
    draft.app = Some("okta".to_owned());
    for target in record.get(&["target"]).into_iter().flat_map(View::elements) {
        let name = target.text(&["displayName"]).filter(|it| it != "unknown");
        let other = target.text(&["alternateId"]).filter(|it| it != "unknown");
        let kind = target.text(&["type"]);
        let id = target.text(&["id"]).or_else(|| other.clone());
        draft.done_to(kind.as_deref().unwrap_or("resource"), id, name.or(other));
    }
    draft.message = record.text(&["displayMessage"]);
    meaning(&mut draft);
    match record.text(&["severity"]).as_deref() {
        Some("WARN") => draft.at_least(Severity::Medium),
        Some("ERROR") => draft.at_least(Severity::High),
        _ => {}
    }
    Ok((draft, record.text(&["uuid"])))
}

fn outcome(draft: &mut Draft, record: View<'_, '_>) {
    let result = record.text(&["outcome", "result"]);
    draft.outcome = Some(match result.as_deref() {
        Some("SUCCESS" | "ALLOW") => Outcome::Success,
        Some("FAILURE") => Outcome::Failure,
        Some("DENY") => Outcome::Denied,
        Some("CHALLENGE" | "RATE_LIMIT") => Outcome::Warning,
        _ => Outcome::Unknown,
    });
    // The words of Okta where ours are fewer.
    draft.outcome_code = result.filter(|it| !matches!(it.as_str(), "SUCCESS" | "FAILURE" | "DENY"));
    draft.outcome_reason = record.text(&["outcome", "reason"]);
}

/// Okta names people by an opaque id, a login that is nearly always an e-mail address, and a name.
fn person(actor: View<'_, '_>) -> Person {
    let known = |name| actor.text(&[name]).filter(|it| it != "unknown");
    let kind = actor.text(&["type"]);
    let login = known("alternateId");
    let email = login.clone().filter(|it| it.contains('@'));
    let other_login = login.filter(|it| !it.contains('@'));
    let kind = match kind.as_deref() {
        Some("SystemPrincipal") => ActorType::System,
        Some(
            "PublicClientApp"
            | "ConfidentialClientApp"
            | "AppInstance"
            | "Client"
            | "ServiceAccount",
        ) => ActorType::Service,
        Some("AIAgent") => ActorType::AiAgent,
        _ => ActorType::User,
    };
    Person {
        kind: Some(kind),
        id: other_login.or_else(|| known("id")),
        name: known("displayName"),
        email,
        ..Person::default()
    }
}

fn meaning(draft: &mut Draft) {
    use Activity as A;
    let action = draft.action.clone();
    let begins = |with: &str| action.starts_with(with);
    let last = action.rsplit('.').next().unwrap_or_default();
    let activity = match action.as_str() {
        "user.session.start" => A::Login,
        "user.session.end" => A::Logout,
        _ if begins("user.authentication.") => A::Login,
        _ if begins("user.session.impersonation.") && last != "grant" => match last {
            "initiate" => A::Login,
            "end" => A::Logout,
            _ => A::Revoke,
        },
        _ if action.contains("membership.add") => A::Grant,
        _ if action.contains("membership.remove") => A::Revoke,
        "user.lifecycle.suspend" => A::Lock,
        "user.lifecycle.unsuspend" => A::Unlock,
        "policy.evaluate_sign_on" => A::Execute,
        "user.session.access_admin_app" => A::Read,
        _ if last == "show_password" => A::Read,
        _ => verbs::activity(&verbs::words(last)).unwrap_or(A::Other),
    };
    let is_running = [
        "system.operation.",
        "system.org.rate_limit",
        "application.integration.rate_limit",
        "system.import.",
        "system.email.",
        "system.sms.",
        "system.voice.",
    ];
    let category = match is_running.iter().any(|with| begins(with)) {
        true => Category::System,
        false => Category::Security,
    };
    draft.means(activity, category);
}
