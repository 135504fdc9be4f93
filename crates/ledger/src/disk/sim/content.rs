//! The bytes of one simulated file: what a process reads, what the disk holds, and the changes
//! between the two that no sync has settled.

use super::chance::Chance;
use super::power::Outage;

/// What a disk writes whole or not at all, in bytes.
pub(super) const SECTOR_BYTES: usize = 512;

#[derive(Debug, Clone, Default)]
pub(super) struct Content {
    live: Vec<u8>,
    durable: Vec<u8>,
    /// Oldest first.
    unsettled: Vec<Change>,
}

#[derive(Debug, Clone)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Length(usize),
}

impl Content {
    /// A file as a starting machine finds it: all of it is on the disk.
    pub(super) fn settled(bytes: Vec<u8>) -> Content {
        Content {
            durable: bytes.clone(),
            live: bytes,
            unsettled: Vec::new(),
        }
    }

    pub(super) fn live(&self) -> &[u8] {
        &self.live
    }

    pub(super) fn write(&mut self, offset: usize, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        put(&mut self.live, offset, bytes);
        self.unsettled.push(Change::Write {
            offset,
            bytes: bytes.to_vec(),
        });
    }

    pub(super) fn set_length(&mut self, length: usize) {
        self.live.resize(length, 0);
        self.unsettled.push(Change::Length(length));
    }

    /// Settles every change in its order. Writes given up by an earlier failed sync are no longer
    /// among them: they stay in `live` alone.
    pub(super) fn sync(&mut self) {
        for change in self.unsettled.drain(..) {
            match change {
                Change::Write { offset, bytes } => put(&mut self.durable, offset, &bytes),
                Change::Length(length) => self.durable.resize(length, 0),
            }
        }
    }

    /// What Linux does when writing back fails: the pages count as clean from now on. Chance says
    /// which of them had reached the disk; no later sync will write the others. Lengths are the
    /// file system's own data and wait for the next sync.
    pub(super) fn fail_sync(&mut self, chance: &mut Chance) {
        for change in std::mem::take(&mut self.unsettled) {
            match change {
                Change::Write { offset, bytes } => {
                    land_in_part(&mut self.durable, offset, &bytes, chance);
                }
                Change::Length(_) => self.unsettled.push(change),
            }
        }
    }

    /// The bytes that a power cut leaves.
    pub(super) fn after(&self, outage: Outage, chance: &mut Chance) -> Vec<u8> {
        let mut left = self.durable.clone();
        for change in &self.unsettled {
            match change {
                Change::Write { offset, bytes } => match outage {
                    Outage::Total => {}
                    Outage::Harmless => put(&mut left, *offset, bytes),
                    Outage::Partial => land_in_part(&mut left, *offset, bytes, chance),
                },
                Change::Length(length) => {
                    if outage.spares(chance) {
                        left.resize(*length, 0);
                    }
                }
            }
        }
        left
    }
}

/// One unsynced write on its way to the disk when it is interrupted.
fn land_in_part(disk: &mut Vec<u8>, offset: usize, bytes: &[u8], chance: &mut Chance) {
    match chance.below(8) {
        0 | 1 => {}
        2 | 3 => put(disk, offset, bytes),
        4 => put(disk, offset, &bytes[..chance.part_of(bytes.len())]),
        // The new length has arrived and the bytes have not.
        5 => {
            let end = offset + chance.part_of(bytes.len());
            disk.resize(disk.len().max(end), 0);
        }
        6 => {
            for (offset, sector) in sectors(offset, bytes) {
                if chance.coin() {
                    put(disk, offset, sector);
                }
            }
        }
        _ => {
            for (offset, sector) in sectors(offset, bytes) {
                match chance.below(4) {
                    0 => {}
                    1 => put(disk, offset, sector),
                    2 => put(disk, offset, &vec![0; sector.len()]),
                    _ => {
                        let garbage: Vec<u8> = sector.iter().map(|_| chance.next() as u8).collect();
                        put(disk, offset, &garbage);
                    }
                }
            }
        }
    }
}

/// Cuts a write where the disk's sectors begin.
fn sectors(offset: usize, bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let to_boundary = SECTOR_BYTES - offset % SECTOR_BYTES;
    let (first, rest) = bytes.split_at(to_boundary.min(bytes.len()));
    let following = offset + first.len();
    std::iter::once((offset, first)).chain(
        rest.chunks(SECTOR_BYTES)
            .enumerate()
            .map(move |(n, sector)| (following + n * SECTOR_BYTES, sector)),
    )
}

fn put(disk: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    if bytes.is_empty() {
        return;
    }
    let end = offset + bytes.len();
    if disk.len() < end {
        disk.resize(end, 0);
    }
    disk[offset..end].copy_from_slice(bytes);
}
