//! People and services: `GET /v1/actors` and `/v1/actors/{id}/activity`.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::{OwnEvents, RecordedEvent};

/// Whose actors, and how many.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ActorsParams {
    /// A query in the search language; every event if absent.
    #[param(example = "category:security")]
    pub q: Option<String>,
    /// Occurred at or after: RFC 3339, a bare date (the whole day in `tz`), or relative (`now-7d`).
    pub from: Option<String>,
    /// Occurred before: as `from`; a bare date is the end of that day.
    pub to: Option<String>,
    /// Time zone of bare dates (IANA name); UTC if absent.
    pub tz: Option<String>,
    /// Actors a page, at most 200; 50 if absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before; all other parameters but `limit` must be the same.
    pub cursor: Option<String>,
    /// Whether Annals' own events count; they do not if absent.
    #[param(inline)]
    pub own: Option<OwnEvents>,
    /// The tenant; a key opens only its own.
    pub tenant: Option<String>,
}

/// One page of actors, those with most events first, equal ones by id.
///
/// The events of all actors and `events_without_actor` sum to `events`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Actors {
    /// The actors of the page.
    pub actors: Vec<ActorEntry>,
    /// How many different actors there are, over all pages.
    pub total: u64,
    /// How many events match.
    pub events: u64,
    /// How many of them name no id of an actor.
    pub events_without_actor: u64,
    /// How many more of Annals' own events match.
    pub own_left_out: u64,
    /// Gets the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// Size of the ledger that the first page saw; later pages use the same.
    pub as_of: u64,
}

/// One who did something. Ids that differ only in capitals are one actor.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ActorEntry {
    /// `actor.id`, as the last of the events has it.
    pub id: String,
    /// The name there, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The type there: `user`, `service`, `api_key`, `system`, `ai_agent` or `anonymous`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// How many of the events are theirs.
    pub events: u64,
    /// When the first of these occurred (RFC 3339).
    #[schema(format = DateTime)]
    pub first_at: String,
    /// When the last of these occurred (RFC 3339).
    #[schema(format = DateTime)]
    pub last_at: String,
}

/// Which period of an actor.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ActivityParams {
    /// Occurred at or after; 30 days before `to` if absent.
    pub from: Option<String>,
    /// Occurred before; now if absent.
    pub to: Option<String>,
    /// Time zone of bare dates (IANA name); UTC if absent.
    pub tz: Option<String>,
    /// Recent events to list, at most 100; 10 if absent.
    #[param(minimum = 1, maximum = 100)]
    pub recent: Option<u32>,
    /// Whether Annals' own events count; they do not if absent.
    #[param(inline)]
    pub own: Option<OwnEvents>,
    /// The tenant; a key opens only its own.
    pub tenant: Option<String>,
}

/// What one actor did in a period.
///
/// The events of `modules` and `other` sum to `total_actions`. An event whose outcome is failure or
/// denied did not do what its action says: it counts in `total_actions` and `failed`, not among
/// records, reports, exports and password changes.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ActorActivity {
    /// Who it is.
    pub actor: ActorProfile,
    /// First moment of the period (RFC 3339).
    #[schema(format = DateTime)]
    pub from: String,
    /// End of the period, not part of it (RFC 3339).
    #[schema(format = DateTime)]
    pub to: String,
    /// Events with this actor in the period.
    pub total_actions: u64,
    /// Why there is nothing, where nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_data: Option<NoActivity>,
    /// How many of the events ended in failure or were denied.
    pub failed: u64,
    /// Records created, modified, viewed and deleted.
    pub records: RecordNumbers,
    /// Events `report.generate`.
    pub reports_generated: u64,
    /// Events of activity `export`.
    pub exports: u64,
    /// Events by module: the type of the first target. Most first, at most eight.
    pub modules: Vec<ModuleEvents>,
    /// The rarer modules, and events without a target.
    pub other: OtherModules,
    /// Sign-ins and passwords.
    pub security: SecurityNumbers,
    /// Sessions that began in the period.
    pub sessions: SessionNumbers,
    /// The newest events of the period, newest first.
    pub recent: Vec<RecentAction>,
    /// How many more of Annals' own events have this actor.
    pub own_left_out: u64,
    /// Events the ledger held when this was counted.
    pub as_of: u64,
}

/// An actor, as last seen in the whole ledger.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ActorProfile {
    /// `actor.id`.
    pub id: String,
    /// The newest name that an event gives them, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The newest e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// `user`, `service`, `api_key`, `system`, `ai_agent` or `anonymous`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// The newest roles.
    pub roles: Vec<String>,
    /// When their newest event occurred (RFC 3339).
    #[schema(format = DateTime)]
    pub last_at: String,
}

/// Why a period has no activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoActivity {
    /// The actor is known, and no event of theirs lies in the period.
    NoEventsInPeriod,
}

/// Events about records.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordNumbers {
    /// Category `record_change`, activity `create`.
    pub created: u64,
    /// Category `record_change`, activity `update`.
    pub modified: u64,
    /// Category `view`, activity `read`.
    pub viewed: u64,
    /// Category `record_change`, activity `delete`.
    pub deleted: u64,
}

/// Events of one module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ModuleEvents {
    /// The type of the first target.
    pub module: String,
    /// How many events.
    pub events: u64,
}

/// Events of no module that is named.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OtherModules {
    /// How many events.
    pub events: u64,
    /// How many modules they are of.
    pub modules: u64,
    /// How many of the events have no target.
    pub without_target: u64,
}

/// Events about signing in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SecurityNumbers {
    /// Events of activity `login` that did not fail; a further factor or the password given again
    /// is none.
    pub sign_ins: u64,
    /// The same, failed or denied.
    pub failed_sign_ins: u64,
    /// Passwords changed or reset.
    pub password_changes: u64,
}

/// Sessions, told apart by `session_id`. Where `complete`, `total` and `unpaired` sum to
/// `sign_ins`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionNumbers {
    /// How many sessions began with a sign-in in the period.
    pub total: u64,
    /// How many ended by signing out, whenever that was.
    pub signed_out: u64,
    /// How many did not: these end 30 minutes after their last event.
    pub not_signed_out: u64,
    /// Sign-ins that began no session: without a `session_id`, or again into one that is counted.
    pub unpaired: u64,
    /// Mean length in whole seconds; absent where there is no session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average_seconds: Option<u64>,
    /// Whether all sessions of the period were looked at. If not, those since `since`: the newest
    /// 1,000 attempts to sign in.
    pub complete: bool,
    /// From when on sessions were looked at (RFC 3339).
    #[schema(format = DateTime)]
    pub since: String,
}

/// One event, and how to say what it is.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RecentAction {
    /// The event.
    #[schema(value_type = RecordedEvent)]
    pub event: Box<RawValue>,
    /// What happened, as a key of a label in the past tense: the activity (`update`, `login`),
    /// followed by `_failed` where the outcome is failure or denied (`login_failed`).
    pub label: String,
    /// Which part of the event tells most of it.
    pub detail: ActionDetail,
}

/// Which part of an event tells most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActionDetail {
    /// What changed: `changes`.
    Changes,
    /// From where: `client.ip`.
    Address,
    /// Which record or document: the first of `targets`.
    Target,
    /// The sender's `message`.
    Message,
    /// Nothing beyond the action.
    None,
}
