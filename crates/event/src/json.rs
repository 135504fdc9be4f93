//! A strict JSON reader: one pass over the text into a flat list of nodes that point into it.
//!
//! It keeps what others throw away and an audit log needs: the digits of numbers as they came,
//! names that stand twice, half surrogates, and the place of what is wrong. A document that was
//! read is well-formed (RFC 8259), free of NUL, and not nested deeper than allowed.

mod reader;
mod text;

use std::borrow::Cow;

pub(crate) use self::reader::special_bytes;
pub(crate) use self::text::{unescape, unquoted};
pub use crate::canonical::push_string;
use crate::problem::{Problem, ProblemCode};

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// `null`.
    Null,
    /// `true`.
    True,
    /// `false`.
    False,
    /// A number, with the digits it came with.
    Number,
    /// A string without escapes: its canonical form is the text itself.
    String,
    /// A string with escapes.
    EscapedString,
    /// An array.
    Array,
    /// An object.
    Object,
}

/// One value of the document. The nodes of a container follow it; an object's are names and values
/// in turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub(crate) kind: NodeKind,
    /// Where the text of the value begins, quotes and brackets included.
    pub(crate) start: u32,
    /// Where it ends.
    pub(crate) end: u32,
    /// The first node behind the value and all that is in it.
    pub(crate) next: u32,
}

/// A handle of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At(u32);

/// A document that was read.
pub struct Document<'s> {
    source: &'s str,
    nodes: Vec<Node>,
}

impl<'s> Document<'s> {
    /// Reads `json`, which must hold exactly one value.
    pub fn parse(
        json: &'s [u8],
        max_bytes: usize,
        max_depth: usize,
    ) -> Result<Document<'s>, Problem> {
        if json.len() > max_bytes {
            let detail = format!("{} bytes; at most {max_bytes} are allowed", json.len());
            return Err(Problem::new(ProblemCode::TooLarge, "", detail));
        }
        let source = std::str::from_utf8(json).map_err(|error| {
            let offset = error.valid_up_to();
            let detail = format!("the text is not UTF-8 at byte {offset}");
            Problem::new(ProblemCode::InvalidUtf8, "", detail).at_offset(offset)
        })?;
        let nodes = reader::read(source, max_depth)?;
        Ok(Document { source, nodes })
    }

    pub(crate) fn source(&self) -> &'s str {
        self.source
    }

    /// The one value the document holds.
    pub fn root(&self) -> At {
        At(0)
    }

    fn node(&self, at: At) -> Node {
        const NOTHING: Node = Node {
            kind: NodeKind::Null,
            start: 0,
            end: 0,
            next: u32::MAX,
        };
        self.nodes.get(at.0 as usize).copied().unwrap_or(NOTHING)
    }

    /// What a value is.
    pub fn kind(&self, at: At) -> NodeKind {
        self.node(at).kind
    }

    /// Where the text of the value stands in the source.
    pub(crate) fn range(&self, at: At) -> (u32, u32) {
        let node = self.node(at);
        (node.start, node.end)
    }

    /// The text of the value as it was sent.
    pub fn raw(&self, at: At) -> &'s str {
        let node = self.node(at);
        self.source
            .get(node.start as usize..node.end as usize)
            .unwrap_or_default()
    }

    /// The characters of a string; `None` for anything else.
    pub fn string(&self, at: At) -> Option<Cow<'s, str>> {
        match self.kind(at) {
            NodeKind::String => Some(Cow::Borrowed(unquoted(self.raw(at)))),
            NodeKind::EscapedString => Some(unescape(unquoted(self.raw(at)))),
            _ => None,
        }
    }

    /// The value of the first member of this name; `None` if there is none or this is no object.
    pub fn member(&self, object: At, name: &str) -> Option<At> {
        self.members(object)
            .find(|(member, _)| member == name)
            .map(|(_, value)| value)
    }

    /// The canonical text of a value: RFC 8785, except that a number keeps the digits it came with.
    /// Refuses a name that stands twice in an object.
    pub fn canonical(&self, value: At) -> Result<String, Problem> {
        let mut text = String::new();
        match crate::canonical::push_value(self, value, &mut text) {
            Ok(()) => Ok(text),
            Err(twice) => Err(twice.in_field("")),
        }
    }

    /// Whether an array or object holds nothing.
    pub fn is_empty(&self, at: At) -> bool {
        self.node(at).next == at.0 + 1
    }

    /// The names and values of an object, in the order they were sent.
    pub fn members(&self, object: At) -> Members<'_, 's> {
        let end = match self.kind(object) {
            NodeKind::Object => self.node(object).next,
            _ => 0,
        };
        Members {
            document: self,
            at: object.0 + 1,
            end,
        }
    }

    /// The values of an array.
    pub fn elements(&self, array: At) -> Elements<'_, 's> {
        let end = match self.kind(array) {
            NodeKind::Array => self.node(array).next,
            _ => 0,
        };
        Elements {
            document: self,
            at: array.0 + 1,
            end,
        }
    }
}

/// The names and values of an object: see [`Document::members`].
pub struct Members<'d, 's> {
    document: &'d Document<'s>,
    at: u32,
    end: u32,
}

impl<'s> Iterator for Members<'_, 's> {
    type Item = (Cow<'s, str>, At);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.end {
            return None;
        }
        let name = self.document.string(At(self.at))?;
        let value = At(self.at + 1);
        self.at = self.document.node(value).next;
        Some((name, value))
    }
}

/// The values of an array: see [`Document::elements`].
pub struct Elements<'d, 's> {
    document: &'d Document<'s>,
    at: u32,
    end: u32,
}

impl Iterator for Elements<'_, '_> {
    type Item = At;

    fn next(&mut self) -> Option<At> {
        if self.at >= self.end {
            return None;
        }
        let element = At(self.at);
        self.at = self.document.node(element).next;
        Some(element)
    }
}
