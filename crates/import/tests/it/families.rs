//! Records of the same families that no sample has.

use event::{Outcome, catalogue};
use import::Mapper;
use serde_json::{Value, json};

use crate::{accepted, event};

/// Maps a record, holds it to the door, and compares the members named.
#[track_caller]
fn check(mapper: &Mapper, record: Value, expected: Value) {
    let mapped = mapper.map(record.to_string().as_bytes()).unwrap();
    accepted(&mapped.event).unwrap();
    let event = event(mapper, &record.to_string());
    assert_eq!(event["metadata"]["original"], record);
    for (pointer, value) in expected.as_object().unwrap() {
        let found = event
            .pointer(pointer)
            .cloned()
            .or_else(|| derived(&event, pointer));
        assert_eq!(found.unwrap_or_default(), *value, "{pointer} of {event:#}");
    }
}

/// What the server derives where the mapping leaves it to the catalogue.
fn derived(event: &Value, pointer: &str) -> Option<Value> {
    let known = catalogue::lookup(event["action"].as_str()?);
    let outcome = event["outcome"]["result"].as_str()?.parse::<Outcome>().ok();
    match pointer {
        "/activity" => Some(json!(known.activity.as_str())),
        "/category" => Some(json!(known.category.as_str())),
        "/severity" => Some(json!(known.severity_after(outcome).as_str())),
        _ => None,
    }
}

fn cloudtrail(changed: Value) -> Value {
    let mut record = json!({
        "eventVersion": "1.10", "eventTime": "2026-01-22T10:20:00Z", "eventSource": "s3.amazonaws.com",
        "eventName": "PutBucketPolicy", "awsRegion": "eu-central-1", "sourceIPAddress": "192.0.2.7",
        "userAgent": "aws-cli/2", "eventID": "5ef6a3ab-0000-4000-8000-000000000001", "eventType": "AwsApiCall",
        "recipientAccountId": "111122223333", "readOnly": false,
        "userIdentity": {"type": "IAMUser", "principalId": "AIDA1", "arn": "arn:aws:iam::111122223333:user/ann", "userName": "ann"},
        "requestParameters": {"bucketName": "invoices"},
    });
    for (name, value) in changed.as_object().unwrap() {
        match value {
            Value::Null => drop(record.as_object_mut().unwrap().remove(name)),
            value => record[name] = value.clone(),
        }
    }
    record
}

#[test]
fn cloudtrail_identities_of_every_kind() {
    let check =
        |changed: Value, expected: Value| check(&Mapper::CloudTrail, cloudtrail(changed), expected);
    check(
        json!({}),
        json!({"/action": "s3:PutBucketPolicy", "/actor/name": "ann", "/actor/type": "user", "/activity": "grant",
            "/category": "security", "/outcome/result": "success", "/targets/0/type": "bucket",
            "/targets/0/id": "invoices", "/client/ip": "192.0.2.7", "/source/component": "s3.amazonaws.com"}),
    );
    check(
        json!({"userIdentity": {"type": "Root", "principalId": "111122223333", "arn": "arn:aws:iam::111122223333:root"}}),
        json!({"/actor/name": "arn:aws:iam::111122223333:root", "/actor/type": "user"}),
    );
    check(
        json!({"userIdentity": {"type": "AWSService", "invokedBy": "ec2.amazonaws.com"},
            "sourceIPAddress": "ec2.amazonaws.com", "userAgent": "ec2.amazonaws.com",
            "eventSource": "sts.amazonaws.com", "eventName": "AssumeRole",
            "requestParameters": {"roleArn": "arn:aws:iam::111122223333:role/web", "roleSessionName": "i-0abc"}}),
        json!({"/actor/name": "ec2.amazonaws.com", "/actor/type": "service", "/client/ip": null,
            "/metadata/source_address": "ec2.amazonaws.com", "/activity": "login", "/category": "security",
            "/targets/0/name": "web"}),
    );
    check(
        json!({"userIdentity": {"type": "AssumedRole", "principalId": "AROA1:ann@example.com", "accessKeyId": "ASIA1",
            "arn": "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/ann@example.com",
            "sessionContext": {"sessionIssuer": {"type": "Role", "userName": "AWSReservedSSO_Admin_0123456789abcdef"}}}}),
        json!({"/actor/name": "AWSReservedSSO_Admin_0123456789abcdef", "/actor/email": "ann@example.com",
            "/actor/type": "user", "/actor/roles": ["AWSReservedSSO_Admin_0123456789abcdef"], "/session_id": "ASIA1"}),
    );
    check(
        json!({"userIdentity": {"type": "AWSAccount", "accountId": "444455556666", "principalId": "AIDA2"}, "sourceIPAddress": null,
            "sharedEventID": "shared-1", "errorCode": "AccessDenied", "errorMessage": "no"}),
        json!({"/actor/name": "AIDA2", "/actor/type": "service", "/client/ip": null, "/correlation_id": "shared-1",
            "/outcome": {"result": "denied", "code": "AccessDenied", "reason": "no"}}),
    );
    check(
        json!({"userIdentity": {"type": "WebIdentityUser", "principalId": "accounts.example.com:app:1", "userName": "1",
            "identityProvider": "accounts.example.com"}, "eventName": "AssumeRoleWithWebIdentity", "eventSource": "sts.amazonaws.com"}),
        json!({"/actor/name": "1", "/activity": "login"}),
    );
    check(
        json!({"userIdentity": {"type": "IdentityCenterUser", "accountId": "111122223333",
            "onBehalfOf": {"userId": "u-1", "identityStoreArn": "arn:aws:identitystore::111122223333:identitystore/d-1"}}}),
        json!({"/actor/name": "IdentityCenterUser", "/on_behalf_of/id": "u-1"}),
    );
}

#[test]
fn cloudtrail_events_that_are_no_calls() {
    let check =
        |changed: Value, expected: Value| check(&Mapper::CloudTrail, cloudtrail(changed), expected);
    check(
        json!({"eventType": "AwsServiceEvent", "eventSource": "kms.amazonaws.com", "eventName": "RotateKey",
            "userIdentity": {"accountId": "111122223333", "invokedBy": "AWS Internal"}, "sourceIPAddress": "AWS Internal",
            "serviceEventDetails": {"keyId": "k-1"}}),
        json!({"/action": "kms:RotateKey", "/actor/name": "AWS Internal", "/actor/type": "service", "/category": "system"}),
    );
    check(
        json!({"eventType": "AwsServiceEvent", "userIdentity": null, "eventName": "PolicyExecutionStarted"}),
        json!({"/actor/type": "system", "/actor/name": null}),
    );
    check(
        json!({"eventType": "AwsCloudTrailInsight", "eventSource": null, "eventName": null, "userIdentity": null,
            "sharedEventID": "s-1", "eventCategory": "Insight", "insightDetails": {"state": "Start",
            "eventSource": "ec2.amazonaws.com", "eventName": "RunInstances", "insightType": "ApiCallRateInsight",
            "insightContext": {"statistics": {"baseline": {"average": 0.0020833333333333333}}}}}),
        json!({"/action": "cloudtrail:ApiCallRateInsight", "/targets/0/id": "ec2:RunInstances", "/severity": "medium",
            "/outcome/result": "unknown", "/correlation_id": "s-1"}),
    );
    check(
        json!({"eventType": "AwsConsoleSignIn", "eventSource": "signin.amazonaws.com", "eventName": "ConsoleLogin",
            "responseElements": {"ConsoleLogin": "Failure"}, "errorMessage": "Failed authentication"}),
        json!({"/outcome/result": "failure", "/outcome/reason": "Failed authentication", "/activity": "login"}),
    );
    check(
        json!({"eventName": "GetObject", "eventCategory": "Data", "readOnly": true, "requestParameters": {"bucketName": "b", "key": "a/b.txt"},
            "resources": [{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::b/a/b.txt"}]}),
        json!({"/activity": "read", "/category": "api_request", "/targets/0/id": "arn:aws:s3:::b/a/b.txt", "/targets/0/name": "b.txt"}),
    );
}

#[test]
fn cloudtrail_inside_other_things() {
    let inner = cloudtrail(json!({}));
    let direct = event(&Mapper::CloudTrail, &inner.to_string());
    let looked_up = json!({"EventId": "5ef6a3ab-0000-4000-8000-000000000001", "EventName": "PutBucketPolicy",
        "CloudTrailEvent": inner.to_string()});
    let bus = json!({"version": "0", "id": "b-1", "detail-type": "AWS API Call via CloudTrail", "source": "aws.s3", "detail": inner});
    for outer in [looked_up, bus] {
        assert_eq!(event(&Mapper::CloudTrail, &outer.to_string()), direct);
    }
}

#[test]
fn github_of_an_enterprise() {
    check(
        &Mapper::GitHub,
        json!({"@timestamp": 1_737_541_200_123_u64, "created_at": 1_737_541_200_123_u64, "action": "org.update_member",
            "actor": "octo-admin", "actor_id": 4_242, "actor_ip": "2001:db8::7", "actor_is_bot": false, "user": "mona",
            "user_id": 99, "org": "octo-org", "org_id": 7, "business": "octo", "business_id": 1,
            "old_permission": "read", "permission": "admin", "operation_type": "modify", "_document_id": "doc-1",
            "user_agent": "Mozilla/5.0", "external_identity_nameid": "admin@example.com", "request_id": "A1:B2"}),
        json!({"/id": "doc-1", "/occurred_at": "2025-01-22T10:20:00.123000Z", "/actor/id": "4242", "/actor/name": "octo-admin",
            "/actor/email": "admin@example.com", "/client/ip": "2001:db8::7", "/targets/0/type": "user", "/targets/0/id": "99",
            "/changes/0": {"path": "permission", "old": "read", "new": "admin"}, "/activity": "grant", "/category": "security",
            "/request_id": "A1:B2", "/outcome/result": "unknown"}),
    );
    check(
        &Mapper::GitHub,
        json!({"action": "team.add_member", "@timestamp": "2025-01-22T10:20:00Z", "actor": "renovate[bot]", "team": "octo-org/ops", "user": "mona"}),
        json!({"/actor/type": "service", "/targets/0/name": "octo-org/ops", "/targets/1/name": "mona", "/activity": "grant"}),
    );
    check(
        &Mapper::GitHub,
        json!({"action": "api.request", "created_at": 1_737_541_200_123_u64, "actor": "mona", "status_code": 404, "request_method": "GET"}),
        json!({"/outcome": {"result": "failure", "code": "404"}, "/category": "api_request"}),
    );
    check(
        &Mapper::GitHub,
        json!({"action": "git.clone", "@timestamp": 1_737_541_200_123_u64, "repo": "octo-org/app", "actor": null}),
        json!({"/actor": {"type": "anonymous"}, "/activity": "read", "/targets/0": {"type": "repository", "id": "octo-org/app", "name": "octo-org/app"}}),
    );
}

#[test]
fn okta_in_full() {
    let record = json!({
        "uuid": "u-1", "published": "2026-01-22T10:20:00.123Z", "eventType": "user.session.start", "version": "0", "severity": "WARN",
        "displayMessage": "User login to Okta", "actor": {"id": "00u1", "type": "User", "alternateId": "ann@example.com", "displayName": "Ann Lee"},
        "client": {"ipAddress": "192.0.2.9", "userAgent": {"rawUserAgent": "Mozilla/5.0"}},
        "outcome": {"result": "FAILURE", "reason": "INVALID_CREDENTIALS"}, "transaction": {"id": "t-1"},
        "authenticationContext": {"externalSessionId": "s-1"}, "debugContext": {"debugData": {"requestId": "r-1"}},
        "target": [{"id": "0oa1", "type": "AppInstance", "alternateId": "App", "displayName": "Okta Admin Console"}, {"type": "x"}],
    });
    check(
        &Mapper::Okta,
        record.clone(),
        json!({"/id": "u-1", "/actor": {"type": "user", "id": "00u1", "name": "Ann Lee", "email": "ann@example.com"},
            "/client": {"ip": "192.0.2.9", "user_agent": "Mozilla/5.0"}, "/outcome": {"result": "failure", "reason": "INVALID_CREDENTIALS"},
            "/correlation_id": "t-1", "/session_id": "s-1", "/request_id": "r-1", "/activity": "login", "/category": "security",
            "/severity": "medium", "/targets/0": {"type": "AppInstance", "id": "0oa1", "name": "Okta Admin Console"}, "/targets/1": null,
            "/message": "User login to Okta"}),
    );
    let mut denied = record.clone();
    denied["outcome"] = json!({"result": "DENY", "reason": "Sign-on policy"});
    denied["actor"] =
        json!({"id": "unknown", "type": "User", "alternateId": "nobody", "displayName": "unknown"});
    check(
        &Mapper::Okta,
        denied,
        json!({"/outcome/result": "denied", "/actor": {"type": "user", "id": "nobody"}}),
    );
    let mut system = record;
    system["actor"] = json!({"id": "okta", "type": "SystemPrincipal", "alternateId": "system@okta.com", "displayName": "Okta System"});
    system["outcome"] = json!({"result": "CHALLENGE"});
    check(
        &Mapper::Okta,
        system,
        json!({"/actor/type": "system", "/outcome": {"result": "warning", "code": "CHALLENGE"}}),
    );
}

#[test]
fn the_original_keeps_every_digit() {
    let record = r#"{"action":"x.y","actor":"a","created_at":1737541200123,"big":123456789012345678901234567890,"long":1.10000000000000000001,"huge":1e999}"#;
    let mapped = Mapper::GitHub.map(record.as_bytes()).unwrap();
    accepted(&mapped.event).unwrap();
    for digits in [
        "123456789012345678901234567890",
        "1.10000000000000000001",
        "1e999",
    ] {
        assert!(mapped.event.contains(digits), "{}", mapped.event);
    }
}

#[test]
fn what_is_of_another_format_is_named_with_what_it_looks_like() {
    #[track_caller]
    fn check(mapper: &Mapper, record: &str, words: &str) {
        let refusal = mapper.map(record.as_bytes()).unwrap_err();
        assert!(
            refusal.code == "wrong_format" && refusal.detail.contains(words),
            "{refusal:?}"
        );
    }
    let aws = cloudtrail(json!({})).to_string();
    let github = r#"{"action":"repo.create","actor":"mona","created_at":1}"#;
    let okta =
        r#"{"eventType":"user.session.start","published":"2026-01-22T10:20:00Z","uuid":"u"}"#;
    let annals = r#"{"action":"login","actor":{"id":"u-1"}}"#;
    for mapper in [Mapper::GitHub, Mapper::Okta, Mapper::Ndjson] {
        check(&mapper, &aws, "AWS CloudTrail (--format cloudtrail)");
    }
    for mapper in [Mapper::CloudTrail, Mapper::Okta, Mapper::Ndjson] {
        check(&mapper, github, "the GitHub audit log (--format github)");
    }
    for mapper in [Mapper::CloudTrail, Mapper::GitHub, Mapper::Ndjson] {
        check(&mapper, okta, "the Okta System Log (--format okta)");
    }
    for mapper in [Mapper::CloudTrail, Mapper::GitHub, Mapper::Okta] {
        check(&mapper, annals, "Annals (--format ndjson)");
    }
    let kubernetes = r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","verb":"get"}"#;
    check(&Mapper::GitHub, kubernetes, "Kubernetes");
    check(
        &Mapper::CloudTrail,
        r#"{"awsAccountId":"1","digestS3Object":"x"}"#,
        "digest",
    );
    let hook = format!(r#"{{"eventType":"com.okta.event_hook","data":{{"events":[{okta}]}}}}"#);
    check(&Mapper::Okta, &hook, "`data.events`");
    check(
        &Mapper::CloudTrail,
        r#"{"messageType":"DATA_MESSAGE","logGroup":"trail","logEvents":[{"message":"{}"}]}"#,
        "`logEvents`",
    );
    check(&Mapper::CloudTrail, r#"{"x":1}"#, "it has no `eventSource`");
}
