//! Proofs: `GET /v1/events/{id}/proof` with `Accept: application/json`, `GET /v1/log/consistency`.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::RecordedEvent;

/// Which two sizes of the log are held to each other.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ConsistencyParams {
    /// Events of the older checkpoint.
    pub from: u64,
    /// Events of the newer checkpoint; what is signed now if absent.
    pub to: Option<u64>,
    /// The tenant; a key opens only its own.
    pub tenant: Option<String>,
}

/// The proof that one checkpoint's log is the beginning of another's (RFC 9162, 2.1.4).
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Consistency {
    /// Events of the older checkpoint.
    pub from: u64,
    /// Events of the newer checkpoint.
    pub to: u64,
    /// Hashes that lead to both roots, base64.
    pub path: Vec<String>,
}

/// Everything needed to check, offline, that an event stands in the ledger as it is shown.
///
/// The fields' commitments make the event's body root, the body root makes the entry, the entry
/// makes the leaf, the path makes the root, and the checkpoint signs the root.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ProofDocument {
    /// The event for people; `fields` is what is proven, and `enrichment` is not covered.
    #[schema(value_type = RecordedEvent)]
    pub event: Box<RawValue>,
    /// Every field in the order of the commitments.
    pub fields: Vec<ProofField>,
    /// The 45-byte entry, base64.
    pub entry: String,
    /// The event's sequence: the leaf's index.
    pub index: u64,
    /// Hashes from the leaf to the root, base64.
    pub path: Vec<String>,
    /// The signed checkpoint.
    pub checkpoint: String,
    /// The public key the checkpoint is signed with. Take it from somebody you trust instead.
    pub vkey: String,
}

/// One field: shown with its salt and value, or withheld behind its commitment.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum ProofField {
    /// The field is there.
    Shown {
        /// JSON Pointer of the field.
        path: String,
        /// The field's salt, base64.
        salt: String,
        /// The value, exactly as it is hashed.
        #[schema(value_type = Object)]
        value: Box<RawValue>,
    },
    /// The field is not shown; its commitment stands for it.
    Withheld {
        /// SHA-256 commitment, base64.
        commitment: String,
    },
}
