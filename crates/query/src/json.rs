//! The strings, numbers and truth values inside one field's canonical JSON.

use event::Field;
use event::path::Path;
use std::borrow::Cow;

/// A value that is neither an array, nor an object, nor null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scalar<'a> {
    Text(Cow<'a, str>),
    Number(&'a str),
    Bool(bool),
}

/// Calls `each` with every scalar in `json`, in order. `key` is the name of the value; for the time
/// of a call the names of objects inside arrays are appended to it, after a dot.
///
/// The text is canonical, as every stored value is. Of any other text some values are left out.
pub(crate) fn scalars(json: &str, key: &mut String, each: &mut impl FnMut(&str, Scalar<'_>)) {
    let mut walk = Walk {
        rest: json,
        depth: 0,
    };
    walk.value(key, each);
}

/// Above what an event may be nested.
const DEPTH_MAX: usize = 64;

struct Walk<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> Walk<'a> {
    fn value(&mut self, key: &mut String, each: &mut impl FnMut(&str, Scalar<'_>)) -> Option<()> {
        match self.rest.bytes().next()? {
            b'"' => {
                let text = self.string()?;
                each(key, Scalar::Text(text));
            }
            b'[' => self.members(b']', key, each)?,
            b'{' => self.members(b'}', key, each)?,
            _ => {
                let end = self.rest.find([',', ']', '}']).unwrap_or(self.rest.len());
                match self.take(end)? {
                    "true" => each(key, Scalar::Bool(true)),
                    "false" => each(key, Scalar::Bool(false)),
                    "null" => {}
                    "" => return None,
                    digits => each(key, Scalar::Number(digits)),
                }
            }
        }
        Some(())
    }

    fn members(
        &mut self,
        close: u8,
        key: &mut String,
        each: &mut impl FnMut(&str, Scalar<'_>),
    ) -> Option<()> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        self.take(1)?;
        while self.rest.bytes().next()? != close {
            if self.rest.starts_with(',') {
                self.take(1)?;
            }
            let outer = key.len();
            if close == b'}' {
                let name = self.string()?;
                self.rest = self.rest.strip_prefix(':')?;
                push_name(key, &name);
            }
            self.value(key, each)?;
            key.truncate(outer);
        }
        self.take(1)?;
        self.depth -= 1;
        Some(())
    }

    fn string(&mut self) -> Option<Cow<'a, str>> {
        let mut escaped = false;
        let close = self.rest.bytes().skip(1).position(|byte| {
            let ends = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        })?;
        let value = self.take(close + 2)?;
        Field {
            path: Path::Literal(""),
            value,
            defaulted: false,
        }
        .as_string()
    }

    fn take(&mut self, bytes: usize) -> Option<&'a str> {
        let (taken, rest) = self.rest.split_at_checked(bytes)?;
        self.rest = rest;
        Some(taken)
    }
}

/// Appends a name to a metadata key, folded.
pub(crate) fn push_name(key: &mut String, name: &str) {
    if !key.is_empty() {
        key.push('.');
    }
    key.push_str(&crate::words::fold(name));
}
