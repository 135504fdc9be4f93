//! What will happen next: steps by time, ties in the order they were planned.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use event::Timestamp;

use crate::draft::Draft;
use crate::jobs::Job;
use crate::session::SessionId;
use crate::staff::PersonId;
use crate::story::Beat;

/// Something that happens at a moment.
pub(crate) enum Step {
    /// A day begins: decide who comes in and what is due.
    Day,
    SignIn(PersonId),
    /// A mistyped password before the right one; which attempt it is.
    Mistyped(PersonId, i64),
    Work(SessionId),
    SignOut(SessionId),
    /// An event that was decided earlier.
    Happens(Box<Draft>),
    ShopOrder,
    ApiCall,
    Agent,
    Intruder,
    Job(Job),
    Heartbeat,
    Beat(Beat),
    /// Live only: somebody does something now.
    Pulse,
}

#[derive(Default)]
pub(crate) struct Queue {
    steps: BinaryHeap<Reverse<Planned>>,
    planned: u64,
}

struct Planned {
    at: Timestamp,
    number: u64,
    step: Step,
}

impl Queue {
    pub(crate) fn plan(&mut self, at: Timestamp, step: Step) {
        self.planned += 1;
        self.steps.push(Reverse(Planned {
            at,
            number: self.planned,
            step,
        }));
    }

    /// The next step if it is due at `until` or before.
    pub(crate) fn next_due(&mut self, until: Timestamp) -> Option<(Timestamp, Step)> {
        if self.steps.peek()?.0.at > until {
            return None;
        }
        self.steps
            .pop()
            .map(|Reverse(planned)| (planned.at, planned.step))
    }
}

impl Ord for Planned {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl PartialOrd for Planned {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Planned {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Planned {}
