//! A stream of bytes parted into JSON records, in bounded memory.
//!
//! Records stand one a line, one behind the other, in an array, or in the array of a wrapper such as
//! `{"Records": [...]}`; a file of any size is never held whole. A record that is broken takes
//! nothing else with it where lines show where it ends.

use std::io::{BufRead, Result};

use crate::refusal::Refusal;

/// Largest record that is looked at. An event has at most 60 KiB; a larger record is named and
/// passed over without being held.
pub const RECORD_MAX_BYTES: usize = 1 << 20;

/// Members of an object whose array holds the records: CloudTrail's files, and what
/// `aws cloudtrail lookup-events` prints.
const WRAPPERS: [&[u8]; 2] = [b"Records", b"Events"];

/// One thing found in a file.
#[derive(Debug)]
pub struct Found<'a> {
    /// Line on which it begins, from 1.
    pub line: u64,
    /// Line behind which the next thing begins.
    pub last_line: u64,
    /// Which record of the file it is, from 1.
    pub number: u64,
    /// What it is.
    pub item: Item<'a>,
}

/// A record, or what is wrong at its place.
#[derive(Debug)]
pub enum Item<'a> {
    /// A record, as it stands in the file. It may be no JSON.
    Record(&'a [u8]),
    /// Something that is no record.
    Bad(Refusal),
}

/// The records of a file.
pub struct Records<R> {
    reader: R,
    /// A line break ends a record: JSON has none inside its strings, so a record that goes on is
    /// broken.
    lines_end_records: bool,
    state: State,
    record: Vec<u8>,
    line: u64,
    number: u64,
    begun: bool,
}

/// Where the reader is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Between records.
    Top,
    /// In an array of records, of a wrapper or not.
    Array { wrapped: bool },
    /// Behind the array of a wrapper, before its end.
    Rest,
    /// Behind the end.
    End,
}

/// How a value ended.
enum End {
    Whole,
    /// It turned out to be a wrapper, and its array begins.
    Wrapper,
    TooLong,
    /// By a line break or the end of the file.
    CutOff {
        at_end: bool,
    },
}

impl<R: BufRead> Records<R> {
    /// The records of what `reader` gives; `lines_end_records` for JSON lines.
    pub fn new(reader: R, lines_end_records: bool) -> Self {
        Records {
            reader,
            lines_end_records,
            state: State::Top,
            record: Vec::new(),
            line: 1,
            number: 0,
            begun: false,
        }
    }

    /// The next record, or what is wrong there; none at the end. After an error of the reader
    /// nothing more comes.
    #[expect(
        clippy::should_implement_trait,
        reason = "what is given borrows from the reader"
    )]
    pub fn next(&mut self) -> Result<Option<Found<'_>>> {
        let found = self.find();
        if found.is_err() {
            self.state = State::End;
        }
        let Some((line, bad)) = found? else {
            return Ok(None);
        };
        self.number += 1;
        Ok(Some(Found {
            line,
            last_line: self.line,
            number: self.number,
            item: match bad {
                Some(refusal) => Item::Bad(refusal),
                None => Item::Record(self.record.trim_ascii()),
            },
        }))
    }

    /// The line of the next record, which is then in `record`, and what is wrong with it.
    fn find(&mut self) -> Result<Option<(u64, Option<Refusal>)>> {
        loop {
            let wrapped = match self.state {
                State::End => return Ok(None),
                State::Rest => {
                    let line = self.line;
                    // Inside the wrapper's object: read on to the bracket that closes it.
                    let end = self.value(1, false)?;
                    self.state = State::Top;
                    if let End::CutOff { at_end } = end {
                        return Ok(Some((
                            line,
                            Some(cut_off(
                                at_end,
                                "the object around the records is never closed",
                            )),
                        )));
                    }
                    continue;
                }
                State::Array { wrapped } => Some(wrapped),
                State::Top => None,
            };
            let before = self.line;
            let next = self.skip_blanks(wrapped.is_some())?;
            let line = self.line;
            match (wrapped, next) {
                (None, None) => {
                    self.state = State::End;
                    return Ok(None);
                }
                (Some(_), None) => {
                    self.state = State::End;
                    let words = "the array of records is never closed: the file was cut off";
                    return Ok(Some((line, Some(Refusal::new("truncated", words)))));
                }
                (Some(_), Some(_)) if self.lines_end_records && line > before => {
                    self.state = State::Top;
                    let words = "the array of records is not closed on its line";
                    return Ok(Some((before, Some(Refusal::new("truncated", words)))));
                }
                (Some(wrapped), Some(b']')) => {
                    self.reader.consume(1);
                    self.state = if wrapped { State::Rest } else { State::Top };
                }
                (None, Some(b'[')) => {
                    self.reader.consume(1);
                    self.state = State::Array { wrapped: false };
                }
                (_, Some(b'{' | b'[')) => {
                    self.record.clear();
                    let end = self.value(0, wrapped.is_none())?;
                    let bad = match end {
                        End::Whole => None,
                        End::Wrapper => {
                            self.state = State::Array { wrapped: true };
                            continue;
                        }
                        End::TooLong => Some(too_long()),
                        End::CutOff { at_end: false } => {
                            self.state = State::Top;
                            None
                        }
                        End::CutOff { at_end: true } => {
                            self.state = State::End;
                            Some(cut_off(true, "the record is never closed"))
                        }
                    };
                    return Ok(Some((line, bad)));
                }
                (_, Some(_)) => {
                    let too_long_one = self.word(wrapped.is_some())?;
                    return Ok(Some((line, too_long_one.then(too_long))));
                }
            }
        }
    }

    /// Goes to the next byte that is no blank (nor comma, in an array) and shows it.
    fn skip_blanks(&mut self, commas: bool) -> Result<Option<u8>> {
        if !self.begun {
            self.begun = true;
            for byte in b"\xef\xbb\xbf" {
                if self.reader.fill_buf()?.first() == Some(byte) {
                    self.reader.consume(1);
                }
            }
        }
        loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                return Ok(None);
            }
            let is_blank = |byte: &u8| byte.is_ascii_whitespace() || commas && *byte == b',';
            let blanks = buffer.iter().take_while(|byte| is_blank(byte)).count();
            let lines = buffer
                .iter()
                .take(blanks)
                .filter(|byte| **byte == b'\n')
                .count();
            let next = buffer.get(blanks).copied();
            self.line += lines as u64;
            self.reader.consume(blanks);
            if next.is_some() {
                return Ok(next);
            }
        }
    }

    /// Reads on to the bracket that closes `depth` open ones, or the value that begins here; into
    /// `record` as long as there is room. Where the value may be a wrapper, stops behind the
    /// bracket that begins its records.
    fn value(&mut self, mut depth: usize, may_wrap: bool) -> Result<End> {
        let (mut in_string, mut escaped) = (false, false);
        let mut string_begin = 0;
        // The last string of the object itself, and whether a colon and nothing else came since.
        let mut name: Option<(usize, usize)> = None;
        let mut after_colon = false;
        let keep = depth == 0;
        let mut too_long = false;
        loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                return Ok(End::CutOff { at_end: true });
            }
            let (mut used, mut end) = (0, None);
            for byte in buffer {
                if *byte == b'\n' && self.lines_end_records {
                    end = Some(End::CutOff { at_end: false });
                    break;
                }
                used += 1;
                let place = self.record.len();
                if keep && !too_long {
                    if place < RECORD_MAX_BYTES {
                        self.record.push(*byte);
                    } else {
                        too_long = true;
                        self.record.clear();
                        name = None;
                    }
                }
                match byte {
                    b'\n' => self.line += 1,
                    _ if escaped => escaped = false,
                    b'\\' if in_string => escaped = true,
                    b'"' => {
                        in_string = !in_string;
                        if may_wrap && depth == 1 && !too_long {
                            if in_string {
                                string_begin = place + 1;
                            } else {
                                name = Some((string_begin, place));
                            }
                            after_colon = false;
                        }
                    }
                    _ if in_string => {}
                    b':' if depth == 1 => after_colon = true,
                    b'{' | b'[' => {
                        let wraps =
                            may_wrap && *byte == b'[' && depth == 1 && after_colon && !too_long;
                        let name = name
                            .filter(|_| wraps)
                            .and_then(|(from, to)| self.record.get(from..to));
                        if name.is_some_and(|name| WRAPPERS.contains(&name)) {
                            end = Some(End::Wrapper);
                            break;
                        }
                        depth += 1;
                    }
                    b'}' | b']' => {
                        depth = depth.saturating_sub(1);
                        if depth == 0 {
                            end = Some(if too_long { End::TooLong } else { End::Whole });
                            break;
                        }
                    }
                    b',' => after_colon = false,
                    _ => {}
                }
            }
            self.reader.consume(used);
            if let Some(end) = end {
                return Ok(match end {
                    End::CutOff { .. } if too_long => End::TooLong,
                    end => end,
                });
            }
        }
    }

    /// Reads what is no object: to the end of its line, or of its place in the array. Whether it is
    /// too long.
    fn word(&mut self, in_array: bool) -> Result<bool> {
        self.record.clear();
        let mut too_long = false;
        let mut in_string = false;
        loop {
            let buffer = self.reader.fill_buf()?;
            let ends = |byte: &u8, in_string: bool| {
                *byte == b'\n' || in_array && !in_string && matches!(byte, b',' | b']')
            };
            let mut used = 0;
            for byte in buffer {
                if ends(byte, in_string) {
                    break;
                }
                in_string ^= *byte == b'"';
                used += 1;
            }
            let read = buffer.get(..used).unwrap_or_default();
            if self.record.len() + read.len() <= RECORD_MAX_BYTES {
                self.record.extend_from_slice(read);
            } else {
                too_long = true;
            }
            let at_end = used < buffer.len() || buffer.is_empty();
            self.reader.consume(used);
            if at_end {
                return Ok(too_long);
            }
        }
    }
}

fn too_long() -> Refusal {
    let detail = format!("the record has more than {RECORD_MAX_BYTES} bytes");
    Refusal::new("too_large", detail)
}

fn cut_off(at_end: bool, words: &str) -> Refusal {
    let detail = match at_end {
        true => format!("{words}: the file was cut off"),
        false => format!("{words} on its line"),
    };
    Refusal::new("truncated", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `line: record` or `line! code`, for each thing found; read a few bytes at a time.
    fn found(text: &str, lines: bool, step: usize) -> Vec<String> {
        let reader = std::io::BufReader::with_capacity(step, text.as_bytes());
        let mut records = Records::new(reader, lines);
        let mut seen = Vec::new();
        while let Some(found) = records.next().unwrap() {
            seen.push(match found.item {
                Item::Record(text) => {
                    let text = String::from_utf8_lossy(text).replace('\n', " ");
                    format!("{}: {text}", found.line)
                }
                Item::Bad(refusal) => format!("{}! {}", found.line, refusal.code),
            });
        }
        seen
    }

    #[track_caller]
    fn check(text: &str, lines: bool, expected: &[&str]) {
        for step in [1, 2, 7, 4096] {
            assert_eq!(found(text, lines, step), expected, "{step} bytes at a time");
        }
    }

    #[test]
    fn records_are_found_wherever_they_stand() {
        let expected = ["1: {\"a\":1}", "2: {\"b\":[2,\"]}\\\"\"]}"];
        check("{\"a\":1}\n{\"b\":[2,\"]}\\\"\"]}\n", true, &expected);
        check("{\"a\":1}\n{\"b\":[2,\"]}\\\"\"]}", false, &expected);
        check("[{\"a\":1},\n{\"b\":[2,\"]}\\\"\"]}]", false, &expected);
        check(
            "{\"Records\":[{\"a\":1},\n{\"b\":[2,\"]}\\\"\"]}],\"x\":{}}",
            false,
            &expected,
        );
        check(
            "\u{feff}{\"v\":\"Records\", \"Records\" : [{\"a\":1}\n,{\"b\":[2,\"]}\\\"\"]}]}",
            false,
            &expected,
        );
        check("{\n \"a\": 1\n}\n", false, &["1: {  \"a\": 1 }"]);
        check(
            "{\"Records\":[{\"a\":1}]}\n{\"Records\":[{\"a\":2}]}\n{\"Records\":[]}",
            true,
            &["1: {\"a\":1}", "2: {\"a\":2}"],
        );
        check("", true, &[]);
        check("[]", false, &[]);
    }

    #[test]
    fn only_the_array_of_a_wrapper_is_entered() {
        check(
            "{\"x\":{\"Records\":[1]},\"y\":\"Records\",\"z\":[1]}",
            false,
            &["1: {\"x\":{\"Records\":[1]},\"y\":\"Records\",\"z\":[1]}"],
        );
        check("[{\"Records\":[1]}]", false, &["1: {\"Records\":[1]}"]);
    }

    #[test]
    fn a_broken_record_takes_nothing_with_it() {
        check(
            "{\"a\":\n{\"a\":2}\nno json\n{\"a\":3",
            true,
            &["1: {\"a\":", "2: {\"a\":2}", "3: no json", "4! truncated"],
        );
        check(
            "[1, \"a,]\", {\"a\":1} {\"a\":2}]",
            false,
            &["1: 1", "1: \"a,]\"", "1: {\"a\":1}", "1: {\"a\":2}"],
        );
        check(
            "[{\"a\":1},\n{\"a\"",
            false,
            &["1: {\"a\":1}", "2! truncated"],
        );
        check("[{\"a\":1},\n", false, &["1: {\"a\":1}", "2! truncated"]);
        check(
            "[{\"a\":1},\n{\"a\":2}\n",
            true,
            &["1: {\"a\":1}", "1! truncated", "2: {\"a\":2}"],
        );
        check(
            "{\"Records\":[{\"a\":1}]",
            false,
            &["1: {\"a\":1}", "1! truncated"],
        );
    }

    #[test]
    fn a_record_that_is_too_long_is_not_held() {
        let long = "x".repeat(RECORD_MAX_BYTES);
        let text = format!("{{\"a\":\"{long}\"}}\n{{\"a\":1}}\n{long}x\n{{\"a\":2}}");
        for lines in [true, false] {
            let seen = found(&text, lines, 4096);
            assert_eq!(
                seen,
                [
                    "1! too_large",
                    "2: {\"a\":1}",
                    "3! too_large",
                    "4: {\"a\":2}"
                ]
            );
        }
        let mut records = Records::new(text.as_bytes(), true);
        while records.next().unwrap().is_some() {}
        assert!(records.record.capacity() <= 2 * RECORD_MAX_BYTES);
    }
}
