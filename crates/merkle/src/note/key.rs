//! Keys of signed notes: Ed25519, named, and written as one line of text.
//!
//! A name and a public key give the key id; both stand in every signature, so a key is found
//! without trying. Source: <https://c2sp.org/signed-note>, private keys as in Go's
//! `golang.org/x/mod/sumdb/note`.

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::{Signature as RawSignature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

use super::Signature;
use crate::text::{parse_base64, to_base64};

/// Bytes of the secret an Ed25519 key is made from.
pub const SEED_BYTES: usize = 32;

/// Signature type of plain Ed25519 signatures.
const ED25519: u8 = 0x01;
const PRIVATE_KEY_PREFIX: &str = "PRIVATE+KEY+";

/// Short name of a key: the first four bytes of SHA-256(name || "\n" || 0x01 || public key).
/// It finds a key, it does not prove one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 4]);

/// A public key that checks notes. Its text is a vkey: `name+key id in hex+base64`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    key_id: KeyId,
    key: VerifyingKey,
}

/// A private key that signs notes. Its memory is wiped when it is dropped.
#[derive(Clone)]
pub struct Signer {
    verifier: Verifier,
    key: SigningKey,
}

/// Why a text is not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Empty, or with white space, a control character or a plus sign.
    #[error("a key name is not empty and has no spaces, control characters or plus signs")]
    Name,
    /// Not three parts, or a part does not decode.
    #[error("not a key: expected name+8 hex digits+base64")]
    Malformed,
    /// A key of another kind than Ed25519.
    #[error("the key is of signature type {0:#04x}; only Ed25519 (0x01) is supported")]
    UnknownType(u8),
    /// The key id is not the one of this name and key.
    #[error("the key id does not belong to this name and key: a part of the key was changed")]
    WrongId,
    /// The bytes are no point of the curve, or one for which anybody can sign.
    #[error("the public key is not a usable Ed25519 key")]
    UnusableKey,
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

impl Verifier {
    /// A public key under a name.
    ///
    /// # Errors
    /// When the name is not one or the key is unusable.
    pub fn new(name: &str, public_key: &[u8; 32]) -> Result<Self, KeyError> {
        if !is_name(name) {
            return Err(KeyError::Name);
        }
        let key = VerifyingKey::from_bytes(public_key).map_err(|_| KeyError::UnusableKey)?;
        if key.is_weak() {
            return Err(KeyError::UnusableKey);
        }
        Ok(Self {
            name: name.to_owned(),
            key_id: key_id(name, public_key),
            key,
        })
    }

    /// Name of the key; for a log's key, the log's origin.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Id of the key.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The public key, encoded as in RFC 8032.
    pub fn public_key(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// Whether these are the bytes of this key's signature of `text`. The strict rules hold:
    /// nobody can make a second signature out of one.
    pub(super) fn has_signed(&self, text: &str, signature: &[u8]) -> bool {
        RawSignature::from_slice(signature)
            .is_ok_and(|signature| self.key.verify_strict(text.as_bytes(), &signature).is_ok())
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = typed(self.public_key());
        write!(f, "{}+{}+{}", self.name, self.key_id, to_base64(&key))
    }
}

impl FromStr for Verifier {
    type Err = KeyError;

    /// Reads a vkey, exactly as it is printed.
    fn from_str(vkey: &str) -> Result<Self, KeyError> {
        let (name, key_id, public_key) = parse_parts(vkey)?;
        let verifier = Self::new(name, &public_key)?;
        if verifier.key_id != key_id {
            return Err(KeyError::WrongId);
        }
        Ok(verifier)
    }
}

impl Signer {
    /// The key made from a secret of 32 random bytes, under a name.
    ///
    /// # Errors
    /// When the name is not one.
    pub fn from_seed(name: &str, seed: &[u8; SEED_BYTES]) -> Result<Self, KeyError> {
        let key = SigningKey::from_bytes(seed);
        let verifier = Verifier::new(name, key.verifying_key().as_bytes())?;
        Ok(Self { verifier, key })
    }

    /// Name of the key.
    pub fn name(&self) -> &str {
        self.verifier.name()
    }

    /// Id of the key.
    pub fn key_id(&self) -> KeyId {
        self.verifier.key_id()
    }

    /// The public half.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// The secret as text, `PRIVATE+KEY+name+key id in hex+base64`, to be kept where only the log
    /// can read it. [`Signer::from_str`] reads it back.
    pub fn to_secret_text(&self) -> String {
        let key = to_base64(&typed(self.key.as_bytes()));
        format!(
            "{PRIVATE_KEY_PREFIX}{}+{}+{key}",
            self.name(),
            self.key_id()
        )
    }

    pub(super) fn sign(&self, text: &str) -> Signature {
        Signature {
            name: self.name().to_owned(),
            key_id: self.key_id(),
            bytes: self.key.sign(text.as_bytes()).to_bytes().to_vec(),
        }
    }
}

impl FromStr for Signer {
    type Err = KeyError;

    fn from_str(secret: &str) -> Result<Self, KeyError> {
        let parts = secret
            .strip_prefix(PRIVATE_KEY_PREFIX)
            .ok_or(KeyError::Malformed)?;
        let (name, key_id, seed) = parse_parts(parts)?;
        let signer = Self::from_seed(name, &seed)?;
        if signer.key_id() != key_id {
            return Err(KeyError::WrongId);
        }
        Ok(signer)
    }
}

/// Shows the public half only.
impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("verifier", &self.verifier)
            .finish_non_exhaustive()
    }
}

/// Whether a text can be the name of a key.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name
            .chars()
            .any(|c| c.is_whitespace() || c < ' ' || c == '+')
}

fn key_id(name: &str, public_key: &[u8; 32]) -> KeyId {
    let digest: [u8; 32] = Sha256::new()
        .chain_update(name)
        .chain_update("\n")
        .chain_update([ED25519])
        .chain_update(public_key)
        .finalize()
        .into();
    let [a, b, c, d, ..] = digest;
    KeyId([a, b, c, d])
}

fn typed(key: &[u8; 32]) -> [u8; 33] {
    let mut typed = [ED25519; 33];
    if let Some(place) = typed.last_chunk_mut() {
        *place = *key;
    }
    typed
}

/// Splits `name+key id+base64(type || key)`.
fn parse_parts(text: &str) -> Result<(&str, KeyId, [u8; 32]), KeyError> {
    let (name, rest) = text.split_once('+').ok_or(KeyError::Malformed)?;
    let (id, encoded) = rest.split_once('+').ok_or(KeyError::Malformed)?;
    let proper = id.len() == 8 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if !proper {
        return Err(KeyError::Malformed);
    }
    let id = u32::from_str_radix(id, 16).map_err(|_| KeyError::Malformed)?;
    let typed = parse_base64(encoded).ok_or(KeyError::Malformed)?;
    let (&kind, key) = typed.split_first().ok_or(KeyError::Malformed)?;
    if kind != ED25519 {
        return Err(KeyError::UnknownType(kind));
    }
    let key = key.try_into().map_err(|_| KeyError::Malformed)?;
    Ok((name, KeyId(id.to_be_bytes()), key))
}
