//! Which ids the ledger has seen: sorted runs on disk of (keyed hash of the id, sequence).
//!
//! A run holds no id, only hashes under the ledger's own secret key, so it may outlive an erased
//! event and still refuse its id. A lookup answers with *candidates*; the caller compares the
//! event itself. Runs of like size are merged in the background, so that a ledger of n events
//! keeps about log n runs, each asked through a filter in memory first.
//! Bytes: `docs/formats/part-v1.md`, chapter "Id runs".

use std::cmp::Reverse;
use std::collections::binary_heap::PeekMut;
use std::collections::{BTreeMap, BinaryHeap};
use std::hash::Hasher;
use std::io;
use std::sync::Arc;

use siphasher::sip::SipHasher24;

use crate::disk::{Disk, DiskFile};
use crate::frame::LedgerId;
use crate::manifest::IdRunEntry;

/// Where the files of runs are, from the ledger's folder.
pub(crate) const FOLDER: &str = "ids";

const MAGIC: [u8; 16] = *b"annals id run 2\n";
/// Magic 16, ledger 16, entries 8, filter bytes 8, checksum of the header 4, of the filter 4.
const HEADER_BYTES: usize = 56;
/// A page is read as a whole: its head, the bits of its entries, its tail.
const PAGE_BYTES: usize = 4096;
/// Hash of the first entry 8, least sequence 8, bits of a step between hashes 1, bits of a sequence
/// above the least 1.
const PAGE_HEAD_BYTES: usize = 18;
/// Entries 2, checksum of the page 4.
const PAGE_TAIL_BYTES: usize = 6;
/// Room for the entries of a page, in bits.
const PAGE_BITS: usize = (PAGE_BYTES - PAGE_HEAD_BYTES - PAGE_TAIL_BYTES) * 8;
/// Bits of filter an id: about one foreign id in a hundred is looked up in vain.
const FILTER_BITS_AN_ENTRY: usize = 10;
const FILTER_BLOCK_BYTES: usize = 64;
const FILTER_PROBES: u32 = 6;
/// Pages written at once, 256 KiB.
const WRITE_BYTES: usize = 64 * PAGE_BYTES;
/// How many runs of like size are merged into one.
const MERGE_RUNS: usize = 8;
/// Most entries of a page, which its tail can count.
const MAX_PAGE_ENTRIES: usize = u16::MAX as usize;

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
        // All of them at once: which one says no is random, and a wrong guess costs more than the rest.
        self.bits(hash)
            .fold(true, |may, (byte, bit)| may & (self.0[byte] & bit != 0))
    }
}

/// A run that is open: its filter and the first hash of every page are in memory.
pub struct IdRun {
    file: Arc<dyn DiskFile>,
    filter: Filter,
    fences: Vec<IdHash>,
    entry: IdRunEntry,
}

impl IdRun {
    /// Writes `entries`, which are in order and so many, into the file of a new run and syncs it; the
    /// caller syncs the folder. Takes memory for the filter and a few pages only. Returns what the
    /// manifest says of it.
    pub fn write(
        disk: &dyn Disk,
        ledger: &LedgerId,
        generation: u64,
        entries: impl Iterator<Item = io::Result<IdEntry>>,
        count: u64,
    ) -> io::Result<IdRunEntry> {
        let entry = IdRunEntry {
            generation,
            entries: count,
            bytes: 0,
        };
        let path = entry.path();
        crate::manifest::remove_if_there(disk, &path)?;
        let written = write_run(&*disk.create(&path)?, ledger, entries, count);
        if written.is_err() {
            // Half a file would take room, perhaps the last there is, until the next start.
            let _ = crate::manifest::remove_if_there(disk, &path);
        }
        Ok(IdRunEntry {
            bytes: written?,
            ..entry
        })
    }

    /// Opens the run that the manifest names, and reads its filter and fences. Damage is `InvalidData`.
    pub fn open(disk: &dyn Disk, entry: IdRunEntry, ledger: &LedgerId) -> io::Result<IdRun> {
        IdRun::of_file(disk.open_read(&entry.path())?, entry, ledger)
    }

    /// As [`IdRun::open`], of a file that is open already.
    pub(crate) fn of_file(
        file: Arc<dyn DiskFile>,
        entry: IdRunEntry,
        ledger: &LedgerId,
    ) -> io::Result<IdRun> {
        if file.len()? != entry.bytes || entry.bytes < HEADER_BYTES as u64 {
            return Err(damaged("the length of an id run"));
        }
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
        if entries != entry.entries {
            return Err(damaged("the number of entries of an id run"));
        }
        let page_bytes = (entry.bytes.checked_sub(HEADER_BYTES as u64))
            .and_then(|length| length.checked_sub(filter_bytes))
            .filter(|length| length.is_multiple_of(PAGE_BYTES as u64))
            .ok_or_else(|| damaged("the length of an id run"))?;
        let pages = page_bytes / PAGE_BYTES as u64;
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
            entry,
        };
        let mut counted = 0;
        for page in 0..pages {
            let (first, entries) = Page::ends(&run.page_bytes(page)?).ok_or_else(damaged_page)?;
            counted += u64::from(entries);
            run.fences.push(first);
        }
        if counted != entries {
            return Err(damaged("the number of entries of an id run"));
        }
        Ok(run)
    }

    /// What the manifest says of it.
    pub fn entry(&self) -> &IdRunEntry {
        &self.entry
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
        Page::decode(&self.page_bytes(page)?).ok_or_else(damaged_page)
    }

    fn page_bytes(&self, page: u64) -> io::Result<[u8; PAGE_BYTES]> {
        let mut bytes = [0u8; PAGE_BYTES];
        let start = HEADER_BYTES as u64 + self.filter.0.len() as u64;
        self.file
            .read_exact_at(&mut bytes, start + page * PAGE_BYTES as u64)?;
        Ok(bytes)
    }
}

/// Writes the file of a run, all of it synced; answers with its length.
fn write_run(
    file: &dyn DiskFile,
    ledger: &LedgerId,
    entries: impl Iterator<Item = io::Result<IdEntry>>,
    count: u64,
) -> io::Result<u64> {
    let mut filter = Filter::sized_for(count as usize);
    let mut pages = PageWriter {
        file,
        offset: (HEADER_BYTES + filter.0.len()) as u64,
        bytes: Vec::with_capacity(WRITE_BYTES),
    };
    let mut page = Page::default();
    let mut written = 0;
    for entry in entries {
        let entry = entry?;
        filter.insert(entry.hash);
        written += 1;
        if !page.push(entry) {
            pages.push(&page)?;
            page.entries.clear();
            page.push(entry);
        }
    }
    if !page.entries.is_empty() {
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

/// The entries of several runs, in order. Ends behind the first error.
pub(crate) struct Merged<'r> {
    heads: BinaryHeap<Reverse<(IdEntry, usize)>>,
    inputs: Vec<Input<'r>>,
}

/// A run that is read page by page.
struct Input<'r> {
    run: &'r IdRun,
    next_page: u64,
    page: std::vec::IntoIter<IdEntry>,
}

impl Input<'_> {
    fn next(&mut self) -> io::Result<Option<IdEntry>> {
        if let Some(entry) = self.page.next() {
            return Ok(Some(entry));
        }
        if self.next_page == self.run.fences.len() as u64 {
            return Ok(None);
        }
        self.page = self.run.page(self.next_page)?.into_iter();
        self.next_page += 1;
        self.page.next().map(Some).ok_or_else(damaged_page)
    }
}

impl<'r> Merged<'r> {
    pub(crate) fn new(runs: &'r [Arc<IdRun>]) -> io::Result<Merged<'r>> {
        let mut merged = Merged {
            heads: BinaryHeap::new(),
            inputs: Vec::new(),
        };
        for run in runs {
            let mut input = Input {
                run,
                next_page: 0,
                page: Vec::new().into_iter(),
            };
            if let Some(entry) = input.next()? {
                merged.heads.push(Reverse((entry, merged.inputs.len())));
            }
            merged.inputs.push(input);
        }
        Ok(merged)
    }
}

impl Iterator for Merged<'_> {
    type Item = io::Result<IdEntry>;

    fn next(&mut self) -> Option<io::Result<IdEntry>> {
        let mut head = self.heads.peek_mut()?;
        let Reverse((entry, input)) = *head;
        match self.inputs.get_mut(input).map_or(Ok(None), Input::next) {
            Ok(Some(next)) => *head = Reverse((next, input)),
            Ok(None) => drop(PeekMut::pop(head)),
            Err(error) => {
                drop(head);
                self.heads.clear();
                return Some(Err(error));
            }
        }
        Some(Ok(entry))
    }
}

/// Writes pages one after the other, some at a time.
struct PageWriter<'a> {
    file: &'a dyn DiskFile,
    offset: u64,
    bytes: Vec<u8>,
}

impl PageWriter<'_> {
    fn push(&mut self, page: &Page) -> io::Result<()> {
        page.encode(&mut self.bytes);
        if self.bytes.len() >= WRITE_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes and syncs what there is: who syncs an event waits for it, and must not for a whole file.
    fn flush(&mut self) -> io::Result<()> {
        self.file.write_all_at(&self.bytes, self.offset)?;
        self.file.sync_data()?;
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

/// The entries of a page, in order of their hash. Steps between hashes, and sequences above the
/// least one, take as many bits as the largest of the page needs.
#[derive(Default)]
struct Page {
    entries: Vec<IdEntry>,
    // Of no meaning while there are no entries.
    largest_step: u64,
    least: u64,
    largest: u64,
}

fn bits_of(number: u64) -> u32 {
    u64::BITS - number.leading_zeros()
}

impl Page {
    /// Adds an entry; `false` if there is no room for it.
    fn push(&mut self, entry: IdEntry) -> bool {
        let (step, least, largest) = match self.entries.last() {
            Some(last) => (
                self.largest_step.max(entry.hash.0 - last.hash.0),
                self.least.min(entry.sequence),
                self.largest.max(entry.sequence),
            ),
            None => (0, entry.sequence, entry.sequence),
        };
        let bits = (bits_of(step) + bits_of(largest - least)) as usize;
        let entries = self.entries.len() + 1;
        if entries > MAX_PAGE_ENTRIES || entries * bits > PAGE_BITS {
            return false;
        }
        (self.largest_step, self.least, self.largest) = (step, least, largest);
        self.entries.push(entry);
        true
    }

    fn encode(&self, out: &mut Vec<u8>) {
        let start = out.len();
        let (step_bits, sequence_bits) = (
            bits_of(self.largest_step),
            bits_of(self.largest - self.least),
        );
        let first = self.entries.first().map_or(0, |entry| entry.hash.0);
        out.extend_from_slice(&first.to_le_bytes());
        out.extend_from_slice(&self.least.to_le_bytes());
        out.extend_from_slice(&[step_bits as u8, sequence_bits as u8]);
        let (mut held, mut held_bits, mut before) = (0u128, 0, first);
        for entry in &self.entries {
            let step = entry.hash.0 - before;
            before = entry.hash.0;
            for (number, bits) in [
                (step, step_bits),
                (entry.sequence - self.least, sequence_bits),
            ] {
                held |= u128::from(number) << held_bits;
                held_bits += bits;
                if held_bits >= u64::BITS {
                    out.extend_from_slice(&(held as u64).to_le_bytes());
                    held >>= u64::BITS;
                    held_bits -= u64::BITS;
                }
            }
        }
        let left = held.to_le_bytes();
        out.extend_from_slice(&left[..held_bits.div_ceil(8) as usize]);
        out.resize(start + PAGE_BYTES - PAGE_TAIL_BYTES, 0);
        out.extend_from_slice(&(self.entries.len() as u16).to_le_bytes());
        let sum = crc32c::crc32c(&out[start..]);
        out.extend_from_slice(&sum.to_le_bytes());
    }

    /// The first hash of a page and how many entries it has; `None` if it is damaged.
    fn ends(bytes: &[u8; PAGE_BYTES]) -> Option<(IdHash, u16)> {
        let (body, sum) = bytes.split_last_chunk::<4>()?;
        if crc32c::crc32c(body) != u32::from_le_bytes(*sum) {
            return None;
        }
        let count = u16::from_le_bytes(*body.last_chunk()?);
        let first = u64::from_le_bytes(*body.first_chunk()?);
        (count > 0).then_some((IdHash(first), count))
    }

    /// The entries of a page; `None` if it is damaged.
    fn decode(bytes: &[u8; PAGE_BYTES]) -> Option<Vec<IdEntry>> {
        let (first, count) = Page::ends(bytes)?;
        let (_, rest) = bytes.split_first_chunk::<8>()?;
        let (least, rest) = rest.split_first_chunk::<8>()?;
        let ([step_bits, sequence_bits], _) = rest.split_first_chunk::<2>()?;
        let (step_bits, sequence_bits) = (u32::from(*step_bits), u32::from(*sequence_bits));
        let (count, least) = (usize::from(count), u64::from_le_bytes(*least));
        if step_bits > u64::BITS
            || sequence_bits > u64::BITS
            || count * (step_bits + sequence_bits) as usize > PAGE_BITS
        {
            return None;
        }
        // Whatever is behind the last entry is read with it and cut off.
        let mut packed = [0u8; PAGE_BYTES + size_of::<u128>()];
        packed[..PAGE_BYTES].copy_from_slice(bytes);
        let mut at = PAGE_HEAD_BYTES * 8;
        let mut take = |bits: u32| {
            let held = u128::from_le_bytes(*packed[at / 8..].first_chunk()?) >> (at % 8);
            at += bits as usize;
            Some((held & ((1 << bits) - 1)) as u64)
        };
        let mut hash = first.0;
        let mut entries = Vec::with_capacity(count);
        for _ in 0..count {
            hash = hash.checked_add(take(step_bits)?)?;
            entries.push(IdEntry {
                hash: IdHash(hash),
                sequence: least.checked_add(take(sequence_bits)?)?,
            });
        }
        Some(entries)
    }
}

/// The places of runs that should become one, of their sizes: eight of one class, the smallest first,
/// so that an id is written anew about log8 n times and a ledger has some seven runs of each class.
pub fn runs_to_merge(sizes: impl Iterator<Item = u64>) -> Option<Vec<usize>> {
    let mut classes: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (place, size) in sizes.enumerate() {
        let class = size.max(1).ilog(MERGE_RUNS as u64);
        classes.entry(class).or_default().push(place);
    }
    let mut full = classes
        .into_values()
        .filter(|places| places.len() >= MERGE_RUNS);
    let mut places = full.next()?;
    places.truncate(MERGE_RUNS);
    Some(places)
}

fn damaged_page() -> io::Error {
    damaged("a page of an id run")
}

fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{what} is damaged"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

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
        // Two runs whose hashes interleave become one.
        let (even, odd): (Vec<IdEntry>, Vec<IdEntry>) =
            entries.iter().partition(|entry| entry.sequence % 2 == 0);
        let ledger = b"0123456789abcdef";
        disk.create_dir(Path::new(FOLDER)).unwrap();
        let inputs = [(1, even), (2, odd)].map(|(generation, entries)| {
            let count = entries.len() as u64;
            let entries = entries.into_iter().map(Ok);
            let written = IdRun::write(&disk, ledger, generation, entries, count).unwrap();
            Arc::new(IdRun::open(&disk, written, ledger).unwrap())
        });
        let count = entries.len() as u64;
        let merged = Merged::new(&inputs).unwrap();
        let written = IdRun::write(&disk, ledger, 3, merged, count).unwrap();
        let run = IdRun::open(&disk, written, ledger).unwrap();
        assert_eq!(*run.entry(), written);
        assert_eq!(
            disk.open_read(&written.path()).unwrap().len().unwrap(),
            written.bytes
        );
        assert!(written.bytes < count * 11, "{written:?}");
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
        assert!(IdRun::open(&disk, written, b"another ledger!!").is_err());

        // Whatever the manifest says of its length is what the file must have.
        let damage = |entry| IdRun::open(&disk, entry, ledger).err().map(|it| it.kind());
        for bytes in [0, written.bytes - 1, written.bytes + 4096, u64::MAX] {
            let claimed = IdRunEntry { bytes, ..written };
            assert_eq!(damage(claimed), Some(io::ErrorKind::InvalidData));
        }

        // What cannot be written whole leaves no file.
        let broken = vec![Ok(entries[0]), Err(io::ErrorKind::Interrupted.into())];
        let error = IdRun::write(&disk, ledger, 4, broken.into_iter(), 2).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Interrupted);
        assert!(IdRun::write(&disk, ledger, 5, std::iter::empty(), 2).is_err());
        assert_eq!(disk.list(Path::new(FOLDER)).unwrap().len(), 3);

        // A run that went bad says so once, and nothing after it.
        let file = disk.open(&inputs[1].entry().path()).unwrap();
        let last = inputs[1].entry().bytes - 1;
        file.write_all_at(&[0x5a; 1], last).unwrap();
        let ids: Vec<_> = Merged::new(&inputs).unwrap().collect();
        assert!(ids.len() < entries.len());
        let (last, before) = ids.split_last().unwrap();
        assert!(last.is_err() && before.iter().all(Result::is_ok));

        // A header that claims more than any file holds, with the right checksum.
        let mut header = [0; HEADER_BYTES];
        let file = disk.open(&written.path()).unwrap();
        file.read_exact_at(&mut header, 0).unwrap();
        header[32..48].fill(0xff);
        let sum = crc32c::crc32c(&header[..52]);
        header[52..].copy_from_slice(&sum.to_le_bytes());
        file.write_all_at(&header, 0).unwrap();
        let claimed = IdRunEntry {
            entries: u64::MAX,
            ..written
        };
        let error = IdRun::open(&disk, claimed, ledger).err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn pages_of_any_widths_read_back() {
        let check = |entries: Vec<IdEntry>| {
            let (mut page, mut rest) = (Page::default(), entries.as_slice());
            while let Some((entry, behind)) = rest.split_first() {
                if page.push(*entry) {
                    rest = behind;
                    continue;
                }
                assert!(!page.entries.is_empty());
                let mut bytes = Vec::new();
                page.encode(&mut bytes);
                let bytes: [u8; PAGE_BYTES] = bytes.try_into().unwrap();
                assert_eq!(Page::decode(&bytes).unwrap(), page.entries);
                let mut other = bytes;
                other[PAGE_BYTES / 2] ^= 1;
                assert!(Page::decode(&other).is_none());
                page = Page::default();
            }
            let mut bytes = Vec::new();
            page.encode(&mut bytes);
            assert_eq!(
                Page::decode(&bytes.try_into().unwrap()).unwrap(),
                page.entries
            );
        };
        let entry = |hash: u64, sequence: u64| IdEntry {
            hash: IdHash(hash),
            sequence,
        };
        check(vec![entry(0, 0), entry(u64::MAX, u64::MAX)]);
        check(vec![entry(7, 3); 70_000]);
        for bits in 1..64 {
            let mut entries: Vec<IdEntry> = (0..2_000u64)
                .map(|n| {
                    let noise = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                    entry(noise >> (64 - bits), noise.rotate_left(32) >> bits)
                })
                .collect();
            entries.sort_unstable();
            check(entries);
        }
    }

    #[test]
    fn merging_keeps_few_runs() {
        let (mut sizes, mut written): (Vec<u64>, u64) = Default::default();
        for seal in 0..2_000 {
            // Now and then the ledger is quiet, and little is sealed.
            let sealed = if seal % 10 == 9 { 2_000 } else { 200_000 };
            sizes.push(sealed);
            while let Some(places) = runs_to_merge(sizes.iter().copied()) {
                assert_eq!(places.len(), MERGE_RUNS);
                let merged = places.iter().map(|place| sizes[*place]).sum();
                for place in places.into_iter().rev() {
                    sizes.remove(place);
                }
                written += merged;
                sizes.push(merged);
            }
            assert!(sizes.len() <= 35, "{sizes:?}");
        }
        let times = written / sizes.iter().sum::<u64>();
        assert!(times <= 4, "written anew {times} times");
    }
}
