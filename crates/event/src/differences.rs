//! Changes from the state before and after: the fields that differ, in the order of their names.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::accept::{below, check_term};
use crate::canonical::{duplicate, push_value};
use crate::json::{At, Document, NodeKind};
use crate::limits::FIELDS_MAX;
use crate::problem::{Problem, ProblemCode};
use crate::time::Timestamp;
use crate::words::ChangeType;

/// One leaf that differs. Absent and null are the same thing here.
pub(crate) struct Difference {
    /// Names from the object down to the leaf, joined by dots.
    pub(crate) path: String,
    pub(crate) old: Option<At>,
    pub(crate) new: Option<At>,
}

/// The leaves that differ between two objects; without one of them, all leaves of the other.
pub(crate) fn differences(
    document: &Document<'_>,
    before: Option<At>,
    after: Option<At>,
) -> Result<Vec<Difference>, Problem> {
    let mut comparison = Comparison {
        document,
        found: Vec::new(),
    };
    let old = Side {
        value: before,
        field: "/before".to_owned(),
    };
    let new = Side {
        value: after,
        field: "/after".to_owned(),
    };
    comparison.objects("", old, new)?;
    Ok(comparison.found)
}

struct Comparison<'d, 's> {
    document: &'d Document<'s>,
    found: Vec<Difference>,
}

/// A value before or after, or none, and where it would stand.
struct Side {
    value: Option<At>,
    field: String,
}

impl Side {
    fn below(&self, name: &str, value: Option<At>) -> Side {
        Side {
            value,
            field: below(&self.field, name),
        }
    }
}

impl<'s> Comparison<'_, 's> {
    fn objects(&mut self, prefix: &str, old: Side, new: Side) -> Result<(), Problem> {
        let old_members = self.members(&old)?;
        let mut new_members = self.members(&new)?;
        let mut members: BTreeMap<_, _> = old_members
            .into_iter()
            .map(|(name, value)| {
                let new = new_members.remove(&name);
                (name, (Some(value), new))
            })
            .collect();
        members.extend(
            new_members
                .into_iter()
                .map(|(name, value)| (name, (None, Some(value)))),
        );
        for (name, (old_value, new_value)) in members {
            let (old, new) = (old.below(&name, old_value), new.below(&name, new_value));
            let path = match prefix {
                "" => name.clone().into_owned(),
                _ => format!("{prefix}.{name}"),
            };
            check_term(&path).map_err(|detail| {
                let field = if new.value.is_some() {
                    &new.field
                } else {
                    &old.field
                };
                Problem::new(
                    ProblemCode::WrongValue,
                    field,
                    format!("its path: {detail}"),
                )
            })?;
            self.values(path, old, new)?;
        }
        Ok(())
    }

    fn values(&mut self, path: String, old: Side, new: Side) -> Result<(), Problem> {
        let object_or_nothing = |side: &Side| {
            side.value
                .is_none_or(|value| self.document.kind(value) == NodeKind::Object)
        };
        let filled = |side: &Side| {
            side.value.is_some_and(|value| {
                self.document.kind(value) == NodeKind::Object && !self.document.is_empty(value)
            })
        };
        if object_or_nothing(&old) && object_or_nothing(&new) && (filled(&old) || filled(&new)) {
            return self.objects(&path, old, new);
        }
        if self.text(&old)? == self.text(&new)? {
            return Ok(());
        }
        if self.found.len() >= FIELDS_MAX {
            let detail =
                format!("more than {FIELDS_MAX} changes; at most {FIELDS_MAX} fields are allowed");
            return Err(Problem::new(ProblemCode::TooManyFields, "/changes", detail));
        }
        self.found.push(Difference {
            path,
            old: old.value,
            new: new.value,
        });
        Ok(())
    }

    /// The members of an object; a name that stands twice is refused.
    fn members(&self, side: &Side) -> Result<BTreeMap<Cow<'s, str>, At>, Problem> {
        let mut members = BTreeMap::new();
        for (name, value) in side.value.iter().flat_map(|it| self.document.members(*it)) {
            if members.insert(name.clone(), value).is_some() {
                return Err(duplicate(below(&side.field, &name)));
            }
        }
        Ok(members)
    }

    /// The canonical text of a value; null for none.
    fn text(&self, side: &Side) -> Result<String, Problem> {
        let Some(value) = side.value else {
            return Ok("null".to_owned());
        };
        let mut text = String::new();
        push_value(self.document, value, &mut text).map_err(|twice| twice.in_field(&side.field))?;
        Ok(text)
    }
}

/// What kind of value a change is about: that of the new value, or of the old one if there is none.
pub(crate) fn infer_type(document: &Document<'_>, old: Option<At>, new: Option<At>) -> ChangeType {
    let filled = |value: &At| document.kind(*value) != NodeKind::Null;
    let Some(value) = new.filter(filled).or(old.filter(filled)) else {
        return ChangeType::Json;
    };
    match document.kind(value) {
        NodeKind::True | NodeKind::False => ChangeType::Bool,
        NodeKind::Number => ChangeType::Number,
        NodeKind::String if is_date(crate::json::unquoted(document.raw(value))) => ChangeType::Date,
        NodeKind::String | NodeKind::EscapedString => ChangeType::String,
        NodeKind::Null | NodeKind::Array | NodeKind::Object => ChangeType::Json,
    }
}

/// `2026-01-22` or an RFC 3339 time.
fn is_date(text: &str) -> bool {
    let starts_like_one = text.len() >= 10 && text.as_bytes().get(4) == Some(&b'-');
    starts_like_one
        && (Timestamp::parse_rfc3339(text).is_ok()
            || Timestamp::parse_rfc3339(&format!("{text}T00:00:00Z")).is_ok())
}
