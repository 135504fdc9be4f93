//! One record of a log, looked at by name.

use std::borrow::Cow;

use event::json::{At, Document, NodeKind};
use event::limits::DEPTH_MAX;

use crate::records::RECORD_MAX_BYTES;
use crate::refusal::Refusal;

/// Levels that `metadata.original` adds around a record.
const LEVELS_AROUND: usize = 2;

/// A JSON object that was read.
pub(crate) struct Record<'s> {
    document: Document<'s>,
    canonical: String,
}

impl<'s> Record<'s> {
    /// Reads a record that will be kept as an original.
    pub(crate) fn read(json: &'s [u8]) -> Result<Self, Refusal> {
        Self::read_with_depth(json, DEPTH_MAX - LEVELS_AROUND)
    }

    /// Reads a record that is an event itself.
    pub(crate) fn read_event(json: &'s [u8]) -> Result<Self, Refusal> {
        Self::read_with_depth(json, DEPTH_MAX)
    }

    fn read_with_depth(json: &'s [u8], depth: usize) -> Result<Self, Refusal> {
        let document = Document::parse(json, RECORD_MAX_BYTES, depth)?;
        let what = match document.kind(document.root()) {
            NodeKind::Object => {
                let canonical = document.canonical(document.root())?;
                return Ok(Record {
                    document,
                    canonical,
                });
            }
            NodeKind::Array => "an array",
            NodeKind::String | NodeKind::EscapedString => "a string",
            NodeKind::Number => "a number",
            NodeKind::Null | NodeKind::True | NodeKind::False => "no more than a word",
        };
        let detail = format!("a record is a JSON object, this is {what}");
        Err(Refusal::new("wrong_type", detail))
    }

    /// The record as canonical JSON.
    pub(crate) fn canonical(&self) -> &str {
        &self.canonical
    }

    pub(crate) fn root(&self) -> View<'_, 's> {
        View {
            document: &self.document,
            at: self.document.root(),
        }
    }
}

/// A value inside a record.
#[derive(Clone, Copy)]
pub(crate) struct View<'d, 's> {
    document: &'d Document<'s>,
    at: At,
}

impl<'d, 's> View<'d, 's> {
    /// The value at the end of a path of names. Names are tried as they stand, then in any case:
    /// the same log is found in several spellings. Null is absent.
    pub(crate) fn get(self, path: &[&str]) -> Option<View<'d, 's>> {
        let mut view = self;
        for name in path {
            let exact = view.document.member(view.at, name);
            let at = exact.or_else(|| {
                view.document
                    .members(view.at)
                    .find(|(member, _)| member.eq_ignore_ascii_case(name))
                    .map(|(_, at)| at)
            })?;
            view = View { at, ..view };
        }
        (!view.is(NodeKind::Null)).then_some(view)
    }

    pub(crate) fn has(self, name: &str) -> bool {
        self.get(&[name]).is_some()
    }

    /// The text of a string that is not blank, of a number or of a truth value; of the first path
    /// that has one.
    pub(crate) fn text(self, path: &[&str]) -> Option<String> {
        self.get(path)?.as_text()
    }

    /// The first text of several names.
    pub(crate) fn first_text(self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.text(&[name]))
    }

    pub(crate) fn as_text(self) -> Option<String> {
        match self.document.kind(self.at) {
            NodeKind::String | NodeKind::EscapedString => {
                let text = self.document.string(self.at)?;
                let trimmed = text.trim();
                (!trimmed.is_empty()).then(|| trimmed.to_owned())
            }
            NodeKind::Number | NodeKind::True | NodeKind::False => {
                Some(self.document.raw(self.at).to_owned())
            }
            _ => None,
        }
    }

    pub(crate) fn is_true(self, name: &str) -> bool {
        self.text(&[name])
            .is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }

    /// A string, whatever it holds.
    pub(crate) fn as_string(self) -> Option<Cow<'s, str>> {
        self.document.string(self.at)
    }

    pub(crate) fn is_null(self) -> bool {
        self.is(NodeKind::Null)
    }

    pub(crate) fn is(self, kind: NodeKind) -> bool {
        self.document.kind(self.at) == kind
    }

    /// The text as it stands in the log.
    pub(crate) fn raw(self) -> &'s str {
        self.document.raw(self.at)
    }

    pub(crate) fn elements(self) -> impl Iterator<Item = View<'d, 's>> {
        self.document
            .elements(self.at)
            .map(move |at| View { at, ..self })
    }

    pub(crate) fn members(self) -> impl Iterator<Item = (Cow<'s, str>, View<'d, 's>)> {
        self.document
            .members(self.at)
            .map(move |(name, at)| (name, View { at, ..self }))
    }
}
