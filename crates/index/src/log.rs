//! What the index asks of a ledger. Tests put a simple list of events in its place.

use std::io;
use std::sync::{Arc, Weak};
use std::time::Duration;

use event::{Count, Recorded, Sequence};
use ledger::{
    Erasures, FollowError, Group, Ledger, PartName, ReadError, Snapshot, ViewProgress, Work,
};

/// Durable events that follow each other.
pub trait Batch: Send + Sync {
    /// Place of the first.
    fn first(&self) -> Sequence;

    /// How many there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The event at a place in the batch.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    fn recorded(&self, place: usize) -> io::Result<Recorded>;
}

/// A log of events that a view follows.
pub trait Log: Send + Sync + 'static {
    /// How many events are durable.
    fn durable(&self) -> Count;

    /// One consistent look at the parts.
    fn snapshot(&self) -> Snapshot;

    /// Durable events from a place on that are not sealed; waits for one at most `patience`.
    ///
    /// # Errors
    /// When events from there on are sealed.
    fn batches_from(
        &self,
        from: Count,
        patience: Duration,
    ) -> Result<Vec<Arc<dyn Batch>>, FollowError>;

    /// What was erased: how far in the parts, and what is still to be removed from them.
    fn erasures(&self) -> Erasures;

    /// Calls `each` with the events of a part, in order, until it says no; `false` if there is no
    /// such part any more.
    ///
    /// # Errors
    /// When the part cannot be read.
    fn read_part(
        &self,
        name: &PartName,
        each: &mut dyn FnMut(Recorded) -> bool,
    ) -> io::Result<bool>;

    /// Reads events in the order asked.
    ///
    /// # Errors
    /// When one of them cannot be read.
    fn read_many(&self, sequences: &[Sequence]) -> Result<Vec<Recorded>, ReadError>;

    /// The places of events that may carry an id, in any order.
    ///
    /// # Errors
    /// When the disk cannot be read.
    fn id_candidates(&self, id: &str) -> Result<Vec<Sequence>, ReadError>;

    /// Takes how far the view has come.
    fn set_view_progress(&self, progress: ViewProgress);

    /// Ends the waiting of everybody who waits for a change.
    fn wake(&self);

    /// Has this work done in the background, now and whenever there are other parts than before.
    fn add_follower(&self, follower: Weak<dyn Work>);
}

impl Batch for Group {
    fn first(&self) -> Sequence {
        Group::first(self)
    }

    fn len(&self) -> usize {
        Group::len(self)
    }

    fn recorded(&self, place: usize) -> io::Result<Recorded> {
        Group::recorded(self, place)
    }
}

impl Log for Ledger {
    fn durable(&self) -> Count {
        Ledger::durable(self)
    }

    fn snapshot(&self) -> Snapshot {
        Ledger::snapshot(self)
    }

    fn erasures(&self) -> Erasures {
        Ledger::erasures(self)
    }

    fn batches_from(
        &self,
        from: Count,
        patience: Duration,
    ) -> Result<Vec<Arc<dyn Batch>>, FollowError> {
        let groups = self.groups_from(from, patience)?;
        Ok(groups
            .into_iter()
            .map(|group| group as Arc<dyn Batch>)
            .collect())
    }

    fn read_part(
        &self,
        name: &PartName,
        each: &mut dyn FnMut(Recorded) -> bool,
    ) -> io::Result<bool> {
        let Some(part) = self.part(name) else {
            return Ok(false);
        };
        for recorded in part.records() {
            if !each(recorded?) {
                break;
            }
        }
        Ok(true)
    }

    fn read_many(&self, sequences: &[Sequence]) -> Result<Vec<Recorded>, ReadError> {
        Ledger::read_many(self, sequences)
    }

    fn id_candidates(&self, id: &str) -> Result<Vec<Sequence>, ReadError> {
        Ledger::id_candidates(self, id)
    }

    fn set_view_progress(&self, progress: ViewProgress) {
        Ledger::set_view_progress(self, progress);
    }

    fn wake(&self) {
        Ledger::wake(self);
    }

    fn add_follower(&self, follower: Weak<dyn Work>) {
        Ledger::add_follower(self, follower);
    }
}
