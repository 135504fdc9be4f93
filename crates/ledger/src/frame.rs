//! A frame is one group of events as it stands in a journal file: whole and checked, or not there.
//!
//! Every frame names its ledger, its place and the checksum of the frame before it, so a frame
//! that was torn, moved, repeated or taken from another ledger is never read as a good one.
//! Bytes: `docs/formats/journal-v1.md`.

/// Identifies a ledger inside its own files; random, made when the ledger is made.
pub type LedgerId = [u8; 16];

/// First bytes of every frame.
const FRAME_MAGIC: [u8; 4] = *b"AGRP";
/// First bytes of a journal file.
const FILE_MAGIC: [u8; 16] = *b"annals journal1\n";

/// Bytes of the header of a journal file: magic 16, ledger id 16, first sequence 8, year 2,
/// month 1, zero 1, checksum 4.
pub const FILE_HEADER_BYTES: usize = 48;
/// Bytes of a frame before its payload: magic 4, payload length 4, ledger id 16, first
/// sequence 8, count 4, previous checksum 4, checksum 4.
pub const FRAME_HEADER_BYTES: usize = 44;
/// Largest payload of a frame, 96 MiB: a batch of 64 MiB unpacked JSON with what is stored
/// beside it. A length above it is never read from a file.
pub const MAX_PAYLOAD_BYTES: usize = 96 << 20;

const CHECKSUM_AT: usize = FRAME_HEADER_BYTES - 4;

/// A calendar month in UTC: no journal file and no part holds events received in two of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    /// Year, 1970 or later.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// The header of a journal file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileHeader {
    /// The ledger the file belongs to.
    pub ledger: LedgerId,
    /// Sequence of the first event of the file; also its name.
    pub first: u64,
    /// The month in which all its events were received.
    pub month: Month,
}

impl FileHeader {
    /// The bytes that open the file.
    pub fn encode(&self) -> [u8; FILE_HEADER_BYTES] {
        let mut out = [0u8; FILE_HEADER_BYTES];
        out[..16].copy_from_slice(&FILE_MAGIC);
        out[16..32].copy_from_slice(&self.ledger);
        out[32..40].copy_from_slice(&self.first.to_le_bytes());
        out[40..42].copy_from_slice(&self.month.year.to_le_bytes());
        out[42] = self.month.month;
        let sum = crc32c::crc32c(&out[..FILE_HEADER_BYTES - 4]);
        out[FILE_HEADER_BYTES - 4..].copy_from_slice(&sum.to_le_bytes());
        out
    }

    /// Reads a header back; `None` if it is short, damaged or of another kind of file.
    pub fn decode(bytes: &[u8]) -> Option<FileHeader> {
        let bytes: &[u8; FILE_HEADER_BYTES] = bytes.get(..FILE_HEADER_BYTES)?.try_into().ok()?;
        let sum = u32::from_le_bytes(bytes[FILE_HEADER_BYTES - 4..].try_into().ok()?);
        if bytes[..16] != FILE_MAGIC || crc32c::crc32c(&bytes[..FILE_HEADER_BYTES - 4]) != sum {
            return None;
        }
        Some(FileHeader {
            ledger: bytes[16..32].try_into().ok()?,
            first: u64::from_le_bytes(bytes[32..40].try_into().ok()?),
            month: Month {
                year: u16::from_le_bytes(bytes[40..42].try_into().ok()?),
                month: bytes[42],
            },
        })
    }

    /// The checksum that the first frame of the file names as the one before it.
    pub fn checksum(&self) -> u32 {
        let bytes = self.encode();
        crc32c::crc32c(&bytes)
    }
}

/// A frame being filled: the payload grows behind room for the header.
#[derive(Debug)]
pub struct FrameBuilder {
    bytes: Vec<u8>,
    count: u32,
}

impl FrameBuilder {
    /// An empty frame that reuses `bytes`.
    pub fn new(mut bytes: Vec<u8>) -> FrameBuilder {
        bytes.clear();
        bytes.resize(FRAME_HEADER_BYTES, 0);
        FrameBuilder { bytes, count: 0 }
    }

    /// Bytes of the payload so far.
    pub fn payload_bytes(&self) -> usize {
        self.bytes.len() - FRAME_HEADER_BYTES
    }

    /// Appends one event's bytes and returns where in the payload they begin.
    pub fn push(&mut self, event: impl FnOnce(&mut Vec<u8>)) -> u32 {
        let at = self.payload_bytes() as u32;
        event(&mut self.bytes);
        self.count += 1;
        at
    }

    /// Fills the header in. The result is what goes to the journal, and its checksum.
    pub fn finish(mut self, ledger: &LedgerId, first: u64, previous: u32) -> (Vec<u8>, u32) {
        let payload_bytes = self.payload_bytes() as u32;
        let header = &mut self.bytes[..FRAME_HEADER_BYTES];
        header[..4].copy_from_slice(&FRAME_MAGIC);
        header[4..8].copy_from_slice(&payload_bytes.to_le_bytes());
        header[8..24].copy_from_slice(ledger);
        header[24..32].copy_from_slice(&first.to_le_bytes());
        header[32..36].copy_from_slice(&self.count.to_le_bytes());
        header[36..40].copy_from_slice(&previous.to_le_bytes());
        let sum = checksum(&self.bytes);
        self.bytes[CHECKSUM_AT..FRAME_HEADER_BYTES].copy_from_slice(&sum.to_le_bytes());
        (self.bytes, sum)
    }
}

/// CRC32C over the header without its checksum, then the payload.
fn checksum(frame: &[u8]) -> u32 {
    let sum = crc32c::crc32c(&frame[..CHECKSUM_AT]);
    crc32c::crc32c_append(sum, &frame[FRAME_HEADER_BYTES..])
}

/// A frame found good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Sequence of its first event.
    pub first: u64,
    /// How many events it holds.
    pub count: u32,
    /// Checksum of the frame before it.
    pub previous: u32,
    /// Its own checksum.
    pub checksum: u32,
    /// The events.
    pub payload: &'a [u8],
}

impl Frame<'_> {
    /// Bytes of the whole frame in the file.
    pub fn total_bytes(&self) -> usize {
        FRAME_HEADER_BYTES + self.payload.len()
    }
}

/// Reads the frame at the front of `bytes`; `None` if there is no whole, undamaged frame of this
/// ledger there.
pub fn read_frame<'a>(bytes: &'a [u8], ledger: &LedgerId) -> Option<Frame<'a>> {
    let header = bytes.get(..FRAME_HEADER_BYTES)?;
    if header[..4] != FRAME_MAGIC || header[8..24] != ledger[..] {
        return None;
    }
    let payload_bytes = u32::from_le_bytes(header[4..8].try_into().ok()?) as usize;
    if payload_bytes > MAX_PAYLOAD_BYTES {
        return None;
    }
    let frame = bytes.get(..FRAME_HEADER_BYTES + payload_bytes)?;
    let sum = u32::from_le_bytes(header[CHECKSUM_AT..].try_into().ok()?);
    if checksum(frame) != sum {
        return None;
    }
    Some(Frame {
        first: u64::from_le_bytes(header[24..32].try_into().ok()?),
        count: u32::from_le_bytes(header[32..36].try_into().ok()?),
        previous: u32::from_le_bytes(header[36..40].try_into().ok()?),
        checksum: sum,
        payload: &frame[FRAME_HEADER_BYTES..],
    })
}

/// Where a whole later frame of this ledger begins in `bytes`, searching every offset: a good
/// frame behind a bad one means damage, not an append that was cut short.
pub fn find_frame(bytes: &[u8], ledger: &LedgerId) -> Option<usize> {
    bytes
        .windows(FRAME_MAGIC.len())
        .enumerate()
        .filter(|(_, window)| *window == FRAME_MAGIC)
        .find(|(at, _)| read_frame(&bytes[*at..], ledger).is_some())
        .map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEDGER: LedgerId = *b"0123456789abcdef";

    fn frame(first: u64, events: &[&[u8]], previous: u32) -> (Vec<u8>, u32) {
        let mut builder = FrameBuilder::new(Vec::new());
        for event in events {
            builder.push(|out| out.extend_from_slice(event));
        }
        builder.finish(&LEDGER, first, previous)
    }

    #[test]
    fn a_frame_reads_back() {
        let (bytes, sum) = frame(7, &[b"one", b"two"], 99);
        let read = read_frame(&bytes, &LEDGER).unwrap();
        assert_eq!(
            (read.first, read.count, read.previous, read.checksum),
            (7, 2, 99, sum)
        );
        assert_eq!(read.payload, b"onetwo");
        assert_eq!(read.total_bytes(), bytes.len());
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_refused() {
        let (bytes, _) = frame(7, &[b"one", b"two"], 99);
        for bit in 0..bytes.len() * 8 {
            let mut torn = bytes.clone();
            torn[bit / 8] ^= 1 << (bit % 8);
            assert!(
                read_frame(&torn, &LEDGER).is_none(),
                "bit {bit} went unseen"
            );
        }
        for cut in 0..bytes.len() {
            assert!(
                read_frame(&bytes[..cut], &LEDGER).is_none(),
                "cut at {cut} went unseen"
            );
        }
        assert!(read_frame(&bytes, b"another ledger!!").is_none());
    }

    #[test]
    fn a_later_frame_is_found_behind_garbage() {
        let (bytes, _) = frame(9, &[b"later"], 1);
        let mut file = b"AGRP torn garbage".to_vec();
        let at = file.len();
        file.extend_from_slice(&bytes);
        assert_eq!(find_frame(&file, &LEDGER), Some(at));
        assert_eq!(find_frame(&file[..file.len() - 1], &LEDGER), None);
    }

    #[test]
    fn a_file_header_reads_back_and_damage_is_refused() {
        let header = FileHeader {
            ledger: LEDGER,
            first: 50_000,
            month: Month {
                year: 2026,
                month: 3,
            },
        };
        let bytes = header.encode();
        assert_eq!(FileHeader::decode(&bytes), Some(header));
        for bit in 0..bytes.len() * 8 {
            let mut torn = bytes;
            torn[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(FileHeader::decode(&torn), None);
        }
    }
}
