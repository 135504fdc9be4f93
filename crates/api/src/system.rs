//! Health of the systems that send events: `GET /v1/system/health`.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which period.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SystemHealthParams {
    /// From when on; 30 days before `to` if absent.
    pub from: Option<String>,
    /// Until when; now if absent or later than now.
    pub to: Option<String>,
    /// Time zone of bare dates (IANA name); UTC if absent.
    pub tz: Option<String>,
    /// The tenant; a key opens only its own.
    pub tenant: Option<String>,
}

/// What the events of a period say about the systems that sent them. Nothing is measured by Annals.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SystemHealth {
    /// First moment of the period (RFC 3339).
    #[schema(format = DateTime)]
    pub from: String,
    /// End of the period, not part of it (RFC 3339).
    #[schema(format = DateTime)]
    pub to: String,
    /// For how much of the period systems were up.
    pub uptime: Uptime,
    /// How many jobs failed.
    pub jobs: JobNumbers,
    /// How long requests took.
    pub response: ResponseTime,
    /// Events the ledger held when this was counted.
    pub as_of: u64,
}

/// Why a number is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoData {
    /// The period has no such event.
    NoEvents,
    /// There are such events, and none says how long it took (`duration_ms`).
    NoDurations,
}

/// The share of the period that events `system.heartbeat` cover, each from when it occurred for its
/// `duration_ms`. What several cover counts once.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Uptime {
    /// Covered by any source: from 0 to 1; absent where there is no data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_data: Option<NoData>,
    /// Milliseconds of the period that are covered.
    pub covered_ms: u64,
    /// Milliseconds of the period.
    pub period_ms: u64,
    /// The same by source, sorted by name; at most 100.
    pub sources: Vec<SourceUptime>,
    /// How many sources there are.
    pub sources_total: u64,
}

/// How much of the period the heartbeats of one source cover.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SourceUptime {
    /// `source.app`, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// `source.component`, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// From 0 to 1; absent where there is no data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_data: Option<NoData>,
    /// Milliseconds of the period that are covered.
    pub covered_ms: u64,
    /// When the last of its heartbeats occurred (RFC 3339): of those in the period, of the day before
    /// it, and of earlier ones that last longer than a day.
    #[schema(format = DateTime)]
    pub last_at: String,
}

/// Events whose action begins with `job.`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct JobNumbers {
    /// How many there are.
    pub total: u64,
    /// How many of them have the outcome failure.
    pub failed: u64,
    /// `failed / total`; absent where there is no job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_share: Option<f64>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_data: Option<NoData>,
}

/// How long events of category `api_request` took.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ResponseTime {
    /// How many there are.
    pub requests: u64,
    /// How many of them have a `duration_ms`.
    pub timed: u64,
    /// Mean of these in milliseconds; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_ms: Option<f64>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_data: Option<NoData>,
}
