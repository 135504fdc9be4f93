//! Sending events: `POST /v1/events`.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{NewEvent, Problem};

/// How a batch is taken.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SubmitParams {
    /// `true`: all events or none, also after a power cut. One bad event refuses all.
    pub atomic: Option<bool>,
    /// `false` leaves the receipts (`events`) out of a batch's answer.
    pub receipts: Option<bool>,
    /// Name of the import these events belong to, 1 to 100 characters, none of them a control
    /// character; kept in `ingest.import`.
    #[param(
        min_length = 1,
        max_length = 100,
        pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$"
    )]
    pub import: Option<String>,
    /// The tenant; a key opens only its own.
    pub tenant: Option<String>,
}

/// What is sent: an event, or a batch of them.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Submission {
    /// One event.
    One(Box<NewEvent>),
    /// A batch.
    Batch(Vec<NewEvent>),
}

/// The answer: to one event its receipt, to a batch what became of each event.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Submitted {
    /// Of one event.
    One(Receipt),
    /// Of a batch.
    Batch(BatchAnswer),
}

/// The answer to one event: it is durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Receipt {
    /// The sender's id, if it sent one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The event's place in the ledger, from 0, without gaps.
    pub sequence: u64,
    /// The event's name for people.
    #[schema(example = "LOG-2026-0000123")]
    pub display_id: String,
    /// Whether the ledger held this very event already; then the place is the first one's.
    pub duplicate: bool,
}

/// The answer for one event of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BatchReceipt {
    /// Place in the batch, from 0. Empty NDJSON lines do not count.
    pub index: u64,
    /// The receipt.
    #[serde(flatten)]
    pub receipt: Receipt,
}

/// One event of a batch that was refused. Nothing of it was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rejection {
    /// Place in the batch, from 0. Empty NDJSON lines do not count.
    pub index: u64,
    /// Why.
    pub problem: Problem,
}

/// The answer to a batch: 200 if anything was kept or known, 422 if every event was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BatchAnswer {
    /// Events kept by this request.
    pub accepted: u64,
    /// Events the ledger held already.
    pub duplicates: u64,
    /// Events not kept because their kind is switched off.
    pub skipped: u64,
    /// Events refused, each with its reason.
    pub rejected: Vec<Rejection>,
    /// A receipt for each event kept or known; absent with `receipts=false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<BatchReceipt>>,
}
