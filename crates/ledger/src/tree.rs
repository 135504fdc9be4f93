//! The Merkle tree of a ledger: 45-byte entries kept for ever, and the hashes above them.
//!
//! Sealed entries and hashes are in append-only files; those of the journal are in memory, made
//! from its events. Level 0 is not stored: leaf hashes are computed from the entries. What is in
//! the files beyond the sealed size is the left-over of a sealing that did not happen and is
//! written over by the next one.
//! Bytes: `docs/formats/part-v1.md`, chapter "Tree files".

use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use event::ENTRY_BYTES;
use merkle::{
    Frontier, HASH_BYTES, Hash, HashReader, TILE_WIDTH, Tile, leaf_hash, tile::hashes_at,
};
use parking_lot::Mutex;

use crate::disk::{Disk, DiskFile};

const FOLDER: &str = "tree";

/// One entry as the tree hashes it.
pub type EntryBytes = [u8; ENTRY_BYTES];

/// The tree: what is sealed, read from files, and what is not, in memory.
pub struct Tree {
    files: TreeFiles,
    /// Entries in the files.
    sealed: u64,
    /// Entries from `sealed` on.
    entries: VecDeque<EntryBytes>,
    /// Level n + 1's hashes that are not in its file.
    levels: Vec<VecDeque<Hash>>,
    frontier: Frontier,
}

/// A run of the tree copied out of memory, to be written to the files.
pub struct TreeRun {
    entries: Range<u64>,
    entry_bytes: Vec<u8>,
    /// For level n + 1: place of the first hash, and the hashes.
    levels: Vec<(u64, Vec<u8>)>,
}

impl Tree {
    /// Opens a tree of which `sealed` entries are in files. Files that are too short are damage
    /// (`InvalidData`).
    pub fn open(disk: Arc<dyn Disk>, sealed: u64) -> io::Result<Tree> {
        let files = TreeFiles {
            disk,
            open: Mutex::new(Vec::new()),
        };
        files.check_lengths(sealed)?;
        let mut tree = Tree {
            files,
            sealed,
            entries: VecDeque::new(),
            levels: Vec::new(),
            frontier: Frontier::new(),
        };
        tree.frontier = merkle::frontier_at(&tree, sealed).map_err(|error| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!("the tree files do not make a tree: {error}"),
            )
        })?;
        Ok(tree)
    }

    /// How many entries the tree has.
    pub fn size(&self) -> u64 {
        self.sealed + self.entries.len() as u64
    }

    /// Root of the whole tree.
    pub fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// Adds an entry.
    pub fn push(&mut self, entry: EntryBytes) {
        let levels = &mut self.levels;
        self.frontier.push_with(leaf_hash(&entry), |level, hash| {
            let above = usize::from(level) - 1;
            if levels.len() <= above {
                levels.resize_with(above + 1, VecDeque::new);
            }
            levels[above].push_back(hash);
        });
        self.entries.push_back(entry);
    }

    /// The entry at a place; `None` beyond the end.
    pub fn entry(&self, sequence: u64) -> io::Result<Option<EntryBytes>> {
        if sequence >= self.size() {
            return Ok(None);
        }
        let mut entry = [0; ENTRY_BYTES];
        self.read_entries(sequence, &mut entry)?;
        Ok(Some(entry))
    }

    /// The bytes of entries, one after the other; the range is within the tree.
    pub fn entries(&self, range: Range<u64>) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; (range.end.saturating_sub(range.start)) as usize * ENTRY_BYTES];
        self.read_entries(range.start, &mut bytes)?;
        Ok(bytes)
    }

    fn read_entries(&self, first: u64, bytes: &mut [u8]) -> io::Result<()> {
        let in_files = self
            .sealed
            .saturating_sub(first)
            .min((bytes.len() / ENTRY_BYTES) as u64) as usize;
        let (from_files, from_memory) = bytes.split_at_mut(in_files * ENTRY_BYTES);
        if !from_files.is_empty() {
            self.files
                .get(0)?
                .read_exact_at(from_files, first * ENTRY_BYTES as u64)?;
        }
        let start = (first + in_files as u64 - self.sealed.min(first + in_files as u64)) as usize;
        for (place, entry) in from_memory.chunks_exact_mut(ENTRY_BYTES).enumerate() {
            let known = self
                .entries
                .get(start + place)
                .ok_or_else(|| beyond("entries"))?;
            entry.copy_from_slice(known);
        }
        Ok(())
    }

    fn read_hashes(&self, level: u8, first: u64, count: u64) -> io::Result<Vec<Hash>> {
        let mut hashes = Vec::with_capacity(count as usize);
        let stored = hashes_at(level, self.sealed);
        let in_files = stored.saturating_sub(first).min(count) as usize;
        if in_files > 0 {
            let mut bytes = vec![0; in_files * HASH_BYTES];
            self.files
                .get(level)?
                .read_exact_at(&mut bytes, first * HASH_BYTES as u64)?;
            hashes.extend(bytes.as_chunks::<HASH_BYTES>().0);
        }
        let memory = self.levels.get(usize::from(level) - 1);
        for place in first + in_files as u64..first + count {
            let hash = memory.and_then(|hashes| hashes.get((place - stored) as usize));
            hashes.push(*hash.ok_or_else(|| beyond("hashes"))?);
        }
        Ok(hashes)
    }

    /// Copies what `through` adds to the files, so that it can be written without holding the tree.
    pub fn copy_unsealed(&self, through: u64) -> TreeRun {
        let count = (through - self.sealed) as usize;
        let mut entry_bytes = Vec::with_capacity(count * ENTRY_BYTES);
        for entry in self.entries.iter().take(count) {
            entry_bytes.extend_from_slice(entry);
        }
        let levels = (1u8..)
            .zip(&self.levels)
            .map(|(level, hashes)| {
                let first = hashes_at(level, self.sealed);
                let count = (hashes_at(level, through) - first) as usize;
                (
                    first,
                    hashes.iter().take(count).flatten().copied().collect(),
                )
            })
            .collect();
        TreeRun {
            entries: self.sealed..through,
            entry_bytes,
            levels,
        }
    }

    /// The files behind the tree.
    pub fn files(&self) -> &TreeFiles {
        &self.files
    }

    /// Forgets what the manifest now says is in the files.
    pub fn advance(&mut self, through: u64) {
        for (level, hashes) in (1u8..).zip(&mut self.levels) {
            hashes.drain(..(hashes_at(level, through) - hashes_at(level, self.sealed)) as usize);
        }
        self.entries.drain(..(through - self.sealed) as usize);
        self.entries.shrink_to(self.entries.len() * 2);
        self.sealed = through;
    }
}

impl HashReader for Tree {
    type Error = io::Error;

    fn tile(&self, tile: Tile) -> io::Result<Vec<Hash>> {
        let first = tile.index * u64::from(TILE_WIDTH);
        let count = u64::from(tile.width);
        if tile.level > 0 {
            return self.read_hashes(tile.level, first, count);
        }
        let entries = self.entries(first..first + count)?;
        Ok(entries.chunks_exact(ENTRY_BYTES).map(leaf_hash).collect())
    }
}

/// The files of the tree, opened when first needed: `entries` as level 0, `1`, `2`, ...
pub struct TreeFiles {
    disk: Arc<dyn Disk>,
    open: Mutex<Vec<Option<Arc<dyn DiskFile>>>>,
}

impl TreeFiles {
    /// A second view of the same files that shares no handle.
    pub fn again(&self) -> TreeFiles {
        TreeFiles {
            disk: self.disk.clone(),
            open: Mutex::new(Vec::new()),
        }
    }

    /// Writes a run and syncs it. Until the manifest names the new size, nothing has happened.
    pub fn write(&self, run: &TreeRun) -> io::Result<()> {
        let write = |level: u8, bytes: &[u8], offset: u64| -> io::Result<()> {
            let file = match self.get(level) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    self.disk.create(&path(level))?
                }
                file => file?,
            };
            file.write_all_at(bytes, offset)?;
            file.sync_data()
        };
        write(0, &run.entry_bytes, run.entries.start * ENTRY_BYTES as u64)?;
        for (level, (first, bytes)) in (1u8..).zip(&run.levels) {
            if !bytes.is_empty() {
                write(level, bytes, first * HASH_BYTES as u64)?;
            }
        }
        // Also where no file was made: an earlier try may have made one and failed before this.
        self.disk.sync_dir(Path::new(FOLDER))
    }

    fn get(&self, level: u8) -> io::Result<Arc<dyn DiskFile>> {
        let mut open = self.open.lock();
        let place = usize::from(level);
        if open.len() <= place {
            open.resize(place + 1, None);
        }
        if let Some(file) = &open[place] {
            return Ok(file.clone());
        }
        let file = self
            .disk
            .open(&path(level))
            .or_else(|error| match error.kind() {
                io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
                    self.disk.open_read(&path(level))
                }
                _ => Err(error),
            })?;
        open[place] = Some(file.clone());
        Ok(file)
    }

    fn check_lengths(&self, sealed: u64) -> io::Result<()> {
        for level in 0u8.. {
            let hashes = hashes_at(level, sealed);
            if hashes == 0 {
                break;
            }
            let width = if level == 0 { ENTRY_BYTES } else { HASH_BYTES };
            // A manifest may claim more than any file can hold.
            let (found, expected) = (self.get(level)?.len()?, hashes.saturating_mul(width as u64));
            if found < expected {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!(
                        "`{}` has {found} bytes, the manifest asks for {expected}",
                        path(level).display()
                    ),
                ));
            }
        }
        Ok(())
    }
}

fn path(level: u8) -> PathBuf {
    match level {
        0 => Path::new(FOLDER).join("entries"),
        level => Path::new(FOLDER).join(level.to_string()),
    }
}

fn beyond(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        format!("{what} beyond the end of the tree"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::Real;

    fn entry(n: u64) -> EntryBytes {
        let mut entry = [0; ENTRY_BYTES];
        entry[..8].copy_from_slice(&n.to_le_bytes());
        entry
    }

    #[test]
    fn the_tree_is_the_same_whatever_was_sealed_when() {
        let folder = tempfile::tempdir().unwrap();
        let disk: Arc<dyn Disk> = Arc::new(Real::create(folder.path()).unwrap());
        disk.create_dir(Path::new(FOLDER)).unwrap();
        let mut tree = Tree::open(disk.clone(), 0).unwrap();
        let mut plain = Frontier::new();
        let mut sealed = 0;
        for (n, step) in (0..70_000u64).zip([1u64, 255, 256, 257, 1000, 65_000].into_iter().cycle())
        {
            tree.push(entry(n));
            plain.push(leaf_hash(&entry(n)));
            if n + 1 >= sealed + step && n % 7 == 0 {
                let run = tree.copy_unsealed(n + 1);
                tree.files().write(&run).unwrap();
                tree.advance(n + 1);
                sealed = n + 1;
            }
        }
        assert_eq!(tree.root(), plain.root());
        assert_eq!(merkle::root_at(&tree, 70_000).unwrap(), plain.root());
        let again = Tree::open(disk, sealed).unwrap();
        assert_eq!(again.root(), merkle::root_at(&tree, sealed).unwrap());
        for place in [0, 255, 256, 65_535, sealed - 1, 69_999] {
            assert_eq!(tree.entry(place).unwrap(), Some(entry(place)));
        }
        assert_eq!(tree.entry(70_000).unwrap(), None);
        assert_eq!(
            tree.entries(sealed - 3..sealed + 3.min(70_000 - sealed))
                .unwrap()[..8],
            (sealed - 3).to_le_bytes()
        );
    }

    #[test]
    fn a_file_that_is_too_short_is_damage() {
        let folder = tempfile::tempdir().unwrap();
        let disk: Arc<dyn Disk> = Arc::new(Real::create(folder.path()).unwrap());
        disk.create_dir(Path::new(FOLDER)).unwrap();
        let mut tree = Tree::open(disk.clone(), 0).unwrap();
        (0..300).for_each(|n| tree.push(entry(n)));
        tree.files().write(&tree.copy_unsealed(300)).unwrap();
        assert!(Tree::open(disk.clone(), 300).is_ok());
        for sealed in [301, u64::MAX / ENTRY_BYTES as u64 + 1, u64::MAX] {
            assert_eq!(
                Tree::open(disk.clone(), sealed).err().unwrap().kind(),
                io::ErrorKind::InvalidData
            );
        }
    }
}
