//! People, and what they are in each tenant.

use std::fmt;
use std::str::FromStr;

use event::Timestamp;

use crate::{PersonId, TenantName};

/// Most characters of a name: it is a label in lists and events.
pub const DISPLAY_NAME_MAX_CHARACTERS: usize = 100;
/// Most characters of an e-mail address (RFC 5321, 4.5.3.1.3, without the brackets).
pub const EMAIL_MAX_CHARACTERS: usize = 254;

/// A name for people to read, of a person, a team, an organisation or a search: 1 to
/// [`DISPLAY_NAME_MAX_CHARACTERS`] characters, no control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisplayName(String);

/// The text is no name.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to {DISPLAY_NAME_MAX_CHARACTERS} characters and no control characters")]
pub struct DisplayNameError;

impl DisplayName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DisplayName {
    type Err = DisplayNameError;

    fn from_str(text: &str) -> Result<Self, DisplayNameError> {
        let text = text.trim();
        let length = text.chars().count();
        let fits = (1..=DISPLAY_NAME_MAX_CHARACTERS).contains(&length);
        if fits && !text.chars().any(char::is_control) {
            Ok(DisplayName(text.to_owned()))
        } else {
            Err(DisplayNameError)
        }
    }
}

/// An e-mail address in small letters: what somebody signs in with, one account each.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Email(String);

/// The text is no e-mail address.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "an e-mail address looks like `ann@example.com` and has at most {EMAIL_MAX_CHARACTERS} characters"
)]
pub struct EmailError;

impl Email {
    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = EmailError;

    fn from_str(text: &str) -> Result<Self, EmailError> {
        let text = text.trim().to_lowercase();
        let plain =
            |c: char| !c.is_control() && !c.is_whitespace() && !"<>()[],;:\\\"@".contains(c);
        let fits = text.len() <= EMAIL_MAX_CHARACTERS
            && text.split_once('@').is_some_and(|(local, domain)| {
                !local.is_empty()
                    && local.chars().all(plain)
                    && domain.chars().all(plain)
                    && domain.split('.').all(|label| !label.is_empty())
            });
        if fits {
            Ok(Email(text))
        } else {
            Err(EmailError)
        }
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a person is in a tenant; the greater one may all that the smaller one may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads events.
    Viewer,
    /// Also exports, reads the log and the configuration.
    Auditor,
    /// Also manages keys, teams, settings, and people below an owner.
    Admin,
    /// Everything in the tenant.
    Owner,
}

/// The text names no role.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no role; the roles are owner, admin, auditor and viewer")]
pub struct RoleError(String);

impl Role {
    /// Every role, the greatest first.
    pub const ALL: [Role; 4] = [Role::Owner, Role::Admin, Role::Auditor, Role::Viewer];

    /// The word that is stored, typed and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Owner => "owner",
            Role::Admin => "admin",
            Role::Auditor => "auditor",
            Role::Viewer => "viewer",
        }
    }
}

impl FromStr for Role {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        Role::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| RoleError(text.chars().take(40).collect()))
    }
}

/// Whether a membership may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberState {
    /// It opens the tenant.
    Active,
    /// Somebody closed it; it can be opened again.
    Disabled,
}

impl MemberState {
    /// The word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            MemberState::Active => "active",
            MemberState::Disabled => "disabled",
        }
    }
}

impl FromStr for MemberState {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [MemberState::Active, MemberState::Disabled]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or(())
    }
}

/// A person, whatever the tenants.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// How lists, events and logs call them.
    pub id: PersonId,
    /// Their name.
    pub name: DisplayName,
    /// What they sign in with.
    pub email: Email,
    /// Their password as a PHC string; none where no password opens the account.
    pub password: Option<String>,
    /// IANA name.
    pub time_zone: String,
    /// A JSON object that only the screens read.
    pub preferences: String,
    /// When the account was made.
    pub created_at: Timestamp,
}

impl fmt::Debug for Person {
    /// Without the password's hash.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Person({} {})", self.id, self.email)
    }
}

/// What a person is in one tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Who.
    pub person: PersonId,
    /// Where.
    pub tenant: TenantName,
    /// As what.
    pub role: Role,
    /// From this moment it opens nothing; none means never.
    pub role_until: Option<Timestamp>,
    /// Whether it may be used.
    pub state: MemberState,
    /// Since when.
    pub joined_at: Timestamp,
}

impl Membership {
    /// Whether it opens the tenant at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.state == MemberState::Active && self.role_until.is_none_or(|until| now < until)
    }
}

/// A person with all their memberships, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The person.
    pub person: Person,
    /// What they are in each tenant.
    pub memberships: Vec<Membership>,
}

impl Account {
    /// What they are in a tenant, live or not.
    pub fn membership(&self, tenant: &TenantName) -> Option<&Membership> {
        self.memberships.iter().find(|it| it.tenant == *tenant)
    }
}
