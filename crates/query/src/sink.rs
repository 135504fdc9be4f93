//! What an event hands over to whoever holds it for searching.

use std::net::IpAddr;

use crate::{ExactField, NumberField, TextField, words};

/// Receives everything of one event that leaves look at: what an index must hold, no more.
///
/// Values come in the order of the event's fields. Strings live only for the call.
pub trait Sink {
    /// A whole value, folded and cut to [`crate::EXACT_MAX_CHARS`]; never empty.
    fn exact(&mut self, field: ExactField, folded: &str);

    /// One text as it was sent; its words are those of [`words::words`].
    fn text(&mut self, field: TextField, value: &str);

    /// One value under `metadata`, with its key: the names on the way to it, folded and joined by
    /// dots; elements of an array have the array's key. The same value comes as
    /// [`TextField::Metadata`] too.
    fn metadata(&mut self, key: &str, value: MetadataValue<'_>);

    /// A number.
    fn number(&mut self, field: NumberField, value: i64);

    /// The address of the client; an IPv4 address inside an IPv6 one comes as IPv4.
    fn ip(&mut self, address: IpAddr);
}

/// A value under `metadata`. Nulls are not values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetadataValue<'a> {
    /// A string.
    Text(&'a str),
    /// A number as it was sent, e.g. `12.50`.
    Number(&'a str),
    /// A truth value.
    Bool(bool),
}

impl<'a> MetadataValue<'a> {
    /// The value as text.
    pub fn as_text(self) -> &'a str {
        match self {
            Self::Text(text) | Self::Number(text) => text,
            Self::Bool(true) => "true",
            Self::Bool(false) => "false",
        }
    }

    /// The words that `metadata.KEY:` looks at. A number is one word here, so that `3` does not
    /// find `3.5`.
    pub fn words(self, mut each: impl FnMut(&str)) {
        match self {
            Self::Number(text) => each(&words::fold(text)),
            value => words::words(value.as_text(), each),
        }
    }
}
