//! SHA-256 of a message in a few parts, without the bookkeeping of a general hasher.
//!
//! An event is some 40 messages of one or two blocks; a general hasher spends as much time on its
//! buffer and on finishing as on hashing. The compression itself is that of the `sha2` crate.

use sha2::block_api::compress256;

/// FIPS 180-4, section 5.3.3.
const INITIAL: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

const BLOCK_BYTES: usize = 64;
/// Most messages are no longer: they are compressed at once.
const BLOCKS: usize = 2;
/// The mark behind a message, and its length.
const END_BYTES: usize = 1 + 8;

pub(crate) struct Message {
    state: [u32; 8],
    /// Zeros from `filled` on.
    blocks: [[u8; BLOCK_BYTES]; BLOCKS],
    /// Bytes of `blocks` that are used; less than all of them.
    filled: usize,
    /// Bytes hashed before `blocks`.
    hashed: u64,
}

impl Message {
    #[inline]
    pub(crate) fn new() -> Self {
        Message {
            state: INITIAL,
            blocks: [[0; BLOCK_BYTES]; BLOCKS],
            filled: 0,
            hashed: 0,
        }
    }

    /// Adds bytes at the end.
    #[inline]
    pub(crate) fn push(&mut self, mut bytes: &[u8]) {
        loop {
            let blocks = self.blocks.as_flattened_mut();
            let room = blocks.get_mut(self.filled..).unwrap_or_default();
            if bytes.len() < room.len() {
                if let Some(room) = room.get_mut(..bytes.len()) {
                    room.copy_from_slice(bytes);
                }
                self.filled += bytes.len();
                return;
            }
            let Some((now, later)) = bytes.split_at_checked(room.len()) else {
                return;
            };
            room.copy_from_slice(now);
            compress256(&mut self.state, &self.blocks);
            self.hashed += (BLOCKS * BLOCK_BYTES) as u64;
            self.clear();
            bytes = later;
        }
    }

    /// The hash of all that was pushed.
    #[inline]
    pub(crate) fn hash(mut self) -> [u8; 32] {
        let bits = (self.hashed + self.filled as u64) * 8;
        if let Some(mark) = self.blocks.as_flattened_mut().get_mut(self.filled) {
            *mark = 0x80;
        }
        let mut used = (self.filled + END_BYTES).div_ceil(BLOCK_BYTES);
        if used > BLOCKS {
            compress256(&mut self.state, &self.blocks);
            self.clear();
            used = 1;
        }
        let blocks = self.blocks.get_mut(..used).unwrap_or_default();
        if let Some(length) = blocks.last_mut().and_then(|last| last.last_chunk_mut()) {
            *length = bits.to_be_bytes();
        }
        compress256(&mut self.state, blocks);
        let mut hash = [0; 32];
        for (bytes, word) in hash.chunks_exact_mut(4).zip(self.state) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
        hash
    }

    fn clear(&mut self) {
        self.blocks = [[0; BLOCK_BYTES]; BLOCKS];
        self.filled = 0;
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn every_length_hashes_as_sha2_does() {
        let bytes: Vec<u8> = (0..400u32).map(|at| (at * 7) as u8).collect();
        for end in 0..bytes.len() {
            for cut in [0, end / 3, end / 2, end] {
                let mut message = Message::new();
                message.push(&bytes[..cut]);
                message.push(&bytes[cut..end]);
                assert_eq!(
                    message.hash()[..],
                    Sha256::digest(&bytes[..end])[..],
                    "{cut} of {end}"
                );
            }
        }
    }
}
