//! The inverted index of a part: which documents have a key or a word, and where in them.
//!
//! This is the only file that knows tantivy's inverted index. A part is one segment, written in
//! the order of its events and never changed, so document numbers are places in the part.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use roaring::RoaringBitmap;
use tantivy::columnar::ColumnarWriter;
use tantivy::directory::error::{DeleteError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    FileHandle, OwnedBytes, RamDirectory, TerminatingWrite as _, WatchCallback, WatchHandle,
    WritePtr,
};
use tantivy::fieldnorm::FieldNormsSerializer;
use tantivy::index::{
    IndexMeta, InvertedIndexReader, Segment, SegmentComponent, SegmentId, SegmentReader,
};
use tantivy::postings::{
    FieldSerializer, InvertedIndexSerializer, Postings, SegmentPostings, TermInfo,
};
use tantivy::schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::store::{Compressor, StoreWriter};
use tantivy::{Directory, DocSet, Index, IndexSettings};

use crate::union::{Union, of_ascending};

/// The two dictionaries of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dictionary {
    /// Keys: which documents.
    Keys = 0,
    /// Words: which documents, and at which places.
    Words = 1,
}

/// Kinds of files a segment consists of.
const EXTENSIONS: [&str; 6] = ["term", "idx", "pos", "fieldnorm", "fast", "store"];
const STORE_BLOCK_BYTES: usize = 1 << 14;
const META: &str = "meta.json";

/// Name of every segment that is written here: a part has one, and the same events make the same
/// bytes. What the library merges it gives other names.
const SEGMENT: &str = "00000000000000000000000000000000";

/// Makes the inverted index of a part, in memory: the keys of one dictionary, then those of the
/// other.
pub(crate) struct TermsWriter {
    directory: RamDirectory,
    segment: Segment,
    serializer: InvertedIndexSerializer,
}

impl TermsWriter {
    /// Of so many documents.
    pub(crate) fn new(docs: u32) -> tantivy::Result<TermsWriter> {
        let directory = RamDirectory::create();
        let index = Index::create(directory.clone(), schema(), settings())?;
        let id = SegmentId::from_uuid_string(SEGMENT)
            .map_err(|error| tantivy::TantivyError::InvalidArgument(error.to_string()))?;
        let segment = index.segment(index.new_segment_meta(id, docs));
        Ok(TermsWriter {
            directory,
            serializer: InvertedIndexSerializer::open(&segment)?,
            segment,
        })
    }

    /// Begins a dictionary, which has keys at so many places.
    pub(crate) fn dictionary(
        &mut self,
        dictionary: Dictionary,
        places: usize,
    ) -> io::Result<DictionaryWriter<'_>> {
        let field = Field::from_field_id(dictionary as u32);
        Ok(DictionaryWriter {
            serializer: self.serializer.new_field(field, places as u64, None)?,
            has_places: dictionary == Dictionary::Words,
            distances: Vec::new(),
        })
    }

    pub(crate) fn finish(self) -> tantivy::Result<Files> {
        let TermsWriter {
            directory,
            segment,
            serializer,
        } = self;
        serializer.close()?;
        // What else a segment has to have: nothing about no field.
        let docs = segment.meta().max_doc();
        let mut columns = segment.open_write(SegmentComponent::FastFields)?;
        ColumnarWriter::default().serialize(docs, None, &mut columns)?;
        columns.terminate()?;
        let norms = segment.open_write(SegmentComponent::FieldNorms)?;
        FieldNormsSerializer::from_write(norms)?.close()?;
        // We store no document; tantivy's own writer has four bytes for each all the same.
        let store = segment.open_write(SegmentComponent::Store)?;
        StoreWriter::new(store, Compressor::None, STORE_BLOCK_BYTES, false)?.close()?;
        let index = segment.index();
        let meta = IndexMeta {
            index_settings: settings(),
            persisted_custom_extensions: Vec::new(),
            segments: vec![segment.meta().clone()],
            schema: schema(),
            opstamp: 0,
            payload: None,
        };
        let meta = serde_json::to_vec(&meta).map_err(io::Error::other)?;
        directory.atomic_write(Path::new(META), &meta)?;
        Ok(Files::of(index, &directory)?)
    }
}

/// Takes the keys of a dictionary, in order.
pub(crate) struct DictionaryWriter<'w> {
    serializer: FieldSerializer<'w>,
    has_places: bool,
    distances: Vec<u32>,
}

impl DictionaryWriter<'_> {
    /// Adds a key with its documents and the places in them, in order.
    pub(crate) fn push(&mut self, key: &str, at: &[(u32, u32)]) -> io::Result<()> {
        let docs = || at.chunk_by(|one, two| one.0 == two.0);
        let count = docs().count() as u32;
        self.serializer
            .new_term(key.as_bytes(), count, self.has_places)?;
        for places in docs() {
            self.distances.clear();
            if self.has_places {
                let mut before = 0;
                for (_, place) in places {
                    self.distances.push(place - before);
                    before = *place;
                }
            }
            let frequency = self.distances.len() as u32;
            self.serializer
                .write_doc(places[0].0, frequency, &self.distances);
        }
        self.serializer.close_term()
    }

    pub(crate) fn finish(self) -> io::Result<()> {
        self.serializer.close()
    }
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
        Index::open(self.clone()).map_err(io::Error::other)
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

    /// The documents of a range that are in any of the lists. Blocks before it are passed over.
    pub(crate) fn union(&self, lists: &[List], docs: Range<u32>) -> io::Result<RoaringBitmap> {
        let listed: u64 = lists.iter().map(|list| u64::from(list.docs())).sum();
        let expected = listed * docs.len() as u64 / u64::from(self.docs.max(1));
        let mut union = Union::new(docs.clone(), lists.len(), expected);
        for list in lists {
            let mut blocks = self
                .of(list.dictionary)
                .read_block_postings_from_terminfo(&list.info, IndexRecordOption::Basic)?;
            if docs.start > 0 {
                blocks.seek(docs.start);
            }
            while blocks.docs().first().is_some_and(|doc| *doc < docs.end) {
                union.add(blocks.docs());
                blocks.advance();
            }
        }
        Ok(union.finish())
    }

    /// The documents of `within` that are in the list. Looks only where they are.
    pub(crate) fn retain(&self, list: &List, within: &RoaringBitmap) -> io::Result<RoaringBitmap> {
        let mut postings = self.postings(list, IndexRecordOption::Basic)?;
        let found: Vec<u32> = within
            .iter()
            .filter(|doc| {
                postings.doc() == *doc || (postings.doc() < *doc && postings.seek(*doc) == *doc)
            })
            .collect();
        Ok(of_ascending(&found))
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
        let mut found = Vec::new();
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
                found.push(doc);
            }
        }
        Ok(of_ascending(&found))
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

fn settings() -> IndexSettings {
    IndexSettings {
        docstore_compression: Compressor::None,
        docstore_compress_dedicated_thread: false,
        ..IndexSettings::default()
    }
}

fn schema() -> Schema {
    let indexed = |option| {
        let indexing = TextFieldIndexing::default()
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
