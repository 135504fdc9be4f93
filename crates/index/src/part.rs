//! The index of one part: made from its events or from the indices of the parts it was merged
//! from, kept in one file, and searched in place.

use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use event::{Kind, Recorded, Sequence};
use ledger::PartInfo;
use parking_lot::RwLock;
use query::{ExactField, Leaf};
use roaring::RoaringBitmap;

use crate::columns::{self, Columns, FileColumns, MemoryColumns, ends_of};
use crate::document::{Document, Number, VALUE_FIELDS};
use crate::file::{FileWriter, Origin, Sections};
use crate::ids::{self, FileIds, MemoryIds};
use crate::keys;
use crate::log::Log;
use crate::rare::{self, Rare, RareList, RareWriter};
use crate::source::{Fault, Source};
use crate::tail::Segment;
use crate::terms::{self, Dictionary, List, Terms, TermsWriter};
use crate::texts::{Renumbering, Texts};
use crate::union::Union;

/// Events whose dictionary is built in memory at a time; bounds the memory of a build to some
/// 50 MiB where events are typical. A larger part is built in pieces that are merged.
const PIECE_EVENTS: u32 = if cfg!(test) { 250 } else { 50_000 };

/// Documents that are taken over from the tail while it is locked.
const DOCS_AT_ONCE: usize = 64;

/// Events read at once to look into their bodies.
const CHECK_EVENTS: usize = 1_024;

/// The open index of a part.
pub(crate) struct PartIndex {
    pub(crate) info: PartInfo,
    pub(crate) bytes: u64,
    terms: Terms,
    rare: Arc<Rare>,
    columns: FileColumns,
    ids: FileIds,
    own: RoaringBitmap,
    /// Blocks by the latest time in them, latest first.
    newest_blocks: Arc<[u32]>,
    /// Blocks by the earliest time in them, earliest first.
    oldest_blocks: Arc<[u32]>,
    /// Tombstones before this sequence are known to be carried out in it.
    erased_through: AtomicU64,
}

impl PartIndex {
    /// Opens the file of a part's index and checks it; `NotFound` if there is none.
    pub(crate) fn open(folder: &Path, info: &PartInfo) -> io::Result<PartIndex> {
        let name = info.name.to_string();
        let damaged = |what: &str| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!("index file {name}: {what}"),
            )
        };
        let sections = Sections::open(folder, &name, &keys::schema())?;
        let ids = FileIds::open(|name| sections.get(name)).ok_or_else(|| damaged("its ids"))?;
        let terms = sections
            .all(terms::SECTIONS)
            .and_then(Terms::open)
            .ok_or_else(|| damaged("its keys"))?;
        let rare = sections
            .all(rare::SECTIONS)
            .and_then(Rare::open)
            .ok_or_else(|| damaged("its rare keys"))?;
        let rare = Arc::new(rare);
        let columns = FileColumns::open(|name| sections.get(name), &rare)
            .ok_or_else(|| damaged("its columns"))?;
        let count = sections.origin.count;
        if [
            info.count,
            u64::from(columns.len()),
            u64::from(terms.docs()),
        ]
        .iter()
        .any(|other| *other != count)
        {
            return Err(damaged("its count of events"));
        }
        let own_kinds = Kind::ALL.iter().filter(|kind| **kind != Kind::Application);
        let own = own_kinds
            .filter_map(|kind| {
                terms
                    .list(&keys::exact(ExactField::Kind, kind.as_str()))
                    .transpose()
            })
            .collect::<io::Result<Vec<List>>>()?;
        Ok(PartIndex {
            info: *info,
            bytes: sections.bytes,
            own: terms.union(&own, 0..columns.len())?,
            newest_blocks: newest_blocks(&columns).into(),
            oldest_blocks: oldest_blocks(&columns).into(),
            terms,
            rare,
            columns,
            ids,
            erased_through: AtomicU64::new(0),
        })
    }

    #[cfg(feature = "testing")]
    pub(crate) fn terms(&self) -> &Terms {
        &self.terms
    }

    pub(crate) fn columns(&self) -> &FileColumns {
        &self.columns
    }

    /// Documents that Annals wrote itself.
    pub(crate) fn own(&self) -> &RoaringBitmap {
        &self.own
    }

    pub(crate) fn newest_blocks(&self) -> Arc<[u32]> {
        self.newest_blocks.clone()
    }

    pub(crate) fn oldest_blocks(&self) -> Arc<[u32]> {
        self.oldest_blocks.clone()
    }

    /// The ends of the times in it.
    pub(crate) fn times(&self) -> (i64, i64) {
        let end =
            |block: Option<&u32>| block.map(|block| self.columns.bounds(Number::Time, *block));
        let min = end(self.oldest_blocks.first()).map_or(i64::MAX, |bounds| bounds.min);
        let max = end(self.newest_blocks.first()).map_or(i64::MIN, |bounds| bounds.max);
        (min, max)
    }

    /// Remembers that it is still the index of a part of the ledger after these erasures.
    pub(crate) fn holds_after(&self, erased_through: u64) {
        self.erased_through
            .fetch_max(erased_through, Ordering::Relaxed);
    }

    pub(crate) fn erased_through(&self) -> u64 {
        self.erased_through.load(Ordering::Relaxed)
    }

    /// The part to search, with the log that holds its events.
    pub(crate) fn source<'a>(&'a self, log: &'a dyn Log) -> PartSource<'a> {
        PartSource { index: self, log }
    }
}

/// Blocks by the latest time in them, latest first.
pub(crate) fn newest_blocks(columns: &dyn Columns) -> Vec<u32> {
    let mut blocks: Vec<u32> = (0..columns.blocks()).collect();
    blocks.sort_by_key(|block| std::cmp::Reverse(columns.bounds(Number::Time, *block).max));
    blocks
}

/// Blocks by the earliest time in them, earliest first.
pub(crate) fn oldest_blocks(columns: &dyn Columns) -> Vec<u32> {
    let mut blocks: Vec<u32> = (0..columns.blocks()).collect();
    blocks.sort_by_key(|block| columns.bounds(Number::Time, *block).min);
    blocks
}

/// Makes the index file of a part from its events.
#[derive(Default)]
pub(crate) struct PartBuilder {
    document: Document,
    columns: MemoryColumns,
    ids: MemoryIds,
    piece: Piece,
    pieces: Vec<(Terms, Rare)>,
}

/// The dictionaries of some events of a part, in memory.
#[derive(Default)]
struct Piece {
    texts: [Texts; 2],
}

impl Piece {
    fn events(&self) -> u32 {
        self.texts[0].docs()
    }

    fn is_full(&self) -> bool {
        self.events() >= PIECE_EVENTS || self.texts.iter().any(Texts::is_full)
    }

    fn finish(self) -> io::Result<(terms::Sections, rare::Sections)> {
        let mut rare = RareWriter::new()?;
        let mut terms = TermsWriter::new(self.events());
        let [keys, words] = &self.texts;
        let (keys, words) = (keys.postings(|_| None), words.postings(keys::word_kind));
        let (mut keys, mut words) = (keys.iter().peekable(), words.iter().peekable());
        // Both in one order.
        while let Some((key, at)) = match (keys.peek(), words.peek()) {
            (Some((key, _)), Some((word, _))) if word < key => words.next(),
            (Some(_), _) => keys.next(),
            (None, _) => words.next(),
        } {
            if keys::is_rare(key) {
                rare.push(key, at.iter().map(|(doc, _)| *doc))?;
            } else {
                terms.push(key, at)?;
            }
        }
        Ok((terms.finish()?, rare.finish()?))
    }
}

impl PartBuilder {
    /// Adds the next event of the part.
    pub(crate) fn push(&mut self, event: &Recorded) -> io::Result<()> {
        self.end_full_piece()?;
        let document = &mut self.document;
        document.read(event);
        let ids = document.ids.iter().copied();
        self.ids
            .push(self.columns.len(), ids.filter(|id| ids::is_kept(*id)));
        self.columns.push(document);
        let texts = [&document.keys, &document.words];
        for (texts, text) in self.piece.texts.iter_mut().zip(texts) {
            texts.push(text, |_| ());
        }
        Ok(())
    }

    /// Adds the next events of the part, which are documents of a segment of the tail.
    pub(crate) fn push_tail(
        &mut self,
        segment: &RwLock<Segment>,
        mut docs: &[u32],
    ) -> io::Result<()> {
        let mut values: [Renumbering; VALUE_FIELDS.len()] = Default::default();
        let mut known: [Renumbering; 2] = Default::default();
        while !docs.is_empty() {
            if self.end_full_piece()? {
                known = Default::default();
            }
            // Not locked for long, so that the follower hardly waits.
            let (now, later) = docs.split_at(docs.len().min(DOCS_AT_ONCE));
            let segment = segment.read();
            for doc in now {
                let ids = segment.ids().of(*doc);
                self.ids
                    .push(self.columns.len(), ids.filter(|id| ids::is_kept(*id)));
                self.columns.push_of(segment.columns(), *doc, &mut values);
                let texts = self.piece.texts.iter_mut().zip(segment.texts());
                for ((own, others), known) in texts.zip(&mut known) {
                    own.push_of(others, *doc, known);
                }
            }
            docs = later;
        }
        Ok(())
    }

    /// Begins another piece if the last one is full; answers whether it was.
    fn end_full_piece(&mut self) -> io::Result<bool> {
        let is_full = self.piece.is_full();
        if is_full {
            let piece = std::mem::take(&mut self.piece).finish()?;
            self.pieces.push(open(piece)?);
        }
        Ok(is_full)
    }

    /// Writes the file. It is there, whole and durable, on return.
    pub(crate) fn publish(mut self, folder: &Path, info: &PartInfo) -> io::Result<()> {
        let (mut terms, mut rare) = self.piece.finish()?;
        if !self.pieces.is_empty() {
            self.pieces.push(open((terms, rare))?);
            let pieces = self.pieces.iter();
            (terms, rare) = merge_keys(pieces.map(|(terms, rare)| (terms, rare)))?;
        }
        let columns = &self.columns;
        publish(folder, info, (&terms, &rare), columns.len(), |file| {
            columns.write(|name, bytes| file.section(name, bytes))?;
            self.ids.write(|name, bytes| file.section(name, bytes))
        })
    }
}

/// Makes the index file of a part from those of the parts it was merged from, in their order.
pub(crate) fn merge(folder: &Path, info: &PartInfo, inputs: &[Arc<PartIndex>]) -> io::Result<()> {
    let (terms, rare) = merge_keys(inputs.iter().map(|input| (&input.terms, &*input.rare)))?;
    let inputs_columns: Vec<&FileColumns> = inputs.iter().map(|input| &input.columns).collect();
    let docs = inputs_columns.iter().map(|columns| columns.len()).sum();
    publish(folder, info, (&terms, &rare), docs, |file| {
        columns::merge(&inputs_columns, |name, bytes| file.section(name, bytes))?;
        let (mut ids, mut start) = (MemoryIds::default(), 0);
        for input in inputs {
            ids.append(&input.ids, start)?;
            start += input.columns.len();
        }
        ids.write(|name, bytes| file.section(name, bytes))
    })
}

/// Puts together the keys of inputs that follow each other.
fn merge_keys<'i>(
    inputs: impl Iterator<Item = (&'i Terms, &'i Rare)>,
) -> io::Result<(terms::Sections, rare::Sections)> {
    let (terms, rare): (Vec<_>, Vec<_>) = inputs.unzip();
    let starts = terms.iter().scan(0, |start, terms| {
        let first = *start;
        *start += terms.docs();
        Some(first)
    });
    let rare: Vec<_> = rare.into_iter().zip(starts).collect();
    Ok((terms::merge(&terms)?, rare::merge(&rare)?))
}

fn open((terms, rare): (terms::Sections, rare::Sections)) -> io::Result<(Terms, Rare)> {
    let terms = Terms::open(terms.map(Bytes::from));
    let rare = Rare::open(rare.map(Bytes::from));
    terms
        .zip(rare)
        .ok_or_else(|| io::Error::other("keys cannot be read back"))
}

fn publish(
    folder: &Path,
    info: &PartInfo,
    (terms, rare): (&terms::Sections, &rare::Sections),
    docs: u32,
    write_others: impl FnOnce(&mut FileWriter) -> io::Result<()>,
) -> io::Result<()> {
    if u64::from(docs) != info.count {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!(
                "part {} has {} events instead of {}",
                info.name, docs, info.count
            ),
        ));
    }
    let origin = Origin {
        part: info.name.to_string(),
        count: info.count,
    };
    let mut file = FileWriter::create(folder, origin)?;
    let terms = terms::SECTIONS.iter().zip(terms);
    for (name, bytes) in terms.chain(rare::SECTIONS.iter().zip(rare)) {
        file.section(name, bytes)?;
    }
    write_others(&mut file)?;
    file.publish(&keys::schema())
}

/// A part's index and the log its events are in.
pub(crate) struct PartSource<'a> {
    index: &'a PartIndex,
    log: &'a dyn Log,
}

/// The documents of a key of a part.
#[derive(Debug, Clone)]
pub(crate) enum PartList {
    Common(List),
    Rare(RareList),
}

impl PartList {
    fn common(&self) -> Option<List> {
        match self {
            PartList::Common(list) => Some(list.clone()),
            PartList::Rare(_) => None,
        }
    }
}

impl Source for PartSource<'_> {
    type List = PartList;
    const KNOWS_PLACES: bool = true;

    fn columns(&self) -> &dyn Columns {
        &self.index.columns
    }

    fn docs_of(&self, list: &PartList) -> u32 {
        match list {
            PartList::Common(list) => list.docs(),
            PartList::Rare(list) => list.docs(),
        }
    }

    fn list(&self, dictionary: Dictionary, key: &str) -> io::Result<Option<PartList>> {
        if dictionary == Dictionary::Keys && keys::is_rare(key) {
            return Ok(self.index.rare.list(key)?.map(PartList::Rare));
        }
        let list = self.index.terms.list(key)?;
        Ok(list.map(PartList::Common))
    }

    fn lists(
        &self,
        dictionary: Dictionary,
        from: &[u8],
        to: &[u8],
        each: &mut dyn FnMut(&str, PartList) -> bool,
    ) -> io::Result<()> {
        // All keys of a range are of one kind.
        let kind = std::str::from_utf8(from).unwrap_or_default();
        if dictionary == Dictionary::Keys && keys::is_rare(kind) {
            return self
                .index
                .rare
                .lists(from, to, |key, list| each(key, PartList::Rare(list)));
        }
        self.index
            .terms
            .lists(from, to, &mut |key, list| each(key, PartList::Common(list)))
    }

    fn lists_containing(
        &self,
        dictionary: Dictionary,
        beginning: &str,
        part: &str,
        each: &mut dyn FnMut(PartList),
    ) -> io::Result<()> {
        if dictionary == Dictionary::Keys && keys::is_rare(beginning) {
            return self
                .index
                .rare
                .containing(beginning, part, |list| each(PartList::Rare(list)));
        }
        self.index
            .terms
            .containing(beginning, part, &mut |list| each(PartList::Common(list)))
    }

    fn union(&self, lists: &[PartList], docs: Range<u32>) -> io::Result<RoaringBitmap> {
        let common: Vec<List> = lists.iter().filter_map(PartList::common).collect();
        let mut found = self.index.terms.union(&common, docs.clone())?;
        if common.len() == lists.len() {
            return Ok(found);
        }
        let listed = lists.iter().map(|list| u64::from(self.docs_of(list))).sum();
        let mut union = Union::new(docs, lists.len(), listed);
        for list in lists {
            if let PartList::Rare(list) = list {
                self.index.rare.each_doc(list, |doc| union.add(&[doc]));
            }
        }
        found |= union.finish();
        Ok(found)
    }

    fn retain(&self, list: &PartList, within: &RoaringBitmap) -> io::Result<RoaringBitmap> {
        match list {
            PartList::Common(list) => self.index.terms.retain(list, within),
            PartList::Rare(_) => {
                Ok(self.union(std::slice::from_ref(list), ends_of(within))? & within)
            }
        }
    }

    fn phrase(&self, words: &[Vec<PartList>], within: &RoaringBitmap) -> io::Result<RoaringBitmap> {
        // Words are all in the dictionary of words.
        let words: Vec<Vec<List>> = words
            .iter()
            .map(|lists| lists.iter().filter_map(PartList::common).collect())
            .collect();
        self.index.terms.phrase(&words, within)
    }

    fn ids(&self, field: ExactField, value: &str) -> Result<RoaringBitmap, Fault> {
        let PartIndex { ids, columns, .. } = self.index;
        let mut found = ids.find(keys::id_hash(field, value))?;
        if field == ExactField::Id {
            for sequence in self.log.id_candidates(value)? {
                let doc = columns.doc_from(sequence.get());
                if doc < columns.len() && columns.sequence(doc) == sequence.get() {
                    found.insert(doc);
                }
            }
        }
        Ok(found)
    }

    fn check(&self, leaf: &Leaf, docs: &RoaringBitmap) -> Result<RoaringBitmap, Fault> {
        let mut found = RoaringBitmap::new();
        let docs: Vec<u32> = docs.iter().collect();
        for docs in docs.chunks(CHECK_EVENTS) {
            let sequences: Vec<Sequence> = docs
                .iter()
                .map(|doc| Sequence::new(self.index.columns.sequence(*doc)))
                .collect();
            let events = self.log.read_many(&sequences)?;
            found.extend(
                docs.iter()
                    .zip(&events)
                    .filter(|(_, event)| leaf.matches(event))
                    .map(|(doc, _)| *doc),
            );
        }
        Ok(found)
    }
}
