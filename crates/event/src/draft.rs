//! The fields of an event while it is being accepted: values by code, then encoded in order.

use crate::fields::{EncodedFields, Field, encode};
use crate::limits::{EVENT_MAX_BYTES, FIELDS_MAX, PATH_MAX_BYTES};
use crate::path::{ChangeMember, Code, Path};
use crate::problem::{Problem, ProblemCode};

/// Where a value's canonical text stands.
#[derive(Clone, Copy, Default)]
struct Span {
    start: u32,
    end: u32,
    /// In the draft's own text rather than in the sent one.
    own: bool,
}

struct Literal {
    path: (u32, u32),
    value: Span,
    defaulted: bool,
    /// How many codes' paths sort before this one.
    codes_before: u8,
}

/// What a typical event needs for derived words, arrays of strings and `ingest`.
const OWN_TYPICAL_BYTES: usize = 256;

/// One code a bit, from bit 1.
type CodeSet = u128;

pub(crate) struct Draft<'s> {
    source: &'s str,
    known: [Span; Code::COUNT as usize + 1],
    present: CodeSet,
    defaulted: CodeSet,
    literals: Vec<Literal>,
    /// Values that are not in the source as they must be.
    own: String,
    paths: String,
}

fn bit(code: Code) -> CodeSet {
    1 << code.get()
}

impl<'s> Draft<'s> {
    pub(crate) fn new(source: &'s str) -> Self {
        Draft {
            source,
            known: [Span::default(); Code::COUNT as usize + 1],
            present: 0,
            defaulted: 0,
            literals: Vec::new(),
            own: String::with_capacity(OWN_TYPICAL_BYTES),
            paths: String::new(),
        }
    }

    /// Sets a field to a text of the source.
    pub(crate) fn set_sent(&mut self, path: Path<'_>, (start, end): (u32, u32)) {
        self.set(
            path,
            Span {
                start,
                end,
                own: false,
            },
        );
    }

    /// Sets a field to the canonical text that `write` appends.
    pub(crate) fn set_written<E>(
        &mut self,
        path: Path<'_>,
        write: impl FnOnce(&mut String) -> Result<(), E>,
    ) -> Result<(), E> {
        let start = self.own.len() as u32;
        write(&mut self.own)?;
        let end = self.own.len() as u32;
        self.set(
            path,
            Span {
                start,
                end,
                own: true,
            },
        );
        Ok(())
    }

    /// Sets a field to canonical text.
    pub(crate) fn set_text(&mut self, path: Path<'_>, parts: &[&str]) {
        let start = self.own.len() as u32;
        parts.iter().for_each(|part| self.own.push_str(part));
        let end = self.own.len() as u32;
        self.set(
            path,
            Span {
                start,
                end,
                own: true,
            },
        );
    }

    /// Sets a field that the sender left out to canonical text.
    pub(crate) fn set_default(&mut self, path: Path<'_>, parts: &[&str]) {
        self.set_text(path, parts);
        match path {
            Path::Known(code) => self.defaulted |= bit(code),
            Path::Literal(_) => {
                if let Some(literal) = self.literals.last_mut() {
                    literal.defaulted = true;
                }
            }
        }
    }

    pub(crate) fn has(&self, code: Code) -> bool {
        self.present & bit(code) != 0
    }

    /// How many fields are set.
    pub(crate) fn count(&self) -> usize {
        self.present.count_ones() as usize + self.literals.len()
    }

    /// Whether anything was said about changes.
    pub(crate) fn has_changes(&self) -> bool {
        let is_change = |path: &str| path.starts_with("/changes");
        Code::change(0, ChangeMember::Path).is_some_and(|code| self.has(code))
            || self
                .literals
                .iter()
                .any(|literal| is_change(self.literal_path(literal)))
    }

    /// The canonical text of a field that is set.
    pub(crate) fn value(&self, code: Code) -> Option<&str> {
        if !self.has(code) {
            return None;
        }
        self.known
            .get(usize::from(code.get()))
            .map(|span| self.text(*span))
    }

    fn set(&mut self, path: Path<'_>, value: Span) {
        match path {
            Path::Known(code) => {
                self.present |= bit(code);
                if let Some(slot) = self.known.get_mut(usize::from(code.get())) {
                    *slot = value;
                }
            }
            Path::Literal(text) => {
                let start = self.paths.len() as u32;
                self.paths.push_str(text);
                let path = (start, self.paths.len() as u32);
                self.literals.push(Literal {
                    path,
                    value,
                    defaulted: false,
                    codes_before: Code::before(text),
                });
            }
        }
    }

    fn text(&self, span: Span) -> &str {
        let text = if span.own { &self.own } else { self.source };
        text.get(span.start as usize..span.end as usize)
            .unwrap_or_default()
    }

    fn literal_path(&self, literal: &Literal) -> &str {
        let (start, end) = literal.path;
        self.paths
            .get(start as usize..end as usize)
            .unwrap_or_default()
    }

    /// Sorts, checks the limits and encodes.
    pub(crate) fn finish(mut self) -> Result<EncodedFields, Problem> {
        let mut literals = std::mem::take(&mut self.literals);
        literals.sort_unstable_by(|one, two| self.literal_path(one).cmp(self.literal_path(two)));
        let count = self.present.count_ones() as usize + literals.len();
        if count > FIELDS_MAX {
            let detail =
                format!("{count} fields after flattening; at most {FIELDS_MAX} are allowed");
            return Err(Problem::new(ProblemCode::TooManyFields, "", detail));
        }
        let merged = Merged {
            draft: &self,
            left: self.present,
            literals: literals.iter(),
        };
        let fields = encode(merged, count);
        let bytes = fields.as_bytes().len();
        if bytes > EVENT_MAX_BYTES {
            let detail =
                format!("{bytes} bytes after flattening; at most {EVENT_MAX_BYTES} are allowed");
            return Err(Problem::new(ProblemCode::TooLarge, "", detail));
        }
        Ok(fields)
    }
}

/// Checks, while an object is flattened, the path that was reached and the number of fields so far:
/// a small text can unfold to very much.
pub(crate) fn check_flattened(path: &str, fields: usize) -> Result<(), Problem> {
    if path.len() > PATH_MAX_BYTES {
        let start: String = path.chars().take(64).collect();
        let detail = format!(
            "the path has {} bytes after flattening; at most {PATH_MAX_BYTES} are allowed",
            path.len()
        );
        return Err(Problem::new(ProblemCode::PathTooLong, start, detail));
    }
    if fields >= FIELDS_MAX {
        let detail = format!("more than {FIELDS_MAX} fields after flattening");
        return Err(Problem::new(ProblemCode::TooManyFields, "", detail));
    }
    Ok(())
}

/// The fields in order: codes are sorted by path, literals are put between them.
#[derive(Clone)]
struct Merged<'d, 's> {
    draft: &'d Draft<'s>,
    left: CodeSet,
    literals: std::slice::Iter<'d, Literal>,
}

impl<'d> Iterator for Merged<'d, '_> {
    type Item = Field<'d>;

    #[inline]
    fn next(&mut self) -> Option<Field<'d>> {
        let known = Code::new(self.left.trailing_zeros() as u8);
        let literal = self.literals.as_slice().first();
        match (known, literal) {
            (None, None) => None,
            (Some(code), literal) if literal.is_none_or(|it| code.get() <= it.codes_before) => {
                self.left &= self.left - 1;
                let span = self.draft.known.get(usize::from(code.get())).copied()?;
                Some(Field {
                    path: Path::Known(code),
                    value: self.draft.text(span),
                    defaulted: self.draft.defaulted & bit(code) != 0,
                })
            }
            _ => {
                let literal = self.literals.next()?;
                Some(Field {
                    path: Path::Literal(self.draft.literal_path(literal)),
                    value: self.draft.text(literal.value),
                    defaulted: literal.defaulted,
                })
            }
        }
    }
}
