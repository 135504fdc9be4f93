//! One value: held against its rule and kept as canonical text.

use std::net::IpAddr;

use super::schema::Rule;
use super::{Door, below};
use crate::canonical::{duplicate, push_value};
use crate::draft::check_flattened;
use crate::json::{At, Document, NodeKind};
use crate::limits::{AHEAD_MAX_MICROS, COUNT_MAX, ID_MAX_CHARS, TERM_MAX_BYTES};
use crate::path::{Path, push_segment};
use crate::problem::{Problem, ProblemCode};
use crate::time::Timestamp;

impl Door<'_, '_, '_> {
    pub(super) fn leaf(&mut self, path: Path<'_>, value: At, rule: Rule) -> Result<(), Problem> {
        match rule {
            Rule::Count => return self.count(path, value),
            Rule::Strings => return self.strings(path, value),
            _ => {}
        }
        let Some(text) = self.document.string(value) else {
            return Err(self.wrong_type(value, path.as_str(), "a string"));
        };
        let wrong = |detail: String| Problem::new(ProblemCode::WrongValue, path.as_str(), detail);
        match rule {
            Rule::Id => check_id(&text).map_err(wrong)?,
            Rule::Term => check_term(&text).map_err(wrong)?,
            Rule::Word(check) => check(&text).map_err(|unknown| wrong(unknown.to_string()))?,
            Rule::Ip => {
                if text.parse::<IpAddr>().is_err() {
                    return Err(wrong(format!("{:?} is not an IP address", cut(&text))));
                }
            }
            Rule::Time => self.check_time(path, &text)?,
            Rule::Text | Rule::Count | Rule::Strings => {}
        }
        self.set(path, value)
    }

    pub(super) fn check_time(&self, path: Path<'_>, text: &str) -> Result<(), Problem> {
        let time = Timestamp::parse_rfc3339(text).map_err(|error| {
            let detail = format!("{:?}: {error}", cut(text));
            Problem::new(ProblemCode::WrongValue, path.as_str(), detail)
        })?;
        let latest = self.acceptance.now.plus_micros(AHEAD_MAX_MICROS);
        if time < Timestamp::EPOCH || time > latest {
            let detail = format!("{text} is outside 1970-01-01T00:00:00Z to {latest}");
            return Err(Problem::new(
                ProblemCode::TimeOutOfRange,
                path.as_str(),
                detail,
            ));
        }
        Ok(())
    }

    pub(super) fn count(&mut self, path: Path<'_>, value: At) -> Result<(), Problem> {
        if self.document.kind(value) != NodeKind::Number {
            return Err(self.wrong_type(value, path.as_str(), "a number"));
        }
        let text = self.document.raw(value);
        // Sixteen digits hold 2^53 and cannot overflow.
        let fits = text.len() <= 16
            && text.bytes().all(|byte| byte.is_ascii_digit())
            && text.parse::<u64>().is_ok_and(|number| number <= COUNT_MAX);
        if !fits {
            let detail = format!("{} is not a whole number from 0 to {COUNT_MAX}", cut(text));
            return Err(Problem::new(ProblemCode::WrongValue, path.as_str(), detail));
        }
        self.draft.set_sent(path, self.document.range(value));
        Ok(())
    }

    pub(super) fn strings(&mut self, path: Path<'_>, value: At) -> Result<(), Problem> {
        if self.document.kind(value) != NodeKind::Array {
            return Err(self.wrong_type(value, path.as_str(), "an array of strings"));
        }
        for (index, element) in self.document.elements(value).enumerate() {
            let kind = self.document.kind(element);
            if !matches!(kind, NodeKind::String | NodeKind::EscapedString) {
                return Err(self.wrong_type(element, &format!("{path}/{index}"), "a string"));
            }
        }
        self.set(path, value)
    }

    /// Keeps a value that is no object, or an empty one.
    pub(super) fn set(&mut self, path: Path<'_>, value: At) -> Result<(), Problem> {
        let document = self.document;
        match document.kind(value) {
            NodeKind::EscapedString | NodeKind::Array | NodeKind::Object => {
                self.draft.set_written(path, |out| {
                    push_value(document, value, out).map_err(|twice| twice.in_field(path.as_str()))
                })
            }
            _ => {
                self.draft.set_sent(path, document.range(value));
                Ok(())
            }
        }
    }

    /// Keeps any value that stands at `field`, a path without a code: objects are descended into.
    pub(super) fn flatten(&mut self, field: &mut String, value: At) -> Result<(), Problem> {
        let document = self.document;
        if document.kind(value) != NodeKind::Object || document.is_empty(value) {
            return self.set(Path::Literal(field), value);
        }
        refuse_duplicates(document, value, field)?;
        for (name, value) in document.members(value) {
            let parent = field.len();
            push_segment(field, &name);
            check_flattened(field, self.draft.count())?;
            self.flatten(field, value)?;
            field.truncate(parent);
        }
        Ok(())
    }
}

/// Refuses an object in which a name stands twice.
pub(crate) fn refuse_duplicates(
    document: &Document<'_>,
    object: At,
    field: &str,
) -> Result<(), Problem> {
    let mut names: Vec<_> = document.members(object).map(|(name, _)| name).collect();
    names.sort_unstable();
    for pair in names.windows(2) {
        if let [one, two] = pair
            && one == two
        {
            return Err(duplicate(below(field, one)));
        }
    }
    Ok(())
}

/// The start of a value, for a message.
fn cut(text: &str) -> String {
    text.chars().take(64).collect()
}

fn check_id(id: &str) -> Result<(), String> {
    let printable = id.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if id.is_empty() || id.len() > ID_MAX_CHARS || !printable {
        return Err(format!(
            "an id has 1 to {ID_MAX_CHARS} printable ASCII characters"
        ));
    }
    Ok(())
}

pub(crate) fn check_term(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("must not be empty; leave it out instead".to_owned());
    }
    if text.len() > TERM_MAX_BYTES {
        return Err(format!(
            "{} bytes; at most {TERM_MAX_BYTES} are allowed",
            text.len()
        ));
    }
    Ok(())
}
