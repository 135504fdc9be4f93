//! Logs of other systems, read as events: records in, drafts of events out.
//!
//! - **Nothing is lost in silence.** What cannot be an event is a [`Refusal`] with a code and words;
//!   what had to be guessed or left open is a [`Note`] on the event.
//! - **The original is kept whole** under `metadata.original`, with every digit of its numbers.
//! - **The same record gives the same event**, today and tomorrow, whatever file it stands in: its
//!   id is the record's own, or is made of its content ([`Ids`]).
//!
//! Nothing here opens a file, asks a clock or calls a server. [`Records`] and [`Rows`] part what
//! they are given into records in bounded memory; a [`Mapper`] turns each into a [`Mapped`].
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

mod address;
mod cloudtrail;
pub mod csv;
mod draft;
mod github;
mod ids;
mod looks;
mod mapper;
mod okta;
mod record;
mod records;
mod refusal;
mod rows;
mod time;
mod verbs;

pub use ids::{Ids, renamed};
pub use looks::{Beginning, beginning};
pub use mapper::{Format, Mapped, Mapper};
pub use records::{Found, Item, RECORD_MAX_BYTES, Records};
pub use refusal::{FAULTS_OF_THE_ORIGINAL, Note, Refusal};
pub use rows::Rows;
