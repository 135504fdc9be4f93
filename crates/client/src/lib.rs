//! Calls an Annals server, patiently, and believes nothing that can be checked.
//!
//! - **Waits where waiting helps.** 429 and 503 are tried again after the time the server asks for,
//!   and lost connections where trying again cannot double anything.
//! - **Never takes a part for the whole.** An export is only good if it ends with its own count.
//! - **Checks proofs on arrival.** [`proof`] and [`log`] hold what a server says against its public
//!   key; the key itself must come from somebody the caller trusts.
//!
//! Everything blocks; there is no async here. [`proof::check`] needs no server.

mod connection;
mod error;
mod events;
mod export;
pub mod log;
pub mod proof;
mod tail;

pub use connection::{Client, Parameters};
pub use error::ClientError;
pub use events::{Body, Sending};
pub use export::Exported;
pub use tail::{Tail, TailItem};
