//! Keys, tenants and settings.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The keys of a tenant.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct KeyList {
    /// The oldest first.
    pub keys: Vec<Key>,
}

/// An API key without its secret.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Key {
    /// `key_` and 16 hexadecimal digits.
    pub id: String,
    /// Its label.
    pub name: String,
    /// The first characters of its text.
    pub prefix: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Where its sender runs, in its owner's words.
    pub environment: String,
    /// The only `source.app` it may send.
    pub app: Option<String>,
    /// When it was made (RFC 3339).
    pub created_at: String,
    /// Who made it.
    pub created_by: String,
    /// When it ends (RFC 3339).
    pub expires_at: Option<String>,
    /// When it was revoked (RFC 3339).
    pub revoked_at: Option<String>,
    /// The last request with it (RFC 3339).
    pub last_used_at: Option<String>,
    /// Where that came from.
    pub last_used_from: Option<String>,
    /// The key it was made to follow.
    pub replaces: Option<String>,
}

/// Makes a key.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// Its label.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// What it may do: `events:write`, `events:read`, `ledger:read`, `admin`.
    pub scopes: Vec<String>,
    /// Where its sender runs.
    pub environment: Option<String>,
    /// The only `source.app` it may send: another one is refused, an absent one filled in.
    pub app: Option<String>,
    /// When it ends (RFC 3339); never if absent.
    pub expires_at: Option<String>,
}

/// Makes a successor of a key.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rotate {
    /// For how long the old key goes on: 0 to 720 hours.
    #[schema(maximum = 720)]
    pub overlap_hours: u32,
}

/// A key and its text, which is shown this once.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct MadeKey {
    /// The key.
    pub key: Key,
    /// The secret.
    pub text: String,
}

/// Tenants.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TenantEntry {
    /// Its name.
    pub name: String,
    /// Its organisation.
    pub organization: String,
    /// `active` or `suspended`.
    pub state: String,
    /// When it was made (RFC 3339).
    pub created_at: String,
    /// The deletion that somebody asked for.
    pub deletion: Option<TenantDeletion>,
}

/// A deletion that waits for a second owner.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TenantDeletion {
    /// Id of the person who asked.
    pub requested_by: String,
    /// When (RFC 3339).
    pub requested_at: String,
}

/// Makes a tenant.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTenant {
    /// 1 to 63 of a-z, 0-9 and `-`; never given twice.
    #[schema(pattern = "^[a-z0-9][a-z0-9-]{0,62}$", example = "example-works")]
    pub name: String,
    /// Its organisation.
    pub organization: String,
}

/// Changes a tenant.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantChange {
    /// Its organisation.
    pub organization: String,
}

/// A tenant's settings; on a change, what is absent gets its default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantSettings {
    /// The organisation's name.
    #[serde(default)]
    pub organization: String,
    /// Types of targets that the screens show first.
    #[serde(default)]
    pub pinned_entities: Vec<String>,
}
