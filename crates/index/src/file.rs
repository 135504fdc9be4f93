//! The file of a part's index: named sections in one file that never changes.
//!
//! It is written beside its place, synced and renamed, so it is there whole or not at all. Its
//! footer says what it was made from; whoever opens it checks that and the checksum of every byte,
//! and builds it again where anything is not as expected. Being a view, the format needs no
//! compatibility: another [`FORMAT`] is another file to build.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use ledger::PartInfo;
use memmap2::Mmap;
use serde::{Deserialize, Serialize};

/// Format of index files; grows with every change of their bytes.
const FORMAT: u32 = 10;
const MAGIC: [u8; 8] = *b"annalsix";
/// Length of the footer's text 4, checksum of the text 4, magic 8.
const TAIL_BYTES: usize = 16;
/// Bytes read at once to check a file, 256 KiB.
const READ_BYTES: usize = 256 << 10;
/// Bytes that are synced together, 256 KiB: whoever syncs an event waits for them, and must not wait
/// for a whole file.
const SYNC_BYTES: usize = 256 << 10;
/// What a file is called until it is whole.
pub(crate) const UNFINISHED: &str = "new";

/// What an index file was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Origin {
    /// The part, as the ledger names it.
    pub(crate) part: String,
    /// How many events it holds.
    pub(crate) count: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Footer {
    format: u32,
    schema: String,
    origin: Origin,
    /// Name, offset and length of each section.
    sections: Vec<(String, u64, u64)>,
    checksum: u32,
}

/// Writes an index file, section by section.
pub(crate) struct FileWriter {
    path: PathBuf,
    file: File,
    origin: Origin,
    length: u64,
    unsynced: usize,
    checksum: u32,
    sections: Vec<(String, u64, u64)>,
}

impl FileWriter {
    /// Begins the file that is to be at `folder/<part>`.
    pub(crate) fn create(folder: &Path, origin: Origin) -> io::Result<FileWriter> {
        let path = folder.join(&origin.part);
        make_folder(path.parent().unwrap_or(folder))?;
        Ok(FileWriter {
            file: private_file(&unfinished(&path))?,
            path,
            origin,
            length: 0,
            unsynced: 0,
            checksum: 0,
            sections: Vec::new(),
        })
    }

    pub(crate) fn section(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.sections
            .push((name.to_owned(), self.length, bytes.len() as u64));
        self.body(bytes)?;
        // Sections begin where numbers of eight bytes may.
        let gap = self.length.next_multiple_of(8) - self.length;
        self.body(&[0; 8][..gap as usize])
    }

    fn body(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(SYNC_BYTES - self.unsynced));
            self.file.write_all(now)?;
            self.unsynced += now.len();
            if self.unsynced == SYNC_BYTES {
                self.file.sync_data()?;
                self.unsynced = 0;
            }
            rest = later;
        }
        self.length += bytes.len() as u64;
        self.checksum = crc32c::crc32c_append(self.checksum, bytes);
        Ok(())
    }

    /// Makes the file appear in its place, whole and durable.
    pub(crate) fn publish(mut self, schema: &str) -> io::Result<()> {
        let footer = Footer {
            format: FORMAT,
            schema: schema.to_owned(),
            origin: self.origin,
            sections: self.sections,
            checksum: self.checksum,
        };
        let mut footer = serde_json::to_vec(&footer)?;
        let (length, checksum) = (footer.len() as u32, crc32c::crc32c(&footer));
        footer.extend_from_slice(&length.to_le_bytes());
        footer.extend_from_slice(&checksum.to_le_bytes());
        footer.extend_from_slice(&MAGIC);
        self.file.write_all(&footer)?;
        self.file.sync_data()?;
        fs::rename(unfinished(&self.path), &self.path)?;
        // There from now on; another open of the index finds it whole.
        match self.path.parent() {
            Some(shelf) => File::open(shelf)?.sync_all(),
            None => Ok(()),
        }
    }
}

/// Makes the file of a part from that of another with the same events, which stays.
pub(crate) fn copy(folder: &Path, from: &str, info: &PartInfo, schema: &str) -> io::Result<()> {
    let sections = Sections::open(folder, from, schema)?;
    let origin = Origin {
        part: info.name.to_string(),
        count: sections.origin.count,
    };
    let mut file = FileWriter::create(folder, origin)?;
    let mut all: Vec<_> = sections.iter().collect();
    all.sort_by_key(|(_, bytes)| bytes.as_ptr());
    for (name, bytes) in all {
        file.section(name, bytes)?;
    }
    file.publish(schema)
}

fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(UNFINISHED);
    name.into()
}

/// Makes a folder that only its owner may read.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}

fn private_file(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
}

/// Checksum of the first `length` bytes of a file. They are read, not mapped: what nobody searches
/// takes no memory of the process.
fn checksum_of(path: &Path, length: usize) -> io::Result<u32> {
    let mut file = File::open(path)?;
    let mut buffer = vec![0; READ_BYTES.min(length)];
    let (mut left, mut checksum) = (length, 0);
    while left > 0 {
        let now = &mut buffer[..READ_BYTES.min(left)];
        file.read_exact(now)?;
        checksum = crc32c::crc32c_append(checksum, now);
        left -= now.len();
    }
    Ok(checksum)
}

/// A file that never changes as memory.
fn map(file: &File) -> io::Result<Bytes> {
    #[expect(
        unsafe_code,
        reason = "an index file is written whole before it gets its name, and only ever removed; no safe \
                  interface can know that"
    )]
    // SAFETY: nobody writes to a file of this name, or cuts it: `FileWriter` renames one that is whole.
    let memory = unsafe { Mmap::map(file) }?;
    Ok(Bytes::from_owner(memory))
}

/// The sections of an index file, mapped into memory.
pub(crate) struct Sections {
    pub(crate) origin: Origin,
    pub(crate) bytes: u64,
    sections: HashMap<String, Bytes>,
}

impl Sections {
    /// Opens the file of a part and checks every byte of it. Why it cannot be used is in the
    /// error; `NotFound` if there is none.
    pub(crate) fn open(folder: &Path, part: &str, schema: &str) -> io::Result<Sections> {
        let damaged = |what: &str| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!("index file {part}: {what}"),
            )
        };
        let bytes = map(&File::open(folder.join(part))?)?;
        let Some((rest, tail)) = bytes.split_last_chunk::<TAIL_BYTES>() else {
            return Err(damaged("it is cut"));
        };
        let [length, checksum] = [0, 4]
            .map(|at| u32::from_le_bytes([tail[at], tail[at + 1], tail[at + 2], tail[at + 3]]));
        let footer_start = rest
            .len()
            .checked_sub(length as usize)
            .ok_or_else(|| damaged("it is cut"))?;
        let (body, footer) = rest.split_at(footer_start);
        if tail[8..] != MAGIC || crc32c::crc32c(footer) != checksum {
            return Err(damaged("its footer"));
        }
        let footer: Footer =
            serde_json::from_slice(footer).map_err(|_| damaged("another format"))?;
        if footer.format != FORMAT || footer.schema != schema || footer.origin.part != part {
            return Err(damaged("another format"));
        }
        if checksum_of(&folder.join(part), body.len())? != footer.checksum {
            return Err(damaged("its checksum"));
        }
        let sections = footer
            .sections
            .into_iter()
            .map(|(name, offset, length)| {
                let range = offset as usize..offset.checked_add(length)? as usize;
                (range.end <= body.len()).then(|| (name, bytes.slice(range)))
            })
            .collect::<Option<_>>()
            .ok_or_else(|| damaged("its sections"))?;
        Ok(Sections {
            origin: footer.origin,
            bytes: bytes.len() as u64,
            sections,
        })
    }

    pub(crate) fn get(&self, name: &str) -> Option<Bytes> {
        self.sections.get(name).cloned()
    }

    /// All sections, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Bytes)> {
        self.sections
            .iter()
            .map(|(name, bytes)| (name.as_str(), bytes))
    }

    /// The sections of these names, if all are there.
    pub(crate) fn all<const N: usize>(&self, names: [&str; N]) -> Option<[Bytes; N]> {
        let all = names.into_iter().map(|name| self.get(name));
        all.collect::<Option<Vec<_>>>()?.try_into().ok()
    }
}
