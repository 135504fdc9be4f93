//! The seam: what a search engine behind the index does. Nothing else knows which one it is.

use std::io;
use std::sync::Arc;

use event::{Count, Sequence, Timestamp};
use ledger::{Lane, Meters, ReadError, Shelf};
use query::{ExactField, Expr, TextFields};

use crate::log::Batch;

/// Which events are looked at.
#[derive(Debug, Clone)]
pub struct Scope {
    /// What they must match.
    pub expr: Expr,
    /// From this time on. An event whose own time is unknown counts by when it was received.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub to: Option<Timestamp>,
    /// Only the first events of the ledger; all there are when asked if absent.
    pub as_of: Option<Count>,
    /// Whether events that Annals wrote itself count too.
    pub own: bool,
}

impl Scope {
    /// Everything an application sent that matches.
    pub fn of(expr: Expr) -> Scope {
        Scope {
            expr,
            from: None,
            to: None,
            as_of: None,
            own: false,
        }
    }
}

/// In which order events come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Latest first, by when they happened and then by place.
    OccurredDesc,
    /// Earliest first, by when they happened and then by place.
    OccurredAsc,
    /// Highest place first.
    SequenceDesc,
    /// Lowest place first.
    SequenceAsc,
}

/// A place in the order of a search: of the last event of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// When the event happened.
    pub occurred: Timestamp,
    /// Its place in the ledger.
    pub sequence: Sequence,
}

/// An event that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// Its place in the order of a search.
    pub position: Position,
    /// The shelf of the part it stands in; none of what is not in a part with an index.
    pub shelf: Option<Shelf>,
}

/// A page of events to find.
#[derive(Debug, Clone)]
pub struct Search {
    /// Which events.
    pub scope: Scope,
    /// In which order.
    pub order: Order,
    /// How many at most.
    pub limit: usize,
    /// Only what comes after this.
    pub after: Option<Position>,
}

/// How many events match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// How many count.
    pub total: u64,
    /// How many more match, but were left out because Annals wrote them itself.
    pub own_left_out: u64,
    /// How many events of the ledger were looked at: give this to `as_of` of the next page.
    pub as_of: Count,
}

/// A page of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hits {
    /// The events of the page, in order.
    pub hits: Vec<Hit>,
    /// How many there are in all.
    pub totals: Totals,
    /// Where the next page begins, if there is one.
    pub next: Option<Position>,
}

/// Counts in buckets of time to make.
#[derive(Debug, Clone)]
pub struct Histogram {
    /// Which events.
    pub scope: Scope,
    /// Ends of the buckets, ascending: bucket `n` is from boundary `n` on and before `n + 1`.
    pub boundaries: Vec<Timestamp>,
    /// A field to split the counts by; its first value counts.
    pub split: Option<Split>,
}

/// How a histogram is split.
#[derive(Debug, Clone, Copy)]
pub struct Split {
    /// By the first value of this field.
    pub field: ExactField,
    /// How many values get counts of their own: those with most events. The others, and events
    /// without a value, count together.
    pub limit: usize,
}

/// Counts in buckets of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buckets {
    /// Events of each bucket.
    pub counts: Vec<u64>,
    /// The same by value, most events first; the value `None` stands for all others.
    pub series: Vec<(Option<String>, Vec<u64>)>,
    /// Events in all buckets, and own ones left out.
    pub totals: Totals,
}

/// Most frequent values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Top {
    /// Values, folded, and how many events have them; most first, equal ones by value.
    pub values: Vec<(String, u64)>,
    /// How many different values there are.
    pub distinct: u64,
    /// Events looked at.
    pub totals: Totals,
}

/// Groups to make: events with the same values belong together.
#[derive(Clone)]
pub struct Grouping<'a> {
    /// Which events.
    pub scope: Scope,
    /// The fields that tell groups apart, each by its first value. None makes one group of all.
    pub by: Vec<By<'a>>,
    /// Where given, the stretches of time that events take, each from when it happened for as long
    /// as its duration says, are united inside this window.
    pub window: Option<(Timestamp, Timestamp)>,
    /// How many groups at most: those with most events.
    pub limit: usize,
}

/// What a value counts as, never an empty text; none for values that count as if there were none.
pub type Class<'a> = dyn Fn(&str) -> Option<String> + Sync + 'a;

/// A field that tells groups apart.
#[derive(Clone, Copy)]
pub struct By<'a> {
    /// The field; its values must be kept by event.
    pub field: ExactField,
    /// Where given, its classes tell groups apart and not the values themselves.
    pub class: Option<&'a Class<'a>>,
}

impl By<'_> {
    /// By the values themselves.
    pub fn values(field: ExactField) -> Self {
        By { field, class: None }
    }
}

/// Events that have the same values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// For each field its value, folded, or its class.
    pub values: Vec<Option<String>>,
    /// How many events.
    pub events: u64,
    /// The earliest, of equal ones the one with the lowest place.
    pub first: Position,
    /// The latest, of equal ones the one with the highest place.
    pub last: Position,
    /// How many of them say how long they took.
    pub timed: u64,
    /// How long these took in all, in milliseconds.
    pub duration_ms: u128,
    /// How much of the window they cover.
    pub covered_micros: u64,
}

/// Groups of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Groups {
    /// Most events first, equal ones by their values.
    pub groups: Vec<Group>,
    /// How many groups there are.
    pub distinct: u64,
    /// Events with no value of any of the fields. They are not among the groups, unless groups are
    /// told apart by no field.
    pub without: Option<Group>,
    /// How much of the window all events cover.
    pub covered_micros: u64,
    /// Events looked at.
    pub totals: Totals,
}

/// What is completed.
#[derive(Debug, Clone, Copy)]
pub enum Completion {
    /// Values of a field.
    Values(ExactField),
    /// Words of texts.
    Words(TextFields),
}

/// How large an index is and how far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Events that searches see.
    pub applied: Count,
    /// Events that are answered for without the memory of the ledger.
    pub covered: Count,
    /// Parts with an index.
    pub parts: u64,
    /// Parts whose index is still to be made; the tail or older indices answer for most of them.
    pub missing_parts: u64,
    /// Parts that are read event by event until their index is built.
    pub unindexed_parts: u64,
    /// Bytes of the index on disk.
    pub bytes: u64,
}

/// Why a search failed.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The ledger could not read an event that had to be looked at.
    #[error("the ledger could not read an event")]
    Ledger(#[from] ReadError),
    /// The disk said no.
    #[error("the search could not be answered")]
    Io(#[from] io::Error),
    /// Values of this field cannot be listed.
    #[error("values of {} are not kept in a form that can be counted", .0.name())]
    NotCounted(ExactField),
    /// Parts were replaced faster than they could be read.
    #[error("the parts of the ledger changed while they were read; ask again")]
    Changing,
}

/// Matching places in the order asked for, found as they are taken.
pub type Matches = Box<dyn Iterator<Item = Hit> + Send>;

/// A search engine that follows a ledger. It takes in batches in order, lets parts take over from
/// them, and answers.
///
/// Whatever was applied is found by the next question. Nothing it keeps is needed to rebuild it.
pub trait Engine: Send + Sync {
    /// Takes in events. Those it has already are passed over, so batches may come twice; a gap is
    /// an error.
    ///
    /// # Errors
    /// When an event cannot be read.
    fn apply(&self, batches: &[Arc<dyn Batch>]) -> Result<(), SearchError>;

    /// How many events it has taken in.
    fn applied(&self) -> Count;

    /// The ledger has sealed events that were never applied: go on behind them and answer for them
    /// from the parts.
    fn restart(&self);

    /// Does the next piece of a lane's work to follow the ledger's parts: build, merge or drop an
    /// index. `false` if nothing is left to do.
    ///
    /// # Errors
    /// When the disk said no; the work is tried again by the next call.
    fn settle(&self, lane: Lane, meters: &Meters) -> io::Result<bool>;

    /// Finds a page of events.
    ///
    /// # Errors
    /// When events cannot be read.
    fn search(&self, search: &Search) -> Result<Hits, SearchError>;

    /// Counts events.
    ///
    /// # Errors
    /// When events cannot be read.
    fn count(&self, scope: &Scope) -> Result<Totals, SearchError>;

    /// Counts events in buckets of time.
    ///
    /// # Errors
    /// When events cannot be read, or the field to split by is not kept.
    fn histogram(&self, histogram: &Histogram) -> Result<Buckets, SearchError>;

    /// Lists the most frequent values of a field among events; an event counts for each value.
    ///
    /// # Errors
    /// When events cannot be read, or the field's values are only kept for looking up.
    fn top(&self, scope: &Scope, field: ExactField, limit: usize) -> Result<Top, SearchError>;

    /// Counts events by combinations of values.
    ///
    /// # Errors
    /// When events cannot be read, or the values of a field are not kept by event.
    fn groups(&self, grouping: &Grouping<'_>) -> Result<Groups, SearchError>;

    /// Values or words that begin with `prefix`, most frequent first, with about how many events
    /// have them. A suggestion for whoever types: parts without an index are left out.
    ///
    /// # Errors
    /// When events cannot be read.
    fn complete(
        &self,
        what: Completion,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<(String, u64)>, SearchError>;

    /// All matching places, for an export.
    ///
    /// # Errors
    /// When events cannot be read.
    fn matches(&self, scope: &Scope, order: Order) -> Result<(Totals, Matches), SearchError>;

    /// How large it is and how far it has come.
    fn stats(&self) -> Stats;
}
