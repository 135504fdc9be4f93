//! What a dashboard opens with: `GET /v1/summary`.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::{RecordedEvent, WeekStart};

/// How days and weeks are counted.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SummaryParams {
    /// Time zone of days, weeks and months (IANA name); UTC if absent.
    pub tz: Option<String>,
    /// The day weeks begin with; Monday if absent.
    #[param(inline)]
    pub week_start: Option<WeekStart>,
    /// The tenant; a key opens only its own.
    pub tenant: Option<String>,
}

/// The state of a tenant's log at a moment. Annals' own events do not count.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Summary {
    /// Events that occurred today, up to the end of the day.
    pub today: Period,
    /// Events of this calendar week.
    pub this_week: Period,
    /// Events of this calendar month.
    pub this_month: Period,
    /// Bytes on disk.
    pub storage: Storage,
    /// Events of the past 30 days by type; shares are whole per cent and sum to 100.
    pub activity: Vec<ActivityGroup>,
    /// The newest events of severity high or critical of the past 30 days, those of one actor and
    /// action within ten minutes as one.
    pub high_priority: Vec<HighPriority>,
    /// Events the ledger held when this was counted.
    pub as_of: u64,
}

/// Events of a calendar period.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Period {
    /// When it began (RFC 3339).
    pub from: String,
    /// Before this (RFC 3339).
    pub to: String,
    /// How many events occurred in it.
    pub events: u64,
}

/// Bytes that a tenant's log takes on disk, everything included.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Storage {
    /// Sum of the others.
    pub total_bytes: u64,
    /// Sealed events.
    pub event_bytes: u64,
    /// Recent events.
    pub journal_bytes: u64,
    /// Entries and hashes: what proofs are made of.
    pub tree_bytes: u64,
    /// Ids that were seen.
    pub id_bytes: u64,
    /// The search index.
    pub index_bytes: u64,
}

/// Events of one type.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ActivityGroup {
    /// `record_changes`, `user_actions`, `system_events` or `security_events`.
    pub group: &'static str,
    /// The categories that belong to it.
    pub categories: Vec<&'static str>,
    /// How many events.
    pub events: u64,
    /// Whole per cent of all; 0 for every group where there are no events.
    pub share: u64,
}

/// Events that need a look, rolled up.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HighPriority {
    /// The newest of them.
    #[schema(value_type = RecordedEvent)]
    pub event: Box<RawValue>,
    /// How many they are.
    pub events: u64,
    /// When the first of them occurred (RFC 3339).
    pub first_at: String,
    /// When the newest of them occurred (RFC 3339).
    pub last_at: String,
    /// The search that finds them, with both times as its range. Where the actor has no id it asks for
    /// the e-mail address or the target, and so also finds events of them whose actor has one.
    #[schema(example = "severity:>=high action:customer.export actor.id:u-17")]
    pub q: String,
}
