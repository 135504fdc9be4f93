//! What is kept by document: numbers, and the values of some fields.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use query::ExactField;
use roaring::RoaringBitmap;

use crate::column::{self, ABSENT, BLOCK_DOCS, Block, Bounds, Column, Fit, block_of};
use crate::document::{Document, Number, VALUE_FIELDS};
use crate::keys;
use crate::outliers::{self, Core, Cores};
use crate::partition::partition_point;
use crate::rare::Rare;
use crate::texts::{Interner, Renumbering};
use crate::union::of_ascending;

/// A set with more than one document in so many of a range is dense: what holds of whole blocks is told
/// before it is looked at.
const DOCS_OF_DENSE: u64 = 4;
/// Cutting a block out of a set costs about as much as looking at so many documents.
const DOCS_WORTH_A_CUT: u64 = 16;

/// Stands for "this document has no value".
pub(crate) const NO_VALUE: u32 = u32::MAX;

/// Columns of a source. Documents are numbered in the order of their sequences; values by ordinals
/// that mean something within one source only.
pub(crate) trait Columns: Send + Sync {
    fn len(&self) -> u32;
    fn sequence(&self, doc: u32) -> u64;
    fn number(&self, number: Number, doc: u32) -> i64;
    fn number_block(&self, number: Number, block: u32, out: &mut Block);
    /// The numbers of documents of a block, by their places in it.
    fn number_places(&self, number: Number, block: u32, places: &[u8], out: &mut Block) {
        for (place, out) in places.iter().zip(out) {
            *out = self.number(number, block * BLOCK_DOCS as u32 + u32::from(*place));
        }
    }
    fn bounds(&self, number: Number, block: u32) -> Bounds;
    /// Where most times of a block lie, if some lie far from them and this is known.
    fn core(&self, _block: u32) -> Option<Core<'_>> {
        None
    }
    /// Documents whose time is not their own.
    fn without_time(&self) -> &RoaringBitmap;
    /// How many values the field has here.
    fn distinct(&self, field: usize) -> u32;
    /// The first value of the document, or [`NO_VALUE`].
    fn ordinal(&self, field: usize, doc: u32) -> u32;
    /// The ordinals of the first values of a block, [`ABSENT`] where there is none.
    fn ordinal_block(&self, field: usize, block: u32, out: &mut Block);
    /// Whether every document has a value.
    fn has_all(&self, field: usize) -> bool;
    /// Values after the first: document and ordinal, in order of the documents.
    fn more(&self, field: usize) -> &[(u32, u32)];
    /// Calls `each` with some ordinals of a field, given in ascending order, and their values.
    fn values(
        &self,
        field: usize,
        ordinals: &[u32],
        each: &mut dyn FnMut(u32, &str),
    ) -> io::Result<()>;

    fn blocks(&self) -> u32 {
        (self.len() as usize).div_ceil(BLOCK_DOCS) as u32
    }

    /// The first document at or after a sequence.
    fn doc_from(&self, sequence: u64) -> u32 {
        partition_point(0..self.len(), |doc| self.sequence(doc) < sequence)
    }
}

/// Columns in memory: those of the tail, and those a file is made from.
#[derive(Default)]
pub(crate) struct MemoryColumns {
    sequences: Vec<u64>,
    numbers: [Vec<i64>; Number::COUNT],
    bounds: [Vec<Bounds>; Number::COUNT],
    without_time: RoaringBitmap,
    values: [MemoryValues; VALUE_FIELDS.len()],
}

#[derive(Default)]
struct MemoryValues {
    /// Their numbers are the ordinals.
    texts: Interner,
    first: Vec<u32>,
    more: Vec<(u32, u32)>,
}

impl MemoryValues {
    fn push(&mut self, doc: u32, ordinal: u32) {
        if self.first.len() <= doc as usize {
            self.first.resize(doc as usize, NO_VALUE);
            self.first.push(ordinal);
            return;
        }
        let known = self.first[doc as usize] == ordinal
            || self
                .more
                .iter()
                .rev()
                .take_while(|(of, _)| *of == doc)
                .any(|(_, other)| *other == ordinal);
        if !known {
            self.more.push((doc, ordinal));
        }
    }

    /// Adds the values of a field of every document of a file, which begin at `start`.
    fn append(&mut self, other: &FileColumns, field: usize, start: u32) -> io::Result<()> {
        let ordinals: Vec<u32> = (0..other.distinct(field)).collect();
        let mut map = Vec::with_capacity(ordinals.len());
        other.values(field, &ordinals, &mut |_, value| {
            map.push(self.texts.intern(value));
        })?;
        let mapped = |ordinal: u32| map.get(ordinal as usize).copied();
        self.first.resize(start as usize, NO_VALUE);
        let mut values = [0; BLOCK_DOCS];
        for block in 0..other.blocks() {
            other.ordinal_block(field, block, &mut values);
            let values = &values[..docs_of_block(other, block).len()];
            let values = values.iter().map(|ordinal| u32::try_from(*ordinal).ok());
            let mapped = values.map(|ordinal| ordinal.and_then(mapped).unwrap_or(NO_VALUE));
            self.first.extend(mapped);
        }
        let more = other.more(field).iter();
        self.more
            .extend(more.filter_map(|(doc, ordinal)| Some((start + doc, mapped(*ordinal)?))));
        Ok(())
    }

    /// The values of a document.
    fn of(&self, doc: u32) -> impl Iterator<Item = u32> {
        let first = self.first.get(doc as usize).copied();
        let start = self.more.partition_point(|(of, _)| *of < doc);
        let more = self.more[start..]
            .iter()
            .take_while(move |(of, _)| *of == doc);
        let first = first.filter(|ordinal| *ordinal != NO_VALUE);
        first.into_iter().chain(more.map(|(_, ordinal)| *ordinal))
    }
}

impl MemoryColumns {
    pub(crate) fn push(&mut self, document: &Document) {
        let doc = self.len();
        for (place, value) in document.values() {
            let values = &mut self.values[place];
            let ordinal = values.texts.intern(value);
            values.push(doc, ordinal);
        }
        if !document.has_time {
            self.without_time.insert(doc);
        }
        self.push_numbers(document.sequence, &document.numbers);
    }

    /// Adds a document of others; `known` are the ordinals of their values here, by field.
    pub(crate) fn push_of(
        &mut self,
        other: &MemoryColumns,
        doc: u32,
        known: &mut [Renumbering; VALUE_FIELDS.len()],
    ) {
        let own = self.len();
        for ((values, others), known) in self.values.iter_mut().zip(&other.values).zip(known) {
            for ordinal in others.of(doc) {
                let ordinal = known.number(ordinal, &others.texts, &mut values.texts);
                values.push(own, ordinal);
            }
        }
        if other.without_time.contains(doc) {
            self.without_time.insert(own);
        }
        let numbers = other
            .numbers
            .each_ref()
            .map(|numbers| numbers[doc as usize]);
        self.push_numbers(other.sequence(doc), &numbers);
    }

    fn push_numbers(&mut self, sequence: u64, numbers: &[i64; Number::COUNT]) {
        let starts_block = self.sequences.len().is_multiple_of(BLOCK_DOCS);
        for (number, value) in numbers.iter().enumerate() {
            self.numbers[number].push(*value);
            let bounds = &mut self.bounds[number];
            if starts_block {
                bounds.push(Bounds::NOTHING);
            }
            if let Some(last) = bounds.last_mut() {
                last.take(*value);
            }
        }
        self.sequences.push(sequence);
    }

    /// The bytes of a section of an index file for each column, by name.
    pub(crate) fn write(
        &self,
        section: impl FnMut(&str, &[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let sequences = self.sequences.iter();
        let sequences: Vec<i64> = sequences.map(|sequence| *sequence as i64).collect();
        let mut writer = SectionWriter::of(section);
        writer.sequences(&sequences)?;
        for (number, values) in self.numbers.iter().enumerate() {
            writer.numbers(number, values)?;
        }
        writer.times(&self.numbers[Number::Time as usize], &self.without_time)?;
        for (field, values) in self.values.iter().enumerate() {
            writer.values(field, values, self.len())?;
        }
        Ok(())
    }
}

/// Writes the columns of files whose documents follow each other, as [`MemoryColumns::write`] would
/// write them; no more than one or two of them are in memory at a time.
pub(crate) fn merge(
    inputs: &[&FileColumns],
    section: impl FnMut(&str, &[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let docs = inputs.iter().map(|input| input.len()).sum();
    let mut writer = SectionWriter::of(section);
    let joined = |column: &dyn Fn(&FileColumns) -> Column| {
        let mut joined = Vec::with_capacity(docs as usize);
        inputs
            .iter()
            .for_each(|input| column(input).extend(&mut joined));
        joined
    };
    writer.sequences(&joined(&|input| input.sequences.clone()))?;
    let number = |number: usize| joined(&|input| input.numbers[number].clone());
    for place in 0..Number::COUNT {
        writer.numbers(place, &number(place))?;
    }
    let mut without_time = RoaringBitmap::new();
    for (input, start) in inputs.iter().zip(starts(inputs)) {
        without_time.extend(input.without_time.iter().map(|doc| start + doc));
    }
    writer.times(&number(Number::Time as usize), &without_time)?;
    for field in 0..VALUE_FIELDS.len() {
        let mut values = MemoryValues::default();
        for (input, start) in inputs.iter().zip(starts(inputs)) {
            values.append(input, field, start)?;
        }
        writer.values(field, &values, docs)?;
    }
    Ok(())
}

/// Where the documents of each file begin.
fn starts(inputs: &[&FileColumns]) -> impl Iterator<Item = u32> {
    inputs.iter().scan(0, |next, input| {
        let start = *next;
        *next += input.len();
        Some(start)
    })
}

/// Writes the sections of columns.
struct SectionWriter<S> {
    section: S,
    out: Vec<u8>,
}

impl<S: FnMut(&str, &[u8]) -> io::Result<()>> SectionWriter<S> {
    fn of(section: S) -> SectionWriter<S> {
        SectionWriter {
            section,
            out: Vec::new(),
        }
    }

    fn write(&mut self, name: &str, write: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        self.out.clear();
        write(&mut self.out);
        (self.section)(name, &self.out)
    }

    fn sequences(&mut self, sequences: &[i64]) -> io::Result<()> {
        self.write("sequence", |out| column::write(sequences, out))
    }

    fn numbers(&mut self, number: usize, values: &[i64]) -> io::Result<()> {
        self.write(&number_section(number), |out| column::write(values, out))
    }

    /// What there is beside the times themselves.
    fn times(&mut self, times: &[i64], without_time: &RoaringBitmap) -> io::Result<()> {
        self.write("outliers", |out| outliers::write(times, out))?;
        self.write("without_time", |out| {
            without_time
                .iter()
                .for_each(|doc| out.extend(doc.to_le_bytes()));
        })
    }

    fn values(&mut self, field: usize, values: &MemoryValues, docs: u32) -> io::Result<()> {
        self.write(&values_section(field), |out| {
            values.write(docs, is_kept_as_key(field), out);
        })
    }
}

fn number_section(number: usize) -> String {
    format!("number/{number}")
}

/// Whether the values of a field are rare keys too: then the dictionary of those is also that of the
/// values, whose order is the same.
fn is_kept_as_key(field: usize) -> bool {
    keys::is_rare(&keys::exact(VALUE_FIELDS[field], ""))
}

fn values_section(field: usize) -> String {
    format!("values/{}", VALUE_FIELDS[field].name())
}

impl Columns for MemoryColumns {
    fn len(&self) -> u32 {
        self.sequences.len() as u32
    }

    fn sequence(&self, doc: u32) -> u64 {
        self.sequences[doc as usize]
    }

    fn number(&self, number: Number, doc: u32) -> i64 {
        self.numbers[number as usize][doc as usize]
    }

    fn number_block(&self, number: Number, block: u32, out: &mut Block) {
        let start = block as usize * BLOCK_DOCS;
        let end = (start + BLOCK_DOCS).min(self.sequences.len());
        out[..end - start].copy_from_slice(&self.numbers[number as usize][start..end]);
    }

    fn bounds(&self, number: Number, block: u32) -> Bounds {
        self.bounds[number as usize][block as usize]
    }

    fn without_time(&self) -> &RoaringBitmap {
        &self.without_time
    }

    fn distinct(&self, field: usize) -> u32 {
        self.values[field].texts.len() as u32
    }

    fn ordinal(&self, field: usize, doc: u32) -> u32 {
        self.values[field]
            .first
            .get(doc as usize)
            .copied()
            .unwrap_or(NO_VALUE)
    }

    fn ordinal_block(&self, field: usize, block: u32, out: &mut Block) {
        for (doc, out) in docs_of_block(self, block).zip(out) {
            *out = match self.ordinal(field, doc) {
                NO_VALUE => ABSENT,
                ordinal => i64::from(ordinal),
            };
        }
    }

    fn has_all(&self, field: usize) -> bool {
        let first = &self.values[field].first;
        first.len() == self.sequences.len() && !first.contains(&NO_VALUE)
    }

    fn more(&self, field: usize) -> &[(u32, u32)] {
        &self.values[field].more
    }

    fn values(
        &self,
        field: usize,
        ordinals: &[u32],
        each: &mut dyn FnMut(u32, &str),
    ) -> io::Result<()> {
        for ordinal in ordinals {
            each(*ordinal, self.values[field].texts.get(*ordinal));
        }
        Ok(())
    }
}

/// Values between two whole ones in a dictionary; the others are kept as what differs from the
/// one before.
const RESTART: usize = 16;

impl MemoryValues {
    /// Number of values 4, bytes of the dictionary 4, further values 4, end of every
    /// [`RESTART`]th value's group 4 each, dictionary, further values 8 each, ordinals. There is no
    /// dictionary, nor ends, of values that are kept as keys.
    fn write(&self, docs: u32, is_kept_as_key: bool, out: &mut Vec<u8>) {
        let order = self.texts.sorted();
        let mut sorted = vec![0u32; order.len()];
        for (place, ordinal) in order.iter().enumerate() {
            sorted[*ordinal as usize] = place as u32;
        }
        let (ends, dictionary) = match is_kept_as_key {
            true => (Vec::new(), Vec::new()),
            false => self.dictionary(&order),
        };
        out.extend((order.len() as u32).to_le_bytes());
        out.extend((dictionary.len() as u32).to_le_bytes());
        out.extend((self.more.len() as u32).to_le_bytes());
        out.extend(ends);
        out.extend(dictionary);
        for (doc, ordinal) in &self.more {
            out.extend(doc.to_le_bytes());
            out.extend(sorted[*ordinal as usize].to_le_bytes());
        }
        let ordinals: Vec<i64> = (0..docs as usize)
            .map(
                |doc| match self.first.get(doc).copied().unwrap_or(NO_VALUE) {
                    NO_VALUE => ABSENT,
                    ordinal => i64::from(sorted[ordinal as usize]),
                },
            )
            .collect();
        column::write(&ordinals, out);
    }

    /// The texts in this order, and where every group of them ends.
    fn dictionary(&self, order: &[u32]) -> (Vec<u8>, Vec<u8>) {
        let (mut ends, mut dictionary) = (Vec::new(), Vec::new());
        for group in order.chunks(RESTART) {
            let mut before: &str = "";
            for ordinal in group {
                let text = self.texts.get(*ordinal);
                let shared = before
                    .bytes()
                    .zip(text.bytes())
                    .take_while(|(one, two)| one == two)
                    .count();
                push_varint(shared, &mut dictionary);
                push_varint(text.len() - shared, &mut dictionary);
                dictionary.extend(&text.as_bytes()[shared..]);
                before = text;
            }
            ends.extend((dictionary.len() as u32).to_le_bytes());
        }
        (ends, dictionary)
    }
}

fn push_varint(mut number: usize, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn read_varint(bytes: &[u8], at: &mut usize) -> Option<usize> {
    let mut number = 0;
    for shift in (0..35).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        number |= usize::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

/// Columns in the bytes of an index file.
pub(crate) struct FileColumns {
    sequences: Column,
    numbers: [Column; Number::COUNT],
    cores: Cores,
    without_time: RoaringBitmap,
    values: Vec<FileValues>,
}

struct FileValues {
    distinct: u32,
    texts: ValueTexts,
    first: Column,
    more: Vec<(u32, u32)>,
}

/// Where the values of a field are, in their order.
enum ValueTexts {
    Own {
        ends: Bytes,
        dictionary: Bytes,
    },
    /// Among the rare keys, from one of them on, each behind a tag of so many bytes.
    Keys {
        rare: Arc<Rare>,
        first: u32,
        tag: usize,
    },
}

impl FileColumns {
    /// Opens what [`MemoryColumns::write`] wrote, with the rare keys of the same documents; `None`
    /// if the bytes are something else.
    pub(crate) fn open(
        section: impl Fn(&str) -> Option<Bytes>,
        rare: &Arc<Rare>,
    ) -> Option<FileColumns> {
        let sequences = Column::open(section("sequence")?)?;
        let numbers: Vec<Column> = (0..Number::COUNT)
            .map(|number| Column::open(section(&number_section(number))?))
            .collect::<Option<_>>()?;
        let numbers: [Column; Number::COUNT] = numbers.try_into().ok()?;
        let cores = Cores::open(section("outliers")?, sequences.len())?;
        let without_time = section("without_time")?;
        let without_time = RoaringBitmap::from_sorted_iter(
            without_time
                .chunks_exact(4)
                .map(|doc| u32::from_le_bytes(doc.try_into().unwrap_or_default())),
        )
        .ok()?;
        let values = (0..VALUE_FIELDS.len())
            .map(|field| FileValues::open(section(&values_section(field))?, field, rare))
            .collect::<Option<Vec<_>>>()?;
        let len = sequences.len();
        let same = numbers
            .iter()
            .chain(values.iter().map(|values| &values.first))
            .all(|column| column.len() == len);
        same.then_some(FileColumns {
            sequences,
            numbers,
            cores,
            without_time,
            values,
        })
    }
}

impl FileValues {
    fn open(bytes: Bytes, field: usize, rare: &Arc<Rare>) -> Option<FileValues> {
        let number = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        let (distinct, dictionary_bytes, more) =
            (number(0)?, number(4)? as usize, number(8)? as usize);
        let groups = match is_kept_as_key(field) {
            true => 0,
            false => (distinct as usize).div_ceil(RESTART),
        };
        let ends = 12..12 + groups * 4;
        let dictionary = ends.end..ends.end.checked_add(dictionary_bytes)?;
        let more = dictionary.end..dictionary.end.checked_add(more * 8)?;
        if bytes.len() < more.end {
            return None;
        }
        let pair = |pair: &[u8]| {
            let (doc, ordinal) = pair.split_first_chunk::<4>()?;
            Some((
                u32::from_le_bytes(*doc),
                u32::from_le_bytes(ordinal.try_into().ok()?),
            ))
        };
        let texts = match is_kept_as_key(field) {
            true => ValueTexts::keys(VALUE_FIELDS[field], distinct, rare)?,
            false => ValueTexts::Own {
                ends: bytes.slice(ends),
                dictionary: bytes.slice(dictionary),
            },
        };
        Some(FileValues {
            distinct,
            texts,
            more: bytes[more.clone()]
                .chunks_exact(8)
                .map(pair)
                .collect::<Option<_>>()?,
            first: Column::open(bytes.slice(more.end..bytes.len()))?,
        })
    }
}

impl ValueTexts {
    /// Those of a field with so many values; `None` if there are not as many keys.
    fn keys(field: ExactField, distinct: u32, rare: &Arc<Rare>) -> Option<ValueTexts> {
        let from = keys::exact(field, "");
        let first = rare.rank(from.as_bytes()).ok()?;
        let end = rare.rank(&keys::after(&from)).ok()?;
        (end.checked_sub(first)? == distinct).then(|| ValueTexts::Keys {
            rare: rare.clone(),
            first,
            tag: from.len(),
        })
    }

    /// Calls `each` with some values, asked for in ascending order.
    fn each(&self, ordinals: &[u32], mut each: impl FnMut(u32, &str)) -> io::Result<()> {
        match self {
            ValueTexts::Own { ends, dictionary } => each_own(ends, dictionary, ordinals, each),
            ValueTexts::Keys { rare, first, tag } => {
                let places = ordinals.iter().map(|ordinal| first + ordinal);
                rare.each_key(places, |place, key| {
                    each(place - first, key.get(*tag..).unwrap_or_default())
                })
            }
        }
    }
}

fn each_own(
    ends: &[u8],
    dictionary: &[u8],
    ordinals: &[u32],
    mut each: impl FnMut(u32, &str),
) -> io::Result<()> {
    let damaged = || io::Error::new(io::ErrorKind::InvalidData, "values kept by document");
    let start = |group: usize| match group.checked_sub(1) {
        None => Some(0),
        Some(before) => {
            let end = ends.get(before * 4..before * 4 + 4)?;
            Some(u32::from_le_bytes(end.try_into().ok()?) as usize)
        }
    };
    let read = |at: &mut usize, text: &mut Vec<u8>| {
        let shared = read_varint(dictionary, at)?;
        let length = read_varint(dictionary, at)?;
        text.truncate(shared);
        text.extend(dictionary.get(*at..at.checked_add(length)?)?);
        *at += length;
        Some(())
    };
    let (mut next, mut at, mut text) = (0, 0, Vec::new());
    for ordinal in ordinals {
        let wanted = *ordinal as usize;
        if next / RESTART != wanted / RESTART {
            next = wanted / RESTART * RESTART;
            at = start(wanted / RESTART).ok_or_else(damaged)?;
        }
        while next <= wanted {
            if next % RESTART == 0 {
                text.clear();
            }
            read(&mut at, &mut text).ok_or_else(damaged)?;
            next += 1;
        }
        each(*ordinal, std::str::from_utf8(&text).map_err(|_| damaged())?);
    }
    Ok(())
}

impl Columns for FileColumns {
    fn len(&self) -> u32 {
        self.sequences.len()
    }

    fn sequence(&self, doc: u32) -> u64 {
        self.sequences.get(doc) as u64
    }

    fn number(&self, number: Number, doc: u32) -> i64 {
        self.numbers[number as usize].get(doc)
    }

    fn number_block(&self, number: Number, block: u32, out: &mut Block) {
        self.numbers[number as usize].block(block, out);
    }

    fn number_places(&self, number: Number, block: u32, places: &[u8], out: &mut Block) {
        self.numbers[number as usize].places(block, places, out);
    }

    fn bounds(&self, number: Number, block: u32) -> Bounds {
        self.numbers[number as usize].bounds(block)
    }

    fn core(&self, block: u32) -> Option<Core<'_>> {
        self.cores.get(block)
    }

    fn without_time(&self) -> &RoaringBitmap {
        &self.without_time
    }

    fn distinct(&self, field: usize) -> u32 {
        self.values[field].distinct
    }

    fn ordinal(&self, field: usize, doc: u32) -> u32 {
        // Beyond `u32` only if absent.
        u32::try_from(self.values[field].first.get(doc)).unwrap_or(NO_VALUE)
    }

    fn ordinal_block(&self, field: usize, block: u32, out: &mut Block) {
        self.values[field].first.block(block, out);
    }

    fn has_all(&self, field: usize) -> bool {
        let first = &self.values[field].first;
        (0..first.blocks()).all(|block| !first.bounds(block).gaps)
    }

    fn more(&self, field: usize) -> &[(u32, u32)] {
        &self.values[field].more
    }

    fn values(
        &self,
        field: usize,
        ordinals: &[u32],
        each: &mut dyn FnMut(u32, &str),
    ) -> io::Result<()> {
        self.values[field].texts.each(ordinals, each)
    }

    fn doc_from(&self, sequence: u64) -> u32 {
        let wanted = i64::try_from(sequence).unwrap_or(i64::MAX);
        self.sequences.first_at_least(wanted)
    }
}

/// Documents of a block, as a range.
pub(crate) fn docs_of_block(columns: &dyn Columns, block: u32) -> Range<u32> {
    let start = block * BLOCK_DOCS as u32;
    start..(start + BLOCK_DOCS as u32).min(columns.len())
}

/// What of a set is in a range.
pub(crate) fn of_range(mut docs: RoaringBitmap, range: &Range<u32>) -> RoaringBitmap {
    docs.remove_range(..range.start);
    docs.remove_range(range.end..);
    docs
}

/// The range from the first document of a set to its last.
pub(crate) fn ends_of(docs: &RoaringBitmap) -> Range<u32> {
    match (docs.min(), docs.max()) {
        (Some(first), Some(last)) => first..last + 1,
        _ => 0..0,
    }
}

/// The documents of `docs` without the blocks at both ends in which no number is in `min..=max`.
pub(crate) fn span(
    columns: &dyn Columns,
    number: Number,
    min: i64,
    max: i64,
    docs: Range<u32>,
) -> Range<u32> {
    let may_fit = |block: &u32| columns.bounds(number, *block).fit(min, max) != Fit::None;
    let mut blocks = blocks_of(&docs);
    let Some(first) = blocks.find(may_fit) else {
        return docs.start..docs.start;
    };
    let last = blocks.rfind(may_fit).unwrap_or(first);
    let (start, end) = (
        docs_of_block(columns, first).start,
        docs_of_block(columns, last).end,
    );
    docs.start.max(start)..docs.end.min(end)
}

/// The blocks that have documents of a range.
fn blocks_of(docs: &Range<u32>) -> Range<u32> {
    if docs.is_empty() {
        return 0..0;
    }
    block_of(docs.start)..block_of(docs.end - 1) + 1
}

/// The documents of a range whose number is in `min..=max`; only those of `within`, which lies in the
/// range, if it is there.
pub(crate) fn in_range(
    columns: &dyn Columns,
    number: Number,
    min: i64,
    max: i64,
    docs: &Range<u32>,
    within: Option<&RoaringBitmap>,
) -> RoaringBitmap {
    let mut found = RoaringBitmap::new();
    if min > max {
        return found;
    }
    let docs = &within.map_or(docs.clone(), ends_of);
    // Times come nearly in order: most blocks lie in the range, or beside it, as a whole.
    let docs_worth_a_block = match number {
        Number::Time => 4,
        _ => BLOCK_DOCS / 16,
    };
    let fits = |value: i64| value != ABSENT && min <= value && value <= max;
    let fit = |block: u32| columns.bounds(number, block).fit(min, max);
    let dense = docs.len() as u64 / DOCS_OF_DENSE;
    if let Some(within) = within.filter(|within| within.len() < dense) {
        let blocks = blocks_of(docs);
        let fits = |doc: u32| fits(columns.number(number, doc));
        if let Some(found) = cut_blocks(within, blocks.clone(), fit, fits) {
            return found;
        }
        if within.len() < blocks.len() as u64 * docs_worth_a_block as u64 {
            return one_by_one(within, fit, fits);
        }
    }
    let mut values = [0; BLOCK_DOCS];
    // Documents of whole blocks that are in, and not yet in `found`.
    let mut whole = 0..0;
    for block in blocks_of(docs) {
        let docs = docs_of_block(columns, block);
        match fit(block) {
            Fit::None => continue,
            Fit::All => {
                if whole.end != docs.start {
                    found.insert_range(std::mem::replace(&mut whole, docs.start..docs.start));
                }
                whole.end = docs.end;
                continue;
            }
            Fit::Some => {}
        }
        found.insert_range(std::mem::replace(&mut whole, 0..0));
        if number == Number::Time
            && let Some(core) = columns.core(block)
            && let Some(is_in) = core.lies_in(min, max)
        {
            if is_in {
                found.insert_range(docs.clone());
            }
            columns.number_places(number, block, core.outliers, &mut values);
            for (place, value) in core.outliers.iter().zip(&values) {
                let doc = docs.start + u32::from(*place);
                match (is_in, fits(*value)) {
                    (true, false) => found.remove(doc),
                    (false, true) => found.insert(doc),
                    _ => false,
                };
            }
            continue;
        }
        columns.number_block(number, block, &mut values);
        // Documents come in order, so an append cannot fail.
        let _ = found.append(
            docs.clone()
                .filter(|doc| fits(values[(doc - docs.start) as usize])),
        );
    }
    found.insert_range(whole);
    match within {
        Some(within) => found & within,
        None => of_range(found, docs),
    }
}

/// The documents of `within` that fit, got by cutting out the others; `None` where it is less work to
/// look at each.
fn cut_blocks(
    within: &RoaringBitmap,
    blocks: Range<u32>,
    fit: impl Fn(u32) -> Fit,
    fits: impl Fn(u32) -> bool,
) -> Option<RoaringBitmap> {
    if within.len() < blocks.len() as u64 {
        return None;
    }
    let most = (within.len() / DOCS_WORTH_A_CUT) as usize;
    let mut cuts: Vec<(Range<u32>, Fit)> = Vec::new();
    for block in blocks {
        let fit = fit(block);
        match cuts.last_mut() {
            _ if fit == Fit::All => {}
            Some((cut, Fit::None)) if fit == Fit::None && cut.end == block => cut.end += 1,
            _ => cuts.push((block..block + 1, fit)),
        }
        if cuts.len() > most {
            return None;
        }
    }
    let mut found = within.clone();
    for (blocks, fit) in cuts {
        let [first, end] =
            [blocks.start, blocks.end].map(|it| it.saturating_mul(BLOCK_DOCS as u32));
        if fit == Fit::None {
            found.remove_range(first..end);
            continue;
        }
        for doc in within.range(first..end) {
            if !fits(doc) {
                found.remove(doc);
            }
        }
    }
    Some(found)
}

/// The documents of `within` that fit, looked at one after the other.
fn one_by_one(
    within: &RoaringBitmap,
    fit: impl Fn(u32) -> Fit,
    fits: impl Fn(u32) -> bool,
) -> RoaringBitmap {
    let mut known = (u32::MAX, Fit::None);
    let is_in = |doc: &u32| {
        let block = block_of(*doc);
        if known.0 != block {
            known = (block, fit(block));
        }
        known.1 == Fit::All || (known.1 == Fit::Some && fits(*doc))
    };
    of_ascending(&within.iter().filter(is_in).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rare;
    use query::testing::{self, Random};
    use std::collections::HashMap;

    proptest! {
        /// Most blocks fit as a whole where times come in order, few where they do not.
        #[test]
        fn documents_that_fit_are_found_by_cutting_and_one_by_one(
            ends in (-500i64..7_000, 0i64..7_000),
            late in prop_oneof![
                Just(Vec::new()),
                prop::collection::vec((0usize..24 * BLOCK_DOCS, 0i64..7_000), 0..40),
            ],
            one_in in 8u32..300,
            gap in any::<bool>(),
        ) {
            let mut values: Vec<i64> = (0..24 * BLOCK_DOCS as i64).collect();
            let has_late = !late.is_empty();
            late.into_iter().for_each(|(doc, value)| values[doc] = value);
            values[100] = if gap { ABSENT } else { 100 };
            let (min, max) = (ends.0, ends.0 + ends.1);
            let within: RoaringBitmap = (3..values.len() as u32).step_by(one_in as usize).collect();
            let fits = |doc: u32| {
                let value = values[doc as usize];
                value != ABSENT && (min..=max).contains(&value)
            };
            let fit = |block: u32| {
                let mut bounds = Bounds::NOTHING;
                let first = block as usize * BLOCK_DOCS;
                values[first..first + BLOCK_DOCS].iter().for_each(|value| bounds.take(*value));
                bounds.fit(min, max)
            };
            let naive: RoaringBitmap = within.iter().filter(|doc| fits(*doc)).collect();
            let cut = cut_blocks(&within, blocks_of(&ends_of(&within)), fit, fits);
            // What is before and behind the range and a block at each end of it, at most.
            prop_assert!(cut.is_some() || has_late || gap || within.len() < 4 * DOCS_WORTH_A_CUT);
            prop_assert!(cut.is_none_or(|found| found == naive));
            prop_assert_eq!(one_by_one(&within, fit, fits), naive);
        }
    }

    #[test]
    fn columns_of_a_file_are_those_of_memory() {
        let mut random = Random::new(7);
        let mut document = Document::default();
        let (mut memory, mut halves) = (
            MemoryColumns::default(),
            [MemoryColumns::default(), MemoryColumns::default()],
        );
        for n in 0..900u64 {
            let event = testing::event(&mut random, event::Sequence::new(1000 + n * 3));
            document.read(&event);
            memory.push(&document);
            halves[usize::from(n >= 400)].push(&document);
        }
        let open = |columns: &MemoryColumns| opened(columns, &rare_of(columns)).unwrap();
        same(&memory, &open(&memory));
        let halves = halves.each_ref().map(open);
        let joined = sections(|section| merge(&halves.each_ref(), section));
        let whole = sections(|section| memory.write(section));
        assert!(joined == whole, "merged is what is written at once");
    }

    type Sections = HashMap<String, Bytes>;
    type Section<'s> = &'s mut dyn FnMut(&str, &[u8]) -> io::Result<()>;

    fn sections(write: impl FnOnce(Section<'_>) -> io::Result<()>) -> Sections {
        let mut sections = HashMap::new();
        write(&mut |name, bytes| {
            sections.insert(name.to_owned(), Bytes::from(bytes.to_vec()));
            Ok(())
        })
        .unwrap();
        sections
    }

    /// The columns as a file has them that has these rare keys.
    fn opened(columns: &MemoryColumns, rare: &Arc<Rare>) -> Option<FileColumns> {
        let sections = sections(|section| columns.write(section));
        FileColumns::open(|name| sections.get(name).cloned(), rare)
    }

    /// The rare keys that a part with these columns has, and some others.
    fn rare_of(columns: &MemoryColumns) -> Arc<Rare> {
        let mut all = vec!["\u{2}".to_owned(), "\u{70}4c0000201".to_owned()];
        for field in (0..VALUE_FIELDS.len()).filter(|field| is_kept_as_key(*field)) {
            let texts = columns.values[field].texts.iter();
            all.extend(texts.map(|(text, _)| keys::exact(VALUE_FIELDS[field], text)));
        }
        let sections = rare::tests::written(all.into_iter().map(|key| (key, vec![0])));
        Arc::new(Rare::open(sections.map(Bytes::from)).unwrap())
    }

    #[test]
    fn values_are_not_taken_from_other_keys() {
        let mut columns = MemoryColumns::default();
        let mut document = Document::default();
        for n in 0..300 {
            document.read(&testing::event(
                &mut Random::new(n),
                event::Sequence::new(n),
            ));
            columns.push(&document);
        }
        assert!(opened(&columns, &rare_of(&columns)).is_some());
        let none = rare::tests::written([]);
        let none = Arc::new(Rare::open(none.map(Bytes::from)).unwrap());
        assert!(opened(&columns, &none).is_none());
    }

    fn same(memory: &MemoryColumns, other: &dyn Columns) {
        assert_eq!(memory.len(), other.len());
        assert_eq!(memory.without_time(), other.without_time());
        for doc in 0..memory.len() {
            assert_eq!(memory.sequence(doc), other.sequence(doc));
            assert_eq!(other.doc_from(memory.sequence(doc)), doc);
            for number in [
                Number::Time,
                Number::Received,
                Number::Records,
                Number::Bytes,
                Number::Duration,
            ] {
                assert_eq!(memory.number(number, doc), other.number(number, doc));
            }
            for field in 0..VALUE_FIELDS.len() {
                let texts = |columns: &dyn Columns| {
                    let first =
                        Some(columns.ordinal(field, doc)).filter(|ordinal| *ordinal != NO_VALUE);
                    let more = columns
                        .more(field)
                        .iter()
                        .filter(|(of, _)| *of == doc)
                        .map(|(_, ordinal)| *ordinal);
                    let mut texts = Vec::new();
                    for ordinal in first.into_iter().chain(more) {
                        columns
                            .values(field, &[ordinal], &mut |of, text| {
                                assert_eq!(of, ordinal);
                                texts.push(text.to_owned());
                            })
                            .unwrap();
                    }
                    texts
                };
                assert_eq!(texts(memory), texts(other));
            }
        }
        for field in 0..VALUE_FIELDS.len() {
            let texts = |columns: &dyn Columns, step| {
                let ordinals: Vec<u32> = (0..columns.distinct(field)).step_by(step).collect();
                let mut texts = Vec::new();
                columns
                    .values(field, &ordinals, &mut |_, text| texts.push(text.to_owned()))
                    .unwrap();
                texts
            };
            let all = texts(other, 1);
            let sorted = |mut texts: Vec<String>| {
                texts.sort_unstable();
                texts
            };
            assert_eq!(sorted(all.clone()), sorted(texts(memory, 1)));
            for step in [3, 17] {
                let some: Vec<String> = all.iter().step_by(step).cloned().collect();
                assert_eq!(texts(other, step), some);
            }
        }
        assert_eq!(other.doc_from(0), 0);
        assert_eq!(other.doc_from(u64::MAX), other.len());
        for (min, max) in [(0, 3), (1, 1), (1000, i64::MAX), (i64::MIN, 0), (5, 4)] {
            let all = in_range(other, Number::Records, min, max, &(0..other.len()), None);
            let naive: RoaringBitmap = (0..memory.len())
                .filter(|doc| {
                    Some(memory.number(Number::Records, *doc))
                        .is_some_and(|n| n != ABSENT && min <= n && n <= max)
                })
                .collect();
            assert_eq!(all, naive);
            let few: RoaringBitmap = (0..30).map(|n| n * 29).collect();
            let docs = 0..other.len();
            assert_eq!(
                in_range(other, Number::Records, min, max, &docs, Some(&few)),
                naive & few
            );
        }
    }
}
