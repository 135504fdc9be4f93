//! Health: `/healthz` and `/readyz`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The process answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// `ok`.
    pub status: String,
    /// Version of the program.
    pub version: String,
}

/// Whether the server should be sent requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Readiness {
    /// Whether every open ledger takes events and no acknowledged event has gone without a signed
    /// checkpoint for over 2 seconds.
    pub ready: bool,
    /// Why not, one sentence each.
    pub reasons: Vec<String>,
}
