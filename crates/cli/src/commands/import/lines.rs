//! A file read line by line, with how far that is and the hash of everything read.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};

/// A longer line cannot be an event (60 KiB) and is not held in memory.
pub(super) const LINE_MAX_BYTES: u64 = 1 << 20;

/// The lines of a file.
pub(super) struct Lines {
    reader: BufReader<File>,
    line: Vec<u8>,
    place: Place,
    hash: Sha256,
}

/// How far a file has been read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// Bytes, whole lines only.
    pub(super) bytes: u64,
    /// Lines.
    pub(super) lines: u64,
}

/// One line.
pub(super) enum Line<'a> {
    /// Without white space at its ends.
    Text(&'a [u8]),
    /// It has more than [`LINE_MAX_BYTES`].
    TooLong,
}

impl Lines {
    pub(super) fn open(path: &Path) -> std::io::Result<Lines> {
        Ok(Lines {
            reader: BufReader::with_capacity(1 << 20, File::open(path)?),
            line: Vec::new(),
            place: Place::default(),
            hash: Sha256::new(),
        })
    }

    /// The next line; none at the end.
    pub(super) fn next(&mut self) -> std::io::Result<Option<Line<'_>>> {
        self.line.clear();
        let mut limited = self.reader.by_ref().take(LINE_MAX_BYTES);
        let read = limited.read_until(b'\n', &mut self.line)? as u64;
        if read == 0 {
            return Ok(None);
        }
        self.hash.update(&self.line);
        self.place.bytes += read;
        self.place.lines += 1;
        if read == LINE_MAX_BYTES && !self.line.ends_with(b"\n") {
            self.skip_rest()?;
            return Ok(Some(Line::TooLong));
        }
        Ok(Some(Line::Text(self.line.trim_ascii())))
    }

    fn skip_rest(&mut self) -> std::io::Result<()> {
        loop {
            let buffer = self.reader.fill_buf()?;
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let used = end.map_or(buffer.len(), |end| end + 1);
            let at_end = buffer.is_empty() || end.is_some();
            self.hash.update(&buffer[..used]);
            self.reader.consume(used);
            self.place.bytes += used as u64;
            if at_end {
                return Ok(());
            }
        }
    }

    /// Behind the line read last.
    pub(super) fn place(&self) -> Place {
        self.place
    }

    /// SHA-256 of everything before [`Lines::place`].
    pub(super) fn hash(&self) -> [u8; 32] {
        self.hash.clone().finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_counted_and_hashed_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let long = "x".repeat(LINE_MAX_BYTES as usize + 5);
        let text = format!(" one \n\n{long}\nlast");
        std::fs::write(&path, &text).unwrap();
        let mut lines = Lines::open(&path).unwrap();
        let mut seen = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            seen.push(match line {
                Line::Text(text) => String::from_utf8(text.to_vec()).unwrap(),
                Line::TooLong => "too long".to_owned(),
            });
        }
        assert_eq!(seen, ["one", "", "too long", "last"]);
        let place = Place {
            bytes: text.len() as u64,
            lines: 4,
        };
        assert_eq!(lines.place(), place);
        assert_eq!(lines.hash(), <[u8; 32]>::from(Sha256::digest(&text)));
    }
}
