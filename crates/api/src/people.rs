//! The people, teams and saved searches of a tenant.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

/// Which tenant.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TenantParams {
    /// The tenant; may be left out by a key and by somebody who belongs to one only.
    pub tenant: Option<String>,
}

/// Tells "leave it" (absent) from "take it away" (null).
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// The people of a tenant, and who is invited.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PeopleList {
    /// Members, the oldest first.
    pub people: Vec<Member>,
    /// Unused invitations, the newest first.
    pub invitations: Vec<Invitation>,
}

/// A member of a tenant.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Member {
    /// `usr_` and 16 hexadecimal digits.
    pub id: String,
    /// Name.
    pub name: String,
    /// Address.
    pub email: String,
    /// `owner`, `admin`, `auditor` or `viewer`.
    pub role: String,
    /// Until when (RFC 3339).
    pub role_until: Option<String>,
    /// `active` or `disabled`.
    pub state: String,
    /// The last request of a live session (RFC 3339).
    pub last_seen_at: Option<String>,
    /// Ids of their teams.
    pub teams: Vec<String>,
}

/// An invitation without its secret.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Invitation {
    /// `inv_` and 16 hexadecimal digits.
    pub id: String,
    /// Who is invited.
    pub email: String,
    /// As what.
    pub role: String,
    /// Until when they are that (RFC 3339).
    pub role_until: Option<String>,
    /// When it was made (RFC 3339).
    pub created_at: String,
    /// From when on it is refused (RFC 3339).
    pub expires_at: String,
    /// Who invited.
    pub invited_by: String,
}

/// Invites somebody.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    /// Their address.
    #[schema(example = "auditor@example.com")]
    pub email: String,
    /// `owner`, `admin`, `auditor` or `viewer`; none above one's own.
    pub role: String,
    /// Until when (RFC 3339); for auditors.
    pub role_until: Option<String>,
}

/// An invitation and its link, which is shown this once.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct MadeInvitation {
    /// The invitation.
    pub invitation: Invitation,
    /// What to send.
    pub link: String,
}

/// A link for a new password, shown this once.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct MadeLink {
    /// What to send.
    pub link: String,
}

/// Changes what somebody is in the tenant.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberChange {
    /// New role.
    pub role: Option<String>,
    /// New end of the role (RFC 3339), for auditors; null takes it away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub role_until: Option<Option<String>>,
    /// `active` or `disabled`.
    pub state: Option<String>,
}

/// The teams of a tenant.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TeamList {
    /// The oldest first.
    pub teams: Vec<Team>,
}

/// People and addresses under one name.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Team {
    /// `team_` and 16 hexadecimal digits.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Ids of people of the tenant.
    pub members: Vec<String>,
    /// E-mail addresses of others.
    pub addresses: Vec<String>,
}

/// Makes or changes a team; on a change, what is absent stays.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TeamChange {
    /// Its name, unique in the tenant; needed for a new team.
    pub name: Option<String>,
    /// Ids of people of the tenant.
    pub members: Option<Vec<String>>,
    /// E-mail addresses of others.
    pub addresses: Option<Vec<String>>,
}

/// Saved searches.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SavedSearchList {
    /// One's own and the shared ones, the oldest first.
    pub searches: Vec<SavedSearch>,
}

/// A saved search.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SavedSearch {
    /// `srch_` and 16 hexadecimal digits.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The query.
    pub query: String,
    /// The search's other parameters.
    pub params: Map<String, Value>,
    /// Whether everybody in the tenant sees it.
    pub shared: bool,
    /// Whose it is: a person's id.
    pub owner: String,
    /// When it was saved (RFC 3339).
    pub created_at: String,
}

/// Saves or changes a search; on a change, what is absent stays.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedSearchChange {
    /// Its name; needed for a new one.
    pub name: Option<String>,
    /// The query; needed for a new one.
    pub query: Option<String>,
    /// The search's other parameters.
    pub params: Option<Map<String, Value>>,
    /// Whether everybody in the tenant sees it.
    pub shared: Option<bool>,
}
