//! Refusals: RFC 9457 problem documents.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why something was refused (RFC 9457). `code` is stable and made for programs; `detail` and
/// `hint` are made for people and may change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `/problems/` and the code.
    #[serde(rename = "type")]
    #[schema(example = "/problems/unknown_field")]
    pub kind: String,
    /// The kind of problem in a few words.
    #[schema(example = "Unknown field")]
    pub title: String,
    /// The status code of the answer; of a single event in a batch, the one it would have had alone.
    #[schema(example = 422)]
    pub status: u16,
    /// What is wrong this time, and the way out.
    #[schema(example = "`actr` is no field of an event; did you mean `actor`?")]
    pub detail: String,
    /// Stable name of the kind of problem.
    #[schema(example = "unknown_field")]
    pub code: String,
    /// The field or parameter at fault: a JSON Pointer into the event, or a parameter's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "/actr")]
    pub field: Option<String>,
    /// Where the fault is, from 0: in characters of a query, in bytes of a body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    /// How many characters or bytes from `position` are at fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
    /// What would be right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Sequence of the event that holds the id already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub existing: Option<u64>,
    /// The request this answers; absent inside a batch's answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}
