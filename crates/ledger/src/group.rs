//! Durable events that are not sealed yet, as they were written.

use std::io;

use event::{Recorded, Salt, Sequence};

use crate::frame::{FRAME_HEADER_BYTES, Frame};
use crate::varint;

/// Bytes of a salt before each record.
pub(crate) const SALT_BYTES: usize = 16;

/// Bytes of a record before its body: sequence and time.
const PLACE_BYTES: usize = 16;

/// Appends an event to a frame: salt, length of the record, record.
pub(crate) fn push_event(out: &mut Vec<u8>, recorded: &Recorded, scratch: &mut Vec<u8>) {
    scratch.clear();
    recorded.encode(scratch);
    out.extend_from_slice(&salt_bytes(recorded));
    varint::write(out, scratch.len() as u64);
    out.extend_from_slice(scratch);
}

/// The salt as it is stored: zeros where it was erased.
pub(crate) fn salt_bytes(recorded: &Recorded) -> [u8; SALT_BYTES] {
    recorded.salt().map_or([0; SALT_BYTES], |salt| salt.0)
}

/// The events of one frame: durable together, in memory until they are sealed.
pub struct Group {
    first: u64,
    /// The whole frame.
    frame: Vec<u8>,
    /// Where each event's salt begins in the frame.
    places: Vec<u32>,
}

impl Group {
    pub(crate) fn new(first: u64, frame: Vec<u8>, places: Vec<u32>) -> Group {
        Group {
            first,
            frame,
            places,
        }
    }

    /// Finds the events of a frame that was read back; `None` if its count is not what it holds.
    pub(crate) fn of_frame(frame: &Frame<'_>, bytes: &[u8]) -> Option<Group> {
        let mut places =
            Vec::with_capacity((frame.count as usize).min(frame.payload.len() / SALT_BYTES));
        let mut rest = frame.payload;
        for _ in 0..frame.count {
            places.push((FRAME_HEADER_BYTES + frame.payload.len() - rest.len()) as u32);
            rest = rest.get(SALT_BYTES..)?;
            let length = varint::read(&mut rest)? as usize;
            rest = rest.get(length..)?;
        }
        rest.is_empty().then(|| Group {
            first: frame.first,
            frame: bytes.to_vec(),
            places,
        })
    }

    /// Place of its first event.
    pub fn first(&self) -> Sequence {
        Sequence::new(self.first)
    }

    /// How many events it holds.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Has it none? A ledger writes no such group.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The sequence after its last event.
    pub(crate) fn end(&self) -> u64 {
        self.first + self.places.len() as u64
    }

    /// Bytes in memory and in the journal.
    pub(crate) fn bytes(&self) -> usize {
        self.frame.len()
    }

    /// The event at a place in the group as it is stored: salt and record body.
    pub(crate) fn raw_body(&self, place: usize) -> Option<(Salt, &[u8])> {
        let (salt, record) = self.raw(place)?;
        Some((salt, record.get(PLACE_BYTES..)?))
    }

    /// The event at a place in the group as it is stored: salt and record.
    fn raw(&self, place: usize) -> Option<(Salt, &[u8])> {
        let at = *self.places.get(place)? as usize;
        let salt = self.frame.get(at..at + SALT_BYTES)?;
        let mut rest = self.frame.get(at + SALT_BYTES..)?;
        let length = varint::read(&mut rest)? as usize;
        Some((Salt(salt.try_into().ok()?), rest.get(..length)?))
    }

    /// The event at a place in the group.
    pub fn recorded(&self, place: usize) -> io::Result<Recorded> {
        let (salt, record) = self.raw(place).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, "an event beyond its group")
        })?;
        let sequence = Sequence::new(self.first + place as u64);
        match Recorded::decode(record, &salt) {
            Ok((recorded, used)) if used == record.len() && recorded.sequence == sequence => {
                Ok(recorded)
            }
            Ok(_) => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("event {sequence} is not what its place says"),
            )),
            Err(error) => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("event {sequence}: {error}"),
            )),
        }
    }

    /// Its events, in order.
    pub fn records(&self) -> impl Iterator<Item = io::Result<Recorded>> + '_ {
        (0..self.len()).map(|place| self.recorded(place))
    }
}
