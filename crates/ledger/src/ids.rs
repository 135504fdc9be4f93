//! Which ids the ledger has seen: sorted runs on disk of (keyed hash of the id, sequence).
//!
//! A run holds no id, only hashes under the ledger's own secret key, so it may outlive an erased
//! event and still refuse its id. A lookup answers with *candidates*; the caller compares the
//! event itself. New runs are merged with older ones of like size, so that a ledger of n events
//! keeps about log n runs, each asked through a filter in memory first.
//! Bytes: `docs/formats/part-v1.md`, chapter "Id runs".

use std::hash::Hasher;
use std::io;
use std::path::Path;
use std::sync::Arc;

use siphasher::sip::SipHasher24;

use crate::disk::{Disk, DiskFile};
use crate::frame::LedgerId;

const MAGIC: [u8; 16] = *b"annals id run 1\n";
/// Magic 16, ledger 16, entries 8, filter bytes 8, checksum of the header 4, of the filter 4.
const HEADER_BYTES: usize = 56;
/// A page is read as a whole: entries, then the count (u16) and the checksum (u32) of the page.
const PAGE_BYTES: usize = 4096;
/// Hash 8 bytes, sequence 5 bytes, both big-endian so that pages sort as bytes.
const ENTRY_BYTES: usize = 13;
const ENTRIES_A_PAGE: usize = (PAGE_BYTES - 6) / ENTRY_BYTES;
/// Bits of filter an id: about one foreign id in a hundred is looked up in vain.
const FILTER_BITS_AN_ENTRY: usize = 10;
const FILTER_BLOCK_BYTES: usize = 64;
const FILTER_PROBES: u32 = 6;
/// Pages written at once, 256 KiB.
const WRITE_BYTES: usize = 64 * PAGE_BYTES;
/// Largest sequence that fits an entry: 2^40 - 1, a trillion events.
const MAX_SEQUENCE: u64 = (1 << 40) - 1;

/// The secret under which a ledger hashes ids.
#[derive(Clone, Copy)]
pub struct IdKey(pub [u8; 16]);

impl IdKey {
    /// The hash that stands for `id` in this ledger (SipHash-2-4).
    pub fn hash(&self, id: &str) -> IdHash {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        hasher.write(id.as_bytes());
        IdHash(hasher.finish())
    }
}

/// Keyed hash of an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdHash(pub u64);

/// One id of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct IdEntry {
    /// Hash of the id.
    pub hash: IdHash,
    /// Where its event stands.
    pub sequence: u64,
}

/// Blocked Bloom filter: all probes of an id fall into one cache line.
struct Filter(Vec<u8>);

impl Filter {
    fn sized_for(entries: usize) -> Filter {
        let blocks = (entries * FILTER_BITS_AN_ENTRY)
            .div_ceil(FILTER_BLOCK_BYTES * 8)
            .max(1);
        Filter(vec![0; blocks * FILTER_BLOCK_BYTES])
    }

    /// The bits that stand for `hash`: byte and bit in the filter.
    fn bits(&self, hash: IdHash) -> impl Iterator<Item = (usize, u8)> + use<> {
        // The runs are sorted by the hash itself; the filter takes another mix of it.
        let mixed = hash.0.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let blocks = (self.0.len() / FILTER_BLOCK_BYTES) as u64;
        let block = (((mixed >> 32) * blocks) >> 32) as usize * FILTER_BLOCK_BYTES;
        let mut rest = hash.0 ^ mixed.rotate_left(23);
        (0..FILTER_PROBES).map(move |_| {
            let bit = (rest & 511) as usize;
            rest >>= 9;
            (block + bit / 8, 1 << (bit % 8))
        })
    }

    fn insert(&mut self, hash: IdHash) {
        for (byte, bit) in self.bits(hash) {
            self.0[byte] |= bit;
        }
    }

    fn may_hold(&self, hash: IdHash) -> bool {
        self.bits(hash).all(|(byte, bit)| self.0[byte] & bit != 0)
    }
}

/// A run that is open: its filter and the first hash of every page are in memory.
pub struct IdRun {
    file: Arc<dyn DiskFile>,
    filter: Filter,
    fences: Vec<IdHash>,
    entries: u64,
}

impl IdRun {
    /// Merges sorted `inputs` into a new file and syncs it; the caller syncs the folder. `count` is
    /// how many entries they have together. Takes memory for the filter and a few pages only.
    /// Returns the file's length.
    pub fn write(
        disk: &dyn Disk,
        path: &Path,
        ledger: &LedgerId,
        inputs: Vec<SortedIds<'_>>,
        count: u64,
    ) -> io::Result<u64> {
        let mut filter = Filter::sized_for(count as usize);
        let file = disk.create(path)?;
        let mut pages = PageWriter {
            file: &*file,
            offset: (HEADER_BYTES + filter.0.len()) as u64,
            bytes: Vec::with_capacity(WRITE_BYTES),
        };
        let mut page = Vec::with_capacity(ENTRIES_A_PAGE);
        let mut written = 0;
        for entry in merged(inputs) {
            let entry = entry?;
            filter.insert(entry.hash);
            written += 1;
            page.push(entry);
            if page.len() == ENTRIES_A_PAGE {
                pages.push(&page)?;
                page.clear();
            }
        }
        if !page.is_empty() {
            pages.push(&page)?;
        }
        let length = pages.finish()?;
        if written != count {
            return Err(damaged("the number of entries of an id run"));
        }
        let mut header = [0u8; HEADER_BYTES];
        header[..16].copy_from_slice(&MAGIC);
        header[16..32].copy_from_slice(ledger);
        header[32..40].copy_from_slice(&count.to_le_bytes());
        header[40..48].copy_from_slice(&(filter.0.len() as u64).to_le_bytes());
        header[48..52].copy_from_slice(&crc32c::crc32c(&filter.0).to_le_bytes());
        let sum = crc32c::crc32c(&header[..52]);
        header[52..56].copy_from_slice(&sum.to_le_bytes());
        file.write_all_at(&header, 0)?;
        file.write_all_at(&filter.0, HEADER_BYTES as u64)?;
        file.sync_data()?;
        Ok(length)
    }

    /// Opens a run and reads its filter and fences. Damage is `InvalidData`.
    pub fn open(disk: &dyn Disk, path: &Path, ledger: &LedgerId) -> io::Result<IdRun> {
        IdRun::of_file(disk.open_read(path)?, ledger)
    }

    /// As [`IdRun::open`], of a file that is open already.
    pub(crate) fn of_file(file: Arc<dyn DiskFile>, ledger: &LedgerId) -> io::Result<IdRun> {
        let mut header = [0u8; HEADER_BYTES];
        file.read_exact_at(&mut header, 0)?;
        let u64_at = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| header[at + i]));
        let u32_at = |at: usize| u32::from_le_bytes(std::array::from_fn(|i| header[at + i]));
        if header[..16] != MAGIC
            || header[16..32] != ledger[..]
            || crc32c::crc32c(&header[..52]) != u32_at(52)
        {
            return Err(damaged("the header of an id run"));
        }
        let (entries, filter_bytes) = (u64_at(32), u64_at(40));
        let pages = entries.div_ceil(ENTRIES_A_PAGE as u64);
        let length = pages
            .checked_mul(PAGE_BYTES as u64)
            .and_then(|bytes| bytes.checked_add(filter_bytes))
            .and_then(|bytes| bytes.checked_add(HEADER_BYTES as u64));
        if length != Some(file.len()?) {
            return Err(damaged("the length of an id run"));
        }
        let mut filter = vec![0u8; filter_bytes as usize];
        file.read_exact_at(&mut filter, HEADER_BYTES as u64)?;
        if crc32c::crc32c(&filter) != u32_at(48)
            || filter.is_empty()
            || !filter.len().is_multiple_of(FILTER_BLOCK_BYTES)
        {
            return Err(damaged("the filter of an id run"));
        }
        let mut run = IdRun {
            file,
            filter: Filter(filter),
            fences: Vec::with_capacity(pages as usize),
            entries,
        };
        for page in 0..pages {
            let first = run.page(page)?.first().map(|entry| entry.hash);
            run.fences
                .push(first.ok_or_else(|| damaged("a page of an id run"))?);
        }
        Ok(run)
    }

    /// Length of its file.
    pub fn bytes(&self) -> u64 {
        let pages = self.fences.len() * PAGE_BYTES;
        (HEADER_BYTES + self.filter.0.len() + pages) as u64
    }

    /// How many ids the run holds.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// Adds the sequences that may carry the id of this hash to `found`.
    pub fn candidates(&self, hash: IdHash, found: &mut Vec<u64>) -> io::Result<()> {
        if !self.filter.may_hold(hash) {
            return Ok(());
        }
        // Equal hashes may begin at the end of the page before the first fence that equals them.
        let mut page = self
            .fences
            .partition_point(|fence| *fence < hash)
            .saturating_sub(1);
        while self.fences.get(page).is_some_and(|fence| *fence <= hash) {
            let entries = self.page(page as u64)?;
            found.extend(
                entries
                    .iter()
                    .filter(|entry| entry.hash == hash)
                    .map(|entry| entry.sequence),
            );
            page += 1;
        }
        Ok(())
    }

    /// All ids in order of their hash.
    pub fn iter(&self) -> impl Iterator<Item = io::Result<IdEntry>> + '_ {
        (0..self.fences.len() as u64).flat_map(|page| match self.page(page) {
            Ok(entries) => entries.into_iter().map(Ok).collect::<Vec<_>>(),
            Err(error) => vec![Err(error)],
        })
    }

    fn page(&self, page: u64) -> io::Result<Vec<IdEntry>> {
        let mut bytes = [0u8; PAGE_BYTES];
        let start = HEADER_BYTES as u64 + self.filter.0.len() as u64;
        self.file
            .read_exact_at(&mut bytes, start + page * PAGE_BYTES as u64)?;
        let count = u16::from_le_bytes([bytes[PAGE_BYTES - 6], bytes[PAGE_BYTES - 5]]) as usize;
        let sum = u32::from_le_bytes(std::array::from_fn(|i| bytes[PAGE_BYTES - 4 + i]));
        if count > ENTRIES_A_PAGE || crc32c::crc32c(&bytes[..PAGE_BYTES - 4]) != sum {
            return Err(damaged("a page of an id run"));
        }
        Ok(bytes[..count * ENTRY_BYTES]
            .chunks_exact(ENTRY_BYTES)
            .map(|entry| IdEntry {
                hash: IdHash(u64::from_be_bytes(std::array::from_fn(|i| entry[i]))),
                sequence: u64::from_be_bytes(std::array::from_fn(|i| {
                    if i < 3 { 0 } else { entry[i + 5] }
                })),
            })
            .collect())
    }
}

/// Ids in order of their hash, then of their sequence.
pub type SortedIds<'a> = Box<dyn Iterator<Item = io::Result<IdEntry>> + 'a>;

/// The entries of all inputs, in order.
fn merged(inputs: Vec<SortedIds<'_>>) -> impl Iterator<Item = io::Result<IdEntry>> {
    let mut inputs: Vec<_> = inputs.into_iter().map(Iterator::peekable).collect();
    std::iter::from_fn(move || {
        // An error comes first, whatever the others hold.
        let least = inputs
            .iter_mut()
            .enumerate()
            .filter_map(|(place, input)| Some((input.peek()?.as_ref().ok().copied(), place)))
            .min()?;
        inputs.get_mut(least.1)?.next()
    })
}

/// Writes pages one after the other, some at a time.
struct PageWriter<'a> {
    file: &'a dyn DiskFile,
    offset: u64,
    bytes: Vec<u8>,
}

impl PageWriter<'_> {
    fn push(&mut self, entries: &[IdEntry]) -> io::Result<()> {
        let start = self.bytes.len();
        for entry in entries {
            if entry.sequence > MAX_SEQUENCE {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "sequence does not fit an id run",
                ));
            }
            self.bytes.extend_from_slice(&entry.hash.0.to_be_bytes());
            self.bytes
                .extend_from_slice(&entry.sequence.to_be_bytes()[3..]);
        }
        self.bytes.resize(start + PAGE_BYTES - 6, 0);
        self.bytes
            .extend_from_slice(&(entries.len() as u16).to_le_bytes());
        let sum = crc32c::crc32c(&self.bytes[start..]);
        self.bytes.extend_from_slice(&sum.to_le_bytes());
        if self.bytes.len() >= WRITE_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.write_all_at(&self.bytes, self.offset)?;
        self.offset += self.bytes.len() as u64;
        self.bytes.clear();
        Ok(())
    }

    /// Writes what is left; where the file ends.
    fn finish(mut self) -> io::Result<u64> {
        self.flush()?;
        Ok(self.offset)
    }
}

/// How many of the newest runs (sizes oldest first) should become one: those whose sum is within
/// a factor of four of the next older one, so that a run is rewritten about log4 n times.
pub fn runs_to_merge(sizes: &[u64]) -> usize {
    let mut sum = 0;
    let mut take = 0;
    for (n, size) in sizes.iter().rev().enumerate() {
        if n > 0 && *size > sum * 4 {
            break;
        }
        sum += size;
        take = n + 1;
    }
    if take > 3 { take } else { 0 }
}

fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{what} is damaged"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::Real;

    #[test]
    fn every_id_of_a_run_is_found_and_foreign_ones_rarely_cost_a_read() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Real::create(folder.path()).unwrap();
        let key = IdKey(*b"secret secret se");
        let mut entries: Vec<IdEntry> = (0..20_000u64)
            .map(|sequence| IdEntry {
                hash: key.hash(&format!("id-{}", sequence / 2)),
                sequence,
            })
            .collect();
        entries.sort_unstable();
        let path = Path::new("run");
        // Two runs whose hashes interleave become one.
        let (even, odd): (Vec<IdEntry>, Vec<IdEntry>) =
            entries.iter().partition(|entry| entry.sequence % 2 == 0);
        let sorted = |entries: Vec<IdEntry>| Box::new(entries.into_iter().map(Ok)) as SortedIds<'_>;
        let inputs = vec![sorted(even), sorted(odd)];
        let count = entries.len() as u64;
        let length = IdRun::write(&disk, path, b"0123456789abcdef", inputs, count).unwrap();
        let run = IdRun::open(&disk, path, b"0123456789abcdef").unwrap();
        assert_eq!(run.bytes(), length);
        for n in 0..10_000u64 {
            let mut found = Vec::new();
            run.candidates(key.hash(&format!("id-{n}")), &mut found)
                .unwrap();
            assert_eq!(found, [n * 2, n * 2 + 1]);
        }
        let passed = (0..10_000)
            .filter(|n| run.filter.may_hold(key.hash(&format!("foreign-{n}"))))
            .count();
        assert!(
            passed < 300,
            "{passed} of 10,000 foreign ids passed the filter"
        );
        assert_eq!(run.iter().collect::<io::Result<Vec<_>>>().unwrap(), entries);
        assert!(IdRun::open(&disk, path, b"another ledger!!").is_err());

        // A header that claims more than any file holds, with the right checksum.
        let mut header = [0; HEADER_BYTES];
        let file = disk.open(path).unwrap();
        file.read_exact_at(&mut header, 0).unwrap();
        header[32..48].fill(0xff);
        let sum = crc32c::crc32c(&header[..52]);
        header[52..].copy_from_slice(&sum.to_le_bytes());
        file.write_all_at(&header, 0).unwrap();
        let error = IdRun::open(&disk, path, b"0123456789abcdef").err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn merging_keeps_few_runs() {
        let mut sizes: Vec<u64> = Vec::new();
        let mut written = 0;
        for _ in 0..400 {
            sizes.push(50_000);
            let take = runs_to_merge(&sizes);
            if take > 0 {
                let merged = sizes.drain(sizes.len() - take..).sum();
                written += merged;
                sizes.push(merged);
            }
            assert!(sizes.len() <= 20, "{sizes:?}");
        }
        assert!(
            written < 400 * 50_000 * 8,
            "rewritten {} times",
            written / (400 * 50_000)
        );
    }
}
