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

/// Where the length of the message stands in the last block.
const LENGTH_AT: usize = 56;

pub(crate) struct Message {
    state: [u32; 8],
    block: [u8; BLOCK_BYTES],
    /// Bytes of `block` that are used; less than all of them.
    filled: usize,
    /// Bytes hashed before `block`.
    hashed: u64,
}

impl Message {
    #[inline]
    pub(crate) fn new() -> Self {
        Message {
            state: INITIAL,
            block: [0; BLOCK_BYTES],
            filled: 0,
            hashed: 0,
        }
    }

    /// Adds bytes at the end.
    #[inline]
    pub(crate) fn push(&mut self, mut bytes: &[u8]) {
        loop {
            let room = self.block.get_mut(self.filled..).unwrap_or_default();
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
            self.compress();
            bytes = later;
        }
    }

    /// The hash of all that was pushed.
    #[inline]
    pub(crate) fn hash(mut self) -> [u8; 32] {
        let bits = (self.hashed + self.filled as u64) * 8;
        self.pad(0x80);
        if self.filled > LENGTH_AT {
            self.clear_to(BLOCK_BYTES);
            self.compress();
        }
        self.clear_to(LENGTH_AT);
        if let Some(length) = self.block.last_chunk_mut::<8>() {
            *length = bits.to_be_bytes();
        }
        compress256(&mut self.state, std::slice::from_ref(&self.block));
        let mut hash = [0; 32];
        for (bytes, word) in hash.chunks_exact_mut(4).zip(self.state) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
        hash
    }

    fn pad(&mut self, byte: u8) {
        if let Some(at) = self.block.get_mut(self.filled) {
            *at = byte;
        }
        self.filled += 1;
    }

    fn clear_to(&mut self, end: usize) {
        if let Some(rest) = self.block.get_mut(self.filled..end) {
            rest.fill(0);
        }
    }

    fn compress(&mut self) {
        compress256(&mut self.state, std::slice::from_ref(&self.block));
        self.hashed += BLOCK_BYTES as u64;
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
