//! The catalog: everything an instance keeps that is not an event.
//!
//! Two promises. What a [`Change`] committed survives a power cut, and a change that was not
//! committed leaves nothing behind. The SQL is written once: SQLite runs it today, PostgreSQL takes
//! the same text, and one suite (`tests/conformance.rs`) holds every adapter to the same behaviour.
//!
//! Time and randomness are arguments, so that a test decides both.

mod change;
mod instance;
mod key;
mod open;
mod read;
mod tenant;

pub use change::{Change, CreateKeyError, CreateTenantError, MissingError};
pub use instance::{FOLDER_FORMAT, Instance, InstanceName, InstanceNameError};
pub use key::{
    ApiKey, KEY_NAME_MAX_CHARACTERS, KEY_TEXT_CHARACTERS, KeyHash, KeyId, KeyName, KeyNameError,
    KeyStanding, KeyText, KeyTextError, Scope, ScopeError, Scopes,
};
pub use open::{Catalog, OpenError, StoreError};
pub use tenant::{Tenant, TenantName, TenantNameError, TenantState};
