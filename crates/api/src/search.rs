//! Finding events: `GET /v1/events` and one event by its name.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::RecordedEvent;

/// Which events, in which order, how many.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchParams {
    /// A query in the search language; every event if absent.
    #[param(example = "action:login outcome:failure")]
    pub q: Option<String>,
    /// Occurred at or after: RFC 3339, a bare date (the whole day in `tz`), or relative (`now-7d`).
    pub from: Option<String>,
    /// Occurred before: as `from`; a bare date is the end of that day.
    pub to: Option<String>,
    /// Time zone of bare dates (IANA name); UTC if absent.
    pub tz: Option<String>,
    /// Newest or oldest first; newest if absent.
    #[param(inline)]
    pub order: Option<Order>,
    /// By time of occurrence (then by sequence), or by place in the ledger.
    #[param(inline)]
    pub sort: Option<Sort>,
    /// Events a page, at most 1,000; 50 if absent.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before; all other parameters must be the same.
    pub cursor: Option<String>,
    /// The sender's id.
    pub id: Option<String>,
    /// Whether Annals' own events are among the results; they are not if absent.
    #[param(inline)]
    pub own: Option<OwnEvents>,
    /// The tenant; a key opens only its own.
    pub tenant: Option<String>,
}

/// Which tenant's event.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct GetParams {
    /// The tenant; a key opens only its own.
    pub tenant: Option<String>,
}

/// Which end comes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// Newest first.
    #[default]
    Desc,
    /// Oldest first.
    Asc,
}

/// What events are ordered by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sort {
    /// Time of occurrence, ties by sequence.
    #[default]
    Occurred,
    /// Place in the ledger.
    Sequence,
}

/// Whether Annals' own events (kinds 1 to 3) count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OwnEvents {
    /// They are left out, and the answer says how many.
    #[default]
    Exclude,
    /// They are treated like all others.
    Include,
}

/// One page of events.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EventsPage {
    /// The events, in the order asked for.
    #[schema(value_type = Vec<RecordedEvent>)]
    pub events: Vec<Box<RawValue>>,
    /// How many events match, over all pages, exactly.
    pub total: u64,
    /// How many more of Annals' own events match.
    pub own_left_out: u64,
    /// Gets the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// Size of the ledger that the first page saw; later pages and the total use the same.
    pub as_of: u64,
    /// The newest signed checkpoint.
    pub checkpoint: CheckpointRef,
}

/// A checkpoint's size and root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckpointRef {
    /// Events it covers.
    pub size: u64,
    /// Root hash of the tree, base64.
    pub root: String,
}
