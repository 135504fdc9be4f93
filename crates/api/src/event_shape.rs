//! The shape of events on the wire, for the OpenAPI document and for clients.
//!
//! The server neither parses nor writes events through these types: validation is `event`'s, and an
//! event is rendered from the very bytes that are hashed.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// An event as an application sends it. Unknown names are refused; free data goes to `metadata`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewEvent {
    /// What happened, in the application's words. `annals.*` is reserved.
    #[schema(example = "customer.credit_limit.update")]
    pub action: String,
    /// The record before; with `after` it becomes `changes` and is not stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Map<String, Value>>,
    /// The record after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Map<String, Value>>,
    /// Everything else.
    #[serde(flatten)]
    pub event: EventShape,
}

/// An event as the ledger holds it. Of an erased event only the names that Annals sets are left; of
/// a partly erased one, the fields that were kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RecordedEvent {
    /// The event's name for people.
    #[schema(example = "LOG-2026-0000123")]
    pub display_id: String,
    /// The event's place in the ledger, from 0, without gaps.
    pub sequence: u64,
    /// When the ledger took it (RFC 3339, UTC, microseconds).
    #[schema(format = DateTime)]
    pub received_at: String,
    /// 0 sent by an application, 1 Annals' own event, 2 erasure, 3 retention policy.
    pub kind: u8,
    /// What was added on arrival. Not covered by the proof.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrichment: Option<EnrichmentShape>,
    /// Present where fields were erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erasure: Option<ErasureShape>,
    /// What happened, in the application's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Who really sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ingest: Option<IngestShape>,
    /// Everything else.
    #[serde(flatten)]
    pub event: EventShape,
}

/// The fields an event has when sent and when read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EventShape {
    /// The sender's idempotency key, 1 to 64 printable ASCII characters; a UUIDv7 is a good one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// create, read, update, delete, login, logout, export, import, search, share, grant, revoke,
    /// lock, unlock, enable, disable, approve, execute, configure or other; derived from `action`
    /// if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity: Option<String>,
    /// security, user_activity, record_change, system, api_request or view; derived from `action`
    /// if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// When it happened (RFC 3339 with an offset, to the microsecond); now if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub occurred_at: Option<String>,
    /// How it ended. A bare string is short for `{"result": ...}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<OutcomeShape>,
    /// info, low, medium, high or critical.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// Who did it, as at the time of the event. Required unless its type is `system` or `anonymous`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<ActorShape>,
    /// For whom the actor acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<ActorShape>,
    /// What it was done to; the first is the primary one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub targets: Option<Vec<TargetShape>>,
    /// Which values changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<Vec<ChangeShape>>,
    /// Where the actor sat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientShape>,
    /// The session it happened in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Joins the events of one business transaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// The request it happened in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Id of the event that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// The distributed trace it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// Which software says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceShape>,
    /// How much was touched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<CountsShape>,
    /// How long it took, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<f64>,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Free data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Map<String, Value>>,
    /// Tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<String>>,
}

/// How an action ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum OutcomeShape {
    /// success, failure, denied, warning or unknown.
    Result(String),
    /// The result with its reason.
    Full {
        /// success, failure, denied, warning or unknown.
        result: String,
        /// The application's code for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// Why, in words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

/// Who did something.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ActorShape {
    /// user, service, api_key, system, ai_agent or anonymous.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The application's id for the actor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Roles held then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
    /// Groups belonged to then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
}

/// What something was done to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TargetShape {
    /// Kind of record, such as `customer`.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The application's id for the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// One value that changed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChangeShape {
    /// Name of the field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Name of the field for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The value before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<Value>,
    /// The value after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<Value>,
    /// string, number, money, date, bool or json.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// Where the actor sat.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ClientShape {
    /// IPv4 or IPv6 address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// The `User-Agent` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

/// Which software says so.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SourceShape {
    /// The application; `annals` is reserved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// The part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// Such as `production`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// How much was touched.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CountsShape {
    /// Records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<u64>,
    /// Bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

/// How much of an event was erased; all of it where the two numbers are equal.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ErasureShape {
    /// Fields that were erased.
    pub withheld: u64,
    /// Fields the event had.
    pub of: u64,
    /// Its log type, which stays.
    pub category: String,
}

/// Who really sent an event: `actor` is a claim, this is not.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IngestShape {
    /// The API key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// The import.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<String>,
}

/// What was added on arrival: estimates, not hashed, not covered by the proof.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EnrichmentShape {
    /// Where the address is thought to be, always with `estimated: true` and the database's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub geo: Option<Map<String, Value>>,
    /// What the user agent is thought to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Map<String, Value>>,
    /// `private` or `public`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// Risk level and its reasons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<Map<String, Value>>,
}
