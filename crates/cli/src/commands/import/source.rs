//! A file as a stream of records, with how far that is and the hash of everything read.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Error, ErrorKind, Read, Result};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;
use import::{Beginning, Format, Found, Item, Mapper, Records, Refusal, Rows, beginning};
use sha2::{Digest as _, Sha256};

/// Bytes at a file's beginning by which its shape is told.
const BEGINNING_BYTES: u64 = 256 << 10;
const BUFFER_BYTES: usize = 1 << 20;

/// How far a file has been read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// Records, those that are none included.
    pub(super) records: u64,
    /// Lines, up to that of the last record.
    pub(super) lines: u64,
}

/// The records of a file.
pub(super) struct Source {
    reading: Reading,
    is_packed: bool,
    mapper: Mapper,
    place: Place,
    hash: Sha256,
    bytes: Arc<AtomicU64>,
}

enum Reading {
    Nothing,
    Records(Records<Box<dyn BufRead>>),
    Rows(Box<Rows<Box<dyn BufRead>>>),
}

impl Source {
    /// Opens a file, packed with gzip or not. What it holds must look like what `mapper` reads.
    pub(super) fn open(path: &Path, mapper: &Mapper) -> std::result::Result<Source, Refusal> {
        let file = File::open(path).map_err(|error| cannot_read(&error, false))?;
        let bytes = Arc::new(AtomicU64::new(0));
        let counted = Counted {
            file,
            bytes: bytes.clone(),
        };
        let mut plain = BufReader::with_capacity(BUFFER_BYTES, counted);
        let first = plain
            .fill_buf()
            .map_err(|error| cannot_read(&error, false))?;
        let is_packed = first.starts_with(b"\x1f\x8b");
        let mut reader: Box<dyn Read> = match is_packed {
            true => Box::new(MultiGzDecoder::new(plain)),
            false => Box::new(plain),
        };
        let mut begin = Vec::new();
        // An error is told when reading has come so far: what stands before it is good.
        let error = reader
            .by_ref()
            .take(BEGINNING_BYTES)
            .read_to_end(&mut begin)
            .err();
        let looks = beginning(&begin);
        if let (Beginning::Nothing, Some(error)) = (&looks, &error) {
            return Err(cannot_read(error, is_packed));
        }
        let rest = Late { error, reader };
        let whole: Box<dyn BufRead> = Box::new(BufReader::with_capacity(
            BUFFER_BYTES,
            Cursor::new(begin).chain(rest),
        ));
        let mut mapper = mapper.clone();
        let reading = match (looks, &mut mapper) {
            (Beginning::Nothing, _) => Reading::Nothing,
            (Beginning::Text, Mapper::Csv(mapping)) => {
                let rows = Rows::new(whole, mapping.delimiter())
                    .map_err(|error| cannot_read(&error, is_packed))??;
                *mapping = mapping.bind(rows.columns())?;
                Reading::Rows(Box::new(rows))
            }
            (Beginning::JsonLines, Mapper::Csv(_)) => {
                return Err(wrong(Format::Csv, "JSON, a value on each line"));
            }
            (Beginning::Json, Mapper::Csv(_)) => return Err(wrong(Format::Csv, "JSON")),
            (Beginning::JsonLines, _) => Reading::Records(Records::new(whole, true)),
            (Beginning::Json, _) => Reading::Records(Records::new(whole, false)),
            (Beginning::Text, _) => {
                return Err(wrong(
                    mapper.format(),
                    "a table or plain text (a table is --format csv)",
                ));
            }
            (Beginning::Other(what), _) => return Err(wrong(mapper.format(), what)),
        };
        Ok(Source {
            reading,
            is_packed,
            mapper,
            place: Place::default(),
            hash: Sha256::new(),
            bytes,
        })
    }

    /// What turns its records into events.
    pub(super) fn mapper(&self) -> &Mapper {
        &self.mapper
    }

    /// The next record; none at the end. After a refusal nothing more comes.
    pub(super) fn next(&mut self) -> std::result::Result<Option<Found<'_>>, Refusal> {
        let found = match &mut self.reading {
            Reading::Nothing => Ok(None),
            Reading::Records(records) => records.next(),
            Reading::Rows(rows) => rows.next(),
        };
        let found = found.map_err(|error| cannot_read(&error, self.is_packed))?;
        if let Some(found) = &found {
            self.place.records += 1;
            self.place.lines = found.last_line;
            match &found.item {
                Item::Record(bytes) => {
                    self.hash.update((bytes.len() as u64).to_be_bytes());
                    self.hash.update(bytes);
                }
                Item::Bad(refusal) => self.hash.update(refusal.code.as_bytes()),
            }
        }
        Ok(found)
    }

    /// Behind the record read last.
    pub(super) fn place(&self) -> Place {
        self.place
    }

    /// SHA-256 of all records before [`Source::place`].
    pub(super) fn hash(&self) -> [u8; 32] {
        self.hash.clone().finalize().into()
    }

    /// Bytes of the file that were read.
    pub(super) fn bytes_read(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

fn wrong(format: Format, looks_like: &str) -> Refusal {
    let detail = format!(
        "the file does not look like {}: it looks like {looks_like}; nothing of it was read",
        format.as_str()
    );
    Refusal::new("wrong_format", detail)
}

fn cannot_read(error: &Error, is_packed: bool) -> Refusal {
    match (is_packed, error.kind()) {
        (true, ErrorKind::UnexpectedEof) => Refusal::new(
            "truncated_gzip",
            "the gzip file is cut off here; what came before was read, get the whole file for the rest",
        ),
        (true, ErrorKind::InvalidData | ErrorKind::InvalidInput) => {
            let words =
                format!("the gzip file is damaged here ({error}); what came before was read");
            Refusal::new("damaged_gzip", words)
        }
        _ => Refusal::new("unreadable_file", format!("cannot read the file: {error}")),
    }
}

/// Counts what was read of a file.
struct Counted {
    file: File,
    bytes: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, to: &mut [u8]) -> Result<usize> {
        let read = self.file.read(to)?;
        self.bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// A reader that failed before, and says so when it is asked the next time.
struct Late<R> {
    error: Option<Error>,
    reader: R,
}

impl<R: Read> Read for Late<R> {
    fn read(&mut self, to: &mut [u8]) -> Result<usize> {
        match self.error.take() {
            Some(error) => Err(error),
            None => self.reader.read(to),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn packed(text: &str) -> Vec<u8> {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(text.as_bytes()).unwrap();
        out.finish().unwrap()
    }

    /// The records of a file, and what ended it.
    fn read(bytes: &[u8], mapper: &Mapper) -> (Vec<String>, Option<String>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, bytes).unwrap();
        let mut seen = Vec::new();
        let mut source = match Source::open(&path, mapper) {
            Ok(source) => source,
            Err(refusal) => return (seen, Some(refusal.code.into_owned())),
        };
        loop {
            match source.next() {
                Ok(None) => return (seen, None),
                Err(refusal) => return (seen, Some(refusal.code.into_owned())),
                Ok(Some(found)) => match found.item {
                    Item::Record(text) => seen.push(String::from_utf8_lossy(text).into_owned()),
                    Item::Bad(refusal) => seen.push(refusal.code.into_owned()),
                },
            }
        }
    }

    #[test]
    fn gzip_is_unpacked_member_after_member_and_its_end_is_told() {
        let one = packed("{\"a\":1}\n");
        let two = [one.clone(), packed("{\"a\":2}\n")].concat();
        let records = |n: usize| {
            (1..=n)
                .map(|n| format!("{{\"a\":{n}}}"))
                .collect::<Vec<_>>()
        };
        assert_eq!(read(&one, &Mapper::GitHub), (records(1), None));
        assert_eq!(read(&two, &Mapper::GitHub), (records(2), None));
        let text: String = (1..=50_000).map(|n| format!("{{\"a\":{n}}}\n")).collect();
        let long = packed(&text);
        let (seen, end) = read(&long[..long.len() / 2], &Mapper::GitHub);
        assert_eq!(end.as_deref(), Some("truncated_gzip"));
        assert!(
            seen.len() > 1_000 && seen == records(seen.len()),
            "{}",
            seen.len()
        );
        let mut damaged = long.clone();
        let middle = damaged.len() / 2;
        damaged[middle..middle + 64].fill(0xff);
        assert_eq!(
            read(&damaged, &Mapper::GitHub).1.as_deref(),
            Some("damaged_gzip")
        );
        assert_eq!(
            read(&one[..12], &Mapper::GitHub).1.as_deref(),
            Some("truncated_gzip")
        );
    }

    #[test]
    fn what_a_file_is_instead_is_told() {
        let csv = Mapper::Csv(import::csv::Mapping::default());
        let wrong = |bytes: &[u8], mapper: &Mapper| read(bytes, mapper).1.unwrap();
        assert_eq!(wrong(b"PK\x03\x04", &Mapper::Okta), "wrong_format");
        assert_eq!(
            wrong(b"time,user\n1,2\n", &Mapper::CloudTrail),
            "wrong_format"
        );
        assert_eq!(wrong(b"{\"a\":1}\n", &csv), "wrong_format");
        assert_eq!(wrong(b"time,user\n1,2\n", &csv), "missing_column");
        assert_eq!(read(b" \n", &Mapper::Okta), (Vec::new(), None));
        let missing = Source::open(Path::new("/nowhere/at/all"), &Mapper::Okta);
        assert_eq!(missing.err().unwrap().code, "unreadable_file");
    }
}
