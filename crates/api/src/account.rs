//! Signing in, and one's own account.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Whether the instance waits for its first owner.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SetupState {
    /// True until there is an owner.
    pub needed: bool,
    /// Version of the server.
    pub version: String,
}

/// Makes the first owner.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// The token of the set-up link: what stands behind `#`.
    pub token: String,
    /// The owner's name.
    #[schema(example = "Ann Smith")]
    pub name: String,
    /// What the owner signs in with.
    #[schema(example = "ann@example.com")]
    pub email: String,
    /// At least 12 characters.
    pub password: String,
    /// The organisation's name.
    #[schema(example = "Example Works")]
    pub organization: String,
    /// IANA name.
    #[schema(example = "Europe/Berlin")]
    pub time_zone: String,
}

/// Signs in.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The account's address.
    pub email: String,
    /// Its password.
    pub password: String,
}

/// A one-time link's token.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkToken {
    /// What stands behind `#`.
    pub token: String,
}

/// The password once more.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reauthenticate {
    /// The password of the one who is signed in.
    pub password: String,
}

/// Chooses a new password with a link.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reset {
    /// What stands behind `#`.
    pub token: String,
    /// The new password.
    pub password: String,
}

/// Joins a tenant with an invitation.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptInvitation {
    /// What stands behind `#`.
    pub token: String,
    /// One's name; needed where the address has no account yet.
    pub name: Option<String>,
    /// The password of the account, or the one of the new account.
    pub password: String,
    /// IANA name; UTC if absent.
    pub time_zone: Option<String>,
}

/// What an invitation is for.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct InvitationLook {
    /// Who is invited.
    pub email: String,
    /// To which tenant.
    pub tenant: String,
    /// Its organisation.
    pub organization: String,
    /// As what.
    pub role: String,
    /// Who invited.
    pub invited_by: String,
    /// Whether the address has an account already.
    pub has_account: bool,
}

/// Who is signed in, and what they may.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SessionView {
    /// Who.
    pub person: Me,
    /// The session.
    pub session: SessionTimes,
    /// The tenants they belong to.
    pub tenants: Vec<SessionTenant>,
    /// Their preferences.
    pub preferences: Map<String, Value>,
}

/// Oneself.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Me {
    /// `usr_` and 16 hexadecimal digits.
    pub id: String,
    /// Name.
    pub name: String,
    /// Address.
    pub email: String,
    /// IANA name.
    pub time_zone: String,
}

/// A session's times (RFC 3339).
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SessionTimes {
    /// `ses_` and 16 hexadecimal digits.
    pub id: String,
    /// Since when.
    pub created_at: String,
    /// When it ends, if it is not used or not ended before.
    pub expires_at: String,
    /// Until when the password counts as just given.
    pub fresh_until: String,
}

/// A tenant that a person belongs to.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SessionTenant {
    /// Its name.
    pub name: String,
    /// Its organisation.
    pub organization: String,
    /// What the person is there.
    pub role: String,
    /// Until when (RFC 3339).
    pub role_until: Option<String>,
    /// `active` or `suspended`.
    pub state: String,
    /// What the role may.
    pub permissions: Vec<String>,
    /// Types of targets that the screens show first.
    pub pinned_entities: Vec<String>,
}

/// Changes to one's own account.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MeChange {
    /// New name.
    pub name: Option<String>,
    /// New time zone.
    pub time_zone: Option<String>,
}

/// Changes one's password.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The password so far.
    pub current: String,
    /// The new one.
    pub new: String,
}

/// One's sessions.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SessionList {
    /// The oldest first.
    pub sessions: Vec<OwnSession>,
}

/// One of one's sessions.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OwnSession {
    /// `ses_` and 16 hexadecimal digits.
    pub id: String,
    /// Since when (RFC 3339).
    pub created_at: String,
    /// The last request (RFC 3339).
    pub last_used_at: String,
    /// Where it began.
    pub address: String,
    /// With which program.
    pub user_agent: String,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// One's preferences: an object that the screens alone read, at most 16 KiB.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct Preferences(pub Map<String, Value>);
