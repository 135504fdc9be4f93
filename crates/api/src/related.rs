//! What belongs to an event: `GET /v1/events/{id}/related`.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::RecordedEvent;

/// Events that belong to another one, by why they do. A reason without events is not listed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Related {
    /// The reasons, the closest first.
    pub groups: Vec<RelatedGroup>,
    /// Events the ledger held when this was answered.
    pub as_of: u64,
}

/// Events that belong to another one for one reason.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RelatedGroup {
    /// Why.
    pub why: RelatedWhy,
    /// The query that finds all events that share it, the event itself included. Those of the
    /// record before it and after it are two queries, which meet at this event's time.
    pub q: String,
    /// How many events that query finds.
    pub total: u64,
    /// The nearest of the others, in order of time.
    #[schema(value_type = Vec<RecordedEvent>)]
    pub events: Vec<Box<RawValue>>,
}

/// Why an event belongs to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RelatedWhy {
    /// It is the event that this one names as its parent.
    Parent,
    /// It names this event as its parent.
    Child,
    /// It has the same correlation id.
    Correlation,
    /// It has the same request id.
    Request,
    /// It happened to the same record, earlier.
    RecordBefore,
    /// It happened to the same record, later.
    RecordAfter,
    /// It happened in the same session.
    Session,
}
