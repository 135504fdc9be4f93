//! The inverted index of a part: which documents have a key or a word, and where in them.
//!
//! This is the only file that knows tantivy's inverted index. A part is one segment, written in
//! the order of its events and never changed, so document numbers are places in the part.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use roaring::RoaringBitmap;
use tantivy::directory::error::{DeleteError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    FileHandle, OwnedBytes, RamDirectory, WatchCallback, WatchHandle, WritePtr,
};
use tantivy::index::{InvertedIndexReader, SegmentReader};
use tantivy::postings::{Postings, SegmentPostings, TermInfo};
use tantivy::schema::document::{ReferenceValue, ReferenceValueLeaf};
use tantivy::schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::store::Compressor;
use tantivy::tokenizer::{Token, TokenStream, Tokenizer, TokenizerManager};
use tantivy::{Directory, DocSet, Index, IndexSettings, SingleSegmentIndexWriter};

use crate::keys::BETWEEN;
use crate::union::Union;

/// The two dictionaries of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dictionary {
    /// Keys: which documents.
    Keys = 0,
    /// Words: which documents, and at which places.
    Words = 1,
}

const TOKENIZER: &str = "between";
/// Memory set aside for each event while a part is built, in bytes: sets the first size of the
/// dictionary's table, which grows where needed.
const BUILD_BYTES_PER_EVENT: usize = 300;
const BUILD_BYTES: std::ops::RangeInclusive<usize> = 1_000_000..=30_000_000;

/// Kinds of files a segment consists of.
const EXTENSIONS: [&str; 6] = ["term", "idx", "pos", "fieldnorm", "fast", STORE];
const STORE: &str = "store";
const META: &str = "meta.json";

/// Makes the inverted index of a part, in memory.
pub(crate) struct TermsBuilder {
    writer: SingleSegmentIndexWriter<Row>,
    directory: RamDirectory,
}

impl TermsBuilder {
    /// For about `events` events.
    pub(crate) fn new(events: usize) -> io::Result<TermsBuilder> {
        let directory = RamDirectory::create();
        let budget =
            (events * BUILD_BYTES_PER_EVENT).clamp(*BUILD_BYTES.start(), *BUILD_BYTES.end());
        let writer = Index::builder()
            .schema(schema())
            .tokenizers(tokenizers())
            .settings(IndexSettings {
                docstore_compression: Compressor::None,
                docstore_compress_dedicated_thread: false,
                ..IndexSettings::default()
            })
            .single_segment_index_writer(directory.clone(), budget)
            .map_err(io::Error::other)?;
        Ok(TermsBuilder { writer, directory })
    }

    /// Adds the next event of the part. `keys` are those that are not kept as rare ones, each
    /// followed by [`BETWEEN`].
    pub(crate) fn push(&mut self, keys: &str, words: &str) -> io::Result<()> {
        let row = Row {
            keys: keys.to_owned(),
            words: words.to_owned(),
        };
        self.writer.add_document(row).map_err(io::Error::other)
    }

    pub(crate) fn finish(self) -> io::Result<Files> {
        let files = self.finish_with_store()?;
        Ok(files.with_store(empty_store()?))
    }

    fn finish_with_store(self) -> io::Result<Files> {
        let index = self.writer.finalize().map_err(io::Error::other)?;
        Files::of(&index, &self.directory)
    }
}

/// The document store of an index without documents. We store none, but tantivy writes four bytes
/// for each document all the same: this takes the place of that file. Merged with its like it stays
/// empty.
fn empty_store() -> io::Result<OwnedBytes> {
    static EMPTY: OnceLock<OwnedBytes> = OnceLock::new();
    if let Some(store) = EMPTY.get() {
        return Ok(store.clone());
    }
    let files = TermsBuilder::new(0)?.finish_with_store()?;
    let (_, store) = files
        .files
        .iter()
        .find(|(path, _)| is_store(path))
        .ok_or_else(|| io::Error::other("an index has no document store"))?;
    Ok(EMPTY.get_or_init(|| store.clone()).clone())
}

fn is_store(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == STORE)
}

/// The files of an inverted index, by name.
#[derive(Clone, Default)]
pub(crate) struct Files {
    files: Arc<HashMap<PathBuf, OwnedBytes>>,
}

impl Files {
    fn of(index: &Index, directory: &RamDirectory) -> io::Result<Files> {
        let mut files = HashMap::new();
        let mut take = |name: String| -> io::Result<()> {
            let path = PathBuf::from(name);
            if directory.exists(&path).map_err(io::Error::other)? {
                let bytes = directory
                    .open_read(&path)
                    .map_err(io::Error::other)?
                    .read_bytes()?;
                files.insert(path, bytes);
            }
            Ok(())
        };
        take(META.to_owned())?;
        for segment in index.searchable_segment_ids().map_err(io::Error::other)? {
            for extension in EXTENSIONS {
                take(format!("{}.{extension}", segment.uuid_string()))?;
            }
        }
        Ok(Files {
            files: Arc::new(files),
        })
    }

    fn with_store(&self, store: OwnedBytes) -> Files {
        let mut files = HashMap::clone(&self.files);
        files
            .iter_mut()
            .filter(|(path, _)| is_store(path))
            .for_each(|(_, bytes)| *bytes = store.clone());
        Files {
            files: Arc::new(files),
        }
    }

    pub(crate) fn from_iter(files: impl Iterator<Item = (String, OwnedBytes)>) -> Files {
        Files {
            files: Arc::new(
                files
                    .map(|(name, bytes)| (PathBuf::from(name), bytes))
                    .collect(),
            ),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files
            .iter()
            .filter_map(|(path, bytes)| Some((path.to_str()?, bytes.as_slice())))
    }

    fn open(&self) -> io::Result<Index> {
        let mut index = Index::open(self.clone()).map_err(io::Error::other)?;
        index.set_tokenizers(tokenizers());
        Ok(index)
    }

    /// One inverted index with the documents of all, in order.
    pub(crate) fn merge(parts: &[Files]) -> io::Result<Files> {
        let indices = parts
            .iter()
            .map(Files::open)
            .collect::<io::Result<Vec<_>>>()?;
        let directory = RamDirectory::create();
        let output: Box<dyn Directory> = Box::new(directory.clone());
        let index = tantivy::indexer::merge_indices(&indices, output).map_err(io::Error::other)?;
        Files::of(&index, &directory)
    }
}

/// An open inverted index.
pub(crate) struct Terms {
    dictionaries: [Arc<InvertedIndexReader>; 2],
    docs: u32,
}

/// The documents of one key or word.
#[derive(Debug, Clone)]
pub(crate) struct List {
    dictionary: Dictionary,
    info: TermInfo,
}

impl List {
    pub(crate) fn docs(&self) -> u32 {
        self.info.doc_freq
    }
}

impl Terms {
    pub(crate) fn open(files: &Files) -> io::Result<Terms> {
        let index = files.open()?;
        let segments = index.searchable_segments().map_err(io::Error::other)?;
        let [segment] = segments.as_slice() else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "an index of a part has one segment",
            ));
        };
        let reader = SegmentReader::open(segment).map_err(io::Error::other)?;
        let field = |dictionary: Dictionary| {
            reader
                .inverted_index(Field::from_field_id(dictionary as u32))
                .map_err(io::Error::other)
        };
        Ok(Terms {
            dictionaries: [field(Dictionary::Keys)?, field(Dictionary::Words)?],
            docs: reader.max_doc(),
        })
    }

    pub(crate) fn docs(&self) -> u32 {
        self.docs
    }

    fn of(&self, dictionary: Dictionary) -> &InvertedIndexReader {
        &self.dictionaries[dictionary as usize]
    }

    pub(crate) fn list(&self, dictionary: Dictionary, key: &str) -> io::Result<Option<List>> {
        let info = self.of(dictionary).terms().get(key)?;
        Ok(info.map(|info| List { dictionary, info }))
    }

    /// Calls `each` with every key in `from..to` and its documents, in order, until it says no.
    pub(crate) fn lists(
        &self,
        dictionary: Dictionary,
        from: &[u8],
        to: &[u8],
        each: &mut dyn FnMut(&str, List) -> bool,
    ) -> io::Result<()> {
        let mut keys = self
            .of(dictionary)
            .terms()
            .range()
            .ge(from)
            .lt(to)
            .into_stream()?;
        while keys.advance() {
            let Ok(key) = std::str::from_utf8(keys.key()) else {
                continue;
            };
            if !each(
                key,
                List {
                    dictionary,
                    info: keys.value().clone(),
                },
            ) {
                break;
            }
        }
        Ok(())
    }

    /// Calls `each` with every key, in order.
    pub(crate) fn keys(
        &self,
        dictionary: Dictionary,
        mut each: impl FnMut(&str) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut keys = self.of(dictionary).terms().stream()?;
        while keys.advance() {
            if let Ok(key) = std::str::from_utf8(keys.key()) {
                each(key)?;
            }
        }
        Ok(())
    }

    /// The documents of any of the lists.
    pub(crate) fn union(&self, lists: &[List]) -> io::Result<RoaringBitmap> {
        let expected = lists.iter().map(|list| u64::from(list.docs())).sum();
        let mut union = Union::new(self.docs, lists.len(), expected);
        for list in lists {
            let mut blocks = self
                .of(list.dictionary)
                .read_block_postings_from_terminfo(&list.info, IndexRecordOption::Basic)?;
            while blocks.block_len() > 0 {
                union.add(blocks.docs());
                blocks.advance();
            }
        }
        Ok(union.finish())
    }

    /// The documents of `within` that are in the list. Looks only where they are.
    pub(crate) fn retain(&self, list: &List, within: &RoaringBitmap) -> io::Result<RoaringBitmap> {
        let mut postings = self.postings(list, IndexRecordOption::Basic)?;
        Ok(within
            .iter()
            .filter(|doc| {
                postings.doc() == *doc || (postings.doc() < *doc && postings.seek(*doc) == *doc)
            })
            .collect())
    }

    fn postings(&self, list: &List, option: IndexRecordOption) -> io::Result<SegmentPostings> {
        self.of(list.dictionary)
            .read_postings_from_terminfo(&list.info, option)
    }

    /// The documents of `within` that have the words one after the other; a word may be any of
    /// several.
    pub(crate) fn phrase(
        &self,
        words: &[Vec<List>],
        within: &RoaringBitmap,
    ) -> io::Result<RoaringBitmap> {
        let mut places = words
            .iter()
            .map(|lists| self.places(lists, within))
            .collect::<io::Result<Vec<_>>>()?;
        let mut found = RoaringBitmap::new();
        let (mut starts, mut next) = (Vec::new(), Vec::new());
        for doc in within {
            starts.clear();
            for (offset, places) in places.iter_mut().enumerate() {
                next.clear();
                places.take(doc, &mut next);
                if offset == 0 {
                    starts.extend_from_slice(&next);
                } else {
                    let offset = offset as u32;
                    starts.retain(|start| next.binary_search(&(start + offset)).is_ok());
                }
                if starts.is_empty() {
                    break;
                }
            }
            if !starts.is_empty() {
                found.insert(doc);
            }
        }
        Ok(found)
    }

    fn places(&self, lists: &[List], within: &RoaringBitmap) -> io::Result<Places> {
        if let [list] = lists {
            return Ok(Places::One(Box::new(
                self.postings(list, IndexRecordOption::WithFreqsAndPositions)?,
            )));
        }
        let mut places: HashMap<u32, Vec<u32>> = HashMap::new();
        for list in lists {
            let mut postings = self.postings(list, IndexRecordOption::WithFreqsAndPositions)?;
            for doc in &self.retain(list, within)? {
                if postings.doc() < doc {
                    postings.seek(doc);
                }
                postings.append_positions_with_offset(0, places.entry(doc).or_default());
            }
        }
        places
            .values_mut()
            .for_each(|places| places.sort_unstable());
        Ok(Places::Several(places))
    }
}

/// Where a word stands in documents that are asked for in order.
enum Places {
    One(Box<SegmentPostings>),
    Several(HashMap<u32, Vec<u32>>),
}

impl Places {
    fn take(&mut self, doc: u32, out: &mut Vec<u32>) {
        match self {
            Places::One(postings) => {
                if postings.doc() == doc || (postings.doc() < doc && postings.seek(doc) == doc) {
                    postings.append_positions_with_offset(0, out);
                }
            }
            Places::Several(places) => out.extend(places.get(&doc).into_iter().flatten()),
        }
    }
}

fn schema() -> Schema {
    let indexed = |option| {
        let indexing = TextFieldIndexing::default()
            .set_tokenizer(TOKENIZER)
            .set_index_option(option)
            .set_fieldnorms(false);
        TextOptions::default().set_indexing_options(indexing)
    };
    let mut schema = Schema::builder();
    // In the order of `Dictionary`.
    schema.add_text_field("keys", indexed(IndexRecordOption::Basic));
    schema.add_text_field("words", indexed(IndexRecordOption::WithFreqsAndPositions));
    schema.build()
}

fn tokenizers() -> TokenizerManager {
    let manager = TokenizerManager::new();
    manager.register(TOKENIZER, Split::default());
    manager
}

/// What a document is to tantivy: two texts, already cut into tokens.
#[derive(Debug)]
struct Row {
    keys: String,
    words: String,
}

#[derive(Debug, Clone, Copy)]
struct Text<'a>(&'a str);

impl<'a> tantivy::schema::Value<'a> for Text<'a> {
    type ArrayIter = std::iter::Empty<Self>;
    type ObjectIter = std::iter::Empty<(&'a str, Self)>;

    fn as_value(&self) -> ReferenceValue<'a, Self> {
        ReferenceValue::Leaf(ReferenceValueLeaf::Str(self.0))
    }
}

impl tantivy::Document for Row {
    type Value<'a> = Text<'a>;
    type FieldsValuesIter<'a> = std::array::IntoIter<(Field, Text<'a>), 2>;

    fn iter_fields_and_values(&self) -> Self::FieldsValuesIter<'_> {
        let field = |dictionary: Dictionary| Field::from_field_id(dictionary as u32);
        [
            (field(Dictionary::Keys), Text(&self.keys)),
            (field(Dictionary::Words), Text(&self.words)),
        ]
        .into_iter()
    }
}

/// Cuts at [`BETWEEN`]; an empty token is a gap.
#[derive(Clone, Default)]
struct Split {
    token: Token,
}

impl Tokenizer for Split {
    type TokenStream<'a> = Pieces<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Pieces<'a> {
        Pieces {
            rest: text,
            place: 0,
            token: &mut self.token,
        }
    }
}

struct Pieces<'a> {
    rest: &'a str,
    place: usize,
    token: &'a mut Token,
}

impl TokenStream for Pieces<'_> {
    fn advance(&mut self) -> bool {
        while let Some((piece, rest)) = self.rest.split_once(BETWEEN) {
            self.rest = rest;
            self.place += 1;
            if !piece.is_empty() {
                self.token.text.clear();
                self.token.text.push_str(piece);
                self.token.position = self.place;
                self.token.position_length = 1;
                return true;
            }
        }
        false
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.files.keys()).finish()
    }
}

/// A folder of tantivy's that can only be read.
impl Directory for Files {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        match self.files.get(path) {
            Some(bytes) => Ok(Arc::new(bytes.clone())),
            None => Err(OpenReadError::FileDoesNotExist(path.to_owned())),
        }
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        Err(DeleteError::IoError {
            io_error: Arc::new(read_only()),
            filepath: path.to_owned(),
        })
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        Ok(self.files.contains_key(path))
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        Err(OpenWriteError::IoError {
            io_error: Arc::new(read_only()),
            filepath: path.to_owned(),
        })
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        match self.files.get(path) {
            Some(bytes) => Ok(bytes.to_vec()),
            None => Err(OpenReadError::FileDoesNotExist(path.to_owned())),
        }
    }

    fn atomic_write(&self, _: &Path, _: &[u8]) -> io::Result<()> {
        Err(read_only())
    }

    fn sync_directory(&self) -> io::Result<()> {
        Ok(())
    }

    fn watch(&self, _: WatchCallback) -> tantivy::Result<WatchHandle> {
        Ok(WatchHandle::empty())
    }
}

fn read_only() -> io::Error {
    io::Error::new(
        io::ErrorKind::ReadOnlyFilesystem,
        "an index file never changes",
    )
}
