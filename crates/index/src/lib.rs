//! Search over a ledger: a view that follows it, and may be deleted and rebuilt at any time with
//! equal results.
//!
//! - **Every acknowledged event is found at once.** A search first takes in whatever became
//!   durable before it began.
//! - **Totals are exact**, and every page of a search can count the same events: those the ledger
//!   held when the first page was asked for ([`Scope::as_of`]).
//! - **Two homes, one evaluator.** Recent events are in the *tail*, in memory; sealed ones in one
//!   index file for each of the ledger's parts. A part whose file is missing, damaged or of an
//!   older format is read event by event until its file is built again.
//!
//! Follow an event: durable in the ledger -> [`Index`] takes it into the tail (`document`, `tail`)
//! -> the ledger seals it into a part -> the part's index file is built (`part`, `settle`) -> the
//! file takes over from the tail. Follow a question: `plan` looks its leaves up in every source ->
//! `order`, `counts` and `groups` make the answer from what was found. Nobody outside this crate knows which
//! engine answers: [`Engine`] is the seam.

mod answer;
mod bits;
mod column;
mod columns;
mod counts;
mod document;
mod engine;
mod file;
mod found;
mod groups;
mod ids;
mod index;
mod key_text;
mod keys;
mod local;
mod log;
mod order;
mod outliers;
mod pairs;
mod part;
mod partition;
mod plan;
mod postings;
mod rare;
mod settle;
mod source;
mod tail;
mod terms;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(test)]
mod tests;
mod texts;
mod union;

pub use engine::{
    Buckets, By, Class, Completion, Engine, Group, Grouping, Groups, Histogram, Hit, Hits, Matches,
    Order, Position, Scope, Search, SearchError, Split, Stats, Top, Totals,
};
pub use index::Index;
pub use log::{Batch, Log};
