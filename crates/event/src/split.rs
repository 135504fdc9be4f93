//! A batch taken apart, so that one bad event does not refuse the others: an array into the texts of
//! its elements, NDJSON into lines.

use crate::json::special_bytes;
use crate::problem::{Problem, ProblemCode};

/// Cuts a JSON array into the texts of its elements.
///
/// Only quotes and brackets are looked at: what is wrong inside an element shows when the element is
/// accepted. An array that cannot be cut is one problem.
pub fn split_array(json: &[u8]) -> Result<Vec<&[u8]>, Problem> {
    let mut cutter = Cutter {
        json,
        at: 0,
        open: Vec::new(),
    };
    cutter.skip_space();
    cutter.expect(b'[')?;
    let mut elements = Vec::new();
    cutter.skip_space();
    if cutter.peek() == Some(b']') {
        cutter.at += 1;
    } else {
        loop {
            elements.push(cutter.element()?);
            match cutter.peek() {
                Some(b',') => cutter.at += 1,
                _ => break,
            }
        }
        cutter.expect(b']')?;
    }
    cutter.skip_space();
    if cutter.at < json.len() {
        return Err(cutter.problem("expected nothing more after the array"));
    }
    Ok(elements)
}

/// The lines of NDJSON with their numbers from 0; empty lines are passed over but counted.
pub fn split_lines(ndjson: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    ndjson
        .split(|byte| *byte == b'\n')
        .enumerate()
        .map(|(number, line)| (number, line.trim_ascii()))
        .filter(|(_, line)| !line.is_empty())
}

/// Whether the text is an array rather than a single value.
pub fn is_array(json: &[u8]) -> bool {
    json.trim_ascii_start().first() == Some(&b'[')
}

struct Cutter<'a> {
    json: &'a [u8],
    at: usize,
    /// The brackets that close what is open.
    open: Vec<u8>,
}

/// Deepest nesting a batch is cut at. Each element is held to its own, smaller limit afterwards.
const CUT_DEPTH_MAX: usize = 1024;

impl<'a> Cutter<'a> {
    fn peek(&self) -> Option<u8> {
        self.json.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn problem(&self, detail: &str) -> Problem {
        let detail = format!("{detail} at byte {}", self.at);
        Problem::new(ProblemCode::MalformedJson, "", detail).at_offset(self.at)
    }

    fn expect(&mut self, byte: u8) -> Result<(), Problem> {
        if self.peek() != Some(byte) {
            let detail = match self.peek() {
                None => format!("expected '{}', found the end", char::from(byte)),
                Some(_) => format!("expected '{}'", char::from(byte)),
            };
            return Err(self.problem(&detail));
        }
        self.at += 1;
        Ok(())
    }

    /// One element up to the comma or bracket behind it, without the space around it.
    fn element(&mut self) -> Result<&'a [u8], Problem> {
        self.skip_space();
        let start = self.at;
        self.open.clear();
        loop {
            match self.peek() {
                None => return Err(self.problem("the array ends too early")),
                Some(b'"') => self.string()?,
                Some(b'{') => self.open(b'}')?,
                Some(b'[') => self.open(b']')?,
                Some(b',' | b']') if self.open.is_empty() => break,
                Some(close @ (b'}' | b']')) => {
                    if self.open.pop() != Some(close) {
                        return Err(self.problem("a bracket that closes nothing"));
                    }
                    self.at += 1;
                }
                Some(_) => self.at += 1,
            }
        }
        let element = self
            .json
            .get(start..self.at)
            .unwrap_or_default()
            .trim_ascii_end();
        if element.is_empty() {
            return Err(self.problem("expected a value"));
        }
        Ok(element)
    }

    fn open(&mut self, close: u8) -> Result<(), Problem> {
        if self.open.len() == CUT_DEPTH_MAX {
            let detail = format!(
                "nested deeper than {CUT_DEPTH_MAX} levels at byte {}",
                self.at
            );
            return Err(Problem::new(ProblemCode::TooDeep, "", detail).at_offset(self.at));
        }
        self.open.push(close);
        self.at += 1;
        Ok(())
    }

    fn string(&mut self) -> Result<(), Problem> {
        self.at += 1;
        loop {
            while let Some(chunk) = self
                .json
                .get(self.at..)
                .and_then(|it| it.first_chunk::<8>())
            {
                let special = special_bytes(u64::from_le_bytes(*chunk));
                if special != 0 {
                    self.at += (special.trailing_zeros() / 8) as usize;
                    break;
                }
                self.at += 8;
            }
            match self.peek() {
                None => return Err(self.problem("a string that does not end")),
                Some(b'"') => break,
                // The text may end within an escape.
                Some(b'\\') => self.at = (self.at + 2).min(self.json.len()),
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        Ok(())
    }
}
