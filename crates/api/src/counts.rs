//! Counting events: `GET /v1/events/histogram`, `/top` and `/complete`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::OwnEvents;

/// What to count over time.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistogramParams {
    /// A query in the search language; every event if absent.
    pub q: Option<String>,
    /// Occurred at or after; 30 days before `to` if absent.
    pub from: Option<String>,
    /// Occurred before; now if absent.
    pub to: Option<String>,
    /// Time zone of days, weeks, months and bare dates (IANA name); UTC if absent.
    pub tz: Option<String>,
    /// Width of a bucket; a day if absent.
    #[param(inline)]
    pub interval: Option<Interval>,
    /// The day weeks begin with; Monday if absent.
    #[param(inline)]
    pub week_start: Option<WeekStart>,
    /// A field whose values are counted apart, such as `category`, `activity`, `severity`, `outcome`.
    pub split: Option<String>,
    /// Whether Annals' own events count; they do not if absent.
    #[param(inline)]
    pub own: Option<OwnEvents>,
    /// The tenant; a key opens only its own.
    pub tenant: Option<String>,
}

/// Width of a bucket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Interval {
    /// A minute.
    Minute,
    /// A quarter of an hour.
    Quarter,
    /// An hour.
    Hour,
    /// A calendar day in `tz`.
    #[default]
    Day,
    /// A calendar week in `tz`.
    Week,
    /// A calendar month in `tz`.
    Month,
}

/// The day weeks begin with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum WeekStart {
    /// Monday (ISO 8601).
    #[default]
    Monday,
    /// Saturday.
    Saturday,
    /// Sunday.
    Sunday,
}

/// Exact counts by time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Histogram {
    /// Width of a bucket.
    pub interval: Interval,
    /// The field counted apart, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<String>,
    /// The first moment that counts (RFC 3339); the first bucket may begin before it.
    #[schema(format = DateTime)]
    pub from: String,
    /// Before this (RFC 3339); the last bucket may end after it.
    #[schema(format = DateTime)]
    pub to: String,
    /// Buckets in order of time without gaps; empty ones are there.
    pub buckets: Vec<Bucket>,
    /// Sum over all buckets.
    pub total: u64,
    /// How many more of Annals' own events match.
    pub own_left_out: u64,
    /// Size of the ledger that was counted.
    pub as_of: u64,
}

/// Events of one stretch of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Bucket {
    /// First moment of the bucket (RFC 3339).
    #[schema(format = DateTime)]
    pub start: String,
    /// Events in it.
    pub total: u64,
    /// Events by value of the split field; values without events are absent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub counts: BTreeMap<String, u64>,
}

/// Whose most frequent values.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TopParams {
    /// The field, by its name in the search language.
    #[param(example = "actor.id")]
    pub field: String,
    /// Values to list, at most 1,000; 10 if absent.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
    /// A query in the search language; every event if absent.
    pub q: Option<String>,
    /// Occurred at or after: RFC 3339, a bare date (the whole day in `tz`), or relative (`now-7d`).
    pub from: Option<String>,
    /// Occurred before: as `from`; a bare date is the end of that day.
    pub to: Option<String>,
    /// Time zone of bare dates (IANA name); UTC if absent.
    pub tz: Option<String>,
    /// Whether Annals' own events count; they do not if absent.
    #[param(inline)]
    pub own: Option<OwnEvents>,
    /// The tenant; a key opens only its own.
    pub tenant: Option<String>,
}

/// The most frequent values of a field, with exact counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Top {
    /// The field.
    pub field: String,
    /// Most frequent first, ties by value.
    pub values: Vec<TopValue>,
    /// How many events match, with or without a value.
    pub total: u64,
    /// How many more of Annals' own events match.
    pub own_left_out: u64,
    /// Size of the ledger that was counted.
    pub as_of: u64,
}

/// One value and how often it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TopValue {
    /// The value.
    pub value: String,
    /// Events with it.
    pub count: u64,
}

/// What to complete.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CompleteParams {
    /// The query as typed up to the caret.
    #[param(example = "action:log")]
    pub q: Option<String>,
    /// Suggestions to list, at most 100; 10 if absent.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
    /// The tenant; a key opens only its own.
    pub tenant: Option<String>,
}

/// What could stand at the end of a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Completion {
    /// The suggestions replace the query from this byte on.
    pub from: u64,
    /// The likeliest first.
    pub suggestions: Vec<Suggestion>,
}

/// One thing that could stand there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Suggestion {
    /// The text to put in.
    #[schema(example = "action:login")]
    pub text: String,
    /// What it is.
    pub kind: SuggestionKind,
    /// What a field means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Events with the value, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

/// What a suggestion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SuggestionKind {
    /// A field of the search language.
    Field,
    /// A value of a field.
    Value,
}
