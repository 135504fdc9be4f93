//! API keys: what is kept of them, and the text that is shown once.

use std::fmt;
use std::str::FromStr;

use event::Timestamp;
use sha2::{Digest, Sha256};

use crate::{KeyId, TenantName, digest};

/// What every key's text begins with, so that secret scanners recognise one.
const TEXT_PREFIX: &str = "ann_";
/// Characters of a key's text.
pub const KEY_TEXT_CHARACTERS: usize = TEXT_PREFIX.len() + digest::SECRET_DIGITS;
/// Characters of the text that are kept for display: enough to recognise one's key, far too few to
/// help a guess (36 of 256 bits).
const SHOWN_CHARACTERS: usize = TEXT_PREFIX.len() + 6;
/// Most characters of a key's name: it is a label in lists and events.
pub const KEY_NAME_MAX_CHARACTERS: usize = 100;

/// The secret itself, `ann_` and 43 base-62 digits. It is shown once and kept nowhere; `Debug` does
/// not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyText(String);

/// The text is no API key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("an API key is `ann_` and 43 letters and digits")]
pub struct KeyTextError;

impl KeyText {
    /// The key that 32 random bytes make.
    pub fn from_random(random: [u8; 32]) -> Self {
        KeyText(format!("{TEXT_PREFIX}{}", digest::base62(random)))
    }

    /// The secret, to be shown to its owner once.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept instead of the text.
    pub fn hash(&self) -> KeyHash {
        KeyHash(Sha256::digest(self.0.as_bytes()).into())
    }

    /// The first characters, to recognise the key by.
    pub fn shown_prefix(&self) -> String {
        self.0.chars().take(SHOWN_CHARACTERS).collect()
    }
}

impl FromStr for KeyText {
    type Err = KeyTextError;

    fn from_str(text: &str) -> Result<Self, KeyTextError> {
        match text.strip_prefix(TEXT_PREFIX) {
            Some(digits) if digest::is_base62(digits) => Ok(KeyText(text.to_owned())),
            _ => Err(KeyTextError),
        }
    }
}

impl fmt::Debug for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyText(not shown)")
    }
}

/// SHA-256 of a key's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyHash(pub [u8; 32]);

impl KeyHash {
    pub(crate) fn to_hex(self) -> String {
        digest::to_hex(&self.0)
    }

    pub(crate) fn from_hex(text: &str) -> Option<Self> {
        digest::from_hex(text).map(KeyHash)
    }
}

/// A key's label: 1 to [`KEY_NAME_MAX_CHARACTERS`] characters, no control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyName(String);

/// The text is no name for a key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key's name has 1 to {KEY_NAME_MAX_CHARACTERS} characters and no control characters")]
pub struct KeyNameError;

impl KeyName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyName {
    type Err = KeyNameError;

    fn from_str(text: &str) -> Result<Self, KeyNameError> {
        let text = text.trim();
        let length = text.chars().count();
        if (1..=KEY_NAME_MAX_CHARACTERS).contains(&length) && !text.chars().any(char::is_control) {
            Ok(KeyName(text.to_owned()))
        } else {
            Err(KeyNameError)
        }
    }
}

/// One thing a key lets its holder do. None implies another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Scope {
    /// Send events.
    EventsWrite = 1,
    /// Search, get, export and follow events.
    EventsRead = 2,
    /// Read checkpoints, tiles and entries.
    LedgerRead = 4,
    /// Manage settings and keys, read metrics.
    Admin = 8,
}

/// The text names no scope.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// A word that is no scope.
    #[error("`{0}` is no scope; the scopes are events:write, events:read, ledger:read and admin")]
    Unknown(String),
    /// A key without scopes could do nothing.
    #[error("name at least one scope: events:write, events:read, ledger:read or admin")]
    None,
}

impl Scope {
    /// Every scope, in the order they are shown.
    pub const ALL: [Scope; 4] = [
        Scope::EventsWrite,
        Scope::EventsRead,
        Scope::LedgerRead,
        Scope::Admin,
    ];

    /// The word that is stored, typed and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::EventsWrite => "events:write",
            Scope::EventsRead => "events:read",
            Scope::LedgerRead => "ledger:read",
            Scope::Admin => "admin",
        }
    }
}

/// A set of scopes, never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    /// Exactly these.
    pub fn of(scopes: &[Scope]) -> Result<Self, ScopeError> {
        match scopes.iter().fold(0, |set, scope| set | *scope as u8) {
            0 => Err(ScopeError::None),
            set => Ok(Scopes(set)),
        }
    }

    /// Whether `scope` is among them.
    pub fn contain(self, scope: Scope) -> bool {
        self.0 & scope as u8 != 0
    }

    /// Each of them, in the order they are shown.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL
            .into_iter()
            .filter(move |scope| self.contain(*scope))
    }
}

impl FromStr for Scopes {
    type Err = ScopeError;

    /// Words parted by commas or spaces.
    fn from_str(text: &str) -> Result<Self, ScopeError> {
        let mut scopes = Vec::new();
        for word in text.split([',', ' ']).filter(|word| !word.is_empty()) {
            match Scope::ALL.into_iter().find(|scope| scope.as_str() == word) {
                Some(scope) => scopes.push(scope),
                None => return Err(ScopeError::Unknown(word.chars().take(80).collect())),
            }
        }
        Scopes::of(&scopes)
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, scope) in self.iter().enumerate() {
            if place > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

/// Everything the catalog knows of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// How lists, events and logs call it.
    pub id: KeyId,
    /// The only tenant it opens.
    pub tenant: TenantName,
    /// Its label.
    pub name: KeyName,
    /// Hash of its text.
    pub hash: KeyHash,
    /// The first characters of its text.
    pub prefix: String,
    /// What it lets its holder do.
    pub scopes: Scopes,
    /// When it was made.
    pub created_at: Timestamp,
    /// From this moment it is refused; none means never.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
    /// Who made it, in words.
    pub created_by: String,
    /// Where the sender runs, in its owner's words (`production`); may be empty.
    pub environment: String,
    /// The only `source.app` it may send; none means any.
    pub app: Option<String>,
    /// The last request with it, to about a minute.
    pub last_used_at: Option<Timestamp>,
    /// Where that request came from.
    pub last_used_from: Option<String>,
    /// The key that it was made to follow.
    pub replaces: Option<KeyId>,
}

/// Whether a key opens anything at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyStanding {
    /// It opens its tenant.
    Good,
    /// Its time has run out.
    Expired(Timestamp),
    /// Somebody revoked it.
    Revoked(Timestamp),
}

impl ApiKey {
    /// Whether the key opens anything at `now`.
    pub fn standing(&self, now: Timestamp) -> KeyStanding {
        match (self.revoked_at, self.expires_at) {
            (Some(at), _) => KeyStanding::Revoked(at),
            (None, Some(at)) if at <= now => KeyStanding::Expired(at),
            _ => KeyStanding::Good,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_the_number_in_base_62() {
        let zero = KeyText::from_random([0; 32]);
        assert_eq!(zero.reveal(), format!("ann_{}", "0".repeat(43)));
        let mut last = [0; 32];
        last[31] = 61;
        assert_eq!(
            KeyText::from_random(last).reveal(),
            format!("ann_{}z", "0".repeat(42))
        );
        let all = KeyText::from_random([0xff; 32]);
        assert_eq!(all.reveal().len(), KEY_TEXT_CHARACTERS);
        assert_eq!(all.reveal().parse(), Ok(all.clone()));
    }

    #[test]
    fn debug_output_keeps_the_secret() {
        let key = KeyText::from_random([7; 32]);
        assert!(!format!("{key:?}").contains(&key.reveal()[4..12]));
    }

    #[test]
    fn texts_that_are_no_keys_are_refused() {
        for text in [
            "",
            "ann_",
            "key_0",
            &format!("ann_{}", "é".repeat(43)),
            &"a".repeat(47),
        ] {
            assert_eq!(text.parse::<KeyText>(), Err(KeyTextError), "{text}");
        }
    }

    #[test]
    fn scopes_read_what_they_write() {
        let scopes: Scopes = "admin,events:write".parse().unwrap();
        assert_eq!(scopes.to_string(), "events:write admin");
        assert_eq!(scopes.to_string().parse(), Ok(scopes));
        assert_eq!("".parse::<Scopes>(), Err(ScopeError::None));
        assert_eq!(
            "events".parse::<Scopes>(),
            Err(ScopeError::Unknown("events".into()))
        );
    }

    #[test]
    fn a_hash_reads_what_it_writes() {
        let hash = KeyText::from_random([3; 32]).hash();
        assert_eq!(KeyHash::from_hex(&hash.to_hex()), Some(hash));
        assert_eq!(KeyHash::from_hex("zz"), None);
    }
}
