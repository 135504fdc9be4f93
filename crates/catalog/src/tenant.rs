//! A tenant: one ledger with its own order, tree, signing key and index.

use std::fmt;
use std::str::FromStr;

use event::Timestamp;

use crate::PersonId;

/// Most characters a tenant's name may have: the length of a DNS label, so that a name can stand in
/// a host name, a folder name and a checkpoint's origin.
const NAME_MAX_CHARACTERS: usize = 63;

/// A tenant's name: `[a-z0-9][a-z0-9-]{0,62}`. It is a folder name, so nothing else is let in.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantName(String);

/// The text is no tenant name.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no tenant name: use 1 to 63 of a-z, 0-9 and -, and begin with a letter or a digit"
)]
pub struct TenantNameError(String);

impl TenantName {
    /// The tenant of an instance that has only one.
    pub fn main() -> Self {
        TenantName("main".to_owned())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TenantName {
    type Err = TenantNameError;

    fn from_str(text: &str) -> Result<Self, TenantNameError> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let fits = (1..=NAME_MAX_CHARACTERS).contains(&text.len())
            && text.bytes().all(|b| plain(b) || b == b'-')
            && text.bytes().next().is_some_and(plain);
        if fits {
            Ok(TenantName(text.to_owned()))
        } else {
            Err(TenantNameError(text.chars().take(80).collect()))
        }
    }
}

impl fmt::Display for TenantName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TenantName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a tenant may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TenantState {
    /// Reads and writes are answered.
    Active,
    /// Everything is kept and nothing is answered, until the tenant is resumed.
    Suspended,
    /// The events are gone; the name and the last checkpoint stay. There is no way back.
    Deleted,
}

impl TenantState {
    /// The word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            TenantState::Active => "active",
            TenantState::Suspended => "suspended",
            TenantState::Deleted => "deleted",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [
            TenantState::Active,
            TenantState::Suspended,
            TenantState::Deleted,
        ]
        .into_iter()
        .find(|state| state.as_str() == text)
    }
}

/// One tenant as the catalog knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its name, unique for ever.
    pub name: TenantName,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether it may be used.
    pub state: TenantState,
    /// The organisation's name, for people to read; may be empty.
    pub organization: String,
    /// A JSON object of named settings.
    pub settings: String,
}

/// Somebody wants a tenant deleted; another owner has to agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    /// Which tenant.
    pub tenant: TenantName,
    /// Who asked.
    pub requested_by: PersonId,
    /// When.
    pub requested_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, accepted: bool) {
        assert_eq!(text.parse::<TenantName>().is_ok(), accepted, "{text:?}");
    }

    #[test]
    fn plain_names_are_taken() {
        for name in ["main", "a", "7", "acme-eu-2", &"x".repeat(63)] {
            check(name, true);
        }
    }

    #[test]
    fn names_that_could_leave_the_folder_are_refused() {
        for name in [
            "",
            "-a",
            ".",
            "..",
            "a/b",
            "a.b",
            "A",
            "ä",
            "a b",
            "a\0",
            &"x".repeat(64),
        ] {
            check(name, false);
        }
    }
}
