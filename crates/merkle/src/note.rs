//! Signed notes: text with signatures that name their key.
//!
//! A note that parses is not to be believed: only [`SignedNote::verify`] says whether a key you
//! trust has signed its text. Signatures of unknown keys are ignored, as witnesses and rotated keys
//! need it; a wrong signature that claims to be of a known key spoils the whole note.
//! Source: <https://c2sp.org/signed-note>.

mod key;

use std::fmt;

pub use key::{KeyError, KeyId, SEED_BYTES, Signer, Verifier};

use crate::text::{parse_base64, to_base64};

/// Size limit of a note: sixteen signatures of the largest kind in use (5 kB before base64) with
/// room for as much text again.
pub const MAX_NOTE_BYTES: usize = 256 * 1024;
/// Signatures a note may carry. The format asks for at least 16; checking 64 takes milliseconds.
pub const MAX_SIGNATURES: usize = 64;

/// Separates text from signatures: the end of the text's last line and an empty line.
const SPLIT: &str = "\n\n";
const SIGNATURE_PREFIX: &str = "\u{2014} ";

/// One signature line: which key claims to have signed, and the signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    name: String,
    key_id: KeyId,
    bytes: Vec<u8>,
}

/// A text and its signatures, nobody having checked them yet. Printed, it is the note's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<Signature>,
}

/// Why bytes are not a signed note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Above [`MAX_NOTE_BYTES`].
    #[error("a signed note has at most {MAX_NOTE_BYTES} bytes, not {size_bytes}")]
    TooLarge {
        /// Bytes of the note.
        size_bytes: usize,
    },
    /// Above [`MAX_SIGNATURES`].
    #[error("a signed note has at most {MAX_SIGNATURES} signatures")]
    TooManySignatures,
    /// Not UTF-8, or with a control character other than the newline.
    #[error("a signed note is UTF-8 without control characters other than newlines")]
    NotText,
    /// The text does not end with a newline.
    #[error("the text of a signed note ends with a newline")]
    UnfinishedText,
    /// There is no empty line with signature lines behind it.
    #[error("the note has no signatures: they stand behind its last empty line")]
    Unsigned,
    /// A line behind the last empty line is not a signature.
    #[error("line {line} of the note is not a signature (em dash, space, key name, space, base64)")]
    MalformedSignature {
        /// From 1.
        line: usize,
    },
}

/// Why a note is not to be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// None of the known keys has signed.
    #[error("the note carries no signature of a known key")]
    NoKnownKey,
    /// The signature line names a known key, but that key did not sign this text.
    #[error("the signature of {name}+{key_id} is wrong: the note or its signature was changed")]
    WrongSignature {
        /// Name of the key.
        name: String,
        /// Id of the key.
        key_id: KeyId,
    },
    /// Two different known keys have the same name and id.
    #[error("two known keys are called {name}+{key_id}")]
    AmbiguousKey {
        /// Name of both keys.
        name: String,
        /// Id of both keys.
        key_id: KeyId,
    },
}

impl Signature {
    /// Name of the key that claims to have signed.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Id of the key that claims to have signed.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The signature without the key id; 64 bytes when it is of Ed25519.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn parse(line: &str) -> Option<Self> {
        let (name, encoded) = line.strip_prefix(SIGNATURE_PREFIX)?.split_once(' ')?;
        let decoded = parse_base64(encoded)?;
        let (key_id, bytes) = decoded.split_first_chunk()?;
        if !key::is_name(name) || bytes.is_empty() {
            return None;
        }
        Some(Self {
            name: name.to_owned(),
            key_id: KeyId(*key_id),
            bytes: bytes.to_owned(),
        })
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoded = to_base64(&[&self.key_id.0, self.bytes.as_slice()].concat());
        writeln!(f, "{SIGNATURE_PREFIX}{} {encoded}", self.name)
    }
}

impl SignedNote {
    /// Signs a text with every one of `signers`.
    ///
    /// # Errors
    /// When the text does not end with a newline, has control characters or is too large, or there
    /// is no signer or too many.
    pub fn sign(text: String, signers: &[&Signer]) -> Result<Self, NoteError> {
        if !text.ends_with('\n') {
            return Err(NoteError::UnfinishedText);
        }
        if !is_clean(&text) {
            return Err(NoteError::NotText);
        }
        if signers.is_empty() {
            return Err(NoteError::Unsigned);
        }
        let signatures = signers.iter().map(|signer| signer.sign(&text)).collect();
        let note = Self { text, signatures };
        note.check_limits()?;
        Ok(note)
    }

    /// The note with one more signature. An earlier one of the same key is replaced.
    ///
    /// # Errors
    /// When the note would become too large.
    pub fn countersign(mut self, signer: &Signer) -> Result<Self, NoteError> {
        let signature = signer.sign(&self.text);
        self.signatures
            .retain(|s| (s.name(), s.key_id()) != (signer.name(), signer.key_id()));
        self.signatures.push(signature);
        self.check_limits()?;
        Ok(self)
    }

    /// Reads the bytes of a note. Nothing is verified.
    ///
    /// # Errors
    /// When the bytes are not exactly one signed note.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_NOTE_BYTES {
            return Err(NoteError::TooLarge {
                size_bytes: bytes.len(),
            });
        }
        let note = str::from_utf8(bytes).map_err(|_| NoteError::NotText)?;
        if !is_clean(note) {
            return Err(NoteError::NotText);
        }
        let (lines, block) = note.rsplit_once(SPLIT).ok_or(NoteError::Unsigned)?;
        if block.is_empty() {
            return Err(NoteError::Unsigned);
        }
        let text = format!("{lines}\n");
        let first_line = text.lines().count() + 2;
        let mut signatures = Vec::new();
        for (line, signature) in (first_line..).zip(block.split_inclusive('\n')) {
            if signatures.len() == MAX_SIGNATURES {
                return Err(NoteError::TooManySignatures);
            }
            let parsed = signature.strip_suffix('\n').and_then(Signature::parse);
            signatures.push(parsed.ok_or(NoteError::MalformedSignature { line })?);
        }
        Ok(Self { text, signatures })
    }

    /// The text with its last newline. Not to be believed before [`SignedNote::verify`].
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures as they stand, known or not.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Checks every signature that claims to be of a known key and lists the keys that have signed,
    /// each once, in the order of `known`. At least one has, when this returns `Ok`.
    ///
    /// # Errors
    /// When no known key has signed, a signature of a known key is wrong, or two known keys share
    /// name and id.
    pub fn verify<'k>(&self, known: &'k [Verifier]) -> Result<Vec<&'k Verifier>, VerifyError> {
        check_unambiguous(known)?;
        let mut signed = Vec::new();
        for key in known {
            let mut claims = self
                .signatures
                .iter()
                .filter(|s| s.key_id == key.key_id() && s.name == key.name())
                .peekable();
            if claims.peek().is_none() {
                continue;
            }
            if !claims.all(|claim| key.has_signed(&self.text, claim.bytes())) {
                return Err(VerifyError::WrongSignature {
                    name: key.name().to_owned(),
                    key_id: key.key_id(),
                });
            }
            signed.push(key);
        }
        if signed.is_empty() {
            return Err(VerifyError::NoKnownKey);
        }
        Ok(signed)
    }

    fn check_limits(&self) -> Result<(), NoteError> {
        if self.signatures.len() > MAX_SIGNATURES {
            return Err(NoteError::TooManySignatures);
        }
        let size_bytes = self.to_string().len();
        if size_bytes > MAX_NOTE_BYTES {
            return Err(NoteError::TooLarge { size_bytes });
        }
        Ok(())
    }
}

impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures
            .iter()
            .try_for_each(|signature| signature.fmt(f))
    }
}

/// Whether the only ASCII control characters below the space are newlines.
fn is_clean(text: &str) -> bool {
    text.bytes().all(|b| b >= b' ' || b == b'\n')
}

fn check_unambiguous(known: &[Verifier]) -> Result<(), VerifyError> {
    for (place, key) in known.iter().enumerate() {
        let twin = |other: &Verifier| {
            other != key && other.name() == key.name() && other.key_id() == key.key_id()
        };
        if known.iter().skip(place + 1).any(twin) {
            return Err(VerifyError::AmbiguousKey {
                name: key.name().to_owned(),
                key_id: key.key_id(),
            });
        }
    }
    Ok(())
}
