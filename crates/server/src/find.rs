//! Asking the index: the only module that knows which index stands behind the routes.

use std::collections::BTreeMap;
use std::time::Duration;

use event::{Count, Recorded, Sequence, Timestamp};
pub(crate) use index::{By, Group, Groups, Order};
use index::{
    Completion, Grouping, Histogram, Hit, Position as IndexPosition, Scope, Search, SearchError,
    Split,
};
use ledger::{Scan, Shelf};
use query::{ExactField, Expr};

use crate::error::{Code, Refusal};
use crate::tenants::Open;
use crate::times::Span;

/// Values of a split field that are counted apart: more lines than a chart can show.
const SPLIT_VALUES_MAX: usize = 100;
/// The name under which the other values of a split field are counted.
const OTHER_VALUES: &str = "(other)";
/// Events read from the ledger at a time when many are streamed: a block or two of a part.
const STREAM_STEP: usize = 256;
/// Events of a page that a thread reads before it takes more of them.
const PAGE_STEP: usize = 32;
/// Events of a page for which it is worth to begin another thread.
const PAGE_THREAD_EVENTS: usize = 128;
/// Most threads that read one page.
const PAGE_THREADS: usize = 4;
/// Steps that wait to be taken while the next one is read.
const STEPS_AHEAD: usize = 3;

/// Which events.
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    pub(crate) expr: Expr,
    pub(crate) span: Span,
    /// Whether Annals' own events are among them.
    pub(crate) own: bool,
    /// Only events before this place.
    pub(crate) as_of: Count,
}

/// Where a page ended: time of occurrence and place of its last event.
pub(crate) type Position = (Timestamp, Sequence);

/// One page.
#[derive(Debug)]
pub(crate) struct Hits<T = Recorded> {
    pub(crate) events: Vec<T>,
    pub(crate) total: u64,
    pub(crate) own_left_out: u64,
    /// Where the page ended, if there are more.
    pub(crate) next: Option<Position>,
}

/// How many.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Totals {
    pub(crate) total: u64,
    pub(crate) own_left_out: u64,
}

/// Events of one bucket.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counted {
    pub(crate) total: u64,
    pub(crate) counts: BTreeMap<String, u64>,
}

impl Selection {
    fn scope(&self) -> Scope {
        let bound = |micros: i64, open: i64| (micros != open).then_some(micros);
        Scope {
            expr: self.expr.clone(),
            from: bound(self.span.min, i64::MIN).map(Timestamp::from_micros),
            // The span's end is included, the scope's is not.
            to: bound(self.span.max, i64::MAX).map(|max| Timestamp::from_micros(max + 1)),
            as_of: Some(self.as_of),
            own: self.own,
        }
    }
}

/// One page of a selection.
pub(crate) fn page(
    open: &Open,
    selection: &Selection,
    order: Order,
    limit: usize,
    after: Option<Position>,
) -> Result<Hits, Refusal> {
    page_of(open, selection, order, limit, after, |recorded| recorded)
}

/// As [`page`], with what `make` makes of each event. Several threads read a long page.
pub(crate) fn page_of<T: Send>(
    open: &Open,
    selection: &Selection,
    order: Order,
    limit: usize,
    after: Option<Position>,
    make: impl Fn(Recorded) -> T + Sync,
) -> Result<Hits<T>, Refusal> {
    let search = Search {
        scope: selection.scope(),
        order,
        limit,
        after: after.map(|(occurred, sequence)| IndexPosition { occurred, sequence }),
    };
    let found = open.index.search(&search)?;
    let read = |hits: &[Hit]| -> Result<Vec<T>, Refusal> {
        Ok(read(open, hits)?.into_iter().map(&make).collect())
    };
    let threads =
        (found.hits.len() / PAGE_THREAD_EVENTS).clamp(1, PAGE_THREADS.min(ledger::cores()));
    let steps: Vec<&[Hit]> = found.hits.chunks(PAGE_STEP).collect();
    let steps = ledger::side_by_side(&steps, threads - 1, Duration::ZERO, |hits| read(hits))?;
    let events = steps.into_iter().flatten().collect();
    Ok(Hits {
        events,
        total: found.totals.total,
        own_left_out: found.totals.own_left_out,
        next: found.next.map(|next| (next.occurred, next.sequence)),
    })
}

/// How many events of a selection stand before a position, in order of occurrence.
pub(crate) fn count_before(
    open: &Open,
    selection: &Selection,
    (occurred, sequence): Position,
) -> Result<u64, Refusal> {
    let at = occurred.as_micros();
    let mut earlier = selection.clone();
    earlier.span.max = selection.span.max.min(at.saturating_sub(1));
    // Of those at the same moment, the ones with a lower place.
    let mut same = selection.clone();
    same.span.min = selection.span.min.max(at);
    same.span.max = selection.span.max.min(at);
    same.as_of = selection.as_of.min(Count::new(sequence.get()));
    [earlier, same]
        .iter()
        .filter(|part| part.span.min <= part.span.max)
        .map(|part| Ok(page(open, part, Order::OccurredDesc, 0, None)?.total))
        .sum()
}

/// Every event of a selection, in order, until `visit` answers false.
pub(crate) fn stream(
    open: &Open,
    selection: &Selection,
    order: Order,
    mut visit: impl FnMut(&Recorded) -> bool,
) -> Result<(), Refusal> {
    for step in steps(open, selection, order)? {
        for recorded in step? {
            if !visit(&recorded) {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// As [`stream`], for much: a thread of its own reads some steps ahead of `visit`.
pub(crate) fn stream_ahead(
    open: &Open,
    selection: &Selection,
    order: Order,
    mut visit: impl FnMut(&Recorded) -> bool,
) -> Result<(), Refusal> {
    let steps = steps(open, selection, order)?;
    let (ahead, read) = std::sync::mpsc::sync_channel(STEPS_AHEAD);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for step in steps {
                let failed = step.is_err();
                if ahead.send(step).is_err() || failed {
                    return;
                }
            }
        });
        for step in read {
            for recorded in step? {
                if !visit(&recorded) {
                    return Ok(());
                }
            }
        }
        Ok(())
    })
}

/// The events of a selection, in order, [`STREAM_STEP`] at a time.
fn steps(
    open: &Open,
    selection: &Selection,
    order: Order,
) -> Result<impl Iterator<Item = Result<Vec<Recorded>, Refusal>> + Send, Refusal> {
    let (_, mut matches) = open.index.matches(&selection.scope(), order)?;
    let mut scan = Scan::default();
    Ok(std::iter::from_fn(move || {
        let step: Vec<Hit> = matches.by_ref().take(STREAM_STEP).collect();
        let read = |scan| Ok(open.ledger.read_along(scan, places(&step))?);
        (!step.is_empty()).then(|| read(&mut scan))
    }))
}

/// Reads found events.
fn read(open: &Open, hits: &[Hit]) -> Result<Vec<Recorded>, Refusal> {
    Ok(open.ledger.read_found(places(hits))?)
}

/// Where found events are.
fn places(hits: &[Hit]) -> impl Iterator<Item = (Sequence, Option<Shelf>)> + Clone {
    hits.iter().map(|hit| (hit.position.sequence, hit.shelf))
}

/// Exact counts between boundaries (`boundaries[i]..boundaries[i + 1]`), by value of `split`.
pub(crate) fn histogram(
    open: &Open,
    selection: &Selection,
    boundaries: &[Timestamp],
    split: Option<ExactField>,
) -> Result<(Vec<Counted>, Totals), Refusal> {
    let asked = Histogram {
        scope: selection.scope(),
        boundaries: boundaries.to_vec(),
        split: split.map(|field| Split {
            field,
            limit: SPLIT_VALUES_MAX,
        }),
    };
    let found = open.index.histogram(&asked)?;
    let mut buckets: Vec<Counted> = found
        .counts
        .iter()
        .map(|total| Counted {
            total: *total,
            counts: BTreeMap::new(),
        })
        .collect();
    for (value, counts) in found.series {
        let value = value.unwrap_or_else(|| OTHER_VALUES.to_owned());
        for (bucket, count) in buckets
            .iter_mut()
            .zip(counts)
            .filter(|(_, count)| *count > 0)
        {
            bucket.counts.insert(value.clone(), count);
        }
    }
    Ok((buckets, totals(&found.totals)))
}

/// The most frequent values of a field, ties by value.
pub(crate) fn top(
    open: &Open,
    selection: &Selection,
    field: ExactField,
    limit: usize,
) -> Result<(Vec<(String, u64)>, Totals), Refusal> {
    let found = open.index.top(&selection.scope(), field, limit)?;
    Ok((found.values, totals(&found.totals)))
}

/// Events of a selection by combinations of values, most events first, in one look: what is counted
/// here adds up. `window` unites the stretches of time that events take.
pub(crate) fn groups(
    open: &Open,
    selection: &Selection,
    by: &[By<'_>],
    window: Option<Span>,
    limit: usize,
) -> Result<Groups, Refusal> {
    let grouping = Grouping {
        scope: selection.scope(),
        by: by.to_vec(),
        window: window.map(|Span { min, max }| {
            // As in a scope, the end is not included.
            let end = Timestamp::from_micros(max.saturating_add(1));
            (Timestamp::from_micros(min), end)
        }),
        limit,
    };
    Ok(open.index.groups(&grouping)?)
}

/// When the newest `count` events of a selection began to occur; none if it has fewer.
pub(crate) fn start_of_newest(
    open: &Open,
    selection: &Selection,
    count: usize,
) -> Result<Option<Timestamp>, Refusal> {
    let (_, mut matches) = open
        .index
        .matches(&selection.scope(), Order::OccurredDesc)?;
    let oldest = matches.nth(count.saturating_sub(1));
    Ok(oldest.map(|hit| hit.position.occurred))
}

/// Values of a field that begin with `prefix`, most frequent first.
pub(crate) fn values_like(
    open: &Open,
    field: ExactField,
    prefix: &str,
    limit: usize,
) -> Result<Vec<(String, u64)>, Refusal> {
    Ok(open
        .index
        .complete(Completion::Values(field), prefix, limit)?)
}

fn totals(found: &index::Totals) -> Totals {
    Totals {
        total: found.total,
        own_left_out: found.own_left_out,
    }
}

impl From<SearchError> for Refusal {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::NotCounted(_) => {
                Refusal::new(Code::InvalidParameter, error.to_string()).of_field("field")
            }
            SearchError::Changing => Refusal::new(Code::Overloaded, error.to_string()),
            SearchError::Ledger(_) | SearchError::Io(_) => Refusal::internal(&error),
        }
    }
}
