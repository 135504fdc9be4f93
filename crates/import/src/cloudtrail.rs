//! AWS CloudTrail: management, data, network activity and Insights events.
//!
//! <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>

use event::{Activity, ActorType, Category, Outcome, Severity};

use crate::draft::{Draft, Person};
use crate::record::View;
use crate::refusal::Refusal;
use crate::verbs;

/// Services whose changes decide who may do what, or what is recorded.
const SECURITY_SERVICES: &[&str] = &[
    "access-analyzer",
    "acm",
    "acm-pca",
    "cloudhsm",
    "cloudtrail",
    "cognito-idp",
    "config",
    "detective",
    "ds",
    "guardduty",
    "iam",
    "identitystore",
    "inspector2",
    "kms",
    "macie2",
    "organizations",
    "ram",
    "rolesanywhere",
    "secretsmanager",
    "securityhub",
    "signin",
    "sso",
    "sso-directory",
    "sts",
    "waf",
    "wafv2",
];

/// Names in `requestParameters` that say what it was done to, with the type of that; the first
/// found is the primary one.
const PARAMETERS: &[(&str, &str)] = &[
    ("bucketName", "bucket"),
    ("userName", "user"),
    ("roleName", "role"),
    ("roleArn", "role"),
    ("groupName", "group"),
    ("policyArn", "policy"),
    ("policyName", "policy"),
    ("accessKeyId", "access_key"),
    ("secretId", "secret"),
    ("keyId", "key"),
    ("instanceId", "instance"),
    ("functionName", "function"),
    ("dBInstanceIdentifier", "database"),
    ("dBClusterIdentifier", "database_cluster"),
    ("dBSnapshotIdentifier", "database_snapshot"),
    ("snapshotId", "snapshot"),
    ("volumeId", "volume"),
    ("imageId", "image"),
    ("groupId", "security_group"),
    ("vpcId", "vpc"),
    ("subnetId", "subnet"),
    ("tableName", "table"),
    ("queueUrl", "queue"),
    ("topicArn", "topic"),
    ("streamName", "stream"),
    ("logGroupName", "log_group"),
    ("trailName", "trail"),
    ("detectorId", "detector"),
    ("modelId", "model"),
    ("clusterName", "cluster"),
    ("stackName", "stack"),
    ("repositoryName", "repository"),
    ("target", "instance"),
    ("documentName", "document"),
    ("sessionId", "session"),
    ("key", "object"),
    ("resourceArn", "resource"),
    ("name", "resource"),
];

/// Lists of instances and the like: `requestParameters.<set>.items[].<id>`.
const PARAMETER_SETS: &[(&str, &str, &str)] = &[
    ("instancesSet", "instanceId", "instance"),
    ("volumeSet", "volumeId", "volume"),
    ("snapshotSet", "snapshotId", "snapshot"),
    ("imagesSet", "imageId", "image"),
    ("groupSet", "groupId", "security_group"),
];

pub(crate) fn map(record: View<'_, '_>) -> Result<(Draft, Option<String>), Refusal> {
    let source = record.text(&["eventSource"]);
    let service = source.as_deref().map(service);
    let name = record.text(&["eventName"]);
    let insight = record.get(&["insightDetails"]);
    let action = match (&service, &name, insight) {
        (Some(service), Some(name), _) => Some(format!("{service}:{name}")),
        (_, _, Some(insight)) => insight
            .text(&["insightType"])
            .map(|it| format!("cloudtrail:{it}")),
        _ => None,
    };
    let mut draft = Draft::of(action, "`eventSource` or `eventName`")?;
    draft.when(record.text(&["eventTime"]).as_deref());
    outcome(&mut draft, record, name.as_deref());
    who(&mut draft, record);
    draft.came_from(record.text(&["sourceIPAddress"]));
    draft.user_agent = record.text(&["userAgent"]);
    draft.request_id = record.text(&["requestID"]);
    draft.correlation_id = record.text(&["sharedEventID"]);
    // The key of temporary credentials names the session they were given for.
    let key = record.text(&["userIdentity", "accessKeyId"]);
    draft.session_id = key.filter(|key| key.starts_with("ASIA"));
    draft.app = Some("aws".to_owned());
    draft.component = source.clone();
    match insight {
        Some(insight) => insight_targets(&mut draft, insight),
        None => targets(&mut draft, record),
    }
    let read_only = record.is_true("readOnly");
    let kind = record.text(&["eventType"]);
    meaning(
        &mut draft,
        service.unwrap_or_default(),
        &name.unwrap_or_default(),
        read_only,
        kind.as_deref(),
    );
    Ok((draft, record.text(&["eventID"])))
}

fn service(source: &str) -> &str {
    source.strip_suffix(".amazonaws.com").unwrap_or(source)
}

fn outcome(draft: &mut Draft, record: View<'_, '_>, name: Option<&str>) {
    draft.outcome_code = record.text(&["errorCode"]);
    draft.outcome_reason = record.text(&["errorMessage"]);
    // Sign-ins say `ConsoleLogin: Failure` and the like where calls have an error code.
    let sign_in = ["responseElements", "serviceEventDetails"]
        .into_iter()
        .find_map(|part| record.text(&[part, name?]));
    let failed_sign_in = sign_in.is_some_and(|it| it.eq_ignore_ascii_case("failure"));
    let denied = ["accessdenied", "unauthorized", "notauthorized", "forbidden"];
    draft.outcome = Some(match &draft.outcome_code {
        Some(code)
            if denied
                .iter()
                .any(|word| code.to_ascii_lowercase().contains(word)) =>
        {
            Outcome::Denied
        }
        Some(_) => Outcome::Failure,
        None if failed_sign_in => Outcome::Failure,
        None if record.has("insightDetails") => Outcome::Unknown,
        None => Outcome::Success,
    });
}

/// The actor: in words the user, the role behind a session, or the service that called.
fn who(draft: &mut Draft, record: View<'_, '_>) {
    let Some(identity) = record.get(&["userIdentity"]) else {
        draft.actor.kind = Some(ActorType::System);
        return;
    };
    let text = |path: &[&str]| identity.text(path);
    let kind = text(&["type"]);
    let issuer = text(&["sessionContext", "sessionIssuer", "userName"]);
    let arn = text(&["arn"]);
    let invoked_by = text(&["invokedBy"]);
    let principal = text(&["principalId"]);
    let is_sso = issuer
        .as_deref()
        .is_some_and(|it| it.starts_with("AWSReservedSSO_"));
    let is_role = matches!(kind.as_deref(), Some("AssumedRole" | "Role"));
    let session_name = arn
        .as_deref()
        .filter(|arn| arn.contains(":assumed-role/"))
        .and_then(|arn| arn.rsplit('/').next());
    let name = text(&["userName"])
        .or_else(|| issuer.clone())
        .or_else(|| invoked_by.clone())
        .or_else(|| arn.clone())
        .or_else(|| principal.clone())
        .or_else(|| kind.clone());
    draft.actor = Person {
        kind: match kind.as_deref() {
            Some("AWSService" | "AWSAccount" | "Role") => Some(ActorType::Service),
            Some("AssumedRole") if !is_sso => Some(ActorType::Service),
            None if invoked_by.is_some() => Some(ActorType::Service),
            None => Some(ActorType::System),
            Some(_) => Some(ActorType::User),
        },
        email: session_name
            .filter(|it| it.contains('@'))
            .map(str::to_owned),
        id: arn
            .or(principal)
            .or(invoked_by)
            .or_else(|| text(&["accountId"])),
        roles: issuer.filter(|_| is_role).into_iter().collect(),
        name,
        groups: Vec::new(),
    };
    draft.on_behalf_of = text(&["onBehalfOf", "userId"]).map(|id| Person {
        kind: Some(ActorType::User),
        id: Some(id),
        ..Person::default()
    });
}

fn targets(draft: &mut Draft, record: View<'_, '_>) {
    for resource in record
        .get(&["resources"])
        .into_iter()
        .flat_map(View::elements)
    {
        let id = resource.first_text(&["ARN", "ARNPrefix"]);
        let name = id.as_deref().and_then(last_part);
        let kind = resource.text(&["type"]);
        draft.done_to(kind.as_deref().unwrap_or("resource"), id, name);
    }
    let Some(parameters) = record.get(&["requestParameters"]) else {
        return;
    };
    for (set, id, kind) in PARAMETER_SETS {
        let items = parameters.get(&[set, "items"]);
        for item in items.into_iter().flat_map(View::elements) {
            draft.done_to(kind, item.text(&[id]), None);
        }
    }
    for (name, kind) in PARAMETERS {
        if let Some(id) = parameters.text(&[name]) {
            let name = last_part(&id);
            draft.done_to(kind, Some(id), name);
        }
    }
    if draft.has_targets() {
        return;
    }
    // A parameter that is named like an id of something: `resolverQueryLogConfigId`.
    for (name, value) in parameters.members() {
        let kind = ["Id", "Arn", "ARN", "Identifier", "Name"]
            .iter()
            .find_map(|it| name.strip_suffix(it));
        if let Some(kind) = kind.filter(|kind| !kind.is_empty() && !kind.ends_with("Session")) {
            draft.done_to(&verbs::words(kind).join("_"), value.as_text(), None);
        }
    }
}

fn insight_targets(draft: &mut Draft, insight: View<'_, '_>) {
    let source = insight.text(&["eventSource"]);
    let name = insight.text(&["eventName"]);
    if let (Some(source), Some(name)) = (source, name) {
        draft.done_to("api", Some(format!("{}:{name}", service(&source))), None);
    }
    draft.message = insight
        .text(&["state"])
        .map(|state| format!("Unusual activity, {}", state.to_lowercase()));
}

/// The name at the end of an ARN or path. The colon of other ids, such as that of a model's
/// version, parts nothing.
fn last_part(id: &str) -> Option<String> {
    let last = match id.starts_with("arn:") {
        true => id.rsplit(['/', ':']).next()?,
        false => id.rsplit('/').next()?,
    };
    (last.len() < id.len() && !last.is_empty()).then(|| last.to_owned())
}

fn meaning(draft: &mut Draft, service: &str, name: &str, read_only: bool, kind: Option<&str>) {
    match kind {
        Some("AwsCloudTrailInsight") => {
            draft.means(Activity::Other, Category::Security);
            return draft.at_least(Severity::Medium);
        }
        Some("AwsConsoleSignIn") => {
            let is_logout = name.contains("Logout") || name.contains("Signout");
            let activity = if is_logout {
                Activity::Logout
            } else {
                Activity::Login
            };
            return draft.means(activity, Category::Security);
        }
        _ => {}
    }
    let gives_session = matches!(service, "sts" | "signin" | "rolesanywhere")
        && (name.starts_with("AssumeRole")
            || matches!(
                name,
                "GetFederationToken" | "GetSessionToken" | "CreateSession"
            ));
    if gives_session {
        return draft.means(Activity::Login, Category::Security);
    }
    let activity = match verbs::activity(&verbs::words(name)) {
        Some(activity) => activity,
        None if read_only => Activity::Read,
        None => Activity::Other,
    };
    let reads = read_only || matches!(activity, Activity::Read | Activity::Search);
    let category = match kind {
        Some("AwsServiceEvent") => Category::System,
        _ if reads => Category::ApiRequest,
        _ if SECURITY_SERVICES.contains(&service) => Category::Security,
        _ if activity == Activity::Execute => Category::ApiRequest,
        _ => Category::RecordChange,
    };
    draft.means(activity, category);
}
