//! Places and counts: how many events there are and where one of them stands.

use std::fmt;

/// Place of an event in its tenant's ledger. The first is 0; there are no gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sequence(u64);

impl Sequence {
    /// The place of the first event.
    pub const FIRST: Sequence = Sequence(0);

    /// The place with this number.
    pub const fn new(number: u64) -> Self {
        Sequence(number)
    }

    /// The number of this place.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// How many events a ledger holds that ends with this one.
    pub const fn count_through(self) -> Count {
        Count(self.0.saturating_add(1))
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How many events a ledger holds: the sequences `0..count`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Count(u64);

impl Count {
    /// An empty ledger.
    pub const ZERO: Count = Count(0);

    /// This many events.
    pub const fn new(number: u64) -> Self {
        Count(number)
    }

    /// The number of events.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The place the next appended event gets.
    pub const fn next_sequence(self) -> Sequence {
        Sequence(self.0)
    }

    /// Whether the event at `sequence` is one of them.
    pub const fn contains(self, sequence: Sequence) -> bool {
        sequence.0 < self.0
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
