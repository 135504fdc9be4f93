//! A table (RFC 4180) parted into rows, each given as a JSON object of its cells.

use std::io::{BufRead, Result};

use event::json::push_string;

use crate::records::{Found, Item, RECORD_MAX_BYTES};
use crate::refusal::Refusal;

/// What parts the cells of a row where the file does not say.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The rows of a table.
pub struct Rows<R> {
    reader: R,
    delimiter: u8,
    columns: Vec<String>,
    cells: Vec<Vec<u8>>,
    row: Vec<u8>,
    line: u64,
    number: u64,
}

/// How a row ended.
enum End {
    Whole,
    Nothing,
    TooLong,
    OpenQuote,
}

impl<R: BufRead> Rows<R> {
    /// The rows of what `reader` gives. The first row is the heading; without a delimiter it is the
    /// one of comma, semicolon, tab and bar that parts the heading most often.
    pub fn new(mut reader: R, delimiter: Option<u8>) -> Result<std::result::Result<Self, Refusal>> {
        let beginning = reader.fill_buf()?;
        let bom = if beginning.starts_with(b"\xef\xbb\xbf") {
            3
        } else {
            0
        };
        let heading = beginning.get(bom..).unwrap_or_default();
        let heading = heading
            .split(|byte| *byte == b'\n')
            .next()
            .unwrap_or_default();
        let count = |delimiter: &u8| heading.iter().filter(|byte| *byte == delimiter).count();
        let most = DELIMITERS
            .into_iter()
            .rev()
            .max_by_key(count)
            .unwrap_or(b',');
        reader.consume(bom);
        let mut rows = Rows {
            reader,
            delimiter: delimiter.unwrap_or(most),
            columns: Vec::new(),
            cells: Vec::new(),
            row: Vec::new(),
            line: 1,
            number: 0,
        };
        let bad = match rows.read()? {
            End::Whole => None,
            End::Nothing => Some(Refusal::new("missing_column", "the table has no heading")),
            End::TooLong | End::OpenQuote => Some(Refusal::new(
                "malformed_csv",
                "the heading of the table never ends",
            )),
        };
        if let Some(refusal) = bad {
            return Ok(Err(refusal));
        }
        for (place, cell) in rows.cells.iter().enumerate() {
            let Ok(name) = std::str::from_utf8(cell) else {
                return Ok(Err(Refusal::new(
                    "invalid_utf8",
                    "the heading of the table is not UTF-8; convert the file first",
                )));
            };
            let mut name = match name.trim() {
                "" => format!("column {}", place + 1),
                name => name.to_owned(),
            };
            if rows.columns.contains(&name) {
                name = format!("{name} ({})", place + 1);
            }
            rows.columns.push(name);
        }
        Ok(Ok(rows))
    }

    /// The names of the columns: those of the heading; one that is empty or stands twice carries
    /// its number.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The next row as a JSON object; none at the end. Empty lines are passed over.
    #[expect(
        clippy::should_implement_trait,
        reason = "what is given borrows from the reader"
    )]
    pub fn next(&mut self) -> Result<Option<Found<'_>>> {
        let (line, end) = loop {
            let line = self.line;
            let end = self.read()?;
            let is_empty = self.cells.len() == 1
                && self
                    .cells
                    .first()
                    .is_some_and(|it| it.trim_ascii().is_empty());
            if !(matches!(end, End::Whole) && is_empty) {
                break (line, end);
            }
        };
        let bad = match end {
            End::Nothing => return Ok(None),
            End::TooLong => {
                let detail = format!("the row has more than {RECORD_MAX_BYTES} bytes");
                Some(Refusal::new("too_large", detail))
            }
            End::OpenQuote => {
                let detail = format!(
                    "a quote is never closed; lines {line} to {} are lost to it",
                    self.line.saturating_sub(1).max(line)
                );
                Some(Refusal::new("malformed_csv", detail))
            }
            End::Whole => self.row_as_json(),
        };
        self.number += 1;
        Ok(Some(Found {
            line,
            last_line: self.line,
            number: self.number,
            item: match bad {
                Some(refusal) => Item::Bad(refusal),
                None => Item::Record(&self.row),
            },
        }))
    }

    fn row_as_json(&mut self) -> Option<Refusal> {
        if self.cells.len() != self.columns.len() {
            let detail = format!(
                "the row has {} cells, the heading has {}",
                self.cells.len(),
                self.columns.len()
            );
            return Some(Refusal::new("wrong_cell_count", detail));
        }
        let mut json = String::from("{");
        for (column, cell) in self.columns.iter().zip(&self.cells) {
            let Ok(text) = std::str::from_utf8(cell) else {
                let detail = format!("the cell of `{column}` is not UTF-8; convert the file first");
                return Some(Refusal::new("invalid_utf8", detail));
            };
            if json.len() > 1 {
                json.push(',');
            }
            push_string(column, &mut json);
            json.push(':');
            push_string(text, &mut json);
        }
        json.push('}');
        self.row = json.into_bytes();
        None
    }

    /// Reads the cells of one row.
    fn read(&mut self) -> Result<End> {
        self.cells.clear();
        let mut cell = Vec::new();
        let mut bytes = 0;
        let (mut in_quotes, mut after_quote, mut at_start, mut anything) =
            (false, false, true, false);
        let mut too_long = false;
        loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                if !anything {
                    return Ok(End::Nothing);
                }
                self.cells.push(cell);
                return Ok(match (in_quotes, too_long) {
                    (true, _) => End::OpenQuote,
                    (false, true) => End::TooLong,
                    (false, false) => End::Whole,
                });
            }
            let (mut used, mut ended) = (0, None);
            for byte in buffer {
                used += 1;
                anything = true;
                bytes += 1;
                if bytes > RECORD_MAX_BYTES && !too_long {
                    too_long = true;
                    cell.clear();
                    self.cells.clear();
                }
                if *byte == b'\n' {
                    self.line += 1;
                    if !in_quotes || too_long {
                        ended = Some(match (too_long, in_quotes) {
                            (true, true) => End::OpenQuote,
                            (true, false) => End::TooLong,
                            (false, _) => End::Whole,
                        });
                        break;
                    }
                }
                match byte {
                    b'"' if in_quotes => (in_quotes, after_quote) = (false, true),
                    // Two quotes in a quoted cell are one.
                    b'"' if after_quote => {
                        (in_quotes, after_quote) = (true, false);
                        cell.push(b'"');
                    }
                    b'"' if at_start => {
                        (in_quotes, at_start) = (true, false);
                        cell.clear();
                    }
                    _ if *byte == self.delimiter && !in_quotes => {
                        self.cells.push(std::mem::take(&mut cell));
                        (at_start, after_quote) = (true, false);
                    }
                    _ if too_long => {}
                    _ => {
                        cell.push(*byte);
                        (at_start, after_quote) = (at_start && *byte == b' ', false);
                    }
                }
            }
            self.reader.consume(used);
            if let Some(end) = ended {
                if cell.last() == Some(&b'\r') {
                    cell.pop();
                }
                self.cells.push(cell);
                return Ok(end);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &[u8]) -> Vec<String> {
        let reader = std::io::BufReader::with_capacity(4096, text);
        let mut rows = Rows::new(reader, None).unwrap().unwrap();
        let mut seen = Vec::new();
        while let Some(found) = rows.next().unwrap() {
            seen.push(match found.item {
                Item::Record(json) => format!("{}: {}", found.line, String::from_utf8_lossy(json)),
                Item::Bad(refusal) => format!("{}! {}", found.line, refusal.code),
            });
        }
        seen
    }

    #[test]
    fn rows_are_read_as_rfc_4180_says() {
        let text = b"\xef\xbb\xbfwho,\"what, then\",\r\nann,\"said \"\"hi\"\"\r\ntwice\",1\r\n\r\nbob,,\"\"\r\n";
        assert_eq!(
            rows(text),
            [
                "2: {\"who\":\"ann\",\"what, then\":\"said \\\"hi\\\"\\r\\ntwice\",\"column 3\":\"1\"}",
                "5: {\"who\":\"bob\",\"what, then\":\"\",\"column 3\":\"\"}",
            ]
        );
        assert_eq!(
            rows(b"a;b;a\n1;2,5;3"),
            ["2: {\"a\":\"1\",\"b\":\"2,5\",\"a (3)\":\"3\"}"]
        );
        assert_eq!(rows(b"a\tb\n1\t2\n"), ["2: {\"a\":\"1\",\"b\":\"2\"}"]);
    }

    #[test]
    fn a_row_that_is_wrong_is_named_and_the_next_is_read() {
        assert_eq!(
            rows(b"a,b\n1\n1,2,3\n\xe9,2\n1,2\n"),
            [
                "2! wrong_cell_count",
                "3! wrong_cell_count",
                "4! invalid_utf8",
                "5: {\"a\":\"1\",\"b\":\"2\"}"
            ]
        );
        assert_eq!(rows(b"a,b\n1,\"2\n3,4\n"), ["2! malformed_csv"]);
        let long = "x\n".repeat(RECORD_MAX_BYTES);
        let open = format!("a,b\n1,\"{long}1,2\n");
        let seen = rows(open.as_bytes());
        assert_eq!(
            (seen[0].as_str(), seen.last().unwrap().as_str()),
            (
                "2! malformed_csv",
                &*format!("{}: {{\"a\":\"1\",\"b\":\"2\"}}", RECORD_MAX_BYTES + 2)
            )
        );
    }

    #[test]
    fn a_table_without_a_heading_is_refused() {
        let refused = Rows::new(&b""[..], None).unwrap().err().unwrap();
        assert_eq!(refused.code, "missing_column");
    }
}
