//! One record's history: `GET /v1/targets/{type}/{id}/history`.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::RecordedEvent;

/// Which moment of a record is looked at.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryParams {
    /// The moment whose state is rebuilt (RFC 3339, a date, or relative); now if absent.
    pub at: Option<String>,
    /// Display id or sequence of an event of the record, instead of `at`: the moment right after it,
    /// before all that are listed behind it, also those of the same time. The list is in order of
    /// occurrence, and of arrival where that is the same.
    pub after: Option<String>,
    /// Time zone of bare dates (IANA name); UTC if absent.
    pub tz: Option<String>,
    /// How many events are listed; 1 to 1,000, 100 if absent.
    pub limit: Option<u32>,
    /// Place of the first event that is listed, the record's oldest being 0. Without it and without
    /// `around` the newest are listed.
    pub first: Option<u64>,
    /// Display id or sequence of an event: those before and after it are listed, as many of each.
    pub around: Option<String>,
    /// The tenant; a key opens only its own.
    pub tenant: Option<String>,
}

/// What happened to a record, and what it was like at a moment as far as the events say.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct History {
    /// What kind of record.
    pub r#type: String,
    /// Its id.
    pub id: String,
    /// Its name in the newest event that gives one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Events of the record up to the moment.
    pub total: u64,
    /// Whether all of them were read to rebuild the state. The oldest are left out where a record
    /// has more than 10,000.
    pub complete: bool,
    /// Whether the last event that created or deleted the record deleted it.
    pub deleted: bool,
    /// Place of the first event in `entries`, the record's oldest being 0.
    pub first: u64,
    /// Events up to the moment, the newest ones unless others were asked for, the oldest of them
    /// first.
    pub entries: Vec<HistoryEntry>,
    /// What is known of the record at the moment, by field.
    pub state: Vec<FieldState>,
    /// Events the ledger held when this was answered.
    pub as_of: u64,
}

/// One event of a record's history.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HistoryEntry {
    /// The event.
    #[schema(value_type = RecordedEvent)]
    pub event: Box<RawValue>,
    /// Fields whose old value is not what the event before left: a change in between was not
    /// recorded. Not known for the oldest events where `complete` is false.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<HistoryGap>,
}

/// A change that no event tells of.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HistoryGap {
    /// The field.
    pub path: String,
    /// What the event before left.
    #[schema(value_type = Value)]
    pub left: Box<RawValue>,
    /// What this event found.
    #[schema(value_type = Value)]
    pub found: Box<RawValue>,
}

/// What is known of one field of a record.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FieldState {
    /// The field.
    pub path: String,
    /// What it is called, where an event says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// How the value is to be shown: string, number, money, date, bool or json.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// Its value; absent where the event that changed it does not say what it became.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>, nullable = false)]
    pub value: Option<Box<RawValue>>,
    /// Place of the event that set it.
    pub sequence: u64,
    /// When it was set (RFC 3339).
    pub since: String,
}
