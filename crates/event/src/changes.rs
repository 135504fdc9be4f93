//! The changes an event tells of, each put together from its fields.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::iter::Peekable;

use crate::fields::{Field, Fields};
use crate::path::ChangeMember;
use crate::wire;

/// One change. What the event does not say is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change<'a> {
    /// What was changed.
    pub path: Option<Cow<'a, str>>,
    /// What people call it.
    pub label: Option<Cow<'a, str>>,
    /// How its values are to be shown: string, number, money, date, bool or json.
    pub kind: Option<Cow<'a, str>>,
    /// The whole value before, as JSON.
    pub old: Option<Cow<'a, str>>,
    /// The whole value after, as JSON.
    pub new: Option<Cow<'a, str>>,
}

/// The changes among the fields of an event.
pub(crate) fn of(fields: Fields<'_>) -> Vec<Change<'_>> {
    let mut changes: BTreeMap<usize, Change<'_>> = BTreeMap::new();
    let mut fields = fields.peekable();
    while let Some(field) = fields.next() {
        let Some((place, member)) = field.path.change() else {
            continue;
        };
        let change = changes.entry(place).or_default();
        match member {
            ChangeMember::Path => change.path = field.as_string(),
            ChangeMember::Label => change.label = field.as_string(),
            ChangeMember::Type => change.kind = field.as_string(),
            ChangeMember::Old => change.old = Some(whole_value(field, &mut fields)),
            ChangeMember::New => change.new = Some(whole_value(field, &mut fields)),
        }
    }
    changes.into_values().collect()
}

/// The value that `first` is, or is the first field of: an object's members are fields of their
/// own, which follow each other.
fn whole_value<'a>(first: Field<'a>, rest: &mut Peekable<Fields<'a>>) -> Cow<'a, str> {
    let path = first.path.as_str();
    let Some((end, _)) = path.match_indices('/').nth(CHANGE_MEMBER_SEGMENTS) else {
        return Cow::Borrowed(first.value);
    };
    let (object, _) = path.split_at(end);
    let within = |field: &Field<'_>| {
        let below = field.path.as_str().strip_prefix(object);
        below.is_some_and(|below| below.starts_with('/'))
    };
    let others = std::iter::from_fn(|| rest.next_if(within));
    Cow::Owned(wire::object(object, std::iter::once(first).chain(others)))
}

/// `/changes/0/new` has three.
const CHANGE_MEMBER_SEGMENTS: usize = 3;
