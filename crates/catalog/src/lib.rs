//! The catalog: everything an instance keeps that is not an event.
//!
//! Two promises. What a [`Change`] committed survives a power cut, and a change that was not
//! committed leaves nothing behind. The SQL is written once: SQLite runs it today, PostgreSQL takes
//! the same text, and one suite (`tests/conformance.rs`) holds every adapter to the same behaviour.
//!
//! Time and randomness are arguments, so that a test decides both.

mod account;
mod change;
mod digest;
mod ids;
mod instance;
mod key;
mod link;
mod open;
mod person;
mod read;
mod search;
mod session;
mod team;
mod tenant;
mod token;

pub use change::{Change, CreateKeyError, CreateTenantError, MissingError};
pub use ids::{KeyId, LinkId, PersonId, SearchId, SessionId, TeamId};
pub use instance::{FOLDER_FORMAT, Instance, InstanceName, InstanceNameError};
pub use key::{
    ApiKey, KEY_NAME_MAX_CHARACTERS, KEY_TEXT_CHARACTERS, KeyHash, KeyName, KeyNameError,
    KeyStanding, KeyText, KeyTextError, Scope, ScopeError, Scopes,
};
pub use link::{Link, LinkKind};
pub use open::{Catalog, OpenError, StoreError};
pub use person::{
    Account, DISPLAY_NAME_MAX_CHARACTERS, DisplayName, DisplayNameError, EMAIL_MAX_CHARACTERS,
    Email, EmailError, MemberState, Membership, Person, Role, RoleError,
};
pub use search::SavedSearch;
pub use session::Session;
pub use team::{FIRST_TEAMS, Team};
pub use tenant::{Deletion, Tenant, TenantName, TenantNameError, TenantState};
pub use token::{TokenHash, TokenText, TokenTextError};
