//! What tombstones say: which events, or which of their fields, are to be gone.
//!
//! A tombstone is an event of kind 2 in the ledger itself. It is durable and signed before the
//! first byte is removed, so a body is never missing without one, and recovery repeats the removal
//! until every file is rid of it.

use event::{Category, Recorded};
use serde::{Deserialize, Serialize};

/// The action of a tombstone for single events and fields.
pub const ERASE_ACTION: &str = "annals.event.erase";
/// The action of a tombstone that a retention policy makes.
pub const RETENTION_ACTION: &str = "annals.retention.erase";
/// Where in the tombstone's metadata the erasures stand.
pub const ERASED_PATH: &str = "/metadata/erased";

/// One entry of a tombstone: what is erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erasure {
    /// The first event.
    pub first: u64,
    /// The last event.
    pub last: u64,
    /// Only events of this category; all of them where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    /// Numbers of the fields that are erased, from 0; the whole body where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<u16>,
}

impl Erasure {
    /// Does it speak of this event? Tombstones and policies are never erased.
    pub fn covers(&self, recorded: &Recorded) -> bool {
        let sequence = recorded.sequence.get();
        (self.first..=self.last).contains(&sequence)
            && self
                .category
                .is_none_or(|category| category == recorded.category)
            && matches!(recorded.kind, event::Kind::Application | event::Kind::Own)
    }

    /// Does it speak of events in `first..=last`?
    pub fn touches(&self, first: u64, last: u64) -> bool {
        self.first <= last && first <= self.last
    }

    /// The event without what is erased of it.
    pub fn apply(&self, recorded: Recorded) -> Recorded {
        if !self.covers(&recorded) {
            return recorded;
        }
        let content = if self.fields.is_empty() {
            recorded.content.erase()
        } else {
            recorded
                .content
                .withhold(|number, _| self.fields.contains(&number))
        };
        // What was added at ingest was made from the fields and goes with them.
        Recorded {
            content,
            enrichment: None,
            ..recorded
        }
    }
}

/// The erasures of a tombstone; none for another event or one that does not read.
pub fn erasures_of(recorded: &Recorded) -> Vec<Erasure> {
    if recorded.kind != event::Kind::Tombstone {
        return Vec::new();
    }
    recorded
        .fields()
        .find(|field| field.path.as_str() == ERASED_PATH)
        .and_then(|field| serde_json::from_str(field.value).ok())
        .unwrap_or_default()
}
