//! What an event is: accepted, it is valid, canonical and ready to be hashed, and nothing behind
//! this crate checks it again.
//!
//! An event is held flat, as fields sorted by their path with canonical values ([`Fields`]). That
//! one representation is hashed ([`Event::commit`]), stored ([`Recorded::encode`]), matched and
//! shown ([`Recorded::to_wire_json`]). Nothing here does I/O, asks a clock or draws a random number.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

mod accept;
mod canonical;
pub mod catalogue;
mod changes;
mod commit;
mod differences;
mod display_id;
mod draft;
mod enrichment;
mod event;
mod exported;
mod fields;
pub mod json;
pub mod limits;
pub mod path;
mod place;
mod problem;
pub mod proof;
mod recorded;
mod sha;
pub mod split;
mod time;
pub mod wire;
pub mod withheld;
mod words;

pub use accept::Acceptance;
pub use changes::Change;
pub use commit::{BodyRoot, Commitment, ENTRY_BYTES, ENTRY_VERSION, Entry, FieldSalt, Salt};
pub use display_id::{DisplayId, EventRef, NoEventRef, parse_display_id};
pub use enrichment::{Device, Enrichment, EnrichmentJson, Geo, Network, Risk};
pub use event::Event;
pub use exported::Exported;
pub use fields::{DecodeError, EncodedFields, Field, Fields, Strings};
pub use path::{Code, Path};
pub use place::{Count, Sequence};
pub use problem::{Problem, ProblemCode};
pub use recorded::{Recorded, encode_whole_body};
pub use split::{is_array, split_array, split_lines};
pub use time::{TimeError, Timestamp};
pub use withheld::{Content, Item, Withheld};
pub use words::{Activity, ActorType, Category, ChangeType, Kind, Outcome, Severity, UnknownWord};
