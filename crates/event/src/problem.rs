//! Why an event was refused, in words that name the field and the way out.

use serde::Serialize;

use crate::words::vocabulary;

vocabulary! {
    /// What is wrong, as a stable code.
    ProblemCode, "a problem code" {
        /// Not JSON.
        MalformedJson = 0 "malformed_json",
        /// Bytes that are not UTF-8.
        InvalidUtf8 = 1 "invalid_utf8",
        /// Half of a surrogate pair as an escape.
        LoneSurrogate = 2 "lone_surrogate",
        /// The character NUL, raw or as an escape.
        Nul = 3 "nul",
        /// The same name twice in one object.
        DuplicateKey = 4 "duplicate_key",
        /// Nested too deep.
        TooDeep = 5 "too_deep",
        /// Too many bytes.
        TooLarge = 6 "too_large",
        /// Too many fields after flattening.
        TooManyFields = 7 "too_many_fields",
        /// A path that is too long after flattening.
        PathTooLong = 8 "path_too_long",
        /// A name the event does not have.
        UnknownField = 9 "unknown_field",
        /// A required field is absent.
        MissingField = 10 "missing_field",
        /// The right field with the wrong kind of value.
        WrongType = 11 "wrong_type",
        /// The right kind of value, but not one that is allowed.
        WrongValue = 12 "wrong_value",
        /// Before 1970 or too far ahead.
        TimeOutOfRange = 13 "time_out_of_range",
        /// A name or value that only Annals may write.
        Reserved = 14 "reserved",
        /// Two fields that exclude each other.
        Conflict = 15 "conflicting_fields",
    }
}

/// A refusal: nothing was changed. `field` is the JSON Pointer of what is wrong, empty for the
/// event as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{}{}{detail}", field, if field.is_empty() { "" } else { ": " })]
pub struct Problem {
    /// Stable code for programs.
    pub code: ProblemCode,
    /// JSON Pointer of the field, or empty.
    pub field: String,
    /// Words for people: what is wrong and what would be right.
    pub detail: String,
    /// Place of the event in its batch, from 0, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
    /// Byte of the sent text where reading stopped, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
}

impl Problem {
    /// A problem with one field.
    pub fn new(code: ProblemCode, field: impl Into<String>, detail: impl Into<String>) -> Self {
        Problem {
            code,
            field: field.into(),
            detail: detail.into(),
            index: None,
            offset: None,
        }
    }

    /// The same problem, of the event at `index` of its batch.
    pub fn at_index(mut self, index: u64) -> Self {
        self.index = Some(index);
        self
    }

    pub(crate) fn at_offset(mut self, offset: usize) -> Self {
        self.offset = Some(offset as u64);
        self
    }
}
