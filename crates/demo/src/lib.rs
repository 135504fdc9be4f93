//! A made-up company whose software reports everything that happens: a seed and a moment in,
//! events out.
//!
//! Kestrel & Rowe is a wholesaler with 60 employees, a web shop, scheduled jobs and its share of
//! trouble. Nothing of it exists: every event says `source.environment` = `demo`, people have
//! addresses at example.com, and networks are private or reserved for documentation (RFC 5737).
//! The same seed and moment give the same events, byte for byte; memory stays bounded whatever
//! the length of time asked for. Events come ordered by `occurred_at`.

mod company;
mod draft;
mod flow;
mod jobs;
mod location;
mod office;
mod queue;
mod random;
mod records;
mod session;
mod staff;
mod story;
mod work;

use event::Timestamp;

pub use location::location_file;

use company::World;

/// What the company is called.
pub const COMPANY_NAME: &str = "Kestrel & Rowe (made-up demo company)";
/// `source.app` of every event.
pub const SOURCE_APP: &str = "erp";
/// `source.environment` of every event: the label that says it is made up.
pub const SOURCE_ENVIRONMENT: &str = "demo";
/// The history begins this many days before the moment it is asked for.
pub const HISTORY_DAYS: i64 = 90;

/// One event, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// When it happened; never before the event made before it.
    pub occurred_at: Timestamp,
    /// One JSON object in the shape of `POST /v1/events`.
    pub json: Vec<u8>,
}

/// The company and everything it will do.
pub struct Company {
    world: World,
    now: Timestamp,
}

impl Company {
    /// Founds the company so that its history ends at `now`.
    pub fn new(seed: u64, now: Timestamp) -> Self {
        Self {
            world: World::found(seed, now),
            now,
        }
    }

    /// What happened in the [`HISTORY_DAYS`] days up to `now`: about 100,000 events.
    pub fn history(&mut self) -> impl Iterator<Item = Made> + '_ {
        let now = self.now;
        std::iter::from_fn(move || self.world.next_until(now))
    }

    /// What happened since the last call and up to `now`: something every few seconds at any hour.
    /// The first call takes the rest of the history with it, if some is left.
    pub fn live(&mut self, now: Timestamp) -> impl Iterator<Item = Made> + '_ {
        self.world.go_live(self.now);
        std::iter::from_fn(move || self.world.next_until(now))
    }
}
