//! Bodies of entry bundles: each entry behind its length as a big-endian 16-bit number.
//!
//! Source: <https://c2sp.org/tlog-tiles>.

use crate::tile::Bundle;

/// Bytes an entry can have: its length has 16 bits.
pub const MAX_ENTRY_BYTES: usize = u16::MAX as usize;

/// An entry does not fit a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an entry in a bundle has at most {MAX_ENTRY_BYTES} bytes, not {size_bytes}")]
pub struct EntryTooLarge {
    /// Bytes of the entry.
    pub size_bytes: usize,
}

/// Why bytes are not the bundle they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// The bytes end inside an entry.
    #[error("{bundle} ends inside entry {entry} of the bundle")]
    Truncated {
        /// The bundle asked for.
        bundle: Bundle,
        /// Place in the bundle, from 0.
        entry: usize,
    },
    /// More or fewer entries than the bundle's width.
    #[error("{bundle} has more or fewer than {expected} entries", expected = bundle.width)]
    WrongCount {
        /// The bundle asked for.
        bundle: Bundle,
    },
}

/// Appends one entry to the body of a bundle.
///
/// # Errors
/// When the entry is longer than [`MAX_ENTRY_BYTES`]; nothing is appended.
pub fn append(body: &mut Vec<u8>, entry: &[u8]) -> Result<(), EntryTooLarge> {
    let length = u16::try_from(entry.len()).map_err(|_| EntryTooLarge {
        size_bytes: entry.len(),
    })?;
    body.extend_from_slice(&length.to_be_bytes());
    body.extend_from_slice(entry);
    Ok(())
}

/// Splits the body of a bundle into its entries.
///
/// # Errors
/// When the body is not exactly `bundle.width` entries.
pub fn parse(bundle: Bundle, body: &[u8]) -> Result<Vec<&[u8]>, BundleError> {
    let mut entries = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        if entries.len() == usize::from(bundle.width) {
            return Err(BundleError::WrongCount { bundle });
        }
        let truncated = BundleError::Truncated {
            bundle,
            entry: entries.len(),
        };
        let (length, after) = rest.split_first_chunk().ok_or(truncated)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, after) = after.split_at_checked(length).ok_or(truncated)?;
        entries.push(entry);
        rest = after;
    }
    if entries.len() != usize::from(bundle.width) {
        return Err(BundleError::WrongCount { bundle });
    }
    Ok(entries)
}
