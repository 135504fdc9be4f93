//! Streams: `GET /v1/events/export` and `/tail`.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{Order, OwnEvents, Sort};

/// Which events to export, and how.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportParams {
    /// The format; NDJSON if absent.
    #[param(inline)]
    pub format: Option<ExportFormat>,
    /// A query in the search language; every event if absent.
    pub q: Option<String>,
    /// Occurred at or after: RFC 3339, a bare date (the whole day in `tz`), or relative (`now-7d`).
    pub from: Option<String>,
    /// Occurred before: as `from`; a bare date is the end of that day.
    pub to: Option<String>,
    /// Time zone of bare dates (IANA name); UTC if absent.
    pub tz: Option<String>,
    /// Newest or oldest first; oldest if absent.
    #[param(inline)]
    pub order: Option<Order>,
    /// By place in the ledger (if absent), or by time of occurrence.
    #[param(inline)]
    pub sort: Option<Sort>,
    /// Whether Annals' own events are among them; they are not if absent.
    #[param(inline)]
    pub own: Option<OwnEvents>,
    /// The tenant; a key opens only its own.
    pub tenant: Option<String>,
}

/// How an export is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExportFormat {
    /// One event a line; a last line `{"end":{"count":n}}` says that it is whole.
    #[default]
    Ndjson,
    /// Comma-separated values with a header line, safe to open in a spreadsheet.
    Csv,
    /// One JSON array.
    Json,
}

/// Last line of an NDJSON export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExportEnd {
    /// Events in the export.
    pub count: u64,
}

/// Which events to follow.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TailParams {
    /// A query in the search language; every event if absent.
    pub q: Option<String>,
    /// Time zone of bare dates in the query (IANA name); UTC if absent.
    pub tz: Option<String>,
    /// Whether Annals' own events are among them; they are not if absent.
    #[param(inline)]
    pub own: Option<OwnEvents>,
    /// The tenant; a key opens only its own.
    pub tenant: Option<String>,
}

/// Data of a `gap` event: the reader was too slow, and these events were not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Gap {
    /// First sequence passed over.
    pub first: u64,
    /// Last sequence passed over.
    pub last: u64,
}
