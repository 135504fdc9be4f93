//! Tokens: the secrets in cookies and one-time links.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::digest;

/// The secret of a session or a link: 43 base-62 digits, 256 random bits. It is handed out once and
/// kept nowhere; `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenText(String);

/// The text is no token.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a token is 43 letters and digits")]
pub struct TokenTextError;

impl TokenText {
    /// The token that 32 random bytes make.
    pub fn from_random(random: [u8; 32]) -> Self {
        TokenText(digest::base62(random))
    }

    /// The secret, to be handed to its owner once.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept instead of the text.
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl FromStr for TokenText {
    type Err = TokenTextError;

    fn from_str(text: &str) -> Result<Self, TokenTextError> {
        match digest::is_base62(text) {
            true => Ok(TokenText(text.to_owned())),
            false => Err(TokenTextError),
        }
    }
}

impl fmt::Debug for TokenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenText(not shown)")
    }
}

/// SHA-256 of a token's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);
