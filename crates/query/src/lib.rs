//! The one search language.
//!
//! A text such as `action:login outcome:failure -actor:john "credit limit" records:>1000` means
//! the same set of events everywhere: in the search box, the API, alert conditions, saved searches
//! and report filters. [`parse`] turns it into an [`Expr`] over a small set of primitive leaves, or
//! says where it is wrong and how to mend it. An event then answers in one of two ways that must
//! agree, and a random test holds them to it:
//!
//! - [`Query::matches`] looks at one event at a time (the live tail, alerts);
//! - an index holds what [`analyze`] emits for each event and answers each [`Leaf`] from that.
//!
//! Comparison ignores case: both sides are folded by [`words::fold`]. What an event does not have
//! (never sent, withheld or erased) matches no leaf, and therefore matches its negation.
//!
//! The user's page of the language is `docs/search.md`.
#![cfg_attr(
    not(any(test, feature = "testing")),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

mod address;
mod amount;
mod analyze;
mod ask;
pub mod catalogue;
mod decimal;
mod display;
mod error;
mod expr;
mod fields;
mod json;
mod leaf;
mod matching;
mod order;
mod parse;
mod part;
mod query;
mod range;
mod scan;
mod sink;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod time;
pub mod words;

pub use analyze::analyze;
pub use decimal::Decimal;
pub use error::{QueryError, QueryErrorCode};
pub use expr::Expr;
pub use fields::{ExactField, NumberField, TextField, TextFields};
pub use ipnet::IpNet;
pub use leaf::Leaf;
pub use parse::parse;
pub use query::Query;
pub use range::{DecimalBound, DecimalRange, NumberRange};
pub use sink::{MetadataValue, Sink};
pub use time::ParseContext;

/// Characters a query may have: more than fits on any screen, little enough to parse at once.
pub const QUERY_MAX_CHARS: usize = 4_096;

/// How deep parentheses may be nested: keeps recursion small on every reader's stack.
pub const DEPTH_MAX: usize = 32;

/// Terms a query may have: each costs a look-up in every part of the index.
pub const TERMS_MAX: usize = 256;

/// Characters a substring (`*part*`) needs: three can be looked up in a dictionary, fewer match
/// nearly everything.
pub const SUBSTRING_MIN_CHARS: usize = 3;

/// Characters one value of a query may have: room for the longest id and for a pasted message.
pub const VALUE_MAX_CHARS: usize = 1_024;

/// Characters of a whole value (an id, a role, an action) that are compared; longer values are cut
/// here when they are emitted. Folding may double a value, so no value of a query is ever cut.
pub const EXACT_MAX_CHARS: usize = 4 * VALUE_MAX_CHARS;
