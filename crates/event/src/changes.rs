//! Changes from the state before and after: the fields that differ, in the order of their names.

use std::borrow::Cow;

use crate::accept::refuse_duplicates;
use crate::canonical::push_value;
use crate::json::{At, Document, NodeKind};
use crate::problem::Problem;
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
    let mut found = Vec::new();
    let sides = Sides {
        document,
        old_field: "/before".into(),
        new_field: "/after".into(),
    };
    sides.compare("", before, after, &mut found)?;
    Ok(found)
}

struct Sides<'d, 's> {
    document: &'d Document<'s>,
    old_field: String,
    new_field: String,
}

impl<'s> Sides<'_, 's> {
    fn compare(
        &self,
        prefix: &str,
        old: Option<At>,
        new: Option<At>,
        found: &mut Vec<Difference>,
    ) -> Result<(), Problem> {
        let old = self.sorted(old, &self.old_field)?;
        let new = self.sorted(new, &self.new_field)?;
        let (mut old, mut new) = (old.into_iter().peekable(), new.into_iter().peekable());
        loop {
            let (name, old, new) = match (old.peek(), new.peek()) {
                (None, None) => return Ok(()),
                (Some((one, _)), Some((two, _))) if one == two => {
                    let pair = old.next().zip(new.next());
                    let Some(((name, old), (_, new))) = pair else {
                        return Ok(());
                    };
                    (name, Some(old), Some(new))
                }
                (Some((one, _)), other) if other.is_none_or(|(two, _)| one < two) => {
                    let Some((name, old)) = old.next() else {
                        return Ok(());
                    };
                    (name, Some(old), None)
                }
                _ => {
                    let Some((name, new)) = new.next() else {
                        return Ok(());
                    };
                    (name, None, Some(new))
                }
            };
            let path = if prefix.is_empty() {
                name.clone().into_owned()
            } else {
                format!("{prefix}.{name}")
            };
            self.compare_values(path, &name, old, new, found)?;
        }
    }

    fn compare_values(
        &self,
        path: String,
        name: &str,
        old: Option<At>,
        new: Option<At>,
        found: &mut Vec<Difference>,
    ) -> Result<(), Problem> {
        let filled = |value: At| {
            self.document.kind(value) == NodeKind::Object && !self.document.is_empty(value)
        };
        let object_or_nothing = |value: Option<At>| {
            value.is_none_or(|value| self.document.kind(value) == NodeKind::Object)
        };
        let descends = object_or_nothing(old)
            && object_or_nothing(new)
            && [old, new].into_iter().flatten().any(filled);
        if descends {
            let inner = Sides {
                document: self.document,
                old_field: format!("{}/{name}", self.old_field),
                new_field: format!("{}/{name}", self.new_field),
            };
            return inner.compare(&path, old, new, found);
        }
        let old_text = self.text(old, &self.old_field)?;
        let new_text = self.text(new, &self.new_field)?;
        if old_text != new_text {
            found.push(Difference { path, old, new });
        }
        Ok(())
    }

    /// The members of an object by name; a name that stands twice is refused.
    fn sorted(&self, object: Option<At>, field: &str) -> Result<Vec<(Cow<'s, str>, At)>, Problem> {
        let Some(object) = object else {
            return Ok(Vec::new());
        };
        refuse_duplicates(self.document, object, field)?;
        let mut members: Vec<_> = self.document.members(object).collect();
        members.sort_unstable_by(|(one, _), (two, _)| one.cmp(two));
        Ok(members)
    }

    /// The canonical text of a value; null for none.
    fn text(&self, value: Option<At>, field: &str) -> Result<String, Problem> {
        let mut text = String::new();
        match value {
            Some(value) => push_value(self.document, value, field, &mut text)?,
            None => text.push_str("null"),
        }
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
