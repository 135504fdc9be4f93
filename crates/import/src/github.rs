//! The audit log of a GitHub organisation or enterprise: exported, streamed, or from the API.
//!
//! <https://docs.github.com/en/organizations/keeping-your-organization-secure/managing-security-settings-for-your-organization/audit-log-events-for-your-organization>

use event::json::NodeKind;
use event::{Activity, ActorType, Category, Outcome};

use crate::draft::{Change, Draft, Person};
use crate::record::View;
use crate::refusal::Refusal;
use crate::verbs;

/// Names of members that say what it was done to: type, id, name. The order is that of how near
/// they are to what was done.
const TARGETS: &[(&str, &str, &str)] = &[
    ("hook", "hook_id", "hook"),
    ("ruleset", "ruleset_id", "ruleset_name"),
    ("workflow", "workflow_id", "workflow"),
    ("integration", "integration_id", "integration"),
    (
        "oauth_application",
        "oauth_application_id",
        "oauth_application_name",
    ),
    ("deploy_key", "deploy_key_fingerprint", "deploy_key_title"),
    ("runner", "runner_id", "runner_name"),
    ("runner_group", "runner_group_id", "runner_group_name"),
    ("environment", "environment_id", "environment_name"),
    ("pull_request", "pull_request_id", "pull_request_title"),
    ("alert", "alert_id", "alert_number"),
    ("team", "team_id", "team"),
    ("repository", "repo_id", "repo"),
    ("user", "user_id", "user"),
    ("organization", "org_id", "org"),
    ("enterprise", "business_id", "business"),
];

/// First part of an action and the types its target may have.
const PRIMARY: &[(&str, &[&str])] = &[
    ("team", &["team"]),
    ("org", &["user", "team", "organization"]),
    ("business", &["user", "enterprise"]),
    ("enterprise", &["enterprise"]),
    ("hook", &["hook"]),
    ("repository_ruleset", &["ruleset"]),
    ("workflows", &["workflow"]),
    ("integration_installation", &["integration"]),
    ("repo", &["repository"]),
    ("git", &["repository"]),
    ("protected_branch", &["repository"]),
    ("user", &["user"]),
];

/// First parts of actions that concern who may do what, or what is guarded.
const SECURITY: &[&str] = &[
    "account",
    "advisory",
    "api",
    "billing_security",
    "business",
    "business_advanced_security",
    "business_secret_scanning",
    "codespaces_trusted_repo_access",
    "dependabot_alerts",
    "deploy_key",
    "enterprise",
    "external_identity",
    "hook",
    "integration",
    "integration_installation",
    "ip_allow_list",
    "ip_allow_list_entry",
    "members_can_create_repos",
    "oauth_access",
    "oauth_application",
    "oauth_authorization",
    "org",
    "org_credential_authorization",
    "org_secret_scanning",
    "personal_access_token",
    "private_repository_forking",
    "protected_branch",
    "public_key",
    "repository_ruleset",
    "role",
    "secret_scanning",
    "security_key",
    "self_hosted_runner",
    "ssh_certificate_authority",
    "sso",
    "staff",
    "team",
    "two_factor_authentication",
    "user",
    "user_session",
];

/// Actions of a repository that concern who may see or change it.
const REPOSITORY_SECURITY: &[&str] = &[
    "access",
    "add_member",
    "remove_member",
    "update_member",
    "transfer",
    "destroy",
    "change_merge_setting",
    "download_zip",
    "register_self_hosted_runner",
    "remove_self_hosted_runner",
    "create_actions_secret",
    "update_actions_access_settings",
    "set_workflow_permission_can_approve_pr",
    "set_default_workflow_permissions",
];

pub(crate) fn map(record: View<'_, '_>) -> Result<(Draft, Option<String>), Refusal> {
    let mut draft = Draft::of(record.text(&["action"]), "`action`")?;
    let times = ["created_at", "@timestamp", "at_sign_timestamp", "timestamp"];
    let times: Vec<String> = times
        .iter()
        .filter_map(|name| record.text(&[name]))
        .collect();
    draft.when(times.iter().map(String::as_str));
    outcome(&mut draft, record);
    who(&mut draft, record);
    draft.came_from(record.first_text(&["actor_ip", "ip_address", "ip"]));
    draft.user_agent = record.text(&["user_agent"]);
    draft.request_id = record.text(&["request_id"]);
    draft.session_id = record.first_text(&["session_id", "user_session_id"]);
    draft.app = Some("github".to_owned());
    draft.component = record.first_text(&["org", "business"]);
    targets(&mut draft, record);
    draft.changes = changes(record);
    draft.message = record.first_text(&["message", "explanation"]);
    meaning(&mut draft, record.text(&["operation_type"]).as_deref());
    Ok((draft, record.first_text(&["_document_id", "document_id"])))
}

/// The log does not say how things ended; only requests to the API carry a status.
fn outcome(draft: &mut Draft, record: View<'_, '_>) {
    let status = record
        .text(&["status_code"])
        .and_then(|text| text.parse::<u16>().ok());
    draft.outcome = Some(match status {
        Some(401 | 403) => Outcome::Denied,
        Some(400..) => Outcome::Failure,
        Some(100..400) => Outcome::Success,
        _ => Outcome::Unknown,
    });
    draft.outcome_code = status.map(|status| status.to_string());
}

fn who(draft: &mut Draft, record: View<'_, '_>) {
    let name = record
        .text(&["actor"])
        .or_else(|| record.text(&["actor", "login"]));
    let id = record
        .text(&["actor_id"])
        .or_else(|| record.text(&["actor", "id"]));
    // GitHub writes 0 for nobody.
    let id = id.filter(|id| id != "0").or_else(|| name.clone());
    let is_bot = record.is_true("actor_is_bot")
        || name.as_deref().is_some_and(|name| name.ends_with("[bot]"));
    let is_agent = record.is_true("actor_is_agent");
    let email = record.text(&["external_identity_nameid"]);
    draft.actor = Person {
        kind: Some(match (is_agent, is_bot) {
            (true, _) => ActorType::AiAgent,
            (false, true) => ActorType::Service,
            (false, false) => ActorType::User,
        }),
        email: email.filter(|it| it.contains('@') && name.is_some()),
        id,
        name,
        ..Person::default()
    };
}

fn targets(draft: &mut Draft, record: View<'_, '_>) {
    // Some records keep what they are about one level deeper.
    let text = |name: &str| {
        let direct = record.text(&[name]);
        direct
            .or_else(|| record.text(&["data", name]))
            .filter(|it| it != "0")
    };
    for (kind, id, name) in TARGETS {
        let name = match *kind {
            "repository" => text("repo").or_else(|| text("repository")),
            _ => text(name),
        };
        let id = text(id);
        // Where the log has no number, the name is what tells things apart.
        let id = id.or_else(|| name.clone());
        let is_actor = *kind == "user" && name.is_some() && name == draft.actor.name;
        if !is_actor {
            draft.done_to(kind, id, name);
        }
    }
    let area = draft.action.split('.').next().unwrap_or_default();
    if let Some((_, kinds)) = PRIMARY.iter().find(|(first, _)| *first == area) {
        for kind in kinds.iter().rev() {
            draft.primary_is(&[*kind]);
        }
    }
}

/// `old_permission` and `permission`, `name_was` and `name`.
fn changes(record: View<'_, '_>) -> Vec<Change> {
    let plain = |value: View<'_, '_>| {
        let is_nested = value.is(NodeKind::Object) || value.is(NodeKind::Array);
        (!is_nested && value.raw().len() < 1024).then(|| value.raw().to_owned())
    };
    let mut changes = Vec::new();
    for (name, old) in record.members() {
        let path = name
            .strip_prefix("old_")
            .or_else(|| name.strip_suffix("_was"));
        if let Some(path) = path
            && let Some(new) = record.get(&[path])
            && let (Some(old), Some(new)) = (plain(old), plain(new))
        {
            let path = path.to_owned();
            let (old, new) = (Some(old), Some(new));
            changes.push(Change { path, old, new });
        }
    }
    changes
}

fn meaning(draft: &mut Draft, operation: Option<&str>) {
    let action = draft.action.clone();
    let (area, verb) = action.split_once('.').unwrap_or(("", &action));
    let by_operation = match operation {
        Some("create") => Some(Activity::Create),
        Some("modify") => Some(Activity::Update),
        Some("remove") => Some(Activity::Delete),
        Some("access") => Some(Activity::Read),
        Some("authentication") => Some(Activity::Login),
        Some("restore") => Some(Activity::Update),
        Some("transfer") => Some(Activity::Update),
        _ => None,
    };
    let by_word = match (area, verb) {
        ("git", "clone" | "fetch") => Some(Activity::Read),
        ("git", "push") => Some(Activity::Update),
        ("team" | "org" | "business" | "repo", "add_member" | "add_repository") => {
            Some(Activity::Grant)
        }
        ("team" | "org" | "business" | "repo", "remove_member" | "remove_repository") => {
            Some(Activity::Revoke)
        }
        (_, "add_collaborator" | "invite_member") => Some(Activity::Grant),
        ("sso", _) => Some(Activity::Login),
        _ => verbs::activity(&verbs::words(verb)),
    };
    let activity = by_word.or(by_operation).unwrap_or(Activity::Other);
    let is_security = SECURITY.contains(&area)
        || area == "repo" && REPOSITORY_SECURITY.contains(&verb)
        || [
            "secret_scanning",
            "dependabot",
            "personal_access_token",
            "repository_secret",
            "code_scanning",
        ]
        .iter()
        .any(|first| area.starts_with(first));
    let category = match (area, activity) {
        ("git", _) => Category::UserActivity,
        ("api", _) => Category::ApiRequest,
        ("workflows" | "actions" | "checks" | "environment", _) => Category::System,
        _ if is_security => Category::Security,
        (_, Activity::Read | Activity::Search) => Category::View,
        _ => Category::RecordChange,
    };
    draft.means(activity, category);
}
