//! A part: the sealed events of one shelf and one month, in one file that never changes.
//!
//! Events stand in blocks that are compressed and checked on their own, so that one event costs
//! one read. What events of a part have in common is in its [`reference`](crate::reference), which
//! all its blocks are compressed against. Salts stand before their block uncompressed, since they
//! are random, and so does what is random in the events ([`compact`](crate::compact)).
//! Bytes: `docs/formats/part-v1.md`.

use std::io;
use std::path::Path;
use std::sync::Arc;

use event::{Recorded, Salt, Sequence, Timestamp};

use crate::compact::{Compactor, Start, Values};
use crate::disk::{Disk, DiskFile};
use crate::frame::{LedgerId, Month};
use crate::group::SALT_BYTES;
use crate::manifest::{PartEntry, PartName, Shelf};
use crate::reference::{self, MAX_REFERENCE_BYTES, ReadReference, Reference};
use crate::varint;

const MAGIC: [u8; 16] = *b"annals part v2 \n";
/// Of parts whose blocks set nothing apart.
const MAGIC_V1: [u8; 16] = *b"annals part v1 \n";
/// Magic 16, ledger 16, shelf 1, month 1, year 2, level 1, zero 3, generation 8, checksum 4,
/// zero 4.
const HEADER_BYTES: usize = 56;
/// First sequence 8, offset 8, length 4, unpacked length 4, events 4, checksum 4, length of what
/// is set apart 4.
const INDEX_ENTRY_BYTES: usize = 36;
/// The same without the last.
const INDEX_ENTRY_BYTES_V1: usize = 32;
/// Index offset 8, blocks 4, index checksum 4, events 8, first 8, last 8, reference: length 4,
/// unpacked length 4, checksum 4; checksum 4, magic 4.
const FOOTER_BYTES: usize = 60;
const FOOTER_MAGIC: [u8; 4] = *b"APRT";

/// Bytes of bodies at which a block is closed, 16 KiB: about 25 typical events. Larger blocks pack
/// hardly better beside a reference, smaller ones make reading one event cheaper.
const BLOCK_BYTES: usize = 16 << 10;
/// Most events of a block; bounds what a damaged count can ask for.
const BLOCK_EVENTS: usize = 1024;
/// Bytes written and synced at once, 256 KiB: whoever syncs an event waits for them, and must not wait
/// for a whole file.
const WRITE_BYTES: usize = 256 << 10;
/// Largest unpacked block that is read, 4 MiB: far above one event of the largest size.
const MAX_BLOCK_BYTES: usize = 4 << 20;

/// How tightly the blocks of a part are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Packing {
    /// While a part is new and may soon be merged: quickly.
    Fresh,
    /// Once it rests: some percent smaller, at several times the CPU, and read as quickly.
    Cold,
}

impl Packing {
    /// Every packing.
    pub const ALL: [Packing; 2] = [Packing::Fresh, Packing::Cold];

    /// Its name, in one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Packing::Fresh => "fresh",
            Packing::Cold => "cold",
        }
    }

    /// Level of zstd.
    fn level(self) -> u8 {
        match self {
            Packing::Fresh => 1,
            Packing::Cold => 6,
        }
    }

    /// Of a part whose header names a level; 0 where a part was written before levels were named.
    fn of_level(level: u8) -> Packing {
        if level >= Packing::Cold.level() {
            Packing::Cold
        } else {
            Packing::Fresh
        }
    }
}

/// Place of a block and of the events in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct BlockEntry {
    first: u64,
    offset: u64,
    bytes: u32,
    raw_bytes: u32,
    events: u32,
    checksum: u32,
    apart_bytes: u32,
}

/// The reference as it stands behind the header.
#[derive(Debug, Clone, Copy)]
struct Packed {
    bytes: u32,
    raw_bytes: u32,
    checksum: u32,
}

/// Writes a part. Events come in order of their sequence. Dropped before it is finished, it leaves
/// no file.
pub(crate) struct PartBuilder<'d> {
    disk: &'d dyn Disk,
    file: Arc<dyn DiskFile>,
    finished: bool,
    /// Bytes in the file; those of `out` come behind them.
    written: u64,
    out: Vec<u8>,
    index: Vec<BlockEntry>,
    name: PartName,
    month: Month,
    count: u64,
    salts: Vec<u8>,
    apart: Compactor,
    /// The text of the event at hand.
    text: Vec<u8>,
    block: Vec<u8>,
    /// Bytes of the bodies in it.
    block_bytes: usize,
    block_first: u64,
    block_events: u32,
    previous: u64,
    previous_micros: i64,
    reference: Packed,
    compressor: zstd::bulk::Compressor<'static>,
}

impl<'d> PartBuilder<'d> {
    /// Begins the file of a part under its final name; until the manifest names it, it does not
    /// exist. Its blocks are compressed against `reference`, which may only hold what its events
    /// hold.
    pub(crate) fn new(
        disk: &'d dyn Disk,
        ledger: &LedgerId,
        name: PartName,
        month: Month,
        packing: Packing,
        reference: &Reference,
    ) -> io::Result<PartBuilder<'d>> {
        let mut out = vec![0; HEADER_BYTES];
        out[..16].copy_from_slice(&MAGIC);
        out[16..32].copy_from_slice(ledger);
        out[32] = shelf_number(name.shelf);
        out[33] = month.month;
        out[34..36].copy_from_slice(&month.year.to_le_bytes());
        out[36] = packing.level();
        out[40..48].copy_from_slice(&name.generation.to_le_bytes());
        let sum = crc32c::crc32c(&out[..48]);
        out[48..52].copy_from_slice(&sum.to_le_bytes());
        let packed = reference.pack()?;
        out.extend_from_slice(&packed);
        let path = name.path();
        crate::manifest::remove_if_there(disk, &path)?;
        Ok(PartBuilder {
            disk,
            file: disk.create(&path)?,
            finished: false,
            written: 0,
            reference: Packed {
                bytes: packed.len() as u32,
                raw_bytes: reference.len() as u32,
                checksum: crc32c::crc32c(&packed),
            },
            out,
            index: Vec::new(),
            name,
            month,
            count: 0,
            salts: Vec::new(),
            apart: Compactor::default(),
            text: Vec::new(),
            block: Vec::with_capacity(BLOCK_BYTES * 2),
            block_bytes: 0,
            block_first: 0,
            block_events: 0,
            previous: 0,
            previous_micros: 0,
            compressor: reference.compressor(packing.level().into())?,
        })
    }

    /// Adds an event.
    pub(crate) fn push(&mut self, event: &Stored<'_>) -> io::Result<()> {
        let Stored {
            sequence,
            received_at,
            salt,
            body,
        } = event;
        let (sequence, micros) = (*sequence, received_at.as_micros());
        if self.block_events > 0
            && (self.block_bytes + body.len() > BLOCK_BYTES
                || self.block_events as usize >= BLOCK_EVENTS)
        {
            self.close_block()?;
        }
        if self.block_events == 0 {
            self.block_first = sequence;
            self.previous = sequence;
            self.previous_micros = 0;
        }
        varint::write(&mut self.block, sequence - self.previous);
        varint::write_signed(&mut self.block, micros - self.previous_micros);
        self.text.clear();
        self.apart.push(body, &mut self.text);
        varint::write(&mut self.block, self.text.len() as u64);
        self.block.extend_from_slice(&self.text);
        self.block_bytes += body.len();
        self.salts.extend_from_slice(salt);
        self.previous = sequence;
        self.previous_micros = micros;
        self.block_events += 1;
        self.count += 1;
        Ok(())
    }

    fn close_block(&mut self) -> io::Result<()> {
        if self.block_events == 0 {
            return Ok(());
        }
        let offset = self.out.len();
        self.out.extend_from_slice(&self.salts);
        self.out.extend_from_slice(self.apart.values());
        let packed = self.compressor.compress(&self.block)?;
        self.out.extend_from_slice(&packed);
        self.index.push(BlockEntry {
            first: self.block_first,
            offset: self.written + offset as u64,
            bytes: (self.out.len() - offset) as u32,
            raw_bytes: self.block.len() as u32,
            events: self.block_events,
            checksum: crc32c::crc32c(&self.out[offset..]),
            apart_bytes: self.apart.values().len() as u32,
        });
        self.apart.clear();
        self.block_bytes = 0;
        self.block.clear();
        self.salts.clear();
        self.block_events = 0;
        self.write_out_if_large()
    }

    /// Adds a block of another part as it is, compressed against the reference of this one.
    pub(crate) fn push_block(&mut self, block: &UnpackedBlock) -> io::Result<()> {
        self.close_block()?;
        let UnpackedBlock {
            entry,
            beside,
            text,
        } = block;
        let offset = self.out.len();
        self.out.extend_from_slice(beside);
        let packed = self.compressor.compress(text)?;
        self.out.extend_from_slice(&packed);
        self.index.push(BlockEntry {
            offset: self.written + offset as u64,
            bytes: (self.out.len() - offset) as u32,
            checksum: crc32c::crc32c(&self.out[offset..]),
            ..*entry
        });
        self.count += u64::from(entry.events);
        self.write_out_if_large()
    }

    fn write_out_if_large(&mut self) -> io::Result<()> {
        if self.out.len() >= WRITE_BYTES {
            self.write_out()?;
        }
        Ok(())
    }

    fn write_out(&mut self) -> io::Result<()> {
        for bytes in self.out.chunks(WRITE_BYTES) {
            self.file.write_all_at(bytes, self.written)?;
            self.file.sync_data()?;
            self.written += bytes.len() as u64;
        }
        self.out.clear();
        Ok(())
    }

    /// Ends the file, all of it synced; the caller syncs the folder.
    pub(crate) fn finish(mut self) -> io::Result<PartEntry> {
        self.close_block()?;
        let index_start = self.out.len();
        let index_offset = self.written + index_start as u64;
        for block in &self.index {
            self.out.extend_from_slice(&block.first.to_le_bytes());
            self.out.extend_from_slice(&block.offset.to_le_bytes());
            for number in [
                block.bytes,
                block.raw_bytes,
                block.events,
                block.checksum,
                block.apart_bytes,
            ] {
                self.out.extend_from_slice(&number.to_le_bytes());
            }
        }
        let index_sum = crc32c::crc32c(&self.out[index_start..]);
        let footer = self.out.len();
        self.out.extend_from_slice(&index_offset.to_le_bytes());
        self.out
            .extend_from_slice(&(self.index.len() as u32).to_le_bytes());
        self.out.extend_from_slice(&index_sum.to_le_bytes());
        for number in [self.count, self.name.first, self.name.last] {
            self.out.extend_from_slice(&number.to_le_bytes());
        }
        let Packed {
            bytes,
            raw_bytes,
            checksum,
        } = self.reference;
        for number in [bytes, raw_bytes, checksum] {
            self.out.extend_from_slice(&number.to_le_bytes());
        }
        let sum = crc32c::crc32c(&self.out[footer..]);
        self.out.extend_from_slice(&sum.to_le_bytes());
        self.out.extend_from_slice(&FOOTER_MAGIC);
        self.write_out()?;
        self.finished = true;
        Ok(PartEntry {
            shelf: self.name.shelf,
            first: self.name.first,
            last: self.name.last,
            generation: self.name.generation,
            count: self.count,
            bytes: self.written,
            year: self.month.year,
            month: self.month.month,
        })
    }
}

impl Drop for PartBuilder<'_> {
    fn drop(&mut self) {
        if !self.finished {
            // Half a file would take room, perhaps the last there is, until the next start, which
            // removes it where this fails.
            let _ = crate::manifest::remove_if_there(self.disk, &self.name.path());
        }
    }
}

/// An open part.
pub struct Part {
    file: Arc<dyn DiskFile>,
    entry: PartEntry,
    packing: Packing,
    /// Whether its blocks set apart what is random.
    is_compact: bool,
    index: Vec<BlockEntry>,
    /// The first sequence of each block once more, near each other to be searched.
    firsts: Vec<u64>,
    reference: Packed,
}

impl BlockEntry {
    fn salt_bytes(&self) -> usize {
        self.events as usize * SALT_BYTES
    }
}

impl Part {
    /// Opens the part that the manifest names, and holds it to what the manifest says of it.
    /// Damage is `InvalidData`.
    pub fn open(disk: &dyn Disk, entry: PartEntry, ledger: &LedgerId) -> io::Result<Part> {
        let file = disk.open_read(&entry.name().path())?;
        Part::of_file(file, entry, ledger)
    }

    /// As [`Part::open`], of a file that is open already.
    pub(crate) fn of_file(
        file: Arc<dyn DiskFile>,
        entry: PartEntry,
        ledger: &LedgerId,
    ) -> io::Result<Part> {
        let name = entry.name();
        let length = file.len()?;
        let fault = |what: &str| damaged(&name, what);
        if length != entry.bytes || length < (HEADER_BYTES + FOOTER_BYTES) as u64 {
            return Err(fault("its length is not that of the manifest"));
        }
        let mut header = [0u8; HEADER_BYTES];
        file.read_exact_at(&mut header, 0)?;
        let is_compact = header[..16] == MAGIC;
        let header_good = (is_compact || header[..16] == MAGIC_V1)
            && header[16..32] == ledger[..]
            && header[32] == shelf_number(entry.shelf)
            && header[33] == entry.month
            && header[34..36] == entry.year.to_le_bytes()
            && header[40..48] == entry.generation.to_le_bytes()
            && header[48..52] == crc32c::crc32c(&header[..48]).to_le_bytes();
        if !header_good {
            return Err(fault("its header"));
        }
        let mut footer = [0u8; FOOTER_BYTES];
        file.read_exact_at(&mut footer, length - FOOTER_BYTES as u64)?;
        let mut reader = varint::Fixed(&footer);
        let (index_offset, blocks, index_sum) = (reader.u64(), reader.u32(), reader.u32());
        let (count, first, last) = (reader.u64(), reader.u64(), reader.u64());
        let reference = Packed {
            bytes: reader.u32(),
            raw_bytes: reader.u32(),
            checksum: reader.u32(),
        };
        let entry_bytes = if is_compact {
            INDEX_ENTRY_BYTES
        } else {
            INDEX_ENTRY_BYTES_V1
        };
        let index_bytes = blocks as usize * entry_bytes;
        let footer_good = footer[52..56] == crc32c::crc32c(&footer[..52]).to_le_bytes()
            && footer[56..] == FOOTER_MAGIC
            && u64::from(reference.bytes) + HEADER_BYTES as u64 <= index_offset
            && reference.raw_bytes as usize <= MAX_REFERENCE_BYTES
            && (count, first, last) == (entry.count, entry.first, entry.last)
            && index_offset.checked_add(index_bytes as u64) == Some(length - FOOTER_BYTES as u64);
        if !footer_good {
            return Err(fault("its footer"));
        }
        let mut bytes = vec![0u8; index_bytes];
        file.read_exact_at(&mut bytes, index_offset)?;
        if crc32c::crc32c(&bytes) != index_sum {
            return Err(fault("its block index"));
        }
        let mut events = 0;
        let index = bytes
            .chunks_exact(entry_bytes)
            .map(|bytes| {
                let mut reader = varint::Fixed(bytes);
                let block = BlockEntry {
                    first: reader.u64(),
                    offset: reader.u64(),
                    bytes: reader.u32(),
                    raw_bytes: reader.u32(),
                    events: reader.u32(),
                    checksum: reader.u32(),
                    apart_bytes: if is_compact { reader.u32() } else { 0 },
                };
                events += u64::from(block.events);
                let fits = block
                    .offset
                    .checked_add(u64::from(block.bytes))
                    .is_some_and(|end| end <= index_offset)
                    && block.raw_bytes as usize <= MAX_BLOCK_BYTES
                    && block.events as usize <= BLOCK_EVENTS
                    && u64::from(block.bytes)
                        >= u64::from(block.apart_bytes) + block.salt_bytes() as u64;
                fits.then_some(block)
                    .ok_or_else(|| fault("its block index"))
            })
            .collect::<io::Result<Vec<_>>>()?;
        if events != count {
            return Err(fault("its count of events"));
        }
        Ok(Part {
            file,
            entry,
            packing: Packing::of_level(header[36]),
            is_compact,
            firsts: index.iter().map(|block| block.first).collect(),
            index,
            reference,
        })
    }

    /// How tightly its blocks are packed.
    pub fn packing(&self) -> Packing {
        self.packing
    }

    /// What the manifest says of it.
    pub fn entry(&self) -> &PartEntry {
        &self.entry
    }

    /// How many blocks it has.
    pub fn blocks(&self) -> usize {
        self.index.len()
    }

    /// How many events a block holds; 0 of one beyond the last.
    pub(crate) fn block_events(&self, place: usize) -> usize {
        self.index
            .get(place)
            .map_or(0, |block| block.events as usize)
    }

    /// Size of its blocks unpacked, in bytes.
    pub(crate) fn raw_bytes(&self) -> usize {
        self.index
            .iter()
            .map(|block| block.raw_bytes as usize)
            .sum()
    }

    /// The block that would hold a sequence, if it is in the part at all.
    pub(crate) fn block_of(&self, sequence: u64) -> Option<usize> {
        self.firsts
            .partition_point(|first| *first <= sequence)
            .checked_sub(1)
    }

    fn read_checked(&self, place: usize) -> io::Result<Vec<u8>> {
        let entry = self
            .index
            .get(place)
            .ok_or_else(|| self.fault("a block beyond its index"))?;
        let mut bytes = vec![0; entry.bytes as usize];
        self.file.read_exact_at(&mut bytes, entry.offset)?;
        if crc32c::crc32c(&bytes) != entry.checksum {
            return Err(self.fault(&format!("the block at byte {}", entry.offset)));
        }
        Ok(bytes)
    }

    /// Reads and checks what its blocks are compressed against.
    pub(crate) fn reference(&self) -> io::Result<ReadReference> {
        Ok(ReadReference::new(&self.reference_bytes()?))
    }

    /// The bytes of its reference.
    pub(crate) fn reference_bytes(&self) -> io::Result<Vec<u8>> {
        let mut packed = vec![0; self.reference.bytes as usize];
        self.file.read_exact_at(&mut packed, HEADER_BYTES as u64)?;
        let fault = || self.fault("its reference");
        if crc32c::crc32c(&packed) != self.reference.checksum {
            return Err(fault());
        }
        reference::unpack(&packed, self.reference.raw_bytes as usize).ok_or_else(fault)
    }

    /// Whether its blocks can be blocks of a part that is written now.
    pub(crate) fn is_compact(&self) -> bool {
        self.is_compact
    }

    /// Reads, checks and unpacks a block. `reference` is that of this part.
    pub(crate) fn read_block(&self, place: usize, reference: &ReadReference) -> io::Result<Block> {
        self.parse(self.unpack_block(place, reference)?)
    }

    /// As [`Part::read_block`], without a look at its events.
    pub(crate) fn unpack_block(
        &self,
        place: usize,
        reference: &ReadReference,
    ) -> io::Result<UnpackedBlock> {
        let mut bytes = self.read_checked(place)?;
        let entry = self.index[place];
        let packed = bytes.split_off(entry.salt_bytes() + entry.apart_bytes as usize);
        let text = reference
            .unpack_block(&packed, entry.raw_bytes as usize)
            .map_err(|_| self.fault(&format!("the block at byte {}", entry.offset)))?;
        Ok(UnpackedBlock {
            entry,
            beside: bytes,
            text,
        })
    }

    /// The events of an unpacked block of this part.
    pub(crate) fn parse(&self, block: UnpackedBlock) -> io::Result<Block> {
        let UnpackedBlock {
            entry,
            beside: mut salts,
            text,
        } = block;
        let apart = salts.split_off(entry.salt_bytes());
        let apart = self.is_compact.then(|| Values::new(apart));
        Block::parse(&entry, salts, apart, text)
            .ok_or_else(|| self.fault(&format!("the block at byte {}", entry.offset)))
    }

    /// Every block, in order.
    pub(crate) fn read_blocks(&self) -> io::Result<impl Iterator<Item = io::Result<Block>> + '_> {
        let reference = self.reference()?;
        Ok((0..self.index.len()).map(move |place| self.read_block(place, &reference)))
    }

    /// Every event, in order.
    pub fn records(&self) -> impl Iterator<Item = io::Result<Recorded>> + '_ {
        let (blocks, error) = match self.read_blocks() {
            Ok(blocks) => (Some(blocks), None),
            Err(error) => (None, Some(Err(error))),
        };
        let records = blocks.into_iter().flatten().flat_map(|block| match block {
            Ok(block) => (0..block.len())
                .map(|within| block.recorded(within))
                .collect::<Vec<_>>(),
            Err(error) => vec![Err(error)],
        });
        error.into_iter().chain(records)
    }

    fn fault(&self, what: &str) -> io::Error {
        damaged(&self.entry.name(), what)
    }
}

/// An event as a part stores it.
pub(crate) struct Stored<'a> {
    /// Its place.
    pub(crate) sequence: u64,
    /// When it was stamped.
    pub(crate) received_at: Timestamp,
    /// Its salt; zeros where it was erased.
    pub(crate) salt: [u8; SALT_BYTES],
    /// The body of its record.
    pub(crate) body: &'a [u8],
}

/// A block whose events nobody has looked at.
pub(crate) struct UnpackedBlock {
    entry: BlockEntry,
    /// Salts, and what is set apart.
    beside: Vec<u8>,
    text: Vec<u8>,
}

impl UnpackedBlock {
    /// Whether it is so large that a rewrite leaves it as it is.
    pub(crate) fn is_full(&self) -> bool {
        self.text.len() >= BLOCK_BYTES / 2
    }
}

/// An unpacked block.
pub struct Block {
    sequences: Vec<u64>,
    micros: Vec<i64>,
    places: Vec<Place>,
    salts: Vec<u8>,
    records: Vec<u8>,
    /// What was set apart; nothing ever where the part is older than that.
    apart: Option<Values>,
}

/// Where the text of an event begins and ends, and what belongs to it begins.
struct Place {
    start: u32,
    end: u32,
    apart: Start,
}

impl Block {
    fn parse(
        entry: &BlockEntry,
        salts: Vec<u8>,
        mut apart: Option<Values>,
        records: Vec<u8>,
    ) -> Option<Block> {
        let events = entry.events as usize;
        let mut sequences = Vec::with_capacity(events);
        let mut places = Vec::with_capacity(events);
        let mut rest = records.as_slice();
        let mut times = Vec::with_capacity(events);
        let mut sequence = entry.first;
        let mut micros = 0i64;
        let mut begin = Start::default();
        for _ in 0..events {
            sequence = sequence.checked_add(varint::read(&mut rest)?)?;
            micros = micros.checked_add(varint::read_signed(&mut rest)?)?;
            let length = varint::read(&mut rest)? as usize;
            let start = records.len() - rest.len();
            let text;
            (text, rest) = rest.split_at_checked(length)?;
            sequences.push(sequence);
            times.push(micros);
            places.push(Place {
                start: start as u32,
                end: (start + length) as u32,
                apart: begin,
            });
            if let Some(apart) = &mut apart {
                apart.learn(text, &mut begin)?;
            }
        }
        let is_whole = rest.is_empty() && apart.as_ref().is_none_or(|it| it.is_used_up(&begin));
        is_whole.then_some(Block {
            sequences,
            micros: times,
            places,
            salts,
            records,
            apart,
        })
    }

    /// How many events it holds.
    pub fn len(&self) -> usize {
        self.sequences.len()
    }

    /// Has it none?
    pub fn is_empty(&self) -> bool {
        self.sequences.is_empty()
    }

    /// Memory it takes, in bytes.
    pub(crate) fn memory_bytes(&self) -> usize {
        let an_event = 2 * size_of::<u64>() + size_of::<Place>();
        self.records.len()
            + self.salts.len()
            + self.sequences.len() * an_event
            + self.apart.as_ref().map_or(0, Values::memory_bytes)
    }

    /// From its first event to behind its last.
    pub(crate) fn span(&self) -> std::ops::Range<u64> {
        let first = self.sequences.first().copied().unwrap_or_default();
        let last = self.sequences.last();
        first..last.map_or(first, |last| last.saturating_add(1))
    }

    /// Place in the block of a sequence.
    pub(crate) fn find(&self, sequence: u64) -> Option<usize> {
        self.sequences.binary_search(&sequence).ok()
    }

    /// The event at a place in the block.
    pub fn recorded(&self, within: usize) -> io::Result<Recorded> {
        let mut body = Vec::new();
        let stored = self.stored_at(within, &mut body)?;
        let sequence = Sequence::new(stored.sequence);
        let invalid = |why: String| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!("event {sequence}: {why}"),
            )
        };
        match Recorded::decode_body(
            stored.body,
            sequence,
            stored.received_at,
            &Salt(stored.salt),
        ) {
            Ok((recorded, used)) if used == stored.body.len() => Ok(recorded),
            Ok(_) => Err(invalid("bytes behind its record".to_owned())),
            Err(error) => Err(invalid(error.to_string())),
        }
    }

    /// The event at a place in the block, as it is stored; `body` is what its body is written to.
    pub(crate) fn stored_at<'b>(
        &'b self,
        within: usize,
        body: &'b mut Vec<u8>,
    ) -> io::Result<Stored<'b>> {
        let Place { start, end, apart } = self.places.get(within).ok_or_else(beyond)?;
        let text = self
            .records
            .get(*start as usize..*end as usize)
            .ok_or_else(beyond)?;
        let body = match &self.apart {
            Some(values) => {
                body.clear();
                values.expand(text, *apart, body).ok_or_else(beyond)?;
                body
            }
            None => text,
        };
        let salt = self.salts[within * SALT_BYTES..].first_chunk();
        Ok(Stored {
            sequence: self.sequences[within],
            received_at: Timestamp::from_micros(self.micros[within]),
            salt: *salt.ok_or_else(beyond)?,
            body,
        })
    }
}

pub(crate) fn beyond() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a place beyond its block")
}

/// The path of a shelf's folder.
pub(crate) fn shelf_folder(shelf: Shelf) -> std::path::PathBuf {
    Path::new("parts").join(shelf.as_str())
}

fn shelf_number(shelf: Shelf) -> u8 {
    match shelf {
        Shelf::Category(category) => category as u8,
        Shelf::Control => 254,
        Shelf::Hold => 255,
    }
}

fn damaged(name: &PartName, what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("part {name} is damaged: {what}"),
    )
}
