//! The one pass over the text.

use super::text::{unescape, unquoted};
use super::{Node, NodeKind};
use crate::path::push_segment;
use crate::problem::{Problem, ProblemCode};

/// Nodes a typical event of 24 fields has, for the first allocation.
const NODES_TYPICAL: usize = 96;

/// The nodes of the one value that `source` holds.
pub(super) fn read(source: &str, max_depth: usize) -> Result<Vec<Node>, Problem> {
    let mut reader = Reader {
        bytes: source.as_bytes(),
        source,
        at: 0,
        depth_left: max_depth,
        max_depth,
        nodes: Vec::with_capacity(NODES_TYPICAL),
    };
    match reader.document() {
        Ok(()) => Ok(reader.nodes),
        Err(fault) => Err(fault.into_problem()),
    }
}

/// What stopped the reader, and where. The segments are collected on the way out, the innermost
/// first, so that a document without a fault pays nothing for them.
struct Fault {
    code: ProblemCode,
    offset: usize,
    detail: String,
    segments: Vec<String>,
}

impl Fault {
    fn into_problem(self) -> Problem {
        let mut field = String::new();
        for segment in self.segments.iter().rev() {
            push_segment(&mut field, segment);
        }
        let detail = format!("{} at byte {}", self.detail, self.offset);
        Problem::new(self.code, field, detail).at_offset(self.offset)
    }

    #[cold]
    fn within(mut self: Box<Self>, segment: String) -> Box<Self> {
        self.segments.push(segment);
        self
    }
}

type Read<T> = Result<T, Box<Fault>>;

struct Reader<'s> {
    bytes: &'s [u8],
    source: &'s str,
    at: usize,
    depth_left: usize,
    max_depth: usize,
    nodes: Vec<Node>,
}

impl Reader<'_> {
    fn document(&mut self) -> Read<()> {
        self.skip_space();
        self.value()?;
        self.skip_space();
        if self.at < self.bytes.len() {
            return Err(self.unexpected("nothing more"));
        }
        Ok(())
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline]
    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    #[cold]
    fn fault(&self, code: ProblemCode, detail: impl Into<String>) -> Box<Fault> {
        Box::new(Fault {
            code,
            offset: self.at,
            detail: detail.into(),
            segments: Vec::new(),
        })
    }

    #[cold]
    fn unexpected(&self, expected: &str) -> Box<Fault> {
        let rest = self.source.get(self.at..).unwrap_or_default();
        match rest.chars().next() {
            None => self.fault(
                ProblemCode::MalformedJson,
                format!("expected {expected}, found the end"),
            ),
            Some('\0') => self.fault(ProblemCode::Nul, "the character NUL"),
            Some('\u{feff}') => self.fault(
                ProblemCode::MalformedJson,
                format!("expected {expected}, found a byte order mark"),
            ),
            Some(letter) => self.fault(
                ProblemCode::MalformedJson,
                format!("expected {expected}, found {letter:?}"),
            ),
        }
    }

    fn value(&mut self) -> Read<()> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.literal("true", NodeKind::True),
            Some(b'f') => self.literal("false", NodeKind::False),
            Some(b'n') => self.literal("null", NodeKind::Null),
            _ => Err(self.unexpected("a value")),
        }
    }

    #[inline]
    fn leaf(&mut self, kind: NodeKind, start: usize) {
        let next = self.nodes.len() as u32 + 1;
        self.nodes.push(Node {
            kind,
            start: start as u32,
            end: self.at as u32,
            next,
        });
    }

    fn nested(&mut self, container: fn(&mut Self) -> Read<()>) -> Read<()> {
        let Some(left) = self.depth_left.checked_sub(1) else {
            let detail = format!("nested deeper than {} levels", self.max_depth);
            return Err(self.fault(ProblemCode::TooDeep, detail));
        };
        self.depth_left = left;
        container(self)?;
        self.depth_left = left + 1;
        Ok(())
    }

    fn object(&mut self) -> Read<()> {
        let place = self.open(NodeKind::Object);
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.close(place);
            return Ok(());
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("a name in quotes"));
            }
            let name = self.nodes.len();
            self.string()?;
            self.skip_space();
            if self.peek() != Some(b':') {
                return Err(self.unexpected("':' after a name"));
            }
            self.at += 1;
            self.skip_space();
            if let Err(fault) = self.value() {
                return Err(fault.within(self.name_at(name)));
            }
            self.skip_space();
            match self.peek() {
                Some(b',') => {
                    self.at += 1;
                    self.skip_space();
                }
                Some(b'}') => break,
                _ => return Err(self.unexpected("',' or '}'")),
            }
        }
        self.close(place);
        Ok(())
    }

    fn array(&mut self) -> Read<()> {
        let place = self.open(NodeKind::Array);
        self.skip_space();
        if self.peek() == Some(b']') {
            self.close(place);
            return Ok(());
        }
        let mut index = 0u32;
        loop {
            if let Err(fault) = self.value() {
                return Err(fault.within(index.to_string()));
            }
            index += 1;
            self.skip_space();
            match self.peek() {
                Some(b',') => {
                    self.at += 1;
                    self.skip_space();
                }
                Some(b']') => break,
                _ => return Err(self.unexpected("',' or ']'")),
            }
        }
        self.close(place);
        Ok(())
    }

    fn open(&mut self, kind: NodeKind) -> usize {
        let place = self.nodes.len();
        let start = self.at as u32;
        self.nodes.push(Node {
            kind,
            start,
            end: start,
            next: 0,
        });
        self.at += 1;
        place
    }

    fn close(&mut self, place: usize) {
        self.at += 1;
        let next = self.nodes.len() as u32;
        if let Some(node) = self.nodes.get_mut(place) {
            node.end = self.at as u32;
            node.next = next;
        }
    }

    #[cold]
    fn name_at(&self, place: usize) -> String {
        let raw = self.nodes.get(place).map_or("", |node| {
            self.source
                .get(node.start as usize..node.end as usize)
                .unwrap_or_default()
        });
        unescape(unquoted(raw)).into_owned()
    }

    fn literal(&mut self, text: &str, kind: NodeKind) -> Read<()> {
        let start = self.at;
        let end = start + text.len();
        if self.bytes.get(start..end) != Some(text.as_bytes()) {
            return Err(self.unexpected("a value"));
        }
        self.at = end;
        self.leaf(kind, start);
        Ok(())
    }

    fn number(&mut self) -> Read<()> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
            if let Some(b'0'..=b'9') = self.peek() {
                return Err(self.unexpected("no digit after a leading zero"));
            }
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        self.leaf(NodeKind::Number, start);
        Ok(())
    }

    fn digits(&mut self) -> Read<()> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start {
            return Err(self.unexpected("a digit"));
        }
        Ok(())
    }

    fn string(&mut self) -> Read<()> {
        let start = self.at;
        self.at += 1;
        let mut kind = NodeKind::String;
        loop {
            self.skip_plain();
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    kind = NodeKind::EscapedString;
                    self.escape()?;
                }
                Some(0) => return Err(self.fault(ProblemCode::Nul, "the character NUL")),
                Some(0..=0x1f) => {
                    let detail = "a control character inside a string must be escaped";
                    return Err(self.fault(ProblemCode::MalformedJson, detail));
                }
                Some(_) => self.at += 1,
                None => return Err(self.unexpected("'\"' at the end of a string")),
            }
        }
        self.at += 1;
        self.leaf(kind, start);
        Ok(())
    }

    /// Goes on to the next quote, backslash or control character, eight bytes at a time; near the
    /// end of the text it may stop earlier.
    #[inline]
    fn skip_plain(&mut self) {
        while let Some(chunk) = self
            .bytes
            .get(self.at..)
            .and_then(|rest| rest.first_chunk::<8>())
        {
            let special = special_bytes(u64::from_le_bytes(*chunk));
            if special != 0 {
                self.at += (special.trailing_zeros() / 8) as usize;
                return;
            }
            self.at += 8;
        }
    }

    #[cold]
    fn escape(&mut self) -> Read<()> {
        let start = self.at;
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                self.at += 1;
                let unit = self.unit()?;
                let low_follows = self.bytes.get(self.at..self.at + 2) == Some(br"\u");
                match unit {
                    0 => {
                        self.at = start;
                        return Err(self.fault(ProblemCode::Nul, "the character NUL"));
                    }
                    0xD800..0xDC00 if low_follows => {
                        self.at += 2;
                        if !(0xDC00..0xE000).contains(&self.unit()?) {
                            return Err(self.lone_surrogate(start));
                        }
                    }
                    0xD800..0xE000 => return Err(self.lone_surrogate(start)),
                    _ => {}
                }
            }
            _ => return Err(self.unexpected("an escape such as \\n or \\u00e9")),
        }
        Ok(())
    }

    #[cold]
    fn lone_surrogate(&mut self, start: usize) -> Box<Fault> {
        self.at = start;
        self.fault(ProblemCode::LoneSurrogate, "half of a surrogate pair")
    }

    fn unit(&mut self) -> Read<u32> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else {
                return Err(self.unexpected("four hexadecimal digits"));
            };
            unit = unit * 16 + digit;
            self.at += 1;
        }
        Ok(unit)
    }
}

const fn repeat(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// Marks (with its top bit) the first byte that is a quote, a backslash or a control character.
/// Bytes above the first may be marked wrongly, because subtraction borrows upwards.
#[inline]
pub(crate) fn special_bytes(word: u64) -> u64 {
    let quote = word ^ repeat(b'"');
    let backslash = word ^ repeat(b'\\');
    let zero_in = |word: u64| word.wrapping_sub(repeat(1)) & !word;
    let below_space = word.wrapping_sub(repeat(0x20)) & !word;
    (zero_in(quote) | zero_in(backslash) | below_space) & repeat(0x80)
}
