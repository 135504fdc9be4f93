//! Why a record or a file is no event, and what is open about one that is.

use std::borrow::Cow;

use event::Problem;

/// A record, or a whole file, that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Refusal {
    /// Stable code for programs, such as `malformed_json`.
    pub code: Cow<'static, str>,
    /// Words for people: what is wrong and what would be right.
    pub detail: String,
}

impl Refusal {
    /// A refusal.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Refusal {
            code: Cow::Borrowed(code),
            detail: detail.into(),
        }
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Refusal {
            code: Cow::Borrowed(problem.code.as_str()),
            detail: problem.to_string(),
        }
    }
}

/// Codes with which an event that a mapper made may still be refused ([`event::ProblemCode`]): there
/// the original is at fault, which is kept whole. Any other code would be a fault of the mapper.
pub const FAULTS_OF_THE_ORIGINAL: &[&str] = &[
    "too_large",
    "too_many_fields",
    "path_too_long",
    "too_deep",
    "nul",
    "time_out_of_range",
    "reserved",
];

/// Something about a record that was taken and that somebody should look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Stable code for programs.
    pub code: &'static str,
    /// Words for people.
    pub detail: String,
}

impl Note {
    /// The record does not say when; the event gets the time it is received.
    pub const NO_TIME: &'static str = "time_missing";
    /// What the record says of its time cannot be read; the event gets the time it is received.
    pub const UNREADABLE_TIME: &'static str = "time_unreadable";
}
