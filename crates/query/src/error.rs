//! What is wrong with a query, where, and how to mend it.

use std::fmt;

/// A query that cannot be understood. Nothing was searched.
///
/// Places are counted in characters (Unicode scalar values) from the start of the text, so that
/// they mean the same to every programming language that can walk over characters.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct QueryError {
    /// What kind of mistake it is, for programs.
    pub code: QueryErrorCode,
    /// Where the wrong part starts, in characters. The length of the text if something is missing
    /// at its end.
    pub position: usize,
    /// How many characters are wrong; 0 if something is missing there.
    pub length: usize,
    /// What is wrong, one sentence without a full stop.
    pub message: String,
    /// What to write instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at character {})", self.message, self.position + 1)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for QueryError {}

/// The kinds of mistakes in a query; the names are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum QueryErrorCode {
    /// More characters than [`crate::QUERY_MAX_CHARS`].
    QueryTooLong,
    /// More terms than [`crate::TERMS_MAX`].
    TooManyTerms,
    /// Parentheses deeper than [`crate::DEPTH_MAX`].
    TooDeep,
    /// A value longer than [`crate::VALUE_MAX_CHARS`].
    ValueTooLong,
    /// No field has this name.
    UnknownField,
    /// The field has a fixed list of values and this is none of them.
    UnknownValue,
    /// A field without a value, empty quotes, empty parentheses.
    Empty,
    /// A quote is never closed, or stands where none can.
    Quote,
    /// A parenthesis is never closed, was never opened, or stands where none can.
    Parenthesis,
    /// `OR`, `AND`, `NOT` or `-` lacks what it joins or negates.
    MissingTerm,
    /// `*` stands where it has no meaning.
    Wildcard,
    /// Too little to look up: a short substring, or no letter and no digit.
    TooShort,
    /// The field has no order, or this comparison makes no sense.
    Comparison,
    /// Not a number the field can have.
    Number,
    /// Not a time.
    Time,
    /// Not an IP address or network.
    Address,
}

/// A mistake whose place the parser adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub(crate) code: QueryErrorCode,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Mistake {
    pub(crate) fn new(code: QueryErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn at(self, position: usize, length: usize) -> QueryError {
        let Self {
            code,
            message,
            hint,
        } = self;
        QueryError {
            code,
            position,
            length,
            message,
            hint,
        }
    }
}

/// `text` for a message: its beginning, if it is long.
pub(crate) fn shown(text: &str) -> String {
    const SHOWN_MAX_CHARS: usize = 40;
    match text.char_indices().nth(SHOWN_MAX_CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The one of `choices` that takes the fewest typing mistakes to become `given`.
pub(crate) fn nearest<'a>(given: &str, choices: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let given: Vec<char> = given
        .chars()
        .flat_map(char::to_lowercase)
        .take(GIVEN_MAX_CHARS)
        .collect();
    choices
        .map(|choice| (mistakes(&given, choice), choice))
        .filter(|&(mistakes, choice)| mistakes <= choice.chars().count().max(given.len()) / 2)
        .min_by_key(|&(mistakes, _)| mistakes)
        .map(|(_, choice)| choice)
}

/// Bounds the work on a wrong word; no right one is as long.
const GIVEN_MAX_CHARS: usize = 64;

/// Edit distance in which swapping two neighbours is one mistake (optimal string alignment).
fn mistakes(given: &[char], choice: &str) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=given.len()).collect();
    let mut last = None;
    for (line, letter) in choice.chars().enumerate() {
        let mut row = vec![line + 1];
        for (place, &other) in given.iter().enumerate() {
            let at =
                |row: &[usize], place: usize| row.get(place).copied().unwrap_or(usize::MAX / 2);
            let replaced = at(&above, place) + usize::from(other != letter);
            let mut least = replaced
                .min(at(&above, place + 1) + 1)
                .min(at(&row, place) + 1);
            let swapped = place > 0 && last == Some(other) && given.get(place - 1) == Some(&letter);
            if swapped {
                least = least.min(at(&before, place - 1) + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
        last = Some(letter);
    }
    above.last().copied().unwrap_or(usize::MAX)
}
